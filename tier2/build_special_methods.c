/* tier2/build_special_methods.c: properties, and what instructions and built-in functions ask of the program's classes other than operators: the function that answers
 * is inlined; see build.h.
 *
 * As with operators, what the instruction took stays on the caller's stack while the function runs, where stock keeps it (runtime/completion.h). A class that
 * changes has another version, and only then may it have another function. */
#include "tier2/build.h"

#include "runtime/ops/user_operators.h"

static bool is_object(const struct operand *operand)
{
    return operand->state != OPERAND_RAW && operand->state != OPERAND_NULL;
}

/* The class that the operand probably has, if it is one of the program's and guards for it are worth while; else NULL. */
static PyTypeObject *user_class_of(struct builder *builder, const struct operand *operand)
{
    PyTypeObject *class = is_object(operand) ? build_class_of(operand) : NULL;
    bool usable = class != NULL && user_is_class(class) && class->tp_version_tag != 0 &&
                  !build_has_failed(builder, IR_guard_class) && !build_has_failed(builder, IR_guard_version);
    return usable ? class : NULL;
}

static bool may_inline(struct builder *builder, PyFunctionObject *function)
{
    return function != NULL && build_may_inline(builder, (PyCodeObject *)function->func_code) != NULL;
}

/* ---- Properties ------------------------------------------------------------------------------------------------ */

/* The property that the cell of LOAD_ATTR or STORE_ATTR has seen for one class, if it is alive; or NULL. */
static const struct attribute_case *find_property(struct builder *builder)
{
    const struct attribute_cell *cell = build_cell(builder);
    if (cell == NULL || cell->megamorphic || cell->count != 1 || cell->first.kind != ATTRIBUTE_PROPERTY ||
        build_has_failed(builder, IR_guard_class) || build_has_failed(builder, IR_guard_version) ||
        build_has_failed(builder, IR_guard_true) || !build_is_live(builder, &cell->first)) {
        return NULL;
    }
    return &cell->first;
}

/* Guards that the receiver on top is of the case's class, whose property still has the function at `offset`: its __init__ may be called again. */
static void guard_property(struct builder *builder, const struct attribute_case *seen, size_t offset,
                           PyObject *function)
{
    build_guard_class(builder, peek(builder, 0)->value, seen->type);
    struct ir_node *found = build_node1(builder, IR_load, build_object(builder, seen->value));
    found->type = IR_OBJECT;
    found->offset = (int32_t)offset;
    found->memory = MEMORY_shape;
    build_guard_same(builder, found, function);
}

bool build_property_load(struct builder *builder)
{
    const struct attribute_case *seen = find_property(builder);
    PyObject *getter = seen != NULL ? ((struct property_object *)seen->value)->getter : NULL;
    if (getter == NULL || !PyFunction_Check(getter) || !is_object(peek(builder, 0)) ||
        !may_inline(builder, (PyFunctionObject *)getter)) {
        return false;
    }
    build_close_operands(builder, 1);
    guard_property(builder, seen, offsetof(struct property_object, getter), getter);
    struct operand argument = *peek(builder, 0);
    return build_inlined_method(builder, (PyFunctionObject *)getter, COMPLETION_get, 1, 1, &argument);
}

/* The instruction pushes nothing: what stands for its result goes. */
static bool without_result(struct builder *builder, bool done)
{
    if (done && builder->block != NULL) {
        pop(builder);
    }
    return done;
}

bool build_property_store(struct builder *builder)
{
    const struct attribute_case *seen = find_property(builder);
    PyObject *setter = seen != NULL ? ((struct property_object *)seen->value)->setter : NULL;
    if (setter == NULL || !PyFunction_Check(setter) || !is_object(peek(builder, 0)) ||
        !may_inline(builder, (PyFunctionObject *)setter)) {
        return false;
    }
    build_close_operands(builder, 2);
    guard_property(builder, seen, offsetof(struct property_object, setter), setter);
    struct operand arguments[2] = {*peek(builder, 0), *peek(builder, 1)};
    return without_result(builder,
                          build_inlined_method(builder, (PyFunctionObject *)setter, COMPLETION_set, 2, 2, arguments));
}

/* ---- Containers ------------------------------------------------------------------------------------------------- */

bool build_user_subscript(struct builder *builder)
{
    PyTypeObject *class = user_class_of(builder, peek(builder, 1));
    PyFunctionObject *function = class != NULL ? user_subscript_method(class) : NULL;
    if (!may_inline(builder, function)) {
        return false;
    }
    build_close_operands(builder, 2);
    build_guard_class(builder, peek(builder, 1)->value, class);
    /* Tier 0 moves the operands into the callee's frame. (ceval.c, BINARY_SUBSCR_GETITEM) */
    struct operand arguments[2] = {*peek(builder, 1), *peek(builder, 0)};
    return build_inlined_method(builder, function, COMPLETION_call, 2, 2, arguments);
}

bool build_user_store_subscript(struct builder *builder)
{
    PyTypeObject *class = user_class_of(builder, peek(builder, 1));
    PyFunctionObject *function = class != NULL ? user_store_subscript_method(class) : NULL;
    if (!may_inline(builder, function)) {
        return false;
    }
    build_close_operands(builder, 3);
    build_guard_class(builder, peek(builder, 1)->value, class);
    struct operand arguments[3] = {*peek(builder, 1), *peek(builder, 0), *peek(builder, 2)};
    return without_result(builder, build_inlined_method(builder, function, COMPLETION_set, 3, 3, arguments));
}

bool build_user_contains(struct builder *builder)
{
    PyTypeObject *class = user_class_of(builder, peek(builder, 0));
    PyFunctionObject *function = class != NULL ? user_contains_method(class) : NULL;
    if (!may_inline(builder, function)) {
        return false;
    }
    build_close_operands(builder, 2);
    build_guard_class(builder, peek(builder, 0)->value, class);
    struct operand arguments[2] = {*peek(builder, 0), *peek(builder, 1)};
    return build_inlined_method(builder, function, COMPLETION_contains, 2, 2, arguments);
}

/* The operands are those of len(container), whose function has been compared. */
bool build_user_length(struct builder *builder)
{
    PyTypeObject *class = user_class_of(builder, peek(builder, 0));
    PyFunctionObject *function = class != NULL ? user_length_method(class) : NULL;
    if (!may_inline(builder, function)) {
        return false;
    }
    build_close_operands(builder, 1);
    build_guard_class(builder, peek(builder, 0)->value, class);
    struct operand argument = *peek(builder, 0);
    return build_inlined_method(builder, function, COMPLETION_length, 3, 1, &argument);
}

/* ---- Comparisons and calls ----------------------------------------------------------------------------------------- */

bool build_user_compare(struct builder *builder)
{
    PyTypeObject *left = user_class_of(builder, peek(builder, 1));
    PyTypeObject *right = left != NULL ? build_class_of(peek(builder, 0)) : NULL;
    PyFunctionObject *function =
        right != NULL ? user_compare_method(left, right, build_current(builder)->oparg) : NULL;
    if (!may_inline(builder, function) || (user_is_class(right) && right->tp_version_tag == 0)) {
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
    return build_inlined_method(builder, function, COMPLETION_compare, 2, 2, arguments);
}

bool build_user_call(struct builder *builder)
{
    enum { MOST_ARGUMENTS = 8 };
    int count = build_current(builder)->oparg;
    if (count > MOST_ARGUMENTS || peek(builder, count + 1)->state != OPERAND_NULL || builder->keyword_names >= 0) {
        return false;
    }
    const struct operand *object = peek(builder, count);
    PyTypeObject *class = user_class_of(builder, object);
    PyFunctionObject *function = class != NULL ? user_call_method_of(class) : NULL;
    if (!may_inline(builder, function)) {
        return false;
    }
    build_close_operands(builder, count);
    build_guard_class(builder, object->value, class);
    struct operand arguments[MOST_ARGUMENTS + 1];
    for (int i = 0; i <= count; i++) {
        arguments[i] = *peek(builder, count - i);
    }
    return build_inlined_method(builder, function, COMPLETION_object, count + 2, count + 1, arguments);
}
