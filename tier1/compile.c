/* tier1/compile.c: the template compiler's pipeline. */
#include "tier1/compile.h"

#include "runtime/allocation_counts.h"
#include "runtime/code_arena.h"
#include "runtime/code_state.h"
#include "runtime/compiler_memory.h"
#include "runtime/data_arena.h"
#include "runtime/feedback.h"
#include "tier1/emitter.h"

#include <stdlib.h>
#include <string.h>

/* Bytecode beyond this is left to tier 0: compile time is linear, but such code is data in disguise. In code units. */
enum { LARGEST_CODE = 30000 };
_Static_assert(LARGEST_CODE < UINT16_MAX, "tables number code units in 16 bits");

/* Bytes of feedback cells the bytecode needs; *attributes is how many of them the attribute cells take, which stand first. */
static size_t feedback_size(const struct bytecode *bytecode, bool counting, size_t *attributes)
{
    size_t size = 0;
    *attributes = 0;
    for (int i = 0; i < bytecode->count; i++) {
        const struct instruction *instruction = &bytecode->instructions[i];
        size_t cell = feedback_cell_size(instruction->opcode);
        size += cell;
        *attributes += feedback_is_attribute(instruction->opcode) ? cell : 0;
        if (counting && counts_results(instruction)) {
            size += sizeof(struct allocation_site);
        }
        if (instruction->opcode == BUILD_TUPLE) {
            /* Perhaps a closure (select_closure). */
            size += function_cell_size(instruction->oparg);
        } else if (instruction->opcode == MAKE_FUNCTION) {
            size += function_cell_size(0);
        }
    }
    return size;
}

/* The arrays of the last compilation, kept: fresh memory would cost more page faults than the work in it. */
static struct emitter kept;
/* Larger arrays than this are given back, in elements of the hot list. */
enum { LARGEST_KEPT = 512 };

static bool prepare(struct emitter *emitter)
{
    emitter->feedback_size = feedback_size(&emitter->bytecode, emitter->counts != NULL, &emitter->feedback_used);
    emitter->feedback = data_arena_allocate(emitter->feedback_size);
    emitter->stack = compiler_calloc((size_t)emitter->bytecode.code->co_stacksize + 1, sizeof *emitter->stack);
    for (int part = 0; part < PART_COUNT; part++) {
        emitter->parts[part] =
            (struct item_list){.items = kept.parts[part].items, .capacity = kept.parts[part].capacity};
    }
    emitter->labels = kept.labels;
    emitter->label_capacity = kept.label_capacity;
    emitter->stubs = kept.stubs;
    emitter->stub_capacity = kept.stub_capacity;
    emitter->saved_operands = kept.saved_operands;
    emitter->saved_capacity = kept.saved_capacity;
    emitter->exit_rows = kept.exit_rows;
    emitter->exit_row_capacity = kept.exit_row_capacity;
    emitter->exit_operands = kept.exit_operands;
    emitter->exit_operand_capacity = kept.exit_operand_capacity;
    emitter->offset_rows = kept.offset_rows;
    emitter->offset_capacity = kept.offset_capacity;
    emitter->exit_masks = kept.exit_masks;
    emitter->exit_mask_capacity = kept.exit_mask_capacity;
    memset(emitter->stub_buckets, 0xff, sizeof emitter->stub_buckets); /* -1 */
    kept = (struct emitter){0};
    size_t numbers = sizeof *emitter->cells * (size_t)emitter->bytecode.count;
    emitter->cells = compiler_malloc(2 * numbers + 1);
    emitter->fallback = (struct fallback){.labels = compiler_malloc(numbers + 1), .first = -1};
    if (emitter->cells != NULL && emitter->fallback.labels != NULL) {
        memset(emitter->cells, 0xff, 2 * numbers);       /* -1 */
        memset(emitter->fallback.labels, 0xff, numbers); /* NO_LABEL */
    }
    return emitter->feedback != NULL && emitter->stack != NULL && emitter->cells != NULL &&
           emitter->fallback.labels != NULL && prepare_resume_points(emitter) && prepare_handlers(emitter);
}

static void release(struct emitter *emitter)
{
    free(emitter->stack);
    compiled_feedback_free(emitter->feedback, emitter->feedback_size, emitter->attribute_cells);
    if (emitter->exits != NULL) {
        side_exits_free(emitter->exits);
    }
    free(emitter->cells);
    free(emitter->fallback.labels);
    release_resume_points(emitter);
    free(emitter->handlers);
    bytecode_free(&emitter->bytecode);
    if (emitter->parts[PART_HOT].capacity <= LARGEST_KEPT && emitter->parts[PART_FALLBACK].capacity <= LARGEST_KEPT &&
        emitter->parts[PART_COLD].capacity <= LARGEST_KEPT) {
        kept = *emitter;
        return;
    }
    for (int part = 0; part < PART_COUNT; part++) {
        free(emitter->parts[part].items);
    }
    free(emitter->labels);
    free(emitter->stubs);
    free(emitter->saved_operands);
    free(emitter->exit_rows);
    free(emitter->exit_operands);
    free(emitter->exit_masks);
    free(emitter->offset_rows);
}

/* Is the upper half of all the code's instruction addresses the same? Machine code writes the lower half only. */
static bool within_4_gigabytes(PyCodeObject *code)
{
    const CodeUnit *units = _PyCode_CODE(code);
    return (uintptr_t)(units - 1) >> 32 == (uintptr_t)(units + Py_SIZE(code)) >> 32;
}

/* ---- Tables ------------------------------------------------------------------------------------------------ */

static bool is_entry(const struct instruction *instruction, int number)
{
    return instruction->depth >= 0 && (number == 0 || instruction->is_loop_header || instruction->is_resume_point ||
                                       instruction->is_handler || instruction->is_wanted_entry);
}

static size_t count_entries(const struct bytecode *bytecode)
{
    size_t count = 0;
    for (int i = 0; i < bytecode->count; i++) {
        count += is_entry(&bytecode->instructions[i], i);
    }
    return count;
}

static void fill_entries(const struct emitter *emitter, struct entry_row *row)
{
    const struct bytecode *bytecode = &emitter->bytecode;
    for (int i = 0; i < bytecode->count; i++) {
        const struct instruction *instruction = &bytecode->instructions[i];
        if (is_entry(instruction, i)) {
            *row++ = (struct entry_row){.unit = (uint16_t)bytecode_first_unit(bytecode, i),
                                        .depth = (uint16_t)instruction->depth,
                                        .bound = instruction->bound,
                                        .machine = label_offset(emitter, i)};
        }
    }
}

static bool make_tables(const struct emitter *emitter, struct compiled_code *compiled)
{
    compiled->entry_count = (uint32_t)count_entries(&emitter->bytecode);
    size_t entry_bytes = compiled->entry_count * sizeof(struct entry_row);
    size_t size = entry_bytes + emitter->offset_bytes;
    char *block = data_arena_allocate(size);
    if (block == NULL) {
        return false;
    }
    fill_entries(emitter, (struct entry_row *)block);
    memcpy(block + entry_bytes, emitter->offset_rows, emitter->offset_bytes);
    compiled->tables = block;
    compiled->table_size = (uint32_t)size;
    compiled->entries = (struct entry_row *)block;
    compiled->offsets = (uint8_t *)block + entry_bytes;
    compiled->offset_bytes = (uint32_t)emitter->offset_bytes;
    compiled->entry = compiled->start + compiled->entries[0].machine;
    return true;
}

/* Where the cells are, for tier 2. */
static int32_t *copy_cells(const struct emitter *emitter)
{
    int32_t *cells = compiler_malloc((size_t)emitter->bytecode.count * sizeof *cells);
    for (int i = 0; cells != NULL && i < emitter->bytecode.count; i++) {
        cells[i] = feedback_cell_size(emitter->bytecode.instructions[i].opcode) != 0 ? emitter->cells[2 * i] : -1;
    }
    return cells;
}

/* ---- Placing ------------------------------------------------------------------------------------------------- */

/* Moves everything compiled into a compiled_code known to the code map. */
static enum reason place(struct emitter *emitter, struct tier1_options *options, struct compiled_code **result)
{
    size_t hot_size;
    size_t size = layout(emitter, &hot_size);
    struct compiled_code *compiled = size == 0 ? NULL : compiled_code_new();
    if (compiled == NULL) {
        return REASON_no_memory;
    }
    enum reason reason = REASON_arena_full;
    /* Suspended frames would go on in it at once through a table that is in use. */
    options->deferred = options->deferred && (emitter->resume == NULL || emitter->owns_resume);
    char *memory = options->deferred ? code_arena_begin_deferred(size) : NULL;
    if (memory == NULL) {
        options->deferred = false;
        memory = code_arena_begin(size);
    }
    if (memory == NULL) {
        goto failed;
    }
    relocate(emitter, memory, size);
    if (!code_arena_commit(memory, size)) {
        reason = REASON_no_executable_memory;
        goto failed;
    }
    compiled->start = memory;
    compiled->size = size;
    compiled->hot_size = hot_size;
    compiled->native_entry = memory + label_offset(emitter, emitter->native_entry_label);
    PyCodeObject *code = emitter->bytecode.code;
    bool simple = code->co_kwonlyargcount == 0 &&
                  (code->co_flags & (CO_OPTIMIZED | CO_VARARGS | CO_VARKEYWORDS)) == CO_OPTIMIZED;
    compiled->code = code;
    compiled->native_arguments = simple ? code->co_argcount : -1;
    compiled->frame_bytes =
        (uint32_t)(code->co_nlocalsplus + code->co_stacksize + FRAME_SPECIALS_SIZE) * (uint32_t)sizeof(PyObject *);
    compiled->tier = 1;
    address_side_exits(emitter, memory);
    compiled->feedback_size = (uint32_t)emitter->feedback_size;
    compiled->feedback = emitter->feedback;
    compiled->attribute_cells = emitter->attribute_cells;
    compiled->exits = emitter->exits;
    compiled->call_cells = emitter->call_cells;
    compiled->cells = emitter->count_for_tier2 != 0 ? copy_cells(emitter) : NULL;
    if ((emitter->count_for_tier2 != 0 && compiled->cells == NULL) || !make_tables(emitter, compiled) ||
        code_map_add(compiled) < 0) {
        compiled->feedback = NULL;
        compiled->exits = NULL;
        compiled->call_cells = NULL;
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
    compiled_code_free(compiled);
    return reason;
}

/* What the sites have seen in an earlier compiled form. */
static void take_feedback_over(struct emitter *emitter, const struct compiled_code *earlier)
{
    for (int i = 0; i < emitter->bytecode.count; i++) {
        int opcode = emitter->bytecode.instructions[i].opcode;
        /* Cells of calls are linked with what they call, and learn again. */
        bool calls = opcode == CALL || opcode == CALL_FUNCTION_EX || opcode == BEFORE_WITH;
        if (emitter->cells[2 * i] < 0 || earlier->cells[i] < 0 || calls) {
            continue;
        }
        char *cell = emitter->feedback + emitter->cells[2 * i];
        const char *from = (char *)earlier->feedback + earlier->cells[i];
        if (feedback_is_attribute(opcode)) {
            feedback_copy_attribute((struct attribute_cell *)cell, (const struct attribute_cell *)from);
        } else {
            memcpy(cell, from, feedback_cell_size(opcode));
        }
    }
}

static void want_entry(struct instruction *instruction)
{
    instruction->is_wanted_entry = 1;
    instruction->is_leader = 1;
}

static void want_entries(struct bytecode *bytecode, const struct tier1_options *options)
{
    for (size_t i = 0; i < options->entry_count; i++) {
        size_t unit = options->entries[i] / sizeof(CodeUnit);
        assert(unit < bytecode->unit_count);
        int number = bytecode->number_of_unit[unit];
        if (number >= 0) {
            want_entry(&bytecode->instructions[number]);
        }
    }
    /* Where tier 2 is entered at the function's start, tier 1 can be. */
    for (int i = 0; options->count_for_tier2 != 0 && i + 1 < bytecode->count; i++) {
        if (bytecode->instructions[i].opcode == RESUME && bytecode->instructions[i].oparg == 0) {
            want_entry(&bytecode->instructions[i + 1]);
        }
    }
}

enum reason tier1_compile(PyCodeObject *code, struct tier1_options *options, struct compiled_code **compiled)
{
    if (Py_SIZE(code) > LARGEST_CODE) {
        return REASON_too_large;
    }
    if (!within_4_gigabytes(code)) {
        return REASON_unlucky_address;
    }
    struct emitter emitter = {.no_forwarding = options->no_forwarding,
                              .globals = options->globals,
                              .counts = options->counts,
                              .count_for_tier2 = options->count_for_tier2};
    enum reason reason = bytecode_decode(code, &emitter.bytecode);
    if (reason != REASON_none) {
        return reason;
    }
    want_entries(&emitter.bytecode, options);
    if (!prepare(&emitter)) {
        reason = REASON_no_memory;
    }
    if (reason == REASON_none) {
        reason = select_instructions(&emitter);
    }
    if (options->earlier != NULL && reason == REASON_none) {
        take_feedback_over(&emitter, options->earlier);
    }
    if (reason == REASON_none) {
        emit_stubs(&emitter);
        reason = emitter.out_of_memory ? REASON_no_memory : REASON_none;
    }
    if (reason == REASON_none) {
        reason = place(&emitter, options, compiled);
    }
    release(&emitter);
    return reason;
}
