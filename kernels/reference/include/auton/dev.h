/* Devices and drivers: buses add devices, drivers match them, one binds. */
#pragma once
#include <auton/types.h>

enum bus_type { BUS_PCI, BUS_PLATFORM, BUS_VIRTIO_MMIO };

struct pci_bar {
    uint64_t base, size;                        /* size 0: not there */
    bool is_mmio, is_64bit, prefetchable;
    void *mapped;                               /* where pci_map_bar() has put it; NULL before */
};

struct driver;
typedef struct device {
    enum bus_type bus;
    char name[32];                              /* "00:1f.2" (bus:device.function, hex) or "serial0"; unique */
    uint16_t vendor, device_id, subsystem_vendor, subsystem_id;
    uint8_t class_code, subclass, prog_if, revision;
    uint8_t pci_bus, pci_dev, pci_fn;
    uint8_t irq;                                /* 0 when it has none */
    struct pci_bar bars[6];                     /* platform devices: their registers in bars[0] */
    const struct driver *driver;                /* NULL while nothing is bound */
    void *driver_data;
    struct device *next;
} device_t;

#define MATCH_ANY16 0xFFFF
#define MATCH_ANY8 0xFF
struct driver_match {
    enum bus_type bus;
    uint16_t vendor, device_id;                 /* MATCH_ANY16 for any */
    uint8_t class_code, subclass;               /* MATCH_ANY8 for any */
    const char *name;                           /* platform devices: match by name; NULL for PCI */
};
typedef struct driver {
    const char *name;
    const struct driver_match *matches;
    size_t match_count;
    int (*probe)(device_t *dev);                /* 0 when this driver can take the device; NULL takes any match */
    int (*init)(device_t *dev);                 /* 0 when it works; NULL when there is nothing to start */
    void (*remove)(device_t *dev);
    int (*suspend)(device_t *dev);              /* quiet: no interrupts, no DMA; called before power-off */
    int (*resume)(device_t *dev);
    struct driver *next;
} driver_t;

/* The registry keeps the caller's object; it must live until device_unregister(). */
int device_register(device_t *dev);             /* -1 when its name is there already */
int device_unregister(device_t *dev);           /* unbinds first; -1 when it is not there */
device_t *device_first(void);
device_t *device_find(const char *name);
size_t device_count(void);
int driver_register(driver_t *drv);             /* 0; -1 invalid or already there. Binds matching devices. */
int driver_unregister(driver_t *drv);           /* unbinds its devices; -1 when it is not there */
const driver_t *driver_find(const char *name);
int driver_bind_all(void);                      /* binds what is unbound; number newly bound */
void driver_suspend_all(void);                  /* last device first */

/* "PCI 8086:100E class=02:00 [MMIO=0xFEBC0000/128KB IRQ=11]"; returns the length, as ksnprintf does. */
int device_summary(const device_t *dev, char *out, size_t size);

/* Interrupts of devices, several of which may share a line. The handler runs in interrupt context; it returns false
 * when its device did not ask for attention, and must have silenced the device's request when it returns true. */
typedef bool (*irq_handler_t)(device_t *dev);
int irq_attach(device_t *dev, irq_handler_t handler); /* 0; -ENXIO it has no line, -EBUSY attached already, -ENOMEM */
void irq_detach(device_t *dev);                 /* the device must be quiet; nothing happens when it is not attached */

/* A device that needs no bus scan to be found, with the driver that has started by itself long before the
 * registry did (the console must work early). A record in a section of its own instead of a call: such a driver
 * also links into a kernel without dev/. The driver's probe tells whether the device is there; devices that are
 * not stay out of the registry. */
struct platform_entry {
    device_t *device;
    driver_t *driver;
};
#define PLATFORM_DEVICE(id, dev, drv)                                                              \
    static const struct platform_entry platform_entry_##id                                         \
        __attribute__((used, section(".platforms"), aligned(8))) = {(dev), (drv)}

/* PCI */
const char *pci_class_name(uint8_t class_code, uint8_t subclass);
size_t pci_device_count(void);                  /* found by the last scan */
uint32_t pci_read32(const device_t *dev, uint16_t offset);
uint16_t pci_read16(const device_t *dev, uint16_t offset);
uint8_t pci_read8(const device_t *dev, uint16_t offset);
void pci_write32(const device_t *dev, uint16_t offset, uint32_t value);
void pci_write16(const device_t *dev, uint16_t offset, uint16_t value);
void pci_enable(const device_t *dev);           /* lets the device answer at its BARs */
void pci_set_master(const device_t *dev, bool on); /* whether the device may access memory and interrupt */
/* Offset of a capability with that id behind `after` (0: the first one); 0 when there is none. */
uint16_t pci_capability(const device_t *dev, uint8_t id, uint16_t after);
void *pci_map_bar(device_t *dev, unsigned bar); /* uncached, of any bus; NULL when that BAR is no memory */

struct acpi_info {
    bool present;
    char oem[7];
    uint32_t cpu_count;
    phys_addr_t lapic, ioapic, ecam;            /* 0 when unknown */
    uint8_t ecam_first_bus, ecam_last_bus;
    bool can_power_off;
};
const struct acpi_info *acpi_get_info(void);
void acpi_power_off(void);                      /* soft-off; returns when this machine cannot */

struct rtc_time {
    uint16_t year;
    uint8_t month, day, hour, minute, second;
};
bool rtc_read(struct rtc_time *out);            /* UTC; false when there is no clock or it makes no sense */
struct rtc_time rtc_time_of(uint64_t unix_seconds); /* for clocks that count seconds since 1970 */
