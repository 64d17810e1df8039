/* tier1/templates/arith.c: arithmetic on short ints and floats, for every pair of operand kinds; the result is left in r0.
 *
 * Behind SLOW, in the cold part: perhaps the template of the other type, then PAIR_* and NUMBERS (every number, in
 * C), then rt_binary_op, which may run any code.
 */
#include "tier1/templates/numbers.h"

#define INT_OPERATION(ka, kb, name, refuse, expression)                                                              \
    TEMPLATE(name##_INT_##ka##kb)                                                                                    \
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
        PyObject *result = int_result(expression, OWNER_##ka(a), OWNER_##kb(b));                                     \
        if (UNLIKELY(result == NULL)) {                                                                              \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        GO(CONT);                                                                                                    \
    }
#define INT_OPERATIONS(name, refuse, expression) EACH_PAIR(INT_OPERATION, name, refuse, expression)
EACH_INT_OPERATOR(INT_OPERATIONS)

#define FLOAT_OPERATION(ka, kb, name, refuse, expression)                                                            \
    TEMPLATE(name##_FLOAT_##ka##kb)                                                                                  \
    {                                                                                                                \
        FORGET_REGISTER(ka, kb);                                                                                     \
        PyObject *a = FLOAT_OPERAND_##ka(H_A, Q_A);                                                                  \
        PyObject *b = FLOAT_OPERAND_##kb(H_B, Q_B);                                                                  \
        if (UNLIKELY(NO_FLOAT_##ka(a) || NO_FLOAT_##kb(b))) {                                                        \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        double left = FLOAT_VALUE(a);                                                                                \
        double right = FLOAT_VALUE(b);                                                                               \
        if (UNLIKELY(refuse)) {                                                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        PyObject *result = float_result(expression, OWNER_##ka(a), OWNER_##kb(b));                                   \
        if (UNLIKELY(result == NULL)) {                                                                              \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        GO(CONT);                                                                                                    \
    }
#define FLOAT_OPERATIONS(name, refuse, expression) EACH_PAIR(FLOAT_OPERATION, name, refuse, expression)
EACH_FLOAT_OPERATOR(FLOAT_OPERATIONS)

/* ---- Unary operators ---- */
#define UNARY_INT(kind, name, expression)                                                                            \
    TEMPLATE(name##_INT_##kind)                                                                                      \
    {                                                                                                                \
        FORGET_REGISTER(kind, L);                                                                                    \
        PyObject *a = OBJECT_##kind(H_A, Q_A);                                                                       \
        if (UNLIKELY(!IS_INT(a) || !IS_SHORT(a))) {                                                                  \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long value = SHORT_VALUE(a);                                                                                 \
        PyObject *result = int_result(expression, OWNER_##kind(a), NULL);                                            \
        if (UNLIKELY(result == NULL)) {                                                                              \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        GO(CONT);                                                                                                    \
    }
#define UNARY_FLOAT(kind, name, expression)                                                                          \
    TEMPLATE(name##_FLOAT_##kind)                                                                                    \
    {                                                                                                                \
        FORGET_REGISTER(kind, L);                                                                                    \
        PyObject *a = OBJECT_##kind(H_A, Q_A);                                                                       \
        if (UNLIKELY(!IS_FLOAT(a))) {                                                                                \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        uint64_t bits;                                                                                               \
        __builtin_memcpy(&bits, &FLOAT_VALUE(a), sizeof bits);                                                       \
        bits ^= (uint64_t)1 << 63;                                                                                   \
        double value;                                                                                                \
        __builtin_memcpy(&value, &bits, sizeof value);                                                               \
        PyObject *result = float_result(value, OWNER_##kind(a), NULL);                                               \
        if (UNLIKELY(result == NULL)) {                                                                              \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        GO(CONT);                                                                                                    \
    }
#define UNARY_OF_EACH(macro, name, expression)                                                                       \
    macro(L, name, expression) macro(S, name, expression) macro(R, name, expression)
UNARY_OF_EACH(UNARY_INT, NEGATE, -value)
UNARY_OF_EACH(UNARY_INT, INVERT, ~value)
UNARY_OF_EACH(UNARY_FLOAT, NEGATE, )

/* The operand in x, in C: H_N is the opcode, H_M whether it is owned. */
TEMPLATE(NUMBER_UNARY)
{
    PyObject *result = rt_number_unary(x, NUMBER(H_N), NUMBER(H_M));
    if (UNLIKELY(result == NULL)) {
        GO_WITH(SLOW, x, ANY);
    }
    r0 = result;
    GO(CONT);
}

#define SLOW_UNARY(name, own)                                                                                        \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        own;                                                                                                         \
        r0 = rt_unary(x, NUMBER(H_N));                                                                               \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
SLOW_UNARY(SLOW_UNARY_O, (void)0)
SLOW_UNARY(SLOW_UNARY_B, x->ob_refcnt++)

/* Two numbers of any kind in x and y: the handler is the operator's function, H_M says which are owned. (It runs no other code, but
 * tracemalloc asks for the line of what it allocates.) */
TEMPLATE(NUMBERS)
{
    SET_INSTRUCTION();
    PyObject *right = y;
    PyObject *result = ((PyObject * (*)(PyObject *, PyObject *, int))(void *)HANDLER)(x, right, NUMBER(H_M));
    if (UNLIKELY(result == NULL)) {
        GO_WITH(SLOW, x, right);
    }
    r0 = result;
    GO(CONT);
}

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
SLOW_ADD_AND_STORE(SLOW_ADD_AND_STORE_OO, (void)0)
SLOW_ADD_AND_STORE(SLOW_ADD_AND_STORE_OB, y->ob_refcnt++)
SLOW_ADD_AND_STORE(SLOW_ADD_AND_STORE_BO, x->ob_refcnt++)
SLOW_ADD_AND_STORE(SLOW_ADD_AND_STORE_BB, (x->ob_refcnt++, y->ob_refcnt++))
