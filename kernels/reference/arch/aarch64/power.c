/* Leaving the machine: the firmware does it, by a call that the device tree describes (PSCI). */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/device_tree.h>
#include <auton/init.h>
#include <auton/string.h>
#include "cpu.h"

#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u

/* Returns when the firmware does not know the call, or there is none. */
static void psci_call(uint32_t function) {
    static const char *const versions[] = {"arm,psci-1.0", "arm,psci-0.2"};
    const char *method = fdt_string(device_tree(), device_tree_find(versions, ARRAY_SIZE(versions)), "method", 0);
    bool by_hvc = method && strcmp(method, "hvc") == 0, by_smc = method && strcmp(method, "smc") == 0;
    register uint64_t x0 __asm__("x0") = function;
    if (by_hvc)
        __asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
    else if (by_smc)
        __asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
}

static void switch_off(void) {
    psci_call(PSCI_SYSTEM_OFF);
}

void arch_poweroff(int status) {
    (void)status; /* there is nowhere to leave it: what the machine printed has to tell */
    switch_off();
}

void arch_reboot(void) {
    psci_call(PSCI_SYSTEM_RESET);
}

static void power_init(void) {
    poweroff_hook = switch_off;
}
INITCALL(INIT_CPU, power_init);
