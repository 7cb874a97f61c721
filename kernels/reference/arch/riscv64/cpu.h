/* Control and status registers that C has no words for; private to arch/riscv64. */
#pragma once
#include <auton/types.h>

#define SSTATUS_SIE (1u << 1)    /* interrupts on */
#define SSTATUS_SPP (1u << 8)    /* the trap came from S-mode */
#define SSTATUS_FS (3u << 13)    /* floating point: off, or in one of three states of being on */
#define SSTATUS_SUM (1u << 18)   /* S-mode may touch pages of user mode */
#define SIE_TIMER (1u << 5)
#define SIE_EXTERNAL (1u << 9)
#define SATP_SV39 (8ULL << 60)
#define SATP_PPN ((1ULL << 44) - 1)

#define csr_read(csr)                                                                              \
    ({                                                                                             \
        uint64_t csr_value_;                                                                       \
        __asm__ volatile("csrr %0, " #csr : "=r"(csr_value_) : : "memory");                        \
        csr_value_;                                                                                \
    })
#define csr_write(csr, value) __asm__ volatile("csrw " #csr ", %0" : : "rK"((uint64_t)(value)) : "memory")
#define csr_set(csr, bits) __asm__ volatile("csrs " #csr ", %0" : : "rK"((uint64_t)(bits)) : "memory")
#define csr_clear(csr, bits) __asm__ volatile("csrc " #csr ", %0" : : "rK"((uint64_t)(bits)) : "memory")

/* What boot.S was given. */
extern uint64_t boot_hart;        /* number of the hart that runs the kernel */
extern phys_addr_t boot_device_tree;
