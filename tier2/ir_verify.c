/* tier2/ir_verify.c: is a graph well-formed? Runs after every pass in debug builds. What is checked is what passes and lowering rely on; they check
 * nothing themselves. */
#include "tier2/ir.h"

#include "runtime/cpython.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct check {
    struct ir_graph *graph;
    FILE *report;
    const char *stage;
    bool failed;
};

static void complain(struct check *check, const struct ir_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(check->report, "pyjit: IR after %s: ", check->stage);
    if (node != NULL) {
        fprintf(check->report, node->type != IR_VOID ? "v%u (%s): " : "b%u's %s: ",
                node->type != IR_VOID || node->block == NULL ? node->id : node->block->id, ir_op_rows[node->op].name);
    }
    vfprintf(check->report, format, arguments);
    fputc('\n', check->report);
    va_end(arguments);
    check->failed = true;
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* Is the value of `definition` there where `use` stands? */
static bool reaches(const struct ir_node *definition, const struct ir_node *use)
{
    if (definition->block != use->block) {
        return ir_dominates(definition->block, use->block);
    }
    for (const struct ir_node *node = definition->next; node != NULL; node = node->next) {
        if (node == use) {
            return true;
        }
    }
    return false;
}

/* May `value` be used at all? */
static bool check_exists(struct check *check, const struct ir_node *user, const struct ir_node *value)
{
    if (value == NULL) {
        complain(check, user, "an input is missing");
    } else if (value->replacement != NULL || value->block == NULL) {
        complain(check, user, "uses v%u, which is gone", value->id);
    } else if (value->block->order <= 0) {
        complain(check, user, "uses v%u, whose block is never reached", value->id);
    } else if (value->type == IR_VOID) {
        complain(check, user, "uses a %s, which has no value", ir_op_rows[value->op].name);
    } else {
        return true;
    }
    return false;
}

static bool check_value(struct check *check, const struct ir_node *user, const struct ir_node *value)
{
    if (!check_exists(check, user, value)) {
        return false;
    }
    if (!reaches(value, user)) {
        complain(check, user, "uses v%u, which does not dominate it", value->id);
        return false;
    }
    return true;
}

static void check_phi(struct check *check, const struct ir_node *phi)
{
    const struct ir_block *block = phi->block;
    if (phi->previous != NULL && phi->previous->op != IR_phi) {
        complain(check, phi, "is not at the head of its block");
    }
    if (block == check->graph->entry) {
        complain(check, phi, "stands in the entry, which something comes to from outside");
    }
    if (phi->input_count != block->predecessor_count) {
        complain(check, phi, "has %d inputs, its block %d predecessors", phi->input_count, block->predecessor_count);
        return;
    }
    for (int i = 0; i < phi->input_count; i++) {
        const struct ir_node *input = phi->inputs[i];
        if (!check_exists(check, phi, input)) {
            continue;
        }
        if (input->op == IR_virtual) {
            complain(check, phi, "uses v%u, which does not exist", input->id);
        }
        if (input->type != phi->type) {
            complain(check, phi, "input %d has type %s", i, ir_type_names[input->type]);
        } else if (!ir_dominates(input->block, block->predecessors[i])) {
            complain(check, phi, "input v%u does not reach predecessor b%u", input->id, block->predecessors[i]->id);
        }
        for (int other = 0; other < i; other++) {
            if (block->predecessors[other] == block->predecessors[i] && phi->inputs[other] != input) {
                complain(check, phi, "both ways from b%u come here, with different values",
                         block->predecessors[i]->id);
            }
        }
    }
}

static void check_inputs(struct check *check, const struct ir_node *node)
{
    const char *letters = ir_op_rows[node->op].inputs;
    int i = 0;
    for (; letters[i] != '\0' && letters[i] != '*'; i++) {
        if (i >= node->input_count) {
            complain(check, node, "has %d inputs", node->input_count);
            return;
        }
        const struct ir_node *input = node->inputs[i];
        if (input != NULL && input->type != IR_VOID && ir_type_names[input->type][0] != letters[i]) {
            complain(check, node, "input %d has type %s, wanted %c", i, ir_type_names[input->type], letters[i]);
        }
    }
    if (letters[i] != '*' && i != node->input_count) {
        complain(check, node, "has %d inputs, wanted %d", node->input_count, i);
    }
    for (i = 0; i < node->input_count; i++) {
        if (check_value(check, node, node->inputs[i]) && node->inputs[i]->op == IR_virtual &&
            node->op != IR_virtual) {
            complain(check, node, "uses v%u, which does not exist", node->inputs[i]->id);
        }
    }
}

/* What is made of a virtual object, or was said to be: a tuple of objects, a box of a number, or an instance of a class. */
static void check_fields(struct check *check, const struct ir_node *node)
{
    if (node->kind == KIND_any && node->pointer != NULL) {
        for (int i = 0; i < node->input_count; i += 2) {
            if (i + 1 == node->input_count || node->inputs[i] == NULL || node->inputs[i]->op != IR_constant_int ||
                node->inputs[i + 1] == NULL || node->inputs[i + 1]->type != IR_OBJECT) {
                complain(check, node, "field %d is no position and no attribute", i / 2);
            }
        }
        return;
    }
    bool is_box = node->op == IR_virtual && (node->kind == KIND_int || node->kind == KIND_float);
    bool has_any_number = node->kind == KIND_cell ? node->input_count <= 1 : node->input_count > 0;
    if (!is_box && node->kind != KIND_tuple && node->kind != KIND_cell && node->kind != KIND_function) {
        complain(check, node, "is of no kind that can be made");
        return;
    }
    if (is_box ? node->input_count != 1 : !has_any_number) {
        complain(check, node, "has %d fields", node->input_count);
    }
    for (int i = 0; i < node->input_count; i++) {
        enum ir_type wanted = !is_box ? IR_OBJECT : node->kind == KIND_int ? IR_INT : IR_FLOAT;
        if (node->inputs[i] != NULL && node->inputs[i]->type != wanted) {
            complain(check, node, "field %d has type %s", i, ir_type_names[node->inputs[i]->type]);
        }
    }
}

/* ---- Payload --------------------------------------------------------------------------------------------------------- */

static void check_result(struct check *check, const struct ir_node *node)
{
    const char *result = ir_op_rows[node->op].result;
    bool any = result[1] != '\0';
    const char *found = node->type == IR_VOID ? "_" : ir_type_names[node->type];
    if (any ? node->type == IR_VOID : found[0] != result[0]) {
        complain(check, node, "has a result of type %s, wanted %s", found, result);
    }
    if (node->kind != KIND_any && node->type != IR_OBJECT) {
        complain(check, node, "is no object, but of kind %s", ir_kind_names[node->kind]);
    }
}

static void check_input_kind(struct check *check, const struct ir_node *node, enum ir_kind kind)
{
    if (node->input_count > 0 && node->inputs[0] != NULL && node->inputs[0]->kind != kind) {
        complain(check, node, "its operand is of kind %s, wanted %s", ir_kind_names[node->inputs[0]->kind],
                 ir_kind_names[kind]);
    }
}

static void check_number(struct check *check, const struct ir_node *node, const char *what, int64_t limit)
{
    if (node->number < 0 || node->number >= limit) {
        complain(check, node, "there is no %s %lld", what, (long long)node->number);
    }
}

static const struct ir_frame *frame_of(struct check *check, const struct ir_node *node, int number)
{
    if (number >= check->graph->frame_count) {
        complain(check, node, "there is no frame %d", number);
        return NULL;
    }
    return &check->graph->frames[number];
}

static void check_payload(struct check *check, const struct ir_node *node)
{
    const struct ir_frame *frame;
    switch ((enum ir_op)node->op) {
    case IR_constant_bool:
        check_number(check, node, "truth value", 2);
        break;
    case IR_int_compare:
    case IR_float_compare:
    case IR_float_length_compare:
        check_number(check, node, "comparison", Py_GE + 1);
        break;
    case IR_guard_home:
    case IR_load_home:
    case IR_store_home:
    case IR_sync_home:
    case IR_clear_home:
        frame = frame_of(check, node, node->frame);
        if (frame != NULL) {
            check_number(check, node, "local", frame->locals);
        }
        break;
    case IR_load_operand:
    case IR_store_operand:
    case IR_empty_operand:
        frame = frame_of(check, node, node->frame);
        if (frame != NULL) {
            check_number(check, node, "operand", frame->stack_size);
        }
        break;
    case IR_unbox_int:
        check_input_kind(check, node, KIND_int);
        break;
    case IR_unbox_float:
        check_input_kind(check, node, KIND_float);
        break;
    case IR_unbox_complex:
        check_input_kind(check, node, KIND_complex);
        break;
    case IR_unbox_bool:
        check_input_kind(check, node, KIND_bool);
        break;
    case IR_guard_kind:
        if (node->kind == KIND_any) {
            complain(check, node, "does not say which kind");
        }
        break;
    case IR_virtual:
    case IR_make:
        check_fields(check, node);
        break;
    case IR_load_item:
    case IR_store_item:
        if (node->input_count > 0 && node->inputs[0] != NULL && node->inputs[0]->kind != KIND_list &&
            node->inputs[0]->kind != KIND_tuple) {
            complain(check, node, "its operand is of kind %s, wanted list or tuple",
                     ir_kind_names[node->inputs[0]->kind]);
        }
        break;
    default:
        break;
    }
    bool touches = node->op == IR_load || node->op == IR_load_item || node->op == IR_store ||
                   node->op == IR_store_item || node->op == IR_store_int || node->op == IR_store_raw ||
                   node->op == IR_store_raw_item || node->op == IR_store_new;
    if (touches && node->memory == MEMORY_none) {
        complain(check, node, "does not say which memory");
    }
}

/* ---- States ---------------------------------------------------------------------------------------------------------- */

static void check_slot(struct check *check, const struct ir_node *node, const struct ir_state *state, int number)
{
    const struct ir_slot *slot = &state->slots[number];
    bool is_local = number < state->local_count;
    int shown = is_local ? number : number - state->local_count;
    const char *what = is_local ? "local" : "operand";
    bool of_local = slot->how == SLOT_HOME || slot->how == SLOT_RAW;
    /* Locals of a function without a frame are values, and so are those whose objects do not exist or are lent from memory. */
    bool is_virtual =
        is_local && (slot->how == SLOT_OWNED || slot->how == SLOT_BORROWED) &&
        (state->frame != 0 || check->graph->direct != 0 || (slot->value != NULL && slot->value->op == IR_virtual) ||
         (slot->how == SLOT_BORROWED && slot->clean == NULL));
    if (slot->how > SLOT_ITERATOR || (slot->how != SLOT_EMPTY && of_local != is_local && !is_virtual)) {
        complain(check, node, "%s %d of s%u cannot stand that way", what, shown, state->id);
        return;
    }
    bool has_value = slot->how != SLOT_EMPTY && slot->how != SLOT_HOME && slot->how != SLOT_MEMORY;
    if (has_value != (slot->value != NULL)) {
        complain(check, node, "%s %d of s%u has %s value", what, shown, state->id, has_value ? "no" : "a");
        return;
    }
    if (has_value && check_value(check, node, slot->value)) {
        bool is_object = slot->value->type == IR_OBJECT;
        if (slot->how == SLOT_RAW && is_object) {
            complain(check, node, "%s %d of s%u is raw, but an object", what, shown, state->id);
        }
        if (slot->how == SLOT_ITERATOR && slot->value->kind != KIND_range_iterator) {
            complain(check, node, "%s %d of s%u is no range iterator", what, shown, state->id);
        }
    }
    if (slot->clean != NULL && check_value(check, node, slot->clean) &&
        ((slot->how != SLOT_RAW && !is_virtual) || slot->clean->type != IR_BOOL)) {
        complain(check, node, "%s %d of s%u cannot be clean that way", what, shown, state->id);
    }
    if ((slot->index != NULL) != (slot->how == SLOT_ITERATOR)) {
        complain(check, node, "%s %d of s%u: an iterator has an index, nothing else has", what, shown, state->id);
    } else if (slot->index != NULL && check_value(check, node, slot->index) && slot->index->type != IR_INT) {
        complain(check, node, "%s %d of s%u: its index is no int", what, shown, state->id);
    }
}

static void check_frame_state(struct check *check, const struct ir_node *node, const struct ir_state *state)
{
    const struct ir_frame *frame = frame_of(check, node, state->frame);
    if (frame == NULL) {
        return;
    }
    /* Below the operands stands the function of a frame that is not there; above them, what is still to be dropped. */
    bool is_virtual = state->frame != 0 || check->graph->direct != 0;
    if (state->local_count != frame->locals || state->depth > frame->stack_size + is_virtual + state->dying) {
        complain(check, node, "s%u has %u locals and %u operands, its frame room for %u and %u", state->id,
                 state->local_count, state->depth, frame->locals, frame->stack_size);
        return;
    }
    if (state->outer == NULL ? frame->outer >= 0 : state->outer->frame != frame->outer) {
        complain(check, node, "the state around s%u is not that of the frame around its frame", state->id);
    }
    if (state->handler_keep > state->depth) {
        complain(check, node, "the handler of s%u keeps more than there is", state->id);
    }
    if (state->completion != COMPLETION_call && (state == node->state || state->depth < state->kept)) {
        complain(check, node, "s%u does not stand in the middle of a call", state->id);
    }
    for (int i = 0; i < state->local_count + state->depth; i++) {
        check_slot(check, node, state, i);
    }
}

static void check_state(struct check *check, const struct ir_node *node)
{
    bool wanted = ir_may_leave(node) || ((ir_flags(node) & IR_ESCAPES) && !(node->flags & NODE_SIMPLE));
    if (node->state == NULL) {
        if (wanted) {
            complain(check, node, "has no frame state");
        }
        return;
    }
    if (node->state->raises != (node->op == IR_handler || node->op == IR_call_direct)) {
        complain(check, node, "its state s%u is %s an error", node->state->id,
                 node->state->raises ? "that of" : "not that of");
    }
    for (const struct ir_state *state = node->state; state != NULL; state = state->outer) {
        check_frame_state(check, node, state);
    }
}

/* ---- Blocks ------------------------------------------------------------------------------------------------------------ */

/* How often `what` is among the blocks. */
static int count_of(struct ir_block *const *blocks, int count, const struct ir_block *what)
{
    int found = 0;
    for (int i = 0; i < count; i++) {
        found += blocks[i] == what;
    }
    return found;
}

static void check_edges(struct check *check, const struct ir_block *block)
{
    if (block->last == NULL || !(ir_flags(block->last) & IR_TERMINATOR)) {
        complain(check, block->last, "b%u does not end with a terminator", block->id);
        return;
    }
    for (const struct ir_node *phi = block->first; phi != NULL && phi->op == IR_phi; phi = phi->next) {
        if (phi->input_count != block->predecessor_count) {
            complain(check, phi, "has %d inputs, its block %d predecessors", phi->input_count,
                     block->predecessor_count);
        }
    }
    int successors = block->last->op == IR_branch ? 2 : block->last->op == IR_jump ? 1 : 0;
    for (int i = 0; i < 2; i++) {
        const struct ir_block *successor = block->successors[i];
        if ((successor != NULL) != (i < successors)) {
            complain(check, block->last, "b%u has the wrong number of successors", block->id);
        } else if (successor != NULL && count_of(successor->predecessors, successor->predecessor_count, block) !=
                                            count_of(block->successors, 2, successor)) {
            complain(check, block->last, "b%u is not as often among the predecessors of b%u", block->id,
                     successor->id);
        }
    }
    for (int i = 0; i < block->predecessor_count; i++) {
        if (count_of(block->predecessors[i]->successors, 2, block) == 0) {
            complain(check, block->last, "b%u, a predecessor of b%u, does not go there", block->predecessors[i]->id,
                     block->id);
        }
    }
}

static void check_block(struct check *check, const struct ir_block *block)
{
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->block != block || (node->next != NULL ? node->next->previous : block->last) != node) {
            complain(check, node, "does not know its place");
        }
        if ((ir_flags(node) & IR_TERMINATOR) && node != block->last) {
            complain(check, node, "stands in the middle of b%u", block->id);
        }
        if (node->op == IR_phi) {
            check_phi(check, node);
        } else {
            check_inputs(check, node);
        }
        check_result(check, node);
        check_payload(check, node);
        check_state(check, node);
    }
}

/* ---- Order and dominators ------------------------------------------------------------------------------------------------ */

/* Is `block` reached without going through `without`? Marks all that are. */
static void mark_reached(const struct ir_block *block, const struct ir_block *without, uint8_t *marks,
                         const struct ir_block **stack)
{
    int depth = 0;
    if (block != without) {
        marks[block->id] = true;
        stack[depth++] = block;
    }
    while (depth > 0) {
        const struct ir_block *top = stack[--depth];
        for (int i = 0; i < 2; i++) {
            const struct ir_block *next = top->successors[i];
            if (next != NULL && next != without && !marks[next->id]) {
                marks[next->id] = true;
                stack[depth++] = next;
            }
        }
    }
}

/* More blocks than this and dominators are believed: checking them takes the square. */
enum { MOST_BLOCKS_CHECKED = 400 };

/* Are the order and the dominators those that ir_order would find? A pass that changes edges and does not call it leaves others behind. Dominance
 * is found from its definition: what cannot be reached without going through the block. */
static void check_order(struct check *check)
{
    struct ir_graph *graph = check->graph;
    int expected = 1;
    ir_each_block(graph, block)
    {
        if (block->order != expected++ || block->id >= graph->block_count) {
            complain(check, NULL, "b%u is out of order", block->id);
            return;
        }
    }
    const struct ir_block **stack = calloc(graph->block_count, sizeof *stack);
    uint8_t *marks = calloc(graph->block_count, 1);
    if (stack != NULL && marks != NULL && expected < MOST_BLOCKS_CHECKED) {
        ir_each_block(graph, above)
        {
            memset(marks, 0, graph->block_count);
            mark_reached(graph->entry, above, marks, stack);
            ir_each_block(graph, below)
            {
                if (ir_dominates(above, below) != !marks[below->id]) {
                    complain(check, NULL, "b%u %s b%u, but what is kept of it says otherwise", above->id,
                             marks[below->id] ? "does not dominate" : "dominates", below->id);
                }
            }
        }
    }
    free(stack);
    free(marks);
}

bool ir_check_edges(struct ir_graph *graph, const char *stage, FILE *report)
{
    struct check check = {.graph = graph, .report = report, .stage = stage};
    ir_each_block(graph, block)
    {
        check_edges(&check, block);
    }
    return !check.failed;
}

bool ir_check(struct ir_graph *graph, const char *stage, FILE *report)
{
    struct check check = {.graph = graph, .report = report, .stage = stage};
    if (!ir_check_edges(graph, stage, report)) {
        return false;
    }
    check_order(&check);
    if (!check.failed) {
        ir_each_block(graph, block)
        {
            check_block(&check, block);
        }
    }
    return !check.failed;
}

bool ir_verify(struct ir_graph *graph, const char *stage)
{
    bool good = ir_check(graph, stage, stderr);
    if (!good) {
        ir_print(graph, stderr);
    }
    return good;
}
