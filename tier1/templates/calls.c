/* tier1/templates/calls.c: native calls of Python functions.
 *
 * The caller's part is short: PUSH_FRAME (guards, memory), a MOVE_ARGUMENT for each argument, the instruction, the machine call,
 * CHECK_CALL. The callee does the rest once for all its callers: BUILD_FRAME fills the frame in, links and counts it; LEAVE_FRAME to
 * FINISH_FRAME unlink it, clear it and give it back. Calls that do not fit go through BEGIN_CALL, whose C function puts the
 * parameters into a new frame as well, so that the machine call is made from compiled code all the same.
 *
 * On the way in: x is the new frame, of which f_func (owned) and all parameters are filled in; y is the native_target. The machine
 * call exchanges frame and x. On the way out: r0 is the result; x is 0, or says that CHECK_CALL has to look (frame_call_is_unusual).
 */
#include "tier1/template.h"

#include "runtime/call_shape.h"

/* ---- The caller's part -------------------------------------------------------------------------------------- */

/* Takes the callee's reference over where it is owned. */
#define PUSH(function, owned)                                                                                        \
    if (UNLIKELY(Py_TYPE(function) != RUNTIME->function_type ||                                                      \
                 function->func_code != (PyObject *)cell->target.code)) {                                            \
        GO(SLOW);                                                                                                    \
    }                                                                                                                \
    InterpreterFrame *callee = (InterpreterFrame *)tstate->datastack_top;                                            \
    PyObject **top = (PyObject **)((char *)callee + cell->frame_bytes);                                              \
    if (UNLIKELY(top >= tstate->datastack_limit)) {                                                                  \
        GO(SLOW);                                                                                                    \
    }                                                                                                                \
    tstate->datastack_top = top;                                                                                     \
    if (!(owned)) {                                                                                                  \
        ((PyObject *)function)->ob_refcnt++;                                                                         \
    }                                                                                                                \
    cell->cases[0].count++;                                                                                          \
    callee->f_func = function;                                                                                       \
    GO_WITH(CONT, callee, cell)
#define PUSH_FRAME(kind)                                                                                             \
    TEMPLATE(PUSH_FRAME_##kind)                                                                                      \
    {                                                                                                                \
        struct call_cell *cell = QUAD(Q_CELL);                                                                       \
        PyFunctionObject *function = (PyFunctionObject *)READ_##kind(H_A, Q_A);                                      \
        PUSH(function, OWNED_##kind);                                                                                \
    }
PUSH_FRAME(L)
PUSH_FRAME(C)
PUSH_FRAME(S)
PUSH_FRAME(R)

/* A method in its slot. */
TEMPLATE(PUSH_FRAME_METHOD)
{
    struct call_cell *cell = QUAD(Q_CELL);
    PyFunctionObject *function = (PyFunctionObject *)DISPLACED(H_A);
    if (UNLIKELY(function == NULL)) {
        GO(SLOW);
    }
    PUSH(function, true);
}

/* A function out of a module, in the slot of self: H_B is the method slot. */
TEMPLATE(PUSH_FRAME_MODULE)
{
    struct call_cell *cell = QUAD(Q_CELL);
    PyFunctionObject *function = (PyFunctionObject *)DISPLACED(H_A);
    if (UNLIKELY(DISPLACED(H_B) != NULL)) {
        GO(SLOW);
    }
    PUSH(function, true);
}

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

/* Where this frame stands during the call. */
TEMPLATE(STAND_AT_CALL)
{
    SET_INSTRUCTION();
    PASS(CONT);
}

TEMPLATE(CHECK_CALL)
{
    if (UNLIKELY(x != NULL)) {
        GO(SLOW);
    }
    GO(CONT);
}

TEMPLATE(CHECK_RESULT)
{
    if (UNLIKELY(r0 == NULL)) {
        GO(ERROR);
    }
    GO(CONT);
}

/* Any call. The operands stand in their slots, H_D is the first (method or NULL). CONT: a native call is to be made. JUMP: the call is
 * done, r0 is the result or NULL. */
TEMPLATE(BEGIN_CALL)
{
    SET_WHOLE_INSTRUCTION(); /* rt_begin_call moves it on */
    struct call_outcome outcome = rt_begin_call(tstate, &DISPLACED(H_D), NUMBER(H_N), QUAD(Q_NAME), QUAD(Q_CELL));
    if (outcome.frame == NULL) {
        r0 = outcome.result;
        GO(JUMP);
    }
    GO_WITH(CONT, outcome.frame, outcome.target);
}

/* The same where the site never calls in line. */
TEMPLATE(BEGIN_SHAPED_CALL)
{
    SET_WHOLE_INSTRUCTION();
    struct call_outcome outcome =
        rt_begin_shaped_call(tstate, &DISPLACED(H_D), NUMBER(H_N), QUAD(Q_NAME), QUAD(Q_CELL));
    if (UNLIKELY(outcome.frame == NULL)) {
        r0 = outcome.result;
        GO(JUMP);
    }
    GO_WITH(CONT, outcome.frame, outcome.target);
}

/* ---- The callee's part -------------------------------------------------------------------------------------- */

/* x is the caller's frame, Q_A the code object. Compiled code serves only frames that our hook would get, and namespaces whose versions are
 * their own (frame_has_plain_namespaces): LEAVE. JUMP: the recursion limit is reached. _AND_RESUME also does what RESUME does; SLOW is its eval breaker.
 *
 * The asm keeps clang from copying two fields at once: reading one of them right after would have to wait. */
#define BUILD_FRAME(name, and_resume)                                                                                \
    TEMPLATE(name)                                                                                                   \
    {                                                                                                                \
        PyCodeObject *code = QUAD(Q_A);                                                                              \
        PyFunctionObject *function = frame->f_func;                                                                  \
        PyObject *globals = function->func_globals;                                                                  \
        PyObject *builtins = function->func_builtins;                                                                \
        ((PyObject *)code)->ob_refcnt++;                                                                             \
        frame->f_globals = globals;                                                                                  \
        __asm__ volatile("" ::: "memory");                                                                           \
        frame->f_builtins = builtins;                                                                                \
        frame->f_locals = NULL;                                                                                      \
        frame->f_code = code;                                                                                        \
        frame->frame_obj = NULL;                                                                                     \
        frame->prev_instr = _PyCode_CODE(code) - 1;                                                                  \
        frame->stacktop = -1;                                                                                        \
        frame_mark_native(frame);                                                                                    \
        frame->owner = FRAME_OWNED_BY_THREAD;                                                                        \
        frame->previous = (InterpreterFrame *)x;                                                                     \
        tstate->cframe->current_frame = frame;                                                                       \
        bool exceeded;                                                                                               \
        __asm__("decl %0" : "+m"(tstate->recursion_remaining), "=@ccs"(exceeded));                                   \
        if (UNLIKELY(exceeded)) {                                                                                    \
            GO(JUMP);                                                                                                \
        }                                                                                                            \
        PyInterpreterState *interpreter = tstate->interp;                                                            \
        if (UNLIKELY(interpreter->eval_frame != RUNTIME->eval_hook || Py_TYPE(globals) != RUNTIME->dict_type ||      \
                     Py_TYPE(builtins) != RUNTIME->dict_type)) {                                                     \
            GO(LEAVE);                                                                                               \
        }                                                                                                            \
        if ((and_resume) && UNLIKELY(interpreter->ceval.eval_breaker._value != 0)) {                                 \
            GO(SLOW);                                                                                                \
        }                                                                                                            \
        GO(CONT);                                                                                                    \
    }
BUILD_FRAME(BUILD_FRAME, false)
BUILD_FRAME(BUILD_FRAME_AND_RESUME, true)

TEMPLATE(RECURSION_EXCEEDED)
{
    if (rt_recursion_exceeded(tstate, frame) < 0) {
        r0 = NULL;
        GO(EXIT);
    }
    GO(CONT);
}

TEMPLATE(RUN_IN_TIER0)
{
    r0 = rt_run_in_tier0(tstate, frame);
    GO(EXIT);
}

/* On the way out by RETURN_VALUE, when no frame object exists. JUMP: C code entered the frame and will give it up. Otherwise unlinks it
 * before clearing it, so that no destructor sees it; destructors run at the callee's depth, as on stock. x becomes the callee's
 * frame. */
TEMPLATE(LEAVE_FRAME)
{
    if (UNLIKELY(!frame_is_native(frame))) {
        GO(JUMP);
    }
    x = (PyObject *)frame;
    frame = frame->previous;
    tstate->cframe->current_frame = frame;
    GO_WITH(CONT, x, ANY);
}

/* H_N is the empty stack's stacktop. */
TEMPLATE(LEAVE_TO_C)
{
    frame->stacktop = NUMBER(H_N);
    GO(CONT);
}

/* One local, at H_D. */
TEMPLATE(CLEAR_LOCAL)
{
    PyObject *value = *(PyObject **)((char *)x + (uintptr_t)H_D);
    if (value != NULL && --value->ob_refcnt == 0) {
        rt_dealloc_leaving(tstate, value);
    }
    GO_WITH(CONT, x, ANY);
}

/* The same where it is surely bound. SLOW: it dies. */
TEMPLATE(CLEAR_BOUND_LOCAL)
{
    PyObject *value = *(PyObject **)((char *)x + (uintptr_t)H_D);
    if (UNLIKELY(--value->ob_refcnt == 0)) {
        GO_WITH(SLOW, x, value);
    }
    GO_WITH(CONT, x, ANY);
}

TEMPLATE(LOCAL_DIES)
{
    rt_dealloc_leaving(tstate, y);
    GO_WITH(CONT, x, ANY);
}

/* All of them: H_N. */
TEMPLATE(CLEAR_LOCALS)
{
    InterpreterFrame *callee = (InterpreterFrame *)x;
    callee->stacktop = NUMBER(H_N); /* not in a register: there are too few */
    for (long index = 0; index < callee->stacktop; index++) {
        PyObject *value = callee->localsplus[index];
        if (value != NULL && --value->ob_refcnt == 0) {
            rt_dealloc_leaving(tstate, value);
        }
    }
    GO_WITH(CONT, callee, ANY);
}

/* The last reference to the code object must not go here: the machine code goes with it. What the callee may have turned on it has seen
 * itself; only the caller's frame has to be looked at. */
TEMPLATE(FINISH_FRAME)
{
    InterpreterFrame *callee = (InterpreterFrame *)x;
    ((PyObject *)callee->f_code)->ob_refcnt--;
    /* Somebody has called locals(): the frame owns the dict, and there need be no frame object for it. */
    if (UNLIKELY(callee->f_locals != NULL)) {
        PASS(SLOW);
    }
    if (UNLIKELY(((PyObject *)callee->f_code)->ob_refcnt == 0)) {
        PASS(SLOW);
    }
    if (UNLIKELY(--((PyObject *)callee->f_func)->ob_refcnt == 0)) {
        PASS(JUMP);
    }
    tstate->recursion_remaining++;
    tstate->datastack_top = (PyObject **)callee;
    GO_WITH(CONT, frame->frame_obj, ANY);
}

/* Behind JUMP and SLOW of FINISH_FRAME: takes back what it has done. Nothing is left in the locals. */
TEMPLATE(FUNCTION_DIES)
{
    InterpreterFrame *callee = (InterpreterFrame *)x;
    ((PyObject *)callee->f_func)->ob_refcnt++;
    PASS(CONT);
}
TEMPLATE(CODE_DIES)
{
    InterpreterFrame *callee = (InterpreterFrame *)x;
    ((PyObject *)callee->f_code)->ob_refcnt++;
    callee->stacktop = 0;
    PASS(CONT);
}

/* Every other way out; stacktop is set. JUMP: C code entered the frame. */
TEMPLATE(LEAVE_FRAME_ANYHOW)
{
    if (!frame_is_native(frame)) {
        GO_WITH(JUMP, x, ANY);
    }
    x = (PyObject *)frame;
    frame = frame->previous;
    tstate->cframe->current_frame = frame;
    GO_WITH(CONT, x, ANY);
}

__attribute__((preserve_none)) void rt_give_up_frame(TEMPLATE_ARGUMENTS);

/* x is the callee's frame. Function or code may die with it, or a frame object may survive it. */
TEMPLATE(GIVE_UP_FRAME)
{
    [[clang::musttail]] return rt_give_up_frame(frame, tstate, r0, x, y);
}
