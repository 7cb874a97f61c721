/* The package manager: install, remove, upgrade, verify. Each of these is one transaction for each package. */
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/sched.h>
#include <auton/shell.h>
#include <auton/string.h>
#include "resolve.h"

#define MOST_AT_ONCE 64

static struct mutex lock;
static char last_error[256];

const char *pkg_error(void) {
    return last_error;
}

int pkg_failed(int error, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    kvsnprintf(last_error, sizeof last_error, fmt, args);
    va_end(args);
    return error;
}

/* Locked, with everything settled and the registry read; end() in any case. */
static int begin(struct registry *r) {
    mutex_lock(&lock);
    last_error[0] = '\0';
    *r = (struct registry){0};
    if (!vfs_ready())
        return pkg_failed(-ENODEV, "there is no file system");
    int result = transaction_recover();
    return result ? result : registry_read(r);
}

static int end(struct registry *r, int result) {
    registry_free(r);
    if (result < 0 && !last_error[0])
        pkg_failed(result, "%s", errno_text(result));
    mutex_unlock(&lock);
    return result;
}

/* What a power cut has interrupted is settled before anybody looks. */
static void pkg_start(void) {
    struct stat s;
    bool interrupted = vfs_stat(PKG_JOURNAL, &s) == 0 || vfs_stat(PKG_STAGED, &s) == 0;
    int result = interrupted ? transaction_recover() : 0;
    if (result)
        log_error("PKG", "An interrupted installation cannot be settled: %s", errno_text(result));
    else if (interrupted)
        log_info("PKG", "Settled an installation that was interrupted");
}
INITCALL(INIT_SYS, pkg_start);

/* A kernel without a shell cannot run scripts. */
__attribute__((weak)) int shell_execute(char *line) {
    (void)line;
    return -ENOSYS;
}

/* The lines of a script are commands of the shell, other than `pkg`; one that fails is told, the rest goes on. */
static void run_script(const struct package *p, const char *name) {
    struct tar_entry e;
    if (tar_find(p->data, p->bytes, name, &e))
        return;
    char *line = kmalloc(SHELL_LINE_MAX);
    for (size_t at = 0; line && at < e.bytes;) {
        size_t len = 0;
        while (at + len < e.bytes && e.data[at + len] != '\n')
            len++;
        if (len && len < SHELL_LINE_MAX && e.data[at] != '#' && strncmp((const char *)e.data + at, "pkg", 3) != 0) {
            memcpy(line, e.data + at, len);
            line[len] = '\0';
            int status = shell_execute(line);
            if (status)
                log_warn("PKG", "%s: %s: status %d", p->manifest.name, line, status);
        }
        at += len + 1;
    }
    kfree(line);
}

/* Nobody else's file is overwritten. */
static int check_owners(struct registry *r, const struct manifest *m, const struct manifest *old) {
    struct stat s;
    for (size_t i = 0; i < m->file_count; i++) {
        const char *path = m->files[i].path;
        bool ours = false;
        for (size_t k = 0; old && k < old->file_count; k++)
            ours |= strcmp(old->files[k].path, path) == 0;
        if (ours || vfs_lstat(path, &s))
            continue;
        for (size_t l = 0; l < r->count; l++) {
            struct manifest other;
            if (strcmp(r->lines[l].name, m->name) == 0 || manifest_read(r->lines[l].name, &other))
                continue;
            bool theirs = false;
            for (size_t k = 0; k < other.file_count; k++)
                theirs |= strcmp(other.files[k].path, path) == 0;
            manifest_free(&other);
            if (theirs)
                return pkg_failed(-EEXIST, "%s belongs to the package %s", path, r->lines[l].name);
        }
        return pkg_failed(-EEXIST, "%s is there already and belongs to no package", path);
    }
    return 0;
}

static int install_package(struct registry *r, const struct package *p, const char *url) {
    const struct registry_line *there = registry_find(r, p->manifest.name);
    struct manifest old = {0};
    if (there && version_compare(there->version, p->manifest.version) == 0)
        return pkg_failed(-EEXIST, "%s %s is installed already", there->name, there->version);
    int result = there ? manifest_read(there->name, &old) : 0;
    if (result == 0)
        result = check_owners(r, &p->manifest, there ? &old : NULL);
    struct registry_line line = {.status = "installed", .install_time = 0};
    if (result == 0) {
        strlcpy(line.name, p->manifest.name, sizeof line.name);
        strlcpy(line.version, p->manifest.version, sizeof line.version);
        strlcpy(line.url, strchr(url, '|') ? "" : url, sizeof line.url);
        line.install_time = fs_now();
        result = registry_put(r, &line);
    }
    if (result == 0)
        result = transaction_run(&(struct transaction){p, there ? &old : NULL, r});
    manifest_free(&old);
    if (result)
        return result;
    run_script(p, "scripts/post-install");
    log_info("PKG", "Installed %s %s", line.name, line.version);
    return 0;
}

static int install_path(struct registry *r, const char *path, const char *url) {
    struct package *p = kmalloc(sizeof *p);
    int result = p ? package_load(path, p) : -ENOMEM;
    if (result == 0) {
        result = install_package(r, p, url);
        package_free(p);
    }
    kfree(p);
    return result;
}

static int install_each(struct registry *r, const struct resolve *plan) {
    struct available *a = kmalloc(sizeof *a);
    int result = a ? 0 : -ENOMEM;
    for (size_t i = 0; i < plan->count && result == 0; i++) {
        result = repository_find(plan->names[i], a);
        if (result == 0) {
            manifest_free(&a->manifest);
            result = install_path(r, a->path, a->path);
        }
    }
    kfree(a);
    return result;
}

/* A package file: what it needs first, then itself. */
static int install_file(struct registry *r, struct resolve *plan, const char *path, const char *url) {
    struct package *p = kmalloc(sizeof *p);
    int result = p ? package_load(path, p) : -ENOMEM;
    if (result == 0) {
        result = resolve_depends(plan, &p->manifest);
        if (result == 0)
            result = install_each(r, plan);
        if (result == 0)
            result = install_package(r, p, url);
        package_free(p);
    }
    kfree(p);
    return result;
}

int pkg_install(const char *what) {
    struct registry r;
    char path[96];
    struct resolve plan = {.registry = &r, .max = MOST_AT_ONCE};
    int result = begin(&r);
    plan.names = kmalloc(MOST_AT_ONCE * sizeof plan.names[0]);
    if (result == 0 && !plan.names)
        result = -ENOMEM;
    if (result == 0 && strncmp(what, "http://", 7) == 0) {
        result = repository_fetch(what, path, sizeof path);
        if (result == 0)
            result = install_file(&r, &plan, path, what);
        vfs_unlink(path);
    } else if (result == 0 && strchr(what, '/')) {
        result = install_file(&r, &plan, what, what);
    } else if (result == 0) {
        const struct registry_line *there = registry_find(&r, what);
        result = there ? pkg_failed(-EEXIST, "%s %s is installed already", there->name, there->version)
                       : resolve_name(&plan, what);
        if (result == 0)
            result = install_each(&r, &plan);
    }
    kfree(plan.names);
    return end(&r, result);
}

int pkg_plan(const char *name, char (*names)[PKG_NAME_MAX], size_t max) {
    struct registry r;
    struct resolve plan = {.registry = &r, .names = names, .max = max};
    int result = begin(&r);
    if (result == 0)
        result = resolve_name(&plan, name);
    return end(&r, result ? result : (int)plan.count);
}

static const char *who_needs(struct registry *r, const char *name) {
    for (size_t i = 0; i < r->count; i++) {
        struct manifest m;
        if (strcmp(r->lines[i].name, name) == 0 || manifest_read(r->lines[i].name, &m))
            continue;
        bool needs = false;
        for (size_t k = 0; k < m.depend_count; k++)
            needs |= strcmp(m.depends[k].name, name) == 0;
        manifest_free(&m);
        if (needs)
            return r->lines[i].name;
    }
    return NULL;
}

int pkg_remove(const char *name) {
    struct registry r;
    struct manifest old = {0};
    int result = begin(&r);
    if (result == 0 && !registry_find(&r, name))
        result = pkg_failed(-ENOENT, "%.64s is not installed", name);
    const char *needed_by = result == 0 ? who_needs(&r, name) : NULL;
    if (needed_by)
        result = pkg_failed(-EBUSY, "%s needs %s", needed_by, name);
    if (result == 0)
        result = manifest_read(name, &old);
    if (result == 0) {
        registry_drop(&r, name);
        result = transaction_run(&(struct transaction){NULL, &old, &r});
        if (result == 0)
            log_info("PKG", "Removed %s %s", old.name, old.version);
        manifest_free(&old);
    }
    return end(&r, result);
}

int pkg_upgrade(const char *name) {
    struct registry r;
    struct resolve plan = {.registry = &r, .max = MOST_AT_ONCE};
    struct available *a = kmalloc(sizeof *a);
    int result = begin(&r);
    const struct registry_line *there = result == 0 ? registry_find(&r, name) : NULL;
    if (result == 0 && !there)
        result = pkg_failed(-ENOENT, "%.64s is not installed", name);
    plan.names = kmalloc(MOST_AT_ONCE * sizeof plan.names[0]);
    if (result == 0 && !(a && plan.names))
        result = -ENOMEM;
    if (result == 0) {
        int found = repository_find(name, a);
        bool newer = found == 0 && version_compare(a->manifest.version, there->version) > 0;
        if (found == 0)
            manifest_free(&a->manifest);
        if (newer)
            result = install_file(&r, &plan, a->path, a->path);
        if (newer && result == 0)
            result = 1;
    }
    kfree(plan.names);
    kfree(a);
    return end(&r, result);
}

int pkg_verify(const char *name, void (*report)(const char *path, const char *what)) {
    struct registry r;
    struct manifest m = {0};
    int result = begin(&r), wrong = 0;
    if (result == 0 && !registry_find(&r, name))
        result = pkg_failed(-ENOENT, "%.64s is not installed", name);
    if (result == 0)
        result = manifest_read(name, &m);
    for (size_t i = 0; result == 0 && i < m.file_count; i++) {
        const char *what = file_problem(&m.files[i]);
        wrong += what != NULL;
        if (what && report)
            report(m.files[i].path, what);
    }
    manifest_free(&m);
    return end(&r, result ? result : wrong);
}
