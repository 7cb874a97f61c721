/* ext2: making, linking, removing and renaming. What is added is written before what is taken away (commit.c). */
#include <auton/string.h>
#include "ext2.h"

int ext2_lookup(struct inode *dir, const char *name, size_t len, uint64_t *ino) {
    struct ext2_entry at;
    int result = ext2_find(dir, name, len, &at);
    if (result)
        return result;
    *ino = get32(at.entry + DE_INODE);
    ext2_entry_done(ext2_of(dir), &at);
    return 0;
}

int ext2_create(struct inode *dir, const char *name, size_t len, uint32_t mode, const char *target, uint64_t *ino) {
    struct inode *inode;
    int result = ext2_begin(ext2_of(dir));
    if (result == 0 && S_ISDIR(mode) && dir->nlink >= EXT2_MOST_LINKS)
        result = -EMLINK;
    if (result == 0)
        result = ext2_new_inode(dir, mode, &inode);
    if (result)
        return result;
    if (S_ISDIR(mode))
        result = ext2_make_dots(inode, dir);
    else if (S_ISLNK(mode))
        result = ext2_write_link(inode, target);
    if (result == 0) {
        dir->nlink += S_ISDIR(mode);
        result = ext2_add(dir, name, len, inode, NULL);
        if (result)
            dir->nlink -= S_ISDIR(mode);
    }
    if (result)
        ext2_delete_inode(inode);
    else
        *ino = inode->ino;
    inode_put(inode);
    return result;
}

int ext2_link(struct inode *dir, const char *name, size_t len, struct inode *inode) {
    int result = ext2_begin(ext2_of(dir));
    if (result == 0 && inode->nlink + ext2_inode_of(inode)->drops >= EXT2_MOST_LINKS)
        result = -EMLINK;
    if (result)
        return result;
    inode->nlink++;
    inode->ctime = fs_now();
    result = ext2_write_inode(inode);
    if (result == 0)
        result = ext2_add(dir, name, len, inode, NULL);
    if (result) {
        inode->nlink--;
        ext2_write_inode(inode);
    }
    return result;
}

/* `inode` has lost its name in `dir`. */
static int lose_name(struct inode *dir, struct inode *inode) {
    bool directory = S_ISDIR(inode->mode);
    inode->ctime = fs_now();
    int result = ext2_drop_names(inode, directory ? inode->nlink : 1);
    return result == 0 && directory ? ext2_drop_names(dir, 1) : result;
}

int ext2_unlink(struct inode *dir, const char *name, size_t len, struct inode *inode) {
    struct ext2_entry at;
    int result = ext2_begin(ext2_of(dir));
    if (result == 0)
        result = ext2_find(dir, name, len, &at);
    if (result)
        return result;
    ext2_remove(dir, &at);
    return lose_name(dir, inode);
}

/* The new name, in place of the one of `replaced`. */
static int take_name(struct inode *to, const char *name, size_t len, struct inode *inode, struct inode *replaced,
                     uint32_t *number) {
    struct ext2_entry at;
    if (!replaced)
        return ext2_add(to, name, len, inode, number);
    int result = ext2_find(to, name, len, &at);
    if (result)
        return result;
    *number = at.number;
    ext2_point(to, &at, inode);
    return 0;
}

/* Two blocks cannot be written at the same moment: in between the file has both names, on the disk too. */
static int keep_both_names(struct inode *inode) {
    inode->nlink++;
    int result = ext2_write_inode(inode);
    if (result == 0)
        result = ext2_commit(ext2_of(inode));
    int dropped = ext2_drop_names(inode, 1);
    return result ? result : dropped;
}

static int change_parent(struct inode *from, struct inode *to, struct inode *dir) {
    struct ext2_entry at;
    int result = ext2_find(dir, "..", 2, &at);
    if (result)
        return result == -ENOENT ? ext2_damaged(ext2_of(dir), "a directory has no way up, inode", dir->ino) : result;
    ext2_point(dir, &at, to);
    return ext2_drop_names(from, 1);
}

int ext2_rename(struct inode *from, const char *name, size_t len, struct inode *to, const char *new_name, size_t new_len,
                struct inode *inode, struct inode *replaced) {
    struct ext2_entry at;
    uint32_t number;
    bool other_parent = S_ISDIR(inode->mode) && from != to;
    int result = ext2_begin(ext2_of(from));
    if (result == 0 && other_parent && to->nlink >= EXT2_MOST_LINKS)
        result = -EMLINK;
    if (result)
        return result;
    to->nlink += other_parent;
    result = take_name(to, new_name, new_len, inode, replaced, &number);
    if (result) {
        to->nlink -= other_parent;
        return result;
    }
    result = ext2_find(from, name, len, &at);
    if (result == 0 && at.number != number) {
        ext2_entry_done(ext2_of(from), &at);
        result = keep_both_names(inode);
        if (result == 0)
            result = ext2_find(from, name, len, &at);
    }
    if (result)
        return result;
    ext2_remove(from, &at);
    if (replaced)
        result = lose_name(to, replaced);
    if (result == 0 && other_parent)
        result = change_parent(from, to, inode);
    inode->ctime = fs_now();
    return result ? result : ext2_write_inode(inode);
}
