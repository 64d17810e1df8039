/* tier2/virtual_references.c: references to virtual objects are counted; what the last one drops; and locals of the root frame, whose homes
 * (their places in the frame) hold something older while they are virtual. */
#include "tier2/virtual.h"

#include "runtime/cpython.h"
#include "runtime/ops.h"
#include "runtime/plain.h"

#include <string.h>

/* ---- The end of an object ----------------------------------------------------------------------------------------- */

bool virtual_is_simple(const struct ir_node *node)
{
    return node->kind == KIND_int || node->kind == KIND_float || node->kind == KIND_bool || node->kind == KIND_str ||
           node->kind == KIND_none;
}

/* Before which of two attributes (their positions, see IR_virtual) is the other dropped? Slots come first, then inline values. */
static bool dies_before(int64_t a, int64_t b)
{
    return (a < 0) != (b < 0) ? a < 0 : a < 0 ? a > b : a < b;
}

/* What a virtual object has references to, in the order in which its end drops them: tuples begin with the last item. Returns the number. */
static int list_references(const struct walk *walk, int number, struct ir_node **list)
{
    const struct object *object = &walk->objects[number];
    const struct standing *standing = &walk->now->objects[number];
    int count = 0;
    if (object->kind == KIND_function) {
        /* Its code and namespaces outlive it. Annotations go after the closure. */
        for (int i = FUNCTION_FIRST_PART; i < standing->field_count; i++) {
            list[count++] = virtual_resolve(walk, standing->fields[i]);
        }
        if ((object->parts & MAKE_FUNCTION_ANNOTATIONS) && (object->parts & MAKE_FUNCTION_CLOSURE)) {
            struct ir_node *closure = list[count - 1];
            list[count - 1] = list[count - 2];
            list[count - 2] = closure;
        }
    } else if (object->kind == KIND_cell) {
        for (int i = 0; i < standing->field_count; i++) {
            list[count++] = virtual_resolve(walk, standing->fields[i]);
        }
    } else if (object->kind == KIND_tuple) {
        for (int i = standing->field_count - 1; i >= 0; i--) {
            list[count++] = virtual_resolve(walk, standing->fields[i]);
        }
    } else if (object->class != NULL) {
        int64_t positions[MOST_FIELDS];
        for (int i = 0; i < standing->field_count; i += 2) {
            int64_t position = standing->fields[i]->number;
            int at = count++;
            for (; at > 0 && dies_before(position, positions[at - 1]); at--) {
                positions[at] = positions[at - 1];
                list[at] = list[at - 1];
            }
            positions[at] = position;
            list[at] = virtual_resolve(walk, standing->fields[i + 1]);
        }
    }
    return count;
}

/* How many of the references that a virtual object has are such that somebody could tell when they go? */
static int count_seen(const struct walk *walk, int number)
{
    struct ir_node *list[MOST_FIELDS];
    int count = list_references(walk, number, list);
    int seen = 0;
    for (int i = 0; i < count; i++) {
        seen += virtual_is_unmade(walk, walk->now, list[i])
                    ? count_seen(walk, virtual_object_of(walk, list[i]))
                    : !virtual_is_simple(virtual_value_at(walk, walk->now, list[i]));
    }
    return seen;
}

/* Slots are dropped class by class, in an order that is not known here. */
static bool has_slots(const struct walk *walk, int number)
{
    const struct standing *standing = &walk->now->objects[number];
    return walk->objects[number].class != NULL && standing->field_count > 0 && standing->fields[0]->number < 0;
}

void virtual_lose_reference(struct walk *walk, int number, struct dying *dying)
{
    struct standing *standing = &walk->now->objects[number];
    if (standing->references > 1) {
        standing->references--;
        return;
    }
    struct ir_node *list[MOST_FIELDS];
    int count = list_references(walk, number, list);
    if (dying->count + count > MOST_DYING || (has_slots(walk, number) && count_seen(walk, number) > 1)) {
        virtual_refuse(walk, number);
        return;
    }
    standing->manner = ABSENT;
    standing->references = 0;
    memmove(&dying->fields[count], dying->fields, (size_t)dying->count * sizeof dying->fields[0]);
    memcpy(dying->fields, list, (size_t)count * sizeof list[0]);
    dying->count += count;
}

/* A reference to `object` that was taken just before `where`, with nothing in between that can tell, or NULL. */
static struct ir_node *hold_just_before(const struct ir_node *where, const struct ir_node *object)
{
    for (struct ir_node *node = where->previous; node != NULL; node = node->previous) {
        if (node->op == IR_hold && node->inputs[0] == object) {
            return node;
        }
        bool is_harmless = node->op == IR_hold || (node->op == IR_drop && (node->flags & NODE_SIMPLE));
        if ((is_harmless && node->inputs[0] == object) ||
            (!is_harmless && (node->state != NULL || ir_has_effect(node)))) {
            return NULL;
        }
    }
    return NULL;
}

/* `state` with the dying fields dropped before all else that is. */
static struct ir_state *state_with_dying(struct walk *walk, struct ir_state *state, const struct dying *dying,
                                         int from, struct ir_node *where)
{
    int more = dying->count - from;
    if (!walk->changes || state == NULL || more == 0) {
        return state;
    }
    struct ir_state *copy = virtual_copy_state(walk, state, more);
    if (copy == NULL) {
        return state;
    }
    int before = state->local_count + state->depth - state->dying;
    memcpy(copy->slots, state->slots, (size_t)before * sizeof state->slots[0]);
    for (int i = 0; i < more; i++) {
        copy->slots[before + i] = (struct ir_slot){
            .how = SLOT_OWNED, .value = virtual_describe_value(walk, dying->fields[from + i], where)};
    }
    memcpy(&copy->slots[before + more], &state->slots[before], state->dying * sizeof state->slots[0]);
    copy->dying = (uint16_t)(state->dying + more);
    return copy;
}

void virtual_drop(struct walk *walk, struct ir_node *node, int number)
{
    struct dying dying = {.count = 0};
    virtual_lose_reference(walk, number, &dying);
    struct ir_state *state = virtual_state_at(walk, node->state, node);
    for (int i = 0; i < dying.count; i++) {
        struct ir_node *field = dying.fields[i];
        int inner = virtual_object_of(walk, field);
        if (inner != NO_OBJECT && walk->now->objects[inner].manner == VIRTUAL) {
            struct dying rest = {.count = dying.count - i - 1};
            memcpy(rest.fields, &dying.fields[i + 1], (size_t)rest.count * sizeof rest.fields[0]);
            virtual_lose_reference(walk, inner, &rest);
            dying = rest;
            i = -1;
            continue;
        }
        field = virtual_value_at(walk, walk->now, field);
        bool simple = virtual_is_simple(field);
        if (!simple && (node->flags & NODE_SIMPLE)) {
            /* It was not to be the last reference. */
            virtual_refuse(walk, number);
            return;
        }
        struct ir_node *held = walk->changes ? hold_just_before(node, field) : NULL;
        if (held != NULL) {
            ir_remove(held);
            continue;
        }
        if (simple && held == NULL && node->offset == DROP_LEAVES && !ir_is_constant(field)) {
            /* Something may have borrowed it. */
            virtual_refuse(walk, number);
            return;
        }
        struct ir_node *drop = virtual_insert(walk, node, IR_drop, 1, &field);
        drop->flags = simple ? NODE_SIMPLE : node->flags;
        drop->state = simple ? NULL : state_with_dying(walk, state, &dying, i + 1, drop);
    }
}

/* ---- Locals in their homes ------------------------------------------------------------------------------------------ */

/* A new value for a local: `node` stores or clears. The old one goes. */
static void put_home(struct walk *walk, struct ir_node *node)
{
    int local = (int)node->number;
    struct home *home = &walk->now->homes[local];
    struct home old = *home;
    struct ir_node *value = node->op == IR_store_home ? virtual_resolve(walk, node->inputs[0]) : NULL;
    if (value != NULL && virtual_is_unmade(walk, walk->now, value)) {
        *home = (struct home){.manner = HOME_VIRTUAL, .object = (int16_t)virtual_object_of(walk, value)};
        if (old.manner != HOME_VIRTUAL && !(node->flags & NODE_SIMPLE)) {
            struct ir_node *clear = virtual_insert(walk, node, IR_clear_home, 0, NULL);
            clear->number = local;
            clear->flags = node->flags;
            clear->offset = node->offset;
            clear->state = virtual_state_at(walk, node->state, clear);
        }
    } else {
        *home = (struct home){.manner = IN_HOME};
        virtual_store_home(walk, local, virtual_value_at(walk, walk->now, value), node);
    }
    if (old.manner == HOME_VIRTUAL) {
        virtual_drop(walk, node, old.object);
    }
    virtual_take_away(walk, node);
}

/* The home gets a number, unless it has it already. False: the node still does. */
static bool visit_sync(struct walk *walk, struct ir_node *node)
{
    struct home *home = &walk->now->homes[node->number];
    struct ir_node *clean = node->input_count > 1 ? virtual_resolve(walk, node->inputs[1]) : NULL;
    if (home->manner == HOME_VIRTUAL) {
        struct standing *standing = &walk->now->objects[home->object];
        bool is_box = virtual_is_box_kind(walk, home->object);
        bool is_newer = clean == NULL || (clean->op == IR_constant_bool && !clean->number);
        if (!is_newer || !is_box) {
            virtual_make(walk, walk->now, home->object, node);
        } else if (--standing->references == 0) {
            standing->manner = ABSENT;
        }
    } else if (home->manner == HOME_PERHAPS && clean != NULL && walk->changes) {
        node->inputs[1] = clean->op == IR_constant_bool && clean->number
                              ? home->clean
                              : virtual_insert(walk, node, IR_bool_and, 2, (struct ir_node *[]){clean, home->clean});
    }
    *home = (struct home){.manner = IN_HOME};
    return false;
}

/* The function returns: locals that are virtual go. */
static void leave_homes(struct walk *walk, struct ir_node *node)
{
    for (int i = 0; i < walk->home_count; i++) {
        struct home *home = &walk->now->homes[i];
        if (home->manner != HOME_VIRTUAL) {
            continue;
        }
        if (walk->now->objects[home->object].references == 1 && count_seen(walk, home->object) > 0) {
            virtual_make(walk, walk->now, home->object, node);
        } else {
            int object = home->object;
            *home = (struct home){.manner = IN_HOME};
            virtual_drop(walk, node, object);
        }
    }
}

bool virtual_visit_home(struct walk *walk, struct ir_node *node)
{
    if (node->op == IR_return) {
        leave_homes(walk, node);
        return false;
    }
    bool has_home = node->op == IR_load_home || node->op == IR_store_home || node->op == IR_clear_home ||
                    node->op == IR_sync_home || node->op == IR_guard_home;
    if (!has_home || node->frame != 0 || node->number >= walk->home_count) {
        return false;
    }
    const struct home *home = &walk->now->homes[node->number];
    if (node->op == IR_guard_home) {
        if (home->manner == HOME_VIRTUAL && virtual_is_box_kind(walk, home->object)) {
            virtual_take_away(walk, node);
            return true;
        }
        if (home->manner == HOME_VIRTUAL) {
            virtual_make(walk, walk->now, home->object, node);
        }
        return false;
    }
    bool stores_virtual =
        node->op == IR_store_home && virtual_is_unmade(walk, walk->now, virtual_resolve(walk, node->inputs[0]));
    switch ((enum ir_op)node->op) {
    case IR_load_home:
        if (home->manner == HOME_VIRTUAL) {
            virtual_name_object(walk, node, home->object);
            virtual_take_away(walk, node);
            return true;
        }
        if (home->manner == HOME_PERHAPS) {
            virtual_settle_for_certainty(walk, (int)node->number);
        }
        return false;
    case IR_sync_home:
        return visit_sync(walk, node);
    default:
        if (home->manner != HOME_VIRTUAL && !stores_virtual) {
            walk->now->homes[node->number] = (struct home){.manner = IN_HOME};
            return false;
        }
        put_home(walk, node);
        return true;
    }
}
