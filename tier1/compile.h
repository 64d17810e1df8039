/* tier1/compile.h: the template compiler's one door. */
#ifndef PYJIT_TIER1_COMPILE_H
#define PYJIT_TIER1_COMPILE_H

#include "runtime/code_map.h"
#include "runtime/reasons.h"

struct tier1_options {
    bool no_forwarding; /* JIT_STRESS=no-forward: every operand goes through its stack slot */
    bool deferred;      /* the code is not entered before code_arena_publish(); taken back where it cannot be */
    PyObject
        *globals; /* the dict the code is about to run with, borrowed; NULL: not known. Only guesses depend on it. */
    int64_t count_for_tier2; /* calls or loop turns after which tier 2 is asked; 0: there is no tier 2 */
    const uint32_t
        *entries; /* bytecode offsets of instructions that the code must have entries for besides, borrowed */
    size_t entry_count;
    const struct compiled_code *earlier; /* take its feedback over, as it stands; or NULL */
    struct allocation_counts *counts;    /* of this code, in the data arena: count what it makes; or NULL */
};

/* Compiles `code` and enters the result into the code map, which owns it; *compiled is set. Returns REASON_none, or why
 * it could not be done (nothing is left behind, no exception is set). GIL held; runs no Python code. */
enum reason tier1_compile(PyCodeObject *code, struct tier1_options *options, struct compiled_code **compiled);

#endif
