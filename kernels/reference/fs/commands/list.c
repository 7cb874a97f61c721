/* Commands that look: ls, cat, stat. */
#include <auton/console.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "commands.h"

#define CHUNK 4096

struct listing {
    struct dirent *entries;
    size_t count, room;
};

static int listing_add(struct listing *l, const struct dirent *entry) {
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 16;
        struct dirent *more = kmalloc(room * sizeof *more);
        if (!more)
            return -ENOMEM;
        if (l->count)
            memcpy(more, l->entries, l->count * sizeof *more);
        kfree(l->entries);
        l->entries = more;
        l->room = room;
    }
    l->entries[l->count++] = *entry;
    return 0;
}

/* Shell sort: directories may be large, and a stack is small. */
static void listing_sort(struct listing *l) {
    for (size_t gap = l->count / 2; gap; gap /= 2)
        for (size_t i = gap; i < l->count; i++)
            for (size_t j = i; j >= gap && strcmp(l->entries[j - gap].name, l->entries[j].name) > 0; j -= gap) {
                struct dirent swap = l->entries[j];
                l->entries[j] = l->entries[j - gap];
                l->entries[j - gap] = swap;
            }
}

static int listing_read(const char *path, struct listing *l) {
    int fd = vfs_open(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return fd;
    struct dirent entry;
    int result;
    while ((result = vfs_readdir(fd, &entry)) == 1)
        if ((result = listing_add(l, &entry)) < 0)
            break;
    vfs_close(fd);
    if (result == 0)
        listing_sort(l);
    return result;
}

static char type_letter(uint32_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFCHR: return 'c';
    case S_IFBLK: return 'b';
    default: return '-';
    }
}

static void format_mode(uint32_t mode, char *out) {
    *out++ = type_letter(mode);
    for (int bit = 8; bit >= 0; bit--)
        *out++ = mode >> bit & 1 ? "xwr"[bit % 3] : '-';
    *out = '\0';
}

/* Civil date from days since 1970, by the same calendar that fs_now() counts in. */
static void format_time(uint64_t seconds, char *out, size_t size) {
    uint64_t z = seconds / 86400 + 719468, era = z / 146097, day_of_era = z % 146097;
    uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month = (5 * day_of_year + 2) / 153, day = day_of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    uint64_t year = year_of_era + era * 400 + (month <= 2);
    ksnprintf(out, size, "%04lu-%02lu-%02lu %02lu:%02lu", year, month, day, seconds / 3600 % 24, seconds / 60 % 60);
}

static void show(const char *path, const char *name, bool with_details) {
    struct stat s;
    char mode[12], time[24], target[256];
    int result = vfs_lstat(path, &s);
    if (!with_details || result) {
        kprintf("%s%s\n", name, result == 0 && S_ISDIR(s.mode) ? "/" : "");
        return;
    }
    format_mode(s.mode, mode);
    format_time(s.mtime, time, sizeof time);
    bool link = S_ISLNK(s.mode) && vfs_readlink(path, target, sizeof target) >= 0;
    kprintf("%s %3u %10lu %s %s%s%s\n", mode, s.nlink, s.size, time, name, link ? " -> " : "", link ? target : "");
}

static int list(const char *word, bool with_details, bool with_heading) {
    struct stat s;
    struct listing l = {0};
    char *path = command_path(word);
    if (!path)
        return 1;
    int result = vfs_stat(path, &s);
    if (result == 0 && S_ISDIR(s.mode)) {
        result = listing_read(path, &l);
        if (with_heading && result == 0)
            kprintf("%s:\n", word);
        for (size_t i = 0; i < l.count && result == 0; i++) {
            char *entry = command_join(path, l.entries[i].name);
            if (entry)
                show(entry, l.entries[i].name, with_details);
            kfree(entry);
        }
        kfree(l.entries);
    } else if (result == 0 || vfs_lstat(path, &s) == 0) {
        show(path, word, with_details);
        result = 0;
    }
    kfree(path);
    return result ? command_error("ls", word, result) : 0;
}

static int ls_command(int argc, char **argv) {
    int first = 1, status = 0;
    bool with_details = argc > 1 && strcmp(argv[1], "-l") == 0;
    if (command_is_sentence(argc, argv))
        return SHELL_NOT_A_COMMAND;
    first += with_details;
    if (first == argc)
        return list("", with_details, false);
    for (int i = first; i < argc; i++)
        status |= list(argv[i], with_details, argc - first > 1);
    return status;
}
SHELL_COMMAND(ls, "ls [-l] [path...]", "List a directory, -l with sizes and dates", ls_command);

static int cat(const char *word) {
    char *path = command_path(word), *chunk = kmalloc(CHUNK);
    int64_t n = path && chunk ? vfs_open(path, O_RDONLY, 0) : -ENOMEM;
    if (n >= 0) {
        int fd = (int)n;
        while ((n = vfs_read(fd, chunk, CHUNK)) > 0 && !console_interrupted())
            console_write(chunk, (size_t)n);
        vfs_close(fd);
    }
    kfree(chunk);
    kfree(path);
    return n < 0 ? command_error("cat", word, (int)n) : 0;
}

static int cat_command(int argc, char **argv) {
    int status = 0;
    if (argc < 2 || command_is_sentence(argc, argv))
        return SHELL_NOT_A_COMMAND;
    for (int i = 1; i < argc; i++)
        status |= cat(argv[i]);
    return status;
}
SHELL_COMMAND(cat, "cat path...", "Show what files contain", cat_command);

static int stat_command(int argc, char **argv) {
    int status = 0;
    if (argc < 2 || command_is_sentence(argc, argv))
        return SHELL_NOT_A_COMMAND;
    for (int i = 1; i < argc; i++) {
        struct stat s;
        char mode[12], time[24];
        char *path = command_path(argv[i]);
        int result = path ? vfs_lstat(path, &s) : -ENOMEM;
        kfree(path);
        if (result) {
            status = command_error("stat", argv[i], result);
            continue;
        }
        format_mode(s.mode, mode);
        format_time(s.mtime, time, sizeof time);
        kprintf("%s: %s, inode %lu, %u links, %lu bytes in %lu KB, owner %u:%u, changed %s\n", argv[i], mode, s.ino,
                s.nlink, s.size, (s.blocks + 1) / 2, s.uid, s.gid, time);
    }
    return status;
}
SHELL_COMMAND(stat, "stat path...", "Show what is known about files", stat_command);
