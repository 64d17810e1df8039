/* runtime/enter_x86_64.S: from C into compiled code.
 *
 * PyObject *frame_enter_code(InterpreterFrame *frame, PyThreadState *tstate, const void *address)
 *
 * Compiled code runs with frame in r12 and tstate in r13, on a machine frame of its own: the return
 * address, the caller's rbp, and rbp pointing at that, with rsp 16-aligned. It ends with `pop %rbp; ret`. So
 * the call that enters it is paired with its return (shadow stacks), and frame pointers lead through it.
 */
        .text
        .globl  frame_enter_code
        .hidden frame_enter_code
        .type   frame_enter_code, @function
        .p2align 4
frame_enter_code:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $8, %rsp
        .cfi_offset %rbx, -24
        .cfi_offset %r12, -32
        .cfi_offset %r13, -40
        .cfi_offset %r14, -48
        .cfi_offset %r15, -56
        movq    %rdi, %r12
        movq    %rsi, %r13
        call    1f
        addq    $8, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        .cfi_remember_state
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_restore_state
        .cfi_endproc

        /* The machine frame of compiled code: CFA = rbp + 16 from here on. */
        .cfi_startproc
1:      pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        jmp     *%rdx
        .cfi_endproc
        .size   frame_enter_code, .-frame_enter_code

/* The same for C code that is ready to have all registers but rsp and rbp overwritten (frame_enter_here in frame.h): frame and tstate
 * are in r12 and r13, the address in rdx. */
        .globl  rt_enter_body
        .hidden rt_enter_body
        .type   rt_enter_body, @function
        .p2align 4
rt_enter_body:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        jmp     *%rdx
        .cfi_endproc
        .size   rt_enter_body, .-rt_enter_body

/* The end of compiled code that must not come back to itself, because its code object may die: the machine frame is as at its end, the
 * caller's frame is in r12, tstate in r13, the result in r14, the frame to give up in r15. */
        .globl  rt_give_up_frame
        .hidden rt_give_up_frame
        .type   rt_give_up_frame, @function
        .p2align 4
rt_give_up_frame:
        .cfi_startproc
        .cfi_def_cfa %rbp, 16
        .cfi_offset %rbp, -16
        movq    %r13, %rdi
        movq    %r15, %rsi
        movq    %r12, %rdx
        movq    %r14, %rcx
        call    rt_finish_callee
        movq    %rax, %r15
        movq    %r14, %rax
        popq    %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   rt_give_up_frame, .-rt_give_up_frame

/* A native call with something to do after it (struct pending_call in call.h): called as a native_entry is, with the callee's
 * frame in r12, tstate in r13 and the caller's frame in r15. Calls the true target, then the C function with (tstate, operands, count, result), whose two results are
 * what the caller gets. */
        .globl  rt_call_then_finish
        .hidden rt_call_then_finish
        .type   rt_call_then_finish, @function
        .p2align 4
rt_call_then_finish:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   16(%r12)
        pushq   24(%r12)
        pushq   32(%r12)
        subq    $8, %rsp
        movq    8(%r12), %rdi
        call    *8(%rdi)
        movq    %r13, %rdi
        movq    -8(%rbp), %rsi
        movq    -16(%rbp), %rdx
        movq    %r14, %rcx
        call    *-24(%rbp)
        movq    %rax, %r14
        movq    %rdx, %r15
        leave
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   rt_call_then_finish, .-rt_call_then_finish
        .section .note.GNU-stack, "", @progbits
