/* tests/unit/test_ir_text.c: graphs in text (the files of tests/ir): round trips, what passes make of them, what the verifier and the parser say.
 *
 * A file is a list of cases:
 *
 *   == NAME: PASS, PASS             names of ir_passes, "_" for a space; "pipeline": all of them; "verify", "parse": the messages
 *   text of a graph
 *   --
 *   the text expected
 *
 * Every graph is printed, parsed and printed again. Where passes ran, the evaluator must find no difference between the graph before and
 * after, in a handful of worlds; a "~" before the list of passes says that they move guards, so that it may leave elsewhere.
 * IR_REWRITE=1 in the environment (make ir-expect) writes what came out into the files. */
#include "tier2/ir_eval.h"
#include "tier2/ir_text.h"
#include "tier2/passes.h"

#include "tests/unit/unit.h"

#include <glob.h>
#include <libgen.h>

struct ir_case {
    char name[160]; /* FILE.NAME */
    char *header;   /* the whole line "== ..." */
    char *passes;   /* after the colon */
    bool moves;     /* "~" */
    char *before;   /* comments above the header, as in the file */
    char *input, *expected;
    struct unit_test test;
    struct ir_case *next;
};

static struct ir_case *cases;

/* ---- Graphs ------------------------------------------------------------------------------------------------------ */

static char *text_of(struct ir_graph *graph)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    ir_print(graph, file);
    fclose(file);
    return text;
}

/* The graph of a text, in order. */
static struct ir_graph *graph_of(const char *text)
{
    struct ir_graph *graph = ir_graph_new();
    char error[256];
    CHECK(ir_parse(graph, text, error, sizeof error), "%s", error);
    return graph;
}

static void check_round_trip(struct ir_graph *graph)
{
    char *once = text_of(graph);
    struct ir_graph *again = graph_of(once);
    char *twice = text_of(again);
    CHECK(strcmp(once, twice) == 0, "printed:\n%s\nparsed and printed again:\n%s", once, twice);
    ir_graph_free(again);
    free(once);
    free(twice);
}

static void run_named_pass(struct ir_graph *graph, const char *name)
{
    for (size_t i = 0; i < ir_pass_count; i++) {
        char plain[64];
        snprintf(plain, sizeof plain, "%s", ir_passes[i].name);
        for (char *c = plain; *c != '\0'; c++) {
            *c = *c == ' ' ? '_' : *c;
        }
        if (strcmp(name, plain) == 0 || strcmp(name, "pipeline") == 0) {
            ir_passes[i].run(graph);
            CHECK(!graph->out_of_memory);
            CHECK(ir_verify(graph, ir_passes[i].name), "after pass %s", ir_passes[i].name);
            if (strcmp(name, plain) == 0) {
                return;
            }
        }
    }
    CHECK(strcmp(name, "pipeline") == 0, "there is no pass \"%s\"", name);
}

/* What outsiders see of a graph in a world. `early`: does it leave by a guard that was moved before a loop? */
static char *what_happens(const struct ir_graph *graph, uint64_t seed, bool *early)
{
    struct ir_world world;
    ir_world_open(&world, seed);
    struct ir_outcome outcome = ir_eval(graph, &world);
    ir_eval_note(graph, &world, &outcome);
    *early = outcome.state != NULL && outcome.node->origin != NULL;
    if (world.problem == NULL && outcome.state != NULL) {
        ir_eval_leave(graph, &world, &outcome);
    }
    if (world.problem == NULL && outcome.ending != ENDING_STEPS) {
        ir_world_check_references(&world, outcome.value);
    }
    char *text = strdup(ir_world_text(&world));
    if (world.problem != NULL) {
        char *with_problem;
        CHECK(asprintf(&with_problem, "%sproblem: %s\n", text, world.problem) > 0);
        free(text);
        text = with_problem;
    }
    free(outcome.values);
    ir_world_free(&world);
    return text;
}

enum { WORLDS = 24 };

/* Worlds in which the first graph breaks a promise ("fits", which does not) count for nothing. */
static void check_same_happenings(const struct ir_graph *before, const struct ir_graph *after)
{
    int sound_worlds = 0;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        bool early;
        char *first = what_happens(before, seed, &early);
        char *second = what_happens(after, seed, &early);
        bool sound = strstr(first, "problem") == NULL;
        sound_worlds += sound;
        /* Where it leaves before the loop, what it would have done there is tier 1's to do (test_ir_fuzz.c goes on there). */
        CHECK(!sound || (early && strstr(second, "problem") == NULL) || strcmp(first, second) == 0,
              "in world %d before:\n%safter:\n%s", (int)seed, first, second);
        free(first);
        free(second);
    }
    CHECK(sound_worlds > 0, "the graph breaks its own promises in every world");
}

/* ---- Cases ----------------------------------------------------------------------------------------------------------- */

static char *result_of_parse(const char *text)
{
    struct ir_graph *graph = ir_graph_new();
    char error[256] = "no error\n";
    if (!ir_parse(graph, text, error, sizeof error - 1)) {
        strcat(error, "\n");
    }
    ir_graph_free(graph);
    return strdup(error);
}

static char *result_of_verify(const char *text)
{
    struct ir_graph *graph = graph_of(text);
    char *report = NULL;
    size_t size;
    FILE *file = open_memstream(&report, &size);
    bool good = ir_check_edges(graph, "test", file);
    if (good) {
        ir_order(graph);
        good = ir_check(graph, "test", file);
    }
    fputs(good ? "well-formed\n" : "", file);
    fclose(file);
    ir_graph_free(graph);
    return report;
}

static char *result_of_passes(const struct ir_case *wanted)
{
    struct ir_graph *before = graph_of(wanted->input);
    struct ir_graph *graph = graph_of(wanted->input);
    check_round_trip(graph);
    ir_order(before);
    ir_order(graph);
    CHECK(ir_verify(before, "parsing"));
    char list[256];
    snprintf(list, sizeof list, "%s", wanted->passes);
    for (char *name = strtok(list, ", ~\n"); name != NULL; name = strtok(NULL, ", \n")) {
        run_named_pass(graph, name);
    }
    check_round_trip(graph);
    if (!wanted->moves) {
        check_same_happenings(before, graph);
    }
    char *text = text_of(graph);
    ir_graph_free(before);
    ir_graph_free(graph);
    return text;
}

static char *result_of(const struct ir_case *wanted)
{
    return strstr(wanted->passes, " parse")    ? result_of_parse(wanted->input)
           : strstr(wanted->passes, " verify") ? result_of_verify(wanted->input)
                                               : result_of_passes(wanted);
}

static void run_case(void)
{
    for (const struct ir_case *wanted = cases; wanted != NULL; wanted = wanted->next) {
        if (strcmp(wanted->name, unit_current) == 0) {
            char *found = result_of(wanted);
            CHECK(strcmp(found, wanted->expected) == 0, "expected:\n%s\nfound (make ir-expect takes it over):\n%s",
                  wanted->expected, found);
        }
    }
}

/* ---- Files ------------------------------------------------------------------------------------------------------------ */

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;
    if (file == NULL || getdelim(&text, &size, '\0', file) < 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    fclose(file);
    return text;
}

/* The text up to the line that begins with `mark` or the end; *rest is that line. */
static char *text_until(char *from, const char *mark, char **rest)
{
    char *at = from;
    while (*at != '\0' && strncmp(at, mark, strlen(mark)) != 0) {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    *rest = at;
    return strndup(from, (size_t)(at - from));
}

/* Comments and empty lines at the end of a text: they belong to the next case. Cuts them off; returns them. */
static char *cut_comments(char *text)
{
    char *end = text + strlen(text);
    char *cut = end;
    while (cut > text) {
        char *line = cut - 1;
        while (line > text && line[-1] != '\n') {
            line--;
        }
        if (*line != ';' && *line != '\n') {
            break;
        }
        cut = line;
    }
    char *comments = strdup(cut);
    *cut = '\0';
    return comments;
}

static struct ir_case **read_file(const char *path, struct ir_case **end)
{
    char *text = read_whole(path);
    char *at;
    char *comments = text_until(text, "==", &at);
    char copy[256];
    snprintf(copy, sizeof copy, "%s", path);
    char *base = basename(copy);
    while (*at != '\0') {
        struct ir_case *found = calloc(1, sizeof *found);
        found->before = comments;
        found->header = strndup(at, strcspn(at, "\n") + 1);
        at += strlen(found->header);
        const char *colon = strchr(found->header, ':');
        if (colon == NULL) {
            fprintf(stderr, "%s: no list of passes in: %s", path, found->header);
            exit(2);
        }
        snprintf(found->name, sizeof found->name, "%.*s.%.*s", (int)(strlen(base) - 3), base,
                 (int)(colon - found->header - 3), found->header + 3);
        found->passes = strdup(colon + 1);
        found->moves = strchr(found->passes, '~') != NULL;
        found->input = text_until(at, "--", &at);
        at += strcspn(at, "\n");
        at += *at == '\n';
        found->expected = text_until(at, "==", &at);
        comments = cut_comments(found->expected);
        found->test = (struct unit_test){found->name, run_case, NULL};
        *unit_tests_end = &found->test;
        unit_tests_end = &found->test.next;
        *end = found;
        end = &found->next;
    }
    free(text);
    return end;
}

/* `first` and those after it are the file's cases. */
static void rewrite_file(const char *path, const struct ir_case *first)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    for (const struct ir_case *one = first; one != NULL; one = one->next) {
        unit_current = one->name;
        char *found = result_of(one);
        fprintf(file, "%s%s%s--\n%s", one->before, one->header, one->input, found);
        free(found);
    }
    fclose(file);
    file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        fprintf(stderr, "%s cannot be written\n", path);
        exit(2);
    }
    free(text);
}

__attribute__((constructor)) static void read_files(void)
{
    glob_t found;
    struct ir_case **end = &cases;
    if (glob(IR_TESTS_FOLDER "/*.ir", 0, NULL, &found) != 0) {
        fprintf(stderr, "no files in " IR_TESTS_FOLDER "\n");
        exit(2);
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct ir_case **first = end;
        end = read_file(found.gl_pathv[i], end);
        if (getenv("IR_REWRITE") != NULL) {
            rewrite_file(found.gl_pathv[i], *first);
        }
    }
    if (getenv("IR_REWRITE") != NULL) {
        exit(0);
    }
    globfree(&found);
}
