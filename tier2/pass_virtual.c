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

enum { MOST_OBJECTS = DEOPT_MOST_OBJECTS, MOST_FIELDS = DEOPT_MOST_FIELDS, MOST_WALKS = 24, NO_OBJECT = -1 };

struct object {
    struct ir_node *name; /* the node whose value it is */
    uint8_t kind;
    uint16_t field_count;
};

enum manner { ABSENT, VIRTUAL, REAL };

/* How an object stands at some point. */
struct standing {
    uint8_t manner;
    uint16_t references;         /* while virtual */
    struct ir_node *real;        /* what it is, where it is real */
    struct ir_node *description; /* the last IR_virtual made of it, which is still there, or NULL */
    struct ir_node **fields;     /* as they are named; in the graph's memory, never changed */
};

/* A frame state as a node sees it. */
struct state_copy {
    struct ir_state *to;
    struct state_copy *next;
};

/* An object (by the id of its name) that has to be real where a loop begins. */
struct real_in_loop {
    uint32_t name, header;
};

struct walk {
    struct ir_graph *graph;
    bool changes; /* the graph: this is the last walk */
    bool again;   /* something that was believed is not so */
    struct object objects[MOST_OBJECTS];
    int object_count;
    int answered; /* how many nodes did without an object */
    size_t capacity;
    int16_t *aliases;          /* by node: the object it is, one more; 0: none */
    struct ir_node **forwards; /* by node: what it turned out to be */
    uint8_t *refused; /* by node that names an object: it is not to be virtual. Kept from walk to walk, as are: */
    struct real_in_loop *real_in_loops;
    size_t real_in_loop_count, real_in_loop_capacity;
    struct standing *now;
    struct standing **ends, **starts; /* by block: at its end; of loop headers, at their beginning */
    struct state_copy **copies;       /* by state */
    uint32_t state_count;             /* of states there were before */
};

/* ---- Names ------------------------------------------------------------------------------------------------------ */

static struct ir_node *resolve(const struct walk *walk, struct ir_node *node)
{
    node = ir_current(node);
    while (node != NULL && node->id < walk->capacity && walk->forwards[node->id] != NULL) {
        node = ir_current(walk->forwards[node->id]);
    }
    return node;
}

/* The object a resolved node is the name of. */
static int object_of(const struct walk *walk, const struct ir_node *node)
{
    return node != NULL && node->id < walk->capacity ? walk->aliases[node->id] - 1 : NO_OBJECT;
}

/* Has the node become another name of an object already? */
static bool is_named(const struct walk *walk, const struct ir_node *node)
{
    return node->id < walk->capacity && walk->aliases[node->id] != 0;
}

static bool is_virtual(const struct walk *walk, const struct standing *at, const struct ir_node *node)
{
    int object = object_of(walk, node);
    return object != NO_OBJECT && at[object].manner == VIRTUAL;
}

/* The node to use for a value that is not virtual. */
static struct ir_node *value_at(const struct walk *walk, const struct standing *at, struct ir_node *node)
{
    node = resolve(walk, node);
    int object = object_of(walk, node);
    return object != NO_OBJECT && at[object].manner == REAL ? at[object].real : node;
}

/* From now on, `node` is object `object`, or the value of another node. */
static void name_object(struct walk *walk, const struct ir_node *node, int object)
{
    walk->aliases[node->id] = (int16_t)(object + 1);
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

/* It is never virtual. */
static void refuse(struct walk *walk, int object)
{
    walk->refused[walk->objects[object].name->id] = true;
    walk->again = true;
}

static bool must_be_real(const struct walk *walk, int object, const struct ir_block *header)
{
    for (size_t i = 0; i < walk->real_in_loop_count; i++) {
        const struct real_in_loop *row = &walk->real_in_loops[i];
        if (row->name == walk->objects[object].name->id && row->header == header->id) {
            return true;
        }
    }
    return false;
}

static void make_real_in_loop(struct walk *walk, int object, const struct ir_block *header)
{
    walk->again = true;
    if (walk->real_in_loop_count == walk->real_in_loop_capacity) {
        size_t capacity = walk->real_in_loop_capacity * 2 + 16;
        struct real_in_loop *grown = compiler_realloc(walk->real_in_loops, capacity * sizeof *grown);
        if (grown == NULL) {
            walk->graph->out_of_memory = true;
            return;
        }
        walk->real_in_loops = grown;
        walk->real_in_loop_capacity = capacity;
    }
    walk->real_in_loops[walk->real_in_loop_count++] =
        (struct real_in_loop){walk->objects[object].name->id, header->id};
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

/* Makes a virtual object, and what it has that is virtual, before `where`. */
static struct ir_node *make(struct walk *walk, struct standing *at, int number, struct ir_node *where)
{
    const struct object *object = &walk->objects[number];
    struct standing *standing = &at[number];
    struct ir_node *fields[MOST_FIELDS];
    for (int i = 0; i < object->field_count; i++) {
        struct ir_node *field = resolve(walk, standing->fields[i]);
        int inner = object_of(walk, field);
        if (inner != NO_OBJECT && at[inner].manner == VIRTUAL) {
            make(walk, at, inner, where);
        }
        fields[i] = value_at(walk, at, field);
    }
    enum ir_op op = object->kind == KIND_int ? IR_box_int : object->kind == KIND_float ? IR_box_float : IR_make;
    struct ir_node *real = insert(walk, where, op, object->field_count, fields);
    real->kind = object->kind;
    real->sample = object->name->sample;
    for (int i = 1; i < standing->references; i++) {
        insert(walk, where, IR_hold, 1, &real);
    }
    standing->manner = REAL;
    standing->real = real;
    standing->description = NULL;
    return real;
}

static void make_all(struct walk *walk, struct standing *at, struct ir_node *where)
{
    for (int i = 0; i < walk->object_count; i++) {
        if (at[i].manner == VIRTUAL) {
            make(walk, at, i, where);
        }
    }
}

/* ---- Frame states ------------------------------------------------------------------------------------------------- */

/* The node that says before `where` what a virtual object is. */
static struct ir_node *describe(struct walk *walk, int number, struct ir_node *where)
{
    const struct object *object = &walk->objects[number];
    struct standing *standing = &walk->now[number];
    struct ir_node *fields[MOST_FIELDS];
    bool same = standing->description != NULL;
    for (int i = 0; i < object->field_count; i++) {
        fields[i] = resolve(walk, standing->fields[i]);
        int inner = object_of(walk, fields[i]);
        fields[i] = inner != NO_OBJECT && walk->now[inner].manner == VIRTUAL ? describe(walk, inner, where)
                                                                             : value_at(walk, walk->now, fields[i]);
        same = same && standing->description->inputs[i] == fields[i];
    }
    if (!same) {
        standing->description = insert(walk, where, IR_virtual, object->field_count, fields);
        standing->description->kind = object->kind;
    }
    return standing->description;
}

static struct ir_node *describe_value(struct walk *walk, struct ir_node *node, struct ir_node *where)
{
    node = resolve(walk, node);
    return is_virtual(walk, walk->now, node) ? describe(walk, object_of(walk, node), where)
                                             : value_at(walk, walk->now, node);
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
        slots[i].clean = resolve(walk, slots[i].clean);
        slots[i].index = resolve(walk, slots[i].index);
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
    struct ir_node *fields[MOST_OBJECTS * MOST_FIELDS];
    int count;
};

/* Takes a reference of a virtual object away; with the last, what has to be dropped for it is put before the rest. Items of tuples are
 * dropped from the last to the first. */
static void lose_reference(struct walk *walk, int number, struct dying *dying)
{
    struct standing *standing = &walk->now[number];
    if (--standing->references > 0) {
        return;
    }
    standing->manner = ABSENT;
    if (walk->objects[number].kind != KIND_tuple) {
        return;
    }
    int count = walk->objects[number].field_count;
    if (dying->count + count > MOST_OBJECTS * MOST_FIELDS) {
        refuse(walk, number);
        return;
    }
    memmove(&dying->fields[count], dying->fields, (size_t)dying->count * sizeof dying->fields[0]);
    for (int i = 0; i < count; i++) {
        dying->fields[i] = resolve(walk, standing->fields[count - 1 - i]);
    }
    dying->count += count;
}

static bool is_simple(const struct ir_node *node)
{
    return node->kind == KIND_int || node->kind == KIND_float || node->kind == KIND_bool || node->kind == KIND_str ||
           node->kind == KIND_none;
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

/* A drop, by `node`, of a reference to a virtual object. */
static void drop(struct walk *walk, struct ir_node *node, int number)
{
    struct dying dying = {.count = 0};
    lose_reference(walk, number, &dying);
    struct ir_state *state = state_at(walk, node->state, node);
    for (int i = 0; i < dying.count; i++) {
        struct ir_node *field = dying.fields[i];
        int inner = object_of(walk, field);
        if (inner != NO_OBJECT && walk->now[inner].manner == VIRTUAL) {
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
    take_away(walk, node);
}

/* ---- Nodes -------------------------------------------------------------------------------------------------------- */

/* A new object that `name` is the value of, if there is room and it has not been refused. */
static bool add_object(struct walk *walk, struct ir_node *name, enum ir_kind kind, struct ir_node *const *fields,
                       int count)
{
    if (walk->refused[name->id] || walk->object_count == MOST_OBJECTS || count > MOST_FIELDS) {
        return false;
    }
    int number = walk->object_count++;
    walk->objects[number] = (struct object){.name = name, .kind = (uint8_t)kind, .field_count = (uint16_t)count};
    struct standing *standing = &walk->now[number];
    *standing = (struct standing){.manner = VIRTUAL, .references = 1};
    standing->fields = ir_allocate(walk->graph, (size_t)count * sizeof *fields + 1);
    for (int i = 0; standing->fields != NULL && i < count; i++) {
        standing->fields[i] = resolve(walk, fields[i]);
    }
    name_object(walk, name, number);
    return true;
}

/* A tuple and the guard that it was made: the guard is the object. */
static bool begin_tuple(struct walk *walk, struct ir_node *node)
{
    struct ir_node *guard = node->next;
    if (guard == NULL || guard->op != IR_guard_bound || guard->inputs[0] != node || guard->kind != KIND_tuple ||
        !add_object(walk, guard, KIND_tuple, node->inputs, node->input_count)) {
        return false;
    }
    take_away(walk, node);
    take_away(walk, guard);
    return true;
}

static struct ir_node *constant(struct walk *walk, struct ir_node *where, enum ir_op op, int64_t number)
{
    struct ir_node *node = insert(walk, where, op, 0, NULL);
    node->number = number;
    return node;
}

/* The item of a virtual tuple; NULL: which one is not known. */
static struct ir_node *item_of(const struct walk *walk, const struct ir_node *node, int number)
{
    const struct ir_node *index = resolve(walk, node->inputs[1]);
    bool known = walk->objects[number].kind == KIND_tuple && index->op == IR_constant_int && index->number >= 0 &&
                 index->number < walk->objects[number].field_count;
    return known ? resolve(walk, walk->now[number].fields[index->number]) : NULL;
}

/* Is it the same object, as far as that is known without making one? -1: it is not. (Small ints are the same wherever they come from.) */
static int sameness(const struct walk *walk, const struct ir_node *node)
{
    int first = object_of(walk, resolve(walk, node->inputs[0]));
    int second = object_of(walk, resolve(walk, node->inputs[1]));
    if (first == second) {
        return 1;
    }
    int known = first != NO_OBJECT && walk->now[first].manner == VIRTUAL ? first : second;
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
        return object->name;
    case IR_unbox_int:
    case IR_unbox_float:
        return object->kind == (node->op == IR_unbox_int ? KIND_int : KIND_float)
                   ? resolve(walk, walk->now[number].fields[0])
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
    struct standing *standing = &walk->now[number];
    struct ir_node *answer;
    switch ((enum ir_op)node->op) {
    case IR_hold:
        standing->references++;
        take_away(walk, node);
        return true;
    case IR_drop:
        drop(walk, node, number);
        return true;
    case IR_load:
        answer = object->kind == KIND_tuple && node->offset == offsetof(PyVarObject, ob_size)
                     ? constant(walk, node, IR_constant_int, object->field_count)
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

static void visit(struct walk *walk, struct ir_node *node)
{
    if (node->op == IR_new_tuple && begin_tuple(walk, node)) {
        return;
    }
    if ((node->op == IR_box_int || node->op == IR_box_float) &&
        add_object(walk, node, (enum ir_kind)node->kind, node->inputs, 1)) {
        take_away(walk, node);
        return;
    }
    struct ir_node *first = node->input_count > 0 ? resolve(walk, node->inputs[0]) : NULL;
    int object = object_of(walk, first);
    struct ir_node *answer =
        object != NO_OBJECT && walk->now[object].manner != ABSENT ? known_answer(walk, node, object) : NULL;
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
    if (ir_escapes(node)) {
        make_all(walk, walk->now, node);
    }
    for (int i = 0; i < node->input_count; i++) {
        struct ir_node *input = resolve(walk, node->inputs[i]);
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
    struct standing *end = walk->ends[block->id];
    if (end[number].manner != VIRTUAL) {
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
    int object = object_of(walk, input);
    if (object != NO_OBJECT) {
        make_at_end(walk, from, object);
    }
    if (walk->changes) {
        phi->inputs[which] = value_at(walk, walk->ends[from->id], input);
    }
}

/* How object `number` stands where the ways come together. */
static void merge_object(struct walk *walk, struct ir_block *block, int number)
{
    struct standing *merged = &walk->now[number];
    bool everywhere = true, all_virtual = true, same = true, some_virtual = false;
    const struct standing *first = NULL;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (!is_forward(block, i)) {
            continue;
        }
        const struct standing *end = &walk->ends[block->predecessors[i]->id][number];
        everywhere &= end->manner != ABSENT;
        all_virtual &= end->manner == VIRTUAL;
        some_virtual |= end->manner == VIRTUAL;
        if (first == NULL) {
            first = end;
            *merged = *end;
        }
        same &= end->references == first->references && end->fields == first->fields;
        if (merged->description != end->description) {
            merged->description = NULL;
        }
    }
    if (!everywhere) {
        if (some_virtual) {
            refuse(walk, number);
        }
        merged->manner = ABSENT;
        return;
    }
    if (all_virtual && !same) {
        refuse(walk, number);
        return;
    }
    if (all_virtual && !must_be_real(walk, number, block)) {
        return;
    }
    struct ir_node *real = NULL;
    bool alike = true;
    for (int i = 0; i < block->predecessor_count; i++) {
        if (is_forward(block, i)) {
            make_at_end(walk, block->predecessors[i], number);
            struct ir_node *here = walk->ends[block->predecessors[i]->id][number].real;
            alike &= real == NULL || real == here;
            real = here;
        }
    }
    merged->manner = REAL;
    if (!alike && walk->changes) {
        struct ir_node *phi = ir_phi(walk->graph, block, IR_OBJECT, block->predecessor_count);
        phi->kind = walk->objects[number].kind;
        for (int i = 0; i < block->predecessor_count; i++) {
            phi->inputs[i] = is_forward(block, i) ? walk->ends[block->predecessors[i]->id][number].real : phi;
        }
        real = phi;
    } else if (!alike) {
        real = ir_node_new(walk->graph, IR_phi, 0, NULL);
    }
    merged->real = real;
}

static void open_block(struct walk *walk, struct ir_block *block)
{
    memset(walk->now, 0, MOST_OBJECTS * sizeof *walk->now);
    if (block->predecessor_count == 0) {
        return;
    }
    if (block->predecessor_count == 1) {
        memcpy(walk->now, walk->ends[block->predecessors[0]->id], MOST_OBJECTS * sizeof *walk->now);
    }
    for (struct ir_node *phi = block->first; phi != NULL && phi->op == IR_phi; phi = phi->next) {
        for (int i = 0; i < block->predecessor_count; i++) {
            if (is_forward(block, i)) {
                bring_input(walk, phi, i);
            }
        }
    }
    if (block->predecessor_count == 1) {
        memcpy(walk->now, walk->ends[block->predecessors[0]->id], MOST_OBJECTS * sizeof *walk->now);
        return;
    }
    for (int i = 0; i < walk->object_count && !walk->again; i++) {
        merge_object(walk, block, i);
    }
}

/* A way back to a loop header: is everything as it was believed to be? */
static void close_loop(struct walk *walk, struct ir_block *latch, struct ir_block *header)
{
    const struct standing *start = walk->starts[header->id];
    for (int which = 0; which < header->predecessor_count; which++) {
        if (header->predecessors[which] != latch) {
            continue;
        }
        for (struct ir_node *phi = header->first; phi != NULL && phi->op == IR_phi; phi = phi->next) {
            if (phi->inputs[which] != phi) {
                bring_input(walk, phi, which);
            }
        }
    }
    const struct standing *end = walk->ends[latch->id];
    for (int i = 0; i < walk->object_count; i++) {
        if (start[i].manner == ABSENT && end[i].manner == VIRTUAL) {
            refuse(walk, i);
        } else if (start[i].manner == VIRTUAL &&
                   (end[i].manner != VIRTUAL || end[i].references != start[i].references)) {
            make_real_in_loop(walk, i, header);
        }
    }
}

/* ---- The walk ---------------------------------------------------------------------------------------------------------- */

static struct standing *keep_standings(struct walk *walk, struct standing **place)
{
    if (*place == NULL) {
        *place = compiler_malloc(MOST_OBJECTS * sizeof **place);
    }
    if (*place == NULL) {
        walk->graph->out_of_memory = true;
        return NULL;
    }
    return memcpy(*place, walk->now, MOST_OBJECTS * sizeof **place);
}

static void walk_blocks(struct walk *walk)
{
    walk->again = false;
    walk->object_count = walk->answered = 0;
    memset(walk->aliases, 0, walk->capacity * sizeof *walk->aliases);
    memset(walk->forwards, 0, walk->capacity * sizeof(struct ir_node *));
    ir_each_block(walk->graph, block)
    {
        open_block(walk, block);
        if (block->is_loop_header) {
            keep_standings(walk, &walk->starts[block->id]);
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
        if (walk->again || walk->graph->out_of_memory || keep_standings(walk, &walk->ends[block->id]) == NULL) {
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
            if (node->op == IR_new_tuple || node->op == IR_box_int || node->op == IR_box_float) {
                return true;
            }
        }
    }
    return false;
}

static bool open_walk(struct walk *walk)
{
    struct ir_graph *graph = walk->graph;
    walk->capacity = graph->node_count;
    walk->state_count = graph->state_count;
    walk->aliases = compiler_calloc(walk->capacity + 1, sizeof *walk->aliases);
    walk->forwards = compiler_calloc(walk->capacity + 1, sizeof(struct ir_node *));
    walk->refused = compiler_calloc(walk->capacity + 1, sizeof *walk->refused);
    walk->now = compiler_calloc(MOST_OBJECTS, sizeof *walk->now);
    walk->ends = compiler_calloc(graph->block_count + 1, sizeof(struct standing *));
    walk->starts = compiler_calloc(graph->block_count + 1, sizeof(struct standing *));
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
    free(walk->real_in_loops);
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
