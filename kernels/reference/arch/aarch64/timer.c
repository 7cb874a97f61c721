/* The architected timer: a counter that all processors share is the clock, its virtual comparator gives the tick. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/device_tree.h>
#include <auton/sched.h>
#include "cpu.h"

#define NS_PER_SECOND 1000000000ULL
#define TREE_VIRTUAL 2 /* which interrupt of the node: secure, non-secure, virtual, hypervisor */
#define CONTROL_ON 1

static volatile uint64_t ticks;
static uint64_t frequency, interval; /* ticks a second; counts from one to the next */
static uint64_t start, next, ns_per_count_32; /* nanoseconds in 32.32 fixed point */

static uint64_t counter(void) {
    isb(); /* else it may be read before what stands above */
    return READ_SYSREG("cntvct_el0");
}

/* The comparator is set from where it stood, so that no delay adds up; ticks that were missed, because an emulator's
 * host had no time, are left out. */
static void on_tick(uint32_t vector, void *data) {
    (void)vector;
    (void)data;
    next += interval * (1 + (counter() - next) / interval);
    WRITE_SYSREG("cntv_cval_el0", next);
    ticks = ticks + 1;
    timer_tick();
}

static uint32_t timer_vector(void) {
    struct fdt_interrupt interrupt;
    fdt_node_t node = fdt_find_compatible(device_tree(), FDT_NONE, "arm,armv8-timer");
    uint32_t vector = fdt_interrupt(device_tree(), node, TREE_VIRTUAL, &interrupt) ? arch_tree_interrupt(&interrupt) : 0;
    if (!vector)
        panic("no timer in the device tree");
    return vector;
}

void arch_timer_init(uint32_t hz) {
    uint64_t counts = READ_SYSREG("cntfrq_el0");
    if (counts == 0)
        panic("timer: the firmware has not said how fast the counter is");
    if (!ns_per_count_32) {
        start = counter();
        ns_per_count_32 = (NS_PER_SECOND << 32) / counts;
    }
    frequency = hz;
    interval = counts / hz;
    next = counter() + interval;
    WRITE_SYSREG("cntv_cval_el0", next);
    WRITE_SYSREG("cntv_ctl_el0", CONTROL_ON);
    arch_set_interrupt_handler(timer_vector(), on_tick, NULL);
}

uint64_t arch_timer_get_ticks(void) {
    return ticks;
}

uint64_t arch_timer_get_frequency(void) {
    return frequency;
}

uint64_t arch_time_ns(void) {
    if (!ns_per_count_32)
        return 0;
    return (uint64_t)(((unsigned __int128)(counter() - start) * ns_per_count_32) >> 32);
}
