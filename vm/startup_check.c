/* vm/startup_check.c: compares the headers' idea of CPython with the interpreter at hand. */
#include "vm/startup_check.h"

#include <string.h>

/* The number inside 3.11's MAGIC_NUMBER (importlib/_bootstrap_external.py); no header has it. */
enum { BYTECODE_MAGIC_3_11 = 3495 };

struct check {
    struct startup_verdict verdict;
    const struct startup_override *override;
};

/* Compares one fact; returns whether to go on. */
static bool fact(struct check *check, enum reason reason, const char *name, long long expected, long long found)
{
    check->verdict.facts++;
    if (check->override != NULL && strcmp(check->override->name, name) == 0) {
        found = check->override->value;
    }
    if (expected == found) {
        return true;
    }
    check->verdict.reason = reason;
    check->verdict.fact = name;
    check->verdict.expected = expected;
    check->verdict.found = found;
    return false;
}

/* A layout fact named by its own text. */
#define LAYOUT(expected, found)                                                                                      \
    fact(check, REASON_wrong_layout, #found, (long long)(intptr_t)(expected), (long long)(intptr_t)(found))

static bool check_versions(struct check *check)
{
#ifdef __x86_64__
    const bool x86_64 = true;
#else
    const bool x86_64 = false;
#endif
#ifdef Py_REF_DEBUG
    const bool built_for_debug = true;
#else
    const bool built_for_debug = false;
#endif
    return fact(check, REASON_wrong_architecture, "architecture", true, x86_64) &&
           fact(check, REASON_wrong_version, "version", 0x030B, Py_Version >> 16) &&
           fact(check, REASON_wrong_bytecode, "bytecode", BYTECODE_MAGIC_3_11, PyImport_GetMagicNumber() & 0xFFFF) &&
           /* A debug interpreter has more fields in several structures, and counts every reference. */
           fact(check, REASON_wrong_layout, "debug build", built_for_debug,
                PySys_GetObject("gettotalrefcount") != NULL);
}

/* Types say themselves how large their objects are. */
static bool check_sizes(struct check *check)
{
    const struct {
        const char *name;
        PyTypeObject *type;
        Py_ssize_t size;
    } sizes[] = {
        {"size of type", &PyType_Type, sizeof(PyHeapTypeObject)},
        {"size of int", &PyLong_Type, offsetof(PyLongObject, ob_digit)},
        {"size of float", &PyFloat_Type, sizeof(PyFloatObject)},
        {"size of str", &PyUnicode_Type, sizeof(PyUnicodeObject)},
        {"size of list", &PyList_Type, sizeof(PyListObject)},
        {"size of tuple", &PyTuple_Type, offsetof(PyTupleObject, ob_item)},
        {"size of dict", &PyDict_Type, sizeof(PyDictObject)},
        {"size of set", &PySet_Type, sizeof(PySetObject)},
        {"size of slice", &PySlice_Type, sizeof(PySliceObject)},
        {"size of cell", &PyCell_Type, sizeof(PyCellObject)},
        {"size of code", &PyCode_Type, offsetof(PyCodeObject, co_code_adaptive)},
        {"size of function", &PyFunction_Type, sizeof(PyFunctionObject)},
        {"size of bound method", &PyMethod_Type, sizeof(PyMethodObject)},
        {"size of builtin function", &PyCFunction_Type, sizeof(PyCFunctionObject)},
        {"size of method descriptor", &PyMethodDescr_Type, sizeof(PyMethodDescrObject)},
        {"size of module", &PyModule_Type, sizeof(PyModuleObject)},
        {"size of generator", &PyGen_Type, offsetof(PyGenObject, gi_iframe) + offsetof(InterpreterFrame, localsplus)},
        {"size of coroutine", &PyCoro_Type,
         offsetof(PyCoroObject, cr_iframe) + offsetof(InterpreterFrame, localsplus)},
        {"size of range iterator", &PyRangeIter_Type, sizeof(struct range_iterator)},
        {"size of list iterator", &PyListIter_Type, sizeof(struct list_iterator)},
        {"size of reversed list", &PyListRevIter_Type, sizeof(struct list_iterator)},
        {"size of tuple iterator", &PyTupleIter_Type, sizeof(struct tuple_iterator)},
        {"size of dict iterator", &PyDictIterItem_Type, sizeof(struct dict_iterator)},
        {"size of enumerate", &PyEnum_Type, sizeof(struct enumerate_object)},
        {"size of zip", &PyZip_Type, sizeof(struct zip_object)},
        {"size of asend", &_PyAsyncGenASend_Type, sizeof(struct async_send)},
        {"size of wrapped value", &_PyAsyncGenWrappedValue_Type, sizeof(struct async_wrapped_value)},
        {"size of exception", (PyTypeObject *)PyExc_BaseException, sizeof(PyBaseExceptionObject)},
        {"size of traceback", &PyTraceBack_Type, sizeof(PyTracebackObject)},
        {"size of frame", &PyFrame_Type,
         offsetof(PyFrameObject, _f_frame_data) + offsetof(InterpreterFrame, localsplus)},
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (!fact(check, REASON_wrong_layout, sizes[i].name, sizes[i].size, sizes[i].type->tp_basicsize)) {
            return false;
        }
    }
    return true;
}

/* Thread, interpreter and runtime state, against what CPython's functions say of the same things. */
static bool check_states(struct check *check)
{
    PyThreadState *tstate = PyThreadState_Get();
    PyInterpreterState *interp = PyInterpreterState_Get();
    return LAYOUT(tstate, _PyRuntime.gilstate.tstate_current._value) &&
           LAYOUT(PyInterpreterState_Main(), _PyRuntime.interpreters.main) &&
           LAYOUT(PyInterpreterState_Head(), _PyRuntime.interpreters.head) && LAYOUT(interp, tstate->interp) &&
           LAYOUT(PyThreadState_GetID(tstate), tstate->id) &&
           LAYOUT(Py_GetRecursionLimit(), tstate->recursion_limit) &&
           LAYOUT(PyInterpreterState_ThreadHead(interp), interp->threads.head) &&
           LAYOUT(PyThreadState_Next(tstate), tstate->next) && LAYOUT(PyInterpreterState_GetID(interp), interp->id) &&
           LAYOUT(&_PyRuntime, interp->runtime) &&
           /* NULL stands for the default evaluator (pystate.c) */
           LAYOUT(_PyInterpreterState_GetEvalFrameFunc(interp),
                  interp->eval_frame != NULL ? interp->eval_frame : _PyEval_EvalFrameDefault) &&
           LAYOUT(_PyInterpreterState_GetConfig(interp), &interp->config) &&
           LAYOUT(PyImport_GetModuleDict(), interp->modules) && LAYOUT(PyGC_IsEnabled(), interp->gc.enabled) &&
           LAYOUT(Py_GetRecursionLimit(), interp->ceval.recursion_limit) &&
           LAYOUT(true, tstate->datastack_chunk == NULL || (tstate->datastack_top <= tstate->datastack_limit));
}

/* Objects that live inside _PyRuntime: the small ints at its near end, the names at its far one. */
static bool check_static_objects(struct check *check)
{
    PyObject *one = PyLong_FromLong(1), *tuple = PyTuple_New(0);
    PyObject *name = PyUnicode_InternFromString("__init__"), *last_name = PyUnicode_InternFromString("zipimporter");
    PyObject *letter = PyUnicode_FromStringAndSize("\xc3\xbf", 2);
    bool holds = one != NULL && tuple != NULL && name != NULL && last_name != NULL && letter != NULL &&
                 LAYOUT(one, &_PyLong_SMALL_INTS[_PY_NSMALLNEGINTS + 1]) &&
                 LAYOUT(1, ((PyLongObject *)one)->ob_digit[0]) && LAYOUT(tuple, &_Py_SINGLETON(tuple_empty)) &&
                 LAYOUT(name, &_Py_ID(__init__)) && LAYOUT(last_name, &_Py_ID(zipimporter)) &&
                 LAYOUT(letter, &_Py_SINGLETON(strings).latin1[0xff - 0x80]) &&
                 LAYOUT(0xff, PyUnicode_READ_CHAR(letter, 0));
    Py_XDECREF(one);
    Py_XDECREF(tuple);
    Py_XDECREF(name);
    Py_XDECREF(last_name);
    Py_XDECREF(letter);
    return holds;
}

/* Containers that compiled code looks into. */
static bool check_containers(struct check *check)
{
    PyObject *key = PyUnicode_InternFromString("pyjit"), *list = PyList_New(0), *dict = PyDict_New();
    bool holds = key != NULL && list != NULL && dict != NULL && PyList_Append(list, key) == 0 &&
                 PyDict_SetItem(dict, key, list) == 0;
    if (holds) {
        PyDictKeysObject *keys = ((PyDictObject *)dict)->ma_keys;
        holds = LAYOUT(key, ((PyListObject *)list)->ob_item[0]) && LAYOUT(1, ((PyDictObject *)dict)->ma_used) &&
                LAYOUT(NULL, ((PyDictObject *)dict)->ma_values) && LAYOUT(1, keys->dk_nentries) &&
                LAYOUT(DICT_KEYS_UNICODE, keys->dk_kind) && LAYOUT(key, DK_UNICODE_ENTRIES(keys)[0].me_key) &&
                LAYOUT(list, DK_UNICODE_ENTRIES(keys)[0].me_value);
    }
    Py_XDECREF(key);
    Py_XDECREF(list);
    Py_XDECREF(dict);
    return holds;
}

/* iter(source), or constructor(source), and what its first value is (NULL: none is wanted), as new references. */
static PyObject *begin_iteration(PyObject *source, PyTypeObject *constructor)
{
    PyObject *iterator = source == NULL        ? NULL
                         : constructor == NULL ? PyObject_GetIter(source)
                                               : PyObject_CallOneArg((PyObject *)constructor, source);
    PyObject *value = iterator == NULL ? NULL : PyIter_Next(iterator);
    Py_XDECREF(value);
    return iterator;
}

/* Iterators that compiled code advances, after one step. */
static bool check_iterators(struct check *check)
{
    PyObject *list = Py_BuildValue("[ii]", 1, 2), *dict = Py_BuildValue("{iiii}", 1, 2, 3, 4);
    PyObject *set = PySet_New(list), *text = PyUnicode_FromString("ab");
    PyObject *items = dict == NULL ? NULL : PyObject_CallMethod(dict, "items", NULL);
    PyObject *of_list = begin_iteration(list, NULL), *of_items = begin_iteration(items, NULL);
    PyObject *of_set = begin_iteration(set, NULL), *of_text = begin_iteration(text, NULL);
    PyObject *enumerated = begin_iteration(list, &PyEnum_Type), *zipped = begin_iteration(list, &PyZip_Type);
    bool holds = of_list != NULL && of_items != NULL && of_set != NULL && of_text != NULL && enumerated != NULL &&
                 zipped != NULL && LAYOUT(1, ((struct list_iterator *)of_list)->index) &&
                 LAYOUT(list, ((struct list_iterator *)of_list)->list) &&
                 LAYOUT(dict, ((struct dict_iterator *)of_items)->dict) &&
                 LAYOUT(2, ((struct dict_iterator *)of_items)->used) &&
                 LAYOUT(1, ((struct dict_iterator *)of_items)->position) &&
                 LAYOUT(1, ((struct dict_iterator *)of_items)->length) &&
                 LAYOUT(2, PyTuple_Size(((struct dict_iterator *)of_items)->result)) &&
                 LAYOUT(sizeof(struct set_iterator), Py_TYPE(of_set)->tp_basicsize) &&
                 LAYOUT(set, ((struct set_iterator *)of_set)->set) &&
                 LAYOUT(2, ((struct set_iterator *)of_set)->used) &&
                 LAYOUT(1, ((struct set_iterator *)of_set)->length) &&
                 LAYOUT(sizeof(struct str_iterator), Py_TYPE(of_text)->tp_basicsize) &&
                 LAYOUT(text, ((struct str_iterator *)of_text)->string) &&
                 LAYOUT(1, ((struct str_iterator *)of_text)->index) &&
                 LAYOUT(1, ((struct enumerate_object *)enumerated)->index) &&
                 LAYOUT(&PyListIter_Type, Py_TYPE(((struct enumerate_object *)enumerated)->iterator)) &&
                 LAYOUT(2, PyTuple_Size(((struct enumerate_object *)enumerated)->result)) &&
                 LAYOUT(1, ((struct zip_object *)zipped)->count) &&
                 LAYOUT(1, PyTuple_Size(((struct zip_object *)zipped)->iterators)) &&
                 LAYOUT(1, PyTuple_Size(((struct zip_object *)zipped)->result));
    PyObject *made[] = {list, dict, set, text, items, of_list, of_items, of_set, of_text, enumerated, zipped};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        Py_XDECREF(made[i]);
    }
    return holds;
}

/* ---- A frame, as the interpreter hands it to an eval-frame hook ---------------------------------- */

/* What the probe hook saw; the hook's signature leaves no other way to pass it. */
static struct {
    struct check *check;
    PyFunctionObject *function;
    PyObject *argument;
    bool reached, holds;
} probe;

static PyObject *probe_frame(PyThreadState *tstate, InterpreterFrame *frame, int throwing)
{
    struct check *check = probe.check;
    PyFunctionObject *function = probe.function;
    PyCodeObject *code = (PyCodeObject *)function->func_code;
    (void)throwing;
    probe.reached = true;
    probe.holds = LAYOUT(code, frame->f_code) && LAYOUT(function, frame->f_func) &&
                  LAYOUT(function->func_globals, frame->f_globals) &&
                  LAYOUT(function->func_builtins, frame->f_builtins) && LAYOUT(NULL, frame->f_locals) &&
                  LAYOUT(NULL, frame->frame_obj) && LAYOUT(FRAME_OWNED_BY_THREAD, frame->owner) &&
                  LAYOUT(_PyCode_CODE(code) - 1, frame->prev_instr) &&
                  LAYOUT(code->co_nlocalsplus, frame->stacktop) && LAYOUT(probe.argument, frame->localsplus[0]) &&
                  LAYOUT(tstate->datastack_top,
                         (PyObject **)frame + code->co_nlocalsplus + code->co_stacksize + FRAME_SPECIALS_SIZE);
    /* The function does not run: whoever called the hook clears the frame (ceval.c, _PyEval_Vector). */
    return Py_NewRef(Py_None);
}

static bool check_frame(struct check *check)
{
    /* A Python function with an argument that every interpreter has: importlib is frozen into it. */
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *importlib = PyDict_GetItemString(modules, "_frozen_importlib");
    PyObject *function = importlib == NULL ? NULL : PyObject_GetAttrString(importlib, "_call_with_frames_removed");
    PyObject *qualname = NULL;
    bool holds = false;
    if (function == NULL || !PyFunction_Check(function)) {
        fact(check, REASON_wrong_layout, "a frozen importlib", true, false);
        goto done;
    }
    PyCodeObject *code = (PyCodeObject *)((PyFunctionObject *)function)->func_code;
    qualname = PyObject_GetAttrString((PyObject *)code, "co_qualname");
    if (!LAYOUT(PyFunction_GetCode(function), code) ||
        !LAYOUT(PyFunction_GetGlobals(function), ((PyFunctionObject *)function)->func_globals) ||
        !LAYOUT(qualname, code->co_qualname)) {
        goto done;
    }
    PyInterpreterState *interp = PyInterpreterState_Get();
    _PyFrameEvalFunction before = _PyInterpreterState_GetEvalFrameFunc(interp);
    probe.check = check;
    probe.function = (PyFunctionObject *)function;
    probe.argument = modules;
    probe.reached = probe.holds = false;
    _PyInterpreterState_SetEvalFrameFunc(interp, probe_frame);
    PyObject *result = PyObject_CallOneArg(function, modules);
    _PyInterpreterState_SetEvalFrameFunc(interp, before);
    Py_XDECREF(result);
    holds = fact(check, REASON_wrong_layout, "the eval-frame hook is called", true, probe.reached) && probe.holds;
done:
    Py_XDECREF(qualname);
    Py_XDECREF(function);
    return holds;
}

struct startup_verdict startup_check(const struct startup_override *override)
{
    struct check check = {.override = override};
    bool holds = check_versions(&check) && check_sizes(&check) && check_states(&check) &&
                 check_static_objects(&check) && check_containers(&check) && check_iterators(&check) &&
                 check_frame(&check);
    PyErr_Clear();
    if (!holds && check.verdict.reason == REASON_none) {
        check.verdict.reason = REASON_no_memory; /* a probe object could not be made */
    }
    return check.verdict;
}
