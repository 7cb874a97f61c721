/* Self-test of the random source. */
#include <auton/dev.h>
#include <auton/random.h>
#include <auton/sched.h>
#include <auton/selftest.h>

#define STEP_MS 20u
#define ANSWER_MS 2000u

/* The random source answers: it was asked when its driver bound. */
SELFTEST(random_source, "drivers") {
    const driver_t *driver = driver_find("virtio_rng");
    bool bound = false;
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        bound |= driver && dev->driver == driver;
    for (unsigned waited = 0; bound && random_entropy_bits() < 512 && waited < ANSWER_MS; waited += STEP_MS)
        thread_sleep_ms(STEP_MS);
    CHECK(!bound || random_entropy_bits() >= 512);
    return NULL;
}
