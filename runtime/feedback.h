/* runtime/feedback.h: what each bytecode site has seen.
 *
 * Tier 1's templates and slow paths write the cells, tier 1's fast paths and tier 2 read them. A cell
 * never holds a strong reference: pointers in it are borrowed and may only be followed after the
 * version beside them has been compared (versions are never reused, and 0 is never a version, so a
 * dead type or function can never match again). All access needs the GIL.
 */
#ifndef PYJIT_RUNTIME_FEEDBACK_H
#define PYJIT_RUNTIME_FEEDBACK_H

#include "runtime/cpython.h"

enum { FEEDBACK_MAX_CASES = 4 };

/* What the words that templates compare hold where there is nothing: 0 would match a type or keys object that has no
 * version, and no counter ever comes this far. */
#define FEEDBACK_NO_VERSION UINT32_MAX

/* Where an attribute was found. "Own" means: in the instance itself, its inline values or its dict. */
enum attribute_kind {
    ATTRIBUTE_NONE,         /* case unused */
    ATTRIBUTE_INLINE_VALUE, /* own, in the inline values, at `index` */
    ATTRIBUTE_DICT,   /* own, in the dict, at entry `hint` of its keys (only a hint: the key there is compared) */
    ATTRIBUTE_SLOT,   /* in the object, `index` bytes from its start (__slots__, T_OBJECT_EX, T_OBJECT) */
    ATTRIBUTE_MODULE, /* in the dict of a module, `index` words from the start of its keys object, while these have
                               keys_version; or else as ATTRIBUTE_DICT */
    ATTRIBUTE_TYPE_VALUE,   /* `value` of the class, a plain object of an immutable type without __get__ */
    ATTRIBUTE_METHOD,       /* `value` of the class, a function or method descriptor that binds */
    ATTRIBUTE_PROPERTY,     /* `value` is the property; read its getter or setter anew (struct property_object) */
    ATTRIBUTE_CLASS,        /* owner is itself a class: keys_version is the owner's own tp_version_tag, `value` what
                               its MRO holds */
    ATTRIBUTE_ADD_INLINE,   /* store that added a key: inline values, at `index` */
    ATTRIBUTE_GETSET,       /* `value` is a getset descriptor of the class that accepts the owner */
    ATTRIBUTE_STATICMETHOD, /* `value` of the class, a staticmethod */
    ATTRIBUTE_CLASSMETHOD,  /* `value` of the class, a classmethod */
    ATTRIBUTE_DESCRIPTOR,   /* `value` of the class; whether and how it binds is asked anew each time, because its own
                               type may change */
    ATTRIBUTE_HOOK,         /* nobody has the name; `value` is the class's Python __getattr__ */
    ATTRIBUTE_SUPER, /* super().name(): type_version is that of self's class (or of self, a class), `type` the class whose method
                               asks; `value` is the first that comes behind it in the MRO: a function, method
                               descriptor, classmethod, staticmethod or something that does not bind */
    ATTRIBUTE_GENERIC, /* nothing learnable: PyObject_GetAttr or PyObject_SetAttr */
};

/* `index` where the name is not among the class's shared keys, so that instances cannot hold it inline. */
enum { ATTRIBUTE_NO_INDEX = UINT16_MAX };

/* One receiver type seen at a site. For every kind that `value` of the class serves, the instance must not hide it:
 * with inline values, either `index` is the name's place in the shared keys and the value there is NULL, or it
 * is ATTRIBUTE_NO_INDEX and the shared keys still have version `keys_version`. */
struct attribute_case {
    uint32_t type_version; /* tp_version_tag of the receiver's type */
    uint32_t keys_version; /* dk_version of the type's shared keys, see above; another class's version for _CLASS */
    uint32_t hits;
    uint16_t kind;         /* enum attribute_kind */
    uint16_t index;        /* see the kinds */
    uint16_t hint;         /* entry number in a materialised dict's keys */
    uint16_t without_dict; /* 1: the type's instances have no dict at all */
    PyObject *value; /* borrowed; valid while type_version matches (for _CLASS: keys_version too). For own attributes:
                           the class's Python __getattr__, or NULL */
    PyTypeObject *type; /* only compared, never followed: the receiver's type (the receiver, for _CLASS) */
};

/* A LOAD_ATTR, STORE_ATTR or LOAD_METHOD site. The first words are what templates test inline: they mirror
 * one case that the inline path serves, and hold FEEDBACK_NO_VERSION where there is none.
 *
 * inline: `Py_TYPE(o)->tp_version_tag == inline_version`, the inline values are not NULL and the value at the
 *         offset is not NULL: that is the attribute (to load), or the place to store to.
 * slot:   the same version test with slot_version; a NULL at the offset is for the slow path when loading.
 * method: the version test with method_version, and where method_keys is not 0 also: the inline values are not NULL
 *         and ht_cached_keys->dk_version == method_keys. The inline values matter: a materialised dict may have keys
 *         of its own. */
struct attribute_cell {
    uint32_t inline_version;
    uint32_t inline_offset; /* byte offset of the value inside PyDictValues */
    uint32_t slot_version;
    uint32_t slot_offset; /* byte offset inside the object */
    uint32_t method_version;
    uint32_t method_keys; /* version of the type's shared keys, 0 where its instances have no dict */
    PyObject *method;     /* the function, borrowed */
    uint8_t count;        /* cases in use */
    uint8_t megamorphic;  /* more than FEEDBACK_MAX_CASES types came by */
    uint16_t misses;
    uint32_t backoff; /* so many misses more before the next is learned from */
    struct attribute_case
        *more; /* the cases behind the first, FEEDBACK_MORE_CASES of them, owned, in the data arena; NULL while
                                        there is only the first: most sites see one type, or are never reached */
    struct attribute_case first;
};

enum { FEEDBACK_MORE_CASES = FEEDBACK_MAX_CASES - 1 };

/* Case `number` of a cell, counted from 0, below its `count`. */
static inline struct attribute_case *feedback_case(const struct attribute_cell *cell, int number)
{
    return number == 0 ? (struct attribute_case *)&cell->first : &cell->more[number - 1];
}

/* A LOAD_GLOBAL site. The value is at byte `offset` of the keys object of globals (builtins_version
 * 0) or of builtins, as long as both keys versions still stand, both are exact dicts and the value is not
 * NULL. A test of versions alone is not enough: copying a dict into an instance of a subclass copies
 * dk_version with the table, so code that can run with other globals compares their type too. */
struct global_cell {
    uint32_t globals_version;  /* dk_version of the globals' keys; FEEDBACK_NO_VERSION: nothing cached */
    uint32_t builtins_version; /* dk_version of the builtins' keys, or 0: found in globals */
    uint32_t offset;           /* byte offset of me_value from the keys object */
    uint16_t misses;           /* refreshes, until there were many */
    uint16_t skipped;          /* misses since then, of which only some refresh */
};

/* A cell as it is before anything was seen. */
static inline void feedback_init_attribute(struct attribute_cell *cell)
{
    *cell = (struct attribute_cell){.inline_version = FEEDBACK_NO_VERSION,
                                    .slot_version = FEEDBACK_NO_VERSION,
                                    .method_version = FEEDBACK_NO_VERSION};
}

static inline void feedback_init_global(struct global_cell *cell)
{
    *cell = (struct global_cell){.globals_version = FEEDBACK_NO_VERSION};
}

/* A MAKE_FUNCTION site. The hints say where in the globals' keys the two names stood last; module and builtins are what a function gets
 * from globals of that version, which hold them. */
struct function_cell {
    uint64_t globals_version;
    PyObject *module, *builtins;
    uint16_t name_hint;     /* __name__ */
    uint16_t builtins_hint; /* __builtins__ */
    uint32_t
        cell_count; /* set by the compiler: the closure consists of these locals; 0: it stands on the stack, or there is none */
    int32_t cells[];
};

/* Bytes of such a cell that names `count` locals, a multiple of what other cells need. */
static inline size_t function_cell_size(int count)
{
    return sizeof(struct function_cell) + ((size_t)count + 1) / 2 * 2 * sizeof(int32_t);
}

/* A FOR_ITER site: the type of a built-in iterator seen last, which is static, and how it is advanced without running code
 * (plain.h). NULL where there is no such way. */
struct iterator_cell {
    const PyTypeObject *type;
    PyObject *(*next)(PyObject *iterator);
    uint32_t changes; /* how often the type was another */
    uint32_t others;  /* advances of anything else, and ends */
};

/* Where a native call goes. What enters a frame only needs these two words, so call cells and code states (code_state.h) begin
 * with them. */
struct native_target {
    PyCodeObject *code; /* only compared */
    const void *entry;  /* compiled_code.native_entry, or NULL */
};

/* One callee of a site, by code object: function objects may vary. */
struct call_case {
    uint32_t code_id; /* code_state.id, never given twice; 0: unused */
    uint32_t count;
};

/* A call site.
 *
 * `target` is the code that the site enters in line, when the arguments fit its parameters exactly and it is compiled: cases[0]'s, or
 * nobody's (code is NULL). It is taken back when that code is thrown away or dies: the cell is in its list of callers. Every other
 * Python function is called natively as well, by way of rt_begin_call, which needs no cell for it. */
struct call_cell {
    struct native_target target;
    uint32_t frame_bytes; /* of a frame of the target */
    int32_t
        arguments; /* arguments the site passes where it calls in line, plus 1; -1: it never does, and `shape` is for `target` */
    uint32_t other; /* calls of what is no Python function, C functions included, instantiations not */
    struct call_case cases[FEEDBACK_MAX_CASES];
    uint32_t megamorphic;   /* calls of Python functions beyond the cases */
    uint32_t class_version; /* tp_version_tag of a class that instantiation of which is plain; 0: none seen */
    uint32_t class_count;   /* such instantiations */
    uint16_t class_misses;
    uint16_t
        class_by_new; /* 0: its __new__ is object's, and `initializer` the Python function that is its __init__, or NULL where
                              that is object's, too. 1: its __init__ is object's, and `initializer` the staticmethod of a Python __new__ */
    PyObject
        *initializer; /* borrowed. Where its code is `target`, that is entered in line; the cases do not count it */
    struct call_shape *
        shape; /* owned: how the arguments find the parameters of the code called last that has others than these; or NULL */
    const PyMethodDef *definition;   /* of the C function that a template called last: static. Counted in `other` */
    struct call_cell *next_of_owner; /* the cells of the same compiled code, which has to find them when it goes */
    struct call_cell *next_caller;
    struct call_cell **caller_link; /* what points to this cell; NULL while it is in no list */
};

/* A BEFORE_WITH site: the Python functions __enter__ and __exit__ of the class seen last; borrowed, and valid while type_version
 * matches. */
enum { WITH_MOST_MISSES = 64 }; /* of classes, after which nothing more is learned */
struct with_cell {
    uint32_t type_version; /* FEEDBACK_NO_VERSION: none */
    uint32_t misses;
    PyObject *enter;
    PyObject *exit;
    struct call_cell call; /* of __enter__ */
};

struct side_exit_outcome; /* side_exit.h */

/* A function's start (RESUME) and each backward jump, where tier 1 counts and tier 2 comes in. */
struct tier2_cell {
    int64_t countdown; /* below 0: tier 2 is to be asked, or entered */
    /* Tier-2 code, or NULL; or something of vm/tiers.c that calls it. */
    struct side_exit_outcome (*entry)(InterpreterFrame *frame, PyThreadState *tstate, struct tier2_cell *cell);
    struct tier2_code *on_trial; /* vm/tiers.c's: what the entry tries out, or NULL; borrowed */
    uint32_t offset; /* bytecode offset of the instruction it is for: a loop header, or the one after RESUME */
    uint32_t asked;  /* how often tier 2 was compiled for it */
    uint32_t deferred; /* how often that was put off, because what it calls was not compiled by tier 1 yet */
};

/* Has a site of `opcode` an attribute cell? */
static inline bool feedback_is_attribute(int opcode)
{
    return opcode == LOAD_ATTR || opcode == STORE_ATTR || opcode == LOAD_METHOD;
}

/* Bytes of the cell a site of `opcode` has; 0: none, or one of another kind. */
static inline size_t feedback_cell_size(int opcode)
{
    switch (opcode) {
    case LOAD_ATTR:
    case STORE_ATTR:
    case LOAD_METHOD:
        return sizeof(struct attribute_cell);
    case LOAD_GLOBAL:
        return sizeof(struct global_cell);
    case CALL:
    case CALL_FUNCTION_EX:
        return sizeof(struct call_cell);
    case FOR_ITER:
        return sizeof(struct iterator_cell);
    case BEFORE_WITH:
        return sizeof(struct with_cell);
    case RESUME:
    case JUMP_BACKWARD:
    case POP_JUMP_BACKWARD_IF_FALSE:
    case POP_JUMP_BACKWARD_IF_TRUE:
    case POP_JUMP_BACKWARD_IF_NONE:
    case POP_JUMP_BACKWARD_IF_NOT_NONE:
        return sizeof(struct tier2_cell);
    }
    return 0;
}

#endif
