/* tier2/build_complex.c: complex numbers: arithmetic on their parts, as CPython does it (Objects/complexobject.c); see build.h.
 *
 * An int or float beside a complex number is first made one, with an imaginary part of 0.0, which takes part like any other: infinities and what is
 * not a number come out as they do there. */
#include "tier2/build.h"

#include <string.h>

static struct ir_node *real_of(struct builder *builder, struct ir_node *number)
{
    return number->op == IR_complex_make ? number->inputs[0] : build_node1(builder, IR_complex_real, number);
}

static struct ir_node *imaginary_of(struct builder *builder, struct ir_node *number)
{
    return number->op == IR_complex_make ? number->inputs[1] : build_node1(builder, IR_complex_imaginary, number);
}

struct ir_node *build_complex(struct builder *builder, double real, double imaginary)
{
    return build_node2(builder, IR_complex_make, build_float(builder, real), build_float(builder, imaginary));
}

static struct ir_node *by_parts(struct builder *builder, enum ir_op op, struct ir_node *a, struct ir_node *b)
{
    struct ir_node *real = build_node2(builder, op, real_of(builder, a), real_of(builder, b));
    struct ir_node *imaginary = build_node2(builder, op, imaginary_of(builder, a), imaginary_of(builder, b));
    return build_node2(builder, IR_complex_make, real, imaginary);
}

static struct ir_node *product(struct builder *builder, struct ir_node *a, struct ir_node *b)
{
    struct ir_node *parts[4] = {real_of(builder, a), imaginary_of(builder, a), real_of(builder, b),
                                imaginary_of(builder, b)};
    struct ir_node *reals = build_node2(builder, IR_float_multiply, parts[0], parts[2]);
    struct ir_node *imaginaries = build_node2(builder, IR_float_multiply, parts[1], parts[3]);
    struct ir_node *left = build_node2(builder, IR_float_multiply, parts[0], parts[3]);
    struct ir_node *right = build_node2(builder, IR_float_multiply, parts[1], parts[2]);
    return build_node2(builder, IR_complex_make, build_node2(builder, IR_float_subtract, reals, imaginaries),
                       build_node2(builder, IR_float_add, left, right));
}

/* Fails where the part is infinite: CPython takes that for an overflow. */
static void guard_not_infinite(struct builder *builder, struct ir_node *part)
{
    struct ir_node *magnitude = build_node1(builder, IR_float_absolute, part);
    struct ir_node *differs = build_node2(builder, IR_float_compare, magnitude, build_float(builder, INFINITY));
    differs->number = Py_NE;
    build_guard1(builder, IR_guard_true, differs);
}

/* As repeated squaring comes to it, which begins with 1. */
static struct ir_node *square(struct builder *builder, struct ir_node *number)
{
    struct ir_node *result = product(builder, build_complex(builder, 1, 0), product(builder, number, number));
    guard_not_infinite(builder, result->inputs[0]);
    guard_not_infinite(builder, result->inputs[1]);
    return result;
}

static bool is_two(const struct operand *operand)
{
    int64_t number;
    return operand->state == OPERAND_RAW ? operand->value->op == IR_constant_int && operand->value->number == 2
                                         : build_constant_number(operand->value, &number) && number == 2;
}

/* What is done with the parts, or with both at once; IR_OP_COUNT: none, complex numbers have no remainder. */
static enum ir_op operation(int oparg)
{
    enum ir_op op = build_float_operation(oparg);
    return op == IR_float_divide                                  ? IR_complex_divide
           : op == IR_float_modulo || op == IR_float_floor_divide ? IR_OP_COUNT
                                                                  : op;
}

static struct ir_node *as_complex(struct builder *builder, struct operand *operand, enum ir_kind kind)
{
    struct ir_node *raw = operand_number(builder, operand, kind, kind != KIND_complex);
    return raw->type == IR_COMPLEX ? raw : build_node2(builder, IR_complex_make, raw, build_float(builder, 0));
}

bool build_complex_binary(struct builder *builder, enum ir_kind left_kind, enum ir_kind right_kind)
{
    enum ir_op op = operation(build_current(builder)->oparg);
    bool is_square = op == IR_float_power && left_kind == KIND_complex && is_two(peek(builder, 0));
    if (op == IR_OP_COUNT || (op == IR_float_power && !is_square) || build_has_failed(builder, op) ||
        build_has_failed(builder, IR_guard_true) || build_has_failed(builder, IR_unbox_int)) {
        return false;
    }
    struct ir_node *left = as_complex(builder, peek(builder, 1), left_kind);
    struct ir_node *result;
    if (is_square) {
        result = square(builder, left);
    } else {
        struct ir_node *right = as_complex(builder, peek(builder, 0), right_kind);
        result = op == IR_float_multiply   ? product(builder, left, right)
                 : op == IR_complex_divide ? build_guard2(builder, op, left, right)
                                           : by_parts(builder, op, left, right);
    }
    build_replace_operands(builder, 2, result);
    return true;
}

bool build_complex_compare(struct builder *builder, enum ir_kind left_kind, enum ir_kind right_kind)
{
    int comparison = build_current(builder)->oparg;
    if (left_kind != KIND_complex || right_kind != KIND_complex || (comparison != Py_EQ && comparison != Py_NE)) {
        return false;
    }
    struct ir_node *left = as_complex(builder, peek(builder, 1), left_kind);
    struct ir_node *right = as_complex(builder, peek(builder, 0), right_kind);
    struct ir_node *reals = build_node2(builder, IR_float_compare, real_of(builder, left), real_of(builder, right));
    struct ir_node *imaginaries =
        build_node2(builder, IR_float_compare, imaginary_of(builder, left), imaginary_of(builder, right));
    reals->number = imaginaries->number = Py_EQ;
    struct ir_node *equal = build_node2(builder, IR_bool_and, reals, imaginaries);
    build_replace_operands(builder, 2, comparison == Py_EQ ? equal : build_node1(builder, IR_bool_not, equal));
    return true;
}

struct ir_node *build_complex_negate(struct builder *builder, struct ir_node *number)
{
    struct ir_node *real = build_node1(builder, IR_float_negate, real_of(builder, number));
    struct ir_node *imaginary = build_node1(builder, IR_float_negate, imaginary_of(builder, number));
    return build_node2(builder, IR_complex_make, real, imaginary);
}

bool build_complex_attribute(struct builder *builder)
{
    struct operand *operand = peek(builder, 0);
    PyObject *name = PyTuple_GET_ITEM(builder->code->co_names, build_current(builder)->oparg);
    bool real = _PyUnicode_EqualToASCIIString(name, "real");
    if (operand_guess(operand) != KIND_complex || build_kind_has_failed(builder, KIND_complex) ||
        (!real && !_PyUnicode_EqualToASCIIString(name, "imag"))) {
        return false;
    }
    struct ir_node *number = operand_raw(builder, operand, KIND_complex);
    build_replace_operands(builder, 1, real ? real_of(builder, number) : imaginary_of(builder, number));
    return true;
}

/* ---- Calls --------------------------------------------------------------------------------------------------------- */

static bool is_builtin_function(const PyObject *object, const char *name)
{
    if (!PyCFunction_CheckExact(object)) {
        return false;
    }
    const PyCFunctionObject *function = (const PyCFunctionObject *)object;
    return function->m_module != NULL && PyUnicode_Check(function->m_module) &&
           _PyUnicode_EqualToASCIIString(function->m_module, "builtins") &&
           strcmp(function->m_ml->ml_name, name) == 0;
}

/* Is the argument an int, a float or a bool, as far as can be told? */
static bool is_real_number(struct builder *builder, const struct operand *argument)
{
    enum ir_kind kind = operand_guess(argument);
    return build_is_number(kind) && kind != KIND_complex && !build_kind_has_failed(builder, kind);
}

/* abs(z), complex(x) and complex(x, y). */
bool build_complex_call(struct builder *builder)
{
    int count = build_current(builder)->oparg;
    const struct operand *callee = peek(builder, count);
    if (count < 1 || count > 2 || builder->keyword_names >= 0 || peek(builder, count + 1)->state != OPERAND_NULL ||
        callee->state == OPERAND_RAW || callee->value->op != IR_constant_object) {
        return false;
    }
    struct operand *last = peek(builder, 0);
    struct ir_node *result;
    if (count == 1 && is_builtin_function(callee->value->pointer, "abs")) {
        if (operand_guess(last) != KIND_complex || build_kind_has_failed(builder, KIND_complex) ||
            build_has_failed(builder, IR_float_hypot)) {
            return false;
        }
        struct ir_node *number = operand_raw(builder, last, KIND_complex);
        result = build_guard2(builder, IR_float_hypot, real_of(builder, number), imaginary_of(builder, number));
    } else {
        bool known = callee->value->pointer == &PyComplex_Type && !build_has_failed(builder, IR_unbox_int) &&
                     !build_has_failed(builder, IR_float_from_int);
        for (int i = 0; known && i < count; i++) {
            known = is_real_number(builder, peek(builder, i));
        }
        if (!known) {
            return false;
        }
        struct operand *first = peek(builder, count - 1);
        struct ir_node *real = operand_number(builder, first, operand_guess(first), true);
        struct ir_node *imaginary =
            count == 2 ? operand_number(builder, last, operand_guess(last), true) : build_float(builder, 0);
        result = build_node2(builder, IR_complex_make, real, imaginary);
    }
    build_replace_operands(builder, count + 2, result);
    return true;
}
