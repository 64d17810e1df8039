/* tier2/ir_text.h: the text form of graphs: what the printer (ir_text.c) writes and the parser (ir_parse.c) reads back.
 *
 *   frame 0 (mean) locals 3 stack 4
 *   b1 <- b0 b3  loop  depth 1
 *     v5:i  phi v1, v9
 *     v9:i  int_add v5, v2 fits @12  !s3
 *     v10:o.list  guard_kind v7 @14  !s4
 *     v11:o  load +24 attribute v10
 *     v12:b  int_compare lt v9, v2
 *     branch v12 -> b2 b4 (90 %)
 *     s3 frame 0 at 12: home, v5 raw clean v6, - | v7 owned
 *
 * A node is "RESULT  operation PAYLOAD INPUTS -> SUCCESSORS in FRAME FLAGS @PLACE  !STATE". Its payload is whatever fields are set: #number
 * (a comparison's by name, a float's by value, or by bits where it is not a number), +offset, the class of memory, the pointer, "cell" and the
 * cell. A place stands where it differs from the node before. A state is printed behind the first block that uses it: locals | operands; then
 * what "raising to HANDLER keep N lasti" an error does, and "outer sN", the caller's. A pointer is 0x..., or $NAME where the graph
 * has a name for it (ir_name). In parsed text ";" starts a comment.
 */
#ifndef PYJIT_TIER2_IR_TEXT_H
#define PYJIT_TIER2_IR_TEXT_H

#include "tier2/ir.h"

/* The words of the text, by number. */
extern const char *const ir_memory_names[];
extern const char *const ir_slot_names[];
extern const char *const ir_completion_names[];
extern const char *const ir_comparison_names[]; /* Py_LT..Py_GE */
enum { IR_SLOT_NAME_COUNT = SLOT_ITERATOR + 1, IR_COMPARISON_COUNT = 6 };

/* Flags of nodes that are part of the text. */
struct ir_flag_name {
    unsigned flag;
    const char *name;
};
extern const struct ir_flag_name ir_flag_names[];
extern const size_t ir_flag_name_count;

/* A name for an address. */
struct ir_symbol {
    const void *pointer;
    const char *name;
    struct ir_symbol *next;
};

/* Gives an address a name ([A-Za-z0-9_.]+, copied). An address or name that is taken already is left as it is. */
void ir_name(struct ir_graph *graph, const void *pointer, const char *name);
/* NULL: it has none. */
const char *ir_name_of(const struct ir_graph *graph, const void *pointer);
const void *ir_address_of(const struct ir_graph *graph, const char *name);

/* Reads the text of a graph into `graph`, which is new (but may have names). Names it does not know become addresses that are
 * nothing's, each its own. Returns true; or false with a message of the form "line 3: ..." in `error`, the graph then being good for
 * ir_graph_free only. Blocks are in the order of the text; dominators and the like need ir_order. */
bool ir_parse(struct ir_graph *graph, const char *text, char *error, size_t error_size);

#endif
