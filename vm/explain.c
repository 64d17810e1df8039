/* vm/explain.c: see explain.h.
 *
 * First, how the function runs now; then, line by line, what tier 2 did there, what it found, and what the author could do about it. Sentences come
 * from tables (runtime/remarks.def, reasons.def, and those here), and stay as they are: tests compare them. */
#define _GNU_SOURCE /* vasprintf */
#include "vm/explain.h"

#include "runtime/bytecode.h"
#include "runtime/code_map.h"
#include "runtime/deopt.h"
#include "runtime/remarks.h"
#include "runtime/utf8_text.h"
#include "tier2/compile.h"
#include "tier2/ir.h"
#include "tier2/note_remarks.h"
#include "vm/options.h"
#include "vm/policy.h"
#include "vm/source_lines.h"
#include "vm/tiers.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

/* Something to say of a line. */
struct statement {
    int line;
    size_t order;
    char *text;             /* owned */
    const char *suggestion; /* static; "" where there is none */
};

struct explanation {
    PyCodeObject *code;
    FILE *out;
    bool dying;
    bool has_tier2;
    const struct compiled_code *compiled;
    struct bytecode bytecode;
    struct statement *statements; /* owned */
    size_t count, capacity;
    PyObject *objects; /* owned: all that the collector knows, once somebody has asked; or NULL */
};

static int line_of(const struct explanation *explanation, uint32_t offset)
{
    return PyCode_Addr2Line(explanation->code, (int)offset);
}

/* ---- Statements ----------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void state(struct explanation *explanation, int line,
                                                        const char *suggestion, const char *format, ...)
{
    va_list arguments;
    char *text;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return;
    }
    bool known = false;
    for (size_t i = 0; i < explanation->count && !known; i++) {
        known = explanation->statements[i].line == line && strcmp(explanation->statements[i].text, text) == 0;
    }
    if (!known && explanation->count == explanation->capacity) {
        size_t capacity = explanation->capacity * 2 + 16;
        struct statement *larger = realloc(explanation->statements, capacity * sizeof *larger);
        explanation->capacity = larger != NULL ? capacity : explanation->capacity;
        explanation->statements = larger != NULL ? larger : explanation->statements;
    }
    if (known || explanation->count == explanation->capacity) {
        free(text);
        return;
    }
    explanation->statements[explanation->count] =
        (struct statement){line > 0 ? line : 0, explanation->count, text, suggestion};
    explanation->count++;
}

static int compare_statements(const void *a, const void *b)
{
    const struct statement *left = a, *right = b;
    return left->line != right->line ? (left->line > right->line) - (left->line < right->line)
                                     : (left->order > right->order) - (left->order < right->order);
}

static void print_statements(struct explanation *explanation)
{
    if (explanation->count == 0) {
        return;
    }
    struct source_lines source;
    source_lines_read(explanation->code, &source);
    qsort(explanation->statements, explanation->count, sizeof *explanation->statements, compare_statements);
    int line = -1;
    for (size_t i = 0; i < explanation->count; i++) {
        const struct statement *statement = &explanation->statements[i];
        if (statement->line != line) {
            const char *text = source_line(&source, statement->line);
            line = statement->line;
            if (text != NULL) {
                fprintf(explanation->out, "  line %d: %s\n", line, text + strspn(text, " \t"));
            } else if (line > 0) {
                fprintf(explanation->out, "  line %d\n", line);
            } else {
                fprintf(explanation->out, "  at no line\n");
            }
        }
        fprintf(explanation->out, "    %s.\n", statement->text);
        if (statement->suggestion[0] != '\0') {
            fprintf(explanation->out, "    -> %s.\n", statement->suggestion);
        }
    }
    source_lines_free(&source);
}

/* ---- Names ------------------------------------------------------------------------------------------------------------ */

static const struct instruction *instruction_at(const struct explanation *explanation, uint32_t offset)
{
    uint32_t unit = offset / (uint32_t)sizeof(CodeUnit);
    int number = unit < explanation->bytecode.unit_count ? explanation->bytecode.number_of_unit[unit] : -1;
    return number >= 0 ? &explanation->bytecode.instructions[number] : NULL;
}

static const char *const operators[] = {
    "+",  "&",  "//",  "<<",  "@",  "*",  "%",  "|",  "**",  ">>",  "-",  "/",  "^",
    "+=", "&=", "//=", "<<=", "@=", "*=", "%=", "|=", "**=", ">>=", "-=", "/=", "^="};

static PyObject *item_of(PyObject *tuple, int index)
{
    return index >= 0 && index < PyTuple_GET_SIZE(tuple) ? PyTuple_GET_ITEM(tuple, index) : NULL;
}

/* What the instruction does, as its author would say: "the operator +", "the attribute .name". */
static void describe(const struct explanation *explanation, const struct instruction *instruction, int opcode,
                     char *text, size_t size)
{
    char name[NAME_SIZE / 2] = "";
    PyObject *named = NULL;
    int oparg = instruction != NULL ? instruction->oparg : -1;
    PyCodeObject *code = explanation->code;
    switch (opcode) {
    case BINARY_OP:
        if (oparg >= 0 && oparg < (int)(sizeof operators / sizeof operators[0])) {
            snprintf(text, size, "the operator %s", operators[oparg]);
        } else {
            snprintf(text, size, "an operator");
        }
        return;
    case LOAD_ATTR:
    case STORE_ATTR:
    case DELETE_ATTR:
    case LOAD_METHOD:
        named = oparg >= 0 ? item_of(code->co_names, oparg) : NULL;
        break;
    case LOAD_GLOBAL:
        named = oparg >= 0 ? item_of(code->co_names, oparg >> 1) : NULL;
        break;
    case STORE_GLOBAL:
    case DELETE_GLOBAL:
    case LOAD_NAME:
    case STORE_NAME:
    case DELETE_NAME:
    case IMPORT_NAME:
        named = oparg >= 0 ? item_of(code->co_names, oparg) : NULL;
        break;
    default:
        break;
    }
    /* In what is inlined the name is not known. */
    bool known = named != NULL;
    if (known) {
        utf8_copy(name, sizeof name, named);
    }
    switch (opcode) {
    case LOAD_ATTR:
        snprintf(text, size, known ? "the attribute .%s" : "an attribute", name);
        break;
    case LOAD_METHOD:
        snprintf(text, size, known ? "the method .%s" : "a method", name);
        break;
    case STORE_ATTR:
        snprintf(text, size, known ? "the assignment to the attribute .%s" : "the assignment to an attribute", name);
        break;
    case LOAD_GLOBAL:
    case LOAD_NAME:
        snprintf(text, size, known ? "the global variable %s" : "a global variable", name);
        break;
    case STORE_GLOBAL:
    case STORE_NAME:
        snprintf(text, size,
                 known ? "the assignment to the global variable %s" : "the assignment to a global variable", name);
        break;
    case IMPORT_NAME:
        snprintf(text, size, known ? "the import of %s" : "an import", name);
        break;
    case CALL:
    case CALL_FUNCTION_EX:
        snprintf(text, size, "a call");
        break;
    case COMPARE_OP:
        snprintf(text, size, "a comparison");
        break;
    case CONTAINS_OP:
        snprintf(text, size, "the test with in");
        break;
    case BINARY_SUBSCR:
        snprintf(text, size, "the subscription x[i]");
        break;
    case STORE_SUBSCR:
        snprintf(text, size, "the assignment to x[i]");
        break;
    case FOR_ITER:
        snprintf(text, size, "the next item of the for loop");
        break;
    case GET_ITER:
        snprintf(text, size, "the start of the for loop");
        break;
    case FORMAT_VALUE:
    case BUILD_STRING:
        snprintf(text, size, "the formatting of a string");
        break;
    case MAKE_FUNCTION:
        snprintf(text, size, "the making of a function");
        break;
    case UNPACK_SEQUENCE:
        snprintf(text, size, "the unpacking");
        break;
    case LOAD_DEREF:
    case STORE_DEREF:
        snprintf(text, size, "a variable of the enclosing function");
        break;
    default:
        snprintf(text, size, "%s", opcode_name(opcode) != NULL ? opcode_name(opcode) : "an instruction");
        break;
    }
}

/* The name of the class that the case is about, if that is alive and as it was; else "a class that has changed". */
static void name_class(struct explanation *explanation, const struct attribute_case *seen, char *text, size_t size)
{
    if (explanation->objects == NULL && !explanation->dying) {
        PyObject *collector = PyImport_ImportModule("gc");
        explanation->objects = collector != NULL ? PyObject_CallMethod(collector, "get_objects", NULL) : NULL;
        Py_XDECREF(collector);
        PyErr_Clear();
    }
    PyObject *objects = explanation->objects;
    snprintf(text, size, "a class that has changed");
    for (Py_ssize_t i = 0; objects != NULL && i < PyList_GET_SIZE(objects); i++) {
        PyObject *object = PyList_GET_ITEM(objects, i);
        if (object == (PyObject *)seen->type && PyType_Check(object) &&
            ((PyTypeObject *)object)->tp_version_tag == seen->type_version) {
            snprintf(text, size, "%s", ((PyTypeObject *)object)->tp_name);
        }
    }
}

/* ---- How it runs ----------------------------------------------------------------------------------------------------- */

/* "function" or "loop at line 5". */
static void print_piece(const struct explanation *explanation, const struct tier2_piece *piece)
{
    if (!tiers_is_loop(explanation->code, piece->offset)) {
        fprintf(explanation->out, "  The function");
    } else {
        fprintf(explanation->out, "  The loop at line %d", line_of(explanation, piece->offset));
    }
}

static void explain_piece(const struct tier2_piece *piece, void *argument)
{
    struct explanation *explanation = argument;
    FILE *out = explanation->out;
    explanation->has_tier2 = true;
    print_piece(explanation, piece);
    switch (piece->stage) {
    case STAGE_BUILT:
        fprintf(out, " is to be compiled by tier 2 as soon as the process has run long enough for that to pay.\n");
        break;
    case STAGE_COMPILING:
        fprintf(out, " is being compiled by tier 2.\n");
        break;
    case STAGE_READY:
        fprintf(out, " is compiled by tier 2, and will be entered at its next turn or call.\n");
        break;
    case STAGE_TRIAL:
        fprintf(out, " is on trial: calls run in tier 1 and in tier 2 by turns until it is clear which is faster");
        fprintf(out, piece->ratio > 0 ? "; so far tier 2 takes %.2f times as long.\n" : ".\n", piece->ratio);
        break;
    case STAGE_ENTERED:
        fprintf(out, " runs in tier 2 since %.2f s of processor time", piece->seconds);
        fprintf(out, piece->ratio > 0 ? "; in a trial it took %.2f times as long as in tier 1.\n" : ".\n",
                piece->ratio);
        break;
    case STAGE_WITHDRAWN:
        fprintf(out, " was compiled by tier 2 at %.2f s, but is no longer entered: %s", piece->seconds,
                reason_sentence(piece->reason));
        fprintf(out, piece->ratio > 0 ? " (%.2f times as long).\n" : ".\n", piece->ratio);
        break;
    case STAGE_REFUSED:
        fprintf(out, " stays in tier 1: %s.\n", reason_sentence(piece->reason));
        break;
    }
}

static void explain_lower_tiers(const struct explanation *explanation, const struct code_state *state)
{
    FILE *out = explanation->out;
    if (state == NULL) {
        fprintf(out, "  It has not been called often enough to be counted: the interpreter runs it.\n");
    } else if (state->suppressed) {
        fprintf(out, "  The interpreter runs it: %s.\n", reason_sentence(REASON_suppressed));
    } else if (state->compiled != NULL) {
        fprintf(out,
                "  Tier 1 compiled it at %.2f s of processor time, after %u call%s: %zu bytes of machine code.\n",
                (double)state->compiled->seconds, state->compiled->calls, state->compiled->calls == 1 ? "" : "s",
                state->compiled->size);
    } else if (state->refused) {
        fprintf(out, "  The interpreter runs it: %s.\n", reason_sentence((enum reason)state->refused));
    } else {
        fprintf(out, "  The interpreter runs it: it has been called %u times lately; tier 1 compiles after %u.\n",
                state->calls, options.hotness_threshold);
    }
}

/* ---- What each site has seen --------------------------------------------------------------------------------------------- */

/* The feedback cell of an instruction, or NULL. */
static const void *cell_of(const struct explanation *explanation, int number)
{
    const struct compiled_code *compiled = explanation->compiled;
    return compiled != NULL && compiled->cells != NULL && compiled->cells[number] >= 0
               ? (const char *)compiled->feedback + compiled->cells[number]
               : NULL;
}

static void explain_attribute(struct explanation *explanation, const struct instruction *instruction,
                              const struct attribute_cell *cell)
{
    char what[NAME_SIZE], classes[NAME_SIZE] = "";
    int line = line_of(explanation, instruction->unit * (uint32_t)sizeof(CodeUnit));
    describe(explanation, instruction, instruction->opcode, what, sizeof what);
    if (cell->megamorphic) {
        state(explanation, line, "objects of few classes in one place let it be found without a search",
              "%s is looked for in objects of more than %d classes", what, FEEDBACK_MAX_CASES);
        return;
    }
    for (int i = 0; i < cell->count && cell->count > 1; i++) {
        char name[NAME_SIZE / 4];
        size_t used = strlen(classes);
        name_class(explanation, feedback_case(cell, i), name, sizeof name);
        snprintf(classes + used, sizeof classes - used, "%s%s", i == 0 ? "" : ", ", name);
    }
    if (cell->count > 1) {
        state(explanation, line, "", "%s is looked for in objects of %d classes: %s", what, cell->count, classes);
    } else if (cell->count == 1) {
        switch ((enum attribute_kind)cell->first.kind) {
        case ATTRIBUTE_DICT:
            state(explanation, line,
                  "set the attributes in __init__, always in the same order, and leave __dict__ alone",
                  "%s is found in a dict that each instance has of its own", what);
            break;
        case ATTRIBUTE_GENERIC:
            state(explanation, line, "",
                  "%s is looked for anew each time: by __getattribute__, or where nothing can be noted", what);
            break;
        case ATTRIBUTE_HOOK:
            state(explanation, line, "", "%s is nowhere, and made by __getattr__ each time", what);
            break;
        default:
            break;
        }
    }
}

static void explain_call(struct explanation *explanation, const struct instruction *instruction,
                         const struct call_cell *cell)
{
    int line = line_of(explanation, instruction->unit * (uint32_t)sizeof(CodeUnit));
    int cases = 0;
    for (int i = 0; i < FEEDBACK_MAX_CASES; i++) {
        cases += cell->cases[i].code_id != 0;
    }
    if (cell->megamorphic > 0) {
        state(explanation, line, "", "the call goes to more than %d different functions", FEEDBACK_MAX_CASES);
    } else if (cases > 1) {
        state(explanation, line, "", "the call goes to %d different functions", cases);
    }
}

static void explain_sites(struct explanation *explanation)
{
    for (int i = 0; i < explanation->bytecode.count; i++) {
        const struct instruction *instruction = &explanation->bytecode.instructions[i];
        const void *cell = cell_of(explanation, i);
        if (cell == NULL) {
            continue;
        }
        if (feedback_is_attribute(instruction->opcode)) {
            explain_attribute(explanation, instruction, cell);
        } else if (instruction->opcode == CALL || instruction->opcode == CALL_FUNCTION_EX) {
            explain_call(explanation, instruction, cell);
        }
    }
}

/* ---- What tier 2 did ---------------------------------------------------------------------------------------------------- */

/* Of a call that is left to a function of the runtime: whom it calls, and why that is not inlined. */
static void explain_call_left(struct explanation *explanation, const struct remark *remark, int line)
{
    uint32_t unit = remark->place / (uint32_t)sizeof(CodeUnit);
    int number = unit < explanation->bytecode.unit_count ? explanation->bytecode.number_of_unit[unit] : -1;
    const struct call_cell *cell = number >= 0 ? cell_of(explanation, number) : NULL;
    char name[NAME_SIZE / 2];
    if (cell != NULL && cell->target.code != NULL) {
        enum remark_kind why = note_why_not_inlined(cell->target.code);
        utf8_copy(name, sizeof name, cell->target.code->co_qualname);
        state(explanation, line, remark_suggestion(why), "the call of %s() is not inlined: %s", name,
              remark_sentence(why));
    } else if (cell != NULL && cell->definition != NULL) {
        state(explanation, line, "", "the call of %s(), a function written in C, is a call",
              cell->definition->ml_name);
    } else if (cell != NULL && cell->class_count > 0) {
        state(explanation, line, "", "an instance is made by calling its class, step by step");
    } else {
        state(explanation, line, "",
              "a call is made as in tier 1: what it calls is not known, or not always the same");
    }
}

static const char *suggestion_for(const struct remark *remark)
{
    switch (remark->opcode) {
    case STORE_GLOBAL:
        return "use a local variable in the loop, and assign to the global one after it";
    case MAKE_FUNCTION:
        return "make the function once, before the loop";
    case IMPORT_NAME:
        return "import at the top of the module";
    case CALL_FUNCTION_EX:
        return "a call without * and ** can be inlined";
    default:
        return "";
    }
}

static void explain_remark(struct explanation *explanation, const struct remark *remark)
{
    enum remark_kind kind = (enum remark_kind)remark->kind;
    int line = line_of(explanation, remark->place);
    char what[NAME_SIZE], place[NAME_SIZE] = "";
    bool inside = remark->line != 0;
    if (kind == REMARK_by_function && !inside && remark->opcode == CALL) {
        explain_call_left(explanation, remark, line);
        return;
    }
    if (kind == REMARK_by_function && (remark->opcode == LOAD_NAME || remark->opcode == STORE_NAME)) {
        state(explanation, line, "put the loop into a function, where variables are local",
              "variables of the module or class body are looked up in a dict");
        return;
    }
    if (inside) {
        snprintf(place, sizeof place, "in %s(), line %u: ", remark->name, remark->line);
    }
    const char *suggestion = remark_suggestion(kind);
    if (remark->local != REMARK_NO_LOCAL) {
        PyObject *local = item_of(explanation->code->co_localsplusnames, remark->local);
        what[0] = '\0';
        if (local != NULL) {
            utf8_copy(what, sizeof what, local);
        }
    } else if (kind == REMARK_by_function) {
        describe(explanation, inside ? NULL : instruction_at(explanation, remark->place), remark->opcode, what,
                 sizeof what);
        suggestion = suggestion_for(remark);
    } else {
        snprintf(what, sizeof what, "%s", remark->name);
    }
    char sentence[2 * NAME_SIZE];
    const char *format = remark_sentence(kind), *hole = strstr(format, "%s");
    if (hole != NULL) {
        snprintf(sentence, sizeof sentence, "%.*s%s%s", (int)(hole - format), format, what, hole + 2);
    } else {
        snprintf(sentence, sizeof sentence, "%s", format);
    }
    state(explanation, line, suggestion, "%s%s", place, sentence);
}

/* ---- Guards that failed ----------------------------------------------------------------------------------------------------- */

/* What a guard had found to be so, until it was not; by operation. */
static const char *assumption(const struct deopt_exit *exit)
{
    switch ((enum ir_op)exit->op) {
    case IR_guard_class:
    case IR_guard_versions:
    case IR_guard_version:
    case IR_guard_keys:
    case IR_guard_word:
        return "the object was of the same class as before, and the class unchanged";
    case IR_guard_half:
        return "a function, global variable or builtin was still the one from before";
    case IR_guard_true:
    case IR_guard_false:
    case IR_guard_null:
        return "a condition was as it had always been";
    case IR_guard_bound:
    case IR_guard_home:
        return "a value was there";
    case IR_guard_enter:
    case IR_guard_depth:
        return "the call could be made in line: no signal, no deep recursion";
    case IR_int_add:
    case IR_int_subtract:
    case IR_int_multiply:
    case IR_int_negate:
    case IR_int_absolute:
    case IR_int_shift_left:
        return "the result fitted into 64 bits";
    case IR_unbox_int:
        return "an int was below 2**60";
    case IR_int_floor_divide:
    case IR_int_modulo:
    case IR_float_divide:
    case IR_float_modulo:
    case IR_float_floor_divide:
    case IR_complex_divide:
        return "the divisor was not zero";
    case IR_leave:
        return "this way through the program was not taken";
    default:
        return NULL;
    }
}

static void explain_exit(struct explanation *explanation, const struct tier2_piece *piece,
                         const struct deopt_exit *exit)
{
    const char *seen = NULL;
    for (const struct sighting *sighting = piece->sightings; sighting != NULL; sighting = sighting->next) {
        seen = sighting->exit == exit ? sighting->type : seen;
    }
    int line = line_of(explanation, exit->root_place);
    char but[NAME_SIZE] = "";
    if (seen != NULL) {
        snprintf(but, sizeof but, "; it was of type %s", seen);
    }
    const char *times = exit->count == 1 ? "once" : "times";
    char count[32] = "";
    if (exit->count != 1) {
        snprintf(count, sizeof count, "%u ", exit->count);
    }
    if (exit->op == IR_guard_kind && exit->kind < KIND_COUNT) {
        bool number = exit->kind == KIND_int && seen != NULL && strcmp(seen, "float") == 0;
        state(explanation, line, number ? "begin with a float (0.0, not 0) where the variable becomes one later" : "",
              "tier 2 took a value here for %s, which failed %s%s%s", ir_kind_names[exit->kind], count, times, but);
    } else if (assumption(exit) != NULL) {
        state(explanation, line, "", "tier 2 took it that %s, which failed %s%s%s", assumption(exit), count, times,
              but);
    } else {
        state(explanation, line, "", "an assumption of tier 2 (%s) failed %s%s%s", ir_op_rows[exit->op].name, count,
              times, but);
    }
}

static void explain_details(const struct tier2_piece *piece, void *argument)
{
    struct explanation *explanation = argument;
    /* Of code that is not in use any more only what failed in it is of interest. */
    bool in_use = piece->stage != STAGE_WITHDRAWN || piece->reason != REASON_many_guards_failed;
    for (uint32_t i = 0; piece->remarks != NULL && in_use && i < piece->remarks->count; i++) {
        explain_remark(explanation, &piece->remarks->rows[i]);
    }
    for (size_t i = 0; piece->table != NULL && i < piece->table->exit_count; i++) {
        const struct deopt_exit *exit = &piece->table->exits[i];
        if (exit->counts && exit->count > 0) {
            explain_exit(explanation, piece, exit);
        }
    }
}

/* Why tier 2 has not been asked, where it has not. */
static void explain_absence(struct explanation *explanation)
{
    enum { SUSPENDS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR };
    if (options.tier_cap < 2) {
        fprintf(explanation->out, "  Tier 2 is off (jit-tiering).\n");
    } else if (explanation->compiled != NULL && !explanation->has_tier2) {
        fprintf(explanation->out,
                "  Tier 2 has not been asked for: it takes %u calls, or turns of one loop, in tier 1%s.\n",
                options.tier2_threshold, explanation->code->co_flags & SUSPENDS ? ", and has not come to that" : "");
    }
}

/* ---- The whole ----------------------------------------------------------------------------------------------------------- */

void explain(PyCodeObject *code, bool dying, FILE *out)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    tiers_publish();
    struct code_state *state = code_state_get(code);
    struct explanation explanation = {.code = code, .out = out, .dying = dying};
    explanation.compiled = state != NULL ? state->compiled : NULL;
    char name[NAME_SIZE], file[NAME_SIZE];
    utf8_copy(name, sizeof name, code->co_qualname);
    utf8_copy(file, sizeof file, code->co_filename);
    fprintf(out, "%s (%s:%d)\n", name, file, code->co_firstlineno);
    explain_lower_tiers(&explanation, state);
    if (explanation.compiled != NULL && bytecode_decode(code, &explanation.bytecode) == REASON_none) {
        tiers_each(explanation.compiled, explain_piece, &explanation);
        explain_absence(&explanation);
        tiers_each(explanation.compiled, explain_details, &explanation);
        explain_sites(&explanation);
        print_statements(&explanation);
        bytecode_free(&explanation.bytecode);
    }
    for (size_t i = 0; i < explanation.count; i++) {
        free(explanation.statements[i].text);
    }
    free(explanation.statements);
    Py_XDECREF(explanation.objects);
    fputc('\n', out);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
}
