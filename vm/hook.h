/* vm/hook.h: pyjit's place in the interpreter: the PEP 523 hook and the functions' vectorcall entries. GIL held for all. */
#ifndef PYJIT_VM_HOOK_H
#define PYJIT_VM_HOOK_H

#include "runtime/cpython.h"
#include "runtime/reasons.h"

/* Installs the hook in the main interpreter; harmless when it is there already. Returns 0, or -1 with an exception set. */
int hook_install(void);

/* Takes the hook out; compiled code stays, functions run in tier 0 from their next call on. */
void hook_remove(void);

/* Is the hook in place, and is ours the newest? */
bool hook_is_installed(void);
bool hook_is_newest(void);

/* Is some frame of this thread running compiled code right now? (sys._jit.is_active) */
bool hook_is_active(PyThreadState *tstate);

/* Compiles `code` for `tier` now, whatever its counters say. `globals`: what it will run with, borrowed, for guesses, or NULL. Returns
 * REASON_none or why not. */
enum reason hook_compile(PyCodeObject *code, PyObject *globals, int tier);

/* Never compile `code` again (true) or let it be compiled (false); its compiled form is dropped when no frame runs it.
 * Returns 0, or -1 with MemoryError set. */
int hook_suppress(PyCodeObject *code, bool suppress);

/* The tier `code` would run in if called now: 0 or 1. */
int hook_tier_of(PyCodeObject *code);

/* Drops all compiled code that no frame runs, and all counters. */
void hook_clear(void);

#endif
