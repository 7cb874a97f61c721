/* The devices of this machine in the words of a question: "my network card", "00:03.0", "the second one", "it". */
#include "catalogue.h"
#include "engine.h"
#include <auton/klog.h>
#include <auton/string.h>

/* In the order of enum concept, from ABOUT_NETWORK. */
static const struct device_kind KINDS[] = {
    {"network device", 0x02},   {"wireless device", 0x0D}, {"sound device", 0x04},     {"graphics device", 0x03},
    {"storage controller", 0x01}, {"USB controller", 0x0C}, {"bridge", 0x06},          {"serial port", 0x07},
    {"input device", 0x09},     {"Bluetooth device", 0x0D}, {"device of that kind on PCI", MATCH_ANY8},
};

const struct device_kind *device_kind_of(concepts_t concepts) {
    if (concepts & C(ABOUT_WIRELESS))
        return &KINDS[ABOUT_WIRELESS];
    for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++)
        if (concepts & C(i))
            return &KINDS[i];
    return NULL;
}

/* Platform devices by the names of their registration. */
static bool platform_is_kind(const device_t *dev, const struct device_kind *kind) {
    static const struct {
        const char *prefix;
        enum concept concept;
    } NAMES[] = {{"serial", ABOUT_SERIAL}, {"keyboard", ABOUT_INPUT}, {"screen", ABOUT_GRAPHICS}};
    for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++)
        if (strncmp(dev->name, NAMES[i].prefix, strlen(NAMES[i].prefix)) == 0)
            return kind == &KINDS[NAMES[i].concept];
    return false;
}

bool device_is_kind(const device_t *dev, const struct device_kind *kind) {
    if (dev->bus == BUS_PLATFORM)
        return platform_is_kind(dev, kind);
    if (dev->class_code != kind->class_code)
        return false;
    if (kind == &KINDS[ABOUT_USB])
        return dev->subclass == 0x03;
    if (kind == &KINDS[ABOUT_BLUETOOTH])
        return dev->subclass == 0x11;
    return true;
}

const device_t *device_by_id(uint16_t vendor, uint16_t device) {
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        if (dev->bus == BUS_PCI && dev->vendor == vendor && dev->device_id == device)
            return dev;
    return NULL;
}

bool device_describe(const device_t *dev, char *out, size_t size) {
    char vendor[64], name[96];
    if (dev->bus == BUS_PLATFORM) {
        ksnprintf(out, size, "built into the machine");
        return false;
    }
    bool vendor_known = kb_pci_vendor(dev->vendor, vendor, sizeof vendor);
    bool listed = kb_pci_device(dev->vendor, dev->device_id, name, sizeof name);
    if (listed)
        ksnprintf(out, size, "%s %s (%04x:%04x)", vendor, name, dev->vendor, dev->device_id);
    else
        ksnprintf(out, size, "%s%s%s, not in my table (%04x:%04x)", vendor_known ? vendor : "", vendor_known ? " " : "",
                  pci_class_name(dev->class_code, dev->subclass), dev->vendor, dev->device_id);
    return listed;
}

const struct kb_driver *device_catalogue_driver(const device_t *dev) {
    if (dev->bus == BUS_PLATFORM)
        return NULL;
    return catalogue_for(dev->vendor, dev->device_id, dev->class_code, dev->subclass, dev->prog_if);
}

bool device_needs_no_driver(const device_t *dev) {
    return dev->bus == BUS_PCI && dev->class_code == 0x06;
}

void focus_on(struct session *session, const device_t *dev) {
    strlcpy(session->focus, dev->name, sizeof session->focus);
    session->focus_id = (uint32_t)dev->vendor << 16 | dev->device_id;
}

/* How many words of the question, other than everyday ones, are in the device's name: "intel gigabit" -> 2. */
static int words_in_name(const struct query *q, const device_t *dev) {
    char name[176];
    struct text names;
    int hits = 0;
    if (dev->bus == BUS_PLATFORM)
        return 0;
    device_describe(dev, name, sizeof name);
    text_parse(name, &names);
    for (size_t i = 0; i < q->text.count; i++) {
        const char *stem = q->text.words[i].stem;
        static const char *const EVERYDAY[] = {"card", "controller", "devic", "the", "and", "for", "adapter", "system",
                                               "port", "pci", "host", "bus", "corporation", "inc", "ltd", "chip", "not",
                                               "her", "drive", "disk", "network", "memory", "processor", "version",
                                               "machin", "family", "standard", "technology", "use", "isa", "in"};
        bool everyday = q->text.words[i].kind != WORD_PLAIN || strlen(stem) < 3;
        for (size_t e = 0; e < ARRAY_SIZE(EVERYDAY); e++)
            everyday = everyday || strcmp(stem, EVERYDAY[e]) == 0;
        for (size_t n = 0; !everyday && n < names.count; n++)
            if (strcmp(stem, names.words[n].stem) == 0) {
                hits++;
                break;
            }
    }
    return hits;
}

static const device_t *device_at(uint32_t slot) {
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        if (dev->bus == BUS_PCI && slot == ((uint32_t)dev->pci_bus << 8 | (uint32_t)dev->pci_dev << 3 | dev->pci_fn))
            return dev;
    return NULL;
}

int storage_sort(const struct query *q) {
    static const struct {
        const char *stem; /* "nvme" loses its last letter */
        int subclass;
    } SORTS[] = {{"ide", 0x01}, {"sata", 0x06}, {"ahci", 0x06}, {"nvm", 0x08}, {"raid", 0x04}, {"scsi", 0x00}};
    for (size_t i = 0; i < q->text.count; i++)
        for (size_t s = 0; s < ARRAY_SIZE(SORTS); s++)
            if (strcmp(q->text.words[i].stem, SORTS[s].stem) == 0)
                return SORTS[s].subclass;
    return -1;
}

static bool is_made_by(const device_t *dev, const struct maker *maker) {
    for (size_t i = 0; i < ARRAY_SIZE(maker->vendors) && maker->vendors[i]; i++)
        if (dev->bus == BUS_PCI && dev->vendor == maker->vendors[i])
            return true;
    return false;
}

size_t devices_meant(struct query *q, const device_t **out, size_t max) {
    const struct slots *s = &q->slots;
    const device_t *one = NULL;
    size_t found = 0;
    if (s->has_vendor && s->has_device)
        one = device_by_id(s->vendor, s->device);
    else if (s->has_slot)
        one = device_at(s->slot);
    else if (s->has_ordinal && !device_kind_of(q->concepts) && q->session->list_count > 0) {
        uint32_t count = q->session->list_count;
        uint32_t at = s->ordinal < 0 ? count - 1 : (uint32_t)s->ordinal - 1;
        one = at < count ? device_find(q->session->list[at]) : NULL;
        if (!one)
            return 0;
    }
    if (one) {
        out[0] = one;
        return 1;
    }
    if ((s->has_vendor && s->has_device) || s->has_slot)
        return 0;

    const struct device_kind *kind = device_kind_of(q->concepts);
    const struct kb_driver *only = NULL;
    if (s->driver && q->intent == INTENT_HARDWARE_IDENTIFY)
        only = catalogue_find(s->driver);
    int hits = 0, best = 0, sort = storage_sort(q);
    for (const device_t *dev = device_first(); dev; dev = dev->next) {
        if (kind && !device_is_kind(dev, kind))
            continue;
        if (s->maker && !is_made_by(dev, s->maker))
            continue;
        if (kind && sort >= 0 && (dev->class_code != 0x01 || dev->subclass != sort))
            continue; /* "an NVMe drive" is not any drive */
        if (kind && only && sort < 0 && device_catalogue_driver(dev) != only)
            continue; /* "a card for r8169" */
        hits = kind ? 0 : words_in_name(q, dev);
        if (!kind && !s->maker && hits < 1)
            continue;
        if (hits > best) {
            best = hits;
            found = 0; /* only those that fit best are meant */
        }
        if (hits == best && found++ < max)
            out[found - 1] = dev;
    }
    if (kind && s->has_ordinal && found > 0) { /* "my second network card" */
        size_t at = s->ordinal < 0 ? found - 1 : (size_t)s->ordinal - 1;
        out[0] = at < max ? out[at] : NULL;
        return at < found && at < max ? 1 : 0;
    }
    bool points_back = q->concepts & C(POINTS_BACK);
    if (!found && !kind && !s->maker && points_back && (one = device_find(q->session->focus))) {
        out[0] = one;
        found = 1;
    }
    return found;
}
