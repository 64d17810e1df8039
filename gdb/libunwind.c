/* gdb/libunwind.c: see libunwind.h. */
#include "gdb/libunwind.h"

#include <dlfcn.h>
#include <stddef.h>

struct libunwind libunwind;

/* Its header renames its functions by macros. */
#define SYMBOL_TEXT(symbol) #symbol
#define SYMBOL_OF(macro)    SYMBOL_TEXT(macro)

bool libunwind_load(const char **why)
{
    static void *library;
    if (library != NULL) {
        return true;
    }
    void *opened = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (opened == NULL) {
        *why = "libunwind.so.8 is not installed";
        return false;
    }
    const struct {
        void *function; /* where to put it */
        const char *name;
    } wanted[] = {
        {&libunwind.getcontext, SYMBOL_OF(unw_tdep_getcontext)},
        {&libunwind.init_local2, SYMBOL_OF(unw_init_local2)},
        {&libunwind.step, SYMBOL_OF(unw_step)},
        {&libunwind.get_reg, SYMBOL_OF(unw_get_reg)},
        {&libunwind.get_proc_info, SYMBOL_OF(unw_get_proc_info)},
        {&libunwind.get_proc_name, SYMBOL_OF(unw_get_proc_name)},
        {&libunwind.is_signal_frame, SYMBOL_OF(unw_is_signal_frame)},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *found = dlsym(opened, wanted[i].name);
        if (found == NULL) {
            *why = "libunwind.so.8 is another version than 1.6";
            dlclose(opened);
            return false;
        }
        *(void **)wanted[i].function = found;
    }
    library = opened;
    return true;
}
