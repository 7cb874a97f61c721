/* What is installed: a line for each package in /var/pkg/registry, and its MANIFEST beside. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "pkg_internal.h"

#define FIELDS 5
#define MOST_LINE 512
#define MOST_PACKAGES 1024

/* A whole file for kfree(), with a zero behind it. */
static int read_whole(const char *path, char **text, size_t *bytes) {
    int fd = vfs_open(path, O_RDONLY, 0);
    struct stat s;
    if (fd < 0)
        return fd;
    int result = vfs_fstat(fd, &s);
    if (result == 0 && s.size > PKG_MOST_BYTES)
        result = -EFBIG;
    char *data = result == 0 ? kmalloc(s.size + 1) : NULL;
    if (result == 0 && !data)
        result = -ENOMEM;
    int64_t n = result == 0 ? vfs_read(fd, data, s.size) : result;
    vfs_close(fd);
    if (n < 0 || (uint64_t)n != s.size) {
        kfree(data);
        return n < 0 ? (int)n : -EIO;
    }
    data[n] = '\0';
    *text = data;
    *bytes = (size_t)n;
    return 0;
}

static bool read_line(char *line, struct registry_line *out) {
    char *part[FIELDS] = {line};
    for (unsigned i = 1; i < FIELDS; i++) {
        char *bar = strchr(part[i - 1], '|');
        if (!bar)
            return false;
        *bar = '\0';
        part[i] = bar + 1;
    }
    *out = (struct registry_line){0};
    return pkg_name_is_good(part[0]) && strlcpy(out->name, part[0], sizeof out->name) < sizeof out->name &&
           strlcpy(out->version, part[1], sizeof out->version) < sizeof out->version &&
           strlcpy(out->status, part[2], sizeof out->status) < sizeof out->status &&
           parse_u64(part[3], &out->install_time) && strlcpy(out->url, part[4], sizeof out->url) < sizeof out->url;
}

int registry_read(struct registry *r) {
    char *text;
    size_t bytes;
    *r = (struct registry){0};
    int result = read_whole(PKG_REGISTRY, &text, &bytes);
    if (result)
        return result == -ENOENT ? 0 : result;
    for (char *line = text, *next; *line && result == 0; line = next) {
        struct registry_line parsed;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        else
            next = line + strlen(line);
        if (*line && !read_line(line, &parsed))
            result = pkg_failed(-EBADMSG, PKG_REGISTRY " is damaged");
        else if (*line)
            result = registry_put(r, &parsed);
    }
    kfree(text);
    if (result)
        registry_free(r);
    return result;
}

void registry_free(struct registry *r) {
    kfree(r->lines);
    *r = (struct registry){0};
}

struct registry_line *registry_find(struct registry *r, const char *name) {
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->lines[i].name, name) == 0)
            return &r->lines[i];
    return NULL;
}

int registry_put(struct registry *r, const struct registry_line *line) {
    struct registry_line *there = registry_find(r, line->name);
    if (there) {
        *there = *line;
        return 0;
    }
    struct registry_line *more = r->count < MOST_PACKAGES ? kmalloc((r->count + 1) * sizeof *more) : NULL;
    if (!more)
        return -ENOMEM;
    size_t at = 0;
    while (at < r->count && strcmp(r->lines[at].name, line->name) < 0)
        at++; /* sorted by name */
    if (r->count) {
        memcpy(more, r->lines, at * sizeof *more);
        memcpy(more + at + 1, r->lines + at, (r->count - at) * sizeof *more);
    }
    more[at] = *line;
    kfree(r->lines);
    r->lines = more;
    r->count++;
    return 0;
}

void registry_drop(struct registry *r, const char *name) {
    struct registry_line *line = registry_find(r, name);
    if (!line)
        return;
    size_t at = (size_t)(line - r->lines);
    memmove(line, line + 1, (r->count - at - 1) * sizeof *line);
    r->count--;
}

int registry_text(const struct registry *r, char **text, size_t *bytes) {
    size_t room = r->count * MOST_LINE + 1;
    *text = kmalloc(room);
    *bytes = 0;
    if (!*text)
        return -ENOMEM;
    (*text)[0] = '\0';
    for (size_t i = 0; i < r->count; i++) {
        const struct registry_line *l = &r->lines[i];
        *bytes += (size_t)ksnprintf(*text + *bytes, room - *bytes, "%s|%s|%s|%lu|%s\n", l->name, l->version, l->status,
                                    l->install_time, l->url);
    }
    return 0;
}

int manifest_read(const char *name, struct manifest *out) {
    char path[sizeof PKG_MANIFESTS + PKG_NAME_MAX + 1], *text;
    size_t bytes;
    ksnprintf(path, sizeof path, PKG_MANIFESTS "/%s", name);
    int result = read_whole(path, &text, &bytes);
    if (result)
        return result;
    result = manifest_parse(text, bytes, out);
    kfree(text);
    return result;
}

void package_free(struct package *p) {
    manifest_free(&p->manifest);
    kfree(p->data);
    p->data = NULL;
}

static int check_files(const struct package *p) {
    for (size_t i = 0; i < p->manifest.file_count; i++) {
        const struct pkg_file *f = &p->manifest.files[i];
        struct tar_entry e;
        struct sha256 s;
        uint8_t sum[32];
        if (tar_find(p->data, p->bytes, f->source, &e))
            return pkg_failed(-EBADMSG, "%s: the package has no %.100s", p->manifest.name, f->source);
        sha256_begin(&s);
        sha256_add(&s, e.data, e.bytes);
        sha256_end(&s, sum);
        if (memcmp(sum, f->sum, sizeof sum) != 0)
            return pkg_failed(-EBADMSG, "%s: %.100s is not what its sum says", p->manifest.name, f->source);
    }
    return 0;
}

int package_load(const char *path, struct package *p) {
    struct tar_entry e;
    char *data;
    *p = (struct package){0};
    int result = read_whole(path, &data, &p->bytes);
    if (result)
        return pkg_failed(result, "%.100s cannot be read: %s", path, errno_text(result));
    p->data = (uint8_t *)data;
    result = tar_find(p->data, p->bytes, "MANIFEST", &e);
    if (result)
        result = pkg_failed(-EBADMSG, "%.100s is no package", path);
    else
        result = manifest_parse((const char *)e.data, e.bytes, &p->manifest);
    if (result == 0)
        result = check_files(p);
    if (result)
        package_free(p);
    return result;
}

const char *file_problem(const struct pkg_file *f) {
    uint8_t sum[32], *chunk = kmalloc(KB(4));
    struct sha256 s;
    int fd = chunk ? vfs_open(f->path, O_RDONLY, 0) : -ENOMEM;
    const char *what = fd == -ENOENT ? "missing" : fd < 0 ? errno_text(fd) : NULL;
    if (fd >= 0) {
        int64_t n;
        sha256_begin(&s);
        while ((n = vfs_read(fd, chunk, KB(4))) > 0)
            sha256_add(&s, chunk, (size_t)n);
        vfs_close(fd);
        sha256_end(&s, sum);
        what = n < 0 ? errno_text((int)n) : memcmp(sum, f->sum, sizeof sum) != 0 ? "changed" : NULL;
    }
    kfree(chunk);
    return what;
}
