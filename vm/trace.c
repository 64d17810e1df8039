/* vm/trace.c: see trace.h.
 *
 *    0.621 s  tier 2  compile     kernel                    app.py:18       1015 bytes in 3.2 ms
 */
#include "vm/trace.h"

#include "runtime/utf8_text.h"
#include "vm/end_reports.h"
#include "vm/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool enabled, coloured;

/* How each kind looks: what it is called, and the colour (ECMA-48) of the word. */
static const struct {
    const char *word;
    int colour;
} looks[EVENT_KIND_COUNT] = {
    [EVENT_compile] = {"compile", 32},       [EVENT_refuse] = {"refuse", 33},   [EVENT_leave] = {"leave", 33},
    [EVENT_invalidate] = {"throw away", 31}, [EVENT_evict] = {"evict", 31},     [EVENT_osr] = {"enter loop", 36},
    [EVENT_deopt] = {"deopt", 35},           [EVENT_decline] = {"decline", 31}, [EVENT_trial] = {"trial", 34},
};

enum { LINE_SIZE = 1024, NAME_SIZE = 256, NAME_WIDTH = 28, PLACE_WIDTH = 20 };

/* Not on the C stack: events happen where that is nearly used up. */
static struct {
    char text[LINE_SIZE];
    size_t used;
} line;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line.text + line.used, LINE_SIZE - line.used, format, arguments);
    va_end(arguments);
    line.used += length > 0 ? (size_t)length : 0;
    line.used = line.used < LINE_SIZE ? line.used : LINE_SIZE - 1;
}

void trace_start(void)
{
    const char *no_colour = getenv("NO_COLOR");
    enabled = true;
    bool terminal = strcmp(end_reports_file.pattern, "-") == 0 && isatty(STDERR_FILENO);
    coloured = terminal && (no_colour == NULL || no_colour[0] == '\0');
}

bool trace_enabled(void)
{
    return enabled && log_file_is_open(&end_reports_file);
}

static void put_place(PyCodeObject *code, int offset)
{
    char name[NAME_SIZE], file[NAME_SIZE], place[NAME_SIZE + 16];
    utf8_copy(name, sizeof name, code->co_qualname);
    utf8_copy(file, sizeof file, code->co_filename);
    const char *slash = strrchr(file, '/');
    int source_line = offset >= 0 ? PyCode_Addr2Line(code, offset) : code->co_firstlineno;
    snprintf(place, sizeof place, "%s:%d", slash != NULL ? slash + 1 : file, source_line);
    put("%-*s  %-*s", NAME_WIDTH, name, PLACE_WIDTH, place);
}

void trace_event(enum event_kind kind, PyCodeObject *code, int tier, int offset, enum reason reason, size_t bytes,
                 double milliseconds, uint64_t count, const struct event_detail *details, size_t detail_count)
{
    /* When the interpreter ends, everything does. */
    if (reason == REASON_code_died && _Py_IsFinalizing()) {
        return;
    }
    line.used = 0;
    put("%9.3f s  ", policy_age());
    put(tier >= 0 ? "tier %d  " : "        ", tier);
    if (coloured) {
        put("\033[%dm%-10s\033[0m  ", looks[kind].colour, looks[kind].word);
    } else {
        put("%-10s  ", looks[kind].word);
    }
    if (code != NULL) {
        put_place(code, offset);
    } else {
        put("%-*s  %-*s", NAME_WIDTH, "", PLACE_WIDTH, "");
    }
    if (bytes > 0) {
        put("  %zu bytes", bytes);
    }
    if (milliseconds >= 0) {
        put(bytes > 0 ? " in %.1f ms" : "  after %.1f ms", milliseconds);
    }
    if (reason != REASON_none) {
        put("  %s", reason_sentence(reason));
    }
    for (size_t i = 0; i < detail_count; i++) {
        if (details[i].text != NULL) {
            bool plain = strcmp(details[i].name, "detail") == 0;
            put(!plain ? ", " : reason != REASON_none ? ": " : "  ");
            put("%s%s%.200s", plain ? "" : details[i].name, plain ? "" : " ", details[i].text);
        }
    }
    if (count > 1) {
        put(" (%llu times so far)", (unsigned long long)count);
    }
    while (line.used > 0 && line.text[line.used - 1] == ' ') {
        line.used--;
    }
    line.text[line.used++] = '\n';
    log_file_append(&end_reports_file, line.text, line.used);
}
