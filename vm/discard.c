/* vm/discard.c: see discard.h.
 *
 * What is used is known by generations: code that is entered from C, or looked up by a native call site, is stamped with
 * the current one, and a new generation makes all native call sites look up again. So hot paths pay nothing. A
 * generation begins when memory gets scarce; code without its stamp when memory has run out is cold.
 */
#include "vm/discard.h"

#include "runtime/code_arena.h"
#include "runtime/code_map.h"
#include "runtime/generator.h"
#include "runtime/runtime_data.h"
#include "vm/policy.h"

#include <stdlib.h>

/* The shortest time after which code that was not used counts as cold, in ticks of policy_clock(): some tenth of a second. */
enum { SHORTEST_GENERATION = 300 * 1000 * 1000 };

/* With JIT_STRESS=evict, everything goes at every so many calls. */
enum { STRESS_PERIOD = 32 };

static uint64_t generation_start;
static bool watching;

/* ---- What may be running ------------------------------------------------------------------------------------- */

/* Suspended greenlets' frames are on no thread's chain, so with greenlet loaded any code may have a frame in the middle of it. So may
 * code that is leaving its frame, which is unlinked already, and runs a destructor. */
static bool frames_are_hidden(void)
{
    return runtime_data.leaving > 0 || PyDict_GetItemString(PyImport_GetModuleDict(), "greenlet") != NULL;
}

/* Calls `visit` for each frame of each thread until it returns true; returns whether it has. */
static bool any_frame(bool (*visit)(InterpreterFrame *, void *), void *argument)
{
    for (PyThreadState *tstate = PyInterpreterState_ThreadHead(PyInterpreterState_Main()); tstate != NULL;
         tstate = PyThreadState_Next(tstate)) {
        for (InterpreterFrame *frame = tstate->cframe->current_frame; frame != NULL; frame = frame->previous) {
            if (visit(frame, argument)) {
                return true;
            }
        }
    }
    return false;
}

static bool frame_runs_code(InterpreterFrame *frame, void *code)
{
    return frame->f_code == code;
}

/* May a frame of `code` be in the middle of its machine code? */
static bool may_be_running(PyCodeObject *code)
{
    return frames_are_hidden() || any_frame(frame_runs_code, code);
}

static bool mark_running(InterpreterFrame *frame, void *unused)
{
    (void)unused;
    struct code_state *state = code_state_get(frame->f_code);
    if (state != NULL && state->compiled != NULL) {
        state->compiled->running = true;
        state->compiled->generation = code_map_generation;
    }
    return false;
}

/* ---- Throwing away ------------------------------------------------------------------------------------------- */

static void withdraw(struct code_state *state, enum event_kind kind, enum reason reason)
{
    struct compiled_code *compiled = state->compiled;
    generator_withdraw(state);
    state->compiled = NULL;
    state->calls = 0;
    state->ticks = 0;
    code_state_withdraw_entry(state);
    event_log(kind, state->code, compiled->tier, -1, reason, compiled->size, -1);
}

void discard_compiled(struct code_state *state, enum event_kind kind, enum reason reason)
{
    struct compiled_code *compiled = state->compiled;
    withdraw(state, kind, reason);
    if (may_be_running(state->code)) {
        compiled->retired = state->retired;
        state->retired = compiled;
    } else {
        code_map_remove(compiled);
    }
}

/* Frees what was retired earlier and has been left by its last frame since. */
static void free_retired(struct code_state *state)
{
    if (state->retired != NULL && !may_be_running(state->code)) {
        code_map_remove(state->retired);
        state->retired = NULL;
    }
}

static int collect_code(struct compiled_code *compiled, void *list)
{
    return PyList_Append(list, (PyObject *)compiled->code);
}

void discard_all(void)
{
    code_state_publish();
    /* Dropping changes the map, and a code object may die with its last piece of code: hold them meanwhile. */
    PyObject *codes = PyList_New(0);
    if (codes == NULL || code_map_each(collect_code, codes) != 0) {
        PyErr_Clear();
        Py_XDECREF(codes);
        return;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(codes); i++) {
        struct code_state *state = code_state_get((PyCodeObject *)PyList_GET_ITEM(codes, i));
        if (state->compiled != NULL) {
            discard_compiled(state, EVENT_invalidate, REASON_cleared);
        }
        free_retired(state);
    }
    Py_DECREF(codes);
}

/* ---- The size limit ------------------------------------------------------------------------------------------ */

struct candidates {
    struct compiled_code **items; /* owned */
    size_t count, capacity;
    bool all;
};

static int collect_cold(struct compiled_code *compiled, void *argument)
{
    struct candidates *candidates = argument;
    bool running = compiled->running;
    compiled->running = false;
    struct code_state *state = code_state_get(compiled->code);
    if (running || state->compiled != compiled || (!candidates->all && compiled->generation == code_map_generation)) {
        return 0;
    }
    if (candidates->count == candidates->capacity) {
        size_t capacity = candidates->capacity * 2 + 64;
        struct compiled_code **moved = realloc(candidates->items, capacity * sizeof(*moved));
        if (moved == NULL) {
            return 0;
        }
        candidates->items = moved;
        candidates->capacity = capacity;
    }
    candidates->items[candidates->count++] = compiled;
    return 0;
}

static int older_first(const void *left, const void *right)
{
    uint32_t a = (*(struct compiled_code *const *)left)->generation;
    uint32_t b = (*(struct compiled_code *const *)right)->generation;
    return (a > b) - (a < b);
}

/* Evicts code that no frame runs until at most `wanted` bytes are in use; only cold code unless `all`. No code object dies here. */
static void evict(bool all, size_t wanted)
{
    struct candidates candidates = {.all = all};
    any_frame(mark_running, NULL);
    (void)code_map_each(collect_cold, &candidates);
    if (candidates.count > 1) {
        qsort(candidates.items, candidates.count, sizeof(*candidates.items), older_first);
    }
    for (size_t i = 0; i < candidates.count && code_arena_used() > wanted; i++) {
        struct compiled_code *compiled = candidates.items[i];
        withdraw(code_state_get(compiled->code), EVENT_evict, REASON_cold);
        code_map_remove(compiled);
    }
    free(candidates.items);
}

static int forget_callers(struct compiled_code *compiled, void *unused)
{
    (void)unused;
    code_state_clear_callers(code_state_get(compiled->code));
    return 0;
}

static void begin_generation(void)
{
    generation_start = policy_clock();
    code_map_generation++;
    (void)code_map_each(forget_callers, NULL);
}

static size_t low_water(void)
{
    return code_arena_limit() / 4 * 3;
}

void discard_watch(void)
{
    bool scarce = code_arena_used() > low_water();
    if (UNLIKELY(scarce && !watching)) {
        begin_generation();
    }
    watching = scarce;
}

bool discard_cold(void)
{
    size_t before = code_arena_used();
    if (policy_clock() - generation_start > SHORTEST_GENERATION && !frames_are_hidden()) {
        /* Large code may find no room long before all is used. */
        evict(false, before / 4 * 3 < low_water() ? before / 4 * 3 : low_water());
        begin_generation();
    }
    return code_arena_used() < before;
}

void discard_for_stress(void)
{
    static unsigned count;
    if (++count % STRESS_PERIOD == 0 && !frames_are_hidden()) {
        evict(true, 0);
    }
}
