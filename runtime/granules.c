/* runtime/granules.c: see granules.h. */
#include "runtime/granules.h"

#include <assert.h>
#include <string.h>

enum { WORD_BITS = 64, LOOK_BACK_WORDS = 64 };

/* Sets or clears `count` bits from `first` on. */
static void mark(struct granules *granules, size_t first, size_t count, bool used)
{
    while (count > 0) {
        size_t bit = first % WORD_BITS;
        size_t here = count < WORD_BITS - bit ? count : WORD_BITS - bit;
        uint64_t mask = (here == WORD_BITS ? ~UINT64_C(0) : (UINT64_C(1) << here) - 1) << bit;
        uint64_t *word = &granules->words[first / WORD_BITS];
        assert((*word & mask) == (used ? 0 : mask));
        *word = used ? *word | mask : *word & ~mask;
        first += here;
        count -= here;
    }
}

/* The first granule from `start` on whose bit is `used`, at most `end`. */
static size_t next_granule(const struct granules *granules, size_t start, size_t end, bool used)
{
    while (start < end) {
        uint64_t word = granules->words[start / WORD_BITS];
        uint64_t wanted = (used ? word : ~word) >> (start % WORD_BITS);
        if (wanted != 0) {
            start += (size_t)__builtin_ctzll(wanted);
            return start < end ? start : end;
        }
        start += WORD_BITS - start % WORD_BITS;
    }
    return end;
}

/* The start of the run of free granules that ends before `first`, or of its last part when it is long: what is long
 * enough for most is known as such already. */
static size_t start_of_run(const struct granules *granules, size_t first)
{
    for (int words = 0; first > 0 && words < LOOK_BACK_WORDS; words++) {
        size_t bit = first % WORD_BITS;
        uint64_t below = granules->words[(first - 1) / WORD_BITS];
        below = bit == 0 ? below : below & ((UINT64_C(1) << bit) - 1);
        if (below != 0) {
            return (first - 1) / WORD_BITS * WORD_BITS + (WORD_BITS - (size_t)__builtin_clzll(below));
        }
        first = (first - 1) / WORD_BITS * WORD_BITS;
    }
    return first;
}

/* The class of lengths that `count` is in: it may be among the shorter ones of it. */
static int class_of(size_t count)
{
    return 63 - __builtin_clzll(count);
}

static size_t find_from_hints(struct granules *granules, size_t count)
{
    assert(count > 0 && granules->limit < (size_t)1 << GRANULE_CLASSES);
    if (count > granules->limit) {
        return SIZE_MAX;
    }
    int class = class_of(count);
    size_t start = next_granule(granules, granules->no_run_below[class], granules->end, false);
    while (start < granules->end) {
        size_t wanted = start + count < granules->end ? start + count : granules->end;
        size_t end = next_granule(granules, start, wanted, true);
        if (end == wanted) {
            break; /* long enough, or a free tail that runs on into what was never used */
        }
        start = next_granule(granules, end, granules->end, false);
    }
    /* All free runs that were passed are shorter than `count`. */
    for (int i = (count & (count - 1)) == 0 ? class : class + 1;
         i < GRANULE_CLASSES && granules->no_run_below[i] < start; i++) {
        granules->no_run_below[i] = (uint32_t)start;
    }
    return start <= granules->limit && granules->limit - start >= count ? start : SIZE_MAX;
}

size_t granules_find(struct granules *granules, size_t count)
{
    size_t found = find_from_hints(granules, count);
    if (found == SIZE_MAX) {
        /* A long run may have grown together from parts that were passed. */
        memset(granules->no_run_below, 0, sizeof(granules->no_run_below));
        found = find_from_hints(granules, count);
    }
    return found;
}

size_t granules_find_aligned(struct granules *granules, size_t count, size_t alignment)
{
    assert(count > 0);
    if (count > granules->limit) {
        return SIZE_MAX;
    }
    size_t start = granules->no_run_below[class_of(count)];
    for (;;) {
        start = next_granule(granules, start, granules->end, false);
        start = (start + alignment - 1) / alignment * alignment;
        size_t end = start < granules->end ? next_granule(granules, start, granules->end, true) : granules->end;
        if (end == granules->end) {
            return start <= granules->limit && granules->limit - start >= count ? start : SIZE_MAX;
        }
        if (end - start >= count) {
            return start;
        }
        start = end;
    }
}

size_t granules_free_from(const struct granules *granules, size_t first, size_t most)
{
    size_t last = granules->limit - first < most ? granules->limit : first + most;
    size_t end = last < granules->end ? last : granules->end;
    size_t used = next_granule(granules, first, end, true);
    return (used < end ? used : last) - first;
}

void granules_mark_used(struct granules *granules, size_t first, size_t count)
{
    mark(granules, first, count, true);
    granules->in_use += count;
    if (first + count > granules->end) {
        granules->end = first + count;
    }
    /* Where no run began below the first of them, none begins below their end. */
    for (int i = 0; i < GRANULE_CLASSES; i++) {
        if (granules->no_run_below[i] == first) {
            granules->no_run_below[i] = (uint32_t)(first + count);
        }
    }
}

size_t granules_take(struct granules *granules, size_t count)
{
    size_t first = granules_find(granules, count);
    if (first != SIZE_MAX) {
        granules_mark_used(granules, first, count);
    }
    return first;
}

void granules_give_back(struct granules *granules, size_t first, size_t count)
{
    mark(granules, first, count, false);
    granules->in_use -= count;
    size_t start = start_of_run(granules, first);
    for (int i = GRANULE_CLASSES - 1; i >= 0 && granules->no_run_below[i] > start; i--) {
        granules->no_run_below[i] = (uint32_t)start;
    }
}
