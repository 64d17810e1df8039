/* tests/tools/unwind/shadow_stack.h: the chain of return addresses, kept by watching every instruction: what an unwinder must find.
 *
 * A call pushes the address of the instruction behind it; whatever moves the stack pointer above that drops it. So it knows nothing
 * of frames, CFI or frame pointers.
 */
#ifndef PYJIT_TESTS_SHADOW_STACK_H
#define PYJIT_TESTS_SHADOW_STACK_H

#include <stddef.h>
#include <stdint.h>

enum { SHADOW_CAPACITY = 1 << 16, LONGEST_CALL = 8 };

struct shadow_stack {
    size_t count;
    uint64_t rip, rsp; /* before the last instruction */
    struct {
        uint64_t slot, address;
    } entries[SHADOW_CAPACITY]; /* outermost first */
};

/* An instruction has been executed; `top` is the word that rsp points to now. */
static inline void shadow_step(struct shadow_stack *shadow, uint64_t rip, uint64_t rsp, uint64_t top)
{
    while (shadow->count > 0 && shadow->entries[shadow->count - 1].slot < rsp) {
        shadow->count--;
    }
    /* Only a call goes elsewhere with the address behind it on the stack. */
    if (rsp == shadow->rsp - 8 && top > shadow->rip && top <= shadow->rip + LONGEST_CALL && rip != top &&
        shadow->count < SHADOW_CAPACITY) {
        shadow->entries[shadow->count].slot = rsp;
        shadow->entries[shadow->count].address = top;
        shadow->count++;
    }
    shadow->rip = rip;
    shadow->rsp = rsp;
}

#endif
