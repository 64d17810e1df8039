/* runtime/side_exit.h: the ways out of tier-1 code that are taken rarely, as data.
 *
 * Where an exception is raised or compiled code may have to be left, the machine code only loads a row
 * number and jumps to one place per function; the row says what to do with the operands that stand nowhere in
 * memory, and where to go on. A row costs less than the code it replaces, and nothing in the caches.
 */
#ifndef PYJIT_RUNTIME_SIDE_EXIT_H
#define PYJIT_RUNTIME_SIDE_EXIT_H

#include "runtime/cpython.h"

/* An operand that is to be put into its stack slot, owned. */
enum side_exit_place {
    SIDE_EXIT_LOCAL,
    SIDE_EXIT_CONSTANT,
    SIDE_EXIT_REGISTER,
    SIDE_EXIT_NULL,
    SIDE_EXIT_FLOAT, /* the slot holds the bits of a double */
    SIDE_EXIT_INT,   /* ... of an int64_t */
};

struct side_exit_operand {
    PyObject *constant; /* borrowed from the code object */
    int32_t local;
    uint16_t index; /* on the value stack */
    uint8_t place;  /* enum side_exit_place */
};

struct side_exit {
    uint64_t
        mask; /* leaving: a bit per local that compiled code takes to be bound; error: per operand that is owned in memory */
    const void *
        address; /* leaving: where compiled code goes on if it may, NULL if it may not; error: the handler, or NULL */
    uint32_t next_unit;     /* leaving: code unit tier 0 goes on at */
    uint32_t first_operand; /* into side_exits.operands */
    uint16_t operand_count;
    uint16_t depth;   /* operands on the value stack */
    uint16_t keep;    /* error: how many of them the handler keeps */
    uint8_t lasti;    /* error: does the handler get the failing instruction's index? */
    uint8_t reraised; /* error: the exception has this frame's traceback entry already */
};

struct side_exits {
    struct side_exit *rows;             /* owned (malloc) */
    struct side_exit_operand *operands; /* owned */
    size_t row_count;
    size_t operand_count;
};

/* What compiled code does next: goes on at `address`, or returns `result` when that is NULL. In two registers. */
struct side_exit_outcome {
    PyObject *result;
    const void *address;
};

/* After an escape, when the frame has a frame object or tracing is on, or when a local that compiled code had borrowed has changed. `r0`
 * is the register operand. Stays in compiled code (result is r0 again), or goes through the rest of the frame in tier 0. GIL held. */
struct side_exit_outcome rt_side_exit_leave(PyThreadState *tstate, InterpreterFrame *frame,
                                            const struct side_exits *exits, int row, PyObject *r0);

/* An exception is set: unwinds to the handler in this frame, or out of it. GIL held. */
struct side_exit_outcome rt_side_exit_error(PyThreadState *tstate, InterpreterFrame *frame,
                                            const struct side_exits *exits, int row, PyObject *r0);

/* Frees the tables and the struct itself. */
void side_exits_free(struct side_exits *exits);

#endif
