/* gdb/elf_image.c: see elf_image.h.
 *
 * The functions of one file are a compilation unit of the DWARF data (version 4): gdb looks at each unit when it looks for a line. Addresses are
 * absolute.
 */
#include "runtime/cpython.h" /* first: it asks for glibc's own functions */

#include "gdb/elf_image.h"

#include <dlfcn.h>
#include <elf.h>
#include <libelf.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- libelf -------------------------------------------------------------------------------------------------------- */

static struct {
    __typeof__(&elf_version) version;
    __typeof__(&elf_begin) begin;
    __typeof__(&elf_end) end;
    __typeof__(&elf64_newehdr) newehdr;
    __typeof__(&elf_newscn) newscn;
    __typeof__(&elf_ndxscn) ndxscn;
    __typeof__(&elf64_getshdr) getshdr;
    __typeof__(&elf_newdata) newdata;
    __typeof__(&elf_update) update;
} libelf;

static const struct {
    const char *name;
    void **function;
} libelf_rows[] = {
    {"elf_version", (void **)&libelf.version},   {"elf_begin", (void **)&libelf.begin},
    {"elf_end", (void **)&libelf.end},           {"elf64_newehdr", (void **)&libelf.newehdr},
    {"elf_newscn", (void **)&libelf.newscn},     {"elf_ndxscn", (void **)&libelf.ndxscn},
    {"elf64_getshdr", (void **)&libelf.getshdr}, {"elf_newdata", (void **)&libelf.newdata},
    {"elf_update", (void **)&libelf.update},
};

bool elf_image_prepare(const char **why)
{
    static bool prepared;
    if (prepared) {
        return true;
    }
    void *library = dlopen("libelf.so.1", RTLD_LOCAL | RTLD_NOW);
    if (library == NULL) {
        *why = "libelf.so.1 cannot be loaded (Debian's package libelf1)";
        return false;
    }
    for (size_t i = 0; i < sizeof libelf_rows / sizeof libelf_rows[0]; i++) {
        *libelf_rows[i].function = dlsym(library, libelf_rows[i].name);
        if (*libelf_rows[i].function == NULL) {
            *why = "libelf.so.1 is not the one it should be";
            return false;
        }
    }
    if (libelf.version(EV_CURRENT) == EV_NONE) {
        *why = "libelf.so.1 is too old";
        return false;
    }
    prepared = true;
    return true;
}

/* ---- DWARF --------------------------------------------------------------------------------------------------------- */

enum {
    DW_TAG_formal_parameter = 0x05,
    DW_TAG_lexical_block = 0x0b,
    DW_TAG_member = 0x0d,
    DW_TAG_pointer_type = 0x0f,
    DW_TAG_compile_unit = 0x11,
    DW_TAG_structure_type = 0x13,
    DW_TAG_base_type = 0x24,
    DW_TAG_subprogram = 0x2e,
    DW_TAG_variable = 0x34,
    DW_AT_location = 0x02,
    DW_AT_name = 0x03,
    DW_AT_byte_size = 0x0b,
    DW_AT_stmt_list = 0x10,
    DW_AT_low_pc = 0x11,
    DW_AT_high_pc = 0x12,
    DW_AT_language = 0x13,
    DW_AT_producer = 0x25,
    DW_AT_data_member_location = 0x38,
    DW_AT_decl_file = 0x3a,
    DW_AT_decl_line = 0x3b,
    DW_AT_encoding = 0x3e,
    DW_AT_external = 0x3f,
    DW_AT_frame_base = 0x40,
    DW_AT_type = 0x49,
    DW_AT_ranges = 0x55,
    DW_FORM_addr = 0x01,
    DW_FORM_data2 = 0x05,
    DW_FORM_data8 = 0x07,
    DW_FORM_string = 0x08,
    DW_FORM_data1 = 0x0b,
    DW_FORM_udata = 0x0f,
    DW_FORM_ref4 = 0x13,
    DW_FORM_sec_offset = 0x17,
    DW_FORM_exprloc = 0x18,
    DW_FORM_flag_present = 0x19,
    DW_OP_breg12 = 0x7c,
    DW_OP_fbreg = 0x91,
    DW_LANG_C99 = 0x0c,
    DW_ATE_signed = 0x05,
};

/* Kinds of entries; their numbers in the abbreviations. */
enum { UNIT = 1, BASE_TYPE, STRUCTURE, MEMBER, POINTER, VOID_POINTER, FUNCTION, PARAMETER, VARIABLE, BLOCK };

static void write_abbreviation(struct bytes *out, int number, int tag, bool has_children, const uint8_t *pairs)
{
    bytes_uleb(out, (uint64_t)number);
    bytes_uleb(out, (uint64_t)tag);
    bytes_u8(out, has_children);
    for (; pairs[0] != 0; pairs += 2) {
        bytes_uleb(out, pairs[0]);
        bytes_uleb(out, pairs[1]);
    }
    bytes_u16(out, 0);
}

static void write_abbreviations(struct bytes *out)
{
    write_abbreviation(out, UNIT, DW_TAG_compile_unit, true,
                       (const uint8_t[]){DW_AT_producer, DW_FORM_string, DW_AT_language, DW_FORM_data2, DW_AT_name,
                                         DW_FORM_string, DW_AT_stmt_list, DW_FORM_sec_offset, DW_AT_low_pc,
                                         DW_FORM_addr, DW_AT_ranges, DW_FORM_sec_offset, 0});
    write_abbreviation(out, BASE_TYPE, DW_TAG_base_type, false,
                       (const uint8_t[]){DW_AT_name, DW_FORM_string, DW_AT_byte_size, DW_FORM_data1, DW_AT_encoding,
                                         DW_FORM_data1, 0});
    write_abbreviation(out, STRUCTURE, DW_TAG_structure_type, true,
                       (const uint8_t[]){DW_AT_name, DW_FORM_string, DW_AT_byte_size, DW_FORM_data1, 0});
    write_abbreviation(out, MEMBER, DW_TAG_member, false,
                       (const uint8_t[]){DW_AT_name, DW_FORM_string, DW_AT_type, DW_FORM_ref4,
                                         DW_AT_data_member_location, DW_FORM_data1, 0});
    write_abbreviation(out, POINTER, DW_TAG_pointer_type, false,
                       (const uint8_t[]){DW_AT_byte_size, DW_FORM_data1, DW_AT_type, DW_FORM_ref4, 0});
    write_abbreviation(out, VOID_POINTER, DW_TAG_pointer_type, false,
                       (const uint8_t[]){DW_AT_byte_size, DW_FORM_data1, 0});
    write_abbreviation(out, FUNCTION, DW_TAG_subprogram, true,
                       (const uint8_t[]){DW_AT_name, DW_FORM_string, DW_AT_external, DW_FORM_flag_present,
                                         DW_AT_decl_file, DW_FORM_udata, DW_AT_decl_line, DW_FORM_udata, DW_AT_type,
                                         DW_FORM_ref4, DW_AT_ranges, DW_FORM_sec_offset, DW_AT_frame_base,
                                         DW_FORM_exprloc, 0});
    static const uint8_t local[] = {DW_AT_name,     DW_FORM_string,  DW_AT_type, DW_FORM_ref4,
                                    DW_AT_location, DW_FORM_exprloc, 0};
    write_abbreviation(out, PARAMETER, DW_TAG_formal_parameter, false, local);
    write_abbreviation(out, VARIABLE, DW_TAG_variable, false, local);
    write_abbreviation(out, BLOCK, DW_TAG_lexical_block, false,
                       (const uint8_t[]){DW_AT_low_pc, DW_FORM_addr, DW_AT_high_pc, DW_FORM_data8, 0});
    bytes_u8(out, 0);
}

/* The sections that are made of the functions. */
struct sections {
    struct bytes abbreviations, units, lines, ranges, symbols, strings;
};

static void write_member(struct bytes *out, const char *name, uint32_t type, size_t offset)
{
    bytes_uleb(out, MEMBER);
    bytes_text(out, name);
    bytes_u32(out, type);
    bytes_u8(out, (uint8_t)offset);
}

/* The types of a unit that begins at `unit`; returns where that of a pointer to an object stands in it. */
static uint32_t write_types(struct bytes *out, size_t unit)
{
    uint32_t number = (uint32_t)(out->size - unit);
    bytes_uleb(out, BASE_TYPE);
    bytes_text(out, "long");
    bytes_u8(out, sizeof(long));
    bytes_u8(out, DW_ATE_signed);
    uint32_t nothing = (uint32_t)(out->size - unit);
    bytes_uleb(out, VOID_POINTER);
    bytes_u8(out, sizeof(void *));
    uint32_t object = (uint32_t)(out->size - unit);
    bytes_uleb(out, STRUCTURE);
    bytes_text(out, "PyObject");
    bytes_u8(out, sizeof(PyObject));
    write_member(out, "ob_refcnt", number, offsetof(PyObject, ob_refcnt));
    write_member(out, "ob_type", nothing, offsetof(PyObject, ob_type));
    bytes_u8(out, 0);
    uint32_t pointer = (uint32_t)(out->size - unit);
    bytes_uleb(out, POINTER);
    bytes_u8(out, sizeof(PyObject *));
    bytes_u32(out, object);
    return pointer;
}

/* An address: so far from the function's frame, which is in r12. */
static void write_location(struct bytes *out, int64_t offset)
{
    struct bytes expression = {0};
    bytes_u8(&expression, DW_OP_fbreg);
    bytes_sleb(&expression, offset);
    bytes_uleb(out, expression.size);
    bytes_append(out, expression.data, expression.size);
    out->failed = out->failed || expression.failed;
    free(expression.data);
}

/* The pieces of a function, the one every call begins with first: that is where a debugger takes the function to begin. */
static void write_ranges(struct bytes *out, const struct image_function *function)
{
    bytes_u64(out, function->start + function->entry);
    bytes_u64(out, function->start + function->size);
    if (function->entry != 0) {
        bytes_u64(out, function->start);
        bytes_u64(out, function->start + function->entry);
    }
    bytes_u64(out, 0);
    bytes_u64(out, 0);
}

/* The functions of one file are one unit. */
static void begin_unit(struct sections *sections, const struct image_function *const *functions, size_t count)
{
    struct bytes *out = &sections->units;
    bytes_u32(out, 0);
    bytes_u16(out, 4);
    bytes_u32(out, 0); /* all have the same abbreviations */
    bytes_u8(out, sizeof(void *));

    bytes_uleb(out, UNIT);
    bytes_text(out, "pyjit");
    bytes_u16(out, DW_LANG_C99);
    bytes_text(out, functions[0]->file);
    bytes_u32(out, (uint32_t)sections->lines.size);
    bytes_u64(out, 0); /* what ranges are relative to */
    bytes_u32(out, (uint32_t)sections->ranges.size);
    size_t lines = line_table_begin(&sections->lines, functions[0]->file);
    for (size_t i = 0; i < count; i++) {
        bytes_u64(&sections->ranges, functions[i]->start);
        bytes_u64(&sections->ranges, functions[i]->start + functions[i]->size);
        struct line_table table = {
            .start = functions[i]->start,
            .size = functions[i]->size,
            .rows = functions[i]->rows,
            .row_count = functions[i]->row_count,
            .lines_elsewhere = functions[i]->lines_elsewhere,
            .elsewhere_count = functions[i]->elsewhere_count,
            .nowhere = functions[i]->nowhere,
        };
        line_table_add(&sections->lines, &table);
    }
    line_table_end(&sections->lines, lines);
    bytes_u64(&sections->ranges, 0);
    bytes_u64(&sections->ranges, 0);
}

/* `type`: where in the unit the type of objects stands. */
static void write_function(struct sections *sections, const struct image_function *function, uint32_t type)
{
    struct bytes *out = &sections->units;
    bytes_uleb(out, FUNCTION);
    bytes_text(out, function->name);
    bytes_uleb(out, 1);
    bytes_uleb(out, (uint64_t)function->line);
    bytes_u32(out, type);
    bytes_u32(out, (uint32_t)sections->ranges.size);
    write_ranges(&sections->ranges, function);
    bytes_uleb(out, 2);
    bytes_u8(out, DW_OP_breg12);
    bytes_sleb(out, 0);
    for (size_t i = 0; i < function->local_count; i++) {
        const struct image_local *local = &function->locals[i];
        bytes_uleb(out, local->is_parameter ? PARAMETER : VARIABLE);
        bytes_text(out, local->name);
        bytes_u32(out, type);
        write_location(out, (int64_t)(offsetof(InterpreterFrame, localsplus) + i * sizeof(PyObject *)));
    }
    if (function->hot_size < function->size) {
        /* Of several places where a line begins, debuggers stop at the first in each block only: so what is out of line is one of its own. */
        bytes_uleb(out, BLOCK);
        bytes_u64(out, function->start + function->hot_size);
        bytes_u64(out, function->size - function->hot_size);
    }
    bytes_u8(out, 0);
}

/* Functions are sorted by file; returns how many of them belong to the unit that the first one begins. */
static size_t write_unit(struct sections *sections, const struct image_function *const *functions, size_t count)
{
    size_t members = 1;
    while (members < count && strcmp(functions[members]->file, functions[0]->file) == 0) {
        members++;
    }
    struct bytes *out = &sections->units;
    size_t unit = out->size;
    begin_unit(sections, functions, members);
    uint32_t type = write_types(out, unit);
    for (size_t i = 0; i < members; i++) {
        write_function(sections, functions[i], type);
    }
    bytes_u8(out, 0);
    bytes_put_u32(out, unit, (uint32_t)(out->size - unit - sizeof(uint32_t)));
    return members;
}

static int compare_files(const void *a, const void *b)
{
    const struct image_function *const *left = a, *const *right = b;
    return strcmp((*left)->file, (*right)->file);
}

/* ---- The file ------------------------------------------------------------------------------------------------------ */

/* What libelf takes the file to be made of. Section names are collected as they come. */
struct file {
    Elf *elf;
    struct bytes names;
    bool failed;
};

static uint32_t add_name(struct bytes *strings, const char *name)
{
    uint32_t place = (uint32_t)strings->size;
    bytes_text(strings, name);
    return place;
}

static Elf64_Shdr *add_section(struct file *file, const char *name, Elf64_Word type, const void *data, size_t size,
                               size_t alignment)
{
    static Elf64_Shdr none;
    Elf_Scn *section = libelf.newscn(file->elf);
    Elf_Data *contents = section != NULL ? libelf.newdata(section) : NULL;
    Elf64_Shdr *header = section != NULL ? libelf.getshdr(section) : NULL;
    if (contents == NULL || header == NULL) {
        file->failed = true;
        return &none;
    }
    contents->d_buf = (void *)(uintptr_t)data;
    contents->d_size = size;
    contents->d_align = alignment;
    contents->d_type = type == SHT_SYMTAB ? ELF_T_SYM : ELF_T_BYTE;
    header->sh_name = name != NULL ? add_name(&file->names, name) : 0;
    header->sh_type = type;
    header->sh_entsize = type == SHT_SYMTAB ? sizeof(Elf64_Sym) : 0;
    return header;
}

/* A section for each function: what is between them is not ours. */
static void add_code_sections(struct file *file, const struct image_function *const *functions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, i == 0 ? ".text" : ".text.%zu", i);
        Elf64_Shdr *header = add_section(file, name, SHT_NOBITS, NULL, functions[i]->size, 1);
        header->sh_addr = functions[i]->start;
        header->sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    }
}

static void add_symbols(struct sections *sections, const struct image_function *const *functions, size_t count)
{
    bytes_text(&sections->strings, "");
    Elf64_Sym symbol = {0};
    bytes_append(&sections->symbols, &symbol, sizeof symbol);
    for (size_t i = 0; i < count; i++) {
        symbol = (Elf64_Sym){
            .st_name = add_name(&sections->strings, functions[i]->name),
            .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
            .st_shndx = (Elf64_Section)(1 + i),
            .st_value = functions[i]->start,
            .st_size = functions[i]->size,
        };
        bytes_append(&sections->symbols, &symbol, sizeof symbol);
    }
}

static void add_sections(struct file *file, struct sections *sections, size_t code_sections)
{
    const struct {
        const char *name;
        const struct bytes *bytes;
    } debug[] = {
        {".debug_abbrev", &sections->abbreviations},
        {".debug_info", &sections->units},
        {".debug_line", &sections->lines},
        {".debug_ranges", &sections->ranges},
    };
    for (size_t i = 0; i < sizeof debug / sizeof debug[0]; i++) {
        add_section(file, debug[i].name, SHT_PROGBITS, debug[i].bytes->data, debug[i].bytes->size, 8);
        file->failed = file->failed || debug[i].bytes->failed;
    }
    size_t strings = 1 + code_sections + sizeof debug / sizeof debug[0];
    add_section(file, ".strtab", SHT_STRTAB, sections->strings.data, sections->strings.size, 1);
    Elf64_Shdr *symbols = add_section(file, ".symtab", SHT_SYMTAB, sections->symbols.data, sections->symbols.size, 8);
    symbols->sh_link = (Elf64_Word)strings;
    symbols->sh_info = 1; /* no local ones */
    file->failed = file->failed || sections->strings.failed || sections->symbols.failed;
}

/* Has libelf lay the file out and write it to `descriptor`; its size, or -1. */
static int64_t write_file(int descriptor, struct sections *sections, const struct image_function *const *functions,
                          size_t count)
{
    struct file file = {.elf = libelf.begin(descriptor, ELF_C_WRITE, NULL)};
    Elf64_Ehdr *header = file.elf != NULL ? libelf.newehdr(file.elf) : NULL;
    int64_t size = -1;
    if (header != NULL) {
        header->e_ident[EI_CLASS] = ELFCLASS64;
        header->e_ident[EI_DATA] = ELFDATA2LSB;
        header->e_type = ET_EXEC;
        header->e_machine = EM_X86_64;
        header->e_version = EV_CURRENT;
        bytes_text(&file.names, "");
        bytes_text(&file.names, ".shstrtab"); /* its own name is first: it must not grow any more when it is added */
        add_code_sections(&file, functions, count);
        add_sections(&file, sections, count);
        add_section(&file, NULL, SHT_STRTAB, file.names.data, file.names.size, 1)->sh_name = 1;
        header->e_shstrndx = (Elf64_Half)(count + 7);
        size = file.failed || file.names.failed ? -1 : libelf.update(file.elf, ELF_C_WRITE);
    }
    if (file.elf != NULL) {
        libelf.end(file.elf);
    }
    free(file.names.data);
    return size;
}

static void *read_back(int descriptor, size_t size)
{
    char *image = malloc(size);
    if (image != NULL && pread(descriptor, image, size, 0) != (ssize_t)size) {
        free(image);
        image = NULL;
    }
    return image;
}

void *elf_image_make(const struct image_function **functions, size_t count, size_t *size)
{
    struct sections sections = {0};
    write_abbreviations(&sections.abbreviations);
    qsort(functions, count, sizeof *functions, compare_files);
    for (size_t i = 0; i < count;) {
        i += write_unit(&sections, functions + i, count - i);
    }
    add_symbols(&sections, functions, count);
    void *image = NULL;
    int descriptor = memfd_create("pyjit-elf", MFD_CLOEXEC);
    int64_t written = descriptor < 0 ? -1 : write_file(descriptor, &sections, functions, count);
    if (written > 0) {
        *size = (size_t)written;
        image = read_back(descriptor, *size);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    free(sections.abbreviations.data);
    free(sections.units.data);
    free(sections.lines.data);
    free(sections.ranges.data);
    free(sections.symbols.data);
    free(sections.strings.data);
    return image;
}
