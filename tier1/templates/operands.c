/* tier1/templates/operands.c: moving operands between locals, constants, stack slots and the register; stores. */
#include "tier1/template.h"

/* ---- Out of the deferred state, into the stack slot H_D (then owned) ---- */
TEMPLATE(SPILL_L)
{
    PyObject *value = DISPLACED(H_A);
    value->ob_refcnt++;
    DISPLACED(H_D) = value;
    PASS(CONT);
}

TEMPLATE(SPILL_C)
{
    PyObject *value = QUAD(Q_A);
    value->ob_refcnt++;
    DISPLACED(H_D) = value;
    PASS(CONT);
}

TEMPLATE(SPILL_R)
{
    DISPLACED(H_D) = r0;
    PASS(CONT);
}

TEMPLATE(SPILL_NULL)
{
    DISPLACED(H_D) = NULL;
    PASS(CONT);
}

/* ---- Into the register (owned) ---- */
TEMPLATE(TAKE_L)
{
    r0 = DISPLACED(H_A);
    r0->ob_refcnt++;
    GO(CONT);
}

TEMPLATE(TAKE_C)
{
    r0 = QUAD(Q_A);
    r0->ob_refcnt++;
    GO(CONT);
}

TEMPLATE(TAKE_S)
{
    r0 = DISPLACED(H_A);
    GO(CONT);
}

/* A second reference to what stands in a slot. */
TEMPLATE(COPY_S)
{
    r0 = DISPLACED(H_A);
    if (LIKELY(r0 != NULL)) {
        r0->ob_refcnt++;
    }
    GO(CONT);
}

TEMPLATE(SWAP_SLOTS)
{
    PyObject *a = DISPLACED(H_A);
    PyObject *b = DISPLACED(H_B);
    DISPLACED(H_A) = b;
    DISPLACED(H_B) = a;
    GO(CONT);
}

/* ---- Around an escape: a local H_A was spilled to H_D before it; is it still the same? ---- */
TEMPLATE(COMPARE_SPILLED)
{
    if (UNLIKELY(DISPLACED(H_D) != DISPLACED(H_A))) {
        GO(LEAVE);
    }
    PASS(CONT);
}

/* ... then the spilled reference goes again; the local's own keeps the object alive. */
TEMPLATE(UNSPILL)
{
    DISPLACED(H_D)->ob_refcnt--;
    PASS(CONT);
}

/* ---- Locals ---- */
TEMPLATE(CHECK_BOUND)
{
    if (UNLIKELY(DISPLACED(H_A) == NULL)) {
        GO(SLOW);
    }
    GO(CONT);
}

TEMPLATE(UNBOUND_LOCAL)
{
    SET_INSTRUCTION();
    rt_raise_unbound_local(tstate, frame, NUMBER(H_N));
    GO(ERROR);
}

/* ---- Dropping an owned operand ---- */
TEMPLATE(POP_S)
{
    PyObject *value = DISPLACED(H_A);
    if (UNLIKELY(--value->ob_refcnt == 0)) {
        GO_WITH(FREE, value, ANY);
    }
    GO(CONT);
}

TEMPLATE(POP_R)
{
    if (UNLIKELY(--r0->ob_refcnt == 0)) {
        GO_WITH(FREE, r0, ANY);
    }
    GO(CONT);
}

/* The path behind FREE: x has lost its last reference. */
TEMPLATE(DEALLOCATE)
{
    SET_INSTRUCTION();
    rt_dealloc(x);
    GO(CONT);
}
