/* The file system in memory, which the initramfs is unpacked into. */
#pragma once
#include "fs_internal.h"

/* For initramfs.c: the contents of a regular file that is empty so far, which are used where they lie, without a copy,
 * until they are written to. They must stay in memory. By path; 0 or -errno. */
int ramfs_set_image(const char *path, const void *data, size_t bytes);
