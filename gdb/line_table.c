/* gdb/line_table.c: see line_table.h. */
#include "gdb/line_table.h"

#include "runtime/line_table.h"

#include <stdlib.h>

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

/* A walk over code in which each place is given its line. */
struct lines {
    const struct compiled_code *compiled;
    int32_t *line_of_unit; /* owned; -1: none */
    int *
        first_in_hot; /* owned; of the run of units of one line that each belongs to: the first that the hot part has code for, or -1 */
    int units;
    struct line_row *rows;
    size_t count, room;
};

static void free_lines(struct lines *lines)
{
    free(lines->line_of_unit);
    free(lines->first_in_hot);
}

static bool prepare(struct lines *lines)
{
    size_t units = (size_t)lines->units;
    lines->line_of_unit = calloc(units + 1, sizeof *lines->line_of_unit);
    lines->first_in_hot = calloc(units + 1, sizeof *lines->first_in_hot);
    return lines->line_of_unit != NULL && lines->first_in_hot != NULL;
}

/* The first unit of the run of one line that `unit` belongs to. */
static int first_of_run(const struct lines *lines, int unit)
{
    while (unit > 0 && lines->line_of_unit[unit - 1] == lines->line_of_unit[unit]) {
        unit--;
    }
    return unit;
}

static bool add_row(struct lines *lines, size_t machine, int line, bool is_stop)
{
    if (lines->count == lines->room) {
        lines->room = lines->room == 0 ? 64 : lines->room * 2;
        struct line_row *larger = realloc(lines->rows, lines->room * sizeof *lines->rows);
        if (larger == NULL) {
            return false;
        }
        lines->rows = larger;
    }
    lines->rows[lines->count++] = (struct line_row){.machine = (uint32_t)machine, .line = line, .is_stop = is_stop};
    return true;
}

/* Finds where the hot part has the first code of each run. Instructions that only note where a value is have none. */
static void find_first_in_hot(struct lines *lines)
{
    for (int unit = 0; unit < lines->units; unit++) {
        lines->first_in_hot[unit] = -1;
    }
    struct code_map_walk walk = code_map_walk_start(lines->compiled);
    while (code_map_walk_next(&walk) && walk.machine < lines->compiled->hot_size) {
        int unit = walk.offset / (int)sizeof(CodeUnit);
        int *first = &lines->first_in_hot[first_of_run(lines, unit)];
        if (*first < 0 || unit < *first) {
            *first = unit;
        }
    }
}

/* Outside the hot part, code is a line's beginning only where it does what the hot part has its beginning for: the rest goes on with a line that the
 * hot part has begun. */
static bool begins_line(const struct lines *lines, int unit, bool is_hot)
{
    int first = lines->first_in_hot[first_of_run(lines, unit)];
    return is_hot || first < 0 || unit <= first;
}

static int compare_places(const void *a, const void *b)
{
    const struct line_row *left = a, *right = b;
    return (left->machine > right->machine) - (left->machine < right->machine);
}

/* Each turn of a loop comes to its header anew: there are rows exactly where code is entered from elsewhere. */
static void add_entries(struct lines *lines)
{
    const struct compiled_code *compiled = lines->compiled;
    size_t walked = lines->count;
    for (uint32_t i = 0; i < compiled->entry_count; i++) {
        const struct entry_row *entry = &compiled->entries[i];
        int line = lines->line_of_unit[entry->unit];
        bool is_new = entry->unit != 0 && entry->machine < compiled->hot_size && line > 0;
        for (size_t k = 0; k < walked && is_new; k++) {
            is_new = lines->rows[k].machine != entry->machine;
        }
        if (is_new) {
            (void)add_row(lines, entry->machine, line, true);
        }
    }
    if (lines->count > walked) {
        qsort(lines->rows, lines->count, sizeof *lines->rows, compare_places);
    }
}

struct line_row *line_table_of(const struct compiled_code *compiled, size_t *count)
{
    struct lines lines = {.compiled = compiled, .units = (int)Py_SIZE(compiled->code)};
    *count = 0;
    if (!prepare(&lines)) {
        free_lines(&lines);
        return NULL;
    }
    line_table_read(compiled->code, lines.line_of_unit);
    find_first_in_hot(&lines);
    int line_before = 0;
    struct code_map_walk walk = code_map_walk_start(compiled);
    while (code_map_walk_next(&walk)) {
        int unit = walk.offset / (int)sizeof(CodeUnit);
        int line = lines.line_of_unit[unit];
        bool is_hot = walk.machine < compiled->hot_size;
        if (line <= 0 || line == line_before) {
            continue;
        }
        /* The line of `def` is no place to stop at: debuggers would take it for the place of a line above it that has no code. */
        bool is_stop = unit != 0 && begins_line(&lines, unit, is_hot);
        if (!add_row(&lines, walk.machine, line, is_stop)) {
            break;
        }
        line_before = line;
    }
    add_entries(&lines);
    free_lines(&lines);
    *count = lines.count;
    return lines.rows;
}

/* Adds the lines of what is inside `code`, some of them more than once. */
static void add_inner(struct lines *lines, PyCodeObject *code)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++) {
        PyCodeObject *inner = (PyCodeObject *)PyTuple_GET_ITEM(code->co_consts, i);
        int32_t *of_unit = PyCode_Check(inner) ? malloc((size_t)Py_SIZE(inner) * sizeof *of_unit) : NULL;
        if (of_unit == NULL) {
            continue;
        }
        line_table_read(inner, of_unit);
        int32_t before = inner->co_firstlineno;
        for (Py_ssize_t unit = 0; unit < Py_SIZE(inner); unit++) {
            if (of_unit[unit] > inner->co_firstlineno && of_unit[unit] != before) {
                (void)add_row(lines, 0, of_unit[unit], true);
                before = of_unit[unit];
            }
        }
        free(of_unit);
        add_inner(lines, inner);
    }
}

static int compare_lines(const void *a, const void *b)
{
    const struct line_row *left = a, *right = b;
    return (left->line > right->line) - (left->line < right->line);
}

int32_t *line_table_of_inner(PyCodeObject *code, size_t *count)
{
    struct lines lines = {0};
    add_inner(&lines, code);
    int32_t *result = lines.count > 0 ? malloc(lines.count * sizeof *result) : NULL;
    *count = 0;
    if (result != NULL) {
        qsort(lines.rows, lines.count, sizeof *lines.rows, compare_lines);
        for (size_t i = 0; i < lines.count && *count < LINES_ELSEWHERE; i++) {
            if (*count == 0 || result[*count - 1] != lines.rows[i].line) {
                result[(*count)++] = lines.rows[i].line;
            }
        }
    }
    free(lines.rows);
    return result;
}

/* ---- The program ------------------------------------------------------------------------------------------------- */

enum {
    DW_LNS_copy = 1,
    DW_LNS_advance_pc = 2,
    DW_LNS_advance_line = 3,
    DW_LNS_negate_stmt = 6,
    DW_LNE_end_sequence = 1,
    DW_LNE_set_address = 2,
    STANDARD_OPCODES = 12,
    LINE_BASE = -3,
    LINE_RANGE = 12,
};

static void write_header(struct bytes *bytes, const char *file)
{
    static const uint8_t operand_counts[STANDARD_OPCODES] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
    bytes_u16(bytes, 4);
    size_t length = bytes->size;
    bytes_u32(bytes, 0);
    bytes_u8(bytes, 1); /* bytes of the smallest instruction */
    bytes_u8(bytes, 1); /* operations per instruction */
    bytes_u8(bytes, 1); /* rows are places to stop at, to begin with */
    bytes_u8(bytes, (uint8_t)LINE_BASE);
    bytes_u8(bytes, LINE_RANGE);
    bytes_u8(bytes, STANDARD_OPCODES + 1);
    bytes_append(bytes, operand_counts, sizeof operand_counts);
    bytes_u8(bytes, 0); /* no folders */
    bytes_text(bytes, file);
    bytes_uleb(bytes, 0); /* its folder, */
    bytes_uleb(bytes, 0); /* time */
    bytes_uleb(bytes, 0); /* and size are not told */
    bytes_u8(bytes, 0);
    bytes_put_u32(bytes, length, (uint32_t)(bytes->size - length - sizeof(uint32_t)));
}

static void write_extended(struct bytes *bytes, uint8_t opcode, size_t size)
{
    bytes_u8(bytes, 0);
    bytes_uleb(bytes, size + 1);
    bytes_u8(bytes, opcode);
}

/* The state of the program's machine. */
struct state {
    int64_t line;
    uint64_t address;
    bool is_stop;
};

static void begin_sequence(struct bytes *bytes, struct state *state, uint64_t address)
{
    *state = (struct state){.line = 1, .address = address, .is_stop = true};
    write_extended(bytes, DW_LNE_set_address, sizeof address);
    bytes_u64(bytes, address);
}

static void write_row(struct bytes *bytes, struct state *state, uint64_t address, int64_t line, bool is_stop)
{
    bytes_u8(bytes, DW_LNS_advance_pc);
    bytes_uleb(bytes, address - state->address);
    if (is_stop != state->is_stop) {
        bytes_u8(bytes, DW_LNS_negate_stmt);
    }
    bytes_u8(bytes, DW_LNS_advance_line);
    bytes_sleb(bytes, line - state->line);
    bytes_u8(bytes, DW_LNS_copy);
    *state = (struct state){.line = line, .address = address, .is_stop = is_stop};
}

static void end_sequence(struct bytes *bytes, const struct state *state, uint64_t end)
{
    bytes_u8(bytes, DW_LNS_advance_pc);
    bytes_uleb(bytes, end - state->address);
    write_extended(bytes, DW_LNE_end_sequence, 0);
}

size_t line_table_begin(struct bytes *bytes, const char *file)
{
    size_t begun = bytes->size;
    bytes_u32(bytes, 0);
    write_header(bytes, file);
    return begun;
}

void line_table_end(struct bytes *bytes, size_t begun)
{
    bytes_put_u32(bytes, begun, (uint32_t)(bytes->size - begun - sizeof(uint32_t)));
}

void line_table_add(struct bytes *bytes, const struct line_table *table)
{
    struct state state;
    begin_sequence(bytes, &state, table->start);
    for (size_t i = 0; i < table->row_count; i++) {
        const struct line_row *row = &table->rows[i];
        write_row(bytes, &state, table->start + row->machine, row->line, row->is_stop);
    }
    end_sequence(bytes, &state, table->start + table->size);
    if (table->elsewhere_count > 0) {
        begin_sequence(bytes, &state, table->nowhere);
        for (size_t i = 0; i < table->elsewhere_count; i++) {
            write_row(bytes, &state, table->nowhere + i, table->lines_elsewhere[i], true);
        }
        end_sequence(bytes, &state, table->nowhere + table->elsewhere_count);
    }
}
