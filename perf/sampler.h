/* perf/sampler.h: which Python function takes the time, in which tier: a thread that looks a thousand times a second.
 *
 * A program does not notice: no signal, no timer, no tracing. The thread blocks all signals, never takes the GIL, and reads the interpreter's
 * structures as a debugger would (process_vm_readv on its own process), so that what changes under its eyes costs a sample at most.
 * Time is the processor time of the thread that holds the GIL. What is inlined counts for the function it is inlined into; C functions count for
 * the Python function that calls them. */
#ifndef PYJIT_PERF_SAMPLER_H
#define PYJIT_PERF_SAMPLER_H

#include "runtime/cpython.h"

enum { SAMPLER_TIERS = 3, SAMPLER_NAME_SIZE = 160, SAMPLER_FILE_SIZE = 240 };

struct sampled_function {
    char function[SAMPLER_NAME_SIZE], file[SAMPLER_FILE_SIZE]; /* UTF-8, cut */
    int line;
    double seconds[SAMPLER_TIERS]; /* in the interpreter, tier 1, tier 2 */
    uint64_t samples;
};

/* Starts the thread; false where it cannot be, or the system does not let a process read itself so. In a child after fork, starts anew from nothing. `every_second`
 * is called about so often, on the thread. GIL held. */
bool sampler_start(void (*every_second)(void));

/* Ends the thread, unless it is the thread itself that calls this, and gives the functions seen, `count` of them, until the next start; `lost`: seconds of more functions than there is room for. From any thread. */
const struct sampled_function *sampler_stop(size_t *count, double *lost);

#endif
