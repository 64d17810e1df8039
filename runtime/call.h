/* runtime/call.h: how compiled code calls, and how compiled functions are called.
 *
 * rt_begin_call (ops.h) is the CALL opcode; the functions here are what it is made of, and the entry that C
 * code uses when it calls a compiled Python function. All need the GIL.
 */
#ifndef PYJIT_RUNTIME_CALL_H
#define PYJIT_RUNTIME_CALL_H

#include "runtime/cpython.h"
#include "runtime/feedback.h"

/* What a native call gives back: the result (NULL with an exception set), and frame_call_is_unusual(). In two registers. */
struct native_result {
    PyObject *result;
    uintptr_t unusual;
};

/* Instantiation in line (tier1/templates/instances.c) of a class that `cell` knows: slot[0..1+nargs] holds (NULL, class, arguments...), all
 * owned. */

/* The frame of its Python __init__ or __new__, with the parameters filled in, for a native call of the cell's target; slot[0] is the new instance
 * for __init__ then. NULL, with nothing done and no exception, where the general way has to be gone. Not an escape. */
InterpreterFrame *rt_begin_instance(PyThreadState *tstate, PyObject **slot, int nargs, struct call_cell *cell);

/* That function has returned `result`, which is stolen: gives up what rt_begin_instance has made and what stands in the slots. The instance, or
 * NULL with an exception set. */
struct native_result rt_finish_instance(PyThreadState *tstate, PyObject **slot, int nargs, PyObject *result);

/* For a class without __init__ and no arguments: the instance, the slots being given up; or NULL, with nothing done and no exception. Not an
 * escape. */
PyObject *rt_new_instance(PyThreadState *tstate, PyObject **slot, struct call_cell *cell);

/* Calls a Python function: binds the arguments, runs the frame in compiled code when there is some and
 * it may be entered, otherwise through the interpreter's evaluator.
 *
 * `function` is borrowed. `arguments` holds the positional arguments and then one value for each name
 * in `kwnames` (a borrowed tuple, or NULL); nargs counts the positional ones only. The references in
 * `arguments` are stolen, whatever the outcome. Returns a new reference, or NULL with an exception
 * set, worded as stock words it. (ceval.c, _PyEvalFramePushAndInit and _PyEval_Vector) */
PyObject *rt_call_function(PyThreadState *tstate, PyFunctionObject *function, PyObject **arguments, size_t nargs,
                           PyObject *kwnames);

/* The vectorcall entry of functions whose code is compiled; vm/hook.c stores it into
 * PyFunctionObject.vectorcall. Correct for every function, compiled or not, and whatever happened
 * to __code__ or the hook since. Arguments are borrowed, as the protocol says. */
PyObject *rt_function_vectorcall(PyObject *callable, PyObject *const *arguments, size_t nargsf, PyObject *kwnames);

/* Calls `callable` with `count` borrowed arguments and no keywords, the way descriptors call Python
 * getters, setters and hooks: the caller's references live until the call is over, as they do on
 * stock. arguments[-1] must be writable. Returns a new reference, or NULL with an exception set. */
PyObject *rt_call_borrowed(PyThreadState *tstate, PyObject *callable, PyObject **arguments, size_t count);

/* Notes in `cell` that a function is called, by a site that calls natively in line (rt_begin_call does it for CALL itself). */
void call_note_callee(struct call_cell *cell, PyFunctionObject *function);

#endif
