/* tier1/select_loops.c: selects FOR_ITER. */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

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
    return TEMPLATE_FOR_ITER_PLAIN;
}

/* The last part of the chain: a generator, which is resumed natively, or any iterator. Falls through, with r0 set (NULL: the end), to what is emitted
 * next in the cold part. */
static void loop_over_anything(struct emitter *emitter, int64_t slot, struct iterator_cell *cell)
{
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
    emitter_bind(emitter, ended);
    item = emitter_add(emitter, TEMPLATE_LOOP_GENERATOR_ENDED);
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_CONT] = test;
    emitter_bind(emitter, other);
    item = emitter_add(emitter, TEMPLATE_FOR_ITER_ANY);
    item->holes[HOLE_H_A] = slot;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_CONT] = test;
    emitter_bind(emitter, test);
}

void select_for_iter(struct emitter *emitter)
{
    stack_flush(emitter);
    int number = emitter->current;
    int target = at(emitter, number)->target;
    int64_t slot = emitter_slot(emitter, emitter->depth - 1);
    int guess = guess_iterator(emitter);
    int end = emitter_new_label(emitter);
    int back = emitter_new_label(emitter);

    /* The chain: the guess in the hot part; in the cold part the type last seen, and the usual end; then any iterator. */
    int fast[3] = {guess};
    int chain = 1;
    if (guess != TEMPLATE_FOR_ITER_PLAIN) {
        fast[chain++] = TEMPLATE_FOR_ITER_PLAIN;
    }
    fast[chain++] = TEMPLATE_FOR_ITER_ENDS;
    struct iterator_cell *cell = emitter_feedback(emitter, sizeof *cell);
    int stored = NO_LABEL;
    const struct instruction *next = at(emitter, number + 1);
    if (guess == TEMPLATE_FOR_ITER_RANGE && next->opcode == STORE_FAST && !next->is_leader) {
        stored = add_range_to_local(emitter, slot, next->oparg, end);
    }
    for (int i = 0; i < chain; i++) {
        int slower = emitter_new_label(emitter);
        struct item *item = emitter_add(emitter, fast[i]);
        item->holes[HOLE_H_A] = slot;
        item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
        item->labels[LABEL_JUMP] = end;
        item->labels[LABEL_SLOW] = slower;
        item->labels[LABEL_CONT] = back;
        if (i == 0 && stored == NO_LABEL) {
            emitter_bind(emitter, back);
            emitter->in_cold = true;
        }
        emitter_bind(emitter, slower);
    }
    loop_over_anything(emitter, slot, cell);
    struct item *item = emitter_add(emitter, TEMPLATE_FOR_ITER_TEST);
    item->holes[HOLE_H_A] = slot;
    item->labels[LABEL_JUMP] = end;
    stack_push_register(emitter);
    end_escape(emitter, number + 1)->labels[LABEL_CONT] = back;
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
    end_with_deallocation(emitter, target)->labels[LABEL_CONT] = target;
    emitter->in_cold = false;
    stack_push_slot(emitter);
    if (stored != NO_LABEL) {
        emitter->current = number + 1; /* the store is done */
        return;
    }
    stack_push_register(emitter);
}
