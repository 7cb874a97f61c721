/* What a path names: its kind and size, a symbolic link's target, the room around it. */
#include <auton/mm.h>
#include <auton/string.h>
#include "fs_internal.h"

static int stat_path(const char *path, bool follow, struct stat *out) {
    struct inode *inode;
    struct shield shield;
    shield_up(&shield);
    int result = path_walk(path, follow, &inode);
    if (result == 0) {
        mutex_lock(&inode->fs->lock);
        inode_stat(inode, out);
        mutex_unlock(&inode->fs->lock);
        inode_release(inode);
    }
    shield_down(&shield);
    return result;
}

int vfs_stat(const char *path, struct stat *out) {
    return stat_path(path, true, out);
}

int vfs_lstat(const char *path, struct stat *out) {
    return stat_path(path, false, out);
}

int64_t vfs_readlink(const char *path, char *out, size_t size) {
    struct inode *inode;
    struct shield shield;
    char *target = kmalloc(FS_PATH_MAX);
    if (!target)
        return -ENOMEM;
    shield_up(&shield);
    int64_t result = path_walk(path, false, &inode);
    if (result == 0) {
        mutex_lock(&inode->fs->lock);
        result = S_ISLNK(inode->mode) ? inode->fs->ops->readlink(inode, target, FS_PATH_MAX) : -EINVAL;
        mutex_unlock(&inode->fs->lock);
        inode_release(inode);
    }
    if (result >= 0)
        strlcpy(out, target, size);
    shield_down(&shield);
    kfree(target);
    return result;
}

int vfs_usage(const char *path, struct fs_usage *out) {
    struct inode *inode;
    struct shield shield;
    shield_up(&shield);
    *out = (struct fs_usage){0};
    int result = path_walk(path, true, &inode);
    if (result == 0) {
        mutex_lock(&inode->fs->lock);
        if (inode->fs->ops->usage)
            result = inode->fs->ops->usage(inode->fs, out);
        mutex_unlock(&inode->fs->lock);
        inode_release(inode);
    }
    shield_down(&shield);
    return result;
}
