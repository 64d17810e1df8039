/* tier2/build.c: the walk over the bytecode: blocks, merges, loops; see build.h.
 *
 * A merge takes each of its incoming blocks up again, brings locals and operands into the form all agree on, and jumps. A loop header
 * must decide on that form before its back edges are known: it guesses, and when a back edge proves the guess wrong
 * the graph is made again with a better one (loop_guess). A guess only ever moves from unknown to a number's kind to KIND_any, so this ends.
 */
#include "tier2/build.h"

#include "runtime/compiler_memory.h"

#include <stdlib.h>
#include <string.h>

/* More attempts than this mean that something is wrong. */
enum { MOST_ATTEMPTS = 60 };

/* Inlining: so many instructions in all, fewer in a function called directly, where recursion has no other end; and so many frames one in another. */
enum { MOST_INLINED_IN_DIRECT = 120 };
enum { MOST_INLINED = 500, MOST_FRAMES = 7 };

static const struct instruction *at(const struct builder *builder, int number)
{
    return &builder->bytecode->instructions[number];
}

/* ---- Open blocks ------------------------------------------------------------------------------------------------ */

/* The current block goes to instruction `target`, with what stands where now; there is no current block then. */
static void add_incoming(struct builder *builder, int target)
{
    size_t variables = (size_t)builder->local_count * sizeof(struct variable);
    size_t operands = (size_t)builder->depth * sizeof(struct operand);
    struct incoming *incoming = ir_allocate(builder->graph, sizeof *incoming);
    struct variable *saved_variables = ir_allocate(builder->graph, variables + 1);
    struct operand *saved_operands = ir_allocate(builder->graph, operands + 1);
    if (incoming != NULL && saved_variables != NULL && saved_operands != NULL) {
        incoming->block = builder->block;
        incoming->variables = memcpy(saved_variables, builder->variables, variables);
        incoming->operands = memcpy(saved_operands, builder->operands, operands);
        /* What this way does to them is nothing to the other ways of a branch. */
        struct variable *own_variables = builder->variables;
        struct operand *own_operands = builder->operands;
        builder->variables = saved_variables;
        builder->operands = saved_operands;
        build_settle_lent_for(builder, target);
        builder->variables = own_variables;
        builder->operands = own_operands;
        struct incoming **end = &builder->info[target].incoming;
        while (*end != NULL) {
            end = &(*end)->next;
        }
        *end = incoming;
    }
    builder->block = NULL;
}

/* Goes on where an open block ended. */
static void take_up(struct builder *builder, const struct incoming *incoming, int depth)
{
    builder->block = incoming->block;
    builder->depth = depth;
    memcpy(builder->variables, incoming->variables, (size_t)builder->local_count * sizeof(struct variable));
    memcpy(builder->operands, incoming->operands, (size_t)depth * sizeof(struct operand));
    build_begin_instruction(builder);
}

static void connect_by_jump(struct builder *builder, struct ir_block *target)
{
    build_node(builder, IR_jump, 0, NULL);
    ir_connect(builder->graph, builder->block, 0, target);
}

void build_leave(struct builder *builder)
{
    struct ir_node *leave = build_node(builder, IR_leave, 0, NULL);
    leave->state = build_state_before(builder);
    builder->block = NULL;
}

struct ir_block *build_split(struct builder *builder, struct ir_node *condition, int likely)
{
    struct ir_node *branch = build_node1(builder, IR_branch, condition);
    branch->number = likely;
    struct ir_block *from = builder->block;
    struct ir_block *ways[2] = {ir_block_new(builder->graph), ir_block_new(builder->graph)};
    ir_connect(builder->graph, from, 0, ways[0]);
    ir_connect(builder->graph, from, 1, ways[1]);
    builder->block = ways[0];
    return ways[1];
}

void build_branch(struct builder *builder, struct ir_node *condition, bool sense, int target, bool escaped)
{
    struct ir_block *other = build_split(builder, condition, 0);
    struct ir_block *ways[2] = {sense ? builder->block : other, sense ? other : builder->block};
    int next[2] = {target, builder->current + 1};
    for (int i = 0; i < 2; i++) {
        builder->block = ways[i];
        if (escaped) {
            build_finish_escape(builder, next[i]);
        }
        if (i == 0) {
            build_jump(builder, target);
        }
    }
}

/* ---- Merges --------------------------------------------------------------------------------------------------------- */

/* What all ways to a merge can agree on for a local: raw of some kind, its home, or unbound. */
static struct variable agree_on_variable(const struct incoming *first, int local)
{
    struct variable agreed = first->variables[local];
    for (const struct incoming *incoming = first->next; incoming != NULL; incoming = incoming->next) {
        const struct variable *variable = &incoming->variables[local];
        enum ir_type type = agreed.state == VARIABLE_RAW ? agreed.value->type : IR_OBJECT;
        bool maybe_unbound = agreed.maybe_unbound || variable->maybe_unbound;
        bool maybe_other = agreed.maybe_other || variable->maybe_other;
        if (variable->state == VARIABLE_UNBOUND) {
            agreed.maybe_unbound = agreed.state != VARIABLE_UNBOUND;
            continue;
        }
        if (agreed.state == VARIABLE_UNBOUND) {
            agreed = *variable;
            maybe_unbound = true;
        } else if (variable->state != agreed.state || (type != IR_OBJECT && variable->value->type != type)) {
            agreed.state = VARIABLE_HOME;
        }
        agreed.maybe_unbound = maybe_unbound;
        agreed.maybe_other = maybe_other;
    }
    return agreed;
}

struct ir_node *build_phi(struct builder *builder, struct ir_block *block, struct ir_node *const *values, int count)
{
    bool same = true;
    bool same_kind = true;
    for (int i = 0; i < count; i++) {
        if (values[i] == NULL) {
            return NULL;
        }
        const struct ir_node *value = values[i];
        same &= value == values[0] || (ir_is_constant(value) && value->op == values[0]->op &&
                                       value->number == values[0]->number && value->pointer == values[0]->pointer);
        same_kind &= value->kind == values[0]->kind;
    }
    if (same && values[0]->op != IR_constant_bool) {
        /* A constant of one way in does not dominate the merge. */
        bool dominates = !ir_is_constant(values[0]) || count == 1;
        if (dominates) {
            return values[0];
        }
    }
    if (same && ir_is_constant(values[0])) {
        struct ir_node *copy = ir_append(builder->graph, block, (enum ir_op)values[0]->op, 0, NULL);
        copy->number = values[0]->number;
        copy->pointer = values[0]->pointer;
        copy->kind = values[0]->kind;
        copy->place = values[0]->place;
        build_copy_guess(copy, values[0]);
        return copy;
    }
    struct ir_node *phi = ir_phi(builder->graph, block, (enum ir_type)values[0]->type, count);
    for (int i = 0; i < count; i++) {
        phi->inputs[i] = values[i];
        if (phi->sample == NULL && (values[i]->sample != NULL || phi->class == NULL)) {
            build_copy_guess(phi, values[i]);
        }
        if (phi->class == NULL && values[i]->op == IR_new_instance) {
            phi->class = (void *)values[i]->pointer;
        }
    }
    phi->kind = same_kind ? values[0]->kind : KIND_any;
    return phi;
}

struct merge {
    int count, depth;
    struct incoming **ways;
    struct ir_node **values; /* scratch, `count` of them */
};

/* Brings local `local` into the agreed form on every way; the values are left in merge->values. */
static void convert_variable(struct builder *builder, struct merge *merge, int local, const struct variable *agreed)
{
    for (int i = 0; i < merge->count; i++) {
        take_up(builder, merge->ways[i], merge->depth);
        if (agreed->state == VARIABLE_RAW) {
            merge->values[i] = variable_to_raw(builder, local, build_kind_of_raw(agreed->value));
        } else {
            merge->values[i] = variable_to_home(builder, local);
        }
        memcpy(merge->ways[i]->variables, builder->variables, (size_t)builder->local_count * sizeof(struct variable));
    }
}

/* A local of an inlined function that is unbound on some ways gets a value there that stands for nothing. Is there such a way? */
static bool bind_everywhere(struct builder *builder, struct merge *merge, int local)
{
    bool any = false, all = true;
    enum ir_kind kind = KIND_any;
    bool raw = true;
    for (int i = 0; i < merge->count; i++) {
        const struct variable *variable = &merge->ways[i]->variables[local];
        bool unbound = variable->state == VARIABLE_UNBOUND;
        any |= unbound || variable->clean != NULL;
        all &= unbound;
        if (!unbound) {
            raw &= variable->state == VARIABLE_RAW;
            kind = variable->state == VARIABLE_RAW ? build_kind_of_raw(variable->value) : kind;
        }
    }
    for (int i = 0; i < merge->count && any && !all; i++) {
        if (merge->ways[i]->variables[local].state == VARIABLE_UNBOUND) {
            take_up(builder, merge->ways[i], merge->depth);
            build_bind_to_nothing(builder, local, raw ? kind : KIND_any);
            memcpy(merge->ways[i]->variables, builder->variables,
                   (size_t)builder->local_count * sizeof(struct variable));
        }
    }
    return any && !all;
}

/* The same for a local of an inlined function: raw where it is on all ways, else an object. */
static struct variable merge_without_home(struct builder *builder, struct merge *merge, struct ir_block *block,
                                          int local)
{
    bool any_unbound = bind_everywhere(builder, merge, local);
    const struct variable first = merge->ways[0]->variables[local];
    bool all_raw = true, any_owned = false, any_passing = false, same = true, have_raw = true;
    const struct ir_node *raw = first.state == VARIABLE_RAW ? first.value : first.raw;
    for (int i = 0; i < merge->count; i++) {
        const struct variable *variable = &merge->ways[i]->variables[local];
        const struct ir_node *other = variable->state == VARIABLE_RAW ? variable->value : variable->raw;
        have_raw &= other != NULL && raw != NULL && other->type == raw->type;
        all_raw &= variable->state == VARIABLE_RAW && have_raw;
        any_owned |= variable->owned || variable->state == VARIABLE_RAW;
        any_passing |= variable->passing;
        same &= variable->value == first.value;
    }
    if (first.state == VARIABLE_UNBOUND) {
        return first;
    }
    struct variable result = {.state = all_raw ? VARIABLE_RAW : VARIABLE_OBJECT};
    struct ir_node **raws = ir_allocate(builder->graph, (size_t)merge->count * sizeof *raws);
    if (raws == NULL) {
        return first;
    }
    result.owned = !all_raw && (any_owned || !same);
    result.passing = !result.owned && any_passing;
    for (int i = 0; i < merge->count; i++) {
        take_up(builder, merge->ways[i], merge->depth);
        struct variable *variable = &builder->variables[local];
        raws[i] = variable->state == VARIABLE_RAW ? variable->value : variable->raw;
        if (!all_raw) {
            variable_to_home(builder, local);
            if (result.owned && !variable->owned) {
                build_node1(builder, IR_hold, variable->value);
                variable->owned = 1;
                variable->passing = variable->fetched = 0;
            }
        }
        merge->values[i] = variable->value;
        memcpy(merge->ways[i]->variables, builder->variables, (size_t)builder->local_count * sizeof(struct variable));
    }
    result.value = build_phi(builder, block, merge->values, merge->count);
    if (!all_raw && have_raw && !any_unbound) {
        result.raw = build_phi(builder, block, raws, merge->count);
    }
    if (any_unbound) {
        for (int i = 0; i < merge->count; i++) {
            struct ir_node *unbound = merge->ways[i]->variables[local].clean;
            builder->block = merge->ways[i]->block;
            merge->values[i] = unbound != NULL ? unbound : build_bool(builder, false);
        }
        result.clean = build_phi(builder, block, merge->values, merge->count);
    }
    return result;
}

/* What all ways agree on, per local. What goes to its home somewhere is there before anything is said of other locals, which may be the same
 * object. NULL: no memory. */
static struct variable *agree(struct builder *builder, struct merge *merge)
{
    struct variable *agreed = ir_allocate(builder->graph, (size_t)builder->local_count * sizeof *agreed + 1);
    for (int local = 0; agreed != NULL && local < builder->local_count; local++) {
        agreed[local] = agree_on_variable(merge->ways[0], local);
    }
    for (int local = 0; agreed != NULL && local < builder->local_count; local++) {
        if (agreed[local].state == VARIABLE_HOME) {
            convert_variable(builder, merge, local, &agreed[local]);
        }
    }
    return agreed;
}

static struct variable merge_variable(struct builder *builder, struct merge *merge, struct ir_block *block, int local,
                                      struct variable agreed)
{
    if (agreed.state == VARIABLE_UNBOUND) {
        return agreed;
    }
    convert_variable(builder, merge, local, &agreed);
    struct variable result = {
        .state = agreed.state, .maybe_unbound = agreed.maybe_unbound, .maybe_other = agreed.maybe_other};
    result.value = build_phi(builder, block, merge->values, merge->count);
    if (agreed.state == VARIABLE_HOME) {
        bool missing = agreed.maybe_unbound || agreed.maybe_other;
        result = (struct variable){.state = VARIABLE_HOME, .is_simple = 1, .value = missing ? NULL : result.value};
        for (int i = 0; i < merge->count; i++) {
            result.is_simple &= variable_is_simple(&merge->ways[i]->variables[local]);
        }
        return result;
    }
    bool any = false;
    for (int i = 0; i < merge->count; i++) {
        any |= merge->ways[i]->variables[local].clean != NULL;
    }
    if (any) {
        for (int i = 0; i < merge->count; i++) {
            struct ir_node *clean = merge->ways[i]->variables[local].clean;
            builder->block = merge->ways[i]->block;
            merge->values[i] = clean != NULL ? clean : build_bool(builder, false);
        }
        result.clean = build_phi(builder, block, merge->values, merge->count);
    }
    return result;
}

/* The same node, or equal constants? */
static bool is_equal_number(const struct ir_node *a, const struct ir_node *b)
{
    return a == b || (ir_is_constant(a) && a->op == b->op && a->number == b->number);
}

/* Two ways to say the same number of the same object? Constants stand in their homes. */
static bool is_one_number(const struct ir_node *a, const struct ir_node *clean_a, const struct ir_node *b,
                          const struct ir_node *clean_b)
{
    bool in_homes = build_is_true(clean_a) && build_is_true(clean_b);
    return a == b || (in_homes && is_equal_number(a, b));
}

/* Two raw locals that are one object on all ways are one afterwards. */
static void share_phi(const struct merge *merge, struct variable *variables, int local)
{
    for (int other = 0; other < local && variables[local].state == VARIABLE_RAW; other++) {
        bool same = variables[other].state == VARIABLE_RAW;
        bool is_computed = false;
        for (int i = 0; same && i < merge->count; i++) {
            const struct variable *on_way = merge->ways[i]->variables;
            same = on_way[other].state == VARIABLE_RAW && on_way[local].state == VARIABLE_RAW &&
                   is_one_number(on_way[other].value, on_way[other].clean, on_way[local].value, on_way[local].clean);
            is_computed |= same && !ir_is_constant(on_way[local].value);
        }
        if (same && is_computed) {
            variables[local].value = variables[other].value;
        }
    }
}

static struct operand merge_operand(struct builder *builder, struct merge *merge, struct ir_block *block, int index)
{
    struct operand first = merge->ways[0]->operands[index];
    bool same = true;
    bool same_constant = first.state == OPERAND_BORROWED && first.value->op == IR_constant_object;
    bool raw = first.state == OPERAND_RAW;
    for (int i = 1; i < merge->count; i++) {
        const struct operand *other = &merge->ways[i]->operands[index];
        same_constant = same_constant && other->state == first.state && other->local == first.local &&
                        other->value->op == IR_constant_object && other->value->pointer == first.value->pointer;
        same &= other->state == first.state && other->value == first.value && other->index == first.index;
        raw &= other->state == OPERAND_RAW && other->value->type == first.value->type;
    }
    if (same) {
        if (first.value != NULL && ir_is_constant(first.value) && merge->count > 1) {
            same = false;
        } else {
            return first;
        }
    }
    if (first.state == OPERAND_NULL) {
        return first;
    }
    if (same_constant && merge->count > 1) {
        for (int i = 0; i < merge->count; i++) {
            merge->values[i] = merge->ways[i]->operands[index].value;
        }
        first.value = build_phi(builder, block, merge->values, merge->count);
        return first;
    }
    for (int i = 0; i < merge->count; i++) {
        take_up(builder, merge->ways[i], merge->depth);
        struct operand *operand = &builder->operands[index];
        merge->values[i] = raw ? operand->value : operand_owned(builder, operand);
        memcpy(merge->ways[i]->variables, builder->variables, (size_t)builder->local_count * sizeof(struct variable));
        merge->ways[i]->operands[index] = *operand;
    }
    return (struct operand){.state = raw ? OPERAND_RAW : OPERAND_OWNED,
                            .local = -1,
                            .value = build_phi(builder, block, merge->values, merge->count)};
}

/* Begins instruction `number`, to which the open blocks in its `incoming` lead: they are joined. */
static void merge_incoming(struct builder *builder, int number)
{
    struct merge merge = {.depth = at(builder, number)->depth};
    for (struct incoming *incoming = builder->info[number].incoming; incoming != NULL; incoming = incoming->next) {
        merge.count++;
    }
    if (merge.count == 1) {
        take_up(builder, builder->info[number].incoming, merge.depth);
        return;
    }
    size_t pointers = (size_t)merge.count * sizeof(void *);
    merge.ways = ir_allocate(builder->graph, pointers);
    merge.values = ir_allocate(builder->graph, pointers);
    size_t variable_bytes = (size_t)builder->local_count * sizeof(struct variable);
    size_t operand_bytes = (size_t)merge.depth * sizeof(struct operand);
    struct variable *variables = ir_allocate(builder->graph, variable_bytes + 1);
    struct operand *operands = ir_allocate(builder->graph, operand_bytes + 1);
    if (builder->graph->out_of_memory) {
        return;
    }
    int count = 0;
    for (struct incoming *incoming = builder->info[number].incoming; incoming != NULL; incoming = incoming->next) {
        merge.ways[count++] = incoming;
    }
    struct ir_block *block = ir_block_new(builder->graph);
    builder->settling = true;
    for (int index = 0; index < merge.depth; index++) {
        operands[index] = merge_operand(builder, &merge, block, index);
    }
    const struct variable *agreed = builder->is_virtual ? NULL : agree(builder, &merge);
    if (builder->graph->out_of_memory) {
        return;
    }
    for (int local = 0; local < builder->local_count; local++) {
        variables[local] = agreed != NULL ? merge_variable(builder, &merge, block, local, agreed[local])
                                          : merge_without_home(builder, &merge, block, local);
        share_phi(&merge, variables, local);
    }
    builder->settling = false;
    for (int i = 0; i < merge.count; i++) {
        builder->block = merge.ways[i]->block;
        connect_by_jump(builder, block);
    }
    builder->block = block;
    builder->depth = merge.depth;
    memcpy(builder->variables, variables, variable_bytes);
    memcpy(builder->operands, operands, operand_bytes);
    /* A raw operand that stands in a local, too, goes on doing so only where both are the same value. */
    for (int index = 0; index < merge.depth; index++) {
        struct operand *operand = &builder->operands[index];
        if (operand->state == OPERAND_RAW && operand->local >= 0 &&
            builder->variables[operand->local].value != operand->value) {
            operand->local = -1;
        }
    }
    build_begin_instruction(builder);
}

/* ---- Loops ------------------------------------------------------------------------------------------------------------ */

static bool changes_local(const struct builder *builder, int header, int local)
{
    for (int i = header; i <= builder->info[header].loop_end; i++) {
        const struct instruction *instruction = at(builder, i);
        if ((instruction->opcode == STORE_FAST || instruction->opcode == DELETE_FAST) &&
            instruction->oparg == local) {
            return true;
        }
    }
    return false;
}

/* Does the loop read the local's value of the turn before, or of before the loop? */
static bool is_read_first(const struct builder *builder, int header, int local)
{
    int end = builder->info[header].loop_end;
    bool *seen = ir_allocate(builder->graph, (size_t)(end - header + 1) * sizeof *seen);
    int *stack = ir_allocate(builder->graph, 2 * (size_t)(end - header + 2) * sizeof *stack);
    if (seen == NULL || stack == NULL) {
        return true;
    }
    int depth = 0;
    stack[depth++] = header;
    while (depth > 0) {
        int number = stack[--depth];
        if (number < header || number > end || seen[number - header]) {
            continue;
        }
        seen[number - header] = true;
        const struct instruction *instruction = at(builder, number);
        if ((instruction->opcode == LOAD_FAST || instruction->opcode == DELETE_FAST) && instruction->oparg == local) {
            return true;
        }
        if (instruction->opcode == STORE_FAST && instruction->oparg == local) {
            continue;
        }
        if (instruction->target >= 0) {
            stack[depth++] = instruction->target;
        }
        if (!(opcode_flags(instruction->opcode) & OPCODE_NEVER_FALLS_THROUGH)) {
            stack[depth++] = number + 1;
        }
    }
    return false;
}

/* The number of jumps back to `header`. */
static int count_back_edges(const struct builder *builder, int header)
{
    int count = 0;
    for (int i = header; i <= builder->info[header].loop_end; i++) {
        const struct instruction *instruction = at(builder, i);
        count += instruction->depth >= 0 && instruction->target == header;
    }
    return count;
}

/* Decides how a local stands at the header: in the first attempt as it comes in, unless its type has been observed. */
static enum ir_kind guess_kind(struct builder *builder, int header, int local, bool changes)
{
    struct loop_guess *guess = &builder->info[header].guesses[local];
    const struct variable *variable = &builder->variables[local];
    if (guess->late && build_has_failed(builder, IR_guard_home) && !variable_is_simple(variable)) {
        return KIND_any;
    }
    if (variable->state == VARIABLE_HOME && !guess->late && build_has_failed(builder, IR_guard_kind)) {
        return KIND_any;
    }
    if (!guess->known) {
        if (variable->state == VARIABLE_RAW && changes) {
            guess->kind = build_kind_of_raw(variable->value);
            guess->known = 1;
        } else if (variable->state == VARIABLE_HOME && builder->observed != NULL && builder->is_entry_loop &&
                   builder->observed[local] != KIND_any && is_read_first(builder, header, local)) {
            guess->kind = builder->observed[local];
            guess->known = 1;
        }
    }
    return guess->known ? (enum ir_kind)guess->kind : KIND_any;
}

/* The range iterator on top, at the FOR_ITER that heads the loop: its fields into registers. Nobody else may have it. */
static void open_range_iterator(struct builder *builder)
{
    struct operand *operand = peek(builder, 0);
    if (operand->state != OPERAND_OWNED) {
        return;
    }
    struct ir_node *object = operand->value;
    if (object->kind == KIND_any) {
        object = build_guard1(builder, IR_guard_kind, object);
        object->kind = KIND_range_iterator;
    } else if (object->kind != KIND_range_iterator) {
        return;
    }
    struct ir_node *alone = build_guard1(builder, IR_guard_word, object);
    alone->offset = (int32_t)offsetof(PyObject, ob_refcnt);
    alone->number = 1 + build_iterator_is_local(builder);
    static const struct {
        int32_t offset;
        enum ir_memory memory;
    } fields[4] = {
        {offsetof(struct range_iterator, index), MEMORY_iterator},
        {offsetof(struct range_iterator, start), MEMORY_constant},
        {offsetof(struct range_iterator, step), MEMORY_constant},
        {offsetof(struct range_iterator, length), MEMORY_constant},
    };
    struct ir_node *loads[4];
    for (int i = 0; i < 4; i++) {
        loads[i] = build_node1(builder, IR_load, object);
        loads[i]->type = IR_INT;
        loads[i]->offset = fields[i].offset;
        loads[i]->memory = (uint8_t)fields[i].memory;
    }
    *operand = (struct operand){.state = OPERAND_ITERATOR,
                                .local = -1,
                                .value = object,
                                .index = loads[0],
                                .start = loads[1],
                                .step = loads[2],
                                .length = loads[3]};
    const struct range_iterator *sample = object->sample;
    bool falls =
        sample != NULL && Py_TYPE(sample) == runtime_data.range_iterator_type && (sample->start | sample->step) < 0;
    if (!falls && !build_has_failed(builder, IR_guard_true)) {
        struct ir_node *either = build_node2(builder, IR_int_or, loads[1], loads[2]);
        struct ir_node *rises = build_node2(builder, IR_int_compare, either, build_int(builder, 0));
        rises->number = Py_GE;
        build_guard1(builder, IR_guard_true, rises);
        operand->rises = true;
    }
}

/* What the iterator of the loop is, if it has one, as far as that never changes. */
static void open_iterator(struct builder *builder, int header)
{
    build_own_operands(builder);
    build_begin_instruction(builder);
    if (at(builder, header)->opcode == FOR_ITER &&
        (builder->range_guess[header] || build_iterator_is_range(builder))) {
        open_range_iterator(builder);
    }
    if (at(builder, header)->opcode == FOR_ITER) {
        build_open_iterator(builder);
    }
}

static struct ir_node *open_phi(struct builder *builder, struct ir_block *block, struct ir_node *first, int count)
{
    struct ir_node *phi = ir_phi(builder->graph, block, (enum ir_type)first->type, count);
    phi->inputs[0] = first;
    build_copy_guess(phi, first);
    if (first->op == IR_new_instance) {
        phi->class = (void *)first->pointer;
    }
    return phi;
}

/* Before a loop of an inlined function: a local that the loop changes stands as a raw number in it, if it does so on all ways, else as an object with a reference of its
 * own; one that it does not change stays as it is, unless an object is made of it on the way. */
static void open_variable_without_home(struct builder *builder, int local, struct loop_guess *guess, bool changes)
{
    struct variable *variable = &builder->variables[local];
    bool as_object = guess->known && guess->kind == KIND_any;
    if (changes && variable->state == VARIABLE_UNBOUND) {
        build_bind_to_nothing(builder, local, guess->known ? (enum ir_kind)guess->kind : KIND_any);
    } else if (changes && variable->state == VARIABLE_OBJECT && !as_object && variable->raw != NULL &&
               variable->value->op == IR_constant_object) {
        /* As in `total = 0.0`. */
        if (variable->owned) {
            build_node1(builder, IR_drop, variable->value)->flags |= NODE_SIMPLE;
        }
        *variable = (struct variable){.state = VARIABLE_RAW, .value = variable->raw, .clean = variable->clean};
    }
    if (changes && variable->state == VARIABLE_RAW && !guess->known) {
        *guess = (struct loop_guess){.kind = (uint8_t)build_kind_of_raw(variable->value), .known = 1};
    }
    if (variable->state == VARIABLE_RAW &&
        (as_object || (changes && guess->kind != build_kind_of_raw(variable->value)))) {
        variable_to_home(builder, local);
    }
    if (changes && variable->state == VARIABLE_OBJECT && !variable->owned) {
        build_node1(builder, IR_hold, variable->value);
        variable->owned = 1;
        variable->passing = variable->fetched = 0;
    }
}

/* The local that is one number with `local` in the loop, as the guess says, and has its phi in `block`; or -1. */
static int twin_of(const struct builder *builder, const struct block_info *info, const struct ir_block *block,
                   int local)
{
    int twin = info->guesses[local].twin - 1;
    if (twin < 0 || builder->variables[twin].state != VARIABLE_RAW) {
        return -1;
    }
    const struct ir_node *phi = builder->variables[twin].value;
    return phi->op == IR_phi && phi->block == block ? twin : -1;
}

/* The walk has come to a loop header: phis for what the loop changes. */
static void open_loop(struct builder *builder, int header)
{
    struct block_info *info = &builder->info[header];
    int edges = 1 + count_back_edges(builder, header);
    build_settle_lent_for(builder, header);
    open_iterator(builder, header);
    struct ir_block *block = ir_block_new(builder->graph);
    size_t variable_bytes = (size_t)builder->local_count * sizeof(struct variable);
    size_t operand_bytes = (size_t)builder->depth * sizeof(struct operand);
    info->variables = ir_allocate(builder->graph, variable_bytes + 1);
    info->operands = ir_allocate(builder->graph, operand_bytes + 1);
    if (builder->graph->out_of_memory) {
        return;
    }
    bool *changes = ir_allocate(builder->graph, (size_t)builder->local_count + 1);
    for (int local = 0; changes != NULL && local < builder->local_count; local++) {
        struct variable *variable = &builder->variables[local];
        changes[local] = changes_local(builder, header, local);
        if (builder->is_virtual) {
            open_variable_without_home(builder, local, &info->guesses[local], changes[local]);
            continue;
        }
        enum ir_kind kind = guess_kind(builder, header, local, changes[local]);
        if (build_is_number(kind) && info->guesses[local].late) {
            variable_to_late_raw(builder, local, kind);
            variable->maybe_other = 1;
        } else if (build_is_number(kind)) {
            if (variable_to_raw(builder, local, kind) == NULL) {
                info->guesses[local] = (struct loop_guess){.kind = KIND_any, .known = 1};
                builder->retry = true;
            }
        } else if (changes[local] && variable->state == VARIABLE_RAW) {
            variable_to_home(builder, local);
        } else if (kind != KIND_any && variable->state == VARIABLE_HOME) {
            build_load_fast(builder, local);
            struct operand operand = pop(builder);
            operand_kind_guard(builder, &operand, kind);
        }
    }
    struct ir_state *state = build_state_now(builder, header);
    connect_by_jump(builder, block);
    block->predecessors[0]->last->state = state;
    for (int local = 0; changes != NULL && local < builder->local_count; local++) {
        struct variable *variable = &builder->variables[local];
        if (!changes[local] || builder->retry) {
            continue;
        }
        int twin = variable->state == VARIABLE_RAW ? twin_of(builder, info, block, local) : -1;
        if (builder->is_virtual) {
            variable->raw = NULL;
            variable->value =
                twin >= 0 ? builder->variables[twin].value : open_phi(builder, block, variable->value, edges);
            if (variable->clean != NULL) {
                variable->clean = open_phi(builder, block, variable->clean, edges);
            }
        } else if (variable->state == VARIABLE_RAW) {
            builder->block = block;
            struct ir_node *clean = variable->clean;
            if (clean == NULL) {
                builder->block = block->predecessors[0];
                clean = ir_insert_before(builder->graph, builder->block->last, IR_constant_bool, 0, NULL);
            }
            variable->value =
                twin >= 0 ? builder->variables[twin].value : open_phi(builder, block, variable->value, edges);
            variable->clean = open_phi(builder, block, clean, edges);
        } else if (variable->state == VARIABLE_HOME && variable->value != NULL && variable_is_bound(builder, local)) {
            enum ir_kind kind = (enum ir_kind)variable->value->kind;
            variable->value = open_phi(builder, block, variable->value, edges);
            const struct loop_guess *guess = &info->guesses[local];
            variable->value->kind = guess->known && guess->kind == kind ? kind : KIND_any;
        } else {
            *variable = (struct variable){.state = VARIABLE_HOME};
        }
    }
    for (int i = 0; i < builder->depth; i++) {
        struct operand *operand = &builder->operands[i];
        if (operand->state == OPERAND_ITERATOR && i == builder->depth - 1 &&
            at(builder, header)->opcode == FOR_ITER) {
            operand->index = open_phi(builder, block, operand->index, edges);
        }
        operand->local = -1;
    }
    builder->block = block;
    info->header = block;
    memcpy(info->variables, builder->variables, variable_bytes);
    memcpy(info->operands, builder->operands, operand_bytes);
    build_begin_instruction(builder);
}

/* What the back edge brings contradicts the guess. */
static void correct_guess(struct builder *builder, int header, int local, enum ir_kind kind)
{
    struct loop_guess *guess = &builder->info[header].guesses[local];
    if (guess->known && guess->kind == KIND_any) {
        return;
    }
    bool may_be_late = build_is_number(kind) && !builder->is_virtual && !guess->late;
    if (may_be_late && !is_read_first(builder, header, local)) {
        *guess = (struct loop_guess){.kind = (uint8_t)kind, .known = 1, .late = 1};
    } else {
        *guess = (struct loop_guess){.kind = guess->known ? KIND_any : kind, .known = 1};
    }
    builder->retry = true;
}

/* The back edge of such a loop, number `edge` of the ways to its header. False: the graph is to be made again. */
static bool close_variable_without_home(struct builder *builder, int header, int local, int edge)
{
    const struct block_info *info = &builder->info[header];
    const struct variable *wanted = &info->variables[local];
    struct variable *variable = &builder->variables[local];
    bool is_phi = wanted->value != NULL && wanted->value->op == IR_phi && wanted->value->block == info->header;
    if (!is_phi) {
        if (variable->state != wanted->state) {
            correct_guess(builder, header, local, KIND_any);
        }
        return variable->state == wanted->state;
    }
    if (wanted->state == VARIABLE_RAW &&
        (variable->state != VARIABLE_RAW || variable->value->type != wanted->value->type)) {
        correct_guess(builder, header, local, KIND_any);
        return false;
    }
    if (wanted->state == VARIABLE_OBJECT) {
        const struct loop_guess *guess = &info->guesses[local];
        if (variable->state == VARIABLE_RAW && wanted->clean != NULL && !guess->known) {
            /* Unbound before the loop, and a number after each turn. */
            correct_guess(builder, header, local, build_kind_of_raw(variable->value));
            return false;
        }
        variable_to_home(builder, local);
        if (!variable->owned) {
            build_node1(builder, IR_hold, variable->value);
        }
    }
    wanted->value->inputs[edge] = variable->value;
    if (wanted->clean != NULL) {
        wanted->clean->inputs[edge] = variable->clean != NULL ? variable->clean : build_bool(builder, false);
    }
    return true;
}

/* Only small loops without another in them. */
static bool may_peel(const struct builder *builder, int header)
{
    enum { MOST_INSTRUCTIONS = 120 };
    int end = builder->info[header].loop_end;
    bool is_innermost = end - header <= MOST_INSTRUCTIONS && !builder->body->peels[header];
    for (int i = header + 1; i <= end && is_innermost; i++) {
        is_innermost = builder->info[i].loop_end < 0;
    }
    return is_innermost;
}

/* A local is a number of one kind before the loop, of another one after a turn: as in `total = 0`, and floats are added. The first turn is to be built
 * apart. */
static void peel(struct builder *builder, int header)
{
    builder->body->peels[header] = true;
    memset(builder->info[header].guesses, 0, (size_t)builder->local_count * sizeof(struct loop_guess));
    builder->retry = true;
}

void build_peel_around(struct builder *builder)
{
    int header = builder->current;
    while (header >= 0 && builder->info[header].loop_end < builder->current) {
        header--;
    }
    if (header >= 0 && builder->info[header].header != NULL && may_peel(builder, header)) {
        peel(builder, header);
    }
}

static bool is_raw_phi(const struct block_info *info, int local)
{
    const struct variable *variable = &info->variables[local];
    return variable->state == VARIABLE_RAW && variable->value->op == IR_phi && variable->value->block == info->header;
}

/* A back edge brings one number for both locals. They are to be one in the loop, too, if they came in as one; else they become one object here, in
 * their homes. Constants come in as one in an inlined function, which has no homes: one box of them is made later, or none was there yet. */
static void join_twins(struct builder *builder, int header, int first, int second)
{
    struct block_info *info = &builder->info[header];
    const struct variable *wanted[2] = {&info->variables[first], &info->variables[second]};
    struct loop_guess *guess = &info->guesses[second];
    const struct ir_node *values[2] = {wanted[0]->value->inputs[0], wanted[1]->value->inputs[0]};
    bool came_as_one = builder->is_virtual ? is_equal_number(values[0], values[1])
                                           : is_one_number(values[0], wanted[0]->clean->inputs[0], values[1],
                                                           wanted[1]->clean->inputs[0]);
    if (guess->twin == 0 && came_as_one) {
        guess->twin = (int16_t)(first + 1);
        builder->retry = true;
        return;
    }
    if (!builder->is_virtual) {
        variable_sync(builder, first);
        variable_sync(builder, second);
    }
}

/* Before a back edge: locals that are one object stay one. */
static void settle_twins(struct builder *builder, int header)
{
    struct block_info *info = &builder->info[header];
    for (int second = 1; second < builder->local_count; second++) {
        const struct variable *variable = &builder->variables[second];
        for (int first = 0; first < second && is_raw_phi(info, second); first++) {
            const struct variable *other = &builder->variables[first];
            bool same = variable->state == VARIABLE_RAW && other->state == VARIABLE_RAW &&
                        is_one_number(variable->value, variable->clean, other->value, other->clean);
            bool is_twin = is_raw_phi(info, first) && info->variables[first].value == info->variables[second].value;
            if (is_twin && !same) {
                info->guesses[second].twin = TWIN_NONE;
                builder->retry = true;
            } else if (same && !is_twin && is_raw_phi(info, first) && !ir_is_constant(variable->value)) {
                join_twins(builder, header, first, second);
            }
        }
    }
}

/* Ends the current block with a jump back to `header`. */
static void close_loop_here(struct builder *builder, int header)
{
    struct block_info *info = &builder->info[header];
    int edge = info->header->predecessor_count;
    build_settle_lent_for(builder, header);
    build_begin_instruction(builder);
    int current = builder->current;
    /* Guards of the conversion, and the breaker, leave at the header. */
    builder->current = header;
    builder->settling = true;
    settle_twins(builder, header);
    for (int local = 0; local < builder->local_count; local++) {
        const struct variable *wanted = &info->variables[local];
        struct variable *variable = &builder->variables[local];
        if (builder->is_virtual) {
            if (!close_variable_without_home(builder, header, local, edge)) {
                builder->current = current;
                return;
            }
            continue;
        }
        bool is_phi = wanted->value != NULL && wanted->value->op == IR_phi && wanted->value->block == info->header;
        if (wanted->state == VARIABLE_RAW) {
            if (!is_phi) {
                continue;
            }
            enum ir_kind kind = build_kind_of_raw(wanted->value);
            if (wanted->maybe_other) {
                variable_to_late_raw(builder, local, kind);
            }
            struct ir_node *raw = variable_to_raw(builder, local, kind);
            bool missing = !wanted->maybe_other &&
                           (variable->maybe_other || (variable->maybe_unbound && !wanted->maybe_unbound));
            if (raw == NULL && variable->state == VARIABLE_RAW && may_peel(builder, header)) {
                peel(builder, header);
                return;
            }
            if (raw == NULL || missing) {
                bool is_raw = variable->state == VARIABLE_RAW;
                correct_guess(builder, header, local, is_raw ? build_kind_of_raw(variable->value) : KIND_any);
                return;
            }
            wanted->value->inputs[edge] = raw;
            wanted->clean->inputs[edge] = variable->clean != NULL ? variable->clean : build_bool(builder, false);
        } else if (is_phi || wanted->value == NULL) {
            bool may_stay =
                variable->clean != NULL && !is_phi && wanted->value == NULL && is_read_first(builder, header, local);
            if (variable->state == VARIABLE_RAW && !may_stay) {
                correct_guess(builder, header, local, build_kind_of_raw(variable->value));
            }
            struct ir_node *object = variable_to_home(builder, local);
            if (is_phi) {
                if (object == NULL) {
                    object = build_node(builder, IR_load_home, 0, NULL);
                    object->number = local;
                }
                wanted->value->inputs[edge] = object;
                if (wanted->value->kind != KIND_any && object->kind != wanted->value->kind) {
                    correct_guess(builder, header, local, KIND_any);
                }
            }
        }
    }
    for (int i = 0; i < builder->depth; i++) {
        const struct operand *wanted = &info->operands[i];
        if (wanted->state == OPERAND_ITERATOR && wanted->index->op == IR_phi &&
            wanted->index->block == info->header) {
            struct operand *operand = &builder->operands[i];
            if (operand->state != OPERAND_ITERATOR) {
                /* It was closed on the way: its index is in memory again. */
                operand->index = build_node1(builder, IR_load, operand->value);
                operand->index->type = IR_INT;
                operand->index->offset = (int32_t)offsetof(struct range_iterator, index);
                operand->index->memory = MEMORY_iterator;
            }
            wanted->index->inputs[edge] = operand->index;
        }
    }
    struct ir_node *breaker = build_node(builder, IR_guard_breaker, 0, NULL);
    breaker->state = build_state_now(builder, header);
    connect_by_jump(builder, info->header);
    builder->settling = false;
    builder->current = current;
    builder->block = NULL;
}

/* The same; what stands where is afterwards as it was before, for the other way of a branch. */
static void close_loop(struct builder *builder, int header)
{
    size_t variable_bytes = (size_t)builder->local_count * sizeof(struct variable);
    size_t operand_bytes = (size_t)builder->depth * sizeof(struct operand);
    struct variable *variables = ir_allocate(builder->graph, variable_bytes + 1);
    struct operand *operands = ir_allocate(builder->graph, operand_bytes + 1);
    if (variables == NULL || operands == NULL) {
        return;
    }
    memcpy(variables, builder->variables, variable_bytes);
    memcpy(operands, builder->operands, operand_bytes);
    close_loop_here(builder, header);
    memcpy(builder->variables, variables, variable_bytes);
    memcpy(builder->operands, operands, operand_bytes);
    builder->before = NULL;
}

void build_note_kind(struct builder *builder, int local, enum ir_kind kind)
{
    for (int header = builder->current; header >= 0; header--) {
        struct block_info *info = &builder->info[header];
        if (info->loop_end >= builder->current && info->header != NULL && !info->guesses[local].known &&
            !changes_local(builder, header, local)) {
            info->guesses[local] = (struct loop_guess){.kind = (uint8_t)kind, .known = 1};
            builder->retry = true;
        }
    }
}

void build_jump(struct builder *builder, int target)
{
    if (builder->block == NULL || builder->graph->out_of_memory) {
        return;
    }
    if (target <= builder->current && builder->info[target].header != NULL) {
        close_loop(builder, target);
        builder->block = NULL;
    } else if (target == builder->peeling) {
        add_incoming(builder, target);
    } else if (target <= builder->current) {
        /* The header of a loop around the one that is entered: tier 1 goes on there. */
        struct ir_node *leave = build_node(builder, IR_leave, 0, NULL);
        leave->state = build_state_now(builder, target);
        leave->flags |= NODE_QUIET;
        builder->block = NULL;
    } else {
        add_incoming(builder, target);
    }
}

/* ---- The walk ------------------------------------------------------------------------------------------------------------ */

/* While tracemalloc traces, every allocation must find the frame at its line: that is tier 1's business. */
static void guard_untraced(struct builder *builder)
{
    struct ir_node *configuration = build_node(builder, IR_constant_object, 0, NULL);
    configuration->pointer = runtime_data.tracemalloc;
    struct ir_node *guard = build_guard1(builder, IR_guard_half, configuration);
    guard->offset = (int32_t)offsetof(struct _PyTraceMalloc_Config, tracing);
    guard->flags |= NODE_QUIET;
}

/* The function's start, or the loop header that is entered from tier 1. */
static void open_entry(struct builder *builder, int start)
{
    builder->block = ir_block_new(builder->graph);
    builder->current = start;
    const struct instruction *instruction = at(builder, start);
    for (int local = 0; local < builder->local_count; local++) {
        bool is_argument = local < builder->code->co_argcount + builder->code->co_kwonlyargcount +
                                       ((builder->code->co_flags & CO_VARARGS) != 0) +
                                       ((builder->code->co_flags & CO_VARKEYWORDS) != 0);
        builder->variables[local] =
            (struct variable){.state = start > 0 || is_argument ? VARIABLE_HOME : VARIABLE_UNBOUND};
    }
    builder->depth = 0;
    for (int i = 0; i < instruction->depth; i++) {
        struct ir_node *operand = build_node(builder, IR_load_operand, 0, NULL);
        operand->number = i;
        operand->sample = builder->samples != NULL ? builder->samples[builder->local_count + i] : NULL;
        push_owned(builder, operand);
    }
    build_begin_instruction(builder);
    guard_untraced(builder);
    build_guard_namespaces(builder);
}

/* What comes back to `header` is collected there, for the loop that the other turns are. */
static void begin_first_turn(struct builder *builder, int header)
{
    build_settle_lent_for(builder, header);
    open_iterator(builder, header);
    builder->info[header].incoming = NULL;
    builder->peeling = header;
}

/* The walk has come to instruction `next`, behind the loop: it goes on at its header once more. */
static int end_first_turn(struct builder *builder, int next)
{
    int header = builder->peeling;
    builder->current = next - 1;
    if (builder->block != NULL) {
        add_incoming(builder, next);
    }
    for (int i = header + 1; i < next; i++) {
        builder->info[i].incoming = NULL;
    }
    builder->peeling = -1;
    return header;
}

void build_walk_range(struct builder *builder, int start, int end)
{
    int peeled = -1;
    for (int number = start;; number++) {
        if (builder->peeling >= 0 && number > builder->info[builder->peeling].loop_end) {
            number = peeled = end_first_turn(builder, number);
        }
        if (number >= end) {
            return;
        }
        if (number + 1 == builder->skipped) {
            builder->skipped = 0;
            continue;
        }
        struct block_info *info = &builder->info[number];
        builder->current = number;
        if (builder->retry || builder->graph->out_of_memory || builder->reason != REASON_none) {
            return;
        }
        if (info->incoming != NULL) {
            if (builder->block != NULL) {
                add_incoming(builder, number);
            }
            merge_incoming(builder, number);
        }
        if (builder->block == NULL) {
            continue;
        }
        build_begin_instruction(builder);
        if (info->loop_end >= 0 && builder->body->peels[number] && peeled != number) {
            begin_first_turn(builder, number);
        } else if (info->loop_end >= 0) {
            builder->is_entry_loop = number == start;
            open_loop(builder, number);
        }
        if (!builder->retry) {
            build_instruction(builder);
        }
    }
}

void build_walk(struct builder *builder, int start)
{
    builder->peeling = -1;
    build_walk_range(builder, start, builder->bytecode->count);
}

static void find_loops(struct block_info *info, const struct bytecode *bytecode)
{
    for (int i = 0; i < bytecode->count; i++) {
        info[i].loop_end = -1;
    }
    for (int i = 0; i < bytecode->count; i++) {
        int target = bytecode->instructions[i].target;
        if (bytecode->instructions[i].depth >= 0 && target >= 0 && target <= i) {
            info[target].loop_end = i;
        }
    }
}

/* Does the FOR_ITER at `number` run over what looks like range(...)? */
static bool looks_like_range(const struct bytecode *bytecode, int number)
{
    int i = number - 1;
    if (i < 1 || bytecode->instructions[i].opcode != GET_ITER || bytecode->instructions[i - 1].opcode != CALL) {
        return false;
    }
    const struct instruction *call = &bytecode->instructions[i - 1];
    int depth = call->depth - call->oparg - 2;
    for (i -= 2; i >= 0; i--) {
        const struct instruction *instruction = &bytecode->instructions[i];
        if (instruction->depth == depth) {
            return instruction->opcode == LOAD_GLOBAL &&
                   _PyUnicode_EqualToASCIIString(PyTuple_GET_ITEM(bytecode->code->co_names, instruction->oparg >> 1),
                                                 "range");
        }
    }
    return false;
}

bool build_prepare_body(struct body *body, PyCodeObject *code, const struct bytecode *bytecode)
{
    size_t count = (size_t)bytecode->count;
    size_t locals = (size_t)code->co_nlocalsplus;
    body->code = code;
    body->bytecode = bytecode;
    body->info = compiler_calloc(count, sizeof *body->info);
    body->range_guess = compiler_calloc(count, sizeof *body->range_guess);
    body->guesses = compiler_calloc(count * locals + 1, sizeof *body->guesses);
    body->sites = compiler_calloc(count, sizeof(struct body *));
    body->peels = compiler_calloc(count, sizeof *body->peels);
    if (body->info == NULL || body->range_guess == NULL || body->guesses == NULL || body->sites == NULL ||
        body->peels == NULL || !build_find_live(body)) {
        return false;
    }
    find_loops(body->info, bytecode);
    for (int i = 0; i < bytecode->count; i++) {
        body->info[i].guesses = body->guesses + (size_t)i * locals;
        body->range_guess[i] = bytecode->instructions[i].opcode == FOR_ITER && looks_like_range(bytecode, i);
    }
    return true;
}

void build_release_body(struct body *body)
{
    for (int i = 0; body->sites != NULL && i < body->bytecode->count; i++) {
        for (struct body *inlined = body->sites[i], *next; inlined != NULL; inlined = next) {
            next = inlined->next_at_site;
            build_release_body(inlined);
            free(inlined);
        }
    }
    free(body->info);
    free(body->range_guess);
    free(body->guesses);
    free(body->sites);
    free(body->peels);
    free(body->live);
    if (body->bytecode == &body->decoded) {
        bytecode_free(&body->decoded);
    }
}

void build_begin_body(struct builder *builder, struct body *body)
{
    PyCodeObject *code = body->code;
    size_t locals = (size_t)code->co_nlocalsplus;
    size_t operands = (size_t)code->co_stacksize;
    builder->body = body;
    builder->bytecode = body->bytecode;
    builder->code = code;
    builder->feedback = body->feedback;
    builder->info = body->info;
    builder->range_guess = body->range_guess;
    builder->local_count = code->co_nlocalsplus;
    builder->stack_size = code->co_stacksize;
    builder->keyword_names = -1;
    builder->variables = ir_allocate(builder->graph, (2 * locals + 1) * sizeof *builder->variables);
    builder->operands = ir_allocate(builder->graph, (2 * operands + 1) * sizeof *builder->operands);
    builder->variables_before = builder->variables + locals;
    builder->operands_before = builder->operands + operands;
    for (int i = 0; i < body->bytecode->count; i++) {
        body->info[i].incoming = NULL;
        body->info[i].header = NULL;
    }
}

/* One attempt at the graph that is entered, or at that of a direct function. */
static enum reason attempt(struct builder *builder, struct body *body, int start)
{
    builder->retry = false;
    builder->returned = KIND_any;
    builder->returns_others = false;
    builder->graph = ir_graph_new();
    struct ir_frame *frame = compiler_calloc(1, sizeof *frame);
    if (builder->graph == NULL || frame == NULL) {
        free(frame);
        return REASON_no_memory;
    }
    build_begin_body(builder, body);
    *frame = (struct ir_frame){.code = builder->code,
                               .outer = -1,
                               .locals = (uint16_t)builder->local_count,
                               .stack_size = (uint16_t)builder->stack_size,
                               .path = builder->path,
                               .name = "root"};
    builder->graph->frames = frame;
    builder->graph->frame_count = builder->graph->frame_capacity = 1;
    if (!builder->graph->out_of_memory) {
        if (builder->direct != NULL) {
            build_open_direct(builder, builder->direct);
        } else {
            open_entry(builder, start);
        }
        build_walk(builder, start);
    }
    return builder->graph->out_of_memory ? REASON_no_memory : builder->reason;
}

/* One graph, whatever number of attempts it takes. REASON_none with *graph NULL: what is called directly has changed. */
static enum reason build_one(const struct build_request *request, struct direct_functions *directs,
                             struct direct_function *direct, struct body *body, struct ir_graph **graph)
{
    bool entered = direct == NULL;
    struct builder builder = {
        .observed = entered ? request->observed : NULL,
        .samples = entered ? request->samples : NULL,
        .failures = request->failures,
        .failure_count = request->failure_count,
        .path = entered ? 0 : build_path_of_direct(body->code),
        .globals = request->globals,
        .builtins = request->builtins,
        .watches = request->watches,
        .prunes = request->prunes,
        .directs = directs,
        .direct = direct,
        .is_virtual = !entered,
    };
    int start = entered && request->loop > 0 ? request->loop : 0;
    enum reason reason = REASON_none;
    for (int attempts = 0; reason == REASON_none; attempts++) {
        int budget = direct == NULL ? MOST_INLINED : MOST_INLINED_IN_DIRECT;
        builder.budget = &budget;
        builder.depth_limit = MOST_FRAMES;
        reason = attempts < MOST_ATTEMPTS ? attempt(&builder, body, start) : REASON_unknown_bytecode;
        if (direct != NULL && reason != REASON_none) {
            body->refused = true;
            reason = REASON_none;
        }
        if (directs->changed) {
            break;
        }
        if (reason == REASON_none && !builder.retry && !body->refused) {
            build_close_direct(&builder);
            break;
        }
        ir_graph_free(builder.graph);
        builder.graph = NULL;
        if (body->refused) {
            directs->changed = true;
            break;
        }
    }
    *graph = builder.graph;
    return reason;
}

/* All graphs: that which is entered, then those of functions that others call directly. */
static enum reason build_all(const struct build_request *request, struct direct_functions *directs, struct body *body,
                             struct ir_graph **graph)
{
    directs->changed = false;
    enum reason reason = build_one(request, directs, NULL, body, graph);
    struct ir_graph **end = graph;
    for (int i = 0; i < directs->count && reason == REASON_none && !directs->changed; i++) {
        struct direct_function *direct = &directs->entries[i];
        end = &(*end)->next;
        if (!direct->body.refused) {
            reason = build_one(request, directs, direct, &direct->body, end);
        }
        if (reason == REASON_none && !directs->changed && *end == NULL) {
            /* Nobody calls it; its number stays. */
            *end = ir_graph_new();
            reason = *end == NULL ? REASON_no_memory : REASON_none;
        }
    }
    return reason;
}

enum reason build_graph(const struct build_request *request, const struct bytecode *bytecode, struct ir_graph **graph)
{
    struct body body = {.feedback = request->feedback};
    struct direct_functions directs = {0};
    enum reason reason = build_prepare_body(&body, request->code, bytecode) ? REASON_none : REASON_no_memory;
    *graph = NULL;
    for (int attempts = 0; reason == REASON_none; attempts++) {
        reason = attempts < MOST_ATTEMPTS ? build_all(request, &directs, &body, graph) : REASON_unknown_bytecode;
        if (reason == REASON_none && !directs.changed) {
            break;
        }
        ir_graph_free(*graph);
        *graph = NULL;
    }
    free(directs.live.rows);
    *request->immature = directs.immature;
    for (int i = 0; i < directs.count; i++) {
        build_release_body(&directs.entries[i].body);
    }
    build_release_body(&body);
    return reason;
}
