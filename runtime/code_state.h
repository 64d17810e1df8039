/* runtime/code_state.h: what pyjit knows of one code object.
 *
 * All of the compiler's own memory comes from malloc, not from CPython's allocators: tracemalloc must show the program's memory
 * only.
 *
 * Reached through co_extra; created when the code is first counted, freed with the code object. The
 * struct lives in runtime/ because compiled code and calls read it; vm/ decides what it says. GIL held for all access.
 */
#ifndef PYJIT_RUNTIME_CODE_STATE_H
#define PYJIT_RUNTIME_CODE_STATE_H

#include "runtime/feedback.h"

struct compiled_code; /* code_map.h */

/* What others know of a code object's life: `code` is its address until it dies, NULL from then on; another one may have the address. */
struct code_watch {
    PyCodeObject *code;
    struct code_watch *next, **link; /* in the state's list */
    struct code_watch *next_of_owner;
};

struct code_state {
    /* A struct native_target. */
    PyCodeObject *code;             /* borrowed: the state dies with it */
    const void *native_entry;       /* compiled->native_entry, NULL while the code is not compiled */
    struct compiled_code *compiled; /* tier 1 code, or NULL */
    struct compiled_code *deferred; /* compiled, but not executable before code_state_publish(), or NULL */
    struct code_state *next_deferred;
    struct compiled_code *retired; /* thrown away while frames may still run it; freed with the code object */
    struct resume_table
        *resume; /* owned: where suspended frames of a generator's code go on (generator.h), or NULL */
    struct allocation_counts
        *counts;               /* owned, in the data arena; NULL unless they are wanted (allocation_counts.h) */
    struct call_cell *callers; /* the cells whose target this code is */
    struct code_watch *watches;
    struct code_state *next_by_id; /* code_state_of_id()'s */
    uint32_t id;                   /* never given twice, not 0 */
    uint32_t calls;                /* since the last decay */
    uint32_t ticks;                /* time tier 0 has spent in looping code since then, in units of policy.h */
    uint32_t last_decay;           /* coarse clock, in ticks of policy.c */
    uint8_t refused;               /* a reason from reasons.def, 0: none */
    uint8_t suppressed;            /* pyjit.suppress() or JIT_SKIP */
    uint8_t tier2_in_use; /* tier-2 code of it is entered without further ado (vm/tiers.c tells perf/sampler.c) */
    uint8_t has_loop;
    uint8_t scanned; /* has_loop and size limits are known */
};

/* Index of our slot in co_extra, -1 before code_state_init(). */
extern Py_ssize_t code_state_index;

/* Told of a state with compiled code whose code object dies, for the event log; set by vm/. May be NULL. */
extern void (*code_state_death_observer)(struct code_state *state);

/* Asks CPython for a co_extra index. Returns 0, or -1 with an exception set. */
int code_state_init(void);

/* What co_extra points to; CPython keeps the type to itself (codeobject.c). */
struct code_extra {
    Py_ssize_t size;
    void *slots[1];
};

/* The state of `code`, or NULL when it has none yet. */
static inline struct code_state *code_state_get(PyCodeObject *code)
{
    struct code_extra *extra = (struct code_extra *)code->co_extra;
    if (extra == NULL || extra->size <= code_state_index) {
        return NULL;
    }
    return (struct code_state *)extra->slots[code_state_index];
}

/* The state with that id, or NULL: its code has died. */
struct code_state *code_state_of_id(uint32_t id);

/* Makes the state's code, which is compiled and fits, the target that `cell` enters in line. */
void code_state_set_target(struct code_state *state, struct call_cell *cell, uint32_t frame_bytes);

/* Takes the target of a cell away. */
void code_state_clear_target(struct call_cell *cell);

/* The state's compiled code must not be entered any more: takes it from all cells. */
void code_state_withdraw_entry(struct code_state *state);

/* Takes the code from all cells whose target it is: they look it up again at their next call. */
void code_state_clear_callers(struct code_state *state);

/* Takes away the targets and shapes of the cells in the list (next_of_owner), which are about to be freed. */
void code_state_release_cells(struct call_cell *first);

/* A watch for the state's code, put at the head of the owner's list *list; NULL without memory (no exception set). */
struct code_watch *code_state_watch(struct code_state *state, struct code_watch **list);

/* Frees an owner's watches. */
void code_state_free_watches(struct code_watch *first);

/* Makes `compiled`, which is executable, the state's code. */
void code_state_set_compiled(struct code_state *state, struct compiled_code *compiled);

/* Keeps `compiled`, committed by code_arena_begin_deferred(), as the state's code from the next code_state_publish() on. */
void code_state_defer(struct code_state *state, struct compiled_code *compiled);

/* Makes the deferred code of all states executable and theirs. Where the system refuses that, it is thrown away and they are refused
 * compilation. */
void code_state_publish(void);

/* The state of `code`, created when missing; NULL with MemoryError set. */
struct code_state *code_state_ensure(PyCodeObject *code);

#endif
