/* Takes over from the boot loader, which has left nothing but the address of a device tree. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/device_tree.h>
#include <auton/klog.h>
#include "handover.h"

uint64_t boot_tree_phys;

static const char *refused = "it was not looked at";

void handover_open_tree(void) {
    uint64_t mapped = GB(1) - boot_tree_phys % GB(1); /* boot.S has mapped the gigabyte that it begins in */
    refused = device_tree_open(boot_tree_phys, mapped < FDT_MAX_SIZE ? mapped : FDT_MAX_SIZE);
}

void arch_boot_init(void) {
    boot_info.protocol = "arm64 image";
    if (refused) {
        kprintf("FATAL: Invalid device tree: %s\n", refused);
        arch_panic();
    }
    log_info("BOOT", "DTB parsed: %u bytes at 0x%lx", device_tree()->size, boot_tree_phys);
}

void arch_parse_memory_map(void) {
    device_tree_memory();
}

void arch_parse_modules(void) {
    device_tree_modules();
}

void arch_firmware_parse(void) {
}

enum firmware_type arch_get_firmware_type(void) {
    return device_tree() ? FIRMWARE_DEVICE_TREE : FIRMWARE_NONE;
}
