/* tier2/passes.h: the passes over the IR, one file each (pass_*.c). Each leaves a graph that ir_verify() accepts and, where it
 * replaced nodes, one that is resolved; after running out of memory graph->out_of_memory is set. */
#ifndef PYJIT_TIER2_PASSES_H
#define PYJIT_TIER2_PASSES_H

#include "tier2/ir.h"

/* The pipeline: the passes in the order in which they run (compile.c), each by its name in dumps and tests. */
struct ir_pass {
    const char *name;
    void (*run)(struct ir_graph *graph);
};
extern const struct ir_pass ir_passes[];
extern const size_t ir_pass_count;

/* Phis whose inputs are all the same value are that value. */
void pass_trivial_phis(struct ir_graph *graph);

/* What is known already is not asked, computed or loaded again. After ir_order. */
void pass_redundancy(struct ir_graph *graph);

/* Objects that nobody sees are not made: tuples and boxes whose items are all that is wanted of them. After ir_order. */
void pass_virtual(struct ir_graph *graph);

/* What a node destroys of what is known of memory: a bit per enum ir_memory, or a bit for all. */
uint32_t pass_kills(const struct ir_node *node);
/* Is what is known of memory of that class destroyed by that? */
bool pass_is_killed(uint8_t memory, uint32_t kills);

/* What a loop finds the same in each turn is asked before it. After ir_order. */
void pass_hoist(struct ir_graph *graph);

/* Operations that can be had for less. After ir_order. */
void pass_strength(struct ir_graph *graph);

/* What nobody uses and has no effect goes. */
void pass_dead_code(struct ir_graph *graph);

#endif
