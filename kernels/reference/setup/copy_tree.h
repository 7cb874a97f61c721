/* Copies a tree of files, for the installation. */
#pragma once
#include <auton/types.h>

struct copy_count {
    unsigned files, directories;
    uint64_t bytes;
};
/* What lies in `from` goes into the directory `to`, which is there; other file systems that are mounted in `from` are left
 * out, as are devices. Adds to `count`. 0, or the first error, -errno. */
int copy_tree(const char *from, const char *to, struct copy_count *count);
