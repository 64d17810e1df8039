/* perf/report/table.c: the profile for a terminal. */
#include "perf/report/report.h"

#include <string.h>

enum { MOST_FUNCTIONS = 25, FIRST_COLUMNS = 62 };

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

/* The file's name without its folders. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void print_summary(const struct report *report, FILE *out)
{
    static const char *const names[TIERS] = {"interpreter", "tier 1", "tier 2"};
    double sampled = report_total(report->seconds);
    fprintf(out, "%zu process%s, %.2f s of processor time\n", report->run_count, report->run_count == 1 ? "" : "es",
            report->processor);
    for (int tier = 0; tier < TIERS; tier++) {
        fprintf(out, "  %-12s %9.2f s %5.1f %%\n", names[tier], report->seconds[tier],
                share(report->seconds[tier], report->processor));
    }
    fprintf(out, "  %-12s %9.2f s %5.1f %%\n", "compiling", report->compile_thread,
            share(report->compile_thread, report->processor));
    double rest = report->processor - sampled - report->compile_thread;
    fprintf(out, "  %-12s %9.2f s %5.1f %%   (starting, ending, threads without the GIL)\n", "elsewhere",
            rest > 0 ? rest : 0, share(rest > 0 ? rest : 0, report->processor));
}

static void print_functions(const struct report *report, FILE *out, int columns)
{
    double sampled = report_total(report->seconds);
    fprintf(out, "\n%9s %6s %7s %7s %7s %10s %8s  %s\n", "seconds", "share", "interp.", "tier 1", "tier 2",
            "compile ms", "deopts", "function");
    int room = columns > FIRST_COLUMNS + 20 ? columns - FIRST_COLUMNS : 20;
    for (size_t i = 0; i < report->function_count && i < MOST_FUNCTIONS; i++) {
        const struct function *function = &report->functions[i];
        double total = report_total(function->seconds);
        char place[4096];
        snprintf(place, sizeof place, "%s (%s:%d)", function->name, base_name(function->file), function->line);
        fprintf(out, "%9.3f %5.1f%% %6.0f%% %6.0f%% %6.0f%% %10.2f %8llu  %.*s\n", total, share(total, sampled),
                share(function->seconds[0], total), share(function->seconds[1], total),
                share(function->seconds[2], total), function->compile_ms[0] + function->compile_ms[1],
                (unsigned long long)function->deopts, room, place);
    }
    if (report->function_count > MOST_FUNCTIONS) {
        fprintf(out, "%9s and %zu more functions\n", "", report->function_count - MOST_FUNCTIONS);
    }
}

static void print_runs(const struct report *report, FILE *out, int columns)
{
    enum { MOST_RUNS = 12, FIRST = 64 };
    int room = columns > FIRST + 20 ? columns - FIRST : 20;
    fprintf(out, "\n%9s %9s %9s %8s %8s %12s  %s\n", "pid", "wall s", "cpu s", "compiled", "deopts", "code+tables",
            "program");
    for (size_t i = 0; i < report->run_count && i < MOST_RUNS; i++) {
        const struct run *run = &report->runs[i];
        fprintf(out, "%9ld %9.2f %9.2f %8llu %8llu %9.0f KB  %.*s%s\n", run->pid, run->wall, run->processor,
                (unsigned long long)run->compiles, (unsigned long long)run->deopts,
                (double)(run->machine_bytes + run->table_bytes) / 1024, room,
                run->program != NULL ? run->program : "?", run->complete ? "" : " (did not end by itself)");
    }
    if (report->run_count > MOST_RUNS) {
        fprintf(out, "%9s and %zu more processes\n", "", report->run_count - MOST_RUNS);
    }
}

void report_print_table(const struct report *report, FILE *out, int columns)
{
    print_summary(report, out);
    print_functions(report, out, columns);
    print_runs(report, out, columns);
}
