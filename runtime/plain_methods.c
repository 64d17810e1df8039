/* runtime/plain_methods.c: methods of built-in types, called without running code. See plain.h.
 *
 * Each finds what LOAD_METHOD and the arguments have left: slots[0] the method descriptor, slots[1] self, then the arguments, all
 * owned. It returns the result and has released them all, or NULL with nothing changed.
 */
#include "runtime/callees.h"
#include "runtime/ops.h"

/* Releases self first and the method last, as CALL does for a C function. `count` arguments. */
static inline void release_call(PyObject **slots, int count)
{
    rt_release(slots[1]);
    for (int i = 0; i < count; i++) {
        rt_release(slots[2 + i]);
    }
    Py_DECREF(slots[0]);
}

/* May self and the arguments be released without running code? Only what dies matters. */
static inline bool call_ends_plainly(PyObject **slots, int count)
{
    for (int i = 1; i < count + 2; i++) {
        if (!plain_release(slots[i])) {
            return false;
        }
    }
    return true;
}

/* dict.get(key, default=None) */
PyObject *plain_dict_get(PyObject **slots, int count)
{
    if (!PyDict_Check(slots[1]) || !call_ends_plainly(slots, count)) {
        return NULL;
    }
    Py_hash_t hash;
    Py_ssize_t index = plain_find((PyDictObject *)slots[1], slots[2], &hash);
    if (index == PLAIN_UNKNOWN) {
        return NULL;
    }
    PyObject *value = index < 0 ? NULL : plain_value_at((PyDictObject *)slots[1], index);
    if (value == NULL) {
        value = count == 2 ? slots[3] : Py_None;
    }
    Py_INCREF(value);
    release_call(slots, count);
    return value;
}

PyObject *rt_plain_get(PyObject *dict, PyObject *key, PyObject *absent)
{
    Py_hash_t hash;
    Py_ssize_t index = plain_find((PyDictObject *)dict, key, &hash);
    if (index == PLAIN_UNKNOWN) {
        return NULL;
    }
    PyObject *value = index < 0 ? NULL : plain_value_at((PyDictObject *)dict, index);
    return Py_NewRef(value == NULL ? absent : value);
}

/* dict.setdefault(key, default=None) */
PyObject *plain_dict_setdefault(PyObject **slots, int count)
{
    if (!PyDict_Check(slots[1]) || slots[1]->ob_refcnt == 1) {
        return NULL;
    }
    /* An argument that dies: the key, where the dict has an equal one; or the default, where it has a value. */
    if (!call_ends_plainly(slots, 1)) {
        return NULL;
    }
    PyDictObject *dict = (PyDictObject *)slots[1];
    Py_hash_t hash;
    Py_ssize_t index = plain_find(dict, slots[2], &hash);
    if (index == PLAIN_UNKNOWN) {
        return NULL;
    }
    PyObject *value = index < 0 ? NULL : plain_value_at(dict, index);
    if (value == NULL) {
        value = count == 2 ? slots[3] : Py_None;
        if (plain_insert(dict, slots[2], value, hash) < 0) {
            return NULL;
        }
    } else if (count == 2 && !plain_release(slots[3]) && !(PyList_CheckExact(slots[3]) && Py_SIZE(slots[3]) == 0) &&
               !(PyDict_CheckExact(slots[3]) && PyDict_GET_SIZE(slots[3]) == 0)) {
        return NULL;
    }
    Py_INCREF(value);
    release_call(slots, count);
    return value;
}

/* dict.pop(key[, default]) */
PyObject *plain_dict_pop(PyObject **slots, int count)
{
    if (!PyDict_CheckExact(slots[1]) || !call_ends_plainly(slots, count)) {
        return NULL;
    }
    Py_hash_t hash;
    Py_ssize_t index = plain_find((PyDictObject *)slots[1], slots[2], &hash);
    if (index == PLAIN_UNKNOWN || (index < 0 && count == 1)) {
        return NULL;
    }
    /* The key that goes is equal to a plain one. */
    PyObject *value = index < 0 ? Py_NewRef(slots[3]) : _PyDict_Pop(slots[1], slots[2], NULL);
    if (value == NULL) {
        PyErr_Clear();
        return NULL;
    }
    release_call(slots, count);
    return value;
}

/* A method of an exact type that runs no code, whichever it is, by its own function. */
static PyObject *call_method(PyObject **slots, int count)
{
    const PyMethodDef *definition = ((PyMethodDescrObject *)slots[0])->d_method;
    union {
        PyCFunction plain;
        _PyCFunctionFast fast;
        _PyCFunctionFastWithKeywords keywords;
    } function = {.plain = definition->ml_meth};
    PyObject *result = NULL;
    switch (definition->ml_flags) {
    case METH_NOARGS:
        result = count == 0 ? function.plain(slots[1], NULL) : NULL;
        break;
    case METH_O:
        result = count == 1 ? function.plain(slots[1], slots[2]) : NULL;
        break;
    case METH_FASTCALL:
        result = function.fast(slots[1], slots + 2, count);
        break;
    case METH_FASTCALL | METH_KEYWORDS:
        result = function.keywords(slots[1], slots + 2, count, NULL);
        break;
    case METH_VARARGS: {
        PyObject *arguments = PyTuple_New(count);
        for (int i = 0; arguments != NULL && i < count; i++) {
            PyTuple_SET_ITEM(arguments, i, Py_NewRef(slots[2 + i]));
        }
        result = arguments == NULL ? NULL : function.plain(slots[1], arguments);
        Py_XDECREF(arguments);
        break;
    }
    default:
        return NULL;
    }
    if (result == NULL) {
        PyErr_Clear(); /* the general call will raise it again */
        return NULL;
    }
    release_call(slots, count);
    return result;
}

/* dict.items(), .keys() and .values() */
PyObject *plain_dict_view(PyObject **slots, int count)
{
    return !PyDict_CheckExact(slots[1]) || slots[1]->ob_refcnt == 1 || plain_collection_is_due(1)
               ? NULL
               : call_method(slots, count);
}

/* list.append(item) */
PyObject *plain_list_append(PyObject **slots, int count)
{
    return !PyList_CheckExact(slots[1]) || slots[1]->ob_refcnt == 1 ? NULL : call_method(slots, count);
}

/* list.pop(): as long as the list keeps its memory. (listobject.c, list_pop_impl, list_resize) */
PyObject *plain_list_pop(PyObject **slots, int count)
{
    PyListObject *list = (PyListObject *)slots[1];
    if (!PyList_Check(list) || slots[1]->ob_refcnt == 1 || Py_SIZE(list) == 0) {
        return NULL;
    }
    Py_ssize_t size = Py_SIZE(list) - 1;
    if (size < list->allocated >> 1 || size == 0) {
        return call_method(slots, count);
    }
    PyObject *item = list->ob_item[size];
    Py_SET_SIZE(list, size);
    release_call(slots, count);
    return item;
}

/* list.pop(int) */
PyObject *plain_list_pop_at(PyObject **slots, int count)
{
    return !PyList_CheckExact(slots[1]) || slots[1]->ob_refcnt == 1 || !PyLong_CheckExact(slots[2])
               ? NULL
               : call_method(slots, count);
}

/* list.extend(list or tuple) */
PyObject *plain_list_extend(PyObject **slots, int count)
{
    PyObject *items = slots[2];
    if (!PyList_CheckExact(slots[1]) || slots[1]->ob_refcnt == 1 ||
        !(PyList_CheckExact(items) || PyTuple_CheckExact(items))) {
        return NULL;
    }
    /* Should it die, its items live on in the list. */
    return call_method(slots, count);
}

/* list.insert(short int, item) */
PyObject *plain_list_insert(PyObject **slots, int count)
{
    return !PyList_CheckExact(slots[1]) || slots[1]->ob_refcnt == 1 || !PyLong_CheckExact(slots[2])
               ? NULL
               : call_method(slots, count);
}

/* list.reverse() */
PyObject *plain_list_reverse(PyObject **slots, int count)
{
    return !PyList_CheckExact(slots[1]) || slots[1]->ob_refcnt == 1 ? NULL : call_method(slots, count);
}

/* list.sort() of strings, or of numbers that are exactly int or float */
PyObject *plain_list_sort(PyObject **slots, int count)
{
    PyObject *list = slots[1];
    if (!PyList_CheckExact(list) || list->ob_refcnt == 1) {
        return NULL;
    }
    bool strings = true;
    bool numbers = true;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && (strings || numbers); i++) {
        PyObject *item = PyList_GET_ITEM(list, i);
        strings &= PyUnicode_CheckExact(item);
        numbers &= PyLong_CheckExact(item) || PyFloat_CheckExact(item);
    }
    return strings || numbers ? call_method(slots, count) : NULL;
}

/* set.add(item) */
PyObject *plain_set_add_method(PyObject **slots, int count)
{
    if (!call_ends_plainly(slots, count) || rt_plain_set_add(slots[1], slots[2], 0) < 0) {
        return NULL;
    }
    release_call(slots, count);
    return Py_NewRef(Py_None);
}

/* set.discard(item), and set.remove(item) where it is there. */
static PyObject *discard(PyObject **slots, bool wanted)
{
    Py_hash_t hash;
    if (!Py_IS_TYPE(slots[1], &PySet_Type) || !call_ends_plainly(slots, 1)) {
        return NULL;
    }
    int found = plain_set_find((PySetObject *)slots[1], slots[2], &hash);
    if (found < 0 || (wanted && !found)) {
        return NULL;
    }
    /* The set's own key is equal to a plain one: it dies plainly, or it is the argument itself. */
    if (found && PySet_Discard(slots[1], slots[2]) < 0) {
        PyErr_Clear();
        return NULL;
    }
    release_call(slots, 1);
    return Py_NewRef(Py_None);
}

PyObject *plain_set_discard(PyObject **slots, __attribute__((unused)) int count)
{
    return discard(slots, false);
}

PyObject *plain_set_remove(PyObject **slots, __attribute__((unused)) int count)
{
    return discard(slots, true);
}

/* str.startswith(str), str.endswith(str) */
static PyObject *match(PyObject **slots, int direction)
{
    PyObject *text = slots[1], *part = slots[2];
    if (!PyUnicode_CheckExact(text) || !PyUnicode_CheckExact(part)) {
        return NULL;
    }
    Py_ssize_t matches = PyUnicode_Tailmatch(text, part, 0, PY_SSIZE_T_MAX, direction);
    if (matches < 0) {
        PyErr_Clear();
        return NULL;
    }
    release_call(slots, 1);
    return Py_NewRef(matches ? Py_True : Py_False);
}

PyObject *plain_str_startswith(PyObject **slots, __attribute__((unused)) int count)
{
    return match(slots, -1);
}

PyObject *plain_str_endswith(PyObject **slots, __attribute__((unused)) int count)
{
    return match(slots, 1);
}

/* str.join(list or tuple) */
PyObject *plain_str_join(PyObject **slots, int count)
{
    PyObject *parts = slots[2];
    if (!PyUnicode_CheckExact(slots[1]) || (!PyList_CheckExact(parts) && !PyTuple_CheckExact(parts))) {
        return NULL;
    }
    if (parts->ob_refcnt == 1) {
        for (Py_ssize_t i = 0; i < Py_SIZE(parts); i++) {
            if (!PyUnicode_CheckExact(PySequence_Fast_ITEMS(parts)[i])) {
                return NULL;
            }
        }
    }
    PyObject *result = PyUnicode_Join(slots[1], parts);
    if (result == NULL) {
        PyErr_Clear();
        return NULL;
    }
    release_call(slots, count);
    return result;
}

/* A method of str whose arguments are str, int or None. What it makes are at most a list or tuple, and strings. */
PyObject *plain_text_method(PyObject **slots, int count)
{
    enum { MOST_CONTAINERS_MADE = 2 };
    if (!PyUnicode_CheckExact(slots[1]) || plain_collection_is_due(MOST_CONTAINERS_MADE)) {
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        PyObject *argument = slots[2 + i];
        if (!PyUnicode_CheckExact(argument) && !PyLong_CheckExact(argument) && argument != Py_None) {
            return NULL;
        }
    }
    return call_method(slots, count);
}
