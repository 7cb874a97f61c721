/* Floating point and vectors for threads that asked for them. Access is open only while such a thread runs: everywhere
 * else in the kernel a vector instruction traps. */
#include <auton/arch.h>
#include <auton/string.h>
#include "../cpu.h"

#define REGISTER_BYTES 512
#define STATE_BYTES 528 /* and FPCR, FPSR */
#define CPACR_FPEN (3ULL << 20)
#define FPCR_ROUNDING_SHIFT 22
#define FPSR_SATURATED (1ULL << 27)
#define FPSR_EXCEPTIONS 0x9F

void fpu_store(void *state);
void fpu_load(const void *state);

static void set_access(bool open) {
    uint64_t cpacr = READ_SYSREG("cpacr_el1");
    WRITE_SYSREG("cpacr_el1", open ? cpacr | CPACR_FPEN : cpacr & ~CPACR_FPEN);
    isb();
}

size_t arch_fpu_state_bytes(void) {
    return (READ_SYSREG("id_aa64pfr0_el1") >> 16 & 15) == 15 ? 0 : STATE_BYTES; /* 15: this processor has none */
}

void arch_fpu_init_state(void *state) {
    memset(state, 0, STATE_BYTES); /* rounds to nearest, no exception noted */
}

void arch_fpu_save(void *state) {
    fpu_store(state);
    set_access(false);
}

void arch_fpu_restore(const void *state) {
    set_access(true);
    fpu_load(state);
}

void arch_fpu_fill_state(void *state, uint8_t seed) {
    uint8_t *bytes = state;
    uint64_t *fpcr = (uint64_t *)(bytes + REGISTER_BYTES), *fpsr = fpcr + 1;
    for (size_t i = 0; i < REGISTER_BYTES; i++)
        bytes[i] = (uint8_t)(2 * (seed + i + i / 16 * 3) + 1);
    *fpcr = (uint64_t)(seed & 3) << FPCR_ROUNDING_SHIFT;
    *fpsr = FPSR_SATURATED | (seed & FPSR_EXCEPTIONS);
}
