/* Bits of system registers and page tables, for C and assembler. */
#pragma once

#ifdef __ASSEMBLER__
#define BIT(n) (1 << (n))
#else
#define BIT(n) (1ULL << (n))
#endif

#define PTE_VALID 1
#define PTE_TABLE 3           /* at levels above the lowest; there it is a page */
#define PTE_BLOCK 1
#define PTE_NORMAL (0 << 2)   /* index into MAIR_EL1 */
#define PTE_DEVICE (1 << 2)
#define PTE_USER BIT(6)
#define PTE_READONLY BIT(7)
#define PTE_INNER_SHAREABLE (3 << 8)
#define PTE_ACCESSED BIT(10)
#define PTE_NOT_GLOBAL BIT(11)
#define PTE_KERNEL_NOEXEC BIT(53)
#define PTE_USER_NOEXEC BIT(54)

/* Attributes 0 to 2: memory (write-back), device registers (nGnRnE), memory that is not cached. */
#define MAIR_VALUE 0x4400FF
/* Both halves 48 bits wide, in pages of 4 KB, walked through the caches. */
#define TCR_VALUE 0xB5103510
#define TCR_IPS_SHIFT 32

#define SCTLR_RESET 0x30D00800 /* the bits that must be one */
#define SCTLR_ON 0x30D0180D    /* and MMU, caches, stack alignment */
#define HCR_EL1_IS_64BIT BIT(31)
#define CPTR_EL2_NO_TRAPS 0x33FF
#define SPSR_EL1H_MASKED 0x3C5
#define DAIF_IRQ_MASKED BIT(7)
