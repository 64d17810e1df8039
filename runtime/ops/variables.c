/* runtime/ops/variables.c: names, globals, cells, and the errors for what is not bound.
 *
 * Loading globals and attributes has caches of its own (global.c, attribute.c); what stands here does not pay
 * for one: class bodies, modules, closures.
 */
#include "runtime/ops/shared.h"

/* ---- Errors ------------------------------------------------------------------------------------- */

/* Raises `type` with a message around `name`, unless the name cannot be shown (then that error stands).
 * (ceval.c, format_exc_check_arg) */
static void raise_about_name(PyThreadState *tstate, PyObject *type, const char *format, PyObject *name)
{
    const char *text = PyUnicode_AsUTF8(name);
    if (text == NULL) {
        return;
    }
    _PyErr_Format(tstate, type, format, text);
    if (type != PyExc_NameError) {
        return;
    }
    /* The attribute `name` lets the interpreter suggest similar names. */
    PyObject *value, *traceback;
    _PyErr_Fetch(tstate, &type, &value, &traceback);
    _PyErr_NormalizeException(tstate, &type, &value, &traceback);
    if (PyErr_GivenExceptionMatches(value, PyExc_NameError) && ((PyNameErrorObject *)value)->name == NULL) {
        if (PyObject_SetAttr(value, &_Py_ID(name), name) < 0) {
            _PyErr_Clear(tstate);
        }
    }
    _PyErr_Restore(tstate, type, value, traceback);
}

void ops_raise_name_not_defined(PyThreadState *tstate, PyObject *name)
{
    raise_about_name(tstate, PyExc_NameError, "name '%.200s' is not defined", name);
}

/* Does this instruction, once tier 0 has warmed up, carry out the one behind it as well? */
static inline bool is_pair(CodeUnit instruction)
{
    switch (_Py_OPCODE(instruction)) {
    case LOAD_FAST__LOAD_FAST:
    case LOAD_FAST__LOAD_CONST:
    case LOAD_CONST__LOAD_FAST:
    case STORE_FAST__LOAD_FAST:
    case STORE_FAST__STORE_FAST:
        return true;
    default:
        return false;
    }
}

/* Stock lays an unbound variable in the second half of a pair at the first half's door: its traceback marks that
 * one's columns. Every instruction of a run of pairs looks like the first half of one; which of them are is told by counting
 * from where the run begins. */
static void attribute_to_pair(InterpreterFrame *frame)
{
    CodeUnit *first = _PyCode_CODE(frame->f_code);
    CodeUnit *start = frame->prev_instr;
    while (start > first && is_pair(start[-1])) {
        start--;
    }
    if ((frame->prev_instr - start) % 2 == 1) {
        frame->prev_instr--;
    }
}

void rt_raise_unbound_local(PyThreadState *tstate, InterpreterFrame *frame, int index)
{
    if (_PyErr_Occurred(tstate)) {
        return;
    }
    PyCodeObject *code = frame->f_code;
    PyObject *name = PyTuple_GET_ITEM(code->co_localsplusnames, index);
    if (cpython_generic_opcode[_Py_OPCODE(*frame->prev_instr)] == LOAD_FAST) {
        attribute_to_pair(frame);
    }
    if (index < code->co_nlocals + code->co_nplaincellvars) {
        raise_about_name(tstate, PyExc_UnboundLocalError,
                         "cannot access local variable '%s' where it is not associated with a value", name);
    } else {
        raise_about_name(
            tstate, PyExc_NameError,
            "cannot access free variable '%s' where it is not associated with a value in enclosing scope", name);
    }
}

/* ---- Namespaces: a dict, or any mapping --------------------------------------------------------- */

/* mapping[name]: 1 and a new reference in *value, 0 when it is missing, -1 with an exception set. */
static int look_up(PyThreadState *tstate, PyObject *mapping, PyObject *name, PyObject **value)
{
    if (PyDict_CheckExact(mapping)) {
        *value = Py_XNewRef(PyDict_GetItemWithError(mapping, name));
        return *value != NULL ? 1 : _PyErr_Occurred(tstate) ? -1 : 0;
    }
    *value = PyObject_GetItem(mapping, name);
    if (*value != NULL) {
        return 1;
    }
    if (!_PyErr_ExceptionMatches(tstate, PyExc_KeyError)) {
        return -1;
    }
    _PyErr_Clear(tstate);
    return 0;
}

/* mapping[name] = value; 0 or -1. Steals nothing. */
static int store(PyObject *mapping, PyObject *name, PyObject *value)
{
    return PyDict_CheckExact(mapping) ? PyDict_SetItem(mapping, name, value) : PyObject_SetItem(mapping, name, value);
}

/* ---- Names: locals, globals, builtins ----------------------------------------------------------- */

HANDLER(LOAD_NAME)
{
    PyObject *name = ops_name(frame, oparg);
    PyObject *value;
    if (frame->f_locals == NULL) {
        _PyErr_Format(tstate, PyExc_SystemError, "no locals when loading %R", name);
        return OPS_RAISED;
    }
    int found = look_up(tstate, frame->f_locals, name, &value);
    if (found == 0) {
        /* Globals are read as a dict even if they are a subclass of it, builtins are not. */
        value = Py_XNewRef(PyDict_GetItemWithError(frame->f_globals, name));
        found = value != NULL ? 1 : _PyErr_Occurred(tstate) ? -1 : 0;
    }
    if (found == 0) {
        found = look_up(tstate, frame->f_builtins, name, &value);
    }
    if (found == 0) {
        ops_raise_name_not_defined(tstate, name);
    }
    if (found <= 0) {
        return OPS_RAISED;
    }
    sp[0] = value;
    return 0;
}

HANDLER(STORE_NAME)
{
    PyObject *name = ops_name(frame, oparg);
    PyObject *value = sp[-1];
    int failed = -1;
    if (frame->f_locals == NULL) {
        _PyErr_Format(tstate, PyExc_SystemError, "no locals found when storing %R", name);
    } else {
        failed = store(frame->f_locals, name, value);
    }
    Py_DECREF(value);
    return failed ? OPS_RAISED : 0;
}

HANDLER(DELETE_NAME)
{
    PyObject *name = ops_name(frame, oparg);
    if (frame->f_locals == NULL) {
        _PyErr_Format(tstate, PyExc_SystemError, "no locals when deleting %R", name);
        return OPS_RAISED;
    }
    if (PyObject_DelItem(frame->f_locals, name) != 0) {
        /* Whatever the namespace raised: stock tells a NameError. */
        ops_raise_name_not_defined(tstate, name);
        return OPS_RAISED;
    }
    return 0;
}

/* ---- Globals ------------------------------------------------------------------------------------ */

HANDLER(STORE_GLOBAL)
{
    PyObject *value = sp[-1];
    int failed = PyDict_SetItem(frame->f_globals, ops_name(frame, oparg), value);
    Py_DECREF(value);
    return failed ? OPS_RAISED : 0;
}

HANDLER(DELETE_GLOBAL)
{
    PyObject *name = ops_name(frame, oparg);
    if (PyDict_DelItem(frame->f_globals, name) != 0) {
        if (_PyErr_ExceptionMatches(tstate, PyExc_KeyError)) {
            ops_raise_name_not_defined(tstate, name);
        }
        return OPS_RAISED;
    }
    return 0;
}

/* ---- Cells; oparg is an index into localsplus --------------------------------------------------- */

/* Puts local number oparg, an argument or nothing, into a new cell of its own. */
HANDLER(MAKE_CELL)
{
    PyObject *initial = frame->localsplus[oparg];
    PyObject *cell = PyCell_New(initial);
    if (cell == NULL) {
        return OPS_RAISED;
    }
    frame->localsplus[oparg] = cell;
    Py_XDECREF(initial);
    return 0;
}

HANDLER(LOAD_DEREF)
{
    PyObject *value = PyCell_GET(frame->localsplus[oparg]);
    if (value == NULL) {
        rt_raise_unbound_local(tstate, frame, oparg);
        return OPS_RAISED;
    }
    sp[0] = Py_NewRef(value);
    return 0;
}

HANDLER(STORE_DEREF)
{
    PyObject *cell = frame->localsplus[oparg];
    PyObject *old = PyCell_GET(cell);
    PyCell_SET(cell, sp[-1]);
    Py_XDECREF(old);
    return 0;
}

HANDLER(DELETE_DEREF)
{
    PyObject *cell = frame->localsplus[oparg];
    PyObject *old = PyCell_GET(cell);
    if (old == NULL) {
        rt_raise_unbound_local(tstate, frame, oparg);
        return OPS_RAISED;
    }
    PyCell_SET(cell, NULL);
    Py_DECREF(old);
    return 0;
}

/* A free variable in a class body, where the class's own namespace goes first. */
HANDLER(LOAD_CLASSDEREF)
{
    PyObject *value;
    int found = look_up(tstate, frame->f_locals, PyTuple_GET_ITEM(frame->f_code->co_localsplusnames, oparg), &value);
    if (found < 0) {
        return OPS_RAISED;
    }
    if (found == 0) {
        return op_LOAD_DEREF(tstate, frame, sp, oparg);
    }
    sp[0] = value;
    return 0;
}

/* ---- Deletions ---------------------------------------------------------------------------------- */

/* [owner] -> [] */
HANDLER(DELETE_ATTR)
{
    PyObject *owner = sp[-1];
    int failed = PyObject_SetAttr(owner, ops_name(frame, oparg), NULL);
    Py_DECREF(owner);
    return failed ? OPS_RAISED : 0;
}

/* [container, key] -> [] */
HANDLER(DELETE_SUBSCR)
{
    PyObject *container = sp[-2];
    PyObject *key = sp[-1];
    int failed = PyObject_DelItem(container, key);
    Py_DECREF(container);
    Py_DECREF(key);
    return failed ? OPS_RAISED : 0;
}

HANDLER(DELETE_FAST)
{
    PyObject *old = frame->localsplus[oparg];
    if (old == NULL) {
        rt_raise_unbound_local(tstate, frame, oparg);
        return OPS_RAISED;
    }
    frame->localsplus[oparg] = NULL;
    Py_DECREF(old);
    return 0;
}
