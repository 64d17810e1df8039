/* runtime/exceptions.c: see exceptions.h. What must happen is that of errors.c, traceback.c, frameobject.c and exceptions.c. */
#include "runtime/exceptions.h"

#include "runtime/box_reserve.h"
#include "runtime/call.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"
#include "runtime/side_exit.h"
#include "runtime/trashcan.h"

/* ---- Small things ------------------------------------------------------------------------------------------ */

static inline void clear_reference(PyObject **field)
{
    PyObject *old = *field;
    if (old != NULL) {
        *field = NULL;
        rt_release(old);
    }
}

/* ---- Frame objects -------------------------------------------------------------------------------------- */

/* Dead frame objects by the number of words behind their heads, chained by f_back; larger ones are not kept. */
enum { POOLED_FRAME_WORDS = 64, POOLED_FRAMES = 8 };
static struct frame_pool {
    PyFrameObject *first;
    int count;
} frame_pools[POOLED_FRAME_WORDS];

/* Words behind the head of a frame object for `code`; the object itself does not know. (frame.c, _PyFrame_New_NoTrack) */
static inline size_t frame_object_words(const PyCodeObject *code)
{
    return (size_t)code->co_nlocalsplus + (size_t)code->co_stacksize;
}

/* Takes the memory of a dead, untracked frame object of `code`, whose references are gone. */
static void put_frame_object(PyFrameObject *object, const PyCodeObject *code)
{
    size_t words = frame_object_words(code);
    if (words >= POOLED_FRAME_WORDS || frame_pools[words].count >= POOLED_FRAMES || object_pools_are_closed()) {
        PyObject_GC_Del(object);
        return;
    }
    _Py_AS_GC((PyObject *)object)->_gc_prev = 0;
    object->f_back = frame_pools[words].first;
    frame_pools[words].first = object;
    frame_pools[words].count++;
}

PyFrameObject *exception_pooled_frame_object(InterpreterFrame *frame)
{
    size_t words = frame_object_words(frame->f_code);
    if (words >= POOLED_FRAME_WORDS || frame_pools[words].first == NULL || object_pools_are_closed()) {
        return NULL;
    }
    PyFrameObject *object = frame_pools[words].first;
    frame_pools[words].first = object->f_back;
    frame_pools[words].count--;
    ((PyObject *)object)->ob_refcnt = 1;
    object->f_back = NULL;
    object->f_frame = frame;
    object->f_trace = NULL;
    object->f_lineno = 0;
    object->f_trace_lines = 1;
    object->f_trace_opcodes = 0;
    object->f_fast_as_locals = 0;
    frame->frame_obj = object;
    return object;
}

void exception_drop_idle_frame_object(InterpreterFrame *frame)
{
    PyFrameObject *object = frame->frame_obj;
    if (object != NULL && ((PyObject *)object)->ob_refcnt == 1 && object->f_trace == NULL && object->f_back == NULL &&
        object->f_lineno == 0 && object->f_trace_lines && !object->f_trace_opcodes && !object->f_fast_as_locals &&
        (frame->f_locals == NULL || !(frame->f_code->co_flags & CO_OPTIMIZED)) &&
        !_PyObject_GC_IS_TRACKED((PyObject *)object)) {
        frame->frame_obj = NULL;
        put_frame_object(object, frame->f_code);
    }
}

void exception_release_frame_object(InterpreterFrame *frame, PyFrameObject *object)
{
    assert(((PyObject *)object)->ob_refcnt == 1);
    if (object->f_trace == NULL && object->f_back == NULL && !_PyObject_GC_IS_TRACKED((PyObject *)object)) {
        put_frame_object(object, frame->f_code);
    } else {
        Py_DECREF(object);
    }
}

/* Py_DECREF of a frame object. (frameobject.c, frame_dealloc) */
static void drop_frame_object(PyThreadState *tstate, PyFrameObject *object)
{
    if (--((PyObject *)object)->ob_refcnt > 0) {
        return;
    }
    InterpreterFrame *frame = (InterpreterFrame *)object->_f_frame_data;
    if (object->f_frame != frame || frame->owner != FRAME_OWNED_BY_FRAME_OBJECT || trashcan_is_due(tstate)) {
        _Py_Dealloc((PyObject *)object);
        return;
    }
    if (_PyObject_GC_IS_TRACKED((PyObject *)object)) {
        _PyObject_GC_UNTRACK((PyObject *)object);
    }
    tstate->trash_delete_nesting++;
    /* The code object goes last. */
    PyCodeObject *code = frame->f_code;
    frame->f_code = NULL;
    clear_reference((PyObject **)&frame->f_func);
    clear_reference(&frame->f_locals);
    for (int i = 0; i < frame->stacktop; i++) {
        clear_reference(&frame->localsplus[i]);
    }
    PyFrameObject *back = object->f_back;
    if (back != NULL) {
        object->f_back = NULL;
        drop_frame_object(tstate, back);
    }
    clear_reference(&object->f_trace);
    if (code != NULL) {
        put_frame_object(object, code);
        Py_DECREF(code);
    } else {
        PyObject_GC_Del(object);
    }
    trashcan_end(tstate);
}

/* ---- Tracebacks -------------------------------------------------------------------------------------------- */

/* Py_DECREF of a traceback. (traceback.c, tb_dealloc) */
static void drop_traceback(PyThreadState *tstate, PyTracebackObject *entry)
{
    if (--((PyObject *)entry)->ob_refcnt > 0) {
        return;
    }
    if (UNLIKELY(trashcan_is_due(tstate))) {
        _Py_Dealloc((PyObject *)entry);
        return;
    }
    if (_PyObject_GC_IS_TRACKED((PyObject *)entry)) {
        _PyObject_GC_UNTRACK((PyObject *)entry);
    }
    tstate->trash_delete_nesting++;
    if (entry->tb_next != NULL) {
        drop_traceback(tstate, entry->tb_next);
    }
    if (entry->tb_frame != NULL) {
        drop_frame_object(tstate, entry->tb_frame);
    }
    object_pool_put(&runtime_data.tracebacks, (PyObject *)entry);
    trashcan_end(tstate);
}

/* The line of a code unit, decoded once: CPython reads the whole line table each time. */
static int line_of(PyCodeObject *code, struct side_exits *exits, int unit)
{
    int *known = exits != NULL ? side_exits_line(exits, code, unit) : NULL;
    if (known == NULL) {
        return PyCode_Addr2Line(code, unit * (int)sizeof(CodeUnit));
    }
    if (*known == SIDE_EXITS_LINE_UNKNOWN) {
        *known = PyCode_Addr2Line(code, unit * (int)sizeof(CodeUnit));
    }
    return *known;
}

/* The frame object of the current frame, borrowed; NULL without memory: then the exception stays as it is. */
static PyFrameObject *frame_object_of(PyThreadState *tstate, InterpreterFrame *frame)
{
    PyFrameObject *object = frame->frame_obj;
    if (object == NULL) {
        object = exception_pooled_frame_object(frame);
    }
    if (object == NULL) {
        PyObject *type, *value, *traceback;
        _PyErr_Fetch(tstate, &type, &value, &traceback);
        object = PyThreadState_GetFrame(tstate);
        if (object == NULL) {
            _PyErr_Clear(tstate);
        } else {
            Py_DECREF(object); /* the frame holds it */
        }
        _PyErr_Restore(tstate, type, value, traceback);
    }
    return object;
}

/* An untracked traceback entry, only the head set; NULL without memory, the exception being as before. */
static PyTracebackObject *new_traceback(PyThreadState *tstate)
{
    PyTracebackObject *entry = (PyTracebackObject *)object_pool_take(&runtime_data.tracebacks);
    if (entry == NULL) {
        /* May collect. */
        PyObject *type, *value, *traceback;
        _PyErr_Fetch(tstate, &type, &value, &traceback);
        entry = PyObject_GC_New(PyTracebackObject, &PyTraceBack_Type);
        if (entry == NULL) {
            _PyErr_Clear(tstate);
        }
        _PyErr_Restore(tstate, type, value, traceback);
    }
    return entry;
}

void exception_add_traceback(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits)
{
    box_reserve_settle(tstate);
    if (_PyFrame_IsIncomplete(frame)) {
        return;
    }
    PyFrameObject *object = frame_object_of(tstate, frame);
    if (object == NULL) {
        /* Stock goes on with the first exception and without the entry. */
        return;
    }
    PyTracebackObject *entry = object->f_lineno == 0 ? new_traceback(tstate) : NULL;
    if (UNLIKELY(entry == NULL)) {
        /* A line that a trace function has set, or no memory. */
        PyTraceBack_Here(object);
        return;
    }
    int unit = _PyInterpreterFrame_LASTI(frame);
    entry->tb_next = (PyTracebackObject *)tstate->curexc_traceback;
    entry->tb_frame = (PyFrameObject *)Py_NewRef((PyObject *)object);
    entry->tb_lasti = unit * (int)sizeof(CodeUnit);
    entry->tb_lineno = line_of(frame->f_code, exits, unit);
    object_track(tstate, (PyObject *)entry);
    tstate->curexc_traceback = (PyObject *)entry;
}

/* ---- Instances --------------------------------------------------------------------------------------------- */

/* Do the instances of `class` consist of nothing but what every exception has? */
static inline bool is_pooled(const PyTypeObject *class)
{
    return class->tp_basicsize == sizeof(PyBaseExceptionObject) && !(class->tp_flags & Py_TPFLAGS_HEAPTYPE);
}

PyObject *exception_new(PyThreadState *tstate, PyTypeObject *class, PyObject *arguments)
{
    PyBaseExceptionObject *exception = NULL;
    if (is_pooled(class)) {
        exception = (PyBaseExceptionObject *)object_pool_take(&runtime_data.exceptions);
    }
    if (exception != NULL) {
        ((PyObject *)exception)->ob_type = class;
        exception->dict = NULL;
        exception->notes = NULL;
        exception->traceback = NULL;
        exception->context = NULL;
        exception->cause = NULL;
        exception->suppress_context = 0;
        exception->args = arguments;
        object_track(tstate, (PyObject *)exception);
        return (PyObject *)exception;
    }
    exception = (PyBaseExceptionObject *)class->tp_alloc(class, 0);
    if (exception == NULL) {
        Py_DECREF(arguments);
        return NULL;
    }
    exception->args = arguments;
    return (PyObject *)exception;
}

/* Calls the Python function that is __init__, with the references that stock holds meanwhile. 0 or -1. (typeobject.c, slot_tp_init) */
static int initialize(PyThreadState *tstate, PyObject *self, PyObject *initializer, PyObject **arguments,
                      size_t nargs)
{
    for (size_t i = 0; i < nargs; i++) {
        Py_INCREF(arguments[i]);
    }
    PyObject *before = arguments[-1];
    arguments[-1] = Py_NewRef(self);
    Py_INCREF(initializer);
    PyObject *result = rt_call_function(tstate, (PyFunctionObject *)initializer, arguments - 1, nargs + 1, NULL);
    Py_DECREF(initializer);
    arguments[-1] = before;
    if (UNLIKELY(result != Py_None)) {
        if (result != NULL) {
            _PyErr_Format(tstate, PyExc_TypeError, "__init__() should return None, not '%.200s'",
                          Py_TYPE(result)->tp_name);
            Py_DECREF(result);
        }
        return -1;
    }
    Py_DECREF(result);
    return 0;
}

PyObject *exception_instantiate(PyThreadState *tstate, PyTypeObject *class, PyObject **arguments, size_t nargs,
                                bool *handled)
{
    const PyTypeObject *base = (const PyTypeObject *)PyExc_BaseException;
    PyObject *initializer = NULL;
    *handled = false;
    if (class->tp_new != base->tp_new) {
        return NULL;
    }
    if (class->tp_init != base->tp_init) {
        initializer = _PyType_Lookup(class, &_Py_ID(__init__));
        if (initializer == NULL || !PyFunction_Check(initializer)) {
            return NULL;
        }
    }
    *handled = true;
    PyObject *tuple = PyTuple_New((Py_ssize_t)nargs);
    if (tuple == NULL || _Py_EnterRecursiveCallTstate(tstate, " while calling a Python object")) {
        Py_XDECREF(tuple);
        return NULL;
    }
    for (size_t i = 0; i < nargs; i++) {
        PyTuple_SET_ITEM(tuple, i, Py_NewRef(arguments[i]));
    }
    /* Stock holds the tuple until the call is over; allocation may collect, and change the class. */
    PyObject *self = exception_new(tstate, class, Py_NewRef(tuple));
    if (self != NULL && class->tp_init != base->tp_init) {
        initializer = _PyType_Lookup(class, &_Py_ID(__init__));
        int status = initializer != NULL && PyFunction_Check(initializer)
                         ? initialize(tstate, self, initializer, arguments, nargs)
                         : class->tp_init(self, tuple, NULL);
        if (status < 0) {
            Py_CLEAR(self);
        }
    }
    _Py_LeaveRecursiveCallTstate(tstate);
    Py_DECREF(tuple);
    return self;
}

/* BaseException's own deallocator but for tp_free: the references go. */
static void clear_exception(PyThreadState *tstate, PyBaseExceptionObject *exception)
{
    clear_reference(&exception->dict);
    clear_reference(&exception->args);
    clear_reference(&exception->notes);
    PyObject *traceback = exception->traceback;
    if (traceback != NULL) {
        exception->traceback = NULL;
        drop_traceback(tstate, (PyTracebackObject *)traceback);
    }
    clear_reference(&exception->cause);
    clear_reference(&exception->context);
}

/* Is dropping an instance of this class, made by a class statement, the same as dropping one of BaseException, but for weak references
 * and the reference to the class? Slots and finalisers are what subclasses can add. */
static bool is_simple_subclass(const PyTypeObject *class)
{
    if (!(class->tp_flags & Py_TPFLAGS_HEAPTYPE) || class->tp_finalize != NULL || class->tp_del != NULL ||
        class->tp_free != PyObject_GC_Del || class->tp_dealloc != runtime_data.subtype_dealloc) {
        return false;
    }
    do {
        if (Py_SIZE(class) != 0) {
            return false;
        }
        class = class->tp_base;
    } while (class->tp_dealloc == runtime_data.subtype_dealloc);
    return class->tp_dealloc == runtime_data.exception_dealloc;
}

void exception_dealloc(PyThreadState *tstate, PyObject *object)
{
    PyTypeObject *class = Py_TYPE(object);
    bool pooled = class->tp_dealloc == runtime_data.exception_dealloc && is_pooled(class);
    if (UNLIKELY((!pooled && !is_simple_subclass(class)) || trashcan_is_due(tstate))) {
        _Py_Dealloc(object);
        return;
    }
    if (_PyObject_GC_IS_TRACKED(object)) {
        _PyObject_GC_UNTRACK(object);
    }
    tstate->trash_delete_nesting++;
    if (pooled) {
        clear_exception(tstate, (PyBaseExceptionObject *)object);
        object_pool_put(&runtime_data.exceptions, object);
    } else {
        /* (typeobject.c, subtype_dealloc) */
        if (class->tp_weaklistoffset > 0 && *PyObject_GET_WEAKREFS_LISTPTR(object) != NULL) {
            PyObject_ClearWeakRefs(object);
        }
        clear_exception(tstate, (PyBaseExceptionObject *)object);
        PyObject_GC_Del(object);
        Py_DECREF(class);
    }
    trashcan_end(tstate);
}

void exception_clear_pools(void)
{
    object_pool_clear(&runtime_data.tracebacks);
    object_pool_clear(&runtime_data.exceptions);
    for (int words = 0; words < POOLED_FRAME_WORDS; words++) {
        struct frame_pool *pool = &frame_pools[words];
        while (pool->first != NULL) {
            PyFrameObject *object = pool->first;
            pool->first = object->f_back;
            PyObject_GC_Del(object);
        }
        pool->count = 0;
    }
}

/* ---- The current exception ----------------------------------------------------------------------------------- */

/* Is an exception being handled, in this frame or further out? It would become a new one's context. */
static inline bool is_handling(PyThreadState *tstate)
{
    const _PyErr_StackItem *handled = tstate->exc_info;
    if (handled->exc_value == NULL && handled->previous_item == NULL) {
        return false;
    }
    PyObject *value = _PyErr_GetTopmostException(tstate)->exc_value;
    return value != NULL && value != Py_None;
}

void exception_raise_key_error(PyThreadState *tstate, PyObject *key)
{
    PyObject *arguments;
    if (tstate->curexc_type != NULL || is_handling(tstate) || (arguments = PyTuple_New(1)) == NULL) {
        _PyErr_SetKeyError(key);
        return;
    }
    PyTuple_SET_ITEM(arguments, 0, Py_NewRef(key));
    tstate->curexc_type = Py_NewRef(PyExc_KeyError);
    tstate->curexc_value = arguments;
}

void exception_raise(PyThreadState *tstate, PyObject *value)
{
    PyObject *type = Py_NewRef((PyObject *)Py_TYPE(value));
    if (tstate->curexc_type != NULL || is_handling(tstate)) {
        _PyErr_SetObject(tstate, type, value);
        Py_DECREF(type);
        Py_DECREF(value);
        return;
    }
    tstate->curexc_type = type;
    tstate->curexc_value = value;
    tstate->curexc_traceback = Py_XNewRef(((PyBaseExceptionObject *)value)->traceback);
}

/* The arguments that an exception raised by C code with this value has; NULL without memory, no exception set. (errors.c,
 * _PyErr_CreateException) */
static PyObject *arguments_of(PyThreadState *tstate, PyObject *value)
{
    if (value != NULL && PyTuple_Check(value)) {
        return Py_NewRef(value);
    }
    PyObject *arguments = value == NULL || value == Py_None ? PyTuple_New(0) : PyTuple_Pack(1, value);
    if (arguments == NULL) {
        _PyErr_Clear(tstate);
    }
    return arguments;
}

/* The instance for an exception that C code raised as a class and a value; NULL where that is not simple, nothing being changed. */
static PyObject *simple_instance(PyThreadState *tstate, PyTypeObject *class, PyObject *value)
{
    /* Stock calls the class, which needs a level of recursion. */
    if (!exception_class_is_plain(class) || (value != NULL && PyExceptionInstance_Check(value)) ||
        tstate->recursion_remaining <= 1) {
        return NULL;
    }
    PyObject *arguments = arguments_of(tstate, value);
    PyObject *instance = arguments == NULL ? NULL : exception_new(tstate, class, arguments);
    if (instance == NULL) {
        _PyErr_Clear(tstate);
    }
    return instance;
}

PyObject *exception_take(PyThreadState *tstate)
{
    PyObject *type, *value, *traceback;
    _PyErr_Fetch(tstate, &type, &value, &traceback);
    /* A class with a metaclass of its own may have an opinion on whether the value is its instance. */
    bool simple = PyType_CheckExact(type);
    if (!simple || value == NULL || (PyObject *)Py_TYPE(value) != type) {
        PyObject *instance = simple ? simple_instance(tstate, (PyTypeObject *)type, value) : NULL;
        if (instance != NULL) {
            Py_XDECREF(value);
            value = instance;
        } else {
            /* Cannot fail: it puts another exception in place of this one instead. */
            _PyErr_NormalizeException(tstate, &type, &value, &traceback);
        }
    }
    PyBaseExceptionObject *exception = (PyBaseExceptionObject *)value;
    PyObject *old = exception->traceback;
    exception->traceback = traceback;
    Py_XDECREF(old);
    Py_DECREF(type);
    return value;
}
