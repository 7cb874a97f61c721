/* `bench`: each measurement prints lines "what: number unit", for people and for programs. */
#include "bench.h"
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/shell.h>
#include <auton/string.h>

#define SWITCHES 10000
#define MESSAGES 3000
#define FAULTS 2000
#define FILE_BYTES MB(16)
#define SINK_PORT 5001
#define SOURCE_PORT 5002

static int report(const char *what, int status, uint64_t value, const char *unit) {
    if (status == 0)
        kprintf("%s: %lu %s\n", what, value, unit);
    else
        kprintf("bench: %s: %s\n", what, errno_text(status));
    return status == 0 ? 0 : 1;
}

static uint64_t kilobytes_a_second(uint64_t bytes, uint64_t ns) {
    return ns ? bytes * 1000000 / 1024 * 1000 / ns : 0;
}

static int measure_cpu(void) {
    static const struct {
        const char *what;
        int (*measure)(uint32_t count, uint64_t *ns);
        uint32_t count;
    } all[] = {
        {"context switch", bench_context_switch, SWITCHES},
        {"IPC round trip", bench_ipc, MESSAGES},
        {"page fault", bench_page_fault, FAULTS},
    };
    int failed = 0;
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        uint64_t ns = 0;
        int status = all[i].measure(all[i].count, &ns);
        failed |= report(all[i].what, status, ns, "ns");
    }
    return failed;
}

static int measure_disk(const char *disk) {
    struct bench_file file = {0};
    int status = bench_disk_file(disk, FILE_BYTES, &file);
    int failed = report("ext2 write", status, kilobytes_a_second(FILE_BYTES, file.write_ns), "KB/s");
    return failed | report("ext2 read", status, kilobytes_a_second(FILE_BYTES, file.read_ns), "KB/s");
}

static int serve_bytes(void) {
    int status = bench_tcp_start(SINK_PORT, SOURCE_PORT);
    if (status != 0 && status != -EALREADY)
        return report("TCP", status, 0, "");
    kprintf("port %d takes bytes, port %d gives them\n", SINK_PORT, SOURCE_PORT);
    return 0;
}

static int bench_command(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "cpu") == 0)
        return measure_cpu();
    if (argc == 3 && strcmp(argv[1], "disk") == 0)
        return measure_disk(argv[2]);
    if (argc == 2 && strcmp(argv[1], "tcp") == 0)
        return serve_bytes();
    if (argc == 3 && strcmp(argv[1], "tcp") == 0 && strcmp(argv[2], "stop") == 0)
        return bench_tcp_stop() == 0 ? 0 : 1;
    return SHELL_NOT_A_COMMAND;
}
SHELL_COMMAND(bench, "bench cpu|disk|tcp [disk|stop]",
              "Measure switches, messages and faults, an ext2 disk, or serve bytes by TCP", bench_command);
