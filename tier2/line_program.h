/* tier2/line_program.h: which line of which file machine code belongs to, read from the DWARF line number program that LLVM writes into an object file. */
#ifndef PYJIT_TIER2_LINE_PROGRAM_H
#define PYJIT_TIER2_LINE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The machine code from `offset` on, in bytes from the start of the object's code, belongs to this line. */
struct line_program_row {
    uint32_t offset;
    int32_t line;       /* 0: to none */
    uint32_t column;    /* in tier-2 code, the bytecode's code unit, counted from 1 (debug_info.h) */
    bool is_other_file; /* another than the program's first: of an inlined function */
};

/* The rows of an object file of `size` bytes, by offset, into a new array (free() it), their number in *count; NULL where there are none, or no memory. Of DWARF 4, as
 * tier 2 makes it; the object file is LLVM's, but nothing in it is believed that lies outside it. */
struct line_program_row *line_program_read(const void *object, size_t size, size_t *count);

#endif
