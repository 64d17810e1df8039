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
    PyDictObject *keywords; /* not empty, all keys str; or NULL */
};

/* The keywords in the dict of a call, NULL where there are none. */
static inline PyDictObject *keywords_in(PyObject **slot, int has_keywords)
{
    PyDictObject *dict = has_keywords ? (PyDictObject *)slot[3] : NULL;
    return dict != NULL && dict->ma_used != 0 ? dict : NULL;
}

/* The next entry of the keywords from *position on; false at the end. */
static inline bool next_keyword(PyDictObject *keywords, Py_ssize_t *position, PyObject **name, PyObject **value)
{
    return PyDict_Next((PyObject *)keywords, position, name, value) != 0;
}

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
    Py_ssize_t position = 0;
    PyObject *name, *value;
    while (next_keyword(keywords, &position, &name, &value)) {
        Py_ssize_t index = PyUnicode_CheckExact(name) ? find_parameter(code, name, named) : -2;
        if (index >= 0 && locals[index] == NULL) {
            locals[index] = value;
        } else if (index != -1 || further == NULL || PyDict_SetItem(further, name, value) < 0) {
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

/* One more reference to each argument, as stock's array holds it where there are keywords; or one less. */
static void change_counts(PyObject *tuple, PyDictObject *keywords, Py_ssize_t by)
{
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(tuple); index++) {
        PyTuple_GET_ITEM(tuple, index)->ob_refcnt += by;
    }
    Py_ssize_t position = 0;
    PyObject *name, *value;
    while (next_keyword(keywords, &position, &name, &value)) {
        value->ob_refcnt += by;
    }
}

static inline struct compiled_code *native_code(PyFunctionObject *function)
{
    struct code_state *state = code_state_get((PyCodeObject *)function->func_code);
    return state != NULL && state->native_entry != NULL ? state->compiled : NULL;
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

struct call_outcome rt_begin_star_call(PyThreadState *tstate, PyObject **slot, int has_keywords,
                                       struct call_cell *cell)
{
    const struct call_outcome elsewhere = {.frame = NULL};
    PyFunctionObject *function = (PyFunctionObject *)slot[1];
    if (!Py_IS_TYPE(function, &PyFunction_Type)) {
        return elsewhere;
    }
    if (PyList_CheckExact(slot[2])) {
        PyObject *tuple = PyList_AsTuple(slot[2]);
        if (tuple == NULL) {
            PyErr_Clear();
            return elsewhere;
        }
        Py_SETREF(slot[2], tuple);
    }
    PyDictObject *keywords = keywords_in(slot, has_keywords);
    if (!PyTuple_CheckExact(slot[2]) ||
        (keywords != NULL && (!PyDict_CheckExact(keywords) || !DK_IS_UNICODE(keywords->ma_keys)))) {
        return elsewhere;
    }
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    struct compiled_code *compiled = native_code(function);
    if (UNLIKELY(compiled == NULL || !(code->co_flags & CO_OPTIMIZED) || PyTuple_GET_SIZE(slot[2]) > INT_MAX)) {
        return elsewhere;
    }
    struct star_arguments given = {((PyTupleObject *)slot[2])->ob_item, PyTuple_GET_SIZE(slot[2]), keywords};
    PyObject *rest = NULL;
    PyObject *further = NULL;
    if (compiled == NULL || !(code->co_flags & CO_OPTIMIZED) || !make_containers(code, &given, &rest, &further)) {
        return elsewhere;
    }
    InterpreterFrame *callee = (InterpreterFrame *)tstate->datastack_top;
    if (UNLIKELY((PyObject **)((char *)callee + compiled->frame_bytes) >= tstate->datastack_limit ||
                 !bind(function, code, callee->localsplus, &given, rest, further))) {
        Py_XDECREF(rest);
        Py_XDECREF(further);
        return elsewhere;
    }
    if (keywords != NULL) {
        change_counts(slot[2], keywords, 1);
    }
    native_push(tstate, function, compiled);
    call_note_callee(cell, function);
    return (struct call_outcome){
        .frame = callee, .target = (const struct native_target *)code_state_get((PyCodeObject *)function->func_code)};
}

struct native_result rt_finish_star_call(PyThreadState *tstate, PyObject **slot, int has_keywords, PyObject *result)
{
    PyDictObject *keywords = keywords_in(slot, has_keywords);
    if (keywords != NULL) {
        change_counts(slot[2], keywords, -1);
    }
    rt_release(slot[1]);
    rt_release(slot[2]);
    if (has_keywords && slot[3] != NULL) {
        rt_release(slot[3]);
    }
    return (struct native_result){result, frame_call_is_unusual(tstate, tstate->cframe->current_frame, result)};
}
