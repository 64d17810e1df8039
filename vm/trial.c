/* vm/trial.c: see trial.h.
 *
 * Turns are taken as 2 1 1 2, so that a program that gets slower or faster favours neither. The more calls are compared, the smaller
 * the difference that decides: calls of one function differ, and the machine has other things to do. The slowest quarter of each is left
 * out, because that is where interruptions are; when there are few, the faster half must agree, because they may all be in one tier.
 */
#include "vm/trial.h"

#include "vm/policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What counts as long, in ticks of policy_clock(). */
enum { LONG_CALL = 100 * 1000 };

bool trial_takes_turn(struct trial *trial)
{
    uint32_t turn = trial->calls++;
    return turn == 0 || (turn / 2 & 1) == 0;
}

uint64_t trial_clock(const struct trial *trial)
{
    if (!trial->is_long) {
        return policy_clock();
    }
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int compare_ticks(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The times of one tier, sorted; returns how many they are. */
static uint32_t sorted(const struct trial *trial, bool in_tier2, uint64_t *ticks)
{
    uint32_t count = trial->count[in_tier2];
    memcpy(ticks, trial->ticks[in_tier2], count * sizeof *ticks);
    qsort(ticks, count, sizeof *ticks, compare_ticks);
    return count;
}

/* The mean of the `kept` fastest. */
static double mean_ticks(const uint64_t *ticks, uint32_t kept)
{
    double sum = 0;
    for (uint32_t i = 0; i < kept; i++) {
        sum += (double)ticks[i];
    }
    return sum / kept;
}

/* Tier 2's time over tier 1's, without one call in `left_out` of each, the slowest. */
static double ratio_without(const struct trial *trial, uint32_t left_out)
{
    uint64_t lower[TRIAL_MOST_PAIRS], upper[TRIAL_MOST_PAIRS];
    uint32_t lower_count = sorted(trial, false, lower), upper_count = sorted(trial, true, upper);
    if (lower_count == 0 || upper_count == 0) {
        return 0;
    }
    return mean_ticks(upper, upper_count - upper_count / left_out) /
           mean_ticks(lower, lower_count - lower_count / left_out);
}

double trial_ratio(const struct trial *trial)
{
    return ratio_without(trial, 4);
}

/* What decides after so many pairs: a ratio below the first, or above the second. */
static const struct {
    uint32_t pairs;
    double won, lost;
} limits[] = {{4, 0.8, 1.35}, {8, 0.9, 1.2}, {16, 0.95, 1.1}, {TRIAL_MOST_PAIRS, 0.97, 0.97}};

static enum trial_verdict verdict(const struct trial *trial)
{
    uint32_t pairs = trial->count[0];
    if (pairs == 2) {
        uint64_t lower[TRIAL_MOST_PAIRS], upper[TRIAL_MOST_PAIRS];
        (void)sorted(trial, false, lower);
        (void)sorted(trial, true, upper);
        return upper[1] < lower[0] - lower[0] / 4 ? TRIAL_WON : TRIAL_GOES_ON;
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].pairs == pairs) {
            double ratio = trial_ratio(trial), faster_half = ratio_without(trial, 2);
            bool is_last = pairs == TRIAL_MOST_PAIRS;
            if (ratio < limits[i].won && (is_last || faster_half < 1.0)) {
                return TRIAL_WON;
            }
            return ratio >= limits[i].lost && (is_last || faster_half >= 1.0) ? TRIAL_LOST : TRIAL_GOES_ON;
        }
    }
    return TRIAL_GOES_ON;
}

enum trial_verdict trial_count(struct trial *trial, bool in_tier2, uint64_t ticks)
{
    if (trial->calls == 1) {
        trial->is_long = ticks > LONG_CALL;
        return TRIAL_GOES_ON;
    }
    if (trial->count[in_tier2] == TRIAL_MOST_PAIRS) {
        return TRIAL_GOES_ON;
    }
    trial->ticks[in_tier2][trial->count[in_tier2]++] = ticks == 0 ? 1 : ticks;
    return trial->count[0] == trial->count[1] ? verdict(trial) : TRIAL_GOES_ON;
}
