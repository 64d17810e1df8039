/* runtime/star_call.c: see star_call.h. Binding follows ceval.c, initialize_locals; the references held meanwhile are those of
 * call.c, _PyVectorcall_Call.
 */
#include "runtime/star_call.h"

#include "runtime/dict_lookup.h"
#include "runtime/native_call.h"
#include "runtime/plain.h"

/* The arguments as they are given, all borrowed. */
struct star_arguments {
    PyObject **items;
    Py_ssize_t count;
    PyDictObject *keywords; /* not empty, not split, all keys str; or NULL */
};

/* The number of the parameter that a keyword names, -1: none, -2: there is no telling. */
static inline Py_ssize_t find_parameter(PyCodeObject *code, PyObject *name, Py_ssize_t named)
{
    PyObject **names = ((PyTupleObject *)code->co_localsplusnames)->ob_item;
    for (Py_ssize_t index = code->co_posonlyargcount; index < named; index++) {
        if (names[index] == name) {
            return index;
        }
    }
    return PyUnicode_CHECK_INTERNED(name) ? -1 : -2;
}

/* Puts the keywords where the parameters are (borrowed), and those that are none into `further`, unless that is NULL. */
static bool bind_keywords(PyCodeObject *code, PyObject **locals, PyDictObject *keywords, PyObject *further)
{
    Py_ssize_t named = code->co_argcount + code->co_kwonlyargcount;
    PyDictUnicodeEntry *entry = DK_UNICODE_ENTRIES(keywords->ma_keys);
    for (PyDictUnicodeEntry *end = entry + keywords->ma_keys->dk_nentries; entry < end; entry++) {
        PyObject *value = entry->me_value;
        if (value == NULL) {
            continue; /* deleted */
        }
        Py_ssize_t index = find_parameter(code, entry->me_key, named);
        if (index >= 0 && locals[index] == NULL) {
            locals[index] = value;
        } else if (index != -1 || further == NULL || PyDict_SetItem(further, entry->me_key, value) < 0) {
            PyErr_Clear();
            return false;
        }
    }
    return true;
}

/* Gives the parameters without an argument their defaults (borrowed). */
static bool bind_defaults(PyFunctionObject *function, PyCodeObject *code, PyObject **locals, Py_ssize_t given)
{
    Py_ssize_t positional = code->co_argcount;
    PyObject *defaults = function->func_defaults;
    Py_ssize_t first = positional - (defaults == NULL ? 0 : PyTuple_GET_SIZE(defaults));
    for (Py_ssize_t index = given; index < positional; index++) {
        if (locals[index] == NULL) {
            if (index < first) {
                return false;
            }
            locals[index] = PyTuple_GET_ITEM(defaults, index - first);
        }
    }
    PyDictObject *by_name = (PyDictObject *)function->func_kwdefaults;
    for (Py_ssize_t index = positional; index < positional + code->co_kwonlyargcount; index++) {
        if (locals[index] == NULL) {
            PyObject *name = PyTuple_GET_ITEM(code->co_localsplusnames, index);
            if (by_name == NULL || !DK_IS_UNICODE(by_name->ma_keys) ||
                (locals[index] = dict_get_string(by_name, name)) == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* Puts everything where the function finds its parameters: new references. `rest` and `further` are for *args and **kwargs, or NULL, and taken over.
 * False, with nothing done but what is in `further`: the call is an error, or one that only stock should judge. */
static bool bind(PyFunctionObject *function, PyCodeObject *code, PyObject **locals,
                 const struct star_arguments *given, PyObject *rest, PyObject *further)
{
    Py_ssize_t positional = code->co_argcount;
    Py_ssize_t named = positional + code->co_kwonlyargcount;
    Py_ssize_t direct = given->count < positional ? given->count : positional;
    if (given->count > direct && rest == NULL) {
        return false;
    }
    for (Py_ssize_t index = 0; index < named; index++) {
        locals[index] = index < direct ? given->items[index] : NULL;
    }
    if ((given->keywords != NULL && !bind_keywords(code, locals, given->keywords, further)) ||
        ((direct < positional || named > positional) && !bind_defaults(function, code, locals, direct))) {
        return false;
    }
    for (Py_ssize_t index = 0; index < named; index++) {
        Py_INCREF(locals[index]);
    }
    PyObject **container = &locals[named];
    if (rest != NULL) {
        *container++ = rest;
    }
    if (further != NULL) {
        *container = further;
    }
    return true;
}

/* The values of the keywords as a tuple, NULL where there is none to be had without collecting. */
static PyObject *values_of(PyDictObject *keywords)
{
    PyObject *values[STAR_CALL_MOST_KEYWORDS];
    int count = 0;
    PyDictUnicodeEntry *entry = DK_UNICODE_ENTRIES(keywords->ma_keys);
    for (PyDictUnicodeEntry *end = entry + keywords->ma_keys->dk_nentries; entry < end; entry++) {
        if (entry->me_value != NULL) {
            values[count++] = entry->me_value;
        }
    }
    PyObject *tuple = rt_plain_tuple(values, count);
    for (int index = 0; tuple != NULL && index < count; index++) {
        Py_INCREF(values[index]);
    }
    return tuple;
}

/* One more reference to each item, or one less that is not the last. */
static inline void change_counts(PyObject *tuple, Py_ssize_t by)
{
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(tuple); index++) {
        PyTuple_GET_ITEM(tuple, index)->ob_refcnt += by;
    }
}

/* *args and **kwargs of the function, where it has them; false, no exception set, where they are not to be had without collecting. */
static bool make_containers(PyCodeObject *code, const struct star_arguments *given, PyObject **rest,
                            PyObject **further)
{
    if (code->co_flags & CO_VARKEYWORDS && (*further = plain_empty_dict()) == NULL) {
        return false;
    }
    if (code->co_flags & CO_VARARGS) {
        Py_ssize_t direct = given->count < code->co_argcount ? given->count : code->co_argcount;
        *rest = rt_plain_tuple(given->items + direct, (int)(given->count - direct));
        if (UNLIKELY(*rest == NULL)) {
            Py_CLEAR(*further);
            return false;
        }
        for (Py_ssize_t index = direct; index < given->count; index++) {
            Py_INCREF(given->items[index]);
        }
    }
    return true;
}

/* rt_begin_star_call for a function with compiled code, `dict` being the keywords or NULL. NULL: nothing has happened. */
static inline InterpreterFrame *push_bound(PyThreadState *tstate, PyObject **slot, PyFunctionObject *function,
                                           struct compiled_code *compiled, PyDictObject *dict)
{
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    struct star_arguments given = {((PyTupleObject *)slot[2])->ob_item, PyTuple_GET_SIZE(slot[2]), dict};
    PyObject *values = NULL;
    PyObject *rest = NULL;
    PyObject *further = NULL;
    InterpreterFrame *callee = (InterpreterFrame *)tstate->datastack_top;
    if (UNLIKELY((PyObject **)((char *)callee + compiled->frame_bytes) >= tstate->datastack_limit) ||
        (dict != NULL && (values = values_of(dict)) == NULL)) {
        return NULL;
    }
    if (UNLIKELY(!make_containers(code, &given, &rest, &further) ||
                 !bind(function, code, callee->localsplus, &given, rest, further))) {
        Py_XDECREF(rest);
        Py_XDECREF(further);
        Py_XDECREF(values);
        return NULL;
    }
    if (dict != NULL) {
        /* Stock's array of arguments. */
        change_counts(slot[2], 1);
        change_counts(values, 1);
        slot[3] = values;
        Py_DECREF(dict);
    }
    return native_push(tstate, function, compiled);
}

struct call_outcome rt_begin_star_call(PyThreadState *tstate, PyObject **slot, int keywords, struct call_cell *cell)
{
    PyFunctionObject *function = (PyFunctionObject *)slot[1];
    if (PyList_CheckExact(slot[2])) {
        PyObject *tuple = PyList_AsTuple(slot[2]);
        if (LIKELY(tuple != NULL)) {
            Py_SETREF(slot[2], tuple);
        } else {
            PyErr_Clear();
        }
    }
    PyDictObject *dict = keywords == STAR_CALL_NO_KEYWORDS ? NULL : (PyDictObject *)slot[3];
    if (dict != NULL && PyDict_CheckExact(dict) && dict->ma_used == 0) {
        Py_CLEAR(slot[3]);
        dict = NULL;
    }
    struct code_state *state =
        Py_IS_TYPE(function, &PyFunction_Type) ? code_state_get((PyCodeObject *)function->func_code) : NULL;
    if (LIKELY(state != NULL && state->native_entry != NULL && state->code->co_flags & CO_OPTIMIZED &&
               PyTuple_CheckExact(slot[2]) && PyTuple_GET_SIZE(slot[2]) < INT_MAX) &&
        (dict == NULL || (PyDict_CheckExact(dict) && DK_IS_UNICODE(dict->ma_keys) && dict->ma_values == NULL &&
                          dict->ma_used <= STAR_CALL_MOST_KEYWORDS))) {
        InterpreterFrame *callee = push_bound(tstate, slot, function, state->compiled, dict);
        if (LIKELY(callee != NULL)) {
            call_note_callee(cell, function);
            return (struct call_outcome){.frame = callee, .target = (const struct native_target *)state};
        }
    }
    if (dict != NULL && keywords == STAR_CALL_SHARED_KEYWORDS) {
        /* Whoever is called gets a dict of its own; without memory, this one. */
        PyObject *copy = PyDict_Copy((PyObject *)dict);
        if (LIKELY(copy != NULL)) {
            Py_SETREF(slot[3], copy);
        } else {
            PyErr_Clear();
        }
    }
    return (struct call_outcome){.frame = NULL};
}

struct native_result rt_finish_star_call(PyThreadState *tstate, PyObject **slot, int keywords, PyObject *result)
{
    PyObject *values = keywords == STAR_CALL_NO_KEYWORDS ? NULL : slot[3];
    if (values != NULL) {
        change_counts(slot[2], -1);
        change_counts(values, -1);
    }
    rt_release(slot[1]);
    rt_release(slot[2]);
    if (values != NULL) {
        /* First to last, as a dict drops them. */
        for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(values); index++) {
            PyObject *value = PyTuple_GET_ITEM(values, index);
            PyTuple_SET_ITEM(values, index, NULL);
            rt_release(value);
        }
        rt_release(values);
    }
    return (struct native_result){result, frame_call_is_unusual(tstate, tstate->cframe->current_frame, result)};
}
