/* The processor's own switches, and what the firmware says of it. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include "cpu.h"
#include "sbi.h"

/* Only S-mode, and what it runs for, can call the firmware: its answer tells the mode. */
void arch_cpu_init(void) {
    static const char *const firmware[] = {"BBL", "OpenSBI", "Xvisor", "KVM", "RustSBI", "Diosix", "Coffer"};
    struct sbi_result version = sbi_call(SBI_BASE, SBI_BASE_SPEC_VERSION, 0, 0);
    struct sbi_result kind = sbi_call(SBI_BASE, SBI_BASE_IMPLEMENTATION, 0, 0);
    if (version.error)
        panic("riscv64: this firmware has no SBI base functions");
    log_info("BOOT", "Running in S-mode on hart %lu, SBI %ld.%ld (%s)", boot_hart, version.value >> 24 & 0x7F,
             version.value & 0xFFFFFF,
             (uint64_t)kind.value < ARRAY_SIZE(firmware) ? firmware[kind.value] : "unknown firmware");
    csr_clear(sstatus, SSTATUS_FS); /* some firmware leaves it on */
    csr_set(sstatus, SSTATUS_SUM); /* as on the other machines, the kernel may touch what user mode may */
}
