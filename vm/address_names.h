/* vm/address_names.h: what stands at an address, for listings of machine code: functions of pyjit and of CPython, compiled functions,
 * constants, classes, feedback. */
#ifndef PYJIT_VM_ADDRESS_NAMES_H
#define PYJIT_VM_ADDRESS_NAMES_H

#include "runtime/code_map.h"

struct address_names;

/* Gathers what only the holder of the GIL may look at: the names and constants of `code`, and, unless `quick`, those of all classes, functions and modules
 * there are. New, or NULL without memory; no exception is set, a pending one is kept. Good until Python code runs. */
struct address_names *address_names_new(PyCodeObject *code, bool quick);
void address_names_free(struct address_names *names);

/* The name of what is at the address, or NULL. Good until the next call. Needs the GIL to stand still, not to be held: another thread may ask
 * while its holder waits. */
const char *address_name(struct address_names *names, uint64_t address);

#endif
