/* Self-tests of the VFS, on the file system in memory: each public function, and the errors that callers rely on. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "fs_internal.h"

#define T "/tmp/vfs-test"

/* A file system in memory of its own, so that a test leaves nothing behind. */
static int begin(void) {
    int result = vfs_mkdir_all(T, 0755);
    return result ? result : vfs_mount("test", T, "ramfs", 0);
}

static bool end(void) {
    return vfs_umount(T) == 0 && vfs_rmdir(T) == 0;
}

static int make(const char *path, const char *text) {
    int fd = vfs_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0)
        return fd;
    int64_t n = vfs_write(fd, text, strlen(text));
    vfs_close(fd);
    return n == (int64_t)strlen(text) ? 0 : -EIO;
}

static bool contains(const char *path, const char *text) {
    char buffer[64];
    int64_t n = vfs_read_file(path, buffer, sizeof buffer);
    return n == (int64_t)strlen(text) && strcmp(buffer, text) == 0;
}

SELFTEST(fs_read_write, "fs") {
    char buffer[64];
    CHECK(begin() == 0);
    int fd = vfs_open(T "/a", O_RDWR | O_CREAT, 0640);
    CHECK(fd >= 0);
    CHECK(vfs_write(fd, "hello, world", 12) == 12 && vfs_seek(fd, 0, SEEK_CUR) == 12);
    CHECK(vfs_read(fd, buffer, sizeof buffer) == 0);
    CHECK(vfs_seek(fd, -5, SEEK_END) == 7 && vfs_read(fd, buffer, 3) == 3 && memcmp(buffer, "wor", 3) == 0);
    CHECK(vfs_seek(fd, 1, SEEK_SET) == 1 && vfs_seek(fd, -2, SEEK_CUR) == -EINVAL);
    CHECK(vfs_pwrite(fd, "H", 1, 0) == 1 && vfs_pread(fd, buffer, 5, 0) == 5 && memcmp(buffer, "Hello", 5) == 0);
    CHECK(vfs_seek(fd, 0, SEEK_CUR) == 1); /* positions of their own */
    struct stat s;
    CHECK(vfs_fstat(fd, &s) == 0 && s.size == 12 && s.mode == (S_IFREG | 0640) && s.nlink == 1);
    CHECK(vfs_ftruncate(fd, 5) == 0 && vfs_fsync(fd) == 0);
    CHECK(vfs_close(fd) == 0 && vfs_close(fd) == -EBADF && vfs_read(fd, buffer, 1) == -EBADF);
    CHECK(contains(T "/a", "Hello"));
    int append = vfs_open(T "/a", O_WRONLY | O_APPEND, 0);
    CHECK(append >= 0 && vfs_write(append, "!", 1) == 1 && vfs_read(append, buffer, 1) == -EBADF);
    CHECK(vfs_close(append) == 0 && contains(T "/a", "Hello!"));
    CHECK(vfs_truncate(T "/a", 8) == 0 && vfs_stat(T "/a", &s) == 0 && s.size == 8);
    CHECK(vfs_read_file(T "/a", buffer, sizeof buffer) == 8 && memcmp(buffer, "Hello!\0", 8) == 0);
    CHECK(vfs_read_file(T "/a", buffer, 5) == -EFBIG);
    CHECK(vfs_write_file(T "/a", "new", 3) == 0 && contains(T "/a", "new"));
    CHECK(vfs_unlink(T "/a") == 0 && end());
    return NULL;
}

SELFTEST(fs_open_flags, "fs") {
    char buffer[8];
    CHECK(begin() == 0);
    CHECK(vfs_open(T "/a", O_RDONLY, 0) == -ENOENT && vfs_open("", O_RDONLY, 0) == -ENOENT);
    CHECK(make(T "/a", "text") == 0);
    CHECK(vfs_open(T "/a", O_RDWR | O_CREAT | O_EXCL, 0) == -EEXIST);
    CHECK(vfs_open(T "/a", O_RDONLY | O_DIRECTORY, 0) == -ENOTDIR && vfs_open(T "/a/b", O_RDONLY, 0) == -ENOTDIR);
    CHECK(vfs_open(T "/a/", O_RDONLY, 0) == -ENOTDIR && vfs_open(T "/n/", O_WRONLY | O_CREAT, 0) == -EISDIR);
    CHECK(vfs_open(T, O_WRONLY, 0) == -EISDIR && vfs_open(T "/a", O_ACCMODE, 0) == -EINVAL);
    int fd = vfs_open(T, O_RDONLY, 0);
    CHECK(fd >= 0 && vfs_read(fd, buffer, 1) == -EISDIR && vfs_write(fd, buffer, 1) == -EISDIR);
    vfs_close(fd);
    fd = vfs_open(T "/a", O_RDONLY, 0);
    CHECK(fd >= 0 && vfs_write(fd, "x", 1) == -EBADF && vfs_ftruncate(fd, 0) == -EINVAL);
    CHECK(vfs_umount(T) == -EBUSY); /* a file of it is open */
    vfs_close(fd);
    CHECK(vfs_symlink("a", T "/l") == 0 && vfs_open(T "/l", O_RDONLY | O_NOFOLLOW, 0) == -ELOOP);
    int fds[FS_OPEN_MAX], opened = 0;
    while (opened < FS_OPEN_MAX && (fds[opened] = vfs_open(T "/a", O_RDONLY, 0)) >= 0)
        opened++;
    int full = vfs_open(T "/a", O_RDONLY, 0);
    while (opened)
        vfs_close(fds[--opened]);
    CHECK(full == -ENFILE && end());
    return NULL;
}

SELFTEST(fs_directories, "fs") {
    struct dirent *entry = kmalloc(sizeof *entry);
    CHECK(entry && begin() == 0);
    CHECK(vfs_mkdir(T "/d", 0700) == 0 && vfs_mkdir(T "/d", 0700) == -EEXIST && vfs_mkdir(T "/x/y", 0) == -ENOENT);
    CHECK(vfs_mkdir("/", 0) == -EEXIST && vfs_rmdir("/") == -EBUSY && vfs_mkdir(T "/d/..", 0) == -EINVAL);
    CHECK(vfs_mkdir_all(T "/d/e/f/", 0755) == 0 && vfs_mkdir_all(T "/d/e/f", 0755) == 0);
    CHECK(make(T "/d/file", "1") == 0 && vfs_mkdir_all(T "/d/file/x", 0) == -ENOTDIR);
    CHECK(vfs_rmdir(T "/d") == -ENOTEMPTY && vfs_rmdir(T "/d/file") == -ENOTDIR && vfs_unlink(T "/d/e") == -EISDIR);
    int fd = vfs_open(T "/d", O_RDONLY | O_DIRECTORY, 0), seen = 0, result;
    while ((result = vfs_readdir(fd, entry)) == 1) { /* what is removed meanwhile does not disturb it */
        if (strcmp(entry->name, "e") == 0 && entry->type == S_IFDIR)
            seen |= vfs_rmdir(T "/d/e/f") == 0 && vfs_rmdir(T "/d/e") == 0 ? 1 : 0;
        if (strcmp(entry->name, "file") == 0 && entry->type == S_IFREG)
            seen |= vfs_unlink(T "/d/file") == 0 ? 2 : 0;
    }
    CHECK(result == 0 && seen == 3);
    CHECK(vfs_rmdir(T "/d") == 0 && vfs_readdir(fd, entry) == 0 && vfs_close(fd) == 0);
    struct stat s;
    CHECK(vfs_stat(T "/d", &s) == -ENOENT && vfs_stat(T, &s) == 0 && s.nlink == 2);
    kfree(entry);
    CHECK(end());
    return NULL;
}

SELFTEST(fs_links, "fs") {
    char target[32];
    struct stat s;
    CHECK(begin() == 0);
    CHECK(make(T "/a", "A") == 0 && vfs_mkdir(T "/d", 0755) == 0);
    CHECK(vfs_link(T "/a", T "/d/b") == 0 && vfs_link(T "/a", T "/d/b") == -EEXIST && vfs_link(T "/d", T "/x") == -EPERM);
    CHECK(vfs_stat(T "/d/b", &s) == 0 && s.nlink == 2);
    CHECK(vfs_unlink(T "/a") == 0 && contains(T "/d/b", "A") && vfs_link(T "/d/b", "/proc/b") == -EROFS);
    CHECK(vfs_symlink("../d/b", T "/d/l") == 0 && contains(T "/d/l", "A"));
    CHECK(vfs_readlink(T "/d/l", target, sizeof target) == 6 && strcmp(target, "../d/b") == 0);
    CHECK(vfs_readlink(T "/d/b", target, sizeof target) == -EINVAL && vfs_symlink("", T "/e") == -ENOENT);
    CHECK(vfs_symlink(T "/d", T "/abs") == 0 && contains(T "/abs/b", "A") && contains(T "/abs/../d/b", "A"));
    CHECK(vfs_lstat(T "/abs", &s) == 0 && S_ISLNK(s.mode) && vfs_stat(T "/abs", &s) == 0 && S_ISDIR(s.mode));
    CHECK(vfs_symlink("loop", T "/loop") == 0 && vfs_stat(T "/loop", &s) == -ELOOP);
    char from[16] = "0", path[32];
    for (int i = 1; i <= 9; i++) { /* 1 leads to b over one link, 8 over eight, 9 over nine */
        ksnprintf(path, sizeof path, T "/%d", i);
        CHECK(vfs_symlink(i == 1 ? "d/b" : from, path) == 0);
        ksnprintf(from, sizeof from, "%d", i);
    }
    CHECK(vfs_stat(T "/8", &s) == 0 && vfs_stat(T "/9", &s) == -ELOOP);
    CHECK(vfs_unlink(T "/8") == 0 && vfs_stat(T "/9", &s) == -ENOENT);
    CHECK(end());
    return NULL;
}

SELFTEST(fs_rename, "fs") {
    CHECK(begin() == 0);
    CHECK(make(T "/a", "A") == 0 && make(T "/b", "B") == 0 && vfs_mkdir_all(T "/d/e", 0755) == 0);
    CHECK(vfs_rename(T "/a", T "/b") == 0 && contains(T "/b", "A") && vfs_rename(T "/a", T "/c") == -ENOENT);
    CHECK(vfs_rename(T "/b", T "/b") == 0 && contains(T "/b", "A"));
    CHECK(vfs_rename(T "/b", T "/d") == -EISDIR && vfs_rename(T "/d", T "/b") == -ENOTDIR);
    CHECK(vfs_rename(T "/d", T "/d/e/f") == -EINVAL && vfs_rename(T "/d", T "/d") == 0);
    CHECK(vfs_mkdir(T "/x", 0755) == 0 && vfs_rename(T "/x", T "/d") == -ENOTEMPTY && vfs_rename(T "/d/e", T "/x") == 0);
    CHECK(vfs_rename(T "/x", T "/d/moved") == 0 && vfs_rename(T "/b", T "/d/moved/b") == 0);
    CHECK(contains(T "/d/moved/../moved/b", "A") && vfs_rename(T "/d/moved/b", "/tmp/b") == -EXDEV);
    struct stat s;
    CHECK(vfs_stat(T "/d", &s) == 0 && s.nlink == 3 && vfs_stat(T, &s) == 0 && s.nlink == 3);
    CHECK(end());
    return NULL;
}

SELFTEST(fs_paths, "fs") {
    struct stat s;
    char *path = kmalloc(FS_PATH_MAX + 16);
    CHECK(path && begin() == 0);
    CHECK(vfs_mkdir(T "/d", 0755) == 0 && make(T "/d/f", "F") == 0);
    CHECK(contains("///tmp//vfs-test/./d/../d/f", "F") && contains("tmp/vfs-test/d/f", "F"));
    CHECK(vfs_stat("/../..", &s) == 0 && vfs_stat(T "/d/../../vfs-test/d", &s) == 0); /* out over the mount and back */
    memset(path, 'n', FS_PATH_MAX + 8);
    memcpy(path, T "/", sizeof T);
    path[sizeof T + 255] = '\0';
    CHECK(make(path, "long") == 0 && contains(path, "long"));
    path[sizeof T + 255] = 'n';
    path[sizeof T + 256] = '\0';
    CHECK(make(path, "long") == -ENAMETOOLONG && vfs_stat(path, &s) == -ENAMETOOLONG);
    for (size_t i = 0; i < FS_PATH_MAX; i++)
        path[i] = "/."[i % 2];
    path[FS_PATH_MAX - 1] = '\0';
    CHECK(vfs_stat(path, &s) == 0);
    path[FS_PATH_MAX - 1] = '/';
    path[FS_PATH_MAX] = '\0';
    CHECK(vfs_stat(path, &s) == -ENAMETOOLONG);
    kfree(path);
    CHECK(end());
    return NULL;
}

SELFTEST(fs_mount, "fs") {
    struct mount_info m;
    struct stat s;
    bool found = false;
    CHECK(begin() == 0);
    CHECK(vfs_mount("x", T "/none", "ramfs", 0) == -ENOENT && vfs_mount("x", T, "nofs", 0) == -ENODEV);
    CHECK(vfs_mkdir(T "/m", 0755) == 0 && make(T "/m/below", "1") == 0 && make(T "/f", "1") == 0);
    CHECK(vfs_mount("x", T "/f", "ramfs", 0) == -ENOTDIR && vfs_umount(T "/m") == -EINVAL);
    CHECK(vfs_mount("x", T "/m", "ramfs", MOUNT_READ_ONLY) == 0);
    CHECK(vfs_stat(T "/m/below", &s) == -ENOENT && make(T "/m/a", "1") == -EROFS && vfs_mkdir(T "/m/d", 0) == -EROFS);
    CHECK(vfs_rmdir(T "/m") == -EBUSY && vfs_rename(T "/m", T "/n") == -EBUSY && vfs_umount(T) == -EBUSY);
    for (size_t i = 0; vfs_mount_at(i, &m); i++)
        found |= strcmp(m.target, T "/m") == 0 && m.read_only && strcmp(m.type, "ramfs") == 0;
    CHECK(found && vfs_umount(T "/m") == 0 && vfs_stat(T "/m/below", &s) == 0);
    CHECK(vfs_mount("no-such-disk", T "/m", "ext2", 0) != 0 && vfs_umount("/") == -EBUSY);
    struct fs_usage u;
    CHECK(vfs_usage(T, &u) == 0 && u.bytes_total >= u.bytes_free && u.bytes_total > 0);
    CHECK(vfs_ready() && vfs_sync() == 0 && end());
    return NULL;
}

SELFTEST(fs_sparse_and_memory, "fs") {
    uint8_t *block = kmalloc(PAGE_SIZE), sum = 0;
    CHECK(block && begin() == 0);
    make(T "/warm", "x"), vfs_unlink(T "/warm");
    uint64_t before = pmm_free_page_count();
    int fd = vfs_open(T "/big", O_RDWR | O_CREAT, 0644);
    CHECK(fd >= 0 && vfs_pwrite(fd, "end", 3, MB(8)) == 3);
    struct stat s;
    CHECK(vfs_fstat(fd, &s) == 0 && s.size == MB(8) + 3 && s.blocks <= 16);
    memset(block, 1, PAGE_SIZE);
    CHECK(vfs_pread(fd, block, PAGE_SIZE, MB(4) + 7) == (int64_t)PAGE_SIZE);
    for (size_t i = 0; i < PAGE_SIZE; i++)
        sum |= block[i];
    CHECK(sum == 0 && vfs_pwrite(fd, "x", 1, GB(100)) == -EFBIG);
    CHECK(vfs_unlink(T "/big") == 0 && vfs_pread(fd, block, 3, MB(8)) == 3 && memcmp(block, "end", 3) == 0);
    CHECK(vfs_close(fd) == 0); /* now it is really gone */
    kfree(block);
    CHECK(end() && pmm_free_page_count() + 2 >= before);
    return NULL;
}

/* Threads that make, fill, rename and remove at the same time. */
static volatile uint32_t finished;

static void churn(void *arg) {
    uint64_t me = (uint64_t)arg;
    char a[48], b[48], text[16];
    ksnprintf(text, sizeof text, "thread %lu", me);
    ksnprintf(a, sizeof a, T "/shared/a%lu", me);
    ksnprintf(b, sizeof b, T "/shared/b%lu", me);
    for (int i = 0; i < 25; i++) {
        if (make(a, text) || vfs_rename(a, b) || !contains(b, text) || vfs_unlink(b))
            return;
        thread_yield();
    }
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELAXED);
}

SELFTEST(fs_concurrency, "fs") {
    tid_t tids[4];
    CHECK(begin() == 0 && vfs_mkdir(T "/shared", 0755) == 0);
    finished = 0;
    for (uint64_t i = 0; i < 4; i++)
        CHECK((tids[i] = thread_create("churn", i % 2 ? PRIO_SYSTEM : PRIO_USER, churn, (void *)i)) != 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK(thread_join(tids[i], 10000) == 0);
    CHECK(finished == 4 && vfs_rmdir(T "/shared") == 0 && end());
    return NULL;
}
