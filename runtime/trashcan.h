/* runtime/trashcan.h: CPython's bound on how deeply deallocators nest, for deallocators of our own.
 *
 * Beyond the bound CPython puts an object aside and deallocates it once the outermost deallocator is through; ours leave such an
 * object to CPython. (object.c, _PyTrash_begin, _PyTrash_end) GIL held for all.
 */
#ifndef PYJIT_RUNTIME_TRASHCAN_H
#define PYJIT_RUNTIME_TRASHCAN_H

#include "runtime/cpython.h"

enum { TRASHCAN_LIMIT = 50 };

/* Has the nesting come to where CPython puts objects aside? */
static inline bool trashcan_is_due(const PyThreadState *tstate)
{
    return tstate->trash_delete_nesting >= TRASHCAN_LIMIT;
}

/* The end of a deallocator that has added 1 to trash_delete_nesting. May run any code. */
static inline void trashcan_end(PyThreadState *tstate)
{
    if (UNLIKELY(tstate->trash_delete_later != NULL)) {
        _PyTrash_end(tstate);
    } else {
        tstate->trash_delete_nesting--;
    }
}

#endif
