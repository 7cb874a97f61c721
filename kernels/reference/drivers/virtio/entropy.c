/* The virtio random source: feeds the generator when the machine starts and whenever that asks for more. */
#include "virtqueue.h"
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/random.h>
#include <auton/string.h>
#include <auton/sync.h>

#define SEED_BYTES 64u

struct source {
    struct virtio virtio;
    struct virtqueue queue;
    spinlock_t lock;
    uint8_t *seed;
    bool asked;
};
static struct source *in_use; /* one is enough */

static void ask(struct source *source) {
    uint64_t irq = spin_lock(&source->lock);
    struct virtq_part part = {source->seed, SEED_BYTES};
    if (!source->asked && virtqueue_add(&source->queue, &part, 0, 1, source) == 0) {
        source->asked = true;
        virtqueue_kick(&source->queue);
    }
    spin_unlock(&source->lock, irq);
}

static void reseed(void) {
    if (in_use)
        ask(in_use);
}

static void on_interrupt(struct virtio *v, uint32_t why) {
    struct source *source = container_of(v, struct source, virtio);
    uint32_t written;
    (void)why;
    if (!virtqueue_take(&source->queue, &written))
        return;
    random_add(source->seed, written, written * 8);
    memset(source->seed, 0, SEED_BYTES);
    source->asked = false;
}

static void release(struct source *source) {
    virtqueue_free(&source->queue);
    dma_free(source->seed, SEED_BYTES);
    kfree(source);
}

static int init(device_t *dev) {
    struct source *source = in_use ? NULL : kzalloc(sizeof *source);
    phys_addr_t phys;
    if (!source)
        return in_use ? -EBUSY : -ENOMEM;
    source->virtio.on_interrupt = on_interrupt;
    source->seed = dma_alloc(SEED_BYTES, &phys);
    int result = source->seed ? virtio_open(&source->virtio, dev, 0) : -ENOMEM;
    if (result == 0 && (result = virtqueue_setup(&source->queue, &source->virtio, 0, 2)) != 0)
        virtio_close(&source->virtio);
    if (result) {
        release(source);
        return result;
    }
    virtio_start(&source->virtio);
    in_use = source;
    random_reseed_hook = reseed;
    ask(source);
    log_info("DRV", "Random source: virtio at %s", dev->name);
    return 0;
}

static void remove(device_t *dev) {
    struct source *source = in_use;
    in_use = NULL;
    random_reseed_hook = NULL;
    (void)dev;
    virtio_close(&source->virtio);
    release(source);
}

static int suspend(device_t *dev) {
    return virtio_reset(dev->driver_data);
}

static int resume(device_t *dev) {
    struct source *source = in_use;
    int result = virtio_reopen(dev->driver_data);
    if (result == 0)
        result = virtqueue_restart(&source->queue);
    if (result == 0) {
        source->asked = false;
        virtio_start(&source->virtio);
        ask(source);
    }
    return result;
}

static const struct driver_match matches[] = {VIRTIO_MATCHES(VIRTIO_ENTROPY, 0x1005)};
static driver_t driver = {.name = "virtio_rng", .matches = matches, .match_count = ARRAY_SIZE(matches), .init = init,
                          .remove = remove, .suspend = suspend, .resume = resume};

static void virtio_entropy_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, virtio_entropy_register);
