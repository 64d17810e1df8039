/* tests/tools/unwind/unwind_remote.c: libunwind from another process, asked at every instruction, compared with the chain of return addresses as it is.
 *
 *   unwind_remote ARENA_OFFSET TIMES PROGRAM ARGUMENT...
 *
 * The program is run under ptrace. At its first SIGUSR1 (which it does not get) single-stepping begins, at its second it ends. ARENA_OFFSET is where
 * in libpyjit.so, which the program has loaded by then, the code arena begins. Each address in there is looked at TIMES times. Prints one
 * line of numbers: steps, places compared, walks, walks that were not what they should be, of those the ones that do not come to the outermost
 * frame, and of those the ones at an instruction that builds the machine frame or gives it up.
 */
#define _GNU_SOURCE
#include "shadow_stack.h"

#include <libunwind-ptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_FRAMES = 512, ARENA_BYTES = 64 << 20, SEEN_SLOTS = 1 << 18 };

static struct shadow_stack shadow;
static struct {
    uint64_t address;
    int times;
} seen[SEEN_SLOTS];

static pid_t child;
static unw_addr_space_t space;
static void *handle;

static uint64_t read_word(uint64_t address)
{
    uint64_t word = 0;
    struct iovec here = {&word, sizeof word}, there = {(void *)address, sizeof word};
    process_vm_readv(child, &here, 1, &there, 1, 0);
    return word;
}

static int walk(uint64_t *frames)
{
    unw_cursor_t cursor;
    int count = 0;
    if (unw_init_remote(&cursor, space, handle) != 0) {
        return 0;
    }
    do {
        unw_word_t ip = 0;
        unw_get_reg(&cursor, UNW_REG_IP, &ip);
        if (ip == 0) {
            break;
        }
        frames[count++] = ip;
    } while (count < MOST_FRAMES && unw_step(&cursor) > 0);
    return count;
}

static uint64_t expected_at(uint64_t index)
{
    if (index == 0) {
        return shadow.rip;
    }
    return index <= shadow.count ? shadow.entries[shadow.count - index].address : 0;
}

static int times_seen(uint64_t rip, unsigned long *places)
{
    size_t slot = (size_t)(rip * 0x9e3779b97f4a7c15u >> 46) % SEEN_SLOTS;
    while (seen[slot].address != rip && seen[slot].address != 0) {
        slot = (slot + 1) % SEEN_SLOTS;
    }
    *places += seen[slot].address == 0;
    seen[slot].address = rip;
    return seen[slot].times++;
}

/* Where libpyjit.so is loaded. */
static uint64_t find_library(void)
{
    char path[64], line[4096];
    snprintf(path, sizeof path, "/proc/%d/maps", child);
    FILE *maps = fopen(path, "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, "/libpyjit.so") != NULL) {
            fclose(maps);
            return strtoul(line, NULL, 16);
        }
    }
    fprintf(stderr, "libpyjit.so is not loaded\n");
    exit(1);
}

/* Runs the child up to its next SIGUSR1. */
static void run_to_signal(void)
{
    int status, signal = 0;
    do {
        ptrace(PTRACE_CONT, child, NULL, signal);
        if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) {
            fprintf(stderr, "the program ended too early: %x\n", status);
            exit(1);
        }
        signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status); /* a trap is the one of exec */
    } while (signal != SIGUSR1);
}

/* The stack as it is now, at the begin, becomes the shadow stack's outer part. It is C code's alone. */
static void start_shadow(void)
{
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, child, NULL, &registers);
    unw_cursor_t cursor;
    unw_init_remote(&cursor, space, handle);
    uint64_t slots[MOST_FRAMES], addresses[MOST_FRAMES];
    int count = 0;
    while (count < MOST_FRAMES && unw_step(&cursor) > 0) {
        unw_word_t ip, sp;
        unw_get_reg(&cursor, UNW_REG_IP, &ip);
        unw_get_reg(&cursor, UNW_REG_SP, &sp);
        if (ip == 0) {
            break;
        }
        addresses[count] = ip;
        slots[count++] = sp - 8;
    }
    for (int i = count - 1; i >= 0; i--) {
        shadow.entries[shadow.count].slot = slots[i];
        shadow.entries[shadow.count++].address = addresses[i];
    }
    shadow.rip = registers.rip;
    shadow.rsp = registers.rsp;
}

int main(int count, char **arguments)
{
    if (count < 4) {
        fprintf(stderr, "usage: unwind_remote ARENA_OFFSET TIMES PROGRAM ARGUMENT...\n");
        return 2;
    }
    int most_times = atoi(arguments[2]);
    child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execv(arguments[3], arguments + 3);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    space = unw_create_addr_space(&_UPT_accessors, 0);
    unw_set_caching_policy(space, UNW_CACHE_GLOBAL);
    run_to_signal();
    handle = _UPT_create(child);
    uint64_t arena = find_library() + strtoul(arguments[1], NULL, 16);
    start_shadow();
    unsigned long steps = 0, places = 0, walks = 0, wrong = 0, short_ones = 0, short_at_edges = 0, wrong_inside = 0;
    for (;;) {
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0 || waitpid(child, &status, 0) != child ||
            !WIFSTOPPED(status)) {
            fprintf(stderr, "the program ended too early: %x\n", status);
            return 1;
        }
        if (WSTOPSIG(status) == SIGUSR1) {
            break;
        }
        struct user_regs_struct registers;
        ptrace(PTRACE_GETREGS, child, NULL, &registers);
        shadow_step(&shadow, registers.rip, registers.rsp, read_word(registers.rsp));
        steps++;
        if (registers.rip < arena || registers.rip >= arena + ARENA_BYTES ||
            times_seen(registers.rip, &places) >= most_times) {
            continue;
        }
        uint64_t frames[MOST_FRAMES];
        int found = walk(frames);
        walks++;
        uint64_t code = read_word(registers.rip);
        int at_edge = (code & 0xff) == 0x55 || (code & 0xff) == 0xc3 || (code & 0xffffff) == 0xe58948;
        int same = found == (int)shadow.count + 1;
        for (int i = 0; same && i < found; i++) {
            same = frames[i] == expected_at((uint64_t)i);
        }
        int is_short = found == 0 || frames[found - 1] != expected_at(shadow.count);
        wrong += !same;
        wrong_inside += !same && !at_edge;
        short_ones += is_short;
        short_at_edges += is_short && at_edge;
    }
    printf("%lu %lu %lu %lu %lu %lu %lu\n", steps, places, walks, wrong, wrong_inside, short_ones, short_at_edges);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return 0;
}
