/* tier1/select.c: from bytecode to items: which templates carry out an instruction, given where its operands are.
 *
 * The shape of most operations: a template on the fast path; behind its label SLOW, in the cold part,
 * perhaps a second template for another operand type, then the C function. The C function may run
 * any code (an escape), so around it the borrowed operands still on the deferred stack are spilled,
 * and compared and unspilled afterwards (protect_locals, end_escape).
 */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

pair_family load_pair = PAIRS(PAIR);

/* ---- Small helpers ---------------------------------------------------------------------------------------- */

/* Fills the holes that say where the first (A) or second (B) operand is. */
void set_operand(struct emitter *emitter, struct item *item, const struct operand *operand, bool second)
{
    enum hole displacement = second ? HOLE_H_B : HOLE_H_A;
    enum hole constant = second ? HOLE_Q_B : HOLE_Q_A;
    switch ((enum operand_place)operand->place) {
    case PLACE_LOCAL:
        item->holes[displacement] = emitter_local(operand->local);
        break;
    case PLACE_SLOT:
        item->holes[displacement] = emitter_slot(emitter, operand->index);
        break;
    case PLACE_CONSTANT:
        item->holes[constant] = (int64_t)(uintptr_t)operand->constant;
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

static void add_jump(struct emitter *emitter, int label)
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

/* What an escape may leave behind is looked at, and protect_locals undone. `next` is the instruction to go on at if compiled code must
 * be left; the deferred stack is as it has to be there, results included. Returns the last item: its CONT is the caller's. */
struct item *end_escape(struct emitter *emitter, int next)
{
    struct item *item = add_escape_check(emitter, next, true);
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

/* The cold path behind FREE: x has lost its last reference. Goes back to `back`. `next` as in end_escape. */
int free_path(struct emitter *emitter, int back, int next)
{
    int label = emitter_new_label(emitter);
    bool was_cold = emitter->in_cold;
    assert(!was_cold);
    emitter->in_cold = true;
    emitter_bind(emitter, label);
    protect_locals(emitter);
    emitter_add(emitter, TEMPLATE_DEALLOCATE);
    end_escape(emitter, next)->labels[LABEL_CONT] = back;
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

static void select_subscript(struct emitter *emitter)
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

/* Looks at the eval breaker before going on with the next instruction, as tier 0 does after calls. The deferred stack is
 * as it has to be there; r0 keeps. */
void add_eval_breaker_check(struct emitter *emitter)
{
    int set = emitter_new_label(emitter);
    emitter_add(emitter, TEMPLATE_CHECK_EVAL_BREAKER)->labels[LABEL_SLOW] = set;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, set);
    protect_locals(emitter);
    emitter_add(emitter, TEMPLATE_EVAL_BREAKER_SET)->labels[LABEL_ERROR] = stub_error(emitter, true);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* ---- Loops ------------------------------------------------------------------------------------------------------ */

/* What the loop at FOR_ITER runs over, guessed from how the iterator was made. */
static int guess_iterator(const struct emitter *emitter)
{
    int number = emitter->current - 1;
    if (number < 2 || at(emitter, number)->opcode != GET_ITER) {
        return TEMPLATE_FOR_ITER_LIST;
    }
    const struct instruction *source = at(emitter, number - 1);
    if (source->opcode != CALL) {
        return TEMPLATE_FOR_ITER_LIST;
    }
    /* Back over the arguments to the callee: the last instruction that was this deep. */
    int depth = source->depth - source->oparg - 2;
    for (int i = number - 2; i >= 0 && i > number - 40; i--) {
        const struct instruction *instruction = at(emitter, i);
        if (instruction->depth == depth) {
            PyObject *names = emitter->bytecode.code->co_names;
            if (instruction->opcode == LOAD_GLOBAL &&
                _PyUnicode_EqualToASCIIString(PyTuple_GET_ITEM(names, instruction->oparg >> 1), "range")) {
                return TEMPLATE_FOR_ITER_RANGE;
            }
            break;
        }
    }
    return TEMPLATE_FOR_ITER_ANY;
}

/* The last part of the chain: a generator, which is resumed natively, or any iterator. Falls through, with r0 set (NULL: the end), to what is emitted
 * next in the current list. */
static void loop_over_anything(struct emitter *emitter, int64_t slot)
{
    bool hot = !emitter->in_cold;
    int other = emitter_new_label(emitter);
    int ended = emitter_new_label(emitter);
    int test = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_RESUME_GENERATOR);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_SLOW] = other;
    emitter_add(emitter, RAW_CALL);
    item = emitter_add(emitter, TEMPLATE_FINISH_RESUMPTION);
    item->labels[LABEL_SLOW] = ended;
    item->labels[LABEL_CONT] = test;
    if (hot) {
        emitter_bind(emitter, test);
        emitter->in_cold = true;
    }
    emitter_bind(emitter, ended);
    item = emitter_add(emitter, TEMPLATE_LOOP_GENERATOR_ENDED);
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_CONT] = test;
    emitter_bind(emitter, other);
    item = emitter_add(emitter, TEMPLATE_FOR_ITER_ANY);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_CONT] = test;
    if (hot) {
        emitter->in_cold = false;
    } else {
        emitter_bind(emitter, test);
    }
}

static void select_for_iter(struct emitter *emitter)
{
    stack_flush(emitter);
    int number = emitter->current;
    int target = at(emitter, number)->target;
    int64_t slot = emitter_slot(emitter, emitter->depth - 1);
    int guess = guess_iterator(emitter);
    int end = emitter_new_label(emitter);
    int back = emitter_new_label(emitter);

    /* The chain: the guess in the hot part, the others in the cold part, then any iterator. */
    bool list = guess == TEMPLATE_FOR_ITER_LIST;
    int fast[3] = {guess, list ? TEMPLATE_FOR_ITER_TUPLE : TEMPLATE_FOR_ITER_LIST,
                   list ? TEMPLATE_FOR_ITER_RANGE : TEMPLATE_FOR_ITER_TUPLE};
    int chain = guess == TEMPLATE_FOR_ITER_ANY ? 0 : 3;
    int stored = NO_LABEL;
    const struct instruction *next = at(emitter, number + 1);
    if (guess == TEMPLATE_FOR_ITER_RANGE && next->opcode == STORE_FAST && !next->is_leader) {
        stored = add_range_to_local(emitter, slot, next->oparg, end);
    }
    for (int i = 0; i < chain; i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, fast[i]);
        item->holes[HOLE_H_A] = slot;
        item->labels[LABEL_JUMP] = end;
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_CONT] = back;
        if (i == 0 && stored == NO_LABEL) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, slower);
    }
    loop_over_anything(emitter, slot);
    struct item *item = emitter_add(emitter, TEMPLATE_FOR_ITER_TEST);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_JUMP] = end;
    stack_push_register(emitter);
    end_escape(emitter, number + 1)->labels[LABEL_CONT] = back;
    if (chain == 0) {
        emitter_bind(emitter, back);
    }

    if (stored != NO_LABEL) {
        emitter_bind(emitter, back);
        add_store_behind(emitter, next->oparg, stored);
    }

    /* The end: the iterator, in x, is dropped. */
    emitter->in_cold = true;
    if (stored == NO_LABEL) {
        stack_pop(emitter);
    }
    stack_pop(emitter);
    emitter_bind(emitter, end);
    int dead = emitter_new_label(emitter);
    item = emitter_add(emitter, TEMPLATE_FOR_ITER_END);
    item->labels[LABEL_SLOW] = dead;
    item->labels[LABEL_CONT] = stub_tail(emitter, target);
    emitter_bind(emitter, dead);
    emitter_add(emitter, TEMPLATE_DEALLOCATE);
    end_escape(emitter, target)->labels[LABEL_CONT] = target;
    emitter->in_cold = false;
    stack_push_slot(emitter);
    if (stored != NO_LABEL) {
        emitter->current = number + 1; /* the store is done */
        return;
    }
    stack_push_register(emitter);
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
    if (a->place == PLACE_SLOT || b->place == PLACE_SLOT) {
        stack_spill(emitter, a);
        stack_spill(emitter, b);
        struct item *item = emitter_add(emitter, TEMPLATE_SWAP_SLOTS);
        item->holes[HOLE_H_A] = emitter_slot(emitter, a->index);
        item->holes[HOLE_H_B] = emitter_slot(emitter, b->index);
        return;
    }
    struct operand kept = *a;
    *a = *b;
    *b = kept;
    uint16_t index = a->index;
    a->index = b->index;
    b->index = index;
}

/* The closure's cells into the frame. */
static void select_copy_free_vars(struct emitter *emitter)
{
    PyCodeObject *code = emitter->bytecode.code;
    int count = at(emitter, emitter->current)->oparg;
    for (int i = 0; i < count; i++) {
        struct item *item = emitter_add(emitter, TEMPLATE_COPY_FREE_VARIABLE);
        item->holes[HOLE_H_N] = (int64_t)offsetof(PyTupleObject, ob_item) + i * (int64_t)sizeof(PyObject *);
        item->holes[HOLE_H_D] = emitter_local(code->co_nlocals + code->co_nplaincellvars + i);
    }
}

static void select_load_deref(struct emitter *emitter)
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

static void select_store_deref(struct emitter *emitter)
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

/* ---- Globals, attributes ---------------------------------------------------------------------------------------------- */

static void select_load_global(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    struct global_cell *cell = emitter_feedback(emitter, sizeof *cell);
    feedback_init_global(cell);
    if (instruction->oparg & 1) {
        stack_push_null(emitter);
    }
    stack_free_register(emitter);
    bool builtin = instruction->specialised == LOAD_GLOBAL_BUILTIN;
    bool known = builtin || instruction->specialised == LOAD_GLOBAL_MODULE;
    int fast[2] = {builtin ? TEMPLATE_LOAD_GLOBAL_BUILTIN : TEMPLATE_LOAD_GLOBAL_MODULE,
                   TEMPLATE_LOAD_GLOBAL_BUILTIN};
    int back = emitter_new_label(emitter);
    for (int i = 0; i < (known ? 1 : 2); i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, fast[i]);
        item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_CONT] = back;
        if (i == 0) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, slower);
    }
    protect_locals(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_SLOW_LOAD_GLOBAL);
    item->holes[HOLE_Q_NAME] = (int64_t)(uintptr_t)name_at(emitter, instruction->oparg >> 1);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* Completes a second attempt in the cold part, of a site that tier 0 knows nothing of: what it cannot do comes next. */
static void try_before_slow(struct emitter *emitter, struct item *item, struct attribute_cell *cell, int back)
{
    int slower = emitter_new_label(emitter);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = slower;
    item->labels[LABEL_CONT] = back;
    emitter_bind(emitter, slower);
}

static void select_load_attr(struct emitter *emitter)
{
    static four_family inline_family = PLACES(LOAD_ATTR_INLINE);
    static four_family slot_family = PLACES(LOAD_ATTR_SLOT);
    static four_family module_family = PLACES(LOAD_ATTR_MODULE);
    static four_family operand_family = PLACES(OPERAND_TO_X);
    const struct instruction *instruction = at(emitter, emitter->current);
    struct attribute_cell *cell = emitter_feedback(emitter, sizeof *cell);
    feedback_init_attribute(cell);
    struct operand owner = stack_pop(emitter);
    if (owner.place != PLACE_REGISTER) {
        stack_free_register(emitter);
    }
    bool out_of_line = instruction->specialised == LOAD_ATTR_WITH_HINT;
    bool module =
        instruction->specialised == LOAD_ATTR_MODULE ||
        (instruction->specialised == LOAD_ATTR && guess_loaded_module(emitter, emitter->current - 1) != NULL);
    const uint16_t *family = module                                       ? module_family
                             : instruction->specialised == LOAD_ATTR_SLOT ? slot_family
                                                                          : inline_family;
    int back = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, (out_of_line ? operand_family : family)[place_index(&owner)]);
    set_operand(emitter, item, &owner, false);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    if (!out_of_line) {
        int slow = emitter_new_label(emitter);
        item->labels[LABEL_SLOW] = slow;
        emitter_bind(emitter, back);
        emitter->in_cold = true;
        emitter_bind(emitter, slow);
        if (family == inline_family && instruction->specialised == LOAD_ATTR) {
            item = emitter_add(emitter, slot_family[place_index(&owner)]);
            set_operand(emitter, item, &owner, false);
            try_before_slow(emitter, item, cell, back);
        }
    }
    protect_locals(emitter);
    item = emitter_add(emitter, is_owned(&owner) ? TEMPLATE_SLOW_LOAD_ATTR_O : TEMPLATE_SLOW_LOAD_ATTR_B);
    item->holes[HOLE_Q_NAME] = (int64_t)(uintptr_t)name_at(emitter, instruction->oparg);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_register(emitter);
    item = end_escape(emitter, emitter->current + 1);
    if (!out_of_line) {
        item->labels[LABEL_CONT] = back;
        emitter->in_cold = false;
    }
}

/* Does the function make what its first parameter is? */
static bool is_constructor(const struct emitter *emitter)
{
    const PyCodeObject *code = emitter->bytecode.code;
    return code->co_argcount > 0 && _PyUnicode_EqualToASCIIString(code->co_name, "__init__");
}

/* By how value and owner stand; 0 where there is no template. */
static const uint16_t store_inline[PAIR_COUNT] = {
    [PAIR_LL] = TEMPLATE_STORE_ATTR_INLINE_LL, [PAIR_CL] = TEMPLATE_STORE_ATTR_INLINE_CL,
    [PAIR_SL] = TEMPLATE_STORE_ATTR_INLINE_SL, [PAIR_RL] = TEMPLATE_STORE_ATTR_INLINE_RL,
    [PAIR_LR] = TEMPLATE_STORE_ATTR_INLINE_LR, [PAIR_CR] = TEMPLATE_STORE_ATTR_INLINE_CR,
    [PAIR_SR] = TEMPLATE_STORE_ATTR_INLINE_SR};
static const uint16_t store_slot[PAIR_COUNT] = {
    [PAIR_LL] = TEMPLATE_STORE_ATTR_SLOT_LL, [PAIR_CL] = TEMPLATE_STORE_ATTR_SLOT_CL,
    [PAIR_SL] = TEMPLATE_STORE_ATTR_SLOT_SL, [PAIR_RL] = TEMPLATE_STORE_ATTR_SLOT_RL,
    [PAIR_LR] = TEMPLATE_STORE_ATTR_SLOT_LR, [PAIR_CR] = TEMPLATE_STORE_ATTR_SLOT_CR,
    [PAIR_SR] = TEMPLATE_STORE_ATTR_SLOT_SR};
static const uint16_t store_add[PAIR_COUNT] = {[PAIR_LL] = TEMPLATE_STORE_ATTR_ADD_LL,
                                               [PAIR_CL] = TEMPLATE_STORE_ATTR_ADD_CL,
                                               [PAIR_SL] = TEMPLATE_STORE_ATTR_ADD_SL,
                                               [PAIR_RL] = TEMPLATE_STORE_ATTR_ADD_RL};

static void select_store_attr(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_STORE_ATTR);
    const struct instruction *instruction = at(emitter, emitter->current);
    struct attribute_cell *cell = emitter_feedback(emitter, sizeof *cell);
    feedback_init_attribute(cell);
    struct operand value, owner;
    enum pair pair = pop_pair(emitter, &value, &owner);
    int next = emitter->current + 1;
    bool makes = owner.place == PLACE_LOCAL && owner.local == 0 && is_constructor(emitter);
    const uint16_t *family = instruction->specialised == STORE_ATTR_SLOT ? store_slot
                             : makes                                     ? store_add
                                                                         : store_inline;
    bool fast = family[pair] != 0;
    int back = emitter_new_label(emitter);
    if (fast) {
        int slow = emitter_new_label(emitter);
        int freeing = free_path(emitter, back, next);
        struct item *item = add_pair(emitter, family, pair, &value, &owner);
        item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
        item->labels[LABEL_SLOW] = slow;
        item->labels[LABEL_FREE] = freeing;
        emitter_bind(emitter, back);
        emitter->in_cold = true;
        emitter_bind(emitter, slow);
        if (instruction->specialised == STORE_ATTR) {
            item = add_pair(emitter, store_slot, pair, &value, &owner);
            item->labels[LABEL_FREE] = freeing;
            try_before_slow(emitter, item, cell, back);
        }
    } else {
        add_pair(emitter, load_pair, pair, &value, &owner);
    }
    protect_locals(emitter);
    struct item *item = emitter_add(emitter, slow_family[ownership(&value, &owner)]);
    item->holes[HOLE_Q_NAME] = (int64_t)(uintptr_t)name_at(emitter, instruction->oparg);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    item = end_escape(emitter, next);
    if (fast) {
        item->labels[LABEL_CONT] = back;
        emitter->in_cold = false;
    }
}

static void select_load_method(struct emitter *emitter)
{
    static four_family method_family = PLACES(LOAD_METHOD);
    static four_family module_family = PLACES(LOAD_METHOD_MODULE);
    const struct instruction *instruction = at(emitter, emitter->current);
    bool module =
        instruction->specialised == LOAD_METHOD_MODULE ||
        (instruction->specialised == LOAD_METHOD && guess_loaded_module(emitter, emitter->current - 1) != NULL);
    const uint16_t *family = module ? module_family : method_family;
    struct attribute_cell *cell = emitter_feedback(emitter, sizeof *cell);
    feedback_init_attribute(cell);
    struct operand owner = stack_pop(emitter);
    int64_t destination = emitter_slot(emitter, owner.index);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, family[place_index(&owner)]);
    set_operand(emitter, item, &owner, false);
    item->holes[HOLE_H_D] = destination;
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    protect_locals(emitter);
    item = emitter_add(emitter, is_owned(&owner) ? TEMPLATE_SLOW_LOAD_METHOD_O : TEMPLATE_SLOW_LOAD_METHOD_B);
    item->holes[HOLE_H_D] = destination;
    item->holes[HOLE_Q_NAME] = (int64_t)(uintptr_t)name_at(emitter, instruction->oparg);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_slot(emitter);
    stack_push_slot(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

static void select_store_subscript(struct emitter *emitter)
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

/* ---- Calls, returns, generators ---------------------------------------------------------------------------------------------- */

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
    item->holes[HOLE_Q_IP] += (int64_t)sizeof(CodeUnit) * INLINE_CACHE_ENTRIES_CALL;
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
static void select_call(struct emitter *emitter)
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
        if (select_c_call(emitter, &site)) {
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

static void select_return_value(struct emitter *emitter)
{
    static four_family family = PLACES(RETURN_VALUE);
    struct operand value = stack_pop(emitter);
    struct item *item = emitter_add(emitter, family[place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->holes[HOLE_H_N] = emitter->bytecode.code->co_nlocalsplus;
    item->labels[LABEL_EXIT] = emitter->exit_label;
}

/* A generator that is resumed with an exception raises it at the instruction before the resume point, whose operands
 * stand on the canonical stack as the deferred stack describes it now (resume_points in compile.c). */
static void note_raise(struct emitter *emitter)
{
    if (emitter->raise_labels != NULL) {
        emitter->raise_labels[emitter->current] = stub_error(emitter, false);
    }
}

static void select_yield_value(struct emitter *emitter)
{
    struct operand value = stack_pop(emitter);
    if (value.place != PLACE_REGISTER) {
        stack_free_register(emitter);
        stack_take(emitter, &value);
    }
    stack_flush(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_YIELD_VALUE_R);
    item->holes[HOLE_H_N] = emitter->bytecode.code->co_nlocalsplus + emitter->depth;
    item->labels[LABEL_EXIT] = emitter->exit_label;
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)resume_point_at(emitter, emitter->current + 1);
    stack_push_slot(emitter);
    note_raise(emitter);
}

/* GET_AWAITABLE and GET_YIELD_FROM_ITER: mostly the operand itself serves, and stays where it is; else the handler finds out. */
static void select_get_iterator(struct emitter *emitter, int in_slot, int in_register, const void *handler)
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
static void select_send(struct emitter *emitter)
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
static void select_after_send(struct emitter *emitter)
{
    const struct instruction *next = at(emitter, emitter->current + 1);
    if (emitter->current + 1 < emitter->bytecode.count && next->depth >= 0) {
        stack_set_canonical(emitter, next->depth);
        note_raise(emitter);
    }
}

static void select_return_generator(struct emitter *emitter)
{
    struct item *item = emitter_add(emitter, TEMPLATE_RETURN_GENERATOR);
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_EXIT] = emitter->exit_label;
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)resume_point_at(emitter, emitter->current + 1);
    stack_push_slot(emitter);
    note_raise(emitter);
}

/* ---- Everything that runtime/ops carries out on the canonical stack ----------------------------------------------------------------- */

static const void *handler_of(int opcode)
{
#define J 0
#define B 0
#define N 0
#define R 0
#define E 0
#define H 1
    switch (opcode) {
#define OPCODE(name, pops, pushes, taken, flags)                                                                     \
    case name:                                                                                                       \
        return (flags) ? (const void *)op_##name : NULL;
#include "runtime/opcodes.def"
#undef OPCODE
#undef J
#undef B
#undef N
#undef R
#undef E
#undef H
    }
    return NULL;
}

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
    item->handler = handler_of(instruction->opcode);
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
    if (instruction->opcode == CALL_FUNCTION_EX) {
        add_eval_breaker_check(emitter);
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
    case LOAD_CLOSURE:
        select_load_fast(emitter);
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
    default:
        select_handler(emitter);
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
        owned |= (uint64_t)(emitter->stack[i].place == PLACE_SLOT && i < 64) << (i & 63);
        in_register |= emitter->stack[i].place == PLACE_REGISTER;
    }
    struct item *item = emitter_add(emitter, TEMPLATE_CHECK_FRAME);
    item->holes[HOLE_Q_CELL] = (int64_t)owned;
    item->holes[HOLE_H_N] = emitter->depth;
    item->holes[HOLE_H_M] = in_register;
}
#endif

/* Where native calls come in. The caller has filled in the arguments; the other locals are unbound here. */
static void emit_native_entry(struct emitter *emitter)
{
    PyCodeObject *code = emitter->bytecode.code;
    emitter->current = 0;
    emitter->native_entry_label = label_here(emitter);
    int low = emitter_new_label(emitter);
    emitter_add(emitter, RAW_ENTRY)->labels[LABEL_SLOW] = low;
    for (int local = code->co_argcount; local < code->co_nlocalsplus; local++) {
        emitter_add(emitter, TEMPLATE_SPILL_NULL)->holes[HOLE_H_D] = emitter_local(local);
    }
    emitter->in_cold = true;
    emitter_bind(emitter, low);
    emitter_add(emitter, TEMPLATE_RUN_IN_TIER0)->labels[LABEL_EXIT] = emitter->exit_label;
    emitter->in_cold = false;
}

/* Where a suspended frame comes back, by a native call: the machine frame is built, and the instruction follows. */
static void emit_resume_entry(struct emitter *emitter)
{
    emitter->native_labels[emitter->current] = label_here(emitter);
    int low = stub_leave_now(emitter, emitter->current, false);
    emitter_add(emitter, RAW_ENTRY)->labels[LABEL_SLOW] = low;
}

enum reason select_instructions(struct emitter *emitter)
{
    struct bytecode *bytecode = &emitter->bytecode;
    for (int i = 0; i < bytecode->count; i++) {
        emitter_new_label(emitter);
    }
    emitter->exit_label = emitter_new_label(emitter);
    emitter->leave_label = emitter_new_label(emitter);
    emitter->error_label = emitter_new_label(emitter);
    stack_set_canonical(emitter, 0);
    emit_native_entry(emitter);
    bool fused = false;
    for (int number = 0; number < bytecode->count && !emitter->out_of_memory; number++) {
        const struct instruction *instruction = at(emitter, number);
        if (instruction->depth < 0) {
            continue;
        }
        bool flows = number > 0 && falls_into(emitter, number);
        /* Also the way out of a fused test, whose jump ended the block. */
        emitter->current = number;
        if (!flows) {
            stack_set_canonical(emitter, instruction->depth);
        } else if (instruction->is_leader || fused) {
            stack_flush(emitter);
        }
        assert(emitter->depth == instruction->depth);
        if (resume_point_at(emitter, number) != NULL) {
            assert(!flows);
            emit_resume_entry(emitter);
        }
        emitter_bind(emitter, number);
        if (instruction->is_handler) {
            /* What raised may have changed locals, or switched tracing on. */
            add_escape_check(emitter, number, false);
        }
#ifdef PYJIT_DEBUG
        add_frame_check(emitter);
#endif
        select_one(emitter);
        stack_settle_register(emitter);
        fused = emitter->current != number;
        if (fused) {
            number = emitter->current;
            fused = at(emitter, number)->opcode != STORE_FAST;
        }
        if (fused) {
            stack_set_canonical(emitter, at(emitter, number)->depth - 1);
        } else if (emitter->no_forwarding && !(opcode_flags(instruction->opcode) & OPCODE_NEVER_FALLS_THROUGH) &&
                   instruction->opcode != YIELD_VALUE && instruction->opcode != RETURN_GENERATOR &&
                   instruction->opcode != KW_NAMES) {
            stack_flush(emitter);
        }
    }
    emitter_add(emitter, RAW_EXIT);
    if (!emitter->out_of_memory) {
        emitter->labels[emitter->exit_label].item = emitter->hot.count - 1;
    }
    return emitter->out_of_memory ? REASON_no_memory : REASON_none;
}
