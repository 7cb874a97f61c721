/* The life of a virtio device: reset, acknowledged, features agreed upon, queues set up, running, reset. */
#include "virtio.h"
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/klog.h>

#define RESET_NS 100000000ull

static void add_status(struct virtio *v, uint8_t bits) {
    v->transport->set_status(v, v->transport->status(v) | bits);
}

int virtio_reset(struct virtio *v) {
    uint64_t start = arch_time_ns();
    v->transport->set_status(v, 0);
    while (v->transport->status(v) != 0)
        if (arch_time_ns() - start > RESET_NS)
            return -EIO;
    return 0;
}

/* `features` holds what the driver wants; what the device does not offer is left out. */
static int agree(struct virtio *v) {
    int result = virtio_reset(v);
    if (result)
        return result;
    add_status(v, VIRTIO_ACKNOWLEDGE);
    add_status(v, VIRTIO_DRIVER);
    uint64_t offered = v->transport->device_features(v, 0) | (uint64_t)v->transport->device_features(v, 1) << 32;
    v->features &= offered;
    if (!(v->features & VIRTIO_F_VERSION_1))
        return -ENODEV;
    v->transport->accept_features(v, 0, (uint32_t)v->features);
    v->transport->accept_features(v, 1, (uint32_t)(v->features >> 32));
    add_status(v, VIRTIO_FEATURES_OK);
    return v->transport->status(v) & VIRTIO_FEATURES_OK ? 0 : -EPROTO;
}

static bool interrupt(device_t *dev) {
    struct virtio *v = dev->driver_data;
    uint32_t why = v->transport->interrupt(v);
    if (!why)
        return false;
    v->on_interrupt(v, why);
    return true;
}

int virtio_open(struct virtio *v, device_t *dev, uint64_t wanted) {
    v->dev = dev;
    v->transport = dev->bus == BUS_PCI ? &virtio_pci : &virtio_mmio;
    v->features = wanted | VIRTIO_F_VERSION_1;
    int result = v->transport->open(v);
    if (result)
        return result;
    dev->driver_data = v;
    result = agree(v);
    if (result == 0)
        result = irq_attach(dev, interrupt);
    if (result) {
        v->transport->set_status(v, VIRTIO_FAILED);
        dev->driver_data = NULL;
    }
    return result;
}

int virtio_reopen(struct virtio *v) {
    return agree(v);
}

void virtio_start(struct virtio *v) {
    add_status(v, VIRTIO_DRIVER_OK);
}

void virtio_close(struct virtio *v) {
    if (virtio_reset(v) != 0)
        log_error("DRV", "%s: the virtio device does not stop", v->dev->name);
    irq_detach(v->dev);
    if (v->dev->bus == BUS_PCI)
        pci_set_master(v->dev, false);
    v->dev->driver_data = NULL;
}

static bool has(const struct virtio *v, uint32_t offset, uint32_t bytes) {
    return v->config && offset + bytes <= v->config_bytes;
}

uint8_t virtio_config8(struct virtio *v, uint32_t offset) {
    return has(v, offset, 1) ? v->config[offset] : 0;
}

uint16_t virtio_config16(struct virtio *v, uint32_t offset) {
    return has(v, offset, 2) ? *(volatile uint16_t *)(v->config + offset) : 0;
}

uint32_t virtio_config32(struct virtio *v, uint32_t offset) {
    return has(v, offset, 4) ? *(volatile uint32_t *)(v->config + offset) : 0;
}

/* In two halves, which belong together when the configuration has not changed in between. */
uint64_t virtio_config64(struct virtio *v, uint32_t offset) {
    if (!has(v, offset, 8))
        return 0;
    volatile uint32_t *half = (volatile uint32_t *)(v->config + offset);
    for (int attempts = 0;; attempts++) {
        uint32_t generation = v->transport->generation(v);
        uint64_t value = half[0] | (uint64_t)half[1] << 32;
        if (v->transport->generation(v) == generation || attempts == 10)
            return value;
    }
}
