/* tier1/templates/numbers.h: what templates of arithmetic and comparison share: operands known to be numbers, results.
 *
 * A fast template that cannot go on jumps to SLOW before it has changed anything; the slow path reads the
 * operands again (PAIR_*), so that nothing need be kept in registers for it. The templates call no function.
 */
#ifndef PYJIT_TIER1_TEMPLATES_NUMBERS_H
#define PYJIT_TIER1_TEMPLATES_NUMBERS_H

#include "tier1/template.h"

/* A 32-bit number known at compile time, sign-extended. Not an address to clang, which would take it for positive. */
#define SIGNED_NUMBER(hole)                                                                                          \
    ({                                                                                                               \
        long number_;                                                                                                \
        __asm__("movq $" #hole ", %0" : "=r"(number_));                                                              \
        number_;                                                                                                     \
    })

/* ---- Reading short ints and floats, by operand kind. C: a constant that selection found to be of this type; of a short
 * int the value stands in H_I. ---- */
#define OBJECT_L(hole, quad)        DISPLACED(hole)
#define OBJECT_C(hole, quad)        NULL
#define OBJECT_S(hole, quad)        DISPLACED(hole)
#define OBJECT_R(hole, quad)        r0
#define NO_SHORT_INT_L(object)      (!IS_INT(object) || !IS_SHORT(object))
#define NO_SHORT_INT_C(object)      ((void)(object), 0)
#define NO_SHORT_INT_S(object)      NO_SHORT_INT_L(object)
#define NO_SHORT_INT_R(object)      NO_SHORT_INT_L(object)
#define INT_VALUE_L(object)         SHORT_VALUE(object)
#define INT_VALUE_C(object)         SIGNED_NUMBER(H_I)
#define INT_VALUE_S(object)         SHORT_VALUE(object)
#define INT_VALUE_R(object)         SHORT_VALUE(object)
#define NO_FLOAT_L(object)          (!IS_FLOAT(object))
#define NO_FLOAT_C(object)          ((void)(object), 0)
#define NO_FLOAT_S(object)          NO_FLOAT_L(object)
#define NO_FLOAT_R(object)          NO_FLOAT_L(object)
#define FLOAT_OPERAND_L(hole, quad) DISPLACED(hole)
#define FLOAT_OPERAND_C(hole, quad) ((PyObject *)QUAD(quad))
#define FLOAT_OPERAND_S(hole, quad) DISPLACED(hole)
#define FLOAT_OPERAND_R(hole, quad) r0
/* At the start of a template that no operand comes to in r0: the slow path need not find it unchanged. */
#define IN_REGISTER_L 0
#define IN_REGISTER_C 0
#define IN_REGISTER_S 0
#define IN_REGISTER_R 1
#define FORGET_REGISTER(ka, kb)                                                                                      \
    if (!IN_REGISTER_##ka && !IN_REGISTER_##kb) {                                                                    \
        r0 = ANY;                                                                                                    \
    }
/* The operand if this place owns it, else NULL. */
#define OWNER_L(object) NULL
#define OWNER_C(object) NULL
#define OWNER_S(object) (object)
#define OWNER_R(object) (object)

/* An unboxed number in the slot of its operand. */
#define RAW_FLOAT(hole) (*(double *)((char *)frame + (uintptr_t)(hole)))
#define RAW_INT(hole)   (*(long *)((char *)frame + (uintptr_t)(hole)))

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* ---- Free lists ---- */

ALWAYS_INLINE int int_list_is_full(void)
{
    return RUNTIME->ints[0].count >= INT_FREE_LIST_LIMIT;
}

/* A dead one-digit int; the list is not full. */
ALWAYS_INLINE void put_int(PyObject *object)
{
    struct int_free_list *list = RUNTIME_BASE->ints;
    list->blocks[++list->count] = object;
}

/* NULL when there is none. */
ALWAYS_INLINE PyObject *take_int(void)
{
    struct int_free_list *list = RUNTIME_BASE->ints;
    int64_t count = list->count;
    PyObject *object = list->blocks[count];
    if (UNLIKELY(object == NULL)) {
        return NULL;
    }
    list->count = count - 1;
    object->ob_refcnt = 1;
    return object;
}

ALWAYS_INLINE int float_list_is_full(void)
{
    return RUNTIME->floats->numfree >= PyFloat_MAXFREELIST;
}

ALWAYS_INLINE void put_float(PyObject *object)
{
    struct _Py_float_state *floats = RUNTIME->floats;
    floats->numfree++;
    object->ob_type = (PyTypeObject *)floats->free_list;
    floats->free_list = (PyFloatObject *)object;
}

ALWAYS_INLINE PyObject *take_float(void)
{
    struct runtime_data *runtime = RUNTIME_BASE;
    struct _Py_float_state *floats = runtime->floats;
    PyObject *object = (PyObject *)floats->free_list;
    if (UNLIKELY(object == NULL)) {
        return NULL;
    }
    floats->free_list = (PyFloatObject *)object->ob_type;
    floats->numfree--;
    object->ob_type = runtime->float_type;
    object->ob_refcnt = 1;
    return object;
}

/* ---- Results ---- */

#define IS_SMALL_INT(value) ((unsigned long)((value) + _PY_NSMALLNEGINTS) < _PY_NSMALLNEGINTS + _PY_NSMALLPOSINTS)

/* Drops what may be the last reference to a one-digit int; whether the list has room was asked before. */
ALWAYS_INLINE void drop_int(PyObject *object)
{
    if (--object->ob_refcnt == 0) {
        put_int(object);
    }
}
ALWAYS_INLINE void drop_float(PyObject *object)
{
    if (--object->ob_refcnt == 0) {
        put_float(object);
    }
}

/* Would dropping it need more room than the free list has? NULL never does. */
ALWAYS_INLINE int cannot_drop_int(PyObject *object)
{
    return object != NULL && object->ob_refcnt == 1 && int_list_is_full();
}
ALWAYS_INLINE int cannot_drop_float(PyObject *object)
{
    return object != NULL && object->ob_refcnt == 1 && float_list_is_full();
}

/* A reference to the int `value`, in exchange for the owned operands (NULL: none), whose blocks serve for it when nobody else holds
 * them. NULL when that takes more: nothing has happened then. */
ALWAYS_INLINE PyObject *int_result(long value, PyObject *first, PyObject *second)
{
    if (IS_SMALL_INT(value)) {
        /* Room for two, should both die. */
        if ((first != NULL || second != NULL) && UNLIKELY(RUNTIME->ints[0].count >= INT_FREE_LIST_LIMIT - 1)) {
            return NULL;
        }
        PyObject *result = (PyObject *)(RUNTIME->small_int_zero + value);
        result->ob_refcnt++;
        if (first != NULL) {
            drop_int(first);
        }
        if (second != NULL) {
            drop_int(second);
        }
        return result;
    }
    unsigned long magnitude = value < 0 ? -(unsigned long)value : (unsigned long)value;
    if (UNLIKELY(magnitude > PyLong_MASK)) {
        return NULL;
    }
    PyObject *result;
    if (first != NULL && LIKELY(first->ob_refcnt == 1)) {
        if (second != NULL) {
            if (UNLIKELY(cannot_drop_int(second))) {
                return NULL;
            }
            drop_int(second);
        }
        result = first;
    } else if (second != NULL && LIKELY(second->ob_refcnt == 1)) {
        if (first != NULL) {
            first->ob_refcnt--;
        }
        result = second;
    } else {
        if (first != NULL && second != NULL && UNLIKELY(first == second)) {
            return NULL;
        }
        result = take_int();
        if (UNLIKELY(result == NULL)) {
            return NULL;
        }
        if (first != NULL) {
            first->ob_refcnt--;
        }
        if (second != NULL) {
            second->ob_refcnt--;
        }
    }
    ((PyVarObject *)result)->ob_size = value < 0 ? -1 : 1;
    ((PyLongObject *)result)->ob_digit[0] = (digit)magnitude;
    return result;
}

ALWAYS_INLINE PyObject *float_result(double value, PyObject *first, PyObject *second)
{
    PyObject *result;
    if (first != NULL && LIKELY(first->ob_refcnt == 1)) {
        if (second != NULL) {
            if (UNLIKELY(cannot_drop_float(second))) {
                return NULL;
            }
            drop_float(second);
        }
        result = first;
    } else if (second != NULL && LIKELY(second->ob_refcnt == 1)) {
        if (first != NULL) {
            first->ob_refcnt--;
        }
        result = second;
    } else {
        if (first != NULL && second != NULL && UNLIKELY(first == second)) {
            return NULL;
        }
        result = take_float();
        if (UNLIKELY(result == NULL)) {
            return NULL;
        }
        if (first != NULL) {
            first->ob_refcnt--;
        }
        if (second != NULL) {
            second->ob_refcnt--;
        }
    }
    FLOAT_VALUE(result) = value;
    return result;
}

/* ---- Every operator on short ints: X(macro's first arguments..., name, cases left to the slow path, expression) ---- */

/* Both operands fit an int32, whose division is several times faster than that of a long. */
#define EACH_INT_OPERATOR(X)                                                                                         \
    X(ADD, 0, left + right)                                                                                          \
    X(SUBTRACT, 0, left - right)                                                                                     \
    X(MULTIPLY, 0, left *right)                                                                                      \
    X(AND, 0, left &right)                                                                                           \
    X(OR, 0, left | right)                                                                                           \
    X(XOR, 0, left ^ right)                                                                                          \
    X(FLOOR_DIVIDE, left < 0 || right <= 0, (long)((int)left / (int)right))                                          \
    X(REMAINDER, left < 0 || right <= 0, (long)((int)left % (int)right))                                             \
    X(LSHIFT, (unsigned long)right > 32, left << right)                                                              \
    X(RSHIFT, (unsigned long)right > 62, left >> right)

/* "x == 0" without a constant in memory: the bits of a zero shifted by the sign are 0. */
#define IS_ZERO_FLOAT(value)                                                                                         \
    ({                                                                                                               \
        uint64_t bits_;                                                                                              \
        __builtin_memcpy(&bits_, &(value), sizeof bits_);                                                            \
        __asm__("" : "+r"(bits_));                                                                                   \
        (bits_ << 1) == 0;                                                                                           \
    })

#define EACH_FLOAT_OPERATOR(X)                                                                                       \
    X(ADD, 0, left + right)                                                                                          \
    X(SUBTRACT, 0, left - right)                                                                                     \
    X(MULTIPLY, 0, left *right)                                                                                      \
    X(TRUE_DIVIDE, IS_ZERO_FLOAT(right), left / right)

#endif
