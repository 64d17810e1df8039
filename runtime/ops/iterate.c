/* runtime/ops/iterate.c: making and advancing iterators. */
#include "runtime/generator.h"
#include "runtime/ops/shared.h"
#include "runtime/iterators.h"
#include "runtime/ops/user_operators.h"

/* [iterable] -> [iterator] */
HANDLER(GET_ITER)
{
    PyObject *iterable = sp[-1];
    if (PyGen_CheckExact(iterable)) {
        return 0;
    }
    PyObject *iterator = user_iter(iterable);
    if (iterator == USER_ELSEWHERE) {
        iterator = PyObject_GetIter(iterable);
    }
    Py_DECREF(iterable);
    sp[-1] = iterator;
    return iterator == NULL ? OPS_RAISED : 0;
}

PyObject *rt_iter_next(PyThreadState *tstate, PyObject *iter, struct iterator_cell *cell)
{
    iterator_note(iter, cell);
    if (PyGen_CheckExact(iter)) {
        return rt_generator_next(tstate, iter);
    }
    PyObject *value = user_next(iter);
    if (value == USER_ELSEWHERE) {
        value = Py_TYPE(iter)->tp_iternext(iter);
    }
    if (value == NULL && tstate->curexc_type != NULL && _PyErr_ExceptionMatches(tstate, PyExc_StopIteration)) {
        _PyErr_Clear(tstate);
    }
    return value;
}
