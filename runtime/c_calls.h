/* runtime/c_calls.h: what tier 1's templates for calls of C functions and builtin types leave to C.
 *
 * The templates (tier1/templates/c_calls.c) call the C function themselves, from the site's own call instruction; here
 * is what is rare, and what is too long to be copied to every site. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_C_CALLS_H
#define PYJIT_RUNTIME_C_CALLS_H

#include "runtime/cpython.h"

/* A C function has returned NULL: makes sure an exception is set, worded as stock words it, and releases what
 * stood in slot[0..1+nargs]: (method or NULL, self or callable, args...), the callable last. */
void rt_c_call_failed(PyThreadState *tstate, PyObject **slot, int nargs);

/* Drops `count` references, first to last. */
void rt_release_many(PyObject **references, int count);

/* Is `type` the other one, or derived from it? */
int rt_is_subtype(PyTypeObject *type, PyTypeObject *other);

/* isinstance(object, class), where that takes no Python code: `class` is an ordinary class, or a tuple of such. Returns
 * 1, 0, or -1, without an exception, where somebody's __instancecheck__ or __class__ has to be asked, or something is wrong.
 * Borrows both. (abstract.c, object_recursive_isinstance) */
int rt_isinstance(PyThreadState *tstate, PyObject *object, PyObject *class);

/* list.append(item) on an exact or derived list whose room is used up. Steals item; 0, or -1 with MemoryError. */
int rt_list_grow(PyObject *list, PyObject *item);

/* The one-character str for a code point that is valid. New reference, or NULL with MemoryError. */
PyObject *rt_character(long code_point);

/* The code point of an exact str of length 1 whose representation is ready. */
long rt_code_point(PyObject *character);

/* abs() of an exact float: new reference, or NULL with MemoryError. */
PyObject *rt_absolute_float(PyObject *number);

/* str(object). Borrows; new reference, or NULL with an exception set. */
PyObject *rt_str(PyObject *object);

#endif
