/* tier2/note_remarks.h: what a finished graph shows that its program's author may want to know (runtime/remarks.def). */
#ifndef PYJIT_TIER2_NOTE_REMARKS_H
#define PYJIT_TIER2_NOTE_REMARKS_H

#include "runtime/cpython.h"
#include "runtime/remarks.h"
#include "tier2/ir.h"

/* Notes what stands in the graphs of a list after all passes. No GIL needed. */
void note_remarks(const struct ir_graph *graphs, struct remarks *remarks);

/* Why a call of a function with such code is not inlined, as far as that is the code's own doing. GIL held; runs no Python code. */
enum remark_kind note_why_not_inlined(PyCodeObject *code);

#endif
