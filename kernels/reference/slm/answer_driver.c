/* Answers on drivers: which one a device needs, which are bound, and plans to bind one. */
#include "catalogue.h"
#include "engine.h"
#include <auton/klog.h>
#include <auton/string.h>

static void say_catalogue_driver(slm_result_t *out, const struct kb_driver *driver) {
    say(out, "%s (%s)", driver->name, driver->description);
    say(out, driver->in_kernel ? "; this kernel has it" : "; this kernel does not have it");
}

static void say_driver_of(struct query *q, slm_result_t *out, const device_t *dev) {
    char name[192];
    const struct kb_driver *driver = device_catalogue_driver(dev);
    device_describe(dev, name, sizeof name);
    say(out, "%s %s: ", dev->name, name);
    if (dev->driver && driver && strcmp(dev->driver->name, driver->name) != 0)
        say(out, "%s runs it; on Linux that is %s", dev->driver->name, driver->name);
    else if (dev->driver)
        say(out, "%s runs it", dev->driver->name);
    else if (driver)
        say_catalogue_driver(out, driver);
    else if (device_needs_no_driver(dev))
        say(out, "as a bridge (%s) it needs no driver of its own", pci_class_name(dev->class_code, dev->subclass));
    else
        say(out, "I know no driver for it");
    say(out, ".\n");
    focus_on(q->session, dev);
    if (driver)
        q->session->driver = driver->name;
}

static void answer_driver_of_id(struct query *q, slm_result_t *out) {
    char vendor[96], name[128];
    uint16_t v = q->slots.vendor, d = q->slots.device;
    const device_t *dev = device_by_id(v, d);
    if (dev) {
        say_driver_of(q, out, dev);
        return;
    }
    const struct kb_driver *driver = kb_driver_for(v, d, MATCH_ANY8, MATCH_ANY8);
    bool vendor_known = kb_pci_vendor(v, vendor, sizeof vendor);
    bool known = kb_pci_device(v, d, name, sizeof name);
    q->session->focus[0] = '\0';
    q->session->focus_id = (uint32_t)v << 16 | d;
    say(out, "%04x:%04x", v, d);
    if (known)
        say(out, " (%s %s)", vendor, name);
    if (driver) {
        say(out, " needs ");
        say_catalogue_driver(out, driver);
        say(out, ". It is not in this machine.\n");
        q->session->driver = driver->name;
    } else if (known) {
        say(out, ": my driver catalogue has nothing for it, so I will not guess. It is not in this machine.\n");
    } else if (vendor_known) {
        say(out, ": a device of %s that is not in my table, so I cannot tell its driver.\n", vendor);
    } else {
        say(out, " is not in my table, neither the device nor the vendor, so I cannot tell its driver.\n");
    }
}

void answer_driver(struct query *q, slm_result_t *out) {
    const device_t *devices[CONTEXT_LIST_MAX];
    bool points_back = q->concepts & C(POINTS_BACK) || q->text.count <= 3;
    if (q->slots.has_vendor && q->slots.has_device) {
        answer_driver_of_id(q, out);
        return;
    }
    if (!q->slots.has_slot && !q->slots.has_ordinal && !device_kind_of(q->concepts) && points_back &&
        !q->slots.driver && !q->session->focus[0] && q->session->focus_id) {
        q->slots.vendor = (uint16_t)(q->session->focus_id >> 16);
        q->slots.device = (uint16_t)q->session->focus_id;
        answer_driver_of_id(q, out);
        return;
    }
    const struct device_kind *kind = device_kind_of(q->concepts);
    if (q->slots.driver && !q->slots.has_slot) {
        const struct kb_driver *driver = catalogue_find(q->slots.driver);
        bool used = false;
        say_catalogue_driver(out, driver);
        for (const device_t *dev = device_first(); dev; dev = dev->next)
            if (device_catalogue_driver(dev) == driver) {
                say(out, "%s %s", used ? "," : ". In this machine it serves", dev->name);
                focus_on(q->session, dev);
                used = true;
            }
        say(out, used ? ".\n" : ". No device of this machine needs it.\n");
        q->session->driver = driver->name;
        return;
    }
    size_t count = devices_meant(q, devices, CONTEXT_LIST_MAX);
    if (count > CONTEXT_LIST_MAX)
        count = CONTEXT_LIST_MAX;
    for (size_t i = 0; i < count; i++)
        say_driver_of(q, out, devices[i]);
    if (!count && kind)
        say(out, "I found no %s in this machine, so none of its kind needs a driver.\n", kind->name);
    else if (!count && q->slots.has_slot)
        say(out, "There is no device at that place.\n");
    else if (!count)
        say(out, "Tell me which device: an id such as 8086:100e, a place such as 00:03.0, or its name.\n");
}

void answer_driver_list(struct query *q, slm_result_t *out) {
    size_t bound = 0;
    if (q->slots.driver || q->slots.has_slot || q->slots.has_device) { /* "is e1000 loaded" */
        answer_driver(q, out);
        return;
    }
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        if (dev->driver) {
            say(out, "%s runs %s\n", dev->driver->name, dev->name);
            bound++;
        }
    say(out, "%zu of %zu devices have a driver. Drivers are built into this kernel; it loads no modules.\n", bound,
        device_count());
}

void answer_driverless(struct query *q, slm_result_t *out) {
    size_t count = 0, bridges = 0;
    q->session->list_count = 0;
    for (const device_t *dev = device_first(); dev; dev = dev->next) {
        if (dev->driver)
            continue;
        if (device_needs_no_driver(dev)) {
            bridges++;
            continue;
        }
        char name[192];
        const struct kb_driver *driver = device_catalogue_driver(dev);
        device_describe(dev, name, sizeof name);
        if (q->session->list_count < CONTEXT_LIST_MAX)
            strlcpy(q->session->list[q->session->list_count++], dev->name, 32);
        say(out, "%zu. %s %s%s%s\n", ++count, dev->name, name, driver ? ": needs " : ": I know no driver",
            driver ? driver->name : "");
    }
    if (!count)
        say(out, "Every device that needs a driver has one.");
    else
        say(out, "%zu device%s without a driver.", count, count == 1 ? "" : "s");
    if (bridges)
        say(out, " %zu bridge%s of the chipset need%s none.", bridges, bridges == 1 ? "" : "s",
            bridges == 1 ? "s" : "");
    say(out, "\n");
}

void answer_driver_load(struct query *q, slm_result_t *out) {
    const device_t *devices[CONTEXT_LIST_MAX], *dev = NULL;
    if (q->slots.driver && !q->slots.has_slot && !device_kind_of(q->concepts)) {
        const struct kb_driver *driver = catalogue_find(q->slots.driver);
        for (const device_t *d = device_first(); d && !dev; d = d->next)
            if (device_catalogue_driver(d) == driver)
                dev = d;
        if (!dev) {
            say_unsupported(out, "No device of this machine needs %s (%s), so there is nothing to bind it to.\n",
                            driver->name, driver->description);
            return;
        }
    } else {
        size_t count = devices_meant(q, devices, CONTEXT_LIST_MAX);
        if (!count) {
            const struct device_kind *kind = device_kind_of(q->concepts);
            if (q->slots.has_vendor || q->slots.driver)
                answer_driver(q, out);
            else if (kind)
                say(out, "I found no %s in this machine, so there is nothing to bind a driver to.\n", kind->name);
            else
                plan_propose(q->session, (struct plan){.kind = PLAN_BIND, .intent = q->intent, .steps = 2}, out);
            return;
        }
        dev = devices[0];
        for (size_t i = 0; i < count && i < CONTEXT_LIST_MAX; i++)
            if (!devices[i]->driver && dev->driver)
                dev = devices[i]; /* rather one that has none yet */
    }
    focus_on(q->session, dev);
    if (dev->driver || device_needs_no_driver(dev)) {
        say_driver_of(q, out, dev);
        if (dev->driver)
            say(out, "Nothing is left to install.\n");
        return;
    }
    struct plan plan = {.kind = PLAN_BIND, .intent = q->intent, .steps = 2};
    strlcpy(plan.device, dev->name, sizeof plan.device);
    plan_propose(q->session, plan, out);
}

void answer_driver_unload(struct query *q, slm_result_t *out) {
    (void)q;
    say_unsupported(out, "I do not unload drivers: they are built into this kernel, and a device without its driver "
                         "would stay dead until the next boot. `devices` shows which driver runs what.\n");
}
