/* vm/stats.c: counters of the events that event_log.h names. */
#include "vm/stats.h"

#include "runtime/allocation_counts.h"
#include "runtime/code_map.h"
#include "runtime/code_state.h"

#include <string.h>

static struct {
    uint64_t counts[EVENT_KIND_COUNT][REASON_COUNT];
    uint64_t bytes;
    double milliseconds;
} stats;

void stats_add(enum event_kind kind, enum reason reason, size_t bytes, double milliseconds)
{
    stats.counts[kind][reason]++;
    if (kind == EVENT_compile) {
        stats.bytes += bytes;
        stats.milliseconds += milliseconds > 0 ? milliseconds : 0;
    }
}

void stats_clear(void)
{
    memset(&stats, 0, sizeof(stats));
}

/* dict[key] = value, taking the reference to value; NULL values are the caller's error passed on. Returns 0 or -1. */
static int set_steal(PyObject *dict, const char *key, PyObject *value)
{
    if (value == NULL) {
        return -1;
    }
    int result = PyDict_SetItemString(dict, key, value);
    Py_DECREF(value);
    return result;
}

/* Fills in one kind: its total, and its reasons when it has any. */
static int describe_kind(PyObject *result, PyObject *all_reasons, enum event_kind kind)
{
    uint64_t total = 0;
    PyObject *reasons = PyDict_New();
    if (reasons == NULL) {
        return -1;
    }
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        uint64_t count = stats.counts[kind][reason];
        total += count;
        if (count > 0 && reason != REASON_none &&
            set_steal(reasons, reason_name(reason), PyLong_FromUnsignedLongLong(count)) < 0) {
            Py_DECREF(reasons);
            return -1;
        }
    }
    if (PyDict_GET_SIZE(reasons) > 0 && PyDict_SetItemString(all_reasons, event_name(kind), reasons) < 0) {
        Py_DECREF(reasons);
        return -1;
    }
    Py_DECREF(reasons);
    return set_steal(result, event_name(kind), PyLong_FromUnsignedLongLong(total));
}

PyObject *stats_as_dict(void)
{
    PyObject *result = PyDict_New(), *all_reasons = PyDict_New();
    if (result == NULL || all_reasons == NULL) {
        goto error;
    }
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        if (describe_kind(result, all_reasons, kind) < 0) {
            goto error;
        }
    }
    if (PyDict_SetItemString(result, "reasons", all_reasons) < 0 ||
        set_steal(result, "bytes", PyLong_FromUnsignedLongLong(stats.bytes)) < 0 ||
        set_steal(result, "milliseconds", PyFloat_FromDouble(stats.milliseconds)) < 0) {
        goto error;
    }
    Py_DECREF(all_reasons);
    return result;
error:
    Py_XDECREF(result);
    Py_XDECREF(all_reasons);
    return NULL;
}

static int describe_allocations(struct compiled_code *compiled, void *list)
{
    PyCodeObject *code = compiled->code;
    struct code_state *state = code_state_get(code);
    if (state->counts == NULL || state->compiled != compiled) {
        return 0;
    }
    PyObject *row = Py_BuildValue("{s:O,s:O,s:i}", "function", code->co_qualname, "file", code->co_filename, "line",
                                  code->co_firstlineno);
    int result = row == NULL ? -1 : 0;
#define COUNT(field, type)                                                                                           \
    if (result == 0) {                                                                                               \
        result = set_steal(row, #field, PyLong_FromUnsignedLongLong(state->counts->field));                          \
    }
    ALLOCATION_COUNTS(COUNT)
    COUNT(objects, )
    COUNT(in_place, )
#undef COUNT
    if (result == 0) {
        result = PyList_Append(list, row);
    }
    Py_XDECREF(row);
    return result;
}

PyObject *stats_allocations(void)
{
    PyObject *list = PyList_New(0);
    if (list != NULL && code_map_each(describe_allocations, list) != 0) {
        Py_CLEAR(list);
    }
    return list;
}
