/* runtime/cpython.h: the one door into CPython 3.11's internals.
 *
 * Every other file includes this header instead of Python.h or pycore_*.h, so that a port to another
 * CPython version starts and ends here, in cpython.c beside it and in opcodes.def.
 */
#ifndef PYJIT_RUNTIME_CPYTHON_H
#define PYJIT_RUNTIME_CPYTHON_H

#ifndef Py_BUILD_CORE_MODULE
#    define Py_BUILD_CORE_MODULE 1
#endif
/* For formats with #. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "internal/pycore_call.h"
#include "internal/pycore_ceval.h"
#include "internal/pycore_code.h"
#include "internal/pycore_dict.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_function.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_list.h"
#include "internal/pycore_long.h"
#include "internal/pycore_moduleobject.h"
#include "internal/pycore_object.h"
#include "internal/pycore_pyerrors.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_runtime.h"
#include "internal/pycore_tuple.h"
#include "opcode.h"

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x030C0000
#    error "pyjit is written for CPython 3.11: build with PYTHON=/usr/bin/python3.11"
#endif

#include <stdbool.h>
#include <stdint.h>

typedef _PyInterpreterFrame InterpreterFrame;
typedef _Py_CODEUNIT CodeUnit;

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* ---- Frames: CPython keeps these functions to itself; frame.c and ceval.c of 3.11 are the source of
 * what they must do. All need the GIL. ------------------------------------------------------------ */

/* Reserves `size` words on the thread's data stack, in a new chunk when the current one is full.
 * Returns NULL with MemoryError set. (pystate.c, _PyThreadState_BumpFramePointerSlow) */
InterpreterFrame *cpython_push_frame_memory(PyThreadState *tstate, size_t size);

/* A chunk of the data stack is kept for when there is no memory, and taken then: NULL without one, no exception set. The frames after it have room there. */
void cpython_fill_frame_reserve(void);
InterpreterFrame *cpython_push_frame_reserve(PyThreadState *tstate, size_t size);

/* Gives back the data stack from `frame` on; `frame` must be the newest. (_PyThreadState_PopFrame) */
void cpython_pop_frame_memory(PyThreadState *tstate, InterpreterFrame *frame);

/* Drops every reference a finished, already unlinked frame holds, or hands the frame over to its
 * frame object when somebody still holds that one. The frame's stacktop must be right. (frame.c, _PyFrame_Clear) */
void cpython_clear_frame(InterpreterFrame *frame);

/* The frame object of a complete frame, made when it has none yet: a borrowed reference, or NULL without
 * memory (no exception set). Keeps a current exception. (frame.c, _PyFrame_MakeAndSetFrameObject) */
PyFrameObject *cpython_frame_object(PyThreadState *tstate, InterpreterFrame *frame);

/* cpython_clear_frame, with the recursion limit relaxed for destructors as ceval.c's
 * _PyEvalFrameClearAndPop does, then cpython_pop_frame_memory. */
void cpython_clear_and_pop_frame(PyThreadState *tstate, InterpreterFrame *frame);

/* Does what tier 0 does when the eval breaker is set: signals, pending calls, GIL drop requests,
 * asynchronous exceptions. Returns 0, or -1 with an exception set. (ceval.c, eval_frame_handle_pending) */
int cpython_handle_pending(PyThreadState *tstate);

/* Tells the thread's trace function (sys.settrace) that the current exception has reached `frame`, as tier 0 does right
 * after the traceback entry whenever there is such a function: that is when `tstate->c_tracefunc` is not NULL. The
 * exception stays current, unless the trace function raises another. (ceval.c, call_exc_trace) */
void cpython_trace_exception(PyThreadState *tstate, InterpreterFrame *frame);

/* The deoptimised ("generic") opcode for each of the 256 opcode bytes found in co_code_adaptive. */
extern const uint8_t cpython_generic_opcode[256];

/* How many cache code units follow each generic opcode. */
extern const uint8_t cpython_cache_units[256];

/* ---- Iterators whose structs CPython keeps to its own files (rangeobject.c, listobject.c, tupleobject.c);
 * startup_check.c compares them with live ones. ---- */
struct range_iterator {
    PyObject_HEAD long index;
    long start;
    long step;
    long length;
};
struct list_iterator {
    PyObject_HEAD Py_ssize_t index;
    PyListObject *list; /* NULL when exhausted */
};
struct tuple_iterator {
    PyObject_HEAD Py_ssize_t index;
    PyTupleObject *tuple; /* NULL when exhausted */
};

/* iter() of an ASCII str. (unicodeobject.c, unicodeiterobject) */
struct str_iterator {
    PyObject_HEAD Py_ssize_t index;
    PyObject *string; /* NULL when exhausted */
};
/* (setobject.c, setiterobject) */
struct set_iterator {
    PyObject_HEAD PySetObject *set; /* NULL when exhausted */
    Py_ssize_t used;
    Py_ssize_t position;
    Py_ssize_t length;
};
/* Of keys, values and items. (dictobject.c, dictiterobject) */
struct dict_iterator {
    PyObject_HEAD PyDictObject *dict; /* NULL when exhausted */
    Py_ssize_t used;
    Py_ssize_t position;
    PyObject *result; /* of items: the tuple that is used again */
    Py_ssize_t length;
};
/* (enumobject.c, enumobject) */
struct enumerate_object {
    PyObject_HEAD Py_ssize_t index;
    PyObject *iterator;
    PyObject *result;
    PyObject *long_index;
    PyObject *one;
};
/* (bltinmodule.c, mapobject) */
struct map_object {
    PyObject_HEAD PyObject *iterators;
    PyObject *function;
};
/* (bltinmodule.c, zipobject) */
struct zip_object {
    PyObject_HEAD Py_ssize_t count;
    PyObject *iterators;
    PyObject *result;
    int strict;
};

/* ---- Further structs that CPython keeps to its own files --------------------------------------------- */

/* A staticmethod or classmethod. (funcobject.c) Set by __init__, which a program may call again. */
struct wrapped_function {
    PyObject_HEAD PyObject *callable;
};

/* A property. (descrobject.c, propertyobject) Each may be NULL; set by __init__, which a program may call again. */
struct property_object {
    PyObject_HEAD PyObject *getter;
    PyObject *setter;
    PyObject *deleter;
};

/* What tells a value that an asynchronous generator yields from what its awaits pass up. (genobject.c, _PyAsyncGenWrappedValue) */
struct async_wrapped_value {
    PyObject_HEAD PyObject *value; /* owned */
};

/* The awaitable that asend() and __anext__() of an asynchronous generator return. (genobject.c, PyAsyncGenASend) */
enum async_send_state { ASYNC_SEND_INITIAL, ASYNC_SEND_RUNNING, ASYNC_SEND_CLOSED };
struct async_send {
    PyObject_HEAD PyAsyncGenObject *generator; /* owned */
    PyObject *value;                           /* owned, or NULL for None */
    int state;                                 /* enum async_send_state */
};

/* ---- Versions: hidden counters of CPython replaced by ranges it never reaches ------------------- */

/* The version of a dict keys object, assigned from our own range when it has none.
 * (dictobject.c, _PyDictKeys_GetVersionForCurrentState counts up from 2; ours count down from the top.)
 * 0 only when the range is used up. Tier 0 cannot specialise LOAD_GLOBAL of a builtin when the builtins'
 * keys have a version above 65535: give them one of ours only where compiled code needs it. */
uint32_t cpython_dict_keys_version(PyDictKeysObject *keys);

/* The same for a function object. Setting __code__, __defaults__ or __kwdefaults__ takes it away. */
uint32_t cpython_function_version(PyFunctionObject *function);

/* A new value for a dict's ma_version_tag (PEP 509), never given before: CPython's own hidden counter starts at 0 and cannot
 * reach the upper half of 64 bits. Everybody who reads the tags only compares them for equality. (dictobject.c,
 * DICT_NEXT_VERSION) */
extern uint64_t cpython_last_dict_version;
static inline uint64_t cpython_new_dict_version(void)
{
    return ++cpython_last_dict_version;
}

#endif
