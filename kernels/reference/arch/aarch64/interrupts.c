/* What happens on an exception: devices' interrupts go to their handlers, faults to the last words. A vector here is
 * the interrupt's number at the controller: 0 to 31 belong to the processor, a device's IRQ n is number 32 + n. */
#include <auton/arch.h>
#include <auton/sync.h>
#include "cpu.h"
#include "gic.h"
#include "trap.h"

#define VECTORS 1020 /* what follows has special meanings */

extern const uint8_t probe_read_access[], probe_write_access[], probe_failed[];

static struct {
    arch_interrupt_handler_t fn;
    void *data;
} handlers[VECTORS];

void arch_interrupt_init(void) {
    gic_init();
}

void arch_set_interrupt_handler(uint32_t vector, arch_interrupt_handler_t handler, void *data) {
    if (vector >= VECTORS)
        return;
    uint64_t irq = arch_save_irq_state();
    handlers[vector].fn = handler;
    handlers[vector].data = data;
    arch_restore_irq_state(irq);
    gic_enable(vector, handler != NULL);
}

static bool recover_probe(struct arch_trap_frame *frame) {
    if (frame->elr != (uint64_t)probe_read_access && frame->elr != (uint64_t)probe_write_access)
        return false;
    frame->elr = (uint64_t)probe_failed;
    return true;
}

static void dispatch_interrupt(void) {
    uint32_t vector = gic_acknowledge();
    if (vector >= VECTORS)
        return; /* the request went away again */
    if (handlers[vector].fn)
        handlers[vector].fn(vector, handlers[vector].data);
    gic_end_of_interrupt(vector);
    if (preempt_pending)
        preempt_hook();
}

void trap_dispatch(struct arch_trap_frame *frame) {
    enum trap_kind kind = frame->vector & 3;
    if (kind == TRAP_IRQ)
        dispatch_interrupt();
    else if (kind != TRAP_SYNC || !recover_probe(frame))
        trap_die(frame);
}

void arch_enable_interrupts(void) {
    __asm__ volatile("msr daifclr, #2" : : : "memory");
}

void arch_disable_interrupts(void) {
    __asm__ volatile("msr daifset, #2" : : : "memory");
}

uint64_t arch_save_irq_state(void) {
    uint64_t daif = READ_SYSREG("daif");
    arch_disable_interrupts();
    return daif;
}

void arch_restore_irq_state(uint64_t state) {
    WRITE_SYSREG("daif", state);
}

bool arch_irq_state_enabled(uint64_t state) {
    return !(state & DAIF_IRQ_MASKED);
}

/* The processor wakes up for an interrupt that is masked, too: none is lost between the two instructions. */
void arch_halt(void) {
    arch_disable_interrupts();
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
    arch_enable_interrupts();
    isb();
}
