/* tier2/llvm_api.h: libLLVM, loaded when the first function is compiled, never linked. A program that does not get hot never pays
 * for it, and a machine without it runs on tiers 0 and 1.
 *
 *     llvm.BuildAdd(builder, left, right, "")      for LLVMBuildAdd
 *
 * The prototypes are those of LLVM's own headers. Signatures and enumerations of the rows are the same from LLVM 16 to 19, so that
 * a build for one of them works with the library of another. All calls belong to the compile thread: LLVM's data is not locked.
 */
#ifndef PYJIT_TIER2_LLVM_API_H
#define PYJIT_TIER2_LLVM_API_H

#include "runtime/reasons.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/BitReader.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Disassembler.h>
#include <llvm-c/Error.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/IRReader.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Linker.h>
#include <llvm-c/Orc.h>
#include <llvm-c/OrcEE.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <llvm/Config/llvm-config.h>
#include <stdbool.h>

#if LLVM_VERSION_MAJOR >= 18
#    define LLVM_SINCE_18(text) text
#else
#    define LLVM_SINCE_18(text)
#endif

struct llvm {
#define LLVM_FUNCTION(name)          __typeof__(&LLVM##name) name;
#define LLVM_FUNCTION_SINCE_18(name) LLVM_SINCE_18(LLVM_FUNCTION(name))
#include "tier2/llvm_functions.def"
#undef LLVM_FUNCTION
#undef LLVM_FUNCTION_SINCE_18
    /* LLVMDIBuilderInsertDbgValueRecordAtEnd or, before LLVM 19, LLVMDIBuilderInsertDbgValueAtEnd: they differ by the type of a result that nobody
     * wants, and headers have one of them. */
    void *(*DIBuilderInsertDbgValue)(LLVMDIBuilderRef builder, LLVMValueRef what, LLVMMetadataRef variable,
                                     LLVMMetadataRef expression, LLVMMetadataRef location, LLVMBasicBlockRef block);
    unsigned major; /* of the library that was loaded; 0: none yet */
};

extern struct llvm llvm;

/* Loads libLLVM and fills `llvm`. `path` names the one to take; NULL: the version this was built for, else another that fits, as the
 * dynamic linker finds them. Returns REASON_none, REASON_no_llvm or REASON_llvm_incomplete, with the detail in *detail (a static
 * string of this file, NULL when there is none). Loading again once loaded changes nothing. No GIL needed; one thread. */
enum reason llvm_load(const char *path, const char **detail);

/* Calls function(argument). LLVM ends the process where it finds itself in a state that it cannot handle ("Cannot select"): inside
 * this call it returns here instead, with false, and what it had allocated or locked stays so. Nothing of LLVM may be called
 * afterwards in this process, and llvm_broken() is true. */
bool llvm_guarded(void (*function)(void *), void *argument);
bool llvm_broken(void);

/* Leaves the llvm_guarded() that this thread is in, as after a fatal error; for a thread that must end. */
_Noreturn void llvm_abandon(void);

/* What LLVM last gave up with; "" before. A static string. */
const char *llvm_fatal_message(void);

/* Demands of a call that it be a tail call, or fail to compile. False, with nothing done, where the library is older than 18. */
bool llvm_set_must_tail(LLVMValueRef call);

/* Gives the library's pages back that are the file's own, 50 MB after a compilation: they come back from the file cache when they are touched, which
 * takes about 2 ms in all. On the thread that LLVM is called on. */
void llvm_release_pages(void);

/* The number of an enum attribute for CreateEnumAttribute: llvm_attribute_kind("nounwind"). */
unsigned llvm_attribute_kind(const char *name);

/* The declaration of an intrinsic in `module`, of `count` overloaded types: llvm_intrinsic(module, "llvm.sadd.with.overflow", &i64, 1).
 * Its function type is llvm.GlobalGetValueType() of it. NULL when this LLVM does not know the name. */
LLVMValueRef llvm_intrinsic(LLVMModuleRef module, const char *name, LLVMTypeRef *types, size_t count);

#endif
