/* runtime/compiler_memory.h: malloc for the compilers, which may be told to fail (JIT_STRESS=fail-alloc=N).
 *
 * What is had here is given back with free(). For memory without which a compilation is given up, or a frame goes on in a lower tier: never for
 * what the program itself asks for. Any thread.
 */
#ifndef PYJIT_RUNTIME_COMPILER_MEMORY_H
#define PYJIT_RUNTIME_COMPILER_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Every so many allocations one fails; 0: none. */
extern unsigned compiler_memory_period;

/* Is this one to fail? */
bool compiler_memory_fails(void);

static inline void *compiler_malloc(size_t size)
{
    return compiler_memory_period != 0 && compiler_memory_fails() ? NULL : malloc(size);
}

static inline void *compiler_calloc(size_t count, size_t size)
{
    return compiler_memory_period != 0 && compiler_memory_fails() ? NULL : calloc(count, size);
}

static inline void *compiler_realloc(void *old, size_t size)
{
    return compiler_memory_period != 0 && compiler_memory_fails() ? NULL : realloc(old, size);
}

#endif
