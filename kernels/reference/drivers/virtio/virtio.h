/* Virtio 1.x: what a device type's driver sees of its device, whether that is on PCI or memory mapped. */
#pragma once
#include <auton/dev.h>
#include <auton/types.h>

enum virtio_type { VIRTIO_NET = 1, VIRTIO_BLOCK = 2, VIRTIO_CONSOLE = 3, VIRTIO_ENTROPY = 4 };
#define VIRTIO_VENDOR 0x1AF4
#define VIRTIO_ID(type) (0x1040 + (type)) /* of a modern device */
#define VIRTIO_F_VERSION_1 (1ull << 32)

/* The three ways a device of a type shows up: a transitional or a modern PCI function, or memory mapped. */
#define VIRTIO_MATCHES(type, transitional_id)                                                      \
    {BUS_PCI, VIRTIO_VENDOR, (transitional_id), MATCH_ANY8, MATCH_ANY8, NULL},                     \
    {BUS_PCI, VIRTIO_VENDOR, VIRTIO_ID(type), MATCH_ANY8, MATCH_ANY8, NULL},                       \
    {BUS_VIRTIO_MMIO, VIRTIO_VENDOR, VIRTIO_ID(type), MATCH_ANY8, MATCH_ANY8, NULL}

enum { /* device status */
    VIRTIO_ACKNOWLEDGE = 1, VIRTIO_DRIVER = 2, VIRTIO_DRIVER_OK = 4, VIRTIO_FEATURES_OK = 8, VIRTIO_NEEDS_RESET = 64,
    VIRTIO_FAILED = 128
};
enum { VIRTIO_INTERRUPT_QUEUE = 1, VIRTIO_INTERRUPT_CONFIG = 2 };

struct virtio;
struct virtqueue;

struct virtio_transport {
    int (*open)(struct virtio *v);                       /* finds the registers; 0 or -errno */
    uint32_t (*device_features)(struct virtio *v, unsigned half); /* half 0: bits 0-31, 1: bits 32-63 */
    void (*accept_features)(struct virtio *v, unsigned half, uint32_t features);
    uint8_t (*status)(struct virtio *v);
    void (*set_status)(struct virtio *v, uint8_t status);
    uint32_t (*queue_max)(struct virtio *v, uint16_t index); /* entries; 0: no such queue */
    int (*queue_start)(struct virtio *v, struct virtqueue *q); /* 0 or -errno */
    void (*notify)(struct virtqueue *q);                 /* "there is something for you in this queue" */
    uint32_t (*interrupt)(struct virtio *v);             /* why it interrupted, which ends the request; 0: it did not */
    uint32_t (*generation)(struct virtio *v);            /* of the configuration */
};
extern const struct virtio_transport virtio_pci, virtio_mmio;
/* The type of the device whose registers are at `base`; false when that place is empty. */
bool virtio_mmio_type(phys_addr_t base, uint32_t *type);

/* Part of the driver's own struct. Fill `on_interrupt`, then virtio_open(). */
struct virtio {
    device_t *dev;
    const struct virtio_transport *transport;
    volatile uint8_t *registers, *isr, *doorbells, *config;
    uint64_t doorbell_bytes, config_bytes;
    uint32_t doorbell_step;
    uint64_t features;                                   /* agreed upon */
    void (*on_interrupt)(struct virtio *v, uint32_t why); /* in interrupt context, VIRTIO_INTERRUPT_* */
};

/* Takes the device over: reset, features out of `wanted` and VERSION_1, interrupt. Then set up the queues and start.
 * 0; -ENODEV not a modern device, -EPROTO it does not play by the rules, or another -errno. */
int virtio_open(struct virtio *v, device_t *dev, uint64_t wanted);
void virtio_start(struct virtio *v);
/* The device stops, forgets its queues and leaves memory alone. -EIO: it does not confirm that. */
int virtio_reset(struct virtio *v);
/* After virtio_reset(), the first half of virtio_open() once more: for a device that got stuck. 0 or -errno. */
int virtio_reopen(struct virtio *v);
void virtio_close(struct virtio *v);                     /* reset, and no more interrupts; before the queues are freed */

/* Fields of the device's configuration; 0 for what lies behind its end. */
uint8_t virtio_config8(struct virtio *v, uint32_t offset);
uint16_t virtio_config16(struct virtio *v, uint32_t offset);
uint32_t virtio_config32(struct virtio *v, uint32_t offset);
uint64_t virtio_config64(struct virtio *v, uint32_t offset);
