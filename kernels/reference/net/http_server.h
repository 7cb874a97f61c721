/* Shared by the files of the HTTP server. */
#pragma once
#include <auton/http.h>
#include "http_message.h"

/* Where files come from: set by http_files.c in a kernel with file systems, NULL without. */
struct http_files {
    /* A descriptor for `path` below the server's folder, an index page for a folder. -ENOENT; -EACCES. */
    int (*open)(const char *path, uint64_t *bytes, const char **type);
    int64_t (*read)(int file, void *data, size_t bytes, uint64_t at);
    void (*close)(int file);
};
extern const struct http_files *http_files;

/* The page about this machine; its length, cut to `size`. */
size_t http_status_page(char *out, size_t size);
const char *http_type_of(const char *path);
