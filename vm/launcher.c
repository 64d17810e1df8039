/* vm/launcher.c: the pyjit command: python3.11 with the JIT on.
 *
 * It becomes the stock interpreter (exec), with libpyjit-preload.so loaded beside it. Everything else is left as
 * it was: the arguments, argv[0] included, so that CPython's own search makes sys.executable this very program (or
 * the venv's symbolic link to it) and everything that starts Python again comes back through here.
 */
#define _GNU_SOURCE /* asprintf */
#include "vm/launch.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* The launcher's own options, which come before python's, and the -X options that they stand for. */
static const struct own_option {
    const char *name;
    const char *x_option; /* "-X" and what it takes, up to the value */
    bool takes_value;
    const char *values, *help;
} own_options[] = {
    {"--disassemble", "jit-disassemble=", true, "NAME",
     "when the program has ended: bytecode, machine code and IR of the functions that match, line by line"},
    {"--explain", "jit-explain=", true, "NAME",
     "when the program has ended: why the functions that match are as fast as they are, and what would help"},
    {"--trace", "jit-trace=1", false, "",
     "live, on standard error: what is compiled, entered, left and thrown away, and why"},
};

/* The options section of --help, generated from the rows of options.def. */
static void print_options(void)
{
    printf(
        "usage: pyjit [option] ... [-c cmd | -m mod | file | -] [arg] ...\n"
        "Runs python3.11 with the pyjit JIT on. Besides python's own options, listed below; first, before those:\n");
    printf(
        "--profile [--html FILE] FILE|DIR...\n"
        "         runs nothing: shows the profiles that -X jit-profile-dir=DIR collects, as a table or as a page\n");
    for (size_t i = 0; i < sizeof(own_options) / sizeof(own_options[0]); i++) {
        printf("%s %s\n         %s\n", own_options[i].name, own_options[i].values, own_options[i].help);
    }
#define OPTION(field, x_name, environment, type, default_text, values, help)                                         \
    printf("-X %s=%s (or %s=...)\n         %s%s%s\n", x_name, values, environment, help,                             \
           default_text[0] != '\0' ? "; default " : "", default_text);
#include "vm/options.def"
#undef OPTION
    printf("\n");
    fflush(stdout);
}

/* Cuts the path's last component off, and the slash before it. Returns false when there is none. */
static bool cut_to_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    return slash != NULL;
}

/* The folder of the program that a venv was made from, when this is a copy of it in the venv (`venv --copies`, which is
 * also what venv.create() does): the value of `home` in pyvenv.cfg, which stands where CPython looks for it, beside the
 * program or in the folder above (getpath.py). Returns false when there is no such file. */
static bool find_home_of_venv(const char *folder, char home[PATH_MAX])
{
    static const char *const places[] = {"", "../"};
    bool found = false;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !found; i++) {
        char path[PATH_MAX], text[PATH_MAX];
        if (snprintf(path, sizeof(path), "%s/%spyvenv.cfg", folder, places[i]) >= (int)sizeof(path)) {
            continue;
        }
        FILE *file = fopen(path, "re");
        while (file != NULL && !found && fgets(text, sizeof(text), file) != NULL) {
            text[strcspn(text, "\n")] = '\0';
            /* The width is PATH_MAX - 1. */
            _Static_assert(PATH_MAX == 4096, "adapt the width below");
            found = sscanf(text, " home = %4095[^\n]", home) == 1;
        }
        if (file != NULL) {
            fclose(file);
        }
    }
    return found;
}

/* Writes the path of `name` to `path`: in `folder`, or in ../lib/pyjit where `make install` puts it. */
static bool find_in(const char *folder, const char *name, char path[PATH_MAX])
{
    static const char *const places[] = {"", "../lib/pyjit/"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (snprintf(path, PATH_MAX, "%s/%s%s", folder, places[i], name) < PATH_MAX && access(path, R_OK) == 0) {
            return true;
        }
    }
    return false;
}

/* The same for this program's own folder, or the one it was copied from. */
static bool find_beside_me(const char *name, char path[PATH_MAX])
{
    char self[PATH_MAX], home[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length <= 0) {
        return false;
    }
    self[length] = '\0';
    return cut_to_folder(self) &&
           (find_in(self, name, path) || (find_home_of_venv(self, home) && find_in(home, name, path)));
}

/* "NAME=" + list + ":" + last, or without the list when it is NULL or empty; NULL without memory. Never freed: exec
 * follows. */
static char *make_variable(const char *name, const char *list, const char *last)
{
    char *text = NULL;
    bool has_list = list != NULL && list[0] != '\0';
    if (asprintf(&text, "%s=%s%s%s", name, has_list ? list : "", has_list ? ":" : "", last) < 0) {
        return NULL;
    }
    return text;
}

/* The environment for the interpreter: ours, with the preloaded library behind the user's own LD_PRELOAD (where
 * AddressSanitizer insists on being first), whose old value travels in LAUNCH_SAVED_PRELOAD so that the library can
 * put it back before Python looks.
 * The variables keep their order: os.environ shows it. Returns NULL when the library is not there. */
static char **launch_environment(void)
{
    char preload[PATH_MAX], library[PATH_MAX];
    if (!find_beside_me("libpyjit-preload.so", preload) || !find_beside_me("libpyjit.so", library)) {
        fprintf(stderr, "pyjit: stays off: libpyjit.so is neither beside this program nor in ../lib/pyjit\n");
        return NULL;
    }
    /* The dynamic loader splits LD_PRELOAD at both characters and knows no way to quote them. */
    if (strpbrk(preload, ": ") != NULL) {
        fprintf(stderr, "pyjit: stays off: LD_PRELOAD cannot name a path with a space or a colon: %s\n", preload);
        return NULL;
    }
    size_t count = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **environment = calloc(count + 4, sizeof(char *));
    const char *users_preload = getenv("LD_PRELOAD");
    char *variables[] = {
        make_variable("LD_PRELOAD", users_preload, preload),
        make_variable(LAUNCH_LIBRARY, NULL, library),
        users_preload == NULL ? NULL : make_variable(LAUNCH_SAVED_PRELOAD, NULL, users_preload),
    };
    if (environment == NULL || variables[0] == NULL || variables[1] == NULL) {
        fprintf(stderr, "pyjit: stays off: out of memory\n");
        return NULL;
    }
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_preload = strncmp(environ[i], "LD_PRELOAD=", strlen("LD_PRELOAD=")) == 0;
        environment[used++] = is_preload ? variables[0] : environ[i];
    }
    if (users_preload == NULL) {
        environment[used++] = variables[0];
    }
    environment[used++] = variables[1];
    environment[used] = variables[2];
    return environment;
}

/* The arguments for the interpreter: argv with -X options for our own. NULL when one of these lacks its value, which has been told. */
static char **python_arguments(int argc, char **argv)
{
    char **arguments = calloc((size_t)argc * 2 + 1, sizeof(char *));
    int used = 0, at = 1;
    if (arguments == NULL) {
        fprintf(stderr, "pyjit: out of memory\n");
        return NULL;
    }
    arguments[used++] = argv[0];
    for (bool found = true; found && at < argc;) {
        found = false;
        for (size_t i = 0; i < sizeof(own_options) / sizeof(own_options[0]) && !found; i++) {
            const struct own_option *option = &own_options[i];
            size_t length = strlen(option->name);
            bool has_value = strncmp(argv[at], option->name, length) == 0 && argv[at][length] == '=';
            if (strcmp(argv[at], option->name) != 0 && !(option->takes_value && has_value)) {
                continue;
            }
            const char *value = has_value ? argv[at] + length + 1 : "";
            if (option->takes_value && !has_value) {
                if (++at == argc) {
                    fprintf(stderr, "pyjit: %s needs a value: %s\n", option->name, option->values);
                    return NULL;
                }
                value = argv[at];
            }
            char *text = NULL;
            if (asprintf(&text, "%s%s", option->x_option, value) < 0) {
                return NULL;
            }
            arguments[used++] = "-X";
            arguments[used++] = text;
            at++;
            found = true;
        }
    }
    while (at < argc) {
        arguments[used++] = argv[at++];
    }
    return arguments;
}

/* --profile is done by a program of its own, which reads JSON. Does not return. */
_Noreturn static void run_profile_reader(char **argv)
{
    char path[PATH_MAX];
    if (find_beside_me("pyjit-profile", path)) {
        execv(path, argv);
    }
    fprintf(stderr, "pyjit: cannot run pyjit-profile, which is to be beside this program or in ../lib/pyjit\n");
    exit(126);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--profile") == 0) {
        run_profile_reader(argv + 1);
    }
    const char *python = getenv("PYJIT_PYTHON");
    if (python == NULL || python[0] == '\0') {
        python = PYJIT_PYTHON_PATH;
    }
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "-?") == 0)) {
        print_options();
    }
    /* The emergency switch leaves nothing of us in the process. */
    const char *jit = getenv("PYTHON_JIT");
    char **environment = NULL;
    if (jit == NULL || strcmp(jit, "0") != 0) {
        environment = launch_environment();
    }
    char **arguments = python_arguments(argc, argv);
    if (arguments == NULL) {
        return 2;
    }
    execve(python, arguments, environment != NULL ? environment : environ);
    fprintf(stderr, "pyjit: cannot run %s: %s\n", python, strerror(errno));
    return errno == ENOENT ? 127 : 126;
}
