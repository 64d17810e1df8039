/* runtime/eh_frame.h: call frame information (DWARF, .eh_frame) of compiled code.
 *
 * The library's own .eh_frame describes the whole code arena (code_arena_x86_64.S), so unwinders that look into loaded libraries need nothing
 * from here. This is for those who see a piece of code elsewhere: in an ELF image in memory, or in a file made from a jitdump.
 */
#ifndef PYJIT_RUNTIME_EH_FRAME_H
#define PYJIT_RUNTIME_EH_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* eh_frame_write() needs no more room. */
enum { EH_FRAME_MOST_BYTES = 256 };

/* Writes a CIE, an FDE for the `size` bytes of code at `start`, and the terminator, as they are to stand at the address `place` (a multiple of 8; not
 * more than 2 GB from the code, to which the FDE points relative to itself); returns how many bytes. `fde` is where the FDE
 * begins among them, or NULL. Code of either tier. Async-signal-safe. */
size_t eh_frame_write(unsigned char to[EH_FRAME_MOST_BYTES], uintptr_t place, uintptr_t start, size_t size,
                      size_t *fde);

#endif
