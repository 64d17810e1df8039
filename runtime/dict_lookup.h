/* runtime/dict_lookup.h: look-ups in CPython's dict tables that need the place of an entry, not only its value.
 *
 * CPython keeps the functions that return an index to itself (_Py_dict_lookup and friends), so the probe
 * is written here once, for tables whose keys are all exact str: no comparison of theirs can run Python
 * code, fail or change the table. The layout is that of dictobject.c. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_DICT_LOOKUP_H
#define PYJIT_RUNTIME_DICT_LOOKUP_H

#include "runtime/cpython.h"

/* The entry number that a slot of the index table holds; negative: empty (DKIX_EMPTY) or deleted. */
static inline Py_ssize_t dict_index_at(const PyDictKeysObject *keys, size_t position)
{
    if (keys->dk_log2_size < 8) {
        return ((const int8_t *)keys->dk_indices)[position];
    }
    if (keys->dk_log2_size < 16) {
        return ((const int16_t *)keys->dk_indices)[position];
    }
    if (keys->dk_log2_size < 32) {
        return ((const int32_t *)keys->dk_indices)[position];
    }
    return ((const int64_t *)keys->dk_indices)[position];
}

/* Is `key`, an exact str found in a table, the same string as `name`, whose hash is known? */
static inline bool dict_same_string(PyObject *key, PyObject *name, Py_hash_t hash)
{
    return key == name || (key != NULL && ((PyASCIIObject *)key)->hash == hash && _PyUnicode_EQ(key, name));
}

/* The hash of an exact str, computed when this is the first time somebody asks. */
static inline Py_hash_t dict_string_hash(PyObject *name)
{
    Py_hash_t hash = ((PyASCIIObject *)name)->hash;
    return LIKELY(hash != -1) ? hash : PyObject_Hash(name);
}

/* The entry number of `name` (an exact str) in `keys`, or -1. `keys` must satisfy DK_IS_UNICODE. */
static inline Py_ssize_t dict_find_string(PyDictKeysObject *keys, PyObject *name)
{
    Py_hash_t hash = dict_string_hash(name);
    PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(keys);
    size_t mask = ((size_t)1 << keys->dk_log2_size) - 1;
    size_t perturbation = (size_t)hash;
    size_t position = (size_t)hash & mask;
    for (;;) {
        Py_ssize_t index = dict_index_at(keys, position);
        if (index >= 0 ? dict_same_string(entries[index].me_key, name, hash) : index == DKIX_EMPTY) {
            return index >= 0 ? index : -1;
        }
        perturbation >>= 5;
        position = (position * 5 + perturbation + 1) & mask;
    }
}

/* The value (borrowed) that `dict` holds at entry `index` of its keys, which must be in range and DK_IS_UNICODE; NULL
 * when there is none. */
static inline PyObject *dict_value_at(PyDictObject *dict, Py_ssize_t index)
{
    return dict->ma_values != NULL ? dict->ma_values->values[index]
                                   : DK_UNICODE_ENTRIES(dict->ma_keys)[index].me_value;
}

/* The value (borrowed) of `name` in a dict whose keys satisfy DK_IS_UNICODE; NULL, without an exception, when absent. */
static inline PyObject *dict_get_string(PyDictObject *dict, PyObject *name)
{
    Py_ssize_t index = dict_find_string(dict->ma_keys, name);
    return index < 0 ? NULL : dict_value_at(dict, index);
}

/* The same, trying entry *hint first. *hint is corrected when the entry is found elsewhere. */
static inline PyObject *dict_get_string_hinted(PyDictObject *dict, PyObject *name, uint16_t *hint)
{
    PyDictKeysObject *keys = dict->ma_keys;
    Py_ssize_t index = *hint;
    if (UNLIKELY(index >= keys->dk_nentries || DK_UNICODE_ENTRIES(keys)[index].me_key != name)) {
        index = dict_find_string(keys, name);
        if (index < 0) {
            return NULL;
        }
        if (index <= UINT16_MAX) {
            *hint = (uint16_t)index;
        }
    }
    return dict_value_at(dict, index);
}

/* Replaces the value at entry `index`, which must not be NULL. Steals `value` and returns
 * the old one, a reference that the caller releases when it is done with the dict: that may run anything. */
static inline PyObject *dict_replace_at(PyDictObject *dict, Py_ssize_t index, PyObject *value)
{
    PyObject **place = dict->ma_values != NULL        ? &dict->ma_values->values[index]
                       : DK_IS_UNICODE(dict->ma_keys) ? &DK_UNICODE_ENTRIES(dict->ma_keys)[index].me_value
                                                      : &DK_ENTRIES(dict->ma_keys)[index].me_value;
    PyObject *old = *place;
    *place = value;
    dict->ma_version_tag = cpython_new_dict_version();
    /* A dict of atoms is not tracked by the collector until it holds something else. */
    if (PyType_IS_GC(Py_TYPE(value)) && UNLIKELY(!_PyObject_GC_IS_TRACKED((PyObject *)dict)) &&
        _PyObject_GC_MAY_BE_TRACKED(value)) {
        _PyObject_GC_TRACK((PyObject *)dict);
    }
    return old;
}

#endif
