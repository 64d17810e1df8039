/* gdb/line_table.h: which line the machine code of a function belongs to, and the same as a DWARF line number program. */
#ifndef PYJIT_GDB_LINE_TABLE_H
#define PYJIT_GDB_LINE_TABLE_H

#include "gdb/bytes.h"
#include "runtime/code_map.h"

/* The code from `machine` on, in bytes from the function's start, belongs to `line`. */
struct line_row {
    uint32_t machine;
    int32_t line;
    bool is_stop; /* a debugger that steps, or has a breakpoint on the line, stops here */
};

/* The rows of tier-1 code, by address, into a new array (free() it); NULL when there are none, or no memory. GIL held. */
struct line_row *line_table_of(const struct compiled_code *compiled, size_t *count);

/* The lines of the functions and classes inside `code`, into a new array (free() it), at most LINES_ELSEWHERE of them; NULL where there are none. GIL
 * held. */
enum { LINES_ELSEWHERE = 4000 };
int32_t *line_table_of_inner(PyCodeObject *code, size_t *count);

/* The lines of one piece of code. */
struct line_table {
    uint64_t start, size;
    const struct line_row *rows;
    size_t row_count;
    /* Lines whose code is elsewhere, or not compiled yet, and an address from which on so many bytes never run. A breakpoint on such a line goes there:
     * else debuggers would move it to the next line that has code. */
    const int32_t *lines_elsewhere;
    size_t elsewhere_count;
    uint64_t nowhere;
};

/* A DWARF 4 line number program: begins one for code from `file`, adds pieces of code to it, ends it; what the first returns, the last is given. */
size_t line_table_begin(struct bytes *bytes, const char *file);
void line_table_add(struct bytes *bytes, const struct line_table *table);
void line_table_end(struct bytes *bytes, size_t begun);

#endif
