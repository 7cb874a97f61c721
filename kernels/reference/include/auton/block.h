/* Disks: drivers register them here, file systems read and write them by sectors of 512 bytes. */
#pragma once
#include <auton/types.h>

#define BLOCK_SECTOR 512

struct block_device;
struct block_ops {
    /* Transfer `count` sectors from `sector` on; a thread's call, which blocks until the disk is done. The caller has
     * checked the range. `buffer` is one that virt_to_phys() takes, contiguous, aligned to 8 bytes. 0 or -errno. */
    int (*read)(struct block_device *disk, uint64_t sector, uint32_t count, void *buffer);
    int (*write)(struct block_device *disk, uint64_t sector, uint32_t count, const void *buffer);
    /* Returns once everything written is on the medium. NULL: writes are there when they return. 0 or -errno. */
    int (*flush)(struct block_device *disk);
};

typedef struct block_device {
    char name[16];                  /* "vda", "sda", "nvme0n1"; a partition's is its disk's with a number; unique */
    uint64_t sectors;
    uint32_t max_sectors;           /* of one transfer; 0: no limit */
    bool read_only;
    const struct block_ops *ops;
    void *driver_data;
    struct block_device *next;
} block_device_t;

/* The registry keeps the caller's object; it must live until block_unregister(). 0; -EEXIST, -EINVAL. */
int block_register(block_device_t *disk);
/* The same under the next free name of a series: "vd" gives "vda", "vdb"; -ENOSPC behind "vdz". */
int block_register_in(block_device_t *disk, const char *series);
int block_unregister(block_device_t *disk); /* 0; -ENODEV when it is not there */
/* Set by the file systems: called in block_register() with each new disk, which can be read by then. */
extern void (*block_added_hook)(block_device_t *disk);
block_device_t *block_first(void);
block_device_t *block_find(const char *name);

/* Checked, split into transfers the disk can do. 0; -EINVAL out of range, -EROFS, or the driver's -errno. */
int block_read(block_device_t *disk, uint64_t sector, uint32_t count, void *buffer);
int block_write(block_device_t *disk, uint64_t sector, uint32_t count, const void *buffer);
int block_flush(block_device_t *disk);
