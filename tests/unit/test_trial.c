/* tests/unit/test_trial.c: what a trial decides, of times that are known. */
#include "vm/trial.h"

#include "tests/unit/unit.h"

static uint32_t random_state = 1;

static uint32_t random_number(uint32_t below)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % below;
}

/* Ticks of a call, in tier 2 or tier 1; `turn` counts the calls. */
typedef uint64_t times(bool in_tier2, uint32_t turn);

/* The verdict, and after how many calls. */
static enum trial_verdict decide(times *ticks, uint32_t *calls)
{
    struct trial trial = {0};
    enum trial_verdict verdict = TRIAL_GOES_ON;
    for (*calls = 0; verdict == TRIAL_GOES_ON; ++*calls) {
        CHECK(*calls <= 4 * TRIAL_MOST_PAIRS, "it never ends");
        bool in_tier2 = trial_takes_turn(&trial);
        verdict = trial_count(&trial, in_tier2, ticks(in_tier2, *calls));
    }
    return verdict;
}

static uint64_t much_faster(bool in_tier2, uint32_t turn)
{
    return (in_tier2 ? 500 : 5000) + turn;
}

TEST(what_is_clear_is_decided_soon)
{
    uint32_t calls;
    CHECK(decide(much_faster, &calls) == TRIAL_WON);
    CHECK(calls <= 5, "%u calls", calls);
}

static uint64_t slower(bool in_tier2, uint32_t turn)
{
    return (in_tier2 ? 1500 : 1000) + turn % 7;
}

TEST(what_is_slower_loses)
{
    uint32_t calls;
    CHECK(decide(slower, &calls) == TRIAL_LOST);
    CHECK(calls <= 9, "%u calls", calls);
}

static uint64_t equal(bool in_tier2, uint32_t turn)
{
    (void)in_tier2;
    return 1000 + turn % 3;
}

TEST(what_wins_nothing_loses)
{
    uint32_t calls;
    CHECK(decide(equal, &calls) == TRIAL_LOST);
    CHECK(calls >= 2 * TRIAL_MOST_PAIRS, "%u calls", calls);
}

/* The program gets faster for other reasons. */
static uint64_t drifting(bool in_tier2, uint32_t turn)
{
    uint64_t all = 100000 - 500 * (uint64_t)turn;
    return in_tier2 ? all * 9 / 10 : all;
}

TEST(drift_favours_neither)
{
    uint32_t calls;
    CHECK(decide(drifting, &calls) == TRIAL_WON);
}

/* One call in eight is interrupted, whichever it is; arguments differ. */
static uint64_t interrupted(bool in_tier2, uint32_t turn)
{
    (void)turn;
    uint64_t ticks = (in_tier2 ? 2000 : 3000) + random_number(500);
    return random_number(8) == 0 ? ticks + 1000000 : ticks;
}

TEST(interruptions_do_not_decide)
{
    for (int i = 0; i < 100; i++) {
        uint32_t calls;
        CHECK(decide(interrupted, &calls) == TRIAL_WON, "trial %d", i);
    }
}

/* Calls by turns of a program that repeats itself: short ones and, each fourth time, one that takes fifty times as long. */
static uint64_t periodic(bool in_tier2, uint32_t turn)
{
    uint64_t ticks = turn % 4 == 3 ? 50000 : 1000 + random_number(100);
    return in_tier2 ? ticks * 7 / 10 : ticks;
}

TEST(what_programs_do_by_turns_does_not_decide)
{
    int won = 0;
    for (int i = 0; i < 100; i++) {
        uint32_t calls;
        won += decide(periodic, &calls) == TRIAL_WON;
    }
    CHECK(won >= 95, "%d of 100", won);
}

/* It begins in the middle of a call, which is over at once. */
static uint64_t cut(bool in_tier2, uint32_t turn)
{
    return turn == 0 ? 1 : in_tier2 ? 2000 : 1000;
}

TEST(the_first_call_does_not_count)
{
    struct trial trial = {0};
    CHECK(trial_takes_turn(&trial));
    CHECK(trial_count(&trial, true, 1) == TRIAL_GOES_ON && trial.count[1] == 0);
    uint32_t calls;
    CHECK(decide(cut, &calls) == TRIAL_LOST);
}

TEST(turns_are_even)
{
    struct trial trial = {0};
    int upper = 0;
    CHECK(trial_takes_turn(&trial));
    for (int i = 0; i < 40; i++) {
        upper += trial_takes_turn(&trial);
    }
    CHECK(upper == 20, "%d of 40", upper);
}
