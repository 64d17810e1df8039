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

/* The compiled code that a call of `function` with `count` positional arguments may enter natively here and now, or NULL. */
static inline struct compiled_code *native_target(PyThreadState *tstate, PyFunctionObject *function, int count)
{
    struct code_state *state = code_state_get((PyCodeObject *)function->func_code);
    if (UNLIKELY(state == NULL || state->compiled == NULL || state->suppressed)) {
        return NULL;
    }
    struct compiled_code *compiled = state->compiled;
    if (UNLIKELY(compiled->native_arguments != count || tstate->interp->eval_frame != runtime_data.eval_hook ||
                 runtime_data.eval_hook == NULL || tstate->cframe->use_tracing || tstate->recursion_remaining <= 0 ||
                 !PyDict_CheckExact(function->func_globals) || !PyDict_CheckExact(function->func_builtins))) {
        return NULL;
    }
    return compiled;
}

/* Gives up the frame of a native call that has returned: unlinked before it is cleared, so that no destructor sees it; destructors run at
 * its depth. */
static inline void native_finish(PyThreadState *tstate, InterpreterFrame *callee)
{
    tstate->cframe->current_frame = callee->previous;
    if (UNLIKELY(callee->frame_obj != NULL)) {
        rt_finish_callee(tstate, callee);
        tstate->recursion_remaining++;
        return;
    }
    for (int index = 0; index < callee->stacktop; index++) {
        PyObject *local = callee->localsplus[index];
        if (local != NULL) {
            rt_release(local);
        }
    }
    Py_DECREF(callee->f_func);
    Py_DECREF(callee->f_code);
    tstate->recursion_remaining++;
    tstate->datastack_top = (PyObject **)callee;
}

/* A frame for that code, filled in but for the parameters; NULL where there is no room for it (no exception set). */
static inline __attribute__((always_inline)) InterpreterFrame *
native_push(PyThreadState *tstate, PyFunctionObject *function, struct compiled_code *compiled)
{
    InterpreterFrame *callee = (InterpreterFrame *)tstate->datastack_top;
    PyObject **top = (PyObject **)((char *)callee + compiled->frame_bytes);
    if (UNLIKELY(top >= tstate->datastack_limit)) {
        return NULL;
    }
    tstate->datastack_top = top;
    PyCodeObject *code = compiled->code;
    callee->f_func = (PyFunctionObject *)Py_NewRef(function);
    callee->f_globals = function->func_globals;
    callee->f_builtins = function->func_builtins;
    callee->f_locals = NULL;
    callee->f_code = (PyCodeObject *)Py_NewRef(code);
    callee->frame_obj = NULL;
    callee->prev_instr = _PyCode_CODE(code) - 1;
    callee->stacktop = -1;
    frame_mark_compiled(callee);
    callee->owner = FRAME_OWNED_BY_THREAD;
    return callee;
}

/* Runs the frame, whose parameters are filled in now, and gives it up. Returns a new reference, or NULL with an exception set. */
static inline __attribute__((always_inline)) PyObject *native_run(PyThreadState *tstate, InterpreterFrame *callee,
                                                                  struct compiled_code *compiled)
{
    _PyCFrame *cframe = tstate->cframe;
    callee->previous = cframe->current_frame;
    tstate->recursion_remaining--;
    cframe->current_frame = callee;
    const void *unused;
    PyObject *result = frame_call_here(callee, tstate, compiled->native_entry, &unused);
    native_finish(tstate, callee);
    return result;
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
    struct compiled_code *compiled = native_target(tstate, function, count);
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
