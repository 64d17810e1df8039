/* vm/log_file.c: see log_file.h. */
#include "vm/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The path for this process, fork's children included. Returns false when it is too long. */
static bool expand_path(const struct log_file *file, char path[PATH_MAX])
{
    size_t used = 0;
    for (const char *from = file->pattern; *from != '\0'; from++) {
        int written;
        if (from[0] == '%' && from[1] == 'p') {
            written = snprintf(path + used, PATH_MAX - used, "%ld", (long)getpid());
            from++;
        } else {
            written = snprintf(path + used, PATH_MAX - used, "%c", *from);
        }
        used += (size_t)written;
        if (used >= PATH_MAX) {
            errno = ENAMETOOLONG;
            return false;
        }
    }
    return true;
}

/* A descriptor to append to, or -1 with errno set. */
static int open_file(const struct log_file *file)
{
    char path[PATH_MAX];
    if (strcmp(file->pattern, "-") == 0) {
        return STDERR_FILENO;
    }
    return expand_path(file, path) ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666) : -1;
}

static void close_file(int descriptor)
{
    if (descriptor != STDERR_FILENO) {
        close(descriptor);
    }
}

/* Tells the user once, and there is no file any more. */
static void give_up(struct log_file *file, const char *verb)
{
    fprintf(stderr, "pyjit: %s %s %s: %s\n", verb, file->what, file->pattern, strerror(errno));
    file->pattern[0] = '\0';
}

void log_file_open(struct log_file *file, const char *path)
{
    file->pattern[0] = '\0';
    if (path == NULL || path[0] == '\0') {
        return;
    }
    /* The program may change its folder later. */
    char folder[PATH_MAX] = "";
    bool relative = path[0] != '/' && strcmp(path, "-") != 0;
    if (relative && getcwd(folder, sizeof(folder) - 1) != NULL) {
        strcat(folder, "/");
    }
    int length = snprintf(file->pattern, sizeof(file->pattern), "%s%s", folder, path);
    int descriptor = -1;
    if (length >= (int)sizeof(file->pattern)) {
        errno = ENAMETOOLONG;
    } else {
        descriptor = open_file(file);
    }
    if (descriptor < 0) {
        give_up(file, "cannot write");
        return;
    }
    close_file(descriptor);
}

void log_file_append(struct log_file *file, const char *text, size_t size)
{
    int descriptor = open_file(file);
    if (descriptor < 0) {
        give_up(file, "cannot write");
        return;
    }
    while (size > 0) {
        ssize_t written = write(descriptor, text, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            errno = written == 0 ? ENOSPC : errno;
            give_up(file, "cannot write any more to");
            break;
        }
        text += written;
        size -= (size_t)written;
    }
    close_file(descriptor);
}
