/* From a path to an inode: name by name, over mount points and symbolic links. Only one directory is locked at a time;
 * that the next one still exists is seen when it is locked in its turn. */
#include <auton/mm.h>
#include <auton/string.h>
#include "fs_internal.h"
#include "name_cache.h"

int path_lookup(struct inode *dir, const char *name, size_t len, struct inode **out) {
    uint64_t ino;
    if (!S_ISDIR(dir->mode))
        return -ENOTDIR;
    if (len > FS_NAME_MAX)
        return -ENAMETOOLONG;
    if (!dir->nlink)
        return -ENOENT; /* removed meanwhile */
    if (!name_cache_find(dir, name, len, &ino)) {
        int result = dir->fs->ops->lookup(dir, name, len, &ino);
        if (result)
            return result;
        name_cache_add(dir, name, len, ino);
    }
    return inode_get(dir->fs, ino, out);
}

static bool is(const char *name, size_t len, const char *text) {
    return strlen(text) == len && memcmp(name, text, len) == 0;
}

/* One name further; `*at` is given back and replaced. Symbolic links are not followed. */
static int step(struct inode **at, const char *name, size_t len) {
    struct inode *dir = *at, *next = NULL;
    bool up = is(name, len, "..");
    while (up && dir->ino == dir->fs->root_ino) {
        struct inode *mounted_on = mount_leave(dir);
        if (mounted_on == dir)
            break; /* the root of all */
        dir = mounted_on;
    }
    mutex_lock(&dir->fs->lock);
    int result;
    if (is(name, len, ".") || (up && dir->ino == dir->fs->root_ino)) {
        result = S_ISDIR(dir->mode) ? 0 : -ENOTDIR;
        next = dir;
        dir->references++;
    } else {
        result = path_lookup(dir, name, len, &next);
    }
    struct filesystem *fs = dir->fs;
    inode_put(dir);
    mutex_unlock(&fs->lock);
    *at = result ? NULL : mount_cross(next);
    return result;
}

/* `left` of the path behind a symbolic link, with the link's target in front: a new buffer for `*text`. */
static int splice(struct inode *link, char **text, const char *left) {
    size_t room = FS_PATH_MAX, tail = strlen(left);
    char *joined = kmalloc(2 * FS_PATH_MAX);
    if (!joined)
        return -ENOMEM;
    mutex_lock(&link->fs->lock);
    int result = link->fs->ops->readlink(link, joined, room);
    mutex_unlock(&link->fs->lock);
    if (result > 0 && (size_t)result + tail + 1 >= room)
        result = -ENAMETOOLONG;
    if (result == 0)
        result = -ENOENT;
    if (result < 0) {
        kfree(joined);
        return result;
    }
    memcpy(joined + result, left, tail + 1); /* `left` begins with a slash or is empty */
    kfree(*text);
    *text = joined;
    return 0;
}

/* The first `len` bytes of a path. */
static int walk(const char *path, size_t len, bool follow_last, struct inode **out) {
    if (len >= FS_PATH_MAX)
        return -ENAMETOOLONG;
    char *text = kmalloc(len + 1);
    if (!text)
        return -ENOMEM;
    memcpy(text, path, len);
    text[len] = '\0';

    struct inode *at = mount_root(), *dir;
    int result = at ? 0 : -ENOENT;
    unsigned links = 0;
    for (const char *p = text; result == 0;) {
        while (*p == '/')
            p++;
        if (!*p)
            break;
        const char *name = p;
        while (*p && *p != '/')
            p++;
        const char *after = p;
        while (*after == '/')
            after++;
        bool last = !*after, as_directory = *p == '/';
        dir = at;
        mutex_lock(&dir->fs->lock);
        dir->references++; /* a relative link starts here */
        mutex_unlock(&dir->fs->lock);
        result = step(&at, name, (size_t)(p - name));
        if (result == 0 && S_ISLNK(at->mode) && (!last || follow_last || as_directory)) {
            result = ++links > FS_SYMLINK_DEPTH ? -ELOOP : splice(at, &text, p);
            if (result == 0) {
                p = text;
                inode_release(at);
                at = *p == '/' ? mount_root() : dir;
                if (at == dir)
                    dir = NULL;
            }
        } else if (result == 0 && as_directory && !S_ISDIR(at->mode)) {
            result = -ENOTDIR;
        }
        inode_release(dir);
    }
    kfree(text);
    if (result) {
        inode_release(at);
        return result;
    }
    *out = at;
    return 0;
}

int path_walk(const char *path, bool follow_last, struct inode **out) {
    return *path ? walk(path, strlen(path), follow_last, out) : -ENOENT;
}

int path_parent(const char *path, struct inode **dir, const char **name, size_t *len) {
    size_t end = strlen(path);
    if (!end)
        return -ENOENT;
    while (end && path[end - 1] == '/')
        end--;
    size_t start = end;
    while (start && path[start - 1] != '/')
        start--;
    *name = path + start;
    *len = end - start;
    if (!*len)
        return -EBUSY;
    if (is(*name, *len, ".") || is(*name, *len, ".."))
        return -EINVAL;
    if (*len > FS_NAME_MAX || end >= FS_PATH_MAX)
        return -ENAMETOOLONG;
    int result = walk(path, start, true, dir);
    if (result == 0 && !S_ISDIR((*dir)->mode)) {
        inode_release(*dir);
        result = -ENOTDIR;
    }
    return result;
}
