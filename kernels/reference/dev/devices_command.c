/* `devices`: what is in this machine and which driver has it. */
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/shell.h>

static const char *kind(const device_t *dev) {
    return dev->bus != BUS_PLATFORM ? pci_class_name(dev->class_code, dev->subclass) : "On-board device";
}

static const char *driver_name(const device_t *dev) {
    return dev->driver ? dev->driver->name : "-";
}

/* Fits a screen of 80 columns. */
static void list(void) {
    kprintf("%-10s %-10s %-28s %-14s %s\n", "NAME", "ID", "KIND", "DRIVER", "IRQ");
    for (const device_t *dev = device_first(); dev; dev = dev->next) {
        char id[10] = "-", irq[4] = "-";
        if (dev->bus != BUS_PLATFORM)
            ksnprintf(id, sizeof id, "%04X:%04X", dev->vendor, dev->device_id);
        if (dev->irq)
            ksnprintf(irq, sizeof irq, "%u", dev->irq);
        kprintf("%-10s %-10s %-28s %-14s %s\n", dev->name, id, kind(dev), driver_name(dev), irq);
    }
    kprintf("%zu devices, %zu of them on PCI; `devices <name>` shows one\n", device_count(), pci_device_count());
}

static void show(const device_t *dev) {
    char summary[320];
    device_summary(dev, summary, sizeof summary);
    kprintf("%s\n  kind:    %s\n  driver:  %s\n", summary, kind(dev), driver_name(dev));
    if (dev->subsystem_vendor)
        kprintf("  made by: %04X:%04X, revision %u\n", dev->subsystem_vendor, dev->subsystem_id, dev->revision);
    for (unsigned i = 0; i < ARRAY_SIZE(dev->bars); i++) {
        const struct pci_bar *bar = &dev->bars[i];
        if (bar->size && !bar->base)
            kprintf("  window:  %s, not assigned\n", bar->is_mmio ? "memory" : "ports");
        else if (bar->size)
            kprintf("  window:  %s 0x%llX to 0x%llX%s%s\n", bar->is_mmio ? "memory" : "ports",
                    (unsigned long long)bar->base, (unsigned long long)(bar->base + bar->size - 1),
                    bar->is_64bit ? ", 64-bit" : "", bar->prefetchable ? ", prefetchable" : "");
    }
}

static int devices_command(int argc, char **argv) {
    const device_t *dev = argc == 2 ? device_find(argv[1]) : NULL;
    if (dev)
        show(dev);
    else if (argc == 1)
        list();
    else
        return SHELL_NOT_A_COMMAND; /* "devices without a driver": a question */
    return 0;
}
SHELL_COMMAND(devices, "devices [name]", "List the devices and their drivers, or show one", devices_command);
