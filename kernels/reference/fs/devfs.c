/* /dev: the devices that are read and written like files. Disks come and go; each keeps the number it was first seen
 * with, and a file of one that has gone says so when it is used. */
#include <auton/arch.h>
#include <auton/console.h>
#include <auton/mm.h>
#include <auton/random.h>
#include <auton/string.h>
#include "fs_internal.h"

#define ROOT_INO 1
#define FIRST_DISK_INO 32
#define MOST_DISKS 128
#define END_OF_INPUT 4  /* Ctrl-D */
#define INTERRUPT 3     /* Ctrl-C */
#define BOUNCE_BYTES KB(64)

static bool written; /* a disk, since the last flush of all */

static int64_t null_read(void *buffer, size_t bytes) {
    (void)buffer, (void)bytes;
    return 0;
}

static int64_t swallow(const void *buffer, size_t bytes) {
    (void)buffer;
    return (int64_t)bytes;
}

static int64_t zero_read(void *buffer, size_t bytes) {
    memset(buffer, 0, bytes);
    return (int64_t)bytes;
}

static int64_t random_read(void *buffer, size_t bytes) {
    random_bytes(buffer, bytes);
    return (int64_t)bytes;
}

static int64_t random_write(const void *buffer, size_t bytes) {
    random_add(buffer, bytes, 0);
    return (int64_t)bytes;
}

/* What is typed, up to the end of a line; Ctrl-D at its start is the end of the file. */
static int64_t console_read(void *buffer, size_t bytes) {
    char *out = buffer;
    size_t n = 0;
    while (n < bytes) {
        char c = console_getchar();
        if (c == END_OF_INPUT || c == INTERRUPT)
            break;
        out[n] = c == '\r' ? '\n' : c;
        console_write(&out[n], 1);
        if (out[n++] == '\n')
            break;
    }
    return (int64_t)n;
}

static int64_t console_file_write(const void *buffer, size_t bytes) {
    console_write(buffer, bytes);
    return (int64_t)bytes;
}

static const struct {
    const char *name;
    uint32_t mode;
    int64_t (*read)(void *buffer, size_t bytes);
    int64_t (*write)(const void *buffer, size_t bytes);
} characters[] = {
    {"null", 0666, null_read, swallow},          {"zero", 0666, zero_read, swallow},
    {"random", 0666, random_read, random_write}, {"urandom", 0666, random_read, random_write},
    {"console", 0600, console_read, console_file_write},
};
_Static_assert(ROOT_INO + 1 + ARRAY_SIZE(characters) <= FIRST_DISK_INO, "numbers of devices");

static char disk_names[MOST_DISKS][sizeof((block_device_t *)0)->name]; /* guarded by the lock of /dev: one is mounted */
static size_t disk_count;

static uint64_t disk_ino(const char *name) {
    size_t i = 0;
    while (i < disk_count && strcmp(disk_names[i], name) != 0)
        i++;
    if (i == MOST_DISKS)
        return 0;
    if (i == disk_count)
        strlcpy(disk_names[disk_count++], name, sizeof disk_names[0]);
    return FIRST_DISK_INO + i;
}

static block_device_t *disk_of(uint64_t ino) {
    return ino >= FIRST_DISK_INO && ino - FIRST_DISK_INO < disk_count ? block_find(disk_names[ino - FIRST_DISK_INO]) : NULL;
}

static int read_inode(struct inode *inode) {
    uint64_t i = inode->ino - ROOT_INO - 1;
    const block_device_t *disk = disk_of(inode->ino);
    inode->nlink = 1;
    inode->block_size = PAGE_SIZE;
    inode->mtime = inode->ctime = inode->atime = fs_now();
    if (inode->ino == ROOT_INO) {
        inode->mode = S_IFDIR | 0755;
        inode->nlink = 2;
    } else if (i < ARRAY_SIZE(characters)) {
        inode->mode = S_IFCHR | characters[i].mode;
    } else if (disk) {
        inode->mode = S_IFBLK | (disk->read_only ? 0440u : 0660u);
        inode->size = disk->sectors * BLOCK_SECTOR;
    } else {
        return -ENXIO;
    }
    return 0;
}

static int lookup(struct inode *dir, const char *name, size_t len, uint64_t *ino) {
    char text[FS_NAME_MAX + 1];
    (void)dir;
    memcpy(text, name, len);
    text[len] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(characters); i++)
        if (strcmp(characters[i].name, text) == 0) {
            *ino = ROOT_INO + 1 + i;
            return 0;
        }
    *ino = block_find(text) ? disk_ino(text) : 0;
    return *ino ? 0 : -ENOENT;
}

static int readdir(struct inode *dir, uint64_t *position, struct dirent *out) {
    (void)dir;
    uint64_t i = (*position)++;
    if (i < ARRAY_SIZE(characters)) {
        out->ino = ROOT_INO + 1 + i;
        out->type = S_IFCHR;
        strlcpy(out->name, characters[i].name, sizeof out->name);
        return 1;
    }
    const block_device_t *disk = block_first();
    for (i -= ARRAY_SIZE(characters); disk && i; i--)
        disk = disk->next;
    if (!disk)
        return 0;
    out->ino = disk_ino(disk->name);
    out->type = S_IFBLK;
    strlcpy(out->name, disk->name, sizeof out->name);
    return 1;
}

/* Whole sectors, through a buffer that a disk can reach; a part of a sector is read, changed and written back. */
static int64_t disk_transfer(block_device_t *disk, bool write, uint64_t position, uint8_t *buffer, size_t bytes) {
    uint64_t end = disk->sectors * BLOCK_SECTOR;
    if (position >= end)
        return write && bytes ? -ENOSPC : 0;
    if (bytes > end - position)
        bytes = (size_t)(end - position);
    uint8_t *bounce = kmalloc(BOUNCE_BYTES);
    if (!bounce)
        return -ENOMEM;
    size_t done = 0;
    int result = 0;
    while (done < bytes && result == 0) {
        uint64_t at = position + done;
        size_t offset = at % BLOCK_SECTOR, now = BOUNCE_BYTES - offset;
        if (now > bytes - done)
            now = bytes - done;
        uint32_t sectors = (uint32_t)((offset + now + BLOCK_SECTOR - 1) / BLOCK_SECTOR);
        if (!write || offset || (offset + now) % BLOCK_SECTOR)
            result = block_read(disk, at / BLOCK_SECTOR, sectors, bounce);
        if (result == 0 && write) {
            memcpy(bounce + offset, buffer + done, now);
            result = block_write(disk, at / BLOCK_SECTOR, sectors, bounce);
        } else if (result == 0) {
            memcpy(buffer + done, bounce + offset, now);
        }
        if (result == 0)
            done += now;
    }
    kfree(bounce);
    return done ? (int64_t)done : result;
}

static int64_t read(struct inode *inode, uint64_t position, void *buffer, size_t bytes) {
    uint64_t ino = inode->ino;
    if (ino - ROOT_INO - 1 < ARRAY_SIZE(characters))
        return characters[ino - ROOT_INO - 1].read(buffer, bytes);
    block_device_t *disk = disk_of(ino);
    return disk ? disk_transfer(disk, false, position, buffer, bytes) : -ENXIO;
}

static int64_t write(struct inode *inode, uint64_t position, const void *buffer, size_t bytes) {
    uint64_t ino = inode->ino;
    if (ino - ROOT_INO - 1 < ARRAY_SIZE(characters))
        return characters[ino - ROOT_INO - 1].write(buffer, bytes);
    block_device_t *disk = disk_of(ino);
    if (!disk)
        return -ENXIO;
    namespace_lock();
    written = true;
    int64_t n = disk_is_mounted(disk) ? -EBUSY
                                      : disk_transfer(disk, true, position, (uint8_t *)(uintptr_t)buffer, bytes);
    namespace_unlock();
    return n;
}

static int readlink(struct inode *inode, char *out, size_t size) {
    (void)inode, (void)out, (void)size;
    return -EINVAL;
}

static int sync(struct filesystem *fs) {
    (void)fs;
    int result = 0;
    if (!written)
        return 0;
    written = false;
    for (block_device_t *disk = block_first(); disk; disk = disk->next) {
        int one = block_flush(disk);
        if (one)
            result = one;
    }
    return result;
}

static int unmount(struct filesystem *fs) {
    (void)fs;
    return 0;
}

static int mount(struct filesystem *fs) {
    static const struct fs_ops ops = {.read_inode = read_inode, .lookup = lookup, .readdir = readdir, .read = read,
                                      .write = write, .readlink = readlink, .sync = sync, .unmount = unmount};
    fs->ops = &ops;
    fs->root_ino = ROOT_INO;
    return 0;
}

struct fs_type devfs_type = {.name = "devfs", .flags = FS_UNLOCKED_IO, .mount = mount};
