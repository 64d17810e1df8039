/* tier1/deferred_stack.c: the deferred value stack. See emitter.h and DESIGN.md section 4. */
#include "tier1/emitter.h"

#include <string.h>

static struct operand *push(struct emitter *emitter, enum operand_place place)
{
    assert(emitter->depth < emitter->bytecode.code->co_stacksize);
    struct operand *operand = &emitter->stack[emitter->depth];
    /* memset: padding is compared too (file_stub). */
    memset(operand, 0, sizeof *operand);
    operand->place = (uint8_t)place;
    operand->index = (uint16_t)emitter->depth++;
    return operand;
}

/* Operands past the 64th always stand in their slots: unwinding follows 64 by a bit each. */
static void settle(struct emitter *emitter, struct operand *operand)
{
    if (operand->index >= 64) {
        stack_spill(emitter, operand);
    }
}

void stack_push_slot(struct emitter *emitter)
{
    push(emitter, PLACE_SLOT);
}

void stack_push_local(struct emitter *emitter, int local)
{
    struct operand *operand = push(emitter, PLACE_LOCAL);
    operand->local = local;
    settle(emitter, operand);
}

void stack_push_constant(struct emitter *emitter, PyObject *constant)
{
    struct operand *operand = push(emitter, PLACE_CONSTANT);
    operand->constant = constant;
    settle(emitter, operand);
}

void stack_push_register(struct emitter *emitter)
{
    push(emitter, PLACE_REGISTER);
}

void stack_settle_register(struct emitter *emitter)
{
    if (emitter->depth > 64) {
        settle(emitter, &emitter->stack[emitter->depth - 1]);
    }
}

void stack_push_null(struct emitter *emitter)
{
    struct operand *operand = push(emitter, PLACE_NULL);
    operand->is_null = 1;
    settle(emitter, operand);
}

struct operand stack_pop(struct emitter *emitter)
{
    assert(emitter->depth > 0);
    return emitter->stack[--emitter->depth];
}

/* ---- Unboxed numbers --------------------------------------------------------------------------------------- */

void stack_save_raw_operand(struct emitter *emitter, struct operand *operand)
{
    static const uint16_t save_float[FLOAT_REGISTERS] = {TEMPLATE_SAVE_FLOAT_0, TEMPLATE_SAVE_FLOAT_1,
                                                         TEMPLATE_SAVE_FLOAT_2, TEMPLATE_SAVE_FLOAT_3};
    static const uint16_t save_int[INT_REGISTERS] = {TEMPLATE_SAVE_INT_0, TEMPLATE_SAVE_INT_1, TEMPLATE_SAVE_INT_2};
    if (is_raw_in_register(operand)) {
        const uint16_t *save = operand->place == PLACE_FLOAT ? save_float : save_int;
        emitter_add(emitter, save[operand->local])->holes[HOLE_H_D] = emitter_slot(emitter, operand->index);
        operand->local = RAW_IN_SLOT;
    }
}

void stack_push_raw(struct emitter *emitter, enum operand_place place, int reg)
{
    push(emitter, place)->local = reg;
    emitter->may_hold_raw = true;
}

void stack_save_raw(struct emitter *emitter)
{
    for (int i = 0; i < emitter->depth; i++) {
        stack_save_raw_operand(emitter, &emitter->stack[i]);
    }
}

/* The templates that make an object of a number in register `reg`, or in its slot. */
static int box_template(enum operand_place place, bool to_register, int reg)
{
    static const uint16_t floats[2][FLOAT_REGISTERS] = {
        {TEMPLATE_BOX_FLOAT_S_0, TEMPLATE_BOX_FLOAT_S_1, TEMPLATE_BOX_FLOAT_S_2, TEMPLATE_BOX_FLOAT_S_3},
        {TEMPLATE_BOX_FLOAT_R_0, TEMPLATE_BOX_FLOAT_R_1, TEMPLATE_BOX_FLOAT_R_2, TEMPLATE_BOX_FLOAT_R_3}};
    static const uint16_t ints[2][INT_REGISTERS] = {
        {TEMPLATE_BOX_INT_S_0, TEMPLATE_BOX_INT_S_1, TEMPLATE_BOX_INT_S_2},
        {TEMPLATE_BOX_INT_R_0, TEMPLATE_BOX_INT_R_1, TEMPLATE_BOX_INT_R_2}};
    static const uint16_t from_slot[2][2] = {{TEMPLATE_BOX_FLOAT_S, TEMPLATE_BOX_FLOAT_R},
                                             {TEMPLATE_BOX_INT_S, TEMPLATE_BOX_INT_R}};
    return reg == RAW_IN_SLOT     ? from_slot[place == PLACE_INT][to_register]
           : place == PLACE_FLOAT ? floats[to_register][reg]
                                  : ints[to_register][reg];
}

/* Makes an object of a number, in its slot or in r0. The other machine registers are lost. */
static void box_raw(struct emitter *emitter, struct operand *operand, bool to_register)
{
    static const uint16_t in_c[2][2] = {{TEMPLATE_BOX_FLOAT_S_IN_C, TEMPLATE_BOX_FLOAT_R_IN_C},
                                        {TEMPLATE_BOX_INT_S_IN_C, TEMPLATE_BOX_INT_R_IN_C}};
    int32_t reg = operand->local;
    operand->local = RAW_IN_SLOT;
    stack_save_raw(emitter);
    operand->local = reg;
    int64_t slot = emitter_slot(emitter, operand->index);
    bool was_cold = emitter->in_cold;
    int back = emitter_new_label(emitter);
    int slow = emitter_new_label(emitter);
    if (!was_cold) {
        int template = box_template((enum operand_place)operand->place, to_register, reg);
        struct item *item = emitter_add(emitter, template);
        item->holes[HOLE_H_D] = slot;
        item->labels[LABEL_SLOW] = slow;
        emitter_bind(emitter, back);
        emitter->in_cold = true;
        emitter_bind(emitter, slow);
    }
    stack_save_raw_operand(emitter, operand);
    struct item *item = emitter_add(emitter, in_c[operand->place == PLACE_INT][to_register]);
    item->holes[HOLE_H_D] = slot;
    if (!was_cold) {
        item->labels[LABEL_CONT] = back;
    }
    emitter->in_cold = was_cold;
}

void stack_box_raw(struct emitter *emitter, int count)
{
    bool register_free = true;
    for (int i = 0; i < emitter->depth; i++) {
        register_free &= emitter->stack[i].place != PLACE_REGISTER;
    }
    for (int i = emitter->depth - 1; i >= 0 && i >= emitter->depth - count; i--) {
        struct operand *operand = &emitter->stack[i];
        if (!is_raw(operand)) {
            continue;
        }
        if (register_free && operand->index < 64) {
            stack_take(emitter, operand);
            uint16_t index = operand->index;
            memset(operand, 0, sizeof *operand);
            operand->place = PLACE_REGISTER;
            operand->index = index;
            register_free = false;
        } else {
            stack_spill(emitter, operand);
        }
    }
}

void stack_spill(struct emitter *emitter, struct operand *operand)
{
    struct item *item = NULL;
    switch ((enum operand_place)operand->place) {
    case PLACE_SLOT:
        return;
    case PLACE_LOCAL:
        item = emitter_add(emitter, TEMPLATE_SPILL_L);
        item->holes[HOLE_H_A] = emitter_local(operand->local);
        break;
    case PLACE_CONSTANT:
        item = emitter_add(emitter, TEMPLATE_SPILL_C);
        item->quads[HOLE_Q_A] = (int64_t)(uintptr_t)operand->constant;
        break;
    case PLACE_REGISTER:
        item = emitter_add(emitter, TEMPLATE_SPILL_R);
        break;
    case PLACE_FLOAT:
    case PLACE_INT:
        box_raw(emitter, operand, false);
        break;
    default:
        item = emitter_add(emitter, TEMPLATE_SPILL_NULL);
        break;
    }
    if (item != NULL) {
        item->holes[HOLE_H_D] = emitter_slot(emitter, operand->index);
    }
    uint16_t index = operand->index;
    uint8_t is_null = operand->is_null;
    memset(operand, 0, sizeof *operand);
    operand->place = PLACE_SLOT;
    operand->index = index;
    operand->is_null = is_null;
}

void stack_flush(struct emitter *emitter)
{
    for (int i = 0; i < emitter->depth; i++) {
        stack_spill(emitter, &emitter->stack[i]);
    }
}

void stack_spill_local(struct emitter *emitter, int local)
{
    for (int i = 0; i < emitter->depth; i++) {
        if (emitter->stack[i].place == PLACE_LOCAL && emitter->stack[i].local == local) {
            stack_spill(emitter, &emitter->stack[i]);
        }
    }
}

void stack_free_register(struct emitter *emitter)
{
    for (int i = 0; i < emitter->depth; i++) {
        if (emitter->stack[i].place == PLACE_REGISTER) {
            stack_spill(emitter, &emitter->stack[i]);
        }
    }
}

void stack_take(struct emitter *emitter, struct operand *operand)
{
    struct item *item;
    switch ((enum operand_place)operand->place) {
    case PLACE_REGISTER:
        return;
    case PLACE_FLOAT:
    case PLACE_INT:
        box_raw(emitter, operand, true);
        break;
    case PLACE_SLOT:
        item = emitter_add(emitter, TEMPLATE_TAKE_S);
        item->holes[HOLE_H_A] = emitter_slot(emitter, operand->index);
        break;
    case PLACE_LOCAL:
        item = emitter_add(emitter, TEMPLATE_TAKE_L);
        item->holes[HOLE_H_A] = emitter_local(operand->local);
        break;
    default:
        assert(operand->place == PLACE_CONSTANT);
        item = emitter_add(emitter, TEMPLATE_TAKE_C);
        item->quads[HOLE_Q_A] = (int64_t)(uintptr_t)operand->constant;
        break;
    }
    operand->place = PLACE_REGISTER;
}

void stack_set_canonical(struct emitter *emitter, int depth)
{
    emitter->depth = 0;
    for (int i = 0; i < depth; i++) {
        push(emitter, PLACE_SLOT);
    }
}
