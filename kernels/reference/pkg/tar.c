/* The ustar format: for each file a header of 512 bytes with numbers in octal digits, then the contents, filled up to
 * 512 bytes. Two empty blocks end an archive. */
#include <auton/string.h>
#include "pkg_internal.h"

#define BLOCK 512
enum field { NAME = 0, SIZE = 124, CHECKSUM = 148, TYPE = 156, MAGIC = 257, PREFIX = 345 };

static bool read_octal(const uint8_t *field, size_t digits, uint64_t *out) {
    size_t i = 0;
    *out = 0;
    while (i < digits && field[i] == ' ')
        i++;
    size_t start = i;
    for (; i < digits && field[i] >= '0' && field[i] <= '7'; i++)
        *out = *out << 3 | (uint64_t)(field[i] - '0');
    return i > start && (i == digits || field[i] == ' ' || field[i] == '\0');
}

static bool is_sound(const uint8_t *h) {
    uint64_t said, sum = 0;
    if (memcmp(h + MAGIC, "ustar", 5) != 0 || !read_octal(h + CHECKSUM, 8, &said))
        return false;
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : h[i];
    return sum == said;
}

static bool is_empty(const uint8_t *h) {
    for (size_t i = 0; i < BLOCK; i++)
        if (h[i])
            return false;
    return true;
}

static void copy_name(const uint8_t *h, char *out, size_t size) {
    size_t used = 0, prefix = strnlen((const char *)h + PREFIX, 155), name = strnlen((const char *)h + NAME, 100);
    if (prefix && prefix + 1 < size) {
        memcpy(out, h + PREFIX, prefix);
        out[prefix] = '/';
        used = prefix + 1;
    }
    if (used + name >= size)
        name = size - used - 1;
    memcpy(out + used, h + NAME, name);
    out[used + name] = '\0';
}

int tar_next(const void *archive, size_t size, size_t *offset, struct tar_entry *out) {
    const uint8_t *h = (const uint8_t *)archive + *offset;
    uint64_t bytes;
    size_t left = size - *offset;
    if (left < BLOCK || is_empty(h))
        return left && left < BLOCK ? -EBADMSG : 0;
    if (!is_sound(h) || !read_octal(h + SIZE, 12, &bytes) || bytes > left - BLOCK)
        return -EBADMSG;
    copy_name(h, out->name, sizeof out->name);
    out->type = h[TYPE] ? (char)h[TYPE] : '0';
    out->data = h + BLOCK;
    out->bytes = (size_t)bytes;
    size_t filled = BLOCK + (size_t)ALIGN_UP(bytes, BLOCK);
    *offset += filled < left ? filled : left;
    return 1;
}

int tar_find(const void *archive, size_t size, const char *name, struct tar_entry *out) {
    size_t offset = 0;
    int result;
    while ((result = tar_next(archive, size, &offset, out)) == 1) {
        const char *there = out->name[0] == '.' && out->name[1] == '/' ? out->name + 2 : out->name;
        if (out->type == '0' && strcmp(there, name) == 0)
            return 0;
    }
    return result ? result : -ENOENT;
}
