/* Floating point and vectors for threads that asked for them. Access is open only while such a thread runs: everywhere
 * else in the kernel a vector instruction traps. */
#include <auton/arch.h>
#include <auton/string.h>
#include "../cpu.h"

#define STATE_BYTES 528
#define CPACR_FPEN (3ULL << 20)

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
