/* runtime/ops/compare.c: comparisons, identity, membership, truth. */
#include "runtime/ops/shared.h"
#include "runtime/ops/user_operators.h"

/* The general comparison. Steals both. */
static inline PyObject *compare_objects(PyObject *left, PyObject *right, int op)
{
    PyObject *result = user_is_class(Py_TYPE(left)) ? user_compare(left, right, op) : USER_ELSEWHERE;
    if (result == USER_ELSEWHERE) {
        result = PyObject_RichCompare(left, right, op);
        Py_DECREF(left);
        Py_DECREF(right);
    }
    return result;
}

PyObject *rt_compare(PyObject *left, PyObject *right, int op)
{
    int plain = rt_plain_compare(left, right, op, OPS_OWNS_LEFT | OPS_OWNS_RIGHT);
    if (plain >= 0) {
        return Py_NewRef(plain ? Py_True : Py_False);
    }
    return compare_objects(left, right, op);
}

int rt_compare_truth(PyObject *left, PyObject *right, int op)
{
    int plain = rt_plain_compare(left, right, op, OPS_OWNS_LEFT | OPS_OWNS_RIGHT);
    if (plain >= 0) {
        return plain;
    }
    PyObject *result = compare_objects(left, right, op);
    return result == NULL ? -1 : rt_truth(result);
}

int rt_truth(PyObject *value)
{
    int truth = value == Py_True ? 1 : value == Py_False || value == Py_None ? 0 : user_truth(value);
    if (truth == USER_ELSEWHERE_INT) {
        truth = PyObject_IsTrue(value);
    }
    Py_DECREF(value);
    return truth;
}

/* Is `left` among the items? -1 when telling would run code of the items'. */
static inline int plain_search(PyObject *left, PyObject *const *items, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (items[i] == left) {
            return 1;
        }
        int same = rt_plain_compare(items[i], left, Py_EQ, 0);
        if (same != 0) {
            return same;
        }
    }
    return 0;
}

int rt_contains(PyObject *left, PyObject *right)
{
    PyTypeObject *type = Py_TYPE(right);
    int found = -1;
    if (type == &PyDict_Type) {
        found = PyDict_Contains(right, left);
    } else if (type == &PyUnicode_Type && PyUnicode_Check(left)) {
        found = PyUnicode_Contains(right, left);
    } else if (user_is_class(type) && (found = user_contains(right, left)) != USER_ELSEWHERE_INT) {
        /* answered, or failed */
    } else {
        if (type == &PyList_Type || type == &PyTuple_Type) {
            found = plain_search(left, PySequence_Fast_ITEMS(right), Py_SIZE(right));
        }
        found = found >= 0 ? found : PySequence_Contains(right, left);
    }
    Py_DECREF(left);
    Py_DECREF(right);
    return found;
}

int rt_is(PyObject *left, PyObject *right)
{
    int same = left == right;
    Py_DECREF(left);
    Py_DECREF(right);
    return same;
}

/* [left, right] -> [bool]; oparg 1 is `is not`. */
HANDLER(IS_OP)
{
    sp[-2] = Py_NewRef(rt_is(sp[-2], sp[-1]) != oparg ? Py_True : Py_False);
    return 0;
}

HANDLER(UNARY_NOT)
{
    int truth = rt_truth(sp[-1]);
    if (truth < 0) {
        return OPS_RAISED;
    }
    sp[-1] = Py_NewRef(truth ? Py_False : Py_True);
    return 0;
}
