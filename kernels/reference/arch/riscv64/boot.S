/* From the firmware to kernel_main(). The firmware enters in S-mode, paging and interrupts off, on one hart only;
 * a0 is that hart's number, a1 the physical address of the device tree. The first bytes are the header of a RISC-V image,
 * as U-Boot starts it: entered at its beginning, with the bss as it happens to be. */
#include <arch_memory.h>

#define SATP_SV39 8
#define GIGAPAGE_RWX 0xEF /* dirty, accessed, global, executable, writable, readable, valid */
#define KERNEL_SLOT 256   /* top-level entry of ARCH_KERNEL_VBASE */

    .section .text.entry, "ax"
    .option push
    .option norvc
    j kernel_entry
    .word 0
    .option pop
    .quad 0x200000              /* where to load: so far above the beginning of memory */
    .quad IMAGE_BYTES           /* with the bss */
    .quad 0                     /* little endian */
    .word 2, 0                  /* version 0.2 */
    .quad 0
    .ascii "RISCV\0\0\0RSC\x05"
    .word 0

    .globl kernel_entry
    .type kernel_entry, @function
kernel_entry:
    csrw sie, zero
    lla t0, __bss_start
    lla t1, __kernel_end
1:  sd zero, 0(t0)
    addi t0, t0, 8
    bltu t0, t1, 1b
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
    lla t0, __data_start        /* kept as it was loaded, for an image of this kernel (setup) */
    lla t1, __data_end
    lla t2, __data_copy
1:  ld t3, 0(t0)
    sd t3, 0(t2)
    addi t0, t0, 8
    addi t2, t2, 8
    bltu t0, t1, 1b
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
