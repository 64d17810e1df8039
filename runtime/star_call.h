/* runtime/star_call.h: f(*arguments) and f(*arguments, **keywords) of compiled Python functions, called natively by the site
 * (tier1/templates/star_calls.c). slot[0..3] holds (NULL, function, iterable, dict or NULL); the last only with keywords. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_STAR_CALL_H
#define PYJIT_RUNTIME_STAR_CALL_H

#include "runtime/call.h"
#include "runtime/ops.h"

/* The frame of the function, with the parameters filled in, and its target; slot[2] is a tuple then. Where frame is NULL, the general way has to be
 * gone, with what stands in the slots now; no exception is set. An escape: may collect. */
struct call_outcome rt_begin_star_call(PyThreadState *tstate, PyObject **slot, int has_keywords,
                                       struct call_cell *cell);

/* The function has returned `result`, which is handed on: gives up what stands in the slots. */
struct native_result rt_finish_star_call(PyThreadState *tstate, PyObject **slot, int has_keywords, PyObject *result);

#endif
