/* tier1/stubs.c: what stands out of line: error and leave exits, tails. See emitter.h. */
#include "tier1/emitter.h"

#include <stdlib.h>
#include <string.h>

enum { STUBS_LOOKED_BACK_AT = 8 };

/* Would the two instructions' exceptions be handled alike? */
static bool same_handler(const struct emitter *emitter, int a, int b)
{
    const struct instruction *left = &emitter->bytecode.instructions[a];
    const struct instruction *right = &emitter->bytecode.instructions[b];
    return left->handler == right->handler && left->handler_depth == right->handler_depth &&
           left->handler_lasti == right->handler_lasti;
}

/* Files a stub for the deferred stack as it is now and returns its label. An equal one filed a moment ago serves both: the failing
 * instruction is known from the frame, so error stubs differ by handler only. */
static int file_stub(struct emitter *emitter, enum stub_kind kind, int next, bool locals_spilled)
{
    const struct item_list *list = &emitter->parts[emitter_part(emitter)];
    int oldest = emitter->stub_count - STUBS_LOOKED_BACK_AT;
    for (int i = emitter->stub_count - 1; i >= 0 && i >= oldest; i--) {
        const struct stub *earlier = &emitter->stubs[i];
        if (kind != STUB_LEAVE && earlier->kind == kind && earlier->next == next &&
            earlier->locals_spilled == locals_spilled && earlier->depth == emitter->depth &&
            same_handler(emitter, earlier->instruction, emitter->current) &&
            (emitter->depth == 0 || memcmp(&emitter->saved_operands[earlier->first_operand], emitter->stack,
                                           sizeof *emitter->stack * (size_t)emitter->depth) == 0)) {
            return earlier->label;
        }
    }
    int label = emitter_new_label(emitter);
    for (int i = 0; i < emitter->depth; i++) {
        if (!emitter_grow((void **)&emitter->saved_operands, emitter->saved_count, &emitter->saved_capacity,
                          sizeof *emitter->saved_operands)) {
            emitter->out_of_memory = true;
            return label;
        }
        assert(!is_raw_in_register(&emitter->stack[i]));
        emitter->saved_operands[emitter->saved_count++] = emitter->stack[i];
    }
    if (!emitter_grow((void **)&emitter->stubs, emitter->stub_count, &emitter->stub_capacity,
                      sizeof *emitter->stubs)) {
        emitter->out_of_memory = true;
        return label;
    }
    emitter->stubs[emitter->stub_count++] =
        (struct stub){.kind = kind,
                      .label = label,
                      .instruction = emitter->current,
                      .next = next,
                      .check = list->count - 1,
                      .check_part = (uint8_t)emitter_part(emitter),
                      .locals_spilled = locals_spilled,
                      .depth = (uint16_t)emitter->depth,
                      .first_operand = (uint32_t)(emitter->saved_count - emitter->depth)};
    return label;
}

int stub_error(struct emitter *emitter, bool locals_spilled)
{
    return file_stub(emitter, STUB_ERROR, -1, locals_spilled);
}

int stub_error_again(struct emitter *emitter)
{
    return file_stub(emitter, STUB_ERROR_AGAIN, -1, false);
}

int stub_leave(struct emitter *emitter, int next, bool locals_spilled)
{
    return file_stub(emitter, STUB_LEAVE, next, locals_spilled);
}

int stub_leave_now(struct emitter *emitter, int next, bool locals_spilled)
{
    return file_stub(emitter, STUB_LEAVE_NOW, next, locals_spilled);
}

int stub_tail(struct emitter *emitter, int next)
{
    return file_stub(emitter, STUB_TAIL, next, false);
}

struct item *add_escape_check(struct emitter *emitter, int next, bool locals_spilled)
{
    struct item *item = emitter_add(emitter, TEMPLATE_CHECK_ESCAPE);
    item->labels[LABEL_SLOW] = stub_leave(emitter, next, locals_spilled);
    return item;
}

void emit_stubs(struct emitter *emitter)
{
    emitter->in_cold = true;
    /* A tail files a stub of its own, so the count may grow. */
    for (int i = 0; i < emitter->stub_count && !emitter->out_of_memory; i++) {
        struct stub stub = emitter->stubs[i];
        emitter->current = stub.instruction;
        emitter_bind(emitter, stub.label);
        if (stub.kind == STUB_TAIL) {
            emitter->depth = stub.depth;
            memcpy(emitter->stack, &emitter->saved_operands[stub.first_operand], sizeof *emitter->stack * stub.depth);
            add_escape_check(emitter, stub.next, false)->labels[LABEL_CONT] = stub.next;
        } else {
            bool error = stub.kind == STUB_ERROR || stub.kind == STUB_ERROR_AGAIN;
            struct item *item = emitter_add(emitter, TEMPLATE_SIDE_EXIT);
            item->holes[HOLE_H_N] = i;
            item->labels[LABEL_LEAVE] = error ? emitter->error_label : emitter->leave_label;
        }
    }
    for (int error = 0; error < 2; error++) {
        emitter_bind(emitter, error ? emitter->error_label : emitter->leave_label);
        struct item *item = emitter_add(emitter, error ? TEMPLATE_SIDE_EXITS_ERROR : TEMPLATE_SIDE_EXITS_LEAVE);
        item->holes[HOLE_Q_CELL] = (int64_t)(uintptr_t)emitter->exits;
        item->labels[LABEL_EXIT] = emitter->exit_label;
    }
    emitter->in_cold = false;
}

/* ---- Rows -------------------------------------------------------------------------------------------------- */

static enum side_exit_place exit_place(const struct operand *operand)
{
    switch ((enum operand_place)operand->place) {
    case PLACE_LOCAL:
        return SIDE_EXIT_LOCAL;
    case PLACE_CONSTANT:
        return SIDE_EXIT_CONSTANT;
    case PLACE_REGISTER:
        return SIDE_EXIT_REGISTER;
    case PLACE_FLOAT:
        return SIDE_EXIT_FLOAT;
    case PLACE_INT:
        return SIDE_EXIT_INT;
    default:
        assert(operand->place == PLACE_NULL);
        return SIDE_EXIT_NULL;
    }
}

/* Adds the operands that have to be put into their slots; sets the mask of those that are owned in memory then. */
static void add_operands(const struct emitter *emitter, const struct stub *stub, int keep, struct side_exit *exit,
                         uint64_t *owned)
{
    exit->first_operand = (uint32_t)emitter->exits->operand_count;
    *owned = 0;
    for (int i = 0; i < stub->depth; i++) {
        const struct operand *operand = &emitter->saved_operands[stub->first_operand + (uint32_t)i];
        bool in_slot = operand->place == PLACE_SLOT || (operand->place == PLACE_LOCAL && stub->locals_spilled);
        /* An exception drops what the handler does not keep: only what is owned matters of it. */
        if (!in_slot && (i < keep || operand->place == PLACE_REGISTER)) {
            emitter->exits->operands[emitter->exits->operand_count++] =
                (struct side_exit_operand){.constant = operand->constant,
                                           .local = operand->local,
                                           .index = operand->index,
                                           .place = (uint8_t)exit_place(operand)};
            exit->operand_count++;
            in_slot = true;
        }
        if (in_slot && i < 64) {
            *owned |= (uint64_t)1 << i;
        }
    }
}

bool make_side_exits(const struct emitter *emitter, const char *start)
{
    struct side_exits *exits = emitter->exits;
    exits->rows = calloc((size_t)emitter->stub_count + 1, sizeof *exits->rows);
    exits->operands = calloc((size_t)emitter->saved_count + 1, sizeof *exits->operands);
    if (exits->rows == NULL || exits->operands == NULL) {
        return false;
    }
    exits->row_count = (size_t)emitter->stub_count;
    const struct instruction *instructions = emitter->bytecode.instructions;
    for (int i = 0; i < emitter->stub_count; i++) {
        const struct stub *stub = &emitter->stubs[i];
        struct side_exit *exit = &exits->rows[i];
        exit->depth = stub->depth;
        uint64_t owned;
        if (stub->kind == STUB_ERROR || stub->kind == STUB_ERROR_AGAIN) {
            const struct instruction *instruction = &instructions[stub->instruction];
            if (instruction->handler >= 0) {
                exit->keep = (uint16_t)instruction->handler_depth;
                exit->lasti = instruction->handler_lasti;
                exit->address = start + label_offset(emitter, instruction->handler);
            }
            exit->reraised = stub->kind == STUB_ERROR_AGAIN;
            add_operands(emitter, stub, exit->keep, exit, &owned);
            exit->mask = owned;
        } else if (stub->kind != STUB_TAIL) {
            add_operands(emitter, stub, stub->depth, exit, &owned);
            exit->mask = instructions[stub->next].bound;
            /* Tier 0 must see the EXTENDED_ARG prefixes of an instruction: it starts right after the one before. */
            exit->next_unit = stub->next > 0 ? instructions[stub->next - 1].next_unit : 0;
            if (stub->kind == STUB_LEAVE) {
                const struct item_list *list = &emitter->parts[stub->check_part];
                exit->address = start + continuation_offset(emitter, list, stub->check);
            }
        }
    }
    /* Most operands stand in their slots. */
    struct side_exit_operand *fitted = realloc(exits->operands, (exits->operand_count + 1) * sizeof *exits->operands);
    exits->operands = fitted != NULL ? fitted : exits->operands;
    return true;
}
