/* runtime/runtime_data.h: the constants and free lists that machine code addresses relative to itself.
 *
 * CPython's own objects may lie beyond the reach of a 32-bit displacement (libpython, PIE builds), this
 * struct never does: it is part of the same image as the code arena. GIL held for all access.
 */
#ifndef PYJIT_RUNTIME_DATA_H
#define PYJIT_RUNTIME_DATA_H

#include "runtime/cpython.h"
#include "runtime/object_pool.h"

/* Dead ints of one length, each an ordinary PyObject_Malloc block whose type is still int. blocks[count] is the next to be
 * used; blocks[0] is NULL for ever, so that taking needs no other test. */
struct int_free_list {
    int64_t count;
    PyObject *blocks[1 + 256];
};

/* By number of digits less one. Templates use the first list only. */
enum { INT_FREE_LISTS = 5, INT_FREE_LIST_LIMIT = 256 };

struct runtime_data {
    PyTypeObject *int_type;
    PyTypeObject *float_type;
    PyTypeObject *complex_type;
    PyTypeObject *bool_type;
    PyTypeObject *str_type;
    PyTypeObject *list_type;
    PyTypeObject *tuple_type;
    PyTypeObject *dict_type;
    PyTypeObject *range_type;
    PyTypeObject *range_iterator_type;
    PyTypeObject *list_iterator_type;
    PyTypeObject *tuple_iterator_type;
    PyTypeObject *generator_type;
    PyTypeObject *coroutine_type;
    PyTypeObject *function_type;
    PyTypeObject *bytes_type;
    PyTypeObject *set_type;
    PyTypeObject *none_type;
    PyTypeObject *module_type;
    PyTypeObject *type_type;
    PyTypeObject *c_function_type;
    PyTypeObject *enumerate_type, *zip_type;
    PyTypeObject *cell_type;
    PyTypeObject *method_descriptor_type;
    PyTypeObject *method_type;
    PyObject *list_append;            /* list's own method; it lives as long as list */
    PyObject *tuple_new;              /* tuple's own __new__; likewise */
    vectorcallfunc method_vectorcall; /* of bound methods */
    destructor subtype_dealloc;       /* of classes made by class statements */
    destructor exception_dealloc;     /* of BaseException and the built-in classes that add no fields */
    PyObject *none;
    PyObject *true_object;
    PyObject *false_object;
    PyLongObject *small_int_zero; /* the singleton 0; its neighbours are the other small ints */
    /* The evaluator that vm/hook.c installed with PEP 523, NULL while none is. Compiled code is entered only while this is
     * the interpreter's evaluator: when somebody installs another one after ours, frames must reach that one. */
    _PyFrameEvalFunction eval_hook;
    PyTypeObject *ascii_iterator_type;
    PyTypeObject *set_iterator_type;
    PyTypeObject *list_reverse_iterator_type;
    PyInterpreterState *interpreter;     /* the main one */
    struct _gc_runtime_state *collector; /* the main interpreter's */
    PyASCIIObject *ascii;                /* the interpreter's one-character strings below 128 ... */
    PyASCIIObject *latin1;               /* ... and from there to 255 */
    /* Destructors being run by compiled code whose own frame is unlinked: no compiled code is freed meanwhile. */
    uint64_t leaving;
    struct _Py_float_state *floats; /* the main interpreter's free list of floats */
    struct int_free_list ints[INT_FREE_LISTS];
    const struct _PyTraceMalloc_Config *tracemalloc; /* the interpreter's; see object_pools_are_closed() */
    struct object_pool functions, cells, methods, tracebacks, exceptions;
    /* Their type is anything. `iterators`: of lists, tuples, bytes and ASCII strs, and map objects, which have one size. */
    struct object_pool iterators, enumerates, zips;
    struct object_pool range_iterators; /* not of the collector: from PyObject_New */
};

extern struct runtime_data runtime_data;

/* Fills runtime_data. GIL held, main interpreter. */
void runtime_data_init(PyThreadState *tstate);

/* Gives the free ints and the blocks of the pools back to the allocator. */
void runtime_data_clear_free_lists(void);

/* A new int from a C long, from our free lists where possible. New reference, or NULL with MemoryError. */
PyObject *rt_int_from_long(long value);

/* The same from 128 bits. */
PyObject *rt_int_from_wide(__int128 value);

/* Frees an exact int, or an exact float, whose last reference has gone. */
void rt_int_free(PyObject *object);
void rt_float_free(PyObject *object);

/* Deallocate an exact function, cell or bound method as CPython does: the same things are dropped in the same order. */
void rt_function_free(PyObject *object);
void rt_cell_free(PyObject *object);
void rt_method_free(PyObject *object);
/* The same for an exact tuple. */
void rt_tuple_free(PyThreadState *tstate, PyObject *object);

/* A method that binds `function`, borrowed, to `self`, whose reference it takes over (not on failure). New reference, or NULL
 * with MemoryError. */
PyObject *rt_bound_method(PyThreadState *tstate, PyObject *function, PyObject *self);

/* A new float; NULL with MemoryError. */
PyObject *rt_float_new(double value);

/* Take the bits of a double, or of an int64_t, in *slot for a new object, owned. They cannot fail: without memory they draw on a reserve. Keep a
 * current exception; run no code. */
void rt_box_float(PyObject **slot);
void rt_box_int(PyObject **slot);
/* Undoes either: leaves the bits in *slot and drops the object. */
void rt_unbox(PyObject **slot);

#endif
