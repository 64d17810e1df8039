/* tier1/templates/control.c: resuming, jumping back, loops, returning, leaving, errors, handlers of runtime/ops. */
#include "tier1/template.h"

#define EVAL_BREAKER (tstate->interp->ceval.eval_breaker._value)

/* RESUME and the backward jumps; the path behind SLOW is EVAL_BREAKER_SET. */
TEMPLATE(CHECK_EVAL_BREAKER)
{
    if (UNLIKELY(EVAL_BREAKER != 0)) {
        GO(SLOW);
    }
    GO(CONT);
}

TEMPLATE(EVAL_BREAKER_SET)
{
    SET_INSTRUCTION();
    if (UNLIKELY(rt_eval_breaker(tstate) < 0)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* After an escape. Q_BOUND: the locals the code from here on takes to be bound. Keeps x. */
TEMPLATE(CHECK_ESCAPE)
{
    if (UNLIKELY(frame->frame_obj != NULL || tstate->cframe->use_tracing)) {
        if (rt_check_escape(tstate, frame, (uint64_t)QUAD(Q_BOUND)) != 0) {
            GO(LEAVE);
        }
    }
    GO_WITH(CONT, x, ANY);
}

/* The stack is canonical; H_N operands deep. Q_NEXT: where tier 0 goes on. */
TEMPLATE(LEAVE_COMPILED)
{
    r0 = rt_leave(tstate, frame, (CodeUnit *)QUAD(Q_NEXT), NUMBER(H_N));
    GO(EXIT);
}

TEMPLATE(JUMP_ALWAYS)
{
    GO(JUMP);
}

/* ---- Handlers of runtime/ops, on the canonical stack ---- */
#define CALL_HANDLER()                                                                                               \
    SET_INSTRUCTION();                                                                                               \
    int outcome = HANDLER(tstate, frame, STACK_POINTER, NUMBER(H_N))

TEMPLATE(HANDLER_PLAIN)
{
    CALL_HANDLER();
    (void)outcome;
    GO(CONT);
}

TEMPLATE(HANDLER_CHECKED)
{
    CALL_HANDLER();
    if (UNLIKELY(outcome < 0)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* -2: an exception that already has this frame's traceback entry. */
TEMPLATE(HANDLER_RAISING)
{
    CALL_HANDLER();
    if (LIKELY(outcome == -2)) {
        GO(ERROR_AGAIN);
    }
    if (outcome < 0) {
        GO(ERROR);
    }
    GO(CONT);
}

TEMPLATE(HANDLER_JUMPING)
{
    CALL_HANDLER();
    if (UNLIKELY(outcome < 0)) {
        GO(ERROR);
    }
    GO_WITH(CONT, (long)outcome, ANY);
}

/* ---- Errors. H_N: operands the handler keeps, H_M: operands on the stack; Q_OWNED: which of them are owned in memory. ---- */
#define UNWIND_TEMPLATES(suffix, again)                                                                              \
    TEMPLATE(UNWIND_TO_HANDLER##suffix)                                                                              \
    {                                                                                                                \
        rt_unwind(tstate, frame, NUMBER(H_N), NUMBER(H_M), (uint64_t)QUAD(Q_OWNED), again);                          \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(UNWIND_FRAME##suffix)                                                                                   \
    {                                                                                                                \
        rt_unwind(tstate, frame, 0, NUMBER(H_M), (uint64_t)QUAD(Q_OWNED), again);                                    \
        r0 = NULL;                                                                                                   \
        GO(EXIT);                                                                                                    \
    }
UNWIND_TEMPLATES(, false)
UNWIND_TEMPLATES(_AGAIN, true)

/* H_N: the handler's operands, H_M: does it get the failing instruction's index? */
TEMPLATE(ENTER_HANDLER)
{
    rt_enter_handler(tstate, frame, NUMBER(H_N), NUMBER(H_M));
    GO(CONT);
}

/* ---- Returning. H_N is the empty stack's stacktop. ---- */
#define RETURN(kind)                                                                                                 \
    TEMPLATE(RETURN_VALUE_##kind)                                                                                    \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        SET_INSTRUCTION();                                                                                           \
        frame->stacktop = NUMBER(H_N);                                                                               \
        r0 = value;                                                                                                  \
        GO(EXIT);                                                                                                    \
    }
RETURN(L)
RETURN(C)
RETURN(S)
RETURN(R)

/* The rest of the stack is canonical; H_N is its stacktop. */
TEMPLATE(YIELD_VALUE_R)
{
    SET_INSTRUCTION();
    _PyFrame_GetGenerator(frame)->gi_frame_state = FRAME_SUSPENDED;
    frame->stacktop = NUMBER(H_N);
    GO(EXIT);
}

TEMPLATE(RETURN_GENERATOR)
{
    SET_INSTRUCTION();
    r0 = rt_return_generator(tstate, frame);
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(EXIT);
}

/* ---- Loops. The iterator stands in its slot H_A; the next value goes to r0. JUMP: the loop has ended and the
 * iterator (in x) is to be dropped. ---- */
TEMPLATE(FOR_ITER_RANGE)
{
    struct range_iterator *iterator = (struct range_iterator *)DISPLACED(H_A);
    if (UNLIKELY(Py_TYPE(iterator) != RUNTIME->range_iterator_type)) {
        GO(SLOW);
    }
    long index = iterator->index;
    if (index >= iterator->length) {
        GO_WITH(JUMP, iterator, ANY);
    }
    PyObject *value = rt_int_from_long(
        (long)((unsigned long)iterator->start + (unsigned long)index * (unsigned long)iterator->step));
    if (UNLIKELY(value == NULL)) {
        GO(SLOW);
    }
    iterator->index = index + 1;
    r0 = value;
    GO(CONT);
}

TEMPLATE(FOR_ITER_LIST)
{
    struct list_iterator *iterator = (struct list_iterator *)DISPLACED(H_A);
    if (UNLIKELY(Py_TYPE(iterator) != RUNTIME->list_iterator_type)) {
        GO(SLOW);
    }
    PyListObject *list = iterator->list;
    if (UNLIKELY(list == NULL || iterator->index >= PyList_GET_SIZE(list))) {
        GO(SLOW);
    }
    r0 = list->ob_item[iterator->index++];
    r0->ob_refcnt++;
    GO(CONT);
}

TEMPLATE(FOR_ITER_TUPLE)
{
    struct tuple_iterator *iterator = (struct tuple_iterator *)DISPLACED(H_A);
    if (UNLIKELY(Py_TYPE(iterator) != RUNTIME->tuple_iterator_type)) {
        GO(SLOW);
    }
    PyTupleObject *tuple = iterator->tuple;
    if (UNLIKELY(tuple == NULL || iterator->index >= PyTuple_GET_SIZE(tuple))) {
        GO(SLOW);
    }
    r0 = tuple->ob_item[iterator->index++];
    r0->ob_refcnt++;
    GO(CONT);
}

/* Any iterator. r0 is NULL at the end; an escape check stands between this and FOR_ITER_TEST. */
TEMPLATE(FOR_ITER_ANY)
{
    SET_INSTRUCTION();
    r0 = rt_iter_next(tstate, DISPLACED(H_A));
    if (r0 == NULL && UNLIKELY(tstate->curexc_type != NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

TEMPLATE(FOR_ITER_TEST)
{
    if (r0 == NULL) {
        x = DISPLACED(H_A);
        GO_WITH(JUMP, x, ANY);
    }
    GO(CONT);
}

TEMPLATE(FOR_ITER_END)
{
    if (--x->ob_refcnt == 0) {
        GO_WITH(SLOW, x, ANY);
    }
    GO(CONT);
}
