/* tier1/select_calls.c: selects CALL and RETURN_VALUE. */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

/* Moves an operand into the frame that x points to, as its local `index`. */
static void move_argument(struct emitter *emitter, const struct operand *operand, int index)
{
    static four_family family = PLACES(MOVE_ARGUMENT);
    struct item *item = emitter_add(emitter, family[place_index(operand)]);
    set_operand(emitter, item, operand, false);
    item->holes[HOLE_H_D] = emitter_local(index);
}

/* More arguments than this go through C. */
enum { MOST_NATIVE_ARGUMENTS = 12 };

bool fits_native_call(const struct call_site *site)
{
    return site->nargs <= MOST_NATIVE_ARGUMENTS && site->keyword_names == NULL;
}

void add_native_call(struct emitter *emitter, const struct call_site *site, int slow, int back)
{
    static four_family push_family = PLACES(PUSH_FRAME);
    const struct operand *operands = site->operands;
    int callee = operands[0].is_null ? 1 : 0;
    assert(operands[callee].place != PLACE_NULL);
    struct item *item = emitter_add(emitter, push_family[place_index(&operands[callee])]);
    set_operand(emitter, item, &operands[callee], false);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    item->labels[LABEL_SLOW] = slow;
    for (int i = callee + 1; i < site->nargs + 2; i++) {
        move_argument(emitter, &operands[i], i - callee - 1);
    }
    item = emitter_add(emitter, TEMPLATE_ENTER_FRAME);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    /* Where tier 0 stands during a Python call: the last cache unit. */
    item->holes[HOLE_H_IP] += (int64_t)sizeof(CodeUnit) * INLINE_CACHE_ENTRIES_CALL;
    emitter_add(emitter, RAW_CALL);
    int unusual = emitter_new_label(emitter);
    int finished = emitter_new_label(emitter);
    item = emitter_add(emitter, TEMPLATE_FINISH_CALL);
    item->labels[LABEL_SLOW] = unusual;
    emitter_bind(emitter, finished);
    emitter_add(emitter, TEMPLATE_CHECK_RESULT)->labels[LABEL_ERROR] = stub_error(emitter, false);
    stack_push_register(emitter);
    end_escape(emitter, site->next)->labels[LABEL_CONT] = back;
    stack_pop(emitter);
    bool was_cold = emitter->in_cold;
    emitter->in_cold = true;
    emitter_bind(emitter, unusual);
    emitter_add(emitter, TEMPLATE_FINISH_CALL_UNUSUAL)->labels[LABEL_CONT] = finished;
    emitter->in_cold = was_cold;
}

/* CALL. A Python function whose compiled code the cell knows is called natively: its frame is pushed in line and the arguments move
 * from where they are into its locals. Everything else, and the first call, goes through rt_call, unless it looks like a C function
 * (select_c_call). */
void select_call(struct emitter *emitter)
{
    struct operand operands[MOST_NATIVE_ARGUMENTS + 2];
    struct call_site site = {.operands = operands,
                             .nargs = at(emitter, emitter->current)->oparg,
                             .keyword_names = emitter->keyword_names,
                             .cell = emitter_feedback(emitter, sizeof *site.cell),
                             .next = emitter->current + 1};
    emitter->keyword_names = NULL;
    bool many = site.nargs > MOST_NATIVE_ARGUMENTS;
    if (many) {
        stack_flush(emitter);
        site.operands = &emitter->stack[emitter->depth - site.nargs - 2];
        emitter->depth -= site.nargs + 2;
    } else {
        for (int i = site.nargs + 1; i >= 0; i--) {
            operands[i] = stack_pop(emitter);
        }
        if (select_exit_call(emitter, &site) || select_c_call(emitter, &site)) {
            return;
        }
    }
    stack_flush(emitter);
    if (!fits_native_call(&site)) {
        for (int i = 0; i < site.nargs + 2; i++) {
            stack_spill(emitter, &site.operands[i]);
        }
        add_any_call(emitter, &site, stub_error(emitter, false));
        stack_push_register(emitter);
        end_escape(emitter, site.next);
        add_eval_breaker_check(emitter);
        return;
    }
    int back = emitter_new_label(emitter);
    int slow = emitter_new_label(emitter);
    add_native_call(emitter, &site, slow, NO_LABEL);
    emitter_bind(emitter, back);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    add_cold_call(emitter, &site, back, 0, false);
    emitter->in_cold = false;
    stack_push_register(emitter);
}

void select_return_value(struct emitter *emitter)
{
    static four_family family = PLACES(RETURN_VALUE);
    struct operand value = stack_pop(emitter);
    struct item *item = emitter_add(emitter, family[place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->holes[HOLE_H_N] = emitter->bytecode.code->co_nlocalsplus;
    item->labels[LABEL_EXIT] = emitter->exit_label;
}
