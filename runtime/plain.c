/* runtime/plain.c: see plain.h. */
#include "runtime/plain.h"

#include "runtime/object_pool.h"
#include "runtime/ops.h"

/* ---- Keys ---------------------------------------------------------------------------------------------- */

enum key_kind {
    KEY_UNKNOWN,
    KEY_STR,
    KEY_INT, /* bool too */
    KEY_FLOAT,
    KEY_BYTES,
    KEY_TUPLE,
    KEY_IDENTITY, /* equal to itself only, among plain keys: object's own hash and comparison */
};

static inline enum key_kind key_kind(PyObject *key)
{
    const PyTypeObject *type = Py_TYPE(key);
    if (type == &PyUnicode_Type) {
        return KEY_STR;
    }
    if (type == &PyLong_Type || type == &PyBool_Type) {
        return KEY_INT;
    }
    if (type == &PyTuple_Type) {
        return KEY_TUPLE;
    }
    if (type == &PyFloat_Type) {
        return KEY_FLOAT;
    }
    if (type == &PyBytes_Type) {
        return KEY_BYTES;
    }
    return type->tp_hash == PyBaseObject_Type.tp_hash && type->tp_richcompare == PyBaseObject_Type.tp_richcompare
               ? KEY_IDENTITY
               : KEY_UNKNOWN;
}

/* The hash of an exact int or bool: the number itself where it has one digit, but -2 for -1. (longobject.c, long_hash) */
static inline Py_hash_t int_hash(PyObject *number)
{
    Py_ssize_t size = Py_SIZE(number);
    if (UNLIKELY((size_t)(size + 1) > 2)) {
        return PyLong_Type.tp_hash(number);
    }
    Py_hash_t hash = size * (Py_hash_t)((PyLongObject *)number)->ob_digit[0];
    return hash == -1 ? -2 : hash;
}

/* Tuples are looked into so deep. */
enum { DEEPEST_TUPLE = 3 };

/* Does a tuple hold nothing but numbers, strings, None and such tuples? Then its death runs no code either. */
static bool is_tuple_of_values(PyObject *tuple, int depth)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i);
        enum key_kind kind = key_kind(item);
        if (kind == KEY_TUPLE ? depth == 0 || !is_tuple_of_values(item, depth - 1)
                              : kind == KEY_UNKNOWN || (kind == KEY_IDENTITY && item != Py_None)) {
            return false;
        }
    }
    return true;
}

/* Hashes a plain key; false for others. */
static inline bool hash_key(PyObject *key, enum key_kind kind, Py_hash_t *hash)
{
    switch (kind) {
    case KEY_STR:
        *hash = ((PyASCIIObject *)key)->hash;
        if (UNLIKELY(*hash == -1)) {
            *hash = PyUnicode_Type.tp_hash(key);
            if (*hash == -1) {
                PyErr_Clear(); /* no memory; the general operation will say so */
                return false;
            }
        }
        return true;
    case KEY_INT:
        *hash = int_hash(key);
        return true;
    case KEY_TUPLE:
        if (!is_tuple_of_values(key, DEEPEST_TUPLE)) {
            return false;
        }
        *hash = PyTuple_Type.tp_hash(key);
        return true;
    case KEY_FLOAT:
    case KEY_BYTES:
    case KEY_IDENTITY:
        *hash = Py_TYPE(key)->tp_hash(key);
        return true;
    default:
        return false;
    }
}

static inline bool equal_ints(PyObject *left, PyObject *right)
{
    Py_ssize_t size = Py_SIZE(left);
    if (size != Py_SIZE(right)) {
        return false;
    }
    const digit *a = ((PyLongObject *)left)->ob_digit;
    const digit *b = ((PyLongObject *)right)->ob_digit;
    for (Py_ssize_t i = size < 0 ? -size : size; --i >= 0;) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

/* Comparing costs levels of recursion on stock: so many are to be left. */
enum { LEVELS_LEFT = DEEPEST_TUPLE + 3 };

/* Are two keys equal? 1, 0, or -1 where telling would run code, or is not worth telling. */
static int equal_keys(PyObject *left, PyObject *right, enum key_kind right_kind)
{
    if (left == right) {
        return 1;
    }
    enum key_kind kind = key_kind(left);
    if (UNLIKELY(_PyThreadState_GET()->recursion_remaining < LEVELS_LEFT)) {
        return -1;
    }
    if (kind != right_kind) {
        /* A float may equal an int; comparing bytes with others may give a warning. */
        bool unsure = kind == KEY_UNKNOWN || kind == KEY_FLOAT || right_kind == KEY_FLOAT || kind == KEY_BYTES ||
                      right_kind == KEY_BYTES;
        return unsure ? -1 : 0;
    }
    switch (kind) {
    case KEY_STR:
        /* A str of the old C API may not be ready to be read. */
        return LIKELY(PyUnicode_IS_READY(left) && PyUnicode_IS_READY(right)) ? _PyUnicode_EQ(left, right) : -1;
    case KEY_INT:
        return equal_ints(left, right);
    case KEY_FLOAT:
        return PyFloat_AS_DOUBLE(left) == PyFloat_AS_DOUBLE(right);
    case KEY_TUPLE:
        if (Py_SIZE(left) != Py_SIZE(right)) {
            return -1;
        }
        for (Py_ssize_t i = 0; i < Py_SIZE(left); i++) {
            PyObject *item = PyTuple_GET_ITEM(right, i);
            int equal = equal_keys(PyTuple_GET_ITEM(left, i), item, key_kind(item));
            if (equal != 1) {
                return equal;
            }
        }
        return 1;
    case KEY_IDENTITY:
        return 0;
    default:
        return -1; /* bytes */
    }
}

/* ---- Tables -------------------------------------------------------------------------------------------- */

/* In a table whose keys are of any kind. (dictobject.c, _Py_dict_lookup) */
static Py_ssize_t find_in_general(PyDictKeysObject *keys, PyObject *key, enum key_kind kind, Py_hash_t hash)
{
    const PyDictKeyEntry *entries = DK_ENTRIES(keys);
    size_t mask = ((size_t)1 << keys->dk_log2_size) - 1;
    size_t perturbation = (size_t)hash;
    size_t position = (size_t)hash & mask;
    for (;;) {
        Py_ssize_t index = dict_index_at(keys, position);
        if (index >= 0) {
            if (entries[index].me_key == key) {
                return index;
            }
            if (entries[index].me_hash == hash) {
                int equal = equal_keys(entries[index].me_key, key, kind);
                if (equal != 0) {
                    return equal > 0 ? index : PLAIN_UNKNOWN;
                }
            }
        } else if (index == DKIX_EMPTY) {
            return PLAIN_ABSENT;
        }
        perturbation >>= 5;
        position = (position * 5 + perturbation + 1) & mask;
    }
}

/* Where the last search was successful. Only a hint: programs look the same key up twice in a row, to read and then to write. */
static struct {
    const PyDictKeysObject *keys;
    Py_ssize_t index;
} last_found;

__attribute__((noinline)) static Py_ssize_t search_table(PyDictKeysObject *keys, PyObject *key, enum key_kind kind,
                                                         Py_hash_t *hash)
{
    Py_ssize_t index = PLAIN_UNKNOWN;
    if (!hash_key(key, kind, hash)) {
        return PLAIN_UNKNOWN;
    }
    if (!DK_IS_UNICODE(keys)) {
        index = find_in_general(keys, key, kind, *hash);
    } else if (kind == KEY_STR) {
        index = dict_find_string(keys, key);
    } else if (kind != KEY_BYTES) {
        index = PLAIN_ABSENT; /* no other plain key equals a str */
    }
    if (index >= 0) {
        last_found.keys = keys;
        last_found.index = index;
    }
    return index;
}

/* Is `key` a tuple of numbers and strings that equals the tuple `found`? Without hashing it. */
static bool same_tuple(PyObject *found, PyObject *key)
{
    if (found == NULL || Py_TYPE(found) != &PyTuple_Type || Py_SIZE(found) != Py_SIZE(key)) {
        return false;
    }
    for (Py_ssize_t i = 0; i < Py_SIZE(key); i++) {
        PyObject *item = PyTuple_GET_ITEM(key, i);
        enum key_kind kind = key_kind(item);
        if ((kind != KEY_STR && kind != KEY_INT) || equal_keys(PyTuple_GET_ITEM(found, i), item, kind) != 1) {
            return false;
        }
    }
    return true;
}

/* plain_find, with what needs no search in line. A key that is found so gets no hash: then *hash is anything. */
static inline Py_ssize_t find(PyDictObject *dict, PyObject *key, Py_hash_t *hash)
{
    PyDictKeysObject *keys = dict->ma_keys;
    const PyTypeObject *type = Py_TYPE(key);
    bool known = last_found.keys == keys && last_found.index < keys->dk_nentries && dict->ma_values == NULL;
    if (DK_IS_UNICODE(keys)) {
        if (type == &PyUnicode_Type) {
            const PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(keys);
            if (known && entries[last_found.index].me_key == key) {
                return last_found.index;
            }
            size_t mask = ((size_t)1 << keys->dk_log2_size) - 1;
            *hash = ((PyASCIIObject *)key)->hash;
            Py_ssize_t index = dict_index_at(keys, (size_t)*hash & mask);
            if (index >= 0 && entries[index].me_key == key && *hash != -1) {
                last_found.keys = keys;
                last_found.index = index;
                return index;
            }
        }
    } else if (known) {
        PyObject *found = DK_ENTRIES(keys)[last_found.index].me_key;
        if (type == &PyTuple_Type                             ? same_tuple(found, key)
            : type == &PyLong_Type || type == &PyUnicode_Type ? found == key
                                                              : false) {
            return last_found.index;
        }
    }
    return search_table(keys, key, key_kind(key), hash);
}

Py_ssize_t plain_find(PyDictObject *dict, PyObject *key, Py_hash_t *hash)
{
    return find(dict, key, hash);
}

/* Puts an entry number into the first free place of the index table on the way of `hash`. (dictobject.c, find_empty_slot) */
static inline void enter_index(PyDictKeysObject *keys, Py_hash_t hash, Py_ssize_t index)
{
    size_t mask = ((size_t)1 << keys->dk_log2_size) - 1;
    size_t perturbation = (size_t)hash;
    size_t position = (size_t)hash & mask;
    while (dict_index_at(keys, position) >= 0) {
        perturbation >>= 5;
        position = (position * 5 + perturbation + 1) & mask;
    }
    if (keys->dk_log2_size < 8) {
        ((int8_t *)keys->dk_indices)[position] = (int8_t)index;
    } else if (keys->dk_log2_size < 16) {
        ((int16_t *)keys->dk_indices)[position] = (int16_t)index;
    } else if (keys->dk_log2_size < 32) {
        ((int32_t *)keys->dk_indices)[position] = (int32_t)index;
    } else {
        ((int64_t *)keys->dk_indices)[position] = index;
    }
}

/* Where the table has room and the kind fits, in place. (dictobject.c, insertdict) */
int plain_insert(PyDictObject *dict, PyObject *key, PyObject *value, Py_hash_t hash)
{
    PyDictKeysObject *keys = dict->ma_keys;
    bool only_strings = DK_IS_UNICODE(keys);
    if (keys->dk_usable <= 0 || dict->ma_values != NULL || keys->dk_kind == DICT_KEYS_SPLIT ||
        (only_strings && !PyUnicode_CheckExact(key))) {
        if (_PyDict_SetItem_KnownHash((PyObject *)dict, key, value, hash) < 0) {
            PyErr_Clear();
            return -1;
        }
        return 0;
    }
    Py_ssize_t index = keys->dk_nentries;
    enter_index(keys, hash, index);
    if (only_strings) {
        DK_UNICODE_ENTRIES(keys)[index] = (PyDictUnicodeEntry){Py_NewRef(key), Py_NewRef(value)};
    } else {
        DK_ENTRIES(keys)[index] = (PyDictKeyEntry){hash, Py_NewRef(key), Py_NewRef(value)};
    }
    keys->dk_version = 0;
    keys->dk_usable--;
    keys->dk_nentries++;
    dict->ma_used++;
    dict->ma_version_tag = cpython_new_dict_version();
    if (!_PyObject_GC_IS_TRACKED((PyObject *)dict) &&
        (_PyObject_GC_MAY_BE_TRACKED(key) || _PyObject_GC_MAY_BE_TRACKED(value))) {
        _PyObject_GC_TRACK((PyObject *)dict);
    }
    return 0;
}

/* (setobject.c, set_lookkey) */
__attribute__((noinline)) static int search_set(PySetObject *set, PyObject *key, enum key_kind kind, Py_hash_t *hash,
                                                setentry **place)
{
    enum { LINEAR_PROBES = 9, PERTURB_SHIFT = 5 };
    if (!hash_key(key, kind, hash)) {
        return PLAIN_UNKNOWN;
    }
    size_t mask = (size_t)set->mask;
    size_t perturbation = (size_t)*hash;
    size_t position = (size_t)*hash & mask;
    for (;;) {
        setentry *entry = &set->table[position];
        int more = position + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0;
        for (; more >= 0; more--, entry++) {
            if (entry->key == NULL) {
                *place = entry;
                return 0;
            }
            if (entry->hash == *hash) {
                int equal = equal_keys(entry->key, key, kind);
                if (equal != 0) {
                    return equal > 0 ? 1 : PLAIN_UNKNOWN;
                }
            }
        }
        perturbation >>= PERTURB_SHIFT;
        position = (position * 5 + 1 + perturbation) & mask;
    }
}

/* plain_set_find, with what the first place tells in line. *place: where an absent key belongs. */
static inline int find_in_set(PySetObject *set, PyObject *key, Py_hash_t *hash, setentry **place)
{
    const PyTypeObject *type = Py_TYPE(key);
    Py_hash_t quick = type == &PyLong_Type      ? int_hash(key)
                      : type == &PyUnicode_Type ? ((PyASCIIObject *)key)->hash
                                                : -1;
    if (quick != -1) {
        setentry *entry = &set->table[(size_t)quick & (size_t)set->mask];
        if (entry->key == NULL) {
            *hash = quick;
            *place = entry;
            return 0;
        }
        if (entry->key == key) {
            return 1;
        }
    }
    return search_set(set, key, key_kind(key), hash, place);
}

int plain_set_find(PySetObject *set, PyObject *key, Py_hash_t *hash)
{
    setentry *place;
    return find_in_set(set, key, hash, &place);
}

/* ---- References ------------------------------------------------------------------------------------------ */

bool plain_death(PyObject *object)
{
    enum key_kind kind = key_kind(object);
    return kind != KEY_UNKNOWN && kind != KEY_IDENTITY &&
           (kind != KEY_TUPLE || is_tuple_of_values(object, DEEPEST_TUPLE));
}

static inline bool operands_die_plainly(PyObject *container, PyObject *key, int owned)
{
    return !(owned & PLAIN_OWNS_CONTAINER && !plain_release(container)) &&
           !(owned & PLAIN_OWNS_KEY && !plain_release(key));
}

static inline void release_operands(PyObject *container, PyObject *key, int owned)
{
    if (owned & PLAIN_OWNS_KEY) {
        rt_release(key);
    }
    if (owned & PLAIN_OWNS_CONTAINER) {
        rt_release(container);
    }
}

/* ---- Subscripts ------------------------------------------------------------------------------------------- */

/* An exact int of at most one digit as an index into `length` items, negative ones counted from the end; -1 for others. */
static inline Py_ssize_t plain_index(PyObject *key, Py_ssize_t length)
{
    Py_ssize_t size = Py_SIZE(key);
    if (Py_TYPE(key) != &PyLong_Type || (size_t)(size + 1) > 2) {
        return -1;
    }
    Py_ssize_t index = size * (Py_ssize_t)((PyLongObject *)key)->ob_digit[0];
    index += index < 0 ? length : 0;
    return index < length ? index : -1;
}

/* A new reference to the str of one character; NULL without memory, no exception set. */
static PyObject *one_character(Py_UCS4 character)
{
    if (character < 128) {
        return Py_NewRef((PyObject *)&_Py_SINGLETON(strings).ascii[character]);
    }
    if (character < 256) {
        return Py_NewRef((PyObject *)&_Py_SINGLETON(strings).latin1[character - 128]);
    }
    PyObject *result = PyUnicode_FromOrdinal((int)character);
    if (result == NULL) {
        PyErr_Clear();
    }
    return result;
}

/* Does the type look keys up as dict does? */
static inline bool subscripts_like_dict(const PyTypeObject *type)
{
    return type->tp_as_mapping != NULL &&
           type->tp_as_mapping->mp_subscript == PyDict_Type.tp_as_mapping->mp_subscript &&
           type->tp_flags & Py_TPFLAGS_DICT_SUBCLASS;
}

PyObject *rt_plain_dict_subscript(PyObject *container, PyObject *key, int owned)
{
    const PyTypeObject *type = Py_TYPE(container);
    if (UNLIKELY(type != &PyDict_Type && !subscripts_like_dict(type))) {
        return rt_plain_subscript(container, key, owned);
    }
    PyDictObject *dict = (PyDictObject *)container;
    Py_hash_t hash;
    Py_ssize_t index = find(dict, key, &hash);
    PyObject *value = index >= 0 ? plain_value_at(dict, index) : NULL;
    if (value == NULL || (owned != 0 && !operands_die_plainly(container, key, owned))) {
        return NULL;
    }
    Py_INCREF(value);
    release_operands(container, key, owned);
    return value;
}

PyObject *rt_plain_subscript(PyObject *container, PyObject *key, int owned)
{
    const PyTypeObject *type = Py_TYPE(container);
    PyObject *value = NULL;
    Py_ssize_t index;
    if (type->tp_flags & Py_TPFLAGS_DICT_SUBCLASS) {
        return subscripts_like_dict(type) ? rt_plain_dict_subscript(container, key, owned) : NULL;
    }
    if (owned != 0 && !operands_die_plainly(container, key, owned)) {
        return NULL;
    }
    if (type == &PyUnicode_Type) {
        if (LIKELY(PyUnicode_IS_READY(container)) &&
            (index = plain_index(key, PyUnicode_GET_LENGTH(container))) >= 0) {
            value = one_character(PyUnicode_READ_CHAR(container, index));
        }
    } else if (type == &PyList_Type) {
        if ((index = plain_index(key, PyList_GET_SIZE(container))) >= 0) {
            value = Py_NewRef(PyList_GET_ITEM(container, index));
        }
    } else if (type == &PyTuple_Type) {
        if ((index = plain_index(key, PyTuple_GET_SIZE(container))) >= 0) {
            value = Py_NewRef(PyTuple_GET_ITEM(container, index));
        }
    } else if (type == &PyBytes_Type) {
        if ((index = plain_index(key, PyBytes_GET_SIZE(container))) >= 0) {
            value = rt_int_from_long((unsigned char)PyBytes_AS_STRING(container)[index]);
        }
    } else if (type == &PyByteArray_Type) {
        if ((index = plain_index(key, PyByteArray_GET_SIZE(container))) >= 0) {
            value = rt_int_from_long((unsigned char)PyByteArray_AS_STRING(container)[index]);
        }
    }
    if (value != NULL) {
        release_operands(container, key, owned);
    }
    return value;
}

PyObject *rt_plain_store(PyObject *container, PyObject *key, PyObject *value, int owned)
{
    const PyTypeObject *type = Py_TYPE(container);
    PyObject *old;
    if (owned & PLAIN_OWNS_CONTAINER && container->ob_refcnt == 1) {
        return NULL;
    }
    if (type == &PyDict_Type ||
        (type->tp_flags & Py_TPFLAGS_DICT_SUBCLASS && type->tp_as_mapping != NULL &&
         type->tp_as_mapping->mp_ass_subscript == PyDict_Type.tp_as_mapping->mp_ass_subscript)) {
        PyDictObject *dict = (PyDictObject *)container;
        Py_hash_t hash;
        Py_ssize_t index = find(dict, key, &hash);
        if (index == PLAIN_UNKNOWN || (owned & PLAIN_OWNS_KEY && !plain_release(key))) {
            return NULL;
        }
        if (index >= 0 && plain_value_at(dict, index) != NULL) {
            if (!(owned & PLAIN_OWNS_VALUE)) {
                Py_INCREF(value);
            }
            old = dict_replace_at(dict, index, value);
            if (old->ob_refcnt == 1 && (PyLong_CheckExact(old) || PyFloat_CheckExact(old))) {
                rt_release(old);
                old = Py_NewRef(Py_None);
            }
        } else {
            if (plain_insert(dict, key, value, hash) < 0) {
                return NULL;
            }
            if (owned & PLAIN_OWNS_VALUE) {
                Py_DECREF(value);
            }
            old = Py_NewRef(Py_None);
        }
    } else if (type == &PyList_Type) {
        Py_ssize_t index = plain_index(key, PyList_GET_SIZE(container));
        if (index < 0) {
            return NULL;
        }
        if (!(owned & PLAIN_OWNS_VALUE)) {
            Py_INCREF(value);
        }
        old = PyList_GET_ITEM(container, index);
        PyList_SET_ITEM(container, index, value);
    } else {
        return NULL;
    }
    release_operands(container, key, owned);
    return old;
}

/* ---- Containment ------------------------------------------------------------------------------------------- */

/* Is `item` among the items? -1 when telling would run code. */
static inline int search(PyObject *item, PyObject *const *items, Py_ssize_t count)
{
    enum key_kind kind = key_kind(item);
    if (kind == KEY_UNKNOWN) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        int same = equal_keys(items[i], item, kind);
        if (same != 0) {
            return same;
        }
    }
    return 0;
}

int rt_plain_contains(PyObject *item, PyObject *container, int owned)
{
    const PyTypeObject *type = Py_TYPE(container);
    if (owned != 0 && !operands_die_plainly(container, item, owned)) {
        return -1;
    }
    int found = -1;
    Py_hash_t hash;
    if (type == &PyDict_Type || (type->tp_flags & Py_TPFLAGS_DICT_SUBCLASS && type->tp_as_sequence != NULL &&
                                 type->tp_as_sequence->sq_contains == PyDict_Type.tp_as_sequence->sq_contains)) {
        Py_ssize_t index = find((PyDictObject *)container, item, &hash);
        if (index != PLAIN_UNKNOWN) {
            found = index >= 0 && plain_value_at((PyDictObject *)container, index) != NULL;
        }
    } else if (type == &PySet_Type || type == &PyFrozenSet_Type) {
        found = plain_set_find((PySetObject *)container, item, &hash);
    } else if (type == &PyUnicode_Type) {
        if (Py_TYPE(item) == &PyUnicode_Type) {
            found = PyUnicode_Contains(container, item);
            if (UNLIKELY(found < 0)) {
                PyErr_Clear();
            }
        }
    } else if (type == &PyTuple_Type || type == &PyList_Type) {
        found = search(item, PySequence_Fast_ITEMS(container), Py_SIZE(container));
    }
    if (found < 0) {
        return -1;
    }
    release_operands(container, item, owned);
    return found;
}

/* ---- Slices ------------------------------------------------------------------------------------------------ */

/* A bound of a slice: an exact int of at most one digit, or None for `absent`. */
static inline bool slice_bound(PyObject *bound, Py_ssize_t absent, Py_ssize_t *value)
{
    if (bound == Py_None) {
        *value = absent;
        return true;
    }
    Py_ssize_t size = Py_SIZE(bound);
    if (Py_TYPE(bound) != &PyLong_Type || (size_t)(size + 1) > 2) {
        return false;
    }
    *value = size * (Py_ssize_t)((PyLongObject *)bound)->ob_digit[0];
    return true;
}

static PyObject *list_or_tuple_slice(PyObject *container, Py_ssize_t start, Py_ssize_t step, Py_ssize_t length)
{
    bool list = PyList_CheckExact(container);
    if (plain_collection_is_due(1)) {
        return NULL;
    }
    PyObject *result = list ? PyList_New(length) : PyTuple_New(length);
    if (result == NULL) {
        PyErr_Clear();
        return NULL;
    }
    PyObject **from = PySequence_Fast_ITEMS(container);
    PyObject **to = PySequence_Fast_ITEMS(result);
    for (Py_ssize_t i = 0; i < length; i++, start += step) {
        to[i] = Py_NewRef(from[start]);
    }
    return result;
}

/* Every step-th character of an ASCII str. A single one is a new object, as on stock. (unicodeobject.c, unicode_subscript) */
static PyObject *ascii_slice(PyObject *text, Py_ssize_t start, Py_ssize_t step, Py_ssize_t length)
{
    if (length == 0) {
        return PyUnicode_New(0, 0);
    }
    const Py_UCS1 *from = PyUnicode_1BYTE_DATA(text);
    PyObject *result = PyUnicode_New(length, 127);
    if (result != NULL) {
        Py_UCS1 *to = PyUnicode_1BYTE_DATA(result);
        for (Py_ssize_t i = 0; i < length; i++, start += step) {
            to[i] = from[start];
        }
    }
    return result;
}

PyObject *rt_plain_slice(PyObject *container, PyObject *start, PyObject *stop, long step, int owned)
{
    const PyTypeObject *type = Py_TYPE(container);
    Py_ssize_t length, first, last;
    if (owned & PLAIN_OWNS_CONTAINER && !plain_release(container)) {
        return NULL;
    }
    if (type == &PyUnicode_Type && PyUnicode_IS_READY(container)) {
        length = PyUnicode_GET_LENGTH(container);
    } else if (type == &PyList_Type || type == &PyTuple_Type || type == &PyBytes_Type) {
        length = Py_SIZE(container);
    } else {
        return NULL;
    }
    if (!slice_bound(start, step < 0 ? PY_SSIZE_T_MAX : 0, &first) ||
        !slice_bound(stop, step < 0 ? PY_SSIZE_T_MIN : PY_SSIZE_T_MAX, &last)) {
        return NULL;
    }
    Py_ssize_t count = PySlice_AdjustIndices(length, &first, &last, step);
    PyObject *result = NULL;
    if (type == &PyUnicode_Type) {
        if (step == 1) {
            result = PyUnicode_Substring(container, first, first + count);
        } else if (PyUnicode_IS_ASCII(container)) {
            result = ascii_slice(container, first, step, count);
        }
    } else if (type == &PyTuple_Type && (count == 0 || (step == 1 && count == length))) {
        result = count == 0 ? PyTuple_New(0) : Py_NewRef(container);
    } else if (type == &PyBytes_Type) {
        if (step == 1) {
            result = count == length ? Py_NewRef(container)
                                     : PyBytes_FromStringAndSize(PyBytes_AS_STRING(container) + first, count);
        }
    } else {
        result = list_or_tuple_slice(container, first, step, count);
    }
    if (result == NULL) {
        PyErr_Clear();
        return NULL;
    }
    release_operands(container, start, owned);
    if (owned & PLAIN_OWNS_VALUE) {
        rt_release(stop);
    }
    return result;
}

PyObject *rt_plain_concatenate(PyObject *left, PyObject *right, int owned)
{
    const PyTypeObject *type = Py_TYPE(left);
    PyObject *result = NULL;
    if (Py_TYPE(right) != type) {
        return NULL;
    }
    if (type == &PyUnicode_Type) {
        result = PyUnicode_Concat(left, right);
    } else if ((type == &PyList_Type || type == &PyTuple_Type) && !plain_collection_is_due(1)) {
        result = type->tp_as_sequence->sq_concat(left, right);
    }
    if (result == NULL) {
        PyErr_Clear();
        return NULL;
    }
    /* The items of a list or tuple that dies here live on in the result. */
    release_operands(left, right, owned);
    return result;
}

/* ---- Building ------------------------------------------------------------------------------------------------ */

/* What is left of rt_plain_tuple where no tuple of that size is kept; apart, because the usual case saves no registers. */
__attribute__((noinline)) static PyObject *allocate_tuple(PyObject **items, int count)
{
    if (count == 0) {
        return Py_NewRef((PyObject *)&_Py_SINGLETON(tuple_empty));
    }
    PyObject *tuple = plain_collection_is_due(1) ? NULL : PyTuple_New(count);
    if (tuple == NULL) {
        PyErr_Clear();
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        PyTuple_SET_ITEM(tuple, i, items[i]);
    }
    return tuple;
}

/* For tracemalloc, which wants to know of a tuple that was taken from its list. */
__attribute__((noinline, cold)) static PyObject *report_tuple(PyObject *tuple)
{
    _Py_NewReference(tuple);
    return tuple;
}

PyObject *rt_plain_tuple(PyObject **items, int count)
{
    struct _Py_tuple_state *lists = &runtime_data.interpreter->tuple;
    if (UNLIKELY((unsigned)(count - 1) >= PyTuple_NFREELISTS || lists->free_list[count - 1] == NULL)) {
        return allocate_tuple(items, count);
    }
    /* A tuple on the list keeps type and size. (tupleobject.c, maybe_freelist_pop) */
    PyTupleObject *tuple = lists->free_list[count - 1];
    lists->free_list[count - 1] = (PyTupleObject *)tuple->ob_item[0];
    lists->numfree[count - 1]--;
    ((PyObject *)tuple)->ob_refcnt = 1;
    for (int i = 0; i < count; i++) {
        tuple->ob_item[i] = items[i];
    }
    /* Not object_track: the trashcan leaves a link in the head of a tuple whose death it has put off. */
    _PyObject_GC_TRACK((PyObject *)tuple);
    return UNLIKELY(object_pools_are_closed()) ? report_tuple((PyObject *)tuple) : (PyObject *)tuple;
}

PyObject *rt_plain_list(PyObject **items, int count)
{
    bool from_free_list = runtime_data.interpreter->list.numfree > 0;
    PyObject *list = !from_free_list && plain_collection_is_due(1) ? NULL : PyList_New(count);
    if (list == NULL) {
        PyErr_Clear();
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        PyList_SET_ITEM(list, i, items[i]);
    }
    return list;
}

PyObject *rt_plain_join(PyObject **items, int count)
{
    PyObject *string = _PyUnicode_JoinArray(&_Py_STR(empty), items, count);
    if (string == NULL) {
        PyErr_Clear();
        return NULL;
    }
    for (int i = count; --i >= 0;) {
        Py_DECREF(items[i]);
    }
    return string;
}

/* A dict of `count` items; keys and values stand `key_step` and `value_step` apart. Steals nothing; NULL where that would run code. */
static PyObject *plain_dict(PyObject **keys, int key_step, PyObject **values, int value_step, int count)
{
    bool only_strings = true;
    for (int i = 0; i < count; i++) {
        enum key_kind kind = key_kind(keys[i * key_step]);
        if (kind != KEY_STR) {
            only_strings = false;
            if (kind != KEY_INT) {
                return NULL;
            }
        }
    }
    if (runtime_data.interpreter->dict_state.numfree == 0 && plain_collection_is_due(1)) {
        return NULL;
    }
    /* As in ops/containers.c. */
    PyObject *dict = only_strings ? PyDict_New() : _PyDict_NewPresized(count);
    for (int i = 0; dict != NULL && i < count; i++) {
        if (PyDict_SetItem(dict, keys[i * key_step], values[i * value_step]) < 0) {
            Py_CLEAR(dict);
        }
    }
    if (dict == NULL) {
        PyErr_Clear();
    }
    return dict;
}

PyObject *rt_plain_map(PyObject **items, int count)
{
    PyObject *dict = plain_dict(items, 2, items + 1, 2, count);
    if (dict != NULL) {
        for (int i = 2 * count; --i >= 0;) {
            Py_DECREF(items[i]);
        }
    }
    return dict;
}

PyObject *rt_plain_const_key_map(PyObject **items, int count)
{
    PyObject *keys = items[count];
    if (!PyTuple_CheckExact(keys) || PyTuple_GET_SIZE(keys) != count) {
        return NULL;
    }
    PyObject *dict = plain_dict(((PyTupleObject *)keys)->ob_item, 1, items, 1, count);
    if (dict != NULL) {
        for (int i = count + 1; --i >= 0;) {
            Py_DECREF(items[i]);
        }
    }
    return dict;
}

PyObject *rt_plain_set(PyObject **items, int count)
{
    for (int i = 0; i < count; i++) {
        enum key_kind kind = key_kind(items[i]);
        if (kind != KEY_STR && kind != KEY_INT) {
            return NULL;
        }
    }
    PyObject *set = plain_collection_is_due(1) ? NULL : PySet_New(NULL);
    for (int i = 0; set != NULL && i < count; i++) {
        if (PySet_Add(set, items[i]) < 0) {
            Py_CLEAR(set);
        }
    }
    if (set == NULL) {
        PyErr_Clear();
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        rt_release(items[i]);
    }
    return set;
}

int rt_plain_set_add(PyObject *set, PyObject *item, int owned)
{
    Py_hash_t hash;
    setentry *place;
    PySetObject *self = (PySetObject *)set;
    int found = Py_IS_TYPE(set, &PySet_Type) ? find_in_set(self, item, &hash, &place) : PLAIN_UNKNOWN;
    if (found < 0 || (owned & PLAIN_OWNS_KEY && !plain_release(item))) {
        return -1;
    }
    if (!found) {
        /* In place as long as the table need not grow. (setobject.c, set_add_entry) */
        if (LIKELY((size_t)(self->fill + 1) * 5 < (size_t)self->mask * 3)) {
            self->fill++;
            self->used++;
            place->key = Py_NewRef(item);
            place->hash = hash;
        } else if (PySet_Add(set, item) < 0) {
            PyErr_Clear();
            return -1;
        }
    }
    if (owned & PLAIN_OWNS_KEY) {
        rt_release(item);
    }
    return 0;
}

/* ---- Formats ---------------------------------------------------------------------------------------- */

/* CPython's own conversion of an int looks for signals, whose handlers are other code, so only short ints, by hand. */
static PyObject *decimal_text(PyLongObject *number)
{
    Py_ssize_t size = Py_SIZE(number);
    Py_ssize_t length = size < 0 ? -size : size;
    if (length > 2) {
        return NULL;
    }
    uint64_t magnitude = length == 0 ? 0 : number->ob_digit[0];
    if (length > 1) {
        magnitude |= (uint64_t)number->ob_digit[1] << PyLong_SHIFT;
    }
    char buffer[24];
    char *start = buffer + sizeof buffer;
    do {
        *--start = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude != 0);
    if (size < 0) {
        *--start = '-';
    }
    Py_ssize_t count = buffer + sizeof buffer - start;
    PyObject *text = PyUnicode_New(count, '9');
    if (text != NULL) {
        memcpy(PyUnicode_1BYTE_DATA(text), start, (size_t)count);
    }
    return text;
}

PyObject *rt_plain_format(PyObject *value, int owned)
{
    if (PyUnicode_CheckExact(value)) {
        return owned ? value : Py_NewRef(value);
    }
    PyObject *result = _PyThreadState_GET()->recursion_remaining < LEVELS_LEFT ? NULL
                       : PyLong_CheckExact(value)                              ? decimal_text((PyLongObject *)value)
                       : PyFloat_CheckExact(value)                             ? PyFloat_Type.tp_repr(value)
                                                                               : NULL;
    if (result == NULL) {
        PyErr_Clear();
        return NULL;
    }
    release_operands(value, NULL, owned);
    return result;
}

PyObject *rt_plain_format_with(PyObject *value, PyObject *specification, int owned)
{
    /* A float's __format__ without a specification looks for signals. */
    bool plain = (PyFloat_CheckExact(value) || PyUnicode_CheckExact(value)) && PyUnicode_CheckExact(specification) &&
                 PyUnicode_GetLength(specification) > 0;
    PyObject *result = plain ? PyObject_Format(value, specification) : NULL;
    if (result == NULL) {
        PyErr_Clear();
        return NULL;
    }
    release_operands(value, specification, owned);
    return result;
}
