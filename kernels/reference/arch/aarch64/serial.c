/* The PL011 by polling: the first and the last voice of the kernel. The loader has set the line up. */
#include <arch_pl011.h>
#include <auton/arch.h>
#include <auton/device_tree.h>
#include "handover.h"

/* Where QEMU's `virt` has it: used only to say that there is no device tree to look it up in. */
#define LAST_RESORT 0x09000000ULL

struct arch_pl011 arch_pl011;

void arch_serial_early_init(void) {
    handover_open_tree();
    const struct fdt *tree = device_tree();
    arch_pl011.base = LAST_RESORT;
    if (!tree)
        return;
    struct fdt_range registers;
    struct fdt_interrupt interrupt;
    fdt_node_t node = fdt_stdout(tree);
    if (node == FDT_NONE || !fdt_is_compatible(tree, node, "arm,pl011"))
        node = fdt_find_compatible(tree, FDT_NONE, "arm,pl011");
    arch_pl011.base = fdt_reg(tree, node, 0, &registers) ? registers.base : 0;
    arch_pl011.vector = fdt_interrupt(tree, node, 0, &interrupt) ? arch_tree_interrupt(&interrupt) : 0;
}

void arch_serial_putchar(char c) {
    if (!arch_pl011.base)
        return;
    while (arch_io_read32(arch_pl011.base + PL011_FLAGS) & PL011_FLAG_TRANSMIT_FULL) {
    }
    arch_io_write32(arch_pl011.base + PL011_DATA, (uint8_t)c);
}
