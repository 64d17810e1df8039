/* vm/explain.c: see explain.h.
 *
 * First, how the function runs now; then, line by line, what tier 2 did there and what it found; last, what its author could do. */
#define _GNU_SOURCE /* open_memstream */
#include "vm/explain.h"

#include "runtime/bytecode.h"
#include "runtime/code_map.h"
#include "runtime/deopt.h"
#include "runtime/line_table.h"
#include "runtime/utf8_text.h"
#include "tier2/compile.h"
#include "vm/options.h"
#include "vm/policy.h"
#include "vm/source_lines.h"
#include "vm/tiers.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

struct explanation {
    PyCodeObject *code;
    FILE *out;
    bool has_tier2;
};

static int line_of(const struct explanation *explanation, uint32_t offset)
{
    return PyCode_Addr2Line(explanation->code, (int)offset);
}

/* ---- How it runs ----------------------------------------------------------------------------------------------------- */

/* "function" or "loop at line 5". */
static void print_piece(const struct explanation *explanation, const struct tier2_piece *piece)
{
    bool is_start = piece->offset <= ((uint32_t)explanation->code->_co_firsttraceable + 1) * sizeof(CodeUnit);
    if (is_start) {
        fprintf(explanation->out, "  The function");
    } else {
        fprintf(explanation->out, "  The loop at line %d", line_of(explanation, piece->offset));
    }
}

static void explain_piece(const struct tier2_piece *piece, void *argument)
{
    struct explanation *explanation = argument;
    FILE *out = explanation->out;
    explanation->has_tier2 = true;
    print_piece(explanation, piece);
    switch (piece->stage) {
    case STAGE_BUILT:
        fprintf(out, " is to be compiled by tier 2 as soon as the process has run long enough for that to pay.\n");
        break;
    case STAGE_COMPILING:
        fprintf(out, " is being compiled by tier 2.\n");
        break;
    case STAGE_READY:
        fprintf(out, " is compiled by tier 2, and will be entered at its next turn or call.\n");
        break;
    case STAGE_TRIAL:
        fprintf(out, " is on trial: calls run in tier 1 and in tier 2 by turns until it is clear which is faster");
        fprintf(out, piece->ratio > 0 ? "; so far tier 2 takes %.2f times as long.\n" : ".\n", piece->ratio);
        break;
    case STAGE_ENTERED:
        fprintf(out, " runs in tier 2 since %.2f s of processor time", piece->seconds);
        fprintf(out, piece->ratio > 0 ? "; in a trial it took %.2f times as long as in tier 1.\n" : ".\n",
                piece->ratio);
        break;
    case STAGE_WITHDRAWN:
        fprintf(out, " was compiled by tier 2 at %.2f s, but is no longer entered: %s", piece->seconds,
                reason_sentence(piece->reason));
        fprintf(out, piece->ratio > 0 ? " (%.2f times as long).\n" : ".\n", piece->ratio);
        break;
    case STAGE_REFUSED:
        fprintf(out, " stays in tier 1: %s.\n", reason_sentence(piece->reason));
        break;
    }
}

static void explain_lower_tiers(const struct explanation *explanation, const struct code_state *state)
{
    FILE *out = explanation->out;
    if (state == NULL) {
        fprintf(out, "  It has not been called often enough to be counted: the interpreter runs it.\n");
    } else if (state->suppressed) {
        fprintf(out, "  The interpreter runs it: %s.\n", reason_sentence(REASON_suppressed));
    } else if (state->compiled != NULL) {
        fprintf(out, "  Tier 1 compiled it at %.2f s of processor time, after %u calls: %zu bytes of machine code.\n",
                (double)state->compiled->seconds, state->compiled->calls, state->compiled->size);
    } else if (state->refused) {
        fprintf(out, "  The interpreter runs it: %s.\n", reason_sentence((enum reason)state->refused));
    } else {
        fprintf(out, "  The interpreter runs it: it has been called %u times lately; tier 1 compiles after %u.\n",
                state->calls, options.hotness_threshold);
    }
}

/* ---- The whole ----------------------------------------------------------------------------------------------------------- */

void explain(PyCodeObject *code, bool dying, FILE *out)
{
    (void)dying;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    struct code_state *state = code_state_get(code);
    struct explanation explanation = {.code = code, .out = out};
    char name[NAME_SIZE], file[NAME_SIZE];
    utf8_copy(name, sizeof name, code->co_qualname);
    utf8_copy(file, sizeof file, code->co_filename);
    fprintf(out, "%s (%s:%d)\n", name, file, code->co_firstlineno);
    tiers_publish();
    explain_lower_tiers(&explanation, state);
    if (state != NULL && state->compiled != NULL) {
        tiers_each(state->compiled, explain_piece, &explanation);
    }
    fputc('\n', out);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}
