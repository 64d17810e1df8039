/* runtime/ops/generators.c: generators, coroutines, asynchronous generators and loops.
 *
 * Suspending (YIELD_VALUE) belongs to compiled code's exit, resuming and SEND to runtime/generator.c; here stands
 * what happens around them.
 */
#include "runtime/generator.h"
#include "runtime/ops/shared.h"
#include "internal/pycore_genobject.h"

#include <string.h>

/* ---- Making them -------------------------------------------------------------------------------- */

/* Where a coroutine was made, for sys.set_coroutine_origin_tracking_depth: a tuple of up to `depth` (file, line,
 * function), from `frame` outward. NULL with an exception set. (genobject.c, compute_cr_origin) */
static PyObject *coroutine_origin(InterpreterFrame *frame, int depth)
{
    PyObject *places = PyList_New(0);
    if (places == NULL) {
        return NULL;
    }
    for (; frame != NULL && depth > 0; frame = frame->previous) {
        if (_PyFrame_IsIncomplete(frame)) {
            continue;
        }
        depth--;
        PyCodeObject *code = frame->f_code;
        int line = PyCode_Addr2Line(code, _PyInterpreterFrame_LASTI(frame) * (int)sizeof(CodeUnit));
        PyObject *place = Py_BuildValue("OiO", code->co_filename, line, code->co_name);
        int failed = place == NULL ? -1 : PyList_Append(places, place);
        Py_XDECREF(place);
        if (failed) {
            Py_DECREF(places);
            return NULL;
        }
    }
    PyObject *origin = PyList_AsTuple(places);
    Py_DECREF(places);
    return origin;
}

/* A generator object of the type that the frame's code asks for, without a frame of its own yet: a new reference or
 * NULL with an exception set. (genobject.c, make_gen and _Py_MakeCoro) */
static PyGenObject *make_generator(PyThreadState *tstate, InterpreterFrame *frame)
{
    PyCodeObject *code = frame->f_code;
    int kind = code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR);
    PyTypeObject *type = kind == CO_COROUTINE         ? &PyCoro_Type
                         : kind == CO_ASYNC_GENERATOR ? &PyAsyncGen_Type
                                                      : &PyGen_Type;
    PyGenObject *generator = generator_allocate(tstate, type, code);
    if (generator == NULL) {
        return NULL;
    }
    generator->gi_frame_state = FRAME_CLEARED;
    generator->gi_code = (PyCodeObject *)Py_NewRef(code);
    generator->gi_weakreflist = NULL;
    generator->gi_exc_state.exc_value = NULL;
    generator->gi_exc_state.previous_item = NULL;
    generator->gi_name = Py_NewRef(frame->f_func->func_name);
    generator->gi_qualname = Py_NewRef(frame->f_func->func_qualname);
    generator->gi_origin_or_finalizer = NULL;
    generator->gi_hooks_inited = 0;
    generator->gi_closed = 0;
    generator->gi_running_async = 0;
    _PyObject_GC_TRACK(generator);
    if (kind == CO_COROUTINE && tstate->coroutine_origin_tracking_depth > 0) {
        PyObject *origin = coroutine_origin(frame->previous, tstate->coroutine_origin_tracking_depth);
        if (origin == NULL) {
            Py_DECREF(generator);
            return NULL;
        }
        generator->gi_origin_or_finalizer = origin;
    }
    return generator;
}

PyObject *rt_return_generator(PyThreadState *tstate, InterpreterFrame *frame)
{
    PyGenObject *generator = make_generator(tstate, frame);
    if (generator == NULL) {
        return NULL;
    }
    int size = frame->f_code->co_nlocalsplus;
    InterpreterFrame *own = (InterpreterFrame *)generator->gi_iframe;
    frame->stacktop = size;
    /* Mostly a few words: not worth a call of memcpy. */
    memcpy(own, frame, offsetof(InterpreterFrame, localsplus));
    for (int i = 0; i < size; i++) {
        own->localsplus[i] = frame->localsplus[i];
    }
    own->previous = NULL;
    own->owner = FRAME_OWNED_BY_GENERATOR;
    generator->gi_frame_state = FRAME_CREATED;

    /* Everything moved; what stays behind must be fit for being cleared. */
    frame->stacktop = 0;
    frame->f_locals = NULL;
    Py_INCREF(frame->f_func);
    Py_INCREF(frame->f_code);
    return (PyObject *)generator;
}

/* ---- Delegation: yield from, await -------------------------------------------------------------- */

/* The operand of `yield from`: a generator or coroutine as it is, of anything else the iterator. */
HANDLER(GET_YIELD_FROM_ITER)
{
    PyObject *iterable = sp[-1];
    if (PyCoro_CheckExact(iterable)) {
        if (frame->f_code->co_flags & (CO_COROUTINE | CO_ITERABLE_COROUTINE)) {
            return 0;
        }
        Py_DECREF(iterable);
        _PyErr_SetString(tstate, PyExc_TypeError,
                         "cannot 'yield from' a coroutine object in a non-coroutine generator");
        return OPS_RAISED;
    }
    if (PyGen_CheckExact(iterable)) {
        return 0;
    }
    PyObject *iterator = PyObject_GetIter(iterable);
    Py_DECREF(iterable);
    sp[-1] = iterator;
    return iterator == NULL ? OPS_RAISED : 0;
}

/* A coroutine, or a generator made one by types.coroutine? */
static bool is_coroutine(PyObject *object)
{
    return PyCoro_CheckExact(object) ||
           (PyGen_CheckExact(object) && (((PyGenObject *)object)->gi_code->co_flags & CO_ITERABLE_COROUTINE));
}

/* What awaiting `object` iterates over: a new reference or NULL with an exception set.
 * (genobject.c, _PyCoro_GetAwaitableIter) */
static PyObject *awaitable_iterator(PyObject *object)
{
    if (is_coroutine(object)) {
        return Py_NewRef(object);
    }
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_as_async == NULL || type->tp_as_async->am_await == NULL) {
        PyErr_Format(PyExc_TypeError, "object %.100s can't be used in 'await' expression", type->tp_name);
        return NULL;
    }
    PyObject *iterator = type->tp_as_async->am_await(object);
    if (iterator == NULL) {
        return NULL;
    }
    if (is_coroutine(iterator)) {
        PyErr_SetString(PyExc_TypeError, "__await__() returned a coroutine");
    } else if (!PyIter_Check(iterator)) {
        PyErr_Format(PyExc_TypeError, "__await__() returned non-iterator of type '%.100s'",
                     Py_TYPE(iterator)->tp_name);
    } else {
        return iterator;
    }
    Py_DECREF(iterator);
    return NULL;
}

/* Is this coroutine suspended in an `await` or `yield from` of its own? (genobject.c, _PyGen_yf) */
static bool is_delegating(PyGenObject *coroutine)
{
    if (coroutine->gi_frame_state >= FRAME_CLEARED || coroutine->gi_frame_state == FRAME_CREATED) {
        return false;
    }
    CodeUnit next = ((InterpreterFrame *)coroutine->gi_iframe)->prev_instr[1];
    return cpython_generic_opcode[_Py_OPCODE(next)] == RESUME && _Py_OPARG(next) >= 2;
}

/* [awaitable] -> [iterator]; oparg 1 and 2: it came from __aenter__ or __aexit__ of an `async with`. */
HANDLER(GET_AWAITABLE)
{
    PyObject *awaitable = sp[-1];
    PyObject *iterator = awaitable_iterator(awaitable);
    PyTypeObject *type = Py_TYPE(awaitable);
    if (iterator == NULL && oparg != 0 && (type->tp_as_async == NULL || type->tp_as_async->am_await == NULL)) {
        _PyErr_Format(tstate, PyExc_TypeError,
                      "'async with' received an object from %s that does not implement __await__: %.100s",
                      oparg == 1 ? "__aenter__" : "__aexit__", type->tp_name);
    }
    Py_DECREF(awaitable);
    if (iterator != NULL && PyCoro_CheckExact(iterator) && is_delegating((PyGenObject *)iterator)) {
        Py_CLEAR(iterator);
        _PyErr_SetString(tstate, PyExc_RuntimeError, "coroutine is being awaited already");
    }
    sp[-1] = iterator;
    return iterator == NULL ? OPS_RAISED : 0;
}

/* ---- Asynchronous loops ------------------------------------------------------------------------- */

/* [object] -> [asynchronous iterator] */
HANDLER(GET_AITER)
{
    PyObject *object = sp[-1];
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_as_async == NULL || type->tp_as_async->am_aiter == NULL) {
        _PyErr_Format(tstate, PyExc_TypeError, "'async for' requires an object with __aiter__ method, got %.100s",
                      type->tp_name);
        Py_DECREF(object);
        return OPS_RAISED;
    }
    PyObject *iterator = type->tp_as_async->am_aiter(object);
    Py_DECREF(object);
    if (iterator == NULL) {
        return OPS_RAISED;
    }
    type = Py_TYPE(iterator);
    if (type->tp_as_async == NULL || type->tp_as_async->am_anext == NULL) {
        _PyErr_Format(tstate, PyExc_TypeError,
                      "'async for' received an object from __aiter__ that does not implement __anext__: %.100s",
                      type->tp_name);
        Py_DECREF(iterator);
        return OPS_RAISED;
    }
    sp[-1] = iterator;
    return 0;
}

/* [asynchronous iterator] -> [asynchronous iterator, awaitable of its next value] */
HANDLER(GET_ANEXT)
{
    PyObject *iterator = sp[-1];
    PyTypeObject *type = Py_TYPE(iterator);
    if (type->tp_as_async == NULL || type->tp_as_async->am_anext == NULL) {
        _PyErr_Format(tstate, PyExc_TypeError, "'async for' requires an iterator with __anext__ method, got %.100s",
                      type->tp_name);
        return OPS_RAISED;
    }
    PyObject *next = type->tp_as_async->am_anext(iterator);
    if (next == NULL) {
        return OPS_RAISED;
    }
    if (PyAsyncGen_CheckExact(iterator)) {
        sp[0] = next;
        return 0;
    }
    PyObject *awaitable = awaitable_iterator(next);
    if (awaitable == NULL) {
        _PyErr_FormatFromCause(PyExc_TypeError, "'async for' received an invalid object from __anext__: %.100s",
                               Py_TYPE(next)->tp_name);
    }
    Py_DECREF(next);
    sp[0] = awaitable;
    return awaitable == NULL ? OPS_RAISED : 0;
}

/* [asynchronous iterator, exception] -> []: StopAsyncIteration ends the loop, anything else goes on. */
HANDLER(END_ASYNC_FOR)
{
    PyObject *exception = sp[-1];
    if (PyErr_GivenExceptionMatches(exception, PyExc_StopAsyncIteration)) {
        Py_DECREF(exception);
        Py_DECREF(sp[-2]);
        return 0;
    }
    int result = ops_raise_again(tstate, exception);
    Py_DECREF(sp[-2]);
    return result;
}

/* [value] -> [wrapped value] (genobject.c, _PyAsyncGenValueWrapperNew) */
HANDLER(ASYNC_GEN_WRAP)
{
    struct _Py_async_gen_state *state = &tstate->interp->async_gen;
    struct async_wrapped_value *wrapper;
    if (state->value_numfree > 0) {
        wrapper = (struct async_wrapped_value *)state->value_freelist[--state->value_numfree];
        _Py_NewReference((PyObject *)wrapper);
    } else {
        wrapper = PyObject_GC_New(struct async_wrapped_value, &_PyAsyncGenWrappedValue_Type);
        if (wrapper == NULL) {
            Py_DECREF(sp[-1]);
            return OPS_RAISED;
        }
    }
    wrapper->value = sp[-1];
    _PyObject_GC_TRACK(wrapper);
    sp[-1] = (PyObject *)wrapper;
    return 0;
}
