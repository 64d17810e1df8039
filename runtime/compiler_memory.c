/* runtime/compiler_memory.c: see compiler_memory.h. */
#include "runtime/compiler_memory.h"

#include <stdatomic.h>

unsigned compiler_memory_period;

bool compiler_memory_fails(void)
{
    static atomic_uint count;
    return atomic_fetch_add(&count, 1) % compiler_memory_period == compiler_memory_period - 1;
}
