/* runtime/plain_builtins.c: the builtin functions of callees.def, and classes called, without running code. See plain.h, callees.h.
 *
 * Each finds what CALL finds: slots[1] the callee, then the arguments, all owned. It returns the result and has taken or released them
 * all, or NULL with nothing changed.
 *
 * Where the arguments are of exact built-in types the function itself runs no code of a program: then it is called, and what it does
 * need not be said again here. */
#include "runtime/c_calls.h"
#include "runtime/callees.h"
#include "runtime/ops.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* ---- What is looked at ------------------------------------------------------------------------------------------- */

static inline bool is_short_int(PyObject *object)
{
    return PyLong_CheckExact(object) && (size_t)(Py_SIZE(object) + 1) <= 2;
}

/* May all arguments be released without running code? Only what dies matters. */
static inline bool arguments_end_plainly(PyObject **slots, int count)
{
    for (int i = 0; i < count; i++) {
        if (!plain_release(slots[2 + i])) {
            return false;
        }
    }
    return true;
}

/* Hands the result over and releases what the call had. NULL: an error, which the general call will raise again. */
static inline PyObject *end_call(PyObject **slots, int count, PyObject *result)
{
    if (result == NULL) {
        PyErr_Clear();
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        rt_release(slots[2 + i]);
    }
    slots[1]->ob_refcnt--;
    return result;
}

static inline PyObject *end_with_truth(PyObject **slots, int count, bool truth)
{
    return end_call(slots, count, Py_NewRef(truth ? Py_True : Py_False));
}

/* The items of a list or tuple, or NULL. */
static inline PyObject **items_of(PyObject *object, Py_ssize_t *count)
{
    if (!PyList_CheckExact(object) && !PyTuple_CheckExact(object)) {
        return NULL;
    }
    *count = Py_SIZE(object);
    return PySequence_Fast_ITEMS(object);
}

/* Short ints and floats: adding and comparing them runs no code. */
static bool are_numbers(PyObject *const *items, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!PyFloat_CheckExact(items[i]) && !is_short_int(items[i])) {
            return false;
        }
    }
    return true;
}

static bool are_strings(PyObject *const *items, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!PyUnicode_CheckExact(items[i]) || !PyUnicode_IS_READY(items[i])) {
            return false;
        }
    }
    return true;
}

/* ---- Sizes and characters ------------------------------------------------------------------------------------------ */

static Py_ssize_t length_of(PyObject *object)
{
    const PyTypeObject *type = Py_TYPE(object);
    if (type == &PyList_Type || type == &PyTuple_Type || type == &PyBytes_Type || type == &PyByteArray_Type ||
        (type == &PyUnicode_Type && PyUnicode_IS_READY(object))) {
        return Py_SIZE(object);
    }
    if (type == &PyDict_Type) {
        return PyDict_GET_SIZE(object);
    }
    return type == &PySet_Type || type == &PyFrozenSet_Type ? PySet_GET_SIZE(object) : -1;
}

int rt_plain_length(PyObject *object)
{
    Py_ssize_t length = length_of(object);
    return length > INT_MAX ? -1 : (int)length;
}

PyObject *plain_len(PyObject **slots, int count)
{
    Py_ssize_t length = length_of(slots[2]);
    return length < 0 || !arguments_end_plainly(slots, count)
               ? NULL
               : end_call(slots, count, rt_int_from_long((long)length));
}

int rt_plain_ordinal(PyObject *object)
{
    return PyUnicode_CheckExact(object) && PyUnicode_IS_READY(object) && PyUnicode_GET_LENGTH(object) == 1
               ? (int)rt_code_point(object)
               : -1;
}

PyObject *plain_ord(PyObject **slots, int count)
{
    long ordinal = rt_plain_ordinal(slots[2]);
    return ordinal < 0 ? NULL : end_call(slots, count, rt_int_from_long(ordinal));
}

PyObject *plain_chr(PyObject **slots, int count)
{
    PyObject *argument = slots[2];
    if (!is_short_int(argument) || Py_SIZE(argument) < 0) {
        return NULL;
    }
    long ordinal = Py_SIZE(argument) == 0 ? 0 : (long)((PyLongObject *)argument)->ob_digit[0];
    return ordinal > 0x10ffff ? NULL : end_call(slots, count, rt_character(ordinal));
}

int rt_plain_same_text(PyObject *a, PyObject *b)
{
    unsigned kind = PyUnicode_KIND(a);
    return kind == PyUnicode_KIND(b) &&
           memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b), (size_t)PyUnicode_GET_LENGTH(a) * kind) == 0;
}

/* ---- Lists and the collector --------------------------------------------------------------------------------------- */

int rt_plain_make_room(PyObject *list)
{
    if (PyList_Append(list, Py_None) < 0) {
        PyErr_Clear();
        return -1;
    }
    Py_SET_SIZE(list, Py_SIZE(list) - 1);
    Py_DECREF(Py_None);
    return 0;
}

int rt_plain_collection_is_due(int count)
{
    return plain_collection_is_due(count);
}

/* ---- Numbers --------------------------------------------------------------------------------------------------------- */

PyObject *plain_abs(PyObject **slots, int count)
{
    PyObject *argument = slots[2];
    if (!PyFloat_CheckExact(argument) && !is_short_int(argument) && !PyComplex_CheckExact(argument)) {
        return NULL;
    }
    return end_call(slots, count, PyNumber_Absolute(argument));
}

/* min() and max() of short ints, or of floats: `direction` is -1 or 1. Of equals the first; comparisons with a NaN are all false. */
static inline PyObject *extreme(PyObject **slots, int count, int direction)
{
    PyObject **arguments = slots + 2;
    PyObject *best = arguments[0];
    bool floats = PyFloat_CheckExact(best);
    for (int i = 0; i < count; i++) {
        PyObject *item = arguments[i];
        if (floats) {
            if (!PyFloat_CheckExact(item)) {
                return NULL;
            }
            if (direction * PyFloat_AS_DOUBLE(item) > direction * PyFloat_AS_DOUBLE(best)) {
                best = item;
            }
            continue;
        }
        if (!is_short_int(item)) {
            return NULL;
        }
        long value = Py_SIZE(item) * (long)((PyLongObject *)item)->ob_digit[0];
        if (direction * value > direction * (Py_SIZE(best) * (long)((PyLongObject *)best)->ob_digit[0])) {
            best = item;
        }
    }
    return end_call(slots, count, Py_NewRef(best));
}

PyObject *plain_min(PyObject **slots, int count)
{
    return extreme(slots, count, -1);
}

PyObject *plain_max(PyObject **slots, int count)
{
    return extreme(slots, count, 1);
}

PyObject *plain_divmod(PyObject **slots, int count)
{
    return !are_numbers(slots + 2, count) || plain_collection_is_due(1)
               ? NULL
               : end_call(slots, count, PyNumber_Divmod(slots[2], slots[3]));
}

PyObject *plain_pow(PyObject **slots, int count)
{
    PyObject *result = rt_number_binary(slots[2], slots[3], NB_POWER, 0);
    return result == NULL ? NULL : end_call(slots, count, result);
}

/* round(float), round(float, short int), round(short int) */
PyObject *plain_round(PyObject **slots, int count)
{
    PyObject *argument = slots[2];
    if (count == 1 && is_short_int(argument)) {
        return end_call(slots, count, Py_NewRef(argument));
    }
    if (!PyFloat_CheckExact(argument) || (count == 2 && !is_short_int(slots[3]))) {
        return NULL;
    }
    static PyObject *method; /* float's own, which lives as long as float */
    if (method == NULL) {
        method = PyDict_GetItemString(PyFloat_Type.tp_dict, "__round__");
    }
    return method == NULL ? NULL : end_call(slots, count, PyObject_Vectorcall(method, slots + 2, count, NULL));
}

PyObject *plain_hash(PyObject **slots, int count)
{
    PyObject *argument = slots[2];
    if (!PyUnicode_CheckExact(argument) && !PyFloat_CheckExact(argument) && !PyLong_CheckExact(argument)) {
        return NULL;
    }
    Py_hash_t hash = PyObject_Hash(argument);
    return end_call(slots, count, hash == -1 ? NULL : rt_int_from_long((long)hash));
}

PyObject *plain_int_bit_length(PyObject **slots, __attribute__((unused)) int count)
{
    PyObject *self = slots[1];
    if (!is_short_int(self)) {
        return NULL;
    }
    uint32_t digit = Py_SIZE(self) == 0 ? 0 : ((PyLongObject *)self)->ob_digit[0];
    PyObject *result = rt_int_from_long(digit == 0 ? 0 : 32 - __builtin_clz(digit));
    if (result == NULL) {
        PyErr_Clear();
        return NULL;
    }
    rt_release(self);
    slots[0]->ob_refcnt--;
    return result;
}

/* ---- Classes and the like -------------------------------------------------------------------------------------------- */

int rt_plain_isinstance(PyObject *object, PyObject *class)
{
    return rt_isinstance(PyThreadState_Get(), object, class);
}

PyObject *plain_isinstance(PyObject **slots, int count)
{
    int answer = rt_plain_isinstance(slots[2], slots[3]);
    return answer < 0 || !arguments_end_plainly(slots, count) ? NULL : end_with_truth(slots, count, answer != 0);
}

PyObject *plain_callable(PyObject **slots, int count)
{
    return !arguments_end_plainly(slots, count) ? NULL
                                                : end_with_truth(slots, count, Py_TYPE(slots[2])->tp_call != NULL);
}

PyObject *plain_type_call(PyObject **slots, int count)
{
    return !arguments_end_plainly(slots, count) ? NULL : end_call(slots, count, Py_NewRef(Py_TYPE(slots[2])));
}

PyObject *plain_bool_call(PyObject **slots, int count)
{
    int truth = rt_plain_truth(slots[2], 0);
    return truth < 0 || !arguments_end_plainly(slots, count) ? NULL : end_with_truth(slots, count, truth != 0);
}

/* repr() of str, short int and float. Not by PyObject_Repr: that looks for signals, and what their handlers raise would be lost with the
 * errors that the general call raises again. */
PyObject *plain_repr(PyObject **slots, int count)
{
    enum { LEVELS_LEFT = 3 }; /* of recursion, which the call would count */
    PyObject *argument = slots[2];
    if (PyUnicode_CheckExact(argument)) {
        return PyThreadState_Get()->recursion_remaining < LEVELS_LEFT
                   ? NULL
                   : end_call(slots, count, PyUnicode_Type.tp_repr(argument));
    }
    PyObject *text = rt_plain_format(argument, 1);
    if (text != NULL) {
        slots[1]->ob_refcnt--;
    }
    return text;
}

/* ---- What runs over the items of a list or tuple ------------------------------------------------------------------------ */

/* The function in slots[1], which takes one argument or a vector of them, called. It makes an iterator, or a list and what sorting needs. */
static PyObject *call_it(PyObject **slots, int count)
{
    enum { MOST_CONTAINERS_MADE = 4 };
    if (plain_collection_is_due(MOST_CONTAINERS_MADE) || !arguments_end_plainly(slots, count)) {
        return NULL;
    }
    PyObject *result = PyObject_Vectorcall(slots[1], slots + 2, count, NULL);
    return end_call(slots, count, result);
}

PyObject *plain_sum(PyObject **slots, int count)
{
    Py_ssize_t size;
    PyObject **items = items_of(slots[2], &size);
    return items == NULL || !are_numbers(items, size) ? NULL : call_it(slots, count);
}

/* The truth of the items is asked for one after the other, until one decides. */
static PyObject *decide(PyObject **slots, int count, bool deciding)
{
    Py_ssize_t size;
    PyObject **items = items_of(slots[2], &size);
    bool decided = false;
    if (items == NULL || !arguments_end_plainly(slots, count)) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < size && !decided; i++) {
        int truth = rt_plain_truth(items[i], 0);
        if (truth < 0) {
            return NULL;
        }
        decided = (truth != 0) == deciding;
    }
    return end_with_truth(slots, count, decided == deciding);
}

PyObject *plain_any(PyObject **slots, int count)
{
    return decide(slots, count, true);
}

PyObject *plain_all(PyObject **slots, int count)
{
    return decide(slots, count, false);
}

PyObject *plain_sorted(PyObject **slots, int count)
{
    Py_ssize_t size;
    PyObject **items = items_of(slots[2], &size);
    return items == NULL || !(are_numbers(items, size) || are_strings(items, size)) ? NULL : call_it(slots, count);
}

/* ---- Containers made -------------------------------------------------------------------------------------------------- */

/* Can its items be gone through without running code? */
static bool is_plain_iterable(PyObject *object)
{
    return PyList_CheckExact(object) || PyTuple_CheckExact(object) || PyUnicode_CheckExact(object) ||
           PyDict_CheckExact(object) || PySet_CheckExact(object) || PyRange_Check(object);
}

static PyObject *make_of(PyObject **slots, int count, PyObject *(*make)(PyObject *))
{
    enum { MOST_CONTAINERS_MADE = 2 };
    if (plain_collection_is_due(MOST_CONTAINERS_MADE) ||
        (count == 1 && (!is_plain_iterable(slots[2]) || !arguments_end_plainly(slots, count)))) {
        return NULL;
    }
    return end_call(slots, count, make(count == 1 ? slots[2] : NULL));
}

static PyObject *new_list(PyObject *iterable)
{
    return iterable == NULL ? PyList_New(0) : PySequence_List(iterable);
}

static PyObject *new_tuple(PyObject *iterable)
{
    return iterable == NULL ? PyTuple_New(0) : PySequence_Tuple(iterable);
}

static PyObject *new_dict(__attribute__((unused)) PyObject *iterable)
{
    return PyDict_New();
}

PyObject *plain_list_call(PyObject **slots, int count)
{
    return make_of(slots, count, new_list);
}

PyObject *plain_tuple_call(PyObject **slots, int count)
{
    return make_of(slots, count, new_tuple);
}

PyObject *plain_dict_call(PyObject **slots, int count)
{
    return make_of(slots, count, new_dict);
}

PyObject *plain_set_call(PyObject **slots, int count)
{
    return make_of(slots, count, PySet_New);
}
