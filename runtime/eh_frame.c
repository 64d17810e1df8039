/* runtime/eh_frame.c: see eh_frame.h. The format is that of the LSB's core specification, chapter 10.6. */
#include "runtime/eh_frame.h"

#include <assert.h>
#include <string.h>

/* The call frame instructions of runtime/code_arena_x86_64.S. */
extern const __attribute__((visibility("hidden"))) unsigned char eh_frame_rule[], eh_frame_rule_end[];

enum { ALIGNMENT = 8, REGISTER_RIP = 16, PCREL_SDATA4 = 0x1b };

/* Ends a record that began at `first` with the room for its length: pads it with DW_CFA_nop, which is 0. Returns its end. */
static unsigned char *end_record(unsigned char *first, unsigned char *end)
{
    while ((size_t)(end - first) % ALIGNMENT != 0) {
        *end++ = 0;
    }
    uint32_t length = (uint32_t)(end - first - (ptrdiff_t)sizeof length);
    memcpy(first, &length, sizeof length);
    return end;
}

static unsigned char *put(unsigned char *to, const void *bytes, size_t count)
{
    memcpy(to, bytes, count);
    return to + count;
}

static unsigned char *put_int(unsigned char *to, int64_t value)
{
    int32_t narrow = (int32_t)value;
    assert(narrow == value);
    return put(to, &narrow, sizeof narrow);
}

size_t eh_frame_write(unsigned char to[EH_FRAME_MOST_BYTES], uintptr_t place, uintptr_t start, size_t size,
                      size_t *fde)
{
    static const unsigned char head[] = {
        0,
        0,
        0,
        0, /* a CIE */
        1, /* version */
        'z',
        'R',
        0,            /* augmentation: the size of its data; how addresses are written */
        1,            /* code alignment */
        0x78,         /* data alignment: -8 */
        REGISTER_RIP, /* the return address' column */
        1,
        PCREL_SDATA4,
    };
    unsigned char *at = put(to + sizeof(uint32_t), head, sizeof head);
    at = put(at, eh_frame_rule, (size_t)(eh_frame_rule_end - eh_frame_rule));
    unsigned char *first = end_record(to, at);
    if (fde != NULL) {
        *fde = (size_t)(first - to);
    }
    at = first + sizeof(uint32_t);
    at = put_int(at, at - to);
    at = put_int(at, (int64_t)start - (int64_t)(place + (size_t)(at - to)));
    at = put_int(at, (int64_t)size);
    *at++ = 0; /* no augmentation data */
    at = end_record(first, at);
    at = put_int(at, 0);
    assert(at - to <= EH_FRAME_MOST_BYTES);
    return (size_t)(at - to);
}
