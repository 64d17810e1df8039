/* runtime/exceptions.h: exceptions, their tracebacks and frame objects made and dropped with little work.
 *
 * What a program sees is what CPython's own functions would have left: the objects are ordinary ones, in the same order of creation
 * and death; only their memory comes from pools where possible. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_EXCEPTIONS_H
#define PYJIT_RUNTIME_EXCEPTIONS_H

#include "runtime/cpython.h"

struct side_exits;

/* ---- Classes ---- */

/* Is making an instance nothing but BaseException's own __new__ and __init__, which keep the arguments and do nothing else? */
static inline bool exception_class_is_plain(const PyTypeObject *class)
{
    const PyTypeObject *base = (const PyTypeObject *)PyExc_BaseException;
    return class->tp_new == base->tp_new && class->tp_init == base->tp_init;
}

/* May exceptions of `class` be caught by `catcher`, both exception classes? Asks no Python code, as CPython does not
 * (PyErr_GivenExceptionMatches). */
static inline bool exception_class_matches(PyTypeObject *class, PyTypeObject *catcher)
{
    return class == catcher || PyType_IsSubtype(class, catcher);
}

/* ---- Instances ---- */

/* An instance of `class` whose __new__ is BaseException's, with these positional arguments, before __init__. Steals the tuple.
 * New reference or NULL with an exception set. (exceptions.c, BaseException_new) */
PyObject *exception_new(PyThreadState *tstate, PyTypeObject *class, PyObject *arguments);

/* class(*arguments) for an exception class that is called as type calls it: its __new__ is BaseException's, and its __init__ that, too,
 * or a Python function. Sets *handled to false, and does nothing, for others. Borrows the arguments; arguments[-1] is writable.
 * New reference or NULL with an exception set. (typeobject.c, type_call) */
PyObject *exception_instantiate(PyThreadState *tstate, PyTypeObject *class, PyObject **arguments, size_t nargs,
                                bool *handled);

/* Deallocates an exception whose last reference has gone, as its class does. */
void exception_dealloc(PyThreadState *tstate, PyObject *exception);

/* A new frame object for `frame`, which has none, from a pool: borrowed, the frame holds it; or NULL, no exception set. */
PyFrameObject *exception_pooled_frame_object(InterpreterFrame *frame);

/* Drops the last reference to the frame object of `frame`, which is not yet cleared and has given it up. */
void exception_release_frame_object(InterpreterFrame *frame, PyFrameObject *object);

/* Gives pooled memory back to the allocator. */
void exception_clear_pools(void);

/* ---- The current exception ---- */

/* Raises KeyError(key), as a failed look-up in a dict does. Borrows `key`. (errors.c, _PyErr_SetKeyError) */
void exception_raise_key_error(PyThreadState *tstate, PyObject *key);

/* Makes `value` the current exception, with the traceback it has and what is being handled as its context. Steals `value`.
 * (errors.c, _PyErr_SetObject with the value's own class) */
void exception_raise(PyThreadState *tstate, PyObject *value);

/* Adds `frame`, the current one, to the traceback of the current exception. */
void exception_add_traceback(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits);

/* Takes the current exception, which is none any more: a new reference to an instance that has its traceback. Cannot fail: where
 * no instance can be made, it is the exception that says why. */
PyObject *exception_take(PyThreadState *tstate);

/* A frame object that nobody else holds and that says nothing goes: without it the checks after escapes are short again.
 * Whoever asks for the frame gets a new one. Not where somebody has asked for the locals of a function: the frame owns their dict then,
 * and a frame without an object is given up without a look at f_locals. */
void exception_drop_idle_frame_object(InterpreterFrame *frame);

#endif
