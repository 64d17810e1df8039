/* runtime/plain_death.c: does an object's death, with all that dies with it, run no code? See plain.h. */
#include "runtime/ops.h"
#include "runtime/plain.h"

#include <structmember.h>

/* How far down and how wide is looked; what is beyond may run code. Of atoms, whose look is shorter than their death, there may be more. */
enum { DEEPEST = 4, MOST_ITEMS = 32, MOST_ATOMS = 1 << 16, MOST_REFERENCES_WITHIN = 1024 };

static bool dies_quietly(PyObject *object, int depth);

/* May a reference to the item go? That others have it, too, does not settle it: they may die in the same death. */
static bool item_may_go(PyObject *item, int depth)
{
    return item == NULL || item->ob_refcnt > MOST_REFERENCES_WITHIN || plain_death(item) ||
           (depth > 0 && dies_quietly(item, depth - 1));
}

static bool items_may_go(PyObject **items, Py_ssize_t count, int depth)
{
    if (count > MOST_ATOMS) {
        return false;
    }
    depth = count > MOST_ITEMS ? 0 : depth;
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!item_may_go(items[i], depth)) {
            return false;
        }
    }
    return true;
}

static bool dict_dies_quietly(PyDictObject *dict, int depth)
{
    Py_ssize_t position = 0;
    PyObject *key, *value;
    if (dict->ma_keys->dk_nentries > MOST_ATOMS) {
        return false;
    }
    depth = dict->ma_keys->dk_nentries > MOST_ITEMS ? 0 : depth;
    while (PyDict_Next((PyObject *)dict, &position, &key, &value)) {
        if (!item_may_go(key, depth) || !item_may_go(value, depth)) {
            return false;
        }
    }
    return true;
}

static bool set_dies_quietly(PySetObject *set, int depth)
{
    if (set->mask > MOST_ATOMS || set->weakreflist != NULL) {
        return false;
    }
    depth = set->mask > MOST_ITEMS ? 0 : depth;
    for (Py_ssize_t i = 0; i <= set->mask; i++) {
        if (!item_may_go(set->table[i].key, depth)) {
            return false;
        }
    }
    return true;
}

/* The slots that a class itself adds. (typeobject.c, clear_slots) */
static bool slots_may_go(PyTypeObject *type, PyObject *object, int depth)
{
    PyMemberDef *member = _PyHeapType_GET_MEMBERS((PyHeapTypeObject *)type);
    for (Py_ssize_t i = 0; i < Py_SIZE(type); i++, member++) {
        if (member->type == T_OBJECT_EX && !(member->flags & READONLY) &&
            !item_may_go(*(PyObject **)((char *)object + member->offset), depth)) {
            return false;
        }
    }
    return true;
}

/* An instance of classes made by class statements, with no built-in base but object. */
static bool instance_dies_quietly(PyObject *object, PyTypeObject *type, int depth)
{
    if (type->tp_finalize != NULL || type->tp_del != NULL ||
        (type->tp_weaklistoffset > 0 && *(PyObject **)((char *)object + type->tp_weaklistoffset) != NULL)) {
        return false;
    }
    for (PyTypeObject *base = type; base != &PyBaseObject_Type; base = base->tp_base) {
        if (base == NULL || base->tp_dealloc != runtime_data.subtype_dealloc || !slots_may_go(base, object, depth)) {
            return false;
        }
    }
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return type->tp_dictoffset == 0;
    }
    PyDictValues *values = *_PyObject_ValuesPointer(object);
    if (values != NULL) {
        PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
        return items_may_go(values->values, keys->dk_nentries, depth);
    }
    PyObject *dict = *_PyObject_ManagedDictPointer(object);
    return dict == NULL ||
           (depth > 0 && PyDict_CheckExact(dict) && dict_dies_quietly((PyDictObject *)dict, depth - 1));
}

/* A function on its own: what it shares with others, its code and namespaces, they have still. Whoever has those in other ways does not die
 * quietly. */
static bool function_dies_quietly(const PyFunctionObject *function, int depth)
{
    const PyObject *const shared[] = {function->func_globals, function->func_builtins, function->func_code};
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        if (shared[i]->ob_refcnt == 1) {
            return false;
        }
    }
    PyObject *closure = function->func_closure;
    for (Py_ssize_t i = 0; closure != NULL && i < PyTuple_GET_SIZE(closure); i++) {
        if (!item_may_go(PyCell_GET(PyTuple_GET_ITEM(closure, i)), depth - 1)) {
            return false;
        }
    }
    return function->func_weakreflist == NULL && item_may_go(function->func_module, depth - 1) &&
           item_may_go(function->func_defaults, depth - 1) && item_may_go(function->func_kwdefaults, depth - 1) &&
           item_may_go(function->func_doc, depth - 1) && item_may_go(function->func_dict, depth - 1) &&
           item_may_go(function->func_annotations, depth - 1);
}

static bool dies_quietly(PyObject *object, int depth)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_dealloc == runtime_data.subtype_dealloc) {
        return instance_dies_quietly(object, type, depth);
    }
    if (type == &PyTuple_Type || type == &PyList_Type) {
        return items_may_go(PySequence_Fast_ITEMS(object), Py_SIZE(object), depth);
    }
    if (type == &PySet_Type || type == &PyFrozenSet_Type) {
        return set_dies_quietly((PySetObject *)object, depth);
    }
    if (type == &PyDict_Type) {
        return dict_dies_quietly((PyDictObject *)object, depth);
    }
    if (type == runtime_data.list_iterator_type || type == runtime_data.tuple_iterator_type) {
        return item_may_go((PyObject *)((struct list_iterator *)object)->list, depth);
    }
    if (type == &PyMethod_Type) {
        PyMethodObject *method = (PyMethodObject *)object;
        return method->im_weakreflist == NULL && item_may_go(method->im_self, depth) &&
               method->im_func->ob_refcnt > 2 && Py_TYPE(method->im_func) == runtime_data.function_type;
    }
    if (type == &PySlice_Type) {
        PySliceObject *slice = (PySliceObject *)object;
        return item_may_go(slice->start, depth) && item_may_go(slice->stop, depth) && item_may_go(slice->step, depth);
    }
    if (type == &PyEnum_Type) {
        const struct enumerate_object *self = (struct enumerate_object *)object;
        return item_may_go(self->iterator, depth) && item_may_go(self->result, depth);
    }
    if (type == &PyZip_Type) {
        const struct zip_object *self = (struct zip_object *)object;
        return item_may_go(self->iterators, depth) && item_may_go(self->result, depth);
    }
    if (type == &PyCell_Type) {
        return item_may_go(PyCell_GET(object), depth);
    }
    return type == &PyRange_Type || type == runtime_data.range_iterator_type;
}

bool plain_destruction(PyObject *object)
{
    return Py_TYPE(object) == runtime_data.function_type ? function_dies_quietly((PyFunctionObject *)object, DEEPEST)
                                                         : plain_death(object) || dies_quietly(object, DEEPEST);
}
