/* tier1/templates/objects.c: attributes, globals, subscripts, calls: the inline halves; the C halves are in runtime/. */
#include "tier1/template.h"

/* ---- Globals ---- */
TEMPLATE(LOAD_GLOBAL_MODULE)
{
    struct global_cell *cell = QUAD(Q_CELL);
    PyDictKeysObject *keys = ((PyDictObject *)frame->f_globals)->ma_keys;
    if (UNLIKELY(keys->dk_version != cell->globals_version || cell->builtins_version != 0)) {
        GO(SLOW);
    }
    PyObject *value = *(PyObject **)((char *)keys + cell->offset);
    if (UNLIKELY(value == NULL)) {
        GO(SLOW);
    }
    value->ob_refcnt++;
    r0 = value;
    GO(CONT);
}

TEMPLATE(LOAD_GLOBAL_BUILTIN)
{
    struct global_cell *cell = QUAD(Q_CELL);
    PyDictKeysObject *globals = ((PyDictObject *)frame->f_globals)->ma_keys;
    PyDictKeysObject *builtins = ((PyDictObject *)frame->f_builtins)->ma_keys;
    uint32_t builtins_version = cell->builtins_version;
    if (UNLIKELY(globals->dk_version != cell->globals_version || builtins_version == 0 ||
                 builtins->dk_version != builtins_version)) {
        GO(SLOW);
    }
    PyObject *value = *(PyObject **)((char *)builtins + cell->offset);
    if (UNLIKELY(value == NULL)) {
        GO(SLOW);
    }
    value->ob_refcnt++;
    r0 = value;
    GO(CONT);
}

/* This one and its like look for what an escape has left behind, too. */
TEMPLATE(SLOW_LOAD_GLOBAL)
{
    SET_INSTRUCTION();
    CALL_CHECKED(rt_load_global_check, frame, QUAD(Q_NAME), QUAD(Q_CELL));
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* ---- Attribute loads. An owned owner about to die goes the slow way. ---- */
#define LOAD_ATTRIBUTE(kind)                                                                                         \
    TEMPLATE(LOAD_ATTR_INLINE_##kind)                                                                                \
    {                                                                                                                \
        PyObject *owner = READ_##kind(H_A, Q_A);                                                                     \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != CELL(struct attribute_cell)->inline_version)) {               \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        PyDictValues *values = *_PyObject_ValuesPointer(owner);                                                      \
        if (UNLIKELY(values == NULL || (OWNED_##kind && owner->ob_refcnt == 1))) {                                   \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        PyObject *value = *(PyObject **)((char *)values + CELL(struct attribute_cell)->inline_offset);               \
        if (UNLIKELY(value == NULL)) {                                                                               \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        value->ob_refcnt++;                                                                                          \
        if (OWNED_##kind) {                                                                                          \
            owner->ob_refcnt--;                                                                                      \
        }                                                                                                            \
        r0 = value;                                                                                                  \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(LOAD_ATTR_SLOT_##kind)                                                                                  \
    {                                                                                                                \
        PyObject *owner = READ_##kind(H_A, Q_A);                                                                     \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != CELL(struct attribute_cell)->slot_version ||                  \
                     (OWNED_##kind && owner->ob_refcnt == 1))) {                                                     \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        PyObject *value = *(PyObject **)((char *)owner + CELL(struct attribute_cell)->slot_offset);                  \
        if (UNLIKELY(value == NULL)) {                                                                               \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        value->ob_refcnt++;                                                                                          \
        if (OWNED_##kind) {                                                                                          \
            owner->ob_refcnt--;                                                                                      \
        }                                                                                                            \
        r0 = value;                                                                                                  \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(OPERAND_TO_X_##kind)                                                                                    \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        GO_WITH(CONT, value, ANY);                                                                                   \
    }
LOAD_ATTRIBUTE(L)
LOAD_ATTRIBUTE(C)
LOAD_ATTRIBUTE(S)
LOAD_ATTRIBUTE(R)

/* Any receiver the cell knows, as long as no other code has to run. x: the owner; the last reference to it is not given up here. */
TEMPLATE(PEEK_ATTR_B)
{
    PyObject *value = rt_peek_attr(x, QUAD(Q_NAME), QUAD(Q_CELL));
    if (UNLIKELY(value == NULL)) {
        GO_WITH(SLOW, x, ANY);
    }
    r0 = value;
    GO(CONT);
}

TEMPLATE(PEEK_ATTR_O)
{
    PyObject *value;
    if (UNLIKELY(x->ob_refcnt == 1 || (value = rt_peek_attr(x, QUAD(Q_NAME), QUAD(Q_CELL))) == NULL)) {
        GO_WITH(SLOW, x, ANY);
    }
    x->ob_refcnt--;
    r0 = value;
    GO(CONT);
}

TEMPLATE(SLOW_LOAD_ATTR_B)
{
    SET_INSTRUCTION();
    x->ob_refcnt++;
    CALL_CHECKED(rt_load_attr_check, x, QUAD(Q_NAME), QUAD(Q_CELL));
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

TEMPLATE(SLOW_LOAD_ATTR_O)
{
    SET_INSTRUCTION();
    CALL_CHECKED(rt_load_attr_check, x, QUAD(Q_NAME), QUAD(Q_CELL));
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* ---- Attribute stores. a is the value, b the owner; only a borrowed owner is taken inline. The old value is an int or float, or it is not the last reference, or it
 * goes behind FREE. ---- */
#define KEEP_SAME_L(value, old) (void)0
#define KEEP_SAME_S(value, old) (void)0
#define KEEP_SAME_R(value, old) (void)0
/* A constant (None, True, a number) is often stored where it is already. */
#define KEEP_SAME_C(value, old)                                                                                      \
    if ((value) == (old)) {                                                                                          \
        GO(CONT);                                                                                                    \
    }
#define STORE_ATTRIBUTE(kind)                                                                                        \
    TEMPLATE(STORE_ATTR_INLINE_##kind##L)                                                                            \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        PyObject *owner = DISPLACED(H_B);                                                                            \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != CELL(struct attribute_cell)->inline_version)) {               \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyDictValues *values = *_PyObject_ValuesPointer(owner);                                                      \
        if (UNLIKELY(values == NULL)) {                                                                              \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyObject **place = (PyObject **)((char *)values + CELL(struct attribute_cell)->inline_offset);               \
        PyObject *old = *place;                                                                                      \
        if (UNLIKELY(old == NULL)) {                                                                                 \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        KEEP_SAME_##kind(value, old);                                                                                \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        *place = value;                                                                                              \
        if (UNLIKELY(--old->ob_refcnt == 0)) {                                                                       \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(STORE_ATTR_SLOT_##kind##L)                                                                              \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        PyObject *owner = DISPLACED(H_B);                                                                            \
        if (UNLIKELY(Py_TYPE(owner)->tp_version_tag != CELL(struct attribute_cell)->slot_version)) {                 \
            GO_WITH(SLOW, value, owner);                                                                             \
        }                                                                                                            \
        PyObject **place = (PyObject **)((char *)owner + CELL(struct attribute_cell)->slot_offset);                  \
        PyObject *old = *place;                                                                                      \
        KEEP_SAME_##kind(value, old);                                                                                \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        *place = value;                                                                                              \
        if (old != NULL && UNLIKELY(--old->ob_refcnt == 0)) {                                                        \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
STORE_ATTRIBUTE(L)
STORE_ATTRIBUTE(C)
STORE_ATTRIBUTE(S)
STORE_ATTRIBUTE(R)

/* Any receiver the cell knows. x is the value, y the owner. */
#define POKE_ATTRIBUTE(letters, owns_value, owns_owner)                                                              \
    TEMPLATE(POKE_ATTR_##letters)                                                                                    \
    {                                                                                                                \
        r0 = y;                                                                                                      \
        if (UNLIKELY(owns_owner && r0->ob_refcnt == 1)) {                                                            \
            GO_WITH(SLOW, x, r0);                                                                                    \
        }                                                                                                            \
        PyObject *old = rt_poke_attr(r0, x, QUAD(Q_NAME), QUAD(Q_CELL));                                             \
        if (UNLIKELY(old == NULL)) {                                                                                 \
            GO_WITH(SLOW, x, r0);                                                                                    \
        }                                                                                                            \
        if (owns_value) {                                                                                            \
            x->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        if (owns_owner) {                                                                                            \
            r0->ob_refcnt--;                                                                                         \
        }                                                                                                            \
        if (old != RT_POKED && --old->ob_refcnt == 0) {                                                              \
            GO_WITH(FREE, old, ANY);                                                                                 \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
POKE_ATTRIBUTE(OO, 1, 1)
POKE_ATTRIBUTE(OB, 1, 0)
POKE_ATTRIBUTE(BO, 0, 1)
POKE_ATTRIBUTE(BB, 0, 0)

#define SLOW_STORE(name, own)                                                                                        \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        own;                                                                                                         \
        if (UNLIKELY(rt_store_attr(y, x, QUAD(Q_NAME), QUAD(Q_CELL)) < 0)) {                                         \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
SLOW_STORE(SLOW_STORE_ATTR_OO, (void)0)
SLOW_STORE(SLOW_STORE_ATTR_OB, y->ob_refcnt++)
SLOW_STORE(SLOW_STORE_ATTR_BO, x->ob_refcnt++)
SLOW_STORE(SLOW_STORE_ATTR_BB, (x->ob_refcnt++, y->ob_refcnt++))

/* ---- Methods. The owner's reference moves to the second slot. H_D is the first of the two slots. ---- */
#define LOAD_METHOD_TEMPLATE(kind)                                                                                   \
    TEMPLATE(LOAD_METHOD_##kind)                                                                                     \
    {                                                                                                                \
        PyObject *owner = READ_##kind(H_A, Q_A);                                                                     \
        PyTypeObject *type = Py_TYPE(owner);                                                                         \
        if (UNLIKELY(type->tp_version_tag != CELL(struct attribute_cell)->method_version)) {                         \
            GO_WITH(SLOW, owner, ANY);                                                                               \
        }                                                                                                            \
        uint32_t keys_version = CELL(struct attribute_cell)->method_keys;                                            \
        if (keys_version != 0) {                                                                                     \
            if (UNLIKELY(*_PyObject_ValuesPointer(owner) == NULL ||                                                  \
                         ((PyHeapTypeObject *)type)->ht_cached_keys->dk_version != keys_version)) {                  \
                GO_WITH(SLOW, owner, ANY);                                                                           \
            }                                                                                                        \
        }                                                                                                            \
        PyObject *method = CELL(struct attribute_cell)->method;                                                      \
        method->ob_refcnt++;                                                                                         \
        if (!OWNED_##kind) {                                                                                         \
            owner->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        PyObject **slots = &DISPLACED(H_D);                                                                          \
        slots[0] = method;                                                                                           \
        slots[1] = owner;                                                                                            \
        GO(CONT);                                                                                                    \
    }
LOAD_METHOD_TEMPLATE(L)
LOAD_METHOD_TEMPLATE(C)
LOAD_METHOD_TEMPLATE(S)
LOAD_METHOD_TEMPLATE(R)

/* Any receiver the cell knows. x: the owner. */
TEMPLATE(PEEK_METHOD_B)
{
    if (UNLIKELY(rt_peek_method(x, &DISPLACED(H_D), QUAD(Q_NAME), QUAD(Q_CELL), 0) == 0)) {
        GO_WITH(SLOW, x, ANY);
    }
    GO(CONT);
}

TEMPLATE(PEEK_METHOD_O)
{
    if (UNLIKELY(rt_peek_method(x, &DISPLACED(H_D), QUAD(Q_NAME), QUAD(Q_CELL), 1) == 0)) {
        GO_WITH(SLOW, x, ANY);
    }
    x->ob_refcnt--;
    GO(CONT);
}

/* super().name: r0 is what the global name `super` stands for, H_A self, H_B the cell with the class. The call of super may have
 * needed one more level of recursion. JUMP: H_D and the next slot are as behind LOAD_METHOD. */
TEMPLATE(SUPER_METHOD)
{
    if (UNLIKELY(tstate->recursion_remaining <= 0 ||
                 rt_super_method(r0, DISPLACED(H_A), DISPLACED(H_B), &DISPLACED(H_D), QUAD(Q_NAME), QUAD(Q_CELL)) ==
                     0)) {
        GO(CONT);
    }
    r0->ob_refcnt--;
    GO(JUMP);
}

#define SLOW_METHOD(name, own)                                                                                       \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        SET_INSTRUCTION();                                                                                           \
        own;                                                                                                         \
        PyObject **slots = &DISPLACED(H_D);                                                                          \
        slots[0] = x;                                                                                                \
        CALL_CHECKED(rt_load_method_check, slots, QUAD(Q_NAME), QUAD(Q_CELL));                                       \
        if (UNLIKELY(x == NULL)) {                                                                                   \
            GO(ERROR);                                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
SLOW_METHOD(SLOW_LOAD_METHOD_O, (void)0)
SLOW_METHOD(SLOW_LOAD_METHOD_B, x->ob_refcnt++)
