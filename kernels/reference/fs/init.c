/* What is mounted when a kernel starts: the initramfs at /, the devices, the kernel's own state, and the disk that
 * `root=` names over all of it. */
#include <auton/boot.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "fs_internal.h"
#include "initramfs.h"

extern struct fs_type ramfs_type, devfs_type, procfs_type;

/* Places that every system has, whatever the archives bring. */
static void make_places(void) {
    static const char *const places[] = {"/mnt", "/tmp", "/var/log"};
    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        vfs_mkdir_all(places[i], 0755);
}

static void mount_pseudo(const char *type, const char *target) {
    int result = vfs_mkdir_all(target, 0755);
    if (result == 0)
        result = vfs_mount(NULL, target, type, 0);
    if (result)
        log_error("FS", "%s is not mounted at %s: %s", type, target, errno_text(result));
    else
        log_info("FS", "%s mounted at %s", type, target);
}

/* "64M", "512K", "1G" or bytes. */
static uint64_t parse_size(char *text) {
    size_t len = strlen(text);
    unsigned shift = 0;
    if (len && strchr("KMG", text[len - 1])) {
        shift = text[len - 1] == 'K' ? 10 : text[len - 1] == 'M' ? 20 : 30;
        text[len - 1] = '\0';
    }
    uint64_t value;
    return parse_u64(text, &value) && value <= UINT64_MAX >> shift ? value << shift : 0;
}

static void ramdisk_from_cmdline(void) {
    char text[24];
    if (!cmdline_get("ramdisk", text, sizeof text))
        return;
    const block_device_t *disk = ramdisk_create(parse_size(text));
    if (disk)
        log_info("FS", "RAM disk %s: %lu KB", disk->name, disk->sectors / 2);
    else
        log_error("FS", "No RAM disk: ramdisk= takes a size such as 64M");
}

static bool root_mounted;

#define BY_IDENTIFIER "UUID="
#define ROOT_TEXT (sizeof BY_IDENTIFIER + FS_IDENTIFIER_TEXT)

/* What `root=` says, and the disk's name it comes to: that of the disk with this identifier, else itself. False without one. */
static bool root_wanted(char *text, char *name, size_t size) {
    if (!cmdline_get("root", text, ROOT_TEXT))
        return false;
    bool by_identifier = strncmp(text, BY_IDENTIFIER, strlen(BY_IDENTIFIER)) == 0;
    const block_device_t *disk = by_identifier ? fs_find_identifier(text + strlen(BY_IDENTIFIER)) : NULL;
    strlcpy(name, disk ? disk->name : text, size);
    return true;
}

/* Disks may come later than the file systems: tried again before the machine is ready. */
static void mount_root_disk(void) {
    char text[ROOT_TEXT], name[ROOT_TEXT];
    if (root_mounted || !root_wanted(text, name, sizeof name))
        return;
    int result = vfs_mount(name, "/", NULL, 0);
    if (result == -ENXIO)
        return;
    root_mounted = true;
    if (result) {
        log_error("FS", "%s is not mounted at /: %s", name, errno_text(result));
        return;
    }
    log_info("FS", "Mounted %s at /", name);
    mount_pseudo("devfs", "/dev");
    mount_pseudo("procfs", "/proc");
}

static void fs_init(void) {
    fs_register_type(&ramfs_type);
    fs_register_type(&devfs_type);
    fs_register_type(&procfs_type);
    initramfs_mount();
    if (!vfs_ready())
        return;
    make_places();
    mount_pseudo("devfs", "/dev");
    mount_pseudo("procfs", "/proc");
    ramdisk_from_cmdline();
    partitions_init();
    mount_root_disk();
}
INITCALL(INIT_FS, fs_init);

static void fs_root_again(void) {
    char text[ROOT_TEXT];
    mount_root_disk();
    if (!root_mounted && cmdline_get("root", text, sizeof text))
        log_error("FS", "root=%s: there is no such disk; / stays in memory", text);
}
INITCALL(INIT_SYS, fs_root_again);
