/* tier2/pass_hoist.c: what a loop would find the same in each turn is asked once, before it.
 *
 * A node goes to the end of the block before the loop when its inputs are from before the loop and nothing in the loop changes what it reads. A guard
 * leaves with the state of the loop's beginning then, which the builder leaves at the jump there; so it may fail where the loop would have ended
 * before it came to that guard, which costs a deopt and not more. Only what each full turn comes to is moved, and sizes. What is loaded from where a guard or a
 * branch of the loop must have looked first stays behind if that does. Inner loops come first: what leaves them may leave the loop around, too. */
#include "tier2/passes.h"

#include "runtime/compiler_memory.h"
#include "runtime/cpython.h"

#include <stdlib.h>
#include <string.h>

/* Loops with more blocks, or more nodes that change memory, stay as they are. */
enum { MOST_BLOCKS = 256, MOST_WRITERS = 256, MOST_LEFT_BEHIND = 256 };

struct loop {
    struct ir_graph *graph;
    struct ir_block *header;
    struct ir_node *jump; /* into the loop, with the state of its beginning */
    struct ir_block *blocks[MOST_BLOCKS];
    int block_count;
    const struct ir_node *writers[MOST_WRITERS]; /* all that changes memory or homes */
    int writer_count;
    const struct ir_node
        *left_behind[MOST_LEFT_BEHIND]; /* guards and conditions that stand before the current node */
    int left_behind_count;
    uint32_t *marks; /* by block: id of the header of the innermost loop looked at that it is in, one more */
};

static bool is_in(const struct loop *loop, const struct ir_block *block)
{
    return loop->marks[block->id] == loop->header->id + 1;
}

/* ---- What the loop is made of ------------------------------------------------------------------------------------ */

/* The way in: the only one that is no back edge, if its jump has a state. */
static struct ir_node *find_jump(const struct ir_block *header)
{
    struct ir_node *jump = NULL;
    for (int i = 0; i < header->predecessor_count; i++) {
        struct ir_block *from = header->predecessors[i];
        if (ir_dominates(header, from)) {
            continue;
        }
        if (jump != NULL || from->last->op != IR_jump || from->last->state == NULL) {
            return NULL;
        }
        jump = from->last;
    }
    return jump;
}

static bool add_block(struct loop *loop, struct ir_block *block)
{
    if (is_in(loop, block)) {
        return true;
    }
    if (loop->block_count == MOST_BLOCKS) {
        return false;
    }
    loop->marks[block->id] = loop->header->id + 1;
    loop->blocks[loop->block_count++] = block;
    return true;
}

static bool add_writers(struct loop *loop, const struct ir_block *block)
{
    ir_each_node((struct ir_block *)block, node)
    {
        bool writes = pass_kills(node) != 0 || node->op == IR_store_home || node->op == IR_sync_home ||
                      node->op == IR_clear_home;
        if (writes && loop->writer_count == MOST_WRITERS) {
            return false;
        }
        if (writes) {
            loop->writers[loop->writer_count++] = node;
        }
    }
    return true;
}

static bool find_loop(struct loop *loop)
{
    loop->block_count = 0;
    loop->writer_count = 0;
    bool fits = add_block(loop, loop->header);
    for (int i = 0; i < loop->header->predecessor_count && fits; i++) {
        if (ir_dominates(loop->header, loop->header->predecessors[i])) {
            fits = add_block(loop, loop->header->predecessors[i]);
        }
    }
    for (int next = 1; next < loop->block_count && fits; next++) {
        for (int i = 0; i < loop->blocks[next]->predecessor_count && fits; i++) {
            fits = add_block(loop, loop->blocks[next]->predecessors[i]);
        }
    }
    for (int i = 0; i < loop->block_count && fits; i++) {
        fits = add_writers(loop, loop->blocks[i]);
    }
    return fits;
}

/* Does each turn that comes back to the header go through the block? */
static bool is_in_each_turn(const struct loop *loop, const struct ir_block *block)
{
    for (int i = 0; i < loop->header->predecessor_count; i++) {
        const struct ir_block *latch = loop->header->predecessors[i];
        if (ir_dominates(loop->header, latch) && !ir_dominates(block, latch)) {
            return false;
        }
    }
    return true;
}

/* ---- What may go -------------------------------------------------------------------------------------------------- */

static bool are_inputs_from_before(const struct loop *loop, const struct ir_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        const struct ir_node *from = node->inputs[i];
        if (is_in(loop, from->block) && !ir_is_constant(from)) {
            return false;
        }
    }
    return true;
}

/* May something in the loop change the word that `node`, or a guard that looks at memory of the class, reads? */
static bool is_changed(const struct loop *loop, const struct ir_node *node, enum ir_memory memory)
{
    for (int i = 0; i < loop->writer_count; i++) {
        const struct ir_node *writer = loop->writers[i];
        bool same_home = writer->number == node->number && writer->frame == node->frame;
        switch ((enum ir_op)writer->op) {
        case IR_store_home:
        case IR_sync_home:
        case IR_clear_home:
            if (node->op == IR_load_home && same_home) {
                return true;
            }
            break;
        case IR_store:
        case IR_store_int:
        case IR_store_raw:
            if (node->op == IR_load && writer->memory == memory && writer->offset != node->offset) {
                continue;
            }
            break;
        default:
            break;
        }
        if (memory != MEMORY_none && pass_is_killed((uint8_t)memory, pass_kills(writer))) {
            return true;
        }
    }
    return false;
}

static bool uses(const struct ir_node *node, const struct ir_node *what, int depth)
{
    for (int i = 0; i < node->input_count; i++) {
        if (node->inputs[i] == what ||
            (depth > 0 && node->inputs[i]->op != IR_phi && uses(node->inputs[i], what, depth - 1))) {
            return true;
        }
    }
    return false;
}

/* Has a guard or branch that stays in the loop something to say about what the load reads from? */
static bool is_protected(const struct loop *loop, const struct ir_node *load)
{
    enum { DEPTH = 3 };
    for (int i = 0; i < loop->left_behind_count; i++) {
        const struct ir_node *guard = loop->left_behind[i];
        bool general = guard->op == IR_guard_version || guard->op == IR_guard_keys ||
                       guard->op == IR_guard_versions || guard->op == IR_guard_class || guard->op == IR_guard_half ||
                       guard->op == IR_guard_word;
        if (general) {
            return true;
        }
        for (int k = 0; k < load->input_count; k++) {
            const struct ir_node *from = load->inputs[k];
            if (!ir_is_constant(from) && uses(guard, from, DEPTH)) {
                return true;
            }
            for (int n = 0; n < from->input_count; n++) {
                if (!ir_is_constant(from->inputs[n]) && uses(guard, from->inputs[n], DEPTH)) {
                    return true;
                }
            }
        }
    }
    return loop->left_behind_count == MOST_LEFT_BEHIND;
}

/* A field that all objects of the operand's kind have. */
static bool is_field_of_kind(const struct ir_node *load)
{
    enum ir_kind kind = (enum ir_kind)load->inputs[0]->kind;
    return (kind == KIND_list || kind == KIND_tuple) && load->offset == (int32_t)offsetof(PyVarObject, ob_size);
}

static bool may_load(const struct loop *loop, const struct ir_node *load)
{
    enum ir_memory memory = (enum ir_memory)load->memory;
    if (is_changed(loop, load, memory)) {
        return false;
    }
    if (load->op == IR_load_item && memory == MEMORY_list_item && is_changed(loop, load, MEMORY_list_shape)) {
        return false;
    }
    return (load->op == IR_load && is_field_of_kind(load)) || !is_protected(loop, load);
}

static bool may_go(const struct loop *loop, const struct ir_node *node)
{
    if (!are_inputs_from_before(loop, node)) {
        return false;
    }
    switch ((enum ir_op)node->op) {
    case IR_load_home:
        return !is_changed(loop, node, MEMORY_none);
    case IR_load:
    case IR_load_item:
        return may_load(loop, node);
    case IR_guard_kind:
    case IR_guard_bound:
    case IR_guard_null:
    case IR_guard_true:
    case IR_guard_false:
        return true;
    case IR_guard_class:
    case IR_guard_version:
    case IR_guard_versions:
    case IR_guard_keys:
        /* The type is there only where a guard has found an object of it. */
        return !is_changed(loop, node, MEMORY_type) && (node->input_count > 0 || !is_protected(loop, node));
    case IR_guard_word:
    case IR_guard_half:
        return node->offset != (int32_t)offsetof(PyObject, ob_refcnt) && !is_changed(loop, node, MEMORY_dict) &&
               !is_protected(loop, node);
    case IR_phi:
    case IR_virtual:
        return false;
    default:
        return (ir_flags(node) & IR_PURE) && !(ir_flags(node) & IR_TERMINATOR);
    }
}

/* ---- Going ---------------------------------------------------------------------------------------------------------- */

static void move(const struct loop *loop, struct ir_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        if (is_in(loop, node->inputs[i]->block)) {
            ir_move_before(node->inputs[i], loop->jump);
        }
    }
    ir_move_before(node, loop->jump);
    if (ir_may_leave(node)) {
        node->origin = node->origin != NULL ? node->origin : node->state;
        node->state = loop->jump->state;
    }
}

static void leave_behind(struct loop *loop, const struct ir_node *node)
{
    bool looks = ir_may_leave(node) || node->op == IR_branch;
    if (looks && node->op != IR_guard_breaker && loop->left_behind_count < MOST_LEFT_BEHIND) {
        loop->left_behind[loop->left_behind_count++] = node;
    }
}

static void hoist_from(struct loop *loop)
{
    loop->left_behind_count = 0;
    for (struct ir_block *block = loop->header; block != NULL; block = block->next) {
        if (!is_in(loop, block)) {
            continue;
        }
        bool in_each_turn = is_in_each_turn(loop, block);
        ir_each_node(block, node)
        {
            bool is_harmless = node->op == IR_load && is_field_of_kind(node);
            if ((in_each_turn || is_harmless) && may_go(loop, node)) {
                move(loop, node);
            } else if (in_each_turn) {
                leave_behind(loop, node);
            }
        }
    }
}

void pass_hoist(struct ir_graph *graph)
{
    struct loop *loop = compiler_calloc(1, sizeof *loop);
    struct ir_block **headers = compiler_calloc(graph->block_count + 1, sizeof(struct ir_block *));
    uint32_t *marks = compiler_calloc(graph->block_count + 1, sizeof *marks);
    if (loop == NULL || headers == NULL || marks == NULL) {
        graph->out_of_memory = true;
    } else {
        int count = 0;
        ir_each_block(graph, block)
        {
            headers[count] = block;
            count += block->is_loop_header;
        }
        while (count-- > 0) {
            *loop = (struct loop){.graph = graph, .header = headers[count], .marks = marks};
            loop->jump = find_jump(loop->header);
            if (loop->jump != NULL && find_loop(loop)) {
                hoist_from(loop);
            }
        }
        ir_each_block(graph, block)
        {
            if (block->last->op == IR_jump) {
                block->last->state = NULL;
            }
        }
    }
    free(loop);
    free(headers);
    free(marks);
}
