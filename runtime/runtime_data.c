/* runtime/runtime_data.c: see runtime_data.h. */
#include "runtime/runtime_data.h"

#include "runtime/exceptions.h"
#include "runtime/instance.h"
#include "runtime/iterators.h"
#include "runtime/ops.h"
#include "runtime/trashcan.h"

#include "internal/pycore_floatobject.h"

#include <string.h>

struct runtime_data runtime_data;

static void fill_reserves(void);

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
    runtime_data.complex_type = &PyComplex_Type;
    runtime_data.bool_type = &PyBool_Type;
    runtime_data.str_type = &PyUnicode_Type;
    runtime_data.list_type = &PyList_Type;
    runtime_data.tuple_type = &PyTuple_Type;
    runtime_data.dict_type = &PyDict_Type;
    runtime_data.range_type = &PyRange_Type;
    runtime_data.range_iterator_type = &PyRangeIter_Type;
    runtime_data.list_iterator_type = &PyListIter_Type;
    runtime_data.tuple_iterator_type = &PyTupleIter_Type;
    runtime_data.generator_type = &PyGen_Type;
    runtime_data.coroutine_type = &PyCoro_Type;
    runtime_data.function_type = &PyFunction_Type;
    runtime_data.bytes_type = &PyBytes_Type;
    runtime_data.set_type = &PySet_Type;
    runtime_data.none_type = Py_TYPE(Py_None);
    runtime_data.module_type = &PyModule_Type;
    runtime_data.type_type = &PyType_Type;
    runtime_data.c_function_type = &PyCFunction_Type;
    runtime_data.enumerate_type = &PyEnum_Type;
    runtime_data.zip_type = &PyZip_Type;
    runtime_data.cell_type = &PyCell_Type;
    runtime_data.method_descriptor_type = &PyMethodDescr_Type;
    runtime_data.method_type = &PyMethod_Type;
    /* The dicts of static types hold these for good. */
    runtime_data.list_append = PyDict_GetItemString(PyList_Type.tp_dict, "append");
    runtime_data.tuple_new = PyDict_GetItemString(PyTuple_Type.tp_dict, "__new__");
    /* Of any class that a class statement made. */
    PyObject *class = PyObject_GetAttrString(tstate->interp->importlib, "ModuleSpec");
    if (class != NULL) {
        runtime_data.subtype_dealloc = ((PyTypeObject *)class)->tp_dealloc;
        Py_DECREF(class);
    } else {
        PyErr_Clear();
    }
    runtime_data.exception_dealloc = ((PyTypeObject *)PyExc_BaseException)->tp_dealloc;
    /* CPython keeps the function that calls bound methods to itself; any bound method names it. */
    PyObject *method = PyMethod_New(Py_None, Py_None);
    if (method != NULL) {
        runtime_data.method_vectorcall = ((PyMethodObject *)method)->vectorcall;
        Py_DECREF(method);
    }
    runtime_data.tracemalloc = &_Py_tracemalloc_config;
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
    fill_reserves();
}

void runtime_data_clear_free_lists(void)
{
    for (int length = 1; length <= INT_FREE_LISTS; length++) {
        struct int_free_list *list = &runtime_data.ints[length - 1];
        while (list->count > 0) {
            PyObject_Free(list->blocks[list->count--]);
        }
    }
    object_pool_clear(&runtime_data.functions);
    object_pool_clear(&runtime_data.cells);
    object_pool_clear(&runtime_data.methods);
    iterators_clear();
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

/* Templates go to C where a list is full: there has to be room left for them. */
enum { INT_FREE_LIST_FULL = INT_FREE_LIST_LIMIT * 3 / 4, INT_FREE_LIST_KEPT = INT_FREE_LIST_LIMIT / 2 };

/* What is left of rt_int_free, for a full list and for ints of other lengths; apart, because the usual case saves no registers. */
__attribute__((noinline)) static void free_int_memory(PyObject *object, size_t index)
{
    if (index < INT_FREE_LISTS) {
        struct int_free_list *list = &runtime_data.ints[index];
        while (list->count > INT_FREE_LIST_KEPT) {
            PyObject_Free(list->blocks[list->count--]);
        }
    }
    PyObject_Free(object);
}

void rt_int_free(PyObject *object)
{
    size_t index = (size_t)(Py_ABS(Py_SIZE(object)) - 1);
    if (LIKELY(index < INT_FREE_LISTS)) {
        struct int_free_list *list = &runtime_data.ints[index];
        if (LIKELY(list->count < INT_FREE_LIST_FULL)) {
            list->blocks[++list->count] = object;
            return;
        }
    }
    free_int_memory(object, index);
}

/* Where an exit needs numbers and there is no memory: enough of them to reach an operation that can say so. The ints have three digits. */
enum { RESERVE = 64 };
static PyObject *float_reserve[RESERVE];
static PyObject *int_reserve[RESERVE];

static void fill_reserves(void)
{
    for (int i = 0; i < RESERVE; i++) {
        if (float_reserve[i] == NULL) {
            float_reserve[i] = PyFloat_FromDouble(0.0);
        }
        if (int_reserve[i] == NULL) {
            int_reserve[i] = PyLong_FromUnsignedLongLong(UINT64_MAX);
        }
    }
    PyErr_Clear();
}

static PyObject *take_from(PyObject **reserve)
{
    for (int i = RESERVE - 1; i >= 0; i--) {
        PyObject *object = reserve[i];
        if (object != NULL) {
            reserve[i] = NULL;
            return object;
        }
    }
    Py_FatalError("pyjit: no memory for a number");
}

static PyObject *reserved_float(double value)
{
    PyObject *object = take_from(float_reserve);
    ((PyFloatObject *)object)->ob_fval = value;
    return object;
}

/* The digits above the highest that counts stay unused. */
static PyObject *reserved_int(int64_t value)
{
    PyObject *object = take_from(int_reserve);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    Py_ssize_t length = 0;
    for (; rest != 0; rest >>= PyLong_SHIFT) {
        ((PyLongObject *)object)->ob_digit[length++] = (digit)(rest & PyLong_MASK);
    }
    Py_SET_SIZE((PyVarObject *)object, value < 0 ? -length : length);
    return object;
}

void rt_box_float(PyObject **slot)
{
    double value;
    memcpy(&value, slot, sizeof value);
    if (LIKELY(runtime_data.floats->free_list != NULL)) {
        *slot = rt_float_new(value);
        return;
    }
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyObject *object = PyFloat_FromDouble(value);
    if (UNLIKELY(object == NULL)) {
        PyErr_Clear();
        object = reserved_float(value);
    } else if (UNLIKELY(float_reserve[RESERVE - 1] == NULL)) {
        fill_reserves();
    }
    *slot = object;
    PyErr_Restore(type, error, traceback);
}

void rt_box_int(PyObject **slot)
{
    int64_t value;
    memcpy(&value, slot, sizeof value);
    PyObject *type, *error, *traceback;
    PyErr_Fetch(&type, &error, &traceback);
    PyObject *object = rt_int_from_long(value);
    if (UNLIKELY(object == NULL)) {
        PyErr_Clear();
        object = reserved_int(value);
    } else if (UNLIKELY(int_reserve[RESERVE - 1] == NULL)) {
        fill_reserves();
    }
    *slot = object;
    PyErr_Restore(type, error, traceback);
}

void rt_unbox(PyObject **slot)
{
    PyObject *object = *slot;
    if (PyFloat_CheckExact(object)) {
        double value = PyFloat_AS_DOUBLE(object);
        memcpy(slot, &value, sizeof value);
    } else {
        int64_t value = PyLong_AsLongLong(object);
        memcpy(slot, &value, sizeof value);
    }
    Py_DECREF(object);
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

/* Takes a reference out of its field before dropping it, as Py_CLEAR does. */
static inline void clear_field(PyObject **field)
{
    PyObject *old = *field;
    if (old != NULL) {
        *field = NULL;
        rt_release(old);
    }
}

void rt_cell_free(PyObject *object)
{
    _PyObject_GC_UNTRACK(object);
    PyObject *content = ((PyCellObject *)object)->ob_ref;
    if (content != NULL) {
        rt_release(content);
    }
    object_pool_put(&runtime_data.cells, object);
}

/* (classobject.c, method_dealloc) */
void rt_method_free(PyObject *object)
{
    PyMethodObject *method = (PyMethodObject *)object;
    _PyObject_GC_UNTRACK(object);
    if (method->im_weakreflist != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    rt_release(method->im_func);
    if (method->im_self != NULL) {
        rt_release(method->im_self);
    }
    object_pool_put(&runtime_data.methods, object);
}

PyObject *rt_bound_method(PyThreadState *tstate, PyObject *function, PyObject *self)
{
    PyMethodObject *method = (PyMethodObject *)object_pool_take(&runtime_data.methods);
    if (method == NULL) {
        PyObject *made = PyMethod_New(function, self);
        if (made != NULL) {
            Py_DECREF(self);
        }
        return made;
    }
    method->im_func = Py_NewRef(function);
    method->im_self = self;
    method->im_weakreflist = NULL;
    method->vectorcall = runtime_data.method_vectorcall;
    object_track(tstate, (PyObject *)method);
    return (PyObject *)method;
}

/* (tupleobject.c, tupledealloc) */
void rt_tuple_free(PyThreadState *tstate, PyObject *object)
{
    Py_ssize_t size = Py_SIZE(object);
    struct _Py_tuple_state *lists = &runtime_data.interpreter->tuple;
    if (UNLIKELY((size_t)(size - 1) >= PyTuple_NFREELISTS || lists->numfree[size - 1] >= PyTuple_MAXFREELIST ||
                 trashcan_is_due(tstate))) {
        _Py_Dealloc(object);
        return;
    }
    if (_PyObject_GC_IS_TRACKED(object)) {
        _PyObject_GC_UNTRACK(object);
    }
    tstate->trash_delete_nesting++;
    PyObject **items = ((PyTupleObject *)object)->ob_item;
    for (Py_ssize_t index = size; --index >= 0;) {
        if (items[index] != NULL) {
            rt_release(items[index]);
        }
    }
    if (LIKELY(lists->numfree[size - 1] < PyTuple_MAXFREELIST)) {
        items[0] = (PyObject *)lists->free_list[size - 1];
        lists->free_list[size - 1] = (PyTupleObject *)object;
        lists->numfree[size - 1]++;
    } else {
        PyObject_GC_Del(object);
    }
    trashcan_end(tstate);
}

/* (funcobject.c, func_dealloc) */
void rt_function_free(PyObject *object)
{
    PyFunctionObject *function = (PyFunctionObject *)object;
    _PyObject_GC_UNTRACK(object);
    if (function->func_weakreflist != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    function->func_version = 0;
    clear_field(&function->func_globals);
    clear_field(&function->func_builtins);
    clear_field(&function->func_module);
    clear_field(&function->func_defaults);
    clear_field(&function->func_kwdefaults);
    clear_field(&function->func_doc);
    clear_field(&function->func_dict);
    clear_field(&function->func_closure);
    clear_field(&function->func_annotations);
    /* CPython puts the empty string in their place first; nobody can see the function any more. */
    rt_release(function->func_name);
    rt_release(function->func_qualname);
    rt_release(function->func_code);
    object_pool_put(&runtime_data.functions, object);
}

/* The types that rt_dealloc does not know itself. */
__attribute__((noinline)) static void dealloc_other(PyObject *object)
{
    if (!iterator_free(object)) {
        _Py_Dealloc(object);
    }
}

/* Jumps to what frees the type, and does nothing itself for which registers would have to be saved. */
void rt_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == &PyLong_Type) {
        rt_int_free(object);
    } else if (type == &PyFloat_Type) {
        rt_float_free(object);
    } else if (type == &PyTuple_Type) {
        rt_tuple_free(_PyThreadState_GET(), object);
    } else if (type == &PyFunction_Type) {
        rt_function_free(object);
    } else if (type == &PyCell_Type) {
        rt_cell_free(object);
    } else if (type == &PyMethod_Type) {
        rt_method_free(object);
    } else if (type->tp_flags & Py_TPFLAGS_BASE_EXC_SUBCLASS) {
        exception_dealloc(_PyThreadState_GET(), object);
    } else if (type->tp_dealloc == runtime_data.subtype_dealloc) {
        instance_dealloc(_PyThreadState_GET(), object);
    } else {
        dealloc_other(object);
    }
}
