/* tier2/build_lent.c: locals that are numbers lent from memory; see build.h.
 *
 * `x = row[i]` gives x the very object that is in the row. As long as nothing can take that out of the row, x needs neither a reference of its own nor its
 * home: where execution leaves, or an object is asked for, it is still there. Before anything is stored, or dies, or two ways meet, x takes the object
 * for good if it will be read again. Else the number is enough: what a frame shows of it is the same. */
#include "tier2/build.h"

#include "runtime/compiler_memory.h"

#include <stdlib.h>

/* ---- Which locals are read again --------------------------------------------------------------------------------- */

static uint64_t bit_of(int local)
{
    return local < BYTECODE_TRACKED_LOCALS ? (uint64_t)1 << local : 0;
}

/* Live before an instruction, if `after` are live behind it. */
static uint64_t live_before(const struct instruction *instruction, uint64_t after)
{
    switch (instruction->opcode) {
    case LOAD_FAST:
    case LOAD_CLOSURE:
    case DELETE_FAST:
        return after | bit_of(instruction->oparg);
    case STORE_FAST:
        return after & ~bit_of(instruction->oparg);
    default:
        return after;
    }
}

static uint64_t live_behind(const struct body *body, int number)
{
    const struct instruction *instruction = &body->bytecode->instructions[number];
    uint64_t live = 0;
    if (!(opcode_flags(instruction->opcode) & OPCODE_NEVER_FALLS_THROUGH) && number + 1 < body->bytecode->count) {
        live |= body->live[number + 1];
    }
    live |= instruction->target >= 0 ? body->live[instruction->target] : 0;
    return live | (instruction->handler >= 0 ? body->live[instruction->handler] : 0);
}

bool build_find_live(struct body *body)
{
    body->live = compiler_calloc((size_t)body->bytecode->count + 1, sizeof *body->live);
    bool changed = body->live != NULL;
    while (changed) {
        changed = false;
        for (int i = body->bytecode->count - 1; i >= 0; i--) {
            const struct instruction *instruction = &body->bytecode->instructions[i];
            uint64_t live = live_before(instruction, live_behind(body, i));
            /* An error leaves before a local is changed. */
            live |= instruction->handler >= 0 ? body->live[instruction->handler] : 0;
            changed |= live != body->live[i];
            body->live[i] = live;
        }
    }
    return body->live != NULL;
}

static bool is_live(uint64_t live, int local)
{
    return local >= BYTECODE_TRACKED_LOCALS || (live >> local & 1) != 0;
}

/* ---- Lent numbers ------------------------------------------------------------------------------------------------- */

void build_release_lent_operands(struct builder *builder, int local)
{
    const struct variable *variable = &builder->variables[local];
    for (int i = 0; i < builder->depth; i++) {
        struct operand *operand = &builder->operands[i];
        if (operand->state == OPERAND_RAW && operand->local == local && operand->value == variable->value) {
            *operand =
                (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = variable->lent};
        }
    }
}

static void settle(struct builder *builder, uint64_t live)
{
    for (int local = 0; local < builder->local_count && !builder->is_virtual; local++) {
        struct variable *variable = &builder->variables[local];
        if (variable->lent == NULL) {
            continue;
        }
        if (is_live(live, local)) {
            variable_sync(builder, local);
            continue;
        }
        build_release_lent_operands(builder, local);
        variable->lent = NULL;
    }
}

void build_settle_lent(struct builder *builder)
{
    settle(builder, live_behind(builder->body, builder->current));
}

void build_settle_all_lent(struct builder *builder)
{
    settle(builder, UINT64_MAX);
}

void build_settle_lent_for(struct builder *builder, int target)
{
    settle(builder, builder->body->live[target]);
}
