/* tier2/build_inline.c: which functions are built into their callers, and how they begin and end; see build.h.
 *
 * A function inlined has no frame while it runs. Its locals are values: raw numbers, or objects with or without a reference of their own;
 * where they borrow, it is from what the caller has, which nobody can change meanwhile, because no other code runs. Only the end of an object may run other
 * code in it; then runtime/deopt.c makes the frames for that time, and everything must have its own references (body.owns). What
 * else could run other code keeps a function from being inlined, which may turn out late (build_refuse): then the whole graph is
 * made again. */
#include "tier2/build.h"

#include <stdlib.h>
#include <string.h>

/* A function of more instructions is not inlined; nor one code object more often than this in itself. */
enum { MOST_INSTRUCTIONS = 100, MOST_RECURSION = 2 };

/* An escape in an inlined function costs the making of its frame and of those around it. Where there would be more, it is better called. */
enum { MOST_FRAMES_MADE = 3, MOST_ESCAPES = 2 };

/* Callees of one call are told apart by so many numbers. */
enum { MOST_CALLEES_COUNTED = 4093 };

/* ---- Policy ------------------------------------------------------------------------------------------------------ */

static bool may_be_inlined(int opcode)
{
    switch (opcode) {
    case RETURN_GENERATOR:
    case IMPORT_NAME:
    case LOAD_BUILD_CLASS:
    case PUSH_EXC_INFO:
    case BEFORE_WITH:
    case DELETE_FAST:
        return false;
    default:
        return true;
    }
}

bool build_is_suitable(PyCodeObject *code, const struct bytecode *bytecode)
{
    if (code->co_kwonlyargcount != 0 ||
        (code->co_flags & (CO_OPTIMIZED | CO_VARARGS | CO_VARKEYWORDS | CO_GENERATOR | CO_COROUTINE |
                           CO_ASYNC_GENERATOR)) != CO_OPTIMIZED ||
        bytecode->count > MOST_INSTRUCTIONS) {
        return false;
    }
    for (int i = 0; i < bytecode->count; i++) {
        if (!may_be_inlined(bytecode->instructions[i].opcode)) {
            return false;
        }
    }
    return true;
}

bool build_open_body(struct body *body, PyCodeObject *code)
{
    struct code_state *state = code_state_get(code);
    body->code = code;
    if (state == NULL || state->compiled == NULL || state->compiled->cells == NULL || state->suppressed ||
        bytecode_decode(code, &body->decoded) != REASON_none) {
        return false;
    }
    body->feedback = state->compiled;
    return build_prepare_body(body, code, &body->decoded);
}

/* The body for the current site, made when first asked for; NULL: not to be inlined. */
static struct body *body_of_site(struct builder *builder, PyCodeObject *code)
{
    struct body **site = &builder->body->sites[builder->current];
    for (; *site != NULL; site = &(*site)->next_at_site) {
        if ((*site)->code == code) {
            return (*site)->refused ? NULL : *site;
        }
    }
    struct body *body = calloc(1, sizeof *body);
    if (body == NULL) {
        return NULL;
    }
    *site = body;
    body->refused = !build_open_body(body, code) || !build_is_suitable(code, body->bytecode);
    const struct code_state *state = code_state_get(code);
    builder->directs->immature |= state != NULL && state->compiled == NULL && !state->suppressed;
    return body->refused ? NULL : body;
}

const struct body *build_may_inline(struct builder *builder, PyCodeObject *code)
{
    int repeated = 0;
    for (const struct builder *outer = builder; outer != NULL; outer = outer->outer) {
        repeated += outer->code == code;
    }
    /* What calls itself is called directly by what is entered from tier 1, once; the copies are in the direct function. */
    int most = builder->graph->direct ? MOST_RECURSION : 0;
    if (builder->depth_limit == 0 || repeated > most || build_has_failed(builder, IR_guard_enter)) {
        return NULL;
    }
    const struct body *body = body_of_site(builder, code);
    return body != NULL && body->bytecode->count <= *builder->budget ? body : NULL;
}

void build_refuse(struct builder *builder)
{
    builder->body->refused = true;
    builder->retry = true;
}

bool build_is_in_loop(const struct builder *builder)
{
    int header = builder->current;
    while (header >= 0 && builder->info[header].loop_end < builder->current) {
        header--;
    }
    return header >= 0;
}

bool build_may_escape(struct builder *builder)
{
    int level = 0;
    for (const struct builder *outer = builder; outer != NULL; outer = outer->outer) {
        if (outer->completion == COMPLETION_sum) {
            return false; /* so would each item */
        }
    }
    if (build_is_in_loop(builder)) {
        return false; /* each turn would make frames */
    }
    for (const struct builder *outer = builder->outer; outer != NULL; outer = outer->outer) {
        level++;
    }
    return builder->graph->direct == 0 && level <= MOST_FRAMES_MADE && ++builder->escapes <= MOST_ESCAPES;
}

void build_own_locals(struct builder *builder)
{
    for (struct builder *inlined = builder; inlined->outer != NULL; inlined = inlined->outer) {
        bool passing = inlined->function.local != -1 && inlined->function.state == OPERAND_BORROWED;
        for (int i = 0; i < inlined->local_count; i++) {
            passing |= inlined->variables[i].state == VARIABLE_OBJECT && inlined->variables[i].passing;
        }
        for (int i = 0; i < inlined->outer->depth; i++) {
            const struct operand *operand = &inlined->outer->operands[i];
            passing |= operand->state == OPERAND_BORROWED && operand->local != -1;
        }
        if (passing && !inlined->body->owns) {
            inlined->body->owns = true;
            builder->retry = true;
        }
    }
}

/* From memory that a store or the end of some object may change? Functions, which classes and modules have, end in no such way. */
static bool is_fetched(const struct operand *operand)
{
    return operand->state == OPERAND_BORROWED && operand->local == BORROWED_FROM_MEMORY &&
           !(operand->value->op == IR_constant_object && operand->value->kind == KIND_function);
}

void build_own_fetched(struct builder *builder)
{
    build_own_operands(builder);
    for (struct builder *inlined = builder; inlined->outer != NULL; inlined = inlined->outer) {
        bool fetched = false;
        for (int i = 0; i < inlined->local_count; i++) {
            fetched |= inlined->variables[i].state == VARIABLE_OBJECT && inlined->variables[i].fetched;
        }
        for (int i = 0; i < inlined->outer->depth; i++) {
            fetched |= is_fetched(&inlined->outer->operands[i]);
        }
        if (fetched && !inlined->body->owns_fetched) {
            inlined->body->owns_fetched = true;
            builder->retry = true;
        }
    }
}

/* ---- The way in -------------------------------------------------------------------------------------------------- */

static struct variable variable_of_argument(struct builder *builder, const struct operand *argument,
                                            const struct body *body)
{
    struct operand operand = *argument;
    struct ir_node *raw = operand.state == OPERAND_RAW ? operand.value : NULL;
    if (raw != NULL) {
        const struct variable *source = operand.local >= 0 ? &builder->variables[operand.local] : NULL;
        bool has_object = source != NULL && source->value == raw && source->clean != NULL &&
                          source->clean->op == IR_constant_bool && source->clean->number;
        has_object |= body->boxes && operand.value->type != IR_BOOL;
        if (!has_object) {
            return (struct variable){.state = VARIABLE_RAW, .value = raw};
        }
        /* The object is there, and the callee may ask which one it is. */
        operand_object(builder, &operand);
    } else if (operand.local >= 0 && builder->variables[operand.local].value == operand.value) {
        raw = builder->variables[operand.local].raw;
    } else if (operand.local == -1 && operand.state == OPERAND_BORROWED && build_is_number(operand_kind(&operand))) {
        raw = operand_raw(builder, &operand, operand_kind(&operand));
    }
    if ((body->owns && operand.state == OPERAND_BORROWED && operand.local != -1) ||
        (body->owns_fetched && is_fetched(&operand))) {
        operand_owned(builder, &operand);
    }
    if (operand.state == OPERAND_ITERATOR) {
        operand_owned(builder, &operand);
    }
    return (struct variable){
        .state = VARIABLE_OBJECT,
        .owned = operand.state == OPERAND_OWNED,
        .passing = operand.state == OPERAND_BORROWED && operand.local != -1,
        .fetched = is_fetched(&operand),
        .value = operand.value,
        .raw = raw,
    };
}

/* A new row in the graph's table of frames: its number, or -1 without memory. */
static int add_frame(struct builder *builder, PyCodeObject *code, uint32_t path)
{
    struct ir_graph *graph = builder->graph;
    if (graph->frame_count == graph->frame_capacity) {
        int capacity = graph->frame_capacity * 2;
        struct ir_frame *grown = realloc(graph->frames, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            graph->out_of_memory = true;
            return -1;
        }
        graph->frames = grown;
        graph->frame_capacity = capacity;
    }
    graph->frames[graph->frame_count] = (struct ir_frame){
        .code = code,
        .outer = builder->frame,
        .locals = (uint16_t)code->co_nlocalsplus,
        .stack_size = (uint16_t)code->co_stacksize,
        .path = path,
        .call_place = builder->bytecode->instructions[builder->current].unit * (uint32_t)sizeof(CodeUnit),
        .name = "inlined"};
    return graph->frame_count++;
}

/* ---- The way out ---------------------------------------------------------------------------------------------------- */

bool build_has_one_box(const PyObject *constant)
{
    if (PyBool_Check(constant)) {
        return true;
    }
    const PyLongObject *zero = runtime_data.small_int_zero;
    return (const PyLongObject *)constant >= zero - _PY_NSMALLNEGINTS &&
           (const PyLongObject *)constant < zero + _PY_NSMALLPOSINTS;
}

/* The caller goes on where `ways` lead, with the result on its stack. */
static void join_ways(struct builder *builder, const struct return_way *ways)
{
    int count = 0;
    bool raw = true;
    bool singletons = true; /* those among them that are constants have boxes that are always the same objects */
    bool constants = true;
    const struct operand *first = ways != NULL ? &ways->result : NULL;
    enum ir_kind kind = KIND_any;
    for (const struct return_way *way = ways; way != NULL; way = way->next, count++) {
        bool is_raw = way->result.state == OPERAND_RAW;
        bool is_constant = way->result.state == OPERAND_BORROWED && way->result.value->op == IR_constant_object;
        kind = count == 0 ? operand_kind(&way->result) : kind == operand_kind(&way->result) ? kind : KIND_any;
        raw &= is_raw || is_constant;
        constants &= is_constant;
        singletons &= is_raw || (is_constant && build_has_one_box((const PyObject *)way->result.value->pointer));
    }
    builder->block = NULL;
    if (count == 0) {
        return;
    }
    if (count == 1) {
        struct operand result = *first;
        builder->block = ways->block;
        if (result.state == OPERAND_BORROWED && result.local != BORROWED_FROM_MEMORY && !singletons &&
            kind != KIND_none) {
            operand_owned(builder, &result);
        }
        push(builder, result);
        return;
    }
    raw = raw && singletons && build_is_number(kind);
    bool none = constants && kind == KIND_none;
    struct ir_node **values = ir_allocate(builder->graph, (size_t)count * sizeof *values);
    struct ir_block *block = ir_block_new(builder->graph);
    if (values == NULL) {
        return;
    }
    int i = 0;
    for (const struct return_way *way = ways; way != NULL; way = way->next, i++) {
        struct operand result = way->result;
        builder->block = way->block;
        if (raw) {
            values[i] = operand_raw(builder, &result, kind);
        } else if (none) {
            values[i] = result.value;
        } else {
            /* What one way does must not change what the others take the caller's locals for. */
            bool is_raw = result.state == OPERAND_RAW;
            values[i] = is_raw ? build_box(builder, result.value) : operand_owned(builder, &result);
        }
        build_node(builder, IR_jump, 0, NULL);
        ir_connect(builder->graph, builder->block, 0, block);
    }
    builder->block = block;
    struct ir_node *result = build_phi(builder, block, values, count);
    if (raw) {
        push_raw(builder, result);
    } else if (none) {
        push(builder, (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = result});
    } else {
        push_owned(builder, result);
    }
}

/* The operands of the caller's that go with its instruction. */
static const struct operand *kept_operands(const struct builder *builder)
{
    return builder->outer->operands + builder->outer->depth - builder->kept;
}

/* Does anything lose a reference when the function returns? */
static bool drops_something(const struct builder *builder)
{
    bool owned = builder->function.state == OPERAND_OWNED;
    for (int i = 0; i < builder->local_count; i++) {
        owned |= builder->variables[i].state == VARIABLE_OBJECT && builder->variables[i].owned;
    }
    for (int i = 0; i < builder->kept; i++) {
        owned |= kept_operands(builder)[i].state == OPERAND_OWNED;
    }
    return owned;
}

/* What the callee hands to its caller: something that needs neither its locals nor its code. */
static struct operand independent_result(struct builder *builder)
{
    struct operand result = pop(builder);
    if (result.state == OPERAND_RAW) {
        return (struct operand){.state = OPERAND_RAW, .local = -1, .value = result.value};
    }
    if (result.state == OPERAND_BORROWED && result.local >= 0) {
        struct variable *variable = &builder->variables[result.local];
        if (variable->state == VARIABLE_OBJECT && variable->value == result.value && variable->owned) {
            *variable = (struct variable){.state = VARIABLE_UNBOUND};
            return (struct operand){.state = OPERAND_OWNED, .local = -1, .value = result.value};
        }
    }
    if (is_fetched(&result) && !drops_something(builder)) {
        return result;
    }
    bool lasts = result.value->op == IR_constant_object &&
                 (result.value->kind == KIND_none || result.value->kind == KIND_bool ||
                  result.value->kind == KIND_int || result.value->kind == KIND_float);
    if (result.state == OPERAND_BORROWED && result.local == -1 && lasts) {
        /* Numbers: the code object has them, which the function has, and where that may go join_ways() sees to it. */
        return result;
    }
    operand_owned(builder, &result);
    return result;
}

/* Drops what locals and the function itself have references to, in the caller's name; then the operands of the caller's that were kept. */
static void drop_at_return(struct builder *builder, const struct operand *kept, int kept_count)
{
    struct builder *outer = builder->outer;
    size_t most = (size_t)builder->local_count + 1 + (size_t)kept_count;
    struct operand *dying = ir_allocate(builder->graph, most * sizeof *dying);
    int count = 0;
    bool runs_code = false;
    for (int i = 0; dying != NULL && i < builder->local_count; i++) {
        const struct variable *variable = &builder->variables[i];
        if (variable->state == VARIABLE_OBJECT && variable->owned) {
            dying[count++] = (struct operand){.state = OPERAND_OWNED, .local = -1, .value = variable->value};
            runs_code |= !build_is_simple((enum ir_kind)variable->value->kind);
        }
    }
    if (dying != NULL && builder->function.state == OPERAND_OWNED) {
        dying[count++] = builder->function;
        runs_code = true;
    }
    for (int i = 0; dying != NULL && i < kept_count; i++) {
        dying[count++] = kept[i];
        runs_code |= kept[i].state == OPERAND_OWNED && !build_is_simple((enum ir_kind)kept[i].value->kind);
    }
    if (runs_code && builder->completion == COMPLETION_sum) {
        build_refuse(builder); /* nothing can go on in the middle of sum() */
    }
    for (int i = 0; i < outer->depth; i++) {
        bool passing = outer->operands[i].state == OPERAND_BORROWED && outer->operands[i].local != -1;
        if (passing && runs_code && !builder->body->owns) {
            builder->body->owns = true;
            builder->retry = true;
        }
    }
    operand_drop_many(outer, dying, count, outer->current + 1);
}

/* Guards that an object is a number of the kind; false: it is known to be something else, and execution leaves. */
static bool guard_number(struct builder *builder, struct operand *result, enum ir_kind kind)
{
    enum ir_kind known = operand_kind(result);
    if (known == KIND_any) {
        operand_kind_guard(builder, result, kind);
        known = (enum ir_kind)result->value->kind;
    }
    if (known != kind) {
        build_leave(builder);
    }
    return known == kind;
}

/* Guards that the function returns what its caller's instruction can do with without further ado. */
static void guard_result(struct builder *builder)
{
    struct operand *result = peek(builder, 0);
    switch ((enum completion)builder->completion) {
    case COMPLETION_sum:
        build_add_to_sum(builder, builder->outer->operands[builder->outer->depth - 1].value);
        break;
    case COMPLETION_instance:
    case COMPLETION_set:
        if (result->state == OPERAND_RAW) {
            build_leave(builder);
        } else if (operand_kind(result) != KIND_none) {
            build_guard_same(builder, result->value, Py_None);
        }
        break;
    case COMPLETION_operator:
    case COMPLETION_compare:
        if (operand_kind(result) == KIND_any && result->value->op != IR_new_instance) {
            struct ir_node *unknown =
                build_node2(builder, IR_is_same, result->value, build_object(builder, Py_NotImplemented));
            build_guard1(builder, IR_guard_false, unknown);
        }
        break;
    case COMPLETION_contains:
        guard_number(builder, result, KIND_bool);
        break;
    case COMPLETION_length:
        if (guard_number(builder, result, KIND_int)) {
            struct ir_node *length = operand_raw(builder, result, KIND_int);
            struct ir_node *valid = build_node2(builder, IR_int_compare, length, build_int(builder, 0));
            valid->number = Py_GE;
            build_guard1(builder, IR_guard_true, valid);
        }
        break;
    default:
        break;
    }
}

/* The result of the function, of a known kind, as a number. */
static void result_to_raw(struct builder *builder, struct operand *result, enum ir_kind kind)
{
    struct ir_node *raw = operand_raw(builder, result, kind);
    if (result->state == OPERAND_OWNED) {
        build_node1(builder, IR_drop, result->value)->flags |= NODE_SIMPLE;
    }
    *result = (struct operand){.state = OPERAND_RAW, .local = -1, .value = raw};
}

/* What the caller's instruction gives, and which of the operands that were kept for it go then, in which order; the result of the function is
 * consumed. Returns the number of the operands. */
static int complete(struct builder *builder, struct operand *result, struct operand *kept)
{
    int count = builder->kept;
    memcpy(kept, kept_operands(builder), (size_t)count * sizeof *kept);
    switch ((enum completion)builder->completion) {
    case COMPLETION_sum:
        /* They stay for the next item. */
        return 0;
    case COMPLETION_contains:
        result_to_raw(builder, result, KIND_bool);
        if (build_current(builder->outer)->oparg) {
            result->value = build_node1(builder, IR_bool_not, result->value);
        }
        return count;
    case COMPLETION_length:
        result_to_raw(builder, result, KIND_int);
        return count;
    case COMPLETION_instance:
        break;
    case COMPLETION_object: {
        /* The object goes last. */
        struct operand object = kept[1];
        memmove(kept, kept + 2, (size_t)(count - 2) * sizeof *kept);
        kept[count - 2] = object;
        return count - 1;
    }
    default:
        return count;
    }
    if (result->state == OPERAND_OWNED) {
        struct ir_node *drop = build_node1(builder, IR_drop, result->value);
        drop->flags |= NODE_SIMPLE;
    }
    /* The instance; then the class, which goes last, and the arguments. */
    *result = kept[0];
    struct operand class = kept[1];
    memmove(kept, kept + 2, (size_t)(count - 2) * sizeof *kept);
    kept[count - 2] = class;
    return count - 1;
}

void build_inlined_return(struct builder *builder)
{
    struct builder *outer = builder->outer;
    struct return_way *way = ir_allocate(builder->graph, sizeof *way);
    struct operand *kept = ir_allocate(builder->graph, ((size_t)builder->kept + 1) * sizeof *kept);
    struct operand *kept_before = ir_allocate(builder->graph, ((size_t)builder->kept + 1) * sizeof *kept);
    guard_result(builder);
    if (way == NULL || kept == NULL || kept_before == NULL || builder->block == NULL) {
        return;
    }
    struct operand result = independent_result(builder);
    memcpy(kept_before, kept_operands(builder), (size_t)builder->kept * sizeof *kept);
    int kept_count = complete(builder, &result, kept);
    outer->block = builder->block;
    outer->depth -= builder->kept;
    bool pushes = builder->completion != COMPLETION_set;
    if (pushes) {
        push(outer, result);
    } else if (result.state == OPERAND_OWNED) {
        build_node1(builder, IR_drop, result.value)->flags |= NODE_SIMPLE;
    }
    drop_at_return(builder, kept, kept_count);
    way->result =
        pushes ? pop(outer)
               : (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = build_object(outer, Py_None)};
    way->block = outer->block;
    memcpy(outer->operands + outer->depth, kept_before, (size_t)builder->kept * sizeof *kept);
    outer->depth += builder->kept;
    struct return_way **end = &builder->returns;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = way;
    builder->retry |= outer->retry;
    builder->block = NULL;
}

/* A digest of the calls that lead to a frame, and of whom they call. */
static uint32_t path_of_callee(const struct builder *builder, PyCodeObject *code)
{
    uint32_t call =
        build_current(builder)->unit * MOST_CALLEES_COUNTED + code_state_get(code)->id % MOST_CALLEES_COUNTED;
    return builder->path * 0x9E3779B1u + call + 1;
}

uint32_t build_path_of_direct(PyCodeObject *code)
{
    return (code_state_get(code)->id % MOST_CALLEES_COUNTED + 1) * 0x85EBCA77u;
}

void build_inlined(struct builder *builder, const struct inlining *inlining)
{
    PyCodeObject *code = inlining->code;
    struct body *body = body_of_site(builder, code);
    build_settle_all_lent(builder);
    bool keeps = inlining->completion != COMPLETION_call;
    struct builder inlined = {
        .graph = builder->graph,
        .outer = builder,
        .completion = (uint8_t)inlining->completion,
        .kept = keeps ? inlining->operands : 0,
        .path = path_of_callee(builder, code),
        .is_virtual = true,
        .directs = builder->directs,
        .depth_limit = builder->depth_limit - 1,
        .budget = builder->budget,
        .watches = builder->watches,
        .prunes = builder->prunes,
        .failures = builder->failures,
        .failure_count = builder->failure_count,
        .globals = inlining->globals,
        .builtins = inlining->builtins,
        .block = builder->block,
    };
    *builder->budget -= body->bytecode->count;
    build_begin_body(&inlined, body);
    inlined.frame = add_frame(builder, code, inlined.path);
    if (builder->graph->out_of_memory) {
        return;
    }
    for (int i = 0; i < code->co_argcount; i++) {
        const struct operand *argument = &inlining->arguments[i];
        inlined.variables[i] = variable_of_argument(builder, argument, body);
        if (keeps && argument->state == OPERAND_OWNED) {
            inlined.variables[i].owned = 0; /* the caller's operand has the reference */
        }
    }
    struct operand function = inlining->function;
    if (body->owns && function.state == OPERAND_BORROWED && function.local != -1) {
        operand_owned(builder, &function);
    }
    inlined.function = function;
    builder->depth -= keeps ? 0 : inlining->operands;
    if (body->owns || body->owns_fetched) {
        build_own_operands(builder);
    }
    inlined.outer_state = build_state_raising(builder);
    if (inlined.outer_state != NULL) {
        inlined.outer_state->completion = inlined.completion;
        inlined.outer_state->kept = (uint16_t)inlined.kept;
    }
    inlined.block = builder->block;
    if (inlining->completion == COMPLETION_sum) {
        build_begin_instruction(&inlined);
        build_node(&inlined, IR_guard_breaker, 0, NULL)->state = build_state_before(&inlined);
    }
    build_walk(&inlined, 0);
    builder->depth -= inlined.kept;
    builder->retry |= inlined.retry;
    if (inlined.reason != REASON_none) {
        body->refused = true;
        builder->retry = true;
    }
    if (!builder->retry && !builder->graph->out_of_memory) {
        join_ways(builder, inlined.returns);
    }
}
