/* Shared by the files of fs/partition/ only. */
#pragma once
#include <auton/fs.h>

#define MBR_TABLE 446 /* offset of the table in the first sector */
#define MBR_ENTRY 16
#define MBR_SIGNATURE 510
#define MBR_TYPE_PROTECTIVE 0xEE /* the table is a GPT */
#define MBR_TYPE_LINUX 0x83
#define MBR_TYPE_EFI 0xEF

/* `sector` has room for one sector and holds the disk's first one, which has a table. Their number, or -errno. */
int mbr_read(block_device_t *disk, uint8_t *sector, struct partition *out, size_t max);
#define MBR_SECTORS_MAX 0xFFFFFFFFu

/* What can be written: partitions that are not empty, lie in [first, end) and do not overlap, on a disk that is not mounted.
 * 0, -EINVAL, -EBUSY. */
int partition_check(const block_device_t *disk, const struct partition *parts, size_t count, uint64_t first, uint64_t end);
/* Puts this table of four entries into the disk's first sector, whose code stays. */
int mbr_put_table(block_device_t *disk, const struct partition *parts, size_t count);

static inline bool partitions_overlap(const struct partition *a, const struct partition *b) {
    return a->start < b->start + b->sectors && b->start < a->start + a->sectors;
}

/* The GPT, gpt.c reads it and gpt_write.c writes it. */
#define GPT_SIGNATURE "EFI PART"
#define GPT_HEADER_BYTES 92
#define GPT_ENTRY_BYTES 128
#define GPT_LABEL 36 /* UTF-16 units */
enum gpt_header_field {
    GPT_REVISION = 8, GPT_SIZE = 12, GPT_CHECKSUM = 16, GPT_AT = 24, GPT_OTHER = 32, GPT_FIRST = 40, GPT_LAST = 48,
    GPT_DISK = 56, GPT_ENTRIES = 72, GPT_COUNT = 80, GPT_BYTES_OF_ENTRY = 84, GPT_ENTRIES_CHECKSUM = 88,
};
enum gpt_entry_field { GPT_TYPE = 0, GPT_UNIQUE = 16, GPT_START = 32, GPT_END = 40, GPT_ATTRIBUTES = 48, GPT_NAME = 56 };
#define GPT_BOOTABLE 4 /* attribute: a BIOS may start it */
struct gpt_type {
    uint8_t mbr, guid[16];
};
extern const struct gpt_type gpt_types[2];

int gpt_read(block_device_t *disk, struct partition *out, size_t max);
