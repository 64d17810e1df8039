/* tier1/extract.c: build time: object files of templates -> the table that template_table.c includes.
 *
 *     extract OUTPUT OBJECT...
 *
 * Every function in a section .text.T_NAME becomes the template NAME. What the emitter could not copy
 * about safely is rejected here, with the template's name and the reason: a relocation of a type we do not
 * know, a symbol that is no hole, label or runtime function (so also any constant clang put into
 * .rodata), and code that touches the stack or frame pointer, pushes, pops or returns: the machine
 * stack belongs to the frame the emitter builds around the templates.
 */
#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TEMPLATES = 4096, MAX_HELPERS = 512, MAX_TEMPLATE_SIZE = 4096, MAX_RELOCATIONS = 128 };

static const char *const hole_names[] = {
#define HOLE(name) #name,
#define QUAD_HOLE(name)
#define LABEL(name)
#include "tier1/holes.def"
#undef HOLE
#undef QUAD_HOLE
#undef LABEL
};

static const char *const quad_hole_names[] = {
#define HOLE(name)
#define QUAD_HOLE(name) #name,
#define LABEL(name)
#include "tier1/holes.def"
#undef HOLE
#undef QUAD_HOLE
#undef LABEL
};

static const char *const label_names[] = {
#define HOLE(name)
#define QUAD_HOLE(name)
#define LABEL(name) #name,
#include "tier1/holes.def"
#undef HOLE
#undef QUAD_HOLE
#undef LABEL
};

static char *helper_names[MAX_HELPERS];
static int helper_count;
static char *template_names[MAX_TEMPLATES];
static int template_count;
static LLVMDisasmContextRef disassembler;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("extract: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static int find_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int helper_index(const char *name)
{
    int index = find_name((const char *const *)helper_names, (size_t)helper_count, name);
    if (index < 0) {
        if (helper_count == MAX_HELPERS) {
            die("more than %d runtime functions", MAX_HELPERS);
        }
        index = helper_count++;
        helper_names[index] = strdup(name);
    }
    return index;
}

/* ---- Rejections ---------------------------------------------------------------------------------- */

/* Code is read as the disassembler prints it, operands in AT&T syntax. */
static const char *const forbidden_texts[] = {"%rsp", "%esp", "%sp", "%rbp",  "%ebp",
                                              "push", "pop",  "ret", "enter", "leave"};

static void check_instructions(const char *name, const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        char text[256];
        size_t length = LLVMDisasmInstruction(disassembler, (uint8_t *)bytes + at, size - at, at, text, sizeof text);
        if (length == 0) {
            die("%s+%zu: no instruction the disassembler knows", name, at);
        }
        for (size_t i = 0; i < sizeof forbidden_texts / sizeof *forbidden_texts; i++) {
            if (strstr(text, forbidden_texts[i]) != NULL) {
                die("%s+%zu: a template must not touch the machine stack: %s", name, at, text);
            }
        }
        at += length;
    }
}

/* ---- The way on, last ------------------------------------------------------------------------------ */

/* Does a jump inside the template lead to `wanted`? */
static bool is_jumped_to(const unsigned char *bytes, size_t size, size_t wanted)
{
    size_t length;
    for (size_t at = 0; at < size; at += length) {
        char text[256];
        length = LLVMDisasmInstruction(disassembler, (uint8_t *)bytes + at, size - at, at, text, sizeof text);
        int32_t distance = 0;
        if ((bytes[at] & 0xf0) == 0x70 || bytes[at] == 0xeb) {
            distance = (int8_t)bytes[at + 1];
        } else if (bytes[at] == 0xe9 || (bytes[at] == 0x0f && (bytes[at + 1] & 0xf0) == 0x80)) {
            /* 0 where a relocation comes */
            memcpy(&distance, bytes + at + length - sizeof distance, sizeof distance);
        }
        if (distance != 0 && at + length + (size_t)(ptrdiff_t)distance == wanted) {
            return true;
        }
    }
    return false;
}

/* Clang likes to end with `jcc CONT; jmp OTHER`. Turned round, CONT comes last and may fall away. */
enum { TURNED_SIZE = 11, TURNED_FIRST = 9, TURNED_SECOND = 4 }; /* size, and places of the targets, from the end */
static bool can_be_turned(const unsigned char *bytes, size_t size)
{
    return size >= TURNED_SIZE && bytes[size - 11] == 0x0f && (bytes[size - 10] & 0xf0) == 0x80 &&
           bytes[size - 5] == 0xe9 && !is_jumped_to(bytes, size, size - 5);
}

/* ---- One section: one template -------------------------------------------------------------------- */

struct object {
    Elf *elf;
    const char *path;
    size_t section_names;
    Elf_Data *symbols;
    size_t symbol_strings;
};

enum relocation_kind {
#define KIND(name) RELOCATION_##name,
#include "tier1/relocations.def"
#undef KIND
};

/* The parts of the table, while they grow. */
static FILE *all_bytes, *all_relocations, *all_rows;
static size_t byte_count, relocation_count;

/* A relocation on its way into the table. */
struct row {
    size_t offset;
    enum relocation_kind kind;
    int target;
    long long addend;
    bool is_last; /* the final jump to CONT, which may be left out */
};

static const char *const kind_names[] = {
#define KIND(name) [RELOCATION_##name] = #name,
#include "tier1/relocations.def"
#undef KIND
};

/* What kind of relocation a hole is where the object file has one of `type`; -1: there is none. */
static int hole_kind(unsigned type)
{
    return type == R_X86_64_32 || type == R_X86_64_32S ? RELOCATION_HOLE : type == R_X86_64_8 ? RELOCATION_BYTE : -1;
}

/* The same for a hole of 64 bits. */
static int quad_hole_kind(const char *name, unsigned type)
{
    if (strcmp(name, "Q_CELL") == 0) {
        return type == R_X86_64_PC32 || type == R_X86_64_PLT32 ? RELOCATION_NEAR : -1;
    }
    return type == R_X86_64_64 ? RELOCATION_QUAD : -1;
}

static struct row read_relocation(const struct object *object, const char *name, const GElf_Rela *relocation,
                                  size_t size)
{
    GElf_Sym symbol;
    if (gelf_getsym(object->symbols, (int)GELF_R_SYM(relocation->r_info), &symbol) == NULL) {
        die("%s: unreadable symbol", name);
    }
    const char *symbol_name = elf_strptr(object->elf, object->symbol_strings, symbol.st_name);
    size_t offset = (size_t)relocation->r_offset;
    unsigned type = (unsigned)GELF_R_TYPE(relocation->r_info);
    bool relative = type == R_X86_64_PC32 || type == R_X86_64_PLT32;
    if (!relative && type != R_X86_64_32 && type != R_X86_64_32S && type != R_X86_64_8 && type != R_X86_64_64) {
        die("%s+%zu: relocation type %u is unknown", name, offset, type);
    }
    int kind = -1;
    int index = find_name(hole_names, sizeof hole_names / sizeof *hole_names, symbol_name);
    if (index >= 0) {
        kind = hole_kind(type);
    } else if ((index = find_name(quad_hole_names, sizeof quad_hole_names / sizeof *quad_hole_names, symbol_name)) >=
               0) {
        kind = quad_hole_kind(symbol_name, type);
    } else if (strcmp(symbol_name, "Q_IP") == 0) {
        index = 0;
        kind = type == R_X86_64_64 ? RELOCATION_IP : -1;
    } else if ((index = find_name(label_names, sizeof label_names / sizeof *label_names, symbol_name)) >= 0) {
        kind = !relative ? -1 : strcmp(symbol_name, "HANDLER") == 0 ? RELOCATION_HANDLER : RELOCATION_LABEL;
    } else if (strncmp(symbol_name, "rt_", 3) == 0 || strcmp(symbol_name, "runtime_data") == 0) {
        index = helper_index(symbol_name);
        kind = relative ? RELOCATION_HELPER : -1;
    } else {
        die("%s+%zu: `%s` is no hole, no label and no function of runtime/ (a constant in memory, perhaps?)", name,
            offset, symbol_name);
    }
    if (kind < 0) {
        /* What lies beside the code: its full address does not fit into 32 bits. */
        die("%s+%zu: the address of `%s` is taken, or it is indexed: only RUNTIME_BASE and QUAD(Q_CELL) can", name,
            offset, symbol_name);
    }
    return (struct row){.offset = offset,
                        .kind = (enum relocation_kind)kind,
                        .target = index,
                        .addend = (long long)relocation->r_addend,
                        .is_last = offset == size - 4 && strcmp(symbol_name, "CONT") == 0};
}

/* By kind, because a branch that goes like the one before it costs little; what may be left out comes last. */
static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    if (a->is_last != b->is_last) {
        return a->is_last - b->is_last;
    }
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : (int)a->offset - (int)b->offset;
}

/* Is the relocation at `offset` of the section CONT's? */
static bool jumps_to_cont(const struct object *object, Elf_Scn *section, size_t offset)
{
    Elf_Scn *other = NULL;
    while ((other = elf_nextscn(object->elf, other)) != NULL) {
        GElf_Shdr header;
        gelf_getshdr(other, &header);
        if (header.sh_info != elf_ndxscn(section) || header.sh_type != SHT_RELA) {
            continue;
        }
        for (size_t i = 0; i < header.sh_size / header.sh_entsize; i++) {
            GElf_Rela relocation;
            GElf_Sym symbol;
            gelf_getrela(elf_getdata(other, NULL), (int)i, &relocation);
            if (relocation.r_offset == offset &&
                gelf_getsym(object->symbols, (int)GELF_R_SYM(relocation.r_info), &symbol) != NULL) {
                return strcmp(elf_strptr(object->elf, object->symbol_strings, symbol.st_name), "CONT") == 0;
            }
        }
    }
    return false;
}

/* Adds the section to the table. */
static void write_template(const struct object *object, Elf_Scn *section, const char *name)
{
    if (template_count == MAX_TEMPLATES ||
        find_name((const char *const *)template_names, (size_t)template_count, name) >= 0) {
        die("%s: template `%s` is one too many or was seen before", object->path, name);
    }
    template_names[template_count++] = strdup(name);

    Elf_Data *code = elf_getdata(section, NULL);
    if (code == NULL || code->d_size == 0 || code->d_size > MAX_TEMPLATE_SIZE) {
        die("%s: empty or larger than %d bytes", name, MAX_TEMPLATE_SIZE);
    }
    unsigned char *bytes = code->d_buf;
    check_instructions(name, bytes, code->d_size);
    bool turns = can_be_turned(bytes, code->d_size) && jumps_to_cont(object, section, code->d_size - TURNED_FIRST);
    if (turns) {
        bytes[code->d_size - TURNED_SIZE + 1] ^= 1; /* the opposite condition */
    }
    struct row rows[MAX_RELOCATIONS];
    int count = 0;
    Elf_Scn *other = NULL;
    while ((other = elf_nextscn(object->elf, other)) != NULL) {
        GElf_Shdr header;
        gelf_getshdr(other, &header);
        if (header.sh_info != elf_ndxscn(section) || (header.sh_type != SHT_RELA && header.sh_type != SHT_REL)) {
            continue;
        }
        if (header.sh_type == SHT_REL) {
            die("%s: relocations without addends", name);
        }
        Elf_Data *data = elf_getdata(other, NULL);
        for (size_t i = 0; i < header.sh_size / header.sh_entsize; i++) {
            GElf_Rela relocation;
            gelf_getrela(data, (int)i, &relocation);
            if (turns && relocation.r_offset == code->d_size - TURNED_FIRST) {
                relocation.r_offset = code->d_size - TURNED_SECOND;
            } else if (turns && relocation.r_offset == code->d_size - TURNED_SECOND) {
                relocation.r_offset = code->d_size - TURNED_FIRST;
            }
            if (count == MAX_RELOCATIONS) {
                die("%s: more than %d relocations", name, MAX_RELOCATIONS);
            }
            rows[count++] = read_relocation(object, name, &relocation, code->d_size);
        }
    }
    qsort(rows, (size_t)count, sizeof *rows, compare_rows);
    bool falls_through = count > 0 && rows[count - 1].is_last && code->d_size >= 5 && bytes[code->d_size - 5] == 0xe9;

    fprintf(all_bytes, "    /* %s */ ", name);
    for (size_t i = 0; i < code->d_size; i++) {
        fprintf(all_bytes, "%u,", bytes[i]);
    }
    fprintf(all_bytes, "\n");
    fprintf(all_relocations, "    /* %s */\n", name);
    for (int i = 0; i < count; i++) {
        fprintf(all_relocations, "    {%zu, RELOCATION_%s, %d, %lld},\n", rows[i].offset, kind_names[rows[i].kind],
                rows[i].target, rows[i].addend);
    }
    fprintf(all_rows, "    {%zu, %zu, %zu, %d, %s}, /* %s */\n", byte_count, relocation_count, code->d_size, count,
            falls_through ? "true" : "false", name);
    byte_count += code->d_size;
    relocation_count += (size_t)count;
}

static void read_object(const char *path)
{
    int file = open(path, O_RDONLY);
    struct object object = {.elf = file < 0 ? NULL : elf_begin(file, ELF_C_READ, NULL), .path = path};
    GElf_Ehdr file_header;
    if (object.elf == NULL || gelf_getehdr(object.elf, &file_header) == NULL || file_header.e_machine != EM_X86_64 ||
        elf_getshdrstrndx(object.elf, &object.section_names) != 0) {
        die("%s: no x86-64 object file", path);
    }
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(object.elf, section)) != NULL) {
        GElf_Shdr header;
        gelf_getshdr(section, &header);
        if (header.sh_type == SHT_SYMTAB) {
            object.symbols = elf_getdata(section, NULL);
            object.symbol_strings = header.sh_link;
        }
    }
    if (object.symbols == NULL) {
        die("%s: no symbols", path);
    }
    static const char prefix[] = ".text.T_";
    while ((section = elf_nextscn(object.elf, section)) != NULL) {
        GElf_Shdr header;
        gelf_getshdr(section, &header);
        const char *name = elf_strptr(object.elf, object.section_names, header.sh_name);
        if (strncmp(name, prefix, sizeof prefix - 1) == 0 && header.sh_type == SHT_PROGBITS) {
            write_template(&object, section, name + sizeof prefix - 1);
        }
    }
    elf_end(object.elf);
    close(file);
}

int main(int count, char **arguments)
{
    if (count < 3) {
        die("usage: extract OUTPUT OBJECT...");
    }
    elf_version(EV_CURRENT);
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
    disassembler = LLVMCreateDisasm("x86_64-linux-gnu", NULL, 0, NULL, NULL);
    if (disassembler == NULL) {
        die("LLVM's x86-64 disassembler is missing");
    }

    /* Written beside the target and renamed, so that an interrupted build leaves no half table. */
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.tmp", arguments[1]);
    FILE *output = fopen(temporary, "w");
    char *byte_text, *relocation_text, *row_text;
    size_t byte_size, relocation_size, row_size;
    all_bytes = open_memstream(&byte_text, &byte_size);
    all_relocations = open_memstream(&relocation_text, &relocation_size);
    all_rows = open_memstream(&row_text, &row_size);
    if (output == NULL || all_bytes == NULL || all_relocations == NULL || all_rows == NULL) {
        die("cannot write %s", temporary);
    }
    for (int i = 2; i < count; i++) {
        read_object(arguments[i]);
    }
    fclose(all_bytes);
    fclose(all_relocations);
    fclose(all_rows);
    fprintf(output, "/* Made by tier1/extract.c; do not edit. */\n#ifdef TEMPLATE_TABLE_DATA\n");
    fprintf(output, "const unsigned char template_bytes[%zu + TEMPLATE_PADDING] = {\n%s};\n", byte_count, byte_text);
    fprintf(output, "const struct template_relocation template_relocations[] = {\n%s};\n", relocation_text);
    fprintf(output, "const struct template template_table[TEMPLATE_COUNT] = {\n%s};\n", row_text);
    for (int i = 0; i < helper_count; i++) {
        fprintf(output, "extern __attribute__((visibility(\"hidden\"))) char %s[];\n", helper_names[i]);
    }
    fprintf(output, "const void *const template_helpers[] = {\n");
    for (int i = 0; i < helper_count; i++) {
        fprintf(output, "    %s,\n", helper_names[i]);
    }
    fprintf(output, "};\n#endif\n#ifdef TEMPLATE_TABLE_NAMES\n");
    for (int i = 0; i < template_count; i++) {
        fprintf(output, "TEMPLATE_NAME(%s)\n", template_names[i]);
    }
    fprintf(output, "#endif\n");
    if (fclose(output) != 0 || rename(temporary, arguments[1]) != 0) {
        die("cannot write %s", arguments[1]);
    }
    free(byte_text);
    free(relocation_text);
    free(row_text);
    LLVMDisasmDispose(disassembler);
    return 0;
}
