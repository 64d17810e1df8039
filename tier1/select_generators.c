/* tier1/select_generators.c: selects what suspends, resumes and ends generators and coroutines. */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

/* A generator that is resumed with an exception raises it at the instruction before the resume point, whose operands
 * stand on the canonical stack as the deferred stack describes it now (resume_points in compile.c). */
static void note_raise(struct emitter *emitter)
{
    if (emitter->raise_labels != NULL) {
        emitter->raise_labels[emitter->current] = stub_error(emitter, false);
    }
}

void select_yield_value(struct emitter *emitter)
{
    struct operand value = stack_pop(emitter);
    if (value.place != PLACE_REGISTER) {
        stack_free_register(emitter);
        stack_take(emitter, &value);
    }
    stack_flush(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_YIELD_VALUE_R);
    item->holes[HOLE_H_N] = emitter->bytecode.code->co_nlocalsplus + emitter->depth;
    item->labels[LABEL_EXIT] = emitter->plain_exit_label;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)resume_point_at(emitter, emitter->current + 1);
    stack_push_slot(emitter);
    note_raise(emitter);
}

/* GET_AWAITABLE and GET_YIELD_FROM_ITER: mostly the operand itself serves, and stays where it is; else the handler finds out. */
void select_get_iterator(struct emitter *emitter, int in_slot, int in_register, const void *handler)
{
    struct operand *operand = &emitter->stack[emitter->depth - 1];
    if (operand->place != PLACE_SLOT && operand->place != PLACE_REGISTER) {
        select_handler(emitter);
        return;
    }
    bool is_register = operand->place == PLACE_REGISTER;
    int64_t slot = emitter_slot(emitter, operand->index);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, is_register ? in_register : in_slot);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);

    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    stack_pop(emitter);
    protect_locals(emitter);
    if (is_register) {
        emitter_add(emitter, TEMPLATE_SPILL_R)->holes[HOLE_H_D] = slot;
    }
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = handler;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    if (is_register) {
        emitter_add(emitter, TEMPLATE_TAKE_S)->holes[HOLE_H_A] = slot;
        stack_push_register(emitter);
    } else {
        stack_push_slot(emitter);
    }
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* SEND. A generator or coroutine is resumed natively; everything else, and a receiver that delegates itself, goes through op_SEND. */
void select_send(struct emitter *emitter)
{
    stack_flush(emitter);
    int target = at(emitter, emitter->current)->target;
    int next = emitter->current + 1;
    struct operand value = stack_pop(emitter);
    int64_t receiver_slot = emitter_slot(emitter, emitter->depth - 1);
    int64_t value_slot = emitter_slot(emitter, value.index);
    note_raise(emitter);
    int slow = emitter_new_label(emitter);
    int ended = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_SEND_TO_GENERATOR);
    item->holes[HOLE_H_A] = receiver_slot;
    item->holes[HOLE_H_B] = value_slot;
    item->labels[LABEL_SLOW] = slow;
    emitter_add(emitter, RAW_CALL);
    emitter_add(emitter, TEMPLATE_FINISH_RESUMPTION)->labels[LABEL_SLOW] = ended;
    /* The value sent: whoever asked for a yield may have nothing but this reference to it. */
    stack_push_register(emitter);
    item = emitter_add(emitter, TEMPLATE_POP_S);
    item->holes[HOLE_H_A] = value_slot;
    int back = emitter_new_label(emitter);
    int dropped = label_here(emitter);
    item->labels[LABEL_FREE] = free_path(emitter, dropped, next);
    end_escape(emitter, next);
    emitter_bind(emitter, back);

    emitter->in_cold = true;
    stack_pop(emitter);
    emitter_bind(emitter, ended);
    item = emitter_add(emitter, TEMPLATE_SEND_ENDED);
    item->holes[HOLE_H_A] = receiver_slot;
    int error = stub_error(emitter, false);
    item->labels[LABEL_ERROR] = error;
    int tail = stub_tail(emitter, target);
    item->labels[LABEL_CONT] = tail;
    emitter_bind(emitter, slow);
    item = emitter_add(emitter, TEMPLATE_HANDLER_JUMPING);
    item->handler = (const void *)op_SEND;
    item->labels[LABEL_ERROR] = error;
    emitter_add(emitter, TEMPLATE_BRANCH_IF_X)->labels[LABEL_JUMP] = tail;
    emitter_add(emitter, TEMPLATE_TAKE_S)->holes[HOLE_H_A] = value_slot;
    stack_push_register(emitter);
    end_escape(emitter, next)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* The end of a SEND's loop. throw() on a generator whose receiver has raised or returned puts the frame here, the receiver
 * replaced by what is sent, as if it came from the SEND (genobject.c, _gen_throw). */
void select_after_send(struct emitter *emitter)
{
    const struct instruction *next = at(emitter, emitter->current + 1);
    if (emitter->current + 1 < emitter->bytecode.count && next->depth >= 0) {
        stack_set_canonical(emitter, next->depth);
        note_raise(emitter);
    }
}

void select_return_generator(struct emitter *emitter)
{
    struct item *item = emitter_add(emitter, TEMPLATE_RETURN_GENERATOR);
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_EXIT] = emitter->return_label;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)resume_point_at(emitter, emitter->current + 1);
    stack_push_slot(emitter);
    note_raise(emitter);
}
