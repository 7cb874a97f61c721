#include "acpi_power.h"
#include <auton/arch.h>
#include <auton/boot.h>

#define SLEEP_TYPE_SHIFT 10
#define SLEEP_ENABLE 0x2000u
#define SCI_ENABLE 0x1u
#define HANDOVER_POLLS 300000 /* firmware may take its time to hand over; each poll takes about a microsecond */
#define EFFECT_NS 1000000000ull /* the machine may run on for a while after it was told to stop */

static struct acpi_power power;

static void wait_for_effect(void) {
    uint64_t start = arch_time_ns();
    while (arch_time_ns() - start < EFFECT_NS) {
    }
}

static void reset(void) {
    if (!power.reset)
        return;
    arch_io_write8(power.reset, power.reset_value);
    wait_for_effect();
}

void acpi_power_set(const struct acpi_power *found) {
    power = *found;
    poweroff_hook = acpi_power_off;
    reboot_hook = reset;
}

bool acpi_power_ready(void) {
    return power.s5_known && (power.pm1a_control || power.sleep_control);
}

/* Sleep registers only listen in ACPI mode; firmware that starts in its own mode is asked to change over. */
static void enter_acpi_mode(void) {
    if (!power.smi_command || !power.enable_value || (arch_io_read16(power.pm1a_control) & SCI_ENABLE))
        return;
    arch_io_write8(power.smi_command, power.enable_value);
    for (int i = 0; i < HANDOVER_POLLS && !(arch_io_read16(power.pm1a_control) & SCI_ENABLE); i++) {
    }
}

static void write_sleep(uint64_t control, uint8_t type) {
    const uint16_t keep = (uint16_t)~(7u << SLEEP_TYPE_SHIFT | SLEEP_ENABLE);
    uint16_t value = arch_io_read16(control) & keep;
    arch_io_write16(control, (uint16_t)(value | (uint16_t)(type << SLEEP_TYPE_SHIFT) | SLEEP_ENABLE));
}

void acpi_power_off(void) {
    if (!acpi_power_ready())
        return;
    if (power.sleep_control) {
        arch_io_write8(power.sleep_control, (uint8_t)(power.s5_type_a << 2 | 1u << 5));
    } else {
        enter_acpi_mode();
        write_sleep(power.pm1a_control, power.s5_type_a);
        if (power.pm1b_control)
            write_sleep(power.pm1b_control, power.s5_type_b);
    }
    wait_for_effect();
}
