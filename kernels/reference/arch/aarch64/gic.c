/* Finds the interrupt controller in the device tree, and what the tree's numbers mean to it. */
#include "gic.h"
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/device_tree.h>
#include <auton/klog.h>

#define REGIONS 2
enum { CELL_TYPE, CELL_NUMBER, CELLS }; /* of an interrupt in the tree; a third one tells edge from level */
enum { TYPE_SHARED, TYPE_PRIVATE };
#define FIRST_PRIVATE 16

static const struct {
    const char *compatible;
    const struct gic *gic;
} known[] = {
    {"arm,gic-v3", &gic_v3}, {"arm,cortex-a15-gic", &gic_v2}, {"arm,gic-400", &gic_v2}, {"arm,cortex-a9-gic", &gic_v2},
};

static const struct gic *gic;

void gic_init(void) {
    const struct fdt *tree = device_tree();
    for (size_t i = 0; i < ARRAY_SIZE(known) && !gic; i++) {
        fdt_node_t node = fdt_find_compatible(tree, FDT_NONE, known[i].compatible);
        struct fdt_range reg;
        phys_addr_t regions[REGIONS];
        unsigned found = 0;
        while (found < REGIONS && fdt_reg(tree, node, found, &reg))
            regions[found++] = reg.base;
        if (found < REGIONS)
            continue;
        gic = known[i].gic;
        gic->init(regions);
        log_info("BOOT", "%s at 0x%lx", gic->name, regions[0]);
    }
    if (!gic)
        panic("no interrupt controller in the device tree that this kernel knows");
}

void gic_enable(uint32_t number, bool on) {
    gic->enable(number, on);
}

uint32_t gic_acknowledge(void) {
    return gic->acknowledge();
}

void gic_end_of_interrupt(uint32_t number) {
    gic->end_of_interrupt(number);
}

uint32_t gic_lines(phys_addr_t distributor) {
    return ((arch_io_read32(distributor + GICD_TYPER) & 31) + 1) * 32;
}

uint32_t arch_tree_interrupt(const struct fdt_interrupt *interrupt) {
    uint32_t number = interrupt->cells[CELL_NUMBER];
    if (interrupt->count < CELLS || number >= 988)
        return 0;
    if (interrupt->cells[CELL_TYPE] == TYPE_PRIVATE)
        return number < 16 ? FIRST_PRIVATE + number : 0;
    return GIC_FIRST_SHARED + number;
}
