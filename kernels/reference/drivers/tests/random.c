/* Self-test of the random source. */
#include <auton/dev.h>
#include <auton/random.h>
#include <auton/selftest.h>

/* The random source has answered by now: it was asked when its driver bound. */
SELFTEST(random_source, "drivers") {
    const driver_t *driver = driver_find("virtio_rng");
    bool bound = false;
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        bound |= driver && dev->driver == driver;
    CHECK(!bound || random_entropy_bits() >= 512);
    return NULL;
}
