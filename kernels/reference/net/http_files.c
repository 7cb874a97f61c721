/* What the HTTP server serves in a kernel with file systems: the files below /srv/www. */
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "http_server.h"

#define ROOT "/srv/www"

static int open_file(const char *path, uint64_t *bytes, const char **type) {
    char full[sizeof ROOT + 512 + 16];
    struct stat st;
    ksnprintf(full, sizeof full, "%s%s", ROOT, path);
    int file = vfs_open(full, O_RDONLY, 0);
    bool folder = file == -EISDIR || (file >= 0 && vfs_fstat(file, &st) == 0 && S_ISDIR(st.mode));
    if (folder) {
        if (file >= 0)
            vfs_close(file);
        size_t length = strlen(full);
        ksnprintf(full + length, sizeof full - length, "%sindex.html", full[length - 1] == '/' ? "" : "/");
        file = vfs_open(full, O_RDONLY, 0);
    }
    if (file < 0)
        return file == -EACCES ? -EACCES : -ENOENT;
    if (vfs_fstat(file, &st) != 0 || !S_ISREG(st.mode)) { /* no devices, however they came here */
        vfs_close(file);
        return -EACCES;
    }
    *bytes = st.size;
    *type = http_type_of(full);
    return file;
}

static int64_t read_file(int file, void *data, size_t bytes, uint64_t at) {
    return vfs_pread(file, data, bytes, at);
}

static void close_file(int file) {
    vfs_close(file);
}

static void files_init(void) {
    static const struct http_files files = {open_file, read_file, close_file};
    http_files = &files;
}
INITCALL(INIT_SYS, files_init);
