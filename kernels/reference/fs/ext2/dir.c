/* ext2: directories. Each of their blocks is filled with entries one behind the other: an inode, the entry's length,
 * the name. An entry may be longer than its name needs, which is where another finds room. */
#include <auton/string.h>
#include "ext2.h"

static const struct {
    uint8_t type;
    uint32_t mode;
} types[] = {{1, S_IFREG}, {2, S_IFDIR}, {3, S_IFCHR}, {4, S_IFBLK}, {5, 0x1000}, {6, 0xC000}, {7, S_IFLNK}};

static uint8_t type_of(const struct ext2 *e, uint32_t mode) {
    for (size_t i = 0; e->has_types && i < ARRAY_SIZE(types); i++)
        if (types[i].mode == (mode & S_IFMT))
            return types[i].type;
    return 0;
}

static uint32_t mode_of(const struct ext2 *e, uint8_t type) {
    for (size_t i = 0; e->has_types && i < ARRAY_SIZE(types); i++)
        if (types[i].type == type)
            return types[i].mode;
    return 0;
}

static uint32_t bytes_for(size_t name) {
    return (uint32_t)ALIGN_UP(DE_NAME + name, 4);
}

static int get_block(struct inode *dir, uint64_t n, struct ext2_entry *out) {
    struct ext2 *e = ext2_of(dir);
    bool fresh;
    int result = ext2_map(dir, n, false, &out->number, &fresh);
    if (result == 0 && !out->number)
        result = ext2_damaged(e, "there is a hole in the directory with the inode", dir->ino);
    return result ? result : ext2_block(e, out->number, &out->page, &out->block);
}

/* Is there a sound entry at `offset` of a block? */
static bool is_entry(const struct ext2 *e, const uint8_t *block, uint32_t offset) {
    if (offset + DE_NAME > e->block_bytes)
        return false;
    const uint8_t *d = block + offset;
    uint32_t length = get16(d + DE_LENGTH);
    return length % 4 == 0 && length <= e->block_bytes - offset && bytes_for(d[DE_NAME_LENGTH]) <= length &&
           get32(d + DE_INODE) <= e->inodes;
}

void ext2_entry_done(struct ext2 *e, struct ext2_entry *entry) {
    cache_put(e->cache, entry->page);
}

/* Goes through the entries, unused ones too, until `visit` says that it has what it wants (1) or has failed. */
static int each_entry(struct inode *dir, uint64_t from, int (*visit)(struct ext2 *e, struct ext2_entry *at, void *arg),
                      void *arg, struct ext2_entry *out) {
    struct ext2 *e = ext2_of(dir);
    for (uint64_t n = from / e->block_bytes; n * e->block_bytes < dir->size; n++) {
        int result = get_block(dir, n, out);
        if (result)
            return result;
        out->before = NULL;
        for (uint32_t offset = 0; offset < e->block_bytes; offset += get16(out->entry + DE_LENGTH)) {
            out->entry = out->block + offset;
            if (!is_entry(e, out->block, offset)) {
                ext2_entry_done(e, out);
                return ext2_damaged(e, "the directory has an entry that cannot be, inode", dir->ino);
            }
            result = n * e->block_bytes + offset >= from ? visit(e, out, arg) : 0;
            if (result < 0)
                ext2_entry_done(e, out);
            if (result)
                return result;
            out->before = out->entry;
        }
        ext2_entry_done(e, out);
    }
    return 0;
}

struct name {
    const char *text;
    size_t len;
};

static int has_name(struct ext2 *e, struct ext2_entry *at, void *arg) {
    const struct name *name = arg;
    (void)e;
    return get32(at->entry + DE_INODE) && at->entry[DE_NAME_LENGTH] == name->len &&
           memcmp(at->entry + DE_NAME, name->text, name->len) == 0;
}

int ext2_find(struct inode *dir, const char *name, size_t len, struct ext2_entry *out) {
    struct name wanted = {name, len};
    int result = each_entry(dir, 0, has_name, &wanted, out);
    return result == 1 ? 0 : result < 0 ? result : -ENOENT;
}

/* The bytes of an entry that a name does not need. */
static uint32_t slack(const uint8_t *entry) {
    uint32_t used = get32(entry + DE_INODE) ? bytes_for(entry[DE_NAME_LENGTH]) : 0;
    return get16(entry + DE_LENGTH) - used;
}

static int has_room(struct ext2 *e, struct ext2_entry *at, void *arg) {
    (void)e;
    return slack(at->entry) >= *(uint32_t *)arg;
}

static void put_entry(const struct ext2 *e, uint8_t *d, uint32_t length, const char *name, size_t len,
                      const struct inode *inode) {
    put32(d + DE_INODE, inode ? (uint32_t)inode->ino : 0);
    put16(d + DE_LENGTH, (uint16_t)length);
    d[DE_NAME_LENGTH] = (uint8_t)len;
    d[DE_TYPE] = inode ? type_of(e, inode->mode) : 0;
    memcpy(d + DE_NAME, name, len);
}

/* One more block at the end of a directory, with one unused entry. */
static int grow(struct inode *dir, struct ext2_entry *out) {
    struct ext2 *e = ext2_of(dir);
    bool fresh;
    if (dir->size > UINT32_MAX - e->block_bytes)
        return -ENOSPC;
    int result = ext2_map(dir, dir->size / e->block_bytes, true, &out->number, &fresh);
    if (result == 0)
        result = ext2_block_new(e, out->number, &out->page, &out->block);
    if (result)
        return result;
    dir->size += e->block_bytes;
    out->entry = out->block;
    out->before = NULL;
    put_entry(e, out->block, e->block_bytes, "", 0, NULL);
    ext2_changed(e, out->page, out->block, STAGE_DATA);
    return 0;
}

/* The directory itself has changed: its time, and the end of a hash tree over its names. */
static int touch(struct inode *dir) {
    dir->mtime = dir->ctime = fs_now();
    ext2_inode_of(dir)->flags &= ~(uint32_t)EXT2_FLAG_HASH_TREE;
    return ext2_write_inode(dir);
}

/* The new block is committed empty: a name in it must not reach the disk before its inode does. */
static int make_room(struct inode *dir) {
    struct ext2 *e = ext2_of(dir);
    struct ext2_entry at;
    int result = grow(dir, &at);
    if (result)
        return result;
    ext2_entry_done(e, &at);
    result = touch(dir);
    return result ? result : ext2_commit(e);
}

int ext2_add(struct inode *dir, const char *name, size_t len, struct inode *inode, uint32_t *number) {
    struct ext2 *e = ext2_of(dir);
    struct ext2_entry at;
    uint32_t need = bytes_for(len);
    int result = each_entry(dir, 0, has_room, &need, &at);
    if (result == 0 && (result = make_room(dir)) == 0)
        result = each_entry(dir, dir->size - e->block_bytes, has_room, &need, &at);
    if (result != 1)
        return result < 0 ? result : -EIO;
    uint32_t length = get16(at.entry + DE_LENGTH), free = slack(at.entry);
    uint8_t *entry = at.entry + length - free;
    if (entry != at.entry)
        put16(at.entry + DE_LENGTH, (uint16_t)(length - free));
    put_entry(e, entry, free, name, len, inode);
    ext2_changed(e, at.page, at.block, STAGE_NAMES);
    if (number)
        *number = at.number;
    ext2_entry_done(e, &at);
    return touch(dir);
}

void ext2_remove(struct inode *dir, struct ext2_entry *at) {
    struct ext2 *e = ext2_of(dir);
    if (at->before)
        put16(at->before + DE_LENGTH, (uint16_t)(get16(at->before + DE_LENGTH) + get16(at->entry + DE_LENGTH)));
    put32(at->entry + DE_INODE, 0);
    ext2_changed(e, at->page, at->block, STAGE_NAMES);
    ext2_entry_done(e, at);
    touch(dir);
}

void ext2_point(struct inode *dir, struct ext2_entry *at, struct inode *inode) {
    struct ext2 *e = ext2_of(dir);
    put32(at->entry + DE_INODE, (uint32_t)inode->ino);
    at->entry[DE_TYPE] = type_of(e, inode->mode);
    ext2_changed(e, at->page, at->block, STAGE_NAMES);
    ext2_entry_done(e, at);
    touch(dir);
}

static bool is_dots(const uint8_t *entry) {
    uint8_t len = entry[DE_NAME_LENGTH];
    return (len == 1 || len == 2) && entry[DE_NAME] == '.' && entry[DE_NAME + len - 1] == '.';
}

/* A file's name, which nothing can be wrong with: neither a slash nor a zero in it. */
static int is_file(struct ext2 *e, struct ext2_entry *at, void *arg) {
    const uint8_t *d = at->entry;
    (void)e;
    (void)arg;
    if (!get32(d + DE_INODE) || !d[DE_NAME_LENGTH] || is_dots(d))
        return 0;
    for (uint8_t i = 0; i < d[DE_NAME_LENGTH]; i++)
        if (d[DE_NAME + i] == '/' || !d[DE_NAME + i])
            return 0;
    return 1;
}

int ext2_readdir(struct inode *dir, uint64_t *position, struct dirent *out) {
    struct ext2 *e = ext2_of(dir);
    struct ext2_entry at;
    uint64_t from = *position;
    while (from < dir->size) { /* block by block, for the position of what is found */
        uint64_t start = from - from % e->block_bytes;
        int result = each_entry(dir, from, is_file, NULL, &at);
        if (result != 1)
            return result;
        bool fresh;
        uint32_t number;
        while (ext2_map(dir, start / e->block_bytes, false, &number, &fresh) == 0 && number != at.number)
            start += e->block_bytes;
        out->ino = get32(at.entry + DE_INODE);
        out->type = mode_of(e, at.entry[DE_TYPE]);
        memcpy(out->name, at.entry + DE_NAME, at.entry[DE_NAME_LENGTH]);
        out->name[at.entry[DE_NAME_LENGTH]] = '\0';
        *position = start + (uint64_t)(at.entry - at.block) + get16(at.entry + DE_LENGTH);
        ext2_entry_done(e, &at);
        return 1;
    }
    return 0;
}

static int is_no_dots(struct ext2 *e, struct ext2_entry *at, void *arg) {
    (void)e;
    (void)arg;
    return get32(at->entry + DE_INODE) && !is_dots(at->entry);
}

int ext2_is_empty(struct inode *dir) {
    struct ext2_entry at;
    int result = each_entry(dir, 0, is_no_dots, NULL, &at);
    if (result == 1)
        ext2_entry_done(ext2_of(dir), &at);
    return result == 0;
}

int ext2_make_dots(struct inode *dir, struct inode *parent) {
    struct ext2 *e = ext2_of(dir);
    struct ext2_entry at;
    int result = grow(dir, &at);
    if (result)
        return result;
    put_entry(e, at.entry, bytes_for(1), ".", 1, dir);
    put_entry(e, at.entry + bytes_for(1), e->block_bytes - bytes_for(1), "..", 2, parent);
    ext2_changed(e, at.page, at.block, STAGE_DATA);
    ext2_entry_done(e, &at);
    return ext2_write_inode(dir);
}
