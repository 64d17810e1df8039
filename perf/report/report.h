/* perf/report/report.h: pyjit-profile, the program behind `pyjit --profile`: reads what JIT_PROFILE_DIR collects (vm/run_profile.h), sums up, and shows it as a
 * table or as a page. It stands apart from libpyjit.so, knows no Python, and trusts no file. */
#ifndef PYJIT_PERF_REPORT_H
#define PYJIT_PERF_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TIERS = 3 }; /* interpreter, tier 1, tier 2 */

struct function {
    char *name, *file; /* owned, UTF-8 without control characters */
    int line;
    double seconds[TIERS];
    double compile_ms[2]; /* by tier 1, tier 2 */
    uint64_t compiles[2], bytes[2];
    uint64_t deopts, leaves, withdrawn;
    char *refused; /* owned: why tier 2 did not compile it, or NULL */
};

struct run {
    char *program; /* owned, as above */
    long pid;
    bool complete, sampled;
    double started, wall, processor, compile_thread;
    double seconds[TIERS];
    uint64_t machine_bytes, table_bytes, deopts, compiles;
};

struct report {
    struct run *runs; /* owned, by time */
    size_t run_count;
    struct function *functions; /* owned; after report_sort() those with the most seconds first */
    size_t function_count;
    double seconds[TIERS], processor, compile_thread, lost;
    void *index; /* of functions, by name */
};

/* Reads a file, or all profiles of a folder (or of its folder runs). False: something could not be read, which has been told in one line each. */
bool report_read(struct report *report, const char *path);
void report_sort(struct report *report);
void report_free(struct report *report);

static inline double report_total(const double seconds[TIERS])
{
    return seconds[0] + seconds[1] + seconds[2];
}

/* As a table for a terminal of so many columns; and as one HTML page that needs nothing else. */
void report_print_table(const struct report *report, FILE *out, int columns);
void report_print_page(const struct report *report, FILE *out);

#endif
