/* tier1/templates/compare_numbers.c: comparisons of short ints and of floats, fused with the jump that follows. */
#include "tier1/templates/numbers.h"

/* Jumps (label JUMP) when `left RELATION right` is `SENSE`, else goes on. */
#define INT_COMPARISON(ka, kb, name, relation, sense)                                                                \
    TEMPLATE(name##_INT_##ka##kb)                                                                                    \
    {                                                                                                                \
        FORGET_REGISTER(ka, kb);                                                                                     \
        PyObject *a = OBJECT_##ka(H_A, Q_A);                                                                         \
        PyObject *b = OBJECT_##kb(H_B, Q_B);                                                                         \
        if (UNLIKELY(NO_SHORT_INT_##ka(a) || NO_SHORT_INT_##kb(b))) {                                                \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if ((OWNED_##ka || OWNED_##kb) && UNLIKELY(RUNTIME->ints[0].count >= INT_FREE_LIST_LIMIT - 1)) {             \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long left = INT_VALUE_##ka(a);                                                                               \
        long right = INT_VALUE_##kb(b);                                                                              \
        if (OWNED_##ka) {                                                                                            \
            drop_int(a);                                                                                             \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            drop_int(b);                                                                                             \
        }                                                                                                            \
        if ((left relation right) == sense) {                                                                        \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }

#define FLOAT_COMPARISON(ka, kb, name, relation, sense, hide)                                                        \
    TEMPLATE(name##_FLOAT_##ka##kb)                                                                                  \
    {                                                                                                                \
        FORGET_REGISTER(ka, kb);                                                                                     \
        PyObject *a = FLOAT_OPERAND_##ka(H_A, Q_A);                                                                  \
        PyObject *b = FLOAT_OPERAND_##kb(H_B, Q_B);                                                                  \
        if (UNLIKELY(NO_FLOAT_##ka(a) || NO_FLOAT_##kb(b))) {                                                        \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if ((OWNED_##ka || OWNED_##kb) && UNLIKELY(RUNTIME->floats->numfree >= PyFloat_MAXFREELIST - 1)) {           \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        double left = FLOAT_VALUE(a);                                                                                \
        double right = FLOAT_VALUE(b);                                                                               \
        if (OWNED_##ka) {                                                                                            \
            drop_float(a);                                                                                           \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            drop_float(b);                                                                                           \
        }                                                                                                            \
        int jumps = (left relation right) == sense;                                                                  \
        hide;                                                                                                        \
        if (jumps) {                                                                                                 \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
#define FLOAT_ORDER(ka, kb, name, relation, sense) FLOAT_COMPARISON(ka, kb, name, relation, sense, (void)0)
/* Equality takes two flags; as a number it leaves a single jump. */
#define FLOAT_EQUALITY(ka, kb, name, relation, sense)                                                                \
    FLOAT_COMPARISON(ka, kb, name, relation, sense, __asm__("" : "+r"(jumps)))

#define COMPARISON_OF(macro, word, relation)                                                                         \
    EACH_PAIR(macro, JUMP_IF_##word, relation, 1)                                                                    \
    EACH_PAIR(macro, JUMP_IF_NOT_##word, relation, 0)

COMPARISON_OF(INT_COMPARISON, LT, <)
COMPARISON_OF(INT_COMPARISON, LE, <=)
COMPARISON_OF(INT_COMPARISON, EQ, ==)
COMPARISON_OF(INT_COMPARISON, NE, !=)
COMPARISON_OF(INT_COMPARISON, GT, >)
COMPARISON_OF(INT_COMPARISON, GE, >=)
COMPARISON_OF(FLOAT_ORDER, LT, <)
COMPARISON_OF(FLOAT_ORDER, LE, <=)
COMPARISON_OF(FLOAT_EQUALITY, EQ, ==)
COMPARISON_OF(FLOAT_EQUALITY, NE, !=)
COMPARISON_OF(FLOAT_ORDER, GT, >)
COMPARISON_OF(FLOAT_ORDER, GE, >=)
