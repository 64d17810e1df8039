/* tier1/templates/store_local.c: STORE_FAST. */
#include "tier1/templates/numbers.h"

/* The old value of a local goes after the new one is in place, as on stock. */
#define REPLACE_LOCAL(value)                                                                                         \
    PyObject *old = DISPLACED(H_D);                                                                                  \
    DISPLACED(H_D) = (value);                                                                                        \
    if (old == NULL || --old->ob_refcnt != 0) {                                                                      \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    if (IS_FLOAT(old)) {                                                                                             \
        if (UNLIKELY(float_list_is_full())) {                                                                        \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        put_float(old);                                                                                              \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    if (UNLIKELY(!IS_INT(old))) {                                                                                    \
        GO_WITH(FREE, old, ANY);                                                                                     \
    }                                                                                                                \
    if (UNLIKELY(!IS_SHORT(old) || int_list_is_full())) {                                                            \
        rt_int_free(old);                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    put_int(old);                                                                                                    \
    GO(CONT)

/* What is stored again is not counted twice: chains of counts on the same few objects take long. */
#define KEEP_LOCAL(value)                                                                                            \
    if ((value) == DISPLACED(H_D)) {                                                                                 \
        GO(CONT);                                                                                                    \
    }

TEMPLATE(STORE_FAST_L)
{
    PyObject *value = DISPLACED(H_A);
    KEEP_LOCAL(value)
    value->ob_refcnt++;
    REPLACE_LOCAL(value);
}

TEMPLATE(STORE_FAST_C)
{
    PyObject *value = QUAD(Q_A);
    KEEP_LOCAL(value)
    value->ob_refcnt++;
    REPLACE_LOCAL(value);
}

TEMPLATE(STORE_FAST_S)
{
    PyObject *value = DISPLACED(H_A);
    REPLACE_LOCAL(value);
}

TEMPLATE(STORE_FAST_R)
{
    REPLACE_LOCAL(r0);
}

/* The same for functions without arithmetic: whatever dies goes the way of FREE, in a quarter of the bytes. */
#define REPLACE_ANY_LOCAL(value)                                                                                     \
    PyObject *old = DISPLACED(H_D);                                                                                  \
    DISPLACED(H_D) = (value);                                                                                        \
    if (old != NULL && UNLIKELY(--old->ob_refcnt == 0)) {                                                            \
        GO_WITH(FREE, old, ANY);                                                                                     \
    }                                                                                                                \
    GO(CONT)

TEMPLATE(STORE_ANY_L)
{
    PyObject *value = DISPLACED(H_A);
    value->ob_refcnt++;
    REPLACE_ANY_LOCAL(value);
}

TEMPLATE(STORE_ANY_C)
{
    PyObject *value = QUAD(Q_A);
    value->ob_refcnt++;
    REPLACE_ANY_LOCAL(value);
}

TEMPLATE(STORE_ANY_S)
{
    PyObject *value = DISPLACED(H_A);
    REPLACE_ANY_LOCAL(value);
}

TEMPLATE(STORE_ANY_R)
{
    REPLACE_ANY_LOCAL(r0);
}
