/* tier2/compile_thread.c: the queue, the thread, and its behaviour at fork and exit. */
#include "runtime/cpython.h" /* first: it asks for glibc's own functions */

#include "tier2/compile_thread.h"
#include "tier2/orc.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum {
    DEFAULT_QUEUE_LIMIT = 256,
    STACK_BYTES = 8 << 20, /* LLVM recurses; address space only */
    FORK_PATIENCE_SECONDS = 5,
    IDLE_MILLISECONDS = 500,    /* until memory is given back */
    MILLISECONDS_OF_LARGE = 50, /* what a job takes that uses much: some of its memory is given back at once */
};

/* All of it under `lock`, but for what is marked. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t work;  /* for the compile thread: something has come, or a fork is over */
    pthread_cond_t quiet; /* for the others: a job is finished, or the thread is outside LLVM */
    struct compile_thread_options options;
    pthread_t thread;
    bool has_thread; /* to be joined */
    bool handlers_installed;
    bool started_session;
    bool stop;
    bool busy;    /* the thread may be inside LLVM, or hold one of its locks */
    int pauses;   /* forks under way */
    bool unquiet; /* one of them could not wait any longer */
    enum reason refusal;
    char refusal_detail[256]; /* written before refusal is set, never again */
    struct compile_job *queue;
    struct compile_job *running;
    struct compile_job *finished, **finished_end; /* in this order they are published */
    struct orc_code *retired;
    size_t jobs_run;
    struct compile_thread_totals totals;
} state = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .work = PTHREAD_COND_INITIALIZER,
    .quiet = PTHREAD_COND_INITIALIZER,
    .finished_end = &state.finished,
};

atomic_bool compile_thread_finished_flag;
static atomic_bool interrupted; /* state.stop or state.pauses, for a look without the lock */

static void lock(void)
{
    pthread_mutex_lock(&state.lock);
}

static void unlock(void)
{
    pthread_mutex_unlock(&state.lock);
}

static double milliseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- Lists. The lock is held. --------------------------------------------------------------------- */

static void enqueue(struct compile_job *job)
{
    job->state = COMPILE_JOB_QUEUED;
    job->next = state.queue;
    state.queue = job;
    state.totals.queued++;
}

static void dequeue(struct compile_job *job)
{
    struct compile_job **link = &state.queue;
    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
    job->next = NULL;
    state.totals.queued--;
}

/* The oldest of the hottest. Queues are short, and heat changes while jobs wait: a search is cheaper than order. */
static struct compile_job *hottest(void)
{
    struct compile_job *best = state.queue;
    for (struct compile_job *job = state.queue; job != NULL; job = job->next) {
        if (job->heat >= best->heat) {
            best = job;
        }
    }
    return best;
}

static void finish(struct compile_job *job, enum reason reason)
{
    job->state = COMPILE_JOB_FINISHED;
    job->reason = reason;
    job->next = NULL;
    *state.finished_end = job;
    state.finished_end = &job->next;
    atomic_store(&compile_thread_finished_flag, true);
}

static void finish_queue(enum reason reason)
{
    while (state.queue != NULL) {
        struct compile_job *job = hottest();
        dequeue(job);
        finish(job, reason);
    }
}

static void refuse_from_now_on(enum reason reason, const char *detail)
{
    snprintf(state.refusal_detail, sizeof(state.refusal_detail), "%s", detail);
    state.refusal = reason;
    finish_queue(reason);
}

/* exit() without Py_Finalize, as C code calls it: handlers run in the reverse order of registration, among them the destructors of
 * LLVM's static objects, which register when libLLVM is loaded or when a piece of LLVM is first used. The thread must be stopped
 * before the first of these, so this is called again after loading and after the 1st, 2nd, 4th, 8th, ... job. What remains is an
 * exit() in the milliseconds while libLLVM is being loaded. */
static void stop_at_exit(void)
{
    atexit(compile_thread_stop);
}

/* ---- The thread ----------------------------------------------------------------------------------- */

/* LLVM ends the process when it gets no memory, so it is not called where there is little (RLIMIT_AS). */
static bool has_memory(void)
{
    enum { BYTES_NEEDED = 64 << 20 };
    void *probe = mmap(NULL, BYTES_NEEDED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED) {
        return false;
    }
    munmap(probe, BYTES_NEEDED);
    return true;
}

static void start_session(void *argument)
{
    enum reason *reason = argument;
    const char *detail;
    (void)llvm_load(state.options.llvm_path, &detail); /* orc_start() says what came of it */
    stop_at_exit();
    *reason = orc_start(state.options.llvm_path);
}

static void free_list(void *argument)
{
    for (struct orc_code *code = argument, *next; code != NULL; code = next) {
        next = code->next;
        orc_free(code);
    }
}

static void compile_job(void *argument)
{
    struct compile_job *job = argument;
    job->reason = has_memory() ? job->compile(job) : REASON_no_memory;
}

/* Loads libLLVM and makes the session. The lock is held, but not meanwhile. False: there will be no tier 2. */
static bool prepare_session(void)
{
    if (state.started_session) {
        return true;
    }
    unlock();
    enum reason reason = REASON_no_memory;
    bool survived = !has_memory() || llvm_guarded(start_session, &reason);
    lock();
    if (survived && reason == REASON_none) {
        state.started_session = true;
        return true;
    }
    if (!state.stop) {
        refuse_from_now_on(reason, survived ? orc_error() : llvm_fatal_message());
    }
    return false;
}

/* The same for what was retired, and is being retired meanwhile: a job that was submitted after that may use its names again. */
static bool free_retired(void)
{
    bool survived = true;
    while (state.retired != NULL && survived) {
        struct orc_code *list = state.retired;
        state.retired = NULL;
        unlock();
        survived = llvm_guarded(free_list, list);
        lock();
    }
    return survived;
}

/* The same for one job. */
static bool run_job(struct compile_job *job)
{
    dequeue(job);
    job->state = COMPILE_JOB_RUNNING;
    state.running = job;
    unlock();
    double start = milliseconds(CLOCK_MONOTONIC), processor_start = milliseconds(CLOCK_THREAD_CPUTIME_ID);
    bool survived = llvm_guarded(compile_job, job);
    double took = milliseconds(CLOCK_MONOTONIC) - start;
    double processor_took = milliseconds(CLOCK_THREAD_CPUTIME_ID) - processor_start;
    if (processor_took > MILLISECONDS_OF_LARGE) {
        (void)malloc_trim(0);
    }
    lock();
    state.running = NULL;
    job->milliseconds = took;
    state.totals.milliseconds += took;
    state.totals.processor_milliseconds += processor_took;
    if (took > state.totals.longest_milliseconds) {
        state.totals.longest_milliseconds = took;
    }
    enum reason reason = survived ? job->reason : REASON_llvm_failed;
    *(job->cancelled          ? &state.totals.cancelled
      : reason == REASON_none ? &state.totals.compiled
                              : &state.totals.refused) += 1;
    finish(job, reason);
    state.jobs_run++;
    if ((state.jobs_run & (state.jobs_run - 1)) == 0) {
        stop_at_exit();
    }
    return survived;
}

/* The program goes first where there are not processors enough, unless it waits. (Linux: a nice value is a thread's own.) */
static void step_back(void)
{
    if (state.options.sync) {
        return;
    }
    enum { NICE_STEP = 5 };
    errno = 0;
    int now = getpriority(PRIO_PROCESS, 0);
    if (errno == 0) {
        (void)setpriority(PRIO_PROCESS, 0, now + NICE_STEP);
    }
}

/* A point in time so many milliseconds from now, of the monotonic clock. */
static struct timespec in_milliseconds(long milliseconds)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    long nanoseconds = time.tv_nsec + milliseconds % 1000 * 1000000;
    time.tv_sec += milliseconds / 1000 + nanoseconds / 1000000000;
    time.tv_nsec = nanoseconds % 1000000000;
    return time;
}

/* Nothing to do: waits until there is. After some time without, LLVM's pages are given back, once. The lock is held. */
static void rest(bool *holds_pages)
{
    struct timespec end = in_milliseconds(IDLE_MILLISECONDS);
    if (!*holds_pages) {
        pthread_cond_wait(&state.work, &state.lock);
    } else if (pthread_cond_clockwait(&state.work, &state.lock, CLOCK_MONOTONIC, &end) == ETIMEDOUT) {
        *holds_pages = false;
        state.busy = true;
        unlock();
        llvm_release_pages();
        /* What LLVM has freed, which the thread's arena keeps otherwise. */
        (void)malloc_trim(0);
        lock();
        state.busy = false;
        pthread_cond_broadcast(&state.quiet);
    }
}

static void *thread_main(void *argument)
{
    (void)argument;
    bool holds_pages = false;
    step_back();
    lock();
    while (!state.stop) {
        if (state.pauses > 0 || (state.queue == NULL && state.retired == NULL)) {
            rest(&holds_pages);
            continue;
        }
        state.busy = true;
        holds_pages = true;
        bool survived = prepare_session() && free_retired() && (state.queue == NULL || run_job(hottest()));
        state.busy = false;
        if (!survived) {
            if (llvm_broken() && !state.stop) {
                refuse_from_now_on(REASON_llvm_failed, llvm_fatal_message());
            }
            pthread_cond_broadcast(&state.quiet);
            break;
        }
        pthread_cond_broadcast(&state.quiet);
    }
    unlock();
    return NULL;
}

void compile_thread_checkpoint(void)
{
    if (!atomic_load_explicit(&interrupted, memory_order_relaxed)) {
        return;
    }
    lock();
    state.busy = false;
    pthread_cond_broadcast(&state.quiet);
    while (state.pauses > 0 && !state.stop) {
        pthread_cond_wait(&state.work, &state.lock);
    }
    state.busy = !state.stop;
    bool stop = state.stop;
    unlock();
    if (stop) {
        llvm_abandon();
    }
}

/* ---- Fork ----------------------------------------------------------------------------------------- */

static void note_interruption(void)
{
    atomic_store(&interrupted, state.stop || state.pauses > 0);
}

/* Before a fork, in the thread that forks, which may hold the GIL or not. Never waits for ever: should that thread hold a lock that
 * the compile thread needs to get out of LLVM (the dynamic linker's, say), the child has to do without tier 2. */
static void before_fork(void)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += FORK_PATIENCE_SECONDS;
    lock();
    state.pauses++;
    note_interruption();
    bool patient = true;
    while (state.busy && patient) {
        patient = pthread_cond_clockwait(&state.quiet, &state.lock, CLOCK_MONOTONIC, &deadline) != ETIMEDOUT;
    }
    state.unquiet |= state.busy;
    unlock();
}

static void after_fork_in_parent(void)
{
    lock();
    state.pauses--;
    state.unquiet = false;
    note_interruption();
    pthread_cond_broadcast(&state.work);
    unlock();
}

/* The compile thread does not exist here; the lock is as it happened to be. */
static void after_fork_in_child(void)
{
    pthread_mutex_init(&state.lock, NULL);
    pthread_cond_init(&state.work, NULL);
    pthread_cond_init(&state.quiet, NULL);
    state.has_thread = false;
    state.busy = false;
    state.pauses = 0;
    note_interruption();
    if (state.running != NULL) {
        finish(state.running, REASON_compile_forked);
        state.running = NULL;
    }
    finish_queue(REASON_compile_forked);
    if (state.unquiet) {
        refuse_from_now_on(REASON_no_compile_thread, "the process was forked in the middle of a compilation");
    }
}

/* ---- Exit ----------------------------------------------------------------------------------------- */

void compile_thread_stop(void)
{
    lock();
    state.stop = true;
    note_interruption();
    pthread_cond_broadcast(&state.work);
    bool join = state.has_thread;
    state.has_thread = false;
    unlock();
    if (join) {
        pthread_join(state.thread, NULL);
    }
}

/* ---- Starting. The lock is held. ------------------------------------------------------------------ */

static void install_handlers(void)
{
    if (!state.handlers_installed) {
        state.handlers_installed = true;
        orc_checkpoint = compile_thread_checkpoint;
        pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
        (void)Py_AtExit(compile_thread_stop); /* has 32 places; without one, stop_at_exit() does */
        stop_at_exit();
    }
}

static int create_thread(void)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&state.thread, &attributes, thread_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error == 0) {
        pthread_setname_np(state.thread, "pyjit-compile");
    }
    return error;
}

/* True when there is a thread, or nothing for it to do. */
static bool ensure_thread(void)
{
    if (state.has_thread) {
        return true;
    }
    install_handlers();
    int error = create_thread();
    if (error != 0) {
        refuse_from_now_on(REASON_no_compile_thread, strerror(error));
        return false;
    }
    state.has_thread = true;
    return true;
}

/* ---- The GIL holder's side ------------------------------------------------------------------------ */

void compile_thread_configure(const struct compile_thread_options *options)
{
    lock();
    state.options = *options;
    unlock();
}

/* Why a job is not taken now. The lock is held. */
static enum reason admission(void)
{
    size_t limit = state.options.queue_limit == 0 ? DEFAULT_QUEUE_LIMIT : state.options.queue_limit;
    if (state.stop) {
        return REASON_no_compile_thread;
    }
    if (state.refusal == REASON_none && state.totals.queued >= limit) {
        return REASON_compile_queue_full;
    }
    return state.refusal != REASON_none || ensure_thread() ? state.refusal : REASON_no_compile_thread;
}

enum reason compile_thread_submit(struct compile_job *job)
{
    job->state = COMPILE_JOB_NONE;
    job->cancelled = false;
    lock();
    enum reason reason = admission();
    if (reason != REASON_none) {
        unlock();
        return reason;
    }
    enqueue(job);
    pthread_cond_broadcast(&state.work);
    bool sync = state.options.sync;
    while (sync && job->state != COMPILE_JOB_FINISHED && !state.stop) {
        pthread_cond_wait(&state.quiet, &state.lock);
    }
    unlock();
    if (sync) {
        compile_thread_publish();
    }
    return REASON_none;
}

enum reason compile_thread_refusal(const char **detail)
{
    lock();
    enum reason reason = state.stop ? REASON_no_compile_thread : state.refusal;
    unlock();
    *detail = state.refusal_detail;
    return reason;
}

void compile_thread_set_heat(struct compile_job *job, uint64_t heat)
{
    lock();
    job->heat = heat;
    unlock();
}

void compile_thread_cancel(struct compile_job *job)
{
    lock();
    bool waiting = job->state == COMPILE_JOB_QUEUED;
    if (waiting) {
        dequeue(job);
        job->state = COMPILE_JOB_NONE;
        state.totals.cancelled++;
    }
    job->cancelled = true;
    unlock();
    if (waiting) {
        job->discard(job, REASON_compile_cancelled);
    }
}

/* The first finished job, out of the list, or NULL. */
static struct compile_job *next_finished(void)
{
    lock();
    struct compile_job *job = state.finished;
    if (job != NULL) {
        state.finished = job->next;
        if (state.finished == NULL) {
            state.finished_end = &state.finished;
        }
        job->next = NULL;
        job->state = COMPILE_JOB_NONE;
    }
    atomic_store(&compile_thread_finished_flag, state.finished != NULL);
    unlock();
    return job;
}

void compile_thread_publish(void)
{
    struct compile_job *job;
    while ((job = next_finished()) != NULL) {
        if (job->cancelled) {
            job->discard(job, REASON_compile_cancelled);
        } else if (job->reason != REASON_none) {
            job->discard(job, job->reason);
        } else {
            job->publish(job);
        }
    }
}

void compile_thread_wait(void)
{
    lock();
    while (state.has_thread && !state.stop && state.refusal == REASON_none &&
           (state.queue != NULL || state.running != NULL || state.retired != NULL || state.busy)) {
        pthread_cond_wait(&state.quiet, &state.lock);
    }
    unlock();
}

void compile_thread_retire(struct orc_code *code)
{
    lock();
    code->next = state.retired;
    state.retired = code;
    if (!state.stop && state.refusal == REASON_none && ensure_thread()) {
        pthread_cond_broadcast(&state.work);
    }
    unlock();
}

void compile_thread_get_totals(struct compile_thread_totals *totals)
{
    lock();
    *totals = state.totals;
    unlock();
}
