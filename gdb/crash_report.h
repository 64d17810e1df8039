/* gdb/crash_report.h: the hybrid stack (native_stack.h) on standard error when a fatal signal comes. */
#ifndef PYJIT_GDB_CRASH_REPORT_H
#define PYJIT_GDB_CRASH_REPORT_H

/* From now on SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT print the stack of the thread they come to, and then have the effect they had before:
 * faulthandler's, the default. Once per process. Loads libunwind, and says in one line on standard error if there is none. GIL held. */
void crash_report_install(void);

#endif
