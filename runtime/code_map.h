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
#include "runtime/linked_object.h"

/* Compiled code can be entered at `machine` for the instruction at `unit` when the value stack is
 * canonical: `depth` operands, all owned, in memory. Rows are sorted by unit. */
struct entry_row {
    uint32_t machine; /* where it is entered, in bytes from the start of the code */
    uint16_t unit;    /* code unit */
    uint16_t depth;
    uint64_t bound; /* a bit per local (the first 64) that the code from here on takes to be bound */
};

struct resume_table;   /* generator.h */
struct attribute_cell; /* feedback.h */
struct tier2_code;     /* vm/tiers.c */

struct compiled_code {
    char *start;        /* in the code arena */
    size_t size;        /* bytes, cold part included */
    size_t hot_size;    /* bytes up to the cold part */
    PyCodeObject *code; /* borrowed */
    uint8_t tier;
    uint32_t calls;      /* that the code object had been counted for when it was made, */
    float seconds;       /* and the age of the process then, both for vm/explain.c */
    bool running;        /* scratch of vm/discard.c */
    uint32_t generation; /* the last in which it was entered from C or looked up by a call site */
    void *entry;         /* address for the start of the function, the first entry row's */
    void *
        native_entry; /* the same for a native call from compiled code, which has put the function and the parameters into the
                           frame; the rest of it is filled in, linked and counted here, and given up at the end */
    int native_arguments; /* how many arguments a native call has to bring: -1 where the parameters are not so simple */
    uint32_t frame_bytes;          /* of a frame of this code */
    struct compiled_code *retired; /* an earlier compiled form of the same code that a frame may still run */
    struct resume_table
        *resume;  /* owned until generator_publish() takes it; NULL in ordinary functions (generator.h) */
    void *tables; /* owned, a block of the data arena: entries, offsets */
    const struct entry_row *entries;
    const uint8_t *offsets; /* rows as code_map_write_offset() makes them */
    uint32_t table_size;
    uint32_t entry_count;
    uint32_t offset_bytes;
    uint32_t feedback_size;
    struct call_cell *call_cells; /* all in `feedback` */
    int attribute_cells;          /* how many of them stand at the start of `feedback` */
    void *
        feedback; /* owned, a block of the data arena; the other cells of feedback.h, read through site addresses in the code */
    struct side_exits *exits; /* owned (side_exit.h) */
    int32_t *
        cells; /* owned (malloc), where there is a tier 2: per instruction the place of its feedback cell, -1: none; else NULL */
    struct tier2_code *tier2; /* code of tier 2 that is entered from this one, freed with it by the function below */
    struct compiled_code
        *landing; /* owned: another compiled form, for frames that come from tier 2 (vm/tiers.c), or NULL */
};

/* Frees the tier-2 code of a compiled_code that goes; set by vm/. */
extern void (*code_map_free_tier2)(struct tier2_code *code);

/* Calls `visit` for each piece of tier-2 code that hangs on `compiled` and can run: what it was made for, and its machine code. Set by vm/. */
typedef void tier2_visitor(PyCodeObject *code, const struct linked_object *linked);
extern void (*code_map_each_tier2)(const struct compiled_code *compiled, tier2_visitor *visit);

/* ---- For debuggers, which read the map from outside (gdb/layouts.c) ---------------------------------------------- */

/* The two copies of the table, which is the index of the one that counts, and offsets and sizes in bytes: of a copy's number of rows and of its
 * rows, of what is in a row. */
struct code_map_layout {
    const void *tables[2];
    const unsigned *published;
    uint64_t count, rows, row_size, start, end, compiled;
};
extern const struct code_map_layout code_map_layout;

/* Where in the tier-2 code that hangs on a compiled_code things are; set by vm/. Offsets in bytes; `machine` is 0 while the code is being made. */
struct tier2_layout {
    uint64_t next, job, stage;                                         /* struct tier2_code */
    uint64_t code, loop_offset, machine, build_ms, passes_ms, emit_ms; /* what `job` points to */
    uint64_t text, text_size;                                          /* what `machine` points to */
    uint64_t first_stage_with_code, last_stage_with_code;
};
extern const struct tier2_layout *code_map_tier2_layout;

/* ---- The map ------------------------------------------------------------------------------------------------------- */

/* From now on `added` is told of each piece of code right after it was added, and `removed`, or NULL, right before it is freed. They raise
 * nothing. There may be a few of them. */
typedef void code_map_watcher(struct compiled_code *compiled);
void code_map_watch(code_map_watcher *added, code_map_watcher *removed);

/* An empty one, or NULL without memory (no exception set). */
struct compiled_code *compiled_code_new(void);

/* Frees one that the code map does not know (any more) and its tables, but not the machine code. */
void compiled_code_free(struct compiled_code *compiled);

/* Frees `size` bytes of cells, the first of which are so many attribute cells, and the cases those own. NULL is allowed. */
void compiled_feedback_free(void *feedback, size_t size, int attribute_cells);

/* Makes the attribute cell `cell` know what `from` knows. Cases that there is no memory for are left out. */
void feedback_copy_attribute(struct attribute_cell *cell, const struct attribute_cell *from);

/* Appends a row at `at`: `machine_step` bytes after the last row, or the start, begins code of the instruction `unit_step` code units after
 * the last row's, or the first unit. Returns where it ends, at most CODE_MAP_LONGEST_OFFSET bytes later. */
enum { CODE_MAP_LONGEST_OFFSET = 10 };
uint8_t *code_map_write_offset(uint8_t *at, uint32_t machine_step, int32_t unit_step);

/* Goes up when use is to be noticed anew (vm/discard.c). */
extern uint32_t code_map_generation;

/* Makes `compiled` findable. Returns 0, or -1 without memory (no exception set; the caller keeps ownership). */
int code_map_add(struct compiled_code *compiled);

/* Forgets and frees it, what was retired with it, the tables and the machine code. No frame may run or be able to return into it. */
void code_map_remove(struct compiled_code *compiled);

/* The code that contains `address`, or NULL. Async-signal-safe (it may miss code being added at that moment). */
struct compiled_code *code_map_find(const void *address);

/* A walk over the places of a piece of code where the code of another instruction begins, in address order: after each successful
 * code_map_walk_next() the code from `machine` on, in bytes from the start, is that of the instruction at the bytecode offset `offset`. */
struct code_map_walk {
    const uint8_t *row, *end;
    size_t machine;
    int offset;
};
struct code_map_walk code_map_walk_start(const struct compiled_code *compiled);
bool code_map_walk_next(struct code_map_walk *walk);

/* Bytecode offset for a machine address inside `compiled`, or -1 before the first row. Async-signal-safe. */
int code_map_offset_at(const struct compiled_code *compiled, const void *address);

/* The entry row for a bytecode offset, or NULL. */
const struct entry_row *code_map_entry(const struct compiled_code *compiled, uint32_t offset);

/* Calls `visit` for all code, in address order; a non-zero result stops and is returned. `visit` may remove the code it is given. */
int code_map_each(int (*visit)(struct compiled_code *, void *), void *argument);

/* How much is there: pieces of code, bytes of machine code, bytes of tables and feedback. */
void code_map_totals(size_t *pieces, size_t *machine_bytes, size_t *table_bytes);

#endif
