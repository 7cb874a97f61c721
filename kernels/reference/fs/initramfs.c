/* The root file system of a kernel that was booted without a disk: archives unpacked into memory. One is part of the
 * kernel's image; those among the boot modules come on top of it. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "cpio.h"
#include "initramfs.h"
#include "ramfs.h"

extern const uint8_t initramfs_start[], initramfs_end[]; /* tools/initramfs.S */

/* Hard links: names of one file share its number, and only the last of them has the contents. */
struct shared_file {
    struct shared_file *next;
    uint32_t ino;
    char path[];
};

static bool safe_name(const char *name) {
    for (const char *p = name; *p;) {
        size_t len = 0;
        while (p[len] && p[len] != '/')
            len++;
        if (len > FS_NAME_MAX || (len == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        p += len + (p[len] == '/');
    }
    return true;
}

static int make_parents(char *path) {
    char *slash = NULL;
    for (char *p = path + 1; *p; p++)
        if (*p == '/')
            slash = p;
    if (!slash)
        return 0;
    *slash = '\0';
    struct stat s;
    int result = vfs_stat(path, &s) == 0 ? 0 : vfs_mkdir_all(path, 0755);
    *slash = '/';
    return result;
}

static int make_symlink(const char *path, const struct cpio_entry *e) {
    char *target = kmalloc(e->size + 1);
    if (!target)
        return -ENOMEM;
    memcpy(target, e->data, e->size);
    target[e->size] = '\0';
    vfs_unlink(path);
    int result = vfs_symlink(target, path);
    kfree(target);
    return result;
}

static int make_file(const char *path, const struct cpio_entry *e, struct shared_file **shared) {
    struct shared_file *s = e->nlink > 1 ? *shared : NULL;
    while (s && s->ino != e->ino)
        s = s->next;
    vfs_unlink(path);
    int result = s ? vfs_link(s->path, path) : vfs_open(path, O_WRONLY | O_CREAT | O_EXCL, e->mode & 0xFFF);
    if (result >= 0 && !s)
        result = vfs_close(result);
    if (result == 0 && e->size)
        result = ramfs_set_image(path, e->data, e->size);
    if (result == 0 && !s && e->nlink > 1 && (s = kmalloc(sizeof *s + strlen(path) + 1))) {
        s->ino = e->ino;
        strlcpy(s->path, path, strlen(path) + 1);
        s->next = *shared;
        *shared = s;
    }
    return result;
}

static int make_entry(char *path, const struct cpio_entry *e, struct shared_file **shared) {
    int result = make_parents(path);
    if (result)
        return result;
    switch (e->mode & S_IFMT) {
    case S_IFDIR:
        result = vfs_mkdir(path, e->mode & 0xFFF);
        return result == -EEXIST ? 0 : result;
    case S_IFREG:
        return make_file(path, e, shared);
    case S_IFLNK:
        return e->size < FS_PATH_MAX ? make_symlink(path, e) : -ENAMETOOLONG;
    default:
        return 0; /* devices live in /dev */
    }
}

int initramfs_unpack(const char *base, const void *archive, size_t size, size_t *bytes) {
    struct shared_file *shared = NULL;
    struct cpio_entry e;
    size_t offset = 0, base_len = strlen(base);
    int count = 0, result;
    char *path = kmalloc(FS_PATH_MAX);
    if (!path)
        return -ENOMEM;
    memcpy(path, base, base_len);
    path[base_len] = '/';
    *bytes = 0;
    while ((result = cpio_next(archive, size, &offset, &e)) == 1) {
        const char *name = e.name;
        while (*name == '/' || (name[0] == '.' && (name[1] == '/' || !name[1])))
            name++;
        if (!*name)
            continue; /* the root itself */
        if (!safe_name(name) || strlcpy(path + base_len + 1, name, FS_PATH_MAX - base_len - 1) >= FS_PATH_MAX - base_len - 1)
            result = -EBADMSG;
        else
            result = make_entry(path, &e, &shared);
        if (result)
            break;
        count++;
        *bytes += e.size;
    }
    for (struct shared_file *next; shared; shared = next) {
        next = shared->next;
        kfree(shared);
    }
    kfree(path);
    return result ? result : count;
}

static bool unpack(const char *name, const void *archive, size_t size, size_t *files, size_t *bytes) {
    size_t more;
    int count = initramfs_unpack("", archive, size, &more);
    if (count < 0) {
        log_error("FS", "Initramfs %s: %s; what follows is not in the root", name, errno_text(count));
        return false;
    }
    *files += (size_t)count;
    *bytes += more;
    return true;
}

void initramfs_mount(void) {
    size_t files = 0, bytes = 0;
    int result = vfs_mount("initramfs", "/", "ramfs", 0);
    if (result) {
        log_error("FS", "No root file system: %s", errno_text(result));
        return;
    }
    bool good = unpack("of the kernel", initramfs_start, (size_t)(initramfs_end - initramfs_start), &files, &bytes);
    for (uint32_t i = 0; i < boot_info.module_count; i++) {
        const struct boot_module *m = &boot_info.modules[i];
        const void *archive = phys_to_virt(m->start);
        size_t size = (size_t)(m->end - m->start);
        if (cpio_is_archive(archive, size))
            good &= unpack(m->cmdline[0] ? m->cmdline : "from the boot loader", archive, size, &files, &bytes);
    }
    log_info("FS", "Mounted initramfs at / (%zu files, %zu KB%s)", files, (bytes + 1023) / 1024, good ? "" : ", damaged");
}
