/* vm/end_reports.h: what --disassemble and --explain print when the program has ended. */
#ifndef PYJIT_VM_END_REPORTS_H
#define PYJIT_VM_END_REPORTS_H

#include "runtime/code_state.h"
#include "vm/log_file.h"

/* Where reports and the lines of --trace go: jit-report, else standard error. */
extern struct log_file end_reports_file;

/* Has the reports that the options ask for written to standard error when the interpreter ends, after the program's own atexit functions; by this process only, not by
 * children that it forks. Nothing is done when none is asked for. GIL held; leaves no exception. */
void end_reports_start(void);

/* A code object with compiled code dies: its report is written now, and kept to the end. Called by whoever is told of that. */
void end_reports_note_death(struct code_state *state);

#endif
