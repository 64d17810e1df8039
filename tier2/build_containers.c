/* tier2/build_containers.c: subscripts, unpacking, building, membership, and what else is done to built-in containers and strings; see
 * build.h.
 *
 * Items of lists and tuples are loads and stores of their own. All else is done by the functions of runtime/plain.h, which run no code: where one
 * declines, execution leaves, and tier 1 does the instruction in general. */
#include "tier2/build.h"

#include "runtime/ops.h"
#include "runtime/plain.h"

static bool is_object(const struct operand *operand)
{
    return operand->state != OPERAND_RAW && operand->state != OPERAND_NULL;
}

/* A guard that leaves at the beginning of the instruction, where operands may have become objects meanwhile. */
static struct ir_node *guard_now(struct builder *builder, enum ir_op op, struct ir_node *value)
{
    struct ir_node *guard = build_node1(builder, op, value);
    guard->state = build_state_now(builder, builder->current);
    return guard;
}

/* Is what a plain function says of the instruction worth asking for? */
static bool plain_is_promising(const struct builder *builder)
{
    return !build_has_failed(builder, IR_guard_bound);
}

/* Pops `count` operands, whose result has been pushed by the caller's `result`: it stands in their place before they are dropped, as they
 * die after it is made. */
static void replace_operands(struct builder *builder, int count, struct operand result)
{
    struct operand popped[4];
    for (int i = 0; i < count; i++) {
        popped[i] = pop(builder);
    }
    push(builder, result);
    struct operand dying[4];
    for (int i = 0; i < count; i++) {
        dying[i] = popped[count - 1 - i];
    }
    operand_drop_many(builder, dying, count, builder->current + 1);
}

static struct operand owned(struct ir_node *value)
{
    return (struct operand){.state = OPERAND_OWNED, .local = -1, .value = value};
}

/* A plain function on the `count` operands on top, the lowest first, followed by 0: it takes no references. */
static struct ir_node *call_on_operands(struct builder *builder, const void *function, enum ir_type type, int count,
                                        int owned_flags)
{
    struct ir_node *inputs[5];
    for (int i = 0; i < count; i++) {
        inputs[i] = operand_object(builder, peek(builder, count - 1 - i));
    }
    inputs[count] = build_int(builder, owned_flags);
    return build_plain_call(builder, function, type, count + 1, inputs);
}

/* The instruction by a plain function whose result, an object, replaces `count` operands. */
static void build_plain_object(struct builder *builder, const void *function, int count)
{
    if (!plain_is_promising(builder)) {
        build_by_step(builder);
        return;
    }
    struct ir_node *result = call_on_operands(builder, function, IR_OBJECT, count, 0);
    replace_operands(builder, count, owned(guard_now(builder, IR_guard_bound, result)));
}

/* The same for a truth value: negative where it declines. */
static struct ir_node *plain_truth_value(struct builder *builder, struct ir_node *status)
{
    struct ir_node *valid = build_node2(builder, IR_int_compare, status, build_int(builder, 0));
    valid->number = Py_GE;
    guard_now(builder, IR_guard_true, valid);
    struct ir_node *truth = build_node2(builder, IR_int_compare, status, build_int(builder, 0));
    truth->number = Py_NE;
    return truth;
}

/* ---- Subscripts -------------------------------------------------------------------------------------------------- */

/* An index of a list or tuple of known size as a position in it; guards that it is one. */
static struct ir_node *build_position(struct builder *builder, struct ir_node *container, struct ir_node *index)
{
    struct ir_node *size = build_node1(builder, IR_load, container);
    size->type = IR_INT;
    size->offset = (int32_t)offsetof(PyVarObject, ob_size);
    size->memory = container->kind == KIND_tuple ? MEMORY_constant : MEMORY_list_shape;
    struct ir_node *position = build_node2(builder, IR_wrap_index, index, size);
    struct ir_node *inside = build_node2(builder, IR_is_inside, position, size);
    build_guard1(builder, IR_guard_true, inside);
    return position;
}

/* The type a container operand will be of: as known, as its sample is, or as tier 0 has seen. KIND_none: certainly something else. */
static enum ir_kind container_kind(const struct builder *builder, const struct operand *container)
{
    if (!is_object(container)) {
        return KIND_none;
    }
    enum ir_kind kind = operand_guess(container);
    if (kind != KIND_any) {
        return kind;
    }
    if (container->value->sample != NULL) {
        return KIND_none;
    }
    switch (build_current(builder)->specialised) {
    case BINARY_SUBSCR_LIST_INT:
    case STORE_SUBSCR_LIST_INT:
    case UNPACK_SEQUENCE_LIST:
        return KIND_list;
    case BINARY_SUBSCR_TUPLE_INT:
    case UNPACK_SEQUENCE_TUPLE:
    case UNPACK_SEQUENCE_TWO_TUPLE:
        return KIND_tuple;
    case BINARY_SUBSCR_DICT:
    case STORE_SUBSCR_DICT:
        return KIND_dict;
    case BINARY_SUBSCR_GETITEM:
        return KIND_none;
    default:
        return KIND_any;
    }
}

static bool is_probably_int(const struct operand *operand)
{
    enum ir_kind kind = operand_guess(operand);
    return operand->state != OPERAND_NULL &&
           (kind == KIND_int ||
            (kind == KIND_any && operand->value->sample == NULL && operand->value->class == NULL));
}

/* An item of a list or tuple that is typical. */
static PyObject *sample_item(const struct ir_node *container, const struct ir_node *index)
{
    PyObject *sample = container->sample;
    if (sample == NULL || !(PyList_CheckExact(sample) || PyTuple_CheckExact(sample)) || Py_SIZE(sample) == 0) {
        return NULL;
    }
    int64_t at = index != NULL && index->op == IR_constant_int ? index->number : 0;
    at += at < 0 ? Py_SIZE(sample) : 0;
    return at >= 0 && at < Py_SIZE(sample) ? PySequence_Fast_ITEMS(sample)[at] : NULL;
}

static struct ir_node *load_item(struct builder *builder, struct ir_node *container, struct ir_node *position)
{
    struct ir_node *item = build_node2(builder, IR_load_item, container, position);
    item->memory = container->kind == KIND_tuple ? MEMORY_constant : MEMORY_list_item;
    return item;
}

/* str[int]: a character that is a byte. */
static void build_character(struct builder *builder)
{
    struct ir_node *container = operand_kind_guard(builder, peek(builder, 1), KIND_str);
    struct ir_node *index = operand_raw(builder, peek(builder, 0), KIND_int);
    struct ir_node *size = build_guard1(builder, IR_str_length, container);
    size->flags |= NODE_NOT_NEGATIVE;
    struct ir_node *position = build_node2(builder, IR_wrap_index, index, size);
    build_guard1(builder, IR_guard_true, build_node2(builder, IR_is_inside, position, size));
    struct ir_node *code = build_guard2(builder, IR_str_character, container, position);
    code->flags |= NODE_NOT_NEGATIVE;
    replace_operands(
        builder, 2,
        (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = build_str_of_character(builder, code)});
}

void build_subscript(struct builder *builder)
{
    struct operand *left = peek(builder, 1);
    enum ir_kind kind = container_kind(builder, left);
    if (kind == KIND_str && is_probably_int(peek(builder, 0)) && !build_has_failed(builder, IR_guard_kind) &&
        !build_has_failed(builder, IR_guard_true) && !build_has_failed(builder, IR_str_character)) {
        build_character(builder);
        return;
    }
    if ((kind == KIND_list || kind == KIND_tuple) && is_probably_int(peek(builder, 0)) &&
        !build_has_failed(builder, IR_guard_kind) && !build_has_failed(builder, IR_guard_true)) {
        struct ir_node *container = operand_kind_guard(builder, left, kind);
        struct ir_node *index = operand_raw(builder, peek(builder, 0), KIND_int);
        struct ir_node *position = build_position(builder, container, index);
        struct ir_node *item = load_item(builder, container, position);
        item->sample = sample_item(container, index);
        replace_operands(builder, 2,
                         (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = item});
        return;
    }
    if (kind == KIND_none) {
        if (!build_user_subscript(builder)) {
            build_by_step(builder);
        }
        return;
    }
    const void *function =
        kind == KIND_dict ? (const void *)rt_plain_dict_subscript : (const void *)rt_plain_subscript;
    PyObject *dict = left->value->sample;
    build_plain_object(builder, function, 2);
    /* A value of the dict will do as an example. */
    Py_ssize_t position = 0;
    PyObject *value;
    if (builder->block != NULL && peek(builder, 0)->state == OPERAND_OWNED && dict != NULL &&
        PyDict_CheckExact(dict) && PyDict_Next(dict, &position, NULL, &value)) {
        peek(builder, 0)->value->sample = value;
    }
}

bool operand_is_fresh_number(const struct builder *builder, const struct operand *operand)
{
    return operand->state == OPERAND_RAW && operand->value->type != IR_BOOL && operand->value->type != IR_COMPLEX &&
           (operand->local < 0 || builder->variables[operand->local].value != operand->value);
}

/* list[int] = value */
static void build_store_item(struct builder *builder)
{
    struct ir_node *container = operand_kind_guard(builder, peek(builder, 1), KIND_list);
    struct ir_node *index = operand_raw(builder, peek(builder, 0), KIND_int);
    struct ir_node *position = build_position(builder, container, index);
    struct ir_node *old = load_item(builder, container, position);
    old->sample = sample_item(container, index);
    if (operand_is_fresh_number(builder, peek(builder, 2)) && !build_has_failed(builder, IR_store_raw_item)) {
        struct ir_state *state = build_state_of_store(builder, 3);
        struct operand key = pop(builder);
        struct operand list = pop(builder);
        struct ir_node *raw = pop(builder).value;
        struct ir_node *inputs[4] = {container, position, old, raw};
        struct ir_node *store = build_node(builder, IR_store_raw_item, 4, inputs);
        store->memory = MEMORY_list_item;
        store->state = state;
        operand_drop_many(builder, (struct operand[]){list, key}, 2, builder->current + 1);
        return;
    }
    struct operand place = {.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = old};
    if (build_is_number(operand_guess(&place)) && !build_kind_has_failed(builder, operand_guess(&place))) {
        old = operand_kind_guard(builder, &place, operand_guess(&place));
    }
    struct ir_node *value = operand_owned(builder, peek(builder, 2));
    struct operand key = pop(builder);
    struct operand list = pop(builder);
    pop(builder);
    build_own_fetched(builder);
    struct ir_node *inputs[3] = {container, position, value};
    build_node(builder, IR_store_item, 3, inputs)->memory = MEMORY_list_item;
    struct operand dying[3] = {owned(old), list, key};
    operand_drop_many(builder, dying, 3, builder->current + 1);
}

void build_store_subscript(struct builder *builder)
{
    enum ir_kind kind = container_kind(builder, peek(builder, 1));
    if (kind == KIND_list && is_probably_int(peek(builder, 0)) && !build_has_failed(builder, IR_guard_true)) {
        build_store_item(builder);
        return;
    }
    if (kind != KIND_dict || !plain_is_promising(builder)) {
        if (!build_user_store_subscript(builder)) {
            build_by_step(builder);
        }
        return;
    }
    struct ir_node *container = operand_object(builder, peek(builder, 1));
    struct ir_node *key = operand_object(builder, peek(builder, 0));
    struct ir_node *value = operand_object(builder, peek(builder, 2));
    struct ir_node *inputs[4] = {container, key, value, build_int(builder, 0)};
    struct ir_node *dead = build_plain_call(builder, (const void *)rt_plain_store, IR_OBJECT, 4, inputs);
    dead->memory = MEMORY_dict;
    dead = guard_now(builder, IR_guard_bound, dead);
    struct operand popped_key = pop(builder);
    struct operand popped_container = pop(builder);
    struct operand popped_value = pop(builder);
    build_own_fetched(builder);
    if (popped_value.state == OPERAND_OWNED) {
        /* The dict has it now: this is not its last reference. */
        struct ir_node *drop = build_node1(builder, IR_drop, popped_value.value);
        drop->flags |= NODE_SIMPLE;
    }
    struct operand dying[3] = {owned(dead), popped_container, popped_key};
    operand_drop_many(builder, dying, 3, builder->current + 1);
}

/* ---- Unpacking --------------------------------------------------------------------------------------------------- */

enum { MOST_UNPACKED = 16 };

void build_unpack(struct builder *builder)
{
    int count = build_current(builder)->oparg;
    struct operand *operand = peek(builder, 0);
    enum ir_kind kind = container_kind(builder, operand);
    if ((kind != KIND_list && kind != KIND_tuple) || count > MOST_UNPACKED ||
        build_has_failed(builder, IR_guard_kind) || build_has_failed(builder, IR_guard_true)) {
        build_by_step(builder);
        return;
    }
    struct ir_node *container = operand_kind_guard(builder, operand, kind);
    struct ir_node *size = build_node1(builder, IR_load, container);
    size->type = IR_INT;
    size->offset = (int32_t)offsetof(PyVarObject, ob_size);
    size->memory = kind == KIND_tuple ? MEMORY_constant : MEMORY_list_shape;
    struct ir_node *equal = build_node2(builder, IR_int_compare, size, build_int(builder, count));
    equal->number = Py_EQ;
    build_guard1(builder, IR_guard_true, equal);
    struct operand sequence = pop(builder);
    for (int i = count - 1; i >= 0; i--) {
        struct ir_node *index = build_int(builder, i);
        struct ir_node *item = load_item(builder, container, index);
        item->sample = sample_item(container, index);
        push_fetched(builder, item);
    }
    operand_drop(builder, &sequence, builder->current + 1);
}

/* ---- Building ----------------------------------------------------------------------------------------------------- */

static const void *building_function(int opcode)
{
    switch (opcode) {
    case BUILD_TUPLE:
        return (const void *)rt_plain_tuple;
    case BUILD_LIST:
        return (const void *)rt_plain_list;
    case BUILD_STRING:
        return (const void *)rt_plain_join;
    case BUILD_MAP:
        return (const void *)rt_plain_map;
    case BUILD_SET:
        return (const void *)rt_plain_set;
    default:
        return NULL;
    }
}

enum { MOST_BUILT = 64 };

void build_container(struct builder *builder)
{
    const struct instruction *instruction = build_current(builder);
    const void *function = building_function(instruction->opcode);
    int pops = opcode_pops(instruction->opcode, instruction->oparg);
    if (function == NULL || pops > MOST_BUILT || (pops == 0 && instruction->opcode == BUILD_TUPLE) ||
        !plain_is_promising(builder)) {
        build_by_step(builder);
        return;
    }
    struct ir_node *inputs[MOST_BUILT];
    for (int i = 0; i < pops; i++) {
        inputs[i] = operand_owned(builder, peek(builder, pops - 1 - i));
    }
    bool is_tuple = instruction->opcode == BUILD_TUPLE;
    struct ir_node *result = build_node(builder, is_tuple ? IR_new_tuple : IR_call_plain_array, pops, inputs);
    if (!is_tuple) {
        result->pointer = function;
        result->number = instruction->oparg;
    }
    result = guard_now(builder, IR_guard_bound, result);
    /* The collector's turn to run: tier 1 makes this one. */
    result->flags |= is_tuple || instruction->opcode == BUILD_LIST ? NODE_QUIET : 0;
    result->kind = is_tuple                              ? KIND_tuple
                   : instruction->opcode == BUILD_LIST   ? KIND_list
                   : instruction->opcode == BUILD_STRING ? KIND_str
                   : instruction->opcode == BUILD_MAP    ? KIND_dict
                                                         : KIND_any;
    for (int i = 0; i < pops; i++) {
        pop(builder);
    }
    push_owned(builder, result);
}

/* ---- Tests and operators -------------------------------------------------------------------------------------------- */

void build_contains(struct builder *builder)
{
    struct operand *container = peek(builder, 0);
    bool user_type = is_object(container) && operand_guess(container) == KIND_any &&
                     container->value->sample != NULL && !PyAnySet_CheckExact((PyObject *)container->value->sample);
    if (user_type && build_user_contains(builder)) {
        return;
    }
    if (build_has_failed(builder, IR_guard_true) || user_type) {
        build_by_step(builder);
        return;
    }
    struct ir_node *status = call_on_operands(builder, (const void *)rt_plain_contains, IR_INT, 2, 0);
    struct ir_node *truth = plain_truth_value(builder, status);
    if (build_current(builder)->oparg) {
        truth = build_node1(builder, IR_bool_not, truth);
    }
    replace_operands(builder, 2, (struct operand){.state = OPERAND_RAW, .local = -1, .value = truth});
}

/* A guard that a str is ready. */
static struct ir_node *ready_string(struct builder *builder, struct operand *operand)
{
    struct ir_node *string = operand_kind_guard(builder, operand, KIND_str);
    if (string->op != IR_constant_object && string->op != IR_str_of_character) {
        build_guard1(builder, IR_str_length, string);
    }
    return string;
}

/* Of two str: as numbers, where both are known to be single characters; else for equality. NULL: neither. */
static struct ir_node *compare_strings(struct builder *builder)
{
    int comparison = build_current(builder)->oparg;
    struct operand *left = peek(builder, 1);
    struct operand *right = peek(builder, 0);
    struct ir_node *codes[2] = {build_character_of(builder, left), build_character_of(builder, right)};
    if (codes[0] != NULL && codes[1] != NULL) {
        struct ir_node *order = build_node2(builder, IR_int_compare, codes[0], codes[1]);
        order->number = comparison;
        return order;
    }
    bool unknown = operand_guess(left) != KIND_str || operand_guess(right) != KIND_str;
    if ((comparison != Py_EQ && comparison != Py_NE) || unknown || build_has_failed(builder, IR_guard_kind) ||
        build_has_failed(builder, IR_str_length)) {
        return NULL;
    }
    struct ir_node *first = ready_string(builder, left);
    struct ir_node *equal = build_node2(builder, IR_str_equal, first, ready_string(builder, right));
    return comparison == Py_EQ ? equal : build_node1(builder, IR_bool_not, equal);
}

bool build_plain_compare(struct builder *builder)
{
    int specialised = build_current(builder)->specialised;
    enum ir_kind left = operand_guess(peek(builder, 1));
    enum ir_kind right = operand_guess(peek(builder, 0));
    bool either_is_str = left == KIND_str || right == KIND_str;
    bool promising = specialised == COMPARE_OP_STR_JUMP ||
                     (either_is_str && (left == right || left == KIND_any || right == KIND_any)) ||
                     (build_is_number(left) && build_is_number(right));
    if (!promising || build_has_failed(builder, IR_guard_true)) {
        return false;
    }
    struct ir_node *outcome =
        is_object(peek(builder, 1)) && is_object(peek(builder, 0)) && either_is_str ? compare_strings(builder) : NULL;
    if (outcome != NULL) {
        replace_operands(builder, 2, (struct operand){.state = OPERAND_RAW, .local = -1, .value = outcome});
        return true;
    }
    struct ir_node *inputs[4] = {operand_object(builder, peek(builder, 1)), operand_object(builder, peek(builder, 0)),
                                 build_int(builder, build_current(builder)->oparg), build_int(builder, 0)};
    struct ir_node *status = build_plain_call(builder, (const void *)rt_plain_compare, IR_INT, 4, inputs);
    struct ir_node *truth = plain_truth_value(builder, status);
    replace_operands(builder, 2, (struct operand){.state = OPERAND_RAW, .local = -1, .value = truth});
    return true;
}

struct ir_node *build_plain_truth(struct builder *builder)
{
    struct operand *operand = peek(builder, 0);
    PyObject *sample = is_object(operand) ? operand->value->sample : NULL;
    bool unknown = sample == NULL || sample == Py_None || PyBool_Check(sample) || PyAnySet_CheckExact(sample) ||
                   build_kind_of_type(Py_TYPE(sample)) != KIND_any;
    if (!is_object(operand) || build_has_failed(builder, IR_guard_true) || !unknown) {
        return NULL;
    }
    struct ir_node *status = call_on_operands(builder, (const void *)rt_plain_truth, IR_INT, 1, 0);
    return plain_truth_value(builder, status);
}

/* + on strings, lists and tuples. */
bool build_plain_concatenation(struct builder *builder)
{
    int oparg = build_current(builder)->oparg;
    enum ir_kind left = operand_guess(peek(builder, 1));
    enum ir_kind right = operand_guess(peek(builder, 0));
    if (build_current(builder)->specialised == BINARY_OP_ADD_UNICODE && left == KIND_any) {
        left = right = KIND_str;
    }
    /* A list is extended by +=, a str in place where nobody else has it. */
    bool adds = oparg == NB_ADD || (oparg == NB_INPLACE_ADD && left == KIND_tuple);
    if (!adds || left != right || (left != KIND_str && left != KIND_list && left != KIND_tuple) ||
        !plain_is_promising(builder)) {
        return false;
    }
    build_plain_object(builder, (const void *)rt_plain_concatenate, 2);
    return true;
}

/* ---- Comprehensions ---------------------------------------------------------------------------------------------------- */

void build_comprehension_item(struct builder *builder)
{
    const struct instruction *instruction = build_current(builder);
    int pops = instruction->opcode == MAP_ADD ? 2 : 1;
    struct operand *container = peek(builder, pops + instruction->oparg - 1);
    if (container->state != OPERAND_OWNED || build_has_failed(builder, IR_list_append) ||
        build_has_failed(builder, IR_guard_true) || build_has_failed(builder, IR_guard_bound) ||
        build_kind_has_failed(builder, KIND_list)) {
        build_by_step(builder);
        return;
    }
    if (instruction->opcode == LIST_APPEND) {
        build_append(builder, container, peek(builder, 0));
        pop(builder);
        return;
    }
    struct ir_node *inputs[4] = {container->value};
    for (int i = 0; i < pops; i++) {
        inputs[1 + i] = operand_object(builder, peek(builder, pops - 1 - i));
    }
    inputs[1 + pops] = build_int(builder, 0);
    struct operand dying[3];
    if (instruction->opcode == SET_ADD) {
        struct ir_node *status = build_plain_call(builder, (const void *)rt_plain_set_add, IR_INT, 3, inputs);
        plain_truth_value(builder, status);
        dying[0] = pop(builder);
        operand_drop_many(builder, dying, 1, builder->current + 1);
        return;
    }
    struct ir_node *dead = build_plain_call(builder, (const void *)rt_plain_store, IR_OBJECT, 4, inputs);
    dying[0] = owned(guard_now(builder, IR_guard_bound, dead));
    dying[2] = pop(builder);
    dying[1] = pop(builder);
    build_own_fetched(builder);
    operand_drop_many(builder, dying, 3, builder->current + 1);
}
