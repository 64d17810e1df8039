/* vm/policy.c: hotness.
 *
 * A function is compiled when it has been called often enough, or sooner when it has a loop: nothing tells us of a loop's turns in
 * tier 0, but the time a run takes does, less what other looping functions took that it called. Once tier 0 has spent several times as
 * long in a looping function as compiling it would take, it is compiled at its next call: compilation then costs a fraction of
 * what the program has spent on that function anyway. Functions and the body of the program itself (`__main__`) are compiled at their
 * first call when they loop, because a single call may be all there is. Other modules' bodies run once and are left alone.
 *
 * Over all, compilation may take a small part of the time the process has run: a short program ends before compiled code pays. What
 * is far hotter than it need be is compiled all the same.
 *
 * Hotness is a rate: what has been counted halves with every half-life that has passed since it was last looked at, so
 * what is called now and then for days is never compiled. The clock is only read when a threshold is reached.
 */
#include "vm/policy.h"

#include "runtime/bytecode.h"
#include "tier2/compile_thread.h"
#include "vm/options.h"

#include <sched.h>
#include <time.h>

/* In seconds. */
enum { HALF_LIFE = 10 };

/* What tier 0 must have spent in looping code, in time stamp ticks per code unit, before it is compiled: several times what compiling
 * takes, because short programs end before it pays. */
enum { TICKS_PER_UNIT = 8000 };

/* What compiling takes, in ticks per code unit; the part of the process's time that compilation may take; how often the usual
 * threshold code must reach to be compiled beyond that. */
enum { COMPILE_TICKS_PER_UNIT = 600, BUDGET_DIVISOR = 64, PROVEN_FACTOR = 8 };

/* What the process had run before the JIT was switched on, about: Python's own start. */
enum { TICKS_BEFORE = 20 * 1000 * 1000 };

/* Code larger than this, in code units, must be called more often than the threshold says: it takes longer to compile, more memory, and
 * less of it runs in each call. */
enum { USUAL_UNITS = 100 };

/* The program's own looping code must earn its compilation too when it is larger than this, in code units, or large and less than one part in
 * so many of it stands in loops: the `main` of a command reads its arguments and calls what does the work. */
enum { LARGEST_EARLY_LOOP = 2000, LARGEST_SPARSE_LOOP = 500, SPARSE_DIVISOR = 5 };

unsigned policy_threshold;
uint64_t policy_nested_ticks;

static uint64_t time_of_start; /* policy_clock() */
static uint64_t ticks_spent;   /* on compilation, estimated */

static int processors = 1; /* that this process may use */

static void count_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        processors = CPU_COUNT(&set);
    }
}

static uint32_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return (uint32_t)time.tv_sec;
}

void policy_init(void)
{
    policy_threshold = options.stress.compile_all ? 0 : options.hotness_threshold;
    count_processors();
    if (time_of_start == 0) {
        time_of_start = policy_clock() - TICKS_BEFORE;
    }
}

/* Is this dict the main program's? */
static bool belongs_to_main(PyObject *globals)
{
    PyObject *name = PyDict_Check(globals) ? _PyDict_GetItemWithError(globals, &_Py_ID(__name__)) : NULL;
    return name != NULL && PyUnicode_CheckExact(name) && _PyUnicode_EqualToASCIIString(name, "__main__");
}

static void scan(struct code_state *state)
{
    state->scanned = 1;
    state->has_loop = bytecode_has_loop(state->code);
    state->last_decay = now();
    if (!options_select(state->code)) {
        state->suppressed = 1;
    }
}

void policy_add_ticks(struct code_state *state, uint64_t ticks)
{
    uint64_t sum = state->ticks + ticks;
    state->ticks = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

/* Lets time pass over what was counted. Returns whether any had passed. */
static bool decay(struct code_state *state)
{
    uint32_t halvings = (now() - state->last_decay) / HALF_LIFE;
    if (halvings == 0) {
        return false;
    }
    state->last_decay += halvings * HALF_LIFE;
    halvings = halvings < 31 ? halvings : 31;
    state->calls >>= halvings;
    state->ticks >>= halvings;
    return true;
}

/* Has tier 0 spent `factor` times what makes a looping function hot? */
static bool loop_is_hot(const struct code_state *state, unsigned factor)
{
    uint64_t cost = (uint64_t)Py_SIZE(state->code) * TICKS_PER_UNIT * factor;
    return state->has_loop && state->ticks >= (cost < UINT32_MAX ? cost : UINT32_MAX);
}

static bool is_hot(const struct code_state *state, unsigned factor)
{
    uint64_t units = (uint64_t)Py_SIZE(state->code);
    uint64_t larger = units > USUAL_UNITS ? units : USUAL_UNITS;
    return state->calls * USUAL_UNITS >= policy_threshold * larger * factor || loop_is_hot(state, factor);
}

/* Is there time for compiling so many code units? */
static bool within_budget(Py_ssize_t units)
{
    uint64_t cost = (uint64_t)units * COMPILE_TICKS_PER_UNIT;
    return ticks_spent + cost <= (policy_clock() - time_of_start) / BUDGET_DIVISOR;
}

/* Is this looping code of the main program to be compiled at its first call, because there may be no other? */
static bool is_early(PyCodeObject *code)
{
    Py_ssize_t units = Py_SIZE(code);
    return units <= LARGEST_SPARSE_LOOP ||
           (units <= LARGEST_EARLY_LOOP && bytecode_loop_units(code) * SPARSE_DIVISOR >= units);
}

static bool decide(struct code_state *state, PyObject *globals)
{
    if (policy_threshold == 0) {
        return true;
    }
    if (state->has_loop && state->calls == 1 && belongs_to_main(globals) && is_early(state->code)) {
        return true;
    }
    if (!is_hot(state, 1) || (decay(state) && !is_hot(state, 1))) {
        return false;
    }
    return within_budget(Py_SIZE(state->code)) || is_hot(state, PROVEN_FACTOR);
}

bool policy_count_call(struct code_state *state, PyObject *globals)
{
    if (UNLIKELY(!state->scanned)) {
        scan(state);
    }
    if (state->suppressed || state->refused) {
        state->calls = 0;
        return false;
    }
    state->calls++;
    if (!decide(state, globals)) {
        return false;
    }
    ticks_spent += (uint64_t)Py_SIZE(state->code) * COMPILE_TICKS_PER_UNIT;
    return true;
}

bool policy_wants_state(PyCodeObject *code, PyObject *globals)
{
    return policy_threshold == 0 || code->co_warmup != QUICKENING_INITIAL_WARMUP_VALUE || belongs_to_main(globals);
}

/* ---- Tier 2 -------------------------------------------------------------------------------------------------- */

/* The process must have run for so many seconds before libLLVM is loaded: short programs end before it pays. */
static const double YOUNGEST_SECONDS = 0.5;

/* The part of the time the process has run since then, or somewhat earlier, that the compile thread may take: where there is a processor for it,
 * and where there is but one. */
static const double SHARE_OF_ANOTHER = 0.5, SHARE_OF_THE_SAME = 0.05, UNCOUNTED_SECONDS = 0.4;

/* The part of its age that a process may have to wait for the compile thread when it ends, for one compilation cannot be interrupted; and that beyond
 * which nothing is waited for. */
static const double SHARE_OF_EXIT = 0.1, LONGEST_EXIT_SECONDS = 0.25;

/* What loading libLLVM takes; what a compilation takes, in itself and by the operation. */
static const double LOAD_SECONDS = 0.03, SECONDS_PER_JOB = 1e-3, SECONDS_PER_NODE = 70e-6;

/* The clock above costs a system call: it is not asked again before policy_clock() shows this, some thousandths of a second later. */
static uint64_t ask_clock_again;
enum { TICKS_BETWEEN_CLOCKS = 10 * 1000 * 1000 };

double policy_age(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

bool policy_has_time_for_tier2(uint32_t nodes)
{
    if (options.stress.compile_all || options.stress.osr || options.stress.sync || options.tier_cap > 2) {
        return true;
    }
    uint64_t now_ticks = policy_clock();
    if (now_ticks < ask_clock_again) {
        return false;
    }
    ask_clock_again = now_ticks + TICKS_BETWEEN_CLOCKS;
    /* The process's own work: a server that waits for requests does not grow old by that. */
    double age = policy_age();
    if (age < YOUNGEST_SECONDS) {
        return false;
    }
    struct compile_thread_totals totals;
    compile_thread_get_totals(&totals);
    double expected = SECONDS_PER_JOB + (double)nodes * SECONDS_PER_NODE;
    double longest = age * SHARE_OF_EXIT < LONGEST_EXIT_SECONDS ? age * SHARE_OF_EXIT : LONGEST_EXIT_SECONDS;
    double share = processors == 1 ? SHARE_OF_THE_SAME : SHARE_OF_ANOTHER;
    double loading = totals.processor_milliseconds == 0 ? LOAD_SECONDS : 0;
    bool is_old = expected <= longest || longest >= LONGEST_EXIT_SECONDS;
    if (!is_old || totals.processor_milliseconds * 1e-3 + expected + loading > (age - UNCOUNTED_SECONDS) * share) {
        return false;
    }
    ask_clock_again = 0;
    return true;
}
