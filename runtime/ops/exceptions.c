/* runtime/ops/exceptions.c: raising, handling and matching exceptions.
 *
 * Finding the handler is not done here: a handler that fails says so, and compiled code looks it up.
 */
#include "runtime/ops/shared.h"

#include "runtime/exceptions.h"
#include "runtime/runtime_data.h"

/* ---- Raising ------------------------------------------------------------------------------------ */

int ops_raise_again(PyThreadState *tstate, PyObject *exception)
{
    PyObject *type = Py_NewRef(PyExceptionInstance_Class(exception));
    _PyErr_Restore(tstate, type, exception, PyException_GetTraceback(exception));
    return OPS_RERAISED;
}

/* `raise` alone: raises what is being handled. */
static int raise_current(PyThreadState *tstate)
{
    PyObject *value = _PyErr_GetTopmostException(tstate)->exc_value;
    if (value == NULL || value == Py_None) {
        _PyErr_SetString(tstate, PyExc_RuntimeError, "No active exception to reraise");
        return OPS_RAISED;
    }
    return ops_raise_again(tstate, Py_NewRef(value));
}

/* The instance that `raise thing` raises: a new reference, and its type in *type (new, too). NULL with an exception
 * set. Steals `thing`. */
static PyObject *instance_to_raise(PyThreadState *tstate, PyObject *thing, PyObject **type)
{
    if (PyExceptionInstance_Check(thing)) {
        *type = Py_NewRef(PyExceptionInstance_Class(thing));
        return thing;
    }
    if (!PyExceptionClass_Check(thing)) {
        Py_DECREF(thing);
        _PyErr_SetString(tstate, PyExc_TypeError, "exceptions must derive from BaseException");
        return NULL;
    }
    PyObject *value;
    if (Py_IS_TYPE(thing, &PyType_Type) && exception_class_is_plain((PyTypeObject *)thing) &&
        tstate->recursion_remaining > 1) {
        value = exception_new(tstate, (PyTypeObject *)thing, PyTuple_New(0));
    } else {
        value = PyObject_CallNoArgs(thing);
    }
    if (value != NULL && !PyExceptionInstance_Check(value)) {
        _PyErr_Format(tstate, PyExc_TypeError, "calling %R should have returned an instance of BaseException, not %R",
                      thing, Py_TYPE(value));
        Py_CLEAR(value);
    }
    if (value == NULL) {
        Py_DECREF(thing);
        return NULL;
    }
    /* The class written in the program, even when calling it gave an instance of another. */
    *type = thing;
    return value;
}

/* Gives `value` the cause of `raise value from cause`. Steals `cause`. 0, or -1 with an exception set. */
static int set_cause(PyThreadState *tstate, PyObject *value, PyObject *cause)
{
    if (cause == Py_None) {
        Py_DECREF(cause);
        cause = NULL;
    } else if (PyExceptionClass_Check(cause)) {
        PyObject *class = cause;
        cause = PyObject_CallNoArgs(class);
        Py_DECREF(class);
        if (cause == NULL) {
            return -1;
        }
    } else if (!PyExceptionInstance_Check(cause)) {
        _PyErr_SetString(tstate, PyExc_TypeError, "exception causes must derive from BaseException");
        Py_DECREF(cause);
        return -1;
    }
    PyException_SetCause(value, cause);
    return 0;
}

/* oparg 0: [] ; 1: [exception] ; 2: [exception, cause] (ceval.c, do_raise) */
HANDLER(RAISE_VARARGS)
{
    if (oparg == 0) {
        return raise_current(tstate);
    }
    PyObject *cause = oparg == 2 ? sp[-1] : NULL;
    PyObject *type;
    PyObject *value = instance_to_raise(tstate, sp[-oparg], &type);
    if (value == NULL) {
        Py_XDECREF(cause);
        return OPS_RAISED;
    }
    if (cause == NULL || set_cause(tstate, value, cause) == 0) {
        if (type == (PyObject *)Py_TYPE(value)) {
            exception_raise(tstate, Py_NewRef(value));
        } else {
            _PyErr_SetObject(tstate, type, value);
        }
    }
    Py_DECREF(value);
    Py_DECREF(type);
    return OPS_RAISED;
}

/* [exception]; with oparg, the instruction where it was raised stands oparg below, as an int. */
HANDLER(RERAISE)
{
    if (oparg) {
        PyObject *instruction = sp[-1 - oparg];
        if (!PyLong_Check(instruction)) {
            Py_DECREF(sp[-1]);
            _PyErr_SetString(tstate, PyExc_SystemError, "lasti is not an int");
            return OPS_RAISED;
        }
        frame->prev_instr = _PyCode_CODE(frame->f_code) + PyLong_AsLong(instruction);
    }
    return ops_raise_again(tstate, sp[-1]);
}

/* ---- Handling ----------------------------------------------------------------------------------- */

/* [exception] -> [what was being handled before, exception]; the exception is being handled from here on. */
HANDLER(PUSH_EXC_INFO)
{
    PyObject *exception = sp[-1];
    _PyErr_StackItem *handled = tstate->exc_info;
    sp[-1] = handled->exc_value != NULL ? handled->exc_value : Py_NewRef(Py_None);
    sp[0] = exception;
    handled->exc_value = Py_NewRef(exception);
    return 0;
}

/* Would dropping this object certainly run no other code? */
static inline bool dies_quietly(PyObject *object)
{
    return object->ob_refcnt > 1 || PyUnicode_CheckExact(object) || PyLong_CheckExact(object) ||
           PyFloat_CheckExact(object);
}

/* Would the exception's death certainly run no other code? Its traceback is that of one frame, which is alive. */
static bool exception_dies_quietly(PyBaseExceptionObject *exception)
{
    PyTracebackObject *traceback = (PyTracebackObject *)exception->traceback;
    if (Py_TYPE(exception)->tp_dealloc != runtime_data.exception_dealloc || exception->dict != NULL ||
        exception->notes != NULL || exception->cause != NULL || exception->context != NULL || traceback == NULL ||
        traceback->tb_next != NULL || exception->args == NULL) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(exception->args); i++) {
        if (!dies_quietly(PyTuple_GET_ITEM(exception->args, i))) {
            return false;
        }
    }
    return true;
}

void rt_drop_exception(PyThreadState *tstate, InterpreterFrame *frame, PyObject *exception)
{
    bool quiet = exception_dies_quietly((PyBaseExceptionObject *)exception);
    exception_dealloc(tstate, exception);
    if (quiet) {
        /* Nothing has run since the last check of the frame's locals. */
        exception_drop_idle_frame_object(frame);
    }
}

/* [what was being handled before] -> [] */
HANDLER(POP_EXCEPT)
{
    PyObject *handled = tstate->exc_info->exc_value;
    tstate->exc_info->exc_value = sp[-1];
    Py_XDECREF(handled);
    return 0;
}

int ops_check_catchable(PyThreadState *tstate, PyObject *type)
{
    bool catchable = true;
    if (PyTuple_Check(type)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(type) && catchable; i++) {
            catchable = PyExceptionClass_Check(PyTuple_GET_ITEM(type, i));
        }
    } else {
        catchable = PyExceptionClass_Check(type);
    }
    if (!catchable) {
        _PyErr_SetString(tstate, PyExc_TypeError,
                         "catching classes that do not inherit from BaseException is not allowed");
        return -1;
    }
    return 0;
}

int rt_match(PyThreadState *tstate, PyObject *exception, PyObject *type)
{
    int matches = -1;
    if (ops_check_catchable(tstate, type) == 0) {
        matches = PyErr_GivenExceptionMatches(exception, type);
    }
    Py_DECREF(type);
    return matches;
}

/* A class that more than one reference holds. */
static inline bool is_kept_class(PyObject *class)
{
    return class->ob_refcnt > 1 && PyExceptionClass_Check(class);
}

int rt_quick_match(PyTypeObject *class, PyObject *type)
{
    if (is_kept_class(type)) {
        type->ob_refcnt--;
        return exception_class_matches(class, (PyTypeObject *)type);
    }
    if (!PyTuple_CheckExact(type)) {
        return -1;
    }
    int matches = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(type); i++) {
        PyObject *item = PyTuple_GET_ITEM(type, i);
        if (!is_kept_class(item)) {
            return -1;
        }
        matches = matches || exception_class_matches(class, (PyTypeObject *)item);
    }
    Py_DECREF(type);
    return matches;
}

/* [exception, type or tuple of types] -> [exception, bool] */
HANDLER(CHECK_EXC_MATCH)
{
    int matches = rt_match(tstate, sp[-2], sp[-1]);
    if (matches < 0) {
        return OPS_RAISED;
    }
    sp[-1] = Py_NewRef(matches ? Py_True : Py_False);
    return 0;
}

HANDLER(LOAD_ASSERTION_ERROR)
{
    sp[0] = Py_NewRef(PyExc_AssertionError);
    return 0;
}
