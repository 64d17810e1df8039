/* runtime/callees.h: which built-in function, method or class an object is, of those that callees.def knows. */
#ifndef PYJIT_RUNTIME_CALLEES_H
#define PYJIT_RUNTIME_CALLEES_H

#include "runtime/plain.h"

/* Which row of callees.def. */
enum callee {
    CALLEE_none,
#define FUNCTION(id, name, fewest, most, function, result, effect, tier1)     CALLEE_##id,
#define METHOD(id, type, name, fewest, most, function, result, effect, tier1) CALLEE_##id,
#define CLASS(id, type, fewest, most, function, result, effect, tier1)        CALLEE_##id,
#define MATH(id, name)                                                        CALLEE_##id,
#define REAL(name, arity)                                                     CALLEE_real_##name,
#include "runtime/callees.def"
    CALLEE_COUNT
};

enum callee_effect { CALLEE_READS, CALLEE_WRITES, CALLEE_REMOVES };

struct callee_row {
    plain_method_function function; /* NULL for REAL */
    const void *real;               /* of REAL: double (*)(double) or of two */
    uint8_t arity;                  /* of REAL */
    uint8_t effect;                 /* enum callee_effect */
    bool quick;                     /* tier 1 tries the function first */
};
extern const struct callee_row callee_rows[CALLEE_COUNT];

/* What `callable`, called with `count` arguments (self not counted), is: an exact builtin function, method descriptor or class. Borrowed; only
 * compared, and what is static in it read. GIL held. */
enum callee callee_of(PyObject *callable, int count);

/* The plain functions of the rows. */
#define FUNCTION(id, name, fewest, most, function, result, effect, tier1)                                            \
    PyObject *function(PyObject **slots, int count);
#define METHOD(id, type, name, fewest, most, function, result, effect, tier1)                                        \
    PyObject *function(PyObject **slots, int count);
#define CLASS(id, type, fewest, most, function, result, effect, tier1)                                               \
    PyObject *function(PyObject **slots, int count);
#include "runtime/callees.def"

#endif
