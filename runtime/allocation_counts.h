/* runtime/allocation_counts.h: what the objects are that a function's instructions make, counted on request (option
 * count-allocations): compiled code then has a few instructions more around each operation that can make an object. What counts as
 * made is a result that nobody else holds. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_ALLOCATION_COUNTS_H
#define PYJIT_RUNTIME_ALLOCATION_COUNTS_H

#include "runtime/cpython.h"

/* COUNT(field, type): results of exactly this type; others are counted in `objects`. */
#define ALLOCATION_COUNTS(COUNT)                                                                                     \
    COUNT(ints, PyLong_Type)                                                                                         \
    COUNT(floats, PyFloat_Type)                                                                                      \
    COUNT(strings, PyUnicode_Type)                                                                                   \
    COUNT(tuples, PyTuple_Type)                                                                                      \
    COUNT(lists, PyList_Type)                                                                                        \
    COUNT(dicts, PyDict_Type)

/* Of one code object, in the data arena; owned by its code_state. */
struct allocation_counts {
#define COUNT(field, type) uint64_t field;
    ALLOCATION_COUNTS(COUNT)
#undef COUNT
    uint64_t objects;
    uint64_t in_place; /* ints and floats that were given a new value instead of making another */
};

/* Of one site: its operands before the operation, only compared. */
struct allocation_site {
    struct allocation_counts *counts;
    PyObject *operands[2];
    bool made_elsewhere; /* a Python function or generator makes the result, and counts it */
};

/* `operands` are what is called (the first, or the second where that is NULL) or iterated: sets made_elsewhere. */
void rt_note_callee(struct allocation_site *site);

/* The operation has succeeded with `result`, borrowed; NULL is not counted. */
void rt_count_result(struct allocation_site *site, PyObject *result);

#endif
