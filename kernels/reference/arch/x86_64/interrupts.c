/* The interrupt descriptor table and what happens on each vector. */
#include <auton/arch.h>
#include <auton/sync.h>
#include "cpu.h"
#include "trap.h"

#define VECTORS 256
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT 14
#define VECTOR_GP_FAULT 13
#define IRQ_LINES 16
#define GATE_INTERRUPT 0x8E /* present, ring 0, interrupts off on entry */

struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_high, reserved;
};
struct PACKED table_pointer {
    uint16_t limit;
    uint64_t base;
};

extern const uint64_t interrupt_stubs[VECTORS];
extern const uint8_t probe_read_access[], probe_write_access[], probe_failed[];

static struct gate idt[VECTORS];
static struct {
    arch_interrupt_handler_t fn;
    void *data;
} handlers[VECTORS];

void arch_interrupt_init(void) {
    for (unsigned v = 0; v < VECTORS; v++) {
        uint64_t stub = interrupt_stubs[v];
        idt[v] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SEL_KERNEL_CODE,
            .ist = v == VECTOR_DOUBLE_FAULT ? IST_DOUBLE_FAULT : 0,
            .type = GATE_INTERRUPT,
            .offset_mid = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    struct table_pointer pointer = {sizeof idt - 1, (uint64_t)idt};
    __asm__ volatile("lidt %0" : : "m"(pointer));
    pic_init();
}

void arch_set_interrupt_handler(uint32_t vector, arch_interrupt_handler_t handler, void *data) {
    if (vector >= VECTORS)
        return;
    uint64_t irq = arch_save_irq_state();
    handlers[vector].fn = handler;
    handlers[vector].data = data;
    arch_restore_irq_state(irq);
    if (vector >= ARCH_IRQ_BASE && vector < ARCH_IRQ_BASE + IRQ_LINES)
        pic_set_masked(vector - ARCH_IRQ_BASE, !handler);
}

static bool recover_probe(struct arch_trap_frame *frame) {
    if (frame->vector != VECTOR_PAGE_FAULT && frame->vector != VECTOR_GP_FAULT)
        return false;
    if (frame->rip != (uint64_t)probe_read_access && frame->rip != (uint64_t)probe_write_access)
        return false;
    frame->rip = (uint64_t)probe_failed;
    return true;
}

void trap_dispatch(struct arch_trap_frame *frame) {
    uint32_t vector = (uint32_t)frame->vector;
    unsigned irq = vector - ARCH_IRQ_BASE;
    if (recover_probe(frame))
        return;
    if (vector < ARCH_IRQ_BASE && !handlers[vector].fn)
        trap_die(frame);
    if (irq < IRQ_LINES && pic_is_spurious(irq))
        return;
    if (handlers[vector].fn)
        handlers[vector].fn(vector, handlers[vector].data);
    if (irq < IRQ_LINES)
        pic_end_of_interrupt(irq);
    if (preempt_pending && vector >= ARCH_IRQ_BASE)
        preempt_hook();
}

void arch_enable_interrupts(void) {
    __asm__ volatile("sti" : : : "memory");
}

void arch_disable_interrupts(void) {
    __asm__ volatile("cli" : : : "memory");
}

uint64_t arch_save_irq_state(void) {
    uint64_t flags;
    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return flags;
}

void arch_restore_irq_state(uint64_t state) {
    if (state & RFLAGS_IF)
        arch_enable_interrupts();
    else
        arch_disable_interrupts();
}

bool arch_irq_state_enabled(uint64_t state) {
    return state & RFLAGS_IF;
}

void arch_halt(void) {
    __asm__ volatile("sti\n\thlt" : : : "memory"); /* sti holds interrupts off for one more instruction */
}
