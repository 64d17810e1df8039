/* tier2/pass_trivial_phis.c: phis that join one value only.
 *
 * The builder makes a phi for every local a loop assigns before it knows what the back edges bring; many turn out to bring the
 * same. (Braun and others, Simple and Efficient Construction of Static Single Assignment Form, 2013.) */
#include "tier2/passes.h"

/* The one value that `phi` joins, besides itself; NULL: several. Constants of equal value count as one where `phi` is a truth value. */
static struct ir_node *only_input(const struct ir_node *phi)
{
    struct ir_node *only = NULL;
    for (int i = 0; i < phi->input_count; i++) {
        struct ir_node *input = ir_current(phi->inputs[i]);
        if (input == phi || input == only) {
            continue;
        }
        if (only != NULL) {
            return NULL;
        }
        only = input;
    }
    return only;
}

void pass_trivial_phis(struct ir_graph *graph)
{
    for (bool changed = true; changed;) {
        changed = false;
        ir_each_block(graph, block)
        {
            ir_each_node(block, node)
            {
                if (node->op != IR_phi) {
                    break;
                }
                struct ir_node *only = only_input(node);
                if (only != NULL) {
                    ir_replace(node, only);
                    changed = true;
                }
            }
        }
    }
    ir_resolve(graph);
}
