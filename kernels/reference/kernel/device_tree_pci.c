/* The PCI host bridge of a machine with a device tree: its configuration space lies in memory (ECAM), 1 MB a bus. */
#include <auton/device_tree.h>

static struct device_tree_pci host;

static void find(void) {
    static const char *const compatible[] = {"pci-host-ecam-generic"};
    const struct fdt *tree = device_tree();
    struct fdt_range ecam;
    fdt_node_t node = device_tree_find(compatible, ARRAY_SIZE(compatible));
    if (node == FDT_NONE || !fdt_reg(tree, node, 0, &ecam) || ecam.size < MB(1))
        return;
    uint32_t first = 0, last = 255;
    fdt_cell(tree, node, "bus-range", 0, &first);
    fdt_cell(tree, node, "bus-range", 1, &last);
    if (first > last || last > 255)
        return;
    if (last - first >= ecam.size / MB(1))
        last = first + (uint32_t)(ecam.size / MB(1)) - 1;
    host = (struct device_tree_pci){node, ecam.base, (uint8_t)first, (uint8_t)last};
}

const struct device_tree_pci *device_tree_pci(void) {
    static bool looked;
    if (!looked && device_tree()) {
        looked = true;
        find();
    }
    return host.node == FDT_NONE ? NULL : &host;
}

phys_addr_t device_tree_pci_register(uint8_t bus, uint8_t dev, uint8_t fn, uint16_t offset) {
    const struct device_tree_pci *pci = device_tree_pci();
    if (!pci || bus < pci->first_bus || bus > pci->last_bus || offset > 0xFFF)
        return 0;
    return pci->ecam + MB(bus - pci->first_bus) + ((uint32_t)(dev & 31) << 15 | (uint32_t)(fn & 7) << 12 | (offset & 0xFFCu));
}
