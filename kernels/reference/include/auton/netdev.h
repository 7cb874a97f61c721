/* Network cards: drivers register them here, the network stack sends and takes Ethernet frames. */
#pragma once
#include <auton/types.h>

#define NETDEV_FRAME_MAX 1514 /* bytes of a frame without its checksum: header and an MTU of 1500 */

struct net_device;
struct net_device_ops {
    /* Queues one frame, which is copied; pads it to Ethernet's minimum. From any thread. 0; -EAGAIN when the ring is
     * full, -ENETDOWN without a link, -EMSGSIZE. */
    int (*transmit)(struct net_device *card, const void *frame, size_t bytes);
    /* Copies the next received frame into `frame` and returns its bytes; 0 when there is none, and then the card
     * interrupts, that is calls on_receive, for the next. One thread at a time. */
    size_t (*receive)(struct net_device *card, void *frame, size_t room);
};

typedef struct net_device {
    char name[16];                  /* "eth0": given by netdev_register() */
    uint8_t mac[6];
    bool link_up;                   /* kept by the driver, by netdev_set_link() once it is registered */
    const struct net_device_ops *ops;
    void *driver_data;
    /* Set by the stack; called by the driver in interrupt context when frames have come or the link has changed. */
    void (*on_receive)(struct net_device *card);
    void *stack_data;
    struct { uint64_t rx_frames, rx_bytes, rx_dropped, tx_frames, tx_bytes, tx_dropped; } counters; /* the driver's */
    struct net_device *next;
} net_device_t;

/* The registry keeps the caller's object; it must live until netdev_unregister(). 0, -EINVAL. */
int netdev_register(net_device_t *card);
int netdev_unregister(net_device_t *card); /* 0; -ENODEV when it is not there */
/* From a driver, also in interrupt context: logs a change of the link and calls on_receive, so that the stack looks. */
void netdev_set_link(net_device_t *card, bool up);
net_device_t *netdev_first(void);
net_device_t *netdev_find(const char *name);

/* Set by the stack, called with each card that comes (those there already: walk netdev_first()) and goes. */
extern void (*netdev_added_hook)(net_device_t *card);
extern void (*netdev_removed_hook)(net_device_t *card);
