/* runtime/plain_cells.c: the cells of closures, made and filled without running code. See plain.h. */
#include "runtime/deopt.h"
#include "runtime/object_pool.h"
#include "runtime/ops.h"
#include "runtime/plain.h"

/* With the collector held off; NULL without memory, no exception set. */
static PyObject *new_cell(PyObject **items, int count)
{
    PyObject *cell = object_pool_take(&runtime_data.cells);
    if (LIKELY(cell != NULL)) {
        object_track_in(runtime_data.collector, cell);
    } else {
        int enabled = plain_hold_collection_off();
        cell = PyCell_New(NULL);
        plain_allow_collection(enabled);
        if (UNLIKELY(cell == NULL)) {
            PyErr_Clear();
            return NULL;
        }
    }
    ((PyCellObject *)cell)->ob_ref = count > 0 ? items[0] : NULL;
    return cell;
}

PyObject *rt_plain_cell(PyObject **items, int count)
{
    return runtime_data.cells.count == 0 && plain_collection_is_due(1) ? NULL : new_cell(items, count);
}

PyObject *rt_tier2_make_cell(PyObject **items, int count)
{
    PyObject *cell = new_cell(items, count);
    if (UNLIKELY(cell == NULL)) {
        Py_FatalError("pyjit: out of memory while leaving compiled code");
    }
    return cell;
}

PyObject *rt_plain_cell_exchange(PyObject *cell, PyObject *value)
{
    PyObject *old = PyCell_GET(cell);
    PyCell_SET(cell, value);
    return old != NULL ? old : Py_NewRef(Py_None);
}
