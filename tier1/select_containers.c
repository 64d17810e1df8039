/* tier1/select_containers.c: selects subscripts and what else looks into containers. */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

void select_subscript(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_SUBSCRIPT);
    static pair_family list_family = PAIRS(SUBSCRIPT_LIST);
    static pair_family tuple_family = PAIRS(SUBSCRIPT_TUPLE);
    const struct operand *key = &emitter->stack[emitter->depth - 1];
    const uint16_t *primary = list_family;
    const uint16_t *secondary = NULL;
    switch (at(emitter, emitter->current)->specialised) {
    case BINARY_SUBSCR_LIST_INT:
        break;
    case BINARY_SUBSCR_TUPLE_INT:
        primary = tuple_family;
        break;
    case BINARY_SUBSCR_DICT:
    case BINARY_SUBSCR_GETITEM:
        primary = NULL;
        break;
    default:
        secondary = tuple_family;
        break;
    }
    if (key->place == PLACE_CONSTANT && !PyLong_CheckExact(key->constant)) {
        primary = secondary = NULL;
    }
    pair_operation(emitter, primary, secondary, &(struct slow_call){.family = slow_family});
}

void select_store_subscript(struct emitter *emitter)
{
    stack_flush(emitter);
    struct operand key = stack_pop(emitter);
    struct operand container = stack_pop(emitter);
    struct operand value = stack_pop(emitter);
    int64_t places[3] = {emitter_slot(emitter, value.index), emitter_slot(emitter, container.index),
                         emitter_slot(emitter, key.index)};
    int next = emitter->current + 1;
    bool fast = at(emitter, emitter->current)->specialised != STORE_SUBSCR_DICT;
    int back = emitter_new_label(emitter);
    for (int slow = fast ? 0 : 1; slow < 2; slow++) {
        struct item *item =
            emitter_add(emitter, slow ? TEMPLATE_SLOW_STORE_SUBSCRIPT : TEMPLATE_STORE_SUBSCRIPT_LIST);
        item->holes[HOLE_H_A] = places[0];
        item->holes[HOLE_H_B] = places[1];
        item->holes[HOLE_H_C] = places[2];
        if (slow) {
            item->labels[LABEL_ERROR] = stub_error(emitter, false);
            break;
        }
        int slow_label = emitter_new_label(emitter);
        item->labels[LABEL_SLOW] = slow_label;
        emitter_bind(emitter, back);
        item->labels[LABEL_FREE] = free_path(emitter, back, next);
        emitter->in_cold = true;
        emitter_bind(emitter, slow_label);
    }
    struct item *item = end_escape(emitter, next);
    if (fast) {
        item->labels[LABEL_CONT] = back;
        emitter->in_cold = false;
    }
}

/* ---- Unpacking --------------------------------------------------------------------------------------------------------- */

void select_unpack_sequence(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    struct operand sequence = stack_pop(emitter);
    stack_free_register(emitter);
    if (sequence.place != PLACE_LOCAL) {
        stack_take(emitter, &sequence);
    }
    bool local = sequence.place == PLACE_LOCAL;
    bool list = instruction->specialised == UNPACK_SEQUENCE_LIST;
    int64_t slot = emitter_slot(emitter, sequence.index);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, local ? (list ? TEMPLATE_UNPACK_LIST_L : TEMPLATE_UNPACK_TUPLE_L)
                                                   : (list ? TEMPLATE_UNPACK_LIST_R : TEMPLATE_UNPACK_TUPLE_R));
    set_operand(emitter, item, &sequence, false);
    item->holes[HOLE_H_D] = slot;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    if (local) {
        stack_take(emitter, &sequence);
    }
    int general = emitter_new_label(emitter);
    item = emitter_add(emitter, TEMPLATE_UNPACK_PLAIN);
    item->holes[HOLE_H_D] = slot;
    item->labels[LABEL_SLOW] = general;
    item->labels[LABEL_CONT] = back;
    emitter_bind(emitter, general);
    protect_locals(emitter);
    emitter_add(emitter, TEMPLATE_SPILL_R)->holes[HOLE_H_D] = slot;
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = (const void *)op_UNPACK_SEQUENCE;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    for (int i = 0; i < instruction->oparg; i++) {
        stack_push_slot(emitter);
    }
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}
