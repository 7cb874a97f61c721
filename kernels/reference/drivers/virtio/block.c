/* The virtio disk: one request at a time, a header that says what to do, the caller's buffer, a byte of status. */
#include "virtqueue.h"
#include <auton/block.h>
#include <auton/dma.h>
#include <auton/errno.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>

#define FEATURE_SIZE_MAX (1ull << 1)
#define FEATURE_READ_ONLY (1ull << 5)
#define FEATURE_FLUSH (1ull << 9)
enum config { CONFIG_CAPACITY = 0, CONFIG_SIZE_MAX = 8 };
enum request_type { READ = 0, WRITE = 1, FLUSH = 4 };
enum status { STATUS_OK = 0, STATUS_UNSUPPORTED = 2, STATUS_NONE = 0xFF };
#define TIMEOUT_MS 10000
#define MOST_SECTORS 2048u
#define QUEUE_SIZE 4

struct request {
    uint32_t type, reserved;
    uint64_t sector;
    volatile uint8_t status;
};
#define REQUEST_HEADER offsetof(struct request, status)

struct disk {
    struct virtio virtio;
    struct virtqueue queue;
    block_device_t block;
    struct mutex lock;
    struct completion done;
    struct request *request; /* the device's to read and write */
    bool dead;
};

static void collect(void *arg) {
    struct disk *disk = arg;
    uint32_t written;
    if (virtqueue_take(&disk->queue, &written) || disk->queue.broken)
        complete(&disk->done);
}

static void on_interrupt(struct virtio *v, uint32_t why) {
    if (why & VIRTIO_INTERRUPT_QUEUE)
        collect(container_of(v, struct disk, virtio));
}

static int restart(struct disk *disk) {
    int result = virtio_reset(&disk->virtio);
    if (result == 0)
        result = virtio_reopen(&disk->virtio);
    if (result == 0)
        result = virtqueue_restart(&disk->queue);
    if (result == 0)
        virtio_start(&disk->virtio);
    return result;
}

/* The caller's buffer must not be written to after we return, so a device that is late is reset. */
static int give_up(struct disk *disk, int error) {
    disk->dead = restart(disk) != 0;
    log_error("DRV", "%s: the disk does not answer%s", disk->block.name, disk->dead ? " and is given up" : "");
    return error;
}

static int perform(struct disk *disk, enum request_type type, uint64_t sector, void *data, uint32_t bytes) {
    struct request *request = disk->request;
    struct virtq_part parts[3] = {{request, REQUEST_HEADER}, {data, bytes}, {(void *)(uintptr_t)&request->status, 1}};
    unsigned readable = type == WRITE ? 2 : 1, writable = type == READ ? 2 : 1;
    if (disk->dead)
        return -EIO;
    if (!bytes)
        parts[1] = parts[2];
    *request = (struct request){.type = type, .sector = sector, .status = STATUS_NONE};
    completion_reset(&disk->done);
    int result = virtqueue_add(&disk->queue, parts, readable, writable, disk);
    if (result)
        return result;
    virtqueue_kick(&disk->queue);
    if (!completion_wait(&disk->done, TIMEOUT_MS, collect, disk))
        return give_up(disk, -ETIMEDOUT);
    if (disk->queue.broken)
        return give_up(disk, -EIO);
    return request->status == STATUS_OK ? 0 : request->status == STATUS_UNSUPPORTED ? -EOPNOTSUPP : -EIO;
}

static int transfer(block_device_t *block, enum request_type type, uint64_t sector, void *data, uint32_t bytes) {
    struct disk *disk = block->driver_data;
    mutex_lock(&disk->lock);
    int result = perform(disk, type, sector, data, bytes);
    mutex_unlock(&disk->lock);
    return result;
}

static int disk_read(block_device_t *block, uint64_t sector, uint32_t count, void *buffer) {
    return transfer(block, READ, sector, buffer, count * BLOCK_SECTOR);
}
static int disk_write(block_device_t *block, uint64_t sector, uint32_t count, const void *buffer) {
    return transfer(block, WRITE, sector, (void *)(uintptr_t)buffer, count * BLOCK_SECTOR);
}
static int disk_flush(block_device_t *block) {
    return transfer(block, FLUSH, 0, NULL, 0);
}

/* Without the flush feature the disk writes through. */
static const struct block_ops through = {disk_read, disk_write, NULL}, cached = {disk_read, disk_write, disk_flush};

static void release(struct disk *disk) {
    virtqueue_free(&disk->queue);
    dma_free(disk->request, sizeof *disk->request);
    kfree(disk);
}

static int describe(struct disk *disk) {
    block_device_t *block = &disk->block;
    block->sectors = virtio_config64(&disk->virtio, CONFIG_CAPACITY);
    block->read_only = disk->virtio.features & FEATURE_READ_ONLY;
    block->ops = disk->virtio.features & FEATURE_FLUSH ? &cached : &through;
    block->max_sectors = MOST_SECTORS;
    block->driver_data = disk;
    if (disk->virtio.features & FEATURE_SIZE_MAX) {
        uint32_t limit = virtio_config32(&disk->virtio, CONFIG_SIZE_MAX) / BLOCK_SECTOR;
        block->max_sectors = limit < MOST_SECTORS ? limit : MOST_SECTORS;
    }
    return block->max_sectors && block->sectors ? 0 : -ENODEV;
}

static int init(device_t *dev) {
    struct disk *disk = kzalloc(sizeof *disk);
    phys_addr_t phys;
    if (!disk)
        return -ENOMEM;
    disk->virtio.on_interrupt = on_interrupt;
    disk->request = dma_alloc(sizeof *disk->request, &phys);
    int result = disk->request ? virtio_open(&disk->virtio, dev, FEATURE_SIZE_MAX | FEATURE_READ_ONLY | FEATURE_FLUSH)
                               : -ENOMEM;
    if (result) {
        release(disk);
        return result;
    }
    result = describe(disk);
    if (result == 0)
        result = virtqueue_setup(&disk->queue, &disk->virtio, 0, QUEUE_SIZE);
    if (result == 0) {
        virtio_start(&disk->virtio);
        result = block_register_in(&disk->block, "vd");
    }
    if (result) {
        virtio_close(&disk->virtio);
        release(disk);
        return result;
    }
    log_info("DRV", "Disk %s: virtio at %s, %llu MB%s", disk->block.name, dev->name,
             (unsigned long long)disk->block.sectors / 2048, disk->block.read_only ? ", read-only" : "");
    return 0;
}

static struct disk *disk_of(device_t *dev) {
    return container_of((struct virtio *)dev->driver_data, struct disk, virtio);
}

static void remove(device_t *dev) {
    struct disk *disk = disk_of(dev);
    block_unregister(&disk->block);
    mutex_lock(&disk->lock); /* a transfer under way ends first */
    mutex_unlock(&disk->lock);
    virtio_close(&disk->virtio);
    release(disk);
}

static int suspend(device_t *dev) {
    return virtio_reset(dev->driver_data);
}

static int resume(device_t *dev) {
    struct disk *disk = disk_of(dev);
    int result = restart(disk);
    disk->dead = result != 0;
    return result;
}

static const struct driver_match matches[] = {VIRTIO_MATCHES(VIRTIO_BLOCK, 0x1001)};
static driver_t driver = {.name = "virtio_blk", .matches = matches, .match_count = ARRAY_SIZE(matches), .init = init,
                          .remove = remove, .suspend = suspend, .resume = resume};

static void virtio_block_register(void) {
    driver_register(&driver);
}
INITCALL(INIT_CORE_DRIVERS, virtio_block_register);
