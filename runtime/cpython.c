/* runtime/cpython.c: what CPython 3.11 keeps to itself and compiled code cannot do without.
 *
 * In reading order: opcode tables, frame memory, frame objects, clearing of frames, the eval breaker,
 * versions.
 */

/* pycore_opcode.h defines its tables on request, under names that it otherwise declares extern: let
 * it define them under ours, so that they can never meet CPython's own at link time. */
#define NEED_OPCODE_TABLES 1
#define _PyOpcode_Deopt    cpython_generic_opcode
#define _PyOpcode_Caches   cpython_cache_units
#include "runtime/cpython.h"
#include "internal/pycore_opcode.h"
#include "runtime/exceptions.h"

#include <limits.h>
#include <string.h>

/* ---- Frame memory ------------------------------------------------------------------------------- */

/* Size of an ordinary chunk of the data stack, in bytes (pystate.c, DATA_STACK_CHUNK_SIZE), and the room that
 * CPython leaves free in a chunk made for one large frame, in words (MINIMUM_OVERHEAD). */
enum { CHUNK_BYTES = 16 * 1024, CHUNK_SPARE_WORDS = 1000 };

/* An ordinary chunk given up last: calls up and down across the end of a chunk would map and unmap memory each time. */
static _PyStackChunk *spare_chunk;

/* Puts a new chunk on top of the thread's and takes `size` words from it. */
static PyObject **install_chunk(PyThreadState *tstate, _PyStackChunk *chunk, size_t bytes, size_t size)
{
    _PyStackChunk *previous = tstate->datastack_chunk;
    chunk->previous = previous;
    chunk->size = bytes;
    chunk->top = 0;
    if (previous != NULL) {
        previous->top = tstate->datastack_top - &previous->data[0];
    }
    tstate->datastack_chunk = chunk;
    tstate->datastack_limit = (PyObject **)((char *)chunk + bytes);
    /* The first word of a thread's first chunk stays unused: popping a frame that begins a chunk frees
     * the chunk, and the first one must stay. */
    PyObject **start = &chunk->data[previous == NULL];
    tstate->datastack_top = start + size;
    return start;
}

/* Opens a new chunk and takes `size` words from it. NULL without memory, no exception set. */
static PyObject **open_chunk(PyThreadState *tstate, size_t size)
{
    size_t bytes = CHUNK_BYTES;
    while (bytes < sizeof(PyObject *) * (size + CHUNK_SPARE_WORDS)) {
        bytes *= 2;
    }
    /* CPython frees chunks with the arena allocator, and frees ours too when it pops the frame. */
    _PyStackChunk *chunk = spare_chunk;
    if (chunk != NULL && bytes == CHUNK_BYTES) {
        spare_chunk = NULL;
    } else {
        PyObjectArenaAllocator arena;
        PyObject_GetArenaAllocator(&arena);
        chunk = arena.alloc(arena.ctx, bytes);
        if (chunk == NULL) {
            return NULL;
        }
    }
    return install_chunk(tstate, chunk, bytes, size);
}

InterpreterFrame *cpython_push_frame_memory(PyThreadState *tstate, size_t size)
{
    if (LIKELY(_PyThreadState_HasStackSpace(tstate, size))) {
        InterpreterFrame *frame = (InterpreterFrame *)tstate->datastack_top;
        tstate->datastack_top += size;
        return frame;
    }
    PyObject **start = size > INT_MAX / 2 ? NULL : open_chunk(tstate, size);
    if (start == NULL) {
        PyErr_NoMemory();
    }
    return (InterpreterFrame *)start;
}

/* For frames that must be made when there is no memory: address space only, until it is needed. */
static _PyStackChunk *reserve_chunk;
enum { RESERVE_BYTES = 1 << 20 };

void cpython_fill_frame_reserve(void)
{
    if (UNLIKELY(reserve_chunk == NULL)) {
        PyObjectArenaAllocator arena;
        PyObject_GetArenaAllocator(&arena);
        reserve_chunk = arena.alloc(arena.ctx, RESERVE_BYTES);
    }
}

InterpreterFrame *cpython_push_frame_reserve(PyThreadState *tstate, size_t size)
{
    _PyStackChunk *chunk = reserve_chunk;
    if (chunk == NULL || (size + CHUNK_SPARE_WORDS) * sizeof(PyObject *) > RESERVE_BYTES) {
        return NULL;
    }
    reserve_chunk = NULL;
    return (InterpreterFrame *)install_chunk(tstate, chunk, RESERVE_BYTES, size);
}

void cpython_pop_frame_memory(PyThreadState *tstate, InterpreterFrame *frame)
{
    PyObject **start = (PyObject **)frame;
    _PyStackChunk *chunk = tstate->datastack_chunk;
    if (LIKELY(start != &chunk->data[0])) {
        tstate->datastack_top = start;
        return;
    }
    _PyStackChunk *previous = chunk->previous;
    tstate->datastack_chunk = previous;
    tstate->datastack_top = &previous->data[previous->top];
    tstate->datastack_limit = (PyObject **)((char *)previous + previous->size);
    if (chunk->size == CHUNK_BYTES && spare_chunk == NULL) {
        spare_chunk = chunk;
        return;
    }
    PyObjectArenaAllocator arena;
    PyObject_GetArenaAllocator(&arena);
    arena.free(arena.ctx, chunk, chunk->size);
}

/* ---- Frame objects ------------------------------------------------------------------------------ */

PyFrameObject *cpython_frame_object(PyThreadState *tstate, InterpreterFrame *frame)
{
    PyFrameObject *known = frame->frame_obj != NULL ? frame->frame_obj : exception_pooled_frame_object(frame);
    if (known != NULL) {
        return known;
    }
    /* PyEval_GetFrame makes the object of the current frame: let `frame` be the current one meanwhile. */
    _PyCFrame *real = tstate->cframe;
    _PyCFrame pretended = {.use_tracing = real->use_tracing, .current_frame = frame, .previous = real};
    tstate->cframe = &pretended;
    PyFrameObject *object = PyEval_GetFrame();
    tstate->cframe = real;
    return object;
}

/* Moves a dying frame into `object`, which outlives it. */
static void move_frame_into_object(PyFrameObject *object, InterpreterFrame *frame)
{
    InterpreterFrame *copy = (InterpreterFrame *)object->_f_frame_data;
    memcpy(copy, frame, (char *)&frame->localsplus[frame->stacktop] - (char *)frame);
    object->f_frame = copy;
    copy->owner = FRAME_OWNED_BY_FRAME_OBJECT;
    if (_PyFrame_IsIncomplete(copy)) {
        /* A generator's frame that never ran: as dead as it is, readers of the object expect a complete one. */
        copy->prev_instr = _PyCode_CODE(copy->f_code) + copy->f_code->_co_firsttraceable;
    }
    InterpreterFrame *back = copy->previous;
    while (back != NULL && _PyFrame_IsIncomplete(back)) {
        back = back->previous;
    }
    copy->previous = NULL;
    if (back != NULL) {
        /* From now on f_back is an ordinary reference. Without memory the chain just ends here, as on stock. */
        object->f_back = (PyFrameObject *)Py_XNewRef(cpython_frame_object(_PyThreadState_GET(), back));
    }
    if (!_PyObject_GC_IS_TRACKED((PyObject *)object)) {
        _PyObject_GC_TRACK((PyObject *)object);
    }
}

/* ---- Clearing ----------------------------------------------------------------------------------- */

void cpython_clear_frame(InterpreterFrame *frame)
{
    PyFrameObject *object = frame->frame_obj;
    if (UNLIKELY(object != NULL)) {
        frame->frame_obj = NULL;
        if (Py_REFCNT(object) > 1) {
            move_frame_into_object(object, frame);
            Py_DECREF(object);
            return;
        }
        exception_release_frame_object(frame, object);
    }
    assert(frame->stacktop >= 0);
    for (int i = 0; i < frame->stacktop; i++) {
        Py_XDECREF(frame->localsplus[i]);
    }
    /* A destructor that ran above cannot have made a frame object: the frame is unlinked. */
    Py_XDECREF(frame->f_locals);
    Py_DECREF(frame->f_func);
    Py_DECREF(frame->f_code);
}

void cpython_clear_and_pop_frame(PyThreadState *tstate, InterpreterFrame *frame)
{
    tstate->recursion_remaining--;
    cpython_clear_frame(frame);
    tstate->recursion_remaining++;
    cpython_pop_frame_memory(tstate, frame);
}

/* ---- Eval breaker ------------------------------------------------------------------------------- */

/* Takes back the request for an asynchronous exception and sets the eval breaker to what is still asked for.
 * (ceval.c, UNSIGNAL_ASYNC_EXC) */
static void withdraw_async_exception(PyInterpreterState *interp)
{
    struct _ceval_runtime_state *process = &interp->runtime->ceval;
    struct _ceval_state *own = &interp->ceval;
    own->pending.async_exc = 0;
    int still = _Py_atomic_load_relaxed(&own->gil_drop_request) ||
                (_Py_atomic_load_relaxed(&process->signals_pending) && _Py_ThreadCanHandleSignals(interp)) ||
                (_Py_atomic_load_relaxed(&own->pending.calls_to_do) && _Py_ThreadCanHandlePendingCalls());
    _Py_atomic_store_relaxed(&own->eval_breaker, still);
}

int cpython_handle_pending(PyThreadState *tstate)
{
    PyInterpreterState *interp = tstate->interp;
    if (_Py_atomic_load_relaxed(&interp->runtime->ceval.signals_pending) ||
        _Py_atomic_load_relaxed(&interp->ceval.pending.calls_to_do)) {
        /* Signals first, then pending calls; both only where this thread may. */
        if (Py_MakePendingCalls() != 0) {
            return -1;
        }
    }
    if (_Py_atomic_load_relaxed(&interp->ceval.gil_drop_request)) {
        PyEval_RestoreThread(PyEval_SaveThread());
    }
    PyObject *exception = tstate->async_exc;
    if (exception != NULL) {
        tstate->async_exc = NULL;
        withdraw_async_exception(interp);
        _PyErr_SetNone(tstate, exception);
        Py_DECREF(exception);
        return -1;
    }
    return 0;
}

/* ---- Tracing ------------------------------------------------------------------------------------ */

/* Calls the trace function with an "exception" event. 0, or -1 when it raised. (ceval.c, call_trace) */
static int call_trace_function(PyThreadState *tstate, InterpreterFrame *frame, PyObject *details)
{
    PyFrameObject *object = tstate->tracing ? NULL : cpython_frame_object(tstate, frame);
    if (object == NULL) {
        return 0;
    }
    int outer_event = tstate->tracing_what;
    tstate->tracing_what = PyTrace_EXCEPTION;
    PyThreadState_EnterTracing(tstate);
    object->f_lineno = PyCode_Addr2Line(frame->f_code, _PyInterpreterFrame_LASTI(frame) * (int)sizeof(CodeUnit));
    int failed = tstate->c_tracefunc(tstate->c_traceobj, object, PyTrace_EXCEPTION, details);
    object->f_lineno = 0;
    PyThreadState_LeaveTracing(tstate);
    tstate->tracing_what = outer_event;
    return failed;
}

void cpython_trace_exception(PyThreadState *tstate, InterpreterFrame *frame)
{
    PyObject *type, *value, *traceback;
    _PyErr_Fetch(tstate, &type, &value, &traceback);
    if (value == NULL) {
        value = Py_NewRef(Py_None);
    }
    _PyErr_NormalizeException(tstate, &type, &value, &traceback);
    PyObject *details = PyTuple_Pack(3, type, value, traceback != NULL ? traceback : Py_None);
    int failed = 0;
    if (details != NULL) {
        failed = call_trace_function(tstate, frame, details);
        Py_DECREF(details);
    }
    if (!failed) {
        _PyErr_Restore(tstate, type, value, traceback);
        return;
    }
    Py_DECREF(type);
    Py_DECREF(value);
    Py_XDECREF(traceback);
}

/* ---- Versions ----------------------------------------------------------------------------------- */

/* Where our ranges end: CPython counts up from 1 or 2 and would need two thousand million classes,
 * modules or functions to meet them. */
#define LAST_OWN_VERSION 0x80000000u

uint32_t cpython_dict_keys_version(PyDictKeysObject *keys)
{
    static uint32_t next = UINT32_MAX - 1; /* the last one is FEEDBACK_NO_VERSION */
    if (keys->dk_version == 0 && next >= LAST_OWN_VERSION) {
        keys->dk_version = next--;
    }
    return keys->dk_version;
}

uint32_t cpython_function_version(PyFunctionObject *function)
{
    static uint32_t next = UINT32_MAX - 1; /* the last one is FEEDBACK_NO_VERSION */
    if (function->func_version == 0 && next >= LAST_OWN_VERSION) {
        function->func_version = next--;
    }
    return function->func_version;
}

uint64_t cpython_last_dict_version = (uint64_t)1 << 63;
