/* tier1/select_counting.c: the option count-allocations: templates around the operations that make objects. */
#include "tier1/select.h"

#include "runtime/allocation_counts.h"

/* How many operands of the instruction to look at, counted from the top of the stack; -1: it makes nothing that counts. */
static int operands_noted(const struct instruction *instruction)
{
    switch (instruction->opcode) {
    case BINARY_OP:
        return 2;
    case UNARY_NEGATIVE:
    case UNARY_INVERT:
    case UNARY_POSITIVE:
    case FOR_ITER:
        return 1;
    case CALL:
        return instruction->oparg + 2;
    case BUILD_TUPLE:
    case BUILD_LIST:
    case BUILD_SET:
    case BUILD_MAP:
    case BUILD_CONST_KEY_MAP:
    case BUILD_STRING:
    case BUILD_SLICE:
    case FORMAT_VALUE:
    case LIST_TO_TUPLE:
    case MAKE_FUNCTION:
    case GET_ITER:
        return 0;
    default:
        return -1;
    }
}

bool counts_results(const struct instruction *instruction)
{
    return operands_noted(instruction) >= 0;
}

static void note_operand(struct emitter *emitter, const struct allocation_site *site, int number, int index)
{
    static four_family note_operand_family = PLACES(NOTE_OPERAND);
    const struct operand *operand = &emitter->stack[index];
    if (operand->place == PLACE_NULL) {
        return; /* as the site begins */
    }
    struct item *item = emitter_add(emitter, note_operand_family[place_index(operand)]);
    set_operand(emitter, item, operand, false);
    item->holes[HOLE_H_N] = number;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)site;
}

struct allocation_site *note_operands(struct emitter *emitter)
{
    const struct instruction *instruction = at(emitter, emitter->current);
    int noted = operands_noted(instruction);
    if (noted < 0) {
        return NULL;
    }
    struct allocation_site *site = emitter_counts(emitter, sizeof *site);
    site->counts = emitter->counts;
    int first = emitter->depth - noted;
    for (int i = 0; i < 2 && i < noted; i++) {
        note_operand(emitter, site, i, first + i);
    }
    if (instruction->opcode == CALL || instruction->opcode == FOR_ITER) {
        emitter_add(emitter, TEMPLATE_NOTE_CALLEE)->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)site;
    }
    return site;
}

void count_result(struct emitter *emitter, const struct allocation_site *site, int number)
{
    int template = TEMPLATE_COUNT_RESULT_S;
    int64_t displacement;
    const struct instruction *last = at(emitter, emitter->current);
    if (emitter->current != number) {
        if (last->opcode != STORE_FAST) {
            return; /* used up by a jump */
        }
        displacement = emitter_local(last->oparg);
    } else {
        const struct operand *result = &emitter->stack[emitter->depth - 1];
        if (result->place == PLACE_REGISTER) {
            template = TEMPLATE_COUNT_RESULT_R;
        } else if (result->place != PLACE_SLOT) {
            return;
        }
        displacement = emitter_slot(emitter, result->index);
    }
    struct item *item = emitter_add(emitter, template);
    item->holes[HOLE_H_A] = displacement;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)site;
}
