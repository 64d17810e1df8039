/* perf/object_lines.h: which lines the code of tier 2 belongs to, from the debug information in the object file it was linked from. */
#ifndef PYJIT_PERF_OBJECT_LINES_H
#define PYJIT_PERF_OBJECT_LINES_H

#include "perf/code_listing.h"
#include "runtime/linked_object.h"

/* The places where lines begin, by address, into a new array (free() it), whose file names are in the object; NULL when there are none, or no memory. Lines
 * of inlined functions may be in other files. */
struct listed_line *object_lines(const struct linked_object *linked, size_t *count);

#endif
