/* tier2/lower_memory.c: objects in memory: what their types are, loads and stores; see lower.c. */
#include "tier2/lowering.h"

#include "runtime/ops.h"
#include "runtime/plain.h"

#include <string.h>

/* ---- Tags ------------------------------------------------------------------------------------------------- */

/* LLVM's type-based alias analysis: a scalar type a tag, all children of one root. */
void lower_make_tags(struct lowering *l)
{
    static const char *const names[TAG_COUNT] = {"count", "class", "type",     "value", "shape",
                                                 "size",  "float", "iterator", "home",  "order"};
    l->tag_kind = llvm.GetMDKindIDInContext(l->context, "tbaa", 4);
    LLVMMetadataRef root_name = llvm.MDStringInContext2(l->context, "pyjit", 5);
    LLVMMetadataRef root = llvm.MDNodeInContext2(l->context, &root_name, 1);
    LLVMMetadataRef zero = llvm.ValueAsMetadata(constant_i64(l, 0));
    for (int i = 0; i < TAG_COUNT; i++) {
        LLVMMetadataRef scalar_parts[3] = {llvm.MDStringInContext2(l->context, names[i], strlen(names[i])), root,
                                           zero};
        LLVMMetadataRef scalar = llvm.MDNodeInContext2(l->context, scalar_parts, 3);
        LLVMMetadataRef access[3] = {scalar, scalar, zero};
        l->tags[i] = llvm.MetadataAsValue(l->context, llvm.MDNodeInContext2(l->context, access, 3));
    }
}

value load_tagged(struct lowering *l, enum memory_tag tag, LLVMTypeRef type, value base, int64_t offset)
{
    value loaded = load_from(l, type, base, offset);
    llvm.SetMetadata(loaded, l->tag_kind, l->tags[tag]);
    return loaded;
}

void store_tagged(struct lowering *l, enum memory_tag tag, value what, value base, int64_t offset)
{
    value stored = llvm.BuildStore(l->builder, what, field(l, base, offset));
    llvm.SetMetadata(stored, l->tag_kind, l->tags[tag]);
}

static enum memory_tag tag_of(const struct ir_node *node)
{
    switch ((enum ir_memory)node->memory) {
    case MEMORY_attribute:
    case MEMORY_list_item:
    case MEMORY_cell:
        return TAG_value;
    case MEMORY_shape:
        return TAG_shape;
    case MEMORY_iterator:
        return TAG_iterator;
    case MEMORY_type:
        return TAG_type;
    case MEMORY_constant:
        /* The only things of a tuple or a range iterator. */
        return node->type == IR_INT ? TAG_size : TAG_value;
    default:
        return TAG_size;
    }
}

/* ---- Types ------------------------------------------------------------------------------------------------ */

value lower_guard_kind(struct lowering *l, const struct ir_node *node)
{
    value object = input(l, node, 0);
    value type = load_tagged(l, TAG_class, l->pointer, object, offsetof(PyObject, ob_type));
    lower_guard(l, node, integer_compare(l, LLVMIntEQ, type, address(l, ir_type_of_kind((enum ir_kind)node->kind))));
    return object;
}

value lower_is_of_class(struct lowering *l, const struct ir_node *node)
{
    value class = load_tagged(l, TAG_class, l->pointer, input(l, node, 0), offsetof(PyObject, ob_type));
    return integer_compare(l, LLVMIntEQ, class, address(l, node->pointer));
}

void lower_type_guard(struct lowering *l, const struct ir_node *node)
{
    if (node->op == IR_guard_versions) {
        const uint32_t *versions = node->pointer;
        value class = load_tagged(l, TAG_class, l->pointer, input(l, node, 0), offsetof(PyObject, ob_type));
        value version = load_tagged(l, TAG_type, l->i32, class, offsetof(PyTypeObject, tp_version_tag));
        value any = constant_i1(l, false);
        for (int i = 0; i < node->number; i++) {
            value same = integer_compare(l, LLVMIntEQ, version, constant_i32(l, versions[i]));
            any = llvm.BuildOr(l->builder, any, same, "");
        }
        lower_guard(l, node, any);
        return;
    }
    value type = address(l, node->pointer);
    value found;
    value wanted;
    if (node->op == IR_guard_class) {
        found = load_tagged(l, TAG_class, l->pointer, input(l, node, 0), offsetof(PyObject, ob_type));
        wanted = type;
    } else {
        int64_t offset = offsetof(PyTypeObject, tp_version_tag);
        if (node->op == IR_guard_keys) {
            type = load_tagged(l, TAG_shape, l->pointer, type, offsetof(PyHeapTypeObject, ht_cached_keys));
            offset = offsetof(PyDictKeysObject, dk_version);
        }
        found = load_tagged(l, TAG_type, l->i32, type, offset);
        wanted = constant_i32(l, (uint32_t)node->number);
    }
    lower_guard(l, node, integer_compare(l, LLVMIntEQ, found, wanted));
}

/* ---- Loads and stores ------------------------------------------------------------------------------------- */

/* The item's address. */
static value item_address(struct lowering *l, const struct ir_node *node)
{
    value items = node->inputs[0]->kind == KIND_tuple
                      ? field(l, input(l, node, 0), offsetof(PyTupleObject, ob_item))
                      : load_tagged(l, TAG_shape, l->pointer, input(l, node, 0), offsetof(PyListObject, ob_item));
    value index = input(l, node, 1);
    return llvm.BuildGEP2(l->builder, l->pointer, items, &index, 1, "");
}

value lower_load(struct lowering *l, const struct ir_node *node)
{
    return load_tagged(l, tag_of(node), type_of(l, (enum ir_type)node->type), input(l, node, 0), node->offset);
}

value lower_load_item(struct lowering *l, const struct ir_node *node)
{
    return load_tagged(l, TAG_value, l->pointer, item_address(l, node), 0);
}

void lower_store(struct lowering *l, const struct ir_node *node)
{
    if (node->op == IR_store_item) {
        store_tagged(l, TAG_value, input(l, node, 2), item_address(l, node), 0);
    } else {
        store_tagged(l, tag_of(node), input(l, node, 1), input(l, node, 0), node->offset);
    }
}

/* What stands before inline values: their number behind the indices in the order of insertion, the last one first. */
void lower_store_new(struct lowering *l, const struct ir_node *node)
{
    value base = input(l, node, 0);
    store_tagged(l, tag_of(node), input(l, node, 1), base, node->offset);
    if (node->number >= 0) {
        value count = load_tagged(l, TAG_order, l->i8, base, -2);
        value grown = llvm.BuildAdd(l->builder, count, llvm.ConstInt(l->i8, 1, false), "");
        value index =
            llvm.BuildSub(l->builder, constant_i64(l, -2), llvm.BuildZExt(l->builder, grown, l->i64, ""), "");
        value place = llvm.BuildGEP2(l->builder, l->i8, base, &index, 1, "");
        store_tagged(l, TAG_order, llvm.ConstInt(l->i8, (uint64_t)node->number, false), place, 0);
        store_tagged(l, TAG_order, grown, base, -2);
    }
}

/* Is `old` a box of one digit that nobody else has, and the number one that fits there and has no singleton? */
static value fits_int_box(struct lowering *l, value old, value number)
{
    /* 0 and -1..1: the size of an int of at most one digit. Small ints have more references than one. */
    value size = load_tagged(l, TAG_size, l->i64, old, offsetof(PyVarObject, ob_size));
    value one_digit =
        integer_compare(l, LLVMIntULE, llvm.BuildAdd(l->builder, size, constant_i64(l, 1), ""), constant_i64(l, 2));
    value small =
        integer_compare(l, LLVMIntULT, llvm.BuildAdd(l->builder, number, constant_i64(l, _PY_NSMALLNEGINTS), ""),
                        constant_i64(l, _PY_NSMALLNEGINTS + _PY_NSMALLPOSINTS));
    value magnitude = llvm.BuildAdd(l->builder, number, constant_i64(l, PyLong_MASK), "");
    value fits = integer_compare(l, LLVMIntULE, magnitude, constant_i64(l, 2 * (int64_t)PyLong_MASK));
    return llvm.BuildAnd(l->builder, llvm.BuildAnd(l->builder, one_digit, fits, ""),
                         llvm.BuildNot(l->builder, small, ""), "");
}

static void fill_int_box(struct lowering *l, value old, value number)
{
    value negative = integer_compare(l, LLVMIntSLT, number, constant_i64(l, 0));
    value negated = llvm.BuildSub(l->builder, constant_i64(l, 0), number, "");
    value digit =
        llvm.BuildTrunc(l->builder, llvm.BuildSelect(l->builder, negative, negated, number, ""), l->i32, "");
    value size = llvm.BuildSelect(l->builder, negative, constant_i64(l, -1), constant_i64(l, 1), "");
    store_tagged(l, TAG_size, size, old, offsetof(PyVarObject, ob_size));
    store_tagged(l, TAG_size, digit, old, offsetof(PyLongObject, ob_digit));
}

/* Into the box that stands there; or a new one in its place: that is the rare case, in which somebody else has it, too. */
void lower_store_raw(struct lowering *l, const struct ir_node *node)
{
    bool is_item = node->op == IR_store_raw_item;
    value place = is_item ? item_address(l, node) : field(l, input(l, node, 0), node->offset);
    const struct ir_node *before = node->inputs[is_item ? 2 : 1];
    const struct ir_node *raw = node->inputs[is_item ? 3 : 2];
    value old = result_of(l, before);
    value number = result_of(l, raw);
    bool is_float = raw->type == IR_FLOAT;
    enum ir_kind wanted = is_float ? KIND_float : KIND_int;
    label other = new_block(l, "other");
    if (before->kind != wanted) {
        value type = load_tagged(l, TAG_class, l->pointer, old, offsetof(PyObject, ob_type));
        branch_rarely(l, integer_compare(l, LLVMIntEQ, type, address(l, ir_type_of_kind(wanted))), other);
    }
    value count = load_tagged(l, TAG_count, l->i64, old, 0);
    branch_rarely(l, integer_compare(l, LLVMIntEQ, count, constant_i64(l, 1)), other);
    if (is_float) {
        store_tagged(l, TAG_float, number, old, offsetof(PyFloatObject, ob_fval));
    } else {
        branch_rarely(l, fits_int_box(l, old, number), other);
        fill_int_box(l, old, number);
    }
    label done = new_block(l, "");
    llvm.BuildBr(l->builder, done);
    go_on_in(l, other);
    value replaced =
        call(l, is_float ? "rt_tier2_replace_float" : "rt_tier2_replace_int", l->i32, 2, (value[]){place, number});
    lower_guard(l, node, integer_compare(l, LLVMIntNE, replaced, constant_i32(l, 0)));
    llvm.BuildBr(l->builder, done);
    go_on_in(l, done);
}

/* ---- Calls of C functions that run no code ---------------------------------------------------------------- */

enum { MOST_ARGUMENTS = 6 };

value lower_plain_call(struct lowering *l, const struct ir_node *node)
{
    value arguments[MOST_ARGUMENTS];
    LLVMTypeRef types[MOST_ARGUMENTS];
    for (int i = 0; i < node->input_count; i++) {
        arguments[i] = input(l, node, i);
        types[i] = llvm.TypeOf(arguments[i]);
    }
    /* A C int is half of a word. */
    LLVMTypeRef result = node->type == IR_INT ? l->i32 : type_of(l, (enum ir_type)node->type);
    LLVMTypeRef type = llvm.FunctionType(result, types, node->input_count, false);
    value returned = llvm.BuildCall2(l->builder, type, address(l, node->pointer), arguments, node->input_count, "");
    return node->type == IR_INT ? llvm.BuildSExt(l->builder, returned, l->i64, "") : returned;
}

void lower_store_arguments(struct lowering *l, const struct ir_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        store_to(l, input(l, node, i), l->arguments, i * (int64_t)sizeof(PyObject *));
    }
}

value lower_plain_array_call(struct lowering *l, const struct ir_node *node)
{
    lower_store_arguments(l, node);
    bool counts = node->op == IR_new_tuple || node->op == IR_new_cell;
    const void *function = node->op == IR_new_tuple      ? (const void *)rt_plain_tuple
                           : node->op == IR_new_cell     ? (const void *)rt_plain_cell
                           : node->op == IR_new_function ? (const void *)rt_plain_function
                                                         : node->pointer;
    int64_t number = counts ? node->input_count : node->number;
    LLVMTypeRef types[2] = {l->pointer, l->i32};
    LLVMTypeRef type = llvm.FunctionType(l->pointer, types, 2, false);
    value arguments[2] = {l->arguments, constant_i32(l, (uint32_t)number)};
    return llvm.BuildCall2(l->builder, type, address(l, function), arguments, 2, "");
}
