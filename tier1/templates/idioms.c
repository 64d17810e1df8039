/* tier1/templates/idioms.c: several instructions as one operation (select_idioms.c). Before SLOW nothing has changed. */
#include "tier1/template.h"

#include "runtime/plain.h"

/* d[k] = d.get(k, Q_A) + Q_B. H_A is d, H_B is k. */
TEMPLATE(IDIOM_COUNT)
{
    SET_INSTRUCTION();
    if (UNLIKELY(!rt_plain_count(DISPLACED(H_A), DISPLACED(H_B), QUAD(Q_A), QUAD(Q_B)))) {
        GO(SLOW);
    }
    GO(CONT);
}

/* c[k] += operand, or -= where H_N. */
TEMPLATE(IDIOM_AUGMENT_C)
{
    SET_INSTRUCTION();
    if (UNLIKELY(!rt_plain_augment(DISPLACED(H_A), DISPLACED(H_B), QUAD(Q_A), NUMBER(H_N)))) {
        GO(SLOW);
    }
    GO(CONT);
}
TEMPLATE(IDIOM_AUGMENT_L)
{
    SET_INSTRUCTION();
    if (UNLIKELY(!rt_plain_augment(DISPLACED(H_A), DISPLACED(H_B), DISPLACED(H_C), NUMBER(H_N)))) {
        GO(SLOW);
    }
    GO(CONT);
}

/* d.setdefault(k, []).append(item). */
TEMPLATE(IDIOM_APPEND_AT)
{
    SET_INSTRUCTION();
    if (UNLIKELY(!rt_plain_append_at(DISPLACED(H_A), DISPLACED(H_B), DISPLACED(H_C)))) {
        GO(SLOW);
    }
    GO(CONT);
}
