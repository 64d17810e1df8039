/* runtime/code_state.c: see code_state.h. */
#include "runtime/code_state.h"

#include "runtime/code_map.h"

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
    PyMem_RawFree(state);
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

struct code_state *code_state_ensure(PyCodeObject *code)
{
    struct code_state *state = code_state_get(code);
    if (state != NULL) {
        return state;
    }
    state = PyMem_RawCalloc(1, sizeof *state);
    if (state == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    state->code = code;
    if (_PyCode_SetExtra((PyObject *)code, code_state_index, state) < 0) {
        PyMem_RawFree(state);
        return NULL;
    }
    return state;
}
