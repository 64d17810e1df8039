/* runtime/ops/numbers.c: operations on exact ints, floats, bools and strings that cannot run other code: what compiled code
 * tries behind its inline fast paths, before the general operators. None of them is an escape. */
#include "runtime/ops/shared.h"
#include "runtime/runtime_data.h"

static inline void drop(PyObject *object)
{
    if (--object->ob_refcnt == 0) {
        rt_dealloc(object);
    }
}

static inline void drop_owned(PyObject *left, PyObject *right, int owned)
{
    if (owned & OPS_OWNS_LEFT) {
        drop(left);
    }
    if (owned & OPS_OWNS_RIGHT) {
        drop(right);
    }
}

static inline bool is_int_or_bool(PyObject *object)
{
    return Py_TYPE(object) == &PyLong_Type || Py_TYPE(object) == &PyBool_Type;
}

static inline int digits_of(PyObject *number)
{
    Py_ssize_t size = Py_SIZE(number);
    size = size < 0 ? -size : size;
    return size > 1000 ? 1000 : (int)size;
}

/* Value of an int of at most two digits. */
static inline int64_t narrow_value(PyObject *number)
{
    const digit *digits = ((PyLongObject *)number)->ob_digit;
    switch (Py_SIZE(number)) {
    case 0:
        return 0;
    case 1:
        return digits[0];
    case -1:
        return -(int64_t)digits[0];
    default: {
        int64_t magnitude = (int64_t)digits[0] | (int64_t)digits[1] << PyLong_SHIFT;
        return Py_SIZE(number) < 0 ? -magnitude : magnitude;
    }
    }
}

/* Value of an int of at most four digits. */
static inline __int128 wide_value(PyObject *number)
{
    Py_ssize_t size = Py_SIZE(number);
    __int128 value = 0;
    for (Py_ssize_t i = size < 0 ? -size : size; --i >= 0;) {
        value = value << PyLong_SHIFT | ((PyLongObject *)number)->ob_digit[i];
    }
    return size < 0 ? -value : value;
}

/* Python's division, rounding down, of two numbers below 2**62. */
static inline int64_t floor_divide(int64_t left, int64_t right)
{
    return left / right - (left % right != 0 && (left < 0) != (right < 0));
}

static inline int64_t remainder_of(int64_t left, int64_t right)
{
    int64_t rest = left % right;
    return rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest;
}

/* Exponents up to 4 of a one-digit base, whose powers fit 120 bits. */
static inline __int128 small_power(int64_t base, int exponent)
{
    __int128 result = 1;
    while (exponent-- > 0) {
        result *= base;
    }
    return result;
}

/* Both of at most two digits. */
static inline PyObject *narrow_operator(PyObject *left, PyObject *right, int op)
{
    int64_t a = narrow_value(left);
    int64_t b = narrow_value(right);
    switch (op) {
    case NB_ADD:
        return rt_int_from_long(a + b);
    case NB_SUBTRACT:
        return rt_int_from_long(a - b);
    case NB_MULTIPLY:
        return rt_int_from_wide((__int128)a * b);
    case NB_AND:
        return rt_int_from_long(a & b);
    case NB_OR:
        return rt_int_from_long(a | b);
    case NB_XOR:
        return rt_int_from_long(a ^ b);
    case NB_LSHIFT:
        return (uint64_t)b <= 60 ? rt_int_from_wide((__int128)a * ((__int128)1 << b)) : NULL;
    case NB_RSHIFT:
        return b >= 0 ? rt_int_from_long(a >> (b > 63 ? 63 : b)) : NULL;
    case NB_FLOOR_DIVIDE:
        return b != 0 ? rt_int_from_long(floor_divide(a, b)) : NULL;
    case NB_REMAINDER:
        return b != 0 ? rt_int_from_long(remainder_of(a, b)) : NULL;
    case NB_TRUE_DIVIDE: {
        /* As stock does where both are doubles exactly. (longobject.c, long_true_divide) */
        const int64_t limit = (int64_t)1 << 53;
        return b != 0 && a <= limit && -a <= limit && b <= limit && -b <= limit ? rt_float_new((double)a / (double)b)
                                                                                : NULL;
    }
    case NB_POWER:
        return digits_of(left) <= 1 && (uint64_t)b <= 4 ? rt_int_from_wide(small_power(a, (int)b)) : NULL;
    default:
        return NULL;
    }
}

/* Both of at most four digits. */
static PyObject *wide_operator(PyObject *left, PyObject *right, int op)
{
    __int128 a = wide_value(left);
    __int128 b = wide_value(right);
    bool in_64_bits = (unsigned __int128)a <= UINT64_MAX && (unsigned __int128)b <= UINT64_MAX && b != 0;
    switch (op) {
    case NB_ADD:
        return rt_int_from_wide(a + b);
    case NB_SUBTRACT:
        return rt_int_from_wide(a - b);
    case NB_MULTIPLY:
        return digits_of(left) + digits_of(right) <= 4 ? rt_int_from_wide(a * b) : NULL;
    case NB_AND:
        return rt_int_from_wide(a & b);
    case NB_OR:
        return rt_int_from_wide(a | b);
    case NB_XOR:
        return rt_int_from_wide(a ^ b);
    case NB_LSHIFT:
        return b >= 0 && b + PyLong_SHIFT * digits_of(left) <= 120 ? rt_int_from_wide(a * ((__int128)1 << (int)b))
                                                                   : NULL;
    case NB_RSHIFT:
        return b >= 0 ? rt_int_from_wide(a >> (b > 127 ? 127 : (int)b)) : NULL;
    case NB_FLOOR_DIVIDE:
        return in_64_bits ? rt_int_from_wide((uint64_t)a / (uint64_t)b) : NULL;
    case NB_REMAINDER:
        return in_64_bits ? rt_int_from_wide((uint64_t)a % (uint64_t)b) : NULL;
    default:
        return NULL;
    }
}

/* The double of an exact float, or of an int that has one exactly; false for anything else. */
static inline bool exact_double(PyObject *object, double *value)
{
    if (Py_TYPE(object) == &PyFloat_Type) {
        *value = PyFloat_AS_DOUBLE(object);
        return true;
    }
    if (!is_int_or_bool(object) || digits_of(object) > 1) {
        return false;
    }
    *value = (double)narrow_value(object);
    return true;
}

static inline PyObject *float_operator(double left, double right, int op)
{
    switch (op) {
    case NB_ADD:
        return rt_float_new(left + right);
    case NB_SUBTRACT:
        return rt_float_new(left - right);
    case NB_MULTIPLY:
        return rt_float_new(left * right);
    case NB_TRUE_DIVIDE:
        return right != 0.0 ? rt_float_new(left / right) : NULL;
    default:
        return NULL;
    }
}

PyObject *rt_number_binary(PyObject *left, PyObject *right, int op, int owned)
{
    PyObject *result;
    double a, b;
    op = op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op;
    if (is_int_or_bool(left) && is_int_or_bool(right)) {
        if (Py_TYPE(left) == &PyBool_Type && Py_TYPE(right) == &PyBool_Type &&
            (op == NB_AND || op == NB_OR || op == NB_XOR)) {
            return NULL; /* a bool */
        }
        int left_digits = digits_of(left);
        int right_digits = digits_of(right);
        if (left_digits > 4 || right_digits > 4) {
            return NULL;
        }
        result =
            left_digits <= 2 && right_digits <= 2 ? narrow_operator(left, right, op) : wide_operator(left, right, op);
    } else if (exact_double(left, &a) && exact_double(right, &b)) {
        result = float_operator(a, b, op);
    } else {
        return NULL;
    }
    if (UNLIKELY(result == NULL)) {
        /* Without memory the general operator says so. */
        if (PyErr_Occurred()) {
            PyErr_Clear();
        }
        return NULL;
    }
    drop_owned(left, right, owned);
    return result;
}

PyObject *rt_number_unary(PyObject *operand, int opcode, int owned)
{
    PyObject *result;
    if (is_int_or_bool(operand) && digits_of(operand) <= 2) {
        int64_t value = narrow_value(operand);
        result = opcode == UNARY_NEGATIVE ? rt_int_from_long(-value)
                 : opcode == UNARY_INVERT ? rt_int_from_long(~value)
                                          : NULL;
    } else if (Py_TYPE(operand) == &PyFloat_Type && opcode == UNARY_NEGATIVE) {
        result = rt_float_new(-PyFloat_AS_DOUBLE(operand));
    } else {
        return NULL;
    }
    if (UNLIKELY(result == NULL)) {
        if (PyErr_Occurred()) {
            PyErr_Clear();
        }
        return NULL;
    }
    if (owned) {
        drop(operand);
    }
    return result;
}

/* The six comparisons of two C numbers. */
#define COMPARE_NUMBERS(left, right, op)                                                                             \
    ((op) == Py_LT   ? (left) < (right)                                                                              \
     : (op) == Py_LE ? (left) <= (right)                                                                             \
     : (op) == Py_EQ ? (left) == (right)                                                                             \
     : (op) == Py_NE ? (left) != (right)                                                                             \
     : (op) == Py_GT ? (left) > (right)                                                                              \
                     : (left) >= (right))

/* Less than, equal to, greater than 0 as left is to right. */
static inline Py_ssize_t compare_ints(PyObject *left, PyObject *right)
{
    Py_ssize_t size = Py_SIZE(left);
    if (size != Py_SIZE(right)) {
        return size < Py_SIZE(right) ? -1 : 1;
    }
    const digit *a = ((PyLongObject *)left)->ob_digit;
    const digit *b = ((PyLongObject *)right)->ob_digit;
    for (Py_ssize_t i = size < 0 ? -size : size; --i >= 0;) {
        if (a[i] != b[i]) {
            return (a[i] < b[i]) == (size > 0) ? -1 : 1;
        }
    }
    return 0;
}

int rt_plain_compare(PyObject *left, PyObject *right, int op, int owned)
{
    int outcome;
    double a, b;
    if (is_int_or_bool(left) && is_int_or_bool(right)) {
        Py_ssize_t order = compare_ints(left, right);
        outcome = COMPARE_NUMBERS(order, 0, op);
    } else if (PyUnicode_CheckExact(left) && PyUnicode_CheckExact(right)) {
        if ((op != Py_EQ && op != Py_NE) || !PyUnicode_IS_READY(left) || !PyUnicode_IS_READY(right)) {
            return -1;
        }
        outcome = (left == right || _PyUnicode_EQ(left, right)) == (op == Py_EQ);
    } else if (exact_double(left, &a) && exact_double(right, &b)) {
        outcome = COMPARE_NUMBERS(a, b, op);
    } else {
        return -1;
    }
    drop_owned(left, right, owned);
    return outcome;
}

int rt_plain_truth(PyObject *value, int owned)
{
    PyTypeObject *type = Py_TYPE(value);
    int truth;
    bool dies_quietly = true;
    if (type == &PyBool_Type || value == Py_None) {
        truth = value == Py_True;
    } else if (type == &PyLong_Type) {
        truth = Py_SIZE(value) != 0;
    } else if (type == &PyUnicode_Type && PyUnicode_IS_READY(value)) {
        truth = PyUnicode_GET_LENGTH(value) != 0;
    } else if (type == &PyFloat_Type) {
        truth = PyFloat_AS_DOUBLE(value) != 0.0;
    } else {
        dies_quietly = false;
        if (type == &PyList_Type || type == &PyTuple_Type) {
            truth = Py_SIZE(value) != 0;
        } else if (type == &PyDict_Type) {
            truth = PyDict_GET_SIZE(value) != 0;
        } else if (type == &PySet_Type) {
            truth = PySet_GET_SIZE(value) != 0;
        } else {
            return -1;
        }
    }
    if (owned) {
        if (!dies_quietly && value->ob_refcnt == 1) {
            return -1;
        }
        drop(value);
    }
    return truth;
}
