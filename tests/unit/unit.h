/* tests/unit/unit.h: the harness of the C unit tests, header only.
 *
 *     TEST(arena_gives_back_what_it_took)
 *     {
 *         CHECK(code_arena_used() == 0);
 *     }
 *
 * Every test runs in a child process of its own, so it starts from fresh static state, may install a seccomp
 * filter, and may crash without taking the others along. Each prints one line, "ok NAME" or "FAIL NAME: why",
 * which tests/run.py counts; the exit status is 1 when something failed. Arguments choose tests by name.
 */
#ifndef PYJIT_TESTS_UNIT_H
#define PYJIT_TESTS_UNIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct unit_test {
    const char *name;
    void (*run)(void);
    struct unit_test *next;
};

static struct unit_test *unit_tests;
static struct unit_test **unit_tests_end = &unit_tests;
static const char *unit_current;

enum { UNIT_TIME_LIMIT_SECONDS = 60 };

#define TEST(name)                                                                                                   \
    static void test_##name(void);                                                                                   \
    static struct unit_test unit_test_##name = {#name, test_##name, 0};                                              \
    __attribute__((constructor)) static void register_##name(void)                                                   \
    {                                                                                                                \
        *unit_tests_end = &unit_test_##name;                                                                         \
        unit_tests_end = &unit_test_##name.next;                                                                     \
    }                                                                                                                \
    static void test_##name(void)

/* Ends the test as failed when the condition does not hold; the rest are details in printf's manner. */
#define CHECK(condition, ...)                                                                                        \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            unit_fail(__FILE__, __LINE__, #condition, " " __VA_ARGS__);                                              \
        }                                                                                                            \
    } while (0)

__attribute__((format(printf, 4, 5), noreturn)) static void unit_fail(const char *file, int line,
                                                                      const char *condition, const char *details, ...)
{
    va_list arguments;
    va_start(arguments, details);
    printf("FAIL %s: %s:%d: %s", unit_current, file, line, condition);
    vprintf(details, arguments);
    printf("\n");
    fflush(stdout);
    _exit(1);
}

/* Runs one test in a child; returns whether it passed. */
static bool unit_run_one(const struct unit_test *test)
{
    unit_current = test->name;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(UNIT_TIME_LIMIT_SECONDS);
        test->run();
        printf("ok %s\n", test->name);
        fflush(stdout);
        _exit(0);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        printf("FAIL %s: no child process\n", test->name);
        return false;
    }
    if (WIFSIGNALED(status)) {
        printf("FAIL %s: killed by signal %d (%s)\n", test->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
        return false;
    }
    return WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (struct unit_test *test = unit_tests; test != NULL; test = test->next) {
        bool chosen = argc < 2;
        for (int i = 1; i < argc; i++) {
            chosen |= strstr(test->name, argv[i]) != NULL;
        }
        if (chosen && !unit_run_one(test)) {
            failed++;
        }
    }
    return failed > 0;
}

#endif
