/* tier1/templates/generators.c: making generators, suspending them, resuming them natively.
 *
 * A loop over a generator and a delegation to one resume its frame by a machine call, as calls.c does it with functions: RESUME_GENERATOR or
 * SEND_TO_GENERATOR (guards, then everything that genobject.c's gen_send_ex2 does around the evaluator), the call, FINISH_RESUMPTION.
 * Only generators that stand at a `yield` of their own are resumed so; those that delegate themselves, and whatever else is special, go
 * through runtime/generator.c.
 *
 * When a body returns to its resumer by a yield of its own, x names the resume point; by any other way that can be a yield, x is NULL.
 */
#include "runtime/generator.h"
#include "tier1/template.h"

/* The rest of the stack is canonical; H_N is its stacktop, Q_CELL the resume point. */
TEMPLATE(YIELD_VALUE_R)
{
    SET_WHOLE_INSTRUCTION();
    _PyFrame_GetGenerator(frame)->gi_frame_state = FRAME_SUSPENDED;
    frame->stacktop = NUMBER(H_N);
    GO_WITH(EXIT, QUAD(Q_CELL), ANY);
}

/* Q_CELL: the resume point. */
TEMPLATE(RETURN_GENERATOR)
{
    SET_WHOLE_INSTRUCTION();
    r0 = rt_return_generator(tstate, frame);
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    generator_set_point((PyGenObject *)r0, QUAD(Q_CELL));
    GO(EXIT);
}

/* GET_AWAITABLE of a coroutine that has not started, GET_YIELD_FROM_ITER of a generator: they are what they are. The operand
 * stays where it is. */
#define TEST_OPERAND(kind)                                                                                           \
    TEMPLATE(IS_FRESH_COROUTINE_##kind)                                                                              \
    {                                                                                                                \
        PyGenObject *coroutine = (PyGenObject *)READ_##kind(H_A, Q_A);                                               \
        if (UNLIKELY(Py_TYPE(coroutine) != RUNTIME->coroutine_type || coroutine->gi_frame_state != FRAME_CREATED)) { \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(IS_GENERATOR_##kind)                                                                                    \
    {                                                                                                                \
        if (UNLIKELY(Py_TYPE(READ_##kind(H_A, Q_A)) != RUNTIME->generator_type)) {                                   \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
TEST_OPERAND(S)
TEST_OPERAND(R)

/* Goes to SLOW unless the generator can be resumed here and now, with None if it has not started. */
#define GUARD_RESUMPTION(generator, own, point, started)                                                             \
    if (UNLIKELY((generator)->gi_frame_state != FRAME_SUSPENDED && !(started))) {                                    \
        GO(SLOW);                                                                                                    \
    }                                                                                                                \
    InterpreterFrame *own = (InterpreterFrame *)(generator)->gi_iframe;                                              \
    const struct resume_point *point = generator_point(generator);                                                   \
    if (UNLIKELY(point == NULL || point->at != own->prev_instr || point->stacktop != own->stacktop ||                \
                 own->frame_obj != NULL || point->after_send != NULL || tstate->recursion_remaining <= 0 ||          \
                 tstate->interp->eval_frame != RUNTIME->eval_hook)) {                                                \
        GO(SLOW);                                                                                                    \
    }

/* Everything but the value. Then x is the address to call. */
#define ENTER_GENERATOR(generator, own, point)                                                                       \
    SET_INSTRUCTION();                                                                                               \
    (generator)->gi_exc_state.previous_item = tstate->exc_info;                                                      \
    tstate->exc_info = &(generator)->gi_exc_state;                                                                   \
    (generator)->gi_frame_state = FRAME_EXECUTING;                                                                   \
    own->stacktop = -1;                                                                                              \
    own->previous = frame;                                                                                           \
    frame_mark_compiled(own);                                                                                        \
    tstate->recursion_remaining--;                                                                                   \
    tstate->cframe->current_frame = own;                                                                             \
    frame = own;                                                                                                     \
    GO_WITH(CONT, point->address, ANY)

/* FOR_ITER; the iterator stands in its slot H_A. */
TEMPLATE(RESUME_GENERATOR)
{
    PyGenObject *generator = (PyGenObject *)DISPLACED(H_A);
    struct runtime_data *runtime = RUNTIME_BASE;
    if (UNLIKELY(Py_TYPE(generator) != runtime->generator_type)) {
        GO(SLOW);
    }
    GUARD_RESUMPTION(generator, own, point, generator->gi_frame_state == FRAME_CREATED);
    PyObject *none = runtime->none;
    none->ob_refcnt++;
    own->localsplus[point->stacktop] = none;
    ENTER_GENERATOR(generator, own, point);
}

/* SEND; the receiver stands in its slot H_A, the value in H_B. */
TEMPLATE(SEND_TO_GENERATOR)
{
    PyGenObject *generator = (PyGenObject *)DISPLACED(H_A);
    PyObject *value = DISPLACED(H_B);
    struct runtime_data *runtime = RUNTIME_BASE;
    if (UNLIKELY(Py_TYPE(generator) != runtime->coroutine_type && Py_TYPE(generator) != runtime->generator_type)) {
        GO(SLOW);
    }
    GUARD_RESUMPTION(generator, own, point, generator->gi_frame_state == FRAME_CREATED && value == runtime->none);
    value->ob_refcnt++;
    own->localsplus[point->stacktop] = value;
    ENTER_GENERATOR(generator, own, point);
}

/* After the call, the frame still being the generator's. CONT: it has yielded r0. SLOW: it has ended, and is x. */
TEMPLATE(FINISH_RESUMPTION)
{
    PyGenObject *generator = _PyFrame_GetGenerator(frame);
    InterpreterFrame *own = frame;
    frame = own->previous;
    tstate->cframe->current_frame = frame;
    tstate->recursion_remaining++;
    tstate->exc_info = generator->gi_exc_state.previous_item;
    own->previous = NULL;
    if (UNLIKELY(r0 == NULL || generator->gi_frame_state != FRAME_SUSPENDED)) {
        GO_WITH(SLOW, generator, ANY);
    }
    generator_set_point(generator, (const struct resume_point *)x);
    GO(CONT);
}

/* A loop's generator has ended: r0 becomes NULL. */
TEMPLATE(LOOP_GENERATOR_ENDED)
{
    rt_generator_ended(tstate, (PyGenObject *)x, r0);
    r0 = NULL;
    if (UNLIKELY(tstate->curexc_type != NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* A SEND's receiver has ended; both operands are gone, the result stands in the slot H_A of the receiver. */
TEMPLATE(SEND_ENDED)
{
    if (UNLIKELY(rt_send_ended(tstate, &DISPLACED(H_A), r0) < 0)) {
        GO(ERROR);
    }
    GO(CONT);
}
