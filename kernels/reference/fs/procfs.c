/* /proc: files that the kernel writes at the moment they are read. A file is a name and a function. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/dev.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "fs_internal.h"
#include "text.h"

#define ROOT_INO 1
#define THREADS_SHOWN 256
#define LOG_SHOWN 1024

static void meminfo(struct text *t) {
    struct mm_stats m;
    mm_get_stats(&m);
    text_add(t, "MemTotal:       %8lu kB\nMemFree:        %8lu kB\nSlab:           %8lu kB\nSlabUsed:       %8lu kB\n",
             m.total_bytes >> 10, m.free_bytes >> 10, m.slab_bytes >> 10, m.slab_used_bytes >> 10);
    text_add(t, "SlmPool:        %8lu kB\nSlmPoolUsed:    %8lu kB\n", m.slm_pool_bytes >> 10, m.slm_pool_used_bytes >> 10);
}

static void cpuinfo(struct text *t) {
    struct hw_summary hw;
    arch_get_hw_summary(&hw);
    text_add(t, "model name\t: %s\ncpu count\t: %u\n", hw.cpu, hw.cpu_count);
}

/* Locks each mounted file system for a moment, /proc among them, which is why reading it does not. */
static void mounts(struct text *t) {
    struct mount_info m;
    for (size_t i = 0; vfs_mount_at(i, &m); i++)
        text_add(t, "%s %s %s %s 0 0\n", m.source, m.target, m.type, m.read_only ? "ro" : "rw");
}

static void uptime(struct text *t) {
    uint64_t up = uptime_ms(), idle = sched_idle_ticks() * (1000 / TICK_HZ);
    text_add(t, "%lu.%02lu %lu.%02lu\n", up / 1000, up % 1000 / 10, idle / 1000, idle % 1000 / 10);
}

static void devices(struct text *t) {
    char summary[160];
    for (const device_t *d = device_first(); d; d = d->next) {
        device_summary(d, summary, sizeof summary);
        text_add(t, "%s %s driver=%s\n", d->name, summary, d->driver ? d->driver->name : "none");
    }
}

static void partitions(struct text *t) {
    for (const block_device_t *b = block_first(); b; b = b->next)
        text_add(t, "%-15s %12lu kB%s\n", b->name, b->sectors / 2, b->read_only ? " read-only" : "");
}

static void threads(struct text *t) {
    static const char *const classes[] = {"KERNEL", "SLM", "SYSTEM", "USER", "BACKGROUND"};
    static const char *const states[] = {"created", "ready", "running", "blocked", "sleeping", "terminated"};
    struct thread_info *list = kmalloc(THREADS_SHOWN * sizeof *list);
    size_t n = list ? sched_list(list, THREADS_SHOWN) : 0;
    for (size_t i = 0; i < n; i++)
        text_add(t, "%u %s %s %s %lu\n", list[i].tid, list[i].name, classes[list[i].prio], states[list[i].state],
                 list[i].cpu_ticks);
    kfree(list);
}

static void cmdline(struct text *t) {
    text_add(t, "%s\n", boot_info.cmdline);
}

static void version(struct text *t) {
    text_add(t, "AUTON kernel, built by %s, booted by %s\n", __VERSION__, boot_info.protocol ? boot_info.protocol : "?");
}

static void log(struct text *t) {
    struct klog_line *lines = kmalloc(LOG_SHOWN * sizeof *lines);
    size_t n = lines ? klog_read(lines, LOG_SHOWN) : 0;
    for (size_t i = 0; i < n; i++)
        text_add(t, "%lu.%02lu <%u> %s\n", lines[i].ticks / TICK_HZ, lines[i].ticks % TICK_HZ, lines[i].level, lines[i].text);
    kfree(lines);
}

static void filesystems(struct text *t) {
    for (const struct fs_type *type = fs_first_type(); type; type = type->next)
        text_add(t, "%s\t%s\n", type->flags & FS_NEEDS_DISK ? "" : "nodev", type->name);
}

static const struct {
    const char *name;
    void (*write)(struct text *t);
} files[] = {
    {"meminfo", meminfo}, {"cpuinfo", cpuinfo}, {"mounts", mounts}, {"uptime", uptime}, {"devices", devices},
    {"partitions", partitions}, {"threads", threads}, {"cmdline", cmdline}, {"version", version}, {"log", log},
    {"filesystems", filesystems},
};

static int read_inode(struct inode *inode) {
    if (inode->ino < ROOT_INO || inode->ino > ROOT_INO + ARRAY_SIZE(files))
        return -ENOENT;
    bool root = inode->ino == ROOT_INO;
    inode->mode = root ? S_IFDIR | 0555 : S_IFREG | 0444;
    inode->nlink = root ? 2 : 1;
    inode->block_size = PAGE_SIZE;
    inode->mtime = inode->ctime = inode->atime = fs_now();
    return 0;
}

static int lookup(struct inode *dir, const char *name, size_t len, uint64_t *ino) {
    (void)dir;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        if (strlen(files[i].name) == len && memcmp(files[i].name, name, len) == 0) {
            *ino = ROOT_INO + 1 + i;
            return 0;
        }
    return -ENOENT;
}

static int readdir(struct inode *dir, uint64_t *position, struct dirent *out) {
    (void)dir;
    if (*position >= ARRAY_SIZE(files))
        return 0;
    out->ino = ROOT_INO + 1 + *position;
    out->type = S_IFREG;
    strlcpy(out->name, files[(*position)++].name, sizeof out->name);
    return 1;
}

/* Each read writes the text anew; one that reads on may see a later state of the machine. */
static int64_t read(struct inode *inode, uint64_t position, void *buffer, size_t bytes) {
    struct text t = {0};
    files[inode->ino - ROOT_INO - 1].write(&t);
    size_t left = position < t.length ? t.length - (size_t)position : 0;
    int64_t n = t.short_of_memory ? -ENOMEM : (int64_t)(left < bytes ? left : bytes);
    if (n > 0)
        memcpy(buffer, t.buffer + position, (size_t)n);
    kfree(t.buffer);
    return n;
}

static int readlink(struct inode *inode, char *out, size_t size) {
    (void)inode, (void)out, (void)size;
    return -EINVAL;
}

static int unmount(struct filesystem *fs) {
    (void)fs;
    return 0;
}

static int mount(struct filesystem *fs) {
    static const struct fs_ops ops = {.read_inode = read_inode, .lookup = lookup, .readdir = readdir, .read = read,
                                      .readlink = readlink, .unmount = unmount};
    fs->ops = &ops;
    fs->root_ino = ROOT_INO;
    fs->read_only = true;
    return 0;
}

struct fs_type procfs_type = {.name = "procfs", .flags = FS_UNLOCKED_IO, .mount = mount};
