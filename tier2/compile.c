/* tier2/compile.c: tier 2's pipeline. See compile.h. */
#include "tier2/compile.h"

#include "runtime/code_state.h"
#include "runtime/compiler_memory.h"
#include "runtime/line_table.h"
#include "tier2/build.h"
#include "tier2/compile_thread.h"
#include "tier2/debug_info.h"
#include "tier2/lower.h"
#include "tier2/note_remarks.h"
#include "tier2/orc.h"
#include "tier2/passes.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

FILE *tier2_dump;

static double milliseconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

/* Larger functions are left to tier 1: code units times locals, which the first half takes time for; and nodes. */
enum { MOST_UNITS = 8000, MOST_UNITS_TIMES_LOCALS = 200 * 1000, MOST_NODES = 20 * 1000 };

/* LLVM takes too long over the optimisation of larger graphs. */
enum { MOST_NODES_OPTIMISED = 4500 };

/* The same of LLVM's instructions after its passes (orc.h). Each exit names each local: 400 locals made 600,000 of them, and three minutes. */
enum { MOST_INSTRUCTIONS = 60 * 1000, MOST_INSTRUCTIONS_AT_ANY_PRICE = 150 * 1000 };

/* ---- The first half ------------------------------------------------------------------------------------------- */

/* The kinds of what stands in the frame's locals. */
static uint8_t *observe_locals(InterpreterFrame *frame)
{
    int count = frame->f_code->co_nlocalsplus;
    uint8_t *kinds = compiler_calloc((size_t)count + 1, 1);
    for (int i = 0; kinds != NULL && i < count; i++) {
        PyObject *object = frame->localsplus[i];
        kinds[i] = object != NULL ? (uint8_t)build_kind_of_type(Py_TYPE(object)) : KIND_any;
    }
    return kinds;
}

/* ASCII of it, cut. */
static size_t copy_text(char *to, size_t room, PyObject *text)
{
    size_t used = 0;
    for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(text) && used + 1 < room; i++) {
        Py_UCS4 character = PyUnicode_READ_CHAR(text, i);
        to[used++] = character >= 0x20 && character < 0x7f ? (char)character : '?';
    }
    to[used] = '\0';
    return used;
}

/* For dumps, which are made without the GIL. */
static void name_job(struct tier2_job *job)
{
    size_t used = copy_text(job->name, sizeof job->name / 2, job->code->co_filename);
    used += (size_t)snprintf(job->name + used, sizeof job->name - used, ":%d ", job->code->co_firstlineno);
    used += copy_text(job->name + used, sizeof job->name - used - 32, job->code->co_qualname);
    snprintf(job->name + used, sizeof job->name - used, ", entered at %u", job->loop_offset);
}

/* Names and lines of the functions in the graphs, which the compile thread has no other way to. */
static void describe_frames(struct ir_graph *graph)
{
    enum { NAME_SIZE = 64 };
    for (; graph != NULL; graph = graph->next) {
        for (int i = 0; i < graph->frame_count; i++) {
            struct ir_frame *frame = &graph->frames[i];
            PyCodeObject *code = frame->code;
            char *name = ir_allocate(graph, NAME_SIZE);
            int32_t *lines = ir_allocate(graph, (size_t)Py_SIZE(code) * sizeof *lines);
            uint8_t *opcodes = ir_allocate(graph, (size_t)Py_SIZE(code));
            if (name == NULL || lines == NULL || opcodes == NULL) {
                return;
            }
            for (Py_ssize_t unit = 0; unit < Py_SIZE(code); unit++) {
                opcodes[unit] = cpython_generic_opcode[_Py_OPCODE(_PyCode_CODE(code)[unit])];
            }
            copy_text(name, NAME_SIZE, code->co_name);
            line_table_read(code, lines);
            frame->name = name;
            frame->lines = lines;
            frame->opcodes = opcodes;
        }
    }
}

enum reason tier2_build(struct tier2_job *job, const struct compiled_code *feedback, InterpreterFrame *frame)
{
    double start = milliseconds_now();
    if (tier2_dump != NULL) {
        name_job(job);
    }
    Py_ssize_t units = Py_SIZE(job->code);
    if (units > MOST_UNITS || units * job->code->co_nlocalsplus > MOST_UNITS_TIMES_LOCALS) {
        return REASON_too_large;
    }
    struct bytecode bytecode;
    enum reason reason = bytecode_decode(job->code, &bytecode);
    if (reason != REASON_none) {
        return reason;
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
        .prunes = !job->at_any_price,
        .immature = &job->immature,
    };
    reason = build_graph(&request, &bytecode, &job->graph);
    free(observed);
    bytecode_free(&bytecode);
    if (reason == REASON_none && job->graph->node_count > MOST_NODES && !job->at_any_price) {
        reason = REASON_too_large;
    }
    if (reason == REASON_none) {
        describe_frames(job->graph);
        debug_info_describe(job->graph);
    }
    job->build_ms = milliseconds_now() - start;
    return reason;
}

/* ---- The second half --------------------------------------------------------------------------------------------- */

static void dump_graph(struct ir_graph *graph, const char *stage)
{
    if (tier2_dump != NULL) {
        fprintf(tier2_dump, "---- %s ----\n", stage);
        ir_print(graph, tier2_dump);
        fflush(tier2_dump);
    }
}

/* One pass over the graph is over: it is dumped, and checked in debug builds. */
static void finish_pass(struct ir_graph *graph, const char *name)
{
    dump_graph(graph, name);
#ifdef PYJIT_DEBUG
    if (!graph->out_of_memory && !ir_verify(graph, name)) {
        abort();
    }
    if (strcmp(name, "order") == 0 && !graph->out_of_memory && tier2_dump != NULL) {
        (void)ir_check_references(graph, name, tier2_dump);
    }
#endif
}

const struct ir_pass ir_passes[] = {
    {"order", ir_order},
    {"trivial phis", pass_trivial_phis},
    {"redundancy", pass_redundancy},
    {"trivial phis", pass_trivial_phis},
    {"hoist", pass_hoist},
    {"virtual", pass_virtual},
    {"dead code", pass_dead_code},
};
const size_t ir_pass_count = sizeof ir_passes / sizeof ir_passes[0];

/* What a call of a runtime function costs more than tier 1's own code for the instruction, in useful nodes; and one that calls in turn, which tier 1
 * does without going through C. */
enum { NODES_PER_HANDLER = 4, NODES_PER_CALLING_HANDLER = 16 };

static int nodes_lost(const struct ir_node *node)
{
    return node->op != IR_handler ? 0 : node->flags & NODE_CALLS ? NODES_PER_CALLING_HANDLER : NODES_PER_HANDLER;
}

/* Does the node something that tier 2 does better than tier 1: arithmetic, tests and loads without a call? */
static bool is_useful(const struct ir_node *node)
{
    switch ((enum ir_op)node->op) {
    case IR_load_item:
    case IR_store_item:
    case IR_list_append:
    case IR_load:
    case IR_store:
    case IR_store_new:
    case IR_new_instance:
    case IR_unbox_int:
    case IR_unbox_float:
        return true;
    default:
        return (ir_flags(node) & IR_PURE) && !ir_is_constant(node) && node->type != IR_OBJECT;
    }
}

/* What it costs to go over from tier 1 at a function's start and back, in useful nodes. */
enum { NODES_PER_ENTRY = 40 };

/* Is more won where work is done in line than is lost where it is done by functions, and by coming here at all? Inner loops count for more; in functions
 * called directly much is won. */
static bool is_worthwhile(const struct ir_graph *graph, bool is_loop)
{
    enum { DEPTH_COUNTED = 3, SHIFT_PER_LOOP = 3 };
    int64_t won = is_loop || graph->next != NULL ? 0 : -NODES_PER_ENTRY;
    ir_each_block(graph, block)
    {
        int depth = block->loop_depth < DEPTH_COUNTED ? block->loop_depth : DEPTH_COUNTED;
        int64_t weight = 1 << (depth * SHIFT_PER_LOOP);
        ir_each_node(block, node)
        {
            won += is_useful(node) ? weight : -nodes_lost(node) * weight;
        }
    }
    return won > 0;
}

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
            .pipeline = job->graph->node_count > MOST_NODES_OPTIMISED ? ORC_none : ORC_lean,
            .symbols = {job->symbol},
            .symbol_count = 1,
            .max_instructions = job->at_any_price ? MOST_INSTRUCTIONS_AT_ANY_PRICE : MOST_INSTRUCTIONS,
            .keep_object = debug_info_wanted,
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

/* All passes over one graph; false: memory has run out. */
static bool optimise(struct ir_graph *graph)
{
    if (graph->entry == NULL) {
        return true;
    }
    dump_graph(graph, "build");
    compile_thread_checkpoint();
    for (size_t i = 0; i < ir_pass_count && !graph->out_of_memory; i++) {
        ir_passes[i].run(graph);
        finish_pass(graph, ir_passes[i].name);
    }
    return !graph->out_of_memory;
}

static void keep_text(struct tier2_job *job)
{
    size_t size;
    FILE *file = open_memstream(&job->ir_text, &size);
    for (struct ir_graph *graph = job->graph; graph != NULL && file != NULL; graph = graph->next) {
        if (graph->direct) {
            fprintf(file, "0|the function %s, called directly:\n", graph->frames[0].name);
        }
        ir_print_lines(graph, file);
    }
    if (file != NULL && fclose(file) != 0) {
        free(job->ir_text);
        job->ir_text = NULL;
    }
}

enum reason tier2_emit(struct tier2_job *job)
{
    static unsigned serial;
    double start = milliseconds_now();
    snprintf(job->symbol, sizeof job->symbol, "py_%u", ++serial);
    if (tier2_dump != NULL) {
        fprintf(tier2_dump, "==== %s: %s ====\n", job->symbol, job->name);
    }
    bool out_of_memory = false;
    for (struct ir_graph *graph = job->graph; graph != NULL; graph = graph->next) {
        out_of_memory = out_of_memory || !optimise(graph);
    }
    enum reason reason = out_of_memory ? REASON_no_memory
                         : !job->at_any_price && !is_worthwhile(job->graph, job->loop_offset != 0)
                             ? REASON_little_gain
                             : REASON_none;
    job->passes_ms = milliseconds_now() - start;
    if (!out_of_memory) {
        note_remarks(job->graph, &job->remarks);
    }
    if (job->keep_text && !out_of_memory) {
        keep_text(job);
    }
    if (reason == REASON_none) {
        compile_thread_checkpoint();
        reason = emit(job);
    }
    ir_graph_free(job->graph);
    job->graph = NULL;
    job->emit_ms = milliseconds_now() - start - job->passes_ms;
    return reason;
}

const char *tier2_job_text(const struct tier2_job *job)
{
    return job != NULL && job->machine != NULL ? job->machine->text : NULL;
}

uint32_t tier2_job_nodes(const struct tier2_job *job)
{
    uint32_t nodes = 0;
    for (const struct ir_graph *graph = job->graph; graph != NULL; graph = graph->next) {
        nodes += graph->node_count;
    }
    return nodes;
}

size_t tier2_job_size(const struct tier2_job *job)
{
    return job->machine != NULL ? job->machine->text_size : 0;
}

struct line_program_row *tier2_job_lines(const struct tier2_job *job, size_t *count)
{
    *count = 0;
    return job->machine != NULL ? line_program_read(job->machine->object, job->machine->object_size, count) : NULL;
}

void tier2_job_layout(struct tier2_layout *layout)
{
    layout->code = offsetof(struct tier2_job, code);
    layout->loop_offset = offsetof(struct tier2_job, loop_offset);
    layout->machine = offsetof(struct tier2_job, machine);
    layout->build_ms = offsetof(struct tier2_job, build_ms);
    layout->passes_ms = offsetof(struct tier2_job, passes_ms);
    layout->emit_ms = offsetof(struct tier2_job, emit_ms);
    layout->text = offsetof(struct orc_code, text);
    layout->text_size = offsetof(struct orc_code, text_size);
}

struct linked_object tier2_job_object(const struct tier2_job *job)
{
    const struct orc_code *machine = job->machine;
    return (struct linked_object){
        .text = machine->text,
        .text_size = machine->text_size,
        .object = machine->object,
        .object_size = machine->object_size,
    };
}

void tier2_job_free(struct tier2_job *job)
{
    if (job != NULL) {
        ir_graph_free(job->graph);
        deopt_table_free(job->table);
        if (job->machine != NULL) {
            compile_thread_retire(job->machine);
        }
        code_state_free_watches(job->watches);
        free(job->ir_text);
        remarks_free(&job->remarks);
        free(job);
    }
}
