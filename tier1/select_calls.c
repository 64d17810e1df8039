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

/* The arguments that the call in line passes, plus 1 (call_cell.arguments); `callee` is the number of the callee's operand. */
static int count_arguments(const struct call_site *site, int callee)
{
    return site->nargs + 2 - callee;
}

/* Is the function out of a module, in the slot of self? */
static bool calls_out_of_module(const struct call_site *site)
{
    return site->calls_module && site->operands[0].place == PLACE_SLOT && site->operands[1].place == PLACE_SLOT;
}

bool fits_native_call(const struct call_site *site)
{
    if (site->nargs > MOST_NATIVE_ARGUMENTS || site->keyword_names != NULL) {
        return false;
    }
    /* Fallback code is the second copy of the same call, and may know less of the operand below the callee than the first: then
     * its arguments would be others, and what the cell has learned from one copy would mislead the other. */
    int callee = calls_out_of_module(site) || site->operands[0].is_null ? 1 : 0;
    return site->cell->arguments <= 0 || site->cell->arguments == count_arguments(site, callee);
}

/* Is the callee a function that is sure to be given other than as many arguments as it has parameters? A guess. */
static bool needs_shape(const struct emitter *emitter, const struct call_site *site)
{
    bool sure;
    PyObject *callee = site->cell->arguments > 0 ? NULL : guess_callee(emitter, &sure);
    if (callee == NULL || !PyFunction_Check(callee)) {
        return false;
    }
    const PyCodeObject *code = (PyCodeObject *)((PyFunctionObject *)callee)->func_code;
    return code->co_argcount != site->nargs || code->co_kwonlyargcount != 0 ||
           code->co_flags & (CO_VARARGS | CO_VARKEYWORDS);
}

void add_native_call(struct emitter *emitter, struct call_site *site, int slow, int back)
{
    static four_family push_family = PLACES(PUSH_FRAME);
    const struct operand *operands = site->operands;
    bool module = calls_out_of_module(site);
    int callee = module || operands[0].is_null ? 1 : 0;
    assert(operands[callee].place != PLACE_NULL);
    struct item *item = emitter_add(emitter, module ? TEMPLATE_PUSH_FRAME_MODULE
                                             : callee == 0 && operands[callee].place == PLACE_SLOT
                                                 ? TEMPLATE_PUSH_FRAME_METHOD
                                                 : push_family[place_index(&operands[callee])]);
    set_operand(emitter, item, &operands[callee], false);
    item->holes[HOLE_H_B] = emitter_slot(emitter, operands[0].index);
    assert(fits_native_call(site));
    site->cell->arguments = count_arguments(site, callee);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    item->labels[LABEL_SLOW] = slow;
    for (int i = callee + 1; i < site->nargs + 2; i++) {
        move_argument(emitter, &operands[i], i - callee - 1);
    }
    /* Where tier 0 stands during a Python call: the last cache unit. */
    emitter_add(emitter, TEMPLATE_STAND_AT_CALL)->holes[HOLE_H_IP] +=
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
    bool in_line = site->cell->arguments > 0;
    struct item *item = emitter_add(emitter, in_line ? TEMPLATE_BEGIN_CALL : TEMPLATE_BEGIN_SHAPED_CALL);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->holes[HOLE_H_N] = site->nargs;
    item->quads[HOLE_Q_NAME] = (int64_t)(uintptr_t)site->keyword_names;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)site->cell;
    int result = site->result == NO_LABEL ? emitter_new_label(emitter) : site->result;
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
        if (select_exit_call(emitter, &site) || select_instantiation(emitter, &site) ||
            select_c_call(emitter, &site)) {
            return;
        }
    }
    site.calls_module = loads_from_module(emitter);
    stack_flush(emitter);
    if (!fits_native_call(&site) || needs_shape(emitter, &site)) {
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

static bool is_generator(const struct emitter *emitter)
{
    return emitter->bytecode.code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR);
}

void select_return_value(struct emitter *emitter)
{
    static four_family family = PLACES(RETURN_VALUE);
    struct operand value = stack_pop(emitter);
    if (is_generator(emitter)) {
        stack_take(emitter, &value);
        struct item *item = emitter_add(emitter, TEMPLATE_RETURN_FROM_GENERATOR);
        item->holes[HOLE_H_N] = emitter->bytecode.code->co_nlocalsplus;
        item->labels[LABEL_EXIT] = emitter->plain_exit_label;
        return;
    }
    int in_sight = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, family[place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->labels[LABEL_SLOW] = in_sight;
    item->labels[LABEL_CONT] = emitter->return_label;
    emitter->in_cold = true;
    emitter_bind(emitter, in_sight);
    emitter_add(emitter, TEMPLATE_RETURN_IN_SIGHT)->labels[LABEL_EXIT] = emitter->return_seen_label;
    emitter->in_cold = false;
}

/* ---- The callee's part -------------------------------------------------------------------------------------- */

int emit_entry(struct emitter *emitter)
{
    PyCodeObject *code = emitter->bytecode.code;
    const struct instruction *first = at(emitter, 0);
    bool resumes = first->opcode == RESUME && first->oparg == 0;
    emitter->current = 0;
    emitter->native_entry_label = label_here(emitter);
    int exceeded = emitter_new_label(emitter);
    int tier0 = emitter_new_label(emitter);
    emitter_add(emitter, RAW_ENTRY);
    for (int local = frame_parameters(code); local < code->co_nlocalsplus; local++) {
        emitter_add(emitter, TEMPLATE_SPILL_NULL)->holes[HOLE_H_D] = emitter_local(local);
    }
    struct item *item = emitter_add(emitter, resumes ? TEMPLATE_BUILD_FRAME_AND_RESUME : TEMPLATE_BUILD_FRAME);
    item->quads[HOLE_Q_A] = (int64_t)(uintptr_t)code;
    item->labels[LABEL_JUMP] = exceeded;
    item->labels[LABEL_SLOW] = 0;
    item->labels[LABEL_LEAVE] = tier0;
    emitter_add(emitter, RAW_CHECK_STACK)->labels[LABEL_SLOW] = tier0;
    int behind = resumes ? label_here(emitter) : NO_LABEL;
    if (resumes && emitter->count_for_tier2 != 0) {
        struct tier2_cell *cell = add_tier2_count(emitter, 0, 1);
        add_tier2_entry(emitter, cell, label_here(emitter));
    }

    emitter->in_cold = true;
    emitter_bind(emitter, exceeded);
    emitter_add(emitter, TEMPLATE_RECURSION_EXCEEDED)->labels[LABEL_EXIT] = emitter->exit_label;
    emitter_bind(emitter, tier0);
    emitter_add(emitter, TEMPLATE_RUN_IN_TIER0)->labels[LABEL_EXIT] = emitter->exit_label;
    if (resumes) {
        /* The first instruction, for those who enter from C. */
        emitter_bind(emitter, 0);
        add_eval_breaker_test(emitter, 1)->labels[LABEL_CONT] = behind;
    }
    emitter->in_cold = false;
    return resumes ? 1 : 0;
}

/* So many locals are cleared one by one. */
enum { MOST_SINGLE_LOCALS = 6 };

/* A bit for each of the first locals that is bound wherever the function returns. */
static uint64_t bound_at_return(const struct emitter *emitter)
{
    uint64_t bound = UINT64_MAX;
    for (int number = 0; number < emitter->bytecode.count; number++) {
        const struct instruction *instruction = at(emitter, number);
        if (instruction->opcode == RETURN_VALUE && instruction->depth >= 0) {
            bound &= instruction->bound;
        }
    }
    return bound;
}

/* Clears the locals of the frame x, which is unlinked. */
static void clear_locals(struct emitter *emitter)
{
    int count = emitter->bytecode.code->co_nlocalsplus;
    if (count > MOST_SINGLE_LOCALS) {
        emitter_add(emitter, TEMPLATE_CLEAR_LOCALS)->holes[HOLE_H_N] = count;
        return;
    }
    uint64_t bound = bound_at_return(emitter);
    for (int local = 0; local < count; local++) {
        bool is_bound = bound >> local & 1;
        struct item *item = emitter_add(emitter, is_bound ? TEMPLATE_CLEAR_BOUND_LOCAL : TEMPLATE_CLEAR_LOCAL);
        item->holes[HOLE_H_D] = emitter_local(local);
        if (is_bound) {
            int dies = emitter_new_label(emitter);
            item->labels[LABEL_SLOW] = dies;
            int back = label_here(emitter);
            emitter->in_cold = true;
            emitter_bind(emitter, dies);
            emitter_add(emitter, TEMPLATE_LOCAL_DIES)->labels[LABEL_CONT] = back;
            emitter->in_cold = false;
        }
    }
}

void emit_exit(struct emitter *emitter)
{
    bool generator = is_generator(emitter);
    int to_c = generator ? emitter->plain_exit_label : emitter_new_label(emitter);
    int dying = emitter_new_label(emitter);
    emitter_bind(emitter, emitter->return_label);
    emitter_add(emitter, TEMPLATE_LEAVE_FRAME)->labels[LABEL_JUMP] = to_c;
    /* A frame that has become a generator's has nothing left in its locals. */
    if (!generator) {
        clear_locals(emitter);
    }
    int function_dies = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_FINISH_FRAME);
    item->labels[LABEL_SLOW] = dying;
    item->labels[LABEL_JUMP] = function_dies;
    emitter_bind(emitter, emitter->plain_exit_label);
    emitter_add(emitter, RAW_EXIT);

    emitter->in_cold = true;
    if (!generator) {
        emitter_bind(emitter, emitter->return_seen_label);
        item = emitter_add(emitter, TEMPLATE_LEAVE_TO_C);
        item->holes[HOLE_H_N] = emitter->bytecode.code->co_nlocalsplus;
    }
    emitter_bind(emitter, emitter->exit_label);
    emitter_add(emitter, TEMPLATE_LEAVE_FRAME_ANYHOW)->labels[LABEL_JUMP] = emitter->plain_exit_label;
    int give_up = emitter_new_label(emitter);
    emitter_bind(emitter, give_up);
    emitter_add(emitter, TEMPLATE_GIVE_UP_FRAME);
    emitter_bind(emitter, function_dies);
    emitter_add(emitter, TEMPLATE_FUNCTION_DIES);
    emitter_bind(emitter, dying);
    emitter_add(emitter, TEMPLATE_CODE_DIES)->labels[LABEL_CONT] = give_up;
    if (!generator) {
        emitter_bind(emitter, to_c);
        item = emitter_add(emitter, TEMPLATE_LEAVE_TO_C);
        item->holes[HOLE_H_N] = emitter->bytecode.code->co_nlocalsplus;
        item->labels[LABEL_CONT] = emitter->plain_exit_label;
    }
    emitter->in_cold = false;
}
