/* gdb/line_table.c: see line_table.h. */
#include "gdb/line_table.h"

#include "runtime/line_table.h"

#include <stdlib.h>

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

/* A walk over code in which each place is given its line. */
struct lines {
    const struct compiled_code *compiled;
    int32_t *line_of_unit; /* owned; -1: none */
    bool *entered_unit;    /* owned; is it a place that code can be entered at, as a loop's next turn does? */
    int *
        first_in_hot; /* owned; of the run of units of one line that each belongs to: the first that the hot part has code for, or -1 */
    int units;
    struct line_row *rows;
    size_t count, room;
};

static void free_lines(struct lines *lines)
{
    free(lines->line_of_unit);
    free(lines->entered_unit);
    free(lines->first_in_hot);
}

static bool prepare(struct lines *lines)
{
    size_t units = (size_t)lines->units;
    lines->line_of_unit = calloc(units + 1, sizeof *lines->line_of_unit);
    lines->entered_unit = calloc(units + 1, sizeof *lines->entered_unit);
    lines->first_in_hot = calloc(units + 1, sizeof *lines->first_in_hot);
    return lines->line_of_unit != NULL && lines->entered_unit != NULL && lines->first_in_hot != NULL;
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
    return lines->entered_unit[unit] || is_hot || first < 0 || unit <= first;
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
    for (uint32_t i = 0; i < compiled->entry_count; i++) {
        lines.entered_unit[compiled->entries[i].unit] = true;
    }
    find_first_in_hot(&lines);
    int line_before = 0;
    struct code_map_walk walk = code_map_walk_start(compiled);
    while (code_map_walk_next(&walk)) {
        int unit = walk.offset / (int)sizeof(CodeUnit);
        int line = lines.line_of_unit[unit];
        bool is_hot = walk.machine < compiled->hot_size;
        bool is_entered = is_hot && lines.entered_unit[unit];
        if (line <= 0 || (line == line_before && !is_entered)) {
            continue;
        }
        if (!add_row(&lines, walk.machine, line, begins_line(&lines, unit, is_hot))) {
            break;
        }
        line_before = line;
    }
    free_lines(&lines);
    *count = lines.count;
    return lines.rows;
}

/* ---- The program ------------------------------------------------------------------------------------------------- */

enum {
    DW_LNS_copy = 1,
    DW_LNS_advance_pc = 2,
    DW_LNS_advance_line = 3,
    DW_LNS_negate_stmt = 6,
    DW_LNE_end_sequence = 1,
    DW_LNE_set_address = 2,
    DW_LNE_set_discriminator = 4,
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

void line_table_write(struct bytes *bytes, const char *file, uint64_t start, uint64_t size,
                      const struct line_row *rows, size_t count)
{
    size_t length = bytes->size;
    bytes_u32(bytes, 0);
    write_header(bytes, file);
    write_extended(bytes, DW_LNE_set_address, sizeof start);
    bytes_u64(bytes, start);
    int64_t line = 1;
    uint64_t machine = 0;
    bool is_stop = true;
    for (size_t i = 0; i < count; i++) {
        bytes_u8(bytes, DW_LNS_advance_pc);
        bytes_uleb(bytes, rows[i].machine - machine);
        if (rows[i].is_stop != is_stop) {
            bytes_u8(bytes, DW_LNS_negate_stmt);
            is_stop = rows[i].is_stop;
        }
        if (rows[i].line == line) {
            /* Readers leave out a row that has the line of the one before it, unless that has a discriminator. */
            write_extended(bytes, DW_LNE_set_discriminator, 1);
            bytes_uleb(bytes, 1);
        }
        bytes_u8(bytes, DW_LNS_advance_line);
        bytes_sleb(bytes, rows[i].line - line);
        bytes_u8(bytes, DW_LNS_copy);
        line = rows[i].line;
        machine = rows[i].machine;
    }
    bytes_u8(bytes, DW_LNS_advance_pc);
    bytes_uleb(bytes, size - machine);
    write_extended(bytes, DW_LNE_end_sequence, 0);
    bytes_put_u32(bytes, length, (uint32_t)(bytes->size - length - sizeof(uint32_t)));
}
