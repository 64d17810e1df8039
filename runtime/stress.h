/* runtime/stress.h: what compiled code does differently under JIT_STRESS, so that rare paths are taken often. */
#ifndef PYJIT_RUNTIME_STRESS_H
#define PYJIT_RUNTIME_STRESS_H

#include "runtime/cpython.h"

struct deopt_table; /* deopt.h */

struct stress_settings {
    bool gc;               /* compiled code takes the eval breaker for set, and what looks at it collects */
    bool guards;           /* tier-2 code is made so that any guard can be told to fail: */
    unsigned guard_period; /* every so many executions of guards, one fails; 0: see below */
    bool each_guard;       /* each guard fails once, at one of its first executions */
};
extern struct stress_settings stress_settings;

/* Is this guard, whose exit it is, to fail although what it asks for is so? Called by tier-2 code. */
int rt_stress_guard(struct deopt_table *table, uint32_t exit);

/* Did the guard whose exit is being taken fail for that reason only? Asked once. */
bool stress_was_forced(void);

/* At every safepoint: collects under `gc`, as an allocation might have done. Runs Python code; no exception may be set. */
void stress_collect(PyThreadState *tstate);

#endif
