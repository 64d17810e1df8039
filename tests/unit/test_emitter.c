/* tests/unit/test_emitter.c: what tier1_compile() promises of its tables, for the code of the standard library. That the code
 * does what it should is what all other tests are about.
 */
#include "tier1/compile.h"

#include "runtime/bytecode.h"
#include "runtime/code_arena.h"
#include "runtime/data_arena.h"
#include "runtime/side_exit.h"
#include "runtime/code_state.h"
#include "runtime/runtime_data.h"
#include "tests/unit/unit.h"

#include <dirent.h>

static void start_python(size_t arena_limit)
{
    Py_InitializeEx(0);
    CHECK(code_arena_init(arena_limit));
    CHECK(code_state_init() == 0);
    runtime_data_init(PyThreadState_Get());
}

static const char *name_of(PyCodeObject *code)
{
    return PyUnicode_AsUTF8(code->co_qualname);
}

static bool any_writable_and_executable(void)
{
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    while (fgets(line, sizeof(line), maps) != NULL) {
        char flags[8];
        found |= sscanf(line, "%*x-%*x %7s", flags) == 1 && flags[1] == 'w' && flags[2] == 'x';
    }
    fclose(maps);
    return found;
}

static void check_tables(PyCodeObject *code, const struct compiled_code *compiled)
{
    const char *name = name_of(code);
    CHECK(compiled->code == code && compiled->tier == 1, "%s", name);
    CHECK(code_arena_contains(compiled->start) && code_arena_contains(compiled->start + compiled->size - 1), "%s",
          name);
    CHECK(compiled->hot_size > 0 && compiled->hot_size <= compiled->size, "%s", name);
    CHECK(code_map_find(compiled->start) == compiled, "%s", name);
    CHECK(code_map_find(compiled->start + compiled->size - 1) == compiled, "%s", name);

    CHECK(compiled->entry_count > 0 && compiled->start + compiled->entries[0].machine == compiled->entry, "%s", name);
    struct bytecode bytecode;
    CHECK(bytecode_decode(code, &bytecode) == REASON_none);
    for (size_t i = 0; i < compiled->entry_count; i++) {
        const struct entry_row *row = &compiled->entries[i];
        CHECK(row->machine < compiled->size, "%s, entry %zu", name, i);
        CHECK(i == 0 || row->unit > compiled->entries[i - 1].unit, "%s, entry %zu", name, i);
        CHECK(row->unit < bytecode.unit_count, "%s, entry %zu", name, i);
        int32_t number = bytecode.number_of_unit[row->unit];
        CHECK(number >= 0, "%s: entry %zu stands in a cache", name, i);
        CHECK((int32_t)row->depth == bytecode.instructions[number].depth, "%s, entry %zu: depth %u, bytecode has %d",
              name, i, row->depth, bytecode.instructions[number].depth);
        CHECK((row->bound & ~bytecode.instructions[number].bound) == 0,
              "%s, entry %zu takes more locals to be bound than are", name, i);
        CHECK(code_map_entry(compiled, row->unit * (uint32_t)sizeof(CodeUnit)) == row);
    }
    for (int i = 0; i < bytecode.count; i++) {
        const struct instruction *at = &bytecode.instructions[i];
        if (at->depth >= 0 && (at->is_loop_header || at->is_resume_point)) {
            CHECK(code_map_entry(compiled, bytecode_first_unit(&bytecode, i) * (uint32_t)sizeof(CodeUnit)) != NULL,
                  "%s: no entry at instruction %d (%s)", name, i, opcode_name(at->opcode));
        }
    }
    bytecode_free(&bytecode);

    for (size_t i = 0; i < compiled->size; i += 1 + compiled->size / 64) {
        int offset = code_map_offset_at(compiled, compiled->start + i);
        CHECK(offset >= 0 && offset < (int)(Py_SIZE(code) * sizeof(CodeUnit)), "%s, byte %zu: %d", name, i, offset);
    }

    const struct side_exits *exits = compiled->exits;
    CHECK(exits->start == compiled->start, "%s", name);
    for (const struct side_exit *exit = exits->rows; exit < exits->checks + exits->check_count; exit++) {
        CHECK(exit->address < compiled->size && exit->depth <= code->co_stacksize, "%s", name);
        CHECK(exit < exits->checks || exit->address > 5, "%s: a check is a call", name);
        /* Behind the row of a look at the eval breaker stands the one for its errors, which has the same address. */
        bool second = exit > exits->checks && (exit[-1].flags & SIDE_EXIT_EVAL_BREAKER) != 0;
        CHECK(exit <= exits->checks ||
                  (second ? exit->address == exit[-1].address : exit->address > exit[-1].address),
              "%s: checks are sorted", name);
    }
}

static int compiled_count;
static size_t code_bytes;

/* Compiles, checks and removes `code` and all code inside it. */
static void compile_with_nested(PyCodeObject *code, bool no_forwarding)
{
    struct tier1_options options = {.no_forwarding = no_forwarding};
    struct compiled_code *compiled = NULL;
    size_t used = code_arena_used();
    size_t data_used = data_arena_used();
    enum reason reason = tier1_compile(code, &options, &compiled);
    CHECK(!PyErr_Occurred());
    if (reason != REASON_too_large) {
        CHECK(reason == REASON_none, "%s: %s", name_of(code), reason_name(reason));
        check_tables(code, compiled);
        CHECK(code_arena_used() > used);
        compiled_count++;
        code_bytes += compiled->size;
        code_map_remove(compiled);
    }
    CHECK(code_arena_used() == used, "%s: memory is left", name_of(code));
    CHECK(data_arena_used() == data_used, "%s: data is left", name_of(code));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++) {
        PyObject *constant = PyTuple_GET_ITEM(code->co_consts, i);
        if (PyCode_Check(constant)) {
            compile_with_nested((PyCodeObject *)constant, no_forwarding);
        }
    }
}

static void compile_folder(const char *folder, int stride, bool no_forwarding)
{
    DIR *directory = opendir(folder);
    CHECK(directory != NULL);
    struct dirent *entry;
    int number = 0;
    while ((entry = readdir(directory)) != NULL) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 3, ".py") != 0 || number++ % stride != 0) {
            continue;
        }
        char path[1024];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        FILE *file = fopen(path, "rb");
        CHECK(file != NULL);
        static char text[1 << 20];
        size_t size = fread(text, 1, sizeof(text) - 1, file);
        text[size] = 0;
        fclose(file);
        PyObject *code = Py_CompileString(text, path, Py_file_input);
        if (code == NULL) {
            PyErr_Clear();
            continue;
        }
        compile_with_nested((PyCodeObject *)code, no_forwarding);
        Py_DECREF(code);
    }
    closedir(directory);
}

TEST(standard_library_compiles_with_right_tables)
{
    start_python(0);
    compile_folder("/usr/lib/python3.11", 2, false);
    compile_folder("/usr/lib/python3.11/asyncio", 1, false);
    CHECK(compiled_count > 2000, "%d", compiled_count);
    CHECK(!any_writable_and_executable());
    size_t pieces, machine, tables;
    code_map_totals(&pieces, &machine, &tables);
    CHECK(pieces == 0 && machine == 0 && tables == 0);
}

TEST(without_forwarding_too)
{
    start_python(0);
    compile_folder("/usr/lib/python3.11", 8, true);
    CHECK(compiled_count > 300, "%d", compiled_count);
}

/* A function of many statements; the caller owns it. */
static PyCodeObject *function_of(int statements)
{
    char *text = malloc(64 + (size_t)statements * 32);
    char *at = text + sprintf(text, "def f(a, b):\n  x = 0\n");
    for (int i = 0; i < statements; i++) {
        at += sprintf(at, "  x += a.k%d(b)\n", i % 100);
    }
    sprintf(at, "  return x\n");
    PyObject *module = Py_CompileString(text, "<many>", Py_file_input);
    free(text);
    CHECK(module != NULL);
    PyObject *code = PyTuple_GET_ITEM(((PyCodeObject *)module)->co_consts, 0);
    Py_INCREF(code);
    Py_DECREF(module);
    return (PyCodeObject *)code;
}

TEST(full_arena_is_a_reason_and_leaves_nothing)
{
    start_python(4096);
    PyCodeObject *large = function_of(400), *small = function_of(1);
    struct tier1_options options = {0};
    struct compiled_code *compiled = NULL;
    CHECK(tier1_compile(large, &options, &compiled) == REASON_arena_full);
    CHECK(code_arena_used() == 0 && !PyErr_Occurred());
    struct compiled_code *all[64];
    int count = 0;
    enum reason reason;
    while (count < 64 && (reason = tier1_compile(small, &options, &all[count])) == REASON_none) {
        count++;
    }
    CHECK(count > 0 && count < 64 && reason == REASON_arena_full, "%d pieces, %s", count, reason_name(reason));
    code_map_remove(all[0]);
    CHECK(tier1_compile(small, &options, &all[0]) == REASON_none, "room again after a removal");
    while (count > 0) {
        code_map_remove(all[--count]);
    }
    CHECK(code_arena_used() == 0);
}

TEST(huge_functions_compile_or_say_why)
{
    start_python(0);
    struct tier1_options options = {0};
    for (int statements = 10; statements <= 100000; statements *= 10) {
        PyCodeObject *code = function_of(statements);
        struct compiled_code *compiled = NULL;
        enum reason reason = tier1_compile(code, &options, &compiled);
        CHECK(reason == REASON_none || reason == REASON_too_large, "%d: %s", statements, reason_name(reason));
        CHECK(statements > 100 || reason == REASON_none);
        if (reason == REASON_none) {
            check_tables(code, compiled);
            code_map_remove(compiled);
        }
        Py_DECREF(code);
    }
    CHECK(code_arena_used() == 0);
}
