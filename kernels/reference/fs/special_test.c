/* Self-tests of /dev, /proc, the initramfs and CPIO archives. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "cpio.h"
#include "fs_internal.h"
#include "initramfs.h"

SELFTEST(fs_dev_files, "fs") {
    uint8_t a[32], b[32];
    memset(a, 1, sizeof a);
    int fd = vfs_open("/dev/zero", O_RDWR, 0);
    CHECK(fd >= 0 && vfs_read(fd, a, sizeof a) == sizeof a && a[0] == 0 && a[31] == 0 && vfs_write(fd, a, 5) == 5);
    vfs_close(fd);
    fd = vfs_open("/dev/null", O_RDWR, 0);
    CHECK(fd >= 0 && vfs_read(fd, a, sizeof a) == 0 && vfs_write(fd, a, sizeof a) == sizeof a);
    vfs_close(fd);
    fd = vfs_open("/dev/random", O_RDONLY, 0);
    CHECK(fd >= 0 && vfs_read(fd, a, sizeof a) == sizeof a && vfs_read(fd, b, sizeof b) == sizeof b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    vfs_close(fd);
    fd = vfs_open("/dev/console", O_WRONLY, 0);
    CHECK(fd >= 0 && vfs_write(fd, "", 0) == 0);
    vfs_close(fd);
    CHECK(vfs_open("/dev/none", O_RDONLY, 0) == -ENOENT && vfs_mkdir("/dev/d", 0) == -EROFS && vfs_unlink("/dev/null") == -EROFS);
    return NULL;
}

SELFTEST(fs_dev_disk, "fs") {
    char path[32];
    uint8_t data[700], back[700];
    block_device_t *disk = ramdisk_create(MB(1));
    CHECK(disk);
    ksnprintf(path, sizeof path, "/dev/%s", disk->name);
    struct stat s;
    CHECK(vfs_stat(path, &s) == 0 && (s.mode & S_IFMT) == S_IFBLK && s.size == MB(1));
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31);
    int fd = vfs_open(path, O_RDWR, 0);
    CHECK(fd >= 0 && vfs_pwrite(fd, data, sizeof data, 4000) == sizeof data); /* parts of sectors at both ends */
    CHECK(vfs_pread(fd, back, sizeof back, 4000) == sizeof back && memcmp(data, back, sizeof data) == 0);
    CHECK(vfs_pread(fd, back, 3, 3997) == 3 && back[0] == 0 && back[2] == 0);
    memset(back, 0xA5, sizeof back); /* what memory that is used again may hold is another sector's, not this one's */
    CHECK(vfs_pwrite(fd, back, 512, 8192) == 512 && vfs_pwrite(fd, back, 1, 4100) == 1);
    data[100] = 0xA5;
    CHECK(vfs_pread(fd, back, sizeof back, 4000) == sizeof back && memcmp(data, back, sizeof data) == 0);
    CHECK(vfs_pread(fd, back, 100, MB(1) - 10) == 10 && vfs_pread(fd, back, 1, MB(1)) == 0);
    CHECK(vfs_pwrite(fd, back, 1, MB(1)) == -ENOSPC);
    CHECK(ramdisk_destroy(disk) == 0 && vfs_pread(fd, back, 1, 0) == -ENXIO && vfs_stat(path, &s) == -ENOENT);
    vfs_close(fd);
    return NULL;
}

SELFTEST(fs_proc_files, "fs") {
    static const char *const names[] = {"meminfo", "cpuinfo", "mounts", "uptime", "devices", "partitions", "threads",
                                        "cmdline", "version", "log", "filesystems"};
    char path[32];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char c;
        ksnprintf(path, sizeof path, "/proc/%s", names[i]);
        int fd = vfs_open(path, O_RDONLY, 0);
        CHECK(fd >= 0);
        CHECK(vfs_read(fd, &c, 1) == 1 || strcmp(names[i], "partitions") == 0);
        vfs_close(fd);
    }
    char *text = kmalloc(KB(16));
    CHECK(text && vfs_read_file("/proc/meminfo", text, KB(16)) > 0);
    struct mm_stats m;
    mm_get_stats(&m);
    char total[40];
    ksnprintf(total, sizeof total, "MemTotal:       %8lu kB\n", m.total_bytes >> 10);
    CHECK(strncmp(text, total, strlen(total)) == 0);
    CHECK(vfs_read_file("/proc/mounts", text, KB(16)) > 0 && strstr(text, "devfs /dev devfs rw"));
    kfree(text);
    CHECK(vfs_open("/proc/meminfo", O_WRONLY, 0) == -EROFS && vfs_open("/proc/none", O_RDONLY, 0) == -ENOENT);
    return NULL;
}

#define HEADER(ino, mode, nlink, size, name_size)                                                                      \
    "070701" ino mode "00000000" "00000000" nlink "00000000" size "00000000" "00000000" "00000000" "00000000" name_size  \
    "00000000"
static const char archive[] =
    HEADER("00000001", "000041ED", "00000002", "00000000", "00000002") "d\0"
    HEADER("00000002", "000081A4", "00000002", "00000000", "00000004") "d/a\0\0\0"
    HEADER("00000002", "000081A4", "00000002", "00000005", "00000004") "d/b\0\0\0" "hello\0\0\0"
    HEADER("00000003", "0000A1FF", "00000001", "00000001", "00000004") "d/l\0\0\0" "b\0\0\0"
    HEADER("00000000", "00000000", "00000001", "00000000", "0000000B") "TRAILER!!!\0\0\0\0";

SELFTEST(fs_initramfs_unpack, "fs") {
    char text[16];
    size_t bytes;
    struct stat s;
    CHECK(vfs_mkdir("/tmp/cpio", 0755) == 0 && vfs_mount("test", "/tmp/cpio", "ramfs", 0) == 0);
    CHECK(initramfs_unpack("/tmp/cpio", archive, sizeof archive - 1, &bytes) == 4 && bytes == 6);
    CHECK(vfs_read_file("/tmp/cpio/d/l", text, sizeof text) == 5 && strcmp(text, "hello") == 0);
    CHECK(vfs_stat("/tmp/cpio/d/a", &s) == 0 && s.nlink == 2 && s.size == 5 && s.blocks == 0);
    int fd = vfs_open("/tmp/cpio/d/a", O_WRONLY | O_APPEND, 0); /* leaves the image as it is */
    CHECK(fd >= 0 && vfs_write(fd, "!", 1) == 1 && vfs_close(fd) == 0);
    CHECK(vfs_read_file("/tmp/cpio/d/b", text, sizeof text) == 6 && strcmp(text, "hello!") == 0);
    CHECK(vfs_truncate("/tmp/cpio/d/a", 2) == 0 && vfs_truncate("/tmp/cpio/d/a", 4) == 0);
    CHECK(vfs_read_file("/tmp/cpio/d/b", text, sizeof text) == 4 && memcmp(text, "he\0", 4) == 0);
    CHECK(vfs_umount("/tmp/cpio") == 0 && vfs_rmdir("/tmp/cpio") == 0);
    return NULL;
}

/* Each byte of the archive changed in turn, and each length: never more than what is there is read. */
SELFTEST(fs_cpio_malformed, "fs") {
    static const char evil[] = HEADER("00000001", "000081A4", "00000001", "00000000", "0000000A") "../escape\0\0\0\0";
    char *copy = kmalloc(sizeof archive);
    struct cpio_entry e;
    size_t offset, bytes;
    CHECK(copy);
    for (size_t i = 0; i < sizeof archive - 1; i++) {
        memcpy(copy, archive, sizeof archive);
        copy[i] = (char)(copy[i] ^ 0x2F);
        unsigned entries = 0;
        for (offset = 0; cpio_next(copy, sizeof archive - 1, &offset, &e) == 1; entries++)
            CHECK(e.data >= (uint8_t *)copy && e.data + e.size <= (uint8_t *)copy + sizeof archive);
        CHECK(entries <= 5);
    }
    for (size_t size = 0; size < sizeof archive - 1; size++) {
        offset = 0;
        while (cpio_next(archive, size, &offset, &e) == 1)
            CHECK(e.data + e.size <= (const uint8_t *)archive + size);
    }
    kfree(copy);
    offset = 0;
    CHECK(cpio_next("070701nonsense", 14, &offset, &e) == -EBADMSG);
    CHECK(initramfs_unpack("/tmp", evil, sizeof evil - 1, &bytes) == -EBADMSG);
    struct stat s;
    CHECK(vfs_stat("/escape", &s) == -ENOENT);
    return NULL;
}
