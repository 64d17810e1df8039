/* tier1/emitter.c: items, labels, feedback cells. See emitter.h. */
#include "tier1/emitter.h"

#include <string.h>

/* Grows an array for one more element; returns false without memory. */
static bool grow(void **array, int count, int *capacity, size_t element)
{
    if (count < *capacity) {
        return true;
    }
    int larger = *capacity == 0 ? 64 : *capacity * 2;
    void *moved = PyMem_RawRealloc(*array, (size_t)larger * element);
    if (moved == NULL) {
        return false;
    }
    *array = moved;
    *capacity = larger;
    return true;
}

int emitter_new_label(struct emitter *emitter)
{
    if (!grow((void **)&emitter->labels, emitter->label_count, &emitter->label_capacity, sizeof *emitter->labels)) {
        emitter->out_of_memory = true;
        return 0;
    }
    emitter->labels[emitter->label_count] = (struct place_of_label){.item = -1};
    return emitter->label_count++;
}

void emitter_bind(struct emitter *emitter, int label)
{
    assert(emitter->out_of_memory || emitter->labels[label].item < 0);
    if (!emitter->out_of_memory) {
        emitter->labels[label].item = emitter->in_cold ? emitter->cold.count : emitter->hot.count;
        emitter->labels[label].cold = emitter->in_cold;
    }
}

int64_t emitter_local(int local)
{
    return (int64_t)offsetof(InterpreterFrame, localsplus) + (int64_t)sizeof(PyObject *) * local;
}

int64_t emitter_slot(const struct emitter *emitter, int index)
{
    return emitter_local(emitter->bytecode.code->co_nlocalsplus + index);
}

struct item *emitter_add(struct emitter *emitter, int template)
{
    static struct item scratch;
    struct item_list *list = emitter->in_cold ? &emitter->cold : &emitter->hot;
    struct item *item = &scratch;
    if (grow((void **)&list->items, list->count, &list->capacity, sizeof *list->items)) {
        item = &list->items[list->count++];
    } else {
        emitter->out_of_memory = true;
    }
    const struct instruction *instruction = &emitter->bytecode.instructions[emitter->current];
    const CodeUnit *units = _PyCode_CODE(emitter->bytecode.code);
    item->template = (uint16_t) template;
    item->bytecode_offset = instruction->unit * (uint32_t)sizeof(CodeUnit);
    memset(item->labels, 0xff, sizeof item->labels);
    item->holes[HOLE_H_N] = instruction->oparg;
    item->holes[HOLE_H_SP] = emitter_slot(emitter, instruction->depth);
    item->holes[HOLE_Q_IP] = (int64_t)(uintptr_t)(units + instruction->unit);
    item->holes[HOLE_Q_NEXT] = (int64_t)(uintptr_t)(units + instruction->next_unit);
    item->handler = NULL;
    return item;
}

void *emitter_feedback(struct emitter *emitter, size_t size)
{
    assert(emitter->feedback_used + size <= emitter->feedback_size);
    void *cell = emitter->feedback + emitter->feedback_used;
    emitter->feedback_used += size;
    return cell;
}

/* ---- Stubs ------------------------------------------------------------------------------------------------ */

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
    int oldest = emitter->stub_count - STUBS_LOOKED_BACK_AT;
    for (int i = emitter->stub_count - 1; i >= 0 && i >= oldest; i--) {
        const struct stub *earlier = &emitter->stubs[i];
        if (earlier->kind == kind && earlier->next == next && earlier->locals_spilled == locals_spilled &&
            earlier->depth == emitter->depth && same_handler(emitter, earlier->instruction, emitter->current) &&
            (emitter->depth == 0 || memcmp(&emitter->saved_operands[earlier->first_operand], emitter->stack,
                                           sizeof *emitter->stack * (size_t)emitter->depth) == 0)) {
            return earlier->label;
        }
    }
    int label = emitter_new_label(emitter);
    for (int i = 0; i < emitter->depth; i++) {
        if (!grow((void **)&emitter->saved_operands, emitter->saved_count, &emitter->saved_capacity,
                  sizeof *emitter->saved_operands)) {
            emitter->out_of_memory = true;
            return label;
        }
        emitter->saved_operands[emitter->saved_count++] = emitter->stack[i];
    }
    if (!grow((void **)&emitter->stubs, emitter->stub_count, &emitter->stub_capacity, sizeof *emitter->stubs)) {
        emitter->out_of_memory = true;
        return label;
    }
    emitter->stubs[emitter->stub_count++] =
        (struct stub){.kind = kind,
                      .label = label,
                      .instruction = emitter->current,
                      .next = next,
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

int stub_tail(struct emitter *emitter, int next)
{
    return file_stub(emitter, STUB_TAIL, next, false);
}

static void emit_error(struct emitter *emitter, const struct stub *stub, bool locals_spilled)
{
    bool again = stub->kind == STUB_ERROR_AGAIN;
    const struct instruction *instruction = &emitter->bytecode.instructions[stub->instruction];
    int keep = instruction->handler >= 0 ? instruction->handler_depth : 0;
    uint64_t owned = 0;
    for (int i = 0; i < emitter->depth; i++) {
        struct operand *operand = &emitter->stack[i];
        if (operand->place == PLACE_REGISTER || (operand->place == PLACE_LOCAL && locals_spilled)) {
            if (operand->place == PLACE_REGISTER) {
                stack_spill(emitter, operand);
            }
            operand->place = PLACE_SLOT;
        } else if (operand->place != PLACE_SLOT && i < keep) {
            stack_spill(emitter, operand);
        }
        if (operand->place == PLACE_SLOT && i < 64) {
            owned |= (uint64_t)1 << i;
        }
    }
    int template = instruction->handler >= 0 ? (again ? TEMPLATE_UNWIND_TO_HANDLER_AGAIN : TEMPLATE_UNWIND_TO_HANDLER)
                                             : (again ? TEMPLATE_UNWIND_FRAME_AGAIN : TEMPLATE_UNWIND_FRAME);
    struct item *item = emitter_add(emitter, template);
    item->holes[HOLE_H_N] = keep;
    item->holes[HOLE_H_M] = emitter->depth;
    item->holes[HOLE_Q_OWNED] = (int64_t)owned;
    item->labels[LABEL_EXIT] = emitter->exit_label;
    if (instruction->handler >= 0) {
        item = emitter_add(emitter, TEMPLATE_ENTER_HANDLER);
        item->holes[HOLE_H_N] = keep;
        item->holes[HOLE_H_M] = instruction->handler_lasti;
        /* What raised may have changed locals, or switched tracing on. */
        stack_set_canonical(emitter, keep + instruction->handler_lasti + 1);
        int leave = stub_leave(emitter, instruction->handler, false);
        item = emitter_add(emitter, TEMPLATE_CHECK_ESCAPE);
        item->holes[HOLE_Q_BOUND] = (int64_t)emitter->bytecode.instructions[instruction->handler].bound;
        item->labels[LABEL_LEAVE] = leave;
        item->labels[LABEL_CONT] = instruction->handler;
    }
}

static void emit_leave(struct emitter *emitter, const struct stub *stub)
{
    for (int i = 0; i < emitter->depth; i++) {
        struct operand *operand = &emitter->stack[i];
        if (operand->place == PLACE_LOCAL && stub->locals_spilled) {
            operand->place = PLACE_SLOT;
        } else {
            stack_spill(emitter, operand);
        }
    }
    struct item *item = emitter_add(emitter, TEMPLATE_LEAVE_COMPILED);
    /* Tier 0 must see the EXTENDED_ARG prefixes of an instruction: it starts right after the one before. */
    uint32_t unit = stub->next > 0 ? emitter->bytecode.instructions[stub->next - 1].next_unit : 0;
    item->holes[HOLE_Q_NEXT] = (int64_t)(uintptr_t)(_PyCode_CODE(emitter->bytecode.code) + unit);
    item->holes[HOLE_H_N] = emitter->depth;
    item->labels[LABEL_EXIT] = emitter->exit_label;
}

static void emit_tail(struct emitter *emitter, const struct stub *stub)
{
    int leave = stub_leave(emitter, stub->next, false);
    struct item *item = emitter_add(emitter, TEMPLATE_CHECK_ESCAPE);
    item->holes[HOLE_Q_BOUND] = (int64_t)emitter->bytecode.instructions[stub->next].bound;
    item->labels[LABEL_LEAVE] = leave;
    item->labels[LABEL_CONT] = stub->next;
}

void emit_stubs(struct emitter *emitter)
{
    emitter->in_cold = true;
    /* A tail files a stub of its own, so the count may grow. */
    for (int i = 0; i < emitter->stub_count && !emitter->out_of_memory; i++) {
        struct stub stub = emitter->stubs[i];
        emitter->current = stub.instruction;
        emitter->depth = stub.depth;
        memcpy(emitter->stack, &emitter->saved_operands[stub.first_operand], sizeof *emitter->stack * stub.depth);
        emitter_bind(emitter, stub.label);
        switch (stub.kind) {
        case STUB_ERROR:
        case STUB_ERROR_AGAIN:
            emit_error(emitter, &stub, stub.locals_spilled);
            break;
        case STUB_LEAVE:
            emit_leave(emitter, &stub);
            break;
        case STUB_TAIL:
            emit_tail(emitter, &stub);
            break;
        }
    }
    emitter->in_cold = false;
}
