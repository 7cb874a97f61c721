/* The split virtqueue. The device is not trusted: what it returns must be under way and no longer than its buffers. */
#include "virtqueue.h"
#include <auton/arch.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

#define DESCRIPTOR_NEXT 1
#define DESCRIPTOR_WRITE 2
#define AVAILABLE_NO_INTERRUPT 1
#define USED_NO_NOTIFY 1

struct virtq_descriptor {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};
struct virtq_available {
    uint16_t flags, index, ring[];
};
struct virtq_used {
    uint16_t flags, index;
    struct {
        uint32_t id, written;
    } ring[];
};
struct virtq_chain {
    void *cookie;           /* NULL: not under way */
    uint32_t writable;      /* bytes */
    uint16_t length, last;  /* descriptors, and the last of them */
};

static size_t available_offset(const struct virtqueue *q) {
    return q->size * sizeof(struct virtq_descriptor);
}
static size_t used_offset(const struct virtqueue *q) {
    return ALIGN_UP(available_offset(q) + 6 + 2u * q->size, 4);
}
static size_t ring_bytes(const struct virtqueue *q) {
    return used_offset(q) + 6 + 8u * q->size;
}

static void make_empty(struct virtqueue *q) {
    memset(q->descriptors, 0, ring_bytes(q));
    memset(q->chains, 0, q->size * sizeof *q->chains);
    for (uint16_t i = 0; i < q->size; i++)
        q->descriptors[i].next = (uint16_t)(i + 1);
    q->free_head = q->next_used = 0;
    q->free_count = q->size;
    q->broken = false;
}

int virtqueue_setup(struct virtqueue *q, struct virtio *v, uint16_t index, uint16_t size) {
    uint32_t max = v->transport->queue_max(v, index);
    if (max == 0)
        return -ENODEV;
    *q = (struct virtqueue){.owner = v, .index = index, .size = size};
    while (q->size > max)
        q->size /= 2;
    q->chains = kmalloc(q->size * sizeof *q->chains);
    q->descriptors = dma_alloc(ring_bytes(q), &q->descriptors_phys);
    if (!q->chains || !q->descriptors) {
        virtqueue_free(q);
        return -ENOMEM;
    }
    uint8_t *base = (uint8_t *)q->descriptors;
    q->available = (struct virtq_available *)(base + available_offset(q));
    q->used = (struct virtq_used *)(base + used_offset(q));
    q->available_phys = q->descriptors_phys + available_offset(q);
    q->used_phys = q->descriptors_phys + used_offset(q);
    return virtqueue_restart(q);
}

int virtqueue_restart(struct virtqueue *q) {
    make_empty(q);
    return q->owner->transport->queue_start(q->owner, q);
}

void virtqueue_free(struct virtqueue *q) {
    if (!q->owner)
        return;
    dma_free(q->descriptors, ring_bytes(q));
    kfree(q->chains);
    *q = (struct virtqueue){0};
}

int virtqueue_add(struct virtqueue *q, const struct virtq_part *parts, unsigned readable, unsigned writable, void *cookie) {
    unsigned count = readable + writable;
    if (q->broken)
        return -EIO;
    if (count == 0 || count > q->free_count)
        return -EAGAIN;
    uint16_t head = q->free_head, at = head, last = head;
    struct virtq_chain *chain = &q->chains[head];
    *chain = (struct virtq_chain){.cookie = cookie, .length = (uint16_t)count};
    for (unsigned i = 0; i < count; i++) {
        struct virtq_descriptor *d = &q->descriptors[at];
        d->address = virt_to_phys(parts[i].memory);
        d->bytes = parts[i].bytes;
        d->flags = (uint16_t)((i >= readable ? DESCRIPTOR_WRITE : 0) | (i + 1 < count ? DESCRIPTOR_NEXT : 0));
        if (i >= readable)
            chain->writable += parts[i].bytes;
        last = at;
        at = d->next;
    }
    chain->last = last;
    q->free_head = at;
    q->free_count = (uint16_t)(q->free_count - count);
    uint16_t index = q->available->index;
    q->available->ring[index & (q->size - 1)] = head;
    __atomic_store_n(&q->available->index, (uint16_t)(index + 1), __ATOMIC_RELEASE);
    return 0;
}

void virtqueue_kick(struct virtqueue *q) {
    dma_barrier(); /* the device sees the index before we see whether it wants to be told */
    if (!(__atomic_load_n(&q->used->flags, __ATOMIC_RELAXED) & USED_NO_NOTIFY))
        q->owner->transport->notify(q);
}

static void *distrust(struct virtqueue *q, const char *what) {
    q->broken = true;
    if (!q->silent)
        log_error("DRV", "%s: virtio queue %u returned %s; it is not used any more", q->owner->dev->name, q->index, what);
    return NULL;
}

void *virtqueue_take(struct virtqueue *q, uint32_t *written) {
    uint16_t index = __atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE);
    if (q->broken || index == q->next_used)
        return NULL;
    if ((uint16_t)(index - q->next_used) > q->size)
        return distrust(q, "more buffers than it has");
    uint32_t id = q->used->ring[q->next_used & (q->size - 1)].id;
    *written = q->used->ring[q->next_used & (q->size - 1)].written;
    if (id >= q->size || !q->chains[id].cookie)
        return distrust(q, "a buffer that it does not have");
    struct virtq_chain *chain = &q->chains[id];
    if (*written > chain->writable)
        return distrust(q, "more bytes than fit");
    void *cookie = chain->cookie;
    chain->cookie = NULL;
    q->descriptors[chain->last].next = q->free_head;
    q->free_head = (uint16_t)id;
    q->free_count = (uint16_t)(q->free_count + chain->length);
    q->next_used++;
    return cookie;
}

bool virtqueue_set_interrupts(struct virtqueue *q, bool on) {
    __atomic_store_n(&q->available->flags, on ? 0 : AVAILABLE_NO_INTERRUPT, __ATOMIC_RELAXED);
    dma_barrier();
    return __atomic_load_n(&q->used->index, __ATOMIC_ACQUIRE) != q->next_used;
}
