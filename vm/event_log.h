/* vm/event_log.h: what happened: counted in stats.h, and written to JIT_LOG, one JSON object a line. See vm/README.md for
 * the fields, which are stable. GIL held for all. */
#ifndef PYJIT_VM_EVENT_LOG_H
#define PYJIT_VM_EVENT_LOG_H

#include "runtime/cpython.h"
#include "runtime/reasons.h"

enum event_kind {
    EVENT_compile,    /* a function was compiled: tier, bytes, milliseconds */
    EVENT_refuse,     /* ... or could not be: reason */
    EVENT_leave,      /* a frame left compiled code for tier 0 in the middle: bytecode offset, reason */
    EVENT_invalidate, /* compiled code was thrown away: reason */
    EVENT_evict,      /* ... because of the size limit */
    EVENT_osr,        /* a loop was entered in the middle */
    EVENT_deopt,      /* tier 2 code went back to tier 1 */
    EVENT_decline,    /* the JIT is off in this process, or steps aside for a newer hook: reason */
    EVENT_trial,      /* tier-2 code is tried out against tier 1: begins, or what came of it */
    EVENT_KIND_COUNT
};

/* The kind's name in log and statistics: "compile"; a static string. */
const char *event_name(enum event_kind kind);

/* Opens the log named by JIT_LOG (`-`: standard error; `%p`: the process id; NULL: none); one warning when it cannot be
 * written. No descriptor is kept: see event_log.c. */
void event_log_open(const char *path);
void event_log_close(void);

/* Cheap test, so that callers need not gather arguments for the log only. */
bool event_log_enabled(void);

/* Counts one event, and writes it when a log is open, with a single appending write. `code` may be NULL; offset -1, bytes 0
 * and milliseconds < 0 mean "not applicable" and are left out. A frequent event (leave, osr, deopt) is written at its 1st,
 * 2nd, 4th, 8th, ... occurrence at the same place for the same reason, with the count so far.
 * Never raises, never fails: a full disk is told once on standard error. Keeps a pending exception. */
void event_log(enum event_kind kind, PyCodeObject *code, int tier, int offset, enum reason reason, size_t bytes,
               double milliseconds);

/* A field of one kind of event only: ,"name":"text". The text is UTF-8, borrowed; NULL: left out. */
struct event_detail {
    const char *name, *text;
};

/* The same with `count` such fields. */
void event_log_details(enum event_kind kind, PyCodeObject *code, int tier, int offset, enum reason reason,
                       size_t bytes, double milliseconds, const struct event_detail *details, size_t count);

#endif
