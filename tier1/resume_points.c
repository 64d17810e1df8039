/* tier1/resume_points.c: the table of places where suspended generators go on (runtime/generator.h).
 *
 * The table outlives the machine code: when the code object was compiled before, its table is used again and only
 * gets other addresses. So its points have fixed addresses, which machine code names.
 */
#include "tier1/emitter.h"

#include "runtime/code_state.h"
#include "runtime/compiler_memory.h"
#include "runtime/generator.h"

#include <stdlib.h>
#include <string.h>

static bool is_generator(const PyCodeObject *code)
{
    return (code->co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)) != 0;
}

/* Can a suspended frame go on at instruction `number`? After a yield, at its start, and at the end of a SEND's loop, where throw() puts
 * a frame whose receiver has raised or returned (genobject.c, _gen_throw). */
static bool is_point(const struct bytecode *bytecode, int number)
{
    const struct instruction *at = &bytecode->instructions[number];
    return number > 0 && at->depth > 0 && at[-1].depth >= 0 &&
           (at->is_resume_point || at[-1].opcode == JUMP_BACKWARD_NO_INTERRUPT);
}

/* Is instruction `number` where a frame goes on that was suspended inside SEND: SEND, YIELD_VALUE, then RESUME and a jump back to the SEND? */
static bool is_delegation(const struct bytecode *bytecode, int number)
{
    const struct instruction *at = &bytecode->instructions[number];
    return number >= 2 && number + 2 < bytecode->count && at[-2].opcode == SEND && at[-1].opcode == YIELD_VALUE &&
           at->opcode == RESUME && at->oparg >= 2 && at->unit == at[-2].unit + 2 &&
           at[1].opcode == JUMP_BACKWARD_NO_INTERRUPT && at[1].target == number - 2 && at[-2].target == number + 2;
}

struct resume_point *resume_point_at(const struct emitter *emitter, int number)
{
    struct resume_table *table = emitter->resume;
    if (table == NULL) {
        return NULL;
    }
    uint16_t point = table->point_of_unit[bytecode_first_unit(&emitter->bytecode, number)];
    return point != 0 && is_point(&emitter->bytecode, number) ? &table->points[point] : NULL;
}

/* A new table with everything but addresses. */
static struct resume_table *make_table(const struct bytecode *bytecode)
{
    size_t count = 1;
    for (int i = 0; i < bytecode->count; i++) {
        count += is_point(bytecode, i);
    }
    struct resume_table *table = resume_table_new(count, bytecode->unit_count + 1);
    if (table == NULL) {
        return NULL;
    }
    uint16_t number = 1;
    for (int i = 0; i < bytecode->count; i++) {
        if (is_point(bytecode, i)) {
            const struct instruction *instruction = &bytecode->instructions[i];
            uint32_t unit = bytecode_first_unit(bytecode, i);
            table->point_of_unit[unit] = number;
            table->points[number++] = (struct resume_point){
                .stacktop = bytecode->code->co_nlocalsplus + instruction->depth - 1,
                .unit = unit,
                .bound = instruction->bound,
                .catches = instruction[-1].handler >= 0,
            };
        }
    }
    for (int i = 0; i < bytecode->count; i++) {
        if (is_point(bytecode, i) && is_delegation(bytecode, i) && is_point(bytecode, i + 2)) {
            table->points[table->point_of_unit[bytecode_first_unit(bytecode, i)]].after_send =
                &table->points[table->point_of_unit[bytecode_first_unit(bytecode, i + 2)]];
        }
    }
    return table;
}

bool prepare_resume_points(struct emitter *emitter)
{
    struct bytecode *bytecode = &emitter->bytecode;
    emitter->resume = NULL;
    emitter->owns_resume = false;
    emitter->raise_labels = emitter->native_labels = NULL;
    if (!is_generator(bytecode->code)) {
        return true;
    }
    struct code_state *state = code_state_get(bytecode->code);
    if (state != NULL && state->resume != NULL) {
        emitter->resume = state->resume;
    } else {
        emitter->resume = make_table(bytecode);
        emitter->owns_resume = true;
    }
    size_t size = (size_t)bytecode->count * sizeof(int32_t);
    emitter->raise_labels = compiler_malloc(2 * size);
    if (emitter->resume == NULL || emitter->raise_labels == NULL) {
        return false;
    }
    emitter->native_labels = emitter->raise_labels + bytecode->count;
    memset(emitter->raise_labels, 0xff, 2 * size); /* NO_LABEL */
    return true;
}

void publish_resume_points(struct emitter *emitter, struct compiled_code *compiled)
{
    const struct bytecode *bytecode = &emitter->bytecode;
    const CodeUnit *units = _PyCode_CODE(bytecode->code);
    for (int i = 0; i < bytecode->count; i++) {
        struct resume_point *point = resume_point_at(emitter, i);
        if (point != NULL) {
            point->address = compiled->start + label_offset(emitter, emitter->native_labels[i]);
            point->raise = compiled->start + label_offset(emitter, emitter->raise_labels[i - 1]);
            if (point->after_send != NULL) {
                point->send_raised = compiled->start + label_offset(emitter, emitter->raise_labels[i - 2]);
            }
            point->at = units + point->unit - 1;
        }
    }
    if (emitter->owns_resume) {
        compiled->resume = emitter->resume;
        emitter->owns_resume = false;
    }
}

void release_resume_points(struct emitter *emitter)
{
    free(emitter->raise_labels);
    if (emitter->owns_resume) {
        resume_table_free(emitter->resume);
    }
}
