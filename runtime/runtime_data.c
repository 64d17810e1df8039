/* runtime/runtime_data.c: see runtime_data.h. */
#include "runtime/runtime_data.h"

#include "runtime/ops.h"

#include "internal/pycore_floatobject.h"

struct runtime_data runtime_data;

/* The type of iter(object), which is static: CPython keeps the names of some to itself. Steals; NULL, without an exception, on failure. */
static PyTypeObject *iterator_type(PyObject *object, bool reversed)
{
    PyObject *iterator = object == NULL ? NULL
                         : reversed     ? PyObject_CallMethod(object, "__reversed__", NULL)
                                        : PyObject_GetIter(object);
    PyTypeObject *type = iterator == NULL ? NULL : Py_TYPE(iterator);
    Py_XDECREF(iterator);
    Py_XDECREF(object);
    PyErr_Clear();
    return type;
}

void runtime_data_init(PyThreadState *tstate)
{
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
    runtime_data.bytes_type = &PyBytes_Type;
    runtime_data.set_type = &PySet_Type;
    runtime_data.module_type = &PyModule_Type;
    runtime_data.type_type = &PyType_Type;
    runtime_data.c_function_type = &PyCFunction_Type;
    runtime_data.method_descriptor_type = &PyMethodDescr_Type;
    /* The dicts of static types hold these for good. */
    runtime_data.list_append = PyDict_GetItemString(PyList_Type.tp_dict, "append");
    runtime_data.builtins = tstate->interp->builtins;
    runtime_data.none = Py_None;
    runtime_data.true_object = Py_True;
    runtime_data.false_object = Py_False;
    runtime_data.small_int_zero = &_PyRuntime.global_objects.singletons.small_ints[_PY_NSMALLNEGINTS];
    runtime_data.ascii_iterator_type = iterator_type(PyUnicode_FromString("a"), false);
    runtime_data.set_iterator_type = iterator_type(PySet_New(NULL), false);
    runtime_data.list_reverse_iterator_type = iterator_type(PyList_New(0), true);
    runtime_data.interpreter = tstate->interp;
    runtime_data.collector = &tstate->interp->gc;
    runtime_data.ascii = &_Py_SINGLETON(strings).ascii[0]._ascii;
    runtime_data.latin1 = (PyASCIIObject *)&_Py_SINGLETON(strings).latin1[0];
    runtime_data.floats = &tstate->interp->float_state;
}

void runtime_data_clear_free_lists(void)
{
    for (int length = 1; length <= INT_FREE_LISTS; length++) {
        struct int_free_list *list = &runtime_data.ints[length - 1];
        while (list->count > 0) {
            PyObject_Free(list->blocks[list->count--]);
        }
    }
}

static inline bool is_small_int(int64_t value)
{
    return (uint64_t)value + _PY_NSMALLNEGINTS < _PY_NSMALLNEGINTS + _PY_NSMALLPOSINTS;
}

/* An int of `length` digits, which are still to be filled in, positive. NULL with MemoryError. */
static inline PyLongObject *new_int(int length)
{
    if (length <= INT_FREE_LISTS) {
        struct int_free_list *list = &runtime_data.ints[length - 1];
        PyLongObject *number = (PyLongObject *)list->blocks[list->count];
        if (number != NULL) {
            list->count--;
            ((PyObject *)number)->ob_refcnt = 1;
            Py_SET_SIZE((PyVarObject *)number, length);
            return number;
        }
    }
    return _PyLong_New(length);
}

PyObject *rt_int_from_long(long value)
{
    if (is_small_int(value)) {
        return Py_NewRef((PyObject *)(runtime_data.small_int_zero + value));
    }
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int length = magnitude >> PyLong_SHIFT == 0 ? 1 : 2;
    if (UNLIKELY(magnitude >> 2 * PyLong_SHIFT != 0)) {
        return rt_int_from_wide(value);
    }
    PyLongObject *number = new_int(length);
    if (UNLIKELY(number == NULL)) {
        return NULL;
    }
    number->ob_digit[0] = (digit)(magnitude & PyLong_MASK);
    if (length == 2) {
        number->ob_digit[1] = (digit)(magnitude >> PyLong_SHIFT);
    }
    if (value < 0) {
        Py_SET_SIZE((PyVarObject *)number, -length);
    }
    return (PyObject *)number;
}

PyObject *rt_int_from_wide(__int128 value)
{
    unsigned __int128 rest = value < 0 ? 0 - (unsigned __int128)value : (unsigned __int128)value;
    if (rest < _PY_NSMALLPOSINTS && is_small_int((int64_t)value)) {
        return Py_NewRef((PyObject *)(runtime_data.small_int_zero + (int64_t)value));
    }
    int length = rest >> 2 * PyLong_SHIFT == 0   ? (rest >> PyLong_SHIFT == 0 ? 1 : 2)
                 : rest >> 3 * PyLong_SHIFT == 0 ? 3
                 : rest >> 4 * PyLong_SHIFT == 0 ? 4
                                                 : 5;
    PyLongObject *number = new_int(length);
    if (number == NULL) {
        return NULL;
    }
    uint64_t low = (uint64_t)rest;
    number->ob_digit[0] = (digit)(low & PyLong_MASK);
    if (length > 1) {
        number->ob_digit[1] = (digit)(low >> PyLong_SHIFT & PyLong_MASK);
    }
    if (length > 2) {
        uint64_t high = (uint64_t)(rest >> (2 * PyLong_SHIFT));
        number->ob_digit[2] = (digit)(high & PyLong_MASK);
        if (length > 3) {
            number->ob_digit[3] = (digit)(high >> PyLong_SHIFT & PyLong_MASK);
        }
        if (length > 4) {
            number->ob_digit[4] = (digit)(rest >> (4 * PyLong_SHIFT));
        }
    }
    if (value < 0) {
        Py_SET_SIZE((PyVarObject *)number, -length);
    }
    return (PyObject *)number;
}

void rt_int_free(PyObject *object)
{
    Py_ssize_t length = Py_ABS(Py_SIZE(object));
    if ((size_t)(length - 1) < INT_FREE_LISTS) {
        struct int_free_list *list = &runtime_data.ints[length - 1];
        if (list->count < INT_FREE_LIST_LIMIT) {
            list->blocks[++list->count] = object;
            return;
        }
    }
    PyObject_Free(object);
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
