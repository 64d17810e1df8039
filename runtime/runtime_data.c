/* runtime/runtime_data.c: see runtime_data.h. */
#include "runtime/runtime_data.h"

#include "runtime/ops.h"

#include "internal/pycore_floatobject.h"

struct runtime_data runtime_data;

void runtime_data_init(PyThreadState *tstate)
{
    runtime_data.code_epoch = 1; /* 0 is what cells start with */
    runtime_data.int_type = &PyLong_Type;
    runtime_data.float_type = &PyFloat_Type;
    runtime_data.bool_type = &PyBool_Type;
    runtime_data.str_type = &PyUnicode_Type;
    runtime_data.list_type = &PyList_Type;
    runtime_data.tuple_type = &PyTuple_Type;
    runtime_data.dict_type = &PyDict_Type;
    runtime_data.range_iterator_type = &PyRangeIter_Type;
    runtime_data.list_iterator_type = &PyListIter_Type;
    runtime_data.tuple_iterator_type = &PyTupleIter_Type;
    runtime_data.generator_type = &PyGen_Type;
    runtime_data.coroutine_type = &PyCoro_Type;
    runtime_data.function_type = &PyFunction_Type;
    runtime_data.none = Py_None;
    runtime_data.true_object = Py_True;
    runtime_data.false_object = Py_False;
    runtime_data.small_int_zero = &_PyRuntime.global_objects.singletons.small_ints[_PY_NSMALLNEGINTS];
    runtime_data.floats = &tstate->interp->float_state;
}

void runtime_data_clear_free_lists(void)
{
    PyObject *object = runtime_data.ints.head;
    while (object != NULL) {
        PyObject *next = (PyObject *)object->ob_type;
        PyObject_Free(object);
        object = next;
    }
    runtime_data.ints = (struct int_free_list){NULL, 0};
}

PyObject *rt_int_from_long(long value)
{
    if ((unsigned long)(value + _PY_NSMALLNEGINTS) < _PY_NSMALLNEGINTS + _PY_NSMALLPOSINTS) {
        return Py_NewRef((PyObject *)(runtime_data.small_int_zero + value));
    }
    unsigned long magnitude = value < 0 ? 0 - (unsigned long)value : (unsigned long)value;
    PyObject *object = runtime_data.ints.head;
    if (object == NULL || magnitude > PyLong_MASK) {
        return PyLong_FromLong(value);
    }
    runtime_data.ints.head = (PyObject *)object->ob_type;
    runtime_data.ints.count--;
    object->ob_type = &PyLong_Type;
    Py_SET_SIZE((PyVarObject *)object, value < 0 ? -1 : 1);
    ((PyLongObject *)object)->ob_digit[0] = (digit)magnitude;
    object->ob_refcnt = 1;
    return object;
}

void rt_int_free(PyObject *object)
{
    size_t size_plus_one = (size_t)(Py_SIZE(object) + 1);
    if (size_plus_one <= 2 && runtime_data.ints.count < INT_FREE_LIST_LIMIT) {
        object->ob_type = (PyTypeObject *)runtime_data.ints.head;
        runtime_data.ints.head = object;
        runtime_data.ints.count++;
    } else {
        PyObject_Free(object);
    }
}

PyObject *rt_float_new(double value)
{
    struct _Py_float_state *floats = runtime_data.floats;
    PyFloatObject *object = floats->free_list;
    if (object == NULL) {
        return PyFloat_FromDouble(value);
    }
    floats->free_list = (PyFloatObject *)Py_TYPE(object);
    floats->numfree--;
    ((PyObject *)object)->ob_type = &PyFloat_Type;
    object->ob_fval = value;
    ((PyObject *)object)->ob_refcnt = 1;
    return (PyObject *)object;
}

void rt_float_free(PyObject *object)
{
    struct _Py_float_state *floats = runtime_data.floats;
    if (floats->numfree >= PyFloat_MAXFREELIST) {
        PyObject_Free(object);
        return;
    }
    floats->numfree++;
    object->ob_type = (PyTypeObject *)floats->free_list;
    floats->free_list = (PyFloatObject *)object;
}

void rt_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyLong_Type) {
        rt_int_free(object);
    } else if (type == &PyFloat_Type) {
        rt_float_free(object);
    } else {
        _Py_Dealloc(object);
    }
}
