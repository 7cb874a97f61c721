/* A disk with a small file system in which bytes are changed: an input is places and values. It is mounted, read,
 * written to and unmounted; whatever happens, that ends and nothing else is touched. */
#include "disk.h"
#include <auton/errno.h>

#define MOST_READ 300

static void put(const char *path, uint64_t position, size_t bytes) {
    static const uint8_t zeros[8000];
    int fd = vfs_open(path, O_WRONLY | O_CREAT, 0644);
    if (fd < 0)
        return;
    vfs_pwrite(fd, zeros, bytes < sizeof zeros ? bytes : sizeof zeros, position);
    vfs_close(fd);
}

static void start(void) {
    disk_make();
    PROMISE(vfs_mkdir("/m/d", 0755) == 0 && vfs_symlink("d/big", "/m/l") == 0);
    put("/m/d/big", 0, 8000);
    put("/m/d/big", 20000, 8000);
    put("/m/d/sparse", KB(300), 10);
    disk_keep();
}

static void read_all(const char *path, unsigned depth, unsigned *budget) {
    static uint8_t data[4096];
    char inner[FS_NAME_MAX + 64];
    struct dirent entry;
    struct stat s;
    int fd = depth < 4 ? vfs_open(path, O_RDONLY, 0) : -1;
    while (fd >= 0 && *budget && vfs_fstat(fd, &s) == 0) {
        --*budget;
        if (!S_ISDIR(s.mode) ? vfs_read(fd, data, sizeof data) <= 0 : vfs_readdir(fd, &entry) != 1)
            break;
        if (S_ISDIR(s.mode) && strlen(path) + strlen(entry.name) + 2 < sizeof inner) {
            strlcpy(inner, path, sizeof inner);
            strlcat(inner, "/", sizeof inner);
            strlcat(inner, entry.name, sizeof inner);
            read_all(inner, depth + 1, budget);
        }
    }
    if (fd >= 0)
        vfs_close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool started;
    unsigned budget = MOST_READ;
    if (!started)
        start();
    started = true;
    memcpy(medium, sound, sizeof medium);
    for (; size >= 4; data += 4, size -= 4)
        medium[(data[0] | (uint32_t)data[1] << 8 | (uint32_t)(data[2] & 1) << 16) % DISK_BYTES] = data[3];
    if (vfs_mount("vda", "/m", "ext2", 0))
        return 0;
    read_all("/m", 0, &budget);
    put("/m/d/new", 0, 5000);
    vfs_mkdir("/m/d/e", 0755);
    vfs_rename("/m/d/e", "/m/e");
    vfs_rename("/m/d/sparse", "/m/d/new");
    vfs_truncate("/m/d/big", 100);
    vfs_unlink("/m/l");
    vfs_rmdir("/m/e");
    vfs_sync();
    PROMISE(vfs_umount("/m") != -EBUSY);
    return 0;
}
