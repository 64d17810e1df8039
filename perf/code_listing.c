/* perf/code_listing.c: what profilers are told of a piece of code, whichever format they are told in. See code_listing.h. */
#include "perf/code_listing.h"

#include "perf/object_lines.h"
#include "runtime/code_arena.h"
#include "runtime/utf8_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static code_writer *const writers[] = {
    [CODE_LISTING_none] = NULL,
    [CODE_LISTING_map] = perf_map_write,
    [CODE_LISTING_dump] = jitdump_write,
};

static code_writer *writer;
static pid_t process; /* whose file is being written; 0: none yet */

/* Long enough for a qualified name and a path; what is longer is cut. */
enum { NAME_SIZE = 2048 };

/* Where lines begin in tier-1 code, by address, into a new array (free() it); NULL when there is none, or no memory. */
static struct listed_line *find_lines(const struct compiled_code *compiled, size_t *count)
{
    struct code_map_walk walk = code_map_walk_start(compiled);
    size_t room = 0;
    struct listed_line *lines = NULL;
    *count = 0;
    while (code_map_walk_next(&walk)) {
        int line = PyCode_Addr2Line(compiled->code, walk.offset);
        if (line <= 0 || (*count > 0 && lines[*count - 1].line == line)) {
            continue;
        }
        if (*count == room) {
            room = room == 0 ? 64 : room * 2;
            struct listed_line *larger = realloc(lines, room * sizeof *lines);
            if (larger == NULL) {
                break;
            }
            lines = larger;
        }
        lines[(*count)++] = (struct listed_line){.address = compiled->start + walk.machine, .line = line};
    }
    return lines;
}

static void list_code(PyCodeObject *code, int tier, struct listed_code *listed);

static int list_tier1(struct compiled_code *compiled, void *argument)
{
    (void)argument;
    size_t count;
    struct listed_line *lines = writer == jitdump_write ? find_lines(compiled, &count) : NULL;
    struct listed_code listed = {
        .start = compiled->start,
        .size = compiled->size,
        .lines = lines,
        .line_count = lines != NULL ? count : 0,
    };
    list_code(compiled->code, 1, &listed);
    free(lines);
    return 0;
}

/* Names the piece of code and writes it; in a process that has no file yet, everything else that there is before it. */
static void list_code(PyCodeObject *code, int tier, struct listed_code *listed)
{
    bool is_new_process = process != getpid();
    char qualname[NAME_SIZE / 2], file[NAME_SIZE / 2], name[NAME_SIZE + 32];
    utf8_copy(qualname, sizeof qualname, code->co_qualname);
    utf8_copy(file, sizeof file, code->co_filename);
    snprintf(name, sizeof name, "py::%s:%s [tier %d]", qualname, file, tier);
    listed->name = name;
    listed->file = file;
    process = getpid();
    const char *failed = writer(listed, is_new_process);
    if (failed != NULL) {
        fprintf(stderr, "pyjit: cannot write %s for perf: %s\n", failed, strerror(errno));
        writer = NULL;
    }
}

static void list_tier2(PyCodeObject *code, const struct linked_object *linked)
{
    if (writer == NULL) {
        return;
    }
    size_t count = 0;
    struct listed_line *lines = writer == jitdump_write ? object_lines(linked, &count) : NULL;
    struct listed_line first = {.address = linked->text, .line = code->co_firstlineno};
    struct listed_code listed = {
        .start = linked->text,
        .size = linked->text_size,
        .lines = count > 0 ? lines : &first,
        .line_count = count > 0 ? count : 1,
    };
    list_code(code, 2, &listed);
    free(lines);
}

static void add_tier1(struct compiled_code *compiled)
{
    if (writer != NULL) {
        list_tier1(compiled, NULL);
    }
}

static int list_all(struct compiled_code *compiled, void *argument)
{
    (void)argument;
    add_tier1(compiled);
    if (code_map_each_tier2 != NULL) {
        code_map_each_tier2(compiled, list_tier2);
    }
    return 0;
}

/* A child has its own file, and runs what its parent compiled. */
static PyObject *after_fork(PyObject *self, PyObject *arguments)
{
    (void)self;
    (void)arguments;
    code_map_each(list_all, NULL);
    Py_RETURN_NONE;
}

/* os.fork() alone: the children of subprocess are other programs at once. */
static void watch_forks(void)
{
    static PyMethodDef method = {"pyjit_list_code", after_fork, METH_NOARGS, NULL};
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *os = PyImport_ImportModule("posix");
    PyObject *registrar = os != NULL ? PyObject_GetAttrString(os, "register_at_fork") : NULL;
    PyObject *callback = registrar != NULL ? PyCFunction_New(&method, NULL) : NULL;
    PyObject *none = callback != NULL ? PyTuple_New(0) : NULL;
    PyObject *keywords = none != NULL ? Py_BuildValue("{s:O}", "after_in_child", callback) : NULL;
    PyObject *done = keywords != NULL ? PyObject_Call(registrar, none, keywords) : NULL;
    Py_XDECREF(os);
    Py_XDECREF(registrar);
    Py_XDECREF(callback);
    Py_XDECREF(none);
    Py_XDECREF(keywords);
    Py_XDECREF(done);
    PyErr_Restore(type, value, traceback);
}

void code_listing_start(enum code_listing_format format)
{
    writer = writers[format];
    if (writer == jitdump_write) {
        code_arena_leave_gaps(JITDUMP_GAP);
    }
    if (writer != NULL) {
        code_map_watch(add_tier1, NULL);
        watch_forks();
    }
}

void code_listing_add_tier2(PyCodeObject *code, const struct linked_object *linked)
{
    list_tier2(code, linked);
}
