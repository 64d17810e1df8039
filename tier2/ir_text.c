/* tier2/ir_text.c: prints graphs; see ir_text.h. */
#include "tier2/ir_text.h"

#include <stdlib.h>
#include <string.h>

/* ---- Words ------------------------------------------------------------------------------------------------ */

const char *const ir_memory_names[] = {
    [MEMORY_none] = "none",           [MEMORY_constant] = "constant",     [MEMORY_attribute] = "attribute",
    [MEMORY_list_item] = "list_item", [MEMORY_list_shape] = "list_shape", [MEMORY_dict] = "dict",
    [MEMORY_type] = "type",           [MEMORY_iterator] = "iterator",     [MEMORY_shape] = "shape",
    [MEMORY_cell] = "cell_content",
};
_Static_assert(sizeof ir_memory_names / sizeof ir_memory_names[0] == MEMORY_COUNT, "a class of memory has no name");

const char *const ir_completion_names[] = {
    [COMPLETION_call] = "call",         [COMPLETION_instance] = "instance", [COMPLETION_operator] = "operator",
    [COMPLETION_get] = "get",           [COMPLETION_set] = "set",           [COMPLETION_compare] = "compare",
    [COMPLETION_contains] = "contains", [COMPLETION_length] = "length",     [COMPLETION_object] = "object",
    [COMPLETION_sum] = "sum",
};

const char *const ir_slot_names[] = {
    [SLOT_EMPTY] = "-",           [SLOT_HOME] = "home",     [SLOT_RAW] = "raw",           [SLOT_OWNED] = "owned",
    [SLOT_BORROWED] = "borrowed", [SLOT_MEMORY] = "memory", [SLOT_ITERATOR] = "iterator",
};

const char *const ir_comparison_names[] = {"lt", "le", "eq", "ne", "gt", "ge"};

const struct ir_flag_name ir_flag_names[] = {
    {NODE_FITS, "fits"},   {NODE_SIMPLE, "simple"}, {NODE_PLAIN, "plain"},
    {NODE_QUIET, "quiet"}, {NODE_CALLS, "calls"},   {NODE_TAKES, "takes"},
};
const size_t ir_flag_name_count = sizeof ir_flag_names / sizeof ir_flag_names[0];

/* ---- Names of addresses -------------------------------------------------------------------------------------- */

const char *ir_name_of(const struct ir_graph *graph, const void *pointer)
{
    for (const struct ir_symbol *symbol = graph->symbols; symbol != NULL; symbol = symbol->next) {
        if (symbol->pointer == pointer) {
            return symbol->name;
        }
    }
    return NULL;
}

const void *ir_address_of(const struct ir_graph *graph, const char *name)
{
    for (const struct ir_symbol *symbol = graph->symbols; symbol != NULL; symbol = symbol->next) {
        if (strcmp(symbol->name, name) == 0) {
            return symbol->pointer;
        }
    }
    return NULL;
}

void ir_name(struct ir_graph *graph, const void *pointer, const char *name)
{
    if (ir_name_of(graph, pointer) != NULL || ir_address_of(graph, name) != NULL) {
        return;
    }
    struct ir_symbol *symbol = ir_allocate(graph, sizeof *symbol);
    char *copy = ir_allocate(graph, strlen(name) + 1);
    if (symbol != NULL && copy != NULL) {
        strcpy(copy, name);
        *symbol = (struct ir_symbol){pointer, copy, graph->symbols};
        graph->symbols = symbol;
    }
}

/* ---- Nodes ---------------------------------------------------------------------------------------------------- */

/* What is being printed. */
struct text {
    const struct ir_graph *graph;
    FILE *file;
    uint8_t *printed; /* by state */
    uint32_t place;   /* of the node before */
};

static void print_pointer(const struct text *text, const void *pointer)
{
    const char *name = ir_name_of(text->graph, pointer);
    if (name != NULL) {
        fprintf(text->file, " $%s", name);
    } else {
        fprintf(text->file, " 0x%llx", (unsigned long long)(uintptr_t)pointer);
    }
}

/* By value, if that reads back as the same bits. */
static void print_float(FILE *file, int64_t bits)
{
    double value, back;
    char digits[40];
    memcpy(&value, &bits, sizeof value);
    snprintf(digits, sizeof digits, "%.17g", value);
    back = strtod(digits, NULL);
    if (value == value && memcmp(&back, &value, sizeof back) == 0) {
        fprintf(file, " %s", digits);
    } else {
        fprintf(file, " #0x%llx", (unsigned long long)bits);
    }
}

static void print_payload(const struct text *text, const struct ir_node *node)
{
    bool compares = node->op == IR_int_compare || node->op == IR_float_compare || node->op == IR_float_length_compare;
    if (node->op == IR_constant_float) {
        print_float(text->file, node->number);
    } else if (compares && node->number >= 0 && node->number < IR_COMPARISON_COUNT) {
        fprintf(text->file, " %s", ir_comparison_names[node->number]);
    } else if (node->op != IR_branch &&
               (node->number != 0 || (ir_is_constant(node) && node->op != IR_constant_object))) {
        fprintf(text->file, " #%lld", (long long)node->number);
    }
    if (node->offset != 0) {
        fprintf(text->file, " %+d", node->offset);
    }
    if (node->memory != MEMORY_none) {
        fprintf(text->file, " %s", ir_memory_names[node->memory]);
    }
    if (node->pointer != NULL) {
        print_pointer(text, node->pointer);
    }
    if (node->cell != NULL) {
        fputs(" cell", text->file);
        print_pointer(text, node->cell);
    }
}

static void print_node(struct text *text, const struct ir_node *node)
{
    FILE *file = text->file;
    fputs("  ", file);
    if (node->type != IR_VOID) {
        fprintf(file, "v%u:%s", node->id, ir_type_names[node->type]);
        if (node->kind != KIND_any) {
            fprintf(file, ".%s", ir_kind_names[node->kind]);
        }
        fputs("  ", file);
    }
    fputs(ir_op_rows[node->op].name, file);
    print_payload(text, node);
    for (int i = 0; i < node->input_count; i++) {
        fputs(i == 0 ? " " : ", ", file);
        if (node->inputs[i] == NULL) {
            fputs("?", file);
        } else {
            fprintf(file, "v%u", node->inputs[i]->id);
        }
    }
    const struct ir_block *block = node->block;
    if (node == block->last && block->successors[0] != NULL) {
        fputs(" ->", file);
        for (int i = 0; i < 2 && block->successors[i] != NULL; i++) {
            fprintf(file, " b%u", block->successors[i]->id);
        }
    }
    if (node->op == IR_branch && node->number != 0) {
        fprintf(file, " (%lld %%)", (long long)node->number);
    }
    if (node->frame != 0) {
        fprintf(file, " in %u", node->frame);
    }
    for (size_t i = 0; i < ir_flag_name_count; i++) {
        if (node->flags & ir_flag_names[i].flag) {
            fprintf(file, " %s", ir_flag_names[i].name);
        }
    }
    if (node->place != text->place) {
        fprintf(file, " @%u", node->place);
        text->place = node->place;
    }
    if (node->state != NULL) {
        fprintf(file, "  !s%u", node->state->id);
    }
    fputc('\n', file);
}

/* ---- States and blocks ----------------------------------------------------------------------------------------- */

static void print_slot(const struct ir_slot *slot, FILE *file)
{
    if (slot->value != NULL) {
        fprintf(file, " v%u", slot->value->id);
    }
    fprintf(file, " %s", ir_slot_names[slot->how]);
    if (slot->clean != NULL) {
        fprintf(file, " clean v%u", slot->clean->id);
    }
    if (slot->index != NULL) {
        fprintf(file, " at v%u", slot->index->id);
    }
}

static void print_state(const struct ir_state *state, FILE *file)
{
    fprintf(file, "  s%u frame %u at %u:", state->id, state->frame, state->offset);
    for (int i = 0; i < state->local_count + state->depth; i++) {
        fputs(i == state->local_count ? " |" : i == 0 ? "" : ",", file);
        print_slot(&state->slots[i], file);
    }
    if (state->depth == 0) {
        fputs(" |", file);
    }
    if (state->dying > 0) {
        fprintf(file, " dying %u", state->dying);
    }
    if (state->raises) {
        fprintf(file, " raising to %d keep %u%s", state->handler, state->handler_keep,
                state->handler_lasti ? " lasti" : "");
    }
    if (state->completion != COMPLETION_call) {
        fprintf(file, " %s of %u", ir_completion_names[state->completion], state->kept);
    }
    if (state->outer != NULL) {
        fprintf(file, " outer s%u", state->outer->id);
    }
    fputc('\n', file);
}

static void print_block_head(const struct text *text, const struct ir_block *block)
{
    FILE *file = text->file;
    fprintf(file, "b%u", block->id);
    for (int i = 0; i < block->predecessor_count; i++) {
        fprintf(file, "%s b%u", i == 0 ? " <-" : "", block->predecessors[i]->id);
    }
    if (block->is_loop_header) {
        fputs("  loop", file);
    }
    if (block->loop_depth > 0) {
        fprintf(file, "  depth %u", block->loop_depth);
    }
    fputc('\n', file);
}

static void print_block(struct text *text, const struct ir_block *block)
{
    FILE *file = text->file;
    print_block_head(text, block);
    ir_each_node(block, node)
    {
        print_node(text, node);
    }
    ir_each_node(block, node)
    {
        for (const struct ir_state *state = node->state; state != NULL && !text->printed[state->id];
             state = state->outer) {
            text->printed[state->id] = true;
            print_state(state, file);
        }
    }
}

int ir_line(const struct ir_graph *graph, int frame, uint32_t place)
{
    const int32_t *lines = frame < graph->frame_count ? graph->frames[frame].lines : NULL;
    return lines != NULL && lines[place / 2] > 0 ? lines[place / 2] : 0;
}

int ir_root_line(const struct ir_graph *graph, int frame, uint32_t place)
{
    while (frame < graph->frame_count && graph->frames[frame].outer >= 0) {
        place = graph->frames[frame].call_place;
        frame = graph->frames[frame].outer;
    }
    return ir_line(graph, frame, place);
}

void ir_print_lines(const struct ir_graph *graph, FILE *file)
{
    struct text text = {.graph = graph, .file = file};
    ir_each_block(graph, block)
    {
        const struct ir_node *first = block->first;
        while (first != NULL && first->place == 0) {
            first = first->next;
        }
        fprintf(file, "%d|", first != NULL && !graph->direct ? ir_root_line(graph, first->frame, first->place) : 0);
        print_block_head(&text, block);
        ir_each_node(block, node)
        {
            text.place = node->place;
            fprintf(file, "%d|", graph->direct ? 0 : ir_root_line(graph, node->frame, node->place));
            if (node->frame != 0 || graph->direct) {
                fprintf(file, " %s:%d:", graph->frames[node->frame].name, ir_line(graph, node->frame, node->place));
            }
            print_node(&text, node);
        }
    }
}

void ir_print(const struct ir_graph *graph, FILE *file)
{
    struct text text = {.graph = graph, .file = file, .printed = calloc(graph->state_count + 1, 1)};
    if (text.printed == NULL) {
        fputs("(no memory to print the graph)\n", file);
        return;
    }
    for (int i = 0; i < graph->frame_count; i++) {
        const struct ir_frame *frame = &graph->frames[i];
        fprintf(file, "frame %d (%s) locals %u stack %u", i, frame->name, frame->locals, frame->stack_size);
        if (frame->outer >= 0) {
            fprintf(file, " in %d", frame->outer);
        }
        if (frame->code != NULL) {
            fputs(" code", file);
            print_pointer(&text, frame->code);
        }
        fputc('\n', file);
    }
    ir_each_block(graph, block)
    {
        print_block(&text, block);
    }
    free(text.printed);
}
