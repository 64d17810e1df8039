/* tier1/select_closures.c: selects what has to do with cells, free variables and function objects. */
#include "tier1/select_calls.h"

#include "runtime/ops.h"

/* The handler of the current instruction as the slow path of the template appended last, for an instruction that neither takes
 * operands from the stack nor leaves any there. It goes on behind the template. */
static void handle_slowly(struct emitter *emitter, struct item *fast, const void *handler)
{
    int slow = emitter_new_label(emitter);
    fast->labels[LABEL_SLOW] = slow;
    int back = label_here(emitter);
    emitter->in_cold = true;
    emitter_bind(emitter, slow);
    struct item *item = emitter_add(emitter, TEMPLATE_HANDLER_CHECKED);
    item->handler = handler;
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    item->labels[LABEL_CONT] = back;
    emitter->in_cold = false;
}

void select_make_cell(struct emitter *emitter)
{
    struct item *item = emitter_add(emitter, TEMPLATE_MAKE_CELL);
    item->holes[HOLE_H_A] = emitter_local(at(emitter, emitter->current)->oparg);
    handle_slowly(emitter, item, (const void *)op_MAKE_CELL);
}

/* The closure's cells into the frame. */
void select_copy_free_vars(struct emitter *emitter)
{
    PyCodeObject *code = emitter->bytecode.code;
    int count = at(emitter, emitter->current)->oparg;
    emitter_add(emitter, TEMPLATE_LOAD_CLOSURE_TUPLE);
    for (int i = 0; i < count; i++) {
        struct item *item = emitter_add(emitter, TEMPLATE_COPY_FREE_VARIABLE);
        item->holes[HOLE_H_N] = (int64_t)offsetof(PyTupleObject, ob_item) + i * (int64_t)sizeof(PyObject *);
        item->holes[HOLE_H_D] = emitter_local(code->co_nlocals + code->co_nplaincellvars + i);
    }
}

void select_load_deref(struct emitter *emitter)
{
    stack_free_register(emitter);
    struct item *item = emitter_add(emitter, TEMPLATE_LOAD_DEREF);
    item->holes[HOLE_H_A] = emitter_local(at(emitter, emitter->current)->oparg);
    /* The handler finds the cell empty and raises. */
    handle_slowly(emitter, item, (const void *)op_LOAD_DEREF);
    stack_push_register(emitter);
}

void select_store_deref(struct emitter *emitter)
{
    static four_family family = PLACES(STORE_DEREF);
    struct operand value = stack_pop(emitter);
    struct item *item = emitter_add(emitter, family[place_index(&value)]);
    set_operand(emitter, item, &value, false);
    item->holes[HOLE_H_B] = emitter_local(at(emitter, emitter->current)->oparg);
    item->labels[LABEL_FREE] = free_path(emitter, label_here(emitter), emitter->current + 1);
}

/* MAKE_FUNCTION with the code and, of `cells` locals, the closure left out of the stack. */
static void add_make_function(struct emitter *emitter, PyObject *code, int parts, const struct operand *cells,
                              int cell_count)
{
    struct function_cell *cell = emitter_feedback(emitter, function_cell_size(cell_count));
    cell->cell_count = (uint32_t)cell_count;
    for (int i = 0; i < cell_count; i++) {
        cell->cells[i] = cells[i].local;
    }
    stack_flush(emitter);
    int on_stack = __builtin_popcount((unsigned)parts) - (cell_count > 0);
    struct item *item = emitter_add(emitter, TEMPLATE_MAKE_FUNCTION);
    item->quads[HOLE_Q_A] = (int64_t)(uintptr_t)code;
    item->holes[HOLE_H_A] = emitter_slot(emitter, emitter->depth - on_stack);
    item->holes[HOLE_H_N] = parts;
    item->quads[HOLE_Q_CELL] = (int64_t)(uintptr_t)cell;
    while (on_stack-- > 0) {
        stack_pop(emitter);
    }
    item->labels[LABEL_ERROR] = stub_error(emitter, false);
    stack_push_register(emitter);
    end_escape(emitter, emitter->current + 1);
}

void select_make_function(struct emitter *emitter)
{
    if (emitter->stack[emitter->depth - 1].place != PLACE_CONSTANT) {
        select_handler(emitter);
        return;
    }
    struct operand code = stack_pop(emitter);
    add_make_function(emitter, code.constant, at(emitter, emitter->current)->oparg, NULL, 0);
}

bool select_closure(struct emitter *emitter)
{
    int number = emitter->current;
    int count = at(emitter, number)->oparg;
    if (number + 2 >= emitter->bytecode.count || count == 0 || emitter->no_forwarding) {
        return false;
    }
    const struct instruction *load = at(emitter, number + 1);
    const struct instruction *make = at(emitter, number + 2);
    if (load->opcode != LOAD_CONST || load->is_leader || make->opcode != MAKE_FUNCTION || make->is_leader ||
        !(make->oparg & MAKE_FUNCTION_CLOSURE)) {
        return false;
    }
    const struct operand *cells = &emitter->stack[emitter->depth - count];
    for (int i = 0; i < count; i++) {
        if (cells[i].place != PLACE_LOCAL) {
            return false;
        }
    }
    emitter->depth -= count;
    emitter->current = number + 2;
    add_make_function(emitter, PyTuple_GET_ITEM(emitter->bytecode.code->co_consts, load->oparg), make->oparg, cells,
                      count);
    return true;
}
