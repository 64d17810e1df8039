/* tier1/compile.c: the template compiler's pipeline. */
#include "tier1/compile.h"

#include "runtime/code_arena.h"
#include "runtime/code_state.h"
#include "runtime/feedback.h"
#include "tier1/emitter.h"

#include <stdlib.h>
#include <string.h>

/* Bytecode beyond this is left to tier 0: compile time is linear, but such code is data in disguise. In code units. */
enum { LARGEST_CODE = 30000 };

/* Bytes of feedback cells the bytecode needs; those of calls are only counted. */
static size_t feedback_size(const struct bytecode *bytecode, uint32_t *calls)
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
            ++*calls;
            break;
        }
    }
    return size;
}

/* The arrays of the last compilation, kept: fresh memory would cost more page faults than the work in it. */
static struct emitter kept;
/* Larger arrays than this are given back, in elements of the hot list. */
enum { LARGEST_KEPT = 20000 };

static bool prepare(struct emitter *emitter)
{
    emitter->feedback_size = feedback_size(&emitter->bytecode, &emitter->calls);
    emitter->feedback = calloc(emitter->feedback_size + 1, 1);
    emitter->stack = calloc((size_t)emitter->bytecode.code->co_stacksize + 1, sizeof *emitter->stack);
    emitter->exits = calloc(1, sizeof *emitter->exits);
    emitter->hot = (struct item_list){.items = kept.hot.items, .capacity = kept.hot.capacity};
    emitter->cold = (struct item_list){.items = kept.cold.items, .capacity = kept.cold.capacity};
    emitter->labels = kept.labels;
    emitter->label_capacity = kept.label_capacity;
    emitter->stubs = kept.stubs;
    emitter->stub_capacity = kept.stub_capacity;
    emitter->saved_operands = kept.saved_operands;
    emitter->saved_capacity = kept.saved_capacity;
    kept = (struct emitter){0};
    return emitter->feedback != NULL && emitter->stack != NULL && emitter->exits != NULL &&
           prepare_resume_points(emitter);
}

static void release(struct emitter *emitter)
{
    free(emitter->stack);
    free(emitter->feedback);
    code_state_free_cells(emitter->call_cells);
    side_exits_free(emitter->exits);
    release_resume_points(emitter);
    bytecode_free(&emitter->bytecode);
    if (emitter->hot.capacity <= LARGEST_KEPT && emitter->cold.capacity <= LARGEST_KEPT) {
        kept = *emitter;
        return;
    }
    free(emitter->hot.items);
    free(emitter->cold.items);
    free(emitter->labels);
    free(emitter->stubs);
    free(emitter->saved_operands);
}

/* ---- Tables ------------------------------------------------------------------------------------------------ */

static bool is_entry(const struct instruction *instruction, int number)
{
    return instruction->depth >= 0 &&
           (number == 0 || instruction->is_loop_header || instruction->is_resume_point || instruction->is_handler);
}

static bool make_entries(const struct emitter *emitter, struct compiled_code *compiled)
{
    const struct bytecode *bytecode = &emitter->bytecode;
    size_t count = 0;
    for (int i = 0; i < bytecode->count; i++) {
        count += is_entry(&bytecode->instructions[i], i);
    }
    compiled->entries = malloc(count * sizeof *compiled->entries);
    if (compiled->entries == NULL) {
        return false;
    }
    for (int i = 0; i < bytecode->count; i++) {
        const struct instruction *instruction = &bytecode->instructions[i];
        if (is_entry(instruction, i)) {
            compiled->entries[compiled->entry_count++] =
                (struct entry_row){.offset = bytecode_first_unit(bytecode, i) * (uint32_t)sizeof(CodeUnit),
                                   .depth = (uint32_t)instruction->depth,
                                   .bound = instruction->bound,
                                   .address = compiled->start + label_offset(emitter, i)};
        }
    }
    compiled->entry = compiled->entries[0].address;
    return true;
}

static bool make_offsets(const struct emitter *emitter, struct compiled_code *compiled)
{
    size_t items = (size_t)emitter->hot.count + (size_t)emitter->cold.count;
    struct offset_row *rows = malloc(items * sizeof *rows);
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
    struct offset_row *fitted = realloc(rows, count * sizeof *rows);
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
    struct compiled_code *compiled = calloc(1, sizeof *compiled);
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
    if (!make_entries(emitter, compiled) || !make_offsets(emitter, compiled) || !make_side_exits(emitter, memory)) {
        reason = REASON_no_memory;
        goto failed_with_code;
    }
    compiled->feedback = emitter->feedback;
    compiled->feedback_size = emitter->feedback_size;
    compiled->exits = emitter->exits;
    compiled->call_cells = emitter->call_cells;
    if (code_map_add(compiled) < 0) {
        reason = REASON_no_memory;
        goto failed_with_code;
    }
    emitter->feedback = NULL;
    emitter->exits = NULL;
    emitter->call_cells = NULL;
    publish_resume_points(emitter, compiled);
    *result = compiled;
    return REASON_none;

failed_with_code:
    code_arena_free(memory, size);
failed:
    free(compiled->entries);
    free(compiled->offsets);
    free(compiled);
    return reason;
}

enum reason tier1_compile(PyCodeObject *code, const struct tier1_options *options, struct compiled_code **compiled)
{
    if (Py_SIZE(code) > LARGEST_CODE) {
        return REASON_too_large;
    }
    struct emitter emitter = {.no_forwarding = options->no_forwarding, .globals = options->globals};
    enum reason reason = bytecode_decode(code, &emitter.bytecode);
    if (reason != REASON_none) {
        return reason;
    }
    if (!prepare(&emitter)) {
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
