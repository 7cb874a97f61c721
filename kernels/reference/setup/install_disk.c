/* "Install yourself on the disk": a partition, an ext2 file system on it, a copy of the whole tree, and what makes the disk
 * start by itself where the machine's firmware can do that. Only a disk with nothing on it is taken. */
#include <auton/block.h>
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/slm_skill.h>
#include <auton/string.h>
#include "copy_tree.h"
#include "self_start.h"

#define SMALLEST_SECTORS (16 * 2048)
#define LINUX_TYPE 0x83
#define GPT_SECTORS 33 /* of its copy at the end of the disk */
#define TARGET "/mnt"
#define LABEL "auton"

enum step { PARTITION = 1, FORMAT, COPY, START, FINISH };

/* All of the first megabyte is zeros: no partition table, no file system. */
static bool is_empty(block_device_t *disk) {
    enum { SECTORS = 8 };
    uint8_t *buffer = kmalloc(SECTORS * BLOCK_SECTOR);
    bool empty = buffer != NULL;
    for (uint64_t at = 0; empty && at + SECTORS <= disk->sectors && at < PARTITION_FIRST; at += SECTORS) {
        empty = block_read(disk, at, SECTORS, buffer) == 0;
        for (size_t i = 0; empty && i < SECTORS * BLOCK_SECTOR; i++)
            empty = buffer[i] == 0;
    }
    kfree(buffer);
    return empty;
}

static bool is_partition(const block_device_t *disk) {
    for (const block_device_t *whole = block_first(); whole; whole = whole->next)
        if (whole != disk && strncmp(disk->name, whole->name, strlen(whole->name)) == 0)
            return true;
    return false;
}

static bool is_usable(block_device_t *disk) {
    return !disk->read_only && disk->sectors >= SMALLEST_SECTORS && !is_partition(disk) && is_empty(disk);
}

/* Of two names that are both in the line, "vda1" is meant and not "vda". */
static block_device_t *named(const struct slm_ask *ask) {
    block_device_t *found = NULL;
    for (block_device_t *disk = block_first(); disk; disk = disk->next)
        if (strstr(ask->line, disk->name) && (!found || strlen(disk->name) > strlen(found->name)))
            found = disk;
    return found;
}

/* The disk that the line names, else the only one that could be taken; NULL says why in `out`. */
static block_device_t *choose(const struct slm_ask *ask, slm_result_t *out) {
    block_device_t *disk = named(ask), *usable = NULL;
    unsigned count = 0;
    if (disk && is_usable(disk))
        return disk;
    if (disk) {
        out->status = SLM_UNSUPPORTED;
        ask->say(out, "I install only on a whole disk of 16 MB or more with nothing on it, and %s is none: I destroy no "
                      "data.\n", disk->name);
        return NULL;
    }
    for (disk = block_first(); disk; disk = disk->next)
        if (is_usable(disk)) {
            usable = disk;
            count++;
        }
    if (count == 1)
        return usable;
    if (!count)
        out->status = SLM_UNSUPPORTED;
    ask->say(out, count ? "Which disk? Several are empty:" : "There is no empty disk of 16 MB or more in this machine.");
    for (disk = block_first(); count && disk; disk = disk->next)
        if (is_usable(disk))
            ask->say(out, " %s", disk->name);
    ask->say(out, "\n");
    return NULL;
}

/* Which disk the plan is about: later steps must not choose anew, for it is no longer empty. */
static char planned[sizeof((block_device_t *)0)->name];
static bool with_gpt;

static block_device_t *partition_of(const block_device_t *disk) {
    char name[sizeof disk->name + 2];
    char last = disk->name[strlen(disk->name) - 1];
    ksnprintf(name, sizeof name, "%s%s1", disk->name, last >= '0' && last <= '9' ? "p" : "");
    return block_find(name);
}

static void propose(const struct slm_ask *ask, slm_result_t *out) {
    const block_device_t *disk = choose(ask, out);
    if (!disk)
        return;
    strlcpy(planned, disk->name, sizeof planned);
    with_gpt = disk->sectors > UINT32_MAX || ask->mentions("gpt guid uefi");
    ask->say(out, "Plan for %s (%lu MB, empty):\n1. Write a partition table (%s) with one partition.\n"
                  "2. Make an ext2 file system on it.\n3. Mount it at " TARGET " and copy everything that is in / to it.\n",
             disk->name, disk->sectors / 2048, with_gpt ? "GPT" : "MBR");
    if (self_start_hook)
        ask->say(out, "4. Put this kernel on it as %s starts it.\n", self_start_firmware);
    out->plan_steps = self_start_hook ? FINISH : FINISH - 1;
    ask->say(out, "%u. Write it all out and take it off again.\n", out->plan_steps);
    if (!self_start_hook)
        ask->say(out, "The firmware of this machine reads no disk by itself: the kernel will still have to come from outside.\n");
}

static int write_partition(block_device_t *disk) {
    uint64_t room = disk->sectors - PARTITION_FIRST;
    if (with_gpt)
        room = ALIGN_DOWN(room - GPT_SECTORS, PARTITION_FIRST); /* it ends on a whole MB, too */
    const struct partition all = {.number = 1, .start = PARTITION_FIRST, .sectors = room, .type = LINUX_TYPE, .bootable = true,
                                  .label = LABEL};
    if (!is_empty(disk))
        return -EEXIST; /* somebody has written to it since the plan was made */
    return with_gpt ? partition_write_gpt(disk, &all, 1) : partition_write_mbr(disk, &all, 1);
}

static int copy_all(const char *partition, struct copy_count *count) {
    int result = vfs_mkdir_all(TARGET, 0755);
    if (result == 0)
        result = vfs_mount(partition, TARGET, "ext2", 0);
    if (result < 0)
        return result;
    result = copy_tree("/", TARGET, count);
    int kept = net_settings_save(TARGET NET_SETTINGS_FILE); /* those of the command line, too */
    if (result == 0 && kept < 0)
        result = kept;
    static const char *const POINTS[] = {TARGET "/dev", TARGET "/proc", TARGET "/mnt"};
    for (size_t i = 0; result == 0 && i < ARRAY_SIZE(POINTS); i++)
        result = vfs_mkdir_all(POINTS[i], 0755);
    return result;
}

static void say_how_it_starts(const struct slm_ask *ask, slm_result_t *out, const block_device_t *disk,
                              const block_device_t *partition) {
    if (self_start_hook)
        ask->say(out, "Done. With %s the machine starts from %s alone: switch it off and leave this kernel away. A kernel from "
                      "elsewhere takes the disk with root=%s on its command line.\n", self_start_firmware, disk->name,
                 partition->name);
    else
        ask->say(out, "Done. The disk has the system but does not start by itself: start this kernel as now, with root=%s on "
                      "its command line, and %s is its root file system.\n", partition->name, partition->name);
}

static void act(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    block_device_t *disk = block_find(planned), *partition = disk ? partition_of(disk) : NULL;
    struct copy_count count = {0};
    int result = !disk || (step > PARTITION && !partition) ? -ENODEV : 0;
    if (step == START && !self_start_hook)
        step = FINISH;
    switch (result ? 0 : (enum step)step) {
    case PARTITION:
        if ((result = write_partition(disk)) == 0)
            ask->say(out, "%s has one partition now.\n", disk->name);
        break;
    case FORMAT:
        if ((result = ext2_format(partition, LABEL)) == 0)
            ask->say(out, "%s has an empty ext2 file system.\n", partition->name);
        break;
    case COPY:
        if ((result = copy_all(partition->name, &count)) == 0)
            ask->say(out, "%u files and %u directories, %lu KB, are copied.\n", count.files, count.directories,
                     count.bytes / 1024);
        break;
    case START:
        if ((result = self_start_install(disk, partition, PARTITION_FIRST, TARGET)) == 0)
            ask->say(out, "The kernel and its command line are in /boot, where %s finds them.\n", self_start_firmware);
        break;
    case FINISH:
        if ((result = vfs_umount(TARGET)) == 0)
            say_how_it_starts(ask, out, disk, partition);
        break;
    default: break;
    }
    if (result) {
        out->status = SLM_ERROR;
        ask->say(out, "It did not work: %s.\n", errno_text(result));
    }
}
SLM_SKILL(install_disk, .name = "install-disk", .intent = INTENT_INSTALL_CONFIGURE,
          .unmistakable = true,
          .words = {"install installation put set+up", "yourself itself auton you+on kernel+on os+on system+on"},
          .none = "driver package card bootloader grub linux debian windows", .example = "install yourself on the disk",
          .answer = propose, .act = act);
