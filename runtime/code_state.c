/* runtime/code_state.c: see code_state.h. */
#include "runtime/code_state.h"

#include <stdlib.h>

#include "runtime/allocation_counts.h"
#include "runtime/code_arena.h"
#include "runtime/code_map.h"
#include "runtime/data_arena.h"
#include "runtime/generator.h"
#include "runtime/reasons.h"

Py_ssize_t code_state_index = -1;

void (*code_state_death_observer)(struct code_state *state);

_Static_assert(offsetof(struct code_state, code) == offsetof(struct native_target, code) &&
                   offsetof(struct code_state, native_entry) == offsetof(struct native_target, entry) &&
                   offsetof(struct call_cell, target) == 0,
               "native calls find their target alike in states and cells");

void code_state_set_target(struct code_state *state, struct call_cell *cell, uint32_t frame_bytes)
{
    code_state_clear_target(cell);
    cell->target = (struct native_target){state->code, state->native_entry};
    cell->frame_bytes = frame_bytes;
    cell->next_caller = state->callers;
    if (cell->next_caller != NULL) {
        cell->next_caller->caller_link = &cell->next_caller;
    }
    cell->caller_link = &state->callers;
    state->callers = cell;
}

void code_state_clear_target(struct call_cell *cell)
{
    cell->target = (struct native_target){0};
    if (cell->caller_link != NULL) {
        *cell->caller_link = cell->next_caller;
        if (cell->next_caller != NULL) {
            cell->next_caller->caller_link = cell->caller_link;
        }
        cell->next_caller = NULL;
        cell->caller_link = NULL;
    }
}

void code_state_clear_callers(struct code_state *state)
{
    while (state->callers != NULL) {
        code_state_clear_target(state->callers);
    }
}

void code_state_withdraw_entry(struct code_state *state)
{
    state->native_entry = NULL;
    code_state_clear_callers(state);
}

void code_state_release_cells(struct call_cell *first)
{
    for (struct call_cell *cell = first; cell != NULL; cell = cell->next_of_owner) {
        code_state_clear_target(cell);
        free(cell->shape);
        cell->shape = NULL;
    }
}

struct code_watch *code_state_watch(struct code_state *state, struct code_watch **list)
{
    struct code_watch *watch = malloc(sizeof *watch);
    if (watch == NULL) {
        return NULL;
    }
    *watch = (struct code_watch){
        .code = state->code, .next = state->watches, .link = &state->watches, .next_of_owner = *list};
    if (watch->next != NULL) {
        watch->next->link = &watch->next;
    }
    state->watches = watch;
    *list = watch;
    return watch;
}

void code_state_free_watches(struct code_watch *first)
{
    for (struct code_watch *watch = first, *next; watch != NULL; watch = next) {
        next = watch->next_of_owner;
        if (watch->link != NULL) {
            *watch->link = watch->next;
            if (watch->next != NULL) {
                watch->next->link = watch->link;
            }
        }
        free(watch);
    }
}

/* ---- Deferred code ------------------------------------------------------------------------------------------ */

static struct code_state *first_deferred; /* list by next_deferred */

void code_state_set_compiled(struct code_state *state, struct compiled_code *compiled)
{
    state->tier2_in_use = false;
    state->compiled = compiled;
    state->native_entry = compiled->native_entry;
    compiled->generation = code_map_generation;
    generator_publish(state);
}

void code_state_defer(struct code_state *state, struct compiled_code *compiled)
{
    assert(state->compiled == NULL && state->deferred == NULL);
    state->deferred = compiled;
    state->next_deferred = first_deferred;
    first_deferred = state;
}

void code_state_publish(void)
{
    bool executable = first_deferred == NULL || code_arena_publish();
    while (first_deferred != NULL) {
        struct code_state *state = first_deferred;
        struct compiled_code *compiled = state->deferred;
        first_deferred = state->next_deferred;
        state->deferred = NULL;
        if (executable) {
            code_state_set_compiled(state, compiled);
        } else {
            state->refused = REASON_no_executable_memory;
            code_map_remove(compiled);
        }
    }
}

/* ---- Ids ---------------------------------------------------------------------------------------------------- */

enum { ID_LISTS = 512 };
static struct code_state *states_by_id[ID_LISTS]; /* lists by next_by_id */

struct code_state *code_state_of_id(uint32_t id)
{
    struct code_state *state = states_by_id[id % ID_LISTS];
    while (state != NULL && state->id != id) {
        state = state->next_by_id;
    }
    return state;
}

static void forget_id(const struct code_state *state)
{
    struct code_state **link = &states_by_id[state->id % ID_LISTS];
    while (*link != state) {
        link = &(*link)->next_by_id;
    }
    *link = state->next_by_id;
}

/* ---- Beginning and end -------------------------------------------------------------------------------------- */

/* The code object dies: no frame can run it any more (each holds it), so its machine code goes too. */
static void free_state(void *argument)
{
    struct code_state *state = argument;
    if (state == NULL) {
        return;
    }
    if (state->deferred != NULL) {
        code_state_publish();
    }
    code_state_withdraw_entry(state);
    for (struct code_watch *watch = state->watches; watch != NULL; watch = watch->next) {
        watch->code = NULL;
        watch->link = NULL;
    }
    if (state->compiled != NULL) {
        if (code_state_death_observer != NULL) {
            code_state_death_observer(state);
        }
        code_map_remove(state->compiled);
    }
    if (state->retired != NULL) {
        code_map_remove(state->retired);
    }
    resume_table_free(state->resume);
    data_arena_free(state->counts, sizeof(*state->counts));
    forget_id(state);
    free(state);
}

int code_state_init(void)
{
    if (code_state_index < 0) {
        code_state_index = _PyEval_RequestCodeExtraIndex(free_state);
        if (code_state_index < 0) {
            PyErr_SetString(PyExc_RuntimeError, "pyjit: CPython has no co_extra slot left");
            return -1;
        }
    }
    return 0;
}

/* Puts `state` into the code's co_extra. CPython's own _PyCode_SetExtra would make room for every user of co_extra, and then call
 * each one's destructor with a NULL it has never stored, at exit after a ctypes callback of that kind is gone too
 * (test_code shows it). So a code object without extras gets an array that ends with our slot. */
static bool attach(PyCodeObject *code, struct code_state *state)
{
    if (code->co_extra != NULL) {
        return _PyCode_SetExtra((PyObject *)code, code_state_index, state) == 0;
    }
    size_t slots = (size_t)code_state_index + 1;
    struct code_extra *extra = PyMem_Calloc(1, offsetof(struct code_extra, slots) + slots * sizeof(void *));
    if (extra == NULL) {
        PyErr_NoMemory();
        return false;
    }
    extra->size = (Py_ssize_t)slots;
    extra->slots[code_state_index] = state;
    code->co_extra = extra;
    return true;
}

struct code_state *code_state_ensure(PyCodeObject *code)
{
    struct code_state *state = code_state_get(code);
    if (state != NULL) {
        return state;
    }
    state = calloc(1, sizeof *state);
    if (state == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    static uint32_t last_id;
    state->code = code;
    state->id = ++last_id;
    if (!attach(code, state)) {
        free(state);
        return NULL;
    }
    state->next_by_id = states_by_id[state->id % ID_LISTS];
    states_by_id[state->id % ID_LISTS] = state;
    return state;
}
