/* vm/trial.c: see trial.h.
 *
 * Turns are taken by chance, two of four in each tier: what programs do by turns must not go to one tier more often than to the other. The more calls are compared, the
 * smaller the difference that decides: calls of one function differ, and the machine has other things to do. So it must not only be large but sure: how often
 * a call in one tier takes less than one in the other (the rank-sum test of Wilcoxon, and Mann and Whitney) must be further from a half than chance would bring about.
 * For the size of the difference the slowest quarter of each is left out, because that is where interruptions are. Where the calls of one tier differ among
 * themselves by far, that says nothing, and what nothing can be said against is entered.
 */
#include "vm/trial.h"

#include "vm/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What counts as long, in ticks of policy_clock(). */
enum { LONG_CALL = 100 * 1000 };

bool trial_takes_turn(struct trial *trial)
{
    /* The turns of four calls, a bit each. */
    static const uint8_t orders[] = {0x3, 0x5, 0x6, 0x9, 0xa, 0xc};
    uint32_t turn = trial->calls++;
    if (turn == 0) {
        trial->chance = (uint32_t)(policy_clock() >> 4);
        return true;
    }
    if (turn % 4 == 1) {
        trial->chance = trial->chance * 1664525 + 1013904223;
    }
    uint32_t order = (trial->chance >> 16) % (sizeof orders / sizeof orders[0]);
    return orders[order] >> (turn - 1) % 4 & 1;
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

/* How sure it is that calls in tier 2 take less time, in standard deviations of what chance brings about: negative where they take more. */
static double certainty(const struct trial *trial)
{
    double less = 0, pairs = trial->count[0];
    for (uint32_t i = 0; i < trial->count[0]; i++) {
        for (uint32_t j = 0; j < trial->count[1]; j++) {
            uint64_t lower = trial->ticks[0][i], upper = trial->ticks[1][j];
            less += upper < lower ? 1 : upper == lower ? 0.5 : 0;
        }
    }
    return (less - pairs * pairs / 2) / sqrt(pairs * pairs * (2 * pairs + 1) / 12);
}

/* Do the calls of one tier differ by more than what is to be found out? */
static bool differs_by_far(const struct trial *trial)
{
    uint64_t ticks[TRIAL_MOST_PAIRS];
    uint32_t count = sorted(trial, false, ticks);
    return ticks[count * 3 / 4] > ticks[count / 4] + ticks[count / 4] / 2;
}

/* What decides after so many pairs: a ratio below the first, or above the second, and how sure it has to be. */
static const struct {
    uint32_t pairs;
    double won, lost;
    double sure_to_win, sure_to_lose;
} limits[] = {{4, 0.8, 1.35, 1.5, -2.0},
              {8, 0.9, 1.2, 1.5, -2.5},
              {16, 0.95, 1.1, 1.5, -2.5},
              {TRIAL_MOST_PAIRS, 0.97, 0.97, 0, 2.0}};

/* The same where calls differ by far. */
static enum trial_verdict verdict_of_ranks(const struct trial *trial, double sure)
{
    enum { FEWEST_PAIRS = 8 };
    bool is_last = trial->count[0] == TRIAL_MOST_PAIRS;
    if (trial->count[0] < FEWEST_PAIRS) {
        return TRIAL_GOES_ON;
    }
    return sure <= (is_last ? -1.5 : -3.0) ? TRIAL_LOST : sure >= 2.0 || is_last ? TRIAL_WON : TRIAL_GOES_ON;
}

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
            double ratio = trial_ratio(trial), sure = certainty(trial);
            if (differs_by_far(trial)) {
                return verdict_of_ranks(trial, sure);
            }
            if (ratio < limits[i].won && sure >= limits[i].sure_to_win) {
                return TRIAL_WON;
            }
            bool lost = ratio >= limits[i].lost && sure <= limits[i].sure_to_lose;
            return lost ? TRIAL_LOST : pairs == TRIAL_MOST_PAIRS ? TRIAL_WON : TRIAL_GOES_ON;
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
