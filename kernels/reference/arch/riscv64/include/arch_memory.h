/* Memory layout of riscv64 (Sv39, 256 GB for the kernel): physical memory, devices among it, appears at
 * ARCH_KERNEL_VBASE + physical address, as far as there is room below the region of vmm_alloc(). */
#pragma once

#define ARCH_KERNEL_VBASE 0xFFFFFFC000000000ULL
#define ARCH_KERNEL_LOAD 0x80200000ULL
#define ARCH_USER_VBASE 0x400000ULL
#define ARCH_USER_VTOP 0x0000003FFFFFF000ULL
#define ARCH_VMM_BASE 0xFFFFFFF000000000ULL
#define ARCH_VMM_SIZE 0x800000000ULL /* 32 GB of addresses */
#define ARCH_DIRECT_MAP_SIZE (ARCH_VMM_BASE - ARCH_KERNEL_VBASE)
#define ARCH_BOOT_MAPPED ARCH_DIRECT_MAP_SIZE /* mapped before arch_mmu_init() */
#define ARCH_PAGE_SIZE 4096ULL
#define ARCH_PT_LEVELS 3
#define ARCH_STACK_SIZE 16384ULL
