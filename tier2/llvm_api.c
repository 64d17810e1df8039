/* tier2/llvm_api.c: finding libLLVM, its functions, and surviving its fatal errors. */
#include "runtime/cpython.h" /* first: it asks for glibc's own functions */

#include "tier2/llvm_api.h"

#include <dlfcn.h>
#include <link.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096 };

struct llvm llvm;

struct function_row {
    const char *name;
    size_t member; /* its place in struct llvm */
    bool optional;
};

static const struct function_row function_rows[] = {
#define LLVM_FUNCTION(name)          {"LLVM" #name, offsetof(struct llvm, name), false},
#define LLVM_OPTIONAL(name)          {"LLVM" #name, offsetof(struct llvm, name), true},
#define LLVM_FUNCTION_SINCE_18(name) LLVM_SINCE_18(LLVM_OPTIONAL(name))
#include "tier2/llvm_functions.def"
#undef LLVM_FUNCTION
#undef LLVM_OPTIONAL
#undef LLVM_FUNCTION_SINCE_18
};
enum { FUNCTION_COUNT = sizeof(function_rows) / sizeof(function_rows[0]) };

/* Debian's names and LLVM's own, newest version first. */
static const struct {
    unsigned major;
    const char *name;
} libraries[] = {
    {19, "libLLVM.so.19.1"}, {19, "libLLVM-19.so"},   {18, "libLLVM.so.18.1"},
    {18, "libLLVM-18.so.1"}, {18, "libLLVM-18.so"},   {17, "libLLVM-17.so.1"},
    {17, "libLLVM-17.so"},   {16, "libLLVM-16.so.1"}, {16, "libLLVM-16.so"},
};
enum { LIBRARY_COUNT = sizeof(libraries) / sizeof(libraries[0]), OLDEST_MAJOR = 16, NEWEST_MAJOR = 19 };

static char load_detail[256];
static char fatal_message[256];
static bool broken;
static __thread jmp_buf *guard; /* of the llvm_guarded() this thread is in */

/* ---- Loading -------------------------------------------------------------------------------------- */

/* Fills *table from the library. */
static enum reason look_up_functions(void *library, struct llvm *table)
{
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        const struct function_row *row = &function_rows[i];
        void *address = dlsym(library, row->name);
        if (address == NULL && !row->optional) {
            snprintf(load_detail, sizeof(load_detail), "%s", row->name);
            return REASON_llvm_incomplete;
        }
        memcpy((char *)table + row->member, &address, sizeof(address));
    }
    void *insert = dlsym(library, "LLVMDIBuilderInsertDbgValueRecordAtEnd");
    insert = insert != NULL ? insert : dlsym(library, "LLVMDIBuilderInsertDbgValueAtEnd");
    if (insert == NULL) {
        snprintf(load_detail, sizeof(load_detail), "LLVMDIBuilderInsertDbgValueAtEnd");
        return REASON_llvm_incomplete;
    }
    memcpy(&table->DIBuilderInsertDbgValue, &insert, sizeof insert);
    unsigned minor, patch;
    table->GetVersion(&table->major, &minor, &patch);
    if (table->major < OLDEST_MAJOR || table->major > NEWEST_MAJOR) {
        snprintf(load_detail, sizeof(load_detail), "version %u.%u.%u", table->major, minor, patch);
        return REASON_no_llvm;
    }
    return REASON_none;
}

/* RTLD_LOCAL: another LLVM in the process (Numba brings one) must not meet the symbols of ours. */
static enum reason load_library(const char *name)
{
    void *library = dlopen(name, RTLD_LOCAL | RTLD_LAZY);
    if (library == NULL) {
        const char *error = dlerror();
        snprintf(load_detail, sizeof(load_detail), "%s", error == NULL ? name : error);
        return REASON_no_llvm;
    }
    struct llvm table = {0};
    enum reason reason = look_up_functions(library, &table);
    if (reason != REASON_none) {
        dlclose(library);
        return reason;
    }
    llvm = table;
    return REASON_none;
}

/* The first library of the list that can be used, of the version this was built for, or of any other. */
static enum reason load_listed(bool of_this_version)
{
    enum reason reason = REASON_no_llvm;
    for (size_t i = 0; i < LIBRARY_COUNT; i++) {
        if ((libraries[i].major == LLVM_VERSION_MAJOR) == of_this_version) {
            enum reason outcome = load_library(libraries[i].name);
            if (outcome == REASON_none) {
                return outcome;
            }
            reason = outcome == REASON_llvm_incomplete ? outcome : reason;
        }
    }
    return reason;
}

/* Called by LLVM before it would end the process. */
static void on_fatal_error(const char *message)
{
    snprintf(fatal_message, sizeof(fatal_message), "%s", message == NULL ? "" : message);
    if (guard != NULL) {
        longjmp(*guard, 1);
    }
}

enum reason llvm_load(const char *path, const char **detail)
{
    *detail = NULL;
    if (llvm.major != 0) {
        return REASON_none;
    }
    load_detail[0] = '\0';
    enum reason reason = path != NULL ? load_library(path) : load_listed(true);
    if (reason == REASON_no_llvm && path == NULL) {
        reason = load_listed(false);
    }
    if (reason != REASON_none) {
        *detail = load_detail[0] == '\0' ? NULL : load_detail;
        return reason;
    }
    llvm.InstallFatalErrorHandler(on_fatal_error);
    return REASON_none;
}

/* ---- Fatal errors --------------------------------------------------------------------------------- */

bool llvm_guarded(void (*function)(void *), void *argument)
{
    jmp_buf here;
    jmp_buf *outer = guard;
    if (setjmp(here) != 0) {
        guard = outer;
        broken = true;
        return false;
    }
    guard = &here;
    function(argument);
    guard = outer;
    return true;
}

_Noreturn void llvm_abandon(void)
{
    longjmp(*guard, 1);
}

bool llvm_broken(void)
{
    return broken;
}

const char *llvm_fatal_message(void)
{
    return fatal_message;
}

/* ---- Memory --------------------------------------------------------------------------------------- */

/* Is this the library that `address` is in? Then gives back what is mapped from its file and never written: code and constants. */
static int release_image(struct dl_phdr_info *image, size_t size, void *address)
{
    (void)size;
    bool found = false;
    for (int i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        found = found || (segment->p_type == PT_LOAD &&
                          (uintptr_t)address - (image->dlpi_addr + segment->p_vaddr) < segment->p_memsz);
    }
    for (int i = 0; found && i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W)) {
            uintptr_t start = (image->dlpi_addr + segment->p_vaddr) & ~(uintptr_t)(PAGE_BYTES - 1);
            uintptr_t end = (image->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(uintptr_t)(PAGE_BYTES - 1);
            (void)madvise((void *)start, end - start, MADV_DONTNEED);
        }
    }
    return found;
}

void llvm_release_pages(void)
{
    dl_iterate_phdr(release_image, (void *)llvm.ContextCreate);
}

/* ---- Small conveniences --------------------------------------------------------------------------- */

bool llvm_set_must_tail(LLVMValueRef call)
{
#if LLVM_VERSION_MAJOR >= 18
    if (llvm.SetTailCallKind != NULL) {
        llvm.SetTailCallKind(call, LLVMTailCallKindMustTail);
        return true;
    }
#endif
    (void)call;
    return false;
}

unsigned llvm_attribute_kind(const char *name)
{
    return llvm.GetEnumAttributeKindForName(name, strlen(name));
}

LLVMValueRef llvm_intrinsic(LLVMModuleRef module, const char *name, LLVMTypeRef *types, size_t count)
{
    unsigned id = llvm.LookupIntrinsicID(name, strlen(name));
    return id == 0 ? NULL : llvm.GetIntrinsicDeclaration(module, id, types, count);
}
