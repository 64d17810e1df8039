/* runtime/star_call.h: f(*arguments) and f(*arguments, **keywords) of compiled Python functions, called natively by the site
 * (tier1/templates/star_calls.c). slot[0..3] holds (NULL, function, iterable, dict or NULL); the last only with keywords. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_STAR_CALL_H
#define PYJIT_RUNTIME_STAR_CALL_H

#include "runtime/call.h"
#include "runtime/ops.h"

/* What there is of keywords: nothing; a dict that the call owns, or NULL; a dict that others hold as well, all keys being theirs, or NULL. */
enum { STAR_CALL_NO_KEYWORDS, STAR_CALL_OWN_KEYWORDS, STAR_CALL_SHARED_KEYWORDS, STAR_CALL_MOST_KEYWORDS = 16 };

/* The frame of the function, with the parameters filled in, and its target; slot[2] is a tuple then, and slot[3] a tuple of the keywords' values or
 * NULL. Where frame is NULL, the general way has to be gone, with what stands in the slots now; no exception is set. An escape: may collect. */
struct call_outcome rt_begin_star_call(PyThreadState *tstate, PyObject **slot, int keywords, struct call_cell *cell);

/* The function has returned `result`, which is handed on: gives up what stands in the slots. */
struct native_result rt_finish_star_call(PyThreadState *tstate, PyObject **slot, int keywords, PyObject *result);

#endif
