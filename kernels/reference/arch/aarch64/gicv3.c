/* The interrupt controller, version 3: a distributor for devices' interrupts, a redistributor for each processor's own
 * (two frames of 64 KB, of which the second is used here), and system registers in the place of the interface. */
#include "cpu.h"
#include "gic.h"
#include <auton/arch.h>
#include <auton/boot.h>

#define GICR_TYPER 0x08
#define GICR_WAKER 0x14
#define GICR_FRAMES 0x20000
#define GICR_PRIVATE 0x10000      /* the second frame, laid out as a distributor */
#define GICR_TYPER_LAST 0x10
#define GICR_TYPER_VIRTUAL 0x02   /* two more frames */
#define WAKER_SLEEP 0x2
#define WAKER_CHILDREN_ASLEEP 0x4
#define CTLR_WRITE_PENDING (1u << 31)
#define CTLR_GROUP1 0x2
#define CTLR_AFFINITY 0x10
#define AFFINITY_MASK 0xFF00FFFFFFULL
#define MAX_PROCESSORS 512

#define ICC_SRE "S3_0_C12_C12_5"
#define ICC_PMR "S3_0_C4_C6_0"
#define ICC_IGRPEN1 "S3_0_C12_C12_7"
#define ICC_IAR1 "S3_0_C12_C12_0"
#define ICC_EOIR1 "S3_0_C12_C12_1"

static phys_addr_t distributor, redistributor;

/* The redistributor of the processor that runs this. */
static phys_addr_t find_redistributor(phys_addr_t at) {
    uint64_t mpidr = READ_SYSREG("mpidr_el1") & AFFINITY_MASK;
    uint32_t affinity = (uint32_t)(mpidr >> 8 & 0xFF000000) | (uint32_t)(mpidr & 0xFFFFFF);
    for (unsigned i = 0; i < MAX_PROCESSORS; i++) {
        uint32_t type = arch_io_read32(at + GICR_TYPER);
        if (arch_io_read32(at + GICR_TYPER + 4) == affinity)
            return at;
        if (type & GICR_TYPER_LAST)
            break;
        at += type & GICR_TYPER_VIRTUAL ? 2 * GICR_FRAMES : GICR_FRAMES;
    }
    panic("gic: no redistributor for this processor");
}

static void wait_for_writes(void) {
    while (arch_io_read32(distributor + GICD_CTLR) & CTLR_WRITE_PENDING) {
    }
}

static void init_shared(void) {
    uint32_t lines = gic_lines(distributor);
    arch_io_write32(distributor + GICD_CTLR, 0);
    wait_for_writes();
    for (uint32_t n = GIC_FIRST_SHARED; n < lines; n += 32) {
        arch_io_write32(distributor + GICD_ICENABLER + n / 8, UINT32_MAX);
        arch_io_write32(distributor + GICD_IGROUPR + n / 8, UINT32_MAX);
    }
    for (uint32_t n = GIC_FIRST_SHARED; n < lines; n += 4)
        arch_io_write32(distributor + GICD_IPRIORITYR + n, GIC_PRIORITY);
    arch_io_write32(distributor + GICD_CTLR, CTLR_AFFINITY | CTLR_GROUP1);
    wait_for_writes();
}

static void init_private(void) {
    arch_io_write32(redistributor + GICR_WAKER, arch_io_read32(redistributor + GICR_WAKER) & ~(uint32_t)WAKER_SLEEP);
    while (arch_io_read32(redistributor + GICR_WAKER) & WAKER_CHILDREN_ASLEEP) {
    }
    phys_addr_t own = redistributor + GICR_PRIVATE;
    arch_io_write32(own + GICD_ICENABLER, UINT32_MAX);
    arch_io_write32(own + GICD_IGROUPR, UINT32_MAX);
    for (uint32_t n = 0; n < GIC_FIRST_SHARED; n += 4)
        arch_io_write32(own + GICD_IPRIORITYR + n, GIC_PRIORITY);
}

static void init(const phys_addr_t *regions) {
    distributor = regions[0];
    redistributor = find_redistributor(regions[1]);
    init_shared();
    init_private();
    WRITE_SYSREG(ICC_SRE, READ_SYSREG(ICC_SRE) | 1);
    isb();
    WRITE_SYSREG(ICC_PMR, 0xFF);
    WRITE_SYSREG(ICC_IGRPEN1, 1);
    isb();
}

static void enable(uint32_t number, bool on) {
    uint32_t which = (on ? GICD_ISENABLER : GICD_ICENABLER) + number / 32 * 4;
    if (number < GIC_FIRST_SHARED) {
        arch_io_write32(redistributor + GICR_PRIVATE + which, 1u << number);
        return;
    }
    uint64_t mpidr = READ_SYSREG("mpidr_el1") & AFFINITY_MASK; /* where it is to be delivered */
    arch_io_write32(distributor + GICD_IROUTER + number * 8, (uint32_t)mpidr);
    arch_io_write32(distributor + GICD_IROUTER + number * 8 + 4, (uint32_t)(mpidr >> 32));
    arch_io_write32(distributor + which, 1u << (number % 32));
}

static uint32_t acknowledge(void) {
    uint32_t number = (uint32_t)READ_SYSREG(ICC_IAR1);
    dsb();
    return number;
}

static void end_of_interrupt(uint32_t number) {
    WRITE_SYSREG(ICC_EOIR1, number);
    isb();
}

const struct gic gic_v3 = {"GICv3", init, enable, acknowledge, end_of_interrupt};
