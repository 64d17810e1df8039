/* runtime/iterators.c: see iterators.h. */
#include "runtime/iterators.h"

#include "runtime/ops.h"
#include "runtime/plain.h"

#include <stdlib.h>

/* ---- Iterators with a container and an index ------------------------------------------------------------ */

static inline bool walks_container(const PyTypeObject *type)
{
    return type == runtime_data.list_iterator_type || type == runtime_data.tuple_iterator_type ||
           type == runtime_data.ascii_iterator_type || type == runtime_data.list_reverse_iterator_type ||
           type == &PyBytesIter_Type;
}

_Static_assert(sizeof(struct list_iterator) == sizeof(struct tuple_iterator) &&
                   sizeof(struct list_iterator) == sizeof(struct str_iterator) &&
                   offsetof(struct list_iterator, list) == offsetof(struct tuple_iterator, tuple) &&
                   offsetof(struct list_iterator, list) == offsetof(struct str_iterator, string) &&
                   sizeof(struct list_iterator) == sizeof(struct map_object),
               "iterators share their memory");

/* Takes over the reference to `container`; NULL when there is no memory kept. */
static inline PyObject *iterator_from_pool(PyTypeObject *type, PyObject *container)
{
    PyObject *iterator = object_pool_take(&runtime_data.iterators);
    if (LIKELY(iterator != NULL)) {
        iterator->ob_type = type;
        ((struct list_iterator *)iterator)->index = 0;
        ((struct list_iterator *)iterator)->list = (PyListObject *)container;
        object_track_in(runtime_data.collector, iterator);
    }
    return iterator;
}

static inline PyTypeObject *pooled_type(PyObject *object)
{
    const PyTypeObject *type = Py_TYPE(object);
    return type == &PyList_Type    ? runtime_data.list_iterator_type
           : type == &PyTuple_Type ? runtime_data.tuple_iterator_type
           : type == &PyUnicode_Type && PyUnicode_IS_READY(object) && PyUnicode_IS_COMPACT_ASCII(object)
               ? runtime_data.ascii_iterator_type
           : type == &PyBytes_Type ? &PyBytesIter_Type
                                   : NULL;
}

PyObject *rt_plain_iterator(PyObject *object, int owned)
{
    PyTypeObject *pooled = pooled_type(object);
    if (LIKELY(pooled != NULL)) {
        PyObject *iterator = iterator_from_pool(pooled, object);
        if (LIKELY(iterator != NULL)) {
            if (!owned) {
                Py_INCREF(object);
            }
            return iterator;
        }
    }
    const PyTypeObject *type = Py_TYPE(object);
    if (type->tp_iter == PyObject_SelfIter) {
        if (type->tp_iternext == NULL || type->tp_iternext == _PyObject_NextNotImplemented) {
            return NULL;
        }
        return owned ? object : Py_NewRef(object);
    }
    if (type != &PyList_Type && type != &PyTuple_Type && type != &PyRange_Type && type != &PyDict_Type &&
        type != &PyDictItems_Type && type != &PyUnicode_Type && type != &PyDictValues_Type &&
        type != &PyDictKeys_Type && type != &PySet_Type && type != &PyBytes_Type) {
        return NULL;
    }
    PyObject *iterator = plain_collection_is_due(1) ? NULL : type->tp_iter(object);
    if (iterator == NULL) {
        PyErr_Clear();
        return NULL;
    }
    if (owned) {
        Py_DECREF(object); /* the iterator holds it, or what it looks at */
    }
    return iterator;
}

void iterator_note(PyObject *iterator, struct iterator_cell *cell)
{
    cell->others++;
    if (cell->type != Py_TYPE(iterator)) {
        plain_next_function next = plain_next(Py_TYPE(iterator));
        if (next != NULL) {
            cell->type = Py_TYPE(iterator);
            cell->next = next;
            cell->changes++;
        }
    }
}

int rt_iterator_ends(PyObject *iterator, struct iterator_cell *cell)
{
    struct list_iterator *self = (struct list_iterator *)iterator;
    if (!walks_container(Py_TYPE(iterator)) || self->list == NULL) {
        return 0;
    }
    PyObject *container = (PyObject *)self->list;
    Py_ssize_t length =
        Py_TYPE(iterator) == runtime_data.ascii_iterator_type ? PyUnicode_GET_LENGTH(container) : Py_SIZE(container);
    if ((size_t)self->index < (size_t)length || container->ob_refcnt == 1) {
        return 0;
    }
    iterator_note(iterator, cell);
    if (Py_TYPE(iterator) == runtime_data.list_reverse_iterator_type) {
        self->index = -1;
    }
    self->list = NULL;
    container->ob_refcnt--;
    return 1;
}

/* (listobject.c, listiter_dealloc, and the like) */
static void free_walker(PyObject *object)
{
    PyObject *container = (PyObject *)((struct list_iterator *)object)->list;
    _PyObject_GC_UNTRACK(object);
    if (container != NULL) {
        rt_release(container);
    }
    object_pool_put(&runtime_data.iterators, object);
}

/* ---- Iterators over ranges --------------------------------------------------------------------------------- */

static void free_range_iterator(PyObject *object)
{
    struct object_pool *pool = &runtime_data.range_iterators;
    if (UNLIKELY(pool->count >= OBJECT_POOL_LIMIT || object_pools_are_closed())) {
        PyObject_Free(object);
        return;
    }
    pool->blocks[++pool->count] = object;
}

/* The value of an exact int of two digits at most: less than 2**60 either way. */
static inline bool short_value(PyObject *number, long *value)
{
    Py_ssize_t size = Py_SIZE(number);
    if (Py_TYPE(number) != &PyLong_Type || (size_t)(size + 2) > 4) {
        return false;
    }
    const digit *digits = ((PyLongObject *)number)->ob_digit;
    Py_ssize_t length = size < 0 ? -size : size;
    long magnitude = length == 0 ? 0 : digits[0];
    magnitude |= length == 2 ? (long)digits[1] << PyLong_SHIFT : 0;
    *value = size < 0 ? -magnitude : magnitude;
    return true;
}

/* (rangeobject.c, get_len_of_range) */
static inline long range_length(long start, long stop, long step)
{
    if (step > 0) {
        return start < stop ? 1 + (stop - 1 - start) / step : 0;
    }
    return start > stop ? 1 + (start - 1 - stop) / -step : 0;
}

static PyObject *new_range_iterator(long start, long stop, long step)
{
    struct range_iterator *iterator = (struct range_iterator *)object_pool_take(&runtime_data.range_iterators);
    if (UNLIKELY(iterator == NULL)) {
        iterator = PyObject_New(struct range_iterator, runtime_data.range_iterator_type);
        if (iterator == NULL) {
            PyErr_Clear();
            return NULL;
        }
    }
    iterator->index = 0;
    iterator->start = start;
    iterator->step = step;
    iterator->length = range_length(start, stop, step);
    return (PyObject *)iterator;
}

PyObject *rt_plain_range(long start, long stop, long step)
{
    /* So that no sum of these overflows. */
    const long most = 1L << 48;
    bool fits = labs(start) < most && labs(stop) < most && labs(step) < most;
    return fits && step != 0 ? new_range_iterator(start, stop, step) : NULL;
}

PyObject *rt_plain_range_iterator(PyObject **slots, int count)
{
    long start = 0, stop, step = 1;
    PyObject **arguments = slots + 2;
    bool known = count == 1 ? short_value(arguments[0], &stop)
                            : short_value(arguments[0], &start) && short_value(arguments[1], &stop) &&
                                  (count == 2 || short_value(arguments[2], &step));
    if (!known || step == 0) {
        return NULL;
    }
    PyObject *iterator = new_range_iterator(start, stop, step);
    if (iterator == NULL) {
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        rt_release(arguments[i]);
    }
    slots[1]->ob_refcnt--;
    return iterator;
}

/* ---- Iterators over other iterators ---------------------------------------------------------------------------- */

/* A block of the pool as an object of the type: its fields are to be filled, then it is to be tracked. */
static inline PyObject *take(struct object_pool *pool, PyTypeObject *type)
{
    PyObject *object = object_pool_take(pool);
    if (object != NULL) {
        object->ob_type = type;
    }
    return object;
}

/* May rt_plain_tuple make a tuple of that many items without memory from the allocator? */
static inline bool tuple_is_kept(int count)
{
    return runtime_data.interpreter->tuple.free_list[count - 1] != NULL;
}

/* The tuple of `count` times None that enumerate and zip begin with. */
static inline PyObject *nones(int count)
{
    PyObject *items[MOST_ZIPPED];
    for (int i = 0; i < count; i++) {
        items[i] = Py_NewRef(Py_None);
    }
    return rt_plain_tuple(items, count);
}

/* (bltinmodule.c, map_vectorcall) */
PyObject *plain_map_call(PyObject **slots, __attribute__((unused)) int count)
{
    if (runtime_data.iterators.count < 2 || !tuple_is_kept(1) || object_pools_are_closed()) {
        return NULL;
    }
    PyObject *iterator = rt_plain_iterator(slots[3], 1);
    if (iterator == NULL) {
        return NULL;
    }
    struct map_object *map = (struct map_object *)take(&runtime_data.iterators, &PyMap_Type);
    map->iterators = rt_plain_tuple(&iterator, 1);
    map->function = slots[2];
    object_track_in(runtime_data.collector, (PyObject *)map);
    slots[1]->ob_refcnt--;
    return (PyObject *)map;
}

/* reversed(list). (listobject.c, list___reversed___impl) */
PyObject *plain_reversed_call(PyObject **slots, __attribute__((unused)) int count)
{
    if (Py_TYPE(slots[2]) != &PyList_Type) {
        return NULL;
    }
    PyObject *iterator = iterator_from_pool(runtime_data.list_reverse_iterator_type, slots[2]);
    if (iterator != NULL) {
        ((struct list_iterator *)iterator)->index = Py_SIZE(slots[2]) - 1;
        slots[1]->ob_refcnt--;
    }
    return iterator;
}

/* (enumobject.c, enum_new_impl) */
PyObject *plain_enumerate_call(PyObject **slots, __attribute__((unused)) int count)
{
    if (runtime_data.enumerates.count == 0 || !tuple_is_kept(2) || object_pools_are_closed()) {
        return NULL;
    }
    PyObject *result = nones(2);
    PyObject *iterator = rt_plain_iterator(slots[2], 1);
    if (iterator == NULL) {
        Py_DECREF(result);
        return NULL;
    }
    struct enumerate_object *self = (struct enumerate_object *)take(&runtime_data.enumerates, &PyEnum_Type);
    self->index = 0;
    self->iterator = iterator;
    self->result = result;
    self->long_index = NULL;
    self->one = (PyObject *)(runtime_data.small_int_zero + 1);
    object_track_in(runtime_data.collector, (PyObject *)self);
    slots[1]->ob_refcnt--;
    return (PyObject *)self;
}

/* Of two arguments whose iterators are kept. (bltinmodule.c, zip_new) */
PyObject *plain_zip_call(PyObject **slots, int count)
{
    PyObject *iterators[2];
    PyTypeObject *first = pooled_type(slots[2]);
    PyTypeObject *second = pooled_type(slots[3]);
    struct _Py_tuple_state *tuples = &runtime_data.interpreter->tuple;
    if (count != 2 || first == NULL || second == NULL || runtime_data.zips.count == 0 ||
        runtime_data.iterators.count < 2 || tuples->numfree[1] < 2 || object_pools_are_closed()) {
        return NULL;
    }
    iterators[0] = iterator_from_pool(first, slots[2]);
    iterators[1] = iterator_from_pool(second, slots[3]);
    struct zip_object *self = (struct zip_object *)take(&runtime_data.zips, &PyZip_Type);
    self->count = 2;
    self->iterators = rt_plain_tuple(iterators, 2);
    self->result = nones(2);
    self->strict = 0;
    object_track_in(runtime_data.collector, (PyObject *)self);
    slots[1]->ob_refcnt--;
    return (PyObject *)self;
}

static inline void release_field(PyObject *object)
{
    if (object != NULL) {
        rt_release(object);
    }
}

/* A tuple of iterators: those that die are freed here, so that their memory is kept. */
static void release_iterators(PyObject *tuple)
{
    if (tuple == NULL) {
        return;
    }
    if (tuple->ob_refcnt == 1) {
        for (Py_ssize_t i = PyTuple_GET_SIZE(tuple); --i >= 0;) {
            PyObject *iterator = PyTuple_GET_ITEM(tuple, i);
            PyTuple_SET_ITEM(tuple, i, NULL);
            release_field(iterator);
        }
    }
    Py_DECREF(tuple);
}

static void free_map(PyObject *object)
{
    struct map_object *map = (struct map_object *)object;
    _PyObject_GC_UNTRACK(object);
    release_iterators(map->iterators);
    release_field(map->function);
    object_pool_put(&runtime_data.iterators, object);
}

static void free_enumerate(PyObject *object)
{
    struct enumerate_object *self = (struct enumerate_object *)object;
    _PyObject_GC_UNTRACK(object);
    release_field(self->iterator);
    release_field(self->result);
    release_field(self->long_index);
    object_pool_put(&runtime_data.enumerates, object);
}

static void free_zip(PyObject *object)
{
    struct zip_object *self = (struct zip_object *)object;
    _PyObject_GC_UNTRACK(object);
    release_iterators(self->iterators);
    release_field(self->result);
    object_pool_put(&runtime_data.zips, object);
}

/* ---- All ------------------------------------------------------------------------------------------------------- */

int iterator_free(PyObject *object)
{
    if (Py_TYPE(object) == runtime_data.range_iterator_type) {
        free_range_iterator(object);
        return 1;
    }
    if (walks_container(Py_TYPE(object))) {
        free_walker(object);
        return 1;
    }
    if (Py_TYPE(object) == &PyMap_Type) {
        free_map(object);
        return 1;
    }
    if (Py_TYPE(object) == &PyEnum_Type) {
        free_enumerate(object);
        return 1;
    }
    if (Py_TYPE(object) == &PyZip_Type) {
        free_zip(object);
        return 1;
    }
    return 0;
}

/* May a reference to the iterator go, and what it goes over live on? */
static bool walker_goes_plainly(PyObject *object)
{
    if (!walks_container(Py_TYPE(object))) {
        return false;
    }
    const PyObject *container = (PyObject *)((struct list_iterator *)object)->list;
    return object->ob_refcnt > 1 || container == NULL || container->ob_refcnt > 1;
}

/* The tuple in which items are handed out: nobody else has it, and no item dies with it but numbers and the like. */
static bool result_goes_plainly(PyObject *result)
{
    bool plain = result->ob_refcnt == 1;
    for (Py_ssize_t i = 0; plain && i < PyTuple_GET_SIZE(result); i++) {
        const PyObject *item = PyTuple_GET_ITEM(result, i);
        plain =
            item->ob_refcnt > 2 || PyLong_CheckExact(item) || PyFloat_CheckExact(item) || PyUnicode_CheckExact(item);
    }
    return plain;
}

/* enumerate() and zip(), of which both sources may be one. */
static bool pairs_go_plainly(PyObject *object)
{
    if (Py_TYPE(object) == &PyEnum_Type) {
        const struct enumerate_object *pairs = (struct enumerate_object *)object;
        return walker_goes_plainly(pairs->iterator) && result_goes_plainly(pairs->result) &&
               pairs->long_index == NULL;
    }
    if (Py_TYPE(object) != &PyZip_Type) {
        return false;
    }
    const struct zip_object *zip = (struct zip_object *)object;
    bool plain = zip->count == 2 && zip->iterators->ob_refcnt == 1 && result_goes_plainly(zip->result);
    for (Py_ssize_t i = 0; plain && i < 2; i++) {
        PyObject *source = PyTuple_GET_ITEM(zip->iterators, i);
        const PyObject *other = PyTuple_GET_ITEM(zip->iterators, 1 - i);
        plain = source != other && walker_goes_plainly(source) && walks_container(Py_TYPE(other)) &&
                (((const struct list_iterator *)source)->list == NULL ||
                 ((const struct list_iterator *)source)->list != ((const struct list_iterator *)other)->list ||
                 ((PyObject *)((const struct list_iterator *)source)->list)->ob_refcnt > 2);
    }
    return plain;
}

int rt_iterator_frees_plainly(PyObject *object)
{
    if (pairs_go_plainly(object)) {
        return iterator_free(object);
    }
    if (Py_TYPE(object) == runtime_data.range_iterator_type) {
        free_range_iterator(object);
        return 1;
    }
    if (!walks_container(Py_TYPE(object))) {
        return 0;
    }
    PyObject *container = (PyObject *)((struct list_iterator *)object)->list;
    if (container != NULL && container->ob_refcnt == 1) {
        return 0;
    }
    free_walker(object);
    return 1;
}

void iterators_clear(void)
{
    object_pool_clear(&runtime_data.iterators);
    object_pool_clear(&runtime_data.enumerates);
    object_pool_clear(&runtime_data.zips);
    struct object_pool *ranges = &runtime_data.range_iterators;
    while (ranges->count > 0) {
        PyObject_Free(ranges->blocks[ranges->count--]);
    }
}
