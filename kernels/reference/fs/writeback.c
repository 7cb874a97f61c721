/* When what was changed in memory reaches the disks without being asked: every few seconds, and before the machine is
 * switched off. The monitor of resources is told how full the fullest disk is. */
#include <auton/boot.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/resource.h>
#include "fs_internal.h"

#define EVERY_MS 5000

static void writeback_thread(void *unused) {
    (void)unused;
    for (;;) {
        thread_sleep_ms(EVERY_MS);
        vfs_sync(); /* what cannot be written has been logged, and is tried again */
    }
}

/* The last mount first: it may lie in one before it. What is busy is frozen. */
static void leave_disks(void) {
    if (!vfs_ready())
        return;
    struct mount_info m;
    size_t count = 0;
    while (vfs_mount_at(count, &m))
        count++;
    while (count--)
        if (vfs_mount_at(count, &m) && count)
            vfs_umount(m.target);
    mount_freeze_all();
}

static bool read_fullest(uint64_t *used, uint64_t *total) {
    struct mount_info m;
    bool any = false;
    for (size_t i = 0; vfs_mount_at(i, &m); i++) {
        uint64_t in_use = m.usage.bytes_total - m.usage.bytes_free;
        if (!m.is_disk || m.read_only || !m.usage.bytes_total)
            continue;
        if (!any || in_use / 1024 * (*total / 1024) > *used / 1024 * (m.usage.bytes_total / 1024)) {
            *used = in_use;
            *total = m.usage.bytes_total;
        }
        any = true;
    }
    return any;
}

/* A kernel without the monitor. */
__attribute__((weak)) void resource_register(struct resource *resource) {
    (void)resource;
}

static void writeback_start(void) {
    static struct resource disk = {.name = "disk", .alert_percent = RESOURCE_ALERT_PERCENT, .read = read_fullest};
    shutdown_hook = leave_disks;
    resource_register(&disk);
    if (!thread_create("writeback", PRIO_BACKGROUND, writeback_thread, NULL))
        log_error("FS", "No memory for the thread that writes back: only `sync` does");
}
INITCALL(INIT_SYS, writeback_start);
