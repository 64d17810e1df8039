/* tier2/orc.h: from an LLVM module to machine code in the code arena.
 *
 * One session per process. The module is optimised and emitted with a target machine of ours, and the object file is added to ORC,
 * whose RTDyld layer links it into a block of whole pages of the code arena. The session, and all of LLVM, belongs to the compile
 * thread (compile_thread.h): nothing here is locked, nothing needs the GIL or looks at a Python object.
 *
 *     struct orc_unit unit;
 *     orc_unit_open(&unit, "fib");
 *     ... functions into unit.module, with llvm.* ...
 *     struct orc_request request = {.module = unit.module, .pipeline = ORC_lean, .symbols = {"fib"}, .symbol_count = 1};
 *     struct orc_code *code;
 *     enum reason reason = orc_compile(&request, &code);      code->entries[0] is fib's address
 *     orc_unit_close(&unit);
 *
 * What a module may contain: functions and constants; calls of what runtime_symbols.def lists, by name; other addresses (Python's own
 * objects and functions) as integer constants. No writable data. Code is position-independent: the arena is not in the low 2 GB.
 */
#ifndef PYJIT_TIER2_ORC_H
#define PYJIT_TIER2_ORC_H

#include "runtime/reasons.h"
#include "tier2/llvm_api.h"

enum orc_pipeline {
#define PIPELINE(name, level, fast, passes) ORC_##name,
#include "tier2/pipelines.def"
#undef PIPELINE
    ORC_PIPELINE_COUNT
};

/* "lean", "full"; a static string. orc_pipeline_named() is the inverse, ORC_PIPELINE_COUNT when there is no such one. */
const char *orc_pipeline_name(enum orc_pipeline pipeline);
enum orc_pipeline orc_pipeline_named(const char *name);

/* Loads libLLVM (`llvm_path` as in llvm_load()) and makes the session. Returns REASON_none, REASON_no_llvm, REASON_llvm_incomplete
 * or REASON_llvm_failed, with the detail in orc_error(). Once it has succeeded it does nothing. */
enum reason orc_start(const char *llvm_path);

/* The detail of the last failure in this file, "" when there is none to tell; a static string. */
const char *orc_error(void);

/* Processor and features that code is made for: "znver3", "+avx2,...". Static strings, NULL before orc_start(). */
const char *orc_processor(void);
const char *orc_processor_features(void);

/* A module and its context. One context per compilation: a context never forgets types and constants. */
struct orc_unit {
    LLVMContextRef context;
    LLVMModuleRef module;
};

/* Makes an empty module for the session's target. orc_unit_close() frees both, also after a failed compilation. */
void orc_unit_open(struct orc_unit *unit, const char *name);
void orc_unit_close(struct orc_unit *unit);

enum { ORC_MAX_SYMBOLS = 16 };

struct orc_request {
    LLVMModuleRef module; /* of an orc_unit; what compilation leaves of it is of no further use */
    enum orc_pipeline pipeline;
    const char *symbols
        [ORC_MAX_SYMBOLS]; /* external functions of the module whose addresses are wanted, unique among living code */
    size_t symbol_count;
    unsigned
        max_instructions; /* refuse a module that has more of them after the passes, or twice as many before; 0: no limit */
    bool keep_object; /* leave a copy of the object file in the result, for gdb */
    void (*observe)(LLVMModuleRef module,
                    void *argument); /* called after the passes, before code generation; or NULL */
    void *observe_argument;
};

/* The code of one module. */
struct orc_code {
    void *entries[ORC_MAX_SYMBOLS]; /* addresses of request.symbols */
    char *start;                    /* whole pages of the code arena: code, constants */
    size_t size;
    char *text; /* the machine code in there */
    size_t text_size;
    void *object; /* owned copy of the object file, or NULL */
    size_t object_size;
    unsigned instructions; /* of LLVM IR, after the passes */
    double passes_ms, emit_ms, link_ms;
    LLVMOrcResourceTrackerRef tracker;
    struct orc_code *next; /* for whoever keeps it in a list */
};

/* Compiles a module: verification (debug builds), passes, attributes for unwinding, code generation, linking. Returns REASON_none with a
 * new result in *code, which orc_free() frees; or REASON_llvm_failed, REASON_too_large, REASON_arena_full or REASON_no_memory with
 * the detail in orc_error(), and nothing left. The code can run at once, but is in no code map. */
enum reason orc_compile(const struct orc_request *request, struct orc_code **code);

/* Takes code out of the session and gives its memory back: no thread may run it or return into it. NULL is ignored. */
void orc_free(struct orc_code *code);

/* Where orc_compile() and lowering may be made to wait between two steps (compile_thread.c: a fork is coming); may be NULL. */
extern void (*orc_checkpoint)(void);

/* The instructions of the code at [start, start + size), one a line with its offset, into a new string (free() it); NULL without
 * memory or when the disassembler is not there. */
char *orc_disassemble(const char *start, size_t size);

/* A disassembler for the session's target, which asks `look_up` (or NULL) for names; NULL when there is none. DisasmDispose() frees it. */
LLVMDisasmContextRef orc_new_disassembler(void *argument, LLVMSymbolLookupCallback look_up);

#endif
