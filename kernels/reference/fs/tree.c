/* What changes the tree of names: making, removing, linking and renaming. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "fs_internal.h"
#include "name_cache.h"

/* One name in a directory that is locked until parent_leave(). */
struct place {
    struct shield shield;
    struct inode *dir;
    const char *name;
    size_t len;
};

static void parent_leave(struct place *p) {
    struct filesystem *fs = p->dir->fs;
    inode_put(p->dir);
    mutex_unlock(&fs->lock);
    shield_down(&p->shield);
}

/* Locks the directory that `path` lies in, for a change. On an error nothing is locked. */
static int parent_enter(const char *path, struct place *p) {
    shield_up(&p->shield);
    int result = path_parent(path, &p->dir, &p->name, &p->len);
    if (result) {
        shield_down(&p->shield);
        return result;
    }
    mutex_lock(&p->dir->fs->lock);
    if (!p->dir->nlink)
        result = -ENOENT;
    else if (p->dir->fs->read_only || !p->dir->fs->ops->create)
        result = -EROFS;
    if (result)
        parent_leave(p);
    return result;
}

static int make(const char *path, uint32_t mode, const char *target) {
    struct place p;
    struct inode *there;
    uint64_t ino;
    int result = parent_enter(path, &p);
    if (result)
        return result == -EBUSY ? -EEXIST : result;
    result = path_lookup(p.dir, p.name, p.len, &there);
    if (result == 0) {
        inode_put(there);
        result = -EEXIST;
    } else if (result == -ENOENT) {
        result = p.dir->fs->ops->create(p.dir, p.name, p.len, mode, target, &ino);
    }
    parent_leave(&p);
    return result;
}

int vfs_mkdir(const char *path, uint32_t mode) {
    return make(path, S_IFDIR | (mode & 0xFFF), NULL);
}

int vfs_symlink(const char *target, const char *path) {
    size_t len = strlen(target);
    if (len == 0)
        return -ENOENT;
    return len >= FS_PATH_MAX ? -ENAMETOOLONG : make(path, S_IFLNK | 0x1FF, target);
}

static int remove_name(const char *path, bool directory) {
    struct place p;
    struct inode *inode;
    int result = parent_enter(path, &p);
    if (result)
        return result;
    result = path_lookup(p.dir, p.name, p.len, &inode);
    if (result == 0) {
        if (inode->covered_by)
            result = -EBUSY;
        else if (directory && !S_ISDIR(inode->mode))
            result = -ENOTDIR;
        else if (!directory && S_ISDIR(inode->mode))
            result = -EISDIR;
        else if (directory && !inode->fs->ops->is_empty(inode))
            result = -ENOTEMPTY;
        else
            result = inode->fs->ops->unlink(p.dir, p.name, p.len, inode);
        name_cache_forget(p.dir, p.name, p.len);
        inode_put(inode);
    }
    parent_leave(&p);
    return result;
}

int vfs_rmdir(const char *path) {
    return remove_name(path, true);
}

int vfs_unlink(const char *path) {
    return remove_name(path, false);
}

int vfs_link(const char *existing, const char *path) {
    struct place p;
    struct inode *inode, *there;
    struct shield shield;
    shield_up(&shield);
    int result = path_walk(existing, false, &inode);
    if (result == 0) {
        result = parent_enter(path, &p);
        if (result == 0) {
            if (inode->fs != p.dir->fs)
                result = -EXDEV;
            else if (S_ISDIR(inode->mode))
                result = -EPERM;
            else if (!inode->nlink)
                result = -ENOENT;
            else if ((result = path_lookup(p.dir, p.name, p.len, &there)) == 0)
                inode_put(there), result = -EEXIST;
            else if (result == -ENOENT)
                result = inode->fs->ops->link(p.dir, p.name, p.len, inode);
            parent_leave(&p);
        }
        inode_release(inode);
    }
    shield_down(&shield);
    return result;
}

/* Is `dir` in the tree below `top`, or `top` itself? A damaged disk may lead round in circles. */
static int lies_within(struct inode *dir, const struct inode *top) {
    uint64_t ino = dir->ino;
    for (unsigned depth = 0; depth < FS_PATH_MAX; depth++) {
        if (ino == top->ino)
            return 1;
        if (ino == dir->fs->root_ino)
            return 0;
        struct inode *at;
        int result = inode_get(dir->fs, ino, &at);
        if (result)
            return result;
        result = dir->fs->ops->lookup(at, "..", 2, &ino);
        inode_put(at);
        if (result)
            return result;
    }
    return -EIO;
}

static int may_replace(const struct inode *inode, struct inode *replaced) {
    if (replaced->covered_by)
        return -EBUSY;
    if (S_ISDIR(replaced->mode) != S_ISDIR(inode->mode))
        return S_ISDIR(inode->mode) ? -ENOTDIR : -EISDIR;
    return S_ISDIR(replaced->mode) && !replaced->fs->ops->is_empty(replaced) ? -ENOTEMPTY : 0;
}

static int rename_locked(struct place *from, struct place *to) {
    struct inode *inode, *replaced = NULL;
    if (from->dir->fs != to->dir->fs)
        return -EXDEV;
    int result = path_lookup(from->dir, from->name, from->len, &inode);
    if (result)
        return result;
    if (inode->covered_by)
        result = -EBUSY;
    if (result == 0 && S_ISDIR(inode->mode) && (result = lies_within(to->dir, inode)) == 1)
        result = -EINVAL;
    if (result == 0) {
        result = path_lookup(to->dir, to->name, to->len, &replaced);
        if (result == -ENOENT)
            result = 0;
        else if (result == 0 && replaced != inode)
            result = may_replace(inode, replaced);
    }
    if (result == 0 && replaced != inode)
        result = inode->fs->ops->rename(from->dir, from->name, from->len, to->dir, to->name, to->len, inode, replaced);
    name_cache_forget(from->dir, from->name, from->len);
    name_cache_forget(to->dir, to->name, to->len);
    if (replaced)
        inode_put(replaced);
    inode_put(inode);
    return result;
}

int vfs_rename(const char *old_path, const char *new_path) {
    struct place from, to;
    shield_up(&from.shield);
    int result = path_parent(old_path, &from.dir, &from.name, &from.len);
    if (result == 0) {
        result = parent_enter(new_path, &to);
        if (result == 0) {
            result = from.dir->fs != to.dir->fs ? -EXDEV : !from.dir->nlink ? -ENOENT : rename_locked(&from, &to);
            parent_leave(&to);
        }
        inode_release(from.dir);
    }
    shield_down(&from.shield);
    return result;
}

int vfs_mkdir_all(const char *path, uint32_t mode) {
    char *part = kmalloc(FS_PATH_MAX);
    if (!part)
        return -ENOMEM;
    struct stat s;
    int result = strlcpy(part, path, FS_PATH_MAX) < FS_PATH_MAX ? 0 : -ENAMETOOLONG;
    for (char *p = part; result == 0 && *p;) {
        while (*p == '/')
            p++;
        while (*p && *p != '/')
            p++;
        char cut = *p;
        *p = '\0';
        if (vfs_stat(part, &s) != 0)
            result = vfs_mkdir(part, mode);
        else if (!S_ISDIR(s.mode))
            result = -ENOTDIR;
        if (result == -EEXIST)
            result = 0; /* somebody made it meanwhile */
        *p = cut;
    }
    kfree(part);
    return result;
}
