/* vm/event_log.c: JIT_LOG. The file is opened anew for each line (log_file.h): events are rare enough, hundreds in a run, at some microseconds
 * each. */
#include "vm/event_log.h"
#include "vm/log_file.h"
#include "vm/run_profile.h"
#include "vm/stats.h"
#include "vm/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const kind_names[EVENT_KIND_COUNT] = {
    [EVENT_compile] = "compile",       [EVENT_refuse] = "refuse",   [EVENT_leave] = "leave",
    [EVENT_invalidate] = "invalidate", [EVENT_evict] = "evict",     [EVENT_osr] = "osr",
    [EVENT_deopt] = "deopt",           [EVENT_decline] = "decline", [EVENT_trial] = "trial",
};

/* Names of the generic opcodes, from the same rows as everything else. */
static const char *const opcode_names[256] = {
#define OPCODE(name, pops, pushes, taken, flags) [name] = #name,
#include "runtime/opcodes.def"
#undef OPCODE
};

const char *event_name(enum event_kind kind)
{
    return kind_names[kind];
}

/* ---- The file ------------------------------------------------------------------------------------ */

static struct log_file log_file = {.what = "the log"};

bool event_log_enabled(void)
{
    return log_file_is_open(&log_file);
}

void event_log_close(void)
{
    log_file_open(&log_file, NULL);
}

void event_log_open(const char *path)
{
    log_file_open(&log_file, path);
}

/* ---- Lines --------------------------------------------------------------------------------------- */

/* The line being written. Static, not on the C stack: events happen where the stack is nearly used up. Long enough for two
 * names at their limit with each character written as \uXXXX, two details, and all numbers. */
enum { NAME_LIMIT = 1000, LINE_SIZE = 2 * NAME_LIMIT * 6 + 2 * NAME_LIMIT + 1024 };
static struct {
    char text[LINE_SIZE];
    size_t used;
} line;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line.used += (size_t)vsnprintf(line.text + line.used, LINE_SIZE - line.used, format, arguments);
    va_end(arguments);
}

/* ,"name":"text" in ASCII, cut after NAME_LIMIT UTF-16 units. Lone surrogates are legal in file names; JSON can say them. */
static void put_name(const char *name, PyObject *text)
{
    put(",\"%s\":\"", name);
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0, units = 0; i < length && units < NAME_LIMIT; i++, units++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(text, i);
        if (character == '"' || character == '\\') {
            put("\\%c", (char)character);
        } else if (character >= 0x20 && character < 0x7f) {
            line.text[line.used++] = (char)character;
        } else if (character <= 0xffff) {
            put("\\u%04x", (unsigned)character);
        } else if (units < NAME_LIMIT - 1) {
            put("\\u%04x\\u%04x", (unsigned)Py_UNICODE_HIGH_SURROGATE(character),
                (unsigned)Py_UNICODE_LOW_SURROGATE(character));
            units++;
        }
    }
    put("\"");
}

static void put_code(PyCodeObject *code, int offset)
{
    put_name("function", code->co_qualname);
    put_name("file", code->co_filename);
    int source_line = offset >= 0 ? PyCode_Addr2Line(code, offset) : code->co_firstlineno;
    if (source_line > 0) {
        put(",\"line\":%d", source_line);
    }
    if (offset >= 0) {
        put(",\"offset\":%d", offset);
        uint8_t opcode = _Py_OPCODE(_PyCode_CODE(code)[offset / (int)sizeof(CodeUnit)]);
        const char *name = opcode_names[cpython_generic_opcode[opcode]];
        if (name != NULL) {
            put(",\"opcode\":\"%s\"", name);
        }
    }
}

/* ---- Frequent events ----------------------------------------------------------------------------- */

/* How often an event came at one place. A code object may die and another take its address; the name, which would have to
 * be at its old address too, tells them apart. */
struct place {
    PyCodeObject *code; /* borrowed, only compared; NULL: row unused */
    PyObject *name;     /* the same: co_qualname */
    int offset;
    uint16_t kind, reason;
    uint64_t count;
};
enum { PLACES = 1024, PLACE_PROBES = 16 };
static struct place places[PLACES];

/* Counts one more, and returns the new count. When the table is crowded there, an old row makes room. */
static uint64_t count_at_place(enum event_kind kind, PyCodeObject *code, int offset, enum reason reason)
{
    size_t hash = ((uintptr_t)code >> 5) * 31 + (size_t)offset * 7 + (size_t)reason * 3 + (size_t)kind;
    struct place *rarest = NULL;
    for (size_t i = 0; i < PLACE_PROBES; i++) {
        struct place *place = &places[(hash + i) % PLACES];
        if (place->code == code && place->name == code->co_qualname && place->offset == offset &&
            place->kind == kind && place->reason == reason) {
            return ++place->count;
        }
        if (place->code == NULL) {
            rarest = place;
            break;
        }
        if (rarest == NULL || place->count < rarest->count) {
            rarest = place;
        }
    }
    *rarest = (struct place){code, code->co_qualname, offset, (uint16_t)kind, (uint16_t)reason, 1};
    return 1;
}

/* A text that is not Python's: in ASCII, cut like names. */
static void put_detail(const struct event_detail *detail)
{
    put(",\"%s\":\"", detail->name);
    for (int i = 0; i < NAME_LIMIT && detail->text[i] != '\0'; i++) {
        char character = detail->text[i];
        bool plain = character >= 0x20 && character < 0x7f && character != '"' && character != '\\';
        line.text[line.used++] = plain ? character : '?';
    }
    put("\"");
}

void event_log(enum event_kind kind, PyCodeObject *code, int tier, int offset, enum reason reason, size_t bytes,
               double milliseconds)
{
    event_log_details(kind, code, tier, offset, reason, bytes, milliseconds, NULL, 0);
}

void event_log_details(enum event_kind kind, PyCodeObject *code, int tier, int offset, enum reason reason,
                       size_t bytes, double milliseconds, const struct event_detail *details, size_t detail_count)
{
    stats_add(kind, reason, bytes, milliseconds);
    if (run_profile_enabled()) {
        run_profile_note(kind, code, tier, reason, bytes, milliseconds);
    }
    if (!event_log_enabled() && !trace_enabled()) {
        return;
    }
    uint64_t count = 0;
    if (code != NULL && (kind == EVENT_leave || kind == EVENT_osr || kind == EVENT_deopt)) {
        count = count_at_place(kind, code, offset, reason);
        if ((count & (count - 1)) != 0) {
            return;
        }
    }
    int errno_before = errno; /* the C code around us may not have looked at it yet */
    if (trace_enabled()) {
        trace_event(kind, code, tier, offset, reason, bytes, milliseconds, count, details, detail_count);
        errno = errno_before;
    }
    if (!event_log_enabled()) {
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    line.used = 0;
    put("{\"event\":\"%s\",\"time\":%lld.%06ld,\"pid\":%ld", kind_names[kind], (long long)now.tv_sec,
        now.tv_nsec / 1000, (long)getpid());
    if (tier >= 0) {
        put(",\"tier\":%d", tier);
    }
    if (code != NULL) {
        put_code(code, offset);
    }
    if (reason != REASON_none) {
        put(",\"reason\":\"%s\",\"sentence\":\"%s\"", reason_name(reason), reason_sentence(reason));
    }
    if (count > 0) {
        put(",\"count\":%llu", (unsigned long long)count);
    }
    if (bytes > 0) {
        put(",\"bytes\":%zu", bytes);
    }
    if (milliseconds >= 0) {
        put(",\"ms\":%.3f", milliseconds);
    }
    for (size_t i = 0; i < detail_count; i++) {
        if (details[i].text != NULL) {
            put_detail(&details[i]);
        }
    }
    put("}\n");
    log_file_append(&log_file, line.text, line.used);
    errno = errno_before;
}
