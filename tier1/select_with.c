/* tier1/select_with.c: selects BEFORE_WITH, and the call of __exit__ at the normal end of a with statement. */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

/* From a pushed frame in x and its cell in y to the end of the call. */
static void add_call(struct emitter *emitter)
{
    emitter_add(emitter, TEMPLATE_STAND_AT_CALL);
    emitter_add(emitter, RAW_CALL_FUNCTION);
}

/* Loads a function from what stands in `slot` and pushes its frame; nothing has happened where that goes to one of the labels. */
static void add_push(struct emitter *emitter, int loader, int64_t slot, void *loader_cell, struct call_cell *cell,
                     int slow, int slow_with_callee)
{
    struct item *item = emitter_add(emitter, loader);
    item->holes[HOLE_H_A] = slot;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)loader_cell;
    item->labels[LABEL_SLOW] = slow;
    item = emitter_add(emitter, TEMPLATE_PUSH_FRAME_R);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = slow_with_callee;
}

static void begin_slow_part(struct emitter *emitter, int slow, int slow_with_callee)
{
    emitter->in_cold = true;
    emitter_bind(emitter, slow_with_callee);
    emitter_add(emitter, TEMPLATE_DROP_CALLEE);
    emitter_bind(emitter, slow);
}

void select_before_with(struct emitter *emitter)
{
    struct with_cell *cell = emitter_feedback(emitter, sizeof *cell);
    cell->type_version = FEEDBACK_NO_VERSION;
    emitter_own_call_cell(emitter, &cell->call);
    cell->call.arguments = 2; /* self, plus 1 */
    stack_flush(emitter);
    struct operand manager = stack_pop(emitter);
    int64_t slot = emitter_slot(emitter, manager.index);
    int slow = emitter_new_label(emitter);
    int slow_with_callee = emitter_new_label(emitter);
    int failed = stub_error(emitter, false);
    add_push(emitter, TEMPLATE_LOAD_ENTER, slot, cell, &cell->call, slow, slow_with_callee);
    struct item *item = emitter_add(emitter, TEMPLATE_BIND_EXIT);
    item->holes[HOLE_H_A] = slot;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    add_call(emitter);
    emitter_add(emitter, TEMPLATE_LEAVE_ENTER)->holes[HOLE_H_A] = slot;
    stack_push_slot(emitter);
    emitter_add(emitter, TEMPLATE_CHECK_RESULT)->labels[LABEL_ERROR] = stub_error(emitter, false);
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1);
    int back = label_here(emitter);

    begin_slow_part(emitter, slow, slow_with_callee);
    item = emitter_add(emitter, TEMPLATE_SLOW_BEFORE_WITH);
    item->holes[HOLE_H_A] = slot;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_ERROR] = failed;
    emitter_add(emitter, TEMPLATE_TAKE_S)->holes[HOLE_H_A] = slot + (int64_t)sizeof(PyObject *);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* exit(None, None, None), with no NULL below? */
static bool is_exit_call(const struct call_site *site)
{
    const struct operand *operands = site->operands;
    if (site->nargs != 2 || site->keyword_names != NULL || operands[0].place != PLACE_SLOT || operands[0].is_null) {
        return false;
    }
    for (int i = 1; i < 4; i++) {
        if (operands[i].place != PLACE_CONSTANT || operands[i].constant != Py_None) {
            return false;
        }
    }
    return true;
}

bool select_exit_call(struct emitter *emitter, struct call_site *site)
{
    if (!is_exit_call(site)) {
        return false;
    }
    stack_flush(emitter);
    int64_t slot = emitter_slot(emitter, site->operands[0].index);
    int slow = emitter_new_label(emitter);
    int slow_with_callee = emitter_new_label(emitter);
    site->cell->arguments = 5; /* self and three, plus 1 */
    add_push(emitter, TEMPLATE_LOAD_BOUND_FUNCTION, slot, NULL, site->cell, slow, slow_with_callee);
    emitter_add(emitter, TEMPLATE_MOVE_SELF)->holes[HOLE_H_A] = slot;
    for (int i = 1; i < 4; i++) {
        struct item *item = emitter_add(emitter, TEMPLATE_MOVE_ARGUMENT_C);
        set_operand(emitter, item, &site->operands[i], false);
        item->holes[HOLE_H_D] = emitter_local(i);
    }
    add_call(emitter);
    int freed = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_DROP_BOUND_METHOD);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_FREE] = freed;
    int dropped = label_here(emitter);
    emitter_add(emitter, TEMPLATE_CHECK_RESULT)->labels[LABEL_ERROR] = stub_error(emitter, false);
    stack_push_register(emitter);
    end_escape(emitter, site->next);
    stack_pop(emitter);
    int back = label_here(emitter);

    emitter->in_cold = true;
    emitter_bind(emitter, freed);
    emitter_add(emitter, TEMPLATE_DEALLOCATE)->labels[LABEL_CONT] = dropped;
    begin_slow_part(emitter, slow, slow_with_callee);
    add_cold_call(emitter, site, back, 0, false);
    emitter->in_cold = false;
    stack_push_register(emitter);
    return true;
}
