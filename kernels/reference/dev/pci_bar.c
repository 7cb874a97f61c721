/* Base address registers: where a device answers, and how large that window is. The size shows in the bits that
 * stay 0 when all ones are written, so the device must not answer anywhere while that is tried. */
#include "dev_internal.h"
#include <auton/arch.h>

#define BAR_IO 0x1u
#define BAR_TYPE_64 0x4u
#define BAR_PREFETCHABLE 0x8u

/* Writes all ones, reads what stuck, puts the old value back. */
static uint32_t probe_register(const device_t *dev, uint16_t offset, uint32_t old) {
    pci_write32(dev, offset, 0xFFFFFFFFu);
    uint32_t mask = pci_read32(dev, offset);
    pci_write32(dev, offset, old);
    return mask;
}

/* Reads the BAR at `index`; returns how many registers it takes. */
static unsigned size_bar(device_t *dev, unsigned index, unsigned count) {
    uint16_t offset = (uint16_t)(PCI_BAR0 + index * 4);
    struct pci_bar *bar = &dev->bars[index];
    uint32_t low = pci_read32(dev, offset);
    uint32_t mask = probe_register(dev, offset, low);
    if (mask == 0 || mask == 0xFFFFFFFFu)
        return 1;

    if (mask & BAR_IO) {
        /* The upper half is often hard-wired to 0: ports are 16 bits wide. */
        uint32_t size_mask = (mask & ~3u) | 0xFFFF0000u;
        bar->base = low & ~3u;
        bar->size = (uint32_t)(~size_mask + 1);
        return 1;
    }
    bool wide = (mask & 6u) == BAR_TYPE_64 && index + 1 < count;
    uint64_t base = low & ~15u;
    uint64_t size_mask = (mask & ~15u) | 0xFFFFFFFF00000000ull;
    if (wide) {
        uint32_t high = pci_read32(dev, offset + 4);
        size_mask = (uint32_t)size_mask | (uint64_t)probe_register(dev, offset + 4, high) << 32;
        base |= (uint64_t)high << 32;
    }
    bar->is_mmio = true;
    bar->is_64bit = wide;
    bar->prefetchable = mask & BAR_PREFETCHABLE;
    bar->base = base;
    bar->size = ~size_mask + 1;
    return wide ? 2 : 1;
}

void pci_size_bars(device_t *dev, unsigned count) {
    uint64_t irq = arch_save_irq_state();
    uint16_t command = pci_read16(dev, PCI_COMMAND);
    uint16_t quiet = command & (uint16_t)~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    /* A host bridge that stops answering takes the memory behind it along. */
    bool is_host_bridge = dev->class_code == 0x06 && dev->subclass == 0x00;
    if (quiet != command && !is_host_bridge)
        pci_write16(dev, PCI_COMMAND, quiet);
    for (unsigned i = 0; i < ARRAY_SIZE(dev->bars); i++)
        dev->bars[i] = (struct pci_bar){0};
    for (unsigned i = 0; i < count;)
        i += size_bar(dev, i, count);
    if (quiet != command && !is_host_bridge)
        pci_write16(dev, PCI_COMMAND, command);
    arch_restore_irq_state(irq);
}
