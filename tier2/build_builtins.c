/* tier2/build_builtins.c: CALL of what runtime/callees.def knows, without other code; see build.h.
 *
 * The callee is a constant: whoever made it one has compared it. What numbers, characters and sizes are asked for is computed here; for the rest there
 * are the functions of the rows. Where one of those declines, execution leaves, and tier 1 calls in general. */
#include "tier2/build.h"

#include "runtime/callees.h"
#include "runtime/iterators.h"
#include "runtime/plain.h"

#include <math.h>
#include <string.h>

/* Calls with more operands go the general way. */
enum { MOST_OPERANDS = 64 };

/* Stock may enter so many levels of recursion in such a call. Where fewer are left tier 1 finds out. */
enum { LEVELS_OF_CALL = 4 };

/* A CALL of something known. */
struct known_call {
    enum callee callee;
    PyObject *callable;
    int count;      /* of arguments, self not counted */
    bool is_method; /* self stands before them */
};

/* What a row's function returns. */
static enum ir_kind result_kind(enum callee callee)
{
    static const uint8_t kinds[CALLEE_COUNT] = {
#define FUNCTION(id, name, fewest, most, function, result, effect, tier1)     [CALLEE_##id] = KIND_##result,
#define METHOD(id, type, name, fewest, most, function, result, effect, tier1) [CALLEE_##id] = KIND_##result,
#define CLASS(id, type, fewest, most, function, result, effect, tier1)        [CALLEE_##id] = KIND_##result,
#define MATH(id, name)                                                        [CALLEE_##id] = KIND_any,
#define REAL(name, arity)                                                     [CALLEE_real_##name] = KIND_float,
#include "runtime/callees.def"
    };
    return (enum ir_kind)kinds[callee];
}

static bool is_object(const struct operand *operand)
{
    return operand->state != OPERAND_RAW && operand->state != OPERAND_NULL;
}

/* Argument `number`. */
static struct operand *argument(struct builder *builder, const struct known_call *call, int number)
{
    return peek(builder, call->count - 1 - number);
}

/* A guard that leaves at the beginning of the instruction, where operands may have become objects meanwhile. */
static struct ir_node *guard_now(struct builder *builder, enum ir_op op, struct ir_node *value)
{
    struct ir_node *guard = build_node(builder, op, value != NULL, &value);
    guard->state = build_state_now(builder, builder->current);
    return guard;
}

/* Guards that so much recursion is left as the call may take. */
static void guard_depth(struct builder *builder)
{
    int level = LEVELS_OF_CALL;
    for (const struct builder *outer = builder->outer; outer != NULL; outer = outer->outer) {
        level++;
    }
    guard_now(builder, IR_guard_depth, NULL)->number = level;
}

/* Puts the result where the call's operands stood, which die in stock's order: a function after its arguments, self before them, a method last. */
static void finish_call(struct builder *builder, const struct known_call *call, struct operand result)
{
    struct operand operands[MOST_OPERANDS];
    int total = call->count + 2;
    for (int i = total - 1; i >= 0; i--) {
        operands[i] = pop(builder);
    }
    struct operand dying[MOST_OPERANDS];
    int count = 0;
    if (call->is_method) {
        dying[count++] = operands[1];
    }
    for (int i = 2; i < total; i++) {
        dying[count++] = operands[i];
    }
    dying[count++] = operands[call->is_method ? 0 : 1];
    push(builder, result);
    operand_drop_many(builder, dying, count, builder->current + 1);
}

static void finish_raw(struct builder *builder, const struct known_call *call, struct ir_node *result)
{
    finish_call(builder, call, (struct operand){.state = OPERAND_RAW, .local = -1, .value = result});
}

static void finish_constant(struct builder *builder, const struct known_call *call, PyObject *result)
{
    finish_call(builder, call,
                (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = build_object(builder, result)});
}

/* The argument is the result. */
static void finish_same(struct builder *builder, const struct known_call *call)
{
    struct operand *same = argument(builder, call, 0);
    struct operand result = *same;
    if (same->state == OPERAND_OWNED) {
        /* Its reference goes over. */
        *same = (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = same->value};
    }
    finish_call(builder, call, result);
}

static struct ir_node *load_size(struct builder *builder, struct ir_node *object, enum ir_memory memory)
{
    struct ir_node *size = build_node1(builder, IR_load, object);
    size->type = IR_INT;
    size->offset = (int32_t)offsetof(PyVarObject, ob_size);
    size->memory = (uint8_t)memory;
    size->flags |= NODE_NOT_NEGATIVE;
    return size;
}

/* Has the operand's number not been an object yet? Which object the result is can be asked of objects only. */
static bool is_only_raw(const struct builder *builder, const struct operand *operand)
{
    if (operand->state != OPERAND_RAW) {
        return false;
    }
    const struct variable *variable = operand->local >= 0 ? &builder->variables[operand->local] : NULL;
    return variable == NULL || variable->value != operand->value ||
           (variable->clean == NULL && variable->lent == NULL);
}

/* An int that has one object only. */
static bool is_small_constant(const struct operand *operand)
{
    if (!is_object(operand) || operand->value->op != IR_constant_object || operand->value->kind != KIND_int) {
        return false;
    }
    const PyLongObject *constant = operand->value->pointer;
    const PyLongObject *zero = runtime_data.small_int_zero;
    return constant >= zero - _PY_NSMALLNEGINTS && constant < zero + _PY_NSMALLPOSINTS;
}

static struct ir_node *not_negative(struct builder *builder, struct ir_node *status)
{
    struct ir_node *valid = build_node2(builder, IR_int_compare, status, build_int(builder, 0));
    valid->number = Py_GE;
    guard_now(builder, IR_guard_true, valid);
    status->flags |= NODE_NOT_NEGATIVE;
    return status;
}

/* ---- Sizes and characters ----------------------------------------------------------------------------------------- */

/* A class of C code, which lives for ever, of this name. */
static bool is_static_class(const PyTypeObject *type, const char *name)
{
    return !(type->tp_flags & Py_TPFLAGS_HEAPTYPE) && strcmp(type->tp_name, name) == 0;
}

static bool build_len(struct builder *builder, const struct known_call *call)
{
    struct operand *operand = argument(builder, call, 0);
    if (!is_object(operand) || build_has_failed(builder, IR_guard_true)) {
        return false;
    }
    _Static_assert(offsetof(PyDictObject, ma_used) == offsetof(PyVarObject, ob_size) &&
                       offsetof(PyASCIIObject, length) == offsetof(PyVarObject, ob_size),
                   "sizes stand in one place");
    enum ir_kind kind = operand_guess(operand);
    const PyObject *sample = operand->value->sample;
    bool guess = !build_kind_has_failed(builder, kind);
    struct ir_node *size;
    if (guess && (kind == KIND_list || kind == KIND_dict || kind == KIND_tuple)) {
        struct ir_node *object = operand_kind_guard(builder, operand, kind);
        size = load_size(builder, object,
                         kind == KIND_list   ? MEMORY_list_shape
                         : kind == KIND_dict ? MEMORY_dict
                                             : MEMORY_constant);
    } else if (guess && kind == KIND_str && !build_has_failed(builder, IR_str_length)) {
        size = guard_now(builder, IR_str_length, operand_kind_guard(builder, operand, kind));
        size->flags |= NODE_NOT_NEGATIVE;
    } else if (kind == KIND_any && sample != NULL && is_static_class(Py_TYPE(sample), "collections.deque") &&
               !build_has_failed(builder, IR_guard_class)) {
        struct ir_node *class = guard_now(builder, IR_guard_class, operand->value);
        class->pointer = Py_TYPE(sample);
        size = load_size(builder, operand->value, MEMORY_dict);
    } else {
        struct ir_node *object = operand_object(builder, operand);
        size = not_negative(builder, build_plain_call(builder, (const void *)rt_plain_length, IR_INT, 1, &object));
    }
    finish_raw(builder, call, size);
    return true;
}

struct ir_node *build_character_of(struct builder *builder, struct operand *operand)
{
    if (!is_object(operand)) {
        return NULL;
    }
    struct ir_node *value = operand->value;
    if (value->op == IR_str_of_character) {
        return value->inputs[0];
    }
    PyObject *constant = value->op == IR_constant_object ? (PyObject *)value->pointer : NULL;
    if (constant != NULL && PyUnicode_CheckExact(constant) && PyUnicode_IS_READY(constant) &&
        PyUnicode_GET_LENGTH(constant) == 1 && PyUnicode_READ_CHAR(constant, 0) < 256) {
        return build_int(builder, PyUnicode_READ_CHAR(constant, 0));
    }
    return NULL;
}

static bool build_ord(struct builder *builder, const struct known_call *call)
{
    struct operand *operand = argument(builder, call, 0);
    if (!is_object(operand) || build_has_failed(builder, IR_guard_true)) {
        return false;
    }
    struct ir_node *code = build_character_of(builder, operand);
    enum ir_kind kind = operand_guess(operand);
    if (code == NULL && kind == KIND_str && !build_kind_has_failed(builder, kind) &&
        !build_has_failed(builder, IR_str_character)) {
        struct ir_node *object = operand_kind_guard(builder, operand, kind);
        struct ir_node *length = guard_now(builder, IR_str_length, object);
        struct ir_node *one = build_node2(builder, IR_int_compare, length, build_int(builder, 1));
        one->number = Py_EQ;
        guard_now(builder, IR_guard_true, one);
        code = build_node2(builder, IR_str_character, object, build_int(builder, 0));
        code->state = build_state_now(builder, builder->current);
        code->flags |= NODE_NOT_NEGATIVE;
    } else if (code == NULL) {
        struct ir_node *object = operand_object(builder, operand);
        code = not_negative(builder, build_plain_call(builder, (const void *)rt_plain_ordinal, IR_INT, 1, &object));
    }
    finish_raw(builder, call, code);
    return true;
}

struct ir_node *build_str_of_character(struct builder *builder, struct ir_node *code)
{
    struct ir_node *string = build_node1(builder, IR_str_of_character, code);
    string->kind = KIND_str;
    return string;
}

static bool build_chr(struct builder *builder, const struct known_call *call)
{
    struct operand *operand = argument(builder, call, 0);
    if (operand_guess(operand) != KIND_int || build_kind_has_failed(builder, KIND_int) ||
        build_has_failed(builder, IR_guard_true)) {
        return false;
    }
    struct ir_node *code = operand_raw(builder, operand, KIND_int);
    guard_now(builder, IR_guard_true, build_node2(builder, IR_is_inside, code, build_int(builder, 256)));
    finish_call(
        builder, call,
        (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = build_str_of_character(builder, code)});
    return true;
}

/* ---- Numbers ------------------------------------------------------------------------------------------------------ */

/* What number an argument will be; KIND_any: none, or nobody knows. */
static enum ir_kind number_of(const struct builder *builder, const struct operand *operand)
{
    enum ir_kind kind = operand_guess(operand);
    return build_is_number(kind) && !build_kind_has_failed(builder, kind) && !build_has_failed(builder, IR_unbox_int)
               ? kind
               : KIND_any;
}

static bool build_abs(struct builder *builder, const struct known_call *call)
{
    struct operand *operand = argument(builder, call, 0);
    enum ir_kind kind = number_of(builder, operand);
    if (kind == KIND_float) {
        finish_raw(builder, call, build_node1(builder, IR_float_absolute, operand_raw(builder, operand, KIND_float)));
        return true;
    }
    /* Of an object that is not negative the result is that object. */
    if (kind != KIND_int || !is_only_raw(builder, operand) || build_has_failed(builder, IR_int_absolute)) {
        return false;
    }
    finish_raw(builder, call, guard_now(builder, IR_int_absolute, operand->value));
    return true;
}

/* min() and max() of numbers that are no objects yet: else the result is one of those. */
static bool build_extreme(struct builder *builder, const struct known_call *call)
{
    bool floats =
        argument(builder, call, 0)->state == OPERAND_RAW && argument(builder, call, 0)->value->type == IR_FLOAT;
    for (int i = 0; i < call->count; i++) {
        const struct operand *operand = argument(builder, call, i);
        bool is_raw = is_only_raw(builder, operand) && operand->value->type == (floats ? IR_FLOAT : IR_INT);
        if (!is_raw && (floats || !is_small_constant(operand))) {
            return false;
        }
    }
    bool least = call->callee == CALLEE_min;
    enum ir_op op = floats ? (least ? IR_float_minimum : IR_float_maximum) : least ? IR_int_minimum : IR_int_maximum;
    struct ir_node *best = operand_raw(builder, argument(builder, call, 0), floats ? KIND_float : KIND_int);
    for (int i = 1; i < call->count; i++) {
        struct ir_node *next = operand_raw(builder, argument(builder, call, i), floats ? KIND_float : KIND_int);
        best = build_node2(builder, op, best, next);
    }
    finish_raw(builder, call, best);
    return true;
}

/* The float that is nearest to zero ... of the rounding functions, all by truncation. */
static struct ir_node *truncated(struct builder *builder, struct ir_node *real)
{
    struct ir_node *number = build_node1(builder, IR_int_from_float, real);
    number->state = build_state_now(builder, builder->current);
    return number;
}

/* One less, or more, where truncation went the wrong way. */
static struct ir_node *rounded_to_side(struct builder *builder, struct ir_node *real, bool up)
{
    struct ir_node *number = truncated(builder, real);
    struct ir_node *back = guard_now(builder, IR_float_from_int, number);
    struct ir_node *wrong = build_node2(builder, IR_float_compare, back, real);
    wrong->number = up ? Py_LT : Py_GT;
    struct ir_node *result = build_node2(builder, up ? IR_int_add : IR_int_subtract, number,
                                         build_node1(builder, IR_int_from_bool, wrong));
    result->flags |= NODE_FITS;
    return result;
}

/* int(), round(), math.floor() and the like of a float or int. */
static bool build_rounding(struct builder *builder, const struct known_call *call)
{
    struct operand *operand = argument(builder, call, 0);
    enum ir_kind kind = number_of(builder, operand);
    if (call->count != 1 || build_has_failed(builder, IR_int_from_float) ||
        build_has_failed(builder, IR_float_from_int)) {
        return false;
    }
    if (kind == KIND_int) {
        if (is_object(operand)) {
            operand_kind_guard(builder, operand, KIND_int);
        }
        finish_same(builder, call);
        return true;
    }
    if (kind != KIND_float) {
        return false;
    }
    struct ir_node *real = operand_raw(builder, operand, KIND_float);
    struct ir_node *result;
    switch (call->callee) {
    case CALLEE_math_floor:
    case CALLEE_math_ceil:
        result = rounded_to_side(builder, real, call->callee == CALLEE_math_ceil);
        break;
    case CALLEE_round:
        /* Halves to the even neighbour, as float.__round__ has it. */
        real = build_plain_call(builder, (const void *)(double (*)(double))rint, IR_FLOAT, 1, &real);
        result = truncated(builder, real);
        break;
    default:
        result = truncated(builder, real);
        break;
    }
    finish_raw(builder, call, result);
    return true;
}

static bool build_float_of(struct builder *builder, const struct known_call *call)
{
    struct operand *operand = argument(builder, call, 0);
    enum ir_kind kind = number_of(builder, operand);
    if (kind == KIND_float) {
        if (is_object(operand)) {
            operand_kind_guard(builder, operand, KIND_float);
        }
        finish_same(builder, call);
        return true;
    }
    if (kind == KIND_any || build_has_failed(builder, IR_float_from_int)) {
        return false;
    }
    finish_raw(builder, call, operand_number(builder, operand, kind, true));
    return true;
}

/* Guards that a float is finite. */
static void guard_finite(struct builder *builder, struct ir_node *real)
{
    struct ir_node *magnitude = build_node1(builder, IR_float_absolute, real);
    struct ir_node *finite = build_node2(builder, IR_float_compare, magnitude, build_float(builder, HUGE_VAL));
    finite->number = Py_LT;
    guard_now(builder, IR_guard_true, finite);
}

/* A function of math whose result, where it is finite, is what libm's function says. (mathmodule.c, math_1, math_2, m_log and so on) */
static bool build_real(struct builder *builder, const struct known_call *call)
{
    struct ir_node *inputs[2];
    if (build_has_failed(builder, IR_guard_true) || build_has_failed(builder, IR_float_from_int)) {
        return false;
    }
    for (int i = 0; i < call->count; i++) {
        if (number_of(builder, argument(builder, call, i)) == KIND_any) {
            return false;
        }
    }
    for (int i = 0; i < call->count; i++) {
        struct operand *operand = argument(builder, call, i);
        inputs[i] = operand_number(builder, operand, number_of(builder, operand), true);
    }
    struct ir_node *result;
    if (call->callee == CALLEE_math_sqrt) {
        struct ir_node *valid = build_node2(builder, IR_float_compare, inputs[0], build_float(builder, 0));
        valid->number = Py_GE;
        guard_now(builder, IR_guard_true, valid);
        result = build_node1(builder, IR_float_square_root, inputs[0]);
    } else if (call->callee == CALLEE_math_fabs) {
        result = build_node1(builder, IR_float_absolute, inputs[0]);
    } else {
        result = build_plain_call(builder, callee_rows[call->callee].real, IR_FLOAT, call->count, inputs);
        guard_finite(builder, result);
    }
    finish_raw(builder, call, result);
    return true;
}

/* ---- Classes ------------------------------------------------------------------------------------------------------- */

static bool build_type_of(struct builder *builder, const struct known_call *call)
{
    struct operand *operand = argument(builder, call, 0);
    enum ir_kind kind = operand_kind(operand);
    if (operand->state == OPERAND_NULL) {
        return false;
    }
    if (kind != KIND_any) {
        finish_constant(builder, call, (PyObject *)ir_type_of_kind(kind));
        return true;
    }
    struct ir_node *class = build_node1(builder, IR_load, operand->value);
    class->type = IR_OBJECT;
    class->offset = (int32_t)offsetof(PyObject, ob_type);
    class->memory = MEMORY_type;
    class->sample = operand->value->sample != NULL ? Py_TYPE(operand->value->sample) : NULL;
    finish_call(builder, call,
                (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = class});
    return true;
}

static bool build_by_row(struct builder *builder, const struct known_call *call);

static bool build_isinstance(struct builder *builder, const struct known_call *call)
{
    struct operand *object = argument(builder, call, 0);
    const struct operand *class = argument(builder, call, 1);
    if (object->state == OPERAND_NULL || !is_object(class) || build_has_failed(builder, IR_guard_true)) {
        return false;
    }
    enum ir_kind kind = operand_kind(object);
    PyObject *known = class->value->op == IR_constant_object ? (PyObject *)class->value->pointer : NULL;
    if (kind != KIND_any && known != NULL && Py_IS_TYPE(known, &PyType_Type)) {
        /* The classes of such objects say so themselves. */
        bool is_instance = PyType_IsSubtype(ir_type_of_kind(kind), (PyTypeObject *)known);
        finish_raw(builder, call, build_bool(builder, is_instance));
        return true;
    }
    /* Of a number that has no box yet by the step, which brings all homes up to date: without it an exit gives a raw local and an operand of the same
     * number a box each, which sys.getrefcount() sees (tests/programs/tier2_identity.py). */
    return object->state != OPERAND_RAW && build_by_row(builder, call);
}

static bool build_str_of(struct builder *builder, const struct known_call *call)
{
    if (operand_kind(argument(builder, call, 0)) != KIND_str) {
        return false;
    }
    finish_same(builder, call);
    return true;
}

/* ---- Lists ---------------------------------------------------------------------------------------------------------- */

void build_append(struct builder *builder, struct operand *list, struct operand *item)
{
    struct ir_node *inputs[2];
    inputs[0] = operand_kind_guard(builder, list, KIND_list);
    inputs[1] = operand_owned(builder, item);
    struct ir_node *append = build_node(builder, IR_list_append, 2, inputs);
    append->memory = MEMORY_list_shape;
    append->state = build_state_now(builder, builder->current);
    /* The list has it now. */
    *item = (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = item->value};
}

static bool build_list_append(struct builder *builder, const struct known_call *call)
{
    struct operand *self = peek(builder, call->count);
    enum ir_kind kind = operand_guess(self);
    if (!is_object(self) || (kind != KIND_list && kind != KIND_any) || build_kind_has_failed(builder, KIND_list) ||
        build_has_failed(builder, IR_list_append)) {
        return false;
    }
    if (self->state == OPERAND_OWNED && !build_is_simple(operand_kind(argument(builder, call, 0)))) {
        /* Should the list die in the call, the order in which its items do is seen. */
        return false;
    }
    build_append(builder, self, argument(builder, call, 0));
    finish_constant(builder, call, Py_None);
    return true;
}

/* dict.get() */
static bool build_dict_get(struct builder *builder, const struct known_call *call)
{
    struct operand *self = peek(builder, call->count);
    if (!is_object(self) || operand_guess(self) != KIND_dict || build_kind_has_failed(builder, KIND_dict) ||
        build_has_failed(builder, IR_guard_bound)) {
        return false;
    }
    struct ir_node *inputs[3];
    inputs[0] = operand_kind_guard(builder, self, KIND_dict);
    inputs[1] = operand_object(builder, argument(builder, call, 0));
    inputs[2] =
        call->count == 2 ? operand_object(builder, argument(builder, call, 1)) : build_object(builder, Py_None);
    struct ir_node *result = build_plain_call(builder, (const void *)rt_plain_get, IR_OBJECT, 3, inputs);
    result = guard_now(builder, IR_guard_bound, result);
    finish_call(builder, call, (struct operand){.state = OPERAND_OWNED, .local = -1, .value = result});
    return true;
}

/* ---- The functions of the rows -------------------------------------------------------------------------------------- */

/* Does it make a container, and perhaps others on the way? */
static bool makes_container(enum callee callee)
{
    switch (callee) {
    case CALLEE_dict_items:
    case CALLEE_dict_keys:
    case CALLEE_dict_values:
    case CALLEE_set_class:
    case CALLEE_sum:
        return true;
    default:
        return result_kind(callee) == KIND_list || result_kind(callee) == KIND_tuple ||
               result_kind(callee) == KIND_dict || callee_rows[callee].function == plain_text_method;
    }
}

static bool build_by_row(struct builder *builder, const struct known_call *call)
{
    enum { CONTAINERS_MADE = 4 };
    const struct callee_row *row = &callee_rows[call->callee];
    int total = call->count + 2;
    if (row->function == NULL || build_has_failed(builder, IR_guard_bound)) {
        return false;
    }
    if (row->effect == CALLEE_REMOVES) {
        build_own_fetched(builder);
    }
    struct ir_node *inputs[MOST_OPERANDS];
    for (int i = 0; i < total; i++) {
        struct operand *operand = peek(builder, total - 1 - i);
        inputs[i] = operand->state == OPERAND_NULL ? build_int(builder, 0) : operand_owned(builder, operand);
    }
    /* From here on each operand is the object it will be taken for, should execution leave. */
    guard_depth(builder);
    if (makes_container(call->callee)) {
        /* The collector's turn: tier 1 makes this one. */
        struct ir_node *room = guard_now(builder, IR_guard_room, NULL);
        room->number = CONTAINERS_MADE;
        room->flags |= NODE_QUIET;
    }
    struct ir_node *result = build_node(builder, IR_call_plain_array, total, inputs);
    result->pointer = (const void *)row->function;
    result->number = call->count;
    result->memory = row->effect == CALLEE_READS ? MEMORY_none : MEMORY_list_shape;
    result = guard_now(builder, IR_guard_bound, result);
    result->kind = (uint8_t)result_kind(call->callee);
    for (int i = 0; i < total; i++) {
        pop(builder);
    }
    push_owned(builder, result);
    return true;
}

/* range() that a loop runs over: its iterator at once, which GET_ITER then leaves as it is. */
static bool build_range_iterator(struct builder *builder, const struct known_call *call)
{
    if (call->count < 1 || call->count > 3 || build_has_failed(builder, IR_guard_bound) ||
        builder->current + 1 >= builder->bytecode->count ||
        builder->bytecode->instructions[builder->current + 1].opcode != GET_ITER) {
        return false;
    }
    for (int i = 0; i < call->count; i++) {
        if (number_of(builder, argument(builder, call, i)) != KIND_int) {
            return false;
        }
    }
    struct ir_node *given[3];
    for (int i = 0; i < call->count; i++) {
        given[i] = operand_raw(builder, argument(builder, call, i), KIND_int);
    }
    struct ir_node *inputs[3] = {
        call->count == 1 ? build_int(builder, 0) : given[0],
        call->count == 1 ? given[0] : given[1],
        call->count == 3 ? given[2] : build_int(builder, 1),
    };
    guard_depth(builder);
    struct ir_node *result = build_plain_call(builder, (const void *)rt_plain_range, IR_OBJECT, 3, inputs);
    result = guard_now(builder, IR_guard_bound, result);
    result->kind = KIND_range_iterator;
    finish_call(builder, call, (struct operand){.state = OPERAND_OWNED, .local = -1, .value = result});
    return true;
}

/* ---- CALL ------------------------------------------------------------------------------------------------------------ */

/* A method that was bound before, as `append = list.append` does it: guards that the callee is such a one, and puts the method and self in its place. */
static void unbind_method(struct builder *builder, int count)
{
    struct operand *callee = peek(builder, count);
    PyObject *sample = is_object(callee) ? callee->value->sample : NULL;
    bool lasts = callee->state == OPERAND_BORROWED && callee->local != -1;
    if (peek(builder, count + 1)->state != OPERAND_NULL || !lasts || callee->value->op == IR_constant_object ||
        sample == NULL || !Py_IS_TYPE(sample, &PyCFunction_Type) || build_has_failed(builder, IR_guard_kind) ||
        build_has_failed(builder, IR_guard_word) || build_has_failed(builder, IR_guard_bound)) {
        return;
    }
    PyCFunctionObject *function = (PyCFunctionObject *)sample;
    PyTypeObject *class = function->m_self != NULL ? Py_TYPE(function->m_self) : NULL;
    enum ir_kind kind = class != NULL ? build_kind_of_type(class) : KIND_any;
    PyObject *name = kind != KIND_any ? PyUnicode_InternFromString(function->m_ml->ml_name) : NULL;
    PyObject *method = name != NULL ? _PyType_Lookup(class, name) : NULL;
    Py_XDECREF(name);
    PyErr_Clear();
    if (method == NULL || !Py_IS_TYPE(method, &PyMethodDescr_Type) ||
        ((PyMethodDescrObject *)method)->d_method != function->m_ml || callee_of(method, count) == CALLEE_none) {
        return;
    }
    struct ir_node *bound = operand_kind_guard(builder, callee, KIND_c_function);
    struct ir_node *definition = build_guard1(builder, IR_guard_word, bound);
    definition->offset = (int32_t)offsetof(PyCFunctionObject, m_ml);
    definition->number = (int64_t)(uintptr_t)function->m_ml;
    struct ir_node *self = build_node1(builder, IR_load, bound);
    self->type = IR_OBJECT;
    self->offset = (int32_t)offsetof(PyCFunctionObject, m_self);
    self->memory = MEMORY_constant;
    self->sample = function->m_self;
    *callee = (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = self};
    operand_kind_guard(builder, callee, kind);
    *peek(builder, count + 1) = (struct operand){
        .state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = build_object(builder, method)};
}

static bool find_known(struct builder *builder, struct known_call *call)
{
    int count = build_current(builder)->oparg;
    unbind_method(builder, count);
    const struct operand *slot = peek(builder, count + 1);
    *call = (struct known_call){.count = count, .is_method = slot->state != OPERAND_NULL};
    const struct operand *callee = call->is_method ? slot : slot + 1;
    if (builder->keyword_names >= 0 || count + 2 > MOST_OPERANDS || !is_object(callee) ||
        callee->value->op != IR_constant_object) {
        return false;
    }
    call->callable = (PyObject *)callee->value->pointer;
    if (call->is_method != Py_IS_TYPE(call->callable, &PyMethodDescr_Type)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        const struct operand *given = peek(builder, i);
        if (is_object(given) && given->value->class == &PyGen_Type) {
            return false; /* it runs */
        }
    }
    call->callee = callee_of(call->callable, count);
    return true;
}

bool build_builtin(struct builder *builder)
{
    struct known_call call;
    if (!find_known(builder, &call)) {
        return false;
    }
    bool done = false;
    switch (call.callee) {
    case CALLEE_none:
        return call.callable == (PyObject *)&PyRange_Type && build_range_iterator(builder, &call);
    case CALLEE_len:
        done = build_user_length(builder) || build_len(builder, &call);
        break;
    case CALLEE_ord:
        done = build_ord(builder, &call);
        break;
    case CALLEE_chr:
        done = build_chr(builder, &call);
        break;
    case CALLEE_abs:
        done = build_abs(builder, &call);
        break;
    case CALLEE_min:
    case CALLEE_max:
        done = build_extreme(builder, &call);
        break;
    case CALLEE_int_class:
    case CALLEE_round:
    case CALLEE_math_floor:
    case CALLEE_math_ceil:
    case CALLEE_math_trunc:
        done = build_rounding(builder, &call);
        break;
    case CALLEE_float_class:
        done = build_float_of(builder, &call);
        break;
    case CALLEE_str_class:
        done = build_str_of(builder, &call);
        break;
    case CALLEE_isinstance:
        done = build_isinstance(builder, &call);
        if (!done) {
            return false;
        }
        break;
    case CALLEE_type_class:
        done = build_type_of(builder, &call);
        break;
    case CALLEE_dict_get:
        done = build_dict_get(builder, &call);
        break;
    case CALLEE_list_append:
        done = build_list_append(builder, &call);
        break;
    default:
        done = (call.callee == CALLEE_math_sqrt || call.callee == CALLEE_math_fabs ||
                callee_rows[call.callee].real != NULL) &&
               build_real(builder, &call);
        break;
    }
    return done || build_by_row(builder, &call);
}
