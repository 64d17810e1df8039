/* vm/stats.h: how often each event happened in this process. Counted whether or not a log is open. GIL held for all. */
#ifndef PYJIT_VM_STATS_H
#define PYJIT_VM_STATS_H

#include "vm/event_log.h"

/* Counts one event. Units: bytes of machine code, milliseconds of compilation; 0 and negative where they do not apply. */
void stats_add(enum event_kind kind, enum reason reason, size_t bytes, double milliseconds);

/* A new dict with all counters, of this form, reasons that never came up left out; NULL with an exception set:
 *   {"compile": 12, "leave": 3, ..., "bytes": .., "milliseconds": .., "reasons": {"leave": {"tracing": 3}, ...}} */
PyObject *stats_as_dict(void);

/* What compiled functions have made (option count-allocations): a new list with a dict for each function that is compiled now and counted, of this form;
 * NULL with an exception set:
 *   {"function": "f", "file": "a.py", "line": 3, "ints": 10, "floats": 0, ..., "objects": 0, "in_place": 5} */
PyObject *stats_allocations(void);

/* Back to zero. */
void stats_clear(void);

#endif
