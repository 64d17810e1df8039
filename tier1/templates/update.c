/* tier1/templates/update.c: BINARY_OP with the STORE_FAST that follows, overwriting the local's old number in place.
 *
 * Allowed when nobody but the local holds that number: its count is 1. The result must not be one of the small ints, of
 * which there is only one each. In every other case, SLOW: the operation and the store one by one.
 * UPDATE_*: the left operand is the local itself (`i += 1`). ASSIGN_*: any other local (`c = a + b`); H_D in both.
 */
#include "tier1/templates/numbers.h"

/* The positive one-digit results outside the small ints. */
#define DOES_NOT_FIT(value)                                                                                          \
    ((unsigned long)((value)-_PY_NSMALLPOSINTS) > (unsigned long)(PyLong_MASK - _PY_NSMALLPOSINTS))

#define UPDATE_INT(kb, name, refuse, expression)                                                                     \
    TEMPLATE(UPDATE_##name##_INT_L##kb)                                                                              \
    {                                                                                                                \
        FORGET_REGISTER(L, kb);                                                                                      \
        PyObject *a = DISPLACED(H_D);                                                                                \
        PyObject *b = OBJECT_##kb(H_B, Q_B);                                                                         \
        if (UNLIKELY(!IS_INT(a) || a->ob_refcnt != 1 || Py_SIZE(a) != 1 || NO_SHORT_INT_##kb(b))) {                  \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long left = ((PyLongObject *)a)->ob_digit[0];                                                                \
        long right = INT_VALUE_##kb(b);                                                                              \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long value = expression;                                                                                     \
        if (UNLIKELY(DOES_NOT_FIT(value) || cannot_drop_int(OWNER_##kb(b)))) {                                       \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        ((PyLongObject *)a)->ob_digit[0] = (digit)value;                                                             \
        if (OWNED_##kb) {                                                                                            \
            drop_int(b);                                                                                             \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
#define UPDATE_INTS(name, refuse, expression)                                                                        \
    UPDATE_INT(L, name, refuse, expression)                                                                          \
    UPDATE_INT(C, name, refuse, expression)                                                                          \
    UPDATE_INT(R, name, refuse, expression)
EACH_INT_OPERATOR(UPDATE_INTS)

#define ASSIGN_INT(ka, kb, name, refuse, expression)                                                                 \
    TEMPLATE(ASSIGN_##name##_INT_##ka##kb)                                                                           \
    {                                                                                                                \
        FORGET_REGISTER(ka, kb);                                                                                     \
        PyObject *a = OBJECT_##ka(H_A, Q_A);                                                                         \
        PyObject *b = OBJECT_##kb(H_B, Q_B);                                                                         \
        if (UNLIKELY(NO_SHORT_INT_##ka(a) || NO_SHORT_INT_##kb(b))) {                                                \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long left = INT_VALUE_##ka(a);                                                                               \
        long right = INT_VALUE_##kb(b);                                                                              \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long value = expression;                                                                                     \
        PyObject *old = DISPLACED(H_D);                                                                              \
        if (UNLIKELY(DOES_NOT_FIT(value) || old == NULL || !IS_INT(old) || old->ob_refcnt != 1 ||                    \
                     Py_SIZE(old) != 1)) {                                                                           \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        ((PyLongObject *)old)->ob_digit[0] = (digit)value;                                                           \
        GO(CONT);                                                                                                    \
    }
#define ASSIGN_INTS(name, refuse, expression)                                                                        \
    ASSIGN_INT(L, L, name, refuse, expression)                                                                       \
    ASSIGN_INT(L, C, name, refuse, expression)                                                                       \
    ASSIGN_INT(C, L, name, refuse, expression)
EACH_INT_OPERATOR(ASSIGN_INTS)

#define UPDATE_FLOAT(kb, name, refuse, expression)                                                                   \
    TEMPLATE(UPDATE_##name##_FLOAT_L##kb)                                                                            \
    {                                                                                                                \
        FORGET_REGISTER(L, kb);                                                                                      \
        PyObject *a = DISPLACED(H_D);                                                                                \
        PyObject *b = FLOAT_OPERAND_##kb(H_B, Q_B);                                                                  \
        if (UNLIKELY(!IS_FLOAT(a) || a->ob_refcnt != 1 || NO_FLOAT_##kb(b) || cannot_drop_float(OWNER_##kb(b)))) {   \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        double left = FLOAT_VALUE(a);                                                                                \
        double right = FLOAT_VALUE(b);                                                                               \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        FLOAT_VALUE(a) = expression;                                                                                 \
        if (OWNED_##kb) {                                                                                            \
            drop_float(b);                                                                                           \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
#define UPDATE_FLOATS(name, refuse, expression)                                                                      \
    UPDATE_FLOAT(L, name, refuse, expression)                                                                        \
    UPDATE_FLOAT(C, name, refuse, expression)                                                                        \
    UPDATE_FLOAT(R, name, refuse, expression)
EACH_FLOAT_OPERATOR(UPDATE_FLOATS)

#define ASSIGN_FLOAT(ka, kb, name, refuse, expression)                                                               \
    TEMPLATE(ASSIGN_##name##_FLOAT_##ka##kb)                                                                         \
    {                                                                                                                \
        FORGET_REGISTER(ka, kb);                                                                                     \
        PyObject *a = FLOAT_OPERAND_##ka(H_A, Q_A);                                                                  \
        PyObject *b = FLOAT_OPERAND_##kb(H_B, Q_B);                                                                  \
        PyObject *old = DISPLACED(H_D);                                                                              \
        if (UNLIKELY(NO_FLOAT_##ka(a) || NO_FLOAT_##kb(b) || old == NULL || !IS_FLOAT(old) ||                        \
                     old->ob_refcnt != 1)) {                                                                         \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        double left = FLOAT_VALUE(a);                                                                                \
        double right = FLOAT_VALUE(b);                                                                               \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        FLOAT_VALUE(old) = expression;                                                                               \
        GO(CONT);                                                                                                    \
    }
#define ASSIGN_FLOATS(name, refuse, expression)                                                                      \
    ASSIGN_FLOAT(L, L, name, refuse, expression)                                                                     \
    ASSIGN_FLOAT(L, C, name, refuse, expression)                                                                     \
    ASSIGN_FLOAT(C, L, name, refuse, expression)
EACH_FLOAT_OPERATOR(ASSIGN_FLOATS)
