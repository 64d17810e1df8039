/* tier2/build_closures.c: the cells of closures, in inlined functions; see build.h. */
#include "tier2/build.h"

static struct ir_node *load_from(struct builder *builder, struct ir_node *object, size_t offset,
                                 enum ir_memory memory)
{
    struct ir_node *load = build_node1(builder, IR_load, object);
    load->type = IR_OBJECT;
    load->offset = (int32_t)offset;
    load->memory = (uint8_t)memory;
    return load;
}

/* COPY_FREE_VARS: the cells, which the function holds. */
static void copy_free_variables(struct builder *builder)
{
    int count = build_current(builder)->oparg;
    int first = builder->local_count - count;
    struct ir_node *closure =
        load_from(builder, builder->function.value, offsetof(PyFunctionObject, func_closure), MEMORY_constant);
    for (int i = 0; i < count; i++) {
        size_t offset = offsetof(PyTupleObject, ob_item) + (size_t)i * sizeof(PyObject *);
        struct ir_node *cell = load_from(builder, closure, offset, MEMORY_constant);
        if (builder->body->owns) {
            build_node1(builder, IR_hold, cell);
        }
        builder->variables[first + i] = (struct variable){
            .state = VARIABLE_OBJECT, .owned = builder->body->owns, .passing = !builder->body->owns, .value = cell};
    }
}

/* The cell in a local: in a function that has a frame, its home has it from the function's first instructions on. */
static struct ir_node *cell_of_local(struct builder *builder)
{
    int local = build_current(builder)->oparg;
    if (builder->is_virtual) {
        return builder->variables[local].value;
    }
    struct ir_node *cell = build_node(builder, IR_load_home, 0, NULL);
    cell->number = local;
    cell->memory = MEMORY_constant;
    cell->sample = builder->samples != NULL ? builder->samples[local] : NULL;
    return cell;
}

static PyObject *sample_of_cell(const struct ir_node *cell)
{
    return cell->sample != NULL && PyCell_Check((PyObject *)cell->sample) ? PyCell_GET((PyObject *)cell->sample)
                                                                          : NULL;
}

static void load_dereferenced(struct builder *builder)
{
    struct ir_node *cell = cell_of_local(builder);
    struct ir_node *value = load_from(builder, cell, offsetof(PyCellObject, ob_ref), MEMORY_attribute);
    value->sample = sample_of_cell(cell);
    struct ir_node *bound = build_guard1(builder, IR_guard_bound, value);
    bound->sample = value->sample;
    push(builder, (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = bound});
}

static void store_dereferenced(struct builder *builder)
{
    struct ir_node *cell = cell_of_local(builder);
    build_store_place(builder, cell, (int32_t)offsetof(PyCellObject, ob_ref), sample_of_cell(cell), 1);
}

bool build_closure(struct builder *builder)
{
    const struct instruction *instruction = build_current(builder);
    bool copies = instruction->opcode == COPY_FREE_VARS;
    bool inlined = builder->is_virtual;
    if (build_has_failed(builder, IR_guard_bound) || (copies && !inlined) ||
        (inlined && !copies && builder->variables[instruction->oparg].state != VARIABLE_OBJECT)) {
        return false;
    }
    if (copies) {
        copy_free_variables(builder);
    } else if (instruction->opcode == LOAD_DEREF) {
        load_dereferenced(builder);
    } else {
        store_dereferenced(builder);
    }
    return true;
}
