/* perf/report/page.c: the profile as one HTML page: styles and charts (SVG) are inside it, nothing is loaded. */
#include "perf/report/report.h"

#include <string.h>

enum { CHART_FUNCTIONS = 15, TABLE_FUNCTIONS = 200, TABLE_RUNS = 200 };

static const char *const tier_names[TIERS] = {"interpreter", "tier 1", "tier 2"};

/* The colours differ in lightness, too, and are readable on white and on black. */
static const char style[] =
    ":root{color-scheme:light dark;--t0:#b3541e;--t1:#2f7fc1;--t2:#3d9a50;--c:#8a63b8;--rest:#8c8c8c;--line:#8886}\n"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.5rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin-top:2rem}\n"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .5rem;text-align:right;border-bottom:1px solid var(--line)}\n"
    "th:last-child,td:last-child{text-align:left;overflow-wrap:anywhere}\n"
    ".key span{display:inline-block;width:.8em;height:.8em;margin:0 .4em 0 1em;border-radius:2px}\n"
    "svg{width:100%;height:auto}svg text{font:13px system-ui,sans-serif;fill:currentColor}\n"
    ".dim{opacity:.7}.wide{overflow-x:auto}\n";

static const char *const fills[] = {"var(--t0)", "var(--t1)", "var(--t2)", "var(--c)", "var(--rest)"};

static double share(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void put_escaped(FILE *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void put_key(FILE *out, int count)
{
    static const char *const names[] = {"interpreter", "tier 1", "tier 2", "compiling", "elsewhere"};
    fputs("<p class=\"key\">", out);
    for (int i = 0; i < count; i++) {
        fprintf(out, "<span style=\"background:%s\"></span>%s", fills[i], names[i]);
    }
    fputs("</p>\n", out);
}

/* One bar from the left edge on; `scale`: units of the picture per second. */
static double put_part(FILE *out, double x, double y, double height, double seconds, double scale, const char *fill,
                       const char *name)
{
    double width = seconds * scale;
    if (width > 0) {
        fprintf(out,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"%s\"><title>%s: %.3f "
                "s</title></rect>\n",
                x, y, width, height, fill, name, seconds);
    }
    return x + width;
}

static void put_overview(const struct report *report, FILE *out)
{
    double rest = report->processor - report_total(report->seconds) - report->compile_thread;
    double parts[] = {report->seconds[0], report->seconds[1], report->seconds[2], report->compile_thread,
                      rest > 0 ? rest : 0};
    static const char *const names[] = {"interpreter", "tier 1", "tier 2", "compiling", "elsewhere"};
    double whole = 0, x = 0;
    for (int i = 0; i < 5; i++) {
        whole += parts[i];
    }
    fputs("<h2>Where the processor time went</h2>\n<svg viewBox=\"0 0 1000 40\" role=\"img\" aria-label=\"time per "
          "tier\">\n",
          out);
    for (int i = 0; i < 5; i++) {
        x = put_part(out, x, 4, 32, parts[i], whole > 0 ? 1000 / whole : 0, fills[i], names[i]);
    }
    fputs("</svg>\n", out);
    put_key(out, 5);
    fputs("<table><tr><th>seconds</th><th>share</th><th>where</th></tr>\n", out);
    for (int i = 0; i < 5; i++) {
        fprintf(out, "<tr><td>%.2f</td><td>%.1f %%</td><td>%s</td></tr>\n", parts[i], share(parts[i], whole),
                names[i]);
    }
    fputs("</table>\n", out);
}

static void put_chart(const struct report *report, FILE *out)
{
    enum { ROW = 26, LEFT = 330, WIDTH = 1000, BAR = 18, LONGEST_NAME = 46 };
    size_t count = report->function_count < CHART_FUNCTIONS ? report->function_count : CHART_FUNCTIONS;
    double longest = count > 0 ? report_total(report->functions[0].seconds) : 0;
    fprintf(out,
            "<h2>Hottest functions</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"seconds per function "
            "and tier\">\n",
            WIDTH, (int)count * ROW + 6);
    for (size_t i = 0; i < count; i++) {
        const struct function *function = &report->functions[i];
        double x = LEFT, y = (double)i * ROW + 4;
        double scale = longest > 0 ? (WIDTH - LEFT - 80) / longest : 0;
        char name[LONGEST_NAME + 8];
        snprintf(name, sizeof name, "%.*s", LONGEST_NAME, function->name);
        fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 8, y + BAR - 4);
        put_escaped(out, name);
        fputs("</text>\n", out);
        for (int tier = 0; tier < TIERS; tier++) {
            x = put_part(out, x, y, BAR, function->seconds[tier], scale, fills[tier], tier_names[tier]);
        }
        fprintf(out, "<text x=\"%.1f\" y=\"%.1f\">%.3f s</text>\n", x + 6, y + BAR - 4,
                report_total(function->seconds));
    }
    fputs("</svg>\n", out);
    put_key(out, TIERS);
}

static void put_functions(const struct report *report, FILE *out)
{
    double sampled = report_total(report->seconds);
    fputs("<h2>Functions</h2>\n<div "
          "class=\"wide\"><table><tr><th>seconds</th><th>share</th><th>interpreter</th><th>tier 1</th><th>tier 2</th>"
          "<th>compiled, ms</th><th>code, bytes</th><th>deopts</th><th>function</th></tr>\n",
          out);
    for (size_t i = 0; i < report->function_count && i < TABLE_FUNCTIONS; i++) {
        const struct function *function = &report->functions[i];
        double total = report_total(function->seconds);
        fprintf(out, "<tr><td>%.3f</td><td>%.1f %%</td>", total, share(total, sampled));
        for (int tier = 0; tier < TIERS; tier++) {
            fprintf(out, "<td>%.0f %%</td>", share(function->seconds[tier], total));
        }
        fprintf(out, "<td>%.2f</td><td>%llu</td><td>%llu</td><td>", function->compile_ms[0] + function->compile_ms[1],
                (unsigned long long)(function->bytes[0] + function->bytes[1]), (unsigned long long)function->deopts);
        put_escaped(out, function->name);
        fputs(" <span class=\"dim\">", out);
        put_escaped(out, function->file);
        fprintf(out, ":%d", function->line);
        if (function->refused != NULL) {
            fputs(", not in tier 2: ", out);
            put_escaped(out, function->refused);
        }
        fputs("</span></td></tr>\n", out);
    }
    fputs("</table></div>\n", out);
}

static void put_runs(const struct report *report, FILE *out)
{
    fputs("<h2>Processes</h2>\n<div class=\"wide\"><table><tr><th>pid</th><th>wall, s</th><th>processor, "
          "s</th><th>compiled</th><th>deopts</th>"
          "<th>code and tables, KB</th><th>program</th></tr>\n",
          out);
    for (size_t i = 0; i < report->run_count && i < TABLE_RUNS; i++) {
        const struct run *run = &report->runs[i];
        fprintf(out, "<tr><td>%ld</td><td>%.2f</td><td>%.2f</td><td>%llu</td><td>%llu</td><td>%.0f</td><td>",
                run->pid, run->wall, run->processor, (unsigned long long)run->compiles,
                (unsigned long long)run->deopts, (double)(run->machine_bytes + run->table_bytes) / 1024);
        put_escaped(out, run->program);
        fputs(run->complete ? "</td></tr>\n" : " <span class=\"dim\">(did not end by itself)</span></td></tr>\n",
              out);
    }
    fputs("</table></div>\n", out);
}

void report_print_page(const struct report *report, FILE *out)
{
    fprintf(out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>pyjit "
            "profile</title>\n<style>\n%s</style></head>\n"
            "<body>\n<h1>pyjit profile</h1>\n<p class=\"dim\">%zu process%s, %.2f s of processor time</p>\n",
            style, report->run_count, report->run_count == 1 ? "" : "es", report->processor);
    put_overview(report, out);
    put_chart(report, out);
    put_functions(report, out);
    put_runs(report, out);
    fputs("</body></html>\n", out);
}
