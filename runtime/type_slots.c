/* runtime/type_slots.c: see type_slots.h. */
#include "runtime/type_slots.h"

#include "runtime/native_call.h"

/* As CPython has them; NULL before type_slots_install(). */
static destructor stock_int_dealloc;
static iternextfunc stock_map_next;

/* tp_dealloc of int, which its subclasses' end calls too. The free lists keep no memory that tracemalloc would count as in use. */
static void int_dealloc(PyObject *object)
{
    if (LIKELY(PyLong_CheckExact(object)) && !object_pools_are_closed()) {
        rt_int_free(object);
    } else {
        stock_int_dealloc(object);
    }
}

/* The next item of an iterator; NULL at the end, or with an exception set. */
static inline PyObject *next_item(PyObject *iterator)
{
    const PyTypeObject *type = Py_TYPE(iterator);
    if (type == runtime_data.list_iterator_type) {
        struct list_iterator *self = (struct list_iterator *)iterator;
        if (LIKELY(self->list != NULL && self->index < PyList_GET_SIZE(self->list))) {
            return Py_NewRef(self->list->ob_item[self->index++]);
        }
    } else if (type == runtime_data.tuple_iterator_type) {
        struct tuple_iterator *self = (struct tuple_iterator *)iterator;
        if (LIKELY(self->tuple != NULL && self->index < PyTuple_GET_SIZE(self->tuple))) {
            return Py_NewRef(self->tuple->ob_item[self->index++]);
        }
    }
    return type->tp_iternext(iterator);
}

/* tp_iternext of map. With one iterator and a compiled function, the frame is filled in here; the callee finds the item referred to from here as
 * well, as on stock. (bltinmodule.c, map_next) */
static PyObject *map_next(PyObject *object)
{
    struct map_object *map = (struct map_object *)object;
    PyFunctionObject *function = (PyFunctionObject *)map->function;
    if (UNLIKELY(PyTuple_GET_SIZE(map->iterators) != 1 || !PyFunction_Check(function) ||
                 function->vectorcall != rt_function_vectorcall)) {
        return stock_map_next(object);
    }
    PyObject *item = next_item(PyTuple_GET_ITEM(map->iterators, 0));
    if (item == NULL) {
        return NULL;
    }
    PyThreadState *tstate = _PyThreadState_GET();
    PyObject *result;
    struct compiled_code *compiled = find_native_code(tstate, function, 1);
    InterpreterFrame *frame = LIKELY(compiled != NULL) ? native_push(tstate, function, compiled) : NULL;
    if (LIKELY(frame != NULL)) {
        frame->localsplus[0] = Py_NewRef(item);
        result = native_run(tstate, frame, compiled);
    } else {
        result = rt_function_vectorcall((PyObject *)function, &item, 1, NULL);
    }
    Py_DECREF(item);
    return result;
}

void type_slots_install(void)
{
    stock_int_dealloc = PyLong_Type.tp_dealloc;
    stock_map_next = PyMap_Type.tp_iternext;
    PyLong_Type.tp_dealloc = int_dealloc;
    PyMap_Type.tp_iternext = map_next;
}

void type_slots_remove(void)
{
    if (PyLong_Type.tp_dealloc == int_dealloc) {
        PyLong_Type.tp_dealloc = stock_int_dealloc;
    }
    if (PyMap_Type.tp_iternext == map_next) {
        PyMap_Type.tp_iternext = stock_map_next;
    }
}
