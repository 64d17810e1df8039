/* tier2/build_operations.c: what each instruction does, as IR; see build.h. */
#include "tier2/build.h"

#include "runtime/ops.h"
#include "runtime/steps.h"

/* ---- By way of C, on the operands in memory ---------------------------------------------------------------------- */

/* Does the instruction's handler read operands that it leaves where they are? Then all of them must stand in their slots. */
static bool reads_below(int opcode)
{
    switch (opcode) {
    case LIST_APPEND:
    case SET_ADD:
    case MAP_ADD:
    case LIST_EXTEND:
    case SET_UPDATE:
    case DICT_UPDATE:
    case DICT_MERGE:
    case MATCH_SEQUENCE:
    case MATCH_MAPPING:
    case MATCH_KEYS:
    case GET_LEN:
    case IMPORT_FROM:
    case WITH_EXCEPT_START:
    case CHECK_EXC_MATCH:
    case CHECK_EG_MATCH:
    case PREP_RERAISE_STAR:
    case PUSH_EXC_INFO:
        return true;
    default:
        return false;
    }
}

/* The instruction by a C function that finds its operands in their stack slots, as tier 1's handlers do. */
static void build_handler_with(struct builder *builder, step_function *function, int oparg)
{
    const struct instruction *instruction = build_current(builder);
    int opcode = instruction->opcode;
    int pops = opcode_pops(opcode, instruction->oparg);
    int pushes = opcode_pushes(opcode, instruction->oparg);
    int depth = builder->depth;
    build_prepare_escape(builder);
    for (int i = reads_below(opcode) ? 0 : depth - pops; i < depth; i++) {
        struct operand *operand = &builder->operands[i];
        struct ir_node *store;
        if (operand->state == OPERAND_NULL) {
            store = build_node(builder, IR_empty_operand, 0, NULL);
        } else if (operand->state == OPERAND_ITERATOR && i < depth - pops) {
            /* It stays open: nobody looks at it. */
            store = build_node1(builder, IR_store_operand, operand->value);
        } else {
            store = build_node1(builder, IR_store_operand, operand_owned(builder, operand));
        }
        store->number = i;
    }
    builder->depth -= pops;
    struct ir_node *node = build_node(builder, IR_handler, 0, NULL);
    node->pointer = (const void *)function;
    node->number = oparg;
    if (opcode == CALL && builder->keyword_names >= 0) {
        node->number |= (int64_t)(builder->keyword_names + 1) << STEP_CALL_NAMES_SHIFT;
        builder->keyword_names = -1;
    }
    node->offset = depth;
    node->cell = build_cell(builder);
    node->flags |= opcode == CALL || opcode == CALL_FUNCTION_EX ? NODE_CALLS : 0;
    node->state = build_state_raising(builder);
    if (opcode == DELETE_FAST) {
        builder->variables[instruction->oparg] = (struct variable){.state = VARIABLE_UNBOUND};
    }
    for (int i = 0; i < pushes; i++) {
        struct ir_node *result = build_node(builder, IR_load_operand, 0, NULL);
        result->number = depth - pops + i;
        push_owned(builder, result);
    }
    build_finish_escape(builder, builder->current + 1);
}

static void build_handler(struct builder *builder, step_function *function)
{
    build_handler_with(builder, function, build_current(builder)->oparg);
}

struct ir_node *build_plain_call(struct builder *builder, const void *function, enum ir_type type, int count,
                                 struct ir_node *const *inputs)
{
    struct ir_node *call = build_node(builder, IR_call_plain, count, inputs);
    call->pointer = function;
    call->type = (uint8_t)type;
    return call;
}

/* Any instruction that runtime/ can carry out on operands in memory; else there is no tier-2 code of the function. */
void build_by_step(struct builder *builder)
{
    step_function *function = step_of(build_current(builder)->opcode);
    if (function == NULL) {
        builder->reason = REASON_unsupported;
        return;
    }
    build_handler(builder, function);
    if (opcode_flags(build_current(builder)->opcode) & OPCODE_NEVER_FALLS_THROUGH) {
        build_node(builder, IR_raise, 0, NULL);
        builder->block = NULL;
    }
}

/* The truth of the operand on top, found by C, which pops it unless `keeps`. */
static struct ir_node *build_slow_truth(struct builder *builder, bool keeps)
{
    build_prepare_escape(builder);
    struct ir_node *store = build_node1(builder, IR_store_operand, operand_owned(builder, peek(builder, 0)));
    store->number = builder->depth - 1;
    struct ir_node *node = build_node(builder, IR_handler, 0, NULL);
    node->pointer = (const void *)(keeps ? step_truth_kept : step_truth);
    node->offset = builder->depth;
    if (!keeps) {
        pop(builder);
    }
    node->state = build_state_raising(builder);
    struct ir_node *truth = build_node2(builder, IR_int_compare, node, build_int(builder, 0));
    truth->number = Py_NE;
    return truth;
}

/* ---- Arithmetic ---------------------------------------------------------------------------------------------------- */

/* What an operand's number will be, as far as that is known or tier 0 has seen it. */
static enum ir_kind number_kind(struct builder *builder, const struct operand *operand)
{
    enum ir_kind kind = operand_kind(operand);
    if (kind == KIND_any && !build_kind_has_failed(builder, operand_guess(operand))) {
        kind = operand_guess(operand);
    }
    return build_is_number(kind) ? kind : KIND_any;
}

static bool is_object(const struct operand *operand)
{
    return operand->state != OPERAND_NULL && operand->state != OPERAND_RAW;
}

/* The kinds to speculate on for an operator; false where there is nothing to go by. */
static bool guess_operands(struct builder *builder, enum ir_kind *left, enum ir_kind *right)
{
    *left = number_kind(builder, peek(builder, 1));
    *right = number_kind(builder, peek(builder, 0));
    bool may_guess = !build_has_failed(builder, IR_guard_kind);
    bool left_is_open = may_guess && operand_guess(peek(builder, 1)) == KIND_any && is_object(peek(builder, 1));
    bool right_is_open = may_guess && operand_guess(peek(builder, 0)) == KIND_any && is_object(peek(builder, 0));
    enum ir_kind seen = KIND_any;
    switch (build_current(builder)->specialised) {
    case BINARY_OP_ADD_INT:
    case BINARY_OP_SUBTRACT_INT:
    case BINARY_OP_MULTIPLY_INT:
    case COMPARE_OP_INT_JUMP:
        seen = KIND_int;
        break;
    case BINARY_OP_ADD_FLOAT:
    case BINARY_OP_SUBTRACT_FLOAT:
    case BINARY_OP_MULTIPLY_FLOAT:
    case COMPARE_OP_FLOAT_JUMP:
        seen = KIND_float;
        break;
    case BINARY_OP_ADD_UNICODE:
    case BINARY_OP_INPLACE_ADD_UNICODE:
    case COMPARE_OP_STR_JUMP:
        return false;
    default:
        break;
    }
    if (left_is_open) {
        *left = seen != KIND_any ? seen : *right;
    }
    if (right_is_open) {
        *right = seen != KIND_any ? seen : *left;
    }
    return *left != KIND_any && *right != KIND_any;
}

/* The operation for a BINARY_OP on two ints, or on two floats; IR_OP_COUNT: none. */
static enum ir_op int_operation(int oparg)
{
    switch (oparg) {
    case NB_ADD:
    case NB_INPLACE_ADD:
        return IR_int_add;
    case NB_SUBTRACT:
    case NB_INPLACE_SUBTRACT:
        return IR_int_subtract;
    case NB_MULTIPLY:
    case NB_INPLACE_MULTIPLY:
        return IR_int_multiply;
    case NB_FLOOR_DIVIDE:
    case NB_INPLACE_FLOOR_DIVIDE:
        return IR_int_floor_divide;
    case NB_REMAINDER:
    case NB_INPLACE_REMAINDER:
        return IR_int_modulo;
    case NB_LSHIFT:
    case NB_INPLACE_LSHIFT:
        return IR_int_shift_left;
    case NB_RSHIFT:
    case NB_INPLACE_RSHIFT:
        return IR_int_shift_right;
    case NB_AND:
    case NB_INPLACE_AND:
        return IR_int_and;
    case NB_OR:
    case NB_INPLACE_OR:
        return IR_int_or;
    case NB_XOR:
    case NB_INPLACE_XOR:
        return IR_int_xor;
    default:
        return IR_OP_COUNT;
    }
}

enum ir_op build_float_operation(int oparg)
{
    switch (oparg) {
    case NB_ADD:
    case NB_INPLACE_ADD:
        return IR_float_add;
    case NB_SUBTRACT:
    case NB_INPLACE_SUBTRACT:
        return IR_float_subtract;
    case NB_MULTIPLY:
    case NB_INPLACE_MULTIPLY:
        return IR_float_multiply;
    case NB_TRUE_DIVIDE:
    case NB_INPLACE_TRUE_DIVIDE:
        return IR_float_divide;
    case NB_POWER:
    case NB_INPLACE_POWER:
        return IR_float_power;
    case NB_REMAINDER:
    case NB_INPLACE_REMAINDER:
        return IR_float_modulo;
    case NB_FLOOR_DIVIDE:
    case NB_INPLACE_FLOOR_DIVIDE:
        return IR_float_floor_divide;
    default:
        return IR_OP_COUNT;
    }
}

/* Pops two operands, pushes the result of theirs, and drops what they referred to: should compiled code have to be left there, the result is in place. */
static void replace_two(struct builder *builder, enum operand_state state, struct ir_node *result)
{
    struct operand dead[2];
    dead[1] = pop(builder);
    dead[0] = pop(builder);
    push(builder, (struct operand){.state = (uint8_t)state, .local = -1, .value = result});
    operand_drop_many(builder, dead, 2, builder->current + 1);
}

void build_replace_operands(struct builder *builder, int count, struct ir_node *result)
{
    struct operand dead[4];
    assert(count <= 4);
    for (int i = count - 1; i >= 0; i--) {
        dead[i] = pop(builder);
    }
    push_raw(builder, result);
    operand_drop_many(builder, dead, count, builder->current + 1);
}

/* Numbers that are too long, or of kinds that change: objects, still without an escape. */
static bool build_plain_number(struct builder *builder)
{
    if (build_has_failed(builder, IR_guard_bound)) {
        return false;
    }
    struct ir_node *inputs[4] = {operand_object(builder, peek(builder, 1)), operand_object(builder, peek(builder, 0)),
                                 build_int(builder, build_current(builder)->oparg), build_int(builder, 0)};
    struct ir_node *result = build_plain_call(builder, (const void *)rt_number_binary, IR_OBJECT, 4, inputs);
    struct ir_node *found = build_node1(builder, IR_guard_bound, result);
    found->state = build_state_now(builder, builder->current);
    replace_two(builder, OPERAND_OWNED, found);
    return true;
}

/* The local that `local + x` is stored into again at once, where that may be a str, which is extended in place; or -1. */
static int local_extended(struct builder *builder)
{
    int oparg = build_current(builder)->oparg;
    const struct operand *left = peek(builder, 1);
    enum ir_kind kind = operand_guess(left);
    int next = builder->current + 1;
    if ((oparg != NB_ADD && oparg != NB_INPLACE_ADD) || builder->is_virtual || left->state != OPERAND_BORROWED ||
        left->local < 0 || (kind != KIND_str && kind != KIND_any) || next >= builder->bytecode->count ||
        builder->info[next].incoming != NULL || builder->bytecode->instructions[next].opcode != STORE_FAST ||
        builder->bytecode->instructions[next].oparg != left->local) {
        return -1;
    }
    return left->local;
}

static void build_add_and_store(struct builder *builder, int local)
{
    int oparg = build_current(builder)->oparg | local << STEP_LOCAL_SHIFT;
    build_handler_with(builder, step_add_and_store, oparg);
    if (builder->block != NULL) {
        /* It holds the result already, or nothing. */
        builder->variables[local] = (struct variable){.state = VARIABLE_HOME};
    }
}

/* An int squared or cubed, by multiplication; false: nothing done. */
static bool build_int_power(struct builder *builder, enum ir_kind left_kind)
{
    int oparg = build_current(builder)->oparg;
    const struct ir_node *exponent = peek(builder, 0)->value;
    int64_t number;
    if ((oparg != NB_POWER && oparg != NB_INPLACE_POWER) || (left_kind != KIND_int && left_kind != KIND_bool) ||
        !is_object(peek(builder, 0)) || !build_constant_number(exponent, &number) || (number != 2 && number != 3) ||
        build_has_failed(builder, IR_int_multiply) || build_has_failed(builder, IR_unbox_int)) {
        return false;
    }
    struct ir_node *base = operand_number(builder, peek(builder, 1), left_kind, false);
    struct ir_node *result = build_guard2(builder, IR_int_multiply, base, base);
    result = number == 3 ? build_guard2(builder, IR_int_multiply, result, base) : result;
    replace_two(builder, OPERAND_RAW, result);
    return true;
}

static void build_binary_op(struct builder *builder)
{
    int oparg = build_current(builder)->oparg;
    enum ir_kind left_kind, right_kind;
    if (guess_operands(builder, &left_kind, &right_kind)) {
        bool is_complex = left_kind == KIND_complex || right_kind == KIND_complex;
        if ((is_complex && build_complex_binary(builder, left_kind, right_kind)) ||
            build_int_power(builder, left_kind)) {
            return;
        }
        bool floats = left_kind == KIND_float || right_kind == KIND_float || oparg == NB_TRUE_DIVIDE ||
                      oparg == NB_INPLACE_TRUE_DIVIDE;
        /* & | ^ of two bools are bools. */
        bool bools = left_kind == KIND_bool && right_kind == KIND_bool;
        enum ir_op op = is_complex ? IR_OP_COUNT
                        : floats   ? build_float_operation(oparg)
                        : bools    ? IR_OP_COUNT
                                   : int_operation(oparg);
        if (op != IR_OP_COUNT && !build_has_failed(builder, op) && !build_has_failed(builder, IR_unbox_int)) {
            /* Each operand as what it is; a guard converts an int where a float is wanted. */
            struct ir_node *left = operand_number(builder, peek(builder, 1), left_kind, floats);
            struct ir_node *right = operand_number(builder, peek(builder, 0), right_kind, floats);
            struct ir_node *result = build_node2(builder, op, left, right);
            if (ir_flags(result) & IR_GUARD) {
                result->state = build_state_before(builder);
            }
            replace_two(builder, OPERAND_RAW, result);
            return;
        }
        if (build_plain_number(builder)) {
            return;
        }
    } else {
        int local = local_extended(builder);
        if (local >= 0) {
            build_add_and_store(builder, local);
            return;
        }
        if (build_user_operator(builder) || build_plain_concatenation(builder)) {
            return;
        }
    }
    build_handler(builder, step_BINARY_OP);
}

static void build_compare(struct builder *builder)
{
    enum ir_kind left_kind, right_kind;
    if (!guess_operands(builder, &left_kind, &right_kind) || build_has_failed(builder, IR_unbox_int)) {
        if (!build_user_compare(builder) && !build_plain_compare(builder)) {
            build_handler(builder, step_COMPARE_OP);
        }
        return;
    }
    if (left_kind == KIND_complex || right_kind == KIND_complex) {
        if (!build_complex_compare(builder, left_kind, right_kind)) {
            build_handler(builder, step_COMPARE_OP);
        }
        return;
    }
    bool floats = left_kind == KIND_float || right_kind == KIND_float;
    struct ir_node *left = operand_number(builder, peek(builder, 1), left_kind, floats);
    struct ir_node *right = operand_number(builder, peek(builder, 0), right_kind, floats);
    struct ir_node *result = build_node2(builder, floats ? IR_float_compare : IR_int_compare, left, right);
    result->number = build_current(builder)->oparg;
    replace_two(builder, OPERAND_RAW, result);
}

static void build_negative(struct builder *builder)
{
    enum ir_kind kind = number_kind(builder, peek(builder, 0));
    if (kind == KIND_any) {
        build_handler(builder, step_of(UNARY_NEGATIVE));
        return;
    }
    struct ir_node *value = operand_number(builder, peek(builder, 0), kind, false);
    struct ir_node *result = kind == KIND_complex ? build_complex_negate(builder, value)
                             : kind == KIND_float ? build_node1(builder, IR_float_negate, value)
                                                  : build_guard1(builder, IR_int_negate, value);
    struct operand operand = pop(builder);
    operand_drop(builder, &operand, builder->current + 1);
    push_raw(builder, result);
}

/* ---- Truth ------------------------------------------------------------------------------------------------------------ */

/* The truth of a raw value or of an object of known kind as a truth value; NULL where C must find out. */
static struct ir_node *quick_truth(struct builder *builder, struct operand *operand)
{
    enum ir_kind kind = operand_kind(operand);
    if (kind == KIND_any && operand->state != OPERAND_NULL) {
        kind = operand_guess(operand);
        kind = build_kind_has_failed(builder, kind) || build_has_failed(builder, IR_unbox_int) ? KIND_any : kind;
    }
    if (kind != KIND_int && kind != KIND_float && kind != KIND_bool) {
        return NULL;
    }
    struct ir_node *value = operand_raw(builder, operand, kind);
    if (value->type == IR_BOOL) {
        return value;
    }
    bool is_int = value->type == IR_INT;
    struct ir_node *zero = is_int ? build_int(builder, 0) : build_float(builder, 0);
    struct ir_node *result = build_node2(builder, is_int ? IR_int_compare : IR_float_compare, value, zero);
    result->number = Py_NE;
    return result;
}

/* The operand that was asked dies, if it does, behind the branch, with the way that was taken to go on on. */
static void branch_and_drop(struct builder *builder, struct ir_node *truth, bool sense, struct operand operand)
{
    int next[2] = {build_current(builder)->target, builder->current + 1};
    if (operand.state != OPERAND_OWNED || build_is_simple(operand_kind(&operand))) {
        operand_drop(builder, &operand, next[1]);
        build_branch(builder, truth, sense, next[0], false);
        return;
    }
    build_own_operands(builder);
    struct ir_block *others = build_split(builder, truth, 0);
    struct ir_block *ways[2] = {sense ? builder->block : others, sense ? others : builder->block};
    for (int i = 0; i < 2; i++) {
        struct operand dead = operand;
        builder->block = ways[i];
        operand_drop(builder, &dead, next[i]);
        if (i == 0) {
            build_jump(builder, next[i]);
        }
    }
}

static void build_truth_jump(struct builder *builder, bool on_true)
{
    const struct instruction *instruction = build_current(builder);
    struct ir_node *truth = quick_truth(builder, peek(builder, 0));
    if (truth == NULL) {
        truth = build_plain_truth(builder);
    }
    if (truth == NULL) {
        truth = build_slow_truth(builder, false);
        build_branch(builder, truth, on_true, instruction->target, true);
        return;
    }
    branch_and_drop(builder, truth, on_true, pop(builder));
}

static void build_not(struct builder *builder)
{
    struct ir_node *truth = quick_truth(builder, peek(builder, 0));
    truth = truth == NULL ? build_plain_truth(builder) : truth;
    if (truth == NULL) {
        build_handler(builder, step_of(UNARY_NOT));
        return;
    }
    struct operand operand = pop(builder);
    push_raw(builder, build_node1(builder, IR_bool_not, truth));
    operand_drop(builder, &operand, builder->current + 1);
}

/* ---- The switch ------------------------------------------------------------------------------------------------------------ */

static void build_copy(struct builder *builder)
{
    struct operand *source = peek(builder, build_current(builder)->oparg - 1);
    struct operand copy = *source;
    if (copy.state == OPERAND_OWNED || copy.state == OPERAND_ITERATOR) {
        build_node1(builder, IR_hold, copy.value);
        copy = (struct operand){.state = OPERAND_OWNED, .local = -1, .value = copy.value};
    }
    push(builder, copy);
}

static void build_swap(struct builder *builder)
{
    struct operand *a = peek(builder, build_current(builder)->oparg - 1);
    struct operand *b = peek(builder, 0);
    struct operand kept = *a;
    *a = *b;
    *b = kept;
}

static void build_constant(struct builder *builder)
{
    PyObject *constant = PyTuple_GET_ITEM(builder->code->co_consts, build_current(builder)->oparg);
    push(builder, (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = build_object(builder, constant)});
}

static void build_none_jump(struct builder *builder, bool on_none)
{
    struct operand operand = pop(builder);
    struct ir_node *is_none = operand.state == OPERAND_RAW
                                  ? build_bool(builder, false)
                                  : build_node2(builder, IR_is_same, operand.value, build_object(builder, Py_None));
    branch_and_drop(builder, is_none, on_none, operand);
}

/* Is the operand a raw number that may be, unknown to the graph, the very object that another number is? What arithmetic computes is an object of its
 * own, but these hand on one of those they are given. */
static bool may_be_handed_on(const struct operand *operand)
{
    if (operand->state != OPERAND_RAW || operand->value->type == IR_BOOL) {
        return false;
    }
    switch (operand->value->op) {
    case IR_phi:
    case IR_parameter:
    case IR_int_minimum:
    case IR_int_maximum:
    case IR_int_absolute:
    case IR_float_minimum:
    case IR_float_maximum:
        return true;
    default:
        return false;
    }
}

/* May two operands be one object, as far as their types are known? */
static bool may_be_same(const struct operand *left, const struct operand *right)
{
    enum ir_kind one = operand_kind(left), other = operand_kind(right);
    return left->value != right->value && (one == other || one == KIND_any || other == KIND_any);
}

static void build_is(struct builder *builder)
{
    struct operand *first = peek(builder, 1), *second = peek(builder, 0);
    if ((may_be_handed_on(first) || may_be_handed_on(second)) && may_be_same(first, second)) {
        builder->reason = REASON_number_identity;
        return;
    }
    struct ir_node *right = operand_object(builder, peek(builder, 0));
    struct ir_node *left = operand_object(builder, peek(builder, 1));
    struct ir_node *same = build_node2(builder, IR_is_same, left, right);
    if (build_current(builder)->oparg) {
        same = build_node1(builder, IR_bool_not, same);
    }
    replace_two(builder, OPERAND_RAW, same);
}

/* The operand stays where the jump is taken, and goes else. */
static void build_jump_or_pop(struct builder *builder, bool on_true)
{
    struct operand *operand = peek(builder, 0);
    struct ir_node *truth = quick_truth(builder, operand);
    truth = truth == NULL ? build_plain_truth(builder) : truth;
    bool escaped = truth == NULL;
    if (escaped) {
        truth = build_slow_truth(builder, true);
    }
    int next[2] = {build_current(builder)->target, builder->current + 1};
    struct ir_block *others = build_split(builder, truth, 0);
    struct ir_block *ways[2] = {on_true ? builder->block : others, on_true ? others : builder->block};
    for (int i = 0; i < 2; i++) {
        builder->block = ways[i];
        if (i == 1) {
            struct operand popped = pop(builder);
            operand_drop(builder, &popped, next[i]);
        }
        if (escaped) {
            build_finish_escape(builder, next[i]);
        }
        if (i == 0) {
            build_jump(builder, next[i]);
        }
    }
}

static void build_return(struct builder *builder)
{
    if (builder->outer != NULL) {
        build_inlined_return(builder);
        return;
    }
    if (builder->direct != NULL) {
        build_direct_return(builder);
        return;
    }
    struct ir_node *value = operand_owned(builder, peek(builder, 0));
    build_node1(builder, IR_return, value);
    builder->block = NULL;
}

/* A method that tier 1 may have looked up in one go with what follows (tier1/select_idioms.c), so that its cell has seen nothing? */
static bool may_be_idiom(const struct builder *builder)
{
    static const char *const names[] = {"get", "setdefault", "append"};
    const struct instruction *instruction = build_current(builder);
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && instruction->opcode == LOAD_METHOD; i++) {
        PyObject *name = PyTuple_GET_ITEM(builder->code->co_names, instruction->oparg);
        found = found || _PyUnicode_EqualToASCIIString(name, names[i]);
    }
    return found;
}

/* Has tier 1 never carried the instruction out, as far as its cell tells? Then it is not worth compiling, and what is there to go by would be nothing. */
static bool is_unseen(const struct builder *builder)
{
    const void *cell = build_cell(builder);
    if (!builder->prunes || cell == NULL || build_has_failed(builder, IR_leave) || may_be_idiom(builder)) {
        return false;
    }
    const struct attribute_cell *attribute = cell;
    return feedback_is_attribute(build_current(builder)->opcode) && attribute->count == 0 && attribute->misses == 0 &&
           !attribute->megamorphic;
}

/* CALL of what is not known well enough. The code of a function made here may tell what comes back all the same. */
static void build_general_call(struct builder *builder)
{
    const struct operand *callee = peek(builder, build_current(builder)->oparg + 1);
    const struct ir_node *made = callee->state == OPERAND_OWNED ? build_function_made(callee->value) : NULL;
    build_by_step(builder);
    if (made != NULL && builder->block != NULL && ((const PyCodeObject *)made->pointer)->co_flags & CO_GENERATOR) {
        peek(builder, 0)->value->class = &PyGen_Type;
    }
}

/* Has nothing better been of use here, again and again? Then a C function does the instruction, which never leaves; but for jumps. */
static bool goes_the_general_way(const struct builder *builder)
{
    const struct instruction *instruction = build_current(builder);
    return instruction->target < 0 && build_has_failed(builder, IR_handler) && step_of(instruction->opcode) != NULL;
}

void build_instruction(struct builder *builder)
{
    const struct instruction *instruction = build_current(builder);
    int oparg = instruction->oparg;
    if (is_unseen(builder)) {
        build_leave(builder);
        return;
    }
    if (goes_the_general_way(builder)) {
        build_by_step(builder);
        return;
    }
    switch (instruction->opcode) {
    case NOP:
    case PRECALL:
    case EXTENDED_ARG:
    case CACHE:
        break;
    case RESUME:
        break;
    case KW_NAMES:
        builder->keyword_names = oparg;
        break;
    case LOAD_CONST:
        build_constant(builder);
        break;
    case LOAD_FAST:
    case LOAD_CLOSURE:
        build_load_fast(builder, oparg);
        break;
    case STORE_FAST:
        build_store_fast(builder, oparg);
        break;
    case POP_TOP: {
        struct operand operand = pop(builder);
        operand_drop(builder, &operand, builder->current + 1);
        break;
    }
    case PUSH_NULL:
        push(builder, (struct operand){.state = OPERAND_NULL, .local = -1});
        break;
    case COPY:
        build_copy(builder);
        break;
    case SWAP:
        build_swap(builder);
        break;
    case BINARY_OP:
        build_binary_op(builder);
        break;
    case COMPARE_OP:
        build_compare(builder);
        break;
    case IS_OP:
        build_is(builder);
        break;
    case UNARY_NEGATIVE:
        build_negative(builder);
        break;
    case UNARY_NOT:
        build_not(builder);
        break;
    case LOAD_ATTR:
        build_load_attr(builder);
        break;
    case STORE_ATTR:
        build_store_attr(builder);
        break;
    case LOAD_METHOD:
        build_load_method(builder);
        break;
    case BINARY_SUBSCR:
        build_subscript(builder);
        break;
    case STORE_SUBSCR:
        build_store_subscript(builder);
        break;
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_FALSE:
        build_truth_jump(builder, false);
        break;
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_TRUE:
        build_truth_jump(builder, true);
        break;
    case POP_JUMP_FORWARD_IF_NONE:
    case POP_JUMP_BACKWARD_IF_NONE:
        build_none_jump(builder, true);
        break;
    case POP_JUMP_FORWARD_IF_NOT_NONE:
    case POP_JUMP_BACKWARD_IF_NOT_NONE:
        build_none_jump(builder, false);
        break;
    case JUMP_IF_FALSE_OR_POP:
        build_jump_or_pop(builder, false);
        break;
    case JUMP_IF_TRUE_OR_POP:
        build_jump_or_pop(builder, true);
        break;
    case JUMP_FORWARD:
    case JUMP_BACKWARD:
    case JUMP_BACKWARD_NO_INTERRUPT:
        build_jump(builder, instruction->target);
        break;
    case GET_ITER:
        build_get_iter(builder);
        break;
    case UNPACK_SEQUENCE:
        build_unpack(builder);
        break;
    case BUILD_TUPLE:
    case BUILD_LIST:
    case BUILD_STRING:
    case BUILD_MAP:
    case BUILD_SET:
        build_container(builder);
        break;
    case LIST_APPEND:
    case SET_ADD:
    case MAP_ADD:
        build_comprehension_item(builder);
        break;
    case CONTAINS_OP:
        build_contains(builder);
        break;
    case BUILD_SLICE:
        if (!build_slice(builder)) {
            build_by_step(builder);
            peek(builder, 0)->value->class = &PySlice_Type;
        }
        break;
    case FOR_ITER:
        build_for_iter(builder);
        break;
    case RETURN_VALUE:
        build_return(builder);
        break;
    case LOAD_GLOBAL:
        if (!build_load_global(builder)) {
            build_by_step(builder);
        }
        break;
    case MAKE_CELL:
    case COPY_FREE_VARS:
    case LOAD_DEREF:
    case STORE_DEREF:
    case MAKE_FUNCTION:
        if (!build_closure(builder)) {
            build_by_step(builder);
        }
        break;
    case CALL:
        if (!build_complex_call(builder) && !build_sum_of_map(builder) && !build_call(builder) &&
            !build_builtin(builder) && !build_user_call(builder)) {
            build_general_call(builder);
        }
        break;
    default:
        build_by_step(builder);
        break;
    }
}
