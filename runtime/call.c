/* runtime/call.c: calls made by compiled code, and calls of compiled code. */
#include "runtime/call.h"
#include "runtime/call_shape.h"
#include "runtime/code_state.h"
#include "runtime/dict_lookup.h"
#include "runtime/exceptions.h"
#include "runtime/frame.h"
#include "runtime/instance.h"
#include "runtime/native_call.h"
#include "runtime/ops.h"
#include "runtime/ops/user_operators.h"
#include "runtime/runtime_data.h"

#include <stdlib.h>

/* Stock's words for running out of recursion in C calls (ceval.c and methodobject.c use them alike). */
static const char in_a_call[] = " while calling a Python object";

/* ---- Python functions ---------------------------------------------------------------------------- */

static inline bool may_enter_compiled(PyThreadState *tstate)
{
    return tstate->interp->eval_frame == runtime_data.eval_hook && runtime_data.eval_hook != NULL &&
           !tstate->cframe->use_tracing;
}

static inline size_t frame_words(PyCodeObject *code)
{
    return (size_t)code->co_nlocalsplus + (size_t)code->co_stacksize + FRAME_SPECIALS_SIZE;
}

/* Memory for a frame of `code`; NULL with MemoryError set. */
static inline InterpreterFrame *push_frame(PyThreadState *tstate, PyCodeObject *code)
{
    size_t words = frame_words(code);
    PyObject **top = tstate->datastack_top;
    if (LIKELY(top != NULL && words < (size_t)(tstate->datastack_limit - top))) {
        tstate->datastack_top = top + words;
        return (InterpreterFrame *)top;
    }
    return cpython_push_frame_memory(tstate, words);
}

static inline void pop_frame(PyThreadState *tstate, InterpreterFrame *frame)
{
    /* The first word of a chunk: popping it frees the chunk. The very first chunk never starts with a frame. */
    if (UNLIKELY((PyObject **)frame == &tstate->datastack_chunk->data[0])) {
        cpython_pop_frame_memory(tstate, frame);
        return;
    }
    tstate->datastack_top = (PyObject **)frame;
}

/* Fills in everything but the locals. Steals `function`. */
static inline void initialize_frame(InterpreterFrame *frame, PyFunctionObject *function, PyCodeObject *code)
{
    Py_INCREF(code);
    frame->f_func = function;
    frame->f_globals = function->func_globals;
    frame->f_builtins = function->func_builtins;
    frame->f_locals = NULL;
    frame->f_code = code;
    frame->frame_obj = NULL;
    frame->prev_instr = _PyCode_CODE(code) - 1;
    frame->stacktop = code->co_nlocalsplus;
    frame->is_entry = false;
    frame->owner = FRAME_OWNED_BY_THREAD;
}

/* Gives up a frame that has run and is unlinked: cpython_clear_and_pop_frame for the usual case. A frame that
 * RETURN_GENERATOR has moved away is an ordinary finished one here (rt_return_generator). */
static inline void finish_frame(PyThreadState *tstate, InterpreterFrame *frame)
{
    if (UNLIKELY(frame->frame_obj != NULL)) {
        cpython_clear_and_pop_frame(tstate, frame);
        return;
    }
    /* Destructors run at the depth of the callee, as on stock. */
    tstate->recursion_remaining--;
    for (int index = 0; index < frame->stacktop; index++) {
        PyObject *local = frame->localsplus[index];
        if (local != NULL) {
            rt_release(local);
        }
    }
    Py_XDECREF(frame->f_locals);
    Py_DECREF(frame->f_func);
    Py_DECREF(frame->f_code);
    tstate->recursion_remaining++;
    pop_frame(tstate, frame);
}

/* Runs a bound frame and gives it up. `by_call`: for the CALL instruction of the current frame. */
static inline __attribute__((always_inline)) PyObject *run_frame(PyThreadState *tstate, InterpreterFrame *frame,
                                                                 PyCodeObject *code, bool by_call)
{
    if (by_call) {
        /* Where tier 0 runs a Python call in line, the caller stands at the instruction's last cache unit: f_lasti and
         * tb_lasti show it. */
        tstate->cframe->current_frame->prev_instr += INLINE_CACHE_ENTRIES_CALL;
    }
    PyObject *result;
    struct code_state *state = code_state_get(code);
    if (LIKELY(state != NULL && state->compiled != NULL && !state->suppressed && may_enter_compiled(tstate) &&
               frame_has_plain_namespaces(frame))) {
        state->compiled->generation = code_map_generation;
        result = frame_run_compiled(tstate, frame, state->compiled);
    } else {
        result = _PyEval_EvalFrame(tstate, frame, 0);
    }
    finish_frame(tstate, frame);
    return result;
}

/* Puts the arguments where the function finds its parameters: keywords, defaults, *args and **kwargs
 * included. Takes over the argument references and returns 1; or returns 0 and takes nothing, without an
 * exception, when the call is one that only stock should judge (all errors are such), or -1 with an
 * exception set, nothing taken either. (ceval.c, initialize_locals) */
static int bind_any_shape(PyFunctionObject *function, PyCodeObject *code, PyObject **locals,
                          PyObject *const *arguments, size_t nargs, PyObject *kwnames)
{
    Py_ssize_t positional = code->co_argcount;
    Py_ssize_t named = positional + code->co_kwonlyargcount;
    Py_ssize_t given = (Py_ssize_t)nargs;
    Py_ssize_t keyword_count = kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames);
    PyObject *rest = NULL;
    PyObject *keywords = NULL;

    if (!(code->co_flags & CO_OPTIMIZED) || (given > positional && !(code->co_flags & CO_VARARGS))) {
        return 0;
    }
    for (Py_ssize_t index = 0; index < named; index++) {
        locals[index] = NULL;
    }
    if (code->co_flags & CO_VARKEYWORDS) {
        keywords = PyDict_New();
        if (keywords == NULL) {
            return -1;
        }
    }
    Py_ssize_t direct = given < positional ? given : positional;
    /* Allocation can collect, and a collection can run anything: both containers exist before the
     * defaults are looked at. */
    if (code->co_flags & CO_VARARGS) {
        rest = PyTuple_New(given - direct);
        if (rest == NULL) {
            goto failed;
        }
    }
    for (Py_ssize_t index = 0; index < direct; index++) {
        locals[index] = arguments[index];
    }

    PyObject **names = ((PyTupleObject *)code->co_localsplusnames)->ob_item;
    for (Py_ssize_t keyword = 0; keyword < keyword_count; keyword++) {
        PyObject *name = PyTuple_GET_ITEM(kwnames, keyword);
        PyObject *value = arguments[given + keyword];
        Py_ssize_t index = code->co_posonlyargcount;
        while (index < named && names[index] != name) {
            index++;
        }
        if (index < named) {
            if (locals[index] != NULL) {
                goto leave_to_stock;
            }
            locals[index] = value;
            continue;
        }
        /* Parameter names are interned, so an interned name that is none of them by identity is none at all. */
        if (keywords == NULL || !PyUnicode_CheckExact(name) || !PyUnicode_CHECK_INTERNED(name)) {
            goto leave_to_stock;
        }
        if (PyDict_SetItem(keywords, name, value) < 0) {
            goto failed;
        }
    }

    if (given < positional) {
        PyObject *defaults = function->func_defaults;
        Py_ssize_t first_default = positional - (defaults == NULL ? 0 : PyTuple_GET_SIZE(defaults));
        for (Py_ssize_t index = given; index < positional; index++) {
            if (locals[index] == NULL && index < first_default) {
                goto leave_to_stock;
            }
        }
    }
    /* Looking a default up runs no code in a dict with only str keys. It is marked, not yet counted: so far
     * everything can still be given up by forgetting the frame. */
    if (named > positional) {
        PyDictObject *defaults = (PyDictObject *)function->func_kwdefaults;
        if (defaults != NULL && !DK_IS_UNICODE(defaults->ma_keys)) {
            goto leave_to_stock;
        }
        for (Py_ssize_t index = positional; index < named; index++) {
            if (locals[index] == NULL) {
                PyObject *value = defaults == NULL ? NULL : dict_get_string(defaults, names[index]);
                if (value == NULL) {
                    goto leave_to_stock;
                }
                locals[index] = (PyObject *)((uintptr_t)value | 1);
            }
        }
    }

    /* From here on nothing can fail. */
    if (rest != NULL) {
        for (Py_ssize_t index = direct; index < given; index++) {
            PyTuple_SET_ITEM(rest, index - direct, arguments[index]);
        }
        locals[named] = rest;
    }
    if (keywords != NULL) {
        locals[named + (rest != NULL)] = keywords;
        if (PyDict_GET_SIZE(keywords) > 0) {
            for (Py_ssize_t keyword = 0; keyword < keyword_count; keyword++) {
                PyObject *name = PyTuple_GET_ITEM(kwnames, keyword);
                Py_ssize_t index = code->co_posonlyargcount;
                while (index < named && names[index] != name) {
                    index++;
                }
                if (index == named) {
                    Py_DECREF(arguments[given + keyword]); /* the dict has its own reference */
                }
            }
        }
    }
    if (given < positional && function->func_defaults != NULL) {
        Py_ssize_t first_default = positional - PyTuple_GET_SIZE(function->func_defaults);
        Py_ssize_t index = given > first_default ? given : first_default;
        for (; index < positional; index++) {
            if (locals[index] == NULL) {
                locals[index] = Py_NewRef(PyTuple_GET_ITEM(function->func_defaults, index - first_default));
            }
        }
    }
    for (Py_ssize_t index = positional; index < named; index++) {
        if ((uintptr_t)locals[index] & 1) {
            locals[index] = Py_NewRef((PyObject *)((uintptr_t)locals[index] - 1));
        }
    }
    return 1;

leave_to_stock:
    Py_XDECREF(rest);
    Py_XDECREF(keywords);
    return 0;
failed:
    Py_XDECREF(rest);
    Py_XDECREF(keywords);
    return -1;
}

static void release(PyObject **references, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        rt_release(references[index]);
    }
}

static inline size_t keyword_count(PyObject *kwnames)
{
    return kwnames == NULL ? 0 : (size_t)PyTuple_GET_SIZE(kwnames);
}

/* Calls by stock's own means, then releases what was to be stolen. The evaluator hook sees the frame. */
__attribute__((noinline, cold)) static PyObject *call_through_stock(PyFunctionObject *function, PyObject **arguments,
                                                                    size_t nargs, PyObject *kwnames)
{
    PyObject *result = _PyFunction_Vectorcall((PyObject *)function, arguments, nargs, kwnames);
    release(arguments, nargs + keyword_count(kwnames));
    Py_DECREF(function);
    return result;
}

/* What is left of call_function for calls that are not simply "as many arguments as parameters".
 * Not cold: functions with defaults and keywords come here. Steals function and arguments. */
__attribute__((noinline)) static PyObject *call_any_shape(PyThreadState *tstate, PyFunctionObject *function,
                                                          PyObject **arguments, size_t nargs, PyObject *kwnames,
                                                          bool by_call)
{
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    InterpreterFrame *frame = push_frame(tstate, code);
    if (frame == NULL) {
        release(arguments, nargs + keyword_count(kwnames));
        Py_DECREF(function);
        return NULL;
    }
    initialize_frame(frame, function, code);
    int bound = bind_any_shape(function, code, frame->localsplus, arguments, nargs, kwnames);
    if (LIKELY(bound > 0)) {
        for (int index = frame_parameters(code); index < code->co_nlocalsplus; index++) {
            frame->localsplus[index] = NULL;
        }
        return run_frame(tstate, frame, code, by_call);
    }
    Py_DECREF(code);
    pop_frame(tstate, frame);
    if (bound == 0) {
        return call_through_stock(function, arguments, nargs, kwnames);
    }
    release(arguments, nargs + keyword_count(kwnames));
    Py_DECREF(function);
    return NULL;
}

/* Calls a Python function. Steals function and arguments. Not inlined: the hot callers jump here. */
__attribute__((noinline)) static PyObject *call_function(PyThreadState *tstate, PyFunctionObject *function,
                                                         PyObject **arguments, size_t nargs, PyObject *kwnames,
                                                         bool by_call)
{
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    size_t parameters = (size_t)code->co_argcount;
    if (UNLIKELY(kwnames != NULL || parameters < nargs || code->co_kwonlyargcount != 0 ||
                 (code->co_flags & (CO_OPTIMIZED | CO_VARARGS | CO_VARKEYWORDS)) != CO_OPTIMIZED)) {
        return call_any_shape(tstate, function, arguments, nargs, kwnames, by_call);
    }
    PyObject *defaults = NULL;
    if (parameters != nargs) {
        defaults = function->func_defaults;
        if (UNLIKELY(defaults == NULL || (size_t)PyTuple_GET_SIZE(defaults) < parameters - nargs)) {
            return call_through_stock(function, arguments, nargs, NULL);
        }
    }
    InterpreterFrame *frame = push_frame(tstate, code);
    if (UNLIKELY(frame == NULL)) {
        release(arguments, nargs);
        Py_DECREF(function);
        return NULL;
    }
    initialize_frame(frame, function, code);
    size_t index = 0;
    for (; index < nargs; index++) {
        frame->localsplus[index] = arguments[index];
    }
    if (UNLIKELY(defaults != NULL)) {
        PyObject **first = &PyTuple_GET_ITEM(defaults, PyTuple_GET_SIZE(defaults) - (Py_ssize_t)parameters);
        for (; index < parameters; index++) {
            frame->localsplus[index] = Py_NewRef(first[index]);
        }
    }
    for (size_t end = (size_t)code->co_nlocalsplus; index < end; index++) {
        frame->localsplus[index] = NULL;
    }
    return run_frame(tstate, frame, code, by_call);
}

PyObject *rt_call_function(PyThreadState *tstate, PyFunctionObject *function, PyObject **arguments, size_t nargs,
                           PyObject *kwnames)
{
    Py_INCREF(function);
    return call_function(tstate, function, arguments, nargs, kwnames, false);
}

PyObject *rt_function_vectorcall(PyObject *callable, PyObject *const *arguments, size_t nargsf, PyObject *kwnames)
{
    PyThreadState *tstate = _PyThreadState_GET();
    PyFunctionObject *function = (PyFunctionObject *)callable;
    struct code_state *state = code_state_get((PyCodeObject *)function->func_code);
    if (UNLIKELY(state == NULL || state->compiled == NULL || state->suppressed || !may_enter_compiled(tstate))) {
        return _PyFunction_Vectorcall(callable, arguments, nargsf, kwnames);
    }
    size_t nargs = (size_t)PyVectorcall_NARGS(nargsf);
    size_t count = nargs + keyword_count(kwnames);
    for (size_t index = 0; index < count; index++) {
        Py_INCREF(arguments[index]);
    }
    struct compiled_code *compiled = kwnames == NULL ? find_native_code(tstate, function, (int)nargs) : NULL;
    InterpreterFrame *frame = LIKELY(compiled != NULL) ? native_push(tstate, function, compiled) : NULL;
    if (LIKELY(frame != NULL)) {
        for (size_t index = 0; index < nargs; index++) {
            frame->localsplus[index] = arguments[index];
        }
        return native_run(tstate, frame, compiled);
    }
    Py_INCREF(function);
    /* The array itself is only read. */
    return call_function(tstate, function, (PyObject **)arguments, nargs, kwnames, false);
}

PyObject *rt_call_borrowed(PyThreadState *tstate, PyObject *callable, PyObject **arguments, size_t count)
{
    if (LIKELY(PyFunction_Check(callable))) {
        for (size_t index = 0; index < count; index++) {
            Py_INCREF(arguments[index]);
        }
        Py_INCREF(callable);
        return call_function(tstate, (PyFunctionObject *)callable, arguments, count, NULL, false);
    }
    return _PyObject_VectorcallTstate(tstate, callable, arguments, count | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
}

/* ---- Native calls with something to do afterwards ------------------------------------------------------- */

/* What stands in a frame that is not built yet, read by rt_call_then_finish (enter_x86_64.S). */
struct pending_call {
    PyFunctionObject *function;
    const struct native_target *target;
    PyObject **operands;
    size_t count;
    struct native_result (*finish)(PyThreadState *tstate, PyObject **operands, size_t count, PyObject *result);
};

_Static_assert(offsetof(struct pending_call, function) == offsetof(InterpreterFrame, f_func) &&
                   offsetof(struct pending_call, target) == 8 && offsetof(struct pending_call, operands) == 16 &&
                   offsetof(struct pending_call, count) == 24 && offsetof(struct pending_call, finish) == 32 &&
                   sizeof(struct pending_call) <= offsetof(InterpreterFrame, localsplus),
               "rt_call_then_finish knows these offsets");

extern const char rt_call_then_finish[];

/* The native call of a frame with its parameters filled in, after which `finish` is called with the operands, their count
 * and the result, which it owns. */
static inline struct call_outcome
begin_pending_call(InterpreterFrame *frame, const struct native_target *target, PyObject **operands, size_t count,
                   struct native_result (*finish)(PyThreadState *, PyObject **, size_t, PyObject *))
{
    static const struct native_target then_finish = {NULL, rt_call_then_finish};
    struct pending_call *pending = (struct pending_call *)frame;
    pending->target = target;
    pending->operands = operands;
    pending->count = count;
    pending->finish = finish;
    return (struct call_outcome){.frame = frame, .target = &then_finish};
}

static inline struct native_result native_result(PyThreadState *tstate, PyObject *result)
{
    return (struct native_result){result, frame_call_is_unusual(tstate, tstate->cframe->current_frame, result)};
}

static inline bool begins_chunk(PyThreadState *tstate, InterpreterFrame *frame)
{
    return (PyObject **)frame == &tstate->datastack_chunk->data[0];
}

/* The frame of the call was the first of its chunk, which is empty now. */
static void give_chunk_up(PyThreadState *tstate)
{
    PyObject **first = &tstate->datastack_chunk->data[0];
    if (tstate->datastack_top == first) {
        cpython_pop_frame_memory(tstate, (InterpreterFrame *)first);
    }
}

static struct native_result finish_in_chunk(PyThreadState *tstate, PyObject **Py_UNUSED(operands),
                                            size_t Py_UNUSED(count), PyObject *result)
{
    give_chunk_up(tstate);
    return native_result(tstate, result);
}

/* Can the site enter the code in line, whatever function of that code it calls? */
static bool fits_in_line(const struct call_cell *cell, PyCodeObject *code)
{
    return code->co_argcount + 1 == cell->arguments && code->co_kwonlyargcount == 0 &&
           (code->co_flags & (CO_OPTIMIZED | CO_VARARGS | CO_VARKEYWORDS)) == CO_OPTIMIZED;
}

/* ---- Classes ------------------------------------------------------------------------------------- */

/* Goes on after tp_new the way typeobject.c's type_call does, for a class that changed in between. Borrows
 * everything; returns 0 or -1. */
__attribute__((noinline, cold)) static int initialize_generally(PyObject *self, PyObject **arguments, size_t nargs,
                                                                PyObject *kwnames)
{
    if (Py_TYPE(self)->tp_init == NULL) {
        return 0;
    }
    PyObject *positional = PyTuple_New((Py_ssize_t)nargs);
    if (positional == NULL) {
        return -1;
    }
    for (size_t index = 0; index < nargs; index++) {
        PyTuple_SET_ITEM(positional, index, Py_NewRef(arguments[index]));
    }
    PyObject *keywords = NULL;
    int status = 0;
    if (kwnames != NULL) {
        keywords = PyDict_New();
        status = keywords == NULL ? -1 : 0;
        for (Py_ssize_t index = 0; status == 0 && index < PyTuple_GET_SIZE(kwnames); index++) {
            status = PyDict_SetItem(keywords, PyTuple_GET_ITEM(kwnames, index), arguments[nargs + (size_t)index]);
        }
    }
    if (status == 0) {
        status = Py_TYPE(self)->tp_init(self, positional, keywords);
    }
    Py_DECREF(positional);
    Py_XDECREF(keywords);
    return status;
}

/* After so many classes at a site its target is left alone. */
enum { MOST_CLASS_MISSES = 64 };

/* Is instantiating `type` nothing but object's __new__ followed by a Python __init__ (or by object's, which then
 * does nothing), or nothing but a Python __new__? Learns the answer in `cell`. */
__attribute__((noinline)) static bool learn_class(struct call_cell *cell, PyTypeObject *type)
{
    cell->class_misses += cell->class_misses < UINT16_MAX;
    PyObject *initializer = instance_class_new(type);
    bool by_new = initializer != NULL;
    if (!by_new) {
        if (type->tp_vectorcall != NULL || !instance_class_is_plain(type)) {
            return false;
        }
        initializer = _PyType_Lookup(type, &_Py_ID(__init__));
        if (type->tp_init == PyBaseObject_Type.tp_init) {
            initializer = NULL;
        } else if (initializer == NULL || !PyFunction_Check(initializer)) {
            return false;
        }
    }
    if (type->tp_version_tag == 0) {
        return false;
    }
    cell->class_version = type->tp_version_tag;
    cell->class_by_new = by_new;
    cell->initializer = initializer;
    return true;
}

/* TypeError for an __init__ that returned something. Steals `result`. (typeobject.c, slot_tp_init) */
__attribute__((noinline, cold)) static void complain_about_init(PyThreadState *tstate, PyObject *result)
{
    _PyErr_Format(tstate, PyExc_TypeError, "__init__() should return None, not '%.200s'", Py_TYPE(result)->tp_name);
    Py_DECREF(result);
}

/* A new instance of the class that `cell` describes, one level of recursion deeper; *initialized tells whether everything is done
 * already. NULL with an exception set, at the level of before. Borrows everything.
 *
 * Stock does this in _PyObject_MakeTpCall, type_call and slot_tp_init; what of that can be observed is kept: the
 * level of recursion, that the caller and an argument tuple keep the arguments alive (and count) during
 * __init__, and that __init__ is looked up after __new__. */
static PyObject *allocate_instance(PyThreadState *tstate, struct call_cell *cell, PyTypeObject *type,
                                   PyObject **arguments, size_t nargs, PyObject *kwnames, bool *initialized)
{
    if (_Py_EnterRecursiveCallTstate(tstate, in_a_call)) {
        return NULL;
    }
    PyObject *self = instance_new(tstate, type);
    *initialized = true;
    if (LIKELY(self != NULL)) {
        if (LIKELY(type->tp_version_tag == cell->class_version && cell->class_version != 0)) {
            cell->class_count++;
            *initialized = cell->initializer == NULL;
        } else if (initialize_generally(self, arguments, nargs, kwnames) < 0) {
            Py_CLEAR(self);
        }
    }
    if (self == NULL) {
        _Py_LeaveRecursiveCallTstate(tstate);
    }
    return self;
}

/* What follows __init__, which has returned `result`: checks that, drops what kept `count` arguments alive, and returns `self`, or
 * NULL with an exception set. Steals self and result. */
static PyObject *finish_instance(PyThreadState *tstate, PyObject *self, PyObject **arguments, size_t count,
                                 PyObject *result)
{
    if (UNLIKELY(result != Py_None)) {
        if (result != NULL) {
            complain_about_init(tstate, result);
        }
        Py_CLEAR(self);
    } else {
        Py_DECREF(result);
    }
    release(arguments, count);
    _Py_LeaveRecursiveCallTstate(tstate);
    return self;
}

/* A Python __new__ has returned `result`, which is stolen: initialises the object if it has to be, drops the references that stock's tuple
 * holds to the arguments, and returns the object, or NULL with an exception set. (typeobject.c, type_call) */
static PyObject *finish_creation(PyThreadState *tstate, PyTypeObject *type, PyObject **arguments, size_t nargs,
                                 PyObject *kwnames, PyObject *result)
{
    if (LIKELY(result != NULL) && UNLIKELY(Py_TYPE(result) != type) && PyObject_TypeCheck(result, type) &&
        initialize_generally(result, arguments, nargs, kwnames) < 0) {
        Py_CLEAR(result);
    }
    release(arguments, nargs + keyword_count(kwnames));
    _Py_LeaveRecursiveCallTstate(tstate);
    return result;
}

/* The end of a native call of __init__, or of __new__ without keywords. operands: (the instance or NULL, the class, arguments...);
 * arguments and class go. */
static struct native_result finish_instantiation(PyThreadState *tstate, PyObject **operands, size_t count,
                                                 PyObject *result)
{
    give_chunk_up(tstate);
    PyObject *self = operands[0] == NULL
                         ? finish_creation(tstate, (PyTypeObject *)operands[1], operands + 2, count, NULL, result)
                         : finish_instance(tstate, operands[0], operands + 2, count, result);
    release(operands + 2, count);
    Py_DECREF(operands[1]);
    return native_result(tstate, self);
}

/* The function that the instantiation of a known class calls, borrowed, or NULL. */
static inline PyFunctionObject *function_of_class(const struct call_cell *cell)
{
    return UNLIKELY(cell->class_by_new) ? instance_new_function(cell->initializer)
                                        : (PyFunctionObject *)cell->initializer;
}

/* Is what stands in the slots a class that the cell knows? Only classes are called by type's tp_call. */
static inline bool is_known_class(PyObject **slot, const struct call_cell *cell)
{
    return slot[0] == NULL && Py_TYPE(slot[1])->tp_call == PyType_Type.tp_call &&
           ((PyTypeObject *)slot[1])->tp_version_tag == cell->class_version;
}

InterpreterFrame *rt_begin_instance(PyThreadState *tstate, PyObject **slot, int nargs, struct call_cell *cell)
{
    if (UNLIKELY(!is_known_class(slot, cell) || cell->initializer == NULL)) {
        return NULL;
    }
    PyFunctionObject *initializer = function_of_class(cell);
    InterpreterFrame *callee = (InterpreterFrame *)tstate->datastack_top;
    PyObject **top = (PyObject **)((char *)callee + cell->frame_bytes);
    if (UNLIKELY(initializer == NULL || initializer->func_code != (PyObject *)cell->target.code ||
                 top >= tstate->datastack_limit || tstate->recursion_remaining <= 1)) {
        return NULL;
    }
    PyObject *self;
    if (UNLIKELY(cell->class_by_new)) {
        self = slot[1];
    } else {
        self = instance_try(tstate, (PyTypeObject *)slot[1]);
        if (UNLIKELY(self == NULL)) {
            return NULL;
        }
        slot[0] = self;
    }
    tstate->recursion_remaining--;
    tstate->datastack_top = top;
    cell->class_count++;
    Py_INCREF(self);
    callee->f_func = (PyFunctionObject *)Py_NewRef((PyObject *)initializer);
    callee->localsplus[0] = self;
    /* One reference for the callee, one that stock's tuple of arguments holds. */
    for (long i = 0; i < nargs; i++) {
        PyObject *argument = slot[2 + i];
        argument->ob_refcnt += 2;
        callee->localsplus[1 + i] = argument;
    }
    return callee;
}

struct native_result rt_finish_instance(PyThreadState *tstate, PyObject **slot, int nargs, PyObject *result)
{
    PyObject *self = slot[0];
    if (self == NULL) {
        self = finish_creation(tstate, (PyTypeObject *)slot[1], slot + 2, (size_t)nargs, NULL, result);
    } else if (LIKELY(result == Py_None)) {
        Py_DECREF(result);
        for (long i = 0; i < nargs; i++) {
            slot[2 + i]->ob_refcnt--;
        }
        tstate->recursion_remaining++;
    } else {
        self = finish_instance(tstate, self, slot + 2, (size_t)nargs, result);
    }
    for (long i = 0; i < nargs; i++) {
        rt_release(slot[2 + i]);
    }
    Py_DECREF(slot[1]);
    return native_result(tstate, self);
}

PyObject *rt_new_instance(PyThreadState *tstate, PyObject **slot, struct call_cell *cell)
{
    if (UNLIKELY(!is_known_class(slot, cell) || cell->class_version == 0 || cell->initializer != NULL ||
                 tstate->recursion_remaining <= 0)) {
        return NULL;
    }
    PyObject *self = instance_try(tstate, (PyTypeObject *)slot[1]);
    if (LIKELY(self != NULL)) {
        cell->class_count++;
        Py_DECREF(slot[1]);
    }
    return self;
}

/* ---- Everything else ------------------------------------------------------------------------------- */

/* NULL must come with an exception; stock's vectorcall says so in these words. */
__attribute__((noinline, cold)) static void check_failure(PyThreadState *tstate, PyObject *callable)
{
    if (!_PyErr_Occurred(tstate)) {
        _Py_CheckFunctionResult(tstate, callable, NULL, NULL);
    }
}

/* Calls what the C function `definition` describes, on `self` with `nargs` positional arguments and those named by
 * kwnames. Borrows everything. Sets *handled to false, and does nothing, for calling conventions
 * and argument counts that are not for us. */
static inline __attribute__((always_inline)) PyObject *call_c_function(PyThreadState *tstate, PyMethodDef *definition,
                                                                       PyObject *self, PyObject **arguments,
                                                                       size_t nargs, PyObject *kwnames, bool *handled)
{
    PyObject *result;
    *handled = true;
    switch (definition->ml_flags) {
    case METH_FASTCALL:
        if (kwnames != NULL) {
            break;
        }
        return ((_PyCFunctionFast)(void (*)(void))definition->ml_meth)(self, arguments, (Py_ssize_t)nargs);
    case METH_FASTCALL | METH_KEYWORDS:
        return ((_PyCFunctionFastWithKeywords)(void (*)(void))definition->ml_meth)(self, arguments, (Py_ssize_t)nargs,
                                                                                   kwnames);
    case METH_O:
        if (kwnames != NULL || nargs != 1) {
            break;
        }
        if (_Py_EnterRecursiveCallTstate(tstate, in_a_call)) {
            return NULL;
        }
        result = definition->ml_meth(self, arguments[0]);
        _Py_LeaveRecursiveCallTstate(tstate);
        return result;
    case METH_NOARGS:
        if (kwnames != NULL || nargs != 0) {
            break;
        }
        if (_Py_EnterRecursiveCallTstate(tstate, in_a_call)) {
            return NULL;
        }
        result = definition->ml_meth(self, NULL);
        _Py_LeaveRecursiveCallTstate(tstate);
        return result;
    }
    *handled = false;
    return NULL;
}

/* Gives up what a call of C code was given: arguments first, then the callable, as stock's specialised calls do
 * it. Returns `result`. */
static inline PyObject *finish_call(PyThreadState *tstate, PyObject *callable, PyObject **arguments, size_t total,
                                    PyObject *result)
{
    if (UNLIKELY(result == NULL)) {
        check_failure(tstate, callable);
    }
    release(arguments, total);
    Py_DECREF(callable);
    return result;
}

/* The call that nothing here knows better. Steals callable and arguments. */
__attribute__((noinline)) static PyObject *call_generally(PyThreadState *tstate, PyObject *callable,
                                                          PyObject **arguments, size_t total, PyObject *kwnames)
{
    PyObject *result = _PyObject_VectorcallTstate(
        tstate, callable, arguments, (total - keyword_count(kwnames)) | PY_VECTORCALL_ARGUMENTS_OFFSET, kwnames);
    Py_DECREF(callable);
    release(arguments, total);
    return result;
}

static inline PyObject *call_len(PyObject *container)
{
    Py_ssize_t length;
    if (PyList_CheckExact(container) || PyTuple_CheckExact(container)) {
        length = Py_SIZE(container);
    } else {
        length = user_length(container);
        if (length == USER_ELSEWHERE_INT) {
            length = PyObject_Length(container);
        }
        if (length < 0) {
            return NULL;
        }
    }
    if (LIKELY(length < _PY_NSMALLPOSINTS)) {
        return Py_NewRef((PyObject *)&_PyLong_SMALL_INTS[_PY_NSMALLNEGINTS + length]);
    }
    return PyLong_FromSsize_t(length);
}

/* Functions of modules and bound methods of C types. Steals callable and arguments. */
__attribute__((noinline)) static PyObject *call_builtin(PyThreadState *tstate, PyObject *callable,
                                                        PyObject **arguments, size_t total, PyObject *kwnames)
{
    struct callable_cache *known = &tstate->interp->callable_cache;
    PyObject *result;
    if (callable == runtime_data.tuple_new && total == 2 && kwnames == NULL) {
        bool handled;
        result = instance_of_tuple(tstate, arguments[0], arguments[1], &handled);
        if (!handled) {
            return call_generally(tstate, callable, arguments, total, kwnames);
        }
    } else if (callable == known->isinstance && total == 2 && kwnames == NULL) {
        int answer = 1;
        if (Py_TYPE(arguments[0]) != (PyTypeObject *)arguments[1]) {
            answer = PyObject_IsInstance(arguments[0], arguments[1]);
        }
        result = answer < 0 ? NULL : Py_NewRef(answer ? Py_True : Py_False);
    } else if (callable == known->len && total == 1 && kwnames == NULL) {
        result = call_len(arguments[0]);
    } else {
        bool handled;
        result =
            call_c_function(tstate, ((PyCFunctionObject *)callable)->m_ml, ((PyCFunctionObject *)callable)->m_self,
                            arguments, total - keyword_count(kwnames), kwnames, &handled);
        if (UNLIKELY(!handled)) {
            return call_generally(tstate, callable, arguments, total, kwnames);
        }
    }
    return finish_call(tstate, callable, arguments, total, result);
}

/* Methods of C types, with their `self` first among the arguments. Steals callable and arguments. */
__attribute__((noinline)) static PyObject *call_method_descriptor(PyThreadState *tstate, PyObject *callable,
                                                                  PyObject **arguments, size_t total,
                                                                  PyObject *kwnames)
{
    size_t positional = total - keyword_count(kwnames);
    if (UNLIKELY(positional == 0 || !PyObject_TypeCheck(arguments[0], PyDescr_TYPE(callable)))) {
        return call_generally(tstate, callable, arguments, total, kwnames);
    }
    if (callable == tstate->interp->callable_cache.list_append && total == 2 && kwnames == NULL) {
        PyListObject *list = (PyListObject *)arguments[0];
        Py_ssize_t length = Py_SIZE(list);
        if (LIKELY(list->allocated > length)) {
            PyList_SET_ITEM(list, length, arguments[1]);
            Py_SET_SIZE(list, length + 1);
            Py_DECREF(list);
            Py_DECREF(callable);
            return Py_NewRef(Py_None);
        }
        PyObject *result = PyList_Append((PyObject *)list, arguments[1]) < 0 ? NULL : Py_NewRef(Py_None);
        return finish_call(tstate, callable, arguments, total, result);
    }
    bool handled;
    PyObject *result = call_c_function(tstate, ((PyMethodDescrObject *)callable)->d_method, arguments[0],
                                       arguments + 1, positional - 1, kwnames, &handled);
    if (UNLIKELY(!handled)) {
        return call_generally(tstate, callable, arguments, total, kwnames);
    }
    return finish_call(tstate, callable, arguments, total, result);
}

/* Calls of classes that are not plain instantiations. Steals callable and arguments. */
__attribute__((noinline)) static PyObject *call_class(PyThreadState *tstate, PyObject *callable, PyObject **arguments,
                                                      size_t total, PyObject *kwnames)
{
    PyTypeObject *class = (PyTypeObject *)callable;
    PyObject *result;
    if (Py_TYPE(class)->tp_call != PyType_Type.tp_call) {
        return call_generally(tstate, callable, arguments, total, kwnames);
    }
    if (total == 1 && kwnames == NULL && class == &PyUnicode_Type) {
        result = PyUnicode_CheckExact(arguments[0]) ? Py_NewRef(arguments[0]) : PyObject_Str(arguments[0]);
    } else if (total == 1 && kwnames == NULL && class == &PyType_Type) {
        result = Py_NewRef(Py_TYPE(arguments[0]));
    } else if (total == 1 && kwnames == NULL && class == &PyTuple_Type) {
        result = PySequence_Tuple(arguments[0]);
    } else if (class->tp_vectorcall != NULL && class->tp_flags & Py_TPFLAGS_IMMUTABLETYPE) {
        result = class->tp_vectorcall(callable, arguments, total - keyword_count(kwnames), kwnames);
    } else if (class->tp_flags & Py_TPFLAGS_BASE_EXC_SUBCLASS && kwnames == NULL && class->tp_vectorcall == NULL) {
        bool handled;
        result = exception_instantiate(tstate, class, arguments, total, &handled);
        if (!handled) {
            return call_generally(tstate, callable, arguments, total, kwnames);
        }
    } else {
        return call_generally(tstate, callable, arguments, total, kwnames);
    }
    return finish_call(tstate, callable, arguments, total, result);
}

/* ---- CALL -------------------------------------------------------------------------------------------- */

/* How the arguments of a site find the parameters of the code: what the cell knows, or learns now; NULL where there is no shape. */
static inline struct call_shape *shape_for(struct call_cell *cell, struct code_state *state, size_t nargs,
                                           PyObject *kwnames)
{
    bool in_line = cell->arguments > 0;
    if (UNLIKELY(!call_shape_fits(cell->shape, state->id, nargs, kwnames))) {
        if (!in_line) {
            code_state_clear_target(cell);
        }
        free(cell->shape);
        cell->shape = call_shape_new(state->code, state->id, nargs, kwnames);
    }
    if (!in_line && cell->target.code != state->code && cell->shape != NULL) {
        code_state_set_target(state, cell, (uint32_t)(frame_words(state->code) * sizeof(PyObject *)));
    }
    return cell->shape;
}

/* Undoes push_frame for a frame whose arguments could not be bound. */
static InterpreterFrame *give_frame_back(PyThreadState *tstate, InterpreterFrame *frame)
{
    pop_frame(tstate, frame);
    return NULL;
}

/* A frame with the parameters of `function` filled in, for a native call: takes over function and arguments. NULL, with nothing done and no
 * exception, when call_function is to do it, because memory is short or the call is an error. Whoever makes the call sees to
 * it that a chunk of the data stack that begins with this frame is given up with it (begins_chunk). Runs no code. */
static inline InterpreterFrame *push_parameters(PyThreadState *tstate, PyFunctionObject *function,
                                                struct code_state *state, PyObject **arguments, size_t nargs,
                                                PyObject *kwnames, struct call_cell *cell)
{
    PyCodeObject *code = state->code;
    InterpreterFrame *frame = push_frame(tstate, code);
    if (UNLIKELY(frame == NULL)) {
        _PyErr_Clear(tstate);
        return NULL;
    }
    if (LIKELY(kwnames == NULL && (size_t)code->co_argcount == nargs && code->co_kwonlyargcount == 0 &&
               (code->co_flags & (CO_OPTIMIZED | CO_VARARGS | CO_VARKEYWORDS)) == CO_OPTIMIZED)) {
        for (size_t index = 0; index < nargs; index++) {
            frame->localsplus[index] = arguments[index];
        }
        frame->f_func = function;
        return frame;
    }
    struct call_shape *shape = shape_for(cell, state, nargs, kwnames);
    if (UNLIKELY(shape == NULL)) {
        return give_frame_back(tstate, frame);
    }
    if (UNLIKELY(!call_shape_bind(shape, function, code, frame->localsplus, arguments))) {
        return give_frame_back(tstate, frame);
    }
    frame->f_func = function;
    return frame;
}

/* So much more often than the first case another one must have come by to take its place, and this much ahead. */
enum { CASE_OUTNUMBERS = 2, CASE_LEAD = 64 };

/* Counts a call that was not entered in line, and makes its code the one that is, if it should be. */
static inline void note_callee(struct call_cell *cell, struct code_state *state)
{
    struct call_case *cases = cell->cases;
    int index = 0;
    while (cases[index].code_id != state->id && cases[index].code_id != 0) {
        if (++index == FEEDBACK_MAX_CASES) {
            cell->megamorphic++;
            return;
        }
    }
    cases[index].code_id = state->id;
    uint32_t count = ++cases[index].count;
    bool moves = index != 0 && (cell->target.code == NULL || count / CASE_OUTNUMBERS > cases[0].count + CASE_LEAD);
    if ((index == 0 ? cell->target.code == NULL : moves) && fits_in_line(cell, state->code)) {
        struct call_case moved = cases[index];
        cases[index] = cases[0];
        cases[0] = moved;
        code_state_set_target(state, cell, (uint32_t)(frame_words(state->code) * sizeof(PyObject *)));
    }
}

void call_note_callee(struct call_cell *cell, PyFunctionObject *function)
{
    struct code_state *state = code_state_get((PyCodeObject *)function->func_code);
    if (state != NULL && state->native_entry != NULL) {
        note_callee(cell, state);
        state->compiled->generation = code_map_generation;
    }
}

static inline struct call_outcome call_is_done(PyObject *result)
{
    return (struct call_outcome){.frame = NULL, .result = result};
}

/* Steals function and arguments. */
static inline struct call_outcome begin_function(PyThreadState *tstate, PyFunctionObject *function,
                                                 PyObject **arguments, size_t nargs, PyObject *kwnames,
                                                 struct call_cell *cell)
{
    struct code_state *state = code_state_get((PyCodeObject *)function->func_code);
    if (LIKELY(state != NULL)) {
        if (LIKELY(state->native_entry != NULL)) {
            note_callee(cell, state);
            state->compiled->generation = code_map_generation;
            InterpreterFrame *frame = push_parameters(tstate, function, state, arguments, nargs, kwnames, cell);
            if (LIKELY(frame != NULL)) {
                tstate->cframe->current_frame->prev_instr += INLINE_CACHE_ENTRIES_CALL;
                if (UNLIKELY(begins_chunk(tstate, frame))) {
                    return begin_pending_call(frame, (const struct native_target *)state, NULL, 0, finish_in_chunk);
                }
                return (struct call_outcome){.frame = frame, .target = (const struct native_target *)state};
            }
        }
    }
    return call_is_done(call_function(tstate, function, arguments, nargs, kwnames, true));
}

/* Goes on in finish_instantiation. Steals callable and arguments; operands[1] is the callable. */
static inline struct call_outcome begin_instantiation(PyThreadState *tstate, PyObject **operands, size_t nargs,
                                                      PyObject *kwnames, struct call_cell *cell)
{
    PyTypeObject *type = (PyTypeObject *)operands[1];
    PyObject **arguments = operands + 2;
    size_t count = nargs + keyword_count(kwnames);
    PyObject *self = NULL;
    PyFunctionObject *initializer;
    if (cell->class_by_new) {
        if (_Py_EnterRecursiveCallTstate(tstate, in_a_call)) {
            return call_is_done(finish_call(tstate, (PyObject *)type, arguments, count, NULL));
        }
        cell->class_count++;
        initializer = function_of_class(cell);
        Py_INCREF(initializer);
    } else {
        bool initialized;
        self = allocate_instance(tstate, cell, type, arguments, nargs, kwnames, &initialized);
        if (self == NULL || initialized) {
            if (self != NULL) {
                _Py_LeaveRecursiveCallTstate(tstate);
            }
            return call_is_done(finish_call(tstate, (PyObject *)type, arguments, count, self));
        }
        initializer = (PyFunctionObject *)Py_NewRef(cell->initializer);
    }
    for (size_t index = 0; index < count; index++) {
        PyObject *argument = arguments[index];
        Py_SET_REFCNT(argument, Py_REFCNT(argument) + 2);
    }
    operands[0] = self;
    operands[1] = Py_NewRef(self != NULL ? self : (PyObject *)type);
    struct code_state *state = code_state_get((PyCodeObject *)initializer->func_code);
    InterpreterFrame *frame = NULL;
    if (LIKELY(state != NULL && state->native_entry != NULL && (self != NULL || kwnames == NULL))) {
        if (cell->target.code != state->code && cell->class_misses < MOST_CLASS_MISSES &&
            fits_in_line(cell, state->code)) {
            code_state_set_target(state, cell, (uint32_t)(frame_words(state->code) * sizeof(PyObject *)));
        }
        state->compiled->generation = code_map_generation;
        frame = push_parameters(tstate, initializer, state, operands + 1, nargs + 1, kwnames, cell);
    }
    PyObject *result = NULL;
    if (UNLIKELY(frame == NULL)) {
        result = call_function(tstate, initializer, operands + 1, nargs + 1, kwnames, false);
    }
    operands[1] = (PyObject *)type;
    if (UNLIKELY(frame == NULL)) {
        if (self == NULL) {
            result = finish_creation(tstate, type, arguments, nargs, kwnames, result);
            return call_is_done(finish_call(tstate, (PyObject *)type, arguments, count, result));
        }
        return call_is_done(finish_instantiation(tstate, operands, count, result).result);
    }
    return begin_pending_call(frame, (const struct native_target *)state, operands, count, finish_instantiation);
}

/* The end of a native call of __call__. operands: (the object, what was its second reference, arguments...); arguments and object go. */
static struct native_result finish_object_call(PyThreadState *tstate, PyObject **operands, size_t count,
                                               PyObject *result)
{
    give_chunk_up(tstate);
    release(operands + 2, count);
    _Py_LeaveRecursiveCallTstate(tstate);
    /* The object goes first, as in any call that tier 0 has not specialised. */
    rt_release(operands[0]);
    release(operands + 2, count);
    return native_result(tstate, result);
}

/* The call of an object whose class has a Python __call__, `method`; operands: (NULL, the object, arguments...), all stolen. What of stock's
 * _PyObject_MakeTpCall and slot_tp_call can be observed is kept: the level of recursion, and that a tuple holds the arguments. */
static inline struct call_outcome begin_object_call(PyThreadState *tstate, PyObject **operands, size_t nargs,
                                                    PyObject *kwnames, PyFunctionObject *method,
                                                    struct call_cell *cell)
{
    PyObject *object = operands[1];
    PyObject **arguments = operands + 2;
    size_t count = nargs + keyword_count(kwnames);
    if (_Py_EnterRecursiveCallTstate(tstate, in_a_call)) {
        Py_DECREF(object);
        release(arguments, count);
        return call_is_done(NULL);
    }
    cell->other++;
    for (size_t index = 0; index < count; index++) {
        Py_SET_REFCNT(arguments[index], Py_REFCNT(arguments[index]) + 2);
    }
    operands[0] = object;
    operands[1] = Py_NewRef(object);
    Py_INCREF(method);
    struct code_state *state = code_state_get((PyCodeObject *)method->func_code);
    if (LIKELY(state != NULL && state->native_entry != NULL)) {
        state->compiled->generation = code_map_generation;
        InterpreterFrame *frame = push_parameters(tstate, method, state, operands + 1, nargs + 1, kwnames, cell);
        if (LIKELY(frame != NULL)) {
            return begin_pending_call(frame, (const struct native_target *)state, operands, count,
                                      finish_object_call);
        }
    }
    PyObject *result = call_function(tstate, method, operands + 1, nargs + 1, kwnames, false);
    return call_is_done(finish_object_call(tstate, operands, count, result).result);
}

/* The bound method stands in slot[0], where others have a method and its self: at the end of a with statement. Stock calls it by
 * vectorcall, and it lives until the call is over. */
__attribute__((noinline)) static PyObject *call_bound_exit(PyThreadState *tstate, PyObject **slot, size_t nargs,
                                                           PyObject *kwnames, struct call_cell *cell)
{
    PyMethodObject *method = (PyMethodObject *)slot[0];
    PyFunctionObject *function = (PyFunctionObject *)Py_NewRef(method->im_func);
    slot[0] = Py_NewRef(method->im_self);
    call_note_callee(cell, function);
    PyObject *result = call_function(tstate, function, slot, nargs + 1 - keyword_count(kwnames), kwnames, false);
    rt_release((PyObject *)method);
    return result;
}

struct call_outcome rt_begin_call(PyThreadState *tstate, PyObject **slot, int nargs, PyObject *kwnames,
                                  struct call_cell *cell)
{
    PyObject *callable = slot[0];
    PyObject **arguments = slot + 1;
    size_t total = (size_t)nargs + 1;
    if (callable == NULL) {
        callable = slot[1];
        arguments = slot + 2;
        total = (size_t)nargs;
        if (Py_TYPE(callable) == &PyMethod_Type) {
            /* A bound method is taken apart first, as PRECALL does. */
            PyMethodObject *method = (PyMethodObject *)callable;
            callable = Py_NewRef(method->im_func);
            slot[0] = callable;
            slot[1] = Py_NewRef(method->im_self);
            Py_DECREF(method);
            arguments = slot + 1;
            total = (size_t)nargs + 1;
        }
    }
    PyTypeObject *type = Py_TYPE(callable);
    if (LIKELY(type == &PyFunction_Type)) {
        return begin_function(tstate, (PyFunctionObject *)callable, arguments, total - keyword_count(kwnames),
                              kwnames, cell);
    }
    if (type == &PyMethod_Type && PyFunction_Check(((PyMethodObject *)callable)->im_func)) {
        return call_is_done(call_bound_exit(tstate, slot, total, kwnames, cell));
    }
    if (type == &PyCFunction_Type) {
        cell->other++;
        return call_is_done(call_builtin(tstate, callable, arguments, total, kwnames));
    }
    if (type == &PyMethodDescr_Type) {
        cell->other++;
        return call_is_done(call_method_descriptor(tstate, callable, arguments, total, kwnames));
    }
    if (PyType_Check(callable)) {
        PyTypeObject *class = (PyTypeObject *)callable;
        if (slot[0] == NULL && type->tp_call == PyType_Type.tp_call &&
            ((class->tp_version_tag == cell->class_version && cell->class_version != 0) ||
             learn_class(cell, class)) &&
            (cell->initializer != NULL ? function_of_class(cell) != NULL : total == 0)) {
            return begin_instantiation(tstate, slot, total - keyword_count(kwnames), kwnames, cell);
        }
        cell->other++;
        return call_is_done(call_class(tstate, callable, arguments, total, kwnames));
    }
    PyFunctionObject *method = slot[0] == NULL ? user_call_method(callable) : NULL;
    if (method != NULL) {
        return begin_object_call(tstate, slot, total - keyword_count(kwnames), kwnames, method, cell);
    }
    cell->other++;
    return call_is_done(call_generally(tstate, callable, arguments, total, kwnames));
}
