/* vm/discard.h: throwing compiled code away: suppression, pyjit.clear(), the size limit. GIL held for all. */
#ifndef PYJIT_VM_DISCARD_H
#define PYJIT_VM_DISCARD_H

#include "runtime/code_state.h"
#include "vm/event_log.h"

/* Throws the compiled form away and logs it as `kind`; its memory goes when no frame can return into it. */
void discard_compiled(struct code_state *state, enum event_kind kind, enum reason reason);

/* Throws away all compiled code, and all counters of its code objects. */
void discard_all(void);

/* Before code is compiled: when code memory gets scarce, begins to watch what is still used. */
void discard_watch(void);

/* Code memory is full: evicts what has not been used for a while, the least recently used first, until a quarter of it is free again. Returns whether
 * there is more room than before. */
bool discard_cold(void);

/* JIT_STRESS=evict: evicts everything that no frame is running, at every few calls of this. */
void discard_for_stress(void);

#endif
