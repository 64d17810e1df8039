/* runtime/ops.h: what the opcodes do, for compiled code.
 *
 * Two families:
 *
 * 1. Handlers, one per opcodes.def row marked H: `int op_NAME(tstate, frame, sp, oparg)`.
 *    `sp` points one past the top of the value stack, which is canonical: every operand owned, in
 *    memory. A handler takes its `pops` operands from below `sp` and leaves its `pushes` results from
 *    `sp - pops` upward. It returns 0; 1 where the instruction jumps (SEND: the generator returned);
 *    or a negative number with an exception set and the `pops` operands released (their slots are garbage
 *    then): OPS_RAISED, or OPS_RERAISED where stock adds no traceback entry (RERAISE, a bare `raise`, the end of an
 *    asynchronous loop). RERAISE may have moved `frame->prev_instr` to where the exception first came from:
 *    look for the handler with the instruction's own offset. The GIL is held; `frame->prev_instr` stands at the instruction.
 *
 * 2. Operations on operands, declared below: the slow and the cached halves of the opcodes for which
 *    tier 1 has templates of its own.
 */
#ifndef PYJIT_RUNTIME_OPS_H
#define PYJIT_RUNTIME_OPS_H

#include "runtime/cpython.h"
#include "runtime/feedback.h"

/* How a handler fails: an exception is set, and the frame has still to be added to its traceback, or not. */
enum { OPS_RAISED = -1, OPS_RERAISED = -2 };

#define OPCODE(name, pops, pushes, taken, flags)                                                                     \
    int op_##name(PyThreadState *tstate, InterpreterFrame *frame, PyObject **sp, int oparg);
#include "runtime/opcodes.def"
#undef OPCODE

/* ---- Operators (ops/arith.c, ops/compare.c, ops/subscript.c) -----------------------------------
 * "steals" means: the caller's reference is consumed whatever the outcome. Each returns a new
 * reference, or NULL with an exception set, unless said otherwise. */

/* left OP right; op is a NB_* number of BINARY_OP, the in-place ones included. Steals both. Keeps
 * NumPy's temporary elision alive (notes/cpython-3.11.md). */
PyObject *rt_binary_op(PyObject *left, PyObject *right, int op);

/* `left += right` (or left + right) where the very next instruction stores into *local and left is *local: str
 * operands are extended in place as stock does it. Steals both operands; returns a new reference to the new value, which
 * *local may hold already: the store that follows is harmless. After a failure *local may be unbound. */
PyObject *rt_add_and_store(PyObject *left, PyObject *right, int op, PyObject **local);

/* left COMPARE right; op is Py_LT..Py_GE. Steals both. */
PyObject *rt_compare(PyObject *left, PyObject *right, int op);
/* The same, as a truth value: 1, 0, or -1 with an exception set. Steals both. */
int rt_compare_truth(PyObject *left, PyObject *right, int op);

/* ---- Quick halves that cannot run other code (ops/numbers.c) --------------------------------------
 * Each looks for operands of exact built-in types and otherwise does nothing: no exception, no reference touched. `owned` says
 * which operands' references are taken over where it does act. Not escapes. */
enum { OPS_OWNS_LEFT = 1, OPS_OWNS_RIGHT = 2 };

/* BINARY_OP `op` on ints, floats and bools: a new reference, or NULL. */
PyObject *rt_number_binary(PyObject *left, PyObject *right, int op, int owned);
/* The functions of one operator: the same; and into a local of the frame, whose old number is overwritten where nobody else holds it:
 * 1, or 0. */
struct number_functions {
    PyObject *(*binary)(PyObject *left, PyObject *right, int owned);
    int (*assign)(PyObject *left, PyObject *right, int owned, PyObject **local);
};
/* The operators on doubles that are more than an instruction, as float's methods compute them; not valid where these would raise or leave the
 * real numbers. They run no code and set no exception. */
struct float_outcome {
    double value;
    int64_t valid;
};
struct float_outcome rt_float_power(double left, double right);
struct float_outcome rt_float_remainder(double left, double right);
struct float_outcome rt_float_floor_divide(double left, double right);
/* Stores a number into a local of the frame: 1; or 0, nothing done, where dropping its old value may run code. */
int rt_store_float(PyObject **local, double value);
int rt_store_int(PyObject **local, int64_t value);
/* NULL: BINARY_OP's `op` is not one that numbers have. */
const struct number_functions *ops_number_functions(int op);
/* UNARY_NEGATIVE or UNARY_INVERT: a new reference, or NULL. */
PyObject *rt_number_unary(PyObject *operand, int opcode, int owned);
/* Comparison of numbers, and of strings for equality: 1, 0, or -1. */
int rt_plain_compare(PyObject *left, PyObject *right, int op, int owned);
/* Truth of numbers, strings and containers: 1, 0, or -1. */
int rt_plain_truth(PyObject *value, int owned);

/* UNPACK_SEQUENCE of an exact tuple or list of `count` items: 1, with the sequence taken over and the items, new references, in slots[0..count),
 * the first in the highest; or 0. */
int rt_unpack_plain(PyObject *sequence, PyObject **slots, int count);

/* The unary operator `opcode`, in general. Steals the operand; new reference or NULL with an exception. */
PyObject *rt_unary(PyObject *operand, int opcode);

/* Truth of value: 1, 0, -1. Steals it. */
int rt_truth(PyObject *value);

/* left is right: 1 or 0. Steals both. */
int rt_is(PyObject *left, PyObject *right);

/* left in right: 1, 0, -1. Steals both. */
int rt_contains(PyObject *left, PyObject *right);

/* container[key]. Steals both. Fast for list, tuple, dict, str with int or str keys and for a Python __getitem__. */
PyObject *rt_subscript(PyObject *container, PyObject *key);
/* container[key] = value: 0 or -1. Steals all three. */
int rt_store_subscript(PyObject *container, PyObject *key, PyObject *value);

/* container[start:stop], or with a step that is not 0 and has a small int's singleton. `owned` as for rt_plain_slice (plain.h): what is
 * owned is stolen. */
PyObject *rt_subscript_slice(PyObject *container, PyObject *start, PyObject *stop, long step, int owned);
/* operands: value, container, start, stop, all owned and all released. 0 or -1. */
int rt_store_slice(PyObject **operands);

/* ---- Attributes and globals (ops/attribute.c, ops/global.c) ------------------------------------- */

/* owner.name, learning in `cell`. Steals owner. */
PyObject *rt_load_attr(PyObject *owner, PyObject *name, struct attribute_cell *cell);
/* owner.name = value. Steals owner and value. Returns 0 or -1. */
int rt_store_attr(PyObject *owner, PyObject *value, PyObject *name, struct attribute_cell *cell);
/* LOAD_METHOD: takes the owner from slot[0] and leaves (method, self) or (NULL, attribute) in slot[0], slot[1].
 * Returns 0, or -1 with the owner released. */
int rt_load_method(PyObject **slot, PyObject *name, struct attribute_cell *cell);
/* The same where no other code can run and nothing dies, else nothing happens: not escapes (ops/attribute_quick.c). All operands are
 * borrowed. peek_attr: a new reference, or NULL. peek_method: 1 with both slots filled, or 0; where it binds, the second is a new
 * reference to the owner; `owned` says that the caller drops one to it then. poke_attr: NULL, or else the old value, whose reference is the caller's now (RT_POKED where there was none). */
PyObject *rt_peek_attr(PyObject *owner, PyObject *name, struct attribute_cell *cell);
int rt_peek_method(PyObject *owner, PyObject **slots, PyObject *name, struct attribute_cell *cell, int owned);
PyObject *rt_poke_attr(PyObject *owner, PyObject *value, PyObject *name, struct attribute_cell *cell);
#define RT_POKED ((PyObject *)1)
/* super().name of a method, where `callable` is super and no super object is needed to find the method: what LOAD_METHOD would have left goes into
 * the two slots, new references, and 1 is returned; else 0, and nothing has happened. Not an escape. `self` and
 * `class_cell` (with the class whose method asks) are borrowed, and NULL when unbound. (ops/super.c) */
int rt_super_method(PyObject *callable, PyObject *self, PyObject *class_cell, PyObject **slots, PyObject *name,
                    struct attribute_cell *cell);
/* LOAD_GLOBAL without the PUSH_NULL half: a new reference; learns in `cell`. */
PyObject *rt_load_global(InterpreterFrame *frame, PyObject *name, struct global_cell *cell);

/* ---- Iteration (ops/iterate.c) ------------------------------------------------------------------ */

/* Next value of iter (borrowed) for FOR_ITER, learning in `cell`: a new reference; NULL at the end, or with an exception set
 * (StopIteration already turned into a plain end). */
PyObject *rt_iter_next(PyThreadState *tstate, PyObject *iter, struct iterator_cell *cell);

/* ---- Generators (ops/generators.c) -------------------------------------------------------------- */

/* RETURN_GENERATOR: makes the generator, coroutine or asynchronous generator for `frame`'s code and moves the frame
 * into it, suspended before its first line. `frame->prev_instr` stands at the instruction, the value stack is empty.
 *
 * Returns a new reference: the caller returns it as RETURN_VALUE would. `frame` is left as a finished frame
 * (stacktop 0, nothing in localsplus, its own references to function and code), still linked: unlink it, give
 * back its level of recursion, and clear and pop it with cpython_clear_and_pop_frame (or, in an eval-frame hook,
 * leave that to the caller as after any return). NULL with an exception set: the frame is as before, stacktop -1; the
 * frame is incomplete, so no traceback entry. (ceval.c, RETURN_GENERATOR; genobject.c, _Py_MakeCoro) */
PyObject *rt_return_generator(PyThreadState *tstate, InterpreterFrame *frame);

/* ---- Functions (ops/functions.c) ----------------------------------------------------------------- */

/* Bits of MAKE_FUNCTION's oparg. */
enum {
    MAKE_FUNCTION_DEFAULTS = 1,
    MAKE_FUNCTION_KEYWORD_DEFAULTS = 2,
    MAKE_FUNCTION_ANNOTATIONS = 4,
    MAKE_FUNCTION_CLOSURE = 8
};

/* MAKE_FUNCTION: a new function of `code` (borrowed); slots[0..] holds those of the `parts` that `cell` does not name,
 * in the order of the bits, owned and taken over whatever the outcome. New reference, or NULL with an exception set. An escape:
 * allocation may collect. */
PyObject *rt_make_function(PyThreadState *tstate, InterpreterFrame *frame, PyCodeObject *code, PyObject **slots,
                           int parts, struct function_cell *cell);

/* ---- Exceptions (ops/exceptions.c) --------------------------------------------------------------- */

/* CHECK_EXC_MATCH: is an exception of `class` caught by `type`, a class or tuple of classes? 1 or 0 with the reference to `type` gone;
 * -1 without anything done where other code might have to run, or an error to be raised. */
int rt_quick_match(PyTypeObject *class, PyObject *type);
/* The same in general: 1, 0, or -1 with an exception set. Steals `type`. */
int rt_match(PyThreadState *tstate, PyObject *exception, PyObject *type);

/* The last reference to an exception that `frame` has handled is gone: deallocates it and, where nobody else can hold it, the
 * frame object that its traceback needed. */
void rt_drop_exception(PyThreadState *tstate, InterpreterFrame *frame, PyObject *exception);

/* ---- Context managers (ops/with.c) --------------------------------------------------------------- */

/* BEFORE_WITH: takes the manager from slot[0] and leaves its bound __exit__ and what __enter__ returned in slot[0] and slot[1]; learns
 * in `cell`. 0, or -1 with an exception set and the manager released. */
int rt_before_with(PyThreadState *tstate, PyObject **slot, struct with_cell *cell);

/* ---- Calls (call.c) ----------------------------------------------------------------------------- */

/* What has come of a call: a native call that is to be made now (frame is not NULL), with x and y as tier1/templates/calls.c says;
 * or the result, a new reference or NULL with an exception set. In two registers. */
struct call_outcome {
    InterpreterFrame *frame;
    union {
        const struct native_target *target;
        PyObject *result;
    };
};

/* CALL: slot[0..1+nargs] holds (method, self, args...) or (NULL, callable, args...), all owned and all released; nargs
 * counts the arguments given by name too, kwnames is a borrowed tuple of their names, or NULL. The caller's prev_instr stands at the
 * instruction; for a native call it is moved to where tier 0 stands meanwhile. */
struct call_outcome rt_begin_call(PyThreadState *tstate, PyObject **slot, int nargs, PyObject *kwnames,
                                  struct call_cell *cell);

/* ---- Reference counts ----------------------------------------------------------------------------- */

/* Deallocates an object whose count has just become 0; ints and floats go to the free lists. */
void rt_dealloc(PyObject *object);

/* Py_DECREF by way of rt_dealloc. */
static inline void rt_release(PyObject *object)
{
    if (--object->ob_refcnt == 0) {
        rt_dealloc(object);
    }
}

/* ---- Errors that several tiers raise ------------------------------------------------------------ */

/* UnboundLocalError or NameError for local number `index` of frame's code, worded as stock does. */
void rt_raise_unbound_local(PyThreadState *tstate, InterpreterFrame *frame, int index);

#endif
