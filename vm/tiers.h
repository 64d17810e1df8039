/* vm/tiers.h: from tier 1 to tier 2 and back. */
#ifndef PYJIT_VM_TIERS_H
#define PYJIT_VM_TIERS_H

#include "runtime/code_state.h"

/* Lets tier 1 ask for tier-2 code, and its exits find their way. GIL held. */
void tiers_install(void);

/* What to give tier1_options.count_for_tier2: 0 where there is no tier 2. */
int64_t tiers_countdown(void);

#endif
