/* tier2/compile.c: tier 2's pipeline. See compile.h. */
#include "tier2/compile.h"

#include "runtime/code_state.h"
#include "tier2/build.h"
#include "tier2/lower.h"
#include "tier2/orc.h"
#include "tier2/passes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

FILE *tier2_dump;

static double milliseconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/* LLVM takes seconds over larger functions. */
enum { MOST_INSTRUCTIONS = 600 };

/* ---- The first half ------------------------------------------------------------------------------------------- */

/* The kinds of what stands in the frame's locals. */
static uint8_t *observe_locals(InterpreterFrame *frame)
{
    int count = frame->f_code->co_nlocalsplus;
    uint8_t *kinds = calloc((size_t)count + 1, 1);
    for (int i = 0; kinds != NULL && i < count; i++) {
        PyObject *object = frame->localsplus[i];
        kinds[i] = object != NULL ? (uint8_t)build_kind_of_type(Py_TYPE(object)) : KIND_any;
    }
    return kinds;
}

enum reason tier2_build(struct tier2_job *job, const struct compiled_code *feedback, InterpreterFrame *frame)
{
    double start = milliseconds_now();
    struct bytecode bytecode;
    enum reason reason = bytecode_decode(job->code, &bytecode);
    if (reason != REASON_none) {
        return reason;
    }
    if (bytecode.count > MOST_INSTRUCTIONS) {
        bytecode_free(&bytecode);
        return REASON_too_large;
    }
    uint8_t *observed = observe_locals(frame);
    struct build_request request = {
        .code = job->code,
        .feedback = feedback,
        .loop = job->loop_offset == 0 ? -1 : bytecode.number_of_unit[job->loop_offset / sizeof(CodeUnit)],
        .observed = observed,
        .samples = frame->localsplus,
        .failures = job->failures,
        .failure_count = job->failure_count,
        .globals = frame->f_globals,
        .builtins = frame->f_builtins,
        .watches = &job->watches,
    };
    reason = build_graph(&request, &bytecode, &job->graph);
    free(observed);
    bytecode_free(&bytecode);
    job->build_ms = milliseconds_now() - start;
    return reason;
}

/* ---- The second half --------------------------------------------------------------------------------------------- */

/* One pass over the graph is over: it is dumped, and checked in debug builds. */
static void finish_pass(struct ir_graph *graph, const char *name)
{
    if (tier2_dump != NULL) {
        fprintf(tier2_dump, "---- %s ----\n", name);
        ir_print(graph, tier2_dump);
        fflush(tier2_dump);
    }
#ifdef PYJIT_DEBUG
    if (!graph->out_of_memory && !ir_verify(graph, name)) {
        abort();
    }
#endif
}

static const struct {
    const char *name;
    void (*run)(struct ir_graph *graph);
} passes[] = {
    {"order", ir_order},
    {"trivial phis", pass_trivial_phis},
    {"redundancy", pass_redundancy},
    {"trivial phis", pass_trivial_phis},
    {"dead code", pass_dead_code},
};

static void dump_module(LLVMModuleRef module, void *job)
{
    (void)job;
    char *text = llvm.PrintModuleToString(module);
    fputs(text, tier2_dump);
    llvm.DisposeMessage(text);
}

static enum reason emit(struct tier2_job *job)
{
    struct orc_unit unit;
    orc_unit_open(&unit, job->symbol);
    enum reason reason = lower_graph(job->graph, &unit, job->symbol, job->code, &job->table);
    if (reason == REASON_none) {
        struct orc_request request = {
            .module = unit.module,
            .pipeline = ORC_lean,
            .symbols = {job->symbol},
            .symbol_count = 1,
            .observe = tier2_dump != NULL ? dump_module : NULL,
        };
        reason = orc_compile(&request, &job->machine);
    }
    if (reason == REASON_none) {
        job->entry = (tier2_function *)job->machine->entries[0];
        if (tier2_dump != NULL) {
            char *text = orc_disassemble(job->machine->text, job->machine->text_size);
            fputs(text != NULL ? text : "", tier2_dump);
            free(text);
        }
    }
    orc_unit_close(&unit);
    return reason;
}

enum reason tier2_emit(struct tier2_job *job)
{
    static unsigned serial;
    double start = milliseconds_now();
    enum reason reason = orc_start(NULL);
    if (reason != REASON_none) {
        return reason;
    }
    snprintf(job->symbol, sizeof job->symbol, "py_%u", ++serial);
    for (struct ir_graph *graph = job->graph; graph != NULL && reason == REASON_none; graph = graph->next) {
        for (size_t i = 0; graph->entry != NULL && i < sizeof passes / sizeof passes[0] && !graph->out_of_memory;
             i++) {
            passes[i].run(graph);
            finish_pass(graph, passes[i].name);
        }
        reason = graph->out_of_memory ? REASON_no_memory : REASON_none;
    }
    job->passes_ms = milliseconds_now() - start;
    if (reason == REASON_none) {
        reason = emit(job);
    }
    ir_graph_free(job->graph);
    job->graph = NULL;
    job->emit_ms = milliseconds_now() - start - job->passes_ms;
    return reason;
}

size_t tier2_job_size(const struct tier2_job *job)
{
    return job->machine != NULL ? job->machine->text_size : 0;
}

void tier2_job_free(struct tier2_job *job)
{
    if (job != NULL) {
        ir_graph_free(job->graph);
        deopt_table_free(job->table);
        orc_free(job->machine);
        code_state_free_watches(job->watches);
        free(job);
    }
}
