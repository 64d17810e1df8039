/* vm/policy.c: hotness.
 *
 * A function is compiled when it has been called often enough, or sooner when it has a loop: nothing tells us of a loop's turns in
 * tier 0, but the time a run takes does. Once tier 0 has spent several times as long in a looping function as compiling it
 * would take, it is compiled at its next call: compilation then costs a fraction of what the program has spent on that function anyway. Functions and
 * the body of the program itself (`__main__`) are compiled at their first call when they loop, because a single call may be all
 * there is. Other modules' bodies run once and are left alone.
 *
 * Hotness is a rate: what has been counted halves with every half-life that has passed since it was last looked at, so
 * what is called now and then for days is never compiled. The clock is only read when a threshold is reached.
 */
#include "vm/policy.h"

#include "runtime/bytecode.h"
#include "vm/options.h"

#include <time.h>

/* In seconds. */
enum { HALF_LIFE = 10 };

/* What tier 0 must have spent in looping code, in time stamp ticks per code unit, before it is compiled: several times what compiling
 * takes (some 600), because short programs end before it pays: with 600, `-m json.tool --help` lost 7 ms, with this 2. */
enum { TICKS_PER_UNIT = 5000 };

/* The program's own looping code larger than this, in code units, must earn its compilation too. */
enum { LARGEST_EARLY_LOOP = 2000 };

static unsigned threshold;

static uint32_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return (uint32_t)time.tv_sec;
}

void policy_init(void)
{
    threshold = options.stress.compile_all ? 0 : options.hotness_threshold;
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

void policy_add_ticks(struct code_state *state, uint64_t start)
{
    uint64_t ticks = state->ticks + (policy_clock() - start);
    state->ticks = ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX;
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

static bool loop_is_hot(const struct code_state *state)
{
    uint64_t cost = (uint64_t)Py_SIZE(state->code) * TICKS_PER_UNIT;
    return state->has_loop && state->ticks >= (cost < UINT32_MAX ? cost : UINT32_MAX);
}

bool policy_count_call(struct code_state *state, PyObject *globals)
{
    if (UNLIKELY(!state->scanned)) {
        scan(state);
    }
    if (state->suppressed || state->refused) {
        return false;
    }
    state->calls++;
    if (threshold == 0) {
        return true;
    }
    if (state->has_loop && state->calls == 1 && Py_SIZE(state->code) <= LARGEST_EARLY_LOOP &&
        belongs_to_main(globals)) {
        return true;
    }
    if (state->calls < threshold && !loop_is_hot(state)) {
        return false;
    }
    return !decay(state) || state->calls >= threshold || loop_is_hot(state);
}
