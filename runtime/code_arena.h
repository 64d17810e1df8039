/* runtime/code_arena.h: the memory that machine code lives in.
 *
 * One region inside this library's own image (.bss), so that `dladdr` knows our addresses (NumPy turns
 * off its temporary elision for the whole process when it does not) and helpers are within reach of a
 * 32-bit displacement. Never writable and executable at once: begin() makes the touched pages
 * writable, commit() executable again. All calls need the GIL, which also keeps every other thread
 * out of compiled code in between; but for blocks, whose pages hold nothing else, and which any thread may use.
 */
#ifndef PYJIT_RUNTIME_CODE_ARENA_H
#define PYJIT_RUNTIME_CODE_ARENA_H

/* Its size; code_arena_x86_64.S describes all of it to unwinders. */
#define CODE_ARENA_BYTES (64 << 20)
/* Behind it there is so much that is never used. */
#define CODE_ARENA_UNUSED 4096

#ifndef __ASSEMBLER__
#    include <stdbool.h>
#    include <stddef.h>

enum { CODE_ARENA_ALIGNMENT = 32 };

/* Prepares the arena; `limit` in bytes (0: the built-in maximum) is rounded up to pages. Returns false when
 * the system refuses executable memory (tried once, here). May be called again with another limit while the arena is empty. */
bool code_arena_init(size_t limit);

/* From now on so many bytes behind each piece are nobody's: for whoever describes pieces to others as larger than they are. While the arena is
 * empty. Those who take blocks see to it themselves. */
void code_arena_leave_gaps(size_t size);
size_t code_arena_gap(void);

/* Takes `size` bytes, CODE_ARENA_ALIGNMENT-aligned, and makes their pages writable. NULL when the
 * arena is full or mprotect fails. At most one begin() may be open at a time. */
void *code_arena_begin(size_t size);

/* The same for code that nobody enters before the next code_arena_publish(), when much is compiled in a row: several pieces are put into
 * pages that hold nothing else, and these change their protection once. NULL when there is no room for that, or not for so much
 * at a time: then begin() may have some. */
void *code_arena_begin_deferred(size_t size);

/* Makes all that was so begun and committed executable. Returns false when the system has refused to: then none of it may be entered,
 * and the caller frees it. Costs nothing where nothing is deferred. */
bool code_arena_publish(void);

/* Closes the open begin(): pages become read-execute. `size` may be smaller than what begin() took: the rest is
 * given back. Returns false when the system refuses now; the memory is given back then. */
bool code_arena_commit(void *memory, size_t size);

/* Gives back memory that no frame can return into, or an open begin() that shall not be committed. In debug
 * builds (without NDEBUG) it is filled with 0xCC first. */
void code_arena_free(void *memory, size_t size);

/* ---- Blocks: whole pages, for the compile thread ----------------------------------------------------
 * No GIL needed, from any thread; at most one thread uses a block at a time. What is in a block runs from commit on; whoever lets
 * others enter it does so under the GIL. */

/* Takes `size` bytes, rounded up to pages, page-aligned and writable. NULL when the arena is full or mprotect fails. */
void *code_arena_block_begin(size_t size);

/* Makes the block of `size` bytes executable, and gives back the pages beyond its first `used` bytes. Returns false when
 * the system refuses; the whole block is given back then. */
bool code_arena_block_commit(void *memory, size_t size, size_t used);

/* Gives back a block, committed or not, of `size` bytes (what commit() kept). As code_arena_free(). */
void code_arena_block_free(void *memory, size_t size);

/* Bytes in use and bytes available in all. */
size_t code_arena_used(void);
size_t code_arena_limit(void);

/* The CODE_ARENA_UNUSED bytes behind the arena, which never run. */
const void *code_arena_unused(void);

/* Is this address inside the arena? Async-signal-safe. */
bool code_arena_contains(const void *address);

/* Can code at any place in the arena reach `address` with a 32-bit displacement? */
bool code_arena_reaches(const void *address);

#endif /* __ASSEMBLER__ */
#endif
