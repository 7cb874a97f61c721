/* Between the VFS and the file systems. A `filesystem` is one mounted instance; its lock guards everything of it: its
 * inodes, their reference counts, what lies on its disk. Lock order: the namespace (mount.c), then one file system; two
 * file systems are never locked at once. */
#pragma once
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/sched.h>

#define INODE_BUCKETS 64

struct filesystem;
struct inode;

/* Called with the lock held. Names are not terminated; the VFS has checked their length, and that `dir` is a
 * directory that still exists. */
struct fs_ops {
    int (*read_inode)(struct inode *inode);   /* fills it from `ino`; -ENOENT when that is no inode in use */
    void (*evict)(struct inode *inode);       /* the last reference goes; frees the file when nlink is 0. May be NULL */
    int (*lookup)(struct inode *dir, const char *name, size_t len, uint64_t *ino); /* knows ".." too */
    int (*readdir)(struct inode *dir, uint64_t *position, struct dirent *out);     /* 1, 0 at the end */
    int64_t (*read)(struct inode *inode, uint64_t position, void *buffer, size_t bytes);
    int (*readlink)(struct inode *inode, char *out, size_t size);                  /* length; terminated, -ERANGE */
    /* Below here NULL where nothing can be changed (-EROFS). */
    int64_t (*write)(struct inode *inode, uint64_t position, const void *buffer, size_t bytes);
    int (*truncate)(struct inode *inode, uint64_t bytes);
    int (*create)(struct inode *dir, const char *name, size_t len, uint32_t mode, const char *target, uint64_t *ino);
    int (*link)(struct inode *dir, const char *name, size_t len, struct inode *inode);
    int (*unlink)(struct inode *dir, const char *name, size_t len, struct inode *inode); /* of empty directories, too */
    /* `replaced` is what has the new name now, or NULL; the VFS has seen that it may be replaced. */
    int (*rename)(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name,
                  size_t new_len, struct inode *inode, struct inode *replaced);
    int (*is_empty)(struct inode *dir);       /* 1, 0 */
    int (*sync)(struct filesystem *fs);       /* NULL: there is nothing to write back */
    int (*usage)(struct filesystem *fs, struct fs_usage *out);
    int (*freeze)(struct filesystem *fs);     /* leaves the disk as unmount() would; nothing is written from then on */
    int (*unmount)(struct filesystem *fs);    /* writes everything back and frees what mount() made */
};

#define FS_NEEDS_DISK 1u
#define FS_UNLOCKED_IO 2u /* read and write are called without the lock: they may wait for a person */
struct fs_type {
    const char *name;
    uint32_t flags;
    int (*mount)(struct filesystem *fs); /* sets ops, root_ino, data, and read_only when it can do no more */
    struct fs_type *next;
};
void fs_register_type(struct fs_type *type); /* must stay in memory */
const struct fs_type *fs_first_type(void);

struct filesystem {
    const struct fs_type *type;
    const struct fs_ops *ops;
    struct mutex lock;
    block_device_t *disk;
    bool read_only;
    uint64_t root_ino;
    void *data;
    struct inode *inodes[INODE_BUCKETS]; /* those with references */
};

struct mount;
struct inode {
    struct filesystem *fs;
    uint64_t ino;
    uint32_t references;
    struct inode *next;
    struct mount *covered_by; /* what is mounted here; guarded by the namespace's lock */

    uint32_t mode, nlink, uid, gid;
    uint64_t size, blocks;    /* as in struct stat */
    uint32_t block_size;
    uint64_t atime, mtime, ctime;
    void *data;
};

/* inode.c. All but inode_release() with the file system's lock held. */
int inode_get(struct filesystem *fs, uint64_t ino, struct inode **out); /* with a reference for the caller */
void inode_put(struct inode *inode);
void inode_release(struct inode *inode);  /* takes the lock and puts; NULL is fine */
void inode_stat(const struct inode *inode, struct stat *out);
bool filesystem_busy(struct filesystem *fs, uint32_t root_references);

/* path.c: both return inodes with a reference, which inode_release() gives back. */
int path_walk(const char *path, bool follow_last, struct inode **out);
/* Walks to the directory that holds the last name; `*name` points into `path`. A path that ends in "." or ".." or is
 * the root has no such name: -EINVAL for the first, -EBUSY for the root. */
int path_parent(const char *path, struct inode **dir, const char **name, size_t *len);
/* In a locked directory: the inode of a name, symbolic links as they are. */
int path_lookup(struct inode *dir, const char *name, size_t len, struct inode **out);

/* mount.c */
void namespace_lock(void);
void namespace_unlock(void);
struct inode *mount_cross(struct inode *inode);       /* takes a reference, gives one: the root of what is mounted there */
struct inode *mount_leave(struct inode *root);        /* the same, upwards: where `root`'s file system is mounted */
struct inode *mount_root(void);                       /* the root of the tree, with a reference; NULL without one */
bool disk_is_mounted(const block_device_t *disk);     /* it, its disk or one of its partitions */
bool blocks_overlap(const block_device_t *a, const block_device_t *b); /* partition.c */

void partitions_init(void);                           /* scans the disks, also those that come later */
int partition_forget(const block_device_t *disk);     /* takes its partitions away; -EBUSY while one is mounted */

void mount_freeze_all(void);                          /* the machine goes off: what cannot be unmounted is frozen */

/* Held on the stack for the length of one operation: who holds a mutex is not killed, and the references that the
 * operation has taken would never be given back. */
struct shield {
    struct mutex mutex;
};
static inline void shield_up(struct shield *s) {
    *s = (struct shield){0};
    mutex_lock(&s->mutex);
}
static inline void shield_down(struct shield *s) {
    mutex_unlock(&s->mutex);
}
