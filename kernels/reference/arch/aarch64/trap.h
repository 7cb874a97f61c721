/* What the vectors of vectors.S leave on the stack. */
#pragma once
#include <auton/types.h>

enum trap_kind { TRAP_SYNC, TRAP_IRQ, TRAP_FIQ, TRAP_ERROR };

struct arch_trap_frame {
    uint64_t x[31], sp;
    uint64_t elr, spsr; /* where it happened, and in which state */
    uint64_t esr, far;  /* why, and at which address */
    uint64_t vector;    /* slot of the vector table: group * 4 + trap_kind */
    uint64_t pad;
};
_Static_assert(sizeof(struct arch_trap_frame) == 304, "vectors.S counts on it");

#define ESR_CLASS(esr) ((unsigned)((esr) >> 26) & 0x3F)
#define CLASS_INSTRUCTION_ABORT 0x21 /* in the kernel; from user mode one less */
#define CLASS_DATA_ABORT 0x25

void trap_dispatch(struct arch_trap_frame *frame);
void trap_die(const struct arch_trap_frame *frame) __attribute__((noreturn));
