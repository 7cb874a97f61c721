/* The memory-mapped transport: one block of registers, which the device tree has pointed out. */
#include "virtio.h"
#include "virtqueue.h"
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/klog.h>

#define MAGIC_VALUE 0x74726976u /* "virt" */
#define VERSION_MODERN 2
enum reg {
    MAGIC = 0x00, VERSION = 0x04, DEVICE_ID = 0x08, DEVICE_FEATURES = 0x10, DEVICE_FEATURES_SELECT = 0x14,
    DRIVER_FEATURES = 0x20, DRIVER_FEATURES_SELECT = 0x24, QUEUE_SELECT = 0x30, QUEUE_SIZE_MAX = 0x34, QUEUE_SIZE = 0x38,
    QUEUE_READY = 0x44, QUEUE_NOTIFY = 0x50, INTERRUPT_STATUS = 0x60, INTERRUPT_ACKNOWLEDGE = 0x64, STATUS = 0x70,
    QUEUE_DESCRIPTORS = 0x80, QUEUE_AVAILABLE = 0x90, QUEUE_USED = 0xA0, GENERATION = 0xFC, CONFIG = 0x100
};

static volatile uint32_t *reg(struct virtio *v, enum reg offset) {
    return (volatile uint32_t *)(v->registers + offset);
}

bool virtio_mmio_type(phys_addr_t base, uint32_t *type) {
    if (arch_io_read32(base + MAGIC) != MAGIC_VALUE)
        return false;
    *type = arch_io_read32(base + DEVICE_ID);
    return *type != 0;
}

static int open(struct virtio *v) {
    v->registers = pci_map_bar(v->dev, 0);
    if (!v->registers || v->dev->bars[0].size < CONFIG)
        return -ENXIO;
    if (*reg(v, MAGIC) != MAGIC_VALUE)
        return -ENODEV;
    if (*reg(v, VERSION) != VERSION_MODERN) {
        log_warn("DRV", "%s: a legacy virtio device (QEMU: -global virtio-mmio.force-legacy=false)", v->dev->name);
        return -ENODEV;
    }
    v->config = v->registers + CONFIG;
    v->config_bytes = v->dev->bars[0].size - CONFIG;
    return 0;
}

static uint32_t device_features(struct virtio *v, unsigned half) {
    *reg(v, DEVICE_FEATURES_SELECT) = half;
    return *reg(v, DEVICE_FEATURES);
}

static void accept_features(struct virtio *v, unsigned half, uint32_t features) {
    *reg(v, DRIVER_FEATURES_SELECT) = half;
    *reg(v, DRIVER_FEATURES) = features;
}

static uint8_t status(struct virtio *v) {
    return (uint8_t)*reg(v, STATUS);
}

static void set_status(struct virtio *v, uint8_t value) {
    *reg(v, STATUS) = value;
}

static uint32_t queue_max(struct virtio *v, uint16_t index) {
    *reg(v, QUEUE_SELECT) = index;
    return *reg(v, QUEUE_SIZE_MAX);
}

static void write_address(struct virtio *v, enum reg offset, phys_addr_t address) {
    *reg(v, offset) = (uint32_t)address;
    *reg(v, offset + 4) = (uint32_t)(address >> 32);
}

static int queue_start(struct virtio *v, struct virtqueue *q) {
    *reg(v, QUEUE_SELECT) = q->index;
    *reg(v, QUEUE_SIZE) = q->size;
    write_address(v, QUEUE_DESCRIPTORS, q->descriptors_phys);
    write_address(v, QUEUE_AVAILABLE, q->available_phys);
    write_address(v, QUEUE_USED, q->used_phys);
    q->doorbell = v->registers + QUEUE_NOTIFY;
    *reg(v, QUEUE_READY) = 1;
    return 0;
}

static void notify(struct virtqueue *q) {
    *(volatile uint32_t *)q->doorbell = q->index;
}

static uint32_t interrupt(struct virtio *v) {
    uint32_t why = *reg(v, INTERRUPT_STATUS);
    *reg(v, INTERRUPT_ACKNOWLEDGE) = why;
    return why;
}

static uint32_t generation(struct virtio *v) {
    return *reg(v, GENERATION);
}

const struct virtio_transport virtio_mmio = {
    open, device_features, accept_features, status, set_status, queue_max, queue_start, notify, interrupt, generation,
};
