/* tier1/templates/update.c: BINARY_OP and FOR_ITER with the STORE_FAST that follows, overwriting the local's old number in place.
 *
 * Allowed when nobody but the local holds that number: its count is 1. The result must not be one of the small ints, of
 * which there is only one each. In every other case, SLOW: the operation and the store one by one.
 * UPDATE_*: the left operand is the local itself (`i += 1`). ASSIGN_*: any other local (`c = a + b`); H_D in both.
 */
#include "tier1/templates/numbers.h"

/* Not one of the positive one-digit results beside the small ints? */
#define DOES_NOT_FIT(value)                                                                                          \
    ((unsigned long)((value)-_PY_NSMALLPOSINTS) > (unsigned long)(PyLong_MASK - _PY_NSMALLPOSINTS))

#define UPDATE_INT(kb, name, refuse, expression)                                                                     \
    TEMPLATE(UPDATE_##name##_INT_L##kb)                                                                              \
    {                                                                                                                \
        FORGET_REGISTER(L, kb);                                                                                      \
        PyObject *a = DISPLACED(H_D);                                                                                \
        PyObject *b = OBJECT_##kb(H_B, Q_B);                                                                         \
        if (UNLIKELY(!IS_INT(a) || a->ob_refcnt != 1 || !IS_SHORT(a) || NO_SHORT_INT_##kb(b))) {                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long left = SHORT_VALUE(a);                                                                                  \
        long right = INT_VALUE_##kb(b);                                                                              \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long value = expression;                                                                                     \
        unsigned long magnitude = value < 0 ? -(unsigned long)value : (unsigned long)value;                          \
        if (UNLIKELY(IS_SMALL_INT(value) || magnitude > PyLong_MASK || cannot_drop_int(OWNER_##kb(b)))) {            \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            drop_int(b);                                                                                             \
        }                                                                                                            \
        ((PyVarObject *)a)->ob_size = value < 0 ? -1 : 1;                                                            \
        ((PyLongObject *)a)->ob_digit[0] = (digit)magnitude;                                                         \
        GO(CONT);                                                                                                    \
    }
/* Counters: no sign. */
#define COUNT_INT(name, refuse, expression)                                                                          \
    TEMPLATE(UPDATE_##name##_INT_LC)                                                                                 \
    {                                                                                                                \
        FORGET_REGISTER(L, C);                                                                                       \
        PyObject *a = DISPLACED(H_D);                                                                                \
        if (UNLIKELY(!IS_INT(a) || a->ob_refcnt != 1 || Py_SIZE(a) != 1)) {                                          \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long left = ((PyLongObject *)a)->ob_digit[0];                                                                \
        long right = INT_VALUE_C(NULL);                                                                              \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long value = expression;                                                                                     \
        if (UNLIKELY(DOES_NOT_FIT(value))) {                                                                         \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        ((PyLongObject *)a)->ob_digit[0] = (digit)value;                                                             \
        GO(CONT);                                                                                                    \
    }
#define UPDATE_INTS(name, refuse, expression)                                                                        \
    UPDATE_INT(L, name, refuse, expression)                                                                          \
    COUNT_INT(name, refuse, expression)                                                                              \
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
        if (UNLIKELY(old == NULL || !IS_INT(old))) {                                                                 \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (IS_SMALL_INT(value)) {                                                                                   \
            /* One small int after another. */                                                                       \
            if (UNLIKELY(old->ob_refcnt == 1)) {                                                                     \
                GO(SLOW);                                                                                            \
            }                                                                                                        \
            PyObject *result = (PyObject *)(RUNTIME->small_int_zero + value);                                        \
            if (result != old) {                                                                                     \
                result->ob_refcnt++;                                                                                 \
                old->ob_refcnt--;                                                                                    \
                DISPLACED(H_D) = result;                                                                             \
            }                                                                                                        \
            GO(CONT);                                                                                                \
        }                                                                                                            \
        unsigned long magnitude = value < 0 ? -(unsigned long)value : (unsigned long)value;                          \
        if (UNLIKELY(magnitude > PyLong_MASK || old->ob_refcnt != 1 || !IS_SHORT(old))) {                            \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        ((PyVarObject *)old)->ob_size = value < 0 ? -1 : 1;                                                          \
        ((PyLongObject *)old)->ob_digit[0] = (digit)magnitude;                                                       \
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

/* FOR_ITER with STORE_FAST: H_A is the iterator's slot, H_D the local. */
TEMPLATE(FOR_ITER_RANGE_TO_LOCAL)
{
    r0 = ANY;
    struct range_iterator *iterator = (struct range_iterator *)DISPLACED(H_A);
    if (UNLIKELY(Py_TYPE(iterator) != RUNTIME->range_iterator_type)) {
        GO(SLOW);
    }
    long index = iterator->index;
    if (index >= iterator->length) {
        GO_WITH(JUMP, iterator, ANY);
    }
    long value = (long)((unsigned long)iterator->start + (unsigned long)index * (unsigned long)iterator->step);
    PyObject *old = DISPLACED(H_D);
    if (UNLIKELY(old == NULL)) {
        GO(SLOW);
    }
    if (IS_SMALL_INT(value)) {
        if (UNLIKELY(old->ob_refcnt == 1)) {
            GO(SLOW);
        }
        iterator->index = index + 1;
        PyObject *result = (PyObject *)(RUNTIME->small_int_zero + value);
        result->ob_refcnt++;
        old->ob_refcnt--;
        DISPLACED(H_D) = result;
        GO(CONT);
    }
    unsigned long magnitude = value < 0 ? -(unsigned long)value : (unsigned long)value;
    if (UNLIKELY(magnitude > PyLong_MASK)) {
        GO(SLOW);
    }
    if (old->ob_refcnt != 1) {
        PyObject *result = take_int();
        if (UNLIKELY(result == NULL)) {
            GO(SLOW);
        }
        old->ob_refcnt--;
        DISPLACED(H_D) = result;
        old = result;
    } else if (UNLIKELY(!IS_INT(old) || !IS_SHORT(old))) {
        GO(SLOW);
    }
    iterator->index = index + 1;
    ((PyVarObject *)old)->ob_size = value < 0 ? -1 : 1;
    ((PyLongObject *)old)->ob_digit[0] = (digit)magnitude;
    GO(CONT);
}

/* Numbers of any kind in x and y, in C: the result goes into the local. The handler is the operator's function, H_M says which are
 * owned. */
TEMPLATE(NUMBERS_TO_LOCAL)
{
    SET_INSTRUCTION();
    PyObject *right = y;
    if (UNLIKELY(!((int (*)(PyObject *, PyObject *, int, PyObject **))(void *)HANDLER)(x, right, NUMBER(H_M),
                                                                                       &DISPLACED(H_D)))) {
        GO_WITH(SLOW, x, right);
    }
    GO(CONT);
}
