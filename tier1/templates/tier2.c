/* tier1/templates/tier2.c: where tier 1 counts, and goes over to tier 2: after RESUME and at backward jumps. The value stack is canonical.
 *
 * Tier-2 code is called from tier 1's machine frame and returns what to do next, so frames do not pile up however often a loop changes
 * tiers. */
#include "tier1/template.h"

#include "runtime/deopt.h"

TEMPLATE(COUNT_DOWN)
{
    struct tier2_cell *cell = QUAD(Q_CELL);
    if (UNLIKELY(--cell->countdown < 0)) {
        GO(SLOW);
    }
    GO(CONT);
}

typedef __attribute__((preserve_none)) void continuation(TEMPLATE_ARGUMENTS);

/* SLOW: there is no tier-2 code yet. */
TEMPLATE(ENTER_TIER2)
{
    struct tier2_cell *cell = QUAD(Q_CELL);
    if (UNLIKELY(cell->entry == NULL)) {
        GO(SLOW);
    }
    struct side_exit_outcome outcome = cell->entry(frame, tstate, cell);
    r0 = outcome.result;
    if (outcome.address != NULL) {
        [[clang::musttail]] return ((continuation *)outcome.address)(frame, tstate, r0, NULL, ANY);
    }
    GO_WITH(EXIT, NULL, ANY);
}

TEMPLATE(ASK_TIER2)
{
    rt_ask_tier2(tstate, frame, QUAD(Q_CELL));
    GO(CONT);
}
