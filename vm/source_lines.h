/* vm/source_lines.h: lines of source files, for listings. */
#ifndef PYJIT_VM_SOURCE_LINES_H
#define PYJIT_VM_SOURCE_LINES_H

#include "runtime/cpython.h"

/* A file's text, split into lines. */
struct source_lines {
    char *text;   /* owned; NULL: it cannot be read */
    char **lines; /* owned */
    int count;
};

/* Reads the file that the code says it comes from. Never fails: there are no lines then. No exception is left. */
void source_lines_read(PyCodeObject *code, struct source_lines *source);
void source_lines_free(struct source_lines *source);

/* Line `number`, counted from 1, without its end; NULL where there is none. */
const char *source_line(const struct source_lines *source, int number);

#endif
