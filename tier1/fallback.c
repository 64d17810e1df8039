/* tier1/fallback.c: code for guards that fail. See emitter.h.
 *
 * Arithmetic on unboxed numbers guesses: its guards stand before its first effect, and when one fails, the numbers get objects, the stack
 * becomes canonical, and the very instruction is done by a second copy of the code that guesses nothing. That copy stands
 * apart, covers the instructions from the first guard to the next point where the hot part has a canonical stack (a region), and goes on
 * there in the hot part. The hot part therefore need not cope with results of unexpected types.
 */
#include "tier1/emitter.h"

#include "runtime/compiler_memory.h"

#include <stdlib.h>
#include <string.h>

void fallback_exit(struct emitter *emitter, int label)
{
    assert(!emitter->in_cold && !emitter->in_fallback);
    struct fallback *fallback = &emitter->fallback;
    int number = emitter->current;
    if (fallback->labels[number] == NO_LABEL) {
        fallback->labels[number] = emitter_new_label(emitter);
    }
    if (fallback->first < 0) {
        fallback->first = number;
    }
    assert(fallback->first <= number);
    emitter->in_cold = true;
    emitter_bind(emitter, label);
    /* The hot part goes on with the stack as it is. */
    size_t size = sizeof *emitter->stack * (size_t)emitter->depth;
    struct operand *kept = compiler_malloc(size + 1);
    if (kept == NULL) {
        emitter->out_of_memory = true;
    } else {
        memcpy(kept, emitter->stack, size);
        stack_flush(emitter);
        memcpy(emitter->stack, kept, size);
        free(kept);
    }
    emitter_add(emitter, TEMPLATE_JUMP_ALWAYS)->labels[LABEL_JUMP] = fallback->labels[number];
    emitter->in_cold = false;
}

static bool is_canonical(const struct emitter *emitter)
{
    for (int i = 0; i < emitter->depth; i++) {
        if (emitter->stack[i].place != PLACE_SLOT) {
            return false;
        }
    }
    return true;
}

/* Instructions that the unboxed arithmetic may take part in: a region had better not end before one. */
static bool is_light(int opcode)
{
    switch (opcode) {
    case NOP:
    case LOAD_FAST:
    case LOAD_CONST:
    case STORE_FAST:
    case BINARY_OP:
    case BINARY_SUBSCR:
    case UNARY_NEGATIVE:
    case UNARY_INVERT:
    case COMPARE_OP:
        return true;
    default:
        return false;
    }
}

/* Second copies of the instructions from the region's first to `end`, where the hot part goes on. */
static void add_fallback_code(struct emitter *emitter, int end)
{
    const struct instruction *instructions = emitter->bytecode.instructions;
    int depth = emitter->depth;
    int number = emitter->fallback.first;
    emitter->in_fallback = true;
    stack_set_canonical(emitter, instructions[number].depth);
    bool falls_through = true;
    while (number < end && !emitter->out_of_memory) {
        emitter->current = number;
        if (emitter->fallback.labels[number] != NO_LABEL) {
            stack_flush(emitter);
            emitter_bind(emitter, emitter->fallback.labels[number]);
        }
        assert(emitter->depth == instructions[number].depth);
        select_instruction(emitter);
        number = emitter->current + 1;
        falls_through = !(opcode_flags(instructions[number - 1].opcode) & OPCODE_NEVER_FALLS_THROUGH);
        while (number < end && instructions[number].depth < 0) {
            number++;
        }
    }
    assert(number == end || emitter->out_of_memory);
    if (falls_through) {
        emitter->current = number - 1;
        stack_flush(emitter);
        emitter_add(emitter, TEMPLATE_JUMP_ALWAYS)->labels[LABEL_JUMP] = end;
    }
    emitter->in_fallback = false;
    stack_set_canonical(emitter, depth);
}

void fallback_boundary(struct emitter *emitter, int number, bool closes)
{
    if (closes) {
        emitter->float_locals = emitter->int_locals = 0;
    }
    if (emitter->fallback.first < 0) {
        return;
    }
    if (!closes && (is_light(emitter->bytecode.instructions[number].opcode) || !is_canonical(emitter))) {
        return;
    }
    assert(is_canonical(emitter) || number == emitter->bytecode.count);
    add_fallback_code(emitter, number);
    emitter->fallback.first = -1;
    emitter->float_locals = emitter->int_locals = 0;
    emitter->current = number;
}
