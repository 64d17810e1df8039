/* runtime/code_map.c: the sorted table behind address -> compiled code.
 *
 * Signal handlers and samplers look addresses up at any instant, also while this very thread is in the
 * middle of a change. The table therefore exists twice. Readers search the published copy; a writer
 * (GIL held) changes the other one, publishes it, and repeats the change in the first. A handler that
 * interrupts the writer on the same thread finds a copy at rest, so it neither waits nor misses code
 * that was there. A reader on another thread, which the writer may overtake, notices by the copy's
 * change counter (odd: being changed) and searches again. A plain sequence lock would let the
 * interrupting handler spin forever; copying on each change would need a grace period before an old
 * copy may be freed. Rows carry their address ranges, so the search itself follows no pointer that a
 * removal could free, and both copies are static: nothing is allocated, nothing can fail but a full
 * table, and a child after fork has both as they stood.
 */
#include "runtime/code_map.h"

#include "runtime/code_arena.h"
#include "runtime/code_state.h"
#include "runtime/data_arena.h"
#include "runtime/generator.h"
#include "runtime/runtime_data.h"
#include "runtime/side_exit.h"

#include <stdlib.h>
#include <string.h>
#include <assert.h>

enum { MAX_PIECES = 1 << 18 }; /* 256 bytes of code each would fill the arena */

struct row {
    uintptr_t start;
    uintptr_t end;
    struct compiled_code *compiled;
};

struct table {
    unsigned changes; /* odd while a writer works on this copy */
    size_t count;
    struct row rows[MAX_PIECES]; /* by start; ranges do not overlap. Costs memory as far as it is used. */
};

static struct table tables[2];
static unsigned published; /* index of the copy that readers use */

const struct code_map_layout code_map_layout = {
    .tables = {&tables[0], &tables[1]},
    .published = &published,
    .count = offsetof(struct table, count),
    .rows = offsetof(struct table, rows),
    .row_size = sizeof(struct row),
    .start = offsetof(struct row, start),
    .end = offsetof(struct row, end),
    .compiled = offsetof(struct row, compiled),
};

uint32_t code_map_generation;

static size_t machine_bytes_total;
static size_t table_bytes_total;

/* Rows are read while they may change: each word is read and written whole. */
static struct row load_row(const struct row *from)
{
    return (struct row){
        __atomic_load_n(&from->start, __ATOMIC_RELAXED),
        __atomic_load_n(&from->end, __ATOMIC_RELAXED),
        __atomic_load_n(&from->compiled, __ATOMIC_RELAXED),
    };
}

static void store_row(struct row *to, struct row value)
{
    __atomic_store_n(&to->start, value.start, __ATOMIC_RELAXED);
    __atomic_store_n(&to->end, value.end, __ATOMIC_RELAXED);
    __atomic_store_n(&to->compiled, value.compiled, __ATOMIC_RELAXED);
}

/* How many rows start at or below `address`. */
static size_t count_up_to(const struct table *table, uintptr_t address)
{
    size_t low = 0;
    size_t high = __atomic_load_n(&table->count, __ATOMIC_RELAXED);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (load_row(&table->rows[middle]).start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void begin_change(struct table *table)
{
    __atomic_store_n(&table->changes, table->changes + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* the odd count is seen before any row moves */
}

static void end_change(struct table *table)
{
    __atomic_store_n(&table->changes, table->changes + 1, __ATOMIC_RELEASE);
}

static void insert_row(struct table *table, struct row added)
{
    size_t at = count_up_to(table, added.start);
    assert(at == 0 || table->rows[at - 1].end <= added.start);
    assert(at == table->count || added.end <= table->rows[at].start);
    begin_change(table);
    for (size_t i = table->count; i > at; i--) {
        store_row(&table->rows[i], table->rows[i - 1]);
    }
    store_row(&table->rows[at], added);
    __atomic_store_n(&table->count, table->count + 1, __ATOMIC_RELAXED);
    end_change(table);
}

static void delete_row(struct table *table, uintptr_t start)
{
    size_t at = count_up_to(table, start) - 1;
    assert(at < table->count && table->rows[at].start == start);
    begin_change(table);
    for (size_t i = at + 1; i < table->count; i++) {
        store_row(&table->rows[i - 1], table->rows[i]);
    }
    __atomic_store_n(&table->count, table->count - 1, __ATOMIC_RELAXED);
    end_change(table);
}

static unsigned other_copy(void)
{
    return 1 - published;
}

static void publish(unsigned copy)
{
    __atomic_store_n(&published, copy, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* no handler sees the copy now retired still published and changing */
}

/* Bytes of tables and feedback that belong to a piece of code, its own struct included. */
static size_t table_bytes_of(const struct compiled_code *compiled)
{
    size_t exits = compiled->exits == NULL ? 0 : compiled->exits->size;
    return exits + sizeof(*compiled) + compiled->table_size + compiled->feedback_size;
}

struct compiled_code *compiled_code_new(void)
{
    return calloc(1, sizeof(struct compiled_code));
}

void compiled_feedback_free(void *feedback, size_t size, int attribute_cells)
{
    struct attribute_cell *cells = feedback;
    for (int i = 0; feedback != NULL && i < attribute_cells; i++) {
        data_arena_free(cells[i].more, FEEDBACK_MORE_CASES * sizeof *cells[i].more);
    }
    data_arena_free(feedback, size);
}

void feedback_copy_attribute(struct attribute_cell *cell, const struct attribute_cell *from)
{
    *cell = *from;
    if (from->more != NULL) {
        cell->more = data_arena_allocate(FEEDBACK_MORE_CASES * sizeof *cell->more);
        if (cell->more != NULL) {
            memcpy(cell->more, from->more, FEEDBACK_MORE_CASES * sizeof *cell->more);
        } else {
            cell->count = 1;
        }
    }
}

void compiled_code_free(struct compiled_code *compiled)
{
    data_arena_free(compiled->tables, compiled->table_size);
    code_state_release_cells(compiled->call_cells);
    compiled_feedback_free(compiled->feedback, compiled->feedback_size, compiled->attribute_cells);
    if (compiled->exits != NULL) {
        side_exits_free(compiled->exits);
    }
    free(compiled->cells);
    resume_table_free(compiled->resume);
    free(compiled);
}

enum { MOST_WATCHERS = 4 };
static struct {
    code_map_watcher *added, *removed;
} watchers[MOST_WATCHERS];
static size_t watcher_count;

void code_map_watch(code_map_watcher *added, code_map_watcher *removed)
{
    assert(watcher_count < MOST_WATCHERS);
    watchers[watcher_count].added = added;
    watchers[watcher_count++].removed = removed;
}

int code_map_add(struct compiled_code *compiled)
{
    if (tables[published].count == MAX_PIECES) {
        return -1;
    }
    struct row added = {(uintptr_t)compiled->start, (uintptr_t)compiled->start + compiled->size, compiled};
    unsigned spare = other_copy();
    insert_row(&tables[spare], added);
    publish(spare);
    insert_row(&tables[other_copy()], added);
    machine_bytes_total += compiled->size;
    table_bytes_total += table_bytes_of(compiled);
    for (size_t i = 0; i < watcher_count; i++) {
        watchers[i].added(compiled);
    }
    return 0;
}

const struct tier2_layout *code_map_tier2_layout;
void (*code_map_free_tier2)(struct tier2_code *code);
void (*code_map_each_tier2)(const struct compiled_code *compiled, tier2_visitor *visit);

void code_map_remove(struct compiled_code *compiled)
{
    if (compiled->retired != NULL) {
        code_map_remove(compiled->retired);
    }
    if (compiled->landing != NULL) {
        code_map_remove(compiled->landing);
    }
    for (size_t i = 0; i < watcher_count; i++) {
        if (watchers[i].removed != NULL) {
            watchers[i].removed(compiled);
        }
    }
    uintptr_t start = (uintptr_t)compiled->start;
    unsigned spare = other_copy();
    delete_row(&tables[spare], start);
    publish(spare);
    delete_row(&tables[other_copy()], start);
    machine_bytes_total -= compiled->size;
    table_bytes_total -= table_bytes_of(compiled);

    if (compiled->tier2 != NULL) {
        code_map_free_tier2(compiled->tier2);
    }
    code_arena_free(compiled->start, compiled->size);
    compiled_code_free(compiled);
}

struct compiled_code *code_map_find(const void *address)
{
    uintptr_t wanted = (uintptr_t)address;
    for (;;) {
        struct table *table = &tables[__atomic_load_n(&published, __ATOMIC_ACQUIRE)];
        unsigned before = __atomic_load_n(&table->changes, __ATOMIC_ACQUIRE);
        if (before & 1) {
            continue; /* a writer on another thread overtook us: it has published the other copy */
        }
        size_t below = count_up_to(table, wanted);
        struct row row = {0, 0, NULL};
        if (below > 0) {
            row = load_row(&table->rows[below - 1]);
        }
        __atomic_thread_fence(__ATOMIC_ACQUIRE); /* all rows are read before the counter is read again */
        if (__atomic_load_n(&table->changes, __ATOMIC_RELAXED) == before) {
            return wanted < row.end ? row.compiled : NULL;
        }
    }
}

/* Seven bits a byte, least significant first, bit 7 set on all but the last. */
static uint8_t *write_number(uint8_t *at, uint32_t value)
{
    for (; value >= 128; value >>= 7) {
        *at++ = (uint8_t)(value | 128);
    }
    *at++ = (uint8_t)value;
    return at;
}

static const uint8_t *read_number(const uint8_t *at, uint32_t *value)
{
    *value = 0;
    for (int shift = 0;; shift += 7) {
        *value |= (uint32_t)(*at & 127) << shift;
        if (*at++ < 128) {
            return at;
        }
    }
}

uint8_t *code_map_write_offset(uint8_t *at, uint32_t machine_step, int32_t unit_step)
{
    at = write_number(at, machine_step);
    return write_number(at, unit_step < 0 ? (uint32_t)-unit_step << 1 | 1 : (uint32_t)unit_step << 1);
}

struct code_map_walk code_map_walk_start(const struct compiled_code *compiled)
{
    return (struct code_map_walk){.row = compiled->offsets, .end = compiled->offsets + compiled->offset_bytes};
}

bool code_map_walk_next(struct code_map_walk *walk)
{
    if (walk->row == walk->end) {
        return false;
    }
    uint32_t step, change;
    walk->row = read_number(walk->row, &step);
    walk->row = read_number(walk->row, &change);
    int units = change & 1 ? -(int)(change >> 1) : (int)(change >> 1);
    walk->machine += step;
    walk->offset += units * (int)sizeof(CodeUnit);
    return true;
}

int code_map_offset_at(const struct compiled_code *compiled, const void *address)
{
    const char *at = address;
    if (at < compiled->start || at >= compiled->start + compiled->size) {
        return -1;
    }
    /* From the start on: pieces of code are small, and nobody asks for speed. */
    struct code_map_walk walk = code_map_walk_start(compiled);
    int result = -1;
    while (code_map_walk_next(&walk) && walk.machine <= (size_t)(at - compiled->start)) {
        result = walk.offset;
    }
    return result;
}

const struct entry_row *code_map_entry(const struct compiled_code *compiled, uint32_t offset)
{
    size_t low = 0;
    size_t high = compiled->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compiled->entries[middle].unit * sizeof(CodeUnit) < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < compiled->entry_count && compiled->entries[low].unit * sizeof(CodeUnit) == offset) {
        return &compiled->entries[low];
    }
    return NULL;
}

int code_map_each(int (*visit)(struct compiled_code *, void *), void *argument)
{
    uintptr_t last = 0;
    for (;;) {
        /* Found anew each time: the visitor may have removed what it saw, or caused code to be added. */
        const struct table *table = &tables[published];
        size_t next = count_up_to(table, last);
        if (next == table->count) {
            return 0;
        }
        last = table->rows[next].start;
        int result = visit(table->rows[next].compiled, argument);
        if (result != 0) {
            return result;
        }
    }
}

void code_map_totals(size_t *pieces, size_t *machine_bytes, size_t *table_bytes)
{
    *pieces = tables[published].count;
    *machine_bytes = machine_bytes_total;
    *table_bytes = table_bytes_total;
}
