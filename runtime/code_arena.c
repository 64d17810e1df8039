/* runtime/code_arena.c: the allocator of machine code memory, and the page flips around it. Which granules are in use is kept by
 * granules.c.
 *
 * Page protection. Pages never used are readable only; pages being filled are readable and writable, and so are some free ones
 * beyond them that will be filled next (changing the protection of many pages at once costs no more than of one, and where what is
 * writable borders on what is executable, the border only moves);
 * all other pages are readable and executable, also after their memory was given back. Two pieces of
 * code may share a page: while one is written, the other cannot run, which the GIL guarantees (no
 * thread that could return into the other gets there without the GIL). The pages of a block hold nothing else,
 * so the compile thread flips them whenever it likes. So do those of the window: what is put there is deferred until code_arena_publish(). The book-keeping is under a lock for its sake.
 */
#include "runtime/code_arena.h"

#include "runtime/granules.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PAGE_BYTES = 4096,
    ARENA_BYTES = CODE_ARENA_BYTES,
    GRANULE_BYTES = CODE_ARENA_ALIGNMENT,
    GRANULES = ARENA_BYTES / GRANULE_BYTES,
    PAGE_GRANULES = PAGE_BYTES / GRANULE_BYTES,
    PREPARED_BYTES = 128 << 10, /* made writable at a time */
    WINDOW_BYTES = 256 << 10,
    SMALLEST_WINDOW = 64 << 10,
    SMALLEST_ARENA_WITH_WINDOWS = 16 * WINDOW_BYTES,
};

/* In code_arena_x86_64.S; page-aligned. */
extern __attribute__((visibility("hidden"))) char code_arena_memory[ARENA_BYTES];
static char *const arena = code_arena_memory;
static uint64_t granule_used[GRANULES / 64];

/* Held for the book-keeping, and while pages are prepared: no block may come to lie there at that moment. */
static pthread_mutex_t granules_lock = PTHREAD_MUTEX_INITIALIZER;
static struct granules granules = {.words = granule_used};

/* Whole free pages that are writable already, from `prepared` to `prepared_end`. */
static char *prepared, *prepared_end;

static size_t limit_bytes; /* multiple of the page size; 0 before init; does not change while anything is in use */

static size_t gap_bytes; /* behind each piece */

static char *open_memory; /* the begin() not yet committed */
static size_t open_size;

/* The window: whole writable pages from `window` to `window_end`, all of them in use for the allocator, that deferred code is put into from
 * `window_next` on. NULL: there is none. */
static char *window, *window_next, *window_end;
static bool window_refused; /* one could not be made executable since the last code_arena_publish() */

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

/* Marks `size` bytes as used that begin at granule `first`, as found; NULL when that is SIZE_MAX. With the lock held. */
static char *reserve(size_t first, size_t size)
{
    if (first == SIZE_MAX) {
        return NULL;
    }
    granules_mark_used(&granules, first, granules_for(size));
    return arena + first * GRANULE_BYTES;
}

static char *page_of(char *address)
{
    return address - (size_t)(address - arena) % PAGE_BYTES;
}

static char *page_end(char *address)
{
    return page_of(address + PAGE_BYTES - 1);
}

/* The pages from `start` to `end` are not the prepared ones' any more. What stands before them there, if anything, is forgotten. */
static void take_from_prepared(char *start, char *end)
{
    if (start < prepared_end && end > prepared) {
        prepared = end < prepared_end ? end : prepared_end;
    }
}

/* Makes all pages from `start` to `end` writable, and free ones behind them. With the lock held; the pages are not executable yet, or hold
 * nothing that can run now. */
static bool prepare_pages(char *start, char *end)
{
    size_t behind = (size_t)(end - arena) / GRANULE_BYTES;
    size_t more = granules_free_from(&granules, behind, PREPARED_BYTES / GRANULE_BYTES) * GRANULE_BYTES;
    char *last = page_of(end + more);
    if (mprotect(start, (size_t)(last - start), PROT_READ | PROT_WRITE) != 0) {
        return false;
    }
    prepared = end;
    prepared_end = last;
    return true;
}

/* Makes the pages that [memory, memory + size) touches writable. With the lock held. */
static bool open_pages(char *memory, size_t size)
{
    char *start = page_of(memory);
    char *end = page_end(memory + size);
    /* The part of them that is prepared is all but the first, usually. */
    char *known = start < prepared ? prepared : start;
    char *known_end = end < prepared_end ? end : prepared_end;
    if (known < known_end && known_end == end) {
        size_t unknown = (size_t)(known - start);
        if (unknown > 0 && mprotect(start, unknown, PROT_READ | PROT_WRITE) != 0) {
            return false;
        }
        take_from_prepared(start, end);
        return true;
    }
    take_from_prepared(start, end);
    return (size_t)(end - start) <= PAGE_BYTES ? protect(memory, size, PROT_READ | PROT_WRITE)
                                               : prepare_pages(start, end);
}

static void release_locked(char *memory, size_t size)
{
    granules_give_back(&granules, granule_of(memory), granules_for(size));
}

static void release(char *memory, size_t size)
{
    pthread_mutex_lock(&granules_lock);
    release_locked(memory, size);
    pthread_mutex_unlock(&granules_lock);
}

static size_t round_to_pages(size_t size)
{
    return (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/* ---- The window --------------------------------------------------------------------------------------------- */

static bool in_window(const char *memory)
{
    return window != NULL && memory >= window && memory < window_end;
}

static bool open_window(void)
{
    if (limit_bytes < SMALLEST_ARENA_WITH_WINDOWS) {
        return false;
    }
    pthread_mutex_lock(&granules_lock);
    if (prepared_end - prepared >= SMALLEST_WINDOW) {
        window = reserve(granule_of(prepared), (size_t)(prepared_end - prepared));
        window_end = prepared = prepared_end;
    } else {
        window = reserve(granules_find_aligned(&granules, WINDOW_BYTES / GRANULE_BYTES, PAGE_GRANULES), WINDOW_BYTES);
        if (window != NULL) {
            window_end = window + WINDOW_BYTES;
            take_from_prepared(window, window_end);
            if (!protect(window, WINDOW_BYTES, PROT_READ | PROT_WRITE)) {
                release_locked(window, WINDOW_BYTES);
                window = NULL;
            }
        }
    }
    pthread_mutex_unlock(&granules_lock);
    window_next = window;
    return window != NULL;
}

/* What is in it becomes executable, the rest is given back, its whole pages still writable. */
static void close_window(void)
{
    if (window == NULL) {
        return;
    }
    assert(!in_window(open_memory));
    char *used_end = page_end(window_next);
    if (window < used_end && mprotect(window, (size_t)(used_end - window), PROT_READ | PROT_EXEC) != 0) {
        window_refused = true;
    }
    pthread_mutex_lock(&granules_lock);
    if (window_next < window_end) {
        release_locked(window_next, (size_t)(window_end - window_next));
    }
    if (prepared == window_end || prepared == prepared_end) {
        prepared_end = prepared == prepared_end ? window_end : prepared_end;
        prepared = used_end;
    }
    pthread_mutex_unlock(&granules_lock);
    window = NULL;
}

bool code_arena_publish(void)
{
    close_window();
    bool refused = window_refused;
    window_refused = false;
    return !refused;
}

void *code_arena_begin_deferred(size_t size)
{
    assert(open_memory == NULL);
    size += gap_bytes;
    if (size == gap_bytes || size > SMALLEST_WINDOW) {
        return NULL;
    }
    if (window != NULL && size > (size_t)(window_end - window_next)) {
        close_window();
    }
    if (window == NULL && !open_window()) {
        return NULL;
    }
    open_memory = window_next;
    open_size = size;
    return open_memory;
}

bool code_arena_init(size_t limit)
{
    assert(granules.in_use == 0 && open_memory == NULL);
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
    granules = (struct granules){.words = granule_used, .limit = limit_bytes / GRANULE_BYTES};
    prepared = prepared_end = arena;
    window = NULL;
    return allowed;
}

void code_arena_leave_gaps(size_t size)
{
    assert(granules.in_use == 0);
    gap_bytes = size;
}

size_t code_arena_gap(void)
{
    return gap_bytes;
}

void *code_arena_begin(size_t size)
{
    assert(open_memory == NULL);
    size_t wanted = size;
    size += gap_bytes;
    if (wanted == 0 || size > limit_bytes) {
        return NULL;
    }
    /* A filter (seccomp) that the process has put over itself since init must be noticed while the code that shares our pages can
     * still run: after the flip to writable there would be no way back. Filters see the protection asked for, also for no bytes at
     * all. */
    if (mprotect(arena, 0, PROT_READ | PROT_EXEC) != 0) {
        return NULL;
    }
    pthread_mutex_lock(&granules_lock);
    char *memory = reserve(granules_find(&granules, granules_for(size)), size);
    bool open = memory != NULL && open_pages(memory, size);
    pthread_mutex_unlock(&granules_lock);
    if (memory == NULL) {
        if (window == NULL) {
            return NULL;
        }
        close_window();
        return code_arena_begin(wanted);
    }
    if (!open) {
        release(memory, size);
        return NULL;
    }
    open_memory = memory;
    open_size = size;
    return memory;
}

bool code_arena_commit(void *memory, size_t size)
{
    size += gap_bytes;
    assert(memory != NULL && memory == open_memory && size <= open_size);
    open_memory = NULL;
    if (in_window(memory)) {
        window_next = (char *)memory + granules_for(size) * GRANULE_BYTES;
        return true;
    }
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
    size += gap_bytes;
    if (in_window(memory)) {
        if (memory == open_memory) {
            open_memory = NULL; /* nothing of it has been taken yet */
            return;
        }
        close_window();
    } else if (memory == open_memory) {
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
    pthread_mutex_lock(&granules_lock);
    char *memory = reserve(granules_find_aligned(&granules, granules_for(size), PAGE_GRANULES), size);
    if (memory != NULL) {
        take_from_prepared(memory, memory + size);
    }
    pthread_mutex_unlock(&granules_lock);
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
    pthread_mutex_lock(&granules_lock);
    size_t used = granules.in_use * GRANULE_BYTES - (window == NULL ? 0 : (size_t)(window_end - window_next));
    pthread_mutex_unlock(&granules_lock);
    return used;
}

size_t code_arena_limit(void)
{
    return limit_bytes;
}

const void *code_arena_unused(void)
{
    return arena + ARENA_BYTES;
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
