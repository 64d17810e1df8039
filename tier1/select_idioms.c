/* tier1/select_idioms.c: sequences of instructions on locals that are one operation: counting in a dict, adding to an item, grouping in lists.
 *
 * The operation is done where it runs no code, in one look-up; otherwise the instructions are carried out one by one by the fallback code
 * (fallback.c).
 */
#include "tier1/select_calls.h"

enum { LONGEST_IDIOM = 12 };

/* One instruction of a sequence: the opcode, and its oparg, or what has to be said about it. */
struct step {
    uint8_t opcode;
    int8_t oparg; /* or one of these: */
};
enum {
    ANY_OPARG = -1,
    CONTAINER = -2,
    KEY = -3,
    VALUE = -4,
    NAME_GET = -5,
    NAME_SETDEFAULT = -6,
    NAME_APPEND = -7,
    CONSTANT = -8,
    ADDITION = -9,
};

struct idiom {
    int length;
    struct step steps[LONGEST_IDIOM];
};

static const struct idiom count_idiom = {11,
                                         {{LOAD_FAST, CONTAINER},
                                          {LOAD_METHOD, NAME_GET},
                                          {LOAD_FAST, KEY},
                                          {LOAD_CONST, CONSTANT},
                                          {PRECALL, ANY_OPARG},
                                          {CALL, 2},
                                          {LOAD_CONST, CONSTANT},
                                          {BINARY_OP, ADDITION},
                                          {LOAD_FAST, CONTAINER},
                                          {LOAD_FAST, KEY},
                                          {STORE_SUBSCR, ANY_OPARG}}};
static const struct idiom augment_constant_idiom = {10,
                                                    {{LOAD_FAST, CONTAINER},
                                                     {LOAD_FAST, KEY},
                                                     {COPY, 2},
                                                     {COPY, 2},
                                                     {BINARY_SUBSCR, ANY_OPARG},
                                                     {LOAD_CONST, CONSTANT},
                                                     {BINARY_OP, ADDITION},
                                                     {SWAP, 3},
                                                     {SWAP, 2},
                                                     {STORE_SUBSCR, ANY_OPARG}}};
static const struct idiom augment_local_idiom = {10,
                                                 {{LOAD_FAST, CONTAINER},
                                                  {LOAD_FAST, KEY},
                                                  {COPY, 2},
                                                  {COPY, 2},
                                                  {BINARY_SUBSCR, ANY_OPARG},
                                                  {LOAD_FAST, VALUE},
                                                  {BINARY_OP, ADDITION},
                                                  {SWAP, 3},
                                                  {SWAP, 2},
                                                  {STORE_SUBSCR, ANY_OPARG}}};
static const struct idiom append_idiom = {11,
                                          {{LOAD_FAST, CONTAINER},
                                           {LOAD_METHOD, NAME_SETDEFAULT},
                                           {LOAD_FAST, KEY},
                                           {BUILD_LIST, 0},
                                           {PRECALL, ANY_OPARG},
                                           {CALL, 2},
                                           {LOAD_METHOD, NAME_APPEND},
                                           {LOAD_FAST, VALUE},
                                           {PRECALL, ANY_OPARG},
                                           {CALL, 1},
                                           {POP_TOP, ANY_OPARG}}};

/* What a sequence was found to be about. */
struct match {
    int container, key, value; /* locals, or -1 */
    PyObject *constants[2];    /* in their order */
    int constant_count;
    int op; /* of the BINARY_OP, NB_* */
};

static bool is_name(const struct emitter *emitter, int index, const char *name)
{
    return _PyUnicode_EqualToASCIIString(name_at(emitter, index), name);
}

static bool is_local(const struct instruction *instruction, int *local)
{
    int number = instruction->oparg;
    if (number >= BYTECODE_TRACKED_LOCALS || !(instruction->bound >> number & 1) ||
        (*local >= 0 && *local != number)) {
        return false;
    }
    *local = number;
    return true;
}

static bool fits(const struct emitter *emitter, const struct instruction *instruction, int oparg, struct match *match)
{
    switch (oparg) {
    case ANY_OPARG:
        return true;
    case CONTAINER:
        return is_local(instruction, &match->container);
    case KEY:
        return is_local(instruction, &match->key);
    case VALUE:
        return is_local(instruction, &match->value);
    case NAME_GET:
        return is_name(emitter, instruction->oparg, "get");
    case NAME_SETDEFAULT:
        return is_name(emitter, instruction->oparg, "setdefault");
    case NAME_APPEND:
        return is_name(emitter, instruction->oparg, "append");
    case CONSTANT: {
        PyObject *constant = PyTuple_GET_ITEM(emitter->bytecode.code->co_consts, instruction->oparg);
        match->constants[match->constant_count++] = constant;
        return PyLong_CheckExact(constant) || PyFloat_CheckExact(constant);
    }
    case ADDITION:
        match->op = instruction->oparg >= NB_INPLACE_ADD ? instruction->oparg - NB_INPLACE_ADD : instruction->oparg;
        return match->op == NB_ADD || match->op == NB_SUBTRACT;
    default:
        return instruction->oparg == oparg;
    }
}

static bool matches(const struct emitter *emitter, const struct idiom *idiom, struct match *match)
{
    int first = emitter->current;
    *match = (struct match){.container = -1, .key = -1, .value = -1};
    if (first + idiom->length > emitter->bytecode.count) {
        return false;
    }
    for (int i = 0; i < idiom->length; i++) {
        const struct instruction *instruction = at(emitter, first + i);
        if (instruction->opcode != idiom->steps[i].opcode || (i > 0 && instruction->is_leader) ||
            !fits(emitter, instruction, idiom->steps[i].oparg, match)) {
            return false;
        }
    }
    return true;
}

static void add_idiom(struct emitter *emitter, int template, const struct match *match, int length)
{
    stack_save_raw(emitter);
    emitter->float_locals = emitter->int_locals = 0;
    struct item *item = emitter_add(emitter, template);
    item->holes[HOLE_H_A] = emitter_local(match->container);
    item->holes[HOLE_H_B] = emitter_local(match->key);
    item->holes[HOLE_H_C] = match->value >= 0 ? emitter_local(match->value) : 0;
    item->holes[HOLE_H_N] = match->op == NB_SUBTRACT;
    item->quads[HOLE_Q_A] = (int64_t)(uintptr_t)match->constants[0];
    item->quads[HOLE_Q_B] = (int64_t)(uintptr_t)match->constants[1];
    int slow = emitter_new_label(emitter);
    item->labels[LABEL_SLOW] = slow;
    fallback_exit(emitter, slow);
    emitter->current += length - 1;
}

/* Is the container of c[k] += operand, with BINARY_SUBSCR at instruction `number`, likely to be a dict? */
static bool augments_dict(const struct emitter *emitter, int number)
{
    int specialised = at(emitter, number)->specialised;
    return specialised == BINARY_SUBSCR_DICT || specialised == BINARY_SUBSCR || specialised == BINARY_SUBSCR_ADAPTIVE;
}

bool select_idiom(struct emitter *emitter)
{
    int number = emitter->current;
    struct match match;
    if (at(emitter, number)->opcode != LOAD_FAST || number + 1 >= emitter->bytecode.count || emitter->in_fallback ||
        emitter->counts != NULL || emitter->no_forwarding || emitter->depth >= BYTECODE_TRACKED_LOCALS) {
        return false;
    }
    switch (at(emitter, number + 1)->opcode) {
    case LOAD_METHOD:
        if (matches(emitter, &count_idiom, &match) && match.op == NB_ADD) {
            add_idiom(emitter, TEMPLATE_IDIOM_COUNT, &match, count_idiom.length);
            return true;
        }
        if (matches(emitter, &append_idiom, &match)) {
            add_idiom(emitter, TEMPLATE_IDIOM_APPEND_AT, &match, append_idiom.length);
            return true;
        }
        return false;
    case LOAD_FAST:
        if (matches(emitter, &augment_constant_idiom, &match) && augments_dict(emitter, number + 4)) {
            add_idiom(emitter, TEMPLATE_IDIOM_AUGMENT_C, &match, augment_constant_idiom.length);
            return true;
        }
        if (matches(emitter, &augment_local_idiom, &match) && augments_dict(emitter, number + 4)) {
            add_idiom(emitter, TEMPLATE_IDIOM_AUGMENT_L, &match, augment_local_idiom.length);
            return true;
        }
        return false;
    default:
        return false;
    }
}
