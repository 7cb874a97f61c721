/* PCI devices that say whatever they like. The input is a row of functions: where each is (bus, device and function),
 * its 64 bytes of configuration space, and which bits of its registers can be written. */
#include "fuzz.h"
#include "../../../kernels/reference/dev/dev_internal.h"
#include <auton/arch.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

#define SPACE 64
#define RECORD (2 + 2 * SPACE)
#define MAX_FUNCTIONS 64

static struct function {
    uint8_t bus, devfn;
    uint8_t space[SPACE], writable[SPACE];
} functions[MAX_FUNCTIONS];
static size_t function_count, reads;

static struct function *find(uint8_t bus, uint8_t dev, uint8_t fn) {
    for (size_t i = 0; i < function_count; i++)
        if (functions[i].bus == bus && functions[i].devfn == (dev << 3 | fn))
            return &functions[i];
    return NULL;
}

uint32_t arch_pci_config_read32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    const struct function *f = find(bus, dev, fn);
    reads++;
    PROMISE(reads < 1000000); /* a scan of all buses takes less */
    if (!f)
        return UINT32_MAX;
    uint32_t value = 0;
    if (offset + 4u <= SPACE)
        memcpy(&value, f->space + offset, sizeof value);
    return value;
}

void arch_pci_config_write32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset, uint32_t value) {
    struct function *f = find(bus, dev, fn);
    for (unsigned i = 0; f && i < 4 && offset + i < SPACE; i++) {
        uint8_t mask = f->writable[offset + i], byte = (uint8_t)(value >> 8 * i);
        f->space[offset + i] = (uint8_t)((f->space[offset + i] & ~mask) | (byte & mask));
    }
}

void *vmm_map_physical(phys_addr_t phys, size_t bytes, uint32_t flags) {
    (void)phys;
    (void)bytes;
    (void)flags;
    return NULL;
}

/* As on a machine without firmware: windows are placed, in room that does not suffice for all. */
void pci_tree_assign(void) {
    struct pci_space host[PCI_KINDS] = {
        [PCI_PORTS] = {0x1000, 0x10000},
        [PCI_MEMORY_32] = {0x40000000, 0x50000000},
        [PCI_MEMORY_64] = {GB(16), GB(32)},
    };
    pci_assign(host, 0);
}

static void check(const device_t *dev) {
    char line[320];
    PROMISE(strnlen(dev->name, sizeof dev->name) < sizeof dev->name && device_find(dev->name) == dev);
    PROMISE(device_summary(dev, line, sizeof line) >= 0 && strlen(line) < sizeof line);
    touch(pci_class_name(dev->class_code, dev->subclass), 1);
    for (size_t i = 0; i < ARRAY_SIZE(dev->bars); i++) {
        const struct pci_bar *bar = &dev->bars[i];
        PROMISE(bar->size != 0 || bar->base == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reads = function_count = 0;
    for (; size >= RECORD && function_count < MAX_FUNCTIONS; data += RECORD, size -= RECORD) {
        struct function *f = &functions[function_count++];
        f->bus = data[0];
        f->devfn = data[1];
        memcpy(f->space, data + 2, SPACE);
        memcpy(f->writable, data + 2 + SPACE, SPACE);
    }
    pci_scan();
    size_t listed = 0;
    for (device_t *dev = device_first(); dev; dev = dev->next, listed++)
        check(dev);
    PROMISE(listed <= pci_device_count() && pci_device_count() <= function_count);
    for (device_t *dev; (dev = device_first()) != NULL;) {
        device_unregister(dev);
        kfree(dev);
    }
    return 0;
}
