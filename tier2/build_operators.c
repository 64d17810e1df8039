/* tier2/build_operators.c: operators of the program's own classes, whose methods are inlined; see build.h.
 *
 * The operands stay on the caller's stack while the method runs, as on stock (runtime/completion.h). Where the method has no answer, or another one than the
 * instruction can do with, execution leaves at its return, and runtime/deopt.c does what is left. */
#include "tier2/build.h"

#include "runtime/ops/user_operators.h"

void build_close_operands(struct builder *builder, int count)
{
    for (int i = 0; i < count; i++) {
        if (peek(builder, i)->state == OPERAND_ITERATOR) {
            operand_owned(builder, peek(builder, i));
        }
    }
}

static bool is_object(const struct operand *operand)
{
    return operand->state != OPERAND_RAW && operand->state != OPERAND_NULL;
}

bool build_user_operator(struct builder *builder)
{
    PyTypeObject *left = build_class_of(peek(builder, 1));
    PyTypeObject *right = build_class_of(peek(builder, 0));
    if (left == NULL || right == NULL || !is_object(peek(builder, 1)) || left->tp_version_tag == 0 ||
        build_has_failed(builder, IR_guard_class) || build_has_failed(builder, IR_guard_version)) {
        return false;
    }
    PyFunctionObject *function = user_binary_method(left, right, build_current(builder)->oparg);
    if (function == NULL || build_may_inline(builder, (PyCodeObject *)function->func_code) == NULL ||
        (user_is_class(right) && right->tp_version_tag == 0)) {
        return false;
    }
    build_close_operands(builder, 2);
    build_guard_class(builder, peek(builder, 1)->value, left);
    if (user_is_class(right)) {
        build_guard_class(builder, peek(builder, 0)->value, right);
    } else if (is_object(peek(builder, 0)) && operand_kind(peek(builder, 0)) == KIND_any) {
        struct ir_node *guard = build_guard1(builder, IR_guard_class, peek(builder, 0)->value);
        guard->pointer = right;
    }
    struct operand arguments[2] = {*peek(builder, 1), *peek(builder, 0)};
    return build_inlined_method(builder, function, COMPLETION_operator, 2, 2, arguments);
}
