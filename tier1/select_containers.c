/* tier1/select_containers.c: selects subscripts, slices, unpacking, displays and comprehensions' additions. */
#include "tier1/select_calls.h"

#include "runtime/iterators.h"
#include "runtime/ops.h"
#include "runtime/plain.h"

/* ---- Any two operands in x and y ------------------------------------------------------------------------- */

/* PLAIN_OWNS_* of a container and a key. */
static int plain_ownership(const struct operand *container, const struct operand *key)
{
    return (is_owned(container) ? PLAIN_OWNS_CONTAINER : 0) | (is_owned(key) ? PLAIN_OWNS_KEY : 0);
}

/* Loads two popped operands, wherever they are; they stay what they are. */
static void load_any_pair(struct emitter *emitter, const struct operand *a, const struct operand *b)
{
    static const uint16_t table[4][4] = {
        {TEMPLATE_PAIR_LL, TEMPLATE_PAIR_LC, TEMPLATE_PAIR_LS, TEMPLATE_PAIR_LR},
        {TEMPLATE_PAIR_CL, TEMPLATE_PAIR_CC, TEMPLATE_PAIR_CS, TEMPLATE_PAIR_CR},
        {TEMPLATE_PAIR_SL, TEMPLATE_PAIR_SC, TEMPLATE_PAIR_SS, TEMPLATE_PAIR_SR},
        {TEMPLATE_PAIR_RL, TEMPLATE_PAIR_RC, TEMPLATE_PAIR_RS, 0},
    };
    struct item *item = emitter_add(emitter, table[place_index(a)][place_index(b)]);
    set_operand(emitter, item, a, false);
    set_operand(emitter, item, b, true);
}

static bool is_constant_of(const struct operand *operand, PyTypeObject *type)
{
    return operand->place == PLACE_CONSTANT && Py_IS_TYPE(operand->constant, type);
}

/* Is instruction `number` reached only from the one before it, under the same exception handler? */
static bool follows_only(const struct emitter *emitter, int number)
{
    const struct instruction *instruction = at(emitter, number);
    const struct instruction *previous = at(emitter, number - 1);
    return !instruction->is_leader && instruction->handler == previous->handler &&
           instruction->handler_depth == previous->handler_depth &&
           instruction->handler_lasti == previous->handler_lasti;
}

/* ---- Subscripts ------------------------------------------------------------------------------------------- */

enum { MOST_INLINE_SUBSCRIPTS = 2 };

/* What is tried in line, the likeliest first. Returns how many. */
static int choose_subscripts(const struct emitter *emitter, const uint16_t *families[MOST_INLINE_SUBSCRIPTS])
{
    static pair_family list_family = PAIRS(SUBSCRIPT_LIST);
    static pair_family tuple_family = PAIRS(SUBSCRIPT_TUPLE);
    static pair_family str_family = PAIRS(SUBSCRIPT_STR);
    const struct operand *container = &emitter->stack[emitter->depth - 2];
    const struct operand *key = &emitter->stack[emitter->depth - 1];
    int64_t constant;
    if (key->place == PLACE_CONSTANT && !is_short_constant(key, &constant)) {
        return 0;
    }
    if (container->place == PLACE_CONSTANT) {
        families[0] = is_constant_of(container, &PyUnicode_Type) ? str_family
                      : is_constant_of(container, &PyTuple_Type) ? tuple_family
                                                                 : list_family;
        return 1;
    }
    switch (at(emitter, emitter->current)->specialised) {
    case BINARY_SUBSCR_LIST_INT:
        families[0] = list_family;
        return 1;
    case BINARY_SUBSCR_TUPLE_INT:
        families[0] = tuple_family;
        families[1] = list_family;
        return 2;
    case BINARY_SUBSCR_DICT:
    case BINARY_SUBSCR_GETITEM:
        return 0;
    case BINARY_SUBSCR_ADAPTIVE:
        /* Tier 0 has a form for lists and tuples, and has not taken it. */
        families[0] = str_family;
        families[1] = list_family;
        return 2;
    default:
        families[0] = list_family;
        families[1] = str_family;
        return 2;
    }
}

void select_subscript(struct emitter *emitter)
{
    static four_family slow_family = OWNERSHIPS(SLOW_SUBSCRIPT);
    const uint16_t *families[MOST_INLINE_SUBSCRIPTS];
    int count = choose_subscripts(emitter, families);
    int specialised = at(emitter, emitter->current)->specialised;
    const struct operand *key = &emitter->stack[emitter->depth - 1];
    bool dict = specialised == BINARY_SUBSCR_DICT || is_constant_of(key, &PyUnicode_Type);
    struct operand a, b;
    enum pair pair = pop_pair(emitter, &a, &b);
    stack_free_register(emitter);
    int back = emitter_new_label(emitter);
    int64_t constant = 0;
    (void)is_short_constant(&b, &constant);
    for (int i = 0; i < count; i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = add_pair(emitter, families[i], pair, &a, &b);
        item->holes[HOLE_H_I] = constant;
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_CONT] = back;
        if (i == 0) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, slower);
    }
    add_pair(emitter, load_pair, pair, &a, &b);
    if (specialised != BINARY_SUBSCR_GETITEM) {
        int general = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, TEMPLATE_NUMBERS);
        item->handler = dict ? (const void *)rt_plain_dict_subscript : (const void *)rt_plain_subscript;
        item->holes[HOLE_H_M] = plain_ownership(&a, &b);
        item->labels[LABEL_SLOW] = general;
        item->labels[LABEL_CONT] = back;
        if (!emitter->in_cold) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, general);
    }
    protect_locals(emitter);
    emitter_add(emitter, slow_family[ownership(&a, &b)])->labels[LABEL_ERROR] = stub_error(emitter, true);
    stack_push_register(emitter);
    struct item *item = end_escape(emitter, emitter->current + 1);
    if (emitter->in_cold) {
        item->labels[LABEL_CONT] = back;
        emitter->in_cold = false;
    } else {
        emitter_bind(emitter, back);
    }
}

void select_store_subscript(struct emitter *emitter)
{
    static four_family list_family = PLACES(STORE_SUBSCRIPT_LIST);
    static four_family plain_family = PLACES(PLAIN_STORE);
    static four_family slow_family = PLACES(SLOW_STORE_SUBSCRIPT);
    struct operand key = stack_pop(emitter);
    struct operand container = stack_pop(emitter);
    struct operand value = stack_pop(emitter);
    int specialised = at(emitter, emitter->current)->specialised;
    bool list = specialised != STORE_SUBSCR_DICT && (key.place != PLACE_CONSTANT || PyLong_CheckExact(key.constant));
    int next = emitter->current + 1;
    int kind = place_index(&value);
    load_any_pair(emitter, &container, &key);
    /* The chain; what stands in the register and is no operand of this stays there. */
    int fast[2] = {list ? list_family[kind] : plain_family[kind], plain_family[kind]};
    int back = emitter_new_label(emitter);
    int free = emitter_new_label(emitter);
    for (int i = list ? 0 : 1; i < 2; i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, fast[i]);
        set_operand(emitter, item, &value, false);
        item->holes[HOLE_H_M] = plain_ownership(&container, &key) | (is_owned(&value) ? PLAIN_OWNS_VALUE : 0);
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_FREE] = free;
        item->labels[LABEL_CONT] = back;
        if (!emitter->in_cold) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, slower);
    }
    protect_locals(emitter);
    struct item *item = emitter_add(emitter, slow_family[kind]);
    set_operand(emitter, item, &value, false);
    item->holes[HOLE_H_M] = plain_ownership(&container, &key);
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    int escaped = emitter_new_label(emitter);
    emitter_bind(emitter, escaped);
    end_escape(emitter, next)->labels[LABEL_CONT] = back;
    emitter_bind(emitter, free);
    protect_locals(emitter);
    emitter_add(emitter, TEMPLATE_DEALLOCATE)->labels[LABEL_CONT] = escaped;
    emitter->in_cold = false;
}

/* ---- Slices --------------------------------------------------------------------------------------------------- */

/* The step of a BUILD_SLICE, in *step; false where it is not a small int's singleton. */
static bool constant_step(const struct emitter *emitter, int parts, int64_t *step)
{
    *step = 1;
    return parts == 2 || (is_short_constant(&emitter->stack[emitter->depth - 1], step) && *step != 0 &&
                          *step >= -_PY_NSMALLNEGINTS && *step < _PY_NSMALLPOSINTS);
}

/* BUILD_SLICE with the BINARY_SUBSCR that follows: no slice object is made. */
static void select_slice(struct emitter *emitter, int parts, int64_t step)
{
    static four_family plain_family = PLACES(PLAIN_SLICE);
    static four_family slow_family = PLACES(SLOW_SLICE);
    if (parts == 3) {
        struct operand dropped = stack_pop(emitter);
        assert(dropped.place == PLACE_CONSTANT);
        (void)dropped;
    }
    struct operand stop = stack_pop(emitter);
    struct operand start = stack_pop(emitter);
    struct operand container = stack_pop(emitter);
    emitter->current++;
    int kind = place_index(&container);
    int owned = (is_owned(&container) ? PLAIN_OWNS_CONTAINER : 0) | (is_owned(&start) ? PLAIN_OWNS_KEY : 0) |
                (is_owned(&stop) ? PLAIN_OWNS_VALUE : 0);
    stack_free_register(emitter);
    load_any_pair(emitter, &start, &stop);
    int back = NO_LABEL;
    for (int slow = 0; slow < 2; slow++) {
        struct item *item = emitter_add(emitter, slow ? slow_family[kind] : plain_family[kind]);
        set_operand(emitter, item, &container, false);
        item->holes[HOLE_H_I] = step;
        item->holes[HOLE_H_M] = owned;
        item->holes[HOLE_H_N] = parts;
        if (slow) {
            item->labels[LABEL_ERROR] = stub_error(emitter, true);
            break;
        }
        item->labels[LABEL_SLOW] = emitter_new_label(emitter);
        int slow_label = item->labels[LABEL_SLOW];
        back = label_here(emitter);
        emitter->in_cold = true;
        emitter_bind(emitter, slow_label);
        protect_locals(emitter);
    }
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* BUILD_SLICE with the STORE_SUBSCR that follows. */
static void select_store_slice(struct emitter *emitter)
{
    for (int i = 1; i <= 4; i++) {
        stack_spill(emitter, &emitter->stack[emitter->depth - i]);
    }
    emitter->depth -= 4;
    emitter->current++;
    protect_locals(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_STORE_SLICE);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    end_escape(emitter, emitter->current + 1);
}

void select_build_slice(struct emitter *emitter)
{
    int parts = at(emitter, emitter->current)->oparg;
    const struct instruction *next = at(emitter, emitter->current + 1);
    int64_t step;
    bool follows = follows_only(emitter, emitter->current + 1);
    if (follows && next->opcode == BINARY_SUBSCR && constant_step(emitter, parts, &step)) {
        select_slice(emitter, parts, step);
    } else if (follows && next->opcode == STORE_SUBSCR && parts == 2) {
        select_store_slice(emitter);
    } else {
        select_handler(emitter);
    }
}

/* ---- Unpacking --------------------------------------------------------------------------------------------------------- */

void select_unpack_sequence(struct emitter *emitter)
{
    static const uint16_t by_count[2][2][3] = {
        {{TEMPLATE_UNPACK_TUPLE_2_R, TEMPLATE_UNPACK_TUPLE_3_R, TEMPLATE_UNPACK_TUPLE_R},
         {TEMPLATE_UNPACK_LIST_2_R, TEMPLATE_UNPACK_LIST_3_R, TEMPLATE_UNPACK_LIST_R}},
        {{TEMPLATE_UNPACK_TUPLE_2_L, TEMPLATE_UNPACK_TUPLE_3_L, TEMPLATE_UNPACK_TUPLE_L},
         {TEMPLATE_UNPACK_LIST_2_L, TEMPLATE_UNPACK_LIST_3_L, TEMPLATE_UNPACK_LIST_L}},
    };
    const struct instruction *instruction = at(emitter, emitter->current);
    int count = instruction->oparg;
    if (count == 0) {
        select_handler(emitter);
        return;
    }
    struct operand sequence = stack_pop(emitter);
    stack_free_register(emitter);
    if (sequence.place != PLACE_LOCAL) {
        stack_take(emitter, &sequence);
    }
    bool local = sequence.place == PLACE_LOCAL;
    bool list = instruction->specialised == UNPACK_SEQUENCE_LIST;
    int64_t slot = emitter_slot(emitter, sequence.index);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, by_count[local][list][count == 2 ? 0 : count == 3 ? 1 : 2]);
    set_operand(emitter, item, &sequence, false);
    item->holes[HOLE_H_D] = slot;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    if (local) {
        stack_take(emitter, &sequence);
    }
    int general = emitter_new_label(emitter);
    int take = emitter_new_label(emitter);
    item = emitter_add(emitter, TEMPLATE_UNPACK_PLAIN);
    item->holes[HOLE_H_D] = slot;
    item->labels[LABEL_SLOW] = general;
    item->labels[LABEL_CONT] = take;
    emitter_bind(emitter, general);
    protect_locals(emitter);
    emitter_add(emitter, TEMPLATE_SPILL_R)->holes[HOLE_H_D] = slot;
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = (const void *)op_UNPACK_SEQUENCE;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    for (int i = 0; i < count; i++) {
        stack_push_slot(emitter);
    }
    end_escape(emitter, emitter->current + 1);
    emitter_bind(emitter, take);
    item = emitter_add(emitter, TEMPLATE_TAKE_S);
    item->holes[HOLE_H_A] = emitter_slot(emitter, emitter->depth - 1);
    item->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
    stack_pop(emitter);
    stack_push_register(emitter);
}

/* ---- Building ------------------------------------------------------------------------------------------------------------- */

/* The top `count` operands, in their slots, make a new object. `plain` makes it where that runs no other code, else the opcode's handler. */
static void build(struct emitter *emitter, int count, const void *plain, const void *handler)
{
    for (int i = 1; i <= count; i++) {
        stack_spill(emitter, &emitter->stack[emitter->depth - i]);
    }
    emitter->depth -= count;
    stack_free_register(emitter);
    int64_t first = emitter_slot(emitter, emitter->depth);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_PLAIN_BUILD);
    item->handler = plain;
    item->holes[HOLE_H_D] = first;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    protect_locals(emitter);
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = handler;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    emitter_add(emitter, TEMPLATE_TAKE_S)->holes[HOLE_H_A] = first;
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

bool select_building(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    int count = instruction->oparg;
    switch (instruction->opcode) {
    case BUILD_TUPLE:
        build(emitter, count, (const void *)rt_plain_tuple, (const void *)op_BUILD_TUPLE);
        return true;
    case BUILD_LIST:
        build(emitter, count, (const void *)rt_plain_list, (const void *)op_BUILD_LIST);
        return true;
    case BUILD_SET:
        build(emitter, count, (const void *)rt_plain_set, (const void *)op_BUILD_SET);
        return true;
    case BUILD_MAP:
        build(emitter, 2 * count, (const void *)rt_plain_map, (const void *)op_BUILD_MAP);
        return true;
    case BUILD_CONST_KEY_MAP:
        build(emitter, count + 1, (const void *)rt_plain_const_key_map, (const void *)op_BUILD_CONST_KEY_MAP);
        return true;
    case BUILD_STRING:
        build(emitter, count, (const void *)rt_plain_join, (const void *)op_BUILD_STRING);
        return true;
    default:
        return false;
    }
}

/* ---- Adding to what is being built ----------------------------------------------------------------------------------------- */

void select_list_append(struct emitter *emitter)
{
    static four_family append_family = PLACES(LIST_APPEND);
    static four_family grow_family = PLACES(LIST_GROW);
    struct operand item_operand = stack_pop(emitter);
    struct operand *list = &emitter->stack[emitter->depth - at(emitter, emitter->current)->oparg];
    stack_spill(emitter, list);
    int kind = place_index(&item_operand);
    int slow = emitter_new_label(emitter);
    int back = NO_LABEL;
    for (int grow = 0; grow < 2; grow++) {
        struct item *item = emitter_add(emitter, grow ? grow_family[kind] : append_family[kind]);
        set_operand(emitter, item, &item_operand, false);
        item->holes[HOLE_H_D] = emitter_slot(emitter, list->index);
        if (grow) {
            item->labels[LABEL_ERROR] = stub_error(emitter, false);
            item->labels[LABEL_CONT] = back;
            break;
        }
        item->labels[LABEL_SLOW] = slow;
        back = label_here(emitter);
        emitter->in_cold = true;
        emitter_bind(emitter, slow);
    }
    emitter->in_cold = false;
}

/* SET_ADD and MAP_ADD, whose handlers want their operands, `a` and perhaps `b`, in their slots. */
static void add_to_display(struct emitter *emitter, int count, int template, const void *handler)
{
    static four_family operand_family = PLACES(OPERAND_TO_X);
    struct operand b = stack_pop(emitter);
    struct operand a = count == 2 ? stack_pop(emitter) : b;
    struct operand *container = &emitter->stack[emitter->depth - at(emitter, emitter->current)->oparg];
    stack_spill(emitter, container);
    int64_t slot = emitter_slot(emitter, container->index);
    int owned = is_owned(&a) ? PLAIN_OWNS_KEY : 0;
    if (count == 2) {
        owned |= is_owned(&b) ? PLAIN_OWNS_VALUE : 0;
        load_any_pair(emitter, &a, &b);
    } else {
        set_operand(emitter, emitter_add(emitter, operand_family[place_index(&a)]), &a, false);
    }
    int slow = emitter_new_label(emitter);
    int free = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, template);
    item->holes[HOLE_H_D] = slot;
    item->holes[HOLE_H_M] = owned;
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_FREE] = free;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    stack_spill(emitter, &a);
    if (count == 2) {
        stack_spill(emitter, &b);
    }
    protect_locals(emitter);
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = handler;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    int escaped = emitter_new_label(emitter);
    emitter_bind(emitter, escaped);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter_bind(emitter, free);
    if (count == 2) {
        protect_locals(emitter);
        emitter_add(emitter, TEMPLATE_DEALLOCATE)->labels[LABEL_CONT] = escaped;
    }
    emitter->in_cold = false;
}

void select_set_add(struct emitter *emitter)
{
    add_to_display(emitter, 1, TEMPLATE_PLAIN_SET_ADD, (const void *)op_SET_ADD);
}

void select_map_add(struct emitter *emitter)
{
    add_to_display(emitter, 2, TEMPLATE_PLAIN_MAP_ADD, (const void *)op_MAP_ADD);
}

/* ---- One operand, one result -------------------------------------------------------------------------------------------------- */

/* `plain` where that runs no other code, else the opcode's handler. */
static void plain_unary(struct emitter *emitter, const void *plain, const void *handler)
{
    static four_family operand_family = PLACES(OPERAND_TO_X);
    struct operand value = stack_pop(emitter);
    stack_free_register(emitter);
    set_operand(emitter, emitter_add(emitter, operand_family[place_index(&value)]), &value, false);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_PLAIN_UNARY);
    item->handler = plain;
    item->holes[HOLE_H_M] = is_owned(&value) ? PLAIN_OWNS_CONTAINER : 0;
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    stack_spill(emitter, &value);
    protect_locals(emitter);
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = handler;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    emitter_add(emitter, TEMPLATE_TAKE_S)->holes[HOLE_H_A] = emitter_slot(emitter, emitter->depth);
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

void select_iterator(struct emitter *emitter)
{
    plain_unary(emitter, (const void *)rt_plain_iterator, (const void *)op_GET_ITER);
}

/* With a specification: value and specification in x and y. */
static void format_with_specification(struct emitter *emitter)
{
    struct operand specification = stack_pop(emitter);
    struct operand value = stack_pop(emitter);
    stack_free_register(emitter);
    load_any_pair(emitter, &value, &specification);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_PLAIN_PAIR);
    item->handler = (const void *)rt_plain_format_with;
    item->holes[HOLE_H_M] = plain_ownership(&value, &specification);
    item->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    stack_spill(emitter, &value);
    stack_spill(emitter, &specification);
    protect_locals(emitter);
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = (const void *)op_FORMAT_VALUE;
    item->labels[LABEL_ERROR] = stub_error(emitter, true);
    emitter_add(emitter, TEMPLATE_TAKE_S)->holes[HOLE_H_A] = emitter_slot(emitter, emitter->depth);
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

void select_format_value(struct emitter *emitter)
{
    switch (at(emitter, emitter->current)->oparg) {
    case FVC_NONE:
    case FVC_STR:
        plain_unary(emitter, (const void *)rt_plain_format, (const void *)op_FORMAT_VALUE);
        break;
    case FVS_HAVE_SPEC:
        format_with_specification(emitter);
        break;
    default:
        select_handler(emitter);
        break;
    }
}
