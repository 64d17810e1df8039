/* tier2/build_attributes.c: attributes and methods, as the feedback of tier 1 and the samples say where they are; see build.h.
 *
 * What a class says (its type's version) is good until the next escape, so the guards stand at every use and a pass takes those away that others
 * have said before. Where a receiver is not so simple, a C function that runs no code looks (ops/attribute_quick.c). */
#include "tier2/build.h"

#include "runtime/ops.h"
#include "runtime/ops/attribute_cells.h"
#include "runtime/plain.h"

/* Where an instance has the pointers that stand before it, in bytes: its values, and its dict. */
enum { VALUES_OFFSET = -4 * (int)sizeof(PyObject *) };

static PyObject *name_of(const struct builder *builder)
{
    return PyTuple_GET_ITEM(builder->code->co_names, build_current(builder)->oparg);
}

/* Have all types seen the attribute in the same place of their instances? */
static bool all_cases_alike(const struct attribute_cell *cell)
{
    const struct attribute_case *first = feedback_case(cell, 0);
    bool alike =
        first->kind == ATTRIBUTE_INLINE_VALUE || first->kind == ATTRIBUTE_SLOT || first->kind == ATTRIBUTE_ADD_INLINE;
    for (int i = 0; i < cell->count; i++) {
        const struct attribute_case *seen = feedback_case(cell, i);
        alike &= seen->kind == first->kind && seen->index == first->index && seen->type_version != 0;
    }
    return alike;
}

/* The case to speculate on, of a kind that `serves` says: the only one there is, or one of several that are alike; NULL: none. */
static const struct attribute_case *likely_case(const struct builder *builder, unsigned serves)
{
    const struct attribute_cell *cell = build_cell(builder);
    /* Where one class was not enough, several may have come by since. */
    if (cell == NULL || cell->megamorphic || cell->count == 0 ||
        build_has_failed(builder, cell->count == 1 ? IR_guard_class : IR_guard_versions)) {
        return NULL;
    }
    const struct attribute_case *seen = feedback_case(cell, 0);
    bool several = cell->count > 1;
    return (serves >> seen->kind & 1) && seen->type_version != 0 && (!several || all_cases_alike(cell)) ? seen : NULL;
}

/* Is the sample of a type that the cell knows, as that type is now? Then what its case borrows is alive. */
static PyObject *sample_of_case(const struct builder *builder, const struct ir_node *owner)
{
    const struct attribute_cell *cell = build_cell(builder);
    PyObject *sample = owner->sample;
    for (int i = 0; sample != NULL && i < cell->count; i++) {
        const struct attribute_case *seen = feedback_case(cell, i);
        if (Py_TYPE(sample) == seen->type && Py_TYPE(sample)->tp_version_tag == seen->type_version) {
            return sample;
        }
    }
    return NULL;
}

void build_guard_versions(struct builder *builder, struct ir_node *owner, const struct attribute_cell *cell)
{
    uint32_t *versions = ir_allocate(builder->graph, FEEDBACK_MAX_CASES * sizeof *versions);
    struct ir_node *guard = build_guard1(builder, IR_guard_versions, owner);
    guard->pointer = versions;
    guard->number = cell->count;
    for (int i = 0; versions != NULL && i < cell->count; i++) {
        versions[i] = feedback_case(cell, i)->type_version;
    }
}

static void guard_type(struct builder *builder, struct ir_node *owner, const struct attribute_case *seen)
{
    const struct attribute_cell *cell = build_cell(builder);
    if (cell->count > 1) {
        build_guard_versions(builder, owner, cell);
        return;
    }
    if (owner->op != IR_new_instance || owner->pointer != seen->type) {
        struct ir_node *class = build_guard1(builder, IR_guard_class, owner);
        class->pointer = seen->type;
    }
    struct ir_node *version = build_node(builder, IR_guard_version, 0, NULL);
    version->pointer = seen->type;
    version->number = seen->type_version;
    version->state = build_state_before(builder);
}

/* Where the inline values of an instance of a guarded type are. */
static struct ir_node *load_values(struct builder *builder, struct ir_node *owner)
{
    struct ir_node *values = build_node1(builder, IR_load, owner);
    values->type = IR_OBJECT;
    values->offset = VALUES_OFFSET;
    values->memory = MEMORY_shape;
    return build_guard1(builder, IR_guard_bound, values);
}

/* The object `offset` bytes into `base`: an attribute, perhaps NULL. */
static struct ir_node *load_attribute(struct builder *builder, struct ir_node *base, int32_t offset)
{
    struct ir_node *value = build_node1(builder, IR_load, base);
    value->type = IR_OBJECT;
    value->offset = offset;
    value->memory = MEMORY_attribute;
    return value;
}

static struct ir_node *guard_bound(struct builder *builder, struct ir_node *value)
{
    struct ir_node *bound = build_guard1(builder, IR_guard_bound, value);
    build_copy_guess(bound, value);
    return bound;
}

/* Where instances have the attribute: the base to load from, and the offset there; NULL where they do not have it themselves. */
static struct ir_node *place_of(struct builder *builder, struct ir_node *owner, const struct attribute_case *seen,
                                int32_t *offset)
{
    if (seen->kind == ATTRIBUTE_SLOT) {
        *offset = seen->index;
        return owner;
    }
    *offset = (int32_t)(offsetof(PyDictValues, values) + seen->index * sizeof(PyObject *));
    return load_values(builder, owner);
}

static PyObject *sample_in_place(PyObject *sample, const struct attribute_case *seen)
{
    if (sample == NULL) {
        return NULL;
    }
    if (seen->kind == ATTRIBUTE_SLOT) {
        return *(PyObject **)((char *)sample + seen->index);
    }
    PyDictValues *values = *_PyObject_ValuesPointer(sample);
    return values != NULL ? values->values[seen->index] : NULL;
}

static void note_or_guess(struct builder *builder, const struct attribute_case *seen, struct ir_node *value)
{
    if (value->sample != NULL) {
        build_note_attribute(builder, seen,
                             &(struct operand){.state = OPERAND_BORROWED, .local = -1, .value = value});
    } else {
        build_guess_attribute(builder, seen, value);
    }
}

struct ir_node *build_class_attribute(struct builder *builder, struct ir_node *owner,
                                      const struct attribute_case *seen)
{
    if (!seen->without_dict) {
        struct ir_node *values = load_values(builder, owner);
        if (seen->index != ATTRIBUTE_NO_INDEX) {
            int32_t offset = (int32_t)(offsetof(PyDictValues, values) + seen->index * sizeof(PyObject *));
            build_guard1(builder, IR_guard_null, load_attribute(builder, values, offset));
        } else {
            struct ir_node *keys = build_node(builder, IR_guard_keys, 0, NULL);
            keys->pointer = seen->type;
            keys->number = seen->keys_version;
            keys->state = build_state_before(builder);
        }
    }
    return build_object(builder, seen->value);
}

static bool is_object(const struct operand *operand)
{
    return operand->state != OPERAND_RAW && operand->state != OPERAND_NULL;
}

bool build_class_attribute_is_known(struct builder *builder, const struct attribute_case *seen)
{
    bool hidden_by_keys = !seen->without_dict && seen->index == ATTRIBUTE_NO_INDEX;
    return !(hidden_by_keys && seen->keys_version == 0) && build_is_live(builder, seen);
}

/* Can a plain function find what all classes that the cell has seen have? */
static bool is_peekable(const struct attribute_cell *cell)
{
    for (int i = 0; cell != NULL && i < cell->count; i++) {
        switch (feedback_case(cell, i)->kind) {
        case ATTRIBUTE_PROPERTY:
        case ATTRIBUTE_GETSET:
        case ATTRIBUTE_METHOD:
        case ATTRIBUTE_CLASSMETHOD:
        case ATTRIBUTE_HOOK:
        case ATTRIBUTE_GENERIC:
            return false;
        default:
            break;
        }
    }
    return true;
}

/* An attribute that one class of several has, borrowed: the owner is guarded to be of it here. */
static struct ir_node *load_case(struct builder *builder, struct ir_node *owner, const struct attribute_case *seen)
{
    build_guard_class(builder, owner, seen->type);
    if (seen->kind == ATTRIBUTE_TYPE_VALUE) {
        return build_class_attribute(builder, owner, seen);
    }
    int32_t offset;
    struct ir_node *base = place_of(builder, owner, seen, &offset);
    struct ir_node *value = load_attribute(builder, base, offset);
    build_guess_attribute(builder, seen, value);
    return guard_bound(builder, value);
}

/* The attribute of an owner of one of several classes, which have it in different places; NULL: nothing done. */
static struct ir_node *polymorphic_attribute(struct builder *builder, struct ir_node *owner)
{
    const struct attribute_cell *cell = build_cell(builder);
    if (cell == NULL || cell->megamorphic || cell->count < 2 || build_has_failed(builder, IR_guard_class) ||
        build_has_failed(builder, IR_guard_version) || build_has_failed(builder, IR_guard_bound)) {
        return NULL;
    }
    for (int i = 0; i < cell->count; i++) {
        const struct attribute_case *seen = feedback_case(cell, i);
        bool has_place = seen->kind == ATTRIBUTE_INLINE_VALUE || seen->kind == ATTRIBUTE_SLOT;
        if (!(has_place || seen->kind == ATTRIBUTE_TYPE_VALUE) || !build_class_attribute_is_known(builder, seen)) {
            return NULL;
        }
    }
    struct ir_node *values[FEEDBACK_MAX_CASES];
    struct ir_block *join = ir_block_new(builder->graph);
    for (int i = 0; i < cell->count; i++) {
        const struct attribute_case *seen = feedback_case(cell, i);
        struct ir_block *others = NULL;
        if (i + 1 < cell->count) {
            struct ir_node *is_it = build_node1(builder, IR_is_of_class, owner);
            is_it->pointer = seen->type;
            is_it->memory = MEMORY_type;
            others = build_split(builder, is_it, 0);
        }
        values[i] = load_case(builder, owner, seen);
        build_node(builder, IR_jump, 0, NULL);
        ir_connect(builder->graph, builder->block, 0, join);
        builder->block = others;
    }
    builder->block = join;
    return build_phi(builder, join, values, cell->count);
}

static struct ir_node *attribute_of_module(struct builder *builder, struct ir_node *owner)
{
    bool failed = build_has_failed(builder, IR_guard_class) || build_has_failed(builder, IR_guard_half) ||
                  build_has_failed(builder, IR_guard_true);
    return failed ? NULL : build_module_attribute(builder, owner, name_of(builder));
}

/* Pushes a new reference found by a plain function in place of the operand on top; leaves where there was none. */
static void replace_top(struct builder *builder, struct ir_node *result)
{
    struct ir_node *found = build_guard1(builder, IR_guard_bound, result);
    struct operand owner = pop(builder);
    push_owned(builder, found);
    operand_drop(builder, &owner, builder->current + 1);
}

void build_load_attr(struct builder *builder)
{
    struct operand *operand = peek(builder, 0);
    if (build_complex_attribute(builder)) {
        return;
    }
    if (!is_object(operand)) {
        build_by_step(builder);
        return;
    }
    if (build_property_load(builder) || build_class_member(builder, false)) {
        return;
    }
    struct ir_node *owner = operand->value;
    const struct attribute_case *seen =
        likely_case(builder, 1U << ATTRIBUTE_INLINE_VALUE | 1U << ATTRIBUTE_SLOT | 1U << ATTRIBUTE_TYPE_VALUE);
    struct ir_node *value;
    if (seen != NULL && seen->kind != ATTRIBUTE_TYPE_VALUE) {
        int32_t offset;
        guard_type(builder, owner, seen);
        struct ir_node *base = place_of(builder, owner, seen, &offset);
        value = load_attribute(builder, base, offset);
        value->sample = sample_in_place(sample_of_case(builder, owner), seen);
        note_or_guess(builder, seen, value);
        value = guard_bound(builder, value);
    } else if (seen != NULL && build_class_attribute_is_known(builder, seen)) {
        guard_type(builder, owner, seen);
        value = build_class_attribute(builder, owner, seen);
    } else if ((value = polymorphic_attribute(builder, owner)) != NULL) {
        /* As found. */
    } else if ((value = attribute_of_module(builder, owner)) != NULL) {
        /* As found. */
    } else if (!build_has_failed(builder, IR_guard_bound) && is_peekable(build_cell(builder))) {
        struct ir_node *name = build_object(builder, name_of(builder));
        struct ir_node *cell = build_int(builder, (int64_t)(uintptr_t)build_cell(builder));
        replace_top(builder, build_plain_call(builder, (const void *)rt_peek_attr, IR_OBJECT, 3,
                                              (struct ir_node *[]){owner, name, cell}));
        return;
    } else {
        build_by_step(builder);
        return;
    }
    struct operand popped = pop(builder);
    push_fetched(builder, value);
    operand_drop(builder, &popped, builder->current + 1);
}

/* The method of a built-in class with a kind: those live for ever, and what stands in them is known by their version; NULL: none. */
static struct ir_node *method_of_kind(struct builder *builder, struct operand *operand)
{
    const struct attribute_cell *cell = build_cell(builder);
    enum ir_kind kind = operand_guess(operand);
    if (kind == KIND_any && operand->value->sample == NULL && cell != NULL && cell->count == 1) {
        kind = build_kind_of_type(cell->first.type);
    }
    PyTypeObject *class = ir_type_of_kind(kind);
    PyObject *method = class == NULL ? NULL : _PyType_Lookup(class, name_of(builder));
    if (method == NULL || !Py_IS_TYPE(method, &PyMethodDescr_Type) || class->tp_dictoffset != 0 ||
        class->tp_version_tag == 0 || build_has_failed(builder, IR_guard_kind) ||
        build_has_failed(builder, IR_guard_version)) {
        return NULL;
    }
    operand_kind_guard(builder, operand, kind);
    struct ir_node *version = build_node(builder, IR_guard_version, 0, NULL);
    version->pointer = class;
    version->number = class->tp_version_tag;
    version->state = build_state_before(builder);
    return build_object(builder, method);
}

/* A method and self; or NULL and what was found, which binds nothing. */
void build_load_method(struct builder *builder)
{
    struct operand *operand = peek(builder, 0);
    if (!is_object(operand)) {
        build_by_step(builder);
        return;
    }
    struct ir_node *owner = operand->value;
    const struct attribute_case *seen =
        likely_case(builder, 1U << ATTRIBUTE_METHOD | 1U << ATTRIBUTE_INLINE_VALUE | 1U << ATTRIBUTE_TYPE_VALUE);
    if (seen != NULL && seen->kind == ATTRIBUTE_METHOD && build_class_attribute_is_known(builder, seen) &&
        build_kind_of_type(seen->type) == KIND_any) {
        guard_type(builder, owner, seen);
        struct ir_node *method = build_class_attribute(builder, owner, seen);
        struct operand self = pop(builder);
        push_fetched(builder, method);
        push(builder, self);
        return;
    }
    struct ir_node *method = method_of_kind(builder, operand);
    if (method != NULL) {
        struct operand self = pop(builder);
        push_fetched(builder, method);
        push(builder, self);
        return;
    }
    if (build_class_member(builder, true)) {
        return;
    }
    method = attribute_of_module(builder, owner);
    if (method != NULL) {
        struct operand module = pop(builder);
        push(builder, (struct operand){.state = OPERAND_NULL, .local = -1});
        push_fetched(builder, method);
        operand_drop(builder, &module, builder->current + 1);
        return;
    }
    if (!build_polymorphic_method(builder)) {
        build_by_step(builder);
    }
}

void build_store_place(struct builder *builder, struct ir_node *base, size_t offset, enum ir_memory memory,
                       PyObject *sample, int pops)
{
    struct ir_node *old = load_attribute(builder, base, (int32_t)offset);
    old->memory = (uint8_t)memory;
    old->sample = sample;
    old = guard_bound(builder, old);
    struct operand dying[2] = {{.state = OPERAND_OWNED, .local = -1, .value = old}};
    if (operand_is_fresh_number(builder, peek(builder, pops - 1)) && !build_has_failed(builder, IR_store_raw)) {
        struct ir_state *state = build_state_of_store(builder, pops);
        dying[1] = pops > 1 ? pop(builder) : (struct operand){.state = OPERAND_NULL};
        struct ir_node *raw = pop(builder).value;
        struct ir_node *store = build_node(builder, IR_store_raw, 3, (struct ir_node *[]){base, old, raw});
        store->offset = (int32_t)offset;
        store->memory = (uint8_t)memory;
        store->state = state;
        operand_drop(builder, &dying[1], builder->current + 1);
        return;
    }
    struct operand place = {.state = OPERAND_BORROWED, .local = BORROWED_FROM_MEMORY, .value = old};
    if (build_is_number(operand_guess(&place)) && !build_kind_has_failed(builder, operand_guess(&place))) {
        dying[0].value = operand_kind_guard(builder, &place, operand_guess(&place));
    }
    struct ir_node *value = operand_owned(builder, peek(builder, pops - 1));
    dying[1] = pops > 1 ? pop(builder) : (struct operand){.state = OPERAND_NULL};
    pop(builder);
    build_own_fetched(builder);
    struct ir_node *store = build_node2(builder, IR_store, base, value);
    store->offset = (int32_t)offset;
    store->memory = (uint8_t)memory;
    operand_drop_many(builder, dying, 2, builder->current + 1);
}

/* By a function that runs no code, for all kinds of places; what stood there, or something else, is dropped. */
static void poke_attribute(struct builder *builder)
{
    struct ir_node *owner = operand_object(builder, peek(builder, 0));
    struct ir_node *value = operand_object(builder, peek(builder, 1));
    struct ir_node *inputs[4] = {owner, value, build_object(builder, name_of(builder)),
                                 build_int(builder, (int64_t)(uintptr_t)build_cell(builder))};
    struct ir_node *old = build_plain_call(builder, (const void *)rt_plain_store_attr, IR_OBJECT, 4, inputs);
    old->memory = MEMORY_attribute;
    struct ir_state *state = build_state_of_store(builder, 2);
    struct ir_node *dead = build_node1(builder, IR_guard_bound, old);
    dead->state = state;
    struct operand popped_owner = pop(builder);
    struct operand popped_value = pop(builder);
    if (popped_value.state == OPERAND_OWNED) {
        /* The owner has it now: this is not its last reference. */
        struct ir_node *drop = build_node1(builder, IR_drop, popped_value.value);
        drop->flags |= NODE_SIMPLE;
    }
    struct operand dying[2] = {{.state = OPERAND_OWNED, .local = -1, .value = dead}, popped_owner};
    operand_drop_many(builder, dying, 2, builder->current + 1);
}

/* Into a place where there is nothing yet. */
static void store_new(struct builder *builder, struct ir_node *base, int32_t offset, int index)
{
    build_guard1(builder, IR_guard_null, load_attribute(builder, base, offset));
    struct ir_node *value = operand_owned(builder, peek(builder, 1));
    struct operand owner = pop(builder);
    pop(builder);
    struct ir_node *store = build_node2(builder, IR_store_new, base, value);
    store->offset = offset;
    store->number = index;
    store->memory = MEMORY_attribute;
    operand_drop(builder, &owner, builder->current + 1);
}

/* Will the place be empty? In an instance that has just been made it is; else the feedback knows, a live object, or what went wrong before. */
static bool is_new_place(const struct builder *builder, const struct ir_node *owner,
                         const struct attribute_case *seen)
{
    if (build_has_failed(builder, IR_guard_null)) {
        return false;
    }
    if (owner->op == IR_new_instance || seen->kind == ATTRIBUTE_ADD_INLINE ||
        build_has_failed(builder, IR_guard_bound)) {
        return true;
    }
    PyObject *sample = sample_of_case(builder, owner);
    return sample != NULL && sample_in_place(sample, seen) == NULL;
}

void build_store_attr(struct builder *builder)
{
    struct operand *operand = peek(builder, 0);
    const struct attribute_case *seen =
        likely_case(builder, 1U << ATTRIBUTE_INLINE_VALUE | 1U << ATTRIBUTE_SLOT | 1U << ATTRIBUTE_ADD_INLINE);
    if (!is_object(operand)) {
        build_by_step(builder);
        return;
    }
    if (build_property_store(builder)) {
        return;
    }
    bool failed = build_has_failed(builder, IR_guard_bound);
    if (seen != NULL && !(failed && build_has_failed(builder, IR_guard_null))) {
        struct ir_node *owner = operand->value;
        int32_t offset;
        guard_type(builder, owner, seen);
        struct ir_node *base = place_of(builder, owner, seen, &offset);
        build_note_attribute(builder, seen, peek(builder, 1));
        if (is_new_place(builder, owner, seen)) {
            store_new(builder, base, offset, seen->kind == ATTRIBUTE_SLOT ? -1 : seen->index);
            return;
        }
        build_store_place(builder, base, (size_t)offset, MEMORY_attribute,
                          sample_in_place(sample_of_case(builder, owner), seen), 2);
        return;
    }
    if ((failed && seen == NULL) || !is_peekable(build_cell(builder))) {
        build_by_step(builder);
        return;
    }
    poke_attribute(builder);
}
