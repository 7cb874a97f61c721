/* The name cache: a table that a hash leads into, where a newer entry takes the place of an older one. It keeps only
 * names that are there, and only those of disks: other file systems find a name as fast by themselves. */
#include <auton/string.h>
#include <auton/sync.h>
#include "name_cache.h"

#define SLOTS 512
#define LONGEST 39 /* longer names are looked up each time */

struct slot {
    struct filesystem *fs;
    uint64_t dir, ino;
    uint8_t len;
    char name[LONGEST];
};
static struct slot slots[SLOTS];
static spinlock_t lock; /* the slots are shared by all file systems */

static struct slot *slot_of(const struct inode *dir, const char *name, size_t len) {
    uint64_t hash = (dir->ino ^ (uint64_t)(uintptr_t)dir->fs) * 0x9E3779B97F4A7C15ULL;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x100000001B3ULL;
    return &slots[(hash >> 32) % SLOTS];
}

static bool cached(const struct inode *dir, size_t len) {
    return dir->fs->disk && len <= LONGEST;
}

static bool matches(const struct slot *s, const struct inode *dir, const char *name, size_t len) {
    return s->fs == dir->fs && s->dir == dir->ino && s->len == len && memcmp(s->name, name, len) == 0;
}

bool name_cache_find(struct inode *dir, const char *name, size_t len, uint64_t *ino) {
    if (!cached(dir, len))
        return false;
    struct slot *s = slot_of(dir, name, len);
    uint64_t irq = spin_lock(&lock);
    bool found = matches(s, dir, name, len);
    if (found)
        *ino = s->ino;
    spin_unlock(&lock, irq);
    return found;
}

void name_cache_add(struct inode *dir, const char *name, size_t len, uint64_t ino) {
    if (!cached(dir, len) || (len == 2 && name[0] == '.' && name[1] == '.')) /* ".." changes by renaming elsewhere */
        return;
    struct slot *s = slot_of(dir, name, len);
    uint64_t irq = spin_lock(&lock);
    *s = (struct slot){.fs = dir->fs, .dir = dir->ino, .ino = ino, .len = (uint8_t)len};
    memcpy(s->name, name, len);
    spin_unlock(&lock, irq);
}

void name_cache_forget(struct inode *dir, const char *name, size_t len) {
    if (!cached(dir, len))
        return;
    struct slot *s = slot_of(dir, name, len);
    uint64_t irq = spin_lock(&lock);
    if (matches(s, dir, name, len))
        s->fs = NULL;
    spin_unlock(&lock, irq);
}

void name_cache_forget_all(struct filesystem *fs) {
    uint64_t irq = spin_lock(&lock);
    for (size_t i = 0; i < SLOTS; i++)
        if (slots[i].fs == fs)
            slots[i].fs = NULL;
    spin_unlock(&lock, irq);
}
