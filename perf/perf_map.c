/* perf/perf_map.c: /tmp/perf-PID.map, a line per piece of code: start and size in hexadecimal, then the name. The format is perf's
 * (tools/perf/Documentation/jit-interface.txt of Linux); perf report reads the file of each process it has samples of. */
#include "perf/code_listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

const char *perf_map_write(const struct listed_code *listed, bool is_new_process)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
    /* A file of an earlier process of that number would be taken for ours; a link that somebody left there is not followed. */
    int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    if (is_new_process && unlink(path) < 0 && errno != ENOENT) {
        return path;
    }
    int descriptor = open(path, is_new_process ? flags | O_EXCL : flags, 0644);
    if (descriptor < 0) {
        return path;
    }
    char range[64];
    struct iovec parts[] = {
        {range, (size_t)snprintf(range, sizeof range, "%zx %zx ", (size_t)listed->start, listed->size)},
        {(char *)listed->name, strlen(listed->name)},
        {"\n", 1},
    };
    size_t all = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len;
    ssize_t written = writev(descriptor, parts, sizeof parts / sizeof parts[0]);
    int error = written < 0 ? errno : ENOSPC;
    close(descriptor);
    if (written != (ssize_t)all) {
        errno = error;
        return path;
    }
    return NULL;
}
