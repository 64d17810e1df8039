/* runtime/call_shape.h: how the arguments of a call site find the parameters of one code object.
 *
 * Names are compared once, when a site first calls a code object; from then on binding is copying. Only for calls
 * that are not simply "as many positional arguments as parameters". GIL held for all.
 */
#ifndef PYJIT_RUNTIME_CALL_SHAPE_H
#define PYJIT_RUNTIME_CALL_SHAPE_H

#include "runtime/cpython.h"
#include "runtime/feedback.h"
#include "runtime/ops.h"

enum {
    SHAPE_MOST_PARAMETERS = 24, /* named ones; with more of them, or of arguments, there is no shape */
    SHAPE_MISSING = UINT8_MAX,  /* the parameter gets its default */
};

struct call_shape {
    uint32_t code_id;  /* code_state.id of the callee */
    uint32_t extra;    /* a bit for each keyword that goes to **kwargs */
    PyObject *kwnames; /* only compared: a constant of the caller's code */
    uint8_t nargs;     /* positional arguments */
    uint8_t total;     /* all of them */
    uint8_t direct;    /* how many of them go to parameters of their own; the others to *args */
    uint8_t named;     /* parameters but *args and **kwargs */
    uint8_t positional;
    uint8_t first_missing;                 /* the first of `positional` that needs a default; `positional`: none */
    uint8_t keyword_only_missing;          /* is there a keyword-only parameter that needs one? */
    uint8_t source[SHAPE_MOST_PARAMETERS]; /* per named parameter: the argument, or SHAPE_MISSING */
    uint8_t hints[SHAPE_MOST_PARAMETERS];  /* where __kwdefaults__ had the name last */
};

/* The shape, from malloc, of a call of `code` with so many positional arguments and those named by kwnames (a constant of the caller's code, or
 * NULL). NULL where there is none: errors among them. Runs no code, raises nothing. */
struct call_shape *call_shape_new(PyCodeObject *code, uint32_t code_id, size_t nargs, PyObject *kwnames);

static inline bool call_shape_fits(const struct call_shape *shape, uint32_t code_id, size_t nargs, PyObject *kwnames)
{
    return shape != NULL && shape->code_id == code_id && shape->nargs == nargs && shape->kwnames == kwnames;
}

/* Puts the arguments where `function`, whose code is `code` and fits, finds its parameters. Takes over the references and returns true; or
 * does nothing and returns false, without an exception: defaults or memory are missing, or a collection is due. Runs no code. */
bool call_shape_bind(struct call_shape *shape, PyFunctionObject *function, PyCodeObject *code, PyObject **locals,
                     PyObject *const *arguments);

/* rt_begin_call for a site that never calls in line: the code of the cell's target and the cell's shape belong together, and are tried first. */
struct call_outcome rt_begin_shaped_call(PyThreadState *tstate, PyObject **slot, int nargs, PyObject *kwnames,
                                         struct call_cell *cell);

#endif
