/* Open files: what a descriptor stands for, reading, writing and positions. A transfer goes in portions with the file
 * system unlocked in between, so that a large one does not keep others waiting. */
#include <auton/sync.h>
#include "fs_internal.h"

#define PORTION KB(64)

struct file {
    struct inode *inode; /* NULL: free */
    uint32_t flags;
    uint32_t users;      /* calls that work with it now */
    bool closing;
    uint64_t position;   /* guarded by the file system's lock */
};

static struct file files[FS_OPEN_MAX];
static spinlock_t lock; /* of the table: who is open, and users */

static struct file *file_begin(int fd) {
    struct file *f = NULL;
    uint64_t irq = spin_lock(&lock);
    if (fd >= 0 && fd < FS_OPEN_MAX && files[fd].inode && !files[fd].closing) {
        f = &files[fd];
        f->users++;
    }
    spin_unlock(&lock, irq);
    return f;
}

static void file_end(struct file *f) {
    struct inode *gone = NULL;
    uint64_t irq = spin_lock(&lock);
    if (--f->users == 0 && f->closing) {
        gone = f->inode;
        f->inode = NULL;
    }
    spin_unlock(&lock, irq);
    inode_release(gone);
}

static int table_add(struct inode *inode, uint32_t flags) {
    int fd = 0;
    uint64_t irq = spin_lock(&lock);
    while (fd < FS_OPEN_MAX && files[fd].inode)
        fd++;
    if (fd < FS_OPEN_MAX)
        files[fd] = (struct file){.inode = inode, .flags = flags};
    spin_unlock(&lock, irq);
    return fd < FS_OPEN_MAX ? fd : -ENFILE;
}

static bool writes(uint32_t flags) {
    return (flags & O_ACCMODE) != O_RDONLY;
}

/* Finds or makes the file that O_CREAT asks for. */
static int create(const char *path, uint32_t flags, uint32_t mode, struct inode **out) {
    struct inode *dir;
    const char *name;
    size_t len;
    uint64_t ino;
    int result = path_parent(path, &dir, &name, &len);
    if (result)
        return result == -EBUSY || result == -EINVAL ? -EISDIR : result;
    if (name[len] == '/') {
        inode_release(dir);
        return -EISDIR;
    }
    struct filesystem *fs = dir->fs;
    mutex_lock(&fs->lock);
    result = path_lookup(dir, name, len, out);
    if (result == -ENOENT) {
        if (fs->read_only || !fs->ops->create)
            result = -EROFS;
        else if (dir->nlink)
            result = fs->ops->create(dir, name, len, S_IFREG | (mode & 0xFFF), NULL, &ino);
        if (result == 0)
            result = inode_get(fs, ino, out);
    } else if (result == 0 && (flags & O_EXCL)) {
        inode_put(*out);
        result = -EEXIST;
    } else if (result == 0 && (S_ISLNK((*out)->mode) || (*out)->covered_by)) {
        inode_put(*out);
        result = -EAGAIN; /* the walk goes further than this name */
    }
    inode_put(dir);
    mutex_unlock(&fs->lock);
    return result == -EAGAIN ? path_walk(path, !(flags & O_NOFOLLOW), out) : result;
}

static int check_open(struct inode *inode, uint32_t flags) {
    bool directory = S_ISDIR(inode->mode);
    if (S_ISLNK(inode->mode))
        return -ELOOP;
    if (!directory && (flags & O_DIRECTORY))
        return -ENOTDIR;
    if (directory && (writes(flags) || (flags & (O_CREAT | O_TRUNC))))
        return -EISDIR;
    if (writes(flags) && S_ISREG(inode->mode) && (inode->fs->read_only || !inode->fs->ops->write))
        return -EROFS;
    if (!(flags & O_TRUNC) || !writes(flags) || !S_ISREG(inode->mode) || inode->size == 0)
        return 0;
    mutex_lock(&inode->fs->lock);
    int result = inode->fs->ops->truncate(inode, 0);
    mutex_unlock(&inode->fs->lock);
    return result;
}

int vfs_open(const char *path, uint32_t flags, uint32_t mode) {
    struct inode *inode;
    struct shield shield;
    if ((flags & O_ACCMODE) == O_ACCMODE)
        return -EINVAL;
    shield_up(&shield);
    int result = flags & O_CREAT ? create(path, flags, mode, &inode) : path_walk(path, !(flags & O_NOFOLLOW), &inode);
    if (result == 0) {
        result = check_open(inode, flags);
        if (result == 0)
            result = table_add(inode, flags);
        if (result < 0)
            inode_release(inode);
    }
    shield_down(&shield);
    return result;
}

int vfs_close(int fd) {
    struct shield shield;
    shield_up(&shield);
    struct file *f = file_begin(fd);
    if (f) {
        f->closing = true;
        file_end(f);
    }
    shield_down(&shield);
    return f ? 0 : -EBADF;
}

/* One portion, with the file system locked. */
static int64_t transfer(struct file *f, bool write, void *buffer, size_t bytes, const uint64_t *at) {
    struct inode *inode = f->inode;
    uint64_t position = at ? *at : write && (f->flags & O_APPEND) ? inode->size : f->position;
    if (position > INT64_MAX - bytes)
        return -EFBIG;
    int64_t n = write ? inode->fs->ops->write(inode, position, buffer, bytes)
                      : inode->fs->ops->read(inode, position, buffer, bytes);
    if (n > 0 && !at)
        f->position = position + (uint64_t)n;
    return n;
}

static int64_t transfer_all(struct file *f, bool write, uint8_t *buffer, size_t bytes, const uint64_t *at) {
    size_t done = 0;
    while (done < bytes) {
        size_t want = bytes - done < PORTION ? bytes - done : PORTION;
        uint64_t position = at ? *at + done : 0;
        mutex_lock(&f->inode->fs->lock);
        int64_t n = transfer(f, write, buffer + done, want, at ? &position : NULL);
        mutex_unlock(&f->inode->fs->lock);
        if (n < 0 && !done)
            return n;
        if (n <= 0)
            break;
        done += (size_t)n;
        if ((size_t)n < want)
            break;
    }
    return (int64_t)done;
}

static int64_t read_or_write(int fd, bool write, void *buffer, size_t bytes, const uint64_t *at) {
    struct shield shield;
    shield_up(&shield);
    struct file *f = file_begin(fd);
    if (!f) {
        shield_down(&shield);
        return -EBADF;
    }
    struct filesystem *fs = f->inode->fs;
    bool waits = (fs->type->flags & FS_UNLOCKED_IO) && !S_ISDIR(f->inode->mode);
    int64_t result;
    if (S_ISDIR(f->inode->mode))
        result = -EISDIR;
    else if (write ? !writes(f->flags) : (f->flags & O_ACCMODE) == O_WRONLY)
        result = -EBADF;
    else if (write && !fs->ops->write)
        result = -EROFS;
    else if (waits) /* for ever perhaps: the thread can be killed meanwhile, and then its file stays open */
        shield_down(&shield), result = transfer(f, write, buffer, bytes, at), shield_up(&shield);
    else
        result = transfer_all(f, write, buffer, bytes, at);
    file_end(f);
    shield_down(&shield);
    return result;
}

int64_t vfs_read(int fd, void *buffer, size_t bytes) {
    return read_or_write(fd, false, buffer, bytes, NULL);
}

int64_t vfs_write(int fd, const void *buffer, size_t bytes) {
    return read_or_write(fd, true, (void *)(uintptr_t)buffer, bytes, NULL);
}

int64_t vfs_pread(int fd, void *buffer, size_t bytes, uint64_t position) {
    return read_or_write(fd, false, buffer, bytes, &position);
}

int64_t vfs_pwrite(int fd, const void *buffer, size_t bytes, uint64_t position) {
    return read_or_write(fd, true, (void *)(uintptr_t)buffer, bytes, &position);
}

/* What is done to an open file with its file system locked. */
struct request {
    int64_t offset;
    enum seek_from from;
    struct stat *stat;
    struct dirent *entry;
};

static int64_t locked(int fd, int64_t (*work)(struct file *f, struct request *r), struct request r) {
    struct shield shield;
    shield_up(&shield);
    int64_t result = -EBADF;
    struct file *f = file_begin(fd);
    if (f) {
        mutex_lock(&f->inode->fs->lock);
        result = work(f, &r);
        mutex_unlock(&f->inode->fs->lock);
        file_end(f);
    }
    shield_down(&shield);
    return result;
}

static int64_t seek(struct file *f, struct request *r) {
    int64_t base = r->from == SEEK_SET ? 0 : r->from == SEEK_CUR ? (int64_t)f->position : (int64_t)f->inode->size, sum;
    if (r->from > SEEK_END || __builtin_add_overflow(base, r->offset, &sum) || sum < 0)
        return -EINVAL;
    f->position = (uint64_t)sum;
    return sum;
}

int64_t vfs_seek(int fd, int64_t offset, enum seek_from from) {
    return locked(fd, seek, (struct request){.offset = offset, .from = from});
}

void inode_stat(const struct inode *i, struct stat *out) {
    *out = (struct stat){.ino = i->ino, .mode = i->mode, .nlink = i->nlink, .uid = i->uid, .gid = i->gid, .size = i->size,
                         .blocks = i->blocks, .block_size = i->block_size, .atime = i->atime, .mtime = i->mtime,
                         .ctime = i->ctime};
}

static int64_t fstat(struct file *f, struct request *r) {
    inode_stat(f->inode, r->stat);
    return 0;
}

int vfs_fstat(int fd, struct stat *out) {
    return (int)locked(fd, fstat, (struct request){.stat = out});
}

static int64_t ftruncate(struct file *f, struct request *r) {
    if (!writes(f->flags) || !S_ISREG(f->inode->mode))
        return -EINVAL;
    return f->inode->fs->ops->truncate(f->inode, (uint64_t)r->offset);
}

int vfs_ftruncate(int fd, uint64_t bytes) {
    return bytes > INT64_MAX ? -EFBIG : (int)locked(fd, ftruncate, (struct request){.offset = (int64_t)bytes});
}

static int64_t fsync(struct file *f, struct request *r) {
    (void)r;
    return f->inode->fs->ops->sync ? f->inode->fs->ops->sync(f->inode->fs) : 0;
}

int vfs_fsync(int fd) {
    return (int)locked(fd, fsync, (struct request){0});
}

static int64_t readdir(struct file *f, struct request *r) {
    return S_ISDIR(f->inode->mode) ? f->inode->fs->ops->readdir(f->inode, &f->position, r->entry) : -ENOTDIR;
}

int vfs_readdir(int fd, struct dirent *out) {
    return (int)locked(fd, readdir, (struct request){.entry = out});
}

int vfs_truncate(const char *path, uint64_t bytes) {
    int fd = vfs_open(path, O_WRONLY, 0);
    if (fd < 0)
        return fd;
    int result = vfs_ftruncate(fd, bytes);
    vfs_close(fd);
    return result;
}
