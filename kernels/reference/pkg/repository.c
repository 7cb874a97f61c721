/* Where packages come from: the folder /var/pkg/repo, which the initramfs brings, and the network where there is one. */
#include <auton/http.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "pkg_internal.h"

#define MOST_MANIFEST KB(256)
#define TAR_BLOCK 512
#define DOWNLOADS PKG_ROOT "/cache"

/* The MANIFEST stands first in a package: only that far it is read. */
static int read_manifest(const char *path, struct manifest *out) {
    struct tar_entry e;
    size_t offset = 0, bytes = KB(8);
    for (int round = 0; round < 2; round++) {
        uint8_t *data = kmalloc(bytes);
        int fd = data ? vfs_open(path, O_RDONLY, 0) : -ENOMEM;
        int64_t n = fd < 0 ? fd : vfs_read(fd, data, bytes);
        if (fd >= 0)
            vfs_close(fd);
        int result = n < 0 ? (int)n : tar_next(data, (size_t)n, &offset, &e);
        if (result == 1)
            result = strcmp(e.name, "MANIFEST") == 0 ? manifest_parse((const char *)e.data, e.bytes, out) : -EBADMSG;
        else if (n == (int64_t)bytes && round == 0)
            result = -EAGAIN; /* it is longer */
        else if (result == 0)
            result = -EBADMSG;
        kfree(data);
        if (result != -EAGAIN)
            return result;
        bytes = MOST_MANIFEST;
    }
    return -EBADMSG;
}

int repository_each(int (*visit)(const struct available *a, void *arg), void *arg) {
    struct dirent *entry = kmalloc(sizeof *entry);
    struct available *a = kmalloc(sizeof *a);
    int fd = entry && a ? vfs_open(PKG_REPOSITORY, O_RDONLY | O_DIRECTORY, 0) : -ENOMEM, result = 0;
    while (fd >= 0 && result == 0 && vfs_readdir(fd, entry) == 1) {
        size_t len = strlen(entry->name);
        if (len < 5 || strcmp(entry->name + len - 4, ".tar") != 0 ||
            (size_t)ksnprintf(a->path, sizeof a->path, PKG_REPOSITORY "/%s", entry->name) >= sizeof a->path)
            continue;
        if (read_manifest(a->path, &a->manifest)) {
            log_warn("PKG", "%s is no package", a->path);
            continue;
        }
        result = visit(a, arg);
        manifest_free(&a->manifest);
    }
    if (fd >= 0)
        vfs_close(fd);
    kfree(a);
    kfree(entry);
    return fd < 0 && fd != -ENOENT ? fd : result;
}

struct search {
    const char *name;
    char path[256], version[PKG_VERSION_MAX];
};

static int compare(const struct available *a, void *arg) {
    struct search *s = arg;
    if (strcmp(a->manifest.name, s->name) == 0 && (!s->path[0] || version_compare(a->manifest.version, s->version) > 0)) {
        strlcpy(s->path, a->path, sizeof s->path);
        strlcpy(s->version, a->manifest.version, sizeof s->version);
    }
    return 0;
}

int repository_find(const char *name, struct available *out) {
    struct search s = {.name = name};
    int result = repository_each(compare, &s);
    if (result)
        return result;
    if (!s.path[0])
        return -ENOENT;
    strlcpy(out->path, s.path, sizeof out->path);
    return read_manifest(s.path, &out->manifest);
}

/* A kernel without a network. */
__attribute__((weak)) int http_get(const struct http_fetch *fetch, struct http_result *result) {
    (void)fetch;
    (void)result;
    return -ENETDOWN;
}

static bool take(void *context, const void *data, size_t bytes) {
    return vfs_write(*(int *)context, data, bytes) == (int64_t)bytes;
}

int repository_fetch(const char *url, char *path, size_t size) {
    int fd = -1, result = vfs_mkdir_all(DOWNLOADS, 0755);
    struct http_result *answer = kmalloc(sizeof *answer);
    ksnprintf(path, size, DOWNLOADS "/download.tar");
    if (result == 0)
        result = answer ? vfs_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -ENOMEM;
    if (result >= 0) {
        fd = result;
        struct http_fetch fetch = {.url = url, .max_bytes = PKG_MOST_BYTES, .take = take, .context = &fd};
        result = http_get(&fetch, answer);
        vfs_close(fd);
        if (result)
            result = pkg_failed(result, "%.150s cannot be fetched: %s", url, errno_text(result));
        else if (answer->status != 200)
            result = pkg_failed(-ENOENT, "%.150s: the server says %d", url, answer->status);
    }
    kfree(answer);
    return result;
}
