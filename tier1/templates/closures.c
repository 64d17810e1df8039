/* tier1/templates/closures.c: cells, free variables, function objects. */
#include "tier1/template.h"

/* Local H_A, an argument or nothing, moves into a new cell of its own. */
TEMPLATE(MAKE_CELL)
{
    struct runtime_data *runtime = RUNTIME_BASE;
    if (UNLIKELY(runtime->tracemalloc->tracing != 0 || runtime->cells.count == 0)) {
        GO(SLOW);
    }
    PyObject *cell = object_pool_take_open(&runtime->cells);
    ((PyCellObject *)cell)->ob_ref = DISPLACED(H_A);
    DISPLACED(H_A) = cell;
    object_track(tstate, cell);
    GO(CONT);
}

/* x becomes the function's closure, for the templates that follow. */
TEMPLATE(LOAD_CLOSURE_TUPLE)
{
    GO_WITH(CONT, frame->f_func->func_closure, ANY);
}

/* The cell H_N bytes inside the closure, into the frame. */
TEMPLATE(COPY_FREE_VARIABLE)
{
    PyObject *cell = *(PyObject **)((char *)x + (uintptr_t)H_N);
    cell->ob_refcnt++;
    DISPLACED(H_D) = cell;
    PASS(CONT);
}

TEMPLATE(LOAD_DEREF)
{
    PyObject *value = ((PyCellObject *)DISPLACED(H_A))->ob_ref;
    if (UNLIKELY(value == NULL)) {
        GO(SLOW);
    }
    value->ob_refcnt++;
    r0 = value;
    GO(CONT);
}

#define STORE_INTO_CELL(kind)                                                                                        \
    TEMPLATE(STORE_DEREF_##kind)                                                                                     \
    {                                                                                                                \
        PyCellObject *cell = (PyCellObject *)DISPLACED(H_B);                                                         \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        PyObject *old = cell->ob_ref;                                                                                \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        cell->ob_ref = value;                                                                                        \
        if (old != NULL && UNLIKELY(--old->ob_refcnt == 0)) {                                                        \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
STORE_INTO_CELL(L)
STORE_INTO_CELL(C)
STORE_INTO_CELL(S)
STORE_INTO_CELL(R)

/* The optional parts H_N stand in their slots from H_A on, the code is a constant. */
TEMPLATE(MAKE_FUNCTION)
{
    SET_INSTRUCTION();
    r0 = rt_make_function(tstate, frame, (PyCodeObject *)QUAD(Q_A), &DISPLACED(H_A), NUMBER(H_N), QUAD(Q_CELL));
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}
