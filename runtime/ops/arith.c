/* runtime/ops/arith.c: binary and unary operators. */
#include "runtime/ops/shared.h"

/* PyNumber_Power with the third argument that `**` has. */
static PyObject *power(PyObject *left, PyObject *right)
{
    return PyNumber_Power(left, right, Py_None);
}

static PyObject *in_place_power(PyObject *left, PyObject *right)
{
    return PyNumber_InPlacePower(left, right, Py_None);
}

/* By BINARY_OP's argument. */
static const binaryfunc operators[] = {
    [NB_ADD] = PyNumber_Add,
    [NB_AND] = PyNumber_And,
    [NB_FLOOR_DIVIDE] = PyNumber_FloorDivide,
    [NB_LSHIFT] = PyNumber_Lshift,
    [NB_MATRIX_MULTIPLY] = PyNumber_MatrixMultiply,
    [NB_MULTIPLY] = PyNumber_Multiply,
    [NB_REMAINDER] = PyNumber_Remainder,
    [NB_OR] = PyNumber_Or,
    [NB_POWER] = power,
    [NB_RSHIFT] = PyNumber_Rshift,
    [NB_SUBTRACT] = PyNumber_Subtract,
    [NB_TRUE_DIVIDE] = PyNumber_TrueDivide,
    [NB_XOR] = PyNumber_Xor,
    [NB_INPLACE_ADD] = PyNumber_InPlaceAdd,
    [NB_INPLACE_AND] = PyNumber_InPlaceAnd,
    [NB_INPLACE_FLOOR_DIVIDE] = PyNumber_InPlaceFloorDivide,
    [NB_INPLACE_LSHIFT] = PyNumber_InPlaceLshift,
    [NB_INPLACE_MATRIX_MULTIPLY] = PyNumber_InPlaceMatrixMultiply,
    [NB_INPLACE_MULTIPLY] = PyNumber_InPlaceMultiply,
    [NB_INPLACE_REMAINDER] = PyNumber_InPlaceRemainder,
    [NB_INPLACE_OR] = PyNumber_InPlaceOr,
    [NB_INPLACE_POWER] = in_place_power,
    [NB_INPLACE_RSHIFT] = PyNumber_InPlaceRshift,
    [NB_INPLACE_SUBTRACT] = PyNumber_InPlaceSubtract,
    [NB_INPLACE_TRUE_DIVIDE] = PyNumber_InPlaceTrueDivide,
    [NB_INPLACE_XOR] = PyNumber_InPlaceXor,
};

/* The plain operator that an in-place one means for operands that are never changed in place. */
static inline int plain_operator(int op)
{
    return op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op;
}

/* Value of an int of at most one digit. */
static inline int64_t small_value(PyObject *number)
{
    return Py_SIZE(number) * (int64_t)((PyLongObject *)number)->ob_digit[0];
}

static inline bool is_small(PyObject *number)
{
    return (size_t)(Py_SIZE(number) + 1) <= 2;
}

/* Two ints of at most one digit: false when the operator is left to the general way. */
static inline bool small_int_operator(int64_t left, int64_t right, int op, int64_t *result)
{
    switch (op) {
    case NB_ADD:
        *result = left + right;
        return true;
    case NB_SUBTRACT:
        *result = left - right;
        return true;
    case NB_MULTIPLY:
        *result = left * right;
        return true;
    case NB_AND:
        *result = left & right;
        return true;
    case NB_OR:
        *result = left | right;
        return true;
    case NB_XOR:
        *result = left ^ right;
        return true;
    case NB_RSHIFT:
        if (right < 0 || right > 62) {
            return false;
        }
        *result = left >> right;
        return true;
    case NB_LSHIFT:
        if (right < 0 || right > 31) {
            return false;
        }
        *result = left * ((int64_t)1 << right);
        return true;
    case NB_FLOOR_DIVIDE:
        if (right == 0) {
            return false;
        }
        *result = left / right - (left % right != 0 && (left < 0) != (right < 0));
        return true;
    case NB_REMAINDER:
        if (right == 0) {
            return false;
        }
        *result = left % right;
        if (*result != 0 && (*result < 0) != (right < 0)) {
            *result += right;
        }
        return true;
    default:
        return false;
    }
}

/* The int operators that stock calls without a search for them; NULL: the general way. */
static inline binaryfunc int_operator(int op)
{
    const PyNumberMethods *methods = PyLong_Type.tp_as_number;
    switch (op) {
    case NB_ADD:
        return methods->nb_add;
    case NB_SUBTRACT:
        return methods->nb_subtract;
    case NB_MULTIPLY:
        return methods->nb_multiply;
    case NB_AND:
        return methods->nb_and;
    case NB_OR:
        return methods->nb_or;
    case NB_XOR:
        return methods->nb_xor;
    case NB_FLOOR_DIVIDE:
        return methods->nb_floor_divide;
    case NB_REMAINDER:
        return methods->nb_remainder;
    case NB_LSHIFT:
        return methods->nb_lshift;
    case NB_RSHIFT:
        return methods->nb_rshift;
    case NB_TRUE_DIVIDE:
        return methods->nb_true_divide;
    default:
        return NULL;
    }
}

static PyObject *int_binary(PyObject *left, PyObject *right, int op)
{
    PyObject *result;
    int64_t small;
    int plain = plain_operator(op);
    if (is_small(left) && is_small(right) &&
        small_int_operator(small_value(left), small_value(right), plain, &small)) {
        result = PyLong_FromLongLong(small);
    } else {
        binaryfunc function = int_operator(plain);
        result = (function != NULL ? function : operators[op])(left, right);
    }
    Py_DECREF(left);
    Py_DECREF(right);
    return result;
}

/* Two floats: false when the operator is left to the general way. */
static inline bool float_operator(double left, double right, int op, double *result)
{
    switch (op) {
    case NB_ADD:
        *result = left + right;
        return true;
    case NB_SUBTRACT:
        *result = left - right;
        return true;
    case NB_MULTIPLY:
        *result = left * right;
        return true;
    case NB_TRUE_DIVIDE:
        if (right == 0.0) {
            return false;
        }
        *result = left / right;
        return true;
    default:
        return false;
    }
}

/* A float with this value in place of `left` and `right`, which it steals: whichever of them nobody else holds is
 * reused. */
static PyObject *replace_floats(PyObject *left, PyObject *right, double value)
{
    if (Py_REFCNT(left) == 1) {
        ((PyFloatObject *)left)->ob_fval = value;
        Py_DECREF(right);
        return left;
    }
    if (Py_REFCNT(right) == 1) {
        ((PyFloatObject *)right)->ob_fval = value;
        Py_DECREF(left);
        return right;
    }
    PyObject *result = PyFloat_FromDouble(value);
    Py_DECREF(left);
    Py_DECREF(right);
    return result;
}

PyObject *rt_binary_op(PyObject *left, PyObject *right, int op)
{
    PyTypeObject *type = Py_TYPE(left);
    if (type == Py_TYPE(right)) {
        if (type == &PyLong_Type) {
            return int_binary(left, right, op);
        }
        double value;
        if (type == &PyFloat_Type &&
            float_operator(PyFloat_AS_DOUBLE(left), PyFloat_AS_DOUBLE(right), plain_operator(op), &value)) {
            return replace_floats(left, right, value);
        }
        if (type == &PyUnicode_Type && plain_operator(op) == NB_ADD) {
            PyObject *result = PyUnicode_Concat(left, right);
            Py_DECREF(left);
            Py_DECREF(right);
            return result;
        }
    }
    if (op < NB_INPLACE_ADD && UNLIKELY(ops_wants_elision(left, right))) {
        return ops_binary_with_elision(left, right, op);
    }
    PyObject *result = operators[op](left, right);
    Py_DECREF(left);
    Py_DECREF(right);
    return result;
}

PyObject *rt_add_and_store(PyObject *left, PyObject *right, int op, PyObject **local)
{
    if (!PyUnicode_CheckExact(left) || !PyUnicode_CheckExact(right) || *local != left) {
        return rt_binary_op(left, right, op);
    }
    /* Without our own reference the local's may be the only one, and then the string grows in place. */
    Py_DECREF(left);
    PyUnicode_Append(local, right);
    Py_DECREF(right);
    return Py_XNewRef(*local);
}

/* A unary operator on the top of the stack. */
static inline int unary(PyObject **sp, unaryfunc function, int opcode)
{
    PyObject *operand = sp[-1];
    PyObject *result;
    if (UNLIKELY(ops_wants_elision(operand, NULL))) {
        result = ops_unary_with_elision(operand, opcode);
    } else {
        result = function(operand);
        Py_DECREF(operand);
    }
    sp[-1] = result;
    return result == NULL ? OPS_RAISED : 0;
}

HANDLER(UNARY_POSITIVE)
{
    return unary(sp, PyNumber_Positive, UNARY_POSITIVE);
}

HANDLER(UNARY_NEGATIVE)
{
    return unary(sp, PyNumber_Negative, UNARY_NEGATIVE);
}

HANDLER(UNARY_INVERT)
{
    return unary(sp, PyNumber_Invert, UNARY_INVERT);
}
