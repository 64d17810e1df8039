/* tier1/templates/objects.c: attributes, globals, subscripts, calls: the inline halves; the C halves are in runtime/. */
#include "tier1/template.h"

/* ---- Globals ---- */
TEMPLATE(LOAD_GLOBAL_MODULE)
{
    struct global_cell *cell = QUAD(Q_CELL);
    PyDictKeysObject *keys = ((PyDictObject *)frame->f_globals)->ma_keys;
    if (UNLIKELY(keys->dk_version != cell->globals_version || cell->builtins_version != 0)) {
        GO(SLOW);
    }
    PyObject *value = *(PyObject **)((char *)keys + cell->offset);
    if (UNLIKELY(value == NULL)) {
        GO(SLOW);
    }
    value->ob_refcnt++;
    r0 = value;
    GO(CONT);
}

TEMPLATE(LOAD_GLOBAL_BUILTIN)
{
    struct global_cell *cell = QUAD(Q_CELL);
    PyDictKeysObject *globals = ((PyDictObject *)frame->f_globals)->ma_keys;
    PyDictKeysObject *builtins = ((PyDictObject *)frame->f_builtins)->ma_keys;
    uint32_t builtins_version = cell->builtins_version;
    if (UNLIKELY(globals->dk_version != cell->globals_version || builtins_version == 0 ||
                 builtins->dk_version != builtins_version)) {
        GO(SLOW);
    }
    PyObject *value = *(PyObject **)((char *)builtins + cell->offset);
    if (UNLIKELY(value == NULL)) {
        GO(SLOW);
    }
    value->ob_refcnt++;
    r0 = value;
    GO(CONT);
}

TEMPLATE(SLOW_LOAD_GLOBAL)
{
    SET_INSTRUCTION();
    r0 = rt_load_global(frame, QUAD(Q_NAME), QUAD(Q_CELL));
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* ---- Attribute loads. An owned owner about to die goes the slow way. ---- */
#define LOAD_ATTRIBUTE(kind)                                                                                         \
    TEMPLATE(LOAD_ATTR_INLINE_##kind)                                                                                \
    {                                                                                                                \
        PyObject *owner = READ_##kind(H_A, Q_A);                                                                     \
        struct attribute_cell *cell = QUAD(Q_CELL);                                                                  \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != cell->inline_version)) {                                      \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        PyDictValues *values = *_PyObject_ValuesPointer(owner);                                                      \
        if (UNLIKELY(values == NULL || (OWNED_##kind && owner->ob_refcnt == 1))) {                                   \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        PyObject *value = *(PyObject **)((char *)values + cell->inline_offset);                                      \
        if (UNLIKELY(value == NULL)) {                                                                               \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        value->ob_refcnt++;                                                                                          \
        if (OWNED_##kind) {                                                                                          \
            owner->ob_refcnt--;                                                                                      \
        }                                                                                                            \
        r0 = value;                                                                                                  \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(LOAD_ATTR_SLOT_##kind)                                                                                  \
    {                                                                                                                \
        PyObject *owner = READ_##kind(H_A, Q_A);                                                                     \
        struct attribute_cell *cell = QUAD(Q_CELL);                                                                  \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != cell->slot_version ||                                         \
                     (OWNED_##kind && owner->ob_refcnt == 1))) {                                                     \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        PyObject *value = *(PyObject **)((char *)owner + cell->slot_offset);                                         \
        if (UNLIKELY(value == NULL)) {                                                                               \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        value->ob_refcnt++;                                                                                          \
        if (OWNED_##kind) {                                                                                          \
            owner->ob_refcnt--;                                                                                      \
        }                                                                                                            \
        r0 = value;                                                                                                  \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(OPERAND_TO_X_##kind)                                                                                    \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        GO_WITH(CONT, value, ANY);                                                                                   \
    }
LOAD_ATTRIBUTE(L)
LOAD_ATTRIBUTE(C)
LOAD_ATTRIBUTE(S)
LOAD_ATTRIBUTE(R)

TEMPLATE(SLOW_LOAD_ATTR_B)
{
    SET_INSTRUCTION();
    x->ob_refcnt++;
    r0 = rt_load_attr(x, QUAD(Q_NAME), QUAD(Q_CELL));
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

TEMPLATE(SLOW_LOAD_ATTR_O)
{
    SET_INSTRUCTION();
    r0 = rt_load_attr(x, QUAD(Q_NAME), QUAD(Q_CELL));
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* ---- Attribute stores. a is the value, b the owner; only a borrowed owner is taken inline. The old value is an int or float, or it is not the last reference, or it
 * goes behind FREE. ---- */
#define STORE_ATTRIBUTE(kind)                                                                                        \
    TEMPLATE(STORE_ATTR_INLINE_##kind##L)                                                                            \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        PyObject *owner = DISPLACED(H_B);                                                                            \
        struct attribute_cell *cell = QUAD(Q_CELL);                                                                  \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != cell->inline_version)) {                                      \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyDictValues *values = *_PyObject_ValuesPointer(owner);                                                      \
        if (UNLIKELY(values == NULL)) {                                                                              \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyObject **place = (PyObject **)((char *)values + cell->inline_offset);                                      \
        PyObject *old = *place;                                                                                      \
        if (UNLIKELY(old == NULL)) {                                                                                 \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        *place = value;                                                                                              \
        if (UNLIKELY(--old->ob_refcnt == 0)) {                                                                       \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(STORE_ATTR_SLOT_##kind##L)                                                                              \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        PyObject *owner = DISPLACED(H_B);                                                                            \
        struct attribute_cell *cell = QUAD(Q_CELL);                                                                  \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != cell->slot_version)) {                                        \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyObject **place = (PyObject **)((char *)owner + cell->slot_offset);                                         \
        PyObject *old = *place;                                                                                      \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        *place = value;                                                                                              \
        if (old != NULL && UNLIKELY(--old->ob_refcnt == 0)) {                                                        \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
STORE_ATTRIBUTE(L)
STORE_ATTRIBUTE(C)
STORE_ATTRIBUTE(S)
STORE_ATTRIBUTE(R)

#define SLOW_STORE(name, own)                                                                                        \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        own;                                                                                                         \
        if (UNLIKELY(rt_store_attr(y, x, QUAD(Q_NAME), QUAD(Q_CELL)) < 0)) {                                         \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
SLOW_STORE(SLOW_STORE_ATTR_OO, (void)0)
SLOW_STORE(SLOW_STORE_ATTR_OB, y->ob_refcnt++)
SLOW_STORE(SLOW_STORE_ATTR_BO, x->ob_refcnt++)
SLOW_STORE(SLOW_STORE_ATTR_BB, (x->ob_refcnt++, y->ob_refcnt++))

/* ---- Methods. The owner's reference moves to the second slot. H_D is the first of the two slots. ---- */
#define LOAD_METHOD_TEMPLATE(kind)                                                                                   \
    TEMPLATE(LOAD_METHOD_##kind)                                                                                     \
    {                                                                                                                \
        PyObject *owner = READ_##kind(H_A, Q_A);                                                                     \
        struct attribute_cell *cell = QUAD(Q_CELL);                                                                  \
        PyTypeObject *type = Py_TYPE(owner);                                                                         \
        if (UNLIKELY(type->tp_version_tag != cell->method_version)) {                                                \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        uint32_t keys_version = cell->method_keys;                                                                   \
        if (keys_version != 0) {                                                                                     \
            if (UNLIKELY(*_PyObject_ValuesPointer(owner) == NULL ||                                                  \
                         ((PyHeapTypeObject *)type)->ht_cached_keys->dk_version != keys_version)) {                  \
                GO_WITH(SLOW, owner, ANY);                                                                           \
            }                                                                                                        \
        }                                                                                                            \
        PyObject *method = cell->method;                                                                             \
        method->ob_refcnt++;                                                                                         \
        if (!OWNED_##kind) {                                                                                         \
            owner->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        PyObject **slots = &DISPLACED(H_D);                                                                          \
        slots[0] = method;                                                                                           \
        slots[1] = owner;                                                                                            \
        GO(CONT);                                                                                                    \
    }
LOAD_METHOD_TEMPLATE(L)
LOAD_METHOD_TEMPLATE(C)
LOAD_METHOD_TEMPLATE(S)
LOAD_METHOD_TEMPLATE(R)

#define SLOW_METHOD(name, own)                                                                                       \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        own;                                                                                                         \
        PyObject **slots = &DISPLACED(H_D);                                                                          \
        slots[0] = x;                                                                                                \
        if (UNLIKELY(rt_load_method(slots, QUAD(Q_NAME), QUAD(Q_CELL)) < 0)) {                                       \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
SLOW_METHOD(SLOW_LOAD_METHOD_O, (void)0)
SLOW_METHOD(SLOW_LOAD_METHOD_B, x->ob_refcnt++)

/* ---- Subscripts ---- */

/* A short, non-negative int index below `size`: then its value, else -1. */
#define INDEX_BELOW(key, size)                                                                                       \
    ({                                                                                                               \
        long index_ = -1;                                                                                            \
        if (LIKELY(IS_INT(key) && (size_t)Py_SIZE(key) <= 1)) {                                                      \
            long digit_ = Py_SIZE(key) == 0 ? 0 : (long)((PyLongObject *)(key))->ob_digit[0];                        \
            if (LIKELY(digit_ < (size))) {                                                                           \
                index_ = digit_;                                                                                     \
            }                                                                                                        \
        }                                                                                                            \
        index_;                                                                                                      \
    })

#define SUBSCRIPT(ka, kb, name, type, get_size, items)                                                               \
    TEMPLATE(name##_##ka##kb)                                                                                        \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        if (UNLIKELY(Py_TYPE(a) != RUNTIME->type || (OWNED_##ka && a->ob_refcnt == 1))) {                            \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        long index = INDEX_BELOW(b, get_size(a));                                                                    \
        if (UNLIKELY(index < 0)) {                                                                                   \
            GO_WITH(SLOW, a, b);                                                                                     \
        }                                                                                                            \
        PyObject *value = items(a)[index];                                                                           \
        value->ob_refcnt++;                                                                                          \
        if (OWNED_##ka) {                                                                                            \
            a->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            DROP_INT(b);                                                                                             \
        }                                                                                                            \
        r0 = value;                                                                                                  \
        GO(CONT);                                                                                                    \
    }
#define LIST_ITEMS(object)  (((PyListObject *)(object))->ob_item)
#define TUPLE_ITEMS(object) (((PyTupleObject *)(object))->ob_item)
EACH_PAIR(SUBSCRIPT, SUBSCRIPT_LIST, list_type, PyList_GET_SIZE, LIST_ITEMS)
EACH_PAIR(SUBSCRIPT, SUBSCRIPT_TUPLE, tuple_type, PyTuple_GET_SIZE, TUPLE_ITEMS)

/* list[int] = value, all three in their slots: value H_A, list H_B, key H_C. */
TEMPLATE(STORE_SUBSCRIPT_LIST)
{
    PyObject *list = DISPLACED(H_B);
    PyObject *key = DISPLACED(H_C);
    if (UNLIKELY(Py_TYPE(list) != RUNTIME->list_type || list->ob_refcnt == 1)) {
        GO(SLOW);
    }
    long index = INDEX_BELOW(key, PyList_GET_SIZE(list));
    if (UNLIKELY(index < 0)) {
        GO(SLOW);
    }
    PyObject **place = &LIST_ITEMS(list)[index];
    PyObject *old = *place;
    *place = DISPLACED(H_A);
    list->ob_refcnt--;
    DROP_INT(key);
    if (UNLIKELY(--old->ob_refcnt == 0)) {
        GO_WITH(FREE, old, ANY);
    }
    GO(CONT);
}

TEMPLATE(SLOW_STORE_SUBSCRIPT)
{
    SET_INSTRUCTION();
    if (UNLIKELY(rt_store_subscript(DISPLACED(H_B), DISPLACED(H_C), DISPLACED(H_A)) < 0)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* The H_N values of a sequence, the first on top (H_D is the lowest slot). A sequence in r0 is owned. */
#define UNPACK(name, kind, expected, values)                                                                         \
    TEMPLATE(name##_##kind)                                                                                          \
    {                                                                                                                \
        PyObject *sequence = READ_##kind(H_A, Q_A);                                                                  \
        long count = NUMBER(H_N);                                                                                    \
        if (UNLIKELY(Py_TYPE(sequence) != RUNTIME->expected || Py_SIZE(sequence) != count ||                         \
                     (OWNED_##kind && sequence->ob_refcnt == 1))) {                                                  \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        PyObject **slots = &DISPLACED(H_D);                                                                          \
        PyObject **items = values;                                                                                   \
        if (OWNED_##kind) {                                                                                          \
            sequence->ob_refcnt--;                                                                                   \
        }                                                                                                            \
        while (--count >= 0) {                                                                                       \
            PyObject *item = *items++;                                                                               \
            item->ob_refcnt++;                                                                                       \
            slots[count] = item;                                                                                     \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
UNPACK(UNPACK_TUPLE, L, tuple_type, ((PyTupleObject *)sequence)->ob_item)
UNPACK(UNPACK_TUPLE, R, tuple_type, ((PyTupleObject *)sequence)->ob_item)
UNPACK(UNPACK_LIST, L, list_type, ((PyListObject *)sequence)->ob_item)
UNPACK(UNPACK_LIST, R, list_type, ((PyListObject *)sequence)->ob_item)

/* Any tuple or list, in r0, in C. */
TEMPLATE(UNPACK_PLAIN)
{
    if (UNLIKELY(rt_unpack_plain(r0, &DISPLACED(H_D), NUMBER(H_N)) == 0)) {
        GO(SLOW);
    }
    GO(CONT);
}
