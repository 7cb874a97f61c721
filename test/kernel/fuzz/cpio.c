/* An archive: entries lie within it, one behind the other, and their names are terminated. */
#include "fuzz.h"
#include "../../../kernels/reference/fs/cpio.h"
#include <auton/errno.h>
#include <auton/string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cpio_entry e;
    size_t offset = 0, before = 0;
    int result;
    while ((result = cpio_next(data, size, &offset, &e)) == 1) {
        PROMISE(offset > before && offset <= size);
        PROMISE(e.data >= data && e.data + e.size <= data + size);
        touch(e.data, e.size);
        touch(e.name, strlen(e.name) + 1);
        before = offset;
    }
    PROMISE(result == 0 || (result == -EBADMSG && offset == before));
    PROMISE(!cpio_is_archive(data, size) || size >= 110);
    return 0;
}
