/* tier2/ir.h: the typed intermediate representation.
 *
 * A graph is the code of one compiled function, or of one of its loops (OSR), with the functions inlined into it: basic blocks of
 * nodes in static single assignment form. The operations are the rows of ir_ops.def.
 *
 * Nothing here touches a Python object: the builder copies what the passes need to know into nodes while it holds the GIL; passes
 * and lowering run on the compile thread. A graph owns all its memory and is freed as a whole.
 */
#ifndef PYJIT_TIER2_IR_H
#define PYJIT_TIER2_IR_H

#include "runtime/completion.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- Types, kinds, operations ------------------------------------------------------------------------------- */

/* How a value stands in a register. */
enum ir_type { IR_VOID, IR_OBJECT, IR_INT, IR_FLOAT, IR_BOOL, IR_COMPLEX, IR_TYPE_COUNT };

/* What is known of an object: nothing, or its exact type (runtime/kinds.def). */
enum ir_kind {
    KIND_any,
#define KIND(name, field) KIND_##name,
#include "runtime/kinds.def"
#undef KIND
    KIND_COUNT
};

/* The type (a PyTypeObject), borrowed: it lives for ever. NULL for KIND_any. */
struct _typeobject *ir_type_of_kind(enum ir_kind kind);

enum ir_op {
#define OP(name, result, inputs, flags) IR_##name,
#include "tier2/ir_ops.def"
#undef OP
    IR_OP_COUNT
};

enum ir_op_flag {
    IR_PURE = 1,
    IR_READS = 2,
    IR_WRITES = 4,
    IR_ALLOCATES = 8,
    IR_GUARD = 16,
    IR_ESCAPES = 32,
    IR_TERMINATOR = 64,
};

struct ir_op_row {
    const char *name;
    const char *result; /* a letter, or "any" */
    const char *inputs;
    int flags;
};
extern const struct ir_op_row ir_op_rows[IR_OP_COUNT];
extern const char *const ir_type_names[IR_TYPE_COUNT];
extern const char *const ir_kind_names[KIND_COUNT];

/* Which memory a load or store touches: two nodes with different classes never touch the same word. */
enum ir_memory {
    MEMORY_none,
    MEMORY_constant,   /* never changes: items of tuples, the fields of a range iterator but its index */
    MEMORY_attribute,  /* values of instances: inline values, slots */
    MEMORY_list_item,  /* the pointers of lists' items */
    MEMORY_list_shape, /* lists' sizes and where their items are */
    MEMORY_dict,       /* versions and values of dicts, of modules' and builtins' globals */
    MEMORY_type,       /* types' versions */
    MEMORY_iterator,   /* the index of an iterator, and the container it still has */
    MEMORY_cell,       /* what is in cells */
    MEMORY_shape,      /* where the values of an instance are, or its dict; the tables of dicts */
    MEMORY_COUNT
};

/* ---- Nodes and blocks ------------------------------------------------------------------------------------------- */

enum ir_node_flag {
    NODE_FITS = 1,   /* integer arithmetic whose result is known to fit: no guard */
    NODE_SIMPLE = 2, /* drop, store_home: what dies is an int, float, str or the like; no code runs */
    NODE_LIVE = 4,   /* scratch for passes */
    NODE_PLAIN =
        8, /* drop, store_home: where the death of what goes may run code, execution leaves afterwards: behind it nothing has happened */
    NODE_QUIET = 16,        /* a guard whose failure says nothing against the code */
    NODE_CALLS = 32,        /* handler: a call, after which the eval breaker is looked at */
    NODE_TAKES = 128,       /* call_plain: unless it returns NULL, takes the reference to its first operand over */
    NODE_NOT_NEGATIVE = 64, /* an int that is known to be 0 or more */
};

struct ir_node {
    uint8_t op;     /* enum ir_op */
    uint8_t type;   /* enum ir_type */
    uint8_t kind;   /* enum ir_kind, of an object */
    uint8_t memory; /* enum ir_memory, of loads and stores */
    uint8_t flags;  /* enum ir_node_flag */
    uint16_t frame; /* number of the inlined frame it belongs to, 0: the root's */
    uint16_t input_count;
    uint32_t id;
    int32_t offset;
    uint32_t place; /* bytecode offset it comes from, in bytes */
    int64_t number;
    const void *pointer;
    void *cell; /* feedback of the site, of handlers */
    struct ir_block *block;
    struct ir_node *previous, *next; /* in the block */
    struct ir_node *replacement;     /* another node to use instead, see ir_replace */
    struct ir_state
        *state; /* of guards and escapes; until pass_hoist, of jumps into loops: that of the loop's beginning */
    struct ir_state *origin; /* of a guard that leaves with another state now: the one it was made with */
    struct ir_node **inputs;
    void *sample;  /* while the graph is built: an object that is typical of the value, borrowed, or NULL */
    void *class;   /* the same where there is none: a class (PyTypeObject), borrowed, or NULL */
    uint8_t guess; /* and a kind */
};

struct ir_block {
    uint32_t id;
    bool is_loop_header;
    uint16_t loop_depth;
    struct ir_node *first, *last;
    struct ir_block **predecessors;
    int predecessor_count, predecessor_capacity;
    struct ir_block *successors[2];
    struct ir_block *next; /* in reverse post-order once ir_order has run; else in order of creation */
    struct ir_block *dominator;
    int order;
};

/* ---- Frame states --------------------------------------------------------------------------------------------------- */

/* Where the value of a local or operand stands when execution leaves through a state. */
enum ir_slot_how {
    SLOT_EMPTY, /* unbound, or the NULL below a callee */
    SLOT_HOME,  /* a local whose home holds it */
    SLOT_RAW,   /* a local in `value`, a number or truth value; its home holds it if `clean`, else something older */
    SLOT_OWNED, /* an operand in `value` with a reference of its own; or raw */
    SLOT_BORROWED, /* an operand in `value` that needs a reference more; or raw */
    SLOT_MEMORY,   /* an operand that stands in its stack slot of the frame */
    SLOT_ITERATOR, /* an operand as SLOT_OWNED, an iterator whose index is in `index` */
};

struct ir_slot {
    uint8_t how; /* enum ir_slot_how */
    uint32_t
        box; /* of a number: slots with the same, which is not 0, stand for one object. Equal values may well be two */
    struct ir_node *value;
    struct ir_node *clean; /* a truth value, of SLOT_RAW; NULL: it is not */
    struct ir_node *index; /* of SLOT_ITERATOR */
};

/* A Python frame at the beginning of an instruction (or after it, where the instruction is over): what tier 1 needs to go on there.
 * That of an inlined frame has the function as first operand, before those on the value stack; the frames around it stand in the middle of
 * their calls, with the callee's operands gone, ready for its result or (`raises`) its exception.
 * Immutable but for replacement of values. */
struct ir_state {
    struct ir_state *outer; /* the caller's, for an inlined frame */
    uint16_t frame;         /* number of the frame */
    uint16_t local_count;
    uint16_t depth;
    uint16_t dying;  /* so many of the last operands are not the frame's: they are dropped on the way out */
    uint32_t offset; /* of the instruction to go on at, in bytes */
    uint32_t next;   /* with `raises`: of the one after it */
    uint32_t id;
    uint8_t
        raises; /* an error of the instruction at `offset`, whose operands are gone already; handled, or not, by: */
    uint8_t handler_lasti;
    uint8_t completion; /* enum completion, and `kept`: see struct deopt_state */
    uint16_t kept;
    uint16_t handler_keep;
    int32_t handler;        /* bytecode offset, -1: not in this frame */
    struct ir_slot slots[]; /* locals, then operands (the function among them) */
};

/* ---- Graphs ------------------------------------------------------------------------------------------------------------ */

/* A Python function whose body is in the graph. */
struct ir_frame {
    void *code;      /* PyCodeObject, only compared */
    int outer;       /* number of the frame that calls it, -1: the root */
    uint16_t locals; /* co_nlocalsplus */
    uint16_t stack_size;
    uint32_t path;            /* see struct deopt_state */
    uint32_t call_place;      /* bytecode offset of the call, in the frame that calls it */
    const char *name;         /* for dumps and remarks; owned by the graph */
    const uint8_t *opcodes;   /* generic, per code unit; as `lines` */
    const int32_t *lines;     /* per code unit, -1: none; owned by the graph. NULL in graphs that were read as text */
    struct ir_source *source; /* for debug information, or NULL (debug_info.h) */
};

struct ir_chunk; /* of memory */

enum { IR_MOST_PARAMETERS = 8 };

struct ir_graph {
    struct ir_chunk *chunks;
    size_t bytes; /* in all chunks */
    struct ir_block *entry;
    struct ir_block *last_block;
    uint32_t node_count, block_count, state_count; /* also the next ids */
    struct ir_frame *frames;
    int frame_count, frame_capacity;
    bool out_of_memory; /* an allocation failed: the graph is of no use. Set once, asked at the end of each stage */
    struct ir_symbol *symbols; /* names of addresses, for the text form (ir_text.h) */
    struct ir_node scratch_node;
    /* Functions that are called directly, with raw values and without a frame (build_direct.c): graphs of their own, in a list that begins with the
     * graph that is entered from tier 1. */
    struct ir_graph *next; /* owned */
    int direct;            /* number of this one among them, counted from 1; 0: the one that is entered */
    int parameter_count;
    uint8_t parameter_types[IR_MOST_PARAMETERS]; /* enum ir_type */
    uint8_t result_type;
};

struct ir_graph *ir_graph_new(void);
void ir_graph_free(struct ir_graph *graph);

/* Memory that lives as long as the graph, zeroed; NULL after out_of_memory. */
void *ir_allocate(struct ir_graph *graph, size_t size);

/* A new block at the end of the list. Never NULL: see ir_append. */
struct ir_block *ir_block_new(struct ir_graph *graph);

/* A new node that stands nowhere yet. As below. */
struct ir_node *ir_node_new(struct ir_graph *graph, enum ir_op op, int input_count, struct ir_node *const *inputs);

/* A new node at the end of `block`, its type and inputs as its row says; payload and state are the caller's to fill in. Never NULL: without
 * memory a scratch node is returned and out_of_memory set. */
struct ir_node *ir_append(struct ir_graph *graph, struct ir_block *block, enum ir_op op, int input_count,
                          struct ir_node *const *inputs);
/* The same before or after a node that is in a block. */
struct ir_node *ir_insert_before(struct ir_graph *graph, struct ir_node *where, enum ir_op op, int input_count,
                                 struct ir_node *const *inputs);
/* A phi at the head of `block` with room for `count` inputs, which are NULL. */
struct ir_node *ir_phi(struct ir_graph *graph, struct ir_block *block, enum ir_type type, int count);

/* Makes `block`, which has its terminator, go to `successor` (number `which`). */
void ir_connect(struct ir_graph *graph, struct ir_block *block, int which, struct ir_block *successor);

/* A state with room for the locals and operands given; all slots SLOT_EMPTY. NULL after out_of_memory. */
struct ir_state *ir_state_new(struct ir_graph *graph, int frame, int local_count, int depth);

/* Takes a node out of its block. Nothing may use it. */
void ir_remove(struct ir_node *node);

/* Takes a node out of its block and puts it before another one. */
void ir_move_before(struct ir_node *node, struct ir_node *where);
/* Uses of `node` are to be uses of `by`; takes effect with ir_resolve. `node` is removed. */
void ir_replace(struct ir_node *node, struct ir_node *by);
/* What is to be used instead of `node`: itself, or what replaced it. */
struct ir_node *ir_current(struct ir_node *node);
/* Rewrites all inputs and states to current nodes. To be called at the end of a pass that replaced. */
void ir_resolve(struct ir_graph *graph);

/* Puts the blocks into reverse post-order, drops the unreachable ones (and the inputs of phis that came from them), finds dominators and
 * loop depths. */
void ir_order(struct ir_graph *graph);
/* Does `above` dominate `below`? After ir_order. */
bool ir_dominates(const struct ir_block *above, const struct ir_block *below);

/* ---- Shorthand -------------------------------------------------------------------------------------------------------------- */

static inline int ir_flags(const struct ir_node *node)
{
    return ir_op_rows[node->op].flags;
}

/* Can execution leave through the node's state? */
static inline bool ir_may_leave(const struct ir_node *node)
{
    return (ir_flags(node) & IR_GUARD) && !(node->flags & NODE_FITS);
}

static inline bool ir_is_constant(const struct ir_node *node)
{
    return node->op <= IR_constant_bool;
}

/* May any code run, so that nothing is known afterwards of types, attributes and containers? */
static inline bool ir_escapes(const struct ir_node *node)
{
    return (ir_flags(node) & IR_ESCAPES) && !(node->flags & (NODE_SIMPLE | NODE_PLAIN));
}

/* Has the node an effect besides its result? */
static inline bool ir_has_effect(const struct ir_node *node)
{
    return (ir_flags(node) & (IR_WRITES | IR_ESCAPES | IR_TERMINATOR)) || ir_may_leave(node);
}

/* For `ir_each_state_slot(state, slot)`: all slots of a state and of those around it. */
#define ir_each_block(graph, block) for (struct ir_block *block = (graph)->entry; block != NULL; block = block->next)
#define ir_each_node(block, node)                                                                                    \
    for (struct ir_node *node = (block)->first, *node##_next; node != NULL && (node##_next = node->next, true);      \
         node = node##_next)

/* ---- Text and checks ------------------------------------------------------------------------------------------------------- */

/* Prints the graph (ir_text.c). */
void ir_print(const struct ir_graph *graph, FILE *file);

/* The same without frames and states, each row with "LINE|" before it, the line of the root's frame that it is for (0: none), and with the place
 * where that is in an inlined function. */
void ir_print_lines(const struct ir_graph *graph, FILE *file);

/* The source line of a place in a frame; 0: none. And that of the call in the root's frame that an inlined frame is for. */
int ir_line(const struct ir_graph *graph, int frame, uint32_t place);
int ir_root_line(const struct ir_graph *graph, int frame, uint32_t place);

/* Is the graph, which ir_order has put in order, well-formed? Writes what is not, with `stage`, to `report` and returns false
 * (ir_verify.c). ir_verify() writes it to standard error, and the graph. */
bool ir_check(struct ir_graph *graph, const char *stage, FILE *report);
/* The part of it that ir_order relies on: blocks end, and successors and predecessors agree. */
bool ir_check_edges(struct ir_graph *graph, const char *stage, FILE *report);
bool ir_verify(struct ir_graph *graph, const char *stage);
/* Are references held and given up evenly on all ways? Of a graph as the builder has made it, in order (ir_references.c). */
bool ir_check_references(struct ir_graph *graph, const char *stage, FILE *report);

#endif
