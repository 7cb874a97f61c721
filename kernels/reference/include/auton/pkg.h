/* Packages: files with a description, which are installed and removed as a whole. Functions return 0 or a count, or an
 * error of errno.h negated; what went wrong is told by `pkg_error()`. Threads only; one change at a time. */
#pragma once
#include <auton/types.h>

#define PKG_NAME_MAX 64
#define PKG_VERSION_MAX 32

struct pkg_info {
    char name[PKG_NAME_MAX], version[PKG_VERSION_MAX], description[160], category[32];
    char depends[256];              /* "web-style, other>=1.2" */
    char url[256];                  /* where it came from, or can be had */
    bool installed;
    char available[PKG_VERSION_MAX]; /* version in the repository; "" when it has none */
    uint64_t install_time;          /* seconds since 1970; 0 when it is not installed */
    size_t files;
};

/* `what`: the name of a package of the repository, the path of a package file (it has a slash), or an http:// address.
 * Dependencies are installed first. -EEXIST it is there in this version, -ENOENT nobody has it, -ELOOP packages need
 * each other in a circle, -EBADMSG damaged, or not what its sums say. An install that is interrupted, or fails, leaves
 * everything as it was; one that is interrupted at its very end is finished by the next call. */
int pkg_install(const char *what);
int pkg_remove(const char *name);   /* -ENOENT it is not installed, -EBUSY another one needs it */
int pkg_upgrade(const char *name);  /* to the version of the repository; 1 done, 0 nothing newer. Files go and come */
/* Compares the files of a package with its sums: how many are missing or changed. `report` (may be NULL) gets each. */
int pkg_verify(const char *name, void (*report)(const char *path, const char *what));
int pkg_find(const char *name, struct pkg_info *out); /* installed or in the repository; -ENOENT */
/* The packages, sorted by name: the `index`-th; -ENOENT after the last. */
int pkg_at(size_t index, struct pkg_info *out);
/* The packages that installing `name` would install, in that order, each once: their number. */
int pkg_plan(const char *name, char (*names)[PKG_NAME_MAX], size_t max);
const char *pkg_error(void);        /* a sentence about the last error; "" when there is none */

/* SHA-256 of FIPS 180-4. */
struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};
void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t bytes);
void sha256_end(struct sha256 *s, uint8_t digest[32]);
