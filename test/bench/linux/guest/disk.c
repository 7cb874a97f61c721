/* A file on an ext2 disk (which Debian's kernel leaves to its ext4 driver), written up to fsync(), and read after the
 * file system was mounted anew. */
#include "guest.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/mnt"
#define FILE_PATH FOLDER "/bench.dat"
#define BLOCK (64u << 10)

static void write_blocks(int fd, uint64_t *block, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += BLOCK) {
        block[0] = at;
        FAIL_IF(write(fd, block, BLOCK) != BLOCK);
    }
    FAIL_IF(fsync(fd) != 0);
}

static void read_blocks(int fd, uint64_t *block, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += BLOCK) {
        FAIL_IF(read(fd, block, BLOCK) != BLOCK);
        FAIL_IF(block[0] != at);
    }
}

static uint64_t pass(const char *disk, int flags, uint64_t bytes, void (*work)(int fd, uint64_t *block, uint64_t bytes)) {
    uint64_t *block = calloc(1, BLOCK);
    FAIL_IF(!block || mount(disk, FOLDER, "ext2", 0, NULL) != 0);
    uint64_t start = now_ns();
    int fd = open(FILE_PATH, flags, 0644);
    FAIL_IF(fd < 0);
    work(fd, block, bytes);
    uint64_t ns = now_ns() - start;
    close(fd);
    if (work == read_blocks)
        unlink(FILE_PATH);
    FAIL_IF(umount(FOLDER) != 0);
    free(block);
    return ns;
}

void disk_file_ns(const char *disk, uint64_t bytes, uint64_t *write_ns, uint64_t *read_ns) {
    char device[64];
    snprintf(device, sizeof device, "/dev/%s", disk);
    mkdir(FOLDER, 0755);
    *write_ns = pass(device, O_WRONLY | O_CREAT | O_TRUNC, bytes, write_blocks);
    *read_ns = pass(device, O_RDONLY, bytes, read_blocks);
}
