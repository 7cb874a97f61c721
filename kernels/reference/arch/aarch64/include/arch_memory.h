/* Memory layout of AArch64: all physical memory appears at ARCH_KERNEL_VBASE + physical address, the kernel image
 * among it; vmm_alloc() hands out addresses of a region of its own. The lower half of all addresses is the user's. */
#pragma once

#define ARCH_KERNEL_VBASE 0xFFFF000000000000ULL
#define ARCH_KERNEL_LOAD 0x40080000ULL
#define ARCH_USER_VBASE 0x400000ULL
#define ARCH_USER_VTOP 0x0000FFFFFFFFF000ULL
#define ARCH_VMM_BASE 0xFFFF800000000000ULL
#define ARCH_VMM_SIZE 0x1000000000ULL  /* 64 GB of addresses */
#define ARCH_BOOT_MAPPED 0x80000000ULL /* the gigabyte that the kernel lies in is mapped before arch_mmu_init() */
#define ARCH_PAGE_SIZE 4096ULL
#define ARCH_PT_LEVELS 4
#define ARCH_STACK_SIZE 16384ULL
