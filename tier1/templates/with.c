/* tier1/templates/with.c: native calls of __enter__ and of a bound __exit__. They stand around the templates of calls.c: what follows
 * PUSH_FRAME must not fail. */
#include "tier1/template.h"

/* The manager in slot H_A is of the class that the cell knows: r0 becomes its __enter__, owned. Memory for the method that will
 * bind its __exit__ is there. */
TEMPLATE(LOAD_ENTER)
{
    struct with_cell *cell = QUAD(Q_CELL);
    if (UNLIKELY(Py_TYPE(DISPLACED(H_A))->tp_version_tag != cell->type_version || RUNTIME->methods.count == 0 ||
                 RUNTIME->tracemalloc->tracing != 0)) {
        GO(SLOW);
    }
    r0 = cell->enter;
    r0->ob_refcnt++;
    GO(CONT);
}

/* x is __enter__'s frame. The bound __exit__ takes the manager's place. On stock a bound method holds manager and __enter__ during
 * the call. */
TEMPLATE(BIND_EXIT)
{
    struct with_cell *cell = QUAD(Q_CELL);
    struct runtime_data *runtime = RUNTIME_BASE;
    PyObject *manager = DISPLACED(H_A);
    PyMethodObject *method = (PyMethodObject *)object_pool_take_open(&runtime->methods);
    manager->ob_refcnt += 2;
    cell->enter->ob_refcnt++;
    cell->exit->ob_refcnt++;
    method->im_func = cell->exit;
    method->im_self = manager;
    method->im_weakreflist = NULL;
    method->vectorcall = runtime->method_vectorcall;
    object_track(tstate, (PyObject *)method);
    DISPLACED(H_A) = (PyObject *)method;
    (&DISPLACED(H_A))[1] = cell->enter; /* for LEAVE_ENTER */
    ((InterpreterFrame *)x)->localsplus[0] = manager;
    PASS(CONT);
}

/* __enter__ is through. */
TEMPLATE(LEAVE_ENTER)
{
    PyMethodObject *exit = (PyMethodObject *)DISPLACED(H_A);
    exit->im_self->ob_refcnt--;
    rt_release((&DISPLACED(H_A))[1]);
    GO(CONT);
}

/* The function in r0 is not called after all; somebody else holds it. */
TEMPLATE(DROP_CALLEE)
{
    r0->ob_refcnt--;
    GO(CONT);
}

TEMPLATE(SLOW_BEFORE_WITH)
{
    SET_INSTRUCTION();
    if (UNLIKELY(rt_before_with(tstate, &DISPLACED(H_A), QUAD(Q_CELL)) < 0)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* The function that the bound method in slot H_A calls, owned. */
TEMPLATE(LOAD_BOUND_FUNCTION)
{
    PyMethodObject *method = (PyMethodObject *)DISPLACED(H_A);
    if (UNLIKELY(Py_TYPE(method) != RUNTIME->method_type)) {
        GO(SLOW);
    }
    r0 = method->im_func;
    r0->ob_refcnt++;
    GO(CONT);
}

/* x is its frame. */
TEMPLATE(MOVE_SELF)
{
    PyObject *self = ((PyMethodObject *)DISPLACED(H_A))->im_self;
    self->ob_refcnt++;
    ((InterpreterFrame *)x)->localsplus[0] = self;
    PASS(CONT);
}

/* Its call is over; r0 is the result, or NULL. */
TEMPLATE(DROP_BOUND_METHOD)
{
    PyObject *method = DISPLACED(H_A);
    if (LIKELY(--method->ob_refcnt == 0)) {
        GO_WITH(FREE, method, ANY);
    }
    GO(CONT);
}
