/* tier2/ir_parse.c: reads the text form of a graph; see ir_text.h. For tests only: the library does not contain it.
 *
 * One walk over the lines makes blocks, nodes and states. What refers to something that may stand further down (inputs, successors,
 * states) is noted and filled in at the end. */
#include "tier2/ir_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* A place to be filled in with the node or state of a number. */
struct reference {
    void *place; /* struct ir_node ** or struct ir_state ** */
    uint32_t id;
    int line;
    bool is_state;
};

/* What has been defined, by number. */
struct definitions {
    void **items;
    uint32_t count;
};

struct parser {
    struct ir_graph *graph;
    const char *at; /* in the line, which ends at a line end or at the text's */
    int line;
    char *error;
    size_t error_size;
    bool failed;
    struct definitions nodes, states, blocks;
    struct reference *references;
    size_t reference_count, reference_capacity;
    struct ir_block *block; /* the current one */
    uint32_t place;
};

/* ---- Errors and memory ------------------------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void fail(struct parser *p, const char *format, ...)
{
    if (p->failed) {
        return;
    }
    p->failed = true;
    int written = snprintf(p->error, p->error_size, "line %d: ", p->line);
    if (written > 0 && (size_t)written < p->error_size) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(p->error + written, p->error_size - (size_t)written, format, arguments);
        va_end(arguments);
    }
}

enum { MOST_ID = 1 << 20 };

static void **definition(struct parser *p, struct definitions *table, uint32_t id)
{
    if (id >= MOST_ID) {
        fail(p, "number %u is too large", id);
        return NULL;
    }
    if (id >= table->count) {
        uint32_t count = id * 2 + 64;
        void **grown = realloc(table->items, count * sizeof *grown);
        if (grown == NULL) {
            fail(p, "no memory");
            return NULL;
        }
        memset(grown + table->count, 0, (count - table->count) * sizeof *grown);
        table->items = grown;
        table->count = count;
    }
    return &table->items[id];
}

static void refer(struct parser *p, void *place, uint32_t id, bool is_state)
{
    if (p->reference_count == p->reference_capacity) {
        size_t capacity = p->reference_capacity * 2 + 256;
        struct reference *grown = realloc(p->references, capacity * sizeof *grown);
        if (grown == NULL) {
            fail(p, "no memory");
            return;
        }
        p->references = grown;
        p->reference_capacity = capacity;
    }
    p->references[p->reference_count++] = (struct reference){place, id, p->line, is_state};
}

/* ---- Words --------------------------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static void skip_spaces(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\t') {
        p->at++;
    }
}

static bool at_end(struct parser *p)
{
    skip_spaces(p);
    return *p->at == '\0' || *p->at == '\n' || *p->at == ';';
}

/* Is `text` next? Then it is passed over. A word must not go on behind it. */
static bool accept(struct parser *p, const char *text)
{
    skip_spaces(p);
    size_t length = strlen(text);
    if (strncmp(p->at, text, length) != 0 || (is_word(text[length - 1]) && is_word(p->at[length]))) {
        return false;
    }
    p->at += length;
    return true;
}

/* For messages: the rest of the line, as a length and a text. */
#define NEXT(p) (int)strcspn((p)->at, "\n"), (p)->at

static void expect(struct parser *p, const char *text)
{
    if (!accept(p, text)) {
        fail(p, "expected \"%s\" at \"%.*s\"", text, NEXT(p));
    }
}

/* A letter and the number right behind it: "v12". */
static bool accept_id(struct parser *p, char letter, uint32_t *id)
{
    skip_spaces(p);
    if (*p->at != letter || !isdigit((unsigned char)p->at[1])) {
        return false;
    }
    char *end;
    unsigned long number = strtoul(p->at + 1, &end, 10);
    *id = number < MOST_ID ? (uint32_t)number : MOST_ID;
    p->at = end;
    return true;
}

static long long number(struct parser *p)
{
    skip_spaces(p);
    char *end;
    bool hexadecimal = p->at[0] == '0' && p->at[1] == 'x';
    long long result = hexadecimal ? (long long)strtoull(p->at, &end, 16) : strtoll(p->at, &end, 10);
    if (end == p->at || at_end(p)) {
        fail(p, "expected a number at \"%.*s\"", NEXT(p));
        return 0;
    }
    p->at = end;
    return result;
}

static const char *word(struct parser *p, char *buffer, size_t size)
{
    skip_spaces(p);
    size_t length = 0;
    while (is_word(p->at[length]) && length + 1 < size) {
        buffer[length] = p->at[length];
        length++;
    }
    buffer[length] = '\0';
    p->at += length;
    return buffer;
}

/* The number of the next word among `names`, which is passed over; -1: it is none of them. */
static int accept_name(struct parser *p, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (accept(p, names[i])) {
            return i;
        }
    }
    return -1;
}

static bool accept_pointer(struct parser *p, const void **pointer)
{
    skip_spaces(p);
    if (p->at[0] == '0' && p->at[1] == 'x') {
        *pointer = (const void *)(uintptr_t)number(p);
        return true;
    }
    if (!accept(p, "$")) {
        return false;
    }
    char name[128];
    word(p, name, sizeof name);
    *pointer = ir_address_of(p->graph, name);
    if (*pointer == NULL) {
        *pointer = ir_allocate(p->graph, 1);
        ir_name(p->graph, *pointer, name);
    }
    return true;
}

/* ---- Frames and blocks ----------------------------------------------------------------------------------------------- */

static void parse_frame(struct parser *p)
{
    struct ir_graph *graph = p->graph;
    struct ir_frame frame = {.outer = -1};
    if (number(p) != graph->frame_count) {
        fail(p, "frames are numbered from 0");
    }
    expect(p, "(");
    const char *line_end = p->at + strcspn(p->at, "\n");
    const char *close = NULL;
    for (const char *c = p->at; c < line_end; c++) {
        close = strncmp(c, ") locals ", 9) == 0 ? c : close;
    }
    if (close == NULL) {
        fail(p, "expected \"(NAME) locals\"");
        return;
    }
    char *name = ir_allocate(graph, (size_t)(close - p->at) + 1);
    if (name != NULL) {
        memcpy(name, p->at, (size_t)(close - p->at));
    }
    frame.name = name;
    p->at = close + 1;
    expect(p, "locals");
    frame.locals = (uint16_t)number(p);
    expect(p, "stack");
    frame.stack_size = (uint16_t)number(p);
    if (accept(p, "in")) {
        frame.outer = (int)number(p);
    }
    const void *code = NULL;
    if (accept(p, "code") && !accept_pointer(p, &code)) {
        fail(p, "expected the address of the code");
    }
    frame.code = (void *)code;
    if (graph->frame_count == graph->frame_capacity) {
        int capacity = graph->frame_capacity * 2 + 4;
        struct ir_frame *grown = realloc(graph->frames, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            fail(p, "no memory");
            return;
        }
        graph->frames = grown;
        graph->frame_capacity = capacity;
    }
    graph->frames[graph->frame_count++] = frame;
}

/* The block of a number, made when it is first spoken of; in the graph's list once its own line comes. */
static struct ir_block *block_of(struct parser *p, uint32_t id)
{
    void **entry = definition(p, &p->blocks, id);
    if (entry == NULL) {
        return NULL;
    }
    if (*entry == NULL) {
        struct ir_block *block = ir_allocate(p->graph, sizeof *block);
        if (block != NULL) {
            block->id = id;
            block->order = -1; /* not in the list yet; put right at the end */
        }
        *entry = block;
    }
    return *entry;
}

static void parse_block(struct parser *p, uint32_t id)
{
    struct ir_graph *graph = p->graph;
    struct ir_block *block = block_of(p, id);
    if (block == NULL) {
        fail(p, "no memory");
        return;
    }
    if (block->order == 0) {
        fail(p, "b%u stands here a second time", id);
        return;
    }
    block->order = 0;
    *(graph->last_block == NULL ? &graph->entry : &graph->last_block->next) = block;
    graph->last_block = block;
    p->block = block;
    struct ir_block *predecessors[256];
    int count = 0;
    if (accept(p, "<-")) {
        for (uint32_t from; accept_id(p, 'b', &from);) {
            if (count == 256) {
                fail(p, "more than 256 predecessors");
                return;
            }
            predecessors[count++] = block_of(p, from);
        }
    }
    block->predecessors = ir_allocate(graph, (size_t)count * sizeof *predecessors + 1);
    if (block->predecessors != NULL) {
        memcpy(block->predecessors, predecessors, (size_t)count * sizeof *predecessors);
    }
    block->predecessor_count = block->predecessor_capacity = count;
    block->is_loop_header = accept(p, "loop");
    if (accept(p, "depth")) {
        block->loop_depth = (uint16_t)number(p);
    }
}

/* ---- Nodes -------------------------------------------------------------------------------------------------------------- */

static enum ir_op operation(struct parser *p)
{
    char name[64];
    word(p, name, sizeof name);
    for (int i = 0; i < IR_OP_COUNT; i++) {
        if (strcmp(ir_op_rows[i].name, name) == 0) {
            return (enum ir_op)i;
        }
    }
    fail(p, "there is no operation \"%s\"", name);
    return IR_OP_COUNT;
}

static int64_t float_bits(struct parser *p)
{
    char *end;
    double value = strtod(p->at, &end);
    if (end == p->at) {
        fail(p, "expected a number at \"%.*s\"", NEXT(p));
    }
    p->at = end;
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void parse_payload(struct parser *p, struct ir_node *node)
{
    if (accept(p, "#")) {
        node->number = number(p);
    } else if (node->op == IR_constant_float && !at_end(p)) {
        node->number = float_bits(p);
    } else if (node->op == IR_int_compare || node->op == IR_float_compare || node->op == IR_float_length_compare) {
        int comparison = accept_name(p, ir_comparison_names, IR_COMPARISON_COUNT);
        node->number = comparison >= 0 ? comparison : 0;
        if (comparison < 0) {
            fail(p, "expected lt, le, eq, ne, gt or ge at \"%.*s\"", NEXT(p));
        }
    }
    skip_spaces(p);
    if ((*p->at == '+' || *p->at == '-') && p->at[1] != '>') {
        node->offset = (int32_t)number(p);
    }
    int memory = accept_name(p, ir_memory_names, MEMORY_COUNT);
    node->memory = (uint8_t)(memory > 0 ? memory : MEMORY_none);
    accept_pointer(p, &node->pointer);
    const void *cell = NULL;
    if (accept(p, "cell") && !accept_pointer(p, &cell)) {
        fail(p, "expected the address of a cell");
    }
    node->cell = (void *)cell;
}

static void parse_suffixes(struct parser *p, struct ir_node *node)
{
    if (accept(p, "->")) {
        int count = 0;
        for (uint32_t id; accept_id(p, 'b', &id);) {
            if (count == 2) {
                fail(p, "more than two successors");
                return;
            }
            node->block->successors[count++] = block_of(p, id);
        }
    }
    if (accept(p, "(")) {
        node->number = number(p);
        expect(p, "%");
        expect(p, ")");
    }
    if (accept(p, "in")) {
        node->frame = (uint16_t)number(p);
    }
    for (size_t i = 0; i < ir_flag_name_count; i++) {
        if (accept(p, ir_flag_names[i].name)) {
            node->flags |= (uint8_t)ir_flag_names[i].flag;
        }
    }
    if (accept(p, "@")) {
        p->place = (uint32_t)number(p);
    }
    node->place = p->place;
    if (accept(p, "!")) {
        uint32_t id;
        if (accept_id(p, 's', &id)) {
            refer(p, &node->state, id, true);
        } else {
            fail(p, "expected the number of a state");
        }
    }
}

/* What stands behind the number of a result: ":o.list". (":-" lets tests of the verifier name what has no value.) */
static void parse_result(struct parser *p, enum ir_type *type, enum ir_kind *kind)
{
    char name[64];
    expect(p, ":");
    if (accept(p, ir_type_names[IR_VOID])) {
        return;
    }
    word(p, name, sizeof name);
    char *dot = strchr(name, '.');
    if (dot != NULL) {
        *dot = '\0';
        *kind = KIND_COUNT;
        for (int i = 0; i < KIND_COUNT; i++) {
            *kind = strcmp(ir_kind_names[i], dot + 1) == 0 ? (enum ir_kind)i : *kind;
        }
        if (*kind == KIND_COUNT) {
            fail(p, "there is no kind \"%s\"", dot + 1);
        }
    }
    for (int i = 0; i < IR_TYPE_COUNT; i++) {
        if (strcmp(ir_type_names[i], name) == 0) {
            *type = (enum ir_type)i;
            return;
        }
    }
    fail(p, "there is no type \"%s\"", name);
}

static void parse_node(struct parser *p)
{
    uint32_t id = UINT32_MAX;
    enum ir_type type = IR_VOID;
    enum ir_kind kind = KIND_any;
    if (accept_id(p, 'v', &id)) {
        parse_result(p, &type, &kind);
    }
    enum ir_op op = operation(p);
    if (p->failed) {
        return;
    }
    if (p->block == NULL) {
        fail(p, "a node before the first block");
        return;
    }
    struct ir_node payload = {.op = (uint8_t)op};
    parse_payload(p, &payload);
    uint32_t inputs[256];
    int count = 0;
    do {
        if (count == 256) {
            fail(p, "more than 256 inputs");
            return;
        }
        if (accept(p, "?")) {
            inputs[count++] = UINT32_MAX;
        } else if (accept_id(p, 'v', &inputs[count])) {
            count++;
        } else if (count > 0) {
            fail(p, "expected an input at \"%.*s\"", NEXT(p));
        }
    } while (accept(p, ","));
    struct ir_node *node = ir_append(p->graph, p->block, op, count, NULL);
    node->type = (uint8_t)type;
    node->kind = (uint8_t)kind;
    node->number = payload.number;
    node->offset = payload.offset;
    node->memory = payload.memory;
    node->pointer = payload.pointer;
    node->cell = payload.cell;
    node->id = id;
    for (int i = 0; i < count; i++) {
        if (inputs[i] != UINT32_MAX) {
            refer(p, &node->inputs[i], inputs[i], false);
        }
    }
    parse_suffixes(p, node);
    if (id != UINT32_MAX) {
        void **entry = definition(p, &p->nodes, id);
        if (entry != NULL && *entry != NULL) {
            fail(p, "v%u stands here a second time", id);
        } else if (entry != NULL) {
            *entry = node;
        }
    }
}

/* ---- States -------------------------------------------------------------------------------------------------------------- */

static void parse_slot(struct parser *p, struct ir_slot *slot)
{
    uint32_t id;
    if (accept_id(p, 'v', &id)) {
        refer(p, &slot->value, id, false);
    }
    int how = accept_name(p, ir_slot_names, IR_SLOT_NAME_COUNT);
    if (how < 0) {
        fail(p, "expected how a slot stands at \"%.*s\"", NEXT(p));
    }
    slot->how = (uint8_t)how;
    if (accept(p, "clean")) {
        if (accept_id(p, 'v', &id)) {
            refer(p, &slot->clean, id, false);
        } else {
            fail(p, "expected a value behind \"clean\"");
        }
    }
    if (accept(p, "at")) {
        if (accept_id(p, 'v', &id)) {
            refer(p, &slot->index, id, false);
        } else {
            fail(p, "expected a value behind \"at\"");
        }
    }
}

/* Slots in a row, as many as there are, into `slots`. */
enum { MOST_SLOTS = 512 };

/* How many slots stand from here to `end`. */
static int count_slots(const char *from, const char *end)
{
    int count = 0;
    bool in_slot = false;
    for (; from < end; from++) {
        if (*from == ',') {
            in_slot = false;
        } else if (*from != ' ' && *from != '\t' && !in_slot) {
            in_slot = true;
            count++;
        }
    }
    return count;
}

static void parse_slots(struct parser *p, struct ir_slot *slots, int count)
{
    for (int i = 0; i < count && !p->failed; i++) {
        if (i > 0) {
            expect(p, ",");
        }
        parse_slot(p, &slots[i]);
    }
}

static void parse_state(struct parser *p, uint32_t id)
{
    expect(p, "frame");
    int frame = (int)number(p);
    expect(p, "at");
    uint32_t offset = (uint32_t)number(p);
    expect(p, ":");
    if (p->failed) {
        return;
    }
    size_t length = strcspn(p->at, "\n;");
    const char *bar = memchr(p->at, '|', length);
    if (bar == NULL) {
        fail(p, "a state needs \"|\" between locals and operands");
        return;
    }
    const char *operands_end = p->at + length;
    for (const char *c = bar; c < operands_end; c++) {
        if (strncmp(c, " raising ", 9) == 0 || strncmp(c, " outer ", 7) == 0 || strncmp(c, " dying ", 7) == 0) {
            operands_end = c < operands_end ? c : operands_end;
        }
    }
    int locals = count_slots(p->at, bar);
    int depth = count_slots(bar + 1, operands_end);
    struct ir_state *state = ir_state_new(p->graph, frame, locals, depth);
    if (state == NULL) {
        fail(p, "no memory");
        return;
    }
    state->id = id;
    state->offset = offset;
    parse_slots(p, state->slots, locals);
    expect(p, "|");
    parse_slots(p, state->slots + locals, depth);
    if (accept(p, "dying")) {
        state->dying = (uint16_t)number(p);
    }
    if (accept(p, "raising")) {
        state->raises = 1;
        expect(p, "to");
        state->handler = (int32_t)number(p);
        expect(p, "keep");
        state->handler_keep = (uint16_t)number(p);
        state->handler_lasti = accept(p, "lasti");
    }
    for (int i = COMPLETION_call + 1; i < COMPLETION_COUNT; i++) {
        if (accept(p, ir_completion_names[i])) {
            expect(p, "of");
            state->completion = (uint8_t)i;
            state->kept = (uint16_t)number(p);
        }
    }
    if (accept(p, "outer")) {
        uint32_t outer;
        if (accept_id(p, 's', &outer)) {
            refer(p, &state->outer, outer, true);
        } else {
            fail(p, "expected the number of a state behind \"outer\"");
        }
    }
    void **entry = definition(p, &p->states, id);
    if (entry != NULL && *entry != NULL) {
        fail(p, "s%u stands here a second time", id);
    } else if (entry != NULL) {
        *entry = state;
    }
}

/* ---- The whole ------------------------------------------------------------------------------------------------------------ */

static void parse_line(struct parser *p)
{
    uint32_t id;
    if (at_end(p)) {
        return;
    }
    if (accept(p, "frame")) {
        parse_frame(p);
    } else if (accept_id(p, 'b', &id)) {
        parse_block(p, id);
    } else if (accept_id(p, 's', &id)) {
        parse_state(p, id);
    } else {
        parse_node(p);
    }
    if (!p->failed && !at_end(p)) {
        fail(p, "not understood: \"%.*s\"", NEXT(p));
    }
}

static void resolve(struct parser *p)
{
    for (size_t i = 0; i < p->reference_count; i++) {
        const struct reference *reference = &p->references[i];
        p->line = reference->line;
        void **entry = definition(p, reference->is_state ? &p->states : &p->nodes, reference->id);
        if (entry == NULL || *entry == NULL) {
            fail(p, "%c%u is nowhere", reference->is_state ? 's' : 'v', reference->id);
            return;
        }
        *(void **)reference->place = *entry;
    }
    for (uint32_t i = 0; i < p->blocks.count; i++) {
        struct ir_block *block = p->blocks.items[i];
        if (block != NULL && block->order != 0) {
            fail(p, "b%u is nowhere", i);
        }
    }
    if (p->graph->entry == NULL) {
        fail(p, "there is no block");
    }
}

/* Numbers for what the text gives none, and the next ones. */
static void count_ids(struct parser *p)
{
    struct ir_graph *graph = p->graph;
    graph->node_count = graph->state_count = graph->block_count = 0;
    for (uint32_t i = 0; i < p->nodes.count; i++) {
        graph->node_count = p->nodes.items[i] != NULL ? i + 1 : graph->node_count;
    }
    for (uint32_t i = 0; i < p->states.count; i++) {
        graph->state_count = p->states.items[i] != NULL ? i + 1 : graph->state_count;
    }
    for (uint32_t i = 0; i < p->blocks.count; i++) {
        graph->block_count = p->blocks.items[i] != NULL ? i + 1 : graph->block_count;
    }
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            if (node->id == UINT32_MAX) {
                node->id = graph->node_count++;
            }
        }
    }
}

bool ir_parse(struct ir_graph *graph, const char *text, char *error, size_t error_size)
{
    struct parser p = {.graph = graph, .at = text, .error = error, .error_size = error_size};
    while (!p.failed && *p.at != '\0') {
        p.line++;
        parse_line(&p);
        p.at += strcspn(p.at, "\n");
        p.at += *p.at == '\n';
    }
    if (!p.failed) {
        resolve(&p);
    }
    if (!p.failed) {
        count_ids(&p);
    }
    if (graph->out_of_memory) {
        fail(&p, "no memory");
    }
    free(p.nodes.items);
    free(p.states.items);
    free(p.blocks.items);
    free(p.references);
    return !p.failed;
}
