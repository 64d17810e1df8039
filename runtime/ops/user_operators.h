/* runtime/ops/user_operators.h: operators of the program's own classes: `__add__`, `__eq__`, `__len__` and so on, where they are Python
 * functions. GIL held for all.
 *
 * CPython comes to such a method through a slot of the type, a look-up and a vectorcall. Here the method is looked up in a table of
 * our own and entered natively. Each function says USER_ELSEWHERE, with nothing done, where it is not the whole answer:
 * then stock's own function has to be asked. Operands are borrowed, but for those it says that of.
 */
#ifndef PYJIT_RUNTIME_OPS_USER_OPERATORS_H
#define PYJIT_RUNTIME_OPS_USER_OPERATORS_H

#include "runtime/cpython.h"

/* No object: "not for us". And the same of functions that return a number. */
extern char user_elsewhere;
#define USER_ELSEWHERE ((PyObject *)&user_elsewhere)
enum { USER_ELSEWHERE_INT = -2 };

static inline bool user_is_class(PyTypeObject *type)
{
    return (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0;
}

/* left OP right, `op` a number of BINARY_OP: a new reference, NULL with an exception set, or USER_ELSEWHERE. Steals both operands unless it
 * returns USER_ELSEWHERE. (abstract.c, binary_op1, binary_iop1; typeobject.c, SLOT1BINFULL) */
PyObject *user_binary(PyObject *left, PyObject *right, int op);

/* The Python function, borrowed, that `left OP right` calls first for operands of these classes, as long as the versions of both stand: the left one's
 * method. NULL where that is not so simple. Runs no code. */
PyFunctionObject *user_binary_method(PyTypeObject *left, PyTypeObject *right, int op);

/* What follows when that has said NotImplemented, which is stolen. Borrows the operands; a new reference, or NULL with an exception set. */
PyObject *user_binary_rest(PyObject *left, PyObject *right, int op, PyObject *answer);

/* left COMPARE right, `op` Py_LT..Py_GE: the same. (object.c, PyObject_RichCompare) */
PyObject *user_compare(PyObject *left, PyObject *right, int op);

/* The Python function, borrowed, that it calls first for operands of these classes, as long as the versions of both stand: the left one's method; NULL where
 * that is not so simple. And what follows when that has said NotImplemented, which is stolen: the operands are borrowed. */
PyFunctionObject *user_compare_method(PyTypeObject *left, PyTypeObject *right, int op);
PyObject *user_compare_rest(PyObject *left, PyObject *right, int op, PyObject *answer);

/* -operand and ~operand, by opcode: the same. */
PyObject *user_unary(PyObject *operand, int opcode);

/* bool(value): 1, 0, -1 with an exception set, or USER_ELSEWHERE_INT. (typeobject.c, slot_nb_bool) */
int user_truth(PyObject *value);

/* len(container): not negative, -1 with an exception set, or USER_ELSEWHERE_INT. (typeobject.c, slot_sq_length) */
Py_ssize_t user_length(PyObject *container);

/* What a __len__ has returned, stolen, as len() gives it: a new reference, or NULL with an exception set. */
PyObject *user_length_of(PyObject *result);

/* value in container: 1, 0, -1 with an exception set, or USER_ELSEWHERE_INT. */
int user_contains(PyObject *container, PyObject *value);

/* container[key]. Steals both unless it returns USER_ELSEWHERE. */
PyObject *user_subscript(PyObject *container, PyObject *key);

/* container[key] = value: 0, -1 with an exception set, or USER_ELSEWHERE_INT. */
int user_store_subscript(PyObject *container, PyObject *key, PyObject *value);

/* The methods, borrowed, that `value in container`, len(container), container[key] and container[key] = value call for a container of the class, as long as its
 * version stands; or NULL. Run no code. */
PyFunctionObject *user_contains_method(PyTypeObject *container);
PyFunctionObject *user_length_method(PyTypeObject *container);
PyFunctionObject *user_subscript_method(PyTypeObject *container);
PyFunctionObject *user_store_subscript_method(PyTypeObject *container);

/* The Python function that calling the object calls, borrowed; NULL where that is anything else. Runs no code. (typeobject.c, slot_tp_call) */
PyFunctionObject *user_call_method(PyObject *callable);
PyFunctionObject *user_call_method_of(PyTypeObject *type);

/* iter(iterable) and next(iterator), the latter as tp_iternext says it: NULL without an exception may be the end. */
PyObject *user_iter(PyObject *iterable);
PyObject *user_next(PyObject *iterator);

#endif
