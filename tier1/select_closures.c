/* tier1/select_closures.c: selects what has to do with cells and free variables. */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

/* The closure's cells into the frame. */
void select_copy_free_vars(struct emitter *emitter)
{
    PyCodeObject *code = emitter->bytecode.code;
    int count = at(emitter, emitter->current)->oparg;
    for (int i = 0; i < count; i++) {
        struct item *item = emitter_add(emitter, TEMPLATE_COPY_FREE_VARIABLE);
        item->holes[HOLE_H_N] = (int64_t)offsetof(PyTupleObject, ob_item) + i * (int64_t)sizeof(PyObject *);
        item->holes[HOLE_H_D] = emitter_local(code->co_nlocals + code->co_nplaincellvars + i);
    }
}

void select_load_deref(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    stack_free_register(emitter);
    int unbound = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_LOAD_DEREF);
    item->holes[HOLE_H_A] = emitter_local(instruction->oparg);
    item->labels[LABEL_SLOW] = unbound;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, unbound);
    /* The handler finds the cell empty and raises. */
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = (const void *)op_LOAD_DEREF;
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
    stack_push_register(emitter);
}

void select_store_deref(struct emitter *emitter)
{
    struct operand value = stack_pop(emitter);
    if (value.place != PLACE_REGISTER) {
        stack_free_register(emitter);
        stack_take(emitter, &value);
    }
    struct item *item = emitter_add(emitter, TEMPLATE_STORE_DEREF_R);
    item->holes[HOLE_H_A] = emitter_local(at(emitter, emitter->current)->oparg);
    item->labels[LABEL_FREE] = free_path(emitter, label_here(emitter), emitter->current + 1);
}
