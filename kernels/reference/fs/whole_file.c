/* Whole small files in one call, and the two things that every file system asks for: the time and the texts of errors. */
#include <auton/dev.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "fs_internal.h"

int64_t vfs_read_file(const char *path, char *out, size_t size) {
    int fd = vfs_open(path, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    int64_t n = size > 1 ? vfs_read(fd, out, size - 1) : 0;
    char more;
    if (n >= 0 && (size_t)n + 1 >= size && vfs_read(fd, &more, 1) == 1)
        n = -EFBIG;
    vfs_close(fd);
    if (size)
        out[n > 0 ? n : 0] = '\0';
    return n;
}

/* Under another name first: renaming replaces the old file in one step. */
int vfs_write_file(const char *path, const void *data, size_t bytes) {
    static const char suffix[] = ".new";
    size_t len = strlen(path);
    char *temporary = kmalloc(len + sizeof suffix);
    if (!temporary)
        return -ENOMEM;
    memcpy(temporary, path, len);
    memcpy(temporary + len, suffix, sizeof suffix);
    int result = vfs_open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (result >= 0) {
        int fd = result;
        int64_t n = bytes ? vfs_write(fd, data, bytes) : 0;
        result = n < 0 ? (int)n : (size_t)n < bytes ? -ENOSPC : 0;
        if (result == 0)
            result = vfs_rename(temporary, path);
        if (result)
            vfs_unlink(temporary);
        else
            result = vfs_fsync(fd);
        vfs_close(fd);
    }
    kfree(temporary);
    return result;
}

static uint64_t seconds_since_1970(const struct rtc_time *t) {
    uint64_t year = t->month > 2 ? t->year : t->year - 1u, month = (t->month + 9u) % 12; /* March is month 0 */
    uint64_t days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + t->day - 719469;
    return days * 86400 + t->hour * 3600u + t->minute * 60u + t->second;
}

/* The clock is read once: its registers are slow, and the kernel counts as well as it does. */
uint64_t fs_now(void) {
    static uint64_t at_boot;
    static bool asked;
    if (!asked) {
        struct rtc_time t;
        if (rtc_read(&t) && t.year >= 1970)
            at_boot = seconds_since_1970(&t) - uptime_ms() / 1000;
        asked = true;
    }
    return at_boot + uptime_ms() / 1000;
}

static const struct {
    int error;
    const char *text;
} texts[] = {
    {EPERM, "Operation not permitted"}, {ENOENT, "No such file or directory"}, {EIO, "Input/output error"},
    {ENXIO, "No such device"}, {E2BIG, "Too much or too deep for one call"}, {EBADF, "Bad file descriptor"}, {EAGAIN, "Try again"}, {ENOMEM, "Out of memory"},
    {EBUSY, "Device or resource busy"}, {EEXIST, "File exists"}, {EXDEV, "On another file system"},
    {ENODEV, "No file system of a known kind"}, {ENOTDIR, "Not a directory"}, {EISDIR, "Is a directory"},
    {EINVAL, "Invalid argument"}, {ENFILE, "Too many open files"}, {EFBIG, "File too large"},
    {ENOSPC, "No space left"}, {EROFS, "Read-only file system"}, {EMLINK, "Too many links"},
    {ERANGE, "Out of range"}, {ENAMETOOLONG, "File name too long"}, {ENOSYS, "Not implemented"},
    {ENOTEMPTY, "Directory not empty"}, {ELOOP, "Too many symbolic links"}, {EBADMSG, "Damaged data"},
    {EOVERFLOW, "Value too large"}, {EOPNOTSUPP, "Operation not supported"}, {EPROTO, "Protocol error"},
    {ETIMEDOUT, "Timed out"}, {ENETUNREACH, "Network is unreachable"}, {ECONNREFUSED, "Connection refused"},
    {EHOSTUNREACH, "No route to host"}, {ECANCELED, "Operation canceled"},
};

const char *errno_text(int error) {
    if (error < 0)
        error = -error;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (texts[i].error == error)
            return texts[i].text;
    return error == 0 ? "Success" : "Unknown error";
}
