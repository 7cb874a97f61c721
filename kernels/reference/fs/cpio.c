/* The CPIO newc format: for each file a header of 110 characters, all numbers as eight hexadecimal digits, then the
 * name and the contents, each filled up to four bytes. "TRAILER!!!" ends an archive; another may follow. */
#include <auton/errno.h>
#include <auton/string.h>
#include "cpio.h"

#define MAGIC "070701"
#define TRAILER "TRAILER!!!"
#define HEADER_BYTES 110
#define NAME_MAX 4096

enum field { INO, MODE, UID, GID, NLINK, MTIME, FILESIZE, DEV_MAJOR, DEV_MINOR, RDEV_MAJOR, RDEV_MINOR, NAMESIZE, CHECK,
             FIELDS };

static bool read_fields(const char *header, uint32_t *fields) {
    const char *p = header + sizeof MAGIC - 1;
    for (unsigned f = 0; f < FIELDS; f++) {
        fields[f] = 0;
        for (unsigned digit = 0; digit < 8; digit++, p++) {
            uint32_t value = *p >= '0' && *p <= '9'   ? (uint32_t)(*p - '0')
                             : *p >= 'a' && *p <= 'f' ? (uint32_t)(*p - 'a' + 10)
                             : *p >= 'A' && *p <= 'F' ? (uint32_t)(*p - 'A' + 10)
                                                      : 16;
            if (value == 16)
                return false;
            fields[f] = fields[f] << 4 | value;
        }
    }
    return true;
}

bool cpio_is_archive(const void *archive, size_t size) {
    return size >= HEADER_BYTES && memcmp(archive, MAGIC, sizeof MAGIC - 1) == 0;
}

/* `*at` moves over `bytes` and what fills them up; false when that is not all there. */
static bool take(size_t size, size_t *at, size_t bytes) {
    if (bytes > size - *at)
        return false;
    *at += bytes;
    size_t filled = ALIGN_UP(*at, 4);
    *at = filled < size ? filled : size; /* the last filling may be missing */
    return true;
}

int cpio_next(const void *archive, size_t size, size_t *offset, struct cpio_entry *out) {
    const char *bytes = archive;
    uint32_t f[FIELDS];
    for (size_t at = *offset;;) {
        while (at < size && !bytes[at])
            at++; /* archives are filled up to whole blocks */
        if (at == size)
            return 0;
        size_t name, data;
        if (!cpio_is_archive(bytes + at, size - at) || !read_fields(bytes + at, f))
            return -EBADMSG;
        name = at + HEADER_BYTES;
        data = name;
        if (f[NAMESIZE] == 0 || f[NAMESIZE] > NAME_MAX || !take(size, &data, f[NAMESIZE]))
            return -EBADMSG;
        if (strnlen(bytes + name, f[NAMESIZE]) + 1 != f[NAMESIZE])
            return -EBADMSG;
        at = data;
        if (!take(size, &at, f[FILESIZE]))
            return -EBADMSG;
        if (strcmp(bytes + name, TRAILER) == 0)
            continue;
        *out = (struct cpio_entry){f[INO], f[MODE], f[UID], f[GID], f[NLINK], f[MTIME], bytes + name,
                                   (const uint8_t *)bytes + data, f[FILESIZE]};
        *offset = at;
        return 1;
    }
}
