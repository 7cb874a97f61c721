/* Thread switch: the registers that a C function preserves, and the stack. */
    .text

/* void arch_context_switch(uint64_t *old_sp, uint64_t new_sp), interrupts off */
    .global arch_context_switch
    .type arch_context_switch, %function
arch_context_switch:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    mov     x9, sp
    str     x9, [x0]
    mov     sp, x1
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #96
    ret
    .size arch_context_switch, . - arch_context_switch

/* A new thread's first instructions: x19 holds the function, x20 its argument (context.c). */
    .global thread_first_code
    .type thread_first_code, %function
thread_first_code:
    mov     x0, x20
    msr     daifclr, #2
    blr     x19
    brk     #0
    .size thread_first_code, . - thread_first_code
