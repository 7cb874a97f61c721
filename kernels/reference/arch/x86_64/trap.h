/* What the stubs of stubs.asm leave on the stack. */
#pragma once
#include <auton/types.h>

struct arch_trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

void trap_dispatch(struct arch_trap_frame *frame);
void trap_die(const struct arch_trap_frame *frame) __attribute__((noreturn));
void backtrace_from(uint64_t rip, const uint64_t *rsp, const uint64_t *rbp);

/* interrupt controller, pic.c */
void pic_init(void);
void pic_set_masked(unsigned irq, bool masked);
bool pic_is_spurious(unsigned irq);
void pic_end_of_interrupt(unsigned irq);
