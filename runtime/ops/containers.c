/* runtime/ops/containers.c: displays and comprehensions, unpacking, slices, f-strings.
 *
 * Where a handler works on a container deeper in the stack, oparg counts from the top as it is once the
 * handler's own operands are gone.
 */
#include "runtime/ops/shared.h"

/* ---- Building from operands --------------------------------------------------------------------- */

static void release(PyObject **from, PyObject **end)
{
    while (end > from) {
        Py_DECREF(*--end);
    }
}

HANDLER(BUILD_TUPLE)
{
    PyObject **items = sp - oparg;
    PyObject *tuple = PyTuple_New(oparg);
    if (tuple == NULL) {
        release(items, sp);
        return OPS_RAISED;
    }
    for (int i = 0; i < oparg; i++) {
        PyTuple_SET_ITEM(tuple, i, items[i]);
    }
    items[0] = tuple;
    return 0;
}

HANDLER(BUILD_LIST)
{
    PyObject **items = sp - oparg;
    PyObject *list = PyList_New(oparg);
    if (list == NULL) {
        release(items, sp);
        return OPS_RAISED;
    }
    for (int i = 0; i < oparg; i++) {
        PyList_SET_ITEM(list, i, items[i]);
    }
    items[0] = list;
    return 0;
}

HANDLER(BUILD_SET)
{
    PyObject **items = sp - oparg;
    PyObject *set = PySet_New(NULL);
    if (set == NULL) {
        release(items, sp);
        return OPS_RAISED;
    }
    int failed = 0;
    for (int i = 0; i < oparg; i++) {
        if (!failed) {
            failed = PySet_Add(set, items[i]);
        }
        Py_DECREF(items[i]);
    }
    if (failed) {
        Py_DECREF(set);
        return OPS_RAISED;
    }
    items[0] = set;
    return 0;
}

/* A dict of `count` items; keys and values stand `key_step` and `value_step` apart. Steals nothing. */
static PyObject *dict_from_items(PyObject **keys, int key_step, PyObject **values, int value_step, int count)
{
    bool only_strings = true;
    for (int i = 0; i < count && only_strings; i++) {
        only_strings = PyUnicode_CheckExact(keys[i * key_step]);
    }
    /* A dict presized through the API has no compact form for string keys; one that grows by itself ends
     * with the very size stock gives it. */
    PyObject *dict = only_strings ? PyDict_New() : _PyDict_NewPresized(count);
    if (dict == NULL) {
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        if (PyDict_SetItem(dict, keys[i * key_step], values[i * value_step]) < 0) {
            Py_DECREF(dict);
            return NULL;
        }
    }
    return dict;
}

/* [key, value, key, value, ...] -> [dict] */
HANDLER(BUILD_MAP)
{
    PyObject **items = sp - 2 * oparg;
    PyObject *dict = dict_from_items(items, 2, items + 1, 2, oparg);
    release(items, sp);
    items[0] = dict;
    return dict == NULL ? OPS_RAISED : 0;
}

/* [value, value, ..., tuple of keys] -> [dict] */
HANDLER(BUILD_CONST_KEY_MAP)
{
    PyObject **values = sp - oparg - 1;
    PyObject *keys = sp[-1];
    PyObject *dict = NULL;
    if (!PyTuple_CheckExact(keys) || PyTuple_GET_SIZE(keys) != oparg) {
        _PyErr_SetString(tstate, PyExc_SystemError, "bad BUILD_CONST_KEY_MAP keys argument");
    } else {
        dict = dict_from_items(((PyTupleObject *)keys)->ob_item, 1, values, 1, oparg);
    }
    release(values, sp);
    values[0] = dict;
    return dict == NULL ? OPS_RAISED : 0;
}

/* [start, stop] or [start, stop, step] -> [slice] */
HANDLER(BUILD_SLICE)
{
    PyObject **parts = sp - oparg;
    PyObject *slice = PySlice_New(parts[0], parts[1], oparg == 3 ? parts[2] : NULL);
    for (int i = 0; i < oparg; i++) {
        Py_DECREF(parts[i]);
    }
    parts[0] = slice;
    return slice == NULL ? OPS_RAISED : 0;
}

/* ---- Adding to what is being built -------------------------------------------------------------- */

HANDLER(LIST_APPEND)
{
    PyListObject *list = (PyListObject *)sp[-1 - oparg];
    PyObject *value = sp[-1];
    Py_ssize_t size = PyList_GET_SIZE(list);
    if (LIKELY(size < list->allocated)) {
        PyList_SET_ITEM(list, size, value);
        Py_SET_SIZE(list, size + 1);
        return 0;
    }
    int failed = PyList_Append((PyObject *)list, value);
    Py_DECREF(value);
    return failed ? OPS_RAISED : 0;
}

HANDLER(SET_ADD)
{
    PyObject *value = sp[-1];
    int failed = PySet_Add(sp[-1 - oparg], value);
    Py_DECREF(value);
    return failed ? OPS_RAISED : 0;
}

/* [key, value] -> [] */
HANDLER(MAP_ADD)
{
    PyObject *key = sp[-2];
    PyObject *value = sp[-1];
    int failed = PyDict_SetItem(sp[-2 - oparg], key, value);
    Py_DECREF(key);
    Py_DECREF(value);
    return failed ? OPS_RAISED : 0;
}

/* `[*iterable]`, and `f(*iterable)` with other arguments around it. */
HANDLER(LIST_EXTEND)
{
    PyObject *iterable = sp[-1];
    PyObject *none = _PyList_Extend((PyListObject *)sp[-1 - oparg], iterable);
    if (none == NULL) {
        if (_PyErr_ExceptionMatches(tstate, PyExc_TypeError) && Py_TYPE(iterable)->tp_iter == NULL &&
            !PySequence_Check(iterable)) {
            _PyErr_Clear(tstate);
            _PyErr_Format(tstate, PyExc_TypeError, "Value after * must be an iterable, not %.200s",
                          Py_TYPE(iterable)->tp_name);
        }
        Py_DECREF(iterable);
        return OPS_RAISED;
    }
    Py_DECREF(none);
    Py_DECREF(iterable);
    return 0;
}

HANDLER(LIST_TO_TUPLE)
{
    PyObject *list = sp[-1];
    PyObject *tuple = PyList_AsTuple(list);
    Py_DECREF(list);
    sp[-1] = tuple;
    return tuple == NULL ? OPS_RAISED : 0;
}

HANDLER(SET_UPDATE)
{
    PyObject *iterable = sp[-1];
    int failed = _PySet_Update(sp[-1 - oparg], iterable);
    Py_DECREF(iterable);
    return failed < 0 ? OPS_RAISED : 0;
}

/* `{**mapping}`; DICT_MERGE, for `f(**mapping)`, is in functions.c. */
HANDLER(DICT_UPDATE)
{
    PyObject *update = sp[-1];
    int failed = PyDict_Update(sp[-1 - oparg], update);
    if (failed < 0 && _PyErr_ExceptionMatches(tstate, PyExc_AttributeError)) {
        _PyErr_Format(tstate, PyExc_TypeError, "'%.200s' object is not a mapping", Py_TYPE(update)->tp_name);
    }
    Py_DECREF(update);
    return failed < 0 ? OPS_RAISED : 0;
}

/* ---- Unpacking ---------------------------------------------------------------------------------- */

/* An iterator over what is being unpacked, or NULL with an exception set. */
static PyObject *iterator_to_unpack(PyThreadState *tstate, PyObject *iterable)
{
    PyObject *iterator = PyObject_GetIter(iterable);
    if (iterator == NULL && _PyErr_ExceptionMatches(tstate, PyExc_TypeError) && Py_TYPE(iterable)->tp_iter == NULL &&
        !PySequence_Check(iterable)) {
        _PyErr_Format(tstate, PyExc_TypeError, "cannot unpack non-iterable %.200s object",
                      Py_TYPE(iterable)->tp_name);
    }
    return iterator;
}

/* Takes `count` values from the iterator, the first to top[-1], the next below it. Returns how many came; fewer
 * than `count` with an exception set, or without at the end of the iterator. */
static int take_values(PyObject *iterator, int count, PyObject **top)
{
    for (int i = 0; i < count; i++) {
        PyObject *value = PyIter_Next(iterator);
        if (value == NULL) {
            return i;
        }
        top[-1 - i] = value;
    }
    return count;
}

/* Unpacks into exactly `count` slots below `top`. 0 or -1, all references released then. (ceval.c, unpack_iterable) */
static int unpack_exactly(PyThreadState *tstate, PyObject *iterable, int count, PyObject **top)
{
    PyObject *iterator = iterator_to_unpack(tstate, iterable);
    if (iterator == NULL) {
        return -1;
    }
    int taken = take_values(iterator, count, top);
    bool exhausted = false;
    if (taken < count) {
        if (!_PyErr_Occurred(tstate)) {
            _PyErr_Format(tstate, PyExc_ValueError, "not enough values to unpack (expected %d, got %d)", count,
                          taken);
        }
    } else {
        PyObject *surplus = PyIter_Next(iterator);
        if (surplus != NULL) {
            Py_DECREF(surplus);
            _PyErr_Format(tstate, PyExc_ValueError, "too many values to unpack (expected %d)", count);
        } else {
            exhausted = !_PyErr_Occurred(tstate);
        }
    }
    if (!exhausted) {
        for (int i = taken; i > 0; i--) {
            Py_DECREF(top[-i]);
        }
    }
    Py_DECREF(iterator);
    return exhausted ? 0 : -1;
}

int rt_unpack_plain(PyObject *sequence, PyObject **slots, int count)
{
    if ((!PyTuple_CheckExact(sequence) && !PyList_CheckExact(sequence)) || Py_SIZE(sequence) != count) {
        return 0;
    }
    PyObject **items = PySequence_Fast_ITEMS(sequence);
    for (int i = 0; i < count; i++) {
        slots[count - 1 - i] = Py_NewRef(items[i]);
    }
    Py_DECREF(sequence);
    return 1;
}

HANDLER(UNPACK_SEQUENCE)
{
    PyObject *sequence = sp[-1];
    PyObject **bottom = sp - 1;
    if (rt_unpack_plain(sequence, bottom, oparg)) {
        return 0;
    }
    int failed = unpack_exactly(tstate, sequence, oparg, bottom + oparg);
    Py_DECREF(sequence);
    return failed ? OPS_RAISED : 0;
}

/* UNPACK_EX of an exact list or tuple that is long enough, into the slots below `top`; steals it. False: nothing has been done. The list of
 * the rest has the room that CPython's has. (ceval.c, unpack_iterable; listobject.c, list_preallocate_exact) */
static bool unpack_with_rest(PyObject *sequence, int before, int after, PyObject **top)
{
    if (!PyTuple_CheckExact(sequence) && !PyList_CheckExact(sequence)) {
        return false;
    }
    Py_ssize_t length = Py_SIZE(sequence);
    Py_ssize_t count = length - before - after;
    Py_ssize_t room = (count + after + 1) & ~(Py_ssize_t)1;
    if (count < 0) {
        return false;
    }
    PyListObject *rest = (PyListObject *)PyList_New(0);
    PyObject **items = rest == NULL || room == 0 ? NULL : PyMem_New(PyObject *, room);
    /* The collector may have run. */
    if (rest == NULL || (items == NULL && room != 0) || Py_SIZE(sequence) != length) {
        Py_XDECREF(rest);
        PyMem_Free(items);
        PyErr_Clear();
        return false;
    }
    PyObject **source = PySequence_Fast_ITEMS(sequence);
    for (int i = 0; i < before; i++) {
        *--top = Py_NewRef(*source++);
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        items[i] = Py_NewRef(*source++);
    }
    rest->ob_item = items;
    rest->allocated = room;
    Py_SET_SIZE((PyVarObject *)rest, count);
    *--top = (PyObject *)rest;
    for (int i = 0; i < after; i++) {
        *--top = Py_NewRef(*source++);
    }
    rt_release(sequence);
    return true;
}

/* `a, b, *rest, c = sequence`: oparg holds the numbers of targets before (low byte) and after the starred one. */
HANDLER(UNPACK_EX)
{
    int before = oparg & 0xff;
    int after = oparg >> 8;
    PyObject *sequence = sp[-1];
    PyObject **top = sp - 1 + before + 1 + after;
    PyObject *rest = NULL;
    int taken = 0;
    if (LIKELY(unpack_with_rest(sequence, before, after, top))) {
        return 0;
    }
    PyObject *iterator = iterator_to_unpack(tstate, sequence);
    if (iterator == NULL) {
        goto failed;
    }
    taken = take_values(iterator, before, top);
    if (taken < before) {
        if (!_PyErr_Occurred(tstate)) {
            _PyErr_Format(tstate, PyExc_ValueError, "not enough values to unpack (expected at least %d, got %d)",
                          before + after, taken);
        }
        goto failed;
    }
    rest = PySequence_List(iterator);
    if (rest == NULL) {
        goto failed;
    }
    Py_ssize_t size = PyList_GET_SIZE(rest);
    if (size < after) {
        _PyErr_Format(tstate, PyExc_ValueError, "not enough values to unpack (expected at least %d, got %zd)",
                      before + after, before + size);
        goto failed;
    }
    top[-1 - before] = rest;
    for (int i = 0; i < after; i++) {
        top[-2 - before - i] = PyList_GET_ITEM(rest, size - after + i);
    }
    Py_SET_SIZE(rest, size - after);
    Py_DECREF(iterator);
    Py_DECREF(sequence);
    return 0;

failed:
    Py_XDECREF(rest);
    for (int i = taken; i > 0; i--) {
        Py_DECREF(top[-i]);
    }
    Py_XDECREF(iterator);
    Py_DECREF(sequence);
    return OPS_RAISED;
}

/* ---- f-strings ---------------------------------------------------------------------------------- */

HANDLER(BUILD_STRING)
{
    PyObject **parts = sp - oparg;
    PyObject *string = _PyUnicode_JoinArray(&_Py_STR(empty), parts, oparg);
    release(parts, sp);
    parts[0] = string;
    return string == NULL ? OPS_RAISED : 0;
}

/* [value] or [value, format] -> [string]; oparg says whether there is a format and which conversion goes first. */
HANDLER(FORMAT_VALUE)
{
    bool has_format = (oparg & FVS_MASK) == FVS_HAVE_SPEC;
    PyObject *format = has_format ? sp[-1] : NULL;
    PyObject **slot = has_format ? sp - 2 : sp - 1;
    PyObject *value = *slot;
    PyObject *converted = NULL;
    switch (oparg & FVC_MASK) {
    case FVC_NONE:
        converted = Py_NewRef(value);
        break;
    case FVC_STR:
        converted = PyObject_Str(value);
        break;
    case FVC_REPR:
        converted = PyObject_Repr(value);
        break;
    case FVC_ASCII:
        converted = PyObject_ASCII(value);
        break;
    }
    Py_DECREF(value);
    PyObject *result = converted;
    if (converted != NULL && (format != NULL || !PyUnicode_CheckExact(converted))) {
        result = PyObject_Format(converted, format);
        Py_DECREF(converted);
    }
    Py_XDECREF(format);
    *slot = result;
    return result == NULL ? OPS_RAISED : 0;
}
