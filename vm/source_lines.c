/* vm/source_lines.c: see source_lines.h. */
#include "vm/source_lines.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_FILE = 16 << 20 };

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t used = 0;
    for (size_t room = 0; file != NULL && used < LARGEST_FILE;) {
        if (room - used < 2) {
            room = room == 0 ? 1 << 16 : room * 2;
            char *larger = realloc(text, room);
            if (larger == NULL) {
                break;
            }
            text = larger;
        }
        size_t got = fread(text + used, 1, room - used - 1, file);
        used += got;
        text[used] = '\0';
        if (got == 0) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

static void split(struct source_lines *source)
{
    int count = 1;
    for (const char *at = source->text; *at != '\0'; at++) {
        count += *at == '\n';
    }
    source->lines = malloc((size_t)count * sizeof *source->lines);
    for (char *at = source->text; source->lines != NULL && at != NULL;) {
        source->lines[source->count++] = at;
        char *end = strchr(at, '\n');
        at[strcspn(at, "\r\n")] = '\0';
        at = end != NULL ? end + 1 : NULL;
    }
}

void source_lines_read(PyCodeObject *code, struct source_lines *source)
{
    *source = (struct source_lines){0};
    PyObject *path = PyUnicode_EncodeFSDefault(code->co_filename);
    if (path != NULL && PyBytes_AS_STRING(path)[0] != '<') {
        source->text = read_file(PyBytes_AS_STRING(path));
        if (source->text != NULL) {
            split(source);
        }
    }
    PyErr_Clear();
    Py_XDECREF(path);
}

void source_lines_free(struct source_lines *source)
{
    free(source->lines);
    free(source->text);
}

const char *source_line(const struct source_lines *source, int number)
{
    return number >= 1 && number <= source->count && source->lines != NULL ? source->lines[number - 1] : NULL;
}
