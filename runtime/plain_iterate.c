/* runtime/plain_iterate.c: advancing built-in iterators over built-in containers, where that runs no code. See plain.h.
 *
 * Each function says what the type's own tp_iternext would, or NULL with the iterator as it was: at the end, after an error, or where
 * somebody else's code would have to run. The tuples that enumerate, zip and dict.items() hand out are used again as
 * stock does it: what a program can see of them (identity, reference counts, what they keep alive) is the same.
 */
#include "runtime/iterators.h"
#include "runtime/plain.h"

#include "runtime/ops.h"

/* ---- Iterators that hold an index ------------------------------------------------------------------------ */

static inline PyObject *list_item(PyObject *iterator)
{
    struct list_iterator *self = (struct list_iterator *)iterator;
    PyListObject *list = self->list;
    return list != NULL && self->index < PyList_GET_SIZE(list) ? Py_NewRef(list->ob_item[self->index]) : NULL;
}

static inline PyObject *tuple_item(PyObject *iterator)
{
    struct tuple_iterator *self = (struct tuple_iterator *)iterator;
    PyTupleObject *tuple = self->tuple;
    return tuple != NULL && self->index < PyTuple_GET_SIZE(tuple) ? Py_NewRef(tuple->ob_item[self->index]) : NULL;
}

static inline PyObject *range_item(PyObject *iterator)
{
    struct range_iterator *self = (struct range_iterator *)iterator;
    if (self->index >= self->length) {
        return NULL;
    }
    PyObject *value =
        rt_int_from_long((long)((unsigned long)self->start + (unsigned long)self->index * (unsigned long)self->step));
    if (value == NULL) {
        PyErr_Clear();
    }
    return value;
}

struct one_character {
    PyASCIIObject string;
    uint8_t data[2];
};

static inline PyObject *ascii_item(PyObject *iterator)
{
    struct str_iterator *self = (struct str_iterator *)iterator;
    if (self->string == NULL || self->index >= PyUnicode_GET_LENGTH(self->string)) {
        return NULL;
    }
    unsigned char character = PyUnicode_1BYTE_DATA(self->string)[self->index];
    return Py_NewRef((PyObject *)((struct one_character *)runtime_data.ascii + character));
}

_Static_assert(offsetof(struct list_iterator, index) == offsetof(struct range_iterator, index) &&
                   offsetof(struct list_iterator, index) == offsetof(struct tuple_iterator, index) &&
                   offsetof(struct list_iterator, index) == offsetof(struct str_iterator, index),
               "indexes of iterators");

/* The next item of any of the four, which stays the next: a new reference, or NULL. */
static inline PyObject *peek(PyObject *iterator)
{
    const PyTypeObject *type = Py_TYPE(iterator);
    return type == runtime_data.list_iterator_type    ? list_item(iterator)
           : type == runtime_data.range_iterator_type ? range_item(iterator)
           : type == runtime_data.tuple_iterator_type ? tuple_item(iterator)
           : type == runtime_data.ascii_iterator_type ? ascii_item(iterator)
                                                      : NULL;
}

static inline void advance(PyObject *iterator)
{
    ((struct list_iterator *)iterator)->index++;
}

static PyObject *next_of_list(PyObject *iterator)
{
    PyObject *item = list_item(iterator);
    ((struct list_iterator *)iterator)->index += item != NULL;
    return item;
}

static PyObject *next_of_tuple(PyObject *iterator)
{
    PyObject *item = tuple_item(iterator);
    ((struct tuple_iterator *)iterator)->index += item != NULL;
    return item;
}

static PyObject *next_of_range(PyObject *iterator)
{
    PyObject *item = range_item(iterator);
    ((struct range_iterator *)iterator)->index += item != NULL;
    return item;
}

static PyObject *next_of_ascii(PyObject *iterator)
{
    PyObject *item = ascii_item(iterator);
    ((struct str_iterator *)iterator)->index += item != NULL;
    return item;
}

/* (bytesobject.c, striter_next) */
static PyObject *next_of_bytes(PyObject *iterator)
{
    struct str_iterator *self = (struct str_iterator *)iterator;
    if (self->string == NULL || self->index >= PyBytes_GET_SIZE(self->string)) {
        return NULL;
    }
    unsigned char byte = (unsigned char)PyBytes_AS_STRING(self->string)[self->index++];
    return Py_NewRef((PyObject *)(runtime_data.small_int_zero + byte));
}

/* reversed(list). (listobject.c, listreviter_next) */
static PyObject *next_of_reversed(PyObject *iterator)
{
    struct list_iterator *self = (struct list_iterator *)iterator;
    PyListObject *list = self->list;
    if (list == NULL || self->index < 0 || self->index >= PyList_GET_SIZE(list)) {
        return NULL;
    }
    return Py_NewRef(list->ob_item[self->index--]);
}

/* (setobject.c, setiter_iternext) */
static PyObject *next_of_set(PyObject *iterator)
{
    struct set_iterator *self = (struct set_iterator *)iterator;
    PySetObject *set = self->set;
    if (set == NULL || self->used != set->used) {
        return NULL;
    }
    Py_ssize_t position = self->position;
    /* A key that was removed has left a stand-in with hash -1. */
    while (position <= set->mask && (set->table[position].key == NULL || set->table[position].hash == -1)) {
        position++;
    }
    if (position > set->mask) {
        return NULL;
    }
    self->position = position + 1;
    self->length--;
    return Py_NewRef(set->table[position].key);
}

/* ---- Tuples used again ---------------------------------------------------------------------------------------- */

/* Can the tuple `result` of an iterator be filled anew, because nobody else has it, and without running code? Else a new one is wanted:
 * *fresh. False: neither is possible. */
static inline bool may_fill(PyObject *result, bool *fresh)
{
    *fresh = result->ob_refcnt != 1;
    if (*fresh) {
        return !plain_collection_is_due(1);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(result); i++) {
        if (!plain_release(PyTuple_GET_ITEM(result, i))) {
            return false;
        }
    }
    return true;
}

/* The tuple with these items, which are stolen; may_fill has said yes. A new reference, or NULL without memory, the items kept. */
static inline PyObject *fill(PyObject *result, bool fresh, PyObject **items, int count)
{
    if (fresh) {
        return rt_plain_tuple(items, count);
    }
    Py_INCREF(result);
    for (int i = 0; i < count; i++) {
        PyObject *old = PyTuple_GET_ITEM(result, i);
        PyTuple_SET_ITEM(result, i, items[i]);
        rt_release(old);
    }
    /* The collector may have taken the tuple from its lists while it held atoms only. */
    if (UNLIKELY(!_PyObject_GC_IS_TRACKED(result))) {
        _PyObject_GC_TRACK(result);
    }
    return result;
}

/* (enumobject.c, enum_next) */
static PyObject *next_of_enumerate(PyObject *iterator)
{
    struct enumerate_object *self = (struct enumerate_object *)iterator;
    bool fresh;
    if (self->index == PY_SSIZE_T_MAX || !may_fill(self->result, &fresh)) {
        return NULL;
    }
    PyObject *items[2];
    items[1] = peek(self->iterator);
    if (items[1] == NULL) {
        return NULL;
    }
    items[0] = rt_int_from_long(self->index);
    PyObject *result = items[0] == NULL ? NULL : fill(self->result, fresh, items, 2);
    if (UNLIKELY(result == NULL)) {
        Py_XDECREF(items[0]);
        Py_DECREF(items[1]); /* the container has it, too */
        PyErr_Clear();
        return NULL;
    }
    advance(self->iterator);
    self->index++;
    return result;
}

/* (bltinmodule.c, zip_next) */
static PyObject *next_of_zip(PyObject *iterator)
{
    struct zip_object *self = (struct zip_object *)iterator;
    int count = (int)self->count;
    bool fresh;
    if (self->count < 1 || self->count > MOST_ZIPPED || !may_fill(self->result, &fresh)) {
        return NULL;
    }
    PyObject *items[MOST_ZIPPED];
    if (count == 2) {
        struct list_iterator *first = (struct list_iterator *)PyTuple_GET_ITEM(self->iterators, 0);
        struct list_iterator *second = (struct list_iterator *)PyTuple_GET_ITEM(self->iterators, 1);
        const PyTypeObject *type = runtime_data.list_iterator_type;
        if (Py_TYPE(first) == type && Py_TYPE(second) == type && first != second && first->list != NULL &&
            second->list != NULL && first->index < PyList_GET_SIZE(first->list) &&
            second->index < PyList_GET_SIZE(second->list)) {
            items[0] = Py_NewRef(first->list->ob_item[first->index]);
            items[1] = Py_NewRef(second->list->ob_item[second->index]);
            PyObject *result = fill(self->result, fresh, items, 2);
            if (LIKELY(result != NULL)) {
                first->index++;
                second->index++;
            } else {
                Py_DECREF(items[0]); /* the lists have them, too */
                Py_DECREF(items[1]);
            }
            return result;
        }
    }
    int taken = 0;
    /* One iterator given twice hands out one item after the other. */
    for (; taken < count; taken++) {
        PyObject *source = PyTuple_GET_ITEM(self->iterators, taken);
        items[taken] = peek(source);
        if (items[taken] == NULL) {
            break;
        }
        advance(source);
    }
    PyObject *result = taken < count ? NULL : fill(self->result, fresh, items, count);
    if (UNLIKELY(result == NULL)) {
        while (--taken >= 0) {
            ((struct list_iterator *)PyTuple_GET_ITEM(self->iterators, taken))->index--;
            rt_release(items[taken]); /* an int of a range, or the container has it, too */
        }
        PyErr_Clear();
        return NULL;
    }
    return result;
}

/* ---- Dicts --------------------------------------------------------------------------------------------------------- */

/* Finds the entry that comes next and goes behind it: false where tp_iternext has to. (dictobject.c, dictiter_iternextkey) */
static inline bool next_entry(struct dict_iterator *self, PyObject **key, PyObject **value)
{
    PyDictObject *dict = self->dict;
    if (dict == NULL || self->used != dict->ma_used || dict->ma_values != NULL || self->length == 0) {
        return false;
    }
    PyDictKeysObject *keys = dict->ma_keys;
    Py_ssize_t position = self->position;
    if (DK_IS_UNICODE(keys)) {
        const PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(keys);
        while (position < keys->dk_nentries && entries[position].me_value == NULL) {
            position++;
        }
        if (position >= keys->dk_nentries) {
            return false;
        }
        *key = entries[position].me_key;
        *value = entries[position].me_value;
    } else {
        const PyDictKeyEntry *entries = DK_ENTRIES(keys);
        while (position < keys->dk_nentries && entries[position].me_value == NULL) {
            position++;
        }
        if (position >= keys->dk_nentries) {
            return false;
        }
        *key = entries[position].me_key;
        *value = entries[position].me_value;
    }
    self->position = position + 1;
    self->length--;
    return true;
}

static PyObject *next_of_dict_keys(PyObject *iterator)
{
    PyObject *key, *value;
    return next_entry((struct dict_iterator *)iterator, &key, &value) ? Py_NewRef(key) : NULL;
}

static PyObject *next_of_dict_values(PyObject *iterator)
{
    PyObject *key, *value;
    return next_entry((struct dict_iterator *)iterator, &key, &value) ? Py_NewRef(value) : NULL;
}

static PyObject *next_of_dict_items(PyObject *iterator)
{
    struct dict_iterator *self = (struct dict_iterator *)iterator;
    struct dict_iterator before = *self;
    PyObject *items[2];
    bool fresh;
    if (!may_fill(self->result, &fresh) || !next_entry(self, &items[0], &items[1])) {
        return NULL;
    }
    Py_INCREF(items[0]);
    Py_INCREF(items[1]);
    PyObject *result = fill(self->result, fresh, items, 2);
    if (UNLIKELY(result == NULL)) {
        Py_DECREF(items[0]);
        Py_DECREF(items[1]);
        self->position = before.position;
        self->length = before.length;
    }
    return result;
}

/* ---- Ends ----------------------------------------------------------------------------------------------------------- */

/* What iterators over one container have at their end: they let go of it. False: it would die. */
static bool let_go(PyObject **container)
{
    if (*container != NULL && (*container)->ob_refcnt == 1) {
        return false;
    }
    Py_CLEAR(*container);
    return true;
}

static bool dict_has_no_more(const struct dict_iterator *self)
{
    const PyDictObject *dict = self->dict;
    if (dict == NULL || self->used != dict->ma_used || dict->ma_values != NULL) {
        return dict == NULL;
    }
    PyDictKeysObject *keys = dict->ma_keys;
    Py_ssize_t position = self->position;
    while (position < keys->dk_nentries && (DK_IS_UNICODE(keys) ? DK_UNICODE_ENTRIES(keys)[position].me_value
                                                                : DK_ENTRIES(keys)[position].me_value) == NULL) {
        position++;
    }
    return position >= keys->dk_nentries;
}

/* (bltinmodule.c, zip_next: those before the first that has come to its end have been advanced) */
static bool zip_ends(struct zip_object *self)
{
    Py_ssize_t count = self->count <= MOST_ZIPPED && !self->strict ? self->count : 0;
    Py_ssize_t advanced = 0;
    for (; advanced < count; advanced++) {
        PyObject *source = PyTuple_GET_ITEM(self->iterators, advanced);
        PyObject *item = peek(source);
        if (item == NULL) {
            if (rt_plain_iterator_ends(source)) {
                return true;
            }
            break;
        }
        rt_release(item); /* an int of a range, or the container has it, too */
        advance(source);
    }
    while (--advanced >= 0) {
        ((struct list_iterator *)PyTuple_GET_ITEM(self->iterators, advanced))->index--;
    }
    return false;
}

int rt_plain_iterator_ends(PyObject *iterator)
{
    const PyTypeObject *type = Py_TYPE(iterator);
    if (type == runtime_data.range_iterator_type) {
        const struct range_iterator *self = (struct range_iterator *)iterator;
        return self->index >= self->length;
    }
    if (type == runtime_data.list_iterator_type || type == runtime_data.tuple_iterator_type ||
        type == runtime_data.ascii_iterator_type) {
        struct list_iterator *self = (struct list_iterator *)iterator;
        return peek(iterator) == NULL && let_go((PyObject **)&self->list);
    }
    if (type == &PyEnum_Type) {
        return rt_plain_iterator_ends(((struct enumerate_object *)iterator)->iterator);
    }
    if (type == &PyZip_Type) {
        return zip_ends((struct zip_object *)iterator);
    }
    if (type == &PyDictIterKey_Type || type == &PyDictIterValue_Type || type == &PyDictIterItem_Type) {
        struct dict_iterator *self = (struct dict_iterator *)iterator;
        return dict_has_no_more(self) && let_go((PyObject **)&self->dict);
    }
    return 0;
}

/* ---- By type ---------------------------------------------------------------------------------------------------------- */

plain_next_function plain_next(const PyTypeObject *type)
{
    const struct {
        const PyTypeObject *type;
        plain_next_function next;
    } known[] = {
        {runtime_data.list_iterator_type, next_of_list},
        {runtime_data.tuple_iterator_type, next_of_tuple},
        {runtime_data.range_iterator_type, next_of_range},
        {runtime_data.ascii_iterator_type, next_of_ascii},
        {&PyBytesIter_Type, next_of_bytes},
        {&PyEnum_Type, next_of_enumerate},
        {&PyZip_Type, next_of_zip},
        {&PyDictIterItem_Type, next_of_dict_items},
        {&PyDictIterKey_Type, next_of_dict_keys},
        {&PyDictIterValue_Type, next_of_dict_values},
        {runtime_data.set_iterator_type, next_of_set},
        {runtime_data.list_reverse_iterator_type, next_of_reversed},
    };
    /* Sites that meet such a type ask again at every turn. */
    static const PyTypeObject *last_unknown;
    if (type == last_unknown) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].type == type) {
            return known[i].next;
        }
    }
    last_unknown = type;
    return NULL;
}
