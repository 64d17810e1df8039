/* tier1/templates/unboxed_box.c: objects for unboxed numbers, which stand in their slots (H_D) as bits. */
#include "tier1/templates/numbers.h"

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

/* A reference to the int, or NULL when that takes more. */
ALWAYS_INLINE PyObject *box_int(long value)
{
    return int_result(value, NULL, NULL);
}

TEMPLATE(BOX_INT_S)
{
    PyObject *object = box_int(RAW_INT(H_D));
    if (UNLIKELY(object == NULL)) {
        PASS(SLOW);
    }
    DISPLACED(H_D) = object;
    PASS(CONT);
}

TEMPLATE(BOX_INT_R)
{
    PyObject *object = box_int(RAW_INT(H_D));
    if (UNLIKELY(object == NULL)) {
        GO(SLOW);
    }
    r0 = object;
    GO(CONT);
}

/* The same out of line. x keeps. (They run no other code, but tracemalloc asks for the line of what they allocate.) */
TEMPLATE(BOX_INT_S_IN_C)
{
    SET_INSTRUCTION();
    rt_box_int(&DISPLACED(H_D));
    GO_WITH(CONT, x, ANY);
}

TEMPLATE(BOX_INT_R_IN_C)
{
    SET_INSTRUCTION();
    rt_box_int(&DISPLACED(H_D));
    r0 = DISPLACED(H_D);
    GO(CONT);
}

TEMPLATE(BOX_FLOAT_S_IN_C)
{
    SET_INSTRUCTION();
    rt_box_float(&DISPLACED(H_D));
    GO_WITH(CONT, x, ANY);
}

TEMPLATE(BOX_FLOAT_R_IN_C)
{
    SET_INSTRUCTION();
    rt_box_float(&DISPLACED(H_D));
    r0 = DISPLACED(H_D);
    GO(CONT);
}

/* Numbers into a local, whose old value can be dropped without running code; else SLOW. */
TEMPLATE(STORE_FLOAT_IN_C)
{
    SET_INSTRUCTION();
    if (UNLIKELY(!rt_store_float(&DISPLACED(H_D), RAW_FLOAT(H_A)))) {
        GO(SLOW);
    }
    GO(CONT);
}

TEMPLATE(STORE_INT_IN_C)
{
    SET_INSTRUCTION();
    if (UNLIKELY(!rt_store_int(&DISPLACED(H_D), RAW_INT(H_A)))) {
        GO(SLOW);
    }
    GO(CONT);
}
