/* tier1/select_unboxed.h: operands of arithmetic on numbers without objects. See select_unboxed.c. */
#ifndef PYJIT_TIER1_SELECT_UNBOXED_H
#define PYJIT_TIER1_SELECT_UNBOXED_H

#include "tier1/select.h"

/* Templates by register numbers. */
#define OF_FLOAT_REGISTERS(name)                                                                                     \
    {                                                                                                                \
        TEMPLATE_##name##_0, TEMPLATE_##name##_1, TEMPLATE_##name##_2, TEMPLATE_##name##_3                           \
    }
#define OF_INT_REGISTERS(name)                                                                                       \
    {                                                                                                                \
        TEMPLATE_##name##_0, TEMPLATE_##name##_1, TEMPLATE_##name##_2                                                \
    }
#define OF_FLOAT_PAIRS(name)                                                                                         \
    {                                                                                                                \
        {TEMPLATE_##name##_FLOATS_00, TEMPLATE_##name##_FLOATS_01, TEMPLATE_##name##_FLOATS_02,                      \
         TEMPLATE_##name##_FLOATS_03},                                                                               \
            {TEMPLATE_##name##_FLOATS_10, TEMPLATE_##name##_FLOATS_11, TEMPLATE_##name##_FLOATS_12,                  \
             TEMPLATE_##name##_FLOATS_13},                                                                           \
            {TEMPLATE_##name##_FLOATS_20, TEMPLATE_##name##_FLOATS_21, TEMPLATE_##name##_FLOATS_22,                  \
             TEMPLATE_##name##_FLOATS_23},                                                                           \
        {                                                                                                            \
            TEMPLATE_##name##_FLOATS_30, TEMPLATE_##name##_FLOATS_31, TEMPLATE_##name##_FLOATS_32,                   \
                TEMPLATE_##name##_FLOATS_33                                                                          \
        }                                                                                                            \
    }
#define OF_INT_PAIRS(name)                                                                                           \
    {                                                                                                                \
        {TEMPLATE_##name##_INTS_00, TEMPLATE_##name##_INTS_01, TEMPLATE_##name##_INTS_02},                           \
            {TEMPLATE_##name##_INTS_10, TEMPLATE_##name##_INTS_11, TEMPLATE_##name##_INTS_12},                       \
        {                                                                                                            \
            TEMPLATE_##name##_INTS_20, TEMPLATE_##name##_INTS_21, TEMPLATE_##name##_INTS_22                          \
        }                                                                                                            \
    }
typedef const uint16_t of_float_registers[FLOAT_REGISTERS];
typedef const uint16_t of_int_registers[INT_REGISTERS];
typedef const uint16_t of_float_pairs[FLOAT_REGISTERS][FLOAT_REGISTERS];
typedef const uint16_t of_int_pairs[INT_REGISTERS][INT_REGISTERS];

/* What is known of an operand: INT is an exact int, SHORT_INT a constant one of at most one digit, WIDE_INT a constant that fits 64 bits. */
enum kind { KIND_UNKNOWN, KIND_FLOAT, KIND_INT, KIND_SHORT_INT, KIND_WIDE_INT, KIND_OTHER };
enum kind kind_of(const struct emitter *emitter, const struct operand *operand);
static inline bool is_int_kind(enum kind kind)
{
    return kind == KIND_INT || kind == KIND_SHORT_INT || kind == KIND_WIDE_INT;
}
/* The value of a constant of an int kind. */
int64_t constant_int(const struct operand *operand);
/* The bit that stands for a local in emitter.float_locals and int_locals; 0 beyond those. */
uint64_t local_bit(int local);

/* The operands of an instruction on their way into registers. They stay on the deferred stack until all guards are through. */
struct operation {
    int count;                  /* 1 or 2 */
    enum operand_place place;   /* PLACE_FLOAT or PLACE_INT: what they are to be */
    struct operand *operand[2]; /* left, right */
    bool apart;                 /* in different registers even if they are the same local */
    bool exact;                 /* floats: tier 0 has seen nothing else, an int is a case for the fallback code */
    int reg[2];
    unsigned used; /* mask of the registers of that kind that hold numbers */
    int exit;      /* where guards fail to, or NO_LABEL while there is none */
};

/* Begins with the `count` operands on top; emits nothing. */
struct operation begin_operation(const struct emitter *emitter, enum operand_place place, int count);
/* Makes sure of registers for its operands and for `spare` numbers more: numbers lower on the stack may go to memory. */
void make_room(struct emitter *emitter, struct operation *operation, int spare);
/* Brings them into registers: guards, but changes nothing. Makes room first. */
void load_operands(struct emitter *emitter, struct operation *operation);
/* The label that further guards fail to. */
int exit_of(struct emitter *emitter, struct operation *operation);
/* All guards are through: pops the operands. */
void drop_operands(struct emitter *emitter, const struct operation *operation);
/* Moves all but the `count` operands on top to their slots. */
void flush_others(struct emitter *emitter, int count);

#endif
