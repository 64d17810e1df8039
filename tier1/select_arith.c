/* tier1/select_arith.c: operators, stores into locals, unpacking. */
#include "tier1/select.h"

#include "runtime/ops.h"
#include "runtime/plain.h"

/* ---- Families ------------------------------------------------------------------------------------------- */

/* An operator on ints or on floats: the result in the register, or put into the local that the next instruction stores to. */
struct operator_family {
    bool exists;
    uint16_t result[PAIR_COUNT];
    uint16_t update[3]; /* the left operand is that local: LL, LC, LR */
    uint16_t assign[3]; /* another local: LL, LC, CL */
};

#define OPERATOR(name, type)                                                                                         \
    {                                                                                                                \
        true, PAIRS(name##_##type),                                                                                  \
            {TEMPLATE_UPDATE_##name##_##type##_LL, TEMPLATE_UPDATE_##name##_##type##_LC,                             \
             TEMPLATE_UPDATE_##name##_##type##_LR},                                                                  \
        {                                                                                                            \
            TEMPLATE_ASSIGN_##name##_##type##_LL, TEMPLATE_ASSIGN_##name##_##type##_LC,                              \
                TEMPLATE_ASSIGN_##name##_##type##_CL                                                                 \
        }                                                                                                            \
    }

static const struct operator_family int_operators[NB_INPLACE_ADD] = {
    [NB_ADD] = OPERATOR(ADD, INT),
    [NB_SUBTRACT] = OPERATOR(SUBTRACT, INT),
    [NB_MULTIPLY] = OPERATOR(MULTIPLY, INT),
    [NB_AND] = OPERATOR(AND, INT),
    [NB_OR] = OPERATOR(OR, INT),
    [NB_XOR] = OPERATOR(XOR, INT),
    [NB_LSHIFT] = OPERATOR(LSHIFT, INT),
    [NB_RSHIFT] = OPERATOR(RSHIFT, INT),
    [NB_FLOOR_DIVIDE] = OPERATOR(FLOOR_DIVIDE, INT),
    [NB_REMAINDER] = OPERATOR(REMAINDER, INT),
};
static const struct operator_family float_operators[NB_INPLACE_ADD] = {
    [NB_ADD] = OPERATOR(ADD, FLOAT),
    [NB_SUBTRACT] = OPERATOR(SUBTRACT, FLOAT),
    [NB_MULTIPLY] = OPERATOR(MULTIPLY, FLOAT),
    [NB_TRUE_DIVIDE] = OPERATOR(TRUE_DIVIDE, FLOAT),
};
_Static_assert(NB_ADD == 0 && NB_INPLACE_ADD == NB_XOR + 1, "in-place operators follow the plain ones");

/* ---- What is known of operands ----------------------------------------------------------------------------- */

static bool is_constant_of(const struct operand *operand, PyTypeObject *type)
{
    return operand->place == PLACE_CONSTANT && Py_IS_TYPE(operand->constant, type);
}

bool is_short_constant(const struct operand *operand, int64_t *value)
{
    if (!is_constant_of(operand, &PyLong_Type)) {
        return false;
    }
    Py_ssize_t size = Py_SIZE(operand->constant);
    if (size < -1 || size > 1) {
        return false;
    }
    *value = (int64_t)size * ((PyLongObject *)operand->constant)->ob_digit[0];
    return true;
}

void expect_kinds(const struct emitter *emitter, bool *ints, bool *floats, bool *others)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    *ints = *floats = *others = false;
    for (int i = 1; i <= 2; i++) {
        const struct operand *operand = &emitter->stack[emitter->depth - i];
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

int owned_operands(const struct operand *a, const struct operand *b)
{
    return (is_owned(a) ? OPS_OWNS_LEFT : 0) | (is_owned(b) ? OPS_OWNS_RIGHT : 0);
}

/* ---- BINARY_OP ------------------------------------------------------------------------------------------------ */

/* What a BINARY_OP is compiled to. */
struct arithmetic {
    int op;                              /* as in the instruction */
    const struct operator_family *first; /* what is tried in the hot part, then in the cold one; may be NULL */
    const struct operator_family *second;
    bool numbers;          /* then numbers of any kind, in C */
    int64_t constant;      /* H_I */
    int stores_to;         /* the local that the next instruction, consumed too, stores to; or -1 */
    struct slow_call slow; /* last, the general operator */
};

/* The remainder and the quotient by a power of two are a mask and a shift, for ints of either sign: Python rounds down. */
static const struct operator_family *simplify_division(int plain, int64_t *constant)
{
    if (*constant <= 0 || (*constant & (*constant - 1)) != 0) {
        return &int_operators[plain];
    }
    if (plain == NB_REMAINDER) {
        *constant -= 1;
        return &int_operators[NB_AND];
    }
    *constant = __builtin_ctzll((unsigned long long)*constant);
    return &int_operators[NB_RSHIFT];
}

static void choose_templates(const struct emitter *emitter, struct arithmetic *choice)
{
    const struct operand *a = &emitter->stack[emitter->depth - 2];
    const struct operand *b = &emitter->stack[emitter->depth - 1];
    int plain = choice->op >= NB_INPLACE_ADD ? choice->op - NB_INPLACE_ADD : choice->op;
    bool ints, floats, others;
    expect_kinds(emitter, &ints, &floats, &others);
    if (others || ops_number_functions(choice->op) == NULL) {
        return;
    }
    choice->numbers = true;
    const struct operator_family *on_ints = int_operators[plain].exists ? &int_operators[plain] : NULL;
    const struct operator_family *on_floats = float_operators[plain].exists ? &float_operators[plain] : NULL;
    if (floats && !ints) {
        choice->first = on_floats;
    } else if (ints && !floats && on_ints != NULL) {
        bool left = a->place == PLACE_CONSTANT;
        bool right = b->place == PLACE_CONSTANT;
        /* A constant of more than one digit: nothing in line helps. Of two constants one is moved to the register. */
        bool is_short = (!left && !right) || (left != right && is_short_constant(left ? a : b, &choice->constant));
        if (is_short) {
            choice->first = right && (plain == NB_REMAINDER || plain == NB_FLOOR_DIVIDE)
                                ? simplify_division(plain, &choice->constant)
                                : on_ints;
        }
    } else if (!ints && !floats) {
        choice->first = on_ints != NULL ? on_ints : on_floats;
        choice->second = on_ints != NULL ? on_floats : NULL;
    }
}

/* The template that overwrites the local's old value in place, or -1. */
static int in_place_template(const struct operator_family *family, enum pair pair, bool left_is_destination)
{
    if (left_is_destination) {
        return pair == PAIR_LL   ? family->update[0]
               : pair == PAIR_LC ? family->update[1]
               : pair == PAIR_LR ? family->update[2]
                                 : -1;
    }
    return pair == PAIR_LL   ? family->assign[0]
           : pair == PAIR_LC ? family->assign[1]
           : pair == PAIR_CL ? family->assign[2]
                             : -1;
}

static struct item *add_arithmetic(struct emitter *emitter, int template, const struct arithmetic *choice,
                                   const struct operand *a, const struct operand *b, int slow)
{
    struct item *item = emitter_add(emitter, template);
    set_operand(emitter, item, a, false);
    set_operand(emitter, item, b, true);
    item->holes[HOLE_H_I] = choice->constant;
    item->holes[HOLE_H_D] = choice->stores_to >= 0 ? emitter_local(choice->stores_to) : 0;
    item->labels[LABEL_SLOW] = slow;
    return item;
}

/* x and y are the operands; the result is pushed. Returns the last item. */
static struct item *add_general_operator(struct emitter *emitter, const struct arithmetic *choice,
                                         const struct operand *a, const struct operand *b)
{
    protect_locals(emitter);
    struct item *item = emitter_add(emitter, choice->slow.family[ownership(a, b)]);
    item->holes[HOLE_H_N] = choice->slow.number;
    item->holes[HOLE_H_D] = choice->slow.destination;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_register(emitter);
    return end_escape(emitter, emitter->current + 1);
}

/* x and y are the operands. What NUMBERS or NUMBERS_TO_LOCAL cannot do comes to the end of the cold part. */
static struct item *add_numbers(struct emitter *emitter, int template, const struct arithmetic *choice,
                                const struct operand *a, const struct operand *b)
{
    struct item *item = emitter_add(emitter, template);
    const struct number_functions *functions = ops_number_functions(choice->op);
    item->handler = template == TEMPLATE_NUMBERS ? (const void *)functions->binary : (const void *)functions->assign;
    item->holes[HOLE_H_M] = owned_operands(a, b);
    item->labels[LABEL_SLOW] = emitter_new_label(emitter);
    return item;
}

static void add_numbers_to_local(struct emitter *emitter, const struct arithmetic *choice, const struct operand *a,
                                 const struct operand *b, int done)
{
    struct item *item = add_numbers(emitter, TEMPLATE_NUMBERS_TO_LOCAL, choice, a, b);
    item->holes[HOLE_H_D] = emitter_local(choice->stores_to);
    item->labels[LABEL_CONT] = done;
    emitter_bind(emitter, item->labels[LABEL_SLOW]);
}

/* No numbers: x and y are the operands, the result is pushed. Strings and the like are added without an escape, unless the sum may grow in
 * place. */
static void concatenate(struct emitter *emitter, const struct arithmetic *choice, const struct operand *a,
                        const struct operand *b)
{
    if (choice->op != NB_ADD || choice->slow.destination != 0) {
        add_general_operator(emitter, choice, a, b);
        return;
    }
    int general = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_PLAIN_PAIR);
    item->handler = (const void *)rt_plain_concatenate;
    item->holes[HOLE_H_M] = owned_operands(a, b);
    item->labels[LABEL_SLOW] = general;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, general);
    add_general_operator(emitter, choice, a, b)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* The chain without a store: the result is pushed. */
static void push_result(struct emitter *emitter, const struct arithmetic *choice, enum pair pair,
                        const struct operand *a, const struct operand *b)
{
    if (choice->first == NULL) {
        add_pair(emitter, load_pair, pair, a, b);
        if (!choice->numbers) {
            concatenate(emitter, choice, a, b);
            return;
        }
        int general = add_numbers(emitter, TEMPLATE_NUMBERS, choice, a, b)->labels[LABEL_SLOW];
        int back = label_here(emitter);
        emitter->in_cold = true;
        emitter_bind(emitter, general);
        add_general_operator(emitter, choice, a, b)->labels[LABEL_CONT] = back;
        emitter->in_cold = false;
        return;
    }
    int slow = emitter_new_label(emitter);
    add_arithmetic(emitter, choice->first->result[pair], choice, a, b, slow);
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    if (choice->second != NULL) {
        int slower = emitter_new_label(emitter);
        add_arithmetic(emitter, choice->second->result[pair], choice, a, b, slower)->labels[LABEL_CONT] = back;
        emitter_bind(emitter, slower);
    }
    add_pair(emitter, load_pair, pair, a, b);
    struct item *item = add_numbers(emitter, TEMPLATE_NUMBERS, choice, a, b);
    item->labels[LABEL_CONT] = back;
    emitter_bind(emitter, item->labels[LABEL_SLOW]);
    add_general_operator(emitter, choice, a, b)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

void add_store_behind(struct emitter *emitter, int local, int done)
{
    int number = emitter->current;
    int dead = emitter_new_label(emitter);
    assert(emitter->in_cold);
    stack_pop(emitter);
    emitter->current = number + 1;
    struct item *item = emitter_add(emitter, TEMPLATE_STORE_FAST_R);
    item->holes[HOLE_H_D] = emitter_local(local);
    item->labels[LABEL_FREE] = dead;
    item->labels[LABEL_CONT] = done;
    emitter_bind(emitter, dead);
    protect_locals(emitter);
    end_with_deallocation(emitter, number + 2)->labels[LABEL_CONT] = done;
    emitter->current = number;
}

int add_range_to_local(struct emitter *emitter, int64_t iterator, int local, int end)
{
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_FOR_ITER_RANGE_TO_LOCAL);
    item->holes[HOLE_H_A] = iterator;
    item->holes[HOLE_H_D] = emitter_local(local);
    item->labels[LABEL_JUMP] = end;
    item->labels[LABEL_SLOW] = slow;
    int done = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    return done;
}

/* The chain that overwrites a local: in place (in C when there is no template) in the hot part; result and store one by one in the cold
 * part. The store, which is the next instruction, is done then. */
static void store_result(struct emitter *emitter, const struct arithmetic *choice, int in_place, enum pair pair,
                         const struct operand *a, const struct operand *b)
{
    int number = emitter->current;
    bool left_is_destination = a->place == PLACE_LOCAL && a->local == choice->stores_to;
    int store = emitter_new_label(emitter);
    int back = emitter_new_label(emitter);
    int general;
    if (in_place < 0) {
        add_pair(emitter, load_pair, pair, a, b);
        struct item *item = add_numbers(emitter, TEMPLATE_NUMBERS_TO_LOCAL, choice, a, b);
        item->holes[HOLE_H_D] = emitter_local(choice->stores_to);
        general = item->labels[LABEL_SLOW];
    } else {
        general = emitter_new_label(emitter);
        add_arithmetic(emitter, in_place, choice, a, b, general);
    }
    emitter_bind(emitter, back);
    emitter->in_cold = true;
    emitter_bind(emitter, general);
    if (in_place >= 0) {
        general = emitter_new_label(emitter);
        add_arithmetic(emitter, choice->first->result[pair], choice, a, b, general)->labels[LABEL_CONT] = store;
        emitter_bind(emitter, general);
        if (choice->second != NULL) {
            general = emitter_new_label(emitter);
            in_place = in_place_template(choice->second, pair, left_is_destination);
            add_arithmetic(emitter, in_place, choice, a, b, general)->labels[LABEL_CONT] = back;
            emitter_bind(emitter, general);
            general = emitter_new_label(emitter);
            add_arithmetic(emitter, choice->second->result[pair], choice, a, b, general)->labels[LABEL_CONT] = store;
            emitter_bind(emitter, general);
        }
        add_pair(emitter, load_pair, pair, a, b);
        add_numbers_to_local(emitter, choice, a, b, back);
    }
    add_general_operator(emitter, choice, a, b)->labels[LABEL_CONT] = store;
    emitter_bind(emitter, store);
    add_store_behind(emitter, choice->stores_to, back);
    emitter->in_cold = false;
    emitter->current = number + 1; /* the store is done */
}

void select_binary_op(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_BINARY_OP);
    static four_family store_family = OWNERSHIPS(SLOW_ADD_AND_STORE);
    const struct instruction *instruction = at(emitter, emitter->current);
    const struct instruction *next = instruction + 1;
    bool stored = next->opcode == STORE_FAST && !next->is_leader &&
                  !(emitter->in_fallback && emitter->fallback.labels[emitter->current + 1] != NO_LABEL);
    struct arithmetic choice = {.op = instruction->oparg, .stores_to = -1};
    choice.slow = (struct slow_call){.family = slow_family, .number = choice.op};
    choose_templates(emitter, &choice);

    struct operand a, b;
    enum pair pair = pop_pair(emitter, &a, &b);
    stack_free_register(emitter);
    bool left_is_destination = stored && a.place == PLACE_LOCAL && a.local == next->oparg;
    /* `s += t`: str operands are extended in place when the local that is stored to holds the left one, which may have come to its
     * slot because the right one took a branch. */
    if ((choice.op == NB_ADD || choice.op == NB_INPLACE_ADD) && stored &&
        (left_is_destination || a.place == PLACE_SLOT)) {
        choice.slow.family = store_family;
        choice.slow.destination = emitter_local(next->oparg);
    }
    if (stored && choice.numbers) {
        int in_place = choice.first != NULL ? in_place_template(choice.first, pair, left_is_destination) : -1;
        if (in_place >= 0 || choice.first == NULL) {
            choice.stores_to = next->oparg;
            stack_spill_local(emitter, next->oparg);
            store_result(emitter, &choice, in_place, pair, &a, &b);
            return;
        }
    }
    push_result(emitter, &choice, pair, &a, &b);
}

/* ---- Unary operators --------------------------------------------------------------------------------------------- */

void select_unary(struct emitter *emitter)
{
    /* L, S, R: there is nothing to be done for constants at run time. */
    static const uint16_t negate_int[4] = {TEMPLATE_NEGATE_INT_L, 0, TEMPLATE_NEGATE_INT_S, TEMPLATE_NEGATE_INT_R};
    static const uint16_t invert_int[4] = {TEMPLATE_INVERT_INT_L, 0, TEMPLATE_INVERT_INT_S, TEMPLATE_INVERT_INT_R};
    static const uint16_t negate_float[4] = {TEMPLATE_NEGATE_FLOAT_L, 0, TEMPLATE_NEGATE_FLOAT_S,
                                             TEMPLATE_NEGATE_FLOAT_R};
    static four_family operand_family = PLACES(OPERAND_TO_X);
    int opcode = at(emitter, emitter->current)->opcode;
    struct operand value = stack_pop(emitter);
    stack_free_register(emitter);
    if (value.place == PLACE_CONSTANT) {
        stack_take(emitter, &value);
    }
    int kind = place_index(&value);
    int fast[2] = {opcode == UNARY_NEGATIVE ? negate_int[kind] : invert_int[kind], negate_float[kind]};
    int back = emitter_new_label(emitter);
    for (int i = 0; i < (opcode == UNARY_NEGATIVE ? 2 : 1); i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, fast[i]);
        set_operand(emitter, item, &value, false);
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_CONT] = back;
        if (i == 0) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, slower);
    }
    set_operand(emitter, emitter_add(emitter, operand_family[kind]), &value, false);
    int general = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_NUMBER_UNARY);
    item->holes[HOLE_H_N] = opcode;
    item->holes[HOLE_H_M] = is_owned(&value);
    item->labels[LABEL_SLOW] = general;
    item->labels[LABEL_CONT] = back;
    emitter_bind(emitter, general);
    protect_locals(emitter);
    item = emitter_add(emitter, is_owned(&value) ? TEMPLATE_SLOW_UNARY_O : TEMPLATE_SLOW_UNARY_B);
    item->holes[HOLE_H_N] = opcode;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* ---- Stores into locals --------------------------------------------------------------------------------------------- */

void select_store_fast(struct emitter *emitter)
{
    static four_family family = PLACES(STORE_FAST);
    int local = at(emitter, emitter->current)->oparg;
    struct operand value = stack_pop(emitter);
    if (value.place == PLACE_LOCAL && value.local == local) {
        return;
    }
    stack_spill_local(emitter, local);
    static four_family any_family = PLACES(STORE_ANY);
    struct item *item = emitter_add(emitter, (emitter->has_arithmetic ? family : any_family)[place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->holes[HOLE_H_D] = emitter_local(local);
    item->labels[LABEL_FREE] = free_path(emitter, label_here(emitter), emitter->current + 1);
}
