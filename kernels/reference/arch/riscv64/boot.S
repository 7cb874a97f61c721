/* From the firmware to kernel_main(). The firmware enters in S-mode, paging and interrupts off, on one hart only;
 * a0 is that hart's number, a1 the physical address of the device tree. */
#include <arch_memory.h>

#define SATP_SV39 8
#define GIGAPAGE_RWX 0xEF /* dirty, accessed, global, executable, writable, readable, valid */
#define KERNEL_SLOT 256   /* top-level entry of ARCH_KERNEL_VBASE */

    .section .text.entry, "ax"
    .globl kernel_entry
    .type kernel_entry, @function
kernel_entry:
    csrw sie, zero
    lla t0, boot_page_table
    srli t0, t0, 12
    li t1, SATP_SV39 << 60
    or t0, t0, t1
    /* Nothing is mapped at the address this runs at: the next instruction faults, and the trap leads to the address
     * that the kernel is linked at. */
    li t2, ARCH_KERNEL_VBASE
    lla t1, high
    add t1, t1, t2
    csrw stvec, t1
    sfence.vma
    csrw satp, t0
    .balign 4
high:
    lla t0, trap_entry
    csrw stvec, t0
    lla t0, trap_areas
    csrw sscratch, t0
    lla sp, __boot_stack_top
    lla t0, boot_hart
    sd a0, 0(t0)
    lla t0, boot_device_tree
    sd a1, 0(t0)
    li s0, 0 /* ends the call chain */
    li ra, 0
    j kernel_main
    .size kernel_entry, . - kernel_entry

    /* Physical memory at ARCH_KERNEL_VBASE, until arch_mmu_init(). */
    .data
    .balign 4096
boot_page_table:
    .zero KERNEL_SLOT * 8
    .set gigabyte, 0
    .rept 512 - KERNEL_SLOT
    .if gigabyte < (ARCH_DIRECT_MAP_SIZE >> 30)
    .quad gigabyte << 28 | GIGAPAGE_RWX
    .else
    .quad 0
    .endif
    .set gigabyte, gigabyte + 1
    .endr

    .section .note.GNU-stack, ""
