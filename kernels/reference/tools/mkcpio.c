/* Host tool: mkcpio OUT TREE... packs the contents of directory trees into one CPIO archive (newc), sorted by name, with
 * times left out, so that equal trees give equal archives. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *out;
static unsigned next_ino = 1;

static void die(const char *what) {
    fprintf(stderr, "mkcpio: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void fill(void) {
    while (ftell(out) % 4)
        putc('\0', out);
}

static void entry(const char *name, unsigned mode, const void *data, size_t bytes) {
    fprintf(out, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", next_ino++, mode, 0, 0, 1, 0, bytes, 0, 0,
            0, 0, strlen(name) + 1, 0);
    fwrite(name, 1, strlen(name) + 1, out);
    fill();
    fwrite(data, 1, bytes, out);
    fill();
}

static void add_file(const char *path, const char *name, const struct stat *s) {
    size_t bytes = (size_t)s->st_size;
    char *data = malloc(bytes + 1);
    if (!data)
        die(path);
    if (S_ISLNK(s->st_mode)) {
        if (readlink(path, data, bytes) != (ssize_t)bytes)
            die(path);
    } else {
        FILE *in = fopen(path, "rb");
        if (!in || fread(data, 1, bytes, in) != bytes)
            die(path);
        fclose(in);
    }
    entry(name, s->st_mode & (S_ISLNK(s->st_mode) ? 0170777 : 0170755), data, bytes);
    free(data);
}

static int visible(const struct dirent *e) {
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static void add_tree(const char *folder, const char *prefix) {
    struct dirent **list;
    int n = scandir(folder, &list, visible, alphasort);
    if (n < 0)
        die(folder);
    for (int i = 0; i < n; i++) {
        char path[4096], name[4096];
        struct stat s;
        snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "/" : "", list[i]->d_name);
        if (lstat(path, &s))
            die(path);
        if (S_ISDIR(s.st_mode)) {
            entry(name, 040755, "", 0);
            add_tree(path, name);
        } else {
            add_file(path, name, &s);
        }
        free(list[i]);
    }
    free(list);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fputs("usage: mkcpio OUT TREE...\n", stderr);
        return 1;
    }
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.tmp", argv[1]);
    out = fopen(temporary, "wb");
    if (!out)
        die(temporary);
    for (int i = 2; i < argc; i++)
        add_tree(argv[i], "");
    entry("TRAILER!!!", 0, "", 0);
    if (fclose(out) || rename(temporary, argv[1]))
        die(argv[1]);
    return 0;
}
