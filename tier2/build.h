/* tier2/build.h: from bytecode to IR; shared by build*.c.
 *
 * The builder walks the instructions in order, which is a reverse post-order of CPython's bytecode but for back edges, and keeps for every
 * local and operand what stands there. It runs with the GIL held and reads code objects, feedback and the types of live values; what
 * it makes refers to Python objects only as addresses.
 *
 * Where things stand
 *
 * A local has a home: its place in the frame. A home owns its object, always. An object assigned to a local goes to its home at once,
 * so objects die where stock kills them. A number (int, float or truth value) that arithmetic has just made stays raw, in a register;
 * the home then holds something older, which may only be a number or the like, whose death nobody sees. `clean` is a truth value of the IR: does
 * the home hold this very value after all (or nothing, for an unbound local)? Before an escape every home is brought up to date (synced),
 * because a callee can read its caller's locals.
 *
 * An operand is raw, or an object with or without a reference of its own. One that borrows from a local gets a reference before that
 * local changes and before an escape.
 */
#ifndef PYJIT_TIER2_BUILD_H
#define PYJIT_TIER2_BUILD_H

#include "runtime/bytecode.h"
#include "runtime/code_map.h"
#include "runtime/code_state.h"
#include "runtime/cpython.h"
#include "runtime/runtime_data.h"
#include "runtime/deopt.h"
#include "tier2/ir.h"

enum variable_state {
    VARIABLE_UNBOUND,
    VARIABLE_HOME, /* object `value`, borrowed from the home; NULL: not loaded yet, and perhaps unbound */
    VARIABLE_RAW,  /* `value`, raw; the home has it if `clean` */
    VARIABLE_OBJECT, /* of an inlined function, whose locals have no homes: object `value`, `raw` too where that is known */
};

struct variable {
    uint8_t state;         /* enum variable_state */
    uint8_t maybe_unbound; /* raw, with nothing in its home on some ways here */
    uint8_t
        maybe_other; /* raw, but where `clean` its home is all that counts: it may hold something else that is simple, or nothing */
    uint8_t is_simple; /* of VARIABLE_HOME: whatever the home holds, nobody sees its end */
    uint8_t owned;     /* of VARIABLE_OBJECT: it has a reference of its own */
    uint8_t passing;   /* not owned, and borrowed from something other code might change */
    uint8_t fetched;   /* the same, and from memory that a store or a drop may change */
    struct ir_node *value;
    struct ir_node *
        clean; /* NULL: it is not. In an inlined function, raw or object: whether it is unbound, and the value stands for nothing; NULL: it is bound */
    struct ir_node *raw;
    struct ir_node
        *lent; /* of VARIABLE_RAW, not clean: the object it is, borrowed from memory (build_lent.c), or NULL */
};

enum operand_state {
    OPERAND_NULL, /* below a callee */
    OPERAND_RAW,
    OPERAND_OWNED,
    OPERAND_BORROWED, /* from local `local`, from a constant (local -1) or from memory that other code may change (BORROWED_FROM_MEMORY) */
    OPERAND_ITERATOR, /* owned, a range iterator nobody else has; its index is in `index` */
};

/* In `local` of an operand: see OPERAND_BORROWED. */
enum { BORROWED_FROM_MEMORY = -2 };

struct operand {
    uint8_t state; /* enum operand_state */
    int16_t local; /* raw or borrowed: the local that holds the same value, or -1 */
    struct ir_node *value;
    struct ir_node *index; /* of an iterator, with the rest of its fields: */
    struct ir_node *start, *step, *length;
    bool rises; /* from a number that is not negative */
};

enum { TWIN_NONE = -1 };

/* What is believed of a local at a loop header. */
struct loop_guess {
    uint8_t kind;  /* a number's: the local is raw there; KIND_any: it stands in its home */
    uint8_t known; /* the guess is good for something */
    int16_t
        twin; /* raw, and the same object as local `twin` - 1, a lower one; 0: nothing is known of it, TWIN_NONE: there is none */
    uint8_t late; /* of a number's: it is one only once the loop has assigned it (maybe_other) */
};

/* An open block that goes to an instruction the walk has not come to yet, and what stands where at its end. */
struct incoming {
    struct incoming *next;
    struct ir_block *block;
    struct variable *variables;
    struct operand *operands;
};

struct block_info {
    struct incoming *incoming;  /* in the order of arrival */
    struct ir_block *header;    /* of a loop header, once the walk has come to it: */
    struct variable *variables; /* how the locals stand at its start, the phis of those it changes included */
    struct operand *operands;
    struct loop_guess *guesses; /* of a loop header, per local; kept from one attempt to the next */
    int32_t loop_end;           /* of a loop header: the last instruction that jumps back to it, else -1 */
};

/* A code object whose instructions are built into the graph, once more for each place it is inlined at. Kept from one attempt to the next;
 * owned by the body whose site it is. */
struct body {
    PyCodeObject *code;
    const struct bytecode *bytecode;
    struct bytecode decoded; /* what `bytecode` is, of inlined code */
    const struct compiled_code *feedback;
    struct block_info *info;    /* per instruction */
    struct loop_guess *guesses; /* all of them */
    bool *range_guess;          /* per instruction: a FOR_ITER over what looks like a range */
    uint64_t *live;      /* per instruction, a bit per local: may it be read before it is assigned? (build_lent.c) */
    bool *peels;         /* per instruction: a loop header, the first turn of whose loop is built apart */
    struct body **sites; /* per instruction: what is inlined there, in a list */
    struct body *next_at_site;
    bool refused;      /* it was tried here, and cannot be inlined */
    bool owns;         /* other code may run in it: its locals have references of their own */
    bool owns_fetched; /* it stores: the same for arguments that borrow from memory */
    bool
        fuses_not; /* a call that would be built as a loop was found to change what stands where (build_consumers.c) */
    uint8_t sums;  /* enum ir_kind of the numbers it returns to sum(): an int, unless it was found to be a float */
    bool boxes;    /* it makes objects of numbers that its callers have, too: they come as objects */
};

/* How a function inlined leaves: where, and with what. */
struct return_way {
    struct return_way *next;
    struct ir_block *block;
    struct operand result;
};

/* A function that is called directly. Kept from one attempt to the next. */
struct direct_function {
    PyFunctionObject *function; /* only compared, while graphs are being made also read */
    struct body body;
    struct ir_graph *graph;
    uint8_t parameters[IR_MOST_PARAMETERS]; /* enum ir_type */
    uint8_t result;                         /* enum ir_kind of a number that it always returns; KIND_any: an object */
};

/* What stands in an attribute of instances of a class, as live objects and stores in the graph show it. */
struct attribute_hint {
    uint32_t version; /* of the class */
    uint16_t index;   /* as attribute cells have it */
    uint8_t kind;     /* enum ir_kind */
    PyObject *sample; /* borrowed, or NULL */
    PyTypeObject *class;
};
enum { MOST_ATTRIBUTE_HINTS = 128 };
struct attribute_hints {
    int count;
    struct attribute_hint rows[MOST_ATTRIBUTE_HINTS];
};

/* All classes there are, sorted by address, once somebody has asked. */
struct live_classes {
    PyTypeObject **rows; /* owned */
    size_t count, capacity;
    bool collected;
};

/* What all graphs of a compilation share. */
enum { MOST_DIRECT_FUNCTIONS = 4 };
struct direct_functions {
    bool immature; /* see struct build_request */
    struct attribute_hints hints;
    struct live_classes live;
    int count;
    bool changed; /* what is called directly, or how: all graphs are to be made again */
    struct direct_function entries[MOST_DIRECT_FUNCTIONS];
};

struct builder {
    struct ir_graph *graph;
    struct body *body;
    bool is_virtual; /* the frame's locals have no homes: it is inlined, or its function called directly */
    struct direct_functions *directs;
    struct direct_function *direct; /* what is being built, of a direct function */
    uint8_t returned;               /* enum ir_kind of the numbers it returned so far */
    bool returns_others;
    /* Of an inlined function: */
    struct builder *outer;
    struct ir_state *outer_state; /* of the caller, in the middle of the call */
    uint8_t completion;           /* enum completion: what the caller does with the result */
    int kept;                     /* so many of the caller's operands go with that */
    int escapes;                  /* in the function */
    struct operand function;
    struct return_way *returns;
    const struct operand *dying; /* what is still to be dropped at the end of the instruction (operand_drop_many) */
    int dying_count;
    int frame;                    /* number of the frame */
    uint32_t path;                /* of the frame (runtime/deopt.h) */
    int depth_limit;              /* how many frames deep calls may still be inlined */
    int *budget;                  /* how many instructions may still be inlined, in all */
    PyObject *globals, *builtins; /* dicts that the frame's are known to be, or NULL; only compared */
    struct code_watch **watches;  /* what the graph needs to know of other code objects' lives */
    const struct bytecode *bytecode;
    PyCodeObject *code;
    int local_count, stack_size;
    struct block_info *info; /* per instruction */
    struct variable *variables;
    struct operand *operands;
    int depth;
    struct ir_block *block;          /* being filled; NULL: control does not come here */
    int current;                     /* number of the instruction */
    struct ir_state *before;         /* the state at its beginning, when it was first asked for */
    struct operand *operands_before; /* what that state is made of */
    struct variable *variables_before;
    int depth_before;
    bool *range_guess;  /* as the body has it */
    bool is_entry_loop; /* the header being opened is where the code is entered */
    int skipped; /* the number, one more, of an instruction that the one before it has carried out, too; 0: none */
    int peeling; /* the header of the loop whose first turn is being built, or -1 */
    int keyword_names;                    /* index in co_consts from KW_NAMES, for the CALL that follows, or -1 */
    const struct compiled_code *feedback; /* tier 1's code, whose cells tell what each site has seen */
    const uint8_t
        *observed; /* per local: the kind of the value that stood there when compilation was asked for, or NULL */
    PyObject *const *samples;             /* what stood in the frame then: locals, then operands; or NULL */
    const struct deopt_failure *failures; /* what failed in earlier code of the function */
    size_t failure_count;
    bool prunes;        /* what tier 1 has never carried out is not compiled */
    bool settling;      /* several ways are being brought into one form: each operand by itself */
    bool retry;         /* a guess was wrong: the graph is to be made again */
    enum reason reason; /* why there will be no graph */
};

/* ---- Nodes (build_values.c) ---- */

/* Appends to the current block, with the current place. Escapes and guards get their state from the callers. */
struct ir_node *build_node(struct builder *builder, enum ir_op op, int count, struct ir_node *const *inputs);
struct ir_node *build_node1(struct builder *builder, enum ir_op op, struct ir_node *a);
struct ir_node *build_node2(struct builder *builder, enum ir_op op, struct ir_node *a, struct ir_node *b);
/* The same, as a guard that leaves with the state at the beginning of the instruction. */
struct ir_node *build_guard1(struct builder *builder, enum ir_op op, struct ir_node *a);
struct ir_node *build_guard2(struct builder *builder, enum ir_op op, struct ir_node *a, struct ir_node *b);
/* What is known of a value that is probably the same. */
static inline void build_copy_guess(struct ir_node *node, const struct ir_node *source)
{
    node->sample = source->sample;
    node->class = source->class;
    node->guess = source->guess;
}
struct ir_node *build_int(struct builder *builder, int64_t value);
struct ir_node *build_float(struct builder *builder, double value);
struct ir_node *build_bool(struct builder *builder, bool value);
struct ir_node *build_object(struct builder *builder, PyObject *object);

/* ---- Classes (build_classes.c) ---- */

/* The class that an operand's value probably has, which is alive, or NULL. */
PyTypeObject *build_class_of(const struct operand *operand);
/* Is the class of the case alive, and as it was? Then what the case borrows is, too. */
bool build_is_live(struct builder *builder, const struct attribute_case *seen);
/* Is the class, which is only compared, alive, and of that version? */
bool build_class_is_live(struct builder *builder, PyTypeObject *class, uint32_t version);
/* Guards that an object is of the class, as that is now. */
void build_guard_class(struct builder *builder, struct ir_node *owner, PyTypeObject *class);
/* The attribute of the case has been seen to hold the value; and: what will it probably be where nothing better is known? */
void build_note_attribute(struct builder *builder, const struct attribute_case *seen, const struct operand *value);
void build_guess_attribute(struct builder *builder, const struct attribute_case *seen, struct ir_node *value);

/* ---- States ---- */

/* Has such an operation of the current instruction failed often in earlier code of the function? Then it is not to be tried. */
bool build_has_failed(const struct builder *builder, enum ir_op op);

/* The same for a guard of a kind. */
bool build_kind_has_failed(const struct builder *builder, enum ir_kind kind);

/* To be called at the beginning of each instruction. */
void build_begin_instruction(struct builder *builder);
/* The state at the beginning of the current instruction. */
struct ir_state *build_state_before(struct builder *builder);
/* What stands where now, for going on at instruction `next`. */
struct ir_state *build_state_now(struct builder *builder, int next);
/* Gives the operands below the `count` of a store that is about to be made references of their own; what stands where then, for a store that may
 * leave at the beginning of the instruction. */
struct ir_state *build_state_of_store(struct builder *builder, int count);
/* What stands where now, for an error of the current instruction, whose operands are gone. */
struct ir_state *build_state_raising(struct builder *builder);

/* ---- Operands and variables (build_values.c) ---- */

void push(struct builder *builder, struct operand operand);
void push_raw(struct builder *builder, struct ir_node *value);
void push_owned(struct builder *builder, struct ir_node *value);
void push_fetched(struct builder *builder, struct ir_node *value);
struct operand pop(struct builder *builder);
struct operand *peek(struct builder *builder, int from_top);

/* Is the operand an int or float (no complex number) that nobody has seen as an object? Then it can go into another's box. */
bool operand_is_fresh_number(const struct builder *builder, const struct operand *operand);
/* What kind an operand's value will probably be, where it is not known: that of its sample. */
enum ir_kind operand_guess(const struct operand *operand);
/* The kind of an operand's value, as far as it is known. */
enum ir_kind operand_kind(const struct operand *operand);
/* The number that a node is: true, if it is a constant int that fits into 64 bits. (The node that stands for all when there is no memory is none.) */
bool build_constant_number(const struct ir_node *node, int64_t *number);

/* An operand as a raw value of the kind: int, float or bool; guards where that is not known. An int wanted as a float is converted. */
struct ir_node *operand_raw(struct builder *builder, struct operand *operand, enum ir_kind kind);
/* An operand of a number's kind for arithmetic: as an int, or as a float if that is what it is or `as_float` says so. */
struct ir_node *operand_number(struct builder *builder, struct operand *operand, enum ir_kind kind, bool as_float);
/* An operand that is an object, with its kind guarded to be `kind` where it is not known. */
struct ir_node *operand_kind_guard(struct builder *builder, struct operand *operand, enum ir_kind kind);
/* An operand as an object, borrowed: good until the next escape or store to a local. */
struct ir_node *operand_object(struct builder *builder, struct operand *operand);
/* A raw value as an object, a new reference, which no local gets to know of. */
struct ir_node *build_box(struct builder *builder, struct ir_node *raw);
/* An operand as an object with a reference of its own. */
struct ir_node *operand_owned(struct builder *builder, struct operand *operand);
/* Drops the reference an operand has, if it has one. `next`: the instruction to go on at when other code had to run. */
void operand_drop(struct builder *builder, struct operand *operand, int next);
/* The same for several, in this order: should the end of one make compiled code be left, the others are dropped on the way out. */
void operand_drop_many(struct builder *builder, struct operand *operands, int count, int next);

void build_load_fast(struct builder *builder, int local);
void build_store_fast(struct builder *builder, int local);
/* Gives operands that borrow from locals references of their own. */
void build_own_operands(struct builder *builder);
/* The same for all that borrows from memory, in the functions around this one too: what follows may take it away, but runs no code. */
void build_own_fetched(struct builder *builder);
/* Brings the homes of all locals up to date and gives operands that borrow from locals references of their own: an escape follows. */
void build_prepare_escape(struct builder *builder);
/* After an escape: what it may have left behind is looked at. `next`: the instruction to go on at. */
void build_finish_escape(struct builder *builder, int next);

/* Binds an unbound local of an inlined function to something that stands for nothing: a number of the kind, or None. */
void build_bind_to_nothing(struct builder *builder, int local, enum ir_kind kind);
/* Makes a local raw of the kind, and returns its value; NULL where it is known to be of another kind. Guards leave with the state at the
 * beginning of the current instruction. */
struct ir_node *variable_to_raw(struct builder *builder, int local, enum ir_kind kind);
/* Makes the home of a raw local hold its number; it stays raw. */
void variable_sync(struct builder *builder, int local);
/* Makes a local raw of the kind where that is what it is, and else maybe_other: good where it is assigned before it is read. Guards that what its home
 * holds is simple where that is not known; they leave as above. */
void variable_to_late_raw(struct builder *builder, int local, enum ir_kind kind);
/* Is the local certainly bound before the current instruction, whatever way led there? */
bool variable_is_bound(const struct builder *builder, int local);
/* Is what the local's home holds now, if anything, of a kind whose end nobody sees? */
bool variable_is_simple(const struct variable *variable);
/* Makes a local stand in its home; returns the object, or NULL where it may be unbound. */
struct ir_node *variable_to_home(struct builder *builder, int local);

/* ---- Numbers lent from memory (build_lent.c) ---- */

/* Which locals of the body are read again; false: no memory. */
bool build_find_live(struct body *body);
/* What is lent may be taken out of memory by what follows: locals that will be read again take it for good, the others stay numbers. */
void build_settle_lent(struct builder *builder);
/* All of them take it. */
void build_settle_all_lent(struct builder *builder);
/* The same where control goes to instruction `target`. */
void build_settle_lent_for(struct builder *builder, int target);
/* A local that is lent its object is about to become something else: operands that are the same number borrow that object themselves. */
void build_release_lent_operands(struct builder *builder, int local);

/* ---- Control flow (build.c) ---- */

/* Ends the current block with a jump to instruction `target`. */
void build_jump(struct builder *builder, int target);
/* Ends the current block with a branch on `condition`, likely true in so many of a hundred cases (0: nobody knows). The current block is the way for
 * true then; returns the one for false. */
struct ir_block *build_split(struct builder *builder, struct ir_node *condition, int likely);
/* Ends the current block with a branch: to instruction `target` where `condition` is `sense`, else on with the next one. `escaped`: other code has
 * run since the instruction began. */
void build_branch(struct builder *builder, struct ir_node *condition, bool sense, int target, bool escaped);
/* Ends the current block by leaving at the beginning of the instruction. */
void build_leave(struct builder *builder);
/* Builds the instructions from `start` on, where the current block is. */
void build_walk(struct builder *builder, int start);
/* The same up to an instruction, which is not built. */
void build_walk_range(struct builder *builder, int start, int end);
/* One value for those of all ways to `block`: a phi if they differ. NULL if one is. */
struct ir_node *build_phi(struct builder *builder, struct ir_block *block, struct ir_node *const *values, int count);
/* What is kept of a code object from one attempt to the next; NULL without memory. `bytecode` is borrowed. */
bool build_prepare_body(struct body *body, PyCodeObject *code, const struct bytecode *bytecode);
void build_release_body(struct body *body);
/* Gives the builder, which is zeroed but for what ties it to others, its body and room for what stands where. */
void build_begin_body(struct builder *builder, struct body *body);
/* A local gets a new object in this loop that need not be made: the first turn is to be built apart, so that from the loop's beginning on the local is such an
 * object. */
void build_peel_around(struct builder *builder);
/* A local has turned out to be of the kind by a guard: around this loop it should be guarded before the loop. */
void build_note_kind(struct builder *builder, int local, enum ir_kind kind);

/* ---- Instructions (build_operations.c) ---- */

/* The instruction by the general C function of runtime/steps.h: an escape. */
void build_by_step(struct builder *builder);

/* A call of a C function of runtime/ that runs no code; `type` of its result. An object may be NULL. */
struct ir_node *build_plain_call(struct builder *builder, const void *function, enum ir_type type, int count,
                                 struct ir_node *const *inputs);

/* Each carries out an instruction, by a general way where it has no better one (build_attributes.c, build_containers.c,
 * build_iteration.c). */
void build_get_iter(struct builder *builder);
void build_for_iter(struct builder *builder);
/* Before a loop headed by FOR_ITER: guards what its iterator is, as far as that never changes. */
void build_open_iterator(struct builder *builder);
/* At a FOR_ITER: is the iterator on top a local's, too, as that of a comprehension is? And is it one of a range then, as far as anybody knows? */
bool build_iterator_is_local(const struct builder *builder);
bool build_iterator_is_range(const struct builder *builder);
void build_subscript(struct builder *builder);
void build_store_subscript(struct builder *builder);
void build_unpack(struct builder *builder);
void build_container(struct builder *builder);
/* LIST_APPEND, SET_ADD, MAP_ADD. */
void build_comprehension_item(struct builder *builder);
void build_contains(struct builder *builder);
/* BUILD_SLICE and the BINARY_SUBSCR behind it; false: nothing done (build_slices.c). */
bool build_slice(struct builder *builder);
void build_load_attr(struct builder *builder);
void build_store_attr(struct builder *builder);
void build_load_method(struct builder *builder);

/* Where the builder stands, to come back to: for another way from there on. */
struct build_place {
    struct variable *variables;
    struct operand *operands;
    int depth, current;
};
/* False: no memory. */
bool build_remember(struct builder *builder, struct build_place *place);
void build_come_back(struct builder *builder, const struct build_place *place);

/* LOAD_METHOD of receivers of several classes that the cell knows: the instructions up to the CALL are built once for each method (build_polymorphic.c). False: nothing
 * done. */
bool build_polymorphic_method(struct builder *builder);
/* Guards that `owner`, of the case's class already, has nothing in the instance that hides what the class has; returns that. */
struct ir_node *build_class_attribute(struct builder *builder, struct ir_node *owner,
                                      const struct attribute_case *seen);
/* LOAD_ATTR, or LOAD_METHOD (`method`), of what a class has and its instances do not hide: attributes of a class that is the receiver itself, static and class
 * methods (build_class_members.c). False: nothing done. */
bool build_class_member(struct builder *builder, bool method);
/* Guards that an object is of one of the classes the cell knows. */
void build_guard_versions(struct builder *builder, struct ir_node *owner, const struct attribute_cell *cell);
/* Is that alive, and are there guards for it? */
bool build_class_attribute_is_known(struct builder *builder, const struct attribute_case *seen);

/* Stores the lowest of the `pops` operands on top, of which there is one more at most, into `offset` of `base`, where there must be something: `sample`,
 * or the like. All are dropped. */
void build_store_place(struct builder *builder, struct ir_node *base, size_t offset, enum ir_memory memory,
                       PyObject *sample, int pops);

/* Each carries out the current instruction without an escape, if it is of the kind it knows; else does nothing and returns false. */
bool build_plain_compare(struct builder *builder);
bool build_plain_concatenation(struct builder *builder);
/* The truth of the operand on top, which stays; NULL where C has to find out in general. */
struct ir_node *build_plain_truth(struct builder *builder);

/* ---- Built-in functions, methods and classes (build_builtins.c) ---- */

/* CALL of what runtime/callees.def knows; false: nothing done but guards. */
bool build_builtin(struct builder *builder);
/* Appends `item` to `list`, which is guarded to be one; the item has no reference of its own afterwards. */
void build_append(struct builder *builder, struct operand *list, struct operand *item);
/* The one character below 256 that a str operand is known to consist of, as a number; NULL where nothing is known. */
struct ir_node *build_character_of(struct builder *builder, struct operand *operand);
/* The str of one character below 256: borrowed, and lives for ever. */
struct ir_node *build_str_of_character(struct builder *builder, struct ir_node *code);

/* ---- Complex numbers (build_complex.c) ---- */

struct ir_node *build_complex(struct builder *builder, double real, double imaginary);
/* Each carries out the current instruction, one of whose operands is or will probably be a complex number, or returns false. */
bool build_complex_binary(struct builder *builder, enum ir_kind left_kind, enum ir_kind right_kind);
bool build_complex_compare(struct builder *builder, enum ir_kind left_kind, enum ir_kind right_kind);
bool build_complex_attribute(struct builder *builder);
bool build_complex_call(struct builder *builder);
struct ir_node *build_complex_negate(struct builder *builder, struct ir_node *number);

/* Pops `count` operands, pushes a raw result of theirs, and drops what they referred to: should compiled code have to be left there, the result is in
 * place. */
void build_replace_operands(struct builder *builder, int count, struct ir_node *result);

/* Carries out the current instruction. */
void build_instruction(struct builder *builder);

static inline bool build_is_true(const struct ir_node *node)
{
    return node != NULL && node->op == IR_constant_bool && node->number;
}

static inline const struct instruction *build_current(const struct builder *builder)
{
    return &builder->bytecode->instructions[builder->current];
}

/* The feedback cell of the current instruction, or NULL. */
static inline void *build_cell(const struct builder *builder)
{
    int32_t cell = builder->feedback->cells[builder->current];
    return cell < 0 ? NULL : (char *)builder->feedback->feedback + cell;
}

/* Guards that `node` is the very object `object`, which is only compared. */
void build_guard_same(struct builder *builder, struct ir_node *node, PyObject *object);

/* ---- Globals (build_globals.c) ---- */

/* At the entry: guards that the frame's namespaces are those the globals were looked up in. */
void build_guard_namespaces(struct builder *builder);
/* Does the code look at globals at all? */
bool build_has_globals(const struct bytecode *bytecode);
/* The attribute `name` of a module like the one that is `owner`'s sample, guarded; NULL: nothing done. */
struct ir_node *build_module_attribute(struct builder *builder, struct ir_node *owner, PyObject *name);
/* The builtins that a function made here gets from the frame's globals: those that the frame has, guarded. NULL: not known. */
struct ir_node *build_builtins_of_globals(struct builder *builder);
/* LOAD_GLOBAL by what its cell says, the NULL included; false: nothing done. */
bool build_load_global(struct builder *builder);

/* ---- Closures (build_closures.c) ---- */

/* MAKE_CELL, COPY_FREE_VARS, LOAD_DEREF, STORE_DEREF, MAKE_FUNCTION; false: nothing done. */
bool build_closure(struct builder *builder);
/* The IR_new_function that a value comes from, or NULL: its code is `pointer`, its globals (only compared) `cell`. */
const struct ir_node *build_function_made(const struct ir_node *value);

/* ---- Calls (build_calls.c) ---- */

/* CALL: inlined, or a builtin as IR; false: nothing done but guards. */
bool build_call(struct builder *builder);

/* The known function that an instruction calls with these arguments, on the way to its `completion`; `operands` of the caller's go with it. Its version is guarded
 * here; all else that says it is this function the caller has guarded. False: nothing done but guards. */
bool build_inlined_method(struct builder *builder, PyFunctionObject *function, enum completion completion,
                          int operands, int count, struct operand *arguments);

/* ---- Operators of the program's classes (build_operators.c, build_special_methods.c) ---- */

/* The `count` operands on top, of which some are iterators whose fields are in registers, are put right: they stay while other code runs. */
void build_close_operands(struct builder *builder, int count);

/* Each carries out the current instruction by a Python function that the operands' class has for it, inlined; false: nothing done but guards. */
bool build_property_load(struct builder *builder);
bool build_property_store(struct builder *builder);
bool build_user_subscript(struct builder *builder);
bool build_user_store_subscript(struct builder *builder);
bool build_user_compare(struct builder *builder);
bool build_user_contains(struct builder *builder);
bool build_user_length(struct builder *builder);
bool build_user_call(struct builder *builder);

/* BINARY_OP by a Python method of the left operand's class, inlined; false: nothing done but guards. */
bool build_user_operator(struct builder *builder);

/* ---- Built-in functions that call others (build_consumers.c) ---- */

/* CALL of map() whose result goes to sum() at once: a loop that inlines what map() would call. False: nothing done. */
bool build_sum_of_map(struct builder *builder);
/* In the function that is inlined there, before it returns: what is on top is added to `sum`, and the new sum takes its place. */
void build_add_to_sum(struct builder *builder, struct ir_node *sum);

/* ---- Direct calls (build_direct.c) ---- */

/* Calls `function`, whose guards are made, directly: the current instruction pops `pops` operands, and the parameters are `arguments`. False: nothing
 * done. */
bool build_direct_call(struct builder *builder, PyFunctionObject *function, int pops,
                       const struct operand *arguments);
/* RETURN_VALUE of a function called directly. */
void build_direct_return(struct builder *builder);
/* How many levels of recursion the frame of a function called here is away from the root of this graph. */
int build_level_of_callee(const struct builder *builder);
/* The parameters, at the beginning of such a function. */
void build_open_direct(struct builder *builder, struct direct_function *direct);
/* What tells its places from those of functions inlined (runtime/deopt.h). */
uint32_t build_path_of_direct(PyCodeObject *code);
/* After its graph has been made: has one thing or another to be changed? */
void build_close_direct(struct builder *builder);

/* ---- Inlining (build_inline.c) ---- */

/* Can the instructions be built without a frame, as far as can be told beforehand? */
bool build_is_suitable(PyCodeObject *code, const struct bytecode *bytecode);
/* Fills in a body that is zeroed for code that tier 1 has compiled, with a bytecode of its own; false: it has not, or there is no memory. */
bool build_open_body(struct body *body, PyCodeObject *code);

/* What of `code` is to be inlined at the current instruction, or NULL. */
const struct body *build_may_inline(struct builder *builder, PyCodeObject *code);
/* A call that is to be inlined. */
struct inlining {
    PyCodeObject *code;
    struct operand function;         /* the callee; its guards are made */
    PyObject *globals, *builtins;    /* the function's, or NULL */
    const struct operand *arguments; /* the callee's parameters */
    enum completion completion;
    int operands; /* the current instruction pops so many; or they stay on the stack while the function runs, as `completion` says */
};
/* Inlines that. */
void build_inlined(struct builder *builder, const struct inlining *inlining);
/* Is the current instruction in a loop of its function? */
bool build_is_in_loop(const struct builder *builder);
/* Is other code to run in the function that is inlined, its frame and those around it being made for that time? Each time it is asked it counts. */
bool build_may_escape(struct builder *builder);
/* RETURN_VALUE of an inlined function. */
void build_inlined_return(struct builder *builder);
/* Is every box of the constant's value this object? */
bool build_has_one_box(const PyObject *constant);
/* The function being inlined cannot be, after all. */
void build_refuse(struct builder *builder);
/* Other code may run in an inlined function: all its locals and those of its callers must have references of their own. */
void build_own_locals(struct builder *builder);

/* ---- The whole -------------------------------------------------------------------------------------------------- */

/* What is to be compiled. */
struct build_request {
    PyCodeObject *code;
    const struct compiled_code *feedback; /* tier 1's code of it */
    PyObject *globals, *builtins;         /* of the frame that made it hot; only compared */
    struct code_watch *
        *watches;            /* where to put the code objects that were inlined by their code; owned by the caller */
    int loop;                /* instruction number of the loop header to enter at, or -1: the function's start */
    const uint8_t *observed; /* see struct builder */
    PyObject *const *samples;
    const struct deopt_failure *failures;
    size_t failure_count;
    bool prunes;    /* see struct builder */
    bool *immature; /* to be set where a callee could not be inlined because tier 1 has not compiled it yet */
};

/* The kind of the number that an int, float or truth value stands for; and whether a kind is one of those. */
enum ir_kind build_kind_of_raw(const struct ir_node *value);
bool build_is_number(enum ir_kind kind);
/* Can the death of such an object be seen by nobody? */
bool build_is_simple(enum ir_kind kind);

/* KIND_any for a type without a kind. */
enum ir_kind build_kind_of_type(PyTypeObject *type);
/* The operation on floats of a BINARY_OP's oparg; IR_OP_COUNT: none. */
enum ir_op build_float_operation(int oparg);

/* Makes the graph, or returns why not. GIL held; runs no Python code. */
enum reason build_graph(const struct build_request *request, const struct bytecode *bytecode,
                        struct ir_graph **graph);

#endif
