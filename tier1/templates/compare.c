/* tier1/templates/compare.c: what is behind the comparisons of compare_numbers.c, equality of strings, truth tests, identity,
 * containment. */
#include "tier1/template.h"

/* Numbers of any kind, and strings, in x and y: H_N is the relation, H_M says which are owned. */
#define PLAIN_COMPARISON(name, sense)                                                                                \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        PyObject *right = y;                                                                                         \
        int outcome = rt_plain_compare(x, right, NUMBER(H_N), NUMBER(H_M));                                          \
        if (UNLIKELY(outcome < 0)) {                                                                                 \
            GO_WITH(SLOW, x, right);                                                                                 \
        }                                                                                                            \
        if (outcome == sense) {                                                                                      \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
PLAIN_COMPARISON(JUMP_IF_PLAIN, 1)
PLAIN_COMPARISON(JUMP_IF_NOT_PLAIN, 0)

/* Equality of strings in x and y, neither of them owned. */
#define STR_EQUALITY(name, sense)                                                                                    \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        PyObject *right = y;                                                                                         \
        PyTypeObject *str = RUNTIME->str_type;                                                                       \
        if (UNLIKELY(Py_TYPE(x) != str || Py_TYPE(right) != str)) {                                                  \
            GO_WITH(SLOW, x, right);                                                                                 \
        }                                                                                                            \
        /* A length of 0 is also that of a string that is not ready. */                                              \
        int equal = x == right;                                                                                      \
        Py_ssize_t length = ((PyASCIIObject *)x)->length;                                                            \
        Py_ssize_t other = ((PyASCIIObject *)right)->length;                                                         \
        if (!equal && (length == other || length == 0 || other == 0)) {                                              \
            equal = rt_plain_compare(x, right, Py_EQ, 0);                                                            \
            if (UNLIKELY(equal < 0)) {                                                                               \
                GO_WITH(SLOW, x, right);                                                                             \
            }                                                                                                        \
        }                                                                                                            \
        if (equal == sense) {                                                                                        \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
STR_EQUALITY(JUMP_IF_STR_EQUAL, 1)
STR_EQUALITY(JUMP_IF_NOT_STR_EQUAL, 0)

/* Truth of what stands in x: H_M says whether it is owned. */
#define PLAIN_TRUTH(name, sense)                                                                                     \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        int outcome = rt_plain_truth(x, NUMBER(H_M));                                                                \
        if (UNLIKELY(outcome < 0)) {                                                                                 \
            GO_WITH(SLOW, x, ANY);                                                                                   \
        }                                                                                                            \
        if (outcome == sense) {                                                                                      \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
PLAIN_TRUTH(JUMP_IF_PLAIN_TRUTH, 1)
PLAIN_TRUTH(JUMP_IF_NOT_PLAIN_TRUTH, 0)

TEMPLATE(LOAD_TRUE)
{
    r0 = RUNTIME->true_object;
    r0->ob_refcnt++;
    GO(CONT);
}

TEMPLATE(LOAD_FALSE)
{
    r0 = RUNTIME->false_object;
    r0->ob_refcnt++;
    GO(CONT);
}

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
    struct runtime_data *runtime = RUNTIME_BASE;
    r0 = x != NULL ? runtime->true_object : runtime->false_object;
    r0->ob_refcnt++;
    GO(CONT);
}

TEMPLATE(BOOL_OF_NOT_X)
{
    struct runtime_data *runtime = RUNTIME_BASE;
    r0 = x == NULL ? runtime->true_object : runtime->false_object;
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
            GO(SLOW);                                                                                                \
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
        struct runtime_data *runtime = RUNTIME_BASE;                                                                 \
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
        struct runtime_data *runtime = RUNTIME_BASE;                                                                 \
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
