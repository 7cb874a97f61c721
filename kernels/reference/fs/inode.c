/* Inodes in use: one object for each file that somebody works with, so that all see the same size and contents. The
 * last reference given back ends it; what it says is by then in the file system's own memory or on its disk. */
#include <auton/mm.h>
#include "fs_internal.h"

static struct inode **bucket(struct filesystem *fs, uint64_t ino) {
    return &fs->inodes[ino % INODE_BUCKETS];
}

int inode_get(struct filesystem *fs, uint64_t ino, struct inode **out) {
    for (struct inode *i = *bucket(fs, ino); i; i = i->next)
        if (i->ino == ino) {
            i->references++;
            *out = i;
            return 0;
        }
    struct inode *inode = kzalloc(sizeof *inode);
    if (!inode)
        return -ENOMEM;
    inode->fs = fs;
    inode->ino = ino;
    inode->references = 1;
    int result = fs->ops->read_inode(inode);
    if (result) {
        kfree(inode);
        return result;
    }
    inode->next = *bucket(fs, ino);
    *bucket(fs, ino) = inode;
    *out = inode;
    return 0;
}

void inode_put(struct inode *inode) {
    if (--inode->references)
        return;
    struct inode **link = bucket(inode->fs, inode->ino);
    while (*link != inode)
        link = &(*link)->next;
    *link = inode->next;
    if (inode->fs->ops->evict)
        inode->fs->ops->evict(inode);
    kfree(inode);
}

void inode_release(struct inode *inode) {
    if (!inode)
        return;
    struct filesystem *fs = inode->fs;
    mutex_lock(&fs->lock);
    inode_put(inode);
    mutex_unlock(&fs->lock);
}

bool filesystem_busy(struct filesystem *fs, uint32_t root_references) {
    for (size_t b = 0; b < INODE_BUCKETS; b++)
        for (struct inode *i = fs->inodes[b]; i; i = i->next)
            if (i->covered_by || i->ino != fs->root_ino || i->references > root_references)
                return true;
    return false;
}
