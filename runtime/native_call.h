/* runtime/native_call.h: calls of Python functions by C code that carries out an operation for compiled code: operators, properties,
 * iteration over objects of the program's own classes.
 *
 * What templates/calls.c does for CALL, in C: the frame is pushed and filled in place and its compiled code entered without an
 * argument array, a vectorcall or an evaluator in between. Inlined, because each C function in between costs a
 * predicted return. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_NATIVE_CALL_H
#define PYJIT_RUNTIME_NATIVE_CALL_H

#include "runtime/call.h"
#include "runtime/code_map.h"
#include "runtime/code_state.h"
#include "runtime/frame.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"

/* The compiled code that a call of `function` with `count` positional arguments may enter natively here and now, or NULL. What else
 * there may be against it the native entry finds out. Compiled code wants a caller's frame, which the interpreter's end has not, and the thread's
 * stack limit, which frame_run_compiled finds. */
static inline struct compiled_code *find_native_code(PyThreadState *tstate, PyFunctionObject *function, int count)
{
    struct code_state *state = code_state_get((PyCodeObject *)function->func_code);
    if (UNLIKELY(state == NULL || state->native_entry == NULL || state->compiled->native_arguments != count ||
                 tstate->cframe->use_tracing || tstate->cframe->current_frame == NULL || frame_stack_limit == NULL)) {
        return NULL;
    }
    return state->compiled;
}

/* A frame for that code, whose parameters are to be filled in; NULL where there is no room for it (no exception set). */
static inline __attribute__((always_inline)) InterpreterFrame *
native_push(PyThreadState *tstate, PyFunctionObject *function, struct compiled_code *compiled)
{
    InterpreterFrame *callee = (InterpreterFrame *)tstate->datastack_top;
    PyObject **top = (PyObject **)((char *)callee + compiled->frame_bytes);
    if (UNLIKELY(top >= tstate->datastack_limit)) {
        return NULL;
    }
    tstate->datastack_top = top;
    callee->f_func = (PyFunctionObject *)Py_NewRef(function);
    return callee;
}

/* Runs the frame, whose parameters are filled in now; it is given up then. Returns a new reference, or NULL with an exception set. */
static inline __attribute__((always_inline)) PyObject *native_run(PyThreadState *tstate, InterpreterFrame *callee,
                                                                  struct compiled_code *compiled)
{
    return frame_call_function(callee, tstate, compiled->native_entry, tstate->cframe->current_frame);
}

/* function(arguments...) with `count` positional arguments, one to three. Both `count` and `steals` are constants: where it
 * steals, the references to the arguments become the callee's, else it gets some of its own. The function is
 * borrowed. Returns a new reference, or NULL with an exception set. */
static inline __attribute__((always_inline)) PyObject *native_call(PyThreadState *tstate, PyFunctionObject *function,
                                                                   PyObject *first, PyObject *second, PyObject *third,
                                                                   int count, bool steals)
{
    if (!steals) {
        Py_INCREF(first);
        if (count > 1) {
            Py_INCREF(second);
        }
        if (count > 2) {
            Py_INCREF(third);
        }
    }
    struct compiled_code *compiled = find_native_code(tstate, function, count);
    InterpreterFrame *callee = LIKELY(compiled != NULL) ? native_push(tstate, function, compiled) : NULL;
    if (UNLIKELY(callee == NULL)) {
        PyObject *arguments[] = {first, second, third};
        return rt_call_function(tstate, function, arguments, (size_t)count, NULL);
    }
    callee->localsplus[0] = first;
    if (count > 1) {
        callee->localsplus[1] = second;
    }
    if (count > 2) {
        callee->localsplus[2] = third;
    }
    return native_run(tstate, callee, compiled);
}

#endif
