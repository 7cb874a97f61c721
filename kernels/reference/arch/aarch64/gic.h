/* The interrupt controller, of whichever version the device tree names. */
#pragma once
#include <auton/types.h>

struct gic {
    const char *name;
    void (*init)(const phys_addr_t *regions); /* the node's `reg`, in its order */
    void (*enable)(uint32_t number, bool on);
    uint32_t (*acknowledge)(void);            /* 1020 and more: none */
    void (*end_of_interrupt)(uint32_t number);
};
extern const struct gic gic_v2, gic_v3;

void gic_init(void);
void gic_enable(uint32_t number, bool on);
uint32_t gic_acknowledge(void);
void gic_end_of_interrupt(uint32_t number);

/* The distributor, the same in both versions: everything masked, of middle priority, and for one processor. */
#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_IGROUPR 0x080
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_IROUTER 0x6000
#define GIC_PRIORITY 0xA0A0A0A0u
#define GIC_FIRST_SHARED 32
uint32_t gic_lines(phys_addr_t distributor); /* interrupt numbers it has */
