/* What the SLM tells and does about files and disks. */
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/slm_skill.h>
#include <auton/string.h>

#define SHOWN_BYTES 1400 /* of a file, in an answer */
#define SHOWN_NAMES 40

/* "512 KB", "3.4 GB" */
static const char *size_text(uint64_t bytes, char out[16]) {
    static const char *const UNITS[] = {"B", "KB", "MB", "GB", "TB"};
    unsigned unit = 0;
    uint64_t tenths = bytes * 10;
    for (; tenths >= 10240 && unit + 1 < ARRAY_SIZE(UNITS); unit++)
        tenths /= 1024;
    if (tenths % 10 && unit > 0 && tenths < 1000)
        ksnprintf(out, 16, "%lu.%lu %s", tenths / 10, tenths % 10, UNITS[unit]);
    else
        ksnprintf(out, 16, "%lu %s", tenths / 10, UNITS[unit]);
    return out;
}

/* It, or a partition of it, which has its name and more. */
static bool is_mounted(const block_device_t *disk) {
    struct mount_info m;
    for (size_t i = 0; vfs_mount_at(i, &m); i++)
        if (strncmp(m.source, disk->name, strlen(disk->name)) == 0)
            return true;
    return false;
}

/* Another file system was mounted at the same place later. */
static bool is_covered(size_t index, const char *target) {
    struct mount_info m;
    while (vfs_mount_at(++index, &m))
        if (strcmp(m.target, target) == 0)
            return true;
    return false;
}

static void disk_usage(const struct slm_ask *ask, slm_result_t *out) {
    struct mount_info m;
    char used[16], total[16];
    bool any = false;
    for (size_t i = 0; vfs_mount_at(i, &m); i++) {
        uint64_t all = m.usage.bytes_total, taken = all - m.usage.bytes_free;
        if (!all || is_covered(i, m.target))
            continue;
        any = true;
        ask->say(out, "%s (%s on %s): %s of %s used, %lu %%%s.\n", m.target, m.type, m.source, size_text(taken, used),
                 size_text(all, total), taken * 100 / all, m.read_only ? ", read-only" : "");
    }
    if (!any)
        ask->say(out, "No file system with room of its own is mounted.\n");
    for (const block_device_t *disk = block_first(); disk; disk = disk->next)
        if (!is_mounted(disk))
            ask->say(out, "%s, %s, is not mounted.\n", disk->name, size_text(disk->sectors * BLOCK_SECTOR, total));
}
SLM_SKILL(disk_usage, .name = "disk-usage", .intent = INTENT_SYSTEM_MANAGE,
          .words = {"disk storage filesystem partition drive disc ssd",
                    "usage use used full free space room left much check big large size"},
          .none = "driver install memory ram format controller", .example = "check disk usage", .answer = disk_usage);
SLM_SKILL(disk_space, .name = "disk-space", .intent = INTENT_SYSTEM_MANAGE,
          .words = {"free+space space+left disk+space disk+usage running+out+of+space space+free out+of+space"},
          .none = "memory ram", .answer = disk_usage);

static void say_failure(const struct slm_ask *ask, slm_result_t *out, const char *what, const char *path, int error) {
    out->status = SLM_ERROR;
    ask->say(out, "I could not %s %s: %s.\n", what, path, errno_text(error));
}

static bool is_file(const char *path) {
    struct stat st;
    return vfs_stat(path, &st) == 0 && S_ISREG(st.mode);
}

static void show_file(const struct slm_ask *ask, slm_result_t *out);

static void list_directory(const struct slm_ask *ask, slm_result_t *out) {
    const char *path = ask->paths[0][0] ? ask->paths[0] : "/";
    static struct dirent entry;
    if (is_file(path)) {
        show_file(ask, out);
        return;
    }
    int fd = vfs_open(path, O_RDONLY | O_DIRECTORY, 0), more = fd, n = 0;
    while (fd >= 0 && (more = vfs_readdir(fd, &entry)) > 0)
        if (n++ < SHOWN_NAMES)
            ask->say(out, "%s%s", entry.name, S_ISDIR(entry.type) ? "/  " : "  ");
    if (fd >= 0)
        vfs_close(fd);
    if (more < 0)
        say_failure(ask, out, "list", path, more);
    else if (n == 0)
        ask->say(out, "%s is empty.\n", path);
    else
        ask->say(out, n > SHOWN_NAMES ? "... %d in all.\n" : "\n%d in %s.\n", n, path);
}
SLM_SKILL(list_files, .name = "file-list", .intent = INTENT_SYSTEM_MANAGE,
          .words = {"list show what which see display", "file files directory folder directories"},
          .none = "read contents content log driver mount filesystem", .answer = list_directory);

static bool is_directory(const char *path) {
    struct stat st;
    return vfs_stat(path, &st) == 0 && S_ISDIR(st.mode);
}

static void show_file(const struct slm_ask *ask, slm_result_t *out) {
    const char *path = ask->paths[0];
    if (!path[0]) {
        ask->say(out, "Which file? Say its path, as in \"show /etc/motd\".\n");
        return;
    }
    if (is_directory(path)) {
        list_directory(ask, out);
        return;
    }
    char *text = kmalloc(SHOWN_BYTES + 1);
    if (!text) {
        say_failure(ask, out, "read", path, -ENOMEM);
        return;
    }
    int fd = vfs_open(path, O_RDONLY, 0);
    int64_t n = fd < 0 ? fd : vfs_read(fd, text, SHOWN_BYTES);
    uint8_t rest;
    bool more = n == SHOWN_BYTES && vfs_read(fd, &rest, 1) == 1;
    if (fd >= 0)
        vfs_close(fd);
    for (int64_t i = 0; i < n; i++)
        if ((uint8_t)text[i] < ' ' && text[i] != '\n' && text[i] != '\t')
            text[i] = '.'; /* nothing in a file may steer the terminal */
    if (n < 0)
        say_failure(ask, out, "read", path, (int)n);
    else if (n == 0)
        ask->say(out, "%s is empty.\n", path);
    else
        ask->say(out, "%.*s%s", (int)n, text, more ? "\n... `cat` shows all of it.\n" : text[n - 1] == '\n' ? "" : "\n");
    kfree(text);
}
SLM_SKILL(show_file, .name = "file-show", .intent = INTENT_SYSTEM_MANAGE,
          .words = {"show read print display open view see what cat content contents inside", "/x"},
          .none = "mount unmount umount remove delete", .answer = show_file);

/* --- mounting -------------------------------------------------------------------------------------------------- */

static const char *disk_of(const struct slm_ask *ask) {
    for (size_t i = 0; i < ARRAY_SIZE(ask->paths); i++)
        if (strncmp(ask->paths[i], "/dev/", 5) == 0)
            return ask->paths[i] + 5;
    for (const block_device_t *disk = block_first(); disk; disk = disk->next)
        if (strstr(ask->line, disk->name))
            return disk->name;
    return NULL;
}

static const char *target_of(const struct slm_ask *ask) {
    for (size_t i = 0; i < ARRAY_SIZE(ask->paths); i++)
        if (ask->paths[i][0] && strncmp(ask->paths[i], "/dev/", 5) != 0)
            return ask->paths[i];
    return "/mnt";
}

static void propose_mount(const struct slm_ask *ask, slm_result_t *out) {
    const char *name = disk_of(ask);
    const block_device_t *disk = name ? block_find(name) : NULL;
    if (!disk) {
        out->status = name ? SLM_ERROR : SLM_OK;
        ask->say(out, name ? "There is no disk %s. " : "Which disk? ", name);
        ask->say(out, block_first() ? "These are here:" : "No driver has found a disk in this machine");
        for (const block_device_t *d = block_first(); d; d = d->next)
            ask->say(out, " %s", d->name);
        ask->say(out, ".\n");
        return;
    }
    ask->say(out, "Plan:\n1. Mount %s at %s.\n", disk->name, target_of(ask));
    out->plan_steps = 1;
}

static void mount_disk(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    const char *name = disk_of(ask), *target = target_of(ask);
    (void)step;
    int result = name ? vfs_mkdir_all(target, 0755) : -ENODEV;
    if (result == 0)
        result = vfs_mount(name, target, NULL, 0);
    if (result < 0)
        say_failure(ask, out, "mount", name ? name : "it", result);
    else
        ask->say(out, "%s is mounted at %s.\n", name, target);
}
SLM_SKILL(mount, .name = "disk-mount", .intent = INTENT_INSTALL_CONFIGURE, .unmistakable = true,
          .words = {"mount", "disk partition drive /x vda sda nvme"},
          .none = "unmount umount what which show list", .answer = propose_mount, .act = mount_disk);

static void propose_unmount(const struct slm_ask *ask, slm_result_t *out) {
    ask->say(out, "Plan:\n1. Write everything to the disk at %s and take it out of the tree.\n", target_of(ask));
    out->plan_steps = 1;
}

static void unmount_disk(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    (void)step;
    int result = vfs_umount(target_of(ask));
    if (result < 0)
        say_failure(ask, out, "unmount", target_of(ask), result);
    else
        ask->say(out, "Nothing is mounted at %s any more; its disk is up to date.\n", target_of(ask));
}
SLM_SKILL(unmount, .name = "disk-unmount", .intent = INTENT_INSTALL_CONFIGURE, .unmistakable = true, .words = {"unmount umount eject"},
          .answer = propose_unmount, .act = unmount_disk);

SELFTEST(fs_skill_sizes, "fs") {
    char text[16];
    CHECK(strcmp(size_text(0, text), "0 B") == 0 && strcmp(size_text(1023, text), "1023 B") == 0);
    CHECK(strcmp(size_text(1536, text), "1.5 KB") == 0 && strcmp(size_text(MB(3), text), "3 MB") == 0);
    CHECK(strcmp(size_text(GB(100), text), "100 GB") == 0 && strcmp(size_text(MB(1536), text), "1.5 GB") == 0);
    return NULL;
}
