/* tier2/object_file.h: a look at the object file that LLVM emitted, before RTDyld links it: how much room it needs, and whether
 * it can be linked where our code lives. RTDyld checks little (a displacement that does not fit is cut off in silence) and sends
 * every call of another function through a stub; so both are seen to here.
 */
#ifndef PYJIT_TIER2_OBJECT_FILE_H
#define PYJIT_TIER2_OBJECT_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct object_facts {
    size_t room;     /* bytes for all sections that are loaded, with RTDyld's stubs and alignment: an upper bound */
    char error[160]; /* what is wrong, where object_prepare() returns false */
};

/* Checks the relocatable ELF file of `size` bytes at `bytes` and makes calls of near functions direct, in place. False where it has
 * writable data, an unknown symbol, a relocation out of reach or of a kind that is not known to work. */
bool object_prepare(void *bytes, size_t size, struct object_facts *facts);

#endif
