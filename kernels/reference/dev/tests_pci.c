/* Self-tests of PCI on the devices of this machine. A machine without PCI must read as having none. */
#include "dev_internal.h"
#include <auton/arch.h>
#include <auton/selftest.h>
#include <auton/string.h>

static device_t *next_pci(device_t *dev) {
    while (dev && dev->bus != BUS_PCI)
        dev = dev->next;
    return dev;
}

/* The interrupt line is a register that hardware gives no meaning to: whatever is written must come back. */
SELFTEST(pci_config_round_trip, "dev") {
    device_t *dev = next_pci(device_first());
    if (!dev) {
        CHECK(pci_config_read(0, 0, 0, PCI_ID) == 0xFFFFFFFFu);
        return NULL;
    }
    uint64_t irq = arch_save_irq_state();
    uint32_t old = pci_read32(dev, PCI_INTERRUPT);
    pci_write32(dev, PCI_INTERRUPT, (old & ~0xFFu) | 0xA5);
    uint8_t written = pci_read8(dev, PCI_INTERRUPT);
    pci_write32(dev, PCI_INTERRUPT, old);
    uint32_t restored = pci_read32(dev, PCI_INTERRUPT);
    arch_restore_irq_state(irq);
    CHECK(written == 0xA5);
    CHECK(restored == old);
    return NULL;
}

/* Both ways into configuration space lead to the same device. */
SELFTEST(pci_config_agrees, "dev") {
    for (device_t *dev = next_pci(device_first()); dev; dev = next_pci(dev->next)) {
        uint32_t id = arch_pci_config_read32(dev->pci_bus, dev->pci_dev, dev->pci_fn, PCI_ID);
        CHECK(id == ((uint32_t)dev->device_id << 16 | dev->vendor));
        CHECK(pci_read32(dev, PCI_ID) == id);
        CHECK(pci_read16(dev, PCI_ID + 2) == dev->device_id && pci_read8(dev, PCI_CLASS + 3) == dev->class_code);
    }
    return NULL;
}

static const char *check_bars(const device_t *dev, unsigned count) {
    device_t again = *dev;
    uint32_t before[7], after[7];
    for (unsigned i = 0; i < count; i++)
        before[i] = pci_read32(dev, (uint16_t)(PCI_BAR0 + i * 4));
    before[6] = pci_read16(dev, PCI_COMMAND);
    pci_size_bars(&again, count);
    for (unsigned i = 0; i < count; i++)
        after[i] = pci_read32(dev, (uint16_t)(PCI_BAR0 + i * 4));
    after[6] = pci_read16(dev, PCI_COMMAND);
    CHECK(memcmp(before, after, count * sizeof before[0]) == 0 && before[6] == after[6]);
    for (unsigned i = 0; i < count; i++) {
        const struct pci_bar *bar = &dev->bars[i], *found = &again.bars[i];
        CHECK(found->base == bar->base && found->size == bar->size && found->is_mmio == bar->is_mmio);
        CHECK((bar->size & (bar->size - 1)) == 0); /* a power of two, or 0 */
        CHECK(bar->size == 0 || bar->base % bar->size == 0);
    }
    return NULL;
}

SELFTEST(pci_bar_sizing, "dev") {
    for (device_t *dev = next_pci(device_first()); dev; dev = next_pci(dev->next)) {
        uint8_t header = pci_read8(dev, PCI_HEADER + 2) & 0x7F;
        const char *failure = header == 0 ? check_bars(dev, 6) : header == 1 ? check_bars(dev, 2) : NULL;
        if (failure)
            return failure;
    }
    return NULL;
}

/* Every function is listed once, and with it everything behind its bridges. */
SELFTEST(pci_scan_complete, "dev") {
    size_t listed = 0;
    for (device_t *dev = next_pci(device_first()); dev; dev = next_pci(dev->next)) {
        listed++;
        CHECK(device_find(dev->name) == dev);
        if ((pci_read8(dev, PCI_HEADER + 2) & 0x7F) != 1)
            continue;
        uint8_t secondary = (uint8_t)(pci_read32(dev, PCI_BUSES) >> 8);
        for (uint8_t slot = 0; secondary && slot < 32; slot++) {
            uint32_t id = pci_config_read(secondary, slot, 0, PCI_ID);
            bool found = false;
            for (device_t *d = next_pci(device_first()); d && !found; d = next_pci(d->next))
                found = d->pci_bus == secondary && d->pci_dev == slot && d->vendor == (uint16_t)id;
            CHECK(found || (id & 0xFFFF) == 0xFFFF);
        }
    }
    CHECK(listed == pci_device_count());
    return NULL;
}

SELFTEST(pci_class_names, "dev") {
    CHECK(strcmp(pci_class_name(0x02, 0x00), "Ethernet controller") == 0);
    CHECK(strcmp(pci_class_name(0x01, 0x7F), "Storage controller") == 0); /* unknown subclass of a known class */
    CHECK(strcmp(pci_class_name(0xEE, 0x00), "Unknown device") == 0);
    return NULL;
}
