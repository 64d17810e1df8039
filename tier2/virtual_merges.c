/* tier2/virtual_merges.c: where ways come together, virtual objects become one, stay what they are, or are made; and at the end of a loop, what
 * was believed at its header is checked. */
#include "tier2/virtual.h"

#include "runtime/cpython.h"

#include <string.h>

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
        virtual_refuse(walk, number);
        return;
    }
    virtual_make(walk, end, number, block->last);
}

static bool is_forward(const struct ir_block *block, int which)
{
    return block->predecessors[which]->order < block->order;
}

/* Input `which` of a phi that is a value: whatever is virtual there is made. */
static void bring_input(struct walk *walk, struct ir_node *phi, int which)
{
    struct ir_block *from = phi->block->predecessors[which];
    struct ir_node *input = virtual_resolve(walk, phi->inputs[which]);
    virtual_expect_no_role(walk, input);
    int object = virtual_object_of(walk, input);
    if (object != NO_OBJECT) {
        make_at_end(walk, from, object);
    }
    if (walk->changes) {
        phi->inputs[which] = virtual_value_at(walk, walk->ends[from->id], input);
    }
}

/* ---- Objects that become one ------------------------------------------------------------------------------------------ */

/* Are virtual objects so alike that one description, with other values, says what they are? */
static bool are_alike(const struct walk *walk, const struct standing *first, int first_number,
                      const struct standing *second, int second_number)
{
    const struct object *a = &walk->objects[first_number];
    const struct object *b = &walk->objects[second_number];
    if (a->parts != b->parts || first->manner != VIRTUAL || second->manner != VIRTUAL || first->references != 1 ||
        second->references != 1 || a->kind != b->kind || a->class != b->class ||
        first->field_count != second->field_count) {
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
            values[i] = virtual_resolve(walk, end->objects[inputs[i]].fields[field]);
            inner[i] = virtual_is_unmade(walk, end, values[i]) ? virtual_object_of(walk, values[i]) : NO_OBJECT;
            sample = values[i];
        }
    }
    int merged = merge_inputs(walk, block, inner, -1, virtual_name_of_field(name, field));
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
            phi->inputs[i] = virtual_value_at(walk, walk->ends[block->predecessors[i]->id], values[i]);
        }
    }
    return phi;
}

/* Makes one of the virtual objects (by number, per way) that come to `block`; at a loop header with phis that the ways back complete. Returns its
 * number, or NO_OBJECT. */
static int merge_inputs(struct walk *walk, struct ir_block *block, const int *inputs, int local, uint32_t name)
{
    if (block->predecessor_count > MOST_WAYS || virtual_has_finding(walk, name, block) ||
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
    struct object *object = virtual_add_object(walk, node, name, NULL, 0);
    struct ir_node **fields = ir_allocate(walk->graph, alike->field_count * sizeof *fields + 1);
    if (object == NULL || fields == NULL) {
        return NO_OBJECT;
    }
    int number = walk->object_count - 1;
    object->class = model->class;
    object->has_values = model->has_values;
    object->parts = model->parts;
    object->version = model->version;
    object->merged_in = block;
    for (int i = 0; i < alike->field_count && !walk->again; i++) {
        bool is_position = model->class != NULL && i % 2 == 0;
        fields[i] = is_position
                        ? virtual_constant(walk, first_behind_phis(block), IR_constant_int, alike->fields[i]->number)
                        : merge_field(walk, block, inputs, i, name);
    }
    if (virtual_is_box_kind(walk, number) && fields[0] != NULL) {
        node->number = fields[0]->id + 1;
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
            same = virtual_resolve(walk, merge->phi->inputs[i]) == virtual_resolve(walk, phi->inputs[i]);
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
            inputs[i] =
                is_forward(block, i) ? virtual_object_of(walk, virtual_resolve(walk, phi->inputs[i])) : NO_OBJECT;
        }
        object = walk->merge_count < MOST_OBJECTS ? merge_inputs(walk, block, inputs, -1, phi->id) : NO_OBJECT;
        if (object == NO_OBJECT) {
            return false;
        }
        note_merge(walk, block, phi, -1, object);
    }
    virtual_name_object(walk, phi, object);
    virtual_take_away(walk, phi);
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
    if (same && !virtual_has_finding(walk, virtual_name_of_changing(local), block)) {
        return false;
    }
    object = merge_inputs(walk, block, inputs, local, virtual_name_of_merge(local));
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
        virtual_find_out(walk, walk->objects[number].key, header);
        return;
    }
    for (int i = 0; i < start->field_count && !walk->again; i++) {
        if (walk->objects[number].class != NULL && i % 2 == 0) {
            continue;
        }
        struct ir_node *field = start->fields[i];
        struct ir_node *value = virtual_resolve(walk, end->objects[input].fields[i]);
        int inner = virtual_is_unmade(walk, end, value) ? virtual_object_of(walk, value) : NO_OBJECT;
        int merged = virtual_object_of(walk, field);
        if (merged != NO_OBJECT && walk->objects[merged].merged_in == header) {
            close_merge(walk, header, which, merged, inner);
            continue;
        }
        if (inner != NO_OBJECT) {
            make_at_end(walk, latch, inner);
        }
        field->inputs[which] = virtual_value_at(walk, end, value);
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
    if (!some_virtual || (all_virtual && same && !virtual_must_be_real(walk, number, block))) {
        return false;
    }
    if (!everywhere || (all_virtual && !same)) {
        virtual_refuse(walk, number);
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
                return state->slots[local].how == SLOT_RAW ? virtual_resolve(walk, state->slots[local].value) : NULL;
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
        number = virtual_resolve(walk, number->inputs[which]);
    }
    if (!virtual_is_box_kind(walk, home->object) || standing->references != 1 || !has_one_way(from) ||
        number == NULL || number != virtual_resolve(walk, standing->fields[0])) {
        return false;
    }
    standing->manner = ABSENT;
    *home = (struct home){.manner = HOME_PERHAPS, .clean = virtual_constant(walk, from->last, IR_constant_bool, 0)};
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
    bool perhaps = block->is_loop_header && virtual_has_finding(walk, virtual_name_of_home(local), block);
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
    return end->manner == HOME_PERHAPS ? end->clean : virtual_constant(walk, block->last, IR_constant_bool, 1);
}

static void merge_home(struct walk *walk, struct ir_block *block, int local)
{
    struct home *merged = &walk->now->homes[local];
    bool perhaps = block->is_loop_header && virtual_has_finding(walk, virtual_name_of_home(local), block);
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

void virtual_open_block(struct walk *walk, struct ir_block *block)
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
    bool is_box = (end->manner == HOME_VIRTUAL && virtual_is_box_kind(walk, end->object) &&
                   walk->ends[latch->id]->objects[end->object].references == 1) ||
                  (start->manner == HOME_VIRTUAL && virtual_is_box_kind(walk, start->object));
    if ((end->manner == HOME_PERHAPS || is_box) && !walk->never_perhaps[local] &&
        !virtual_has_finding(walk, virtual_name_of_home(local), header)) {
        virtual_find_out(walk, virtual_name_of_home(local), header);
    } else if (start->manner == HOME_VIRTUAL && !virtual_has_finding(walk, virtual_name_of_changing(local), header)) {
        virtual_find_out(walk, virtual_name_of_changing(local), header);
    } else if (start->manner == HOME_VIRTUAL) {
        if (virtual_has_finding(walk, walk->objects[start->object].key, header)) {
            virtual_refuse(walk, start->object);
        } else {
            virtual_find_out(walk, walk->objects[start->object].key, header);
        }
    } else if (end->manner == HOME_VIRTUAL) {
        make_at_end(walk, latch, end->object);
    } else {
        virtual_settle_for_certainty(walk, local);
    }
}

/* The object that a node is at the end of a block, if that is virtual. */
static int virtual_at_end(const struct walk *walk, const struct ir_block *block, const struct ir_node *node)
{
    return virtual_is_unmade(walk, walk->ends[block->id], node) ? virtual_object_of(walk, node) : NO_OBJECT;
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

void virtual_close_loop(struct walk *walk, struct ir_block *latch, struct ir_block *header)
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
                            virtual_at_end(walk, latch, virtual_resolve(walk, merge->phi->inputs[which])));
            }
        }
        for (struct ir_node *phi = header->first; phi != NULL && phi->op == IR_phi; phi = phi->next) {
            if (!is_made_here(walk, phi) && !virtual_is_named(walk, phi) && !walk->again) {
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
                virtual_find_out(walk, walk->objects[i].key, header);
            }
        } else if (start->objects[i].manner == ABSENT && end->objects[i].manner == VIRTUAL) {
            virtual_refuse(walk, i);
        } else if (start->objects[i].manner == VIRTUAL &&
                   (end->objects[i].manner != VIRTUAL || end->objects[i].fields != start->objects[i].fields ||
                    end->objects[i].references != start->objects[i].references)) {
            virtual_find_out(walk, walk->objects[i].key, header);
        }
    }
}
