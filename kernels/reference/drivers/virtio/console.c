/* The virtio console: a further place where the kernel's text goes and from where it can be typed. It must never
 * stop the kernel: what the host does not take in time is dropped. */
#include "virtqueue.h"
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/string.h>

enum { QUEUE_RECEIVE = 0, QUEUE_TRANSMIT = 1 };
#define SLOTS 32u
#define SLOT_BYTES 256u
#define RECEIVE_SLOTS 4u
#define PATIENCE_NS 1000000ull

/* One console: its sink cannot be taken back from the list, so it stays, with or without a device behind it. */
static struct port {
    struct virtio virtio;
    struct virtqueue receive, transmit;
    char *buffers;              /* SLOTS to send, then RECEIVE_SLOTS */
    char *free_slots[SLOTS];
    unsigned free_count;
    bool works;
} port;
#define BUFFER_BYTES ((SLOTS + RECEIVE_SLOTS) * SLOT_BYTES)

static void reclaim(void) {
    uint32_t written;
    char *slot;
    while ((slot = virtqueue_take(&port.transmit, &written)) != NULL)
        port.free_slots[port.free_count++] = slot;
}

static char *empty_slot(void) {
    uint64_t start = arch_time_ns();
    do
        reclaim();
    while (!port.free_count && !port.transmit.broken && arch_time_ns() - start < PATIENCE_NS);
    return port.free_count ? port.free_slots[--port.free_count] : NULL;
}

static void send(char *slot, uint32_t bytes) {
    struct virtq_part part = {slot, bytes};
    if (virtqueue_add(&port.transmit, &part, 1, 0, slot) == 0)
        virtqueue_kick(&port.transmit);
    else
        port.free_slots[port.free_count++] = slot;
}

/* Fills a slot with text in which each line begins at the left edge; returns how much of it fitted. */
static size_t fill(char *slot, uint32_t *bytes, const char *text, size_t len) {
    size_t i = 0;
    *bytes = 0;
    for (; i < len && *bytes + 2 <= SLOT_BYTES; i++) {
        if (text[i] == '\n')
            slot[(*bytes)++] = '\r';
        slot[(*bytes)++] = text[i];
    }
    return i;
}

/* With interrupts off and the console's lock held: nothing that logs may be called. */
static void console_text(const char *text, size_t len) {
    while (len && port.works) {
        uint32_t bytes;
        char *slot = empty_slot();
        if (!slot)
            return;
        size_t taken = fill(slot, &bytes, text, len);
        send(slot, bytes);
        text += taken;
        len -= taken;
    }
}
static struct console_sink sink = {.write = console_text};

static void offer(char *slot) {
    struct virtq_part part = {slot, SLOT_BYTES};
    virtqueue_add(&port.receive, &part, 0, 1, slot);
}

static void on_interrupt(struct virtio *v, uint32_t why) {
    uint32_t written;
    char *slot;
    (void)v, (void)why;
    while ((slot = virtqueue_take(&port.receive, &written)) != NULL) {
        for (uint32_t i = 0; i < written; i++)
            console_input(slot[i]);
        offer(slot);
    }
    virtqueue_kick(&port.receive);
}

static void start(void) {
    port.free_count = 0;
    for (unsigned i = 0; i < port.transmit.size; i++)
        port.free_slots[port.free_count++] = port.buffers + i * SLOT_BYTES;
    for (unsigned i = 0; i < RECEIVE_SLOTS && i < port.receive.size; i++)
        offer(port.buffers + (SLOTS + i) * SLOT_BYTES);
    virtqueue_set_interrupts(&port.transmit, false);
    virtio_start(&port.virtio);
    virtqueue_kick(&port.receive);
    port.works = true;
}

static void release(void) {
    virtqueue_free(&port.receive);
    virtqueue_free(&port.transmit);
    dma_free(port.buffers, BUFFER_BYTES);
    port.buffers = NULL;
}

static int init(device_t *dev) {
    static bool registered;
    phys_addr_t phys;
    if (port.buffers)
        return -EBUSY; /* one is enough */
    port.virtio = (struct virtio){.on_interrupt = on_interrupt};
    port.buffers = dma_alloc(BUFFER_BYTES, &phys);
    int result = port.buffers ? virtio_open(&port.virtio, dev, 0) : -ENOMEM;
    if (result) {
        release();
        return result;
    }
    result = virtqueue_setup(&port.receive, &port.virtio, QUEUE_RECEIVE, RECEIVE_SLOTS);
    if (result == 0)
        result = virtqueue_setup(&port.transmit, &port.virtio, QUEUE_TRANSMIT, SLOTS);
    if (result) {
        virtio_close(&port.virtio);
        release();
        return result;
    }
    port.transmit.silent = true;
    start();
    if (!registered)
        console_register_sink(&sink);
    registered = true;
    log_info("DRV", "Console: virtio at %s", dev->name);
    return 0;
}

static void remove(device_t *dev) {
    (void)dev;
    port.works = false;
    virtio_close(&port.virtio);
    release();
}

static int suspend(device_t *dev) {
    port.works = false;
    return virtio_reset(dev->driver_data);
}

static int resume(device_t *dev) {
    int result = virtio_reopen(dev->driver_data);
    if (result == 0)
        result = virtqueue_restart(&port.receive);
    if (result == 0)
        result = virtqueue_restart(&port.transmit);
    if (result == 0)
        start();
    return result;
}

static const struct driver_match matches[] = {VIRTIO_MATCHES(VIRTIO_CONSOLE, 0x1003)};
static driver_t driver = {.name = "virtio_console", .matches = matches, .match_count = ARRAY_SIZE(matches), .init = init,
                          .remove = remove, .suspend = suspend, .resume = resume};

static void virtio_console_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, virtio_console_register);

SELFTEST(virtio_console_text, "drivers") {
    static char slot[SLOT_BYTES], lines[400];
    uint32_t bytes;
    CHECK(fill(slot, &bytes, "a\nb", 3) == 3 && bytes == 4 && memcmp(slot, "a\r\nb", 4) == 0);
    memset(lines, '\n', sizeof lines);
    CHECK(fill(slot, &bytes, lines, sizeof lines) == SLOT_BYTES / 2 && bytes == SLOT_BYTES);
    memset(lines, 'x', sizeof lines);
    CHECK(fill(slot, &bytes, lines, sizeof lines) <= SLOT_BYTES && bytes <= SLOT_BYTES && bytes > SLOT_BYTES - 2);
    return NULL;
}
