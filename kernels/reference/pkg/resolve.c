/* Which packages an installation needs, in the order in which they can be installed: what is needed comes first. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "pkg_internal.h"
#include "resolve.h"

#define MOST_DEPTH 32

static int visit(struct resolve *r, const char *name, const char *least, unsigned depth);

static int visit_depends(struct resolve *r, const struct manifest *m, unsigned depth) {
    int result = 0;
    for (size_t i = 0; i < m->depend_count && result == 0; i++)
        result = visit(r, m->depends[i].name, m->depends[i].least, depth + 1);
    return result;
}

static int enter(struct resolve *r, const char *name, unsigned depth) {
    for (unsigned i = 0; i < depth; i++)
        if (strcmp(r->way[i], name) == 0)
            return pkg_failed(-ELOOP, "%s needs itself, by way of %s", name, r->way[depth - 1]);
    if (depth == MOST_DEPTH)
        return pkg_failed(-ELOOP, "%s: what needs what goes too deep", name);
    r->way[depth] = name;
    return 0;
}

static int visit(struct resolve *r, const char *name, const char *least, unsigned depth) {
    const struct registry_line *there = registry_find(r->registry, name);
    if (there && version_compare(there->version, least) >= 0)
        return 0;
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->names[i], name) == 0)
            return 0;
    int result = enter(r, name, depth);
    struct available *a = result == 0 ? kmalloc(sizeof *a) : NULL;
    if (!a)
        return result ? result : -ENOMEM;
    result = repository_find(name, a);
    if (result) {
        kfree(a);
        return result == -ENOENT && depth ? pkg_failed(-ENOENT, "%s needs %s, which nobody has", r->way[depth - 1], name)
               : result == -ENOENT        ? pkg_failed(-ENOENT, "there is no package %s", name)
                                          : result;
    }
    if (version_compare(a->manifest.version, least) < 0)
        result = pkg_failed(-ENOENT, "%s %s is needed, but there is only %s", name, least, a->manifest.version);
    if (result == 0)
        result = visit_depends(r, &a->manifest, depth);
    if (result == 0 && r->count == r->max)
        result = -E2BIG;
    if (result == 0)
        strlcpy(r->names[r->count++], name, sizeof r->names[0]);
    manifest_free(&a->manifest);
    kfree(a);
    return result;
}

int resolve_name(struct resolve *r, const char *name) {
    r->count = 0;
    return visit(r, name, "", 0);
}

int resolve_depends(struct resolve *r, const struct manifest *m) {
    r->count = 0;
    int result = enter(r, m->name, 0);
    return result ? result : visit_depends(r, m, 0);
}
