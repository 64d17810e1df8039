/* tier1/select_star_calls.c: selects CALL_FUNCTION_EX, and the making of the dict of keywords before it (templates/star_calls.c). */
#include "runtime/ops.h"
#include "runtime/star_call.h"
#include "runtime/steps.h"
#include "tier1/select_calls.h"

static void add_star_call(struct emitter *emitter, int keywords)
{
    int next = emitter->current + 1;
    struct call_cell *cell = emitter_call_cell(emitter);
    stack_flush(emitter);
    for (int i = 0; i < 3 + (keywords != STAR_CALL_NO_KEYWORDS); i++) {
        stack_pop(emitter);
    }
    int64_t bottom = emitter_slot(emitter, emitter->depth);
    int slow = emitter_new_label(emitter);
    int finished = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_BEGIN_STAR_CALL);
    item->holes[HOLE_H_D] = bottom;
    item->holes[HOLE_H_N] = keywords;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    item->labels[LABEL_SLOW] = slow;
    emitter_add(emitter, RAW_CALL_FUNCTION);
    item = emitter_add(emitter, TEMPLATE_FINISH_STAR_CALL);
    item->holes[HOLE_H_D] = bottom;
    item->holes[HOLE_H_N] = keywords;
    emitter_add(emitter, TEMPLATE_CHECK_CALL)->labels[LABEL_SLOW] = finished;
    int back = label_here(emitter);

    emitter->in_cold = true;
    int error = stub_error(emitter, false);
    emitter_bind(emitter, slow);
    item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = ops_handler(CALL_FUNCTION_EX);
    item->labels[LABEL_ERROR] = error;
    emitter_add(emitter, TEMPLATE_TAKE_S)->holes[HOLE_H_A] = bottom;
    emitter_bind(emitter, finished);
    emitter_add(emitter, TEMPLATE_CHECK_RESULT)->labels[LABEL_ERROR] = error;
    stack_push_register(emitter);
    end_call(emitter, next)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

void select_star_call(struct emitter *emitter)
{
    add_star_call(emitter, at(emitter, emitter->current)->oparg & 1 ? STAR_CALL_OWN_KEYWORDS : STAR_CALL_NO_KEYWORDS);
}

/* Is this BUILD_MAP the begin of `**local` as the last argument of a call, of a local that is bound? */
static bool begins_keywords(const struct emitter *emitter)
{
    static const uint8_t expected[] = {BUILD_MAP, LOAD_FAST, DICT_MERGE, CALL_FUNCTION_EX};
    static const int oparg[] = {0, -1, 1, 1};
    int number = emitter->current;
    if (number + 3 >= emitter->bytecode.count) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        const struct instruction *instruction = at(emitter, number + i);
        if (instruction->opcode != expected[i] || (i > 0 && instruction->is_leader) ||
            (oparg[i] >= 0 && instruction->oparg != oparg[i])) {
            return false;
        }
    }
    const struct instruction *load = at(emitter, number + 1);
    return load->oparg < BYTECODE_TRACKED_LOCALS && load->bound >> load->oparg & 1;
}

bool select_keywords_call(struct emitter *emitter)
{
    if (!begins_keywords(emitter)) {
        return false;
    }
    int number = emitter->current;
    int local = at(emitter, number + 1)->oparg;
    stack_flush(emitter);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_SHARE_KEYWORDS);
    item->holes[HOLE_H_A] = emitter_local(local);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    item->labels[LABEL_SLOW] = slow;
    int merged = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    select_handler(emitter);
    emitter->current = number + 1;
    stack_push_local(emitter, local);
    emitter->current = number + 2;
    select_handler(emitter);
    add_jump(emitter, merged);
    emitter->in_cold = false;
    emitter->current = number + 3;
    add_star_call(emitter, STAR_CALL_SHARED_KEYWORDS);
    return true;
}
