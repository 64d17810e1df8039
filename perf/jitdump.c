/* perf/jitdump.c: jit-PID.dump, from which `perf inject --jit` makes an ELF file per piece of code, so that perf report and perf annotate
 * show machine code and lines. The format is perf's (tools/perf/Documentation/jitdump-specification.txt of Linux).
 *
 * perf learns of the file from a mapping of its first page that is executable: that stays, while the descriptor does not. Times are those of
 * CLOCK_MONOTONIC: perf record -k 1. */
#include "perf/code_listing.h"
#include "runtime/eh_frame.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    JITDUMP_MAGIC = 0x4A695444,
    JITDUMP_VERSION = 1,
    MACHINE_X86_64 = 62,
    RECORD_CODE = 0,
    RECORD_LINES = 2,
    RECORD_UNWINDING = 4
};

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

/* Unwinders read these sections where perf believes them to be mapped, behind the code: nothing else may be there (JITDUMP_GAP).
 *
 * Followed by .eh_frame, as it is to stand behind the code, 8-byte-aligned; then by the table of .eh_frame_hdr; and by zeros up to 8 bytes. (perf's
 * genelf.c puts them there; the specification has the two the other way round.) */
struct unwinding_record {
    struct record_header header;
    uint64_t size, table_size, mapped_size;
};

/* .eh_frame_hdr, as the LSB has it (core specification, 10.6.2), with one row. */
struct unwinding_table {
    uint8_t version, frame_encoding, count_encoding, row_encoding;
    int32_t frame; /* from this place to .eh_frame */
    uint32_t count;
    int32_t start, fde; /* from the table's start */
};
enum { PCREL_SDATA4 = 0x1b, UDATA4 = 0x03, DATAREL_SDATA4 = 0x3b, SECTION_ALIGNMENT = 8 };

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

static void write_unwinding(FILE *stream, const struct listed_code *listed)
{
    unsigned char frames[EH_FRAME_MOST_BYTES];
    static const char padding[SECTION_ALIGNMENT];
    uintptr_t start = (uintptr_t)listed->start;
    uintptr_t place = start + (listed->size + SECTION_ALIGNMENT - 1) / SECTION_ALIGNMENT * SECTION_ALIGNMENT;
    size_t fde;
    size_t size = eh_frame_write(frames, place, start, listed->size, &fde);
    uintptr_t table_place = place + size;
    struct unwinding_table table = {
        .version = 1,
        .frame_encoding = PCREL_SDATA4,
        .count_encoding = UDATA4,
        .row_encoding = DATAREL_SDATA4,
        .frame = (int32_t)(place - (table_place + offsetof(struct unwinding_table, frame))),
        .count = 1,
        .start = (int32_t)(start - table_place),
        .fde = (int32_t)(place + fde - table_place),
    };
    size_t rest = (SECTION_ALIGNMENT - (size + sizeof table) % SECTION_ALIGNMENT) % SECTION_ALIGNMENT;
    struct unwinding_record record = {
        .size = size + sizeof table,
        .table_size = sizeof table,
        .mapped_size = size + sizeof table,
    };
    assert(record.mapped_size + SECTION_ALIGNMENT <= JITDUMP_GAP);
    record.header =
        (struct record_header){RECORD_UNWINDING, (uint32_t)(sizeof record + record.size + rest), nanoseconds_now()};
    fwrite(&record, sizeof record, 1, stream);
    fwrite(frames, size, 1, stream);
    fwrite(&table, sizeof table, 1, stream);
    fwrite(padding, rest, 1, stream);
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
    /* What belongs to code comes before it. */
    if (listed->line_count > 0) {
        write_lines(stream, listed);
    }
    write_unwinding(stream, listed);
    write_code(stream, listed);
    bool failed = ferror(stream);
    return fclose(stream) != 0 || failed ? path : NULL;
}
