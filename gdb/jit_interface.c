/* gdb/jit_interface.c: see jit_interface.h.
 *
 * gdb is told of one image at a time and looks at all it has each time, so there must be few; but code must be known before it runs. So each piece of
 * code is registered at once in an image of its own, and whenever there are some images of one size they are made into one. Where a debugger
 * is attached it is told of each step; one that comes later finds a list that is short.
 *
 * Code that has been freed must be forgotten before its memory is used again: gdb puts the bytes below its breakpoints back. Where no debugger is
 * attached, that has time.
 */
#include "gdb/jit_interface.h"

#include "gdb/elf_image.h"
#include "runtime/code_arena.h"
#include "runtime/frame.h"
#include "runtime/utf8_text.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The interface: names, layout and numbers are gdb's -------------------------------------------------------------- */

enum { JIT_NOACTION, JIT_REGISTER_FN, JIT_UNREGISTER_FN };

struct jit_code_entry {
    struct jit_code_entry *next_entry, *prev_entry;
    const char *symfile_addr;
    uint64_t symfile_size;
};

struct jit_descriptor {
    uint32_t version;
    uint32_t action_flag;
    struct jit_code_entry *relevant_entry;
    struct jit_code_entry *first_entry;
};

/* Others in the process may have the same (libLLVM has): gdb knows several, and ours must be ours. */
#define SHOWN __attribute__((visibility("protected")))

SHOWN struct jit_descriptor __jit_debug_descriptor = {.version = 1};

/* gdb has a breakpoint here. */
SHOWN __attribute__((noinline)) void __jit_debug_register_code(void)
{
    __asm__ volatile("" ::: "memory");
}

static void tell(struct jit_code_entry *entry, uint32_t action)
{
    __jit_debug_descriptor.relevant_entry = entry;
    __jit_debug_descriptor.action_flag = action;
    __jit_debug_register_code();
    __jit_debug_descriptor.relevant_entry = NULL;
    __jit_debug_descriptor.action_flag = JIT_NOACTION;
}

/* ---- Images ---------------------------------------------------------------------------------------------------------- */

/* A function in an image. */
struct known {
    struct image_function function;
    const void *code; /* its struct compiled_code, or the machine code of tier 2; NULL: it has been freed */
};

/* The level of images that are LLVM's: they are not made one with others. */
enum { LEVEL_OF_TIER2 = -1 };

struct image {
    struct jit_code_entry entry; /* what gdb sees */
    int level;                   /* it was made of so many generations of images */
    struct known **known;        /* owned, like what they point to */
    size_t count, dead;
};

enum { IMAGES_MADE_ONE = 8 };

/* Those of tier 2; then the others from the oldest on, the highest level first. */
static struct image **images;
static size_t image_count, image_room;
static size_t dead_functions;
static bool is_on;

static bool debugger_is_attached(void)
{
    static const char field[] = "\nTracerPid:\t";
    char text[2048];
    int descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);
    if (descriptor >= 0) {
        close(descriptor);
    }
    text[length > 0 ? length : 0] = '\0';
    const char *found = strstr(text, field);
    return found != NULL && found[sizeof field - 1] != '0';
}

static void free_known(struct known *known)
{
    for (size_t i = 0; i < known->function.local_count; i++) {
        free(known->function.locals[i].name);
    }
    free(known->function.locals);
    free(known->function.name);
    free(known->function.file);
    free(known->function.rows);
    free(known->function.lines_elsewhere);
    free(known);
}

/* Frees the image, but not the functions. */
static void free_image(struct image *image)
{
    free((char *)(uintptr_t)image->entry.symfile_addr);
    free(image->known);
    free(image);
}

/* Makes an image of `count` living functions, and takes over the array and them; NULL, with nothing taken over. */
static struct image *make_image(struct known **known, size_t count, int level)
{
    struct image *image = calloc(1, sizeof *image);
    const struct image_function **functions = calloc(count, sizeof *functions);
    size_t size = 0;
    void *file = NULL;
    if (image != NULL && functions != NULL) {
        for (size_t i = 0; i < count; i++) {
            functions[i] = &known[i]->function;
        }
        file = elf_image_make(functions, count, &size);
    }
    free(functions);
    if (file == NULL) {
        free(image);
        return NULL;
    }
    *image = (struct image){
        .entry = {.symfile_addr = file, .symfile_size = size}, .level = level, .known = known, .count = count};
    return image;
}

static void register_image(struct image *image)
{
    struct jit_code_entry *first = __jit_debug_descriptor.first_entry;
    image->entry.next_entry = first;
    if (first != NULL) {
        first->prev_entry = &image->entry;
    }
    __jit_debug_descriptor.first_entry = &image->entry;
    tell(&image->entry, JIT_REGISTER_FN);
}

static void unregister_image(struct image *image)
{
    struct jit_code_entry *entry = &image->entry;
    if (entry->prev_entry != NULL) {
        entry->prev_entry->next_entry = entry->next_entry;
    } else {
        __jit_debug_descriptor.first_entry = entry->next_entry;
    }
    if (entry->next_entry != NULL) {
        entry->next_entry->prev_entry = entry->prev_entry;
    }
    tell(entry, JIT_UNREGISTER_FN);
}

/* How many functions of the images from `first` up to `end` live. */
static size_t count_living(size_t first, size_t end)
{
    size_t count = 0;
    for (size_t i = first; i < end; i++) {
        count += images[i]->count - images[i]->dead;
    }
    return count;
}

/* Puts them into an array. */
static void collect_living(size_t first, size_t end, struct known **living)
{
    for (size_t i = first; i < end; i++) {
        for (size_t k = 0; k < images[i]->count; k++) {
            if (images[i]->known[k]->code != NULL) {
                *living++ = images[i]->known[k];
            }
        }
    }
}

static void free_dead(struct image *image)
{
    for (size_t k = 0; k < image->count; k++) {
        if (image->known[k]->code == NULL) {
            free_known(image->known[k]);
        }
    }
    dead_functions -= image->dead;
}

/* Makes the images from `first` up to `end` one, without what is dead in them. */
static void make_one(size_t first, size_t end, int level)
{
    size_t count = count_living(first, end);
    struct image *image = NULL;
    if (count > 0) {
        struct known **living = malloc(count * sizeof *living);
        if (living != NULL) {
            collect_living(first, end, living);
            image = make_image(living, count, level);
        }
        if (image == NULL) {
            free(living);
            return;
        }
    }
    for (size_t i = first; i < end; i++) {
        unregister_image(images[i]);
        free_dead(images[i]);
        free_image(images[i]);
    }
    size_t made = image != NULL;
    memmove(&images[first + made], &images[end], (image_count - end) * sizeof(struct image *));
    image_count -= end - first - made;
    if (image != NULL) {
        images[first] = image;
        register_image(image);
    }
}

/* Are the last images so many of one level that they are to be made one? */
static bool are_many(void)
{
    if (image_count < IMAGES_MADE_ONE) {
        return false;
    }
    int level = images[image_count - 1]->level;
    if (level == LEVEL_OF_TIER2) {
        return false;
    }
    for (size_t i = image_count - IMAGES_MADE_ONE; i < image_count; i++) {
        if (images[i]->level != level) {
            return false;
        }
    }
    return true;
}

/* Forgets what was where code is now. */
static void forget_dead_at(uint64_t start, uint64_t end)
{
    for (size_t i = image_count; i-- > 0 && dead_functions > 0;) {
        struct image *image = images[i];
        bool found = false;
        for (size_t k = 0; image->dead > 0 && k < image->count; k++) {
            const struct known *known = image->known[k];
            found |= known->code == NULL && known->function.start < end &&
                     start < known->function.start + known->function.size;
        }
        if (found) {
            make_one(i, i + 1, image->level);
        }
    }
}

static void add_image(struct image *image)
{
    if (image_count == image_room) {
        size_t room = image_room * 2 + 64;
        struct image **larger = realloc(images, room * sizeof(struct image *));
        if (larger == NULL) {
            free_known(image->known[0]);
            free_image(image);
            return;
        }
        images = larger;
        image_room = room;
    }
    /* Images of tier 2 go to the front, out of the way of those that are made one. */
    size_t place = image->level == LEVEL_OF_TIER2 ? 0 : image_count;
    memmove(&images[place + 1], &images[place], (image_count - place) * sizeof(struct image *));
    images[place] = image;
    image_count++;
    register_image(image);
    while (are_many()) {
        size_t before = image_count;
        make_one(image_count - IMAGES_MADE_ONE, image_count, image->level + 1);
        if (image_count == before) {
            return;
        }
        image = images[image_count - 1];
    }
}

/* ---- Functions --------------------------------------------------------------------------------------------------------- */

/* Long enough for a qualified name or a path; what is longer is cut. */
enum { NAME_SIZE = 1024 };

static bool name_function(struct image_function *function, PyCodeObject *code)
{
    char text[NAME_SIZE] = "py::";
    utf8_copy(text + 4, sizeof text - 4, code->co_qualname);
    function->name = strdup(text);
    utf8_copy(text, sizeof text, code->co_filename);
    function->file = strdup(text);
    function->line = code->co_firstlineno;
    return function->name != NULL && function->file != NULL;
}

static bool name_locals(struct image_function *function, PyCodeObject *code)
{
    size_t count = (size_t)code->co_nlocalsplus;
    function->locals = calloc(count + 1, sizeof *function->locals);
    if (function->locals == NULL) {
        return false;
    }
    function->local_count = count;
    for (size_t i = 0; i < count; i++) {
        char text[NAME_SIZE];
        utf8_copy(text, sizeof text, PyTuple_GET_ITEM(code->co_localsplusnames, (Py_ssize_t)i));
        function->locals[i] = (struct image_local){strdup(text), (int)i < frame_parameters(code)};
        if (function->locals[i].name == NULL) {
            return false;
        }
    }
    return true;
}

/* Where the code of the second instruction begins, the first being RESUME: native calls and calls from C meet there. */
static uint64_t find_entry(const struct compiled_code *compiled)
{
    struct code_map_walk walk = code_map_walk_start(compiled);
    while (code_map_walk_next(&walk)) {
        if (walk.offset != 0) {
            return walk.machine < compiled->hot_size ? walk.machine : 0;
        }
    }
    return 0;
}

static struct known *describe(const struct compiled_code *compiled)
{
    struct known *known = calloc(1, sizeof *known);
    if (known == NULL) {
        return NULL;
    }
    struct image_function *function = &known->function;
    known->code = compiled;
    function->start = (uint64_t)(uintptr_t)compiled->start;
    function->size = compiled->size;
    function->hot_size = compiled->hot_size;
    function->entry = find_entry(compiled);
    function->lines_elsewhere = line_table_of_inner(compiled->code, &function->elsewhere_count);
    function->nowhere = (uint64_t)(uintptr_t)code_arena_unused();
    function->rows = line_table_of(compiled, &function->row_count);
    if (function->rows == NULL || !name_function(function, compiled->code) ||
        !name_locals(function, compiled->code)) {
        free_known(known);
        return NULL;
    }
    return known;
}

static void add_tier1(struct compiled_code *compiled)
{
    forget_dead_at((uint64_t)(uintptr_t)compiled->start, (uint64_t)(uintptr_t)compiled->start + compiled->size);
    struct known *known = describe(compiled);
    struct known **array = known != NULL ? malloc(sizeof(struct known *)) : NULL;
    struct image *image = NULL;
    if (array != NULL) {
        array[0] = known;
        image = make_image(array, 1, 0);
    }
    if (image != NULL) {
        add_image(image);
    } else if (known != NULL) {
        free(array);
        free_known(known);
    }
}

static void remove_code(const void *code)
{
    for (size_t i = 0; i < image_count; i++) {
        for (size_t k = 0; k < images[i]->count; k++) {
            if (images[i]->known[k]->code != code) {
                continue;
            }
            images[i]->known[k]->code = NULL;
            images[i]->dead++;
            dead_functions++;
            /* Nothing is compiled any more where the interpreter is on its way out. */
            if (!_Py_IsFinalizing() && (images[i]->dead * 2 > images[i]->count || debugger_is_attached())) {
                make_one(i, i + 1, images[i]->level);
            }
            return;
        }
    }
}

static void remove_tier1(struct compiled_code *compiled)
{
    remove_code(compiled);
}

/* ---- Tier 2 ---------------------------------------------------------------------------------------------------------- */

/* Says in the section headers of a copy of the object file where its sections are. Of the others nothing is known, and nothing needed. */
static void place_sections(char *object, const struct linked_object *linked)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)object;
    Elf64_Shdr *sections = (Elf64_Shdr *)(object + header->e_shoff);
    const char *names = object + sections[header->e_shstrndx].sh_offset;
    for (size_t i = 0; i < header->e_shnum; i++) {
        const char *name = names + sections[i].sh_name;
        if (strcmp(name, ".text") == 0) {
            sections[i].sh_addr = (Elf64_Addr)(uintptr_t)linked->text;
        } else {
            sections[i].sh_flags &= ~(Elf64_Xword)SHF_ALLOC;
        }
    }
}

static struct image *make_image_of_object(const struct linked_object *linked)
{
    struct image *image = calloc(1, sizeof *image);
    struct known *known = calloc(1, sizeof *known);
    struct known **array = malloc(sizeof(struct known *));
    char *object = malloc(linked->object_size);
    if (image == NULL || known == NULL || array == NULL || object == NULL) {
        free(image);
        free(known);
        free(array);
        free(object);
        return NULL;
    }
    memcpy(object, linked->object, linked->object_size);
    place_sections(object, linked);
    known->code = linked->text;
    known->function.start = (uint64_t)(uintptr_t)linked->text;
    known->function.size = linked->text_size;
    array[0] = known;
    *image = (struct image){
        .entry = {.symfile_addr = object, .symfile_size = linked->object_size},
        .level = LEVEL_OF_TIER2,
        .known = array,
        .count = 1,
    };
    return image;
}

void jit_interface_add(const struct linked_object *linked)
{
    if (is_on && linked->object != NULL) {
        uint64_t start = (uint64_t)(uintptr_t)linked->text;
        forget_dead_at(start, start + linked->text_size);
        struct image *image = make_image_of_object(linked);
        if (image != NULL) {
            add_image(image);
        }
    }
}

void jit_interface_remove(const char *text)
{
    if (is_on && text != NULL) {
        remove_code(text);
    }
}

/* ---- The whole ----------------------------------------------------------------------------------------------------------- */

void jit_interface_start(void)
{
    const char *why;
    if (!elf_image_prepare(&why)) {
        fprintf(stderr, "pyjit: no debugger is told of compiled code: %s\n", why);
        return;
    }
    is_on = true;
    code_map_watch(add_tier1, remove_tier1);
}

bool jit_interface_is_on(void)
{
    return is_on;
}
