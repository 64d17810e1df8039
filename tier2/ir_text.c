/* tier2/ir_text.c: the text form of a graph.
 *
 *   frame 0 (mean) locals 3 stack 4
 *   b1 <- b0 b3  loop 1
 *     v5:i  phi v1, v9
 *     v9:i  int_add v5, v2            @12  !s3
 *     branch v8 -> b2, b4 (90 %)
 *   s3 frame 0 at 12: home, v5 clean v6, - | v7 owned
 *
 * States are printed behind the blocks that use them. `place` is printed where it changes. */
#include "tier2/ir.h"

#include <string.h>

static const char *const memory_names[MEMORY_COUNT] = {"none",       "constant", "attribute", "list_item",
                                                       "list_shape", "dict",     "type",      "iterator"};

static double as_float(int64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void print_payload(const struct ir_node *node, FILE *file)
{
    switch ((enum ir_op)node->op) {
    case IR_constant_float:
        fprintf(file, " %.17g", as_float(node->number));
        break;
    case IR_constant_int:
    case IR_constant_bool:
    case IR_load_home:
    case IR_load_operand:
    case IR_store_home:
    case IR_sync_home:
    case IR_clear_home:
    case IR_store_operand:
    case IR_empty_operand:
    case IR_int_compare:
    case IR_float_compare:
        fprintf(file, " #%lld", (long long)node->number);
        break;
    case IR_load_frame:
        fprintf(file, " +%d", node->offset);
        break;
    case IR_guard_enter:
    case IR_parameter:
    case IR_call_direct:
        fprintf(file, " #%lld", (long long)node->number);
        break;
    case IR_guard_word:
    case IR_guard_half:
        fprintf(file, " +%d #%lld", node->offset, (long long)node->number);
        break;
    case IR_load:
    case IR_store:
    case IR_store_int:
        fprintf(file, " +%d %s", node->offset, memory_names[node->memory]);
        break;
    case IR_load_item:
    case IR_store_item:
        fprintf(file, " %s", memory_names[node->memory]);
        break;
    case IR_handler:
        fprintf(file, " #%lld depth %d", (long long)node->number, node->offset);
        break;
    default:
        break;
    }
    if (node->pointer != NULL) {
        fprintf(file, " %p", node->pointer);
    }
}

static void print_node(const struct ir_node *node, FILE *file)
{
    fputs("  ", file);
    if (node->type != IR_VOID) {
        fprintf(file, "v%u:%s", node->id, ir_type_names[node->type]);
        if (node->kind != KIND_any) {
            fprintf(file, ".%s", ir_kind_names[node->kind]);
        }
        fputs("  ", file);
    }
    fputs(ir_op_rows[node->op].name, file);
    print_payload(node, file);
    for (int i = 0; i < node->input_count; i++) {
        fprintf(file, "%s", i == 0 ? " " : ", ");
        if (node->inputs[i] == NULL) {
            fputs("?", file);
        } else {
            fprintf(file, "v%u", node->inputs[i]->id);
        }
    }
    const struct ir_block *block = node->block;
    if (node->op == IR_jump || node->op == IR_branch) {
        fputs(" ->", file);
        for (int i = 0; i < 2 && block->successors[i] != NULL; i++) {
            fprintf(file, " b%u", block->successors[i]->id);
        }
        if (node->op == IR_branch && node->number != 0) {
            fprintf(file, " (%lld %%)", (long long)node->number);
        }
    }
    if (node->frame != 0) {
        fprintf(file, " in %u", node->frame);
    }
    if (node->flags & NODE_FITS) {
        fputs(" fits", file);
    }
    if (node->flags & NODE_SIMPLE) {
        fputs(" simple", file);
    }
    if (node->state != NULL) {
        fprintf(file, "  !s%u", node->state->id);
    }
    fputc('\n', file);
}

static void print_slot(const struct ir_slot *slot, FILE *file)
{
    static const char *const words[] = {"-", "home", "raw", "owned", "borrowed", "memory", "iterator"};
    if (slot->value != NULL) {
        fprintf(file, " v%u", slot->value->id);
    }
    fprintf(file, " %s", words[slot->how]);
    if (slot->clean != NULL) {
        fprintf(file, " clean v%u", slot->clean->id);
    }
    if (slot->index != NULL) {
        fprintf(file, " at v%u", slot->index->id);
    }
}

static void print_state(const struct ir_state *state, FILE *file)
{
    fprintf(file, "  s%u frame %u at %u%s:", state->id, state->frame, state->offset, state->raises ? " raising" : "");
    for (int i = 0; i < state->local_count + state->depth; i++) {
        fputs(i == 0 ? "" : i == state->local_count ? " |" : ",", file);
        print_slot(&state->slots[i], file);
    }
    if (state->outer != NULL) {
        fprintf(file, " outer s%u", state->outer->id);
    }
    fputc('\n', file);
}

void ir_print(const struct ir_graph *graph, FILE *file)
{
    for (int i = 0; i < graph->frame_count; i++) {
        const struct ir_frame *frame = &graph->frames[i];
        fprintf(file, "frame %d (%s) locals %u stack %u\n", i, frame->name, frame->locals, frame->stack_size);
    }
    ir_each_block(graph, block)
    {
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
        ir_each_node(block, node)
        {
            print_node(node, file);
        }
        const struct ir_state *printed = NULL;
        ir_each_node(block, node)
        {
            for (const struct ir_state *state = node->state; state != NULL && state != printed;
                 state = state->outer) {
                print_state(state, file);
            }
            printed = node->state != NULL ? node->state : printed;
        }
    }
}
