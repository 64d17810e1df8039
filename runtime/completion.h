/* runtime/completion.h: what follows when a Python function returns that an instruction other than a plain call has called. */
#ifndef PYJIT_RUNTIME_COMPLETION_H
#define PYJIT_RUNTIME_COMPLETION_H

#include <stdbool.h>

/* The caller's operands that the instruction took stay on its stack while the function runs, as on stock: so many as `kept` says in the
 * states of tier 2 (tier2/ir.h, deopt.h). */
enum completion {
    COMPLETION_call,     /* nothing kept: the result is pushed */
    COMPLETION_instance, /* CALL of a class, by its __init__: the instance, the class and the arguments are kept, and the instance is the result */
    COMPLETION_operator, /* BINARY_OP, by a method of the left operand; both are kept. NotImplemented: the rules go on */
    COMPLETION_get,      /* LOAD_ATTR of a property, whose owner is kept */
    COMPLETION_set,      /* STORE_ATTR of one, STORE_SUBSCR: all operands are kept, and nothing is pushed */
    COMPLETION_compare, /* COMPARE_OP, by a method of the left operand; both are kept. NotImplemented: the rules go on */
    COMPLETION_contains, /* CONTAINS_OP: both are kept; the truth of the result, or its opposite */
    COMPLETION_length,   /* CALL of len(): all operands are kept; the result as a length */
    COMPLETION_object,   /* CALL of an object with a __call__: all operands are kept */
    COMPLETION_sum, /* CALL of sum(), by a function that map() calls: that, a list or tuple, the index of its next item and the sum so far are kept */
    COMPLETION_COUNT
};

/* How many levels of recursion stock counts for the function and for what calls it. (object.c, PyObject_RichCompare; call.c,
 * _PyObject_MakeTpCall) */
static inline int completion_levels(int completion)
{
    bool by_c = completion == COMPLETION_instance || completion == COMPLETION_compare ||
                completion == COMPLETION_object || completion == COMPLETION_sum;
    return 1 + by_c;
}

/* Does stock keep the arguments in a tuple, too, while the function runs? They are the kept operands from the third on. */
static inline bool completion_has_tuple(int completion)
{
    return completion == COMPLETION_instance || completion == COMPLETION_object;
}

#endif
