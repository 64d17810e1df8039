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

/* Where an attribute was found. */
enum attribute_kind {
    ATTRIBUTE_NONE,         /* case unused */
    ATTRIBUTE_INLINE_VALUE, /* in the object's inline values, at `index` */
    ATTRIBUTE_DICT,         /* in the object's dict, at entry `index` of its keys (a hint) */
    ATTRIBUTE_SLOT,         /* in the object, `index` bytes from its start (__slots__, T_OBJECT_EX) */
    ATTRIBUTE_MODULE,       /* in the module's dict; keys_version guards entry `index` */
    ATTRIBUTE_TYPE_VALUE,   /* on the class of an instance that cannot shadow it: `value`; keys_version guards */
    ATTRIBUTE_METHOD,       /* the same, and it is a function or method descriptor that binds */
    ATTRIBUTE_PROPERTY,     /* `value` is the property's getter */
    ATTRIBUTE_CLASS,        /* owner is itself a class: type_version is the owner's own; `value` */
    ATTRIBUTE_ADD_INLINE,   /* store that adds a key: inline values, at `index` */
};

/* One receiver type seen at a site. */
struct attribute_case {
    uint32_t type_version; /* tp_version_tag of the receiver's type (of the receiver, for _CLASS) */
    uint32_t keys_version; /* dk_version where the kind needs one, else 0 */
    uint16_t kind;         /* enum attribute_kind */
    uint16_t index;
    uint32_t hits;
    PyObject *value; /* borrowed; valid while type_version matches */
};

/* A LOAD_ATTR, STORE_ATTR or LOAD_METHOD site. The first three words are what templates test inline:
 * they mirror the one case that deserves the inline path, and hold version 0 where there is none. */
struct attribute_cell {
    uint32_t inline_version; /* ATTRIBUTE_INLINE_VALUE: type version ... */
    uint32_t inline_offset;  /* ... and byte offset of the value inside PyDictValues */
    uint32_t slot_version;   /* ATTRIBUTE_SLOT: type version ... */
    uint32_t slot_offset;    /* ... and byte offset inside the object */
    uint32_t method_version; /* ATTRIBUTE_METHOD without a keys check (type has no instance dict, or inline values): type version */
    uint32_t method_keys;    /* ... and keys version of the type's cached keys, 0 where the type has no instance dict */
    PyObject *method;        /* ... and the function, borrowed */
    uint8_t count;           /* cases in use */
    uint8_t megamorphic;     /* more than FEEDBACK_MAX_CASES types came by */
    uint16_t misses;
    uint32_t backoff;
    struct attribute_case cases[FEEDBACK_MAX_CASES];
};

/* A LOAD_GLOBAL site. The value is the entry at byte `offset` of the keys object of globals (builtins_version
 * 0) or of builtins, as long as both keys versions still stand. */
struct global_cell {
    uint32_t globals_version;  /* dk_version of the globals' keys; 0: nothing cached */
    uint32_t builtins_version; /* dk_version of the builtins' keys, or 0: found in globals */
    uint32_t offset;           /* byte offset of me_value from the keys object */
    uint16_t misses;
    uint16_t unused;
};

/* A CALL site. */
struct call_cell {
    uint32_t function_version; /* version of the PyFunctionObject seen last, 0: none */
    uint32_t misses;
    uint32_t count;
    uint32_t other;         /* calls of anything else */
    PyObject *callee;       /* borrowed: only compared, never followed without a version */
    uint32_t class_version; /* tp_version_tag of a class that instantiation of which is plain: object's
                               __new__, and `initializer`; 0: none seen */
    uint32_t class_count;   /* such instantiations */
    PyObject *initializer;  /* borrowed: the Python function that is its __init__, or NULL where it is object's */
};

/* Operand kinds seen by arithmetic and comparison, a bit each. */
enum operand_kind { OPERAND_INT = 1, OPERAND_FLOAT = 2, OPERAND_STR = 4, OPERAND_OTHER = 8 };

#endif
