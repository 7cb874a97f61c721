/* The virtio network card: a queue of empty buffers for what comes, a queue of full ones for what goes, each frame
 * behind a header that stays zero because no offloading is agreed upon. */
#include "virtqueue.h"
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/netdev.h>
#include <auton/random.h>
#include <auton/string.h>
#include <auton/sync.h>

#define FEATURE_MAC (1ull << 5)
#define FEATURE_STATUS (1ull << 16)
enum config { CONFIG_MAC = 0, CONFIG_STATUS = 6 };
#define STATUS_LINK_UP 1
enum { QUEUE_RECEIVE = 0, QUEUE_TRANSMIT = 1 };
#define SLOTS 64u
#define SLOT_BYTES 2048u
#define HEADER_BYTES 12u
#define FRAME_MIN 60u /* without checksum */

struct card {
    struct virtio virtio;
    struct virtqueue receive, transmit;
    net_device_t net;
    spinlock_t lock;             /* of the transmit queue */
    uint8_t *buffers;            /* SLOTS for receiving, then SLOTS for sending */
    uint8_t *free_slots[SLOTS];  /* for sending */
    unsigned free_count;
};

static void offer(struct card *card, uint8_t *slot) {
    struct virtq_part part = {slot, HEADER_BYTES + NETDEV_FRAME_MAX};
    virtqueue_add(&card->receive, &part, 0, 1, slot);
}

static void reclaim_sent(struct card *card) {
    uint32_t written;
    uint8_t *slot;
    while ((slot = virtqueue_take(&card->transmit, &written)) != NULL)
        card->free_slots[card->free_count++] = slot;
}

static int transmit(net_device_t *net, const void *frame, size_t bytes) {
    struct card *card = net->driver_data;
    if (bytes > NETDEV_FRAME_MAX)
        return -EMSGSIZE;
    if (!net->link_up)
        return -ENETDOWN;
    uint64_t irq = spin_lock(&card->lock);
    reclaim_sent(card);
    int result = card->transmit.broken ? -EIO : card->free_count ? 0 : -EAGAIN;
    if (result == 0) {
        uint8_t *slot = card->free_slots[--card->free_count];
        size_t padded = bytes < FRAME_MIN ? FRAME_MIN : bytes;
        memset(slot, 0, HEADER_BYTES);
        memcpy(slot + HEADER_BYTES, frame, bytes);
        memset(slot + HEADER_BYTES + bytes, 0, padded - bytes);
        struct virtq_part part = {slot, (uint32_t)(HEADER_BYTES + padded)};
        virtqueue_add(&card->transmit, &part, 1, 0, slot);
        virtqueue_kick(&card->transmit);
        net->counters.tx_frames++;
        net->counters.tx_bytes += bytes;
    } else {
        net->counters.tx_dropped++;
    }
    spin_unlock(&card->lock, irq);
    return result;
}

/* Copies a frame out of its slot; 0 when it is none that may be passed on. */
static size_t unpack(net_device_t *net, const uint8_t *slot, uint32_t written, void *frame, size_t room) {
    size_t bytes = written > HEADER_BYTES ? written - HEADER_BYTES : 0;
    if (bytes == 0 || bytes > room) {
        net->counters.rx_dropped++;
        return 0;
    }
    memcpy(frame, slot + HEADER_BYTES, bytes);
    net->counters.rx_frames++;
    net->counters.rx_bytes += bytes;
    return bytes;
}

static size_t receive(net_device_t *net, void *frame, size_t room) {
    struct card *card = net->driver_data;
    uint32_t written;
    do {
        uint8_t *slot;
        while ((slot = virtqueue_take(&card->receive, &written)) != NULL) {
            size_t bytes = unpack(net, slot, written, frame, room);
            offer(card, slot);
            virtqueue_kick(&card->receive);
            if (bytes)
                return bytes;
        }
    } while (!card->receive.broken && virtqueue_set_interrupts(&card->receive, true));
    return 0;
}

static bool has_link(struct card *card) {
    bool reported = card->virtio.features & FEATURE_STATUS;
    return !reported || virtio_config16(&card->virtio, CONFIG_STATUS) & STATUS_LINK_UP;
}

static void on_interrupt(struct virtio *v, uint32_t why) {
    struct card *card = container_of(v, struct card, virtio);
    if (why & VIRTIO_INTERRUPT_CONFIG)
        netdev_set_link(&card->net, has_link(card));
    if (!(why & VIRTIO_INTERRUPT_QUEUE))
        return;
    virtqueue_set_interrupts(&card->receive, false); /* until receive() has found nothing */
    if (card->net.on_receive)
        card->net.on_receive(&card->net);
}

/* Queues that the device has just been told about get their buffers. */
static void start(struct card *card) {
    for (unsigned i = 0; i < card->receive.size; i++)
        offer(card, card->buffers + i * SLOT_BYTES);
    card->free_count = 0;
    for (unsigned i = 0; i < card->transmit.size; i++)
        card->free_slots[card->free_count++] = card->buffers + (SLOTS + i) * SLOT_BYTES;
    virtqueue_set_interrupts(&card->transmit, false); /* transmit() looks for itself */
    virtio_start(&card->virtio);
    virtqueue_kick(&card->receive);
    card->net.link_up = has_link(card);
}

static void read_address(struct card *card) {
    uint8_t *mac = card->net.mac;
    if (card->virtio.features & FEATURE_MAC) {
        for (uint32_t i = 0; i < 6; i++)
            mac[i] = virtio_config8(&card->virtio, CONFIG_MAC + i);
    } else {
        random_bytes(mac, 6);
        mac[0] = (uint8_t)((mac[0] & ~1u) | 2); /* of one card, locally administered */
    }
}

static void release(struct card *card) {
    virtqueue_free(&card->receive);
    virtqueue_free(&card->transmit);
    dma_free(card->buffers, 2 * SLOTS * SLOT_BYTES);
    kfree(card);
}

static const struct net_device_ops operations = {transmit, receive};

static int init(device_t *dev) {
    struct card *card = kzalloc(sizeof *card);
    phys_addr_t phys;
    if (!card)
        return -ENOMEM;
    card->virtio.on_interrupt = on_interrupt;
    card->buffers = dma_alloc(2 * SLOTS * SLOT_BYTES, &phys);
    int result = card->buffers ? virtio_open(&card->virtio, dev, FEATURE_MAC | FEATURE_STATUS) : -ENOMEM;
    if (result) {
        release(card);
        return result;
    }
    result = virtqueue_setup(&card->receive, &card->virtio, QUEUE_RECEIVE, SLOTS);
    if (result == 0)
        result = virtqueue_setup(&card->transmit, &card->virtio, QUEUE_TRANSMIT, SLOTS);
    if (result == 0) {
        card->net.ops = &operations;
        card->net.driver_data = card;
        read_address(card);
        start(card);
        result = netdev_register(&card->net);
    }
    if (result) {
        virtio_close(&card->virtio);
        release(card);
        return result;
    }
    const uint8_t *m = card->net.mac;
    log_info("DRV", "Ethernet %s: virtio at %s, address %02x:%02x:%02x:%02x:%02x:%02x, link %s", card->net.name, dev->name,
             m[0], m[1], m[2], m[3], m[4], m[5], card->net.link_up ? "up" : "down");
    return 0;
}

static struct card *card_of(device_t *dev) {
    return container_of((struct virtio *)dev->driver_data, struct card, virtio);
}

static void remove(device_t *dev) {
    struct card *card = card_of(dev);
    netdev_unregister(&card->net);
    virtio_close(&card->virtio);
    release(card);
}

static int suspend(device_t *dev) {
    card_of(dev)->net.link_up = false;
    return virtio_reset(dev->driver_data);
}

static int resume(device_t *dev) {
    struct card *card = card_of(dev);
    int result = virtio_reopen(&card->virtio);
    if (result == 0)
        result = virtqueue_restart(&card->receive);
    if (result == 0)
        result = virtqueue_restart(&card->transmit);
    if (result == 0)
        start(card);
    return result;
}

static const struct driver_match matches[] = {VIRTIO_MATCHES(VIRTIO_NET, 0x1000)};
static driver_t driver = {.name = "virtio_net", .matches = matches, .match_count = ARRAY_SIZE(matches), .init = init,
                          .remove = remove, .suspend = suspend, .resume = resume};

static void virtio_net_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, virtio_net_register);
