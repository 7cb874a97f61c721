/* The driver registry and the rule by which a driver gets a device: the most specific match is asked first,
 * and the first whose probe and init both succeed keeps it. */
#include "dev_internal.h"
#include <auton/klog.h>
#include <auton/string.h>
#include <auton/sync.h>

static driver_t *drivers;
static spinlock_t lock;

static bool try_bind(device_t *dev, driver_t *drv);
static bool bind(device_t *dev);
static int specificity(const driver_t *drv, const device_t *dev);

int driver_register(driver_t *drv) {
    if (!drv || !drv->name || !drv->name[0] || !drv->matches || !drv->match_count)
        return -1;
    uint64_t irq = spin_lock(&lock);
    driver_t **end = &drivers;
    while (*end && *end != drv && strcmp((*end)->name, drv->name) != 0)
        end = &(*end)->next;
    bool taken = *end != NULL;
    if (!taken) {
        drv->next = NULL;
        *end = drv;
    }
    spin_unlock(&lock, irq);
    if (taken)
        return -1;
    for (device_t *dev = device_first(); dev; dev = dev->next)
        if (!dev->driver && specificity(drv, dev) >= 0)
            try_bind(dev, drv);
    return 0;
}

int driver_unregister(driver_t *drv) {
    uint64_t irq = spin_lock(&lock);
    driver_t **link = &drivers;
    while (*link && *link != drv)
        link = &(*link)->next;
    bool found = *link != NULL;
    if (found)
        *link = drv->next;
    spin_unlock(&lock, irq);
    if (!found)
        return -1;
    for (device_t *dev = device_first(); dev; dev = dev->next) {
        if (dev->driver != drv)
            continue;
        if (drv->remove)
            drv->remove(dev);
        dev->driver = NULL;
    }
    return 0;
}

const driver_t *driver_find(const char *name) {
    const driver_t *drv = drivers;
    while (drv && strcmp(drv->name, name) != 0)
        drv = drv->next;
    return drv;
}

int driver_bind_all(void) {
    int bound = 0;
    for (device_t *dev = device_first(); dev; dev = dev->next)
        if (!dev->driver && bind(dev))
            bound++;
    return bound;
}

static void suspend_from(device_t *dev) {
    if (!dev)
        return;
    suspend_from(dev->next);
    if (dev->driver && dev->driver->suspend)
        dev->driver->suspend(dev);
}

void driver_suspend_all(void) {
    suspend_from(device_first());
}

bool driver_matches(const struct driver_match *match, const device_t *dev) {
    if (match->bus != dev->bus)
        return false;
    if (match->name)
        return strcmp(match->name, dev->name) == 0;
    if (match->bus == BUS_PLATFORM)
        return false;
    return (match->vendor == MATCH_ANY16 || match->vendor == dev->vendor) &&
           (match->device_id == MATCH_ANY16 || match->device_id == dev->device_id) &&
           (match->class_code == MATCH_ANY8 || match->class_code == dev->class_code) &&
           (match->subclass == MATCH_ANY8 || match->subclass == dev->subclass);
}

/* How closely `drv` names the device: -1 not at all; an exact id beats any class. */
static int specificity(const driver_t *drv, const device_t *dev) {
    int best = -1;
    for (size_t i = 0; i < drv->match_count; i++) {
        const struct driver_match *match = &drv->matches[i];
        if (!driver_matches(match, dev))
            continue;
        int score = match->name ? 16 : 0;
        score += match->device_id != MATCH_ANY16 ? 8 : 0;
        score += match->vendor != MATCH_ANY16 ? 4 : 0;
        score += match->subclass != MATCH_ANY8 ? 2 : 0;
        score += match->class_code != MATCH_ANY8 ? 1 : 0;
        if (score > best)
            best = score;
    }
    return best;
}

static bool bind(device_t *dev) {
    for (int level = 16; level >= 0; level--)
        for (driver_t *drv = drivers; drv; drv = drv->next)
            if (specificity(drv, dev) == level && try_bind(dev, drv))
                return true;
    return false;
}

static bool try_bind(device_t *dev, driver_t *drv) {
    if (drv->probe && drv->probe(dev) != 0)
        return false;
    int status = drv->init ? drv->init(dev) : 0;
    if (status != 0) {
        log_warn("DRV", "%s: %s did not start (%d)", drv->name, dev->name, status);
        return false;
    }
    dev->driver = drv;
    log_debug("DRV", "%s bound to %s", drv->name, dev->name);
    return true;
}
