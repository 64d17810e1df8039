/* tier1/templates/arith.c: arithmetic on short ints and floats, for every pair of operand kinds.
 *
 * An int template falls back to the float template of the same pair where there is one (the emitter places
 * that in the cold part), then to rt_binary_op.
 */
#include "tier1/template.h"

/* A new int in r0. A dead short operand would be the obvious block to reuse, but the free list costs as little. */
#define RESULT_INT(value)                                                                                            \
    PyObject *result = rt_int_from_long(value);                                                                      \
    if (UNLIKELY(result == NULL)) {                                                                                  \
        GO_WITH(SLOW, a, b);                                                                                         \
    }

#define INT_OPERATION(ka, kb, name, expression)                                                                      \
    TEMPLATE(name##_INT_##ka##kb)                                                                                    \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        if (UNLIKELY(!IS_INT(a) || !IS_INT(b) || !IS_SHORT(a) || !IS_SHORT(b))) {                                    \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        long left = SHORT_VALUE(a);                                                                                  \
        long right = SHORT_VALUE(b);                                                                                 \
        RESULT_INT(expression)                                                                                       \
        if (OWNED_##ka) {                                                                                            \
            DROP_INT(a);                                                                                             \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            DROP_INT(b);                                                                                             \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        GO(CONT);                                                                                                    \
    }

EACH_PAIR(INT_OPERATION, ADD, left + right)
EACH_PAIR(INT_OPERATION, SUBTRACT, left - right)
EACH_PAIR(INT_OPERATION, MULTIPLY, left *right)
EACH_PAIR(INT_OPERATION, AND, left &right)
EACH_PAIR(INT_OPERATION, OR, left | right)
EACH_PAIR(INT_OPERATION, XOR, left ^ right)

/* Operations that do not hold for every pair of short ints. */
#define PARTIAL_INT_OPERATION(ka, kb, name, refuse, expression)                                                      \
    TEMPLATE(name##_INT_##ka##kb)                                                                                    \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        if (UNLIKELY(!IS_INT(a) || !IS_INT(b) || !IS_SHORT(a) || !IS_SHORT(b))) {                                    \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        long left = SHORT_VALUE(a);                                                                                  \
        long right = SHORT_VALUE(b);                                                                                 \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        RESULT_INT(expression)                                                                                       \
        if (OWNED_##ka) {                                                                                            \
            DROP_INT(a);                                                                                             \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            DROP_INT(b);                                                                                             \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        GO(CONT);                                                                                                    \
    }

/* Both short operands fit an int32, whose division is several times faster than that of a long. */
EACH_PAIR(PARTIAL_INT_OPERATION, FLOOR_DIVIDE, left < 0 || right <= 0, (int)left / (int)right)
EACH_PAIR(PARTIAL_INT_OPERATION, REMAINDER, left < 0 || right <= 0, (int)left % (int)right)
EACH_PAIR(PARTIAL_INT_OPERATION, LSHIFT, (unsigned long)right > 32, left << right)
EACH_PAIR(PARTIAL_INT_OPERATION, RSHIFT, (unsigned long)right > 62, left >> right)

#define FLOAT_OPERATION(ka, kb, name, refuse, expression)                                                            \
    TEMPLATE(name##_FLOAT_##ka##kb)                                                                                  \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        if (UNLIKELY(!IS_FLOAT(a) || !IS_FLOAT(b))) {                                                                \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        double left = FLOAT_VALUE(a);                                                                                \
        double right = FLOAT_VALUE(b);                                                                               \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        double value = expression;                                                                                   \
        /* An operand that dies here becomes the result: nobody can tell it from a new float. */                     \
        if (OWNED_##ka && a->ob_refcnt == 1) {                                                                       \
            FLOAT_VALUE(a) = value;                                                                                  \
            if (OWNED_##kb) {                                                                                        \
                DROP_FLOAT(b);                                                                                       \
            }                                                                                                        \
            r0 = a;                                                                                                  \
            GO(CONT);                                                                                                \
        }                                                                                                            \
        if (OWNED_##kb && b->ob_refcnt == 1) {                                                                       \
            FLOAT_VALUE(b) = value;                                                                                  \
            if (OWNED_##ka) {                                                                                        \
                a->ob_refcnt--;                                                                                      \
            }                                                                                                        \
            r0 = b;                                                                                                  \
            GO(CONT);                                                                                                \
        }                                                                                                            \
        PyObject *result = rt_float_new(value);                                                                      \
        if (UNLIKELY(result == NULL)) {                                                                              \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        if (OWNED_##ka) {                                                                                            \
            a->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            b->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        GO(CONT);                                                                                                    \
    }

EACH_PAIR(FLOAT_OPERATION, ADD, 0, left + right)
EACH_PAIR(FLOAT_OPERATION, SUBTRACT, 0, left - right)
EACH_PAIR(FLOAT_OPERATION, MULTIPLY, 0, left *right)
/* "x != x || x == 0" without a constant in memory: the bits of a zero shifted by the sign are 0. */
EACH_PAIR(FLOAT_OPERATION, TRUE_DIVIDE, ({
              uint64_t bits;
              __builtin_memcpy(&bits, &right, sizeof bits);
              (bits << 1) == 0;
          }),
          left / right)

/* ---- The path behind SLOW: x and y are the operands; the letters say which of them is owned. ---- */
#define SLOW_BINARY(name, call)                                                                                      \
    TEMPLATE(name##_OO)                                                                                              \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        r0 = call;                                                                                                   \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(name##_OB)                                                                                              \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        y->ob_refcnt++;                                                                                              \
        r0 = call;                                                                                                   \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(name##_BO)                                                                                              \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        x->ob_refcnt++;                                                                                              \
        r0 = call;                                                                                                   \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(name##_BB)                                                                                              \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        x->ob_refcnt++;                                                                                              \
        y->ob_refcnt++;                                                                                              \
        r0 = call;                                                                                                   \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }

SLOW_BINARY(SLOW_BINARY_OP, rt_binary_op(x, y, NUMBER(H_N)))
SLOW_BINARY(SLOW_SUBSCRIPT, rt_subscript(x, y))
SLOW_BINARY(SLOW_COMPARE, rt_compare(x, y, NUMBER(H_N)))

/* Brings any pair of operands into x and y, then goes to SLOW: for operations without a template of their own. */
#define LOAD_PAIR(ka, kb, unused)                                                                                    \
    TEMPLATE(PAIR_##ka##kb)                                                                                          \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        GO_WITH(CONT, a, b);                                                                                         \
    }
EACH_PAIR(LOAD_PAIR, 0)

/* `s += t` for a local s: H_D is that local, x its value. */
#define SLOW_ADD_AND_STORE(name, own)                                                                                \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        own;                                                                                                         \
        r0 = rt_add_and_store(x, y, NUMBER(H_N), &DISPLACED(H_D));                                                   \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
SLOW_ADD_AND_STORE(SLOW_ADD_AND_STORE_BO, x->ob_refcnt++)
SLOW_ADD_AND_STORE(SLOW_ADD_AND_STORE_BB, (x->ob_refcnt++, y->ob_refcnt++))
