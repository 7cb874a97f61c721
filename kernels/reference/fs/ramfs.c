/* A file system in memory: names and nodes, which are numbered by their place in a table. */
#include <auton/arch.h>
#include <auton/mm.h>
#include <auton/string.h>
#include "ramfs.h"

#define ROOT_INO 1

static struct ramfs *ramfs_of(struct filesystem *fs) {
    return fs->data;
}

static int read_inode(struct inode *inode) {
    struct ramfs *r = ramfs_of(inode->fs);
    if (inode->ino >= r->slots || !r->nodes[inode->ino])
        return -ENOENT;
    inode->data = r->nodes[inode->ino];
    ramfs_refresh(inode);
    return 0;
}

static struct node *node_new(struct filesystem *fs, uint32_t mode, uint32_t *ino) {
    struct ramfs *r = ramfs_of(fs);
    uint32_t i = ROOT_INO;
    if (r->used + 1 < r->slots)
        while (r->nodes[i])
            i++;
    else
        i = r->slots ? r->slots : ROOT_INO;
    if (i >= r->slots) {
        uint32_t slots = r->slots ? r->slots * 2 : 64;
        struct node **more = kzalloc(slots * sizeof *more);
        if (!more)
            return NULL;
        if (r->slots)
            memcpy(more, r->nodes, r->slots * sizeof *more);
        kfree(r->nodes);
        r->nodes = more;
        r->slots = slots;
    }
    struct node *n = kzalloc(sizeof *n);
    if (!n)
        return NULL;
    n->mode = mode;
    n->mtime = n->ctime = fs_now();
    n->last = &n->entries;
    r->nodes[i] = n;
    r->used++;
    *ino = i;
    return n;
}

static void node_free(struct ramfs *r, uint32_t ino) {
    struct node *n = r->nodes[ino];
    ramfs_drop_pages(n, 0);
    for (struct entry *e = n->entries, *next; e; e = next) {
        next = e->next;
        kfree(e);
    }
    kfree(n->pages);
    kfree(n->target);
    kfree(n);
    r->nodes[ino] = NULL;
    r->used--;
}

static void evict(struct inode *inode) {
    if (!node_of(inode)->nlink)
        node_free(ramfs_of(inode->fs), (uint32_t)inode->ino);
}

static struct entry **find(struct node *dir, const char *name, size_t len) {
    for (struct entry **link = &dir->entries; *link; link = &(*link)->next)
        if ((*link)->len == len && memcmp((*link)->name, name, len) == 0)
            return link;
    return NULL;
}

static int lookup(struct inode *dir, const char *name, size_t len, uint64_t *ino) {
    struct node *d = node_of(dir);
    if (len == 2 && name[0] == '.' && name[1] == '.') {
        *ino = d->parent;
        return 0;
    }
    struct entry **link = find(d, name, len);
    if (!link)
        return -ENOENT;
    *ino = (*link)->ino;
    return 0;
}

static int readdir(struct inode *dir, uint64_t *position, struct dirent *out) {
    struct ramfs *r = ramfs_of(dir->fs);
    struct entry *e = node_of(dir)->entries;
    while (e && e->cookie < *position)
        e = e->next;
    if (!e)
        return 0;
    out->ino = e->ino;
    out->type = r->nodes[e->ino]->mode & S_IFMT;
    memcpy(out->name, e->name, e->len);
    out->name[e->len] = '\0';
    *position = e->cookie + 1;
    return 1;
}

static int add_entry(struct inode *dir, const char *name, size_t len, uint32_t ino) {
    struct node *d = node_of(dir);
    struct entry *e = kmalloc(sizeof *e + len);
    if (!e)
        return -ENOSPC;
    *e = (struct entry){.cookie = d->next_cookie++, .ino = ino, .len = (uint8_t)len};
    memcpy(e->name, name, len);
    *d->last = e;
    d->last = &e->next;
    d->mtime = d->ctime = fs_now();
    return 0;
}

static void remove_entry(struct inode *dir, const char *name, size_t len) {
    struct node *d = node_of(dir);
    struct entry **link = find(d, name, len), *e = *link;
    *link = e->next;
    if (!e->next)
        d->last = link;
    kfree(e);
    d->mtime = d->ctime = fs_now();
}

static int create(struct inode *dir, const char *name, size_t len, uint32_t mode, const char *target, uint64_t *ino) {
    struct ramfs *r = ramfs_of(dir->fs);
    uint32_t number;
    struct node *n = ramfs_memory_short() ? NULL : node_new(dir->fs, mode, &number);
    if (!n)
        return -ENOSPC;
    int result = 0;
    if (S_ISLNK(mode)) {
        n->size = strlen(target);
        n->target = kmalloc(n->size + 1);
        if (n->target)
            memcpy(n->target, target, n->size + 1);
        else
            result = -ENOSPC;
    }
    if (result == 0)
        result = add_entry(dir, name, len, number);
    if (result) {
        node_free(r, number);
        return result;
    }
    n->nlink = S_ISDIR(mode) ? 2 : 1;
    n->parent = (uint32_t)dir->ino;
    if (S_ISDIR(mode))
        node_of(dir)->nlink++;
    ramfs_refresh(dir);
    *ino = number;
    return 0;
}

static int link(struct inode *dir, const char *name, size_t len, struct inode *inode) {
    int result = add_entry(dir, name, len, (uint32_t)inode->ino);
    if (result)
        return result;
    node_of(inode)->nlink++;
    ramfs_refresh(inode);
    ramfs_refresh(dir);
    return 0;
}

/* A name of the node in `inode` has gone, or its directory lost it. */
static void lose_name(struct inode *dir, struct inode *inode) {
    struct node *n = node_of(inode);
    if (S_ISDIR(n->mode)) {
        n->nlink = 0;
        node_of(dir)->nlink--;
    } else {
        n->nlink--;
    }
    n->ctime = fs_now();
    ramfs_refresh(inode);
}

static int unlink(struct inode *dir, const char *name, size_t len, struct inode *inode) {
    remove_entry(dir, name, len);
    lose_name(dir, inode);
    ramfs_refresh(dir);
    return 0;
}

static int rename(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name, size_t new_len,
                  struct inode *inode, struct inode *replaced) {
    struct entry **there = find(node_of(to), new_name, new_len);
    if (there)
        (*there)->ino = (uint32_t)inode->ino;
    else if (add_entry(to, new_name, new_len, (uint32_t)inode->ino))
        return -ENOSPC;
    if (replaced)
        lose_name(to, replaced);
    remove_entry(from, name, len);
    if (S_ISDIR(inode->mode)) {
        node_of(from)->nlink--;
        node_of(to)->nlink++;
        node_of(inode)->parent = (uint32_t)to->ino;
    }
    node_of(inode)->ctime = fs_now();
    ramfs_refresh(inode);
    ramfs_refresh(from);
    ramfs_refresh(to);
    return 0;
}

static int is_empty(struct inode *dir) {
    return !node_of(dir)->entries;
}

static int readlink(struct inode *inode, char *out, size_t size) {
    struct node *n = node_of(inode);
    if (n->size >= size)
        return -ERANGE;
    memcpy(out, n->target, n->size + 1);
    return (int)n->size;
}

static int usage(struct filesystem *fs, struct fs_usage *out) {
    struct ramfs *r = ramfs_of(fs);
    uint64_t used = 0, reserve = pmm_total_pages() / RAMFS_RESERVE_PART, free = pmm_free_page_count();
    for (uint32_t i = ROOT_INO; i < r->slots; i++)
        if (r->nodes[i])
            used += r->nodes[i]->pages_used;
    out->bytes_free = free > reserve ? (free - reserve) * PAGE_SIZE : 0;
    out->bytes_total = out->bytes_free + used * PAGE_SIZE;
    return 0;
}

static int unmount(struct filesystem *fs) {
    struct ramfs *r = ramfs_of(fs);
    for (uint32_t i = ROOT_INO; i < r->slots; i++)
        if (r->nodes[i])
            node_free(r, i);
    kfree(r->nodes);
    kfree(r);
    return 0;
}

static const struct fs_ops ops = {
    .read_inode = read_inode, .evict = evict, .lookup = lookup, .readdir = readdir, .read = ramfs_read, .readlink = readlink,
    .write = ramfs_write, .truncate = ramfs_truncate, .create = create, .link = link, .unlink = unlink, .rename = rename,
    .is_empty = is_empty, .usage = usage, .unmount = unmount,
};

static int mount(struct filesystem *fs) {
    uint32_t ino;
    fs->data = kzalloc(sizeof(struct ramfs));
    struct node *root = fs->data ? node_new(fs, S_IFDIR | 0755, &ino) : NULL;
    if (!root) {
        kfree(fs->data);
        return -ENOMEM;
    }
    root->nlink = 2;
    root->parent = ROOT_INO;
    fs->ops = &ops;
    fs->root_ino = ROOT_INO;
    return 0;
}

int ramfs_set_image(const char *path, const void *data, size_t bytes) {
    struct inode *inode;
    int result = path_walk(path, false, &inode);
    if (result)
        return result;
    mutex_lock(&inode->fs->lock);
    struct node *n = node_of(inode);
    if (inode->fs->ops != &ops || !S_ISREG(n->mode) || n->size) {
        result = -EINVAL;
    } else {
        n->image = data;
        n->size = n->image_bytes = bytes;
        ramfs_refresh(inode);
    }
    mutex_unlock(&inode->fs->lock);
    inode_release(inode);
    return result;
}

struct fs_type ramfs_type = {.name = "ramfs", .mount = mount};
