/* runtime/steps.h: every opcode as a C function on operands in memory, for compiled code that has nothing better. */
#ifndef PYJIT_RUNTIME_STEPS_H
#define PYJIT_RUNTIME_STEPS_H

#include "runtime/cpython.h"

/* As a handler of ops.h, with the site's feedback cell (feedback.h) besides, which must be there where the opcode has one. Returns 0; 1 where
 * the function says so; negative with an exception set and the operands gone. */
typedef int step_function(PyThreadState *tstate, InterpreterFrame *frame, PyObject **sp, int oparg, void *cell);

/* op_NAME for an opcode whose row in opcodes.def has the flag H, else NULL. */
const void *ops_handler(int opcode);

/* The function for an opcode, or NULL where there is none: jumps, returns, generators, locals. Those of handlers ignore the cell. */
step_function *step_of(int opcode);

/* CALL's oparg: the number of arguments, and one more than the index in co_consts of the tuple KW_NAMES gave, 0 for none. */
enum { STEP_CALL_NAMES_SHIFT = 16 };

step_function step_BINARY_OP, step_COMPARE_OP, step_BINARY_SUBSCR, step_STORE_SUBSCR;
/* BINARY_OP by rt_add_and_store: the oparg is the operator, and from bit STEP_LOCAL_SHIFT on the local. */
step_function step_add_and_store;
enum { STEP_LOCAL_SHIFT = 8 };
/* Pops the operand; returns its truth. */
step_function step_truth;
/* The same, but the operand stays. */
step_function step_truth_kept;
/* The iterator on top stays. Pushes the next value and returns 1; or drops the iterator and returns 0 at the end. */
step_function step_FOR_ITER;

#endif
