/* tests/tools/unwind/unwind_probe.c: unwinders in the process itself, asked at every instruction, compared with the chain of return addresses as it is.
 *
 * A library for ctypes. The processor's trap flag makes a SIGTRAP of every instruction that runs under probe_step(); its handler keeps
 * a shadow stack, and walks the stack.
 */
#define _GNU_SOURCE
#define UNW_LOCAL_ONLY
#include "shadow_stack.h"

#include <Python.h>

#include <execinfo.h>
#include <libunwind.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unwind.h>

enum { MOST_FRAMES = 1024, FRAMES_OF_HANDLER = 8, TRAP_FLAG = 0x100, SEEN_SLOTS = 1 << 20 };

enum walker { WALKER_backtrace, WALKER_unwind, WALKER_libunwind, WALKER_frame_pointers, WALKER_COUNT };

/* What is to be looked at: all that is in [start, end). */
struct range {
    uint64_t start, end;
};

struct report {
    uint64_t steps, compared, failures;
    uint64_t frames;                  /* compared with what they should be */
    uint64_t places, compiled_places; /* different addresses among those compared; those of compiled code */
    /* The first that failed. */
    uint64_t failed_walker, failed_rip, failed_at, expected, found;
};

static struct shadow_stack shadow;
static void *tail[MOST_FRAMES]; /* the callers of probe_step() */
static int tail_count;
static struct range arena, text; /* compiled code; the library's own machine code */
static int most_times;           /* each address is looked at so many times */
static unsigned walkers;
static struct report report;
static struct {
    uint64_t address;
    uint64_t times;
} seen[SEEN_SLOTS];

static int walk_backtrace(void **frames, const ucontext_t *context)
{
    (void)context;
    return backtrace(frames, MOST_FRAMES);
}

struct collected {
    void **frames;
    int count;
};

static _Unwind_Reason_Code collect(struct _Unwind_Context *context, void *argument)
{
    struct collected *collected = argument;
    collected->frames[collected->count++] = (void *)_Unwind_GetIP(context);
    return collected->count < MOST_FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static int walk_unwind(void **frames, const ucontext_t *context)
{
    (void)context;
    struct collected collected = {frames, 0};
    _Unwind_Backtrace(collect, &collected);
    return collected.count;
}

static int walk_libunwind(void **frames, const ucontext_t *context)
{
    (void)context;
    unw_context_t here;
    unw_cursor_t cursor;
    int count = 0;
    unw_getcontext(&here);
    unw_init_local(&cursor, &here);
    do {
        unw_word_t ip = 0;
        unw_get_reg(&cursor, UNW_REG_IP, &ip);
        if (ip == 0) {
            break;
        }
        frames[count++] = (void *)ip;
    } while (count < MOST_FRAMES && unw_step(&cursor) > 0);
    return count;
}

/* As perf's --call-graph fp and eBPF tools do. */
static int walk_frame_pointers(void **frames, const ucontext_t *context)
{
    int count = 0;
    uint64_t rbp = (uint64_t)context->uc_mcontext.gregs[REG_RBP];
    uint64_t lowest = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    frames[count++] = (void *)context->uc_mcontext.gregs[REG_RIP];
    while (count < MOST_FRAMES && rbp >= lowest && rbp - lowest < 1 << 20 && rbp % 8 == 0) {
        frames[count++] = ((void **)rbp)[1];
        lowest = rbp + 16;
        rbp = *(uint64_t *)rbp;
    }
    return count;
}

typedef int walker_function(void **frames, const ucontext_t *context);
static walker_function *const walker_functions[WALKER_COUNT] = {walk_backtrace, walk_unwind, walk_libunwind,
                                                                walk_frame_pointers};

static uint64_t expected_at(uint64_t index)
{
    if (index == 0) {
        return shadow.rip;
    }
    if (index <= shadow.count) {
        return shadow.entries[shadow.count - index].address;
    }
    index -= shadow.count + 1;
    return index < (uint64_t)tail_count ? (uint64_t)tail[index] : 0;
}

static void fail(int walker, uint64_t at, uint64_t found)
{
    if (report.failures++ == 0) {
        report.failed_walker = (uint64_t)walker;
        report.failed_rip = shadow.rip;
        report.failed_at = at;
        report.expected = expected_at(at);
        report.found = found;
    }
}

static int is_in(const struct range *range, uint64_t address)
{
    return address >= range->start && address < range->end;
}

/* How many of the frames must be found. Frame pointers are there from the second instruction of compiled code to the last but one, and as far as
 * compiled code calls compiled code. */
static uint64_t frames_wanted(int walker)
{
    if (walker != WALKER_frame_pointers) {
        return shadow.count + 1 + (uint64_t)tail_count;
    }
    const unsigned char *code = (const unsigned char *)shadow.rip;
    if (!is_in(&arena, shadow.rip) || code[0] == 0x55 || code[0] == 0xc3 || memcmp(code, "\x48\x89\xe5", 3) == 0) {
        return 0;
    }
    uint64_t count = 1;
    while (is_in(&arena, expected_at(count))) {
        count++;
    }
    return count;
}

static void compare(int walker, const ucontext_t *context)
{
    void *frames[MOST_FRAMES];
    int count = walker_functions[walker](frames, context);
    int first = 0;
    while (first < count && first < FRAMES_OF_HANDLER && (uint64_t)frames[first] != shadow.rip) {
        first++;
    }
    uint64_t wanted = frames_wanted(walker);
    report.frames += wanted;
    for (uint64_t i = 0; i < wanted; i++) {
        uint64_t found = first + (int)i < count ? (uint64_t)frames[first + (int)i] : 0;
        if (found != expected_at(i)) {
            fail(walker, i, found);
            return;
        }
    }
}

static int is_looked_at(uint64_t rip)
{
    if (is_in(&arena, rip) || is_in(&text, rip)) {
        size_t slot = (size_t)(rip * 0x9e3779b97f4a7c15u >> 44) % SEEN_SLOTS;
        while (seen[slot].address != rip && seen[slot].address != 0) {
            slot = (slot + 1) % SEEN_SLOTS;
        }
        report.places += seen[slot].address == 0;
        seen[slot].address = rip;
        report.compiled_places += seen[slot].times == 0 && is_in(&arena, rip);
        return seen[slot].times++ < (uint64_t)most_times;
    }
    return 0;
}

static void on_step(int number, siginfo_t *info, void *argument)
{
    (void)number;
    (void)info;
    ucontext_t *context = argument;
    uint64_t rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    uint64_t rsp = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    shadow_step(&shadow, rip, rsp, *(uint64_t *)rsp);
    report.steps++;
    if (is_looked_at(rip) && (int)shadow.count + tail_count + FRAMES_OF_HANDLER < MOST_FRAMES) {
        report.compared++;
        for (int walker = 0; walker < WALKER_COUNT; walker++) {
            if (walkers >> walker & 1) {
                compare(walker, context);
            }
        }
    }
}

/* Where the code arena is, and the library's own machine code. */
void probe_set_ranges(uint64_t arena_start, uint64_t arena_end, uint64_t text_start, uint64_t text_end)
{
    arena = (struct range){arena_start, arena_end};
    text = (struct range){text_start, text_end};
}

/* Calls `callable` with every instruction observed, each address compared at most `times` times with the walkers in the bit set `which`. Returns
 * what it returns. */
__attribute__((noinline)) PyObject *probe_step(PyObject *callable, int which, int times)
{
    struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_NODEFER}, old;
    sigemptyset(&action.sa_mask);
    walkers = (unsigned)which;
    most_times = times;
    memset(&report, 0, sizeof report);
    memset(seen, 0, sizeof seen);
    /* Where this returns to, and up from there. */
    tail_count = backtrace(tail, MOST_FRAMES) - 1;
    memmove(tail, tail + 1, sizeof tail - sizeof *tail);
    shadow.count = 0;
    sigaction(SIGTRAP, &action, &old);
    __asm__ volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_FLAG) : "memory", "cc");
    PyObject *result = PyObject_CallNoArgs(callable);
    __asm__ volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~TRAP_FLAG) : "memory", "cc");
    sigaction(SIGTRAP, &old, NULL);
    return result;
}

/* ---- At random ------------------------------------------------------------------------------------------------------- */

static void on_timer(int number, siginfo_t *info, void *argument)
{
    (void)number;
    (void)info;
    const ucontext_t *context = argument;
    void *frames[MOST_FRAMES];
    int count = backtrace(frames, MOST_FRAMES);
    shadow.rip = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    report.steps++;
    report.compared += is_in(&arena, shadow.rip);
    /* The callers of probe_timer() are where they were. */
    for (int i = 1; i <= tail_count; i++) {
        if (count < i || frames[count - i] != tail[tail_count - i]) {
            fail(WALKER_backtrace, (uint64_t)(count - i), count < i ? 0 : (uint64_t)frames[count - i]);
            return;
        }
    }
}

/* Calls `callable`, interrupted every so many microseconds by a signal whose handler calls backtrace(). */
__attribute__((noinline)) PyObject *probe_timer(PyObject *callable, int microseconds)
{
    struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
    struct itimerval often = {{0, microseconds}, {0, microseconds}}, never = {{0, 0}, {0, 0}};
    sigemptyset(&action.sa_mask);
    memset(&report, 0, sizeof report);
    shadow.count = 0;
    tail_count = backtrace(tail, MOST_FRAMES) - 1;
    memmove(tail, tail + 1, sizeof tail - sizeof *tail);
    sigaction(SIGALRM, &action, &old);
    setitimer(ITIMER_REAL, &often, NULL);
    PyObject *result = PyObject_CallNoArgs(callable);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &old, NULL);
    return result;
}

const struct report *probe_report(void)
{
    return &report;
}
