/* Commands about file systems and disks: mount, umount, df, sync, disks. */
#include <auton/mm.h>
#include <auton/string.h>
#include "commands.h"

static void show_mounts(void) {
    struct mount_info m;
    for (size_t i = 0; vfs_mount_at(i, &m); i++)
        kprintf("%s on %s type %s (%s)\n", m.source, m.target, m.type, m.read_only ? "read-only" : "read-write");
}

static int mount_command(int argc, char **argv) {
    if (argc == 1) {
        show_mounts();
        return 0;
    }
    bool read_only = strcmp(argv[1], "-r") == 0;
    int first = read_only ? 2 : 1;
    if (argc < first + 2 || argc > first + 3)
        return SHELL_NOT_A_COMMAND;
    if (!strchr(argv[first + 1], '/') && !block_find(argv[first]))
        return SHELL_NOT_A_COMMAND; /* "mount my disk" */
    char *target = command_path(argv[first + 1]);
    int result = target ? vfs_mount(argv[first], target, argc > first + 2 ? argv[first + 2] : NULL,
                                    read_only ? MOUNT_READ_ONLY : 0)
                        : -ENOMEM;
    kfree(target);
    return result ? command_error("mount", result == -ENXIO ? argv[first] : argv[first + 1], result) : 0;
}
SHELL_COMMAND(mount, "mount [-r] [disk directory [type]]", "Show what is mounted, or mount a disk, -r read-only",
              mount_command);

static int umount_command(int argc, char **argv) {
    if (argc != 2)
        return SHELL_NOT_A_COMMAND;
    char *target = command_path(argv[1]);
    int result = target ? vfs_umount(target) : -ENOMEM;
    kfree(target);
    return result ? command_error("umount", argv[1], result) : 0;
}
SHELL_COMMAND(umount, "umount directory", "Take what is mounted at a directory away; its disk is then up to date",
              umount_command);

static int df_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    struct mount_info m;
    kprintf("%-16s %-8s %10s %10s %10s %5s  %s\n", "SOURCE", "TYPE", "KB", "USED", "FREE", "USED", "AT");
    for (size_t i = 0; vfs_mount_at(i, &m); i++) {
        uint64_t total = m.usage.bytes_total / 1024, free = m.usage.bytes_free / 1024, used = total - free;
        if (total)
            kprintf("%-16s %-8s %10lu %10lu %10lu %4lu%%  %s\n", m.source, m.type, total, used, free, used * 100 / total,
                    m.target);
    }
    return 0;
}
SHELL_COMMAND(df, "df", "Show how full the mounted file systems are", df_command);

static int sync_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    int result = vfs_sync();
    return result ? command_error("sync", "not all could be written", result) : 0;
}
SHELL_COMMAND(sync, "sync", "Write everything that is still in memory to the disks", sync_command);

static int disks_command(int argc, char **argv) {
    (void)argc;
    (void)argv;
    if (!block_first())
        kputs("No disks.\n");
    for (const block_device_t *disk = block_first(); disk; disk = disk->next)
        kprintf("%-15s %10lu KB%s\n", disk->name, disk->sectors / 2, disk->read_only ? "  read-only" : "");
    return 0;
}
SHELL_COMMAND(disks, "disks", "List the disks and their partitions", disks_command);

static int mkfs_command(int argc, char **argv) {
    if (argc < 2)
        return SHELL_NOT_A_COMMAND;
    const char *name = strncmp(argv[1], "/dev/", 5) == 0 ? argv[1] + 5 : argv[1];
    block_device_t *disk = block_find(name);
    if (!disk)
        return argc > 2 ? SHELL_NOT_A_COMMAND : command_error("mkfs", argv[1], -ENXIO);
    int result = ext2_format(disk, argc > 2 ? argv[2] : "");
    if (result)
        return command_error("mkfs", argv[1], result);
    kprintf("%s has an empty ext2 file system now.\n", disk->name);
    return 0;
}
SHELL_COMMAND(mkfs, "mkfs disk [label]", "Make an empty ext2 file system; what is on the disk is lost", mkfs_command);
