/* tier2/orc.c: the ORC session, and the way of a module through it. */
#include "tier2/orc.h"

#include "runtime/code_arena.h"
#include "runtime/compiler_memory.h"
#include "tier2/object_file.h"
#include "tier2/runtime_symbols.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct pipeline_row {
    const char *name;
    LLVMCodeGenOptLevel level;
    bool fast_selection;
    const char *passes;
};

static const struct pipeline_row pipelines[] = {
#define PIPELINE(name, level, fast, passes) {#name, level, fast, passes},
#include "tier2/pipelines.def"
#undef PIPELINE
};

enum { PAGE_BYTES = 4096 };

/* The session. Lives until the process ends: tearing it down at exit would only cost time. */
static struct {
    bool started;
    LLVMTargetRef target;
    char *triple, *processor, *features, *data_layout; /* owned by LLVM's allocator */
    LLVMTargetMachineRef machines[ORC_PIPELINE_COUNT]; /* made when first needed */
    LLVMPassBuilderOptionsRef pass_options;
    LLVMOrcLLJITRef lljit;
    LLVMOrcExecutionSessionRef execution;
    LLVMOrcJITDylibRef dylib; /* holds runtime_symbols.def and all code */
    struct orc_code *linking; /* the one that RTDyld's callbacks are about */
    size_t block_taken;       /* bytes of its block given to sections so far */
    bool block_overflow;      /* a section did not fit: object_file.c's bound is wrong */
    unsigned freed;           /* since the string pool was last cleaned */
} session;

static char error_text[512];

void (*orc_checkpoint)(void);

/* ---- Errors and small things ---------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void set_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error_text, sizeof(error_text), format, arguments);
    va_end(arguments);
}

const char *orc_error(void)
{
    return error_text;
}

/* Keeps the first message since set_error(""): later ones are consequences. Takes over the error. */
static void note_llvm_error(LLVMErrorRef error)
{
    char *message = llvm.GetErrorMessage(error);
    if (error_text[0] == '\0') {
        set_error("%s", message);
    }
    llvm.DisposeErrorMessage(message);
}

/* Takes over the error; true when there was none. */
static bool succeeded(LLVMErrorRef error)
{
    if (error != LLVMErrorSuccess) {
        note_llvm_error(error);
    }
    return error == LLVMErrorSuccess;
}

static void report_session_error(void *context, LLVMErrorRef error)
{
    (void)context;
    note_llvm_error(error);
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void checkpoint(void)
{
    if (orc_checkpoint != NULL) {
        orc_checkpoint();
    }
}

const char *orc_pipeline_name(enum orc_pipeline pipeline)
{
    return pipelines[pipeline].name;
}

enum orc_pipeline orc_pipeline_named(const char *name)
{
    enum orc_pipeline pipeline = 0;
    while (pipeline < ORC_PIPELINE_COUNT && strcmp(pipelines[pipeline].name, name) != 0) {
        pipeline++;
    }
    return pipeline;
}

const char *orc_processor(void)
{
    return session.processor;
}

const char *orc_processor_features(void)
{
    return session.features;
}

/* ---- RTDyld's memory: a block of the code arena per module ---------------------------------------- */

static void *memory_create(void *context)
{
    (void)context;
    assert(session.linking != NULL);
    return session.linking;
}

static void memory_terminating(void *context)
{
    (void)context;
}

/* The next bytes of the block. RTDyld ends the process where it gets none, so a section that does not fit is put on the heap, and
 * the link is refused when it is complete; object_file.c sees to it that this does not happen. */
static uint8_t *take_section(struct orc_code *code, uintptr_t size, unsigned alignment)
{
    size_t align = alignment == 0 ? 1 : alignment;
    size_t offset = (session.block_taken + align - 1) / align * align;
    if (offset > code->size || size > code->size - offset) {
        session.block_overflow = true;
        return aligned_alloc(PAGE_BYTES, (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES);
    }
    session.block_taken = offset + size;
    return (uint8_t *)code->start + offset;
}

static uint8_t *memory_code_section(void *opaque, uintptr_t size, unsigned alignment, unsigned id, const char *name)
{
    struct orc_code *code = opaque;
    (void)id;
    uint8_t *memory = take_section(code, size, alignment);
    if (code->text == NULL && strcmp(name, ".text") == 0) {
        code->text = (char *)memory;
        code->text_size = size;
    }
    return memory;
}

static uint8_t *memory_data_section(void *opaque, uintptr_t size, unsigned alignment, unsigned id, const char *name,
                                    LLVMBool read_only)
{
    struct orc_code *code = opaque;
    (void)id;
    (void)read_only;
    (void)name;
    return take_section(code, size, alignment);
}

/* All is written: the block becomes executable. */
static LLVMBool memory_finalize(void *opaque, char **message)
{
    struct orc_code *code = opaque;
    if (session.block_overflow) {
        *message = strdup("a section is larger than foreseen");
        return 1;
    }
    size_t used = (session.block_taken == 0 ? 1 : session.block_taken) + code_arena_gap();
    if (!code_arena_block_commit(code->start, code->size, used)) {
        code->start = NULL;
        *message = strdup("the system refuses executable memory");
        return 1;
    }
    code->size = (used + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    return 0;
}

/* After the code was taken out of the session, or could not be linked. */
static void memory_destroy(void *opaque)
{
    struct orc_code *code = opaque;
    if (code->start != NULL) {
        code_arena_block_free(code->start, code->size);
        code->start = NULL;
    }
}

static LLVMOrcObjectLayerRef make_object_layer(void *context, LLVMOrcExecutionSessionRef execution,
                                               const char *triple)
{
    (void)context;
    (void)triple;
    return llvm.OrcCreateRTDyldObjectLinkingLayerWithMCJITMemoryManagerLikeCallbacks(
        execution, NULL, memory_create, memory_terminating, memory_code_section, memory_data_section, memory_finalize,
        memory_destroy);
}

/* ---- The session ---------------------------------------------------------------------------------- */

static LLVMTargetMachineRef make_machine(const struct pipeline_row *row)
{
    LLVMTargetMachineRef machine =
        llvm.CreateTargetMachine(session.target, session.triple, session.processor, session.features, row->level,
                                 LLVMRelocPIC, LLVMCodeModelSmall);
#if LLVM_VERSION_MAJOR >= 18
    if (machine != NULL && row->fast_selection && llvm.SetTargetMachineFastISel != NULL) {
        llvm.SetTargetMachineFastISel(machine, 1);
    }
#endif
    return machine;
}

static LLVMTargetMachineRef machine_for(enum orc_pipeline pipeline)
{
    if (session.machines[pipeline] == NULL) {
        session.machines[pipeline] = make_machine(&pipelines[pipeline]);
    }
    return session.machines[pipeline];
}

static bool find_target(void)
{
    llvm.InitializeX86TargetInfo();
    llvm.InitializeX86Target();
    llvm.InitializeX86TargetMC();
    llvm.InitializeX86AsmPrinter();
    session.triple = llvm.GetDefaultTargetTriple();
    session.processor = llvm.GetHostCPUName();
    session.features = llvm.GetHostCPUFeatures();
    char *message = NULL;
    if (llvm.GetTargetFromTriple(session.triple, &session.target, &message)) {
        set_error("%s", message);
        llvm.DisposeMessage(message);
        return false;
    }
    LLVMTargetMachineRef machine = machine_for(ORC_lean);
    if (machine == NULL) {
        set_error("no target machine for %s", session.processor);
        return false;
    }
    LLVMTargetDataRef layout = llvm.CreateTargetDataLayout(machine);
    session.data_layout = llvm.CopyStringRepOfTargetData(layout);
    llvm.DisposeTargetData(layout);
    return true;
}

/* ORC wants a target machine of its own for modules, which it is never given. */
static bool make_lljit(void)
{
    LLVMOrcLLJITBuilderRef builder = llvm.OrcCreateLLJITBuilder();
    llvm.OrcLLJITBuilderSetJITTargetMachineBuilder(
        builder, llvm.OrcJITTargetMachineBuilderCreateFromTargetMachine(make_machine(&pipelines[ORC_lean])));
    llvm.OrcLLJITBuilderSetObjectLinkingLayerCreator(builder, make_object_layer, NULL);
    if (!succeeded(llvm.OrcCreateLLJIT(&session.lljit, builder))) {
        return false;
    }
    session.execution = llvm.OrcLLJITGetExecutionSession(session.lljit);
    llvm.OrcExecutionSessionSetErrorReporter(session.execution, report_session_error, NULL);
    /* A bare one: names that are no rows of ours must not be found in the process by chance. */
    session.dylib = llvm.OrcExecutionSessionCreateBareJITDylib(session.execution, "pyjit");
    return true;
}

static bool define_runtime_symbols(void)
{
    size_t count;
    const struct runtime_symbol *symbols = runtime_symbols(&count);
    LLVMOrcCSymbolMapPair *pairs = compiler_calloc(count, sizeof(*pairs));
    if (pairs == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t flags = LLVMJITSymbolGenericFlagsExported;
        flags |= symbols[i].is_function ? LLVMJITSymbolGenericFlagsCallable : 0;
        pairs[i].Name = llvm.OrcExecutionSessionIntern(session.execution, symbols[i].name);
        pairs[i].Sym.Address = (LLVMOrcExecutorAddress)(uintptr_t)symbols[i].address;
        pairs[i].Sym.Flags.GenericFlags = flags;
    }
    bool defined = succeeded(llvm.OrcJITDylibDefine(session.dylib, llvm.OrcAbsoluteSymbols(pairs, count)));
    free(pairs);
    return defined;
}

enum reason orc_start(const char *llvm_path)
{
    if (session.started) {
        return llvm_broken() ? REASON_llvm_failed : REASON_none;
    }
    const char *detail;
    set_error("%s", "");
    enum reason reason = llvm_load(llvm_path, &detail);
    if (reason != REASON_none) {
        set_error("%s", detail == NULL ? "" : detail);
        return reason;
    }
    if (!find_target() || !make_lljit() || !define_runtime_symbols()) {
        return REASON_llvm_failed;
    }
    session.pass_options = llvm.CreatePassBuilderOptions();
    llvm.PassBuilderOptionsSetLoopVectorization(session.pass_options, 0);
    llvm.PassBuilderOptionsSetSLPVectorization(session.pass_options, 0);
    session.started = true;
    return REASON_none;
}

/* ---- Modules -------------------------------------------------------------------------------------- */

/* Without a handler LLVM ends the process where inline assembly, say, is wrong. */
static void note_diagnostic(LLVMDiagnosticInfoRef information, void *context)
{
    (void)context;
    if (llvm.GetDiagInfoSeverity(information) == LLVMDSError) {
        char *message = llvm.GetDiagInfoDescription(information);
        if (error_text[0] == '\0') {
            set_error("%s", message);
        }
        llvm.DisposeMessage(message);
    }
}

void orc_unit_open(struct orc_unit *unit, const char *name)
{
    assert(session.started);
    unit->context = llvm.ContextCreate();
    llvm.ContextSetDiagnosticHandler(unit->context, note_diagnostic, NULL);
    unit->module = llvm.ModuleCreateWithNameInContext(name, unit->context);
    llvm.SetTarget(unit->module, session.triple);
    llvm.SetDataLayout(unit->module, session.data_layout);
}

void orc_unit_close(struct orc_unit *unit)
{
    llvm.DisposeModule(unit->module);
    llvm.ContextDispose(unit->context);
    *unit = (struct orc_unit){0};
}

/* ---- One compilation, step by step ---------------------------------------------------------------- */

#ifdef NDEBUG
enum { VERIFIES = false };
#else
enum { VERIFIES = true };
#endif

static bool verify(LLVMModuleRef module)
{
    if (!VERIFIES) {
        return true;
    }
    char *message = NULL;
    bool bad = llvm.VerifyModule(module, LLVMReturnStatusAction, &message);
    if (bad) {
        set_error("%s", message);
    }
    llvm.DisposeMessage(message);
    return !bad;
}

/* Names that are near are called and read directly; LLVM takes what is hidden for part of the same image. */
static void mark_near(LLVMValueRef global)
{
    size_t length;
    const struct runtime_symbol *symbol = runtime_symbol_find(llvm.GetValueName2(global, &length));
    if (symbol != NULL && runtime_symbol_is_near(symbol)) {
        llvm.SetVisibility(global, LLVMHiddenVisibility);
    }
}

static void prepare_module(LLVMModuleRef module)
{
    for (LLVMValueRef f = llvm.GetFirstFunction(module); f != NULL; f = llvm.GetNextFunction(f)) {
        if (llvm.IsDeclaration(f) && llvm.GetIntrinsicID(f) == 0) {
            mark_near(f);
        }
    }
    for (LLVMValueRef g = llvm.GetFirstGlobal(module); g != NULL; g = llvm.GetNextGlobal(g)) {
        if (llvm.IsDeclaration(g)) {
            mark_near(g);
        }
    }
}

static unsigned count_instructions(LLVMModuleRef module)
{
    unsigned count = 0;
    for (LLVMValueRef f = llvm.GetFirstFunction(module); f != NULL; f = llvm.GetNextFunction(f)) {
        for (LLVMBasicBlockRef b = llvm.GetFirstBasicBlock(f); b != NULL; b = llvm.GetNextBasicBlock(b)) {
            for (LLVMValueRef i = llvm.GetFirstInstruction(b); i != NULL; i = llvm.GetNextInstruction(i)) {
                count++;
            }
        }
    }
    return count;
}

static bool run_passes(const struct orc_request *request, LLVMTargetMachineRef machine)
{
    /* Before LLVM 18 instcombine never checked for a fixpoint, and has no such parameter. */
    static const char parameter[] = "<no-verify-fixpoint>";
    char passes[512];
    snprintf(passes, sizeof passes, "%s", pipelines[request->pipeline].passes);
    for (char *found; llvm.major < 18 && (found = strstr(passes, parameter)) != NULL;) {
        memmove(found, found + sizeof parameter - 1, strlen(found + sizeof parameter - 1) + 1);
    }
    return passes[0] == '\0' || succeeded(llvm.RunPasses(request->module, passes, machine, session.pass_options));
}

static void add_text_attribute(LLVMContextRef context, LLVMValueRef function, const char *name, const char *value)
{
    LLVMAttributeRef attribute =
        llvm.CreateStringAttribute(context, name, (unsigned)strlen(name), value, (unsigned)strlen(value));
    llvm.AddAttributeAtIndex(function, LLVMAttributeFunctionIndex, attribute);
}

/* Every function gets a machine frame of one shape, which it builds first of all and gives up last (runtime/code_arena_x86_64.S describes it to
 * unwinders; nothing is registered). After the passes, which would take the attribute for sanitizers as more than that: for code
 * generation it only means that no part of a function runs without the frame, because a crash there shall be readable. */
static void make_unwindable(LLVMModuleRef module)
{
    LLVMContextRef context = llvm.GetModuleContext(module);
    for (LLVMValueRef f = llvm.GetFirstFunction(module); f != NULL; f = llvm.GetNextFunction(f)) {
        if (!llvm.IsDeclaration(f)) {
            add_text_attribute(context, f, "frame-pointer", "all");
            add_text_attribute(context, f, "disable-tail-calls", "true");
            llvm.AddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
                                     llvm.CreateEnumAttribute(context, llvm_attribute_kind("sanitize_thread"), 0));
        }
    }
}

/* The object file, or NULL. */
static LLVMMemoryBufferRef emit(LLVMModuleRef module, LLVMTargetMachineRef machine)
{
    LLVMMemoryBufferRef object = NULL;
    char *message = NULL;
    bool failed = llvm.TargetMachineEmitToMemoryBuffer(machine, module, LLVMObjectFile, &message, &object);
    if (failed) {
        set_error("%s", message);
        llvm.DisposeMessage(message);
        return NULL;
    }
    if (error_text[0] != '\0') { /* note_diagnostic() */
        llvm.DisposeMemoryBuffer(object);
        return NULL;
    }
    return object;
}

/* A look-up in progress. */
struct lookup {
    const struct orc_request *request;
    struct orc_code *code;
    bool found;
};

static void receive_addresses(LLVMErrorRef error, LLVMOrcCSymbolMapPairs result, size_t count, void *context)
{
    struct lookup *lookup = context;
    if (!succeeded(error)) {
        return;
    }
    lookup->found = true;
    for (size_t i = 0; i < count; i++) {
        const char *name = llvm.OrcSymbolStringPoolEntryStr(result[i].Name);
        for (size_t s = 0; s < lookup->request->symbol_count; s++) {
            if (strcmp(lookup->request->symbols[s], name) == 0) {
                lookup->code->entries[s] = (void *)(uintptr_t)result[i].Sym.Address;
            }
        }
    }
}

/* Finds the addresses of the wanted symbols, which makes ORC link the object. The answer comes before the call returns: the session has
 * no threads. */
static bool look_up(const struct orc_request *request, struct orc_code *code)
{
    LLVMOrcCJITDylibSearchOrderElement order = {session.dylib, LLVMOrcJITDylibLookupFlagsMatchAllSymbols};
    LLVMOrcCLookupSetElement wanted[ORC_MAX_SYMBOLS];
    for (size_t i = 0; i < request->symbol_count; i++) {
        wanted[i].Name = llvm.OrcExecutionSessionIntern(session.execution, request->symbols[i]);
        wanted[i].LookupFlags = LLVMOrcSymbolLookupFlagsRequiredSymbol;
    }
    struct lookup lookup = {.request = request, .code = code};
    llvm.OrcExecutionSessionLookup(session.execution, LLVMOrcLookupKindStatic, &order, 1, wanted,
                                   request->symbol_count, receive_addresses, &lookup);
    return lookup.found;
}

/* Gives the code's symbols and, through memory_destroy(), its block back. */
static void remove_from_session(struct orc_code *code)
{
    enum { CLEAN_EVERY = 64 };
    if (code->tracker != NULL) {
        if (!succeeded(llvm.OrcResourceTrackerRemove(code->tracker))) {
            assert(!"a resource tracker can be removed");
        }
        llvm.OrcReleaseResourceTracker(code->tracker);
        code->tracker = NULL;
    }
    if (++session.freed % CLEAN_EVERY == 0) {
        llvm.OrcSymbolStringPoolClearDeadEntries(llvm.OrcExecutionSessionGetSymbolStringPool(session.execution));
    }
}

/* Links the object file, which it takes over, into the code's block. */
static bool link_object(const struct orc_request *request, struct orc_code *code, LLVMMemoryBufferRef object)
{
    session.linking = code;
    session.block_taken = 0;
    session.block_overflow = false;
    code->tracker = llvm.OrcJITDylibCreateResourceTracker(session.dylib);
    bool linked =
        succeeded(llvm.OrcLLJITAddObjectFileWithRT(session.lljit, code->tracker, object)) && look_up(request, code);
    session.linking = NULL;
    if (!linked) {
        remove_from_session(code);
    }
    return linked;
}

static bool keep_object(struct orc_code *code, LLVMMemoryBufferRef object)
{
    code->object_size = llvm.GetBufferSize(object);
    code->object = compiler_malloc(code->object_size);
    if (code->object != NULL) {
        memcpy(code->object, llvm.GetBufferStart(object), code->object_size);
    }
    return code->object != NULL;
}

/* From the emitted object, which it takes over, to code that can run. */
static enum reason load_object(const struct orc_request *request, struct orc_code *code, LLVMMemoryBufferRef object)
{
    struct object_facts facts;
    /* The buffer is ours and on the heap; LLVM's const is a promise to users of shared buffers. */
    void *bytes = (void *)(uintptr_t)llvm.GetBufferStart(object);
    if (!object_prepare(bytes, llvm.GetBufferSize(object), &facts)) {
        set_error("%s", facts.error);
        llvm.DisposeMemoryBuffer(object);
        return REASON_llvm_failed;
    }
    code->size = facts.room + code_arena_gap();
    code->start = code_arena_block_begin(code->size);
    if (code->start == NULL || (request->keep_object && !keep_object(code, object))) {
        llvm.DisposeMemoryBuffer(object);
        return code->start == NULL ? REASON_arena_full : REASON_no_memory;
    }
    return link_object(request, code, object) ? REASON_none : REASON_llvm_failed;
}

/* The steps. On failure the caller frees what `code` holds. */
static enum reason compile(const struct orc_request *request, struct orc_code *code)
{
    LLVMModuleRef module = request->module;
    LLVMTargetMachineRef machine = machine_for(request->pipeline);
    double start = milliseconds();
    if (!verify(module)) {
        return REASON_llvm_failed;
    }
    /* Passes take away a half at most; on a module far too large they take minutes. */
    if (request->max_instructions != 0 && count_instructions(module) > 2 * request->max_instructions) {
        return REASON_too_large;
    }
    prepare_module(module);
    if (!run_passes(request, machine) || !verify(module)) {
        return REASON_llvm_failed;
    }
    code->instructions = count_instructions(module);
    if (request->max_instructions != 0 && code->instructions > request->max_instructions) {
        return REASON_too_large;
    }
    make_unwindable(module);
    double optimized = milliseconds();
    if (request->observe != NULL) {
        request->observe(module, request->observe_argument);
    }
    checkpoint();
    double observed = milliseconds();
    LLVMMemoryBufferRef object = emit(module, machine);
    if (object == NULL) {
        return REASON_llvm_failed;
    }
    checkpoint();
    double emitted = milliseconds();
    enum reason reason = load_object(request, code, object);
    code->passes_ms = optimized - start;
    code->emit_ms = emitted - observed;
    code->link_ms = milliseconds() - emitted;
    return reason;
}

enum reason orc_compile(const struct orc_request *request, struct orc_code **result)
{
    assert(session.started && request->symbol_count > 0 && request->symbol_count <= ORC_MAX_SYMBOLS);
    set_error("%s", "");
    *result = NULL;
    struct orc_code *code = compiler_calloc(1, sizeof(*code));
    if (code == NULL) {
        return REASON_no_memory;
    }
    enum reason reason = compile(request, code);
    if (reason != REASON_none) {
        memory_destroy(code); /* where ORC never came to own the block */
        free(code->object);
        free(code);
        return reason;
    }
    *result = code;
    return REASON_none;
}

void orc_free(struct orc_code *code)
{
    if (code != NULL) {
        remove_from_session(code);
        assert(code->start == NULL);
        free(code->object);
        free(code);
    }
}

/* ---- Disassembly ---------------------------------------------------------------------------------- */

LLVMDisasmContextRef orc_new_disassembler(void *argument, LLVMSymbolLookupCallback look_up)
{
    static bool initialized;
    if (!initialized) {
        llvm.InitializeX86Disassembler();
        initialized = true;
    }
    LLVMDisasmContextRef disassembler =
        llvm.CreateDisasmCPUFeatures(session.triple, session.processor, session.features, argument, 0, NULL, look_up);
    if (disassembler != NULL) {
        llvm.SetDisasmOptions(disassembler, LLVMDisassembler_Option_PrintImmHex);
    }
    return disassembler;
}

char *orc_disassemble(const char *start, size_t size)
{
    LLVMDisasmContextRef disassembler = orc_new_disassembler(NULL, NULL);
    char *text = NULL;
    size_t text_size;
    FILE *out = disassembler == NULL ? NULL : open_memstream(&text, &text_size);
    if (out == NULL) {
        return NULL;
    }
    for (size_t offset = 0; offset < size;) {
        char line[160];
        uint8_t *bytes = (uint8_t *)(uintptr_t)start + offset;
        size_t length =
            llvm.DisasmInstruction(disassembler, bytes, size - offset, (uintptr_t)bytes, line, sizeof(line));
        fprintf(out, "%6zx%s\n", offset, length == 0 ? "\t(not an instruction)" : line);
        offset += length == 0 ? 1 : length;
    }
    llvm.DisasmDispose(disassembler);
    return fclose(out) == 0 ? text : NULL;
}
