/* vm/address_names.c: see address_names.h.
 *
 * Functions of our library are found in its symbol table (.symtab: most are not exported), those of others by dladdr(). */
#define _GNU_SOURCE /* dladdr, mremap */
#include "vm/address_names.h"

#include "runtime/code_state.h"
#include "runtime/runtime_data.h"
#include "runtime/utf8_text.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ROOM = 200, TEXT_ROOM = 48 };

struct object_name {
    uintptr_t address;
    char *text; /* owned */
};

struct address_names {
    struct object_name *rows; /* owned, by address */
    size_t count, capacity;
    char text[NAME_ROOM];
};

/* ---- Symbols of our library ------------------------------------------------------------------------------------- */

struct library_symbol {
    uintptr_t start, size;
    const char *name;
};

static struct {
    bool tried;
    struct library_symbol *rows; /* kept: asked for once, usually asked for again */
    size_t count;
} library;

static int compare_symbols(const void *a, const void *b)
{
    const struct library_symbol *left = a, *right = b;
    return (left->start > right->start) - (left->start < right->start);
}

/* Takes over functions and data of the file's symbol table, which stays mapped for the names. `base`: where the file is loaded. */
static void read_symbols(const char *file, size_t size, uintptr_t base)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    if (size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_shoff + (uint64_t)header->e_shnum * sizeof(Elf64_Shdr) > size) {
        return;
    }
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(file + header->e_shoff);
    for (int i = 0; i < header->e_shnum; i++) {
        const Elf64_Shdr *table = &sections[i];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum ||
            table->sh_offset + table->sh_size > size) {
            continue;
        }
        const Elf64_Sym *symbols = (const Elf64_Sym *)(file + table->sh_offset);
        const char *names = file + sections[table->sh_link].sh_offset;
        size_t count = table->sh_size / sizeof *symbols;
        library.rows = malloc(count * sizeof *library.rows);
        for (size_t j = 0; j < count && library.rows != NULL; j++) {
            int type = ELF64_ST_TYPE(symbols[j].st_info);
            if ((type == STT_FUNC || type == STT_OBJECT) && symbols[j].st_shndx != SHN_UNDEF &&
                symbols[j].st_size > 0) {
                library.rows[library.count++] = (struct library_symbol){
                    base + symbols[j].st_value, symbols[j].st_size, names + symbols[j].st_name};
            }
        }
        if (library.rows != NULL) {
            qsort(library.rows, library.count, sizeof *library.rows, compare_symbols);
        }
        return;
    }
}

static void open_library(void)
{
    Dl_info info;
    if (library.tried || dladdr(&runtime_data, &info) == 0) {
        return;
    }
    library.tried = true;
    int descriptor = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_size > 0) {
        char *file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (file != MAP_FAILED) {
            read_symbols(file, (size_t)status.st_size, (uintptr_t)info.dli_fbase);
        }
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
}

static const struct library_symbol *find_symbol(uintptr_t address)
{
    size_t low = 0, high = library.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (library.rows[middle].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const struct library_symbol *symbol = low > 0 ? &library.rows[low - 1] : NULL;
    return symbol != NULL && address - symbol->start < symbol->size ? symbol : NULL;
}

/* ---- Objects ------------------------------------------------------------------------------------------------------- */

static void add(struct address_names *names, const void *address, const char *prefix, const char *text)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 256 : names->capacity * 2;
        struct object_name *rows = realloc(names->rows, capacity * sizeof *rows);
        if (rows == NULL) {
            return;
        }
        names->rows = rows;
        names->capacity = capacity;
    }
    size_t length = strlen(prefix) + strlen(text) + 1;
    char *copy = malloc(length);
    if (copy != NULL) {
        snprintf(copy, length, "%s%s", prefix, text);
        names->rows[names->count++] = (struct object_name){(uintptr_t)address, copy};
    }
}

static void add_object(struct address_names *names, PyObject *object)
{
    char text[TEXT_ROOM];
    if (PyType_Check(object)) {
        add(names, object, "class ", ((PyTypeObject *)object)->tp_name);
    } else if (PyFunction_Check(object)) {
        utf8_copy(text, sizeof text, ((PyFunctionObject *)object)->func_qualname);
        add(names, object, "function ", text);
    } else if (PyModule_Check(object)) {
        const char *name = PyModule_GetName(object);
        PyErr_Clear();
        add(names, object, "module ", name != NULL ? name : "?");
    } else if (PyCFunction_Check(object)) {
        add(names, object, "builtin ", ((PyCFunctionObject *)object)->m_ml->ml_name);
    } else if (Py_IS_TYPE(object, &PyMethodDescr_Type)) {
        add(names, object, "method ", ((PyMethodDescrObject *)object)->d_method->ml_name);
    }
}

/* A constant: what reads as in the source, cut. */
static void add_constant(struct address_names *names, PyObject *constant)
{
    char text[TEXT_ROOM];
    if (PyUnicode_CheckExact(constant)) {
        text[0] = '\'';
        utf8_copy(text + 1, sizeof text - 6, constant);
        bool cut = PyUnicode_GET_LENGTH(constant) > (Py_ssize_t)sizeof text - 12;
        strcat(text, cut ? "...'" : "'");
        add(names, constant, "", text);
    } else if (PyCode_Check(constant)) {
        utf8_copy(text, sizeof text, ((PyCodeObject *)constant)->co_qualname);
        add(names, constant, "code of ", text);
    } else if (PyLong_CheckExact(constant) || PyFloat_CheckExact(constant)) {
        PyObject *representation = PyObject_Repr(constant);
        if (representation != NULL) {
            utf8_copy(text, sizeof text, representation);
            add(names, constant, "", text);
            Py_DECREF(representation);
        }
        PyErr_Clear();
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct object_name *left = a, *right = b;
    return (left->address > right->address) - (left->address < right->address);
}

/* The collector knows classes, functions and modules; asking it runs no code of the program. */
static void add_all_objects(struct address_names *names)
{
    PyObject *collector = PyImport_ImportModule("gc");
    PyObject *objects = collector != NULL ? PyObject_CallMethod(collector, "get_objects", NULL) : NULL;
    for (Py_ssize_t i = 0; objects != NULL && PyList_Check(objects) && i < PyList_GET_SIZE(objects); i++) {
        PyObject *object = PyList_GET_ITEM(objects, i);
        add_object(names, object);
        if (PyType_Check(object)) {
            PyObject *key, *value;
            Py_ssize_t position = 0;
            PyObject *dict = ((PyTypeObject *)object)->tp_dict;
            while (dict != NULL && PyDict_Next(dict, &position, &key, &value)) {
                if (Py_IS_TYPE(value, &PyMethodDescr_Type)) {
                    add_object(names, value);
                }
            }
        }
    }
    Py_XDECREF(objects);
    Py_XDECREF(collector);
}

struct address_names *address_names_new(PyCodeObject *code, bool quick)
{
    struct address_names *names = calloc(1, sizeof *names);
    if (names == NULL) {
        return NULL;
    }
    open_library();
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_consts); i++) {
        add_constant(names, PyTuple_GET_ITEM(code->co_consts, i));
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(code->co_names); i++) {
        add_constant(names, PyTuple_GET_ITEM(code->co_names, i));
    }
    add(names, code, "", "this code");
    if (!quick) {
        add_all_objects(names);
    }
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    qsort(names->rows, names->count, sizeof *names->rows, compare_rows);
    return names;
}

void address_names_free(struct address_names *names)
{
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        free(names->rows[i].text);
    }
    if (names != NULL) {
        free(names->rows);
        free(names);
    }
}

/* ---- The question ---------------------------------------------------------------------------------------------------- */

static const char *with_distance(struct address_names *names, const char *name, uintptr_t distance)
{
    snprintf(names->text, sizeof names->text, distance == 0 ? "%s" : "%s+0x%zx", name, (size_t)distance);
    return names->text;
}

static const char *name_of_object(struct address_names *names, uintptr_t address)
{
    struct object_name *row = names->count == 0 ? NULL
                                                : bsearch(&(struct object_name){.address = address}, names->rows,
                                                          names->count, sizeof *names->rows, compare_rows);
    return row != NULL ? row->text : NULL;
}

const char *address_name(struct address_names *names, uint64_t address)
{
    /* What is so small is a number. */
    if (address < 0x10000 || address >> 47 != 0) {
        return NULL;
    }
    struct compiled_code *compiled = code_map_find((const void *)address);
    if (compiled != NULL) {
        char name[NAME_ROOM / 2];
        utf8_copy(name, sizeof name, compiled->code->co_qualname);
        return with_distance(names, name, (uintptr_t)address - (uintptr_t)compiled->start);
    }
    const char *object = name_of_object(names, (uintptr_t)address);
    if (object != NULL) {
        return with_distance(names, object, 0);
    }
    const struct library_symbol *symbol = find_symbol((uintptr_t)address);
    if (symbol != NULL) {
        return with_distance(names, symbol->name, (uintptr_t)address - symbol->start);
    }
    Dl_info info;
    if (dladdr((void *)address, &info) != 0 && info.dli_sname != NULL) {
        return with_distance(names, info.dli_sname, (uintptr_t)address - (uintptr_t)info.dli_saddr);
    }
    return NULL;
}
