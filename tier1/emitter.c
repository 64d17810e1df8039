/* tier1/emitter.c: items, labels, feedback cells. See emitter.h. */
#include "tier1/emitter.h"

#include "runtime/code_state.h"
#include "runtime/compiler_memory.h"
#include "runtime/data_arena.h"
#include "runtime/feedback.h"

#include <stdlib.h>
#include <string.h>

bool emitter_grow_array(void **array, int *capacity, size_t element)
{
    int larger = *capacity == 0 ? 64 : *capacity * 2;
    void *moved = compiler_realloc(*array, (size_t)larger * element);
    if (moved == NULL) {
        return false;
    }
    *array = moved;
    *capacity = larger;
    return true;
}

int emitter_new_label(struct emitter *emitter)
{
    if (!emitter_grow((void **)&emitter->labels, emitter->label_count, &emitter->label_capacity,
                      sizeof *emitter->labels)) {
        emitter->out_of_memory = true;
        return 0;
    }
    emitter->labels[emitter->label_count] = (struct place_of_label){.item = -1};
    return emitter->label_count++;
}

void emitter_bind(struct emitter *emitter, int label)
{
    assert(emitter->out_of_memory || emitter->labels[label].item < 0);
    if (!emitter->out_of_memory) {
        enum part part = emitter_part(emitter);
        emitter->labels[label].item = emitter->parts[part].count;
        emitter->labels[label].part = (uint8_t)part;
    }
}

int64_t emitter_local(int local)
{
    return (int64_t)offsetof(InterpreterFrame, localsplus) + (int64_t)sizeof(PyObject *) * local;
}

int64_t emitter_slot(const struct emitter *emitter, int index)
{
    return emitter_local(emitter->bytecode.code->co_nlocalsplus + index);
}

struct item *emitter_add(struct emitter *emitter, int template)
{
    static struct item scratch;
    struct item_list *list = &emitter->parts[emitter_part(emitter)];
    struct item *item = &scratch;
    if (emitter_grow((void **)&list->items, list->count, &list->capacity, sizeof *list->items)) {
        item = &list->items[list->count++];
    } else {
        emitter->out_of_memory = true;
    }
    const struct instruction *instruction = &emitter->bytecode.instructions[emitter->current];
    const CodeUnit *units = _PyCode_CODE(emitter->bytecode.code);
    item->template = (uint16_t) template;
    item->bytecode_offset = instruction->unit * (uint32_t)sizeof(CodeUnit);
    memset(item->labels, 0xff, sizeof item->labels);
    item->holes[HOLE_H_N] = instruction->oparg;
    item->holes[HOLE_H_SP] = (int32_t)emitter_slot(emitter, instruction->depth);
    item->holes[HOLE_H_IP] = (int32_t)(uintptr_t)(units + instruction->unit);
    item->handler = NULL;
    return item;
}

static void *cell_of(struct emitter *emitter, int32_t *cell, size_t size)
{
    if (*cell < 0) {
        assert(emitter->feedback_used + size <= emitter->feedback_size);
        *cell = (int32_t)emitter->feedback_used;
        emitter->feedback_used += size;
    }
    return emitter->feedback + *cell;
}

void *emitter_feedback_of(struct emitter *emitter, int number, size_t size)
{
    return cell_of(emitter, &emitter->cells[2 * number], size);
}

void *emitter_feedback(struct emitter *emitter, size_t size)
{
    return emitter_feedback_of(emitter, emitter->current, size);
}

struct attribute_cell *emitter_attribute_cell(struct emitter *emitter, int number)
{
    int32_t *place = &emitter->cells[2 * number];
    if (*place < 0) {
        *place = emitter->attribute_cells++ * (int32_t)sizeof(struct attribute_cell);
        feedback_init_attribute((struct attribute_cell *)(emitter->feedback + *place));
    }
    return (struct attribute_cell *)(emitter->feedback + *place);
}

void *emitter_counts(struct emitter *emitter, size_t size)
{
    return cell_of(emitter, &emitter->cells[2 * emitter->current + 1], size);
}

void emitter_own_call_cell(struct emitter *emitter, struct call_cell *cell)
{
    /* The same instruction may be selected twice. */
    if (cell->arguments == 0) {
        cell->arguments = -1;
        cell->next_of_owner = emitter->call_cells;
        emitter->call_cells = cell;
    }
}

struct call_cell *emitter_call_cell(struct emitter *emitter)
{
    struct call_cell *cell = emitter_feedback(emitter, sizeof *cell);
    emitter_own_call_cell(emitter, cell);
    return cell;
}
