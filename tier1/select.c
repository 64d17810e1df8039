/* tier1/select.c: from bytecode to items: which templates carry out an instruction, given where its operands are.
 *
 * The shape of most operations: a template on the fast path; behind its label SLOW, in the cold part,
 * perhaps a second template for another operand type, then the C function. The C function may run
 * any code (an escape), so around it the borrowed operands still on the deferred stack are spilled,
 * and compared and unspilled afterwards (protect_locals, end_escape).
 */
#include "tier1/emitter.h"

#include "runtime/feedback.h"
#include "runtime/ops.h"

/* ---- Families of templates ---------------------------------------------------------------------------- */

enum pair { PAIR_LL, PAIR_LC, PAIR_LR, PAIR_CL, PAIR_CR, PAIR_SL, PAIR_SC, PAIR_SR, PAIR_RL, PAIR_RC, PAIR_COUNT };

#define PAIRS(name)                                                                                                  \
    {                                                                                                                \
        TEMPLATE_##name##_LL, TEMPLATE_##name##_LC, TEMPLATE_##name##_LR, TEMPLATE_##name##_CL,                      \
            TEMPLATE_##name##_CR, TEMPLATE_##name##_SL, TEMPLATE_##name##_SC, TEMPLATE_##name##_SR,                  \
            TEMPLATE_##name##_RL, TEMPLATE_##name##_RC,                                                              \
    }

/* By the letters of the owners: OO, OB, BO, BB. */
#define OWNERSHIPS(name)                                                                                             \
    {                                                                                                                \
        TEMPLATE_##name##_OO, TEMPLATE_##name##_OB, TEMPLATE_##name##_BO, TEMPLATE_##name##_BB,                      \
    }

/* By place: LOCAL, CONSTANT, SLOT, REGISTER. */
#define PLACES(name)                                                                                                 \
    {                                                                                                                \
        TEMPLATE_##name##_L, TEMPLATE_##name##_C, TEMPLATE_##name##_S, TEMPLATE_##name##_R,                          \
    }

typedef const uint16_t pair_family[PAIR_COUNT];
typedef const uint16_t four_family[4];

static pair_family load_pair = PAIRS(PAIR);

/* Arithmetic: what there is for ints and for floats. */
struct arithmetic {
    bool has_int, has_float;
    uint16_t ints[PAIR_COUNT], floats[PAIR_COUNT];
};
#define INTS_AND_FLOATS(name)                                                                                        \
    {                                                                                                                \
        true, true, PAIRS(name##_INT), PAIRS(name##_FLOAT)                                                           \
    }
#define INTS_ONLY(name)                                                                                              \
    {                                                                                                                \
        true, false, PAIRS(name##_INT),                                                                              \
        {                                                                                                            \
            0                                                                                                        \
        }                                                                                                            \
    }
static const struct arithmetic arithmetic[NB_INPLACE_ADD] = {
    [NB_ADD] = INTS_AND_FLOATS(ADD),
    [NB_SUBTRACT] = INTS_AND_FLOATS(SUBTRACT),
    [NB_MULTIPLY] = INTS_AND_FLOATS(MULTIPLY),
    [NB_AND] = INTS_ONLY(AND),
    [NB_OR] = INTS_ONLY(OR),
    [NB_XOR] = INTS_ONLY(XOR),
    [NB_LSHIFT] = INTS_ONLY(LSHIFT),
    [NB_RSHIFT] = INTS_ONLY(RSHIFT),
    [NB_FLOOR_DIVIDE] = INTS_ONLY(FLOOR_DIVIDE),
    [NB_REMAINDER] = INTS_ONLY(REMAINDER),
    [NB_TRUE_DIVIDE] = {false, true, {0}, PAIRS(TRUE_DIVIDE_FLOAT)},
};
_Static_assert(NB_ADD == 0 && NB_INPLACE_ADD == NB_XOR + 1, "in-place operators follow the plain ones");

/* Comparisons by Py_LT..Py_GE and by the outcome that jumps: [relation][jump if true]. */
#define RELATION(word, type)                                                                                         \
    {                                                                                                                \
        PAIRS(JUMP_IF_NOT_##word##_##type), PAIRS(JUMP_IF_##word##_##type)                                           \
    }
#define RELATIONS(type)                                                                                              \
    {                                                                                                                \
        RELATION(LT, type), RELATION(LE, type), RELATION(EQ, type), RELATION(NE, type), RELATION(GT, type),          \
            RELATION(GE, type)                                                                                       \
    }
static const uint16_t compare_ints[6][2][PAIR_COUNT] = RELATIONS(INT);
static const uint16_t compare_floats[6][2][PAIR_COUNT] = RELATIONS(FLOAT);
_Static_assert(Py_LT == 0 && Py_LE == 1 && Py_EQ == 2 && Py_NE == 3 && Py_GT == 4 && Py_GE == 5,
               "order of RELATIONS");

static const uint16_t jump_if_is[2][PAIR_COUNT] = {PAIRS(JUMP_IF_IS_NOT), PAIRS(JUMP_IF_IS)};
static const uint16_t jump_if_truth[2][4] = {PLACES(JUMP_IF_FALSE), PLACES(JUMP_IF_TRUE)};
static const uint16_t jump_if_none[2][4] = {PLACES(JUMP_IF_NOT_NONE), PLACES(JUMP_IF_NONE)};

/* ---- Small helpers ---------------------------------------------------------------------------------------- */

static const struct instruction *at(const struct emitter *emitter, int number)
{
    return &emitter->bytecode.instructions[number];
}

static bool is_owned(const struct operand *operand)
{
    return operand->place == PLACE_SLOT || operand->place == PLACE_REGISTER;
}

/* Index into a four_family: O and B of two operands. */
static int ownership(const struct operand *a, const struct operand *b)
{
    return (is_owned(a) ? 0 : 2) + (is_owned(b) ? 0 : 1);
}

static int place_index(const struct operand *operand)
{
    switch ((enum operand_place)operand->place) {
    case PLACE_LOCAL:
        return 0;
    case PLACE_CONSTANT:
        return 1;
    case PLACE_SLOT:
        return 2;
    default:
        assert(operand->place == PLACE_REGISTER);
        return 3;
    }
}

/* Fills the holes that say where the first (A) or second (B) operand is. */
static void set_operand(struct emitter *emitter, struct item *item, const struct operand *operand, bool second)
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
static enum pair make_pair(struct emitter *emitter, struct operand *a, struct operand *b)
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
static enum pair pop_pair(struct emitter *emitter, struct operand *a, struct operand *b)
{
    *b = stack_pop(emitter);
    *a = stack_pop(emitter);
    return make_pair(emitter, a, b);
}

static struct item *add_pair(struct emitter *emitter, const uint16_t *family, enum pair pair, const struct operand *a,
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
static void protect_locals(struct emitter *emitter)
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
static struct item *end_escape(struct emitter *emitter, int next)
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
static int free_path(struct emitter *emitter, int back, int next)
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
static int label_here(struct emitter *emitter)
{
    int label = emitter_new_label(emitter);
    emitter_bind(emitter, label);
    return label;
}

/* ---- Operations on pairs that leave a result in the register -------------------------------------------------- */

/* Sets the holes of a C path. */
struct slow_call {
    const uint16_t *family; /* by ownership */
    int64_t number;         /* H_N */
    int64_t destination;    /* H_D */
};

/* primary and secondary may be NULL; the C path follows. Pushes the register. */
static void pair_operation(struct emitter *emitter, const uint16_t *primary, const uint16_t *secondary,
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

static bool is_constant_of(const struct operand *operand, PyTypeObject *type)
{
    return operand->place == PLACE_CONSTANT && Py_IS_TYPE(operand->constant, type);
}

/* What is known of an arithmetic site's operands: from constants and from what tier 0 specialised it to. */
static void expect_kinds(const struct emitter *emitter, bool *ints, bool *floats, bool *others)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    const struct operand *a = &emitter->stack[emitter->depth - 2];
    const struct operand *b = &emitter->stack[emitter->depth - 1];
    *ints = *floats = *others = false;
    for (int i = 0; i < 2; i++) {
        const struct operand *operand = i == 0 ? a : b;
        if (is_constant_of(operand, &PyLong_Type)) {
            *ints = true;
        } else if (is_constant_of(operand, &PyFloat_Type)) {
            *floats = true;
        } else if (operand->place == PLACE_CONSTANT) {
            *others = true;
        }
    }
    switch (instruction->specialised) {
    case BINARY_OP_ADD_INT:
    case BINARY_OP_SUBTRACT_INT:
    case BINARY_OP_MULTIPLY_INT:
    case COMPARE_OP_INT_JUMP:
        *ints = true;
        break;
    case BINARY_OP_ADD_FLOAT:
    case BINARY_OP_SUBTRACT_FLOAT:
    case BINARY_OP_MULTIPLY_FLOAT:
    case COMPARE_OP_FLOAT_JUMP:
        *floats = true;
        break;
    case BINARY_OP_ADD_UNICODE:
    case BINARY_OP_INPLACE_ADD_UNICODE:
    case COMPARE_OP_STR_JUMP:
        *others = true;
        break;
    }
}

static void select_binary_op(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_BINARY_OP);
    static four_family store_family = {0, 0, TEMPLATE_SLOW_ADD_AND_STORE_BO, TEMPLATE_SLOW_ADD_AND_STORE_BB};
    const struct instruction *instruction = at(emitter, emitter->current);
    int op = instruction->oparg;
    const struct arithmetic *row = &arithmetic[op >= NB_INPLACE_ADD ? op - NB_INPLACE_ADD : op];
    bool ints, floats, others;
    expect_kinds(emitter, &ints, &floats, &others);

    const uint16_t *primary = NULL;
    const uint16_t *secondary = NULL;
    if (!others) {
        const uint16_t *int_family = row->has_int ? row->ints : NULL;
        const uint16_t *float_family = row->has_float ? row->floats : NULL;
        if (floats && !ints) {
            primary = float_family;
        } else if (ints && !floats) {
            primary = int_family;
        } else if (!ints && !floats) {
            primary = int_family != NULL ? int_family : float_family;
            secondary = int_family != NULL ? float_family : NULL;
        }
    }
    struct slow_call slow = {.family = slow_family, .number = op};
    /* `s += t`: str operands are extended in place when the local that is stored to holds the left one. */
    const struct operand *left = &emitter->stack[emitter->depth - 2];
    const struct instruction *next = instruction + 1;
    if ((op == NB_ADD || op == NB_INPLACE_ADD) && left->place == PLACE_LOCAL && next->opcode == STORE_FAST &&
        next->oparg == left->local && !next->is_leader) {
        slow.family = store_family;
        slow.destination = emitter_local(left->local);
    }
    pair_operation(emitter, primary, secondary, &slow);
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
static void add_eval_breaker_check(struct emitter *emitter)
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

/* ---- Jumps --------------------------------------------------------------------------------------------------- */

/* Where a conditional jump goes: to the target when the tested outcome is `sense`. */
struct branch {
    int target, next; /* instructions */
    bool sense;
    bool backward;
};

static bool is_conditional_jump(int opcode, bool *on_true)
{
    switch (opcode) {
    case POP_JUMP_FORWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_FALSE:
        *on_true = false;
        return true;
    case POP_JUMP_FORWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_TRUE:
        *on_true = true;
        return true;
    default:
        return false;
    }
}

static struct branch branch_of(const struct emitter *emitter, int number, bool sense)
{
    const struct instruction *jump = at(emitter, number);
    return (struct branch){.target = jump->target,
                           .next = number + 1,
                           .sense = sense,
                           .backward = (opcode_flags(jump->opcode) & OPCODE_JUMPS_BACKWARD) != 0};
}

/* The eval breaker is looked at, then the jump goes to the loop header; appended to the current list. */
static void add_back_edge(struct emitter *emitter, int header)
{
    int set = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_CHECK_EVAL_BREAKER);
    item->labels[LABEL_SLOW] = set;
    item->labels[LABEL_CONT] = header;
    bool was_cold = emitter->in_cold;
    emitter->in_cold = true;
    emitter_bind(emitter, set);
    emitter_add(emitter, TEMPLATE_EVAL_BREAKER_SET)->labels[LABEL_ERROR] = stub_error(emitter, false);
    end_escape(emitter, header)->labels[LABEL_CONT] = header;
    emitter->in_cold = was_cold;
}

/* The fast test of a branch jumps on `jump_sense(branch)`: a backward jump is turned round, so that the check of the
 * eval breaker stands in line. */
static bool jump_sense(const struct branch *branch)
{
    return branch->backward ? !branch->sense : branch->sense;
}
static int jump_label(const struct branch *branch)
{
    return branch->backward ? branch->next : branch->target;
}

/* After the fast test. */
static void finish_branch(struct emitter *emitter, const struct branch *branch)
{
    if (branch->backward) {
        add_back_edge(emitter, branch->target);
    }
}

/* A C function has left the outcome in x, and it escaped: branch, and look at the escape on both ways. */
static void branch_on_x(struct emitter *emitter, const struct branch *branch)
{
    if (branch->backward) {
        int other = stub_tail(emitter, branch->next);
        emitter_add(emitter, branch->sense ? TEMPLATE_BRANCH_IF_NOT_X : TEMPLATE_BRANCH_IF_X)->labels[LABEL_JUMP] =
            other;
        int back = emitter_new_label(emitter);
        end_escape(emitter, branch->target)->labels[LABEL_CONT] = back;
        emitter_bind(emitter, back);
        add_back_edge(emitter, branch->target);
        return;
    }
    int other = stub_tail(emitter, branch->target);
    emitter_add(emitter, branch->sense ? TEMPLATE_BRANCH_IF_X : TEMPLATE_BRANCH_IF_NOT_X)->labels[LABEL_JUMP] = other;
    end_escape(emitter, branch->next)->labels[LABEL_CONT] = branch->next;
}

/* Operations on a pair whose outcome is a truth value: fused with the jump that follows, or made a bool. `family[sense]` are the fast templates, or NULL. */
static void pair_test(struct emitter *emitter, const uint16_t (*primary)[PAIR_COUNT],
                      const uint16_t (*secondary)[PAIR_COUNT], bool invert, const struct slow_call *slow)
{
    int number = emitter->current;
    bool on_true;
    bool fused =
        !at(emitter, number + 1)->is_leader && is_conditional_jump(at(emitter, number + 1)->opcode, &on_true);
    struct operand a, b;
    enum pair pair = pop_pair(emitter, &a, &b);
    stack_free_register(emitter);
    if (!fused) {
        add_pair(emitter, load_pair, pair, &a, &b);
        protect_locals(emitter);
        struct item *item = emitter_add(emitter, slow->family[ownership(&a, &b)]);
        item->holes[HOLE_H_N] = slow->number;
        item->labels[LABEL_ERROR] = stub_error(emitter, true);
        emitter_add(emitter, TEMPLATE_BOOL_OF_X);
        stack_push_register(emitter);
        end_escape(emitter, number + 1);
        return;
    }
    struct branch branch = branch_of(emitter, number + 1, on_true);
    /* Both ways lead to canonical stacks; the popped operands are not touched by this. */
    stack_flush(emitter);
    int slow_label = NO_LABEL;
    if (primary != NULL) {
        slow_label = emitter_new_label(emitter);
        struct item *item = add_pair(emitter, primary[jump_sense(&branch) ^ invert], pair, &a, &b);
        item->labels[LABEL_SLOW] = slow_label;
        item->labels[LABEL_JUMP] = jump_label(&branch);
        int back = label_here(emitter);
        finish_branch(emitter, &branch);
        emitter->in_cold = true;
        emitter_bind(emitter, slow_label);
        if (secondary != NULL) {
            int slower = emitter_new_label(emitter);
            item = add_pair(emitter, secondary[jump_sense(&branch) ^ invert], pair, &a, &b);
            item->labels[LABEL_SLOW] = slower;
            item->labels[LABEL_JUMP] = jump_label(&branch);
            item->labels[LABEL_CONT] = back;
            emitter_bind(emitter, slower);
        }
    } else {
        add_pair(emitter, load_pair, pair, &a, &b);
    }
    struct item *item = emitter_add(emitter, slow->family[ownership(&a, &b)]);
    item->holes[HOLE_H_N] = slow->number;
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    branch_on_x(emitter, &branch);
    emitter->in_cold = false;
    emitter->current = number + 1; /* the jump is done */
}

static void select_compare(struct emitter *emitter)
{
    static four_family value_family = OWNERSHIPS(SLOW_COMPARE);
    static four_family truth_family = OWNERSHIPS(SLOW_COMPARE_TRUTH);
    int relation = at(emitter, emitter->current)->oparg;
    bool on_true;
    const struct instruction *next = at(emitter, emitter->current + 1);
    if (next->is_leader || !is_conditional_jump(next->opcode, &on_true)) {
        /* The result need not be a bool. */
        pair_operation(emitter, NULL, NULL, &(struct slow_call){.family = value_family, .number = relation});
        return;
    }
    bool ints, floats, others;
    expect_kinds(emitter, &ints, &floats, &others);
    const uint16_t(*primary)[PAIR_COUNT] = NULL;
    const uint16_t(*secondary)[PAIR_COUNT] = NULL;
    if (!others && !(ints && floats)) {
        primary = floats ? compare_floats[relation] : compare_ints[relation];
        secondary = !floats && !ints ? compare_floats[relation] : NULL;
    }
    pair_test(emitter, primary, secondary, false, &(struct slow_call){.family = truth_family, .number = relation});
}

static void select_is(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_IS);
    int invert = at(emitter, emitter->current)->oparg;
    pair_test(emitter, jump_if_is, NULL, invert != 0, &(struct slow_call){.family = slow_family, .number = invert});
}

static void select_contains(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_CONTAINS);
    int invert = at(emitter, emitter->current)->oparg;
    pair_test(emitter, NULL, NULL, false, &(struct slow_call){.family = slow_family, .number = invert});
}

/* POP_JUMP_*_IF_TRUE and _FALSE on a value. */
static void select_truth_jump(struct emitter *emitter, bool on_true)
{
    struct operand value = stack_pop(emitter);
    stack_flush(emitter);
    struct branch branch = branch_of(emitter, emitter->current, on_true);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, jump_if_truth[jump_sense(&branch)][place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = jump_label(&branch);
    finish_branch(emitter, &branch);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    item = emitter_add(emitter, is_owned(&value) ? TEMPLATE_SLOW_TRUTH_O : TEMPLATE_SLOW_TRUTH_B);
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    branch_on_x(emitter, &branch);
    emitter->in_cold = false;
}

static void select_none_jump(struct emitter *emitter, bool on_none)
{
    struct operand value = stack_pop(emitter);
    stack_flush(emitter);
    struct branch branch = branch_of(emitter, emitter->current, on_none);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, jump_if_none[jump_sense(&branch)][place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = jump_label(&branch);
    finish_branch(emitter, &branch);
    /* The last reference dies: the value cannot be None. x is 1, "not None". */
    branch.sense = !branch.sense;
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    emitter_add(emitter, TEMPLATE_SLOW_NOT_NONE);
    branch_on_x(emitter, &branch);
    emitter->in_cold = false;
}

/* JUMP_IF_TRUE_OR_POP, JUMP_IF_FALSE_OR_POP. */
static void select_jump_or_pop(struct emitter *emitter, bool on_true)
{
    stack_flush(emitter);
    int number = emitter->current;
    int target = at(emitter, number)->target;
    int64_t slot = emitter_slot(emitter, emitter->depth - 1);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, on_true ? TEMPLATE_KEEP_IF_TRUE : TEMPLATE_KEEP_IF_FALSE);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = target;
    int back = label_here(emitter);

    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    emitter_add(emitter, TEMPLATE_SLOW_TRUTH_B)->labels[LABEL_ERROR] = stub_error(emitter, false);
    int keep = stub_tail(emitter, target);
    emitter_add(emitter, on_true ? TEMPLATE_BRANCH_IF_X : TEMPLATE_BRANCH_IF_NOT_X)->labels[LABEL_JUMP] = keep;
    int free = emitter_new_label(emitter);
    int after = emitter_new_label(emitter);
    stack_pop(emitter);
    item = emitter_add(emitter, TEMPLATE_POP_S);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_FREE] = free;
    item->labels[LABEL_CONT] = after;
    emitter_bind(emitter, free);
    emitter_add(emitter, TEMPLATE_DEALLOCATE);
    emitter_bind(emitter, after);
    end_escape(emitter, number + 1)->labels[LABEL_CONT] = back;
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

static void select_for_iter(struct emitter *emitter)
{
    stack_flush(emitter);
    int number = emitter->current;
    int target = at(emitter, number)->target;
    int64_t slot = emitter_slot(emitter, emitter->depth - 1);
    int guess = guess_iterator(emitter);
    int end = emitter_new_label(emitter);
    int back = emitter_new_label(emitter);

    /* The chain: the guess in the hot part, the other in the cold part, then any iterator. */
    int fast[2] = {guess, guess == TEMPLATE_FOR_ITER_LIST ? TEMPLATE_FOR_ITER_TUPLE : TEMPLATE_FOR_ITER_LIST};
    int chain = guess == TEMPLATE_FOR_ITER_ANY ? 0 : 2;
    for (int i = 0; i < chain; i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, fast[i]);
        item->holes[HOLE_H_A] = slot;
        item->labels[LABEL_JUMP] = end;
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_CONT] = back;
        if (i == 0) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, slower);
    }
    struct item *item = emitter_add(emitter, TEMPLATE_FOR_ITER_ANY);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item = emitter_add(emitter, TEMPLATE_FOR_ITER_TEST);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_JUMP] = end;
    stack_push_register(emitter);
    end_escape(emitter, number + 1)->labels[LABEL_CONT] = back;
    if (chain == 0) {
        emitter_bind(emitter, back);
    }

    /* The end: the iterator, in x, is dropped. */
    emitter->in_cold = true;
    stack_pop(emitter);
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

static void select_store_fast(struct emitter *emitter)
{
    static four_family family = PLACES(STORE_FAST);
    int local = at(emitter, emitter->current)->oparg;
    struct operand value = stack_pop(emitter);
    stack_spill_local(emitter, local);
    struct item *item = emitter_add(emitter, family[place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->holes[HOLE_H_D] = emitter_local(local);
    item->labels[LABEL_FREE] = free_path(emitter, label_here(emitter), emitter->current + 1);
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

static PyObject *name_at(const struct emitter *emitter, int index)
{
    return PyTuple_GET_ITEM(emitter->bytecode.code->co_names, index);
}

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

static void select_load_attr(struct emitter *emitter)
{
    static four_family inline_family = PLACES(LOAD_ATTR_INLINE);
    static four_family slot_family = PLACES(LOAD_ATTR_SLOT);
    static four_family operand_family = PLACES(OPERAND_TO_X);
    const struct instruction *instruction = at(emitter, emitter->current);
    struct attribute_cell *cell = emitter_feedback(emitter, sizeof *cell);
    feedback_init_attribute(cell);
    struct operand owner = stack_pop(emitter);
    if (owner.place != PLACE_REGISTER) {
        stack_free_register(emitter);
    }
    bool out_of_line =
        instruction->specialised == LOAD_ATTR_MODULE || instruction->specialised == LOAD_ATTR_WITH_HINT;
    const uint16_t *family = instruction->specialised == LOAD_ATTR_SLOT ? slot_family : inline_family;
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

static void select_store_attr(struct emitter *emitter)
{
    static const uint16_t inline_family[4] = {TEMPLATE_STORE_ATTR_INLINE_LL, TEMPLATE_STORE_ATTR_INLINE_CL,
                                              TEMPLATE_STORE_ATTR_INLINE_SL, TEMPLATE_STORE_ATTR_INLINE_RL};
    static const uint16_t slot_family[4] = {TEMPLATE_STORE_ATTR_SLOT_LL, TEMPLATE_STORE_ATTR_SLOT_CL,
                                            TEMPLATE_STORE_ATTR_SLOT_SL, TEMPLATE_STORE_ATTR_SLOT_RL};
    static four_family slow_family = OWNERSHIPS(SLOW_STORE_ATTR);
    const struct instruction *instruction = at(emitter, emitter->current);
    struct attribute_cell *cell = emitter_feedback(emitter, sizeof *cell);
    feedback_init_attribute(cell);
    struct operand value, owner;
    enum pair pair = pop_pair(emitter, &value, &owner);
    int next = emitter->current + 1;
    bool fast = owner.place == PLACE_LOCAL;
    int back = emitter_new_label(emitter);
    if (fast) {
        int slow = emitter_new_label(emitter);
        const uint16_t *family = instruction->specialised == STORE_ATTR_SLOT ? slot_family : inline_family;
        struct item *item = emitter_add(emitter, family[place_index(&value)]);
        set_operand(emitter, item, &value, false);
        set_operand(emitter, item, &owner, true);
        item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
        item->labels[LABEL_SLOW] = slow;
        emitter_bind(emitter, back);
        item->labels[LABEL_FREE] = free_path(emitter, back, next);
        emitter->in_cold = true;
        emitter_bind(emitter, slow);
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
    static four_family family = PLACES(LOAD_METHOD);
    const struct instruction *instruction = at(emitter, emitter->current);
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

static void select_unpack_pair(struct emitter *emitter)
{
    struct operand sequence = stack_pop(emitter);
    if (sequence.place != PLACE_REGISTER) {
        stack_free_register(emitter);
        stack_take(emitter, &sequence);
    }
    int64_t slot = emitter_slot(emitter, sequence.index);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_UNPACK_TWO_TUPLE);
    item->holes[HOLE_H_D] = slot;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    protect_locals(emitter);
    emitter_add(emitter, TEMPLATE_SPILL_R)->holes[HOLE_H_D] = slot;
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = (const void *)op_UNPACK_SEQUENCE;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_slot(emitter);
    stack_push_slot(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* ---- Calls, returns, generators ---------------------------------------------------------------------------------------------- */

/* The call through C, for any callable: arguments in their slots. Pushes the register; the caller deals with the escape. */
static void add_general_call(struct emitter *emitter, int nargs, PyObject *keyword_names, struct call_cell *cell)
{
    struct item *item = emitter_add(emitter, TEMPLATE_CALL);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->holes[HOLE_H_N] = nargs;
    item->holes[HOLE_Q_NAME] = (int64_t)(uintptr_t)keyword_names;
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
}

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

/* CALL. A Python function whose compiled code the cell knows is called natively: its frame is pushed in line and the arguments move
 * from where they are into its locals. Everything else, and the first call, goes through rt_call. */
static void select_call(struct emitter *emitter)
{
    static four_family push_family = PLACES(PUSH_FRAME);
    int nargs = at(emitter, emitter->current)->oparg;
    struct call_cell *cell = emitter_feedback(emitter, sizeof *cell);
    PyObject *keyword_names = emitter->keyword_names;
    emitter->keyword_names = NULL;
    struct operand operands[MOST_NATIVE_ARGUMENTS + 2];
    bool native = nargs <= MOST_NATIVE_ARGUMENTS && keyword_names == NULL;
    if (!native) {
        stack_flush(emitter);
    }
    for (int i = nargs + 1; i >= 0; i--) {
        struct operand operand = stack_pop(emitter);
        if (native) {
            operands[i] = operand;
        }
    }
    stack_flush(emitter);
    int next = emitter->current + 1;
    if (!native) {
        add_general_call(emitter, nargs, keyword_names, cell);
        stack_push_register(emitter);
        end_escape(emitter, next);
        add_eval_breaker_check(emitter);
        return;
    }

    /* operands[0] is NULL and operands[1] the callee, or operands[0] is the callee (or NULL, which the guard finds) and operands[1] self. */
    int callee = operands[0].is_null ? 1 : 0;
    assert(operands[callee].place != PLACE_NULL);
    int slow = emitter_new_label(emitter);
    int back = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, push_family[place_index(&operands[callee])]);
    set_operand(emitter, item, &operands[callee], false);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = slow;
    for (int i = callee + 1; i < nargs + 2; i++) {
        move_argument(emitter, &operands[i], i - callee - 1);
    }
    item = emitter_add(emitter, TEMPLATE_ENTER_FRAME);
    item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
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
    end_escape(emitter, next);
    emitter_bind(emitter, back);
    stack_pop(emitter);

    emitter->in_cold = true;
    emitter_bind(emitter, unusual);
    emitter_add(emitter, TEMPLATE_FINISH_CALL_UNUSUAL)->labels[LABEL_CONT] = finished;
    emitter_bind(emitter, slow);
    for (int i = 0; i < nargs + 2; i++) {
        stack_spill(emitter, &operands[i]);
    }
    add_general_call(emitter, nargs, NULL, cell);
    stack_push_register(emitter);
    end_escape(emitter, next);
    /* As after any call of C code. */
    int set = emitter_new_label(emitter);
    item = emitter_add(emitter, TEMPLATE_CHECK_EVAL_BREAKER);
    item->labels[LABEL_SLOW] = set;
    item->labels[LABEL_CONT] = back;
    emitter_bind(emitter, set);
    emitter_add(emitter, TEMPLATE_EVAL_BREAKER_SET)->labels[LABEL_ERROR] = stub_error(emitter, true);
    end_escape(emitter, next)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
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
}

static void select_return_generator(struct emitter *emitter)
{
    struct item *item = emitter_add(emitter, TEMPLATE_RETURN_GENERATOR);
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_EXIT] = emitter->exit_label;
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

static void select_handler(struct emitter *emitter)
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
        if (oparg == 2) {
            select_unpack_pair(emitter);
        } else {
            select_handler(emitter);
        }
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
    case JUMP_FORWARD:
    case JUMP_BACKWARD_NO_INTERRUPT:
        stack_flush(emitter);
        add_jump(emitter, instruction->target);
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
        emitter_bind(emitter, number);
        if (instruction->is_handler) {
            /* What raised may have changed locals, or switched tracing on. */
            add_escape_check(emitter, number, false);
        }
        select_one(emitter);
        fused = emitter->current != number;
        if (fused) {
            number = emitter->current;
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
