/* tier2/virtual_objects.c: what a walk of pass_virtual.c knows of objects: their names among the nodes, what has been found out of them, how one
 * that is virtual is made, and how frame states name it. */
#include "tier2/virtual.h"

#include "runtime/compiler_memory.h"
#include "runtime/cpython.h"

#include <stdlib.h>
#include <string.h>

/* ---- Names ------------------------------------------------------------------------------------------------------ */

struct ir_node *virtual_resolve(const struct walk *walk, struct ir_node *node)
{
    node = ir_current(node);
    while (node != NULL && node->id < walk->capacity && walk->forwards[node->id] != NULL) {
        node = ir_current(walk->forwards[node->id]);
    }
    return node;
}

int virtual_object_in_role(const struct walk *walk, const struct ir_node *node, int role)
{
    int object = node != NULL && node->id < walk->capacity ? walk->aliases[node->id] - 1 - role : NO_OBJECT;
    return object >= 0 && object < MOST_OBJECTS ? object : NO_OBJECT;
}

int virtual_object_of(const struct walk *walk, const struct ir_node *node)
{
    return virtual_object_in_role(walk, node, 0);
}

bool virtual_is_named(const struct walk *walk, const struct ir_node *node)
{
    return node->id < walk->capacity && walk->aliases[node->id] != 0;
}

bool virtual_is_box_kind(const struct walk *walk, int object)
{
    return walk->objects[object].kind == KIND_int || walk->objects[object].kind == KIND_float;
}

bool virtual_is_unmade(const struct walk *walk, const struct point *at, const struct ir_node *node)
{
    int object = virtual_object_of(walk, node);
    return object != NO_OBJECT && at->objects[object].manner == VIRTUAL;
}

struct ir_node *virtual_value_at(const struct walk *walk, const struct point *at, struct ir_node *node)
{
    node = virtual_resolve(walk, node);
    int object = virtual_object_of(walk, node);
    return object != NO_OBJECT && at->objects[object].manner == REAL ? at->objects[object].real : node;
}

void virtual_name_object(struct walk *walk, const struct ir_node *node, int object)
{
    walk->aliases[node->id] = (int16_t)(object + 1);
}

void virtual_name_in_role(struct walk *walk, const struct ir_node *node, int object, int role)
{
    walk->aliases[node->id] = (int16_t)(object + 1 + role);
}

void virtual_forward(struct walk *walk, const struct ir_node *node, struct ir_node *to)
{
    int object = virtual_object_of(walk, to);
    if (object != NO_OBJECT) {
        virtual_name_object(walk, node, object);
    } else {
        walk->forwards[node->id] = to;
    }
}

void virtual_take_away(struct walk *walk, struct ir_node *node)
{
    if (walk->changes) {
        ir_remove(node);
    }
}

bool virtual_has_finding(const struct walk *walk, uint32_t name, const struct ir_block *header)
{
    for (size_t i = 0; i < walk->finding_count; i++) {
        if (walk->findings[i].name == name && walk->findings[i].header == header->id) {
            return true;
        }
    }
    return false;
}

void virtual_find_out(struct walk *walk, uint32_t name, const struct ir_block *header)
{
    walk->again = true;
    if (walk->finding_count == walk->finding_capacity) {
        size_t capacity = walk->finding_capacity * 2 + 16;
        struct finding *grown = compiler_realloc(walk->findings, capacity * sizeof *grown);
        if (grown == NULL) {
            walk->graph->out_of_memory = true;
            return;
        }
        walk->findings = grown;
        walk->finding_capacity = capacity;
    }
    walk->findings[walk->finding_count++] = (struct finding){name, header->id};
}

void virtual_refuse(struct walk *walk, int object)
{
    if (walk->objects[object].merged_in != NULL) {
        virtual_find_out(walk, walk->objects[object].key, walk->objects[object].merged_in);
    } else {
        walk->refused[walk->objects[object].key] = true;
    }
    walk->again = true;
}

bool virtual_must_be_real(const struct walk *walk, int object, const struct ir_block *header)
{
    return virtual_has_finding(walk, walk->objects[object].key, header);
}

uint32_t virtual_name_of_home(int local)
{
    return UINT32_MAX - (uint32_t)local;
}

uint32_t virtual_name_of_changing(int local)
{
    return UINT32_MAX - MOST_HOMES - (uint32_t)local;
}

uint32_t virtual_name_of_merge(int local)
{
    return UINT32_MAX - 2 * MOST_HOMES - (uint32_t)local;
}

uint32_t virtual_name_of_field(uint32_t name, int field)
{
    return 0x40000000U | ((name * 33 + (uint32_t)field + 1) & 0x3fffffffU);
}

void virtual_settle_for_certainty(struct walk *walk, int local)
{
    walk->never_perhaps[local] = true;
    walk->again = true;
}

/* ---- Making ----------------------------------------------------------------------------------------------------- */

struct ir_node *virtual_insert(struct walk *walk, struct ir_node *where, enum ir_op op, int count,
                               struct ir_node *const *inputs)
{
    if (!walk->changes) {
        return ir_node_new(walk->graph, op, count, inputs);
    }
    struct ir_node *node = ir_insert_before(walk->graph, where, op, count, inputs);
    node->frame = where->frame;
    return node;
}

void virtual_store_home(struct walk *walk, int local, struct ir_node *value, struct ir_node *where)
{
    struct ir_node *store =
        virtual_insert(walk, where, value != NULL ? IR_store_home : IR_clear_home, value != NULL, &value);
    store->number = local;
    store->frame = 0;
    store->flags = NODE_SIMPLE;
}

struct ir_node *virtual_constant(struct walk *walk, struct ir_node *where, enum ir_op op, int64_t number)
{
    struct ir_node *node = virtual_insert(walk, where, op, 0, NULL);
    node->number = number;
    return node;
}

/* What IR_virtual and IR_make say besides the fields. */
static void describe_class(struct ir_node *node, const struct object *object)
{
    node->kind = object->kind;
    node->pointer = object->class;
    node->number = object->kind == KIND_function ? object->parts : object->has_values;
}

struct ir_node *virtual_make(struct walk *walk, struct point *at, int number, struct ir_node *where)
{
    const struct object *object = &walk->objects[number];
    struct standing *standing = &at->objects[number];
    struct ir_node *fields[MOST_FIELDS];
    for (int i = 0; i < standing->field_count; i++) {
        struct ir_node *field = virtual_resolve(walk, standing->fields[i]);
        int inner = virtual_object_of(walk, field);
        if (inner != NO_OBJECT && at->objects[inner].manner == VIRTUAL) {
            virtual_make(walk, at, inner, where);
        }
        fields[i] = virtual_value_at(walk, at, field);
    }
    enum ir_op op = object->kind == KIND_int ? IR_box_int : object->kind == KIND_float ? IR_box_float : IR_make;
    struct ir_node *real = virtual_insert(walk, where, op, standing->field_count, fields);
    describe_class(real, object);
    real->sample = object->name->sample;
    for (int i = 1; i < standing->references; i++) {
        virtual_insert(walk, where, IR_hold, 1, &real);
    }
    standing->manner = REAL;
    standing->real = real;
    standing->description = NULL;
    for (int i = 0; i < walk->home_count; i++) {
        struct home *home = &at->homes[i];
        if (home->manner == HOME_VIRTUAL && home->object == number) {
            virtual_store_home(walk, i, real, where);
            *home = (struct home){.manner = IN_HOME};
        }
    }
    return real;
}

void virtual_make_all(struct walk *walk, struct point *at, struct ir_node *where)
{
    for (int i = 0; i < walk->object_count; i++) {
        if (at->objects[i].manner == VIRTUAL) {
            virtual_make(walk, at, i, where);
        }
    }
}

/* ---- Frame states ------------------------------------------------------------------------------------------------- */

/* The node that says before `where` what a virtual object is. */
static struct ir_node *describe(struct walk *walk, int number, struct ir_node *where)
{
    const struct object *object = &walk->objects[number];
    struct standing *standing = &walk->now->objects[number];
    struct ir_node *fields[MOST_FIELDS];
    bool same = standing->description != NULL;
    for (int i = 0; i < standing->field_count; i++) {
        fields[i] = virtual_resolve(walk, standing->fields[i]);
        int inner = virtual_object_of(walk, fields[i]);
        fields[i] = inner != NO_OBJECT && walk->now->objects[inner].manner == VIRTUAL
                        ? describe(walk, inner, where)
                        : virtual_value_at(walk, walk->now, fields[i]);
        same = same && i < standing->description->input_count && standing->description->inputs[i] == fields[i];
    }
    same = same && standing->description->input_count == standing->field_count;
    if (!same) {
        standing->description = virtual_insert(walk, where, IR_virtual, standing->field_count, fields);
        describe_class(standing->description, object);
    }
    return standing->description;
}

struct ir_node *virtual_describe_value(struct walk *walk, struct ir_node *node, struct ir_node *where)
{
    node = virtual_resolve(walk, node);
    return virtual_is_unmade(walk, walk->now, node) ? describe(walk, virtual_object_of(walk, node), where)
                                                    : virtual_value_at(walk, walk->now, node);
}

/* How a local of the root frame stands in a state; `slot` is what the graph says, with current values. */
static struct ir_slot slot_of_home(struct walk *walk, int local, struct ir_slot slot, struct ir_node *where)
{
    const struct home *home = &walk->now->homes[local];
    bool is_newer =
        slot.how == SLOT_BORROWED ||
        (slot.how == SLOT_RAW && (slot.clean == NULL || (slot.clean->op == IR_constant_bool && !slot.clean->number)));
    if (home->manner == IN_HOME || is_newer) {
        return slot;
    }
    if (home->manner == HOME_VIRTUAL) {
        return (struct ir_slot){.how = SLOT_OWNED, .box = slot.box, .value = describe(walk, home->object, where)};
    }
    bool is_clean = slot.clean != NULL && slot.clean->op == IR_constant_bool;
    slot.clean = is_clean || slot.clean == NULL
                     ? home->clean
                     : virtual_insert(walk, where, IR_bool_and, 2, (struct ir_node *[]){slot.clean, home->clean});
    return slot;
}

void virtual_expect_object(struct walk *walk, struct ir_node *node)
{
    int object = virtual_object_of(walk, virtual_resolve(walk, node));
    if (object != NO_OBJECT && walk->now->objects[object].manner == ABSENT) {
        virtual_refuse(walk, object);
    }
}

void virtual_expect_no_role(struct walk *walk, struct ir_node *node)
{
    node = virtual_resolve(walk, node);
    int object = virtual_object_in_role(walk, node, ABSENT_FROM);
    object = object == NO_OBJECT ? virtual_object_in_role(walk, node, VALUES_OF) : object;
    if (object != NO_OBJECT) {
        virtual_refuse(walk, object);
    }
}

void virtual_settle_state(struct walk *walk, struct ir_node *node)
{
    bool stores = node->op == IR_store_home || node->op == IR_clear_home;
    for (const struct ir_state *state = node->state; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count + state->depth; i++) {
            virtual_expect_object(walk, state->slots[i].value);
            virtual_expect_no_role(walk, state->slots[i].value);
        }
        for (int i = 0; state->outer == NULL && i < walk->home_count; i++) {
            const struct ir_slot *slot = &state->slots[i];
            const struct home *home = &walk->now->homes[i];
            const struct ir_node *clean = virtual_resolve(walk, slot->clean);
            if (stores && node->number == i) {
                continue;
            }
            if (home->manner == HOME_PERHAPS && slot->how != SLOT_RAW && slot->how != SLOT_BORROWED) {
                virtual_settle_for_certainty(walk, i);
            } else if (home->manner == HOME_VIRTUAL && clean != NULL && clean->op != IR_constant_bool) {
                virtual_make(walk, walk->now, home->object, node);
            }
        }
    }
}

static bool same_slots(const struct ir_state *state, const struct ir_slot *slots, int count)
{
    for (int i = 0; i < count; i++) {
        const struct ir_slot *slot = &state->slots[i];
        if (slot->how != slots[i].how || slot->value != slots[i].value || slot->clean != slots[i].clean ||
            slot->index != slots[i].index) {
            return false;
        }
    }
    return true;
}

/* The virtual box of a raw number in a state, which is the same object: both were made from one number when the graph was built. Or NO_OBJECT. */
static int box_of(const struct walk *walk, const struct ir_slot *slot)
{
    const struct ir_node *raw = slot->value;
    bool names_number = (slot->how == SLOT_OWNED || slot->how == SLOT_BORROWED) && raw != NULL;
    names_number = names_number && raw->type != IR_OBJECT && !ir_is_constant(raw);
    for (int i = 0; names_number && i < walk->object_count; i++) {
        const struct standing *standing = &walk->now->objects[i];
        if (standing->manner == VIRTUAL && virtual_is_box_kind(walk, i) &&
            walk->objects[i].name->number == slot->box && virtual_resolve(walk, standing->fields[0]) == raw) {
            return i;
        }
    }
    return NO_OBJECT;
}

struct ir_state *virtual_copy_state(struct walk *walk, const struct ir_state *state, int more)
{
    struct ir_state *copy = ir_state_new(walk->graph, state->frame, state->local_count, state->depth + more);
    if (copy != NULL) {
        uint32_t id = copy->id;
        *copy = *state;
        copy->id = id;
        copy->depth = (uint16_t)(state->depth + more);
    }
    return copy;
}

struct ir_state *virtual_state_at(struct walk *walk, struct ir_state *state, struct ir_node *where)
{
    if (state == NULL || !walk->changes) {
        return state;
    }
    struct ir_state *outer = virtual_state_at(walk, state->outer, where);
    int count = state->local_count + state->depth;
    struct ir_slot *slots = ir_allocate(walk->graph, (size_t)count * sizeof *slots + 1);
    if (slots == NULL) {
        return state;
    }
    for (int i = 0; i < count; i++) {
        slots[i] = state->slots[i];
        slots[i].value = virtual_describe_value(walk, slots[i].value, where);
        int box = box_of(walk, &slots[i]);
        if (box != NO_OBJECT) {
            slots[i].value = describe(walk, box, where);
        }
        slots[i].clean = virtual_resolve(walk, slots[i].clean);
        slots[i].index = virtual_resolve(walk, slots[i].index);
        if (state->outer == NULL && i < walk->home_count) {
            slots[i] = slot_of_home(walk, i, slots[i], where);
        }
    }
    if (state->id >= walk->state_count || (outer == state->outer && same_slots(state, slots, count))) {
        return state;
    }
    struct state_copy **copies = &walk->copies[state->id];
    for (struct state_copy *copy = *copies; copy != NULL; copy = copy->next) {
        if (copy->to->outer == outer && same_slots(copy->to, slots, count)) {
            return copy->to;
        }
    }
    struct state_copy *copy = ir_allocate(walk->graph, sizeof *copy);
    struct ir_state *to = virtual_copy_state(walk, state, 0);
    if (copy == NULL || to == NULL) {
        return state;
    }
    memcpy(to->slots, slots, (size_t)count * sizeof *slots);
    to->outer = outer;
    *copy = (struct state_copy){to, *copies};
    *copies = copy;
    return to;
}
