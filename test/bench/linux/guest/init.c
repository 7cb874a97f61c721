/* The first and only program of the Linux that the reference kernel is measured beside: makes the machine ready as its
 * kernel would, then obeys the lines that come from the console. */
#include "guest.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SWITCHES 10000
#define MESSAGES 3000
#define FAULTS 2000
#define FILE_BYTES (16ull << 20)

void fail(const char *condition) {
    printf("bench: %s: %s\n", condition, strerror(errno));
    exit(1);
}

uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void measure_cpu(void) {
    printf("context switch: %lu ns\n", context_switch_ns(SWITCHES));
    printf("IPC round trip: %lu ns\n", round_trip_ns(MESSAGES));
    printf("page fault: %lu ns\n", page_fault_ns(FAULTS));
}

static uint64_t kilobytes_a_second(uint64_t bytes, uint64_t ns) {
    return bytes * 1000000 / 1024 * 1000 / ns;
}

static void measure_disk(const char *disk) {
    uint64_t write_ns, read_ns;
    disk_file_ns(disk, FILE_BYTES, &write_ns, &read_ns);
    printf("ext2 write: %lu KB/s\next2 read: %lu KB/s\n", kilobytes_a_second(FILE_BYTES, write_ns),
           kilobytes_a_second(FILE_BYTES, read_ns));
}

static void show_memory(void) {
    char line[128];
    FILE *f = fopen("/proc/meminfo", "r");
    FAIL_IF(!f);
    while (fgets(line, sizeof line, f))
        fputs(line, stdout);
    fclose(f);
}

/* Debian's own small server, beside ours. */
static void start_busybox(void) {
    if (fork() == 0) {
        execl("/bin/busybox", "busybox", "httpd", "-f", "-p", "8080", "-h", "/srv/www", (char *)NULL);
        fail("execl");
    }
}

static void obey(char *line) {
    line[strcspn(line, "\r\n")] = '\0';
    if (strcmp(line, "bench cpu") == 0)
        measure_cpu();
    else if (strncmp(line, "bench disk ", 11) == 0)
        measure_disk(line + 11);
    else if (strcmp(line, "bench tcp") == 0)
        serve_bytes(5001, 5002);
    else if (strcmp(line, "serve") == 0)
        serve_http(80, "/srv/www/index.html");
    else if (strcmp(line, "serve busybox") == 0)
        start_busybox();
    else if (strcmp(line, "cat /proc/meminfo") == 0)
        show_memory();
    else if (strcmp(line, "poweroff") == 0)
        reboot(RB_POWER_OFF);
    else if (*line)
        printf("%s: what is that?\n", line);
}

int main(void) {
    char line[256];
    setvbuf(stdout, NULL, _IONBF, 0);
    mkdir("/proc", 0755);
    mkdir("/dev", 0755);
    FAIL_IF(mount("proc", "/proc", "proc", 0, NULL) != 0);
    FAIL_IF(mount("dev", "/dev", "devtmpfs", 0, NULL) != 0);
    load_modules("/modules/list");
    bring_up_network("eth0", "10.0.2.15");
    for (;;) {
        fputs("linux> ", stdout);
        if (!fgets(line, sizeof line, stdin))
            return 1;
        obey(line);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}
