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
#include "runtime/allocation_counts.h"
#include "runtime/code_state.h"
#include "runtime/compiler_memory.h"
#include "runtime/data_arena.h"
#include "runtime/exceptions.h"
#include "runtime/instance.h"
#include "runtime/frame.h"
#include "runtime/generator.h"
#include "runtime/runtime_data.h"
#include "runtime/stress.h"
#include "runtime/type_slots.h"
#include "tier1/compile.h"
#include "vm/discard.h"
#include "vm/end_reports.h"
#include "vm/event_log.h"
#include "vm/options.h"
#include "vm/policy.h"
#include "vm/tiers.h"

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

static void report_death(struct code_state *state)
{
    end_reports_note_death(state);
    event_log(EVENT_invalidate, NULL, state->compiled->tier, -1, REASON_code_died, state->compiled->size, -1);
}

/* policy_clock() before which nothing is compiled, because code memory is full of what is in use. */
static uint64_t no_room_before;
/* How long to wait then, in ticks: some hundredth of a second. */
enum { NO_ROOM_TICKS = 50 * 1000 * 1000 };

/* What is compiled need not run at once: the protection of pages is changed for several functions together. So many calls later,
 * or when another one cannot wait, it does. */
enum { WAITING_CALLS = 8, SMALLEST_WAITING_THRESHOLD = 100 };

/* Is there no hurry to run this code compiled? A single call may take long in code with a loop. */
static bool may_wait(const struct code_state *state)
{
    return !state->has_loop && policy_threshold >= SMALLEST_WAITING_THRESHOLD;
}

/* `globals`: what the code is about to run with, borrowed, or NULL. `deferred`: the code need not be executable before code_state_publish(). */
static enum reason compile_state(struct code_state *state, PyObject *globals, bool deferred)
{
    struct tier1_options tier1_options = {.no_forwarding = options.stress.no_forward != 0,
                                          .deferred = deferred,
                                          .globals = globals,
                                          .count_for_tier2 = tiers_countdown()};
    if (UNLIKELY(options.count_allocations != 0)) {
        if (state->counts == NULL) {
            state->counts = data_arena_allocate(sizeof(*state->counts));
        }
        tier1_options.counts = state->counts;
    }
    if (options.stress.evict) {
        discard_for_stress();
    }
    tiers_publish();
    discard_watch();
    double start = milliseconds_now();
    struct compiled_code *compiled = NULL;
    enum reason reason = tier1_compile(state->code, &tier1_options, &compiled);
    if (reason == REASON_arena_full) {
        if (discard_cold()) {
            reason = tier1_compile(state->code, &tier1_options, &compiled);
        } else {
            no_room_before = policy_clock() + NO_ROOM_TICKS;
        }
    }
    double milliseconds = milliseconds_now() - start;
    if (reason == REASON_none) {
        compiled->calls = state->calls;
        compiled->seconds = (float)policy_age();
        if (tier1_options.deferred) {
            code_state_defer(state, compiled);
            /* The call that shall publish it must not take the shortest way through run_frame. */
            state->calls = policy_threshold - (policy_threshold > WAITING_CALLS ? WAITING_CALLS : 0);
        } else {
            code_state_set_compiled(state, compiled);
        }
        event_log(EVENT_compile, state->code, 1, -1, REASON_none, compiled->size, milliseconds);
        return reason;
    }
    if (reason == REASON_arena_full) {
        state->calls = 0; /* it may be tried again when there is room */
        state->ticks = 0;
    } else {
        state->refused = (uint8_t)reason;
    }
    event_log(EVENT_refuse, state->code, 1, -1, reason, 0, milliseconds);
    return reason;
}

/* ---- Running frames -------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) PyObject *run_elsewhere(PyThreadState *tstate, InterpreterFrame *frame,
                                                                     int throwflag)
{
    if (UNLIKELY(earlier_hook != NULL)) {
        return earlier_hook(tstate, frame, throwflag);
    }
    if (UNLIKELY(frame_stack_limit == NULL || (char *)__builtin_frame_address(0) < frame_stack_limit)) {
        return frame_run_interpreted(tstate, frame, throwflag);
    }
    return _PyEval_EvalFrameDefault(tstate, frame, throwflag);
}

/* Runs a frame in tier 0 and tells how long it took, less what was told of frames that it called. */
static PyObject *run_timed(PyThreadState *tstate, InterpreterFrame *frame, uint64_t *ticks)
{
    uint64_t nested_before = policy_nested_ticks;
    uint64_t start = policy_clock();
    PyObject *result = run_elsewhere(tstate, frame, 0);
    uint64_t all = policy_clock() - start;
    uint64_t nested = policy_nested_ticks - nested_before;
    *ticks = all > nested ? all - nested : 0;
    policy_nested_ticks = nested_before + all;
    return result;
}

/* Code that has no state, and may never need one. */
static PyObject *run_first(PyThreadState *tstate, InterpreterFrame *frame)
{
    PyCodeObject *code = frame->f_code; /* the frame holds it until the caller clears it */
    uint64_t ticks;
    PyObject *result = run_timed(tstate, frame, &ticks);
    if (UNLIKELY(ticks > POLICY_LONG_RUN)) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        struct code_state *state = code_state_ensure(code);
        if (state != NULL) {
            policy_add_ticks(state, ticks);
        }
        PyErr_Restore(type, value, traceback);
    }
    return result;
}

/* Runs a frame whose code is not compiled, and lets policy know how long a looping one took. */
static PyObject *run_cold(PyThreadState *tstate, InterpreterFrame *frame, struct code_state *state)
{
    if (!policy_wants_ticks(state)) {
        return run_elsewhere(tstate, frame, 0);
    }
    /* The frame holds its code, and so the state, until the caller clears it. */
    uint64_t ticks;
    PyObject *result = run_timed(tstate, frame, &ticks);
    policy_add_ticks(state, ticks);
    return result;
}

/* Everything but the usual cold call. `state` may be NULL. */
static PyObject *run_counted(PyThreadState *tstate, InterpreterFrame *frame, int throwflag, struct code_state *state)
{
    if (UNLIKELY(tstate->cframe->use_tracing)) {
        return run_elsewhere(tstate, frame, throwflag);
    }
    if (UNLIKELY(state == NULL)) {
        /* A throw says nothing about how hot the code is, and its exception must not meet with one of our own. */
        if (throwflag) {
            return run_elsewhere(tstate, frame, throwflag);
        }
        if (!policy_wants_state(frame->f_code, frame->f_globals)) {
            return run_first(tstate, frame);
        }
        state = code_state_ensure(frame->f_code);
        if (state == NULL) {
            /* Not worth failing the call for. */
            PyErr_Clear();
            return run_elsewhere(tstate, frame, throwflag);
        }
    }
    if (UNLIKELY(state->deferred != NULL)) {
        code_state_publish();
    }
    if (state->compiled == NULL) {
        if (throwflag) {
            return run_elsewhere(tstate, frame, throwflag);
        }
        if (!policy_count_call(state, frame->f_globals) || options.stress.no_compile ||
            UNLIKELY(no_room_before != 0 && policy_clock() < no_room_before) ||
            compile_state(state, frame->f_globals, may_wait(state)) != REASON_none || state->compiled == NULL) {
            return run_cold(tstate, frame, state);
        }
    }
    if (UNLIKELY(state->suppressed || !frame_has_plain_namespaces(frame))) {
        return run_elsewhere(tstate, frame, throwflag);
    }
    if (frame->owner == FRAME_OWNED_BY_GENERATOR) {
        const struct resume_point *point = generator_find_point(tstate, frame, state);
        if (LIKELY(point != NULL)) {
            state->compiled->generation = code_map_generation;
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
    state->compiled->generation = code_map_generation;
    return frame_run_compiled(tstate, frame, state->compiled);
}

static PyObject *run_frame(PyThreadState *tstate, InterpreterFrame *frame, int throwflag)
{
    struct code_state *state = code_state_get(frame->f_code);
    if (LIKELY(state != NULL && state->compiled == NULL && state->scanned && !state->has_loop &&
               state->calls + 1 < policy_threshold)) {
        state->calls++;
        return run_elsewhere(tstate, frame, throwflag);
    }
    return run_counted(tstate, frame, throwflag, state);
}

static PyObject *hook(PyThreadState *tstate, InterpreterFrame *frame, int throwflag)
{
    if (UNLIKELY(tstate->interp->eval_frame != hook)) {
        /* A hook installed after ours calls us as its predecessor. It sees every frame, because compiled code calls through it
         * from now on (runtime/call.c); and when we have been taken out meanwhile, there is nothing left to do here. */
        if (!installed || tstate->interp != PyInterpreterState_Main()) {
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

static void read_stress_options(void)
{
    stress_settings = (struct stress_settings){
        .gc = options.stress.gc != 0,
        .guards = options.stress.deopt != 0 || options.stress.deopt_each != 0,
        .guard_period = options.stress.deopt,
        .each_guard = options.stress.deopt_each != 0,
    };
    compiler_memory_period = options.stress.fail_alloc;
}

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
    read_stress_options();
    runtime_data_init(tstate);
    frame_leave_observer = report_leaving;
    code_state_death_observer = report_death;
    _PyFrameEvalFunction current = _PyInterpreterState_GetEvalFrameFunc(tstate->interp);
    earlier_hook = current == _PyEval_EvalFrameDefault ? NULL : current;
    runtime_data.eval_hook = hook;
    _PyInterpreterState_SetEvalFrameFunc(tstate->interp, hook);
    generator_install();
    type_slots_install();
    tiers_install();
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
    type_slots_remove();
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

enum reason hook_compile(PyCodeObject *code, PyObject *globals, int tier)
{
    struct code_state *state = code_state_ensure(code);
    if (state == NULL) {
        PyErr_Clear();
        return REASON_no_memory;
    }
    if (tier < 1 || state->compiled != NULL || state->deferred != NULL) {
        return REASON_none;
    }
    if (state->suppressed) {
        return REASON_suppressed;
    }
    return compile_state(state, globals, true);
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
    code_state_publish();
    if (suppress && state->compiled != NULL) {
        discard_compiled(state, EVENT_invalidate, REASON_suppressed);
    }
    return 0;
}

int hook_tier_of(PyCodeObject *code)
{
    struct code_state *state = code_state_get(code);
    if (state == NULL || state->suppressed) {
        return 0;
    }
    return state->compiled != NULL ? state->compiled->tier : state->deferred != NULL ? state->deferred->tier : 0;
}

void hook_clear(void)
{
    discard_all();
    runtime_data_clear_free_lists();
    exception_clear_pools();
    instance_clear_pools();
    generator_clear_free_lists();
}
