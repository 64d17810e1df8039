/* vm/module_pyjit.c: `import pyjit`. */
#include "gdb/native_stack.h"
#include "runtime/code_arena.h"
#include "runtime/code_map.h"
#include "tier2/compile_thread.h"
#include "vm/activate.h"
#include "vm/disassemble.h"
#include "vm/event_log.h"
#include "vm/explain.h"
#include "vm/hook.h"
#include "vm/module_sys_jit.h"
#include "vm/options.h"
#include "vm/startup_check.h"
#include "vm/stats.h"
#include "vm/tiers.h"

#include <stdio.h>
#include <stdlib.h>

#define PYJIT_VERSION "0.1"

/* Tiers that this build can compile for. */
enum { HIGHEST_TIER = 1 };

/* The code object behind a function, a bound method, a static or class method, or code itself: a borrowed reference; NULL
 * with TypeError set for anything else. `function_name` is for the message. */
static PyCodeObject *code_of(PyObject *object, const char *function_name)
{
    if (Py_IS_TYPE(object, &PyStaticMethod_Type) || Py_IS_TYPE(object, &PyClassMethod_Type)) {
        PyObject *wrapped = PyObject_GetAttrString(object, "__func__");
        if (wrapped == NULL) {
            return NULL;
        }
        Py_DECREF(wrapped); /* the static or class method still holds it */
        object = wrapped;
    }
    if (PyMethod_Check(object)) {
        object = PyMethod_GET_FUNCTION(object);
    }
    if (PyFunction_Check(object)) {
        return (PyCodeObject *)PyFunction_GET_CODE(object);
    }
    if (PyCode_Check(object)) {
        return (PyCodeObject *)object;
    }
    PyErr_Format(PyExc_TypeError, "pyjit.%s() argument must be a Python function, method or code object, not %.200s",
                 function_name, Py_TYPE(object)->tp_name);
    return NULL;
}

static PyObject *enable(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBool_FromLong(activate(ACTIVATION_API));
}

static PyObject *disable(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    deactivate();
    Py_RETURN_NONE;
}

static PyObject *compile_function(PyObject *module, PyObject *arguments, PyObject *keywords)
{
    static char *names[] = {"", "tier", NULL};
    PyObject *object;
    int tier = HIGHEST_TIER;
    (void)module;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|i:compile", names, &object, &tier)) {
        return NULL;
    }
    PyCodeObject *code = code_of(object, "compile");
    if (code == NULL) {
        return NULL;
    }
    if (tier < 1 || tier > HIGHEST_TIER) {
        return PyErr_Format(PyExc_ValueError, "pyjit.compile() tier must be from 1 to %d, not %d", HIGHEST_TIER,
                            tier);
    }
    if (!hook_is_installed()) {
        Py_RETURN_FALSE;
    }
    PyObject *globals = PyFunction_Check(object) ? PyFunction_GET_GLOBALS(object) : NULL;
    enum reason reason = options_select(code) ? hook_compile(code, globals, tier) : REASON_suppressed;
    if (reason == REASON_suppressed) {
        /* Asked for by name: then the log answers by name, as it does for what the compiler refuses. */
        event_log(EVENT_refuse, code, tier, -1, reason, 0, -1);
    }
    return PyBool_FromLong(reason == REASON_none);
}

/* What `write` writes of the code of `object`, printed to `file`, or sys.stdout, as dis.dis() does. */
static PyObject *print_report(PyObject *arguments, PyObject *keywords, const char *format, const char *function_name,
                              void (*write)(PyCodeObject *code, bool dying, FILE *out))
{
    static char *names[] = {"", "file", NULL};
    PyObject *object, *file = Py_None;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, format, names, &object, &file)) {
        return NULL;
    }
    PyCodeObject *code = code_of(object, function_name);
    if (code == NULL) {
        return NULL;
    }
    if (!hook_is_installed()) {
        return PyErr_Format(PyExc_RuntimeError, "pyjit.%s(): the JIT is off", function_name);
    }
    if (file == Py_None) {
        file = PySys_GetObject("stdout");
    }
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return PyErr_NoMemory();
    }
    write(code, false, out);
    if (fclose(out) != 0) {
        free(text);
        return PyErr_NoMemory();
    }
    PyObject *string = PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace");
    free(text);
    /* Without a standard output (pythonw, sys.stdout = None) print() says nothing either. */
    int result = string == NULL                    ? -1
                 : file == NULL || file == Py_None ? 0
                                                   : PyFile_WriteObject(string, file, Py_PRINT_RAW);
    Py_XDECREF(string);
    return result < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *disassemble_function(PyObject *module, PyObject *arguments, PyObject *keywords)
{
    (void)module;
    return print_report(arguments, keywords, "O|$O:disassemble", "disassemble", disassemble);
}

static PyObject *explain_function(PyObject *module, PyObject *arguments, PyObject *keywords)
{
    (void)module;
    return print_report(arguments, keywords, "O|$O:explain", "explain", explain);
}

static PyObject *suppress(PyObject *module, PyObject *object)
{
    (void)module;
    PyCodeObject *code = code_of(object, "suppress");
    /* Where the JIT can never be switched on there is nothing to suppress. */
    if (code == NULL || (activation_possible() && hook_suppress(code, true) < 0)) {
        return NULL;
    }
    return Py_NewRef(object);
}

static PyObject *is_compiled(PyObject *module, PyObject *object)
{
    (void)module;
    PyCodeObject *code = code_of(object, "is_compiled");
    return code == NULL ? NULL : PyBool_FromLong(hook_is_installed() && hook_tier_of(code) > 0);
}

static PyObject *stats(PyObject *module, PyObject *unused)
{
    size_t pieces, machine_bytes, table_bytes;
    (void)module, (void)unused;
    code_map_totals(&pieces, &machine_bytes, &table_bytes);
    PyObject *now = Py_BuildValue("{s:O,s:n,s:n,s:n,s:n,s:n}", "enabled", hook_is_installed() ? Py_True : Py_False,
                                  "functions", (Py_ssize_t)pieces, "machine_bytes", (Py_ssize_t)machine_bytes,
                                  "table_bytes", (Py_ssize_t)table_bytes, "arena_used", (Py_ssize_t)code_arena_used(),
                                  "arena_limit", (Py_ssize_t)code_arena_limit());
    struct tiers_totals tiers = tiers_get_totals();
    struct compile_thread_totals thread;
    compile_thread_get_totals(&thread);
    PyObject *tier2 =
        now == NULL
            ? NULL
            : Py_BuildValue("{s:n,s:n,s:n,s:n,s:d,s:d,s:d,s:d}", "functions", (Py_ssize_t)tiers.functions, "queued",
                            (Py_ssize_t)thread.queued, "refused", (Py_ssize_t)thread.refused, "cancelled",
                            (Py_ssize_t)thread.cancelled, "build_milliseconds", tiers.build_milliseconds,
                            "milliseconds", thread.milliseconds, "processor_milliseconds",
                            thread.processor_milliseconds, "longest_milliseconds", thread.longest_milliseconds);
    if (tier2 == NULL || PyDict_SetItemString(now, "tier2", tier2) < 0) {
        Py_CLEAR(now);
    }
    Py_XDECREF(tier2);
    PyObject *events = now == NULL ? NULL : stats_as_dict();
    if (events == NULL || PyDict_SetItemString(now, "events", events) < 0) {
        Py_CLEAR(now);
    }
    Py_XDECREF(events);
    if (now != NULL && options.count_allocations) {
        PyObject *allocations = stats_allocations();
        if (allocations == NULL || PyDict_SetItemString(now, "allocations", allocations) < 0) {
            Py_CLEAR(now);
        }
        Py_XDECREF(allocations);
    }
    return now;
}

static PyObject *native_stack(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return native_stack_list(__builtin_frame_address(0));
}

static PyObject *clear(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    if (hook_is_installed()) {
        hook_clear();
    }
    stats_clear();
    Py_RETURN_NONE;
}

/* ---- For pyjit.pth, the README's table and the tests --------------------------------------------- */

static PyObject *activate_from_pth(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyBool_FromLong(activate(ACTIVATION_PTH));
}

static PyObject *describe_options(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return options_describe();
}

/* _startup_check(fact=None, value=0): the check's verdict as (reason, fact, facts compared), with one fact seen differently. */
static PyObject *check_startup(PyObject *module, PyObject *arguments)
{
    struct startup_override override = {0};
    (void)module;
    if (!PyArg_ParseTuple(arguments, "|zL:_startup_check", &override.name, &override.value)) {
        return NULL;
    }
    struct startup_verdict verdict = startup_check(override.name == NULL ? NULL : &override);
    return Py_BuildValue("(szi)", reason_name(verdict.reason), verdict.fact, verdict.facts);
}

static PyMethodDef methods[] = {
    {"enable", enable, METH_NOARGS,
     PyDoc_STR("enable($module, /)\n--\n\nSwitch the JIT on. Returns whether it is on: PYTHON_JIT=0 and -X jit=0 "
               "win, and an "
               "interpreter\nthat pyjit does not know is declined with a line on standard error.")},
    {"disable", disable, METH_NOARGS,
     PyDoc_STR(
         "disable($module, /)\n--\n\nSwitch the JIT off: functions run in the interpreter from their next call on.")},
    {"compile", (PyCFunction)(void (*)(void))compile_function, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR(
         "compile($module, function, /, tier=1)\n--\n\nCompile a function now. Returns whether it is compiled; the "
         "log says why not.")},
    {"disassemble", (PyCFunction)(void (*)(void))disassemble_function, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("disassemble($module, function, /, *, file=None)\n--\n\nPrint a function line by line: source, "
               "bytecode, the machine code "
               "of tier 1, tier 2's IR and machine code.")},
    {"explain", (PyCFunction)(void (*)(void))explain_function, METH_VARARGS | METH_KEYWORDS,
     PyDoc_STR("explain($module, function, /, *, file=None)\n--\n\nPrint why a function is as fast as it is: which "
               "tier runs it, what was "
               "inlined, what was not and why, and what would make it faster.")},
    {"suppress", suppress, METH_O,
     PyDoc_STR(
         "suppress($module, function, /)\n--\n\nNever compile this function. Returns it, so that it serves as a "
         "decorator.")},
    {"is_compiled", is_compiled, METH_O,
     PyDoc_STR("is_compiled($module, function, /)\n--\n\nWould a call of this function run compiled code?")},
    {"stats", stats, METH_NOARGS,
     PyDoc_STR("stats($module, /)\n--\n\nWhat is compiled, how much memory it takes, and how often each event "
               "happened, as a "
               "dict.")},
    {"native_stack", native_stack, METH_NOARGS,
     PyDoc_STR("native_stack($module, /)\n--\n\nThe C and Python frames of this thread, innermost first, as a list "
               "of named "
               "tuples:\naddress, name, tier (None for C code), qualname, filename, lineno.")},
    {"clear", clear, METH_NOARGS,
     PyDoc_STR("clear($module, /)\n--\n\nDrop all compiled code that is not running, and all counters.")},
    {"_activate", activate_from_pth, METH_NOARGS, NULL},
    {"_options", describe_options, METH_NOARGS, NULL},
    {"_startup_check", check_startup, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* Each interpreter that imports us gets a module object; the JIT itself serves the main one only. */
static int initialise(PyObject *module)
{
    if (PyInterpreterState_Get() == PyInterpreterState_Main() && module_sys_jit_install() < 0) {
        return -1;
    }
    return PyModule_AddStringConstant(module, "__version__", PYJIT_VERSION);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, initialise}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "pyjit",
    .m_doc = PyDoc_STR(
        "A JIT compiler for stock CPython 3.11. Switched on by the pyjit command, -X jit, PYTHON_JIT=1 or enable()."),
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit_pyjit(void)
{
    return PyModuleDef_Init(&definition);
}
