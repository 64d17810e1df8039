/* runtime/ops/attribute_quick.c: the accesses that cannot run other code: no escapes, so that their callers spill nothing and check nothing
 * afterwards.
 *
 * Each follows the cases of the site's cell, all four of them, and does nothing where that takes a call of anything, an allocation
 * or the death of an object: then attribute.c has its turn, which also learns. What a case promises is said there.
 */
#include "runtime/dict_lookup.h"
#include "runtime/ops.h"
#include "runtime/plain.h"
#include "runtime/ops/attribute_cells.h"

/* So many hits of a case that the templates' words do not show, and they show it from now on. A power of two. */
enum { HITS_TO_SHOW = 16 };

static inline void count_hit(struct attribute_cell *cell, struct attribute_case *seen)
{
    if (UNLIKELY(++seen->hits % HITS_TO_SHOW == 0)) {
        attribute_mirror_case(cell, seen);
    }
}

/* The entry of `name` in a dict whose keys are all str, or -1: found by the hint, which is set right if it is not. */
__attribute__((noinline)) static Py_ssize_t look_entry_up(PyDictObject *dict, PyObject *name,
                                                          struct attribute_case *seen)
{
    if (!DK_IS_UNICODE(dict->ma_keys)) {
        return -1;
    }
    Py_ssize_t index = dict_find_string(dict->ma_keys, name);
    if (index >= 0 && index <= UINT16_MAX) {
        seen->hint = (uint16_t)index;
    }
    return index;
}

static inline Py_ssize_t entry_in_dict(PyDictObject *dict, PyObject *name, struct attribute_case *seen)
{
    PyDictKeysObject *keys = dict->ma_keys;
    if (LIKELY(DK_IS_UNICODE(keys) && seen->hint < keys->dk_nentries &&
               DK_UNICODE_ENTRIES(keys)[seen->hint].me_key == name)) {
        return seen->hint;
    }
    return look_entry_up(dict, name, seen);
}

/* The dict of an instance of which a case says that it keeps its attributes there; NULL while it does not. */
static inline PyDictObject *dict_of(PyObject *owner, PyTypeObject *type)
{
    return UNLIKELY(attribute_instance_values(owner, type) != NULL) ? NULL : attribute_instance_dict(owner, type);
}

/* The rest of own_value(), for an instance without inline values. */
__attribute__((noinline)) static bool own_value_in_dict(PyObject *owner, PyTypeObject *type, PyObject *name,
                                                        struct attribute_case *seen, PyObject **own)
{
    PyDictObject *dict = attribute_instance_dict(owner, type);
    if (dict == NULL || dict->ma_used == 0 ||
        (seen->keys_version != 0 && dict->ma_keys->dk_version == seen->keys_version)) {
        return true;
    }
    if (!DK_IS_UNICODE(dict->ma_keys)) {
        return false;
    }
    *own = dict_get_string_hinted(dict, name, &seen->hint);
    return true;
}

/* Sets *own to what the instance itself holds under the name (borrowed), or NULL; returns false when there is no telling. */
static inline __attribute__((always_inline)) bool own_value(PyObject *owner, PyTypeObject *type, PyObject *name,
                                                            struct attribute_case *seen, PyObject **own)
{
    *own = NULL;
    if (seen->without_dict) {
        return true;
    }
    if (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) {
        PyDictValues *values = *_PyObject_ValuesPointer(owner);
        if (LIKELY(values != NULL)) {
            if (seen->index != ATTRIBUTE_NO_INDEX) {
                *own = values->values[seen->index];
                return true;
            }
            return seen->keys_version != 0 && attribute_shared_keys(type)->dk_version == seen->keys_version;
        }
    }
    return own_value_in_dict(owner, type, name, seen, own);
}

/* The attribute (borrowed), where it takes no call to get it; NULL where it does, or where the case does not fit. */
static inline __attribute__((always_inline)) PyObject *peek(PyObject *owner, PyTypeObject *type, PyObject *name,
                                                            struct attribute_case *seen)
{
    PyObject *own;
    switch (seen->kind) {
    case ATTRIBUTE_INLINE_VALUE: {
        PyDictValues *values = *_PyObject_ValuesPointer(owner);
        if (LIKELY(values != NULL)) {
            return values->values[seen->index];
        }
        __attribute__((fallthrough)); /* since then the instance was given a dict */
    }
    case ATTRIBUTE_DICT: {
        PyDictObject *dict = dict_of(owner, type);
        Py_ssize_t entry = dict == NULL ? -1 : entry_in_dict(dict, name, seen);
        return LIKELY(entry >= 0) ? dict_value_at(dict, entry) : NULL;
    }
    case ATTRIBUTE_MODULE: {
        PyDictObject *dict = (PyDictObject *)((PyModuleObject *)owner)->md_dict;
        if (LIKELY(dict != NULL && dict->ma_keys->dk_version == seen->keys_version && seen->keys_version != 0)) {
            return ((PyObject **)dict->ma_keys)[seen->index];
        }
        return NULL;
    }
    case ATTRIBUTE_SLOT:
        return *(PyObject **)((char *)owner + seen->index);
    case ATTRIBUTE_TYPE_VALUE:
        return LIKELY(own_value(owner, type, name, seen, &own)) && own == NULL ? seen->value : own;
    case ATTRIBUTE_STATICMETHOD:
        return LIKELY(own_value(owner, type, name, seen, &own)) && own == NULL
                   ? ((struct wrapped_function *)seen->value)->callable
                   : own;
    case ATTRIBUTE_DESCRIPTOR:
        if (Py_TYPE(seen->value)->tp_descr_get != NULL) {
            return NULL;
        }
        return LIKELY(own_value(owner, type, name, seen, &own)) && own == NULL ? seen->value : own;
    case ATTRIBUTE_CLASS: {
        PyTypeObject *kind = Py_TYPE(seen->value);
        if (kind->tp_descr_get == NULL || kind == &PyFunction_Type) {
            return seen->value;
        }
        return kind == &PyStaticMethod_Type ? ((struct wrapped_function *)seen->value)->callable : NULL;
    }
    }
    return NULL;
}

PyObject *rt_peek_attr(PyObject *owner, PyObject *name, struct attribute_cell *cell)
{
    PyTypeObject *type = Py_TYPE(owner);
    struct attribute_case *seen = attribute_find_case(cell, owner, type->tp_version_tag);
    PyObject *value = seen == NULL ? NULL : peek(owner, type, name, seen);
    if (LIKELY(value != NULL)) {
        Py_INCREF(value);
        count_hit(cell, seen);
    }
    return value;
}

/* A method bound to `self`: both slots, new references. */
static inline void set_bound(PyObject **slots, PyObject *function, PyObject *self)
{
    slots[0] = Py_NewRef(function);
    slots[1] = Py_NewRef(self);
}

int rt_peek_method(PyObject *owner, PyObject **slots, PyObject *name, struct attribute_cell *cell, int owned)
{
    PyTypeObject *type = Py_TYPE(owner);
    struct attribute_case *seen = attribute_find_case(cell, owner, type->tp_version_tag);
    if (UNLIKELY(seen == NULL)) {
        return 0;
    }
    PyObject *value;
    if (LIKELY(seen->kind == ATTRIBUTE_METHOD)) {
        bool sure = own_value(owner, type, name, seen, &value);
        if (LIKELY(sure && value == NULL)) {
            set_bound(slots, seen->value, owner);
            count_hit(cell, seen);
            return 1;
        }
    } else if (UNLIKELY(owned && Py_REFCNT(owner) == 1)) {
        return 0; /* nothing will hold the owner afterwards */
    } else if (seen->kind == ATTRIBUTE_CLASSMETHOD) {
        bool sure = own_value(owner, type, name, seen, &value);
        PyObject *function = ((struct wrapped_function *)seen->value)->callable;
        if (sure && value == NULL && PyFunction_Check(function)) {
            set_bound(slots, function, (PyObject *)type);
            count_hit(cell, seen);
            return 1;
        }
    } else if (seen->kind == ATTRIBUTE_CLASS && Py_IS_TYPE(seen->value, &PyClassMethod_Type)) {
        PyObject *function = ((struct wrapped_function *)seen->value)->callable;
        value = NULL;
        if (PyFunction_Check(function)) {
            set_bound(slots, function, owner);
            count_hit(cell, seen);
            return 1;
        }
    } else {
        value = peek(owner, type, name, seen);
    }
    if (UNLIKELY(value == NULL || (owned && Py_REFCNT(owner) == 1))) {
        return 0;
    }
    slots[0] = NULL;
    slots[1] = Py_NewRef(value);
    count_hit(cell, seen);
    return 1;
}

PyObject *rt_poke_attr(PyObject *owner, PyObject *value, PyObject *name, struct attribute_cell *cell)
{
    PyTypeObject *type = Py_TYPE(owner);
    struct attribute_case *seen = attribute_find_case(cell, owner, type->tp_version_tag);
    if (UNLIKELY(seen == NULL)) {
        return NULL;
    }
    PyObject **place;
    switch (seen->kind) {
    case ATTRIBUTE_INLINE_VALUE:
    case ATTRIBUTE_ADD_INLINE: {
        PyDictValues *values = *_PyObject_ValuesPointer(owner);
        if (LIKELY(values != NULL)) {
            place = &values->values[seen->index];
            if (*place == NULL) {
                _PyDictValues_AddToInsertionOrder(values, seen->index);
            }
            break;
        }
        __attribute__((fallthrough));
    }
    case ATTRIBUTE_DICT:
    case ATTRIBUTE_MODULE: {
        PyDictObject *dict = dict_of(owner, type);
        Py_ssize_t entry = dict == NULL ? -1 : entry_in_dict(dict, name, seen);
        if (UNLIKELY(entry < 0 || dict_value_at(dict, entry) == NULL)) {
            return NULL;
        }
        count_hit(cell, seen);
        return dict_replace_at(dict, entry, Py_NewRef(value));
    }
    case ATTRIBUTE_SLOT:
        place = (PyObject **)((char *)owner + seen->index);
        break;
    default:
        return NULL;
    }
    PyObject *old = *place;
    *place = Py_NewRef(value);
    count_hit(cell, seen);
    return old != NULL ? old : RT_POKED;
}

PyObject *rt_plain_store_attr(PyObject *owner, PyObject *value, PyObject *name, struct attribute_cell *cell)
{
    PyObject *old = rt_poke_attr(owner, value, name, cell);
    return old == RT_POKED ? Py_NewRef(Py_None) : old;
}
