/* How ext2 lies on a disk: offsets in bytes, all numbers little-endian. */
#pragma once

#define EXT2_MAGIC 0xEF53
#define EXT2_SUPER_OFFSET 1024 /* of the superblock on the disk, whatever the block size */
#define EXT2_SUPER_BYTES 1024

enum ext2_super_field {
    SB_INODES = 0, SB_BLOCKS = 4, SB_RESERVED_BLOCKS = 8, SB_FREE_BLOCKS = 12, SB_FREE_INODES = 16, SB_FIRST_BLOCK = 20,
    SB_LOG_BLOCK = 24, SB_LOG_FRAGMENT = 28, SB_BLOCKS_PER_GROUP = 32, SB_FRAGMENTS_PER_GROUP = 36,
    SB_INODES_PER_GROUP = 40, SB_MOUNT_TIME = 44, SB_WRITE_TIME = 48, SB_MOUNTS = 52, SB_MOST_MOUNTS = 54, SB_MAGIC = 56,
    SB_STATE = 58, SB_ON_ERRORS = 60, SB_LAST_CHECK = 64, SB_REVISION = 76, SB_FIRST_INODE = 84, SB_INODE_SIZE = 88,
    SB_GROUP = 90, SB_COMPATIBLE = 92, SB_INCOMPATIBLE = 96, SB_READ_ONLY = 100, SB_UUID = 104, SB_LABEL = 120,
    SB_LABEL_BYTES = 16,
};
#define EXT2_STATE_CLEAN 1
#define EXT2_STATE_ERRORS 2

/* Features. Of those in SB_INCOMPATIBLE this file system knows one; of those in SB_READ_ONLY two, without knowing the
 * others it may still read. Those in SB_COMPATIBLE can be ignored, but directories' hash trees end with a change. */
#define EXT2_FILETYPE 0x2       /* incompatible: directory entries tell the kind of file */
#define EXT2_SPARSE_SUPER 0x1   /* read-only: not every group has a copy of the superblock */
#define EXT2_LARGE_FILE 0x2     /* read-only: sizes of more than 32 bits */

#define EXT2_GROUP_BYTES 32
enum ext2_group_field { GD_BLOCK_BITMAP = 0, GD_INODE_BITMAP = 4, GD_INODE_TABLE = 8, GD_FREE_BLOCKS = 12,
                        GD_FREE_INODES = 14, GD_DIRECTORIES = 16 };

#define EXT2_ROOT_INO 2
#define EXT2_OLD_FIRST_INO 11
#define EXT2_OLD_INODE_BYTES 128
enum ext2_inode_field {
    IN_MODE = 0, IN_UID = 2, IN_SIZE = 4, IN_ATIME = 8, IN_CTIME = 12, IN_MTIME = 16, IN_DTIME = 20, IN_GID = 24,
    IN_LINKS = 26, IN_SECTORS = 28, IN_FLAGS = 32, IN_BLOCK = 40, IN_GENERATION = 100, IN_ATTRIBUTES = 104, IN_SIZE_HIGH = 108,
    IN_UID_HIGH = 120, IN_GID_HIGH = 122,
};
#define EXT2_DIRECT 12     /* blocks that the inode itself names; then one of one, two and three levels of indirection */
#define EXT2_POINTERS 15
#define EXT2_MOST_LINKS 32000
#define EXT2_FLAG_IMMUTABLE 0x10
#define EXT2_FLAG_APPEND 0x20
#define EXT2_FLAG_HASH_TREE 0x1000
#define EXT2_FAST_LINK_BYTES (EXT2_POINTERS * 4) /* a shorter target lies in the inode, in place of the block numbers */

enum ext2_entry_field { DE_INODE = 0, DE_LENGTH = 4, DE_NAME_LENGTH = 6, DE_TYPE = 7, DE_NAME = 8 };
#define EXT2_ATTRIBUTE_USERS 4 /* in the block of extended attributes: how many inodes share it */
