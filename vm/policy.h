/* vm/policy.h: when to compile what. GIL held for all. */
#ifndef PYJIT_VM_POLICY_H
#define PYJIT_VM_POLICY_H

#include "runtime/code_state.h"

/* Reads the options that decide. Called when the JIT is switched on. */
void policy_init(void);

/* Counts one call of a code object that is not compiled. True: compile it now. `globals` are the frame's, borrowed. */
bool policy_count_call(struct code_state *state, PyObject *globals);

#endif
