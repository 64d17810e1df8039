/* tests/unit/test_code_arena.c: allocation, giving back, and the page protection at every step. */
#include "runtime/code_arena.h"

#include "tests/unit/seccomp.h"
#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <stddef.h>
#include <sys/mman.h>

enum { PAGE = 4096, MEGABYTE = 1 << 20 };

/* mov eax, value; ret */
static void write_constant_function(unsigned char *memory, int value)
{
    memory[0] = 0xB8;
    memcpy(memory + 1, &value, sizeof(value));
    memory[5] = 0xC3;
}

static int call(void *memory)
{
    int (*function)(void);
    memcpy(&function, &memory, sizeof(function));
    return function();
}

/* The kernel's word for the page at `address`: "r-xp" and the like, in a static buffer. */
static const char *protection_of(const void *address)
{
    static char found[8];
    strcpy(found, "none");
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long start, end;
        char flags[8];
        if (sscanf(line, "%lx-%lx %7s", &start, &end, flags) == 3 && (unsigned long)address >= start &&
            (unsigned long)address < end) {
            strcpy(found, flags);
        }
    }
    fclose(maps);
    return found;
}

/* Is any page of this process writable and executable at once? */
static bool any_writable_and_executable(void)
{
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    while (fgets(line, sizeof(line), maps) != NULL) {
        char flags[8];
        if (sscanf(line, "%*x-%*x %7s", flags) == 1 && flags[1] == 'w' && flags[2] == 'x') {
            found = true;
        }
    }
    fclose(maps);
    return found;
}

static unsigned char *take(size_t size)
{
    unsigned char *memory = code_arena_begin(size);
    CHECK(memory != NULL);
    CHECK(code_arena_commit(memory, size));
    return memory;
}

static unsigned char *commit_function(unsigned char *memory, int value)
{
    CHECK(memory != NULL);
    write_constant_function(memory, value);
    CHECK(code_arena_commit(memory, 6));
    return memory;
}

static unsigned char *take_function(int value)
{
    return commit_function(code_arena_begin(6), value);
}

TEST(code_runs_after_commit)
{
    CHECK(code_arena_init(0));
    unsigned char *memory = take_function(42);
    CHECK(call(memory) == 42);
    CHECK((uintptr_t)memory % CODE_ARENA_ALIGNMENT == 0);
}

TEST(never_writable_and_executable)
{
    CHECK(code_arena_init(0));
    CHECK(!any_writable_and_executable());
    unsigned char *first = code_arena_begin(100);
    CHECK(strcmp(protection_of(first), "rw-p") == 0, "%s", protection_of(first));
    CHECK(!any_writable_and_executable());
    write_constant_function(first, 1);
    CHECK(code_arena_commit(first, 100));
    CHECK(strcmp(protection_of(first), "r-xp") == 0, "%s", protection_of(first));
    CHECK(strchr(protection_of(first + PAGE), 'x') == NULL, "pages never used are not executable");
    CHECK(!any_writable_and_executable());

    /* Three pages, the first of them shared with `first`. */
    unsigned char *second = code_arena_begin(2 * PAGE);
    CHECK(strcmp(protection_of(first), "rw-p") == 0);
    CHECK(strcmp(protection_of(second + 2 * PAGE - 1), "rw-p") == 0);
    CHECK(!any_writable_and_executable());
    memset(second, 0xC3, 2 * PAGE);
    CHECK(code_arena_commit(second, 2 * PAGE));
    CHECK(strcmp(protection_of(second + 2 * PAGE - 1), "r-xp") == 0);
    CHECK(!any_writable_and_executable());
    CHECK(call(first) == 1);

    code_arena_free(second, 2 * PAGE);
    CHECK(!any_writable_and_executable());
    CHECK(call(first) == 1, "the neighbour still runs after its page partner is gone");
}

TEST(given_up_begin_leaves_neighbours_running)
{
    CHECK(code_arena_init(0));
    unsigned char *first = take_function(7);
    size_t used = code_arena_used();
    unsigned char *second = code_arena_begin(64);
    CHECK(second != NULL);
    code_arena_free(second, 64);
    CHECK(code_arena_used() == used);
    CHECK(call(first) == 7);
    CHECK(take_function(8) == second, "the next begin() is welcome and gets the same memory");
}

TEST(commit_of_less_gives_the_rest_back)
{
    CHECK(code_arena_init(0));
    unsigned char *first = code_arena_begin(3 * PAGE);
    CHECK(code_arena_commit(first, 33));
    CHECK(code_arena_used() == 64, "%zu", code_arena_used());
    CHECK(take(10) == first + 64);
}

TEST(limit_is_rounded_up_and_kept)
{
    CHECK(code_arena_init(10000));
    CHECK(code_arena_limit() == 3 * PAGE, "%zu", code_arena_limit());
    CHECK(code_arena_begin(3 * PAGE + 1) == NULL);
    unsigned char *all = take(3 * PAGE);
    CHECK(code_arena_begin(1) == NULL);
    CHECK(code_arena_used() == 3 * PAGE);
    code_arena_free(all, 3 * PAGE);
    CHECK(code_arena_used() == 0);
    CHECK(code_arena_init(PAGE), "another limit while it is empty");
    CHECK(code_arena_limit() == PAGE);
    CHECK(code_arena_begin(PAGE + 1) == NULL);
    CHECK(take(PAGE) == all);
}

TEST(nothing_and_too_much_are_refused)
{
    CHECK(code_arena_init(0));
    CHECK(code_arena_limit() == 64 * MEGABYTE);
    CHECK(code_arena_begin(0) == NULL);
    CHECK(code_arena_begin(64 * MEGABYTE + 1) == NULL);
    CHECK(code_arena_begin(SIZE_MAX) == NULL);
    CHECK(code_arena_begin(SIZE_MAX - 31) == NULL);
    CHECK(code_arena_used() == 0);
    unsigned char *all = take(64 * MEGABYTE);
    CHECK(code_arena_contains(all) && code_arena_contains(all + 64 * MEGABYTE - 1));
    CHECK(!code_arena_contains(all - 1) && !code_arena_contains(all + 64 * MEGABYTE));
    CHECK(code_arena_begin(1) == NULL);
}

TEST(full_arena_serves_again_after_a_free)
{
    enum { PIECES = 128, SIZE = 512 };
    unsigned char *pieces[PIECES];
    CHECK(code_arena_init(PIECES * SIZE));
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = take(SIZE);
    }
    CHECK(code_arena_begin(1) == NULL);
    code_arena_free(pieces[77], SIZE);
    CHECK(code_arena_begin(SIZE + 1) == NULL);
    CHECK(take(SIZE) == pieces[77]);
    CHECK(code_arena_begin(1) == NULL);
}

TEST(free_neighbours_become_one)
{
    enum { SIZE = 96 };
    CHECK(code_arena_init(PAGE));
    unsigned char *a = take(SIZE), *b = take(SIZE), *c = take(SIZE), *d = take(SIZE);
    CHECK(take(PAGE - 4 * SIZE) != NULL);
    CHECK(code_arena_begin(1) == NULL);
    code_arena_free(a, SIZE);
    code_arena_free(c, SIZE);
    CHECK(code_arena_begin(2 * SIZE) == NULL, "a and c do not touch");
    code_arena_free(b, SIZE);
    CHECK(take(3 * SIZE) == a);
    code_arena_free(d, SIZE);
    code_arena_free(a, 3 * SIZE);
    CHECK(take(4 * SIZE) == a);
}

TEST(lowest_fitting_hole_is_taken)
{
    CHECK(code_arena_init(0));
    unsigned char *a = take(64), *b = take(640), *c = take(64);
    unsigned char *d = take(64);
    code_arena_free(a, 64);
    code_arena_free(c, 64);
    CHECK(take(128) == d + 64, "too big for either hole");
    CHECK(take(32) == a);
    CHECK(take(64) == c);
    CHECK(take(32) == a + 32);
    CHECK(code_arena_used() == 64 + 640 + 64 + 64 + 128);
    (void)b;
}

TEST(block_has_pages_of_its_own)
{
    CHECK(code_arena_init(0));
    unsigned char *small = take_function(1);
    unsigned char *block = code_arena_block_begin(PAGE + 1);
    CHECK(block != NULL && (uintptr_t)block % PAGE == 0);
    CHECK(block == small + PAGE, "the first page that nobody uses");
    CHECK(strcmp(protection_of(block), "rw-p") == 0 && strcmp(protection_of(block + PAGE), "rw-p") == 0);
    CHECK(strcmp(protection_of(small), "r-xp") == 0);
    CHECK(code_arena_used() == 32 + 2 * PAGE);
    unsigned char *other = take_function(2);
    CHECK(other == small + 32, "small pieces fill the page before it");
    CHECK(strcmp(protection_of(block), "rw-p") == 0, "their flips leave the open block alone");
    write_constant_function(block, 3);
    CHECK(code_arena_block_commit(block, PAGE + 1, 6));
    CHECK(code_arena_used() == 64 + PAGE, "the second page is given back");
    CHECK(call(block) == 3 && call(small) == 1 && call(other) == 2);
    CHECK(!any_writable_and_executable());
    unsigned char *big = take(2 * PAGE);
    CHECK(big >= block + PAGE);
    code_arena_block_free(block, PAGE);
    CHECK(strcmp(protection_of(block), "r-xp") == 0);
    CHECK(code_arena_block_begin(100) == block);
    code_arena_block_free(block, 100);
    CHECK(strcmp(protection_of(block), "r-xp") == 0, "given up before it was committed");
    CHECK(code_arena_used() == 64 + 2 * PAGE);
}

TEST(block_among_pages_made_writable_ahead)
{
    CHECK(code_arena_init(0));
    unsigned char *first = take(2 * PAGE);
    CHECK(strcmp(protection_of(first + 5 * PAGE), "rw-p") == 0, "made writable ahead");
    unsigned char *block = code_arena_block_begin(PAGE);
    CHECK(block == first + 2 * PAGE);
    write_constant_function(block, 4);
    CHECK(code_arena_block_commit(block, PAGE, 6));
    /* Small and large pieces before and behind the block leave it alone while they are open. */
    for (size_t size = 100; size < 64 * PAGE; size = size * 5 / 2) {
        unsigned char *piece = code_arena_begin(size);
        CHECK(piece >= block + PAGE && strcmp(protection_of(piece + size - 1), "rw-p") == 0);
        CHECK(strcmp(protection_of(block), "r-xp") == 0 && call(block) == 4);
        memset(piece, 0xC3, size);
        CHECK(code_arena_commit(piece, size));
        CHECK(strcmp(protection_of(piece + size - 1), "r-xp") == 0);
    }
    code_arena_free(first, 2 * PAGE);
    unsigned char *again = take_function(5);
    CHECK(again == first && call(again) == 5 && call(block) == 4);
    CHECK(!any_writable_and_executable());
}

TEST(block_needs_whole_free_pages)
{
    CHECK(code_arena_init(4 * PAGE));
    unsigned char *a = take(32), *b = take(2 * PAGE);
    CHECK(code_arena_block_begin(2 * PAGE) == NULL, "one page is left");
    unsigned char *block = code_arena_block_begin(PAGE);
    CHECK(block == a + 3 * PAGE);
    CHECK(code_arena_block_begin(1) == NULL);
    code_arena_free(b, 2 * PAGE);
    CHECK(code_arena_block_begin(2 * PAGE) == a + PAGE);
    CHECK(code_arena_block_begin(0) == NULL && code_arena_block_begin(SIZE_MAX) == NULL);
}

TEST(block_is_refused_where_executable_memory_is)
{
    CHECK(code_arena_init(0));
    unsigned char *block = code_arena_block_begin(100);
    CHECK(block != NULL);
    refuse_executable_memory();
    CHECK(!code_arena_block_commit(block, 100, 100));
    CHECK(code_arena_used() == 0 && !any_writable_and_executable());
    CHECK(strcmp(protection_of(block), "r--p") == 0);
}

TEST(reach_of_a_displacement)
{
    CHECK(code_arena_init(0));
    unsigned char *memory = take(1);
    CHECK(code_arena_reaches(&code_arena_init) && code_arena_reaches(memory));
    CHECK(code_arena_reaches(memory - (1 << 30)) && code_arena_reaches(memory + (1 << 30)));
    CHECK(!code_arena_reaches(NULL) && !code_arena_reaches((void *)UINTPTR_MAX));
    CHECK(!code_arena_reaches(memory + INT32_MAX), "the arena's end would, its start does not");
    CHECK(!code_arena_reaches(memory - (INT32_MAX - 32 * MEGABYTE)), "the other way round");
}

/* A long random history against a byte-per-granule model: no overlap, exact accounting, contents kept. */
TEST(random_history_agrees_with_a_model)
{
    enum { LIMIT = 64 * PAGE, SLOTS = 200, STEPS = 40000 };
    CHECK(code_arena_init(LIMIT));
    unsigned char *base = take(1);
    code_arena_free(base, 1);
    static unsigned char model[LIMIT / CODE_ARENA_ALIGNMENT];
    static struct {
        unsigned char *memory;
        size_t size;
        unsigned char stamp;
    } slots[SLOTS];
    unsigned random = 12345;
    size_t used = 0, refused = 0;
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        unsigned slot = (random >> 8) % SLOTS;
        size_t granules = (slots[slot].size + CODE_ARENA_ALIGNMENT - 1) / CODE_ARENA_ALIGNMENT;
        if (slots[slot].memory != NULL) {
            unsigned char *memory = slots[slot].memory;
            for (size_t i = 0; i < slots[slot].size; i++) {
                CHECK(memory[i] == slots[slot].stamp, "step %d", step);
            }
            memset(model + (memory - base) / CODE_ARENA_ALIGNMENT, 0, granules);
            code_arena_free(memory, slots[slot].size);
            used -= granules * CODE_ARENA_ALIGNMENT;
            slots[slot].memory = NULL;
        } else {
            size_t size = 1 + (random >> 16) % ((random & 64) != 0 ? 6000 : 300);
            unsigned char *memory = code_arena_begin(size);
            granules = (size + CODE_ARENA_ALIGNMENT - 1) / CODE_ARENA_ALIGNMENT;
            size_t run = 0, longest = 0;
            for (size_t i = 0; i < sizeof(model); i++) {
                run = model[i] ? 0 : run + 1;
                longest = run > longest ? run : longest;
            }
            CHECK((memory != NULL) == (longest >= granules), "step %d: refused though there is room", step);
            if (memory == NULL) {
                refused++;
                continue;
            }
            unsigned char *cells = model + (memory - base) / CODE_ARENA_ALIGNMENT;
            for (size_t i = 0; i < granules; i++) {
                CHECK(cells[i] == 0, "step %d: handed out twice", step);
                cells[i] = 1;
            }
            memset(memory, step & 0xFF, size);
            CHECK(code_arena_commit(memory, size));
            slots[slot].memory = memory;
            slots[slot].size = size;
            slots[slot].stamp = (unsigned char)step;
            used += granules * CODE_ARENA_ALIGNMENT;
        }
        CHECK(code_arena_used() == used, "step %d", step);
    }
    CHECK(refused > 0, "the history never filled the arena");
    CHECK(!any_writable_and_executable());
}

#ifndef NDEBUG
TEST(freed_code_is_filled_with_breakpoints)
{
    CHECK(code_arena_init(0));
    unsigned char *memory = take_function(3);
    code_arena_free(memory, 6);
    for (int i = 0; i < 32; i++) {
        CHECK(memory[i] == 0xCC);
    }
}
#endif

TEST(init_tells_when_executable_memory_is_refused)
{
    refuse_executable_memory();
    CHECK(!code_arena_init(0));
    CHECK(code_arena_limit() == 0);
    CHECK(code_arena_begin(100) == NULL);
}

TEST(refusal_that_begins_later_leaves_code_running)
{
    CHECK(code_arena_init(0));
    unsigned char *first = take_function(11);
    size_t used = code_arena_used();
    refuse_executable_memory();
    CHECK(code_arena_begin(100) == NULL);
    CHECK(code_arena_begin(3 * PAGE) == NULL);
    CHECK(code_arena_used() == used);
    CHECK(call(first) == 11, "its page was not taken away from it");
}

TEST(refusal_between_begin_and_commit)
{
    CHECK(code_arena_init(0));
    unsigned char *memory = code_arena_begin(100);
    refuse_executable_memory();
    CHECK(!code_arena_commit(memory, 100));
    CHECK(code_arena_used() == 0);
    CHECK(!any_writable_and_executable());
}

/* ---- Deferred code ---- */

static unsigned char *defer_function(int value)
{
    return commit_function(code_arena_begin_deferred(6), value);
}

TEST(deferred_code_runs_after_publish)
{
    CHECK(code_arena_init(0));
    CHECK(code_arena_publish(), "nothing to do");
    unsigned char *before = take_function(1);
    unsigned char *first = defer_function(2);
    unsigned char *second = defer_function(3);
    CHECK(second == first + CODE_ARENA_ALIGNMENT, "side by side");
    CHECK(strcmp(protection_of(first), "rw-p") == 0);
    CHECK(call(before) == 1, "what ran before goes on running");
    unsigned char *between = take_function(4);
    CHECK(call(between) == 4 && strcmp(protection_of(second), "rw-p") == 0);
    unsigned char *third = defer_function(5);
    CHECK(code_arena_used() == 5 * CODE_ARENA_ALIGNMENT, "%zu", code_arena_used());
    CHECK(!any_writable_and_executable());
    CHECK(code_arena_publish());
    CHECK(call(first) == 2 && call(second) == 3 && call(third) == 5 && call(before) == 1 && call(between) == 4);
    CHECK(code_arena_used() == 5 * CODE_ARENA_ALIGNMENT);
    CHECK(!any_writable_and_executable());
    CHECK(call(take_function(6)) == 6 && call(third) == 5);
}

TEST(more_deferred_code_than_fits_at_once)
{
    CHECK(code_arena_init(0));
    enum { COUNT = 300 };
    unsigned char *pieces[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pieces[i] = code_arena_begin_deferred(1500);
        CHECK(pieces[i] != NULL);
        write_constant_function(pieces[i], i);
        CHECK(code_arena_commit(pieces[i], 1000), "the rest is given back");
        if (i == 100 || i == 200) {
            CHECK(code_arena_publish());
            CHECK(call(pieces[i]) == i && call(pieces[i - 50]) == i - 50);
        }
        if (i % 3 == 2) {
            code_arena_free(pieces[i - 1], 1000);
        }
    }
    CHECK(code_arena_publish());
    for (int i = 0; i < COUNT; i++) {
        CHECK(i % 3 == 1 || call(pieces[i]) == i);
    }
    CHECK(code_arena_used() == (size_t)COUNT / 3 * 2 * 1024, "%zu", code_arena_used());
    CHECK(!any_writable_and_executable());
}

TEST(deferred_code_given_up)
{
    CHECK(code_arena_init(0));
    unsigned char *first = defer_function(1);
    size_t used = code_arena_used();
    unsigned char *second = code_arena_begin_deferred(100);
    code_arena_free(second, 100);
    CHECK(code_arena_used() == used);
    CHECK(defer_function(2) == second);
    code_arena_free(first, 6);
    CHECK(code_arena_publish() && call(second) == 2);
    CHECK(code_arena_begin_deferred(0) == NULL && code_arena_begin_deferred(MEGABYTE) == NULL);
}

TEST(small_arenas_defer_nothing)
{
    CHECK(code_arena_init(MEGABYTE));
    CHECK(code_arena_begin_deferred(100) == NULL);
    CHECK(call(take_function(3)) == 3);
}

TEST(an_open_window_yields_to_what_finds_no_room)
{
    enum { LIMIT = 4 * MEGABYTE };
    CHECK(code_arena_init(LIMIT));
    unsigned char *first = defer_function(1);
    unsigned char *rest = code_arena_begin(LIMIT - PAGE);
    CHECK(rest != NULL && code_arena_commit(rest, LIMIT - PAGE));
    CHECK(code_arena_publish() && call(first) == 1);
    CHECK(code_arena_begin_deferred(100) == NULL, "full");
}

TEST(refusal_before_publish)
{
    CHECK(code_arena_init(0));
    unsigned char *first = defer_function(1);
    refuse_executable_memory();
    CHECK(!code_arena_publish());
    code_arena_free(first, 6);
    CHECK(code_arena_used() == 0 && !any_writable_and_executable());
    CHECK(code_arena_publish(), "told once");
}

TEST(a_child_goes_its_own_way)
{
    CHECK(code_arena_init(0));
    unsigned char *first = take_function(5);
    pid_t child = fork();
    if (child == 0) {
        unsigned char *mine = take_function(6);
        bool good = call(first) == 5 && call(mine) == 6;
        code_arena_free(first, 6);
        good &= take_function(9) == first && call(first) == 9 && !any_writable_and_executable();
        _exit(good ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(call(first) == 5);
    CHECK(call(take_function(8)) == 8);
}

TEST(addresses_belong_to_an_image)
{
    CHECK(code_arena_init(0));
    unsigned char *memory = take_function(1);
    Dl_info info;
    CHECK(dladdr(memory, &info) != 0, "NumPy turns its temporary elision off for good otherwise");
    CHECK(dladdr(memory + 63 * MEGABYTE, &info) != 0);
}

TEST(reserved_memory_costs_nothing)
{
    CHECK(code_arena_init(0));
    take_function(1);
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    CHECK(fscanf(statm, "%*d %ld", &pages) == 1);
    fclose(statm);
    CHECK(pages * PAGE < 32 * MEGABYTE, "%ld pages resident", pages);
}
