/* runtime/generator.h: resuming generators, coroutines and asynchronous generators in compiled code. GIL held for all.
 *
 * CPython resumes them through genobject.c's gen_send_ex2, which calls the evaluator and so the hook. Compiled code
 * that runs over a generator (FOR_ITER) or delegates to one (SEND) does gen_send_ex2's work itself and goes
 * straight to the machine address the frame was suspended at; whatever is not that simple takes the stock path.
 */
#ifndef PYJIT_RUNTIME_GENERATOR_H
#define PYJIT_RUNTIME_GENERATOR_H

#include "runtime/code_map.h"
#include "runtime/cpython.h"

/* FOR_ITER over an exact generator: the next value (a new reference), or NULL at the end, or NULL with an exception
 * set. A StopIteration with the generator's return value is never made. */
PyObject *rt_generator_next(PyThreadState *tstate, PyObject *generator);

/* For the hook: runs the suspended frame of a generator whose code is `compiled`, after gen_send_ex2 has pushed the value sent and chained
 * the exception state. With `throwflag` an exception is set and is raised where the frame stands.
 *
 * Returns false when this frame must go on in tier 0: nothing has happened then. Otherwise *result is what the
 * evaluator would have returned, and the frame is unlinked. */
bool generator_run_frame(PyThreadState *tstate, InterpreterFrame *frame, struct compiled_code *compiled, int throwflag,
                         PyObject **result);

#endif
