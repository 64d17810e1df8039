/* gdb/libunwind.h: libunwind, loaded when somebody asks for a stack. A process that never does needs no such library.
 *
 * Its local unwinder alone (UNW_LOCAL_ONLY); types and numbers are its header's.
 */
#ifndef PYJIT_GDB_LIBUNWIND_H
#define PYJIT_GDB_LIBUNWIND_H

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <stdbool.h>

struct libunwind {
    int (*getcontext)(
        unw_context_t *context); /* returns as setjmp() does: only from the function that uses the context */
    int (*init_local2)(unw_cursor_t *cursor, unw_context_t *context, int flags);
    int (*step)(unw_cursor_t *cursor);
    int (*get_reg)(unw_cursor_t *cursor, unw_regnum_t number, unw_word_t *value);
    int (*get_proc_info)(unw_cursor_t *cursor, unw_proc_info_t *info);
    int (*get_proc_name)(unw_cursor_t *cursor, char *name, size_t size, unw_word_t *offset);
    int (*is_signal_frame)(unw_cursor_t *cursor);
};

/* Valid after libunwind_load(). */
extern struct libunwind libunwind;

/* Loads it (RTLD_LOCAL: it has functions of the same names as libgcc). False, with *why a static string, where there is none. Once it has succeeded it
 * does nothing. Not async-signal-safe; GIL held. */
bool libunwind_load(const char **why);

#endif
