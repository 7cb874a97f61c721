/* Finds the memory-mapped virtio devices that a device tree names. Most of the places it names are empty. */
#include "virtio.h"
#include <auton/arch.h>
#include <auton/device_tree.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>

#define COMPATIBLE "virtio,mmio"
#define REGISTERS_LEAST 0x100 /* without configuration */

/* They get the ids and classes that the same devices have on PCI, so that both are known by one name. */
static void classify(device_t *dev, uint32_t type) {
    static const uint8_t classes[][2] = {
        [VIRTIO_NET] = {0x02, 0x00}, [VIRTIO_BLOCK] = {0x01, 0x00}, [VIRTIO_CONSOLE] = {0x07, 0x80},
        [VIRTIO_ENTROPY] = {0x00, 0xFF},
    };
    dev->vendor = VIRTIO_VENDOR;
    dev->device_id = (uint16_t)VIRTIO_ID(type);
    dev->class_code = type < ARRAY_SIZE(classes) ? classes[type][0] : 0xFF;
    dev->subclass = type < ARRAY_SIZE(classes) ? classes[type][1] : 0xFF;
}

static uint8_t irq_of(fdt_node_t node) {
    struct fdt_interrupt interrupt;
    uint32_t vector = fdt_interrupt(device_tree(), node, 0, &interrupt) ? arch_tree_interrupt(&interrupt) : 0;
    return vector > ARCH_IRQ_BASE && vector - ARCH_IRQ_BASE <= UINT8_MAX ? (uint8_t)(vector - ARCH_IRQ_BASE) : 0;
}

static void add(fdt_node_t node) {
    static unsigned found;
    struct fdt_range range;
    uint32_t type;
    if (!fdt_reg(device_tree(), node, 0, &range) || range.size < REGISTERS_LEAST || !virtio_mmio_type(range.base, &type))
        return;
    device_t *dev = kzalloc(sizeof *dev);
    if (!dev) {
        log_error("DEV", "%s is not listed: out of memory", fdt_name(device_tree(), node));
        return;
    }
    dev->bus = BUS_VIRTIO_MMIO;
    ksnprintf(dev->name, sizeof dev->name, "virtio%u", found++);
    dev->bars[0] = (struct pci_bar){.base = range.base, .size = range.size, .is_mmio = true};
    dev->irq = irq_of(node);
    classify(dev, type);
    if (device_register(dev) != 0) {
        kfree(dev);
        return;
    }
    char line[160];
    device_summary(dev, line, sizeof line);
    log_info("DEV", "%s: virtio device of type %u", line, type);
}

static void virtio_tree_scan(void) {
    const struct fdt *tree = device_tree();
    fdt_node_t node = FDT_NONE;
    while (tree && (node = fdt_find_compatible(tree, node, COMPATIBLE)) != FDT_NONE)
        add(node);
    if (tree)
        driver_bind_all();
}
INITCALL(INIT_DEV, virtio_tree_scan);
