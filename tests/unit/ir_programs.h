/* tests/unit/ir_programs.h: random programs, an interpreter of them, and the graphs that a builder would make of them. Header only.
 *
 * A program is a list of instructions for a stack machine with locals, made of statements, conditions and bounded loops: bytecode on a small
 * scale. The interpreter carries it out on the model of ir_eval.h, with every number in a box and every count kept: what stock would do. The
 * builder makes a graph with speculation, raw numbers, homes and frame states, as tier2/build*.c does, an instruction's offset being its number
 * times two. Wherever the graph leaves, the interpreter goes on; what outsiders see must be what the interpreter alone shows, whichever guard
 * fails. */
#ifndef PYJIT_TESTS_IR_PROGRAMS_H
#define PYJIT_TESTS_IR_PROGRAMS_H

#include "tier2/ir_eval.h"
#include "tier2/ir_text.h"

#include "runtime/cpython.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum program_code {
    PROGRAM_LOAD_FAST, /* argument: local */
    PROGRAM_LOAD_INT,  /* number */
    PROGRAM_LOAD_FLOAT,
    PROGRAM_LOAD_OBJECT, /* argument: of program_objects */
    PROGRAM_STORE_FAST,
    PROGRAM_BINARY,     /* argument: an IR operation on ints; floats have fewer */
    PROGRAM_UNARY,      /* argument: IR_int_negate, IR_int_absolute, IR_int_invert, IR_bool_not */
    PROGRAM_COMPARE,    /* argument: Py_LT... */
    PROGRAM_LOAD_FIELD, /* number: the offset */
    PROGRAM_STORE_FIELD,
    PROGRAM_CALL, /* argument: how many operands it takes */
    PROGRAM_POP,
    PROGRAM_IF_FALSE, /* pops; target */
    PROGRAM_JUMP,
    PROGRAM_JUMP_BACK,
    PROGRAM_RETURN,
};

struct program_instruction {
    uint8_t code;  /* enum program_code */
    uint8_t guess; /* of the builder: 0 ints, 1 floats; others */
    int argument, target;
    int64_t number;
};

enum {
    PROGRAM_MOST = 400,
    PROGRAM_LOCALS = 6,
    PROGRAM_COUNTERS = 3, /* locals behind those, one per depth of loops */
    PROGRAM_ALL_LOCALS = PROGRAM_LOCALS + PROGRAM_COUNTERS,
    PROGRAM_STACK = 8,
};

/* Addresses of constant objects. */
static const char program_objects[3];

struct program {
    uint64_t random;   /* state of the generator */
    bool numbers_only; /* no fields, no calls: what LLVM can run on numbers alone */
    int count;
    struct program_instruction code[PROGRAM_MOST];
};

/* ---- Making programs ---------------------------------------------------------------------------------------------- */

static inline uint64_t program_random(struct program *p, uint64_t below)
{
    p->random = p->random * 6364136223846793005u + 1442695040888963407u;
    uint64_t x = p->random ^ p->random >> 33;
    x *= 0xff51afd7ed558ccdu;
    return (x ^ x >> 29) % below;
}

static inline struct program_instruction *program_emit(struct program *p, enum program_code code, int argument)
{
    struct program_instruction *instruction = &p->code[p->count];
    *instruction = (struct program_instruction){
        .code = (uint8_t)code, .argument = argument, .target = -1, .guess = (uint8_t)program_random(p, 2)};
    p->count += p->count < PROGRAM_MOST - 1;
    return instruction;
}

static inline int64_t program_float_bits(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Locals are mostly ints, floats or objects, by their numbers, so that what the builder guesses is mostly right. */
enum program_sort { PROGRAM_INTS, PROGRAM_FLOATS, PROGRAM_OBJECTS };

static inline int program_local(struct program *p, enum program_sort sort)
{
    if (program_random(p, 12) == 0) {
        return (int)program_random(p, PROGRAM_ALL_LOCALS);
    }
    if (sort == PROGRAM_INTS && program_random(p, 3) == 0) {
        return PROGRAM_LOCALS + (int)program_random(p, PROGRAM_COUNTERS);
    }
    return 2 * (int)sort + (int)program_random(p, 2);
}

static inline void program_constant(struct program *p, enum program_sort sort)
{
    static const int64_t ints[] = {
        31, 62, 63, 64, 65, 255, 1LL << 31, 1LL << 53, (1LL << 53) + 1, INT64_MAX, INT64_MIN + 1, -(1LL << 62)};
    static const double floats[] = {-0.0, 1e308, -1e308, 5e-324, 1e16, INFINITY, NAN};
    static const double usual[] = {0.0, 1.0, 0.5, -1.5, 3.0, 1e10, -1.0, 2.0};
    bool edge = program_random(p, 6) == 0;
    if (sort == PROGRAM_FLOATS) {
        program_emit(p, PROGRAM_LOAD_FLOAT, 0)->number = program_float_bits(
            edge ? floats[program_random(p, sizeof floats / 8)] : usual[program_random(p, sizeof usual / 8)]);
    } else {
        program_emit(p, PROGRAM_LOAD_INT, 0)->number =
            edge ? ints[program_random(p, sizeof ints / 8)] : (int64_t)program_random(p, 9) - 3;
    }
}

/* An object to look into: mostly one of a few, so that the same is asked again. */
static inline void program_owner(struct program *p)
{
    if (program_random(p, 3)) {
        program_emit(p, PROGRAM_LOAD_OBJECT, (int)program_random(p, 2));
    } else {
        program_emit(p, PROGRAM_LOAD_FAST, program_local(p, PROGRAM_OBJECTS));
    }
}

static inline void program_expression(struct program *p, int depth, enum program_sort sort);

static inline void program_object(struct program *p, int depth)
{
    uint64_t chance = program_random(p, 10);
    if (depth == 0 || chance < 3) {
        program_owner(p);
    } else if (chance < 8) {
        program_owner(p);
        program_emit(p, PROGRAM_LOAD_FIELD, 0)->number = 16 + 8 * (int64_t)program_random(p, 2);
    } else {
        int arguments = (int)program_random(p, 3);
        for (int i = 0; i < arguments; i++) {
            program_expression(p, depth - 1, (enum program_sort)program_random(p, 3));
        }
        program_emit(p, PROGRAM_CALL, arguments);
    }
}

static inline void program_expression(struct program *p, int depth, enum program_sort sort)
{
    static const uint8_t ints[] = {IR_int_add,      IR_int_subtract,     IR_int_multiply, IR_int_add,
                                   IR_int_multiply, IR_int_floor_divide, IR_int_modulo,   IR_int_shift_left,
                                   IR_int_and,      IR_int_or,           IR_int_xor,      IR_int_shift_right};
    static const uint8_t floats[] = {IR_int_add, IR_int_subtract, IR_int_multiply, IR_float_divide};
    static const uint8_t unaries[] = {IR_int_negate, IR_int_absolute, IR_int_invert, IR_bool_not};
    if (sort == PROGRAM_OBJECTS && !p->numbers_only) {
        program_object(p, depth);
        return;
    }
    sort = sort == PROGRAM_OBJECTS ? PROGRAM_INTS : sort;
    uint64_t chance = program_random(p, 100);
    if (depth == 0 || chance < 30) {
        if (program_random(p, 4)) {
            program_emit(p, PROGRAM_LOAD_FAST, program_local(p, sort));
        } else {
            program_constant(p, sort);
        }
        return;
    }
    program_expression(p, depth - 1, sort);
    struct program_instruction *made;
    if (chance < 78) {
        program_expression(p, depth - 1, program_random(p, 6) ? sort : PROGRAM_INTS);
        made = program_emit(p, PROGRAM_BINARY,
                            sort == PROGRAM_INTS ? ints[program_random(p, sizeof ints)]
                                                 : floats[program_random(p, sizeof floats)]);
    } else if (chance < 90) {
        made = program_emit(p, PROGRAM_UNARY, unaries[program_random(p, program_random(p, 8) ? 2 : 4)]);
    } else {
        program_expression(p, depth - 1, sort);
        made = program_emit(p, PROGRAM_COMPARE, (int)program_random(p, 6));
    }
    made->guess = program_random(p, 16) ? sort == PROGRAM_FLOATS : sort != PROGRAM_FLOATS;
}

static inline void program_statements(struct program *p, int depth, int loops, int *breaks, int *break_count);

/* A condition in front; then `if` without or with `else`. */
static inline void program_if(struct program *p, int depth, int loops, int *breaks, int *break_count)
{
    enum program_sort sort = (enum program_sort)program_random(p, 2);
    program_expression(p, 1, sort);
    program_expression(p, 1, sort);
    program_emit(p, PROGRAM_COMPARE, (int)program_random(p, 6))->guess = sort == PROGRAM_FLOATS;
    int condition = p->count;
    program_emit(p, PROGRAM_IF_FALSE, 0);
    program_statements(p, depth - 1, loops, breaks, break_count);
    if (program_random(p, 2)) {
        int jump = p->count;
        program_emit(p, PROGRAM_JUMP, 0);
        p->code[condition].target = p->count;
        program_statements(p, depth - 1, loops, breaks, break_count);
        p->code[jump].target = p->count;
    } else {
        p->code[condition].target = p->count;
    }
}

/* A counter counts up to a small number, whatever the body does. */
static inline void program_loop(struct program *p, int depth, int loops)
{
    int counter = PROGRAM_LOCALS + loops;
    int breaks[16], break_count = 0;
    program_emit(p, PROGRAM_LOAD_INT, 0);
    program_emit(p, PROGRAM_STORE_FAST, counter);
    int header = p->count;
    program_emit(p, PROGRAM_LOAD_FAST, counter);
    program_emit(p, PROGRAM_LOAD_INT, 0)->number = 1 + (int64_t)program_random(p, 4);
    program_emit(p, PROGRAM_COMPARE, Py_LT)->guess = 0;
    breaks[break_count++] = p->count;
    program_emit(p, PROGRAM_IF_FALSE, 0);
    program_statements(p, depth - 1, loops + 1, breaks, &break_count);
    program_emit(p, PROGRAM_LOAD_FAST, counter);
    program_emit(p, PROGRAM_LOAD_INT, 0)->number = 1;
    struct program_instruction *add = program_emit(p, PROGRAM_BINARY, IR_int_add);
    add->guess = 0;
    program_emit(p, PROGRAM_STORE_FAST, counter);
    program_emit(p, PROGRAM_JUMP_BACK, 0)->target = header;
    for (int i = 0; i < break_count; i++) {
        p->code[breaks[i]].target = p->count;
    }
}

static inline void program_statements(struct program *p, int depth, int loops, int *breaks, int *break_count)
{
    int count = 1 + (int)program_random(p, 4);
    for (int i = 0; i < count && p->count < PROGRAM_MOST - 120; i++) {
        uint64_t chance = program_random(p, 100);
        enum program_sort sort = (enum program_sort)program_random(p, 3);
        if (chance < 50 || depth == 0) {
            program_expression(p, 3, sort);
            int local = program_local(p, sort);
            program_emit(p, PROGRAM_STORE_FAST, local < PROGRAM_LOCALS ? local : (int)sort * 2);
        } else if (chance < 62) {
            program_if(p, depth, loops, breaks, break_count);
        } else if (chance < 77 && loops < PROGRAM_COUNTERS) {
            program_loop(p, depth, loops);
        } else if (chance < 80 && breaks != NULL && *break_count < 16) {
            breaks[(*break_count)++] = p->count;
            program_emit(p, PROGRAM_JUMP, 0);
        } else if (chance < 90 && !p->numbers_only) {
            program_expression(p, 2, sort);
            program_owner(p);
            program_emit(p, PROGRAM_STORE_FIELD, 0)->number = 16 + 8 * (int64_t)program_random(p, 2);
        } else if (chance < 91) {
            program_expression(p, 2, sort);
            program_emit(p, PROGRAM_RETURN, 0);
        } else {
            program_expression(p, 2, sort);
            program_emit(p, PROGRAM_POP, 0);
        }
    }
}

static inline void program_make(struct program *p, uint64_t seed, bool numbers_only)
{
    *p = (struct program){.random = seed * 0x9E3779B97F4A7C15u + 12345, .numbers_only = numbers_only};
    program_statements(p, 3, 0, NULL, NULL);
    program_expression(p, 2, PROGRAM_INTS);
    program_emit(p, PROGRAM_RETURN, 0);
}

/* A world for programs: homes hold what most instructions expect. */
static inline void program_open_world(struct ir_world *world, uint64_t seed)
{
    ir_world_open(world, seed);
    for (int i = 0; i < PROGRAM_ALL_LOCALS; i++) {
        uint64_t chance = ir_world_invent(world, 6, (uint64_t)i, 0);
        struct world_object *object = world->homes[0][i];
        if (chance % 16 < 14) {
            int first = i / 2 == PROGRAM_FLOATS ? 12 : i / 2 == PROGRAM_OBJECTS ? 0 : 8;
            object = world->pool[first + (int)((chance >> 8) % 3)];
        } else if (chance % 16 == 15) {
            object = world->truths[(chance >> 8) & 1];
        }
        if (object != NULL) {
            object->references++;
        }
        if (world->homes[0][i] != NULL) {
            world->homes[0][i]->references--;
        }
        world->homes[0][i] = object;
    }
}

/* ---- The interpreter ------------------------------------------------------------------------------------------------- */

struct program_run {
    const struct program *program;
    struct ir_world *world;
    int depth;
};

static inline struct world_object *program_pop(struct program_run *run)
{
    struct world_object *object = run->world->operands[--run->depth].object;
    run->world->operands[run->depth].object = NULL;
    return object;
}

static inline void program_push(struct program_run *run, struct world_object *object)
{
    run->world->operands[run->depth++] = (struct world_operand){object, run->world->escapes};
}

static inline double program_float_of(const struct world_object *object)
{
    double value;
    memcpy(&value, &object->value, sizeof value);
    return object->kind == KIND_float ? value : (double)object->value;
}

/* Is it an int or bool that fits? */
static inline bool program_is_int(const struct world_object *object)
{
    return (object->kind == KIND_int && !object->huge) || object->kind == KIND_bool;
}

/* Can it be an operand of arithmetic on floats? */
static inline bool program_is_real(const struct world_object *object)
{
    return object->kind == KIND_float ||
           (program_is_int(object) && object->value >= -(1LL << 53) && object->value <= 1LL << 53);
}

/* The result of arithmetic, without a box; false where there is none. */
static inline bool program_int_binary(int op, int64_t a, int64_t b, int64_t *result)
{
    switch (op) {
    case IR_int_add:
        return !__builtin_add_overflow(a, b, result);
    case IR_int_subtract:
        return !__builtin_sub_overflow(a, b, result);
    case IR_int_multiply:
        return !__builtin_mul_overflow(a, b, result);
    case IR_int_floor_divide:
    case IR_int_modulo: {
        if (b == 0 || (a == INT64_MIN && b == -1)) {
            return false;
        }
        int64_t rest = (int64_t)((((__int128)a % b) + b) % b);
        __int128 quotient = ((__int128)a - rest) / b;
        *result = op == IR_int_modulo ? rest : (int64_t)quotient;
        return true;
    }
    case IR_int_shift_left:
        *result = b >= 0 && b <= 62 ? (int64_t)((uint64_t)a << b) : 0;
        return b >= 0 && b <= 62 && *result >> b == a;
    case IR_int_shift_right:
        *result = a >> (b > 63 ? 63 : b & 63);
        return b >= 0;
    case IR_int_and:
        *result = a & b;
        return true;
    case IR_int_or:
        *result = a | b;
        return true;
    case IR_int_xor:
        *result = a ^ b;
        return true;
    default:
        return false;
    }
}

static inline bool program_float_binary(int op, double a, double b, double *result)
{
    switch (op) {
    case IR_int_add:
        *result = a + b;
        return true;
    case IR_int_subtract:
        *result = a - b;
        return true;
    case IR_int_multiply:
        *result = a * b;
        return true;
    case IR_float_divide:
        *result = b != 0 ? a / b : 0;
        return b != 0;
    default:
        return false;
    }
}

static inline bool program_compare(int comparison, const struct world_object *a, const struct world_object *b,
                                   bool *result)
{
    int order; /* -1, 0, 1, or 2: not comparable */
    if (program_is_int(a) && program_is_int(b)) {
        order = a->value < b->value ? -1 : a->value > b->value;
    } else if (program_is_real(a) && program_is_real(b)) {
        double x = program_float_of(a), y = program_float_of(b);
        order = x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
    } else {
        return false;
    }
    *result = comparison == Py_LT   ? order == -1
              : comparison == Py_LE ? order == -1 || order == 0
              : comparison == Py_EQ ? order == 0
              : comparison == Py_NE ? order != 0
              : comparison == Py_GT ? order == 1
                                    : order == 1 || order == 0;
    return true;
}

/* The result of an instruction that only computes, as a new reference; NULL: it has none. */
static inline struct world_object *program_compute(struct program_run *run, const struct program_instruction *i)
{
    struct ir_world *world = run->world;
    const struct world_object *b = world->operands[run->depth - 1].object;
    const struct world_object *a = i->code == PROGRAM_UNARY ? b : world->operands[run->depth - 2].object;
    int64_t number;
    double real;
    bool truth;
    if (i->code == PROGRAM_COMPARE) {
        struct world_object *object =
            program_compare(i->argument, a, b, &truth) ? ir_world_box(world, KIND_bool, truth) : NULL;
        if (object != NULL) {
            object->references++;
        }
        return object;
    }
    if (i->code == PROGRAM_BINARY) {
        if (i->argument != IR_float_divide && program_is_int(a) && program_is_int(b)) {
            return program_int_binary(i->argument, a->value, b->value, &number)
                       ? ir_world_box(world, KIND_int, number)
                       : NULL;
        }
        bool ok = program_is_real(a) && program_is_real(b) &&
                  program_float_binary(i->argument, program_float_of(a), program_float_of(b), &real);
        return ok ? ir_world_box(world, KIND_float, program_float_bits(real)) : NULL;
    }
    if (i->argument == IR_bool_not) {
        if (a->kind != KIND_bool) {
            return NULL;
        }
        struct world_object *object = ir_world_box(world, KIND_bool, !a->value);
        object->references++;
        return object;
    }
    if (a->kind == KIND_float && i->argument != IR_int_invert) {
        real = i->argument == IR_int_negate ? -program_float_of(a) : fabs(program_float_of(a));
        return ir_world_box(world, KIND_float, program_float_bits(real));
    }
    if (!program_is_int(a) || (i->argument != IR_int_invert && a->value == INT64_MIN)) {
        return NULL;
    }
    number = i->argument == IR_int_negate ? -a->value : i->argument == IR_int_invert ? ~a->value : llabs(a->value);
    return ir_world_box(world, KIND_int, number);
}

/* Does the object count as true? -1: the program ends there. */
static inline int program_truth(const struct world_object *object)
{
    return program_is_int(object)       ? object->value != 0
           : object->kind == KIND_float ? program_float_of(object) != 0
                                        : -1;
}

/* Carries one instruction out: the next one; -1: it returned or raised; -2: it cannot be carried out. */
static inline int program_step(struct program_run *run, int pc)
{
    const struct program_instruction *i = &run->program->code[pc];
    struct ir_world *world = run->world;
    struct world_object *object;
    switch ((enum program_code)i->code) {
    case PROGRAM_LOAD_FAST:
        object = world->homes[0][i->argument];
        if (object == NULL) {
            return -2;
        }
        object->references++;
        program_push(run, object);
        return pc + 1;
    case PROGRAM_LOAD_INT:
        program_push(run, ir_world_box(world, KIND_int, i->number));
        return pc + 1;
    case PROGRAM_LOAD_FLOAT:
        program_push(run, ir_world_box(world, KIND_float, i->number));
        return pc + 1;
    case PROGRAM_LOAD_OBJECT:
        object = ir_world_constant(world, &program_objects[i->argument], KIND_any);
        object->references++;
        program_push(run, object);
        return pc + 1;
    case PROGRAM_STORE_FAST: {
        struct world_object *old = world->homes[0][i->argument];
        world->homes[0][i->argument] = program_pop(run);
        if (old != NULL) {
            ir_world_drop(world, old, false);
        }
        return pc + 1;
    }
    case PROGRAM_BINARY:
    case PROGRAM_UNARY:
    case PROGRAM_COMPARE:
        object = program_compute(run, i);
        if (object == NULL) {
            return -2;
        }
        for (int k = i->code == PROGRAM_UNARY; k < 2; k++) {
            ir_world_drop(world, program_pop(run), true);
        }
        program_push(run, object);
        return pc + 1;
    case PROGRAM_LOAD_FIELD: {
        struct world_object *owner = world->operands[run->depth - 1].object;
        if (owner->kind == KIND_int || owner->kind == KIND_float || owner->kind == KIND_bool) {
            return -2;
        }
        object = (struct world_object *)(intptr_t)ir_world_load(world, owner, i->number, IR_OBJECT, MEMORY_attribute);
        object->references++;
        world->operands[run->depth - 1].object = object;
        ir_world_drop(world, owner, false);
        return pc + 1;
    }
    case PROGRAM_STORE_FIELD: {
        struct world_object *owner = world->operands[run->depth - 1].object;
        if (owner->kind == KIND_int || owner->kind == KIND_float || owner->kind == KIND_bool) {
            return -2;
        }
        program_pop(run);
        object = (struct world_object *)(intptr_t)ir_world_load(world, owner, i->number, IR_OBJECT, MEMORY_attribute);
        ir_world_store(world, owner, i->number, IR_OBJECT, MEMORY_attribute, (int64_t)(intptr_t)program_pop(run));
        ir_world_drop(world, object, false);
        ir_world_drop(world, owner, false);
        return pc + 1;
    }
    case PROGRAM_CALL: {
        int status = ir_world_call(world, "call", pc, run->depth);
        for (int k = 0; k < i->argument; k++) {
            program_pop(run);
        }
        if (status < 0) {
            fprintf(world->trace, "raises at %d\n", pc);
            return -1;
        }
        program_push(run, ir_world_call_result(world, run->depth));
        return pc + 1;
    }
    case PROGRAM_POP:
        ir_world_drop(world, program_pop(run), false);
        return pc + 1;
    case PROGRAM_IF_FALSE: {
        int truth = program_truth(world->operands[run->depth - 1].object);
        if (truth < 0) {
            return -2;
        }
        ir_world_drop(world, program_pop(run), true);
        return truth ? pc + 1 : i->target;
    }
    case PROGRAM_JUMP:
    case PROGRAM_JUMP_BACK:
        return i->target;
    case PROGRAM_RETURN:
        object = program_pop(run);
        fputs("returns ", world->trace);
        ir_world_note_object(world, object);
        fputc('\n', world->trace);
        ir_world_check_references(world, object);
        return -1;
    }
    return -2;
}

/* Carries the program out from instruction `pc` with `depth` operands in the world. */
static inline void program_interpret(const struct program *program, struct ir_world *world, int pc, int depth)
{
    struct program_run run = {program, world, depth};
    world->locals = PROGRAM_ALL_LOCALS;
    while (pc >= 0 && world->problem == NULL) {
        int next = program_step(&run, pc);
        if (next == -2) {
            fprintf(world->trace, "stops at %d:", pc);
            ir_world_note_homes(world);
            fputs(" |", world->trace);
            for (int i = 0; i < run.depth; i++) {
                fputc(' ', world->trace);
                ir_world_note_object(world, world->operands[i].object);
            }
            fputc('\n', world->trace);
            ir_world_check_references(world, NULL);
        }
        pc = next;
    }
}

#endif
