/* tier2/machine_text.h: machine code as text, by LLVM's disassembler. */
#ifndef PYJIT_TIER2_MACHINE_TEXT_H
#define PYJIT_TIER2_MACHINE_TEXT_H

#include "runtime/reasons.h"

#include <stddef.h>
#include <stdint.h>

struct machine_instruction {
    uint32_t offset;
    uint32_t text; /* where its text begins in the listing's */
};

struct machine_listing {
    struct machine_instruction *instructions; /* owned */
    size_t count;
    char *texts; /* owned, each ends with a zero */
};

/* The name of an address, or NULL; good until the next call. Called on the compile thread, while the caller of machine_text_read() waits. */
typedef const char *machine_namer(void *argument, uint64_t address);

/* Decodes `size` bytes at `start` on the compile thread, for which this waits: libLLVM is loaded, if it is not. REASON_none with a new listing in *listing, which
 * machine_listing_free() empties; or why not. GIL held, and kept; what the thread has finished otherwise is published meanwhile. */
enum reason machine_text_read(const char *start, size_t size, machine_namer *name, void *argument,
                              struct machine_listing *listing);
void machine_listing_free(struct machine_listing *listing);

#endif
