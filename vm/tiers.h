/* vm/tiers.h: from tier 1 to tier 2 and back. GIL held for all. */
#ifndef PYJIT_VM_TIERS_H
#define PYJIT_VM_TIERS_H

#include "runtime/code_state.h"

/* Lets tier 1 ask for tier-2 code, and its exits find their way. */
void tiers_install(void);

/* What to give tier1_options.count_for_tier2: 0 where there is no tier 2. */
int64_t tiers_countdown(void);

/* Takes over what the compile thread has finished, if there is anything. Runs no Python code. */
void tiers_publish(void);

struct tiers_totals {
    size_t functions;          /* pieces of tier-2 code that can be entered now: functions and loops */
    double build_milliseconds; /* spent under the GIL for tier 2 */
};

/* The counts, after publishing what is finished. */
struct tiers_totals tiers_get_totals(void);

#endif
