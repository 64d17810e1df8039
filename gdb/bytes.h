/* gdb/bytes.h: bytes appended one after the other, as DWARF writes numbers. Without memory nothing more is appended and `failed` is set, to be looked
 * at once in the end. */
#ifndef PYJIT_GDB_BYTES_H
#define PYJIT_GDB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    unsigned char *data; /* owned: free() it */
    size_t size, capacity;
    bool failed;
};

static inline void bytes_append(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->failed) {
        return;
    }
    if (bytes->capacity - bytes->size < size) {
        size_t capacity = (bytes->size + size) * 2 + 64;
        unsigned char *larger = realloc(bytes->data, capacity);
        if (larger == NULL) {
            bytes->failed = true;
            return;
        }
        bytes->data = larger;
        bytes->capacity = capacity;
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static inline void bytes_u8(struct bytes *bytes, uint8_t number)
{
    bytes_append(bytes, &number, sizeof number);
}

static inline void bytes_u16(struct bytes *bytes, uint16_t number)
{
    bytes_append(bytes, &number, sizeof number);
}

static inline void bytes_u32(struct bytes *bytes, uint32_t number)
{
    bytes_append(bytes, &number, sizeof number);
}

static inline void bytes_u64(struct bytes *bytes, uint64_t number)
{
    bytes_append(bytes, &number, sizeof number);
}

static inline void bytes_uleb(struct bytes *bytes, uint64_t number)
{
    for (; number >= 0x80; number >>= 7) {
        bytes_u8(bytes, (uint8_t)(number | 0x80));
    }
    bytes_u8(bytes, (uint8_t)number);
}

static inline void bytes_sleb(struct bytes *bytes, int64_t number)
{
    for (; number < -0x40 || number >= 0x40; number >>= 7) {
        bytes_u8(bytes, (uint8_t)((number & 0x7f) | 0x80));
    }
    bytes_u8(bytes, (uint8_t)(number & 0x7f));
}

static inline void bytes_text(struct bytes *bytes, const char *text)
{
    bytes_append(bytes, text, strlen(text) + 1);
}

/* Puts `number` at an earlier place, for what is known only later, such as a length. */
static inline void bytes_put_u32(struct bytes *bytes, size_t place, uint32_t number)
{
    if (!bytes->failed) {
        memcpy(bytes->data + place, &number, sizeof number);
    }
}

#endif
