/* tier2/virtual.h: what the files of the pass that leaves objects unmade share: how objects stand, and a walk over the graph.
 *
 * Only pass_virtual.c and virtual_*.c include it; the pass itself is described in pass_virtual.c. */
#ifndef PYJIT_TIER2_VIRTUAL_H
#define PYJIT_TIER2_VIRTUAL_H

#include "runtime/deopt.h"
#include "tier2/ir.h"

enum {
    MOST_OBJECTS = DEOPT_MOST_OBJECTS,
    MOST_FIELDS = DEOPT_MOST_FIELDS,
    MOST_ITEMS = 16,
    MOST_DYING = 256,
    MOST_HOMES = 32,
    MOST_WALKS = 32,
    NO_OBJECT = -1
};

struct object {
    struct ir_node *name; /* the node whose value it is */
    uint32_t key;         /* id of the node because of which it is there: what is refused */
    uint8_t kind;
    uint8_t parts;              /* of a function: see IR_new_function */
    bool has_values;            /* of an instance: inline values */
    uint32_t version;           /* of its class: */
    const void *class;          /* of an instance; else NULL */
    struct ir_block *merged_in; /* where several objects have become this one, or NULL */
};

/* A phi whose inputs are virtual objects that become one, or (NULL) a local of the root frame of which the same is true. */
struct merge {
    struct ir_block *block;
    struct ir_node *phi;
    int local, object;
};

enum manner { ABSENT, VIRTUAL, REAL };

/* How an object stands at some point. */
struct standing {
    uint8_t manner;
    uint16_t references;         /* while virtual */
    struct ir_node *real;        /* what it is, where it is real */
    struct ir_node *description; /* the last IR_virtual made of it, which is still there, or NULL */
    uint16_t field_count;
    struct ir_node **
        fields; /* what would be the operands of an IR_virtual, as they are named; in the graph's memory, never changed */
};

/* How a local of the root frame stands: */
enum home_manner {
    IN_HOME,      /* as the graph says */
    HOME_VIRTUAL, /* it is a virtual object; its home holds something older, a number or the like, or nothing */
    HOME_PERHAPS, /* it is what its home holds if `clean`; else a number, as states and sync_home name it, and the home holds something older */
};

struct home {
    uint8_t manner;
    int16_t object;
    struct ir_node *clean;
};

/* What is known at a point of the graph. */
struct point {
    struct standing objects[MOST_OBJECTS];
    struct home homes[MOST_HOMES];
};

/* A frame state as a node sees it. */
struct state_copy {
    struct ir_state *to;
    struct state_copy *next;
};

/* What a walk found out of a loop: an object (by the id of its name) has to be real where it begins; or a local (by name_of_home) stands there as
 * HOME_PERHAPS. */
struct finding {
    uint32_t name, header;
};

struct walk {
    struct ir_graph *graph;
    bool changes; /* the graph: this is the last walk */
    bool again;   /* something that was believed is not so */
    struct object objects[MOST_OBJECTS];
    struct merge merges[MOST_OBJECTS];
    int object_count, merge_count;
    int answered;      /* how many nodes did without an object */
    size_t node_count; /* of nodes there were before */
    size_t capacity;   /* of the three that follow; names of boxes are new nodes */
    int16_t *aliases;  /* by node: the object it is, one more; 0: none. Or with VALUES_OF or ABSENT_FROM added: */
    struct ir_node **forwards; /* by node: what it turned out to be */
    uint8_t *refused; /* by node that names an object: it is not to be virtual. Kept from walk to walk, as are: */
    struct finding *findings;
    size_t finding_count, finding_capacity;
    bool never_perhaps[MOST_HOMES]; /* by local: HOME_PERHAPS will not do */
    int home_count;                 /* locals of the root frame that are looked at */
    struct point *now;
    struct point **ends, **starts; /* by block: at its end; of loop headers, at their beginning */
    struct state_copy **copies;    /* by state */
    uint32_t state_count;          /* of states there were before */
};

/* Of a node that is the address of an object's inline values; and of one that is the NULL where an object has no such attribute. */
enum { VALUES_OF = MOST_OBJECTS, ABSENT_FROM = 2 * MOST_OBJECTS };

/* Fields that are to be dropped, the first first. */
struct dying {
    struct ir_node *fields[MOST_DYING];
    int count;
};

/* ---- Names, making, frame states (virtual_objects.c) ---- */

/* What a node turned out to be: the node itself, what it was forwarded to, or NULL for NULL. */
struct ir_node *virtual_resolve(const struct walk *walk, struct ir_node *node);

/* The object a resolved node has to do with in the way that `role` says: VALUES_OF, ABSENT_FROM, or 0: it is its name. */
int virtual_object_in_role(const struct walk *walk, const struct ir_node *node, int role);

/* The object that a resolved node is a name of, or NO_OBJECT. */
int virtual_object_of(const struct walk *walk, const struct ir_node *node);

/* Has the node become another name of an object already? */
bool virtual_is_named(const struct walk *walk, const struct ir_node *node);

/* Is object `object` a box of a number? */
bool virtual_is_box_kind(const struct walk *walk, int object);

/* Is the resolved node a name of an object that is virtual at that point? */
bool virtual_is_unmade(const struct walk *walk, const struct point *at, const struct ir_node *node);

/* The node to use for a value that is not virtual. */
struct ir_node *virtual_value_at(const struct walk *walk, const struct point *at, struct ir_node *node);

/* From now on, `node` is a name of object `object`. */
void virtual_name_object(struct walk *walk, const struct ir_node *node, int object);

/* The same for a node that has to do with the object in the way that `role` says. */
void virtual_name_in_role(struct walk *walk, const struct ir_node *node, int object, int role);

/* From now on, `node` is the value of node `to`. */
void virtual_forward(struct walk *walk, const struct ir_node *node, struct ir_node *to);

/* Takes a node out of the graph, if this is the walk that changes it. */
void virtual_take_away(struct walk *walk, struct ir_node *node);

/* Has a walk found out what `name` stands for, for the loop that begins at `header`? (See struct finding.) */
bool virtual_has_finding(const struct walk *walk, uint32_t name, const struct ir_block *header);

/* Adds a finding: the walk has to begin again. */
void virtual_find_out(struct walk *walk, uint32_t name, const struct ir_block *header);

/* Object `object` is not to be virtual in any walk that follows. */
void virtual_refuse(struct walk *walk, int object);

/* Was it found out that the object has to be real where the loop at `header` begins? */
bool virtual_must_be_real(const struct walk *walk, int object, const struct ir_block *header);

/* The name that local `local` has among the findings. */
uint32_t virtual_name_of_home(int local);

/* The names among the findings of a local that is one virtual object after another in a loop, and of one where that went wrong. */
uint32_t virtual_name_of_changing(int local);
uint32_t virtual_name_of_merge(int local);

/* The same of a field of what is merged under the name `name`. */
uint32_t virtual_name_of_field(uint32_t name, int field);

/* It has to be known at each point what the local is. */
void virtual_settle_for_certainty(struct walk *walk, int local);

/* A new node before `where`; in a walk that does not change the graph it is in no block. */
struct ir_node *virtual_insert(struct walk *walk, struct ir_node *where, enum ir_op op, int count,
                               struct ir_node *const *inputs);

/* Puts what the home of a local holds instead of a virtual object there; what it held is a number, or nothing. NULL: nothing. */
void virtual_store_home(struct walk *walk, int local, struct ir_node *value, struct ir_node *where);

/* A constant of a number before `where`, as virtual_insert makes nodes. */
struct ir_node *virtual_constant(struct walk *walk, struct ir_node *where, enum ir_op op, int64_t number);

/* Makes a virtual object, and what it has that is virtual, before `where`. */
struct ir_node *virtual_make(struct walk *walk, struct point *at, int number, struct ir_node *where);

/* Makes all that are virtual, before `where`. */
void virtual_make_all(struct walk *walk, struct point *at, struct ir_node *where);

/* What a frame state says of `node` before `where`: an IR_virtual made there if it is a virtual object, else the value it has. */
struct ir_node *virtual_describe_value(struct walk *walk, struct ir_node *node, struct ir_node *where);

/* Is the object still there that a slot or operand names? A way on which it was given up must have had a reference to it: it cannot be virtual. */
void virtual_expect_object(struct walk *walk, struct ir_node *node);

/* The address of inline values, or a NULL, stands only where it is expected. */
void virtual_expect_no_role(struct walk *walk, struct ir_node *node);

/* Can the node's state say how things stand? It can of a local that it is a virtual object, but not that it perhaps is one. */
void virtual_settle_state(struct walk *walk, struct ir_node *node);

/* A copy of a state with room for `more` values more on its stack. NULL: no memory. */
struct ir_state *virtual_copy_state(struct walk *walk, const struct ir_state *state, int more);

/* The state as it is at `where`. */
struct ir_state *virtual_state_at(struct walk *walk, struct ir_state *state, struct ir_node *where);

/* ---- References and locals (virtual_references.c) ---- */

/* Is the value of a kind whose end nobody can see? */
bool virtual_is_simple(const struct ir_node *node);

/* Takes a reference of a virtual object away; with the last, what has to be dropped for it is put before the rest. */
void virtual_lose_reference(struct walk *walk, int number, struct dying *dying);

/* `node` takes a reference to a virtual object away: what has to be done for that is put before it. */
void virtual_drop(struct walk *walk, struct ir_node *node, int number);

/* Nodes that read or write homes. True: done. */
bool virtual_visit_home(struct walk *walk, struct ir_node *node);

/* ---- Ways into blocks (virtual_merges.c) ---- */

/* What is known at the beginning of a block, from the ends of the blocks before it. */
void virtual_open_block(struct walk *walk, struct ir_block *block);

/* A way back to a loop header: is everything as it was believed to be? */
void virtual_close_loop(struct walk *walk, struct ir_block *latch, struct ir_block *header);

/* ---- Nodes (pass_virtual.c) ---- */

/* A new object that `name` is the value of, if there is room and it has not been refused: its row. */
struct object *virtual_add_object(struct walk *walk, struct ir_node *name, uint32_t key,
                                  struct ir_node *const *fields, int count);

#endif
