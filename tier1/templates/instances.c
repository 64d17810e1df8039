/* tier1/templates/instances.c: calls of classes that object's __new__ and a Python __init__ serve, or a Python __new__: the instance is made and
 * the frame of the function pushed in one C function, the frame entered by the site itself.
 *
 * The operands stand in their slots; H_D is the first, which is NULL and becomes the instance for __init__. H_N is the number of arguments.
 */
#include "tier1/template.h"

#include "runtime/call.h"

TEMPLATE(BEGIN_INSTANCE)
{
    SET_INSTRUCTION();
    InterpreterFrame *callee = rt_begin_instance(tstate, &DISPLACED(H_D), NUMBER(H_N), QUAD(Q_CELL));
    if (UNLIKELY(callee == NULL)) {
        GO(SLOW);
    }
    GO_WITH(CONT, callee, QUAD(Q_CELL));
}

/* r0 is what the function has returned. x as on the way out of any native call. */
TEMPLATE(FINISH_INSTANCE)
{
    struct native_result finished = rt_finish_instance(tstate, &DISPLACED(H_D), NUMBER(H_N), r0);
    r0 = finished.result;
    GO_WITH(CONT, finished.unusual, ANY);
}

/* No __init__, no arguments. */
TEMPLATE(NEW_INSTANCE)
{
    r0 = rt_new_instance(tstate, &DISPLACED(H_D), QUAD(Q_CELL));
    if (UNLIKELY(r0 == NULL)) {
        GO(SLOW);
    }
    GO(CONT);
}
