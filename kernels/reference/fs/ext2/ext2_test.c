/* Self-tests of ext2, on disks in memory. That others understand what is written, and what is left after a power cut,
 * is tested from outside. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "ext2.h"

#define T "/tmp/ext2-test"

static block_device_t *disk;

/* An empty file system on a disk of its own, mounted. */
static int begin(uint64_t bytes) {
    disk = ramdisk_create(bytes);
    int result = disk ? ext2_format(disk, "test") : -ENOMEM;
    if (result == 0)
        result = vfs_mkdir_all(T, 0755);
    return result ? result : vfs_mount(disk->name, T, "ext2", 0);
}

static bool end(void) {
    return vfs_umount(T) == 0 && vfs_rmdir(T) == 0 && ramdisk_destroy(disk) == 0;
}

static bool again(void) {
    return vfs_umount(T) == 0 && vfs_mount(disk->name, T, NULL, 0) == 0;
}

static uint64_t free_bytes(void) {
    struct fs_usage u;
    return vfs_sync() == 0 && vfs_usage(T, &u) == 0 ? u.bytes_free : 0;
}

static void fill(uint8_t *data, size_t bytes, uint64_t seed) {
    for (size_t i = 0; i < bytes; i++, seed++)
        data[i] = (uint8_t)(seed * 0x9E3779B1u >> 13);
}

static int put(const char *path, uint64_t position, size_t bytes, uint64_t seed) {
    uint8_t *data = kmalloc(bytes);
    int fd = data ? vfs_open(path, O_WRONLY | O_CREAT, 0644) : -ENOMEM;
    int64_t n = fd;
    if (fd >= 0) {
        fill(data, bytes, seed);
        n = vfs_pwrite(fd, data, bytes, position);
        vfs_close(fd);
    }
    kfree(data);
    return n == (int64_t)bytes ? 0 : n < 0 ? (int)n : -ENOSPC;
}

static bool holds(const char *path, uint64_t position, size_t bytes, uint64_t seed) {
    uint8_t *data = kmalloc(2 * bytes);
    int fd = data ? vfs_open(path, O_RDONLY, 0) : -ENOMEM;
    bool same = fd >= 0 && vfs_pread(fd, data, bytes, position) == (int64_t)bytes;
    if (same) {
        fill(data + bytes, bytes, seed);
        same = memcmp(data, data + bytes, bytes) == 0;
    }
    if (fd >= 0)
        vfs_close(fd);
    kfree(data);
    return same;
}

SELFTEST(ext2_format_and_mount, "fs") {
    struct stat s;
    struct fs_usage u;
    CHECK(begin(MB(4)) == 0);
    CHECK(vfs_stat(T, &s) == 0 && S_ISDIR(s.mode) && s.ino == EXT2_ROOT_INO && s.nlink == 3 && s.block_size == 1024);
    CHECK(vfs_stat(T "/lost+found", &s) == 0 && S_ISDIR(s.mode) && vfs_stat(T "/..", &s) == 0);
    CHECK(vfs_usage(T, &u) == 0 && u.bytes_free > MB(3) && u.bytes_free <= u.bytes_total && u.files_free > 100);
    CHECK(ext2_format(disk, "") == -EBUSY && ramdisk_destroy(disk) == -EBUSY && vfs_mount(disk->name, "/mnt", NULL, 0) == -EBUSY);
    CHECK(end());
    block_device_t *small = ramdisk_create(KB(16));
    CHECK(small && ext2_format(small, "") == -EINVAL && vfs_mount(small->name, "/mnt", NULL, 0) == -ENODEV);
    CHECK(ramdisk_destroy(small) == 0);
    return NULL;
}

/* Blocks of 1 KB reach the third level of indirection behind 64 MB, those of 4 KB the second behind 4 MB. */
static const char *files_on(uint64_t bytes, uint64_t far) {
    struct stat s;
    CHECK(begin(bytes) == 0);
    uint64_t before = free_bytes();
    CHECK(put(T "/a", 0, KB(300), 1) == 0 && put(T "/b", 5000, 3000, 2) == 0 && put(T "/far", far, 10, 3) == 0);
    CHECK(put(T "/far", MB(5), 5000, 4) == 0);
    for (int round = 0; round < 2; round++) { /* from the cache, then from the disk */
        CHECK(holds(T "/a", 0, KB(300), 1) && holds(T "/b", 5000, 3000, 2) && holds(T "/far", far, 10, 3));
        CHECK(holds(T "/far", MB(5), 5000, 4) && vfs_stat(T "/far", &s) == 0 && s.size == far + 10 && s.blocks < 80);
        CHECK(again());
    }
    uint8_t zeros[64];
    int fd = vfs_open(T "/far", O_RDWR, 0);
    CHECK(fd >= 0 && vfs_pread(fd, zeros, 64, MB(6)) == 64 && zeros[0] == 0 && zeros[63] == 0);
    CHECK(vfs_ftruncate(fd, MB(5) + 100) == 0 && vfs_ftruncate(fd, far) == 0 && vfs_pread(fd, zeros, 64, MB(5) + 100) == 64);
    CHECK(zeros[0] == 0 && zeros[63] == 0 && vfs_close(fd) == 0 && holds(T "/far", MB(5), 100, 4));
    CHECK(vfs_truncate(T "/a", KB(100) + 1) == 0 && put(T "/a", KB(200), 1, 0) == 0 && holds(T "/a", 0, KB(100) + 1, 1));
    CHECK(again() && holds(T "/a", 0, KB(100) + 1, 1));
    CHECK(vfs_unlink(T "/a") == 0 && vfs_unlink(T "/b") == 0 && vfs_unlink(T "/far") == 0);
    CHECK(free_bytes() == before && again() && free_bytes() == before && end());
    return NULL;
}

SELFTEST(ext2_files_1k, "fs") {
    return files_on(MB(4), MB(70));
}

SELFTEST(ext2_files_4k, "fs") {
    return files_on(MB(72), GB(5));
}

static unsigned count_entries(const char *path) {
    unsigned count = 0;
    struct dirent *entry = kmalloc(sizeof *entry);
    int fd = vfs_open(path, O_RDONLY, 0);
    while (entry && fd >= 0 && vfs_readdir(fd, entry) == 1)
        count++;
    vfs_close(fd);
    kfree(entry);
    return count;
}

SELFTEST(ext2_directories, "fs") {
    char path[FS_NAME_MAX + 64];
    struct stat s;
    CHECK(begin(MB(4)) == 0);
    uint64_t before = free_bytes();
    CHECK(vfs_mkdir(T "/d", 0755) == 0);
    for (int i = 0; i < 120; i++) {
        ksnprintf(path, sizeof path, T "/d/%0*d", 1 + i * 2, i);
        CHECK(put(path, 0, 1, (uint64_t)i) == 0);
    }
    CHECK(count_entries(T "/d") == 120);
    for (int i = 0; i < 120; i += 2) {
        ksnprintf(path, sizeof path, T "/d/%0*d", 1 + i * 2, i);
        CHECK(vfs_unlink(path) == 0);
    }
    CHECK(again() && count_entries(T "/d") == 60 && vfs_rmdir(T "/d") == -ENOTEMPTY);
    for (int i = 1; i < 120; i += 2) {
        ksnprintf(path, sizeof path, T "/d/%0*d", 1 + i * 2, i);
        CHECK(holds(path, 0, 1, (uint64_t)i) && vfs_unlink(path) == 0);
    }
    CHECK(vfs_mkdir(T "/d/e", 0755) == 0 && vfs_stat(T "/d", &s) == 0 && s.nlink == 3);
    CHECK(vfs_rename(T "/d/e", T "/e") == 0 && vfs_stat(T "/d", &s) == 0 && s.nlink == 2);
    CHECK(vfs_stat(T "/e/..", &s) == 0 && s.ino == EXT2_ROOT_INO && s.nlink == 5);
    CHECK(vfs_rmdir(T "/e") == 0 && vfs_rmdir(T "/d") == 0 && vfs_stat(T, &s) == 0 && s.nlink == 3);
    CHECK(free_bytes() == before && end());
    return NULL;
}

SELFTEST(ext2_names, "fs") {
    char target[FS_NAME_MAX], long_target[200];
    struct stat s;
    CHECK(begin(MB(2)) == 0);
    CHECK(put(T "/a", 0, 100, 1) == 0 && put(T "/b", 0, 100, 2) == 0 && vfs_mkdir(T "/d", 0755) == 0);
    CHECK(vfs_link(T "/a", T "/d/a2") == 0 && vfs_stat(T "/a", &s) == 0 && s.nlink == 2);
    CHECK(vfs_rename(T "/b", T "/a") == 0 && holds(T "/a", 0, 100, 2) && holds(T "/d/a2", 0, 100, 1));
    CHECK(vfs_stat(T "/d/a2", &s) == 0 && s.nlink == 1 && again() && vfs_stat(T "/d/a2", &s) == 0 && s.nlink == 1);
    memset(long_target, 'x', sizeof long_target);
    long_target[sizeof long_target - 1] = '\0';
    CHECK(vfs_symlink("d/a2", T "/fast") == 0 && vfs_symlink(long_target, T "/slow") == 0);
    CHECK(again() && holds(T "/fast", 0, 100, 1) && vfs_readlink(T "/slow", target, sizeof target) == 199);
    CHECK(strcmp(target, long_target) == 0 && vfs_lstat(T "/slow", &s) == 0 && s.blocks == 2);
    CHECK(vfs_lstat(T "/fast", &s) == 0 && s.blocks == 0 && S_ISLNK(s.mode));
    int fd = vfs_open(T "/a", O_RDWR, 0);
    CHECK(fd >= 0 && vfs_unlink(T "/a") == 0 && vfs_sync() == 0); /* open, without a name, after a commit */
    CHECK(vfs_pread(fd, target, 1, 99) == 1 && vfs_pwrite(fd, "x", 1, 5000) == 1 && vfs_fstat(fd, &s) == 0 && s.nlink == 0);
    CHECK(vfs_umount(T) == -EBUSY && vfs_close(fd) == 0 && again() && vfs_stat(T "/a", &s) == -ENOENT);
    CHECK(vfs_rename(T "/d/a2", T "/slow") == 0 && holds(T "/slow", 0, 100, 1) && end());
    return NULL;
}

SELFTEST(ext2_full_disk, "fs") {
    CHECK(begin(KB(256)) == 0);
    uint64_t before = free_bytes();
    int result = 0, files = 0;
    char path[32];
    while (result == 0 && files < 100) {
        ksnprintf(path, sizeof path, T "/%d", files);
        result = put(path, 0, KB(20), (uint64_t)files);
        files += result == 0;
    }
    CHECK(result == -ENOSPC && files > 3 && holds(T "/0", 0, KB(20), 0) && vfs_mkdir(T "/d", 0) == -ENOSPC);
    CHECK(vfs_unlink(path) == 0);
    for (int i = 0; i < files; i++) { /* what was removed is there to be used, without a sync in between */
        ksnprintf(path, sizeof path, T "/%d", i);
        CHECK(vfs_unlink(path) == 0 && put(path, 0, KB(20), (uint64_t)i + 50) == 0);
    }
    CHECK(again());
    for (int i = 0; i < files; i++) {
        ksnprintf(path, sizeof path, T "/%d", i);
        CHECK(holds(path, 0, KB(20), (uint64_t)i + 50) && vfs_unlink(path) == 0);
    }
    CHECK(free_bytes() == before && end());
    return NULL;
}

/* Changes one number of the superblock on the disk. */
static bool set_super(unsigned field, uint32_t value) {
    uint8_t *super = kmalloc(EXT2_SUPER_BYTES);
    bool done = super && block_read(disk, EXT2_SUPER_OFFSET / BLOCK_SECTOR, 2, super) == 0;
    if (done) {
        put32(super + field, value);
        done = block_write(disk, EXT2_SUPER_OFFSET / BLOCK_SECTOR, 2, super) == 0;
    }
    kfree(super);
    return done;
}

SELFTEST(ext2_features, "fs") {
    CHECK(begin(MB(1)) == 0 && put(T "/a", 0, 10, 1) == 0 && vfs_umount(T) == 0);
    CHECK(set_super(SB_INCOMPATIBLE, EXT2_FILETYPE | 0x40) && vfs_mount(disk->name, T, NULL, 0) == -EINVAL);
    CHECK(set_super(SB_INCOMPATIBLE, EXT2_FILETYPE) && set_super(SB_READ_ONLY, EXT2_SPARSE_SUPER | 0x10));
    CHECK(vfs_mount(disk->name, T, NULL, 0) == 0 && holds(T "/a", 0, 10, 1) && put(T "/a", 0, 10, 2) == -EROFS);
    CHECK(vfs_unlink(T "/a") == -EROFS && vfs_mkdir(T "/d", 0) == -EROFS && vfs_umount(T) == 0);
    CHECK(set_super(SB_READ_ONLY, EXT2_SPARSE_SUPER) && vfs_mount(disk->name, T, NULL, MOUNT_READ_ONLY) == 0);
    CHECK(put(T "/b", 0, 1, 1) == -EROFS && vfs_umount(T) == 0);
    CHECK(set_super(SB_BLOCKS, UINT32_MAX) && vfs_mount(disk->name, T, NULL, 0) == -EINVAL);
    CHECK(vfs_rmdir(T) == 0 && ramdisk_destroy(disk) == 0);
    return NULL;
}

/* Reads all there is below a directory, as far as it can be read. */
static void read_all(const char *path, unsigned depth, unsigned *budget) {
    struct dirent *entry = kmalloc(sizeof *entry);
    uint8_t *data = kmalloc(KB(4));
    struct stat s;
    int fd = entry && data && depth < 4 ? vfs_open(path, O_RDONLY, 0) : -ENOMEM;
    while (fd >= 0 && *budget && vfs_fstat(fd, &s) == 0) {
        --*budget;
        if (S_ISDIR(s.mode)) {
            if (vfs_readdir(fd, entry) != 1)
                break;
            char *inner = kmalloc(strlen(path) + FS_NAME_MAX + 2);
            if (inner) {
                ksnprintf(inner, strlen(path) + FS_NAME_MAX + 2, "%s/%s", path, entry->name);
                read_all(inner, depth + 1, budget);
            }
            kfree(inner);
        } else if (vfs_read(fd, data, KB(4)) <= 0) {
            break;
        }
    }
    if (fd >= 0)
        vfs_close(fd);
    kfree(data);
    kfree(entry);
}

/* Damaged bytes where it hurts: mounting, reading and changing end, and the machine lives on. */
SELFTEST(ext2_malformed, "fs") {
    uint32_t random = 1;
    uint8_t *sector = kmalloc(BLOCK_SECTOR);
    CHECK(sector && begin(KB(512)) == 0);
    CHECK(vfs_mkdir(T "/d", 0755) == 0 && put(T "/d/big", 0, KB(40), 1) == 0 && vfs_symlink("d/big", T "/l") == 0);
    CHECK(put(T "/d/sparse", MB(1), 10, 1) == 0 && vfs_umount(T) == 0);
    uint8_t *image = kmalloc(KB(512)); /* what is there, to start each round from */
    CHECK(image && block_read(disk, 0, 1024, image) == 0);
    for (int round = 0; round < 40; round++) {
        CHECK(block_write(disk, 0, 1024, image) == 0);
        for (int i = 0; i < 6; i++) {
            random = random * 1664525 + 1013904223;
            uint32_t at = random >> 8 & 0xFFF; /* of the first 40 KB */
            at = round % 4 == 0 ? EXT2_SUPER_OFFSET + at % 128 : KB(2) + (at * 10) % KB(40);
            block_read(disk, at / BLOCK_SECTOR, 1, sector);
            sector[at % BLOCK_SECTOR] = (uint8_t)(random >> 24);
            block_write(disk, at / BLOCK_SECTOR, 1, sector);
        }
        unsigned budget = 500;
        if (vfs_mount(disk->name, T, NULL, 0))
            continue;
        read_all(T, 0, &budget);
        put(T "/d/new", 0, 5000, 1);
        vfs_unlink(T "/d/big");
        vfs_rename(T "/d/sparse", T "/moved");
        vfs_unlink(T "/moved");
        CHECK(vfs_umount(T) != -EBUSY);
    }
    kfree(image);
    kfree(sector);
    CHECK(vfs_rmdir(T) == 0 && ramdisk_destroy(disk) == 0);
    return NULL;
}
