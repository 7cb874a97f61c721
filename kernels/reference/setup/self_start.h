/* Making a disk start by itself. What that takes depends on the machine's firmware: an architecture that knows how sets
 * the hook and names the firmware. */
#pragma once
#include <auton/block.h>

struct self_start {
    block_device_t *disk;  /* the whole disk */
    uint64_t first_sector; /* of the root file system's partition */
    const char *root;      /* where that is mounted */
    const char *cmdline;   /* for the kernel, one line */
};
/* Puts the kernel, its command line and the loader there. 0 or -errno. */
extern int (*self_start_hook)(const struct self_start *target);
extern const char *self_start_firmware; /* who starts it: "U-Boot" */

/* self_start.c: does that for the disk's new partition, with the words of the present command line that still make sense
 * and `root=` by the file system's identifier. -EOPNOTSUPP without a hook. */
int self_start_install(block_device_t *disk, block_device_t *partition, uint64_t first_sector, const char *root);
