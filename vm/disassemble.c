/* vm/disassemble.c: see disassemble.h.
 *
 * Everything there is to say is gathered as rows of (line, section, order, text), and the rows are sorted: so each source line shows its bytecode, then
 * what tier 1 made of it, then what tier 2 made of it, wherever in memory that stands. */
#define _GNU_SOURCE /* vasprintf */
#include "vm/disassemble.h"

#include "runtime/bytecode.h"
#include "runtime/code_map.h"
#include "runtime/code_state.h"
#include "runtime/line_table.h"
#include "runtime/utf8_text.h"
#include "tier2/compile.h"
#include "tier2/machine_text.h"
#include "vm/address_names.h"
#include "vm/source_lines.h"
#include "vm/tiers.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

/* Of tier 2 there are two sections for each piece. */
enum { SECTION_BYTECODE, SECTION_TIER1, SECTION_TIER1_COLD, FIRST_SECTION_TIER2 };

struct row {
    int line; /* 0: of none */
    int section;
    size_t order;
    char *text; /* owned */
};

struct listing {
    PyCodeObject *code;
    int32_t *lines; /* owned: per code unit */
    struct address_names *names;
    struct row *rows; /* owned */
    size_t count, capacity;
    int piece; /* of tier 2, counted from 0 */
    FILE *out;
    enum reason failed; /* why there is no machine code */
};

/* ---- Rows ---------------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void add_row(struct listing *listing, int line, int section,
                                                          const char *format, ...)
{
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 512 : listing->capacity * 2;
        struct row *larger = realloc(listing->rows, capacity * sizeof *larger);
        if (larger == NULL) {
            return;
        }
        listing->rows = larger;
        listing->capacity = capacity;
    }
    va_list arguments;
    va_start(arguments, format);
    char *text;
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        listing->rows[listing->count] = (struct row){line > 0 ? line : 0, section, listing->count, text};
        listing->count++;
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a, *right = b;
    if (left->line != right->line) {
        /* What belongs to no line comes last. */
        return (left->line < right->line && left->line != 0) || right->line == 0 ? -1 : 1;
    }
    if (left->section != right->section) {
        return left->section < right->section ? -1 : 1;
    }
    return left->order < right->order ? -1 : left->order > right->order;
}

static int line_of_offset(const struct listing *listing, int offset)
{
    Py_ssize_t unit = offset / (int)sizeof(CodeUnit);
    return offset >= 0 && unit < Py_SIZE(listing->code) ? listing->lines[unit] : 0;
}

/* ---- Bytecode -------------------------------------------------------------------------------------------------------- */

/* The name or constant that the instruction is about, in brackets; or nothing. */
static void describe_argument(PyCodeObject *code, const struct instruction *instruction, char *text, size_t size)
{
    PyObject *tuple = NULL;
    int index = instruction->oparg;
    switch (instruction->opcode) {
    case LOAD_CONST:
    case KW_NAMES:
        tuple = code->co_consts;
        break;
    case LOAD_GLOBAL:
        tuple = code->co_names;
        index >>= 1;
        break;
    case LOAD_NAME:
    case STORE_NAME:
    case DELETE_NAME:
    case STORE_GLOBAL:
    case DELETE_GLOBAL:
    case LOAD_ATTR:
    case STORE_ATTR:
    case DELETE_ATTR:
    case LOAD_METHOD:
    case IMPORT_NAME:
    case IMPORT_FROM:
        tuple = code->co_names;
        break;
    case LOAD_FAST:
    case STORE_FAST:
    case DELETE_FAST:
    case LOAD_CLOSURE:
    case MAKE_CELL:
    case LOAD_DEREF:
    case STORE_DEREF:
    case DELETE_DEREF:
    case LOAD_CLASSDEREF:
        tuple = code->co_localsplusnames;
        break;
    default:
        break;
    }
    text[0] = '\0';
    if (tuple == NULL || index < 0 || index >= PyTuple_GET_SIZE(tuple)) {
        return;
    }
    PyObject *object = PyTuple_GET_ITEM(tuple, index);
    PyObject *shown = NULL;
    if (PyCode_Check(object)) {
        shown = PyUnicode_FromFormat("<code of %U>", ((PyCodeObject *)object)->co_qualname);
    } else if (PyUnicode_Check(object) && tuple != code->co_consts) {
        shown = Py_NewRef(object);
    } else {
        shown = PyObject_Repr(object);
    }
    if (shown != NULL) {
        char name[NAME_SIZE / 4];
        utf8_copy(name, sizeof name, shown);
        snprintf(text, size, " (%s)", name);
        Py_DECREF(shown);
    }
    PyErr_Clear();
}

static void list_bytecode(struct listing *listing)
{
    struct bytecode bytecode;
    if (bytecode_decode(listing->code, &bytecode) != REASON_none) {
        return;
    }
    for (int i = 0; i < bytecode.count; i++) {
        const struct instruction *instruction = &bytecode.instructions[i];
        int offset = (int)(instruction->unit * sizeof(CodeUnit));
        char argument[NAME_SIZE] = "";
        if (instruction->target >= 0) {
            snprintf(argument, sizeof argument, " (to %u)",
                     (unsigned)(bytecode.instructions[instruction->target].unit * sizeof(CodeUnit)));
        } else {
            describe_argument(listing->code, instruction, argument, sizeof argument);
        }
        add_row(listing, line_of_offset(listing, offset), SECTION_BYTECODE, "%4d %-24s %d%s", offset,
                opcode_name(instruction->opcode), instruction->oparg, argument);
    }
    bytecode_free(&bytecode);
}

/* ---- Machine code ------------------------------------------------------------------------------------------------------ */

static const char *name_address(void *argument, uint64_t address)
{
    struct listing *listing = argument;
    return listing->names != NULL ? address_name(listing->names, address) : NULL;
}

static bool read_machine_code(struct listing *listing, const char *start, size_t size,
                              struct machine_listing *machine)
{
    enum reason reason = machine_text_read(start, size, name_address, listing, machine);
    listing->failed = reason != REASON_none ? reason : listing->failed;
    return reason == REASON_none;
}

static void list_tier1(struct listing *listing, const struct compiled_code *compiled)
{
    struct machine_listing machine;
    if (!read_machine_code(listing, compiled->start, compiled->size, &machine)) {
        return;
    }
    struct code_map_walk walk = code_map_walk_start(compiled);
    bool more = code_map_walk_next(&walk);
    int offset = -1;
    for (size_t i = 0; i < machine.count; i++) {
        const struct machine_instruction *instruction = &machine.instructions[i];
        while (more && walk.machine <= instruction->offset) {
            offset = walk.offset;
            more = code_map_walk_next(&walk);
        }
        bool cold = instruction->offset >= compiled->hot_size;
        add_row(listing, line_of_offset(listing, offset), cold ? SECTION_TIER1_COLD : SECTION_TIER1, "+%-5x %s",
                instruction->offset, machine.texts + instruction->text);
    }
    machine_listing_free(&machine);
}

/* A row of IR, with the names of the addresses in it. */
static void add_ir_row(struct listing *listing, int line, int section, const char *text, size_t length)
{
    char *row = NULL;
    size_t size;
    FILE *out = open_memstream(&row, &size);
    if (out == NULL) {
        return;
    }
    for (size_t at = 0; at < length;) {
        char *end = NULL;
        bool hexadecimal = text[at] == '0' && text[at + 1] == 'x' && at > 0 && text[at - 1] == ' ';
        uint64_t address = hexadecimal ? strtoull(text + at, &end, 16) : 0;
        const char *name = address != 0 ? name_address(listing, address) : NULL;
        size_t taken = name != NULL ? (size_t)(end - text) - at : 1;
        fwrite(name != NULL ? name : text + at, 1, name != NULL ? strlen(name) : 1, out);
        at += taken;
    }
    if (fclose(out) == 0) {
        add_row(listing, line, section, "%s", row);
    }
    free(row);
}

/* Rows of "LINE|text". */
static void list_ir(struct listing *listing, const char *text, int section)
{
    while (text != NULL && *text != '\0') {
        const char *end = strchr(text, '\n');
        char *rest;
        long line = strtol(text, &rest, 10);
        int length = (int)(end != NULL ? end - rest : (long)strlen(rest));
        if (*rest == '|') {
            add_ir_row(listing, (int)line, section, rest + 1, (size_t)length - 1);
        }
        text = end != NULL ? end + 1 : NULL;
    }
}

static const char *const stage_names[] = {
    [STAGE_BUILT] = "waits for the compiler",
    [STAGE_COMPILING] = "is being compiled",
    [STAGE_READY] = "compiled, not entered yet",
    [STAGE_TRIAL] = "on trial against tier 1",
    [STAGE_ENTERED] = "in use",
    [STAGE_WITHDRAWN] = "no longer entered",
    [STAGE_REFUSED] = "not compiled",
};

/* What is inlined from the same file stands at its own line; from another, at none. */
static void list_tier2_code(struct listing *listing, const struct tier2_job *job, int section)
{
    struct machine_listing machine;
    if (!read_machine_code(listing, tier2_job_text(job), tier2_job_size(job), &machine)) {
        return;
    }
    size_t count, next = 0;
    struct line_program_row *rows = tier2_job_lines(job, &count);
    int line = 0;
    for (size_t i = 0; i < machine.count; i++) {
        for (; next < count && rows[next].offset <= machine.instructions[i].offset; next++) {
            line = rows[next].is_other_file ? 0 : rows[next].line;
        }
        add_row(listing, line, section, "+%-5x %s", machine.instructions[i].offset,
                machine.texts + machine.instructions[i].text);
    }
    free(rows);
    machine_listing_free(&machine);
}

static void list_tier2(const struct tier2_piece *piece, void *argument)
{
    struct listing *listing = argument;
    int section = FIRST_SECTION_TIER2 + 2 * listing->piece++;
    bool is_loop = tiers_is_loop(listing->code, piece->offset);
    fprintf(listing->out, "  tier 2, piece %d: the %s", listing->piece, is_loop ? "loop" : "function");
    if (is_loop) {
        fprintf(listing->out, " at line %d", line_of_offset(listing, (int)piece->offset));
    }
    fprintf(listing->out, ", %s", stage_names[piece->stage]);
    if (piece->reason != REASON_none) {
        fprintf(listing->out, ": %s", reason_sentence(piece->reason));
    }
    if (piece->table == NULL) {
        fprintf(listing->out, "\n");
        return;
    }
    fprintf(listing->out, ", %zu bytes\n", tier2_job_size(piece->job));
    if (piece->job->ir_text == NULL) {
        fprintf(listing->out, "    (its IR is kept only for functions that -X jit-disassemble=NAME names)\n");
    }
    list_ir(listing, piece->job->ir_text, section);
    list_tier2_code(listing, piece->job, section + 1);
}

/* ---- The whole ----------------------------------------------------------------------------------------------------------- */

static void print_section_name(const struct listing *listing, int section)
{
    static const char *const names[] = {"bytecode", "tier 1", "tier 1, out of line"};
    if (section < FIRST_SECTION_TIER2) {
        fprintf(listing->out, "   %s\n", names[section]);
    } else {
        int number = section - FIRST_SECTION_TIER2;
        fprintf(listing->out, "   tier 2, piece %d: %s\n", number / 2 + 1, number % 2 == 0 ? "IR" : "machine code");
    }
}

static void print_rows(const struct listing *listing, const struct source_lines *source)
{
    int line = -1, section = -1;
    for (size_t i = 0; i < listing->count; i++) {
        const struct row *row = &listing->rows[i];
        if (row->line != line) {
            const char *text = source_line(source, row->line);
            if (row->line == 0) {
                fprintf(listing->out, "\nof no line\n");
            } else {
                fprintf(listing->out, "\n%6d  %s\n", row->line, text != NULL ? text : "");
            }
            line = row->line;
            section = -1;
        }
        if (row->section != section) {
            section = row->section;
            print_section_name(listing, section);
        }
        fprintf(listing->out, "      %s\n", row->text);
    }
}

static void print_heading(struct listing *listing, const struct compiled_code *compiled)
{
    char name[NAME_SIZE], file[NAME_SIZE];
    utf8_copy(name, sizeof name, listing->code->co_qualname);
    utf8_copy(file, sizeof file, listing->code->co_filename);
    fprintf(listing->out, "%s (%s:%d)\n", name, file, listing->code->co_firstlineno);
    if (compiled == NULL) {
        fprintf(listing->out, "  tier 1: not compiled\n");
    } else {
        fprintf(listing->out, "  tier 1: %zu bytes, %zu of them out of line\n", compiled->size,
                compiled->size - compiled->hot_size);
    }
}

void disassemble(PyCodeObject *code, bool dying, FILE *out)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    tiers_publish();
    struct code_state *state = code_state_get(code);
    const struct compiled_code *compiled = state != NULL ? state->compiled : NULL;
    struct listing listing = {.code = code, .out = out};
    listing.lines = malloc((size_t)Py_SIZE(code) * sizeof *listing.lines);
    listing.names = compiled != NULL ? address_names_new(code, dying) : NULL;
    if (listing.lines != NULL) {
        line_table_read(code, listing.lines);
        print_heading(&listing, compiled);
        list_bytecode(&listing);
        if (compiled != NULL) {
            list_tier1(&listing, compiled);
            tiers_each(compiled, list_tier2, &listing);
        }
        if (listing.failed != REASON_none) {
            fprintf(out, "  no machine code is shown: %s\n", reason_sentence(listing.failed));
        }
        qsort(listing.rows, listing.count, sizeof *listing.rows, compare_rows);
        struct source_lines source;
        source_lines_read(code, &source);
        print_rows(&listing, &source);
        source_lines_free(&source);
        fputc('\n', out);
    }
    for (size_t i = 0; i < listing.count; i++) {
        free(listing.rows[i].text);
    }
    free(listing.rows);
    free(listing.lines);
    address_names_free(listing.names);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}
