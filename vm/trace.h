/* vm/trace.h: --trace: the events of event_log.h for people, live, on standard error. GIL held. */
#ifndef PYJIT_VM_TRACE_H
#define PYJIT_VM_TRACE_H

#include "vm/event_log.h"

/* From now on events are told, in colours where standard error is a terminal (and NO_COLOR is not set). */
void trace_start(void);
bool trace_enabled(void);

/* Tells one event in one line, as event_log_details() is told of it; `count`: how often it has come at this place, 0: it is not counted. Never raises, never
 * fails. */
void trace_event(enum event_kind kind, PyCodeObject *code, int tier, int offset, enum reason reason, size_t bytes,
                 double milliseconds, uint64_t count, const struct event_detail *details, size_t detail_count);

#endif
