/* runtime/allocation_counts.c: see allocation_counts.h. */
#include "runtime/allocation_counts.h"

void rt_note_callee(struct allocation_site *site)
{
    PyObject *callee = site->operands[0] != NULL ? site->operands[0] : site->operands[1];
    site->made_elsewhere = callee != NULL && (PyFunction_Check(callee) || PyMethod_Check(callee) ||
                                              PyGen_CheckExact(callee) || PyCoro_CheckExact(callee));
    site->operands[0] = site->operands[1] = NULL;
}

void rt_count_result(struct allocation_site *site, PyObject *result)
{
    struct allocation_counts *counts = site->counts;
    if (result == NULL || Py_REFCNT(result) != 1 || site->made_elsewhere) {
        return;
    }
    bool same = result == site->operands[0] || result == site->operands[1];
    if (same && (PyLong_CheckExact(result) || PyFloat_CheckExact(result))) {
        counts->in_place++;
        return;
    }
    if (same) {
        return;
    }
#define COUNT(field, type)                                                                                           \
    if (Py_IS_TYPE(result, &type)) {                                                                                 \
        counts->field++;                                                                                             \
        return;                                                                                                      \
    }
    ALLOCATION_COUNTS(COUNT)
#undef COUNT
    counts->objects++;
}
