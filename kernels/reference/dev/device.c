/* The device registry: one list in the order of discovery. */
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/string.h>
#include <auton/sync.h>

static device_t *devices;
static size_t count;
static spinlock_t lock;

int device_register(device_t *dev) {
    uint64_t irq = spin_lock(&lock);
    device_t **end = &devices;
    while (*end && strcmp((*end)->name, dev->name) != 0)
        end = &(*end)->next;
    bool taken = *end != NULL;
    if (!taken) {
        dev->next = NULL;
        dev->driver = NULL;
        *end = dev;
        count++;
    }
    spin_unlock(&lock, irq);
    return taken ? -1 : 0;
}

int device_unregister(device_t *dev) {
    uint64_t irq = spin_lock(&lock);
    device_t **link = &devices;
    while (*link && *link != dev)
        link = &(*link)->next;
    bool found = *link != NULL;
    if (found) {
        *link = dev->next;
        count--;
    }
    spin_unlock(&lock, irq);
    if (!found)
        return -1;
    if (dev->driver && dev->driver->remove)
        dev->driver->remove(dev);
    dev->driver = NULL;
    return 0;
}

device_t *device_first(void) {
    return devices;
}

device_t *device_find(const char *name) {
    device_t *dev = devices;
    while (dev && strcmp(dev->name, name) != 0)
        dev = dev->next;
    return dev;
}

size_t device_count(void) {
    return count;
}

static int append_size(char *out, size_t size, uint64_t bytes) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    unsigned unit = 0;
    while (bytes >= 1024 && bytes % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
        bytes /= 1024;
        unit++;
    }
    return ksnprintf(out, size, "/%llu%s", (unsigned long long)bytes, units[unit]);
}

int device_summary(const device_t *dev, char *out, size_t size) {
    char resources[256];
    size_t used = 0;
    resources[0] = '\0';
    for (unsigned i = 0; i < ARRAY_SIZE(dev->bars); i++) {
        const struct pci_bar *bar = &dev->bars[i];
        if (!bar->size || !bar->base)
            continue;
        used += (size_t)ksnprintf(resources + used, sizeof resources - used, "%s%s=0x%llX", used ? " " : "",
                                  bar->is_mmio ? "MMIO" : "IO", (unsigned long long)bar->base);
        used += (size_t)append_size(resources + used, sizeof resources - used, bar->size);
    }
    if (dev->irq)
        ksnprintf(resources + used, sizeof resources - used, "%sIRQ=%u", used ? " " : "", dev->irq);

    const char *open = resources[0] ? " [" : "", *close = resources[0] ? "]" : "";
    if (dev->bus != BUS_PCI)
        return ksnprintf(out, size, "%s%s%s%s", dev->name, open, resources, close);
    return ksnprintf(out, size, "PCI %04X:%04X class=%02X:%02X%s%s%s", dev->vendor, dev->device_id,
                     dev->class_code, dev->subclass, open, resources, close);
}
