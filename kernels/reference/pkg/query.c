/* What packages there are, installed and in the repository. */
#include <auton/mm.h>
#include <auton/string.h>
#include "pkg_internal.h"

static void describe(const struct manifest *m, struct pkg_info *out) {
    strlcpy(out->name, m->name, sizeof out->name);
    strlcpy(out->version, m->version, sizeof out->version);
    strlcpy(out->description, m->description, sizeof out->description);
    strlcpy(out->category, m->category, sizeof out->category);
    strlcpy(out->depends, m->depends_text, sizeof out->depends);
    out->files = m->file_count;
}

int pkg_find(const char *name, struct pkg_info *out) {
    struct registry r;
    struct available *a = kmalloc(sizeof *a);
    *out = (struct pkg_info){0};
    int result = a ? registry_read(&r) : -ENOMEM;
    if (result) {
        kfree(a);
        return result;
    }
    int found = repository_find(name, a);
    if (found == 0) {
        describe(&a->manifest, out);
        strlcpy(out->available, a->manifest.version, sizeof out->available);
        strlcpy(out->url, a->path, sizeof out->url);
        manifest_free(&a->manifest);
    }
    const struct registry_line *line = registry_find(&r, name);
    struct manifest m;
    if (line && manifest_read(name, &m) == 0) {
        describe(&m, out);
        manifest_free(&m);
    }
    if (line) {
        strlcpy(out->name, line->name, sizeof out->name);
        strlcpy(out->version, line->version, sizeof out->version);
        strlcpy(out->url, line->url, sizeof out->url);
        out->installed = true;
        out->install_time = line->install_time;
    }
    kfree(a);
    registry_free(&r);
    return line || found == 0 ? 0 : found;
}

/* The smallest name that is greater than `after`. */
struct next {
    const char *after;
    char name[PKG_NAME_MAX];
};

static void consider(struct next *n, const char *name) {
    if (strcmp(name, n->after) > 0 && (!n->name[0] || strcmp(name, n->name) < 0))
        strlcpy(n->name, name, sizeof n->name);
}

static int consider_available(const struct available *a, void *arg) {
    consider(arg, a->manifest.name);
    return 0;
}

int pkg_at(size_t index, struct pkg_info *out) {
    struct registry r;
    char after[PKG_NAME_MAX] = "";
    int result = registry_read(&r);
    if (result)
        return result;
    for (size_t i = 0; i <= index && result == 0; i++) {
        struct next n = {.after = after, .name = ""};
        for (size_t l = 0; l < r.count; l++)
            consider(&n, r.lines[l].name);
        result = repository_each(consider_available, &n);
        if (result == 0 && !n.name[0])
            result = -ENOENT;
        strlcpy(after, n.name, sizeof after);
    }
    registry_free(&r);
    return result ? result : pkg_find(after, out);
}
