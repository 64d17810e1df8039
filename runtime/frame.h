/* runtime/frame.h: running, leaving and unwinding a frame of compiled code. GIL held for all.
 *
 * While compiled code runs a frame, the frame is linked (it is its _PyCFrame's current frame), stacktop
 * is -1 and prev_instr stands at an instruction no later than the one being executed: exactly at it
 * wherever other code can run.
 */
#ifndef PYJIT_RUNTIME_FRAME_H
#define PYJIT_RUNTIME_FRAME_H

#include "runtime/code_map.h"
#include "runtime/cpython.h"
#include "runtime/reasons.h"

/* Runs a frame in tier 0, with CPython's own inlining of calls when the C stack is nearly used up. The frame must not be linked. */
PyObject *frame_run_interpreted(PyThreadState *tstate, InterpreterFrame *frame, int throwflag);

/* What a frame that compiled code runs has in is_entry, which CPython only tests for truth and sets to 1 when it takes
 * the frame over: so hook_is_active() can tell them apart. */
enum {
    FRAME_IS_COMPILED = 2, /* entered from C, which gives it up afterwards; or a generator's */
    FRAME_IS_NATIVE = 3,   /* entered by a native call: compiled code gives it up itself when it leaves it */
    FRAME_IS_INLINED = 4,  /* of a function inlined in tier-2 code, in whose machine frame it stands */
};
static inline void frame_mark_compiled(InterpreterFrame *frame)
{
    *(uint8_t *)&frame->is_entry = FRAME_IS_COMPILED;
}
static inline void frame_mark_native(InterpreterFrame *frame)
{
    *(uint8_t *)&frame->is_entry = FRAME_IS_NATIVE;
}
static inline void frame_mark_inlined(InterpreterFrame *frame)
{
    *(uint8_t *)&frame->is_entry = FRAME_IS_INLINED;
}
static inline bool frame_is_compiled(const InterpreterFrame *frame)
{
    return *(const uint8_t *)&frame->is_entry >= FRAME_IS_COMPILED;
}
static inline bool frame_is_native(const InterpreterFrame *frame)
{
    return *(const uint8_t *)&frame->is_entry == FRAME_IS_NATIVE;
}

static inline bool frame_is_inlined(const InterpreterFrame *frame)
{
    return *(const uint8_t *)&frame->is_entry == FRAME_IS_INLINED;
}

/* What a native call returns beside the result: not 0 when there is an exception or the caller's frame has to be looked at. */
static inline uintptr_t frame_call_is_unusual(PyThreadState *tstate, InterpreterFrame *caller, PyObject *result)
{
    return (uintptr_t)caller->frame_obj | tstate->cframe->use_tracing | (uintptr_t)(result == NULL);
}

/* Number of locals that a call fills in. */
static inline int frame_parameters(const PyCodeObject *code)
{
    return code->co_argcount + code->co_kwonlyargcount + ((code->co_flags & CO_VARARGS) != 0) +
           ((code->co_flags & CO_VARKEYWORDS) != 0);
}

/* Compiled code trusts the keys' versions of globals and builtins alone, which a copy into an instance of a subclass of dict keeps: so
 * it runs with exact dicts only. */
static inline bool frame_has_plain_namespaces(const InterpreterFrame *frame)
{
    return PyDict_CheckExact(frame->f_globals) && PyDict_CheckExact(frame->f_builtins);
}

/* The lowest address compiled code may take the C stack to, per thread; NULL before the thread first ran compiled code. Machine code reads it
 * relative to the thread pointer. */
extern __thread char *frame_stack_limit __attribute__((tls_model("initial-exec")));

/* Finds the limit of this thread, whose stack has reached `here`, and sets frame_stack_limit. */
char *frame_find_stack_limit(char *here);

/* Is less of this thread's C stack left than compiled code may use? */
static inline bool frame_stack_is_low(void)
{
    char *here = __builtin_frame_address(0);
    char *limit = frame_stack_limit;
    if (UNLIKELY(limit == NULL)) {
        limit = frame_find_stack_limit(here);
    }
    return here < limit;
}

/* Called when a frame leaves compiled code in the middle, for the event log; set by vm/. */
extern void (*frame_leave_observer)(InterpreterFrame *frame, enum reason reason);

/* The native code behind both run functions (enter_x86_64.S): puts frame and tstate where compiled code has them and goes on
 * at `address`; returns what the code returns. */
PyObject *frame_enter_code(InterpreterFrame *frame, PyThreadState *tstate, const void *address);

/* Runs a frame that is not linked from `address` on.
 *
 * The frame joins the thread's current _PyCFrame, as the frames of inlined calls do on stock: only the evaluator
 * needs one of its own, because it keeps its address. Inlined into the callers, who are on the hot path of every
 * call that comes from C. */
static inline PyObject *frame_run_at(PyThreadState *tstate, InterpreterFrame *frame, const void *address)
{
    _PyCFrame *cframe = tstate->cframe;
    frame->previous = cframe->current_frame;
    frame_mark_compiled(frame);
    cframe->current_frame = frame;
    PyObject *result = NULL;
    if (LIKELY(!_Py_EnterRecursiveCallTstate(tstate, ""))) {
        frame->stacktop = -1;
        result = frame_enter_code(frame, tstate, address);
        _Py_LeaveRecursiveCallTstate(tstate);
    }
    cframe->current_frame = frame->previous;
    return result;
}

/* Runs `frame` (complete, not linked, at its start) in `compiled`: links it, counts recursion, runs it to its
 * return, yield or exception, unlinks it. Does not clear it. Returns a new reference, or NULL with an exception set. */
static inline PyObject *frame_run_compiled(PyThreadState *tstate, InterpreterFrame *frame,
                                           struct compiled_code *compiled)
{
    if (UNLIKELY((char *)__builtin_frame_address(0) < frame_stack_limit || frame_stack_limit == NULL) &&
        frame_stack_is_low()) {
        return frame_run_interpreted(tstate, frame, 0);
    }
    return frame_run_at(tstate, frame, compiled->entry);
}

/* The same without a C function of its own in between: the processor predicts only so many returns. *r15 becomes
 * what compiled code leaves in that register. */
#define FRAME_CALL(target)                                                                                           \
    register InterpreterFrame *frame_register __asm__("r12") = frame;                                                \
    register PyThreadState *tstate_register __asm__("r13") = tstate;                                                 \
    register const void *x_register __asm__("r15") = NULL;                                                           \
    PyObject *result;                                                                                                \
    __asm__ volatile("call " target                                                                                  \
                     : "=a"(result), "+r"(frame_register), "+r"(tstate_register), "+r"(x_register), "+d"(address)    \
                     :                                                                                               \
                     : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r14", "xmm0", "xmm1", "xmm2", "xmm3",  \
                       "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",  \
                       "xmm15", "memory", "cc");                                                                     \
    *r15 = x_register;                                                                                               \
    return result
static inline __attribute__((always_inline)) PyObject *
frame_enter_here(InterpreterFrame *frame, PyThreadState *tstate, const void *address, const void **r15)
{
    FRAME_CALL("rt_enter_body");
}

/* For an address that builds the machine frame itself and looks at the C stack, as native calls need it. */
static inline __attribute__((always_inline)) PyObject *frame_call_here(InterpreterFrame *frame, PyThreadState *tstate,
                                                                       const void *address, const void **r15)
{
    FRAME_CALL("*%%rdx");
}
#undef FRAME_CALL

/* A native call from C: `frame` is as tier1/templates/calls.c leaves it to a native entry, and is given up when this returns. The
 * caller's caller must check for an escape. New reference or NULL with an exception set. */
static inline __attribute__((always_inline)) PyObject *
frame_call_function(InterpreterFrame *frame, PyThreadState *tstate, const void *entry, InterpreterFrame *caller)
{
    register InterpreterFrame *frame_register __asm__("r12") = frame;
    register PyThreadState *tstate_register __asm__("r13") = tstate;
    register InterpreterFrame *caller_register __asm__("r15") = caller;
    PyObject *result;
    /* The C function around it may make no other call: then it has not aligned the stack and keeps things below it. rbp stays its frame
     * pointer, by which it is unwound. */
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                     "movq %%rsp, %%rcx\n\t"
                     "andq $-16, %%rsp\n\t"
                     "pushq %%rcx\n\t"
                     "pushq %%rcx\n\t"
                     "call *%%rdx\n\t"
                     "popq %%rsp\n\t"
                     "leaq 128(%%rsp), %%rsp"
                     : "=a"(result), "+r"(frame_register), "+r"(tstate_register), "+r"(caller_register), "+d"(entry)
                     :
                     : "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r14", "xmm0", "xmm1", "xmm2", "xmm3",
                       "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15", "memory", "cc");
    return result;
}

/* ---- Called by compiled code ------------------------------------------------------------------------ */

/* After an escape, when the frame has a frame object or tracing is on: may compiled code go on? `bound` has a bit
 * for each of the first 64 locals that the code from here on takes to be bound. Returns REASON_none or why not. */
int rt_check_escape(PyThreadState *tstate, InterpreterFrame *frame, uint64_t bound);

/* Goes on in tier 0 after the instruction before `next`, with `depth` operands, all in memory. Returns the frame's
 * result: a new reference or NULL. The frame stays linked, as compiled code's callers expect. */
PyObject *rt_leave(PyThreadState *tstate, InterpreterFrame *frame, CodeUnit *next, int depth);

/* The same for an exception that is set and was raised by the instruction prev_instr stands at. */
PyObject *rt_throw_in_tier0(PyThreadState *tstate, InterpreterFrame *frame, int depth);

/* A native call has linked `frame`, but compiled code must not run it: the C stack is nearly used up, there is another hook, or its globals are
 * no plain dict. Runs it in tier 0. Returns and leaves it as compiled code would. */
PyObject *rt_run_in_tier0(PyThreadState *tstate, InterpreterFrame *frame);

/* A native call has linked and counted `frame`, and there is no recursion left. Returns 0 when there is after all, or -1 with
 * RecursionError set and the locals that are no parameters unbound. */
int rt_recursion_exceeded(PyThreadState *tstate, InterpreterFrame *frame);

/* A callee of a native call has returned and is unlinked: clears it and gives its memory and its level of recursion
 * back. For the cases the inline path does not take; rt_give_up_frame (enter_x86_64.S) calls it, because compiled code may be freed by
 * it. Returns frame_call_is_unusual() of the caller and the result. */
uintptr_t rt_finish_callee(PyThreadState *tstate, InterpreterFrame *frame, InterpreterFrame *caller,
                           PyObject *result);

/* rt_dealloc for a local of a frame that is unlinked already, called by the frame's own compiled code: which is not to be freed
 * meanwhile (runtime_data.leaving). If that turns tracing on, the caller's frame gets a frame object, for it to notice. */
void rt_dealloc_leaving(PyThreadState *tstate, PyObject *object);

/* RESUME and JUMP_BACKWARD with the eval breaker set: signals, GIL requests, pending calls. 0, or -1 with an exception set. */
int rt_eval_breaker(PyThreadState *tstate);

/* Debug builds: is the frame what compiled code takes it to be? It is linked, its stacktop is -1, the operands whose bit in `owned` is
 * set (of the first `depth`), and `in_register` unless NULL, are live objects. Aborts with one line otherwise. */
void rt_check_frame(PyThreadState *tstate, InterpreterFrame *frame, uint64_t owned, int depth, PyObject *in_register);

#endif
