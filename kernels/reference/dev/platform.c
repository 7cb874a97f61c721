/* Devices without a bus scan: takes the PLATFORM_DEVICE records that drivers left in the image. */
#include "dev_internal.h"

extern const struct platform_entry __platforms_start[], __platforms_end[]; /* from the linker script */

void platform_scan(void) {
    for (const struct platform_entry *entry = __platforms_start; entry < __platforms_end; entry++) {
        if (entry->driver->probe && entry->driver->probe(entry->device) != 0)
            continue;
        device_register(entry->device);
        driver_register(entry->driver);
    }
}
