/* runtime/data_arena.c: see data_arena.h. */
#include "runtime/data_arena.h"

#include "runtime/granules.h"

#include <assert.h>
#include <string.h>

enum { ARENA_BYTES = 128 << 20, GRANULE_BYTES = 16, GRANULES = ARENA_BYTES / GRANULE_BYTES };

/* Costs address space, but no memory before it is written to. */
static char arena[ARENA_BYTES] __attribute__((aligned(4096)));
static uint64_t words[GRANULES / 64];
static struct granules granules = {.words = words, .limit = GRANULES};

static size_t granules_for(size_t size)
{
    return size == 0 ? 1 : (size + GRANULE_BYTES - 1) / GRANULE_BYTES;
}

void *data_arena_allocate(size_t size)
{
    if (size > ARENA_BYTES) {
        return NULL;
    }
    size_t count = granules_for(size);
    size_t untouched = granules.end;
    size_t first = granules_take(&granules, count);
    if (first == SIZE_MAX) {
        return NULL;
    }
    char *memory = arena + first * GRANULE_BYTES;
    if (first < untouched) {
        size_t used_before = untouched - first < count ? untouched - first : count;
        memset(memory, 0, used_before * GRANULE_BYTES);
    }
    return memory;
}

void data_arena_free(void *memory, size_t size)
{
    if (memory != NULL) {
        assert((char *)memory >= arena && (char *)memory < arena + ARENA_BYTES);
        granules_give_back(&granules, (size_t)((char *)memory - arena) / GRANULE_BYTES, granules_for(size));
    }
}

size_t data_arena_used(void)
{
    return granules.in_use * GRANULE_BYTES;
}
