/* tier2/ir_eval.c: see ir_eval.h. */
#include "tier2/ir_eval.h"

#include "runtime/cpython.h"
#include "runtime/ops.h"
#include "tier2/ir_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- The world -------------------------------------------------------------------------------------------------- */

uint64_t ir_world_invent(const struct ir_world *world, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t hash = world->seed;
    uint64_t words[3] = {a, b, c};
    for (int i = 0; i < 3; i++) {
        hash = (hash ^ words[i]) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 29;
        hash *= 0xBF58476D1CE4E5B9u;
        hash ^= hash >> 32;
    }
    return hash;
}

static struct world_object *new_object(struct ir_world *world, enum ir_kind kind, int64_t value)
{
    struct world_object *object = calloc(1, sizeof *object);
    if (object == NULL) {
        abort();
    }
    *object = (struct world_object){
        .number = -1, .kind = (uint8_t)kind, .value = value, .references = 1, .next = world->objects};
    world->objects = object;
    return object;
}

struct world_object *ir_world_box(struct ir_world *world, enum ir_kind kind, int64_t value)
{
    if (kind == KIND_bool) {
        return world->truths[value != 0];
    }
    return new_object(world, kind, value);
}

struct world_object *ir_world_constant(struct ir_world *world, const void *pointer, enum ir_kind kind)
{
    for (struct world_object *object = world->objects; object != NULL; object = object->next) {
        if (object->pointer == pointer) {
            return object;
        }
    }
    struct world_object *object = new_object(world, kind, 0);
    object->pointer = pointer;
    object->number = 1000 + (int)((uintptr_t)pointer & 0xFFF);
    object->references = 1000;
    return object;
}

/* Numbers at which something changes. */
static const int64_t ints[] = {0,
                               1,
                               -1,
                               2,
                               7,
                               -3,
                               63,
                               64,
                               100,
                               255,
                               (1LL << 30) - 1,
                               1LL << 30,
                               -(1LL << 31),
                               (1LL << 53) - 1,
                               (1LL << 53) + 1,
                               1LL << 60,
                               1LL << 62,
                               -(1LL << 62),
                               INT64_MAX,
                               INT64_MIN + 1,
                               INT64_MIN};
static const double floats[] = {0.0,  -0.0,    1.0,   -1.0,   0.5,      -2.25, 3.0,
                                1e16, -1e-300, 1e308, 5e-324, INFINITY, NAN,   -INFINITY};

static int64_t bits_of(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double float_of(int64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Mostly small numbers. */
static int64_t invent_int(uint64_t chance)
{
    return chance % 5 ? (int64_t)(chance >> 8) % 10 : ints[(chance >> 8) % (sizeof ints / sizeof ints[0])];
}

static int64_t invent_float(uint64_t chance)
{
    return bits_of(chance % 5 ? (double)((chance >> 8) % 64) * 0.25
                              : floats[(chance >> 8) % (sizeof floats / sizeof floats[0])]);
}

static enum ir_kind pool_kind(int number)
{
    static const uint8_t kinds[WORLD_OBJECTS] = {
        KIND_any, KIND_any, KIND_any, KIND_list, KIND_list,  KIND_tuple, KIND_dict,  KIND_str,
        KIND_int, KIND_int, KIND_int, KIND_int,  KIND_float, KIND_float, KIND_float, KIND_range_iterator};
    return (enum ir_kind)kinds[number];
}

void ir_world_open(struct ir_world *world, uint64_t seed)
{
    *world = (struct ir_world){.seed = seed, .steps_left = 100000};
    world->trace = open_memstream(&world->text, &world->text_size);
    if (world->trace == NULL) {
        abort();
    }
    for (int i = 0; i < 2; i++) {
        world->truths[i] = new_object(world, KIND_bool, i);
        world->truths[i]->references = 1000;
    }
    for (int i = 0; i < WORLD_OBJECTS; i++) {
        uint64_t chance = ir_world_invent(world, 1, (uint64_t)i, 0);
        enum ir_kind kind = pool_kind(i);
        struct world_object *object = new_object(world, kind,
                                                 kind == KIND_int     ? invent_int(chance)
                                                 : kind == KIND_float ? invent_float(chance)
                                                                      : 0);
        object->number = i;
        object->references = 1000;
        object->huge = kind == KIND_int && chance % 16 == 0;
        world->pool[i] = object;
    }
    for (int frame = 0; frame < WORLD_FRAMES; frame++) {
        for (int i = 0; i < WORLD_SLOTS; i++) {
            uint64_t chance = ir_world_invent(world, 2, (uint64_t)frame, (uint64_t)i);
            if (chance % 8 != 0) {
                world->homes[frame][i] = world->pool[(chance >> 8) % WORLD_OBJECTS];
                world->homes[frame][i]->references++;
            }
        }
    }
}

void ir_world_free(struct ir_world *world)
{
    for (struct world_object *object = world->objects, *next; object != NULL; object = next) {
        next = object->next;
        for (struct world_word *word = object->words, *after; word != NULL; word = after) {
            after = word->next;
            free(word);
        }
        free(object);
    }
    fclose(world->trace);
    free(world->text);
}

const char *ir_world_text(struct ir_world *world)
{
    fflush(world->trace);
    return world->text;
}

static void problem(struct ir_world *world, const char *what)
{
    world->problem = world->problem != NULL ? world->problem : what;
}

static bool is_number(const struct world_object *object)
{
    return object->kind == KIND_int || object->kind == KIND_float || object->kind == KIND_bool ||
           object->kind == KIND_complex;
}

/* A new box; that of a raw value, which has no references to it, is never looked at as one. */
static struct world_object *new_complex(struct ir_world *world, int64_t real, int64_t imaginary)
{
    struct world_object *object = new_object(world, KIND_complex, real);
    object->imaginary = imaginary;
    return object;
}

static struct world_object *raw_complex(struct ir_world *world, int64_t real, int64_t imaginary)
{
    struct world_object *object = new_complex(world, real, imaginary);
    object->references = 0;
    return object;
}

/* ---- Memory ------------------------------------------------------------------------------------------------------- */

static struct world_word *find_word(const struct world_object *object, int64_t key)
{
    for (struct world_word *word = object->words; word != NULL; word = word->next) {
        if (word->key == key) {
            return word;
        }
    }
    return NULL;
}

/* May a load or store touch the object? */
static bool touch(struct ir_world *world, const struct world_object *object)
{
    if (object == NULL) {
        problem(world, "NULL is dereferenced");
    } else if (object->dead) {
        problem(world, "a dead object is used");
    }
    return world->problem == NULL;
}

int64_t ir_world_load(struct ir_world *world, struct world_object *object, int64_t key, enum ir_type type,
                      enum ir_memory memory)
{
    if (!touch(world, object)) {
        return 0;
    }
    const struct world_word *word = find_word(object, key);
    if (word != NULL) {
        if (word->type != type) {
            problem(world, "a word is loaded as another type than it was stored as");
        }
        return word->bits;
    }
    uint64_t identity = object->number >= 0 ? (uint64_t)object->number : 1000 + (uint64_t)object->value;
    uint64_t age = memory == MEMORY_constant || memory == MEMORY_none ? 0
                   : memory == MEMORY_type                            ? world->escapes
                                                                      : world->escapes + (world->writes << 32);
    uint64_t chance = ir_world_invent(world, 3 + age, identity, (uint64_t)key);
    if (memory == MEMORY_type) {
        return is_number(object) ? 77 : chance % 8 == 0;
    }
    switch (type) {
    case IR_INT:
        return chance % 4 ? (int64_t)(chance >> 8) % 2 : (int64_t)(chance >> 8) % 10;
    case IR_FLOAT:
        return invent_float(chance);
    case IR_BOOL:
        return chance & 1;
    default:
        return (int64_t)(intptr_t)world->pool[chance % WORLD_OBJECTS];
    }
}

void ir_world_store(struct ir_world *world, struct world_object *object, int64_t key, enum ir_type type,
                    enum ir_memory memory, int64_t bits)
{
    if (!touch(world, object)) {
        return;
    }
    struct world_word *word = find_word(object, key);
    if (word == NULL) {
        word = calloc(1, sizeof *word);
        if (word == NULL) {
            abort();
        }
        word->key = key;
        word->next = object->words;
        object->words = word;
    }
    word->type = (uint8_t)type;
    word->memory = (uint8_t)memory;
    word->bits = bits;
}

/* What stands in memory, but for constant and types', is something else. */
static void forget_contents(struct ir_world *world)
{
    for (struct world_object *object = world->objects; object != NULL; object = object->next) {
        if (object->items > 0) {
            continue;
        }
        for (struct world_word *word = object->words, *next; word != NULL; word = next) {
            next = word->next;
            if (word->type == IR_OBJECT && word->bits != 0) {
                ((struct world_object *)(intptr_t)word->bits)->escaped = true;
            }
            free(word);
        }
        object->words = NULL;
    }
}

void ir_world_escape(struct ir_world *world)
{
    world->escapes++;
    forget_contents(world);
}

/* A tuple of the operands of a node, or what a node says of one. */
static struct world_object *new_tuple(struct ir_world *world, const struct ir_node *node, const int64_t *values)
{
    struct world_object *tuple = new_object(world, KIND_tuple, 0);
    tuple->items = node->input_count;
    for (int i = 0; i < node->input_count; i++) {
        ir_world_store(world, tuple, WORLD_ITEM(i), IR_OBJECT, MEMORY_constant, values[node->inputs[i]->id]);
    }
    ir_world_store(world, tuple, offsetof(PyVarObject, ob_size), IR_INT, MEMORY_constant, tuple->items);
    return tuple;
}

static struct world_object *item_of(const struct world_object *tuple, int index)
{
    return (struct world_object *)(intptr_t)find_word(tuple, WORLD_ITEM(index))->bits;
}

/* A virtual object as a node describes it. */
static struct world_object *describe(struct ir_world *world, const struct ir_node *node, const int64_t *values)
{
    struct world_object *object = node->kind == KIND_tuple
                                      ? new_tuple(world, node, values)
                                      : new_object(world, (enum ir_kind)node->kind, values[node->inputs[0]->id]);
    object->references = 0;
    object->described = object->is_virtual = true;
    return object;
}

/* A reference to an object that is made if nobody has made it yet. */
static void refer_to(struct world_object *object)
{
    object->references++;
    if (object->described) {
        object->described = false;
        for (int i = 0; i < object->items; i++) {
            struct world_object *item = item_of(object, i);
            if (item->is_virtual) {
                refer_to(item);
            }
        }
    }
}

/* Takes a reference away; did the last one go, of something whose death is seen? */
static bool takes_last(struct ir_world *world, struct world_object *object, bool simple)
{
    if (!touch(world, object) || --object->references > 0) {
        return false;
    }
    object->dead = true;
    if (simple && !is_number(object) && object->kind != KIND_str && object->kind != KIND_none) {
        problem(world, "something that was said to be simple is not, and dies");
    }
    return !simple && !is_number(object);
}

static void note_death(struct ir_world *world, const struct world_object *object)
{
    fputs("dies ", world->trace);
    ir_world_note_object(world, object);
    fputs(":", world->trace);
    ir_world_note_homes(world);
    fputs("\n", world->trace);
    ir_world_escape(world);
}

bool ir_world_drop(struct ir_world *world, struct world_object *object, bool simple)
{
    bool seen = takes_last(world, object, simple);
    if (seen && object->items > 0) {
        seen = false;
        for (int i = object->items - 1; i >= 0; i--) {
            seen |= ir_world_drop(world, item_of(object, i), false);
        }
    } else if (seen) {
        note_death(world, object);
    }
    return seen;
}

struct world_object *ir_world_call_result(struct ir_world *world, int operand)
{
    uint64_t chance = ir_world_invent(world, 5, world->escapes, (uint64_t)operand);
    if (chance % 2 == 0) {
        struct world_object *object = new_object(world, KIND_any, 0);
        object->number = 100 + (int)world->escapes;
        return object;
    }
    struct world_object *object = world->pool[(chance >> 8) % WORLD_OBJECTS];
    object->references++;
    return object;
}

/* ---- The text -------------------------------------------------------------------------------------------------------- */

void ir_world_note_number(struct ir_world *world, enum ir_type type, int64_t bits)
{
    if (type == IR_INT) {
        fprintf(world->trace, "int %lld", (long long)bits);
    } else if (type == IR_COMPLEX) {
        const struct world_object *number = (const struct world_object *)(intptr_t)bits;
        fprintf(world->trace, "complex (%llx, %llx)", (unsigned long long)number->value,
                (unsigned long long)number->imaginary);
    } else if (type == IR_FLOAT) {
        fprintf(world->trace, "float %.17g (%llx)", float_of(bits), (unsigned long long)bits);
    } else {
        fputs(bits ? "True" : "False", world->trace);
    }
}

void ir_world_note_object(struct ir_world *world, const struct world_object *object)
{
    if (object == NULL) {
        fputs("-", world->trace);
    } else if (object->items > 0) {
        for (int i = 0; i < object->items; i++) {
            fputs(i == 0 ? "(" : ", ", world->trace);
            ir_world_note_object(world, item_of(object, i));
        }
        fputs(")", world->trace);
    } else if (object->huge) {
        fputs("huge", world->trace);
    } else if (object->kind == KIND_complex) {
        ir_world_note_number(world, IR_COMPLEX, (int64_t)(intptr_t)object);
    } else if (is_number(object)) {
        ir_world_note_number(world,
                             object->kind == KIND_int     ? IR_INT
                             : object->kind == KIND_float ? IR_FLOAT
                                                          : IR_BOOL,
                             object->value);
    } else {
        fprintf(world->trace, object->pointer != NULL ? "constant" : "#%d", object->number);
    }
}

void ir_world_note_homes(struct ir_world *world)
{
    for (int i = 0; i < world->locals; i++) {
        fputs(i == 0 ? " " : ", ", world->trace);
        ir_world_note_object(world, world->homes[0][i]);
    }
}

int ir_world_call(struct ir_world *world, const char *name, int64_t number, int depth)
{
    fprintf(world->trace, "calls %s %lld:", name, (long long)number);
    ir_world_note_homes(world);
    fputs(" |", world->trace);
    for (int i = 0; i < depth; i++) {
        fputs(i == 0 ? " " : ", ", world->trace);
        ir_world_note_object(world, world->operands[i].object);
        if (world->operands[i].object != NULL) {
            world->operands[i].object->escaped = true;
        }
    }
    uint64_t chance = ir_world_invent(world, 4, world->escapes, (uint64_t)number);
    int status = chance % 16 == 0 ? -1 : (int)(chance >> 8) & 1;
    fprintf(world->trace, " -> %d\n", status);
    ir_world_escape(world);
    return status;
}

/* ---- Nodes -------------------------------------------------------------------------------------------------------------- */

struct evaluation {
    const struct ir_graph *graph;
    struct ir_world *world;
    int64_t *values;
    bool leaves; /* the node's guard has failed */
};

static int64_t value_of(const struct evaluation *e, const struct ir_node *node)
{
    return e->values[node->id];
}

static int64_t input(const struct evaluation *e, const struct ir_node *node, int number)
{
    return e->values[node->inputs[number]->id];
}

static struct world_object *object_input(const struct evaluation *e, const struct ir_node *node, int number)
{
    return (struct world_object *)(intptr_t)input(e, node, number);
}

static int64_t address(const struct world_object *object)
{
    return (int64_t)(intptr_t)object;
}

/* A guard, which holds or not. One that is known to hold and does not is a broken promise. */
static void guard(struct evaluation *e, const struct ir_node *node, bool holds)
{
    if (!ir_may_leave(node)) {
        if (!holds) {
            problem(e->world, "something that was said to fit does not");
        }
        return;
    }
    bool forced = ++e->world->guard_count == e->world->fail_guard;
    e->leaves = !holds || forced;
}

/* The outcome of a comparison whose operands are less than, equal to or greater than each other, or none of it (NaN). */
static bool outcome_of(int64_t comparison, bool less, bool equal, bool greater)
{
    switch (comparison) {
    case Py_LT:
        return less;
    case Py_LE:
        return less || equal;
    case Py_EQ:
        return equal;
    case Py_NE:
        return !equal;
    case Py_GT:
        return greater;
    default:
        return greater || equal;
    }
}

static bool compare_ints(int64_t comparison, int64_t a, int64_t b)
{
    return outcome_of(comparison, a<b, a == b, a> b);
}

static bool compare_floats(int64_t comparison, double a, double b)
{
    return outcome_of(comparison, a<b, a == b, a> b);
}

/* Rounded towards minus infinity, as Python does. */
static int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static int64_t eval_int(struct evaluation *e, const struct ir_node *node)
{
    int64_t a = input(e, node, 0);
    int64_t b = node->input_count > 1 ? input(e, node, 1) : 0;
    int64_t result = 0;
    switch ((enum ir_op)node->op) {
    case IR_int_add:
        guard(e, node, !__builtin_add_overflow(a, b, &result));
        return result;
    case IR_int_subtract:
        guard(e, node, !__builtin_sub_overflow(a, b, &result));
        return result;
    case IR_int_multiply:
        guard(e, node, !__builtin_mul_overflow(a, b, &result));
        return result;
    case IR_int_negate:
        guard(e, node, !__builtin_sub_overflow(0, a, &result));
        return result;
    case IR_int_absolute:
        guard(e, node, a != INT64_MIN);
        return a < 0 ? (int64_t)(0 - (uint64_t)a) : a;
    case IR_int_floor_divide:
    case IR_int_modulo: {
        bool holds = b != 0 && b != -1;
        guard(e, node, holds);
        if (!holds) {
            return 0;
        }
        int64_t quotient = floor_divide(a, b);
        return node->op == IR_int_floor_divide ? quotient : a - quotient * b;
    }
    case IR_int_shift_left: {
        bool holds = b >= 0 && b <= 62;
        result = holds ? (int64_t)((uint64_t)a << b) : 0;
        guard(e, node, holds && result >> b == a);
        return result;
    }
    case IR_int_shift_right:
        guard(e, node, b >= 0);
        return b < 0 ? 0 : a >> (b > 63 ? 63 : b);
    case IR_int_and:
        return a & b;
    case IR_int_or:
        return a | b;
    case IR_int_xor:
        return a ^ b;
    case IR_int_invert:
        return ~a;
    case IR_wrap_index:
        return a < 0 ? (int64_t)((uint64_t)a + (uint64_t)b) : a;
    case IR_int_from_bool:
        return a;
    case IR_int_minimum:
        return b < a ? b : a;
    case IR_int_maximum:
        return b > a ? b : a;
    default:
        problem(e->world, "the evaluator does not know an operation on ints");
        return 0;
    }
}

/* What runtime/ calculates is not calculated here a second time. */
static int64_t eval_real_function(struct evaluation *e, const struct ir_node *node, double a, double b)
{
    struct float_outcome outcome = node->op == IR_float_power    ? rt_float_power(a, b)
                                   : node->op == IR_float_modulo ? rt_float_remainder(a, b)
                                                                 : rt_float_floor_divide(a, b);
    guard(e, node, outcome.valid);
    return bits_of(outcome.value);
}

static int64_t eval_float(struct evaluation *e, const struct ir_node *node)
{
    double a = float_of(input(e, node, 0));
    double b = node->input_count > 1 ? float_of(input(e, node, 1)) : 0;
    switch ((enum ir_op)node->op) {
    case IR_float_add:
        return bits_of(a + b);
    case IR_float_subtract:
        return bits_of(a - b);
    case IR_float_multiply:
        return bits_of(a * b);
    case IR_float_divide:
        guard(e, node, b != 0);
        return b != 0 ? bits_of(a / b) : 0;
    case IR_float_negate:
        return bits_of(-a);
    case IR_float_absolute:
        return bits_of(fabs(a));
    case IR_float_minimum:
        return bits_of(b < a ? b : a);
    case IR_float_maximum:
        return bits_of(b > a ? b : a);
    case IR_float_square_root:
        return bits_of(sqrt(a));
    case IR_float_hypot: {
        double length = hypot(a, b);
        guard(e, node, isfinite(length));
        return bits_of(length);
    }
    case IR_float_power:
    case IR_float_modulo:
    case IR_float_floor_divide:
        return eval_real_function(e, node, a, b);
    default:
        problem(e->world, "the evaluator does not know an operation on floats");
        return 0;
    }
}

static int64_t eval_complex(struct evaluation *e, const struct ir_node *node)
{
    if (node->op == IR_complex_make) {
        return address(raw_complex(e->world, input(e, node, 0), input(e, node, 1)));
    }
    const struct world_object *a = object_input(e, node, 0);
    if (node->op == IR_unbox_complex) {
        return address(raw_complex(e->world, a->value, a->imaginary));
    }
    const struct world_object *b = object_input(e, node, 1);
    Py_complex divisor = {float_of(b->value), float_of(b->imaginary)};
    bool holds = divisor.real != 0 || divisor.imag != 0;
    guard(e, node, holds);
    Py_complex quotient = {0, 0};
    if (holds) {
        quotient = _Py_c_quot((Py_complex){float_of(a->value), float_of(a->imaginary)}, divisor);
    }
    return address(raw_complex(e->world, bits_of(quotient.real), bits_of(quotient.imag)));
}

/* Is the class, its version or its keys what was seen? So the seed says, until other code runs. */
static bool holds_of_class(const struct ir_world *world, const struct ir_node *node,
                           const struct world_object *object)
{
    uint64_t identity = object != NULL ? (uint64_t)object->number : 1000;
    return ir_world_invent(world, 8 + world->escapes, identity, (uint64_t)node->op + (uint64_t)node->number) % 32 !=
           0;
}

/* What load_operand takes over: what was stored, or what other code has put there since. */
static int64_t take_operand(struct evaluation *e, const struct ir_node *node)
{
    struct ir_world *world = e->world;
    struct world_operand *operand = &world->operands[node->number];
    struct world_object *object = operand->object;
    if (object == NULL || operand->escapes != world->escapes) {
        object = ir_world_call_result(world, (int)node->number);
    }
    operand->object = NULL;
    return address(object);
}

static int64_t unbox(struct evaluation *e, const struct ir_node *node, enum ir_kind kind)
{
    struct world_object *object = object_input(e, node, 0);
    if (!touch(e->world, object)) {
        return 0;
    }
    if (object->kind != kind) {
        problem(e->world, "what is unboxed is of another kind");
        return 0;
    }
    if (kind == KIND_int) {
        /* The function that lowering calls for wide ones returns INT64_MIN for those that do not fit. */
        guard(e, node, !object->huge && object->value != INT64_MIN);
    }
    return object->value;
}

/* A C function that runs no code: what it gives depends on what it is asked and what stands in memory; nobody sees that it is called. */
static int64_t call_plain(struct evaluation *e, const struct ir_node *node)
{
    struct ir_world *world = e->world;
    uint64_t chance = ir_world_invent(world, 7, world->escapes + (world->writes << 32), (uint64_t)node->number);
    for (int i = 0; i < node->input_count; i++) {
        int64_t given = input(e, node, i);
        if (node->inputs[i]->type == IR_OBJECT && given != 0) {
            const struct world_object *object = (const struct world_object *)(intptr_t)given;
            given = is_number(object) ? object->value : object->number;
        }
        chance = ir_world_invent(world, chance, (uint64_t)given, (uint64_t)i);
    }
    if (node->memory != MEMORY_none) {
        world->writes++;
        forget_contents(world);
    }
    if (node->type == IR_INT || node->type == IR_BOOL) {
        return (int64_t)(chance >> 8) & 1;
    }
    if (node->type == IR_FLOAT) {
        return invent_float(chance);
    }
    struct world_object *result = chance % 8 == 0 ? NULL : world->pool[(chance >> 8) % WORLD_OBJECTS];
    if (result != NULL) {
        result->references++;
    }
    for (int i = 0; i < node->input_count && node->op == IR_call_plain_array && result != NULL; i++) {
        object_input(e, node, i)->escaped = true;
    }
    return address(result);
}

/* A number into a place of an object, where `old` stands: into its box, if nobody else has that. */
static void store_raw(struct evaluation *e, const struct ir_node *node, int64_t key, struct world_object *old)
{
    struct ir_world *world = e->world;
    const struct ir_node *raw = node->inputs[node->input_count - 1];
    enum ir_kind kind = raw->type == IR_FLOAT ? KIND_float : KIND_int;
    if (!touch(world, old)) {
        return;
    }
    guard(e, node, old->references > 1 || is_number(old));
    if (e->leaves) {
        return;
    }
    if (old->references == 1 && old->kind == kind) {
        old->value = value_of(e, raw);
        old->huge = false;
        return;
    }
    struct world_object *box = ir_world_box(world, kind, value_of(e, raw));
    ir_world_store(world, object_input(e, node, 0), key, IR_OBJECT, (enum ir_memory)node->memory, address(box));
    takes_last(world, old, true);
}

static int64_t sync_home(struct evaluation *e, const struct ir_node *node)
{
    struct world_object **home = &e->world->homes[node->frame][node->number];
    enum ir_type type = (enum ir_type)node->inputs[0]->type;
    enum ir_kind kind = type == IR_INT ? KIND_int : type == IR_FLOAT ? KIND_float : KIND_bool;
    if (node->input_count > 1 && input(e, node, 1)) {
        bool holds_it = type == IR_OBJECT
                            ? address(*home) == input(e, node, 0)
                            : *home != NULL && (*home)->kind == kind && (*home)->value == input(e, node, 0);
        if (!holds_it) {
            problem(e->world, "a home that was said to be clean holds something else");
        }
        return address(*home);
    }
    struct world_object *old = *home;
    const struct world_object *complex = type == IR_COMPLEX ? object_input(e, node, 0) : NULL;
    *home = complex != NULL     ? new_complex(e->world, complex->value, complex->imaginary)
            : type == IR_OBJECT ? object_input(e, node, 0)
                                : ir_world_box(e->world, kind, input(e, node, 0));
    if (type == IR_OBJECT || type == IR_BOOL) {
        (*home)->references++;
    }
    if (old != NULL) {
        ir_world_drop(e->world, old, true);
    }
    return address(*home);
}

/* What a str consists of is invented; only that the same str is the same each time matters. */
static int64_t eval_string(struct evaluation *e, const struct ir_node *node)
{
    uint64_t facts[2] = {0};
    for (int i = 0; i < node->input_count; i++) {
        bool is_object = node->inputs[i]->type == IR_OBJECT;
        if (is_object && !touch(e->world, object_input(e, node, i))) {
            return 0;
        }
        facts[i] = (uint64_t)(is_object ? object_input(e, node, i)->number : input(e, node, i));
    }
    if (node->op == IR_str_equal && facts[0] == facts[1]) {
        return 1;
    }
    uint64_t chance = ir_world_invent(e->world, 9 + node->op, facts[0], facts[1]);
    guard(e, node, chance % 32 != 0);
    return node->op == IR_str_equal ? (int64_t)(chance >> 8) & 1 : (int64_t)(chance >> 8) & 255;
}

static int64_t eval_value(struct evaluation *e, const struct ir_node *node)
{
    struct ir_world *world = e->world;
    switch ((enum ir_op)node->op) {
    case IR_constant_object:
        return address(ir_world_constant(world, node->pointer, (enum ir_kind)node->kind));
    case IR_constant_int:
    case IR_constant_float:
    case IR_constant_bool:
        return node->number;
    case IR_load_home:
        return address(world->homes[node->frame][node->number]);
    case IR_load_operand:
        return take_operand(e, node);
    case IR_call_plain:
    case IR_call_plain_array:
        return call_plain(e, node);
    case IR_is_bound:
        return input(e, node, 0) != 0;
    case IR_is_inside:
        return input(e, node, 0) >= 0 && input(e, node, 0) < input(e, node, 1);
    case IR_int_compare:
        return compare_ints(node->number, input(e, node, 0), input(e, node, 1));
    case IR_float_compare:
        return compare_floats(node->number, float_of(input(e, node, 0)), float_of(input(e, node, 1)));
    case IR_float_length_compare: {
        double length = hypot(float_of(input(e, node, 0)), float_of(input(e, node, 1)));
        guard(e, node, isfinite(length));
        return compare_floats(node->number, length, float_of(input(e, node, 2)));
    }
    case IR_int_from_float: {
        double real = float_of(input(e, node, 0));
        bool fits = fabs(real) < 0x1p62;
        guard(e, node, fits);
        return fits ? (int64_t)real : 0;
    }
    case IR_str_length:
    case IR_str_character:
    case IR_str_equal:
        return eval_string(e, node);
    case IR_str_of_character:
        return address(world->pool[(uint64_t)input(e, node, 0) % WORLD_OBJECTS]);
    case IR_float_from_int: {
        int64_t number = input(e, node, 0);
        guard(e, node, number >= -(1LL << 53) && number <= 1LL << 53);
        return bits_of((double)number);
    }
    case IR_bool_not:
        return !input(e, node, 0);
    case IR_bool_and:
        return input(e, node, 0) & input(e, node, 1);
    case IR_is_same:
        return input(e, node, 0) == input(e, node, 1);
    case IR_box_int:
        return address(ir_world_box(world, KIND_int, input(e, node, 0)));
    case IR_box_float:
        return address(ir_world_box(world, KIND_float, input(e, node, 0)));
    case IR_box_bool:
        return address(ir_world_box(world, KIND_bool, input(e, node, 0)));
    case IR_box_complex:
        return address(new_complex(world, object_input(e, node, 0)->value, object_input(e, node, 0)->imaginary));
    case IR_complex_real:
        return object_input(e, node, 0)->value;
    case IR_complex_imaginary:
        return object_input(e, node, 0)->imaginary;
    case IR_complex_make:
    case IR_complex_divide:
    case IR_unbox_complex:
        return eval_complex(e, node);
    case IR_unbox_int:
        return unbox(e, node, KIND_int);
    case IR_unbox_float:
        return unbox(e, node, KIND_float);
    case IR_unbox_bool:
        return unbox(e, node, KIND_bool);
    case IR_guard_kind: {
        struct world_object *object = object_input(e, node, 0);
        if (touch(world, object)) {
            guard(e, node, object->kind == node->kind);
        }
        return address(object);
    }
    case IR_guard_bound:
        /* A tuple that was made has taken its items over: the guard does not fail. */
        if (node->inputs[0]->op != IR_new_tuple) {
            guard(e, node, object_input(e, node, 0) != NULL);
        }
        return input(e, node, 0);
    case IR_new_tuple:
    case IR_make:
        return address(new_tuple(world, node, e->values));
    case IR_virtual:
        return address(describe(world, node, e->values));
    case IR_load:
        return ir_world_load(world, object_input(e, node, 0), node->offset, (enum ir_type)node->type,
                             (enum ir_memory)node->memory);
    case IR_load_item:
        return ir_world_load(world, object_input(e, node, 0), WORLD_ITEM(input(e, node, 1)), IR_OBJECT,
                             (enum ir_memory)node->memory);
    case IR_sync_home:
        return sync_home(e, node);
    case IR_handler: {
        const char *name = ir_name_of(e->graph, node->pointer);
        int status = ir_world_call(world, name != NULL ? name : "C", node->number, node->offset);
        e->leaves = status < 0;
        return status;
    }
    default:
        return node->type == IR_FLOAT ? eval_float(e, node) : eval_int(e, node);
    }
}

static struct world_object *object_of(struct ir_world *world, const int64_t *values, const struct ir_slot *slot);

/* Brings the homes of a state's raw locals up to date. */
static void restore_locals(struct ir_world *world, const int64_t *values, const struct ir_state *state)
{
    for (int i = 0; i < state->local_count; i++) {
        const struct ir_slot *slot = &state->slots[i];
        struct world_object **home = &world->homes[state->frame][i];
        if (slot->how == SLOT_HOME || (slot->clean != NULL && values[slot->clean->id])) {
            continue;
        }
        struct world_object *old = *home;
        *home = object_of(world, values, slot);
        if (old != NULL) {
            ir_world_drop(world, old, true);
        }
    }
}

/* What a state says is still to be dropped. */
static void drop_dying(struct ir_world *world, const int64_t *values, const struct ir_state *state)
{
    for (int i = state->local_count + state->depth - state->dying; i < state->local_count + state->depth; i++) {
        ir_world_drop(world, object_of(world, values, &state->slots[i]), false);
    }
}

/* A death that is seen finds the frame as the state says; execution may go on, or leave there. */
static void drop(struct evaluation *e, const struct ir_node *node, struct world_object *object)
{
    if (!takes_last(e->world, object, node->flags & NODE_SIMPLE)) {
        return;
    }
    if (object->items > 0) {
        for (int i = object->items - 1; i >= 0; i--) {
            drop(e, node, item_of(object, i));
        }
    } else {
        for (const struct ir_state *state = node->state; state != NULL; state = state->outer) {
            restore_locals(e->world, e->values, state);
        }
        note_death(e->world, object);
        e->leaves = (node->flags & NODE_PLAIN) || e->world->escapes % 2 == 0;
    }
}

static void store_home(struct evaluation *e, const struct ir_node *node, struct world_object *object)
{
    struct world_object **home = &e->world->homes[node->frame][node->number];
    struct world_object *old = *home;
    *home = object;
    if (old != NULL) {
        drop(e, node, old);
    }
}

static void eval_effect(struct evaluation *e, const struct ir_node *node)
{
    struct ir_world *world = e->world;
    switch ((enum ir_op)node->op) {
    case IR_guard_true:
        guard(e, node, input(e, node, 0) != 0);
        break;
    case IR_guard_false:
        guard(e, node, input(e, node, 0) == 0);
        break;
    case IR_guard_word:
    case IR_guard_half:
        guard(e, node,
              ir_world_load(world, object_input(e, node, 0), node->offset, IR_INT,
                            node->memory != MEMORY_none ? (enum ir_memory)node->memory : MEMORY_dict) ==
                  node->number);
        break;
    case IR_guard_null:
        guard(e, node, input(e, node, 0) == 0);
        break;
    case IR_guard_class:
        if (touch(world, object_input(e, node, 0))) {
            guard(e, node,
                  !is_number(object_input(e, node, 0)) && holds_of_class(world, node, object_input(e, node, 0)));
        }
        break;
    case IR_guard_version:
    case IR_guard_keys:
        guard(e, node, holds_of_class(world, node, NULL));
        break;
    case IR_store_raw:
        store_raw(e, node, node->offset, object_input(e, node, 1));
        break;
    case IR_store_raw_item:
        store_raw(e, node, WORLD_ITEM(input(e, node, 1)), object_input(e, node, 2));
        break;
    case IR_call_plain:
        call_plain(e, node);
        break;
    case IR_guard_home: {
        const struct world_object *held = world->homes[node->frame][node->number];
        guard(e, node, held == NULL || is_number(held) || held->kind == KIND_str || held->kind == KIND_none);
        break;
    }
    case IR_guard_breaker:
    case IR_guard_depth:
    case IR_guard_room:
    case IR_guard_quiet:
        guard(e, node, true);
        break;
    case IR_store:
        ir_world_store(world, object_input(e, node, 0), node->offset, IR_OBJECT, (enum ir_memory)node->memory,
                       input(e, node, 1));
        break;
    case IR_store_int:
        ir_world_store(world, object_input(e, node, 0), node->offset, IR_INT, (enum ir_memory)node->memory,
                       input(e, node, 1));
        break;
    case IR_store_item:
        ir_world_store(world, object_input(e, node, 0), WORLD_ITEM(input(e, node, 1)), IR_OBJECT,
                       (enum ir_memory)node->memory, input(e, node, 2));
        break;
    case IR_list_append:
        object_input(e, node, 1)->escaped = true;
        world->writes++;
        forget_contents(world);
        break;
    case IR_hold:
        if (touch(world, object_input(e, node, 0))) {
            object_input(e, node, 0)->references++;
        }
        break;
    case IR_drop:
        drop(e, node, object_input(e, node, 0));
        break;
    case IR_store_home:
        store_home(e, node, object_input(e, node, 0));
        break;
    case IR_clear_home:
        store_home(e, node, NULL);
        break;
    case IR_store_operand:
        world->operands[node->number] = (struct world_operand){object_input(e, node, 0), world->escapes};
        break;
    case IR_empty_operand:
        world->operands[node->number] = (struct world_operand){NULL, world->escapes};
        break;
    default:
        problem(world, "the evaluator does not know an operation");
        break;
    }
}

/* ---- Blocks ---------------------------------------------------------------------------------------------------------------- */

/* All phis of a block take their values at once. */
static void enter_block(struct evaluation *e, const struct ir_block *block, const struct ir_block *from)
{
    int which = 0;
    while (which < block->predecessor_count && block->predecessors[which] != from) {
        which++;
    }
    int64_t taken[256];
    int count = 0;
    for (const struct ir_node *phi = block->first; phi != NULL && phi->op == IR_phi && count < 256; phi = phi->next) {
        taken[count++] = value_of(e, phi->inputs[which]);
    }
    count = 0;
    for (const struct ir_node *phi = block->first; phi != NULL && phi->op == IR_phi && count < 256; phi = phi->next) {
        e->values[phi->id] = taken[count++];
    }
}

static const struct ir_node *after_phis(const struct ir_block *block)
{
    const struct ir_node *node = block->first;
    while (node != NULL && node->op == IR_phi) {
        node = node->next;
    }
    return node;
}

/* Carries out a node that does not end its block. */
static void eval_node(struct evaluation *e, const struct ir_node *node)
{
    if (node->op == IR_phi) {
        problem(e->world, "a phi that is not at the head of its block, or in the entry");
    } else if (node->type == IR_VOID) {
        eval_effect(e, node);
    } else {
        e->values[node->id] = eval_value(e, node);
    }
}

/* Carries out the end of a block: the block to go on in, or NULL. */
static const struct ir_block *eval_end(struct evaluation *e, const struct ir_node *node, struct ir_outcome *outcome)
{
    switch ((enum ir_op)node->op) {
    case IR_jump:
    case IR_branch: {
        const struct ir_block *next = node->block->successors[node->op == IR_branch && !input(e, node, 0)];
        enter_block(e, next, node->block);
        return next;
    }
    case IR_return:
        outcome->ending = ENDING_RETURNED;
        outcome->value = object_input(e, node, 0);
        return NULL;
    case IR_leave:
        e->leaves = true;
        return NULL;
    default:
        problem(e->world, "it comes where it never should");
        return NULL;
    }
}

struct ir_outcome ir_eval(const struct ir_graph *graph, struct ir_world *world)
{
    struct evaluation e = {.graph = graph, .world = world, .values = calloc(graph->node_count + 1, sizeof(int64_t))};
    struct ir_outcome outcome = {.ending = ENDING_PROBLEM, .values = e.values};
    if (e.values == NULL) {
        abort();
    }
    world->locals = graph->frame_count > 0 ? graph->frames[0].locals : 0;
    for (const struct ir_node *node = graph->entry->first; node != NULL;) {
        outcome.node = node;
        if (world->steps_left-- <= 0) {
            outcome.ending = ENDING_STEPS;
            return outcome;
        }
        if (ir_flags(node) & IR_TERMINATOR) {
            const struct ir_block *next = eval_end(&e, node, &outcome);
            if (outcome.ending == ENDING_RETURNED) {
                return outcome;
            }
            node = next != NULL ? after_phis(next) : node;
        } else {
            eval_node(&e, node);
            node = !e.leaves ? node->next : node;
        }
        if (world->problem == NULL && e.leaves && outcome.node->state == NULL) {
            problem(world, "it leaves without a state");
        }
        if (world->problem != NULL) {
            return outcome;
        }
        if (e.leaves) {
            drop_dying(world, e.values, node->state);
            outcome.state = node->state;
            outcome.ending = node->op == IR_handler ? ENDING_RAISED : ENDING_LEFT;
            return outcome;
        }
    }
    problem(world, "a block without an end");
    return outcome;
}

/* ---- Leaving ------------------------------------------------------------------------------------------------------------------ */

static void note_slot(struct ir_world *world, const struct ir_outcome *outcome, const struct ir_slot *slot,
                      const struct world_object *memory)
{
    switch ((enum ir_slot_how)slot->how) {
    case SLOT_EMPTY:
        fputs("-", world->trace);
        return;
    case SLOT_HOME:
    case SLOT_MEMORY:
        ir_world_note_object(world, memory);
        return;
    default:
        break;
    }
    int64_t bits = outcome->values[slot->value->id];
    if (slot->value->type == IR_OBJECT) {
        const struct world_object *object = (const struct world_object *)(intptr_t)bits;
        if (object != NULL && object->dead) {
            problem(world, "a state has a dead object");
        }
        ir_world_note_object(world, object);
    } else {
        ir_world_note_number(world, (enum ir_type)slot->value->type, bits);
    }
    if (slot->index != NULL) {
        fprintf(world->trace, " at %lld", (long long)outcome->values[slot->index->id]);
    }
    if (slot->clean != NULL && outcome->values[slot->clean->id] && (memory == NULL || memory->value != bits)) {
        problem(world, "a home that was said to be clean holds something else");
    }
}

void ir_eval_note(const struct ir_graph *graph, struct ir_world *world, const struct ir_outcome *outcome)
{
    (void)graph;
    switch (outcome->ending) {
    case ENDING_RETURNED:
        fputs("returns ", world->trace);
        ir_world_note_object(world, outcome->value);
        fputc('\n', world->trace);
        return;
    case ENDING_STEPS:
        fputs("goes on\n", world->trace);
        return;
    case ENDING_PROBLEM:
        fprintf(world->trace, "problem at %s: %s\n", ir_op_rows[outcome->node->op].name, world->problem);
        return;
    default:
        break;
    }
    for (const struct ir_state *state = outcome->state; state != NULL; state = state->outer) {
        fprintf(world->trace, "%s frame %u at %u:", outcome->ending == ENDING_RAISED ? "raises" : "leaves",
                state->frame, state->offset);
        for (int i = 0; i < state->local_count + state->depth - state->dying; i++) {
            bool is_local = i < state->local_count;
            fputs(i == state->local_count ? " | " : i == 0 ? " " : ", ", world->trace);
            note_slot(world, outcome, &state->slots[i],
                      is_local ? world->homes[state->frame][i] : world->operands[i - state->local_count].object);
        }
        fputc('\n', world->trace);
    }
}

/* A new reference to what the slot holds. */
static struct world_object *object_of(struct ir_world *world, const int64_t *values, const struct ir_slot *slot)
{
    if (slot->how == SLOT_EMPTY) {
        return NULL;
    }
    int64_t bits = values[slot->value->id];
    struct world_object *object;
    switch ((enum ir_type)slot->value->type) {
    case IR_INT:
        return ir_world_box(world, KIND_int, bits);
    case IR_FLOAT:
        return ir_world_box(world, KIND_float, bits);
    case IR_BOOL:
        object = ir_world_box(world, KIND_bool, bits);
        object->references++;
        return object;
    case IR_COMPLEX:
        object = (struct world_object *)(intptr_t)bits;
        return new_complex(world, object->value, object->imaginary);
    default:
        object = (struct world_object *)(intptr_t)bits;
        if (object != NULL && object->is_virtual) {
            refer_to(object);
        } else if (slot->how == SLOT_BORROWED && object != NULL) {
            object->references++;
        }
        return object;
    }
}

void ir_eval_leave(const struct ir_graph *graph, struct ir_world *world, const struct ir_outcome *outcome)
{
    (void)graph;
    for (const struct ir_state *state = outcome->state; state != NULL; state = state->outer) {
        restore_locals(world, outcome->values, state);
        for (int i = 0; i < state->depth - state->dying && state->frame == 0; i++) {
            const struct ir_slot *slot = &state->slots[state->local_count + i];
            if (slot->how != SLOT_MEMORY) {
                world->operands[i] = (struct world_operand){object_of(world, outcome->values, slot), world->escapes};
            }
        }
    }
}

void ir_world_check_references(struct ir_world *world, const struct world_object *returned)
{
    for (struct world_object *object = world->objects; object != NULL; object = object->next) {
        object->owners = object == returned;
    }
    for (int i = 0; i < WORLD_FRAMES * WORLD_SLOTS; i++) {
        struct world_object *home = world->homes[i / WORLD_SLOTS][i % WORLD_SLOTS];
        if (home != NULL) {
            home->owners++;
        }
    }
    for (int i = 0; i < WORLD_SLOTS; i++) {
        if (world->operands[i].object != NULL) {
            world->operands[i].object->owners++;
        }
    }
    for (struct world_object *object = world->objects; object != NULL; object = object->next) {
        bool has_none = object->described || (object->items > 0 && object->dead);
        for (const struct world_word *word = object->words; word != NULL && !has_none; word = word->next) {
            if (word->type == IR_OBJECT && word->bits != 0) {
                ((struct world_object *)(intptr_t)word->bits)->owners++;
            }
        }
    }
    for (struct world_object *object = world->objects; object != NULL; object = object->next) {
        bool is_box = object->number < 0 && object->pointer == NULL && object->kind != KIND_bool;
        if (is_box && !object->described && !object->escaped && !object->dead &&
            object->references != object->owners) {
            problem(world, object->references > object->owners ? "a box has leaked" : "a box has too few references");
        }
    }
}
