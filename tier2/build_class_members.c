/* tier2/build_class_members.c: attributes of classes themselves, static methods and class methods; see build.h.
 *
 * The class is a constant, or known by its version, and what it has under the name is, too; what a static or class method stands for is read anew: its __init__ may
 * have been called again. */
#include "tier2/build.h"

static bool has_failed(const struct builder *builder)
{
    return build_has_failed(builder, IR_guard_true) || build_has_failed(builder, IR_guard_version) ||
           build_has_failed(builder, IR_guard_word) || build_has_failed(builder, IR_guard_class);
}

static void guard_version(struct builder *builder, PyTypeObject *class)
{
    struct ir_node *version = build_node(builder, IR_guard_version, 0, NULL);
    version->pointer = class;
    version->number = class->tp_version_tag;
    version->state = build_state_before(builder);
}

/* The case of a receiver that is a class: that is alive, as is its own class, and both are as they were. */
static bool is_known_class(struct builder *builder, const struct attribute_case *seen)
{
    return build_class_is_live(builder, seen->type, seen->keys_version) && Py_IS_TYPE(seen->type, &PyType_Type) &&
           PyType_Type.tp_version_tag == seen->type_version;
}

/* Guards that the receiver is the class of the case, as it was. */
static void guard_receiver(struct builder *builder, struct ir_node *owner, const struct attribute_case *seen)
{
    build_guard_same(builder, owner, (PyObject *)seen->type);
    struct ir_node *kind = build_guard1(builder, IR_guard_word, owner);
    kind->offset = (int32_t)offsetof(PyObject, ob_type);
    kind->number = (int64_t)(uintptr_t)&PyType_Type;
    guard_version(builder, seen->type);
}

/* What a static or class method stands for, guarded to be what it is now. */
static struct ir_node *wrapped_function(struct builder *builder, PyObject *method)
{
    PyObject *function = ((struct wrapped_function *)method)->callable;
    struct ir_node *found = build_node1(builder, IR_load, build_object(builder, method));
    found->type = IR_OBJECT;
    found->offset = (int32_t)offsetof(struct wrapped_function, callable);
    found->memory = MEMORY_shape;
    build_guard_same(builder, found, function);
    return build_object(builder, function);
}

/* Is it one whose function can be told? */
static bool wraps_function(PyObject *method)
{
    PyObject *function = ((struct wrapped_function *)method)->callable;
    return function != NULL && Py_IS_TYPE(function, &PyFunction_Type);
}

enum member { MEMBER_none, MEMBER_value, MEMBER_static, MEMBER_class };

/* How what the class has under the name comes to be the attribute. */
static enum member member_of(const struct attribute_case *seen)
{
    PyTypeObject *type = Py_TYPE(seen->value);
    bool wraps = type == &PyStaticMethod_Type || type == &PyClassMethod_Type;
    if (wraps && !wraps_function(seen->value)) {
        return MEMBER_none;
    }
    if (type == &PyStaticMethod_Type) {
        return MEMBER_static;
    }
    if (type == &PyClassMethod_Type) {
        return MEMBER_class;
    }
    /* The value's own class may get a __get__ later, unless nobody can change it. */
    bool binds_not =
        type == &PyFunction_Type || (type->tp_descr_get == NULL && (type->tp_flags & Py_TPFLAGS_IMMUTABLETYPE) != 0);
    return seen->kind == ATTRIBUTE_CLASS && binds_not ? MEMBER_value : MEMBER_none;
}

bool build_class_member(struct builder *builder, bool method)
{
    const struct attribute_cell *cell = build_cell(builder);
    if (cell == NULL || cell->megamorphic || cell->count != 1 || has_failed(builder)) {
        return false;
    }
    const struct attribute_case *seen = &cell->first;
    bool of_class = seen->kind == ATTRIBUTE_CLASS;
    if (of_class ? !is_known_class(builder, seen)
                 : (seen->kind != ATTRIBUTE_STATICMETHOD && seen->kind != ATTRIBUTE_CLASSMETHOD) ||
                       !build_class_attribute_is_known(builder, seen)) {
        return false;
    }
    enum member member = member_of(seen);
    if (member == MEMBER_none || (member == MEMBER_class && !method)) {
        return false;
    }
    struct ir_node *owner = peek(builder, 0)->value;
    if (of_class) {
        guard_receiver(builder, owner, seen);
    } else {
        build_guard_class(builder, owner, seen->type);
        build_class_attribute(builder, owner, seen);
    }
    struct ir_node *value =
        member == MEMBER_value ? build_object(builder, seen->value) : wrapped_function(builder, seen->value);
    struct operand receiver = pop(builder);
    if (member == MEMBER_class) {
        push_fetched(builder, value);
        if (of_class) {
            push(builder, receiver);
            return true;
        }
        struct ir_node *class = build_object(builder, (PyObject *)seen->type);
        build_node1(builder, IR_hold, class);
        push_owned(builder, class);
    } else {
        if (method) {
            push(builder, (struct operand){.state = OPERAND_NULL, .local = -1});
        }
        push_fetched(builder, value);
    }
    operand_drop(builder, &receiver, builder->current + 1);
    return true;
}
