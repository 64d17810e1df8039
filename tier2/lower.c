/* tier2/lower.c: from IR to LLVM; see lower.h.
 *
 * A node becomes a few LLVM instructions. Where execution may leave, the LLVM block ends: on to the rest of the node's block, or out
 * to the exit of the node's frame state, which all nodes with that state share. An exit stores the state's live values
 * into an array on the machine stack and calls runtime/deopt.c with the number of what failed.
 */
#include "tier2/lower.h"

#include "tier2/lowering.h"

#include "runtime/frame.h"
#include "runtime/bytecode.h"
#include "runtime/compiler_memory.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"
#include "runtime/steps.h"
#include "runtime/stress.h"

#include <stdlib.h>
#include <string.h>

/* ---- Tables of exits ----------------------------------------------------------------------------------------------------- */

static bool grow(void **array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity * 2 + 16;
    void *grown = compiler_realloc(*array, wanted * element);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

/* A state with more values is not compiled. */
enum { MOST_VALUES = 512 };

/* The array of values an exit stores. That of a virtual object is NULL: who makes it puts it there. */
struct collected {
    const struct ir_node *nodes[MOST_VALUES];
    int count;
    uint32_t first_object; /* row of the first virtual object among them; the others follow in their order */
};

/* The row of the virtual object that is value `number`. */
static uint32_t object_row(const struct collected *collected, int number)
{
    uint32_t row = collected->first_object;
    for (int i = 0; i < number; i++) {
        row += collected->nodes[i]->op == IR_virtual;
    }
    return row;
}

/* The number of a value in the exit's array, or DEOPT_NO_VALUE for a constant, whose bits go to *constant. A complex number takes two places, the
 * second for its imaginary part. */
static uint16_t collect(struct collected *collected, const struct ir_node *node, int64_t *constant)
{
    if (ir_is_constant(node) && node->op != IR_constant_object) {
        *constant = node->number;
        return DEOPT_NO_VALUE;
    }
    for (int i = 0; i < collected->count; i++) {
        if (collected->nodes[i] == node) {
            return (uint16_t)i;
        }
    }
    if (collected->count >= MOST_VALUES - 1) {
        collected->count = MOST_VALUES;
        return 0;
    }
    int number = collected->count;
    collected->nodes[collected->count++] = node;
    if (node->type == IR_COMPLEX) {
        collected->nodes[collected->count++] = node;
    }
    return (uint16_t)number;
}

static struct deopt_slot describe(struct collected *collected, const struct ir_slot *slot, bool has_homes)
{
    struct deopt_slot row = {.value = DEOPT_NO_VALUE, .clean = DEOPT_NO_VALUE, .index = DEOPT_NO_VALUE};
    const struct ir_node *node = slot->value;
    switch ((enum ir_slot_how)slot->how) {
    case SLOT_EMPTY:
        row.place = DEOPT_EMPTY;
        return row;
    case SLOT_HOME:
    case SLOT_MEMORY:
        row.place = DEOPT_KEEP;
        return row;
    case SLOT_ITERATOR:
        row.place = DEOPT_ITERATOR;
        row.value = collect(collected, node, &row.constant);
        row.index = collect(collected, slot->index, &row.constant);
        return row;
    case SLOT_RAW:
    case SLOT_OWNED:
    case SLOT_BORROWED:
        break;
    }
    if (slot->clean != NULL && slot->clean->op != IR_constant_bool) {
        row.clean = collect(collected, slot->clean, &row.constant);
    } else if (slot->clean != NULL && slot->clean->number) {
        row.place = has_homes ? DEOPT_KEEP : DEOPT_EMPTY;
        return row;
    }
    if (node->op == IR_virtual) {
        row.place = DEOPT_VIRTUAL;
        row.value = collect(collected, node, &row.constant);
        row.constant = object_row(collected, row.value);
        return row;
    }
    if (node->op == IR_constant_object && slot->how != SLOT_OWNED) {
        row.place = DEOPT_CONSTANT;
        row.constant = (int64_t)(uintptr_t)node->pointer;
        return row;
    }
    row.place = node->type == IR_INT         ? DEOPT_INT
                : node->type == IR_FLOAT     ? DEOPT_FLOAT
                : node->type == IR_BOOL      ? DEOPT_BOOL
                : node->type == IR_COMPLEX   ? DEOPT_COMPLEX
                : slot->how == SLOT_BORROWED ? DEOPT_BORROWED
                                             : DEOPT_OWNED;
    row.value = collect(collected, node, &row.constant);
    return row;
}

static struct deopt_slot describe_field(struct collected *collected, const struct ir_node *field)
{
    struct ir_slot slot = {.how = SLOT_OWNED, .value = (struct ir_node *)field};
    return describe(collected, &slot, false);
}

/* Collects the values of a state and of those around it, in the order of state_row() and object_rows(). */
static void collect_state(struct collected *collected, const struct ir_state *state)
{
    for (; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count + state->depth; i++) {
            describe(collected, &state->slots[i], false);
        }
    }
    for (int i = 0; i < collected->count; i++) {
        for (int k = 0; collected->nodes[i]->op == IR_virtual && k < collected->nodes[i]->input_count; k++) {
            describe_field(collected, collected->nodes[i]->inputs[k]);
        }
    }
}

/* The rows of the virtual objects collected; collects what is in them. */
static void object_rows(struct lowering *l, struct collected *collected)
{
    struct deopt_table *table = l->table;
    for (int i = 0; i < collected->count; i++) {
        const struct ir_node *node = collected->nodes[i];
        if (node->op != IR_virtual) {
            continue;
        }
        if (!grow((void **)&table->objects, table->object_count, &l->object_capacity, sizeof *table->objects)) {
            l->out_of_memory = true;
            return;
        }
        table->objects[table->object_count++] = (struct deopt_object){
            .kind = node->pointer != NULL         ? DEOPT_MAKE_INSTANCE
                    : node->kind == KIND_tuple    ? DEOPT_MAKE_TUPLE
                    : node->kind == KIND_cell     ? DEOPT_MAKE_CELL
                    : node->kind == KIND_function ? DEOPT_MAKE_FUNCTION
                    : node->kind == KIND_float    ? DEOPT_MAKE_FLOAT
                                                  : DEOPT_MAKE_INT,
            .parts = (uint8_t)(node->kind == KIND_function ? node->number : 0),
            .type = node->pointer,
            .first_field = (uint32_t)table->slot_count,
            .field_count = node->input_count,
            .word = (uint16_t)i,
        };
        for (int k = 0; k < node->input_count; k++) {
            if (!grow((void **)&table->slots, table->slot_count, &l->slot_capacity, sizeof *table->slots)) {
                l->out_of_memory = true;
                return;
            }
            table->slots[table->slot_count++] = describe_field(collected, node->inputs[k]);
        }
    }
    l->out_of_memory |= collected->count >= MOST_VALUES;
}

/* How many slots of a state and of those around it stand for the object `box`. The number of the first of them goes to *first. */
static int count_boxes(const struct ir_state *state, uint32_t box, int *first)
{
    int count = 0;
    int number = 0;
    for (; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count + state->depth; i++, number++) {
            if (state->slots[i].box == box && count++ == 0) {
                *first = number;
            }
        }
    }
    return count;
}

/* The number by which runtime/deopt.c knows that the slot's object is also that of others: counted from 1. */
static uint8_t shared_box(const struct ir_state *innermost, uint32_t box)
{
    int first = 0;
    bool shared = box != 0 && count_boxes(innermost, box, &first) > 1 && first < UINT8_MAX;
    return shared ? (uint8_t)(first + 1) : 0;
}

/* The state's row, and those of the states around it; collects their values. `innermost` is the state to begin with. */
static uint32_t frame_row(struct lowering *l, const struct ir_state *innermost, const struct ir_state *state,
                          struct collected *collected)
{
    struct deopt_table *table = l->table;
    if (!grow((void **)&table->states, table->state_count, &l->state_capacity, sizeof *table->states)) {
        l->out_of_memory = true;
        return 0;
    }
    uint32_t row = (uint32_t)table->state_count++;
    table->states[row] = (struct deopt_state){
        .offset = state->offset,
        .next = state->next,
        .outer = DEOPT_NO_STATE,
        .first_slot = (uint32_t)table->slot_count,
        .locals = state->local_count,
        .depth = state->depth,
        .dying = state->dying,
        .handler = state->raises && state->handler >= 0 ? (uint32_t)state->handler : DEOPT_NO_HANDLER,
        .handler_keep = state->handler_keep,
        .handler_lasti = state->handler_lasti,
        .completion = state->completion,
        .kept = state->kept,
    };
    for (int i = 0; i < state->local_count + state->depth; i++) {
        if (!grow((void **)&table->slots, table->slot_count, &l->slot_capacity, sizeof *table->slots)) {
            l->out_of_memory = true;
            return row;
        }
        struct deopt_slot described = describe(collected, &state->slots[i], state->frame == 0 && !l->graph->direct);
        described.box = shared_box(innermost, state->slots[i].box);
        table->slots[table->slot_count++] = described;
    }
    if (state->outer != NULL) {
        uint32_t outer = frame_row(l, innermost, state->outer, collected);
        table->states[row].outer = outer;
    }
    return row;
}

/* The same with the objects that have to be made. */
static uint32_t state_row(struct lowering *l, const struct ir_state *state, struct collected *collected)
{
    collected->first_object = (uint32_t)l->table->object_count;
    uint32_t row = frame_row(l, state, state, collected);
    if (!l->out_of_memory) {
        object_rows(l, collected);
        l->table->states[row].first_object = collected->first_object;
        l->table->states[row].object_count = (uint16_t)(l->table->object_count - collected->first_object);
    }
    return row;
}

/* Where in the frame the object stands that the guard `node` looks at, when execution has left: index in localsplus. */
static uint16_t place_seen(const struct lowering *l, const struct ir_node *node)
{
    const struct ir_node *object = node->input_count > 0 ? node->inputs[0] : NULL;
    if (object == NULL || l->graph->direct || node->state->outer != NULL || object->type != IR_OBJECT ||
        !(ir_flags(node) & IR_GUARD)) {
        return DEOPT_NO_VALUE;
    }
    if (object->op == IR_load_home) {
        return (uint16_t)object->number;
    }
    for (int i = 0; i < node->state->local_count + node->state->depth; i++) {
        if (node->state->slots[i].value == object) {
            return (uint16_t)i;
        }
    }
    return DEOPT_NO_VALUE;
}

/* A new row for something of `node` that can go out through `row`. */
static uint32_t exit_row(struct lowering *l, const struct ir_node *node, uint32_t row)
{
    struct deopt_table *table = l->table;
    if (!grow((void **)&table->exits, table->exit_count, &l->exit_capacity, sizeof *table->exits)) {
        l->out_of_memory = true;
        return 0;
    }
    bool quiet = node->op == IR_guard_breaker || node->op == IR_guard_quiet || node->op == IR_guard_enter;
    const struct ir_state *origin = node->origin != NULL ? node->origin : node->state;
    uint32_t root_place = node->place;
    for (const struct ir_state *outer = origin->outer; outer != NULL; outer = outer->outer) {
        root_place = outer->offset;
    }
    table->exits[table->exit_count] = (struct deopt_exit){
        .state = row,
        .place = node->place,
        .root_place = root_place,
        .seen = place_seen(l, node),
        .op = node->op,
        .kind = node->kind,
        .path = l->graph->frames[origin->frame].path,
        .call_path = origin->outer != NULL ? l->graph->frames[origin->outer->frame].path : 0,
        .call_place = origin->outer != NULL ? origin->outer->offset : DEOPT_NO_STATE,
        .counts =
            ((ir_flags(node) & IR_GUARD) && !quiet && !(node->flags & NODE_QUIET)) || (node->flags & NODE_PLAIN),
    };
    return (uint32_t)table->exit_count++;
}

/* ---- Exits ----------------------------------------------------------------------------------------------------------------- */

/* Stores the collected values into the array. */
static void store_values(struct lowering *l, const struct collected *collected)
{
    for (int i = 0; i < collected->count; i++) {
        const struct ir_node *node = collected->nodes[i];
        bool is_imaginary = i > 0 && collected->nodes[i - 1] == node;
        value v = node->op == IR_virtual ? llvm.ConstPointerNull(l->pointer)
                  : is_imaginary         ? l->imaginaries[node->id]
                                         : result_of(l, node);
        if (node->type == IR_BOOL) {
            v = llvm.BuildZExt(l->builder, v, l->i64, "");
        }
        store_to(l, v, l->values, i * 8);
    }
}

/* Leaves a direct function: its frame, and its callers', have been made. */
static void return_made(struct lowering *l, value result)
{
    value pair = llvm.GetUndef(l->outcome);
    pair = llvm.BuildInsertValue(l->builder, pair, result, 0, "");
    pair = llvm.BuildInsertValue(l->builder, pair, address(l, (const void *)1), 1, "");
    llvm.BuildRet(l->builder, pair);
}

static void return_outcome(struct lowering *l, const char *function, value which, value status)
{
    if (l->graph->direct) {
        value arguments[5] = {l->thread, l->caller, address(l, l->table), which, l->values};
        return_made(l, call(l, "rt_tier2_leave_direct", l->pointer, 5, arguments));
        return;
    }
    value arguments[6] = {l->thread, l->frame, address(l, l->table), which, l->values, status};
    value outcome = call(l, function, l->outcome, status == NULL ? 5 : 6, arguments);
    if (l->debug != NULL) {
        /* LLVM would make one of the ends again. */
        LLVMAttributeRef alone = llvm.CreateEnumAttribute(l->context, llvm_attribute_kind("nomerge"), 0);
        llvm.AddCallSiteAttribute(outcome, LLVMAttributeFunctionIndex, alone);
    }
    llvm.BuildRet(l->builder, outcome);
}

/* All exits of a kind end in one block: code size is what compilation takes time for. `status` as above. */
static void go_to_tail(struct lowering *l, value which, value status)
{
    struct exit_block *tail = &l->tails[status != NULL];
    label here = llvm.GetInsertBlock(l->builder);
    /* With debug information each has its own, which shows where it comes from. */
    if (tail->block == NULL || l->debug != NULL) {
        tail->block = new_block(l, "leave");
        go_on_in(l, tail->block);
        tail->which = llvm.BuildPhi(l->builder, l->i32, "");
        tail->status = status != NULL ? llvm.BuildPhi(l->builder, l->i32, "") : NULL;
        return_outcome(l, status != NULL ? "rt_tier2_raise" : "rt_tier2_leave", tail->which, tail->status);
        go_on_in(l, here);
    }
    llvm.AddIncoming(tail->which, &which, &here, 1);
    if (status != NULL) {
        llvm.AddIncoming(tail->status, &status, &here, 1);
    }
    llvm.BuildBr(l->builder, tail->block);
}

/* The exit block of the node's state, made when first asked for. */
static struct exit_block *exit_of(struct lowering *l, const struct ir_node *node, uint32_t *row)
{
    const struct ir_state *state = node->state;
    struct exit_block *exit = &l->exits[state->id];
    if (exit->block == NULL) {
        struct collected collected = {.count = 0};
        label here = llvm.GetInsertBlock(l->builder);
        uint32_t described = state_row(l, state, &collected);
        l->state_rows[state->id] = described + 1;
        exit->block = new_block(l, "exit");
        go_on_in(l, exit->block);
        if (l->debug != NULL) {
            debug_info_at(l, state->frame, state->offset);
        }
        exit->which = llvm.BuildPhi(l->builder, l->i32, "");
        exit->status = state->raises ? llvm.BuildPhi(l->builder, l->i32, "") : NULL;
        store_values(l, &collected);
        go_to_tail(l, exit->which, exit->status);
        go_on_in(l, here);
        if (l->debug != NULL) {
            debug_info_at(l, node->frame, node->place);
        }
    }
    *row = exit_row(l, node, l->state_rows[state->id] - 1);
    return exit;
}

/* The current LLVM block goes to the exit with number `row`. `status`: of an error, what its handler returned. */
static label leave_by(struct lowering *l, struct exit_block *exit, uint32_t row, value status)
{
    label here = llvm.GetInsertBlock(l->builder);
    value which = constant_i32(l, row);
    llvm.AddIncoming(exit->which, &which, &here, 1);
    if (exit->status != NULL) {
        llvm.AddIncoming(exit->status, &status, &here, 1);
    }
    return exit->block;
}

/* Where to go when the node fails. The current LLVM block is where it fails. `status` as above. */
static label failure(struct lowering *l, const struct ir_node *node, value status)
{
    uint32_t row;
    struct exit_block *exit = exit_of(l, node, &row);
    return leave_by(l, exit, row, status);
}

/* With guards that can be told to fail: does it hold, and has it not been told to? */
static value unless_forced(struct lowering *l, uint32_t row, value holds)
{
    if (!stress_settings.guards) {
        return holds;
    }
    value arguments[2] = {address(l, l->table), constant_i32(l, row)};
    value forced = call(l, "rt_stress_guard", l->i32, 2, arguments);
    return llvm.BuildAnd(l->builder, holds, integer_compare(l, LLVMIntEQ, forced, constant_i32(l, 0)), "");
}

void lower_guard(struct lowering *l, const struct ir_node *node, value holds)
{
    uint32_t row;
    struct exit_block *exit = exit_of(l, node, &row);
    /* What a function returned besides NULL cannot be given back: what it took over is gone. */
    bool is_given = node->op == IR_guard_bound && node->inputs[0]->op != IR_load_home;
    holds = is_given ? holds : unless_forced(l, row, holds);
    branch_rarely(l, holds, leave_by(l, exit, row, NULL));
}

/* Behind the last reference to `object`: deallocates it. With a state, other code may run, and compiled code may have to be left. */
static void release_last(struct lowering *l, const struct ir_node *node, value object, label back)
{
    if (node->flags & NODE_SIMPLE) {
        call(l, "rt_dealloc", l->void_type, 1, &object);
        llvm.BuildBr(l->builder, back);
        return;
    }
    uint32_t row;
    exit_of(l, node, &row);
    struct collected collected = {.count = 0};
    collect_state(&collected, node->state);
    store_values(l, &collected);
    value arguments[6] = {l->thread, l->frame, address(l, l->table), constant_i32(l, row), l->values, object};
    const char *function = node->flags & NODE_PLAIN ? "rt_tier2_release" : "rt_tier2_dealloc";
    value leaves = call(l, function, l->i32, 6, arguments);
    value stays = unless_forced(l, row, integer_compare(l, LLVMIntEQ, leaves, constant_i32(l, 0)));
    llvm.BuildCondBr(l->builder, stays, back, failure(l, node, NULL));
}

/* Drops a reference to an object that is not NULL. */
static void drop(struct lowering *l, const struct ir_node *node, value object)
{
    value count = llvm.BuildSub(l->builder, load_tagged(l, TAG_count, l->i64, object, 0), constant_i64(l, 1), "");
    store_tagged(l, TAG_count, count, object, 0);
    label last = new_block(l, "last");
    branch_rarely(l, integer_compare(l, LLVMIntNE, count, constant_i64(l, 0)), last);
    label back = llvm.GetInsertBlock(l->builder);
    go_on_in(l, last);
    release_last(l, node, object, back);
    go_on_in(l, back);
}

static void hold(struct lowering *l, value object)
{
    value count = llvm.BuildAdd(l->builder, load_tagged(l, TAG_count, l->i64, object, 0), constant_i64(l, 1), "");
    store_tagged(l, TAG_count, count, object, 0);
}

/* ---- Boxes -------------------------------------------------------------------------------------------------------------------- */

/* Words of `made`: the innermost of the frames that have been made for an escape, and the row of their state. */
enum { MADE_FRAME, MADE_STATE, MADE_WORDS };

static value made_word(struct lowering *l, int word, LLVMTypeRef type)
{
    return load_from(l, type, l->made, word * (int64_t)sizeof(uint64_t));
}

/* The frame that a node's operands are in: the root's, or one that has been made. */
static value frame_of(struct lowering *l, const struct ir_node *node)
{
    return node->frame == 0 ? l->frame : made_word(l, MADE_FRAME, l->pointer);
}

static int64_t home_offset(const struct ir_node *node)
{
    return (int64_t)offsetof(InterpreterFrame, localsplus) + node->number * (int64_t)sizeof(PyObject *);
}

static int64_t operand_offset(const struct lowering *l, const struct ir_node *node)
{
    return home_offset(node) + l->graph->frames[node->frame].locals * (int64_t)sizeof(PyObject *);
}

static value sync_home(struct lowering *l, const struct ir_node *node)
{
    label done = NULL;
    label from_clean = NULL;
    value kept = NULL;
    if (node->input_count > 1) {
        kept = load_tagged(l, TAG_home, l->pointer, l->frame, home_offset(node));
        label stale = new_block(l, "stale");
        from_clean = llvm.GetInsertBlock(l->builder);
        done = new_block(l, "");
        llvm.BuildCondBr(l->builder, input(l, node, 1), done, stale);
        go_on_in(l, stale);
    }
    value home = field(l, l->frame, home_offset(node));
    value result;
    enum ir_type type = (enum ir_type)node->inputs[0]->type;
    if (type == IR_OBJECT) {
        result = call(l, "rt_tier2_sync_object", l->pointer, 2, (value[]){home, input(l, node, 0)});
    } else if (type == IR_BOOL) {
        value object = llvm.BuildSelect(l->builder, input(l, node, 0), address(l, Py_True), address(l, Py_False), "");
        result = call(l, "rt_tier2_sync_object", l->pointer, 2, (value[]){home, object});
    } else if (type == IR_COMPLEX) {
        result = call(l, "rt_tier2_sync_complex", l->pointer, 3,
                      (value[]){home, input(l, node, 0), l->imaginaries[node->inputs[0]->id]});
    } else {
        result = call(l, type == IR_INT ? "rt_tier2_sync_int" : "rt_tier2_sync_float", l->pointer, 2,
                      (value[]){home, input(l, node, 0)});
    }
    if (done != NULL) {
        label from_stale = llvm.GetInsertBlock(l->builder);
        llvm.BuildBr(l->builder, done);
        go_on_in(l, done);
        value phi = llvm.BuildPhi(l->builder, l->pointer, "");
        llvm.AddIncoming(phi, (value[]){kept, result}, (label[]){from_clean, from_stale}, 2);
        result = phi;
    }
    return result;
}

static void store_home(struct lowering *l, const struct ir_node *node, value object)
{
    int64_t offset = home_offset(node);
    value old = load_tagged(l, TAG_home, l->pointer, l->frame, offset);
    store_tagged(l, TAG_home, object, l->frame, offset);
    label bound = new_block(l, "bound");
    label done = new_block(l, "");
    llvm.BuildCondBr(l->builder, llvm.BuildIsNull(l->builder, old, ""), done, bound);
    go_on_in(l, bound);
    drop(l, node, old);
    llvm.BuildBr(l->builder, done);
    go_on_in(l, done);
}

/* ---- Guards --------------------------------------------------------------------------------------------------------------------- */

static value volatile_load(struct lowering *l, LLVMTypeRef type, value from)
{
    value loaded = llvm.BuildLoad2(l->builder, type, from, "");
    llvm.SetVolatile(loaded, true);
    return loaded;
}

/* Is the breaker not set? Read each time: other threads and signal handlers write it. */
static value breaker_is_unset(struct lowering *l)
{
    PyInterpreterState *interpreter = PyInterpreterState_Main();
    value breaker = volatile_load(l, l->i32, address(l, &interpreter->ceval.eval_breaker._value));
    int32_t unset = stress_settings.gc ? -1 : 0; /* then it always counts as set */
    return integer_compare(l, LLVMIntEQ, breaker, constant_i32(l, (uint32_t)unset));
}

/* Nothing, or something whose end nobody sees? */
static void guard_home(struct lowering *l, const struct ir_node *node)
{
    const PyTypeObject *types[] = {runtime_data.int_type, runtime_data.float_type, runtime_data.bool_type,
                                   runtime_data.none_type, runtime_data.str_type};
    value object = load_tagged(l, TAG_home, l->pointer, l->frame, home_offset(node));
    label from = llvm.GetInsertBlock(l->builder);
    label bound = new_block(l, "bound");
    label done = new_block(l, "");
    llvm.BuildCondBr(l->builder, llvm.BuildIsNull(l->builder, object, ""), done, bound);
    go_on_in(l, bound);
    value type = load_tagged(l, TAG_class, l->pointer, object, offsetof(PyObject, ob_type));
    value any = constant_i1(l, false);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        any = llvm.BuildOr(l->builder, any, integer_compare(l, LLVMIntEQ, type, address(l, types[i])), "");
    }
    llvm.BuildBr(l->builder, done);
    go_on_in(l, done);
    value holds = llvm.BuildPhi(l->builder, l->i1, "");
    llvm.AddIncoming(holds, (value[]){constant_i1(l, true), any}, (label[]){from, bound}, 2);
    lower_guard(l, node, holds);
}

static void guard_breaker(struct lowering *l, const struct ir_node *node)
{
    lower_guard(l, node, breaker_is_unset(l));
}

/* After a call, whose result is at `result` in the frame: what is pending is done, or fails as the call would. */
static label handler_failure(struct lowering *l, const struct ir_node *node, value status);

static void look_at_breaker(struct lowering *l, const struct ir_node *node, value result)
{
    label slow = new_block(l, "pending");
    branch_rarely(l, breaker_is_unset(l), slow);
    label back = llvm.GetInsertBlock(l->builder);
    go_on_in(l, slow);
    value status = call(l, "rt_tier2_pending", l->i32, 2, (value[]){l->thread, result});
    value done = integer_compare(l, LLVMIntSGE, status, constant_i32(l, 0));
    llvm.BuildCondBr(l->builder, done, back, handler_failure(l, node, status));
    go_on_in(l, back);
}

/* LLVM's number for memory relative to the thread pointer. */
enum { FS_SEGMENT = 257 };

static void guard_enter(struct lowering *l, const struct ir_node *node)
{
    PyInterpreterState *interpreter = PyInterpreterState_Main();
    value breaker = volatile_load(l, l->i32, address(l, &interpreter->ceval.eval_breaker._value));
    value hook = volatile_load(l, l->pointer, address(l, &interpreter->eval_frame));
    value left = load_from(l, l->i32, l->thread, offsetof(PyThreadState, recursion_remaining));
    value quiet = integer_compare(l, LLVMIntEQ, breaker, constant_i32(l, 0));
    value ours = integer_compare(l, LLVMIntEQ, hook, address(l, (const void *)runtime_data.eval_hook));
    value deep = integer_compare(l, LLVMIntSGE, left, constant_i32(l, (uint32_t)node->number));
    value may = llvm.BuildAnd(l->builder, llvm.BuildAnd(l->builder, quiet, ours, ""), deep, "");
    if (node->offset) {
        /* A direct call uses the C stack. */
        value frame_address = llvm_intrinsic(l->module, "llvm.frameaddress", &l->pointer, 1);
        value here = llvm.BuildCall2(l->builder, llvm.GlobalGetValueType(frame_address), frame_address,
                                     (value[]){constant_i32(l, 0)}, 1, "");
        int64_t offset = (int64_t)((char *)&frame_stack_limit - (char *)__builtin_thread_pointer());
        value limit = llvm.ConstIntToPtr(constant_i64(l, offset), llvm.PointerTypeInContext(l->context, FS_SEGMENT));
        limit = volatile_load(l, l->pointer, limit);
        may = llvm.BuildAnd(l->builder, may, integer_compare(l, LLVMIntUGT, here, limit), "");
    }
    lower_guard(l, node, may);
}

/* The frames of inlined functions for the time of an escape. */
static void make_frames(struct lowering *l, const struct ir_node *node)
{
    struct collected collected = {.count = 0};
    uint32_t row = state_row(l, node->state, &collected);
    store_values(l, &collected);
    value arguments[6] = {
        l->thread, l->frame, address(l, l->table), constant_i32(l, row), l->values, constant_i32(l, node->place)};
    store_to(l, call(l, "rt_tier2_make_frames", l->pointer, 6, arguments), l->made,
             MADE_FRAME * (int64_t)sizeof(uint64_t));
    store_to(l, constant_i32(l, row), l->made, MADE_STATE * (int64_t)sizeof(uint64_t));
}

/* The escape is over: takes the frames away, or leaves. */
static void unmake_frames(struct lowering *l, const struct ir_node *node)
{
    uint32_t row;
    struct exit_block *exit = exit_of(l, node, &row);
    value forced = llvm.BuildNot(l->builder, unless_forced(l, row, constant_i1(l, true)), "");
    value arguments[7] = {l->thread,
                          l->frame,
                          address(l, l->table),
                          made_word(l, MADE_STATE, l->i32),
                          l->values,
                          made_word(l, MADE_FRAME, l->pointer),
                          llvm.BuildZExt(l->builder, forced, l->i32, "")};
    value kept = call(l, "rt_tier2_unmake_frames", l->i32, 7, arguments);
    branch_rarely(l, integer_compare(l, LLVMIntEQ, kept, constant_i32(l, 0)), leave_by(l, exit, row, NULL));
}

static void guard_quiet(struct lowering *l, const struct ir_node *node)
{
    if (node->frame != 0) {
        unmake_frames(l, node);
        return;
    }
    value object = load_from(l, l->pointer, l->frame, offsetof(InterpreterFrame, frame_obj));
    value cframe = load_from(l, l->pointer, l->thread, offsetof(PyThreadState, cframe));
    value tracing = load_from(l, l->i8, cframe, offsetof(_PyCFrame, use_tracing));
    value quiet = llvm.BuildAnd(l->builder, llvm.BuildIsNull(l->builder, object, ""),
                                integer_compare(l, LLVMIntEQ, tracing, llvm.ConstInt(l->i8, 0, false)), "");
    value memory_traced = load_from(l, l->i32, address(l, &runtime_data.tracemalloc->tracing), 0);
    quiet = llvm.BuildAnd(l->builder, quiet, integer_compare(l, LLVMIntEQ, memory_traced, constant_i32(l, 0)), "");
    uint32_t row;
    struct exit_block *exit = exit_of(l, node, &row);
    value left_alone = unless_forced(l, row, constant_i1(l, true));
    label noise = new_block(l, "noise");
    branch_rarely(l, llvm.BuildAnd(l->builder, quiet, left_alone, ""), noise);
    label back = llvm.GetInsertBlock(l->builder);
    go_on_in(l, noise);
    value may = call(l, "rt_tier2_quiet", l->i32, 2, (value[]){l->thread, l->frame});
    value stays = llvm.BuildAnd(l->builder, integer_compare(l, LLVMIntNE, may, constant_i32(l, 0)), left_alone, "");
    llvm.BuildCondBr(l->builder, stays, back, leave_by(l, exit, row, NULL));
    go_on_in(l, back);
}

/* ---- Objects that were virtual ---------------------------------------------------------------------------------------------------- */

static value make_object(struct lowering *l, const struct ir_node *node)
{
    lower_store_arguments(l, node);
    if (node->pointer != NULL) {
        value all[4] = {l->thread, address(l, node->pointer), l->arguments, constant_i32(l, node->input_count / 2)};
        return call(l, "rt_tier2_make_instance", l->pointer, 4, all);
    }
    bool is_function = node->kind == KIND_function;
    value arguments[2] = {l->arguments, constant_i32(l, is_function ? (uint32_t)node->number : node->input_count)};
    const char *name = is_function               ? "rt_tier2_make_function"
                       : node->kind == KIND_cell ? "rt_tier2_make_cell"
                                                 : "rt_tier2_make_tuple";
    return call(l, name, l->pointer, 2, arguments);
}

/* ---- Calls of C --------------------------------------------------------------------------------------------------------------------- */

/* ---- Direct calls ------------------------------------------------------------------------------------------------------------ */

/* The function type of a direct function: the thread, the caller's record, the parameters. Its result is in the first word of two; the
 * second is not 0 where frames had to be made, and the first an object then. */
static LLVMTypeRef direct_type(struct lowering *l, const struct ir_graph *graph)
{
    LLVMTypeRef parameters[2 + IR_MOST_PARAMETERS] = {l->pointer, l->pointer};
    for (int i = 0; i < graph->parameter_count; i++) {
        parameters[2 + i] = type_of(l, (enum ir_type)graph->parameter_types[i]);
    }
    return llvm.FunctionType(l->outcome, parameters, 2 + (unsigned)graph->parameter_count, false);
}

static value direct_function(struct lowering *l, const struct ir_graph *graph)
{
    char name[64];
    snprintf(name, sizeof name, "%s_direct_%d", l->symbol, graph->direct);
    value function = llvm.GetNamedFunction(l->module, name);
    if (function == NULL) {
        function = llvm.AddFunction(l->module, name, direct_type(l, graph));
        llvm.SetLinkage(function, LLVMInternalLinkage);
    }
    return function;
}

/* The record, for those who have to make the frames of this function while the callee runs. */
static void write_record(struct lowering *l, const struct ir_node *node, uint32_t row)
{
    store_to(l, l->caller, l->record, offsetof(struct direct_record, caller));
    store_to(l, address(l, l->table), l->record, offsetof(struct direct_record, table));
    store_to(l, llvm.ConstPointerNull(l->pointer), l->record, offsetof(struct direct_record, made));
    store_to(l, constant_i64(l, row), l->record, offsetof(struct direct_record, state));
    store_to(l, l->values, l->record, offsetof(struct direct_record, values));
    struct collected collected = {.count = 0};
    collect_state(&collected, node->state);
    store_values(l, &collected);
}

static void count_recursion(struct lowering *l, int32_t by)
{
    value left = load_from(l, l->i32, l->thread, offsetof(PyThreadState, recursion_remaining));
    left = llvm.BuildAdd(l->builder, left, constant_i32(l, (uint32_t)by), "");
    store_to(l, left, l->thread, offsetof(PyThreadState, recursion_remaining));
}

static value call_direct(struct lowering *l, const struct ir_node *node)
{
    const struct ir_graph *callee = l->graphs;
    for (int i = 0; i <= node->number; i++) {
        callee = callee->next;
    }
    struct collected collected = {.count = 0};
    uint32_t row = state_row(l, node->state, &collected);
    write_record(l, node, row);
    count_recursion(l, -node->offset);
    value arguments[2 + IR_MOST_PARAMETERS] = {l->thread, l->record};
    for (int i = 0; i < node->input_count; i++) {
        arguments[2 + i] = input(l, node, i);
    }
    value both = llvm.BuildCall2(l->builder, direct_type(l, callee), direct_function(l, callee), arguments,
                                 2 + (unsigned)node->input_count, "");
    value made = llvm.BuildExtractValue(l->builder, both, 1, "");
    value result = llvm.BuildExtractValue(l->builder, both, 0, "");
    label rare = new_block(l, "made");
    branch_rarely(l, llvm.BuildIsNull(l->builder, made, ""), rare);
    label back = llvm.GetInsertBlock(l->builder);
    go_on_in(l, rare);
    if (l->graph->direct) {
        return_made(l, call(l, "rt_tier2_resume_direct", l->pointer, 3, (value[]){l->thread, l->record, result}));
    } else {
        llvm.BuildRet(l->builder,
                      call(l, "rt_tier2_resume", l->outcome, 4, (value[]){l->thread, l->frame, l->record, result}));
    }
    go_on_in(l, back);
    count_recursion(l, node->offset);
    if (node->type == IR_OBJECT) {
        return result;
    }
    value bits = llvm.BuildPtrToInt(l->builder, result, l->i64, "");
    return node->type == IR_INT ? bits : llvm.BuildBitCast(l->builder, bits, l->f64, "");
}

static void return_direct(struct lowering *l, const struct ir_node *node)
{
    value result = input(l, node, 0);
    if (node->inputs[0]->type == IR_FLOAT) {
        result = llvm.BuildBitCast(l->builder, result, l->i64, "");
    }
    if (node->inputs[0]->type != IR_OBJECT) {
        result = llvm.BuildIntToPtr(l->builder, result, l->pointer, "");
    }
    value pair = llvm.GetUndef(l->outcome);
    pair = llvm.BuildInsertValue(l->builder, pair, result, 0, "");
    pair = llvm.BuildInsertValue(l->builder, pair, llvm.ConstPointerNull(l->pointer), 1, "");
    llvm.BuildRet(l->builder, pair);
}

/* Where a call leaves its result, as an offset into the frame. */
static int64_t call_result_offset(const struct lowering *l, const struct ir_node *node)
{
    int opcode = node->pointer == (const void *)step_of(CALL) ? CALL : CALL_FUNCTION_EX;
    int pops = opcode_pops(opcode, (int)(node->number & ((1 << STEP_CALL_NAMES_SHIFT) - 1)));
    return (int64_t)offsetof(InterpreterFrame, localsplus) +
           (l->graph->frames[node->frame].locals + node->offset - pops) * (int64_t)sizeof(PyObject *);
}

/* Where the handler's errors go. Frames made for it are those that the exit finds. */
static label handler_failure(struct lowering *l, const struct ir_node *node, value status)
{
    if (node->frame == 0) {
        return failure(l, node, status);
    }
    label here = llvm.GetInsertBlock(l->builder);
    label failed = new_block(l, "failed");
    go_on_in(l, failed);
    value made = made_word(l, MADE_FRAME, l->pointer);
    call(l, "rt_tier2_keep_frames", l->void_type, 1, &made);
    llvm.BuildBr(l->builder, failure(l, node, status));
    go_on_in(l, here);
    return failed;
}

static value handler(struct lowering *l, const struct ir_node *node)
{
    value frame = frame_of(l, node);
    if (node->frame == 0) {
        const CodeUnit *unit = _PyCode_CODE(l->code) + node->place / sizeof(CodeUnit);
        store_to(l, constant_i64(l, (int64_t)(uintptr_t)unit), l->frame, offsetof(InterpreterFrame, prev_instr));
    }
    int64_t top = (int64_t)offsetof(InterpreterFrame, localsplus) +
                  (l->graph->frames[node->frame].locals + node->offset) * (int64_t)sizeof(PyObject *);
    value arguments[5] = {l->thread, frame, field(l, frame, top), constant_i32(l, (uint32_t)node->number),
                          address(l, node->cell)};
    LLVMTypeRef types[5] = {l->pointer, l->pointer, l->pointer, l->i32, l->pointer};
    LLVMTypeRef type = llvm.FunctionType(l->i32, types, 5, false);
    value status = llvm.BuildCall2(l->builder, type, address(l, node->pointer), arguments, 5, "");
    branch_rarely(l, integer_compare(l, LLVMIntSGE, status, constant_i32(l, 0)), handler_failure(l, node, status));
    if (node->flags & NODE_CALLS) {
        look_at_breaker(l, node, field(l, frame, call_result_offset(l, node)));
    }
    return llvm.BuildSExt(l->builder, status, l->i64, "");
}

static value new_instance(struct lowering *l, const struct ir_node *node)
{
    uint32_t row;
    struct exit_block *exit = exit_of(l, node, &row);
    if (stress_settings.guards) {
        branch_rarely(l, unless_forced(l, row, constant_i1(l, true)), leave_by(l, exit, row, NULL));
    }
    value arguments[2] = {l->thread, address(l, node->pointer)};
    value made = call(l, "rt_tier2_new_instance", l->pointer, 2, arguments);
    branch_rarely(l, llvm.BuildIsNotNull(l->builder, made, ""), leave_by(l, exit, row, NULL));
    return made;
}

/* ---- Nodes -------------------------------------------------------------------------------------------------------------------------- */

static value lower_value(struct lowering *l, const struct ir_node *node)
{
    LLVMBuilderRef builder = l->builder;
    switch ((enum ir_op)node->op) {
    case IR_constant_object:
        return address(l, node->pointer);
    case IR_constant_int:
        return constant_i64(l, node->number);
    case IR_constant_float: {
        double real;
        memcpy(&real, &node->number, sizeof real);
        return llvm.ConstBitCast(constant_i64(l, node->number), l->f64);
    }
    case IR_constant_bool:
        return constant_i1(l, node->number != 0);
    case IR_load_home:
        return load_tagged(l, TAG_home, l->pointer, l->frame, home_offset(node));
    case IR_parameter:
        return llvm.GetParam(l->function, 2 + (unsigned)node->number);
    case IR_call_direct:
        return call_direct(l, node);
    case IR_load_frame:
        return load_from(l, l->pointer, l->frame, node->offset);
    case IR_load_operand:
        return load_tagged(l, TAG_home, l->pointer, frame_of(l, node), operand_offset(l, node));
    case IR_int_compare:
        return integer_compare(l, lower_int_predicate(node->number), input(l, node, 0), input(l, node, 1));
    case IR_float_compare:
        return llvm.BuildFCmp(builder, lower_float_predicate(node->number), input(l, node, 0), input(l, node, 1), "");
    case IR_is_inside:
        return integer_compare(l, LLVMIntULT, input(l, node, 0), input(l, node, 1));
    case IR_float_from_int:
        return lower_float_from_int(l, node);
    case IR_int_from_float:
        return lower_int_from_float(l, node);
    case IR_str_length:
        return lower_str_length(l, node);
    case IR_str_character:
        return lower_str_character(l, node);
    case IR_str_of_character:
        return lower_str_of_character(l, node);
    case IR_str_equal:
        return lower_str_equal(l, node);
    case IR_bool_not:
        return llvm.BuildNot(builder, input(l, node, 0), "");
    case IR_bool_and:
        return llvm.BuildAnd(builder, input(l, node, 0), input(l, node, 1), "");
    case IR_int_from_bool:
        return llvm.BuildZExt(builder, input(l, node, 0), l->i64, "");
    case IR_is_same:
        return integer_compare(l, LLVMIntEQ, input(l, node, 0), input(l, node, 1));
    case IR_box_int:
        return call(l, "rt_tier2_box_int", l->pointer, 1, (value[]){input(l, node, 0)});
    case IR_box_float:
        return call(l, "rt_tier2_box_float", l->pointer, 1, (value[]){input(l, node, 0)});
    case IR_box_complex:
        return call(l, "rt_tier2_box_complex", l->pointer, 2,
                    (value[]){input(l, node, 0), l->imaginaries[node->inputs[0]->id]});
    case IR_complex_real:
        return input(l, node, 0);
    case IR_complex_imaginary:
        return l->imaginaries[node->inputs[0]->id];
    case IR_box_bool:
        return llvm.BuildSelect(builder, input(l, node, 0), address(l, Py_True), address(l, Py_False), "");
    case IR_unbox_int:
        return lower_unbox_int(l, node);
    case IR_unbox_float:
        return load_tagged(l, TAG_float, l->f64, input(l, node, 0), offsetof(PyFloatObject, ob_fval));
    case IR_unbox_bool:
        return integer_compare(l, LLVMIntEQ, input(l, node, 0), address(l, Py_True));
    case IR_guard_kind:
        return lower_guard_kind(l, node);
    case IR_guard_bound:
        lower_guard(l, node, llvm.BuildIsNotNull(builder, input(l, node, 0), ""));
        return input(l, node, 0);
    case IR_new_instance:
        return new_instance(l, node);
    case IR_load:
        return lower_load(l, node);
    case IR_load_item:
        return lower_load_item(l, node);
    case IR_alias:
        return input(l, node, 0);
    case IR_is_of_class:
        return lower_is_of_class(l, node);
    case IR_is_bound:
        return llvm.BuildIsNotNull(builder, input(l, node, 0), "");
    case IR_call_plain_array:
    case IR_new_tuple:
    case IR_new_cell:
    case IR_new_function:
        return lower_plain_array_call(l, node);
    case IR_make:
        return make_object(l, node);
    case IR_virtual:
        return NULL;
    case IR_call_plain:
        return lower_plain_call(l, node);
    case IR_sync_home:
        return sync_home(l, node);
    case IR_handler:
        return handler(l, node);
    default:
        return node->type == IR_FLOAT ? lower_float(l, node) : lower_int(l, node);
    }
}

static void lower_effect(struct lowering *l, const struct ir_node *node)
{
    switch ((enum ir_op)node->op) {
    case IR_guard_true:
        lower_guard(l, node, input(l, node, 0));
        break;
    case IR_guard_false:
        lower_guard(l, node, llvm.BuildNot(l->builder, input(l, node, 0), ""));
        break;
    case IR_guard_word:
        lower_guard(l, node,
                    integer_compare(l, LLVMIntEQ, load_from(l, l->i64, input(l, node, 0), node->offset),
                                    constant_i64(l, node->number)));
        break;
    case IR_guard_half:
        lower_guard(l, node,
                    integer_compare(l, LLVMIntEQ, load_from(l, l->i32, input(l, node, 0), node->offset),
                                    constant_i32(l, (uint32_t)node->number)));
        break;
    case IR_guard_home:
        guard_home(l, node);
        break;
    case IR_make_frames:
        make_frames(l, node);
        break;
    case IR_guard_breaker:
        guard_breaker(l, node);
        break;
    case IR_guard_quiet:
        guard_quiet(l, node);
        break;
    case IR_guard_enter:
        guard_enter(l, node);
        break;
    case IR_guard_depth:
        lower_guard(l, node,
                    integer_compare(l, LLVMIntSGE,
                                    load_from(l, l->i32, l->thread, offsetof(PyThreadState, recursion_remaining)),
                                    constant_i32(l, (uint32_t)node->number)));
        break;
    case IR_guard_room:
        lower_guard_room(l, node);
        break;
    case IR_list_append:
        lower_list_append(l, node);
        break;
    case IR_store_new:
        lower_store_new(l, node);
        break;
    case IR_store:
    case IR_store_int:
    case IR_store_item:
        lower_store(l, node);
        break;
    case IR_store_raw:
    case IR_store_raw_item:
        lower_store_raw(l, node);
        break;
    case IR_guard_null:
        lower_guard(l, node, llvm.BuildIsNull(l->builder, input(l, node, 0), ""));
        break;
    case IR_guard_class:
    case IR_guard_version:
    case IR_guard_versions:
    case IR_guard_keys:
        lower_type_guard(l, node);
        break;
    case IR_hold:
        hold(l, input(l, node, 0));
        break;
    case IR_drop:
        drop(l, node, input(l, node, 0));
        break;
    case IR_store_home:
        store_home(l, node, input(l, node, 0));
        break;
    case IR_clear_home:
        store_home(l, node, llvm.ConstPointerNull(l->pointer));
        break;
    case IR_store_operand:
        store_tagged(l, TAG_home, input(l, node, 0), frame_of(l, node), operand_offset(l, node));
        break;
    case IR_empty_operand:
        store_tagged(l, TAG_home, llvm.ConstPointerNull(l->pointer), frame_of(l, node), operand_offset(l, node));
        break;
    default:
        assert(!"an operation without lowering");
        break;
    }
}

/* As tier 1's RETURN_VALUE leaves the frame: see runtime/frame.h. */
static void lower_return(struct lowering *l, const struct ir_node *node)
{
    value arguments[3] = {l->frame, l->thread, input(l, node, 0)};
    value outcome = call(l, "rt_tier2_return", l->outcome, 3, arguments);
    llvm.BuildRet(l->builder, outcome);
}

static void lower_terminator(struct lowering *l, const struct ir_block *block)
{
    const struct ir_node *node = block->last;
    switch ((enum ir_op)node->op) {
    case IR_jump:
        llvm.BuildBr(l->builder, l->starts[block->successors[0]->id]);
        break;
    case IR_branch: {
        value branch = llvm.BuildCondBr(l->builder, input(l, node, 0), l->starts[block->successors[0]->id],
                                        l->starts[block->successors[1]->id]);
        int depths[2] = {block->successors[0]->loop_depth, block->successors[1]->loop_depth};
        if (depths[0] != depths[1]) {
            llvm.SetMetadata(branch, l->profile_kind, l->stays[depths[0] < depths[1]]);
        }
        break;
    }
    case IR_return:
        lower_return(l, node);
        break;
    case IR_return_direct:
        return_direct(l, node);
        break;
    case IR_leave:
        llvm.BuildBr(l->builder, failure(l, node, NULL));
        break;
    default:
        llvm.BuildUnreachable(l->builder);
        break;
    }
}

static void lower_block(struct lowering *l, const struct ir_block *block)
{
    go_on_in(l, l->starts[block->id]);
    if (l->debug != NULL) {
        debug_info_block(l);
    }
    for (const struct ir_node *node = block->first; node != block->last; node = node->next) {
        if (l->debug != NULL) {
            debug_info_node(l, node);
        }
        if (node->op == IR_phi) {
            bool is_complex = node->type == IR_COMPLEX;
            LLVMTypeRef type = is_complex ? l->f64 : type_of(l, (enum ir_type)node->type);
            l->results[node->id] = llvm.BuildPhi(l->builder, type, "");
            l->imaginaries[node->id] = is_complex ? llvm.BuildPhi(l->builder, l->f64, "") : NULL;
        } else if (node->type == IR_COMPLEX) {
            lower_complex(l, node);
        } else if (node->type == IR_VOID) {
            lower_effect(l, node);
        } else {
            l->results[node->id] = lower_value(l, node);
        }
    }
    l->ends[block->id] = llvm.GetInsertBlock(l->builder);
    if (l->debug != NULL) {
        debug_info_node(l, block->last);
    }
    lower_terminator(l, block);
}

static void complete_phis(struct lowering *l)
{
    ir_each_block(l->graph, block)
    {
        for (const struct ir_node *node = block->first; node != NULL && node->op == IR_phi; node = node->next) {
            for (int i = 0; i < node->input_count; i++) {
                value from = result_of(l, node->inputs[i]);
                llvm.AddIncoming(result_of(l, node), &from, &l->ends[block->predecessors[i]->id], 1);
                if (node->type == IR_COMPLEX) {
                    from = l->imaginaries[node->inputs[i]->id];
                    llvm.AddIncoming(l->imaginaries[node->id], &from, &l->ends[block->predecessors[i]->id], 1);
                }
            }
        }
    }
}

/* ---- The whole ------------------------------------------------------------------------------------------------------------------------- */

/* The length of the array that exits store values into. */
static unsigned most_values(struct lowering *l)
{
    unsigned most = 1;
    const struct ir_state *last = NULL;
    ir_each_block(l->graph, block)
    {
        ir_each_node(block, node)
        {
            if (node->state == NULL || node->state == last) {
                continue;
            }
            last = node->state;
            struct collected collected = {.count = 0};
            collect_state(&collected, last);
            most = (unsigned)collected.count > most ? (unsigned)collected.count : most;
        }
    }
    return most;
}

/* The length of the array that functions which take an array take their operands from. */
static unsigned most_array_arguments(struct lowering *l)
{
    unsigned most = 1;
    ir_each_block(l->graph, block)
    {
        ir_each_node(block, node)
        {
            bool has_array = node->op == IR_call_plain_array || node->op == IR_new_tuple || node->op == IR_make ||
                             node->op == IR_new_cell || node->op == IR_new_function;
            if (has_array && node->input_count > most) {
                most = node->input_count;
            }
        }
    }
    return most;
}

/* So many turns a loop is taken to make. With fewer, LLVM keeps values in memory in it because of a call behind it. */
enum { TURNS_OF_LOOP = 1000 };

static value branch_weights(struct lowering *l, unsigned first, unsigned second)
{
    LLVMMetadataRef weights[3] = {
        llvm.MDStringInContext2(l->context, "branch_weights", 14),
        llvm.ValueAsMetadata(llvm.ConstInt(l->i32, first, false)),
        llvm.ValueAsMetadata(llvm.ConstInt(l->i32, second, false)),
    };
    return llvm.MetadataAsValue(l->context, llvm.MDNodeInContext2(l->context, weights, 3));
}

static void make_types(struct lowering *l)
{
    l->void_type = llvm.VoidTypeInContext(l->context);
    l->i1 = llvm.Int1TypeInContext(l->context);
    l->i8 = llvm.Int8TypeInContext(l->context);
    l->i32 = llvm.Int32TypeInContext(l->context);
    l->i64 = llvm.Int64TypeInContext(l->context);
    l->f64 = llvm.DoubleTypeInContext(l->context);
    l->pointer = llvm.PointerTypeInContext(l->context, 0);
    LLVMTypeRef pair[2] = {l->pointer, l->pointer};
    l->outcome = llvm.StructTypeInContext(l->context, pair, 2, false);
    l->profile_kind = llvm.GetMDKindIDInContext(l->context, "prof", 4);
    l->unlikely = branch_weights(l, 1 << 20, 1);
    l->stays[0] = branch_weights(l, TURNS_OF_LOOP, 1);
    l->stays[1] = branch_weights(l, 1, TURNS_OF_LOOP);
}

static bool prepare(struct lowering *l)
{
    struct ir_graph *graph = l->graph;
    l->results = compiler_calloc(graph->node_count + 1, sizeof *l->results);
    l->imaginaries = compiler_calloc(graph->node_count + 1, sizeof *l->imaginaries);
    l->starts = compiler_calloc(graph->block_count + 1, sizeof *l->starts);
    l->ends = compiler_calloc(graph->block_count + 1, sizeof *l->ends);
    l->exits = compiler_calloc(graph->state_count + 1, sizeof *l->exits);
    l->state_rows = compiler_calloc(graph->state_count + 1, sizeof *l->state_rows);
    l->table = compiler_calloc(1, sizeof *l->table);
    return l->results != NULL && l->imaginaries != NULL && l->starts != NULL && l->ends != NULL && l->exits != NULL &&
           l->state_rows != NULL && l->table != NULL;
}

static void make_function(struct lowering *l)
{
    if (l->graph->direct) {
        l->function = direct_function(l, l->graph);
        l->frame = llvm.GetUndef(l->pointer);
        l->thread = llvm.GetParam(l->function, 0);
        l->caller = llvm.GetParam(l->function, 1);
    } else {
        LLVMTypeRef parameters[2] = {l->pointer, l->pointer};
        l->function = llvm.AddFunction(l->module, l->symbol, llvm.FunctionType(l->outcome, parameters, 2, false));
        l->frame = llvm.GetParam(l->function, 0);
        l->thread = llvm.GetParam(l->function, 1);
        l->caller = llvm.ConstPointerNull(l->pointer);
    }
    l->builder = llvm.CreateBuilderInContext(l->context);
    if (l->debug != NULL) {
        debug_info_begin(l);
    }
    label start = new_block(l, "start");
    go_on_in(l, start);
    l->record = llvm.BuildAlloca(l->builder, llvm.ArrayType(l->i64, sizeof(struct direct_record) / sizeof(uint64_t)),
                                 "record");
    l->made = llvm.BuildAlloca(l->builder, llvm.ArrayType(l->i64, MADE_WORDS), "made");
    l->values = llvm.BuildAlloca(l->builder, llvm.ArrayType(l->i64, most_values(l)), "values");
    l->arguments = llvm.BuildAlloca(l->builder, llvm.ArrayType(l->i64, most_array_arguments(l)), "arguments");
    ir_each_block(l->graph, block)
    {
        l->starts[block->id] = new_block(l, "");
    }
    ir_each_block(l->graph, block)
    {
        lower_block(l, block);
    }
    complete_phis(l);
    go_on_in(l, start);
    llvm.BuildBr(l->builder, l->starts[l->graph->entry->id]);
    llvm.DisposeBuilder(l->builder);
}

/* One graph of the list. */
static enum reason lower_one(const struct ir_graph *graphs, struct ir_graph *graph, struct orc_unit *unit,
                             struct debug_info *debug, const char *symbol, PyCodeObject *code,
                             struct deopt_table **table)
{
    struct lowering l = {.graphs = graphs,
                         .graph = graph,
                         .debug = debug,
                         .symbol = symbol,
                         .context = unit->context,
                         .module = unit->module,
                         .code = code};
    enum reason reason = REASON_no_memory;
    if (prepare(&l)) {
        l.table->code = code;
        make_types(&l);
        l.table->direct = graph->direct != 0;
        lower_make_tags(&l);
        make_function(&l);
        reason = l.out_of_memory ? REASON_no_memory : REASON_none;
    }
    free(l.results);
    free(l.imaginaries);
    free(l.starts);
    free(l.ends);
    free(l.exits);
    free(l.state_rows);
    if (reason != REASON_none) {
        deopt_table_free(l.table);
        l.table = NULL;
    }
    *table = l.table;
    return reason;
}

enum reason lower_graph(struct ir_graph *graph, struct orc_unit *unit, const char *symbol, PyCodeObject *code,
                        struct deopt_table **table)
{
    struct debug_info *debug = debug_info_open(unit, graph);
    enum reason reason = lower_one(graph, graph, unit, debug, symbol, code, table);
    struct deopt_table **end = table;
    for (struct ir_graph *direct = graph->next; direct != NULL && reason == REASON_none; direct = direct->next) {
        if (direct->entry != NULL) {
            end = &(*end)->next;
            reason = lower_one(graph, direct, unit, debug, symbol, code, end);
        }
    }
    debug_info_close(debug);
    if (reason != REASON_none) {
        deopt_table_free(*table);
        *table = NULL;
    }
    return reason;
}
