/* Files: one tree of directories over all mounted file systems. Functions return 0, a count or a descriptor, or an
 * error of errno.h negated. They may wait for a disk: threads only, never interrupts. Descriptors are the kernel's, not
 * a thread's: whoever opens one closes it. A path starts at the root whether or not it begins with a slash. */
#pragma once
#include <auton/block.h>
#include <auton/types.h>

#define FS_PATH_MAX 4096   /* bytes of a path, with its end */
#define FS_NAME_MAX 255    /* bytes of one name */
#define FS_SYMLINK_DEPTH 8 /* symbolic links followed in one path before it is -ELOOP */
#define FS_OPEN_MAX 256    /* files open at once in the whole kernel */

/* Flags of vfs_open(), Linux's numbers. */
#define O_RDONLY 0x0
#define O_WRONLY 0x1
#define O_RDWR 0x2
#define O_ACCMODE 0x3
#define O_CREAT 0x40
#define O_EXCL 0x80
#define O_TRUNC 0x200
#define O_APPEND 0x400
#define O_DIRECTORY 0x10000
#define O_NOFOLLOW 0x20000

/* Modes: a type and permission bits. Permissions are kept, but this kernel has no users to check them for. */
#define S_IFMT 0xF000
#define S_IFCHR 0x2000
#define S_IFDIR 0x4000
#define S_IFBLK 0x6000
#define S_IFREG 0x8000
#define S_IFLNK 0xA000
#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)
#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)
#define S_ISLNK(mode) (((mode) & S_IFMT) == S_IFLNK)

enum seek_from { SEEK_SET, SEEK_CUR, SEEK_END };

struct stat {
    uint64_t ino;
    uint32_t mode, nlink, uid, gid;
    uint64_t size;          /* bytes; of a symbolic link: its target's length */
    uint64_t blocks;        /* of 512 bytes, really occupied */
    uint32_t block_size;    /* what the file system reads and writes at a time */
    uint64_t atime, mtime, ctime; /* seconds since 1970, UTC */
};

struct dirent {
    uint64_t ino;
    uint32_t type; /* S_IFREG, S_IFDIR, ...; 0 when the directory does not say */
    char name[FS_NAME_MAX + 1];
};

struct fs_usage {
    uint64_t bytes_total, bytes_free;
    uint64_t files_total, files_free; /* 0 when there is no limit */
};

/* `mode`: permission bits of a file that O_CREAT makes. */
int vfs_open(const char *path, uint32_t flags, uint32_t mode);
int vfs_close(int fd);
/* Up to `bytes` from or to the current position, which moves on; 0 at the end. A signed count or an error. */
int64_t vfs_read(int fd, void *buffer, size_t bytes);
int64_t vfs_write(int fd, const void *buffer, size_t bytes);
/* At a position of their own. */
int64_t vfs_pread(int fd, void *buffer, size_t bytes, uint64_t position);
int64_t vfs_pwrite(int fd, const void *buffer, size_t bytes, uint64_t position);
int64_t vfs_seek(int fd, int64_t offset, enum seek_from from); /* the new position */
int vfs_fstat(int fd, struct stat *out);
int vfs_ftruncate(int fd, uint64_t bytes);
int vfs_fsync(int fd); /* everything written to the file's file system is on its disk */
int vfs_readdir(int fd, struct dirent *out); /* the next entry: 1, or 0 at the end; without "." and ".." */

int vfs_stat(const char *path, struct stat *out);  /* follows symbolic links */
int vfs_lstat(const char *path, struct stat *out); /* does not follow the last one */
int vfs_mkdir(const char *path, uint32_t mode);
int vfs_rmdir(const char *path);
int vfs_unlink(const char *path);
int vfs_rename(const char *from, const char *to); /* replaces `to` in one step */
int vfs_truncate(const char *path, uint64_t bytes);
int vfs_link(const char *existing, const char *path);
int vfs_symlink(const char *target, const char *path);
int64_t vfs_readlink(const char *path, char *out, size_t size); /* the target's length; `out` is terminated, perhaps cut */

/* Mounts `source` (a disk's name, with or without /dev/ before it; ignored by types that need none) at a directory.
 * `type` NULL tries all types that need a disk. */
#define MOUNT_READ_ONLY 1u
int vfs_mount(const char *source, const char *target, const char *type, uint32_t flags);
int vfs_umount(const char *target); /* -EBUSY while a file of it is open or something is mounted in it */
int vfs_sync(void);                 /* everything written anywhere is on its disk */
int vfs_usage(const char *path, struct fs_usage *out); /* of the file system that `path` lies in */

struct mount_info {
    char source[32], type[16];
    char target[128]; /* cut when longer */
    bool read_only, is_disk;
    struct fs_usage usage;
};
bool vfs_mount_at(size_t index, struct mount_info *out); /* the mounts in the order of mounting; false after the last */
bool vfs_ready(void);                                    /* a root is mounted */

/* Whole small files. Reads at most `size - 1` bytes and terminates them; -EFBIG when there is more. Their count. */
int64_t vfs_read_file(const char *path, char *out, size_t size);
/* Replaces the contents so that the old or the new ones are there, never a mixture, whenever the machine stops. */
int vfs_write_file(const char *path, const void *data, size_t bytes);
int vfs_mkdir_all(const char *path, uint32_t mode); /* with its parents; 0 also when it is there */

/* Makes an ext2 file system on a disk, over whatever is there. -EBUSY when it is mounted, -EINVAL when it is too small. */
int ext2_format(block_device_t *disk, const char *label);

/* The identifier of the file system on a disk, "2f1e...-...". -ENOENT when none is known there. */
#define FS_IDENTIFIER_TEXT 37
int fs_identifier(block_device_t *disk, char out[FS_IDENTIFIER_TEXT]);
block_device_t *fs_find_identifier(const char *text); /* the first disk or partition that holds it, or NULL */

/* Partition tables. A partition is a block device of its own: vda1, or nvme0n1p1 where the disk's name ends in a digit. */
struct partition {
    uint32_t number;    /* 1...; logical partitions of an MBR from 5 */
    uint64_t start, sectors;
    uint8_t type;       /* MBR type byte; of a GPT partition the one with the same meaning, or 0 */
    bool bootable;
    char label[37];     /* GPT only */
};
#define PARTITION_MAX 128
/* Reads the table of a disk: the number of partitions, 0 without a table; -EBADMSG when it contradicts itself. */
int partition_read(block_device_t *disk, struct partition *out, size_t max);
/* Reads it and registers what is there as block devices, in place of what was registered before; -EBUSY when one of
 * those is mounted. The number of partitions. */
int partition_scan(block_device_t *disk);
/* Writes an MBR table with up to four partitions, numbered in their order, and scans it. The boot code in front of the
 * table stays. -EINVAL when they overlap or do not fit. */
int partition_write_mbr(block_device_t *disk, const struct partition *parts, size_t count);
/* The same with a GPT, its copy at the end and the MBR that protects it, for up to PARTITION_MAX partitions from sector
 * PARTITION_FIRST on. Types other than Linux's (0x83) and UEFI's (0xEF) are -EINVAL. */
#define PARTITION_FIRST 2048 /* 1 MB in, where partitions are aligned everywhere */
int partition_write_gpt(block_device_t *disk, const struct partition *parts, size_t count);

/* A disk in memory of so many bytes, named "ram0", "ram1", ...; NULL without memory. */
block_device_t *ramdisk_create(uint64_t bytes);
int ramdisk_destroy(block_device_t *disk); /* -EBUSY while it is mounted */

/* Seconds since 1970, UTC; since boot where there is no clock. */
uint64_t fs_now(void);

/* Error text for messages: "No such file or directory". Takes errors with either sign. */
const char *errno_text(int error);
