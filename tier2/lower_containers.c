/* tier2/lower_containers.c: strings, and appending to lists; see lower.c. */
#include "tier2/lowering.h"

#include "runtime/plain.h"
#include "runtime/stress.h"

/* ---- Strings ------------------------------------------------------------------------------------------------ */

/* The word of flags of a str, as unicodeobject.h has them: interned in bits 0 and 1, kind in 2 to 4, then compact, ascii, ready. */
enum {
    STATE_KIND = 7 << 2,
    STATE_ONE_BYTE = 1 << 2,
    STATE_COMPACT = 1 << 5,
    STATE_ASCII = 1 << 6,
    STATE_READY = 1 << 7
};

static value state_of(struct lowering *l, value string)
{
    return load_tagged(l, TAG_size, l->i32, string, offsetof(PyASCIIObject, state));
}

static value has_bits(struct lowering *l, value word, uint32_t mask, uint32_t bits)
{
    return integer_compare(l, LLVMIntEQ, llvm.BuildAnd(l->builder, word, constant_i32(l, mask), ""),
                           constant_i32(l, bits));
}

value lower_str_length(struct lowering *l, const struct ir_node *node)
{
    value string = input(l, node, 0);
    lower_guard(l, node, has_bits(l, state_of(l, string), STATE_READY, STATE_READY));
    return load_tagged(l, TAG_size, l->i64, string, offsetof(PyASCIIObject, length));
}

value lower_str_character(struct lowering *l, const struct ir_node *node)
{
    value string = input(l, node, 0);
    value state = state_of(l, string);
    lower_guard(
        l, node,
        has_bits(l, state, STATE_KIND | STATE_COMPACT | STATE_READY, STATE_ONE_BYTE | STATE_COMPACT | STATE_READY));
    value start =
        llvm.BuildSelect(l->builder, has_bits(l, state, STATE_ASCII, STATE_ASCII),
                         constant_i64(l, sizeof(PyASCIIObject)), constant_i64(l, sizeof(PyCompactUnicodeObject)), "");
    value offset = llvm.BuildAdd(l->builder, start, input(l, node, 1), "");
    value place = llvm.BuildGEP2(l->builder, l->i8, string, &offset, 1, "");
    return llvm.BuildZExt(l->builder, load_tagged(l, TAG_size, l->i8, place, 0), l->i64, "");
}

/* How far apart the singletons are. */
struct ascii_character {
    PyASCIIObject header;
    uint8_t text[2];
};
struct latin1_character {
    PyCompactUnicodeObject header;
    uint8_t text[2];
};

value lower_str_of_character(struct lowering *l, const struct ir_node *node)
{
    enum { FIRST_LATIN1 = 128 };
    value code = input(l, node, 0);
    value is_ascii = integer_compare(l, LLVMIntULT, code, constant_i64(l, FIRST_LATIN1));
    value size = llvm.BuildSelect(l->builder, is_ascii, constant_i64(l, sizeof(struct ascii_character)),
                                  constant_i64(l, sizeof(struct latin1_character)), "");
    int64_t ascii = (int64_t)(uintptr_t)runtime_data.ascii;
    int64_t latin1 =
        (int64_t)(uintptr_t)runtime_data.latin1 - FIRST_LATIN1 * (int64_t)sizeof(struct latin1_character);
    value base = llvm.BuildSelect(l->builder, is_ascii, constant_i64(l, ascii), constant_i64(l, latin1), "");
    value place = llvm.BuildAdd(l->builder, base, llvm.BuildMul(l->builder, code, size, ""), "");
    return llvm.BuildIntToPtr(l->builder, place, l->pointer, "");
}

/* Of one object; else of the same length, and then C looks. */
value lower_str_equal(struct lowering *l, const struct ir_node *node)
{
    value a = input(l, node, 0);
    value b = input(l, node, 1);
    label from = llvm.GetInsertBlock(l->builder);
    label lengths = new_block(l, "lengths");
    label text = new_block(l, "text");
    label both = new_block(l, "");
    llvm.BuildCondBr(l->builder, integer_compare(l, LLVMIntEQ, a, b), both, lengths);
    go_on_in(l, lengths);
    value same_length =
        integer_compare(l, LLVMIntEQ, load_tagged(l, TAG_size, l->i64, a, offsetof(PyASCIIObject, length)),
                        load_tagged(l, TAG_size, l->i64, b, offsetof(PyASCIIObject, length)));
    llvm.BuildCondBr(l->builder, same_length, text, both);
    go_on_in(l, text);
    value found =
        integer_compare(l, LLVMIntNE, call(l, "rt_plain_same_text", l->i32, 2, (value[]){a, b}), constant_i32(l, 0));
    llvm.BuildBr(l->builder, both);
    go_on_in(l, both);
    value phi = llvm.BuildPhi(l->builder, l->i1, "");
    llvm.AddIncoming(phi, (value[]){constant_i1(l, true), constant_i1(l, false), found},
                     (label[]){from, lengths, text}, 3);
    return phi;
}

/* ---- Lists --------------------------------------------------------------------------------------------------- */

void lower_list_append(struct lowering *l, const struct ir_node *node)
{
    value list = input(l, node, 0);
    value item = input(l, node, 1);
    label full = new_block(l, "full");
    label room = new_block(l, "room");
    value size = load_tagged(l, TAG_size, l->i64, list, offsetof(PyVarObject, ob_size));
    value allocated = load_tagged(l, TAG_size, l->i64, list, offsetof(PyListObject, allocated));
    if (stress_settings.guards) {
        lower_guard(l, node, constant_i1(l, true)); /* the usual way has none */
    }
    branch_rarely(l, integer_compare(l, LLVMIntSLT, size, allocated), full);
    llvm.BuildBr(l->builder, room);
    go_on_in(l, full);
    value status = call(l, "rt_plain_make_room", l->i32, 1, &list);
    lower_guard(l, node, integer_compare(l, LLVMIntEQ, status, constant_i32(l, 0)));
    llvm.BuildBr(l->builder, room);
    go_on_in(l, room);
    value items = load_tagged(l, TAG_shape, l->pointer, list, offsetof(PyListObject, ob_item));
    store_tagged(l, TAG_value, item, llvm.BuildGEP2(l->builder, l->pointer, items, &size, 1, ""), 0);
    store_tagged(l, TAG_size, llvm.BuildAdd(l->builder, size, constant_i64(l, 1), ""), list,
                 offsetof(PyVarObject, ob_size));
}

/* ---- The collector ------------------------------------------------------------------------------------------ */

void lower_guard_room(struct lowering *l, const struct ir_node *node)
{
    value due = call(l, "rt_plain_collection_is_due", l->i32, 1, (value[]){constant_i32(l, (uint32_t)node->number)});
    lower_guard(l, node, integer_compare(l, LLVMIntEQ, due, constant_i32(l, 0)));
}
