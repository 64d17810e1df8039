/* tier2/pass_dead_code.c: what nobody uses goes. */
#include "tier2/passes.h"

#include "runtime/compiler_memory.h"

#include <stdlib.h>

struct work_list {
    struct ir_node **nodes;
    size_t count, capacity;
    bool out_of_memory;
};

static void mark(struct work_list *list, struct ir_node *node)
{
    if (node == NULL || (node->flags & NODE_LIVE)) {
        return;
    }
    node->flags |= NODE_LIVE;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity * 2 + 256;
        struct ir_node **grown = compiler_realloc(list->nodes, capacity * sizeof *grown);
        if (grown == NULL) {
            list->out_of_memory = true;
            return;
        }
        list->nodes = grown;
        list->capacity = capacity;
    }
    list->nodes[list->count++] = node;
}

static void mark_operands(struct work_list *list, struct ir_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        mark(list, node->inputs[i]);
    }
    for (struct ir_state *state = node->state; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count + state->depth; i++) {
            mark(list, state->slots[i].value);
            mark(list, state->slots[i].clean);
            mark(list, state->slots[i].index);
        }
    }
}

void pass_dead_code(struct ir_graph *graph)
{
    struct work_list list = {0};
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            node->flags &= (uint8_t)~NODE_LIVE;
        }
    }
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            if (ir_has_effect(node)) {
                mark(&list, node);
            }
        }
    }
    while (list.count > 0) {
        mark_operands(&list, list.nodes[--list.count]);
    }
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            if (!(node->flags & NODE_LIVE) && !list.out_of_memory) {
                ir_remove(node);
            }
        }
    }
    graph->out_of_memory |= list.out_of_memory;
    free(list.nodes);
}
