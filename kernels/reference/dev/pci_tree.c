/* PCI on a machine with a device tree: the host bridge's node says where configuration space is, which addresses
 * devices may have and which interrupts their pins reach. */
#include "dev_internal.h"
#include <auton/arch.h>
#include <auton/device_tree.h>
#include <auton/klog.h>

#define FIRST_PORT 0x1000 /* a register that holds 0 is not assigned */
#define PIN_INTERRUPT(device) (pci_read8((device), PCI_INTERRUPT + 1))
enum { SPACE_PORTS = 1, SPACE_MEMORY_32, SPACE_MEMORY_64 }; /* bits 24 and 25 of a window's first cell */

void pci_tree_init(void) {
    const struct device_tree_pci *pci = device_tree_pci();
    if (pci)
        pci_config_use_ecam(pci->ecam, pci->first_bus, pci->last_bus);
}

/* Devices see memory where the processor sees it on every machine so far; a window that shifts it is not used. */
static void host_spaces(const struct device_tree_pci *pci, struct pci_space spaces[PCI_KINDS]) {
    struct fdt_window w;
    for (uint32_t i = 0; fdt_window(device_tree(), pci->node, i, &w); i++) {
        unsigned space = w.space >> 24 & 3;
        if (space == SPACE_PORTS)
            spaces[PCI_PORTS] = (struct pci_space){w.bus < FIRST_PORT ? FIRST_PORT : w.bus, w.bus + w.size};
        else if (w.bus == w.cpu && space == SPACE_MEMORY_32 && w.bus + w.size <= GB(4))
            spaces[PCI_MEMORY_32] = (struct pci_space){w.bus, w.bus + w.size};
        else if (w.bus == w.cpu && space == SPACE_MEMORY_64)
            spaces[PCI_MEMORY_64] = (struct pci_space){w.bus, w.bus + w.size};
        else
            log_warn("DEV", "PCI: window %u at 0x%lX is not used", i, w.cpu);
    }
}

static const device_t *bridge_to(uint8_t bus) {
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        if (pci_is_bridge(dev) && (uint8_t)(pci_read32(dev, PCI_BUSES) >> 8) == bus && dev->pci_bus < bus)
            return dev;
    return NULL;
}

/* Each bridge on the way up turns the four pins by the device's number. */
static uint8_t irq_of(const device_t *dev, const struct device_tree_pci *pci) {
    uint8_t pin = PIN_INTERRUPT(dev);
    struct fdt_interrupt interrupt;
    if (pin < 1 || pin > 4)
        return 0;
    while (dev && dev->pci_bus != pci->first_bus) {
        pin = (uint8_t)((pin - 1 + dev->pci_dev) % 4 + 1);
        dev = bridge_to(dev->pci_bus);
    }
    if (!dev || !fdt_pci_interrupt(device_tree(), pci->node, dev->pci_dev, pin, &interrupt))
        return 0;
    uint32_t vector = arch_tree_interrupt(&interrupt);
    return vector > ARCH_IRQ_BASE && vector - ARCH_IRQ_BASE <= UINT8_MAX ? (uint8_t)(vector - ARCH_IRQ_BASE) : 0;
}

void pci_tree_assign(void) {
    const struct device_tree_pci *pci = device_tree_pci();
    struct pci_space spaces[PCI_KINDS] = {{0, 0}};
    if (!pci)
        return;
    host_spaces(pci, spaces);
    pci_assign(spaces, pci->first_bus);
    for (device_t *dev = device_first(); dev; dev = dev->next)
        if (dev->bus == BUS_PCI)
            dev->irq = irq_of(dev, pci);
}
