/* runtime/stress.c: see stress.h. */
#include "runtime/stress.h"

#include "runtime/deopt.h"

struct stress_settings stress_settings;

/* ---- Guards ----------------------------------------------------------------------------------------------------- */

static bool forced;

/* A guard fails at its first, second or third execution: so some fail in a loop's later turns. */
enum { EXECUTIONS = 3 };

int rt_stress_guard(struct deopt_table *table, uint32_t exit)
{
    static unsigned executions;
    if (stress_settings.each_guard) {
        struct deopt_exit *row = &table->exits[exit];
        forced = row->stress <= exit % EXECUTIONS && row->stress++ == exit % EXECUTIONS;
    } else {
        forced = stress_settings.guard_period != 0 && ++executions % stress_settings.guard_period == 0;
    }
    return forced;
}

bool stress_was_forced(void)
{
    bool was = forced;
    forced = false;
    return was;
}

/* ---- Collection --------------------------------------------------------------------------------------------------- */

void stress_collect(PyThreadState *tstate)
{
    if (!stress_settings.gc) {
        return;
    }
    /* The allocation of an object that the collector knows collects when the count says so, and the collector is switched on. */
    struct gc_generation *youngest = &tstate->interp->gc.generations[0];
    if (youngest->threshold != 0) {
        youngest->count = youngest->threshold + 1;
        PyObject *cell = PyCell_New(NULL);
        if (cell == NULL) {
            PyErr_Clear();
        }
        Py_XDECREF(cell);
    }
}
