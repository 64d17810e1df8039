/* runtime/ops/super.c: super().method(...) without a super object: the method is found by the class of self and the class whose code it is,
 * as super_getattro of typeobject.c would find it for an object that super_init_without_args has filled in.
 */
#include "runtime/dict_lookup.h"
#include "runtime/ops.h"
#include "runtime/ops/attribute_cells.h"

/* What the classes behind `start` in the MRO of `type` hold under the name, borrowed, or NULL where it is not there or not for us. */
static PyObject *find_behind(PyTypeObject *type, PyTypeObject *start, PyObject *name)
{
    PyObject *mro = type->tp_mro;
    if (mro == NULL) {
        return NULL;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(mro);
    Py_ssize_t index = 0;
    while (index < count && PyTuple_GET_ITEM(mro, index) != (PyObject *)start) {
        index++;
    }
    while (++index < count) {
        PyDictObject *dict = (PyDictObject *)((PyTypeObject *)PyTuple_GET_ITEM(mro, index))->tp_dict;
        if (dict == NULL || !DK_IS_UNICODE(dict->ma_keys)) {
            return NULL;
        }
        PyObject *found = dict_get_string(dict, name);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

/* Fills a case of the cell in. Runs no code, raises nothing. */
__attribute__((noinline)) static struct attribute_case *learn_super(PyTypeObject *type, PyTypeObject *start,
                                                                    PyObject *name, struct attribute_cell *cell)
{
    _PyType_Lookup(type, name); /* gives it a version */
    PyObject *found = find_behind(type, start, name);
    if (found == NULL || type->tp_version_tag == 0) {
        return NULL;
    }
    PyTypeObject *kind = Py_TYPE(found);
    bool simple = kind->tp_flags & Py_TPFLAGS_METHOD_DESCRIPTOR || kind->tp_descr_get == NULL;
    if (!(simple && kind->tp_flags & Py_TPFLAGS_IMMUTABLETYPE) && kind != &PyClassMethod_Type &&
        kind != &PyStaticMethod_Type) {
        return NULL;
    }
    int place;
    if (cell->count == FEEDBACK_MAX_CASES) {
        cell->megamorphic = 1;
        place = (int)(cell->misses % FEEDBACK_MAX_CASES);
    } else {
        place = attribute_add_case(cell);
        if (place < 0) {
            return NULL;
        }
    }
    cell->misses += cell->misses < UINT16_MAX;
    struct attribute_case *learned = feedback_case(cell, place);
    *learned = (struct attribute_case){.type_version = type->tp_version_tag,
                                       .kind = ATTRIBUTE_SUPER,
                                       .index = ATTRIBUTE_NO_INDEX,
                                       .value = found,
                                       .type = start};
    return learned;
}

int rt_super_method(PyObject *callable, PyObject *self, PyObject *class_cell, PyObject **slots, PyObject *name,
                    struct attribute_cell *cell)
{
    if (UNLIKELY(callable != (PyObject *)&PySuper_Type || self == NULL || class_cell == NULL)) {
        return 0;
    }
    PyTypeObject *start = (PyTypeObject *)PyCell_GET(class_cell);
    if (UNLIKELY(start == NULL || !PyType_Check(start))) {
        return 0;
    }
    /* A class below `start` is itself what the search begins with, as in class methods. */
    bool is_class = PyType_Check(self) && PyType_IsSubtype((PyTypeObject *)self, start);
    PyTypeObject *type = is_class ? (PyTypeObject *)self : Py_TYPE(self);
    uint32_t version = type->tp_version_tag;
    struct attribute_case *seen = NULL;
    for (int number = 0; number < cell->count && seen == NULL; number++) {
        struct attribute_case *learned = feedback_case(cell, number);
        bool fits = learned->type_version == version && learned->kind == ATTRIBUTE_SUPER && learned->type == start;
        seen = fits ? learned : NULL;
    }
    if (UNLIKELY(seen == NULL)) {
        if (!is_class && !PyType_IsSubtype(type, start)) {
            return 0;
        }
        seen = learn_super(type, start, name, cell);
        if (seen == NULL) {
            return 0;
        }
    }
    PyObject *found = seen->value;
    bool binds = !is_class;
    if (UNLIKELY(!PyFunction_Check(found))) {
        PyTypeObject *kind = Py_TYPE(found);
        if (kind == &PyClassMethod_Type) {
            self = (PyObject *)type;
            binds = true;
        } else if (!(kind->tp_flags & Py_TPFLAGS_METHOD_DESCRIPTOR)) {
            binds = false;
        }
        if (kind == &PyClassMethod_Type || kind == &PyStaticMethod_Type) {
            found = ((struct wrapped_function *)found)->callable;
            if (found == NULL || (binds && !PyFunction_Check(found))) {
                return 0;
            }
        }
    }
    seen->hits++;
    slots[0] = binds ? Py_NewRef(found) : NULL;
    slots[1] = Py_NewRef(binds ? self : found);
    return 1;
}
