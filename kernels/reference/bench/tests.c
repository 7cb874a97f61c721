/* Self-tests: what is measured is really done, and leaves nothing behind. */
#include "bench.h"
#include <auton/fs.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/selftest.h>
#include <auton/string.h>

#define SINK_PORT 65001
#define SOURCE_PORT 65002
#define BYTES 100000
#define TIMEOUT_MS 5000

SELFTEST(bench_measures_threads, "bench") {
    uint64_t switched = 0, answered = 0;
    CHECK(bench_context_switch(50, &switched) == 0 && switched > 0);
    CHECK(bench_ipc(50, &answered) == 0);
    CHECK(answered > 0);
    CHECK(bench_ipc(50, &answered) == 0); /* the channels' names are free again */
    return NULL;
}

SELFTEST(bench_measures_faults, "bench") {
    uint64_t ns = 0;
    CHECK(bench_page_fault(64, &ns) == 0); /* page tables are there after this */
    uint64_t before = pmm_free_page_count();
    CHECK(bench_page_fault(64, &ns) == 0 && ns > 0);
    CHECK(pmm_free_page_count() == before);
    return NULL;
}

SELFTEST(bench_measures_disk, "bench") {
    struct bench_file file = {0};
    struct stat st;
    block_device_t *disk = ramdisk_create(MB(4));
    CHECK(disk);
    CHECK(ext2_format(disk, "bench") == 0);
    CHECK(bench_disk_file(disk->name, MB(1), &file) == 0);
    CHECK(file.write_ns > 0 && file.read_ns > 0);
    CHECK(bench_disk_file(disk->name, MB(8), &file) < 0); /* more than there is room for */
    CHECK(vfs_mount(disk->name, "/mnt/bench", "ext2", 0) == 0);
    CHECK(vfs_stat("/mnt/bench/bench.dat", &st) != 0);
    CHECK(vfs_umount("/mnt/bench") == 0);
    CHECK(ramdisk_destroy(disk) == 0);
    return NULL;
}

static socket_t *connect_to(uint16_t port) {
    socket_t *s = net_socket(SOCKET_TCP);
    if (!s)
        return NULL;
    net_set_timeout(s, TIMEOUT_MS);
    if (net_connect(s, IP_LOOPBACK, port) == 0)
        return s;
    net_close(s);
    return NULL;
}

static const char *try_servers(uint8_t *data) {
    socket_t *to = connect_to(SINK_PORT);
    CHECK(to);
    int sent = net_send(to, data, BYTES), ended = net_shutdown(to), told = net_receive(to, data, BYTES);
    net_close(to);
    CHECK(sent == BYTES && ended == 0 && told == 7 && memcmp(data, "100000\n", 7) == 0);
    socket_t *from = connect_to(SOURCE_PORT);
    CHECK(from);
    int got = 0;
    for (int n = 1; n > 0 && got < BYTES; got += n)
        n = net_receive(from, data, BYTES);
    net_close(from);
    CHECK(got >= BYTES);
    return NULL;
}

SELFTEST(bench_serves_bytes, "bench") {
    uint8_t *data = kzalloc(BYTES);
    CHECK(data && bench_tcp_start(SINK_PORT, SOURCE_PORT) == 0);
    const char *failure = try_servers(data);
    kfree(data);
    if (failure)
        return failure;
    CHECK(bench_tcp_stop() == 0);
    CHECK(!connect_to(SINK_PORT));
    return NULL;
}
