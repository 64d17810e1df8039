/* tier1/templates/unboxed_floats.c: arithmetic on doubles in machine registers (select_unboxed.c).
 *
 * The number in a template's name says which of d0..d3 it works on. Guards come first, in templates without an effect; what is behind them
 * cannot fail. Only FLOATS_IN_C calls a function, and loses the other registers by it.
 */
#define UNBOXED_REGISTERS
#include "tier1/templates/numbers.h"

ALWAYS_INLINE double double_of_bits(uint64_t bits)
{
    double value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

#define EACH_REGISTER(X, ...)                                                                                        \
    X(0, __VA_ARGS__)                                                                                                \
    X(1, __VA_ARGS__)                                                                                                \
    X(2, __VA_ARGS__)                                                                                                \
    X(3, __VA_ARGS__)

/* ---- Into a register and out of it ---- */

/* Of an owned operand, which is dropped once all guards are through (DROP_*): the free lists have room for two. */
#define OWNED_MOVES(kind, k)                                                                                         \
    TEMPLATE(LOAD_FLOAT_##kind##_##k)                                                                                \
    {                                                                                                                \
        PyObject *object = READ_##kind(H_A, Q_A);                                                                    \
        if (UNLIKELY(!IS_FLOAT(object) || RUNTIME->floats->numfree >= PyFloat_MAXFREELIST - 1)) {                    \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        d##k = FLOAT_VALUE(object);                                                                                  \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(CONVERT_INT_##kind##_##k)                                                                               \
    {                                                                                                                \
        PyObject *object = READ_##kind(H_A, Q_A);                                                                    \
        if (UNLIKELY(!IS_INT(object) || !IS_SHORT(object) || RUNTIME->ints[0].count >= INT_FREE_LIST_LIMIT - 1)) {   \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        d##k = (double)(int)SHORT_VALUE(object);                                                                     \
        GO(CONT);                                                                                                    \
    }
#define MOVES(k, unused)                                                                                                    \
    TEMPLATE(LOAD_FLOAT_L_##k) /* a local that may be anything */                                                           \
    {                                                                                                                       \
        PyObject *object = DISPLACED(H_A);                                                                                  \
        if (UNLIKELY(!IS_FLOAT(object))) {                                                                                  \
            GO(SLOW);                                                                                                       \
        }                                                                                                                   \
        d##k = FLOAT_VALUE(object);                                                                                         \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    TEMPLATE(CONVERT_INT_L_##k) /* ... an int of at most one digit, which a double holds exactly */                         \
    {                                                                                                                       \
        PyObject *object = DISPLACED(H_A);                                                                                  \
        if (UNLIKELY(!IS_INT(object) || !IS_SHORT(object))) {                                                               \
            GO(SLOW);                                                                                                       \
        }                                                                                                                   \
        d##k = (double)(int)SHORT_VALUE(object);                                                                            \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    OWNED_MOVES(S, k)                                                                                                       \
    OWNED_MOVES(R, k)                                                                                                       \
    TEMPLATE(KNOWN_FLOAT_L_##k)                                                                                             \
    {                                                                                                                       \
        d##k = FLOAT_VALUE(DISPLACED(H_A));                                                                                 \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    TEMPLATE(LOAD_FLOAT_C_##k) /* the bits are the constant */                                                              \
    {                                                                                                                       \
        d##k = double_of_bits((uint64_t)QUAD(Q_A));                                                                         \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    TEMPLATE(LOAD_FLOAT_RAW_##k)                                                                                            \
    {                                                                                                                       \
        d##k = RAW_FLOAT(H_A);                                                                                              \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    TEMPLATE(CONVERT_INT_RAW_##k) /* an unboxed int, where the double holds it exactly */                                   \
    {                                                                                                                       \
        long value = RAW_INT(H_A);                                                                                          \
        if (UNLIKELY((unsigned long)(value + (1L << 53)) > 1UL << 54)) {                                                    \
            GO(SLOW);                                                                                                       \
        }                                                                                                                   \
        d##k = (double)value;                                                                                               \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    TEMPLATE(SAVE_FLOAT_##k)                                                                                                \
    {                                                                                                                       \
        RAW_FLOAT(H_D) = d##k;                                                                                              \
        PASS(CONT);                                                                                                         \
    }                                                                                                                       \
    /* Into a local: over its old float where nobody else holds that. SLOW: the old value is neither a float nor shared. */ \
    TEMPLATE(STORE_FLOAT_##k)                                                                                               \
    {                                                                                                                       \
        PyObject *old = DISPLACED(H_D);                                                                                     \
        if (old != NULL && old->ob_refcnt == 1) {                                                                           \
            if (UNLIKELY(!IS_FLOAT(old))) {                                                                                 \
                GO(SLOW);                                                                                                   \
            }                                                                                                               \
            FLOAT_VALUE(old) = d##k;                                                                                        \
            GO(CONT);                                                                                                       \
        }                                                                                                                   \
        PyObject *object = take_float();                                                                                    \
        if (UNLIKELY(object == NULL)) {                                                                                     \
            GO(SLOW);                                                                                                       \
        }                                                                                                                   \
        FLOAT_VALUE(object) = d##k;                                                                                         \
        if (old != NULL) {                                                                                                  \
            old->ob_refcnt--;                                                                                               \
        }                                                                                                                   \
        DISPLACED(H_D) = object;                                                                                            \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    /* ... that is known to hold a float. */                                                                                \
    TEMPLATE(UPDATE_FLOAT_##k)                                                                                              \
    {                                                                                                                       \
        PyObject *old = DISPLACED(H_D);                                                                                     \
        if (UNLIKELY(old->ob_refcnt != 1)) {                                                                                \
            GO(SLOW);                                                                                                       \
        }                                                                                                                   \
        FLOAT_VALUE(old) = d##k;                                                                                            \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    /* An object for it, in its slot H_D or in r0. */                                                                       \
    TEMPLATE(BOX_FLOAT_S_##k)                                                                                               \
    {                                                                                                                       \
        PyObject *object = take_float();                                                                                    \
        if (UNLIKELY(object == NULL)) {                                                                                     \
            PASS(SLOW);                                                                                                     \
        }                                                                                                                   \
        FLOAT_VALUE(object) = d##k;                                                                                         \
        DISPLACED(H_D) = object;                                                                                            \
        PASS(CONT);                                                                                                         \
    }                                                                                                                       \
    TEMPLATE(BOX_FLOAT_R_##k)                                                                                               \
    {                                                                                                                       \
        PyObject *object = take_float();                                                                                    \
        if (UNLIKELY(object == NULL)) {                                                                                     \
            GO(SLOW);                                                                                                       \
        }                                                                                                                   \
        FLOAT_VALUE(object) = d##k;                                                                                         \
        r0 = object;                                                                                                        \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    TEMPLATE(NEGATE_FLOAT_##k)                                                                                              \
    {                                                                                                                       \
        uint64_t bits;                                                                                                      \
        __builtin_memcpy(&bits, &d##k, sizeof bits);                                                                        \
        bits ^= (uint64_t)1 << 63;                                                                                          \
        __asm__("" : "+r"(bits));                                                                                           \
        d##k = double_of_bits(bits);                                                                                        \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    /* The truth of a float: everything but a zero. */                                                                      \
    TEMPLATE(JUMP_IF_FLOAT_##k)                                                                                             \
    {                                                                                                                       \
        if (!IS_ZERO_FLOAT(d##k)) {                                                                                         \
            GO(JUMP);                                                                                                       \
        }                                                                                                                   \
        GO(CONT);                                                                                                           \
    }                                                                                                                       \
    TEMPLATE(JUMP_IF_NOT_FLOAT_##k)                                                                                         \
    {                                                                                                                       \
        if (IS_ZERO_FLOAT(d##k)) {                                                                                          \
            GO(JUMP);                                                                                                       \
        }                                                                                                                   \
        GO(CONT);                                                                                                           \
    }
EACH_REGISTER(MOVES, 0)

/* ---- Owned operands, guarded before ---- */
#define DROPS(kind)                                                                                                  \
    TEMPLATE(DROP_FLOAT_##kind)                                                                                      \
    {                                                                                                                \
        PyObject *object = READ_##kind(H_A, Q_A);                                                                    \
        drop_float(object);                                                                                          \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(DROP_NUMBER_##kind)                                                                                     \
    {                                                                                                                \
        PyObject *object = READ_##kind(H_A, Q_A);                                                                    \
        if (--object->ob_refcnt == 0) {                                                                              \
            if (IS_FLOAT(object)) {                                                                                  \
                put_float(object);                                                                                   \
            } else {                                                                                                 \
                put_int(object);                                                                                     \
            }                                                                                                        \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
DROPS(S)
DROPS(R)

/* ---- Two registers: the result goes into the left operand's ---- */
#define EACH_REGISTER_PAIR(X, ...)                                                                                   \
    X(0, 0, __VA_ARGS__)                                                                                             \
    X(0, 1, __VA_ARGS__)                                                                                             \
    X(0, 2, __VA_ARGS__)                                                                                             \
    X(0, 3, __VA_ARGS__)                                                                                             \
    X(1, 0, __VA_ARGS__)                                                                                             \
    X(1, 1, __VA_ARGS__)                                                                                             \
    X(1, 2, __VA_ARGS__)                                                                                             \
    X(1, 3, __VA_ARGS__)                                                                                             \
    X(2, 0, __VA_ARGS__)                                                                                             \
    X(2, 1, __VA_ARGS__)                                                                                             \
    X(2, 2, __VA_ARGS__)                                                                                             \
    X(2, 3, __VA_ARGS__)                                                                                             \
    X(3, 0, __VA_ARGS__)                                                                                             \
    X(3, 1, __VA_ARGS__)                                                                                             \
    X(3, 2, __VA_ARGS__)                                                                                             \
    X(3, 3, __VA_ARGS__)

#define OPERATOR(a, b, name, operator)                                                                               \
    TEMPLATE(name##_FLOATS_##a##b)                                                                                   \
    {                                                                                                                \
        d##a = d##a operator d##b;                                                                                   \
        GO(CONT);                                                                                                    \
    }
EACH_REGISTER_PAIR(OPERATOR, ADD, +)
EACH_REGISTER_PAIR(OPERATOR, SUBTRACT, -)
EACH_REGISTER_PAIR(OPERATOR, MULTIPLY, *)
EACH_REGISTER_PAIR(OPERATOR, TRUE_DIVIDE, /)

#define GUARD_DIVISOR(k, unused)                                                                                     \
    TEMPLATE(GUARD_DIVISOR_##k)                                                                                      \
    {                                                                                                                \
        if (UNLIKELY(IS_ZERO_FLOAT(d##k))) {                                                                         \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_REGISTER(GUARD_DIVISOR, 0)

/* d0 OP d1 in C (the handler) into d0. SLOW: not a case for it. */
TEMPLATE(FLOATS_IN_C)
{
    struct float_outcome outcome = ((struct float_outcome(*)(double, double))(void *)HANDLER)(d0, d1);
    double any;
    long any_int;
    d0 = outcome.value;
    d1 = d2 = d3 = any;
    i0 = i1 = i2 = any_int;
    if (UNLIKELY(!outcome.valid)) {
        GO(SLOW);
    }
    GO(CONT);
}

/* Jumps when `left RELATION right` is `SENSE`; the other two relations are these with the operands turned round. */
#define COMPARISON(a, b, name, relation, sense)                                                                      \
    TEMPLATE(name##_FLOATS_##a##b)                                                                                   \
    {                                                                                                                \
        if ((d##a relation d##b) == sense) {                                                                         \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
/* Equality takes two flags; as a number it leaves a single jump. */
#define EQUALITY(a, b, name, relation, sense)                                                                        \
    TEMPLATE(name##_FLOATS_##a##b)                                                                                   \
    {                                                                                                                \
        int jumps = (d##a relation d##b) == sense;                                                                   \
        __asm__("" : "+r"(jumps));                                                                                   \
        if (jumps) {                                                                                                 \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_LT, <, 1)
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_NOT_LT, <, 0)
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_LE, <=, 1)
EACH_REGISTER_PAIR(COMPARISON, JUMP_IF_NOT_LE, <=, 0)
EACH_REGISTER_PAIR(EQUALITY, JUMP_IF_EQ, ==, 1)
EACH_REGISTER_PAIR(EQUALITY, JUMP_IF_NE, ==, 0)
