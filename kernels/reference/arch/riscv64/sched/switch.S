/* Thread switch: the registers that a C function preserves, and the stack. */
#include "switch.h"

    .macro each_saved what
    \what ra, 0(sp)
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    \what s\n, 8 + 8 * \n(sp)
    .endr
    .endm

    .text
/* void arch_context_switch(uint64_t *old_sp, uint64_t new_sp), interrupts off */
    .globl arch_context_switch
    .type arch_context_switch, @function
arch_context_switch:
    addi sp, sp, -SWITCH_FRAME_SIZE
    each_saved sd
    sd sp, 0(a0)
    mv sp, a1
    each_saved ld
    addi sp, sp, SWITCH_FRAME_SIZE
    ret
    .size arch_context_switch, . - arch_context_switch

/* A new thread's first instructions: s1 holds the function, s2 its argument, s0 is 0 and ends the call chain. */
    .globl thread_first_code
    .type thread_first_code, @function
thread_first_code:
    mv a0, s2
    csrsi sstatus, 2 /* interrupts on */
    jalr s1
    unimp
    .size thread_first_code, . - thread_first_code

    .section .note.GNU-stack, ""
