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

/* Tier 0 has spent so long in the code itself. */
void policy_add_ticks(struct code_state *state, uint64_t ticks);

/* Calls after which policy_count_call() has to be asked; before that, code without a loop is only counted. 0: always. */
extern unsigned policy_threshold;

/* Ticks spent so far in timed runs that the run being timed now has called. */
extern uint64_t policy_nested_ticks;

/* A first run of code that has no state yet and took so many ticks has a state made for it. */
enum { POLICY_LONG_RUN = 100000 };

/* Must a state be made for code that has none, before it runs? Not for what runs for the first time, which for most code is
 * the last time: the interpreter's own count of runs says so. */
bool policy_wants_state(PyCodeObject *code, PyObject *globals);

/* Tier 2 wants to compile something that is hot, so many operations of its IR: is there time for that? If not, it may ask again later. Cheap. */
bool policy_has_time_for_tier2(uint32_t nodes);

/* Seconds since the process started. */
double policy_age(void);

/* Counts one call of a code object that is not compiled. True: compile it now. `globals` are the frame's, borrowed. */
bool policy_count_call(struct code_state *state, PyObject *globals);

#endif
