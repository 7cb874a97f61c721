/* Answers on what is in this machine. All of it comes from the device registry, the knowledge base and the CPU. */
#include "catalogue.h"
#include "engine.h"
#include <auton/arch.h>
#include <auton/block.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

#define LISTED_MAX 14 /* lines of a list in one answer */
#define LOG_LINES 1024

static void say_driver_state(slm_result_t *out, const device_t *dev) {
    const struct kb_driver *driver = device_catalogue_driver(dev);
    if (dev->driver)
        say(out, ", run by %s", dev->driver->name);
    else if (device_needs_no_driver(dev))
        say(out, ", needs no driver of its own");
    else if (driver)
        say(out, ", no driver here (Linux uses %s)", driver->name);
    else
        say(out, ", no driver here");
}

static void say_device(slm_result_t *out, const device_t *dev) {
    char name[192];
    bool listed = device_describe(dev, name, sizeof name);
    say(out, "%s %s", dev->name, name);
    if (listed)
        say(out, ", %s", pci_class_name(dev->class_code, dev->subclass));
    say_driver_state(out, dev);
}

/* A counted list that "the second one" can refer to. */
static void say_list(struct query *q, slm_result_t *out, const device_t **devices, size_t count) {
    q->session->list_count = 0;
    for (size_t i = 0; i < count && i < CONTEXT_LIST_MAX; i++) {
        strlcpy(q->session->list[q->session->list_count++], devices[i]->name, 32);
        if (i >= LISTED_MAX)
            continue;
        say(out, "%zu. ", i + 1);
        say_device(out, devices[i]);
        say(out, "\n");
    }
    if (count > LISTED_MAX)
        say(out, "... and %zu more: `devices` lists them all.\n", count - LISTED_MAX);
    if (count == 1)
        focus_on(q->session, devices[0]);
}

void answer_device_list(struct query *q, slm_result_t *out) {
    const device_t *devices[CONTEXT_LIST_MAX];
    size_t count = 0, rest = 0;
    if (q->slots.has_ordinal && q->session->list_count > 0) { /* "show me the second device" */
        answer_device(q, out);
        return;
    }
    for (int pass = 0; pass < 2; pass++) /* PCI first, then what is built in */
        for (const device_t *dev = device_first(); dev; dev = dev->next)
            if ((dev->bus == BUS_PCI) == (pass == 0)) {
                if (count < CONTEXT_LIST_MAX)
                    devices[count++] = dev;
                else
                    rest++;
            }
    say(out, "I found %zu devices, %zu of them on PCI.\n", count + rest, pci_device_count());
    say_list(q, out, devices, count);
}

/* An id that is asked for by its numbers, whether or not it is in this machine. */
static void answer_id(struct query *q, slm_result_t *out) {
    char vendor[96], name[128];
    uint16_t v = q->slots.vendor, d = q->slots.device;
    const device_t *dev = device_by_id(v, d);
    bool vendor_known = kb_pci_vendor(v, vendor, sizeof vendor);
    if (kb_pci_device(v, d, name, sizeof name))
        say(out, "%04x:%04x is the %s by %s.", v, d, name, vendor);
    else if (vendor_known)
        say(out, "%04x:%04x: the vendor is %s, but the device is not in my table, so I cannot tell what it is.", v, d,
            vendor);
    else
        say(out, "%04x:%04x is not in my table, neither the device nor the vendor.", v, d);
    const struct kb_driver *driver = kb_driver_for(v, d, 0xFF, 0xFF);
    if (driver && !kb_pci_device(v, d, name, sizeof name))
        say(out, " But the driver catalogue has its driver: %s (%s).", driver->name, driver->description);
    if (dev) {
        say(out, " This machine has it at %s: %s", dev->name, pci_class_name(dev->class_code, dev->subclass));
        say_driver_state(out, dev);
        say(out, ".");
        focus_on(q->session, dev);
    } else {
        say(out, " It is not in this machine.");
        q->session->focus[0] = '\0';
        q->session->focus_id = (uint32_t)v << 16 | d;
    }
    say(out, "\n");
}

static void answer_vendor(struct query *q, slm_result_t *out) {
    char vendor[96];
    size_t here = 0;
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        here += dev->bus == BUS_PCI && dev->vendor == q->slots.vendor;
    if (kb_pci_vendor(q->slots.vendor, vendor, sizeof vendor))
        say(out, "Vendor %04x is %s. This machine has %zu device%s of it.\n", q->slots.vendor, vendor, here,
            here == 1 ? "" : "s");
    else
        say(out, "Vendor %04x is not in my table.\n", q->slots.vendor);
}

/* The disks that can be read now, by name, and what drivers have seen beside them: drives that cannot. */
static void say_drives(const struct query *q, slm_result_t *out) {
    static const struct {
        const char *series; /* of names */
        int sort;
    } SERIES[] = {{"sd", 0x06}, {"nvme", 0x08}};
    int sort = storage_sort(q);
    size_t drives = 0;
    for (const block_device_t *disk = block_first(); disk; disk = disk->next) {
        int its_sort = -1;
        for (size_t i = 0; i < ARRAY_SIZE(SERIES); i++)
            if (strncmp(disk->name, SERIES[i].series, strlen(SERIES[i].series)) == 0)
                its_sort = SERIES[i].sort;
        if (sort >= 0 && sort != its_sort)
            continue;
        say(out, "%s%s (%lu MB%s)", drives ? ", " : "Disks and partitions: ", disk->name, (unsigned long)(disk->sectors / 2048),
            disk->read_only ? ", read-only" : "");
        drives++;
    }
    if (drives)
        say(out, ".\n");
    struct klog_line *lines = kmalloc(LOG_LINES * sizeof *lines);
    size_t n = lines ? klog_read(lines, LOG_LINES) : 0;
    for (size_t i = 0; i < n; i++) {
        const char *text = lines[i].text + 6;
        if (strncmp(lines[i].text, "[DRV] ", 6) != 0)
            continue;
        bool ide = strstr(text, " on IDE ") && (sort < 0 || sort == 0x01);
        bool sata = strncmp(text, "SATA port", 9) == 0 && (sort < 0 || sort == 0x06);
        if (!ide && !sata)
            continue;
        say(out, "Seen at boot, but not to be read: %.100s\n", text);
        drives++;
    }
    if (!drives)
        say(out, "No driver has found a drive.\n");
    kfree(lines);
}

/* "it", after several: the first that can be put in and taken out. */
static void focus_on_first(struct session *session, const device_t **devices, size_t count) {
    const device_t *first = devices[0];
    for (size_t i = 0; i < count && first->bus != BUS_PCI; i++)
        first = devices[i];
    focus_on(session, first);
}

void answer_device(struct query *q, slm_result_t *out) {
    const device_t *devices[CONTEXT_LIST_MAX];
    if (q->slots.has_vendor && q->slots.has_device) {
        answer_id(q, out);
        return;
    }
    if (q->slots.has_number && !q->slots.has_vendor && q->slots.number <= 0xFFFF &&
        q->concepts & C(ABOUT_MAKER)) { /* "name the vendor 8086": four decimal digits that are hexadecimal here */
        q->slots.vendor = (uint16_t)q->slots.number;
        q->slots.has_vendor = true;
    }
    if (q->slots.has_vendor) {
        answer_vendor(q, out);
        return;
    }
    if (q->slots.has_device && q->session->focus_id) { /* "what about 100f": of the vendor just talked of */
        q->slots.vendor = (uint16_t)(q->session->focus_id >> 16);
        answer_id(q, out);
        return;
    }
    size_t count = devices_meant(q, devices, CONTEXT_LIST_MAX);
    const struct device_kind *kind = device_kind_of(q->concepts);
    if (count > CONTEXT_LIST_MAX)
        count = CONTEXT_LIST_MAX;
    if (q->slots.has_slot && !count) {
        say(out, "There is no device at %02x:%02x.%x.\n", q->slots.slot >> 8, q->slots.slot >> 3 & 31,
            q->slots.slot & 7);
    } else if (q->slots.has_ordinal && !count && !kind) {
        say(out, "There is no such one: the last list ended at %u.\n", q->session->list_count);
    } else if (!count && q->slots.maker) {
        say(out, "No. I found no %s by %s in this machine.\n", kind ? kind->name : "device", q->slots.maker->name);
    } else if (kind && !count && storage_sort(q) >= 0) {
        say(out, "No. I found no %s of that sort in this machine.\n", kind->name);
    } else if (kind && !count && q->slots.driver) {
        say(out, "No. I found no %s for %s (%s) in this machine.\n", kind->name, q->slots.driver,
            catalogue_find(q->slots.driver)->description);
    } else if (kind && !count && q->slots.has_ordinal) {
        say(out, "No. There are not that many in this machine.\n");
    } else if (kind && !count) {
        say(out, "No. I found no %s", kind->name);
        say(out, device_kind_of(C(ABOUT_USB)) == kind || kind->class_code != MATCH_ANY8
                     ? " among the devices of this machine.\n"
                     : "; and what hangs on USB I cannot see, for there is no USB driver.\n");
    } else if (count == 1) {
        if (kind && !q->slots.has_ordinal)
            say(out, "There is one %s: ", kind->name);
        say_device(out, devices[0]);
        say(out, ".\n");
        if (kind && q->concepts & C(ABOUT_STORAGE))
            say_drives(q, out);
        focus_on(q->session, devices[0]);
    } else if (count > 1) {
        say(out, "There are %zu of them:\n", count);
        say_list(q, out, devices, count);
        focus_on_first(q->session, devices, count < CONTEXT_LIST_MAX ? count : CONTEXT_LIST_MAX);
        if (q->concepts & C(ABOUT_STORAGE))
            say_drives(q, out);
    } else if (q->concepts & C(ABOUT_HARDWARE)) {
        answer_device_list(q, out);
    } else {
        answer_unsure(q, out);
    }
}

void answer_device_count(struct query *q, slm_result_t *out) {
    const struct device_kind *kind = device_kind_of(q->concepts);
    size_t count = 0;
    if (!kind) {
        say(out, "%zu devices, %zu of them on PCI.\n", device_count(), pci_device_count());
        return;
    }
    const device_t *devices[CONTEXT_LIST_MAX];
    count = devices_meant(q, devices, CONTEXT_LIST_MAX);
    if (count > CONTEXT_LIST_MAX)
        count = CONTEXT_LIST_MAX;
    say(out, "%zu %s%s.\n", count, kind->name, count == 1 ? "" : "s");
    say_list(q, out, devices, count);
    if (q->concepts & C(ABOUT_STORAGE) && count)
        say_drives(q, out);
}

void answer_resources(struct query *q, slm_result_t *out) {
    const device_t *devices[CONTEXT_LIST_MAX];
    size_t count = devices_meant(q, devices, CONTEXT_LIST_MAX);
    if (count > CONTEXT_LIST_MAX)
        count = CONTEXT_LIST_MAX;
    if (!count)
        say(out, "Tell me which device: its name, its id, or its place such as 00:03.0.\n");
    for (size_t i = 0; i < count; i++) {
        char summary[320];
        device_summary(devices[i], summary, sizeof summary);
        say(out, "%s: %s\n", devices[i]->name, summary);
    }
}

void answer_rescan(struct query *q, slm_result_t *out) {
    say(out, "The scan at boot found %zu devices on PCI, %zu in all. This kernel scans at boot only: a device that "
             "was plugged in later shows after a reboot.\n", pci_device_count(), device_count());
    answer_device_list(q, out);
}

void answer_cpu(struct query *q, slm_result_t *out) {
    struct hw_summary hw;
    arch_get_hw_summary(&hw);
    say(out, "The processor is %s, with %u core%s; this kernel runs on one.%s\n", hw.cpu, hw.cpu_count,
        hw.cpu_count == 1 ? "" : "s", q->concepts & C(ASK_SPEED) ? " Its clock rate I cannot tell." : "");
}

void answer_sensors(struct query *q, slm_result_t *out) {
    (void)q;
    say(out, "This kernel reads no sensors: I know of no temperature, fan, voltage or battery.\n");
    out->status = SLM_UNSUPPORTED;
}

/* Vendors whose devices exist in virtual machines only. */
static const char *hypervisor_of(uint16_t vendor) {
    switch (vendor) {
    case 0x1AF4: case 0x1B36: case 0x1234: return "QEMU";
    case 0x15AD: return "VMware";
    case 0x80EE: return "VirtualBox";
    case 0x1414: return "Hyper-V";
    case 0x5853: return "Xen";
    default: return NULL;
    }
}

void answer_machine(struct query *q, slm_result_t *out) {
    (void)q;
    struct hw_summary hw;
    arch_get_hw_summary(&hw);
    const device_t *witness = NULL;
    for (const device_t *dev = device_first(); dev && !witness; dev = dev->next)
        if (dev->bus != BUS_PLATFORM && hypervisor_of(dev->vendor))
            witness = dev;
    if (witness)
        say(out, "A virtual machine: %s has the vendor id %04x, which only %s uses.", witness->name, witness->vendor,
            hypervisor_of(witness->vendor));
    else if (strstr(hw.cpu, "QEMU"))
        say(out, "A virtual machine: the processor calls itself %s.", hw.cpu);
    else
        say(out, "I see no sign of a virtual machine, so it is probably real hardware.");
    say(out, " Processor: %s, %u core%s. Memory: %lu MB.", hw.cpu, hw.cpu_count,
        hw.cpu_count == 1 ? "" : "s", hw.ram_bytes >> 20);
    const struct acpi_info *acpi = acpi_get_info();
    if (acpi->present)
        say(out, " Its ACPI tables are by \"%s\".", acpi->oem);
    say(out, "\n");
}
