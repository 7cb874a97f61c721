/* `devices`: what is in this machine and which driver has it. */
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/shell.h>

static int devices_command(int argc, char **argv) {
    (void)argv;
    if (argc > 1)
        return SHELL_NOT_A_COMMAND; /* "devices that have no driver": a question */
    kprintf("%-10s %-26s %-14s %s\n", "NAME", "KIND", "DRIVER", "DETAILS");
    for (const device_t *dev = device_first(); dev; dev = dev->next) {
        char summary[320];
        device_summary(dev, summary, sizeof summary);
        const char *kind = dev->bus == BUS_PCI ? pci_class_name(dev->class_code, dev->subclass) : "Platform device";
        kprintf("%-10s %-26s %-14s %s\n", dev->name, kind, dev->driver ? dev->driver->name : "-", summary);
    }
    kprintf("%zu devices, %zu of them on PCI\n", device_count(), pci_device_count());
    return 0;
}
SHELL_COMMAND(devices, "devices", "List the devices and the drivers that run them", devices_command);
