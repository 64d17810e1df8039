/* tier1/templates/compare.c: comparisons fused with the jump that follows, truth tests, identity, containment. */
#include "tier1/template.h"

/* Computes the outcome before operands are dropped, so that only one value has to live across that call: with two, clang would
 * have to push a register. */
#define KEEP_ONE_VALUE(ka, kb, value)                                                                                \
    if (OWNED_##ka || OWNED_##kb) {                                                                                  \
        __asm__("" : "+r"(value));                                                                                   \
    }

/* Jumps (label JUMP) when `left RELATION right` is `SENSE`, else goes on. */
#define INT_COMPARISON(ka, kb, name, relation, sense)                                                                \
    TEMPLATE(name##_INT_##ka##kb)                                                                                    \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        if (UNLIKELY(!IS_INT(a) || !IS_INT(b) || !IS_SHORT(a) || !IS_SHORT(b))) {                                    \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        long difference = SHORT_VALUE(a) - SHORT_VALUE(b);                                                           \
        KEEP_ONE_VALUE(ka, kb, difference);                                                                          \
        if (OWNED_##ka) {                                                                                            \
            DROP_INT(a);                                                                                             \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            DROP_INT(b);                                                                                             \
        }                                                                                                            \
        if ((difference relation 0) == sense) {                                                                      \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }

#define FLOAT_COMPARISON(ka, kb, name, relation, sense)                                                              \
    TEMPLATE(name##_FLOAT_##ka##kb)                                                                                  \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        if (UNLIKELY(!IS_FLOAT(a) || !IS_FLOAT(b))) {                                                                \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        int jumps = (FLOAT_VALUE(a) relation FLOAT_VALUE(b)) == sense;                                               \
        KEEP_ONE_VALUE(ka, kb, jumps);                                                                               \
        if (OWNED_##ka) {                                                                                            \
            DROP_FLOAT(a);                                                                                           \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            DROP_FLOAT(b);                                                                                           \
        }                                                                                                            \
        if (jumps) {                                                                                                 \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }

#define COMPARISON_OF(macro, word, relation)                                                                         \
    EACH_PAIR(macro, JUMP_IF_##word, relation, 1)                                                                    \
    EACH_PAIR(macro, JUMP_IF_NOT_##word, relation, 0)

COMPARISON_OF(INT_COMPARISON, LT, <)
COMPARISON_OF(INT_COMPARISON, LE, <=)
COMPARISON_OF(INT_COMPARISON, EQ, ==)
COMPARISON_OF(INT_COMPARISON, NE, !=)
COMPARISON_OF(INT_COMPARISON, GT, >)
COMPARISON_OF(INT_COMPARISON, GE, >=)
COMPARISON_OF(FLOAT_COMPARISON, LT, <)
COMPARISON_OF(FLOAT_COMPARISON, LE, <=)
COMPARISON_OF(FLOAT_COMPARISON, EQ, ==)
COMPARISON_OF(FLOAT_COMPARISON, NE, !=)
COMPARISON_OF(FLOAT_COMPARISON, GT, >)
COMPARISON_OF(FLOAT_COMPARISON, GE, >=)

/* ---- The path behind SLOW. The outcome travels in x as a number, because an escape check stands between the call and
 * the branch: BRANCH_ON_X then jumps. ---- */
#define SLOW_TRUTH(name, own, call)                                                                                  \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        own;                                                                                                         \
        long outcome = call;                                                                                         \
        if (UNLIKELY(outcome < 0)) {                                                                                 \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO_WITH(CONT, outcome, ANY);                                                                                 \
    }
#define SLOW_TRUTH_OF_PAIR(name, call)                                                                               \
    SLOW_TRUTH(name##_OO, (void)0, call)                                                                             \
    SLOW_TRUTH(name##_OB, y->ob_refcnt++, call)                                                                      \
    SLOW_TRUTH(name##_BO, x->ob_refcnt++, call)                                                                      \
    SLOW_TRUTH(name##_BB, (x->ob_refcnt++, y->ob_refcnt++), call)

SLOW_TRUTH_OF_PAIR(SLOW_COMPARE_TRUTH, rt_compare_truth(x, y, NUMBER(H_N)))
SLOW_TRUTH_OF_PAIR(SLOW_CONTAINS, rt_contains(x, y) ^ NUMBER(H_N))
SLOW_TRUTH(SLOW_TRUTH_O, (void)0, rt_truth(x))
SLOW_TRUTH(SLOW_TRUTH_B, x->ob_refcnt++, rt_truth(x))

TEMPLATE(BRANCH_IF_X)
{
    if (x != NULL) {
        GO(JUMP);
    }
    GO(CONT);
}

TEMPLATE(BRANCH_IF_NOT_X)
{
    if (x == NULL) {
        GO(JUMP);
    }
    GO(CONT);
}

/* The outcome as a bool object in r0. */
TEMPLATE(BOOL_OF_X)
{
    struct runtime_data *runtime = RUNTIME;
    r0 = x != NULL ? runtime->true_object : runtime->false_object;
    r0->ob_refcnt++;
    GO(CONT);
}

/* ---- Identity: never runs code but for the death of an operand, which the C path takes. ---- */
#define IDENTITY(ka, kb, name, sense)                                                                                \
    TEMPLATE(name##_##ka##kb)                                                                                        \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        if ((OWNED_##ka && UNLIKELY(a->ob_refcnt <= 2)) || (OWNED_##kb && UNLIKELY(b->ob_refcnt <= 2))) {            \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        if (OWNED_##ka) {                                                                                            \
            a->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            b->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        if ((a == b) == sense) {                                                                                     \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(IDENTITY, JUMP_IF_IS, 1)
EACH_PAIR(IDENTITY, JUMP_IF_IS_NOT, 0)
SLOW_TRUTH_OF_PAIR(SLOW_IS, rt_is(x, y) ^ NUMBER(H_N))

/* ---- Truth of one operand, then a jump ---- */
#define TRUTH(name, kind, sense)                                                                                     \
    TEMPLATE(name##_##kind)                                                                                          \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        struct runtime_data *runtime = RUNTIME;                                                                      \
        if (value == runtime->true_object) {                                                                         \
            if (OWNED_##kind) {                                                                                      \
                value->ob_refcnt--;                                                                                  \
            }                                                                                                        \
            if (sense) {                                                                                             \
                GO(JUMP);                                                                                            \
            }                                                                                                        \
            GO(CONT);                                                                                                \
        }                                                                                                            \
        if (LIKELY(value == runtime->false_object || value == runtime->none)) {                                      \
            if (OWNED_##kind) {                                                                                      \
                value->ob_refcnt--;                                                                                  \
            }                                                                                                        \
            if (sense) {                                                                                             \
                GO(CONT);                                                                                            \
            }                                                                                                        \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO_WITH(SLOW, value, ANY);                                                                                   \
    }
#define TRUTH_OF_EACH(name, sense)                                                                                   \
    TRUTH(name, L, sense)                                                                                            \
    TRUTH(name, C, sense)                                                                                            \
    TRUTH(name, S, sense)                                                                                            \
    TRUTH(name, R, sense)
TRUTH_OF_EACH(JUMP_IF_TRUE, 1)
TRUTH_OF_EACH(JUMP_IF_FALSE, 0)

#define NONE_TEST(name, kind, relation)                                                                              \
    TEMPLATE(name##_##kind)                                                                                          \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        if (OWNED_##kind && UNLIKELY(value->ob_refcnt == 1)) {                                                       \
            GO_WITH(SLOW, value, ANY);                                                                               \
        }                                                                                                            \
        if (OWNED_##kind) {                                                                                          \
            value->ob_refcnt--;                                                                                      \
        }                                                                                                            \
        if (value relation RUNTIME->none) {                                                                          \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
#define NONE_TEST_OF_EACH(name, relation)                                                                            \
    NONE_TEST(name, L, relation)                                                                                     \
    NONE_TEST(name, C, relation)                                                                                     \
    NONE_TEST(name, S, relation)                                                                                     \
    NONE_TEST(name, R, relation)
NONE_TEST_OF_EACH(JUMP_IF_NONE, ==)
NONE_TEST_OF_EACH(JUMP_IF_NOT_NONE, !=)
/* A value about to die is not None. */
TEMPLATE(SLOW_NOT_NONE)
{
    SET_INSTRUCTION();
    if (--x->ob_refcnt == 0) {
        rt_dealloc(x);
    }
    GO_WITH(CONT, 1, ANY);
}

/* JUMP_IF_*_OR_POP: the operand stands in its slot H_A and stays there when the jump is taken. */
#define TRUTH_OR_POP(name, sense)                                                                                    \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        PyObject *value = DISPLACED(H_A);                                                                            \
        struct runtime_data *runtime = RUNTIME;                                                                      \
        if (value == runtime->true_object) {                                                                         \
            if (sense) {                                                                                             \
                GO(JUMP);                                                                                            \
            }                                                                                                        \
            value->ob_refcnt--;                                                                                      \
            GO(CONT);                                                                                                \
        }                                                                                                            \
        if (value == runtime->false_object || value == runtime->none) {                                              \
            if (!sense) {                                                                                            \
                GO(JUMP);                                                                                            \
            }                                                                                                        \
            value->ob_refcnt--;                                                                                      \
            GO(CONT);                                                                                                \
        }                                                                                                            \
        GO_WITH(SLOW, value, ANY);                                                                                   \
    }
TRUTH_OR_POP(KEEP_IF_TRUE, 1)
TRUTH_OR_POP(KEEP_IF_FALSE, 0)
