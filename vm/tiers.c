/* vm/tiers.c: when tier 2 is asked, what it makes is entered, and where execution goes on after an exit.
 *
 * Tier-2 code hangs on the tier-1 code it is entered from and exits to, and is freed with it. Code that has failed too
 * often is no longer entered but stays until then, because frames may be in it.
 */
#include "vm/tiers.h"

#include "runtime/bytecode.h"
#include "runtime/deopt.h"
#include "runtime/generator.h"
#include "runtime/runtime_data.h"
#include "tier1/compile.h"
#include "tier2/compile.h"
#include "vm/event_log.h"
#include "vm/options.h"

#include <stdlib.h>
#include <string.h>

/* So many failures of guards, and code is thrown away; the next attempt comes after so many times the turns. */
enum { MOST_FAILURES = 64, FEW_FAILURES = 8, BACK_OFF = 8, MOST_ATTEMPTS = 6 };

/* An inner loop that waits for the one around it waits for so many times the turns. */
enum { PATIENCE = 4 };

struct tier2_code {
    struct tier2_code *next;
    struct tier2_job *job;   /* owned */
    struct tier2_cell *cell; /* from which it is entered */
    bool withdrawn;
};

static void free_code(struct tier2_code *code)
{
    while (code != NULL) {
        struct tier2_code *next = code->next;
        tier2_job_free(code->job);
        free(code);
        code = next;
    }
}

int64_t tiers_countdown(void)
{
    return options.tier_cap >= 2 ? (options.stress.compile_all ? 2 : options.tier2_threshold) : 0;
}

/* ---- Up -------------------------------------------------------------------------------------------------------- */

static void publish(struct compiled_code *compiled, struct tier2_cell *cell, struct tier2_job *job)
{
    struct tier2_code *code = calloc(1, sizeof *code);
    if (code == NULL) {
        tier2_job_free(job);
        return;
    }
    *code = (struct tier2_code){.next = compiled->tier2, .job = job, .cell = cell};
    compiled->tier2 = code;
    cell->entry = job->entry;
    cell->countdown = -1;
}

/* The cell of the backward jump of the outermost loop around `offset`, or NULL. */
static struct tier2_cell *outermost_loop(const struct compiled_code *compiled, uint32_t offset)
{
    struct bytecode bytecode;
    if (offset == 0 || bytecode_decode(compiled->code, &bytecode) != REASON_none) {
        return NULL;
    }
    int header = bytecode.number_of_unit[offset / sizeof(CodeUnit)];
    struct tier2_cell *found = NULL;
    for (int i = bytecode.count - 1; i > header && found == NULL; i--) {
        const struct instruction *instruction = &bytecode.instructions[i];
        if (instruction->depth >= 0 && instruction->target >= 0 && instruction->target < header &&
            compiled->cells[i] >= 0) {
            found = (struct tier2_cell *)((char *)compiled->feedback + compiled->cells[i]);
        }
    }
    bytecode_free(&bytecode);
    return found;
}

/* What has failed often in code of the function that was withdrawn. Owned. */
static struct deopt_failure *collect_failures(const struct compiled_code *compiled, size_t *count)
{
    size_t most = 1;
    for (const struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        most += code->job->table->exit_count;
    }
    struct deopt_failure *failures = malloc(most * sizeof *failures);
    *count = 0;
    for (const struct tier2_code *code = compiled->tier2; code != NULL && failures != NULL; code = code->next) {
        const struct deopt_table *table = code->job->table;
        for (size_t i = 0; i < table->exit_count; i++) {
            if (table->exits[i].counts && table->exits[i].count >= FEW_FAILURES) {
                failures[(*count)++] = (struct deopt_failure){
                    .place = table->exits[i].place, .op = table->exits[i].op, .kind = table->exits[i].kind};
            }
        }
    }
    return failures;
}

static void ask(PyThreadState *tstate, InterpreterFrame *frame, struct tier2_cell *cell)
{
    (void)tstate;
    struct code_state *state = code_state_get(frame->f_code);
    if (state == NULL || state->compiled == NULL || state->suppressed || cell->asked >= MOST_ATTEMPTS) {
        return;
    }
    struct compiled_code *compiled = state->compiled;
    if ((char *)cell < (char *)compiled->feedback ||
        (char *)cell >= (char *)compiled->feedback + compiled->feedback_size) {
        /* Code that was replaced: the cell counts for nothing now. */
        return;
    }
    struct tier2_cell *outer = outermost_loop(compiled, cell->offset);
    if (outer != NULL && outer->entry == NULL && outer->asked == 0 && outer->countdown > 0) {
        /* The whole nest is better, if its next turn comes soon. */
        outer->countdown = 0;
        cell->countdown = tiers_countdown() * PATIENCE;
        return;
    }
    struct tier2_job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        return;
    }
    cell->asked++;
    job->code = frame->f_code;
    job->loop_offset = cell->offset;
    struct deopt_failure *failures = collect_failures(compiled, &job->failure_count);
    job->failures = failures;
    enum reason reason = tier2_build(job, compiled, frame);
    free(failures);
    job->failures = NULL;
    if (reason == REASON_none) {
        reason = tier2_emit(job);
    }
    double milliseconds = job->build_ms + job->passes_ms + job->emit_ms;
    if (reason != REASON_none) {
        cell->asked = MOST_ATTEMPTS;
        event_log(EVENT_refuse, frame->f_code, 2, (int)cell->offset, reason, 0, milliseconds);
        tier2_job_free(job);
        return;
    }
    event_log(EVENT_compile, frame->f_code, 2, (int)cell->offset, REASON_none, tier2_job_size(job), milliseconds);
    publish(compiled, cell, job);
}

/* ---- Down -------------------------------------------------------------------------------------------------------- */

static bool has_table(const struct tier2_job *job, const struct deopt_table *table)
{
    const struct deopt_table *own = job->table;
    while (own != NULL && own != table) {
        own = own->next;
    }
    return own != NULL;
}

static void observe(struct deopt_table *table, struct deopt_exit *exit)
{
    event_log(EVENT_deopt, table->code, 2, (int)exit->root_place, REASON_guard_failed, 0, -1);
    if (table->failures < MOST_FAILURES) {
        return;
    }
    struct code_state *state = code_state_get(table->code);
    for (struct tier2_code *code = state != NULL && state->compiled != NULL ? state->compiled->tier2 : NULL;
         code != NULL; code = code->next) {
        if (has_table(code->job, table) && !code->withdrawn) {
            code->withdrawn = true;
            code->cell->entry = NULL;
            code->cell->countdown = tiers_countdown();
            for (uint32_t i = 0; i < code->cell->asked; i++) {
                code->cell->countdown *= BACK_OFF;
            }
            event_log(EVENT_invalidate, table->code, 2, -1, REASON_many_guards_failed, tier2_job_size(code->job), -1);
        }
    }
}

static int compare_offsets(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* All places that tier-2 code of the function can exit to, sorted; owned. */
static uint32_t *collect_offsets(const struct compiled_code *compiled, uint32_t wanted, size_t *count)
{
    size_t most = 1 + compiled->entry_count;
    for (const struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        most += code->job->table->state_count;
    }
    uint32_t *offsets = malloc(most * sizeof *offsets);
    if (offsets == NULL) {
        return NULL;
    }
    size_t used = 0;
    offsets[used++] = wanted;
    /* Tier-2 code of other functions that inlined this one exits to it, too. */
    for (uint32_t i = 0; i < compiled->entry_count; i++) {
        offsets[used++] = compiled->entries[i].unit * (uint32_t)sizeof(CodeUnit);
    }
    for (const struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        for (size_t i = 0; i < code->job->table->state_count; i++) {
            const struct deopt_state *state = &code->job->table->states[i];
            if (state->outer == DEOPT_NO_STATE) {
                offsets[used++] = state->next != 0 ? state->next : state->offset;
            }
        }
    }
    qsort(offsets, used, sizeof *offsets, compare_offsets);
    *count = used;
    return offsets;
}

/* The cell of `compiled` for the instruction whose cell in `old` this is. */
static struct tier2_cell *moved_cell(const struct compiled_code *compiled, const struct compiled_code *old,
                                     const struct tier2_cell *cell)
{
    int32_t place = (int32_t)((const char *)cell - (const char *)old->feedback);
    int number = 0;
    while (old->cells[number] != place) {
        number++;
    }
    return (struct tier2_cell *)((char *)compiled->feedback + compiled->cells[number]);
}

/* Tier-1 code that can be entered wherever the function's tier-2 code may exit takes the place of what there was, which frames may
 * go on running. */
static struct compiled_code *compile_landing(struct code_state *state, uint32_t wanted)
{
    struct compiled_code *old = state->compiled;
    size_t count;
    uint32_t *offsets = collect_offsets(old, wanted, &count);
    if (offsets == NULL) {
        return NULL;
    }
    struct tier1_options tier1_options = {
        .no_forwarding = options.stress.no_forward != 0,
        .count_for_tier2 = tiers_countdown(),
        .entries = offsets,
        .entry_count = count,
        .earlier = old,
    };
    struct compiled_code *compiled = NULL;
    enum reason reason = tier1_compile(state->code, &tier1_options, &compiled);
    free(offsets);
    if (reason != REASON_none) {
        return NULL;
    }
    compiled->tier2 = old->tier2;
    old->tier2 = NULL;
    for (struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        code->cell = moved_cell(compiled, old, code->cell);
    }
    compiled->generation = old->generation;
    generator_withdraw(state);
    code_state_withdraw_entry(state);
    old->retired = state->retired;
    state->retired = old;
    state->compiled = compiled;
    state->native_entry = compiled->native_entry;
    generator_publish(state);
    return compiled;
}

static struct compiled_code *find_entry(InterpreterFrame *frame, uint32_t offset, const struct entry_row **row)
{
    struct code_state *state = code_state_get(frame->f_code);
    if (state == NULL || state->compiled == NULL) {
        return NULL;
    }
    struct compiled_code *compiled = state->compiled;
    *row = code_map_entry(compiled, offset);
    if (*row == NULL) {
        compiled = compile_landing(state, offset);
        *row = compiled != NULL ? code_map_entry(compiled, offset) : NULL;
    }
    return *row != NULL ? compiled : NULL;
}

void tiers_install(void)
{
    if (options.dump != NULL && tier2_dump == NULL) {
        tier2_dump = strcmp(options.dump, "-") == 0 ? stderr : fopen(options.dump, "ae");
    }
    deopt_ask = ask;
    deopt_observer = observe;
    deopt_find_entry = find_entry;
    code_map_free_tier2 = free_code;
}
