/* vm/end_reports.c: see end_reports.h.
 *
 * Nothing here keeps a code object alive, so many are gone when the program ends, the main program's own among them. What there is to say of those is
 * written to memory when they die. */
#include "vm/end_reports.h"

#include "runtime/code_map.h"
#include "vm/disassemble.h"
#include "vm/explain.h"
#include "vm/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum report { REPORT_DISASSEMBLY, REPORT_EXPLANATION, REPORT_COUNT };

struct log_file end_reports_file = {.what = "the report", .pattern = "-"};

static pid_t process; /* whose reports are wanted; 0: nobody's */
static bool over;     /* they have been written */
static struct {
    FILE *file; /* of those that have died; NULL: none has yet */
    char *text; /* owned */
    size_t size;
} dead[REPORT_COUNT];

static const struct patterns *patterns_of(enum report report)
{
    return report == REPORT_DISASSEMBLY ? &options.disassemble : &options.explain;
}

static void write_report(enum report report, PyCodeObject *code, bool dying, FILE *out)
{
    if (report == REPORT_DISASSEMBLY) {
        disassemble(code, dying, out);
    } else {
        explain(code, dying, out);
    }
}

void end_reports_note_death(struct code_state *state)
{
    if (process == 0 || over || process != getpid()) {
        return;
    }
    int errno_before = errno;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    for (enum report report = 0; report < REPORT_COUNT; report++) {
        if (options_match(patterns_of(report), state->code)) {
            if (dead[report].file == NULL) {
                dead[report].file = open_memstream(&dead[report].text, &dead[report].size);
            }
            if (dead[report].file != NULL) {
                write_report(report, state->code, true, dead[report].file);
            }
        }
    }
    PyErr_Restore(type, value, traceback);
    errno = errno_before;
}

/* All compiled code, in a list, because what follows may change the map. */
static int gather(struct compiled_code *compiled, void *list)
{
    struct code_state *state = code_state_get(compiled->code);
    bool wanted = state != NULL && state->compiled == compiled;
    return wanted ? PyList_Append(list, (PyObject *)compiled->code) : 0;
}

static int compare_codes(const void *a, const void *b)
{
    PyCodeObject *left = *(PyCodeObject *const *)a, *right = *(PyCodeObject *const *)b;
    int files = PyUnicode_Compare(left->co_filename, right->co_filename);
    return files != 0
               ? files
               : (left->co_firstlineno > right->co_firstlineno) - (left->co_firstlineno < right->co_firstlineno);
}

static PyObject *report_all(PyObject *self, PyObject *unused)
{
    (void)self, (void)unused;
    if (process != getpid() || over) {
        Py_RETURN_NONE;
    }
    PyObject *list = PyList_New(0);
    if (list == NULL || code_map_each(gather, list) != 0) {
        Py_XDECREF(list);
        return NULL;
    }
    over = true;
    qsort(((PyListObject *)list)->ob_item, (size_t)PyList_GET_SIZE(list), sizeof(PyObject *), compare_codes);
    for (enum report report = 0; report < REPORT_COUNT; report++) {
        FILE *out = dead[report].file;
        if (out == NULL) {
            out = open_memstream(&dead[report].text, &dead[report].size);
        }
        for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list) && out != NULL; i++) {
            PyCodeObject *code = (PyCodeObject *)PyList_GET_ITEM(list, i);
            if (options_match(patterns_of(report), code)) {
                write_report(report, code, false, out);
            }
        }
        if (out != NULL && fclose(out) == 0 && log_file_is_open(&end_reports_file)) {
            log_file_append(&end_reports_file, dead[report].text, dead[report].size);
        }
        free(dead[report].text);
    }
    Py_DECREF(list);
    Py_RETURN_NONE;
}

void end_reports_start(void)
{
    static PyMethodDef method = {"pyjit_report", report_all, METH_NOARGS, NULL};
    if (process != 0 || (options.disassemble.count == 0 && options.explain.count == 0)) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *module = PyImport_ImportModule("atexit");
    PyObject *callback = module != NULL ? PyCFunction_New(&method, NULL) : NULL;
    PyObject *done = callback != NULL ? PyObject_CallMethod(module, "register", "O", callback) : NULL;
    process = done != NULL ? getpid() : 0;
    Py_XDECREF(done);
    Py_XDECREF(callback);
    Py_XDECREF(module);
    PyErr_Restore(type, value, traceback);
}
