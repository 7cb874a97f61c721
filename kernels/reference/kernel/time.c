/* The tick, 100 a second, and the time since boot. */
#include <auton/arch.h>
#include <auton/sched.h>

static volatile uint64_t ticks;
void (*timer_tick_hook)(void);

void timer_tick(void) {
    ticks = ticks + 1;
    if (timer_tick_hook)
        timer_tick_hook();
}

uint64_t timer_ticks(void) {
    return ticks;
}

uint64_t uptime_ms(void) {
    return arch_time_ns() / 1000000;
}
