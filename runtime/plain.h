/* runtime/plain.h: containers and strings without other code: operations on exact built-in types that run no Python code at all.
 *
 * "Plain" means: hashing and comparing the keys involved, and the death of what an operation drops, run no code that a program could
 * have written, and nothing here starts the cyclic collector. Each operation looks whether that holds; where it does not, it does
 * nothing: no exception, no reference touched, NULL or a negative number, and the general operation has to be called. So they are no escapes:
 * compiled code needs neither a check after them nor references of its own around them. GIL held for all.
 */
#ifndef PYJIT_RUNTIME_PLAIN_H
#define PYJIT_RUNTIME_PLAIN_H

#include "runtime/cpython.h"
#include "runtime/dict_lookup.h"
#include "runtime/runtime_data.h"

/* `owned` of the functions below: whose references are taken over where the operation is carried out. */
enum { PLAIN_OWNS_CONTAINER = 1, PLAIN_OWNS_KEY = 2, PLAIN_OWNS_VALUE = 4 };

/* Would one of the next `count` allocations of container objects start the collector? (gcmodule.c, _PyObject_GC_Link) */
static inline bool plain_collection_is_due(int count)
{
    const struct _gc_runtime_state *collector = runtime_data.collector;
    const struct gc_generation *youngest = &collector->generations[0];
    return UNLIKELY(youngest->count + count > youngest->threshold) && collector->enabled && youngest->threshold != 0;
}

/* Keeps the collector from running until plain_allow_collection() is given the result. Nothing between the two may run code. */
static inline int plain_hold_collection_off(void)
{
    int enabled = runtime_data.collector->enabled;
    runtime_data.collector->enabled = 0;
    return enabled;
}

static inline void plain_allow_collection(int enabled)
{
    runtime_data.collector->enabled = enabled;
}

/* The same as plain_collection_is_due() as a function: 1 or 0. */
int rt_plain_collection_is_due(int count);

/* An empty dict, made without starting the collector; NULL where that is not to be had, no exception set. */
static inline PyObject *plain_empty_dict(void)
{
    if (UNLIKELY(runtime_data.interpreter->dict_state.numfree == 0) && plain_collection_is_due(1)) {
        return NULL;
    }
    PyObject *dict = PyDict_New();
    if (UNLIKELY(dict == NULL)) {
        PyErr_Clear();
    }
    return dict;
}

/* The outcomes of plain_find besides an entry's number. */
enum { PLAIN_ABSENT = -1, PLAIN_UNKNOWN = -2 };

/* The entry of `key` in a dict's keys: its number; PLAIN_ABSENT; or PLAIN_UNKNOWN where telling would run code. *hash becomes
 * the key's hash where it is absent. */
Py_ssize_t plain_find(PyDictObject *dict, PyObject *key, Py_hash_t *hash);

/* The value at an entry of any table, borrowed, or NULL. */
static inline PyObject *plain_value_at(PyDictObject *dict, Py_ssize_t index)
{
    return DK_IS_UNICODE(dict->ma_keys) ? dict_value_at(dict, index) : DK_ENTRIES(dict->ma_keys)[index].me_value;
}

/* Adds `key`, which plain_find did not find and whose hash this is. Steals nothing; 0, or -1 without memory, no exception set. */
int plain_insert(PyDictObject *dict, PyObject *key, PyObject *value, Py_hash_t hash);

/* Is `key` in a set or frozenset? 1, 0, or PLAIN_UNKNOWN. *hash as above. */
int plain_set_find(PySetObject *set, PyObject *key, Py_hash_t *hash);

/* container[key] for lists, tuples, str, bytes and bytearrays with ints, and dicts (and classes that inherit their look-up) with keys
 * they hold. A new reference, or NULL. */
PyObject *rt_plain_subscript(PyObject *container, PyObject *key, int owned);
/* The same, with the kind expected tried first. */
PyObject *rt_plain_dict_subscript(PyObject *dict, PyObject *key, int owned);

/* container[key] = value for lists with ints and for dicts. Returns an object that the caller has to release, the old value or another, and
 * whose death may run code; or NULL. */
PyObject *rt_plain_store(PyObject *container, PyObject *key, PyObject *value, int owned);

/* item in container, for str, dicts, sets, lists and tuples: 1, 0, or -1. `owned`: OWNS_KEY is the item. */
int rt_plain_contains(PyObject *item, PyObject *container, int owned);

/* container[start:stop:step] for lists, tuples, str and bytes with ints (or None for start and stop). `owned`: OWNS_KEY is start,
 * OWNS_VALUE is stop. A new reference, or NULL. */
PyObject *rt_plain_slice(PyObject *container, PyObject *start, PyObject *stop, long step, int owned);

/* left + right for str, lists and tuples; OWNS_CONTAINER is the left one. A new reference, or NULL. */
PyObject *rt_plain_concatenate(PyObject *left, PyObject *right, int owned);

/* dict[key] = dict.get(key, absent) + operand, of ints and floats. 1, or 0 with nothing changed. Borrows all. */
int rt_plain_count(PyObject *dict, PyObject *key, PyObject *absent, PyObject *operand);
/* container[key] += operand, or -=, of ints and floats, for dicts and lists that have the key. As above. */
int rt_plain_augment(PyObject *container, PyObject *key, PyObject *operand, int subtract);
/* dict.setdefault(key, []).append(item). As above. */
int rt_plain_append_at(PyObject *dict, PyObject *key, PyObject *item);

/* ---- Building: `items` are owned references, taken over where a new object is returned. ---- */

PyObject *rt_plain_tuple(PyObject **items, int count);
PyObject *rt_plain_list(PyObject **items, int count);
/* BUILD_STRING: all items are str. */
PyObject *rt_plain_join(PyObject **items, int count);
/* BUILD_MAP: key, value, key, ...; BUILD_CONST_KEY_MAP: `count` values, then the tuple of keys. */
PyObject *rt_plain_map(PyObject **items, int count);
PyObject *rt_plain_const_key_map(PyObject **items, int count);
PyObject *rt_plain_set(PyObject **items, int count);

/* The items of a function that is to be made: namespaces and code, borrowed, and then the parts that the bits of MAKE_FUNCTION say. */
enum { FUNCTION_GLOBALS, FUNCTION_BUILTINS, FUNCTION_CODE, FUNCTION_FIRST_PART };
/* A new function (ops/functions.c), and a new cell with one item or none (plain_cells.c). */
PyObject *rt_plain_function(PyObject **items, int parts);
PyObject *rt_plain_cell(PyObject **items, int count);
/* Puts a value, whose reference is taken over, into a cell: what was in it, or None, owned. */
PyObject *rt_plain_cell_exchange(PyObject *cell, PyObject *value);

/* Makes room for one item more in a list that has none, as list.append() does: 0, or -1 without memory, no exception set. */
int rt_plain_make_room(PyObject *list);

/* Have two exact str that are ready, of one length, the same characters? */
int rt_plain_same_text(PyObject *a, PyObject *b);

/* dict.get(key, absent) of an exact dict: a new reference; or NULL where looking would run code. Borrows all. (plain_methods.c) */
PyObject *rt_plain_get(PyObject *dict, PyObject *key, PyObject *absent);

/* len() of exact built-in containers, ord() of an exact str: -1 for what is none, or too long. isinstance() where that runs no code: 1, 0, -1.
 * All borrow. (plain_builtins.c) */
int rt_plain_length(PyObject *object);
int rt_plain_ordinal(PyObject *object);
int rt_plain_isinstance(PyObject *object, PyObject *class);

/* set.add(item), on an exact set: 0, or -1. `owned`: OWNS_KEY is the item. */
int rt_plain_set_add(PyObject *set, PyObject *item, int owned);

/* The function that stands for a method descriptor called with `count` arguments (plain_methods.c), or NULL. It takes the call's operands as CALL
 * finds them: slots[0] must be that descriptor. A new reference, the operands released; or NULL. */
typedef PyObject *(*plain_method_function)(PyObject **slots, int count);
plain_method_function plain_method(PyObject *descriptor, int count);
/* The same for a class called: slots[0] must be NULL, slots[1] the class (plain_calls.c). */
plain_method_function plain_class(const PyTypeObject *class, int count);
/* The same for an exact builtin function; two levels of recursion must be left. */
plain_method_function plain_function(PyObject *function, int count);

/* Does the death of an object run no code? plain_release: may a reference to it be dropped, then? */
bool plain_death(PyObject *object);
static inline bool plain_release(PyObject *object)
{
    return LIKELY(object->ob_refcnt > 1 || Py_TYPE(object) == &PyLong_Type || Py_TYPE(object) == &PyFloat_Type) ||
           plain_death(object);
}

/* STORE_ATTR without running code (ops/attribute_quick.c): an object to be released, the old value or another; or NULL. Takes no references. */
struct attribute_cell;
PyObject *rt_plain_store_attr(PyObject *owner, PyObject *value, PyObject *name, struct attribute_cell *cell);

/* The same for anything: with what it holds, as far as that dies with it. (plain_death.c) */
bool plain_destruction(PyObject *object);

/* Advances an iterator: a new reference, or NULL with nothing changed. plain_next: the function for iterators of a type, NULL where there is
 * none; such types are static. (plain_iterate.c) */
typedef PyObject *(*plain_next_function)(PyObject *iterator);
plain_next_function plain_next(const PyTypeObject *type);

/* Has an iterator that plain_next's function gave NULL for come to its end? Then that is noted in it, as its type does: 1; 0: it has not, or noting it would
 * run code, and nothing is done. (plain_iterate.c) */
int rt_plain_iterator_ends(PyObject *iterator);

/* format(value, "") of str, short int and float (FORMAT_VALUE without more); OWNS_CONTAINER. A new reference, or NULL. */
PyObject *rt_plain_format(PyObject *value, int owned);
/* format(value, specification) of str and float; OWNS_KEY is the specification. */
PyObject *rt_plain_format_with(PyObject *value, PyObject *specification, int owned);

#endif
