/* What the commands about files have in common: the shell's directory, paths, messages. */
#include <auton/mm.h>
#include <auton/string.h>
#include "commands.h"

static char directory[FS_PATH_MAX] = "/"; /* of the shell; without "." and ".." */

char *command_join(const char *base, const char *name) {
    size_t len = strlen(base);
    char *path = kmalloc(len + strlen(name) + 2);
    if (!path)
        return NULL;
    memcpy(path, base, len);
    if (len && path[len - 1] != '/')
        path[len++] = '/';
    strlcpy(path + len, name, strlen(name) + 1);
    return path;
}

char *command_path(const char *word) {
    char *path = command_join(*word == '/' ? "" : directory, *word ? word : ".");
    if (!path)
        kputs("Out of memory.\n");
    return path;
}

int command_error(const char *command, const char *what, int error) {
    kprintf("%s: %.200s: %s\n", command, what, errno_text(error));
    return 1;
}

bool command_is_sentence(int argc, char **argv) {
    if (argc < 3)
        return false;
    for (int i = 1; i < argc; i++) {
        struct stat s;
        if (strchr(argv[i], '/') || strchr(argv[i], '.') || argv[i][0] == '-')
            return false;
        char *path = command_path(argv[i]);
        bool there = path && vfs_lstat(path, &s) == 0;
        kfree(path);
        if (there)
            return false;
    }
    return true;
}

const char *command_base(const char *path) {
    const char *base = path;
    for (const char *p = path; *p; p++)
        if (*p == '/' && p[1] && p[1] != '/')
            base = p + 1;
    return base;
}

/* Appends the names of `path` to `out`, which is a directory's path already; ".." goes back. */
static bool normalise(const char *path, char *out, size_t size) {
    for (const char *p = path; *p;) {
        size_t len = 0, used = strlen(out);
        while (p[len] && p[len] != '/')
            len++;
        if (len == 2 && p[0] == '.' && p[1] == '.') {
            while (used > 1 && out[used - 1] != '/')
                used--;
            out[used > 1 ? used - 1 : 1] = '\0';
        } else if (len && !(len == 1 && p[0] == '.')) {
            if (used + len + 2 > size)
                return false;
            if (used > 1)
                out[used++] = '/';
            memcpy(out + used, p, len);
            out[used + len] = '\0';
        }
        p += len + (p[len] == '/');
    }
    return true;
}

static int cd_command(int argc, char **argv) {
    struct stat s;
    char *path = command_path(argc > 1 ? argv[1] : "/");
    char *there = kmalloc(FS_PATH_MAX);
    int result = path && there ? vfs_stat(path, &s) : -ENOMEM;
    if (result == 0 && !S_ISDIR(s.mode))
        result = -ENOTDIR;
    if (result == 0) {
        strlcpy(there, "/", FS_PATH_MAX);
        if (normalise(path, there, FS_PATH_MAX))
            strlcpy(directory, there, FS_PATH_MAX);
        else
            result = -ENAMETOOLONG;
    }
    kfree(there);
    kfree(path);
    return result ? command_error("cd", argc > 1 ? argv[1] : "/", result) : 0;
}
SHELL_COMMAND(cd, "cd [directory]", "Change the directory that paths start in", cd_command);

static int pwd_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    kprintf("%s\n", directory);
    return 0;
}
SHELL_COMMAND(pwd, "pwd", "Show the directory that paths start in", pwd_command);
