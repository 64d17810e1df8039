/* runtime/side_exit.c: see side_exit.h. */
#include "runtime/side_exit.h"

#include <stdlib.h>

#include "runtime/code_map.h"
#include "runtime/data_arena.h"
#include "runtime/dict_lookup.h"
#include "runtime/exceptions.h"
#include "runtime/frame.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"

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
        } else if (operands[i].place == SIDE_EXIT_FLOAT || operands[i].place == SIDE_EXIT_INT) {
            rt_unbox(&stack[operands[i].index]);
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
static bool drop_operands(InterpreterFrame *frame, const struct side_exit *exit, int keep, uint64_t owned)
{
    bool died = false;
    PyObject **stack = stack_of(frame);
    for (int operand = exit->depth - 1; operand >= keep; operand--) {
        if (operand >= 64 || (owned >> operand & 1)) {
            PyObject *value = stack[operand];
            if (value != NULL && --value->ob_refcnt == 0) {
                died = true;
                rt_dealloc(value);
            }
        }
    }
    return died;
}

/* Goes on at `target`. `changed`: locals may not be what compiled code takes them to be. */
static struct side_exit_outcome go_on(PyThreadState *tstate, InterpreterFrame *frame, const struct side_exits *exits,
                                      const struct side_exit_target *target, bool changed)
{
    if (UNLIKELY(changed || tstate->cframe->use_tracing) &&
        rt_check_escape(tstate, frame, target->bound) != REASON_none) {
        CodeUnit *next = _PyCode_CODE(frame->f_code) + target->unit;
        return (struct side_exit_outcome){rt_leave(tstate, frame, next, target->depth), NULL};
    }
    return (struct side_exit_outcome){NULL, exits->start + target->address};
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
    if (tstate->c_tracefunc != NULL || !is_private(tstate) ||
        (discard->pushes != SIDE_EXIT_PUSHES_NOTHING && frame->localsplus[discard->pushes] == NULL)) {
        return false;
    }
    bool matches = discard->class_count == 0;
    for (int i = 0; i < discard->class_count; i++) {
        PyObject *name = PyTuple_GET_ITEM(frame->f_code->co_names, discard->classes[i]);
        PyObject *class = global_value(frame, name, discard->hints[i]);
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
                                                  const struct side_exits *exits, const struct side_exit *exit,
                                                  uint64_t owned, const struct side_exit_discard *discard)
{
    PyObject *type, *value, *traceback;
    drop_operands(frame, exit, exit->keep, owned);
    _PyErr_Fetch(tstate, &type, &value, &traceback);
    if (discard->pushes != SIDE_EXIT_PUSHES_NOTHING) {
        stack_of(frame)[exit->keep] = Py_NewRef(frame->localsplus[discard->pushes]);
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
    return go_on(tstate, frame, exits, &discard->behind, frame->frame_obj != NULL);
}

/* Pushes what a handler expects. */
static void push_exception(PyThreadState *tstate, InterpreterFrame *frame, const struct side_exit *exit)
{
    PyObject **slot = &stack_of(frame)[exit->keep];
    if (exit->flags & SIDE_EXIT_LASTI) {
        PyObject *index = rt_int_from_long(_PyInterpreterFrame_LASTI(frame));
        if (UNLIKELY(index == NULL)) {
            /* Without memory only the line of what is raised again is wrong. */
            index = Py_NewRef((PyObject *)runtime_data.small_int_zero);
        }
        *slot++ = index;
    }
    *slot = exception_take(tstate);
}

/* An exception is set, the operands that `owned` tells stand in their slots. */
static struct side_exit_outcome unwind(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                       const struct side_exit *exit, uint64_t owned)
{
    assert(tstate->curexc_type != NULL);
    struct side_exit_handler *handler = exit->address == 0 ? NULL : &exits->handlers[exit->address - 1];
    if (handler != NULL) {
        handler->caught++;
        handler->last_class = (PyTypeObject *)tstate->curexc_type;
        if (handler->discard != NULL && is_discarded(tstate, frame, handler->discard)) {
            return discard_exception(tstate, frame, exits, exit, owned, handler->discard);
        }
    }
    bool changed = frame->frame_obj != NULL;
    if (!(exit->flags & SIDE_EXIT_RERAISED)) {
        exception_add_traceback(tstate, frame, exits);
        if (UNLIKELY(tstate->c_tracefunc != NULL)) {
            cpython_trace_exception(tstate, frame);
            changed = true;
        }
    }
    changed |= drop_operands(frame, exit, exit->keep, owned);
    if (handler == NULL) {
        frame->stacktop = frame->f_code->co_nlocalsplus;
        return (struct side_exit_outcome){NULL, NULL};
    }
    push_exception(tstate, frame, exit);
    return go_on(tstate, frame, exits, &handler->start, changed);
}

struct side_exit_outcome side_exit_unwind(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                          const void *address, int depth, int keep, bool lasti, bool reraised)
{
    struct side_exit exit = {.keep = (uint16_t)(address != NULL ? keep : 0),
                             .depth = (uint16_t)depth,
                             .flags = (uint8_t)(lasti ? SIDE_EXIT_LASTI : 0)};
    if (!reraised) {
        exception_add_traceback(tstate, frame, exits);
        if (UNLIKELY(tstate->c_tracefunc != NULL)) {
            cpython_trace_exception(tstate, frame);
        }
    }
    drop_operands(frame, &exit, exit.keep, ~(uint64_t)0);
    if (address == NULL) {
        frame->stacktop = frame->f_code->co_nlocalsplus;
        return (struct side_exit_outcome){NULL, NULL};
    }
    push_exception(tstate, frame, &exit);
    return (struct side_exit_outcome){NULL, address};
}

/* ---- Side exits --------------------------------------------------------------------------------------------- */

/* The eval breaker is set. All operands stand in their slots while other code can run. */
static struct side_exit_outcome look_at_eval_breaker(PyThreadState *tstate, InterpreterFrame *frame,
                                                     struct side_exits *exits, const struct side_exit *exit,
                                                     const struct side_exit *on_error, PyObject *r0)
{
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

struct side_exit_outcome rt_side_exit_leave(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                            int row, PyObject *r0)
{
    const struct side_exit *exit = &exits->rows[row];
    if (exit->flags & SIDE_EXIT_EVAL_BREAKER) {
        return look_at_eval_breaker(tstate, frame, exits, exit, exit + 1, r0);
    }
    return follow(tstate, frame, exits, exit, r0);
}

struct side_exit_outcome rt_side_exit_error(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                            int row, PyObject *r0)
{
    const struct side_exit *exit = &exits->rows[row];
    place_operands(frame, exits, exit, r0);
    return unwind(tstate, frame, exits, exit, exits->masks[exit->mask]);
}

void side_exits_free(struct side_exits *exits)
{
    free(exits->lines);
    data_arena_free(exits, exits->size);
}

/* The row of the check that returns to `after`: the first of two. */
static const struct side_exit *find_check(const struct side_exits *exits, uint32_t after)
{
    uint32_t low = 0;
    uint32_t high = exits->check_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (exits->checks[middle].address < after) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    assert(low < exits->check_count && exits->checks[low].address == after);
    return &exits->checks[low];
}

/* What the checks do when something is unusual. `after` is their return address. Compiled code goes on there, or else at its exit, with the
 * frame's result. */
__attribute__((used)) static struct side_exit_outcome
escape_check_failed(PyThreadState *tstate, InterpreterFrame *frame, const char *after, PyObject *r0)
{
    struct side_exits *exits = code_map_find(after - 1)->exits;
    const struct side_exit *exit = find_check(exits, (uint32_t)(after - exits->start));
    struct side_exit_outcome outcome;
    if ((exit->flags & SIDE_EXIT_EVAL_BREAKER) && tstate->interp->ceval.eval_breaker._value != 0) {
        struct side_exit on_error = exit[1];
        on_error.address = on_error.first_operand;
        outcome = look_at_eval_breaker(tstate, frame, exits, exit, &on_error, r0);
    } else {
        outcome = follow(tstate, frame, exits, exit, r0);
    }
    if (outcome.address == NULL) {
        outcome.address = exits->start + exits->exit;
    }
    return outcome;
}

/* Jumped to by a check, whose return address is on top of the stack. To leave compiled code, it is dropped, from the shadow stack too where
 * there is one, and compiled code's exit follows. */
__attribute__((naked, used)) static void check_slowly(void)
{
    __asm__("movq %r13, %rdi\n\t"
            "movq %r12, %rsi\n\t"
            "movq (%rsp), %rdx\n\t"
            "movq %r14, %rcx\n\t"
            "subq $8, %rsp\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "call escape_check_failed\n\t"
            "addq $8, %rsp\n\t"
            ".cfi_adjust_cfa_offset -8\n\t"
            "movq %rax, %r14\n\t"
            "cmpq (%rsp), %rdx\n\t"
            "jne 1f\n\t"
            "ret\n"
            "1:\n\t"
            "xorl %eax, %eax\n\t"
            "rdsspq %rax\n\t" /* does nothing without a shadow stack */
            "testq %rax, %rax\n\t"
            "je 2f\n\t"
            "movl $1, %eax\n\t"
            "incsspq %rax\n"
            "2:\n\t"
            "addq $8, %rsp\n\t"
            ".cfi_def_cfa %rbp, 16\n\t" /* of compiled code's frame, as there */
            ".cfi_offset %rbp, -16\n\t"
            "xorl %r15d, %r15d\n\t" /* no resume point in x */
            "jmp *%rdx");
}

/* In all of these r12 is the frame, r13 the thread, r14 the register operand; r15 is kept. At the call rsp was 16-aligned. */
#define CHECK_OPERANDS                                                                                               \
    [cframe] "i"(offsetof(PyThreadState, cframe)), [use_tracing] "i"(offsetof(_PyCFrame, use_tracing)),              \
        [frame_obj] "i"(offsetof(InterpreterFrame, frame_obj)), [interp] "i"(offsetof(PyThreadState, interp)),       \
        [breaker] "i"(offsetof(PyInterpreterState, ceval.eval_breaker))
#define ESCAPE_CHECK                                                                                                 \
    "movq %c[cframe](%%r13), %%rax\n\t"                                                                              \
    "movzbl %c[use_tracing](%%rax), %%eax\n\t"                                                                       \
    "orq %c[frame_obj](%%r12), %%rax\n\t"                                                                            \
    "jne check_slowly\n\t"

__attribute__((naked)) void rt_escape_check(void)
{
    __asm__(ESCAPE_CHECK "ret" : : CHECK_OPERANDS);
}

__attribute__((naked)) void rt_call_check(void)
{
    __asm__(ESCAPE_CHECK "movq %c[interp](%%r13), %%rax\n\t"
                         "cmpl $0, %c[breaker](%%rax)\n\t"
                         "jne check_slowly\n\t"
                         "ret"
            :
            : CHECK_OPERANDS);
}

__attribute__((naked)) void rt_dealloc_check(void)
{
    __asm__("movq %%r15, %%rdi\n\t"
            "subq $8, %%rsp\n\t"
            ".cfi_adjust_cfa_offset 8\n\t"
            "call rt_dealloc\n\t"
            "addq $8, %%rsp\n\t"
            ".cfi_adjust_cfa_offset -8\n\t" ESCAPE_CHECK "ret"
            :
            : CHECK_OPERANDS);
}

#define CALL_BEFORE_CHECK(function)                                                                                  \
    "subq $8, %%rsp\n\t"                                                                                             \
    ".cfi_adjust_cfa_offset 8\n\t"                                                                                   \
    "call " #function "\n\t"                                                                                         \
    "addq $8, %%rsp\n\t"                                                                                             \
    ".cfi_adjust_cfa_offset -8\n\t"

__attribute__((naked)) void rt_load_global_check(void)
{
    __asm__(CALL_BEFORE_CHECK(rt_load_global) "movq %%rax, %%r14\n\t"
                                              "testq %%rax, %%rax\n\t"
                                              "je 1f\n\t" ESCAPE_CHECK "1: ret"
            :
            : CHECK_OPERANDS);
}

__attribute__((naked)) void rt_load_attr_check(void)
{
    __asm__(CALL_BEFORE_CHECK(rt_load_attr) "movq %%rax, %%r14\n\t"
                                            "testq %%rax, %%rax\n\t"
                                            "je 1f\n\t" ESCAPE_CHECK "1: ret"
            :
            : CHECK_OPERANDS);
}

__attribute__((naked)) void rt_load_method_check(void)
{
    __asm__(CALL_BEFORE_CHECK(rt_load_method) "testl %%eax, %%eax\n\t"
                                              "js 1f\n\t" ESCAPE_CHECK "ret\n"
                                              "1: xorl %%r15d, %%r15d\n\t"
                                              "ret"
            :
            : CHECK_OPERANDS);
}
