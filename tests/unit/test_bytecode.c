/* tests/unit/test_bytecode.c: the bytecode reader against dis, over hand-written cases and the standard library. */
#include "runtime/bytecode.h"

#include "tests/unit/unit.h"

#include <dirent.h>

static PyObject *helpers; /* a module's dict with what is easier said in Python */

static const char helper_source[] =
    "import dis\n"
    "def rows(code):\n"
    "    'unit, oparg, opcode, target unit or -1 of each instruction that is no EXTENDED_ARG'\n"
    "    out = []\n"
    "    for i in dis.get_instructions(code):\n"
    "        if i.opname == 'EXTENDED_ARG': continue\n"
    "        jump = i.argval // 2 if i.opcode in dis.hasjrel or i.opcode in dis.hasjabs else -1\n"
    "        out.append((i.offset // 2, i.arg or 0, i.opcode, jump))\n"
    "    return out\n"
    "def handlers(code):\n"
    "    'start unit, end unit, target unit, depth, lasti of the exception table'\n"
    "    table = dis._parse_exception_table(code)\n"
    "    return [(e.start // 2, e.end // 2, e.target // 2, e.depth, int(e.lasti)) for e in table]\n"
    "def function(text):\n"
    "    namespace = {}\n"
    "    exec(text, namespace)\n"
    "    return namespace['f'].__code__\n";

static PyObject *call_helper(const char *name, PyObject *argument)
{
    PyObject *result = PyObject_CallOneArg(PyDict_GetItemString(helpers, name), argument);
    if (result == NULL) {
        PyErr_Print();
    }
    CHECK(result != NULL);
    return result;
}

static void start_python(void)
{
    Py_InitializeEx(0);
    helpers = PyDict_New();
    PyDict_SetItemString(helpers, "__builtins__", PyEval_GetBuiltins());
    PyObject *done = PyRun_String(helper_source, Py_file_input, helpers, helpers);
    CHECK(done != NULL);
    Py_DECREF(done);
}

/* The code of function f in `text`. A new reference. */
static PyCodeObject *function(const char *text)
{
    PyObject *source = PyUnicode_FromString(text);
    PyObject *code = call_helper("function", source);
    Py_DECREF(source);
    return (PyCodeObject *)code;
}

static long field(PyObject *rows, Py_ssize_t row, int index)
{
    return PyLong_AsLong(PyTuple_GET_ITEM(PyList_GET_ITEM(rows, row), index));
}

static const char *name_of(PyCodeObject *code)
{
    return PyUnicode_AsUTF8(code->co_qualname);
}

/* Everything that can be said of any code object. */
static void check_against_dis(PyCodeObject *code)
{
    struct bytecode bytecode;
    enum reason reason = bytecode_decode(code, &bytecode);
    CHECK(reason == REASON_none, "%s: %s", name_of(code), reason_name(reason));
    PyObject *rows = call_helper("rows", (PyObject *)code);
    CHECK(bytecode.count == PyList_GET_SIZE(rows), "%s: %d instructions, dis has %zd", name_of(code), bytecode.count,
          PyList_GET_SIZE(rows));
    CHECK(bytecode.unit_count == (uint32_t)Py_SIZE(code));
    bool backward = false;
    for (int i = 0; i < bytecode.count; i++) {
        const struct instruction *at = &bytecode.instructions[i];
        CHECK((long)at->unit == field(rows, i, 0), "%s, instruction %d", name_of(code), i);
        CHECK(at->opcode == field(rows, i, 2), "%s, instruction %d: %s", name_of(code), i, opcode_name(at->opcode));
        if (at->opcode >= HAVE_ARGUMENT) {
            CHECK(at->oparg == field(rows, i, 1), "%s, instruction %d: oparg %d", name_of(code), i, at->oparg);
        }
        CHECK(bytecode.number_of_unit[at->unit] == i);
        long target = field(rows, i, 3);
        CHECK((at->target >= 0) == (target >= 0), "%s, instruction %d", name_of(code), i);
        if (target >= 0) {
            long first_unit = (long)bytecode.instructions[at->target].unit;
            /* dis names the EXTENDED_ARG in front, the reader the instruction itself. */
            CHECK(target <= first_unit && first_unit - target <= 3, "%s, instruction %d: to unit %ld, dis says %ld",
                  name_of(code), i, first_unit, target);
            CHECK(bytecode.instructions[at->target].is_leader);
            backward |= at->target <= i && at->opcode != JUMP_BACKWARD_NO_INTERRUPT; /* await's is no loop */
            if (at->target <= i && at->depth >= 0 && at->opcode != JUMP_BACKWARD_NO_INTERRUPT) {
                CHECK(bytecode.instructions[at->target].is_loop_header, "%s, instruction %d", name_of(code), i);
            }
        }
        if (at->depth >= 0) {
            CHECK(at->depth <= code->co_stacksize, "%s, instruction %d: depth %d of %d", name_of(code), i, at->depth,
                  code->co_stacksize);
            if (!(opcode_flags(at->opcode) & OPCODE_NEVER_FALLS_THROUGH)) {
                CHECK(i + 1 < bytecode.count, "%s falls off its end", name_of(code));
                int after = at->depth + opcode_effect(at->opcode, at->oparg, false);
                CHECK(bytecode.instructions[i + 1].depth == after, "%s, instruction %d: %d, then %d", name_of(code),
                      i, after, bytecode.instructions[i + 1].depth);
            }
            if (at->target >= 0) {
                int after = at->depth + opcode_effect(at->opcode, at->oparg, true);
                CHECK(bytecode.instructions[at->target].depth == after, "%s, instruction %d", name_of(code), i);
            }
        }
        if (at->handler >= 0) {
            CHECK(bytecode.instructions[at->handler].is_handler && bytecode.instructions[at->handler].is_leader);
            if (at->depth >= 0) {
                CHECK(bytecode.instructions[at->handler].depth == at->handler_depth + at->handler_lasti + 1,
                      "%s, instruction %d", name_of(code), i);
            }
        }
    }
    CHECK(!backward || bytecode_has_loop(code), "%s", name_of(code));

    /* The exception table, row by row. */
    PyObject *table = call_helper("handlers", (PyObject *)code);
    for (Py_ssize_t row = 0; row < PyList_GET_SIZE(table); row++) {
        for (int i = 0; i < bytecode.count; i++) {
            const struct instruction *at = &bytecode.instructions[i];
            if ((long)at->unit >= field(table, row, 0) && (long)at->unit < field(table, row, 1)) {
                CHECK(at->handler >= 0 && (long)bytecode.instructions[at->handler].unit >= field(table, row, 2) &&
                          (long)bytecode.instructions[at->handler].unit <= field(table, row, 2) + 3,
                      "%s, instruction %d", name_of(code), i);
                CHECK(at->handler_depth == field(table, row, 3) && at->handler_lasti == field(table, row, 4));
            }
        }
    }
    for (int i = 0; i < bytecode.count; i++) {
        bool covered = false;
        for (Py_ssize_t row = 0; row < PyList_GET_SIZE(table); row++) {
            covered |= (long)bytecode.instructions[i].unit >= field(table, row, 0) &&
                       (long)bytecode.instructions[i].unit < field(table, row, 1);
        }
        CHECK(covered == (bytecode.instructions[i].handler >= 0), "%s, instruction %d", name_of(code), i);
    }
    Py_DECREF(table);
    Py_DECREF(rows);
    bytecode_free(&bytecode);
}

static int codes_checked;

static void check_with_nested(PyCodeObject *code)
{
    check_against_dis(code);
    codes_checked++;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++) {
        PyObject *constant = PyTuple_GET_ITEM(code->co_consts, i);
        if (PyCode_Check(constant)) {
            check_with_nested((PyCodeObject *)constant);
        }
    }
}

/* Every code object of the files NAME.py in `folder` for which number % stride == 0. */
static void check_folder(const char *folder, int stride)
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
            PyErr_Clear(); /* a test file that is wrong on purpose */
            continue;
        }
        check_with_nested((PyCodeObject *)code);
        Py_DECREF(code);
    }
    closedir(directory);
}

TEST(standard_library_reads_as_dis_says)
{
    start_python();
    check_folder("/usr/lib/python3.11", 2);
    check_folder("/usr/lib/python3.11/asyncio", 3);
    CHECK(codes_checked > 500, "%d code objects", codes_checked);
}

TEST(awkward_functions_read_as_dis_says)
{
    start_python();
    static const char *const texts[] = {
        "def f(): pass",
        "def f():\n  while True: pass",
        "def f(a):\n  try:\n    return a()\n  finally:\n    a.b",
        "def f(a):\n  with a as b, b as c:\n    yield b\n  return c",
        "async def f(a):\n  async with a as b:\n    async for c in b:\n      await c\n    return [d async for d in "
        "c]",
        "def f(a):\n  try:\n    a()\n  except* ValueError as e:\n    raise\n  except* KeyError:\n    return_ = 1\n",
        "def f(a):\n  match a:\n    case [1, x, *y]: return x\n    case {'k': v, **r}: return v\n    case int(z) | "
        "str(z): return z",
        "def f(a):\n  for x in a:\n    for y in x:\n      if y: continue\n      try: break\n      finally: y()\n    "
        "else: return 1\n",
        "def f():\n  x = yield\n  y = yield from x\n  return y",
        "def f(a):\n  del a\n  return a",
        "def f(a, b):\n  return a < b < f < a and [x for x in a if x] or {**a, 'x': [*b]}",
        "def f():\n  return (lambda: (yield))",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        PyCodeObject *code = function(texts[i]);
        check_with_nested(code);
        Py_DECREF(code);
    }
}

TEST(long_arguments_and_far_jumps)
{
    start_python();
    static char text[400000];
    char *at = text;
    at += sprintf(at, "def f(x):\n  while x:\n    if x > 3:\n");
    for (int i = 0; i < 3000; i++) {
        at += sprintf(at, "      v%d = %d.5\n", i, i);
    }
    sprintf(at, "    else:\n      x -= 1\n  return x\n");
    PyCodeObject *code = function(text);
    check_against_dis(code);
    Py_DECREF(code);
}

/* Number of the first instruction with this opcode. */
static int find(const struct bytecode *bytecode, int opcode)
{
    for (int i = 0; i < bytecode->count; i++) {
        if (bytecode->instructions[i].opcode == opcode) {
            return i;
        }
    }
    CHECK(false, "no %s", opcode_name(opcode));
    return -1;
}

TEST(specialised_bytecode_reads_as_generic)
{
    start_python();
    PyObject *namespace = PyDict_New();
    PyDict_SetItemString(namespace, "__builtins__", PyEval_GetBuiltins());
    PyObject *done = PyRun_String("class C: pass\nc = C()\nc.x = 1\n"
                                  "def f(a, b):\n  t = 0\n  for i in range(9):\n    t += a[i % 2] + c.x + len(a)\n"
                                  "    if t < b: t = f(a, -t)\n  return t\n"
                                  "for i in range(50): f([1, 2], 5)\n",
                                  Py_file_input, namespace, namespace);
    CHECK(done != NULL);
    PyObject *f = PyDict_GetItemString(namespace, "f");
    PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(f);
    struct bytecode bytecode;
    CHECK(bytecode_decode(code, &bytecode) == REASON_none);
    int different = 0;
    for (int i = 0; i < bytecode.count; i++) {
        different += bytecode.instructions[i].specialised != bytecode.instructions[i].opcode;
    }
    CHECK(different > 3, "tier 0 specialised only %d", different);
    bytecode_free(&bytecode);
    check_against_dis(code);
}

TEST(bound_locals)
{
    start_python();
    PyCodeObject *code = function("def f(a, flag):\n  if flag:\n    b = 1\n  c = 2\n  del a\n  return c\n");
    struct bytecode bytecode;
    CHECK(bytecode_decode(code, &bytecode) == REASON_none);
    /* Locals by number: a 0, flag 1, b 2, c 3. */
    uint64_t at_start = bytecode.instructions[0].bound & 15;
    CHECK(at_start == 3, "%llu", (unsigned long long)at_start);
    uint64_t at_return = bytecode.instructions[find(&bytecode, RETURN_VALUE)].bound & 15;
    CHECK((at_return & 8) != 0 && (at_return & 4) == 0, "c is bound, b is not certain: %llu",
          (unsigned long long)at_return);
    CHECK((at_return & 1) == 0, "a was deleted");
    bytecode_free(&bytecode);
    Py_DECREF(code);
}

TEST(loops_are_seen)
{
    start_python();
    PyCodeObject *code = function("def f(x):\n  return x + 1\n");
    CHECK(!bytecode_has_loop(code));
    Py_DECREF(code);
    code = function("def f(x):\n  for i in x: pass\n");
    CHECK(bytecode_has_loop(code));
    struct bytecode bytecode;
    CHECK(bytecode_decode(code, &bytecode) == REASON_none);
    CHECK(bytecode.has_loop && bytecode.instructions[find(&bytecode, FOR_ITER)].is_loop_header);
    bytecode_free(&bytecode);
    Py_DECREF(code);
    code = function("def f(x):\n  while x: x -= 1\n");
    CHECK(bytecode_has_loop(code));
    Py_DECREF(code);
}

TEST(resume_points_of_generators)
{
    start_python();
    PyCodeObject *code = function("def f(x):\n  yield 1\n  yield from x\n");
    struct bytecode bytecode;
    CHECK(bytecode_decode(code, &bytecode) == REASON_none);
    int points = 0;
    for (int i = 0; i < bytecode.count; i++) {
        points += bytecode.instructions[i].is_resume_point;
    }
    CHECK(points >= 3, "one at the start, one after each yield: %d", points);
    bytecode_free(&bytecode);
    Py_DECREF(code);
}

TEST(units_in_loops_are_those_of_the_outermost)
{
    start_python();
    CHECK(bytecode_loop_units(function("def f(x):\n  return x + 1\n")) == 0);
    Py_ssize_t one = bytecode_loop_units(function("def f(x):\n  for i in x:\n    i()\n"));
    CHECK(one > 0);
    CHECK(bytecode_loop_units(function("def f(x):\n  for i in x:\n    i()\n  for i in x:\n    i()\n")) == 2 * one);
    /* FOR_ITER, STORE_FAST, the inner LOAD_FAST and GET_ITER, and the way back. */
    Py_ssize_t nested = bytecode_loop_units(function("def f(x):\n  for j in x:\n    for i in x:\n      i()\n"));
    CHECK(nested > one && nested < 2 * one, "%zd, %zd", nested, one);
    PyCodeObject *whole = function("def f(x):\n  while True:\n    if x():\n      continue\n    x(x)\n");
    CHECK(bytecode_loop_units(whole) > Py_SIZE(whole) - 10 && bytecode_loop_units(whole) <= Py_SIZE(whole));
    PyCodeObject *sparse =
        function("def f(x):\n  a = [x, x, x]\n  b = [a, a, a, x(a), x(a), x(a)]\n  for i in x:\n    i()\n");
    CHECK(bytecode_loop_units(sparse) == one && one * 2 < Py_SIZE(sparse));
}

/* A copy of f's code with other bytes. */
static PyCodeObject *with_bytes(PyCodeObject *code, const uint8_t *bytes, size_t size)
{
    PyObject *replace = PyObject_GetAttrString((PyObject *)code, "replace");
    PyObject *keywords = PyDict_New();
    PyObject *data = PyBytes_FromStringAndSize((const char *)bytes, (Py_ssize_t)size);
    PyDict_SetItemString(keywords, "co_code", data);
    PyObject *nothing = PyTuple_New(0);
    PyObject *changed = PyObject_Call(replace, nothing, keywords);
    CHECK(changed != NULL);
    return (PyCodeObject *)changed;
}

TEST(shapes_no_compiler_makes_are_refused)
{
    start_python();
    PyCodeObject *code = function("def f(x):\n  return x\n");
    static const struct {
        const char *what;
        uint8_t bytes[16];
        size_t size;
    } cases[] = {
        {"a stack that underflows", {RESUME, 0, POP_TOP, 0, LOAD_CONST, 0, RETURN_VALUE, 0}, 8},
        {"a jump beyond the end", {RESUME, 0, JUMP_FORWARD, 200, LOAD_CONST, 0, RETURN_VALUE, 0}, 8},
        {"a jump before the start", {RESUME, 0, JUMP_BACKWARD, 200, LOAD_CONST, 0, RETURN_VALUE, 0}, 8},
        {"falling off the end", {RESUME, 0, LOAD_CONST, 0, POP_TOP, 0}, 6},
        {"depths that disagree",
         {RESUME, 0, LOAD_CONST, 0, LOAD_CONST, 0, POP_JUMP_FORWARD_IF_NONE, 1, LOAD_CONST, 0, RETURN_VALUE, 0},
         12},
        {"an unknown opcode", {RESUME, 0, 7, 0, LOAD_CONST, 0, RETURN_VALUE, 0}, 8},
        {"a stack that overflows",
         {RESUME, 0, LOAD_CONST, 0, LOAD_CONST, 0, LOAD_CONST, 0, LOAD_CONST, 0, LOAD_CONST, 0, LOAD_CONST, 0,
          RETURN_VALUE, 0},
         16},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        PyCodeObject *changed = with_bytes(code, cases[i].bytes, cases[i].size);
        struct bytecode bytecode;
        enum reason reason = bytecode_decode(changed, &bytecode);
        CHECK(reason == REASON_unknown_bytecode, "%s: %s", cases[i].what, reason_name(reason));
        Py_DECREF(changed);
    }
}
