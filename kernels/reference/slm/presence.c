/* What the SLM asks of subsystems that a kernel may come without: these answers stand where nobody else has one. */
#include <auton/fs.h>

__attribute__((weak)) bool vfs_ready(void) {
    return false;
}

__attribute__((weak)) bool vfs_mount_at(size_t index, struct mount_info *out) {
    (void)index;
    (void)out;
    return false;
}
