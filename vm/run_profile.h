/* vm/run_profile.h: JIT_PROFILE_DIR: what happened in a process, written to a file when it ends, for `pyjit --profile`.
 *
 * DIR/runs/ has a file for each process, run-TIME-PID.json, put there whole (written beside it, then renamed), so that many processes can share DIR and
 * readers see complete files only. Other kinds of profiles get folders of their own beside runs/. A process writes its file when it ends by
 * returning, by sys.exit(), an exception, exit() in C or os._exit(); and about once a second while it is busy, because a signal may kill it or another program
 * take its place (exec). */
#ifndef PYJIT_VM_RUN_PROFILE_H
#define PYJIT_VM_RUN_PROFILE_H

#include "vm/event_log.h"

/* Begins. `folder`: JIT_PROFILE_DIR; NULL: none is wanted. A fork's child begins a profile of its own. GIL held; leaves no exception. */
void run_profile_start(const char *folder);
bool run_profile_enabled(void);

/* Counts an event for the function it is about. GIL held. */
void run_profile_note(enum event_kind kind, PyCodeObject *code, int tier, enum reason reason, size_t bytes,
                      double milliseconds);

#endif
