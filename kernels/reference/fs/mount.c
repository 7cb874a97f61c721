/* The namespace: which file system covers which directory. A mount keeps a reference to the directory it covers and to
 * its own root; path.c steps over the edge by mount_cross() and mount_leave(). */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "fs_internal.h"
#include "name_cache.h"

struct mount {
    struct filesystem fs;
    struct inode *root, *covered; /* covered is NULL for the first mount, the root of all */
    char source[32], target[128];
    struct mount *next;           /* in the order of mounting */
};

static struct mount *mounts;
static struct fs_type *types;
static struct mutex lock;
static struct mutex syncing; /* taken before the namespace: nothing is unmounted while it is written back */

void namespace_lock(void) {
    mutex_lock(&lock);
}

void namespace_unlock(void) {
    mutex_unlock(&lock);
}

void fs_register_type(struct fs_type *type) {
    struct fs_type **end = &types;
    while (*end)
        end = &(*end)->next;
    type->next = NULL;
    *end = type;
}

const struct fs_type *fs_first_type(void) {
    return types;
}

static struct inode *with_reference(struct inode *inode) {
    mutex_lock(&inode->fs->lock);
    inode->references++;
    mutex_unlock(&inode->fs->lock);
    return inode;
}

struct inode *mount_cross(struct inode *inode) {
    if (!inode->covered_by)
        return inode;
    namespace_lock();
    while (inode->covered_by) {
        struct inode *root = with_reference(inode->covered_by->root);
        inode_release(inode);
        inode = root;
    }
    namespace_unlock();
    return inode;
}

struct inode *mount_leave(struct inode *root) {
    namespace_lock();
    struct mount *m = container_of(root->fs, struct mount, fs);
    if (m->covered) {
        struct inode *covered = with_reference(m->covered);
        inode_release(root);
        root = covered;
    }
    namespace_unlock();
    return root;
}

struct inode *mount_root(void) {
    struct mount *first = mounts;
    return first ? mount_cross(with_reference(first->root)) : NULL;
}

bool vfs_ready(void) {
    return mounts != NULL;
}

/* With the namespace locked. A partition is mounted where its disk is, and the other way round. */
bool disk_is_mounted(const block_device_t *disk) {
    for (struct mount *m = mounts; m; m = m->next)
        if (m->fs.disk && blocks_overlap(m->fs.disk, disk))
            return true;
    return false;
}

static const char *disk_name(const char *source) {
    return strncmp(source, "/dev/", 5) == 0 ? source + 5 : source;
}

static int open_type(struct mount *m, struct fs_type *type) {
    m->fs.type = type;
    int result = type->mount(&m->fs);
    if (result)
        return result;
    mutex_lock(&m->fs.lock);
    result = inode_get(&m->fs, m->fs.root_ino, &m->root);
    if (result == 0 && !S_ISDIR(m->root->mode)) {
        inode_put(m->root);
        result = -ENOTDIR;
    }
    if (result)
        m->fs.ops->unmount(&m->fs);
    mutex_unlock(&m->fs.lock);
    return result;
}

static int open_filesystem(struct mount *m, const char *type) {
    int result = -ENODEV;
    for (struct fs_type *t = types; t; t = t->next) {
        bool needs_disk = t->flags & FS_NEEDS_DISK;
        if (type ? strcmp(t->name, type) != 0 : !needs_disk)
            continue;
        m->fs.disk = needs_disk ? block_find(disk_name(m->source)) : NULL;
        if (needs_disk && !m->fs.disk)
            return -ENXIO;
        if (needs_disk && disk_is_mounted(m->fs.disk))
            return -EBUSY;
        result = open_type(m, t);
        if (result == 0 || type)
            return result;
    }
    return result;
}

static void attach(struct mount *m, struct inode *covered) {
    m->covered = covered;
    if (covered) {
        mutex_lock(&covered->fs->lock);
        covered->covered_by = m;
        mutex_unlock(&covered->fs->lock);
    }
    struct mount **end = &mounts;
    while (*end)
        end = &(*end)->next;
    *end = m;
}

int vfs_mount(const char *source, const char *target, const char *type, uint32_t flags) {
    struct inode *covered = NULL;
    struct shield shield;
    shield_up(&shield);
    int result = mounts ? path_walk(target, true, &covered) : 0;
    if (result == 0 && covered && !S_ISDIR(covered->mode))
        result = -ENOTDIR;
    struct mount *m = result == 0 ? kzalloc(sizeof *m) : NULL;
    if (result == 0 && !m)
        result = -ENOMEM;
    if (result == 0) {
        strlcpy(m->source, source ? source : type ? type : "none", sizeof m->source);
        strlcpy(m->target, target, sizeof m->target);
        m->fs.read_only = flags & MOUNT_READ_ONLY;
        namespace_lock();
        if (covered && (covered->covered_by || !covered->nlink))
            result = covered->nlink ? -EBUSY : -ENOENT; /* somebody was faster */
        if (result == 0)
            result = open_filesystem(m, type);
        if (result == 0)
            attach(m, covered);
        namespace_unlock();
    }
    if (result) {
        inode_release(covered);
        kfree(m);
    }
    shield_down(&shield);
    return result;
}

int vfs_umount(const char *target) {
    struct inode *root;
    struct shield shield;
    shield_up(&shield);
    int result = path_walk(target, true, &root);
    if (result) {
        shield_down(&shield);
        return result;
    }
    mutex_lock(&syncing);
    namespace_lock();
    struct mount *m = container_of(root->fs, struct mount, fs);
    struct filesystem *fs = &m->fs;
    mutex_lock(&fs->lock);
    if (root->ino != fs->root_ino)
        result = -EINVAL;
    else if (!m->covered || filesystem_busy(fs, 2)) /* the mount's reference and ours */
        result = -EBUSY;
    if (result == 0) {
        inode_put(root);
        inode_put(m->root);
        name_cache_forget_all(fs);
        result = fs->ops->unmount(fs);
        if (result)
            log_error("FS", "%s was unmounted, but not all of it could be written: %s", m->target, errno_text(result));
        struct mount **link = &mounts;
        while (*link != m)
            link = &(*link)->next;
        *link = m->next;
    } else {
        inode_put(root);
        m = NULL;
    }
    mutex_unlock(&fs->lock);
    if (m) {
        struct filesystem *below = m->covered->fs;
        mutex_lock(&below->lock);
        m->covered->covered_by = NULL;
        inode_put(m->covered);
        mutex_unlock(&below->lock);
        kfree(m);
    }
    namespace_unlock();
    mutex_unlock(&syncing);
    shield_down(&shield);
    return result;
}

void mount_freeze_all(void) {
    struct shield shield;
    shield_up(&shield);
    namespace_lock();
    for (struct mount *m = mounts; m; m = m->next) {
        mutex_lock(&m->fs.lock);
        if (m->fs.ops->freeze)
            m->fs.ops->freeze(&m->fs);
        mutex_unlock(&m->fs.lock);
    }
    namespace_unlock();
    shield_down(&shield);
}

static struct mount *mount_number(size_t index) {
    namespace_lock();
    struct mount *m = mounts;
    while (m && index--)
        m = m->next;
    namespace_unlock();
    return m;
}

/* Without the namespace: a slow disk keeps nobody from walking elsewhere. */
int vfs_sync(void) {
    int result = 0;
    struct shield shield;
    struct mount *m;
    shield_up(&shield);
    mutex_lock(&syncing);
    for (size_t i = 0; (m = mount_number(i)) != NULL; i++) {
        mutex_lock(&m->fs.lock);
        int one = m->fs.ops->sync ? m->fs.ops->sync(&m->fs) : 0;
        mutex_unlock(&m->fs.lock);
        if (one)
            result = one;
    }
    mutex_unlock(&syncing);
    shield_down(&shield);
    return result;
}

bool vfs_mount_at(size_t index, struct mount_info *out) {
    struct shield shield;
    shield_up(&shield);
    namespace_lock();
    struct mount *m = mounts;
    while (m && index--)
        m = m->next;
    if (m) {
        *out = (struct mount_info){.read_only = m->fs.read_only, .is_disk = m->fs.disk};
        strlcpy(out->source, m->source, sizeof out->source);
        strlcpy(out->target, m->target, sizeof out->target);
        strlcpy(out->type, m->fs.type->name, sizeof out->type);
        mutex_lock(&m->fs.lock);
        if (m->fs.ops->usage)
            m->fs.ops->usage(&m->fs, &out->usage);
        mutex_unlock(&m->fs.lock);
    }
    namespace_unlock();
    shield_down(&shield);
    return m != NULL;
}
