/* perf/object_lines.c: see object_lines.h. The line number program is DWARF 4's (section 6.2), as LLVM writes it for tier2/debug_info.c: one for the
 * whole file, with addresses relative to the code. */
#include "perf/object_lines.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum {
    DW_LNS_copy = 1,
    DW_LNS_advance_pc = 2,
    DW_LNS_advance_line = 3,
    DW_LNS_set_file = 4,
    DW_LNS_const_add_pc = 8,
    DW_LNS_fixed_advance_pc = 9,
    DW_LNE_end_sequence = 1,
    DW_LNE_set_address = 2,
    VERSION = 4,
    MOST_FILES = 256,
};

/* What is left of the program; `failed`: it is not as it should be. */
struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static uint64_t read_fixed(struct reader *reader, size_t size)
{
    uint64_t number = 0;
    if ((size_t)(reader->end - reader->at) < size) {
        reader->failed = true;
        reader->at = reader->end;
        return 0;
    }
    memcpy(&number, reader->at, size);
    reader->at += size;
    return number;
}

static uint64_t read_unsigned(struct reader *reader)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = (uint8_t)read_fixed(reader, 1);
        number |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (!(byte & 0x80)) {
            return number;
        }
    }
}

static int64_t read_signed(struct reader *reader)
{
    int64_t number = 0;
    for (unsigned shift = 0;;) {
        uint8_t byte = (uint8_t)read_fixed(reader, 1);
        number |= shift < 64 ? (int64_t)((uint64_t)(byte & 0x7f) << shift) : 0;
        shift += 7;
        if (!(byte & 0x80)) {
            return shift < 64 && byte & 0x40 ? number | -((int64_t)1 << shift) : number;
        }
    }
}

static const char *read_text(struct reader *reader)
{
    const char *text = (const char *)reader->at;
    const uint8_t *end = memchr(reader->at, '\0', (size_t)(reader->end - reader->at));
    reader->failed |= end == NULL;
    reader->at = end != NULL ? end + 1 : reader->end;
    return end != NULL ? text : "";
}

struct program {
    struct reader reader;
    uint8_t smallest, line_range, first_special, operand_counts[256];
    int8_t line_base;
    const char *files[MOST_FILES];
    size_t file_count;
    struct listed_line *lines;
    size_t count, room;
    const char *text;
};

static void read_header(struct program *program)
{
    struct reader *reader = &program->reader;
    uint64_t length = read_fixed(reader, 4);
    if (length > (uint64_t)(reader->end - reader->at)) {
        reader->failed = true;
        return;
    }
    reader->end = reader->at + length;
    reader->failed |= read_fixed(reader, 2) != VERSION;
    uint64_t header_length = read_fixed(reader, 4);
    const uint8_t *behind = reader->at + header_length;
    program->smallest = (uint8_t)read_fixed(reader, 1);
    read_fixed(reader, 2); /* operations per instruction; are rows statements to begin with */
    program->line_base = (int8_t)read_fixed(reader, 1);
    program->line_range = (uint8_t)read_fixed(reader, 1);
    program->first_special = (uint8_t)read_fixed(reader, 1);
    for (int i = 1; i < program->first_special; i++) {
        program->operand_counts[i] = (uint8_t)read_fixed(reader, 1);
    }
    while (!reader->failed && *read_text(reader) != '\0') {
    }
    for (const char *name; !reader->failed && *(name = read_text(reader)) != '\0';) {
        for (int i = 0; i < 3; i++) {
            read_unsigned(reader);
        }
        if (program->file_count < MOST_FILES) {
            program->files[program->file_count++] = name;
        }
    }
    reader->failed |= program->line_range == 0 || header_length > length || behind > reader->end;
    reader->at = reader->failed ? reader->end : behind;
}

static void add_line(struct program *program, uint64_t address, uint64_t file, int64_t line)
{
    if (line <= 0 || file == 0 || file > program->file_count) {
        return;
    }
    const char *at = program->text + address, *name = program->files[file - 1];
    struct listed_line *last = program->count > 0 ? &program->lines[program->count - 1] : NULL;
    if (last != NULL && last->line == line && last->file == name) {
        return;
    }
    if (program->count == program->room) {
        size_t room = program->room * 2 + 64;
        struct listed_line *larger = realloc(program->lines, room * sizeof *larger);
        if (larger == NULL) {
            program->reader.failed = true;
            return;
        }
        program->lines = larger;
        program->room = room;
    }
    program->lines[program->count++] = (struct listed_line){.address = at, .line = (int)line, .file = name};
}

static void run(struct program *program)
{
    struct reader *reader = &program->reader;
    uint64_t address = 0, file = 1;
    int64_t line = 1;
    while (reader->at < reader->end && !reader->failed) {
        unsigned opcode = (unsigned)read_fixed(reader, 1);
        if (opcode >= program->first_special) {
            unsigned adjusted = opcode - program->first_special;
            address += adjusted / program->line_range * program->smallest;
            line += program->line_base + (int)(adjusted % program->line_range);
            add_line(program, address, file, line);
            continue;
        }
        switch (opcode) {
        case 0: {
            uint64_t size = read_unsigned(reader);
            uint8_t extended = (uint8_t)read_fixed(reader, 1);
            if (extended == DW_LNE_set_address) {
                address = read_fixed(reader, 8);
            } else if (extended == DW_LNE_end_sequence) {
                address = 0;
                file = 1;
                line = 1;
            } else {
                for (uint64_t i = 1; i < size && !reader->failed; i++) {
                    read_fixed(reader, 1);
                }
            }
            break;
        }
        case DW_LNS_copy:
            add_line(program, address, file, line);
            break;
        case DW_LNS_advance_pc:
            address += read_unsigned(reader) * program->smallest;
            break;
        case DW_LNS_advance_line:
            line += read_signed(reader);
            break;
        case DW_LNS_set_file:
            file = read_unsigned(reader);
            break;
        case DW_LNS_const_add_pc:
            address += (255u - program->first_special) / program->line_range * program->smallest;
            break;
        case DW_LNS_fixed_advance_pc:
            address += read_fixed(reader, 2);
            break;
        default:
            for (int i = 0; i < program->operand_counts[opcode]; i++) {
                read_unsigned(reader);
            }
            break;
        }
    }
}

/* The object file's .debug_line. */
static struct reader find_program(const struct linked_object *linked)
{
    const char *object = linked->object;
    const Elf64_Ehdr *header = linked->object;
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(object + header->e_shoff);
    const char *names = object + sections[header->e_shstrndx].sh_offset;
    for (size_t i = 0; i < header->e_shnum; i++) {
        if (strcmp(names + sections[i].sh_name, ".debug_line") == 0) {
            const uint8_t *start = (const uint8_t *)object + sections[i].sh_offset;
            return (struct reader){.at = start, .end = start + sections[i].sh_size};
        }
    }
    return (struct reader){.failed = true};
}

struct listed_line *object_lines(const struct linked_object *linked, size_t *count)
{
    *count = 0;
    if (linked->object == NULL) {
        return NULL;
    }
    struct program program = {.reader = find_program(linked), .text = linked->text};
    if (!program.reader.failed) {
        read_header(&program);
        run(&program);
    }
    *count = program.count;
    return program.lines;
}
