/* Floating point: the kernel does without, and a thread that wants it asks. Only such threads have their floating-point
 * and vector registers kept while others run. */
#include <auton/arch.h>
#include <auton/mm.h>
#include "sched_internal.h"

#define ALIGNMENT 64

/* For an architecture that has no floating point, or none yet. */
__attribute__((weak)) size_t arch_fpu_state_bytes(void) {
    return 0;
}
__attribute__((weak)) void arch_fpu_init_state(void *state) {
    (void)state;
}
__attribute__((weak)) void arch_fpu_save(void *state) {
    (void)state;
}
__attribute__((weak)) void arch_fpu_restore(const void *state) {
    (void)state;
}
__attribute__((weak)) void arch_fpu_fill_state(void *state, uint8_t seed) {
    (void)state;
    (void)seed;
}

int thread_use_fpu(void) {
    size_t bytes = arch_fpu_state_bytes();
    if (current->fpu)
        return 0;
    void *memory = bytes ? kmalloc(bytes + ALIGNMENT) : NULL;
    if (!memory)
        return -1;
    void *state = (void *)ALIGN_UP((uint64_t)memory, ALIGNMENT);
    arch_fpu_init_state(state);
    uint64_t irq = arch_save_irq_state();
    arch_fpu_restore(state);
    current->fpu_memory = memory;
    current->fpu = state;
    arch_restore_irq_state(irq);
    return 0;
}
