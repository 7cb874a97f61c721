/* Entry and exit of traps. sscratch always holds the address of a trap area, in kernel and in user mode alike: the
 * first of two, or the second while the frame is being written to the stack. Whoever enters by the second has found
 * no stack there (an overflow into the guard page): the frame of the first trap goes to a stack kept for that. */
#include "trap.h"

#define X(n) FRAME_X + 8 * (n)(sp)

    .text
    .balign 4
    .globl trap_entry
    .type trap_entry, @function
trap_entry:
    csrrw tp, sscratch, tp
    sd t0, AREA_T0(tp)
    sd sp, AREA_SP(tp)
    ld t0, AREA_NESTED(tp)
    bnez t0, no_stack
    addi t0, tp, AREA_SIZE
    csrrw t0, sscratch, t0
    sd t0, AREA_TP(tp)
    csrr t0, sepc
    sd t0, AREA_SEPC(tp)
    csrr t0, scause
    sd t0, AREA_SCAUSE(tp)
    csrr t0, stval
    sd t0, AREA_STVAL(tp)
    csrr t0, sstatus
    sd t0, AREA_SSTATUS(tp)
    andi t0, t0, 0x100 /* SPP */
    bnez t0, 1f
    lla t0, kernel_stack
    ld sp, 0(t0)
1:  addi sp, sp, -FRAME_SIZE

save_frame:
    .irp n, 1, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    sd x\n, X(\n)
    .endr
    ld t0, AREA_SP(tp)
    sd t0, X(2)
    ld t0, AREA_TP(tp)
    sd t0, X(4)
    ld t0, AREA_T0(tp)
    sd t0, X(5)
    ld t0, AREA_SEPC(tp)
    sd t0, FRAME_SEPC(sp)
    ld t0, AREA_SSTATUS(tp)
    sd t0, FRAME_SSTATUS(sp)
    ld t0, AREA_SCAUSE(tp)
    sd t0, FRAME_SCAUSE(sp)
    ld t0, AREA_STVAL(tp)
    sd t0, FRAME_STVAL(sp)
    csrw sscratch, tp

    mv a0, sp
    call trap_dispatch

    ld t0, FRAME_SEPC(sp)
    csrw sepc, t0
    ld t0, FRAME_SSTATUS(sp)
    csrw sstatus, t0
    .irp n, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    ld x\n, X(\n)
    .endr
    ld sp, X(2)
    sret

no_stack:
    addi tp, tp, -AREA_SIZE
    lla sp, emergency_stack + EMERGENCY_STACK_SIZE - FRAME_SIZE
    j save_frame
    .size trap_entry, . - trap_entry

/* bool arch_probe_read(const void *addr, uint8_t *out); bool arch_probe_write(void *addr, uint8_t value)
 * A fault in the one instruction that may fault continues at probe_failed (interrupts.c). */
    .globl arch_probe_read, arch_probe_write, probe_read_access, probe_write_access, probe_failed
    .type arch_probe_read, @function
    .type arch_probe_write, @function
    .option push
    .option norvc
arch_probe_read:
probe_read_access:
    lbu a0, 0(a0)
    sb a0, 0(a1)
    li a0, 1
    ret
    .size arch_probe_read, . - arch_probe_read
arch_probe_write:
probe_write_access:
    sb a1, 0(a0)
    li a0, 1
    ret
    .size arch_probe_write, . - arch_probe_write
probe_failed:
    li a0, 0
    ret
    .option pop

    .data
    .balign 64
    .globl trap_areas
trap_areas:
    .zero AREA_SIZE
    .zero AREA_NESTED
    .quad 1

    .section .note.GNU-stack, ""
