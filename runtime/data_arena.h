/* runtime/data_arena.h: memory for the data that machine code reads and writes: feedback cells, tables, resume points.
 *
 * Part of this library's image (.bss) like the code arena, and so within reach of a 32-bit displacement from the code: a cell's
 * address costs a template seven bytes and a direct access none. Never executable. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_DATA_ARENA_H
#define PYJIT_RUNTIME_DATA_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* `size` bytes, 16-aligned and zeroed, or NULL when the arena is full. Free with data_arena_free() and the same size. */
void *data_arena_allocate(size_t size);
void data_arena_free(void *memory, size_t size);

/* Bytes in use. */
size_t data_arena_used(void);

#endif
