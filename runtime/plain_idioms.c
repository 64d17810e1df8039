/* runtime/plain_idioms.c: what programs do with dicts in several instructions, done in one look-up, where it runs no code. See plain.h. */
#include "runtime/ops.h"
#include "runtime/plain.h"

static inline bool is_short_int(PyObject *object)
{
    return PyLong_CheckExact(object) && (size_t)(Py_SIZE(object) + 1) <= 2;
}

static inline long short_int(PyObject *object)
{
    return Py_SIZE(object) * (long)((PyLongObject *)object)->ob_digit[0];
}

/* value + operand, or value - operand, of two short ints or two floats. Where `owned`, the value is nobody else's and may become the
 * result. NULL for others, or without memory, no exception set. */
static inline PyObject *add(PyObject *value, PyObject *operand, bool subtract, bool owned)
{
    if (is_short_int(value) && is_short_int(operand)) {
        long number = short_int(operand);
        long sum = short_int(value) + (subtract ? -number : number);
        unsigned long magnitude = sum < 0 ? -(unsigned long)sum : (unsigned long)sum;
        if (owned && magnitude <= PyLong_MASK && (sum >= _PY_NSMALLPOSINTS || sum < -_PY_NSMALLNEGINTS)) {
            ((PyLongObject *)value)->ob_digit[0] = (digit)magnitude;
            Py_SET_SIZE((PyVarObject *)value, sum < 0 ? -1 : 1);
            return value;
        }
        PyObject *result = rt_int_from_long(sum);
        if (result == NULL) {
            PyErr_Clear();
        }
        return result;
    }
    if (PyFloat_CheckExact(value) && PyFloat_CheckExact(operand)) {
        double number = PyFloat_AS_DOUBLE(operand);
        double sum = subtract ? PyFloat_AS_DOUBLE(value) - number : PyFloat_AS_DOUBLE(value) + number;
        if (owned) {
            ((PyFloatObject *)value)->ob_fval = sum;
            return value;
        }
        PyObject *result = rt_float_new(sum);
        if (result == NULL) {
            PyErr_Clear();
        }
        return result;
    }
    return NULL;
}

/* Adds to the value at a place that holds the only reference a container has to it. */
static inline bool add_at(PyObject **place, PyObject *operand, bool subtract)
{
    PyObject *old = *place;
    PyObject *sum = add(old, operand, subtract, old->ob_refcnt == 1 && old != operand);
    if (sum == NULL) {
        return false;
    }
    if (sum != old) {
        *place = sum;
        rt_release(old); /* an int or a float */
    }
    return true;
}

/* Where a dict keeps the value of an entry. */
static inline PyObject **place_at(PyDictObject *dict, Py_ssize_t index)
{
    PyDictKeysObject *keys = dict->ma_keys;
    return dict->ma_values != NULL ? &dict->ma_values->values[index]
           : DK_IS_UNICODE(keys)   ? &DK_UNICODE_ENTRIES(keys)[index].me_value
                                   : &DK_ENTRIES(keys)[index].me_value;
}

static inline bool add_to_entry(PyDictObject *dict, Py_ssize_t index, PyObject *operand, bool subtract)
{
    PyObject **place = place_at(dict, index);
    if (*place == NULL || !add_at(place, operand, subtract)) {
        return false;
    }
    dict->ma_version_tag = cpython_new_dict_version();
    return true;
}

int rt_plain_count(PyObject *container, PyObject *key, PyObject *absent, PyObject *operand)
{
    if (UNLIKELY(Py_TYPE(container) != &PyDict_Type)) {
        return 0;
    }
    PyDictObject *dict = (PyDictObject *)container;
    Py_hash_t hash;
    Py_ssize_t index = plain_find(dict, key, &hash);
    if (LIKELY(index >= 0)) {
        return add_to_entry(dict, index, operand, false);
    }
    if (index == PLAIN_UNKNOWN) {
        return 0;
    }
    PyObject *sum = add(absent, operand, false, false);
    if (sum == NULL) {
        return 0;
    }
    int status = plain_insert(dict, key, sum, hash);
    rt_release(sum);
    return status == 0;
}

int rt_plain_augment(PyObject *container, PyObject *key, PyObject *operand, int subtract)
{
    const PyTypeObject *type = Py_TYPE(container);
    if (type == &PyList_Type) {
        Py_ssize_t length = PyList_GET_SIZE(container);
        if (!is_short_int(key)) {
            return 0;
        }
        Py_ssize_t index = short_int(key);
        index += index < 0 ? length : 0;
        return (size_t)index < (size_t)length &&
               add_at(&((PyListObject *)container)->ob_item[index], operand, subtract);
    }
    const PyMappingMethods *mapping = type->tp_as_mapping;
    if (type != &PyDict_Type && (!(type->tp_flags & Py_TPFLAGS_DICT_SUBCLASS) || mapping == NULL ||
                                 mapping->mp_subscript != PyDict_Type.tp_as_mapping->mp_subscript ||
                                 mapping->mp_ass_subscript != PyDict_Type.tp_as_mapping->mp_ass_subscript)) {
        return 0;
    }
    Py_hash_t hash;
    Py_ssize_t index = plain_find((PyDictObject *)container, key, &hash);
    return index >= 0 && add_to_entry((PyDictObject *)container, index, operand, subtract);
}

int rt_plain_append_at(PyObject *container, PyObject *key, PyObject *item)
{
    if (UNLIKELY(Py_TYPE(container) != &PyDict_Type)) {
        return 0;
    }
    PyDictObject *dict = (PyDictObject *)container;
    Py_hash_t hash;
    Py_ssize_t index = plain_find(dict, key, &hash);
    PyObject *list = index >= 0 ? *place_at(dict, index) : NULL;
    if (list != NULL) {
        if (!PyList_CheckExact(list)) {
            return 0;
        }
        if (PyList_Append(list, item) < 0) {
            PyErr_Clear();
            return 0;
        }
        return 1;
    }
    if (index == PLAIN_UNKNOWN) {
        return 0;
    }
    PyObject *items[] = {item};
    list = rt_plain_list(items, 1);
    if (list == NULL) {
        return 0;
    }
    Py_INCREF(item);
    int status = plain_insert(dict, key, list, hash);
    Py_DECREF(list);
    return status == 0;
}
