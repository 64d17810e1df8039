/* runtime/type_slots.h: slots of built-in types in whose place our own functions stand while the JIT is on (those of generators are in
 * generator.h).
 *
 * C code that knows nothing of us calls them: `sum`, `list`, `sorted`, the deallocation of containers. They do what CPython's do, with
 * the memory and the entries that compiled code has.
 */
#ifndef PYJIT_RUNTIME_TYPE_SLOTS_H
#define PYJIT_RUNTIME_TYPE_SLOTS_H

/* Puts them into the types, or CPython's own back; remove after install only. Whoever has replaced ours meanwhile keeps his place, and ours go on
 * working for him. GIL held, main interpreter. */
void type_slots_install(void);
void type_slots_remove(void);

#endif
