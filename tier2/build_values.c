/* tier2/build_values.c: nodes, frame states, and where the values of locals and operands stand; see build.h. */
#include "tier2/build.h"

#include <string.h>

/* ---- Nodes -------------------------------------------------------------------------------------------------- */

struct ir_node *build_node(struct builder *builder, enum ir_op op, int count, struct ir_node *const *inputs)
{
    struct ir_node *node = ir_append(builder->graph, builder->block, op, count, inputs);
    node->place = builder->bytecode->instructions[builder->current].unit * (uint32_t)sizeof(CodeUnit);
    node->frame = (uint16_t)builder->frame;
    return node;
}

struct ir_node *build_node1(struct builder *builder, enum ir_op op, struct ir_node *a)
{
    return build_node(builder, op, 1, (struct ir_node *[]){a});
}

struct ir_node *build_node2(struct builder *builder, enum ir_op op, struct ir_node *a, struct ir_node *b)
{
    return build_node(builder, op, 2, (struct ir_node *[]){a, b});
}

struct ir_node *build_guard1(struct builder *builder, enum ir_op op, struct ir_node *a)
{
    struct ir_node *node = build_node1(builder, op, a);
    node->state = build_state_before(builder);
    return node;
}

struct ir_node *build_guard2(struct builder *builder, enum ir_op op, struct ir_node *a, struct ir_node *b)
{
    struct ir_node *node = build_node2(builder, op, a, b);
    node->state = build_state_before(builder);
    return node;
}

void build_guard_same(struct builder *builder, struct ir_node *node, PyObject *object)
{
    if (node->op != IR_constant_object || node->pointer != object) {
        build_guard1(builder, IR_guard_true, build_node2(builder, IR_is_same, node, build_object(builder, object)));
    }
}

struct ir_node *build_int(struct builder *builder, int64_t value)
{
    struct ir_node *node = build_node(builder, IR_constant_int, 0, NULL);
    node->number = value;
    return node;
}

struct ir_node *build_float(struct builder *builder, double value)
{
    struct ir_node *node = build_node(builder, IR_constant_float, 0, NULL);
    memcpy(&node->number, &value, sizeof value);
    return node;
}

struct ir_node *build_bool(struct builder *builder, bool value)
{
    struct ir_node *node = build_node(builder, IR_constant_bool, 0, NULL);
    node->number = value;
    return node;
}

enum ir_kind build_kind_of_type(PyTypeObject *type)
{
#define KIND(name, field)                                                                                            \
    if (type == runtime_data.field) {                                                                                \
        return KIND_##name;                                                                                          \
    }
#include "runtime/kinds.def"
#undef KIND
    return KIND_any;
}

struct ir_node *build_object(struct builder *builder, PyObject *object)
{
    struct ir_node *node = build_node(builder, IR_constant_object, 0, NULL);
    node->pointer = object;
    node->kind = (uint8_t)build_kind_of_type(Py_TYPE(object));
    node->sample = object;
    return node;
}

enum ir_kind build_kind_of_raw(const struct ir_node *value)
{
    return value->type == IR_INT       ? KIND_int
           : value->type == IR_FLOAT   ? KIND_float
           : value->type == IR_COMPLEX ? KIND_complex
                                       : KIND_bool;
}

/* Can the death of such an object be seen by nobody? */
bool build_is_simple(enum ir_kind kind)
{
    return build_is_number(kind) || kind == KIND_str || kind == KIND_none;
}

bool build_is_number(enum ir_kind kind)
{
    return kind == KIND_int || kind == KIND_float || kind == KIND_bool || kind == KIND_complex;
}

bool build_has_failed(const struct builder *builder, enum ir_op op)
{
    uint32_t place = builder->bytecode->instructions[builder->current].unit * (uint32_t)sizeof(CodeUnit);
    for (size_t i = 0; i < builder->failure_count; i++) {
        if (builder->failures[i].path == builder->path && builder->failures[i].place == place &&
            builder->failures[i].op == op) {
            return true;
        }
    }
    return false;
}

bool build_kind_has_failed(const struct builder *builder, enum ir_kind kind)
{
    uint32_t place = builder->bytecode->instructions[builder->current].unit * (uint32_t)sizeof(CodeUnit);
    for (size_t i = 0; i < builder->failure_count; i++) {
        const struct deopt_failure *failure = &builder->failures[i];
        if (failure->path == builder->path && failure->place == place && failure->op == IR_guard_kind &&
            failure->kind == kind) {
            return true;
        }
    }
    return false;
}

/* ---- States ----------------------------------------------------------------------------------------------------- */

/* What tells objects apart that compiled code knows as numbers: a number comes to be where its node is made. Boxes have it as their number: passes
 * make one node of equal numbers, but one object only of what was one from the start. */
static uint32_t box_of(const struct ir_node *value)
{
    return value->id + 1;
}

static struct ir_slot slot_of_variable(const struct builder *builder, const struct variable *variable)
{
    switch ((enum variable_state)variable->state) {
    case VARIABLE_UNBOUND:
        return (struct ir_slot){.how = builder->is_virtual ? SLOT_EMPTY : SLOT_HOME};
    case VARIABLE_HOME:
        return (struct ir_slot){.how = SLOT_HOME};
    case VARIABLE_OBJECT:
        return (struct ir_slot){
            .how = variable->owned ? SLOT_OWNED : SLOT_BORROWED, .value = variable->value, .clean = variable->clean};
    case VARIABLE_RAW:
        break;
    }
    if (variable->lent != NULL) {
        return (struct ir_slot){.how = SLOT_BORROWED, .value = variable->lent};
    }
    if (build_is_true(variable->clean) && !builder->is_virtual) {
        return (struct ir_slot){.how = SLOT_HOME, .box = box_of(variable->value)};
    }
    return (struct ir_slot){
        .how = SLOT_RAW, .box = box_of(variable->value), .value = variable->value, .clean = variable->clean};
}

static struct ir_slot slot_of_operand(const struct operand *operand)
{
    switch ((enum operand_state)operand->state) {
    case OPERAND_NULL:
        break;
    case OPERAND_RAW:
        return (struct ir_slot){.how = SLOT_OWNED, .box = box_of(operand->value), .value = operand->value};
    case OPERAND_OWNED:
        return (struct ir_slot){.how = SLOT_OWNED, .value = operand->value};
    case OPERAND_BORROWED:
        return (struct ir_slot){.how = SLOT_BORROWED, .value = operand->value};
    case OPERAND_ITERATOR:
        return (struct ir_slot){.how = SLOT_ITERATOR, .value = operand->value, .index = operand->index};
    }
    return (struct ir_slot){.how = SLOT_EMPTY};
}

/* The state at the beginning of instruction `number`. */
static struct ir_state *make_state(struct builder *builder, const struct variable *variables,
                                   const struct operand *operands, int depth, int number)
{
    /* Of an inlined function, the function comes first. */
    int extra = builder->is_virtual;
    struct ir_state *state =
        ir_state_new(builder->graph, builder->frame, builder->local_count, depth + extra + builder->dying_count);
    if (state == NULL) {
        return NULL;
    }
    state->offset = bytecode_first_unit(builder->bytecode, number) * (uint32_t)sizeof(CodeUnit);
    state->outer = builder->outer_state;
    for (int i = 0; i < builder->local_count; i++) {
        state->slots[i] = slot_of_variable(builder, &variables[i]);
    }
    if (extra) {
        state->slots[builder->local_count] = slot_of_operand(&builder->function);
    }
    for (int i = 0; i < depth; i++) {
        struct ir_slot *slot = &state->slots[builder->local_count + extra + i];
        const struct variable *variable = operands[i].local >= 0 ? &variables[operands[i].local] : NULL;
        bool is_lent = variable != NULL && variable->lent != NULL && operands[i].state == OPERAND_RAW &&
                       operands[i].value == variable->value;
        *slot = is_lent ? slot_of_variable(builder, variable) : slot_of_operand(&operands[i]);
    }
    state->dying = (uint16_t)builder->dying_count;
    for (int i = 0; i < builder->dying_count; i++) {
        state->slots[builder->local_count + extra + depth + i] = slot_of_operand(&builder->dying[i]);
    }
    return state;
}

void build_begin_instruction(struct builder *builder)
{
    builder->before = NULL;
    builder->depth_before = builder->depth;
    memcpy(builder->variables_before, builder->variables, (size_t)builder->local_count * sizeof(struct variable));
    memcpy(builder->operands_before, builder->operands, (size_t)builder->depth * sizeof(struct operand));
}

struct ir_state *build_state_before(struct builder *builder)
{
    if (builder->before == NULL) {
        builder->before = make_state(builder, builder->variables_before, builder->operands_before,
                                     builder->depth_before, builder->current);
    }
    return builder->before;
}

struct ir_state *build_state_now(struct builder *builder, int next)
{
    return make_state(builder, builder->variables, builder->operands, builder->depth, next);
}

struct ir_state *build_state_of_store(struct builder *builder, int count)
{
    builder->depth -= count;
    build_own_fetched(builder);
    builder->depth += count;
    return build_state_now(builder, builder->current);
}

struct ir_state *build_state_raising(struct builder *builder)
{
    struct ir_state *state = build_state_now(builder, builder->current);
    if (state != NULL) {
        const struct instruction *instruction = &builder->bytecode->instructions[builder->current];
        state->offset = instruction->unit * (uint32_t)sizeof(CodeUnit);
        state->raises = 1;
        state->next = instruction->next_unit * (uint32_t)sizeof(CodeUnit);
        state->handler_lasti = instruction->handler_lasti;
        state->handler_keep = (uint16_t)instruction->handler_depth;
        state->handler =
            instruction->handler < 0
                ? -1
                : (int32_t)(bytecode_first_unit(builder->bytecode, instruction->handler) * sizeof(CodeUnit));
    }
    return state;
}

/* ---- Operands ---------------------------------------------------------------------------------------------------- */

void push(struct builder *builder, struct operand operand)
{
    assert(builder->depth < builder->stack_size);
    builder->operands[builder->depth++] = operand;
}

void push_raw(struct builder *builder, struct ir_node *value)
{
    push(builder, (struct operand){.state = OPERAND_RAW, .local = -1, .value = value});
}

void push_owned(struct builder *builder, struct ir_node *value)
{
    push(builder, (struct operand){.state = OPERAND_OWNED, .local = -1, .value = value});
}

void push_fetched(struct builder *builder, struct ir_node *value)
{
    push(builder, (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = value});
}

struct operand pop(struct builder *builder)
{
    assert(builder->depth > 0);
    return builder->operands[--builder->depth];
}

struct operand *peek(struct builder *builder, int from_top)
{
    assert(builder->depth > from_top);
    return &builder->operands[builder->depth - 1 - from_top];
}

enum ir_kind operand_kind(const struct operand *operand)
{
    if (operand->state == OPERAND_NULL) {
        return KIND_any;
    }
    return operand->state == OPERAND_RAW ? build_kind_of_raw(operand->value) : (enum ir_kind)operand->value->kind;
}

enum ir_kind operand_guess(const struct operand *operand)
{
    enum ir_kind kind = operand_kind(operand);
    if (kind == KIND_any && operand->state != OPERAND_NULL && operand->value->sample != NULL) {
        kind = build_kind_of_type(Py_TYPE((PyObject *)operand->value->sample));
    } else if (kind == KIND_any && operand->state != OPERAND_NULL) {
        kind = (enum ir_kind)operand->value->guess;
    }
    return kind;
}

/* The variable an operand's value also stands in, unchanged, or NULL. */
static struct variable *variable_of(struct builder *builder, const struct operand *operand)
{
    if (operand->local < 0) {
        return NULL;
    }
    struct variable *variable = &builder->variables[operand->local];
    return variable->state != VARIABLE_UNBOUND && variable->value == operand->value ? variable : NULL;
}

static struct ir_node *convert(struct builder *builder, struct ir_node *raw, enum ir_kind kind)
{
    if (raw->type == IR_BOOL && kind != KIND_bool) {
        raw = build_node1(builder, IR_int_from_bool, raw);
    }
    if (raw->type == IR_INT && (kind == KIND_float || kind == KIND_complex)) {
        if (raw->op == IR_constant_int && raw->number > -(1LL << 53) && raw->number < 1LL << 53) {
            raw = build_float(builder, (double)raw->number);
        } else {
            raw = build_guard1(builder, IR_float_from_int, raw);
        }
    }
    if (raw->type == IR_FLOAT && kind == KIND_complex) {
        raw = build_node2(builder, IR_complex_make, raw, build_float(builder, 0));
    }
    return raw;
}

bool build_constant_number(const struct ir_node *node, int64_t *number)
{
    if (node->op != IR_constant_object || node->kind != KIND_int || node->pointer == NULL) {
        return false;
    }
    int overflow = 0;
    *number = PyLong_AsLongAndOverflow((PyObject *)node->pointer, &overflow);
    return !overflow;
}

struct ir_node *operand_raw(struct builder *builder, struct operand *operand, enum ir_kind kind)
{
    if (operand->state == OPERAND_RAW) {
        return convert(builder, operand->value, kind);
    }
    struct variable *known = variable_of(builder, operand);
    if (known != NULL && known->state == VARIABLE_OBJECT && known->raw != NULL) {
        return convert(builder, known->raw, kind);
    }
    struct ir_node *object = operand_kind_guard(builder, operand, kind);
    enum ir_kind found = (enum ir_kind)object->kind;
    struct ir_node *raw;
    if (object->op == IR_constant_object && object->pointer != NULL) {
        PyObject *constant = (PyObject *)object->pointer;
        if (found == KIND_float) {
            return convert(builder, build_float(builder, PyFloat_AS_DOUBLE(constant)), kind);
        }
        if (found == KIND_complex) {
            Py_complex number = ((PyComplexObject *)constant)->cval;
            return build_complex(builder, number.real, number.imag);
        }
        if (found == KIND_bool) {
            return convert(builder, build_bool(builder, constant == Py_True), kind);
        }
        int64_t value;
        if (build_constant_number(object, &value)) {
            return convert(builder, build_int(builder, value), kind);
        }
    }
    if (found == KIND_int) {
        raw = build_guard1(builder, IR_unbox_int, object);
    } else {
        enum ir_op op = found == KIND_float     ? IR_unbox_float
                        : found == KIND_complex ? IR_unbox_complex
                                                : IR_unbox_bool;
        raw = build_node1(builder, op, object);
    }
    struct variable *variable = variable_of(builder, operand);
    if (variable != NULL && variable->state == VARIABLE_HOME) {
        *variable = (struct variable){.state = VARIABLE_RAW, .value = raw, .clean = build_bool(builder, true)};
    } else if (variable != NULL && variable->state == VARIABLE_OBJECT) {
        variable->raw = raw;
    }
    return convert(builder, raw, kind);
}

struct ir_node *operand_number(struct builder *builder, struct operand *operand, enum ir_kind kind, bool as_float)
{
    struct ir_node *raw = operand_raw(builder, operand, kind);
    return convert(builder, raw, as_float ? KIND_float : kind == KIND_bool ? KIND_int : kind);
}

struct ir_node *operand_kind_guard(struct builder *builder, struct operand *operand, enum ir_kind kind)
{
    assert(operand->state != OPERAND_RAW && operand->state != OPERAND_NULL);
    if (operand->value->kind != KIND_any) {
        return operand->value;
    }
    struct variable *variable = variable_of(builder, operand);
    struct ir_node *guard = build_guard1(builder, IR_guard_kind, operand->value);
    guard->kind = (uint8_t)kind;
    build_copy_guess(guard, operand->value);
    operand->value = guard;
    if (variable != NULL) {
        variable->value = guard;
        build_note_kind(builder, operand->local, kind);
    }
    return guard;
}

/* ---- Boxes ----
 *
 * A number that compiled code has made becomes an object when one is asked for, once: who else stands for the same node gets that object. */

/* May the home of a raw local hold nothing, or something else? */
static bool may_be_missing(const struct variable *variable)
{
    return variable->maybe_unbound || variable->maybe_other;
}

/* A local, other than `local`, that has the number `raw` as an object already, or on some ways here; or -1. One that may hold something else or
 * nothing goes for another local only: where that is newer than its home, both have been assigned the number. */
static int local_with_box(const struct builder *builder, const struct ir_node *raw, int local)
{
    int found = -1;
    for (int i = 0; i < builder->local_count && !ir_is_constant(raw); i++) {
        const struct variable *variable = &builder->variables[i];
        bool in_home = variable->state == VARIABLE_RAW && variable->value == raw && variable->clean != NULL &&
                       !builder->is_virtual && (local >= 0 || !may_be_missing(variable));
        bool is_lent = variable->lent != NULL && variable->value == raw;
        if (i != local && (in_home || is_lent || (variable->state == VARIABLE_OBJECT && variable->raw == raw))) {
            if (variable->state == VARIABLE_OBJECT || is_lent || build_is_true(variable->clean)) {
                return i;
            }
            found = i;
        }
    }
    return found;
}

/* A local that stands for the number, raw; or -1. */
static int local_with_number(const struct builder *builder, const struct ir_node *raw)
{
    for (int i = 0; i < builder->local_count && !ir_is_constant(raw); i++) {
        const struct variable *variable = &builder->variables[i];
        if (variable->state == VARIABLE_RAW && variable->value == raw && !may_be_missing(variable)) {
            return i;
        }
    }
    return -1;
}

/* A new box in an inlined function: where its callers have the number, too, they are to make the object before the call. */
static void note_boxed_argument(struct builder *builder, const struct ir_node *raw)
{
    for (struct builder *inlined = builder; inlined->outer != NULL; inlined = inlined->outer) {
        bool known = local_with_number(inlined->outer, raw) >= 0;
        for (int i = 0; i < inlined->outer->depth; i++) {
            const struct operand *operand = &inlined->outer->operands[i];
            known |= operand->state == OPERAND_RAW && operand->value == raw && !ir_is_constant(raw);
        }
        if (known && !inlined->body->boxes) {
            inlined->body->boxes = true;
            builder->retry = true;
        }
    }
}

/* Operands that the current instruction does not take, and that are the same number, refer to the new box. What leaves from here on knows. */
static void share_box(struct builder *builder, const struct ir_node *raw, struct ir_node *object)
{
    const struct instruction *instruction = build_current(builder);
    int below = builder->depth_before - opcode_pops(instruction->opcode, instruction->oparg);
    for (int i = 0; i < below && i < builder->depth && !builder->settling; i++) {
        struct operand *operand = &builder->operands[i];
        if (operand->state == OPERAND_RAW && operand->value == raw) {
            build_node1(builder, IR_hold, object);
            *operand = (struct operand){.state = OPERAND_OWNED, .local = -1, .value = object};
            builder->operands_before[i] = *operand;
            builder->before = NULL;
        }
    }
}

static enum ir_op box_op(const struct ir_node *raw)
{
    return raw->type == IR_INT ? IR_box_int : raw->type == IR_COMPLEX ? IR_box_complex : IR_box_float;
}

struct ir_node *build_box(struct builder *builder, struct ir_node *raw)
{
    if (raw->type == IR_BOOL) {
        struct ir_node *object = build_node1(builder, IR_box_bool, raw);
        build_node1(builder, IR_hold, object);
        return object;
    }
    struct ir_node *object = build_node1(builder, box_op(raw), raw);
    object->number = box_of(raw);
    return object;
}

/* The number as an object, with a reference for the caller: an operand may have it, or a new box is made. */
static struct ir_node *make_box(struct builder *builder, struct ir_node *raw)
{
    enum ir_op op = box_op(raw);
    for (int i = 0; i < builder->depth && !ir_is_constant(raw); i++) {
        const struct operand *operand = &builder->operands[i];
        if (operand->state == OPERAND_OWNED && operand->value->op == op && operand->value->inputs[0] == raw) {
            build_node1(builder, IR_hold, operand->value);
            return operand->value;
        }
    }
    struct ir_node *object = build_box(builder, raw);
    if (!ir_is_constant(raw)) {
        note_boxed_argument(builder, raw);
        share_box(builder, raw, object);
    }
    return object;
}

/* The same for a local without a home. */
static struct ir_node *sync_without_home(struct builder *builder, int local)
{
    struct variable *variable = &builder->variables[local];
    struct ir_node *raw = variable->value;
    int other = local_with_box(builder, raw, local);
    struct ir_node *object;
    if (raw->type == IR_BOOL) {
        object = build_node1(builder, IR_box_bool, raw);
        build_node1(builder, IR_hold, object);
    } else if (other >= 0) {
        object = builder->variables[other].value;
        build_node1(builder, IR_hold, object);
    } else {
        object = make_box(builder, raw);
    }
    *variable = (struct variable){
        .state = VARIABLE_OBJECT, .owned = 1, .value = object, .clean = variable->clean, .raw = raw};
    return object;
}

/* Makes the home of a raw local hold its value; returns what it holds, borrowed; perhaps NULL, where that may be missing. */
static struct ir_node *sync_local(struct builder *builder, int local)
{
    struct variable *variable = &builder->variables[local];
    assert(variable->state == VARIABLE_RAW);
    struct ir_node *object;
    if (builder->is_virtual) {
        return sync_without_home(builder, local);
    }
    if (variable->lent != NULL) {
        object = variable->lent;
        build_node1(builder, IR_hold, object);
        struct ir_node *store = build_node1(builder, IR_store_home, object);
        store->number = local;
        store->flags |= NODE_SIMPLE;
        variable->lent = NULL;
        variable->clean = build_bool(builder, true);
        return object;
    }
    if (build_is_true(variable->clean)) {
        object = build_node(builder, IR_load_home, 0, NULL);
    } else {
        int other = local_with_box(builder, variable->value, local);
        /* The two are one object. */
        struct ir_node *value = variable->value;
        struct ir_node *clean = variable->clean;
        variable->clean = NULL;
        value = other >= 0 ? sync_local(builder, other) : value;
        object = build_node(builder, IR_sync_home, clean != NULL ? 2 : 1, (struct ir_node *[]){value, clean});
        variable->clean = build_bool(builder, true);
    }
    object->number = local;
    object->kind = may_be_missing(variable) ? KIND_any : (uint8_t)build_kind_of_raw(variable->value);
    return object;
}

void variable_sync(struct builder *builder, int local)
{
    if (!build_is_true(builder->variables[local].clean)) {
        sync_local(builder, local);
    }
}

struct ir_node *operand_object(struct builder *builder, struct operand *operand)
{
    if (operand->state != OPERAND_RAW) {
        return operand->value;
    }
    struct ir_node *raw = operand->value;
    if (raw->type == IR_BOOL && variable_of(builder, operand) == NULL) {
        operand->value = build_node1(builder, IR_box_bool, raw);
        operand->state = OPERAND_BORROWED;
        operand->local = -1;
        return operand->value;
    }
    int boxed = local_with_box(builder, raw, -1);
    int local = variable_of(builder, operand) != NULL ? operand->local
                : boxed >= 0                          ? boxed
                                                      : local_with_number(builder, raw);
    if (local >= 0) {
        bool is_raw = builder->variables[local].state == VARIABLE_RAW;
        struct ir_node *object = is_raw ? sync_local(builder, local) : builder->variables[local].value;
        if (operand->state == OPERAND_OWNED) {
            /* It is one of those that got the new box as theirs. */
            return operand->value;
        }
        *operand = (struct operand){.state = OPERAND_BORROWED, .local = (int16_t)local, .value = object};
    } else {
        struct ir_node *object = make_box(builder, raw);
        if (operand->state == OPERAND_OWNED) {
            build_node1(builder, IR_drop, object)->flags |= NODE_SIMPLE;
        }
        *operand = (struct operand){.state = OPERAND_OWNED, .local = -1, .value = object};
    }
    return operand->value;
}

struct ir_node *operand_owned(struct builder *builder, struct operand *operand)
{
    struct ir_node *object = operand_object(builder, operand);
    if (operand->state == OPERAND_ITERATOR) {
        struct ir_node *store = build_node2(builder, IR_store_int, object, operand->index);
        store->offset = (int)offsetof(struct range_iterator, index);
        store->memory = MEMORY_iterator;
    } else if (operand->state == OPERAND_BORROWED) {
        build_node1(builder, IR_hold, object);
    }
    *operand = (struct operand){.state = OPERAND_OWNED, .local = -1, .value = object};
    return object;
}

void operand_drop(struct builder *builder, struct operand *operand, int next)
{
    if (operand->state != OPERAND_OWNED && operand->state != OPERAND_ITERATOR) {
        return;
    }
    bool simple = operand->state == OPERAND_ITERATOR || build_is_simple((enum ir_kind)operand->value->kind);
    bool plain = !simple && !build_has_failed(builder, IR_drop);
    if (plain) {
        build_own_fetched(builder);
    }
    if (!simple) {
        build_own_operands(builder);
    }
    if (!simple && !plain) {
        build_own_locals(builder);
    }
    if (!simple && builder->graph->direct) {
        build_refuse(builder);
    }
    struct ir_node *drop = build_node1(builder, IR_drop, operand->value);
    if (simple) {
        drop->flags |= NODE_SIMPLE;
    } else {
        drop->state = build_state_now(builder, next);
        drop->flags |= plain ? NODE_PLAIN : 0;
    }
}

void operand_drop_many(struct builder *builder, struct operand *operands, int count, int next)
{
    struct operand *dying = ir_allocate(builder->graph, (size_t)count * sizeof *dying + 1);
    int owned = 0;
    for (int i = 0; dying != NULL && i < count; i++) {
        if (operands[i].state == OPERAND_OWNED || operands[i].state == OPERAND_ITERATOR) {
            dying[owned++] = operands[i];
        }
    }
    for (int i = 0; i < owned; i++) {
        builder->dying = &dying[i + 1];
        builder->dying_count = owned - i - 1;
        operand_drop(builder, &dying[i], next);
    }
    builder->dying_count = 0;
}

void build_own_operands(struct builder *builder)
{
    build_settle_lent(builder);
    for (int i = 0; i < builder->depth; i++) {
        struct operand *operand = &builder->operands[i];
        if (operand->state == OPERAND_BORROWED && operand->local != -1) {
            operand_owned(builder, operand);
        }
    }
}

/* ---- Locals -------------------------------------------------------------------------------------------------------- */

bool variable_is_bound(const struct builder *builder, int local)
{
    return local < BYTECODE_TRACKED_LOCALS &&
           (builder->bytecode->instructions[builder->current].bound >> local & 1) != 0;
}

void build_load_fast(struct builder *builder, int local)
{
    struct variable *variable = &builder->variables[local];
    if (variable->state == VARIABLE_UNBOUND) {
        build_leave(builder);
        return;
    }
    bool is_bound = variable_is_bound(builder, local);
    if (builder->is_virtual && variable->clean != NULL) {
        if (!is_bound) {
            build_guard1(builder, IR_guard_false, variable->clean);
        }
        variable->clean = NULL;
    }
    if (variable->state == VARIABLE_RAW && variable->clean != NULL &&
        (variable->maybe_other || (variable->maybe_unbound && !is_bound))) {
        /* Its home may be empty, or hold something else: ask that. */
        enum ir_kind kind = variable->maybe_other ? KIND_any : build_kind_of_raw(variable->value);
        struct ir_node *object = sync_local(builder, local);
        object = is_bound ? object : build_guard1(builder, IR_guard_bound, object);
        object->kind = (uint8_t)kind;
        *variable = (struct variable){.state = VARIABLE_HOME, .value = object};
    }
    if (variable->state == VARIABLE_HOME && variable->value == NULL) {
        struct ir_node *object = build_node(builder, IR_load_home, 0, NULL);
        object->number = local;
        object->sample = builder->samples != NULL ? builder->samples[local] : NULL;
        if (!is_bound) {
            struct ir_node *bound = build_guard1(builder, IR_guard_bound, object);
            bound->sample = object->sample;
            object = bound;
        }
        variable->value = object;
    }
    push(builder, (struct operand){.state = variable->state == VARIABLE_RAW ? OPERAND_RAW : OPERAND_BORROWED,
                                   .local = (int16_t)local,
                                   .value = variable->value});
}

bool variable_is_simple(const struct variable *variable)
{
    return variable->state != VARIABLE_HOME || variable->is_simple ||
           (variable->value != NULL && build_is_simple((enum ir_kind)variable->value->kind));
}

/* The value of `local` is about to change: operands that depend on it become independent. */
static void release_operands_of(struct builder *builder, int local)
{
    if (builder->variables[local].lent != NULL) {
        build_release_lent_operands(builder, local);
    }
    for (int i = 0; i < builder->depth; i++) {
        struct operand *operand = &builder->operands[i];
        if (operand->local != local) {
            continue;
        }
        if (operand->state == OPERAND_BORROWED ||
            (operand->state == OPERAND_RAW && !builder->is_virtual && builder->variables[local].clean != NULL)) {
            operand_owned(builder, operand);
        }
        operand->local = -1;
    }
}

/* The same in an inlined function, whose locals have no homes. */
static void store_without_home(struct builder *builder, int local, struct operand value)
{
    struct variable *variable = &builder->variables[local];
    struct variable old = *variable;
    struct variable *source = variable_of(builder, &value);
    if (value.state == OPERAND_RAW) {
        *variable = (struct variable){.state = VARIABLE_RAW, .value = value.value};
    } else if (value.state == OPERAND_BORROWED && value.local == -1) {
        bool number = build_is_number(operand_kind(&value));
        *variable = (struct variable){
            .state = VARIABLE_OBJECT,
            .value = value.value,
            .raw = number ? operand_raw(builder, &value, operand_kind(&value)) : NULL,
        };
    } else {
        struct ir_node *raw = source != NULL ? source->raw : NULL;
        enum ir_kind guess = operand_guess(&value);
        if (raw == NULL && build_is_number(guess) && !build_kind_has_failed(builder, guess) &&
            !build_has_failed(builder, IR_unbox_int)) {
            raw = operand_raw(builder, &value, guess);
        }
        struct ir_node *object = operand_owned(builder, &value);
        *variable = (struct variable){.state = VARIABLE_OBJECT, .owned = 1, .value = object, .raw = raw};
    }
    if (old.state == VARIABLE_OBJECT && old.owned) {
        struct operand dead = {.state = OPERAND_OWNED, .local = -1, .value = old.value};
        operand_drop(builder, &dead, builder->current + 1);
    }
}

/* Is there an operand or local that what dies might have been the last to have? */
static bool borrows_from_memory(const struct builder *builder)
{
    bool borrows = false;
    for (int i = 0; i < builder->depth; i++) {
        borrows |=
            builder->operands[i].state == OPERAND_BORROWED && builder->operands[i].local == BORROWED_FROM_MEMORY;
    }
    for (int i = 0; i < builder->local_count; i++) {
        borrows |= builder->variables[i].lent != NULL;
    }
    return borrows;
}

void build_store_fast(struct builder *builder, int local)
{
    struct operand value = pop(builder);
    struct variable *variable = &builder->variables[local];
    if (value.local == local && variable_of(builder, &value) != NULL && value.state != OPERAND_OWNED) {
        return;
    }
    release_operands_of(builder, local);
    if (builder->is_virtual) {
        store_without_home(builder, local, value);
        return;
    }
    bool simple = variable_is_simple(variable);
    struct ir_node *raw = value.state == OPERAND_RAW ? value.value : NULL;
    const struct variable *source = variable_of(builder, &value);
    bool has_object = source != NULL && build_is_true(source->clean);
    if (raw != NULL && simple && !has_object) {
        *variable =
            (struct variable){.state = VARIABLE_RAW, .value = raw, .lent = source != NULL ? source->lent : NULL};
        return;
    }
    if (raw == NULL && build_is_number(operand_guess(&value)) &&
        !build_kind_has_failed(builder, operand_guess(&value)) && !build_has_failed(builder, IR_unbox_int)) {
        /* It stays the object it is, too. */
        raw = operand_raw(builder, &value, operand_guess(&value));
    }
    if (raw != NULL && raw->type != IR_BOOL && simple && value.state == OPERAND_BORROWED &&
        value.local == BORROWED_FROM_MEMORY) {
        *variable = (struct variable){.state = VARIABLE_RAW, .value = raw, .lent = value.value};
        return;
    }
    struct ir_node *object = operand_owned(builder, &value);
    if (build_function_made(object) != NULL) {
        build_peel_around(builder);
    }
    bool leaves = !simple && !build_has_failed(builder, IR_store_home);
    if (!simple && !leaves) {
        build_own_operands(builder);
    }
    struct ir_node *store = build_node1(builder, IR_store_home, object);
    store->number = local;
    store->offset = leaves && borrows_from_memory(builder) ? DROP_LEAVES : 0;
    if (raw != NULL) {
        *variable = (struct variable){.state = VARIABLE_RAW, .value = raw, .clean = build_bool(builder, true)};
    } else {
        *variable = (struct variable){.state = VARIABLE_HOME, .value = object};
    }
    if (simple) {
        store->flags |= NODE_SIMPLE;
    } else {
        store->state = build_state_now(builder, builder->current + 1);
        store->flags |= leaves ? NODE_PLAIN : 0;
    }
}

/* ---- Escapes ----------------------------------------------------------------------------------------------------------- */

/* An operand that is the number of a local is one reference more to what its home holds, which the callee may count. */
static void own_numbers_of_locals(struct builder *builder)
{
    for (int i = 0; i < builder->depth; i++) {
        struct operand *operand = &builder->operands[i];
        const struct variable *variable = operand->state == OPERAND_RAW ? variable_of(builder, operand) : NULL;
        if (variable != NULL && variable->state == VARIABLE_RAW && operand->value->type != IR_BOOL) {
            operand_owned(builder, operand);
        }
    }
}

void build_prepare_escape(struct builder *builder)
{
    if (builder->is_virtual && !build_may_escape(builder)) {
        build_refuse(builder);
    }
    for (int local = 0; local < builder->local_count && !builder->is_virtual; local++) {
        struct variable *variable = &builder->variables[local];
        if (variable->state == VARIABLE_RAW && !build_is_true(variable->clean)) {
            sync_local(builder, local);
        }
    }
    own_numbers_of_locals(builder);
    build_own_operands(builder);
    if (builder->is_virtual) {
        build_own_locals(builder);
        struct ir_node *make = build_node(builder, IR_make_frames, 0, NULL);
        make->state = build_state_now(builder, builder->current);
    }
}

void build_finish_escape(struct builder *builder, int next)
{
    struct ir_node *guard = build_node(builder, IR_guard_quiet, 0, NULL);
    guard->state = build_state_now(builder, next);
}

/* ---- Bringing a local or operand into the form another block wants -------------------------------------------------------- */

/* An int, float or truth value that nobody reads. */
static struct ir_node *any_number(struct builder *builder, enum ir_kind kind)
{
    return kind == KIND_float     ? build_float(builder, 0)
           : kind == KIND_complex ? build_complex(builder, 0, 0)
           : kind == KIND_bool    ? build_bool(builder, false)
                                  : build_int(builder, 0);
}

struct ir_node *variable_to_raw(struct builder *builder, int local, enum ir_kind kind)
{
    struct variable *variable = &builder->variables[local];
    if (variable->state == VARIABLE_UNBOUND) {
        /* Its home is empty, and that is the truth. */
        variable->clean = build_bool(builder, true);
        variable->maybe_unbound = 1;
        return any_number(builder, kind);
    }
    if (variable->state == VARIABLE_HOME) {
        build_load_fast(builder, local);
        struct operand operand = pop(builder);
        if (operand.value->kind != KIND_any && operand.value->kind != kind) {
            return NULL;
        }
        operand_raw(builder, &operand, kind);
    }
    return build_kind_of_raw(variable->value) == kind ? variable->value : NULL;
}

void build_bind_to_nothing(struct builder *builder, int local, enum ir_kind kind)
{
    struct variable *variable = &builder->variables[local];
    if (build_is_number(kind)) {
        *variable = (struct variable){.state = VARIABLE_RAW,
                                      .value = kind == KIND_int     ? build_int(builder, 0)
                                               : kind == KIND_float ? build_float(builder, 0)
                                                                    : build_bool(builder, false)};
    } else {
        struct ir_node *none = build_object(builder, Py_None);
        build_node1(builder, IR_hold, none);
        *variable = (struct variable){.state = VARIABLE_OBJECT, .owned = 1, .value = none};
    }
    variable->clean = build_bool(builder, true);
}

void variable_to_late_raw(struct builder *builder, int local, enum ir_kind kind)
{
    struct variable *variable = &builder->variables[local];
    if (variable->state == VARIABLE_RAW && build_kind_of_raw(variable->value) == kind) {
        return;
    }
    variable_to_home(builder, local);
    if (variable->state == VARIABLE_HOME && !variable_is_simple(variable)) {
        struct ir_node *guard = build_node(builder, IR_guard_home, 0, NULL);
        guard->number = local;
        guard->state = build_state_before(builder);
    }
    *variable = (struct variable){.state = VARIABLE_RAW,
                                  .maybe_other = 1,
                                  .value = any_number(builder, kind),
                                  .clean = build_bool(builder, true)};
}

/* Before what is known of a raw local's number is lost: other locals that are the same object have it, too. */
static void sync_twins(struct builder *builder, int local)
{
    const struct ir_node *raw = builder->variables[local].value;
    for (int i = 0; i < builder->local_count && !ir_is_constant(raw); i++) {
        const struct variable *other = &builder->variables[i];
        if (i != local && other->state == VARIABLE_RAW && other->value == raw) {
            variable_sync(builder, i);
        }
    }
}

struct ir_node *variable_to_home(struct builder *builder, int local)
{
    struct variable *variable = &builder->variables[local];
    if (variable->state == VARIABLE_RAW) {
        struct ir_node *object = sync_local(builder, local);
        if (!builder->is_virtual) {
            sync_twins(builder, local);
        }
        bool maybe_unbound = may_be_missing(variable);
        if (!builder->is_virtual) {
            *variable =
                (struct variable){.state = VARIABLE_HOME, .is_simple = 1, .value = maybe_unbound ? NULL : object};
        }
    }
    return variable->value;
}
