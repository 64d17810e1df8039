/* tests/unit/test_orc.c: modules to machine code and back to nothing. */
#include "tier2/orc.h"

#include "runtime/code_arena.h"
#include "runtime/cpython.h"
#include "runtime/runtime_data.h"
#include "tests/unit/llvm_modules.h"
#include "tests/unit/seccomp.h"
#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <math.h>
#include <time.h>

/* The libraries that `make deps` and Debian offer; a test over versions passes over those that are not installed. */
static const char *const libraries[] = {"libLLVM.so.19.1", "libLLVM-16.so.1"};
enum { LIBRARY_COUNT = sizeof(libraries) / sizeof(libraries[0]) };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static long status_kilobytes(const char *key)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long found = 0;
    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            found = atol(line + strlen(key) + 1);
        }
    }
    fclose(status);
    return found;
}

/* What this process alone pays for; pages of the library's file, "Private_Clean" while nobody else maps it, are not written back. */
static long dirty_kilobytes(void)
{
    FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long found = 0;
    while (fgets(line, sizeof(line), rollup) != NULL) {
        if (strncmp(line, "Private_Dirty:", 14) == 0) {
            found = atol(line + 14);
        }
    }
    fclose(rollup);
    return found;
}

static bool any_writable_and_executable(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    bool found = false;
    while (fgets(line, sizeof(line), maps) != NULL) {
        char flags[8];
        found |= sscanf(line, "%*x-%*x %7s", flags) == 1 && flags[1] == 'w' && flags[2] == 'x';
    }
    fclose(maps);
    return found;
}

/* JIT_LLVM in the environment names another library for all tests that do not name one themselves. */
static void start(void)
{
    CHECK(code_arena_init(0));
    enum reason reason = orc_start(getenv("JIT_LLVM"));
    CHECK(reason == REASON_none, "%s: %s", reason_sentence(reason), orc_error());
}

/* Runs `body` in a child for each library that is installed. */
static void for_each_library(void (*body)(void))
{
    int ran = 0;
    for (int i = 0; i < LIBRARY_COUNT; i++) {
        pid_t child = fork();
        if (child == 0) {
            CHECK(code_arena_init(0));
            enum reason reason = orc_start(libraries[i]);
            if (reason != REASON_no_llvm) {
                CHECK(reason == REASON_none, "%s: %s: %s", libraries[i], reason_name(reason), orc_error());
                body();
            }
            _exit(reason == REASON_no_llvm ? 77 : 0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77), "%s: status %x",
              libraries[i], status);
        ran += WEXITSTATUS(status) == 0;
    }
    CHECK(ran > 0, "no libLLVM is installed");
}

static struct orc_code *compile_unit(struct orc_unit *unit, const char *name, enum orc_pipeline pipeline)
{
    struct orc_request request = {.module = unit->module, .pipeline = pipeline, .symbols = {name}, .symbol_count = 1};
    struct orc_code *code;
    enum reason reason = orc_compile(&request, &code);
    CHECK(reason == REASON_none, "%s: %s", reason_name(reason), orc_error());
    orc_unit_close(unit);
    return code;
}

static double (*float_loop(const struct orc_code *code))(int64_t, double)
{
    double (*function)(int64_t, double);
    memcpy(&function, &code->entries[0], sizeof(function));
    return function;
}

static double (*float_function(const struct orc_code *code))(double)
{
    double (*function)(double);
    memcpy(&function, &code->entries[0], sizeof(function));
    return function;
}

static void run_every_pipeline(void)
{
    size_t used = code_arena_used();
    for (int pipeline = 0; pipeline < ORC_PIPELINE_COUNT; pipeline++) {
        struct orc_unit unit;
        orc_unit_open(&unit, "loop");
        module_add_float_loop(&unit, "loop");
        struct orc_code *code = compile_unit(&unit, "loop", pipeline);
        CHECK(float_loop(code)(10, 2.0) == 1024.0, "%s", orc_pipeline_name(pipeline));
        CHECK(float_loop(code)(0, 2.0) == 1.0);
        CHECK(code_arena_contains(code->start) && code_arena_contains(code->text));
        CHECK(code->text_size > 0);
        CHECK((char *)code->entries[0] >= code->text && (char *)code->entries[0] < code->text + code->text_size);
        CHECK(code->size % 4096 == 0 && code_arena_used() == used + code->size);
        CHECK(!any_writable_and_executable());
        orc_free(code);
        CHECK(code_arena_used() == used);
        CHECK(orc_pipeline_named(orc_pipeline_name(pipeline)) == (enum orc_pipeline)pipeline);
    }
    CHECK(orc_pipeline_named("nonsense") == ORC_PIPELINE_COUNT);
}

TEST(float_loop_in_every_pipeline_and_library)
{
    for_each_library(run_every_pipeline);
}

/* rt_float_new is near: a direct call. fmod is far: through a stub. */
static void call_near_and_far(void)
{
    Py_InitializeEx(0);
    runtime_data_init(PyThreadState_Get());
    struct orc_unit unit;
    orc_unit_open(&unit, "near");
    module_add_caller(&unit, "near", "rt_float_new", true);
    struct orc_code *code = compile_unit(&unit, "near", ORC_lean);
    PyObject *(*function)(double);
    memcpy(&function, &code->entries[0], sizeof(function));
    PyObject *object = function(2.75);
    CHECK(PyFloat_CheckExact(object) && PyFloat_AS_DOUBLE(object) == 2.75);
    Py_DECREF(object);

    struct orc_unit far_unit;
    orc_unit_open(&far_unit, "far");
    module_add_caller(&far_unit, "far", "sin", false);
    struct orc_code *far_code = compile_unit(&far_unit, "far", ORC_lean);
    CHECK(float_function(far_code)(0.5) == sin(0.5));
    CHECK(far_code->text_size > code->text_size, "a near call needs no stub: %zu, %zu", far_code->text_size,
          code->text_size);
    orc_free(code);
    orc_free(far_code);
}

TEST(runtime_functions_by_name)
{
    for_each_library(call_near_and_far);
}

/* runtime_data.float_type, read relative to the instruction. */
static void read_data(void)
{
    Py_InitializeEx(0);
    runtime_data_init(PyThreadState_Get());
    struct orc_unit unit;
    orc_unit_open(&unit, "data");
    struct module_types t = module_types(unit.context);
    LLVMValueRef function;
    LLVMBuilderRef b = module_open_function(&unit, "data", llvm.FunctionType(t.pointer, NULL, 0, 0), &function);
    LLVMValueRef global = llvm.AddGlobal(unit.module, t.i64, "runtime_data");
    LLVMValueRef index = llvm.ConstInt(t.i64, offsetof(struct runtime_data, float_type) / 8, 0);
    LLVMValueRef address = llvm.BuildGEP2(b, t.pointer, global, &index, 1, "");
    llvm.BuildRet(b, llvm.BuildLoad2(b, t.pointer, address, ""));
    llvm.DisposeBuilder(b);
    struct orc_code *code = compile_unit(&unit, "data", ORC_lean);
    void *(*read)(void);
    memcpy(&read, &code->entries[0], sizeof(read));
    CHECK(read() == &PyFloat_Type);
    orc_free(code);
}

TEST(runtime_data_by_name)
{
    for_each_library(read_data);
}

/* With code that is not position-independent these need absolute addresses below 2 GB, where the arena is not. */
static void index_tables(void)
{
    for (int pipeline = 0; pipeline < ORC_PIPELINE_COUNT; pipeline++) {
        struct orc_unit unit;
        orc_unit_open(&unit, "table");
        module_add_table_and_switch(&unit, "table");
        struct orc_code *code = compile_unit(&unit, "table", pipeline);
        double (*function)(int64_t);
        memcpy(&function, &code->entries[0], sizeof(function));
        for (int i = 0; i < 8; i++) {
            CHECK(function(i) == i * 1.25 + 0.1, "%s: %d", orc_pipeline_name(pipeline), i);
        }
        CHECK(function(8) == -1.0 && function(-1) == -1.0);
        orc_free(code);
    }
}

TEST(constant_tables_and_jump_tables)
{
    for_each_library(index_tables);
}

TEST(several_entries_of_one_module)
{
    start();
    struct orc_unit unit;
    orc_unit_open(&unit, "several");
    module_add_float_loop(&unit, "first");
    module_add_straight_line(&unit, "second", 30);
    struct orc_request request = {
        .module = unit.module, .pipeline = ORC_lean, .symbols = {"second", "first"}, .symbol_count = 2};
    request.keep_object = true;
    struct orc_code *code;
    CHECK(orc_compile(&request, &code) == REASON_none, "%s", orc_error());
    double (*first)(int64_t, double);
    memcpy(&first, &code->entries[1], sizeof(first));
    CHECK(first(3, 3.0) == 27.0);
    CHECK(code->entries[0] != NULL && code->entries[0] != code->entries[1]);
    CHECK(code->object_size > 64 && memcmp(code->object, "\177ELF", 4) == 0);
    CHECK(code->instructions > 30);
    char *text = orc_disassemble(code->text, code->text_size);
    CHECK(text != NULL && strstr(text, "mulsd") != NULL && strstr(text, "ret") != NULL, "%s", text);
    free(text);
    orc_unit_close(&unit);
    orc_free(code);
    CHECK(code_arena_used() == 0);
}

static int observed;

static void observe(LLVMModuleRef module, void *argument)
{
    char *text = llvm.PrintModuleToString(module);
    CHECK(strstr(text, argument) != NULL);
    llvm.DisposeMessage(text);
    observed++;
}

TEST(observer_sees_the_optimised_module)
{
    start();
    struct orc_unit unit;
    orc_unit_open(&unit, "loop");
    module_add_float_loop(&unit, "loop");
    struct orc_request request = {
        .module = unit.module, .pipeline = ORC_lean, .symbols = {"loop"}, .symbol_count = 1, .observe = observe};
    request.observe_argument = "frame-pointer";
    struct orc_code *code;
    CHECK(orc_compile(&request, &code) == REASON_none && observed == 1);
    orc_unit_close(&unit);
    orc_free(code);
}

/* What cannot be compiled says why, leaves nothing, and the next function compiles. */
static void check_refused(struct orc_unit *unit, const char *name, const char *why)
{
    size_t used = code_arena_used();
    struct orc_request request = {.module = unit->module, .pipeline = ORC_lean, .symbols = {name}, .symbol_count = 1};
    struct orc_code *code;
    CHECK(orc_compile(&request, &code) == REASON_llvm_failed && code == NULL, "%s", name);
    CHECK(strstr(orc_error(), why) != NULL, "%s: %s", name, orc_error());
    orc_unit_close(unit);
    CHECK(code_arena_used() == used);
    orc_unit_open(unit, "after");
    module_add_float_loop(unit, "after");
    code = compile_unit(unit, "after", ORC_lean);
    CHECK(float_loop(code)(2, 3.0) == 9.0);
    orc_free(code);
}

static void refuse(void)
{
    struct orc_unit unit;
    orc_unit_open(&unit, "unknown");
    module_add_caller(&unit, "unknown", "no_such_function", false);
    check_refused(&unit, "unknown", "no_such_function is not in runtime_symbols.def");

    orc_unit_open(&unit, "missing");
    module_add_float_loop(&unit, "other_name");
    check_refused(&unit, "missing", "missing");

    orc_unit_open(&unit, "writable");
    struct module_types t = module_types(unit.context);
    LLVMValueRef function;
    LLVMBuilderRef b = module_open_function(&unit, "writable", llvm.FunctionType(t.i64, &t.i64, 1, 0), &function);
    LLVMValueRef global = llvm.AddGlobal(unit.module, t.i64, "counter");
    llvm.SetInitializer(global, llvm.ConstInt(t.i64, 5, 0));
    llvm.BuildStore(b, llvm.GetParam(function, 0), global);
    llvm.BuildRet(b, llvm.ConstInt(t.i64, 0, 0));
    llvm.DisposeBuilder(b);
    check_refused(&unit, "writable", "writable section");

    /* A datum far away, taken for near by whoever built the module. */
    orc_unit_open(&unit, "far");
    t = module_types(unit.context);
    b = module_open_function(&unit, "far", llvm.FunctionType(t.i64, NULL, 0, 0), &function);
    global = llvm.AddGlobal(unit.module, t.i64, "memcpy");
    llvm.SetVisibility(global, LLVMHiddenVisibility);
    llvm.BuildRet(b, llvm.BuildLoad2(b, t.i64, global, ""));
    llvm.DisposeBuilder(b);
    check_refused(&unit, "far", "out of reach");

    /* An error that LLVM reports through the context; without a handler it would end the process. */
    orc_unit_open(&unit, "assembly");
    t = module_types(unit.context);
    LLVMTypeRef type = llvm.FunctionType(t.i64, NULL, 0, 0);
    b = module_open_function(&unit, "assembly", type, &function);
    char text[] = "nonsense", constraints[] = "=r";
    llvm.InitializeX86AsmParser();
    LLVMValueRef assembly = llvm.GetInlineAsm(type, text, strlen(text), constraints, strlen(constraints), 1, 0,
                                              LLVMInlineAsmDialectATT, 0);
    llvm.BuildRet(b, llvm.BuildCall2(b, type, assembly, NULL, 0, ""));
    llvm.DisposeBuilder(b);
    check_refused(&unit, "assembly", "nonsense");
}

TEST(refusals_name_their_cause)
{
    for_each_library(refuse);
}

TEST(limit_of_instructions)
{
    start();
    struct orc_unit unit;
    orc_unit_open(&unit, "long");
    module_add_straight_line(&unit, "long", 300);
    struct orc_request request = {
        .module = unit.module, .pipeline = ORC_lean, .symbols = {"long"}, .symbol_count = 1, .max_instructions = 100};
    struct orc_code *code;
    CHECK(orc_compile(&request, &code) == REASON_too_large);
    orc_unit_close(&unit);
    CHECK(code_arena_used() == 0);
}

TEST(full_arena_is_a_refusal)
{
    CHECK(code_arena_init(4096 * 2));
    CHECK(orc_start(getenv("JIT_LLVM")) == REASON_none);
    struct orc_unit unit;
    orc_unit_open(&unit, "a");
    module_add_straight_line(&unit, "a", 3);
    struct orc_code *first = compile_unit(&unit, "a", ORC_lean);
    void *rest = code_arena_begin(64);
    CHECK(rest != NULL && code_arena_commit(rest, 64));
    orc_unit_open(&unit, "b");
    module_add_straight_line(&unit, "b", 3);
    struct orc_request request = {.module = unit.module, .pipeline = ORC_lean, .symbols = {"b"}, .symbol_count = 1};
    struct orc_code *code;
    CHECK(orc_compile(&request, &code) == REASON_arena_full, "%s", orc_error());
    orc_free(first);
    orc_unit_close(&unit);
    orc_unit_open(&unit, "b");
    module_add_straight_line(&unit, "b", 3);
    orc_free(compile_unit(&unit, "b", ORC_lean));
}

/* Executable memory is refused when the first module is linked already. */
static void link_without_executable_memory(void)
{
    struct orc_unit unit;
    orc_unit_open(&unit, "loop");
    module_add_float_loop(&unit, "loop");
    struct orc_code *before = compile_unit(&unit, "loop", ORC_lean);
    refuse_executable_memory();
    size_t used = code_arena_used();
    for (int i = 0; i < 3; i++) {
        orc_unit_open(&unit, "refused");
        module_add_float_loop(&unit, "refused");
        struct orc_request request = {
            .module = unit.module, .pipeline = ORC_lean, .symbols = {"refused"}, .symbol_count = 1};
        struct orc_code *code;
        CHECK(orc_compile(&request, &code) == REASON_llvm_failed);
        CHECK(strstr(orc_error(), "executable memory") != NULL, "%s", orc_error());
        orc_unit_close(&unit);
        CHECK(code_arena_used() == used);
    }
    CHECK(float_loop(before)(3, 2.0) == 8.0);
}

TEST(executable_memory_refused_later)
{
    for_each_library(link_without_executable_memory);
}

/* Numba brings an LLVM of its own, with the same names; Debian's is 14. Passes where that is not installed. */
static void load_other_llvm(void)
{
    void *other = dlopen("libLLVM-14.so.1", RTLD_NOW | RTLD_GLOBAL);
    if (other != NULL) {
        void (*initialize)(void);
        void *address = dlsym(other, "LLVMInitializeX86TargetInfo");
        memcpy(&initialize, &address, sizeof(initialize));
        initialize();
    }
}

TEST(another_llvm_in_the_process)
{
    for (int before = 0; before < 2; before++) {
        pid_t child = fork();
        if (child == 0) {
            if (before) {
                load_other_llvm();
            }
            start();
            run_every_pipeline();
            load_other_llvm();
            run_every_pipeline();
            exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0, "status %x", status);
    }
}

__attribute__((noinline)) static void backtrace_from_inside(void)
{
    void *addresses[32];
    int depth = backtrace(addresses, 32);
    observed = depth;
}

/* Unwinding through compiled code, by the arena's own .eh_frame. */
static void unwind(void)
{
    struct orc_unit unit;
    orc_unit_open(&unit, "caller");
    struct module_types t = module_types(unit.context);
    LLVMTypeRef type = llvm.FunctionType(t.f64, &t.f64, 1, 0), callback = llvm.FunctionType(t.i64, NULL, 0, 0);
    LLVMValueRef function;
    LLVMBuilderRef b = module_open_function(&unit, "caller", type, &function);
    LLVMValueRef address = llvm.ConstInt(t.i64, (uintptr_t)backtrace_from_inside, 0);
    llvm.BuildCall2(b, callback, llvm.ConstIntToPtr(address, t.pointer), NULL, 0, "");
    llvm.BuildRet(b, llvm.GetParam(function, 0));
    llvm.DisposeBuilder(b);
    struct orc_code *code = compile_unit(&unit, "caller", ORC_lean);
    backtrace_from_inside();
    int without = observed;
    CHECK(float_function(code)(7.5) == 7.5);
    CHECK(observed == without + 1, "%d frames without, %d with", without, observed);
    orc_free(code);
}

TEST(backtrace_passes_through)
{
    for_each_library(unwind);
}

/* double early(double x): x where it is negative, else what a C function makes of it. LLVM would do the one without a machine frame, and jump to the
 * other from behind it. */
static void keep_frame(void)
{
    struct orc_unit unit;
    orc_unit_open(&unit, "early");
    struct module_types t = module_types(unit.context);
    LLVMTypeRef type = llvm.FunctionType(t.f64, &t.f64, 1, 0);
    LLVMValueRef function;
    LLVMBuilderRef b = module_open_function(&unit, "early", type, &function);
    LLVMValueRef x = llvm.GetParam(function, 0);
    LLVMBasicBlockRef early = llvm.AppendBasicBlockInContext(unit.context, function, "early");
    LLVMBasicBlockRef late = llvm.AppendBasicBlockInContext(unit.context, function, "late");
    LLVMValueRef bits = llvm.BuildBitCast(b, x, t.i64, "");
    llvm.BuildCondBr(b, llvm.BuildICmp(b, LLVMIntSLT, bits, llvm.ConstInt(t.i64, 0, 0), ""), early, late);
    llvm.PositionBuilderAtEnd(b, early);
    llvm.BuildRet(b, x);
    llvm.PositionBuilderAtEnd(b, late);
    LLVMValueRef address = llvm.ConstIntToPtr(llvm.ConstInt(t.i64, (uintptr_t)fabs, 0), t.pointer);
    llvm.BuildRet(b, llvm.BuildCall2(b, type, address, &x, 1, ""));
    llvm.DisposeBuilder(b);
    struct orc_code *code = compile_unit(&unit, "early", ORC_full);
    CHECK(float_function(code)(-7.5) == -7.5 && float_function(code)(7.5) == 7.5);
    char *text = orc_disassemble(code->text, code->text_size);
    CHECK(memcmp(code->text, "\x55\x48\x89\xe5", 4) == 0, "%s", text);
    CHECK(strstr(text, "jmpq") == NULL, "%s", text);
    free(text);
    orc_free(code);
}

TEST(a_frame_from_the_first_instruction_to_the_last)
{
    for_each_library(keep_frame);
}

static void fatal(void *argument)
{
    struct orc_unit unit;
    orc_unit_open(&unit, "fatal");
    struct module_types t = module_types(unit.context);
    LLVMValueRef function;
    LLVMBuilderRef b = module_open_function(&unit, "fatal", llvm.FunctionType(t.i64, NULL, 0, 0), &function);
    LLVMValueRef read = llvm_intrinsic(unit.module, "llvm.read_register", &t.i64, 1);
    LLVMMetadataRef name = llvm.MDStringInContext2(unit.context, "no_such_register", 16);
    LLVMValueRef node = llvm.MetadataAsValue(unit.context, llvm.MDNodeInContext2(unit.context, &name, 1));
    llvm.BuildRet(b, llvm.BuildCall2(b, llvm.GlobalGetValueType(read), read, &node, 1, ""));
    llvm.DisposeBuilder(b);
    struct orc_request request = {
        .module = unit.module, .pipeline = ORC_lean, .symbols = {"fatal"}, .symbol_count = 1};
    orc_compile(&request, argument);
}

static void survive_fatal_error(void)
{
    struct orc_unit unit;
    orc_unit_open(&unit, "loop");
    module_add_float_loop(&unit, "loop");
    struct orc_code *before = compile_unit(&unit, "loop", ORC_lean), *code;
    CHECK(!llvm_broken());
    CHECK(!llvm_guarded(fatal, &code));
    CHECK(llvm_broken());
    CHECK(strstr(llvm_fatal_message(), "egister name") != NULL, "%s", llvm_fatal_message());
    CHECK(orc_start(NULL) == REASON_llvm_failed);
    CHECK(float_loop(before)(4, 2.0) == 16.0, "what was compiled before still runs");
}

TEST(fatal_error_of_llvm_is_survived)
{
    for_each_library(survive_fatal_error);
}

TEST(no_library)
{
    CHECK(code_arena_init(0));
    CHECK(orc_start("/nonexistent") == REASON_no_llvm);
    CHECK(strstr(orc_error(), "/nonexistent") != NULL, "%s", orc_error());
}

TEST(library_that_is_not_llvm)
{
    CHECK(code_arena_init(0));
    CHECK(orc_start("libm.so.6") == REASON_llvm_incomplete);
    CHECK(strncmp(orc_error(), "LLVM", 4) == 0, "%s", orc_error());
    CHECK(orc_start(NULL) == REASON_none, "%s", orc_error());
}

TEST(two_thousand_rounds_in_flat_memory)
{
    start();
    long before = 0;
    size_t used = 0;
    for (int round = 0; round < 2000; round++) {
        char name[32];
        snprintf(name, sizeof(name), "round_%d", round);
        struct orc_unit unit;
        orc_unit_open(&unit, name);
        if (round % 2 == 0) {
            module_add_float_loop(&unit, name);
        } else {
            module_add_straight_line(&unit, name, 30);
        }
        struct orc_code *code = compile_unit(&unit, name, round % 64 == 0 ? ORC_full : ORC_quick);
        if (round % 2 == 0) {
            CHECK(float_loop(code)(5, 2.0) == 32.0);
        }
        orc_free(code);
        if (round == 500) {
            before = status_kilobytes("VmRSS");
            used = code_arena_used();
        }
    }
    long growth = status_kilobytes("VmRSS") - before;
    CHECK(growth < 1024, "%ld KB in 1500 rounds", growth);
    CHECK(code_arena_used() == used && used == 0);
}

static void measure(void)
{
    long dirty_before = dirty_kilobytes(), resident_before = status_kilobytes("VmRSS");
    double loaded = now();
    const char *detail;
    CHECK(llvm_load(getenv("JIT_LLVM"), &detail) == REASON_none);
    double started = now();
    CHECK(orc_start(NULL) == REASON_none);
    double ready = now();
    struct orc_unit unit;
    orc_unit_open(&unit, "first");
    module_add_float_loop(&unit, "first");
    compile_unit(&unit, "first", ORC_lean);
    double first = now();
    printf("# LLVM %u, %s: load %.1f ms, session %.1f, first compilation %.1f; dirty memory +%ld KB, resident +%ld\n",
           llvm.major, orc_processor(), started - loaded, ready - started, first - ready,
           dirty_kilobytes() - dirty_before, status_kilobytes("VmRSS") - resident_before);
    for (int pipeline = 0; pipeline < ORC_PIPELINE_COUNT; pipeline++) {
        enum { ROUNDS = 10 };
        double open = 0, passes = 0, emit = 0, link = 0, best = 1e9;
        size_t bytes = 0;
        for (int round = 0; round < ROUNDS; round++) {
            double begin = now();
            orc_unit_open(&unit, "hundred");
            double opened = now();
            module_add_straight_line(&unit, "hundred", 100);
            double built = now();
            struct orc_code *code = compile_unit(&unit, "hundred", pipeline);
            double all = now() - built + opened - begin;
            best = all < best ? all : best;
            open += opened - begin;
            passes += code->passes_ms;
            emit += code->emit_ms;
            link += code->link_ms;
            bytes = code->text_size;
            orc_free(code);
        }
        printf(
            "# %s, 100 instructions: best %.2f ms; mean context %.2f, passes %.2f, emit %.2f, link %.2f; %zu bytes\n",
            orc_pipeline_name(pipeline), best, open / ROUNDS, passes / ROUNDS, emit / ROUNDS, link / ROUNDS, bytes);
    }
    printf("# dirty memory in the end +%ld KB, resident +%ld\n", dirty_kilobytes() - dirty_before,
           status_kilobytes("VmRSS") - resident_before);
}

/* Not a test: figures for the README, printed when asked for by name. */
TEST(measure)
{
    CHECK(code_arena_init(0));
    measure();
}
