/* vm/tiers.c: when tier 2 is asked, what it makes is entered, and where execution goes on after an exit.
 *
 * Tier-2 code hangs on the tier-1 code it is entered from and exits to, from the moment it is asked for, and is freed with it. Code
 * that has failed too often is no longer entered but stays until then, because frames may be in it.
 *
 * It is compiled on the compile thread. Nobody is told when it is ready: the cell that asked goes on counting, and asks again after
 * some turns more. So publication costs nothing when there is nothing to publish, happens in whichever thread the code is hot in, and
 * at a place where tier 1 is ready for it.
 */
#include "vm/tiers.h"

#include "gdb/jit_interface.h"
#include "perf/code_listing.h"
#include "runtime/box_reserve.h"
#include "runtime/bytecode.h"
#include "runtime/compiler_memory.h"
#include "runtime/deopt.h"
#include "runtime/frame.h"
#include "runtime/generator.h"
#include "runtime/runtime_data.h"
#include "tier1/compile.h"
#include "tier2/compile.h"
#include "tier2/compile_thread.h"
#include "tier2/debug_info.h"
#include "tier2/ir.h"
#include "vm/event_log.h"
#include "vm/options.h"
#include "vm/policy.h"
#include "vm/trial.h"

#include <stdlib.h>
#include <string.h>

/* So many failures of guards within a time in which they cost more than a small part of it, and code is thrown away; the next attempt comes after so
 * many times the turns, and better knows what to leave out. An exit of which the next attempt can do without for little must be taken so often in
 * all. */
enum {
    MOST_FAILURES = 64,
    FEW_FAILURES = 8,
    TICKS_PER_FAILURE = 400 * 1000,
    MOST_CHEAP_FAILURES = 512,
    BACK_OFF = 4,
    MOST_ATTEMPTS = 10
};

/* So often compilation is put off because callees are not hot yet. */
enum { MOST_DEFERRALS = 3 };

/* An inner loop that waits for the one around it waits for so many times the turns. */
enum { PATIENCE = 4 };

/* Turns between two looks at a compilation under way, and looks between two reports of how hot it has become. */
enum { TURNS_BETWEEN_LOOKS = 64, LOOKS_BETWEEN_REPORTS = 16 };

/* Turns until a cell that was hot too early in the life of the process asks again. */
enum { TURNS_TOO_EARLY = 1000 };

struct tier2_code {
    struct compile_job thread_job; /* first: the compile thread knows it by this */
    struct tier2_code *next;
    struct compiled_code *owner; /* the tier-1 code it hangs on; NULL: that is gone, and so is all interest in this */
    struct tier2_cell *cell;     /* from which it is entered, in the owner */
    struct tier2_job *job;       /* owned */
    enum tier2_stage stage;
    enum reason reason;         /* why it is refused or withdrawn */
    double ratio;               /* what its trial has shown, tier 2's time over tier 1's; 0: nothing */
    double seconds;             /* age of the process when it was published or refused */
    struct remarks remarks;     /* owned; of one that is refused */
    struct sighting *sightings; /* owned: what made guards fail */
    unsigned looks;
    struct trial *trial; /* owned, while it is on trial */
    uint32_t trial_turn; /* the call whose turn it is, counted from 1; 0: none */
};

static bool switched_off;
static struct tiers_totals totals;

int64_t tiers_countdown(void)
{
    if (options.tier_cap < 2 || switched_off) {
        return 0;
    }
    return options.stress.osr ? 1 : options.stress.compile_all ? 2 : options.tier2_threshold;
}

/* The tier-2 code of a cell that is on its way or ready, or NULL. */
static struct tier2_code *find_code(const struct compiled_code *compiled, const struct tier2_cell *cell)
{
    struct tier2_code *code = compiled->tier2;
    while (code != NULL && (code->cell != cell || code->stage >= STAGE_WITHDRAWN)) {
        code = code->next;
    }
    return code;
}

static bool is_usable(const struct tier2_code *code)
{
    return code->stage == STAGE_READY || code->stage == STAGE_TRIAL || code->stage == STAGE_ENTERED;
}

/* Is it compiled, so that it has machine code and a table, which are not the compile thread's? */
static bool has_code(const struct tier2_code *code)
{
    return code->stage != STAGE_BUILT && code->stage != STAGE_COMPILING && code->stage != STAGE_REFUSED;
}

/* Tells the sampler whether the function has tier-2 code that is entered without further ado. */
static void note_use(const struct compiled_code *compiled)
{
    struct code_state *state = code_state_get(compiled->code);
    const struct tier2_code *code = compiled->tier2;
    while (code != NULL && code->stage != STAGE_ENTERED) {
        code = code->next;
    }
    if (state != NULL) {
        state->tier2_in_use = code != NULL;
    }
}

static void free_one(struct tier2_code *code)
{
    if (code->job != NULL) {
        jit_interface_remove(tier2_job_text(code->job));
    }
    totals.functions -= is_usable(code);
    while (code->sightings != NULL) {
        struct sighting *next = code->sightings->next;
        free(code->sightings);
        code->sightings = next;
    }
    remarks_free(&code->remarks);
    free(code->trial);
    tier2_job_free(code->job);
    free(code);
}

/* Out of its owner's list, if it has one. */
static void unlink_code(struct tier2_code *code)
{
    if (code->owner != NULL) {
        struct tier2_code **link = &code->owner->tier2;
        while (*link != code) {
            link = &(*link)->next;
        }
        *link = code->next;
        code->owner = NULL;
    }
}

/* The tier-1 code goes, and its tier-2 code with it. */
static void free_code(struct tier2_code *code)
{
    while (code != NULL) {
        struct tier2_code *next = code->next;
        code->owner = NULL;
        if (code->stage == STAGE_COMPILING) {
            compile_thread_cancel(&code->thread_job);
        } else {
            free_one(code);
        }
        code = next;
    }
}

/* There will be no tier 2 in this process: says so once. What is compiled stays. */
static void switch_off(enum reason reason, const char *detail)
{
    if (!switched_off) {
        switched_off = true;
        struct event_detail details = {"detail", detail[0] != '\0' ? detail : NULL};
        event_log_details(EVENT_decline, NULL, 2, -1, reason, 0, -1, &details, 1);
    }
}

/* ---- Up -------------------------------------------------------------------------------------------------------- */

static enum reason compile_on_thread(struct compile_job *thread_job)
{
    return tier2_emit(((struct tier2_code *)thread_job)->job);
}

/* Is it still wanted: does the function still run the tier-1 code that asked for it? */
static bool is_wanted(const struct tier2_code *code)
{
    if (code->owner == NULL) {
        return false;
    }
    struct code_state *state = code_state_get(code->owner->code);
    return state != NULL && state->compiled == code->owner && !state->suppressed;
}

static double milliseconds_of(const struct tier2_job *job)
{
    return job->build_ms + job->passes_ms + job->emit_ms;
}

/* There is no such code, and what is left of it tells why. */
static void note_refusal(struct tier2_code *code, enum reason reason)
{
    code->stage = STAGE_REFUSED;
    code->reason = reason;
    code->seconds = policy_age();
    code->remarks = code->job->remarks;
    code->job->remarks = (struct remarks){0};
    tier2_job_free(code->job);
    code->job = NULL;
}

static void discard(struct compile_job *thread_job, enum reason reason)
{
    struct tier2_code *code = (struct tier2_code *)thread_job;
    if (is_wanted(code)) {
        if (reason == REASON_compile_forked) {
            /* In fork's child: as if it had not been asked for yet. */
            code->cell->asked--;
            code->cell->countdown = tiers_countdown();
        } else {
            code->cell->asked = MOST_ATTEMPTS;
            code->cell->countdown = INT64_MAX;
        }
        event_log(EVENT_refuse, code->owner->code, 2, (int)code->cell->offset, reason, 0, milliseconds_of(code->job));
    }
    if (is_wanted(code) && reason != REASON_compile_forked) {
        note_refusal(code, reason);
    } else {
        unlink_code(code);
        free_one(code);
    }
    const char *detail;
    enum reason refusal = compile_thread_refusal(&detail);
    if (refusal != REASON_none) {
        switch_off(refusal, detail);
    }
}

static void publish(struct compile_job *thread_job)
{
    struct tier2_code *code = (struct tier2_code *)thread_job;
    if (!is_wanted(code)) {
        unlink_code(code);
        free_one(code);
        return;
    }
    code->stage = STAGE_READY;
    code->seconds = policy_age();
    code->cell->countdown = 0;
    totals.functions++;
    struct linked_object linked = tier2_job_object(code->job);
    jit_interface_add(&linked);
    code_listing_add_tier2(code->owner->code, &linked);
    event_log(EVENT_compile, code->owner->code, 2, (int)code->cell->offset, REASON_none, tier2_job_size(code->job),
              milliseconds_of(code->job));
}

static void each_code(const struct compiled_code *compiled, tier2_visitor *visit)
{
    for (const struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        if (has_code(code)) {
            struct linked_object linked = tier2_job_object(code->job);
            visit(code->job->code, &linked);
        }
    }
}

/* From the next turn on tier 1 calls `entry` by itself. */
static void set_entry(struct tier2_code *code, tier2_function *entry)
{
    code->cell->entry = entry;
    code->cell->countdown = -1;
}

static struct side_exit_outcome enter_on_trial(InterpreterFrame *frame, PyThreadState *tstate,
                                               struct tier2_cell *cell);

static void tell_of_trial(const struct tier2_code *code, const char *text)
{
    struct event_detail detail = {"detail", text};
    event_log_details(EVENT_trial, code->job->code, 2, (int)code->cell->offset, REASON_none, 0, -1, &detail, 1);
}

/* Is it to be tried out? One at a time of a function, or nobody knows what made it faster. */
static bool begin_trial(struct tier2_code *code)
{
    enum { SUSPENDABLE = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR };
    bool is_settled = code->job->at_any_price && !options.stress.trial;
    if (is_settled || code->job->code->co_flags & SUSPENDABLE) {
        return false;
    }
    code->trial = calloc(1, sizeof *code->trial);
    if (code->trial != NULL) {
        code->stage = STAGE_TRIAL;
        code->cell->on_trial = code;
        set_entry(code, enter_on_trial);
        tell_of_trial(code, "begins");
    }
    return code->trial != NULL;
}

/* The trial is over, if there was one. */
static void end_trial(struct tier2_code *code)
{
    free(code->trial);
    code->trial = NULL;
    code->trial_turn = 0;
    code->cell->on_trial = NULL;
}

static bool has_trial(const struct compiled_code *compiled)
{
    const struct tier2_code *code = compiled->tier2;
    while (code != NULL && code->stage != STAGE_TRIAL) {
        code = code->next;
    }
    return code != NULL;
}

bool tiers_is_loop(const PyCodeObject *code, uint32_t offset)
{
    return offset > ((uint32_t)code->_co_firsttraceable + 1) * sizeof(CodeUnit);
}

static void enter(struct tier2_code *code)
{
    if (has_trial(code->owner)) {
        code->cell->countdown = TURNS_BETWEEN_LOOKS;
        return;
    }
    box_reserve_fill();
    if (!begin_trial(code)) {
        code->stage = STAGE_ENTERED;
        note_use(code->owner);
        set_entry(code, code->job->entry);
    }
    if (tiers_is_loop(code->owner->code, code->cell->offset)) {
        event_log(EVENT_osr, code->owner->code, 2, (int)code->cell->offset, REASON_none, 0, -1);
    }
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

/* Is the loop around this one about to be compiled? The whole nest is better, if its next turn comes soon. */
static bool waits_for_outer(const struct compiled_code *compiled, struct tier2_cell *cell)
{
    struct tier2_cell *outer = options.stress.osr ? NULL : outermost_loop(compiled, cell->offset);
    if (outer == NULL || outer->entry != NULL) {
        return false;
    }
    if (find_code(compiled, outer) == NULL) {
        if (outer->asked > 0 || outer->countdown <= 0) {
            return false;
        }
        outer->countdown = 0;
    }
    cell->countdown = tiers_countdown() * PATIENCE;
    return true;
}

static bool is_failure(const struct deopt_failure *failure, const struct deopt_exit *exit, uint8_t op)
{
    return failure->path == exit->path && failure->place == exit->place && failure->op == op &&
           (op == IR_handler || failure->kind == exit->kind);
}

static bool has_failed(const struct deopt_failure *failures, size_t count, const struct deopt_exit *exit, uint8_t op)
{
    for (size_t i = 0; i < count; i++) {
        if (is_failure(&failures[i], exit, op)) {
            return true;
        }
    }
    return false;
}

/* Notes that the exit's operation is not to be tried again. Where that has been noted before and it was of no use, the instruction is to be carried out in general;
 * where that was of no use either, what it is inlined in is not to be inlined there. */
static void note_failure(struct deopt_failure *failures, size_t *count, const struct deopt_exit *exit)
{
    struct deopt_failure failure = {.path = exit->path, .place = exit->place, .op = exit->op, .kind = exit->kind};
    if (has_failed(failures, *count, exit, exit->op)) {
        bool again = has_failed(failures, *count, exit, IR_handler);
        failure.op = IR_handler;
        if (again && exit->call_place != DEOPT_NO_STATE) {
            failure =
                (struct deopt_failure){.path = exit->call_path, .place = exit->call_place, .op = IR_guard_enter};
        }
    }
    failures[(*count)++] = failure;
}

/* What has failed often in code of the function that was withdrawn. Owned. */
static struct deopt_failure *collect_failures(const struct compiled_code *compiled, size_t *count)
{
    size_t most = 1;
    for (const struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        for (const struct deopt_table *table = has_code(code) ? code->job->table : NULL; table; table = table->next) {
            most += table->exit_count;
        }
    }
    struct deopt_failure *failures = malloc(most * sizeof *failures);
    *count = 0;
    for (const struct tier2_code *code = compiled->tier2; code != NULL && failures != NULL; code = code->next) {
        for (const struct deopt_table *table = has_code(code) ? code->job->table : NULL; table; table = table->next) {
            for (size_t i = 0; i < table->exit_count; i++) {
                const struct deopt_exit *exit = &table->exits[i];
                if (exit->counts && exit->count >= FEW_FAILURES) {
                    note_failure(failures, count, exit);
                }
            }
        }
    }
    return failures;
}

/* A compilation of the code for the cell, built; NULL when that cannot be done, which has been told. */
static struct tier2_code *make_code(struct compiled_code *compiled, struct tier2_cell *cell, InterpreterFrame *frame)
{
    struct tier2_code *code = compiler_calloc(1, sizeof *code);
    struct tier2_job *job = compiler_calloc(1, sizeof *job);
    enum reason reason = REASON_no_memory;
    if (code != NULL && job != NULL) {
        job->code = frame->f_code;
        job->loop_offset = cell->offset;
        job->at_any_price = options.stress.compile_all || options.stress.osr || options.tier_cap > 2;
        job->keep_text = options_match(&options.disassemble, frame->f_code);
        struct deopt_failure *failures = collect_failures(compiled, &job->failure_count);
        job->failures = failures;
        reason = tier2_build(job, compiled, frame);
        free(failures);
        job->failures = NULL;
        totals.build_milliseconds += job->build_ms;
    }
    if (reason == REASON_none && job->immature && !job->at_any_price && cell->deferred < MOST_DEFERRALS) {
        cell->deferred++;
        cell->countdown = tiers_countdown();
        tier2_job_free(job);
        free(code);
        return NULL;
    }
    if (reason != REASON_none) {
        cell->asked = MOST_ATTEMPTS;
        event_log(EVENT_refuse, frame->f_code, 2, (int)cell->offset, reason, 0, job != NULL ? job->build_ms : -1);
        if (code == NULL || job == NULL) {
            free(job);
            free(code);
            return NULL;
        }
    }
    *code = (struct tier2_code){
        .thread_job = {.compile = compile_on_thread, .publish = publish, .discard = discard},
        .next = compiled->tier2,
        .owner = compiled,
        .cell = cell,
        .job = job,
        .stage = STAGE_BUILT,
    };
    compiled->tier2 = code;
    if (reason != REASON_none) {
        note_refusal(code, reason);
        return NULL;
    }
    return code;
}

static void submit(struct tier2_code *code)
{
    struct tier2_cell *cell = code->cell;
    if (!policy_has_time_for_tier2(tier2_job_nodes(code->job))) {
        cell->countdown = TURNS_TOO_EARLY;
        return;
    }
    code->stage = STAGE_COMPILING;
    cell->asked++;
    cell->countdown = TURNS_BETWEEN_LOOKS;
    enum reason reason = compile_thread_submit(&code->thread_job);
    if (reason == REASON_none) {
        return;
    }
    unlink_code(code);
    free_one(code);
    if (reason == REASON_compile_queue_full) {
        cell->asked--;
        cell->countdown = tiers_countdown();
    } else {
        const char *detail;
        cell->countdown = INT64_MAX;
        (void)compile_thread_refusal(&detail);
        switch_off(reason, detail);
    }
}

/* Its compilation has been asked for already. */
static void look_at(struct tier2_code *code)
{
    if (code->stage == STAGE_READY) {
        enter(code);
    } else if (code->stage == STAGE_BUILT) {
        submit(code);
    } else if (code->stage == STAGE_COMPILING) {
        code->cell->countdown = TURNS_BETWEEN_LOOKS;
        if (++code->looks % LOOKS_BETWEEN_REPORTS == 0) {
            compile_thread_set_heat(&code->thread_job, code->looks);
        }
    } else {
        code->cell->countdown = -1;
    }
}

void tiers_publish(void)
{
    if (compile_thread_has_finished()) {
        compile_thread_publish();
    }
}

static void ask(PyThreadState *tstate, InterpreterFrame *frame, struct tier2_cell *cell)
{
    (void)tstate;
    tiers_publish();
    struct code_state *state = code_state_get(frame->f_code);
    if (state == NULL || state->compiled == NULL || state->suppressed) {
        return;
    }
    struct compiled_code *compiled = state->compiled;
    if ((char *)cell < (char *)compiled->feedback ||
        (char *)cell >= (char *)compiled->feedback + compiled->feedback_size) {
        /* Code that was replaced: the cell counts for nothing now. */
        return;
    }
    struct tier2_code *code = find_code(compiled, cell);
    if (code != NULL) {
        look_at(code);
        return;
    }
    if (switched_off || cell->asked >= MOST_ATTEMPTS) {
        return;
    }
    if (!policy_has_time_for_tier2(0)) {
        cell->countdown = TURNS_TOO_EARLY;
        return;
    }
    if (waits_for_outer(compiled, cell)) {
        return;
    }
    code = make_code(compiled, cell, frame);
    if (code != NULL) {
        submit(code);
        /* Where nothing happens in the background it is there already; or it has been refused. */
        code = find_code(compiled, cell);
        if (code != NULL && code->stage != STAGE_BUILT) {
            look_at(code);
        }
    }
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

static void withdraw(struct tier2_code *code)
{
    totals.functions--;
    code->stage = STAGE_WITHDRAWN;
    code->reason = REASON_many_guards_failed;
    note_use(code->owner);
    end_trial(code);
    code->cell->entry = NULL;
    code->cell->countdown = tiers_countdown();
    for (uint32_t i = 0; i < code->cell->asked; i++) {
        code->cell->countdown *= BACK_OFF;
    }
    event_log(EVENT_invalidate, code->job->code, 2, (int)code->cell->offset, REASON_many_guards_failed,
              tier2_job_size(code->job), -1);
}

/* The type of what the guard has seen, where that stands in the frame; or NULL. */
static const char *type_seen(InterpreterFrame *frame, const struct deopt_exit *exit)
{
    PyObject *seen = exit->seen == DEOPT_NO_VALUE ? NULL : frame->localsplus[exit->seen];
    return seen != NULL ? Py_TYPE(seen)->tp_name : NULL;
}

/* Does the code stay about as fast where it has been taught to do without the exit? */
static bool is_cheap_to_learn(const struct deopt_exit *exit)
{
    return exit->op == IR_leave || exit->op == IR_guard_home || exit->op == IR_drop || exit->op == IR_store_home;
}

/* The code of the function that the table is of, if it can be entered; NULL: it is withdrawn. */
static struct tier2_code *code_of_table(const struct deopt_table *table)
{
    struct code_state *state = code_state_get(table->code);
    struct tier2_code *code = state != NULL && state->compiled != NULL ? state->compiled->tier2 : NULL;
    while (code != NULL && (!is_usable(code) || !has_table(code->job, table))) {
        code = code->next;
    }
    return code;
}

/* Keeps the type that made the guard fail for the first time, by name, because types die. */
static void note_sighting(struct tier2_code *code, const struct deopt_exit *exit, const char *type_name)
{
    struct sighting *sighting = code != NULL && type_name != NULL ? malloc(sizeof *sighting) : NULL;
    if (sighting != NULL) {
        *sighting = (struct sighting){.next = code->sightings, .exit = exit};
        snprintf(sighting->type, sizeof sighting->type, "%s", type_name);
        code->sightings = sighting;
    }
}

static void observe(InterpreterFrame *frame, struct deopt_table *table, struct deopt_exit *exit)
{
    struct event_detail details[2] = {{"guard", ir_op_rows[exit->op].name}, {"seen", type_seen(frame, exit)}};
    event_log_details(EVENT_deopt, table->code, 2, (int)exit->root_place, REASON_guard_failed, 0, -1, details, 2);
    if (exit->count == 1) {
        note_sighting(code_of_table(table), exit, type_seen(frame, exit));
    }
    uint64_t now = policy_clock();
    if (table->failures == 1) {
        table->window = now;
    }
    bool has_many = is_cheap_to_learn(exit) && exit->count % MOST_CHEAP_FAILURES == 0;
    if (table->failures < MOST_FAILURES && !has_many) {
        return;
    }
    table->failures = 0;
    if (now - table->window > (uint64_t)MOST_FAILURES * TICKS_PER_FAILURE && !has_many) {
        return;
    }
    struct tier2_code *code = code_of_table(table);
    if (code != NULL) {
        withdraw(code);
    }
}

/* Memory is short: execution goes on in tier 1. */
static void retreat(struct deopt_table *table)
{
    struct tier2_code *code = code_of_table(table);
    if (code != NULL) {
        withdraw(code);
    }
}

static int compare_offsets(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* All places that tier-2 code of the function can exit to, sorted; owned. */
static uint32_t *collect_offsets(const struct code_state *function, uint32_t wanted, size_t *count)
{
    const struct compiled_code *compiled = function->compiled;
    const struct compiled_code *landing = compiled->landing;
    uint32_t end = (uint32_t)(Py_SIZE(function->code) * (Py_ssize_t)sizeof(CodeUnit));
    size_t most = 1 + (landing != NULL ? landing->entry_count : 0);
    for (const struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        most += has_code(code) ? code->job->table->state_count : 0;
    }
    uint32_t *offsets = compiler_malloc(most * sizeof *offsets);
    if (offsets == NULL) {
        return NULL;
    }
    size_t used = 0;
    offsets[used++] = wanted;
    /* Tier-2 code of other functions that inlined this one exits to it, too. */
    for (uint32_t i = 0; landing != NULL && i < landing->entry_count; i++) {
        offsets[used++] = landing->entries[i].unit * (uint32_t)sizeof(CodeUnit);
    }
    for (const struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        for (size_t i = 0; has_code(code) && i < code->job->table->state_count; i++) {
            const struct deopt_state *state = &code->job->table->states[i];
            uint32_t offset = state->next != 0 ? state->next : state->offset;
            /* Behind the last instruction, which raises, nothing goes on. */
            if (state->outer == DEOPT_NO_STATE && offset < end) {
                offsets[used++] = offset;
            }
        }
    }
    qsort(offsets, used, sizeof *offsets, compare_offsets);
    *count = used;
    return offsets;
}

/* The entry of a landing's cells: the frame goes over to tier-2 code for the loop where there is some, else to the usual tier-1 code. */
static struct side_exit_outcome enter_from_landing(InterpreterFrame *frame, PyThreadState *tstate,
                                                   struct tier2_cell *cell)
{
    struct code_state *state = code_state_get(frame->f_code);
    struct compiled_code *compiled = state->compiled;
    for (struct tier2_code *code = compiled != NULL ? compiled->tier2 : NULL; code != NULL; code = code->next) {
        struct tier2_cell *usual = code->cell;
        if (usual->offset == cell->offset && usual->entry != NULL && usual->countdown < 0 && is_usable(code)) {
            return usual->entry(frame, tstate, usual);
        }
    }
    const struct entry_row *row = compiled != NULL ? code_map_entry(compiled, cell->offset) : NULL;
    if (row == NULL) {
        /* The usual code has been thrown away; the landing, which the frame runs, is freed later. */
        compiled = code_map_find(__builtin_return_address(0));
        row = code_map_entry(compiled, cell->offset);
        cell->entry = NULL;
        cell->countdown = INT64_MAX;
    }
    return (struct side_exit_outcome){NULL, compiled->start + row->machine};
}

/* From loops of the landing execution goes back. */
static bool lead_back(struct compiled_code *landing)
{
    struct bytecode bytecode;
    if (bytecode_decode(landing->code, &bytecode) != REASON_none) {
        return false;
    }
    for (int i = 0; i < bytecode.count; i++) {
        int opcode = bytecode.instructions[i].opcode;
        if (landing->cells[i] >= 0 && (opcode == RESUME || opcode_flags(opcode) & OPCODE_JUMPS_BACKWARD)) {
            struct tier2_cell *cell = (struct tier2_cell *)((char *)landing->feedback + landing->cells[i]);
            *cell = (struct tier2_cell){.countdown = -1, .entry = enter_from_landing, .offset = cell->offset};
        }
    }
    bytecode_free(&bytecode);
    return true;
}

/* Tier-1 code for the frames that come from tier 2, which can be entered wherever the function's tier-2 code may exit. All those entries cost it
 * speed: what is called, and what a loop's next turn runs, is the usual code. */
static struct compiled_code *compile_landing(struct code_state *state, uint32_t wanted)
{
    struct compiled_code *usual = state->compiled;
    size_t count;
    uint32_t *offsets = collect_offsets(state, wanted, &count);
    if (offsets == NULL) {
        return NULL;
    }
    struct tier1_options tier1_options = {
        .no_forwarding = options.stress.no_forward != 0,
        .count_for_tier2 = INT64_MAX, /* the cells must be there */
        .entries = offsets,
        .entry_count = count,
        .earlier = usual,
    };
    struct compiled_code *landing = NULL;
    enum reason reason = tier1_compile(state->code, &tier1_options, &landing);
    free(offsets);
    if (reason != REASON_none) {
        return NULL;
    }
    if (!lead_back(landing)) {
        code_map_remove(landing);
        return NULL;
    }
    /* Frames may be in the one before it. */
    landing->retired = usual->landing;
    usual->landing = landing;
    return landing;
}

static struct compiled_code *find_entry(InterpreterFrame *frame, uint32_t offset, const struct entry_row **row)
{
    struct code_state *state = code_state_get(frame->f_code);
    if (state == NULL || state->compiled == NULL) {
        return NULL;
    }
    struct compiled_code *compiled = state->compiled;
    *row = code_map_entry(compiled, offset);
    if (*row == NULL && compiled->landing != NULL) {
        compiled = compiled->landing;
        *row = code_map_entry(compiled, offset);
    }
    if (*row == NULL) {
        compiled = compile_landing(state, offset);
        *row = compiled != NULL ? code_map_entry(compiled, offset) : NULL;
    }
    return *row != NULL ? compiled : NULL;
}

/* What running a call in tier 1 from here takes besides. */
enum { TICKS_PER_DETOUR = 40 };

/* ---- Trials -------------------------------------------------------------------------------------------------------- */

/* What the frame does is done by the machine code at `address`, until it returns or raises. It is this function's business then, not that
 * of the code, to give the frame up. */
static PyObject *run_to_end(PyThreadState *tstate, InterpreterFrame *frame, const void *address)
{
    bool native = frame_is_native(frame);
    frame_mark_compiled(frame);
    PyObject *result = frame_enter_code(frame, tstate, address);
    if (native) {
        frame_mark_native(frame);
    }
    return result;
}

/* Code has lost that was left in the middle of many of its calls: the next attempt does without what failed there. Is there anything to be learnt? */
static bool learn_from_exits(struct tier2_code *code)
{
    enum { CALLS_PER_EXIT = 8 };
    uint32_t few = code->trial->calls / CALLS_PER_EXIT;
    bool learns = false;
    for (struct deopt_table *table = code->job->table; table != NULL; table = table->next) {
        for (size_t i = 0; i < table->exit_count; i++) {
            struct deopt_exit *exit = &table->exits[i];
            if (exit->counts && exit->count > few) {
                exit->count = exit->count < FEW_FAILURES ? FEW_FAILURES : exit->count;
                learns = true;
            }
        }
    }
    return learns;
}

static struct side_exit_outcome finish_trial(struct tier2_code *code, enum trial_verdict verdict,
                                             struct side_exit_outcome outcome)
{
    struct tier2_cell *cell = code->cell;
    if (verdict == TRIAL_GOES_ON) {
        set_entry(code, enter_on_trial);
        return outcome;
    }
    double ratio = trial_ratio(code->trial);
    bool learns = verdict == TRIAL_LOST && learn_from_exits(code);
    code->ratio = ratio;
    end_trial(code);
    char text[64];
    if (verdict == TRIAL_WON) {
        snprintf(text, sizeof text, "won, it takes %.2f times as long", ratio);
        tell_of_trial(code, text);
        code->stage = STAGE_ENTERED;
        note_use(code->owner);
        set_entry(code, code->job->entry);
        return outcome;
    }
    snprintf(text, sizeof text, "%.2f times as long", ratio);
    struct event_detail detail = {"detail", text};
    event_log_details(EVENT_invalidate, code->job->code, 2, (int)cell->offset, REASON_slower,
                      tier2_job_size(code->job), -1, &detail, 1);
    totals.functions--;
    code->stage = STAGE_WITHDRAWN;
    code->reason = REASON_slower;
    cell->entry = NULL;
    cell->asked = learns ? cell->asked : MOST_ATTEMPTS;
    cell->countdown = learns ? tiers_countdown() : INT64_MAX;
    return outcome;
}

/* The frame stands at the cell of code that is on trial: runs it to its end, in tier 2 or in tier 1. Calls within the call run as it does. */
static struct side_exit_outcome enter_on_trial(InterpreterFrame *frame, PyThreadState *tstate,
                                               struct tier2_cell *cell)
{
    struct tier2_code *code = cell->on_trial;
    tier2_function *entry = code->job->entry;
    uint32_t offset = cell->offset;
    bool upper = trial_takes_turn(code->trial);
    const void *lower = upper ? NULL : deopt_entry(tstate, frame, offset);
    if (!upper && lower == NULL) {
        return entry(frame, tstate, cell);
    }
    code->trial_turn = code->trial->calls;
    uint32_t turn = code->trial_turn;
    cell->entry = upper ? entry : NULL;
    cell->countdown = upper ? -1 : INT64_MAX;
    uint64_t start = trial_clock(code->trial);
    struct side_exit_outcome outcome = {NULL, lower};
    if (upper) {
        outcome = entry(frame, tstate, cell);
    }
    if (outcome.address != NULL) {
        outcome = (struct side_exit_outcome){run_to_end(tstate, frame, outcome.address), NULL};
    }
    /* The tier-1 code this returns to holds the cell. */
    code = cell->on_trial;
    if (code == NULL || code->trial_turn != turn) {
        return outcome;
    }
    uint64_t ticks = trial_clock(code->trial) - start;
    /* Without a trial, tier 1 just goes on. */
    ticks -= upper || ticks < TICKS_PER_DETOUR ? 0 : TICKS_PER_DETOUR;
    code->trial_turn = 0;
    return finish_trial(code, trial_count(code->trial, upper, ticks), outcome);
}

/* ---- The whole ---------------------------------------------------------------------------------------------------- */

void tiers_each(const struct compiled_code *compiled, tier2_describer *describe, void *argument)
{
    for (const struct tier2_code *code = compiled->tier2; code != NULL; code = code->next) {
        struct tier2_piece piece = {
            .stage = code->stage,
            .reason = code->reason,
            .offset = code->cell->offset,
            .ratio = code->trial != NULL ? trial_ratio(code->trial) : code->ratio,
            .seconds = code->seconds,
            .job = code->stage == STAGE_COMPILING ? NULL : code->job,
        };
        piece.table = has_code(code) ? code->job->table : NULL;
        piece.sightings = code->sightings;
        piece.remarks = code->stage == STAGE_REFUSED ? &code->remarks
                        : piece.job != NULL          ? &piece.job->remarks
                                                     : NULL;
        describe(&piece, argument);
    }
}

struct tiers_totals tiers_get_totals(void)
{
    tiers_publish();
    return totals;
}

void tiers_install(void)
{
    struct compile_thread_options thread_options = {.llvm_path = options.llvm, .sync = options.stress.sync != 0};
    compile_thread_configure(&thread_options);
    debug_info_wanted = jit_interface_is_on() || options.perf == CODE_LISTING_dump || options.disassemble.count > 0;
    if (options.dump != NULL && tier2_dump == NULL) {
        tier2_dump = strcmp(options.dump, "-") == 0 ? stderr : fopen(options.dump, "ae");
    }
    deopt_ask = ask;
    deopt_observer = observe;
    deopt_retreat = retreat;
    deopt_find_entry = find_entry;
    static struct tier2_layout layout = {
        .next = offsetof(struct tier2_code, next),
        .job = offsetof(struct tier2_code, job),
        .stage = offsetof(struct tier2_code, stage),
        .first_stage_with_code = STAGE_READY,
        .last_stage_with_code = STAGE_WITHDRAWN,
    };
    tier2_job_layout(&layout);
    code_map_tier2_layout = &layout;
    code_map_free_tier2 = free_code;
    code_map_each_tier2 = each_code;
}
