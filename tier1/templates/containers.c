/* tier1/templates/containers.c: subscripts, stores into containers, containment, slices, unpacking, building.
 *
 * Fast templates for one kind of operand go to SLOW with nothing changed; behind them stand the plain operations of runtime/plain.h, for
 * which any two operands are brought into x and y first, and behind these the general ones.
 */
#include "tier1/templates/numbers.h"

#include "runtime/c_calls.h"
#include "runtime/plain.h"

/* ---- Any two operands into x and y: the pairs that PAIR_* (arith.c) leaves out ---- */
#define LOAD_PAIR(ka, kb)                                                                                            \
    TEMPLATE(PAIR_##ka##kb)                                                                                          \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        GO_WITH(CONT, a, b);                                                                                         \
    }
LOAD_PAIR(L, S)
LOAD_PAIR(C, C)
LOAD_PAIR(C, S)
LOAD_PAIR(S, S)
LOAD_PAIR(R, S)

/* ---- Subscripts ---- */

/* A short int as an index into `size` items, negative ones counted from the end; a constant one is in H_I. False: it is none, or out of range. */
#define FIND_INDEX(kind, key, size, index)                                                                           \
    ({                                                                                                               \
        bool found_ = false;                                                                                         \
        if (LIKELY(!NO_SHORT_INT_##kind(key))) {                                                                     \
            index = INT_VALUE_##kind(key);                                                                           \
            if (UNLIKELY(index < 0)) {                                                                               \
                index += (size);                                                                                     \
            }                                                                                                        \
            found_ = (unsigned long)index < (unsigned long)(size);                                                   \
        }                                                                                                            \
        LIKELY(found_);                                                                                              \
    })

#define SUBSCRIPT(ka, kb, name, type, get_size, items)                                                               \
    TEMPLATE(name##_##ka##kb)                                                                                        \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = OBJECT_##kb(H_B, Q_B);                                                                         \
        long index;                                                                                                  \
        if (UNLIKELY(Py_TYPE(a) != RUNTIME->type || (OWNED_##ka && a->ob_refcnt == 1))) {                            \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (UNLIKELY(!FIND_INDEX(kb, b, get_size(a), index))) {                                                      \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        PyObject *value = items(a)[index];                                                                           \
        value->ob_refcnt++;                                                                                          \
        if (OWNED_##ka) {                                                                                            \
            a->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            DROP_INT(b);                                                                                             \
        }                                                                                                            \
        r0 = value;                                                                                                  \
        GO(CONT);                                                                                                    \
    }
#define LIST_ITEMS(object)  (((PyListObject *)(object))->ob_item)
#define TUPLE_ITEMS(object) (((PyTupleObject *)(object))->ob_item)
EACH_PAIR(SUBSCRIPT, SUBSCRIPT_LIST, list_type, PyList_GET_SIZE, LIST_ITEMS)
EACH_PAIR(SUBSCRIPT, SUBSCRIPT_TUPLE, tuple_type, PyTuple_GET_SIZE, TUPLE_ITEMS)

/* The character of an ASCII str: one of the interpreter's own one-character strings. */
struct one_character {
    PyASCIIObject string;
    uint8_t data[2];
};
#define SUBSCRIPT_OF_STR(ka, kb, _)                                                                                  \
    TEMPLATE(SUBSCRIPT_STR_##ka##kb)                                                                                 \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = OBJECT_##kb(H_B, Q_B);                                                                         \
        long index;                                                                                                  \
        if (UNLIKELY(Py_TYPE(a) != RUNTIME->str_type || (OWNED_##ka && a->ob_refcnt == 1))) {                        \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (UNLIKELY(!((PyASCIIObject *)a)->state.ascii || !((PyASCIIObject *)a)->state.compact)) {                  \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (UNLIKELY(!FIND_INDEX(kb, b, ((PyASCIIObject *)a)->length, index))) {                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long character = ((const unsigned char *)((PyASCIIObject *)a + 1))[index];                                   \
        PyObject *value = (PyObject *)((struct one_character *)RUNTIME->ascii + character);                          \
        value->ob_refcnt++;                                                                                          \
        if (OWNED_##ka) {                                                                                            \
            a->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        if (OWNED_##kb) {                                                                                            \
            DROP_INT(b);                                                                                             \
        }                                                                                                            \
        r0 = value;                                                                                                  \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(SUBSCRIPT_OF_STR, )

/* Containment of x in y; H_M says which are owned, as PLAIN_OWNS_*. */
#define CONTAINMENT(name, sense)                                                                                     \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        PyObject *right = y;                                                                                         \
        int outcome = rt_plain_contains(x, right, NUMBER(H_M));                                                      \
        if (UNLIKELY(outcome < 0)) {                                                                                 \
            GO_WITH(SLOW, x, right);                                                                                 \
        }                                                                                                            \
        if (outcome == sense) {                                                                                      \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
CONTAINMENT(JUMP_IF_CONTAINED, 1)
CONTAINMENT(JUMP_IF_NOT_CONTAINED, 0)

/* ---- container[key] = value: container and key in x and y, the value where it is (H_A, Q_A). H_M says which are owned, as PLAIN_OWNS_*.
 * ---- */
#define OWNS(what) ((NUMBER(H_M) & PLAIN_OWNS_##what) != 0)
#define STORE_SUBSCRIPT(kind)                                                                                        \
    TEMPLATE(STORE_SUBSCRIPT_LIST_##kind)                                                                            \
    {                                                                                                                \
        PyObject *key = y;                                                                                           \
        if (UNLIKELY(Py_TYPE(x) != RUNTIME->list_type || (OWNS(CONTAINER) && x->ob_refcnt == 1))) {                  \
            PASS(SLOW);                                                                                              \
        }                                                                                                            \
        long index;                                                                                                  \
        if (UNLIKELY(!FIND_INDEX(S, key, PyList_GET_SIZE(x), index))) {                                              \
            PASS(SLOW);                                                                                              \
        }                                                                                                            \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        PyObject **place = &LIST_ITEMS(x)[index];                                                                    \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        PyObject *old = *place;                                                                                      \
        *place = value;                                                                                              \
        if (OWNS(CONTAINER)) {                                                                                       \
            x->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        x = old;                                                                                                     \
        if (OWNS(KEY)) {                                                                                             \
            DROP_INT(key);                                                                                           \
        }                                                                                                            \
        if (--x->ob_refcnt == 0) {                                                                                   \
            if (UNLIKELY(!IS_INT(x))) {                                                                              \
                GO_WITH(FREE, x, ANY);                                                                               \
            }                                                                                                        \
            rt_int_free(x);                                                                                          \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(PLAIN_STORE_##kind)                                                                                     \
    {                                                                                                                \
        PyObject *key = y;                                                                                           \
        PyObject *old = rt_plain_store(x, key, READ_##kind(H_A, Q_A), NUMBER(H_M));                                  \
        if (UNLIKELY(old == NULL)) {                                                                                 \
            GO_WITH(SLOW, x, key);                                                                                   \
        }                                                                                                            \
        if (UNLIKELY(--old->ob_refcnt == 0)) {                                                                       \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(SLOW_STORE_SUBSCRIPT_##kind)                                                                            \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        if (!OWNS(CONTAINER)) {                                                                                      \
            x->ob_refcnt++;                                                                                          \
        }                                                                                                            \
        if (!OWNS(KEY)) {                                                                                            \
            y->ob_refcnt++;                                                                                          \
        }                                                                                                            \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        if (UNLIKELY(rt_store_subscript(x, y, value) < 0)) {                                                         \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
STORE_SUBSCRIPT(L)
STORE_SUBSCRIPT(C)
STORE_SUBSCRIPT(S)
STORE_SUBSCRIPT(R)

/* ---- Slices: start and stop in x and y, the step in H_I, the container where it is. H_M says which are owned: PLAIN_OWNS_KEY start,
 * PLAIN_OWNS_VALUE stop. H_N: the parts of the slice object that is made on the slow path. ---- */
#define SLICE(kind)                                                                                                  \
    TEMPLATE(PLAIN_SLICE_##kind)                                                                                     \
    {                                                                                                                \
        PyObject *stop = y;                                                                                          \
        SET_INSTRUCTION();                                                                                           \
        PyObject *result = rt_plain_slice(READ_##kind(H_A, Q_A), x, stop, SIGNED_NUMBER(H_I), NUMBER(H_M));          \
        if (UNLIKELY(result == NULL)) {                                                                              \
            GO_WITH(SLOW, x, stop);                                                                                  \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(SLOW_SLICE_##kind)                                                                                      \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        PyObject *container = READ_##kind(H_A, Q_A);                                                                 \
        r0 = rt_subscript_slice(container, x, y, NUMBER(H_N) == 3 ? SIGNED_NUMBER(H_I) : 0, NUMBER(H_M));            \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
SLICE(L)
SLICE(C)
SLICE(S)
SLICE(R)

/* container[start:stop] = value: all four in their slots from H_D on, value first. */
TEMPLATE(STORE_SLICE)
{
    SET_INSTRUCTION();
    if (UNLIKELY(rt_store_slice(&DISPLACED(H_D)) < 0)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* ---- Building. The H_N operands stand in their slots from H_D on; the handler is a function of runtime/plain.h. ---- */
TEMPLATE(PLAIN_BUILD)
{
    SET_INSTRUCTION();
    PyObject *result = ((PyObject * (*)(PyObject **, int))(void *)HANDLER)(&DISPLACED(H_D), NUMBER(H_N));
    if (UNLIKELY(result == NULL)) {
        GO(SLOW);
    }
    r0 = result;
    GO(CONT);
}

/* One operand in x, H_M says whether it is owned; the handler is a function of runtime/plain.h. */
TEMPLATE(PLAIN_UNARY)
{
    SET_INSTRUCTION();
    PyObject *result = ((PyObject * (*)(PyObject *, int))(void *)HANDLER)(x, NUMBER(H_M));
    if (UNLIKELY(result == NULL)) {
        GO_WITH(SLOW, x, ANY);
    }
    r0 = result;
    GO(CONT);
}

/* Two operands in x and y, in the same way. */
TEMPLATE(PLAIN_PAIR)
{
    SET_INSTRUCTION();
    PyObject *right = y;
    PyObject *result = ((PyObject * (*)(PyObject *, PyObject *, int))(void *)HANDLER)(x, right, NUMBER(H_M));
    if (UNLIKELY(result == NULL)) {
        GO_WITH(SLOW, x, right);
    }
    r0 = result;
    GO(CONT);
}

/* The list stands in H_D. */
#define APPEND(kind)                                                                                                 \
    TEMPLATE(LIST_APPEND_##kind)                                                                                     \
    {                                                                                                                \
        PyListObject *list = (PyListObject *)DISPLACED(H_D);                                                         \
        PyObject *item = READ_##kind(H_A, Q_A);                                                                      \
        long length = Py_SIZE(list);                                                                                 \
        if (UNLIKELY(length >= list->allocated)) {                                                                   \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (!OWNED_##kind) {                                                                                         \
            item->ob_refcnt++;                                                                                       \
        }                                                                                                            \
        list->ob_item[length] = item;                                                                                \
        ((PyVarObject *)list)->ob_size = length + 1;                                                                 \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(LIST_GROW_##kind)                                                                                       \
    {                                                                                                                \
        PyObject *item = READ_##kind(H_A, Q_A);                                                                      \
        SET_INSTRUCTION();                                                                                           \
        if (!OWNED_##kind) {                                                                                         \
            item->ob_refcnt++;                                                                                       \
        }                                                                                                            \
        if (UNLIKELY(rt_list_grow(DISPLACED(H_D), item) < 0)) {                                                      \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
APPEND(L)
APPEND(C)
APPEND(S)
APPEND(R)

/* Key and value in x and y, the dict in H_D. */
TEMPLATE(PLAIN_MAP_ADD)
{
    PyObject *value = y;
    PyObject *old = rt_plain_store(DISPLACED(H_D), x, value, NUMBER(H_M));
    if (UNLIKELY(old == NULL)) {
        GO_WITH(SLOW, x, value);
    }
    if (UNLIKELY(--old->ob_refcnt == 0)) {
        GO_WITH(FREE, old, ANY);
    }
    GO(CONT);
}

/* The item in x, the set in H_D. */
TEMPLATE(PLAIN_SET_ADD)
{
    if (UNLIKELY(rt_plain_set_add(DISPLACED(H_D), x, NUMBER(H_M)) < 0)) {
        GO_WITH(SLOW, x, ANY);
    }
    GO(CONT);
}

/* ---- Unpacking: the first value goes to r0, the others to their slots, H_D is the lowest. A sequence in r0 is owned. ---- */
#define UNPACK_HEAD(kind, expected, count)                                                                           \
    PyObject *sequence = READ_##kind(H_A, Q_A);                                                                      \
    if (UNLIKELY(Py_TYPE(sequence) != RUNTIME->expected || Py_SIZE(sequence) != (count))) {                          \
        GO(SLOW);                                                                                                    \
    }
/* Where the sequence dies its items live on: no code runs. */
#define UNPACK_TAIL(kind)                                                                                            \
    if (OWNED_##kind && --sequence->ob_refcnt == 0) {                                                                \
        rt_dealloc(sequence);                                                                                        \
    }                                                                                                                \
    GO(CONT)
#define UNPACK(name, kind, expected, values)                                                                         \
    TEMPLATE(name##_2_##kind)                                                                                        \
    {                                                                                                                \
        UNPACK_HEAD(kind, expected, 2)                                                                               \
        PyObject **items = values;                                                                                   \
        PyObject *second = items[1];                                                                                 \
        r0 = items[0];                                                                                               \
        second->ob_refcnt++;                                                                                         \
        r0->ob_refcnt++;                                                                                             \
        DISPLACED(H_D) = second;                                                                                     \
        UNPACK_TAIL(kind);                                                                                           \
    }                                                                                                                \
    TEMPLATE(name##_3_##kind)                                                                                        \
    {                                                                                                                \
        UNPACK_HEAD(kind, expected, 3)                                                                               \
        PyObject **items = values;                                                                                   \
        PyObject *second = items[1];                                                                                 \
        PyObject *third = items[2];                                                                                  \
        r0 = items[0];                                                                                               \
        third->ob_refcnt++;                                                                                          \
        second->ob_refcnt++;                                                                                         \
        r0->ob_refcnt++;                                                                                             \
        (&DISPLACED(H_D))[0] = third;                                                                                \
        (&DISPLACED(H_D))[1] = second;                                                                               \
        UNPACK_TAIL(kind);                                                                                           \
    }                                                                                                                \
    TEMPLATE(name##_##kind)                                                                                          \
    {                                                                                                                \
        long count = NUMBER(H_N);                                                                                    \
        UNPACK_HEAD(kind, expected, count)                                                                           \
        PyObject **slots = &DISPLACED(H_D);                                                                          \
        PyObject **items = values;                                                                                   \
        r0 = *items++;                                                                                               \
        r0->ob_refcnt++;                                                                                             \
        for (count--; --count >= 0;) {                                                                               \
            PyObject *item = *items++;                                                                               \
            item->ob_refcnt++;                                                                                       \
            slots[count] = item;                                                                                     \
        }                                                                                                            \
        UNPACK_TAIL(kind);                                                                                           \
    }
UNPACK(UNPACK_TUPLE, L, tuple_type, ((PyTupleObject *)sequence)->ob_item)
UNPACK(UNPACK_TUPLE, R, tuple_type, ((PyTupleObject *)sequence)->ob_item)
UNPACK(UNPACK_LIST, L, list_type, ((PyListObject *)sequence)->ob_item)
UNPACK(UNPACK_LIST, R, list_type, ((PyListObject *)sequence)->ob_item)

/* Any tuple or list, in r0, in C; the values all go to their slots. */
TEMPLATE(UNPACK_PLAIN)
{
    if (UNLIKELY(rt_unpack_plain(r0, &DISPLACED(H_D), NUMBER(H_N)) == 0)) {
        GO(SLOW);
    }
    GO(CONT);
}

/* The register's content with that of a slot H_A. */
TEMPLATE(SWAP_SLOT_REGISTER)
{
    PyObject *other = DISPLACED(H_A);
    DISPLACED(H_A) = r0;
    r0 = other;
    GO(CONT);
}
