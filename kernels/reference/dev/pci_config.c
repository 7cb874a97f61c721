/* PCI configuration space: one 32-bit register at a time, smaller ones cut out of it. */
#include "dev_internal.h"
#include <auton/arch.h>
#include <auton/klog.h>
#include <auton/mm.h>

/* The memory window (ECAM): 1 MB a bus, mapped when a bus is first looked at. */
static struct {
    phys_addr_t base;
    uint8_t first_bus, last_bus;
    volatile uint8_t *bus[256];
} ecam;

static volatile uint32_t *ecam_register(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    if (!ecam.base || bus < ecam.first_bus || bus > ecam.last_bus)
        return NULL;
    if (!ecam.bus[bus])
        ecam.bus[bus] = vmm_map_physical(ecam.base + MB(bus - ecam.first_bus), MB(1),
                                         MAP_PRESENT | MAP_WRITABLE | MAP_NOCACHE | MAP_NOEXEC);
    if (!ecam.bus[bus])
        return NULL;
    return (volatile uint32_t *)(ecam.bus[bus] + ((uint32_t)dev << 15 | (uint32_t)fn << 12 | (offset & 0xFFCu)));
}

uint32_t pci_config_read(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    volatile uint32_t *reg = ecam_register(bus, dev, fn, offset);
    if (reg)
        return *reg;
    return arch_pci_config_read32(bus, dev, fn, offset & 0xFFCu);
}

void pci_config_write(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset, uint32_t value) {
    volatile uint32_t *reg = ecam_register(bus, dev, fn, offset);
    if (reg)
        *reg = value;
    else
        arch_pci_config_write32(bus, dev, fn, offset & 0xFFCu, value);
}

/* Firmware tables can be wrong, and a wrong window reads as garbage: it is used only when the first device looks
 * the same through both. */
void pci_config_use_ecam(phys_addr_t base, uint8_t first_bus, uint8_t last_bus) {
    uint32_t known = pci_config_read(first_bus, 0, 0, PCI_ID);
    ecam.first_bus = first_bus;
    ecam.last_bus = last_bus;
    ecam.base = base;
    if (pci_config_read(first_bus, 0, 0, PCI_ID) != known) {
        ecam.base = 0;
        log_warn("DEV", "PCI configuration window at 0x%llX does not answer, using the slow way",
                 (unsigned long long)base);
    }
}

uint32_t pci_read32(const device_t *dev, uint16_t offset) {
    return pci_config_read(dev->pci_bus, dev->pci_dev, dev->pci_fn, offset);
}

uint16_t pci_read16(const device_t *dev, uint16_t offset) {
    return (uint16_t)(pci_read32(dev, offset) >> (offset & 2) * 8);
}

uint8_t pci_read8(const device_t *dev, uint16_t offset) {
    return (uint8_t)(pci_read32(dev, offset) >> (offset & 3) * 8);
}

void pci_write32(const device_t *dev, uint16_t offset, uint32_t value) {
    pci_config_write(dev->pci_bus, dev->pci_dev, dev->pci_fn, offset, value);
}

/* Writing back the other half is harmless everywhere but beside the status register at 0x06, where a 1 clears
 * a bit: that half is written as 0. */
void pci_write16(const device_t *dev, uint16_t offset, uint16_t value) {
    unsigned shift = (offset & 2) * 8;
    uint32_t keep = (offset & 0xFFC) == PCI_COMMAND ? 0 : pci_read32(dev, offset) & ~(0xFFFFu << shift);
    pci_write32(dev, offset, keep | (uint32_t)value << shift);
}

void pci_enable(const device_t *dev) {
    pci_write16(dev, PCI_COMMAND, pci_read16(dev, PCI_COMMAND) | PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
}

void pci_set_master(const device_t *dev, bool on) {
    uint16_t command = pci_read16(dev, PCI_COMMAND) & (uint16_t)~(PCI_COMMAND_MASTER | PCI_COMMAND_NO_INTERRUPT);
    pci_write16(dev, PCI_COMMAND, command | (on ? PCI_COMMAND_MASTER : PCI_COMMAND_NO_INTERRUPT));
}

/* A broken list may lead in a circle: no more steps than capabilities have room for. */
uint16_t pci_capability(const device_t *dev, uint8_t id, uint16_t after) {
    if (!(pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAPABILITIES))
        return 0;
    uint16_t at = pci_read8(dev, after ? (uint16_t)(after + 1) : PCI_CAPABILITIES) & 0xFCu;
    for (int steps = 0; at >= 0x40 && steps < 48; steps++) {
        if (pci_read8(dev, at) == id)
            return at;
        at = pci_read8(dev, (uint16_t)(at + 1)) & 0xFCu;
    }
    return 0;
}

void *pci_map_bar(device_t *dev, unsigned bar) {
    if (bar >= ARRAY_SIZE(dev->bars) || !dev->bars[bar].is_mmio || !dev->bars[bar].base || !dev->bars[bar].size)
        return NULL;
    struct pci_bar *window = &dev->bars[bar];
    if (!window->mapped)
        window->mapped = vmm_map_physical(window->base, window->size,
                                          MAP_PRESENT | MAP_WRITABLE | MAP_NOCACHE | MAP_NOEXEC);
    return window->mapped;
}
