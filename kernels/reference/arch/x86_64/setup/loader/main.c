/* The order of a start from the disk: memory, file system, command line, kernel; and what the kernel is handed (PVH). */
#include "loader.h"

#define PARTITION_FIELD 0x7C00 + 412 /* mbr.asm: where the installer has written the file system's first sector */
#define START_INFO_MAGIC 0x336EC578
#define CMDLINE_BYTES 512

static char cmdline[CMDLINE_BYTES];
static struct {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, cmdline, rsdp; /* the kernel finds ACPI's tables by itself */
    uint64_t memory_map;
    uint32_t memory_count, reserved;
} start_info;

/* The first line of /boot/cmdline. */
static void read_cmdline(void) {
    struct file file;
    if (!file_find("/boot/cmdline", &file))
        return;
    file_read(&file, 0, file.size < CMDLINE_BYTES ? file.size : CMDLINE_BYTES - 1, cmdline);
    for (char *p = cmdline; *p; p++)
        if (*p == '\n' || *p == '\r')
            *p = '\0';
}

void loader_main(uint32_t drive);
void loader_main(uint32_t drive) {
    struct file kernel;
    say("AUTON: starting /boot/kernel.elf\n");
    memory_find();
    memory_open_high();
    disk_use(drive);
    volume_use(*(const volatile uint64_t *)(PARTITION_FIELD));
    read_cmdline();
    if (!file_find("/boot/kernel.elf", &kernel))
        stop("there is no /boot/kernel.elf on it");
    uint32_t entry = kernel_load(&kernel);
    start_info.magic = START_INFO_MAGIC;
    start_info.version = 1;
    start_info.cmdline = (uintptr_t)cmdline;
    start_info.memory_map = (uintptr_t)memory_map;
    start_info.memory_count = memory_entries;
    enter_kernel(entry, &start_info);
}
