/* PCI configuration space through the memory window that the device tree names. */
#include <auton/arch.h>
#include <auton/device_tree.h>

uint32_t arch_pci_config_read32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    phys_addr_t at = device_tree_pci_register(bus, dev, fn, offset);
    return at ? arch_io_read32(at) : UINT32_MAX;
}

void arch_pci_config_write32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset, uint32_t value) {
    phys_addr_t at = device_tree_pci_register(bus, dev, fn, offset);
    if (at)
        arch_io_write32(at, value);
}
