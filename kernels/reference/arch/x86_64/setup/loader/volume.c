/* Reading ext2, as much as a loader needs: a path of directories to a regular file, and its blocks. Every number from the
 * disk is checked before it is used. */
#include "loader.h"

#define SUPERBLOCK_SECTOR 2
#define MAGIC 0xEF53
#define FILETYPE 2 /* the one incompatible feature that is understood */
#define ROOT 2
#define DIRECT 12
#define KIND 0xF000
#define MOST_DIRECTORY_BYTES 0x100000
#define DIRECTORY 0x4000
#define REGULAR 0x8000

static struct {
    uint64_t first_sector;
    uint32_t blocks, inodes, first_block, inodes_per_group, inode_bytes;
    uint32_t shift; /* a block has 1 << shift bytes */
} volume;
static uint32_t pointer_block[LEVELS]; /* which one `pointer_blocks` holds for each level; 0: none */

static uint16_t get16(const uint8_t *p) {
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p) {
    return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

static void damaged(void) {
    stop("its file system is damaged");
}

static uint32_t block_bytes(void) {
    return 1u << volume.shift;
}

/* So many blocks from one on, or the part of a block, into `transfer`. */
static const uint8_t *read_blocks(uint32_t block, uint32_t bytes) {
    uint32_t count = (bytes + block_bytes() - 1) >> volume.shift;
    if (block < volume.first_block || block >= volume.blocks || count > volume.blocks - block)
        damaged();
    return disk_read(volume.first_sector + ((uint64_t)block << (volume.shift - 9)), bytes);
}

void volume_use(uint64_t first_sector) {
    const uint8_t *s = disk_read(first_sector + SUPERBLOCK_SECTOR, SECTOR);
    memset(pointer_block, 0, sizeof pointer_block);
    uint32_t revision = get32(s + 76), log_block = get32(s + 24);
    if (get16(s + 56) != MAGIC)
        stop("there is no ext2 file system where the installation left one");
    if (log_block > 2 || (revision && get32(s + 96) & ~(uint32_t)FILETYPE))
        stop("its file system has features that the loader does not know");
    volume.first_sector = first_sector;
    volume.inodes = get32(s);
    volume.blocks = get32(s + 4);
    volume.first_block = get32(s + 20);
    volume.inodes_per_group = get32(s + 40);
    volume.inode_bytes = revision ? get16(s + 88) : 128;
    volume.shift = 10 + log_block;
    if (!volume.inodes_per_group || volume.inode_bytes < 128 || volume.inode_bytes > block_bytes())
        damaged();
}

/* The kind of an inode; its size and blocks in `file`. */
static uint32_t read_inode(uint32_t number, struct file *file) {
    if (!number || number > volume.inodes)
        damaged();
    uint32_t group = (number - 1) / volume.inodes_per_group, index = (number - 1) % volume.inodes_per_group;
    uint32_t at = group * 32, byte = index * volume.inode_bytes;
    const uint8_t *p = read_blocks(volume.first_block + 1 + (at >> volume.shift), block_bytes());
    uint32_t table = get32(p + (at & (block_bytes() - 1)) + 8);
    p = read_blocks(table + (byte >> volume.shift), block_bytes()) + (byte & (block_bytes() - 1));
    file->size = get32(p + 4);
    for (uint32_t i = 0; i < ARRAY_SIZE(file->blocks); i++)
        file->blocks[i] = get32(p + 40 + 4 * i);
    return get16(p) & KIND;
}

/* Which block of the disk the file's block `index` is; 0 is a hole. */
static uint32_t block_of(const struct file *file, uint32_t index) {
    if (index < DIRECT)
        return file->blocks[index];
    uint32_t bits = volume.shift - 2, level = 1; /* a block holds 1 << bits numbers */
    index -= DIRECT;
    while (level < LEVELS && index >> (bits * level)) {
        index -= 1u << (bits * level);
        level++;
    }
    uint32_t block = file->blocks[DIRECT - 1 + level];
    while (block && level--) {
        uint8_t *numbers = pointer_blocks[level];
        if (pointer_block[level] != block)
            memcpy(numbers, read_blocks(block, block_bytes()), block_bytes());
        pointer_block[level] = block;
        block = get32(numbers + 4 * (index >> (bits * level) & ((1u << bits) - 1)));
    }
    return block;
}

void file_read(const struct file *file, uint32_t from, uint32_t bytes, void *to) {
    uint8_t *out = to;
    if (from > file->size || bytes > file->size - from)
        stop("a file on it ends too early");
    while (bytes) {
        uint32_t index = from >> volume.shift, skip = from & (block_bytes() - 1), block = block_of(file, index);
        uint32_t span = block_bytes(); /* of blocks that follow one another on the disk */
        while (span < TRANSFER_BYTES && span < skip + bytes && block &&
               block_of(file, index + (span >> volume.shift)) == block + (span >> volume.shift))
            span += block_bytes();
        uint32_t n = span - skip < bytes ? span - skip : bytes;
        if (block)
            memcpy(out, read_blocks(block, span) + skip, n);
        else
            memset(out, 0, n);
        out += n;
        from += n;
        bytes -= n;
    }
}

/* The inode of a name; 0 when the directory has none. */
static uint32_t look_up(const struct file *directory, const char *name, uint32_t length) {
    static uint8_t entry[8 + 255];
    if (directory->size > MOST_DIRECTORY_BYTES)
        damaged();
    for (uint32_t at = 0, size; at < directory->size; at += size) {
        file_read(directory, at, 8, entry);
        size = get16(entry + 4);
        if (size < 8 || size & 3 || entry[6] > size - 8)
            damaged();
        if (!get32(entry) || entry[6] != length)
            continue;
        file_read(directory, at + 8, length, entry + 8);
        if (memcmp(entry + 8, name, length) == 0)
            return get32(entry);
    }
    return 0;
}

bool file_find(const char *path, struct file *file) {
    uint32_t kind = read_inode(ROOT, file);
    while (*path++ == '/') {
        uint32_t length = 0;
        while (path[length] && path[length] != '/')
            length++;
        uint32_t number = kind == DIRECTORY ? look_up(file, path, length) : 0;
        if (!number)
            return false;
        kind = read_inode(number, file);
        path += length;
    }
    return kind == REGULAR;
}
