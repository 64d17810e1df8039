/* runtime/generator.h: resuming generators, coroutines and asynchronous generators in compiled code. GIL held for all.
 *
 * CPython resumes them through genobject.c's gen_send_ex2, which calls the evaluator and so the hook. Compiled code
 * that runs over a generator (FOR_ITER) or delegates to one (SEND) does gen_send_ex2's work itself and goes
 * straight to the machine address the frame was suspended at; whatever is not that simple takes the stock path.
 */
#ifndef PYJIT_RUNTIME_GENERATOR_H
#define PYJIT_RUNTIME_GENERATOR_H

#include "runtime/cpython.h"

/* A place where the frame of a generator, coroutine or asynchronous generator goes on after a suspension. While it is suspended, prev_instr
 * stands right before code unit `unit` and the value stack ends at `stacktop`; what is sent is pushed before it goes on. */
struct resume_point {
    const CodeUnit
        *at; /* prev_instr of the frames that may go on here; NULL while there is no compiled code to go on in */
    int32_t stacktop; /* counted from localsplus */
    uint32_t unit;
    void *address;  /* to be called: builds a machine frame and goes on with the value sent */
    uint64_t bound; /* as in entry_row */
    void *
        raise; /* an exception is set: raises it at the instruction before `unit`. On a machine frame (rt_enter_body) */
    /* Suspended inside `yield from` or `await`: `unit - 2` is a SEND, which may be carried out before the frame goes on
     * anywhere. The resume point for the case that the receiver returns, its result pushed; else NULL. */
    const struct resume_point *after_send;
    void *send_raised; /* the receiver has raised; on a machine frame */
    uint32_t catches;  /* does the instruction before `unit` stand in a try block? */
};

/* All of a code object, in one block of the data arena. It lives as long as the code object's state, whatever becomes of the machine
 * code: suspended generators point into it. */
struct resume_table {
    size_t unit_count;
    size_t point_count;
    uint16_t *point_of_unit;      /* for each code unit, and the end, the number of its point or 0 */
    struct resume_point points[]; /* number 0 is none */
};

/* Room for `point_count` points, number 0 included; all zero. NULL without memory, no exception set. */
struct resume_table *resume_table_new(size_t point_count, size_t unit_count);
/* NULL is fine. */
void resume_table_free(struct resume_table *table);

struct code_state;

/* state->compiled has just been made, and its resume points have addresses: takes the table over, if it is a new one. */
void generator_publish(struct code_state *state);

/* state->compiled is about to be thrown away: suspended frames must not go on in it, running ones still do. */
void generator_withdraw(struct code_state *state);

/* While a generator is suspended, the link to the next exception state is in use by nobody: gen_send_ex2 sets it when it
 * resumes the generator and resets it afterwards. There we keep the resume point, so that finding it costs
 * nothing. NULL: not known. Compiled code that yields names the point in r15 (tier1/templates/generators.c). */
static inline const struct resume_point *generator_point(PyGenObject *generator)
{
    return (const struct resume_point *)generator->gi_exc_state.previous_item;
}
static inline void generator_set_point(PyGenObject *generator, const struct resume_point *point)
{
    generator->gi_exc_state.previous_item = (_PyErr_StackItem *)point;
}

/* A generator resumed by compiled code has ended, with `result` (stolen) or (NULL) an exception, and is unlinked: lets go of everything. For
 * FOR_ITER: a result is dropped. */
void rt_generator_ended(PyThreadState *tstate, PyGenObject *generator, PyObject *result);

/* The same for SEND, whose receiver and value are operands[0] and [1]: puts the result in the receiver's place and returns 0, or -1 with an
 * exception set and the value released. */
int rt_send_ended(PyThreadState *tstate, PyObject **operands, PyObject *result);

/* FOR_ITER over an exact generator: the next value (a new reference), or NULL at the end, or NULL with an exception
 * set. A StopIteration with the generator's return value is never made. */
PyObject *rt_generator_next(PyThreadState *tstate, PyObject *generator);

/* For the hook: where the suspended frame of a generator, whose code's state is `state`, goes on in compiled code after gen_send_ex2 has
 * pushed the value sent; NULL when tier 0 must have it until its next suspension. */
const struct resume_point *generator_find_point(PyThreadState *tstate, InterpreterFrame *frame,
                                                struct code_state *state);

/* For the hook: runs the frame on from `point`; with `throwflag` an exception is set and raised where the frame stands. Returns what the
 * evaluator would, the frame unlinked. */
PyObject *generator_run_frame(PyThreadState *tstate, InterpreterFrame *frame, const struct resume_point *point,
                              int throwflag);

/* Memory for a generator, coroutine or asynchronous generator of `code`: an object of `type` with nothing else set, untracked. A new
 * reference, or NULL with MemoryError. May collect garbage. */
PyGenObject *generator_allocate(PyThreadState *tstate, PyTypeObject *type, PyCodeObject *code);

/* Gives the memory kept for further generators back. */
void generator_clear_free_lists(void);

/* Puts functions of ours in the place of CPython's in the types of generators and coroutines: tp_iternext and am_send, so that sum(), list()
 * and asyncio need neither gen_send_ex2 nor the hook; tp_dealloc, so that their memory is used again and a
 * generator dropped unfinished need not be closed by an exception. Takes them out again. */
void generator_install(void);
void generator_remove(void);

#endif
