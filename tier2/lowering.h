/* tier2/lowering.h: shared by the files that turn IR into LLVM IR, lower*.c; see lower.c. */
#ifndef PYJIT_TIER2_LOWERING_H
#define PYJIT_TIER2_LOWERING_H

#include "runtime/deopt.h"
#include "runtime/runtime_data.h"
#include "tier2/debug_info.h"
#include "tier2/ir.h"
#include "tier2/llvm_api.h"

typedef LLVMValueRef value;
typedef LLVMBasicBlockRef label;

/* Kinds of words in memory: two accesses with different tags never touch the same word. */
enum memory_tag {
    TAG_count,    /* reference counts */
    TAG_class,    /* objects' types */
    TAG_type,     /* versions and keys of types, and of keys */
    TAG_value,    /* pointers to attributes and to items of lists and tuples */
    TAG_shape,    /* where values, items and dicts are */
    TAG_size,     /* of lists and tuples, and the size and digits of ints */
    TAG_float,    /* what is in a float */
    TAG_iterator, /* indices of iterators */
    TAG_home,     /* locals and operands in frames */
    TAG_order,    /* in which inline values were inserted */
    TAG_COUNT
};

/* The way out of one frame state. */
struct exit_block {
    label block;  /* NULL: not made yet */
    value which;  /* phi: number of the exit */
    value status; /* phi: of errors, what the handler returned; else NULL */
};

struct lowering {
    struct ir_graph *graph;
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMBuilderRef builder;
    value function, frame, thread, values, arguments;
    value made;           /* frames made for the time of an escape, see lower.c */
    value record, caller; /* of direct calls (struct direct_record): this function's, and its caller's or NULL */
    const char *symbol;   /* of the function that is entered */
    const struct ir_graph *graphs;
    LLVMTypeRef void_type, i1, i8, i32, i64, f64, pointer, outcome, values_type;
    value *results;             /* by node; of complex numbers the real part, and */
    value *imaginaries;         /* the imaginary one */
    label *starts, *ends;       /* by block: where it begins, and where its last instruction stands */
    struct exit_block *exits;   /* by state */
    struct exit_block tails[2]; /* where those end: of guards, and of errors */
    uint32_t *state_rows;       /* by state: row in the table, one more; 0: none yet */
    value unlikely;             /* metadata of branches whose first way is the usual one */
    value stays[2]; /* metadata of branches whose first, or second, way stays in a loop that the other one leaves */
    unsigned profile_kind, tag_kind;
    value tags[TAG_COUNT]; /* metadata */
    struct deopt_table *table;
    size_t exit_capacity, state_capacity, slot_capacity, object_capacity;
    PyCodeObject *code;
    struct debug_info *debug; /* NULL: nobody wants it */
    bool out_of_memory;
};

/* ---- Shorthand ---------------------------------------------------------------------------------------------------- */

static inline value constant_i64(struct lowering *l, int64_t number)
{
    return llvm.ConstInt(l->i64, (uint64_t)number, true);
}

static inline value constant_i32(struct lowering *l, uint32_t number)
{
    return llvm.ConstInt(l->i32, number, false);
}

static inline value constant_i1(struct lowering *l, bool truth)
{
    return llvm.ConstInt(l->i1, truth, false);
}

static inline value address(struct lowering *l, const void *pointer)
{
    return llvm.ConstIntToPtr(constant_i64(l, (int64_t)(uintptr_t)pointer), l->pointer);
}

static inline LLVMTypeRef complex_type(struct lowering *l)
{
    LLVMTypeRef parts[2] = {l->f64, l->f64};
    return llvm.StructTypeInContext(l->context, parts, 2, false);
}

static inline label new_block(struct lowering *l, const char *name)
{
    return llvm.AppendBasicBlockInContext(l->context, l->function, name);
}

static inline void go_on_in(struct lowering *l, label block)
{
    llvm.PositionBuilderAtEnd(l->builder, block);
}

static inline value field(struct lowering *l, value base, int64_t offset)
{
    value index = constant_i64(l, offset);
    return offset == 0 ? base : llvm.BuildGEP2(l->builder, l->i8, base, &index, 1, "");
}

static inline value load_from(struct lowering *l, LLVMTypeRef type, value base, int64_t offset)
{
    return llvm.BuildLoad2(l->builder, type, field(l, base, offset), "");
}

static inline void store_to(struct lowering *l, value what, value base, int64_t offset)
{
    llvm.BuildStore(l->builder, what, field(l, base, offset));
}

static inline value integer_compare(struct lowering *l, LLVMIntPredicate predicate, value a, value b)
{
    return llvm.BuildICmp(l->builder, predicate, a, b, "");
}

/* Calls a function of runtime_symbols.def. */
static inline value call(struct lowering *l, const char *name, LLVMTypeRef result, int count, value *arguments)
{
    LLVMTypeRef types[8];
    for (int i = 0; i < count; i++) {
        types[i] = llvm.TypeOf(arguments[i]);
    }
    LLVMTypeRef type = llvm.FunctionType(result, types, (unsigned)count, false);
    value function = llvm.GetNamedFunction(l->module, name);
    if (function == NULL) {
        function = llvm.AddFunction(l->module, name, type);
    }
    return llvm.BuildCall2(l->builder, type, function, arguments, (unsigned)count, "");
}

static inline value result_of(struct lowering *l, const struct ir_node *node)
{
    return l->results[node->id];
}

static inline value input(struct lowering *l, const struct ir_node *node, int number)
{
    return l->results[node->inputs[number]->id];
}

/* Ends the LLVM block: usually on to a new one, which becomes the current one; else to `rare`. */
static inline void branch_rarely(struct lowering *l, value usual, label rare)
{
    label next = new_block(l, "");
    value branch = llvm.BuildCondBr(l->builder, usual, next, rare);
    llvm.SetMetadata(branch, l->profile_kind, l->unlikely);
    go_on_in(l, next);
}

static inline LLVMTypeRef type_of(struct lowering *l, enum ir_type type)
{
    LLVMTypeRef types[IR_TYPE_COUNT] = {l->void_type, l->pointer, l->i64, l->f64, l->i1, complex_type(l)};
    return types[type];
}

/* ---- Leaving (lower.c) -------------------------------------------------------------------------------------------- */

/* Goes out through the node's state where `holds` is false; the current LLVM block is the way on. */
void lower_guard(struct lowering *l, const struct ir_node *node, value holds);

/* ---- Numbers (lower_numbers.c) ---------------------------------------------------------------------------------- */

value lower_float(struct lowering *l, const struct ir_node *node);
value lower_int(struct lowering *l, const struct ir_node *node);
value lower_int_from_float(struct lowering *l, const struct ir_node *node);
void lower_complex(struct lowering *l, const struct ir_node *node);
value lower_float_from_int(struct lowering *l, const struct ir_node *node);
value lower_unbox_int(struct lowering *l, const struct ir_node *node);
LLVMIntPredicate lower_int_predicate(int64_t comparison);
LLVMRealPredicate lower_float_predicate(int64_t comparison);

/* ---- Objects in memory (lower_memory.c) ------------------------------------------------------------------------- */

/* Makes the tags below; first of all. */
void lower_make_tags(struct lowering *l);
/* The same as load_from and store_to, for a word that only accesses with the same tag can touch. */
value load_tagged(struct lowering *l, enum memory_tag tag, LLVMTypeRef type, value base, int64_t offset);
void store_tagged(struct lowering *l, enum memory_tag tag, value what, value base, int64_t offset);

/* ---- Strings and lists (lower_containers.c) ---------------------------------------------------------------------- */

value lower_str_length(struct lowering *l, const struct ir_node *node);
value lower_str_character(struct lowering *l, const struct ir_node *node);
value lower_str_of_character(struct lowering *l, const struct ir_node *node);
value lower_str_equal(struct lowering *l, const struct ir_node *node);
void lower_list_append(struct lowering *l, const struct ir_node *node);
void lower_guard_room(struct lowering *l, const struct ir_node *node);

value lower_guard_kind(struct lowering *l, const struct ir_node *node);
value lower_load(struct lowering *l, const struct ir_node *node);
value lower_load_item(struct lowering *l, const struct ir_node *node);
value lower_plain_call(struct lowering *l, const struct ir_node *node);
/* Stores the node's operands into the array for functions that take one. */
void lower_store_arguments(struct lowering *l, const struct ir_node *node);
value lower_plain_array_call(struct lowering *l, const struct ir_node *node);
value lower_is_of_class(struct lowering *l, const struct ir_node *node);
void lower_type_guard(struct lowering *l, const struct ir_node *node);
void lower_store(struct lowering *l, const struct ir_node *node);
void lower_store_new(struct lowering *l, const struct ir_node *node);
void lower_store_raw(struct lowering *l, const struct ir_node *node);

#endif
