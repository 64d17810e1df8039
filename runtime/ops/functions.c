/* runtime/ops/functions.c: making functions and classes, and calls with unpacked arguments. CALL itself is in call.c. */
#include "runtime/ops/shared.h"

#include "runtime/call.h"
#include "runtime/code_state.h"
#include "runtime/dict_lookup.h"
#include "runtime/plain.h"
#include "runtime/runtime_data.h"

/* ---- Errors of unpacked arguments --------------------------------------------------------------- */

/* Replaces the current exception by a TypeError "NAME() FORMAT", where FORMAT takes one argument. A function that
 * cannot be named leaves the error of naming it. */
static void raise_about_call(PyThreadState *tstate, PyObject *function, const char *format, const void *argument)
{
    _PyErr_Clear(tstate);
    PyObject *name = _PyObject_FunctionStr(function);
    if (name != NULL) {
        _PyErr_Format(tstate, PyExc_TypeError, format, name, argument);
        Py_DECREF(name);
    }
}

/* Words the failure to merge `keywords` into the keyword arguments of `function`; the exception that
 * _PyDict_MergeEx left says what was wrong. (ceval.c, format_kwargs_error) */
static void raise_about_keywords(PyThreadState *tstate, PyObject *function, PyObject *keywords)
{
    if (_PyErr_ExceptionMatches(tstate, PyExc_AttributeError)) {
        /* It has no keys(). */
        raise_about_call(tstate, function, "%U argument after ** must be a mapping, not %.200s",
                         Py_TYPE(keywords)->tp_name);
    } else if (_PyErr_ExceptionMatches(tstate, PyExc_KeyError)) {
        /* The merge tells a repeated key by a KeyError not yet made, whose argument is (key,). */
        PyObject *type, *value, *traceback;
        _PyErr_Fetch(tstate, &type, &value, &traceback);
        if (value == NULL || !PyTuple_Check(value) || PyTuple_GET_SIZE(value) != 1) {
            _PyErr_Restore(tstate, type, value, traceback);
            return;
        }
        raise_about_call(tstate, function, "%U got multiple values for keyword argument '%S'",
                         PyTuple_GET_ITEM(value, 0));
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
    }
}

/* ---- Calls -------------------------------------------------------------------------------------- */

/* `f(**mapping)`: merges the mapping into the dict at oparg; the function stands three below that dict's call. */
HANDLER(DICT_MERGE)
{
    PyObject *update = sp[-1];
    PyObject **top = sp - 1;
    int failed = _PyDict_MergeEx(top[-oparg], update, 2);
    if (failed < 0) {
        raise_about_keywords(tstate, top[-2 - oparg], update);
    }
    Py_DECREF(update);
    return failed < 0 ? OPS_RAISED : 0;
}

/* The keyword arguments as an exact dict; steals `keywords`. NULL with an exception set. */
static PyObject *exact_keywords(PyThreadState *tstate, PyObject *function, PyObject *keywords)
{
    if (PyDict_CheckExact(keywords)) {
        return keywords;
    }
    PyObject *dict = PyDict_New();
    if (dict != NULL && _PyDict_MergeEx(dict, keywords, 2) < 0) {
        Py_CLEAR(dict);
        raise_about_keywords(tstate, function, keywords);
    }
    Py_DECREF(keywords);
    return dict;
}

/* The positional arguments as an exact tuple; steals `arguments`. NULL with an exception set. */
static PyObject *exact_arguments(PyThreadState *tstate, PyObject *function, PyObject *arguments)
{
    if (PyTuple_CheckExact(arguments)) {
        return arguments;
    }
    PyObject *tuple = NULL;
    if (Py_TYPE(arguments)->tp_iter == NULL && !PySequence_Check(arguments)) {
        raise_about_call(tstate, function, "%U argument after * must be an iterable, not %.200s",
                         Py_TYPE(arguments)->tp_name);
    } else {
        tuple = PySequence_Tuple(arguments);
    }
    Py_DECREF(arguments);
    return tuple;
}

/* [NULL, function, iterable] or, with oparg 1, [NULL, function, iterable, mapping or NULL] -> [result] */
HANDLER(CALL_FUNCTION_EX)
{
    PyObject **bottom = sp - 3 - (oparg & 1);
    PyObject *function = bottom[1];
    PyObject *arguments = bottom[2];
    PyObject *keywords = NULL;
    PyObject *result = NULL;
    if (oparg & 1 && bottom[3] != NULL) {
        keywords = exact_keywords(tstate, function, bottom[3]);
        if (keywords == NULL) {
            Py_DECREF(arguments);
            Py_DECREF(function);
            return OPS_RAISED;
        }
    }
    arguments = exact_arguments(tstate, function, arguments);
    if (arguments != NULL) {
        result = PyObject_Call(function, arguments, keywords);
    }
    Py_DECREF(function);
    Py_XDECREF(arguments);
    Py_XDECREF(keywords);
    bottom[0] = result;
    return result == NULL ? OPS_RAISED : 0;
}

/* ---- Functions and classes ---------------------------------------------------------------------- */

/* The builtins that a function with these globals has, borrowed; NULL where they do not name any. (ceval.c,
 * _PyEval_BuiltinsFromGlobals) */
static PyObject *builtins_of(PyDictObject *globals, struct function_cell *cell)
{
    PyObject *builtins = dict_get_string_hinted(globals, &_Py_ID(__builtins__), &cell->builtins_hint);
    return builtins != NULL && PyModule_Check(builtins) ? PyModule_GetDict(builtins) : builtins;
}

/* PyFunction_New, if possible with the memory of a dead function. NULL with an exception set. (funcobject.c,
 * PyFunction_NewWithQualName) */
static PyFunctionObject *new_function(PyThreadState *tstate, PyCodeObject *code, PyDictObject *globals,
                                      struct function_cell *cell)
{
    PyObject *module = NULL;
    PyObject *builtins = NULL;
    if (LIKELY(globals->ma_version_tag == cell->globals_version)) {
        module = cell->module;
        builtins = cell->builtins;
    } else if (LIKELY(DK_IS_UNICODE(globals->ma_keys))) {
        module = dict_get_string_hinted(globals, &_Py_ID(__name__), &cell->name_hint);
        builtins = builtins_of(globals, cell);
        cell->module = module;
        cell->builtins = builtins;
        cell->globals_version = builtins == NULL ? 0 : globals->ma_version_tag;
    }
    if (UNLIKELY(builtins == NULL)) {
        return (PyFunctionObject *)PyFunction_New((PyObject *)code, (PyObject *)globals);
    }
    PyFunctionObject *function = (PyFunctionObject *)object_pool_take(&runtime_data.functions);
    if (function == NULL) {
        /* May collect, and so change the globals: the new function holds what they held before, as on stock. */
        Py_XINCREF(module);
        Py_INCREF(builtins);
        function = PyObject_GC_New(PyFunctionObject, &PyFunction_Type);
        if (UNLIKELY(function == NULL)) {
            Py_XDECREF(module);
            Py_DECREF(builtins);
            return NULL;
        }
        function->func_module = module;
        function->func_builtins = builtins;
    } else {
        function->func_module = Py_XNewRef(module);
        function->func_builtins = Py_NewRef(builtins);
    }
    PyObject *doc = PyTuple_GET_SIZE(code->co_consts) > 0 ? PyTuple_GET_ITEM(code->co_consts, 0) : Py_None;
    function->func_globals = Py_NewRef((PyObject *)globals);
    function->func_name = Py_NewRef(code->co_name);
    function->func_qualname = Py_NewRef(code->co_qualname);
    function->func_code = Py_NewRef((PyObject *)code);
    function->func_defaults = NULL;
    function->func_kwdefaults = NULL;
    function->func_closure = NULL;
    function->func_doc = Py_NewRef(PyUnicode_Check(doc) ? doc : Py_None);
    function->func_dict = NULL;
    function->func_weakreflist = NULL;
    function->func_annotations = NULL;
    function->vectorcall = _PyFunction_Vectorcall;
    function->func_version = 0;
    object_track(tstate, (PyObject *)function);
    return function;
}

/* The cells that the site names as a tuple; NULL with MemoryError. */
static PyObject *make_closure(InterpreterFrame *frame, const struct function_cell *cell)
{
    enum { FEW = 8 };
    uint32_t count = cell->cell_count;
    PyObject *items[FEW];
    if (LIKELY(count <= FEW)) {
        for (uint32_t i = 0; i < count; i++) {
            items[i] = Py_NewRef(frame->localsplus[cell->cells[i]]);
        }
        PyObject *closure = rt_plain_tuple(items, (int)count);
        if (LIKELY(closure != NULL)) {
            return closure;
        }
        for (uint32_t i = 0; i < count; i++) {
            Py_DECREF(items[i]); /* the frame has it */
        }
    }
    PyObject *closure = PyTuple_New((Py_ssize_t)count);
    if (closure != NULL) {
        for (uint32_t i = 0; i < count; i++) {
            PyTuple_SET_ITEM(closure, i, Py_NewRef(frame->localsplus[cell->cells[i]]));
        }
    }
    return closure;
}

/* Gives a new function its parts, in the order of their bits from `slots` on; the closure may come by itself. Setting the fields directly leaves the
 * function without a version, as stock does: it has none yet. */
static void fill_function(PyFunctionObject *function, PyObject **slots, int parts, PyObject *closure)
{
    if (parts & MAKE_FUNCTION_DEFAULTS) {
        function->func_defaults = *slots++;
    }
    if (parts & MAKE_FUNCTION_KEYWORD_DEFAULTS) {
        function->func_kwdefaults = *slots++;
    }
    if (parts & MAKE_FUNCTION_ANNOTATIONS) {
        function->func_annotations = *slots++;
    }
    if (parts & MAKE_FUNCTION_CLOSURE) {
        function->func_closure = closure != NULL ? closure : *slots;
    }
    /* Code that is compiled already is entered directly from the function's first call on. */
    struct code_state *state = code_state_get((PyCodeObject *)function->func_code);
    if (state != NULL && state->compiled != NULL) {
        function->vectorcall = rt_function_vectorcall;
    }
}

PyObject *rt_make_function(PyThreadState *tstate, InterpreterFrame *frame, PyCodeObject *code, PyObject **slots,
                           int parts, struct function_cell *cell)
{
    PyObject *closure = NULL;
    PyFunctionObject *function = NULL;
    if (cell->cell_count == 0 || (closure = make_closure(frame, cell)) != NULL) {
        function = new_function(tstate, code, (PyDictObject *)frame->f_globals, cell);
    }
    if (function == NULL) {
        Py_XDECREF(closure);
        for (int rest = parts & ~(cell->cell_count != 0 ? MAKE_FUNCTION_CLOSURE : 0); rest != 0; rest &= rest - 1) {
            Py_DECREF(*slots++);
        }
        return NULL;
    }
    fill_function(function, slots, parts, closure);
    return (PyObject *)function;
}

/* A function of what `items` says (plain.h), with the collector held off; NULL without memory, no exception set. */
static PyObject *function_without_collection(PyObject **items, int parts)
{
    /* What several sites share that have no cell of their own. */
    static struct function_cell shared_cell;
    int enabled = plain_hold_collection_off();
    PyObject **slots = items + FUNCTION_FIRST_PART;
    PyFunctionObject *function = new_function(PyThreadState_Get(), (PyCodeObject *)items[FUNCTION_CODE],
                                              (PyDictObject *)items[FUNCTION_GLOBALS], &shared_cell);
    plain_allow_collection(enabled);
    if (UNLIKELY(function == NULL)) {
        PyErr_Clear();
        return NULL;
    }
    fill_function(function, slots, parts, NULL);
    return (PyObject *)function;
}

PyObject *rt_plain_function(PyObject **items, int parts)
{
    if (runtime_data.functions.count == 0 && plain_collection_is_due(1)) {
        return NULL;
    }
    return function_without_collection(items, parts);
}

PyObject *rt_tier2_make_function(PyObject **items, int parts)
{
    PyObject *function = function_without_collection(items, parts);
    if (UNLIKELY(function == NULL)) {
        Py_FatalError("pyjit: out of memory while leaving compiled code");
    }
    return function;
}

/* [defaults?, keyword defaults?, annotations?, closure?, code] -> [function]; oparg has a bit for each optional part. */
HANDLER(MAKE_FUNCTION)
{
    PyCodeObject *code = (PyCodeObject *)sp[-1];
    PyObject **slots = sp - 1 - __builtin_popcount((unsigned)oparg & 0xf);
    struct function_cell cell = {0};
    PyObject *function = rt_make_function(tstate, frame, code, slots, oparg & 0xf, &cell);
    Py_DECREF(code);
    *slots = function;
    return function == NULL ? OPS_RAISED : 0;
}

HANDLER(LOAD_BUILD_CLASS)
{
    PyObject *builtins = frame->f_builtins;
    PyObject *build_class;
    bool missing;
    if (PyDict_CheckExact(builtins)) {
        build_class = Py_XNewRef(PyDict_GetItemWithError(builtins, &_Py_ID(__build_class__)));
        missing = build_class == NULL && !_PyErr_Occurred(tstate);
    } else {
        build_class = PyObject_GetItem(builtins, &_Py_ID(__build_class__));
        missing = build_class == NULL && _PyErr_ExceptionMatches(tstate, PyExc_KeyError);
    }
    if (missing) {
        _PyErr_SetString(tstate, PyExc_NameError, "__build_class__ not found");
    }
    sp[0] = build_class;
    return build_class == NULL ? OPS_RAISED : 0;
}
