/* Shared by the files of fs/partition/ only. */
#pragma once
#include <auton/fs.h>

#define MBR_TABLE 446 /* offset of the table in the first sector */
#define MBR_ENTRY 16
#define MBR_SIGNATURE 510
#define MBR_TYPE_PROTECTIVE 0xEE /* the table is a GPT */
#define MBR_TYPE_LINUX 0x83

/* `sector` has room for one sector and holds the disk's first one, which has a table. Their number, or -errno. */
int mbr_read(block_device_t *disk, uint8_t *sector, struct partition *out, size_t max);
int gpt_read(block_device_t *disk, struct partition *out, size_t max);
