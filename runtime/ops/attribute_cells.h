/* runtime/ops/attribute_cells.h: shared by the files that follow the cases of attribute cells: attribute.c, attribute_quick.c and
 * super.c. */
#ifndef PYJIT_RUNTIME_OPS_ATTRIBUTE_CELLS_H
#define PYJIT_RUNTIME_OPS_ATTRIBUTE_CELLS_H

#include "runtime/data_arena.h"
#include "runtime/feedback.h"

/* The dict of an instance without inline values, borrowed; NULL when it has none now. */
static inline PyDictObject *attribute_instance_dict(PyObject *owner, PyTypeObject *type)
{
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        return *(PyDictObject **)_PyObject_ManagedDictPointer(owner);
    }
    if (type->tp_dictoffset >= 0) {
        return type->tp_dictoffset == 0 ? NULL : *(PyDictObject **)((char *)owner + type->tp_dictoffset);
    }
    PyObject **place = _PyObject_GetDictPtr(owner); /* behind the items of a variable-size object */
    return place == NULL ? NULL : (PyDictObject *)*place;
}

/* The inline values, NULL when there are none (any more). */
static inline PyDictValues *attribute_instance_values(PyObject *owner, PyTypeObject *type)
{
    return type->tp_flags & Py_TPFLAGS_MANAGED_DICT ? *_PyObject_ValuesPointer(owner) : NULL;
}

static inline PyDictKeysObject *attribute_shared_keys(PyTypeObject *type)
{
    return ((PyHeapTypeObject *)type)->ht_cached_keys;
}

static inline bool attribute_case_fits(struct attribute_case *seen, PyObject *owner, uint32_t version)
{
    return seen->type_version == version &&
           (seen->kind != ATTRIBUTE_CLASS || ((PyTypeObject *)owner)->tp_version_tag == seen->keys_version);
}

/* The case to follow for `owner`, or NULL. An unused case has version 0 and kind ATTRIBUTE_NONE: a type without a
 * version may find it, and nothing comes of it. */
static inline struct attribute_case *attribute_find_case(struct attribute_cell *cell, PyObject *owner,
                                                         uint32_t version)
{
    if (LIKELY(attribute_case_fits(&cell->first, owner, version))) {
        return &cell->first;
    }
    struct attribute_case *more = cell->more;
    for (int number = 0; more != NULL && number < FEEDBACK_MORE_CASES; number++) {
        if (attribute_case_fits(&more[number], owner, version)) {
            return &more[number];
        }
    }
    return NULL;
}

/* Makes room for a further case in a cell that has less than FEEDBACK_MAX_CASES; its number, or -1 without memory (no exception set). */
static inline int attribute_add_case(struct attribute_cell *cell)
{
    if (cell->count == 1) {
        cell->more = data_arena_allocate(FEEDBACK_MORE_CASES * sizeof *cell->more);
        if (cell->more == NULL) {
            return -1;
        }
    }
    return cell->count++;
}

/* Lets the templates' words show this case, if there are words for its kind. */
static inline void attribute_mirror_case(struct attribute_cell *cell, const struct attribute_case *seen)
{
    switch (seen->kind) {
    case ATTRIBUTE_SLOT:
        cell->slot_version = seen->type_version;
        cell->slot_offset = seen->index;
        return;
    case ATTRIBUTE_METHOD:
        if (seen->without_dict || (seen->index == ATTRIBUTE_NO_INDEX && seen->keys_version != 0)) {
            cell->method_version = seen->type_version;
            cell->method_keys = seen->without_dict ? 0 : seen->keys_version;
            cell->method = seen->value;
        }
        __attribute__((fallthrough)); /* an instance may hold the name inline, before the class */
    case ATTRIBUTE_INLINE_VALUE:
    case ATTRIBUTE_ADD_INLINE:
    case ATTRIBUTE_TYPE_VALUE:
    case ATTRIBUTE_STATICMETHOD:
    case ATTRIBUTE_CLASSMETHOD:
        if (seen->index != ATTRIBUTE_NO_INDEX) {
            cell->inline_version = seen->type_version;
            cell->inline_offset = seen->index * (uint32_t)sizeof(PyObject *);
        }
        return;
    }
}

#endif
