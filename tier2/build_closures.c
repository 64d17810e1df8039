/* tier2/build_closures.c: cells, free variables, and functions made by the code that is compiled; see build.h.
 *
 * Cells and functions are nodes like tuples: pass_virtual.c leaves those unmade that nobody sees, so that a function made and called in one place
 * costs what its body costs. */
#include "tier2/build.h"

#include "runtime/ops.h"
#include "runtime/plain.h"

static struct ir_node *load_from(struct builder *builder, struct ir_node *object, size_t offset,
                                 enum ir_memory memory)
{
    struct ir_node *load = build_node1(builder, IR_load, object);
    load->type = IR_OBJECT;
    load->offset = (int32_t)offset;
    load->memory = (uint8_t)memory;
    return load;
}

/* ---- Cells -------------------------------------------------------------------------------------------------- */

/* What `node` makes; where it is the collector's turn, tier 1 goes on at the current instruction with what stands where now. */
static struct ir_node *guard_made(struct builder *builder, struct ir_node *node, enum ir_kind kind)
{
    struct ir_node *made = build_node1(builder, IR_guard_bound, node);
    made->state = build_state_now(builder, builder->current);
    made->flags |= NODE_QUIET;
    made->kind = (uint8_t)kind;
    return made;
}

/* MAKE_CELL: the local's value, if it has one, goes into a new cell, which takes its place. */
static bool make_cell(struct builder *builder)
{
    int local = build_current(builder)->oparg;
    struct variable *variable = &builder->variables[local];
    bool is_bound = variable->state != VARIABLE_UNBOUND;
    if (variable->clean != NULL) {
        return false;
    }
    struct ir_node *value = NULL;
    bool is_owned = false;
    if (is_bound && builder->is_virtual) {
        value = variable_to_home(builder, local);
        is_owned = builder->variables[local].owned;
    } else if (is_bound) {
        build_load_fast(builder, local);
        struct operand operand = pop(builder);
        value = operand_object(builder, &operand);
    }
    struct ir_node *cell = guard_made(builder, build_node(builder, IR_new_cell, is_bound, &value), KIND_cell);
    if (is_bound && !is_owned) {
        build_node1(builder, IR_hold, value);
    }
    if (builder->is_virtual) {
        *variable = (struct variable){.state = VARIABLE_OBJECT, .owned = 1, .value = cell};
        return true;
    }
    struct ir_node *store = build_node1(builder, IR_store_home, cell);
    store->number = local;
    store->flags |= NODE_SIMPLE; /* the cell has what the home had */
    *variable = (struct variable){.state = VARIABLE_HOME, .value = cell};
    return true;
}

/* COPY_FREE_VARS: the cells, which the function holds. */
static void copy_free_variables(struct builder *builder)
{
    int count = build_current(builder)->oparg;
    int first = builder->local_count - count;
    struct ir_node *closure =
        load_from(builder, builder->function.value, offsetof(PyFunctionObject, func_closure), MEMORY_constant);
    closure->kind = KIND_tuple;
    for (int i = 0; i < count; i++) {
        size_t offset = offsetof(PyTupleObject, ob_item) + (size_t)i * sizeof(PyObject *);
        struct ir_node *cell = load_from(builder, closure, offset, MEMORY_constant);
        cell->kind = KIND_cell;
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
    struct ir_node *known = builder->variables[local].value;
    if (builder->is_virtual || (known != NULL && known->kind == KIND_cell)) {
        return known;
    }
    struct ir_node *cell = build_node(builder, IR_load_home, 0, NULL);
    cell->number = local;
    cell->memory = MEMORY_constant;
    cell->kind = KIND_cell;
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
    struct ir_node *value = load_from(builder, cell, offsetof(PyCellObject, ob_ref), MEMORY_cell);
    value->sample = sample_of_cell(cell);
    struct ir_node *bound = build_guard1(builder, IR_guard_bound, value);
    bound->sample = value->sample;
    push_fetched(builder, bound);
}

/* Was nothing in the cell when the code was entered, as far as anybody knows? */
static bool was_empty(const struct builder *builder, const struct ir_node *cell)
{
    int local = build_current(builder)->oparg;
    if (builder->is_virtual) {
        return local >= builder->code->co_argcount && local < builder->local_count - builder->code->co_nfreevars;
    }
    return cell->sample != NULL && PyCell_Check((PyObject *)cell->sample) && sample_of_cell(cell) == NULL;
}

/* Is this the first thing that the code stores into the cell, but for what loops bring? */
static bool is_first_store(const struct builder *builder)
{
    int local = build_current(builder)->oparg;
    for (int i = 0; i < builder->current; i++) {
        const struct instruction *instruction = &builder->bytecode->instructions[i];
        if (instruction->opcode == STORE_DEREF && instruction->oparg == local) {
            return false;
        }
    }
    return true;
}

/* Into a cell that is known to be empty, or to be guarded to be. */
static void store_into_empty(struct builder *builder, struct ir_node *cell)
{
    struct ir_node *old = load_from(builder, cell, offsetof(PyCellObject, ob_ref), MEMORY_cell);
    build_guard1(builder, IR_guard_null, old);
    struct ir_node *value = operand_owned(builder, peek(builder, 0));
    pop(builder);
    struct ir_node *store = build_node2(builder, IR_store_new, cell, value);
    store->offset = (int32_t)offsetof(PyCellObject, ob_ref);
    store->memory = MEMORY_cell;
    store->number = -1;
}

/* Whatever is in it. */
static void store_into_any(struct builder *builder, struct ir_node *cell)
{
    struct ir_node *inputs[2] = {cell, operand_owned(builder, peek(builder, 0))};
    pop(builder);
    build_own_fetched(builder);
    struct ir_node *dead = build_plain_call(builder, (const void *)rt_plain_cell_exchange, IR_OBJECT, 2, inputs);
    dead->memory = MEMORY_cell;
    struct operand dying = {.state = OPERAND_OWNED, .local = -1, .value = dead};
    operand_drop(builder, &dying, builder->current + 1);
}

static void store_dereferenced(struct builder *builder)
{
    struct ir_node *cell = cell_of_local(builder);
    bool may_be_empty = was_empty(builder, cell) && is_first_store(builder);
    bool again = build_is_in_loop(builder);
    if (may_be_empty && !again && !build_has_failed(builder, IR_guard_null)) {
        store_into_empty(builder, cell);
    } else if ((may_be_empty && again) || build_has_failed(builder, IR_guard_bound)) {
        store_into_any(builder, cell);
    } else {
        build_store_place(builder, cell, offsetof(PyCellObject, ob_ref), MEMORY_cell, sample_of_cell(cell), 1);
    }
}

/* ---- Functions ------------------------------------------------------------------------------------------------ */

const struct ir_node *build_function_made(const struct ir_node *value)
{
    return value->op == IR_guard_bound && value->inputs[0]->op == IR_new_function ? value->inputs[0] : NULL;
}

/* MAKE_FUNCTION of a constant code. */
static bool make_function(struct builder *builder)
{
    enum { MOST_PARTS = 4 };
    int parts = build_current(builder)->oparg;
    int count = __builtin_popcount((unsigned)parts & 0xf);
    struct ir_node *code = peek(builder, 0)->value;
    if (peek(builder, 0)->state != OPERAND_BORROWED || code->op != IR_constant_object ||
        !PyCode_Check((PyObject *)code->pointer) || build_has_failed(builder, IR_guard_true)) {
        return false;
    }
    struct ir_node *inputs[FUNCTION_FIRST_PART + MOST_PARTS];
    inputs[FUNCTION_BUILTINS] = build_builtins_of_globals(builder);
    if (inputs[FUNCTION_BUILTINS] == NULL) {
        return false;
    }
    inputs[FUNCTION_GLOBALS] = build_object(builder, builder->globals);
    inputs[FUNCTION_CODE] = code;
    for (int i = 0; i < count; i++) {
        inputs[FUNCTION_FIRST_PART + i] = operand_owned(builder, peek(builder, count - i));
    }
    struct ir_node *node = build_node(builder, IR_new_function, FUNCTION_FIRST_PART + count, inputs);
    node->number = parts;
    node->pointer = code->pointer;
    node->cell = builder->globals;
    struct ir_node *function = guard_made(builder, node, KIND_function);
    builder->depth -= count + 1;
    push_owned(builder, function);
    return true;
}

bool build_closure(struct builder *builder)
{
    const struct instruction *instruction = build_current(builder);
    bool inlined = builder->is_virtual;
    switch (instruction->opcode) {
    case MAKE_CELL:
        return make_cell(builder);
    case MAKE_FUNCTION:
        return make_function(builder);
    case COPY_FREE_VARS:
        if (!inlined) {
            return false;
        }
        copy_free_variables(builder);
        return true;
    default:
        break;
    }
    if (inlined && builder->variables[instruction->oparg].state != VARIABLE_OBJECT) {
        return false;
    }
    if (instruction->opcode == STORE_DEREF) {
        store_dereferenced(builder);
        return true;
    }
    if (build_has_failed(builder, IR_guard_bound)) {
        return false;
    }
    load_dereferenced(builder);
    return true;
}
