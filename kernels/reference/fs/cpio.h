/* Reads CPIO archives of the "newc" kind, as initramfs images are. The archive is not trusted. */
#pragma once
#include <auton/types.h>

struct cpio_entry {
    uint32_t ino, mode, uid, gid, nlink, mtime;
    const char *name;    /* terminated, within the archive, as it stands there */
    const uint8_t *data;
    uint32_t size;       /* of data */
};

bool cpio_is_archive(const void *archive, size_t size); /* begins like one */
/* The entry at `*offset`, which moves on: 1; 0 after the last; -EBADMSG when that is no entry, and `*offset` stays. */
int cpio_next(const void *archive, size_t size, size_t *offset, struct cpio_entry *out);
