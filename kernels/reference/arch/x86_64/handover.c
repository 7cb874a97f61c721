/* Takes over from the boot loader. boot.asm has left its magic number and the address of its information. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "handover.h"

#define MAGIC_PVH 0x336EC578
#define MAGIC_MULTIBOOT2 0x36D76289

uint32_t boot_magic;
uint64_t boot_info_phys;

static const struct handover *handover;

void arch_boot_init(void) {
    if (boot_magic == MAGIC_PVH) {
        boot_info.protocol = "PVH";
        handover = &pvh_handover;
    } else if (boot_magic == MAGIC_MULTIBOOT2) {
        boot_info.protocol = "Multiboot2";
        handover = &multiboot2_handover;
        log_info("BOOT", "Multiboot2 magic valid");
    } else {
        kprintf("FATAL: Invalid Multiboot2 magic 0x%08x, expected 0x%08x\n", boot_magic, MAGIC_MULTIBOOT2);
        arch_panic();
    }
    handover->basics(phys_to_virt(boot_info_phys));
}

void arch_parse_memory_map(void) {
    handover->memory(phys_to_virt(boot_info_phys));
}

void arch_parse_modules(void) {
    handover->modules(phys_to_virt(boot_info_phys));
}

void handover_add_memory(phys_addr_t base, uint64_t length, uint32_t type) {
    if (length == 0 || base + length < base || boot_info.memory_count == BOOT_MAX_MEMORY_RANGES)
        return;
    boot_info.memory[boot_info.memory_count++] = (struct memory_range){
        .base = base,
        .length = length,
        .type = type >= MEM_USABLE && type <= MEM_BAD ? (enum memory_type)type : MEM_RESERVED,
    };
}

void handover_add_module(phys_addr_t start, phys_addr_t end, const char *cmdline) {
    if (end <= start || boot_info.module_count == BOOT_MAX_MODULES)
        return;
    struct boot_module *m = &boot_info.modules[boot_info.module_count++];
    m->start = start;
    m->end = end;
    strlcpy(m->cmdline, cmdline, sizeof m->cmdline);
}
