/* runtime/ops/matching.c: structural pattern matching (PEP 634). */
#include "runtime/ops/shared.h"

/* [subject] -> [subject, len(subject)] */
HANDLER(GET_LEN)
{
    Py_ssize_t length = PyObject_Length(sp[-1]);
    PyObject *number = length < 0 ? NULL : PyLong_FromSsize_t(length);
    sp[0] = number;
    return number == NULL ? OPS_RAISED : 0;
}

/* [subject] -> [subject, bool] */
HANDLER(MATCH_MAPPING)
{
    sp[0] = Py_NewRef(Py_TYPE(sp[-1])->tp_flags & Py_TPFLAGS_MAPPING ? Py_True : Py_False);
    return 0;
}

/* [subject] -> [subject, bool] */
HANDLER(MATCH_SEQUENCE)
{
    sp[0] = Py_NewRef(Py_TYPE(sp[-1])->tp_flags & Py_TPFLAGS_SEQUENCE ? Py_True : Py_False);
    return 0;
}

/* Adds `name` to the set of what a pattern has asked for: 1 when it is new, 0 when it was there, -1 with an exception set. */
static int note_new(PyObject *seen, PyObject *name)
{
    int found = PySet_Contains(seen, name);
    if (found != 0) {
        return found < 0 ? -1 : 0;
    }
    return PySet_Add(seen, name) < 0 ? -1 : 1;
}

/* ---- Mapping patterns --------------------------------------------------------------------------- */

/* The values of `keys` in a mapping, through its get(key, default), so that a defaultdict makes none: 1 and all of
 * them in `values`, 0 when a key is missing, -1 with an exception set. */
static int values_of_keys(PyThreadState *tstate, PyObject *mapping, PyObject *keys, PyObject *values)
{
    int result = -1;
    PyObject *get = NULL;
    PyObject *seen = NULL;
    PyObject *missing = NULL;
    int unbound = _PyObject_GetMethod(mapping, &_Py_ID(get), &get);
    if (get == NULL) {
        return -1;
    }
    seen = PySet_New(NULL);
    missing = seen == NULL ? NULL : PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type);
    if (missing == NULL) {
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(keys); i++) {
        PyObject *key = PyTuple_GET_ITEM(keys, i);
        int new = note_new(seen, key);
        if (new <= 0) {
            if (new == 0) {
                _PyErr_Format(tstate, PyExc_ValueError, "mapping pattern checks duplicate key (%R)", key);
            }
            goto done;
        }
        PyObject *arguments[] = {mapping, key, missing};
        PyObject *value = PyObject_Vectorcall(get, unbound ? arguments : arguments + 1, unbound ? 3 : 2, NULL);
        if (value == NULL) {
            goto done;
        }
        if (value == missing) {
            Py_DECREF(value);
            result = 0;
            goto done;
        }
        PyTuple_SET_ITEM(values, i, value);
    }
    result = 1;
done:
    Py_DECREF(get);
    Py_XDECREF(seen);
    Py_XDECREF(missing);
    return result;
}

/* [subject, keys] -> [subject, keys, tuple of values or None] (ceval.c, match_keys) */
HANDLER(MATCH_KEYS)
{
    PyObject *keys = sp[-1];
    PyObject *values = PyTuple_New(PyTuple_GET_SIZE(keys));
    int matched = values == NULL ? -1 : 1;
    if (matched > 0 && PyTuple_GET_SIZE(keys) > 0) {
        matched = values_of_keys(tstate, sp[-2], keys, values);
    }
    if (matched <= 0) {
        Py_XDECREF(values);
        values = matched == 0 ? Py_NewRef(Py_None) : NULL;
    }
    sp[0] = values;
    return values == NULL ? OPS_RAISED : 0;
}

/* ---- Class patterns ----------------------------------------------------------------------------- */

/* What a class pattern works with. */
struct class_pattern {
    PyThreadState *tstate;
    PyObject *subject; /* borrowed, like the type */
    PyTypeObject *type;
    PyObject *seen;       /* set of the attributes asked for */
    PyObject *attributes; /* list of their values */
};

/* Appends the subject's attribute: 1, 0 when it has none, -1 with an exception set. */
static int append_attribute(struct class_pattern *pattern, PyObject *name)
{
    int new = note_new(pattern->seen, name);
    if (new <= 0) {
        if (new == 0) {
            _PyErr_Format(pattern->tstate, PyExc_TypeError, "%s() got multiple sub-patterns for attribute %R",
                          pattern->type->tp_name, name);
        }
        return -1;
    }
    PyObject *value = PyObject_GetAttr(pattern->subject, name);
    if (value == NULL) {
        if (!_PyErr_ExceptionMatches(pattern->tstate, PyExc_AttributeError)) {
            return -1;
        }
        _PyErr_Clear(pattern->tstate);
        return 0;
    }
    int failed = PyList_Append(pattern->attributes, value);
    Py_DECREF(value);
    return failed ? -1 : 1;
}

/* The type's __match_args__ (new reference, a tuple), empty when it has none; then *itself tells whether the one positional
 * sub-pattern it may have stands for the subject itself, as for int or str. NULL with an exception set. */
static PyObject *match_arguments(struct class_pattern *pattern, bool *itself)
{
    PyThreadState *tstate = pattern->tstate;
    PyObject *names = PyObject_GetAttrString((PyObject *)pattern->type, "__match_args__");
    *itself = false;
    if (names == NULL) {
        if (!_PyErr_ExceptionMatches(tstate, PyExc_AttributeError)) {
            return NULL;
        }
        _PyErr_Clear(tstate);
        *itself = PyType_HasFeature(pattern->type, _Py_TPFLAGS_MATCH_SELF);
        return PyTuple_New(0);
    }
    if (!PyTuple_CheckExact(names)) {
        _PyErr_Format(tstate, PyExc_TypeError, "%s.__match_args__ must be a tuple (got %s)", pattern->type->tp_name,
                      Py_TYPE(names)->tp_name);
        Py_CLEAR(names);
    }
    return names;
}

/* Appends what `count` positional sub-patterns stand for: 1, 0 without a match, -1 with an exception set. */
static int append_positional(struct class_pattern *pattern, int count)
{
    bool itself;
    PyObject *names = match_arguments(pattern, &itself);
    if (names == NULL) {
        return -1;
    }
    int matched = 1;
    int allowed = itself ? 1 : (int)PyTuple_GET_SIZE(names);
    if (allowed < count) {
        _PyErr_Format(pattern->tstate, PyExc_TypeError, "%s() accepts %d positional sub-pattern%s (%d given)",
                      pattern->type->tp_name, allowed, allowed == 1 ? "" : "s", count);
        matched = -1;
    } else if (itself) {
        matched = PyList_Append(pattern->attributes, pattern->subject) < 0 ? -1 : 1;
    } else {
        for (int i = 0; i < count && matched > 0; i++) {
            PyObject *name = PyTuple_GET_ITEM(names, i);
            if (PyUnicode_CheckExact(name)) {
                matched = append_attribute(pattern, name);
            } else {
                _PyErr_Format(pattern->tstate, PyExc_TypeError, "__match_args__ elements must be strings (got %s)",
                              Py_TYPE(name)->tp_name);
                matched = -1;
            }
        }
    }
    Py_DECREF(names);
    return matched;
}

/* Fills pattern->attributes: 1, 0 without a match, -1 with an exception set. */
static int match_class(struct class_pattern *pattern, int positional, PyObject *keywords)
{
    if (!PyType_Check(pattern->type)) {
        _PyErr_SetString(pattern->tstate, PyExc_TypeError, "called match pattern must be a type");
        return -1;
    }
    int matched = PyObject_IsInstance(pattern->subject, (PyObject *)pattern->type);
    if (matched <= 0) {
        return matched;
    }
    pattern->seen = PySet_New(NULL);
    pattern->attributes = PyList_New(0);
    if (pattern->seen == NULL || pattern->attributes == NULL) {
        return -1;
    }
    if (positional > 0) {
        matched = append_positional(pattern, positional);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(keywords) && matched > 0; i++) {
        matched = append_attribute(pattern, PyTuple_GET_ITEM(keywords, i));
    }
    return matched;
}

/* [subject, type, tuple of keyword names] -> [tuple of attribute values, or None]; oparg counts positional
 * sub-patterns. (ceval.c, match_class) */
HANDLER(MATCH_CLASS)
{
    PyObject *subject = sp[-3];
    PyObject *type = sp[-2];
    PyObject *keywords = sp[-1];
    struct class_pattern pattern = {.tstate = tstate, .subject = subject, .type = (PyTypeObject *)type};
    PyObject *result = NULL;
    int matched = match_class(&pattern, oparg, keywords);
    if (matched >= 0) {
        result = matched ? PyList_AsTuple(pattern.attributes) : Py_NewRef(Py_None);
    }
    Py_XDECREF(pattern.seen);
    Py_XDECREF(pattern.attributes);
    Py_DECREF(keywords);
    Py_DECREF(type);
    sp[-3] = result;
    Py_DECREF(subject);
    return result == NULL ? OPS_RAISED : 0;
}
