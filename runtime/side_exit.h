/* runtime/side_exit.h: the ways out of tier-1 code that are taken rarely, as data.
 *
 * Where an exception is raised or compiled code may have to be left, the machine code only loads a row
 * number and jumps to one place per function, or calls the escape check, which finds the row by its return address; the row says
 * what to do with the operands that stand nowhere in memory, and where to go on. A row costs less than the code it replaces, and
 * nothing in the caches.
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
    SIDE_EXIT_NONE,
    SIDE_EXIT_FLOAT, /* the slot holds the bits of a double */
    SIDE_EXIT_INT,   /* ... of an int64_t */
};

struct side_exit_operand {
    uint32_t number; /* of the local, or of the constant in co_consts */
    uint16_t index;  /* on the value stack */
    uint8_t place;   /* enum side_exit_place */
};

enum side_exit_flag {
    SIDE_EXIT_LASTI = 1,    /* error: the handler gets the failing instruction's index, too */
    SIDE_EXIT_RERAISED = 2, /* error: the exception has this frame's traceback entry already */
    SIDE_EXIT_EVAL_BREAKER =
        4, /* leaving: only after the eval breaker has been looked at; the next row is for its errors */
};

struct side_exit {
    uint32_t
        address; /* from the start of the code. Leaving: where compiled code goes on if it may, 0 if it may not; error:
                               number of the handler in side_exits.handlers, counted from 1, or 0 */
    uint32_t first_operand; /* into side_exits.operands */
    union {
        uint16_t next_unit; /* leaving: code unit tier 0 goes on at */
        uint16_t keep;      /* error: how many operands the handler keeps */
    };
    union {
        uint16_t
            mask; /* into side_exits.masks. Leaving: a bit per local that compiled code takes to be bound; error: per operand
                          that is owned in memory */
        uint16_t unit; /* error of the eval breaker: code unit of the instruction; all operands are owned in memory */
    };
    uint16_t depth; /* operands on the value stack */
    uint8_t operand_count;
    uint8_t flags; /* enum side_exit_flag */
};

/* An instruction that is gone to from here. */
struct side_exit_target {
    uint32_t address; /* from the start of the code */
    uint16_t unit;    /* code unit at which tier 0 goes on there */
    uint16_t depth;   /* operands on the value stack */
    uint64_t bound;   /* a bit per local that compiled code takes to be bound there */
};

/* The start of a handler that does nothing with an exception but to look at its class and drop it: `except (KeyError, IndexError):
 * pass`. Nobody can see such an exception, its traceback or that it was ever being handled. */
enum { SIDE_EXIT_DISCARDED_CLASSES = 4, SIDE_EXIT_PUSHES_NOTHING = UINT16_MAX };
struct side_exit_discard {
    struct side_exit_target behind;                 /* the instruction after POP_EXCEPT */
    uint16_t pop_unit;                              /* POP_EXCEPT */
    uint16_t pushes;                                /* the local that stands on the stack then */
    uint16_t class_count;                           /* 0: all are caught */
    uint16_t classes[SIDE_EXIT_DISCARDED_CLASSES];  /* global names, in co_names */
    uint16_t hints[SIDE_EXIT_DISCARDED_CLASSES][2]; /* where the globals and the builtins had the name last */
};

struct side_exit_handler {
    struct side_exit_target start;     /* what is pushed for it included */
    struct side_exit_discard *discard; /* or NULL; in the same block */
    /* Feedback for tier 2. */
    PyTypeObject *last_class; /* of the last exception that came here; only compared, never followed */
    uint64_t caught;          /* exceptions that came here */
};

enum { SIDE_EXITS_LINE_UNKNOWN = INT32_MIN };

/* One block of the data arena. */
struct side_exits {
    const char *start;                        /* of the code */
    const struct side_exit_operand *operands; /* sequences that rows share */
    const uint64_t *masks;
    struct side_exit_handler *handlers;
    int *lines; /* owned (malloc): of code units, made when the first exception passes; or NULL */
    struct side_exit *
        checks; /* of escape checks that are calls, by address, which is the call's return address. Where there are two rows, the second
                                 is for the eval breaker's errors, its handler's number stands in first_operand */
    uint32_t check_count;
    uint32_t size;                       /* of the whole block, in bytes */
    uint32_t exit;                       /* where the code leaves a frame with its result in r0, from start */
    _Alignas(8) struct side_exit rows[]; /* the others */
};

/* Where the line of `unit` is kept; NULL without memory. */
int *side_exits_line(struct side_exits *exits, PyCodeObject *code, int unit);

/* Frees the block. */
void side_exits_free(struct side_exits *exits);

/* What compiled code does next: goes on at `address`, or returns `result` when that is NULL. In two registers. */
struct side_exit_outcome {
    PyObject *result;
    const void *address;
};

/* After an escape, when the frame has a frame object or tracing is on, or when a local that compiled code had borrowed has changed. `r0`
 * is the register operand. Stays in compiled code (result is r0 again), or goes through the rest of the frame in tier 0. GIL held. */
struct side_exit_outcome rt_side_exit_leave(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                            int row, PyObject *r0);

/* An exception is set: adds the traceback entry and unwinds to the handler in this frame, or out of it; the handler finds the exception
 * normalised, above the failing instruction's index if it wants that. GIL held. */
struct side_exit_outcome rt_side_exit_error(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                            int row, PyObject *r0);

/* The escape check as a call, for cold code: not a C function. Expects registers as templates have them, changes r14 at most of
 * those that live across templates; when compiled code has to be left, returns from it instead. */
void rt_escape_check(void);

/* The same with a look at the eval breaker; its row is followed by the one for the errors of that. */
void rt_call_check(void);

/* The same as rt_escape_check after rt_dealloc of what r15 points to. */
void rt_dealloc_check(void);

/* The functions of ops.h, with the same arguments, and rt_escape_check unless they have failed: the new reference is in r14 then, NULL after a
 * failure; of rt_load_method r15 is NULL after a failure. */
void rt_load_global_check(void);
void rt_load_attr_check(void);
void rt_load_method_check(void);

/* An exception is set, and the frame's `depth` operands all stand in their slots: unwinds to the handler that starts at `address` and keeps
 * `keep` of them, or out of the frame where that is NULL. `lasti`: it gets the failing instruction's index, too. `reraised`: the exception has
 * this frame's traceback entry. `exits`: of tier-1 code of the frame, or NULL. GIL held. */
struct side_exit_outcome side_exit_unwind(PyThreadState *tstate, InterpreterFrame *frame, struct side_exits *exits,
                                          const void *address, int depth, int keep, bool lasti, bool reraised);

#endif
