/* A split virtqueue: a table of descriptors and two rings, one by which the driver hands chains of buffers to the
 * device, one by which the device hands them back. Calls for one queue must not overlap. */
#pragma once
#include "virtio.h"

struct virtqueue {
    struct virtio *owner;
    uint16_t index, size;                       /* size in entries, a power of two */
    struct virtq_descriptor *descriptors;
    struct virtq_available *available;
    struct virtq_used *used;
    phys_addr_t descriptors_phys, available_phys, used_phys;
    volatile uint8_t *doorbell;                 /* set by the transport */
    struct virtq_chain *chains;                 /* by first descriptor */
    uint16_t free_head, free_count, next_used;
    bool silent;                                /* nothing is logged: the log itself goes through this queue */
    bool broken;                                /* the device has said what cannot be; nothing more is believed */
};

/* A piece of memory that virt_to_phys() takes. */
struct virtq_part {
    const void *memory;
    uint32_t bytes;
};

/* Makes a queue of at most `size` entries and tells the device. 0; -ENODEV no such queue, -ENOMEM, -EPROTO. */
int virtqueue_setup(struct virtqueue *q, struct virtio *v, uint16_t index, uint16_t size);
/* Tells the device again after a reset; what was under way is forgotten. 0 or -errno. */
int virtqueue_restart(struct virtqueue *q);
void virtqueue_free(struct virtqueue *q);       /* the device has been reset; a queue never set up is fine */

/* Hands a chain to the device: first the parts it reads, then those it writes. `cookie` (not NULL) comes back with it.
 * 0; -EAGAIN when there is no room, -EIO when the queue is broken. The device looks after virtqueue_kick(). */
int virtqueue_add(struct virtqueue *q, const struct virtq_part *parts, unsigned readable, unsigned writable, void *cookie);
void virtqueue_kick(struct virtqueue *q);
/* The next chain that the device is done with: its cookie, and how many bytes the device wrote; NULL: none. */
void *virtqueue_take(struct virtqueue *q, uint32_t *written);
/* Whether the device shall interrupt for this queue. True when it has already handed something back: as if it had. */
bool virtqueue_set_interrupts(struct virtqueue *q, bool on);
