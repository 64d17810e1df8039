/* vm/hook.c: the eval-frame hook. See hook.h, and DESIGN.md section 3.
 *
 * CPython calls the hook for every Python frame that is entered from C: a call, a generator's resumption, a
 * throw. The hook counts the code, compiles it when policy says so, and runs the frame in compiled code or
 * in CPython's own evaluator. Calls that compiled code makes do not come here (runtime/call.c).
 */
#include "vm/hook.h"

#include "runtime/call.h"
#include "runtime/code_arena.h"
#include "runtime/code_map.h"
#include "runtime/code_state.h"
#include "runtime/frame.h"
#include "runtime/generator.h"
#include "runtime/runtime_data.h"
#include "tier1/compile.h"
#include "vm/event_log.h"
#include "vm/options.h"
#include "vm/policy.h"

#include <time.h>

/* The hook that was there before ours (TorchDynamo, pydevd): it gets the frames we do not compile. NULL: CPython's own. */
static _PyFrameEvalFunction earlier_hook;
static bool installed;
static bool told_of_newer_hook;

/* ---- Compiling ----------------------------------------------------------------------------------------------- */

static double milliseconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/* May a frame of `code` be in the middle of its machine code? A frame that is being left is unlinked already; suspended greenlets' frames are on no thread's chain, so with greenlet
 * loaded any may. */
static bool may_be_running(PyCodeObject *code)
{
    PyObject *modules = PyImport_GetModuleDict();
    if (runtime_data.leaving > 0 || PyDict_GetItemString(modules, "greenlet") != NULL) {
        return true;
    }
    for (PyThreadState *tstate = PyInterpreterState_ThreadHead(PyInterpreterState_Main()); tstate != NULL;
         tstate = PyThreadState_Next(tstate)) {
        for (InterpreterFrame *frame = tstate->cframe->current_frame; frame != NULL; frame = frame->previous) {
            if (frame->f_code == code) {
                return true;
            }
        }
    }
    return false;
}

/* Throws the compiled form away; its memory goes when no frame can return into it. */
static void drop_compiled(struct code_state *state, enum reason reason)
{
    struct compiled_code *compiled = state->compiled;
    generator_withdraw(state);
    state->compiled = NULL;
    code_state_withdraw_entry(state);
    event_log(EVENT_invalidate, state->code, compiled->tier, -1, reason, compiled->size, -1);
    if (may_be_running(state->code)) {
        compiled->retired = state->retired;
        state->retired = compiled;
    } else {
        code_map_remove(compiled);
    }
}

static void report_death(struct code_state *state)
{
    event_log(EVENT_invalidate, NULL, state->compiled->tier, -1, REASON_code_died, state->compiled->size, -1);
}

/* `globals`: what the code is about to run with, borrowed, or NULL. */
static enum reason compile_state(struct code_state *state, PyObject *globals)
{
    struct tier1_options tier1_options = {.no_forwarding = options.stress.no_forward != 0, .globals = globals};
    double start = milliseconds_now();
    enum reason reason = tier1_compile(state->code, &tier1_options, &state->compiled);
    double milliseconds = milliseconds_now() - start;
    if (reason == REASON_none) {
        state->native_entry = state->compiled->native_entry;
        generator_publish(state);
        event_log(EVENT_compile, state->code, 1, -1, REASON_none, state->compiled->size, milliseconds);
    } else {
        state->compiled = NULL;
        state->refused = (uint8_t)reason;
        event_log(EVENT_refuse, state->code, 1, -1, reason, 0, milliseconds);
    }
    return reason;
}

/* ---- Running frames -------------------------------------------------------------------------------------------- */

static PyObject *run_elsewhere(PyThreadState *tstate, InterpreterFrame *frame, int throwflag)
{
    if (earlier_hook != NULL) {
        return earlier_hook(tstate, frame, throwflag);
    }
    return frame_run_interpreted(tstate, frame, throwflag);
}

/* Runs a frame whose code is not compiled, and lets policy know how long a looping one took. */
static PyObject *run_cold(PyThreadState *tstate, InterpreterFrame *frame, struct code_state *state)
{
    if (!policy_wants_ticks(state)) {
        return run_elsewhere(tstate, frame, 0);
    }
    /* The frame holds its code, and so the state, until the caller clears it. */
    uint64_t start = policy_clock();
    PyObject *result = run_elsewhere(tstate, frame, 0);
    policy_add_ticks(state, start);
    return result;
}

static PyObject *run_frame(PyThreadState *tstate, InterpreterFrame *frame, int throwflag)
{
    if (UNLIKELY(tstate->cframe->use_tracing || tstate->interp != PyInterpreterState_Main())) {
        return run_elsewhere(tstate, frame, throwflag);
    }
    struct code_state *state = code_state_get(frame->f_code);
    if (UNLIKELY(state == NULL)) {
        /* A throw says nothing about how hot the code is, and its exception must not meet with one of our own. */
        if (throwflag) {
            return run_elsewhere(tstate, frame, throwflag);
        }
        state = code_state_ensure(frame->f_code);
        if (state == NULL) {
            /* Not worth failing the call for. */
            PyErr_Clear();
            return run_elsewhere(tstate, frame, throwflag);
        }
    }
    if (state->compiled == NULL) {
        if (throwflag) {
            return run_elsewhere(tstate, frame, throwflag);
        }
        if (!policy_count_call(state, frame->f_globals) || options.stress.no_compile ||
            compile_state(state, frame->f_globals) != REASON_none) {
            return run_cold(tstate, frame, state);
        }
    } else if (UNLIKELY(state->suppressed)) {
        return run_elsewhere(tstate, frame, throwflag);
    }
    if (frame->owner == FRAME_OWNED_BY_GENERATOR) {
        const struct resume_point *point = generator_find_point(tstate, frame, state);
        if (LIKELY(point != NULL)) {
            return generator_run_frame(tstate, frame, point, throwflag);
        }
        event_log(EVENT_leave, frame->f_code, 1, _PyInterpreterFrame_LASTI(frame) * (int)sizeof(CodeUnit),
                  REASON_unknown_resume_point, 0, -1);
        return run_elsewhere(tstate, frame, throwflag);
    }
    if (UNLIKELY(throwflag || frame->prev_instr != _PyCode_CODE(frame->f_code) - 1)) {
        return run_elsewhere(tstate, frame, throwflag);
    }
    if (frame->f_func->vectorcall == _PyFunction_Vectorcall) {
        frame->f_func->vectorcall = rt_function_vectorcall;
    }
    return frame_run_compiled(tstate, frame, state->compiled);
}

static PyObject *hook(PyThreadState *tstate, InterpreterFrame *frame, int throwflag)
{
    if (UNLIKELY(tstate->interp->eval_frame != hook)) {
        /* A hook installed after ours calls us as its predecessor. It sees every frame, because compiled code calls through it
         * from now on (runtime/call.c); and when we have been taken out meanwhile, there is nothing left to do here. */
        if (!installed) {
            return run_elsewhere(tstate, frame, throwflag);
        }
        if (!told_of_newer_hook) {
            told_of_newer_hook = true;
            event_log(EVENT_decline, NULL, -1, -1, REASON_newer_eval_hook, 0, -1);
        }
    }
    return run_frame(tstate, frame, throwflag);
}

static void report_leaving(InterpreterFrame *frame, enum reason reason)
{
    event_log(EVENT_leave, frame->f_code, 1, _PyInterpreterFrame_LASTI(frame) * (int)sizeof(CodeUnit), reason, 0, -1);
}

/* ---- In and out ----------------------------------------------------------------------------------------------------- */

int hook_install(void)
{
    if (installed) {
        return 0;
    }
    PyThreadState *tstate = _PyThreadState_GET();
    if (code_state_init() < 0) {
        return -1;
    }
    policy_init();
    runtime_data_init(tstate);
    frame_leave_observer = report_leaving;
    code_state_death_observer = report_death;
    _PyFrameEvalFunction current = _PyInterpreterState_GetEvalFrameFunc(tstate->interp);
    earlier_hook = current == _PyEval_EvalFrameDefault ? NULL : current;
    runtime_data.eval_hook = hook;
    _PyInterpreterState_SetEvalFrameFunc(tstate->interp, hook);
    generator_install();
    installed = true;
    told_of_newer_hook = false;
    return 0;
}

void hook_remove(void)
{
    if (!installed) {
        return;
    }
    PyInterpreterState *interpreter = PyInterpreterState_Main();
    /* A newer hook may hold on to ours and call it: then ours stays there, and only runs tier 0. */
    if (hook_is_newest()) {
        _PyInterpreterState_SetEvalFrameFunc(interpreter,
                                             earlier_hook != NULL ? earlier_hook : _PyEval_EvalFrameDefault);
    }
    runtime_data.eval_hook = NULL;
    generator_remove();
    installed = false;
}

bool hook_is_installed(void)
{
    return installed;
}

bool hook_is_newest(void)
{
    return installed && _PyInterpreterState_GetEvalFrameFunc(PyInterpreterState_Main()) == hook;
}

bool hook_is_active(PyThreadState *tstate)
{
    InterpreterFrame *frame = tstate->cframe->current_frame;
    return frame != NULL && frame_is_compiled(frame);
}

enum reason hook_compile(PyCodeObject *code, int tier)
{
    struct code_state *state = code_state_ensure(code);
    if (state == NULL) {
        PyErr_Clear();
        return REASON_no_memory;
    }
    if (tier < 1 || state->compiled != NULL) {
        return REASON_none;
    }
    if (state->suppressed) {
        return REASON_suppressed;
    }
    return compile_state(state, NULL);
}

int hook_suppress(PyCodeObject *code, bool suppress)
{
    if (code_state_init() < 0) {
        return -1;
    }
    struct code_state *state = code_state_ensure(code);
    if (state == NULL) {
        return -1;
    }
    state->suppressed = suppress;
    if (suppress && state->compiled != NULL) {
        drop_compiled(state, REASON_suppressed);
    }
    return 0;
}

int hook_tier_of(PyCodeObject *code)
{
    struct code_state *state = code_state_get(code);
    return state != NULL && state->compiled != NULL && !state->suppressed ? state->compiled->tier : 0;
}

/* Frees what was retired earlier and has been left by its last frame since. */
static void free_retired(struct code_state *state)
{
    if (state->retired != NULL && !may_be_running(state->code)) {
        code_map_remove(state->retired);
        state->retired = NULL;
    }
}

static int collect_state(struct compiled_code *compiled, void *list)
{
    return PyList_Append(list, (PyObject *)compiled->code);
}

void hook_clear(void)
{
    /* Dropping changes the map, and a code object may die with its last piece of code: hold them meanwhile. */
    PyObject *codes = PyList_New(0);
    if (codes == NULL || code_map_each(collect_state, codes) != 0) {
        PyErr_Clear();
        Py_XDECREF(codes);
        return;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(codes); i++) {
        struct code_state *state = code_state_get((PyCodeObject *)PyList_GET_ITEM(codes, i));
        if (state->compiled != NULL) {
            state->calls = 0;
            drop_compiled(state, REASON_cleared);
        }
        free_retired(state);
    }
    Py_DECREF(codes);
    runtime_data_clear_free_lists();
    generator_clear_free_lists();
}
