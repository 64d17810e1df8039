/* tests/unit/test_ir_fuzz.c: random graphs (ir_program_graphs.h) through the passes: before and after, with whichever guard failing, they do
 * what an interpreter does. IR_FUZZ_FIRST and IR_FUZZ_SECONDS in the environment say where to begin and how long to go on (make fuzz-ir). */
#include "tests/unit/ir_program_graphs.h"
#include "tests/unit/ir_seeds.h"
#include "tests/unit/unit.h"
#include "tier2/passes.h"

static char *text_of(struct ir_graph *graph)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    ir_print(graph, file);
    fclose(file);
    return text;
}

/* The references of the objects that were there before (of numbers nobody can tell: they come and go as raw values), and what went wrong:
 * the end of the text. */
static char *close_world(struct ir_world *world)
{
    if (world->problem != NULL) {
        fprintf(world->trace, "problem: %s\n", world->problem);
    }
    for (int i = 0; i < WORLD_OBJECTS && world->problem == NULL; i++) {
        if (!graph_is_number_kind((enum ir_kind)world->pool[i]->kind)) {
            fprintf(world->trace, " %lld", (long long)world->pool[i]->references);
        }
    }
    char *text = strdup(ir_world_text(world));
    ir_world_free(world);
    return text;
}

static char *run_interpreter(const struct program *program, uint64_t seed)
{
    struct ir_world world;
    program_open_world(&world, seed);
    program_interpret(program, &world, 0, 0);
    return close_world(&world);
}

static long endings[ENDING_PROBLEM + 1]; /* how often graphs ended how, no guard being made to fail */

/* The graph, and the interpreter from where it left. */
static char *run_graph(const struct program *program, const struct ir_graph *graph, uint64_t seed, int64_t fail_guard,
                       int64_t *guards)
{
    struct ir_world world;
    program_open_world(&world, seed);
    world.fail_guard = fail_guard;
    struct ir_outcome outcome = ir_eval(graph, &world);
    *guards = world.guard_count;
    endings[outcome.ending] += fail_guard == 0;
    int depth = 0;
    if (outcome.ending == ENDING_LEFT || outcome.ending == ENDING_RAISED) {
        ir_eval_leave(graph, &world, &outcome);
        depth = outcome.state->depth;
    }
    for (int i = depth; i < WORLD_SLOTS; i++) {
        world.operands[i].object = NULL;
    }
    if (outcome.ending == ENDING_RETURNED) {
        ir_eval_note(graph, &world, &outcome);
        ir_world_check_references(&world, outcome.value);
    } else if (outcome.ending == ENDING_RAISED) {
        fprintf(world.trace, "raises at %u\n", outcome.state->offset / 2);
    } else if (outcome.ending == ENDING_LEFT) {
        program_interpret(program, &world, (int)outcome.state->offset / 2, depth);
    } else {
        ir_eval_note(graph, &world, &outcome);
    }
    free(outcome.values);
    return close_world(&world);
}

static void fail_with(const char *stage, uint64_t seed, uint64_t world, int64_t fail_guard, struct ir_graph *graph,
                      const char *wanted, const char *found)
{
    printf("program %llu, world %llu, failing guard %lld, after %s:\n%s", (unsigned long long)seed,
           (unsigned long long)world, (long long)fail_guard, stage, text_of(graph));
    unit_fail(__FILE__, __LINE__, "it does the same", ":\nthe interpreter alone:\n%s\nthe graph:\n%s", wanted, found);
}

enum { WORLDS = 3, MOST_FAILED_GUARDS = 12 };

/* Does the graph do what the interpreter does, whichever guard fails? */
static void check_graph(const struct program *program, struct ir_graph *graph, uint64_t seed, const char *stage)
{
    for (uint64_t world = seed * WORLDS; world < (seed + 1) * WORLDS; world++) {
        char *wanted = run_interpreter(program, world);
        int64_t guards = 0;
        for (int64_t failing = 0, step = 1; failing <= guards; failing += step) {
            int64_t count;
            char *found = run_graph(program, graph, world, failing, &count);
            if (strcmp(wanted, found) != 0) {
                fail_with(stage, seed, world, failing, graph, wanted, found);
            }
            free(found);
            if (failing == 0) {
                guards = count;
                step = guards / MOST_FAILED_GUARDS + 1;
            }
        }
        free(wanted);
    }
}

static void check_round_trip(struct ir_graph *graph)
{
    char *once = text_of(graph);
    struct ir_graph *again = ir_graph_new();
    char error[256];
    CHECK(ir_parse(again, once, error, sizeof error), "%s in:\n%s", error, once);
    char *twice = text_of(again);
    CHECK(strcmp(once, twice) == 0, "printed:\n%s\nparsed and printed again:\n%s", once, twice);
    ir_graph_free(again);
    free(once);
    free(twice);
}

static struct ir_graph *ordered_graph(const struct program *program, uint64_t seed)
{
    struct ir_graph *graph = graph_of_program(program, seed);
    CHECK(ir_check_edges(graph, "building", stderr), "program %llu", (unsigned long long)seed);
    ir_order(graph);
    CHECK(ir_verify(graph, "building"), "program %llu", (unsigned long long)seed);
    return graph;
}

static void run_pass(const struct program *program, struct ir_graph *graph, uint64_t seed, const struct ir_pass *pass)
{
    pass->run(graph);
    CHECK(!graph->out_of_memory);
    CHECK(ir_verify(graph, pass->name), "program %llu after %s", (unsigned long long)seed, pass->name);
    check_graph(program, graph, seed, pass->name);
}

static void check_program(uint64_t seed)
{
    struct program program;
    program_make(&program, seed, seed % 3 == 0);
    struct ir_graph *graph = ordered_graph(&program, seed);
    check_graph(&program, graph, seed, "building");
    check_round_trip(graph);
    for (size_t i = 0; i < ir_pass_count; i++) {
        run_pass(&program, graph, seed, &ir_passes[i]);
    }
    check_round_trip(graph);
    ir_graph_free(graph);
    for (size_t i = 0; i < ir_pass_count; i++) {
        graph = ordered_graph(&program, seed);
        run_pass(&program, graph, seed, &ir_passes[i]);
        ir_graph_free(graph);
    }
}

TEST(passes_keep_what_graphs_do)
{
    check_seeds(1500, check_program);
    printf("# graphs returned %ld times, left %ld, raised %ld\n", endings[ENDING_RETURNED], endings[ENDING_LEFT],
           endings[ENDING_RAISED]);
    CHECK(endings[ENDING_RETURNED] > 0 && endings[ENDING_LEFT] > 0);
}
