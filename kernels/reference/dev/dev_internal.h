/* What the files of dev/ share with each other and with nobody else. */
#pragma once
#include <auton/dev.h>

void acpi_init(void);
void power_init(void); /* after whoever can switch this machine off has said so by the hooks */
void pci_scan(void);
void platform_scan(void);

bool driver_matches(const struct driver_match *match, const device_t *dev);

/* Configuration space by address: through the memory window that ACPI names, else the architecture's way. */
uint32_t pci_config_read(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset);
void pci_config_write(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset, uint32_t value);
void pci_config_use_ecam(phys_addr_t base, uint8_t first_bus, uint8_t last_bus);

/* Fills dev->bars from `count` base address registers; they and the command register are left as they were. */
void pci_size_bars(device_t *dev, unsigned count);

bool pci_is_bridge(const device_t *dev);

/* Addresses that a host bridge passes on to its devices, as the bus sees them: from `next` on they are free. */
enum pci_kind { PCI_PORTS, PCI_MEMORY_32, PCI_MEMORY_64, PCI_KINDS };
struct pci_space {
    uint64_t next, end; /* both 0: it has none */
};
/* Places every window of the devices found, unless the firmware has placed any. */
void pci_assign(struct pci_space host[PCI_KINDS], uint8_t root_bus);

/* Both do nothing on a machine without a device tree: the second completes what the scan has found. */
void pci_tree_init(void);
void pci_tree_assign(void);

#define PCI_ID 0x00
#define PCI_COMMAND 0x04
#define PCI_COMMAND_IO 0x1u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_COMMAND_NO_INTERRUPT 0x400u
#define PCI_STATUS 0x06
#define PCI_STATUS_CAPABILITIES 0x10u
#define PCI_CLASS 0x08
#define PCI_HEADER 0x0C
#define PCI_BAR0 0x10
#define PCI_BUSES 0x18
#define PCI_SUBSYSTEM 0x2C
#define PCI_CAPABILITIES 0x34
#define PCI_INTERRUPT 0x3C
