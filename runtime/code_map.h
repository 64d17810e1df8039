/* runtime/code_map.h: address -> compiled code; the one thing gdb, perf, unwinding, disassembly and
 * hybrid stack traces read.
 *
 * A compiled_code is owned by the code map from code_map_add() on, freed by code_map_remove(). It does not
 * hold its code object: code_state's destructor removes it when the code object dies, and then no frame can be running it, because
 * each frame holds its code object, suspended greenlets' frames too. Code that is thrown away earlier is retired until then.
 */
#ifndef PYJIT_RUNTIME_CODE_MAP_H
#define PYJIT_RUNTIME_CODE_MAP_H

#include "runtime/cpython.h"

/* Compiled code can be entered at `address` for the instruction at bytecode `offset` when the value stack is
 * canonical: `depth` operands, all owned, in memory. Rows are sorted by offset. */
struct entry_row {
    uint32_t offset; /* in bytes from the start of co_code */
    uint32_t depth;
    uint64_t bound; /* a bit per local (the first 64) that the code from here on takes to be bound */
    void *address;
};

struct resume_table; /* generator.h */

/* Machine code from `machine` (bytes from the start) on belongs to the instruction at bytecode `offset`, or to
 * none where that is UINT32_MAX (stubs). Sorted by machine. */
struct offset_row {
    uint32_t machine;
    uint32_t offset;
};

struct compiled_code {
    char *start;        /* in the code arena */
    size_t size;        /* bytes, cold part included */
    size_t hot_size;    /* bytes up to the cold part */
    PyCodeObject *code; /* borrowed */
    int tier;
    void *entry; /* address for the start of the function, the first entry row's */
    void *
        native_entry; /* the same for a native call from compiled code, which has put the function and the parameters into the
                           frame; the rest of it is filled in, linked and counted here, and given up at the end */
    struct compiled_code *retired; /* an earlier compiled form of the same code that a frame may still run */
    size_t entry_count;
    struct entry_row *entries; /* owned (malloc) */
    struct resume_table
        *resume; /* owned until generator_publish() takes it; NULL in ordinary functions (generator.h) */
    size_t offset_count;
    struct offset_row *offsets; /* owned */
    struct call_cell_block *call_cells; /* owned (feedback.h) */
    void *feedback;             /* owned; other cells of feedback.h, read through site addresses in the code */
    size_t feedback_size;
    struct side_exits *exits; /* owned (side_exit.h) */
};

/* Makes `compiled` findable. Returns 0, or -1 without memory (no exception set; the caller keeps ownership). */
int code_map_add(struct compiled_code *compiled);

/* Forgets and frees it, what was retired with it, the tables and the machine code. No frame may run or be able to return into it. */
void code_map_remove(struct compiled_code *compiled);

/* The code that contains `address`, or NULL. Async-signal-safe (it may miss code being added at that moment). */
struct compiled_code *code_map_find(const void *address);

/* Bytecode offset for a machine address inside `compiled`, or -1 in a prologue or stub. Async-signal-safe. */
int code_map_offset_at(const struct compiled_code *compiled, const void *address);

/* The entry row for a bytecode offset, or NULL. */
const struct entry_row *code_map_entry(const struct compiled_code *compiled, uint32_t offset);

/* Calls `visit` for all code, in address order; a non-zero result stops and is returned. `visit` may remove the code it is given. */
int code_map_each(int (*visit)(struct compiled_code *, void *), void *argument);

/* How much is there: pieces of code, bytes of machine code, bytes of tables and feedback. */
void code_map_totals(size_t *pieces, size_t *machine_bytes, size_t *table_bytes);

#endif
