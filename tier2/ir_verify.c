/* tier2/ir_verify.c: is a graph well-formed? Runs after every pass in debug builds. */
#include "tier2/ir.h"

#include <stdarg.h>

struct check {
    struct ir_graph *graph;
    const char *stage;
    bool failed;
};

static void complain(struct check *check, const struct ir_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "pyjit: IR after %s: ", check->stage);
    if (node != NULL) {
        fprintf(stderr, "v%u (%s): ", node->id, ir_op_rows[node->op].name);
    }
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    check->failed = true;
}

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

static void check_value(struct check *check, const struct ir_node *user, const struct ir_node *value)
{
    if (value == NULL) {
        complain(check, user, "an input is missing");
    } else if (value->replacement != NULL || value->block == NULL) {
        complain(check, user, "uses v%u, which is gone", value->id);
    } else if (value->type == IR_VOID) {
        complain(check, user, "uses v%u, which has no value", value->id);
    } else if (!reaches(value, user)) {
        complain(check, user, "uses v%u, which does not dominate it", value->id);
    }
}

static void check_phi(struct check *check, const struct ir_node *phi)
{
    const struct ir_block *block = phi->block;
    if (phi->previous != NULL && phi->previous->op != IR_phi) {
        complain(check, phi, "is not at the head of its block");
    }
    if (phi->input_count != block->predecessor_count) {
        complain(check, phi, "has %d inputs, its block %d predecessors", phi->input_count, block->predecessor_count);
        return;
    }
    for (int i = 0; i < phi->input_count; i++) {
        const struct ir_node *input = phi->inputs[i];
        if (input == NULL || input->block == NULL || input->replacement != NULL) {
            complain(check, phi, "input %d is missing or gone", i);
        } else if (input->type != phi->type) {
            complain(check, phi, "input %d has type %s", i, ir_type_names[input->type]);
        } else if (!ir_dominates(input->block, block->predecessors[i])) {
            complain(check, phi, "input v%u does not reach predecessor b%u", input->id, block->predecessors[i]->id);
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
        check_value(check, node, node->inputs[i]);
    }
}

static void check_state(struct check *check, const struct ir_node *node)
{
    bool wanted = ir_may_leave(node) || ((ir_flags(node) & IR_ESCAPES) && !(node->flags & NODE_SIMPLE));
    if (wanted && node->state == NULL) {
        complain(check, node, "has no frame state");
    }
    for (const struct ir_state *state = node->state; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count + state->depth; i++) {
            const struct ir_slot *slot = &state->slots[i];
            bool is_local = i < state->local_count;
            bool needs_value = slot->how != SLOT_EMPTY && slot->how != SLOT_HOME && slot->how != SLOT_MEMORY;
            if ((slot->how == SLOT_HOME || slot->how == SLOT_RAW) && !is_local) {
                complain(check, node, "operand %d of s%u is a local", i - state->local_count, state->id);
            }
            if (needs_value) {
                check_value(check, node, slot->value);
            }
            if (slot->clean != NULL) {
                check_value(check, node, slot->clean);
            }
            if (slot->index != NULL) {
                check_value(check, node, slot->index);
            }
        }
    }
}

static void check_block(struct check *check, const struct ir_block *block)
{
    if (block->last == NULL || !(ir_flags(block->last) & IR_TERMINATOR)) {
        complain(check, block->last, "b%u does not end with a terminator", block->id);
        return;
    }
    int successors = block->last->op == IR_branch ? 2 : block->last->op == IR_jump ? 1 : 0;
    for (int i = 0; i < 2; i++) {
        if ((block->successors[i] != NULL) != (i < successors)) {
            complain(check, block->last, "b%u has the wrong number of successors", block->id);
        }
    }
    for (const struct ir_node *node = block->first; node != NULL; node = node->next) {
        if (node->block != block) {
            complain(check, node, "does not know its block");
        }
        if ((ir_flags(node) & IR_TERMINATOR) && node != block->last) {
            complain(check, node, "stands in the middle of b%u", block->id);
        }
        if (node->op == IR_phi) {
            check_phi(check, node);
        } else {
            check_inputs(check, node);
        }
        check_state(check, node);
    }
}

bool ir_verify(struct ir_graph *graph, const char *stage)
{
    struct check check = {.graph = graph, .stage = stage};
    ir_each_block(graph, block)
    {
        check_block(&check, block);
    }
    if (check.failed) {
        ir_print(graph, stderr);
    }
    return !check.failed;
}
