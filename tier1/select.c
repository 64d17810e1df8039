/* tier1/select.c: from bytecode to items: which templates carry out an instruction, given where its operands are.
 *
 * The shape of most operations: a template on the fast path; behind its label SLOW, in the cold part,
 * perhaps a second template for another operand type, then the C function. The C function may run
 * any code (an escape), so around it the borrowed operands still on the deferred stack are spilled,
 * and compared and unspilled afterwards (protect_locals, end_escape).
 */
#include "tier1/select_calls.h"

#include "runtime/ops.h"
#include "runtime/steps.h"
#include "runtime/stress.h"

pair_family load_pair = PAIRS(PAIR);

/* ---- Small helpers ---------------------------------------------------------------------------------------- */

/* Fills the holes that say where the first (A) or second (B) operand is. */
void set_operand(struct emitter *emitter, struct item *item, const struct operand *operand, bool second)
{
    enum hole displacement = second ? HOLE_H_B : HOLE_H_A;
    enum quad_hole constant = second ? HOLE_Q_B : HOLE_Q_A;
    switch ((enum operand_place)operand->place) {
    case PLACE_LOCAL:
        item->holes[displacement] = emitter_local(operand->local);
        break;
    case PLACE_SLOT:
        item->holes[displacement] = emitter_slot(emitter, operand->index);
        break;
    case PLACE_CONSTANT:
        item->quads[constant] = (int64_t)(uintptr_t)operand->constant;
        break;
    default:
        break;
    }
}

/* Makes the two popped operands a pair there is a template for. */
enum pair make_pair(struct emitter *emitter, struct operand *a, struct operand *b)
{
    assert(a->place != PLACE_NULL && b->place != PLACE_NULL);
    if (b->place == PLACE_SLOT) {
        if (a->place == PLACE_REGISTER) {
            stack_spill(emitter, a);
        }
        stack_free_register(emitter);
        stack_take(emitter, b);
    } else if (a->place == PLACE_CONSTANT && b->place == PLACE_CONSTANT) {
        stack_free_register(emitter);
        stack_take(emitter, a);
    }
    static const int8_t table[4][4] = {
        {PAIR_LL, PAIR_LC, -1, PAIR_LR},
        {PAIR_CL, -1, -1, PAIR_CR},
        {PAIR_SL, PAIR_SC, -1, PAIR_SR},
        {PAIR_RL, PAIR_RC, -1, -1},
    };
    int pair = table[place_index(a)][place_index(b)];
    assert(pair >= 0);
    return (enum pair)pair;
}

/* Pops two operands as a pair. */
enum pair pop_pair(struct emitter *emitter, struct operand *a, struct operand *b)
{
    *b = stack_pop(emitter);
    *a = stack_pop(emitter);
    return make_pair(emitter, a, b);
}

struct item *add_pair(struct emitter *emitter, const uint16_t *family, enum pair pair, const struct operand *a,
                      const struct operand *b)
{
    struct item *item = emitter_add(emitter, family[pair]);
    set_operand(emitter, item, a, false);
    set_operand(emitter, item, b, true);
    return item;
}

void add_jump(struct emitter *emitter, int label)
{
    emitter_add(emitter, TEMPLATE_JUMP_ALWAYS)->labels[LABEL_JUMP] = label;
}

/* ---- Escapes ------------------------------------------------------------------------------------------------ */

/* Before an escape: the operands that borrow from locals get references of their own in their slots, but stay
 * PLACE_LOCAL. Keeps x, y and r0. */
void protect_locals(struct emitter *emitter)
{
    for (int i = 0; i < emitter->depth; i++) {
        struct operand copy = emitter->stack[i];
        if (copy.place == PLACE_LOCAL) {
            stack_spill(emitter, &copy);
        }
    }
}

/* The items behind an escape check, the last of which is `item`: returns the last one then. */
static struct item *undo_protection(struct emitter *emitter, int next, struct item *item)
{
    for (int undo = 0; undo < 2; undo++) {
        for (int i = 0; i < emitter->depth; i++) {
            const struct operand *operand = &emitter->stack[i];
            if (operand->place == PLACE_LOCAL) {
                item = emitter_add(emitter, undo ? TEMPLATE_UNSPILL : TEMPLATE_COMPARE_SPILLED);
                item->holes[HOLE_H_A] = emitter_local(operand->local);
                item->holes[HOLE_H_D] = emitter_slot(emitter, operand->index);
                item->labels[LABEL_LEAVE] = undo ? NO_LABEL : stub_leave_now(emitter, next, true);
            }
        }
    }
    return item;
}

/* What an escape may leave behind is looked at, and protect_locals undone. `next` is the instruction to go on at if compiled code must
 * be left; the deferred stack is as it has to be there, results included. Returns the last item: its CONT is the caller's. */
struct item *end_escape(struct emitter *emitter, int next)
{
    return undo_protection(emitter, next, add_escape_check(emitter, next, true));
}

/* In the cold part: drops x, which has lost its last reference, then as end_escape. */
struct item *end_with_deallocation(struct emitter *emitter, int next)
{
    return undo_protection(emitter, next, add_deallocation_check(emitter, next, true));
}

/* The same for an item of the cold part, the last one, that checks by itself. */
struct item *end_checked(struct emitter *emitter, int next, struct item *item)
{
    return undo_protection(emitter, next, add_check_of(emitter, item, next, true));
}

/* In the cold part: as end_escape, then looks at the eval breaker, as tier 0 does after calls. */
struct item *end_call(struct emitter *emitter, int next)
{
    bool protects = false;
    for (int i = 0; i < emitter->depth; i++) {
        protects |= emitter->stack[i].place == PLACE_LOCAL;
    }
    if (!protects && !stress_settings.gc) {
        return add_call_check(emitter, next);
    }
    end_escape(emitter, next);
    return add_eval_breaker_test(emitter, next);
}

/* The cold path behind FREE: x has lost its last reference. Goes back to `back`. `next` as in end_escape. */
int free_path(struct emitter *emitter, int back, int next)
{
    int label = emitter_new_label(emitter);
    bool was_cold = emitter->in_cold;
    assert(!was_cold);
    emitter->in_cold = true;
    emitter_bind(emitter, label);
    protect_locals(emitter);
    end_with_deallocation(emitter, next)->labels[LABEL_CONT] = back;
    emitter->in_cold = was_cold;
    return label;
}

/* A label bound to what comes next in the hot part. */
int label_here(struct emitter *emitter)
{
    int label = emitter_new_label(emitter);
    emitter_bind(emitter, label);
    return label;
}

/* ---- Operations on pairs that leave a result in the register -------------------------------------------------- */

/* primary and secondary may be NULL; the C path follows. Pushes the register. */
void pair_operation(struct emitter *emitter, const uint16_t *primary, const uint16_t *secondary,
                    const struct slow_call *slow)
{
    struct operand a, b;
    enum pair pair = pop_pair(emitter, &a, &b);
    stack_free_register(emitter);
    int back = NO_LABEL;
    if (primary == NULL) {
        add_pair(emitter, load_pair, pair, &a, &b);
    } else {
        int slow_label = emitter_new_label(emitter);
        add_pair(emitter, primary, pair, &a, &b)->labels[LABEL_SLOW] = slow_label;
        back = label_here(emitter);
        emitter->in_cold = true;
        emitter_bind(emitter, slow_label);
        if (secondary != NULL) {
            int slower = emitter_new_label(emitter);
            struct item *item = add_pair(emitter, secondary, pair, &a, &b);
            item->labels[LABEL_SLOW] = slower;
            item->labels[LABEL_CONT] = back;
            emitter_bind(emitter, slower);
        }
    }
    protect_locals(emitter);
    struct item *item = emitter_add(emitter, slow->family[ownership(&a, &b)]);
    item->holes[HOLE_H_N] = slow->number;
    item->holes[HOLE_H_D] = slow->destination;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_register(emitter);
    item = end_escape(emitter, emitter->current + 1);
    if (emitter->in_cold) {
        item->labels[LABEL_CONT] = back;
        emitter->in_cold = false;
    }
}

/* Looks at the eval breaker before going on with the next instruction, as tier 0 does after calls. The deferred stack is
 * as it has to be there; r0 keeps. */
void add_eval_breaker_check(struct emitter *emitter)
{
    add_eval_breaker_test(emitter, emitter->current + 1);
}

/* ---- Locals -------------------------------------------------------------------------------------------------------- */

static void select_load_fast(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    int local = instruction->oparg;
    if (local >= BYTECODE_TRACKED_LOCALS || !(instruction->bound >> local & 1)) {
        int unbound = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, TEMPLATE_CHECK_BOUND);
        item->holes[HOLE_H_A] = emitter_local(local);
        item->labels[LABEL_SLOW] = unbound;
        emitter->in_cold = true;
        emitter_bind(emitter, unbound);
        emitter_add(emitter, TEMPLATE_UNBOUND_LOCAL)->labels[LABEL_ERROR] = stub_error(emitter, false);
        emitter->in_cold = false;
    }
    stack_push_local(emitter, local);
}

static void select_pop_top(struct emitter *emitter)
{
    struct operand value = stack_pop(emitter);
    if (!is_owned(&value)) {
        return;
    }
    struct item *item = emitter_add(emitter, value.place == PLACE_SLOT ? TEMPLATE_POP_S : TEMPLATE_POP_R);
    set_operand(emitter, item, &value, false);
    item->labels[LABEL_FREE] = free_path(emitter, label_here(emitter), emitter->current + 1);
}

static void select_copy(struct emitter *emitter)
{
    struct operand *source = &emitter->stack[emitter->depth - at(emitter, emitter->current)->oparg];
    if (source->place == PLACE_LOCAL) {
        stack_push_local(emitter, source->local);
        return;
    }
    if (source->place == PLACE_CONSTANT) {
        stack_push_constant(emitter, source->constant);
        return;
    }
    if (source->place == PLACE_NULL) {
        stack_push_null(emitter);
        return;
    }
    stack_free_register(emitter);
    emitter_add(emitter, TEMPLATE_COPY_S)->holes[HOLE_H_A] = emitter_slot(emitter, source->index);
    stack_push_register(emitter);
}

static void select_swap(struct emitter *emitter)
{
    struct operand *a = &emitter->stack[emitter->depth - at(emitter, emitter->current)->oparg];
    struct operand *b = &emitter->stack[emitter->depth - 1];
    if (a == b) {
        return;
    }
    if (a->place == PLACE_SLOT && b->place == PLACE_SLOT) {
        struct item *item = emitter_add(emitter, TEMPLATE_SWAP_SLOTS);
        item->holes[HOLE_H_A] = emitter_slot(emitter, a->index);
        item->holes[HOLE_H_B] = emitter_slot(emitter, b->index);
        return;
    }
    if (a->place == PLACE_SLOT || b->place == PLACE_SLOT) {
        struct operand *in_slot = a->place == PLACE_SLOT ? a : b;
        struct operand *other = in_slot == a ? b : a;
        if (other->place == PLACE_REGISTER) {
            /* The places stay, the contents change. */
            emitter_add(emitter, TEMPLATE_SWAP_SLOT_REGISTER)->holes[HOLE_H_A] =
                emitter_slot(emitter, in_slot->index);
            uint8_t is_null = a->is_null;
            a->is_null = b->is_null;
            b->is_null = is_null;
            return;
        }
        stack_free_register(emitter);
        stack_take(emitter, in_slot);
    }
    struct operand kept = *a;
    *a = *b;
    *b = kept;
    uint16_t index = a->index;
    a->index = b->index;
    b->index = index;
}

/* ---- Everything that runtime/ops carries out on the canonical stack ----------------------------------------------------------------- */

void select_handler(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    int flags = opcode_flags(instruction->opcode);
    int oparg = instruction->oparg;
    bool jumps = (flags & OPCODE_JUMPS_FORWARD) != 0;
    bool raises_only = instruction->opcode == RERAISE || instruction->opcode == RAISE_VARARGS ||
                       instruction->opcode == END_ASYNC_FOR;
    stack_flush(emitter);
    struct item *item = emitter_add(emitter, raises_only                  ? TEMPLATE_HANDLER_RAISING
                                             : jumps                      ? TEMPLATE_HANDLER_JUMPING
                                             : (flags & OPCODE_MAY_RAISE) ? TEMPLATE_HANDLER_CHECKED
                                                                          : TEMPLATE_HANDLER_PLAIN);
    item->handler = ops_handler(instruction->opcode);
    assert(item->handler != NULL);
    for (int i = opcode_pops(instruction->opcode, oparg); i > 0; i--) {
        stack_pop(emitter);
    }
    if (flags & OPCODE_MAY_RAISE) {
        item->labels[LABEL_ERROR] = stub_error(emitter, false);
    }
    if (raises_only) {
        item->labels[LABEL_ERROR_AGAIN] = stub_error_again(emitter);
    }
    if (flags & OPCODE_NEVER_FALLS_THROUGH) {
        /* The handler always raises; CONT is never taken. */
        item->labels[LABEL_CONT] = item->labels[LABEL_ERROR];
        return;
    }
    if (jumps) {
        /* The operands it pops are what the taken way drops, too. */
        assert(opcode_effect(instruction->opcode, oparg, true) == -opcode_pops(instruction->opcode, oparg));
        int tail = stub_tail(emitter, instruction->target);
        emitter_add(emitter, TEMPLATE_BRANCH_IF_X)->labels[LABEL_JUMP] = tail;
    }
    for (int i = opcode_pushes(instruction->opcode, oparg); i > 0; i--) {
        stack_push_slot(emitter);
    }
    if (flags & OPCODE_ESCAPES) {
        end_escape(emitter, emitter->current + 1);
    }
}

/* ---- The walk over the instructions ---------------------------------------------------------------------------------------------------- */

static void select_one(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    int oparg = instruction->oparg;
    switch (instruction->opcode) {
    case NOP:
    case PRECALL:
    case EXTENDED_ARG:
    case CACHE:
        break;
    case RESUME:
        if (oparg < 2) {
            add_eval_breaker_check(emitter);
        }
        if (oparg == 0 && emitter->count_for_tier2 != 0) {
            struct tier2_cell *cell = add_tier2_count(emitter, emitter->current, emitter->current + 1);
            add_tier2_entry(emitter, cell, label_here(emitter));
        }
        break;
    case KW_NAMES:
        emitter->keyword_names = PyTuple_GET_ITEM(emitter->bytecode.code->co_consts, oparg);
        break;
    case POP_TOP:
        select_pop_top(emitter);
        break;
    case PUSH_NULL:
        stack_push_null(emitter);
        break;
    case COPY:
        select_copy(emitter);
        break;
    case SWAP:
        select_swap(emitter);
        break;
    case LOAD_CONST:
        stack_push_constant(emitter, PyTuple_GET_ITEM(emitter->bytecode.code->co_consts, oparg));
        break;
    case LOAD_FAST:
        select_load_fast(emitter);
        break;
    case LOAD_CLOSURE:
        stack_push_local(emitter, oparg);
        break;
    case MAKE_CELL:
        select_make_cell(emitter);
        break;
    case MAKE_FUNCTION:
        select_make_function(emitter);
        break;
    case PUSH_EXC_INFO:
        select_push_exc_info(emitter);
        break;
    case CHECK_EXC_MATCH:
        select_check_exc_match(emitter);
        break;
    case POP_EXCEPT:
        select_pop_except(emitter);
        break;
    case BEFORE_WITH:
        select_before_with(emitter);
        break;
    case BUILD_TUPLE:
        if (!select_closure(emitter)) {
            select_handler(emitter);
        }
        break;
    case STORE_FAST:
        select_store_fast(emitter);
        break;
    case DELETE_FAST:
        stack_spill_local(emitter, oparg);
        select_handler(emitter);
        break;
    case COPY_FREE_VARS:
        select_copy_free_vars(emitter);
        break;
    case LOAD_DEREF:
        select_load_deref(emitter);
        break;
    case STORE_DEREF:
        select_store_deref(emitter);
        break;
    case LOAD_GLOBAL:
        select_load_global(emitter);
        break;
    case BINARY_OP:
        select_binary_op(emitter);
        break;
    case UNARY_NEGATIVE:
    case UNARY_INVERT:
        select_unary(emitter);
        break;
    case UNARY_NOT:
        select_not(emitter);
        break;
    case BINARY_SUBSCR:
        select_subscript(emitter);
        break;
    case STORE_SUBSCR:
        select_store_subscript(emitter);
        break;
    case COMPARE_OP:
        select_compare(emitter);
        break;
    case IS_OP:
        select_is(emitter);
        break;
    case CONTAINS_OP:
        select_contains(emitter);
        break;
    case LOAD_ATTR:
        select_load_attr(emitter);
        break;
    case STORE_ATTR:
        select_store_attr(emitter);
        break;
    case LOAD_METHOD:
        select_load_method(emitter);
        break;
    case UNPACK_SEQUENCE:
        select_unpack_sequence(emitter);
        break;
    case BUILD_SLICE:
        select_build_slice(emitter);
        break;
    case LIST_APPEND:
        select_list_append(emitter);
        break;
    case SET_ADD:
        select_set_add(emitter);
        break;
    case MAP_ADD:
        select_map_add(emitter);
        break;
    case GET_ITER:
        select_iterator(emitter);
        break;
    case FORMAT_VALUE:
        select_format_value(emitter);
        break;
    case CALL:
        select_call(emitter);
        break;
    case RETURN_VALUE:
        select_return_value(emitter);
        break;
    case RETURN_GENERATOR:
        select_return_generator(emitter);
        break;
    case YIELD_VALUE:
        select_yield_value(emitter);
        break;
    case SEND:
        select_send(emitter);
        break;
    case GET_AWAITABLE:
        select_get_iterator(emitter, TEMPLATE_IS_FRESH_COROUTINE_S, TEMPLATE_IS_FRESH_COROUTINE_R,
                            (const void *)op_GET_AWAITABLE);
        break;
    case GET_YIELD_FROM_ITER:
        select_get_iterator(emitter, TEMPLATE_IS_GENERATOR_S, TEMPLATE_IS_GENERATOR_R,
                            (const void *)op_GET_YIELD_FROM_ITER);
        break;
    case JUMP_FORWARD:
        stack_flush(emitter);
        add_jump(emitter, instruction->target);
        break;
    case JUMP_BACKWARD_NO_INTERRUPT:
        stack_flush(emitter);
        add_jump(emitter, instruction->target);
        select_after_send(emitter);
        break;
    case JUMP_BACKWARD:
        stack_flush(emitter);
        add_back_edge(emitter, instruction->target);
        break;
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_FALSE:
        select_truth_jump(emitter, false);
        break;
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_TRUE:
        select_truth_jump(emitter, true);
        break;
    case POP_JUMP_FORWARD_IF_NONE:
    case POP_JUMP_BACKWARD_IF_NONE:
        select_none_jump(emitter, true);
        break;
    case POP_JUMP_FORWARD_IF_NOT_NONE:
    case POP_JUMP_BACKWARD_IF_NOT_NONE:
        select_none_jump(emitter, false);
        break;
    case JUMP_IF_FALSE_OR_POP:
        select_jump_or_pop(emitter, false);
        break;
    case JUMP_IF_TRUE_OR_POP:
        select_jump_or_pop(emitter, true);
        break;
    case FOR_ITER:
        select_for_iter(emitter);
        break;
    case CALL_FUNCTION_EX:
        select_star_call(emitter);
        break;
    default:
        if (!select_keywords_call(emitter) && !select_building(emitter)) {
            select_handler(emitter);
        }
        break;
    }
}

/* Can control come to `number` from the instruction before it, with a deferred stack? */
static bool falls_into(const struct emitter *emitter, int number)
{
    const struct instruction *previous = at(emitter, number - 1);
    return previous->depth >= 0 && !(opcode_flags(previous->opcode) & OPCODE_NEVER_FALLS_THROUGH) &&
           previous->opcode != RETURN_GENERATOR && previous->opcode != YIELD_VALUE;
}

#ifdef PYJIT_DEBUG
/* Checks stack and references before the current instruction. */
static void add_frame_check(struct emitter *emitter)
{
    uint64_t owned = 0;
    bool in_register = false;
    for (int i = 0; i < emitter->depth; i++) {
        if (is_raw_in_register(&emitter->stack[i])) {
            return; /* the check would lose the machine registers */
        }
        owned |= (uint64_t)(emitter->stack[i].place == PLACE_SLOT && i < 64) << (i & 63);
        in_register |= emitter->stack[i].place == PLACE_REGISTER;
    }
    struct item *item = emitter_add(emitter, TEMPLATE_CHECK_FRAME);
    item->quads[HOLE_Q_A] = (int64_t)owned;
    item->holes[HOLE_H_N] = emitter->depth;
    item->holes[HOLE_H_M] = in_register;
}
#endif

/* Where a suspended frame comes back, by a native call: the machine frame is built, and the instruction follows. */
static void emit_resume_entry(struct emitter *emitter)
{
    emitter->native_labels[emitter->current] = label_here(emitter);
    int low = stub_leave_now(emitter, emitter->current, false);
    emitter_add(emitter, RAW_ENTRY);
    emitter_add(emitter, RAW_CHECK_STACK)->labels[LABEL_SLOW] = low;
}

static bool has_arithmetic(const struct bytecode *bytecode)
{
    for (int i = 0; i < bytecode->count; i++) {
        if (bytecode->instructions[i].opcode == BINARY_OP) {
            return true;
        }
    }
    return false;
}

bool select_instruction(struct emitter *emitter)
{
    int number = emitter->current;
#ifdef PYJIT_DEBUG
    add_frame_check(emitter);
#endif
    struct allocation_site *site = NULL;
    if (!select_idiom(emitter) && !select_unboxed(emitter)) {
        prepare_operands(emitter);
        site = emitter->counts == NULL ? NULL : note_operands(emitter);
        select_one(emitter);
    }
    stack_settle_register(emitter);
    if (site != NULL) {
        count_result(emitter, site, number);
    }
    const struct instruction *last = at(emitter, emitter->current);
    bool jumped = emitter->current != number &&
                  (opcode_flags(last->opcode) & (OPCODE_JUMPS_FORWARD | OPCODE_JUMPS_BACKWARD)) != 0;
    if (jumped) {
        stack_set_canonical(emitter, last->depth - 1);
    } else if (emitter->no_forwarding && !(opcode_flags(last->opcode) & OPCODE_NEVER_FALLS_THROUGH) &&
               last->opcode != YIELD_VALUE && last->opcode != RETURN_GENERATOR && last->opcode != KW_NAMES) {
        stack_flush(emitter);
    }
    return jumped;
}

/* What the fallback code may not do a second time: suspended frames come back at one place. */
static bool is_unique(int opcode)
{
    return opcode == YIELD_VALUE || opcode == SEND || opcode == RETURN_GENERATOR ||
           opcode == JUMP_BACKWARD_NO_INTERRUPT;
}

enum reason select_instructions(struct emitter *emitter)
{
    struct bytecode *bytecode = &emitter->bytecode;
    for (int i = 0; i < bytecode->count; i++) {
        emitter_new_label(emitter);
    }
    emitter->exit_label = emitter_new_label(emitter);
    emitter->return_label = emitter_new_label(emitter);
    emitter->return_seen_label = emitter_new_label(emitter);
    emitter->plain_exit_label = emitter_new_label(emitter);
    emitter->leave_label = emitter_new_label(emitter);
    emitter->error_label = emitter_new_label(emitter);
    emitter->super_method = 0;
    emitter->has_arithmetic = has_arithmetic(bytecode);
    stack_set_canonical(emitter, 0);
    bool jumped = false;
    for (int number = emit_entry(emitter); number < bytecode->count && !emitter->out_of_memory; number++) {
        const struct instruction *instruction = at(emitter, number);
        if (instruction->depth < 0) {
            continue;
        }
        bool flows = number > 0 && falls_into(emitter, number);
        /* Also the way out of a fused test, whose jump ended the block. */
        emitter->current = number;
        if (!flows) {
            stack_set_canonical(emitter, instruction->depth);
        } else if (instruction->is_leader || is_unique(instruction->opcode)) {
            stack_flush(emitter);
        }
        assert(emitter->depth == instruction->depth);
        fallback_boundary(emitter, number,
                          !flows || jumped || instruction->is_leader || is_unique(instruction->opcode));
        if (resume_point_at(emitter, number) != NULL) {
            assert(!flows);
            emit_resume_entry(emitter);
        }
        emitter_bind(emitter, number);
        jumped = select_instruction(emitter);
        number = emitter->current;
    }
    fallback_boundary(emitter, bytecode->count, true);
    emit_exit(emitter);
    return emitter->out_of_memory ? REASON_no_memory : REASON_none;
}
