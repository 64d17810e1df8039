/* tier1/templates/unboxed_ints.c: arithmetic on ints of 64 bits in machine registers (select_unboxed.c).
 *
 * The numbers in a template's name say which of i0..i2 it works on. What does not fit 64 bits goes to SLOW, before anything has
 * changed. No template here calls a function: that would lose the registers.
 */
#define UNBOXED_REGISTERS
#include "tier1/templates/numbers.h"

#define EACH_REGISTER(X, ...)                                                                                        \
    X(0, __VA_ARGS__)                                                                                                \
    X(1, __VA_ARGS__)                                                                                                \
    X(2, __VA_ARGS__)
#define EACH_REGISTER_PAIR(X, ...)                                                                                   \
    X(0, 0, __VA_ARGS__)                                                                                             \
    X(0, 1, __VA_ARGS__)                                                                                             \
    X(0, 2, __VA_ARGS__)                                                                                             \
    X(1, 0, __VA_ARGS__)                                                                                             \
    X(1, 1, __VA_ARGS__)                                                                                             \
    X(1, 2, __VA_ARGS__)                                                                                             \
    X(2, 0, __VA_ARGS__)                                                                                             \
    X(2, 1, __VA_ARGS__)                                                                                             \
    X(2, 2, __VA_ARGS__)

#define DIGITS(object) (((PyLongObject *)(object))->ob_digit)

/* The magnitude of an int of two digits, or of three whose highest one leaves it below 2**63. */
ALWAYS_INLINE long wide_magnitude(PyObject *object, long length)
{
    unsigned long low = DIGITS(object)[0] | (unsigned long)DIGITS(object)[1] << PyLong_SHIFT;
    return (long)(length == 3 ? low | (unsigned long)DIGITS(object)[2] << 2 * PyLong_SHIFT : low);
}

/* ---- Into a register and out of it ---- */

#define LOAD_SHORT(name, kind, k, refuse)                                                                            \
    TEMPLATE(name##_##kind##_##k)                                                                                    \
    {                                                                                                                \
        PyObject *object = READ_##kind(H_A, Q_A);                                                                    \
        if (UNLIKELY((refuse) || !IS_SHORT(object))) {                                                               \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        i##k = SHORT_VALUE(object);                                                                                  \
        GO(CONT);                                                                                                    \
    }
/* Two or three digits. */
#define LOAD_WIDE(kind, k, refuse)                                                                                   \
    TEMPLATE(LOAD_WIDE_INT_##kind##_##k)                                                                             \
    {                                                                                                                \
        PyObject *object = READ_##kind(H_A, Q_A);                                                                    \
        long size = Py_SIZE(object);                                                                                 \
        long length = size < 0 ? -size : size;                                                                       \
        if (UNLIKELY(!IS_INT(object) || length > 3 || length < 2 || (refuse))) {                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (UNLIKELY(length == 3 && DIGITS(object)[2] >= 8)) {                                                       \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long magnitude = wide_magnitude(object, length);                                                             \
        i##k = size < 0 ? -magnitude : magnitude;                                                                    \
        GO(CONT);                                                                                                    \
    }

#define MOVES(k, unused)                                                                                             \
    LOAD_SHORT(LOAD_INT, L, k, !IS_INT(object))                                                                      \
    LOAD_SHORT(KNOWN_INT, L, k, 0)                                                                                   \
    /* Owned operands are dropped once all guards are through: the free lists have room for two. */                  \
    LOAD_SHORT(LOAD_INT, S, k, !IS_INT(object) || RUNTIME->ints[0].count >= INT_FREE_LIST_LIMIT - 1)                 \
    LOAD_SHORT(LOAD_INT, R, k, !IS_INT(object) || RUNTIME->ints[0].count >= INT_FREE_LIST_LIMIT - 1)                 \
    LOAD_WIDE(L, k, 0)                                                                                               \
    LOAD_WIDE(S, k, RUNTIME_BASE->ints[length - 1].count >= INT_FREE_LIST_LIMIT - 1)                                 \
    LOAD_WIDE(R, k, RUNTIME_BASE->ints[length - 1].count >= INT_FREE_LIST_LIMIT - 1)                                 \
    TEMPLATE(LOAD_INT_C_##k)                                                                                         \
    {                                                                                                                \
        i##k = (long)QUAD(Q_A);                                                                                      \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(LOAD_INT_RAW_##k)                                                                                       \
    {                                                                                                                \
        i##k = RAW_INT(H_A);                                                                                         \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(SAVE_INT_##k)                                                                                           \
    {                                                                                                                \
        RAW_INT(H_D) = i##k;                                                                                         \
        PASS(CONT);                                                                                                  \
    }                                                                                                                \
    /* Into a local: over its old int where nobody else holds that and as many digits are needed. */                 \
    TEMPLATE(STORE_INT_##k)                                                                                          \
    {                                                                                                                \
        PyObject *old = DISPLACED(H_D);                                                                              \
        if (IS_SMALL_INT(i##k)) {                                                                                    \
            if (UNLIKELY(old != NULL && old->ob_refcnt == 1)) {                                                      \
                GO(SLOW);                                                                                            \
            }                                                                                                        \
            PyObject *result = (PyObject *)(RUNTIME->small_int_zero + i##k);                                         \
            if (result != old) {                                                                                     \
                result->ob_refcnt++;                                                                                 \
                if (old != NULL) {                                                                                   \
                    old->ob_refcnt--;                                                                                \
                }                                                                                                    \
                DISPLACED(H_D) = result;                                                                             \
            }                                                                                                        \
            GO(CONT);                                                                                                \
        }                                                                                                            \
        if (UNLIKELY(old == NULL || old->ob_refcnt != 1 || !IS_INT(old))) {                                          \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        unsigned long magnitude = i##k < 0 ? -(unsigned long)i##k : (unsigned long)i##k;                             \
        long length = magnitude > PyLong_MASK ? 2 : 1;                                                               \
        long size = Py_SIZE(old) < 0 ? -Py_SIZE(old) : Py_SIZE(old);                                                 \
        if (UNLIKELY(size != length || magnitude >> 2 * PyLong_SHIFT != 0)) {                                        \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        DIGITS(old)[0] = (digit)(magnitude & PyLong_MASK);                                                           \
        if (length == 2) {                                                                                           \
            DIGITS(old)[1] = (digit)(magnitude >> PyLong_SHIFT);                                                     \
        }                                                                                                            \
        ((PyVarObject *)old)->ob_size = i##k < 0 ? -length : length;                                                 \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    /* An object for it, in its slot H_D or in r0. */                                                                \
    TEMPLATE(BOX_INT_S_##k)                                                                                          \
    {                                                                                                                \
        PyObject *object = int_result(i##k, NULL, NULL);                                                             \
        if (UNLIKELY(object == NULL)) {                                                                              \
            PASS(SLOW);                                                                                              \
        }                                                                                                            \
        DISPLACED(H_D) = object;                                                                                     \
        PASS(CONT);                                                                                                  \
    }                                                                                                                \
    TEMPLATE(BOX_INT_R_##k)                                                                                          \
    {                                                                                                                \
        PyObject *object = int_result(i##k, NULL, NULL);                                                             \
        if (UNLIKELY(object == NULL)) {                                                                              \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        r0 = object;                                                                                                 \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(NEGATE_INT_##k)                                                                                         \
    {                                                                                                                \
        long value;                                                                                                  \
        if (UNLIKELY(__builtin_sub_overflow(0L, i##k, &value))) {                                                    \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        i##k = value;                                                                                                \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(INVERT_INT_##k)                                                                                         \
    {                                                                                                                \
        i##k = ~i##k;                                                                                                \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(JUMP_IF_INT_##k)                                                                                        \
    {                                                                                                                \
        if (i##k != 0) {                                                                                             \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(JUMP_IF_NOT_INT_##k)                                                                                    \
    {                                                                                                                \
        if (i##k == 0) {                                                                                             \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    /* By a number of bits known at compile time, H_SHIFT, below 64. */                                              \
    TEMPLATE(SHIFT_RIGHT_INT_##k)                                                                                    \
    {                                                                                                                \
        __asm__("sarq $H_SHIFT, %0" : "+r"(i##k) : : "cc");                                                          \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(SHIFT_LEFT_WRAPPING_INT_##k)                                                                            \
    {                                                                                                                \
        __asm__("shlq $H_SHIFT, %0" : "+r"(i##k) : : "cc");                                                          \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(SHIFT_LEFT_INT_##k)                                                                                     \
    {                                                                                                                \
        long value = i##k;                                                                                           \
        __asm__("shlq $H_SHIFT, %0" : "+r"(value) : : "cc");                                                         \
        long back = value;                                                                                           \
        __asm__("sarq $H_SHIFT, %0" : "+r"(back) : : "cc");                                                          \
        if (UNLIKELY(back != i##k)) {                                                                                \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        i##k = value;                                                                                                \
        GO(CONT);                                                                                                    \
    }
EACH_REGISTER(MOVES, 0)

/* ---- Two registers: the result goes into the left operand's ---- */

#define OVERFLOWING(a, b, name, builtin)                                                                             \
    TEMPLATE(name##_INTS_##a##b)                                                                                     \
    {                                                                                                                \
        long value;                                                                                                  \
        if (UNLIKELY(builtin(i##a, i##b, &value))) {                                                                 \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        i##a = value;                                                                                                \
        GO(CONT);                                                                                                    \
    }
EACH_REGISTER_PAIR(OVERFLOWING, ADD, __builtin_add_overflow)
EACH_REGISTER_PAIR(OVERFLOWING, SUBTRACT, __builtin_sub_overflow)
EACH_REGISTER_PAIR(OVERFLOWING, MULTIPLY, __builtin_mul_overflow)

#define PLAIN(a, b, name, refuse, expression)                                                                        \
    TEMPLATE(name##_INTS_##a##b)                                                                                     \
    {                                                                                                                \
        long left = i##a;                                                                                            \
        long right = i##b;                                                                                           \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        i##a = (long)(expression);                                                                                   \
        GO(CONT);                                                                                                    \
    }
EACH_REGISTER_PAIR(PLAIN, AND, 0, left &right)
EACH_REGISTER_PAIR(PLAIN, OR, 0, left | right)
EACH_REGISTER_PAIR(PLAIN, XOR, 0, left ^ right)
/* Modulo 2**64: for results of which a mask leaves only lower bits. */
EACH_REGISTER_PAIR(PLAIN, ADD_WRAPPING, 0, (unsigned long)left + (unsigned long)right)
EACH_REGISTER_PAIR(PLAIN, SUBTRACT_WRAPPING, 0, (unsigned long)left - (unsigned long)right)
EACH_REGISTER_PAIR(PLAIN, MULTIPLY_WRAPPING, 0, (unsigned long)left *(unsigned long)right)
EACH_REGISTER_PAIR(PLAIN, LSHIFT_WRAPPING, (unsigned long)right > 63, (unsigned long)left << right)
EACH_REGISTER_PAIR(PLAIN, LSHIFT, (unsigned long)right > 62 || (long)((unsigned long)left << right) >> right != left,
                   (unsigned long)left << right)
EACH_REGISTER_PAIR(PLAIN, RSHIFT, right < 0, left >> (right > 63 ? 63 : right))

/* Python rounds down, the processor towards zero. Divisions of 32 bits are several times faster. */
#define DIVISION(a, b, name, unsigned_result, quotient_result)                                                       \
    TEMPLATE(name##_INTS_##a##b)                                                                                     \
    {                                                                                                                \
        long left = i##a;                                                                                            \
        long right = i##b;                                                                                           \
        if (UNLIKELY((unsigned long)right + 1 <= 1)) {                                                               \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (LIKELY(((unsigned long)(left | right) >> 32) == 0)) {                                                    \
            unsigned dividend = (unsigned)left;                                                                      \
            unsigned divisor = (unsigned)right;                                                                      \
            i##a = (long)(unsigned_result);                                                                          \
            GO(CONT);                                                                                                \
        }                                                                                                            \
        long quotient = left / right;                                                                                \
        long rest = left - quotient * right;                                                                         \
        long down = rest != 0 && (rest ^ right) < 0;                                                                 \
        i##a = quotient_result;                                                                                      \
        GO(CONT);                                                                                                    \
    }
EACH_REGISTER_PAIR(DIVISION, FLOOR_DIVIDE, dividend / divisor, quotient - down)
EACH_REGISTER_PAIR(DIVISION, REMAINDER, dividend % divisor, rest + (down ? right : 0))

/* Jumps when `left RELATION right` is `SENSE`; the other two relations are these with the operands turned round. */
#define COMPARISON(a, b, name, relation)                                                                             \
    TEMPLATE(name##_INTS_##a##b)                                                                                     \
    {                                                                                                                \
        if (i##a relation i##b) {                                                                                    \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_LT, <)
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_NOT_LT, >=)
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_LE, <=)
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_NOT_LE, >)
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_EQ, ==)
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_NE, !=)

/* ---- list[int] and tuple[int]: the item in r0. A container that would die is for SLOW. ---- */
#define SUBSCRIPT(kind, k, name, type, length, items)                                                                \
    TEMPLATE(name##_##kind##_##k)                                                                                    \
    {                                                                                                                \
        PyObject *container = READ_##kind(H_A, Q_A);                                                                 \
        if (UNLIKELY(Py_TYPE(container) != RUNTIME->type || (OWNED_##kind && container->ob_refcnt == 1))) {          \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long index = i##k < 0 ? i##k + length(container) : i##k;                                                     \
        if (UNLIKELY((unsigned long)index >= (unsigned long)length(container))) {                                    \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (OWNED_##kind) {                                                                                          \
            container->ob_refcnt--;                                                                                  \
        }                                                                                                            \
        r0 = items(container)[index];                                                                                \
        r0->ob_refcnt++;                                                                                             \
        GO(CONT);                                                                                                    \
    }
#define LIST_ITEMS(object)  (((PyListObject *)(object))->ob_item)
#define TUPLE_ITEMS(object) (((PyTupleObject *)(object))->ob_item)
#define SUBSCRIPTS(k, unused)                                                                                        \
    SUBSCRIPT(L, k, ITEM_OF_LIST, list_type, PyList_GET_SIZE, LIST_ITEMS)                                            \
    SUBSCRIPT(S, k, ITEM_OF_LIST, list_type, PyList_GET_SIZE, LIST_ITEMS)                                            \
    SUBSCRIPT(R, k, ITEM_OF_LIST, list_type, PyList_GET_SIZE, LIST_ITEMS)                                            \
    SUBSCRIPT(L, k, ITEM_OF_TUPLE, tuple_type, PyTuple_GET_SIZE, TUPLE_ITEMS)                                        \
    SUBSCRIPT(S, k, ITEM_OF_TUPLE, tuple_type, PyTuple_GET_SIZE, TUPLE_ITEMS)                                        \
    SUBSCRIPT(R, k, ITEM_OF_TUPLE, tuple_type, PyTuple_GET_SIZE, TUPLE_ITEMS)
EACH_REGISTER(SUBSCRIPTS, 0)

/* ---- Owned operands, guarded before: at most three digits, and room in the free list ---- */
#define DROP_INT_OPERAND(kind)                                                                                       \
    TEMPLATE(DROP_INT_##kind)                                                                                        \
    {                                                                                                                \
        PyObject *object = READ_##kind(H_A, Q_A);                                                                    \
        if (--object->ob_refcnt == 0) {                                                                              \
            long size = Py_SIZE(object);                                                                             \
            long length = size < 0 ? -size : size;                                                                   \
            struct int_free_list *list = &RUNTIME_BASE->ints[length > 0 ? length - 1 : 0];                           \
            list->blocks[++list->count] = object;                                                                    \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
DROP_INT_OPERAND(S)
DROP_INT_OPERAND(R)
