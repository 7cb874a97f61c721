/* Commands that change: write, touch, mkdir, rm, mv, cp, ln. */
#include <auton/mm.h>
#include <auton/string.h>
#include "commands.h"

#define CHUNK KB(16)
#define MOST_DEPTH 20 /* of a tree that is copied or removed: each level needs some of the stack */

static int64_t write_text(const char *path, uint32_t flags, int argc, char **argv) {
    int64_t result = vfs_open(path, O_WRONLY | O_CREAT | flags, 0644);
    if (result < 0)
        return result;
    int fd = (int)result;
    for (int i = 0; i < argc && result >= 0; i++) {
        result = vfs_write(fd, argv[i], strlen(argv[i]));
        if (result >= 0)
            result = vfs_write(fd, i + 1 < argc ? " " : "\n", 1);
    }
    vfs_close(fd);
    return result;
}

static int write_command(int argc, char **argv) {
    bool append = argc > 1 && strcmp(argv[1], "-a") == 0;
    int first = append ? 2 : 1;
    if (argc <= first || (!append && command_is_sentence(argc > 3 ? 3 : argc, argv)))
        return SHELL_NOT_A_COMMAND;
    char *path = command_path(argv[first]);
    if (!path)
        return 1;
    int64_t result = write_text(path, append ? O_APPEND : O_TRUNC, argc - first - 1, argv + first + 1);
    kfree(path);
    return result < 0 ? command_error("write", argv[first], (int)result) : 0;
}
SHELL_COMMAND(write, "write [-a] path text...", "Write a line of text to a file, -a behind what it has", write_command);

/* One call for each path on the command line. */
static int each_path(int argc, char **argv, int first, int (*work)(const char *path)) {
    int status = 0;
    if (argc <= first || command_is_sentence(argc, argv))
        return SHELL_NOT_A_COMMAND;
    for (int i = first; i < argc; i++) {
        char *path = command_path(argv[i]);
        int result = path ? work(path) : -ENOMEM;
        kfree(path);
        if (result < 0)
            status = command_error(argv[0], argv[i], result);
    }
    return status;
}

static int touch(const char *path) {
    int fd = vfs_open(path, O_WRONLY | O_CREAT, 0644);
    if (fd == -EISDIR)
        return 0;
    if (fd < 0)
        return fd;
    struct stat s;
    int result = vfs_fstat(fd, &s);
    if (result == 0 && S_ISREG(s.mode))
        result = vfs_ftruncate(fd, s.size); /* the same length, but changed now */
    vfs_close(fd);
    return result;
}

static int touch_command(int argc, char **argv) {
    return each_path(argc, argv, 1, touch);
}
SHELL_COMMAND(touch, "touch path...", "Make empty files, or give files the time of now", touch_command);

static int make_directory(const char *path) {
    return vfs_mkdir(path, 0755);
}

static int make_directories(const char *path) {
    return vfs_mkdir_all(path, 0755);
}

static int mkdir_command(int argc, char **argv) {
    bool parents = argc > 1 && strcmp(argv[1], "-p") == 0;
    return each_path(argc, argv, parents ? 2 : 1, parents ? make_directories : make_directory);
}
SHELL_COMMAND(mkdir, "mkdir [-p] path...", "Make directories, -p with those above them", mkdir_command);

static int remove_path(const char *path) {
    return vfs_unlink(path);
}

static int remove_tree_at(const char *path, unsigned depth) {
    struct stat s;
    int result = vfs_lstat(path, &s);
    if (result || !S_ISDIR(s.mode))
        return result ? result : vfs_unlink(path);
    if (depth == MOST_DEPTH)
        return -E2BIG;
    struct dirent *entry = kmalloc(sizeof *entry);
    int fd = entry ? vfs_open(path, O_RDONLY | O_DIRECTORY, 0) : -ENOMEM;
    result = fd < 0 ? fd : 0;
    while (result == 0 && (result = vfs_readdir(fd, entry)) == 1) {
        char *inner = command_join(path, entry->name);
        result = inner ? remove_tree_at(inner, depth + 1) : -ENOMEM;
        kfree(inner);
    }
    if (fd >= 0)
        vfs_close(fd);
    kfree(entry);
    return result == 0 ? vfs_rmdir(path) : result;
}

static int remove_tree(const char *path) {
    return remove_tree_at(path, 0);
}

static int rm_command(int argc, char **argv) {
    bool tree = argc > 1 && strcmp(argv[1], "-r") == 0;
    return each_path(argc, argv, tree ? 2 : 1, tree ? remove_tree : remove_path);
}
SHELL_COMMAND(rm, "rm [-r] path...", "Remove files, -r also directories with all they contain", rm_command);

static int rmdir_path(const char *path) {
    return vfs_rmdir(path);
}

static int rmdir_command(int argc, char **argv) {
    return each_path(argc, argv, 1, rmdir_path);
}
SHELL_COMMAND(rmdir, "rmdir path...", "Remove empty directories", rmdir_command);

/* Where something goes: into `to` when that is a directory, else there. For kfree(). */
static char *destination(const char *from, const char *to) {
    struct stat s;
    char *path = command_path(to);
    if (!path || vfs_stat(path, &s) != 0 || !S_ISDIR(s.mode))
        return path;
    char *inside = command_join(path, command_base(from));
    kfree(path);
    return inside;
}

static int copy_file(const char *from, const char *to, uint32_t mode) {
    char *chunk = kmalloc(CHUNK);
    int in = chunk ? vfs_open(from, O_RDONLY, 0) : -ENOMEM;
    int out = in < 0 ? in : vfs_open(to, O_WRONLY | O_CREAT | O_TRUNC, mode);
    int64_t n = out < 0 ? out : 0;
    while (n >= 0 && (n = vfs_read(in, chunk, CHUNK)) > 0) {
        int64_t written = vfs_write(out, chunk, (size_t)n);
        n = written < 0 ? written : written < n ? -ENOSPC : n;
    }
    if (out >= 0)
        vfs_close(out);
    if (in >= 0)
        vfs_close(in);
    kfree(chunk);
    return (int)n;
}

static int copy_tree(const char *from, const char *to, bool trees, unsigned depth);

static int copy_directory(const char *from, const char *to, uint32_t mode, unsigned depth) {
    struct dirent *entry = kmalloc(sizeof *entry);
    int fd = entry ? vfs_open(from, O_RDONLY | O_DIRECTORY, 0) : -ENOMEM;
    int result = fd < 0 ? fd : vfs_mkdir(to, mode);
    if (result == -EEXIST)
        result = 0;
    while (result == 0 && (result = vfs_readdir(fd, entry)) == 1) {
        char *inner_from = command_join(from, entry->name), *inner_to = command_join(to, entry->name);
        result = inner_from && inner_to ? copy_tree(inner_from, inner_to, true, depth + 1) : -ENOMEM;
        kfree(inner_from);
        kfree(inner_to);
    }
    if (fd >= 0)
        vfs_close(fd);
    kfree(entry);
    return result;
}

static int copy_tree(const char *from, const char *to, bool trees, unsigned depth) {
    struct stat s, there;
    int result = trees ? vfs_lstat(from, &s) : vfs_stat(from, &s);
    if (result)
        return result;
    if (S_ISDIR(s.mode))
        return !trees ? -EISDIR : depth == MOST_DEPTH ? -E2BIG : copy_directory(from, to, s.mode, depth);
    if (vfs_stat(to, &there) == 0 && there.ino == s.ino && there.mtime == s.mtime && there.size == s.size)
        return strcmp(from, to) == 0 ? -EINVAL : copy_file(from, to, s.mode);
    if (!S_ISLNK(s.mode))
        return copy_file(from, to, s.mode);
    char *target = kmalloc(FS_PATH_MAX);
    int64_t n = target ? vfs_readlink(from, target, FS_PATH_MAX) : -ENOMEM;
    if (n >= 0)
        n = vfs_symlink(target, to);
    kfree(target);
    return (int)n;
}

static int cp_command(int argc, char **argv) {
    bool trees = argc > 1 && strcmp(argv[1], "-r") == 0;
    int first = trees ? 2 : 1;
    if (argc != first + 2 || command_is_sentence(argc, argv))
        return SHELL_NOT_A_COMMAND;
    char *from = command_path(argv[first]), *to = destination(argv[first], argv[first + 1]);
    int result = from && to ? copy_tree(from, to, trees, 0) : -ENOMEM;
    kfree(from);
    kfree(to);
    return result < 0 ? command_error("cp", argv[first], result) : 0;
}
SHELL_COMMAND(cp, "cp [-r] from to", "Copy a file, -r a directory with all it contains", cp_command);

static int mv_command(int argc, char **argv) {
    if (argc != 3 || command_is_sentence(argc, argv))
        return SHELL_NOT_A_COMMAND;
    char *from = command_path(argv[1]), *to = destination(argv[1], argv[2]);
    int result = from && to ? vfs_rename(from, to) : -ENOMEM;
    if (result == -EXDEV) {
        result = copy_tree(from, to, true, 0);
        if (result == 0)
            result = remove_tree(from);
    }
    kfree(from);
    kfree(to);
    return result < 0 ? command_error("mv", argv[1], result) : 0;
}
SHELL_COMMAND(mv, "mv from to", "Rename a file or move it to another directory", mv_command);

static int ln_command(int argc, char **argv) {
    bool symbolic = argc > 1 && strcmp(argv[1], "-s") == 0;
    int first = symbolic ? 2 : 1;
    if (argc != first + 2 || command_is_sentence(argc, argv))
        return SHELL_NOT_A_COMMAND;
    char *from = command_path(argv[first]), *to = destination(argv[first], argv[first + 1]);
    int result = from && to ? symbolic ? vfs_symlink(argv[first], to) : vfs_link(from, to) : -ENOMEM;
    kfree(from);
    kfree(to);
    return result < 0 ? command_error("ln", argv[first + 1], result) : 0;
}
SHELL_COMMAND(ln, "ln [-s] existing name", "Give a file another name, -s by a symbolic link", ln_command);
