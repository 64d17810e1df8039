/* vm/startup_check.h: is this the interpreter that pyjit was built for?
 *
 * The headers say how CPython lays out its structures; a facts table compares that with what the running
 * interpreter shows. It goes from the harmless (version numbers) to the intimate (a frame seen by a probe hook), and stops
 * at the first mismatch, so nothing is read that an earlier fact has not made safe. */
#ifndef PYJIT_VM_STARTUP_CHECK_H
#define PYJIT_VM_STARTUP_CHECK_H

#include "runtime/cpython.h"
#include "runtime/reasons.h"

/* A fact the check may be told to see differently, for the tests: the name of a fact and the value observed "instead". */
struct startup_override {
    const char *name;
    long long value;
};

struct startup_verdict {
    enum reason reason;        /* REASON_none: pyjit can serve this interpreter */
    const char *fact;          /* the first that does not hold: static text, or NULL */
    long long expected, found; /* its values */
    int facts;                 /* how many were compared */
};

/* Looks at the running interpreter. `override` may be NULL. GIL held, main interpreter; leaves no exception; runs no Python code. */
struct startup_verdict startup_check(const struct startup_override *override);

#endif
