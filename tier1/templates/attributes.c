/* tier1/templates/attributes.c: attributes of modules, and the stores that objects.c leaves: into what a constructor is making, and
 * into owners that are no locals. */
#include "tier1/template.h"

/* ---- Modules. The cell's first case says where the name is, as long as the dict's keys keep their version. An owner about to
 * die goes the slow way. x is the owner on the way to SLOW. ---- */
#define FIND_IN_MODULE(place)                                                                                        \
    PyObject *owner = READ_##place(H_A, Q_A);                                                                        \
    const struct attribute_case *seen = &CELL(struct attribute_cell)->first;                                         \
    if (UNLIKELY(Py_TYPE(owner) != RUNTIME->module_type || seen->kind != ATTRIBUTE_MODULE ||                         \
                 (OWNED_##place && owner->ob_refcnt == 1))) {                                                        \
        GO_WITH(SLOW, owner, ANY);                                                                                   \
    }                                                                                                                \
    PyDictObject *dict = (PyDictObject *)((PyModuleObject *)owner)->md_dict;                                         \
    if (UNLIKELY(dict == NULL)) {                                                                                    \
        GO_WITH(SLOW, owner, ANY);                                                                                   \
    }                                                                                                                \
    uint32_t version = dict->ma_keys->dk_version;                                                                    \
    if (UNLIKELY(version == 0 || version != seen->keys_version)) {                                                   \
        GO_WITH(SLOW, owner, ANY);                                                                                   \
    }                                                                                                                \
    PyObject *value = ((PyObject **)dict->ma_keys)[seen->index];                                                     \
    if (UNLIKELY(value == NULL)) {                                                                                   \
        GO_WITH(SLOW, owner, ANY);                                                                                   \
    }                                                                                                                \
    value->ob_refcnt++;                                                                                              \
    if (OWNED_##place) {                                                                                             \
        owner->ob_refcnt--;                                                                                          \
    }

#define OF_MODULE(kind)                                                                                              \
    TEMPLATE(LOAD_ATTR_MODULE_##kind)                                                                                \
    {                                                                                                                \
        FIND_IN_MODULE(kind);                                                                                        \
        r0 = value;                                                                                                  \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    /* A function of a module binds nothing: H_D gets NULL, the slot after it the function. */                       \
    TEMPLATE(LOAD_METHOD_MODULE_##kind)                                                                              \
    {                                                                                                                \
        FIND_IN_MODULE(kind);                                                                                        \
        PyObject **slots = &DISPLACED(H_D);                                                                          \
        slots[0] = NULL;                                                                                             \
        slots[1] = value;                                                                                            \
        GO(CONT);                                                                                                    \
    }
OF_MODULE(L)
OF_MODULE(C)
OF_MODULE(S)
OF_MODULE(R)

/* ---- Stores. a is the value, b the owner. The old value goes after the new one is in place; its last reference goes behind
 * FREE. ---- */

/* `absent`: what to do where the instance does not have the attribute yet. */
#define STORE_INLINE(name, ka, kb, absent)                                                                           \
    TEMPLATE(name##_##ka##kb)                                                                                        \
    {                                                                                                                \
        PyObject *value = READ_##ka(H_A, Q_A);                                                                       \
        PyObject *owner = READ_##kb(H_B, Q_B);                                                                       \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != CELL(struct attribute_cell)->inline_version)) {               \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyDictValues *values = *_PyObject_ValuesPointer(owner);                                                      \
        if (UNLIKELY(values == NULL || (OWNED_##kb && owner->ob_refcnt == 1))) {                                     \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyObject **place = (PyObject **)((char *)values + CELL(struct attribute_cell)->inline_offset);               \
        PyObject *old = *place;                                                                                      \
        absent;                                                                                                      \
        if (!OWNED_##ka) {                                                                                           \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        *place = value;                                                                                              \
        if (OWNED_##kb) {                                                                                            \
            owner->ob_refcnt--;                                                                                      \
        }                                                                                                            \
        if (old != NULL && UNLIKELY(--old->ob_refcnt == 0)) {                                                        \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
#define LEAVE_IF_ABSENT                                                                                              \
    if (UNLIKELY(old == NULL)) {                                                                                     \
        GO_WITH(SLOW, value, owner);                                                                                 \
    }
/* The keys exist already, shared with the class's other instances; only the order of insertion is this instance's own. */
#define ADD_IF_ABSENT                                                                                                \
    if (old == NULL) {                                                                                               \
        _PyDictValues_AddToInsertionOrder(                                                                           \
            values, (Py_ssize_t)(CELL(struct attribute_cell)->inline_offset / sizeof(PyObject *)));                  \
    }
STORE_INLINE(STORE_ATTR_INLINE, L, R, LEAVE_IF_ABSENT)
STORE_INLINE(STORE_ATTR_INLINE, C, R, LEAVE_IF_ABSENT)
STORE_INLINE(STORE_ATTR_INLINE, S, R, LEAVE_IF_ABSENT)
STORE_INLINE(STORE_ATTR_ADD, L, L, ADD_IF_ABSENT)
STORE_INLINE(STORE_ATTR_ADD, C, L, ADD_IF_ABSENT)
STORE_INLINE(STORE_ATTR_ADD, S, L, ADD_IF_ABSENT)
STORE_INLINE(STORE_ATTR_ADD, R, L, ADD_IF_ABSENT)

#define STORE_SLOT(ka)                                                                                               \
    TEMPLATE(STORE_ATTR_SLOT_##ka##R)                                                                                \
    {                                                                                                                \
        PyObject *value = READ_##ka(H_A, Q_A);                                                                       \
        PyObject *owner = r0;                                                                                        \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != CELL(struct attribute_cell)->slot_version ||                  \
                     owner->ob_refcnt == 1)) {                                                                       \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyObject **place = (PyObject **)((char *)owner + CELL(struct attribute_cell)->slot_offset);                  \
        PyObject *old = *place;                                                                                      \
        if (!OWNED_##ka) {                                                                                           \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        *place = value;                                                                                              \
        owner->ob_refcnt--;                                                                                          \
        if (old != NULL && UNLIKELY(--old->ob_refcnt == 0)) {                                                        \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
STORE_SLOT(L)
STORE_SLOT(C)
STORE_SLOT(S)
