/* gdb/elf_image.h: an ELF file in memory that tells a debugger of machine code: symbols, lines and locals. The code itself is not in it, nor how
 * it is unwound, which the library's own .eh_frame says (runtime/code_arena_x86_64.S). libelf makes the file; it is loaded when the first image is asked for, never linked.
 */
#ifndef PYJIT_GDB_ELF_IMAGE_H
#define PYJIT_GDB_ELF_IMAGE_H

#include "gdb/line_table.h"

/* A local variable: it is in the Python frame. */
struct image_local {
    char *name; /* owned */
    bool is_parameter;
};

/* One piece of machine code. */
struct image_function {
    char *name; /* owned: "py::QUALNAME" in UTF-8 */
    char *file; /* owned, in UTF-8 */
    int line;   /* its first */
    uint64_t start, size;
    uint64_t entry;           /* bytes from the start to the first code that every call runs */
    int32_t *lines_elsewhere; /* owned, and the two below: see line_table.h */
    size_t elsewhere_count;
    uint64_t nowhere;
    uint64_t hot_size;     /* bytes of the part in which each line's usual code is */
    struct line_row *rows; /* owned */
    size_t row_count;
    struct image_local *locals; /* owned */
    size_t local_count;
};

/* Loads libelf. False, with *why set to a static string, where that is not possible. Once it has succeeded it does nothing. */
bool elf_image_prepare(const char **why);

/* Makes an image of `count` functions, which it sorts, into a new block of *size bytes (free() it). NULL without memory, or where libelf fails. After
 * elf_image_prepare(). */
void *elf_image_make(const struct image_function **functions, size_t count, size_t *size);

#endif
