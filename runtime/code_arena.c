/* runtime/code_arena.c: the allocator of machine code memory, and the page flips around it.
 *
 * The book-keeping is one bit per 32-byte granule, kept outside the arena: a set bit is a granule in
 * use. Neighbouring free blocks are one run of zero bits, so there is nothing to coalesce and nothing
 * to allocate: giving memory back cannot fail, and a child after fork owns a consistent copy.
 * Allocation takes the first run that is long enough. It skips whole words of 64 granules, and no bit
 * above the highest granule ever used is looked at.
 *
 * Page protection. Pages never used are readable only; pages being filled are readable and writable;
 * all other pages are readable and executable, also after their memory was given back. Two pieces of
 * code may share a page: while one is written, the other cannot run, which the GIL guarantees (no
 * thread that could return into the other gets there without the GIL). The pages of a block hold nothing else,
 * so the compile thread flips them whenever it likes. The book-keeping is under a lock for its sake.
 */
#include "runtime/code_arena.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,
    ARENA_BYTES = 64 << 20,
    GRANULE_BYTES = CODE_ARENA_ALIGNMENT,
    GRANULES = ARENA_BYTES / GRANULE_BYTES,
    WORD_BITS = 64,
    PAGE_GRANULES = PAGE_BYTES / GRANULE_BYTES,
};

/* Costs address space, but no memory before it is written to. */
static char arena[ARENA_BYTES] __attribute__((aligned(PAGE_BYTES)));

/* Held for the book-keeping only, never while pages are flipped. */
static pthread_mutex_t book_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t granule_used[GRANULES / WORD_BITS];

static size_t limit_bytes;     /* multiple of the page size; 0 before init; never changes while anything is in use */
static size_t used_bytes;      /* in whole granules */
static size_t first_free_hint; /* no free granule stands below this one */
static size_t end_granule;     /* one past the highest granule ever used */

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

/* Sets or clears `count` bits from `first` on. */
static void mark(size_t first, size_t count, bool used)
{
    while (count > 0) {
        size_t bit = first % WORD_BITS;
        size_t here = count < WORD_BITS - bit ? count : WORD_BITS - bit;
        uint64_t mask = (here == WORD_BITS ? ~UINT64_C(0) : (UINT64_C(1) << here) - 1) << bit;
        uint64_t *word = &granule_used[first / WORD_BITS];
        assert((*word & mask) == (used ? 0 : mask));
        *word = used ? *word | mask : *word & ~mask;
        first += here;
        count -= here;
    }
}

/* The first granule from `start` on whose bit is `used`, at most `end`. */
static size_t next_granule(size_t start, size_t end, bool used)
{
    while (start < end) {
        uint64_t word = granule_used[start / WORD_BITS];
        uint64_t wanted = (used ? word : ~word) >> (start % WORD_BITS);
        if (wanted != 0) {
            start += (size_t)__builtin_ctzll(wanted);
            return start < end ? start : end;
        }
        start += WORD_BITS - start % WORD_BITS;
    }
    return end;
}

/* The start of the first run of `count` free granules, or GRANULES when there is none. */
static size_t find_run(size_t count)
{
    size_t limit = limit_bytes / GRANULE_BYTES;
    size_t start = next_granule(first_free_hint, end_granule, false);
    first_free_hint = start;
    while (start < end_granule) {
        size_t end = next_granule(start, end_granule, true);
        if (end - start >= count) {
            return start;
        }
        if (end == end_granule) {
            break; /* a free tail: it runs on into the part never used */
        }
        start = next_granule(end, end_granule, false);
    }
    return start <= limit && limit - start >= count ? start : GRANULES;
}

/* The same for `count` granules that begin on a page and share none, as they are whole pages. */
static size_t find_pages(size_t count)
{
    size_t limit = limit_bytes / GRANULE_BYTES;
    size_t start = first_free_hint;
    for (;;) {
        start = next_granule(start, end_granule, false);
        start = (start + PAGE_GRANULES - 1) / PAGE_GRANULES * PAGE_GRANULES;
        size_t end = start < end_granule ? next_granule(start, end_granule, true) : end_granule;
        if (end == end_granule) {
            return start <= limit && limit - start >= count ? start : GRANULES;
        }
        if (end - start >= count) {
            return start;
        }
        start = end;
    }
}

/* Marks `size` bytes as used, where `find` has room for them; NULL when it has none. */
static char *reserve(size_t size, size_t (*find)(size_t count))
{
    size_t count = granules_for(size);
    pthread_mutex_lock(&book_lock);
    size_t first = find(count);
    if (first == GRANULES) {
        pthread_mutex_unlock(&book_lock);
        return NULL;
    }
    mark(first, count, true);
    used_bytes += count * GRANULE_BYTES;
    if (first + count > end_granule) {
        end_granule = first + count;
    }
    pthread_mutex_unlock(&book_lock);
    return arena + first * GRANULE_BYTES;
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
    size_t first = granule_of(memory);
    size_t count = granules_for(size);
    pthread_mutex_lock(&book_lock);
    mark(first, count, false);
    used_bytes -= count * GRANULE_BYTES;
    if (first < first_free_hint) {
        first_free_hint = first;
    }
    pthread_mutex_unlock(&book_lock);
}

static size_t round_to_pages(size_t size)
{
    return (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

bool code_arena_init(size_t limit)
{
    assert(used_bytes == 0 && open_memory == NULL);
    assert(sysconf(_SC_PAGESIZE) == PAGE_BYTES);
    if (limit == 0 || limit > ARENA_BYTES) {
        limit = ARENA_BYTES;
    }
    limit = round_to_pages(limit);
    /* Only the system itself can tell whether a page that was writable may become executable: seccomp
     * filters (systemd's MemoryDenyWriteExecute), SELinux and PaX all answer here. */
    bool allowed = protect(arena, PAGE_BYTES, PROT_READ | PROT_WRITE) &&
                   protect(arena, PAGE_BYTES, PROT_READ | PROT_EXEC) && protect(arena, ARENA_BYTES, PROT_READ);
    limit_bytes = allowed ? limit : 0;
    end_granule = 0;
    first_free_hint = 0;
    return allowed;
}

void *code_arena_begin(size_t size)
{
    assert(open_memory == NULL);
    if (size == 0 || size > limit_bytes) {
        return NULL;
    }
    char *memory = reserve(size, find_run);
    if (memory == NULL) {
        return NULL;
    }
    /* A system that began to refuse executable memory after init must be noticed while the code that
     * shares our pages can still run: after the flip to writable there would be no way back. Where
     * permitted, this call changes nothing for shared pages. */
    if (!protect(memory, size, PROT_READ | PROT_EXEC) || !protect(memory, size, PROT_READ | PROT_WRITE)) {
        release(memory, size);
        return NULL;
    }
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

void *code_arena_block_begin(size_t size)
{
    if (size == 0 || size > limit_bytes) {
        return NULL;
    }
    size = round_to_pages(size);
    char *memory = reserve(size, find_pages);
    if (memory != NULL && !protect(memory, size, PROT_READ | PROT_WRITE)) {
        release(memory, size);
        return NULL;
    }
    return memory;
}

bool code_arena_block_commit(void *memory, size_t size, size_t used)
{
    assert(code_arena_contains(memory) && used <= size);
    size = round_to_pages(size);
    used = round_to_pages(used);
    if (!protect(memory, size, PROT_READ | PROT_EXEC)) {
        code_arena_block_free(memory, size);
        return false;
    }
    if (used < size) {
        release((char *)memory + used, size - used);
    }
    return true;
}

void code_arena_block_free(void *memory, size_t size)
{
    assert(code_arena_contains(memory) && (size_t)((char *)memory - arena) % PAGE_BYTES == 0);
    size = round_to_pages(size);
    if (size == 0) {
        return;
    }
#ifndef NDEBUG
    if (protect(memory, size, PROT_READ | PROT_WRITE)) {
        memset(memory, 0xCC, size);
    }
#endif
    if (!protect(memory, size, PROT_READ | PROT_EXEC)) {
        (void)protect(memory, size, PROT_READ);
    }
    release(memory, size);
}

size_t code_arena_used(void)
{
    pthread_mutex_lock(&book_lock);
    size_t used = used_bytes;
    pthread_mutex_unlock(&book_lock);
    return used;
}

size_t code_arena_limit(void)
{
    return limit_bytes;
}

bool code_arena_contains(const void *address)
{
    return (const char *)address >= arena && (const char *)address < arena + ARENA_BYTES;
}

bool code_arena_reaches(const void *address)
{
    intptr_t from_start = (intptr_t)((uintptr_t)address - (uintptr_t)arena);
    /* Addends reach a little beyond a symbol. */
    const intptr_t margin = 1 << 16;
    return from_start < INT32_MAX - margin && from_start - ARENA_BYTES > INT32_MIN + margin;
}
