/* From the boot loader to kernel_main at the kernel's high addresses. The header is that of an arm64 image, whose
 * loader enters at its first byte: x0 = address of the device tree, EL2 or EL1, MMU off, interrupts off. */
#include "sysregs.h"

#define PAGE_TABLE      3
#define BLOCK_NORMAL    (PTE_BLOCK | PTE_ACCESSED | PTE_INNER_SHAREABLE | PTE_NORMAL | PTE_USER_NOEXEC)
#define LARGE_PAGE      0x200000
#define GIGABYTE_SHIFT  30

    .section .head.text, "ax"
    .global image_header
image_header:
    b       entry
    .long   0
    .quad   0x80000                     /* where to load: so far above the beginning of memory, a multiple of 2 MB */
    .quad   IMAGE_BYTES                 /* with the bss */
    .quad   2 | 8                       /* pages of 4 KB, little endian; may lie anywhere, for it moves itself */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

entry:
    mov     x20, x0
    msr     daifset, #0xF
    bl      move_image
    mrs     x0, CurrentEL
    cmp     x0, #(2 << 2)
    b.ne    1f
    bl      leave_el2
1:  bl      clear_bss
    bl      make_tables
    bl      start_mmu
    ldr     x0, =high
    br      x0
stop:
    wfe
    b       stop

/* To the address that the image is linked for, the lowest at which one can lie; U-Boot puts it behind its device tree.
 * Returns there. A tree in the place that the kernel takes would be lost. */
move_image:
    adrp    x0, image_header
    ldr     x1, =LOAD
    cmp     x0, x1
    b.eq    2f
    ldr     x2, =IMAGE_BYTES
    sub     x3, x20, x1
    cmp     x3, x2
    b.lo    stop
    sub     x3, x1, x0
    add     x30, x30, x3
    adrp    x2, __data_end
    add     x2, x2, :lo12:__data_end
1:  ldp     x3, x4, [x0], #16
    stp     x3, x4, [x1], #16
    cmp     x0, x2
    b.lo    1b
    dsb     sy
    ic      iallu
    dsb     sy
    isb
2:  ret

high:
    ldr     x0, =__boot_stack_top
    mov     sp, x0
    ldr     x0, =exception_vectors
    msr     vbar_el1, x0
    ldr     x0, =boot_tree_phys
    str     x20, [x0]
    ldr     x0, =__data_start           /* kept as it was loaded, for an image of this kernel (setup) */
    ldr     x1, =__data_end
    ldr     x2, =__data_copy
1:  ldp     x3, x4, [x0], #16
    stp     x3, x4, [x2], #16
    cmp     x0, x1
    b.lo    1b
    mov     x29, xzr                    /* ends every backtrace */
    mov     x30, xzr
    b       kernel_main

/* EL1 with everything that EL2 could keep from it. Returns to its caller at EL1. */
leave_el2:
    ldr     x0, =HCR_EL1_IS_64BIT
    msr     hcr_el2, x0
    mov     x0, #3                      /* counters and timers */
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr
    msr     vttbr_el2, xzr
    msr     hstr_el2, xzr
    mov     x0, #CPTR_EL2_NO_TRAPS
    msr     cptr_el2, x0
    mrs     x0, midr_el1
    msr     vpidr_el2, x0
    mrs     x0, mpidr_el1
    msr     vmpidr_el2, x0
    mrs     x0, id_aa64pfr0_el1
    ubfx    x0, x0, #24, #4             /* the interrupt controller's registers, if it has any */
    cbz     x0, 1f
    mrs     x0, ICC_SRE_EL2
    mov     x1, #9                      /* on, and reachable from EL1 */
    orr     x0, x0, x1
    msr     ICC_SRE_EL2, x0
    isb
    msr     ICH_HCR_EL2, xzr
1:  ldr     x0, =SCTLR_RESET
    msr     sctlr_el1, x0
    mov     x0, #SPSR_EL1H_MASKED
    msr     spsr_el2, x0
    msr     elr_el2, x30
    eret

clear_bss:
    adrp    x0, __bss_start
    add     x0, x0, :lo12:__bss_start
    adrp    x1, __bss_end
    add     x1, x1, :lo12:__bss_end
1:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    1b
    ret

/* The gigabytes in which the kernel and the device tree lie, in pages of 2 MB. The same tables serve for the addresses
 * where the code runs now and for those where it is linked. A tree beyond the first 512 GB counts as none. */
make_tables:
    mov     x9, x30
    adrp    x0, boot_l0
    adrp    x1, boot_l1
    orr     x2, x1, #PAGE_TABLE
    str     x2, [x0]
    adrp    x0, image_header
    adrp    x2, boot_l2_kernel
    bl      map_gigabyte
    lsr     x3, x20, #39
    cbnz    x3, 1f
    adrp    x3, image_header
    lsr     x3, x3, #GIGABYTE_SHIFT
    cmp     x3, x20, lsr #GIGABYTE_SHIFT
    b.eq    2f
    mov     x0, x20
    adrp    x2, boot_l2_tree
    bl      map_gigabyte
    b       2f
1:  mov     x20, xzr
2:  dsb     sy
    ret     x9

/* x0: an address in the gigabyte, x1: level 1 table, x2: level 2 table to fill */
map_gigabyte:
    lsr     x3, x0, #GIGABYTE_SHIFT
    orr     x4, x2, #PAGE_TABLE
    str     x4, [x1, x3, lsl #3]
    lsl     x3, x3, #GIGABYTE_SHIFT
    ldr     x4, =BLOCK_NORMAL
    orr     x3, x3, x4
    mov     x4, #512
1:  str     x3, [x2], #8
    add     x3, x3, #LARGE_PAGE
    subs    x4, x4, #1
    b.ne    1b
    ret

start_mmu:
    ldr     x0, =MAIR_VALUE
    msr     mair_el1, x0
    ldr     x0, =TCR_VALUE
    mrs     x1, id_aa64mmfr0_el1        /* as many physical address bits as there are, up to 48 */
    and     x1, x1, #0xF
    cmp     x1, #5
    mov     x2, #5
    csel    x1, x1, x2, lo
    orr     x0, x0, x1, lsl #TCR_IPS_SHIFT
    msr     tcr_el1, x0
    adrp    x0, boot_l0
    msr     ttbr0_el1, x0
    msr     ttbr1_el1, x0
    tlbi    vmalle1
    dsb     nsh
    ic      iallu
    dsb     nsh
    isb
    ldr     x0, =SCTLR_ON
    msr     sctlr_el1, x0
    isb
    ret
    .ltorg

    .section .bss.tables, "aw", %nobits
    .balign 4096
    .global boot_l0, boot_l1
boot_l0:        .skip 4096
boot_l1:        .skip 4096
boot_l2_kernel: .skip 4096
boot_l2_tree:   .skip 4096
