/* tier2/lower.h: from IR to an LLVM module, and the tables of its exits. */
#ifndef PYJIT_TIER2_LOWER_H
#define PYJIT_TIER2_LOWER_H

#include "runtime/deopt.h"
#include "tier2/ir.h"
#include "tier2/orc.h"

/* Adds to `unit` a function called `symbol`,
 *     struct side_exit_outcome symbol(InterpreterFrame *frame, PyThreadState *tstate)
 * that carries out the graph (the first of a list: those that are called directly become functions beside it), and makes the tables of exits, which the
 * code refers to by address. REASON_none, or why not. On the compile
 * thread, without the GIL. */
enum reason lower_graph(struct ir_graph *graph, struct orc_unit *unit, const char *symbol, PyCodeObject *code,
                        struct deopt_table **table);

#endif
