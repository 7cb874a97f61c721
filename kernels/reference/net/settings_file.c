/* Addresses that were set, kept in /etc/network: a line for each card, "eth0 10.0.2.15/24,gw=10.0.2.2". */
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "configure.h"

#define FILE_MAX 1024

static void read_line(char *line) {
    struct net_settings s;
    char *blank = strchr(line, ' ');
    if (!*line || *line == '#')
        return;
    if (blank)
        *blank = '\0';
    const char *why = blank ? net_settings_parse(blank + 1, &s) : "there is no address behind the card";
    if (why)
        log_error("NET", NET_SETTINGS_FILE ": %s is not used: %s", line, why);
    else
        net_settings_remember(line, &s);
}

static void load(void) {
    char text[FILE_MAX];
    int64_t n = vfs_read_file(NET_SETTINGS_FILE, text, sizeof text);
    if (n < 0) {
        if (n != -ENOENT)
            log_error("NET", NET_SETTINGS_FILE ": %s", errno_text((int)n));
        return;
    }
    for (char *line = text, *end; line; line = end) {
        if ((end = strchr(line, '\n')) != NULL)
            *end++ = '\0';
        read_line(line);
    }
}

/* Is / on a disk, or gone when the machine is switched off? The last mount there counts. */
static bool root_lasts(void) {
    static struct mount_info m;
    bool lasts = false;
    for (size_t i = 0; vfs_mount_at(i, &m); i++)
        if (strcmp(m.target, "/") == 0)
            lasts = m.is_disk;
    return lasts;
}

static int save(const char *path) {
    char text[FILE_MAX] = "", card[16], address[NET_SETTINGS_TEXT];
    struct net_settings s;
    for (size_t i = 0, n = 0; net_settings_at(i, card, &s) && n < sizeof text; i++)
        n += (size_t)ksnprintf(text + n, sizeof text - n, "%s %s\n", card, net_settings_format(&s, address));
    int result = vfs_mkdir_all("/etc", 0755);
    if (result == 0 && *text)
        result = vfs_write_file(path, text, strlen(text));
    else if (result == 0 && (result = vfs_unlink(path)) == -ENOENT)
        result = 0;
    return result ? result : root_lasts();
}

static void settings_file_init(void) {
    net_settings_load_hook = load;
    net_settings_save_hook = save;
}
INITCALL(INIT_FS, settings_file_init);
