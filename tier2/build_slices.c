/* tier2/build_slices.c: container[start:stop:step], without a slice object; see build.h. */
#include "tier2/build.h"

#include "runtime/plain.h"

/* The step of a slice where it is known: a small constant other than 0. */
static bool find_step(const struct builder *builder, int64_t *step)
{
    *step = 1;
    if (build_current(builder)->oparg == 2) {
        return true;
    }
    const struct ir_node *node = builder->operands[builder->depth - 1].value;
    if (node != NULL && node->op == IR_constant_object && node->pointer == Py_None) {
        return true;
    }
    return node != NULL && build_constant_number(node, step) && *step != 0 && *step > -(1 << 30) && *step < 1 << 30;
}

/* Is what the slice is taken of of a type that the plain function knows? Where nothing is known, it will say. */
static bool is_sliceable(const struct operand *container)
{
    if (container->state == OPERAND_RAW || container->state == OPERAND_NULL) {
        return false;
    }
    enum ir_kind kind = operand_guess(container);
    PyObject *sample = container->value->sample;
    bool fits = kind == KIND_str || kind == KIND_list || kind == KIND_tuple;
    return fits || (kind == KIND_any && (sample == NULL || PyBytes_CheckExact(sample)));
}

bool build_slice(struct builder *builder)
{
    int next = builder->current + 1;
    int count = build_current(builder)->oparg;
    int64_t step;
    if (next >= builder->bytecode->count || builder->bytecode->instructions[next].opcode != BINARY_SUBSCR ||
        builder->info[next].incoming != NULL || builder->depth < count + 1 ||
        build_has_failed(builder, IR_guard_bound) || !find_step(builder, &step) ||
        !is_sliceable(peek(builder, count))) {
        return false;
    }
    struct ir_node *inputs[5] = {
        operand_object(builder, peek(builder, count)), operand_object(builder, peek(builder, count - 1)),
        operand_object(builder, peek(builder, count - 2)), build_int(builder, step), build_int(builder, 0)};
    enum ir_kind kind = operand_kind(peek(builder, count));
    if (kind != KIND_str) {
        /* The collector's turn: tier 1 makes this one. */
        struct ir_node *room = build_node(builder, IR_guard_room, 0, NULL);
        room->state = build_state_now(builder, builder->current);
        room->number = 1;
        room->flags |= NODE_QUIET;
    }
    struct ir_node *slice = build_plain_call(builder, (const void *)rt_plain_slice, IR_OBJECT, 5, inputs);
    struct ir_node *found = build_node1(builder, IR_guard_bound, slice);
    found->state = build_state_now(builder, builder->current);
    found->kind = (uint8_t)kind;
    found->sample = inputs[0]->sample;
    struct operand dying[4];
    for (int i = count; i >= 0; i--) {
        dying[i] = pop(builder);
    }
    push_owned(builder, found);
    operand_drop_many(builder, dying, count + 1, next + 1);
    build_jump(builder, next + 1);
    return true;
}
