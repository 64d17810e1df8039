/* runtime/ops/shared.h: what several files of runtime/ops share and nobody else needs. GIL held for all. */
#ifndef PYJIT_RUNTIME_OPS_SHARED_H
#define PYJIT_RUNTIME_OPS_SHARED_H

#include "runtime/ops.h"

/* The head of a handler (ops.h). Not every handler needs every argument. */
#define HANDLER(name)                                                                                                \
    int op_##name(__attribute__((unused)) PyThreadState *tstate, __attribute__((unused)) InterpreterFrame *frame,    \
                  __attribute__((unused)) PyObject **sp, __attribute__((unused)) int oparg)

/* NameError "name '...' is not defined", with the name in its `name` attribute (variables.c). */
void ops_raise_name_not_defined(PyThreadState *tstate, PyObject *name);

/* The name number `oparg` of the frame's code (borrowed). */
static inline PyObject *ops_name(InterpreterFrame *frame, int oparg)
{
    return PyTuple_GET_ITEM(frame->f_code->co_names, oparg);
}

/* Raises an exception instance again, with the traceback it has. Steals it; always OPS_RERAISED. (exceptions.c) */
int ops_raise_again(PyThreadState *tstate, PyObject *exception);

/* 0, or -1 with TypeError set when `type` is neither an exception class nor a tuple of them. (exceptions.c) */
int ops_check_catchable(PyThreadState *tstate, PyObject *type);

/* May an operation on these operands want CPython's own evaluator above it on the C stack, because NumPy would
 * then reuse a temporary array? `right` is NULL for a unary operation. (temporary_elision.c) */
bool ops_wants_elision(PyObject *left, PyObject *right);

/* Carries out an operator in CPython's evaluator. Steals the operands. A new reference or NULL with an exception set. */
PyObject *ops_binary_with_elision(PyObject *left, PyObject *right, int op);
/* The same for UNARY_POSITIVE, UNARY_NEGATIVE or UNARY_INVERT, given by opcode. */
PyObject *ops_unary_with_elision(PyObject *operand, int opcode);

#endif
