/* The vector table: a uniform frame (trap.h) on the stack, then trap_dispatch(frame). A fault on a stack that is used
 * up finds no room for its frame: such a one is put on a stack of its own. */
    .set FRAME, 304
    .set SP_AT, 31 * 8

    .text

/* Group 0: from EL1 on SP_EL0, 1: from EL1 as the kernel runs, 2: from user mode, 3: from a 32-bit one. */
    .balign 2048
    .global exception_vectors
exception_vectors:
    .set vector, 0
    .rept 16
    .balign 128
    sub     sp, sp, #FRAME
    .if vector == 4
    b       check_stack
    .else
    stp     x0, x1, [sp]
    add     x1, sp, #FRAME
    .if vector >= 8
    mrs     x1, sp_el0
    .endif
    str     x1, [sp, #SP_AT]
    mov     x0, #vector
    b       save_frame
    .endif
    .set vector, vector + 1
    .endr

/* Is the frame's place mapped? Asks the MMU, with two registers put aside. */
check_stack:
    msr     tpidr_el1, x0
    msr     tpidrro_el0, x1
    add     x1, sp, #FRAME
    mov     x0, sp
    at      s1e1w, x0
    isb
    mrs     x0, par_el1
    tbz     x0, #0, 1f
    ldr     x0, =overflow_stack_top
    sub     x0, x0, #FRAME
    mov     sp, x0
1:  str     x1, [sp, #SP_AT]
    mrs     x0, tpidr_el1
    mrs     x1, tpidrro_el0
    stp     x0, x1, [sp]
    mov     x0, #4

    .type save_frame, %function
save_frame:
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    str     x30, [sp, #240]
    mrs     x1, elr_el1
    mrs     x2, spsr_el1
    mrs     x3, esr_el1
    mrs     x4, far_el1
    stp     x1, x2, [sp, #256]
    stp     x3, x4, [sp, #272]
    str     x0, [sp, #288]
    mov     x0, sp
    bl      trap_dispatch
    ldp     x1, x2, [sp, #256]
    msr     elr_el1, x1
    msr     spsr_el1, x2
    tst     x2, #0xF                    /* back to user mode: its stack pointer, too */
    b.ne    1f
    ldr     x1, [sp, #SP_AT]
    msr     sp_el0, x1
1:  ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x19, [sp, #144]
    ldp     x20, x21, [sp, #160]
    ldp     x22, x23, [sp, #176]
    ldp     x24, x25, [sp, #192]
    ldp     x26, x27, [sp, #208]
    ldp     x28, x29, [sp, #224]
    ldr     x30, [sp, #240]
    ldp     x0, x1, [sp]
    add     sp, sp, #FRAME
    eret
    .size save_frame, . - save_frame
    .ltorg

/* bool arch_probe_read(const void *addr, uint8_t *out); bool arch_probe_write(void *addr, uint8_t value)
 * A fault in the one instruction that may fault continues at probe_failed (interrupts.c). */
    .global arch_probe_read, arch_probe_write, probe_read_access, probe_write_access, probe_failed
    .type arch_probe_read, %function
    .type arch_probe_write, %function
arch_probe_read:
probe_read_access:
    ldrb    w2, [x0]
    strb    w2, [x1]
    mov     x0, #1
    ret
    .size arch_probe_read, . - arch_probe_read
arch_probe_write:
probe_write_access:
    strb    w1, [x0]
    mov     x0, #1
    ret
    .size arch_probe_write, . - arch_probe_write
probe_failed:
    mov     x0, #0
    ret

    .bss
    .balign 16
    .skip   4096
overflow_stack_top:
