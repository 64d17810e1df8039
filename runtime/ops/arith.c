/* runtime/ops/arith.c: binary and unary operators. */
#include "runtime/ops/shared.h"
#include "runtime/ops/user_operators.h"

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

PyObject *rt_binary_op(PyObject *left, PyObject *right, int op)
{
    PyTypeObject *type = Py_TYPE(left);
    binaryfunc function = NULL;
    if (type == &PyLong_Type || type == &PyFloat_Type) {
        PyObject *result = rt_number_binary(left, right, op, OPS_OWNS_LEFT | OPS_OWNS_RIGHT);
        if (result != NULL) {
            return result;
        }
        if (type == &PyLong_Type && Py_TYPE(right) == &PyLong_Type) {
            function = int_operator(plain_operator(op));
        }
    } else if (type == &PyUnicode_Type && Py_TYPE(right) == &PyUnicode_Type && plain_operator(op) == NB_ADD) {
        function = PyUnicode_Concat;
    }
    if (function == NULL && (user_is_class(type) || user_is_class(Py_TYPE(right)))) {
        PyObject *result = user_binary(left, right, op);
        if (result != USER_ELSEWHERE) {
            return result;
        }
    }
    if (function == NULL) {
        if (op < NB_INPLACE_ADD && UNLIKELY(ops_wants_elision(left, right))) {
            return ops_binary_with_elision(left, right, op);
        }
        function = operators[op];
    }
    PyObject *result = function(left, right);
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

PyObject *rt_unary(PyObject *operand, int opcode)
{
    PyObject *answer = user_is_class(Py_TYPE(operand)) ? user_unary(operand, opcode) : USER_ELSEWHERE;
    if (answer != USER_ELSEWHERE) {
        Py_DECREF(operand);
        return answer;
    }
    if (UNLIKELY(ops_wants_elision(operand, NULL))) {
        return ops_unary_with_elision(operand, opcode);
    }
    PyObject *result = opcode == UNARY_NEGATIVE ? PyNumber_Negative(operand)
                       : opcode == UNARY_INVERT ? PyNumber_Invert(operand)
                                                : PyNumber_Positive(operand);
    Py_DECREF(operand);
    return result;
}

/* A unary operator on the top of the stack. */
static inline int unary_of_top(PyObject **sp, int opcode)
{
    sp[-1] = rt_unary(sp[-1], opcode);
    return sp[-1] == NULL ? OPS_RAISED : 0;
}

HANDLER(UNARY_POSITIVE)
{
    return unary_of_top(sp, UNARY_POSITIVE);
}

HANDLER(UNARY_NEGATIVE)
{
    return unary_of_top(sp, UNARY_NEGATIVE);
}

HANDLER(UNARY_INVERT)
{
    return unary_of_top(sp, UNARY_INVERT);
}
