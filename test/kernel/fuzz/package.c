/* A package: entries of the archive lie within it; a manifest that is taken names files that may be written. */
#include "fuzz.h"
#include "../../../kernels/reference/pkg/pkg_internal.h"
#include <auton/mm.h>
#include <auton/string.h>

int pkg_failed(int error, const char *fmt, ...) {
    (void)fmt;
    return error;
}

static void check_manifest(const void *text, size_t size) {
    static struct manifest m;
    if (manifest_parse(text, size, &m))
        return;
    PROMISE(pkg_name_is_good(m.name) && m.version[0] && m.depend_count <= PKG_MOST_DEPENDS);
    for (size_t i = 0; i < m.file_count; i++) {
        PROMISE(m.files[i].path[0] == '/' && !strstr(m.files[i].path, "/../") && m.files[i].source[0]);
        PROMISE(strncmp(m.files[i].path, PKG_ROOT "/", sizeof PKG_ROOT) != 0 && m.files[i].mode <= 0777);
    }
    PROMISE(version_compare(m.version, m.version) == 0);
    manifest_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tar_entry e;
    size_t offset = 0;
    if (size && data[0] == 'M') /* the manifest alone: one in an archive needs the right sum of its header */
        check_manifest(data + 1, size - 1);
    for (size_t before = 0; tar_next(data, size, &offset, &e) == 1; before = offset) {
        PROMISE(offset > before && offset <= size && e.data >= data && e.data + e.bytes <= data + size);
        touch(e.data, e.bytes);
        if (strcmp(e.name, "MANIFEST") == 0)
            check_manifest(e.data, e.bytes);
    }
    return 0;
}
