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

void stack_spill(struct emitter *emitter, struct operand *operand)
{
    struct item *item;
    switch ((enum operand_place)operand->place) {
    case PLACE_SLOT:
        return;
    case PLACE_LOCAL:
        item = emitter_add(emitter, TEMPLATE_SPILL_L);
        item->holes[HOLE_H_A] = emitter_local(operand->local);
        break;
    case PLACE_CONSTANT:
        item = emitter_add(emitter, TEMPLATE_SPILL_C);
        item->holes[HOLE_Q_A] = (int64_t)(uintptr_t)operand->constant;
        break;
    case PLACE_REGISTER:
        item = emitter_add(emitter, TEMPLATE_SPILL_R);
        break;
    default:
        item = emitter_add(emitter, TEMPLATE_SPILL_NULL);
        break;
    }
    item->holes[HOLE_H_D] = emitter_slot(emitter, operand->index);
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
        item->holes[HOLE_Q_A] = (int64_t)(uintptr_t)operand->constant;
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
