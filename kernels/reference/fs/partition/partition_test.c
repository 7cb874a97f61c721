/* Self-tests of partition tables, on disks in memory. */
#include <auton/crc32.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "../fs_internal.h"
#include "../unaligned.h"
#include "partition.h"

SELFTEST(fs_partition_mbr, "fs") {
    struct partition in[2] = {{.start = 64, .sectors = 1000, .type = MBR_TYPE_LINUX, .bootable = true},
                              {.start = 1064, .sectors = 500, .type = 0x82}};
    struct partition out[4];
    block_device_t *disk = ramdisk_create(MB(1));
    uint8_t *sector = kmalloc(BLOCK_SECTOR);
    CHECK(disk && sector && partition_read(disk, out, 4) == 0);
    memset(sector, 0x5A, BLOCK_SECTOR);
    CHECK(block_write(disk, 0, 1, sector) == 0 && partition_write_mbr(disk, in, 2) == 0);
    CHECK(block_read(disk, 0, 1, sector) == 0 && sector[0] == 0x5A && sector[MBR_TABLE - 1] == 0x5A);
    CHECK(partition_read(disk, out, 4) == 2 && out[0].start == 64 && out[0].sectors == 1000 && out[0].bootable);
    CHECK(out[1].number == 2 && out[1].start == 1064 && out[1].type == 0x82 && !out[1].bootable);
    char name[24];
    strlcpy(name, disk->name, sizeof name); /* "ram0": its partition is ram0p1 */
    strlcat(name, "p2", sizeof name);
    block_device_t *part = block_find(name);
    CHECK(part && part->sectors == 500 && block_write(part, 3, 1, sector) == 0 && block_write(part, 500, 1, sector) == -EINVAL);
    memset(sector, 0, BLOCK_SECTOR);
    CHECK(block_read(disk, 1067, 1, sector) == 0 && sector[0] == 0x5A && block_flush(part) == 0);
    in[1].start = 1000;
    CHECK(partition_write_mbr(disk, in, 2) == -EINVAL); /* they overlap */
    in[1].start = 1064, in[1].sectors = 2048;
    CHECK(partition_write_mbr(disk, in, 2) == -EINVAL); /* too large */
    CHECK(partition_write_mbr(disk, in, 1) == 0 && partition_scan(disk) == 1 && !block_find(name));
    kfree(sector);
    CHECK(ramdisk_destroy(disk) == 0);
    return NULL;
}

static void put_entry(uint8_t *sector, unsigned i, uint8_t type, uint32_t start, uint32_t sectors) {
    uint8_t *e = sector + MBR_TABLE + i * MBR_ENTRY;
    e[4] = type;
    put32(e + 8, start);
    put32(e + 12, sectors);
    put16(sector + MBR_SIGNATURE, 0xAA55);
}

SELFTEST(fs_partition_logical, "fs") {
    struct partition out[8];
    block_device_t *disk = ramdisk_create(MB(1));
    uint8_t *sector = kzalloc(BLOCK_SECTOR);
    CHECK(disk && sector);
    put_entry(sector, 1, 0x05, 100, 1000);
    CHECK(block_write(disk, 0, 1, sector) == 0);
    memset(sector, 0, BLOCK_SECTOR);
    put_entry(sector, 0, 0x83, 2, 100);
    put_entry(sector, 1, 0x05, 200, 100);
    CHECK(block_write(disk, 100, 1, sector) == 0);
    memset(sector, 0, BLOCK_SECTOR);
    put_entry(sector, 0, 0x83, 1, 50);
    CHECK(block_write(disk, 300, 1, sector) == 0);
    CHECK(partition_read(disk, out, 8) == 2 && out[0].number == 5 && out[0].start == 102 && out[1].start == 301);
    put_entry(sector, 1, 0x05, 200, 100); /* the chain leads to where it is: it must not go round for ever */
    CHECK(block_write(disk, 300, 1, sector) == 0 && partition_read(disk, out, 8) == -EBADMSG);
    kfree(sector);
    CHECK(ramdisk_destroy(disk) == 0);
    return NULL;
}

/* A GPT header for `sector`, with one entry in the table at `entries`. */
static void put_gpt(uint8_t *h, uint64_t at, uint64_t last, uint32_t entries, const uint8_t *table) {
    memset(h, 0, BLOCK_SECTOR);
    memcpy(h, "EFI PART", 8);
    put32(h + 8, 0x10000), put32(h + 12, 92), put32(h + 24, (uint32_t)at);
    put32(h + 40, 34), put32(h + 48, (uint32_t)last - 34), put32(h + 72, entries);
    put32(h + 80, 4), put32(h + 84, 128), put32(h + 88, crc32(table, BLOCK_SECTOR, 0));
    put32(h + 16, crc32(h, 92, 0));
}

SELFTEST(fs_partition_gpt, "fs") {
    static const uint8_t linux_data[16] = {0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47,
                                           0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4};
    struct partition out[4];
    block_device_t *disk = ramdisk_create(MB(1));
    uint8_t *sector = kzalloc(BLOCK_SECTOR), *table = kzalloc(BLOCK_SECTOR);
    CHECK(disk && sector && table && crc32("123456789", 9, 0) == 0xCBF43926);
    uint64_t last = disk->sectors - 1;
    put_entry(sector, 0, MBR_TYPE_PROTECTIVE, 1, (uint32_t)last);
    CHECK(block_write(disk, 0, 1, sector) == 0 && partition_read(disk, out, 4) == -EBADMSG);
    memcpy(table + 128, linux_data, 16);
    put32(table + 128 + 32, 40), put32(table + 128 + 40, 139);
    table[128 + 56] = 'r', table[128 + 58] = 'o', table[128 + 61] = 4;
    CHECK(block_write(disk, 2, 1, table) == 0);
    put_gpt(sector, 1, last, 2, table);
    CHECK(block_write(disk, 1, 1, sector) == 0);
    CHECK(partition_read(disk, out, 4) == 1 && out[0].number == 2 && out[0].start == 40 && out[0].sectors == 100);
    CHECK(out[0].type == MBR_TYPE_LINUX && strcmp(out[0].label, "ro?") == 0);
    put_gpt(sector, last, last, 2, table);
    CHECK(block_write(disk, last, 1, sector) == 0);
    sector[50] ^= 1; /* a damaged first header: the copy at the end is used */
    CHECK(block_write(disk, 1, 1, sector) == 0 && partition_read(disk, out, 4) == 1);
    CHECK(block_write(disk, last, 1, sector) == 0 && partition_read(disk, out, 4) == -EBADMSG);
    kfree(sector);
    kfree(table);
    CHECK(ramdisk_destroy(disk) == 0);
    return NULL;
}

SELFTEST(fs_partition_gpt_write, "fs") {
    struct partition in[2] = {{.start = 4096, .sectors = 1000, .type = MBR_TYPE_LINUX, .bootable = true, .label = "root"},
                              {.start = PARTITION_FIRST, .sectors = 2048, .type = MBR_TYPE_EFI}};
    struct partition out[4];
    block_device_t *disk = ramdisk_create(MB(4));
    uint8_t *sector = kmalloc(BLOCK_SECTOR);
    CHECK(disk && sector);
    memset(sector, 0x5A, BLOCK_SECTOR);
    CHECK(block_write(disk, 0, 1, sector) == 0 && partition_write_gpt(disk, in, 2) == 0);
    for (unsigned i = 0; i < 2; i++) { /* the second time without the first table */
        CHECK(partition_read(disk, out, 4) == 2 && out[0].number == 1 && out[0].start == 4096 && out[0].sectors == 1000);
        CHECK(out[0].type == MBR_TYPE_LINUX && out[0].bootable && strcmp(out[0].label, "root") == 0);
        CHECK(out[1].start == PARTITION_FIRST && out[1].type == MBR_TYPE_EFI && !out[1].bootable && !out[1].label[0]);
        CHECK(block_write(disk, 1, 1, sector) == 0);
    }
    CHECK(block_read(disk, 0, 1, sector) == 0 && sector[0] == 0x5A && sector[MBR_TABLE + 4] == MBR_TYPE_PROTECTIVE);
    in[1].sectors = 2049;
    CHECK(partition_write_gpt(disk, in, 2) == -EINVAL); /* they overlap */
    in[1].start = PARTITION_FIRST - 1, in[1].sectors = 10;
    CHECK(partition_write_gpt(disk, in, 2) == -EINVAL); /* in the gap */
    in[0].sectors = disk->sectors - in[0].start - 32;
    CHECK(partition_write_gpt(disk, in, 1) == -EINVAL); /* over the copy of the table */
    in[0].sectors = 10, in[0].type = 0x82;
    CHECK(partition_write_gpt(disk, in, 1) == -EINVAL); /* of no type that it knows */
    kfree(sector);
    CHECK(ramdisk_destroy(disk) == 0);
    return NULL;
}
