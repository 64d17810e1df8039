/* tier1/emitter.h: a function being put together: items (copies of templates) in a hot and a cold list, labels between them,
 * and the deferred value stack. Selection (select.c) appends items, layout and relocation (relocate.c) turn them into bytes.
 *
 * Everything here lives for one compilation, under the GIL.
 */
#ifndef PYJIT_TIER1_EMITTER_H
#define PYJIT_TIER1_EMITTER_H

#include "runtime/bytecode.h"
#include "runtime/code_map.h"
#include "runtime/side_exit.h"
#include "tier1/template_table.h"

/* ---- The deferred value stack ------------------------------------------------------------------------
 * For every operand of the value stack: where its value is right now. SLOT is the canonical place. */
enum operand_place {
    PLACE_SLOT,     /* its own stack slot in the frame, owned */
    PLACE_LOCAL,    /* local number `local`, borrowed */
    PLACE_CONSTANT, /* `constant`, borrowed (the code object keeps it alive) */
    PLACE_REGISTER, /* r0, owned; at most one operand */
    PLACE_NULL,     /* the NULL that PUSH_NULL and LOAD_GLOBAL leave */
    /* Numbers without an object (select_unboxed.c): in machine register number `local`, or as bits in their slot (RAW_IN_SLOT). */
    PLACE_FLOAT, /* a double */
    PLACE_INT,   /* an int of 64 bits */
};

enum { RAW_IN_SLOT = -1, FLOAT_REGISTERS = 4, INT_REGISTERS = 3 };

struct operand {
    uint8_t place;   /* enum operand_place */
    uint8_t is_null; /* known to be the NULL under a callee, wherever it stands */
    uint16_t index;  /* its position on the value stack */
    int32_t local;
    PyObject *constant;
};

static inline bool is_raw(const struct operand *operand)
{
    return operand->place == PLACE_FLOAT || operand->place == PLACE_INT;
}

static inline bool is_raw_in_register(const struct operand *operand)
{
    return is_raw(operand) && operand->local != RAW_IN_SLOT;
}

/* ---- Items and labels ----------------------------------------------------------------------------------- */

enum { NO_LABEL = -1 };

struct item {
    uint16_t template;              /* enum template_id, or RAW_EXIT */
    uint16_t size;                  /* bytes of it that are copied, set by layout */
    uint32_t bytecode_offset;       /* of the instruction it belongs to */
    uint32_t offset;                /* machine offset from the start of the code, set by layout */
    int32_t labels[LABEL_HANDLER];  /* label numbers; NO_LABEL for CONT: the next item of the same list */
    int32_t holes[HOLE_COUNT];      /* only those the template has are looked at */
    int64_t quads[QUAD_HOLE_COUNT]; /* likewise */
    const void *handler;            /* for LABEL_HANDLER */
};
_Static_assert(sizeof(struct item) <= 128, "two cache lines: a bytecode takes four items on the average");

/* Not templates, but fixed machine code that deals with the machine stack. */
enum {
    RAW_EXIT = TEMPLATE_COUNT, /* returns r0 to whoever called the compiled code */
    RAW_ENTRY,                 /* where a native call comes in: builds the machine frame */
    RAW_CHECK_STACK,           /* to LABEL_SLOW when the C stack is low */
    RAW_CALL,                  /* calls x, with the callee's frame in place */
    RAW_CALL_FUNCTION, /* x is the callee's frame: exchanges it with the caller's and calls the native_target (feedback.h) in y */
};

struct item_list {
    struct item *items;
    int count;
    int capacity;
};

/* The parts of a function in their order in memory. */
enum part { PART_HOT, PART_FALLBACK, PART_COLD, PART_COUNT };

struct place_of_label {
    int32_t item;    /* -1: not bound yet */
    uint32_t offset; /* in the machine code, set by layout */
    uint8_t part;    /* enum part */
};

/* What is wanted out of line and made once the function is through: it cannot be put into the middle of a cold path. All but tails
 * become a row of the side exits (runtime/side_exit.h) and the two instructions that name it. */
enum stub_kind {
    STUB_ERROR,        /* unwind, then the handler or out */
    STUB_ERROR_AGAIN,  /* the same for an exception that has this frame's traceback entry */
    STUB_CHECK,        /* an escape check that is a call: no code of its own, found by the call's return address */
    STUB_CHECK_CALL,   /* the same with a look at the eval breaker */
    STUB_LEAVE,        /* go on in tier 0 at `next`, or in compiled code behind the check that came here */
    STUB_LEAVE_NOW,    /* go on in tier 0 at `next` */
    STUB_EVAL_BREAKER, /* the eval breaker is set; then as STUB_LEAVE */
    STUB_TAIL,         /* check for an escape, then jump to instruction `next` */
};

struct stub {
    enum stub_kind kind;
    int32_t label;
    int32_t instruction; /* where it comes from */
    int32_t next;        /* instruction number */
    int32_t check;       /* the item that checks, in part `check_part` */
    int32_t earlier;     /* stub of the same bucket, or -1 */
    uint8_t check_part;  /* enum part */
    bool locals_spilled; /* operands in PLACE_LOCAL stand in their slots too, owned */
    uint16_t depth;
    uint16_t operand_count; /* operands that do not stand in their slots, */
    uint32_t first_operand; /* in emitter.saved_operands from here on */
};

/* The code for guards that fail (fallback.c). */
struct fallback {
    int32_t *labels; /* owned; per instruction: where the fallback code carries it out, or NO_LABEL */
    int32_t first;   /* the first instruction of the open region that a guard leaves at, or -1: no region is open */
};

enum { STUB_BUCKETS = 64, KNOWN_MASK_BITS = 6 };

struct handler {
    int32_t instruction; /* its number */
    int32_t behind;      /* number of the instruction that `discard` goes on at, -1: it is not such a handler */
    struct side_exit_discard discard;
};

struct emitter {
    struct bytecode bytecode;
    struct item_list parts[PART_COUNT];
    bool in_cold;     /* emitter_add appends to the cold part, */
    bool in_fallback; /* else to the fallback part (fallback.c), else to the hot one */
    struct place_of_label *labels;
    int label_count, label_capacity;
    struct operand *stack;
    int depth;
    int current; /* number of the instruction being compiled */
    struct stub *stubs;
    int stub_count, stub_capacity;
    int32_t stub_buckets[STUB_BUCKETS]; /* newest stub of each, or -1 */
    struct operand *saved_operands;
    int saved_count, saved_capacity;
    struct side_exit *exit_rows; /* those machine code numbers, then those of the checks; without addresses */
    int exit_row_count, exit_row_capacity, numbered_rows;
    struct side_exit_operand *exit_operands;
    int exit_operand_count, exit_operand_capacity;
    uint64_t *exit_masks;
    int exit_mask_count, exit_mask_capacity;
    uint8_t *
        offset_rows; /* which instruction the machine code belongs to, as code_map_write_offset() makes them, set by layout */
    size_t offset_bytes, offset_capacity;
    uint16_t known_masks[1 << KNOWN_MASK_BITS]; /* stubs.c */
    Py_ssize_t last_constant;                   /* where the last constant of an exit operand was found */
    PyObject *keyword_names;                    /* from KW_NAMES, for the CALL that follows */
    int super_method; /* number of the LOAD_METHOD on a super() that may be left out, 0: none */
    int super_label;  /* where it is gone on behind that */
    struct attribute_cell *super_cell;
    int exit_label;              /* returns r0: gives the frame up where it was entered natively; stacktop is set */
    int return_label;            /* the same for RETURN_VALUE, when no frame object exists */
    int return_seen_label;       /* the same when one does, or may */
    int plain_exit_label;        /* returns r0 and leaves the frame */
    struct resume_table *resume; /* NULL unless a generator's code (resume_points.c) */
    bool owns_resume;
    struct fallback fallback;
    uint64_t float_locals, int_locals; /* bit per local: certainly an exact float, or int, here in the hot part */
    int32_t *raise_labels;             /* per instruction: where an exception raised at it goes, or NO_LABEL */
    int32_t *native_labels;            /* per instruction: where a frame is resumed with it natively, or NO_LABEL */
    int native_entry_label;
    int leave_label, error_label; /* where the side exits of either kind come together */
    struct handler *handlers;
    int handler_count;
    struct side_exits *exits; /* made by emit_stubs */
    char *feedback;           /* the cells, zeroed */
    size_t feedback_size, feedback_used;
    int attribute_cells;          /* in use, of those at the start of `feedback` */
    struct call_cell *call_cells; /* all there are in `feedback`, by next_of_owner */
    bool has_arithmetic;          /* locals that die are often numbers */
    int32_t *cells;    /* owned; per instruction: its cells in `feedback`, or -1: what it has seen; what is counted */
    PyObject *globals; /* that the code is about to run with, borrowed, for guesses; or NULL */
    struct allocation_counts *counts; /* results are counted there; or NULL */
    int64_t count_for_tier2;          /* calls or loop turns after which tier 2 is asked; 0: there is no tier 2 */
    int tier2_label;                  /* between add_tier2_count and add_tier2_entry */
    bool no_forwarding;               /* JIT_STRESS=no-forward */
    bool out_of_memory;               /* set by any append that failed; checked at the end of selection */
};

/* Makes room in an array for one more element; false without memory. */
bool emitter_grow_array(void **array, int *capacity, size_t element);
static inline bool emitter_grow(void **array, int count, int *capacity, size_t element)
{
    return LIKELY(count < *capacity) || emitter_grow_array(array, capacity, element);
}

/* Labels 0..bytecode.count-1 are the instructions'. A label may be used before it is bound. */
int emitter_new_label(struct emitter *emitter);
/* Binds `label` to the next item of the current list. */
void emitter_bind(struct emitter *emitter, int label);

/* Appends an item to the current list, with the holes that only depend on the current instruction filled in. Never NULL: after an
 * allocation failure a scratch item is returned and out_of_memory set. */
struct item *emitter_add(struct emitter *emitter, int template);

/* Displacements from the frame of a local, and of a stack slot. */
int64_t emitter_local(int local);
int64_t emitter_slot(const struct emitter *emitter, int index);

/* The part that emitter_add appends to. */
static inline enum part emitter_part(const struct emitter *emitter)
{
    return emitter->in_cold ? PART_COLD : emitter->in_fallback ? PART_FALLBACK : PART_HOT;
}

/* Can the instruction make an object that the option count-allocations counts? */
bool counts_results(const struct instruction *instruction);

/* The feedback cell, of `size` bytes, of the current instruction, or of instruction `number`; and the current one's cell for counts. Each has
 * one, however often it is selected. */
void *emitter_feedback(struct emitter *emitter, size_t size);
void *emitter_feedback_of(struct emitter *emitter, int number, size_t size);
void *emitter_counts(struct emitter *emitter, size_t size);

/* The attribute cell of instruction `number`, ready for use. */
struct attribute_cell *emitter_attribute_cell(struct emitter *emitter, int number);

/* The current instruction's call cell (feedback.h). A call cell within another must be made known by emitter_own_call_cell. */
struct call_cell *emitter_call_cell(struct emitter *emitter);
void emitter_own_call_cell(struct emitter *emitter, struct call_cell *cell);

/* ---- Deferred stack (deferred_stack.c) ---------------------------------------------------------------- */

void stack_push_slot(struct emitter *emitter);
void stack_push_local(struct emitter *emitter, int local);
void stack_push_constant(struct emitter *emitter, PyObject *constant);
void stack_push_register(struct emitter *emitter);
/* The same limit as for the others, for a result pushed while a cold path was being made: once the instruction is through. */
void stack_settle_register(struct emitter *emitter);
void stack_push_null(struct emitter *emitter);
/* Takes the top operand's description off; emits nothing. */
struct operand stack_pop(struct emitter *emitter);

/* Moves one operand, or all, or all that borrow `local`, to their slots. */
void stack_spill(struct emitter *emitter, struct operand *operand);
void stack_flush(struct emitter *emitter);
void stack_spill_local(struct emitter *emitter, int local);
/* Moves whatever stands in r0 to its slot. */
void stack_free_register(struct emitter *emitter);
/* Brings a popped operand into r0, owned; r0 must be free. */
void stack_take(struct emitter *emitter, struct operand *operand);
/* Moves the unboxed numbers that stand in machine registers to their slots, still unboxed: before any template that does not keep these
 * registers. */
void stack_save_raw(struct emitter *emitter);
void stack_save_raw_operand(struct emitter *emitter, struct operand *operand);
/* The result of unboxed arithmetic, in a machine register. */
void stack_push_raw(struct emitter *emitter, enum operand_place place, int reg);
/* Makes objects of the unboxed numbers among the `count` operands on top; the topmost goes to r0 if that is free. */
void stack_box_raw(struct emitter *emitter, int count);
/* Sets the deferred stack to `depth` operands in their slots. */
void stack_set_canonical(struct emitter *emitter, int depth);

/* ---- Selection and layout -------------------------------------------------------------------------------- */

/* Selects one instruction, emitter->current, which may take in those that follow. Returns whether it took in a jump, behind which the stack
 * is canonical. */
bool select_instruction(struct emitter *emitter);
/* Appends the items for every reachable instruction (select.c) and the stubs they asked for (stubs.c). */
enum reason select_instructions(struct emitter *emitter);
void emit_stubs(struct emitter *emitter);

/* Labels of stubs for the state the deferred stack is in now (stubs.c). */
int stub_error(struct emitter *emitter, bool locals_spilled);
int stub_error_again(struct emitter *emitter);
int stub_leave_now(struct emitter *emitter, int next, bool locals_spilled);
int stub_tail(struct emitter *emitter, int next);

/* ---- Fallback code (fallback.c) ------------------------------------------------------------------------------------- */

/* Binds `label`, which guards of the current instruction go to before its first effect, with the deferred stack as it is: the instruction,
 * and what follows in the region, is carried out by the fallback code. */
void fallback_exit(struct emitter *emitter, int label);
/* Before instruction `number` of the hot part; `closes`: the region must end here. Where the deferred stack is canonical the region may
 * end: its fallback code is made, and comes back here. */
void fallback_boundary(struct emitter *emitter, int number, bool closes);

/* Appends a check for what an escape may leave behind; `next` is the instruction to go on at if compiled code must be left. Returns the item. */
struct item *add_escape_check(struct emitter *emitter, int next, bool locals_spilled);
/* In the cold part: the same behind the deallocation of x; with a look at the eval breaker. */
struct item *add_deallocation_check(struct emitter *emitter, int next, bool locals_spilled);
struct item *add_call_check(struct emitter *emitter, int next);
/* The last item of the cold part is a call that checks, too. */
struct item *add_check_of(struct emitter *emitter, struct item *item, int next, bool locals_spilled);

/* Appends a test of the eval breaker, whose rare path is all data; `next` as above. Returns the item: its CONT is where compiled code goes
 * on in both cases. */
struct item *add_eval_breaker_test(struct emitter *emitter, int next);

/* Gives the side exits their addresses, after layout, for code at `start` (stubs.c). */
void address_side_exits(const struct emitter *emitter, const char *start);

/* Handlers of exceptions as rows of the side exits (select_exceptions.c). prepare: before selection, false without memory. number: of the
 * row of the handler that starts with instruction `instruction`, counted from 1; 0: there is none. size: of all rows, in bytes;
 * fill: once addresses are known. */
bool prepare_handlers(struct emitter *emitter);
uint32_t handler_number(const struct emitter *emitter, int instruction);
size_t handlers_size(const struct emitter *emitter);
void fill_handlers(const struct emitter *emitter, struct side_exit_handler *rows);

/* Resume points of generators, coroutines and asynchronous generators (resume_points.c). prepare: before selection, false without memory;
 * publish: once the code stands, gives the points their addresses and `compiled` the table; release: whatever happened. */
bool prepare_resume_points(struct emitter *emitter);
void publish_resume_points(struct emitter *emitter, struct compiled_code *compiled);
void release_resume_points(struct emitter *emitter);
/* The point at which a frame is resumed with instruction `number`, or NULL. */
struct resume_point *resume_point_at(const struct emitter *emitter, int number);

/* Machine size: hot part, and all. Sets the offsets of items and labels, and the offset rows. 0 without memory. */
size_t layout(struct emitter *emitter, size_t *hot_size);
/* Writes the machine code; `code` has room for `size` bytes, which layout() returned. Asserts every relocation. */
void relocate(const struct emitter *emitter, char *code, size_t size);
/* Machine offset of a bound label, and of where an item goes on (its CONT). */
uint32_t label_offset(const struct emitter *emitter, int label);
uint32_t continuation_offset(const struct emitter *emitter, const struct item_list *list, int index);
/* Machine offset of the instruction after the call in an item that is one. */
uint32_t call_return_offset(const struct item_list *list, int index);

#endif
