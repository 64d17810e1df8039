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
#include "runtime/ops.h"
#include "runtime/plain.h"
#include "tier2/virtual.h"

#include <stdlib.h>
#include <string.h>

/* ---- Nodes -------------------------------------------------------------------------------------------------------- */

struct object *virtual_add_object(struct walk *walk, struct ir_node *name, uint32_t key,
                                  struct ir_node *const *fields, int count)
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
        standing->fields[i] = virtual_resolve(walk, fields[i]);
    }
    virtual_name_object(walk, name, number);
    return &walk->objects[number];
}

/* The kind of what a node makes, unless it returns NULL; KIND_any: none of these. */
static enum ir_kind kind_made(const struct ir_node *node)
{
    return node->op == IR_new_tuple      ? KIND_tuple
           : node->op == IR_new_cell     ? KIND_cell
           : node->op == IR_new_function ? KIND_function
                                         : KIND_any;
}

/* A tuple, cell or function and the guard that it was made: the guard is the object. */
static bool begin_made(struct walk *walk, struct ir_node *node)
{
    struct ir_node *guard = node->next;
    if (guard == NULL || guard->op != IR_guard_bound || guard->inputs[0] != node || guard->kind != kind_made(node) ||
        node->input_count > MOST_ITEMS) {
        return false;
    }
    struct object *object = virtual_add_object(walk, guard, guard->id, node->inputs, node->input_count);
    if (object == NULL) {
        return false;
    }
    object->parts = node->op == IR_new_function ? (uint8_t)node->number : 0;
    virtual_take_away(walk, node);
    virtual_take_away(walk, guard);
    return true;
}

/* The item of a virtual tuple; NULL: which one is not known. */
static struct ir_node *item_of(const struct walk *walk, const struct ir_node *node, int number)
{
    const struct ir_node *index = virtual_resolve(walk, node->inputs[1]);
    bool known = walk->objects[number].kind == KIND_tuple && index->op == IR_constant_int && index->number >= 0 &&
                 index->number < walk->now->objects[number].field_count;
    return known ? virtual_resolve(walk, walk->now->objects[number].fields[index->number]) : NULL;
}

/* Is it the same object, as far as that is known without making one? -1: it is not. (Small ints are the same wherever they come from.) */
static int sameness(const struct walk *walk, const struct ir_node *node)
{
    int first = virtual_object_of(walk, virtual_resolve(walk, node->inputs[0]));
    int second = virtual_object_of(walk, virtual_resolve(walk, node->inputs[1]));
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
                   ? virtual_resolve(walk, walk->now->objects[number].fields[0])
                   : NULL;
    case IR_load_item:
        return item_of(walk, node, number);
    default:
        return NULL;
    }
}

/* What a load of a virtual tuple brings: its size, or an item; NULL: something else. */
static struct ir_node *load_of_tuple(struct walk *walk, struct ir_node *node, const struct standing *standing)
{
    if (node->offset == offsetof(PyVarObject, ob_size)) {
        return virtual_constant(walk, node, IR_constant_int, standing->field_count);
    }
    int64_t item = (node->offset - (int64_t)offsetof(PyTupleObject, ob_item)) / (int64_t)sizeof(PyObject *);
    return item >= 0 && item < standing->field_count ? virtual_resolve(walk, standing->fields[item]) : NULL;
}

/* The same of a function. A part that it has not is NULL, which nobody can be told. */
static struct ir_node *load_of_function(const struct walk *walk, const struct ir_node *node,
                                        const struct object *object, const struct standing *standing)
{
    static const size_t shared[] = {[FUNCTION_GLOBALS] = offsetof(PyFunctionObject, func_globals),
                                    [FUNCTION_BUILTINS] = offsetof(PyFunctionObject, func_builtins),
                                    [FUNCTION_CODE] = offsetof(PyFunctionObject, func_code)};
    static const struct {
        int bit;
        size_t offset;
    } parts[] = {{MAKE_FUNCTION_DEFAULTS, offsetof(PyFunctionObject, func_defaults)},
                 {MAKE_FUNCTION_KEYWORD_DEFAULTS, offsetof(PyFunctionObject, func_kwdefaults)},
                 {MAKE_FUNCTION_ANNOTATIONS, offsetof(PyFunctionObject, func_annotations)},
                 {MAKE_FUNCTION_CLOSURE, offsetof(PyFunctionObject, func_closure)}};
    for (int i = 0; i < FUNCTION_FIRST_PART; i++) {
        if (node->offset == (int32_t)shared[i]) {
            return virtual_resolve(walk, standing->fields[i]);
        }
    }
    int place = FUNCTION_FIRST_PART;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (node->offset == (int32_t)parts[i].offset && (object->parts & parts[i].bit)) {
            return virtual_resolve(walk, standing->fields[place]);
        }
        place += (object->parts & parts[i].bit) != 0;
    }
    return NULL;
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
        virtual_take_away(walk, node);
        return true;
    case IR_drop:
        virtual_drop(walk, node, number);
        virtual_take_away(walk, node);
        return true;
    case IR_load:
        answer = object->kind == KIND_tuple      ? load_of_tuple(walk, node, standing)
                 : object->kind == KIND_function ? load_of_function(walk, node, object, standing)
                                                 : NULL;
        break;
    case IR_is_bound:
        answer = virtual_constant(walk, node, IR_constant_bool, 1);
        break;
    default:
        answer = NULL;
        break;
    }
    if (answer == NULL) {
        return false;
    }
    virtual_forward(walk, node, answer);
    virtual_take_away(walk, node);
    return true;
}

/* What follows when sizes are known, or which objects two are. */
static bool fold(struct walk *walk, struct ir_node *node)
{
    const struct ir_node *inputs[2] = {NULL, NULL};
    if (node->op == IR_is_same) {
        inputs[0] = virtual_resolve(walk, node->inputs[0]);
        inputs[1] = virtual_resolve(walk, node->inputs[1]);
        if (inputs[0]->op != IR_constant_object || inputs[1]->op != IR_constant_object) {
            return false;
        }
        bool same = inputs[0]->pointer == inputs[1]->pointer;
        virtual_forward(walk, node, virtual_constant(walk, node, IR_constant_bool, same));
        virtual_take_away(walk, node);
        return true;
    }
    for (int i = 0; i < node->input_count && i < 2; i++) {
        inputs[i] = virtual_resolve(walk, node->inputs[i]);
        if (inputs[i]->op != IR_constant_int && inputs[i]->op != IR_constant_bool) {
            return false;
        }
    }
    int64_t a = inputs[0] != NULL ? inputs[0]->number : 0;
    int64_t b = inputs[1] != NULL ? inputs[1]->number : 0;
    switch ((enum ir_op)node->op) {
    case IR_guard_true:
        if (a) {
            virtual_take_away(walk, node);
        }
        return a != 0;
    case IR_int_compare:
        if (node->number != Py_EQ) {
            return false;
        }
        virtual_forward(walk, node, virtual_constant(walk, node, IR_constant_bool, a == b));
        break;
    case IR_is_inside:
        virtual_forward(walk, node, virtual_constant(walk, node, IR_constant_bool, a >= 0 && a < b));
        break;
    case IR_wrap_index:
        virtual_forward(walk, node, virtual_constant(walk, node, IR_constant_int, a < 0 ? a + b : a));
        break;
    default:
        return false;
    }
    virtual_take_away(walk, node);
    return true;
}

/* What a node asks of a value that came out of a virtual object, and that is known from that value's node; NULL: nothing. */
static struct ir_node *known_of_value(const struct walk *walk, const struct ir_node *node)
{
    struct ir_node *first = node->input_count > 0 ? virtual_resolve(walk, node->inputs[0]) : NULL;
    if (first == NULL || virtual_object_of(walk, first) != NO_OBJECT) {
        return NULL;
    }
    switch ((enum ir_op)node->op) {
    case IR_guard_bound:
        return first->kind != KIND_any ? first : NULL;
    case IR_guard_kind:
        return first->kind == node->kind ? first : NULL;
    case IR_unbox_int:
    case IR_unbox_float: {
        struct ir_node *raw = first->op == IR_sync_home ? virtual_resolve(walk, first->inputs[0]) : NULL;
        return raw != NULL && raw->type == (node->op == IR_unbox_int ? IR_INT : IR_FLOAT) ? raw : NULL;
    }
    default:
        return NULL;
    }
}

/* ---- Instances ---------------------------------------------------------------------------------------------------- */

/* Where an instance has the address of its inline values. */
enum { VALUES_OFFSET = -4 * (int)sizeof(PyObject *) };

/* The address of the inline values of an object, which is made if it has to be. */
static struct ir_node *values_of_real(struct walk *walk, int number, struct ir_node *where)
{
    struct standing *standing = &walk->now->objects[number];
    if (standing->manner == VIRTUAL) {
        virtual_make(walk, walk->now, number, where);
    }
    struct ir_node *values = virtual_insert(walk, where, IR_load, 1, &standing->real);
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
        const struct ir_node *field = virtual_resolve(walk, standing->fields[i]);
        leads = virtual_is_unmade(walk, walk->now, field) && leads_to(walk, virtual_object_of(walk, field), number);
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
        fields[place - 1] = virtual_constant(walk, where, IR_constant_int, position);
    }
    fields[place] = value;
    standing->fields = fields;
    standing->field_count = (uint16_t)count;
}

/* The virtual box that a raw number becomes where it is stored over something else, which is dropped; NULL, and nothing done: that might be seen. */
static struct ir_node *box_for_raw(struct walk *walk, struct ir_node *node)
{
    struct ir_node *raw = virtual_resolve(walk, node->inputs[2]);
    struct ir_node *old = virtual_resolve(walk, node->inputs[1]);
    bool old_is_virtual = virtual_is_unmade(walk, walk->now, old);
    int number = virtual_object_of(walk, old);
    if (old_is_virtual ? !virtual_is_box_kind(walk, number)
                       : !virtual_is_simple(virtual_value_at(walk, walk->now, old))) {
        return NULL;
    }
    struct ir_node *name = ir_node_new(walk->graph, IR_virtual, 0, NULL);
    name->kind = raw->type == IR_FLOAT ? KIND_float : KIND_int;
    if (virtual_add_object(walk, name, node->id, &raw, 1) == NULL) {
        return NULL;
    }
    if (old_is_virtual) {
        struct dying dying = {.count = 0};
        virtual_lose_reference(walk, number, &dying);
    } else {
        old = virtual_value_at(walk, walk->now, old);
        virtual_insert(walk, node, IR_drop, 1, &old)->flags = NODE_SIMPLE;
    }
    return name;
}

/* A raw number into an attribute, where something stands that is dropped: a new box, as far as anybody can see. False: that might be seen. */
static bool store_raw(struct walk *walk, struct ir_node *node, struct standing *standing, int64_t position)
{
    struct ir_node *box = box_for_raw(walk, node);
    if (box == NULL) {
        return false;
    }
    put_attribute(walk, standing, position, box, node);
    virtual_take_away(walk, node);
    return true;
}

/* A load or store of an attribute of a virtual instance, at `position`. False: it needs the object. */
static bool visit_attribute(struct walk *walk, struct ir_node *node, int number, int64_t position)
{
    struct standing *standing = &walk->now->objects[number];
    int place = find_attribute(standing, position);
    if (node->op == IR_load) {
        if (place >= 0) {
            virtual_forward(walk, node, virtual_resolve(walk, standing->fields[place]));
        } else if (node->next != NULL && node->next->op == IR_guard_null && node->next->inputs[0] == node) {
            virtual_name_in_role(walk, node, number, ABSENT_FROM);
        } else {
            return false;
        }
        virtual_take_away(walk, node);
        return true;
    }
    if ((place >= 0) != (node->op != IR_store_new) || standing->field_count + 2 > MOST_FIELDS) {
        return false;
    }
    if (node->op == IR_store_raw) {
        return store_raw(walk, node, standing, position);
    }
    struct ir_node *value = virtual_resolve(walk, node->inputs[1]);
    if (virtual_is_unmade(walk, walk->now, value) && leads_to(walk, virtual_object_of(walk, value), number)) {
        return false;
    }
    put_attribute(walk, standing, position, value, node);
    virtual_take_away(walk, node);
    return true;
}

/* What is known of the class of a virtual instance. */
static bool visit_class(struct walk *walk, struct ir_node *node, const struct object *object)
{
    if (node->op == IR_guard_class) {
        if (node->pointer != object->class) {
            return false;
        }
        virtual_take_away(walk, node);
        return true;
    }
    const uint32_t *versions = node->pointer;
    for (int i = 0; i < node->number; i++) {
        if (versions[i] == object->version) {
            struct ir_node *guard = virtual_insert(walk, node, IR_guard_version, 0, NULL);
            guard->pointer = object->class;
            guard->number = object->version;
            guard->state = virtual_state_at(walk, node->state, guard);
            virtual_take_away(walk, node);
            return true;
        }
    }
    return false;
}

/* ---- Cells ---------------------------------------------------------------------------------------------------------- */

/* What is in a virtual cell becomes `value`, whose reference is taken over. */
static void put_into_cell(struct walk *walk, struct standing *standing, struct ir_node *value)
{
    struct ir_node **fields = ir_allocate(walk->graph, sizeof *fields);
    if (fields != NULL) {
        fields[0] = value;
        standing->fields = fields;
        standing->field_count = 1;
    }
}

/* A load or store of what is in a cell. True: done. */
static bool visit_cell(struct walk *walk, struct ir_node *node)
{
    if (node->memory != MEMORY_cell || node->op == IR_call_plain) {
        return false;
    }
    int number = virtual_object_of(walk, virtual_resolve(walk, node->inputs[0]));
    if (number == NO_OBJECT || walk->now->objects[number].manner != VIRTUAL ||
        walk->objects[number].kind != KIND_cell) {
        return false;
    }
    struct standing *standing = &walk->now->objects[number];
    if (node->op == IR_load && standing->field_count == 0) {
        if (node->next == NULL || node->next->op != IR_guard_null || node->next->inputs[0] != node) {
            return false;
        }
        virtual_name_in_role(walk, node, number, ABSENT_FROM);
    } else if (node->op == IR_load) {
        virtual_forward(walk, node, virtual_resolve(walk, standing->fields[0]));
    } else if (node->op == IR_store_raw) {
        struct ir_node *box = standing->field_count == 1 ? box_for_raw(walk, node) : NULL;
        if (box == NULL) {
            return false;
        }
        put_into_cell(walk, standing, box);
    } else {
        struct ir_node *value = virtual_resolve(walk, node->inputs[1]);
        bool is_circle =
            virtual_is_unmade(walk, walk->now, value) && leads_to(walk, virtual_object_of(walk, value), number);
        if (is_circle || (node->op == IR_store_new) != (standing->field_count == 0)) {
            return false;
        }
        put_into_cell(walk, standing, value);
    }
    walk->answered++;
    virtual_take_away(walk, node);
    return true;
}

/* ---- Instances again ------------------------------------------------------------------------------------------------ */

/* What makes instances, or has to do with their classes and attributes. True: done. */
static bool visit_instance(struct walk *walk, struct ir_node *node)
{
    if (node->op == IR_new_instance && node->offset != 0) {
        struct object *object = virtual_add_object(walk, node, node->id, NULL, 0);
        if (object == NULL) {
            return false;
        }
        object->class = node->pointer;
        object->has_values = node->number != 0;
        object->version = (uint32_t)node->offset;
        virtual_take_away(walk, node);
        return true;
    }
    const struct ir_node *first = node->input_count > 0 ? virtual_resolve(walk, node->inputs[0]) : NULL;
    int owner = virtual_object_in_role(walk, first, VALUES_OF);
    int number = owner != NO_OBJECT ? owner : virtual_object_of(walk, first);
    if (node->op == IR_guard_null && virtual_object_in_role(walk, first, ABSENT_FROM) != NO_OBJECT) {
        virtual_take_away(walk, node);
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
        virtual_name_in_role(walk, node, number, VALUES_OF);
    } else if (node->op == IR_is_of_class) {
        bool is_same = node->pointer == walk->objects[number].class;
        virtual_forward(walk, node, virtual_constant(walk, node, IR_constant_bool, is_same));
    } else if (node->op == IR_guard_class || node->op == IR_guard_versions) {
        return visit_class(walk, node, &walk->objects[number]);
    } else if (node->op == IR_load && node->memory == MEMORY_shape && node->offset == VALUES_OFFSET &&
               walk->objects[number].has_values) {
        virtual_name_in_role(walk, node, number, VALUES_OF);
    } else {
        return false;
    }
    virtual_take_away(walk, node);
    return true;
}

/* Any code may run: everything is as it should be. */
static void prepare_escape(struct walk *walk, struct ir_node *node)
{
    virtual_make_all(walk, walk->now, node);
    for (int i = 0; i < walk->home_count; i++) {
        if (walk->now->homes[i].manner == HOME_PERHAPS) {
            virtual_settle_for_certainty(walk, i);
        }
    }
}

static void visit(struct walk *walk, struct ir_node *node)
{
    if (ir_escapes(node)) {
        prepare_escape(walk, node);
    }
    virtual_settle_state(walk, node);
    for (int i = 0; i < node->input_count; i++) {
        virtual_expect_object(walk, node->inputs[i]);
    }
    if (virtual_visit_home(walk, node)) {
        return;
    }
    if (kind_made(node) != KIND_any && begin_made(walk, node)) {
        return;
    }
    if ((node->op == IR_box_int || node->op == IR_box_float) &&
        virtual_add_object(walk, node, node->id, node->inputs, 1) != NULL) {
        virtual_take_away(walk, node);
        return;
    }
    if (visit_cell(walk, node) || visit_instance(walk, node)) {
        return;
    }
    struct ir_node *first = node->input_count > 0 ? virtual_resolve(walk, node->inputs[0]) : NULL;
    int object = virtual_object_of(walk, first);
    struct ir_node *answer =
        object != NO_OBJECT && walk->now->objects[object].manner != ABSENT ? known_answer(walk, node, object) : NULL;
    answer = answer == NULL ? known_of_value(walk, node) : answer;
    if (answer != NULL) {
        virtual_forward(walk, node, answer);
        virtual_take_away(walk, node);
        walk->answered++;
        return;
    }
    if (virtual_is_unmade(walk, walk->now, first) && visit_virtual(walk, node, virtual_object_of(walk, first))) {
        walk->answered++;
        return;
    }
    if (node->op == IR_is_same && (virtual_is_unmade(walk, walk->now, first) ||
                                   virtual_is_unmade(walk, walk->now, virtual_resolve(walk, node->inputs[1])))) {
        int same = sameness(walk, node);
        if (same >= 0) {
            virtual_forward(walk, node, virtual_constant(walk, node, IR_constant_bool, same));
            virtual_take_away(walk, node);
            walk->answered++;
            return;
        }
    }
    if (node->input_count > 0 && fold(walk, node)) {
        return;
    }
    for (int i = 0; i < node->input_count; i++) {
        struct ir_node *input = virtual_resolve(walk, node->inputs[i]);
        int owner = virtual_object_in_role(walk, input, VALUES_OF);
        if (owner != NO_OBJECT) {
            struct ir_node *values = values_of_real(walk, owner, node);
            if (walk->changes) {
                node->inputs[i] = values;
            }
            continue;
        }
        virtual_expect_no_role(walk, input);
        if (virtual_is_unmade(walk, walk->now, input)) {
            virtual_make(walk, walk->now, virtual_object_of(walk, input), node);
        }
        if (walk->changes) {
            node->inputs[i] = virtual_value_at(walk, walk->now, input);
        }
    }
    if (walk->changes && node->state != NULL) {
        node->state = virtual_state_at(walk, node->state, node);
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
        virtual_open_block(walk, block);
        if (block->is_loop_header) {
            keep_point(walk, &walk->starts[block->id]);
        }
        ir_each_node(block, node)
        {
            if (walk->again || walk->graph->out_of_memory) {
                return;
            }
            if (node->op != IR_phi && node->block != NULL && !virtual_is_named(walk, node)) {
                visit(walk, node);
            }
        }
        if (walk->again || walk->graph->out_of_memory || keep_point(walk, &walk->ends[block->id]) == NULL) {
            return;
        }
        for (int i = 0; i < 2; i++) {
            struct ir_block *successor = block->successors[i];
            if (successor != NULL && successor->order <= block->order) {
                virtual_close_loop(walk, block, successor);
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
            if (kind_made(node) != KIND_any || node->op == IR_box_int || node->op == IR_box_float ||
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
