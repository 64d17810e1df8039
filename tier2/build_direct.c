/* tier2/build_direct.c: functions called directly: with raw values, and without a frame; see build.h.
 *
 * What is not inlined, because it calls itself or is too large, but could be, becomes a graph of its own in the same module. Its locals are
 * values as in inlined functions. The caller leaves a record of where it stands and of what it has in registers; should the callee have
 * to leave, the frames of all that called one another in this way are made first (runtime/deopt.c), and each of them leaves when it
 * is returned to. Objects are lent: the caller's locals hold them. */
#include "tier2/build.h"

#include <string.h>

static enum ir_type type_of_argument(const struct operand *argument)
{
    return operand_kind(argument) == KIND_complex                               ? IR_OBJECT
           : argument->state == OPERAND_RAW && argument->value->type != IR_BOOL ? (enum ir_type)argument->value->type
                                                                                : IR_OBJECT;
}

/* The number of the function among those called directly, or -1: it is not to be. */
static int find_direct(struct builder *builder, PyFunctionObject *function, const struct operand *arguments)
{
    struct direct_functions *directs = builder->directs;
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    for (int i = 0; i < directs->count; i++) {
        if (directs->entries[i].function == function) {
            return directs->entries[i].body.refused ? -1 : i;
        }
    }
    if (directs->count == MOST_DIRECT_FUNCTIONS || code->co_argcount > IR_MOST_PARAMETERS) {
        return -1;
    }
    struct direct_function *direct = &directs->entries[directs->count++];
    memset(direct, 0, sizeof *direct);
    direct->function = function;
    direct->body.refused = !build_open_body(&direct->body, code) || !build_is_suitable(code, direct->body.bytecode);
    for (int i = 0; i < code->co_argcount; i++) {
        direct->parameters[i] = (uint8_t)type_of_argument(&arguments[i]);
    }
    return direct->body.refused ? -1 : directs->count - 1;
}

static enum ir_kind kind_of_type(enum ir_type type)
{
    return type == IR_INT ? KIND_int : type == IR_FLOAT ? KIND_float : KIND_any;
}

/* An object that the caller's locals or code hold. What borrows from memory may lose that in the callee, which stores. */
static bool is_lendable(const struct operand *argument)
{
    return argument->state == OPERAND_RAW ||
           (argument->state == OPERAND_BORROWED && argument->local != BORROWED_FROM_MEMORY);
}

/* Can the arguments be handed over? Numbers go as they are, and what may be one is taken for one where others have been; other objects
 * are lent. */
static bool agree_on_types(struct builder *builder, struct direct_function *direct, const struct operand *arguments,
                           int count)
{
    for (int i = 0; i < count; i++) {
        enum ir_kind kind = kind_of_type((enum ir_type)direct->parameters[i]);
        enum ir_kind given = operand_kind(&arguments[i]);
        enum ir_type type = type_of_argument(&arguments[i]);
        if (kind == KIND_any && type != IR_OBJECT) {
            direct->parameters[i] = (uint8_t)type;
            builder->directs->changed = true;
            builder->retry = true;
        } else if (kind == KIND_any ? !is_lendable(&arguments[i]) : given != KIND_any && given != kind) {
            return false;
        }
    }
    return true;
}

int build_level_of_callee(const struct builder *builder)
{
    int level = 1;
    for (; builder->outer != NULL; builder = builder->outer) {
        level += completion_levels(builder->completion);
    }
    return level;
}

bool build_direct_call(struct builder *builder, PyFunctionObject *function, int pops, const struct operand *arguments)
{
    int count = ((PyCodeObject *)function->func_code)->co_argcount;
    int number = find_direct(builder, function, arguments);
    if (number < 0 || !agree_on_types(builder, &builder->directs->entries[number], arguments, count)) {
        return false;
    }
    const struct direct_function *direct = &builder->directs->entries[number];
    struct ir_node *enter = build_node(builder, IR_guard_enter, 0, NULL);
    enter->state = build_state_before(builder);
    enter->number = build_level_of_callee(builder);
    enter->offset = 1;
    struct ir_node *inputs[IR_MOST_PARAMETERS];
    struct operand boxes[IR_MOST_PARAMETERS];
    int box_count = 0;
    for (int i = 0; i < count; i++) {
        struct operand argument = arguments[i];
        enum ir_kind kind = kind_of_type((enum ir_type)direct->parameters[i]);
        inputs[i] = kind != KIND_any ? operand_raw(builder, &argument, kind) : operand_object(builder, &argument);
        if (argument.state == OPERAND_OWNED) {
            boxes[box_count++] = argument;
        }
    }
    struct operand *callee = peek(builder, pops - 1);
    callee += callee->state == OPERAND_NULL;
    if (callee->state == OPERAND_OWNED) {
        /* It got its reference while arguments were computed. Whoever it was loaded from has it still. */
        build_node1(builder, IR_drop, callee->value)->flags |= NODE_SIMPLE;
    }
    builder->depth -= pops;
    operand_drop_many(builder, boxes, box_count, builder->current);
    build_own_fetched(builder);
    struct ir_node *call = build_node(builder, IR_call_direct, count, inputs);
    call->number = number;
    call->offset = build_level_of_callee(builder);
    call->state = build_state_raising(builder);
    call->type = direct->result == KIND_int ? IR_INT : direct->result == KIND_float ? IR_FLOAT : IR_OBJECT;
    if (call->type == IR_OBJECT) {
        push_owned(builder, call);
    } else {
        push_raw(builder, call);
    }
    return true;
}

/* ---- The callee ---------------------------------------------------------------------------------------------------- */

void build_open_direct(struct builder *builder, struct direct_function *direct)
{
    struct ir_graph *graph = builder->graph;
    int count = builder->code->co_argcount;
    builder->block = ir_block_new(graph);
    builder->current = 0;
    builder->depth = 0;
    builder->globals = direct->function->func_globals;
    builder->builtins = direct->function->func_builtins;
    graph->direct = (int)(direct - builder->directs->entries) + 1;
    graph->parameter_count = count;
    graph->result_type = (uint8_t)(direct->result == KIND_int     ? IR_INT
                                   : direct->result == KIND_float ? IR_FLOAT
                                                                  : IR_OBJECT);
    builder->function = (struct operand){
        .state = OPERAND_BORROWED, .local = -1, .value = build_object(builder, (PyObject *)direct->function)};
    for (int i = 0; i < count; i++) {
        struct ir_node *parameter = build_node(builder, IR_parameter, 0, NULL);
        parameter->number = i;
        parameter->type = graph->parameter_types[i] = direct->parameters[i];
        builder->variables[i] = (struct variable){
            .state = parameter->type == IR_OBJECT ? VARIABLE_OBJECT : VARIABLE_RAW, .passing = 1, .value = parameter};
    }
}

void build_direct_return(struct builder *builder)
{
    struct operand result = pop(builder);
    enum ir_kind wanted = (enum ir_kind)builder->direct->result;
    enum ir_kind kind = operand_kind(&result);
    bool own = result.state == OPERAND_OWNED && result.value->op == IR_call_direct;
    if (!own) {
        /* A number that is an object already has to stay that, but for those whose objects live for ever. */
        bool singleton =
            result.value->op == IR_constant_object && build_has_one_box((const PyObject *)result.value->pointer);
        bool number = (kind == KIND_int || kind == KIND_float) && (result.state == OPERAND_RAW || singleton);
        builder->returns_others |= !number || (builder->returned != KIND_any && builder->returned != kind);
        builder->returned = (uint8_t)kind;
    }
    if (wanted != KIND_any && kind != KIND_any && kind != wanted) {
        build_leave(builder);
        return;
    }
    struct ir_node *value =
        wanted != KIND_any ? operand_raw(builder, &result, wanted) : operand_owned(builder, &result);
    if (wanted != KIND_any) {
        operand_drop(builder, &result, builder->current);
    }
    for (int i = 0; i < builder->local_count; i++) {
        const struct variable *variable = &builder->variables[i];
        if (variable->state == VARIABLE_OBJECT && variable->owned) {
            struct operand dead = {.state = OPERAND_OWNED, .local = -1, .value = variable->value};
            operand_drop(builder, &dead, builder->current);
        }
    }
    build_node1(builder, IR_return_direct, value);
    builder->block = NULL;
}

void build_close_direct(struct builder *builder)
{
    struct direct_function *direct = builder->direct;
    if (direct != NULL && direct->result == KIND_any && !builder->returns_others && builder->returned != KIND_any) {
        direct->result = builder->returned;
        builder->directs->changed = true;
    }
}
