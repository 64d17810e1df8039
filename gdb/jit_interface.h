/* gdb/jit_interface.h: compiled code made known to a debugger, through gdb's JIT interface (gdb's manual, "JIT Compilation Interface").
 *
 * All of it needs the GIL and keeps a pending exception. Nothing fails: code that there is no memory for stays unknown.
 */
#ifndef PYJIT_GDB_JIT_INTERFACE_H
#define PYJIT_GDB_JIT_INTERFACE_H

#include "runtime/code_map.h"
#include "runtime/linked_object.h"

/* From now on code is registered as it is made. Says why not in one line on standard error where libelf is missing. */
void jit_interface_start(void);

/* Is it on? Then tier 2 makes debug information. */
bool jit_interface_is_on(void);

/* Registers tier-2 code. Does nothing where this is off. */
void jit_interface_add(const struct linked_object *linked);

/* Before tier-2 code is freed. */
void jit_interface_remove(const char *text);

#endif
