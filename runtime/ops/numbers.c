/* runtime/ops/numbers.c: operations on exact ints, floats, bools and strings that cannot run other code: what compiled code
 * tries behind its inline fast paths, before the general operators. None of them is an escape. */
#include "runtime/ops/shared.h"
#include "runtime/runtime_data.h"

#include <errno.h>
#include <math.h>

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
    Py_ssize_t size = Py_SIZE(number);
    int64_t sign = size >> 63;
    int64_t length = (size ^ sign) - sign;
    if (length == 0) {
        return 0;
    }
    int64_t magnitude = digits[0];
    if (length > 1) {
        magnitude |= (int64_t)digits[1] << PyLong_SHIFT;
    }
    return (magnitude ^ sign) - sign;
}

/* Has the int less than 127 bits, or so? */
static inline bool is_wide(PyObject *number)
{
    int count = digits_of(number);
    return count <= 4 || (count == 5 && ((PyLongObject *)number)->ob_digit[4] < 1 << (127 - 4 * PyLong_SHIFT));
}

/* Value of such an int. */
static inline __int128 wide_value(PyObject *number)
{
    const digit *digits = ((PyLongObject *)number)->ob_digit;
    Py_ssize_t size = Py_SIZE(number);
    Py_ssize_t length = size < 0 ? -size : size;
    uint64_t low = length == 0 ? 0 : digits[0];
    if (length > 1) {
        low |= (uint64_t)digits[1] << PyLong_SHIFT;
    }
    uint64_t high = 0;
    if (length > 2) {
        high = digits[2];
    }
    if (length > 3) {
        high |= (uint64_t)digits[3] << PyLong_SHIFT;
    }
    __int128 value = (__int128)((unsigned __int128)high << (2 * PyLong_SHIFT) | low);
    if (length > 4) {
        value |= (__int128)digits[4] << (4 * PyLong_SHIFT);
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

/* A result not yet in an object. */
enum result_kind { NO_RESULT, NARROW_RESULT, WIDE_RESULT, FLOAT_RESULT };
union result {
    int64_t narrow;
    __int128 wide;
    double real;
};

#define NARROW(value) (result->narrow = (value), NARROW_RESULT)
#define WIDE(value)   (result->wide = (value), WIDE_RESULT)
#define FLOAT(value)  (result->real = (value), FLOAT_RESULT)

/* Both of at most two digits. */
static inline enum result_kind narrow_operator(PyObject *left, PyObject *right, int op, union result *result)
{
    int64_t a = narrow_value(left);
    int64_t b = narrow_value(right);
    switch (op) {
    case NB_ADD:
        return NARROW(a + b);
    case NB_SUBTRACT:
        return NARROW(a - b);
    case NB_MULTIPLY: {
        int64_t product;
        return !__builtin_mul_overflow(a, b, &product) ? NARROW(product) : WIDE((__int128)a * b);
    }
    case NB_AND:
        return NARROW(a & b);
    case NB_OR:
        return NARROW(a | b);
    case NB_XOR:
        return NARROW(a ^ b);
    case NB_LSHIFT:
        return (uint64_t)b <= 60 ? WIDE((__int128)a * ((__int128)1 << b)) : NO_RESULT;
    case NB_RSHIFT:
        return b >= 0 ? NARROW(a >> (b > 63 ? 63 : b)) : NO_RESULT;
    case NB_FLOOR_DIVIDE:
        return b != 0 ? NARROW(floor_divide(a, b)) : NO_RESULT;
    case NB_REMAINDER:
        return b != 0 ? NARROW(remainder_of(a, b)) : NO_RESULT;
    case NB_TRUE_DIVIDE: {
        /* As stock does where both are doubles exactly. (longobject.c, long_true_divide) */
        const int64_t limit = (int64_t)1 << 53;
        return b != 0 && a <= limit && -a <= limit && b <= limit && -b <= limit ? FLOAT((double)a / (double)b)
                                                                                : NO_RESULT;
    }
    case NB_POWER:
        return digits_of(left) <= 1 && (uint64_t)b <= 4 ? WIDE(small_power(a, (int)b)) : NO_RESULT;
    default:
        return NO_RESULT;
    }
}

/* The product of two numbers, of which neither is negative nor has more than 64 bits: most have less than 127. */
static inline enum result_kind wide_product(uint64_t a, uint64_t b, union result *result)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return product >> 127 == 0 ? WIDE((__int128)product) : NO_RESULT;
}

/* Both have less than 127 bits. */
static inline enum result_kind wide_operator(PyObject *left, PyObject *right, int op, union result *result)
{
    __int128 a = wide_value(left);
    __int128 b = wide_value(right);
    __int128 sum;
    bool in_64_bits = (unsigned __int128)a <= UINT64_MAX && (unsigned __int128)b <= UINT64_MAX && b != 0;
    switch (op) {
    case NB_ADD:
        return __builtin_add_overflow(a, b, &sum) ? NO_RESULT : WIDE(sum);
    case NB_SUBTRACT:
        return __builtin_sub_overflow(a, b, &sum) ? NO_RESULT : WIDE(sum);
    case NB_MULTIPLY:
        return digits_of(left) + digits_of(right) <= 4 ? WIDE(a * b)
               : in_64_bits                            ? wide_product((uint64_t)a, (uint64_t)b, result)
                                                       : NO_RESULT;
    case NB_AND:
        return WIDE(a & b);
    case NB_OR:
        return WIDE(a | b);
    case NB_XOR:
        return WIDE(a ^ b);
    case NB_LSHIFT:
        return b >= 0 && b + PyLong_SHIFT * digits_of(left) <= 120 ? WIDE(a * ((__int128)1 << (int)b)) : NO_RESULT;
    case NB_RSHIFT:
        return b >= 0 ? WIDE(a >> (b > 127 ? 127 : (int)b)) : NO_RESULT;
    case NB_FLOOR_DIVIDE:
        return in_64_bits ? WIDE((uint64_t)a / (uint64_t)b) : NO_RESULT;
    case NB_REMAINDER:
        return in_64_bits ? WIDE((uint64_t)a % (uint64_t)b) : NO_RESULT;
    default:
        return NO_RESULT;
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

/* The cases of float_pow (floatobject.c) that come down to the C library's pow() of a positive base: a negative one has a real power where the exponent
 * is a whole number, which is negative where that is odd. */
struct float_outcome rt_float_power(double base, double exponent)
{
    bool is_negative = base < 0.0;
    if (base == 0.0 || !isfinite(base) || !isfinite(exponent) || (is_negative && floor(exponent) != exponent)) {
        return (struct float_outcome){0.0, false};
    }
    errno = 0;
    double power = pow(fabs(base), exponent);
    power = is_negative && fmod(exponent, 2.0) != 0.0 ? -power : power;
    return (struct float_outcome){power, errno == 0};
}

/* The remainder has the divisor's sign, also where it is 0. (floatobject.c, float_rem) */
static inline double remainder_of_floats(double left, double right)
{
    double rest = fmod(left, right);
    if (rest == 0.0) {
        return copysign(0.0, right);
    }
    return (right < 0.0) != (rest < 0.0) ? rest + right : rest;
}

struct float_outcome rt_float_remainder(double left, double right)
{
    return right != 0.0 ? (struct float_outcome){remainder_of_floats(left, right), true}
                        : (struct float_outcome){0.0, false};
}

/* (floatobject.c, _float_div_mod) */
struct float_outcome rt_float_floor_divide(double left, double right)
{
    if (right == 0.0) {
        return (struct float_outcome){0.0, false};
    }
    double rest = fmod(left, right);
    double quotient = (left - rest) / right;
    if (rest != 0.0 && (right < 0.0) != (rest < 0.0)) {
        quotient -= 1.0;
    }
    if (quotient == 0.0) {
        return (struct float_outcome){copysign(0.0, left / right), true};
    }
    double floored = floor(quotient);
    return (struct float_outcome){quotient - floored > 0.5 ? floored + 1.0 : floored, true};
}

static inline enum result_kind float_outcome_result(struct float_outcome outcome, union result *result)
{
    return outcome.valid ? FLOAT(outcome.value) : NO_RESULT;
}

static inline enum result_kind float_operator(double left, double right, int op, union result *result)
{
    switch (op) {
    case NB_ADD:
        return FLOAT(left + right);
    case NB_SUBTRACT:
        return FLOAT(left - right);
    case NB_MULTIPLY:
        return FLOAT(left * right);
    case NB_TRUE_DIVIDE:
        return right != 0.0 ? FLOAT(left / right) : NO_RESULT;
    case NB_POWER:
        return float_outcome_result(rt_float_power(left, right), result);
    case NB_REMAINDER:
        return float_outcome_result(rt_float_remainder(left, right), result);
    case NB_FLOOR_DIVIDE:
        return float_outcome_result(rt_float_floor_divide(left, right), result);
    default:
        return NO_RESULT;
    }
}

static inline __attribute__((always_inline)) enum result_kind number_operator(PyObject *left, PyObject *right, int op,
                                                                              union result *result)
{
    double a, b;
    if (is_int_or_bool(left) && is_int_or_bool(right)) {
        if (Py_TYPE(left) == &PyBool_Type && Py_TYPE(right) == &PyBool_Type &&
            (op == NB_AND || op == NB_OR || op == NB_XOR)) {
            return NO_RESULT; /* a bool */
        }
        int left_digits = digits_of(left);
        int right_digits = digits_of(right);
        return left_digits <= 2 && right_digits <= 2 ? narrow_operator(left, right, op, result)
               : is_wide(left) && is_wide(right)     ? wide_operator(left, right, op, result)
                                                     : NO_RESULT;
    }
    return exact_double(left, &a) && exact_double(right, &b) ? float_operator(a, b, op, result) : NO_RESULT;
}

static inline PyObject *result_object(enum result_kind kind, const union result *result)
{
    PyObject *object = kind == NARROW_RESULT ? rt_int_from_long(result->narrow)
                       : kind == WIDE_RESULT ? rt_int_from_wide(result->wide)
                                             : rt_float_new(result->real);
    if (UNLIKELY(object == NULL)) {
        /* The general operator says so. */
        PyErr_Clear();
    }
    return object;
}

/* Writes the value into an int that nobody else holds, where it takes as many digits as the old one (at most four) and is not one of
 * the small ints. */
static inline bool overwrite_int(PyObject *old, __int128 value)
{
    unsigned __int128 magnitude = value < 0 ? 0 - (unsigned __int128)value : (unsigned __int128)value;
    int length = digits_of(old);
    int unused = 128 - PyLong_SHIFT * length;
    if (length > 4 || magnitude < _PY_NSMALLPOSINTS || (magnitude << unused) >> unused != magnitude ||
        magnitude >> (PyLong_SHIFT * (length - 1)) == 0) {
        return false;
    }
    digit *digits = ((PyLongObject *)old)->ob_digit;
    uint64_t low = (uint64_t)magnitude;
    digits[0] = (digit)(low & PyLong_MASK);
    if (length > 1) {
        digits[1] = (digit)(low >> PyLong_SHIFT & PyLong_MASK);
    }
    if (length > 2) {
        uint64_t high = (uint64_t)(magnitude >> (2 * PyLong_SHIFT));
        digits[2] = (digit)(high & PyLong_MASK);
        if (length > 3) {
            digits[3] = (digit)(high >> PyLong_SHIFT);
        }
    }
    Py_SET_SIZE((PyVarObject *)old, value < 0 ? -length : length);
    return true;
}

/* An exact int but 0 with a single reference. */
static inline bool is_unique_int(PyObject *object)
{
    return object->ob_refcnt == 1 && Py_TYPE(object) == &PyLong_Type && Py_SIZE(object) != 0;
}

static inline __int128 value_of(enum result_kind kind, const union result *result)
{
    return kind == WIDE_RESULT ? result->wide : result->narrow;
}

/* The new object in place of the local's old value, which is an int or a float, or held elsewhere too. */
static inline int replace_local(PyObject **local, PyObject *object)
{
    if (UNLIKELY(object == NULL)) {
        PyErr_Clear(); /* who does it another way says so */
        return 0;
    }
    PyObject *old = *local;
    *local = object;
    if (old != NULL) {
        drop(old);
    }
    return 1;
}

/* Would dropping the local's value run code? */
static inline bool drops_quietly(PyObject *old)
{
    return old == NULL || old->ob_refcnt != 1 || Py_TYPE(old) == &PyFloat_Type || Py_TYPE(old) == &PyLong_Type;
}

int rt_store_float(PyObject **local, double value)
{
    PyObject *old = *local;
    if (old != NULL && old->ob_refcnt == 1 && Py_TYPE(old) == &PyFloat_Type) {
        ((PyFloatObject *)old)->ob_fval = value;
        return 1;
    }
    return drops_quietly(old) && replace_local(local, rt_float_new(value));
}

int rt_store_int(PyObject **local, int64_t value)
{
    PyObject *old = *local;
    if (old != NULL && is_unique_int(old) && overwrite_int(old, value)) {
        return 1;
    }
    return drops_quietly(old) && replace_local(local, rt_int_from_long(value));
}

/* Each operator gets functions of its own, so that a site's branches are its operator's alone. */
static inline __attribute__((always_inline)) PyObject *binary(PyObject *left, PyObject *right, int op, int owned)
{
    union result result = {0};
    enum result_kind kind = number_operator(left, right, op, &result);
    if (kind == NO_RESULT) {
        return NULL;
    }
    /* An operand that dies here becomes the result: nobody can tell it from a new int. */
    if ((owned & OPS_OWNS_LEFT) && kind != FLOAT_RESULT && is_unique_int(left) &&
        overwrite_int(left, value_of(kind, &result))) {
        if (owned & OPS_OWNS_RIGHT) {
            drop(right);
        }
        return left;
    }
    if ((owned & OPS_OWNS_RIGHT) && kind != FLOAT_RESULT && is_unique_int(right) &&
        overwrite_int(right, value_of(kind, &result))) {
        if (owned & OPS_OWNS_LEFT) {
            drop(left);
        }
        return right;
    }
    PyObject *object = result_object(kind, &result);
    if (object != NULL) {
        drop_owned(left, right, owned);
    }
    return object;
}

static inline __attribute__((always_inline)) int assign(PyObject *left, PyObject *right, int op, int owned,
                                                        PyObject **local)
{
    PyObject *old = *local;
    if (old != NULL && old->ob_refcnt == 1 && Py_TYPE(old) != &PyLong_Type && Py_TYPE(old) != &PyFloat_Type) {
        return 0; /* its death is not ours to cause */
    }
    union result result = {0};
    enum result_kind kind = number_operator(left, right, op, &result);
    if (kind == NO_RESULT) {
        return 0;
    }
    if (old != NULL && old->ob_refcnt == 1) {
        if (kind == FLOAT_RESULT && Py_TYPE(old) == &PyFloat_Type) {
            ((PyFloatObject *)old)->ob_fval = result.real;
            drop_owned(left, right, owned);
            return 1;
        }
        if (kind != FLOAT_RESULT && is_unique_int(old) && overwrite_int(old, value_of(kind, &result))) {
            drop_owned(left, right, owned);
            return 1;
        }
    }
    PyObject *object = result_object(kind, &result);
    if (UNLIKELY(object == NULL)) {
        return 0;
    }
    *local = object;
    drop_owned(left, right, owned);
    if (old != NULL) {
        drop(old);
    }
    return 1;
}

#define EACH_OPERATOR(X)                                                                                             \
    X(ADD)                                                                                                           \
    X(AND)                                                                                                           \
    X(FLOOR_DIVIDE)                                                                                                  \
    X(LSHIFT)                                                                                                        \
    X(MULTIPLY)                                                                                                      \
    X(REMAINDER)                                                                                                     \
    X(OR)                                                                                                            \
    X(POWER)                                                                                                         \
    X(RSHIFT)                                                                                                        \
    X(SUBTRACT)                                                                                                      \
    X(TRUE_DIVIDE)                                                                                                   \
    X(XOR)
#define FUNCTIONS(name)                                                                                              \
    static PyObject *binary_##name(PyObject *left, PyObject *right, int owned)                                       \
    {                                                                                                                \
        return binary(left, right, NB_##name, owned);                                                                \
    }                                                                                                                \
    static int assign_##name(PyObject *left, PyObject *right, int owned, PyObject **local)                           \
    {                                                                                                                \
        return assign(left, right, NB_##name, owned, local);                                                         \
    }
EACH_OPERATOR(FUNCTIONS)

static const struct number_functions functions[NB_INPLACE_ADD] = {
#define ROW(name) [NB_##name] = {binary_##name, assign_##name},
    EACH_OPERATOR(ROW)
#undef ROW
};

const struct number_functions *ops_number_functions(int op)
{
    op = op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op;
    return functions[op].binary != NULL ? &functions[op] : NULL;
}

PyObject *rt_number_binary(PyObject *left, PyObject *right, int op, int owned)
{
    const struct number_functions *row = ops_number_functions(op);
    return row != NULL ? row->binary(left, right, owned) : NULL;
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

/* The same for two exact str that are ready. (unicodeobject.c, unicode_compare) */
static inline Py_ssize_t compare_strings(PyObject *left, PyObject *right)
{
    if (PyUnicode_KIND(left) != PyUnicode_1BYTE_KIND || PyUnicode_KIND(right) != PyUnicode_1BYTE_KIND) {
        return PyUnicode_Compare(left, right);
    }
    const Py_UCS1 *a = PyUnicode_1BYTE_DATA(left);
    const Py_UCS1 *b = PyUnicode_1BYTE_DATA(right);
    if (a[0] != b[0]) {
        return (Py_ssize_t)a[0] - (Py_ssize_t)b[0]; /* at the end of a string stands a 0 */
    }
    Py_ssize_t left_length = PyUnicode_GET_LENGTH(left);
    Py_ssize_t right_length = PyUnicode_GET_LENGTH(right);
    int order = memcmp(a, b, (size_t)(left_length < right_length ? left_length : right_length));
    return order != 0 ? order : left_length - right_length;
}

int rt_plain_compare(PyObject *left, PyObject *right, int op, int owned)
{
    int outcome;
    double a, b;
    if (is_int_or_bool(left) && is_int_or_bool(right)) {
        Py_ssize_t order = compare_ints(left, right);
        outcome = COMPARE_NUMBERS(order, 0, op);
    } else if (PyUnicode_CheckExact(left) && PyUnicode_CheckExact(right)) {
        if (!PyUnicode_IS_READY(left) || !PyUnicode_IS_READY(right)) {
            return -1;
        }
        if (op == Py_EQ || op == Py_NE) {
            outcome = (left == right || (PyUnicode_GET_LENGTH(left) == PyUnicode_GET_LENGTH(right) &&
                                         compare_strings(left, right) == 0)) == (op == Py_EQ);
        } else if (_PyThreadState_GET()->recursion_remaining > 0) {
            Py_ssize_t order = compare_strings(left, right);
            outcome = COMPARE_NUMBERS(order, 0, op);
        } else {
            return -1; /* a level of recursion is wanted */
        }
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
