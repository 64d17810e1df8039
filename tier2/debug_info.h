/* tier2/debug_info.h: debug information of tier-2 code, where somebody wants it: for each place in the machine code the Python line, the functions
 * inlined there, and where the locals are. LLVM carries it through its passes and writes it as DWARF 4 into the object file.
 *
 * A location's line is that of the Python file; its column is the number of the bytecode's code unit, counted from 1.
 */
#ifndef PYJIT_TIER2_DEBUG_INFO_H
#define PYJIT_TIER2_DEBUG_INFO_H

#include "tier2/ir.h"

/* What is told of a function in the graph. All of it is the graph's memory. */
struct ir_source {
    const char *name; /* "py::QUALNAME", in UTF-8 */
    const char *file;
    int32_t first_line;
    int32_t *lines; /* by code unit */
    uint32_t units;
    uint16_t local_count, parameters;
    const char **locals; /* their names */
};

/* Is there anybody who wants it? Set by vm/, before anything is compiled. */
extern bool debug_info_wanted;

/* Fills in `source` of all frames of the graphs in the list, if it is wanted. GIL held. (source.c) */
void debug_info_describe(struct ir_graph *graph);

/* ---- On the compile thread, for lowering (debug_info.c) ------------------------------------------------------------------ */

struct lowering;
struct orc_unit;
struct debug_info;

/* Of one module. NULL where it is not wanted, or there is no memory: then the others are not to be called. */
struct debug_info *debug_info_open(struct orc_unit *unit, const struct ir_graph *graph);
/* Completes what the module has, and frees the rest. NULL is allowed. */
void debug_info_close(struct debug_info *debug);

/* Before the first instruction of a graph's function. */
void debug_info_begin(struct lowering *l);
/* What is built from now on belongs to the instruction at `place` of a frame. */
void debug_info_at(struct lowering *l, int frame, uint32_t place);
/* A new block of the graph begins. */
void debug_info_block(struct lowering *l);
/* The node comes next: where it belongs, and, if it has a state, where locals are. */
void debug_info_node(struct lowering *l, const struct ir_node *node);

#endif
