/* Soft-off and reset by ACPI; the only user of the sleep registers. */
#pragma once
#include "acpi_tables.h"

void acpi_power_set(const struct acpi_power *found); /* from here on kernel_poweroff() and kernel_reboot() use it */
bool acpi_power_ready(void);
