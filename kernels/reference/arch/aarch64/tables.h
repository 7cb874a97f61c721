/* Page tables that are there before any memory can be allocated; private to arch/aarch64. */
#pragma once
#include <auton/types.h>

extern uint64_t boot_l0[512], boot_l1[512]; /* of the kernel's half, made by boot.S */
extern uint64_t no_user_table[512];         /* of the user's half while there is no user */
void arch_flush_tlb_everything(void);       /* of both halves */
void mmio_use(void *(*map)(phys_addr_t phys)); /* how io.c reaches device memory from here on; mappings stay */
