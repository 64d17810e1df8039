/* perf/jitdump.c: jit-PID.dump, from which `perf inject --jit` makes an ELF file per piece of code, so that perf report and perf annotate
 * show machine code and lines. The format is perf's (tools/perf/Documentation/jitdump-specification.txt of Linux).
 *
 * perf learns of the file from a mapping of its first page that is executable: that stays, while the descriptor does not. Times are those of
 * CLOCK_MONOTONIC: perf record -k 1. */
#include "perf/code_listing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { JITDUMP_MAGIC = 0x4A695444, JITDUMP_VERSION = 1, MACHINE_X86_64 = 62, RECORD_CODE = 0, RECORD_LINES = 2 };

struct file_header {
    uint32_t magic, version, size, machine, padding, process;
    uint64_t time, flags;
};

struct record_header {
    uint32_t kind, size;
    uint64_t time;
};

/* Followed by the name and the code. */
struct code_record {
    struct record_header header;
    uint32_t process, thread;
    uint64_t address, start, size, serial;
};

/* Followed by a line_entry and the file's name for each line. */
struct lines_record {
    struct record_header header;
    uint64_t start, count;
};

struct line_entry {
    uint64_t address;
    uint32_t line, discriminator;
};

static char path[PATH_MAX];

static uint64_t nanoseconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Makes this process's file, and the mapping that perf sees. Returns a stream, or NULL with errno set. */
static FILE *make_file(void)
{
    static void *marker;
    static size_t marker_size;
    if (marker != NULL) {
        munmap(marker, marker_size);
        marker = NULL;
    }
    const char *folder = getenv("JITDUMPDIR");
    char here[PATH_MAX] = ".";
    if (folder == NULL || folder[0] == '\0') {
        folder = getcwd(here, sizeof here) != NULL ? here : ".";
    }
    if (snprintf(path, sizeof path, "%s/jit-%ld.dump", folder, (long)getpid()) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    if (unlink(path) < 0 && errno != ENOENT) {
        return NULL;
    }
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *stream = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (stream == NULL) {
        return NULL;
    }
    struct file_header header = {
        .magic = JITDUMP_MAGIC,
        .version = JITDUMP_VERSION,
        .size = sizeof header,
        .machine = MACHINE_X86_64,
        .process = (uint32_t)getpid(),
        .time = nanoseconds_now(),
    };
    fwrite(&header, sizeof header, 1, stream);
    fflush(stream);
    marker_size = (size_t)sysconf(_SC_PAGESIZE);
    marker = mmap(NULL, marker_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor, 0);
    if (marker == MAP_FAILED) {
        marker = NULL;
        int error = errno;
        fclose(stream);
        errno = error;
        return NULL;
    }
    return stream;
}

static const char *file_of(const struct listed_code *listed, size_t line)
{
    return listed->lines[line].file != NULL ? listed->lines[line].file : listed->file;
}

static void write_lines(FILE *stream, const struct listed_code *listed)
{
    size_t size = sizeof(struct lines_record);
    for (size_t i = 0; i < listed->line_count; i++) {
        size += sizeof(struct line_entry) + strlen(file_of(listed, i)) + 1;
    }
    struct lines_record record = {
        .header = {RECORD_LINES, (uint32_t)size, nanoseconds_now()},
        .start = (uint64_t)(uintptr_t)listed->start,
        .count = listed->line_count,
    };
    fwrite(&record, sizeof record, 1, stream);
    for (size_t i = 0; i < listed->line_count; i++) {
        struct line_entry entry = {.address = (uint64_t)(uintptr_t)listed->lines[i].address,
                                   .line = (uint32_t)listed->lines[i].line};
        fwrite(&entry, sizeof entry, 1, stream);
        fwrite(file_of(listed, i), strlen(file_of(listed, i)) + 1, 1, stream);
    }
}

static void write_code(FILE *stream, const struct listed_code *listed)
{
    static uint64_t serial;
    size_t name_size = strlen(listed->name) + 1;
    struct code_record record = {
        .header = {RECORD_CODE, (uint32_t)(sizeof record + name_size + listed->size), nanoseconds_now()},
        .process = (uint32_t)getpid(),
        .thread = (uint32_t)syscall(SYS_gettid),
        .address = (uint64_t)(uintptr_t)listed->start,
        .start = (uint64_t)(uintptr_t)listed->start,
        .size = listed->size,
        .serial = serial++,
    };
    fwrite(&record, sizeof record, 1, stream);
    fwrite(listed->name, name_size, 1, stream);
    fwrite(listed->start, listed->size, 1, stream);
}

const char *jitdump_write(const struct listed_code *listed, bool is_new_process)
{
    FILE *stream = is_new_process ? make_file() : fopen(path, "ae");
    if (stream == NULL) {
        return path;
    }
    /* Lines come before the code they belong to. */
    if (listed->line_count > 0) {
        write_lines(stream, listed);
    }
    write_code(stream, listed);
    bool failed = ferror(stream);
    return fclose(stream) != 0 || failed ? path : NULL;
}
