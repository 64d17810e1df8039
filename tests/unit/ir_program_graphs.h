/* tests/unit/ir_program_graphs.h: graphs of the programs of ir_programs.h, made as tier2/build*.c makes them of bytecode. Header only. */
#ifndef PYJIT_TESTS_IR_PROGRAM_GRAPHS_H
#define PYJIT_TESTS_IR_PROGRAM_GRAPHS_H

#include "tests/unit/ir_programs.h"

struct graph_local {
    bool raw;              /* else in its home */
    struct ir_node *value; /* raw; or what the home holds, NULL: not known */
    struct ir_node *clean; /* raw: NULL, it is not */
};

struct graph_operand {
    struct ir_node *value;
    bool owned; /* an object with a reference of its own */
    int local;  /* an object that borrows from this local; -1 */
};

/* Everything that changes from instruction to instruction. */
struct graph_frame {
    struct graph_local locals[PROGRAM_ALL_LOCALS];
    struct graph_operand operands[PROGRAM_STACK];
    int depth;
};

/* A block that goes to an instruction further down, and what stands where at its end. */
struct graph_incoming {
    struct ir_block *block;
    struct graph_frame frame;
    int target;
};

struct graph_loop {
    int header; /* instruction */
    struct ir_block *block;
    struct graph_frame frame; /* the phis */
};

struct graph_builder {
    const struct program *program;
    struct ir_graph *graph;
    struct ir_block *block; /* NULL: control does not come here */
    struct graph_frame now, before;
    struct ir_state *state_before;
    int pc;
    uint64_t random;
    struct graph_incoming incoming[2 * PROGRAM_MOST];
    int incoming_count;
    struct graph_loop loops[PROGRAM_COUNTERS];
    int loop_count;
};

static inline bool graph_chance(struct graph_builder *b, unsigned one_in)
{
    b->random = b->random * 6364136223846793005u + 1442695040888963407u;
    return (b->random >> 33) % one_in == 0;
}

/* ---- Nodes and states ------------------------------------------------------------------------------------------------ */

static inline struct ir_node *graph_node(struct graph_builder *b, enum ir_op op, int count, struct ir_node *x,
                                         struct ir_node *y)
{
    struct ir_node *node = ir_append(b->graph, b->block, op, count, (struct ir_node *[]){x, y});
    node->place = (uint32_t)b->pc * 2;
    return node;
}

static inline struct ir_state *graph_state(struct graph_builder *b, const struct graph_frame *frame, int pc)
{
    struct ir_state *state = ir_state_new(b->graph, 0, PROGRAM_ALL_LOCALS, frame->depth);
    state->offset = (uint32_t)pc * 2;
    for (int i = 0; i < PROGRAM_ALL_LOCALS; i++) {
        const struct graph_local *local = &frame->locals[i];
        bool home =
            !local->raw || (local->clean != NULL && local->clean->op == IR_constant_bool && local->clean->number);
        state->slots[i] = home ? (struct ir_slot){.how = SLOT_HOME}
                               : (struct ir_slot){.how = SLOT_RAW, .value = local->value, .clean = local->clean};
    }
    for (int i = 0; i < frame->depth; i++) {
        const struct graph_operand *operand = &frame->operands[i];
        bool borrowed = operand->value->type == IR_OBJECT && !operand->owned;
        state->slots[PROGRAM_ALL_LOCALS + i] =
            (struct ir_slot){.how = borrowed ? SLOT_BORROWED : SLOT_OWNED, .value = operand->value};
    }
    return state;
}

/* The state at the beginning of the instruction. */
static inline struct ir_state *graph_before(struct graph_builder *b)
{
    if (b->state_before == NULL) {
        b->state_before = graph_state(b, &b->before, b->pc);
    }
    return b->state_before;
}

static inline struct ir_node *graph_guard(struct graph_builder *b, enum ir_op op, int count, struct ir_node *x,
                                          struct ir_node *y)
{
    struct ir_node *node = graph_node(b, op, count, x, y);
    node->state = graph_before(b);
    return node;
}

static inline struct ir_node *graph_constant(struct graph_builder *b, enum ir_op op, int64_t number)
{
    struct ir_node *node = graph_node(b, op, 0, NULL, NULL);
    node->number = number;
    return node;
}

/* Leaves here for good. */
static inline void graph_leave(struct graph_builder *b)
{
    graph_node(b, IR_leave, 0, NULL, NULL)->state = graph_before(b);
    b->block = NULL;
}

static inline enum ir_kind graph_kind_of_type(enum ir_type type)
{
    return type == IR_INT ? KIND_int : type == IR_FLOAT ? KIND_float : KIND_bool;
}

static inline bool graph_is_number_kind(enum ir_kind kind)
{
    return kind == KIND_int || kind == KIND_float || kind == KIND_bool;
}

/* ---- Where values stand ------------------------------------------------------------------------------------------------ */

static inline void graph_push(struct graph_builder *b, struct ir_node *value, bool owned, int local)
{
    b->now.operands[b->now.depth++] = (struct graph_operand){value, owned, local};
}

/* Makes a raw local's home hold its value. */
static inline void graph_sync(struct graph_builder *b, int local)
{
    struct graph_local *place = &b->now.locals[local];
    if (!place->raw) {
        return;
    }
    if (place->clean == NULL || place->clean->op != IR_constant_bool || !place->clean->number) {
        struct ir_node *node = graph_node(b, IR_sync_home, place->clean != NULL ? 2 : 1, place->value, place->clean);
        node->number = local;
        node->kind = (uint8_t)graph_kind_of_type((enum ir_type)place->value->type);
        place->clean = graph_constant(b, IR_constant_bool, 1);
    }
}

/* The same, and forgets that it was raw. */
static inline void graph_to_home(struct graph_builder *b, int local)
{
    graph_sync(b, local);
    if (b->now.locals[local].raw) {
        b->now.locals[local] = (struct graph_local){0};
    }
}

static inline void graph_own(struct graph_builder *b, int local)
{
    for (int i = 0; i < b->now.depth; i++) {
        struct graph_operand *operand = &b->now.operands[i];
        if (!operand->owned && operand->value->type == IR_OBJECT && (operand->local == local || local < 0)) {
            graph_node(b, IR_hold, 1, operand->value, NULL);
            operand->owned = true;
        }
    }
}

static inline void graph_drop(struct graph_builder *b, struct graph_operand operand, int next)
{
    if (!operand.owned) {
        return;
    }
    bool simple = graph_is_number_kind((enum ir_kind)operand.value->kind);
    if (!simple) {
        graph_own(b, -1);
    }
    struct ir_node *node = graph_node(b, IR_drop, 1, operand.value, NULL);
    if (graph_is_number_kind((enum ir_kind)operand.value->kind)) {
        node->flags |= NODE_SIMPLE;
    } else {
        node->flags |= graph_chance(b, 2) ? NODE_PLAIN : 0;
        node->state = graph_state(b, &b->now, next);
    }
}

/* The operand as an object with a reference of its own. */
static inline struct ir_node *graph_owned(struct graph_builder *b, struct graph_operand *operand)
{
    struct ir_node *value = operand->value;
    if (value->type == IR_OBJECT) {
        if (!operand->owned) {
            graph_node(b, IR_hold, 1, value, NULL);
        }
        operand->owned = true;
        return value;
    }
    enum ir_op op = value->type == IR_INT ? IR_box_int : value->type == IR_FLOAT ? IR_box_float : IR_box_bool;
    struct ir_node *box = graph_node(b, op, 1, value, NULL);
    if (op == IR_box_bool) {
        graph_node(b, IR_hold, 1, box, NULL);
    }
    return box;
}

/* The operand as a raw number, of the kind if nothing is known of it; NULL: it is something else, and the block has been left. The
 * operand's reference is the caller's to drop. */
static inline struct ir_node *graph_raw(struct graph_builder *b, struct graph_operand *operand, enum ir_kind kind)
{
    struct ir_node *value = operand->value;
    if (value->type != IR_OBJECT) {
        return value;
    }
    if (value->kind == KIND_any) {
        struct ir_node *guard = graph_guard(b, IR_guard_kind, 1, value, NULL);
        guard->kind = (uint8_t)kind;
        if (operand->local >= 0 && b->now.locals[operand->local].value == value) {
            b->now.locals[operand->local].value = guard;
        }
        operand->value = value = guard;
    }
    struct ir_node *raw;
    if (value->kind == KIND_int) {
        raw = graph_guard(b, IR_unbox_int, 1, value, NULL);
    } else if (value->kind == KIND_float) {
        raw = graph_node(b, IR_unbox_float, 1, value, NULL);
    } else if (value->kind == KIND_bool) {
        raw = graph_node(b, IR_unbox_bool, 1, value, NULL);
    } else {
        graph_leave(b);
        return NULL;
    }
    struct graph_local *local = operand->local >= 0 ? &b->now.locals[operand->local] : NULL;
    if (local != NULL && !local->raw && local->value == value && !graph_chance(b, 3)) {
        *local = (struct graph_local){.raw = true, .value = raw, .clean = graph_constant(b, IR_constant_bool, 1)};
    }
    return raw;
}

static inline struct ir_node *graph_as(struct graph_builder *b, struct ir_node *raw, enum ir_type type)
{
    if (raw->type == IR_BOOL && type != IR_BOOL) {
        raw = graph_node(b, IR_int_from_bool, 1, raw, NULL);
    }
    return raw->type == IR_INT && type == IR_FLOAT ? graph_guard(b, IR_float_from_int, 1, raw, NULL) : raw;
}

/* ---- Instructions ------------------------------------------------------------------------------------------------------- */

static inline void graph_load_fast(struct graph_builder *b, int local)
{
    struct graph_local *place = &b->now.locals[local];
    if (!place->raw && place->value == NULL) {
        struct ir_node *loaded = graph_node(b, IR_load_home, 0, NULL, NULL);
        loaded->number = local;
        place->value = graph_guard(b, IR_guard_bound, 1, loaded, NULL);
    }
    graph_push(b, place->value, false, local);
}

static inline void graph_store_fast(struct graph_builder *b, int local)
{
    struct graph_local *place = &b->now.locals[local];
    graph_own(b, local);
    struct graph_operand operand = b->now.operands[--b->now.depth];
    bool holds_number =
        place->raw || (place->value != NULL && graph_is_number_kind((enum ir_kind)place->value->kind));
    if (operand.value->type != IR_OBJECT && holds_number) {
        *place = (struct graph_local){.raw = true, .value = operand.value};
        return;
    }
    struct ir_node *object = graph_owned(b, &operand);
    if (!holds_number) {
        graph_own(b, -1);
    }
    struct ir_node *node = graph_node(b, IR_store_home, 1, object, NULL);
    node->number = local;
    if (operand.value->type != IR_OBJECT) {
        *place = (struct graph_local){
            .raw = true, .value = operand.value, .clean = graph_constant(b, IR_constant_bool, 1)};
    } else {
        *place = (struct graph_local){.value = object};
    }
    if (holds_number) {
        node->flags |= NODE_SIMPLE;
    } else {
        node->flags |= graph_chance(b, 2) ? NODE_PLAIN : 0;
        node->state = graph_state(b, &b->now, b->pc + 1);
    }
}

static inline void graph_compute(struct graph_builder *b, const struct program_instruction *i)
{
    int count = i->code == PROGRAM_UNARY ? 1 : 2;
    struct graph_operand operands[2];
    struct ir_node *raw[2];
    bool floats = i->guess != 0 || i->argument == IR_float_divide;
    for (int k = 0; k < count; k++) {
        operands[k] = b->now.operands[b->now.depth - count + k];
        floats |= operands[k].value->type == IR_FLOAT || operands[k].value->kind == KIND_float;
    }
    bool negates = i->code == PROGRAM_UNARY && i->argument == IR_bool_not;
    for (int k = 0; k < count; k++) {
        bool as_float =
            operands[k].local >= 0 && !graph_chance(b, 16) ? operands[k].local / 2 == PROGRAM_FLOATS : floats;
        raw[k] = graph_raw(b, &operands[k], negates ? KIND_bool : as_float ? KIND_float : KIND_int);
        if (raw[k] == NULL) {
            return;
        }
    }
    floats = raw[0]->type == IR_FLOAT || raw[count - 1]->type == IR_FLOAT || i->argument == IR_float_divide;
    struct ir_node *result;
    if (negates) {
        if (raw[0]->type != IR_BOOL) {
            graph_leave(b);
            return;
        }
        result = graph_node(b, IR_bool_not, 1, raw[0], NULL);
    } else {
        enum ir_op op = (enum ir_op)i->argument;
        if (i->code == PROGRAM_COMPARE) {
            op = floats ? IR_float_compare : IR_int_compare;
        } else if (floats) {
            op = op == IR_int_add        ? IR_float_add
                 : op == IR_int_subtract ? IR_float_subtract
                 : op == IR_int_multiply ? IR_float_multiply
                 : op == IR_int_negate   ? IR_float_negate
                 : op == IR_int_absolute ? IR_float_absolute
                 : op == IR_float_divide ? IR_float_divide
                                         : IR_phi;
        }
        if (op == IR_phi) {
            graph_leave(b);
            return;
        }
        for (int k = 0; k < count; k++) {
            raw[k] = graph_as(b, raw[k], floats ? IR_FLOAT : IR_INT);
        }
        result = graph_node(b, op, count, raw[0], raw[count - 1]);
        result->number = i->code == PROGRAM_COMPARE ? i->argument : 0;
        if (ir_flags(result) & IR_GUARD) {
            result->state = graph_before(b);
        }
    }
    b->now.depth -= count;
    for (int k = 0; k < count; k++) {
        graph_drop(b, operands[k], b->pc + 1);
    }
    graph_push(b, result, false, -1);
}

/* Is the operand an object whose class is the one that was seen? */
static inline bool graph_check_owner(struct graph_builder *b, const struct graph_operand *operand)
{
    if (operand->value->type != IR_OBJECT) {
        graph_leave(b);
        return false;
    }
    struct ir_node *guard = graph_guard(b, IR_guard_class, 1, operand->value, NULL);
    guard->pointer = "class";
    ir_name(b->graph, guard->pointer, "class");
    if (graph_chance(b, 2)) {
        guard = graph_guard(b, IR_guard_version, 0, NULL, NULL);
        guard->pointer = "class";
        guard->number = 1 + (int64_t)graph_chance(b, 2);
    }
    return true;
}

static inline struct ir_node *graph_load(struct graph_builder *b, struct ir_node *owner, int64_t offset)
{
    struct ir_node *node = graph_node(b, IR_load, 1, owner, NULL);
    node->type = IR_OBJECT;
    node->offset = (int32_t)offset;
    node->memory = MEMORY_attribute;
    return node;
}

static inline void graph_load_field(struct graph_builder *b, const struct program_instruction *i)
{
    struct graph_operand owner = b->now.operands[b->now.depth - 1];
    if (!graph_check_owner(b, &owner)) {
        return;
    }
    b->now.depth--;
    struct ir_node *value = graph_load(b, owner.value, i->number);
    graph_node(b, IR_hold, 1, value, NULL);
    graph_push(b, value, true, -1);
    graph_drop(b, owner, b->pc + 1);
}

static inline void graph_store_field(struct graph_builder *b, const struct program_instruction *i)
{
    struct graph_operand owner = b->now.operands[b->now.depth - 1];
    if (!graph_check_owner(b, &owner)) {
        return;
    }
    b->now.depth -= 2;
    struct graph_operand value = b->now.operands[b->now.depth];
    bool raw = (value.value->type == IR_INT || value.value->type == IR_FLOAT) && !graph_chance(b, 4);
    struct ir_node *object = raw ? value.value : graph_owned(b, &value);
    struct ir_node *old = graph_load(b, owner.value, i->number);
    if (raw) {
        struct ir_node *inputs[3] = {owner.value, old, object};
        struct ir_node *node = ir_append(b->graph, b->block, IR_store_raw, 3, inputs);
        node->place = (uint32_t)b->pc * 2;
        node->offset = (int32_t)i->number;
        node->memory = MEMORY_attribute;
        node->state = graph_before(b);
        return;
    }
    struct ir_node *store = graph_node(b, IR_store, 2, owner.value, object);
    store->offset = (int32_t)i->number;
    store->memory = MEMORY_attribute;
    graph_drop(b, (struct graph_operand){old, true, -1}, b->pc + 1);
}

static inline void graph_call(struct graph_builder *b, const struct program_instruction *i)
{
    for (int local = 0; local < PROGRAM_ALL_LOCALS; local++) {
        graph_sync(b, local);
    }
    graph_own(b, -1);
    for (int k = 0; k < b->now.depth; k++) {
        struct graph_operand *operand = &b->now.operands[k];
        struct ir_node *object = graph_owned(b, operand);
        *operand = (struct graph_operand){object, true, -1};
        graph_node(b, IR_store_operand, 1, object, NULL)->number = k;
    }
    struct ir_node *node = graph_node(b, IR_handler, 0, NULL, NULL);
    node->pointer = "call";
    ir_name(b->graph, node->pointer, "call");
    node->number = b->pc;
    node->offset = b->now.depth;
    b->now.depth -= i->argument;
    node->state = graph_state(b, &b->now, b->pc);
    node->state->raises = 1;
    node->state->handler = -1;
    struct ir_node *result = graph_node(b, IR_load_operand, 0, NULL, NULL);
    result->number = b->now.depth;
    graph_push(b, result, true, -1);
    graph_node(b, IR_guard_quiet, 0, NULL, NULL)->state = graph_state(b, &b->now, b->pc + 1);
}

/* ---- Control -------------------------------------------------------------------------------------------------------------- */

static inline void graph_go(struct graph_builder *b, struct ir_block *block, int target)
{
    struct graph_incoming *incoming = &b->incoming[b->incoming_count++];
    *incoming = (struct graph_incoming){block, b->now, target};
}

static inline void graph_if_false(struct graph_builder *b, const struct program_instruction *i)
{
    struct graph_operand operand = b->now.operands[b->now.depth - 1];
    struct ir_node *raw = graph_raw(b, &operand, i->guess ? KIND_bool : KIND_int);
    if (raw == NULL) {
        return;
    }
    if (raw->type == IR_INT) {
        raw = graph_node(b, IR_int_compare, 2, raw, graph_constant(b, IR_constant_int, 0));
        raw->number = Py_NE;
    } else if (raw->type == IR_FLOAT) {
        raw = graph_node(b, IR_float_compare, 2, raw, graph_constant(b, IR_constant_float, 0));
        raw->number = Py_NE;
    }
    b->now.depth--;
    graph_drop(b, operand, b->pc + 1);
    graph_node(b, IR_branch, 1, raw, NULL);
    struct ir_block *yes = ir_block_new(b->graph);
    struct ir_block *no = ir_block_new(b->graph);
    ir_connect(b->graph, b->block, 0, yes);
    ir_connect(b->graph, b->block, 1, no);
    graph_go(b, no, i->target);
    b->block = yes;
}

static inline void graph_jump_to(struct graph_builder *b, struct ir_block *target)
{
    graph_node(b, IR_jump, 0, NULL, NULL);
    ir_connect(b->graph, b->block, 0, target);
}

/* Joins the ways that come to the instruction. */
static inline void graph_join(struct graph_builder *b)
{
    struct graph_incoming *ways[64];
    int count = 0;
    bool joins = false;
    for (int i = 0; i < b->incoming_count; i++) {
        joins |= b->incoming[i].target == b->pc;
    }
    if (!joins) {
        return;
    }
    if (b->block != NULL) {
        graph_go(b, b->block, b->pc);
    }
    for (int i = 0; i < b->incoming_count && count < 64; i++) {
        if (b->incoming[i].target == b->pc) {
            b->incoming[i].target = -1;
            ways[count++] = &b->incoming[i];
        }
    }
    if (count == 1) {
        b->block = ways[0]->block;
        b->now = ways[0]->frame;
        return;
    }
    struct ir_block *block = ir_block_new(b->graph);
    for (int local = 0; local < PROGRAM_ALL_LOCALS; local++) {
        bool raw = ways[0]->frame.locals[local].raw;
        for (int i = 1; i < count && raw; i++) {
            raw = ways[i]->frame.locals[local].raw &&
                  ways[i]->frame.locals[local].value->type == ways[0]->frame.locals[local].value->type;
        }
        for (int i = 0; i < count && !raw; i++) {
            b->block = ways[i]->block;
            b->now = ways[i]->frame;
            graph_to_home(b, local);
            ways[i]->frame = b->now;
        }
    }
    struct graph_frame joined = ways[0]->frame;
    for (int local = 0; local < PROGRAM_ALL_LOCALS; local++) {
        struct graph_local *place = &joined.locals[local];
        if (!place->raw) {
            for (int i = 0; i < count; i++) {
                place->value = ways[i]->frame.locals[local].value == place->value ? place->value : NULL;
            }
            continue;
        }
        struct ir_node *value = ir_phi(b->graph, block, (enum ir_type)place->value->type, count);
        struct ir_node *clean = ir_phi(b->graph, block, IR_BOOL, count);
        for (int i = 0; i < count; i++) {
            struct graph_local *from = &ways[i]->frame.locals[local];
            b->block = ways[i]->block;
            value->inputs[i] = from->value;
            clean->inputs[i] = from->clean != NULL ? from->clean : graph_constant(b, IR_constant_bool, 0);
        }
        place->value = value;
        place->clean = clean;
    }
    for (int i = 0; i < count; i++) {
        b->block = ways[i]->block;
        graph_jump_to(b, block);
    }
    b->block = block;
    b->now = joined;
}

/* Opens a loop: locals are raw in it, or in their homes, as it looks good now. */
static inline void graph_open_loop(struct graph_builder *b)
{
    for (int local = 0; local < PROGRAM_ALL_LOCALS; local++) {
        if (!b->now.locals[local].raw || graph_chance(b, 5)) {
            graph_to_home(b, local);
        } else if (b->now.locals[local].clean == NULL) {
            b->now.locals[local].clean = graph_constant(b, IR_constant_bool, 0);
        }
    }
    struct ir_block *header = ir_block_new(b->graph);
    graph_jump_to(b, header);
    b->block->last->state = graph_state(b, &b->now, b->pc);
    for (int local = 0; local < PROGRAM_ALL_LOCALS; local++) {
        struct graph_local *place = &b->now.locals[local];
        if (!place->raw) {
            place->value = NULL;
            continue;
        }
        struct ir_node *value = ir_phi(b->graph, header, (enum ir_type)place->value->type, 2);
        struct ir_node *clean = ir_phi(b->graph, header, IR_BOOL, 2);
        value->inputs[0] = place->value;
        clean->inputs[0] = place->clean;
        *place = (struct graph_local){true, value, clean};
    }
    b->block = header;
    b->loops[b->loop_count++] = (struct graph_loop){b->pc, header, b->now};
}

/* Makes a local stand as the loop's header wants it; false: it cannot, and the block has been left. */
static inline bool graph_bring_back(struct graph_builder *b, int local, const struct graph_local *wanted)
{
    struct graph_local *place = &b->now.locals[local];
    if (!wanted->raw) {
        graph_to_home(b, local);
        return true;
    }
    enum ir_kind kind = graph_kind_of_type((enum ir_type)wanted->value->type);
    if (!place->raw) {
        graph_load_fast(b, local);
        struct graph_operand operand = b->now.operands[--b->now.depth];
        struct ir_node *raw = graph_raw(b, &operand, kind);
        if (raw == NULL) {
            return false;
        }
        *place = (struct graph_local){true, raw, graph_constant(b, IR_constant_bool, 1)};
    }
    if (place->value->type != wanted->value->type) {
        graph_leave(b);
        return false;
    }
    place->clean = place->clean != NULL ? place->clean : graph_constant(b, IR_constant_bool, 0);
    return true;
}

static inline void graph_close_loop(struct graph_builder *b)
{
    struct graph_loop *loop = &b->loops[--b->loop_count];
    for (int local = 0; b->block != NULL && local < PROGRAM_ALL_LOCALS; local++) {
        if (!graph_bring_back(b, local, &loop->frame.locals[local])) {
            break;
        }
    }
    for (int local = 0; local < PROGRAM_ALL_LOCALS; local++) {
        const struct graph_local *place = &loop->frame.locals[local];
        if (place->raw && b->block != NULL) {
            place->value->inputs[1] = b->now.locals[local].value;
            place->clean->inputs[1] = b->now.locals[local].clean;
        } else if (place->raw) {
            place->value->input_count = place->clean->input_count = 1;
        }
    }
    if (b->block != NULL) {
        graph_node(b, IR_guard_breaker, 0, NULL, NULL)->state = graph_state(b, &b->now, loop->header);
        graph_jump_to(b, loop->block);
    }
    b->block = NULL;
}

static inline void graph_instruction(struct graph_builder *b, const struct program_instruction *i)
{
    switch ((enum program_code)i->code) {
    case PROGRAM_LOAD_FAST:
        graph_load_fast(b, i->argument);
        break;
    case PROGRAM_LOAD_INT:
        graph_push(b, graph_constant(b, IR_constant_int, i->number), false, -1);
        break;
    case PROGRAM_LOAD_FLOAT:
        graph_push(b, graph_constant(b, IR_constant_float, i->number), false, -1);
        break;
    case PROGRAM_LOAD_OBJECT: {
        struct ir_node *object = graph_node(b, IR_constant_object, 0, NULL, NULL);
        char name[2] = {(char)('A' + i->argument), 0};
        object->pointer = &program_objects[i->argument];
        ir_name(b->graph, object->pointer, name);
        graph_push(b, object, false, -1);
        break;
    }
    case PROGRAM_STORE_FAST:
        graph_store_fast(b, i->argument);
        break;
    case PROGRAM_BINARY:
    case PROGRAM_UNARY:
    case PROGRAM_COMPARE:
        graph_compute(b, i);
        break;
    case PROGRAM_LOAD_FIELD:
        graph_load_field(b, i);
        break;
    case PROGRAM_STORE_FIELD:
        graph_store_field(b, i);
        break;
    case PROGRAM_CALL:
        graph_call(b, i);
        break;
    case PROGRAM_POP: {
        struct graph_operand operand = b->now.operands[--b->now.depth];
        graph_drop(b, operand, b->pc + 1);
        break;
    }
    case PROGRAM_IF_FALSE:
        graph_if_false(b, i);
        break;
    case PROGRAM_JUMP:
        graph_go(b, b->block, i->target);
        b->block = NULL;
        break;
    case PROGRAM_JUMP_BACK:
        break;
    case PROGRAM_RETURN: {
        struct graph_operand operand = b->now.operands[--b->now.depth];
        graph_node(b, IR_return, 1, graph_owned(b, &operand), NULL);
        b->block = NULL;
        break;
    }
    }
}

/* Is the instruction where a loop starts? */
static inline bool graph_is_header(const struct program *program, int pc)
{
    for (int i = pc; i < program->count; i++) {
        if (program->code[i].code == PROGRAM_JUMP_BACK && program->code[i].target == pc) {
            return true;
        }
    }
    return false;
}

/* The graph of a program; the caller's to free. `seed` decides what is left open. */
static inline struct ir_graph *graph_of_program(const struct program *program, uint64_t seed)
{
    struct graph_builder *b = calloc(1, sizeof *b);
    b->program = program;
    b->random = seed;
    b->graph = ir_graph_new();
    b->graph->frames = calloc(1, sizeof *b->graph->frames);
    b->graph->frames[0] =
        (struct ir_frame){.outer = -1, .locals = PROGRAM_ALL_LOCALS, .stack_size = PROGRAM_STACK, .name = "program"};
    b->graph->frame_count = b->graph->frame_capacity = 1;
    b->block = ir_block_new(b->graph);
    for (b->pc = 0; b->pc < program->count; b->pc++) {
        const struct program_instruction *i = &program->code[b->pc];
        graph_join(b);
        bool header = graph_is_header(program, b->pc);
        if (i->code == PROGRAM_JUMP_BACK) {
            if (b->loop_count > 0 && b->loops[b->loop_count - 1].header == i->target) {
                b->before = b->now;
                b->state_before = NULL;
                graph_close_loop(b);
            }
            continue;
        }
        if (b->block == NULL) {
            continue;
        }
        if (header) {
            graph_open_loop(b);
        }
        b->before = b->now;
        b->state_before = NULL;
        graph_instruction(b, i);
    }
    struct ir_graph *graph = b->graph;
    free(b);
    return graph;
}

#endif
