/* Self-tests of the package manager, with packages that they make themselves. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>
#include "resolve.h"

#define TARGET "/tmp/pkg-test"
#define ARCHIVE_BYTES KB(16)

static void sum_of(const void *data, size_t bytes, char text[65]) {
    struct sha256 s;
    uint8_t digest[32];
    sha256_begin(&s);
    sha256_add(&s, data, bytes);
    sha256_end(&s, digest);
    sum_format(digest, text);
}

SELFTEST(pkg_sha256, "pkg") {
    char text[65];
    sum_of("abc", 3, text);
    CHECK(strcmp(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0);
    sum_of("", 0, text);
    CHECK(strcmp(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == 0);
    sum_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, text);
    CHECK(strcmp(text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1") == 0);
    return NULL;
}

SELFTEST(pkg_versions, "pkg") {
    CHECK(version_compare("1.10", "1.9") > 0 && version_compare("1.0", "1.0") == 0 && version_compare("1", "1.0") < 0);
    CHECK(version_compare("2.0", "10.0") < 0 && version_compare("1.01", "1.1") == 0 && version_compare("", "1") < 0);
    CHECK(pkg_name_is_good("web-style") && !pkg_name_is_good("../x") && !pkg_name_is_good("") && !pkg_name_is_good("a b"));
    return NULL;
}

SELFTEST(pkg_manifest, "pkg") {
#define SUM "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    static const char good[] = "# a comment\nname=x\nversion=1.2\ndepends=a, b>=2.0\nlater=unknown\n"
                               "file=/usr/x,data/x,755," SUM "\n";
    static const char *const bad[] = {
        "version=1\n", "name=x\n", "name=a/b\nversion=1\n", "name=x\nversion=1\nnonsense\n",
        "name=x\nversion=1\nfile=/a/../b,data/x,644," SUM "\n", "name=x\nversion=1\nfile=a,data/x,644," SUM "\n",
        "name=x\nversion=1\nfile=/a,data/x,999," SUM "\n", "name=x\nversion=1\nfile=/a,data/x,644,sha256:00\n",
        "name=x\nversion=1\nfile=/a,data/x\n", "name=x\nversion=1\nfile=/var/pkg/registry,data/x,644," SUM "\n",
        "name=x\nversion=1\nfile=/a,d,644," SUM "\nfile=/a,e,644," SUM "\n", "name=x\nversion=1\ndepends=a=b\n",
    };
    struct manifest *m = kmalloc(sizeof *m);
    CHECK(m && manifest_parse(good, sizeof good - 1, m) == 0);
    CHECK(strcmp(m->name, "x") == 0 && m->depend_count == 2 && strcmp(m->depends[1].least, "2.0") == 0);
    CHECK(m->file_count == 1 && m->files[0].mode == 0755 && m->files[0].sum[0] == 0xBA && m->files[0].sum[31] == 0xAD);
    manifest_free(m);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        CHECK(manifest_parse(bad[i], strlen(bad[i]), m) == -EBADMSG);
    kfree(m);
    return NULL;
}

/* --- packages to work with --- */
struct archive {
    uint8_t *data;
    size_t bytes;
};

static void add(struct archive *a, const char *name, const void *data, size_t bytes) {
    uint8_t *h = a->data + a->bytes;
    uint32_t sum = 0;
    if (a->bytes + 1536 + bytes > ARCHIVE_BYTES)
        return;
    memset(h, 0, 512);
    strlcpy((char *)h, name, 100);
    ksnprintf((char *)h + 124, 12, "%011lo", (uint64_t)bytes);
    memset(h + 148, ' ', 8);
    h[156] = '0';
    memcpy(h + 257, "ustar", 6);
    for (size_t i = 0; i < 512; i++)
        sum += h[i];
    ksnprintf((char *)h + 148, 7, "%06o", sum);
    memset(h + 512, 0, ALIGN_UP(bytes, 512) + 1024);
    memcpy(h + 512, data, bytes);
    a->bytes += 512 + ALIGN_UP(bytes, 512);
}

/* "/tmp/pkg-test/<name>/<file>" for each of `files`, with the version for contents. */
static int make(const char *name, const char *version, const char *depends, const char *const *files, size_t count) {
    struct archive a = {kzalloc(ARCHIVE_BYTES), 0};
    char *text = kmalloc(KB(4)), sum[65], path[96];
    if (!a.data || !text)
        return -ENOMEM;
    size_t used = (size_t)ksnprintf(text, KB(4), "name=%s\nversion=%s\ncategory=test\ndepends=%s\n", name, version, depends);
    for (size_t i = 0; i < count; i++) {
        sum_of(version, strlen(version), sum);
        used += (size_t)ksnprintf(text + used, KB(4) - used, "file=" TARGET "/%s/%s,data/%s,640,sha256:%s\n", name, files[i],
                                  files[i], sum);
    }
    add(&a, "MANIFEST", text, used);
    for (size_t i = 0; i < count; i++) {
        ksnprintf(path, sizeof path, "data/%s", files[i]);
        add(&a, path, version, strlen(version));
    }
    ksnprintf(path, sizeof path, PKG_REPOSITORY "/%s-%s.tar", name, version);
    int result = vfs_mkdir_all(PKG_REPOSITORY, 0755);
    if (result == 0)
        result = vfs_write_file(path, a.data, a.bytes + 1024);
    kfree(text);
    kfree(a.data);
    return result;
}

static void forget(const char *name, const char *version) {
    char path[96];
    pkg_remove(name);
    ksnprintf(path, sizeof path, PKG_REPOSITORY "/%s-%s.tar", name, version);
    vfs_unlink(path);
}

static bool contains(const char *path, const char *text) {
    char buffer[64];
    return vfs_read_file(path, buffer, sizeof buffer) == (int64_t)strlen(text) && strcmp(buffer, text) == 0;
}

static const char *const one[] = {"one"}, *const two[] = {"deep/two", "one"};

SELFTEST(pkg_install_remove, "pkg") {
    struct pkg_info *p = kmalloc(sizeof *p);
    struct stat s;
    CHECK(p && make("selftest-a", "1.0", "selftest-b>=1.0", two, 2) == 0 && make("selftest-b", "1.1", "", one, 1) == 0);
    CHECK(pkg_find("selftest-a", p) == 0 && !p->installed && strcmp(p->available, "1.0") == 0);
    CHECK(pkg_install("selftest-a") == 0 && pkg_install("selftest-a") == -EEXIST);
    CHECK(contains(TARGET "/selftest-a/deep/two", "1.0") && contains(TARGET "/selftest-b/one", "1.1"));
    CHECK(vfs_stat(TARGET "/selftest-a/one", &s) == 0 && s.mode == (S_IFREG | 0640));
    CHECK(pkg_find("selftest-b", p) == 0 && p->installed && p->files == 1 && strcmp(p->category, "test") == 0);
    CHECK(pkg_remove("selftest-b") == -EBUSY && strstr(pkg_error(), "selftest-a needs selftest-b"));
    CHECK(pkg_verify("selftest-a", NULL) == 0 && vfs_truncate(TARGET "/selftest-a/one", 1) == 0);
    CHECK(vfs_unlink(TARGET "/selftest-a/deep/two") == 0 && pkg_verify("selftest-a", NULL) == 2);
    size_t found = 0;
    for (size_t i = 0; pkg_at(i, p) == 0; i++)
        found += strncmp(p->name, "selftest-", 9) == 0 && p->installed;
    CHECK(found == 2);
    char registry[512];
    CHECK(vfs_read_file(PKG_REGISTRY, registry, sizeof registry) > 0 && strstr(registry, "selftest-b|1.1|installed|"));
    CHECK(pkg_remove("selftest-a") == 0 && pkg_remove("selftest-a") == -ENOENT && pkg_remove("selftest-b") == 0);
    CHECK(vfs_stat(TARGET, &s) == -ENOENT && pkg_verify("selftest-a", NULL) == -ENOENT);
    CHECK(pkg_install("selftest-none") == -ENOENT);
    forget("selftest-a", "1.0");
    forget("selftest-b", "1.1");
    kfree(p);
    return NULL;
}

SELFTEST(pkg_upgrade, "pkg") {
    struct stat s;
    CHECK(make("selftest-a", "1.9", "", two, 2) == 0 && pkg_install("selftest-a") == 0 && pkg_upgrade("selftest-a") == 0);
    CHECK(make("selftest-a", "1.10", "selftest-b", one, 1) == 0 && pkg_upgrade("selftest-a") == -ENOENT);
    CHECK(contains(TARGET "/selftest-a/one", "1.9"));
    CHECK(make("selftest-b", "1", "", one, 1) == 0 && pkg_upgrade("selftest-a") == 1);
    CHECK(contains(TARGET "/selftest-a/one", "1.10") && vfs_stat(TARGET "/selftest-a/deep", &s) == -ENOENT);
    CHECK(contains(TARGET "/selftest-b/one", "1") && pkg_upgrade("selftest-a") == 0 && pkg_upgrade("selftest-c") == -ENOENT);
    forget("selftest-a", "1.9");
    forget("selftest-a", "1.10");
    forget("selftest-b", "1");
    CHECK(vfs_stat(TARGET, &s) == -ENOENT);
    return NULL;
}

SELFTEST(pkg_resolve, "pkg") {
    char names[4][PKG_NAME_MAX];
    CHECK(make("selftest-a", "1", "selftest-b, selftest-c", one, 1) == 0 && make("selftest-b", "1", "selftest-d", one, 1) == 0);
    CHECK(make("selftest-c", "1", "selftest-d", one, 1) == 0 && make("selftest-d", "1", "", one, 1) == 0);
    CHECK(pkg_plan("selftest-a", names, 4) == 4 && strcmp(names[0], "selftest-d") == 0 && strcmp(names[3], "selftest-a") == 0);
    CHECK(pkg_plan("selftest-a", names, 3) == -E2BIG);
    CHECK(make("selftest-d", "2", "selftest-a", one, 1) == 0 && pkg_install("selftest-a") == -ELOOP); /* in a circle */
    struct stat s;
    CHECK(vfs_stat(TARGET, &s) == -ENOENT);
    CHECK(make("selftest-b", "2", "selftest-d>=3", one, 1) == 0 && pkg_install("selftest-b") == -ENOENT);
    static const char *const made[] = {"selftest-a", "selftest-b", "selftest-c", "selftest-d"};
    for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
        forget(made[i], "1");
        forget(made[i], "2");
    }
    return NULL;
}

static bool has_leftovers(const char *path) {
    struct dirent *entry = kmalloc(sizeof *entry);
    int fd = entry ? vfs_open(path, O_RDONLY | O_DIRECTORY, 0) : -ENOMEM;
    bool found = false;
    while (fd >= 0 && vfs_readdir(fd, entry) == 1)
        found |= strstr(entry->name, PKG_SUFFIX) != NULL;
    if (fd >= 0)
        vfs_close(fd);
    kfree(entry);
    return found;
}

/* The power fails after each step of an upgrade in turn: the old package is there or the new one, never a mixture. */
SELFTEST(pkg_interrupted, "pkg") {
    unsigned old = 0, new = 0;
    struct stat s;
    for (unsigned stop = 1; stop < 12; stop++) {
        CHECK(make("selftest-a", "1", "", two, 2) == 0 && pkg_install("selftest-a") == 0);
        CHECK(make("selftest-a", "2", "", one, 1) == 0);
        transaction_stop_after = stop;
        int result = pkg_upgrade("selftest-a");
        bool stopped = result == -EINTR && !transaction_stop_after;
        transaction_stop_after = 0;
        CHECK(result == 1 || stopped);
        CHECK(pkg_verify("selftest-a", NULL) == 0); /* the next call tidies up, and all is as the registry says */
        bool is_old = contains(TARGET "/selftest-a/one", "1");
        CHECK(is_old ? contains(TARGET "/selftest-a/deep/two", "1")
                     : contains(TARGET "/selftest-a/one", "2") && vfs_stat(TARGET "/selftest-a/deep", &s) == -ENOENT);
        CHECK(!has_leftovers(TARGET "/selftest-a") && !has_leftovers(PKG_ROOT) && !has_leftovers(PKG_MANIFESTS));
        CHECK(vfs_stat(PKG_JOURNAL, &s) == -ENOENT && vfs_stat(PKG_STAGED, &s) == -ENOENT);
        old += is_old;
        new += !is_old;
        forget("selftest-a", "1");
        forget("selftest-a", "2");
    }
    CHECK(old >= 2 && new >= 4 && vfs_stat(TARGET, &s) == -ENOENT);
    return NULL;
}

SELFTEST(pkg_damaged, "pkg") {
    struct stat s;
    CHECK(make("selftest-a", "1", "", two, 2) == 0);
    int fd = vfs_open(PKG_REPOSITORY "/selftest-a-1.tar", O_RDWR, 0);
    CHECK(fd >= 0 && vfs_fstat(fd, &s) == 0);
    size_t bytes = (size_t)s.size, offset;
    uint8_t *data = kmalloc(bytes);
    struct tar_entry e;
    CHECK(data && vfs_read(fd, data, bytes) == (int64_t)bytes);
    for (size_t i = 0; i < bytes; i += 3) { /* archives that are cut or changed are never read beyond their end */
        uint8_t kept = data[i];
        data[i] ^= 0x15;
        for (offset = 0; tar_next(data, bytes, &offset, &e) == 1;)
            CHECK(e.data >= data && e.data + e.bytes <= data + bytes);
        data[i] = kept;
        for (offset = 0; tar_next(data, i, &offset, &e) == 1;)
            CHECK(e.data + e.bytes <= data + i);
    }
    CHECK(vfs_pwrite(fd, "2", 1, 1536) == 1 && vfs_close(fd) == 0); /* the contents of a file */
    CHECK(pkg_install("selftest-a") == -EBADMSG && strstr(pkg_error(), "not what its sum says"));
    CHECK(vfs_stat(TARGET, &s) == -ENOENT);
    CHECK(make("selftest-a", "1", "", one, 1) == 0 && vfs_mkdir_all(TARGET "/selftest-a", 0755) == 0);
    CHECK(vfs_write_file(TARGET "/selftest-a/one", "mine", 4) == 0 && pkg_install("selftest-a") == -EEXIST);
    CHECK(contains(TARGET "/selftest-a/one", "mine") && vfs_unlink(TARGET "/selftest-a/one") == 0);
    CHECK(vfs_rmdir(TARGET "/selftest-a") == 0 && vfs_rmdir(TARGET) == 0);
    CHECK(pkg_install("/etc/motd") == -EBADMSG && pkg_install("/none") == -ENOENT);
    forget("selftest-a", "1");
    kfree(data);
    return NULL;
}
