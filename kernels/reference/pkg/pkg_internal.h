/* Shared by the files of pkg/ only. */
#pragma once
#include <auton/errno.h>
#include <auton/fs.h>
#include <auton/pkg.h>

#define PKG_ROOT "/var/pkg"
#define PKG_REPOSITORY PKG_ROOT "/repo"       /* package files, <name>-<version>.tar */
#define PKG_REGISTRY PKG_ROOT "/registry"     /* what is installed */
#define PKG_MANIFESTS PKG_ROOT "/installed"   /* <name>: the MANIFEST of an installed package */
#define PKG_JOURNAL PKG_ROOT "/journal"       /* an installation that is complete but for its end */
#define PKG_STAGED PKG_ROOT "/staged"         /* files of an installation that has not come so far */
#define PKG_SUFFIX ".pkg-new"                 /* of a staged file, beside the one that it will become */
#define PKG_MOST_BYTES MB(16)                /* of a package */
#define PKG_MOST_DEPENDS 16

int pkg_failed(int error, const char *fmt, ...) PRINTF_LIKE(2, 3); /* keeps the sentence; returns `error` */

/* tar.c: ustar archives in memory. */
struct tar_entry {
    char name[256];
    char type;              /* '0' a file, '5' a directory, ... */
    const uint8_t *data;
    size_t bytes;
};
int tar_next(const void *archive, size_t size, size_t *offset, struct tar_entry *out); /* 1, 0 at the end, -EBADMSG */
int tar_find(const void *archive, size_t size, const char *name, struct tar_entry *out); /* -ENOENT, -EBADMSG */

/* manifest.c */
struct pkg_depend {
    char name[PKG_NAME_MAX];
    char least[PKG_VERSION_MAX]; /* version; "" for any */
};
struct pkg_file {
    char path[256], source[128];
    uint32_t mode;
    uint8_t sum[32];
};
struct manifest {
    char name[PKG_NAME_MAX], version[PKG_VERSION_MAX], description[160], category[32], depends_text[256];
    struct pkg_depend depends[PKG_MOST_DEPENDS];
    size_t depend_count, file_count;
    struct pkg_file *files;      /* kmalloc() */
};
int manifest_parse(const char *text, size_t bytes, struct manifest *out); /* -EBADMSG; then pkg_error() says why */
void manifest_free(struct manifest *m);
int version_compare(const char *a, const char *b); /* < 0, 0, > 0, part by part: 1.10 is more than 1.9 */
bool pkg_name_is_good(const char *name);
void sum_format(const uint8_t sum[32], char out[65]);

/* A package in memory, read and checked: its manifest makes sense and every file is what its sum says. */
struct package {
    uint8_t *data; /* kmalloc() */
    size_t bytes;
    struct manifest manifest;
};
int package_load(const char *path, struct package *out);
void package_free(struct package *p);
const char *file_problem(const struct pkg_file *f); /* "missing", "changed", ...; NULL when it is as it was packed */

/* registry.c: what is installed, a line "name|version|status|install_time|url" for each. */
struct registry_line {
    char name[PKG_NAME_MAX], version[PKG_VERSION_MAX], status[16], url[256];
    uint64_t install_time;
};
struct registry {
    struct registry_line *lines; /* kmalloc() */
    size_t count;
};
int registry_read(struct registry *out); /* an absent one is empty */
void registry_free(struct registry *r);
struct registry_line *registry_find(struct registry *r, const char *name);
int registry_put(struct registry *r, const struct registry_line *line); /* in place of one of the name */
void registry_drop(struct registry *r, const char *name);
int registry_text(const struct registry *r, char **text, size_t *bytes); /* for kfree() */
int manifest_read(const char *name, struct manifest *out);              /* of an installed package */

/* repository.c: the newest package of a name, read but for its files. */
struct available {
    char path[256];
    struct manifest manifest; /* files stay in it */
};
int repository_find(const char *name, struct available *out); /* -ENOENT; manifest_free() it */
int repository_each(int (*visit)(const struct available *a, void *arg), void *arg); /* ends when visit() gives not 0 */
int repository_fetch(const char *url, char *path, size_t size); /* by HTTP: the file it is in now */

/* transaction.c: changes of files that happen as a whole or not at all. */
struct transaction {
    const struct package *package; /* NULL: nothing comes */
    const struct manifest *old;    /* NULL: nothing goes */
    struct registry *registry;     /* as it is to be afterwards */
};
int transaction_run(const struct transaction *t);
int transaction_recover(void); /* finishes what was complete, takes back what was not */
extern unsigned transaction_stop_after; /* for tests: stop, as by a power cut, after so many steps; 0: never */
