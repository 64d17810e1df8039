/* runtime/plain_death.c: does an object's death, with all that dies with it, run no code? See plain.h. */
#include "runtime/ops.h"
#include "runtime/plain.h"

#include <structmember.h>

/* So many objects that may die are followed, of which those with more references than this never do; what is beyond may run code. Of atoms, whose look is shorter
 * than their death, there may be more. */
enum { MOST_FOLLOWED = 48, MOST_ATOMS = 1 << 16, MOST_REFERENCES_WITHIN = 1024 };

/* An object to which references go in this death, and how many: with the last of them it dies, too. */
struct loser {
    PyObject *object;
    Py_ssize_t lost;
};

/* What one death brings about, as far as it is known. */
struct death {
    int count;
    struct loser losers[MOST_FOLLOWED];
};

/* A reference to the item goes. False: too many are to be followed. */
static bool lose(struct death *death, PyObject *item)
{
    if (item == NULL || item->ob_refcnt > MOST_REFERENCES_WITHIN || plain_death(item)) {
        return true;
    }
    int i = 0;
    while (i < death->count && death->losers[i].object != item) {
        i++;
    }
    if (i == MOST_FOLLOWED) {
        return false;
    }
    if (i == death->count) {
        death->losers[death->count++] = (struct loser){.object = item};
    }
    death->losers[i].lost++;
    return true;
}

static bool lose_items(struct death *death, PyObject **items, Py_ssize_t count)
{
    if (count > MOST_ATOMS) {
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!lose(death, items[i])) {
            return false;
        }
    }
    return true;
}

static bool dict_dies_quietly(struct death *death, PyDictObject *dict)
{
    Py_ssize_t position = 0;
    PyObject *key, *value;
    if (dict->ma_keys->dk_nentries > MOST_ATOMS) {
        return false;
    }
    while (PyDict_Next((PyObject *)dict, &position, &key, &value)) {
        if (!lose(death, key) || !lose(death, value)) {
            return false;
        }
    }
    return true;
}

static bool set_dies_quietly(struct death *death, PySetObject *set)
{
    if (set->mask > MOST_ATOMS || set->weakreflist != NULL) {
        return false;
    }
    for (Py_ssize_t i = 0; i <= set->mask; i++) {
        if (!lose(death, set->table[i].key)) {
            return false;
        }
    }
    return true;
}

/* The slots that a class itself adds. (typeobject.c, clear_slots) */
static bool lose_slots(struct death *death, PyTypeObject *type, PyObject *object)
{
    PyMemberDef *member = _PyHeapType_GET_MEMBERS((PyHeapTypeObject *)type);
    for (Py_ssize_t i = 0; i < Py_SIZE(type); i++, member++) {
        if (member->type == T_OBJECT_EX && !(member->flags & READONLY) &&
            !lose(death, *(PyObject **)((char *)object + member->offset))) {
            return false;
        }
    }
    return true;
}

/* An instance of classes made by class statements, with no built-in base but object. */
static bool instance_dies_quietly(struct death *death, PyObject *object, PyTypeObject *type)
{
    if (type->tp_finalize != NULL || type->tp_del != NULL ||
        (type->tp_weaklistoffset > 0 && *(PyObject **)((char *)object + type->tp_weaklistoffset) != NULL)) {
        return false;
    }
    for (PyTypeObject *base = type; base != &PyBaseObject_Type; base = base->tp_base) {
        if (base == NULL || base->tp_dealloc != runtime_data.subtype_dealloc || !lose_slots(death, base, object)) {
            return false;
        }
    }
    if (!(type->tp_flags & Py_TPFLAGS_MANAGED_DICT)) {
        return type->tp_dictoffset == 0;
    }
    PyDictValues *values = *_PyObject_ValuesPointer(object);
    if (values != NULL) {
        PyDictKeysObject *keys = ((PyHeapTypeObject *)type)->ht_cached_keys;
        return lose_items(death, values->values, keys->dk_nentries);
    }
    return lose(death, *_PyObject_ManagedDictPointer(object));
}

/* What a function shares with others, its code and namespaces, they have still, or it does not die quietly. */
static bool function_dies_quietly(struct death *death, const PyFunctionObject *function)
{
    PyObject *const fields[] = {function->func_globals,    function->func_builtins, function->func_code,
                                function->func_module,     function->func_defaults, function->func_kwdefaults,
                                function->func_doc,        function->func_dict,     function->func_closure,
                                function->func_annotations};
    return function->func_weakreflist == NULL &&
           lose_items(death, (PyObject **)fields, sizeof fields / sizeof fields[0]);
}

/* Does the end of the object itself run no code? What it refers to loses a reference. */
static bool dies_quietly(struct death *death, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_dealloc == runtime_data.subtype_dealloc) {
        return instance_dies_quietly(death, object, type);
    }
    if (type == &PyTuple_Type || type == &PyList_Type) {
        return lose_items(death, PySequence_Fast_ITEMS(object), Py_SIZE(object));
    }
    if (type == &PySet_Type || type == &PyFrozenSet_Type) {
        return set_dies_quietly(death, (PySetObject *)object);
    }
    if (type == &PyDict_Type) {
        return dict_dies_quietly(death, (PyDictObject *)object);
    }
    if (type == runtime_data.list_iterator_type || type == runtime_data.tuple_iterator_type) {
        return lose(death, (PyObject *)((struct list_iterator *)object)->list);
    }
    if (type == &PyMethod_Type) {
        PyMethodObject *method = (PyMethodObject *)object;
        return method->im_weakreflist == NULL && lose(death, method->im_self) && method->im_func->ob_refcnt > 2 &&
               Py_TYPE(method->im_func) == runtime_data.function_type;
    }
    if (type == &PySlice_Type) {
        PySliceObject *slice = (PySliceObject *)object;
        return lose(death, slice->start) && lose(death, slice->stop) && lose(death, slice->step);
    }
    if (type == &PyEnum_Type) {
        const struct enumerate_object *self = (struct enumerate_object *)object;
        return lose(death, self->iterator) && lose(death, self->result);
    }
    if (type == &PyZip_Type) {
        const struct zip_object *self = (struct zip_object *)object;
        return lose(death, self->iterators) && lose(death, self->result);
    }
    if (type == &PyCell_Type) {
        return lose(death, PyCell_GET(object));
    }
    if (type == runtime_data.function_type) {
        return function_dies_quietly(death, (PyFunctionObject *)object);
    }
    return type == &PyRange_Type || type == runtime_data.range_iterator_type;
}

/* The usual function: nothing of its own but cells with atoms. Others have the rest, too. */
static bool closure_dies_quietly(const PyFunctionObject *function)
{
    if (function->func_weakreflist != NULL || function->func_defaults != NULL || function->func_kwdefaults != NULL ||
        function->func_dict != NULL || function->func_annotations != NULL || function->func_globals->ob_refcnt == 1 ||
        function->func_builtins->ob_refcnt == 1 || function->func_code->ob_refcnt == 1 ||
        function->func_doc == NULL || function->func_doc->ob_refcnt == 1 || function->func_module == NULL ||
        !plain_death(function->func_module)) {
        return false;
    }
    const PyObject *closure = function->func_closure;
    for (Py_ssize_t i = 0; closure != NULL && i < PyTuple_GET_SIZE(closure); i++) {
        PyObject *content = PyCell_GET(PyTuple_GET_ITEM(closure, i));
        if (content != NULL && !plain_death(content)) {
            return false;
        }
    }
    return true;
}

bool plain_destruction(PyObject *object)
{
    if (Py_TYPE(object) == runtime_data.function_type && closure_dies_quietly((PyFunctionObject *)object)) {
        return true;
    }
    if (plain_death(object)) {
        return true;
    }
    struct death death;
    death.count = 0;
    bool quietly = dies_quietly(&death, object);
    bool more = true;
    while (quietly && more) {
        more = false;
        for (int i = 0; quietly && i < death.count; i++) {
            struct loser *loser = &death.losers[i];
            if (loser->lost >= loser->object->ob_refcnt) {
                loser->lost = PY_SSIZE_T_MIN / 2; /* it is dead: once is enough */
                quietly = dies_quietly(&death, loser->object);
                more = true;
            }
        }
    }
    return quietly;
}
