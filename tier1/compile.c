/* tier1/compile.c: the template compiler's pipeline. */
#include "tier1/compile.h"

#include "runtime/code_arena.h"
#include "runtime/feedback.h"
#include "runtime/generator.h"
#include "tier1/emitter.h"

#include <stdlib.h>
#include <string.h>

/* Bytecode beyond this is left to tier 0: compile time is linear, but such code is data in disguise. In code units. */
enum { LARGEST_CODE = 30000 };

/* Bytes of feedback cells the bytecode needs. */
static size_t feedback_size(const struct bytecode *bytecode)
{
    size_t size = 0;
    for (int i = 0; i < bytecode->count; i++) {
        switch (bytecode->instructions[i].opcode) {
        case LOAD_ATTR:
        case STORE_ATTR:
        case LOAD_METHOD:
            size += sizeof(struct attribute_cell);
            break;
        case LOAD_GLOBAL:
            size += sizeof(struct global_cell);
            break;
        case CALL:
            size += sizeof(struct call_cell);
            break;
        }
    }
    return size;
}

static bool is_generator(const PyCodeObject *code)
{
    return (code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)) != 0;
}

static bool prepare(struct emitter *emitter)
{
    emitter->feedback_size = feedback_size(&emitter->bytecode);
    emitter->feedback = PyMem_RawCalloc(emitter->feedback_size + 1, 1);
    emitter->stack = PyMem_RawCalloc((size_t)emitter->bytecode.code->co_stacksize + 1, sizeof *emitter->stack);
    if (is_generator(emitter->bytecode.code)) {
        size_t size = (size_t)emitter->bytecode.count * sizeof *emitter->raise_labels;
        emitter->raise_labels = PyMem_RawMalloc(size);
        if (emitter->raise_labels == NULL) {
            return false;
        }
        memset(emitter->raise_labels, 0xff, size); /* NO_LABEL */
    }
    return emitter->feedback != NULL && emitter->stack != NULL;
}

static void release(struct emitter *emitter)
{
    PyMem_RawFree(emitter->hot.items);
    PyMem_RawFree(emitter->cold.items);
    PyMem_RawFree(emitter->labels);
    PyMem_RawFree(emitter->stack);
    PyMem_RawFree(emitter->stubs);
    PyMem_RawFree(emitter->saved_operands);
    PyMem_RawFree(emitter->feedback);
    PyMem_RawFree(emitter->raise_labels);
    bytecode_free(&emitter->bytecode);
}

/* ---- Tables ------------------------------------------------------------------------------------------------ */

static bool is_entry(const struct instruction *instruction, int number)
{
    return instruction->depth >= 0 &&
           (number == 0 || instruction->is_loop_header || instruction->is_resume_point || instruction->is_handler);
}

/* The code unit at which tier 0 goes on with instruction `number`: EXTENDED_ARG prefixes belong to the instruction. */
static uint32_t first_unit(const struct bytecode *bytecode, int number)
{
    return number > 0 ? bytecode->instructions[number - 1].next_unit : 0;
}

static bool make_entries(const struct emitter *emitter, struct compiled_code *compiled)
{
    const struct bytecode *bytecode = &emitter->bytecode;
    size_t count = 0;
    for (int i = 0; i < bytecode->count; i++) {
        count += is_entry(&bytecode->instructions[i], i);
    }
    compiled->entries = PyMem_RawMalloc(count * sizeof *compiled->entries);
    if (compiled->entries == NULL) {
        return false;
    }
    for (int i = 0; i < bytecode->count; i++) {
        const struct instruction *instruction = &bytecode->instructions[i];
        if (is_entry(instruction, i)) {
            compiled->entries[compiled->entry_count++] =
                (struct entry_row){.offset = first_unit(bytecode, i) * (uint32_t)sizeof(CodeUnit),
                                   .depth = (uint32_t)instruction->depth,
                                   .bound = instruction->bound,
                                   .address = compiled->start + label_offset(emitter, i)};
        }
    }
    compiled->entry = compiled->entries[0].address;
    return true;
}

/* Is instruction `number` where a frame goes on that was suspended inside SEND: SEND, YIELD_VALUE, then RESUME and a jump back to the SEND? */
static bool is_delegation(const struct bytecode *bytecode, int number)
{
    const struct instruction *at = &bytecode->instructions[number];
    return number >= 2 && number + 2 < bytecode->count && at[-2].opcode == SEND && at[-1].opcode == YIELD_VALUE &&
           at->opcode == RESUME && at->oparg >= 2 && at->unit == at[-2].unit + 2 &&
           at[1].opcode == JUMP_BACKWARD_NO_INTERRUPT && at[1].target == number - 2 && at[-2].target == number + 2;
}

/* Can a suspended frame go on at instruction `number`? After a yield, at its start, and where throw() puts it (select_after_send). */
static bool is_point(const struct emitter *emitter, int number)
{
    const struct instruction *at = &emitter->bytecode.instructions[number];
    return number > 0 && at->depth > 0 && emitter->raise_labels[number - 1] != NO_LABEL &&
           (at->is_resume_point || at[-1].opcode == JUMP_BACKWARD_NO_INTERRUPT);
}

/* The table of resume points of a generator's code. */
static bool make_points(const struct emitter *emitter, struct compiled_code *compiled)
{
    const struct bytecode *bytecode = &emitter->bytecode;
    if (!is_generator(bytecode->code)) {
        return true;
    }
    size_t count = 1;
    for (int i = 0; i < bytecode->count; i++) {
        count += is_point(emitter, i);
    }
    struct resume_table *table = resume_table_new(count, bytecode->unit_count + 1);
    if (table == NULL) {
        return false;
    }
    compiled->resume = table;
    const CodeUnit *units = _PyCode_CODE(bytecode->code);
    uint16_t number = 1;
    for (int i = 0; i < bytecode->count; i++) {
        if (is_point(emitter, i)) {
            const struct instruction *instruction = &bytecode->instructions[i];
            uint32_t unit = first_unit(bytecode, i);
            table->point_of_unit[unit] = number;
            table->points[number++] = (struct resume_point){
                .at = units + unit - 1,
                .stacktop = bytecode->code->co_nlocalsplus + instruction->depth - 1,
                .unit = unit,
                .address = compiled->start + label_offset(emitter, i),
                .bound = instruction->bound,
                .raise = compiled->start + label_offset(emitter, emitter->raise_labels[i - 1]),
                .catches = instruction[-1].handler >= 0,
            };
        }
    }
    for (int i = 0; i < bytecode->count; i++) {
        if (is_point(emitter, i) && is_delegation(bytecode, i)) {
            struct resume_point *point = &table->points[table->point_of_unit[first_unit(bytecode, i)]];
            uint16_t after = table->point_of_unit[first_unit(bytecode, i + 2)];
            if (after != 0) {
                point->after_send = &table->points[after];
                point->send_raised = compiled->start + label_offset(emitter, emitter->raise_labels[i - 2]);
            }
        }
    }
    return true;
}

static bool make_offsets(const struct emitter *emitter, struct compiled_code *compiled)
{
    size_t items = (size_t)emitter->hot.count + (size_t)emitter->cold.count;
    struct offset_row *rows = PyMem_RawMalloc(items * sizeof *rows);
    if (rows == NULL) {
        return false;
    }
    size_t count = 0;
    for (int cold = 0; cold < 2; cold++) {
        const struct item_list *list = cold ? &emitter->cold : &emitter->hot;
        for (int i = 0; i < list->count; i++) {
            const struct item *item = &list->items[i];
            if (count == 0 || rows[count - 1].offset != item->bytecode_offset) {
                rows[count++] = (struct offset_row){.machine = item->offset, .offset = item->bytecode_offset};
            }
        }
    }
    struct offset_row *fitted = PyMem_RawRealloc(rows, count * sizeof *rows);
    compiled->offsets = fitted != NULL ? fitted : rows;
    compiled->offset_count = count;
    return true;
}

/* ---- Placing ------------------------------------------------------------------------------------------------- */

/* Moves everything compiled into a compiled_code known to the code map. */
static enum reason place(struct emitter *emitter, struct compiled_code **result)
{
    size_t hot_size;
    size_t size = layout(emitter, &hot_size);
    struct compiled_code *compiled = PyMem_RawCalloc(1, sizeof *compiled);
    if (compiled == NULL) {
        return REASON_no_memory;
    }
    enum reason reason = REASON_arena_full;
    char *memory = code_arena_begin(size);
    if (memory == NULL) {
        goto failed;
    }
    relocate(emitter, memory);
    if (!code_arena_commit(memory, size)) {
        reason = REASON_no_executable_memory;
        goto failed;
    }
    compiled->start = memory;
    compiled->size = size;
    compiled->hot_size = hot_size;
    compiled->native_entry = memory + label_offset(emitter, emitter->native_entry_label);
    compiled->code = emitter->bytecode.code;
    compiled->tier = 1;
    if (!make_entries(emitter, compiled) || !make_points(emitter, compiled) || !make_offsets(emitter, compiled)) {
        reason = REASON_no_memory;
        goto failed_with_code;
    }
    compiled->feedback = emitter->feedback;
    compiled->feedback_size = emitter->feedback_size;
    if (code_map_add(compiled) < 0) {
        reason = REASON_no_memory;
        goto failed_with_code;
    }
    emitter->feedback = NULL;
    *result = compiled;
    return REASON_none;

failed_with_code:
    code_arena_free(memory, size);
failed:
    PyMem_RawFree(compiled->entries);
    PyMem_RawFree(compiled->resume);
    PyMem_RawFree(compiled->offsets);
    PyMem_RawFree(compiled);
    return reason;
}

enum reason tier1_compile(PyCodeObject *code, const struct tier1_options *options, struct compiled_code **compiled)
{
    if (Py_SIZE(code) > LARGEST_CODE) {
        return REASON_too_large;
    }
    struct emitter emitter = {.no_forwarding = options->no_forwarding};
    enum reason reason = bytecode_decode(code, &emitter.bytecode);
    if (reason == REASON_none && !prepare(&emitter)) {
        reason = REASON_no_memory;
    }
    if (reason == REASON_none) {
        reason = select_instructions(&emitter);
    }
    if (reason == REASON_none) {
        emit_stubs(&emitter);
        reason = emitter.out_of_memory ? REASON_no_memory : REASON_none;
    }
    if (reason == REASON_none) {
        reason = place(&emitter, compiled);
    }
    release(&emitter);
    return reason;
}
