/* tier2/ir.c: graphs, nodes, states; see ir.h. */
#include "tier2/ir.h"

#include "runtime/compiler_memory.h"
#include "runtime/runtime_data.h"

#include <stdlib.h>
#include <string.h>

#define P                               IR_PURE
#define R                               IR_READS
#define W                               IR_WRITES
#define A                               IR_ALLOCATES
#define G                               IR_GUARD
#define E                               IR_ESCAPES
#define T                               IR_TERMINATOR
#define OP(name, result, inputs, flags) {#name, RESULT_##result, inputs, flags},
#define RESULT_o                        "o"
#define RESULT_i                        "i"
#define RESULT_f                        "f"
#define RESULT_b                        "b"
#define RESULT_c                        "c"
#define RESULT_any                      "any"
#define RESULT__                        "_"
const struct ir_op_row ir_op_rows[IR_OP_COUNT] = {
#include "tier2/ir_ops.def"
};
#undef P
#undef R
#undef W
#undef A
#undef G
#undef E
#undef T
#undef OP

const char *const ir_type_names[IR_TYPE_COUNT] = {"-", "o", "i", "f", "b", "c"};
const char *const ir_kind_names[KIND_COUNT] = {
    "any",
#define KIND(name, field) #name,
#include "runtime/kinds.def"
#undef KIND
};

PyTypeObject *ir_type_of_kind(enum ir_kind kind)
{
    switch (kind) {
#define KIND(name, field)                                                                                            \
    case KIND_##name:                                                                                                \
        return runtime_data.field;
#include "runtime/kinds.def"
#undef KIND
    default:
        return NULL;
    }
}

/* ---- Memory ------------------------------------------------------------------------------------------------- */

enum { CHUNK_SIZE = 32 * 1024 };

struct ir_chunk {
    struct ir_chunk *next;
    size_t used, size;
    max_align_t memory[];
};

struct ir_graph *ir_graph_new(void)
{
    return compiler_calloc(1, sizeof(struct ir_graph));
}

void ir_graph_free(struct ir_graph *graph)
{
    if (graph == NULL) {
        return;
    }
    for (struct ir_chunk *chunk = graph->chunks, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    ir_graph_free(graph->next);
    free(graph->frames);
    free(graph);
}

void *ir_allocate(struct ir_graph *graph, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    struct ir_chunk *chunk = graph->chunks;
    if (chunk == NULL || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = compiler_calloc(1, sizeof *chunk + room);
        if (chunk == NULL) {
            graph->out_of_memory = true;
            return NULL;
        }
        chunk->size = room;
        chunk->next = graph->chunks;
        graph->chunks = chunk;
        graph->bytes += room;
    }
    void *result = (char *)chunk->memory + chunk->used;
    chunk->used += size;
    return result;
}

/* ---- Blocks and nodes ------------------------------------------------------------------------------------------- */

static struct ir_block scratch_block;

struct ir_block *ir_block_new(struct ir_graph *graph)
{
    struct ir_block *block = ir_allocate(graph, sizeof *block);
    if (block == NULL) {
        return &scratch_block;
    }
    block->id = graph->block_count++;
    if (graph->last_block == NULL) {
        graph->entry = block;
    } else {
        graph->last_block->next = block;
    }
    graph->last_block = block;
    return block;
}

static enum ir_type type_of_letter(char letter)
{
    switch (letter) {
    case 'o':
        return IR_OBJECT;
    case 'i':
        return IR_INT;
    case 'f':
        return IR_FLOAT;
    case 'b':
        return IR_BOOL;
    case 'c':
        return IR_COMPLEX;
    default:
        return IR_VOID;
    }
}

struct ir_node *ir_node_new(struct ir_graph *graph, enum ir_op op, int input_count, struct ir_node *const *inputs)
{
    struct ir_node *node = ir_allocate(graph, sizeof *node);
    struct ir_node **copied = ir_allocate(graph, (size_t)input_count * sizeof *copied + 1);
    if (node == NULL || copied == NULL) {
        memset(&graph->scratch_node, 0, sizeof graph->scratch_node);
        return &graph->scratch_node;
    }
    node->op = (uint8_t)op;
    node->type = (uint8_t)type_of_letter(ir_op_rows[op].result[0]);
    node->id = graph->node_count++;
    node->input_count = (uint16_t)input_count;
    node->inputs = copied;
    for (int i = 0; inputs != NULL && i < input_count; i++) {
        copied[i] = ir_current(inputs[i]);
    }
    switch (op) {
    case IR_box_int:
        node->kind = KIND_int;
        break;
    case IR_box_float:
        node->kind = KIND_float;
        break;
    case IR_box_bool:
        node->kind = KIND_bool;
        break;
    case IR_box_complex:
        node->kind = KIND_complex;
        break;
    default:
        break;
    }
    return node;
}

static void link_after(struct ir_block *block, struct ir_node *where, struct ir_node *node)
{
    node->block = block;
    node->previous = where;
    node->next = where != NULL ? where->next : block->first;
    *(node->next != NULL ? &node->next->previous : &block->last) = node;
    *(where != NULL ? &where->next : &block->first) = node;
}

struct ir_node *ir_append(struct ir_graph *graph, struct ir_block *block, enum ir_op op, int input_count,
                          struct ir_node *const *inputs)
{
    struct ir_node *node = ir_node_new(graph, op, input_count, inputs);
    if (!graph->out_of_memory) {
        link_after(block, block->last, node);
    }
    return node;
}

struct ir_node *ir_insert_before(struct ir_graph *graph, struct ir_node *where, enum ir_op op, int input_count,
                                 struct ir_node *const *inputs)
{
    struct ir_node *node = ir_node_new(graph, op, input_count, inputs);
    if (!graph->out_of_memory) {
        link_after(where->block, where->previous, node);
        node->place = where->place;
    }
    return node;
}

struct ir_node *ir_phi(struct ir_graph *graph, struct ir_block *block, enum ir_type type, int count)
{
    struct ir_node *node = ir_node_new(graph, IR_phi, count, NULL);
    if (!graph->out_of_memory) {
        struct ir_node *where = NULL;
        for (struct ir_node *first = block->first; first != NULL && first->op == IR_phi; first = first->next) {
            where = first;
        }
        link_after(block, where, node);
        node->type = (uint8_t)type;
    }
    return node;
}

void ir_connect(struct ir_graph *graph, struct ir_block *block, int which, struct ir_block *successor)
{
    block->successors[which] = successor;
    if (successor->predecessor_count == successor->predecessor_capacity) {
        int capacity = successor->predecessor_capacity * 2 + 2;
        struct ir_block **grown = ir_allocate(graph, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            return;
        }
        for (int i = 0; i < successor->predecessor_count; i++) {
            grown[i] = successor->predecessors[i];
        }
        successor->predecessors = grown;
        successor->predecessor_capacity = capacity;
    }
    successor->predecessors[successor->predecessor_count++] = block;
}

struct ir_state *ir_state_new(struct ir_graph *graph, int frame, int local_count, int depth)
{
    struct ir_state *state =
        ir_allocate(graph, sizeof *state + (size_t)(local_count + depth) * sizeof state->slots[0]);
    if (state != NULL) {
        state->frame = (uint16_t)frame;
        state->local_count = (uint16_t)local_count;
        state->depth = (uint16_t)depth;
        state->id = graph->state_count++;
    }
    return state;
}

/* ---- Changing --------------------------------------------------------------------------------------------------------- */

void ir_remove(struct ir_node *node)
{
    struct ir_block *block = node->block;
    *(node->previous != NULL ? &node->previous->next : &block->first) = node->next;
    *(node->next != NULL ? &node->next->previous : &block->last) = node->previous;
    node->block = NULL;
}

void ir_move_before(struct ir_node *node, struct ir_node *where)
{
    ir_remove(node);
    link_after(where->block, where->previous, node);
}

void ir_replace(struct ir_node *node, struct ir_node *by)
{
    assert(node != by);
    node->replacement = by;
    ir_remove(node);
}

struct ir_node *ir_current(struct ir_node *node)
{
    if (node == NULL || node->replacement == NULL) {
        return node;
    }
    struct ir_node *last = node;
    while (last->replacement != NULL) {
        last = last->replacement;
    }
    /* Shortens the way for the next who asks. */
    while (node->replacement != last && node != last) {
        struct ir_node *next = node->replacement;
        node->replacement = last;
        node = next;
    }
    return last;
}

void ir_resolve(struct ir_graph *graph)
{
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            for (int i = 0; i < node->input_count; i++) {
                node->inputs[i] = ir_current(node->inputs[i]);
            }
            for (struct ir_state *state = node->state; state != NULL; state = state->outer) {
                for (int i = 0; i < state->local_count + state->depth; i++) {
                    struct ir_slot *slot = &state->slots[i];
                    slot->value = ir_current(slot->value);
                    slot->clean = ir_current(slot->clean);
                    slot->index = ir_current(slot->index);
                }
            }
        }
    }
}

/* ---- Order and dominators ----------------------------------------------------------------------------------------------- */

enum { UNREACHED = 0, IN_PROGRESS = -1 };

/* Appends the blocks reachable from `entry` to `order` in post-order, without recursion. Returns how many. */
static int post_order(struct ir_block *entry, struct ir_block **order, struct ir_block **stack, uint8_t *next)
{
    int depth = 0;
    int count = 0;
    stack[depth++] = entry;
    entry->order = IN_PROGRESS;
    while (depth > 0) {
        struct ir_block *block = stack[depth - 1];
        if (next[block->id] < 2) {
            struct ir_block *successor = block->successors[next[block->id]++];
            if (successor != NULL && successor->order == UNREACHED) {
                successor->order = IN_PROGRESS;
                stack[depth++] = successor;
            }
        } else {
            order[count++] = block;
            depth--;
        }
    }
    return count;
}

/* Takes unreachable predecessors, and the inputs of phis that came from them, away. */
static void drop_unreachable_predecessors(struct ir_block *block)
{
    int kept = 0;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (block->predecessors[i]->order == UNREACHED) {
            continue;
        }
        if (kept != i) {
            block->predecessors[kept] = block->predecessors[i];
            for (struct ir_node *node = block->first; node != NULL && node->op == IR_phi; node = node->next) {
                node->inputs[kept] = node->inputs[i];
            }
        }
        kept++;
    }
    block->predecessor_count = kept;
    for (struct ir_node *node = block->first; node != NULL && node->op == IR_phi; node = node->next) {
        node->input_count = (uint16_t)kept;
    }
}

static struct ir_block *common_dominator(struct ir_block *a, struct ir_block *b)
{
    while (a != b) {
        while (a->order > b->order) {
            a = a->dominator;
        }
        while (b->order > a->order) {
            b = b->dominator;
        }
    }
    return a;
}

/* Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm. */
static void find_dominators(struct ir_graph *graph)
{
    ir_each_block(graph, block)
    {
        block->dominator = NULL;
    }
    graph->entry->dominator = graph->entry;
    for (bool changed = true; changed;) {
        changed = false;
        for (struct ir_block *block = graph->entry->next; block != NULL; block = block->next) {
            struct ir_block *dominator = NULL;
            for (int i = 0; i < block->predecessor_count; i++) {
                struct ir_block *predecessor = block->predecessors[i];
                if (predecessor->dominator != NULL) {
                    dominator = dominator == NULL ? predecessor : common_dominator(dominator, predecessor);
                }
            }
            if (block->dominator != dominator) {
                block->dominator = dominator;
                changed = true;
            }
        }
    }
}

/* Adds one to the depth of every block of the loop that `latch` closes, found backwards from it. */
static void deepen_loop(struct ir_block *header, struct ir_block *latch, struct ir_block **stack, uint32_t *marks,
                        uint32_t mark)
{
    if (marks[header->id] != mark) {
        marks[header->id] = mark;
        header->loop_depth++;
    }
    int depth = 0;
    stack[depth++] = latch;
    while (depth > 0) {
        struct ir_block *block = stack[--depth];
        if (marks[block->id] == mark) {
            continue;
        }
        marks[block->id] = mark;
        block->loop_depth++;
        for (int i = 0; i < block->predecessor_count; i++) {
            if (marks[block->predecessors[i]->id] != mark) {
                stack[depth++] = block->predecessors[i];
            }
        }
    }
}

void ir_order(struct ir_graph *graph)
{
    size_t blocks = graph->block_count;
    size_t edges = 2 * blocks + 2;
    struct ir_block **order = compiler_calloc(blocks, sizeof(struct ir_block *));
    struct ir_block **stack = compiler_calloc(edges, sizeof(struct ir_block *));
    uint8_t *next = compiler_calloc(blocks, 1);
    uint32_t *marks = compiler_calloc(blocks, sizeof *marks);
    if (order == NULL || stack == NULL || next == NULL || marks == NULL) {
        graph->out_of_memory = true;
        goto done;
    }
    ir_each_block(graph, block)
    {
        block->order = UNREACHED;
        block->loop_depth = 0;
        block->is_loop_header = false;
    }
    int count = post_order(graph->entry, order, stack, next);
    for (int i = count - 1; i >= 0; i--) {
        order[i]->order = count - i;
        order[i]->next = i > 0 ? order[i - 1] : NULL;
    }
    graph->entry = order[count - 1];
    graph->last_block = order[0];
    ir_each_block(graph, block)
    {
        drop_unreachable_predecessors(block);
    }
    find_dominators(graph);
    uint32_t mark = 0;
    ir_each_block(graph, header)
    {
        mark++;
        for (int i = 0; i < header->predecessor_count; i++) {
            struct ir_block *latch = header->predecessors[i];
            if (ir_dominates(header, latch)) {
                header->is_loop_header = true;
                deepen_loop(header, latch, stack, marks, mark);
            }
        }
    }
done:
    free(order);
    free(stack);
    free(next);
    free(marks);
}

bool ir_dominates(const struct ir_block *above, const struct ir_block *below)
{
    while (below->order > above->order) {
        below = below->dominator;
    }
    return below == above;
}
