/* runtime/steps.c: see steps.h. */
#include "runtime/steps.h"

#include "runtime/frame.h"
#include "runtime/ops.h"

#define STEP(name)                                                                                                   \
    int step_##name(PyThreadState *tstate, InterpreterFrame *frame, PyObject **sp, int oparg, void *cell)
#define UNUSED(value) ((void)(value))

/* Leaves a result, or fails. */
static int give(PyObject **slot, PyObject *result)
{
    *slot = result;
    return result == NULL ? OPS_RAISED : 0;
}

STEP(BINARY_OP)
{
    UNUSED(tstate), UNUSED(frame), UNUSED(cell);
    return give(sp - 2, rt_binary_op(sp[-2], sp[-1], oparg));
}

STEP(add_and_store)
{
    UNUSED(tstate), UNUSED(cell);
    PyObject **local = &frame->localsplus[oparg >> STEP_LOCAL_SHIFT];
    return give(sp - 2, rt_add_and_store(sp[-2], sp[-1], oparg & ((1 << STEP_LOCAL_SHIFT) - 1), local));
}

STEP(COMPARE_OP)
{
    UNUSED(tstate), UNUSED(frame), UNUSED(cell);
    return give(sp - 2, rt_compare(sp[-2], sp[-1], oparg));
}

STEP(BINARY_SUBSCR)
{
    UNUSED(tstate), UNUSED(frame), UNUSED(cell), UNUSED(oparg);
    return give(sp - 2, rt_subscript(sp[-2], sp[-1]));
}

STEP(STORE_SUBSCR)
{
    UNUSED(tstate), UNUSED(frame), UNUSED(cell), UNUSED(oparg);
    return rt_store_subscript(sp[-2], sp[-1], sp[-3]);
}

STEP(truth)
{
    UNUSED(tstate), UNUSED(frame), UNUSED(cell), UNUSED(oparg);
    return rt_truth(sp[-1]);
}

STEP(truth_kept)
{
    UNUSED(tstate), UNUSED(frame), UNUSED(cell), UNUSED(oparg);
    return rt_truth(Py_NewRef(sp[-1]));
}

STEP(FOR_ITER)
{
    UNUSED(frame), UNUSED(cell), UNUSED(oparg);
    PyObject *value = rt_iter_next(tstate, sp[-1], cell);
    if (value != NULL) {
        *sp = value;
        return 1;
    }
    if (tstate->curexc_type != NULL) {
        return OPS_RAISED;
    }
    rt_release(sp[-1]);
    return 0;
}

static STEP(CONTAINS_OP)
{
    UNUSED(tstate), UNUSED(frame), UNUSED(cell);
    int result = rt_contains(sp[-2], sp[-1]);
    if (result < 0) {
        return OPS_RAISED;
    }
    sp[-2] = Py_NewRef((result ^ oparg) ? Py_True : Py_False);
    return 0;
}

static PyObject *name_at(InterpreterFrame *frame, int index)
{
    return PyTuple_GET_ITEM(frame->f_code->co_names, index);
}

static STEP(LOAD_GLOBAL)
{
    UNUSED(tstate);
    PyObject *value = rt_load_global(frame, name_at(frame, oparg >> 1), cell);
    if (value == NULL) {
        return OPS_RAISED;
    }
    if (oparg & 1) {
        *sp++ = NULL;
    }
    *sp = value;
    return 0;
}

static STEP(LOAD_ATTR)
{
    UNUSED(tstate);
    return give(sp - 1, rt_load_attr(sp[-1], name_at(frame, oparg), cell));
}

static STEP(STORE_ATTR)
{
    UNUSED(tstate);
    return rt_store_attr(sp[-1], sp[-2], name_at(frame, oparg), cell);
}

static STEP(LOAD_METHOD)
{
    UNUSED(tstate);
    return rt_load_method(sp - 1, name_at(frame, oparg), cell);
}

static STEP(CALL)
{
    int nargs = oparg & ((1 << STEP_CALL_NAMES_SHIFT) - 1);
    int names = oparg >> STEP_CALL_NAMES_SHIFT;
    PyObject *kwnames = names == 0 ? NULL : PyTuple_GET_ITEM(frame->f_code->co_consts, names - 1);
    PyObject **slot = sp - nargs - 2;
    struct call_outcome outcome = rt_begin_call(tstate, slot, nargs, kwnames, cell);
    if (outcome.frame == NULL) {
        return give(slot, outcome.result);
    }
    return give(slot, frame_call_function(outcome.frame, tstate, outcome.target->entry, frame));
}

const void *ops_handler(int opcode)
{
#define J 0
#define B 0
#define N 0
#define R 0
#define E 0
#define H 1
    switch (opcode) {
#define OPCODE(name, pops, pushes, taken, flags)                                                                     \
    case name:                                                                                                       \
        return (flags) ? (const void *)op_##name : NULL;
#include "runtime/opcodes.def"
#undef OPCODE
    }
#undef J
#undef B
#undef N
#undef R
#undef E
#undef H
    return NULL;
}

step_function *step_of(int opcode)
{
    switch (opcode) {
    case BINARY_OP:
        return step_BINARY_OP;
    case COMPARE_OP:
        return step_COMPARE_OP;
    case BINARY_SUBSCR:
        return step_BINARY_SUBSCR;
    case STORE_SUBSCR:
        return step_STORE_SUBSCR;
    case CONTAINS_OP:
        return step_CONTAINS_OP;
    case LOAD_GLOBAL:
        return step_LOAD_GLOBAL;
    case LOAD_ATTR:
        return step_LOAD_ATTR;
    case STORE_ATTR:
        return step_STORE_ATTR;
    case LOAD_METHOD:
        return step_LOAD_METHOD;
    case CALL:
        return step_CALL;
    case SEND:
    case GET_AWAITABLE:
    case GET_YIELD_FROM_ITER:
    case RERAISE:
        return NULL;
    }
    /* A handler takes an argument less: the calling convention lets it be. */
    return (step_function *)(uintptr_t)ops_handler(opcode);
}
