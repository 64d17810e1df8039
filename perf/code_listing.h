/* perf/code_listing.h: compiled code told to profilers, as it is made: perf's map file, or a jitdump file.
 *
 * Neither file's descriptor is kept open between two pieces of code (vm/event_log.c says why). All calls need the GIL and keep a pending
 * exception. None fails: what cannot be written is told once on standard error, and no more is listed.
 */
#ifndef PYJIT_PERF_CODE_LISTING_H
#define PYJIT_PERF_CODE_LISTING_H

#include "runtime/code_map.h"

enum code_listing_format {
    CODE_LISTING_none,
    CODE_LISTING_map, /* /tmp/perf-PID.map: names only; perf report finds it by itself */
    CODE_LISTING_dump, /* jit-PID.dump in $JITDUMPDIR, else in the working directory: names, lines and machine code, for perf inject --jit */
};

/* Chooses the format, and lists code from now on; a child after fork lists in files of its own what it has inherited, too. */
void code_listing_start(enum code_listing_format format);

/* Code of tier 2 for `code`. */
void code_listing_add_tier2(PyCodeObject *code, const struct linked_object *linked);

/* ---- For the writers ------------------------------------------------------------------------------ */

/* A place in a piece of code where the code of another line begins. */
struct listed_line {
    const char *address;
    int line;
    const char *file; /* NULL: that of the code */
};

struct listed_code {
    const char *name; /* "py::QUALNAME:FILE [tier N]" in UTF-8, without line ends */
    const char *file; /* in UTF-8 */
    const char *start;
    size_t size;
    const struct listed_line *lines; /* by address */
    size_t line_count;
};

/* A writer appends one piece of code to this process's file, which it makes when there is none. Returns NULL, or what it could not do: the
 * path of the file, a static string, with errno set. `is_new_process`: the first call in this process, or after a fork. */
typedef const char *code_writer(const struct listed_code *listed, bool is_new_process);
/* What jitdump_write() needs behind each piece of code: perf maps unwinding information there. */
enum { JITDUMP_GAP = 320 };
code_writer perf_map_write;
code_writer jitdump_write;

#endif
