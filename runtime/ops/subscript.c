/* runtime/ops/subscript.c: BINARY_SUBSCR and STORE_SUBSCR. */
#include "runtime/dict_lookup.h"
#include "runtime/ops/shared.h"
#include "runtime/ops/user_operators.h"
#include "runtime/plain.h"

/* The value of an exact int of at most one digit as an index into `length` items, negative ones counted from the
 * end; -1 when it is not such an int or out of range. */
static inline Py_ssize_t small_index(PyObject *key, Py_ssize_t length)
{
    Py_ssize_t size = Py_SIZE(key);
    if (!PyLong_CheckExact(key) || (size_t)(size + 1) > 2) {
        return -1;
    }
    Py_ssize_t index = size * (Py_ssize_t)((PyLongObject *)key)->ob_digit[0];
    index += index < 0 ? length : 0;
    return index < length ? index : -1;
}

__attribute__((noinline, cold)) static PyObject *missing_key(PyObject *dict, PyObject *key)
{
    if (!PyErr_Occurred()) {
        _PyErr_SetKeyError(key);
    }
    Py_DECREF(key);
    Py_DECREF(dict);
    return NULL;
}

/* The hash of an exact int: the number itself where it has one digit, but -2 for -1. (longobject.c, long_hash) */
static inline Py_hash_t int_hash(PyObject *number)
{
    Py_ssize_t size = Py_SIZE(number);
    if (UNLIKELY((size_t)(size + 1) > 2)) {
        return PyLong_Type.tp_hash(number);
    }
    Py_hash_t hash = size * (Py_hash_t)((PyLongObject *)number)->ob_digit[0];
    return hash == -1 ? -2 : hash;
}

/* dict[key] for an exact dict. Steals both. */
static inline PyObject *dict_subscript(PyObject *dict, PyObject *key)
{
    PyObject *value;
    if (PyUnicode_CheckExact(key) && DK_IS_UNICODE(((PyDictObject *)dict)->ma_keys)) {
        value = dict_get_string((PyDictObject *)dict, key);
    } else {
        value = PyLong_CheckExact(key) ? _PyDict_GetItem_KnownHash(dict, key, int_hash(key))
                                       : PyDict_GetItemWithError(dict, key);
    }
    if (UNLIKELY(value == NULL)) {
        return missing_key(dict, key);
    }
    Py_INCREF(value);
    rt_release(key);
    Py_DECREF(dict);
    return value;
}

/* The one-character string that CPython keeps for `character` below 256: a new reference. */
static inline PyObject *character(Py_UCS1 character)
{
    return Py_NewRef(character < 128 ? (PyObject *)&_Py_SINGLETON(strings).ascii[character]
                                     : (PyObject *)&_Py_SINGLETON(strings).latin1[character - 128]);
}

/* Steals both. */
__attribute__((noinline)) static PyObject *subscript_generally(PyObject *container, PyObject *key)
{
    PyObject *value = user_subscript(container, key);
    if (value != USER_ELSEWHERE) {
        return value;
    }
    value = PyObject_GetItem(container, key);
    Py_DECREF(container);
    Py_DECREF(key);
    return value;
}

PyObject *rt_subscript(PyObject *container, PyObject *key)
{
    PyTypeObject *type = Py_TYPE(container);
    PyObject *value;
    if (type == &PyList_Type) {
        Py_ssize_t index = small_index(key, PyList_GET_SIZE(container));
        if (LIKELY(index >= 0)) {
            value = Py_NewRef(PyList_GET_ITEM(container, index));
            rt_release(key);
            Py_DECREF(container);
            return value;
        }
    } else if (type == &PyDict_Type) {
        return dict_subscript(container, key);
    } else if (type == &PyTuple_Type) {
        Py_ssize_t index = small_index(key, PyTuple_GET_SIZE(container));
        if (LIKELY(index >= 0)) {
            value = Py_NewRef(PyTuple_GET_ITEM(container, index));
            rt_release(key);
            Py_DECREF(container);
            return value;
        }
    } else if (type == &PyUnicode_Type && ((PyASCIIObject *)container)->state.kind == PyUnicode_1BYTE_KIND) {
        /* A legacy string that is not ready has another kind (PyUnicode_WCHAR_KIND), so readiness needs no test of its own. */
        Py_ssize_t index = small_index(key, PyUnicode_GET_LENGTH(container));
        if (LIKELY(index >= 0)) {
            value = character(PyUnicode_1BYTE_DATA(container)[index]);
            rt_release(key);
            Py_DECREF(container);
            return value;
        }
    }
    return subscript_generally(container, key);
}

/* Steals all three. */
__attribute__((noinline)) static int store_generally(PyObject *container, PyObject *key, PyObject *value)
{
    int status = user_store_subscript(container, key, value);
    if (status == USER_ELSEWHERE_INT) {
        status = PyObject_SetItem(container, key, value);
    }
    Py_DECREF(value);
    Py_DECREF(container);
    Py_DECREF(key);
    return status;
}

int rt_store_subscript(PyObject *container, PyObject *key, PyObject *value)
{
    if (PyList_CheckExact(container)) {
        Py_ssize_t index = small_index(key, PyList_GET_SIZE(container));
        if (LIKELY(index >= 0)) {
            PyObject *old = PyList_GET_ITEM(container, index);
            PyList_SET_ITEM(container, index, value);
            rt_release(old);
            rt_release(key);
            Py_DECREF(container);
            return 0;
        }
    } else if (PyDict_CheckExact(container)) {
        PyDictObject *dict = (PyDictObject *)container;
        if (PyUnicode_CheckExact(key) && DK_IS_UNICODE(dict->ma_keys)) {
            Py_ssize_t index = dict_find_string(dict->ma_keys, key);
            if (index >= 0 && dict_value_at(dict, index) != NULL) {
                rt_release(dict_replace_at(dict, index, value));
                Py_DECREF(key);
                Py_DECREF(container);
                return 0;
            }
        }
        int status = PyDict_SetItem(container, key, value);
        Py_DECREF(value);
        Py_DECREF(key);
        Py_DECREF(container);
        return status;
    }
    return store_generally(container, key, value);
}

PyObject *rt_subscript_slice(PyObject *container, PyObject *start, PyObject *stop, long step, int owned)
{
    if (!(owned & PLAIN_OWNS_CONTAINER)) {
        Py_INCREF(container);
    }
    PyObject *slice = PySlice_New(start, stop, step == 0 ? NULL : (PyObject *)(runtime_data.small_int_zero + step));
    if (owned & PLAIN_OWNS_KEY) {
        Py_DECREF(start);
    }
    if (owned & PLAIN_OWNS_VALUE) {
        Py_DECREF(stop);
    }
    if (slice == NULL) {
        Py_DECREF(container);
        return NULL;
    }
    return subscript_generally(container, slice);
}

/* One bound of list[start:stop]; false where it is neither None nor a short int. */
static bool slice_bound(PyObject *bound, Py_ssize_t absent, Py_ssize_t *value)
{
    Py_ssize_t size = Py_SIZE(bound);
    bool is_short = PyLong_CheckExact(bound) && (size_t)(size + 1) <= 2;
    if (is_short) {
        *value = size * (Py_ssize_t)((PyLongObject *)bound)->ob_digit[0];
    } else {
        *value = absent;
    }
    return is_short || bound == Py_None;
}

int rt_store_slice(PyObject **operands)
{
    PyObject *value = operands[0];
    PyObject *container = operands[1];
    Py_ssize_t start, stop;
    if (PyList_CheckExact(container) && slice_bound(operands[2], 0, &start) &&
        slice_bound(operands[3], PY_SSIZE_T_MAX, &stop)) {
        PySlice_AdjustIndices(PyList_GET_SIZE(container), &start, &stop, 1);
        int status = PyList_SetSlice(container, start, stop, value);
        Py_DECREF(value);
        Py_DECREF(container);
        rt_release(operands[2]);
        rt_release(operands[3]);
        return status;
    }
    PyObject *slice = PySlice_New(operands[2], operands[3], NULL);
    Py_DECREF(operands[2]);
    Py_DECREF(operands[3]);
    if (slice == NULL) {
        Py_DECREF(value);
        Py_DECREF(container);
        return -1;
    }
    return store_generally(container, slice, value);
}
