/* vm/trial.h: is tier-2 code faster than tier 1? Measured, because nothing else tells for sure.
 *
 * When tier-2 code is ready, calls of its function run in it and in tier 1 by turns and their times are compared. What does not win is not entered any
 * more. This file has the turns and the statistics; tiers.c carries the calls out.
 */
#ifndef PYJIT_VM_TRIAL_H
#define PYJIT_VM_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

enum { TRIAL_MOST_PAIRS = 32 };

/* All zero: it has not begun. */
struct trial {
    uint32_t calls;    /* begun so far */
    uint32_t chance;   /* what decides about the next turns */
    bool is_long;      /* its calls take long */
    uint32_t count[2]; /* that are measured: in tier 1, in tier 2 */
    uint64_t ticks[2][TRIAL_MOST_PAIRS];
};

enum trial_verdict { TRIAL_GOES_ON, TRIAL_WON, TRIAL_LOST };

/* A call begins: is it to run in tier 2? */
bool trial_takes_turn(struct trial *trial);

/* Now, in ticks; by a clock of the trial's choice, the same from a call's turn to its count. Calls that take long are measured in processor time of the
 * thread, because others run meanwhile where there are more of them than processors; for short ones that clock takes too long itself. */
uint64_t trial_clock(const struct trial *trial);

/* The call whose turn it was is over and took so many ticks. The first one is not counted: it may have begun in the middle. */
enum trial_verdict trial_count(struct trial *trial, bool in_tier2, uint64_t ticks);

/* Tier 2's time over tier 1's, of the calls so far but for the slowest of each; 0 where there are none. */
double trial_ratio(const struct trial *trial);

#endif
