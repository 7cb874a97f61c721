/* The partition table of UEFI: a header in the second sector, a copy of it in the last, each with checksums, and up to
 * 128 entries. The copy is used when the first is damaged. */
#include <auton/crc32.h>
#include <auton/errno.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "../unaligned.h"
#include "partition.h"

#define MOST_TABLE_BYTES KB(64)

struct table {
    uint64_t first, last, entries; /* usable sectors; where the entries begin */
    uint32_t count, entry_bytes, checksum;
};

static bool check_header(uint8_t *h, uint64_t at, const block_device_t *disk, struct table *t) {
    if (memcmp(h, GPT_SIGNATURE, 8) != 0)
        return false;
    uint32_t bytes = get32(h + GPT_SIZE), checksum = get32(h + GPT_CHECKSUM);
    if (bytes < GPT_HEADER_BYTES || bytes > BLOCK_SECTOR)
        return false;
    put32(h + GPT_CHECKSUM, 0);
    *t = (struct table){.first = get64(h + GPT_FIRST), .last = get64(h + GPT_LAST), .entries = get64(h + GPT_ENTRIES),
                        .count = get32(h + GPT_COUNT), .entry_bytes = get32(h + GPT_BYTES_OF_ENTRY),
                        .checksum = get32(h + GPT_ENTRIES_CHECKSUM)};
    return crc32(h, bytes, 0) == checksum && get64(h + GPT_AT) == at && t->last < disk->sectors && t->first <= t->last &&
           t->entry_bytes >= GPT_ENTRY_BYTES && t->entry_bytes <= 4096 && t->count && t->count <= MOST_TABLE_BYTES / t->entry_bytes;
}

const struct gpt_type gpt_types[2] = {
    {MBR_TYPE_LINUX, {0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4}},
    {MBR_TYPE_EFI, {0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B}},
};

static uint8_t type_of(const uint8_t *guid) {
    for (size_t i = 0; i < ARRAY_SIZE(gpt_types); i++)
        if (memcmp(guid, gpt_types[i].guid, 16) == 0)
            return gpt_types[i].mbr;
    return 0;
}

/* UTF-16 without what is not ASCII. */
static void copy_label(const uint8_t *utf16, char *out) {
    for (unsigned i = 0; i < GPT_LABEL; i++, out++) {
        uint16_t c = get16(utf16 + 2 * i);
        *out = c == 0 ? '\0' : c >= ' ' && c < 0x7F ? (char)c : '?';
        if (!c)
            return;
    }
    *out = '\0';
}

static int read_entries(const struct table *t, const uint8_t *entries, struct partition *out, size_t max) {
    static const uint8_t unused[16];
    size_t n = 0;
    for (uint32_t i = 0; i < t->count && n < max; i++) {
        const uint8_t *e = entries + (size_t)i * t->entry_bytes;
        uint64_t first = get64(e + GPT_START), last = get64(e + GPT_END);
        if (memcmp(e, unused, sizeof unused) == 0)
            continue;
        if (first < t->first || last > t->last || first > last)
            return -EBADMSG;
        out[n] = (struct partition){.number = i + 1, .start = first, .sectors = last - first + 1, .type = type_of(e),
                                    .bootable = get64(e + GPT_ATTRIBUTES) & GPT_BOOTABLE};
        copy_label(e + GPT_NAME, out[n++].label);
    }
    return (int)n;
}

static int read_at(block_device_t *disk, uint64_t header, uint8_t *buffer, struct partition *out, size_t max) {
    struct table t;
    int result = block_read(disk, header, 1, buffer);
    if (result)
        return result;
    if (!check_header(buffer, header, disk, &t))
        return -EBADMSG;
    uint32_t bytes = t.count * t.entry_bytes;
    result = block_read(disk, t.entries, (bytes + BLOCK_SECTOR - 1) / BLOCK_SECTOR, buffer);
    if (result)
        return -EBADMSG;
    return crc32(buffer, bytes, 0) == t.checksum ? read_entries(&t, buffer, out, max) : -EBADMSG;
}

int gpt_read(block_device_t *disk, struct partition *out, size_t max) {
    uint8_t *buffer = kmalloc(MOST_TABLE_BYTES);
    if (!buffer)
        return -ENOMEM;
    int result = read_at(disk, 1, buffer, out, max);
    if (result == -EBADMSG)
        result = read_at(disk, disk->sectors - 1, buffer, out, max);
    kfree(buffer);
    return result;
}
