/* runtime/side_exit.c: see side_exit.h. */
#include "runtime/side_exit.h"

#include "runtime/code_map.h"
#include "runtime/frame.h"

static PyObject **stack_of(InterpreterFrame *frame)
{
    return &frame->localsplus[frame->f_code->co_nlocalsplus];
}

/* Puts the operands that stand nowhere in memory into their slots. */
static void place_operands(InterpreterFrame *frame, const struct side_exits *exits, const struct side_exit *exit,
                           PyObject *r0)
{
    PyObject **stack = stack_of(frame);
    for (int i = 0; i < exit->operand_count; i++) {
        const struct side_exit_operand *operand = &exits->operands[exit->first_operand + (uint32_t)i];
        PyObject *value = NULL;
        switch ((enum side_exit_place)operand->place) {
        case SIDE_EXIT_LOCAL:
            value = Py_NewRef(frame->localsplus[operand->number]);
            break;
        case SIDE_EXIT_CONSTANT:
            value = Py_NewRef(PyTuple_GET_ITEM(frame->f_code->co_consts, operand->number));
            break;
        case SIDE_EXIT_NONE:
            value = Py_NewRef(Py_None);
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

/* Undoes place_operands: returns the register operand again, or `r0` where there is none. False in *unchanged, and nothing done, when
 * a local that an operand borrows from has changed meanwhile. */
static PyObject *unplace_operands(InterpreterFrame *frame, const struct side_exits *exits,
                                  const struct side_exit *exit, PyObject *r0, bool *unchanged)
{
    PyObject **stack = stack_of(frame);
    const struct side_exit_operand *operands = &exits->operands[exit->first_operand];
    *unchanged = true;
    for (int i = 0; i < exit->operand_count; i++) {
        if (operands[i].place == SIDE_EXIT_LOCAL &&
            stack[operands[i].index] != frame->localsplus[operands[i].number]) {
            *unchanged = false;
            return r0;
        }
    }
    for (int i = 0; i < exit->operand_count; i++) {
        if (operands[i].place == SIDE_EXIT_REGISTER) {
            r0 = stack[operands[i].index];
        } else if (operands[i].place != SIDE_EXIT_NULL) {
            Py_DECREF(stack[operands[i].index]); /* not the last: the local or the code object has one */
        }
    }
    return r0;
}

/* The operands stand in their slots. */
static struct side_exit_outcome leave(PyThreadState *tstate, InterpreterFrame *frame, const struct side_exit *exit)
{
    CodeUnit *next = _PyCode_CODE(frame->f_code) + exit->next_unit;
    return (struct side_exit_outcome){rt_leave(tstate, frame, next, exit->depth), NULL};
}

/* An exception is set, the operands that `owned` tells stand in their slots. */
static struct side_exit_outcome unwind(PyThreadState *tstate, InterpreterFrame *frame, const struct side_exits *exits,
                                       const struct side_exit *exit, uint64_t owned)
{
    rt_unwind(tstate, frame, exit->keep, exit->depth, owned, (exit->flags & SIDE_EXIT_RERAISED) != 0);
    if (exit->address == 0) {
        return (struct side_exit_outcome){NULL, NULL};
    }
    rt_enter_handler(tstate, frame, exit->keep, (exit->flags & SIDE_EXIT_LASTI) != 0);
    return (struct side_exit_outcome){NULL, exits->start + exit->address};
}

/* The eval breaker is set. All operands stand in their slots while other code can run. */
static struct side_exit_outcome look_at_eval_breaker(PyThreadState *tstate, InterpreterFrame *frame,
                                                     const struct side_exits *exits, const struct side_exit *exit,
                                                     PyObject *r0)
{
    const struct side_exit *on_error = exit + 1;
    frame->prev_instr = _PyCode_CODE(frame->f_code) + on_error->unit;
    place_operands(frame, exits, exit, r0);
    if (rt_eval_breaker(tstate) < 0) {
        return unwind(tstate, frame, exits, on_error, ~(uint64_t)0);
    }
    bool unchanged = true;
    bool unusual = frame->frame_obj != NULL || tstate->cframe->use_tracing;
    if (!unusual || rt_check_escape(tstate, frame, exits->masks[exit->mask]) == REASON_none) {
        r0 = unplace_operands(frame, exits, exit, r0, &unchanged);
        if (unchanged) {
            return (struct side_exit_outcome){r0, exits->start + exit->address};
        }
    }
    return leave(tstate, frame, exit);
}

static struct side_exit_outcome follow(PyThreadState *tstate, InterpreterFrame *frame, const struct side_exits *exits,
                                       const struct side_exit *exit, PyObject *r0)
{
    if (exit->address != 0 && rt_check_escape(tstate, frame, exits->masks[exit->mask]) == REASON_none) {
        return (struct side_exit_outcome){r0, exits->start + exit->address};
    }
    place_operands(frame, exits, exit, r0);
    return leave(tstate, frame, exit);
}

struct side_exit_outcome rt_side_exit_leave(PyThreadState *tstate, InterpreterFrame *frame,
                                            const struct side_exits *exits, int row, PyObject *r0)
{
    const struct side_exit *exit = &exits->rows[row];
    if (exit->flags & SIDE_EXIT_EVAL_BREAKER) {
        return look_at_eval_breaker(tstate, frame, exits, exit, r0);
    }
    return follow(tstate, frame, exits, exit, r0);
}

struct side_exit_outcome rt_side_exit_error(PyThreadState *tstate, InterpreterFrame *frame,
                                            const struct side_exits *exits, int row, PyObject *r0)
{
    const struct side_exit *exit = &exits->rows[row];
    place_operands(frame, exits, exit, r0);
    return unwind(tstate, frame, exits, exit, exits->masks[exit->mask]);
}

/* What rt_escape_check does when something is unusual. `after` is its return address. Compiled code goes on there, or else at its exit, with the
 * frame's result. */
__attribute__((used)) static struct side_exit_outcome
escape_check_failed(PyThreadState *tstate, InterpreterFrame *frame, const char *after, PyObject *r0)
{
    const struct side_exits *exits = code_map_find(after - 1)->exits;
    uint32_t wanted = (uint32_t)(after - exits->start);
    uint32_t low = 0;
    uint32_t high = exits->check_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (exits->checks[middle].address <= wanted) {
            low = middle;
        } else {
            high = middle;
        }
    }
    assert(exits->checks[low].address == wanted);
    struct side_exit_outcome outcome = follow(tstate, frame, exits, &exits->checks[low], r0);
    if (outcome.address == NULL) {
        outcome.address = exits->start + exits->exit;
    }
    return outcome;
}

/* r12 the frame, r13 the thread, r14 the register operand; r15 is kept. At the call rsp was 16-aligned. To leave compiled code,
 * the return address is dropped, from the shadow stack too where there is one, and compiled code's exit follows. */
__attribute__((naked)) void rt_escape_check(void)
{
    __asm__("movq %c[cframe](%%r13), %%rax\n\t"
            "movzbl %c[use_tracing](%%rax), %%eax\n\t"
            "orq %c[frame_obj](%%r12), %%rax\n\t"
            "jne 1f\n\t"
            "ret\n"
            "1:\n\t"
            "movq %%r13, %%rdi\n\t"
            "movq %%r12, %%rsi\n\t"
            "movq (%%rsp), %%rdx\n\t"
            "movq %%r14, %%rcx\n\t"
            "subq $8, %%rsp\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "call escape_check_failed\n\t"
            "addq $8, %%rsp\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "movq %%rax, %%r14\n\t"
            "cmpq (%%rsp), %%rdx\n\t"
            "jne 2f\n\t"
            "ret\n"
            "2:\n\t"
            "xorl %%eax, %%eax\n\t"
            "rdsspq %%rax\n\t" /* does nothing without a shadow stack */
            "testq %%rax, %%rax\n\t"
            "je 3f\n\t"
            "movl $1, %%eax\n\t"
            "incsspq %%rax\n"
            "3:\n\t"
            "addq $8, %%rsp\n\t"
            "xorl %%r15d, %%r15d\n\t" /* no resume point in x */
            "jmp *%%rdx"
            :
            : [cframe] "i"(offsetof(PyThreadState, cframe)), [use_tracing] "i"(offsetof(_PyCFrame, use_tracing)),
              [frame_obj] "i"(offsetof(InterpreterFrame, frame_obj)));
}
