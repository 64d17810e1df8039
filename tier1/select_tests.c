/* tier1/select_tests.c: comparisons, truth tests, identity, containment, and the jumps they are fused with. */
#include "tier1/select.h"

#include "runtime/ops.h"
#include "runtime/plain.h"

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

/* ---- Jumps --------------------------------------------------------------------------------------------------- */

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

struct branch branch_of(const struct emitter *emitter, int number, bool sense)
{
    const struct instruction *jump = at(emitter, number);
    return (struct branch){.target = jump->target,
                           .next = number + 1,
                           .sense = sense,
                           .backward = (opcode_flags(jump->opcode) & OPCODE_JUMPS_BACKWARD) != 0};
}

/* Counts at instruction `number`, which leads to instruction `target`. The items' SLOW is bound by add_tier2_entry, which must follow. */
struct tier2_cell *add_tier2_count(struct emitter *emitter, int number, int target)
{
    struct tier2_cell *cell = emitter_feedback_of(emitter, number, sizeof *cell);
    *cell =
        (struct tier2_cell){.countdown = emitter->count_for_tier2,
                            .offset = bytecode_first_unit(&emitter->bytecode, target) * (uint32_t)sizeof(CodeUnit)};
    struct item *item = emitter_add(emitter, TEMPLATE_COUNT_DOWN);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    emitter->tier2_label = emitter_new_label(emitter);
    item->labels[LABEL_SLOW] = emitter->tier2_label;
    return cell;
}

/* In the cold part: into tier 2, or on at `back`. */
void add_tier2_entry(struct emitter *emitter, struct tier2_cell *cell, int back)
{
    bool was_cold = emitter->in_cold;
    emitter->in_cold = true;
    emitter_bind(emitter, emitter->tier2_label);
    int ask = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_ENTER_TIER2);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = ask;
    item->labels[LABEL_EXIT] = emitter->exit_label;
    emitter_bind(emitter, ask);
    item = emitter_add(emitter, TEMPLATE_ASK_TIER2);
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_CONT] = back;
    emitter->in_cold = was_cold;
}

/* The eval breaker is looked at, then the jump goes to the loop header; appended to the current list. */
void add_back_edge(struct emitter *emitter, int header)
{
    struct item *test = add_eval_breaker_test(emitter, header);
    if (emitter->count_for_tier2 == 0) {
        test->labels[LABEL_CONT] = header;
        return;
    }
    /* After the test: tier 2 leaves when the breaker is set, and tier 1 must see to it before it goes back there. A test that was fused
     * with the jump is still the current instruction. */
    int jump = at(emitter, emitter->current)->target == header ? emitter->current : emitter->current + 1;
    struct tier2_cell *cell = add_tier2_count(emitter, jump, header);
    add_jump(emitter, header);
    add_tier2_entry(emitter, cell, header);
}

bool jump_sense(const struct branch *branch)
{
    return branch->backward ? !branch->sense : branch->sense;
}
int jump_label(const struct branch *branch)
{
    return branch->backward ? branch->next : branch->target;
}

void finish_branch(struct emitter *emitter, const struct branch *branch)
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

/* A test of two operands. */
struct pair_test {
    const uint16_t (*primary)[PAIR_COUNT]; /* [outcome that jumps]: templates for the hot part; may be NULL */
    const uint16_t (*secondary)[PAIR_COUNT];
    bool numbers;     /* then rt_plain_compare with this relation */
    bool strings;     /* it is for equality of strings: no primary */
    bool containment; /* then rt_plain_contains; no primary */
    int relation;
    bool inverted;         /* primary, secondary and containment tell the opposite */
    bool slow_gives_value; /* the C path leaves an object, else x */
    struct slow_call slow;
};

/* Where a test leads. */
struct outcome {
    const struct branch *branch; /* NULL: a bool is wanted */
    bool sense;                  /* the outcome that jumps to `yes` */
    int yes, no;
    int back; /* behind the bool */
};

/* The hot part goes on at `no`: to the branch's fall through, or with the bool. The cold part is the current one afterwards. */
static void end_hot_test(struct emitter *emitter, const struct outcome *outcome)
{
    emitter_bind(emitter, outcome->no);
    if (outcome->branch != NULL) {
        finish_branch(emitter, outcome->branch);
    } else {
        emitter_add(emitter, TEMPLATE_LOAD_FALSE);
        emitter_bind(emitter, outcome->back);
    }
    emitter->in_cold = true;
}

static void set_outcome(struct item *item, const struct outcome *outcome, int slow)
{
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = outcome->yes;
    item->labels[LABEL_CONT] = outcome->no;
}

/* The tests that cannot run other code. What they cannot tell comes to the end of the cold part, which is the current one then,
 * with x and y loaded; without any such test the hot part stays the current one. */
static void add_quick_tests(struct emitter *emitter, const struct pair_test *test, const struct outcome *outcome,
                            const struct operand *a, const struct operand *b, enum pair pair)
{
    bool sense = outcome->sense;
    int owned = owned_operands(a, b);
    int general = emitter_new_label(emitter);
    const uint16_t(*families[2])[PAIR_COUNT] = {test->primary, test->secondary};
    int64_t constant = 0;
    (void)(is_short_constant(a, &constant) || is_short_constant(b, &constant));
    for (int i = 0; i < 2 && families[i] != NULL; i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = add_pair(emitter, families[i][sense ^ test->inverted], pair, a, b);
        item->holes[HOLE_H_I] = constant;
        set_outcome(item, outcome, slower);
        if (i == 0) {
            end_hot_test(emitter, outcome);
        }
        emitter_bind(emitter, slower);
    }
    add_pair(emitter, load_pair, pair, a, b);
    if (!test->numbers && !test->strings && !test->containment) {
        return;
    }
    struct item *item;
    if (test->containment) {
        item = emitter_add(emitter,
                           sense ^ test->inverted ? TEMPLATE_JUMP_IF_CONTAINED : TEMPLATE_JUMP_IF_NOT_CONTAINED);
        item->holes[HOLE_H_M] = (is_owned(a) ? PLAIN_OWNS_KEY : 0) | (is_owned(b) ? PLAIN_OWNS_CONTAINER : 0);
    } else if (test->strings && owned == 0) {
        bool equal = sense == (test->relation == Py_EQ);
        item = emitter_add(emitter, equal ? TEMPLATE_JUMP_IF_STR_EQUAL : TEMPLATE_JUMP_IF_NOT_STR_EQUAL);
    } else {
        item = emitter_add(emitter, sense ? TEMPLATE_JUMP_IF_PLAIN : TEMPLATE_JUMP_IF_NOT_PLAIN);
        item->holes[HOLE_H_N] = test->relation;
        item->holes[HOLE_H_M] = owned;
    }
    set_outcome(item, outcome, general);
    if (test->primary == NULL) {
        end_hot_test(emitter, outcome);
    }
    emitter_bind(emitter, general);
}

static struct item *add_slow_test(struct emitter *emitter, const struct pair_test *test, const struct operand *a,
                                  const struct operand *b)
{
    struct item *item = emitter_add(emitter, test->slow.family[ownership(a, b)]);
    item->holes[HOLE_H_N] = test->slow.number;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    return item;
}

/* The outcome is wanted as an object. */
static void push_outcome(struct emitter *emitter, const struct pair_test *test)
{
    struct operand a, b;
    enum pair pair = pop_pair(emitter, &a, &b);
    stack_free_register(emitter);
    struct outcome outcome = {.sense = true,
                              .yes = emitter_new_label(emitter),
                              .no = emitter_new_label(emitter),
                              .back = emitter_new_label(emitter)};
    add_quick_tests(emitter, test, &outcome, &a, &b, pair);
    protect_locals(emitter);
    add_slow_test(emitter, test, &a, &b);
    if (!test->slow_gives_value) {
        emitter_add(emitter, TEMPLATE_BOOL_OF_X);
    }
    stack_push_register(emitter);
    struct item *item = end_escape(emitter, emitter->current + 1);
    if (emitter->in_cold) {
        item->labels[LABEL_CONT] = outcome.back;
        emitter_bind(emitter, outcome.yes);
        emitter_add(emitter, TEMPLATE_LOAD_TRUE)->labels[LABEL_CONT] = outcome.back;
        emitter->in_cold = false;
    }
}

/* Fused with the conditional jump that follows. */
static void jump_on_outcome(struct emitter *emitter, const struct pair_test *test, bool on_true)
{
    struct operand a, b;
    enum pair pair = pop_pair(emitter, &a, &b);
    stack_free_register(emitter);
    struct branch branch = branch_of(emitter, emitter->current + 1, on_true);
    /* Both ways lead to canonical stacks; the popped operands are not touched by this. */
    stack_flush(emitter);
    struct outcome outcome = {.branch = &branch,
                              .sense = jump_sense(&branch),
                              .yes = jump_label(&branch),
                              .no = emitter_new_label(emitter)};
    add_quick_tests(emitter, test, &outcome, &a, &b, pair);
    add_slow_test(emitter, test, &a, &b);
    branch_on_x(emitter, &branch);
    emitter->in_cold = false;
    emitter->current++; /* the jump is done */
}

bool is_fused(const struct emitter *emitter, bool *on_true)
{
    const struct instruction *next = at(emitter, emitter->current + 1);
    return !next->is_leader && is_conditional_jump(next->opcode, on_true);
}

static void select_pair_test(struct emitter *emitter, const struct pair_test *test)
{
    bool on_true;
    if (is_fused(emitter, &on_true)) {
        jump_on_outcome(emitter, test, on_true);
    } else {
        push_outcome(emitter, test);
    }
}

void select_compare(struct emitter *emitter)
{
    static four_family value_family = OWNERSHIPS(SLOW_COMPARE);
    static four_family truth_family = OWNERSHIPS(SLOW_COMPARE_TRUTH);
    int relation = at(emitter, emitter->current)->oparg;
    bool on_true;
    /* The general result need not be a bool. */
    bool value = !is_fused(emitter, &on_true);
    struct pair_test test = {.relation = relation,
                             .numbers = true,
                             .slow_gives_value = value,
                             .slow = {.family = value ? value_family : truth_family, .number = relation}};
    bool ints, floats, others;
    expect_kinds(emitter, &ints, &floats, &others);
    const struct operand *a = &emitter->stack[emitter->depth - 2];
    const struct operand *b = &emitter->stack[emitter->depth - 1];
    if (others) {
        test.numbers = false;
        test.strings = relation == Py_EQ || relation == Py_NE;
    } else if (floats != ints) {
        int64_t constant;
        bool left = a->place == PLACE_CONSTANT;
        bool right = b->place == PLACE_CONSTANT;
        /* In line: no constant, or one that fits. */
        if ((!left && !right) || (left != right && (floats || is_short_constant(left ? a : b, &constant)))) {
            test.primary = floats ? compare_floats[relation] : compare_ints[relation];
        }
    } else if (!ints) {
        test.primary = compare_ints[relation];
        test.secondary = compare_floats[relation];
    }
    select_pair_test(emitter, &test);
}

void select_is(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_IS);
    int invert = at(emitter, emitter->current)->oparg;
    select_pair_test(emitter, &(struct pair_test){.primary = jump_if_is,
                                                  .inverted = invert != 0,
                                                  .slow = {.family = slow_family, .number = invert}});
}

void select_contains(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_CONTAINS);
    int invert = at(emitter, emitter->current)->oparg;
    select_pair_test(emitter, &(struct pair_test){.containment = true,
                                                  .inverted = invert != 0,
                                                  .slow = {.family = slow_family, .number = invert}});
}

/* x holds the operand, `sense` is the outcome that jumps to `yes`; other outcomes go to `no`, and what other code may have to tell, on. */
static void add_plain_truth(struct emitter *emitter, bool sense, bool owned, int yes, int no)
{
    int general = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, sense ? TEMPLATE_JUMP_IF_PLAIN_TRUTH : TEMPLATE_JUMP_IF_NOT_PLAIN_TRUTH);
    item->holes[HOLE_H_M] = owned;
    item->labels[LABEL_SLOW] = general;
    item->labels[LABEL_JUMP] = yes;
    item->labels[LABEL_CONT] = no;
    emitter_bind(emitter, general);
}

void select_not(struct emitter *emitter)
{
    struct operand value = stack_pop(emitter);
    stack_free_register(emitter);
    int yes = emitter_new_label(emitter);
    int back = emitter_new_label(emitter);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, jump_if_truth[1][place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = yes;
    int no = label_here(emitter);
    emitter_add(emitter, TEMPLATE_LOAD_TRUE);
    emitter_bind(emitter, back);
    emitter->in_cold = true;
    emitter_bind(emitter, yes);
    emitter_add(emitter, TEMPLATE_LOAD_FALSE)->labels[LABEL_CONT] = back;
    emitter_bind(emitter, slow);
    add_plain_truth(emitter, true, is_owned(&value), yes, no);
    protect_locals(emitter);
    item = emitter_add(emitter, is_owned(&value) ? TEMPLATE_SLOW_TRUTH_O : TEMPLATE_SLOW_TRUTH_B);
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    emitter_add(emitter, TEMPLATE_BOOL_OF_NOT_X);
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* POP_JUMP_*_IF_TRUE and _FALSE on a value. */
void select_truth_jump(struct emitter *emitter, bool on_true)
{
    struct operand value = stack_pop(emitter);
    stack_flush(emitter);
    struct branch branch = branch_of(emitter, emitter->current, on_true);
    bool sense = jump_sense(&branch);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, jump_if_truth[sense][place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = jump_label(&branch);
    int back = label_here(emitter);
    finish_branch(emitter, &branch);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    add_plain_truth(emitter, sense, is_owned(&value), jump_label(&branch), back);
    item = emitter_add(emitter, is_owned(&value) ? TEMPLATE_SLOW_TRUTH_O : TEMPLATE_SLOW_TRUTH_B);
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    branch_on_x(emitter, &branch);
    emitter->in_cold = false;
}

void select_none_jump(struct emitter *emitter, bool on_none)
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
void select_jump_or_pop(struct emitter *emitter, bool on_true)
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
    int pop = emitter_new_label(emitter);
    add_plain_truth(emitter, on_true, false, target, pop);
    emitter_add(emitter, TEMPLATE_SLOW_TRUTH_B)->labels[LABEL_ERROR] = stub_error(emitter, false);
    int keep = stub_tail(emitter, target);
    emitter_add(emitter, on_true ? TEMPLATE_BRANCH_IF_X : TEMPLATE_BRANCH_IF_NOT_X)->labels[LABEL_JUMP] = keep;
    int free = emitter_new_label(emitter);
    int after = emitter_new_label(emitter);
    stack_pop(emitter);
    emitter_bind(emitter, pop);
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
