/* vm/log_file.h: a file that one or many processes append to. No descriptor is kept: one that stays open would be seen by the program (the files it opens
 * would get other numbers), would be closed by programs that close all they inherit, and its number could then be that of one of the
 * program's own files. GIL held for all. */
#ifndef PYJIT_VM_LOG_FILE_H
#define PYJIT_VM_LOG_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct log_file {
    const char *what;       /* "the log": for messages */
    char pattern[PATH_MAX]; /* absolute, %p not yet replaced; "-": standard error; "": none */
};

/* Names the file (`-`: standard error; `%p` in it: the process id; NULL or "": none), and makes it; where it cannot be written, that is told in one line, and there is
 * none. */
void log_file_open(struct log_file *file, const char *path);

static inline bool log_file_is_open(const struct log_file *file)
{
    return file->pattern[0] != '\0';
}

/* Appends a text with a single write. What cannot be written is told once, and no more is written. */
void log_file_append(struct log_file *file, const char *text, size_t size);

#endif
