/* The tick from the firmware's timer, the time register as the clock. */
#include <auton/arch.h>
#include <auton/sched.h>
#include "cpu.h"
#include "machine.h"
#include "sbi.h"
#include "trap.h"

#define NS_PER_SECOND 1000000000ULL

static volatile uint64_t ticks;
static uint64_t frequency, interval, next; /* the latter two in counts of the time register */
static uint64_t start, ns_per_count_32;    /* nanoseconds per count, 32.32 fixed point */

static void set_timer(uint64_t when) {
    static int extension = -1;
    if (extension < 0)
        extension = sbi_has(SBI_TIME) ? SBI_TIME : SBI_LEGACY_SET_TIMER;
    sbi_call((enum sbi_extension)extension, SBI_TIME_SET, when, 0);
}

/* Deadlines lie on a fixed grid, so that lateness does not add up. Those that passed meanwhile are left out: a burst of
 * ticks would take the processor from threads that had no time to use it. */
void timer_interrupt(void) {
    uint64_t now = csr_read(time);
    if (now >= next)
        next += ((now - next) / interval + 1) * interval;
    set_timer(next);
    ticks = ticks + 1;
    timer_tick();
}

void arch_timer_init(uint32_t hz) {
    uint64_t now = csr_read(time);
    if (!ns_per_count_32) {
        start = now;
        ns_per_count_32 = (NS_PER_SECOND << 32) / machine.timebase_hz;
    }
    frequency = hz;
    interval = machine.timebase_hz / hz;
    next = now + interval;
    set_timer(next);
    csr_set(sie, SIE_TIMER);
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
    return (uint64_t)(((unsigned __int128)(csr_read(time) - start) * ns_per_count_32) >> 32);
}
