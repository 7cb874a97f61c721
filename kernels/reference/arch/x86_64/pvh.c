/* The PVH start information (QEMU -kernel, Xen). */
#include <auton/arch.h>
#include <auton/string.h>
#include "handover.h"

struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, cmdline, rsdp;
    uint64_t memory_map; /* from version 1 on */
    uint32_t memory_count, reserved;
};
struct module_entry {
    uint64_t start, size, cmdline, reserved;
};
struct memory_entry {
    uint64_t base, size;
    uint32_t type, reserved;
};

static const char *text_at(uint64_t phys) {
    return phys ? phys_to_virt(phys) : "";
}

static void basics(const void *p) {
    const struct start_info *info = p;
    strlcpy(boot_info.cmdline, text_at(info->cmdline), sizeof boot_info.cmdline);
    boot_info.firmware_table = info->rsdp;
}

static void memory(const void *p) {
    const struct start_info *info = p;
    if (info->version < 1 || !info->memory_map)
        return;
    const struct memory_entry *e = phys_to_virt(info->memory_map);
    for (uint32_t i = 0; i < info->memory_count; i++)
        handover_add_memory(e[i].base, e[i].size, e[i].type);
}

static void modules(const void *p) {
    const struct start_info *info = p;
    const struct module_entry *e = phys_to_virt(info->modules);
    for (uint32_t i = 0; i < info->module_count; i++)
        handover_add_module(e[i].start, e[i].start + e[i].size, text_at(e[i].cmdline));
}

const struct handover pvh_handover = {basics, memory, modules};
