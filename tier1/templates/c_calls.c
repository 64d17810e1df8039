/* tier1/templates/c_calls.c: CALL of C functions and builtin types: from the site itself, so that each site has a call
 * instruction, and a branch predictor entry, of its own. What a site's template does not fit goes behind SLOW with
 * nothing changed; the general CALL is there.
 *
 * "Pure" calls, those carried out here in full, run no Python code: neither an escape check nor one of the eval breaker follows.
 */
#include "tier1/template.h"

#include "runtime/c_calls.h"
#include "runtime/iterators.h"

/* ---- Calls that go to a C function ------------------------------------------------------------------
 * All operands stand in their slots: H_D is the first, (NULL, function, arguments...) or (method, self, arguments...). JUMP: the C
 * function has failed. H_N: arguments, H_M: those without a name, Q_NAME: the names of the others.
 *
 * slots[1] is the function or self. Released are: a function after its arguments, self before them, a method last. */

/* For tier 2: which C function, and how often. */
#define COUNT_CALL(called)                                                                                           \
    CELL(struct call_cell)->definition = (called);                                                                   \
    CELL(struct call_cell)->other++

#define FIND_FUNCTION                                                                                                \
    PyObject **slots = &DISPLACED(H_D);                                                                              \
    PyObject *callable = slots[1];                                                                                   \
    if (UNLIKELY(slots[0] != NULL || Py_TYPE(callable) != RUNTIME->c_function_type)) {                               \
        GO(SLOW);                                                                                                    \
    }                                                                                                                \
    PyMethodDef *definition = ((PyCFunctionObject *)callable)->m_ml;                                                 \
    COUNT_CALL(definition);                                                                                          \
    PyObject *self = ((PyCFunctionObject *)callable)->m_self
#define RELEASE_FUNCTION(release_arguments)                                                                          \
    release_arguments;                                                                                               \
    rt_release(slots[1])

/* Forms the address anew, so that none has to be kept across a call: registers are few. */
#define RELOAD(slots) __asm__("leaq H_D(%1), %0" : "=r"(slots) : "r"(frame))

#define FIND_METHOD                                                                                                  \
    PyObject **slots = &DISPLACED(H_D);                                                                              \
    PyObject *callable = slots[0];                                                                                   \
    if (UNLIKELY(callable == NULL || Py_TYPE(callable) != RUNTIME->method_descriptor_type)) {                        \
        GO(SLOW);                                                                                                    \
    }                                                                                                                \
    if (UNLIKELY(Py_TYPE(slots[1]) != PyDescr_TYPE(callable))) {                                                     \
        if (!rt_is_subtype(Py_TYPE(slots[1]), PyDescr_TYPE(callable))) {                                             \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        RELOAD(slots);                                                                                               \
    }                                                                                                                \
    PyObject *self = slots[1];                                                                                       \
    PyMethodDef *definition = ((PyMethodDescrObject *)slots[0])->d_method;                                           \
    COUNT_CALL(definition)
#define RELEASE_METHOD(release_arguments)                                                                            \
    rt_release(slots[1]);                                                                                            \
    release_arguments;                                                                                               \
    rt_release(slots[0])

#define FAST_FUNCTION(definition) ((_PyCFunctionFastWithKeywords)(void (*)(void))(definition)->ml_meth)
#define FAST_FLAGS(definition)    (((definition)->ml_flags & ~METH_KEYWORDS) == METH_FASTCALL)
#define KEYWORD_FLAGS(definition) ((definition)->ml_flags == (METH_FASTCALL | METH_KEYWORDS))

/* The two conventions that cost a level of recursion. */
#define LEVELLED_CALL(argument)                                                                                      \
    if (UNLIKELY(--tstate->recursion_remaining < 0)) {                                                               \
        tstate->recursion_remaining++;                                                                               \
        GO(SLOW);                                                                                                    \
    }                                                                                                                \
    SET_INSTRUCTION();                                                                                               \
    r0 = definition->ml_meth(self, (argument));                                                                      \
    tstate->recursion_remaining++;                                                                                   \
    if (UNLIKELY(r0 == NULL)) {                                                                                      \
        GO(JUMP);                                                                                                    \
    }

#define C_CALLS(kind)                                                                                                \
    TEMPLATE(CALL_C_##kind##_NOARGS)                                                                                 \
    {                                                                                                                \
        FIND_##kind;                                                                                                 \
        if (UNLIKELY(definition->ml_flags != METH_NOARGS)) {                                                         \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        LEVELLED_CALL(NULL);                                                                                         \
        slots = &DISPLACED(H_D);                                                                                     \
        RELEASE_##kind((void)0);                                                                                     \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(CALL_C_##kind##_O)                                                                                      \
    {                                                                                                                \
        FIND_##kind;                                                                                                 \
        if (UNLIKELY(definition->ml_flags != METH_O)) {                                                              \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        LEVELLED_CALL(slots[2]);                                                                                     \
        slots = &DISPLACED(H_D);                                                                                     \
        RELEASE_##kind(rt_release(slots[2]));                                                                        \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(CALL_C_##kind##_FAST)                                                                                   \
    {                                                                                                                \
        FIND_##kind;                                                                                                 \
        if (UNLIKELY(!FAST_FLAGS(definition))) {                                                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        SET_INSTRUCTION();                                                                                           \
        r0 = FAST_FUNCTION(definition)(self, slots + 2, NUMBER(H_N), NULL);                                          \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        slots = &DISPLACED(H_D);                                                                                     \
        RELEASE_##kind(rt_release_many(slots + 2, NUMBER(H_N)));                                                     \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(CALL_C_##kind##_FAST_1)                                                                                 \
    {                                                                                                                \
        FIND_##kind;                                                                                                 \
        if (UNLIKELY(!FAST_FLAGS(definition))) {                                                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        SET_INSTRUCTION();                                                                                           \
        r0 = FAST_FUNCTION(definition)(self, slots + 2, 1, NULL);                                                    \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        slots = &DISPLACED(H_D);                                                                                     \
        RELEASE_##kind(rt_release(slots[2]));                                                                        \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(CALL_C_##kind##_FAST_2)                                                                                 \
    {                                                                                                                \
        FIND_##kind;                                                                                                 \
        if (UNLIKELY(!FAST_FLAGS(definition))) {                                                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        SET_INSTRUCTION();                                                                                           \
        r0 = FAST_FUNCTION(definition)(self, slots + 2, 2, NULL);                                                    \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        slots = &DISPLACED(H_D);                                                                                     \
        RELEASE_##kind((rt_release(slots[2]), rt_release(slots[3])));                                                \
        GO(CONT);                                                                                                    \
    }                                                                                                                \
    TEMPLATE(CALL_C_##kind##_KEYWORDS)                                                                               \
    {                                                                                                                \
        FIND_##kind;                                                                                                 \
        if (UNLIKELY(!KEYWORD_FLAGS(definition))) {                                                                  \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        SET_INSTRUCTION();                                                                                           \
        r0 = FAST_FUNCTION(definition)(self, slots + 2, NUMBER(H_M), QUAD(Q_NAME));                                  \
        if (UNLIKELY(r0 == NULL)) {                                                                                  \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        slots = &DISPLACED(H_D);                                                                                     \
        RELEASE_##kind(rt_release_many(slots + 2, NUMBER(H_N)));                                                     \
        GO(CONT);                                                                                                    \
    }
C_CALLS(FUNCTION)
C_CALLS(METHOD)

/* A method that wants its arguments in a tuple: its vectorcall makes it. Self counts as an argument there. */
TEMPLATE(CALL_C_METHOD_VECTOR)
{
    PyObject **slots = &DISPLACED(H_D);
    PyObject *callable = slots[0];
    if (UNLIKELY(callable == NULL || Py_TYPE(callable) != RUNTIME->method_descriptor_type)) {
        GO(SLOW);
    }
    SET_INSTRUCTION();
    r0 = ((PyMethodDescrObject *)callable)->vectorcall(callable, slots + 1, (size_t)NUMBER(H_M) + 1, QUAD(Q_NAME));
    if (UNLIKELY(r0 == NULL)) {
        GO(JUMP);
    }
    slots = &DISPLACED(H_D);
    RELEASE_METHOD(rt_release_many(slots + 2, NUMBER(H_N)));
    GO(CONT);
}

/* An immutable class with a vectorcall of its own for making instances: int, float, list, range, ... */
TEMPLATE(CALL_CLASS)
{
    PyObject **slots = &DISPLACED(H_D);
    PyTypeObject *class = (PyTypeObject *)slots[1];
    if (UNLIKELY(slots[0] != NULL || Py_TYPE(class) != RUNTIME->type_type || class->tp_vectorcall == NULL ||
                 !(class->tp_flags & Py_TPFLAGS_IMMUTABLETYPE))) {
        GO(SLOW);
    }
    SET_INSTRUCTION();
    r0 = class->tp_vectorcall((PyObject *)class, slots + 2, (size_t)NUMBER(H_M), QUAD(Q_NAME));
    if (UNLIKELY(r0 == NULL)) {
        GO(JUMP);
    }
    slots = &DISPLACED(H_D);
    rt_release_many(slots + 2, NUMBER(H_N));
    rt_release(slots[1]);
    GO(CONT);
}

/* iter(range(...)), the class in its slot. */
TEMPLATE(CALL_RANGE_ITERATOR)
{
    PyObject **slots = &DISPLACED(H_D);
    if (UNLIKELY(slots[1] != (PyObject *)RUNTIME->range_type)) {
        GO(SLOW);
    }
    SET_INSTRUCTION();
    PyObject *result = rt_plain_range_iterator(slots, NUMBER(H_N));
    if (UNLIKELY(result == NULL)) {
        GO(SLOW);
    }
    r0 = result;
    GO(CONT);
}

/* str(object), specialised by stock because str has no vectorcall. Q_A is str. */
TEMPLATE(CALL_STR)
{
    PyObject **slots = &DISPLACED(H_D);
    if (UNLIKELY(slots[0] != NULL || slots[1] != (PyObject *)RUNTIME->str_type)) {
        GO(SLOW);
    }
    SET_INSTRUCTION();
    r0 = rt_str(slots[2]);
    if (UNLIKELY(r0 == NULL)) {
        GO(JUMP);
    }
    slots = &DISPLACED(H_D);
    rt_release(slots[2]);
    slots[1]->ob_refcnt--;
    GO(CONT);
}

/* Calls the plain_method_function of the site with the operands from `slots` on; SLOW where it declines. The end of a template. */
#define CALL_PLAIN()                                                                                                 \
    SET_INSTRUCTION();                                                                                               \
    PyObject *result = ((PyObject * (*)(PyObject **, int))(void *)HANDLER)(slots, NUMBER(H_N));                      \
    if (UNLIKELY(result == NULL)) {                                                                                  \
        GO(SLOW);                                                                                                    \
    }                                                                                                                \
    r0 = result;                                                                                                     \
    GO(CONT)

/* The class Q_A, by a function of runtime/plain_calls.c that runs no other code. */
TEMPLATE(CALL_PLAIN_CLASS)
{
    PyObject **slots = &DISPLACED(H_D);
    if (UNLIKELY(slots[1] != QUAD(Q_A))) {
        GO(SLOW);
    }
    CALL_PLAIN();
}

/* The builtin function of the definition Q_A, in the same way. */
TEMPLATE(CALL_PLAIN_FUNCTION)
{
    PyObject **slots = &DISPLACED(H_D);
    PyObject *callable = slots[1];
    if (UNLIKELY(Py_TYPE(callable) != RUNTIME->c_function_type ||
                 (PyObject *)((PyCFunctionObject *)callable)->m_ml != QUAD(Q_A) || tstate->recursion_remaining < 2)) {
        GO(SLOW);
    }
    CALL_PLAIN();
}

/* The method Q_A, by a function of runtime/plain_methods.c that runs no other code. */
TEMPLATE(CALL_PLAIN_METHOD)
{
    PyObject **slots = &DISPLACED(H_D);
    if (UNLIKELY(slots[0] != QUAD(Q_A) || tstate->recursion_remaining < 1)) {
        GO(SLOW);
    }
    CELL(struct call_cell)->other++;
    CALL_PLAIN();
}

/* Behind JUMP of the above. */
TEMPLATE(C_CALL_FAILED)
{
    SET_INSTRUCTION();
    rt_c_call_failed(tstate, &DISPLACED(H_D), NUMBER(H_N));
    GO(ERROR);
}

/* What the general CALL behind SLOW has returned, where nobody wants it. An escape check follows. */
TEMPLATE(DROP_RESULT)
{
    rt_release(r0);
    GO(CONT);
}

/* ---- Builtins of one argument, carried out here. a is the function, b the argument. --------------------
 * Q_NAME is the PyMethodDef: static, while another function object may come to lie where this one did. A function
 * about to die goes the slow way. */
#define IS_BUILTIN(callable)                                                                                         \
    (Py_TYPE(callable) == RUNTIME->c_function_type &&                                                                \
     ((PyCFunctionObject *)(callable))->m_ml == (PyMethodDef *)QUAD(Q_NAME))
#define CHECK_BUILTIN(callable, owned)                                                                               \
    if (UNLIKELY(!IS_BUILTIN(callable) || ((owned) && (callable)->ob_refcnt == 1))) {                                \
        GO(SLOW);                                                                                                    \
    }
/* METH_O and METH_VARARGS functions cost a level of recursion, and a comparison inside them another. */
#define CHECK_RECURSION(levels)                                                                                      \
    if (UNLIKELY(tstate->recursion_remaining < (levels))) {                                                          \
        GO(SLOW);                                                                                                    \
    }
#define SMALL_INT(value) ((PyObject *)(RUNTIME->small_int_zero + (value)))
/* r0 = value, for a value that is not negative. */
#define INT_RESULT(value)                                                                                            \
    if (LIKELY((unsigned long)(value) < _PY_NSMALLPOSINTS)) {                                                        \
        result = SMALL_INT(value);                                                                                   \
        result->ob_refcnt++;                                                                                         \
    } else {                                                                                                         \
        SET_INSTRUCTION(); /* for tracemalloc */                                                                     \
        result = rt_int_from_long(value);                                                                            \
        if (UNLIKELY(result == NULL)) {                                                                              \
            GO(SLOW); /* which runs out of memory, too */                                                            \
        }                                                                                                            \
    }

/* The byte offset of the length in a str, list, dict, tuple or bytes is the same. */
_Static_assert(offsetof(PyVarObject, ob_size) == offsetof(PyASCIIObject, length) &&
                   offsetof(PyVarObject, ob_size) == offsetof(PyDictObject, ma_used),
               "length of containers");

#define LEN(ka, kb, _)                                                                                               \
    TEMPLATE(CALL_LEN_##ka##kb)                                                                                      \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        x = READ_##kb(H_B, Q_B);                                                                                     \
        CHECK_BUILTIN(a, OWNED_##ka);                                                                                \
        PyTypeObject *type = Py_TYPE(x);                                                                             \
        long length;                                                                                                 \
        if (LIKELY(type == RUNTIME->list_type ||                                                                     \
                   (type == RUNTIME->str_type && LIKELY(((PyASCIIObject *)x)->state.ready)) ||                       \
                   type == RUNTIME->dict_type || type == RUNTIME->tuple_type || type == RUNTIME->bytes_type)) {      \
            length = Py_SIZE(x);                                                                                     \
        } else if (type == RUNTIME->set_type) {                                                                      \
            length = ((PySetObject *)x)->used;                                                                       \
        } else {                                                                                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        PyObject *result;                                                                                            \
        INT_RESULT(length);                                                                                          \
        if (OWNED_##ka) {                                                                                            \
            READ_##ka(H_A, Q_A)->ob_refcnt--;                                                                        \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        if (OWNED_##kb && UNLIKELY(--x->ob_refcnt == 0)) {                                                           \
            GO_WITH(FREE, x, ANY);                                                                                   \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(LEN, )

/* ord() of a str of one character. */
#define ORD(ka, kb, _)                                                                                               \
    TEMPLATE(CALL_ORD_##ka##kb)                                                                                      \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        x = READ_##kb(H_B, Q_B);                                                                                     \
        CHECK_BUILTIN(a, OWNED_##ka);                                                                                \
        CHECK_RECURSION(1);                                                                                          \
        if (UNLIKELY(Py_TYPE(x) != RUNTIME->str_type || ((PyASCIIObject *)x)->length != 1)) {                        \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long value;                                                                                                  \
        if (LIKELY(((PyASCIIObject *)x)->state.compact && ((PyASCIIObject *)x)->state.ascii)) {                      \
            value = *(unsigned char *)((PyASCIIObject *)x + 1);                                                      \
        } else if (LIKELY(((PyASCIIObject *)x)->state.ready)) {                                                      \
            value = rt_code_point(x);                                                                                \
        } else {                                                                                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        PyObject *result;                                                                                            \
        INT_RESULT(value);                                                                                           \
        if (OWNED_##ka) {                                                                                            \
            READ_##ka(H_A, Q_A)->ob_refcnt--;                                                                        \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        if (OWNED_##kb && UNLIKELY(--x->ob_refcnt == 0)) {                                                           \
            GO_WITH(FREE, x, ANY);                                                                                   \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(ORD, )

#define CHR(ka, kb, _)                                                                                               \
    TEMPLATE(CALL_CHR_##ka##kb)                                                                                      \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        x = READ_##kb(H_B, Q_B);                                                                                     \
        CHECK_BUILTIN(a, OWNED_##ka);                                                                                \
        CHECK_RECURSION(1);                                                                                          \
        if (UNLIKELY(!IS_INT(x) || (size_t)Py_SIZE(x) > 1)) {                                                        \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        long value = Py_SIZE(x) == 0 ? 0 : (long)((PyLongObject *)x)->ob_digit[0];                                   \
        if (UNLIKELY(value > 0x10ffff)) {                                                                            \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        PyObject *result = rt_character(value);                                                                      \
        if (UNLIKELY(result == NULL)) {                                                                              \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (OWNED_##ka) {                                                                                            \
            READ_##ka(H_A, Q_A)->ob_refcnt--;                                                                        \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        if (OWNED_##kb) {                                                                                            \
            DROP_INT(x);                                                                                             \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(CHR, )

/* abs() of a float, or of an int of one digit at most. An int that is not negative is its own absolute value. */
#define ABS(ka, kb, _)                                                                                               \
    TEMPLATE(CALL_ABS_##ka##kb)                                                                                      \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        x = READ_##kb(H_B, Q_B);                                                                                     \
        CHECK_BUILTIN(a, OWNED_##ka);                                                                                \
        CHECK_RECURSION(1);                                                                                          \
        PyObject *result;                                                                                            \
        if (LIKELY(IS_INT(x) && IS_SHORT(x))) {                                                                      \
            if (Py_SIZE(x) < 0) {                                                                                    \
                long value = (long)((PyLongObject *)x)->ob_digit[0];                                                 \
                INT_RESULT(value);                                                                                   \
            } else {                                                                                                 \
                result = x;                                                                                          \
                result->ob_refcnt++;                                                                                 \
            }                                                                                                        \
        } else if (IS_FLOAT(x)) {                                                                                    \
            result = rt_absolute_float(x);                                                                           \
            if (UNLIKELY(result == NULL)) {                                                                          \
                GO(SLOW);                                                                                            \
            }                                                                                                        \
        } else {                                                                                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (OWNED_##ka) {                                                                                            \
            READ_##ka(H_A, Q_A)->ob_refcnt--;                                                                        \
        }                                                                                                            \
        r0 = result;                                                                                                 \
        if (OWNED_##kb && UNLIKELY(--x->ob_refcnt == 0)) {                                                           \
            GO_WITH(FREE, x, ANY);                                                                                   \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(ABS, )

/* type(object). */
#define TYPE(ka, kb, _)                                                                                              \
    TEMPLATE(CALL_TYPE_##ka##kb)                                                                                     \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        x = READ_##kb(H_B, Q_B);                                                                                     \
        if (UNLIKELY(a != (PyObject *)RUNTIME->type_type)) {                                                         \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        if (OWNED_##ka) {                                                                                            \
            a->ob_refcnt--;                                                                                          \
        }                                                                                                            \
        r0 = (PyObject *)Py_TYPE(x);                                                                                 \
        r0->ob_refcnt++;                                                                                             \
        if (OWNED_##kb && UNLIKELY(--x->ob_refcnt == 0)) {                                                           \
            GO_WITH(FREE, x, ANY);                                                                                   \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(TYPE, )

/* ---- Builtins of two arguments, carried out here. a and b are the arguments; H_D is the slot of the NULL below the function. ---- */
#define FUNCTION_IN_SLOT ((&DISPLACED(H_D))[1])

/* An object about to die goes the slow way, a tuple of classes (which always does) behind FREE. */
#define ISINSTANCE(ka, kb, _)                                                                                        \
    TEMPLATE(CALL_ISINSTANCE_##ka##kb)                                                                               \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        PyObject *function = FUNCTION_IN_SLOT;                                                                       \
        CHECK_BUILTIN(function, 1);                                                                                  \
        if (OWNED_##ka && UNLIKELY(a->ob_refcnt == 1)) {                                                             \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        struct runtime_data *runtime = RUNTIME_BASE;                                                                 \
        PyObject *result = runtime->true_object;                                                                     \
        if (Py_TYPE(a) != (PyTypeObject *)b) {                                                                       \
            int answer = rt_isinstance(tstate, a, b);                                                                \
            if (UNLIKELY(answer < 0)) {                                                                              \
                GO(SLOW);                                                                                            \
            }                                                                                                        \
            result = answer ? runtime->true_object : runtime->false_object;                                          \
        }                                                                                                            \
        if (OWNED_##ka) {                                                                                            \
            READ_##ka(H_A, Q_A)->ob_refcnt--;                                                                        \
        }                                                                                                            \
        FUNCTION_IN_SLOT->ob_refcnt--;                                                                               \
        result->ob_refcnt++;                                                                                         \
        x = READ_##kb(H_B, Q_B);                                                                                     \
        r0 = result;                                                                                                 \
        if (OWNED_##kb && UNLIKELY(--x->ob_refcnt == 0)) {                                                           \
            GO_WITH(FREE, x, ANY);                                                                                   \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(ISINSTANCE, )

/* min() and max() of two ints of one digit at most, or of two floats: the first of equals, and the first where one is no number. */
#define EXTREME(ka, kb, name, operator)                                                                              \
    TEMPLATE(CALL_##name##_##ka##kb)                                                                                 \
    {                                                                                                                \
        PyObject *a = READ_##ka(H_A, Q_A);                                                                           \
        PyObject *b = READ_##kb(H_B, Q_B);                                                                           \
        PyObject *function = FUNCTION_IN_SLOT;                                                                       \
        CHECK_BUILTIN(function, 1);                                                                                  \
        CHECK_RECURSION(2);                                                                                          \
        bool second;                                                                                                 \
        if (LIKELY(IS_INT(a) && IS_INT(b) && IS_SHORT(a) && IS_SHORT(b))) {                                          \
            second = SHORT_VALUE(b) operator SHORT_VALUE(a);                                                         \
        } else if (IS_FLOAT(a) && IS_FLOAT(b)) {                                                                     \
            second = FLOAT_VALUE(b) operator FLOAT_VALUE(a);                                                         \
        } else {                                                                                                     \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        function->ob_refcnt--;                                                                                       \
        PyObject *winner = second ? b : a;                                                                           \
        PyObject *loser = second ? a : b;                                                                            \
        if (!(second ? OWNED_##kb : OWNED_##ka)) {                                                                   \
            winner->ob_refcnt++;                                                                                     \
        }                                                                                                            \
        r0 = winner;                                                                                                 \
        if ((second ? OWNED_##ka : OWNED_##kb) && --loser->ob_refcnt == 0) {                                         \
            GO_WITH(FREE, loser, ANY);                                                                               \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
EACH_PAIR(EXTREME, MIN, <)
EACH_PAIR(EXTREME, MAX, >)

/* ---- Methods, carried out here. H_D: method and self in their slots. -------------------------------------- */

/* list.append(item). The result is None and is not made: what follows drops it. */
#define APPEND(kind)                                                                                                 \
    TEMPLATE(CALL_LIST_APPEND_##kind)                                                                                \
    {                                                                                                                \
        PyObject **slots = &DISPLACED(H_D);                                                                          \
        if (UNLIKELY(slots[0] != RUNTIME->list_append)) {                                                            \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        PyListObject *list = (PyListObject *)slots[1];                                                               \
        if (UNLIKELY(Py_TYPE(list) != RUNTIME->list_type || ((PyObject *)list)->ob_refcnt == 1)) {                   \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        PyObject *item = READ_##kind(H_A, Q_A);                                                                      \
        long length = Py_SIZE(list);                                                                                 \
        if (!OWNED_##kind) {                                                                                         \
            item->ob_refcnt++;                                                                                       \
        }                                                                                                            \
        if (LIKELY(length < list->allocated)) {                                                                      \
            list->ob_item[length] = item;                                                                            \
            ((PyVarObject *)list)->ob_size = length + 1;                                                             \
        } else {                                                                                                     \
            SET_INSTRUCTION();                                                                                       \
            if (UNLIKELY(rt_list_grow((PyObject *)list, item) < 0)) {                                                \
                GO(JUMP);                                                                                            \
            }                                                                                                        \
        }                                                                                                            \
        (&DISPLACED(H_D))[1]->ob_refcnt--;                                                                           \
        RUNTIME->list_append->ob_refcnt--;                                                                           \
        GO(CONT);                                                                                                    \
    }
APPEND(L)
APPEND(C)
APPEND(S)
APPEND(R)
