/* tier1/unboxed_operands.c: operands of arithmetic on numbers without objects: what is known of them, and into registers. See select_unboxed.h. */
#include "tier1/select_unboxed.h"

#include <string.h>

/* ---- Kinds --------------------------------------------------------------------------------------------------- */

uint64_t local_bit(int local)
{
    return local < BYTECODE_TRACKED_LOCALS ? (uint64_t)1 << local : 0;
}

static enum kind kind_of_constant(PyObject *constant)
{
    if (PyFloat_CheckExact(constant)) {
        return KIND_FLOAT;
    }
    if (!PyLong_CheckExact(constant)) {
        return KIND_OTHER;
    }
    Py_ssize_t size = Py_SIZE(constant);
    const digit *digits = ((PyLongObject *)constant)->ob_digit;
    if (size >= -1 && size <= 1) {
        return KIND_SHORT_INT;
    }
    return (size >= -2 && size <= 2) || ((size == 3 || size == -3) && digits[2] < 8) ? KIND_WIDE_INT : KIND_OTHER;
}

enum kind kind_of(const struct emitter *emitter, const struct operand *operand)
{
    switch ((enum operand_place)operand->place) {
    case PLACE_FLOAT:
        return KIND_FLOAT;
    case PLACE_INT:
        return KIND_INT;
    case PLACE_CONSTANT:
        return kind_of_constant(operand->constant);
    case PLACE_LOCAL:
        return emitter->float_locals & local_bit(operand->local) ? KIND_FLOAT
               : emitter->int_locals & local_bit(operand->local) ? KIND_INT
                                                                 : KIND_UNKNOWN;
    case PLACE_NULL:
        return KIND_OTHER;
    default:
        return KIND_UNKNOWN;
    }
}

int64_t constant_int(const struct operand *operand)
{
    Py_ssize_t size = Py_SIZE(operand->constant);
    const digit *digits = ((PyLongObject *)operand->constant)->ob_digit;
    int64_t magnitude = 0;
    for (Py_ssize_t i = Py_ABS(size); --i >= 0;) {
        magnitude = magnitude << PyLong_SHIFT | digits[i];
    }
    return size < 0 ? -magnitude : magnitude;
}

/* ---- Registers ------------------------------------------------------------------------------------------------- */

struct operation begin_operation(const struct emitter *emitter, enum operand_place place, int count)
{
    struct operation operation = {.count = count, .place = place, .exit = NO_LABEL};
    for (int i = 0; i < count; i++) {
        operation.operand[i] = &emitter->stack[emitter->depth - count + i];
    }
    for (int i = 0; i < emitter->depth; i++) {
        const struct operand *operand = &emitter->stack[i];
        if (is_raw_in_register(operand) && operand->place == place) {
            operation.used |= 1u << operand->local;
        }
    }
    return operation;
}

int exit_of(struct emitter *emitter, struct operation *operation)
{
    if (operation->exit == NO_LABEL) {
        operation->exit = emitter_new_label(emitter);
        fallback_exit(emitter, operation->exit);
    }
    return operation->exit;
}

static struct item *add_load(struct emitter *emitter, int template, const struct operand *operand, int slow)
{
    struct item *item = emitter_add(emitter, template);
    set_operand(emitter, item, operand, false);
    item->labels[LABEL_SLOW] = slow;
    return item;
}

/* An object by one template; in the cold part, should it refuse, by another. */
static void load_either(struct emitter *emitter, struct operation *operation, const struct operand *operand,
                        int first, int second)
{
    int exit = exit_of(emitter, operation);
    int slow = emitter_new_label(emitter);
    add_load(emitter, first, operand, slow);
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    add_load(emitter, second, operand, exit)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

static void load_float(struct emitter *emitter, struct operation *operation, struct operand *operand, int reg)
{
    static of_float_registers floats[4] = {
        OF_FLOAT_REGISTERS(LOAD_FLOAT_L), {0}, OF_FLOAT_REGISTERS(LOAD_FLOAT_S), OF_FLOAT_REGISTERS(LOAD_FLOAT_R)};
    static of_float_registers ints[4] = {
        OF_FLOAT_REGISTERS(CONVERT_INT_L), {0}, OF_FLOAT_REGISTERS(CONVERT_INT_S), OF_FLOAT_REGISTERS(CONVERT_INT_R)};
    static of_float_registers from_slot = OF_FLOAT_REGISTERS(LOAD_FLOAT_RAW);
    static of_float_registers from_int = OF_FLOAT_REGISTERS(CONVERT_INT_RAW);
    static of_float_registers from_constant = OF_FLOAT_REGISTERS(LOAD_FLOAT_C);
    static of_float_registers from_known_local = OF_FLOAT_REGISTERS(KNOWN_FLOAT_L);
    enum kind kind = kind_of(emitter, operand);
    if (operand->place == PLACE_CONSTANT) {
        double value = kind == KIND_FLOAT ? PyFloat_AS_DOUBLE(operand->constant) : (double)constant_int(operand);
        struct item *item = emitter_add(emitter, from_constant[reg]);
        memcpy(&item->quads[HOLE_Q_A], &value, sizeof value);
    } else if (is_raw(operand)) {
        bool is_int = operand->place == PLACE_INT;
        int slow = is_int ? exit_of(emitter, operation) : NO_LABEL;
        struct item *item = emitter_add(emitter, is_int ? from_int[reg] : from_slot[reg]);
        item->holes[HOLE_H_A] = emitter_slot(emitter, operand->index);
        item->labels[LABEL_SLOW] = slow;
    } else if (kind == KIND_FLOAT) {
        add_load(emitter, from_known_local[reg], operand, NO_LABEL);
    } else if (kind == KIND_INT) {
        add_load(emitter, ints[place_index(operand)][reg], operand, exit_of(emitter, operation));
    } else if (operation->exact) {
        add_load(emitter, floats[place_index(operand)][reg], operand, exit_of(emitter, operation));
        if (operand->place == PLACE_LOCAL) {
            emitter->float_locals |= local_bit(operand->local);
        }
    } else {
        int place = place_index(operand);
        load_either(emitter, operation, operand, floats[place][reg], ints[place][reg]);
    }
}

static void load_int(struct emitter *emitter, struct operation *operation, struct operand *operand, int reg)
{
    static of_int_registers shorts[4] = {
        OF_INT_REGISTERS(LOAD_INT_L), {0}, OF_INT_REGISTERS(LOAD_INT_S), OF_INT_REGISTERS(LOAD_INT_R)};
    static of_int_registers wide[4] = {
        OF_INT_REGISTERS(LOAD_WIDE_INT_L), {0}, OF_INT_REGISTERS(LOAD_WIDE_INT_S), OF_INT_REGISTERS(LOAD_WIDE_INT_R)};
    static of_int_registers from_slot = OF_INT_REGISTERS(LOAD_INT_RAW);
    static of_int_registers from_constant = OF_INT_REGISTERS(LOAD_INT_C);
    static of_int_registers from_known_local = OF_INT_REGISTERS(KNOWN_INT_L);
    if (operand->place == PLACE_CONSTANT) {
        emitter_add(emitter, from_constant[reg])->quads[HOLE_Q_A] = constant_int(operand);
    } else if (operand->place == PLACE_INT) {
        emitter_add(emitter, from_slot[reg])->holes[HOLE_H_A] = emitter_slot(emitter, operand->index);
    } else {
        int place = place_index(operand);
        bool known = kind_of(emitter, operand) == KIND_INT;
        load_either(emitter, operation, operand, known ? from_known_local[reg] : shorts[place][reg],
                    wide[place][reg]);
        if (operand->place == PLACE_LOCAL) {
            emitter->int_locals |= local_bit(operand->local);
        }
    }
}

static bool is_in_place(const struct operation *operation, const struct operand *operand)
{
    return is_raw_in_register(operand) && operand->place == operation->place;
}

/* Are both operands the same local? */
static bool is_same(const struct operation *operation)
{
    const struct operand *left = operation->operand[0];
    const struct operand *right = operation->operand[1];
    return operation->count == 2 && !operation->apart && left->place == PLACE_LOCAL && right->place == PLACE_LOCAL &&
           left->local == right->local;
}

void make_room(struct emitter *emitter, struct operation *operation, int spare)
{
    int registers = operation->place == PLACE_FLOAT ? FLOAT_REGISTERS : INT_REGISTERS;
    int wanted = spare;
    for (int i = 0; i < operation->count; i++) {
        wanted += !is_in_place(operation, operation->operand[i]);
    }
    for (int i = 0; __builtin_popcount(operation->used) + wanted > registers; i++) {
        struct operand *operand = &emitter->stack[i];
        assert(i < emitter->depth && operand != operation->operand[0] && operand != operation->operand[1]);
        if (is_in_place(operation, operand)) {
            operation->used &= ~(1u << operand->local);
            stack_save_raw_operand(emitter, operand);
        }
    }
}

void load_operands(struct emitter *emitter, struct operation *operation)
{
    /* Room for all first: what the guards' exits find in registers must not change afterwards. */
    make_room(emitter, operation, 0);
    for (int i = 0; i < operation->count; i++) {
        if (operation->operand[i]->place == PLACE_INT && operation->place == PLACE_FLOAT) {
            stack_save_raw_operand(emitter, operation->operand[i]); /* it is converted from its slot */
        }
    }
    for (int i = 0; i < operation->count; i++) {
        struct operand *operand = operation->operand[i];
        if (is_in_place(operation, operand)) {
            operation->reg[i] = operand->local;
        } else if (i == 1 && is_same(operation)) {
            operation->reg[i] = operation->reg[0];
        } else {
            int reg = __builtin_ctz(~operation->used);
            assert(reg < (operation->place == PLACE_FLOAT ? FLOAT_REGISTERS : INT_REGISTERS));
            operation->used |= 1u << reg;
            operation->reg[i] = reg;
            if (operation->place == PLACE_FLOAT) {
                load_float(emitter, operation, operand, reg);
            } else {
                load_int(emitter, operation, operand, reg);
            }
        }
    }
}

void drop_operands(struct emitter *emitter, const struct operation *operation)
{
    for (int i = 0; i < operation->count; i++) {
        const struct operand *operand = operation->operand[i];
        if (is_owned(operand)) {
            bool in_slot = operand->place == PLACE_SLOT;
            int template = operation->place == PLACE_INT ? (in_slot ? TEMPLATE_DROP_INT_S : TEMPLATE_DROP_INT_R)
                           : operation->exact            ? (in_slot ? TEMPLATE_DROP_FLOAT_S : TEMPLATE_DROP_FLOAT_R)
                           : in_slot                     ? TEMPLATE_DROP_NUMBER_S
                                                         : TEMPLATE_DROP_NUMBER_R;
            set_operand(emitter, emitter_add(emitter, template), operand, false);
        }
    }
    for (int i = 0; i < operation->count; i++) {
        stack_pop(emitter);
    }
}

void flush_others(struct emitter *emitter, int count)
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
