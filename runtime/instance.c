/* runtime/instance.c: see instance.h. */
#include "runtime/instance.h"

#include "runtime/object_pool.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"
#include "runtime/trashcan.h"

#include <structmember.h>

/* ---- Memory ---------------------------------------------------------------------------------------------- */

/* Blocks of one size in words, linked through their first words. */
struct block_list {
    void *first;
    uint32_t count;
};
enum { WORD = sizeof(PyObject *), LARGEST_BLOCK = 320, MOST_BLOCKS = 128 };

/* Of objects: the whole block, with what stands before the object. Of inline values: likewise. */
static struct block_list object_blocks[LARGEST_BLOCK / WORD + 1];
static struct block_list value_blocks[LARGEST_BLOCK / WORD + 1];

static inline size_t whole_words(size_t size)
{
    return (size + WORD - 1) / WORD * WORD;
}

static inline struct block_list *list_for(struct block_list *lists, size_t size)
{
    return size <= LARGEST_BLOCK ? &lists[size / WORD] : NULL;
}

/* NULL where there is none. Tracemalloc must see new memory. */
static inline void *take_block(struct block_list *list)
{
    if (UNLIKELY(list == NULL || list->first == NULL || object_pools_are_closed())) {
        return NULL;
    }
    void *block = list->first;
    list->first = *(void **)block;
    list->count--;
    return block;
}

/* Keeps the block; false: there are enough. */
static inline bool keep_block(struct block_list *list, void *block)
{
    if (UNLIKELY(list == NULL || list->count >= MOST_BLOCKS || object_pools_are_closed())) {
        return false;
    }
    *(void **)block = list->first;
    list->first = block;
    list->count++;
    return true;
}

void instance_clear_pools(void)
{
    for (size_t i = 0; i < sizeof object_blocks / sizeof *object_blocks; i++) {
        void *block;
        while ((block = object_blocks[i].first) != NULL) {
            object_blocks[i].first = *(void **)block;
            PyObject_Free(block);
        }
        while ((block = value_blocks[i].first) != NULL) {
            value_blocks[i].first = *(void **)block;
            PyMem_Free(block);
        }
        object_blocks[i].count = value_blocks[i].count = 0;
    }
}

/* ---- Making ------------------------------------------------------------------------------------------------ */

bool instance_class_is_plain(const PyTypeObject *type)
{
    return type->tp_new == PyBaseObject_Type.tp_new && type->tp_alloc == PyType_GenericAlloc &&
           type->tp_flags & Py_TPFLAGS_HEAPTYPE && type->tp_flags & Py_TPFLAGS_HAVE_GC &&
           !(type->tp_flags & Py_TPFLAGS_IS_ABSTRACT) && type->tp_itemsize == 0 &&
           (type->tp_flags & Py_TPFLAGS_MANAGED_DICT || type->tp_dictoffset == 0);
}

PyObject *instance_class_new(PyTypeObject *type)
{
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE) || !Py_IS_TYPE(type, &PyType_Type) || type->tp_vectorcall != NULL ||
        type->tp_init != PyBaseObject_Type.tp_init || type->tp_new == PyBaseObject_Type.tp_new) {
        return NULL;
    }
    PyObject *method = _PyType_Lookup(type, &_Py_ID(__new__));
    return method != NULL && Py_IS_TYPE(method, &PyStaticMethod_Type) && instance_new_function(method) != NULL
               ? method
               : NULL;
}

PyObject *instance_of_tuple(PyThreadState *tstate, PyObject *type, PyObject *items, bool *handled)
{
    PyTypeObject *class = (PyTypeObject *)type;
    *handled = PyType_Check(type) && class->tp_base == &PyTuple_Type &&
               class->tp_dealloc == runtime_data.subtype_dealloc && PyTuple_CheckExact(items) &&
               tstate->recursion_remaining > 0;
    if (!*handled) {
        return NULL;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(items);
    PyObject *object = class->tp_alloc(class, count);
    if (object != NULL) {
        for (Py_ssize_t i = 0; i < count; i++) {
            PyTuple_SET_ITEM(object, i, Py_NewRef(PyTuple_GET_ITEM(items, i)));
        }
    }
    return object;
}

/* Values for `count` shared keys, all empty, in `block` unless that is NULL; NULL without memory, no exception set. The bytes before them are the order of
 * insertion, their number and the size of this prefix. (dictobject.c, new_values) */
static inline __attribute__((always_inline)) PyDictValues *new_values(Py_ssize_t count, uint8_t *block)
{
    size_t prefix = whole_words((size_t)count + 2);
    size_t size = prefix + (size_t)count * WORD;
    block = block != NULL ? block : take_block(list_for(value_blocks, size));
    if (UNLIKELY(block == NULL)) {
        block = PyMem_Malloc(size);
        if (block == NULL) {
            return NULL;
        }
    }
    block[prefix - 1] = (uint8_t)prefix;
    block[prefix - 2] = 0;
    PyDictValues *values = (PyDictValues *)(block + prefix);
    PyObject **end = &values->values[count];
    for (PyObject **value = values->values; value < end; value++) {
        *value = NULL;
        __asm__ volatile("" ::"r"(value)); /* they are few: no call of memset */
    }
    return values;
}

/* What instance_try makes, in reserved memory, unless that is NULL. */
static inline __attribute__((always_inline)) PyObject *make_instance(PyThreadState *tstate, PyTypeObject *type,
                                                                     void *block, void *block_of_values)
{
    bool has_values = (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0;
    size_t before = sizeof(PyGC_Head) + (has_values ? 2 * WORD : 0);
    size_t size = whole_words((size_t)type->tp_basicsize);
    struct gc_generation *youngest = tstate->interp->gc.generations;
    if (block == NULL) {
        if (UNLIKELY(youngest->count >= youngest->threshold && tstate->interp->gc.enabled)) {
            return NULL; /* collecting is CPython's business */
        }
        block = take_block(list_for(object_blocks, before + size));
    }
    if (UNLIKELY(block == NULL) && (block = PyObject_Malloc(before + size)) == NULL) {
        return NULL;
    }
    PyObject *object = (PyObject *)((char *)block + before);
    object->ob_type = type;
    if (has_values) {
        PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
        Py_ssize_t usable = keys->dk_usable - (keys->dk_usable > 1);
        PyDictValues *values = new_values(keys->dk_nentries + usable, block_of_values);
        if (UNLIKELY(values == NULL)) {
            PyObject_Free(block);
            return NULL;
        }
        keys->dk_usable = usable; /* classes whose instances differ come to an end of their shared keys so */
        *_PyObject_ValuesPointer(object) = values;
        *_PyObject_ManagedDictPointer(object) = NULL;
    }
    youngest->count++;
    for (PyObject **word = (PyObject **)((char *)object + size); word > (PyObject **)(object + 1);) {
        *--word = NULL;
        __asm__ volatile("" ::"r"(word)); /* it is one or two words: no call of memset */
    }
    object->ob_refcnt = 1;
    Py_INCREF(type);
    _Py_AS_GC(object)->_gc_prev = 0;
    object_track(tstate, object);
    return object;
}

PyObject *instance_try(PyThreadState *tstate, PyTypeObject *type)
{
    return make_instance(tstate, type, NULL, NULL);
}

bool instance_fits_reserve(const PyTypeObject *type)
{
    return sizeof(PyGC_Head) + 2 * WORD + whole_words((size_t)type->tp_basicsize) <= INSTANCE_RESERVE_BYTES;
}

PyObject *instance_in_reserve(PyThreadState *tstate, PyTypeObject *type, void *block, void *values)
{
    return make_instance(tstate, type, block, values);
}

PyObject *instance_new(PyThreadState *tstate, PyTypeObject *type)
{
    PyObject *object = instance_try(tstate, type);
    return LIKELY(object != NULL) ? object : type->tp_new(type, (PyObject *)&_Py_SINGLETON(tuple_empty), NULL);
}

/* ---- Deallocating ------------------------------------------------------------------------------------------ */

bool instance_class_dies_plainly(const PyTypeObject *type)
{
    if (type->tp_finalize != NULL || type->tp_del != NULL || type->tp_free != PyObject_GC_Del ||
        type->tp_itemsize != 0 || !(type->tp_flags & Py_TPFLAGS_HAVE_GC) || type->tp_weaklistoffset < 0 ||
        !(type->tp_flags & Py_TPFLAGS_MANAGED_DICT || type->tp_dictoffset == 0)) {
        return false;
    }
    const PyTypeObject *base = type->tp_base;
    while (base->tp_dealloc == runtime_data.subtype_dealloc) {
        base = base->tp_base;
    }
    return base == &PyBaseObject_Type;
}

/* Drops what stands in the slots that this class adds. (typeobject.c, clear_slots) */
static void clear_slots(PyTypeObject *class, PyObject *object)
{
    const PyMemberDef *member = (PyMemberDef *)((char *)class + Py_TYPE(class)->tp_basicsize);
    for (Py_ssize_t i = 0; i < Py_SIZE(class); i++, member++) {
        if (member->type == T_OBJECT_EX && !(member->flags & READONLY)) {
            PyObject **slot = (PyObject **)((char *)object + member->offset);
            PyObject *value = *slot;
            if (value != NULL) {
                *slot = NULL;
                rt_release(value);
            }
        }
    }
}

/* (dictobject.c, _PyObject_FreeInstanceAttributes) */
static inline void free_values(PyTypeObject *type, PyObject *object)
{
    PyDictValues *values = *_PyObject_ValuesPointer(object);
    if (values == NULL) {
        return;
    }
    *_PyObject_ValuesPointer(object) = NULL;
    PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
    for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
        PyObject *value = values->values[i];
        if (value != NULL) {
            rt_release(value);
        }
    }
    size_t prefix = ((uint8_t *)values)[-1];
    char *block = (char *)values - prefix;
    /* There is room for as many values as the class had shared keys at first, which only become fewer. */
    size_t size = prefix + (size_t)(keys->dk_nentries + keys->dk_usable) * WORD;
    if (!keep_block(list_for(value_blocks, size), block)) {
        PyMem_Free(block);
    }
}

void instance_dealloc(PyThreadState *tstate, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (UNLIKELY(!instance_class_dies_plainly(type) || trashcan_is_due(tstate))) {
        _Py_Dealloc(object);
        return;
    }
    if (LIKELY(_PyObject_GC_IS_TRACKED(object))) {
        _PyObject_GC_UNTRACK(object);
    }
    tstate->trash_delete_nesting++;
    if (type->tp_weaklistoffset > 0 && *_PyObject_GET_WEAKREFS_LISTPTR(object) != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    for (PyTypeObject *class = type; class->tp_dealloc == runtime_data.subtype_dealloc; class = class->tp_base) {
        if (Py_SIZE(class) != 0) {
            clear_slots(class, object);
        }
    }
    size_t before = sizeof(PyGC_Head);
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        before += 2 * WORD;
        PyObject *dict = *_PyObject_ManagedDictPointer(object);
        if (dict != NULL) {
            rt_release(dict);
            *_PyObject_ManagedDictPointer(object) = NULL;
        } else {
            free_values(type, object);
        }
    }
    /* A destructor may have changed the object's class, as long as the layout is the same. */
    type = Py_TYPE(object);
    size_t size = whole_words((size_t)type->tp_basicsize);
    struct gc_generation *youngest = tstate->interp->gc.generations;
    if (LIKELY(keep_block(list_for(object_blocks, before + size), (char *)object - before))) {
        if (youngest->count > 0) {
            youngest->count--;
        }
    } else {
        PyObject_GC_Del(object);
    }
    Py_DECREF(type);
    trashcan_end(tstate);
}
