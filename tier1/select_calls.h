/* tier1/select_calls.h: shared by the files that select calls and what they call: select.c, select_c_calls.c. */
#ifndef PYJIT_TIER1_SELECT_CALLS_H
#define PYJIT_TIER1_SELECT_CALLS_H

#include "runtime/feedback.h"
#include "tier1/select.h"

static inline PyObject *name_at(const struct emitter *emitter, int index)
{
    return PyTuple_GET_ITEM(emitter->bytecode.code->co_names, index);
}

/* Looks at the eval breaker before going on with the next instruction, as tier 0 does after calls. The deferred stack is
 * as it has to be there; r0 keeps. */
void add_eval_breaker_check(struct emitter *emitter);

/* A CALL being selected: its operands are popped. operands[0] is NULL and operands[1] the callee, or operands[0] is the callee
 * (or NULL: only `is_null` is sure) and operands[1] self; the arguments follow, those given by name last. */
struct call_site {
    struct operand *operands;
    int nargs;
    PyObject *keyword_names; /* or NULL */
    struct call_cell *cell;
    int next;          /* number of the instruction after it */
    bool calls_module; /* LOAD_METHOD of a module loaded the callee */
    /* Labels that add_native_call makes, NO_LABEL without it: where a call that rt_begin_call has begun goes on, and where the result
     * in r0 is looked at (after an exception, or when the caller's frame may have changed). The latter is for add_any_call to bind, and there
     * may be one without the former. */
    int enter, result;
};

/* The native call of a Python function, appended to the current part; what it cannot do goes to `slow`. Its last item goes on at `back`, or
 * falls through (NO_LABEL). The result is in r0, the checks are done; the deferred stack, flushed before, is left as it was. add_any_call
 * must follow for the same site.
 *
 * Any instruction may call so, not only CALL: with operands wherever they are (a function in r0 that a template has just loaded, say), a
 * cell of its own (emitter_call_cell), and operands that fit add_any_call once they are spilled to consecutive slots. */
void add_native_call(struct emitter *emitter, struct call_site *site, int slow, int back);

/* May add_native_call be used for the site? */
bool fits_native_call(const struct call_site *site);

/* The call that begins in rt_begin_call, for any callable, all operands in their slots; it leaves its result in r0, and the checks for an
 * escape are the caller's. `error`: the label of a stub for the deferred stack without the operands. */
void add_any_call(struct emitter *emitter, const struct call_site *site, int error);

/* The general way, behind the SLOW labels of the fast ones, in the cold part: puts the operands into their slots, calls whatever it is
 * and goes on at `back` with the result in r0, the checks done. `attempt`: a template of c_calls.c to try first, or 0. `drops`:
 * the result is not wanted, None stands on the deferred stack for it at `back`. Leaves the deferred stack as it was. */
void add_cold_call(struct emitter *emitter, const struct call_site *site, int back, int attempt, bool drops);

/* Selects a call of a C function or builtin type, if that is what the site's callee looks like; the result is on the deferred stack
 * afterwards. Otherwise returns false and has done nothing. */
bool select_c_call(struct emitter *emitter, struct call_site *site);

/* Selects the call of a class whose instances object's __new__ makes, if that is what the site's callee is; the result is on the deferred
 * stack afterwards. Otherwise returns false and has done nothing (select_instances.c). */
bool select_instantiation(struct emitter *emitter, struct call_site *site);

/* Has LOAD_METHOD of a module loaded the callee of the CALL whose operands are popped? A guess. */
bool loads_from_module(const struct emitter *emitter);

/* Selects the call of a bound __exit__ with three Nones that ends a with statement, if that is what the site is; the result is on
 * the deferred stack afterwards. Otherwise returns false and has done nothing (select_with.c). */
bool select_exit_call(struct emitter *emitter, struct call_site *site);

/* What a global name stands for right now, borrowed, or NULL: a guess about when the code will run. Raises nothing. */
PyObject *guess_global(const struct emitter *emitter, PyObject *name);

/* Which of the two instructions tier 0 would make of a LOAD_GLOBAL of that name now, LOAD_GLOBAL_MODULE or LOAD_GLOBAL_BUILTIN; LOAD_GLOBAL
 * where that cannot be told. */
int guess_global_place(const struct emitter *emitter, PyObject *name);

/* The callee of the CALL whose operands are popped, borrowed; NULL where there is no telling. *sure: no other than this one is to be
 * expected. A guess like the others. */
PyObject *guess_callee(const struct emitter *emitter, bool *sure);

/* The module that the global loaded by instruction `number` is, borrowed; NULL where it is none. */
PyObject *guess_loaded_module(const struct emitter *emitter, int number);

#endif
