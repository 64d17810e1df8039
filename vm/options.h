/* vm/options.h: what the user asked for, from -X and the environment. Read once, when the JIT is switched on. */
#ifndef PYJIT_VM_OPTIONS_H
#define PYJIT_VM_OPTIONS_H

#include "perf/code_listing.h"
#include "runtime/cpython.h"

/* A comma-separated list of fnmatch patterns, each NAME or FILE:NAME. */
struct pattern {
    char *file; /* owned; NULL: any file */
    char *name; /* owned */
};
struct patterns {
    struct pattern *items; /* owned */
    size_t count;
};

struct stress {
#define STRESS(field, name, number, available, help) unsigned field; /* 0: off; else 1, or N of name=N */
#include "vm/stress.def"
#undef STRESS
};

struct options {
    int jit;     /* what -X jit or PYTHON_JIT says: 0..3, or -1: nothing was said */
    int tiering; /* 0..3 */
    unsigned hotness_threshold;
    unsigned tier2_threshold;
    unsigned code_size_limit;   /* in KB */
    unsigned count_allocations; /* 0: no */
    unsigned crash_report;      /* 0: no */
    char *log;                  /* owned; NULL: no log */
    char *dump;                 /* owned; NULL: none */
    unsigned trace;             /* 0: no */
    struct patterns disassemble, explain;
    char *report;      /* owned; NULL: standard error */
    char *profile_dir; /* owned; NULL: none */
    enum code_listing_format perf;
    unsigned gdb; /* 0: no */
    char *llvm;   /* owned, never freed once tier 2 is configured; NULL: found by the dynamic linker */
    struct patterns only, skip;
    struct stress stress;
    int tier_cap; /* the lower of jit and tiering: 0..3 */
};

extern struct options options;

/* PYTHON_JIT=0 is set: the emergency switch, which wins over everything and is heeded even under -E and -I. */
bool options_switched_off(void);

/* Does the user switch the JIT on (or off) outside the program: -X jit, or else PYTHON_JIT. Returns 0..3, or -1 when
 * nothing was said. GIL held. A bad -X value ends the process with exit code 2 and one line; a bad environment value is
 * told in one line and ignored. */
int options_read_switch(void);

/* Reads all options into `options`; may be called again (the old values are freed). GIL held. Bad values as above.
 * Never fails otherwise: an option for which there is no memory keeps its default. */
void options_read(void);

/* May `code` be compiled, as far as JIT_ONLY and JIT_SKIP are concerned? GIL held; never raises. */
bool options_select(PyCodeObject *code);

/* Is `code` among those that the patterns name? No pattern names nothing. GIL held; never raises. */
bool options_match(const struct patterns *patterns, PyCodeObject *code);

/* The rows, for pyjit._options() and the README: a new list of (x_name, environment, default, values, help); NULL with
 * an exception set. GIL held. */
PyObject *options_describe(void);

#endif
