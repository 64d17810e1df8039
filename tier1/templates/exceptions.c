/* tier1/templates/exceptions.c: handlers of exceptions. What raises and finds the handler is runtime/side_exit.c. */
#include "tier1/template.h"

/* The exception in slot H_A is being handled from here on: what was before takes its place, and it goes on top, into H_D. */
TEMPLATE(PUSH_EXC_INFO)
{
    _PyErr_StackItem *handled = tstate->exc_info;
    PyObject *exception = DISPLACED(H_A);
    PyObject *before = handled->exc_value;
    if (before == NULL) {
        before = RUNTIME->none;
        before->ob_refcnt++;
    }
    exception->ob_refcnt++;
    handled->exc_value = exception;
    DISPLACED(H_A) = before;
    DISPLACED(H_D) = exception;
    GO(CONT);
}

/* Does the class or tuple in r0 catch the exception in slot H_A? JUMP: it does not. SLOW: to be asked in general. */
TEMPLATE(JUMP_IF_NOT_CAUGHT)
{
    PyTypeObject *class = Py_TYPE(DISPLACED(H_A));
    if (LIKELY((PyObject *)class == r0)) {
        /* The exception's own class: not the last reference. */
        r0->ob_refcnt--;
        GO(CONT);
    }
    int caught = rt_quick_match(class, r0);
    if (caught == 0) {
        GO(JUMP);
    }
    if (UNLIKELY(caught < 0)) {
        GO(SLOW);
    }
    GO(CONT);
}

/* x: is it caught? */
TEMPLATE(SLOW_MATCH)
{
    SET_INSTRUCTION();
    int caught = rt_match(tstate, DISPLACED(H_A), r0);
    if (UNLIKELY(caught < 0)) {
        GO(ERROR);
    }
    GO_WITH(CONT, (long)caught, ANY);
}

/* What was being handled before, in slot H_A, is so again. FREE: x was the last reference to the exception. */
TEMPLATE(POP_EXCEPT)
{
    _PyErr_StackItem *handled = tstate->exc_info;
    PyObject *exception = handled->exc_value;
    handled->exc_value = DISPLACED(H_A);
    if (LIKELY(exception != NULL) && --exception->ob_refcnt == 0) {
        GO_WITH(FREE, exception, ANY);
    }
    GO(CONT);
}

TEMPLATE(DROP_EXCEPTION)
{
    SET_INSTRUCTION();
    rt_drop_exception(tstate, frame, x);
    GO(CONT);
}
