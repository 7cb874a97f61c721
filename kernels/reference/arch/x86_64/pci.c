/* PCI configuration space through the address and data ports; the first 256 bytes of each function. */
#include <auton/arch.h>
#include <auton/sync.h>
#include "cpu.h"

#define CONFIG_ADDRESS 0xCF8
#define CONFIG_DATA 0xCFC
#define ENABLE (1u << 31)

static spinlock_t lock;

static uint32_t select(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    return ENABLE | (uint32_t)bus << 16 | (uint32_t)(dev & 31) << 11 | (uint32_t)(fn & 7) << 8 | (offset & 0xFC);
}

uint32_t arch_pci_config_read32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    if (offset > 0xFF)
        return UINT32_MAX; /* as if nothing were there */
    uint64_t irq = spin_lock(&lock);
    outl(CONFIG_ADDRESS, select(bus, dev, fn, offset));
    uint32_t value = inl(CONFIG_DATA);
    spin_unlock(&lock, irq);
    return value;
}

void arch_pci_config_write32(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset, uint32_t value) {
    if (offset > 0xFF)
        return;
    uint64_t irq = spin_lock(&lock);
    outl(CONFIG_ADDRESS, select(bus, dev, fn, offset));
    outl(CONFIG_DATA, value);
    spin_unlock(&lock, irq);
}
