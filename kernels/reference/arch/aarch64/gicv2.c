/* The interrupt controller, version 2: distributor and processor interface, both in memory. */
#include "gic.h"
#include <auton/arch.h>

enum cpu_register { GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_IAR = 0x0C, GICC_EOIR = 0x10 };
#define TARGET_FIRST_CPU 0x01010101u

static phys_addr_t distributor, interface;

static void init(const phys_addr_t *regions) {
    distributor = regions[0];
    interface = regions[1];
    uint32_t lines = gic_lines(distributor);
    arch_io_write32(distributor + GICD_CTLR, 0);
    for (uint32_t n = 0; n < lines; n += 32)
        arch_io_write32(distributor + GICD_ICENABLER + n / 8, UINT32_MAX);
    for (uint32_t n = 0; n < lines; n += 4)
        arch_io_write32(distributor + GICD_IPRIORITYR + n, GIC_PRIORITY);
    for (uint32_t n = GIC_FIRST_SHARED; n < lines; n += 4)
        arch_io_write32(distributor + GICD_ITARGETSR + n, TARGET_FIRST_CPU);
    arch_io_write32(distributor + GICD_CTLR, 1);
    arch_io_write32(interface + GICC_PMR, 0xFF);
    arch_io_write32(interface + GICC_CTLR, 1);
}

static void enable(uint32_t number, bool on) {
    arch_io_write32(distributor + (on ? GICD_ISENABLER : GICD_ICENABLER) + number / 32 * 4, 1u << (number % 32));
}

/* The number goes back with the sender's processor in its upper bits, of which there is one only. */
static uint32_t acknowledge(void) {
    return arch_io_read32(interface + GICC_IAR) & 0x3FF;
}

static void end_of_interrupt(uint32_t number) {
    arch_io_write32(interface + GICC_EOIR, number);
}

const struct gic gic_v2 = {"GICv2", init, enable, acknowledge, end_of_interrupt};
