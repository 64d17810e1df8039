/* perf/report/read.c: profiles from JSON (libjansson), summed up by function. */
#define _GNU_SOURCE /* asprintf */
#include "perf/report/report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_FILE = 256 << 20, LONGEST_TEXT = 1000 };

/* ---- Values ------------------------------------------------------------------------------------------------------- */

/* Not negative and finite, whatever the file says. */
static double number(const json_t *object, const char *key)
{
    double value = json_number_value(json_object_get(object, key));
    return isfinite(value) && value > 0 && value < 1e12 ? value : 0;
}

static uint64_t count(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 && value < (json_int_t)1 << 50 ? (uint64_t)value : 0;
}

/* A copy, cut, and with question marks for what a terminal would take for orders. */
static char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    char *copy = strndup(value != NULL ? value : "?", LONGEST_TEXT);
    for (char *at = copy; at != NULL && *at != '\0'; at++) {
        bool c1 = (unsigned char)at[0] == 0xc2 && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] < 0xa0;
        if ((unsigned char)*at < 0x20 || *at == 0x7f || c1) {
            *at = '?';
            if (c1) {
                at[1] = '?';
            }
        }
    }
    return copy;
}

/* ---- Summing up ----------------------------------------------------------------------------------------------------- */

static struct function *find_function(struct report *report, const json_t *row)
{
    char *name = text(row, "function"), *file = text(row, "file"), *key = NULL;
    long line = (long)count(row, "line");
    line = line < 1000000000 ? line : 0;
    struct function *found = NULL;
    if (name != NULL && file != NULL && asprintf(&key, "%ld %s %s", line, name, file) >= 0) {
        json_t *known = json_object_get(report->index, key);
        if (known != NULL) {
            found = &report->functions[json_integer_value(known)];
        } else {
            struct function *larger =
                realloc(report->functions, (report->function_count + 1) * sizeof *report->functions);
            report->functions = larger != NULL ? larger : report->functions;
            if (larger != NULL && json_object_set_new_nocheck(
                                      report->index, key, json_integer((json_int_t)report->function_count)) == 0) {
                found = &report->functions[report->function_count++];
                *found = (struct function){.name = name, .file = file, .line = (int)line};
                free(key);
                return found;
            }
        }
    }
    free(name);
    free(file);
    free(key);
    return found;
}

static void add_function(struct report *report, struct run *run, const json_t *row)
{
    struct function *function = json_is_object(row) ? find_function(report, row) : NULL;
    if (function == NULL) {
        return;
    }
    const json_t *seconds = json_object_get(row, "seconds");
    for (int tier = 0; tier < TIERS; tier++) {
        double value = json_number_value(json_array_get(seconds, (size_t)tier));
        value = isfinite(value) && value > 0 && value < 1e12 ? value : 0;
        function->seconds[tier] += value;
        run->seconds[tier] += value;
    }
    for (int tier = 0; tier < 2; tier++) {
        const json_t *made = json_object_get(row, tier == 0 ? "tier1" : "tier2");
        function->compile_ms[tier] += number(made, "ms");
        function->compiles[tier] += count(made, "compiles");
        function->bytes[tier] += count(made, "bytes");
        run->compiles += count(made, "compiles");
        if (tier == 1 && json_object_get(made, "refused") != NULL) {
            free(function->refused);
            function->refused = text(made, "refused");
        }
    }
    function->deopts += count(row, "deopts");
    function->leaves += count(row, "leaves");
    function->withdrawn += count(row, "withdrawn");
    run->deopts += count(row, "deopts");
}

/* NULL, or what is wrong with it. */
static const char *add_run(struct report *report, const json_t *profile)
{
    const char *format = json_string_value(json_object_get(profile, "format"));
    if (!json_is_object(profile) || format == NULL || strcmp(format, "pyjit-run-profile") != 0) {
        return "it is no profile of pyjit";
    }
    if (json_integer_value(json_object_get(profile, "version")) != 1) {
        return "it is a profile of another version";
    }
    const json_t *functions = json_object_get(profile, "functions");
    if (!json_is_array(functions)) {
        return "it has no functions";
    }
    struct run *larger = realloc(report->runs, (report->run_count + 1) * sizeof *report->runs);
    if (larger == NULL) {
        return strerror(ENOMEM);
    }
    report->runs = larger;
    struct run *run = &report->runs[report->run_count++];
    const json_t *memory = json_object_get(profile, "memory");
    *run = (struct run){
        .program = text(profile, "program"),
        .pid = (long)count(profile, "pid"),
        .complete = json_is_true(json_object_get(profile, "complete")),
        .sampled = json_is_true(json_object_get(profile, "sampled")),
        .started = number(profile, "started"),
        .wall = number(profile, "wall_seconds"),
        .processor = number(profile, "processor_seconds"),
        .compile_thread = number(profile, "compile_thread_seconds"),
        .machine_bytes = count(memory, "machine_bytes"),
        .table_bytes = count(memory, "table_bytes"),
    };
    size_t i;
    const json_t *row;
    json_array_foreach(functions, i, row)
    {
        add_function(report, run, row);
    }
    for (int tier = 0; tier < TIERS; tier++) {
        report->seconds[tier] += run->seconds[tier];
    }
    report->processor += run->processor;
    report->compile_thread += run->compile_thread;
    report->lost += number(profile, "lost_seconds");
    return NULL;
}

/* ---- Files -------------------------------------------------------------------------------------------------------------- */

static bool complain(const char *path, const char *why)
{
    fputs("pyjit: cannot read the profile ", stderr);
    for (const char *at = path; *at != '\0'; at++) {
        fputc((unsigned char)*at < 0x20 || *at == 0x7f ? '?' : *at, stderr);
    }
    fprintf(stderr, ": %s\n", why);
    return false;
}

static bool read_file(struct report *report, const char *path)
{
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        return complain(path, strerror(errno));
    }
    const char *why = !S_ISREG(status.st_mode)        ? "it is no file"
                      : status.st_size > LARGEST_FILE ? "it is larger than any profile"
                                                      : NULL;
    json_error_t error = {0};
    json_t *profile = why == NULL ? json_loadfd(descriptor, 0, &error) : NULL;
    close(descriptor);
    char text[JSON_ERROR_TEXT_LENGTH + 32];
    if (profile != NULL) {
        why = add_run(report, profile);
    } else if (why == NULL) {
        snprintf(text, sizeof text, "it is no JSON (line %d)", error.line);
        why = text;
    }
    json_decref(profile);
    return why == NULL || complain(path, why);
}

static int is_profile(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

bool report_read(struct report *report, const char *path)
{
    if (report->index == NULL) {
        report->index = json_object();
    }
    struct stat status;
    if (stat(path, &status) != 0) {
        return complain(path, strerror(errno));
    }
    if (!S_ISDIR(status.st_mode)) {
        return read_file(report, path);
    }
    char *runs = NULL;
    if (asprintf(&runs, "%s/runs", path) < 0) {
        return complain(path, strerror(ENOMEM));
    }
    const char *folder = access(runs, F_OK) == 0 ? runs : path;
    struct dirent **entries;
    int found = scandir(folder, &entries, is_profile, alphasort);
    bool good = found > 0 || complain(path, found < 0 ? strerror(errno) : "there is none in this folder");
    for (int i = 0; i < found; i++) {
        char *file;
        if (asprintf(&file, "%s/%s", folder, entries[i]->d_name) >= 0) {
            good &= read_file(report, file);
            free(file);
        }
        free(entries[i]);
    }
    if (found >= 0) {
        free(entries);
    }
    free(runs);
    return good;
}

static int compare_functions(const void *a, const void *b)
{
    const struct function *left = a, *right = b;
    double difference = report_total(right->seconds) - report_total(left->seconds);
    return difference != 0 ? (difference > 0) - (difference < 0) : strcmp(left->name, right->name);
}

static int compare_runs(const void *a, const void *b)
{
    const struct run *left = a, *right = b;
    return (left->started > right->started) - (left->started < right->started);
}

void report_sort(struct report *report)
{
    json_decref(report->index);
    report->index = NULL;
    if (report->function_count > 0) {
        qsort(report->functions, report->function_count, sizeof *report->functions, compare_functions);
    }
    if (report->run_count > 0) {
        qsort(report->runs, report->run_count, sizeof *report->runs, compare_runs);
    }
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->function_count; i++) {
        free(report->functions[i].name);
        free(report->functions[i].file);
        free(report->functions[i].refused);
    }
    for (size_t i = 0; i < report->run_count; i++) {
        free(report->runs[i].program);
    }
    free(report->functions);
    free(report->runs);
    json_decref(report->index);
    *report = (struct report){0};
}
