/* vm/policy.h: when to compile what. GIL held for all. */
#ifndef PYJIT_VM_POLICY_H
#define PYJIT_VM_POLICY_H

#include "runtime/code_state.h"

/* Reads the options that decide. Called when the JIT is switched on. */
void policy_init(void);

/* Should the time that tier 0 takes for a run of this code be handed to policy_add_ticks()? For looping code. */
static inline bool policy_wants_ticks(const struct code_state *state)
{
    return state->has_loop && !state->suppressed && !state->refused;
}

/* Time stamp for policy_add_ticks, in units of its own. */
static inline uint64_t policy_clock(void)
{
    return __builtin_ia32_rdtsc();
}

/* Tier 0 has run the code from `start` (policy_clock) to now, callees included. */
void policy_add_ticks(struct code_state *state, uint64_t start);

/* Counts one call of a code object that is not compiled. True: compile it now. `globals` are the frame's, borrowed. */
bool policy_count_call(struct code_state *state, PyObject *globals);

#endif
