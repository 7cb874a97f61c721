/* A disk that U-Boot starts: the running kernel as a flat image, which is code and tables as they lie in memory and the data
 * as it was loaded, and a file that names it and its command line. */
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "self_start.h"

#define CONFIG_MAX 768

extern const uint8_t __image_start[], __data_start[], __data_end[], __data_copy[]; /* linker.ld */

static int write_image(const char *path) {
    size_t before = (size_t)(__data_start - __image_start), data = (size_t)(__data_end - __data_start);
    int fd = vfs_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0)
        return fd;
    int64_t n = vfs_pwrite(fd, __image_start, before, 0);
    if (n == (int64_t)before)
        n += vfs_pwrite(fd, __data_copy, data, before);
    vfs_close(fd);
    return n == (int64_t)(before + data) ? 0 : n < 0 ? (int)n : -ENOSPC;
}

static int write_config(const char *path, const char *cmdline) {
    char *text = kmalloc(CONFIG_MAX);
    if (!text)
        return -ENOMEM;
    int n = ksnprintf(text, CONFIG_MAX, "default auton\nlabel auton\n  kernel /boot/Image\n  append %s", cmdline);
    int result = vfs_write_file(path, text, (size_t)n);
    kfree(text);
    return result;
}

static int install(const struct self_start *target) {
    char path[64];
    ksnprintf(path, sizeof path, "%s/boot/extlinux", target->root);
    int result = vfs_mkdir_all(path, 0755);
    ksnprintf(path, sizeof path, "%s/boot/Image", target->root);
    if (result == 0)
        result = write_image(path);
    ksnprintf(path, sizeof path, "%s/boot/extlinux/extlinux.conf", target->root);
    return result ? result : write_config(path, target->cmdline);
}

static void u_boot_init(void) {
    self_start_hook = install;
    self_start_firmware = "U-Boot";
}
INITCALL(INIT_EARLY, u_boot_init);
