/* tests/unit/ir_seeds.h: which random programs the fuzzers of the IR check. Header only. */
#ifndef PYJIT_TESTS_IR_SEEDS_H
#define PYJIT_TESTS_IR_SEEDS_H

#include "tests/unit/unit.h"

#include <time.h>

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* Checks the programs of `count` seeds from 1 on, or as the environment wants it: from IR_FUZZ_FIRST, IR_FUZZ_COUNT of them, or for
 * IR_FUZZ_SECONDS. Each has the time limit of a test. */
static void check_seeds(uint64_t count, void (*check)(uint64_t seed))
{
    double seconds = (double)number_from("IR_FUZZ_SECONDS", 0);
    uint64_t first = number_from("IR_FUZZ_FIRST", 1);
    count = number_from("IR_FUZZ_COUNT", count);
    double start = seconds_now();
    uint64_t seed = first;
    for (; seconds > 0 ? seconds_now() - start < seconds : seed < first + count; seed++) {
        alarm(UNIT_TIME_LIMIT_SECONDS);
        check(seed);
    }
    printf("# programs %llu to %llu\n", (unsigned long long)first, (unsigned long long)seed - 1);
}

#endif
