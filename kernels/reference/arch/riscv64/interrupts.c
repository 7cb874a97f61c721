/* What happens on each trap: exceptions, the timer, devices. */
#include <auton/arch.h>
#include <auton/sync.h>
#include "cpu.h"
#include "trap.h"

#define CAUSE_INTERRUPT (1ULL << 63)
#define CAUSE_STORE_PAGE_FAULT 15
#define INTERRUPT_TIMER 5
#define INTERRUPT_EXTERNAL 9
#define VECTORS 256 /* causes of exceptions, then from ARCH_IRQ_BASE on the sources of the interrupt controller */

/* Faults of a load or store: misaligned, no such memory, not mapped. */
#define DATA_FAULTS (1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 13 | 1u << 15)

extern const uint8_t probe_read_access[], probe_write_access[], probe_failed[];
extern uint8_t emergency_stack[EMERGENCY_STACK_SIZE];
extern uint64_t kernel_stack;

uint8_t emergency_stack[EMERGENCY_STACK_SIZE] __attribute__((aligned(16)));
uint64_t kernel_stack; /* where a trap from user mode lands */

static struct {
    arch_interrupt_handler_t fn;
    void *data;
} handlers[VECTORS];

void arch_interrupt_init(void) {
    plic_init();
    csr_write(sie, SIE_EXTERNAL);
}

void arch_set_kernel_stack(uint64_t top) {
    kernel_stack = top;
}

void arch_set_interrupt_handler(uint32_t vector, arch_interrupt_handler_t handler, void *data) {
    if (vector >= VECTORS)
        return;
    uint64_t irq = arch_save_irq_state();
    handlers[vector].fn = handler;
    handlers[vector].data = data;
    arch_restore_irq_state(irq);
    if (vector > ARCH_IRQ_BASE)
        plic_set_masked(vector - ARCH_IRQ_BASE, !handler);
}

static bool recover_probe(struct arch_trap_frame *frame) {
    if (frame->scause > 15 || !(DATA_FAULTS & 1u << frame->scause))
        return false;
    if (frame->sepc != (uint64_t)probe_read_access && frame->sepc != (uint64_t)probe_write_access)
        return false;
    frame->sepc = (uint64_t)probe_failed;
    return true;
}

static bool stack_overflowed(const struct arch_trap_frame *frame) {
    return (const uint8_t *)(frame + 1) == emergency_stack + sizeof emergency_stack;
}

static void handle_exception(struct arch_trap_frame *frame) {
    if (recover_probe(frame))
        return;
    if (frame->scause >= ARCH_IRQ_BASE || !handlers[frame->scause].fn)
        trap_die(frame);
    handlers[frame->scause].fn((uint32_t)frame->scause, handlers[frame->scause].data);
}

static void handle_devices(void) {
    uint32_t source;
    while ((source = plic_claim()) != 0) {
        uint32_t vector = ARCH_IRQ_BASE + source;
        if (vector < VECTORS && handlers[vector].fn)
            handlers[vector].fn(vector, handlers[vector].data);
        plic_complete(source);
    }
}

/* An interrupt that found no room for its frame counts as the fault that it would have been a moment later. */
void trap_dispatch(struct arch_trap_frame *frame) {
    if (stack_overflowed(frame)) {
        if (frame->scause & CAUSE_INTERRUPT) {
            frame->scause = CAUSE_STORE_PAGE_FAULT;
            frame->stval = frame->x[2] - FRAME_SIZE;
        }
        trap_die(frame);
    }
    if (!(frame->scause & CAUSE_INTERRUPT)) {
        handle_exception(frame);
        return;
    }
    uint64_t cause = frame->scause & ~CAUSE_INTERRUPT;
    if (cause == INTERRUPT_TIMER)
        timer_interrupt();
    else if (cause == INTERRUPT_EXTERNAL)
        handle_devices();
    if (preempt_pending)
        preempt_hook();
}

void arch_enable_interrupts(void) {
    csr_set(sstatus, SSTATUS_SIE);
}

void arch_disable_interrupts(void) {
    csr_clear(sstatus, SSTATUS_SIE);
}

uint64_t arch_save_irq_state(void) {
    uint64_t old;
    __asm__ volatile("csrrci %0, sstatus, %1" : "=r"(old) : "i"(SSTATUS_SIE) : "memory");
    return old;
}

void arch_restore_irq_state(uint64_t state) {
    if (state & SSTATUS_SIE)
        arch_enable_interrupts();
    else
        arch_disable_interrupts();
}

bool arch_irq_state_enabled(uint64_t state) {
    return state & SSTATUS_SIE;
}

/* wfi also ends on an interrupt that is pending while interrupts are off, so that none gets lost in between. */
void arch_halt(void) {
    arch_disable_interrupts();
    __asm__ volatile("wfi" : : : "memory");
    arch_enable_interrupts();
}
