/* runtime/generator.c: see generator.h. What has to happen around a resumption is that of genobject.c's gen_send_ex2,
 * what SEND does that of ceval.c.
 *
 * A generator that is suspended in `yield from` (a coroutine: in `await`) has nothing to do but to resume its
 * receiver and to pass on what that yields. So a whole chain of delegation is resumed in one C function: the frames are
 * linked one by one down to the innermost generator, that one's compiled code runs, and what it yields suspends
 * them one by one again (run_delegation). Compiled code of the others runs only when a receiver has returned or
 * raised. To everybody who looks, each frame of the chain stands at its SEND.
 */
#include "runtime/generator.h"

#include <stdlib.h>

#include "runtime/code_map.h"
#include "runtime/code_state.h"
#include "runtime/data_arena.h"
#include "runtime/frame.h"
#include "runtime/ops/shared.h"
#include "runtime/runtime_data.h"

/* ---- Resume points ---------------------------------------------------------------------------------- */

static size_t table_size(size_t point_count, size_t unit_count)
{
    return sizeof(struct resume_table) + point_count * sizeof(struct resume_point) + unit_count * sizeof(uint16_t);
}

struct resume_table *resume_table_new(size_t point_count, size_t unit_count)
{
    struct resume_table *table = data_arena_allocate(table_size(point_count, unit_count));
    if (table != NULL) {
        table->unit_count = unit_count;
        table->point_count = point_count;
        table->point_of_unit = (uint16_t *)&table->points[point_count];
    }
    return table;
}

void resume_table_free(struct resume_table *table)
{
    if (table != NULL) {
        data_arena_free(table, table_size(table->point_count, table->unit_count));
    }
}

void generator_publish(struct code_state *state)
{
    if (state->compiled->resume != NULL) {
        assert(state->resume == NULL);
        state->resume = state->compiled->resume;
        state->compiled->resume = NULL;
    }
}

void generator_withdraw(struct code_state *state)
{
    struct resume_table *table = state->resume;
    for (size_t i = 1; table != NULL && i < table->point_count; i++) {
        table->points[i].at = NULL;
    }
}

/* Whoever holds the frame object may have unbound a local that the code takes to be bound. */
__attribute__((noinline, cold)) static bool all_bound(InterpreterFrame *frame, uint64_t bound)
{
    for (; bound != 0; bound &= bound - 1) {
        if (frame->localsplus[__builtin_ctzll(bound)] == NULL) {
            return false;
        }
    }
    return true;
}

/* May the suspended frame, with `pushed` operands more on its stack than when it was suspended, go on at this point? */
static inline bool fits(InterpreterFrame *frame, const struct resume_point *point, int pushed)
{
    return LIKELY(point->at == frame->prev_instr) && LIKELY(point->stacktop == frame->stacktop - pushed) &&
           (LIKELY(frame->frame_obj == NULL) || all_bound(frame, point->bound));
}

/* The point at which frames of this code are suspended at `frame`'s prev_instr; points[0] if there is none. */
static inline const struct resume_point *point_of_frame(InterpreterFrame *frame, const struct resume_table *table)
{
    return &table->points[table->point_of_unit[frame->prev_instr + 1 - _PyCode_CODE(frame->f_code)]];
}

/* The point of a generator that does not know it: it was resumed by others. NULL if there is none. */
static const struct resume_point *look_point_up(InterpreterFrame *frame)
{
    struct code_state *state = code_state_get(frame->f_code);
    return state == NULL || state->resume == NULL || !frame_has_plain_namespaces(frame)
               ? NULL
               : point_of_frame(frame, state->resume);
}

/* ---- What a resumption needs ---------------------------------------------------------------------- */

/* May frames be run in compiled code at all, one level of recursion deeper than now? */
static inline bool may_run_frame(PyThreadState *tstate)
{
    return LIKELY(tstate->interp->eval_frame == runtime_data.eval_hook) && LIKELY(runtime_data.eval_hook != NULL) &&
           LIKELY(!tstate->cframe->use_tracing) && LIKELY(!frame_stack_is_low());
}

static inline InterpreterFrame *frame_of(PyGenObject *generator)
{
    return (InterpreterFrame *)generator->gi_iframe;
}

/* Where a generator of any kind goes on when `value` is sent to it, if compiled code may resume it here and now
 * (provided that may_run_frame()); otherwise NULL. */
static inline const struct resume_point *resumable_generator(PyThreadState *tstate, PyGenObject *generator,
                                                             PyObject *value)
{
    int state = generator->gi_frame_state;
    if (UNLIKELY(tstate->recursion_remaining <= 0) ||
        (UNLIKELY(state != FRAME_SUSPENDED) && (state != FRAME_CREATED || value != Py_None))) {
        return NULL;
    }
    InterpreterFrame *frame = frame_of(generator);
    const struct resume_point *point = generator_point(generator);
    if (UNLIKELY(point == NULL)) {
        point = look_point_up(frame);
        if (point == NULL) {
            return NULL;
        }
    }
    return fits(frame, point, 0) ? point : NULL;
}

/* The same for any object: NULL also for what is neither a generator nor a coroutine. */
static inline const struct resume_point *resumable(PyThreadState *tstate, PyObject *object, PyObject *value)
{
    if (UNLIKELY(!PyGen_CheckExact(object) && !PyCoro_CheckExact(object))) {
        return NULL;
    }
    return resumable_generator(tstate, (PyGenObject *)object, value);
}

/* ---- In and out of a frame -------------------------------------------------------------------------- */

static inline void link_frame(PyThreadState *tstate, InterpreterFrame *frame)
{
    _PyCFrame *cframe = tstate->cframe;
    frame->previous = cframe->current_frame;
    cframe->current_frame = frame;
    frame_mark_compiled(frame);
    tstate->recursion_remaining--;
}

static inline void unlink_frame(PyThreadState *tstate, InterpreterFrame *frame)
{
    tstate->cframe->current_frame = frame->previous;
    tstate->recursion_remaining++;
}

/* The generator starts running: its frame is linked, its exception state is the thread's. */
static inline void begin(PyThreadState *tstate, PyGenObject *generator)
{
    generator->gi_exc_state.previous_item = tstate->exc_info;
    tstate->exc_info = &generator->gi_exc_state;
    generator->gi_frame_state = FRAME_EXECUTING;
    link_frame(tstate, frame_of(generator));
}

/* A generator whose frame has ended, with a result or (NULL) an exception: it lets go of everything. Returns the result, still owned. */
__attribute__((noinline)) static PyObject *complete(PyThreadState *tstate, PyGenObject *generator, PyObject *result)
{
    if (generator->gi_frame_state == FRAME_EXECUTING) {
        generator->gi_frame_state = FRAME_COMPLETED;
    }
    if (result == NULL) {
        bool asynchronous = PyAsyncGen_CheckExact(generator);
        if (_PyErr_ExceptionMatches(tstate, PyExc_StopIteration)) {
            _PyErr_FormatFromCause(PyExc_RuntimeError, "%s raised StopIteration",
                                   PyCoro_CheckExact(generator) ? "coroutine"
                                   : asynchronous               ? "async generator"
                                                                : "generator");
        } else if (asynchronous && _PyErr_ExceptionMatches(tstate, PyExc_StopAsyncIteration)) {
            _PyErr_FormatFromCause(PyExc_RuntimeError, "%s", "async generator raised StopAsyncIteration");
        }
    }
    _PyErr_ClearExcState(&generator->gi_exc_state);
    generator->gi_frame_state = FRAME_CLEARED;
    cpython_clear_frame(frame_of(generator));
    return result;
}

/* The counterpart of begin(): the frame has been suspended, or has ended and is cleared. Did it yield `*result`? It stands at
 * `point`, if that is known. */
static inline bool end(PyThreadState *tstate, PyGenObject *generator, const struct resume_point *point,
                       PyObject **result)
{
    InterpreterFrame *frame = frame_of(generator);
    unlink_frame(tstate, frame);
    tstate->exc_info = generator->gi_exc_state.previous_item;
    frame->previous = NULL;
    if (LIKELY(*result != NULL && generator->gi_frame_state == FRAME_SUSPENDED)) {
        generator_set_point(generator, point);
        return true;
    }
    generator->gi_exc_state.previous_item = NULL;
    *result = complete(tstate, generator, *result);
    return false;
}

/* Runs compiled code on a linked frame, from a resume point's address (`native`) or from one inside a body. Sets *point to the point
 * where it was suspended, if it was and knows. */
static inline PyObject *enter(PyThreadState *tstate, InterpreterFrame *frame, const void *address, bool native,
                              const struct resume_point **point)
{
    frame->stacktop = -1;
    return native ? frame_call_here(frame, tstate, address, (const void **)point)
                  : frame_enter_here(frame, tstate, address, (const void **)point);
}

/* ---- Chains of delegation ------------------------------------------------------------------------------ */

/* Goes on with a linked frame in tier 0, an exception being set. */
__attribute__((noinline, cold)) static PyObject *raise_in_tier0(PyThreadState *tstate, InterpreterFrame *frame)
{
    _PyCFrame *cframe = tstate->cframe;
    unlink_frame(tstate, frame);
    PyObject *result = frame_run_interpreted(tstate, frame, 1);
    tstate->recursion_remaining--;
    cframe->current_frame = frame;
    return result;
}

/* While a frame of the chain waits for its receiver, its stacktop leaves out the slot of the value sent, and the slot
 * holds the frame's resume point. The values themselves are counted in run_delegation. */
static inline void set_waiting(InterpreterFrame *frame, const struct resume_point *point)
{
    frame->prev_instr = _PyCode_CODE(frame->f_code) + point->unit - 2;
    frame->stacktop = point->stacktop;
    frame->localsplus[point->stacktop] = (PyObject *)point;
}
static inline const struct resume_point *waiting_at(InterpreterFrame *frame)
{
    return (const struct resume_point *)frame->localsplus[frame->stacktop];
}

/* Goes on behind the SEND whose receiver has returned `result`, which is stolen. This and what follows sets *point as enter() does. */
static PyObject *go_on_after_send(PyThreadState *tstate, InterpreterFrame *frame, PyObject *result,
                                  const struct resume_point **point)
{
    const struct resume_point *after = (*point)->after_send;
    PyObject **slot = &frame->localsplus[after->stacktop];
    PyObject *receiver = *slot;
    *slot = result;
    frame->stacktop = -1;
    Py_DECREF(receiver);
    if (UNLIKELY(after->at == NULL) || (UNLIKELY(frame->frame_obj != NULL || tstate->cframe->use_tracing) &&
                                        rt_check_escape(tstate, frame, after->bound) != REASON_none)) {
        PyCodeObject *code = frame->f_code;
        *point = NULL;
        return rt_leave(tstate, frame, _PyCode_CODE(code) + after->unit, after->stacktop + 1 - code->co_nlocalsplus);
    }
    return enter(tstate, frame, after->address, true, point);
}

/* The receiver has raised. */
static PyObject *raise_at_send(PyThreadState *tstate, InterpreterFrame *frame, const struct resume_point **point)
{
    if (UNLIKELY((*point)->at == NULL)) {
        *point = NULL;
        return raise_in_tier0(tstate, frame);
    }
    return enter(tstate, frame, (*point)->send_raised, false, point);
}

/* The receiver has yielded `result` (stolen), and so does the frame. */
static inline PyObject *suspend_after_send(PyThreadState *tstate, InterpreterFrame *frame, PyObject *result,
                                           const struct resume_point **point)
{
    if (UNLIKELY(tstate->cframe->use_tracing)) {
        PyCodeObject *code = frame->f_code;
        int stacktop = (*point)->stacktop;
        CodeUnit *next = _PyCode_CODE(code) + (*point)->unit - 1;
        frame->localsplus[stacktop] = result;
        *point = NULL;
        return rt_leave(tstate, frame, next, stacktop + 1 - code->co_nlocalsplus);
    }
    frame->prev_instr++;
    _PyFrame_GetGenerator(frame)->gi_frame_state = FRAME_SUSPENDED;
    return result;
}

static PySendResult send_to_other(PyThreadState *tstate, PyObject *receiver, PyObject *value, PyObject **result);

/* Runs `outermost`, which is linked and suspended inside a SEND at *outermost_point, to its next suspension or end: returns what
 * its own code would return, and sets *outermost_point as enter() does. `value` is what is sent: an owned reference, stolen. */
__attribute__((noinline)) static PyObject *run_delegation(PyThreadState *tstate, InterpreterFrame *outermost,
                                                          const struct resume_point **outermost_point,
                                                          PyObject *value)
{
    InterpreterFrame *frame = outermost;
    const struct resume_point *point = *outermost_point;
    PyObject *result;
    PySendResult outcome;
    for (;;) {
        set_waiting(frame, point);
        PyObject *receiver = frame->localsplus[point->stacktop - 1];
        point = resumable(tstate, receiver, value);
        if (UNLIKELY(point == NULL)) {
            outcome = send_to_other(tstate, receiver, value, &result);
            break;
        }
        begin(tstate, (PyGenObject *)receiver);
        frame = frame_of((PyGenObject *)receiver);
        /* Every SEND holds a reference of its own to the value, and so does the frame it is sent to. */
        Py_INCREF(value);
        if (point->after_send == NULL) {
            frame->localsplus[point->stacktop] = value;
            result = enter(tstate, frame, point->address, true, &point);
            goto ran;
        }
    }
    for (;;) {
        /* The SEND of `frame` is through. */
        point = waiting_at(frame);
        Py_DECREF(value);
        if (LIKELY(outcome == PYGEN_NEXT)) {
            result = suspend_after_send(tstate, frame, result, &point);
        } else if (outcome == PYGEN_RETURN) {
            result = go_on_after_send(tstate, frame, result, &point);
        } else {
            result = raise_at_send(tstate, frame, &point);
        }
        if (frame == outermost) {
            *outermost_point = point;
            return result;
        }
    ran : {
        PyGenObject *inner = _PyFrame_GetGenerator(frame);
        frame = frame->previous;
        outcome = end(tstate, inner, point, &result) ? PYGEN_NEXT : result != NULL ? PYGEN_RETURN : PYGEN_ERROR;
    }
    }
}

/* Runs a linked frame that is suspended at *point. `value` is what is sent to it: an owned reference, stolen. */
static inline PyObject *run_suspended(PyThreadState *tstate, InterpreterFrame *frame,
                                      const struct resume_point **point, PyObject *value)
{
    if ((*point)->after_send != NULL) {
        return run_delegation(tstate, frame, point, value);
    }
    frame->localsplus[(*point)->stacktop] = value;
    return enter(tstate, frame, (*point)->address, true, point);
}

/* Sends to what `asend()` or `async for` have made of an asynchronous generator, without the StopIteration by which stock
 * hands the value over. (genobject.c, async_gen_asend_send and async_gen_unwrap_value) */
static PySendResult send_to_async_send(PyThreadState *tstate, struct async_send *receiver, PyObject *value,
                                       PyObject **result)
{
    PyAsyncGenObject *asynchronous = receiver->generator;
    PyGenObject *generator = (PyGenObject *)asynchronous;
    bool initial = receiver->state == ASYNC_SEND_INITIAL;
    PyObject *sent = initial && value == Py_None && receiver->value != NULL ? receiver->value : value;
    const struct resume_point *point =
        receiver->state != ASYNC_SEND_CLOSED && !(initial && asynchronous->ag_running_async) && may_run_frame(tstate)
            ? resumable_generator(tstate, generator, sent)
            : NULL;
    if (UNLIKELY(point == NULL)) {
        return PyIter_Send((PyObject *)receiver, value, result);
    }
    receiver->state = ASYNC_SEND_RUNNING;
    asynchronous->ag_running_async = 1;
    begin(tstate, generator);
    *result = run_suspended(tstate, frame_of(generator), &point, Py_NewRef(sent));
    bool yielded = end(tstate, generator, point, result);
    if (yielded && !Py_IS_TYPE(*result, &_PyAsyncGenWrappedValue_Type)) {
        return PYGEN_NEXT;
    }
    if (yielded) {
        PyObject *wrapper = *result;
        *result = Py_NewRef(((struct async_wrapped_value *)wrapper)->value);
        Py_DECREF(wrapper);
    } else {
        if (*result != NULL) {
            Py_CLEAR(*result);
            _PyErr_SetNone(tstate, PyExc_StopAsyncIteration);
        }
        if (_PyErr_ExceptionMatches(tstate, PyExc_StopAsyncIteration) ||
            _PyErr_ExceptionMatches(tstate, PyExc_GeneratorExit)) {
            asynchronous->ag_closed = 1;
        }
    }
    asynchronous->ag_running_async = 0;
    receiver->state = ASYNC_SEND_CLOSED;
    return yielded ? PYGEN_RETURN : PYGEN_ERROR;
}

/* SEND to what is no generator or coroutine that could be resumed. Borrows all. */
static PySendResult send_to_other(PyThreadState *tstate, PyObject *receiver, PyObject *value, PyObject **result)
{
    if (Py_IS_TYPE(receiver, &_PyAsyncGenASend_Type)) {
        return send_to_async_send(tstate, (struct async_send *)receiver, value, result);
    }
    return PyIter_Send(receiver, value, result);
}

/* ---- FOR_ITER and SEND ------------------------------------------------------------------------------------- */

/* tp_iternext as CPython has it; NULL before generator_install(). */
static iternextfunc stock_iternext;

__attribute__((noinline)) static PyObject *next_through_stock(PyThreadState *tstate, PyObject *generator)
{
    PyObject *value = stock_iternext(generator);
    if (value == NULL && tstate->curexc_type != NULL && _PyErr_ExceptionMatches(tstate, PyExc_StopIteration)) {
        _PyErr_Clear(tstate);
    }
    return value;
}

PyObject *rt_generator_next(PyThreadState *tstate, PyObject *object)
{
    const struct resume_point *point = may_run_frame(tstate) ? resumable(tstate, object, Py_None) : NULL;
    if (UNLIKELY(point == NULL)) {
        return next_through_stock(tstate, object);
    }
    PyGenObject *generator = (PyGenObject *)object;
    begin(tstate, generator);
    PyObject *result = run_suspended(tstate, frame_of(generator), &point, Py_NewRef(Py_None));
    if (LIKELY(end(tstate, generator, point, &result))) {
        return result;
    }
    Py_XDECREF(result);
    return NULL;
}

void rt_generator_ended(PyThreadState *tstate, PyGenObject *generator, PyObject *result)
{
    generator->gi_exc_state.previous_item = NULL;
    result = complete(tstate, generator, result);
    Py_XDECREF(result);
}

int rt_send_ended(PyThreadState *tstate, PyObject **operands, PyObject *result)
{
    PyGenObject *receiver = (PyGenObject *)operands[0];
    receiver->gi_exc_state.previous_item = NULL;
    result = complete(tstate, receiver, result);
    Py_DECREF(operands[1]);
    if (result == NULL) {
        return -1;
    }
    operands[0] = result;
    Py_DECREF(receiver);
    return 0;
}

/* [receiver, value] -> [receiver, yielded], or [returned] and a jump (1) when the receiver is exhausted */
HANDLER(SEND)
{
    PyObject *receiver = sp[-2];
    PyObject *value = sp[-1];
    PyObject *result;
    const struct resume_point *point = may_run_frame(tstate) ? resumable(tstate, receiver, value) : NULL;
    if (LIKELY(point != NULL)) {
        PyGenObject *generator = (PyGenObject *)receiver;
        begin(tstate, generator);
        result = run_suspended(tstate, frame_of(generator), &point, Py_NewRef(value));
        bool yielded = end(tstate, generator, point, &result);
        Py_DECREF(value);
        if (LIKELY(yielded)) {
            sp[-1] = result;
            return 0;
        }
        if (result == NULL) {
            return OPS_RAISED;
        }
    } else {
        PySendResult outcome = send_to_other(tstate, receiver, value, &result);
        Py_DECREF(value);
        if (outcome == PYGEN_ERROR) {
            return OPS_RAISED;
        }
        if (outcome == PYGEN_NEXT) {
            sp[-1] = result;
            return 0;
        }
    }
    sp[-2] = result;
    Py_DECREF(receiver);
    return 1;
}

/* ---- The hook's part --------------------------------------------------------------------------------------- */

/* Is this the GeneratorExit of gen_close, about which nobody can know yet? It has no instance and no traceback, and
 * goes away again as soon as the frame has let it through. */
static bool is_bare_generator_exit(PyThreadState *tstate)
{
    return tstate->curexc_type == PyExc_GeneratorExit && tstate->curexc_value == NULL &&
           tstate->curexc_traceback == NULL && tstate->c_tracefunc == NULL;
}

const struct resume_point *generator_find_point(PyThreadState *tstate, InterpreterFrame *frame,
                                                struct code_state *state)
{
    if (UNLIKELY(state->resume == NULL)) {
        return NULL;
    }
    const struct resume_point *point = point_of_frame(frame, state->resume);
    return fits(frame, point, 1) && LIKELY(tstate->recursion_remaining > 0) && LIKELY(!frame_stack_is_low()) ? point
                                                                                                             : NULL;
}

/* Runs the frame with an exception set. */
__attribute__((noinline)) static PyObject *throw_into(PyThreadState *tstate, InterpreterFrame *frame,
                                                      const struct resume_point *point)
{
    if (point->catches || !is_bare_generator_exit(tstate)) {
        return enter(tstate, frame, point->raise, false, &point);
    }
    /* No try block: only the operands are dropped here, as unwinding does it. */
    int base = frame->f_code->co_nlocalsplus;
    int top = frame->stacktop;
    frame->stacktop = base;
    while (top > base) {
        Py_XDECREF(frame->localsplus[--top]);
    }
    return NULL;
}

PyObject *generator_run_frame(PyThreadState *tstate, InterpreterFrame *frame, const struct resume_point *point,
                              int throwflag)
{
    link_frame(tstate, frame);
    PyObject *result = LIKELY(!throwflag) ? run_suspended(tstate, frame, &point, frame->localsplus[point->stacktop])
                                          : throw_into(tstate, frame, point);
    unlink_frame(tstate, frame);
    return result;
}

/* ---- Memory ------------------------------------------------------------------------------------------------ */

/* Generators are made and dropped all the time, by every `await` for one. What a dead one leaves is kept by the number of words of its
 * frame, linked through gi_code. */
enum { LARGEST_KEPT = 48, MOST_KEPT = 16 };
static struct {
    PyGenObject *first;
    int count;
} kept[LARGEST_KEPT + 1];

static int frame_words(PyCodeObject *code)
{
    return code->co_nlocalsplus + code->co_stacksize;
}

PyGenObject *generator_allocate(PyThreadState *tstate, PyTypeObject *type, PyCodeObject *code)
{
    int words = frame_words(code);
    struct _gc_runtime_state *collector = &tstate->interp->gc;
    PyGenObject *generator = words <= LARGEST_KEPT ? kept[words].first : NULL;
    /* When a collection is due, CPython's allocator has to start it. */
    if (UNLIKELY(generator == NULL) ||
        UNLIKELY(collector->generations[0].count >= collector->generations[0].threshold)) {
        return PyObject_GC_NewVar(PyGenObject, type, words);
    }
    kept[words].first = (PyGenObject *)generator->gi_code;
    kept[words].count--;
    collector->generations[0].count++;
    Py_SET_TYPE(generator, type);
    _Py_NewReference((PyObject *)generator);
    return generator;
}

/* Keeps or frees the memory of a dead, untracked generator of `code`. */
static void release_memory(PyGenObject *generator, PyCodeObject *code)
{
    int words = frame_words(code);
    if (words > LARGEST_KEPT || kept[words].count >= MOST_KEPT) {
        PyObject_GC_Del(generator);
        return;
    }
    PyGC_Head *head = _Py_AS_GC(generator);
    head->_gc_next = head->_gc_prev = 0;
    struct _gc_runtime_state *collector = &_PyInterpreterState_GET()->gc;
    if (collector->generations[0].count > 0) {
        collector->generations[0].count--;
    }
    generator->gi_code = (PyCodeObject *)kept[words].first;
    kept[words].first = generator;
    kept[words].count++;
}

void generator_clear_free_lists(void)
{
    for (int words = 0; words <= LARGEST_KEPT; words++) {
        while (kept[words].first != NULL) {
            PyGenObject *generator = kept[words].first;
            kept[words].first = (PyGenObject *)generator->gi_code;
            PyObject_Free(_Py_AS_GC(generator));
        }
        kept[words].count = 0;
    }
}

/* A generator whose last reference has gone before its end. Stock closes it: GeneratorExit is raised where it stands. Where
 * no try block and no delegation can notice, the frame is dropped without. Returns false, having done
 * nothing, where stock has to do it. (genobject.c, gen_dealloc, _PyGen_Finalize and gen_close) */
static bool drop_unfinished(PyThreadState *tstate, PyGenObject *generator)
{
    InterpreterFrame *frame = frame_of(generator);
    int state = generator->gi_frame_state;
    if ((state != FRAME_SUSPENDED && state != FRAME_CREATED) || !PyGen_CheckExact(generator) ||
        _PyGC_FINALIZED((PyObject *)generator) || frame->frame_obj != NULL ||
        generator->gi_exc_state.exc_value != NULL || tstate->curexc_type != NULL || tstate->c_tracefunc != NULL ||
        tstate->recursion_remaining <= 1 || !may_run_frame(tstate)) {
        return false;
    }
    const struct resume_point *point = generator_point(generator);
    if (point == NULL) {
        point = look_point_up(frame);
    }
    if (point == NULL || !fits(frame, point, 0) || point->catches || point->after_send != NULL) {
        return false;
    }
    generator->gi_exc_state.previous_item = NULL;
    int base = frame->f_code->co_nlocalsplus;
    int top = frame->stacktop;
    frame->stacktop = base;
    if (top > base) {
        generator->gi_frame_state = FRAME_EXECUTING;
        link_frame(tstate, frame);
        while (top > base) {
            Py_XDECREF(frame->localsplus[--top]);
        }
        unlink_frame(tstate, frame);
        frame->previous = NULL;
    }
    generator->gi_frame_state = FRAME_CLEARED;
    cpython_clear_frame(frame);
    return true;
}

static destructor stock_generator_dealloc, stock_coroutine_dealloc;

/* tp_dealloc of generators and coroutines. */
static void dealloc(PyObject *object)
{
    PyGenObject *generator = (PyGenObject *)object;
    if (UNLIKELY(generator->gi_weakreflist != NULL) || UNLIKELY(generator->gi_origin_or_finalizer != NULL)) {
        goto stock;
    }
    if (generator->gi_frame_state != FRAME_CLEARED) {
        /* While destructors run, the generator is an object with one reference, as on stock, where close() works on it. */
        _PyObject_GC_UNTRACK(object);
        Py_SET_REFCNT(object, 1);
        bool dropped = drop_unfinished(_PyThreadState_GET(), generator);
        Py_SET_REFCNT(object, Py_REFCNT(object) - 1);
        _PyObject_GC_TRACK(object);
        if (!dropped) {
            goto stock;
        }
        if (UNLIKELY(Py_REFCNT(object) > 0)) {
            return;
        }
    }
    _PyObject_GC_UNTRACK(object);
    PyCodeObject *code = generator->gi_code;
    Py_DECREF(generator->gi_name);
    Py_DECREF(generator->gi_qualname);
    release_memory(generator, code);
    Py_DECREF(code);
    return;

stock:
    (PyGen_CheckExact(object) ? stock_generator_dealloc : stock_coroutine_dealloc)(object);
}

/* ---- In the place of CPython's own ------------------------------------------------------------------------ */

static sendfunc stock_generator_send, stock_coroutine_send;

/* tp_iternext of generators. */
static PyObject *iternext(PyObject *object)
{
    PyThreadState *tstate = _PyThreadState_GET();
    const struct resume_point *point = may_run_frame(tstate) ? resumable(tstate, object, Py_None) : NULL;
    if (UNLIKELY(point == NULL)) {
        return stock_iternext(object);
    }
    PyGenObject *generator = (PyGenObject *)object;
    begin(tstate, generator);
    PyObject *result = run_suspended(tstate, frame_of(generator), &point, Py_NewRef(Py_None));
    if (UNLIKELY(!end(tstate, generator, point, &result)) && result != NULL) {
        if (result != Py_None) {
            _PyGen_SetStopIterationValue(result);
        }
        Py_CLEAR(result);
    }
    return result;
}

/* am_send of generators and coroutines. */
static PySendResult send(PyObject *object, PyObject *value, PyObject **result)
{
    PyThreadState *tstate = _PyThreadState_GET();
    const struct resume_point *point = may_run_frame(tstate) ? resumable(tstate, object, value) : NULL;
    if (UNLIKELY(point == NULL)) {
        return (PyGen_CheckExact(object) ? stock_generator_send : stock_coroutine_send)(object, value, result);
    }
    PyGenObject *generator = (PyGenObject *)object;
    begin(tstate, generator);
    *result = run_suspended(tstate, frame_of(generator), &point, Py_NewRef(value));
    return end(tstate, generator, point, result) ? PYGEN_NEXT : *result != NULL ? PYGEN_RETURN : PYGEN_ERROR;
}

void generator_install(void)
{
    stock_iternext = PyGen_Type.tp_iternext;
    stock_generator_send = PyGen_Type.tp_as_async->am_send;
    stock_coroutine_send = PyCoro_Type.tp_as_async->am_send;
    stock_generator_dealloc = PyGen_Type.tp_dealloc;
    stock_coroutine_dealloc = PyCoro_Type.tp_dealloc;
    PyGen_Type.tp_iternext = iternext;
    PyGen_Type.tp_as_async->am_send = send;
    PyCoro_Type.tp_as_async->am_send = send;
    PyGen_Type.tp_dealloc = dealloc;
    PyCoro_Type.tp_dealloc = dealloc;
}

void generator_remove(void)
{
    /* Whoever has done the same after us goes on calling ours, which then takes the stock path. */
    if (PyGen_Type.tp_iternext == iternext) {
        PyGen_Type.tp_iternext = stock_iternext;
    }
    if (PyGen_Type.tp_as_async->am_send == send) {
        PyGen_Type.tp_as_async->am_send = stock_generator_send;
    }
    if (PyCoro_Type.tp_as_async->am_send == send) {
        PyCoro_Type.tp_as_async->am_send = stock_coroutine_send;
    }
    if (PyGen_Type.tp_dealloc == dealloc) {
        PyGen_Type.tp_dealloc = stock_generator_dealloc;
    }
    if (PyCoro_Type.tp_dealloc == dealloc) {
        PyCoro_Type.tp_dealloc = stock_coroutine_dealloc;
    }
}
