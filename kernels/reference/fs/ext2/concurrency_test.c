/* Self-test: threads of different classes change one ext2 file system while another writes it back. */
#include <auton/klog.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "ext2.h"

#define T "/tmp/ext2-threads"
#define ROUNDS 12

static volatile uint32_t finished, running;

static void churn(void *arg) {
    char a[48], b[48], text[32], back[32];
    ksnprintf(a, sizeof a, T "/a%lu", (uint64_t)arg);
    ksnprintf(b, sizeof b, T "/d/b%lu", (uint64_t)arg);
    for (int i = 0; i < ROUNDS; i++) {
        ksnprintf(text, sizeof text, "thread %lu round %d", (uint64_t)arg, i);
        if (vfs_write_file(a, text, strlen(text)) || vfs_rename(a, b) || vfs_read_file(b, back, sizeof back) < 0 ||
            strcmp(text, back) != 0 || (i % 3 == 0 && vfs_unlink(b)))
            break;
        if (i + 1 == ROUNDS)
            __atomic_fetch_add(&finished, 1, __ATOMIC_RELAXED);
        thread_yield();
    }
    __atomic_fetch_sub(&running, 1, __ATOMIC_RELAXED);
}

static void write_back(void *unused) {
    (void)unused;
    while (running) {
        vfs_sync();
        thread_sleep_ms(10);
    }
}

SELFTEST(ext2_concurrency, "fs") {
    static const enum priority_class classes[] = {PRIO_SYSTEM, PRIO_USER, PRIO_BACKGROUND};
    tid_t tids[ARRAY_SIZE(classes) + 1];
    block_device_t *disk = ramdisk_create(MB(2));
    CHECK(disk && ext2_format(disk, "") == 0 && vfs_mkdir_all(T, 0755) == 0 && vfs_mount(disk->name, T, "ext2", 0) == 0);
    CHECK(vfs_mkdir(T "/d", 0755) == 0);
    finished = 0;
    running = ARRAY_SIZE(classes);
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
        CHECK((tids[i] = thread_create("churn", classes[i], churn, (void *)i)) != 0);
    CHECK((tids[ARRAY_SIZE(classes)] = thread_create("write back", PRIO_SYSTEM, write_back, NULL)) != 0);
    for (size_t i = 0; i < ARRAY_SIZE(tids); i++)
        CHECK(thread_join(tids[i], 15000) == 0);
    CHECK(finished == ARRAY_SIZE(classes));
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        char path[48];
        ksnprintf(path, sizeof path, T "/d/b%zu", i);
        CHECK(vfs_unlink(path) == 0);
    }
    CHECK(vfs_rmdir(T "/d") == 0 && vfs_umount(T) == 0 && vfs_rmdir(T) == 0 && ramdisk_destroy(disk) == 0);
    return NULL;
}
