/* tier2/line_program.c: see line_program.h. DWARF 4, section 6.2. */
#include "tier2/line_program.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* Opcodes, standard and extended. */
enum {
    COPY = 1,
    ADVANCE_PC = 2,
    ADVANCE_LINE = 3,
    SET_FILE = 4,
    SET_COLUMN = 5,
    CONST_ADD_PC = 8,
    FIXED_ADVANCE_PC = 9,
    EXTENDED = 0,
    END_SEQUENCE = 1,
    SET_ADDRESS = 2,
};

struct reader {
    const uint8_t *at, *end;
    bool failed;
};

struct rows {
    struct line_program_row *items; /* owned */
    size_t count, capacity;
};

static uint8_t read_byte(struct reader *reader)
{
    if (reader->at >= reader->end) {
        reader->failed = true;
        return 0;
    }
    return *reader->at++;
}

static uint64_t read_fixed(struct reader *reader, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++) {
        value |= (uint64_t)read_byte(reader) << (8 * i);
    }
    return value;
}

static uint64_t read_unsigned(struct reader *reader)
{
    uint64_t value = 0;
    uint8_t byte = 0x80;
    for (unsigned shift = 0; (byte & 0x80) != 0 && shift < 64 && !reader->failed; shift += 7) {
        byte = read_byte(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
    }
    return value;
}

static int64_t read_signed(struct reader *reader)
{
    uint64_t value = 0;
    uint8_t byte = 0x80;
    unsigned shift = 0;
    for (; (byte & 0x80) != 0 && shift < 64 && !reader->failed; shift += 7) {
        byte = read_byte(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
    }
    if (shift < 64 && (byte & 0x40) != 0) {
        value |= ~UINT64_C(0) << shift;
    }
    return (int64_t)value;
}

static void skip(struct reader *reader, uint64_t size)
{
    if (size > (uint64_t)(reader->end - reader->at)) {
        reader->failed = true;
        size = 0;
    }
    reader->at += size;
}

static void add_row(struct rows *rows, const struct line_program_row *row)
{
    struct line_program_row *last = rows->count > 0 ? &rows->items[rows->count - 1] : NULL;
    if (last != NULL && last->offset == row->offset) {
        *last = *row;
        return;
    }
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity * 2 + 64;
        struct line_program_row *larger = realloc(rows->items, capacity * sizeof *larger);
        if (larger == NULL) {
            return;
        }
        rows->items = larger;
        rows->capacity = capacity;
    }
    rows->items[rows->count++] = *row;
}

/* What the header of a program says. */
struct header {
    unsigned step, range, first_opcode, lengths[256];
    int base;
};

static bool read_header(struct reader *reader, struct header *header)
{
    unsigned version = (unsigned)read_fixed(reader, 2);
    uint64_t rest = read_fixed(reader, 4);
    const uint8_t *start = reader->at;
    header->step = read_byte(reader);
    (void)read_byte(reader); /* operations per instruction */
    (void)read_byte(reader); /* is a row a statement at first? */
    header->base = (int8_t)read_byte(reader);
    header->range = read_byte(reader);
    header->first_opcode = read_byte(reader);
    for (unsigned i = 1; i < header->first_opcode; i++) {
        header->lengths[i] = read_byte(reader);
    }
    if (version != 4 || reader->failed || header->range == 0 || rest > (uint64_t)(reader->end - start)) {
        return false;
    }
    reader->at = start + rest;
    return true;
}

static void run_extended(struct reader *reader, struct line_program_row *row, uint64_t *address, struct rows *rows)
{
    uint64_t size = read_unsigned(reader);
    const uint8_t *next = reader->at + (size <= (uint64_t)(reader->end - reader->at) ? size : 0);
    uint8_t opcode = read_byte(reader);
    if (opcode == END_SEQUENCE) {
        *row = (struct line_program_row){.offset = (uint32_t)*address};
        add_row(rows, row);
        *address = 0;
        *row = (struct line_program_row){.line = 1};
    } else if (opcode == SET_ADDRESS) {
        /* What is linked to the start of the code is 0 here, before it is relocated. */
        *address = read_fixed(reader, 8);
    }
    reader->at = next;
}

static void run_program(struct reader *reader, const struct header *header, struct rows *rows)
{
    struct line_program_row row = {.line = 1};
    uint64_t address = 0;
    while (reader->at < reader->end && !reader->failed) {
        unsigned opcode = read_byte(reader);
        bool appends = opcode == COPY;
        if (opcode >= header->first_opcode) {
            unsigned number = opcode - header->first_opcode;
            address += (uint64_t)(number / header->range) * header->step;
            row.line += header->base + (int)(number % header->range);
            appends = true;
        } else if (opcode == EXTENDED) {
            run_extended(reader, &row, &address, rows);
        } else if (opcode == ADVANCE_PC) {
            address += read_unsigned(reader) * header->step;
        } else if (opcode == ADVANCE_LINE) {
            row.line += (int32_t)read_signed(reader);
        } else if (opcode == SET_FILE) {
            row.is_other_file = read_unsigned(reader) != 1;
        } else if (opcode == SET_COLUMN) {
            row.column = (uint32_t)read_unsigned(reader);
        } else if (opcode == CONST_ADD_PC) {
            address += (uint64_t)((255 - header->first_opcode) / header->range) * header->step;
        } else if (opcode == FIXED_ADVANCE_PC) {
            address += read_fixed(reader, 2);
        } else if (!appends) {
            for (unsigned i = 0; i < header->lengths[opcode]; i++) {
                (void)read_unsigned(reader);
            }
        }
        if (appends) {
            row.offset = (uint32_t)address;
            add_row(rows, &row);
        }
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct line_program_row *left = a, *right = b;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* The section .debug_line, as a reader; empty where there is none. */
static struct reader find_section(const uint8_t *object, size_t size)
{
    struct reader none = {object, object, false};
    Elf64_Ehdr header;
    if (size < sizeof header) {
        return none;
    }
    memcpy(&header, object, sizeof header);
    uint64_t sections_end = header.e_shoff + (uint64_t)header.e_shnum * sizeof(Elf64_Shdr);
    if (header.e_shoff > size || sections_end > size || header.e_shstrndx >= header.e_shnum) {
        return none;
    }
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(object + header.e_shoff);
    const Elf64_Shdr *names = &sections[header.e_shstrndx];
    for (int i = 0; i < header.e_shnum; i++) {
        static const char wanted[] = ".debug_line";
        const Elf64_Shdr *section = &sections[i];
        uint64_t name = names->sh_offset + section->sh_name;
        if (name + sizeof wanted <= size && memcmp(object + name, wanted, sizeof wanted) == 0 &&
            section->sh_type == SHT_PROGBITS && section->sh_offset <= size &&
            section->sh_size <= size - section->sh_offset) {
            const uint8_t *start = object + section->sh_offset;
            return (struct reader){start, start + section->sh_size, false};
        }
    }
    return none;
}

struct line_program_row *line_program_read(const void *object, size_t size, size_t *count)
{
    struct rows rows = {0};
    struct reader section = object != NULL ? find_section(object, size) : (struct reader){0};
    while (section.at < section.end && !section.failed) {
        uint64_t length = read_fixed(&section, 4);
        struct reader program = {section.at, section.at, false};
        skip(&section, length);
        program.end = section.at;
        struct header header = {0};
        if (section.failed || !read_header(&program, &header)) {
            break;
        }
        run_program(&program, &header, &rows);
    }
    if (rows.count > 0) {
        qsort(rows.items, rows.count, sizeof *rows.items, compare_rows);
    }
    *count = rows.count;
    return rows.items;
}
