/* Changing many files as if it were one step. New files are written beside the old ones; a journal that names all
 * renames and removals then appears in one step, and from there on the change is finished, if need be after the next
 * start. Before, what was written is taken away again, and nothing has happened. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "pkg_internal.h"

unsigned transaction_stop_after;

/* Lines of "word|path". */
struct lines {
    char *text;
    size_t bytes, room;
    bool failed;
};

static void add_line(struct lines *l, const char *word, const char *path) {
    size_t need = strlen(word) + strlen(path) + 3;
    if (l->bytes + need > l->room) {
        size_t room = (l->room + need) * 2;
        char *more = kmalloc(room);
        if (!more) {
            l->failed = true;
            return;
        }
        if (l->bytes)
            memcpy(more, l->text, l->bytes);
        kfree(l->text);
        l->text = more;
        l->room = room;
    }
    l->bytes += (size_t)ksnprintf(l->text + l->bytes, l->room - l->bytes, "%s|%s\n", word, path);
}

static bool power_fails(void) {
    return transaction_stop_after && --transaction_stop_after == 0;
}

static char *staged_path(const char *path) {
    char *staged = kmalloc(strlen(path) + sizeof PKG_SUFFIX);
    if (staged) {
        strlcpy(staged, path, strlen(path) + 1);
        strlcat(staged, PKG_SUFFIX, strlen(path) + sizeof PKG_SUFFIX);
    }
    return staged;
}

static int make_parent(const char *path) {
    char *parent = kmalloc(strlen(path) + 1);
    if (!parent)
        return -ENOMEM;
    strlcpy(parent, path, strlen(path) + 1);
    char *slash = parent;
    for (char *p = parent; *p; p++)
        if (*p == '/')
            slash = p;
    *slash = '\0';
    int result = *parent ? vfs_mkdir_all(parent, 0755) : 0;
    kfree(parent);
    return result;
}

static int stage(const char *path, uint32_t mode, const void *data, size_t bytes) {
    char *staged = staged_path(path);
    int result = staged ? make_parent(path) : -ENOMEM;
    if (result == 0)
        result = vfs_open(staged, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (result >= 0) {
        int fd = result;
        int64_t n = bytes ? vfs_write(fd, data, bytes) : 0;
        vfs_close(fd);
        result = n < 0 ? (int)n : (size_t)n < bytes ? -ENOSPC : 0;
    }
    kfree(staged);
    return result;
}

/* Directories that are empty now; one that somebody else uses is not. */
static void remove_empty_parents(char *path) {
    for (;;) {
        char *slash = path;
        for (char *p = path; *p; p++)
            if (*p == '/')
                slash = p;
        if (slash == path || strcmp(path, PKG_MANIFESTS) == 0)
            return;
        *slash = '\0';
        if (vfs_rmdir(path))
            return;
    }
}

/* Each step may have been done already. */
static int apply_line(char *line) {
    char *path = strchr(line, '|');
    int result;
    if (!path)
        return -EBADMSG;
    *path++ = '\0';
    if (strcmp(line, "move") == 0) {
        char *staged = staged_path(path);
        result = staged ? vfs_rename(staged, path) : -ENOMEM;
        kfree(staged);
    } else {
        result = vfs_unlink(path);
        if (result == 0 || result == -ENOENT)
            remove_empty_parents(path);
    }
    return result == -ENOENT ? 0 : result;
}

static int each_line(const char *file, int (*work)(char *line)) {
    struct stat s;
    int result = vfs_stat(file, &s);
    if (result)
        return result;
    char *text = s.size < MB(1) ? kmalloc(s.size + 2) : NULL;
    int64_t n = text ? vfs_read_file(file, text, s.size + 2) : -ENOMEM;
    result = n < 0 ? (int)n : 0;
    for (char *line = text, *next; n > 0 && *line && result == 0; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        else
            next = line + strlen(line);
        if (power_fails())
            result = -EINTR;
        else
            result = work(line);
    }
    kfree(text);
    return result;
}

static int discard_line(char *line) {
    char *path = strchr(line, '|');
    char *staged = path ? staged_path(path + 1) : NULL;
    int result = staged ? vfs_unlink(staged) : -ENOMEM;
    if (result == 0)
        remove_empty_parents(staged);
    kfree(staged);
    return result == -ENOENT ? 0 : result;
}

int transaction_recover(void) {
    int result = each_line(PKG_JOURNAL, apply_line);
    if (result == 0)
        result = vfs_sync();
    if (result == -ENOENT) {
        result = each_line(PKG_STAGED, discard_line);
        if (result == -ENOENT)
            return 0; /* as it is nearly always */
    }
    if (result)
        return result;
    vfs_unlink(PKG_JOURNAL);
    vfs_unlink(PKG_STAGED);
    return vfs_sync();
}

static bool stays(const struct manifest *m, const char *path) {
    for (size_t i = 0; m && i < m->file_count; i++)
        if (strcmp(m->files[i].path, path) == 0)
            return true;
    return false;
}

static void plan(const struct transaction *t, struct lines *moves, struct lines *all) {
    const struct manifest *new = t->package ? &t->package->manifest : NULL;
    char manifest[sizeof PKG_MANIFESTS + PKG_NAME_MAX + 1];
    for (size_t i = 0; new && i < new->file_count; i++)
        add_line(moves, "move", new->files[i].path);
    ksnprintf(manifest, sizeof manifest, PKG_MANIFESTS "/%s", new ? new->name : t->old->name);
    if (new)
        add_line(moves, "move", manifest);
    add_line(moves, "move", PKG_REGISTRY);
    all->failed = moves->failed;
    for (size_t i = 0; t->old && i < t->old->file_count; i++)
        if (!stays(new, t->old->files[i].path))
            add_line(all, "remove", t->old->files[i].path);
    if (!new)
        add_line(all, "remove", manifest);
}

static int stage_package(const struct package *p) {
    char manifest[sizeof PKG_MANIFESTS + PKG_NAME_MAX + 1];
    struct tar_entry e;
    int result = 0;
    for (size_t i = 0; i < p->manifest.file_count && result == 0; i++) {
        const struct pkg_file *f = &p->manifest.files[i];
        result = power_fails() ? -EINTR : tar_find(p->data, p->bytes, f->source, &e);
        if (result == 0)
            result = stage(f->path, f->mode, e.data, e.bytes);
    }
    ksnprintf(manifest, sizeof manifest, PKG_MANIFESTS "/%s", p->manifest.name);
    if (result == 0)
        result = tar_find(p->data, p->bytes, "MANIFEST", &e);
    return result == 0 ? stage(manifest, 0644, e.data, e.bytes) : result;
}

static int stage_all(const struct transaction *t) {
    char *text;
    size_t bytes;
    int result = t->package ? stage_package(t->package) : 0;
    if (result == 0)
        result = registry_text(t->registry, &text, &bytes);
    if (result)
        return result;
    result = stage(PKG_REGISTRY, 0644, text, bytes);
    kfree(text);
    return result;
}

int transaction_run(const struct transaction *t) {
    struct lines moves = {0}, all = {0};
    plan(t, &moves, &all);
    int result = moves.failed || all.failed ? -ENOMEM : vfs_mkdir_all(PKG_MANIFESTS, 0755);
    if (result == 0)
        result = vfs_write_file(PKG_STAGED, moves.text, moves.bytes);
    if (result == 0)
        result = stage_all(t);
    if (result == 0)
        result = vfs_sync();
    if (result == 0) { /* both lists are the journal */
        char *journal = kmalloc(moves.bytes + all.bytes + 1);
        if (journal) {
            memcpy(journal, moves.text, moves.bytes);
            if (all.bytes)
                memcpy(journal + moves.bytes, all.text, all.bytes);
        }
        result = !journal ? -ENOMEM : power_fails() ? -EINTR : vfs_write_file(PKG_JOURNAL, journal, moves.bytes + all.bytes);
        kfree(journal);
    }
    kfree(moves.text);
    kfree(all.text);
    if (result == -EINTR)
        return result; /* the power has failed: nobody tidies up now */
    int tidied = transaction_recover(); /* to the end, or back to the start */
    return result ? result : tidied;
}
