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

/* Appends a DWARF 4 line number program for code of `size` bytes at `start` from the file `file`. */
void line_table_write(struct bytes *bytes, const char *file, uint64_t start, uint64_t size,
                      const struct line_row *rows, size_t count);

#endif
