/* tier2/note_remarks.c: see note_remarks.h. One look at each operation of the graph, when nothing changes it any more: what is
 * left of boxes, of calls and of functions of the runtime is what keeps the code from being faster. */
#include "tier2/note_remarks.h"

#include "runtime/code_state.h"
#include "tier2/build.h"

#include <stdlib.h>
#include <string.h>

struct notes {
    const struct ir_graph *graph;
    bool has_loop;
    uint8_t *users; /* by id of a value: the operation that uses it, the most telling of them; owned */
    struct remarks *remarks;
};

static struct remark remark_at(const struct notes *notes, enum remark_kind kind, int frame, uint32_t place)
{
    const struct ir_graph *graph = notes->graph;
    struct remark remark = {.kind = (uint8_t)kind, .local = REMARK_NO_LOCAL, .place = place};
    if (frame >= graph->frame_count) {
        return remark;
    }
    const uint8_t *opcodes = graph->frames[frame].opcodes;
    remark.opcode = opcodes != NULL ? opcodes[place / sizeof(CodeUnit)] : 0;
    if (frame == 0 && !graph->direct) {
        return remark;
    }
    remark.line = (uint32_t)ir_line(graph, frame, place);
    strncpy(remark.name, graph->frames[frame].name, sizeof remark.name - 1);
    while (graph->frames[frame].outer >= 0) {
        remark.place = graph->frames[frame].call_place;
        frame = graph->frames[frame].outer;
    }
    remark.place = graph->direct ? 0 : remark.place;
    return remark;
}

static void note(struct notes *notes, enum remark_kind kind, const struct ir_node *node)
{
    struct remark remark = remark_at(notes, kind, node->frame, node->place);
    remarks_add(notes->remarks, &remark);
}

/* ---- Calls ---------------------------------------------------------------------------------------------------------- */

static void note_inlined(struct notes *notes)
{
    for (int i = 1; i < notes->graph->frame_count; i++) {
        const struct ir_frame *frame = &notes->graph->frames[i];
        struct remark remark = remark_at(notes, REMARK_inlined, frame->outer, frame->call_place);
        /* The name is that of what is inlined; in something inlined itself only that is told. */
        if (remark.line == 0) {
            strncpy(remark.name, frame->name, sizeof remark.name - 1);
            remarks_add(notes->remarks, &remark);
        }
    }
}

static void note_direct(struct notes *notes, const struct ir_graph *graphs, const struct ir_node *node)
{
    for (const struct ir_graph *graph = graphs; graph != NULL; graph = graph->next) {
        if (graph->direct == node->number && graph->direct != 0 && node->frame == 0 && !notes->graph->direct) {
            struct remark remark = remark_at(notes, REMARK_called_directly, 0, node->place);
            strncpy(remark.name, graph->frames[0].name, sizeof remark.name - 1);
            remarks_add(notes->remarks, &remark);
        }
    }
}

/* ---- Objects ---------------------------------------------------------------------------------------------------------- */

/* What uses a box, as the reason for it. Higher numbers win. */
static enum remark_kind reason_for_box(enum ir_op user)
{
    switch (user) {
    case IR_store:
    case IR_store_new:
        return REMARK_boxed_attribute;
    case IR_store_item:
    case IR_list_append:
        return REMARK_boxed_item;
    case IR_new_tuple:
    case IR_make:
        return REMARK_boxed_tuple;
    case IR_call_plain:
    case IR_call_plain_array:
    case IR_call_direct:
        return REMARK_boxed_argument;
    case IR_phi:
        return REMARK_boxed_merge;
    case IR_store_operand:
        return REMARK_boxed_operand;
    case IR_return:
    case IR_return_direct:
        return REMARK_boxed_return;
    default:
        return REMARK_boxed_other;
    }
}

static bool find_users(struct notes *notes)
{
    notes->users = calloc(notes->graph->node_count + 1, 1);
    if (notes->users == NULL) {
        return false;
    }
    ir_each_block(notes->graph, block)
    {
        ir_each_node(block, node)
        {
            for (int i = 0; i < node->input_count; i++) {
                const struct ir_node *input = node->inputs[i];
                bool telling = input != NULL && reason_for_box((enum ir_op)node->op) != REMARK_boxed_other;
                if (telling) {
                    notes->users[input->id] = node->op;
                }
            }
        }
    }
    return true;
}

static void note_node(struct notes *notes, const struct ir_graph *graphs, const struct ir_node *node, bool in_loop)
{
    switch ((enum ir_op)node->op) {
    case IR_handler:
        /* What stands before and behind the loops runs once. */
        if (in_loop || !notes->has_loop) {
            note(notes, REMARK_by_function, node);
        }
        break;
    case IR_call_direct:
        note_direct(notes, graphs, node);
        break;
    case IR_box_int:
    case IR_box_float:
    case IR_box_complex:
        if (in_loop) {
            note(notes, reason_for_box((enum ir_op)notes->users[node->id]), node);
        }
        break;
    case IR_store_raw:
        if (in_loop) {
            note(notes, REMARK_boxed_attribute, node);
        }
        break;
    case IR_store_raw_item:
        if (in_loop) {
            note(notes, REMARK_boxed_item, node);
        }
        break;
    case IR_sync_home:
        if (in_loop && node->frame == 0) {
            struct remark remark = remark_at(notes, REMARK_synced_local, 0, node->place);
            remark.local = (uint16_t)node->number;
            remark.opcode = 0;
            remarks_add(notes->remarks, &remark);
        }
        break;
    case IR_new_instance:
        if (in_loop) {
            note(notes, REMARK_new_instance, node);
        }
        break;
    case IR_new_tuple:
        if (in_loop) {
            note(notes, REMARK_new_tuple, node);
        }
        break;
    default:
        break;
    }
}

void note_remarks(const struct ir_graph *graphs, struct remarks *remarks)
{
    for (const struct ir_graph *graph = graphs; graph != NULL; graph = graph->next) {
        struct notes notes = {.graph = graph, .remarks = remarks};
        if (graph->entry == NULL || !find_users(&notes)) {
            continue;
        }
        note_inlined(&notes);
        ir_each_block(graph, block)
        {
            notes.has_loop |= block->loop_depth > 0;
        }
        ir_each_block(graph, block)
        {
            ir_each_node(block, node)
            {
                note_node(&notes, graphs, node, block->loop_depth > 0);
            }
        }
        free(notes.users);
    }
    remarks_trim(remarks);
}

/* ---- Functions that are not inlined ------------------------------------------------------------------------------------- */

static enum remark_kind obstacle(int opcode)
{
    switch (opcode) {
    case MAKE_CELL:
    case MAKE_FUNCTION:
        return REMARK_callee_closure;
    case IMPORT_NAME:
    case LOAD_BUILD_CLASS:
        return REMARK_callee_imports;
    case PUSH_EXC_INFO:
    case BEFORE_WITH:
        return REMARK_callee_handlers;
    case DELETE_FAST:
        return REMARK_callee_deletes;
    default:
        return REMARK_callee_other;
    }
}

enum remark_kind note_why_not_inlined(PyCodeObject *code)
{
    struct bytecode bytecode;
    if (code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)) {
        return REMARK_callee_suspends;
    }
    if (code->co_kwonlyargcount != 0 || code->co_flags & (CO_VARARGS | CO_VARKEYWORDS)) {
        return REMARK_callee_arguments;
    }
    const struct code_state *state = code_state_get(code);
    if (state == NULL || state->compiled == NULL) {
        return REMARK_callee_cold;
    }
    if (bytecode_decode(code, &bytecode) != REASON_none) {
        return REMARK_callee_other;
    }
    enum remark_kind kind = REMARK_callee_other;
    bool suitable = build_is_suitable(code, &bytecode);
    for (int i = 0; i < bytecode.count && !suitable && kind == REMARK_callee_other; i++) {
        kind = obstacle(bytecode.instructions[i].opcode);
    }
    kind = kind == REMARK_callee_other && !suitable ? REMARK_callee_large : kind;
    bytecode_free(&bytecode);
    return kind;
}
