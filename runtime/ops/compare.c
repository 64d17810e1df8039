/* runtime/ops/compare.c: comparisons, identity, membership, truth. */
#include "runtime/ops/shared.h"

static inline bool is_small(PyObject *number)
{
    return (size_t)(Py_SIZE(number) + 1) <= 2;
}

static inline int64_t small_value(PyObject *number)
{
    return Py_SIZE(number) * (int64_t)((PyLongObject *)number)->ob_digit[0];
}

/* The six comparisons of two C numbers. */
#define COMPARE_NUMBERS(left, right, op)                                                                             \
    ((op) == Py_LT   ? (left) < (right)                                                                              \
     : (op) == Py_LE ? (left) <= (right)                                                                             \
     : (op) == Py_EQ ? (left) == (right)                                                                             \
     : (op) == Py_NE ? (left) != (right)                                                                             \
     : (op) == Py_GT ? (left) > (right)                                                                              \
                     : (left) >= (right))

/* Compares two objects of types whose comparisons run no other code: 1, 0, or -1 for any other objects (and
 * nothing has happened then). Steals nothing. */
static inline int compare_plain(PyObject *left, PyObject *right, int op)
{
    PyTypeObject *type = Py_TYPE(left);
    if (type != Py_TYPE(right)) {
        return -1;
    }
    if (type == &PyLong_Type && is_small(left) && is_small(right)) {
        int64_t a = small_value(left), b = small_value(right);
        return COMPARE_NUMBERS(a, b, op);
    }
    if (type == &PyFloat_Type) {
        double a = PyFloat_AS_DOUBLE(left), b = PyFloat_AS_DOUBLE(right);
        return COMPARE_NUMBERS(a, b, op);
    }
    if (type == &PyUnicode_Type && (op == Py_EQ || op == Py_NE)) {
        if (PyUnicode_READY(left) < 0 || PyUnicode_READY(right) < 0) {
            PyErr_Clear();
            return -1;
        }
        return _PyUnicode_EQ(left, right) == (op == Py_EQ);
    }
    return -1;
}

PyObject *rt_compare(PyObject *left, PyObject *right, int op)
{
    int plain = compare_plain(left, right, op);
    PyObject *result = plain >= 0 ? Py_NewRef(plain ? Py_True : Py_False) : PyObject_RichCompare(left, right, op);
    Py_DECREF(left);
    Py_DECREF(right);
    return result;
}

int rt_compare_truth(PyObject *left, PyObject *right, int op)
{
    int plain = compare_plain(left, right, op);
    if (plain >= 0) {
        Py_DECREF(left);
        Py_DECREF(right);
        return plain;
    }
    PyObject *result = rt_compare(left, right, op);
    return result == NULL ? -1 : rt_truth(result);
}

int rt_truth(PyObject *value)
{
    int truth = value == Py_True ? 1 : value == Py_False || value == Py_None ? 0 : PyObject_IsTrue(value);
    Py_DECREF(value);
    return truth;
}

int rt_contains(PyObject *left, PyObject *right)
{
    int found = PySequence_Contains(right, left);
    Py_DECREF(left);
    Py_DECREF(right);
    return found;
}

/* [left, right] -> [bool]; oparg 1 is `is not`. */
HANDLER(IS_OP)
{
    PyObject *left = sp[-2];
    PyObject *right = sp[-1];
    sp[-2] = Py_NewRef((left == right) != oparg ? Py_True : Py_False);
    Py_DECREF(left);
    Py_DECREF(right);
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

int rt_is(PyObject *left, PyObject *right)
{
    int same = left == right;
    Py_DECREF(left);
    Py_DECREF(right);
    return same;
}
