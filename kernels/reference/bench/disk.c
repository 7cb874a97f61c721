/* A file written and read from its beginning to its end, through everything between vfs_write() and the disk. */
#include "bench.h"
#include <auton/arch.h>
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/mm.h>

#define FOLDER "/mnt/bench"
#define FILE FOLDER "/bench.dat"
#define BLOCK KB(64)

/* Each block says where it belongs, so that one in the wrong place is noticed. */
static int64_t write_blocks(int fd, uint64_t *block, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += BLOCK) {
        block[0] = at;
        int64_t n = vfs_write(fd, block, BLOCK);
        if (n != (int64_t)BLOCK)
            return n < 0 ? n : -ENOSPC;
    }
    return vfs_fsync(fd);
}

static int64_t read_blocks(int fd, uint64_t *block, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += BLOCK) {
        int64_t n = vfs_read(fd, block, BLOCK);
        if (n != (int64_t)BLOCK || block[0] != at)
            return n < 0 ? n : -EBADMSG;
    }
    return 0;
}

/* Opens the file on the disk that is mounted for this alone, and works through it. */
static int64_t pass(const char *disk, uint32_t flags, uint64_t bytes, uint64_t *ns,
                    int64_t (*work)(int fd, uint64_t *block, uint64_t bytes)) {
    uint64_t *block = kzalloc(BLOCK);
    int64_t status = block ? vfs_mount(disk, FOLDER, "ext2", 0) : -ENOMEM;
    if (status == 0) {
        uint64_t start = arch_time_ns();
        int fd = vfs_open(FILE, flags, 0644);
        status = fd < 0 ? fd : work(fd, block, bytes);
        *ns = arch_time_ns() - start;
        if (fd >= 0)
            vfs_close(fd);
        if (status < 0 || work == read_blocks)
            vfs_unlink(FILE);
        int left = vfs_umount(FOLDER);
        status = status < 0 ? status : left;
    }
    kfree(block);
    return status;
}

int bench_disk_file(const char *disk, uint64_t bytes, struct bench_file *out) {
    int64_t status = vfs_mkdir_all(FOLDER, 0755);
    if (status == 0)
        status = pass(disk, O_WRONLY | O_CREAT | O_TRUNC, bytes, &out->write_ns, write_blocks);
    if (status == 0)
        status = pass(disk, O_RDONLY, bytes, &out->read_ns, read_blocks);
    return (int)status;
}
