/* tier1/template_table.h: the templates as the emitter sees them: bytes, and relocations that name holes, labels and helpers. */
#ifndef PYJIT_TIER1_TEMPLATE_TABLE_H
#define PYJIT_TIER1_TEMPLATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hole {
#define HOLE(name) HOLE_##name,
#define QUAD_HOLE(name)
#define LABEL(name)
#include "tier1/holes.def"
#undef HOLE
#undef QUAD_HOLE
#undef LABEL
    HOLE_COUNT
};

enum quad_hole {
#define HOLE(name)
#define QUAD_HOLE(name) HOLE_##name,
#define LABEL(name)
#include "tier1/holes.def"
#undef HOLE
#undef QUAD_HOLE
#undef LABEL
    QUAD_HOLE_COUNT
};

enum label {
#define HOLE(name)
#define QUAD_HOLE(name)
#define LABEL(name) LABEL_##name,
#include "tier1/holes.def"
#undef HOLE
#undef QUAD_HOLE
#undef LABEL
    LABEL_COUNT
};

enum relocation_kind {
#define KIND(name) RELOCATION_##name,
#include "tier1/relocations.def"
#undef KIND
};

struct template_relocation {
    uint16_t offset;
    uint16_t kind : 4;    /* enum relocation_kind */
    uint16_t target : 12; /* enum hole, enum quad_hole, enum label, or an index into template_helpers */
    int32_t addend;
};

/* Numbers instead of pointers, so that nothing of the table has to be relocated when the library is loaded. */
struct template
{
    uint32_t first_byte; /* in template_bytes */
    uint32_t
        first_relocation; /* in template_relocations; ordered by kind, but for the one of the jump that may be left out, which is the
                                  last */
    uint16_t size;
    uint8_t relocation_count;
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
extern const struct template_relocation template_relocations[];
/* So many bytes of no template stand behind the last one. */
enum { TEMPLATE_PADDING = 16 };
extern const unsigned char template_bytes[];

/* Addresses of the runtime's functions and data that templates refer to. */
extern const void *const template_helpers[];

#endif
