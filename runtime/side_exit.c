/* runtime/side_exit.c: see side_exit.h. */
#include "runtime/side_exit.h"

#include <stdlib.h>

#include "runtime/frame.h"
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
        case SIDE_EXIT_FLOAT:
            rt_box_float(&stack[operand->index]);
            continue;
        case SIDE_EXIT_INT:
            rt_box_int(&stack[operand->index]);
            continue;
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

struct side_exit_outcome rt_side_exit_error(PyThreadState *tstate, InterpreterFrame *frame,
                                            const struct side_exits *exits, int row, PyObject *r0)
{
    const struct side_exit *exit = &exits->rows[row];
    place_operands(frame, exits, exit, r0);
    rt_unwind(tstate, frame, exit->keep, exit->depth, exit->mask, exit->reraised);
    if (exit->address != NULL) {
        rt_enter_handler(tstate, frame, exit->keep, exit->lasti);
    }
    return (struct side_exit_outcome){NULL, exit->address};
}

void side_exits_free(struct side_exits *exits)
{
    if (exits != NULL) {
        free(exits->rows);
        free(exits->operands);
        free(exits);
    }
}
