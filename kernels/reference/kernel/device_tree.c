/* From the device tree to boot_info: memory, command line, initial ramdisk. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/device_tree.h>
#include <auton/string.h>

static struct fdt tree;
static bool open;

const char *device_tree_open(phys_addr_t phys, size_t available) {
    const char *wrong = phys ? fdt_open(&tree, phys_to_virt(phys), available) : "there is none";
    if (wrong)
        return wrong;
    open = true;
    boot_info.firmware_table = phys;
    const char *bootargs = fdt_string(&tree, fdt_find_path(&tree, "/chosen"), "bootargs", 0);
    strlcpy(boot_info.cmdline, bootargs ? bootargs : "", sizeof boot_info.cmdline);
    return NULL;
}

const struct fdt *device_tree(void) {
    return open ? &tree : NULL;
}

static void add_memory(struct fdt_range range, enum memory_type type) {
    if (range.size == 0 || range.base + range.size < range.base || boot_info.memory_count == BOOT_MAX_MEMORY_RANGES)
        return;
    boot_info.memory[boot_info.memory_count++] = (struct memory_range){range.base, range.size, type};
}

/* Should there be more ranges than boot_info takes, it is usable memory that gets lost. */
void device_tree_memory(void) {
    struct fdt_range range;
    add_memory((struct fdt_range){boot_info.firmware_table, tree.size}, MEM_RESERVED);
    for (uint32_t i = 0; i < BOOT_MAX_MEMORY_RANGES && fdt_reserved(&tree, i, &range); i++)
        add_memory(range, MEM_RESERVED);
    for (uint32_t i = 0; i < BOOT_MAX_MEMORY_RANGES && fdt_memory(&tree, i, &range); i++)
        add_memory(range, MEM_USABLE);
}

void device_tree_modules(void) {
    struct fdt_range initrd;
    if (!fdt_initrd(&tree, &initrd))
        return;
    struct boot_module *module = &boot_info.modules[boot_info.module_count++];
    module->start = initrd.base;
    module->end = initrd.base + initrd.size;
    strlcpy(module->cmdline, "initrd", sizeof module->cmdline);
}

fdt_node_t device_tree_find(const char *const *compatible, size_t count) {
    for (fdt_node_t node = open ? tree.root : FDT_NONE; node != FDT_NONE; node = fdt_next(&tree, node))
        for (size_t i = 0; i < count; i++)
            if (fdt_is_compatible(&tree, node, compatible[i]) && fdt_is_enabled(&tree, node))
                return node;
    return FDT_NONE;
}

uint32_t device_tree_cpu_count(void) {
    uint32_t count = 0;
    fdt_node_t cpus = open ? fdt_find_path(&tree, "/cpus") : FDT_NONE;
    fdt_node_t node = cpus == FDT_NONE ? FDT_NONE : fdt_first_child(&tree, cpus);
    for (; node != FDT_NONE; node = fdt_next_sibling(&tree, node)) {
        const char *type = fdt_string(&tree, node, "device_type", 0);
        count += type && strcmp(type, "cpu") == 0 && fdt_is_enabled(&tree, node);
    }
    return count ? count : 1;
}
