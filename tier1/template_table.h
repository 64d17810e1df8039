/* tier1/template_table.h: the templates as the emitter sees them: bytes, and relocations that name holes, labels and helpers. */
#ifndef PYJIT_TIER1_TEMPLATE_TABLE_H
#define PYJIT_TIER1_TEMPLATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hole {
#define HOLE(name) HOLE_##name,
#define LABEL(name)
#include "tier1/holes.def"
#undef HOLE
#undef LABEL
    HOLE_COUNT
};

enum label {
#define HOLE(name)
#define LABEL(name) LABEL_##name,
#include "tier1/holes.def"
#undef HOLE
#undef LABEL
    LABEL_COUNT
};

enum relocation_type {
    RELOCATION_ABSOLUTE_32, /* R_X86_64_32, R_X86_64_32S: the value itself, checked to fit */
    RELOCATION_ABSOLUTE_8,  /* R_X86_64_8 */
    RELOCATION_ABSOLUTE_64, /* R_X86_64_64 */
    RELOCATION_RELATIVE_32, /* R_X86_64_PC32, R_X86_64_PLT32: value - place */
};

enum target_kind { TARGET_HOLE, TARGET_LABEL, TARGET_HELPER };

struct template_relocation {
    uint16_t offset;
    uint8_t type;        /* enum relocation_type */
    uint8_t target_kind; /* enum target_kind */
    uint16_t target;     /* enum hole, enum label, or an index into template_helpers */
    int32_t addend;
};

struct template
{
    const char *name;
    const unsigned char *bytes;
    const struct template_relocation *relocations;
    uint16_t size;
    uint16_t relocation_count;
    bool falls_through; /* ends with `jmp CONT`, five bytes that may be left out */
};

enum template_id {
#define TEMPLATE_NAME(name) TEMPLATE_##name,
#define TEMPLATE_TABLE_NAMES
#include "tier1_templates.inc"
#undef TEMPLATE_TABLE_NAMES
#undef TEMPLATE_NAME
    TEMPLATE_COUNT
};

extern const struct template template_table[TEMPLATE_COUNT];

/* Addresses of the runtime's functions and data that templates refer to. */
extern const void *const template_helpers[];

#endif
