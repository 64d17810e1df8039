/* tier2/ir_eval.h: carries out a graph on a small model of Python's objects and memory. For tests only: what a graph does before and
 * after a pass, and what LLVM makes of it, must be what this does.
 *
 * The model (struct ir_world) has a handful of objects that were there before ("#3"), each of some kind, and boxes that the graph makes. What
 * stands in memory that nobody has stored to is invented from a seed, the object, the offset and the number of escapes so far: so it
 * is the same in every run, it aliases (different ways lead to the same object), and after an escape all memory but the constant one
 * is different. The word of class "type" is 0 mostly, of numbers 77. What an outsider could see (calls of C with what they are given, deaths, where execution left with what) is noted
 * as text, in order: two runs are alike when their texts are equal.
 */
#ifndef PYJIT_TIER2_IR_EVAL_H
#define PYJIT_TIER2_IR_EVAL_H

#include "tier2/ir.h"

enum { WORLD_OBJECTS = 16, WORLD_FRAMES = 8, WORLD_SLOTS = 64 };

/* What stands in one word of an object. */
struct world_word {
    int64_t key; /* an offset, or the number of an item with WORLD_ITEM */
    int64_t bits;
    uint8_t type, memory;
    struct world_word *next;
};

struct world_object {
    int number; /* of an object that was there before; -1: a box */
    uint8_t kind;
    bool huge;     /* an int of more than 64 bits */
    int64_t value; /* of an int, float (bits), bool or (the real part) complex number */
    int64_t imaginary;
    int64_t references;
    int64_t owners; /* found at the end */
    bool escaped;   /* a box in memory that other code has had its hands on */
    bool dead;
    int items;           /* of a tuple that the graph made, or described: so many words WORLD_ITEM */
    bool is_virtual;     /* it was described by a graph, ... */
    bool described;      /* ... and nobody has made it yet: its items are not its own */
    const void *pointer; /* of a constant object */
    struct world_word *words;
    struct world_object *next;
};

struct world_operand {
    struct world_object *object;
    uint64_t escapes; /* number of escapes when it was stored */
};

struct ir_world {
    uint64_t seed;
    uint64_t escapes;    /* so far */
    uint64_t writes;     /* by C functions that run no code, so far */
    int64_t fail_guard;  /* the guard of this number, from 1, fails whatever it finds; 0: none */
    int64_t guard_count; /* so far */
    int64_t steps_left;
    FILE *trace; /* what outsiders see */
    char *text;
    size_t text_size;
    struct world_object *objects; /* all; owned */
    struct world_object *pool[WORLD_OBJECTS];
    struct world_object *homes[WORLD_FRAMES][WORLD_SLOTS]; /* each owns its object */
    struct world_operand operands[WORLD_SLOTS];
    int locals;          /* of frame 0, that outsiders see */
    const char *problem; /* a graph that breaks the rules: what it did. Else NULL */
    struct world_object *truths[2];
};

/* A world whose homes hold what the seed says (some nothing). ir_world_free() frees all of it. */
void ir_world_open(struct ir_world *world, uint64_t seed);
void ir_world_free(struct ir_world *world);
/* What was noted so far; the world's. */
const char *ir_world_text(struct ir_world *world);

/* Something that depends on the seed and the arguments only. */
uint64_t ir_world_invent(const struct ir_world *world, uint64_t a, uint64_t b, uint64_t c);

/* ---- What graphs do, also for interpreters that a graph is compared with ---- */

struct world_object *ir_world_box(struct ir_world *world, enum ir_kind kind, int64_t value);
struct world_object *ir_world_constant(struct ir_world *world, const void *pointer, enum ir_kind kind);
/* The word or item `key` of an object, as a value of the type: bits, or an object's address. */
int64_t ir_world_load(struct ir_world *world, struct world_object *object, int64_t key, enum ir_type type,
                      enum ir_memory memory);
void ir_world_store(struct ir_world *world, struct world_object *object, int64_t key, enum ir_type type,
                    enum ir_memory memory, int64_t bits);
#define WORLD_ITEM(index) ((INT64_C(1) << 62) + (index))
/* A call of C that takes operands [depth - ...] from memory and sees the frames; what it returned: 0, 1, or -1 for an error. */
int ir_world_call(struct ir_world *world, const char *name, int64_t number, int depth);
/* Other code has run: memory is different now. */
void ir_world_escape(struct ir_world *world);
/* One reference less. Returns true when other code ran because it died: of something that is no number. `simple`: that is promised
 * not to be. */
bool ir_world_drop(struct ir_world *world, struct world_object *object, bool simple);
/* What a call of C has left in an operand's place: a new reference. */
struct world_object *ir_world_call_result(struct ir_world *world, int operand);
/* Put into the text: numbers by value, others by name. */
void ir_world_note_homes(struct ir_world *world);
void ir_world_note_object(struct ir_world *world, const struct world_object *object);
void ir_world_note_number(struct ir_world *world, enum ir_type type, int64_t bits);

/* ---- Graphs ---- */

enum ir_ending {
    ENDING_RETURNED, /* `value` is the object */
    ENDING_LEFT,     /* through `state`, at `node` */
    ENDING_RAISED,   /* the same, with an error */
    ENDING_STEPS,    /* it was still running after world->steps_left */
    ENDING_PROBLEM,  /* it broke a rule: world->problem */
};

struct ir_outcome {
    enum ir_ending ending;
    const struct ir_node *node;
    const struct ir_state *state;
    struct world_object *value;
    int64_t *values; /* by node: bits, or an object's address; owned, free() it */
};

/* Carries the graph out, from its entry. */
struct ir_outcome ir_eval(const struct ir_graph *graph, struct ir_world *world);

/* Leaves as runtime/deopt.c would: homes and operands are brought up to date (of the root frame). */
void ir_eval_leave(const struct ir_graph *graph, struct ir_world *world, const struct ir_outcome *outcome);

/* Notes how it ended: the value, or where it left and what all frames' slots hold then. To be called once, before ir_eval_leave. */
void ir_eval_note(const struct ir_graph *graph, struct ir_world *world, const struct ir_outcome *outcome);

/* Have all boxes as many references as owners? After ir_eval_leave, or a return; else sets world->problem. */
void ir_world_check_references(struct ir_world *world, const struct world_object *returned);

#endif
