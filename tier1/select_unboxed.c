/* tier1/select_unboxed.c: arithmetic on numbers without objects.
 *
 * A result stays a double or an int of 64 bits in a machine register (PLACE_FLOAT, PLACE_INT) until something needs an object. Where the kind
 * of an operand is a guess, and where an int may outgrow 64 bits, the guard's other way is the fallback code. All guards of an instruction
 * stand before its first effect.
 */
#include "tier1/select_unboxed.h"

#include "runtime/ops.h"

/* ---- What is expected ------------------------------------------------------------------------------------------ */

static enum kind kind_below(const struct emitter *emitter, int count)
{
    return kind_of(emitter, &emitter->stack[emitter->depth - count]);
}

/* Are floats to be expected of the two operands on top? `exact`: what is not known to be an int must be one. */
static bool expects_floats(const struct emitter *emitter, bool divides, bool *exact)
{
    enum kind left = kind_below(emitter, 2);
    enum kind right = kind_below(emitter, 1);
    *exact = false;
    /* A double need not have the exact value of a wide constant. */
    if (left == KIND_OTHER || right == KIND_OTHER || left == KIND_WIDE_INT || right == KIND_WIDE_INT ||
        (is_int_kind(left) && is_int_kind(right) && !divides)) {
        return false;
    }
    switch (at(emitter, emitter->current)->specialised) {
    case BINARY_OP_ADD_FLOAT:
    case BINARY_OP_SUBTRACT_FLOAT:
    case BINARY_OP_MULTIPLY_FLOAT:
    case COMPARE_OP_FLOAT_JUMP:
        /* Where one is an int after all, the other must be a float, or there would be two ints. */
        *exact = true;
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

/* Operators that are seldom seen on anything but ints. */
static bool is_bitwise(int op)
{
    return op == NB_AND || op == NB_OR || op == NB_XOR || op == NB_LSHIFT || op == NB_RSHIFT;
}

/* Are ints to be expected of the two operands on top? */
static bool expects_ints(const struct emitter *emitter, int op)
{
    enum kind left = kind_below(emitter, 2);
    enum kind right = kind_below(emitter, 1);
    if (left == KIND_OTHER || right == KIND_OTHER || left == KIND_FLOAT || right == KIND_FLOAT) {
        return false;
    }
    switch (at(emitter, emitter->current)->specialised) {
    case BINARY_OP_ADD_INT:
    case BINARY_OP_SUBTRACT_INT:
    case BINARY_OP_MULTIPLY_INT:
    case COMPARE_OP_INT_JUMP:
        return true;
    case BINARY_OP_ADD_FLOAT:
    case BINARY_OP_SUBTRACT_FLOAT:
    case BINARY_OP_MULTIPLY_FLOAT:
    case BINARY_OP_ADD_UNICODE:
    case BINARY_OP_INPLACE_ADD_UNICODE:
    case COMPARE_OP_FLOAT_JUMP:
    case COMPARE_OP_STR_JUMP:
        return false;
    case BINARY_OP_ADAPTIVE:
        /* Tier 0 has looked, and the operands were not alike; but it knows few operators. */
        if ((op == NB_ADD || op == NB_SUBTRACT || op == NB_MULTIPLY) && !(is_int_kind(left) && is_int_kind(right))) {
            return false;
        }
        __attribute__((fallthrough));
    default:
        return is_int_kind(left) || is_int_kind(right) || is_bitwise(op);
    }
}

/* ---- BINARY_OP ------------------------------------------------------------------------------------------------- */

static of_float_pairs add_floats = OF_FLOAT_PAIRS(ADD);
static of_float_pairs subtract_floats = OF_FLOAT_PAIRS(SUBTRACT);
static of_float_pairs multiply_floats = OF_FLOAT_PAIRS(MULTIPLY);
static of_float_pairs divide_floats = OF_FLOAT_PAIRS(TRUE_DIVIDE);

static const struct {
    const uint16_t (*templates)[FLOAT_REGISTERS];
    struct float_outcome (*function)(double, double);
} float_operators[NB_INPLACE_ADD] = {
    [NB_ADD] = {.templates = add_floats},
    [NB_SUBTRACT] = {.templates = subtract_floats},
    [NB_MULTIPLY] = {.templates = multiply_floats},
    [NB_TRUE_DIVIDE] = {.templates = divide_floats},
    [NB_POWER] = {.function = rt_float_power},
    [NB_REMAINDER] = {.function = rt_float_remainder},
    [NB_FLOOR_DIVIDE] = {.function = rt_float_floor_divide},
};

static of_int_pairs add_ints = OF_INT_PAIRS(ADD);
static of_int_pairs subtract_ints = OF_INT_PAIRS(SUBTRACT);
static of_int_pairs multiply_ints = OF_INT_PAIRS(MULTIPLY);
static of_int_pairs and_ints = OF_INT_PAIRS(AND);
static of_int_pairs or_ints = OF_INT_PAIRS(OR);
static of_int_pairs xor_ints = OF_INT_PAIRS(XOR);
static of_int_pairs shift_left_ints = OF_INT_PAIRS(LSHIFT);
static of_int_pairs shift_right_ints = OF_INT_PAIRS(RSHIFT);
static of_int_pairs divide_ints = OF_INT_PAIRS(FLOOR_DIVIDE);
static of_int_pairs remainder_ints = OF_INT_PAIRS(REMAINDER);
static of_int_pairs add_wrapping = OF_INT_PAIRS(ADD_WRAPPING);
static of_int_pairs subtract_wrapping = OF_INT_PAIRS(SUBTRACT_WRAPPING);
static of_int_pairs multiply_wrapping = OF_INT_PAIRS(MULTIPLY_WRAPPING);
static of_int_pairs shift_left_wrapping = OF_INT_PAIRS(LSHIFT_WRAPPING);

static const struct {
    const uint16_t (*templates)[INT_REGISTERS];
    const uint16_t (*wrapping)[INT_REGISTERS]; /* the result modulo 2**64, where that may differ */
    bool guards;                               /* may be a case for the fallback code */
} int_operators[NB_INPLACE_ADD] = {
    [NB_ADD] = {add_ints, add_wrapping, true},
    [NB_SUBTRACT] = {subtract_ints, subtract_wrapping, true},
    [NB_MULTIPLY] = {multiply_ints, multiply_wrapping, true},
    [NB_AND] = {.templates = and_ints},
    [NB_OR] = {.templates = or_ints},
    [NB_XOR] = {.templates = xor_ints},
    [NB_LSHIFT] = {shift_left_ints, shift_left_wrapping, true},
    [NB_RSHIFT] = {.templates = shift_right_ints, .guards = true},
    [NB_FLOOR_DIVIDE] = {.templates = divide_ints, .guards = true},
    [NB_REMAINDER] = {.templates = remainder_ints, .guards = true},
};

static int plain_operator(int oparg)
{
    return oparg >= NB_INPLACE_ADD ? oparg - NB_INPLACE_ADD : oparg;
}

static bool select_float_operator(struct emitter *emitter, int op)
{
    static of_float_registers divisor = OF_FLOAT_REGISTERS(GUARD_DIVISOR);
    bool exact;
    if ((float_operators[op].templates == NULL && float_operators[op].function == NULL) ||
        !expects_floats(emitter, op == NB_TRUE_DIVIDE, &exact)) {
        return false;
    }
    const struct operand *right = &emitter->stack[emitter->depth - 1];
    bool guards_divisor = op == NB_TRUE_DIVIDE && right->place != PLACE_CONSTANT;
    if (op == NB_TRUE_DIVIDE && !guards_divisor) {
        bool zero = kind_of(emitter, right) == KIND_FLOAT ? PyFloat_AS_DOUBLE(right->constant) == 0.0
                                                          : constant_int(right) == 0;
        if (zero) {
            return false;
        }
    }
    bool in_c = float_operators[op].function != NULL;
    if (in_c) {
        stack_save_raw(emitter);
    }
    struct operation operation = begin_operation(emitter, PLACE_FLOAT, 2);
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
        item->handler = (const void *)float_operators[op].function;
        item->labels[LABEL_SLOW] = exit;
    } else {
        emitter_add(emitter, float_operators[op].templates[operation.reg[0]][operation.reg[1]]);
    }
    drop_operands(emitter, &operation);
    stack_push_raw(emitter, PLACE_FLOAT, operation.reg[0]);
    return true;
}

/* Does the next instruction but one leave only bits below the 64th of the current one's result? `mask`: those. */
static bool is_masked(const struct emitter *emitter, int64_t *mask)
{
    const struct instruction *load = at(emitter, emitter->current + 1);
    if (emitter->current + 2 >= emitter->bytecode.count || load->opcode != LOAD_CONST || load->is_leader ||
        load[1].opcode != BINARY_OP || load[1].is_leader || plain_operator(load[1].oparg) != NB_AND) {
        return false;
    }
    struct operand operand = {.place = PLACE_CONSTANT,
                              .constant = PyTuple_GET_ITEM(emitter->bytecode.code->co_consts, load->oparg)};
    enum kind kind = kind_of(emitter, &operand);
    if (kind != KIND_SHORT_INT && kind != KIND_WIDE_INT) {
        return false;
    }
    *mask = constant_int(&operand);
    return *mask >= 0;
}

/* Overwriting a short int in place beats everything, and so far only adding and subtracting mostly stay that short. */
static bool is_counting(const struct emitter *emitter, int op)
{
    const struct instruction *next = at(emitter, emitter->current + 1);
    if ((op != NB_ADD && op != NB_SUBTRACT) || next->opcode != STORE_FAST || next->is_leader) {
        return false;
    }
    for (int i = 1; i <= 2; i++) {
        const struct operand *operand = &emitter->stack[emitter->depth - i];
        if (operand->place != PLACE_LOCAL && kind_of(emitter, operand) != KIND_SHORT_INT) {
            return false;
        }
    }
    return true;
}

/* An operation by a constant number of bits. */
static int shift_template(int op, bool wraps, int reg)
{
    static of_int_registers right = OF_INT_REGISTERS(SHIFT_RIGHT_INT);
    static of_int_registers left = OF_INT_REGISTERS(SHIFT_LEFT_INT);
    static of_int_registers wrapping = OF_INT_REGISTERS(SHIFT_LEFT_WRAPPING_INT);
    return op == NB_RSHIFT ? right[reg] : wraps ? wrapping[reg] : left[reg];
}

/* Quotient and remainder by a power of two are a shift and a mask, for ints of either sign: Python rounds down. */
static int simplify_division(int op, int64_t *constant)
{
    if ((op != NB_FLOOR_DIVIDE && op != NB_REMAINDER) || *constant <= 0 || (*constant & (*constant - 1)) != 0) {
        return op;
    }
    if (op == NB_REMAINDER) {
        *constant -= 1;
        return NB_AND;
    }
    *constant = __builtin_ctzll((unsigned long long)*constant);
    return NB_RSHIFT;
}

/* The right operand is a constant: in a register unless it is a number of bits. The exit, if any, is that of the original. */
static void add_by_constant(struct emitter *emitter, struct operation *operation, int op, int64_t constant,
                            bool wraps)
{
    static of_int_registers load = OF_INT_REGISTERS(LOAD_INT_C);
    int left = operation->reg[0];
    if ((op == NB_LSHIFT || op == NB_RSHIFT) && constant >= 0 && constant < 64) {
        int exit = op == NB_LSHIFT && !wraps ? exit_of(emitter, operation) : NO_LABEL;
        struct item *item = emitter_add(emitter, shift_template(op, wraps, left));
        item->holes[HOLE_H_SHIFT] = constant;
        item->labels[LABEL_SLOW] = exit;
        return;
    }
    int reg = __builtin_ctz(~operation->used);
    bool guards = int_operators[op].guards && !wraps;
    int exit = guards || (op == NB_LSHIFT && wraps) ? exit_of(emitter, operation) : NO_LABEL;
    emitter_add(emitter, load[reg])->quads[HOLE_Q_A] = constant;
    const uint16_t(*family)[INT_REGISTERS] =
        wraps && int_operators[op].wrapping != NULL ? int_operators[op].wrapping : int_operators[op].templates;
    emitter_add(emitter, family[left][reg])->labels[LABEL_SLOW] = exit;
}

static bool select_int_operator(struct emitter *emitter, int op)
{
    if (int_operators[op].templates == NULL || !expects_ints(emitter, op) || is_counting(emitter, op)) {
        return false;
    }
    const struct operand *right = &emitter->stack[emitter->depth - 1];
    bool by_constant = right->place == PLACE_CONSTANT;
    int64_t constant = by_constant ? constant_int(right) : 0;
    if (by_constant && emitter->stack[emitter->depth - 2].place == PLACE_CONSTANT) {
        return false;
    }
    int64_t mask;
    bool wraps = int_operators[op].wrapping != NULL && is_masked(emitter, &mask);
    struct operation operation = begin_operation(emitter, PLACE_INT, by_constant ? 1 : 2);
    if (by_constant) {
        /* Only the left operand is loaded; a register stays free for the constant. */
        operation.operand[0] = &emitter->stack[emitter->depth - 2];
        make_room(emitter, &operation, 1);
        load_operands(emitter, &operation);
        op = simplify_division(op, &constant);
        add_by_constant(emitter, &operation, op, constant, wraps);
        stack_pop(emitter);
    } else {
        load_operands(emitter, &operation);
        int exit = int_operators[op].guards && (!wraps || op == NB_LSHIFT) ? exit_of(emitter, &operation) : NO_LABEL;
        const uint16_t(*family)[INT_REGISTERS] = wraps ? int_operators[op].wrapping : int_operators[op].templates;
        emitter_add(emitter, family[operation.reg[0]][operation.reg[1]])->labels[LABEL_SLOW] = exit;
    }
    drop_operands(emitter, &operation);
    stack_push_raw(emitter, PLACE_INT, operation.reg[0]);
    if (wraps) {
        /* The mask belongs to it: in between, the register does not hold a value of the program. */
        emitter->current += 2;
        struct operation masking = begin_operation(emitter, PLACE_INT, 1);
        make_room(emitter, &masking, 1);
        load_operands(emitter, &masking);
        add_by_constant(emitter, &masking, NB_AND, mask, false);
    }
    return true;
}

/* ---- Other instructions ------------------------------------------------------------------------------------------ */

static bool select_unary_operator(struct emitter *emitter, bool inverts)
{
    static of_float_registers negate_float = OF_FLOAT_REGISTERS(NEGATE_FLOAT);
    static of_int_registers negate_int = OF_INT_REGISTERS(NEGATE_INT);
    static of_int_registers invert_int = OF_INT_REGISTERS(INVERT_INT);
    enum kind kind = kind_below(emitter, 1);
    if (emitter->stack[emitter->depth - 1].place == PLACE_CONSTANT || (kind != KIND_FLOAT && kind != KIND_INT) ||
        (kind == KIND_FLOAT && inverts)) {
        return false;
    }
    enum operand_place place = kind == KIND_FLOAT ? PLACE_FLOAT : PLACE_INT;
    struct operation operation = begin_operation(emitter, place, 1);
    load_operands(emitter, &operation);
    int reg = operation.reg[0];
    if (place == PLACE_FLOAT) {
        emitter_add(emitter, negate_float[reg]);
    } else {
        int exit = inverts ? NO_LABEL : exit_of(emitter, &operation);
        emitter_add(emitter, inverts ? invert_int[reg] : negate_int[reg])->labels[LABEL_SLOW] = exit;
    }
    drop_operands(emitter, &operation);
    stack_push_raw(emitter, place, reg);
    return true;
}

static int float_comparison(int relation, bool sense, int left, int right)
{
    static of_float_pairs less[2] = {OF_FLOAT_PAIRS(JUMP_IF_NOT_LT), OF_FLOAT_PAIRS(JUMP_IF_LT)};
    static of_float_pairs less_or_equal[2] = {OF_FLOAT_PAIRS(JUMP_IF_NOT_LE), OF_FLOAT_PAIRS(JUMP_IF_LE)};
    static of_float_pairs equal[2] = {OF_FLOAT_PAIRS(JUMP_IF_NE), OF_FLOAT_PAIRS(JUMP_IF_EQ)};
    return relation == Py_LT   ? less[sense][left][right]
           : relation == Py_GT ? less[sense][right][left]
           : relation == Py_LE ? less_or_equal[sense][left][right]
           : relation == Py_GE ? less_or_equal[sense][right][left]
                               : equal[sense ^ (relation == Py_NE)][left][right];
}

static int int_comparison(int relation, bool sense, int left, int right)
{
    static of_int_pairs less[2] = {OF_INT_PAIRS(JUMP_IF_NOT_LT), OF_INT_PAIRS(JUMP_IF_LT)};
    static of_int_pairs less_or_equal[2] = {OF_INT_PAIRS(JUMP_IF_NOT_LE), OF_INT_PAIRS(JUMP_IF_LE)};
    static of_int_pairs equal[2] = {OF_INT_PAIRS(JUMP_IF_NE), OF_INT_PAIRS(JUMP_IF_EQ)};
    return relation == Py_LT   ? less[sense][left][right]
           : relation == Py_GT ? less[sense][right][left]
           : relation == Py_LE ? less_or_equal[sense][left][right]
           : relation == Py_GE ? less_or_equal[sense][right][left]
                               : equal[sense ^ (relation == Py_NE)][left][right];
}

/* A comparison with the jump that follows. */
static bool select_comparison(struct emitter *emitter)
{
    bool on_true;
    bool exact = false;
    if (!is_fused(emitter, &on_true)) {
        return false;
    }
    enum operand_place place = PLACE_FLOAT;
    if (!expects_floats(emitter, false, &exact)) {
        /* Ints in objects are compared there. */
        bool raw = emitter->stack[emitter->depth - 1].place == PLACE_INT ||
                   emitter->stack[emitter->depth - 2].place == PLACE_INT;
        if (!raw || !expects_ints(emitter, NB_SUBTRACT)) {
            return false;
        }
        place = PLACE_INT;
    }
    int relation = at(emitter, emitter->current)->oparg;
    struct branch branch = branch_of(emitter, emitter->current + 1, on_true);
    bool sense = jump_sense(&branch);
    flush_others(emitter, 2);
    struct operation operation = begin_operation(emitter, place, 2);
    operation.exact = exact;
    load_operands(emitter, &operation);
    drop_operands(emitter, &operation);
    int (*comparison)(int, bool, int, int) = place == PLACE_FLOAT ? float_comparison : int_comparison;
    int template = comparison(relation, sense, operation.reg[0], operation.reg[1]);
    emitter_add(emitter, template)->labels[LABEL_JUMP] = jump_label(&branch);
    finish_branch(emitter, &branch);
    emitter->current++; /* the jump is done */
    return true;
}

static bool select_jump(struct emitter *emitter, bool on_true)
{
    static of_float_registers floats[2] = {OF_FLOAT_REGISTERS(JUMP_IF_NOT_FLOAT), OF_FLOAT_REGISTERS(JUMP_IF_FLOAT)};
    static of_int_registers ints[2] = {OF_INT_REGISTERS(JUMP_IF_NOT_INT), OF_INT_REGISTERS(JUMP_IF_INT)};
    const struct operand *value = &emitter->stack[emitter->depth - 1];
    if (!is_raw(value)) {
        return false;
    }
    enum operand_place place = (enum operand_place)value->place;
    struct branch branch = branch_of(emitter, emitter->current, on_true);
    bool sense = jump_sense(&branch);
    flush_others(emitter, 1);
    struct operation operation = begin_operation(emitter, place, 1);
    load_operands(emitter, &operation);
    drop_operands(emitter, &operation);
    int reg = operation.reg[0];
    emitter_add(emitter, place == PLACE_FLOAT ? floats[sense][reg] : ints[sense][reg])->labels[LABEL_JUMP] =
        jump_label(&branch);
    finish_branch(emitter, &branch);
    return true;
}

/* Adds a template that stores a number into a local. */
static struct item *add_store(struct emitter *emitter, int template, int local, int slow)
{
    struct item *item = emitter_add(emitter, template);
    item->holes[HOLE_H_D] = emitter_local(local);
    item->labels[LABEL_SLOW] = slow;
    return item;
}

/* What the store in line does not do, in the cold part: in C, for which the numbers in registers go to memory and come back. Where the old value's
 * death may run code, the fallback code stores. */
static void store_in_c(struct emitter *emitter, int local, int back)
{
    static of_float_registers reload_float = OF_FLOAT_REGISTERS(LOAD_FLOAT_RAW);
    static of_int_registers reload_int = OF_INT_REGISTERS(LOAD_INT_RAW);
    int32_t registers[BYTECODE_TRACKED_LOCALS];
    int top = emitter->depth - 1;
    bool is_int = emitter->stack[top].place == PLACE_INT;
    int exit = emitter_new_label(emitter);
    emitter->in_cold = true;
    for (int i = 0; i <= top; i++) {
        registers[i] = is_raw(&emitter->stack[i]) ? emitter->stack[i].local : RAW_IN_SLOT;
    }
    stack_save_raw(emitter);
    add_store(emitter, is_int ? TEMPLATE_STORE_INT_IN_C : TEMPLATE_STORE_FLOAT_IN_C, local, exit)->holes[HOLE_H_A] =
        emitter_slot(emitter, top);
    for (int i = 0; i < top; i++) {
        if (registers[i] != RAW_IN_SLOT) {
            bool whole = emitter->stack[i].place == PLACE_INT;
            int template = whole ? reload_int[registers[i]] : reload_float[registers[i]];
            emitter_add(emitter, template)->holes[HOLE_H_A] = emitter_slot(emitter, i);
        }
    }
    add_jump(emitter, back);
    emitter->in_cold = false;
    fallback_exit(emitter, exit);
    for (int i = 0; i <= top; i++) {
        if (registers[i] != RAW_IN_SLOT) {
            emitter->stack[i].local = registers[i];
        }
    }
}

static bool select_store(struct emitter *emitter)
{
    static of_float_registers store_float = OF_FLOAT_REGISTERS(STORE_FLOAT);
    static of_float_registers update_float = OF_FLOAT_REGISTERS(UPDATE_FLOAT);
    static of_int_registers store_int = OF_INT_REGISTERS(STORE_INT);
    int local = at(emitter, emitter->current)->oparg;
    struct operand *value = &emitter->stack[emitter->depth - 1];
    if (!is_raw(value)) {
        return false;
    }
    for (int i = 0; i < emitter->depth; i++) {
        if (emitter->stack[i].place == PLACE_LOCAL && emitter->stack[i].local == local) {
            stack_save_raw(emitter);
            stack_spill(emitter, &emitter->stack[i]);
        }
    }
    enum operand_place place = (enum operand_place)value->place;
    struct operation operation = begin_operation(emitter, place, 1);
    load_operands(emitter, &operation);
    int reg = operation.reg[0];
    value->local = reg;
    bool known = place == PLACE_FLOAT && (emitter->float_locals & local_bit(local)) != 0;
    int slow = emitter_new_label(emitter);
    add_store(emitter,
              place == PLACE_INT ? store_int[reg]
              : known            ? update_float[reg]
                                 : store_float[reg],
              local, slow);
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    if (known) {
        slow = emitter_new_label(emitter);
        add_store(emitter, store_float[reg], local, slow)->labels[LABEL_CONT] = back;
        emitter_bind(emitter, slow);
    }
    emitter->in_cold = false;
    store_in_c(emitter, local, back);
    stack_pop(emitter);
    emitter->float_locals &= ~local_bit(local);
    emitter->int_locals &= ~local_bit(local);
    *(place == PLACE_FLOAT ? &emitter->float_locals : &emitter->int_locals) |= local_bit(local);
    return true;
}

/* A list's or a tuple's item by an int without an object. */
static bool select_item(struct emitter *emitter)
{
    static of_int_registers of_list[4] = {
        OF_INT_REGISTERS(ITEM_OF_LIST_L), {0}, OF_INT_REGISTERS(ITEM_OF_LIST_S), OF_INT_REGISTERS(ITEM_OF_LIST_R)};
    static of_int_registers of_tuple[4] = {
        OF_INT_REGISTERS(ITEM_OF_TUPLE_L), {0}, OF_INT_REGISTERS(ITEM_OF_TUPLE_S), OF_INT_REGISTERS(ITEM_OF_TUPLE_R)};
    int specialised = at(emitter, emitter->current)->specialised;
    struct operand *container = &emitter->stack[emitter->depth - 2];
    if (emitter->stack[emitter->depth - 1].place != PLACE_INT || container->place == PLACE_CONSTANT ||
        is_raw(container) ||
        (specialised != BINARY_SUBSCR && specialised != BINARY_SUBSCR_LIST_INT &&
         specialised != BINARY_SUBSCR_TUPLE_INT)) {
        return false;
    }
    if (container->place != PLACE_REGISTER) {
        for (int i = 0; i < emitter->depth - 2; i++) {
            if (emitter->stack[i].place == PLACE_REGISTER) {
                stack_save_raw(emitter);
                stack_spill(emitter, &emitter->stack[i]);
            }
        }
    }
    struct operation operation = begin_operation(emitter, PLACE_INT, 1);
    load_operands(emitter, &operation);
    int exit = exit_of(emitter, &operation);
    const uint16_t(*family)[INT_REGISTERS] = specialised == BINARY_SUBSCR_TUPLE_INT ? of_tuple : of_list;
    struct item *item = emitter_add(emitter, family[place_index(container)][operation.reg[0]]);
    set_operand(emitter, item, container, false);
    item->labels[LABEL_SLOW] = exit;
    drop_operands(emitter, &operation);
    stack_pop(emitter);
    stack_push_register(emitter);
    return true;
}

/* Is the current instruction's result to be an object at once, and are its operands? Then little is won. */
static bool is_for_objects(const struct emitter *emitter)
{
    switch (at(emitter, emitter->current + 1)->opcode) {
    case PRECALL:
    case KW_NAMES:
    case RETURN_VALUE:
    case YIELD_VALUE:
    case LIST_APPEND:
    case BUILD_TUPLE:
    case BUILD_LIST:
        break;
    default:
        return false;
    }
    for (int i = 1; i <= 2; i++) {
        const struct operand *operand = &emitter->stack[emitter->depth - i];
        enum kind kind = kind_of(emitter, operand);
        if (is_raw(operand) || kind == KIND_WIDE_INT) {
            return false;
        }
    }
    return true;
}

bool select_unboxed(struct emitter *emitter)
{
    /* The deferred stack is described per slot by bits here and there (side exits). Objects are counted where there are some. */
    if (emitter->in_fallback || emitter->counts != NULL || emitter->depth >= BYTECODE_TRACKED_LOCALS) {
        return false;
    }
    const struct instruction *instruction = at(emitter, emitter->current);
    int op = plain_operator(instruction->oparg);
    switch (instruction->opcode) {
    case BINARY_OP:
        return !is_for_objects(emitter) && (select_float_operator(emitter, op) || select_int_operator(emitter, op));
    case BINARY_SUBSCR:
        return select_item(emitter);
    case UNARY_NEGATIVE:
        return select_unary_operator(emitter, false);
    case UNARY_INVERT:
        return select_unary_operator(emitter, true);
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

static bool holds_raw(const struct emitter *emitter)
{
    for (int i = 0; i < emitter->depth; i++) {
        if (is_raw(&emitter->stack[i])) {
            return true;
        }
    }
    return false;
}

/* Boxes the unboxed numbers among so many operands on top, and saves the others. */
static void box_operands(struct emitter *emitter, int count)
{
    stack_save_raw(emitter);
    stack_box_raw(emitter, count);
    emitter->may_hold_raw = holds_raw(emitter);
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
    }
    if (emitter->may_hold_raw) {
        bool all = instruction->opcode == COPY || instruction->opcode == SWAP;
        box_operands(emitter, all ? emitter->depth : opcode_pops(instruction->opcode, instruction->oparg));
    }
    emitter->float_locals = emitter->int_locals = 0;
}
