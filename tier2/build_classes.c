/* tier2/build_classes.c: which class a value is probably of, what its attributes probably are, and whether a class is alive; see build.h. */
#include "tier2/build.h"

#include <stdlib.h>

/* ---- What attributes probably are ---------------------------------------------------------------------------- */

static struct attribute_hint *find_hint(const struct builder *builder, const struct attribute_case *seen)
{
    struct attribute_hints *hints = &builder->directs->hints;
    for (int i = 0; i < hints->count; i++) {
        struct attribute_hint *hint = &hints->rows[i];
        if (hint->version == seen->type_version && hint->index == seen->index) {
            return hint;
        }
    }
    return NULL;
}

void build_note_attribute(struct builder *builder, const struct attribute_case *seen, const struct operand *value)
{
    struct attribute_hints *hints = &builder->directs->hints;
    struct attribute_hint *hint = find_hint(builder, seen);
    enum ir_kind kind = operand_guess(value);
    PyObject *sample = value->state != OPERAND_RAW ? value->value->sample : NULL;
    PyTypeObject *class = build_class_of(value);
    if (hint == NULL && hints->count < MOST_ATTRIBUTE_HINTS && (kind != KIND_any || class != NULL)) {
        hint = &hints->rows[hints->count++];
        *hint = (struct attribute_hint){.version = seen->type_version, .index = seen->index};
    }
    if (hint != NULL && kind != KIND_none) {
        hint->kind = (uint8_t)kind;
        hint->sample = sample != NULL ? sample : hint->sample;
        hint->class = class != NULL ? class : hint->class;
    }
}

void build_guess_attribute(struct builder *builder, const struct attribute_case *seen, struct ir_node *value)
{
    const struct attribute_hint *hint = find_hint(builder, seen);
    if (hint != NULL && value->sample == NULL) {
        value->sample = hint->sample;
        value->guess = hint->kind;
        value->class = hint->class;
    }
}

/* ---- Classes ------------------------------------------------------------------------------------------------- */

PyTypeObject *build_class_of(const struct operand *operand)
{
    if (operand->state == OPERAND_NULL) {
        return NULL;
    }
    if (operand->state == OPERAND_RAW) {
        return operand->value->type == IR_INT     ? &PyLong_Type
               : operand->value->type == IR_FLOAT ? &PyFloat_Type
                                                  : &PyBool_Type;
    }
    const struct ir_node *value = operand->value;
    if (value->op == IR_new_instance) {
        return (PyTypeObject *)value->pointer;
    }
    return value->sample != NULL ? Py_TYPE((PyObject *)value->sample) : value->class;
}

/* All classes below `class` into the table. They are found by weak references, which their bases have. */
static void collect_classes(struct live_classes *live, PyTypeObject *class, int depth)
{
    enum { DEEPEST = 64 };
    PyObject *subclasses = class->tp_subclasses;
    Py_ssize_t position = 0;
    PyObject *key, *reference;
    while (subclasses != NULL && depth < DEEPEST && PyDict_Next(subclasses, &position, &key, &reference)) {
        PyObject *subclass = PyWeakref_GET_OBJECT(reference);
        if (!PyType_Check(subclass)) {
            continue;
        }
        if (live->count == live->capacity) {
            size_t capacity = live->capacity * 2 + 1024;
            PyTypeObject **grown = realloc(live->rows, capacity * sizeof(PyTypeObject *));
            if (grown == NULL) {
                return;
            }
            live->rows = grown;
            live->capacity = capacity;
        }
        live->rows[live->count++] = (PyTypeObject *)subclass;
        collect_classes(live, (PyTypeObject *)subclass, depth + 1);
    }
}

static int compare_pointers(const void *a, const void *b)
{
    uintptr_t left = *(const uintptr_t *)a;
    uintptr_t right = *(const uintptr_t *)b;
    return (left > right) - (left < right);
}

bool build_class_is_live(struct builder *builder, PyTypeObject *class, uint32_t version)
{
    struct live_classes *live = &builder->directs->live;
    if (!live->collected) {
        live->collected = true;
        collect_classes(live, &PyBaseObject_Type, 0);
        if (live->count > 0) {
            qsort(live->rows, live->count, sizeof(PyTypeObject *), compare_pointers);
        }
    }
    PyTypeObject *const *found =
        live->count == 0 ? NULL : bsearch(&class, live->rows, live->count, sizeof(PyTypeObject *), compare_pointers);
    return found != NULL && (*found)->tp_version_tag == version && version != 0;
}

bool build_is_live(struct builder *builder, const struct attribute_case *seen)
{
    return build_class_is_live(builder, seen->type, seen->type_version);
}

void build_guard_class(struct builder *builder, struct ir_node *owner, PyTypeObject *class)
{
    if (owner->op != IR_new_instance || owner->pointer != class) {
        struct ir_node *guard = build_guard1(builder, IR_guard_class, owner);
        guard->pointer = class;
    }
    struct ir_node *version = build_node(builder, IR_guard_version, 0, NULL);
    version->pointer = class;
    version->number = class->tp_version_tag;
    version->state = build_state_before(builder);
}
