/* The partition table of PCs since 1983: four entries in the first sector. One of them may hold a chain of logical
 * partitions, each link a sector with a table of its own. */
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "../fs_internal.h"
#include "../unaligned.h"
#include "partition.h"

#define MOST_LOGICAL 60
#define ALIGNMENT 1 /* first sector that a partition may have */

static bool is_extended(uint8_t type) {
    return type == 0x05 || type == 0x0F || type == 0x85;
}

/* False for an entry that is not in use. */
static bool entry(const uint8_t *sector, unsigned i, struct partition *p) {
    const uint8_t *e = sector + MBR_TABLE + i * MBR_ENTRY;
    *p = (struct partition){.start = get32(e + 8), .sectors = get32(e + 12), .type = e[4], .bootable = e[0] == 0x80};
    return p->type && p->sectors;
}

static bool fits(const block_device_t *disk, const struct partition *p) {
    return p->start >= ALIGNMENT && p->start < disk->sectors && p->sectors <= disk->sectors - p->start;
}

static int read_logical(block_device_t *disk, uint8_t *sector, const struct partition *extended, struct partition *out,
                        size_t max) {
    uint64_t link = 0;
    size_t n = 0;
    for (unsigned i = 0; i < MOST_LOGICAL && n < max; i++) {
        struct partition logical, next;
        int result = block_read(disk, extended->start + link, 1, sector);
        if (result)
            return result;
        if (get16(sector + MBR_SIGNATURE) != 0xAA55)
            return -EBADMSG;
        bool more = entry(sector, 1, &next);
        if (entry(sector, 0, &logical)) {
            logical.start += extended->start + link;
            if (!fits(disk, &logical))
                return -EBADMSG;
            logical.number = 5 + i;
            out[n++] = logical;
        }
        if (!more)
            break;
        if (next.start >= extended->sectors || next.start <= link)
            return -EBADMSG; /* out of its partition, or back: the chain would not end */
        link = next.start;
    }
    return (int)n;
}

int mbr_read(block_device_t *disk, uint8_t *sector, struct partition *out, size_t max) {
    struct partition primary[4];
    size_t n = 0;
    for (unsigned i = 0; i < 4; i++) /* first of all: another sector comes into the buffer */
        if (sector[MBR_TABLE + i * MBR_ENTRY] & 0x7F)
            return 0; /* code, as in the boot sector of a file system: no table */
    for (unsigned i = 0; i < 4; i++)
        if (!entry(sector, i, &primary[i]))
            primary[i].type = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (!primary[i].type)
            continue;
        if (!fits(disk, &primary[i]))
            return -EBADMSG;
        for (unsigned j = 0; j < i; j++)
            if (primary[j].type && partitions_overlap(&primary[i], &primary[j]))
                return -EBADMSG;
        primary[i].number = i + 1;
        if (is_extended(primary[i].type)) {
            int more = read_logical(disk, sector, &primary[i], out + n, max - n);
            if (more < 0)
                return more;
            n += (size_t)more;
        } else if (n < max) {
            out[n++] = primary[i];
        }
    }
    return (int)n;
}

static void put_entry(uint8_t *e, const struct partition *p) {
    e[0] = p->bootable ? 0x80 : 0;
    e[1] = e[5] = 0xFE; /* cylinder, head and sector: out of reach, look at the sector numbers */
    e[2] = e[3] = e[6] = e[7] = 0xFF;
    e[4] = p->type;
    put32(e + 8, (uint32_t)p->start);
    put32(e + 12, (uint32_t)p->sectors);
}

int mbr_put_table(block_device_t *disk, const struct partition *parts, size_t count) {
    uint8_t *sector = kmalloc(BLOCK_SECTOR);
    int result = sector ? block_read(disk, 0, 1, sector) : -ENOMEM;
    if (result == 0) {
        memset(sector + MBR_TABLE, 0, 4 * MBR_ENTRY);
        for (size_t i = 0; i < count; i++)
            put_entry(sector + MBR_TABLE + i * MBR_ENTRY, &parts[i]);
        put16(sector + MBR_SIGNATURE, 0xAA55);
        result = block_write(disk, 0, 1, sector);
    }
    kfree(sector);
    return result ? result : block_flush(disk);
}

int partition_write_mbr(block_device_t *disk, const struct partition *parts, size_t count) {
    uint64_t end = disk->sectors < MBR_SECTORS_MAX ? disk->sectors : MBR_SECTORS_MAX;
    int result = count <= 4 ? partition_check(disk, parts, count, ALIGNMENT, end) : -EINVAL;
    if (result == 0)
        result = mbr_put_table(disk, parts, count);
    int found = result == 0 ? partition_scan(disk) : result;
    return found < 0 ? found : 0;
}
