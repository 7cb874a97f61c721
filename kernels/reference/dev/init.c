/* Start of the device subsystem: firmware tables, then the buses they help to find, then the drivers. */
#include "dev_internal.h"
#include <auton/init.h>

static void dev_init(void) {
    acpi_init();
    power_init();
    pci_tree_init();
    platform_scan();
    pci_scan();
    driver_bind_all();
}
INITCALL(INIT_DEV, dev_init);
