/* File systems known by the identifier that was written when they were made, whatever disk they are on today. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "ext2/layout.h"
#include "fs_internal.h"
#include "unaligned.h"

int fs_identifier(block_device_t *disk, char out[FS_IDENTIFIER_TEXT]) {
    uint8_t *s = kmalloc(EXT2_SUPER_BYTES);
    int result = !s ? -ENOMEM : block_read(disk, EXT2_SUPER_OFFSET / BLOCK_SECTOR, EXT2_SUPER_BYTES / BLOCK_SECTOR, s);
    if (result == 0 && get16(s + SB_MAGIC) != EXT2_MAGIC)
        result = -ENOENT;
    char *p = out;
    for (unsigned i = 0; result == 0 && i < 16; i++)
        p += ksnprintf(p, 4, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", s[SB_UUID + i]);
    kfree(s);
    return result;
}

block_device_t *fs_find_identifier(const char *text) {
    char found[FS_IDENTIFIER_TEXT];
    for (block_device_t *disk = block_first(); disk; disk = disk->next)
        if (fs_identifier(disk, found) == 0 && strcasecmp(found, text) == 0)
            return disk;
    return NULL;
}
