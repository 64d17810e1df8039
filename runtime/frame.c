/* runtime/frame.c: see frame.h. What must happen around a frame is that of ceval.c's _PyEval_EvalFrameDefault. */
#include "runtime/frame.h"

#include "runtime/call.h"
#include "runtime/exceptions.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"
#include "runtime/stress.h"

#include <pthread.h>

void (*frame_leave_observer)(InterpreterFrame *frame, enum reason reason);

/* ---- The C stack ----------------------------------------------------------------------------------- */

/* Compiled code may use this share of a thread's C stack; the rest is for the C code it calls, which on stock has all
 * of it. Measured: tier 0 then recurses 200,000 levels without any. */
enum { STACK_SHARE_DIVISOR = 2, STACK_UNKNOWN_SIZE = 256 * 1024 };

__thread char *frame_stack_limit __attribute__((tls_model("initial-exec")));

/* A stack we know nothing of counts as small from here down. */
__attribute__((noinline, cold)) char *frame_find_stack_limit(char *here)
{
    pthread_attr_t attributes;
    char *limit = here - STACK_UNKNOWN_SIZE;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        void *lowest;
        size_t size;
        if (pthread_attr_getstack(&attributes, &lowest, &size) == 0 && here > (char *)lowest) {
            limit = (char *)lowest + (size_t)(here - (char *)lowest) / STACK_SHARE_DIVISOR;
        }
        pthread_attr_destroy(&attributes);
    }
    frame_stack_limit = limit;
    return limit;
}

PyObject *frame_run_interpreted(PyThreadState *tstate, InterpreterFrame *frame, int throwflag)
{
    PyInterpreterState *interpreter = tstate->interp;
    if (LIKELY(!frame_stack_is_low()) || interpreter->eval_frame != runtime_data.eval_hook ||
        runtime_data.eval_hook == NULL) {
        return _PyEval_EvalFrameDefault(tstate, frame, throwflag);
    }
    /* Without a hook tier 0 runs Python calls inside the same C frame. */
    interpreter->eval_frame = NULL;
    PyObject *result = _PyEval_EvalFrameDefault(tstate, frame, throwflag);
    /* Another thread may have done the same meanwhile, or the hook may have been taken out. */
    if (interpreter->eval_frame == NULL) {
        interpreter->eval_frame = runtime_data.eval_hook;
    }
    return result;
}

/* ---- Called by compiled code -------------------------------------------------------------------------- */

int rt_check_escape(PyThreadState *tstate, InterpreterFrame *frame, uint64_t bound)
{
    if (tstate->cframe->use_tracing) {
        return REASON_tracing;
    }
    while (bound != 0) {
        int index = __builtin_ctzll(bound);
        if (frame->localsplus[index] == NULL) {
            return REASON_locals_changed;
        }
        bound &= bound - 1;
    }
    /* An exception that was caught leaves a frame object. */
    exception_drop_idle_frame_object(frame);
    return REASON_none;
}

/* Goes on with a linked frame in tier 0; with `throwflag`, by raising the exception that is set. */
static PyObject *interpret_linked(PyThreadState *tstate, InterpreterFrame *frame, enum reason reason, int throwflag)
{
    if (frame_leave_observer != NULL) {
        frame_leave_observer(frame, reason);
    }
    bool native = frame_is_native(frame);
    /* The evaluator links the frame and counts the recursion itself. */
    _PyCFrame *cframe = tstate->cframe;
    cframe->current_frame = frame->previous;
    tstate->recursion_remaining++;
    PyObject *result = reason == REASON_newer_eval_hook ? _PyEval_EvalFrame(tstate, frame, throwflag)
                                                        : frame_run_interpreted(tstate, frame, throwflag);
    tstate->recursion_remaining--;
    cframe->current_frame = frame;
    if (native) {
        frame_mark_native(frame);
    }
    return result;
}

PyObject *rt_leave(PyThreadState *tstate, InterpreterFrame *frame, CodeUnit *next, int depth)
{
    frame->prev_instr = next - 1;
    frame->stacktop = frame->f_code->co_nlocalsplus + depth;
    return interpret_linked(tstate, frame, tstate->cframe->use_tracing ? REASON_tracing : REASON_locals_changed, 0);
}

PyObject *rt_throw_in_tier0(PyThreadState *tstate, InterpreterFrame *frame, int depth)
{
    frame->stacktop = frame->f_code->co_nlocalsplus + depth;
    /* The evaluator's throw path does not count the recursion it takes back at the end. */
    tstate->recursion_remaining--;
    return interpret_linked(tstate, frame, REASON_no_entry, 1);
}

/* What a native entry does that has not come to it. */
static void unbind_locals(InterpreterFrame *frame)
{
    PyCodeObject *code = frame->f_code;
    for (int index = frame_parameters(code); index < code->co_nlocalsplus; index++) {
        frame->localsplus[index] = NULL;
    }
    frame->stacktop = code->co_nlocalsplus;
}

PyObject *rt_run_in_tier0(PyThreadState *tstate, InterpreterFrame *frame)
{
    unbind_locals(frame);
    bool newer_hook = tstate->interp->eval_frame != runtime_data.eval_hook || runtime_data.eval_hook == NULL;
    return interpret_linked(tstate, frame, newer_hook ? REASON_newer_eval_hook : REASON_deep_recursion, 0);
}

int rt_recursion_exceeded(PyThreadState *tstate, InterpreterFrame *frame)
{
    if (_Py_CheckRecursiveCall(tstate, "") == 0) {
        return 0;
    }
    /* Where the frame is given up, its level is given back. */
    tstate->recursion_remaining--;
    unbind_locals(frame);
    return -1;
}

uintptr_t rt_finish_callee(PyThreadState *tstate, InterpreterFrame *frame, InterpreterFrame *caller, PyObject *result)
{
    /* Clearing lowers the recursion limit for the destructors itself. */
    tstate->recursion_remaining++;
    cpython_clear_and_pop_frame(tstate, frame);
    return frame_call_is_unusual(tstate, caller, result);
}

void rt_dealloc_leaving(PyThreadState *tstate, PyObject *object)
{
    runtime_data.leaving++;
    rt_dealloc(object);
    runtime_data.leaving--;
    if (UNLIKELY(tstate->cframe->use_tracing)) {
        cpython_frame_object(tstate, tstate->cframe->current_frame);
    }
}

int rt_eval_breaker(PyThreadState *tstate)
{
    int result = cpython_handle_pending(tstate);
    if (result == 0) {
        stress_collect(tstate);
    }
    return result;
}

/* ---- Debug builds ------------------------------------------------------------------------------------------- */

static void check_live(InterpreterFrame *frame, PyObject *object, const char *where, int number)
{
    /* A freed object's count is 0, or what an allocator in debug mode wrote over it. */
    if (object != NULL && (object->ob_refcnt <= 0 || Py_TYPE(object) == NULL)) {
        fprintf(stderr, "pyjit: %s at code unit %d: %s %d is not a live object\n",
                PyUnicode_AsUTF8(frame->f_code->co_qualname), _PyInterpreterFrame_LASTI(frame), where, number);
        abort();
    }
}

void rt_check_frame(PyThreadState *tstate, InterpreterFrame *frame, uint64_t owned, int depth, PyObject *in_register)
{
    if (tstate->cframe->current_frame != frame || frame->stacktop != -1) {
        fprintf(stderr, "pyjit: %s: the frame is not linked, or its stacktop is %d\n",
                PyUnicode_AsUTF8(frame->f_code->co_qualname), frame->stacktop);
        abort();
    }
    int locals = frame->f_code->co_nlocalsplus;
    for (int local = 0; local < locals; local++) {
        check_live(frame, frame->localsplus[local], "local", local);
    }
    for (int operand = 0; operand < depth && operand < 64; operand++) {
        if (owned >> operand & 1) {
            check_live(frame, frame->localsplus[locals + operand], "operand", operand);
        }
    }
    check_live(frame, in_register, "register operand", 0);
}
