/* tier2/compile_thread.h: the thread that LLVM runs on.
 *
 * It starts with the first job, blocks all signals, never takes the GIL and looks at no Python object. The GIL's holder submits
 * jobs and, when compile_thread_has_finished() says so, collects them with compile_thread_publish(). That flag is looked at where
 * tier 1's counters overflow and where the tier manager decides anyway, in whichever thread: pending calls (Py_AddPendingCall)
 * would run in the main thread only, 32 at most, and on an interpreter that may be half finalised.
 *
 *     static enum reason compile(struct compile_job *job)     on the compile thread: IR, passes, lowering, orc_compile()
 *     static void publish(struct compile_job *job)            GIL held: check what was assumed, switch the entry, free the job
 *     static void discard(struct compile_job *job, enum reason reason)     GIL held: it did not come to that; free the job
 *
 *     job->job = (struct compile_job){.compile = compile, .publish = publish, .discard = discard, .heat = calls};
 *     enum reason reason = compile_thread_submit(&job->job);
 *     ...
 *     if (compile_thread_has_finished()) {
 *         compile_thread_publish();
 *     }
 *
 * Fork: pthread_atfork handlers wait until the thread is outside LLVM, and hold it there. The child has the session, and all code, but
 * no thread: what was queued is discarded there (REASON_compile_forked), the next job starts a thread. Exit: the thread is stopped at
 * the end of its current step, before LLVM's static data is destroyed; jobs that are left are neither published nor discarded.
 */
#ifndef PYJIT_TIER2_COMPILE_THREAD_H
#define PYJIT_TIER2_COMPILE_THREAD_H

#include "runtime/reasons.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct orc_code;

enum compile_job_state { COMPILE_JOB_NONE, COMPILE_JOB_QUEUED, COMPILE_JOB_RUNNING, COMPILE_JOB_FINISHED };

/* One function to compile, usually the first member of a larger struct. It belongs to the compile thread's book-keeping from
 * submit() until publish or discard is called, exactly one of which is. */
struct compile_job {
    /* The submitter's. compile() returns REASON_none or why there is no code; it calls compile_thread_checkpoint() now and then. */
    enum reason (*compile)(struct compile_job *job);
    void (*publish)(struct compile_job *job);
    void (*discard)(struct compile_job *job, enum reason reason);
    uint64_t heat; /* the hottest job is compiled first */
    /* compile_thread.c's. */
    struct compile_job *next;
    enum compile_job_state state;
    bool cancelled;
    enum reason reason;
    double milliseconds; /* what compile() took; may be read when published */
};

struct compile_thread_options {
    const char *llvm_path; /* borrowed for ever: JIT_LLVM; NULL: llvm_load()'s own search */
    size_t queue_limit;    /* 0: 256 */
    bool sync;             /* submit() waits for its job and publishes it: nothing happens in the background */
};

/* Sets the options; to be called before the first job, or not at all. GIL held. */
void compile_thread_configure(const struct compile_thread_options *options);

/* Queues a job, and starts the thread if there is none. REASON_none: one of its callbacks will be called (sync: has been). Else
 * none will, and the reason is REASON_compile_queue_full, or one that will stay: REASON_no_llvm, REASON_llvm_incomplete,
 * REASON_llvm_failed, REASON_no_compile_thread. GIL held. */
enum reason compile_thread_submit(struct compile_job *job);

/* Why no job will be taken any more (REASON_none: they are), and the detail of it: a static string, perhaps "". GIL held. */
enum reason compile_thread_refusal(const char **detail);

/* Changes the heat of a job that waits; harmless otherwise. GIL held. */
void compile_thread_set_heat(struct compile_job *job, uint64_t heat);

/* The job is no longer wanted: what it is about has died, say. A job that waits is discarded before this returns
 * (REASON_compile_cancelled); one that is being compiled, or is finished, by a later compile_thread_publish(). GIL held. */
void compile_thread_cancel(struct compile_job *job);

extern atomic_bool compile_thread_finished_flag;

/* Is there something to publish? One load; from any thread, without the GIL too. */
static inline bool compile_thread_has_finished(void)
{
    return atomic_load_explicit(&compile_thread_finished_flag, memory_order_relaxed);
}

/* Calls publish or discard of every finished job. They may submit and cancel. GIL held. */
void compile_thread_publish(void);

/* Waits until nothing is queued or being compiled. The GIL may be held or not. */
void compile_thread_wait(void);

/* Has the compile thread free code, soon, that no frame can return into and no map names. GIL held. */
void compile_thread_retire(struct orc_code *code);

/* On the compile thread, outside LLVM's functions: waits here while a fork is under way, does not return when the process ends. */
void compile_thread_checkpoint(void);

/* Ends the thread and joins it; called by Py_AtExit and by exit(). No job is taken afterwards. */
void compile_thread_stop(void);

struct compile_thread_totals {
    size_t compiled, refused, cancelled; /* jobs, by how compile() ended */
    size_t queued;                       /* now */
    double milliseconds;                 /* in compile(), by the clock */
    double processor_milliseconds;       /* the same, of the thread's processor time */
    double longest_milliseconds;
};

void compile_thread_get_totals(struct compile_thread_totals *totals);

#endif
