/* tier2/ir_references.c: does every way through a graph hold and give up its references evenly? Runs in debug builds that write a dump (JIT_DUMP), on what
 * the builder has made, before passes take references away.
 *
 * For each value the references that compiled code has are counted along each way: allocations, results of calls and `hold` bring one; `drop`,
 * stores and calls that take over use one up. Where execution may leave, the state's owned slots must name just those; at the end nothing may be
 * left. At a merge phis take their inputs' over. What was put into a stack slot of the frame is the handler's business: such values are not
 * followed further (`in_memory`), nor are those that ways to a merge disagree on. */
#include "runtime/plain.h"
#include "tier2/ir.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What is known at one place of one value. */
struct count {
    int8_t held;
    bool in_memory;
};

struct tally {
    struct ir_graph *graph;
    FILE *report;
    const char *stage;
    struct count **ends; /* by block: at its end; owned */
    struct count **starts;
    struct count *now;
    bool *is_guarded;             /* by node: its result counts from the guard_bound on that follows it */
    const struct ir_node **roots; /* by node: the value that references are counted for */
    int8_t *named;                /* scratch, by node */
    bool failed;
};

static void complain(struct tally *tally, const struct ir_node *node, const struct ir_node *value, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(tally->report, "pyjit: IR after %s: ", tally->stage);
    fprintf(tally->report, "v%u (%s at %u in b%u): v%u (%s) ", node->id, ir_op_rows[node->op].name, node->place,
            node->block->id, value->id, ir_op_rows[value->op].name);
    vfprintf(tally->report, format, arguments);
    fputc('\n', tally->report);
    va_end(arguments);
    tally->failed = true;
}

static bool is_call(const struct ir_node *node)
{
    return node->op == IR_call_plain || node->op == IR_call_plain_array || node->op == IR_new_tuple ||
           node->op == IR_new_cell || node->op == IR_new_function;
}

/* Guards only know more about their operand, and a constant is what it is wherever it is named. */
static const struct ir_node *find_root(struct tally *tally, const struct ir_node *node)
{
    if (node->op == IR_guard_kind || (node->op == IR_guard_bound && !is_call(node->inputs[0]))) {
        return tally->roots[node->inputs[0]->id];
    }
    if (node->op == IR_constant_object) {
        ir_each_block(tally->graph, block)
        {
            ir_each_node(block, other)
            {
                if (other->op == IR_constant_object && other->pointer == node->pointer) {
                    return other;
                }
            }
        }
    }
    return node;
}

static const struct ir_node *root_of(const struct tally *tally, const struct ir_node *node)
{
    return tally->roots[node->id];
}

static struct count *count_of(struct tally *tally, const struct ir_node *node)
{
    return &tally->now[root_of(tally, node)->id];
}

static void give(struct tally *tally, const struct ir_node *value)
{
    count_of(tally, value)->held++;
}

/* The node uses a reference to the value up. */
static void take(struct tally *tally, const struct ir_node *node, const struct ir_node *value)
{
    struct count *count = count_of(tally, value);
    if (count->held > 0) {
        count->held--;
    } else if (!count->in_memory) {
        complain(tally, node, value, "has no reference to give");
    }
}

/* ---- States ------------------------------------------------------------------------------------------------------ */

static void name_owned(struct tally *tally, const struct ir_state *state, int by)
{
    for (; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count + state->depth; i++) {
            const struct ir_slot *slot = &state->slots[i];
            bool owned = slot->how == SLOT_OWNED || slot->how == SLOT_ITERATOR;
            if (owned && slot->value->type == IR_OBJECT) {
                int8_t *named = &tally->named[root_of(tally, slot->value)->id];
                *named = (int8_t)(by > 0 ? *named + by : 0);
            }
        }
    }
}

/* The owned slots of the node's state must be the references there are. */
static void check_leaving(struct tally *tally, const struct ir_node *node)
{
    if (node->state == NULL) {
        return;
    }
    name_owned(tally, node->state, 1);
    ir_each_block(tally->graph, block)
    {
        ir_each_node(block, value)
        {
            const struct count *count = &tally->now[value->id];
            int named = tally->named[value->id];
            if (named != count->held && !count->in_memory && !tally->failed) {
                complain(tally, node, value, "has %d references, the state says %d", count->held, named);
            }
        }
    }
    name_owned(tally, node->state, 0);
}

/* ---- Nodes ------------------------------------------------------------------------------------------------------- */

/* What a store finds in its place is whoever's drops it: the load of it stands before the store. */
static void give_old(struct tally *tally, const struct ir_node *store)
{
    bool is_item = store->op == IR_store_item;
    for (const struct ir_node *node = store->previous; node != NULL; node = node->previous) {
        bool same = is_item ? node->op == IR_load_item && node->inputs[1] == store->inputs[1]
                            : node->op == IR_load && node->offset == store->offset && node->type == IR_OBJECT;
        if (same && root_of(tally, node->inputs[0]) == root_of(tally, store->inputs[0])) {
            give(tally, node);
            return;
        }
    }
}

static void count_calls_result(struct tally *tally, const struct ir_node *node)
{
    if (node->type == IR_OBJECT && !tally->is_guarded[node->id]) {
        give(tally, node);
    }
}

static void count_guarded(struct tally *tally, const struct ir_node *guard)
{
    const struct ir_node *call = guard->inputs[0];
    give(tally, guard);
    int taken = call->op != IR_call_plain ? call->input_count : (call->flags & NODE_TAKES) != 0;
    /* Namespaces and code of a function are borrowed. */
    for (int i = call->op == IR_new_function ? FUNCTION_FIRST_PART : 0; i < taken; i++) {
        if (call->inputs[i]->type == IR_OBJECT) {
            take(tally, call, call->inputs[i]);
        }
    }
}

static void put_in_memory(struct tally *tally, const struct ir_node *node)
{
    struct count *count = count_of(tally, node->inputs[0]);
    count->held = (int8_t)(count->held > 0 ? count->held - 1 : 0);
    count->in_memory = true;
}

static void count_node(struct tally *tally, const struct ir_node *node)
{
    bool afterwards = node->op == IR_drop || node->op == IR_store_home || node->op == IR_clear_home;
    if (!afterwards) {
        check_leaving(tally, node);
    }
    switch ((enum ir_op)node->op) {
    case IR_box_int:
    case IR_box_float:
    case IR_new_instance:
    case IR_load_operand:
    case IR_make:
        give(tally, node);
        break;
    case IR_call_plain:
    case IR_call_plain_array:
    case IR_new_tuple:
    case IR_new_cell:
    case IR_new_function:
    case IR_call_direct:
        count_calls_result(tally, node);
        break;
    case IR_guard_bound:
        if (is_call(node->inputs[0])) {
            count_guarded(tally, node);
        }
        break;
    case IR_hold:
        give(tally, node->inputs[0]);
        break;
    case IR_drop:
    case IR_store_home:
    case IR_return:
        take(tally, node, node->inputs[0]);
        break;
    case IR_return_direct:
        if (node->inputs[0]->type == IR_OBJECT) {
            take(tally, node, node->inputs[0]);
        }
        break;
    case IR_store:
    case IR_store_item:
        give_old(tally, node);
        take(tally, node, node->inputs[node->op == IR_store ? 1 : 2]);
        break;
    case IR_store_new:
    case IR_list_append:
        take(tally, node, node->inputs[1]);
        break;
    case IR_store_operand:
        put_in_memory(tally, node);
        break;
    default:
        break;
    }
    if (afterwards) {
        check_leaving(tally, node);
    }
}

/* ---- Blocks ------------------------------------------------------------------------------------------------------ */

static const struct ir_node *way_of(const struct tally *tally, const struct ir_node *phi, int way)
{
    return root_of(tally, phi->inputs[way]);
}

/* How many references the phi takes over: those of an input that ends with its way. Of inputs that live on, by comparison with another way. */
static struct count taken_by(const struct tally *tally, const struct ir_node *phi)
{
    const struct ir_block *block = phi->block;
    if (block->is_loop_header) {
        return (struct count){0};
    }
    bool any_in_memory = false;
    for (int i = 0; i < phi->input_count; i++) {
        const struct ir_node *input = way_of(tally, phi, i);
        const struct count *count = &tally->ends[block->predecessors[i]->id][input->id];
        any_in_memory |= count->in_memory;
        if (count->in_memory) {
            continue;
        }
        if (input->op != IR_constant_object && !ir_dominates(input->block, block)) {
            return (struct count){.held = count->held};
        }
        for (int k = 0; k < phi->input_count; k++) {
            if (way_of(tally, phi, k) != input) {
                int lasting = tally->ends[block->predecessors[k]->id][input->id].held;
                return (struct count){.held = (int8_t)(count->held - lasting)};
            }
        }
    }
    return (struct count){.in_memory = any_in_memory};
}

/* What is held at the start of the block for all who come by way `way`. */
static void come_by(struct tally *tally, const struct ir_block *block, int way, struct count *counts)
{
    const struct ir_block *from = block->predecessors[way];
    memcpy(counts, tally->ends[from->id], tally->graph->node_count * sizeof *counts);
    const struct ir_node *asked = from->last->op == IR_branch ? from->last->inputs[0] : NULL;
    if (asked != NULL && asked->op == IR_is_bound && from->successors[1] == block) {
        counts[root_of(tally, asked->inputs[0])->id].held = 0; /* it is NULL */
    }
    for (const struct ir_node *phi = block->first; phi != NULL && phi->op == IR_phi; phi = phi->next) {
        if (phi->type == IR_OBJECT) {
            counts[way_of(tally, phi, way)->id].held -= tally->starts[block->id][phi->id].held;
        }
    }
    for (const struct ir_node *phi = block->first; phi != NULL && phi->op == IR_phi; phi = phi->next) {
        counts[phi->id] = tally->starts[block->id][phi->id];
    }
}

static void join_way(struct tally *tally, const struct ir_block *block, int way, struct count *counts)
{
    struct count *start = tally->starts[block->id];
    come_by(tally, block, way, counts);
    ir_each_block(tally->graph, other)
    {
        ir_each_node(other, value)
        {
            struct count *count = &counts[value->id];
            struct count *known = &start[value->id];
            if (count->in_memory || known->in_memory || count->held != known->held) {
                known->in_memory = true;
                known->held = count->held < known->held ? count->held : known->held;
            }
        }
    }
}

static void begin_block(struct tally *tally, struct ir_block *block, struct count *scratch)
{
    struct count *start = tally->starts[block->id];
    for (const struct ir_node *phi = block->first; phi != NULL && phi->op == IR_phi; phi = phi->next) {
        if (phi->type == IR_OBJECT) {
            start[phi->id] = taken_by(tally, phi);
        }
    }
    if (block->predecessor_count > 0) {
        come_by(tally, block, 0, scratch);
        memcpy(start, scratch, tally->graph->node_count * sizeof *start);
    }
    for (int i = 1; i < block->predecessor_count; i++) {
        if (block->predecessors[i]->order < block->order) {
            join_way(tally, block, i, scratch);
        }
    }
}

static void check_nothing_left(struct tally *tally, const struct ir_block *block)
{
    if (block->last->op != IR_return && block->last->op != IR_return_direct) {
        return;
    }
    ir_each_block(tally->graph, other)
    {
        ir_each_node(other, value)
        {
            if (tally->now[value->id].held != 0 && !tally->now[value->id].in_memory && !tally->failed) {
                complain(tally, block->last, value, "has %d references that nobody drops",
                         tally->now[value->id].held);
            }
        }
    }
}

static void count_all(struct tally *tally, struct count *scratch)
{
    size_t bytes = tally->graph->node_count * sizeof(struct count);
    ir_each_block(tally->graph, block)
    {
        begin_block(tally, block, scratch);
        tally->now = tally->ends[block->id];
        memcpy(tally->now, tally->starts[block->id], bytes);
        for (const struct ir_node *node = block->first; node != NULL && !tally->failed; node = node->next) {
            count_node(tally, node);
        }
        if (!tally->failed) {
            check_nothing_left(tally, block);
        }
        if (tally->failed) {
            return;
        }
    }
}

/* Beyond this the counts take too much memory and time. */
enum { MOST_CELLS = 1 << 21 };

bool ir_check_references(struct ir_graph *graph, const char *stage, FILE *report)
{
    struct tally tally = {.graph = graph, .report = report, .stage = stage};
    size_t nodes = graph->node_count, blocks = graph->block_count;
    if (graph->entry == NULL || nodes * blocks > MOST_CELLS) {
        return true;
    }
    struct count *cells = calloc((2 * blocks + 1) * nodes + 1, sizeof *cells);
    struct count **rows = calloc(2 * blocks, sizeof(struct count *));
    tally.is_guarded = calloc(nodes, sizeof *tally.is_guarded);
    tally.named = calloc(nodes, sizeof *tally.named);
    tally.roots = calloc(nodes, sizeof(struct ir_node *));
    if (tally.roots != NULL && cells != NULL && rows != NULL && tally.is_guarded != NULL && tally.named != NULL) {
        tally.starts = rows;
        tally.ends = rows + blocks;
        for (size_t i = 0; i < 2 * blocks; i++) {
            rows[i] = cells + i * nodes;
        }
        ir_each_block(graph, block)
        {
            ir_each_node(block, node)
            {
                tally.roots[node->id] = find_root(&tally, node);
                if (node->op == IR_guard_bound) {
                    tally.is_guarded[node->inputs[0]->id] = true;
                }
            }
        }
        count_all(&tally, cells + 2 * blocks * nodes);
    }
    free(cells);
    free(rows);
    free(tally.is_guarded);
    free(tally.named);
    free(tally.roots);
    return !tally.failed;
}
