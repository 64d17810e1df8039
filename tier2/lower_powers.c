/* tier2/lower_powers.c: floats to constant powers and distances compared, without the C library where its answer is certain; see lower.c.
 *
 * CPython computes x ** y by the C library's pow(), whose result is less than 0.54 units in the last place away from the true one (glibc, e_pow.c). So
 * where a result of our own is known to be less than 0.45 units away, the two are the same float: another float would be a whole unit
 * away from ours. How far ours is away is found out to a hundred bits, with fused multiplications; in the tenth case that stays open, pow() is asked. */
#include "tier2/lowering.h"

#include "runtime/stress.h"
#include "tier2/orc.h"

#include <math.h>
#include <string.h>

/* ---- Arithmetic ------------------------------------------------------------------------------------------------ */

static value real(struct lowering *l, double number)
{
    return llvm.ConstReal(l->f64, number);
}

static value times(struct lowering *l, value a, value b)
{
    return llvm.BuildFMul(l->builder, a, b, "");
}

static value plus(struct lowering *l, value a, value b)
{
    return llvm.BuildFAdd(l->builder, a, b, "");
}

static value minus(struct lowering *l, value a, value b)
{
    return llvm.BuildFSub(l->builder, a, b, "");
}

static value negated(struct lowering *l, value a)
{
    return llvm.BuildFNeg(l->builder, a, "");
}

/* a * b + c, rounded once. */
static value fused(struct lowering *l, value a, value b, value c)
{
    value function = llvm_intrinsic(l->module, "llvm.fma", &l->f64, 1);
    return llvm.BuildCall2(l->builder, llvm.GlobalGetValueType(function), function, (value[]){a, b, c}, 3, "");
}

static value of_one(struct lowering *l, const char *intrinsic, value a)
{
    value function = llvm_intrinsic(l->module, intrinsic, &l->f64, 1);
    return llvm.BuildCall2(l->builder, llvm.GlobalGetValueType(function), function, &a, 1, "");
}

/* A float, and how much the true number is more. */
struct precise {
    value near, rest;
};

static struct precise product(struct lowering *l, value a, value b)
{
    value near = times(l, a, b);
    return (struct precise){near, fused(l, a, b, negated(l, near))};
}

/* What is left of `a` after the square of `root`, its square root, has been taken away. */
static value left_of_square(struct lowering *l, value a, value root)
{
    return fused(l, negated(l, root), root, a);
}

/* a ** 1.5 */
static struct precise root_of_cube(struct lowering *l, value a)
{
    value root = of_one(l, "llvm.sqrt", a);
    struct precise result = product(l, a, root);
    value more = times(l, times(l, left_of_square(l, a, root), root), real(l, 0.5));
    result.rest = plus(l, result.rest, more);
    return result;
}

static struct precise reciprocal(struct lowering *l, struct precise a)
{
    value near = llvm.BuildFDiv(l->builder, real(l, 1), a.near, "");
    value left = fused(l, negated(l, a.near), near, real(l, 1));
    left = a.rest != NULL ? fused(l, negated(l, a.rest), near, left) : left;
    return (struct precise){near, times(l, left, near)};
}

/* The nearest float becomes `near`. */
static struct precise rounded(struct lowering *l, struct precise a)
{
    value near = plus(l, a.near, a.rest);
    return (struct precise){near, plus(l, minus(l, a.near, near), a.rest)};
}

/* `base` to one of the powers below, which power_is_known() knows. */
static struct precise power_of(struct lowering *l, value base, double exponent)
{
    if (exponent == 2.0) {
        return product(l, base, base);
    }
    if (exponent == 3.0) {
        struct precise square = product(l, base, base);
        struct precise cube = product(l, square.near, base);
        cube.rest = fused(l, square.rest, base, cube.rest);
        return rounded(l, cube);
    }
    if (exponent == -1.0) {
        return reciprocal(l, (struct precise){base, NULL});
    }
    if (exponent == -2.0) {
        return rounded(l, reciprocal(l, product(l, base, base)));
    }
    if (fabs(exponent) == 1.5) {
        struct precise result = root_of_cube(l, base);
        return rounded(l, exponent < 0 ? reciprocal(l, result) : result);
    }
    /* Of a number and half of what is left of it, over its root, the second is the root's rest. */
    value root = of_one(l, "llvm.sqrt", base);
    value inverse = llvm.BuildFDiv(l->builder, real(l, 1), root, "");
    value rest = times(l, times(l, left_of_square(l, base, root), real(l, 0.5)), inverse);
    struct precise result = {root, rest};
    return exponent < 0 ? rounded(l, reciprocal(l, result)) : result;
}

static bool power_is_known(double exponent)
{
    double size = fabs(exponent);
    return size == 0.5 || size == 1.5 || size == 2.0 || exponent == 3.0 || exponent == -1.0;
}

/* ---- Powers ----------------------------------------------------------------------------------------------------- */

static value bits_of_float(struct lowering *l, value number)
{
    return llvm.BuildBitCast(l->builder, number, l->i64, "");
}

static int64_t bits_of(double number)
{
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static const int64_t SIGN = INT64_MIN;
static const int64_t EXPONENT = 0x7FF0000000000000;

/* Is the number's size between 2**-300 and 2**300, and the number above 0 unless `any_sign`? No power of it is too large then, nor what is left of it
 * too small. */
static value is_moderate(struct lowering *l, value number, bool any_sign)
{
    value bits = bits_of_float(l, number);
    bits = any_sign ? llvm.BuildAnd(l->builder, bits, constant_i64(l, ~SIGN), "") : bits;
    value above = llvm.BuildSub(l->builder, bits, constant_i64(l, bits_of(0x1p-300)), "");
    return integer_compare(l, LLVMIntULT, above, constant_i64(l, bits_of(0x1p300) - bits_of(0x1p-300)));
}

/* Is the rest less than 0.45 units in the last place, and not next to a power of two, where there are two units? */
static value is_certain(struct lowering *l, struct precise result)
{
    value bits = bits_of_float(l, result.near);
    value unit = llvm.BuildAnd(l->builder, bits, constant_i64(l, EXPONENT), "");
    value most = times(l, llvm.BuildBitCast(l->builder, unit, l->f64, ""), real(l, 0.45 * 0x1p-52));
    value small = llvm.BuildFCmp(l->builder, LLVMRealOLT, of_one(l, "llvm.fabs", result.rest), most, "");
    value inside = llvm.BuildAnd(l->builder, bits, constant_i64(l, ~(SIGN | EXPONENT)), "");
    return llvm.BuildAnd(l->builder, small, integer_compare(l, LLVMIntNE, inside, constant_i64(l, 0)), "");
}

/* Where `decided` is false, what the node's operation needs is found out in the block returned, which is the current one then; `quick` is where the other way
 * comes from. */
static label begin_slow(struct lowering *l, value decided, label *quick)
{
    label slow = new_block(l, "slow");
    branch_rarely(l, decided, slow);
    *quick = llvm.GetInsertBlock(l->builder);
    go_on_in(l, slow);
    return slow;
}

/* Both ways come together. */
static value end_slow(struct lowering *l, LLVMTypeRef type, label quick, value by_quick, value by_slow)
{
    label slow = llvm.GetInsertBlock(l->builder);
    label both = new_block(l, "");
    llvm.BuildBr(l->builder, both);
    go_on_in(l, quick);
    llvm.BuildBr(l->builder, both);
    go_on_in(l, both);
    value phi = llvm.BuildPhi(l->builder, type, "");
    llvm.AddIncoming(phi, (value[]){by_quick, by_slow}, (label[]){quick, slow}, 2);
    return phi;
}

value lower_power(struct lowering *l, const struct ir_node *node)
{
    double exponent = 0;
    if (node->inputs[1]->op == IR_constant_float) {
        memcpy(&exponent, &node->inputs[1]->number, sizeof exponent);
    }
    const char *features = orc_processor_features();
    bool has_fused = features != NULL && (strncmp(features, "+fma,", 5) == 0 || strstr(features, ",+fma,") != NULL);
    if (!power_is_known(exponent) || !has_fused) {
        return lower_real_function(l, node, "rt_float_power");
    }
    value base = input(l, node, 0);
    if (stress_settings.guards) {
        lower_guard(l, node, constant_i1(l, true)); /* the usual way has none */
    }
    label quick[2];
    label slow = begin_slow(l, is_moderate(l, base, exponent == trunc(exponent)), &quick[0]);
    go_on_in(l, quick[0]);
    struct precise result = power_of(l, base, exponent);
    branch_rarely(l, is_certain(l, result), slow);
    quick[1] = llvm.GetInsertBlock(l->builder);
    go_on_in(l, slow);
    value asked = lower_real_function(l, node, "rt_float_power");
    return end_slow(l, l->f64, quick[1], result.near, asked);
}

/* ---- Distances compared ------------------------------------------------------------------------------------------ */

/* Squares that differ from the limit's by a millionth need no root, however exactly that would be found. */
value lower_length_compare(struct lowering *l, const struct ir_node *node)
{
    value a = input(l, node, 0);
    value b = input(l, node, 1);
    double limit;
    memcpy(&limit, &node->inputs[2]->number, sizeof limit);
    if (stress_settings.guards) {
        lower_guard(l, node, constant_i1(l, true)); /* the usual way has none */
    }
    value square = plus(l, times(l, a, a), times(l, b, b));
    double limits_square = limit * limit;
    value above = llvm.BuildFCmp(l->builder, LLVMRealOGT, square, real(l, limits_square * (1 + 0x1p-20)), "");
    value finite = llvm.BuildFCmp(l->builder, LLVMRealOLT, square, real(l, 0x1p1000), "");
    above = llvm.BuildAnd(l->builder, above, finite, "");
    value below = llvm.BuildFCmp(l->builder, LLVMRealOLT, square, real(l, limits_square * (1 - 0x1p-20)), "");
    label quick;
    begin_slow(l, llvm.BuildOr(l->builder, above, below, ""), &quick);
    value length = lower_hypot(l, node);
    value by_length = llvm.BuildFCmp(l->builder, lower_float_predicate(node->number), length, real(l, limit), "");
    bool true_above = node->number == Py_GT || node->number == Py_GE || node->number == Py_NE;
    bool true_below = node->number == Py_LT || node->number == Py_LE || node->number == Py_NE;
    value by_squares = true_above && true_below ? constant_i1(l, true)
                       : true_above             ? above
                       : true_below             ? below
                                                : constant_i1(l, false);
    return end_slow(l, l->i1, quick, by_squares, by_length);
}
