/* Copying a tree: directories, files and symbolic links, within one file system. */
#include "copy_tree.h"
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

#define PIECE KB(32)
#define DEPTH_MAX 32

/* What one level needs, off the stack. */
struct level {
    char from[512], to[512];
    struct dirent entry;
    struct stat st;
};

static int copy_file(const char *from, const char *to, uint32_t mode, struct copy_count *count) {
    char *piece = kmalloc(PIECE);
    int in = piece ? vfs_open(from, O_RDONLY, 0) : -ENOMEM;
    int out = in < 0 ? in : vfs_open(to, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
    int64_t n = out < 0 ? out : 0;
    while (out >= 0 && (n = vfs_read(in, piece, PIECE)) > 0) {
        int64_t written = vfs_write(out, piece, (size_t)n);
        if (written != n) {
            n = written < 0 ? written : -ENOSPC;
            break;
        }
        count->bytes += (uint64_t)n;
    }
    if (out >= 0)
        vfs_close(out);
    if (in >= 0)
        vfs_close(in);
    kfree(piece);
    count->files += n == 0;
    return (int)n;
}

static int copy_link(const char *from, const char *to) {
    char *target = kmalloc(FS_PATH_MAX);
    int64_t n = target ? vfs_readlink(from, target, FS_PATH_MAX) : -ENOMEM;
    int result = n < 0 ? (int)n : vfs_symlink(target, to);
    kfree(target);
    return result;
}

static bool is_mount_point(const char *path) {
    struct mount_info *m = kmalloc(sizeof *m);
    bool found = false;
    for (size_t i = 1; m && !found && vfs_mount_at(i, m); i++) /* the first is the root itself */
        found = strcmp(m->target, path) == 0;
    kfree(m);
    return found;
}

static int copy_level(const char *from, const char *to, unsigned depth, struct copy_count *count);

static int copy_entry(struct level *l, unsigned depth, struct copy_count *count) {
    int result = vfs_lstat(l->from, &l->st);
    if (result)
        return result;
    if (S_ISLNK(l->st.mode))
        return copy_link(l->from, l->to);
    if (S_ISREG(l->st.mode))
        return copy_file(l->from, l->to, l->st.mode, count);
    if (!S_ISDIR(l->st.mode) || is_mount_point(l->from))
        return 0;
    result = vfs_mkdir(l->to, l->st.mode & 0777);
    count->directories++;
    return result ? result : copy_level(l->from, l->to, depth + 1, count);
}

static int copy_level(const char *from, const char *to, unsigned depth, struct copy_count *count) {
    struct level *l = kmalloc(sizeof *l);
    int fd = !l ? -ENOMEM : depth > DEPTH_MAX ? -ELOOP : vfs_open(from, O_RDONLY | O_DIRECTORY, 0);
    int result = fd < 0 ? fd : 0;
    while (result == 0 && (result = vfs_readdir(fd, &l->entry)) > 0) {
        const char *slash = from[strlen(from) - 1] == '/' ? "" : "/";
        size_t length = (size_t)ksnprintf(l->from, sizeof l->from, "%s%s%s", from, slash, l->entry.name);
        size_t other = (size_t)ksnprintf(l->to, sizeof l->to, "%s/%s", to, l->entry.name);
        result = length < sizeof l->from && other < sizeof l->to ? copy_entry(l, depth, count) : -ENAMETOOLONG;
    }
    if (fd >= 0)
        vfs_close(fd);
    kfree(l);
    return result;
}

int copy_tree(const char *from, const char *to, struct copy_count *count) {
    return copy_level(from, to, 0, count);
}
