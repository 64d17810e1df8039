/* runtime/call_shape.c: see call_shape.h. The rules are those of ceval.c, initialize_locals. */
#include "runtime/call_shape.h"

#include "runtime/dict_lookup.h"
#include "runtime/plain.h"

#include <stdlib.h>

/* The number of the parameter called `name`, -1: none, -2: there is no telling. */
static Py_ssize_t find_parameter(PyCodeObject *code, PyObject *name, Py_ssize_t named)
{
    if (!PyUnicode_CheckExact(name) || !PyUnicode_CHECK_INTERNED(name)) {
        return -2;
    }
    for (Py_ssize_t index = code->co_posonlyargcount; index < named; index++) {
        if (PyTuple_GET_ITEM(code->co_localsplusnames, index) == name) {
            return index;
        }
    }
    return -1;
}

struct call_shape *call_shape_new(PyCodeObject *code, uint32_t code_id, size_t nargs, PyObject *kwnames)
{
    Py_ssize_t positional = code->co_argcount;
    Py_ssize_t named = positional + code->co_kwonlyargcount;
    Py_ssize_t keywords = kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames);
    Py_ssize_t given = (Py_ssize_t)nargs;
    if (!(code->co_flags & CO_OPTIMIZED) || named > SHAPE_MOST_PARAMETERS ||
        given + keywords > SHAPE_MOST_PARAMETERS || (given > positional && !(code->co_flags & CO_VARARGS))) {
        return NULL;
    }
    struct call_shape shape = {.code_id = code_id,
                               .kwnames = kwnames,
                               .nargs = (uint8_t)given,
                               .total = (uint8_t)(given + keywords),
                               .direct = (uint8_t)(given < positional ? given : positional),
                               .named = (uint8_t)named,
                               .positional = (uint8_t)positional,
                               .first_missing = (uint8_t)positional};
    for (Py_ssize_t index = 0; index < named; index++) {
        shape.source[index] = index < shape.direct ? (uint8_t)index : SHAPE_MISSING;
    }
    for (Py_ssize_t keyword = 0; keyword < keywords; keyword++) {
        Py_ssize_t index = find_parameter(code, PyTuple_GET_ITEM(kwnames, keyword), named);
        if (index == -2 || (index == -1 && !(code->co_flags & CO_VARKEYWORDS)) ||
            (index >= 0 && shape.source[index] != SHAPE_MISSING)) {
            return NULL;
        }
        if (index < 0) {
            shape.extra |= (uint32_t)1 << keyword;
        } else {
            shape.source[index] = (uint8_t)(given + keyword);
        }
    }
    for (Py_ssize_t index = named; index-- > 0;) {
        if (shape.source[index] == SHAPE_MISSING) {
            if (index < positional) {
                shape.first_missing = (uint8_t)index;
            } else {
                shape.keyword_only_missing = 1;
            }
        }
    }
    struct call_shape *kept = malloc(sizeof *kept);
    if (kept != NULL) {
        *kept = shape;
    }
    return kept;
}

/* The value (borrowed) that the dict has for a keyword-only parameter; NULL where it has none. The dict has only str keys. */
static inline PyObject *keyword_default(struct call_shape *shape, PyDictObject *defaults, PyObject *name, int index)
{
    uint16_t hint = shape->hints[index];
    PyObject *value = dict_get_string_hinted(defaults, name, &hint);
    shape->hints[index] = (uint8_t)hint;
    return value;
}

/* A dict of the keywords that are no parameters; NULL, no exception set, where there is none to be had without collecting. */
static PyObject *collect_keywords(const struct call_shape *shape, PyObject *const *values)
{
    PyObject *dict = plain_empty_dict();
    for (uint32_t rest = shape->extra; dict != NULL && rest != 0; rest &= rest - 1) {
        int keyword = __builtin_ctz(rest);
        if (PyDict_SetItem(dict, PyTuple_GET_ITEM(shape->kwnames, keyword), values[keyword]) < 0) {
            PyErr_Clear();
            Py_CLEAR(dict);
        }
    }
    return dict;
}

/* The defaults of the positional parameters, as if there were one for each; NULL where some that are needed are missing. */
static inline PyObject **find_defaults(const struct call_shape *shape, PyFunctionObject *function)
{
    PyObject *tuple = function->func_defaults;
    if (UNLIKELY(tuple == NULL || PyTuple_GET_SIZE(tuple) < shape->positional - shape->first_missing)) {
        return NULL;
    }
    return &PyTuple_GET_ITEM(tuple, PyTuple_GET_SIZE(tuple) - shape->positional);
}

/* Puts the defaults of keyword-only parameters in their places, borrowed; false where one is missing. */
__attribute__((noinline)) static bool bind_keyword_only(struct call_shape *shape, PyFunctionObject *function,
                                                        PyCodeObject *code, PyObject **locals)
{
    PyDictObject *dict = (PyDictObject *)function->func_kwdefaults;
    if (dict == NULL || !DK_IS_UNICODE(dict->ma_keys)) {
        return false;
    }
    for (int index = shape->positional; index < shape->named; index++) {
        if (shape->source[index] == SHAPE_MISSING) {
            PyObject *name = PyTuple_GET_ITEM(code->co_localsplusnames, index);
            locals[index] = keyword_default(shape, dict, name, index);
            if (locals[index] == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* *args and **kwargs, where the function has them. */
__attribute__((noinline)) static bool bind_further(const struct call_shape *shape, PyCodeObject *code,
                                                   PyObject **locals, PyObject *const *arguments)
{
    PyObject *keywords = NULL;
    if (code->co_flags & CO_VARKEYWORDS && (keywords = collect_keywords(shape, arguments + shape->nargs)) == NULL) {
        return false;
    }
    PyObject **further = &locals[shape->named];
    if (code->co_flags & CO_VARARGS) {
        PyObject *rest = rt_plain_tuple((PyObject **)arguments + shape->direct, shape->nargs - shape->direct);
        if (UNLIKELY(rest == NULL)) {
            Py_XDECREF(keywords);
            return false;
        }
        *further++ = rest;
    }
    if (keywords != NULL) {
        *further = keywords;
        for (uint32_t bits = shape->extra; bits != 0; bits &= bits - 1) {
            Py_DECREF(arguments[shape->nargs + __builtin_ctz(bits)]); /* the dict has its own reference */
        }
    }
    return true;
}

bool call_shape_bind(struct call_shape *shape, PyFunctionObject *function, PyCodeObject *code, PyObject **locals,
                     PyObject *const *arguments)
{
    int positional = shape->positional;
    PyObject **defaults = NULL;
    if ((shape->first_missing < positional && (defaults = find_defaults(shape, function)) == NULL) ||
        (UNLIKELY(shape->keyword_only_missing) && !bind_keyword_only(shape, function, code, locals)) ||
        (code->co_flags & (CO_VARARGS | CO_VARKEYWORDS) && !bind_further(shape, code, locals, arguments))) {
        return false;
    }
    /* From here on nothing can fail. */
    for (int index = 0; index < shape->named; index++) {
        int source = shape->source[index];
        if (LIKELY(source != SHAPE_MISSING)) {
            locals[index] = arguments[source];
        } else {
            PyObject *value = index < positional ? defaults[index] : locals[index];
            locals[index] = Py_NewRef(value);
        }
    }
    return true;
}

struct call_outcome rt_begin_shaped_call(PyThreadState *tstate, PyObject **slot, int nargs, PyObject *kwnames,
                                         struct call_cell *cell)
{
    int with_self = slot[0] != NULL;
    PyFunctionObject *function = (PyFunctionObject *)slot[!with_self];
    InterpreterFrame *callee = (InterpreterFrame *)tstate->datastack_top;
    PyObject **top = (PyObject **)((char *)callee + cell->frame_bytes);
    if (UNLIKELY(
            !Py_IS_TYPE(function, &PyFunction_Type) || function->func_code != (PyObject *)cell->target.code ||
            cell->shape->total != nargs + with_self || top >= tstate->datastack_limit ||
            !call_shape_bind(cell->shape, function, cell->target.code, callee->localsplus, slot + 2 - with_self))) {
        return rt_begin_call(tstate, slot, nargs, kwnames, cell);
    }
    tstate->datastack_top = top;
    callee->f_func = function;
    cell->cases[0].count++;
    tstate->cframe->current_frame->prev_instr += INLINE_CACHE_ENTRIES_CALL;
    return (struct call_outcome){.frame = callee, .target = &cell->target};
}
