/* The device tree of this machine, for architectures whose firmware gives one: what of it every kernel needs. Boot
 * code opens it and has it fill boot_info; drivers read the rest from device_tree(). */
#pragma once
#include <auton/fdt.h>

/* Opens the tree in memory at `phys`, of which at least `available` bytes are mapped, and takes the command line
 * from it. NULL, or why the tree is refused. */
const char *device_tree_open(phys_addr_t phys, size_t available);
const struct fdt *device_tree(void);  /* NULL: this machine has none */

/* Fill boot_info: what may not be touched (the tree itself is part of it) and RAM; the initial ramdisk. */
void device_tree_memory(void);
void device_tree_modules(void);

/* The first enabled node with one of `count` compatible strings; FDT_NONE without a tree, too. */
fdt_node_t device_tree_find(const char *const *compatible, size_t count);
uint32_t device_tree_cpu_count(void); /* at least 1 */

struct device_tree_pci {
    fdt_node_t node;
    phys_addr_t ecam; /* of the first bus */
    uint8_t first_bus, last_bus;
};
const struct device_tree_pci *device_tree_pci(void); /* NULL: no PCI */
/* Where a configuration register lies; 0 when there is none. */
phys_addr_t device_tree_pci_register(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset);
