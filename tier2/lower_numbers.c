/* tier2/lower_numbers.c: arithmetic on raw numbers, and ints and floats out of their boxes; see lower.c. */
#include "tier2/lowering.h"

#include "runtime/ops.h"
#include "runtime/stress.h"

/* ---- Integers --------------------------------------------------------------------------------------------------------------- */

/* An operation that tells of overflow. */
static value with_overflow(struct lowering *l, const struct ir_node *node, const char *intrinsic, value a, value b)
{
    value function = llvm_intrinsic(l->module, intrinsic, &l->i64, 1);
    value both = llvm.BuildCall2(l->builder, llvm.GlobalGetValueType(function), function, (value[]){a, b}, 2, "");
    value overflows = llvm.BuildExtractValue(l->builder, both, 1, "");
    lower_guard(l, node, llvm.BuildNot(l->builder, overflows, ""));
    return llvm.BuildExtractValue(l->builder, both, 0, "");
}

static value add_subtract_multiply(struct lowering *l, const struct ir_node *node, value a, value b)
{
    bool fits = (node->flags & NODE_FITS) != 0;
    switch ((enum ir_op)node->op) {
    case IR_int_add:
        return fits ? llvm.BuildAdd(l->builder, a, b, "") : with_overflow(l, node, "llvm.sadd.with.overflow", a, b);
    case IR_int_subtract:
        return fits ? llvm.BuildSub(l->builder, a, b, "") : with_overflow(l, node, "llvm.ssub.with.overflow", a, b);
    default:
        return fits ? llvm.BuildMul(l->builder, a, b, "") : with_overflow(l, node, "llvm.smul.with.overflow", a, b);
    }
}

static int64_t constant_of(const struct ir_node *node, int64_t otherwise)
{
    return node->op == IR_constant_int ? node->number : otherwise;
}

/* Python's // and %: rounded towards minus infinity. */
static value divide(struct lowering *l, const struct ir_node *node, bool remainder)
{
    value a = input(l, node, 0);
    value b = input(l, node, 1);
    int64_t divisor = constant_of(node->inputs[1], 0);
    if (divisor > 0 && (divisor & (divisor - 1)) == 0) {
        /* Shifts and masks round that way by themselves. */
        return remainder ? llvm.BuildAnd(l->builder, a, constant_i64(l, divisor - 1), "")
                         : llvm.BuildAShr(l->builder, a, constant_i64(l, __builtin_ctzll((uint64_t)divisor)), "");
    }
    if (divisor == 0 || divisor == -1) {
        value not_zero = integer_compare(l, LLVMIntNE, b, constant_i64(l, 0));
        value not_minus_one = integer_compare(l, LLVMIntNE, b, constant_i64(l, -1));
        lower_guard(l, node, llvm.BuildAnd(l->builder, not_zero, not_minus_one, ""));
    }
    value rest = llvm.BuildSRem(l->builder, a, b, "");
    value signs_differ = integer_compare(l, LLVMIntSLT, llvm.BuildXor(l->builder, rest, b, ""), constant_i64(l, 0));
    value adjust =
        llvm.BuildAnd(l->builder, integer_compare(l, LLVMIntNE, rest, constant_i64(l, 0)), signs_differ, "");
    if (remainder) {
        return llvm.BuildAdd(l->builder, rest, llvm.BuildSelect(l->builder, adjust, b, constant_i64(l, 0), ""), "");
    }
    value quotient = llvm.BuildSDiv(l->builder, a, b, "");
    return llvm.BuildSub(l->builder, quotient, llvm.BuildZExt(l->builder, adjust, l->i64, ""), "");
}

static value shift(struct lowering *l, const struct ir_node *node)
{
    value a = input(l, node, 0);
    value count = input(l, node, 1);
    int64_t known = constant_of(node->inputs[1], -1);
    if (node->op == IR_int_shift_right) {
        if (known < 0) {
            lower_guard(l, node, integer_compare(l, LLVMIntSGE, count, constant_i64(l, 0)));
            value large = integer_compare(l, LLVMIntSGT, count, constant_i64(l, 63));
            count = llvm.BuildSelect(l->builder, large, constant_i64(l, 63), count, "");
        } else if (known > 63) {
            count = constant_i64(l, 63);
        }
        return llvm.BuildAShr(l->builder, a, count, "");
    }
    if (known < 0 || known > 62) {
        lower_guard(l, node, integer_compare(l, LLVMIntULE, count, constant_i64(l, 62)));
    }
    value result = llvm.BuildShl(l->builder, a, count, "");
    value back = llvm.BuildAShr(l->builder, result, count, "");
    lower_guard(l, node, integer_compare(l, LLVMIntEQ, back, a));
    return result;
}

LLVMIntPredicate lower_int_predicate(int64_t comparison)
{
    static const LLVMIntPredicate predicates[] = {[Py_LT] = LLVMIntSLT, [Py_LE] = LLVMIntSLE, [Py_EQ] = LLVMIntEQ,
                                                  [Py_NE] = LLVMIntNE,  [Py_GT] = LLVMIntSGT, [Py_GE] = LLVMIntSGE};
    return predicates[comparison];
}

LLVMRealPredicate lower_float_predicate(int64_t comparison)
{
    static const LLVMRealPredicate predicates[] = {
        [Py_LT] = LLVMRealOLT, [Py_LE] = LLVMRealOLE, [Py_EQ] = LLVMRealOEQ,
        [Py_NE] = LLVMRealUNE, [Py_GT] = LLVMRealOGT, [Py_GE] = LLVMRealOGE};
    return predicates[comparison];
}

/* One digit in line, more by C. */
value lower_unbox_int(struct lowering *l, const struct ir_node *node)
{
    value object = input(l, node, 0);
    value size = load_from(l, l->i64, object, offsetof(PyVarObject, ob_size));
    value above = llvm.BuildAdd(l->builder, size, constant_i64(l, 1), "");
    label wide = new_block(l, "wide");
    if (stress_settings.guards) {
        lower_guard(l, node, constant_i1(l, true)); /* the usual way has none */
    }
    branch_rarely(l, integer_compare(l, LLVMIntULE, above, constant_i64(l, 2)), wide);
    value digit = load_from(l, l->i32, object, offsetof(PyLongObject, ob_digit));
    value narrow = llvm.BuildMul(l->builder, size, llvm.BuildZExt(l->builder, digit, l->i64, ""), "");
    label from_narrow = llvm.GetInsertBlock(l->builder);
    label both = new_block(l, "");
    llvm.BuildBr(l->builder, both);
    go_on_in(l, wide);
    value found = call(l, "rt_tier2_wide_int", l->i64, 1, &object);
    lower_guard(l, node, integer_compare(l, LLVMIntNE, found, constant_i64(l, INT64_MIN)));
    label from_wide = llvm.GetInsertBlock(l->builder);
    llvm.BuildBr(l->builder, both);
    go_on_in(l, both);
    value phi = llvm.BuildPhi(l->builder, l->i64, "");
    llvm.AddIncoming(phi, (value[]){narrow, found}, (label[]){from_narrow, from_wide}, 2);
    return phi;
}

/* A function of two floats that says whether its result is valid. */
value lower_real_function(struct lowering *l, const struct ir_node *node, const char *name)
{
    LLVMTypeRef parts[2] = {l->f64, l->i64};
    LLVMTypeRef outcome = llvm.StructTypeInContext(l->context, parts, 2, false);
    value both = call(l, name, outcome, 2, (value[]){input(l, node, 0), input(l, node, 1)});
    value valid = llvm.BuildExtractValue(l->builder, both, 1, "");
    lower_guard(l, node, integer_compare(l, LLVMIntNE, valid, constant_i64(l, 0)));
    return llvm.BuildExtractValue(l->builder, both, 0, "");
}

value lower_hypot(struct lowering *l, const struct ir_node *node)
{
    value length = call(l, "hypot", l->f64, 2, (value[]){input(l, node, 0), input(l, node, 1)});
    /* Too large, infinite or not a number: all exponents but the largest are fine. */
    value bits = llvm.BuildBitCast(l->builder, length, l->i64, "");
    lower_guard(l, node, integer_compare(l, LLVMIntULT, bits, constant_i64(l, 0x7FF0000000000000)));
    return length;
}

/* A float that LLVM knows nothing of. It holds the sign of what is not a number to be nobody's business, and so turns -(a / b) into a / -b,
 * a * -1.0 and -0.0 - a into -a, and |a| * |b| into |a * b|; copysign() and struct.pack() see the difference. */
static value opaque_float(struct lowering *l, value real)
{
    value fence = llvm_intrinsic(l->module, "llvm.arithmetic.fence", &l->f64, 1);
    return llvm.BuildCall2(l->builder, llvm.GlobalGetValueType(fence), fence, &real, 1, "");
}

/* Constants by which LLVM's folding makes another operation of an addition or the like, or comes to something that is not a number, with a sign
 * of its own: the factor and divisor -1.0, the minuend -0.0, all that is not finite or so large that products overflow. */
static bool folds_wrongly(const struct ir_node *constant)
{
    double real;
    memcpy(&real, &constant->number, sizeof real);
    return real == -1.0 || (real == 0 && signbit(real)) || !(fabs(real) < 0x1p500);
}

static value float_input(struct lowering *l, const struct ir_node *node, int number)
{
    const struct ir_node *from = node->inputs[number];
    value real = result_of(l, from);
    return from->op == IR_constant_float && folds_wrongly(from) ? opaque_float(l, real) : real;
}

value lower_float(struct lowering *l, const struct ir_node *node)
{
    value a = float_input(l, node, 0);
    value b = node->input_count > 1 ? float_input(l, node, 1) : NULL;
    switch ((enum ir_op)node->op) {
    case IR_float_add:
        return llvm.BuildFAdd(l->builder, a, b, "");
    case IR_float_subtract:
        return llvm.BuildFSub(l->builder, a, b, "");
    case IR_float_multiply:
        return llvm.BuildFMul(l->builder, a, b, "");
    case IR_float_divide: {
        bool known = node->inputs[1]->op == IR_constant_float && ((uint64_t)node->inputs[1]->number << 1) != 0;
        if (!known) {
            lower_guard(l, node, llvm.BuildFCmp(l->builder, LLVMRealUNE, b, llvm.ConstReal(l->f64, 0), ""));
        }
        return llvm.BuildFDiv(l->builder, a, b, "");
    }
    case IR_float_power:
        return lower_power(l, node);
    case IR_float_modulo:
        return lower_real_function(l, node, "rt_float_remainder");
    case IR_float_floor_divide:
        return lower_real_function(l, node, "rt_float_floor_divide");
    case IR_float_minimum:
        return llvm.BuildSelect(l->builder, llvm.BuildFCmp(l->builder, LLVMRealOLT, b, a, ""), b, a, "");
    case IR_float_maximum:
        return llvm.BuildSelect(l->builder, llvm.BuildFCmp(l->builder, LLVMRealOGT, b, a, ""), b, a, "");
    case IR_float_square_root: {
        value function = llvm_intrinsic(l->module, "llvm.sqrt", &l->f64, 1);
        return llvm.BuildCall2(l->builder, llvm.GlobalGetValueType(function), function, &a, 1, "");
    }
    case IR_float_hypot:
        return lower_hypot(l, node);
    case IR_float_negate:
        return opaque_float(l, llvm.BuildFNeg(l->builder, opaque_float(l, a), ""));
    default: {
        value function = llvm_intrinsic(l->module, "llvm.fabs", &l->f64, 1);
        return opaque_float(l, llvm.BuildCall2(l->builder, llvm.GlobalGetValueType(function), function, &a, 1, ""));
    }
    }
}

/* Two values: the parts. */
void lower_complex(struct lowering *l, const struct ir_node *node)
{
    value parts[2];
    switch ((enum ir_op)node->op) {
    case IR_complex_make:
        parts[0] = input(l, node, 0);
        parts[1] = input(l, node, 1);
        break;
    case IR_unbox_complex:
        for (int i = 0; i < 2; i++) {
            int64_t offset = (int64_t)offsetof(PyComplexObject, cval) + i * (int64_t)sizeof(double);
            parts[i] = load_tagged(l, TAG_float, l->f64, input(l, node, 0), offset);
        }
        break;
    default: {
        const struct ir_node *divisor = node->inputs[1];
        value arguments[4] = {input(l, node, 0), l->imaginaries[node->inputs[0]->id], result_of(l, divisor),
                              l->imaginaries[divisor->id]};
        value zero = llvm.ConstReal(l->f64, 0);
        value real = llvm.BuildFCmp(l->builder, LLVMRealUNE, arguments[2], zero, "");
        value imaginary = llvm.BuildFCmp(l->builder, LLVMRealUNE, arguments[3], zero, "");
        lower_guard(l, node, llvm.BuildOr(l->builder, real, imaginary, ""));
        value both = call(l, "_Py_c_quot", complex_type(l), 4, arguments);
        parts[0] = llvm.BuildExtractValue(l->builder, both, 0, "");
        parts[1] = llvm.BuildExtractValue(l->builder, both, 1, "");
        break;
    }
    }
    l->results[node->id] = parts[0];
    l->imaginaries[node->id] = parts[1];
}

value lower_float_from_int(struct lowering *l, const struct ir_node *node)
{
    value a = input(l, node, 0);
    value above = llvm.BuildAdd(l->builder, a, constant_i64(l, 1LL << 53), "");
    lower_guard(l, node, integer_compare(l, LLVMIntULE, above, constant_i64(l, 1LL << 54)));
    return llvm.BuildSIToFP(l->builder, a, l->f64, "");
}

value lower_int_from_float(struct lowering *l, const struct ir_node *node)
{
    value a = input(l, node, 0);
    value above = llvm.BuildFCmp(l->builder, LLVMRealOGT, a, llvm.ConstReal(l->f64, -0x1p62), "");
    value below = llvm.BuildFCmp(l->builder, LLVMRealOLT, a, llvm.ConstReal(l->f64, 0x1p62), "");
    lower_guard(l, node, llvm.BuildAnd(l->builder, above, below, ""));
    return llvm.BuildFPToSI(l->builder, a, l->i64, "");
}

value lower_int(struct lowering *l, const struct ir_node *node)
{
    value a = input(l, node, 0);
    value b = node->input_count > 1 ? input(l, node, 1) : NULL;
    switch ((enum ir_op)node->op) {
    case IR_int_negate:
        return with_overflow(l, node, "llvm.ssub.with.overflow", constant_i64(l, 0), a);
    case IR_int_absolute: {
        value negated = with_overflow(l, node, "llvm.ssub.with.overflow", constant_i64(l, 0), a);
        return llvm.BuildSelect(l->builder, integer_compare(l, LLVMIntSLT, a, constant_i64(l, 0)), negated, a, "");
    }
    case IR_int_minimum:
        return llvm.BuildSelect(l->builder, integer_compare(l, LLVMIntSLT, b, a), b, a, "");
    case IR_int_maximum:
        return llvm.BuildSelect(l->builder, integer_compare(l, LLVMIntSGT, b, a), b, a, "");
    case IR_int_floor_divide:
        return divide(l, node, false);
    case IR_int_modulo:
        return divide(l, node, true);
    case IR_int_shift_left:
    case IR_int_shift_right:
        return shift(l, node);
    case IR_int_and:
        return llvm.BuildAnd(l->builder, a, b, "");
    case IR_int_or:
        return llvm.BuildOr(l->builder, a, b, "");
    case IR_int_xor:
        return llvm.BuildXor(l->builder, a, b, "");
    case IR_int_invert:
        return llvm.BuildNot(l->builder, a, "");
    case IR_wrap_index: {
        value negative = integer_compare(l, LLVMIntSLT, a, constant_i64(l, 0));
        return llvm.BuildSelect(l->builder, negative, llvm.BuildAdd(l->builder, a, b, ""), a, "");
    }
    default:
        return add_subtract_multiply(l, node, a, b);
    }
}
