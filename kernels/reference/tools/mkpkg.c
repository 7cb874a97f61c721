/* Host tool: mkpkg FOLDER PACKAGE packs a package, which is a folder with a MANIFEST, data/ and perhaps scripts/, into
 * FOLDER/<name>-<version>.tar (ustar). The lines "file=dst,src,mode" of the MANIFEST get the sums of their files. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <auton/pkg.h>

#include <string.h>

static FILE *out;

static void die(const char *what) {
    fprintf(stderr, "mkpkg: %s: %s\n", what, errno ? strerror(errno) : "not as it should be");
    exit(1);
}

static char *read_file(const char *path, size_t *bytes) {
    FILE *f = fopen(path, "rb");
    struct stat s;
    if (!f || fstat(fileno(f), &s))
        die(path);
    *bytes = (size_t)s.st_size;
    char *data = malloc(*bytes + 1);
    if (!data || fread(data, 1, *bytes, f) != *bytes)
        die(path);
    data[*bytes] = '\0';
    fclose(f);
    return data;
}

static void entry(const char *name, const char *data, size_t bytes) {
    unsigned char h[512] = {0};
    unsigned sum = 0;
    if (strlen(name) >= 100)
        die(name);
    strcpy((char *)h, name);
    memcpy(h + 100, "0000644", 7), memcpy(h + 108, "0000000", 7), memcpy(h + 116, "0000000", 7);
    snprintf((char *)h + 124, 12, "%011zo", bytes);
    memcpy(h + 136, "00000000000", 11);
    memcpy(h + 148, "        ", 8);
    h[156] = '0';
    memcpy(h + 257, "ustar\00000", 8);
    for (unsigned i = 0; i < sizeof h; i++)
        sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
    fwrite(h, 1, sizeof h, out);
    fwrite(data, 1, bytes, out);
    for (size_t i = bytes; i % 512; i++)
        putc(0, out);
}

static int visible(const struct dirent *e) {
    return e->d_name[0] != '.';
}

static void add_tree(const char *folder, const char *prefix) {
    struct dirent **list;
    int n = scandir(folder, &list, visible, alphasort);
    for (int i = 0; i < n; i++) {
        char path[4096], name[4096];
        struct stat s;
        snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        snprintf(name, sizeof name, "%s/%s", prefix, list[i]->d_name);
        if (stat(path, &s))
            die(path);
        if (S_ISDIR(s.st_mode)) {
            add_tree(path, name);
        } else {
            size_t bytes;
            char *data = read_file(path, &bytes);
            entry(name, data, bytes);
            free(data);
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

static void value_of(const char *manifest, const char *key, char *value, size_t size) {
    char line[64];
    snprintf(line, sizeof line, "\n%s=", key);
    const char *at = strncmp(manifest, line + 1, strlen(line) - 1) == 0 ? manifest - 1 : strstr(manifest, line);
    if (!at)
        die(key);
    at += strlen(line);
    snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* The MANIFEST with the sums. */
static char *with_sums(const char *folder, const char *manifest) {
    char *text = calloc(1, strlen(manifest) * 4 + 4096), path[4096], source[512];
    for (const char *line = manifest; *line;) {
        size_t length = strcspn(line, "\n");
        strncat(text, line, length);
        if (strncmp(line, "file=", 5) == 0) {
            if (sscanf(line, "file=%*[^,],%511[^,],", source) != 1)
                die(line);
            snprintf(path, sizeof path, "%s/%s", folder, source);
            size_t bytes;
            char *data = read_file(path, &bytes);
            struct sha256 s;
            uint8_t digest[32];
            sha256_begin(&s), sha256_add(&s, data, bytes), sha256_end(&s, digest);
            free(data);
            strcat(text, ",sha256:");
            for (unsigned i = 0; i < 32; i++)
                sprintf(text + strlen(text), "%02x", digest[i]);
        }
        strcat(text, "\n");
        line += length + (line[length] == '\n');
    }
    return text;
}

int main(int argc, char **argv) {
    char path[4096], name[64], version[32];
    size_t bytes;
    if (argc != 3) {
        fputs("usage: mkpkg FOLDER PACKAGE\n", stderr);
        return 1;
    }
    snprintf(path, sizeof path, "%s/MANIFEST", argv[2]);
    char *manifest = read_file(path, &bytes);
    value_of(manifest, "name", name, sizeof name);
    value_of(manifest, "version", version, sizeof version);
    snprintf(path, sizeof path, "%s/%s-%s.tar", argv[1], name, version);
    out = fopen(path, "wb");
    if (!out)
        die(path);
    char *text = with_sums(argv[2], manifest);
    entry("MANIFEST", text, strlen(text));
    snprintf(path, sizeof path, "%s/data", argv[2]);
    add_tree(path, "data");
    snprintf(path, sizeof path, "%s/scripts", argv[2]);
    add_tree(path, "scripts");
    static const char end[1024];
    fwrite(end, 1, sizeof end, out);
    if (fclose(out))
        die(argv[1]);
    free(text);
    free(manifest);
    return 0;
}
