/* Leaving the machine: the firmware does it. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/init.h>
#include "sbi.h"

void arch_poweroff(int status) {
    sbi_call(SBI_RESET, SBI_RESET_SYSTEM, SBI_SHUTDOWN, status ? SBI_SYSTEM_FAILURE : SBI_NO_REASON);
}

void arch_reboot(void) {
    sbi_call(SBI_RESET, SBI_RESET_SYSTEM, SBI_COLD_REBOOT, SBI_NO_REASON);
}

static void switch_off(void) {
    arch_poweroff(0);
}

static void power_init(void) {
    if (sbi_has(SBI_RESET))
        poweroff_hook = switch_off;
}
INITCALL(INIT_CPU, power_init);
