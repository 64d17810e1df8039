/* tier2/build_consumers.c: built-in functions that call others, as loops; see build.h.
 *
 * sum(map(function, items)) of a list or tuple: neither the map object nor an iterator is made, and the function is inlined. Should compiled code have to be left
 * in it, its frame is made, and when it has returned runtime/deopt.c does the rest of the sum (COMPLETION_sum). */
#include "tier2/build.h"

#include "runtime/callees.h"
#include "runtime/runtime_data.h"

#include <string.h>

/* The operands of the two calls, from the bottom. */
enum { PLACE_NULL, PLACE_SUM, PLACE_NULL_OF_MAP, PLACE_MAP, PLACE_FUNCTION, PLACE_ITEMS, PLACES };

/* What stands between the two CALLs. */
enum { UNITS_TO_SUM = 2 };

struct fusion {
    struct operand function, items;
    PyCodeObject *code; /* of the function */
    PyObject *globals, *builtins;
    enum ir_kind kind; /* of the items' container */
    int call;          /* of sum(): number of the instruction */
};

static bool is_constant(const struct operand *operand, PyObject *object)
{
    return operand->state == OPERAND_BORROWED && operand->value->op == IR_constant_object &&
           operand->value->pointer == object;
}

static bool is_sum(const struct operand *operand)
{
    return operand->state == OPERAND_BORROWED && operand->value->op == IR_constant_object &&
           callee_of((PyObject *)operand->value->pointer, 1) == CALLEE_sum;
}

/* Is the current CALL that of map(function, items), and the next one that of sum(), with nothing that jumps between them? */
static bool is_fused(const struct builder *builder)
{
    const struct instruction *next = build_current(builder);
    int number = builder->current;
    if (next->oparg != 2 || builder->keyword_names >= 0 || builder->depth < PLACES ||
        number + UNITS_TO_SUM >= builder->bytecode->count || next[1].opcode != PRECALL || next[2].opcode != CALL ||
        next[2].oparg != 1) {
        return false;
    }
    const struct operand *places = &builder->operands[builder->depth - PLACES];
    return !next[1].is_leader && !next[2].is_leader && places[PLACE_NULL].state == OPERAND_NULL &&
           places[PLACE_NULL_OF_MAP].state == OPERAND_NULL &&
           is_constant(&places[PLACE_MAP], (PyObject *)&PyMap_Type) && is_sum(&places[PLACE_SUM]);
}

/* Who is called, and for what; false: not known well enough. */
static bool find_fusion(struct builder *builder, struct fusion *fusion)
{
    const struct operand *places = &builder->operands[builder->depth - PLACES];
    fusion->function = places[PLACE_FUNCTION];
    fusion->items = places[PLACE_ITEMS];
    fusion->call = builder->current + UNITS_TO_SUM;
    if (fusion->function.state == OPERAND_RAW || fusion->items.state == OPERAND_RAW ||
        fusion->items.state == OPERAND_NULL || fusion->function.state == OPERAND_NULL) {
        return false;
    }
    fusion->kind = operand_guess(&fusion->items);
    const struct ir_node *made = build_function_made(fusion->function.value);
    if (made != NULL) {
        fusion->code = (PyCodeObject *)made->pointer;
        fusion->globals = (PyObject *)made->cell;
        fusion->builtins = builder->builtins;
    } else if (fusion->function.value->op == IR_constant_object && fusion->function.value->kind == KIND_function) {
        const PyFunctionObject *function = fusion->function.value->pointer;
        fusion->code = (PyCodeObject *)function->func_code;
        fusion->globals = function->func_globals;
        fusion->builtins = function->func_builtins;
        if (cpython_function_version((PyFunctionObject *)function) == 0) {
            return false;
        }
    } else {
        return false;
    }
    return fusion->code->co_argcount == 1 && (fusion->kind == KIND_list || fusion->kind == KIND_tuple) &&
           !build_has_failed(builder, IR_guard_kind) && !build_has_failed(builder, IR_guard_true);
}

static void guard_function(struct builder *builder, const struct fusion *fusion)
{
    struct ir_node *value = fusion->function.value;
    if (build_function_made(value) != NULL) {
        struct ir_node *found = build_node1(builder, IR_load, value);
        found->type = IR_OBJECT;
        found->offset = (int32_t)offsetof(PyFunctionObject, func_code);
        found->memory = MEMORY_attribute;
        build_guard_same(builder, found, (PyObject *)fusion->code);
    } else {
        struct ir_node *guard = build_guard1(builder, IR_guard_half, value);
        guard->offset = (int32_t)offsetof(PyFunctionObject, func_version);
        guard->number = ((const PyFunctionObject *)value->pointer)->func_version;
    }
    struct ir_node *enter = build_node(builder, IR_guard_enter, 0, NULL);
    enter->state = build_state_before(builder);
    enter->number = build_level_of_callee(builder) + completion_levels(COMPLETION_sum) - 1;
}

static struct ir_node *load_size(struct builder *builder, const struct fusion *fusion)
{
    struct ir_node *size = build_node1(builder, IR_load, fusion->items.value);
    size->type = IR_INT;
    size->offset = (int32_t)offsetof(PyVarObject, ob_size);
    size->memory = fusion->kind == KIND_list ? MEMORY_list_shape : MEMORY_constant;
    return size;
}

void build_add_to_sum(struct builder *builder, struct ir_node *sum)
{
    struct operand *result = peek(builder, 0);
    bool is_float = sum->type == IR_FLOAT;
    if (!is_float && operand_guess(result) == KIND_float) {
        builder->body->sums = KIND_float;
        builder->retry = true;
        return;
    }
    if (build_has_failed(builder, IR_guard_kind) || build_has_failed(builder, IR_unbox_int) ||
        build_has_failed(builder, IR_int_add)) {
        build_refuse(builder);
        return;
    }
    struct ir_node *value = operand_raw(builder, result, is_float ? KIND_float : KIND_int);
    struct ir_node *added =
        is_float ? build_node2(builder, IR_float_add, sum, value) : build_guard2(builder, IR_int_add, sum, value);
    struct operand dead = pop(builder);
    operand_drop(builder, &dead, builder->current);
    push_raw(builder, added);
}

/* One turn of the loop: calls the function with the item at `index`; returns the new sum. */
static struct ir_node *build_turn(struct builder *builder, const struct fusion *fusion, struct ir_node *index,
                                  struct ir_node *next, struct ir_node *sum)
{
    struct ir_node *item = build_node2(builder, IR_load_item, fusion->items.value, index);
    item->memory = fusion->kind == KIND_list ? MEMORY_list_item : MEMORY_constant;
    PyObject *sample = fusion->items.value->sample;
    if (sample != NULL && (PyList_CheckExact(sample) || PyTuple_CheckExact(sample)) && Py_SIZE(sample) > 0) {
        item->sample = PySequence_Fast_ITEMS(sample)[0];
    }
    struct operand argument = {.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = item};
    push(builder, fusion->function);
    push(builder, fusion->items);
    push_raw(builder, next);
    push_raw(builder, sum);
    struct operand function = {.state = OPERAND_BORROWED, .local = -1, .value = fusion->function.value};
    build_inlined(builder, &(struct inlining){
                               .code = fusion->code,
                               .function = function,
                               .globals = fusion->globals,
                               .builtins = fusion->builtins,
                               .arguments = &argument,
                               .completion = COMPLETION_sum,
                               .operands = 4,
                           });
    return builder->retry || builder->graph->out_of_memory || builder->block == NULL ? NULL : pop(builder).value;
}

/* Does everything stand where it stood? */
static bool is_unchanged(const struct builder *builder, const struct build_place *place)
{
    size_t variables = (size_t)builder->local_count * sizeof(struct variable);
    return builder->depth == place->depth && memcmp(builder->variables, place->variables, variables) == 0;
}

/* The loop; returns the sum behind it, or NULL: the graph is to be made again. */
static struct ir_node *build_loop(struct builder *builder, const struct fusion *fusion, bool is_float)
{
    struct ir_graph *graph = builder->graph;
    struct ir_state *state = build_state_now(builder, builder->current);
    builder->depth -= PLACES;
    builder->current = fusion->call;
    struct ir_node *firsts[2] = {build_int(builder, 0), is_float ? build_float(builder, 0) : build_int(builder, 0)};
    struct build_place place;
    struct ir_block *header = ir_block_new(graph);
    build_node(builder, IR_jump, 0, NULL)->state = state;
    ir_connect(graph, builder->block, 0, header);
    builder->block = header;
    struct ir_node *index = ir_phi(graph, header, IR_INT, 2);
    struct ir_node *sum = ir_phi(graph, header, is_float ? IR_FLOAT : IR_INT, 2);
    index->inputs[0] = firsts[0];
    sum->inputs[0] = firsts[1];
    struct ir_node *more = build_node2(builder, IR_is_inside, index, load_size(builder, fusion));
    struct ir_block *end = build_split(builder, more, 90);
    struct ir_node *next = build_node2(builder, IR_int_add, index, build_int(builder, 1));
    next->flags |= NODE_FITS;
    if (!build_remember(builder, &place)) {
        return NULL;
    }
    struct ir_node *added = build_turn(builder, fusion, index, next, sum);
    if (added == NULL) {
        return NULL;
    }
    if (!is_unchanged(builder, &place)) {
        /* What stands where would have to be the same in each turn. */
        builder->body->fuses_not = true;
        builder->retry = true;
        return NULL;
    }
    build_node(builder, IR_jump, 0, NULL);
    ir_connect(graph, builder->block, 0, header);
    index->inputs[1] = next;
    sum->inputs[1] = added;
    builder->block = end;
    return sum;
}

bool build_sum_of_map(struct builder *builder)
{
    struct fusion fusion;
    if (builder->graph->direct || builder->body->fuses_not || !is_fused(builder) || !find_fusion(builder, &fusion)) {
        return false;
    }
    int map = builder->current;
    builder->current = fusion.call;
    const struct body *body = build_may_inline(builder, fusion.code);
    builder->current = map;
    if (body == NULL) {
        return false;
    }
    fusion.items.value = operand_kind_guard(builder, peek(builder, 0), fusion.kind);
    guard_function(builder, &fusion);
    bool is_float = body->sums == KIND_float;
    if (is_float) {
        /* Of nothing the sum is an int. */
        struct ir_node *some = build_node2(builder, IR_is_inside, build_int(builder, 0), load_size(builder, &fusion));
        build_guard1(builder, IR_guard_true, some);
    }
    build_own_operands(builder);
    operand_owned(builder, peek(builder, 0));
    operand_owned(builder, peek(builder, 1));
    struct operand places[PLACES];
    memcpy(places, &builder->operands[builder->depth - PLACES], sizeof places);
    fusion.function = places[PLACE_FUNCTION];
    fusion.items = places[PLACE_ITEMS];
    struct ir_node *sum = build_loop(builder, &fusion, is_float);
    if (sum == NULL) {
        builder->current = map;
        builder->retry = true;
        return true;
    }
    push_raw(builder, sum);
    struct operand dying[4] = {places[PLACE_ITEMS], places[PLACE_FUNCTION], places[PLACE_MAP], places[PLACE_SUM]};
    operand_drop_many(builder, dying, 4, fusion.call + 1);
    build_jump(builder, fusion.call + 1);
    builder->current = map;
    return true;
}
