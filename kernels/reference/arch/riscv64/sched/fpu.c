/* Floating point for threads that asked for it. The unit is on only while such a thread runs: everywhere else in the
 * kernel a floating-point instruction is an illegal one. */
#include <auton/arch.h>
#include <auton/string.h>
#include "../cpu.h"
#include "fpu.h"

#define FCSR_ROUNDING_SHIFT 5
#define FCSR_EXCEPTIONS 0x1F

/* 0 on a hart without the unit, whose switch does not move. */
size_t arch_fpu_state_bytes(void) {
    uint64_t irq = arch_save_irq_state(), before = csr_read(sstatus);
    csr_set(sstatus, SSTATUS_FS);
    bool has = csr_read(sstatus) & SSTATUS_FS;
    if (!(before & SSTATUS_FS))
        csr_clear(sstatus, SSTATUS_FS);
    arch_restore_irq_state(irq);
    return has ? FPU_BYTES : 0;
}

void arch_fpu_init_state(void *state) {
    memset(state, 0, FPU_BYTES); /* rounds to nearest, no exception noted */
}

void arch_fpu_save(void *state) {
    fpu_store(state);
    csr_clear(sstatus, SSTATUS_FS);
}

void arch_fpu_restore(const void *state) {
    csr_set(sstatus, SSTATUS_FS);
    fpu_load(state);
}

void arch_fpu_fill_state(void *state, uint8_t seed) {
    uint8_t *bytes = state;
    for (size_t i = 0; i < FPU_FCSR; i++)
        bytes[i] = (uint8_t)(2 * (seed + i + i / 8 * 3) + 1);
    uint32_t fcsr = (uint32_t)(seed & 3) << FCSR_ROUNDING_SHIFT | (seed & FCSR_EXCEPTIONS);
    memcpy(bytes + FPU_FCSR, &fcsr, sizeof fcsr);
}
