/* runtime/ops/attribute.c: LOAD_ATTR, STORE_ATTR and LOAD_METHOD with polymorphic caches: learning, and every access that may run
 * other code. What cannot is in attribute_quick.c, and has been tried before.
 *
 * A hit is a comparison of type versions and a few loads. What a type version promises: the MRO of the type and what
 * every class in it holds under the name. What it does not promise, and is therefore looked at on every
 * access: what the instance itself holds; whether a value of a mutable type is a descriptor (its own
 * class may gain or lose __get__ and __set__); what a property or staticmethod object wraps.
 * The semantics are those of object.c (_PyObject_GenericGetAttrWithDict, _PyObject_GetMethod,
 * _PyObject_GenericSetAttrWithDict) and typeobject.c (type_getattro, slot_tp_getattr_hook); where a
 * case does not fit, the exported originals do the work.
 */
#include "runtime/dict_lookup.h"
#include "runtime/native_call.h"
#include "runtime/ops/attribute_cells.h"
#include "runtime/ops/shared.h"

#include <structmember.h>

/* After this many misses a cell learns only now and then: each further one doubles the pause, up to 2^MAX_PAUSE misses. */
enum { FREE_MISSES = 12, MAX_PAUSE = 10 };

/* What following a case came to. */
enum outcome {
    OUTCOME_FOUND, /* *value is a new reference */
    OUTCOME_BOUND, /* LOAD_METHOD only: *value is a function (new reference) to be called with *self (borrowed) first */
    OUTCOME_MISSED, /* the case does not fit this access; nothing has happened */
    OUTCOME_FAILED, /* an exception is set */
};

/* ---- What an instance itself holds --------------------------------------------------------------- */

/* The instance's own attribute `name` (borrowed), or NULL; then *sure says whether it certainly has none. */
static inline PyObject *own_attribute(PyObject *owner, PyTypeObject *type, PyObject *name,
                                      struct attribute_case *seen, bool *sure)
{
    *sure = true;
    if (type->tp_dictoffset == 0) {
        return NULL;
    }
    PyDictValues *values = attribute_instance_values(owner, type);
    if (LIKELY(values != NULL)) {
        if (seen->index != ATTRIBUTE_NO_INDEX) {
            return values->values[seen->index];
        }
        *sure = seen->keys_version != 0 && attribute_shared_keys(type)->dk_version == seen->keys_version;
        return NULL;
    }
    PyDictObject *dict = attribute_instance_dict(owner, type);
    if (dict == NULL) {
        return NULL;
    }
    if (UNLIKELY(!DK_IS_UNICODE(dict->ma_keys))) {
        *sure = false;
        return NULL;
    }
    return dict_get_string_hinted(dict, name, &seen->hint);
}

/* ---- Cells: finding, filling and mirroring cases ------------------------------------------------- */

/* Is there a case for owners of this class, or for this class itself, whatever its version? */
static bool knows_class(const struct attribute_cell *cell, PyObject *owner)
{
    PyTypeObject *type = PyType_Check(owner) ? (PyTypeObject *)owner : Py_TYPE(owner);
    for (int number = 0; number < cell->count; number++) {
        if (feedback_case(cell, number)->type == type) {
            return true;
        }
    }
    return false;
}

/* May this miss be learned from? `seen` is the case that did not fit, or NULL. Counts it, unless it comes from a class that keeps changing
 * (one that counts its instances, say): then learning anew costs no more than stock's own look-up. */
static bool may_learn(struct attribute_cell *cell, PyObject *owner, const struct attribute_case *seen)
{
    if (seen == NULL ? knows_class(cell, owner) : seen->kind == ATTRIBUTE_GENERIC) {
        return seen == NULL;
    }
    if (cell->backoff > 0) {
        cell->backoff--;
        return false;
    }
    if (cell->misses < UINT16_MAX) {
        cell->misses++;
    }
    if (cell->misses > FREE_MISSES) {
        int pause = cell->misses - FREE_MISSES;
        cell->backoff = 1u << (pause < MAX_PAUSE ? pause : MAX_PAUSE);
    }
    return true;
}

/* Sets the words that templates test inline from the newest cases that may serve them. */
static void mirror(struct attribute_cell *cell)
{
    cell->inline_version = cell->slot_version = cell->method_version = FEEDBACK_NO_VERSION;
    for (int number = 0; number < cell->count; number++) {
        attribute_mirror_case(cell, feedback_case(cell, number));
    }
}

/* Enters `learned` into the cell: in place of what was known of the same type (or class), else in a free
 * case, else in place of the case that was of least use. */
static void enter_case(struct attribute_cell *cell, const struct attribute_case *learned)
{
    int place = 0;
    while (place < cell->count &&
           (feedback_case(cell, place)->type != learned->type ||
            (feedback_case(cell, place)->kind == ATTRIBUTE_CLASS) != (learned->kind == ATTRIBUTE_CLASS))) {
        place++;
    }
    if (place == FEEDBACK_MAX_CASES) {
        cell->megamorphic = 1;
        place = 0;
        for (int number = 0; number < FEEDBACK_MAX_CASES; number++) {
            if (feedback_case(cell, number)->hits < feedback_case(cell, place)->hits) {
                place = number;
            }
        }
        /* Let what was once important grow old. */
        for (int number = 0; number < FEEDBACK_MAX_CASES; number++) {
            feedback_case(cell, number)->hits /= 2;
        }
    } else if (place == cell->count) {
        place = attribute_add_case(cell);
        if (place < 0) {
            return;
        }
    }
    *feedback_case(cell, place) = *learned;
    mirror(cell);
}

/* ---- Learning ------------------------------------------------------------------------------------ */

/* Does an attribute that is found come out of PyObject_GenericGetAttr (or, for classes, type's own tp_getattro,
 * given by `plain`), possibly with a Python __getattr__ for those that are not found? Sets *hook to that function's
 * attribute, borrowed, or NULL. */
static bool finds_plainly(PyTypeObject *type, getattrofunc plain, PyObject **hook)
{
    *hook = NULL;
    if (type->tp_getattro == plain) {
        return true;
    }
    if (plain == PyObject_GenericGetAttr && type->tp_getattro == PyModule_Type.tp_getattro) {
        return true;
    }
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        return false;
    }
    /* A __getattr__ beside a __getattribute__ that is the plain one under its Python name: then tp_getattro is
     * slot_tp_getattr_hook. */
    PyObject *getattribute = _PyType_Lookup(type, &_Py_ID(__getattribute__));
    if (getattribute == NULL || !Py_IS_TYPE(getattribute, &PyWrapperDescr_Type) ||
        ((PyWrapperDescrObject *)getattribute)->d_wrapped != (void *)plain) {
        return false;
    }
    *hook = _PyType_Lookup(type, &_Py_ID(__getattr__));
    return *hook != NULL;
}

static bool is_immutable(PyTypeObject *type)
{
    return (type->tp_flags & Py_TPFLAGS_IMMUTABLETYPE) != 0;
}

/* The member behind a member descriptor that holds an object pointer and accepts instances of `type`; NULL otherwise. */
static PyMemberDef *object_member(PyTypeObject *type, PyObject *descriptor, int forbidden_flags)
{
    PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
    if ((member->type != T_OBJECT_EX && member->type != T_OBJECT) || member->flags & forbidden_flags ||
        member->offset <= 0 || member->offset >= ATTRIBUTE_NO_INDEX ||
        !PyType_IsSubtype(type, PyDescr_TYPE(descriptor))) {
        return NULL;
    }
    return member;
}

/* Notes where instances keep the name themselves, or how it shows that they do not. Returns false when there is no telling. */
static bool learn_own_place(PyTypeObject *type, PyObject *name, struct attribute_case *learned)
{
    learned->index = ATTRIBUTE_NO_INDEX;
    learned->without_dict = type->tp_dictoffset == 0;
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return true;
    }
    PyDictKeysObject *keys = attribute_shared_keys(type);
    if (keys == NULL || !DK_IS_UNICODE(keys)) {
        return false;
    }
    Py_ssize_t index = dict_find_string(keys, name);
    if (index >= 0) {
        learned->index = (uint16_t)index;
    } else {
        learned->keys_version = cpython_dict_keys_version(keys);
    }
    return true;
}

/* Classifies a data descriptor of the class. `can_set` when the access is a store. */
static void learn_data_descriptor(PyTypeObject *type, PyObject *descriptor, bool can_fail, bool is_store,
                                  struct attribute_case *learned)
{
    PyTypeObject *kind = Py_TYPE(descriptor);
    learned->value = descriptor;
    if (kind == &PyMemberDescr_Type) {
        PyMemberDef *member = object_member(type, descriptor, is_store ? READONLY : PY_AUDIT_READ);
        if (member != NULL) {
            learned->kind = ATTRIBUTE_SLOT;
            learned->index = (uint16_t)member->offset;
            return;
        }
    }
    if (!can_fail) {
        learned->kind = ATTRIBUTE_GENERIC;
    } else if (kind == &PyProperty_Type) {
        learned->kind = ATTRIBUTE_PROPERTY;
    } else if (kind == &PyGetSetDescr_Type && PyType_IsSubtype(type, PyDescr_TYPE(descriptor)) &&
               (is_store ? (void *)((PyGetSetDescrObject *)descriptor)->d_getset->set
                         : (void *)((PyGetSetDescrObject *)descriptor)->d_getset->get) != NULL) {
        learned->kind = ATTRIBUTE_GETSET;
    } else {
        learned->kind = ATTRIBUTE_DESCRIPTOR;
    }
}

/* Learns how classes answer for `name`: from type_getattro's point of view. */
static void learn_class_owner(PyTypeObject *owner, PyObject *name, struct attribute_cell *cell)
{
    PyTypeObject *metatype = Py_TYPE(owner);
    struct attribute_case learned = {.kind = ATTRIBUTE_CLASS, .index = ATTRIBUTE_NO_INDEX};
    PyObject *hook;
    if (!finds_plainly(metatype, PyType_Type.tp_getattro, &hook)) {
        return;
    }
    PyObject *inherited = _PyType_Lookup(metatype, name);
    learned.type_version = metatype->tp_version_tag;
    if (learned.type_version == 0) {
        return;
    }
    if (inherited != NULL && !is_immutable(Py_TYPE(inherited))) {
        return;
    }
    if (inherited != NULL && Py_TYPE(inherited)->tp_descr_set != NULL) {
        learned.type = metatype;
        learn_data_descriptor(metatype, inherited, hook == NULL, false, &learned);
        if (learned.kind != ATTRIBUTE_DESCRIPTOR && learned.kind != ATTRIBUTE_GENERIC) {
            enter_case(cell, &learned);
        }
        return;
    }
    learned.value = _PyType_Lookup(owner, name);
    learned.keys_version = owner->tp_version_tag;
    learned.type = owner;
    if (learned.value != NULL && learned.keys_version != 0) {
        enter_case(cell, &learned);
    }
}

/* Points an ATTRIBUTE_MODULE case at the entry that its hint has just been found right for. */
static void note_module_entry(PyObject *module, PyObject *name, struct attribute_case *seen)
{
    seen->keys_version = 0;
    PyDictKeysObject *keys = ((PyDictObject *)((PyModuleObject *)module)->md_dict)->ma_keys;
    if (keys->dk_kind != DICT_KEYS_UNICODE || seen->hint >= keys->dk_nentries) {
        return;
    }
    PyDictUnicodeEntry *entry = &DK_UNICODE_ENTRIES(keys)[seen->hint];
    size_t words = (size_t)((PyObject **)&entry->me_value - (PyObject **)keys);
    if (entry->me_key == name && words < ATTRIBUTE_NO_INDEX) {
        seen->keys_version = cpython_dict_keys_version(keys);
        seen->index = (uint16_t)words;
    }
}

/* Learns where `name` of such owners is found. Runs no Python code, holds no references, raises nothing. */
static void learn_load(PyObject *owner, PyObject *name, struct attribute_cell *cell, bool wants_method)
{
    PyTypeObject *type = Py_TYPE(owner);
    if (PyType_Check(owner)) {
        learn_class_owner((PyTypeObject *)owner, name, cell);
        return;
    }
    struct attribute_case learned = {.kind = ATTRIBUTE_GENERIC, .index = ATTRIBUTE_NO_INDEX, .type = type};
    PyObject *found = _PyType_Lookup(type, name);
    PyObject *hook;
    bool plainly = finds_plainly(type, PyObject_GenericGetAttr, &hook);
    learned.type_version = type->tp_version_tag;
    if (learned.type_version == 0) {
        return;
    }
    /* With a hook behind it, an access must not fail half way. */
    bool can_fail = type->tp_getattro == PyObject_GenericGetAttr;
    if (plainly && found != NULL && Py_IS_TYPE(found, &PyGetSetDescr_Type) && name == &_Py_ID(__class__) &&
        PyDescr_TYPE(found) == &PyBaseObject_Type) {
        /* object.__class__ reads just that. */
        learned.kind = ATTRIBUTE_SLOT;
        learned.index = offsetof(PyObject, ob_type);
    } else if (plainly && found == NULL) {
        if (!learn_own_place(type, name, &learned)) {
            return;
        }
        bool sure;
        bool absent = own_attribute(owner, type, name, &learned, &sure) == NULL && sure;
        learned.value = hook != NULL && PyFunction_Check(hook) ? hook : NULL;
        if (absent && (learned.index == ATTRIBUTE_NO_INDEX || learned.value != NULL)) {
            if (learned.value == NULL) {
                return; /* an AttributeError is on its way */
            }
            learned.kind = ATTRIBUTE_HOOK;
        } else if (learned.index != ATTRIBUTE_NO_INDEX && attribute_instance_values(owner, type) != NULL) {
            learned.kind = ATTRIBUTE_INLINE_VALUE;
        } else {
            learned.kind = PyModule_Check(owner) ? ATTRIBUTE_MODULE : ATTRIBUTE_DICT;
            if (learned.kind == ATTRIBUTE_MODULE) {
                note_module_entry(owner, name, &learned);
            }
        }
    } else if (plainly) {
        PyTypeObject *kind = Py_TYPE(found);
        learned.value = found;
        if (kind->tp_flags & Py_TPFLAGS_METHOD_DESCRIPTOR && (is_immutable(kind) || wants_method)) {
            learned.kind = ATTRIBUTE_METHOD;
        } else if (kind->tp_descr_set != NULL && is_immutable(kind)) {
            learn_data_descriptor(type, found, can_fail, false, &learned);
        } else if (kind == &PyStaticMethod_Type) {
            learned.kind = ATTRIBUTE_STATICMETHOD;
        } else if (kind == &PyClassMethod_Type && PyFunction_Check(((struct wrapped_function *)found)->callable)) {
            learned.kind = ATTRIBUTE_CLASSMETHOD;
        } else if (kind->tp_descr_get == NULL && is_immutable(kind)) {
            learned.kind = ATTRIBUTE_TYPE_VALUE;
        } else {
            learned.kind = ATTRIBUTE_DESCRIPTOR;
        }
        if (learned.kind != ATTRIBUTE_SLOT && !learn_own_place(type, name, &learned)) {
            return;
        }
    }
    enter_case(cell, &learned);
}

/* Learns where `name` of such owners is stored. As learn_load. */
static void learn_store(PyObject *owner, PyObject *name, struct attribute_cell *cell, bool added)
{
    PyTypeObject *type = Py_TYPE(owner);
    struct attribute_case learned = {.kind = ATTRIBUTE_GENERIC, .index = ATTRIBUTE_NO_INDEX, .type = type};
    PyObject *found = _PyType_Lookup(type, name);
    learned.type_version = type->tp_version_tag;
    if (learned.type_version == 0) {
        return;
    }
    if (type->tp_setattro == PyObject_GenericSetAttr) {
        if (found != NULL && is_immutable(Py_TYPE(found)) && Py_TYPE(found)->tp_descr_set != NULL) {
            learn_data_descriptor(type, found, true, true, &learned);
        } else if (!learn_own_place(type, name, &learned)) {
            return;
        } else if (found != NULL && !is_immutable(Py_TYPE(found))) {
            learned.kind = ATTRIBUTE_DESCRIPTOR;
            learned.value = found;
        } else if (learned.index != ATTRIBUTE_NO_INDEX && attribute_instance_values(owner, type) != NULL) {
            learned.kind = added ? ATTRIBUTE_ADD_INLINE : ATTRIBUTE_INLINE_VALUE;
        } else if (type->tp_dictoffset != 0) {
            learned.kind = PyModule_Check(owner) ? ATTRIBUTE_MODULE : ATTRIBUTE_DICT;
        }
    }
    enter_case(cell, &learned);
}

/* ---- Loading ------------------------------------------------------------------------------------- */

/* A load failed in code of the program's own. If that was an AttributeError that names nothing, it gets the name and the
 * owner, for suggestions, as from PyObject_GetAttr. (object.c, set_attribute_error_context) */
__attribute__((noinline, cold)) static void complete_attribute_error(PyObject *owner, PyObject *name)
{
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyAttributeErrorObject *error = (PyAttributeErrorObject *)value;
    if (PyErr_GivenExceptionMatches(value, PyExc_AttributeError) && error->name == NULL && error->obj == NULL &&
        (PyObject_SetAttr(value, &_Py_ID(name), name) < 0 || PyObject_SetAttr(value, &_Py_ID(obj), owner) < 0)) {
        /* The failure of that is the exception now. */
        Py_XDECREF(type);
        Py_XDECREF(value);
        Py_XDECREF(traceback);
        return;
    }
    PyErr_Restore(type, value, traceback);
}

static PyObject *call_getter(PyObject *owner, PyObject *property)
{
    PyObject *getter = ((struct property_object *)property)->getter;
    if (LIKELY(PyFunction_Check(getter))) {
        return native_call(_PyThreadState_GET(), (PyFunctionObject *)getter, owner, NULL, NULL, 1, false);
    }
    PyObject *arguments[] = {NULL, owner};
    Py_INCREF(getter);
    PyObject *result = rt_call_borrowed(_PyThreadState_GET(), getter, arguments + 1, 1);
    Py_DECREF(getter);
    return result;
}

/* owner.__getattr__(name), when everything else has been tried. (typeobject.c, slot_tp_getattr_hook) */
static PyObject *call_hook(PyObject *owner, PyObject *name, PyObject *hook)
{
    Py_INCREF(hook);
    Py_INCREF(owner); /* stock calls through a bound method, which keeps its owner */
    PyObject *result = native_call(_PyThreadState_GET(), (PyFunctionObject *)hook, owner, name, NULL, 2, false);
    Py_DECREF(owner);
    Py_DECREF(hook);
    return result;
}

static PyObject *call_getset(PyObject *owner, PyObject *descriptor)
{
    PyGetSetDef *definition = ((PyGetSetDescrObject *)descriptor)->d_getset;
    Py_INCREF(descriptor);
    PyObject *result = definition->get(owner, definition->closure);
    Py_DECREF(descriptor);
    return result;
}

static PyObject *call_descr_get(descrgetfunc get, PyObject *descriptor, PyObject *owner, PyTypeObject *type)
{
    Py_INCREF(descriptor);
    PyObject *result = get(descriptor, owner, (PyObject *)type);
    Py_DECREF(descriptor);
    return result;
}

static inline enum outcome found_or_failed(PyObject *new_reference, PyObject **value)
{
    *value = new_reference;
    return LIKELY(new_reference != NULL) ? OUTCOME_FOUND : OUTCOME_FAILED;
}

/* An attribute of a class: what its MRO holds, bound to nothing. (typeobject.c, type_getattro) */
static enum outcome follow_class(PyObject *owner, struct attribute_case *seen, bool wants_method, PyObject **value,
                                 PyObject **self)
{
    PyObject *attribute = seen->value;
    PyTypeObject *kind = Py_TYPE(attribute);
    descrgetfunc get = kind->tp_descr_get;
    if (get == NULL || kind == &PyFunction_Type) {
        return found_or_failed(Py_NewRef(attribute), value);
    }
    if (kind == &PyStaticMethod_Type || kind == &PyClassMethod_Type) {
        PyObject *callable = ((struct wrapped_function *)attribute)->callable;
        if (kind == &PyStaticMethod_Type ? callable != NULL : PyFunction_Check(callable)) {
            if (kind == &PyStaticMethod_Type) {
                return found_or_failed(Py_NewRef(callable), value);
            }
            if (wants_method) {
                *value = Py_NewRef(callable);
                *self = owner;
                return OUTCOME_BOUND;
            }
            return found_or_failed(PyMethod_New(callable, owner), value);
        }
    }
    if (Py_TYPE(owner)->tp_getattro != PyType_Type.tp_getattro) {
        return OUTCOME_MISSED; /* its __getattr__ would have to follow a failure */
    }
    Py_INCREF(attribute);
    PyObject *result = get(attribute, NULL, owner);
    Py_DECREF(attribute);
    return found_or_failed(result, value);
}

/* Carries out the access that `seen` describes, if it fits. */
static inline enum outcome follow(PyObject *owner, PyTypeObject *type, PyObject *name, struct attribute_case *seen,
                                  bool wants_method, PyObject **value, PyObject **self)
{
    PyObject *own;
    bool sure;
    switch (seen->kind) {
    case ATTRIBUTE_INLINE_VALUE:
    case ATTRIBUTE_DICT:
    case ATTRIBUTE_MODULE:
    case ATTRIBUTE_HOOK:
        own = own_attribute(owner, type, name, seen, &sure);
        if (LIKELY(own != NULL)) {
            if (seen->kind == ATTRIBUTE_MODULE) {
                note_module_entry(owner, name, seen);
            }
            return found_or_failed(Py_NewRef(own), value);
        }
        if (sure && seen->value != NULL) {
            return found_or_failed(call_hook(owner, name, seen->value), value);
        }
        return OUTCOME_MISSED;

    case ATTRIBUTE_SLOT:
        own = *(PyObject **)((char *)owner + seen->index);
        return LIKELY(own != NULL) ? found_or_failed(Py_NewRef(own), value) : OUTCOME_MISSED;

    case ATTRIBUTE_METHOD:
    case ATTRIBUTE_TYPE_VALUE:
    case ATTRIBUTE_STATICMETHOD:
    case ATTRIBUTE_CLASSMETHOD:
        own = own_attribute(owner, type, name, seen, &sure);
        if (own != NULL) {
            return found_or_failed(Py_NewRef(own), value);
        }
        if (UNLIKELY(!sure)) {
            return OUTCOME_MISSED;
        }
        if (seen->kind == ATTRIBUTE_METHOD) {
            if (wants_method) {
                *value = Py_NewRef(seen->value);
                *self = owner;
                return OUTCOME_BOUND;
            }
            return found_or_failed(call_descr_get(Py_TYPE(seen->value)->tp_descr_get, seen->value, owner, type),
                                   value);
        }
        if (seen->kind == ATTRIBUTE_TYPE_VALUE) {
            return found_or_failed(Py_NewRef(seen->value), value);
        }
        own = ((struct wrapped_function *)seen->value)->callable;
        if (seen->kind == ATTRIBUTE_STATICMETHOD) {
            return own != NULL ? found_or_failed(Py_NewRef(own), value) : OUTCOME_MISSED;
        }
        if (UNLIKELY(!PyFunction_Check(own))) {
            return OUTCOME_MISSED;
        }
        if (wants_method) {
            *value = Py_NewRef(own);
            *self = (PyObject *)type;
            return OUTCOME_BOUND;
        }
        return found_or_failed(PyMethod_New(own, (PyObject *)type), value);

    case ATTRIBUTE_PROPERTY:
        if (UNLIKELY(((struct property_object *)seen->value)->getter == NULL)) {
            return OUTCOME_MISSED;
        }
        return found_or_failed(call_getter(owner, seen->value), value);

    case ATTRIBUTE_GETSET:
        return found_or_failed(call_getset(owner, seen->value), value);

    case ATTRIBUTE_DESCRIPTOR: {
        PyTypeObject *kind = Py_TYPE(seen->value);
        descrgetfunc get = kind->tp_descr_get;
        if (get == NULL || kind->tp_descr_set == NULL) {
            own = own_attribute(owner, type, name, seen, &sure);
            if (own != NULL) {
                return found_or_failed(Py_NewRef(own), value);
            }
            if (!sure) {
                return OUTCOME_MISSED;
            }
            if (get == NULL) {
                return found_or_failed(Py_NewRef(seen->value), value);
            }
        }
        if (type->tp_getattro != PyObject_GenericGetAttr ||
            (wants_method && kind->tp_flags & Py_TPFLAGS_METHOD_DESCRIPTOR)) {
            return OUTCOME_MISSED;
        }
        return found_or_failed(call_descr_get(get, seen->value, owner, type), value);
    }

    case ATTRIBUTE_CLASS:
        if (((PyTypeObject *)owner)->tp_version_tag != seen->keys_version) {
            return OUTCOME_MISSED;
        }
        return follow_class(owner, seen, wants_method, value, self);
    }
    return OUTCOME_MISSED; /* ATTRIBUTE_GENERIC */
}

/* The access that a case has just been learned from, and which it ought to fit. Steals owner. */
__attribute__((noinline)) static PyObject *load_attr_learnt(PyObject *owner, PyObject *name,
                                                            struct attribute_case *seen)
{
    PyObject *value;
    PyObject *self;
    enum outcome outcome = follow(owner, Py_TYPE(owner), name, seen, false, &value, &self);
    if (UNLIKELY(outcome == OUTCOME_MISSED)) {
        value = PyObject_GetAttr(owner, name);
    } else {
        seen->hits++;
        if (UNLIKELY(outcome == OUTCOME_FAILED)) {
            complete_attribute_error(owner, name);
        }
    }
    Py_DECREF(owner);
    return value;
}

/* A version that no case fits, or a case that did not fit after all. `seen` is the latter or NULL. Steals owner. */
__attribute__((noinline)) static PyObject *load_attr_slowly(PyObject *owner, PyObject *name,
                                                            struct attribute_cell *cell, struct attribute_case *seen)
{
    if (may_learn(cell, owner, seen)) {
        learn_load(owner, name, cell, false);
        if (seen == NULL && (seen = attribute_find_case(cell, owner, Py_TYPE(owner)->tp_version_tag)) != NULL) {
            return load_attr_learnt(owner, name, seen);
        }
    }
    PyObject *value = PyObject_GetAttr(owner, name);
    Py_DECREF(owner);
    return value;
}

/* Every access that the leaf below leaves. Steals owner. */
__attribute__((noinline)) static PyObject *load_attr_fully(PyObject *owner, PyObject *name,
                                                           struct attribute_cell *cell, struct attribute_case *seen)
{
    if (seen != NULL) {
        PyObject *value;
        PyObject *self;
        enum outcome outcome = follow(owner, Py_TYPE(owner), name, seen, false, &value, &self);
        if (LIKELY(outcome != OUTCOME_MISSED)) {
            seen->hits++;
            if (UNLIKELY(outcome == OUTCOME_FAILED)) {
                complete_attribute_error(owner, name);
            }
            Py_DECREF(owner);
            return value;
        }
    }
    return load_attr_slowly(owner, name, cell, seen);
}

static int load_method_fully(PyObject **slot, PyObject *name, struct attribute_cell *cell,
                             struct attribute_case *seen);

/* As load_attr_slowly. The owner is still in slot[0]. */
__attribute__((noinline)) static int load_method_slowly(PyObject **slot, PyObject *name, struct attribute_cell *cell,
                                                        struct attribute_case *seen)
{
    PyObject *owner = slot[0];
    if (may_learn(cell, owner, seen)) {
        learn_load(owner, name, cell, true);
        if (seen == NULL && (seen = attribute_find_case(cell, owner, Py_TYPE(owner)->tp_version_tag)) != NULL) {
            return load_method_fully(slot, name, cell, seen);
        }
    }
    PyObject *method = NULL;
    int unbound = _PyObject_GetMethod(owner, name, &method);
    if (unbound && method != NULL) {
        slot[0] = method;
        slot[1] = owner;
        return 0;
    }
    slot[0] = NULL;
    slot[1] = method;
    Py_DECREF(owner);
    return method == NULL ? -1 : 0;
}

/* Every access that the leaf below leaves. The owner is still in slot[0]. */
__attribute__((noinline)) static int load_method_fully(PyObject **slot, PyObject *name, struct attribute_cell *cell,
                                                       struct attribute_case *seen)
{
    PyObject *owner = slot[0];
    if (seen != NULL) {
        PyObject *value;
        PyObject *self;
        enum outcome outcome = follow(owner, Py_TYPE(owner), name, seen, true, &value, &self);
        if (outcome == OUTCOME_BOUND) {
            seen->hits++;
            slot[0] = value;
            slot[1] = owner;
            if (self != owner) {
                slot[1] = Py_NewRef(self); /* a classmethod's class */
                Py_DECREF(owner);
            }
            return 0;
        }
        if (outcome != OUTCOME_MISSED) {
            seen->hits++;
            if (UNLIKELY(outcome == OUTCOME_FAILED) && Py_TYPE(owner)->tp_getattro != PyObject_GenericGetAttr) {
                complete_attribute_error(owner, name); /* stock's LOAD_METHOD looks plain owners up by itself */
            }
            slot[0] = NULL;
            slot[1] = value;
            Py_DECREF(owner);
            return outcome == OUTCOME_FOUND ? 0 : -1;
        }
    }
    return load_method_slowly(slot, name, cell, seen);
}

/* A property whose getter is a Python function. Steals owner. */
__attribute__((noinline)) static PyObject *load_property(PyObject *owner, PyObject *name, struct attribute_case *seen)
{
    PyFunctionObject *getter = (PyFunctionObject *)((struct property_object *)seen->value)->getter;
    seen->hits++;
    PyObject *value = native_call(_PyThreadState_GET(), getter, owner, NULL, NULL, 1, false);
    if (UNLIKELY(value == NULL)) {
        complete_attribute_error(owner, name);
    }
    Py_DECREF(owner);
    return value;
}

PyObject *rt_load_attr(PyObject *owner, PyObject *name, struct attribute_cell *cell)
{
    struct attribute_case *seen = attribute_find_case(cell, owner, Py_TYPE(owner)->tp_version_tag);
    if (seen != NULL && seen->kind == ATTRIBUTE_PROPERTY) {
        PyObject *getter = ((struct property_object *)seen->value)->getter;
        if (LIKELY(getter != NULL && PyFunction_Check(getter))) {
            return load_property(owner, name, seen);
        }
    }
    return load_attr_fully(owner, name, cell, seen);
}

int rt_load_method(PyObject **slot, PyObject *name, struct attribute_cell *cell)
{
    return load_method_fully(slot, name, cell, attribute_find_case(cell, slot[0], Py_TYPE(slot[0])->tp_version_tag));
}

/* ---- Storing ------------------------------------------------------------------------------------- */

/* Stores into the instance itself, not into its class's descriptors. Steals `value` unless it returns
 * OUTCOME_MISSED. */
static inline enum outcome store_own(PyObject *owner, PyTypeObject *type, PyObject *name, struct attribute_case *seen,
                                     PyObject *value)
{
    PyDictValues *values = attribute_instance_values(owner, type);
    if (LIKELY(values != NULL)) {
        if (seen->index == ATTRIBUTE_NO_INDEX) {
            return OUTCOME_MISSED;
        }
        PyObject *old = values->values[seen->index];
        values->values[seen->index] = value;
        if (old == NULL) {
            _PyDictValues_AddToInsertionOrder(values, seen->index);
        }
        Py_XDECREF(old);
        return OUTCOME_FOUND;
    }
    PyDictObject *dict = attribute_instance_dict(owner, type);
    if (dict == NULL) {
        return OUTCOME_MISSED;
    }
    if (DK_IS_UNICODE(dict->ma_keys) && dict_get_string_hinted(dict, name, &seen->hint) != NULL) {
        Py_ssize_t index = seen->hint;
        if (LIKELY(index < dict->ma_keys->dk_nentries && DK_UNICODE_ENTRIES(dict->ma_keys)[index].me_key == name)) {
            rt_release(dict_replace_at(dict, index, value));
            return OUTCOME_FOUND;
        }
    }
    Py_INCREF(dict);
    int status = PyDict_SetItem((PyObject *)dict, name, value);
    Py_DECREF(dict);
    Py_DECREF(value);
    return status < 0 ? OUTCOME_FAILED : OUTCOME_FOUND;
}

static int call_setter(PyObject *owner, PyObject *property, PyObject *value)
{
    PyObject *setter = ((struct property_object *)property)->setter;
    PyObject *result;
    if (LIKELY(PyFunction_Check(setter))) {
        result = native_call(_PyThreadState_GET(), (PyFunctionObject *)setter, owner, value, NULL, 2, false);
    } else {
        PyObject *arguments[] = {NULL, owner, value};
        Py_INCREF(setter);
        result = rt_call_borrowed(_PyThreadState_GET(), setter, arguments + 1, 2);
        Py_DECREF(setter);
    }
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

/* Hands a store to a descriptor of the class. Borrows everything. */
static int store_through_descriptor(PyObject *owner, struct attribute_case *seen, PyObject *value)
{
    PyObject *descriptor = seen->value;
    int status;
    if (seen->kind == ATTRIBUTE_PROPERTY) {
        return call_setter(owner, descriptor, value);
    }
    Py_INCREF(descriptor);
    if (seen->kind == ATTRIBUTE_GETSET) {
        PyGetSetDef *definition = ((PyGetSetDescrObject *)descriptor)->d_getset;
        status = definition->set(owner, value, definition->closure);
    } else {
        status = Py_TYPE(descriptor)->tp_descr_set(descriptor, owner, value);
    }
    Py_DECREF(descriptor);
    return status;
}

/* As load_attr_slowly. Steals owner and value. */
__attribute__((noinline)) static int store_attr_slowly(PyObject *owner, PyObject *value, PyObject *name,
                                                       struct attribute_cell *cell, struct attribute_case *seen)
{
    bool learns = may_learn(cell, owner, seen);
    bool added = false;
    if (learns) {
        /* Whether the name was there is known before the store only; where it is kept, after it only. */
        PyDictValues *values = attribute_instance_values(owner, Py_TYPE(owner));
        Py_ssize_t index = values == NULL ? -1 : dict_find_string(attribute_shared_keys(Py_TYPE(owner)), name);
        added = values != NULL && (index < 0 || values->values[index] == NULL);
    }
    int status = PyObject_SetAttr(owner, name, value);
    if (learns && status == 0) {
        learn_store(owner, name, cell, added);
    }
    Py_DECREF(value);
    Py_DECREF(owner);
    return status;
}

/* Every store that the leaf below leaves. Steals owner and value. */
__attribute__((noinline)) static int store_attr_fully(PyObject *owner, PyObject *value, PyObject *name,
                                                      struct attribute_cell *cell, struct attribute_case *seen)
{
    PyTypeObject *type = Py_TYPE(owner);
    enum outcome outcome = OUTCOME_MISSED;
    switch (seen == NULL ? ATTRIBUTE_NONE : seen->kind) {
    case ATTRIBUTE_INLINE_VALUE:
    case ATTRIBUTE_ADD_INLINE:
    case ATTRIBUTE_DICT:
    case ATTRIBUTE_MODULE:
        outcome = store_own(owner, type, name, seen, value);
        break;
    case ATTRIBUTE_SLOT: {
        PyObject **place = (PyObject **)((char *)owner + seen->index);
        PyObject *old = *place;
        *place = value;
        Py_XDECREF(old);
        outcome = OUTCOME_FOUND;
        break;
    }
    case ATTRIBUTE_DESCRIPTOR:
        if (Py_TYPE(seen->value)->tp_descr_set == NULL) {
            outcome = store_own(owner, type, name, seen, value);
            break;
        }
        __attribute__((fallthrough));
    case ATTRIBUTE_PROPERTY:
    case ATTRIBUTE_GETSET:
        if (seen->kind == ATTRIBUTE_PROPERTY && ((struct property_object *)seen->value)->setter == NULL) {
            break;
        }
        outcome = store_through_descriptor(owner, seen, value) < 0 ? OUTCOME_FAILED : OUTCOME_FOUND;
        Py_DECREF(value);
        break;
    default:
        break;
    }
    if (UNLIKELY(outcome == OUTCOME_MISSED)) {
        return store_attr_slowly(owner, value, name, cell, seen);
    }
    seen->hits++;
    Py_DECREF(owner);
    return outcome == OUTCOME_FOUND ? 0 : -1;
}

int rt_store_attr(PyObject *owner, PyObject *value, PyObject *name, struct attribute_cell *cell)
{
    return store_attr_fully(owner, value, name, cell,
                            attribute_find_case(cell, owner, Py_TYPE(owner)->tp_version_tag));
}
