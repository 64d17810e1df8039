/* tier2/pass_redundancy.c: what is known already is not asked, computed or loaded again.
 *
 * A walk over the blocks in reverse post-order carries facts along: "this operation on these inputs has been carried out, and gave that value" (or
 * held, for a guard), "this word of memory contains that". At a merge only what all ways agree on is left; at a loop header what the way into the
 * loop brings and nothing in the loop destroys. Facts about pure operations are never destroyed, those about memory by stores that may
 * reach it, those about types by escapes. */
#include "tier2/passes.h"

#include "runtime/cpython.h"

#include <stdlib.h>
#include <string.h>

/* A block that knows more forgets the rest. */
enum { MOST_FACTS = 1024 };

struct fact {
    uint8_t op;
    uint8_t kind;
    uint8_t
        memory; /* enum ir_memory that it depends on; MEMORY_none: none. MEMORY_type: anything that escapes destroy */
    int32_t offset;
    int64_t number;
    const void *pointer;
    struct ir_node *inputs[2];
    struct ir_node
        *value; /* what it gave; NULL for a guard, and for a load whose object is not known, but what is in it: */
    struct ir_node *raw; /* the number in the object, or NULL */
};

struct facts {
    struct fact *rows;
    int count, capacity;
};

struct walk {
    struct ir_graph *graph;
    struct facts *ends;   /* by block: what is known at its end */
    uint32_t *loop_kills; /* by block, of loop headers: what the loop destroys, a bit per enum ir_memory */
    struct facts now;
    bool changed;
};

#define ESCAPE_BIT (1U << MEMORY_COUNT)
#define ALL_CONTENTS                                                                                                 \
    (1U << MEMORY_attribute | 1U << MEMORY_list_item | 1U << MEMORY_list_shape | 1U << MEMORY_dict |                 \
     1U << MEMORY_iterator)

/* ---- Facts -------------------------------------------------------------------------------------------------- */

static bool reserve(struct walk *walk, struct facts *facts, int count)
{
    if (count <= facts->capacity) {
        return true;
    }
    int capacity = count + count / 2 + 32;
    struct fact *grown = realloc(facts->rows, (size_t)capacity * sizeof *grown);
    if (grown == NULL) {
        walk->graph->out_of_memory = true;
        return false;
    }
    facts->rows = grown;
    facts->capacity = capacity;
    return true;
}

static bool same_question(const struct fact *a, const struct fact *b)
{
    return a->op == b->op && a->inputs[0] == b->inputs[0] && a->inputs[1] == b->inputs[1] && a->number == b->number &&
           a->offset == b->offset && a->kind == b->kind && a->pointer == b->pointer && a->memory == b->memory;
}

static struct fact *find(const struct facts *facts, const struct fact *question)
{
    for (int i = facts->count - 1; i >= 0; i--) {
        if (same_question(&facts->rows[i], question)) {
            return &facts->rows[i];
        }
    }
    return NULL;
}

static void learn(struct walk *walk, const struct fact *fact)
{
    if (walk->now.count < MOST_FACTS && reserve(walk, &walk->now, walk->now.count + 1)) {
        walk->now.rows[walk->now.count++] = *fact;
    }
}

/* May the word a fact is about be the one that a store like `stored` writes? `stored`: NULL: any of its class. */
static bool may_be_same_word(const struct fact *fact, const struct fact *stored)
{
    if (stored == NULL || fact->op != stored->op) {
        return true;
    }
    if (fact->op == IR_load) {
        return fact->offset == stored->offset;
    }
    const struct ir_node *a = fact->inputs[1];
    const struct ir_node *b = stored->inputs[1];
    return !(a->op == IR_constant_int && b->op == IR_constant_int && a->number != b->number);
}

/* Is a fact that depends on `memory` gone after what the bits `kills` say? */
bool pass_is_killed(uint8_t memory, uint32_t kills)
{
    if (memory == MEMORY_none || memory == MEMORY_constant) {
        return false;
    }
    return (kills & ESCAPE_BIT) || (kills >> memory & 1);
}

static void forget(struct walk *walk, uint32_t kills, const struct fact *stored)
{
    if (kills == 0) {
        return;
    }
    int kept = 0;
    for (int i = 0; i < walk->now.count; i++) {
        const struct fact *fact = &walk->now.rows[i];
        if (!pass_is_killed(fact->memory, kills) || !may_be_same_word(fact, stored)) {
            walk->now.rows[kept++] = *fact;
        }
    }
    walk->now.count = kept;
}

/* ---- What nodes do ------------------------------------------------------------------------------------------ */

uint32_t pass_kills(const struct ir_node *node)
{
    switch ((enum ir_op)node->op) {
    case IR_store:
    case IR_store_new:
    case IR_store_int:
    case IR_store_item:
    case IR_store_raw:
    case IR_store_raw_item:
        return 1U << node->memory;
    case IR_list_append:
        return 1U << MEMORY_list_item | 1U << MEMORY_list_shape;
    case IR_call_plain:
    case IR_call_plain_array:
        return node->memory == MEMORY_none       ? 0
               : node->memory == MEMORY_iterator ? 1U << MEMORY_iterator
               : node->memory == MEMORY_cell     ? 1U << MEMORY_cell
                                                 : ALL_CONTENTS;
    default:
        return ir_escapes(node) ? ESCAPE_BIT : 0;
    }
}

/* The word that a store writes, as a load would ask for it. */
static struct fact word_of_store(const struct ir_node *node)
{
    bool is_item = node->op == IR_store_item || node->op == IR_store_raw_item;
    return (struct fact){.op = is_item ? IR_load_item : IR_load,
                         .memory = node->memory,
                         .offset = is_item ? 0 : node->offset,
                         .inputs = {node->inputs[0], is_item ? node->inputs[1] : NULL}};
}

/* Can the node's answer be used again where it is asked the same? */
static bool is_question(const struct ir_node *node)
{
    if (node->input_count > 2 || node->op == IR_phi) {
        return false;
    }
    switch ((enum ir_op)node->op) {
    case IR_load_home:
        return node->memory == MEMORY_constant;
    case IR_load:
    case IR_load_item:
    case IR_is_of_class:
    case IR_guard_kind:
    case IR_guard_bound:
    case IR_guard_null:
    case IR_guard_true:
    case IR_guard_false:
    case IR_guard_class:
    case IR_guard_version:
    case IR_guard_versions:
    case IR_guard_keys:
    case IR_guard_enter:
    case IR_guard_depth:
        return true;
    case IR_guard_word:
    case IR_guard_half:
        /* Versions, not counts. */
        return node->offset != offsetof(PyObject, ob_refcnt);
    default:
        return (ir_flags(node) & IR_PURE) != 0;
    }
}

static struct fact question_of(const struct ir_node *node)
{
    struct fact fact = {.op = node->op, .number = node->number, .offset = node->offset, .pointer = node->pointer};
    for (int i = 0; i < node->input_count; i++) {
        fact.inputs[i] = node->inputs[i];
    }
    switch ((enum ir_op)node->op) {
    case IR_load:
    case IR_load_item:
    case IR_load_home:
        fact.memory = node->memory;
        break;
    case IR_guard_kind:
    case IR_constant_object:
        fact.kind = node->kind;
        break;
    case IR_is_of_class:
    case IR_guard_class:
    case IR_guard_version:
    case IR_guard_versions:
    case IR_guard_keys:
    case IR_guard_enter:
    case IR_guard_depth:
        fact.memory = MEMORY_type;
        break;
    case IR_guard_word:
    case IR_guard_half:
        fact.memory = MEMORY_dict;
        break;
    default:
        break;
    }
    return fact;
}

/* ---- One node ------------------------------------------------------------------------------------------------ */

/* What the node is without asking anybody; NULL: nothing simpler. */
static struct ir_node *simplify(const struct ir_node *node)
{
    struct ir_node *first = node->input_count > 0 ? node->inputs[0] : NULL;
    switch ((enum ir_op)node->op) {
    case IR_alias:
        return first;
    case IR_guard_kind:
        return first->kind == node->kind ? first : NULL;
    case IR_guard_bound:
        return first->kind != KIND_any || first->op == IR_constant_object || first->op == IR_guard_bound ? first
                                                                                                         : NULL;
    case IR_unbox_float:
        return first->op == IR_box_float ? first->inputs[0] : NULL;
    case IR_unbox_int:
        return first->op == IR_box_int ? first->inputs[0] : NULL;
    case IR_unbox_complex:
        return first->op == IR_box_complex ? first->inputs[0] : NULL;
    case IR_complex_real:
        return first->op == IR_complex_make ? first->inputs[0] : NULL;
    case IR_complex_imaginary:
        return first->op == IR_complex_make ? first->inputs[1] : NULL;
    case IR_wrap_index:
        return (first->op == IR_constant_int && first->number >= 0) || first->flags & NODE_NOT_NEGATIVE ? first
                                                                                                        : NULL;
    default:
        return NULL;
    }
}

/* A load of a word whose object nobody has named yet, but whose number is known: that object is a box of it. */
static void name_object(struct walk *walk, struct fact *fact, struct ir_node *load)
{
    struct ir_node *raw = fact->raw;
    fact->value = load;
    load->kind = raw->type == IR_FLOAT ? KIND_float : KIND_int;
    struct fact unboxed = {
        .op = raw->type == IR_FLOAT ? IR_unbox_float : IR_unbox_int, .inputs = {load}, .value = raw};
    learn(walk, &unboxed);
}

static void visit(struct walk *walk, struct ir_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        node->inputs[i] = ir_current(node->inputs[i]);
    }
    struct ir_node *simpler = simplify(node);
    if (simpler != NULL) {
        ir_replace(node, simpler);
        return;
    }
    if (is_question(node)) {
        struct fact question = question_of(node);
        struct fact *known = find(&walk->now, &question);
        if (known == NULL) {
            question.value = node->type == IR_VOID ? NULL : node;
            learn(walk, &question);
        } else if (node->type == IR_VOID) {
            ir_remove(node);
        } else if (known->value != NULL) {
            ir_replace(node, known->value);
        } else {
            name_object(walk, known, node);
        }
        return;
    }
    uint32_t kills = pass_kills(node);
    if (kills == 0) {
        return;
    }
    if (kills != (1U << node->memory) || node->op == IR_call_plain || node->op == IR_call_plain_array) {
        forget(walk, kills, NULL);
        return;
    }
    struct fact word = word_of_store(node);
    forget(walk, kills, &word);
    if (node->op == IR_store_raw || node->op == IR_store_raw_item) {
        word.raw = node->inputs[node->input_count - 1];
    } else {
        word.value = node->inputs[node->input_count - 1];
    }
    learn(walk, &word);
}

/* ---- Blocks -------------------------------------------------------------------------------------------------- */

static void start_with(struct walk *walk, const struct facts *facts)
{
    if (facts->count > 0 && reserve(walk, &walk->now, facts->count)) {
        memcpy(walk->now.rows, facts->rows, (size_t)facts->count * sizeof *facts->rows);
        walk->now.count = facts->count;
    }
}

/* Only what `facts` say as well is left. */
static void intersect(struct walk *walk, const struct facts *facts)
{
    int kept = 0;
    for (int i = 0; i < walk->now.count; i++) {
        const struct fact *fact = &walk->now.rows[i];
        const struct fact *other = find(facts, fact);
        if (other != NULL && other->value == fact->value && other->raw == fact->raw) {
            walk->now.rows[kept++] = *fact;
        }
    }
    walk->now.count = kept;
}

/* A block that is entered only where a value is of some class. */
static void learn_from_branch(struct walk *walk, const struct ir_block *block)
{
    const struct ir_block *only = block->predecessor_count == 1 ? block->predecessors[0] : NULL;
    const struct ir_node *condition =
        only != NULL && only->last->op == IR_branch && only->successors[0] == block ? only->last->inputs[0] : NULL;
    if (condition != NULL && condition->op == IR_is_of_class && condition->block == only) {
        struct fact fact = {.op = IR_guard_class,
                            .memory = MEMORY_type,
                            .pointer = condition->pointer,
                            .inputs = {condition->inputs[0]}};
        learn(walk, &fact);
    }
}

static void open_block(struct walk *walk, const struct ir_block *block)
{
    walk->now.count = 0;
    bool first = true;
    for (int i = 0; i < block->predecessor_count; i++) {
        const struct ir_block *predecessor = block->predecessors[i];
        if (predecessor->order >= block->order) {
            if (!block->is_loop_header || !ir_dominates(block, predecessor)) {
                walk->now.count = 0;
                return;
            }
            continue;
        }
        if (first) {
            start_with(walk, &walk->ends[predecessor->id]);
            first = false;
        } else {
            intersect(walk, &walk->ends[predecessor->id]);
        }
    }
    if (block->is_loop_header) {
        forget(walk, walk->loop_kills[block->id], NULL);
    }
    learn_from_branch(walk, block);
}

/* What is destroyed in the loop that `header` heads. */
static uint32_t kills_of_loop(const struct ir_block *header, const struct ir_block **stack, uint32_t *marks)
{
    uint32_t kills = 0;
    int depth = 0;
    marks[header->id] = header->id + 1;
    for (int i = 0; i < header->predecessor_count; i++) {
        if (ir_dominates(header, header->predecessors[i])) {
            stack[depth++] = header->predecessors[i];
        }
    }
    const struct ir_block *block = header;
    for (;;) {
        ir_each_node(block, node)
        {
            kills |= pass_kills(node);
        }
        do {
            if (depth == 0) {
                return kills;
            }
            block = stack[--depth];
        } while (marks[block->id] == header->id + 1);
        marks[block->id] = header->id + 1;
        for (int i = 0; i < block->predecessor_count; i++) {
            if (marks[block->predecessors[i]->id] != header->id + 1) {
                stack[depth++] = block->predecessors[i];
            }
        }
    }
}

static bool find_loop_kills(struct walk *walk)
{
    size_t blocks = walk->graph->block_count;
    size_t edges = 0;
    ir_each_block(walk->graph, block)
    {
        edges += (size_t)block->predecessor_count;
    }
    const struct ir_block **stack = calloc(2 * edges + blocks + 1, sizeof *stack);
    uint32_t *marks = calloc(blocks + 1, sizeof *marks);
    bool done = stack != NULL && marks != NULL;
    ir_each_block(walk->graph, block)
    {
        if (done && block->is_loop_header) {
            walk->loop_kills[block->id] = kills_of_loop(block, stack, marks);
        }
    }
    free(stack);
    free(marks);
    return done;
}

void pass_redundancy(struct ir_graph *graph)
{
    struct walk walk = {.graph = graph};
    walk.ends = calloc(graph->block_count + 1, sizeof *walk.ends);
    walk.loop_kills = calloc(graph->block_count + 1, sizeof *walk.loop_kills);
    if (walk.ends == NULL || walk.loop_kills == NULL || !find_loop_kills(&walk)) {
        graph->out_of_memory = true;
    }
    ir_each_block(graph, block)
    {
        if (graph->out_of_memory) {
            break;
        }
        open_block(&walk, block);
        ir_each_node(block, node)
        {
            visit(&walk, node);
        }
        struct facts *end = &walk.ends[block->id];
        if (walk.now.count > 0 && reserve(&walk, end, walk.now.count)) {
            memcpy(end->rows, walk.now.rows, (size_t)walk.now.count * sizeof *walk.now.rows);
            end->count = walk.now.count;
        }
    }
    ir_resolve(graph);
    for (uint32_t i = 0; walk.ends != NULL && i < graph->block_count; i++) {
        free(walk.ends[i].rows);
    }
    free(walk.ends);
    free(walk.loop_kills);
    free(walk.now.rows);
}
