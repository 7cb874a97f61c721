/* The platform-level interrupt controller: each device's interrupt is a numbered source, switched on for each context
 * (a hart in a mode), claimed by the handler and given back when it is done. */
#include <auton/arch.h>
#include <auton/fdt.h>
#include "machine.h"
#include "trap.h"

#define PRIORITY(source) (machine.plic.base + 4ULL * (source))
#define ENABLE(source) (machine.plic.base + 0x2000 + 0x80ULL * machine.plic.context + (source) / 32 * 4)
#define THRESHOLD (machine.plic.base + 0x200000 + 0x1000ULL * machine.plic.context)
#define CLAIM (THRESHOLD + 4)

void plic_init(void) {
    if (!machine.plic.base)
        return;
    for (uint32_t source = 0; source <= machine.plic.sources; source += 32)
        arch_io_write32(ENABLE(source), 0);
    arch_io_write32(THRESHOLD, 0);
}

void plic_set_masked(uint32_t source, bool masked) {
    if (!machine.plic.base || source == 0 || source > machine.plic.sources)
        return;
    uint64_t irq = arch_save_irq_state();
    arch_io_write32(PRIORITY(source), 1);
    uint32_t bit = 1u << source % 32, others = arch_io_read32(ENABLE(source)) & ~bit;
    arch_io_write32(ENABLE(source), masked ? others : others | bit);
    arch_restore_irq_state(irq);
}

uint32_t plic_claim(void) {
    return machine.plic.base ? arch_io_read32(CLAIM) : 0;
}

void plic_complete(uint32_t source) {
    arch_io_write32(CLAIM, source);
}

/* A source is one number. */
uint32_t arch_tree_interrupt(const struct fdt_interrupt *interrupt) {
    uint32_t source = interrupt->cells[0];
    return interrupt->count >= 1 && source >= 1 && source <= machine.plic.sources ? ARCH_IRQ_BASE + source : 0;
}
