/* The portable half of making a disk start by itself: what its kernel is told. */
#include "self_start.h"
#include <auton/boot.h>
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

int (*self_start_hook)(const struct self_start *target);
const char *self_start_firmware;

/* Words that were meant for this start only; of an address the installed system has a file. */
static bool is_passing(const char *word, size_t length) {
    static const char *const passing[] = {"root", "test", "exit", "ramdisk", "ip"};
    for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
        size_t n = strlen(passing[i]);
        if (length >= n && strncmp(word, passing[i], n) == 0 && (length == n || word[n] == '='))
            return true;
    }
    return false;
}

static int compose(block_device_t *partition, char *out, size_t size) {
    char identifier[FS_IDENTIFIER_TEXT];
    int result = fs_identifier(partition, identifier);
    if (result)
        return result;
    ksnprintf(out, size, "root=UUID=%s", identifier);
    for (const char *word = boot_info.cmdline; *word;) {
        size_t length = 0;
        while (word[length] && word[length] != ' ')
            length++;
        size_t end = strlen(out);
        if (length && !is_passing(word, length) && end + 1 + length < size) {
            out[end] = ' ';
            memcpy(out + end + 1, word, length);
            out[end + 1 + length] = '\0';
        }
        word += length + (word[length] == ' ');
    }
    strlcat(out, "\n", size);
    return 0;
}

int self_start_install(block_device_t *disk, block_device_t *partition, uint64_t first_sector, const char *root) {
    if (!self_start_hook)
        return -EOPNOTSUPP;
    char *cmdline = kmalloc(BOOT_CMDLINE_MAX);
    int result = cmdline ? compose(partition, cmdline, BOOT_CMDLINE_MAX) : -ENOMEM;
    struct self_start target = {disk, first_sector, root, cmdline};
    if (result == 0)
        result = self_start_hook(&target);
    kfree(cmdline);
    return result;
}
