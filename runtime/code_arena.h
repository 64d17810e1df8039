/* runtime/code_arena.h: the memory that machine code lives in.
 *
 * One region inside this library's own image (.bss), so that `dladdr` knows our addresses (NumPy turns
 * off its temporary elision for the whole process when it does not) and helpers are within reach of a
 * 32-bit displacement. Never writable and executable at once: begin() makes the touched pages
 * writable, commit() executable again. All calls need the GIL, which also keeps every other thread
 * out of compiled code in between.
 */
#ifndef PYJIT_RUNTIME_CODE_ARENA_H
#define PYJIT_RUNTIME_CODE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

enum { CODE_ARENA_ALIGNMENT = 32 };

/* Prepares the arena; `limit` in bytes (0: the built-in maximum) is rounded up to pages. Returns false when
 * the system refuses executable memory (tried once, here). May be called again with another limit while the arena is empty. */
bool code_arena_init(size_t limit);

/* Takes `size` bytes, CODE_ARENA_ALIGNMENT-aligned, and makes their pages writable. NULL when the
 * arena is full or mprotect fails. At most one begin() may be open at a time. */
void *code_arena_begin(size_t size);

/* Closes the open begin(): pages become read-execute. `size` may be smaller than what begin() took: the rest is
 * given back. Returns false when the system refuses now; the memory is given back then. */
bool code_arena_commit(void *memory, size_t size);

/* Gives back memory that no frame can return into, or an open begin() that shall not be committed. In debug
 * builds (without NDEBUG) it is filled with 0xCC first. */
void code_arena_free(void *memory, size_t size);

/* Bytes in use and bytes available in all. */
size_t code_arena_used(void);
size_t code_arena_limit(void);

/* Is this address inside the arena? Async-signal-safe. */
bool code_arena_contains(const void *address);

#endif
