/* runtime/bytecode.h: the bytecode of one code object, decoded: instructions with jump targets, stack depths, exception
 * handlers and the locals known to be bound. Every tier starts from this.
 */
#ifndef PYJIT_RUNTIME_BYTECODE_H
#define PYJIT_RUNTIME_BYTECODE_H

#include "runtime/cpython.h"
#include "runtime/reasons.h"

/* Flags of opcodes.def. */
enum opcode_flag {
    OPCODE_JUMPS_FORWARD = 1,
    OPCODE_JUMPS_BACKWARD = 2,
    OPCODE_NEVER_FALLS_THROUGH = 4,
    OPCODE_MAY_RAISE = 8,
    OPCODE_ESCAPES = 16,
    OPCODE_HAS_HANDLER = 32,
};

/* How many locals the analysis of bound locals follows; others are always checked. */
enum { BYTECODE_TRACKED_LOCALS = 64 };

struct instruction {
    uint32_t unit;         /* index of the opcode's code unit */
    uint32_t next_unit;    /* index of the unit after it and its caches */
    int32_t oparg;         /* EXTENDED_ARG folded in */
    int32_t target;        /* number of the instruction it may jump to, or -1 */
    int32_t depth;         /* operands on the stack before it; -1: unreachable */
    int32_t handler;       /* number of the instruction that handles its exceptions, or -1 */
    int32_t handler_depth; /* operands the handler finds below what is pushed for it */
    uint8_t handler_lasti; /* does the handler also get the failing instruction's index? */
    uint8_t opcode;        /* generic */
    uint8_t specialised;   /* what tier 0 made of it, or the same */
    uint8_t is_leader; /* can be reached other than by falling through: a jump target, a handler, a resume point */
    uint8_t is_handler;
    uint8_t is_loop_header;
    uint8_t is_wanted_entry; /* set by a compiler: compiled code is to be entered here, with a canonical stack */
    uint8_t is_resume_point; /* a generator's frame starts here when it is resumed */
    uint64_t bound;          /* bit per local: certainly bound before this instruction */
};

struct bytecode {
    PyCodeObject *code; /* borrowed */
    int count;
    struct instruction *instructions; /* owned; EXTENDED_ARG and CACHE units have no instruction of their own */
    int32_t *number_of_unit;          /* owned; code unit -> instruction number, -1 for caches */
    uint32_t unit_count;
    bool has_loop;
};

/* Flags of an opcode, and its stack effect for `oparg` when it falls through (jump false) or jumps. */
int opcode_flags(int opcode);
int opcode_pops(int opcode, int oparg);
int opcode_pushes(int opcode, int oparg);
int opcode_effect(int opcode, int oparg, bool jump);
const char *opcode_name(int opcode);

/* Decodes `code`. Returns REASON_none, REASON_no_memory, or REASON_unknown_bytecode for shapes CPython's compiler
 * never makes (stack depths that disagree, jumps into caches). On success bytecode_free() must be called. GIL held; runs no Python code. */
enum reason bytecode_decode(PyCodeObject *code, struct bytecode *bytecode);
void bytecode_free(struct bytecode *bytecode);

/* The code unit at which tier 0 goes on with instruction `number`: right after the one before, because its EXTENDED_ARG prefixes
 * belong to it. */
static inline uint32_t bytecode_first_unit(const struct bytecode *bytecode, int number)
{
    return number > 0 ? bytecode->instructions[number - 1].next_unit : 0;
}

/* Does `code` contain a backward jump? A quick scan, without decoding. */
bool bytecode_has_loop(PyCodeObject *code);

/* How many code units of `code` stand in loops, counted in the outermost ones. The same kind of scan. */
Py_ssize_t bytecode_loop_units(PyCodeObject *code);

#endif
