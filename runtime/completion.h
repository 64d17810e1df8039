/* runtime/completion.h: what follows when a Python function returns that an instruction other than a plain call has called. */
#ifndef PYJIT_RUNTIME_COMPLETION_H
#define PYJIT_RUNTIME_COMPLETION_H

/* The caller's operands that the instruction took stay on its stack while the function runs, as on stock: so many as `kept` says in the
 * states of tier 2 (tier2/ir.h, deopt.h). */
enum completion {
    COMPLETION_call,     /* nothing kept: the result is pushed */
    COMPLETION_instance, /* CALL of a class, by its __init__: the instance, the class and the arguments are kept, and the instance is the result */
    COMPLETION_operator, /* BINARY_OP, by a method of the left operand; both are kept. NotImplemented: the rules go on */
    COMPLETION_get,      /* LOAD_ATTR of a property, whose owner is kept; BINARY_SUBSCR */
    COMPLETION_sum, /* CALL of sum(), by a function that map() calls: that, a list or tuple, the index of its next item and the sum so far are kept */
    COMPLETION_COUNT
};

/* How many levels of recursion stock enters for what calls the function: the call of a class counts as one, and so does that of sum(). */
static inline int completion_levels(int completion)
{
    return completion == COMPLETION_instance || completion == COMPLETION_sum;
}

#endif
