/* tests/unit/test_code_map.c: find, offsets, entries, visiting while removing, and look-up in signal handlers. */
#include "runtime/code_map.h"

#include "runtime/code_arena.h"
#include "runtime/data_arena.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

/* A piece of code without tables. */
static struct compiled_code *add_piece(size_t size)
{
    struct compiled_code *compiled = compiled_code_new();
    compiled->start = code_arena_begin(size);
    CHECK(compiled->start != NULL);
    CHECK(code_arena_commit(compiled->start, size));
    compiled->size = size;
    CHECK(code_map_add(compiled) == 0);
    return compiled;
}

static size_t pieces(void)
{
    size_t count, machine, table;
    code_map_totals(&count, &machine, &table);
    return count;
}

TEST(find_knows_first_and_last_byte)
{
    CHECK(code_arena_init(0));
    CHECK(code_map_find(&code_arena_init) == NULL);
    struct compiled_code *a = add_piece(100), *b = add_piece(32), *c = add_piece(1);
    CHECK(code_map_find(a->start) == a);
    CHECK(code_map_find(a->start + 99) == a);
    CHECK(code_map_find(a->start + 100) == NULL, "alignment between two pieces belongs to neither");
    CHECK(code_map_find(a->start - 1) == NULL);
    CHECK(code_map_find(b->start) == b && code_map_find(b->start + 31) == b);
    CHECK(code_map_find(c->start) == c && code_map_find(c->start + 1) == NULL);
    CHECK(code_map_find(NULL) == NULL);
    CHECK(code_map_find((void *)UINTPTR_MAX) == NULL);
    code_map_remove(b);
    CHECK(code_map_find(a->start + 128) == NULL);
    CHECK(code_map_find(a->start) == a && code_map_find(c->start) == c);
}

TEST(totals_come_back_to_zero)
{
    CHECK(code_arena_init(0));
    size_t count, machine, table;
    struct compiled_code *a = add_piece(1000);
    struct compiled_code *b = compiled_code_new();
    b->start = code_arena_begin(50);
    CHECK(code_arena_commit(b->start, 50));
    b->size = 50;
    b->table_size = 77;
    b->tables = data_arena_allocate(77);
    b->feedback_size = 200;
    b->feedback = data_arena_allocate(200);
    CHECK(code_map_add(b) == 0);
    code_map_totals(&count, &machine, &table);
    CHECK(count == 2 && machine == 1050);
    CHECK(table == 2 * sizeof(struct compiled_code) + 77 + 200);
    code_map_remove(a);
    code_map_remove(b);
    code_map_totals(&count, &machine, &table);
    CHECK(count == 0 && machine == 0 && table == 0);
    CHECK(code_arena_used() == 0, "removal gives the machine code back");
    CHECK(data_arena_used() == 0, "and the tables");
}

TEST(offset_of_every_machine_byte)
{
    char around[102];
    char *machine = around + 1;
    static const struct {
        uint32_t machine;
        int32_t unit;
    } rows[] = {{10, 0}, {14, 1}, {14, 2}, {30, 6}, {60, 20000}, {80, 3}};
    uint8_t offsets[6 * CODE_MAP_LONGEST_OFFSET];
    uint8_t *end = offsets;
    for (int i = 0; i < 6; i++) {
        end = code_map_write_offset(end, rows[i].machine - (i > 0 ? rows[i - 1].machine : 0),
                                    rows[i].unit - (i > 0 ? rows[i - 1].unit : 0));
    }
    struct compiled_code compiled = {.start = machine, .size = 100, .offsets = offsets};
    compiled.offset_bytes = (uint32_t)(end - offsets);
    for (int i = 0; i < 100; i++) {
        int expected = i < 10 ? -1 : i < 14 ? 0 : i < 30 ? 4 : i < 60 ? 12 : i < 80 ? 40000 : 6;
        CHECK(code_map_offset_at(&compiled, machine + i) == expected, "byte %d", i);
    }
    CHECK(code_map_offset_at(&compiled, machine - 1) == -1);
    CHECK(code_map_offset_at(&compiled, machine + 100) == -1);
    compiled.offset_bytes = 0;
    CHECK(code_map_offset_at(&compiled, machine + 50) == -1);
    end = code_map_write_offset(offsets, UINT32_MAX, INT32_MIN + 1);
    CHECK(end == offsets + CODE_MAP_LONGEST_OFFSET);
}

TEST(entry_rows_by_exact_offset)
{
    static const struct entry_row rows[] = {{.unit = 0}, {.unit = 4}, {.unit = 5}, {.unit = 200}};
    struct compiled_code compiled = {.entry_count = 4, .entries = rows};
    for (uint32_t offset = 0; offset < 500; offset++) {
        const struct entry_row *found = code_map_entry(&compiled, offset);
        const struct entry_row *expected = NULL;
        for (int i = 0; i < 4; i++) {
            expected = rows[i].unit * sizeof(CodeUnit) == offset ? &rows[i] : expected;
        }
        CHECK(found == expected, "offset %u", offset);
    }
    compiled.entry_count = 0;
    CHECK(code_map_entry(&compiled, 0) == NULL);
}

struct tour {
    struct compiled_code *last;
    int seen;
    int remove_every; /* 0: none */
    int stop_at;
};

static int visit(struct compiled_code *compiled, void *argument)
{
    struct tour *tour = argument;
    CHECK(tour->last == NULL || compiled->start > (char *)tour->last);
    tour->last = (struct compiled_code *)compiled->start;
    tour->seen++;
    if (tour->seen == tour->stop_at) {
        return 17;
    }
    if (tour->remove_every != 0 && tour->seen % tour->remove_every == 0) {
        code_map_remove(compiled);
    }
    return 0;
}

TEST(each_visits_in_order_and_survives_removal)
{
    CHECK(code_arena_init(0));
    CHECK(code_map_each(visit, &(struct tour){0}) == 0);
    for (int i = 0; i < 1000; i++) {
        add_piece(1 + (size_t)i * 7 % 300);
    }
    struct tour tour = {0};
    CHECK(code_map_each(visit, &tour) == 0 && tour.seen == 1000);
    tour = (struct tour){.stop_at = 10};
    CHECK(code_map_each(visit, &tour) == 17 && tour.seen == 10);
    tour = (struct tour){.remove_every = 3};
    CHECK(code_map_each(visit, &tour) == 0 && tour.seen == 1000);
    CHECK(pieces() == 1000 - 333);
    tour = (struct tour){.remove_every = 1};
    CHECK(code_map_each(visit, &tour) == 0 && tour.seen == 667);
    CHECK(pieces() == 0);
}

TEST(many_pieces_removed_in_any_order)
{
    enum { PIECES = 3000 };
    static struct compiled_code *all[PIECES];
    CHECK(code_arena_init(0));
    for (int i = 0; i < PIECES; i++) {
        all[i] = add_piece(40);
    }
    for (int step = 0; step < PIECES; step++) {
        int victim = (int)((unsigned)step * 1663u % PIECES); /* 1663 is prime and shares no factor with PIECES */
        CHECK(code_map_find(all[victim]->start + 20) == all[victim]);
        char *start = all[victim]->start;
        code_map_remove(all[victim]);
        CHECK(code_map_find(start) == NULL);
        if (step % 3 == 0) {
            struct compiled_code *again = add_piece(40);
            CHECK(code_map_find(again->start) == again);
            code_map_remove(again);
        }
    }
    CHECK(pieces() == 0 && code_arena_used() == 0);
}

/* ---- Look-up while the table changes ---------------------------------------------------------- */

static struct compiled_code *pillars[64];
static volatile unsigned look_ups;
static volatile sig_atomic_t wrong;

/* Pieces that are never removed must be found at every instant; others may or may not. */
static void look_everywhere(void)
{
    for (int i = 0; i < 64; i++) {
        if (code_map_find(pillars[i]->start + 3) != pillars[i]) {
            wrong = 1;
        }
        struct compiled_code *between = code_map_find(pillars[i]->start + 64);
        if (between != NULL && between == pillars[i]) {
            wrong = 1;
        }
    }
    look_ups++;
}

static void on_timer(int signal_number)
{
    (void)signal_number;
    look_everywhere();
}

static void raise_pillars(void)
{
    CHECK(code_arena_init(0));
    struct compiled_code *gaps[64];
    for (int i = 0; i < 64; i++) {
        pillars[i] = add_piece(64);
        gaps[i] = add_piece(4096);
    }
    for (int i = 0; i < 64; i++) {
        code_map_remove(gaps[i]);
    }
}

/* Adds and removes between the pillars for `rounds` rounds. */
static void churn(int rounds)
{
    for (int round = 0; round < rounds; round++) {
        struct compiled_code *some[40];
        for (int i = 0; i < 40; i++) {
            some[i] = add_piece(64 + (size_t)(round * 31 + i * 97) % 800);
        }
        for (int i = 0; i < 40; i++) {
            code_map_remove(some[(i * 7) % 40]);
        }
    }
}

TEST(handlers_that_interrupt_a_change_find_everything)
{
    raise_pillars();
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = {{0, 200}, {0, 200}};
    setitimer(ITIMER_REAL, &timer, NULL);
    for (int i = 0; i < 200 && (i < 20 || look_ups < 500); i++) {
        churn(20);
        CHECK(!wrong);
    }
    CHECK(look_ups > 100, "only %u look-ups interrupted", look_ups);
    struct itimerval off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &off, NULL);
}

static volatile bool finished;

static void *look_on_another_thread(void *unused)
{
    (void)unused;
    while (!finished) {
        look_everywhere();
    }
    return NULL;
}

TEST(threads_without_the_lock_find_everything)
{
    raise_pillars();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, look_on_another_thread, NULL) == 0);
    churn(300);
    finished = true;
    pthread_join(thread, NULL);
    CHECK(!wrong && look_ups > 10, "%u look-ups", look_ups);
}

TEST(a_child_has_its_own_map)
{
    CHECK(code_arena_init(0));
    struct compiled_code *a = add_piece(64), *b = add_piece(64);
    pid_t child = fork();
    if (child == 0) {
        char *start = a->start;
        bool good = code_map_find(start) == a;
        code_map_remove(a);
        good &= code_map_find(start) == NULL && code_map_find(b->start) == b && pieces() == 1;
        _exit(good ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(code_map_find(a->start) == a && pieces() == 2);
}
