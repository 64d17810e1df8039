/* runtime/c_calls.c: see c_calls.h. */
#include "runtime/c_calls.h"

#include "runtime/runtime_data.h"

#include <math.h>

void rt_c_call_failed(PyThreadState *tstate, PyObject **slot, int nargs)
{
    PyObject *callable = slot[0] != NULL ? slot[0] : slot[1];
    if (!_PyErr_Occurred(tstate)) {
        _Py_CheckFunctionResult(tstate, callable, NULL, NULL);
    }
    if (slot[0] != NULL) {
        Py_DECREF(slot[1]);
    }
    rt_release_many(slot + 2, nargs);
    Py_DECREF(callable);
}

void rt_release_many(PyObject **references, int count)
{
    for (int index = 0; index < count; index++) {
        Py_DECREF(references[index]);
    }
}

int rt_is_subtype(PyTypeObject *type, PyTypeObject *other)
{
    return PyType_IsSubtype(type, other);
}

/* For a class whose metaclass is type itself. -1 where `object` may answer for its class by itself. */
static int is_instance_of_class(PyObject *object, PyTypeObject *class)
{
    PyTypeObject *type = Py_TYPE(object);
    if (PyType_IsSubtype(type, class)) {
        return 1;
    }
    /* Stock goes on with object.__class__, which may differ (mock, proxies). The plain one is a data descriptor: the
     * instance's dict does not come into it. */
    if (type->tp_getattro == PyObject_GenericGetAttr &&
        _PyType_Lookup(type, &_Py_ID(__class__)) == _PyType_Lookup(&PyBaseObject_Type, &_Py_ID(__class__))) {
        return 0;
    }
    return -1;
}

int rt_isinstance(PyThreadState *tstate, PyObject *object, PyObject *class)
{
    if (Py_IS_TYPE(object, (PyTypeObject *)class)) {
        return 1;
    }
    if (PyType_CheckExact(class)) {
        return is_instance_of_class(object, (PyTypeObject *)class);
    }
    /* For a tuple stock enters a level of recursion. */
    if (!PyTuple_CheckExact(class) || tstate->recursion_remaining <= 0) {
        return -1;
    }
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(class); index++) {
        PyObject *item = PyTuple_GET_ITEM(class, index);
        if (Py_IS_TYPE(object, (PyTypeObject *)item)) {
            return 1;
        }
        int answer = PyType_CheckExact(item) ? is_instance_of_class(object, (PyTypeObject *)item) : -1;
        if (answer != 0) {
            return answer;
        }
    }
    return 0;
}

int rt_list_grow(PyObject *list, PyObject *item)
{
    int status = PyList_Append(list, item);
    Py_DECREF(item);
    return status;
}

PyObject *rt_character(long code_point)
{
    return PyUnicode_FromOrdinal((int)code_point);
}

long rt_code_point(PyObject *character)
{
    return (long)PyUnicode_READ_CHAR(character, 0);
}

PyObject *rt_absolute_float(PyObject *number)
{
    return rt_float_new(fabs(PyFloat_AS_DOUBLE(number)));
}

PyObject *rt_str(PyObject *object)
{
    return PyObject_Str(object);
}
