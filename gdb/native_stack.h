/* gdb/native_stack.h: the C stack and the Python frames of a thread as one list, whichever tier a function runs in.
 *
 * libunwind walks the machine frames. Beside it goes a walk along the thread's Python frames: each machine frame of compiled code or of the
 * evaluator takes those that are its own. What of the two does not fit is still shown, each by itself.
 */
#ifndef PYJIT_GDB_NATIVE_STACK_H
#define PYJIT_GDB_NATIVE_STACK_H

#include "runtime/cpython.h"

#include <ucontext.h>

enum { STACK_ROW_C = -1, STACK_ROW_NAME = 256 };

/* One machine frame; several rows with one address where it holds several Python functions (calls that the evaluator runs itself, functions
 * that tier 2 has inlined). */
struct stack_row {
    uintptr_t address; /* where it goes on, or, in the innermost, stands */
    int tier;          /* 0 to 2, or STACK_ROW_C */
    /* The Python function, borrowed, and its line. NULL: C code; or a machine frame whose Python function another one carries on (tier-1 code that has
     * called tier-2 code for the same frame), or that has none yet or any more. */
    PyCodeObject *code;
    int line;
    const char *file;          /* of C code: the shared object it is in; NULL if unknown, or where `code` has it */
    char name[STACK_ROW_NAME]; /* in UTF-8; of C code: its symbol, or "" */
};

/* A result that is not 0 stops the walk. */
typedef int stack_visitor(const struct stack_row *row, void *argument);

/* Visits the rows of this thread, whose state is `tstate` (NULL: it has none), innermost first: all frames around the machine frame at `outside`
 * (__builtin_frame_address() of the caller or of one of its callers), or, where `from` is not NULL, from the place a signal came at. After libunwind_load(). Reads
 * only: no locks but the dynamic linker's, no memory allocated. Needs no GIL, but the thread's Python frames must be its own then. */
void native_stack_walk(PyThreadState *tstate, const void *outside, const ucontext_t *from, stack_visitor *visit,
                       void *argument);

/* The same as a list of pyjit.NativeFrame. New reference, or NULL with an exception set (RuntimeError where there is no libunwind). GIL held. */
PyObject *native_stack_list(const void *outside);

#endif
