/* vm/policy.c: hotness.
 *
 * A function is compiled when it has been called often enough, or sooner when it has a loop: nothing tells us of
 * a loop's turns in tier 0, so a looping function counts as hot at its second call, and at the first when
 * it belongs to the program itself (`__main__`), where a single call may be all there is. Module bodies
 * other than __main__'s run once and are left alone: importing Django enters 66,000 looping code units, half of
 * them once.
 *
 * Hotness is a rate: the count halves with every half-life that has passed since it was last looked at, so
 * what is called now and then for days is never compiled. The clock is only read when the count reaches the threshold.
 */
#include "vm/policy.h"

#include "runtime/bytecode.h"
#include "vm/options.h"

#include <time.h>

/* In seconds. */
enum { HALF_LIFE = 10 };

/* Looping code larger than this, in code units, is only compiled by its call count. */
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
    if (state->has_loop && Py_SIZE(state->code) <= LARGEST_EARLY_LOOP) {
        bool function = (state->code->co_flags & CO_OPTIMIZED) != 0;
        if ((function && state->calls >= 2) || belongs_to_main(globals)) {
            return true;
        }
    }
    if (state->calls < threshold) {
        return false;
    }
    uint32_t elapsed = now() - state->last_decay;
    uint32_t halvings = elapsed / HALF_LIFE;
    if (halvings > 0) {
        state->last_decay += halvings * HALF_LIFE;
        state->calls >>= halvings < 31 ? halvings : 31;
        return false;
    }
    return true;
}
