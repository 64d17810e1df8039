/* vm/preload.c: libpyjit-preload.so, which the launcher has the dynamic loader put into the interpreter.
 *
 * It stands apart from libpyjit.so because it may end up in processes that are no CPython 3.11 at all (PYJIT_PYTHON
 * may name a shell script that starts Python, or another version): it refers to Python's symbols weakly, to its
 * functions only, and where they are missing it does nothing. In the interpreter it waits, as a C audit hook, for
 * CPython to say that it is about to run the program (the events cpython.run_*, raised by main.c's
 * pymain_run_python and what it calls, for every way of naming a program and whatever -I, -E and -S say).
 * Then it loads libpyjit.so, which switches the JIT on and takes the hook out again.
 */
#include "runtime/cpython.h"
#include "vm/launch.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma weak Py_GetVersion
#pragma weak PyErr_SetString
#pragma weak PyErr_Occurred
#pragma weak PyImport_AppendInittab
#pragma weak PySys_AddAuditHook
#pragma weak PyTuple_GetItem
#pragma weak PyTuple_Size
#pragma weak PyUnicode_CompareWithASCIIString

static char library_path[PATH_MAX];
static bool finished;

/* A function of libpyjit.so, loaded on the first call; NULL, told in one line once, when it cannot be. */
static void *library_function(const char *name)
{
    static bool told;
    void *library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    void *function = library == NULL ? NULL : dlsym(library, name);
    if (function == NULL && !told) {
        told = true;
        fprintf(stderr, "pyjit: stays off: %s\n", dlerror());
    }
    return function;
}

/* `import pyjit` in a launched process: the module is in the library that is (or will be) at work, not in another copy
 * that may be installed. Registered only when somebody asks, so that sys.builtin_module_names stays stock's. */
static PyObject *init_module(void)
{
    PyObject *(*init)(void) = library_function("PyInit_pyjit");
    return init == NULL ? NULL : init();
}

static int watch_for_start(const char *event, PyObject *arguments, void *unused)
{
    static bool registered;
    (void)unused;
    if (finished) {
        return 0;
    }
    bool starts = strncmp(event, "cpython.run_", strlen("cpython.run_")) == 0;
    bool imports_us = !starts && !registered && strcmp(event, "import") == 0 && PyTuple_Size(arguments) > 0 &&
                      PyUnicode_CompareWithASCIIString(PyTuple_GetItem(arguments, 0), "pyjit") == 0;
    if (!starts && !imports_us) {
        return 0;
    }
    if (!registered) {
        registered = true;
        PyImport_AppendInittab("pyjit", init_module);
    }
    if (starts) {
        finished = true;
        launch_activate_function activate = (launch_activate_function)library_function(LAUNCH_ACTIVATE);
        if (activate != NULL) {
            activate((void *)watch_for_start);
        }
    }
    return 0;
}

/* Puts the environment back into the state the user gave it. */
static void restore_environment(void)
{
    const char *saved = getenv(LAUNCH_SAVED_PRELOAD);
    if (saved != NULL) {
        setenv("LD_PRELOAD", saved, 1);
        unsetenv(LAUNCH_SAVED_PRELOAD);
    } else {
        unsetenv("LD_PRELOAD");
    }
    unsetenv(LAUNCH_LIBRARY);
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv(LAUNCH_LIBRARY);
    if (path == NULL || strlen(path) >= sizeof(library_path)) {
        return;
    }
    /* No Python, a wrapper script's shell perhaps: the interpreter it starts finds the variables still there. */
    if (Py_GetVersion == NULL || PySys_AddAuditHook == NULL) {
        return;
    }
    strcpy(library_path, path);
    restore_environment();
    const char *version = Py_GetVersion();
    if (strncmp(version, "3.11.", 5) != 0) {
        fprintf(stderr, "pyjit: stays off: this interpreter is CPython %.*s, pyjit serves 3.11 only\n",
                (int)strcspn(version, " "), version);
        return;
    }
    PySys_AddAuditHook(watch_for_start, NULL);
}
