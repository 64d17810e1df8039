/* runtime/ops/functions.c: making functions and classes, and calls with unpacked arguments. CALL itself is in call.c. */
#include "runtime/ops/shared.h"

#include "runtime/call.h"
#include "runtime/code_state.h"

/* ---- Errors of unpacked arguments --------------------------------------------------------------- */

/* Replaces the current exception by a TypeError "NAME() FORMAT", where FORMAT takes one argument. A function that
 * cannot be named leaves the error of naming it. */
static void raise_about_call(PyThreadState *tstate, PyObject *function, const char *format, const void *argument)
{
    _PyErr_Clear(tstate);
    PyObject *name = _PyObject_FunctionStr(function);
    if (name != NULL) {
        _PyErr_Format(tstate, PyExc_TypeError, format, name, argument);
        Py_DECREF(name);
    }
}

/* Words the failure to merge `keywords` into the keyword arguments of `function`; the exception that
 * _PyDict_MergeEx left says what was wrong. (ceval.c, format_kwargs_error) */
static void raise_about_keywords(PyThreadState *tstate, PyObject *function, PyObject *keywords)
{
    if (_PyErr_ExceptionMatches(tstate, PyExc_AttributeError)) {
        /* It has no keys(). */
        raise_about_call(tstate, function, "%U argument after ** must be a mapping, not %.200s",
                         Py_TYPE(keywords)->tp_name);
    } else if (_PyErr_ExceptionMatches(tstate, PyExc_KeyError)) {
        /* The merge tells a repeated key by a KeyError not yet made, whose argument is (key,). */
        PyObject *type, *value, *traceback;
        _PyErr_Fetch(tstate, &type, &value, &traceback);
        if (value == NULL || !PyTuple_Check(value) || PyTuple_GET_SIZE(value) != 1) {
            _PyErr_Restore(tstate, type, value, traceback);
            return;
        }
        raise_about_call(tstate, function, "%U got multiple values for keyword argument '%S'",
                         PyTuple_GET_ITEM(value, 0));
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
}

/* ---- Calls -------------------------------------------------------------------------------------- */

/* `f(**mapping)`: merges the mapping into the dict at oparg; the function stands three below that dict's call. */
HANDLER(DICT_MERGE)
{
    PyObject *update = sp[-1];
    PyObject **top = sp - 1;
    int failed = _PyDict_MergeEx(top[-oparg], update, 2);
    if (failed < 0) {
        raise_about_keywords(tstate, top[-2 - oparg], update);
    }
    Py_DECREF(update);
    return failed < 0 ? OPS_RAISED : 0;
}

/* The keyword arguments as an exact dict; steals `keywords`. NULL with an exception set. */
static PyObject *exact_keywords(PyThreadState *tstate, PyObject *function, PyObject *keywords)
{
    if (PyDict_CheckExact(keywords)) {
        return keywords;
    }
    PyObject *dict = PyDict_New();
    if (dict != NULL && _PyDict_MergeEx(dict, keywords, 2) < 0) {
        Py_CLEAR(dict);
        raise_about_keywords(tstate, function, keywords);
    }
    Py_DECREF(keywords);
    return dict;
}

/* The positional arguments as an exact tuple; steals `arguments`. NULL with an exception set. */
static PyObject *exact_arguments(PyThreadState *tstate, PyObject *function, PyObject *arguments)
{
    if (PyTuple_CheckExact(arguments)) {
        return arguments;
    }
    PyObject *tuple = NULL;
    if (Py_TYPE(arguments)->tp_iter == NULL && !PySequence_Check(arguments)) {
        raise_about_call(tstate, function, "%U argument after * must be an iterable, not %.200s",
                         Py_TYPE(arguments)->tp_name);
    } else {
        tuple = PySequence_Tuple(arguments);
    }
    Py_DECREF(arguments);
    return tuple;
}

/* [NULL, function, iterable] or, with oparg 1, [NULL, function, iterable, mapping] -> [result] */
HANDLER(CALL_FUNCTION_EX)
{
    PyObject **bottom = sp - 3 - (oparg & 1);
    PyObject *function = bottom[1];
    PyObject *arguments = bottom[2];
    PyObject *keywords = NULL;
    PyObject *result = NULL;
    if (oparg & 1) {
        keywords = exact_keywords(tstate, function, bottom[3]);
        if (keywords == NULL) {
            Py_DECREF(arguments);
            Py_DECREF(function);
            return OPS_RAISED;
        }
    }
    arguments = exact_arguments(tstate, function, arguments);
    if (arguments != NULL) {
        result = PyObject_Call(function, arguments, keywords);
    }
    Py_DECREF(function);
    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    bottom[0] = result;
    return result == NULL ? OPS_RAISED : 0;
}

/* ---- Functions and classes ---------------------------------------------------------------------- */

/* [defaults?, keyword defaults?, annotations?, closure?, code] -> [function]; oparg has a bit for each optional part. */
HANDLER(MAKE_FUNCTION)
{
    PyObject *code = sp[-1];
    PyFunctionObject *function = (PyFunctionObject *)PyFunction_New(code, frame->f_globals);
    PyObject **top = sp - 1;
    Py_DECREF(code);
    if (function == NULL) {
        for (int parts = oparg & 0xf; parts != 0; parts &= parts - 1) {
            Py_DECREF(*--top);
        }
        return OPS_RAISED;
    }
    /* Setting the fields directly leaves the function without a version, as stock does: it has none yet. */
    if (oparg & 0x08) {
        function->func_closure = *--top;
    }
    if (oparg & 0x04) {
        function->func_annotations = *--top;
    }
    if (oparg & 0x02) {
        function->func_kwdefaults = *--top;
    }
    if (oparg & 0x01) {
        function->func_defaults = *--top;
    }
    /* Code that is compiled already is entered directly from the function's first call on. */
    struct code_state *state = code_state_get((PyCodeObject *)function->func_code);
    if (state != NULL && state->compiled != NULL) {
        function->vectorcall = rt_function_vectorcall;
    }
    *top = (PyObject *)function;
    return 0;
}

HANDLER(LOAD_BUILD_CLASS)
{
    PyObject *builtins = frame->f_builtins;
    PyObject *build_class;
    bool missing;
    if (PyDict_CheckExact(builtins)) {
        build_class = Py_XNewRef(PyDict_GetItemWithError(builtins, &_Py_ID(__build_class__)));
        missing = build_class == NULL && !_PyErr_Occurred(tstate);
    } else {
        build_class = PyObject_GetItem(builtins, &_Py_ID(__build_class__));
        missing = build_class == NULL && _PyErr_ExceptionMatches(tstate, PyExc_KeyError);
    }
    if (missing) {
        _PyErr_SetString(tstate, PyExc_NameError, "__build_class__ not found");
    }
    sp[0] = build_class;
    return build_class == NULL ? OPS_RAISED : 0;
}
