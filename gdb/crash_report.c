/* gdb/crash_report.c: see crash_report.h.
 *
 * What the handler does is async-signal-safe but for two things: libunwind and dladdr take the dynamic linker's lock, and structures of the
 * interpreter are followed that may be what is broken. The earlier handlers are put back before anything else, so a second fault ends the process as if
 * this one had not been there; what has been printed by then is out.
 */
#include "gdb/crash_report.h"

#include "gdb/libunwind.h"
#include "gdb/native_stack.h"
#include "runtime/utf8_text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the list is cut, as faulthandler's. The innermost frames tell more. */
enum { MOST_ROWS = 200 };

/* For a thread whose stack has run out. */
enum { ALTERNATE_STACK_BYTES = 256 * 1024 };

static struct {
    int number;
    const char *name;
    struct sigaction earlier;
} fatal_signals[] = {
    {.number = SIGSEGV, .name = "SIGSEGV"}, {.number = SIGBUS, .name = "SIGBUS"},
    {.number = SIGILL, .name = "SIGILL"},   {.number = SIGFPE, .name = "SIGFPE"},
    {.number = SIGABRT, .name = "SIGABRT"},
};
enum { FATAL_SIGNALS = sizeof fatal_signals / sizeof *fatal_signals };

/* ---- A line of text, without stdio ---------------------------------------------------------------------------------- */

struct line {
    char text[STACK_ROW_NAME + 1024];
    size_t length;
};

static void add_text(struct line *line, const char *text)
{
    size_t length = strlen(text);
    size_t room = sizeof line->text - 1 - line->length; /* one for the line's end */
    length = length < room ? length : room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
}

static void add_number(struct line *line, uintptr_t number, unsigned base)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    add_text(line, base == 16 ? "0x" : "");
    add_text(line, digits + at);
}

static void print_line(struct line *line)
{
    line->text[line->length++] = '\n';
    for (size_t written = 0; written < line->length;) {
        ssize_t now = write(STDERR_FILENO, line->text + written, line->length - written);
        if (now < 0 && errno != EINTR) {
            break;
        }
        written += now > 0 ? (size_t)now : 0;
    }
    line->length = 0;
}

/* ---- The report ---------------------------------------------------------------------------------------------------- */

static int print_row(const struct stack_row *row, void *argument)
{
    int *count = argument;
    struct line line = {.length = 0};
    if (++*count > MOST_ROWS) {
        add_text(&line, "  ...");
        print_line(&line);
        return 1;
    }
    static const char *const tiers[] = {"  C  ", "  0  ", "  1  ", "  2  "};
    add_text(&line, tiers[row->tier - STACK_ROW_C]);
    add_number(&line, row->address, 16);
    add_text(&line, "  ");
    if (row->code == NULL) {
        add_text(&line, row->name[0] == '\0' ? "?" : row->name);
        if (row->file != NULL) {
            add_text(&line, " in ");
            add_text(&line, row->file);
        }
    } else {
        char text[STACK_ROW_NAME];
        utf8_copy(text, sizeof text, row->code->co_qualname);
        add_text(&line, "py::");
        add_text(&line, text);
        add_text(&line, " at ");
        utf8_copy(text, sizeof text, row->code->co_filename);
        add_text(&line, text);
        add_text(&line, ":");
        add_number(&line, row->line > 0 ? (uintptr_t)row->line : 0, 10);
    }
    print_line(&line);
    return 0;
}

static void print_report(const char *name, const siginfo_t *info, const ucontext_t *context)
{
    struct line line = {.length = 0};
    add_text(&line, "pyjit: ");
    add_text(&line, name);
    if (info->si_code > 0 && info->si_signo != SIGABRT) {
        add_text(&line, " at address ");
        add_number(&line, (uintptr_t)info->si_addr, 16);
    }
    add_text(&line, " in process ");
    add_number(&line, (uintptr_t)getpid(), 10);
    add_text(&line, ", thread ");
    add_number(&line, (uintptr_t)syscall(SYS_gettid), 10);
    add_text(&line, "; tier and address of each frame, innermost first:");
    print_line(&line);
    int count = 0;
    native_stack_walk(PyGILState_GetThisThreadState(), NULL, context, print_row, &count);
}

static void restore_handlers(void)
{
    for (int i = 0; i < FATAL_SIGNALS; i++) {
        sigaction(fatal_signals[i].number, &fatal_signals[i].earlier, NULL);
    }
}

static void on_fatal_signal(int number, siginfo_t *info, void *context)
{
    int error = errno;
    restore_handlers();
    int which = 0;
    while (fatal_signals[which].number != number) {
        which++;
    }
    print_report(fatal_signals[which].name, info, context);
    errno = error;
    /* An instruction that faults does so again; what somebody has sent, or abort(), does not come by itself. */
    if (info->si_code <= 0) {
        raise(number);
    }
}

/* ---- In ------------------------------------------------------------------------------------------------------------ */

/* This thread gets a stack for handlers, if it has none: faulthandler takes another later, which does as well. */
static void provide_stack(void)
{
    stack_t stack;
    if (sigaltstack(NULL, &stack) != 0 || !(stack.ss_flags & SS_DISABLE)) {
        return;
    }
    void *memory = mmap(NULL, ALTERNATE_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) {
        stack = (stack_t){.ss_sp = memory, .ss_size = ALTERNATE_STACK_BYTES};
        sigaltstack(&stack, NULL);
    }
}

void crash_report_install(void)
{
    static bool installed;
    const char *why;
    if (installed) {
        return;
    }
    installed = true;
    if (!libunwind_load(&why)) {
        fprintf(stderr, "pyjit: no crash reports: %s\n", why);
        return;
    }
    provide_stack();
    /* SA_NODEFER: a fault in the handler goes to the earlier one, and raise() in it does not wait. */
    struct sigaction action = {.sa_sigaction = on_fatal_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FATAL_SIGNALS; i++) {
        sigaction(fatal_signals[i].number, &action, &fatal_signals[i].earlier);
    }
}
