/* tier1/select_unboxed.c: arithmetic on floats without objects.
 *
 * A result of float arithmetic stays a double in a machine register (PLACE_RAW) until something needs an object. Where the kind of an operand
 * is a guess, the guard's other way is the fallback code. All guards of an instruction stand before its first effect.
 */
#include "tier1/select.h"

#include "runtime/ops.h"

#include <string.h>

#define OF_REGISTERS(name)                                                                                           \
    {                                                                                                                \
        TEMPLATE_##name##_0, TEMPLATE_##name##_1, TEMPLATE_##name##_2, TEMPLATE_##name##_3                           \
    }
#define OF_REGISTER_PAIRS(name)                                                                                      \
    {                                                                                                                \
        {TEMPLATE_##name##_00, TEMPLATE_##name##_01, TEMPLATE_##name##_02, TEMPLATE_##name##_03},                    \
            {TEMPLATE_##name##_10, TEMPLATE_##name##_11, TEMPLATE_##name##_12, TEMPLATE_##name##_13},                \
            {TEMPLATE_##name##_20, TEMPLATE_##name##_21, TEMPLATE_##name##_22, TEMPLATE_##name##_23},                \
        {                                                                                                            \
            TEMPLATE_##name##_30, TEMPLATE_##name##_31, TEMPLATE_##name##_32, TEMPLATE_##name##_33                   \
        }                                                                                                            \
    }
typedef const uint16_t of_registers[RAW_REGISTERS];
typedef const uint16_t of_register_pairs[RAW_REGISTERS][RAW_REGISTERS];

/* ---- Kinds --------------------------------------------------------------------------------------------------- */

/* What is known of an operand. */
enum kind { KIND_UNKNOWN, KIND_FLOAT, KIND_SHORT_INT, KIND_OTHER };

static uint64_t local_bit(int local)
{
    return local < BYTECODE_TRACKED_LOCALS ? (uint64_t)1 << local : 0;
}

static enum kind kind_of(const struct emitter *emitter, const struct operand *operand)
{
    int64_t value;
    switch ((enum operand_place)operand->place) {
    case PLACE_RAW:
        return KIND_FLOAT;
    case PLACE_CONSTANT:
        return PyFloat_CheckExact(operand->constant) ? KIND_FLOAT
               : is_short_constant(operand, &value)  ? KIND_SHORT_INT
                                                     : KIND_OTHER;
    case PLACE_LOCAL:
        return emitter->float_locals & local_bit(operand->local) ? KIND_FLOAT : KIND_UNKNOWN;
    case PLACE_NULL:
        return KIND_OTHER;
    default:
        return KIND_UNKNOWN;
    }
}

static double constant_value(const struct operand *operand)
{
    int64_t value;
    return is_short_constant(operand, &value) ? (double)value : PyFloat_AS_DOUBLE(operand->constant);
}

/* ---- Registers ------------------------------------------------------------------------------------------------- */

/* The operands of an instruction on their way into registers. They stay on the deferred stack until all guards are through. */
struct operation {
    int count;                  /* 1 or 2 */
    struct operand *operand[2]; /* left, right */
    bool apart;                 /* in different registers even if they are the same */
    bool exact;                 /* tier 0 has seen floats only: an int is a case for the fallback code */
    int reg[2];
    unsigned used; /* mask of registers that hold numbers */
    int exit;      /* where guards fail to, or NO_LABEL while there is none */
};

/* The label that guards fail to. */
static int exit_of(struct emitter *emitter, struct operation *operation)
{
    if (operation->exit == NO_LABEL) {
        operation->exit = emitter_new_label(emitter);
        fallback_exit(emitter, operation->exit);
    }
    return operation->exit;
}

static void begin_operation(struct emitter *emitter, struct operation *operation, int count)
{
    *operation = (struct operation){.count = count, .exit = NO_LABEL};
    for (int i = 0; i < count; i++) {
        operation->operand[i] = &emitter->stack[emitter->depth - count + i];
    }
    for (int i = 0; i < emitter->depth; i++) {
        const struct operand *operand = &emitter->stack[i];
        if (operand->place == PLACE_RAW && operand->local != RAW_IN_SLOT) {
            operation->used |= 1u << operand->local;
        }
    }
}

/* Emits the load of an operand that is an object and may not be a number. */
static void load_unknown(struct emitter *emitter, struct operation *operation, const struct operand *operand, int reg)
{
    static of_registers floats[4] = {
        OF_REGISTERS(LOAD_FLOAT_L), {0}, OF_REGISTERS(LOAD_FLOAT_S), OF_REGISTERS(LOAD_FLOAT_R)};
    static of_registers ints[4] = {OF_REGISTERS(LOAD_INT_L), {0}, OF_REGISTERS(LOAD_INT_S), OF_REGISTERS(LOAD_INT_R)};
    int place = place_index(operand);
    int slow = exit_of(emitter, operation);
    if (!operation->exact) {
        int exit = slow;
        slow = emitter_new_label(emitter);
        int back = emitter_new_label(emitter);
        emitter->in_cold = true;
        emitter_bind(emitter, slow);
        struct item *item = emitter_add(emitter, ints[place][reg]);
        set_operand(emitter, item, operand, false);
        item->labels[LABEL_SLOW] = exit;
        item->labels[LABEL_CONT] = back;
        emitter->in_cold = false;
        item = emitter_add(emitter, floats[place][reg]);
        set_operand(emitter, item, operand, false);
        item->labels[LABEL_SLOW] = slow;
        emitter_bind(emitter, back);
        return;
    }
    struct item *item = emitter_add(emitter, floats[place][reg]);
    set_operand(emitter, item, operand, false);
    item->labels[LABEL_SLOW] = slow;
    if (operand->place == PLACE_LOCAL) {
        emitter->float_locals |= local_bit(operand->local);
    }
}

/* Brings an operand's number into a register; guards, but changes nothing. */
static int load_operand(struct emitter *emitter, struct operation *operation, const struct operand *operand)
{
    static of_registers from_slot = OF_REGISTERS(LOAD_FLOAT_RAW);
    static of_registers from_constant = OF_REGISTERS(LOAD_FLOAT_C);
    static of_registers from_known_local = OF_REGISTERS(KNOWN_FLOAT_L);
    if (operand->place == PLACE_RAW && operand->local != RAW_IN_SLOT) {
        return operand->local;
    }
    int reg = __builtin_ctz(~operation->used);
    assert(reg < RAW_REGISTERS);
    operation->used |= 1u << reg;
    if (operand->place == PLACE_RAW) {
        emitter_add(emitter, from_slot[reg])->holes[HOLE_H_A] = emitter_slot(emitter, operand->index);
    } else if (operand->place == PLACE_CONSTANT) {
        double value = constant_value(operand);
        struct item *item = emitter_add(emitter, from_constant[reg]);
        memcpy(&item->holes[HOLE_Q_A], &value, sizeof value);
    } else if (kind_of(emitter, operand) == KIND_FLOAT) {
        emitter_add(emitter, from_known_local[reg])->holes[HOLE_H_A] = emitter_local(operand->local);
    } else {
        load_unknown(emitter, operation, operand, reg);
    }
    return reg;
}

static void load_operands(struct emitter *emitter, struct operation *operation)
{
    /* Room for all first: what the guards' exits find in registers must not change. */
    unsigned wanted = 0;
    for (int i = 0; i < operation->count; i++) {
        wanted += operation->operand[i]->place != PLACE_RAW || operation->operand[i]->local == RAW_IN_SLOT;
    }
    for (int i = 0; (unsigned)__builtin_popcount(operation->used) + wanted > RAW_REGISTERS; i++) {
        struct operand *operand = &emitter->stack[i];
        if (operand->place == PLACE_RAW && operand->local != RAW_IN_SLOT) {
            operation->used &= ~(1u << operand->local);
            stack_save_raw_operand(emitter, operand);
        }
    }
    for (int i = 0; i < operation->count; i++) {
        const struct operand *operand = operation->operand[i];
        const struct operand *left = operation->operand[0];
        bool again = i == 1 && !operation->apart && operand->place == PLACE_LOCAL && left->place == PLACE_LOCAL &&
                     operand->local == left->local;
        operation->reg[i] = again ? operation->reg[0] : load_operand(emitter, operation, operand);
    }
}

/* All guards are through: pops the operands. */
static void drop_operands(struct emitter *emitter, const struct operation *operation)
{
    for (int i = 0; i < operation->count; i++) {
        const struct operand *operand = operation->operand[i];
        if (is_owned(operand)) {
            bool in_slot = operand->place == PLACE_SLOT;
            struct item *item =
                emitter_add(emitter, operation->exact ? (in_slot ? TEMPLATE_DROP_FLOAT_S : TEMPLATE_DROP_FLOAT_R)
                                     : in_slot        ? TEMPLATE_DROP_NUMBER_S
                                                      : TEMPLATE_DROP_NUMBER_R);
            set_operand(emitter, item, operand, false);
        }
    }
    for (int i = 0; i < operation->count; i++) {
        stack_pop(emitter);
    }
}

/* Moves all but the instruction's `count` operands to their slots. */
static void flush_others(struct emitter *emitter, int count)
{
    bool canonical = true;
    for (int i = 0; i < emitter->depth - count; i++) {
        canonical &= emitter->stack[i].place == PLACE_SLOT;
    }
    if (!canonical) {
        stack_save_raw(emitter);
        for (int i = 0; i < emitter->depth - count; i++) {
            stack_spill(emitter, &emitter->stack[i]);
        }
    }
}

/* ---- Instructions ------------------------------------------------------------------------------------------------ */

/* Are floats to be expected of the two operands on top? `exact`: nothing else was seen. */
static bool expects_floats(const struct emitter *emitter, bool divides, bool *exact)
{
    enum kind left = kind_of(emitter, &emitter->stack[emitter->depth - 2]);
    enum kind right = kind_of(emitter, &emitter->stack[emitter->depth - 1]);
    *exact = false;
    if (left == KIND_OTHER || right == KIND_OTHER || (left == KIND_SHORT_INT && right == KIND_SHORT_INT)) {
        return false;
    }
    switch (at(emitter, emitter->current)->specialised) {
    case BINARY_OP_ADD_FLOAT:
    case BINARY_OP_SUBTRACT_FLOAT:
    case BINARY_OP_MULTIPLY_FLOAT:
    case COMPARE_OP_FLOAT_JUMP:
        *exact = left != KIND_SHORT_INT && right != KIND_SHORT_INT;
        return true;
    case BINARY_OP_ADD_INT:
    case BINARY_OP_SUBTRACT_INT:
    case BINARY_OP_MULTIPLY_INT:
    case COMPARE_OP_INT_JUMP:
        return false;
    default:
        return left == KIND_FLOAT || right == KIND_FLOAT || divides;
    }
}

static of_register_pairs add = OF_REGISTER_PAIRS(ADD_FLOATS);
static of_register_pairs subtract = OF_REGISTER_PAIRS(SUBTRACT_FLOATS);
static of_register_pairs multiply = OF_REGISTER_PAIRS(MULTIPLY_FLOATS);
static of_register_pairs divide = OF_REGISTER_PAIRS(TRUE_DIVIDE_FLOATS);

static bool select_binary(struct emitter *emitter)
{
    static const struct {
        const uint16_t (*templates)[RAW_REGISTERS];
        struct float_outcome (*function)(double, double);
    } rows[NB_INPLACE_ADD] = {
        [NB_ADD] = {.templates = add},
        [NB_SUBTRACT] = {.templates = subtract},
        [NB_MULTIPLY] = {.templates = multiply},
        [NB_TRUE_DIVIDE] = {.templates = divide},
        [NB_POWER] = {.function = rt_float_power},
        [NB_REMAINDER] = {.function = rt_float_remainder},
        [NB_FLOOR_DIVIDE] = {.function = rt_float_floor_divide},
    };
    static of_registers divisor = OF_REGISTERS(GUARD_DIVISOR);
    int op = at(emitter, emitter->current)->oparg;
    op = op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op;
    if (rows[op].templates == NULL && rows[op].function == NULL) {
        return false;
    }
    bool exact;
    if (!expects_floats(emitter, op == NB_TRUE_DIVIDE, &exact)) {
        return false;
    }
    const struct operand *right = &emitter->stack[emitter->depth - 1];
    bool guards_divisor = op == NB_TRUE_DIVIDE && right->place != PLACE_CONSTANT;
    if (op == NB_TRUE_DIVIDE && !guards_divisor && constant_value(right) == 0.0) {
        return false;
    }
    bool in_c = rows[op].function != NULL;
    if (in_c) {
        stack_save_raw(emitter);
    }
    struct operation operation;
    begin_operation(emitter, &operation, 2);
    operation.exact = exact;
    operation.apart = in_c;
    load_operands(emitter, &operation);
    if (guards_divisor) {
        int exit = exit_of(emitter, &operation);
        emitter_add(emitter, divisor[operation.reg[1]])->labels[LABEL_SLOW] = exit;
    }
    if (in_c) {
        assert(operation.reg[0] == 0 && operation.reg[1] == 1);
        int exit = exit_of(emitter, &operation);
        struct item *item = emitter_add(emitter, TEMPLATE_FLOATS_IN_C);
        item->handler = (const void *)rows[op].function;
        item->labels[LABEL_SLOW] = exit;
    } else {
        emitter_add(emitter, rows[op].templates[operation.reg[0]][operation.reg[1]]);
    }
    drop_operands(emitter, &operation);
    stack_push_raw(emitter, operation.reg[0]);
    return true;
}

static bool select_negative(struct emitter *emitter)
{
    static of_registers family = OF_REGISTERS(NEGATE_FLOAT);
    const struct operand *value = &emitter->stack[emitter->depth - 1];
    if (value->place == PLACE_CONSTANT || kind_of(emitter, value) != KIND_FLOAT) {
        return false;
    }
    struct operation operation;
    begin_operation(emitter, &operation, 1);
    load_operands(emitter, &operation);
    emitter_add(emitter, family[operation.reg[0]]);
    drop_operands(emitter, &operation);
    stack_push_raw(emitter, operation.reg[0]);
    return true;
}

/* A comparison with the jump that follows. */
static bool select_comparison(struct emitter *emitter)
{
    static of_register_pairs less[2] = {OF_REGISTER_PAIRS(JUMP_IF_NOT_LT_FLOATS),
                                        OF_REGISTER_PAIRS(JUMP_IF_LT_FLOATS)};
    static of_register_pairs less_or_equal[2] = {OF_REGISTER_PAIRS(JUMP_IF_NOT_LE_FLOATS),
                                                 OF_REGISTER_PAIRS(JUMP_IF_LE_FLOATS)};
    static of_register_pairs equal[2] = {OF_REGISTER_PAIRS(JUMP_IF_NE_FLOATS), OF_REGISTER_PAIRS(JUMP_IF_EQ_FLOATS)};
    bool on_true, exact;
    if (!is_fused(emitter, &on_true) || !expects_floats(emitter, false, &exact)) {
        return false;
    }
    int relation = at(emitter, emitter->current)->oparg;
    struct branch branch = branch_of(emitter, emitter->current + 1, on_true);
    bool sense = jump_sense(&branch);
    flush_others(emitter, 2);
    struct operation operation;
    begin_operation(emitter, &operation, 2);
    operation.exact = exact;
    load_operands(emitter, &operation);
    drop_operands(emitter, &operation);
    int left = operation.reg[0];
    int right = operation.reg[1];
    int template = relation == Py_LT   ? less[sense][left][right]
                   : relation == Py_GT ? less[sense][right][left]
                   : relation == Py_LE ? less_or_equal[sense][left][right]
                   : relation == Py_GE ? less_or_equal[sense][right][left]
                                       : equal[sense ^ (relation == Py_NE)][left][right];
    emitter_add(emitter, template)->labels[LABEL_JUMP] = jump_label(&branch);
    finish_branch(emitter, &branch);
    emitter->current++; /* the jump is done */
    return true;
}

static bool select_jump(struct emitter *emitter, bool on_true)
{
    static of_registers family[2] = {OF_REGISTERS(JUMP_IF_NOT_FLOAT), OF_REGISTERS(JUMP_IF_FLOAT)};
    if (emitter->stack[emitter->depth - 1].place != PLACE_RAW) {
        return false;
    }
    struct branch branch = branch_of(emitter, emitter->current, on_true);
    flush_others(emitter, 1);
    struct operation operation;
    begin_operation(emitter, &operation, 1);
    load_operands(emitter, &operation);
    drop_operands(emitter, &operation);
    emitter_add(emitter, family[jump_sense(&branch)][operation.reg[0]])->labels[LABEL_JUMP] = jump_label(&branch);
    finish_branch(emitter, &branch);
    return true;
}

static bool select_store(struct emitter *emitter)
{
    static of_registers store = OF_REGISTERS(STORE_FLOAT);
    static of_registers update = OF_REGISTERS(UPDATE_FLOAT);
    static of_registers reload = OF_REGISTERS(LOAD_FLOAT_RAW);
    int local = at(emitter, emitter->current)->oparg;
    if (emitter->stack[emitter->depth - 1].place != PLACE_RAW) {
        return false;
    }
    for (int i = 0; i < emitter->depth; i++) {
        if (emitter->stack[i].place == PLACE_LOCAL && emitter->stack[i].local == local) {
            stack_save_raw(emitter);
            stack_spill(emitter, &emitter->stack[i]);
        }
    }
    struct operation operation;
    begin_operation(emitter, &operation, 1);
    load_operands(emitter, &operation);
    int reg = operation.reg[0];
    emitter->stack[emitter->depth - 1].local = reg;
    bool known = (emitter->float_locals & local_bit(local)) != 0;
    int slow = emitter_new_label(emitter);
    int exit = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, known ? update[reg] : store[reg]);
    item->holes[HOLE_H_D] = emitter_local(local);
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    if (known) {
        int slower = emitter_new_label(emitter);
        item = emitter_add(emitter, store[reg]);
        item->holes[HOLE_H_D] = emitter_local(local);
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_CONT] = back;
        emitter_bind(emitter, slower);
    }
    /* In C: the other registers go to memory and come back. */
    int32_t registers[BYTECODE_TRACKED_LOCALS];
    for (int i = 0; i < emitter->depth; i++) {
        registers[i] = emitter->stack[i].place == PLACE_RAW ? emitter->stack[i].local : RAW_IN_SLOT;
    }
    stack_save_raw(emitter);
    item = emitter_add(emitter, TEMPLATE_STORE_FLOAT_IN_C);
    item->holes[HOLE_H_A] = emitter_slot(emitter, emitter->depth - 1);
    item->holes[HOLE_H_D] = emitter_local(local);
    item->labels[LABEL_SLOW] = exit;
    for (int i = 0; i < emitter->depth - 1; i++) {
        if (registers[i] != RAW_IN_SLOT) {
            emitter_add(emitter, reload[registers[i]])->holes[HOLE_H_A] = emitter_slot(emitter, i);
        }
    }
    add_jump(emitter, back);
    emitter->in_cold = false;
    fallback_exit(emitter, exit);
    for (int i = 0; i < emitter->depth; i++) {
        if (registers[i] != RAW_IN_SLOT) {
            emitter->stack[i].local = registers[i];
        }
    }
    stack_pop(emitter);
    emitter->float_locals |= local_bit(local);
    return true;
}

bool select_unboxed(struct emitter *emitter)
{
    /* The deferred stack is described per slot by bits here and there (side exits). */
    if (emitter->in_fallback || emitter->depth >= BYTECODE_TRACKED_LOCALS) {
        return false;
    }
    switch (at(emitter, emitter->current)->opcode) {
    case BINARY_OP:
        return select_binary(emitter);
    case UNARY_NEGATIVE:
        return select_negative(emitter);
    case COMPARE_OP:
        return select_comparison(emitter);
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_FALSE:
        return select_jump(emitter, false);
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_TRUE:
        return select_jump(emitter, true);
    case STORE_FAST:
        return select_store(emitter);
    default:
        return false;
    }
}

void prepare_operands(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    switch (instruction->opcode) {
    case NOP:
    case PRECALL:
    case EXTENDED_ARG:
    case CACHE:
    case KW_NAMES:
    case LOAD_CONST:
    case PUSH_NULL:
        return;
    case LOAD_FAST:
    case LOAD_CLOSURE:
        if (instruction->oparg < BYTECODE_TRACKED_LOCALS && (instruction->bound >> instruction->oparg & 1)) {
            return;
        }
        stack_save_raw(emitter);
        return;
    case COPY:
    case SWAP:
        stack_save_raw(emitter);
        stack_box_raw(emitter, emitter->depth);
        break;
    default:
        stack_save_raw(emitter);
        stack_box_raw(emitter, opcode_pops(instruction->opcode, instruction->oparg));
        break;
    }
    emitter->float_locals = 0;
}
