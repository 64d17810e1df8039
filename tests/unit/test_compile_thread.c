/* tests/unit/test_compile_thread.c: jobs, their order and end; fork, exit and threads at the worst moment. */
#include "runtime/cpython.h"

#include "tier2/compile_thread.h"

#include "runtime/code_arena.h"
#include "tests/unit/llvm_modules.h"
#include "tests/unit/unit.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

/* A job that compiles one small function, and what became of it. */
struct test_job {
    struct compile_job job;
    char name[32];
    int instructions; /* 0: the float loop */
    sem_t *hold;      /* wait for it in compile(), if there is one */
    struct orc_code *code;
    int published, discarded;
    enum reason reason;
};

static int finish_order[64];
static int finish_count;
static pid_t compiling_thread;
static bool saw_signals_unblocked;

static enum reason compile(struct compile_job *base)
{
    struct test_job *job = (struct test_job *)base;
    if (job->hold != NULL) {
        sem_wait(job->hold);
    }
    compiling_thread = (pid_t)syscall(SYS_gettid);
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    saw_signals_unblocked |= !sigismember(&blocked, SIGINT) || !sigismember(&blocked, SIGALRM);
    struct orc_unit unit;
    orc_unit_open(&unit, job->name);
    if (job->instructions == 0) {
        module_add_float_loop(&unit, job->name);
    } else {
        module_add_straight_line(&unit, job->name, job->instructions);
    }
    compile_thread_checkpoint();
    struct orc_request request = {
        .module = unit.module, .pipeline = ORC_lean, .symbols = {job->name}, .symbol_count = 1};
    enum reason reason = orc_compile(&request, &job->code);
    orc_unit_close(&unit);
    return reason;
}

static void publish(struct compile_job *base)
{
    struct test_job *job = (struct test_job *)base;
    job->published++;
    finish_order[finish_count++ % 64] = (int)job->job.heat;
    if (job->instructions == 0) {
        double (*function)(int64_t, double);
        memcpy(&function, &job->code->entries[0], sizeof(function));
        CHECK(function(6, 2.0) == 64.0);
    }
}

static void discard(struct compile_job *base, enum reason reason)
{
    struct test_job *job = (struct test_job *)base;
    job->discarded++;
    job->reason = reason;
}

static void prepare_job(struct test_job *job, int number, int instructions)
{
    *job = (struct test_job){.instructions = instructions};
    job->job.compile = compile;
    job->job.publish = publish;
    job->job.discard = discard;
    job->job.heat = (uint64_t)number;
    snprintf(job->name, sizeof(job->name), "job_%d", number);
}

static void start(bool sync)
{
    CHECK(code_arena_init(0));
    struct compile_thread_options options = {.llvm_path = getenv("JIT_LLVM"), .sync = sync};
    compile_thread_configure(&options);
}

static void submit(struct test_job *job)
{
    enum reason reason = compile_thread_submit(&job->job);
    CHECK(reason == REASON_none, "%s", reason_name(reason));
}

static void finish_all(void)
{
    compile_thread_wait();
    compile_thread_publish();
}

TEST(job_is_compiled_and_published)
{
    start(false);
    struct test_job job;
    prepare_job(&job, 1, 0);
    CHECK(!compile_thread_has_finished());
    submit(&job);
    compile_thread_wait();
    CHECK(compile_thread_has_finished() && job.published == 0, "nothing happens behind the GIL holder's back");
    compile_thread_publish();
    CHECK(job.published == 1 && job.discarded == 0 && !compile_thread_has_finished());
    CHECK(compiling_thread != getpid() && !saw_signals_unblocked);
    CHECK(job.job.milliseconds > 0);
    compile_thread_retire(job.code);
    compile_thread_wait();
    CHECK(code_arena_used() == 0, "%zu", code_arena_used());
    compile_thread_stop();
    CHECK(compile_thread_submit(&job.job) == REASON_no_compile_thread);
    compile_thread_stop();
}

/* Symbols can be defined again once the code that had them is retired, whatever the thread is doing at that moment. */
TEST(retired_code_is_gone_before_the_next_job)
{
    enum { ROUNDS = 300 };
    start(false);
    struct test_job job, other;
    prepare_job(&job, 1, 0);
    submit(&job);
    finish_all();
    for (int round = 0; round < ROUNDS; round++) {
        prepare_job(&other, 2, 0);
        submit(&other);
        finish_all();
        compile_thread_retire(other.code);
        usleep((unsigned)(round % 50));
        compile_thread_retire(job.code);
        prepare_job(&job, 1, 0);
        submit(&job);
        finish_all();
        CHECK(job.published == 1, "round %d: %s", round, orc_error());
    }
    compile_thread_retire(job.code);
    compile_thread_wait();
    CHECK(code_arena_used() == 0);
}

TEST(sync_is_finished_when_submit_returns)
{
    start(true);
    for (int i = 0; i < 5; i++) {
        struct test_job job;
        prepare_job(&job, i, 0);
        submit(&job);
        CHECK(job.published == 1 && !compile_thread_has_finished());
        compile_thread_retire(job.code);
    }
    struct compile_thread_totals totals;
    compile_thread_get_totals(&totals);
    CHECK(totals.compiled == 5 && totals.refused == 0 && totals.queued == 0);
}

TEST(hottest_first)
{
    enum { COUNT = 6 };
    start(false);
    sem_t hold;
    sem_init(&hold, 0, 0);
    struct test_job first, jobs[COUNT];
    prepare_job(&first, 1000, 0);
    first.hold = &hold;
    submit(&first);
    int heats[COUNT] = {5, 90, 7, 60, 1, 30};
    for (int i = 0; i < COUNT; i++) {
        prepare_job(&jobs[i], heats[i], 30);
        submit(&jobs[i]);
    }
    compile_thread_set_heat(&jobs[4].job, 75);
    sem_post(&hold);
    finish_all();
    /* `first` was taken at once, or (a slow thread) is the hottest. */
    int expected[] = {1000, 90, 75, 60, 30, 7, 5};
    CHECK(finish_count == 7);
    for (int i = 0; i < 7; i++) {
        CHECK(finish_order[i] == expected[i], "%d: %d", i, finish_order[i]);
    }
}

TEST(cancelled_in_every_state)
{
    start(false);
    sem_t hold;
    sem_init(&hold, 0, 0);
    struct test_job running, waiting, finished;
    prepare_job(&running, 3, 0);
    running.hold = &hold;
    submit(&running);
    while (running.job.state != COMPILE_JOB_RUNNING) {
        usleep(1000);
    }
    prepare_job(&waiting, 2, 0);
    submit(&waiting);
    compile_thread_cancel(&waiting.job);
    CHECK(waiting.discarded == 1 && waiting.reason == REASON_compile_cancelled && waiting.code == NULL);
    compile_thread_cancel(&running.job);
    CHECK(running.discarded == 0, "the thread still uses it");
    sem_post(&hold);
    finish_all();
    CHECK(running.discarded == 1 && running.published == 0 && running.reason == REASON_compile_cancelled);
    CHECK(running.code != NULL);
    compile_thread_retire(running.code);
    prepare_job(&finished, 1, 0);
    submit(&finished);
    compile_thread_wait();
    compile_thread_cancel(&finished.job);
    compile_thread_publish();
    CHECK(finished.discarded == 1 && finished.published == 0);
    compile_thread_retire(finished.code);
    compile_thread_wait();
    CHECK(code_arena_used() == 0);
    CHECK(waiting.discarded == 1);
}

TEST(full_queue_refuses)
{
    CHECK(code_arena_init(0));
    compile_thread_configure(&(struct compile_thread_options){.llvm_path = getenv("JIT_LLVM"), .queue_limit = 2});
    sem_t hold;
    sem_init(&hold, 0, 0);
    struct test_job jobs[4];
    for (int i = 0; i < 4; i++) {
        prepare_job(&jobs[i], 10 - i, 30);
    }
    jobs[0].hold = &hold;
    submit(&jobs[0]);
    while (jobs[0].job.state != COMPILE_JOB_RUNNING) {
        usleep(1000);
    }
    submit(&jobs[1]);
    submit(&jobs[2]);
    CHECK(compile_thread_submit(&jobs[3].job) == REASON_compile_queue_full);
    const char *detail;
    CHECK(compile_thread_refusal(&detail) == REASON_none, "which is no lasting state");
    sem_post(&hold);
    finish_all();
    submit(&jobs[3]);
    finish_all();
    CHECK(jobs[3].published == 1 && jobs[3].discarded == 0);
}

TEST(no_library_discards_and_refuses)
{
    CHECK(code_arena_init(0));
    compile_thread_configure(&(struct compile_thread_options){.llvm_path = "/nonexistent"});
    struct test_job job, later;
    prepare_job(&job, 1, 0);
    submit(&job);
    finish_all();
    CHECK(job.discarded == 1 && job.published == 0 && job.reason == REASON_no_llvm);
    prepare_job(&later, 2, 0);
    CHECK(compile_thread_submit(&later.job) == REASON_no_llvm);
    const char *detail;
    CHECK(compile_thread_refusal(&detail) == REASON_no_llvm && strstr(detail, "/nonexistent") != NULL, "%s", detail);
    compile_thread_stop();
}

TEST(no_library_in_sync_mode)
{
    CHECK(code_arena_init(0));
    compile_thread_configure(&(struct compile_thread_options){.llvm_path = "/nonexistent", .sync = true});
    struct test_job job;
    prepare_job(&job, 1, 0);
    submit(&job);
    CHECK(job.discarded == 1 && job.reason == REASON_no_llvm);
}

TEST(no_thread_is_told_once_and_for_all)
{
    start(false);
    /* Another user, so that the limit on processes holds for root as well. */
    struct rlimit none = {0, 0};
    CHECK(setrlimit(RLIMIT_NPROC, &none) == 0);
    CHECK(getuid() != 0 || setuid(65534) == 0);
    struct test_job job;
    prepare_job(&job, 1, 0);
    CHECK(compile_thread_submit(&job.job) == REASON_no_compile_thread);
    const char *detail;
    CHECK(compile_thread_refusal(&detail) == REASON_no_compile_thread && detail[0] != '\0');
    CHECK(job.published == 0 && job.discarded == 0);
    compile_thread_publish();
    compile_thread_wait();
    compile_thread_stop();
}

static enum reason compile_nonsense(struct compile_job *job)
{
    (void)job;
    struct orc_unit unit;
    orc_unit_open(&unit, "nonsense");
    llvm.SetDataLayout(unit.module, "nonsense");
    return REASON_none;
}

TEST(fatal_error_ends_tier2_not_the_process)
{
    start(false);
    struct test_job good, bad, waiting;
    prepare_job(&good, 3, 0);
    submit(&good);
    finish_all();
    sem_t hold;
    sem_init(&hold, 0, 0);
    prepare_job(&bad, 2, 0);
    bad.job.compile = compile_nonsense;
    prepare_job(&waiting, 1, 0);
    submit(&bad);
    enum reason reason = compile_thread_submit(&waiting.job);
    finish_all();
    CHECK(bad.discarded == 1 && bad.reason == REASON_llvm_failed);
    CHECK(reason == REASON_llvm_failed || (waiting.discarded == 1 && waiting.reason == REASON_llvm_failed));
    CHECK(compile_thread_submit(&good.job) == REASON_llvm_failed);
    const char *detail;
    CHECK(compile_thread_refusal(&detail) == REASON_llvm_failed && detail[0] != '\0');
    publish(&good.job);
    compile_thread_stop();
}

/* The child of a fork at any moment: what was queued is discarded, new jobs compile, the parent's code can be freed. */
static void child_compiles(struct test_job *pending, int pending_count, struct test_job *published)
{
    compile_thread_publish();
    for (int i = 0; i < pending_count; i++) {
        CHECK(pending[i].published + pending[i].discarded == 1, "job %d: %d, %d", i, pending[i].published,
              pending[i].discarded);
        CHECK(pending[i].published == 1 || pending[i].reason == REASON_compile_forked, "job %d: reason %d, %s", i,
              (int)pending[i].reason, orc_error());
    }
    struct test_job mine;
    prepare_job(&mine, 77, 0);
    submit(&mine);
    if (published != NULL) {
        compile_thread_retire(published->code);
    }
    finish_all();
    CHECK(mine.published == 1);
    compile_thread_stop();
}

TEST(fork_while_compiling)
{
    enum { ROUNDS = 200, JOBS = 3 };
    start(false);
    struct test_job warm;
    prepare_job(&warm, 5, 0);
    submit(&warm);
    finish_all();
    for (int round = 0; round < ROUNDS; round++) {
        struct test_job jobs[JOBS];
        for (int i = 0; i < JOBS; i++) {
            prepare_job(&jobs[i], 100 + i, i == 0 ? 0 : 60);
            submit(&jobs[i]);
        }
        usleep((unsigned)(round * 59 % 4000));
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            child_compiles(jobs, JOBS, &warm);
            _exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "round %d: status %x", round, status);
        finish_all();
        for (int i = 0; i < JOBS; i++) {
            CHECK(jobs[i].published == 1, "round %d, job %d", round, i);
            compile_thread_retire(jobs[i].code);
        }
    }
    compile_thread_retire(warm.code);
    compile_thread_wait();
    CHECK(code_arena_used() == 0);
}

TEST(fork_while_the_library_is_loaded)
{
    for (int round = 0; round < 5; round++) {
        pid_t outer = fork();
        if (outer == 0) {
            start(false);
            struct test_job job;
            prepare_job(&job, 1, 0);
            submit(&job);
            usleep((unsigned)(round * 10000));
            pid_t child = fork();
            if (child == 0) {
                alarm(20);
                child_compiles(&job, 1, NULL);
                _exit(0);
            }
            int status;
            CHECK(waitpid(child, &status, 0) == child && status == 0, "round %d: status %x", round, status);
            finish_all();
            CHECK(job.published == 1);
            _exit(0);
        }
        int status;
        CHECK(waitpid(outer, &status, 0) == outer && status == 0, "round %d: status %x", round, status);
    }
}

/* How long a fork is held up by a compilation; printed, not judged: the machine may be busy. */
TEST(measure_fork_delay)
{
    start(false);
    double longest = 0, sum = 0;
    enum { ROUNDS = 20 };
    for (int round = 0; round < ROUNDS; round++) {
        struct test_job job;
        prepare_job(&job, 1, 300);
        submit(&job);
        usleep((unsigned)(round * 97 % 3000));
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        pid_t child = fork();
        if (child == 0) {
            _exit(0);
        }
        clock_gettime(CLOCK_MONOTONIC, &after);
        waitpid(child, NULL, 0);
        double took = (double)(after.tv_sec - before.tv_sec) * 1e3 + (double)(after.tv_nsec - before.tv_nsec) / 1e6;
        sum += took;
        longest = took > longest ? took : longest;
        finish_all();
        compile_thread_retire(job.code);
    }
    struct compile_thread_totals totals;
    compile_thread_get_totals(&totals);
    printf("# fork during compilations of %.1f ms: mean %.2f ms, longest %.2f\n",
           totals.milliseconds / (double)totals.compiled, sum / ROUNDS, longest);
}

static void leave_by_finalizing(void)
{
    CHECK(Py_FinalizeEx() == 0);
    exit(0);
}

static void leave_by_exit(void)
{
    exit(0);
}

/* Ends the process in one of the ways there are, while the thread compiles. */
static void exit_while_compiling(int round, void (*leave)(void))
{
    pid_t child = fork();
    if (child == 0) {
        Py_InitializeEx(0);
        start(false);
        static struct test_job jobs[40];
        for (int i = 0; i < 40; i++) {
            prepare_job(&jobs[i], i, 200);
            submit(&jobs[i]);
        }
        /* Some rounds end while libLLVM is still being loaded; which plain exit() does not always survive (compile_thread.c). */
        if (round % 5 != 0 || leave == leave_by_exit) {
            while (!compile_thread_has_finished()) {
                usleep(200);
            }
        }
        usleep((unsigned)(round * 331 % 7000));
        leave();
        _exit(3);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "round %d: status %x", round, status);
}

TEST(finalize_and_exit_while_compiling)
{
    for (int round = 0; round < 15; round++) {
        exit_while_compiling(round, leave_by_finalizing);
    }
}

TEST(plain_exit_while_compiling)
{
    for (int round = 0; round < 15; round++) {
        exit_while_compiling(round, leave_by_exit);
    }
}

/* Code of the GIL holder's comes and goes in the same arena as the compile thread's blocks. */
TEST(arena_is_shared_with_the_gil_holder)
{
    start(false);
    enum { SLOTS = 32, ROUNDS = 60 };
    static unsigned char *slots[SLOTS];
    unsigned random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        struct test_job job;
        prepare_job(&job, 4, 0);
        submit(&job);
        while (!compile_thread_has_finished()) {
            random = random * 1664525 + 1013904223;
            unsigned slot = (random >> 8) % SLOTS;
            enum { SIZE = 700 };
            if (slots[slot] != NULL) {
                for (int i = 0; i < SIZE; i++) {
                    CHECK(slots[slot][i] == slot);
                }
                code_arena_free(slots[slot], SIZE);
                slots[slot] = NULL;
            } else {
                slots[slot] = code_arena_begin(SIZE);
                CHECK(slots[slot] != NULL);
                memset(slots[slot], (int)slot, SIZE);
                CHECK(code_arena_commit(slots[slot], SIZE));
            }
        }
        compile_thread_publish();
        CHECK(job.published == 1);
        compile_thread_retire(job.code);
    }
    compile_thread_wait();
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i] != NULL) {
            code_arena_free(slots[i], 700);
        }
    }
    CHECK(code_arena_used() == 0);
}
