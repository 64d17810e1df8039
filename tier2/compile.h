/* tier2/compile.h: from the bytecode of a hot function, or of one of its loops, to machine code.
 *
 * In two halves: tier2_build() reads Python objects and needs the GIL; tier2_emit() does the rest and needs neither the GIL nor
 * any Python object (compile_thread.h).
 */
#ifndef PYJIT_TIER2_COMPILE_H
#define PYJIT_TIER2_COMPILE_H

#include "runtime/code_map.h"
#include "runtime/deopt.h"
#include "runtime/linked_object.h"
#include "runtime/reasons.h"
#include "runtime/remarks.h"
#include "tier2/line_program.h"

#include <stdio.h>

struct ir_graph;
struct orc_code;

/* One compilation. */
struct tier2_job {
    PyCodeObject *code;         /* borrowed: only its address counts once the job is built */
    uint32_t loop_offset;       /* bytecode offset of the loop header to enter at; 0: the function's start */
    struct ir_graph *graph;     /* owned, between the halves */
    struct code_watch *watches; /* owned: of code inlined */
    struct deopt_table *table;
    struct orc_code *machine;
    tier2_function *entry;
    const struct deopt_failure
        *failures; /* borrowed while it is built: what failed in earlier code of the function */
    size_t failure_count;
    bool
        immature; /* set when it is built: it calls what tier 1 has not compiled yet, and what is not inlined therefore */
    bool keep_text; /* of the IR, for listings; set before it is emitted */
    char *ir_text;  /* owned: as ir_print_lines() writes it, after all passes; NULL unless it was to be kept */
    struct remarks remarks; /* owned: what the graph shows after all passes */
    bool at_any_price;      /* compile it even where little is won, or it takes long */
    double build_ms, passes_ms, emit_ms;
    char symbol[32];
    char name[256]; /* of the function, for dumps: "file.py:12 f" */
};

/* Builds the graph for `code`, which tier 1 has compiled to `feedback`. `frame`: the frame that made it hot, standing at the entry; the types of
 * its locals are taken as typical. GIL held; runs no Python code. REASON_none, or why there will be no tier-2 code. */
enum reason tier2_build(struct tier2_job *job, const struct compiled_code *feedback, InterpreterFrame *frame);

/* Optimises and makes machine code, or says why not. On the compile thread. */
enum reason tier2_emit(struct tier2_job *job);

/* Operations in the graph, of what is built and not yet emitted: what emitting takes time for. */
uint32_t tier2_job_nodes(const struct tier2_job *job);

/* The machine code, and its bytes; NULL and 0 while there is none. The first may be asked of no job, NULL. */
const char *tier2_job_text(const struct tier2_job *job);
size_t tier2_job_size(const struct tier2_job *job);

/* Which lines the machine code belongs to, where debug information was wanted when it was made: as line_program_read() gives it. */
struct line_program_row *tier2_job_lines(const struct tier2_job *job, size_t *count);

/* The code and its object file, for debuggers; of no use longer than the job. */
struct linked_object tier2_job_object(const struct tier2_job *job);

/* Fills in where in a job, and in what it points to, things are. */
void tier2_job_layout(struct tier2_layout *layout);

/* Frees what the job owns; the machine code, which no frame may be in, soon. GIL held. */
void tier2_job_free(struct tier2_job *job);

/* Where dumps of what is compiled go, or NULL. */
extern FILE *tier2_dump;

#endif
