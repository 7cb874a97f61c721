/* Self-tests of what is set up in conversation: an installation on a disk in memory, and a server that serves. What was
 * there before is there again afterwards. */
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/pkg.h>
#include <auton/selftest.h>
#include <auton/service.h>
#include <auton/slm.h>
#include <auton/string.h>
#include "copy_tree.h"
#include "self_start.h"

#define SESSION 3000

static slm_result_t result;

static bool answers(const char *line, const char *part) {
    return slm_query_rules(SESSION, line, &result) == 0 && strstr(result.response, part) != NULL;
}

SELFTEST(setup_copy_tree, "setup") {
    struct copy_count count = {0};
    char text[16];
    struct stat st;
    CHECK(vfs_mkdir_all("/tmp/from/deep/er", 0755) == 0 && vfs_mkdir_all("/tmp/to", 0755) == 0);
    CHECK(vfs_write_file("/tmp/from/deep/er/file", "contents", 8) == 0 && vfs_symlink("file", "/tmp/from/deep/er/link") == 0);
    CHECK(copy_tree("/tmp/from", "/tmp/to", &count) == 0);
    CHECK(count.files == 1 && count.directories == 2 && count.bytes == 8);
    CHECK(vfs_read_file("/tmp/to/deep/er/link", text, sizeof text) == 8 && strcmp(text, "contents") == 0);
    CHECK(vfs_lstat("/tmp/to/deep/er/link", &st) == 0 && S_ISLNK(st.mode));
    CHECK(copy_tree("/tmp/nowhere", "/tmp/to", &count) == -ENOENT);
    CHECK(copy_tree("/tmp/from", "/tmp/to", &count) < 0); /* what is there is not written over unasked */
    static const char *const LEFT[] = {"/tmp/from", "/tmp/to"};
    for (unsigned i = 0; i < ARRAY_SIZE(LEFT); i++) {
        char path[64];
        static const char *const FILES[] = {"deep/er/file", "deep/er/link"}, *const FOLDERS[] = {"deep/er", "deep", ""};
        for (unsigned f = 0; f < ARRAY_SIZE(FILES); f++) {
            ksnprintf(path, sizeof path, "%s/%s", LEFT[i], FILES[f]);
            CHECK(vfs_unlink(path) == 0);
        }
        for (unsigned f = 0; f < ARRAY_SIZE(FOLDERS); f++) {
            ksnprintf(path, sizeof path, "%s/%s", LEFT[i], FOLDERS[f]);
            CHECK(vfs_rmdir(path) == 0);
        }
    }
    return NULL;
}

static const char *install_on(const block_device_t *disk) {
    char line[64], part[32];
    struct stat st;
    ksnprintf(line, sizeof line, "install yourself on %s", disk->name);
    CHECK(answers(line, "Plan for") && result.requires_followup);
    CHECK(answers("go", "partition") && answers("go", "ext2") && answers("go", "copied"));
    CHECK(!self_start_hook || answers("go", "in /boot"));
    CHECK(answers("go", "root="));
    CHECK(!result.requires_followup && result.status == SLM_OK);
    CHECK(answers(line, "destroy no data") && result.status == SLM_UNSUPPORTED && !result.requires_followup);
    ksnprintf(part, sizeof part, "%sp1", disk->name);
    CHECK(vfs_mount(part, "/mnt", NULL, MOUNT_READ_ONLY) == 0);
    bool there = vfs_stat("/mnt/etc/motd", &st) == 0 && vfs_stat("/mnt/proc", &st) == 0 && vfs_stat("/mnt/dev/null", &st) != 0;
    if (self_start_hook)
        there &= (vfs_stat("/mnt/boot/kernel.elf", &st) == 0 || vfs_stat("/mnt/boot/Image", &st) == 0) && st.size > KB(100);
    CHECK(vfs_umount("/mnt") == 0);
    CHECK(there);
    return NULL;
}

SELFTEST(setup_install_disk, "setup") {
    block_device_t *small = ramdisk_create(MB(1)), *disk = ramdisk_create(MB(20));
    char line[64];
    if (!disk) { /* a machine of little memory */
        ramdisk_destroy(small);
        return NULL;
    }
    ksnprintf(line, sizeof line, "install yourself on %s", small->name);
    bool refused = answers(line, "16 MB or more") && result.status == SLM_UNSUPPORTED;
    const char *failure = install_on(disk);
    int left = ramdisk_destroy(disk), small_left = ramdisk_destroy(small);
    CHECK(refused);
    if (failure)
        return failure;
    CHECK(left == 0 && small_left == 0);
    return NULL;
}

SELFTEST(setup_web_server, "setup") {
    struct service_info before;
    CHECK(service_info("http", &before));
    CHECK(answers("be a web server", "Plan") && result.requires_followup);
    bool served = answers("go", "is installed") && answers("go", "runs") && answers("go", "It works");
    bool ok = result.status == SLM_OK;
    if (before.state != SERVICE_RUNNING)
        CHECK(service_stop("http") == 0);
    CHECK(pkg_remove("httpd") == 0);
    CHECK(served && ok);
    return NULL;
}
