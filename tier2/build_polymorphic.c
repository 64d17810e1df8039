/* tier2/build_polymorphic.c: methods of receivers of several classes; see build.h.
 *
 * The receiver's class is compared with those that the site has seen. Where they have different methods, all instructions from LOAD_METHOD to its CALL are built
 * once for each method, so that the method is a constant there and its function can be inlined; the ways meet behind the CALL. */
#include "tier2/build.h"

#include <string.h>

/* Between LOAD_METHOD and its CALL. */
enum { MOST_REPEATED = 40 };

/* The cases of a site by method, those seen most often first. */
struct methods {
    int count;
    const struct attribute_case *cases[FEEDBACK_MAX_CASES];
};

static bool sort_cases(struct builder *builder, struct methods *methods)
{
    const struct attribute_cell *cell = build_cell(builder);
    if (cell == NULL || cell->megamorphic || cell->count < 2 || build_has_failed(builder, IR_guard_versions) ||
        build_has_failed(builder, IR_guard_version)) {
        return false;
    }
    for (int i = 0; i < cell->count; i++) {
        const struct attribute_case *seen = feedback_case(cell, i);
        if (seen->kind != ATTRIBUTE_METHOD || !build_class_attribute_is_known(builder, seen)) {
            return false;
        }
        int place = methods->count++;
        for (; place > 0 && methods->cases[place - 1]->hits < seen->hits; place--) {
            methods->cases[place] = methods->cases[place - 1];
        }
        methods->cases[place] = seen;
    }
    return true;
}

static int count_values(const struct methods *methods)
{
    int count = 0;
    for (int i = 0; i < methods->count; i++) {
        bool first = true;
        for (int j = 0; j < i; j++) {
            first &= methods->cases[j]->value != methods->cases[i]->value;
        }
        count += first;
    }
    return count;
}

/* The CALL that takes what the current LOAD_METHOD pushes, where nothing between both is jumped to from outside, or out of; or -1. */
static int find_call(const struct builder *builder)
{
    const struct instruction *instructions = builder->bytecode->instructions;
    int first = builder->current;
    int call = first + 1;
    int base = instructions[first].depth - 1;
    while (call < builder->bytecode->count && call - first <= MOST_REPEATED &&
           !(instructions[call].opcode == CALL && instructions[call].depth - instructions[call].oparg - 2 == base)) {
        call++;
    }
    if (call >= builder->bytecode->count || call - first > MOST_REPEATED) {
        return -1;
    }
    for (int i = 0; i < builder->bytecode->count; i++) {
        int target = instructions[i].target;
        bool inside = i > first && i <= call;
        if (instructions[i].depth < 0 || target < 0) {
            continue;
        }
        if (inside ? target <= i || target > call : target > first && target <= call) {
            return -1;
        }
    }
    return call;
}

bool build_remember(struct builder *builder, struct build_place *standing)
{
    size_t variables = (size_t)builder->local_count * sizeof(struct variable);
    size_t operands = (size_t)builder->depth * sizeof(struct operand);
    standing->variables = ir_allocate(builder->graph, variables + 1);
    standing->operands = ir_allocate(builder->graph, operands + 1);
    if (standing->variables == NULL || standing->operands == NULL) {
        return false;
    }
    memcpy(standing->variables, builder->variables, variables);
    memcpy(standing->operands, builder->operands, operands);
    standing->depth = builder->depth;
    standing->current = builder->current;
    return true;
}

void build_come_back(struct builder *builder, const struct build_place *standing)
{
    builder->depth = standing->depth;
    builder->current = standing->current;
    memcpy(builder->variables, standing->variables, (size_t)builder->local_count * sizeof(struct variable));
    memcpy(builder->operands, standing->operands, (size_t)builder->depth * sizeof(struct operand));
    build_begin_instruction(builder);
}

/* The receiver turns out to be of the case's class; the others go on in the block that is returned, NULL where this is the last case. The current block goes on to
 * `way`, if there is more than one class for it. */
static struct ir_block *test_class(struct builder *builder, struct ir_node *owner, const struct attribute_case *seen,
                                   bool is_last, struct ir_block *way)
{
    struct ir_block *others = NULL;
    if (!is_last) {
        struct ir_node *is_it = build_node1(builder, IR_is_of_class, owner);
        is_it->pointer = seen->type;
        is_it->memory = MEMORY_type;
        others = build_split(builder, is_it, 0);
    } else {
        build_guard_versions(builder, owner, build_cell(builder));
    }
    build_guard_class(builder, owner, seen->type);
    build_class_attribute(builder, owner, seen);
    if (way != NULL) {
        build_node(builder, IR_jump, 0, NULL);
        ir_connect(builder->graph, builder->block, 0, way);
    }
    return others;
}

/* The receiver and its method in place of the receiver. `only`: the only class it can be of, or NULL. */
static void push_method(struct builder *builder, PyObject *method, PyTypeObject *only)
{
    struct operand self = pop(builder);
    if (only != NULL && (self.value->sample == NULL || Py_TYPE((PyObject *)self.value->sample) != only)) {
        struct ir_node *alias = build_node1(builder, IR_alias, self.value);
        alias->class = only;
        self.value = alias;
    }
    push_fetched(builder, build_object(builder, method));
    push(builder, self);
}

bool build_polymorphic_method(struct builder *builder)
{
    struct methods methods = {0};
    struct build_place standing;
    if (!sort_cases(builder, &methods) || !build_remember(builder, &standing)) {
        return false;
    }
    int values = count_values(&methods);
    int call = values > 1 ? find_call(builder) : -1;
    if (values > 1 && call < 0) {
        return false;
    }
    struct ir_node *owner = peek(builder, 0)->value;
    bool done[FEEDBACK_MAX_CASES] = {false};
    int left = methods.count;
    for (int first = 0; first < methods.count; first++) {
        const struct attribute_case *seen = methods.cases[first];
        if (done[first]) {
            continue;
        }
        int classes = 0;
        for (int i = first; i < methods.count; i++) {
            classes += methods.cases[i]->value == seen->value;
        }
        struct ir_block *way = classes > 1 ? ir_block_new(builder->graph) : NULL;
        struct ir_block *others = NULL;
        for (int i = first; i < methods.count; i++) {
            if (methods.cases[i]->value == seen->value) {
                done[i] = true;
                others = test_class(builder, owner, methods.cases[i], --left == 0, way);
                builder->block = way != NULL ? others : builder->block;
            }
        }
        if (way != NULL) {
            builder->block = way;
        }
        push_method(builder, seen->value, classes == 1 ? seen->type : NULL);
        if (values == 1) {
            return true;
        }
        for (int i = standing.current + 1; i <= call; i++) {
            builder->info[i].incoming = NULL;
        }
        build_walk_range(builder, standing.current + 1, call + 1);
        if (builder->retry || builder->graph->out_of_memory || builder->reason != REASON_none) {
            return true;
        }
        build_jump(builder, call + 1);
        if (others != NULL) {
            build_come_back(builder, &standing);
            builder->block = others;
        }
    }
    for (int i = standing.current + 1; i <= call; i++) {
        builder->info[i].incoming = NULL;
    }
    builder->block = NULL;
    return true;
}
