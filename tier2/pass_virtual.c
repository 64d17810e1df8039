/* tier2/pass_virtual.c: objects that nobody sees are not made.
 *
 * A walk over the blocks in reverse post-order knows of each object that the graph allocates (tuples, boxes) how it stands: virtual, with so many
 * references and these values in its fields, or real, because something had to be given it. What is asked of a virtual object is answered from its
 * fields; taking and dropping references is counted here; when the last goes, its fields are dropped as its end would have dropped them. What cannot do
 * without the object (a call, a store, an escape, a way into a block where it is real) has it made just before. Frame states name it by
 * an IR_virtual node, and runtime/deopt.c makes it should execution leave there.
 *
 * The walk is made at least twice. In the first, nothing is changed: it believes that what is virtual at a loop header stays so, and where that turns out to
 * be wrong, the object is made before the loop, or not treated at all, and the walk begins again. The last one changes the graph.
 * (After Stadler, Würthinger, Mössenböck: Partial Escape Analysis and Scalar Replacement for Java, 2014; the references are our own.) */
#include "tier2/passes.h"

#include "runtime/compiler_memory.h"
#include "runtime/cpython.h"
#include "runtime/deopt.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_OBJECTS = DEOPT_MOST_OBJECTS,
    MOST_FIELDS = DEOPT_MOST_FIELDS,
    MOST_ITEMS = 16,
    MOST_DYING = 256,
    MOST_HOMES = 32,
    MOST_WALKS = 32,
    NO_OBJECT = -1
};

struct object {
    struct ir_node *name; /* the node whose value it is */
    uint32_t key;         /* id of the node because of which it is there: what is refused */
    uint8_t kind;
    bool has_values;            /* of an instance: inline values */
    uint32_t version;           /* of its class: */
    const void *class;          /* of an instance; else NULL */
    struct ir_block *merged_in; /* where several objects have become this one, or NULL */
};

/* A phi whose inputs are virtual objects that become one, or (NULL) a local of the root frame of which the same is true. */
struct merge {
    struct ir_block *block;
    struct ir_node *phi;
    int local, object;
};

enum manner { ABSENT, VIRTUAL, REAL };

/* How an object stands at some point. */
struct standing {
    uint8_t manner;
    uint16_t references;         /* while virtual */
    struct ir_node *real;        /* what it is, where it is real */
    struct ir_node *description; /* the last IR_virtual made of it, which is still there, or NULL */
    uint16_t field_count;
    struct ir_node **
        fields; /* what would be the operands of an IR_virtual, as they are named; in the graph's memory, never changed */
};

/* How a local of the root frame stands: */
enum home_manner {
    IN_HOME,      /* as the graph says */
    HOME_VIRTUAL, /* it is a virtual object; its home holds something older, a number or the like, or nothing */
    HOME_PERHAPS, /* it is what its home holds if `clean`; else a number, as states and sync_home name it, and the home holds something older */
};

struct home {
    uint8_t manner;
    int16_t object;
    struct ir_node *clean;
};

/* What is known at a point of the graph. */
struct point {
    struct standing objects[MOST_OBJECTS];
    struct home homes[MOST_HOMES];
};

/* A frame state as a node sees it. */
struct state_copy {
    struct ir_state *to;
    struct state_copy *next;
};

/* What a walk found out of a loop: an object (by the id of its name) has to be real where it begins; or a local (by name_of_home) stands there as
 * HOME_PERHAPS. */
struct finding {
    uint32_t name, header;
};

struct walk {
    struct ir_graph *graph;
    bool changes; /* the graph: this is the last walk */
    bool again;   /* something that was believed is not so */
    struct object objects[MOST_OBJECTS];
    struct merge merges[MOST_OBJECTS];
    int object_count, merge_count;
    int answered;      /* how many nodes did without an object */
    size_t node_count; /* of nodes there were before */
    size_t capacity;   /* of the three that follow; names of boxes are new nodes */
    int16_t *aliases;  /* by node: the object it is, one more; 0: none. Or with VALUES_OF or ABSENT_FROM added: */
    struct ir_node **forwards; /* by node: what it turned out to be */
    uint8_t *refused; /* by node that names an object: it is not to be virtual. Kept from walk to walk, as are: */
    struct finding *findings;
    size_t finding_count, finding_capacity;
    bool never_perhaps[MOST_HOMES]; /* by local: HOME_PERHAPS will not do */
    int home_count;                 /* locals of the root frame that are looked at */
    struct point *now;
    struct point **ends, **starts; /* by block: at its end; of loop headers, at their beginning */
    struct state_copy **copies;    /* by state */
    uint32_t state_count;          /* of states there were before */
};

/* Of a node that is the address of an object's inline values; and of one that is the NULL where an object has no such attribute. */
enum { VALUES_OF = MOST_OBJECTS, ABSENT_FROM = 2 * MOST_OBJECTS };

/* ---- Names ------------------------------------------------------------------------------------------------------ */

static struct ir_node *resolve(const struct walk *walk, struct ir_node *node)
{
    node = ir_current(node);
    while (node != NULL && node->id < walk->capacity && walk->forwards[node->id] != NULL) {
        node = ir_current(walk->forwards[node->id]);
    }
    return node;
}

/* The object a resolved node has to do with in the way that `role` says: VALUES_OF, ABSENT_FROM, or 0: it is its name. */
static int object_in_role(const struct walk *walk, const struct ir_node *node, int role)
{
    int object = node != NULL && node->id < walk->capacity ? walk->aliases[node->id] - 1 - role : NO_OBJECT;
    return object >= 0 && object < MOST_OBJECTS ? object : NO_OBJECT;
}

static int object_of(const struct walk *walk, const struct ir_node *node)
{
    return object_in_role(walk, node, 0);
}

/* Has the node become another name of an object already? */
static bool is_named(const struct walk *walk, const struct ir_node *node)
{
    return node->id < walk->capacity && walk->aliases[node->id] != 0;
}

static bool is_box_kind(const struct walk *walk, int object)
{
    return walk->objects[object].kind == KIND_int || walk->objects[object].kind == KIND_float;
}

static bool is_virtual(const struct walk *walk, const struct point *at, const struct ir_node *node)
{
    int object = object_of(walk, node);
    return object != NO_OBJECT && at->objects[object].manner == VIRTUAL;
}

/* The node to use for a value that is not virtual. */
static struct ir_node *value_at(const struct walk *walk, const struct point *at, struct ir_node *node)
{
    node = resolve(walk, node);
    int object = object_of(walk, node);
    return object != NO_OBJECT && at->objects[object].manner == REAL ? at->objects[object].real : node;
}

/* From now on, `node` is object `object`, or the value of another node. */
static void name_object(struct walk *walk, const struct ir_node *node, int object)
{
    walk->aliases[node->id] = (int16_t)(object + 1);
}

static void name_in_role(struct walk *walk, const struct ir_node *node, int object, int role)
{
    walk->aliases[node->id] = (int16_t)(object + 1 + role);
}

static void forward(struct walk *walk, const struct ir_node *node, struct ir_node *to)
{
    int object = object_of(walk, to);
    if (object != NO_OBJECT) {
        name_object(walk, node, object);
    } else {
        walk->forwards[node->id] = to;
    }
}

static void take_away(struct walk *walk, struct ir_node *node)
{
    if (walk->changes) {
        ir_remove(node);
    }
}

static bool has_finding(const struct walk *walk, uint32_t name, const struct ir_block *header)
{
    for (size_t i = 0; i < walk->finding_count; i++) {
        if (walk->findings[i].name == name && walk->findings[i].header == header->id) {
            return true;
        }
    }
    return false;
}

static void find_out(struct walk *walk, uint32_t name, const struct ir_block *header)
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

/* It is never virtual. */
static void refuse(struct walk *walk, int object)
{
    if (walk->objects[object].merged_in != NULL) {
        find_out(walk, walk->objects[object].key, walk->objects[object].merged_in);
    } else {
        walk->refused[walk->objects[object].key] = true;
    }
    walk->again = true;
}

static bool must_be_real(const struct walk *walk, int object, const struct ir_block *header)
{
    return has_finding(walk, walk->objects[object].key, header);
}

/* The name that local `local` has among the findings. */
static uint32_t name_of_home(int local)
{
    return UINT32_MAX - (uint32_t)local;
}

/* The names among the findings of a local that is one virtual object after another in a loop, and of one where that went wrong. */
static uint32_t name_of_changing(int local)
{
    return UINT32_MAX - MOST_HOMES - (uint32_t)local;
}

static uint32_t name_of_merge(int local)
{
    return UINT32_MAX - 2 * MOST_HOMES - (uint32_t)local;
}

/* The same of a field of what is merged under the name `name`. */
static uint32_t name_of_field(uint32_t name, int field)
{
    return 0x40000000U | ((name * 33 + (uint32_t)field + 1) & 0x3fffffffU);
}

/* It has to be known at each point what the local is. */
static void settle_for_certainty(struct walk *walk, int local)
{
    walk->never_perhaps[local] = true;
    walk->again = true;
}

/* ---- Making ----------------------------------------------------------------------------------------------------- */

static struct ir_node *insert(struct walk *walk, struct ir_node *where, enum ir_op op, int count,
                              struct ir_node *const *inputs)
{
    if (!walk->changes) {
        return ir_node_new(walk->graph, op, count, inputs);
    }
    struct ir_node *node = ir_insert_before(walk->graph, where, op, count, inputs);
    node->frame = where->frame;
    return node;
}

/* Puts what the home of a local holds instead of a virtual object there; what it held is a number, or nothing. NULL: nothing. */
static void store_home(struct walk *walk, int local, struct ir_node *value, struct ir_node *where)
{
    struct ir_node *store = insert(walk, where, value != NULL ? IR_store_home : IR_clear_home, value != NULL, &value);
    store->number = local;
    store->frame = 0;
    store->flags = NODE_SIMPLE;
}

static struct ir_node *constant(struct walk *walk, struct ir_node *where, enum ir_op op, int64_t number)
{
    struct ir_node *node = insert(walk, where, op, 0, NULL);
    node->number = number;
    return node;
}

/* What IR_virtual and IR_make say besides the fields. */
static void describe_class(struct ir_node *node, const struct object *object)
{
    node->kind = object->kind;
    node->pointer = object->class;
    node->number = object->has_values;
}

/* Makes a virtual object, and what it has that is virtual, before `where`. */
static struct ir_node *make(struct walk *walk, struct point *at, int number, struct ir_node *where)
{
    const struct object *object = &walk->objects[number];
    struct standing *standing = &at->objects[number];
    struct ir_node *fields[MOST_FIELDS];
    for (int i = 0; i < standing->field_count; i++) {
        struct ir_node *field = resolve(walk, standing->fields[i]);
        int inner = object_of(walk, field);
        if (inner != NO_OBJECT && at->objects[inner].manner == VIRTUAL) {
            make(walk, at, inner, where);
        }
        fields[i] = value_at(walk, at, field);
    }
    enum ir_op op = object->kind == KIND_int ? IR_box_int : object->kind == KIND_float ? IR_box_float : IR_make;
    struct ir_node *real = insert(walk, where, op, standing->field_count, fields);
    describe_class(real, object);
    real->sample = object->name->sample;
    for (int i = 1; i < standing->references; i++) {
        insert(walk, where, IR_hold, 1, &real);
    }
    standing->manner = REAL;
    standing->real = real;
    standing->description = NULL;
    for (int i = 0; i < walk->home_count; i++) {
        struct home *home = &at->homes[i];
        if (home->manner == HOME_VIRTUAL && home->object == number) {
            store_home(walk, i, real, where);
            home->manner = IN_HOME;
        }
    }
    return real;
}

static void make_all(struct walk *walk, struct point *at, struct ir_node *where)
{
    for (int i = 0; i < walk->object_count; i++) {
        if (at->objects[i].manner == VIRTUAL) {
            make(walk, at, i, where);
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
        fields[i] = resolve(walk, standing->fields[i]);
        int inner = object_of(walk, fields[i]);
        fields[i] = inner != NO_OBJECT && walk->now->objects[inner].manner == VIRTUAL
                        ? describe(walk, inner, where)
                        : value_at(walk, walk->now, fields[i]);
        same = same && i < standing->description->input_count && standing->description->inputs[i] == fields[i];
    }
    same = same && standing->description->input_count == standing->field_count;
    if (!same) {
        standing->description = insert(walk, where, IR_virtual, standing->field_count, fields);
        describe_class(standing->description, object);
    }
    return standing->description;
}

static struct ir_node *describe_value(struct walk *walk, struct ir_node *node, struct ir_node *where)
{
    node = resolve(walk, node);
    return is_virtual(walk, walk->now, node) ? describe(walk, object_of(walk, node), where)
                                             : value_at(walk, walk->now, node);
}

/* How a local of the root frame stands in a state; `slot` is what the graph says, with current values. */
static struct ir_slot slot_of_home(struct walk *walk, int local, struct ir_slot slot, struct ir_node *where)
{
    const struct home *home = &walk->now->homes[local];
    bool is_newer =
        slot.how == SLOT_RAW && (slot.clean == NULL || (slot.clean->op == IR_constant_bool && !slot.clean->number));
    if (home->manner == IN_HOME || is_newer) {
        return slot;
    }
    if (home->manner == HOME_VIRTUAL) {
        return (struct ir_slot){.how = SLOT_OWNED, .box = slot.box, .value = describe(walk, home->object, where)};
    }
    bool is_clean = slot.clean != NULL && slot.clean->op == IR_constant_bool;
    slot.clean = is_clean || slot.clean == NULL
                     ? home->clean
                     : insert(walk, where, IR_bool_and, 2, (struct ir_node *[]){slot.clean, home->clean});
    return slot;
}

/* Is the object still there that a slot or operand names? A way on which it was given up must have had a reference to it: it cannot be virtual. */
static void expect_object(struct walk *walk, struct ir_node *node)
{
    int object = object_of(walk, resolve(walk, node));
    if (object != NO_OBJECT && walk->now->objects[object].manner == ABSENT) {
        refuse(walk, object);
    }
}

/* The address of inline values, or a NULL, stands only where it is expected. */
static void expect_no_role(struct walk *walk, struct ir_node *node)
{
    node = resolve(walk, node);
    int object = object_in_role(walk, node, ABSENT_FROM);
    object = object == NO_OBJECT ? object_in_role(walk, node, VALUES_OF) : object;
    if (object != NO_OBJECT) {
        refuse(walk, object);
    }
}

/* Can the node's state say how things stand? It can of a local that it is a virtual object, but not that it perhaps is one. */
static void settle_state(struct walk *walk, struct ir_node *node)
{
    bool stores = node->op == IR_store_home || node->op == IR_clear_home;
    for (const struct ir_state *state = node->state; state != NULL; state = state->outer) {
        for (int i = 0; i < state->local_count + state->depth; i++) {
            expect_object(walk, state->slots[i].value);
            expect_no_role(walk, state->slots[i].value);
        }
        for (int i = 0; state->outer == NULL && i < walk->home_count; i++) {
            const struct ir_slot *slot = &state->slots[i];
            const struct home *home = &walk->now->homes[i];
            const struct ir_node *clean = resolve(walk, slot->clean);
            if (stores && node->number == i) {
                continue;
            }
            if (home->manner == HOME_PERHAPS && slot->how != SLOT_RAW) {
                settle_for_certainty(walk, i);
            } else if (home->manner == HOME_VIRTUAL && clean != NULL && clean->op != IR_constant_bool) {
                make(walk, walk->now, home->object, node);
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

/* The virtual box of a raw number, which is the same object as the number wherever that is named; or NO_OBJECT. Where several boxes hold that number
 * (it was computed twice, perhaps) nobody knows which of them it is: the slot's `box` tells, when it is left. */
static int box_of(const struct walk *walk, const struct ir_node *raw)
{
    int found = NO_OBJECT;
    for (int i = 0; raw != NULL && raw->type != IR_OBJECT && !ir_is_constant(raw) && i < walk->object_count; i++) {
        const struct standing *standing = &walk->now->objects[i];
        if (standing->manner != ABSENT && is_box_kind(walk, i) && standing->field_count == 1 &&
            resolve(walk, standing->fields[0]) == raw) {
            if (found != NO_OBJECT) {
                return NO_OBJECT;
            }
            found = i;
        }
    }
    return found != NO_OBJECT && walk->now->objects[found].manner == VIRTUAL ? found : NO_OBJECT;
}

static struct ir_state *copy_state(struct walk *walk, const struct ir_state *state, int more)
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

/* The state as it is at `where`. */
static struct ir_state *state_at(struct walk *walk, struct ir_state *state, struct ir_node *where)
{
    if (state == NULL || !walk->changes) {
        return state;
    }
    struct ir_state *outer = state_at(walk, state->outer, where);
    int count = state->local_count + state->depth;
    struct ir_slot *slots = ir_allocate(walk->graph, (size_t)count * sizeof *slots + 1);
    if (slots == NULL) {
        return state;
    }
    for (int i = 0; i < count; i++) {
        slots[i] = state->slots[i];
        slots[i].value = describe_value(walk, slots[i].value, where);
        int box =
            slots[i].how == SLOT_OWNED || slots[i].how == SLOT_BORROWED ? box_of(walk, slots[i].value) : NO_OBJECT;
        if (box != NO_OBJECT) {
            slots[i].value = describe(walk, box, where);
        }
        slots[i].clean = resolve(walk, slots[i].clean);
        slots[i].index = resolve(walk, slots[i].index);
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
    struct ir_state *to = copy_state(walk, state, 0);
    if (copy == NULL || to == NULL) {
        return state;
    }
    memcpy(to->slots, slots, (size_t)count * sizeof *slots);
    to->outer = outer;
    *copy = (struct state_copy){to, *copies};
    *copies = copy;
    return to;
}

/* ---- The end of an object ----------------------------------------------------------------------------------------- */

/* Fields that are to be dropped, the first first. */
struct dying {
    struct ir_node *fields[MOST_DYING];
    int count;
};

static bool is_simple(const struct ir_node *node)
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
    if (object->kind == KIND_tuple) {
        for (int i = standing->field_count - 1; i >= 0; i--) {
            list[count++] = resolve(walk, standing->fields[i]);
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
            list[at] = resolve(walk, standing->fields[i + 1]);
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
        seen += is_virtual(walk, walk->now, list[i]) ? count_seen(walk, object_of(walk, list[i]))
                                                     : !is_simple(value_at(walk, walk->now, list[i]));
    }
    return seen;
}

/* Slots are dropped class by class, in an order that is not known here. */
static bool has_slots(const struct walk *walk, int number)
{
    const struct standing *standing = &walk->now->objects[number];
    return walk->objects[number].class != NULL && standing->field_count > 0 && standing->fields[0]->number < 0;
}

/* Takes a reference of a virtual object away; with the last, what has to be dropped for it is put before the rest. */
static void lose_reference(struct walk *walk, int number, struct dying *dying)
{
    struct standing *standing = &walk->now->objects[number];
    if (standing->references > 1) {
        standing->references--;
        return;
    }
    struct ir_node *list[MOST_FIELDS];
    int count = list_references(walk, number, list);
    if (dying->count + count > MOST_DYING || (has_slots(walk, number) && count_seen(walk, number) > 1)) {
        refuse(walk, number);
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
    struct ir_state *copy = copy_state(walk, state, more);
    if (copy == NULL) {
        return state;
    }
    int before = state->local_count + state->depth - state->dying;
    memcpy(copy->slots, state->slots, (size_t)before * sizeof state->slots[0]);
    for (int i = 0; i < more; i++) {
        copy->slots[before + i] =
            (struct ir_slot){.how = SLOT_OWNED, .value = describe_value(walk, dying->fields[from + i], where)};
    }
    memcpy(&copy->slots[before + more], &state->slots[before], state->dying * sizeof state->slots[0]);
    copy->dying = (uint16_t)(state->dying + more);
    return copy;
}

/* `node` takes a reference to a virtual object away: what has to be done for that is put before it. */
static void drop(struct walk *walk, struct ir_node *node, int number)
{
    struct dying dying = {.count = 0};
    lose_reference(walk, number, &dying);
    struct ir_state *state = state_at(walk, node->state, node);
    for (int i = 0; i < dying.count; i++) {
        struct ir_node *field = dying.fields[i];
        int inner = object_of(walk, field);
        if (inner != NO_OBJECT && walk->now->objects[inner].manner == VIRTUAL) {
            struct dying rest = {.count = dying.count - i - 1};
            memcpy(rest.fields, &dying.fields[i + 1], (size_t)rest.count * sizeof rest.fields[0]);
            lose_reference(walk, inner, &rest);
            dying = rest;
            i = -1;
            continue;
        }
        field = value_at(walk, walk->now, field);
        bool simple = is_simple(field);
        if (!simple && (node->flags & NODE_SIMPLE)) {
            /* It was not to be the last reference. */
            refuse(walk, number);
            return;
        }
        struct ir_node *held = walk->changes ? hold_just_before(node, field) : NULL;
        if (held != NULL) {
            ir_remove(held);
            continue;
        }
        struct ir_node *drop = insert(walk, node, IR_drop, 1, &field);
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
    struct ir_node *value = node->op == IR_store_home ? resolve(walk, node->inputs[0]) : NULL;
    if (value != NULL && is_virtual(walk, walk->now, value)) {
        *home = (struct home){.manner = HOME_VIRTUAL, .object = (int16_t)object_of(walk, value)};
        if (old.manner != HOME_VIRTUAL && !(node->flags & NODE_SIMPLE)) {
            struct ir_node *clear = insert(walk, node, IR_clear_home, 0, NULL);
            clear->number = local;
            clear->flags = node->flags;
            clear->state = state_at(walk, node->state, clear);
        }
    } else {
        *home = (struct home){.manner = IN_HOME};
        store_home(walk, local, value_at(walk, walk->now, value), node);
    }
    if (old.manner == HOME_VIRTUAL) {
        drop(walk, node, old.object);
    }
    take_away(walk, node);
}

/* The home gets a number, unless it has it already. False: the node still does. */
static bool visit_sync(struct walk *walk, struct ir_node *node)
{
    struct home *home = &walk->now->homes[node->number];
    struct ir_node *clean = node->input_count > 1 ? resolve(walk, node->inputs[1]) : NULL;
    if (home->manner == HOME_VIRTUAL) {
        struct standing *standing = &walk->now->objects[home->object];
        bool is_box = is_box_kind(walk, home->object);
        bool is_newer = clean == NULL || (clean->op == IR_constant_bool && !clean->number);
        if (!is_newer || !is_box) {
            make(walk, walk->now, home->object, node);
        } else if (--standing->references == 0) {
            standing->manner = ABSENT;
        }
    } else if (home->manner == HOME_PERHAPS && clean != NULL && walk->changes) {
        node->inputs[1] = clean->op == IR_constant_bool && clean->number
                              ? home->clean
                              : insert(walk, node, IR_bool_and, 2, (struct ir_node *[]){clean, home->clean});
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
            make(walk, walk->now, home->object, node);
        } else {
            home->manner = IN_HOME;
            drop(walk, node, home->object);
        }
    }
}

/* Nodes that read or write homes. True: done. */
static bool visit_home(struct walk *walk, struct ir_node *node)
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
        if (home->manner == HOME_VIRTUAL && is_box_kind(walk, home->object)) {
            take_away(walk, node);
            return true;
        }
        if (home->manner == HOME_VIRTUAL) {
            make(walk, walk->now, home->object, node);
        }
        return false;
    }
    bool stores_virtual = node->op == IR_store_home && is_virtual(walk, walk->now, resolve(walk, node->inputs[0]));
    switch ((enum ir_op)node->op) {
    case IR_load_home:
        if (home->manner == HOME_VIRTUAL) {
            name_object(walk, node, home->object);
            take_away(walk, node);
            return true;
        }
        if (home->manner == HOME_PERHAPS) {
            settle_for_certainty(walk, (int)node->number);
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

/* ---- Nodes -------------------------------------------------------------------------------------------------------- */

/* A new object that `name` is the value of, if there is room and it has not been refused: its row. */
static struct object *add_object(struct walk *walk, struct ir_node *name, uint32_t key, struct ir_node *const *fields,
                                 int count)
{
    if ((key < walk->capacity && walk->refused[key]) || walk->object_count == MOST_OBJECTS || count > MOST_FIELDS ||
        name->id >= walk->capacity) {
        return NULL;
    }
    int number = walk->object_count++;
    walk->objects[number] = (struct object){.name = name, .key = key, .kind = name->kind};
    struct standing *standing = &walk->now->objects[number];
    *standing = (struct standing){.manner = VIRTUAL, .references = 1, .field_count = (uint16_t)count};
    standing->fields = ir_allocate(walk->graph, (size_t)count * sizeof *fields + 1);
    for (int i = 0; standing->fields != NULL && i < count; i++) {
        standing->fields[i] = resolve(walk, fields[i]);
    }
    name_object(walk, name, number);
    return &walk->objects[number];
}

/* A tuple and the guard that it was made: the guard is the object. */
static bool begin_tuple(struct walk *walk, struct ir_node *node)
{
    struct ir_node *guard = node->next;
    if (guard == NULL || guard->op != IR_guard_bound || guard->inputs[0] != node || guard->kind != KIND_tuple ||
        node->input_count > MOST_ITEMS ||
        add_object(walk, guard, guard->id, node->inputs, node->input_count) == NULL) {
        return false;
    }
    take_away(walk, node);
    take_away(walk, guard);
    return true;
}

/* The item of a virtual tuple; NULL: which one is not known. */
static struct ir_node *item_of(const struct walk *walk, const struct ir_node *node, int number)
{
    const struct ir_node *index = resolve(walk, node->inputs[1]);
    bool known = walk->objects[number].kind == KIND_tuple && index->op == IR_constant_int && index->number >= 0 &&
                 index->number < walk->now->objects[number].field_count;
    return known ? resolve(walk, walk->now->objects[number].fields[index->number]) : NULL;
}

/* Is it the same object, as far as that is known without making one? -1: it is not. (Small ints are the same wherever they come from.) */
static int sameness(const struct walk *walk, const struct ir_node *node)
{
    int first = object_of(walk, resolve(walk, node->inputs[0]));
    int second = object_of(walk, resolve(walk, node->inputs[1]));
    if (first == second) {
        return 1;
    }
    int known = first != NO_OBJECT && walk->now->objects[first].manner == VIRTUAL ? first : second;
    return walk->objects[known].kind == KIND_int ? -1 : 0;
}

/* What a node asks of object `number`, virtual or real, its first operand, that is known from how it was made. */
static struct ir_node *known_answer(const struct walk *walk, const struct ir_node *node, int number)
{
    const struct object *object = &walk->objects[number];
    switch ((enum ir_op)node->op) {
    case IR_guard_kind:
        return node->kind == object->kind ? object->name : NULL;
    case IR_guard_bound:
    case IR_alias:
        return object->name;
    case IR_unbox_int:
    case IR_unbox_float:
        return object->kind == (node->op == IR_unbox_int ? KIND_int : KIND_float)
                   ? resolve(walk, walk->now->objects[number].fields[0])
                   : NULL;
    case IR_load_item:
        return item_of(walk, node, number);
    default:
        return NULL;
    }
}

/* The same of a virtual one. False: it needs the object. */
static bool visit_virtual(struct walk *walk, struct ir_node *node, int number)
{
    const struct object *object = &walk->objects[number];
    struct standing *standing = &walk->now->objects[number];
    struct ir_node *answer;
    switch ((enum ir_op)node->op) {
    case IR_hold:
        standing->references++;
        take_away(walk, node);
        return true;
    case IR_drop:
        drop(walk, node, number);
        take_away(walk, node);
        return true;
    case IR_load:
        answer = object->kind == KIND_tuple && node->offset == offsetof(PyVarObject, ob_size)
                     ? constant(walk, node, IR_constant_int, standing->field_count)
                     : NULL;
        break;
    case IR_is_bound:
        answer = constant(walk, node, IR_constant_bool, 1);
        break;
    default:
        answer = NULL;
        break;
    }
    if (answer == NULL) {
        return false;
    }
    forward(walk, node, answer);
    take_away(walk, node);
    return true;
}

/* What follows when sizes are known. */
static bool fold(struct walk *walk, struct ir_node *node)
{
    const struct ir_node *inputs[2] = {NULL, NULL};
    for (int i = 0; i < node->input_count && i < 2; i++) {
        inputs[i] = resolve(walk, node->inputs[i]);
        if (inputs[i]->op != IR_constant_int && inputs[i]->op != IR_constant_bool) {
            return false;
        }
    }
    int64_t a = inputs[0] != NULL ? inputs[0]->number : 0;
    int64_t b = inputs[1] != NULL ? inputs[1]->number : 0;
    switch ((enum ir_op)node->op) {
    case IR_guard_true:
        if (a) {
            take_away(walk, node);
        }
        return a != 0;
    case IR_int_compare:
        if (node->number != Py_EQ) {
            return false;
        }
        forward(walk, node, constant(walk, node, IR_constant_bool, a == b));
        break;
    case IR_is_inside:
        forward(walk, node, constant(walk, node, IR_constant_bool, a >= 0 && a < b));
        break;
    case IR_wrap_index:
        forward(walk, node, constant(walk, node, IR_constant_int, a < 0 ? a + b : a));
        break;
    default:
        return false;
    }
    take_away(walk, node);
    return true;
}

/* ---- Instances ---------------------------------------------------------------------------------------------------- */

/* Where an instance has the address of its inline values. */
enum { VALUES_OFFSET = -4 * (int)sizeof(PyObject *) };

/* The address of the inline values of an object, which is made if it has to be. */
static struct ir_node *values_of_real(struct walk *walk, int number, struct ir_node *where)
{
    struct standing *standing = &walk->now->objects[number];
    if (standing->manner == VIRTUAL) {
        make(walk, walk->now, number, where);
    }
    struct ir_node *values = insert(walk, where, IR_load, 1, &standing->real);
    values->type = IR_OBJECT;
    values->offset = VALUES_OFFSET;
    values->memory = MEMORY_shape;
    return values;
}

/* Is `number` the object, or in a field of it, or of what it has? */
static bool leads_to(const struct walk *walk, int object, int number)
{
    const struct standing *standing = &walk->now->objects[object];
    bool leads = object == number;
    for (int i = 0; i < standing->field_count && !leads; i++) {
        const struct ir_node *field = resolve(walk, standing->fields[i]);
        leads = is_virtual(walk, walk->now, field) && leads_to(walk, object_of(walk, field), number);
    }
    return leads;
}

/* The place of an attribute among the fields, or -1. */
static int find_attribute(const struct standing *standing, int64_t position)
{
    for (int i = 0; i < standing->field_count; i += 2) {
        if (standing->fields[i]->number == position) {
            return i + 1;
        }
    }
    return -1;
}

/* An attribute gets a value, whose reference is taken over. */
static void put_attribute(struct walk *walk, struct standing *standing, int64_t position, struct ir_node *value,
                          struct ir_node *where)
{
    int place = find_attribute(standing, position);
    int count = standing->field_count + (place < 0 ? 2 : 0);
    struct ir_node **fields = ir_allocate(walk->graph, (size_t)count * sizeof *fields);
    if (fields == NULL) {
        return;
    }
    memcpy(fields, standing->fields, standing->field_count * sizeof *fields);
    if (place < 0) {
        place = count - 1;
        fields[place - 1] = constant(walk, where, IR_constant_int, position);
    }
    fields[place] = value;
    standing->fields = fields;
    standing->field_count = (uint16_t)count;
}

/* A raw number into an attribute, where something stands that is dropped: a new box, as far as anybody can see. False: that might be seen. */
static bool store_raw(struct walk *walk, struct ir_node *node, struct standing *standing, int64_t position)
{
    struct ir_node *raw = resolve(walk, node->inputs[2]);
    struct ir_node *old = resolve(walk, node->inputs[1]);
    bool old_is_virtual = is_virtual(walk, walk->now, old);
    int number = object_of(walk, old);
    if (old_is_virtual ? !is_box_kind(walk, number) : !is_simple(value_at(walk, walk->now, old))) {
        return false;
    }
    struct ir_node *name = ir_node_new(walk->graph, IR_virtual, 0, NULL);
    name->kind = raw->type == IR_FLOAT ? KIND_float : KIND_int;
    if (add_object(walk, name, node->id, &raw, 1) == NULL) {
        return false;
    }
    put_attribute(walk, standing, position, name, node);
    if (old_is_virtual) {
        struct dying dying = {.count = 0};
        lose_reference(walk, number, &dying);
    } else {
        old = value_at(walk, walk->now, old);
        insert(walk, node, IR_drop, 1, &old)->flags = NODE_SIMPLE;
    }
    take_away(walk, node);
    return true;
}

/* A load or store of an attribute of a virtual instance, at `position`. False: it needs the object. */
static bool visit_attribute(struct walk *walk, struct ir_node *node, int number, int64_t position)
{
    struct standing *standing = &walk->now->objects[number];
    int place = find_attribute(standing, position);
    if (node->op == IR_load) {
        if (place >= 0) {
            forward(walk, node, resolve(walk, standing->fields[place]));
        } else if (node->next != NULL && node->next->op == IR_guard_null && node->next->inputs[0] == node) {
            name_in_role(walk, node, number, ABSENT_FROM);
        } else {
            return false;
        }
        take_away(walk, node);
        return true;
    }
    if ((place >= 0) != (node->op != IR_store_new) || standing->field_count + 2 > MOST_FIELDS) {
        return false;
    }
    if (node->op == IR_store_raw) {
        return store_raw(walk, node, standing, position);
    }
    struct ir_node *value = resolve(walk, node->inputs[1]);
    if (is_virtual(walk, walk->now, value) && leads_to(walk, object_of(walk, value), number)) {
        return false;
    }
    put_attribute(walk, standing, position, value, node);
    take_away(walk, node);
    return true;
}

/* What is known of the class of a virtual instance. */
static bool visit_class(struct walk *walk, struct ir_node *node, const struct object *object)
{
    if (node->op == IR_guard_class) {
        if (node->pointer != object->class) {
            return false;
        }
        take_away(walk, node);
        return true;
    }
    const uint32_t *versions = node->pointer;
    for (int i = 0; i < node->number; i++) {
        if (versions[i] == object->version) {
            struct ir_node *guard = insert(walk, node, IR_guard_version, 0, NULL);
            guard->pointer = object->class;
            guard->number = object->version;
            guard->state = state_at(walk, node->state, guard);
            take_away(walk, node);
            return true;
        }
    }
    return false;
}

/* What makes instances, or has to do with their classes and attributes. True: done. */
static bool visit_instance(struct walk *walk, struct ir_node *node)
{
    if (node->op == IR_new_instance && node->offset != 0) {
        struct object *object = add_object(walk, node, node->id, NULL, 0);
        if (object == NULL) {
            return false;
        }
        object->class = node->pointer;
        object->has_values = node->number != 0;
        object->version = (uint32_t)node->offset;
        take_away(walk, node);
        return true;
    }
    const struct ir_node *first = node->input_count > 0 ? resolve(walk, node->inputs[0]) : NULL;
    int owner = object_in_role(walk, first, VALUES_OF);
    int number = owner != NO_OBJECT ? owner : object_of(walk, first);
    if (node->op == IR_guard_null && object_in_role(walk, first, ABSENT_FROM) != NO_OBJECT) {
        take_away(walk, node);
        return true;
    }
    if (number == NO_OBJECT || walk->now->objects[number].manner != VIRTUAL || walk->objects[number].class == NULL) {
        return false;
    }
    bool is_attribute = node->memory == MEMORY_attribute &&
                        ((node->op == IR_load && node->type == IR_OBJECT) || node->op == IR_store ||
                         node->op == IR_store_new || node->op == IR_store_raw);
    if (is_attribute) {
        int64_t index = (node->offset - (int64_t)offsetof(PyDictValues, values)) / (int64_t)sizeof(PyObject *);
        return visit_attribute(walk, node, number, owner != NO_OBJECT ? index : -(int64_t)node->offset);
    }
    if (owner != NO_OBJECT) {
        if (node->op != IR_guard_bound) {
            return false;
        }
        name_in_role(walk, node, number, VALUES_OF);
    } else if (node->op == IR_is_of_class) {
        bool is_same = node->pointer == walk->objects[number].class;
        forward(walk, node, constant(walk, node, IR_constant_bool, is_same));
    } else if (node->op == IR_guard_class || node->op == IR_guard_versions) {
        return visit_class(walk, node, &walk->objects[number]);
    } else if (node->op == IR_load && node->memory == MEMORY_shape && node->offset == VALUES_OFFSET &&
               walk->objects[number].has_values) {
        name_in_role(walk, node, number, VALUES_OF);
    } else {
        return false;
    }
    take_away(walk, node);
    return true;
}

/* Any code may run: everything is as it should be. */
static void prepare_escape(struct walk *walk, struct ir_node *node)
{
    make_all(walk, walk->now, node);
    for (int i = 0; i < walk->home_count; i++) {
        if (walk->now->homes[i].manner == HOME_PERHAPS) {
            settle_for_certainty(walk, i);
        }
    }
}

static void visit(struct walk *walk, struct ir_node *node)
{
    if (ir_escapes(node)) {
        prepare_escape(walk, node);
    }
    settle_state(walk, node);
    for (int i = 0; i < node->input_count; i++) {
        expect_object(walk, node->inputs[i]);
    }
    if (visit_home(walk, node)) {
        return;
    }
    if (node->op == IR_new_tuple && begin_tuple(walk, node)) {
        return;
    }
    if ((node->op == IR_box_int || node->op == IR_box_float) &&
        add_object(walk, node, node->id, node->inputs, 1) != NULL) {
        take_away(walk, node);
        return;
    }
    if (visit_instance(walk, node)) {
        return;
    }
    struct ir_node *first = node->input_count > 0 ? resolve(walk, node->inputs[0]) : NULL;
    int object = object_of(walk, first);
    struct ir_node *answer =
        object != NO_OBJECT && walk->now->objects[object].manner != ABSENT ? known_answer(walk, node, object) : NULL;
    if (answer != NULL) {
        forward(walk, node, answer);
        take_away(walk, node);
        walk->answered++;
        return;
    }
    if (is_virtual(walk, walk->now, first) && visit_virtual(walk, node, object_of(walk, first))) {
        walk->answered++;
        return;
    }
    if (node->op == IR_is_same &&
        (is_virtual(walk, walk->now, first) || is_virtual(walk, walk->now, resolve(walk, node->inputs[1])))) {
        int same = sameness(walk, node);
        if (same >= 0) {
            forward(walk, node, constant(walk, node, IR_constant_bool, same));
            take_away(walk, node);
            walk->answered++;
            return;
        }
    }
    if (node->input_count > 0 && fold(walk, node)) {
        return;
    }
    for (int i = 0; i < node->input_count; i++) {
        struct ir_node *input = resolve(walk, node->inputs[i]);
        int owner = object_in_role(walk, input, VALUES_OF);
        if (owner != NO_OBJECT) {
            struct ir_node *values = values_of_real(walk, owner, node);
            if (walk->changes) {
                node->inputs[i] = values;
            }
            continue;
        }
        expect_no_role(walk, input);
        if (is_virtual(walk, walk->now, input)) {
            make(walk, walk->now, object_of(walk, input), node);
        }
        if (walk->changes) {
            node->inputs[i] = value_at(walk, walk->now, input);
        }
    }
    if (walk->changes && node->state != NULL) {
        node->state = state_at(walk, node->state, node);
    }
}

/* ---- Ways into blocks ------------------------------------------------------------------------------------------------ */

/* Can something be done at the end of `block` for the way to its only successor? */
static bool has_one_way(const struct ir_block *block)
{
    return block->successors[1] == NULL;
}

/* Makes the object at the end of `block`, if it is virtual there. */
static void make_at_end(struct walk *walk, struct ir_block *block, int number)
{
    struct point *end = walk->ends[block->id];
    if (end->objects[number].manner != VIRTUAL) {
        return;
    }
    if (!has_one_way(block)) {
        refuse(walk, number);
        return;
    }
    make(walk, end, number, block->last);
}

static bool is_forward(const struct ir_block *block, int which)
{
    return block->predecessors[which]->order < block->order;
}

/* Input `which` of a phi that is a value: whatever is virtual there is made. */
static void bring_input(struct walk *walk, struct ir_node *phi, int which)
{
    struct ir_block *from = phi->block->predecessors[which];
    struct ir_node *input = resolve(walk, phi->inputs[which]);
    expect_no_role(walk, input);
    int object = object_of(walk, input);
    if (object != NO_OBJECT) {
        make_at_end(walk, from, object);
    }
    if (walk->changes) {
        phi->inputs[which] = value_at(walk, walk->ends[from->id], input);
    }
}

/* ---- Objects that become one ------------------------------------------------------------------------------------------ */

/* Are virtual objects so alike that one description, with other values, says what they are? */
static bool are_alike(const struct walk *walk, const struct standing *first, int first_number,
                      const struct standing *second, int second_number)
{
    const struct object *a = &walk->objects[first_number];
    const struct object *b = &walk->objects[second_number];
    if (first->manner != VIRTUAL || second->manner != VIRTUAL || first->references != 1 || second->references != 1 ||
        a->kind != b->kind || a->class != b->class || first->field_count != second->field_count) {
        return false;
    }
    for (int i = 0; a->class != NULL && i < first->field_count; i += 2) {
        if (first->fields[i]->number != second->fields[i]->number) {
            return false;
        }
    }
    return true;
}

/* Is the object a local of the root frame, but `local`? */
static bool is_in_home(const struct walk *walk, const struct point *at, int number, int local)
{
    for (int i = 0; i < walk->home_count; i++) {
        if (i != local && at->homes[i].manner == HOME_VIRTUAL && at->homes[i].object == number) {
            return true;
        }
    }
    return false;
}

/* Can the objects at the ends of the ways here become one? `local`: whose home has them, or -1. */
static bool can_merge(const struct walk *walk, const struct ir_block *block, const int *inputs, int local)
{
    int first = -1;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (!is_forward(block, i)) {
            continue;
        }
        const struct point *end = walk->ends[block->predecessors[i]->id];
        if (inputs[i] == NO_OBJECT || !has_one_way(block->predecessors[i]) ||
            is_in_home(walk, end, inputs[i], local)) {
            return false;
        }
        first = first < 0 ? i : first;
        const struct standing *alike = &walk->ends[block->predecessors[first]->id]->objects[inputs[first]];
        if (!are_alike(walk, alike, inputs[first], &end->objects[inputs[i]], inputs[i])) {
            return false;
        }
        for (int k = 0; k < block->predecessor_count; k++) {
            if (is_forward(block, k) && inputs[k] != NO_OBJECT && inputs[k] != inputs[i] &&
                end->objects[inputs[k]].manner != ABSENT) {
                return false;
            }
        }
    }
    return first >= 0;
}

enum { MOST_WAYS = 16 };

static struct ir_node *first_behind_phis(const struct ir_block *block)
{
    struct ir_node *node = block->first;
    while (node->op == IR_phi) {
        node = node->next;
    }
    return node;
}

static int merge_inputs(struct walk *walk, struct ir_block *block, const int *inputs, int local, uint32_t name);

/* Field `field` of what the objects become. */
static struct ir_node *merge_field(struct walk *walk, struct ir_block *block, const int *inputs, int field,
                                   uint32_t name)
{
    struct ir_node *values[MOST_WAYS];
    int inner[MOST_WAYS];
    const struct ir_node *sample = NULL;
    for (int i = 0; i < block->predecessor_count; i++) {
        inner[i] = NO_OBJECT;
        if (is_forward(block, i)) {
            const struct point *end = walk->ends[block->predecessors[i]->id];
            values[i] = resolve(walk, end->objects[inputs[i]].fields[field]);
            inner[i] = is_virtual(walk, end, values[i]) ? object_of(walk, values[i]) : NO_OBJECT;
            sample = values[i];
        }
    }
    int merged = merge_inputs(walk, block, inner, -1, name_of_field(name, field));
    if (merged != NO_OBJECT) {
        return walk->objects[merged].name;
    }
    struct ir_node *phi = walk->changes
                              ? ir_phi(walk->graph, block, (enum ir_type)sample->type, block->predecessor_count)
                              : ir_node_new(walk->graph, IR_phi, block->predecessor_count, NULL);
    phi->type = sample->type;
    for (int i = 0; i < block->predecessor_count; i++) {
        phi->inputs[i] = phi;
        if (is_forward(block, i)) {
            if (inner[i] != NO_OBJECT) {
                make_at_end(walk, block->predecessors[i], inner[i]);
            }
            phi->inputs[i] = value_at(walk, walk->ends[block->predecessors[i]->id], values[i]);
        }
    }
    return phi;
}

/* Makes one of the virtual objects (by number, per way) that come to `block`; at a loop header with phis that the ways back complete. Returns its
 * number, or NO_OBJECT. */
static int merge_inputs(struct walk *walk, struct ir_block *block, const int *inputs, int local, uint32_t name)
{
    if (block->predecessor_count > MOST_WAYS || has_finding(walk, name, block) ||
        !can_merge(walk, block, inputs, local)) {
        return NO_OBJECT;
    }
    int first = 0;
    while (!is_forward(block, first)) {
        first++;
    }
    const struct standing *alike = &walk->ends[block->predecessors[first]->id]->objects[inputs[first]];
    const struct object *model = &walk->objects[inputs[first]];
    struct ir_node *node = ir_node_new(walk->graph, IR_virtual, 0, NULL);
    node->kind = model->kind;
    struct object *object = add_object(walk, node, name, NULL, 0);
    struct ir_node **fields = ir_allocate(walk->graph, alike->field_count * sizeof *fields + 1);
    if (object == NULL || fields == NULL) {
        return NO_OBJECT;
    }
    int number = walk->object_count - 1;
    object->class = model->class;
    object->has_values = model->has_values;
    object->version = model->version;
    object->merged_in = block;
    for (int i = 0; i < alike->field_count && !walk->again; i++) {
        bool is_position = model->class != NULL && i % 2 == 0;
        fields[i] = is_position ? constant(walk, first_behind_phis(block), IR_constant_int, alike->fields[i]->number)
                                : merge_field(walk, block, inputs, i, name);
    }
    struct standing *standing = &walk->now->objects[number];
    standing->fields = fields;
    standing->field_count = alike->field_count;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (is_forward(block, i)) {
            walk->ends[block->predecessors[i]->id]->objects[inputs[i]].manner = ABSENT;
        }
    }
    return walk->again ? NO_OBJECT : number;
}

static void note_merge(struct walk *walk, struct ir_block *block, struct ir_node *phi, int local, int object)
{
    walk->merges[walk->merge_count++] = (struct merge){block, phi, local, object};
}

/* Does a phi before this one have the same inputs? Then they are the same object. */
static int same_merge(const struct walk *walk, const struct ir_node *phi)
{
    for (int k = 0; k < walk->merge_count; k++) {
        const struct merge *merge = &walk->merges[k];
        bool same = merge->block == phi->block && merge->phi != NULL;
        for (int i = 0; i < phi->input_count && same; i++) {
            same = resolve(walk, merge->phi->inputs[i]) == resolve(walk, phi->inputs[i]);
        }
        if (same) {
            return merge->object;
        }
    }
    return NO_OBJECT;
}

/* A phi of virtual objects that become one. False: it is a value. */
static bool merge_phi(struct walk *walk, struct ir_node *phi)
{
    struct ir_block *block = phi->block;
    int inputs[MOST_WAYS];
    if (phi->type != IR_OBJECT || phi->input_count > MOST_WAYS) {
        return false;
    }
    int object = same_merge(walk, phi);
    if (object == NO_OBJECT) {
        for (int i = 0; i < phi->input_count; i++) {
            inputs[i] = is_forward(block, i) ? object_of(walk, resolve(walk, phi->inputs[i])) : NO_OBJECT;
        }
        object = walk->merge_count < MOST_OBJECTS ? merge_inputs(walk, block, inputs, -1, phi->id) : NO_OBJECT;
        if (object == NO_OBJECT) {
            return false;
        }
        note_merge(walk, block, phi, -1, object);
    }
    name_object(walk, phi, object);
    take_away(walk, phi);
    return true;
}

/* The same for a local of the root frame that is another object on each way here. */
static bool merge_changing_home(struct walk *walk, struct ir_block *block, int local)
{
    int inputs[MOST_WAYS];
    bool same = true;
    int object = NO_OBJECT;
    if (block->predecessor_count > MOST_WAYS || walk->merge_count == MOST_OBJECTS) {
        return false;
    }
    for (int i = 0; i < block->predecessor_count; i++) {
        inputs[i] = NO_OBJECT;
        if (is_forward(block, i)) {
            const struct home *end = &walk->ends[block->predecessors[i]->id]->homes[local];
            inputs[i] = end->manner == HOME_VIRTUAL ? end->object : NO_OBJECT;
            same &= object == NO_OBJECT || inputs[i] == object;
            object = inputs[i];
        }
    }
    if (same && !has_finding(walk, name_of_changing(local), block)) {
        return false;
    }
    object = merge_inputs(walk, block, inputs, local, name_of_merge(local));
    if (object == NO_OBJECT) {
        return false;
    }
    note_merge(walk, block, NULL, local, object);
    for (int i = 0; i < block->predecessor_count; i++) {
        if (is_forward(block, i)) {
            walk->ends[block->predecessors[i]->id]->homes[local] = (struct home){.manner = IN_HOME};
        }
    }
    return true;
}

/* What the way back number `which` brings for a merged object: virtual object `input`, or another value (NO_OBJECT). */
static void close_merge(struct walk *walk, struct ir_block *header, int which, int number, int input)
{
    struct ir_block *latch = header->predecessors[which];
    const struct standing *start = &walk->starts[header->id]->objects[number];
    struct point *end = walk->ends[latch->id];
    if (input == NO_OBJECT || !has_one_way(latch) || !are_alike(walk, start, number, &end->objects[input], input)) {
        find_out(walk, walk->objects[number].key, header);
        return;
    }
    for (int i = 0; i < start->field_count && !walk->again; i++) {
        if (walk->objects[number].class != NULL && i % 2 == 0) {
            continue;
        }
        struct ir_node *field = start->fields[i];
        struct ir_node *value = resolve(walk, end->objects[input].fields[i]);
        int inner = is_virtual(walk, end, value) ? object_of(walk, value) : NO_OBJECT;
        int merged = object_of(walk, field);
        if (merged != NO_OBJECT && walk->objects[merged].merged_in == header) {
            close_merge(walk, header, which, merged, inner);
            continue;
        }
        if (inner != NO_OBJECT) {
            make_at_end(walk, latch, inner);
        }
        field->inputs[which] = value_at(walk, end, value);
    }
    end->objects[input].manner = ABSENT;
}

/* Is the object virtual on some ways here and cannot be so afterwards? Then it is made on those. True: something was. */
static bool settle_object(struct walk *walk, struct ir_block *block, int number)
{
    bool everywhere = true, all_virtual = true, same = true, some_virtual = false;
    const struct standing *first = NULL;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (!is_forward(block, i)) {
            continue;
        }
        const struct standing *end = &walk->ends[block->predecessors[i]->id]->objects[number];
        everywhere &= end->manner != ABSENT;
        all_virtual &= end->manner == VIRTUAL;
        some_virtual |= end->manner == VIRTUAL;
        first = first == NULL ? end : first;
        same &= end->references == first->references && end->fields == first->fields;
    }
    if (!some_virtual || (all_virtual && same && !must_be_real(walk, number, block))) {
        return false;
    }
    if (!everywhere || (all_virtual && !same)) {
        refuse(walk, number);
        return false;
    }
    for (int i = 0; i < block->predecessor_count; i++) {
        if (is_forward(block, i)) {
            make_at_end(walk, block->predecessors[i], number);
        }
    }
    return true;
}

/* The number that states name for a local from the start of `block` on; NULL: that is not known. */
static struct ir_node *number_from(struct walk *walk, const struct ir_block *block, int local)
{
    for (const struct ir_block *below = block; below != NULL; below = below->next) {
        if (!ir_dominates(block, below)) {
            continue;
        }
        ir_each_node(below, node)
        {
            const struct ir_state *state = node->state;
            while (state != NULL && state->outer != NULL) {
                state = state->outer;
            }
            if (state != NULL) {
                return state->slots[local].how == SLOT_RAW ? resolve(walk, state->slots[local].value) : NULL;
            }
        }
    }
    return NULL;
}

/* A local that is a number box nobody else has at the end of way number `which` into `block` becomes one that its home does not have: states that
 * name the number are enough. False: it is something else, or they name another. */
static bool forget_box(struct walk *walk, struct ir_block *block, int which, int local)
{
    struct ir_block *from = block->predecessors[which];
    struct point *end = walk->ends[from->id];
    struct home *home = &end->homes[local];
    struct standing *standing = &end->objects[home->object];
    struct ir_node *number = number_from(walk, block, local);
    if (number != NULL && number->op == IR_phi && number->block == block) {
        number = resolve(walk, number->inputs[which]);
    }
    if (!is_box_kind(walk, home->object) || standing->references != 1 || !has_one_way(from) || number == NULL ||
        number != resolve(walk, standing->fields[0])) {
        return false;
    }
    standing->manner = ABSENT;
    *home = (struct home){.manner = HOME_PERHAPS, .clean = constant(walk, from->last, IR_constant_bool, 0)};
    return true;
}

/* The same as settle_object for a local of the root frame. */
static bool settle_home(struct walk *walk, struct ir_block *block, int local)
{
    bool same = true, some_virtual = false, some_perhaps = false;
    const struct home *first = NULL;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (is_forward(block, i)) {
            const struct home *end = &walk->ends[block->predecessors[i]->id]->homes[local];
            first = first == NULL ? end : first;
            same &= end->manner == first->manner && end->object == first->object;
            some_virtual |= end->manner == HOME_VIRTUAL;
            some_perhaps |= end->manner == HOME_PERHAPS;
        }
    }
    bool perhaps = block->is_loop_header && has_finding(walk, name_of_home(local), block);
    if (!some_virtual || (same && !perhaps)) {
        return false;
    }
    perhaps = !walk->never_perhaps[local];
    bool made = false;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (!is_forward(block, i)) {
            continue;
        }
        struct ir_block *from = block->predecessors[i];
        const struct home *end = &walk->ends[from->id]->homes[local];
        if (end->manner == HOME_VIRTUAL && !(perhaps && forget_box(walk, block, i, local))) {
            make_at_end(walk, from, end->object);
        }
        made |= end->manner != HOME_VIRTUAL;
    }
    return made;
}

/* How a settled object stands where the ways come together. */
static void merge_object(struct walk *walk, struct ir_block *block, int number)
{
    struct standing *merged = &walk->now->objects[number];
    const struct standing *first = NULL;
    bool alike = true;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (!is_forward(block, i)) {
            continue;
        }
        const struct standing *end = &walk->ends[block->predecessors[i]->id]->objects[number];
        if (first == NULL) {
            first = end;
            *merged = *end;
        }
        if (end->manner == ABSENT) {
            merged->manner = ABSENT;
        }
        alike &= end->real == first->real;
        if (merged->description != end->description) {
            merged->description = NULL;
        }
    }
    if (merged->manner != REAL || alike) {
        return;
    }
    if (!walk->changes) {
        merged->real = ir_node_new(walk->graph, IR_phi, 0, NULL);
        return;
    }
    struct ir_node *phi = ir_phi(walk->graph, block, IR_OBJECT, block->predecessor_count);
    phi->kind = walk->objects[number].kind;
    for (int i = 0; i < block->predecessor_count; i++) {
        phi->inputs[i] = is_forward(block, i) ? walk->ends[block->predecessors[i]->id]->objects[number].real : phi;
    }
    merged->real = phi;
}

/* Does the home of a local hold what it is, at the end of `block`? */
static struct ir_node *clean_at_end(struct walk *walk, struct ir_block *block, int local)
{
    const struct home *end = &walk->ends[block->id]->homes[local];
    return end->manner == HOME_PERHAPS ? end->clean : constant(walk, block->last, IR_constant_bool, 1);
}

static void merge_home(struct walk *walk, struct ir_block *block, int local)
{
    struct home *merged = &walk->now->homes[local];
    bool perhaps = block->is_loop_header && has_finding(walk, name_of_home(local), block);
    for (int i = 0; i < block->predecessor_count; i++) {
        if (is_forward(block, i)) {
            *merged = walk->ends[block->predecessors[i]->id]->homes[local];
            perhaps |= merged->manner == HOME_PERHAPS;
        }
    }
    if (!perhaps) {
        return;
    }
    if (walk->never_perhaps[local]) {
        *merged = (struct home){.manner = IN_HOME};
        return;
    }
    *merged = (struct home){.manner = HOME_PERHAPS};
    if (!walk->changes) {
        merged->clean = ir_node_new(walk->graph, IR_phi, 0, NULL);
        return;
    }
    merged->clean = ir_phi(walk->graph, block, IR_BOOL, block->predecessor_count);
    for (int i = 0; i < block->predecessor_count; i++) {
        merged->clean->inputs[i] =
            is_forward(block, i) ? clean_at_end(walk, block->predecessors[i], local) : merged->clean;
    }
}

/* Is it a phi that this walk has made? */
static bool is_made_here(const struct walk *walk, const struct ir_node *phi)
{
    return phi->id >= walk->node_count;
}

static void open_block(struct walk *walk, struct ir_block *block)
{
    memset(walk->now, 0, sizeof *walk->now);
    if (block->predecessor_count == 0) {
        return;
    }
    if (block->predecessor_count == 1) {
        memcpy(walk->now, walk->ends[block->predecessors[0]->id], sizeof *walk->now);
    }
    int before = walk->object_count;
    for (struct ir_node *phi = block->first, *next; phi != NULL && phi->op == IR_phi; phi = next) {
        next = phi->next;
        if (is_made_here(walk, phi)) {
            continue;
        }
        if (block->predecessor_count > 1 && !walk->again && merge_phi(walk, phi)) {
            continue;
        }
        for (int i = 0; i < block->predecessor_count && !walk->again; i++) {
            if (is_forward(block, i)) {
                bring_input(walk, phi, i);
            }
        }
    }
    if (block->predecessor_count == 1) {
        memcpy(walk->now, walk->ends[block->predecessors[0]->id], sizeof *walk->now);
        return;
    }
    int changing[MOST_HOMES];
    for (int i = 0; i < walk->home_count; i++) {
        bool changes = !walk->again && merge_changing_home(walk, block, i);
        changing[i] = changes ? walk->merges[walk->merge_count - 1].object : NO_OBJECT;
    }
    for (bool changed = true; changed && !walk->again;) {
        changed = false;
        for (int i = 0; i < walk->home_count && !walk->again; i++) {
            changed |= settle_home(walk, block, i);
        }
        for (int i = 0; i < before && !walk->again; i++) {
            changed |= settle_object(walk, block, i);
        }
    }
    for (int i = 0; i < before && !walk->again; i++) {
        merge_object(walk, block, i);
    }
    for (int i = 0; i < walk->home_count && !walk->again; i++) {
        merge_home(walk, block, i);
        if (changing[i] != NO_OBJECT) {
            walk->now->homes[i] = (struct home){.manner = HOME_VIRTUAL, .object = (int16_t)changing[i]};
        }
    }
}

/* The same for a local of the root frame. `which`: the way back among the header's predecessors. */
static void close_home(struct walk *walk, struct ir_block *latch, struct ir_block *header, int which, int local)
{
    const struct home *start = &walk->starts[header->id]->homes[local];
    struct home *end = &walk->ends[latch->id]->homes[local];
    bool is_same = start->manner == end->manner && start->object == end->object;
    if (start->manner == HOME_PERHAPS) {
        if (end->manner == HOME_VIRTUAL && !forget_box(walk, header, which, local)) {
            make_at_end(walk, latch, end->object);
        }
        if (walk->changes) {
            start->clean->inputs[which] = clean_at_end(walk, latch, local);
        }
        return;
    }
    if (is_same) {
        return;
    }
    bool is_box = (end->manner == HOME_VIRTUAL && is_box_kind(walk, end->object) &&
                   walk->ends[latch->id]->objects[end->object].references == 1) ||
                  (start->manner == HOME_VIRTUAL && is_box_kind(walk, start->object));
    if ((end->manner == HOME_PERHAPS || is_box) && !walk->never_perhaps[local] &&
        !has_finding(walk, name_of_home(local), header)) {
        find_out(walk, name_of_home(local), header);
    } else if (start->manner == HOME_VIRTUAL && !has_finding(walk, name_of_changing(local), header)) {
        find_out(walk, name_of_changing(local), header);
    } else if (start->manner == HOME_VIRTUAL) {
        if (has_finding(walk, walk->objects[start->object].key, header)) {
            refuse(walk, start->object);
        } else {
            find_out(walk, walk->objects[start->object].key, header);
        }
    } else if (end->manner == HOME_VIRTUAL) {
        make_at_end(walk, latch, end->object);
    } else {
        settle_for_certainty(walk, local);
    }
}

/* The object that a node is at the end of a block, if that is virtual. */
static int virtual_at_end(const struct walk *walk, const struct ir_block *block, const struct ir_node *node)
{
    return is_virtual(walk, walk->ends[block->id], node) ? object_of(walk, node) : NO_OBJECT;
}

/* The merge of a local at a loop header, or NULL. */
static const struct merge *merge_of_home(const struct walk *walk, const struct ir_block *header, int local)
{
    for (int i = 0; i < walk->merge_count; i++) {
        if (walk->merges[i].block == header && walk->merges[i].phi == NULL && walk->merges[i].local == local) {
            return &walk->merges[i];
        }
    }
    return NULL;
}

/* A way back to a loop header: is everything as it was believed to be? */
static void close_loop(struct walk *walk, struct ir_block *latch, struct ir_block *header)
{
    const struct point *start = walk->starts[header->id];
    for (int which = 0; which < header->predecessor_count; which++) {
        if (header->predecessors[which] != latch) {
            continue;
        }
        for (int i = 0; i < walk->merge_count && !walk->again; i++) {
            const struct merge *merge = &walk->merges[i];
            if (merge->block == header && merge->phi != NULL) {
                close_merge(walk, header, which, merge->object,
                            virtual_at_end(walk, latch, resolve(walk, merge->phi->inputs[which])));
            }
        }
        for (struct ir_node *phi = header->first; phi != NULL && phi->op == IR_phi; phi = phi->next) {
            if (!is_made_here(walk, phi) && !is_named(walk, phi) && !walk->again) {
                bring_input(walk, phi, which);
            }
        }
        for (int i = 0; i < walk->home_count && !walk->again; i++) {
            const struct merge *merge = merge_of_home(walk, header, i);
            struct home *home = &walk->ends[latch->id]->homes[i];
            if (merge != NULL) {
                close_merge(walk, header, which, merge->object,
                            home->manner == HOME_VIRTUAL ? home->object : NO_OBJECT);
            } else {
                close_home(walk, latch, header, which, i);
            }
        }
    }
    const struct point *end = walk->ends[latch->id];
    for (int i = 0; i < walk->object_count && !walk->again; i++) {
        if (walk->objects[i].merged_in == header) {
            if (start->objects[i].manner == VIRTUAL && end->objects[i].manner == VIRTUAL) {
                find_out(walk, walk->objects[i].key, header);
            }
        } else if (start->objects[i].manner == ABSENT && end->objects[i].manner == VIRTUAL) {
            refuse(walk, i);
        } else if (start->objects[i].manner == VIRTUAL &&
                   (end->objects[i].manner != VIRTUAL ||
                    end->objects[i].references != start->objects[i].references)) {
            find_out(walk, walk->objects[i].key, header);
        }
    }
}

/* ---- The walk ---------------------------------------------------------------------------------------------------------- */

static struct point *keep_point(struct walk *walk, struct point **place)
{
    if (*place == NULL) {
        *place = compiler_malloc(sizeof **place);
    }
    if (*place == NULL) {
        walk->graph->out_of_memory = true;
        return NULL;
    }
    return memcpy(*place, walk->now, sizeof **place);
}

static void walk_blocks(struct walk *walk)
{
    walk->again = false;
    walk->object_count = walk->merge_count = walk->answered = 0;
    memset(walk->aliases, 0, walk->capacity * sizeof *walk->aliases);
    memset(walk->forwards, 0, walk->capacity * sizeof(struct ir_node *));
    ir_each_block(walk->graph, block)
    {
        open_block(walk, block);
        if (block->is_loop_header) {
            keep_point(walk, &walk->starts[block->id]);
        }
        ir_each_node(block, node)
        {
            if (walk->again || walk->graph->out_of_memory) {
                return;
            }
            if (node->op != IR_phi && node->block != NULL && !is_named(walk, node)) {
                visit(walk, node);
            }
        }
        if (walk->again || walk->graph->out_of_memory || keep_point(walk, &walk->ends[block->id]) == NULL) {
            return;
        }
        for (int i = 0; i < 2; i++) {
            struct ir_block *successor = block->successors[i];
            if (successor != NULL && successor->order <= block->order) {
                close_loop(walk, block, successor);
            }
        }
        if (walk->again) {
            return;
        }
    }
}

/* Is there anything that might be virtual? */
static bool has_candidates(const struct ir_graph *graph)
{
    ir_each_block(graph, block)
    {
        ir_each_node(block, node)
        {
            if (node->op == IR_new_tuple || node->op == IR_box_int || node->op == IR_box_float ||
                (node->op == IR_new_instance && node->offset != 0)) {
                return true;
            }
        }
    }
    return false;
}

static bool open_walk(struct walk *walk)
{
    struct ir_graph *graph = walk->graph;
    walk->node_count = graph->node_count;
    walk->capacity = 2 * (size_t)graph->node_count + 256;
    walk->state_count = graph->state_count;
    if (!graph->direct && graph->frame_count > 0) {
        walk->home_count = graph->frames[0].locals < MOST_HOMES ? graph->frames[0].locals : MOST_HOMES;
    }
    walk->aliases = compiler_calloc(walk->capacity + 1, sizeof *walk->aliases);
    walk->forwards = compiler_calloc(walk->capacity + 1, sizeof(struct ir_node *));
    walk->refused = compiler_calloc(walk->capacity + 1, sizeof *walk->refused);
    walk->now = compiler_calloc(1, sizeof *walk->now);
    walk->ends = compiler_calloc(graph->block_count + 1, sizeof(struct point *));
    walk->starts = compiler_calloc(graph->block_count + 1, sizeof(struct point *));
    walk->copies = compiler_calloc(walk->state_count + 1, sizeof(struct state_copy *));
    return walk->aliases != NULL && walk->forwards != NULL && walk->refused != NULL && walk->now != NULL &&
           walk->ends != NULL && walk->starts != NULL && walk->copies != NULL;
}

static void close_walk(struct walk *walk)
{
    for (uint32_t i = 0; walk->ends != NULL && walk->starts != NULL && i < walk->graph->block_count; i++) {
        free(walk->ends[i]);
        free(walk->starts[i]);
    }
    free(walk->aliases);
    free(walk->forwards);
    free(walk->refused);
    free(walk->now);
    free(walk->ends);
    free(walk->starts);
    free(walk->copies);
    free(walk->findings);
}

void pass_virtual(struct ir_graph *graph)
{
    if (!has_candidates(graph)) {
        return;
    }
    struct walk walk = {.graph = graph};
    if (!open_walk(&walk)) {
        graph->out_of_memory = true;
    }
    walk.again = true;
    for (int walks = 0; walk.again && walks < MOST_WALKS && !graph->out_of_memory; walks++) {
        uint32_t nodes = graph->node_count;
        walk_blocks(&walk);
        graph->node_count = nodes;
    }
    if (!walk.again && walk.answered > 0 && !graph->out_of_memory) {
        walk.changes = true;
        walk_blocks(&walk);
        assert(!walk.again);
    }
    close_walk(&walk);
}
