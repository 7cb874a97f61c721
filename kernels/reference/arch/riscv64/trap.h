/* What trap_entry.S leaves on the stack, and what it shares with C. The offsets are the assembler's too. */
#pragma once

#define FRAME_X 0       /* x0 to x31; x0 is not stored */
#define FRAME_SEPC 256
#define FRAME_SSTATUS 264
#define FRAME_SCAUSE 272
#define FRAME_STVAL 280
#define FRAME_SIZE 288

/* Where an entry puts what it needs room for before it has a stack. */
#define AREA_T0 0
#define AREA_SP 8
#define AREA_TP 16
#define AREA_SEPC 24
#define AREA_SSTATUS 32
#define AREA_SCAUSE 40
#define AREA_STVAL 48
#define AREA_NESTED 56
#define AREA_SIZE 64

#define EMERGENCY_STACK_SIZE 4096

#ifndef __ASSEMBLER__
#include <auton/types.h>

struct arch_trap_frame {
    uint64_t x[32];
    uint64_t sepc, sstatus, scause, stval;
};
_Static_assert(sizeof(struct arch_trap_frame) == FRAME_SIZE, "trap.h: offsets for the assembler");

void trap_dispatch(struct arch_trap_frame *frame);
void trap_die(const struct arch_trap_frame *frame) __attribute__((noreturn));
void timer_interrupt(void);

/* interrupt controller, plic.c */
void plic_init(void);
void plic_set_masked(uint32_t source, bool masked);
uint32_t plic_claim(void); /* 0: none */
void plic_complete(uint32_t source);
#endif
