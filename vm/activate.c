/* vm/activate.c: how the JIT comes to life in a process, and why not. */
#include "vm/activate.h"

#include "gdb/crash_report.h"
#include "gdb/jit_interface.h"
#include "perf/code_listing.h"
#include "runtime/code_arena.h"
#include "vm/end_reports.h"
#include "vm/event_log.h"
#include "vm/hook.h"
#include "vm/launch.h"
#include "vm/module_sys_jit.h"
#include "vm/options.h"
#include "vm/run_profile.h"
#include "vm/startup_check.h"
#include "vm/trace.h"

#include <stdio.h>

/* Small enough to be full after a few functions; more than one page, or nothing would ever be compiled. */
enum { TINY_ARENA_BYTES = 32 * 1024 };

/* The start-up check's outcome, kept: the interpreter does not change under us. */
static enum { NOT_CHECKED, SERVED, NOT_SERVED } interpreter = NOT_CHECKED;

/* One line for the user, one for the log. */
static void decline(enum reason reason, const struct startup_verdict *verdict)
{
    fprintf(stderr, "pyjit: stays off: %s", reason_sentence(reason));
    if (verdict != NULL && verdict->fact != NULL) {
        fprintf(stderr, " (%s: expected %lld, found %lld)", verdict->fact, verdict->expected, verdict->found);
    }
    fprintf(stderr, "\n");
    event_log(EVENT_decline, NULL, -1, -1, reason, 0, -1);
}

/* The pending exception, as the end of a line; clears it. */
static void decline_with_exception(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *text = value == NULL ? NULL : PyObject_Str(value);
    const char *utf8 = text == NULL ? NULL : PyUnicode_AsUTF8(text);
    fprintf(stderr, "pyjit: stays off: %s\n", utf8 == NULL ? "the hook cannot be installed" : utf8);
    PyErr_Clear();
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

/* Checks the interpreter and prepares the arena, once; declines aloud. */
static bool prepare_interpreter(void)
{
    if (interpreter != NOT_CHECKED) {
        return interpreter == SERVED;
    }
    interpreter = NOT_SERVED;
    struct startup_verdict verdict = startup_check(NULL);
    if (verdict.reason != REASON_none) {
        decline(verdict.reason, &verdict);
        return false;
    }
    if (!code_arena_init(options.stress.tiny_arena ? TINY_ARENA_BYTES : (size_t)options.code_size_limit * 1024)) {
        decline(REASON_no_executable_memory, NULL);
        return false;
    }
    interpreter = SERVED;
    return true;
}

bool activate(enum activation_way way)
{
    static bool options_are_read;
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        decline(REASON_not_main_interpreter, NULL);
        return false;
    }
    if (hook_is_installed()) {
        return true;
    }
    if (options_switched_off()) {
        return false;
    }
    if (!options_are_read) {
        int level = options_read_switch();
        if (level == 0 || (level < 0 && way == ACTIVATION_PTH)) {
            return false;
        }
        options_read();
        options_are_read = true;
        event_log_open(options.log);
        if (options.report != NULL) {
            log_file_open(&end_reports_file, options.report);
        }
        if (options.trace) {
            trace_start();
        }
        code_listing_start(options.perf);
        if (options.gdb) {
            jit_interface_start();
        }
        if (options.crash_report) {
            crash_report_install();
        }
    }
    if (options.tier_cap == 0 || !prepare_interpreter()) {
        return false;
    }
    if (hook_install() < 0 || module_sys_jit_install() < 0) {
        decline_with_exception();
        return false;
    }
    end_reports_start();
    run_profile_start(options.profile_dir);
    return true;
}

void deactivate(void)
{
    if (hook_is_installed()) {
        hook_remove();
    }
}

bool activation_possible(void)
{
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        return false;
    }
    return interpreter == NOT_CHECKED ? startup_check(NULL).reason == REASON_none : interpreter == SERVED;
}

void pyjit_activate_launched(void)
{
    activate(ACTIVATION_LAUNCHER);
}
