/* tests/unit/dump_opcodes.c: prints runtime/opcodes.def as tests/tools/test_opcode_table.py wants it, a line per opcode:
 *
 *     OPCODE NAME FLAGS effects...
 *
 * FLAGS are the numbers of enum opcode_flag; for each oparg of the command line follow pops, pushes and the stack
 * effect when the instruction falls through and when it jumps, joined by commas.
 */
#include "runtime/bytecode.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
#define OPCODE(name, pops, pushes, taken, flags)                                                                     \
    printf("%d %s %d", name, opcode_name(name), opcode_flags(name));                                                 \
    for (int i = 1; i < argc; i++) {                                                                                 \
        int oparg = atoi(argv[i]);                                                                                   \
        printf(" %d,%d,%d,%d", opcode_pops(name, oparg), opcode_pushes(name, oparg),                                 \
               opcode_effect(name, oparg, false), opcode_effect(name, oparg, true));                                 \
    }                                                                                                                \
    printf("\n");
#include "runtime/opcodes.def"
    return 0;
}
