/* tier1/selection.h: what the files of selection (select.c, select_c_calls.c) share: families of templates, operands, escapes.
 *
 * The shape of most operations: a template on the fast path; behind its label SLOW, in the cold part, other templates
 * and then the C function. The C function may run any code (an escape), so around it the borrowed operands
 * still on the deferred stack are spilled, and compared and unspilled afterwards (protect_locals, end_escape).
 */
#ifndef PYJIT_TIER1_SELECTION_H
#define PYJIT_TIER1_SELECTION_H

#include "runtime/feedback.h"
#include "tier1/emitter.h"

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

static inline const struct instruction *at(const struct emitter *emitter, int number)
{
    return &emitter->bytecode.instructions[number];
}

static inline bool is_owned(const struct operand *operand)
{
    return operand->place == PLACE_SLOT || operand->place == PLACE_REGISTER;
}

static inline PyObject *name_at(const struct emitter *emitter, int index)
{
    return PyTuple_GET_ITEM(emitter->bytecode.code->co_names, index);
}

/* Index into a four_family made by PLACES. */
int place_index(const struct operand *operand);

/* Fills the holes that say where the first (A) or second (B) operand is. */
void set_operand(struct emitter *emitter, struct item *item, const struct operand *operand, bool second);

/* Makes two popped operands a pair there is a template for. */
enum pair make_pair(struct emitter *emitter, struct operand *a, struct operand *b);

/* Appends the pair's template, with its operands. */
struct item *add_pair(struct emitter *emitter, const uint16_t *family, enum pair pair, const struct operand *a,
                      const struct operand *b);

/* Before an escape: the operands that borrow from locals get references of their own in their slots, but stay
 * PLACE_LOCAL. Keeps x, y and r0. */
void protect_locals(struct emitter *emitter);

/* What an escape may leave behind is looked at, and protect_locals undone. `next` is the instruction to go on at if compiled code
 * must be left; the deferred stack is as it has to be there, results included. Returns the last item: its CONT is the caller's. */
struct item *end_escape(struct emitter *emitter, int next);

/* The cold path behind FREE: x has lost its last reference. Goes back to `back`. `next` as in end_escape. */
int free_path(struct emitter *emitter, int back, int next);

/* A label bound to what comes next in the current part. */
int label_here(struct emitter *emitter);

/* Looks at the eval breaker before going on with the next instruction, as tier 0 does after calls. The deferred stack is
 * as it has to be there; r0 keeps. */
void add_eval_breaker_check(struct emitter *emitter);

/* ---- Calls (select.c, select_c_calls.c) ---------------------------------------------------------------- */

/* A CALL being selected: its operands are popped. operands[0] is NULL and operands[1] the callee, or operands[0] is the callee
 * (or NULL: only `is_null` is sure) and operands[1] self; the arguments follow, those given by name last. */
struct call_site {
    struct operand *operands;
    int nargs;
    PyObject *keyword_names; /* or NULL */
    struct call_cell *cell;
    int next; /* number of the instruction after it */
};

/* The native call of a Python function, appended to the current part; what it cannot do goes to `slow`. Its last item goes on at `back`, or
 * falls through (NO_LABEL). The result is in r0, the checks are done; the deferred stack, flushed before, is left as it was. */
void add_native_call(struct emitter *emitter, const struct call_site *site, int slow, int back);

/* May add_native_call be used for the site? */
bool fits_native_call(const struct call_site *site);

/* The call through rt_call, for any callable, all operands in their slots; it leaves its result in r0, and the checks are the caller's.
 * `error`: the label of a stub for the deferred stack without the operands. */
struct item *add_any_call(struct emitter *emitter, const struct call_site *site, int error);

/* The general way, behind the SLOW labels of the fast ones, in the cold part: puts the operands into their slots, calls whatever it is
 * and goes on at `back` with the result in r0, the checks done. `attempt`: a template of c_calls.c to try first, or 0. `drops`:
 * the result is not wanted, None stands on the deferred stack for it at `back`. Leaves the deferred stack as it was. */
void add_cold_call(struct emitter *emitter, const struct call_site *site, int back, int attempt, bool drops);

/* Selects a call of a C function or builtin type, if that is what the site's callee looks like; the result is on the deferred stack
 * afterwards. Otherwise returns false and has done nothing. */
bool select_c_call(struct emitter *emitter, struct call_site *site);

/* What a global name stands for right now, borrowed, or NULL: a guess about when the code will run. Raises nothing. */
PyObject *guess_global(const struct emitter *emitter, PyObject *name);

/* The module that the global loaded by instruction `number` is, borrowed; NULL where it is none. */
PyObject *guess_loaded_module(const struct emitter *emitter, int number);

#endif
