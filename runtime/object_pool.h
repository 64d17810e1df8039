/* runtime/object_pool.h: memory of dead functions, cells, iterators, tracebacks and exceptions, kept for the next of their kind.
 *
 * CPython allocates each of these with PyObject_GC_New and frees it with PyObject_GC_Del. Compiled code makes and drops them by the
 * thousand, so it keeps some blocks: a block in a pool is untracked, its type is set, its reference count is garbage. Objects of a
 * pool are ordinary ones: CPython may free them, and we may free those that CPython made. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_OBJECT_POOL_H
#define PYJIT_RUNTIME_OBJECT_POOL_H

#include "runtime/cpython.h"

#include "internal/pycore_pymem.h"

enum { OBJECT_POOL_LIMIT = 64 };

/* blocks[count] is the next to be used; blocks[0] is NULL for ever, so that taking needs no other test. */
struct object_pool {
    int64_t count;
    PyObject *blocks[1 + OBJECT_POOL_LIMIT];
};

/* While tracemalloc traces, nothing is kept and nothing taken: it learns of new objects by their memory. */
static inline bool object_pools_are_closed(void)
{
    return _Py_tracemalloc_config.tracing != 0;
}

/* For templates, which have looked at runtime_data.tracemalloc: a block with the count 1, not tracked, all fields behind the head still to be
 * set; NULL when the pool is empty. */
static inline PyObject *object_pool_take_open(struct object_pool *pool)
{
    PyObject *block = pool->blocks[pool->count];
    if (LIKELY(block != NULL)) {
        pool->count--;
        block->ob_refcnt = 1;
    }
    return block;
}

/* The same, NULL also when the pools are closed. */
static inline PyObject *object_pool_take(struct object_pool *pool)
{
    return LIKELY(!object_pools_are_closed()) ? object_pool_take_open(pool) : NULL;
}

/* Takes the memory of a dead, untracked object whose fields are released. */
static inline void object_pool_put(struct object_pool *pool, PyObject *object)
{
    if (UNLIKELY(pool->count >= OBJECT_POOL_LIMIT || object_pools_are_closed())) {
        PyObject_GC_Del(object);
        return;
    }
    /* What a new object has there: not finalised, in no list. */
    _Py_AS_GC(object)->_gc_prev = 0;
    pool->blocks[++pool->count] = object;
}

/* Gives the blocks back to the allocator. */
static inline void object_pool_clear(struct object_pool *pool)
{
    while (pool->count > 0) {
        PyObject_GC_Del(pool->blocks[pool->count--]);
    }
}

/* _PyObject_GC_TRACK, where the collector is known, or the thread. */
static inline void object_track_in(struct _gc_runtime_state *collector, PyObject *object)
{
    PyGC_Head *head = _Py_AS_GC(object);
    PyGC_Head *youngest = collector->generation0;
    PyGC_Head *last = (PyGC_Head *)youngest->_gc_prev;
    last->_gc_next = (uintptr_t)head;
    head->_gc_prev |= (uintptr_t)last;
    head->_gc_next = (uintptr_t)youngest;
    youngest->_gc_prev = (uintptr_t)head;
}
static inline void object_track(PyThreadState *tstate, PyObject *object)
{
    object_track_in(&tstate->interp->gc, object);
}

#endif
