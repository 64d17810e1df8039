/* vm/options.c: reads -X options and environment variables, row by row of options.def. */
#include "vm/options.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options options = {.jit = -1, .tiering = 2, .hotness_threshold = 100, .tier2_threshold = 3000, .tier_cap = 1};

enum option_type { OPTION_LEVEL, OPTION_COUNT, OPTION_TEXT, OPTION_PATTERNS, OPTION_PERF, OPTION_STRESS };

struct option_row {
    const char *x_name;
    const char *environment;
    enum option_type type;
    const char *default_text;
    const char *values;
    const char *help;
    void *target;
};

static const struct option_row rows[] = {
#define OPTION(field, x_name, environment, type, default_text, values, help)                                         \
    {x_name, environment, OPTION_##type, default_text, values, help, &options.field},
#include "vm/options.def"
#undef OPTION
};
enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]), ROW_JIT = 0 };

/* ---- Values -------------------------------------------------------------------------------------- */

/* Why a value is no good, as the end of the sentence "must be ..."; NULL when it was read. */
typedef const char *complaint;

static complaint read_level(const char *text, int *level)
{
    if (text[0] < '0' || text[0] > '3' || text[1] != '\0') {
        return "must be 0, 1, 2 or 3";
    }
    *level = text[0] - '0';
    return NULL;
}

static complaint read_count(const char *text, unsigned *count)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > 1000000000) {
        return "must be a number from 0 to 1000000000";
    }
    *count = (unsigned)value;
    return NULL;
}

static complaint read_text(const char *text, char **copy)
{
    if (text[0] == '\0') {
        return "must not be empty";
    }
    free(*copy);
    *copy = strdup(text);
    return NULL;
}

static void free_patterns(struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        free(patterns->items[i].file);
        free(patterns->items[i].name);
    }
    free(patterns->items);
    *patterns = (struct patterns){0};
}

/* Appends the pattern in text[0..length), split at its last colon. Returns false without memory. */
static bool add_pattern(struct patterns *patterns, const char *text, size_t length)
{
    struct pattern *items = realloc(patterns->items, (patterns->count + 1) * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    patterns->items = items;
    const char *colon = memrchr(text, ':', length);
    const char *name = colon == NULL ? text : colon + 1;
    struct pattern *pattern = &items[patterns->count];
    pattern->file = colon == NULL ? NULL : strndup(text, (size_t)(colon - text));
    pattern->name = strndup(name, length - (size_t)(name - text));
    patterns->count++;
    return pattern->name != NULL && (colon == NULL || pattern->file != NULL);
}

static complaint read_patterns(const char *text, struct patterns *patterns)
{
    free_patterns(patterns);
    for (const char *start = text; start[0] != '\0';) {
        size_t length = strcspn(start, ",");
        if (length > 0 && !add_pattern(patterns, start, length)) {
            free_patterns(patterns);
            return "must fit into memory";
        }
        start += length + (start[length] == ',');
    }
    return patterns->count == 0 ? "must name at least one pattern" : NULL;
}

static complaint read_perf(const char *text, enum code_listing_format *format)
{
    *format = strcmp(text, "map") == 0    ? CODE_LISTING_map
              : strcmp(text, "dump") == 0 ? CODE_LISTING_dump
                                          : CODE_LISTING_none;
    return *format == CODE_LISTING_none ? "must be map or dump" : NULL;
}

struct stress_row {
    const char *name;
    bool takes_number;
    bool available;
    size_t offset;
};

static const struct stress_row stress_rows[] = {
#define STRESS(field, name, number, available, help) {name, number, available, offsetof(struct stress, field)},
#include "vm/stress.def"
#undef STRESS
};

#define STRESS(field, name, number, available, help) " " name
static const char stress_complaint[] = "must be a list of"
#include "vm/stress.def"
    ;
#undef STRESS

static complaint read_stress(const char *text, struct stress *stress)
{
    struct stress result = {0};
    const struct stress_row *unavailable[sizeof(stress_rows) / sizeof(stress_rows[0])];
    size_t unavailable_count = 0;
    for (const char *start = text; start[0] != '\0';) {
        size_t length = strcspn(start, ","), name_length = strcspn(start, ",=");
        const struct stress_row *row = NULL;
        for (size_t i = 0; i < sizeof(stress_rows) / sizeof(stress_rows[0]); i++) {
            if (strlen(stress_rows[i].name) == name_length && strncmp(stress_rows[i].name, start, name_length) == 0) {
                row = &stress_rows[i];
            }
        }
        char number[16];
        unsigned value = 1;
        bool has_number = name_length < length;
        if (row == NULL || has_number != row->takes_number) {
            return stress_complaint;
        }
        if (has_number) {
            size_t digits = length - name_length - 1;
            if (digits == 0 || digits >= sizeof(number)) {
                return stress_complaint;
            }
            memcpy(number, start + name_length + 1, digits);
            number[digits] = '\0';
            if (read_count(number, &value) != NULL || value == 0) {
                return "must give a mode written name=N an N of at least 1";
            }
        }
        unsigned *field = (unsigned *)((char *)&result + row->offset);
        if (!row->available && *field == 0) {
            unavailable[unavailable_count++] = row;
        }
        *field = value;
        start += length + (start[length] == ',');
    }
    if (unavailable_count > 0) {
        fprintf(stderr, "pyjit: these stress modes are not available yet and change nothing:");
        for (size_t i = 0; i < unavailable_count; i++) {
            fprintf(stderr, " %s", unavailable[i]->name);
            *(unsigned *)((char *)&result + unavailable[i]->offset) = 0;
        }
        fprintf(stderr, "\n");
    }
    *stress = result;
    return NULL;
}

static complaint read_value(const struct option_row *row, const char *text)
{
    switch (row->type) {
    case OPTION_LEVEL:
        return read_level(text, row->target);
    case OPTION_COUNT:
        return read_count(text, row->target);
    case OPTION_TEXT:
        return read_text(text, row->target);
    case OPTION_PATTERNS:
        return read_patterns(text, row->target);
    case OPTION_PERF:
        return read_perf(text, row->target);
    case OPTION_STRESS:
        return read_stress(text, row->target);
    }
    Py_UNREACHABLE();
}

/* ---- Where values come from ---------------------------------------------------------------------- */

/* CPython ignores its own variables under -E and -I; so do we ours. */
static bool environment_is_ignored(void)
{
    return Py_IgnoreEnvironmentFlag != 0;
}

/* The environment's value of a row, or NULL when it is not set (or empty, which CPython takes for not set). */
static const char *environment_value(const struct option_row *row)
{
    const char *text = environment_is_ignored() ? NULL : getenv(row->environment);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

_Noreturn static void refuse_x_option(const char *name, const char *text, const char *why)
{
    fprintf(stderr, "pyjit: -X %s%s%s: %s\n", name, text == NULL ? "" : "=", text == NULL ? "" : text, why);
    /* Not exit(): Python may be in the middle of importing site, where nothing can be finalised. */
    fflush(NULL);
    _exit(2);
}

/* What sys._xoptions says of a row: a new bytes object in the file system's encoding, so that a path gets its own bytes
 * back; NULL when it is not there. `-X jit` without a value asks for both tiers; other rows take it for an empty text. No exception is left. */
static PyObject *x_option_value(const struct option_row *row)
{
    PyObject *all = PySys_GetXOptions();
    PyObject *value = all == NULL ? NULL : PyDict_GetItemString(all, row->x_name);
    if (value == NULL) {
        PyErr_Clear();
        return NULL;
    }
    const char *bare = row == &rows[ROW_JIT] ? "2" : "";
    PyObject *bytes = PyUnicode_Check(value) ? PyUnicode_EncodeFSDefault(value) : PyBytes_FromString(bare);
    if (bytes == NULL) {
        PyErr_Clear();
        refuse_x_option(row->x_name, NULL, "cannot be encoded");
    }
    return bytes;
}

/* Reads one row: -X before the environment. */
static void read_row(const struct option_row *row)
{
    const char *text = environment_value(row);
    PyObject *x_value = x_option_value(row);
    if (x_value != NULL) {
        complaint why = read_value(row, PyBytes_AS_STRING(x_value));
        if (why != NULL) {
            refuse_x_option(row->x_name, PyBytes_AS_STRING(x_value), why);
        }
        Py_DECREF(x_value);
    } else if (text != NULL) {
        complaint why = read_value(row, text);
        if (why != NULL) {
            fprintf(stderr, "pyjit: %s=%s is ignored: it %s\n", row->environment, text, why);
        } else if (row == &rows[ROW_JIT] && options.jit == 1) {
            /* PYTHON_JIT=1 is how CPython 3.13 and later spell "on": it says nothing about tiers. */
            options.jit = 2;
        }
    }
}

/* A misspelt name would otherwise be ignored in silence: sys._xoptions takes anything. */
static void refuse_unknown_x_options(void)
{
    PyObject *all = PySys_GetXOptions(), *name, *value;
    Py_ssize_t position = 0;
    while (all != NULL && PyDict_Next(all, &position, &name, &value)) {
        const char *text = PyUnicode_AsUTF8(name);
        if (text == NULL) {
            PyErr_Clear();
            continue;
        }
        bool known = strncmp(text, "jit-", 4) != 0;
        for (size_t i = 0; i < ROW_COUNT && !known; i++) {
            known = strcmp(text, rows[i].x_name) == 0;
        }
        if (!known) {
            refuse_x_option(text, NULL, "there is no such option (pyjit --help lists them)");
        }
    }
}

bool options_switched_off(void)
{
    const char *text = getenv(rows[ROW_JIT].environment);
    return text != NULL && strcmp(text, "0") == 0;
}

int options_read_switch(void)
{
    options.jit = -1;
    read_row(&rows[ROW_JIT]);
    return options.jit;
}

void options_read(void)
{
    free(options.log);
    free(options.profile_dir);
    free(options.report);
    free_patterns(&options.disassemble);
    free_patterns(&options.explain);
    free_patterns(&options.only);
    free_patterns(&options.skip);
    options = (struct options){.jit = options.jit};
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (i != ROW_JIT) {
            if (rows[i].default_text[0] != '\0') {
                read_value(&rows[i], rows[i].default_text);
            }
            read_row(&rows[i]);
        }
    }
    refuse_unknown_x_options();
    options.tier_cap = options.jit >= 0 && options.jit < options.tiering ? options.jit : options.tiering;
}

/* ---- Choosing functions -------------------------------------------------------------------------- */

/* Does `pattern` match the end of `path` from some folder on: json/decoder.py matches /usr/lib/.../json/decoder.py. */
static bool path_matches(const char *pattern, const char *path)
{
    for (const char *tail = path; tail != NULL;) {
        if (fnmatch(pattern, tail, 0) == 0) {
            return true;
        }
        tail = strchr(tail, '/');
        tail = tail == NULL ? NULL : tail + 1;
    }
    return false;
}

static bool any_matches(const struct patterns *patterns, const char *file, const char *name)
{
    for (size_t i = 0; i < patterns->count; i++) {
        const struct pattern *pattern = &patterns->items[i];
        if (fnmatch(pattern->name, name, 0) == 0 && (pattern->file == NULL || path_matches(pattern->file, file))) {
            return true;
        }
    }
    return false;
}

bool options_match(const struct patterns *patterns, PyCodeObject *code)
{
    if (patterns->count == 0) {
        return false;
    }
    /* Names with lone surrogates have no UTF-8; nothing but * could match them. */
    const char *name = PyUnicode_AsUTF8(code->co_qualname);
    if (name == NULL) {
        PyErr_Clear();
        name = "";
    }
    const char *file = PyUnicode_AsUTF8(code->co_filename);
    if (file == NULL) {
        PyErr_Clear();
        file = "";
    }
    return any_matches(patterns, file, name);
}

bool options_select(PyCodeObject *code)
{
    return (options.only.count == 0 || options_match(&options.only, code)) && !options_match(&options.skip, code);
}

PyObject *options_describe(void)
{
    PyObject *list = PyList_New(ROW_COUNT);
    for (size_t i = 0; list != NULL && i < ROW_COUNT; i++) {
        PyObject *row = Py_BuildValue("(sssss)", rows[i].x_name, rows[i].environment, rows[i].default_text,
                                      rows[i].values, rows[i].help);
        if (row == NULL) {
            Py_CLEAR(list);
            break;
        }
        PyList_SET_ITEM(list, (Py_ssize_t)i, row);
    }
    return list;
}
