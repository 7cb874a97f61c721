/* The tick, checked from outside: it comes by itself, at the promised rate, measured by the other clock. */
#include <auton/arch.h>
#include <auton/sched.h>
#include <auton/selftest.h>

/* Time for `count` ticks to pass, or 0 when they do not within two seconds. */
static uint64_t wait_ticks(uint64_t count) {
    uint64_t start = arch_time_ns(), first = arch_timer_get_ticks();
    while (arch_timer_get_ticks() - first < count)
        if (arch_time_ns() - start > 2000000000)
            return 0;
    return arch_time_ns() - start;
}

/* Five ticks are 50 ms. An emulator on a busy host delivers late, and what it has missed all at once: too short is
 * measured again, and a clock that really runs fast is fast every time. */
SELFTEST(timer_tick, "drivers") {
    uint64_t five = 0, begin = arch_time_ns();
    CHECK(arch_timer_get_frequency() > 0);
    while (five < 40000000 && arch_time_ns() - begin < 5000000000) {
        CHECK(wait_ticks(1) > 0); /* from here on in step with the tick */
        uint64_t kernel_before = timer_ticks();
        five = wait_ticks(5);
        CHECK(five > 0);
        CHECK(timer_ticks() - kernel_before >= 4);
    }
    CHECK(five >= 40000000);
    return NULL;
}
