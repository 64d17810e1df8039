/* tier1/select_exceptions.c: handlers of exceptions: their first instructions, and their rows among the side exits. */
#include "tier1/select.h"

#include "runtime/compiler_memory.h"
#include "runtime/ops.h"

#include <stdlib.h>

void select_push_exc_info(struct emitter *emitter)
{
    stack_flush(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_PUSH_EXC_INFO);
    item->holes[HOLE_H_A] = emitter_slot(emitter, emitter->depth - 1);
    item->holes[HOLE_H_D] = emitter_slot(emitter, emitter->depth);
    stack_push_slot(emitter);
}

void select_check_exc_match(struct emitter *emitter)
{
    int number = emitter->current;
    const struct instruction *jump = at(emitter, number + 1);
    if (jump->opcode != POP_JUMP_FORWARD_IF_FALSE || jump->is_leader || emitter->no_forwarding) {
        select_handler(emitter);
        return;
    }
    struct operand type = stack_pop(emitter);
    stack_flush(emitter);
    stack_take(emitter, &type);
    int64_t exception = emitter_slot(emitter, emitter->depth - 1);
    int slow = emitter_new_label(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_JUMP_IF_NOT_CAUGHT);
    item->holes[HOLE_H_A] = exception;
    item->labels[LABEL_SLOW] = slow;
    item->labels[LABEL_JUMP] = jump->target;
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    item = emitter_add(emitter, TEMPLATE_SLOW_MATCH);
    item->holes[HOLE_H_A] = exception;
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    emitter->current = number + 1;
    emitter_add(emitter, TEMPLATE_BRANCH_IF_NOT_X)->labels[LABEL_JUMP] = stub_tail(emitter, jump->target);
    end_escape(emitter, number + 2)->labels[LABEL_CONT] = number + 2;
    emitter->in_cold = false;
}

void select_pop_except(struct emitter *emitter)
{
    struct operand before = stack_pop(emitter);
    if (before.place != PLACE_SLOT) {
        stack_spill(emitter, &before);
    }
    struct item *item = emitter_add(emitter, TEMPLATE_POP_EXCEPT);
    item->holes[HOLE_H_A] = emitter_slot(emitter, before.index);
    int freed = emitter_new_label(emitter);
    item->labels[LABEL_FREE] = freed;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, freed);
    protect_locals(emitter);
    emitter_add(emitter, TEMPLATE_DROP_EXCEPTION);
    end_escape(emitter, emitter->current + 1)->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

/* ---- Rows ------------------------------------------------------------------------------------------------------ */

/* Is the instruction `number` `opcode`, reached from the one before only? */
static bool follows(const struct emitter *emitter, int number, int opcode)
{
    return number < emitter->bytecode.count && at(emitter, number)->opcode == opcode &&
           !at(emitter, number)->is_leader;
}

/* The classes that the handler behind PUSH_EXC_INFO asks for, all of them names of globals. Returns the instruction after the test; or
 * that one itself where there is no test; -1: something else. */
static int read_classes(const struct emitter *emitter, int number, struct side_exit_discard *discard)
{
    int count = 0;
    while (follows(emitter, number, LOAD_GLOBAL) && !(at(emitter, number)->oparg & 1)) {
        if (count == SIDE_EXIT_DISCARDED_CLASSES || at(emitter, number)->oparg >> 1 > UINT16_MAX) {
            return -1;
        }
        discard->classes[count++] = (uint16_t)(at(emitter, number++)->oparg >> 1);
    }
    discard->class_count = (uint16_t)count;
    if (count == 0) {
        return number;
    }
    bool is_tuple = follows(emitter, number, BUILD_TUPLE);
    if (is_tuple ? at(emitter, number++)->oparg != count : count != 1) {
        return -1;
    }
    return follows(emitter, number, CHECK_EXC_MATCH) && follows(emitter, number + 1, POP_JUMP_FORWARD_IF_FALSE)
               ? number + 2
               : -1;
}

/* Does the handler drop the exception as soon as it knows its class? Then the number of the instruction behind POP_EXCEPT, or -1. */
static int find_discard(struct emitter *emitter, int number, struct side_exit_discard *discard)
{
    discard->pushes = SIDE_EXIT_PUSHES_NOTHING;
    if (at(emitter, number)->opcode != PUSH_EXC_INFO) {
        return -1;
    }
    number = read_classes(emitter, number + 1, discard);
    if (number < 0 || !follows(emitter, number++, POP_TOP)) {
        return -1;
    }
    if (follows(emitter, number, LOAD_FAST) && at(emitter, number)->oparg < SIDE_EXIT_PUSHES_NOTHING &&
        follows(emitter, number + 1, SWAP) && at(emitter, number + 1)->oparg == 2) {
        discard->pushes = (uint16_t)at(emitter, number)->oparg;
        number += 2;
    }
    if (!follows(emitter, number, POP_EXCEPT) || number + 1 >= emitter->bytecode.count) {
        return -1;
    }
    discard->pop_unit = (uint16_t)at(emitter, number)->unit;
    return number + 1;
}

bool prepare_handlers(struct emitter *emitter)
{
    struct bytecode *bytecode = &emitter->bytecode;
    int count = 0;
    for (int i = 0; i < bytecode->count; i++) {
        count += bytecode->instructions[i].is_handler;
    }
    emitter->handlers = compiler_calloc((size_t)count + 1, sizeof *emitter->handlers);
    if (emitter->handlers == NULL) {
        return false;
    }
    for (int i = 0; i < bytecode->count; i++) {
        const struct instruction *instruction = &bytecode->instructions[i];
        if (instruction->depth < 0 || instruction->handler < 0 ||
            handler_number(emitter, instruction->handler) != 0) {
            continue;
        }
        struct handler *handler = &emitter->handlers[emitter->handler_count++];
        handler->instruction = instruction->handler;
        handler->behind =
            instruction->handler_lasti ? -1 : find_discard(emitter, handler->instruction, &handler->discard);
        if (handler->behind >= 0) {
            bytecode->instructions[handler->behind].is_leader = true;
        }
    }
    return true;
}

uint32_t handler_number(const struct emitter *emitter, int instruction)
{
    for (int i = emitter->handler_count; i > 0; i--) {
        if (emitter->handlers[i - 1].instruction == instruction) {
            return (uint32_t)i;
        }
    }
    return 0;
}

size_t handlers_size(const struct emitter *emitter)
{
    size_t size = 0;
    for (int i = 0; i < emitter->handler_count; i++) {
        size += sizeof(struct side_exit_handler);
        size += emitter->handlers[i].behind >= 0 ? sizeof(struct side_exit_discard) : 0;
    }
    return size;
}

static struct side_exit_target target_at(const struct emitter *emitter, int number)
{
    const struct instruction *instruction = at(emitter, number);
    return (struct side_exit_target){.address = label_offset(emitter, number),
                                     .bound = instruction->bound,
                                     .unit = (uint16_t)bytecode_first_unit(&emitter->bytecode, number),
                                     .depth = (uint16_t)instruction->depth};
}

void fill_handlers(const struct emitter *emitter, struct side_exit_handler *rows)
{
    struct side_exit_discard *discards = (struct side_exit_discard *)(rows + emitter->handler_count);
    for (int i = 0; i < emitter->handler_count; i++) {
        const struct handler *handler = &emitter->handlers[i];
        rows[i] = (struct side_exit_handler){.start = target_at(emitter, handler->instruction)};
        if (handler->behind >= 0) {
            *discards = handler->discard;
            discards->behind = target_at(emitter, handler->behind);
            rows[i].discard = discards++;
        }
    }
}
