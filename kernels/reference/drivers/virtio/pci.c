/* The PCI transport: vendor capabilities say in which BAR the four register blocks lie. */
#include "virtio.h"
#include "virtqueue.h"
#include <auton/errno.h>
#include <auton/klog.h>

#define CAPABILITY_VENDOR 0x09
enum block { BLOCK_COMMON = 1, BLOCK_NOTIFY, BLOCK_ISR, BLOCK_DEVICE };
enum capability { CAP_LENGTH = 2, CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_BYTES = 12, CAP_DOORBELL_STEP = 16 };
enum common {
    DEVICE_FEATURE_SELECT = 0, DEVICE_FEATURE = 4, DRIVER_FEATURE_SELECT = 8, DRIVER_FEATURE = 12, NUM_QUEUES = 18,
    STATUS = 20, GENERATION = 21, QUEUE_SELECT = 22, QUEUE_SIZE = 24, QUEUE_ENABLE = 28, QUEUE_NOTIFY_OFFSET = 30,
    QUEUE_DESCRIPTORS = 32, QUEUE_AVAILABLE = 40, QUEUE_USED = 48, COMMON_BYTES = 56
};

static volatile uint8_t *reg8(struct virtio *v, enum common reg) {
    return v->registers + reg;
}
static volatile uint16_t *reg16(struct virtio *v, enum common reg) {
    return (volatile uint16_t *)(v->registers + reg);
}
static volatile uint32_t *reg32(struct virtio *v, enum common reg) {
    return (volatile uint32_t *)(v->registers + reg);
}

/* The first capability of that kind whose block lies inside a memory BAR; returns its offset, 0 when there is none. */
static uint16_t find_block(struct virtio *v, enum block kind, volatile uint8_t **at, uint64_t *bytes) {
    device_t *dev = v->dev;
    uint16_t cap = 0;
    while ((cap = pci_capability(dev, CAPABILITY_VENDOR, cap)) != 0) {
        uint8_t bar = pci_read8(dev, cap + CAP_BAR);
        uint64_t offset = pci_read32(dev, cap + CAP_OFFSET), length = pci_read32(dev, cap + CAP_BYTES);
        if (pci_read8(dev, cap + CAP_TYPE) != kind || bar >= ARRAY_SIZE(dev->bars) || offset % 4 || !length ||
            offset + length > dev->bars[bar].size)
            continue;
        uint8_t *base = pci_map_bar(dev, bar);
        if (!base)
            continue;
        *at = base + offset;
        *bytes = length;
        return cap;
    }
    return 0;
}

static int open(struct virtio *v) {
    uint64_t common_bytes, isr_bytes;
    pci_enable(v->dev);
    if (!find_block(v, BLOCK_COMMON, &v->registers, &common_bytes) || common_bytes < COMMON_BYTES)
        return -ENODEV; /* a legacy device, which has ports only */
    uint16_t notify = find_block(v, BLOCK_NOTIFY, &v->doorbells, &v->doorbell_bytes);
    if (!notify || !find_block(v, BLOCK_ISR, &v->isr, &isr_bytes))
        return -EPROTO;
    v->doorbell_step = pci_read32(v->dev, notify + CAP_DOORBELL_STEP);
    if (!find_block(v, BLOCK_DEVICE, &v->config, &v->config_bytes))
        v->config = NULL;
    pci_set_master(v->dev, true);
    return 0;
}

static uint32_t device_features(struct virtio *v, unsigned half) {
    *reg32(v, DEVICE_FEATURE_SELECT) = half;
    return *reg32(v, DEVICE_FEATURE);
}

static void accept_features(struct virtio *v, unsigned half, uint32_t features) {
    *reg32(v, DRIVER_FEATURE_SELECT) = half;
    *reg32(v, DRIVER_FEATURE) = features;
}

static uint8_t status(struct virtio *v) {
    return *reg8(v, STATUS);
}

static void set_status(struct virtio *v, uint8_t value) {
    *reg8(v, STATUS) = value;
}

static uint32_t queue_max(struct virtio *v, uint16_t index) {
    if (index >= *reg16(v, NUM_QUEUES))
        return 0;
    *reg16(v, QUEUE_SELECT) = index;
    return *reg16(v, QUEUE_SIZE);
}

static void write_address(struct virtio *v, enum common reg, phys_addr_t address) {
    *reg32(v, reg) = (uint32_t)address;
    *reg32(v, reg + 4) = (uint32_t)(address >> 32);
}

static int queue_start(struct virtio *v, struct virtqueue *q) {
    *reg16(v, QUEUE_SELECT) = q->index;
    *reg16(v, QUEUE_SIZE) = q->size;
    write_address(v, QUEUE_DESCRIPTORS, q->descriptors_phys);
    write_address(v, QUEUE_AVAILABLE, q->available_phys);
    write_address(v, QUEUE_USED, q->used_phys);
    uint64_t offset = (uint64_t)*reg16(v, QUEUE_NOTIFY_OFFSET) * v->doorbell_step;
    if (offset + sizeof(uint16_t) > v->doorbell_bytes)
        return -EPROTO;
    q->doorbell = v->doorbells + offset;
    *reg16(v, QUEUE_ENABLE) = 1;
    return 0;
}

static void notify(struct virtqueue *q) {
    *(volatile uint16_t *)q->doorbell = q->index;
}

static uint32_t interrupt(struct virtio *v) {
    return *v->isr; /* reading clears it and lowers the line */
}

static uint32_t generation(struct virtio *v) {
    return *reg8(v, GENERATION);
}

const struct virtio_transport virtio_pci = {
    open, device_features, accept_features, status, set_status, queue_max, queue_start, notify, interrupt, generation,
};
