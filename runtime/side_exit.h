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
enum side_exit_place { SIDE_EXIT_LOCAL, SIDE_EXIT_CONSTANT, SIDE_EXIT_REGISTER, SIDE_EXIT_NULL };

struct side_exit_operand {
    PyObject *constant; /* borrowed from the code object */
    int32_t local;
    uint16_t index; /* on the value stack */
    uint8_t place;  /* enum side_exit_place */
};

struct side_exit {
    uint64_t
        mask; /* leaving: a bit per local that compiled code takes to be bound; error: per operand that is owned in memory */
    const void *address;    /* leaving: where compiled code goes on if it may, NULL if it may not */
    uint32_t next_unit;     /* leaving: code unit tier 0 goes on at */
    uint32_t first_operand; /* into side_exits.operands */
    int32_t handler;        /* error: into side_exits.handlers, -1: out of the frame */
    uint16_t operand_count;
    uint16_t depth;   /* operands on the value stack */
    uint8_t reraised; /* error: the exception has this frame's traceback entry already */
};

/* A place in the bytecode that is gone to from here. */
struct side_exit_place_to_go {
    const void *address; /* of the machine code */
    uint64_t bound;      /* a bit per local that compiled code takes to be bound there */
    uint32_t unit;       /* code unit at which tier 0 goes on there */
    uint32_t depth;      /* operands on the value stack */
};

/* The start of a handler that does nothing with an exception but to look at its class and drop it: `except (KeyError, IndexError):
 * pass`. Nobody can see such an exception, its traceback or that it was ever being handled. */
enum { SIDE_EXIT_DISCARDED_CLASSES = 4 };
struct side_exit_discard {
    struct side_exit_place_to_go behind; /* the instruction after POP_EXCEPT; address NULL: no such handler */
    uint32_t pop_unit;                   /* POP_EXCEPT */
    int32_t instruction;                 /* the number of that instruction */
    int32_t pushes;                      /* the local that stands on the stack then, -1: none */
    uint16_t class_count;                /* 0: all are caught */
    uint16_t hints[SIDE_EXIT_DISCARDED_CLASSES][2]; /* where the globals and the builtins had the name last */
    PyObject *classes[SIDE_EXIT_DISCARDED_CLASSES]; /* global names, borrowed from the code object */
};

struct side_exit_handler {
    struct side_exit_place_to_go start; /* the operands it finds included */
    struct side_exit_discard discard;
    int32_t instruction; /* its number */
    uint16_t keep;       /* operands below what is pushed for it */
    uint8_t lasti;       /* does it get the failing instruction's index? */
    /* Feedback for tier 2. */
    uint32_t caught;          /* exceptions that came here */
    PyTypeObject *last_class; /* of the last one; only compared, never followed */
};

enum { SIDE_EXITS_LINE_UNKNOWN = INT32_MIN };

struct side_exits {
    struct side_exit *rows;             /* owned (malloc) */
    struct side_exit_operand *operands; /* owned */
    struct side_exit_handler *handlers; /* owned */
    int *lines; /* owned: lines of code units, made when the first exception passes; or NULL */
    size_t row_count;
    size_t operand_count;
    size_t handler_count;
};

/* Where the line of `unit` is kept; NULL without memory. */
int *side_exits_line(struct side_exits *exits, PyCodeObject *code, int unit);

/* What compiled code does next: goes on at `address`, or returns `result` when that is NULL. In two registers. */
struct side_exit_outcome {
    PyObject *result;
    const void *address;
};

/* After an escape, when the frame has a frame object or tracing is on, or when a local that compiled code had borrowed has changed. `r0`
 * is the register operand. Stays in compiled code (result is r0 again), or goes through the rest of the frame in tier 0. GIL held. */
struct side_exit_outcome rt_side_exit_leave(PyThreadState *tstate, InterpreterFrame *frame,
                                            const struct side_exits *exits, int row, PyObject *r0);

/* An exception is set: adds the traceback entry and unwinds to the handler in this frame, or out of it; the handler finds the exception
 * normalised, above the failing instruction's index if it wants that. GIL held. */
struct side_exit_outcome rt_side_exit_error(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                            int row, PyObject *r0);

/* Frees the tables and the struct itself. */
void side_exits_free(struct side_exits *exits);

#endif
