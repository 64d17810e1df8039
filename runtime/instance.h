/* runtime/instance.h: instances of the program's own classes, made and deallocated with little work.
 *
 * What a program sees is what object.__new__ and the deallocator of classes made by class statements leave: the same things are dropped
 * in the same order, the collector counts the same objects. Only the memory of dead instances, and of their inline
 * values, is kept for the next of their size. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_INSTANCE_H
#define PYJIT_RUNTIME_INSTANCE_H

#include "runtime/cpython.h"

/* Does object.__new__ do nothing for `type` but allocate an instance as instance_new does? True as long as the version of the type
 * stands. */
bool instance_class_is_plain(const PyTypeObject *type);

/* Is deallocating an instance just this: weak references, slots, dict or inline values, memory? As long as the version stands. */
bool instance_class_dies_plainly(const PyTypeObject *type);

/* The staticmethod (borrowed) of a Python function that is the __new__ of `type`, where instantiation is nothing but a call of that; NULL for
 * others. As long as the version stands. (typeobject.c, slot_tp_new) */
PyObject *instance_class_new(PyTypeObject *type);

/* The Python function of such a staticmethod at this time, borrowed, or NULL. */
static inline PyFunctionObject *instance_new_function(PyObject *method)
{
    PyObject *function = ((struct wrapped_function *)method)->callable;
    return function != NULL && PyFunction_Check(function) ? (PyFunctionObject *)function : NULL;
}

/* A new instance of a plain class, all fields empty: a new reference; or NULL, with nothing done and no exception, where a collection is
 * due or memory is short. (typeobject.c, object_new, PyType_GenericAlloc; dictobject.c, init_inline_values) */
PyObject *instance_try(PyThreadState *tstate, PyTypeObject *type);

/* The same in memory of INSTANCE_RESERVE_BYTES each, from PyObject_Malloc and from PyMem_Malloc, which it takes over: never NULL, starts no
 * collection. `values` is NULL for a class without inline values. For classes that instance_fits_reserve is true of: their instances fit, and inline values do
 * always, of which there are 30 at most (dictobject.c, SHARED_KEYS_MAX_SIZE). */
enum { INSTANCE_RESERVE_BYTES = 320 };
PyObject *instance_in_reserve(PyThreadState *tstate, PyTypeObject *type, void *block, void *values);
bool instance_fits_reserve(const PyTypeObject *type);

/* The same in any case: a new reference, or NULL with an exception set. May collect, which can run any code. */
PyObject *instance_new(PyThreadState *tstate, PyTypeObject *type);

/* tuple.__new__(type, items) for an exact tuple and a class derived directly from tuple. New reference or NULL with an exception set; *handled
 * is false, and nothing done, for anything else. Borrows both. (tupleobject.c, tuple_subtype_new; typeobject.c, tp_new_wrapper) */
PyObject *instance_of_tuple(PyThreadState *tstate, PyObject *type, PyObject *items, bool *handled);

/* Deallocates an object whose class has the deallocator of class statements. (typeobject.c, subtype_dealloc) */
void instance_dealloc(PyThreadState *tstate, PyObject *object);

/* Gives kept memory back to the allocator. */
void instance_clear_pools(void);

#endif
