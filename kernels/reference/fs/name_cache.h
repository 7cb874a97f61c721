/* Names that were looked up on disks, so that a path that is used again needs no directory searched. Guarded by its
 * file system's lock: an entry belongs to one. Whoever changes a name forgets it. */
#pragma once
#include "fs_internal.h"

bool name_cache_find(struct inode *dir, const char *name, size_t len, uint64_t *ino);
void name_cache_add(struct inode *dir, const char *name, size_t len, uint64_t ino);
void name_cache_forget(struct inode *dir, const char *name, size_t len);
void name_cache_forget_all(struct filesystem *fs);
