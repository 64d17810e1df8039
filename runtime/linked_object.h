/* runtime/linked_object.h: machine code of tier 2, with the object file it was linked from. */
#ifndef PYJIT_RUNTIME_LINKED_OBJECT_H
#define PYJIT_RUNTIME_LINKED_OBJECT_H

#include <stddef.h>

/* All borrowed. */
struct linked_object {
    const char *text;
    size_t text_size;
    const void *object; /* as LLVM made it; NULL: it was not kept */
    size_t object_size;
};

#endif
