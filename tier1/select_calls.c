/* tier1/select_calls.c: selects CALL and RETURN_VALUE, and a function's native entry and exit. */
#include "tier1/select_calls.h"

#include "runtime/frame.h"
#include "runtime/ops.h"

/* ---- The caller's part -------------------------------------------------------------------------------------- */

/* Moves an operand into the frame that x points to, as its local `index`. */
static void move_argument(struct emitter *emitter, const struct operand *operand, int index)
{
    static four_family family = PLACES(MOVE_ARGUMENT);
    struct item *item = emitter_add(emitter, family[place_index(operand)]);
    set_operand(emitter, item, operand, false);
    item->holes[HOLE_H_D] = emitter_local(index);
}

/* More arguments than this go through BEGIN_CALL. */
enum { MOST_NATIVE_ARGUMENTS = 12 };

bool fits_native_call(const struct call_site *site)
{
    return site->nargs <= MOST_NATIVE_ARGUMENTS && site->keyword_names == NULL;
}

void add_native_call(struct emitter *emitter, struct call_site *site, int slow, int back)
{
    static four_family push_family = PLACES(PUSH_FRAME);
    const struct operand *operands = site->operands;
    bool module = site->calls_module && operands[0].place == PLACE_SLOT && operands[1].place == PLACE_SLOT;
    int callee = module || operands[0].is_null ? 1 : 0;
    assert(operands[callee].place != PLACE_NULL);
    struct item *item =
        emitter_add(emitter, module ? TEMPLATE_PUSH_FRAME_MODULE : push_family[place_index(&operands[callee])]);
    set_operand(emitter, item, &operands[callee], false);
    item->holes[HOLE_H_B] = emitter_slot(emitter, operands[0].index);
    site->cell->arguments = site->nargs + 1 - callee;
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    item->labels[LABEL_SLOW] = slow;
    for (int i = callee + 1; i < site->nargs + 2; i++) {
        move_argument(emitter, &operands[i], i - callee - 1);
    }
    /* Where tier 0 stands during a Python call: the last cache unit. */
    emitter_add(emitter, TEMPLATE_STAND_AT_CALL)->holes[HOLE_Q_IP] +=
        (int64_t)sizeof(CodeUnit) * INLINE_CACHE_ENTRIES_CALL;
    site->enter = emitter_new_label(emitter);
    site->result = emitter_new_label(emitter);
    emitter_bind(emitter, site->enter);
    emitter_add(emitter, RAW_CALL_FUNCTION);
    item = emitter_add(emitter, TEMPLATE_CHECK_CALL);
    item->labels[LABEL_SLOW] = site->result;
    item->labels[LABEL_CONT] = back;
}

void add_any_call(struct emitter *emitter, const struct call_site *site, int error)
{
    struct item *item = emitter_add(emitter, TEMPLATE_BEGIN_CALL);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->holes[HOLE_H_N] = site->nargs;
    item->holes[HOLE_Q_NAME] = (int64_t)(uintptr_t)site->keyword_names;
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    int result = site->enter == NO_LABEL ? emitter_new_label(emitter) : site->result;
    item->labels[LABEL_JUMP] = result;
    item->labels[LABEL_CONT] = site->enter;
    if (site->enter == NO_LABEL) {
        emitter_add(emitter, RAW_CALL_FUNCTION);
    }
    emitter_bind(emitter, result);
    emitter_add(emitter, TEMPLATE_CHECK_RESULT)->labels[LABEL_ERROR] = error;
}

/* CALL. A Python function whose compiled code the cell knows is called natively: its frame is pushed in line and the arguments move
 * from where they are into its locals. Everything else, and the first call, begins in rt_begin_call, unless it looks like a C function
 * (select_c_call). */
void select_call(struct emitter *emitter)
{
    struct operand operands[MOST_NATIVE_ARGUMENTS + 2];
    struct call_site site = {.operands = operands,
                             .nargs = at(emitter, emitter->current)->oparg,
                             .keyword_names = emitter->keyword_names,
                             .cell = emitter_call_cell(emitter),
                             .next = emitter->current + 1,
                             .enter = NO_LABEL,
                             .result = NO_LABEL};
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
        if (select_c_call(emitter, &site)) {
            return;
        }
    }
    site.calls_module = loads_from_module(emitter);
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
    int slow = emitter_new_label(emitter);
    add_native_call(emitter, &site, slow, NO_LABEL);
    int back = label_here(emitter);
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

/* ---- The callee's part -------------------------------------------------------------------------------------- */

void emit_native_entry(struct emitter *emitter)
{
    PyCodeObject *code = emitter->bytecode.code;
    emitter->current = 0;
    emitter->native_entry_label = label_here(emitter);
    int exceeded = emitter_new_label(emitter);
    int tier0 = emitter_new_label(emitter);
    emitter_add(emitter, RAW_ENTRY);
    struct item *item = emitter_add(emitter, TEMPLATE_BUILD_FRAME);
    item->holes[HOLE_Q_A] = (int64_t)(uintptr_t)code;
    emitter_add(emitter, TEMPLATE_CHECK_RECURSION)->labels[LABEL_SLOW] = exceeded;
    int built = label_here(emitter);
    emitter_add(emitter, TEMPLATE_CHECK_ENTRY)->labels[LABEL_SLOW] = tier0;
    emitter_add(emitter, RAW_CHECK_STACK)->labels[LABEL_SLOW] = tier0;
    for (int local = frame_parameters(code); local < code->co_nlocalsplus; local++) {
        emitter_add(emitter, TEMPLATE_SPILL_NULL)->holes[HOLE_H_D] = emitter_local(local);
    }
    emitter->in_cold = true;
    emitter_bind(emitter, exceeded);
    item = emitter_add(emitter, TEMPLATE_RECURSION_EXCEEDED);
    item->labels[LABEL_EXIT] = emitter->exit_label;
    item->labels[LABEL_CONT] = built;
    emitter_bind(emitter, tier0);
    emitter_add(emitter, TEMPLATE_RUN_IN_TIER0)->labels[LABEL_EXIT] = emitter->exit_label;
    emitter->in_cold = false;
}

/* So many locals are cleared one by one. */
enum { MOST_SINGLE_LOCALS = 4 };

void emit_exit(struct emitter *emitter)
{
    PyCodeObject *code = emitter->bytecode.code;
    int unusual = emitter_new_label(emitter);
    emitter_bind(emitter, emitter->exit_label);
    struct item *item = emitter_add(emitter, TEMPLATE_LEAVE_FRAME);
    item->labels[LABEL_JUMP] = emitter->plain_exit_label;
    item->labels[LABEL_SLOW] = unusual;
    /* A frame that has become a generator's has nothing left in its locals. */
    bool suspends = code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR);
    if (suspends || code->co_nlocalsplus > MOST_SINGLE_LOCALS) {
        emitter_add(emitter, TEMPLATE_CLEAR_LOCALS);
    } else {
        for (int local = 0; local < code->co_nlocalsplus; local++) {
            emitter_add(emitter, TEMPLATE_CLEAR_LOCAL)->holes[HOLE_H_D] = emitter_local(local);
        }
    }
    int dying = emitter_new_label(emitter);
    emitter_add(emitter, TEMPLATE_FINISH_FRAME)->labels[LABEL_SLOW] = dying;
    emitter_bind(emitter, emitter->plain_exit_label);
    emitter_add(emitter, RAW_EXIT);
    emitter->in_cold = true;
    emitter_bind(emitter, dying);
    emitter_add(emitter, TEMPLATE_LOCALS_ARE_CLEARED);
    emitter_bind(emitter, unusual);
    emitter_add(emitter, TEMPLATE_GIVE_UP_FRAME);
    emitter->in_cold = false;
}
