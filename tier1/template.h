/* tier1/template.h: how a template is written.
 *
 * A template is a C function that clang compiles once, at build time; the extractor lifts its bytes
 * and relocations out of the object file, the emitter copies them behind one another and fills the
 * holes. Templates continue by tail-calling a label; a final jump to CONT falls away when the
 * continuation is emitted next.
 *
 * Registers (preserve_none): frame r12, tstate r13, r0 r14 hold across C calls, x r15 too, y is rdi. r0 is
 * the deferred stack's register operand; x and y only carry values from a template to its own slow path.
 *
 * Holes: H_* are 32-bit (a displacement from the frame, or a small number), Q_* are 64-bit, but for Q_CELL, which
 * is an address in reach of the code.
 * Labels: CONT, JUMP, SLOW, FREE, ERROR, ERROR_AGAIN, LEAVE and EXIT; HANDLER is the C function of a row's handler.
 *
 * Forbidden, and rejected by the extractor: touching rsp or rbp, push and pop (keep register pressure
 * low: slow paths belong in templates of their own), jump tables, constants in .rodata.
 */
#ifndef PYJIT_TIER1_TEMPLATE_H
#define PYJIT_TIER1_TEMPLATE_H

#include "runtime/allocation_counts.h"
#include "runtime/cpython.h"
#include "runtime/feedback.h"
#include "runtime/frame.h"
#include "runtime/ops.h"
#include "runtime/runtime_data.h"
#include "runtime/side_exit.h"

#define COMMON_ARGUMENTS InterpreterFrame *frame, PyThreadState *tstate, PyObject *r0, PyObject *x, PyObject *y
/* A file of templates that work on unboxed numbers (emitter.h, PLACE_FLOAT) defines UNBOXED_REGISTERS before this header. Other templates
 * do not keep these registers: unboxed numbers are in memory while they run. */
#ifdef UNBOXED_REGISTERS
#    define TEMPLATE_ARGUMENTS COMMON_ARGUMENTS, long i0, long i1, long i2, double d0, double d1, double d2, double d3
#    define FURTHER_ARGUMENTS  , i0, i1, i2, d0, d1, d2, d3
#else
#    define TEMPLATE_ARGUMENTS COMMON_ARGUMENTS
#    define FURTHER_ARGUMENTS
#endif
/* The prefix keeps templates apart from the macros of opcode.h. */
#define TEMPLATE(name) __attribute__((preserve_none)) void T_##name(TEMPLATE_ARGUMENTS)
/* Some value for an argument nobody reads: costs no instruction. */
#define ANY                                                                                                          \
    ({                                                                                                               \
        PyObject *any_;                                                                                              \
        any_;                                                                                                        \
    })
#define GO_WITH(label, a, b)                                                                                         \
    [[clang::musttail]] return label(frame, tstate, r0, (PyObject *)(a), (PyObject *)(b)FURTHER_ARGUMENTS)
#define GO(label) GO_WITH(label, ANY, ANY)
/* Leaves x and y as they are: for templates that stand between a fast path and its slow path. */
#define PASS(label) GO_WITH(label, x, y)

extern __attribute__((preserve_none)) void CONT(TEMPLATE_ARGUMENTS), JUMP(TEMPLATE_ARGUMENTS),
    SLOW(TEMPLATE_ARGUMENTS), FREE(TEMPLATE_ARGUMENTS), ERROR(TEMPLATE_ARGUMENTS), ERROR_AGAIN(TEMPLATE_ARGUMENTS),
    LEAVE(TEMPLATE_ARGUMENTS), EXIT(TEMPLATE_ARGUMENTS);
extern int HANDLER(PyThreadState *tstate, InterpreterFrame *frame, PyObject **sp, int oparg);

extern char H_A[], H_B[], H_C[], H_D[], H_N[], H_M[], H_SP[], H_IP[];

#define DISPLACED(hole) (*(PyObject **)((char *)frame + (uintptr_t)(hole)))
#define STACK_POINTER   ((PyObject **)((char *)frame + (uintptr_t)H_SP))
#define NUMBER(hole)    ((int)(uintptr_t)(hole))
#define QUAD(name)      QUAD_##name
#define QUAD_Q_A        MOVABS(Q_A)
#define QUAD_Q_B        MOVABS(Q_B)
#define QUAD_Q_NAME     MOVABS(Q_NAME)
#define QUAD_Q_IP       MOVABS(Q_IP)
#define MOVABS(name)                                                                                                 \
    ({                                                                                                               \
        void *quad_;                                                                                                 \
        __asm__("movabsq $" #name ", %0" : "=r"(quad_));                                                             \
        quad_;                                                                                                       \
    })
/* The cell is in the data arena, so its address is formed relative to the code. */
#define QUAD_Q_CELL                                                                                                  \
    ({                                                                                                               \
        void *cell_;                                                                                                 \
        __asm__("leaq Q_CELL(%%rip), %0" : "=r"(cell_));                                                             \
        cell_;                                                                                                       \
    })
/* A field of the cell, read or written in place, without its address in a register: for templates that touch one or two. */
extern char Q_CELL[];
#define CELL(type) ((type *)Q_CELL)

/* Calls an rt_ function that is no C function, but keeps and sets registers as side_exit.h says, with arguments in rdi, rsi and rdx. */
#define CALL_CHECKED(function, first, second, third)                                                                 \
    do {                                                                                                             \
        register PyObject *in_r14 __asm__("r14") = r0;                                                               \
        register PyObject *in_r15 __asm__("r15") = x;                                                                \
        register void *in_rdi __asm__("rdi") = (first);                                                              \
        register void *in_rsi __asm__("rsi") = (second);                                                             \
        register void *in_rdx __asm__("rdx") = (third);                                                              \
        __asm__ volatile("call " #function                                                                           \
                         : "+r"(in_r14), "+r"(in_r15), "+r"(in_rdi), "+r"(in_rsi), "+r"(in_rdx)                      \
                         :                                                                                           \
                         : "rax", "rcx", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3",   \
                           "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",       \
                           "xmm14", "xmm15");                                                                        \
        r0 = in_r14;                                                                                                 \
        x = in_r15;                                                                                                  \
    } while (0)

/* Fields of runtime_data, addressed relative to the code. Its arrays cannot be indexed like that: see RUNTIME_BASE. */
#define RUNTIME (&runtime_data)
#define RUNTIME_BASE                                                                                                 \
    ({                                                                                                               \
        struct runtime_data *runtime_;                                                                               \
        __asm__("leaq runtime_data(%%rip), %0" : "=r"(runtime_));                                                    \
        runtime_;                                                                                                    \
    })

/* The upper half of prev_instr stays as it is: a code object lies within one stretch of 4 GB (compile.c sees to it). */
typedef uint32_t __attribute__((may_alias)) half_pointer;
#define SET_INSTRUCTION() (*(half_pointer *)&frame->prev_instr = (uint32_t)(uintptr_t)H_IP)
/* The same for what is read back soon: a load as wide as the store. */
#define SET_WHOLE_INSTRUCTION() (frame->prev_instr = (CodeUnit *)QUAD(Q_IP))

/* ---- Operands -------------------------------------------------------------------------------------
 * The letter says where the deferred stack keeps an operand: L a local (borrowed), C a constant (borrowed),
 * S its stack slot (owned), R the register r0 (owned). */
#define READ_L(hole, quad) DISPLACED(hole)
#define READ_C(hole, quad) ((PyObject *)QUAD(quad))
#define READ_S(hole, quad) DISPLACED(hole)
#define READ_R(hole, quad) r0
#define OWNED_L            0
#define OWNED_C            0
#define OWNED_S            1
#define OWNED_R            1
/* Ownership as the name of a slow path: O owned, B borrowed. */
#define LETTER_L B
#define LETTER_C B
#define LETTER_S O
#define LETTER_R O

/* The pairs of operand kinds a binary operation meets; the emitter moves a right operand out of its slot first. */
#define EACH_PAIR(X, ...)                                                                                            \
    X(L, L, __VA_ARGS__)                                                                                             \
    X(L, C, __VA_ARGS__)                                                                                             \
    X(L, R, __VA_ARGS__)                                                                                             \
    X(C, L, __VA_ARGS__)                                                                                             \
    X(C, R, __VA_ARGS__)                                                                                             \
    X(S, L, __VA_ARGS__)                                                                                             \
    X(S, C, __VA_ARGS__)                                                                                             \
    X(S, R, __VA_ARGS__)                                                                                             \
    X(R, L, __VA_ARGS__)                                                                                             \
    X(R, C, __VA_ARGS__)

/* ---- References ----------------------------------------------------------------------------------- */

/* Drops a reference that is known not to be the last, or to an int or float that dies without running code. */
#define DROP_INT(object)                                                                                             \
    do {                                                                                                             \
        if (UNLIKELY(--(object)->ob_refcnt == 0)) {                                                                  \
            rt_int_free(object);                                                                                     \
        }                                                                                                            \
    } while (0)
#define DROP_FLOAT(object)                                                                                           \
    do {                                                                                                             \
        if (UNLIKELY(--(object)->ob_refcnt == 0)) {                                                                  \
            rt_float_free(object);                                                                                   \
        }                                                                                                            \
    } while (0)

/* ---- Ints of at most one digit ---------------------------------------------------------------------- */
#define IS_INT(object)      (Py_TYPE(object) == RUNTIME->int_type)
#define IS_SHORT(object)    ((size_t)(Py_SIZE(object) + 1) <= 2)
#define SHORT_VALUE(object) ((long)Py_SIZE(object) * (long)((PyLongObject *)(object))->ob_digit[0])
#define IS_FLOAT(object)    (Py_TYPE(object) == RUNTIME->float_type)
#define FLOAT_VALUE(object) (((PyFloatObject *)(object))->ob_fval)

#endif
