/* vm/tiers.h: from tier 1 to tier 2 and back. GIL held for all. */
#ifndef PYJIT_VM_TIERS_H
#define PYJIT_VM_TIERS_H

#include "runtime/code_state.h"
#include "runtime/reasons.h"

/* Lets tier 1 ask for tier-2 code, and its exits find their way. */
void tiers_install(void);

/* What to give tier1_options.count_for_tier2: 0 where there is no tier 2. */
int64_t tiers_countdown(void);

/* Takes over what the compile thread has finished, if there is anything. Runs no Python code. */
void tiers_publish(void);

enum tier2_stage {
    STAGE_BUILT,     /* waits until the process is old enough for it */
    STAGE_COMPILING, /* it belongs to the compile thread */
    STAGE_READY,     /* published, not entered yet */
    STAGE_TRIAL,     /* entered by turns with tier 1 */
    STAGE_ENTERED,
    STAGE_WITHDRAWN, /* not entered any more; frames may be in it */
    STAGE_REFUSED,   /* it cannot be compiled, or need not; there is nothing but this note of it */
};

/* Is the place at which tier-2 code is entered a loop's, or the function's start? */
bool tiers_is_loop(const PyCodeObject *code, uint32_t offset);

struct tier2_job;
struct deopt_table;
struct deopt_exit;
struct remarks;

/* What a guard saw when it failed for the first time. */
struct sighting {
    struct sighting *next;
    const struct deopt_exit *exit; /* borrowed */
    char type[48];                 /* its name, cut */
};

/* One compilation for tier 2 of a function or of a loop in it, as it stands. */
struct tier2_piece {
    enum tier2_stage stage;
    enum reason reason;               /* why it is refused or withdrawn */
    uint32_t offset;                  /* bytecode offset at which it is entered */
    double ratio;                     /* tier 2's time over tier 1's in a trial; 0: there was none */
    double seconds;                   /* the age of the process when it was published or refused */
    const struct tier2_job *job;      /* borrowed; NULL where there is none, or it is the compile thread's */
    const struct deopt_table *table;  /* of exits, where there is code; borrowed */
    const struct sighting *sightings; /* borrowed */
    const struct remarks *remarks;    /* borrowed; NULL where there are none yet */
};

/* Describes all those that hang on the tier-1 code, the latest first. */
typedef void tier2_describer(const struct tier2_piece *piece, void *argument);
void tiers_each(const struct compiled_code *compiled, tier2_describer *describe, void *argument);

struct tiers_totals {
    size_t functions;          /* pieces of tier-2 code that can be entered now: functions and loops */
    double build_milliseconds; /* spent under the GIL for tier 2 */
};

/* The counts, after publishing what is finished. */
struct tiers_totals tiers_get_totals(void);

#endif
