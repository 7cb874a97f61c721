/* Self-tests of what becomes of a real device when its driver stops, starts and goes. `rebind=nvme,e1000` names the
 * drivers that may be taken from their devices meanwhile. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "disk_test.h"

static const char *for_each_driver(const char *(*test)(driver_t *driver)) {
    char list[96], *next;
    if (!cmdline_get("rebind", list, sizeof list))
        return NULL;
    for (char *name = list; *name; name = next) {
        next = strchr(name, ',');
        if (next)
            *next++ = '\0';
        else
            next = name + strlen(name);
        driver_t *driver = (driver_t *)(uintptr_t)driver_find(name);
        const char *reason = driver ? test(driver) : "there is no driver of the name that rebind= gives";
        if (reason)
            return reason;
    }
    return NULL;
}

static unsigned bound_to(const driver_t *driver) {
    unsigned count = 0;
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        count += dev->driver == driver;
    return count;
}

/* Going and coming back leaves everything as it was, memory too. */
static const char *rebind(driver_t *driver) {
    unsigned devices = bound_to(driver);
    uint64_t free_pages = 0;
    CHECK(devices > 0);
    for (int turn = 0; turn < 3; turn++) {
        CHECK(driver_unregister(driver) == 0 && bound_to(driver) == 0);
        thread_sleep_ms(20); /* an interrupt or a transfer of a device that is not quiet would hit free memory */
        CHECK(driver_register(driver) == 0 && bound_to(driver) == devices);
        thread_sleep_ms(20); /* the idle thread frees what ended threads have left */
        CHECK(turn < 2 || pmm_free_page_count() == free_pages); /* the first turn may fill slabs */
        free_pages = pmm_free_page_count();
    }
    return test_scratch_disks();
}
SELFTEST(driver_rebind, "drivers") {
    return for_each_driver(rebind);
}

static const char *resume(driver_t *driver) {
    for (int turn = 0; turn < 2; turn++)
        for (device_t *dev = device_first(); dev; dev = dev->next) {
            if (dev->driver != driver)
                continue;
            CHECK(driver->suspend && driver->suspend(dev) == 0);
            thread_sleep_ms(20);
            CHECK(driver->resume && driver->resume(dev) == 0);
        }
    return test_scratch_disks();
}
SELFTEST(driver_resume, "drivers") {
    return for_each_driver(resume);
}
