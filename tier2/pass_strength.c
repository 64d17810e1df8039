/* tier2/pass_strength.c: operations that can be had for less.
 *
 * The distance of a point from zero that is only compared with a constant, as in `abs(z) > 2`, becomes one operation, which asks for the distance itself
 * only where the squares do not tell. */
#include "tier2/passes.h"

#include "runtime/compiler_memory.h"
#include "runtime/cpython.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How often each node is used, by id: as an input, or by a state. NULL: no memory. */
static uint32_t *count_uses(const struct ir_graph *graph)
{
    uint32_t *uses = compiler_calloc(graph->node_count + 1, sizeof *uses);
    bool *seen = compiler_calloc(graph->state_count + 1, sizeof *seen);
    if (uses == NULL || seen == NULL) {
        free(uses);
        free(seen);
        return NULL;
    }
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            for (int i = 0; i < node->input_count; i++) {
                uses[node->inputs[i]->id]++;
            }
            for (const struct ir_state *state = node->state; state != NULL && !seen[state->id];
                 state = state->outer) {
                seen[state->id] = true;
                for (int i = 0; i < state->local_count + state->depth; i++) {
                    const struct ir_slot *slot = &state->slots[i];
                    const struct ir_node *named[3] = {slot->value, slot->clean, slot->index};
                    for (int k = 0; k < 3; k++) {
                        if (named[k] != NULL) {
                            uses[named[k]->id]++;
                        }
                    }
                }
            }
        }
    }
    free(seen);
    return uses;
}

/* The comparison with the operands exchanged. */
static int64_t exchanged(int64_t comparison)
{
    static const int64_t others[] = {
        [Py_LT] = Py_GT, [Py_LE] = Py_GE, [Py_EQ] = Py_EQ, [Py_NE] = Py_NE, [Py_GT] = Py_LT, [Py_GE] = Py_LE};
    return others[comparison];
}

/* A constant whose square is neither too large nor too small. */
static bool is_limit(const struct ir_node *node)
{
    double limit = 0;
    if (node->op == IR_constant_float) {
        memcpy(&limit, &node->number, sizeof limit);
    }
    return limit > 0x1p-400 && limit < 0x1p400;
}

static void compare_lengths(struct ir_graph *graph, struct ir_node *compare, const uint32_t *uses)
{
    int side = compare->inputs[0]->op == IR_float_hypot ? 0 : 1;
    struct ir_node *length = compare->inputs[side];
    const struct ir_node *limit = compare->inputs[1 - side];
    if (length->op != IR_float_hypot || uses[length->id] != 1 || !is_limit(limit)) {
        return;
    }
    struct ir_node *copy = ir_insert_before(graph, length, IR_constant_float, 0, NULL);
    copy->number = limit->number;
    copy->place = length->place;
    copy->frame = length->frame;
    struct ir_node *inputs[3] = {length->inputs[0], length->inputs[1], copy};
    struct ir_node *less = ir_insert_before(graph, length, IR_float_length_compare, 3, inputs);
    less->number = side == 0 ? compare->number : exchanged(compare->number);
    less->state = length->state;
    less->origin = length->origin;
    less->place = length->place;
    less->frame = length->frame;
    ir_replace(compare, less);
    ir_remove(length);
}

void pass_strength(struct ir_graph *graph)
{
    uint32_t *uses = count_uses(graph);
    if (uses == NULL) {
        graph->out_of_memory = true;
        return;
    }
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            if (node->op == IR_float_compare) {
                compare_lengths(graph, node, uses);
            }
        }
    }
    ir_resolve(graph);
    free(uses);
}
