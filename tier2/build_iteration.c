/* tier2/build_iteration.c: GET_ITER and FOR_ITER; see build.h. */
#include "tier2/build.h"

#include "runtime/ops.h"
#include "runtime/iterators.h"
#include "runtime/plain.h"
#include "runtime/steps.h"

#include <string.h>

/* ---- The end of a loop, or any iterator, by way of C ------------------------------------------------------------------ */

/* Advances the iterator on top by step_FOR_ITER: an escape. The result is 1 where there was an item, whose place is above the iterator;
 * else the iterator is gone. */
static struct ir_node *advance_by_step(struct builder *builder)
{
    if (builder->is_virtual) {
        build_refuse(builder); /* it leaves in the middle of the escape */
    }
    build_prepare_escape(builder);
    struct ir_node *store = build_node1(builder, IR_store_operand, operand_owned(builder, peek(builder, 0)));
    store->number = builder->depth - 1;
    struct ir_node *node = build_node(builder, IR_handler, 0, NULL);
    node->pointer = (const void *)step_FOR_ITER;
    node->cell = build_cell(builder);
    node->offset = builder->depth;
    node->state = build_state_raising(builder);
    struct ir_node *more = build_node2(builder, IR_int_compare, node, build_int(builder, 0));
    more->number = Py_NE;
    return more;
}

static void end_by_step(struct builder *builder)
{
    build_finish_escape(builder, build_current(builder)->target);
    build_jump(builder, build_current(builder)->target);
}

static void build_general(struct builder *builder)
{
    struct ir_node *more = advance_by_step(builder);
    struct operand kept = pop(builder);
    struct ir_block *end = build_split(builder, more, 0);
    struct ir_block *body = builder->block;
    builder->block = end;
    end_by_step(builder);
    builder->block = body;
    push(builder, kept);
    struct ir_node *value = build_node(builder, IR_load_operand, 0, NULL);
    value->number = builder->depth;
    push_owned(builder, value);
    build_finish_escape(builder, builder->current + 1);
}

/* There is no item, as far as the quick way knows: C ends the loop. Should it find one after all, tier 1 goes on with it. */
static void end_or_leave(struct builder *builder, bool certain)
{
    struct operand before = *peek(builder, 0);
    struct ir_node *more = advance_by_step(builder);
    struct operand kept = pop(builder);
    if (certain) {
        end_by_step(builder);
    } else {
        struct ir_block *end = build_split(builder, more, 0);
        push(builder, kept);
        struct ir_node *value = build_node(builder, IR_load_operand, 0, NULL);
        value->number = builder->depth;
        push_owned(builder, value);
        struct ir_node *leave = build_node(builder, IR_leave, 0, NULL);
        leave->state = build_state_now(builder, builder->current + 1);
        pop(builder);
        pop(builder);
        builder->block = end;
        end_by_step(builder);
    }
    push(builder, before);
}

/* ---- Lists and tuples -------------------------------------------------------------------------------------------------- */

/* Of the iterators, what stands where. They are alike. */
static struct ir_node *load_word(struct builder *builder, struct ir_node *object, enum ir_type type, size_t offset,
                                 enum ir_memory memory)
{
    struct ir_node *word = build_node1(builder, IR_load, object);
    word->type = (uint8_t)type;
    word->offset = (int32_t)offset;
    word->memory = (uint8_t)memory;
    return word;
}

static PyObject *sample_of_items(PyObject *iterator)
{
    PyObject *sequence = iterator;
    if (iterator != NULL && Py_TYPE(iterator) == runtime_data.list_iterator_type) {
        sequence = (PyObject *)((struct list_iterator *)iterator)->list;
    } else if (iterator != NULL && Py_TYPE(iterator) == runtime_data.tuple_iterator_type) {
        sequence = (PyObject *)((struct tuple_iterator *)iterator)->tuple;
    }
    bool has_items = sequence != NULL && (PyList_CheckExact(sequence) || PyTuple_CheckExact(sequence));
    return has_items && Py_SIZE(sequence) > 0 ? PySequence_Fast_ITEMS(sequence)[0] : NULL;
}

/* Where variables and operands stand is the same on both ways of a branch: kept for the second. */
struct kept {
    struct variable *variables;
    struct operand *operands;
    int depth;
};

static bool keep(struct builder *builder, struct kept *kept)
{
    size_t variables = (size_t)builder->local_count * sizeof(struct variable);
    size_t operands = (size_t)builder->depth * sizeof(struct operand);
    kept->variables = ir_allocate(builder->graph, variables + 1);
    kept->operands = ir_allocate(builder->graph, operands + 1);
    kept->depth = builder->depth;
    if (kept->variables == NULL || kept->operands == NULL) {
        return false;
    }
    memcpy(kept->variables, builder->variables, variables);
    memcpy(kept->operands, builder->operands, operands);
    return true;
}

static void restore(struct builder *builder, const struct kept *kept)
{
    builder->depth = kept->depth;
    memcpy(builder->variables, kept->variables, (size_t)builder->local_count * sizeof(struct variable));
    memcpy(builder->operands, kept->operands, (size_t)builder->depth * sizeof(struct operand));
}

/* On the way of the current block the loop ends; the other is `body`, which becomes the current one. */
static bool build_end(struct builder *builder, struct ir_block *body, bool certain)
{
    struct kept kept;
    if (!keep(builder, &kept)) {
        return false;
    }
    end_or_leave(builder, certain);
    restore(builder, &kept);
    builder->block = body;
    return true;
}

/* The end of an iterator that nobody else has: it goes, and with it what it goes over. Where others have it, tier 1 ends it. */
static void end_by_drop(struct builder *builder)
{
    int target = build_current(builder)->target;
    struct ir_node *alone = build_guard1(builder, IR_guard_word, peek(builder, 0)->value);
    alone->offset = (int32_t)offsetof(PyObject, ob_refcnt);
    alone->number = 1;
    struct operand iterator = pop(builder);
    operand_drop(builder, &iterator, target);
    build_jump(builder, target);
}

/* The same where others have it, too: it lets go of what it goes over, as far as that does not die. */
static void end_by_letting_go(struct builder *builder)
{
    int target = build_current(builder)->target;
    struct ir_node *inputs[2] = {peek(builder, 0)->value,
                                 build_int(builder, (int64_t)(uintptr_t)build_cell(builder))};
    struct ir_node *status = build_plain_call(builder, (const void *)rt_iterator_ends, IR_INT, 2, inputs);
    status->memory = MEMORY_iterator;
    struct ir_node *ended = build_node2(builder, IR_int_compare, status, build_int(builder, 0));
    ended->number = Py_NE;
    build_guard1(builder, IR_guard_true, ended);
    struct operand iterator = pop(builder);
    operand_drop(builder, &iterator, target);
    build_jump(builder, target);
}

/* The end of any other iterator that can come to it without running code. */
static void end_plainly(struct builder *builder)
{
    int target = build_current(builder)->target;
    struct ir_node *iterator = peek(builder, 0)->value;
    struct ir_node *status = build_plain_call(builder, (const void *)rt_plain_iterator_ends, IR_INT, 1, &iterator);
    status->memory = MEMORY_iterator;
    struct ir_node *ended = build_node2(builder, IR_int_compare, status, build_int(builder, 0));
    ended->number = Py_NE;
    build_guard1(builder, IR_guard_true, ended);
    struct operand dead = pop(builder);
    operand_drop(builder, &dead, target);
    build_jump(builder, target);
}

/* The kind of the iterator on top, known or likely. */
static enum ir_kind iterator_kind(const struct builder *builder, const struct operand *iterator)
{
    enum ir_kind kind = operand_guess(iterator);
    const struct iterator_cell *cell = build_cell(builder);
    if (kind == KIND_any && cell != NULL && cell->type != NULL) {
        kind = build_kind_of_type((PyTypeObject *)cell->type);
    }
    return kind;
}

bool build_iterator_is_local(const struct builder *builder)
{
    int before = builder->current - 1;
    return before >= 0 && builder->bytecode->instructions[before].opcode == LOAD_FAST;
}

bool build_iterator_is_range(const struct builder *builder)
{
    const struct operand *iterator = &builder->operands[builder->depth - 1];
    return iterator->state == OPERAND_OWNED && build_iterator_is_local(builder) &&
           iterator_kind(builder, iterator) == KIND_range_iterator && !build_has_failed(builder, IR_guard_kind) &&
           !build_has_failed(builder, IR_guard_word);
}

/* Lists, tuples and ASCII strings. */
static void build_sequence(struct builder *builder, enum ir_kind kind)
{
    _Static_assert(offsetof(struct list_iterator, index) == offsetof(struct tuple_iterator, index) &&
                       offsetof(struct list_iterator, list) == offsetof(struct tuple_iterator, tuple),
                   "alike");
    struct ir_node *iterator = operand_kind_guard(builder, peek(builder, 0), kind);
    bool is_list = kind == KIND_list_iterator;
    struct ir_node *sequence =
        load_word(builder, iterator, IR_OBJECT, offsetof(struct list_iterator, list), MEMORY_iterator);
    sequence = build_guard1(builder, IR_guard_bound, sequence);
    sequence->kind = is_list ? KIND_list : kind == KIND_ascii_iterator ? KIND_str : KIND_tuple;
    struct ir_node *index =
        load_word(builder, iterator, IR_INT, offsetof(struct list_iterator, index), MEMORY_iterator);
    struct ir_node *size = load_word(builder, sequence, IR_INT, offsetof(PyVarObject, ob_size),
                                     is_list ? MEMORY_list_shape : MEMORY_constant);
    struct ir_node *more = build_node2(builder, IR_is_inside, index, size);
    struct ir_block *end = build_split(builder, more, 90);
    struct ir_block *body = builder->block;
    struct kept kept;
    builder->block = end;
    if (!keep(builder, &kept)) {
        return;
    }
    if (!build_iterator_is_local(builder) && !build_has_failed(builder, IR_guard_word)) {
        end_by_drop(builder);
    } else if (!build_has_failed(builder, IR_guard_true) && build_cell(builder) != NULL) {
        end_by_letting_go(builder);
    } else {
        end_or_leave(builder, true);
    }
    restore(builder, &kept);
    builder->block = body;
    struct ir_node *item;
    if (kind == KIND_ascii_iterator) {
        struct ir_node *code = build_guard2(builder, IR_str_character, sequence, index);
        code->flags |= NODE_NOT_NEGATIVE;
        item = build_str_of_character(builder, code);
    } else {
        item = build_node2(builder, IR_load_item, sequence, index);
        item->memory = is_list ? MEMORY_list_item : MEMORY_constant;
        item->sample = sample_of_items(iterator->sample);
    }
    struct ir_node *next = build_node2(builder, IR_int_add, index, build_int(builder, 1));
    next->flags |= NODE_FITS;
    struct ir_node *store = build_node2(builder, IR_store_int, iterator, next);
    store->offset = (int32_t)offsetof(struct list_iterator, index);
    store->memory = MEMORY_iterator;
    if (kind == KIND_ascii_iterator) {
        push(builder, (struct operand){.state = OPERAND_BORROWED, .local = -1, .value = item});
    } else {
        push_fetched(builder, item);
    }
}

/* ---- Ranges ---- */

static void build_range(struct builder *builder)
{
    struct ir_node *more = build_node2(builder, IR_int_compare, peek(builder, 0)->index, peek(builder, 0)->length);
    more->number = Py_LT;
    struct operand kept = pop(builder);
    struct ir_block *end = build_split(builder, more, 90);
    struct ir_block *body = builder->block;
    struct operand ended = kept;
    builder->block = end;
    if (build_iterator_is_local(builder)) {
        /* The local has it still. */
        operand_owned(builder, &ended);
    }
    operand_drop(builder, &ended, build_current(builder)->target);
    build_jump(builder, build_current(builder)->target);
    builder->block = body;
    struct ir_node *product = build_node2(builder, IR_int_multiply, kept.index, kept.step);
    product->flags |= NODE_FITS;
    struct ir_node *value = build_node2(builder, IR_int_add, kept.start, product);
    value->flags |= NODE_FITS | (kept.rises ? NODE_NOT_NEGATIVE : 0);
    struct ir_node *next = build_node2(builder, IR_int_add, kept.index, build_int(builder, 1));
    next->flags |= NODE_FITS;
    kept.index = next;
    push(builder, kept);
    push_raw(builder, value);
}

/* ---- Other built-in iterators ------------------------------------------------------------------------------------------- */

static void build_plain_next(struct builder *builder, plain_next_function function, const PyTypeObject *type)
{
    struct ir_node *iterator = peek(builder, 0)->value;
    struct ir_node *class = build_guard1(builder, IR_guard_class, iterator);
    class->pointer = type;
    struct ir_node *item = build_plain_call(builder, (const void *)function, IR_OBJECT, 1, &iterator);
    item->memory = MEMORY_iterator;
    struct ir_node *more = build_node1(builder, IR_is_bound, item);
    struct ir_block *end = build_split(builder, more, 90);
    struct ir_block *body = builder->block;
    builder->block = end;
    if (build_has_failed(builder, IR_guard_true)) {
        if (builder->is_virtual) {
            build_refuse(builder);
        }
        if (build_end(builder, body, false)) {
            push_owned(builder, item);
        }
        return;
    }
    struct kept kept;
    if (keep(builder, &kept)) {
        end_plainly(builder);
        restore(builder, &kept);
        builder->block = body;
        push_owned(builder, item);
    }
}

static bool is_of_sequence(enum ir_kind kind)
{
    return kind == KIND_list_iterator || kind == KIND_tuple_iterator || kind == KIND_ascii_iterator;
}

void build_open_iterator(struct builder *builder)
{
    struct operand *iterator = peek(builder, 0);
    if (iterator->state != OPERAND_OWNED || build_has_failed(builder, IR_guard_kind)) {
        return;
    }
    enum ir_kind kind = iterator_kind(builder, iterator);
    if (is_of_sequence(kind)) {
        operand_kind_guard(builder, iterator, kind);
    }
}

void build_for_iter(struct builder *builder)
{
    struct operand *iterator = peek(builder, 0);
    if (iterator->state == OPERAND_ITERATOR) {
        build_range(builder);
        return;
    }
    const struct iterator_cell *cell = build_cell(builder);
    if (iterator->state != OPERAND_OWNED || build_has_failed(builder, IR_guard_class) ||
        build_has_failed(builder, IR_guard_kind) || build_has_failed(builder, IR_leave)) {
        build_general(builder);
        return;
    }
    enum ir_kind kind = iterator_kind(builder, iterator);
    const PyTypeObject *type = cell != NULL ? cell->type : NULL;
    if (is_of_sequence(kind) && !build_has_failed(builder, IR_str_character)) {
        build_sequence(builder, kind);
        return;
    }
    plain_next_function function = type != NULL ? plain_next(type) : NULL;
    if (function == NULL || (kind != KIND_any && build_kind_of_type((PyTypeObject *)type) != kind)) {
        build_general(builder);
        return;
    }
    build_plain_next(builder, function, type);
}

/* ---- The beginning ------------------------------------------------------------------------------------------------------- */

void build_get_iter(struct builder *builder)
{
    struct operand *operand = peek(builder, 0);
    if (operand->state == OPERAND_RAW || operand->state == OPERAND_NULL ||
        build_has_failed(builder, IR_guard_bound) || build_has_failed(builder, IR_guard_kind)) {
        build_by_step(builder);
        return;
    }
    enum ir_kind kind = operand_guess(operand);
    struct ir_node *object = operand->value;
    if (operand->state == OPERAND_OWNED && operand->value->kind == KIND_range_iterator) {
        /* It is its own iterator. */
        return;
    }
    if (kind == KIND_list || kind == KIND_tuple) {
        object = operand_kind_guard(builder, operand, kind);
    }
    bool is_owned = operand->state == OPERAND_OWNED;
    struct ir_node *inputs[2] = {object, build_int(builder, is_owned)};
    struct ir_node *found = build_plain_call(builder, (const void *)rt_plain_iterator, IR_OBJECT, 2, inputs);
    found->flags |= is_owned ? NODE_TAKES : 0;
    struct ir_node *iterator = build_guard1(builder, IR_guard_bound, found);
    iterator->flags |= NODE_QUIET;
    if (kind == KIND_list || kind == KIND_tuple) {
        iterator->kind = kind == KIND_list ? KIND_list_iterator : KIND_tuple_iterator;
        /* Not the iterator, but it has the same items. */
        iterator->sample = object->sample;
    }
    /* A reference of its own has gone into the iterator, or has gone quietly. */
    pop(builder);
    push_owned(builder, iterator);
}
