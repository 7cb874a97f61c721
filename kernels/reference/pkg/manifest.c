/* What a package says about itself: lines of key=value. Keys that are not known are left alone, for those who come
 * later; what is known has to make sense, above all where files go. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "pkg_internal.h"

#define MOST_FILES 1024
#define MOST_LINE 640

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

int version_compare(const char *a, const char *b) {
    while (*a || *b) {
        if (is_digit(*a) && is_digit(*b)) {
            while (*a == '0')
                a++;
            while (*b == '0')
                b++;
            size_t len_a = 0, len_b = 0;
            while (is_digit(a[len_a]))
                len_a++;
            while (is_digit(b[len_b]))
                len_b++;
            int order = len_a != len_b ? (len_a > len_b ? 1 : -1) : strncmp(a, b, len_a);
            if (order)
                return order;
            a += len_a;
            b += len_b;
        } else if (*a != *b) {
            return (uint8_t)*a - (uint8_t)*b;
        } else {
            a++;
            b++;
        }
    }
    return 0;
}

bool pkg_name_is_good(const char *name) {
    size_t len = strnlen(name, PKG_NAME_MAX);
    if (!len || len == PKG_NAME_MAX || *name == '.' || *name == '-')
        return false;
    for (const char *p = name; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || is_digit(*p) || strchr("-_.+", *p)))
            return false;
    return true;
}

static bool version_is_good(const char *version) {
    for (const char *p = version; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '|' || *p == '/')
            return false;
    return *version != '\0';
}

/* A whole path without "." and "..", and not into the package manager's own folder. */
static bool path_is_good(const char *path) {
    if (*path != '/' || !path[1] || strncmp(path, PKG_ROOT "/", sizeof PKG_ROOT) == 0)
        return false;
    for (const char *p = path; *p;) {
        size_t len = 0;
        p++;
        while (p[len] && p[len] != '/') {
            if ((uint8_t)p[len] < ' ' || p[len] == ',' || p[len] == '|')
                return false;
            len++;
        }
        if (!len || (len == 1 && *p == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        p += len;
    }
    return true;
}

static int hex(char c) {
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_sum(const char *text, uint8_t sum[32]) {
    for (unsigned i = 0; i < 64; i++) {
        int digit = hex(text[i]);
        if (digit < 0)
            return false;
        sum[i / 2] = (uint8_t)(i % 2 ? sum[i / 2] | digit : digit << 4);
    }
    return !text[64];
}

void sum_format(const uint8_t sum[32], char out[65]) {
    for (unsigned i = 0; i < 32; i++)
        ksnprintf(out + 2 * i, 3, "%02x", sum[i]);
}

static bool read_mode(const char *text, uint32_t *mode) {
    *mode = 0;
    size_t len = 0;
    for (; text[len] >= '0' && text[len] <= '7'; len++)
        *mode = *mode << 3 | (uint32_t)(text[len] - '0');
    return len && len <= 4 && !text[len] && *mode <= 0777;
}

/* "dst,src,mode,sha256:..." */
static int add_file(struct manifest *m, char *value) {
    char *part[4] = {value};
    for (unsigned i = 1; i < 4; i++) {
        char *comma = strchr(part[i - 1], ',');
        if (!comma)
            return pkg_failed(-EBADMSG, "%s: a file without place, source, mode and sum", m->name);
        *comma = '\0';
        part[i] = comma + 1;
    }
    struct pkg_file f;
    if (!path_is_good(part[0]) || strlcpy(f.path, part[0], sizeof f.path) >= sizeof f.path)
        return pkg_failed(-EBADMSG, "%s: a file cannot go to %.100s", m->name, part[0]);
    if (strlcpy(f.source, part[1], sizeof f.source) >= sizeof f.source || !f.source[0] || !read_mode(part[2], &f.mode) ||
        strncmp(part[3], "sha256:", 7) != 0 || !read_sum(part[3] + 7, f.sum))
        return pkg_failed(-EBADMSG, "%s: source, mode or sum of %.100s make no sense", m->name, f.path);
    for (size_t i = 0; i < m->file_count; i++)
        if (strcmp(m->files[i].path, f.path) == 0)
            return pkg_failed(-EBADMSG, "%s: two files go to %.100s", m->name, f.path);
    m->files[m->file_count++] = f;
    return 0;
}

/* "one, two>=1.2" */
static int add_depends(struct manifest *m, const char *value) {
    strlcpy(m->depends_text, value, sizeof m->depends_text);
    for (const char *p = value; *p;) {
        struct pkg_depend d = {"", ""};
        while (*p == ' ' || *p == ',')
            p++;
        size_t len = 0;
        while (*p && *p != ' ' && *p != ',' && *p != '>' && len + 1 < sizeof d.name)
            d.name[len++] = *p++;
        if (!len)
            break;
        if (p[0] == '>' && p[1] == '=') {
            p += 2;
            for (len = 0; *p && *p != ' ' && *p != ',' && len + 1 < sizeof d.least;)
                d.least[len++] = *p++;
        }
        if (!pkg_name_is_good(d.name) || m->depend_count == PKG_MOST_DEPENDS || (*p && *p != ' ' && *p != ','))
            return pkg_failed(-EBADMSG, "%s: what it depends on makes no sense", m->name);
        m->depends[m->depend_count++] = d;
    }
    return 0;
}

static int read_line(struct manifest *m, char *line) {
    char *value = strchr(line, '=');
    if (!*line || *line == '#')
        return 0;
    if (!value)
        return pkg_failed(-EBADMSG, "MANIFEST: a line without '='");
    *value++ = '\0';
    if (strcmp(line, "name") == 0) {
        strlcpy(m->name, value, sizeof m->name);
        return pkg_name_is_good(value) ? 0 : pkg_failed(-EBADMSG, "MANIFEST: a name that cannot be");
    }
    if (strcmp(line, "version") == 0) {
        bool good = strlcpy(m->version, value, sizeof m->version) < sizeof m->version && version_is_good(value);
        return good ? 0 : pkg_failed(-EBADMSG, "MANIFEST: a version that cannot be");
    }
    if (strcmp(line, "description") == 0)
        strlcpy(m->description, value, sizeof m->description);
    else if (strcmp(line, "category") == 0)
        strlcpy(m->category, value, sizeof m->category);
    else if (strcmp(line, "depends") == 0)
        return add_depends(m, value);
    else if (strcmp(line, "file") == 0)
        return add_file(m, value);
    return 0;
}

void manifest_free(struct manifest *m) {
    kfree(m->files);
    m->files = NULL;
}

static size_t count_files(const char *text, size_t bytes) {
    size_t count = 0;
    for (size_t i = 0; i + 5 < bytes; i++)
        count += (i == 0 || text[i - 1] == '\n') && memcmp(text + i, "file=", 5) == 0;
    return count;
}

int manifest_parse(const char *text, size_t bytes, struct manifest *m) {
    size_t files = count_files(text, bytes);
    memset(m, 0, sizeof *m);
    if (files > MOST_FILES)
        return pkg_failed(-EBADMSG, "MANIFEST: more than %d files", MOST_FILES);
    m->files = kzalloc((files + 1) * sizeof m->files[0]);
    char *line = kmalloc(MOST_LINE);
    int result = line && m->files ? 0 : -ENOMEM;
    for (size_t at = 0; at < bytes && result == 0;) {
        size_t len = 0;
        while (at + len < bytes && text[at + len] != '\n')
            len++;
        if (len >= MOST_LINE || strnlen(text + at, len) < len) {
            result = pkg_failed(-EBADMSG, "MANIFEST: a line that is no text, or too long");
            break;
        }
        memcpy(line, text + at, len);
        line[len && line[len - 1] == '\r' ? len - 1 : len] = '\0';
        result = read_line(m, line);
        at += len + 1;
    }
    if (result == 0 && (!m->name[0] || !m->version[0]))
        result = pkg_failed(-EBADMSG, "MANIFEST: no name or no version");
    kfree(line);
    if (result)
        manifest_free(m);
    return result;
}
