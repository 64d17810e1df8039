/* runtime/ops/temporary_elision.c: keeps NumPy's reuse of temporary arrays alive.
 *
 * In `a*b + c` NumPy writes the sum into the array that held the product, when that array is large and its
 * reference count of 1 proves that nobody else can see it. As a C extension might hold such an array too, NumPy
 * walks the C stack and does so only when it meets CPython's evaluator directly above itself. Machine code of ours
 * does not count. So such an operation runs in CPython's evaluator: in a frame of a two-instruction
 * code object (the operator; RETURN_VALUE) with the operands already on its value stack.
 *
 * That frame has no RESUME instruction, which makes it "incomplete" for ever: tracebacks, sys._getframe and
 * tracing do not see it. (ceval.c; pycore_frame.h, _PyFrame_IsIncomplete; numpy/core/src/multiarray/temp_elide.c)
 */
#include "runtime/ops/shared.h"

#include <string.h>

/* Where the functions for unary operators stand, behind those for BINARY_OP's 13 plain operators. */
enum { PLAIN_OPERATORS = NB_XOR + 1, UNARY_OPERATORS = 3 };

/* A function per operator, made when first needed; they live as long as the process. */
static PyFunctionObject *operator_functions[PLAIN_OPERATORS + UNARY_OPERATORS];

/* NumPy's array type, once an operand has shown it. It is a static type and never dies. */
static PyTypeObject *array_type;

/* How an array begins. Extensions are compiled against this, so no version of NumPy can change it.
 * (numpy/ndarraytypes.h, PyArrayObject_fields) */
struct array_head {
    PyObject ob_base;
    char *data;
    int dimension_count;
    Py_ssize_t *dimensions;
};

/* NumPy reuses arrays of 256 KiB and more; with elements of up to 32 bytes none has fewer than these. */
enum { FEWEST_ELEMENTS = 256 * 1024 / 32 };

static bool is_large(struct array_head *array)
{
    Py_ssize_t elements = 1;
    for (int i = 0; i < array->dimension_count; i++) {
        if (array->dimensions[i] >= FEWEST_ELEMENTS) {
            return true;
        }
        elements *= array->dimensions[i];
        if (elements >= FEWEST_ELEMENTS) {
            return true;
        }
    }
    return false;
}

/* Is this a large array that nobody else holds? Subclasses do not count, for NumPy neither. */
static bool is_lone_array(PyObject *operand)
{
    if (Py_REFCNT(operand) != 1) {
        return false;
    }
    PyTypeObject *type = Py_TYPE(operand);
    if (type != array_type) {
        const unsigned long others = Py_TPFLAGS_HEAPTYPE | Py_TPFLAGS_LONG_SUBCLASS | Py_TPFLAGS_LIST_SUBCLASS |
                                     Py_TPFLAGS_TUPLE_SUBCLASS | Py_TPFLAGS_BYTES_SUBCLASS |
                                     Py_TPFLAGS_UNICODE_SUBCLASS | Py_TPFLAGS_DICT_SUBCLASS;
        if (array_type != NULL || (type->tp_flags & others) || strcmp(type->tp_name, "numpy.ndarray") != 0) {
            return false;
        }
        array_type = type;
    }
    return is_large((struct array_head *)operand);
}

bool ops_wants_elision(PyObject *left, PyObject *right)
{
    return is_lone_array(left) || (right != NULL && is_lone_array(right));
}

/* A function whose code is `opcode oparg`, its caches and RETURN_VALUE. NULL with an exception set. */
static PyFunctionObject *make_operator_function(int opcode, int oparg)
{
    PyFunctionObject *function = NULL;
    PyObject *replace = NULL, *changes = NULL, *code = NULL, *nothing = NULL, *globals = NULL;
    uint8_t bytes[2 * 8] = {(uint8_t)opcode, (uint8_t)oparg};
    int units = 1 + cpython_cache_units[opcode];
    bytes[2 * units] = RETURN_VALUE;

    PyCodeObject *empty = PyCode_NewEmpty("<operator>", "<operator>", 1);
    if (empty == NULL) {
        return NULL;
    }
    replace = PyObject_GetAttrString((PyObject *)empty, "replace");
    PyObject *bytecode = PyBytes_FromStringAndSize((char *)bytes, 2 * (units + 1));
    changes = Py_BuildValue("{s:N,s:i}", "co_code", bytecode, "co_stacksize", 2);
    nothing = PyTuple_New(0);
    globals = PyDict_New();
    if (replace != NULL && changes != NULL && nothing != NULL && globals != NULL) {
        code = PyObject_Call(replace, nothing, changes);
    }
    if (code != NULL) {
        function = (PyFunctionObject *)PyFunction_New(code, globals);
    }
    Py_DECREF(empty);
    Py_XDECREF(replace);
    Py_XDECREF(changes);
    Py_XDECREF(nothing);
    Py_XDECREF(globals);
    Py_XDECREF(code);
    return function;
}

/* Runs the function number `index` (made from opcode and oparg when missing) on the operands, which it steals;
 * `right` is NULL for a unary operator. */
static PyObject *run_in_evaluator(int index, int opcode, int oparg, PyObject *left, PyObject *right)
{
    PyThreadState *tstate = _PyThreadState_GET();
    PyFunctionObject *function = operator_functions[index];
    InterpreterFrame *frame = NULL;
    if (function == NULL) {
        function = operator_functions[index] = make_operator_function(opcode, oparg);
    }
    if (function != NULL) {
        frame = cpython_push_frame_memory(tstate, FRAME_SPECIALS_SIZE + 2);
    }
    if (frame == NULL) {
        Py_DECREF(left);
        Py_XDECREF(right);
        return NULL;
    }
    _PyFrame_InitializeSpecials(frame, (PyFunctionObject *)Py_NewRef(function), NULL, 0);
    InterpreterFrame *caller = tstate->cframe->current_frame;
    if (caller != NULL) {
        /* PyEval_GetGlobals and PyEval_GetBuiltins look at the current frame, complete or not. */
        frame->f_globals = caller->f_globals;
        frame->f_builtins = caller->f_builtins;
    }
    frame->localsplus[0] = left;
    frame->localsplus[1] = right;
    frame->stacktop = right == NULL ? 1 : 2;

    /* The evaluator counts a level of recursion that stock would not have. */
    tstate->recursion_remaining++;
    PyObject *result = _PyEval_EvalFrameDefault(tstate, frame, 0);
    tstate->recursion_remaining--;
    cpython_clear_and_pop_frame(tstate, frame);
    return result;
}

PyObject *ops_binary_with_elision(PyObject *left, PyObject *right, int op)
{
    return run_in_evaluator(op, BINARY_OP, op, left, right);
}

PyObject *ops_unary_with_elision(PyObject *operand, int opcode)
{
    int index = PLAIN_OPERATORS + (opcode == UNARY_POSITIVE ? 0 : opcode == UNARY_NEGATIVE ? 1 : 2);
    return run_in_evaluator(index, opcode, 0, operand, NULL);
}
