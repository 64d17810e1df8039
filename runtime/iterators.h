/* runtime/iterators.h: making and dropping built-in iterators, whose memory is kept for the next.
 *
 * CPython keeps no free lists for them, and a loop needs one. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_ITERATORS_H
#define PYJIT_RUNTIME_ITERATORS_H

#include "runtime/feedback.h"
#include "runtime/runtime_data.h"

/* zip() of more iterators is left to CPython. */
enum { MOST_ZIPPED = 4 };

/* iter(object) for built-in containers and iterators, where that runs no code. A new reference, or NULL with nothing changed;
 * `owned`: PLAIN_OWNS_CONTAINER. */
PyObject *rt_plain_iterator(PyObject *object, int owned);

/* iter(range(...)) without the range: a plain_method_function (plain.h), slots[1] being range itself. */
PyObject *rt_plain_range_iterator(PyObject **slots, int count);

/* The same of numbers: NULL for those that are far too large, and for a step of 0. */
PyObject *rt_plain_range(long start, long stop, long step);

/* Feedback: the site has met `iterator`, and not found in `cell` how to advance it, or its end. */
void iterator_note(PyObject *iterator, struct iterator_cell *cell);

/* Does the iterator of a list, tuple, bytes or ASCII str, at its end, let go of its container, as tp_iternext does at the end? 0, with nothing
 * changed: it is no such iterator, not at its end, or the container would die. */
int rt_iterator_ends(PyObject *iterator, struct iterator_cell *cell);

/* map, reversed, enumerate and zip as plain_method_functions (plain.h) for plain_class: slots[1] is the class. */
PyObject *plain_map_call(PyObject **slots, int count);
PyObject *plain_reversed_call(PyObject **slots, int count);
PyObject *plain_enumerate_call(PyObject **slots, int count);
PyObject *plain_zip_call(PyObject **slots, int count);

/* Frees an iterator of a kind known here whose last reference has gone: 1; or 0, with nothing changed, for other objects.
 * rt_iterator_frees_plainly: and only if that runs no code. */
int iterator_free(PyObject *object);
int rt_iterator_frees_plainly(PyObject *object);

/* Gives the memory kept back to the allocator. */
void iterators_clear(void);

#endif
