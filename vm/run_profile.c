/* vm/run_profile.c: see run_profile.h. The file's fields stand in perf/README.md. */
#define _GNU_SOURCE /* open_memstream */
#include "vm/run_profile.h"

#include "perf/sampler.h"
#include "runtime/code_arena.h"
#include "runtime/code_map.h"
#include "runtime/utf8_text.h"
#include "tier2/compile_thread.h"
#include "vm/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ROWS = 16384, TABLE_SIZE = 2 * MOST_ROWS, PROGRAM_SIZE = 512 };

/* What is known of one function: the sampler's part is added when the file is written. */
struct function_row {
    char *function, *file; /* owned */
    int line;
    uint64_t compiles[2], bytes[2]; /* by tier 1, tier 2 */
    double milliseconds[2];
    uint64_t deopts, leaves, withdrawn;
    uint8_t refused[2]; /* enum reason */
    double seconds[SAMPLER_TIERS];
    uint64_t samples;
};

/* Held by whoever reads or changes the rows: the sampler's thread writes the file now and then. */
static pthread_mutex_t rows_lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
    char folder[PATH_MAX - 64]; /* absolute; "": no profile is wanted */
    pid_t process;
    bool written, has_samples;
    double started;                    /* seconds since 1970 */
    double written_at;                 /* processor time of the process when the file was last written */
    size_t machine_bytes, table_bytes; /* the most there was at a time */
    uint64_t events[EVENT_KIND_COUNT];
    struct function_row **table; /* owned, a hash table */
    size_t count;
} profile;

bool run_profile_enabled(void)
{
    return profile.folder[0] != '\0';
}

/* ---- Rows ------------------------------------------------------------------------------------------------------------ */

static struct function_row *row_for(const char *function, const char *file, int line)
{
    size_t hash = (size_t)line * 31;
    for (const char *at = function; *at != '\0'; at++) {
        hash = hash * 33 + (unsigned char)*at;
    }
    for (const char *at = file; *at != '\0'; at++) {
        hash = hash * 33 + (unsigned char)*at;
    }
    struct function_row **place = &profile.table[hash % TABLE_SIZE];
    while (*place != NULL && ((*place)->line != line || strcmp((*place)->function, function) != 0 ||
                              strcmp((*place)->file, file) != 0)) {
        place = place + 1 == profile.table + TABLE_SIZE ? profile.table : place + 1;
    }
    if (*place == NULL && profile.count < MOST_ROWS) {
        struct function_row *row = calloc(1, sizeof *row);
        char *names[2] = {strdup(function), strdup(file)};
        if (row == NULL || names[0] == NULL || names[1] == NULL) {
            free(row);
            free(names[0]);
            free(names[1]);
            return NULL;
        }
        *row = (struct function_row){.function = names[0], .file = names[1], .line = line};
        *place = row;
        profile.count++;
    }
    return *place;
}

static void note(enum event_kind kind, PyCodeObject *code, int tier, enum reason reason, size_t bytes,
                 double milliseconds)
{
    profile.events[kind]++;
    if (code == NULL || profile.table == NULL) {
        return;
    }
    char function[SAMPLER_NAME_SIZE], file[SAMPLER_FILE_SIZE];
    utf8_copy(function, sizeof function, code->co_qualname);
    utf8_copy(file, sizeof file, code->co_filename);
    struct function_row *row = row_for(function, file, code->co_firstlineno);
    if (row == NULL) {
        return;
    }
    bool upper = tier == 2;
    size_t pieces, machine_bytes, table_bytes;
    switch (kind) {
    case EVENT_compile:
        row->compiles[upper]++;
        row->bytes[upper] += bytes;
        row->milliseconds[upper] += milliseconds;
        code_map_totals(&pieces, &machine_bytes, &table_bytes);
        profile.machine_bytes = machine_bytes > profile.machine_bytes ? machine_bytes : profile.machine_bytes;
        profile.table_bytes = table_bytes > profile.table_bytes ? table_bytes : profile.table_bytes;
        break;
    case EVENT_refuse:
        row->refused[upper] = (uint8_t)reason;
        break;
    case EVENT_deopt:
        row->deopts++;
        break;
    case EVENT_leave:
        row->leaves++;
        break;
    case EVENT_invalidate:
        row->withdrawn += upper;
        break;
    default:
        break;
    }
}

void run_profile_note(enum event_kind kind, PyCodeObject *code, int tier, enum reason reason, size_t bytes,
                      double milliseconds)
{
    pthread_mutex_lock(&rows_lock);
    note(kind, code, tier, reason, bytes, milliseconds);
    pthread_mutex_unlock(&rows_lock);
}

/* ---- The file ------------------------------------------------------------------------------------------------------------ */

static void put_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
    }
    fputc('"', out);
}

/* The program and its arguments, without the interpreter, as the kernel has them. Bytes that are not ASCII may be no UTF-8. */
static void put_program(FILE *out)
{
    char text[PROGRAM_SIZE];
    int descriptor = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = descriptor >= 0 ? read(descriptor, text, sizeof text - 1) : 0;
    if (descriptor >= 0) {
        close(descriptor);
    }
    length = length > 0 ? length : 0;
    text[length] = '\0';
    for (ssize_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        text[i] = byte == 0 ? (i + 1 < length ? ' ' : '\0') : byte >= 0x20 && byte < 0x7f ? text[i] : '?';
    }
    put_text(out, text);
}

static void put_function(FILE *out, const struct function_row *row, bool first)
{
    fprintf(out, "%s\n{\"function\":", first ? "" : ",");
    put_text(out, row->function);
    fprintf(out, ",\"file\":");
    put_text(out, row->file);
    fprintf(out, ",\"line\":%d,\"seconds\":[%.4f,%.4f,%.4f],\"samples\":%llu", row->line, row->seconds[0],
            row->seconds[1], row->seconds[2], (unsigned long long)row->samples);
    for (int tier = 1; tier <= 2; tier++) {
        fprintf(out, ",\"tier%d\":{\"compiles\":%llu,\"bytes\":%llu,\"ms\":%.3f", tier,
                (unsigned long long)row->compiles[tier - 1], (unsigned long long)row->bytes[tier - 1],
                row->milliseconds[tier - 1]);
        if (row->refused[tier - 1] != REASON_none) {
            fprintf(out, ",\"refused\":\"%s\"", reason_name((enum reason)row->refused[tier - 1]));
        }
        fputc('}', out);
    }
    fprintf(out, ",\"deopts\":%llu,\"leaves\":%llu,\"withdrawn\":%llu}", (unsigned long long)row->deopts,
            (unsigned long long)row->leaves, (unsigned long long)row->withdrawn);
}

/* Those so far, in all. */
static void add_samples(double *lost)
{
    size_t count;
    for (size_t i = 0; i < TABLE_SIZE && profile.table != NULL; i++) {
        if (profile.table[i] != NULL) {
            memset(profile.table[i]->seconds, 0, sizeof profile.table[i]->seconds);
            profile.table[i]->samples = 0;
        }
    }
    const struct sampled_function *sampled = sampler_stop(&count, lost);
    for (size_t i = 0; i < count && profile.table != NULL; i++) {
        struct function_row *row = row_for(sampled[i].function, sampled[i].file, sampled[i].line);
        for (int tier = 0; row != NULL && tier < SAMPLER_TIERS; tier++) {
            row->seconds[tier] += sampled[i].seconds[tier];
        }
        if (row != NULL) {
            row->samples += sampled[i].samples;
        }
    }
}

static void put_profile(FILE *out, bool complete)
{
    struct timespec now;
    struct compile_thread_totals thread;
    double lost = 0;
    add_samples(&lost);
    clock_gettime(CLOCK_REALTIME, &now);
    compile_thread_get_totals(&thread);
    fprintf(out, "{\"format\":\"pyjit-run-profile\",\"version\":1,\"complete\":%s,\"pid\":%ld,\"program\":",
            complete ? "true" : "false", (long)getpid());
    put_program(out);
    fprintf(out,
            ",\"started\":%.3f,\"wall_seconds\":%.4f,\"processor_seconds\":%.4f,\"sampled\":%s,\"lost_seconds\":%.4f",
            profile.started, (double)now.tv_sec + (double)now.tv_nsec * 1e-9 - profile.started, policy_age(),
            profile.has_samples ? "true" : "false", lost);
    fprintf(out, ",\"compile_thread_seconds\":%.4f", thread.processor_milliseconds * 1e-3);
    fprintf(out, ",\"memory\":{\"machine_bytes\":%zu,\"table_bytes\":%zu}", profile.machine_bytes,
            profile.table_bytes);
    fprintf(out, ",\"events\":{");
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        fprintf(out, "%s\"%s\":%llu", kind == 0 ? "" : ",", event_name((enum event_kind)kind),
                (unsigned long long)profile.events[kind]);
    }
    fprintf(out, "},\"functions\":[");
    bool first = true;
    for (size_t i = 0; i < TABLE_SIZE && profile.table != NULL; i++) {
        if (profile.table[i] != NULL) {
            put_function(out, profile.table[i], first);
            first = false;
        }
    }
    fprintf(out, "\n]}\n");
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

/* Writes the file, or what there is to say so far. False: it cannot be written, errno says why. */
static bool write_file(const char *path, bool complete)
{
    char runs[PATH_MAX], temporary[PATH_MAX + 64];
    snprintf(runs, sizeof runs, "%s/runs", profile.folder);
    snprintf(temporary, sizeof temporary, "%s/.run-%ld.tmp", runs, (long)getpid());
    bool possible = make_folder(profile.folder) && make_folder(runs);
    int descriptor = possible ? open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666) : -1;
    FILE *out = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    bool whole = false;
    if (out != NULL) {
        pthread_mutex_lock(&rows_lock);
        put_profile(out, complete);
        pthread_mutex_unlock(&rows_lock);
        whole = ferror(out) == 0;
        whole = fclose(out) == 0 && whole;
    }
    whole = whole && rename(temporary, path) == 0;
    int error = errno;
    if (!whole && descriptor >= 0) {
        unlink(temporary);
    }
    errno = error;
    return whole;
}

static void name_file(char *path, size_t size)
{
    snprintf(path, size, "%s/runs/run-%.6f-%ld.json", profile.folder, profile.started, (long)getpid());
}

/* The process ends: writes the file, once. Needs no interpreter: that may be gone. */
static void write_profile(void)
{
    if (!run_profile_enabled() || profile.written || profile.process != getpid()) {
        return;
    }
    profile.written = true;
    size_t count;
    double lost;
    (void)sampler_stop(&count, &lost);
    char path[PATH_MAX + 64];
    name_file(path, sizeof path);
    if (!write_file(path, true)) {
        fprintf(stderr, "pyjit: cannot write the profile %s: %s\n", path, strerror(errno));
    }
}

/* On the sampler's thread: what a signal may end at any moment has left something behind. */
static void write_so_far(void)
{
    const double worth_writing = 0.25;
    double now = policy_age();
    if (now - profile.written_at > worth_writing) {
        char path[PATH_MAX + 64];
        profile.written_at = now;
        name_file(path, sizeof path);
        (void)write_file(path, false);
    }
}

static void lock_rows(void)
{
    pthread_mutex_lock(&rows_lock);
}

static void unlock_rows(void)
{
    pthread_mutex_unlock(&rows_lock);
}

/* ---- The process ----------------------------------------------------------------------------------------------------------- */

static void begin(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (size_t i = 0; i < TABLE_SIZE && profile.table != NULL; i++) {
        if (profile.table[i] != NULL) {
            free(profile.table[i]->function);
            free(profile.table[i]->file);
            free(profile.table[i]);
        }
    }
    free(profile.table);
    profile.table = calloc(TABLE_SIZE, sizeof(struct function_row *));
    profile.count = 0;
    profile.written = false;
    memset(profile.events, 0, sizeof profile.events);
    profile.process = getpid();
    profile.machine_bytes = profile.table_bytes = 0;
    profile.written_at = policy_age();
    profile.started = (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
    profile.has_samples = sampler_start(write_so_far);
}

static PyObject *after_fork(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    begin();
    Py_RETURN_NONE;
}

static PyObject *(*original_exit)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);

static PyObject *exit_with_profile(PyObject *module, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
    write_profile();
    return original_exit(module, arguments, count, names);
}

/* os._exit() runs no exit handlers; multiprocessing's children end with it. The function object stays what it is, and does our work first. */
static void watch_exit(PyObject *posix)
{
    PyObject *function = PyObject_GetAttrString(posix, "_exit");
    if (function != NULL && PyCFunction_CheckExact(function)) {
        PyMethodDef *definition = ((PyCFunctionObject *)function)->m_ml;
        if (definition->ml_flags == (METH_FASTCALL | METH_KEYWORDS) && original_exit == NULL) {
            memcpy(&original_exit, &definition->ml_meth, sizeof original_exit);
            definition->ml_meth = (PyCFunction)(void (*)(void))exit_with_profile;
        }
    }
    Py_XDECREF(function);
}

static void watch_forks(PyObject *posix)
{
    static PyMethodDef method = {"pyjit_begin_profile", after_fork, METH_NOARGS, NULL};
    PyObject *registrar = PyObject_GetAttrString(posix, "register_at_fork");
    PyObject *callback = registrar != NULL ? PyCFunction_New(&method, NULL) : NULL;
    PyObject *none = callback != NULL ? PyTuple_New(0) : NULL;
    PyObject *keywords = none != NULL ? Py_BuildValue("{s:O}", "after_in_child", callback) : NULL;
    PyObject *done = keywords != NULL ? PyObject_Call(registrar, none, keywords) : NULL;
    Py_XDECREF(registrar);
    Py_XDECREF(callback);
    Py_XDECREF(none);
    Py_XDECREF(keywords);
    Py_XDECREF(done);
}

void run_profile_start(const char *folder)
{
    if (folder == NULL || run_profile_enabled()) {
        return;
    }
    /* The program may change its folder later. */
    char start[PATH_MAX] = "";
    if (folder[0] != '/' && getcwd(start, sizeof start - 1) != NULL) {
        strcat(start, "/");
    }
    if (snprintf(profile.folder, sizeof profile.folder, "%s%s", start, folder) >= (int)sizeof profile.folder) {
        fprintf(stderr, "pyjit: the name of the profile folder is too long\n");
        profile.folder[0] = '\0';
        return;
    }
    begin();
    atexit(write_profile);
    pthread_atfork(lock_rows, unlock_rows, unlock_rows);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *posix = PyImport_ImportModule("posix");
    if (posix != NULL) {
        watch_exit(posix);
        watch_forks(posix);
    }
    Py_XDECREF(posix);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}
