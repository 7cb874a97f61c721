/* PCI configuration space through the memory window that the device tree names. */
#include <auton/arch.h>
#include "machine.h"

/* 0: there is nothing. */
static phys_addr_t address(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    if (!machine.ecam.base || bus < machine.ecam.first_bus || bus > machine.ecam.last_bus || offset > 0xFFF)
        return 0;
    return machine.ecam.base + MB(bus - machine.ecam.first_bus) +
           ((uint32_t)(dev & 31) << 15 | (uint32_t)(fn & 7) << 12 | (offset & 0xFFCu));
}

uint32_t arch_pci_config_read32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    phys_addr_t at = address(bus, dev, fn, offset);
    return at ? arch_io_read32(at) : UINT32_MAX;
}

void arch_pci_config_write32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset, uint32_t value) {
    phys_addr_t at = address(bus, dev, fn, offset);
    if (at)
        arch_io_write32(at, value);
}
