/* runtime/deopt.h: out of tier-2 code: Python frames are made right again, and execution goes on in tier 1, or in tier 0.
 *
 * Tier-2 code is entered like tier-1 code, with the frame linked, and runs in a machine frame of the same shape (enter_x86_64.S). It has values
 * in registers; an exit says where each local and operand of each Python frame gets its value from. All of it needs the GIL.
 */
#ifndef PYJIT_RUNTIME_DEOPT_H
#define PYJIT_RUNTIME_DEOPT_H

#include "runtime/code_map.h"
#include "runtime/completion.h"
#include "runtime/cpython.h"
#include "runtime/feedback.h"
#include "runtime/side_exit.h"

/* Where a slot's value comes from. `value`, `clean` and `index` are numbers in the exit's array of 64-bit values. */
enum deopt_place {
    DEOPT_KEEP,     /* it is in the frame already */
    DEOPT_EMPTY,    /* NULL */
    DEOPT_OWNED,    /* an object, whose reference the slot takes over */
    DEOPT_BORROWED, /* an object that needs a reference more */
    DEOPT_CONSTANT, /* `constant`, as above */
    DEOPT_INT,      /* a raw number, to be boxed; a local keeps what it has where `clean` is true */
    DEOPT_FLOAT,
    DEOPT_BOOL,
    DEOPT_COMPLEX,  /* its real part is at `value`, the imaginary one behind that */
    DEOPT_ITERATOR, /* an owned range iterator whose index is `index` */
    DEOPT_VIRTUAL,  /* an object to be made: row `constant` of the table; made once, it stands at `value` */
};

enum { DEOPT_NO_VALUE = UINT16_MAX };

struct deopt_slot {
    uint8_t place;  /* enum deopt_place */
    uint8_t box;    /* slots of an exit with the same, which is not 0, are one object, a number */
    uint16_t value; /* DEOPT_NO_VALUE: `constant` has the raw number */
    uint16_t
        clean; /* DEOPT_NO_VALUE: it is not. Of a local of a frame that has to be made: whether it is unbound, whatever the value is */
    uint16_t index; /* DEOPT_NO_VALUE: `constant` has it */
    int64_t constant;
};

/* An object that compiled code did without, and that its frames have. Each slot or field that names it has a reference to it. */
enum deopt_make {
    DEOPT_MAKE_INT,
    DEOPT_MAKE_FLOAT,
    DEOPT_MAKE_TUPLE,
    DEOPT_MAKE_INSTANCE,
    DEOPT_MAKE_CELL,
    DEOPT_MAKE_FUNCTION
};

/* An exit has no more objects to make, nor an object more fields. */
enum { DEOPT_MOST_OBJECTS = 64, DEOPT_MOST_FIELDS = 32 };

struct deopt_object {
    uint8_t kind; /* enum deopt_make */
    uint8_t
        parts; /* of a function: which it has, as rt_plain_function (plain.h) wants them; its fields are the items */
    uint16_t word; /* where it stands in the exit's array once it is made; NULL before */
    uint16_t
        field_count; /* of a tuple: its items; of a box: 1; of an instance: positions and attributes, as rt_tier2_make_instance has them */
    uint32_t first_field; /* row in the table's slots: what it has, as an operand would have it */
    const void *type;     /* of an instance, borrowed: the code's guards keep it */
};

/* A frame state: how a Python frame stands when execution leaves. That of an inlined frame has the function as first operand, before those on
 * the value stack. The frames around it stand in the middle of calls: they go on at `next` with a result more, or raise the
 * exception that comes. */
struct deopt_state {
    uint32_t offset;     /* of the instruction to go on at, or that failed, in bytes */
    uint32_t next;       /* of the instruction after that */
    uint32_t outer;      /* the caller's, or DEOPT_NO_STATE: it is the root frame's */
    uint32_t first_slot; /* locals, then operands */
    uint16_t locals;
    uint16_t depth;
    uint16_t dying;        /* so many of the last operands are not the frame's, but to be dropped */
    uint32_t handler;      /* of errors: bytecode offset of the handler, or DEOPT_NO_HANDLER */
    uint16_t handler_keep; /* operands it finds below what is pushed for it */
    uint8_t handler_lasti; /* does it get the failing instruction's index, too? */
    uint8_t completion;    /* enum completion: what is to be done with the result of the frame inside it */
    uint16_t kept;         /* so many of its last operands go with that */
    uint16_t object_count; /* of an innermost frame: the objects to be made, for the frames around it, too */
    uint32_t first_object;
};

enum { DEOPT_NO_HANDLER = UINT32_MAX, DEOPT_NO_STATE = UINT32_MAX };

/* One guard, escape or release: several may share a state. */
struct deopt_exit {
    uint32_t state;
    uint32_t place;      /* bytecode offset of the instruction it belongs to, in the innermost frame */
    uint32_t root_place; /* the same in the root frame */
    uint32_t count;      /* how often it was taken */
    uint16_t seen;  /* index in localsplus of the object that a guard looked at, or DEOPT_NO_VALUE: for the log */
    uint8_t op;     /* what failed: tier 2's own number, for its policy and the log */
    uint8_t counts; /* is it a speculation that failed? */
    uint8_t kind;   /* of a guard for a kind: which; tier 2's number */
    uint8_t stress; /* how often runtime/stress.c was asked */
    /* The frame that what failed belongs to, and the call it is inlined at: digests of their places, and of the call's offset there. Where it leaves
     * is another state's business. */
    uint32_t path, call_path;
    uint32_t call_place; /* DEOPT_NO_STATE: the root */
};

/* An operation of tier-2 code that has failed often, for the code that comes after it. */
struct deopt_failure {
    uint32_t path; /* of the frame it is in */
    uint32_t place;
    uint8_t op;
    uint8_t kind; /* that a guard_kind wanted */
};

struct deopt_table {
    PyCodeObject *code; /* borrowed */
    size_t exit_count, state_count, slot_count, object_count;
    struct deopt_exit *exits; /* all owned (malloc) */
    struct deopt_state *states;
    struct deopt_slot *slots;
    struct deopt_object *objects;
    uint32_t failures;        /* of exits that count, in the policy's current window */
    uint64_t window;          /* when that began, in ticks of vm/policy.h */
    bool direct;              /* of a function called directly: the root frame's state has a function, too */
    struct deopt_table *next; /* owned: those of functions called directly */
};

/* What a function leaves behind, on its machine stack, while one it has called directly runs. */
struct direct_record {
    struct direct_record *caller; /* NULL: its frame is the current one */
    const struct deopt_table *table;
    InterpreterFrame *made; /* the innermost of its frames, once they have been made; they are linked and counted */
    uint64_t state;         /* row */
    int64_t *values;
};

/* Tier-2 code: carries out the frame from where it was compiled to be entered. It makes no use of the cell. In the outcome, address is where tier 1 goes on, with
 * result as its register operand; NULL: the frame has returned result, or raised if that is NULL too. */
typedef struct side_exit_outcome tier2_function(InterpreterFrame *frame, PyThreadState *tstate,
                                                struct tier2_cell *cell);

void deopt_table_free(struct deopt_table *table);

/* Set by vm/: tier-1 code of the frame's code that can be entered at bytecode `offset` with a canonical stack, and the row that says
 * where; NULL: there is none, tier 0 goes on. */
extern struct compiled_code *(*deopt_find_entry)(InterpreterFrame *frame, uint32_t offset,
                                                 const struct entry_row **row);

/* The address at which the frame, whose operands stand in their slots, goes on with the instruction at `offset` in tier 1; or NULL: there is none,
 * or it must not. */
const void *deopt_entry(PyThreadState *tstate, InterpreterFrame *frame, uint32_t offset);

/* Told of exits that count, when the frame is right again; set by vm/. */
extern void (*deopt_observer)(InterpreterFrame *frame, struct deopt_table *table, struct deopt_exit *exit);

/* Memory is short, and the reserve for exits as well: the table's code is not to be entered any more; set by vm/. */
extern void (*deopt_retreat)(struct deopt_table *table);

/* Tier 1 has come to a hot place: asks for tier-2 code. Set by vm/; may run no Python code. */
extern void (*deopt_ask)(PyThreadState *tstate, InterpreterFrame *frame, struct tier2_cell *cell);
void rt_ask_tier2(PyThreadState *tstate, InterpreterFrame *frame, struct tier2_cell *cell);

/* ---- Called by tier-2 code ------------------------------------------------------------------------------------------ */

/* A guard has failed: what to do next. */
struct side_exit_outcome rt_tier2_leave(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                                        uint32_t exit, int64_t *values);

/* The same for a function called directly by `caller`: makes the frames of all that called one another in this way, and carries its own
 * out. New reference or NULL with an exception set. */
PyObject *rt_tier2_leave_direct(PyThreadState *tstate, struct direct_record *caller, struct deopt_table *table,
                                uint32_t exit, int64_t *values);

/* A function called directly has returned `result`, or NULL with an exception set, after its caller's frames (the record's) had to be made: they go on
 * with that. Of the root frame, or to the end of one called directly itself. */
struct side_exit_outcome rt_tier2_resume(PyThreadState *tstate, InterpreterFrame *frame, struct direct_record *record,
                                         PyObject *result);
PyObject *rt_tier2_resume_direct(PyThreadState *tstate, struct direct_record *record, PyObject *result);

/* An exception is set by the instruction at the exit's place; `status` is what its handler returned (ops.h). */
struct side_exit_outcome rt_tier2_raise(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                                        uint32_t exit, int64_t *values, int status);

/* The last reference to `object` has gone: brings the frame up to date and deallocates it. Returns 0, or 1: compiled code must be left by the same
 * exit. */
int rt_tier2_dealloc(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table, uint32_t exit,
                     int64_t *values, PyObject *object);

/* The same where the code that is compiled counts on nothing to have run: 0, if its death runs none; 1 in all other cases. */
int rt_tier2_release(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table, uint32_t exit,
                     int64_t *values, PyObject *object);

/* Before other code runs in an inlined function: makes its frame and those around it as row `state` says, without operands; returns the innermost, which stands
 * at bytecode `place`. */
InterpreterFrame *rt_tier2_make_frames(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table,
                                       uint32_t state, int64_t *values, uint32_t place);
/* Afterwards: takes the frames away again, and returns 0; or 1, where somebody has seen them or `forced` says so: the exit that follows at once goes on
 * with them, as it does after rt_tier2_keep_frames. */
int rt_tier2_unmake_frames(PyThreadState *tstate, InterpreterFrame *frame, struct deopt_table *table, uint32_t state,
                           const int64_t *values, InterpreterFrame *innermost, int forced);
void rt_tier2_keep_frames(InterpreterFrame *innermost);

/* Leaves the frame as tier 1's RETURN_VALUE does. Takes `result` over. */
struct side_exit_outcome rt_tier2_return(InterpreterFrame *frame, PyThreadState *tstate, PyObject *result);

/* After a call, when the eval breaker is set: sees to it. Returns 0, or OPS_RAISED with the call's result at `result` dropped. */
int rt_tier2_pending(PyThreadState *tstate, PyObject **result);

/* After an escape, when the frame has a frame object, or tracing or tracemalloc is on: may tier-2 code go on? */
int rt_tier2_quiet(PyThreadState *tstate, InterpreterFrame *frame);

/* A new instance of a plain class (instance.h), with all attributes empty; NULL, with nothing done and no exception, where a collection is due or memory
 * is short. */
PyObject *rt_tier2_new_instance(PyThreadState *tstate, PyTypeObject *type);

/* An instance with `count` attributes: each is two words, its index among the inline values or minus the offset of its slot, and the object, whose
 * reference is taken over; in the order of insertion. Never NULL, starts no collection. */
PyObject *rt_tier2_make_instance(PyThreadState *tstate, PyTypeObject *type, const int64_t *words, int count);

/* A number into a local's home, whose old content is a number or the like, or nothing: returns what the home holds then, borrowed. Overwrites a
 * box nobody else has. Never fails (box_reserve.h). */
PyObject *rt_tier2_sync_object(PyObject **home, PyObject *value);
PyObject *rt_tier2_sync_int(PyObject **home, int64_t value);
PyObject *rt_tier2_sync_float(PyObject **home, double value);
PyObject *rt_tier2_sync_complex(PyObject **home, double real, double imaginary);
PyObject *rt_tier2_box_int(int64_t value);
/* Puts a new box where something else stands, which is dropped: 1; or 0, and nothing is done, where its death may run code. */
int rt_tier2_replace_float(PyObject **place, double value);
int rt_tier2_replace_int(PyObject **place, int64_t value);
PyObject *rt_tier2_box_float(double value);
PyObject *rt_tier2_box_complex(double real, double imaginary);
/* A tuple of `items`, whose references it takes over. Never fails (box_reserve.h), starts no collection. */
PyObject *rt_tier2_make_tuple(PyObject **items, int count);

/* The same for a cell, and for a function (plain.h says what the items are). They cannot fail: without memory the process ends, as CPython's does where
 * nothing else is left. */
PyObject *rt_tier2_make_cell(PyObject **items, int count);
PyObject *rt_tier2_make_function(PyObject **items, int parts);

/* The value of an int that has more than one digit; INT64_MIN where it does not fit. */
int64_t rt_tier2_wide_int(PyObject *object);

#endif
