/* Self-tests of real disks. Only those that the command line gives up, as in `scratch=vda,nvme0n1`, are written to;
 * all others are read. */
#include <auton/block.h>
#include <auton/boot.h>
#include <auton/errno.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "disk_test.h"

#define LARGE 600u /* sectors of the largest transfer: no multiple of any page or limit */
#define BYTES(sectors) ((size_t)(sectors) * BLOCK_SECTOR)

/* Calls `test` for each scratch disk; one that is named and is not there is a failure, too. */
static const char *for_each_scratch(const char *(*test)(block_device_t *disk)) {
    char list[64], *next;
    if (!cmdline_get("scratch", list, sizeof list))
        return NULL;
    for (char *name = list; *name; name = next) {
        next = strchr(name, ',');
        if (next)
            *next++ = '\0';
        else
            next = name + strlen(name);
        block_device_t *disk = block_find(name);
        const char *reason = disk ? test(disk) : "the machine has no disk of the name that scratch= gives";
        if (reason)
            return reason;
    }
    return NULL;
}

/* Every 8 bytes name their sector, so that what lands in the wrong place is noticed. */
static void fill(uint64_t *buffer, uint64_t sector, uint32_t count, uint64_t salt) {
    for (size_t i = 0; i < BYTES(count) / 8; i++)
        buffer[i] = (sector + i / (BLOCK_SECTOR / 8)) << 32 ^ i ^ salt;
}

static const char *write_and_read(block_device_t *disk, uint64_t sector, uint32_t count, uint64_t *out, uint64_t *back) {
    fill(out, sector, count, 0xA5);
    memset(back, 0, BYTES(count));
    CHECK(block_write(disk, sector, count, out) == 0);
    CHECK(block_flush(disk) == 0);
    CHECK(block_read(disk, sector, count, back) == 0);
    CHECK(memcmp(out, back, BYTES(count)) == 0);
    return NULL;
}

static const char *round_trip(block_device_t *disk) {
    uint64_t *out = kmalloc(BYTES(LARGE)), *back = kmalloc(BYTES(LARGE));
    uint32_t large = disk->sectors < LARGE ? (uint32_t)disk->sectors : LARGE;
    const char *reason = out && back ? NULL : "out of memory";
    if (!reason)
        reason = write_and_read(disk, disk->sectors - large, large, out, back); /* up to the last sector */
    if (!reason)
        reason = write_and_read(disk, 0, 1, out, back);
    if (!reason && disk->sectors > 100)
        reason = write_and_read(disk, 17, 9, out, back);
    /* One sector in the middle changes and its neighbours stay. */
    if (!reason && disk->sectors > 100) {
        fill(out + BLOCK_SECTOR / 8, 18, 1, 0x5A);
        bool wrote = block_write(disk, 18, 1, out + BLOCK_SECTOR / 8) == 0;
        if (!wrote || block_read(disk, 17, 9, back) != 0 || memcmp(out, back, BYTES(9)) != 0)
            reason = "a sector's neighbours changed with it";
    }
    kfree(out);
    kfree(back);
    return reason;
}
const char *test_scratch_disks(void) {
    return for_each_scratch(round_trip);
}
SELFTEST(disk_round_trip, "drivers") {
    return test_scratch_disks();
}

/* Counts how often a disk has been through this test: that is to survive the machine. */
static const char *count_generation(block_device_t *disk) {
    static char sector[BLOCK_SECTOR];
    static const char title[] = "AUTON scratch disk, generation ";
    uint64_t at = disk->sectors / 2, generation = 0;
    CHECK(block_read(disk, at, 1, sector) == 0);
    if (strncmp(sector, title, sizeof title - 1) == 0)
        parse_u64(sector + sizeof title - 1, &generation);
    memset(sector, 0, sizeof sector);
    ksnprintf(sector, sizeof sector, "%s%llu", title, (unsigned long long)generation + 1);
    CHECK(block_write(disk, at, 1, sector) == 0 && block_flush(disk) == 0);
    log_info("DRV", "Scratch disk %s: generation %llu", disk->name, (unsigned long long)generation + 1);
    return NULL;
}
SELFTEST(disk_generation, "drivers") {
    return for_each_scratch(count_generation);
}

/* Two threads at once, each with a part of the disk. */
#define ROUNDS 16u
static block_device_t *shared;
static const char *outcome[2];
static void work(void *arg) {
    uint64_t me = (uint64_t)arg, sector = shared->sectors / 4 * (2 * me + 1);
    uint64_t *out = kmalloc(BYTES(8)), *back = kmalloc(BYTES(8));
    outcome[me] = out && back ? NULL : "out of memory";
    for (uint32_t i = 0; i < ROUNDS && !outcome[me]; i++)
        outcome[me] = write_and_read(shared, sector + i, 8, out, back);
    kfree(out);
    kfree(back);
}
static const char *share(block_device_t *disk) {
    if (disk->sectors < 200)
        return NULL;
    shared = disk;
    outcome[0] = outcome[1] = "did not run";
    unsigned before = completions_without_interrupt();
    tid_t one = thread_create("disk", PRIO_USER, work, (void *)0), two = thread_create("disk", PRIO_USER, work, (void *)1);
    CHECK(one && two && thread_join(one, 60000) == 0 && thread_join(two, 60000) == 0);
    CHECK(completions_without_interrupt() - before < ROUNDS); /* a few of the six times as many transfers */
    return outcome[0] ? outcome[0] : outcome[1];
}
SELFTEST(disk_shared, "drivers") {
    return for_each_scratch(share);
}

/* Reads only: any disk of the machine, a user's too. */
SELFTEST(disk_limits, "drivers") {
    static uint8_t sector[2 * BLOCK_SECTOR];
    for (block_device_t *disk = block_first(); disk; disk = disk->next) {
        CHECK(block_read(disk, 0, 1, sector) == 0);
        CHECK(block_read(disk, disk->sectors - 1, 1, sector) == 0);
        CHECK(block_read(disk, disk->sectors - 1, 2, sector) == -EINVAL);
        CHECK(block_read(disk, disk->sectors, 1, sector) == -EINVAL);
        CHECK(!disk->read_only || block_write(disk, 0, 1, sector) == -EROFS);
    }
    return NULL;
}
