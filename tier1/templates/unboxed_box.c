/* tier1/templates/unboxed_box.c: objects for unboxed numbers, which stand in their slots (H_D) as bits. */
#include "tier1/templates/numbers.h"

#define RAW_FLOAT(hole) (*(double *)((char *)frame + (uintptr_t)(hole)))

TEMPLATE(BOX_FLOAT_S)
{
    PyObject *object = take_float();
    if (UNLIKELY(object == NULL)) {
        PASS(SLOW);
    }
    FLOAT_VALUE(object) = RAW_FLOAT(H_D);
    DISPLACED(H_D) = object;
    PASS(CONT);
}

TEMPLATE(BOX_FLOAT_R)
{
    PyObject *object = take_float();
    if (UNLIKELY(object == NULL)) {
        GO(SLOW);
    }
    FLOAT_VALUE(object) = RAW_FLOAT(H_D);
    r0 = object;
    GO(CONT);
}

/* The same out of line. x keeps. */
TEMPLATE(BOX_FLOAT_S_IN_C)
{
    rt_box_float(&DISPLACED(H_D));
    GO_WITH(CONT, x, ANY);
}

TEMPLATE(BOX_FLOAT_R_IN_C)
{
    rt_box_float(&DISPLACED(H_D));
    r0 = DISPLACED(H_D);
    GO(CONT);
}

/* A number into a local, whose old value can be dropped without running code; else SLOW. */
TEMPLATE(STORE_FLOAT_IN_C)
{
    if (UNLIKELY(!rt_store_float(&DISPLACED(H_D), RAW_FLOAT(H_A)))) {
        GO(SLOW);
    }
    GO(CONT);
}
