/* runtime/plain_methods.c: methods of built-in types, called without running code. See plain.h.
 *
 * Each finds what LOAD_METHOD and the arguments have left: slots[0] the method descriptor, slots[1] self, then the arguments, all
 * owned. It returns the result and has released them all, or NULL with nothing changed.
 */
#include "runtime/ops.h"
#include "runtime/plain.h"

#include <string.h>

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
static PyObject *plain_dict_get(PyObject **slots, int count)
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

/* dict.setdefault(key, default=None) */
static PyObject *plain_dict_setdefault(PyObject **slots, int count)
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

/* list.pop(): as long as the list keeps its memory. (listobject.c, list_pop_impl, list_resize) */
static PyObject *plain_list_pop(PyObject **slots, int count)
{
    PyListObject *list = (PyListObject *)slots[1];
    if (!PyList_Check(list) || slots[1]->ob_refcnt == 1) {
        return NULL;
    }
    Py_ssize_t size = Py_SIZE(list) - 1;
    if (size < 1 || size < list->allocated >> 1) {
        return NULL;
    }
    PyObject *item = list->ob_item[size];
    Py_SET_SIZE(list, size);
    release_call(slots, count);
    return item;
}

/* set.add(item) */
static PyObject *plain_set_add_method(PyObject **slots, int count)
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

static PyObject *plain_set_discard(PyObject **slots, __attribute__((unused)) int count)
{
    return discard(slots, false);
}

static PyObject *plain_set_remove(PyObject **slots, __attribute__((unused)) int count)
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

static PyObject *plain_str_startswith(PyObject **slots, __attribute__((unused)) int count)
{
    return match(slots, -1);
}

static PyObject *plain_str_endswith(PyObject **slots, __attribute__((unused)) int count)
{
    return match(slots, 1);
}

/* str.join(list or tuple) */
static PyObject *plain_str_join(PyObject **slots, int count)
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

plain_method_function plain_method(PyObject *descriptor, int count)
{
    static const struct {
        PyTypeObject *type;
        const char *name;
        int fewest, most;
        plain_method_function function;
    } known[] = {
        {&PyDict_Type, "get", 1, 2, plain_dict_get},
        {&PyDict_Type, "setdefault", 1, 2, plain_dict_setdefault},
        {&PyList_Type, "pop", 0, 0, plain_list_pop},
        {&PySet_Type, "add", 1, 1, plain_set_add_method},
        {&PySet_Type, "discard", 1, 1, plain_set_discard},
        {&PySet_Type, "remove", 1, 1, plain_set_remove},
        {&PyUnicode_Type, "startswith", 1, 1, plain_str_startswith},
        {&PyUnicode_Type, "endswith", 1, 1, plain_str_endswith},
        {&PyUnicode_Type, "join", 1, 1, plain_str_join},
    };
    if (!Py_IS_TYPE(descriptor, &PyMethodDescr_Type)) {
        return NULL;
    }
    const char *name = ((PyMethodDescrObject *)descriptor)->d_method->ml_name;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].type == PyDescr_TYPE(descriptor) && strcmp(known[i].name, name) == 0 &&
            count >= known[i].fewest && count <= known[i].most) {
            return known[i].function;
        }
    }
    return NULL;
}
