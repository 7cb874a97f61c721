/* Writing a GPT: the entries and their header twice, at both ends of the disk, and the MBR that keeps those off who know
 * nothing of it. The gap in front of the first partition stays out of the usable sectors: a boot loader may lie there. */
#include <auton/crc32.h>
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/random.h>
#include <auton/string.h>
#include "../unaligned.h"
#include "partition.h"

#define TABLE_BYTES (PARTITION_MAX * GPT_ENTRY_BYTES)
#define TABLE_SECTORS (TABLE_BYTES / BLOCK_SECTOR)
#define TABLE_SECTOR 2

static void put_guid(uint8_t *guid) {
    random_bytes(guid, 16);
    guid[7] = (uint8_t)((guid[7] & 0x0F) | 0x40); /* a random one, as RFC 9562 marks it; three parts are little-endian */
    guid[8] = (uint8_t)((guid[8] & 0x3F) | 0x80);
}

static int put_entry(uint8_t *e, const struct partition *p) {
    size_t type = 0;
    while (type < ARRAY_SIZE(gpt_types) && gpt_types[type].mbr != p->type)
        type++;
    if (type == ARRAY_SIZE(gpt_types))
        return -EINVAL;
    memcpy(e + GPT_TYPE, gpt_types[type].guid, 16);
    put_guid(e + GPT_UNIQUE);
    put64(e + GPT_START, p->start);
    put64(e + GPT_END, p->start + p->sectors - 1);
    put64(e + GPT_ATTRIBUTES, p->bootable ? GPT_BOOTABLE : 0);
    for (size_t i = 0; i < GPT_LABEL && p->label[i]; i++)
        put16(e + GPT_NAME + 2 * i, (uint8_t)p->label[i]);
    return 0;
}

static void put_header(uint8_t *h, uint64_t last, const uint8_t *table) {
    memcpy(h, GPT_SIGNATURE, 8);
    put32(h + GPT_REVISION, 0x10000);
    put32(h + GPT_SIZE, GPT_HEADER_BYTES);
    put64(h + GPT_FIRST, PARTITION_FIRST);
    put64(h + GPT_LAST, last);
    put_guid(h + GPT_DISK);
    put32(h + GPT_COUNT, PARTITION_MAX);
    put32(h + GPT_BYTES_OF_ENTRY, GPT_ENTRY_BYTES);
    put32(h + GPT_ENTRIES_CHECKSUM, crc32(table, TABLE_BYTES, 0));
}

/* The table, then the header that makes it count. */
static int write_at(block_device_t *disk, uint8_t *h, uint64_t at, uint64_t other, uint64_t entries, const uint8_t *table) {
    put64(h + GPT_AT, at);
    put64(h + GPT_OTHER, other);
    put64(h + GPT_ENTRIES, entries);
    put32(h + GPT_CHECKSUM, 0);
    put32(h + GPT_CHECKSUM, crc32(h, GPT_HEADER_BYTES, 0));
    int result = block_write(disk, entries, TABLE_SECTORS, table);
    return result ? result : block_write(disk, at, 1, h);
}

int partition_write_gpt(block_device_t *disk, const struct partition *parts, size_t count) {
    if (count > PARTITION_MAX || disk->sectors < PARTITION_FIRST + TABLE_SECTORS + 2)
        return -EINVAL;
    uint64_t end = disk->sectors - 1, copy = end - TABLE_SECTORS; /* the last sector; where the copy of the table begins */
    int result = partition_check(disk, parts, count, PARTITION_FIRST, copy);
    uint8_t *table = result == 0 ? kzalloc(TABLE_BYTES) : NULL, *header = table ? kzalloc(BLOCK_SECTOR) : NULL;
    if (result == 0 && !header)
        result = -ENOMEM;
    for (size_t i = 0; i < count && result == 0; i++)
        result = put_entry(table + i * GPT_ENTRY_BYTES, &parts[i]);
    if (result == 0) {
        put_header(header, copy - 1, table);
        result = write_at(disk, header, end, 1, copy, table);
    }
    if (result == 0)
        result = write_at(disk, header, 1, end, TABLE_SECTOR, table);
    kfree(header);
    kfree(table);
    const struct partition whole = {.start = 1, .sectors = end < MBR_SECTORS_MAX ? end : MBR_SECTORS_MAX,
                                    .type = MBR_TYPE_PROTECTIVE};
    if (result == 0)
        result = mbr_put_table(disk, &whole, 1);
    int found = result == 0 ? partition_scan(disk) : result;
    return found < 0 ? found : 0;
}
