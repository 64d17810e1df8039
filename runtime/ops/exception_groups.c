/* runtime/ops/exception_groups.c: `except*`. */
#include "runtime/ops/shared.h"

static inline bool is_group(PyObject *exception)
{
    return PyObject_TypeCheck(exception, (PyTypeObject *)PyExc_BaseExceptionGroup);
}

/* BaseExceptionGroup("", exceptions): a new reference or NULL with an exception set. */
static PyObject *new_group(PyObject *exceptions)
{
    return PyObject_CallFunction(PyExc_BaseExceptionGroup, "sO", "", exceptions);
}

/* ---- Matching ----------------------------------------------------------------------------------- */

/* `except*` catches neither what `except` may not catch, nor groups. 0, or -1 with an exception set. */
static int check_star_catchable(PyThreadState *tstate, PyObject *type)
{
    if (ops_check_catchable(tstate, type) < 0) {
        return -1;
    }
    int group = 0;
    if (PyTuple_Check(type)) {
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(type) && group == 0; i++) {
            group = PyObject_IsSubclass(PyTuple_GET_ITEM(type, i), PyExc_BaseExceptionGroup);
        }
    } else {
        group = PyObject_IsSubclass(type, PyExc_BaseExceptionGroup);
    }
    if (group > 0) {
        _PyErr_SetString(tstate, PyExc_TypeError,
                         "catching ExceptionGroup with except* is not allowed. Use except instead.");
    }
    return group == 0 ? 0 : -1;
}

/* Splits `exception` (or None: nothing is left) into what `type` matches and the rest; None for an empty part.
 * 0 and new references, or -1 with an exception set. (ceval.c, exception_group_match) */
static int split(PyObject *exception, PyObject *type, PyObject **match, PyObject **rest)
{
    if (exception == Py_None) {
        *match = Py_NewRef(Py_None);
        *rest = Py_NewRef(Py_None);
        return 0;
    }
    if (PyErr_GivenExceptionMatches(exception, type)) {
        if (is_group(exception)) {
            *match = Py_NewRef(exception);
        } else {
            /* An exception alone is caught as a group of one. */
            PyObject *alone = PyTuple_Pack(1, exception);
            *match = alone == NULL ? NULL : new_group(alone);
            Py_XDECREF(alone);
            if (*match == NULL) {
                return -1;
            }
        }
        *rest = Py_NewRef(Py_None);
        return 0;
    }
    if (is_group(exception)) {
        PyObject *pair = PyObject_CallMethod(exception, "split", "(O)", type);
        if (pair == NULL) {
            return -1;
        }
        if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) < 2) {
            /* Stock asserts this; a subclass that overrides split() wrongly gets an error from us. */
            PyErr_Format(PyExc_TypeError, "%.200s.split must return a 2-tuple", Py_TYPE(exception)->tp_name);
            Py_DECREF(pair);
            return -1;
        }
        *match = Py_NewRef(PyTuple_GET_ITEM(pair, 0));
        *rest = Py_NewRef(PyTuple_GET_ITEM(pair, 1));
        Py_DECREF(pair);
        return 0;
    }
    *match = Py_NewRef(Py_None);
    *rest = Py_NewRef(Py_None);
    return 0;
}

/* [exception or None, type] -> [rest, match], or [exception, None] when nothing matches */
HANDLER(CHECK_EG_MATCH)
{
    PyObject *exception = sp[-2];
    PyObject *type = sp[-1];
    PyObject *match, *rest;
    int failed = check_star_catchable(tstate, type);
    if (failed == 0) {
        failed = split(exception, type, &match, &rest);
    }
    Py_DECREF(type);
    if (failed) {
        Py_DECREF(exception);
        return OPS_RAISED;
    }
    sp[-1] = match;
    if (match == Py_None) {
        Py_DECREF(rest);
        return 0;
    }
    sp[-2] = rest;
    PyErr_SetExcInfo(NULL, Py_NewRef(match), NULL);
    Py_DECREF(exception);
    return 0;
}

/* ---- What is raised in the end ------------------------------------------------------------------ */

/* Adds the address of every exception that is not a group, in `exception` or in groups in it, to a set. 0 or -1. */
static int collect_leaves(PyObject *exception, PyObject *leaves)
{
    if (!is_group(exception)) {
        PyObject *address = PyLong_FromVoidPtr(exception);
        int failed = address == NULL ? -1 : PySet_Add(leaves, address);
        Py_XDECREF(address);
        return failed;
    }
    PyObject *members = ((PyBaseExceptionGroupObject *)exception)->excs;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(members); i++) {
        if (_Py_EnterRecursiveCall(" in collect_exception_group_leaf_ids")) {
            return -1;
        }
        int failed = collect_leaves(PyTuple_GET_ITEM(members, i), leaves);
        _Py_LeaveRecursiveCall();
        if (failed) {
            return -1;
        }
    }
    return 0;
}

/* A group like `original` around `members`, with its traceback, context, cause and notes: a new reference, or
 * NULL with an exception set. (exceptions.c, exceptiongroup_subset) */
static PyObject *derive_group(PyObject *original, PyObject *members)
{
    PyObject *group = PyObject_CallMethod(original, "derive", "(O)", members);
    if (group == NULL) {
        return NULL;
    }
    PyObject *notes = NULL;
    if (!is_group(group)) {
        PyErr_SetString(PyExc_TypeError, "derive must return an instance of BaseExceptionGroup");
        goto failed;
    }
    PyObject *traceback = PyException_GetTraceback(original);
    if (traceback != NULL) {
        int result = PyException_SetTraceback(group, traceback);
        Py_DECREF(traceback);
        if (result < 0) {
            goto failed;
        }
    }
    PyException_SetContext(group, PyException_GetContext(original));
    PyException_SetCause(group, PyException_GetCause(original));
    if (_PyObject_LookupAttr(original, &_Py_ID(__notes__), &notes) < 0) {
        goto failed;
    }
    if (notes != NULL && PySequence_Check(notes)) {
        /* A list of its own, so that a note added to one part stays there. */
        Py_SETREF(notes, PySequence_List(notes));
        if (notes == NULL || PyObject_SetAttr(group, &_Py_ID(__notes__), notes) < 0) {
            goto failed;
        }
    }
    Py_XDECREF(notes);
    return group;

failed:
    Py_XDECREF(notes);
    Py_DECREF(group);
    return NULL;
}

/* The part of `exception` that consists of the leaves in the set: a new reference in *part, or NULL there when nothing
 * is left. 0, or -1 with an exception set. (exceptions.c, exceptiongroup_split_recursive by instance) */
static int keep_leaves(PyObject *exception, PyObject *leaves, PyObject **part)
{
    *part = NULL;
    if (!is_group(exception)) {
        PyObject *address = PyLong_FromVoidPtr(exception);
        int found = address == NULL ? -1 : PySet_Contains(leaves, address);
        Py_XDECREF(address);
        if (found > 0) {
            *part = Py_NewRef(exception);
        }
        return found < 0 ? -1 : 0;
    }
    PyObject *kept = PyList_New(0);
    if (kept == NULL) {
        return -1;
    }
    PyObject *members = ((PyBaseExceptionGroupObject *)exception)->excs;
    int failed = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(members) && !failed; i++) {
        PyObject *member = NULL;
        if (_Py_EnterRecursiveCall(" in exceptiongroup_split_recursive")) {
            failed = -1;
            break;
        }
        failed = keep_leaves(PyTuple_GET_ITEM(members, i), leaves, &member);
        _Py_LeaveRecursiveCall();
        if (member != NULL) {
            failed = PyList_Append(kept, member);
            Py_DECREF(member);
        }
    }
    if (!failed && PyList_GET_SIZE(kept) > 0) {
        *part = derive_group(exception, kept);
        failed = *part == NULL ? -1 : 0;
    }
    Py_DECREF(kept);
    return failed;
}

/* The part of the group `original` whose leaves are in any of the groups in a list: a new reference (None when there is
 * none), or NULL with an exception set. (exceptions.c, exception_group_projection) */
static PyObject *project(PyObject *original, PyObject *groups)
{
    PyObject *leaves = PySet_New(NULL);
    if (leaves == NULL) {
        return NULL;
    }
    PyObject *part = NULL;
    int failed = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(groups) && !failed; i++) {
        failed = collect_leaves(PyList_GET_ITEM(groups, i), leaves);
    }
    if (!failed) {
        failed = keep_leaves(original, leaves, &part);
    }
    Py_DECREF(leaves);
    return failed ? NULL : part != NULL ? part : Py_NewRef(Py_None);
}

/* Did this exception come out of an except* clause as a part of what went in? */
static bool is_part_of(PyObject *exception, PyObject *original)
{
    PyBaseExceptionObject *one = (PyBaseExceptionObject *)exception;
    PyBaseExceptionObject *other = (PyBaseExceptionObject *)original;
    return one->notes == other->notes && one->traceback == other->traceback && one->cause == other->cause &&
           one->context == other->context;
}

/* What a try statement with except* clauses raises in the end, None for nothing. `outcomes` lists what its clauses
 * raised or did not handle: parts of `original` are put together in its shape again, and stand beside what is
 * new. A new reference, or NULL with an exception set. (exceptions.c, _PyExc_PrepReraiseStar) */
static PyObject *combine_outcomes(PyObject *original, PyObject *outcomes)
{
    if (PyList_GET_SIZE(outcomes) == 0) {
        return Py_NewRef(Py_None);
    }
    if (!is_group(original)) {
        /* It was wrapped to be caught, by at most one clause. */
        return Py_NewRef(PyList_GET_ITEM(outcomes, 0));
    }
    PyObject *result = NULL;
    PyObject *raised = PyList_New(0);
    PyObject *reraised = PyList_New(0);
    if (raised == NULL || reraised == NULL) {
        goto done;
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(outcomes); i++) {
        PyObject *exception = PyList_GET_ITEM(outcomes, i);
        if (exception != Py_None &&
            PyList_Append(is_part_of(exception, original) ? reraised : raised, exception) < 0) {
            goto done;
        }
    }
    PyObject *again = project(original, reraised);
    if (again == NULL || PyList_GET_SIZE(raised) == 0) {
        result = again;
        goto done;
    }
    int failed = again == Py_None ? 0 : PyList_Append(raised, again);
    Py_DECREF(again);
    if (!failed) {
        /* 3.11 puts even a single new exception into a group. */
        result = new_group(raised);
    }
done:
    Py_XDECREF(raised);
    Py_XDECREF(reraised);
    return result;
}

/* [original exception, list of outcomes] -> [exception to raise, or None] */
HANDLER(PREP_RERAISE_STAR)
{
    PyObject *result = combine_outcomes(sp[-2], sp[-1]);
    Py_DECREF(sp[-1]);
    Py_DECREF(sp[-2]);
    sp[-2] = result;
    return result == NULL ? OPS_RAISED : 0;
}
