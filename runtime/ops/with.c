/* runtime/ops/with.c: context managers. */
#include "runtime/ops/shared.h"

#include "runtime/call.h"
#include "runtime/runtime_data.h"

/* Puts exit and what enter() returned into slot[0] and slot[1] for the manager in slot[0]; `missing_enter` and `missing_exit` word a
 * TypeError about the manager's type. */
static int enter_context(PyThreadState *tstate, PyObject **slot, PyObject *enter_name, PyObject *exit_name,
                         const char *missing_enter, const char *missing_exit)
{
    PyObject *manager = slot[0];
    const char *missing = missing_enter;
    PyObject *exit = NULL;
    PyObject *enter = _PyObject_LookupSpecial(manager, enter_name);
    if (enter != NULL) {
        missing = missing_exit;
        exit = _PyObject_LookupSpecial(manager, exit_name);
    }
    if (exit == NULL) {
        if (!_PyErr_Occurred(tstate)) {
            _PyErr_Format(tstate, PyExc_TypeError, missing, Py_TYPE(manager)->tp_name);
        }
        Py_XDECREF(enter);
        Py_DECREF(manager);
        return OPS_RAISED;
    }
    slot[0] = exit;
    Py_DECREF(manager);
    PyObject *entered = PyObject_CallNoArgs(enter);
    Py_DECREF(enter);
    if (entered == NULL) {
        Py_DECREF(exit);
        return OPS_RAISED;
    }
    slot[1] = entered;
    return 0;
}

static int enter_any(PyThreadState *tstate, PyObject **slot)
{
    return enter_context(tstate, slot, &_Py_ID(__enter__), &_Py_ID(__exit__),
                         "'%.200s' object does not support the context manager protocol",
                         "'%.200s' object does not support the context manager protocol (missed __exit__ method)");
}

/* Notes the two functions of the manager's class, where both are plain Python functions. */
static bool learn_manager(PyTypeObject *class, struct with_cell *cell)
{
    if (cell->misses >= WITH_MOST_MISSES) {
        return false;
    }
    cell->misses++;
    PyObject *enter = _PyType_Lookup(class, &_Py_ID(__enter__));
    PyObject *exit = _PyType_Lookup(class, &_Py_ID(__exit__));
    if (enter == NULL || exit == NULL || !PyFunction_Check(enter) || !PyFunction_Check(exit) ||
        class->tp_version_tag == 0) {
        return false;
    }
    cell->type_version = class->tp_version_tag;
    cell->enter = enter;
    cell->exit = exit;
    return true;
}

int rt_before_with(PyThreadState *tstate, PyObject **slot, struct with_cell *cell)
{
    PyObject *manager = slot[0];
    PyTypeObject *class = Py_TYPE(manager);
    if (cell->type_version != class->tp_version_tag && !learn_manager(class, cell)) {
        return enter_any(tstate, slot);
    }
    PyObject *enter = cell->enter;
    /* On stock a bound method holds both during the call. */
    Py_INCREF(enter);
    Py_INCREF(manager);
    PyObject *exit = rt_bound_method(tstate, cell->exit, manager);
    if (exit == NULL) {
        Py_DECREF(enter);
        Py_DECREF(manager);
        return OPS_RAISED;
    }
    slot[0] = exit;
    call_note_callee(&cell->call, (PyFunctionObject *)enter);
    PyObject *arguments[2] = {NULL, manager};
    PyObject *entered = rt_call_borrowed(tstate, enter, arguments + 1, 1);
    Py_DECREF(enter);
    Py_DECREF(manager);
    if (entered == NULL) {
        Py_DECREF(exit);
        return OPS_RAISED;
    }
    slot[1] = entered;
    return 0;
}

HANDLER(BEFORE_WITH)
{
    return enter_any(tstate, sp - 1);
}

HANDLER(BEFORE_ASYNC_WITH)
{
    return enter_context(
        tstate, sp - 1, &_Py_ID(__aenter__), &_Py_ID(__aexit__),
        "'%.200s' object does not support the asynchronous context manager protocol",
        "'%.200s' object does not support the asynchronous context manager protocol (missed __aexit__ method)");
}

/* [exit, lasti, previous exception, exception] -> the same and exit(type, exception, traceback) */
HANDLER(WITH_EXCEPT_START)
{
    PyObject *exception = sp[-1];
    PyObject *traceback = PyException_GetTraceback(exception);
    PyObject *arguments[4] = {NULL, PyExceptionInstance_Class(exception), exception,
                              traceback != NULL ? traceback : Py_None};
    /* The exception keeps its traceback alive. */
    Py_XDECREF(traceback);
    PyObject *result = PyObject_Vectorcall(sp[-4], arguments + 1, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    sp[0] = result;
    return result == NULL ? OPS_RAISED : 0;
}
