/* runtime/code_state.c: see code_state.h. */
#include "runtime/code_state.h"

#include <stdlib.h>

#include "runtime/allocation_counts.h"
#include "runtime/code_map.h"
#include "runtime/data_arena.h"
#include "runtime/generator.h"

Py_ssize_t code_state_index = -1;

void (*code_state_death_observer)(struct code_state *state);

/* The code object dies: no frame can run it any more (each holds it), so its machine code goes too. */
static void free_state(void *argument)
{
    struct code_state *state = argument;
    if (state == NULL) {
        return;
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
    state->code = code;
    if (!attach(code, state)) {
        free(state);
        return NULL;
    }
    return state;
}
