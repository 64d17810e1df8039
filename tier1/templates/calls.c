/* tier1/templates/calls.c: native calls of Python functions: push the frame, call, finish the frame.
 *
 * The sequence at a site: PUSH_FRAME (guards, memory, everything but the locals), a MOVE_ARGUMENT for each
 * argument, ENTER_FRAME (link it, count the recursion), the machine call, FINISH_CALL. Between the
 * machine call and FINISH_CALL the frame register still holds the callee's frame. What runs before a frame's first
 * instruction must be undone by nobody: all guards come first.
 */
#include "tier1/template.h"

/* x becomes the new frame. Takes the callee's reference over where it is owned. */
#define PUSH_FRAME(kind)                                                                                             \
    TEMPLATE(PUSH_FRAME_##kind)                                                                                      \
    {                                                                                                                \
        struct call_cell *cell = QUAD(Q_CELL);                                                                       \
        PyFunctionObject *function = (PyFunctionObject *)READ_##kind(H_A, Q_A);                                      \
        struct runtime_data *runtime = RUNTIME_BASE;                                                                 \
        if (UNLIKELY(function == NULL || Py_TYPE(function) != runtime->function_type ||                              \
                     function->func_code != (PyObject *)cell->code || function->func_globals != cell->globals ||     \
                     cell->epoch != runtime->code_epoch || tstate->interp->eval_frame != runtime->eval_hook ||       \
                     tstate->recursion_remaining <= 0)) {                                                            \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        InterpreterFrame *callee = (InterpreterFrame *)tstate->datastack_top;                                        \
        PyObject **top = (PyObject **)((char *)callee + cell->frame_bytes);                                          \
        if (UNLIKELY(top >= tstate->datastack_limit)) {                                                              \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        tstate->datastack_top = top;                                                                                 \
        if (!OWNED_##kind) {                                                                                         \
            ((PyObject *)function)->ob_refcnt++;                                                                     \
        }                                                                                                            \
        PyCodeObject *code = cell->code;                                                                             \
        ((PyObject *)code)->ob_refcnt++;                                                                             \
        callee->f_func = function;                                                                                   \
        callee->f_globals = function->func_globals;                                                                  \
        callee->f_builtins = function->func_builtins;                                                                \
        callee->f_locals = NULL;                                                                                     \
        callee->f_code = code;                                                                                       \
        callee->frame_obj = NULL;                                                                                    \
        callee->prev_instr = _PyCode_CODE(code) - 1;                                                                 \
        callee->stacktop = -1;                                                                                       \
        frame_mark_compiled(callee);                                                                                 \
        callee->owner = FRAME_OWNED_BY_THREAD;                                                                       \
        GO_WITH(CONT, callee, ANY);                                                                                  \
    }
PUSH_FRAME(L)
PUSH_FRAME(C)
PUSH_FRAME(S)
PUSH_FRAME(R)

/* H_D is the displacement of the local in the new frame. */
#define MOVE_ARGUMENT(kind)                                                                                          \
    TEMPLATE(MOVE_ARGUMENT_##kind)                                                                                   \
    {                                                                                                                \
        PyObject *value = READ_##kind(H_A, Q_A);                                                                     \
        if (!OWNED_##kind) {                                                                                         \
            value->ob_refcnt++;                                                                                      \
        }                                                                                                            \
        *(PyObject **)((char *)x + (uintptr_t)H_D) = value;                                                          \
        PASS(CONT);                                                                                                  \
    }
MOVE_ARGUMENT(L)
MOVE_ARGUMENT(C)
MOVE_ARGUMENT(S)
MOVE_ARGUMENT(R)

/* x: the new frame; Q_IP: where this frame stands meanwhile. Then x is the address to call. */
TEMPLATE(ENTER_FRAME)
{
    struct call_cell *cell = QUAD(Q_CELL);
    InterpreterFrame *callee = (InterpreterFrame *)x;
    SET_INSTRUCTION();
    callee->previous = frame;
    tstate->recursion_remaining--;
    tstate->cframe->current_frame = callee;
    frame = callee;
    GO_WITH(CONT, cell->native_entry, ANY);
}

/* The callee has returned r0, which is NULL after an exception. Unlinks its frame before clearing it, so that no destructor
 * sees it. Destructors run at the callee's depth, as on stock. */
TEMPLATE(FINISH_CALL)
{
    InterpreterFrame *callee = frame;
    frame = callee->previous;
    tstate->cframe->current_frame = frame;
    if (UNLIKELY(callee->frame_obj != NULL)) {
        GO_WITH(SLOW, callee, ANY);
    }
    for (long index = 0; index < callee->stacktop; index++) {
        PyObject *value = callee->localsplus[index];
        if (value != NULL && --value->ob_refcnt == 0) {
            rt_dealloc(value);
        }
    }
    PyObject *function = (PyObject *)callee->f_func;
    if (UNLIKELY(--function->ob_refcnt == 0)) {
        rt_dealloc(function);
    }
    PyObject *code = (PyObject *)callee->f_code;
    if (UNLIKELY(--code->ob_refcnt == 0)) {
        rt_dealloc(code);
    }
    tstate->recursion_remaining++;
    tstate->datastack_top = (PyObject **)callee;
    GO(CONT);
}

/* A frame object may survive the frame, or the frame is the first of its chunk. */
TEMPLATE(FINISH_CALL_UNUSUAL)
{
    rt_finish_callee(tstate, (InterpreterFrame *)x);
    tstate->recursion_remaining++;
    GO(CONT);
}

TEMPLATE(CHECK_RESULT)
{
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

TEMPLATE(RUN_IN_TIER0)
{
    r0 = rt_run_in_tier0(tstate, frame);
    GO(EXIT);
}
