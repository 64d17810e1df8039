/* vm/explain.h: why one function is as fast as it is, in sentences. */
#ifndef PYJIT_VM_EXPLAIN_H
#define PYJIT_VM_EXPLAIN_H

#include "runtime/cpython.h"

#include <stdio.h>

/* Writes what is known of `code`. `dying`: the code object is about to be freed. GIL held; a pending exception is kept; runs no Python code. */
void explain(PyCodeObject *code, bool dying, FILE *out);

#endif
