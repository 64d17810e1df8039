/* tier2/object_file.c: sections and relocations of an object file. (ELF-64 Object File Format; System V ABI, AMD64 supplement.) */
#include "tier2/object_file.h"

#include "tier2/runtime_symbols.h"

#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* RTDyld appends to a section its stubs (6 bytes for each relocation that needs one) and 4 bytes to .eh_frame, and makes a section
 * of 8-byte addresses for what is reached through a table. */
enum { ROOM_PER_RELOCATION = 16, ROOM_PER_SECTION = 64 };

struct object {
    char *bytes;
    size_t size;
    const Elf64_Shdr *sections;
    size_t section_count;
    const char *section_names;
    struct object_facts *facts;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct object *object, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(object->facts->error, sizeof(object->facts->error), format, arguments);
    va_end(arguments);
    return false;
}

static bool open_object(struct object *object)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)object->bytes;
    if (object->size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64 || header->e_type != ET_REL ||
        header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0 || header->e_shstrndx >= header->e_shnum ||
        header->e_shoff + header->e_shnum * sizeof(Elf64_Shdr) > object->size) {
        return fail(object, "the object file is not one for x86-64");
    }
    object->sections = (const Elf64_Shdr *)(object->bytes + header->e_shoff);
    object->section_count = header->e_shnum;
    object->section_names = object->bytes + object->sections[header->e_shstrndx].sh_offset;
    return true;
}

static bool is_loaded(const Elf64_Shdr *section)
{
    return (section->sh_flags & SHF_ALLOC) != 0;
}

/* One relocation of a loaded section against a symbol that the file itself defines, or not. */
static bool check_relocation(struct object *object, Elf64_Rela *relocation, const Elf64_Sym *symbol, const char *name)
{
    unsigned type = ELF64_R_TYPE(relocation->r_info);
    const struct runtime_symbol *row = NULL;
    if (symbol->st_shndx == SHN_UNDEF) {
        row = runtime_symbol_find(name);
        if (row == NULL) {
            return fail(object, "%s is not in runtime_symbols.def", name);
        }
    }
    switch (type) {
    case R_X86_64_64:
    case R_X86_64_PC64:
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
        return true;
    case R_X86_64_PLT32:
        if (row != NULL && runtime_symbol_is_near(row)) {
            relocation->r_info = ELF64_R_INFO(ELF64_R_SYM(relocation->r_info), R_X86_64_PC32);
        }
        return true;
    case R_X86_64_PC32:
        if (row != NULL && !runtime_symbol_is_near(row)) {
            return fail(object, "%s is out of reach of a 32-bit displacement", name);
        }
        return true;
    default:
        return fail(object, "relocation type %u against %s", type, name[0] == '\0' ? "a section" : name);
    }
}

static bool check_relocations(struct object *object, const Elf64_Shdr *section)
{
    const Elf64_Shdr *symbol_section = &object->sections[section->sh_link];
    const Elf64_Sym *symbols = (const Elf64_Sym *)(object->bytes + symbol_section->sh_offset);
    const char *names = object->bytes + object->sections[symbol_section->sh_link].sh_offset;
    Elf64_Rela *relocations = (Elf64_Rela *)(object->bytes + section->sh_offset);
    size_t count = section->sh_size / sizeof(Elf64_Rela);
    for (size_t i = 0; i < count; i++) {
        const Elf64_Sym *symbol = &symbols[ELF64_R_SYM(relocations[i].r_info)];
        if (!check_relocation(object, &relocations[i], symbol, names + symbol->st_name)) {
            return false;
        }
    }
    object->facts->room += count * ROOM_PER_RELOCATION;
    return true;
}

/* The code arena is never writable when its code runs. Constants with addresses in them are written while they are linked only. */
static bool check_loaded_section(struct object *object, const Elf64_Shdr *section)
{
    const char *name = object->section_names + section->sh_name;
    static const char constants[] = ".data.rel.ro";
    if ((section->sh_flags & SHF_WRITE) != 0 && section->sh_size > 0 &&
        strncmp(name, constants, sizeof(constants) - 1) != 0) {
        return fail(object, "writable section %s", name);
    }
    object->facts->room += section->sh_size + section->sh_addralign + ROOM_PER_SECTION;
    return true;
}

bool object_prepare(void *bytes, size_t size, struct object_facts *facts)
{
    struct object object = {.bytes = bytes, .size = size, .facts = facts};
    *facts = (struct object_facts){.room = ROOM_PER_SECTION};
    if (!open_object(&object)) {
        return false;
    }
    for (size_t i = 0; i < object.section_count; i++) {
        const Elf64_Shdr *section = &object.sections[i];
        if (is_loaded(section) && !check_loaded_section(&object, section)) {
            return false;
        }
        if (section->sh_type == SHT_RELA && is_loaded(&object.sections[section->sh_info]) &&
            !check_relocations(&object, section)) {
            return false;
        }
    }
    return true;
}
