/* tier1/templates/control.c: resuming, jumping back, loops, returning, leaving, errors, handlers of runtime/ops. */
#include "tier1/template.h"

#include "runtime/iterators.h"

#define EVAL_BREAKER (tstate->interp->ceval.eval_breaker._value)

/* RESUME, calls and the backward jumps. SLOW is a side exit, which comes back to CONT unless compiled code has to be left. */
TEMPLATE(CHECK_EVAL_BREAKER)
{
    if (UNLIKELY(EVAL_BREAKER != 0)) {
        GO(SLOW);
    }
    GO(CONT);
}

/* The same where every look is to be a slow one (JIT_STRESS=gc). */
TEMPLATE(ALWAYS_EVAL_BREAKER)
{
    if (EVAL_BREAKER != -1) {
        GO(SLOW);
    }
    GO(CONT);
}

/* After an escape. SLOW is a side exit, which comes back to CONT unless compiled code has to be left. Keeps x. */
TEMPLATE(CHECK_ESCAPE)
{
    if (UNLIKELY(((uintptr_t)frame->frame_obj | tstate->cframe->use_tracing) != 0)) {
        PASS(SLOW);
    }
    PASS(CONT);
}

/* The same for cold code, in five bytes. */
TEMPLATE(CALL_ESCAPE_CHECK)
{
    CALL_CHECKED(rt_escape_check, ANY, ANY, ANY);
    GO_WITH(CONT, x, ANY);
}

/* With a look at the eval breaker. */
TEMPLATE(CALL_CALL_CHECK)
{
    CALL_CHECKED(rt_call_check, ANY, ANY, ANY);
    GO_WITH(CONT, x, ANY);
}

/* Behind the deallocation of x. */
TEMPLATE(DEALLOCATE_AND_CHECK)
{
    SET_INSTRUCTION();
    CALL_CHECKED(rt_dealloc_check, ANY, ANY, ANY);
    GO_WITH(CONT, x, ANY);
}

/* Row H_N of the side exits; LEAVE is the function's one way out of that kind. Keeps x. */
TEMPLATE(SIDE_EXIT)
{
    GO_WITH(LEAVE, x, (uintptr_t)H_N);
}

typedef __attribute__((preserve_none)) void continuation(TEMPLATE_ARGUMENTS);

/* The two places all side exits of a function come together; y is the row. */
#define SIDE_EXITS(name, function)                                                                                   \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        struct side_exit_outcome outcome = function(tstate, frame, QUAD(Q_CELL), (int)(uintptr_t)y, r0);             \
        r0 = outcome.result;                                                                                         \
        if (outcome.address != NULL) {                                                                               \
            [[clang::musttail]] return ((continuation *)outcome.address)(frame, tstate, r0, x, ANY);                 \
        }                                                                                                            \
        GO_WITH(EXIT, NULL, ANY); /* no resume point in x */                                                         \
    }
SIDE_EXITS(SIDE_EXITS_LEAVE, rt_side_exit_leave)
SIDE_EXITS(SIDE_EXITS_ERROR, rt_side_exit_error)

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

/* ---- Returning. SLOW: the frame can be seen, and must stand at its return. ---- */
#define RETURN(kind)                                                                                                 \
    TEMPLATE(RETURN_VALUE_##kind)                                                                                    \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        r0 = value;                                                                                                  \
        if (UNLIKELY(frame->frame_obj != NULL)) {                                                                    \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
RETURN(L)
RETURN(C)
RETURN(S)
RETURN(R)

TEMPLATE(RETURN_IN_SIGHT)
{
    SET_INSTRUCTION();
    GO(EXIT);
}

/* Of a generator's frame; the value is in r0. H_N is the empty stack's stacktop. */
TEMPLATE(RETURN_FROM_GENERATOR)
{
    SET_INSTRUCTION();
    frame->stacktop = NUMBER(H_N);
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
    SET_INSTRUCTION(); /* for tracemalloc */
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

/* A built-in iterator of the type the site has seen last. */
TEMPLATE(FOR_ITER_PLAIN)
{
    struct iterator_cell *cell = QUAD(Q_CELL);
    PyObject *iterator = DISPLACED(H_A);
    if (UNLIKELY(Py_TYPE(iterator) != cell->type)) {
        GO(SLOW);
    }
    SET_INSTRUCTION();
    PyObject *value = cell->next(iterator);
    if (UNLIKELY(value == NULL)) {
        GO(SLOW);
    }
    r0 = value;
    GO(CONT);
}

/* Is it the end of a list, tuple or str that lives on? */
TEMPLATE(FOR_ITER_ENDS)
{
    x = DISPLACED(H_A);
    if (!rt_iterator_ends(x, QUAD(Q_CELL))) {
        GO(SLOW);
    }
    GO_WITH(JUMP, x, ANY);
}

/* Any iterator. r0 is NULL at the end; an escape check stands between this and FOR_ITER_TEST. */
TEMPLATE(FOR_ITER_ANY)
{
    SET_INSTRUCTION();
    r0 = rt_iter_next(tstate, DISPLACED(H_A), QUAD(Q_CELL));
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
    if (--x->ob_refcnt == 0 && !rt_iterator_frees_plainly(x)) {
        GO_WITH(SLOW, x, ANY);
    }
    GO(CONT);
}

/* Debug builds only, before every instruction. Q_A: a bit per operand that is owned in its slot; H_N: their number;
 * H_M: is r0 an operand? */
TEMPLATE(CHECK_FRAME)
{
    rt_check_frame(tstate, frame, (uint64_t)QUAD(Q_A), NUMBER(H_N), NUMBER(H_M) ? r0 : NULL);
    GO(CONT);
}
