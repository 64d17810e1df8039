/* tier1/templates/counting.c: counts of what is made (runtime/allocation_counts.h); only with the option count-allocations. */
#include "tier1/template.h"

/* Operand number H_N of the site Q_CELL, before the operation. */
#define NOTE_OPERAND(kind)                                                                                           \
    TEMPLATE(NOTE_OPERAND_##kind)                                                                                    \
    {                                                                                                                \
        struct allocation_site *site = QUAD(Q_CELL);                                                                 \
        site->operands[NUMBER(H_N)] = READ_##kind(H_A, Q_A);                                                         \
        GO(CONT);                                                                                                    \
    }
NOTE_OPERAND(L)
NOTE_OPERAND(C)
NOTE_OPERAND(S)
NOTE_OPERAND(R)

TEMPLATE(NOTE_CALLEE)
{
    rt_note_callee(QUAD(Q_CELL));
    GO(CONT);
}

TEMPLATE(COUNT_RESULT_S)
{
    rt_count_result(QUAD(Q_CELL), DISPLACED(H_A));
    GO(CONT);
}

TEMPLATE(COUNT_RESULT_R)
{
    rt_count_result(QUAD(Q_CELL), r0);
    GO(CONT);
}
