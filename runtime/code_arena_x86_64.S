/* runtime/code_arena_x86_64.S: the memory of code_arena.c, and how the code in it is unwound: one rule, in DWARF's call frame instructions, for every instruction of both tiers.
 *
 * All compiled code builds the same machine frame, and begins and ends it with the same instructions: `push %rbp; mov %rsp,%rbp`, and in the end
 * `pop %rbp; ret`. It has these nowhere else: tier1/extract.c refuses templates with them, and tier2/orc.c lets LLVM make frames of no other
 * shape. So the instruction at the program counter tells how much of the frame stands:
 *
 *   push %rbp, ret, and jmp *x(%rip), a stub of RTDyld    CFA = rsp + 8     the caller's rbp is in rbp
 *   mov %rsp,%rbp                                         CFA = rsp + 16    ... is at CFA - 16
 *   all others                                            CFA = rbp + 16    ... is at CFA - 16
 *
 * A table of rows per function would say the same; but this is there before the code is made, stays true when memory is used again for other
 * code, and costs nobody anything: nothing is registered, no lock is taken by those who look for it, in signal handlers too.
 * Linkers describe their PLT entries like this, so unwinders know expressions that use the program counter.
 *
 * The other registers that calls keep are undefined. What they were in a caller that is compiled code, nobody has written down; C code
 * gets back what frame_enter_code has saved.
 */
#include "runtime/code_arena.h"

        .set CFA_def_cfa_expression, 0x0f       /* DWARF 5, section 7.24 */
        .set CFA_val_expression, 0x16
        .set CFA_offset, 0x80
        .set CFA_undefined, 0x07
        .set OP_deref, 0x06                     /* section 7.7.1 */
        .set OP_const1u, 0x08
        .set OP_const2u, 0x0a
        .set OP_const4u, 0x0c
        .set OP_dup, 0x12
        .set OP_drop, 0x13
        .set OP_and, 0x1a
        .set OP_minus, 0x1c
        .set OP_bra, 0x28
        .set OP_eq, 0x29
        .set OP_skip, 0x2f
        .set OP_lit16, 0x40
        .set OP_breg_rbp, 0x76                  /* registers are numbered as in the psABI, figure 3.36; the offset is one byte here */
        .set OP_breg_rsp, 0x77
        .set OP_breg_rip, 0x80
        .set OP_deref_size, 0x94
        .set RBX, 3
        .set RBP, 6
        .set RIP, 16

        /* Pushes four bytes of code at the program counter; goes to \outside where they are an instruction of the first row. */
        .macro BRANCH_IF_OUTSIDE outside
        .byte OP_breg_rip, 0, OP_deref_size, 4
        .byte OP_dup, OP_const1u, 0xff, OP_and, OP_const1u, 0x55, OP_eq, OP_bra
        .2byte \outside - 1f
1:      .byte OP_dup, OP_const1u, 0xff, OP_and, OP_const1u, 0xc3, OP_eq, OP_bra
        .2byte \outside - 1f
1:      .byte OP_dup, OP_const2u
        .2byte 0xffff
        .byte OP_and, OP_const2u
        .2byte 0x25ff
        .byte OP_eq, OP_bra
        .2byte \outside - 1f
1:
        .endm

        .macro SKIP target
        .byte OP_skip
        .2byte \target - 1f
1:
        .endm

        .macro RULE
        .byte CFA_def_cfa_expression
        .byte 9f - 8f                           /* as ULEB128 this has one byte: below 128 */
8:      BRANCH_IF_OUTSIDE 7f
        .byte OP_const4u
        .4byte 0x00ffffff
        .byte OP_and, OP_const4u
        .4byte 0x00e58948
        .byte OP_eq, OP_bra
        .2byte 6f - 5f
5:      .byte OP_breg_rbp, 16
        SKIP 9f
6:      .byte OP_breg_rsp, 16
        SKIP 9f
7:      .byte OP_breg_rsp, 8
9:
        .byte CFA_val_expression, RBP
        .byte 9f - 8f
8:      BRANCH_IF_OUTSIDE 7f                    /* the CFA is on the stack already */
        .byte OP_drop, OP_lit16, OP_minus, OP_deref
        SKIP 9f
7:      .byte OP_breg_rbp, 0
9:
        .byte CFA_offset | RIP, 1
        .byte CFA_undefined, RBX, CFA_undefined, 12, CFA_undefined, 13, CFA_undefined, 14, CFA_undefined, 15
        .endm

        /* Costs address space, but no memory before it is written to. Here, because the linker wants code and FDE in one object file. In a section of
         * its own, which the build hides from debuggers but for its last page, which is not used (gdb/hide_section.c). */
        .section .lbss.code_arena, "aw", @nobits
        .globl code_arena_memory
        .hidden code_arena_memory
        .type code_arena_memory, @object
        .size code_arena_memory, CODE_ARENA_BYTES
        .balign 4096
code_arena_memory:
        .skip CODE_ARENA_BYTES + CODE_ARENA_UNUSED

        .section .eh_frame, "a", @progbits
        .p2align 3
.Lcie:  .4byte .Lcie_end - .Lcie_id
.Lcie_id:
        .4byte 0
        .byte 1                                 /* version */
        .asciz "zR"
        .uleb128 1                              /* code alignment */
        .sleb128 -8                             /* data alignment */
        .byte RIP
        .uleb128 1
        .byte 0x1b                              /* addresses: DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
        RULE
        .p2align 3, 0
.Lcie_end:
        .4byte .Lfde_end - .Lfde_cie
.Lfde_cie:
        .4byte .Lfde_cie - .Lcie
        .4byte code_arena_memory - .
        .4byte CODE_ARENA_BYTES
        .uleb128 0
        .p2align 3, 0
.Lfde_end:

        /* The rule alone, for runtime/eh_frame.c. */
        .section .rodata
        .globl eh_frame_rule, eh_frame_rule_end
        .hidden eh_frame_rule, eh_frame_rule_end
eh_frame_rule:
        RULE
eh_frame_rule_end:
        .section .note.GNU-stack, "", @progbits
