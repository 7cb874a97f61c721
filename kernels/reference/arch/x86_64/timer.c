/* The tick from the PIT (channel 0), and the time-stamp counter, measured against PIT channel 2, as the clock. */
#include <auton/arch.h>
#include <auton/sched.h>
#include "cpu.h"

#define PIT_HZ 1193182ULL
#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define SPEAKER_PORT 0x61
#define CALIBRATION_COUNTS (PIT_HZ / 500) /* 2 ms */
#define SAMPLES 4
#define NS_PER_SECOND 1000000000ULL

struct sample {
    uint64_t tsc;
    uint16_t count;
};

static volatile uint64_t ticks;
static uint64_t frequency;
static uint64_t tsc_start, ns_per_tsc_32; /* nanoseconds per count, 32.32 fixed point */

static void on_tick(uint32_t vector, void *data) {
    (void)vector;
    (void)data;
    ticks = ticks + 1;
    timer_tick();
}

/* Reads both clocks as close together as they get: a host that takes the processor away between the two reads
 * would spoil a single try. */
static struct sample take_sample(void) {
    struct sample best = {0, 0};
    uint64_t best_span = UINT64_MAX;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t before = rdtsc();
        outb(PIT_COMMAND, 0x80); /* latch channel 2 */
        uint64_t span = rdtsc() - before;
        uint16_t count = inb(PIT_CHANNEL2);
        count |= (uint16_t)(inb(PIT_CHANNEL2) << 8);
        if (span < best_span) {
            best_span = span;
            best = (struct sample){before + span / 2, count};
        }
    }
    return best;
}

static void calibrate(void) {
    outb(SPEAKER_PORT, (inb(SPEAKER_PORT) & 0xFC) | 1); /* gate on, speaker off */
    outb(PIT_COMMAND, 0xB4);                            /* channel 2, low and high byte, counts down from 65536 */
    outb(PIT_CHANNEL2, 0);
    outb(PIT_CHANNEL2, 0);
    struct sample start = take_sample(), end;
    do
        end = take_sample();
    while ((uint16_t)(start.count - end.count) < CALIBRATION_COUNTS);
    uint64_t elapsed = (uint16_t)(start.count - end.count);
    uint64_t tsc_hz = (end.tsc - start.tsc) * PIT_HZ / elapsed;
    if (tsc_hz == 0)
        tsc_hz = NS_PER_SECOND;
    ns_per_tsc_32 = (NS_PER_SECOND << 32) / tsc_hz;
}

void arch_timer_init(uint32_t hz) {
    if (!ns_per_tsc_32) {
        tsc_start = rdtsc();
        calibrate();
    }
    uint16_t divisor = (uint16_t)((PIT_HZ + hz / 2) / hz);
    frequency = hz;
    outb(PIT_COMMAND, 0x34); /* channel 0, low and high byte, rate generator */
    outb(PIT_CHANNEL0, (uint8_t)divisor);
    outb(PIT_CHANNEL0, (uint8_t)(divisor >> 8));
    arch_set_interrupt_handler(ARCH_IRQ_BASE, on_tick, NULL);
}

uint64_t arch_timer_get_ticks(void) {
    return ticks;
}

uint64_t arch_timer_get_frequency(void) {
    return frequency;
}

uint64_t arch_time_ns(void) {
    if (!ns_per_tsc_32)
        return 0;
    return (uint64_t)(((unsigned __int128)(rdtsc() - tsc_start) * ns_per_tsc_32) >> 32);
}
