/* vm/disassemble.h: one function, line by line: source, bytecode, tier-1 machine code, tier 2's IR and machine code. */
#ifndef PYJIT_VM_DISASSEMBLE_H
#define PYJIT_VM_DISASSEMBLE_H

#include "runtime/cpython.h"

#include <stdio.h>

/* Writes what there is for `code`. Loads libLLVM, if it is not, and waits for the compile thread. `dying`: the code object is about to be freed, and no other object
 * may be looked at. GIL held, and kept; a pending exception is kept; runs no Python code of the program. */
void disassemble(PyCodeObject *code, bool dying, FILE *out);

#endif
