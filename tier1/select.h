/* tier1/select.h: shared by the files of selection (select*.c): families of templates, operands, escapes. */
#ifndef PYJIT_TIER1_SELECT_H
#define PYJIT_TIER1_SELECT_H

#include "runtime/feedback.h"
#include "tier1/emitter.h"

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

extern pair_family load_pair;

/* ---- Operands ---- */

static inline const struct instruction *at(const struct emitter *emitter, int number)
{
    return &emitter->bytecode.instructions[number];
}

static inline bool is_owned(const struct operand *operand)
{
    return operand->place == PLACE_SLOT || operand->place == PLACE_REGISTER;
}

/* Index into a four_family: O and B of two operands. */
static inline int ownership(const struct operand *a, const struct operand *b)
{
    return (is_owned(a) ? 0 : 2) + (is_owned(b) ? 0 : 1);
}

static inline int place_index(const struct operand *operand)
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
void set_operand(struct emitter *emitter, struct item *item, const struct operand *operand, bool second);
/* Makes the two popped operands a pair there is a template for. */
enum pair make_pair(struct emitter *emitter, struct operand *a, struct operand *b);
/* Pops two operands as a pair. */
enum pair pop_pair(struct emitter *emitter, struct operand *a, struct operand *b);
struct item *add_pair(struct emitter *emitter, const uint16_t *family, enum pair pair, const struct operand *a,
                      const struct operand *b);

/* ---- Escapes, labels ---- */

/* See select.c. */
void protect_locals(struct emitter *emitter);
struct item *end_escape(struct emitter *emitter, int next);
struct item *end_with_deallocation(struct emitter *emitter, int next);
struct item *end_checked(struct emitter *emitter, int next, struct item *item);
struct item *end_call(struct emitter *emitter, int next);
int free_path(struct emitter *emitter, int back, int next);
void add_jump(struct emitter *emitter, int label);
/* A label bound to what comes next in the hot part. */
int label_here(struct emitter *emitter);

/* Sets the holes of a C path. */
struct slow_call {
    const uint16_t *family; /* by ownership */
    int64_t number;         /* H_N */
    int64_t destination;    /* H_D */
};

/* primary and secondary may be NULL; the C path follows. Pushes the register. */
void pair_operation(struct emitter *emitter, const uint16_t *primary, const uint16_t *secondary,
                    const struct slow_call *slow);
/* Everything that runtime/ops carries out on the canonical stack. */
void select_handler(struct emitter *emitter);

/* Where native calls come in, and the ways out of the function (select_calls.c). The entry may carry out the first instruction, which
 * is bound then: returns the number of the first one that is left. */
int emit_entry(struct emitter *emitter);
void emit_exit(struct emitter *emitter);

/* ---- Arithmetic and small operations (select_arith.c) ---- */

/* What is known of the kinds of the two operands on top: from constants and from what tier 0 specialised the site to. */
void expect_kinds(const struct emitter *emitter, bool *ints, bool *floats, bool *others);
/* The value of a constant operand that is an exact int of at most one digit. */
bool is_short_constant(const struct operand *operand, int64_t *value);
/* OPS_OWNS_* of two operands. */
int owned_operands(const struct operand *a, const struct operand *b);
/* FOR_ITER over a range with the STORE_FAST that follows, both in the hot part; the cold part is the current one then, with the slow path of
 * FOR_ITER to come. Returns the label behind the store. */
int add_range_to_local(struct emitter *emitter, int64_t iterator, int local, int end);
/* The next instruction, a store of the register into `local`, whose usual work was done together with this one: in the cold part, then
 * on at `done`. Pops the register. */
void add_store_behind(struct emitter *emitter, int local, int done);
void select_binary_op(struct emitter *emitter);
void select_unary(struct emitter *emitter);
void select_store_fast(struct emitter *emitter);

/* ---- Sequences of instructions as one operation (select_idioms.c) ---- */

/* Selects the current instruction and those behind it, if they are such a sequence; otherwise false, and nothing has been done. */
bool select_idiom(struct emitter *emitter);

/* ---- Unboxed numbers (select_unboxed.c) ---- */

/* Selects the current instruction on numbers without objects, where it is one of arithmetic and floats are expected; otherwise false,
 * and nothing has been done. */
bool select_unboxed(struct emitter *emitter);
/* Before any other way of selecting the current instruction: boxes its operands, brings the other unboxed numbers to safety, and forgets what was
 * known of locals. */
void prepare_operands(struct emitter *emitter);

/* ---- Tests and jumps (select_tests.c) ---- */

/* Where tier 2 comes in, see select_tests.c. */
struct tier2_cell *add_tier2_count(struct emitter *emitter, int number, int target);
void add_tier2_entry(struct emitter *emitter, struct tier2_cell *cell, int back);
/* Where a conditional jump goes: to the target when the tested outcome is `sense`. */
struct branch {
    int target, next; /* instructions */
    bool sense;
    bool backward;
};
struct branch branch_of(const struct emitter *emitter, int number, bool sense);
/* The fast test of a branch jumps to jump_label() on the outcome jump_sense(), a backward jump being turned round, so that the check of
 * the eval breaker stands in line: finish_branch() comes after the test. */
bool jump_sense(const struct branch *branch);
int jump_label(const struct branch *branch);
void finish_branch(struct emitter *emitter, const struct branch *branch);
/* Is the next instruction a conditional jump that belongs to this test? */
bool is_fused(const struct emitter *emitter, bool *on_true);

/* Looks at the eval breaker, then jumps to the loop header; appended to the current list. */
void add_back_edge(struct emitter *emitter, int header);
void select_compare(struct emitter *emitter);
void select_is(struct emitter *emitter);
void select_contains(struct emitter *emitter);
void select_not(struct emitter *emitter);
/* POP_JUMP_*_IF_TRUE and _FALSE on a value. */
void select_truth_jump(struct emitter *emitter, bool on_true);
void select_none_jump(struct emitter *emitter, bool on_none);
/* JUMP_IF_TRUE_OR_POP, JUMP_IF_FALSE_OR_POP. */
void select_jump_or_pop(struct emitter *emitter, bool on_true);

/* ---- Locals, loops, closures, attributes, containers, calls, generators: select_*.c by these names ---- */

/* The option count-allocations (select_counting.c): before and after an instruction that makes an object, number `number`. The site is NULL
 * where there is nothing to count; note_operands only where counts are wanted. */
struct allocation_site;
struct allocation_site *note_operands(struct emitter *emitter);
void count_result(struct emitter *emitter, const struct allocation_site *site, int number);

void select_for_iter(struct emitter *emitter);
void select_make_cell(struct emitter *emitter);
void select_copy_free_vars(struct emitter *emitter);
void select_load_deref(struct emitter *emitter);
void select_store_deref(struct emitter *emitter);
void select_make_function(struct emitter *emitter);
/* A BUILD_TUPLE of cells that the MAKE_FUNCTION soon after takes for the closure: selects up to that one and is true, or does nothing. */
bool select_closure(struct emitter *emitter);
void select_push_exc_info(struct emitter *emitter);
/* Together with the jump behind it. */
void select_check_exc_match(struct emitter *emitter);
void select_pop_except(struct emitter *emitter);
void select_before_with(struct emitter *emitter);
void select_load_global(struct emitter *emitter);
void select_load_attr(struct emitter *emitter);
void select_store_attr(struct emitter *emitter);
void select_load_method(struct emitter *emitter);
void select_subscript(struct emitter *emitter);
void select_store_subscript(struct emitter *emitter);
void select_unpack_sequence(struct emitter *emitter);
/* BUILD_SLICE, with what it is made for where that follows. */
void select_build_slice(struct emitter *emitter);
/* BUILD_* of new containers and strings; false, with nothing done, for other opcodes. */
bool select_building(struct emitter *emitter);
void select_list_append(struct emitter *emitter);
void select_set_add(struct emitter *emitter);
void select_map_add(struct emitter *emitter);
/* GET_ITER. */
void select_iterator(struct emitter *emitter);
void select_format_value(struct emitter *emitter);
void select_call(struct emitter *emitter);
void select_star_call(struct emitter *emitter);
/* A BUILD_MAP that begins `**local)` of a call: selects up to the call and is true, or does nothing. */
bool select_keywords_call(struct emitter *emitter);
void select_return_value(struct emitter *emitter);
void select_yield_value(struct emitter *emitter);
/* GET_AWAITABLE and GET_YIELD_FROM_ITER: the templates that tell whether the operand itself serves, and the handler if not. */
void select_get_iterator(struct emitter *emitter, int in_slot, int in_register, const void *handler);
void select_send(struct emitter *emitter);
/* The end of a SEND's loop, where throw() can put the frame. */
void select_after_send(struct emitter *emitter);
void select_return_generator(struct emitter *emitter);

#endif
