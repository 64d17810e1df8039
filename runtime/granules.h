/* runtime/granules.h: the book-keeping of a region of memory that is handed out in granules of a fixed size.
 *
 * One bit per granule, kept outside the region: a set bit is a granule in use. Neighbouring free blocks are
 * one run of zero bits, so there is nothing to coalesce and nothing to allocate: giving memory back cannot fail, and a
 * child after fork owns a consistent copy. Allocation takes the first run that is long enough. For each class of lengths
 * there is a position below which no such run starts, so full stretches are not looked at again and again.
 * Nothing is locked: the owner of a region sees to that.
 */
#ifndef PYJIT_RUNTIME_GRANULES_H
#define PYJIT_RUNTIME_GRANULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A class of lengths for each power of two. */
enum { GRANULE_CLASSES = 24 };

struct granules {
    uint64_t *words; /* the bits, 0 at the start */
    size_t limit;    /* granules that may be used */
    size_t end;      /* one past the highest granule ever used; those from here on are untouched */
    size_t in_use;
    uint32_t no_run_below[GRANULE_CLASSES];
};

/* Takes the first run of `count` (> 0) free granules; its number, or SIZE_MAX when there is none. */
size_t granules_take(struct granules *granules, size_t count);

/* Where granules_take() would find a run, without taking it. */
size_t granules_find(struct granules *granules, size_t count);

/* The same for a run whose number is a multiple of `alignment`. */
size_t granules_find_aligned(struct granules *granules, size_t count, size_t alignment);

/* How many granules from `first` on are free, at most `most`. */
size_t granules_free_from(const struct granules *granules, size_t first, size_t most);

/* Marks a run that was so found as used. */
void granules_mark_used(struct granules *granules, size_t first, size_t count);

/* Gives back [first, first + count). */
void granules_give_back(struct granules *granules, size_t first, size_t count);

#endif
