/* runtime/side_exit.c: see side_exit.h. */
#include "runtime/side_exit.h"

#include <stdlib.h>

#include "runtime/dict_lookup.h"
#include "runtime/exceptions.h"
#include "runtime/frame.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"

/* Puts the operands that stand nowhere in memory into their slots. */
static void place_operands(InterpreterFrame *frame, const struct side_exits *exits, const struct side_exit *exit,
                           PyObject *r0)
{
    PyObject **stack = &frame->localsplus[frame->f_code->co_nlocalsplus];
    for (int i = 0; i < exit->operand_count; i++) {
        const struct side_exit_operand *operand = &exits->operands[exit->first_operand + (uint32_t)i];
        PyObject *value = NULL;
        switch ((enum side_exit_place)operand->place) {
        case SIDE_EXIT_LOCAL:
            value = Py_NewRef(frame->localsplus[operand->local]);
            break;
        case SIDE_EXIT_CONSTANT:
            value = Py_NewRef(operand->constant);
            break;
        case SIDE_EXIT_REGISTER:
            value = r0;
            break;
        case SIDE_EXIT_NULL:
            break;
        }
        stack[operand->index] = value;
    }
}

struct side_exit_outcome rt_side_exit_leave(PyThreadState *tstate, InterpreterFrame *frame,
                                            const struct side_exits *exits, int row, PyObject *r0)
{
    const struct side_exit *exit = &exits->rows[row];
    if (exit->address != NULL && rt_check_escape(tstate, frame, exit->mask) == REASON_none) {
        return (struct side_exit_outcome){r0, exit->address};
    }
    place_operands(frame, exits, exit, r0);
    CodeUnit *next = _PyCode_CODE(frame->f_code) + exit->next_unit;
    return (struct side_exit_outcome){rt_leave(tstate, frame, next, exit->depth), NULL};
}

/* ---- Exceptions ------------------------------------------------------------------------------------------- */

int *side_exits_line(struct side_exits *exits, PyCodeObject *code, int unit)
{
    if (exits->lines == NULL) {
        exits->lines = malloc(sizeof *exits->lines * (size_t)(Py_SIZE(code) + 1));
        if (exits->lines == NULL) {
            return NULL;
        }
        for (Py_ssize_t i = 0; i <= Py_SIZE(code); i++) {
            exits->lines[i] = SIDE_EXITS_LINE_UNKNOWN;
        }
    }
    return &exits->lines[unit];
}

/* Drops the operands of [keep, exit->depth) that are owned in memory. Did one of them die, so that code may have run? */
static bool drop_operands(InterpreterFrame *frame, const struct side_exit *exit, int keep)
{
    bool died = false;
    PyObject **stack = &frame->localsplus[frame->f_code->co_nlocalsplus];
    for (int operand = exit->depth - 1; operand >= keep; operand--) {
        if (operand >= 64 || (exit->mask >> operand & 1)) {
            PyObject *value = stack[operand];
            if (value != NULL && --value->ob_refcnt == 0) {
                died = true;
                rt_dealloc(value);
            }
        }
    }
    return died;
}

/* Goes on at `place`. `changed`: locals may not be what compiled code takes them to be. */
static struct side_exit_outcome go_on(PyThreadState *tstate, InterpreterFrame *frame,
                                      const struct side_exit_place_to_go *place, bool changed)
{
    if (UNLIKELY(changed || tstate->cframe->use_tracing) &&
        rt_check_escape(tstate, frame, place->bound) != REASON_none) {
        CodeUnit *next = _PyCode_CODE(frame->f_code) + place->unit;
        return (struct side_exit_outcome){rt_leave(tstate, frame, next, (int)place->depth), NULL};
    }
    return (struct side_exit_outcome){NULL, place->address};
}

/* Is it certain that nobody but the handler could see the current exception, and that making an instance of it, where there is none
 * yet, and dropping it would run no code that could see it? */
static bool is_private(PyThreadState *tstate)
{
    PyTypeObject *class = (PyTypeObject *)tstate->curexc_type;
    PyObject *value = tstate->curexc_value;
    if (!PyType_CheckExact(class) || class->tp_finalize != NULL || class->tp_del != NULL) {
        return false;
    }
    if (value != NULL && PyExceptionInstance_Check(value)) {
        return Py_TYPE(value) == class && value->ob_refcnt == 1;
    }
    return (exception_class_is_plain(class) || (PyObject *)class == PyExc_StopIteration) &&
           tstate->recursion_remaining > 1;
}

/* The value of a global name, borrowed; NULL, without an exception, where that is not simple. */
static PyObject *global_value(InterpreterFrame *frame, PyObject *name, uint16_t *hints)
{
    PyDictObject *spaces[2] = {(PyDictObject *)frame->f_globals, (PyDictObject *)frame->f_builtins};
    for (int i = 0; i < 2; i++) {
        if (!PyDict_CheckExact(spaces[i]) || !DK_IS_UNICODE(spaces[i]->ma_keys)) {
            return NULL;
        }
        PyObject *value = dict_get_string_hinted(spaces[i], name, &hints[i]);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

static bool is_discarded(PyThreadState *tstate, InterpreterFrame *frame, struct side_exit_discard *discard)
{
    if (discard->behind.address == NULL || tstate->c_tracefunc != NULL || !is_private(tstate) ||
        (discard->pushes >= 0 && frame->localsplus[discard->pushes] == NULL)) {
        return false;
    }
    bool matches = discard->class_count == 0;
    for (int i = 0; i < discard->class_count; i++) {
        PyObject *class = global_value(frame, discard->classes[i], discard->hints[i]);
        /* All are looked at: what is no exception class is an error. */
        if (class == NULL || !PyExceptionClass_Check(class)) {
            return false;
        }
        matches = matches || exception_class_matches((PyTypeObject *)tstate->curexc_type, (PyTypeObject *)class);
    }
    return matches;
}

/* What the handler would have done. */
static struct side_exit_outcome discard_exception(PyThreadState *tstate, InterpreterFrame *frame,
                                                  const struct side_exit *exit,
                                                  const struct side_exit_handler *handler)
{
    const struct side_exit_discard *discard = &handler->discard;
    PyObject *type, *value, *traceback;
    drop_operands(frame, exit, handler->keep);
    _PyErr_Fetch(tstate, &type, &value, &traceback);
    if (discard->pushes >= 0) {
        frame->localsplus[frame->f_code->co_nlocalsplus + handler->keep] =
            Py_NewRef(frame->localsplus[discard->pushes]);
    }
    frame->prev_instr = _PyCode_CODE(frame->f_code) + discard->pop_unit;
    if (value != NULL && PyExceptionInstance_Check(value)) {
        PyException_SetTraceback(value, traceback != NULL ? traceback : Py_None);
    }
    Py_XDECREF(traceback);
    if (value != NULL) {
        rt_release(value);
    }
    Py_DECREF(type);
    /* Whoever changed locals did it by way of a frame object, which the frame then has. */
    return go_on(tstate, frame, &discard->behind, frame->frame_obj != NULL);
}

struct side_exit_outcome rt_side_exit_error(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                            int row, PyObject *r0)
{
    assert(tstate->curexc_type != NULL);
    const struct side_exit *exit = &exits->rows[row];
    struct side_exit_handler *handler = exit->handler < 0 ? NULL : &exits->handlers[exit->handler];
    place_operands(frame, exits, exit, r0);
    if (handler != NULL) {
        handler->caught++;
        handler->last_class = (PyTypeObject *)tstate->curexc_type;
        if (is_discarded(tstate, frame, &handler->discard)) {
            return discard_exception(tstate, frame, exit, handler);
        }
    }
    bool changed = frame->frame_obj != NULL;
    if (!exit->reraised) {
        exception_add_traceback(tstate, frame, exits);
        if (UNLIKELY(tstate->c_tracefunc != NULL)) {
            cpython_trace_exception(tstate, frame);
            changed = true;
        }
    }
    if (handler == NULL) {
        drop_operands(frame, exit, 0);
        frame->stacktop = frame->f_code->co_nlocalsplus;
        return (struct side_exit_outcome){NULL, NULL};
    }
    changed |= drop_operands(frame, exit, handler->keep);
    PyObject **slot = &frame->localsplus[frame->f_code->co_nlocalsplus + handler->keep];
    if (handler->lasti) {
        PyObject *index = rt_int_from_long(_PyInterpreterFrame_LASTI(frame));
        if (UNLIKELY(index == NULL)) {
            /* Without memory only the line of what is raised again is wrong. */
            index = Py_NewRef((PyObject *)runtime_data.small_int_zero);
        }
        *slot++ = index;
    }
    *slot = exception_take(tstate);
    return go_on(tstate, frame, &handler->start, changed);
}

void side_exits_free(struct side_exits *exits)
{
    if (exits != NULL) {
        free(exits->rows);
        free(exits->operands);
        free(exits->handlers);
        free(exits->lines);
        free(exits);
    }
}
