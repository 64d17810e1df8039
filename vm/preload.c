/* vm/preload.c: libpyjit-preload.so, which the launcher has the dynamic loader put into the interpreter.
 *
 * It stands apart from libpyjit.so because it may end up in processes that are no CPython 3.11 at all (PYJIT_PYTHON
 * may name a shell script that starts Python, or another version): it refers to Python's symbols weakly, and where
 * they are missing it does nothing. In the interpreter it waits, as a C audit hook, for
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
#pragma weak PyImport_AppendInittab
#pragma weak PySys_AddAuditHook
#pragma weak PyExc_ImportError
#pragma weak _PyRuntime
#pragma weak _Py_NegativeRefcount /* exists in debug builds only */
void _Py_NegativeRefcount(const char *file, int line, PyObject *object);

static char library_path[PATH_MAX];

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

/* Takes `hook` out of CPython's list, so that later audit events cost what they cost on stock. The entry is not freed:
 * PySys_Audit is walking the list and will read the entry's `next` when the hook returns. */
static void remove_hook(Py_AuditHookFunction hook)
{
    for (_Py_AuditHookEntry **link = &_PyRuntime.audit_hook_head; *link != NULL; link = &(*link)->next) {
        if ((*link)->hookCFunction == hook) {
            *link = (*link)->next;
            return;
        }
    }
}

/* `import pyjit` in a launched process: a built-in module, so that it is the library at work that answers, not another copy
 * that may be installed. (Hence the one more name in sys.builtin_module_names.) */
static PyObject *init_module(void)
{
    PyObject *(*init)(void) = library_function("PyInit_pyjit");
    if (init == NULL) {
        PyErr_SetString(PyExc_ImportError, "libpyjit.so cannot be loaded");
        return NULL;
    }
    return init();
}

/* The hook for the whole of Python's start. */
static int watch_for_start(const char *event, PyObject *arguments, void *unused)
{
    (void)arguments, (void)unused;
    if (strncmp(event, "cpython.run_", strlen("cpython.run_")) == 0) {
        remove_hook(watch_for_start);
        launch_activate_function activate = (launch_activate_function)library_function(LAUNCH_ACTIVATE);
        if (activate != NULL) {
            activate();
        }
    }
    return 0;
}

/* The hook for the very first event. CPython frees the hooks of its list with the allocator that PYTHONMALLOC and -X dev have
 * chosen meanwhile, and aborts when that is the debug allocator and the entry is older (sysmodule.c, _PySys_ClearAuditHooks).
 * The start may fail before any program runs, so our entry is replaced by one that the chosen allocator knows. */
static int watch_for_first_event(const char *event, PyObject *arguments, void *unused)
{
    remove_hook(watch_for_first_event);
    PySys_AddAuditHook(watch_for_start, NULL);
    return watch_for_start(event, arguments, unused);
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
    if (&_PyRuntime == NULL || _Py_NegativeRefcount != NULL) {
        fprintf(stderr, "pyjit: stays off: this interpreter is a debug build of CPython, laid out differently\n");
        return;
    }
    /* The start-up check has not been made yet. What it will say of _PyRuntime we can see here for the one field we touch:
     * the list was empty, and now begins with our hook. */
    if (_PyRuntime.audit_hook_head != NULL || PyImport_AppendInittab("pyjit", init_module) < 0 ||
        PySys_AddAuditHook(watch_for_first_event, NULL) < 0 || _PyRuntime.audit_hook_head == NULL) {
        fprintf(stderr, "pyjit: stays off: this build of CPython lays out its structures differently\n");
    }
}
