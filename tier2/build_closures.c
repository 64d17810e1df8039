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
        builder->variables[first + i] = (struct variable){.state = VARIABLE_OBJECT,
                                                          .owned = builder->body->owns,
                                                          .passing = !builder->body->owns,
                                                          .value = cell};
    }
}

static void load_dereferenced(struct builder *builder)
{
    const struct variable *cell = &builder->variables[build_current(builder)->oparg];
    struct ir_node *value = load_from(builder, cell->value, offsetof(PyCellObject, ob_ref), MEMORY_attribute);
    value = build_guard1(builder, IR_guard_bound, value);
    push(builder, (struct operand){.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = value});
}

static void store_dereferenced(struct builder *builder)
{
    const struct variable *cell = &builder->variables[build_current(builder)->oparg];
    struct ir_node *old = load_from(builder, cell->value, offsetof(PyCellObject, ob_ref), MEMORY_attribute);
    old = build_guard1(builder, IR_guard_bound, old);
    /* Others may have borrowed the old value. */
    build_own_locals(builder);
    struct ir_node *object = operand_owned(builder, peek(builder, 0));
    pop(builder);
    build_own_operands(builder);
    struct ir_node *store = build_node2(builder, IR_store, cell->value, object);
    store->offset = (int32_t)offsetof(PyCellObject, ob_ref);
    store->memory = MEMORY_attribute;
    struct operand dead = {.state = OPERAND_OWNED, .local = -1, .value = old};
    operand_drop(builder, &dead, builder->current + 1);
}

bool build_closure(struct builder *builder)
{
    const struct instruction *instruction = build_current(builder);
    bool copies = instruction->opcode == COPY_FREE_VARS;
    if (builder->outer == NULL ||
        (!copies && builder->variables[instruction->oparg].state != VARIABLE_OBJECT)) {
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
