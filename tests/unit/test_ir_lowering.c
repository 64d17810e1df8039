/* tests/unit/test_ir_lowering.c: what LLVM makes of graphs does what the evaluator and an interpreter do: random programs on numbers
 * (ir_program_graphs.h), lowered, compiled and run on real frames and objects; where they leave, runtime/deopt.c puts the frame right and the
 * interpreter goes on. IR_FUZZ_FIRST and IR_FUZZ_SECONDS in the environment as in test_ir_fuzz.c. */
#include "tests/unit/ir_program_graphs.h"
#include "tests/unit/ir_seeds.h"
#include "tests/unit/unit.h"

#include "runtime/code_arena.h"
#include "runtime/deopt.h"
#include "runtime/runtime_data.h"
#include "tier2/lower.h"
#include "tier2/orc.h"
#include "tier2/passes.h"

/* ---- Between the model's objects and Python's ----------------------------------------------------------------------- */

/* Stand for the pool's objects that are no numbers. */
static PyObject *stand_ins[WORLD_OBJECTS];

static PyObject *new_stand_in(enum ir_kind kind)
{
    switch (kind) {
    case KIND_list:
        return PyList_New(0);
    case KIND_tuple:
        return PyTuple_New(1);
    case KIND_dict:
        return PyDict_New();
    case KIND_str:
        return PyUnicode_FromString("a string");
    default:
        return PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type);
    }
}

static double float_of(int64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A new reference. */
static PyObject *to_python(const struct world_object *object)
{
    if (object == NULL) {
        return NULL;
    }
    switch ((enum ir_kind)object->kind) {
    case KIND_int:
        return object->huge ? PyLong_FromString("123456789012345678901234567890", NULL, 10)
                            : PyLong_FromLongLong(object->value);
    case KIND_float:
        return PyFloat_FromDouble(float_of(object->value));
    case KIND_bool:
        return Py_NewRef(object->value ? Py_True : Py_False);
    default:
        return Py_NewRef(stand_ins[object->number]);
    }
}

/* The same with the reference taken over; nothing of the world's counts is kept here. */
static struct world_object *from_python(struct ir_world *world, PyObject *object)
{
    struct world_object *found = NULL;
    if (object == NULL) {
        return NULL;
    }
    if (PyFloat_CheckExact(object)) {
        found = ir_world_box(world, KIND_float, program_float_bits(PyFloat_AS_DOUBLE(object)));
    } else if (PyBool_Check(object)) {
        found = ir_world_box(world, KIND_bool, object == Py_True);
        found->references++;
    } else if (PyLong_CheckExact(object)) {
        int overflow;
        int64_t value = PyLong_AsLongLongAndOverflow(object, &overflow);
        found = ir_world_box(world, KIND_int, value);
        found->huge = overflow != 0;
    } else {
        for (int i = 0; i < WORLD_OBJECTS; i++) {
            found = stand_ins[i] == object ? world->pool[i] : found;
        }
        CHECK(found != NULL, "an object from nowhere");
        found->references++;
    }
    Py_DECREF(object);
    return found;
}

/* ---- Running machine code ---------------------------------------------------------------------------------------------- */

static PyCodeObject *some_code;
static struct compiled_code landing; /* where "tier 1" is entered */
static char landing_code[16];
static uint32_t left_at;

static struct compiled_code *note_leaving(InterpreterFrame *frame, uint32_t offset, const struct entry_row **row)
{
    static const struct entry_row nowhere;
    (void)frame;
    left_at = offset;
    *row = &nowhere;
    return &landing;
}

static void start(void)
{
    Py_InitializeEx(0);
    runtime_data_init(PyThreadState_Get());
    CHECK(code_arena_init(0));
    enum reason reason = orc_start(getenv("JIT_LLVM"));
    CHECK(reason == REASON_none, "%s: %s", reason_sentence(reason), orc_error());
    some_code = PyCode_NewEmpty("file", "function", 1);
    landing.start = landing_code;
    deopt_find_entry = note_leaving;
    struct ir_world world;
    ir_world_open(&world, 1);
    for (int i = 0; i < WORLD_OBJECTS; i++) {
        stand_ins[i] = new_stand_in((enum ir_kind)world.pool[i]->kind);
    }
    ir_world_free(&world);
}

struct machine {
    struct orc_code *code;
    struct deopt_table *table;
};

static struct machine compile(struct ir_graph *graph, enum orc_pipeline pipeline)
{
    struct machine machine;
    struct orc_unit unit;
    orc_unit_open(&unit, "program");
    enum reason reason = lower_graph(graph, &unit, "program", some_code, &machine.table);
    CHECK(reason == REASON_none, "%s", reason_sentence(reason));
    struct orc_request request = {
        .module = unit.module, .pipeline = pipeline, .symbols = {"program"}, .symbol_count = 1};
    reason = orc_compile(&request, &machine.code);
    CHECK(reason == REASON_none, "%s: %s", reason_sentence(reason), orc_error());
    orc_unit_close(&unit);
    return machine;
}

static void machine_free(struct machine *machine)
{
    orc_free(machine->code);
    deopt_table_free(machine->table);
}

/* How many operands there are at an instruction. */
static int depth_at(const struct ir_graph *graph, uint32_t offset)
{
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            if (node->state != NULL && node->state->offset == offset) {
                return node->state->depth;
            }
        }
    }
    CHECK(false, "it left at %u, where no state is", offset);
    return 0;
}

/* What happens when the machine code runs in a world, and the interpreter from where it left. */
static char *run_machine(const struct program *program, const struct ir_graph *graph, const struct machine *machine,
                         uint64_t seed)
{
    struct ir_world world;
    program_open_world(&world, seed);
    struct {
        InterpreterFrame frame;
        PyObject *rest[PROGRAM_ALL_LOCALS + PROGRAM_STACK];
    } space = {.frame = {.f_code = some_code}};
    InterpreterFrame *frame = &space.frame;
    for (int i = 0; i < PROGRAM_ALL_LOCALS; i++) {
        frame->localsplus[i] = to_python(world.homes[0][i]);
        world.homes[0][i] = NULL;
    }
    tier2_function *function = (tier2_function *)machine->code->entries[0];
    struct side_exit_outcome outcome = function(frame, PyThreadState_Get(), NULL);
    bool left = outcome.address != NULL;
    int depth = left ? depth_at(graph, left_at) : 0;
    for (int i = 0; i < PROGRAM_ALL_LOCALS; i++) {
        world.homes[0][i] = from_python(&world, frame->localsplus[i]);
    }
    for (int i = 0; i < depth; i++) {
        world.operands[i].object = from_python(&world, frame->localsplus[PROGRAM_ALL_LOCALS + i]);
    }
    if (left) {
        program_interpret(program, &world, (int)left_at / 2, depth);
    } else {
        fputs("returns ", world.trace);
        ir_world_note_object(&world, from_python(&world, (PyObject *)outcome.result));
        fputc('\n', world.trace);
    }
    char *text = strdup(ir_world_text(&world));
    ir_world_free(&world);
    return text;
}

static char *run_interpreter(const struct program *program, uint64_t seed)
{
    struct ir_world world;
    program_open_world(&world, seed);
    program_interpret(program, &world, 0, 0);
    char *text = strdup(ir_world_text(&world));
    ir_world_free(&world);
    return text;
}

enum { WORLDS = 24 };

static void check_program(uint64_t seed, enum orc_pipeline pipeline)
{
    struct program program;
    program_make(&program, seed, true);
    struct ir_graph *graph = graph_of_program(&program, seed);
    for (size_t i = 0; i < ir_pass_count; i++) {
        ir_passes[i].run(graph);
    }
    CHECK(ir_verify(graph, "passes"), "program %llu", (unsigned long long)seed);
    struct machine machine = compile(graph, pipeline);
    for (uint64_t world = 1; world <= WORLDS; world++) {
        char *wanted = run_interpreter(&program, world);
        char *found = run_machine(&program, graph, &machine, world);
        if (strcmp(wanted, found) != 0) {
            ir_print(graph, stdout);
            unit_fail(__FILE__, __LINE__, "it does the same",
                      ": program %llu, world %llu, pipeline %s\nthe interpreter:\n%s\nthe machine code:\n%s",
                      (unsigned long long)seed, (unsigned long long)world, orc_pipeline_name(pipeline), wanted,
                      found);
        }
        free(wanted);
        free(found);
    }
    machine_free(&machine);
    ir_graph_free(graph);
}

static void check_seed(uint64_t seed)
{
    check_program(seed, seed % 8 == 0 ? ORC_full : ORC_lean);
}

TEST(machine_code_does_what_graphs_do)
{
    start();
    check_seeds(150, check_seed);
}
