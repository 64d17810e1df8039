/* perf/report/main.c: pyjit --profile [--html FILE] FILE|DIR... */
#include "perf/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { EXIT_UNREADABLE = 1, EXIT_USAGE = 2, USUAL_COLUMNS = 120 };

static int usage(void)
{
    fprintf(stderr, "usage: pyjit --profile [--html FILE] FILE|DIR...\n");
    return EXIT_USAGE;
}

static int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : USUAL_COLUMNS;
}

/* False: told why. */
static bool write_page(const struct report *report, const char *path)
{
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    bool complete = false;
    if (out != NULL) {
        report_print_page(report, out);
        complete = ferror(out) == 0;
        complete = (out == stdout ? fflush(out) : fclose(out)) == 0 && complete;
    }
    if (!complete) {
        fprintf(stderr, "pyjit: cannot write the page %s: %s\n", path, strerror(errno));
    }
    return complete;
}

int main(int argc, char **argv)
{
    const char *page = NULL;
    struct report report = {0};
    bool good = true;
    int sources = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--html") == 0) {
            if (++i == argc) {
                return usage();
            }
            page = argv[i];
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            return usage();
        } else {
            good &= report_read(&report, argv[i]);
            sources++;
        }
    }
    if (sources == 0) {
        return usage();
    }
    report_sort(&report);
    if (report.run_count > 0 && page == NULL) {
        report_print_table(&report, stdout, terminal_columns());
    } else if (report.run_count > 0) {
        good &= write_page(&report, page);
    }
    report_free(&report);
    return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_UNREADABLE;
}
