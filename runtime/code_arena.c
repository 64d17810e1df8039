/* runtime/code_arena.c: the allocator of machine code memory, and the page flips around it. Which granules are in use is kept by
 * granules.c.
 *
 * Page protection. Pages never used are readable only; pages being filled are readable and writable;
 * all other pages are readable and executable, also after their memory was given back. Two pieces of
 * code may share a page: while one is written, the other cannot run, which the GIL guarantees (no
 * thread that could return into the other gets there without the GIL).
 */
#include "runtime/code_arena.h"

#include "runtime/granules.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,
    ARENA_BYTES = 64 << 20,
    GRANULE_BYTES = CODE_ARENA_ALIGNMENT,
    GRANULES = ARENA_BYTES / GRANULE_BYTES,
};

/* Costs address space, but no memory before it is written to. */
static char arena[ARENA_BYTES] __attribute__((aligned(PAGE_BYTES)));
static uint64_t granule_used[GRANULES / 64];

static struct granules granules = {.words = granule_used};

static size_t limit_bytes; /* multiple of the page size; 0 before init */

static char *open_memory; /* the begin() not yet committed */
static size_t open_size;

static size_t granules_for(size_t size)
{
    return (size + GRANULE_BYTES - 1) / GRANULE_BYTES;
}

static size_t granule_of(const void *memory)
{
    return (size_t)((const char *)memory - arena) / GRANULE_BYTES;
}

/* Changes the protection of every page that [memory, memory + size) touches. */
static bool protect(char *memory, size_t size, int protection)
{
    size_t first = (size_t)(memory - arena) / PAGE_BYTES * PAGE_BYTES;
    size_t last = (size_t)(memory - arena + size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    return mprotect(arena + first, last - first, protection) == 0;
}

static void release(char *memory, size_t size)
{
    granules_give_back(&granules, granule_of(memory), granules_for(size));
}

bool code_arena_init(size_t limit)
{
    assert(granules.in_use == 0 && open_memory == NULL);
    assert(sysconf(_SC_PAGESIZE) == PAGE_BYTES);
    if (limit == 0 || limit > ARENA_BYTES) {
        limit = ARENA_BYTES;
    }
    limit = (limit + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    /* Only the system itself can tell whether a page that was writable may become executable: seccomp
     * filters (systemd's MemoryDenyWriteExecute), SELinux and PaX all answer here. */
    bool allowed = protect(arena, PAGE_BYTES, PROT_READ | PROT_WRITE) &&
                   protect(arena, PAGE_BYTES, PROT_READ | PROT_EXEC) && protect(arena, ARENA_BYTES, PROT_READ);
    limit_bytes = allowed ? limit : 0;
    granules = (struct granules){.words = granule_used, .limit = limit_bytes / GRANULE_BYTES};
    return allowed;
}

void *code_arena_begin(size_t size)
{
    assert(open_memory == NULL);
    if (size == 0 || size > limit_bytes) {
        return NULL;
    }
    size_t count = granules_for(size);
    size_t first = granules_find(&granules, count);
    if (first == SIZE_MAX) {
        return NULL;
    }
    char *memory = arena + first * GRANULE_BYTES;
    /* A system that began to refuse executable memory after init must be noticed while the code that
     * shares our pages can still run: after the flip to writable there would be no way back. Where
     * permitted, this call changes nothing for shared pages. */
    if (!protect(memory, size, PROT_READ | PROT_EXEC) || !protect(memory, size, PROT_READ | PROT_WRITE)) {
        return NULL;
    }
    granules_mark_used(&granules, first, count);
    open_memory = memory;
    open_size = size;
    return memory;
}

bool code_arena_commit(void *memory, size_t size)
{
    assert(memory != NULL && memory == open_memory && size <= open_size);
    open_memory = NULL;
    if (!protect(memory, open_size, PROT_READ | PROT_EXEC)) {
        release(memory, open_size);
        return false;
    }
    size_t kept = granules_for(size) * GRANULE_BYTES;
    if (granules_for(open_size) * GRANULE_BYTES > kept) {
        release((char *)memory + kept, open_size - kept);
    }
    return true;
}

void code_arena_free(void *memory, size_t size)
{
    assert(code_arena_contains(memory) && (size_t)((char *)memory - arena) % GRANULE_BYTES == 0);
    if (size == 0) {
        return;
    }
    if (memory == open_memory) {
        open_memory = NULL; /* given up before it was committed: the neighbours must run again */
        size = open_size;
        (void)protect(memory, size, PROT_READ | PROT_EXEC);
    }
#ifndef NDEBUG
    /* A frame that returns into freed code now meets a breakpoint instead of whatever comes to lie here. */
    if (protect(memory, size, PROT_READ | PROT_WRITE)) {
        memset(memory, 0xCC, granules_for(size) * GRANULE_BYTES);
        (void)protect(memory, size, PROT_READ | PROT_EXEC);
    }
#endif
    release(memory, size);
}

size_t code_arena_used(void)
{
    return granules.in_use * GRANULE_BYTES;
}

size_t code_arena_limit(void)
{
    return limit_bytes;
}

bool code_arena_contains(const void *address)
{
    return (const char *)address >= arena && (const char *)address < arena + ARENA_BYTES;
}
