/* A key, a zero, a command line: whatever the loader passes on. */
#include "fuzz.h"
#include <auton/boot.h>
#include <auton/string.h>

#define MAX_VALUE 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char key[16] = "", value[MAX_VALUE], whole[BOOT_CMDLINE_MAX];
    size_t key_length = strnlen((const char *)data, size);
    if (key_length == 0 || key_length >= sizeof key || key_length == size)
        return 0;
    memcpy(key, data, key_length);
    data += key_length + 1;
    size -= key_length + 1;
    size = size < BOOT_CMDLINE_MAX ? size : BOOT_CMDLINE_MAX - 1;
    memset(boot_info.cmdline, 0, sizeof boot_info.cmdline);
    memcpy(boot_info.cmdline, data, size);

    bool there = cmdline_has(key);
    PROMISE(cmdline_get(key, whole, sizeof whole) == there);
    if (!there)
        return 0;
    PROMISE(strstr(boot_info.cmdline, key) && strstr(boot_info.cmdline, whole) && !strchr(whole, ' '));
    for (size_t room = 0; room <= MAX_VALUE; room++) {
        memset(value, 0x55, sizeof value);
        PROMISE(cmdline_get(key, value, room));
        PROMISE(room == 0 || (strlen(value) < room && strncmp(value, whole, strlen(value)) == 0));
        for (size_t i = room; i < sizeof value; i++)
            PROMISE(value[i] == 0x55);
    }
    uint64_t number;
    if (parse_u64(whole, &number))
        PROMISE(whole[0] >= '0' && whole[0] <= '9');
    return 0;
}
