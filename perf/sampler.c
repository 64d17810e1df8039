/* perf/sampler.c: see sampler.h. */
#define _GNU_SOURCE /* process_vm_readv, pthread_setname_np */
#include "perf/sampler.h"

#include "runtime/code_state.h"
#include "runtime/frame.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_FUNCTIONS = 8192,
    TABLE_SIZE = 2 * MOST_FUNCTIONS,
    MOST_THREADS = 64,
    INTERVAL_NANOSECONDS = 1000 * 1000
};

/* More time than that between two looks at a thread was not all spent where it is now. */
static const double LONGEST_STEP = 0.1;

/* A code object, as it was when it was named: another may have its address later. */
struct known_code {
    uintptr_t address, qualname, filename;
    int line;
    uint32_t function; /* its number in `functions`, counted from 1; 0: the place is free */
};

struct thread_clock {
    unsigned long thread;
    double seconds;
};

static struct {
    pthread_t thread;
    bool running;
    atomic_bool stop;
    void (*every_second)(void);
    struct sampled_function *functions; /* owned, MOST_FUNCTIONS of them; allocated as far as it is used */
    struct known_code *codes;           /* owned, a hash table */
    size_t count;
    double lost;
    struct thread_clock clocks[MOST_THREADS];
    pid_t process;
} sampler;

/* ---- Reading what may be gone --------------------------------------------------------------------------------------- */

static bool read_memory(void *to, uintptr_t from, size_t size)
{
    struct iovec local = {to, size}, remote = {(void *)from, size};
    return process_vm_readv(sampler.process, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static bool read_pointer(uintptr_t *to, uintptr_t from)
{
    return read_memory(to, from, sizeof *to) && *to != 0;
}

static size_t put_character(char *to, Py_UCS4 character)
{
    if (character < 0x20 || (character >= 0xd800 && character < 0xe000)) {
        character = '?';
    }
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
    to[0] = (char)(marks[more] | character >> (6 * more));
    for (int i = 1; i <= more; i++) {
        to[i] = (char)(0x80 | (character >> (6 * (more - i)) & 0x3f));
    }
    return (size_t)more + 1;
}

/* A compact str as UTF-8, cut. */
static bool read_text(char *to, size_t size, uintptr_t address)
{
    PyCompactUnicodeObject header;
    uint8_t data[4 * 256];
    if (!read_memory(&header, address, sizeof header) || !header._base.state.compact || header._base.length < 0) {
        return false;
    }
    size_t width = header._base.state.kind;
    size_t length = (size_t)header._base.length < 256 ? (size_t)header._base.length : 256;
    size_t start = header._base.state.ascii ? sizeof(PyASCIIObject) : sizeof(PyCompactUnicodeObject);
    if ((width != 1 && width != 2 && width != 4) || !read_memory(data, address + start, length * width)) {
        return false;
    }
    size_t used = 0;
    for (size_t i = 0; i < length && used + 5 <= size; i++) {
        Py_UCS4 character = 0;
        memcpy(&character, data + i * width, width);
        used += put_character(to + used, character < 0x110000 ? character : '?');
    }
    to[used] = '\0';
    return true;
}

/* ---- Functions -------------------------------------------------------------------------------------------------------- */

static struct known_code *find_code(uintptr_t address, const PyCodeObject *code)
{
    size_t hash = (address >> 4) * 0x9e3779b1u;
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        struct known_code *known = &sampler.codes[(hash + i) % TABLE_SIZE];
        if (known->function == 0 ||
            (known->address == address && known->qualname == (uintptr_t)code->co_qualname &&
             known->filename == (uintptr_t)code->co_filename && known->line == code->co_firstlineno)) {
            return known;
        }
    }
    return NULL;
}

static struct sampled_function *find_function(uintptr_t address, const PyCodeObject *code)
{
    struct known_code *known = find_code(address, code);
    if (known == NULL) {
        return NULL;
    }
    if (known->function == 0) {
        struct sampled_function *added = &sampler.functions[sampler.count];
        if (sampler.count == MOST_FUNCTIONS ||
            !read_text(added->function, sizeof added->function, (uintptr_t)code->co_qualname) ||
            !read_text(added->file, sizeof added->file, (uintptr_t)code->co_filename)) {
            return NULL;
        }
        added->line = code->co_firstlineno;
        sampler.count++;
        *known = (struct known_code){address, (uintptr_t)code->co_qualname, (uintptr_t)code->co_filename,
                                     code->co_firstlineno, (uint32_t)sampler.count};
    }
    return &sampler.functions[known->function - 1];
}

/* Is tier-2 code of the function in use? */
static bool runs_in_tier2(const PyCodeObject *code)
{
    struct code_extra extra;
    uintptr_t state;
    uint8_t in_use;
    uintptr_t slots = (uintptr_t)code->co_extra + offsetof(struct code_extra, slots);
    return code->co_extra != NULL && code_state_index >= 0 &&
           read_memory(&extra, (uintptr_t)code->co_extra, sizeof extra) && extra.size > code_state_index &&
           read_pointer(&state, slots + (size_t)code_state_index * sizeof(void *)) &&
           read_memory(&in_use, state + offsetof(struct code_state, tier2_in_use), 1) && in_use != 0;
}

/* Seconds of processor time that the thread has taken since it was last seen; 0 for the first time. */
static double time_taken(unsigned long thread)
{
    /* A thread's clock by its number, as the kernel counts them (clock_getcpuclockid(3) makes those of processes so). */
    clockid_t clock = (clockid_t)(~(unsigned)thread << 3 | 6u);
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) {
        return 0;
    }
    double now = (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
    struct thread_clock *entry = &sampler.clocks[thread % MOST_THREADS];
    double before = entry->thread == thread ? entry->seconds : now;
    *entry = (struct thread_clock){thread, now};
    double taken = now - before;
    return taken < LONGEST_STEP ? taken : LONGEST_STEP;
}

static void take_sample(void)
{
    uintptr_t thread = (uintptr_t)_Py_atomic_load_relaxed(&_PyRuntime.gilstate.tstate_current);
    PyThreadState tstate;
    _PyCFrame cframe;
    InterpreterFrame frame;
    PyCodeObject code;
    if (thread == 0 || !read_memory(&tstate, thread, sizeof tstate)) {
        return;
    }
    double seconds = time_taken(tstate.native_thread_id);
    if (seconds <= 0 || !read_memory(&cframe, (uintptr_t)tstate.cframe, sizeof cframe) ||
        !read_memory(&frame, (uintptr_t)cframe.current_frame, sizeof frame) ||
        !read_memory(&code, (uintptr_t)frame.f_code, sizeof code) || code.ob_base.ob_base.ob_type != &PyCode_Type) {
        return;
    }
    struct sampled_function *function = find_function((uintptr_t)frame.f_code, &code);
    if (function == NULL) {
        sampler.lost += seconds;
        return;
    }
    int tier = !frame_is_compiled(&frame) ? 0 : runs_in_tier2(&code) ? 2 : 1;
    function->seconds[tier] += seconds;
    function->samples++;
}

/* ---- The thread ---------------------------------------------------------------------------------------------------------- */

static void *run(void *argument)
{
    (void)argument;
    struct timespec interval = {0, INTERVAL_NANOSECONDS};
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time_t second = time.tv_sec;
    while (!atomic_load_explicit(&sampler.stop, memory_order_relaxed)) {
        take_sample();
        nanosleep(&interval, NULL);
        clock_gettime(CLOCK_MONOTONIC, &time);
        if (time.tv_sec > second) {
            second = time.tv_sec;
            sampler.every_second();
        }
    }
    return NULL;
}

bool sampler_start(void (*every_second)(void))
{
    free(sampler.functions);
    free(sampler.codes);
    memset(&sampler, 0, sizeof sampler);
    sampler.process = getpid();
    sampler.every_second = every_second;
    sampler.functions = calloc(MOST_FUNCTIONS, sizeof *sampler.functions);
    sampler.codes = calloc(TABLE_SIZE, sizeof *sampler.codes);
    uintptr_t probe, found = 1;
    if (sampler.functions == NULL || sampler.codes == NULL || !read_pointer(&probe, (uintptr_t)&found)) {
        return false;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sampler.running = pthread_create(&sampler.thread, NULL, run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (sampler.running) {
        pthread_setname_np(sampler.thread, "pyjit-sampler");
    }
    return sampler.running;
}

const struct sampled_function *sampler_stop(size_t *count, double *lost)
{
    if (sampler.running && sampler.process == getpid() && !pthread_equal(pthread_self(), sampler.thread)) {
        atomic_store(&sampler.stop, true);
        pthread_join(sampler.thread, NULL);
        sampler.running = false;
    }
    *count = sampler.count;
    *lost = sampler.lost;
    return sampler.functions;
}
