/* tier1/templates/star_calls.c: CALL_FUNCTION_EX of compiled Python functions. The operands stand in their slots; H_D is the first. */
#include "tier1/template.h"

#include "runtime/star_call.h"

/* H_N: what there is of keywords. */
TEMPLATE(BEGIN_STAR_CALL)
{
    SET_INSTRUCTION();
    struct call_outcome outcome = rt_begin_star_call(tstate, &DISPLACED(H_D), NUMBER(H_N), QUAD(Q_CELL));
    if (UNLIKELY(outcome.frame == NULL)) {
        GO(SLOW);
    }
    GO_WITH(CONT, outcome.frame, outcome.target);
}

TEMPLATE(FINISH_STAR_CALL)
{
    struct native_result finished = rt_finish_star_call(tstate, &DISPLACED(H_D), NUMBER(H_N), r0);
    r0 = finished.result;
    GO_WITH(CONT, finished.unusual, ANY);
}

/* **local: the dict itself at H_D, or NULL for an empty one. */
TEMPLATE(SHARE_KEYWORDS)
{
    PyObject *dict = DISPLACED(H_A);
    if (UNLIKELY(Py_TYPE(dict) != RUNTIME->dict_type)) {
        GO(SLOW);
    }
    if (((PyDictObject *)dict)->ma_used == 0) {
        DISPLACED(H_D) = NULL;
        GO(CONT);
    }
    dict->ob_refcnt++;
    DISPLACED(H_D) = dict;
    GO(CONT);
}
