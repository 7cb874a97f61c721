/* The processor's own state, and what it is called. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/device_tree.h>
#include <auton/klog.h>
#include <auton/string.h>
#include "cpu.h"
#include "tables.h"

/* The lower half of all addresses is the user's, and there is none yet: a null pointer faults from here on. */
void arch_cpu_init(void) {
    log_info("BOOT", "Running at EL%lu", READ_SYSREG("CurrentEL") >> 2);
    WRITE_SYSREG("ttbr0_el1", virt_to_phys(no_user_table));
    isb();
    arch_flush_tlb_everything();
}

void arch_set_kernel_stack(uint64_t top) {
    (void)top; /* a trap from user mode comes on the stack that the kernel has left, SP_EL1 */
}

static const char *part_name(unsigned part) {
    static const struct {
        uint16_t part;
        const char *name;
    } names[] = {
        {0xD03, "ARM Cortex-A53"}, {0xD04, "ARM Cortex-A35"}, {0xD05, "ARM Cortex-A55"}, {0xD07, "ARM Cortex-A57"},
        {0xD08, "ARM Cortex-A72"}, {0xD09, "ARM Cortex-A73"}, {0xD0A, "ARM Cortex-A75"}, {0xD0B, "ARM Cortex-A76"},
        {0xD0C, "ARM Neoverse N1"}, {0xD40, "ARM Neoverse V1"}, {0xD49, "ARM Neoverse N2"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].part == part)
            return names[i].name;
    return NULL;
}

/* By the identification register where the part is known, else as the device tree calls it. */
void arch_get_hw_summary(struct hw_summary *out) {
    const struct fdt *tree = device_tree();
    uint64_t midr = READ_SYSREG("midr_el1");
    bool by_arm = midr >> 24 == 'A';
    const char *name = by_arm ? part_name(midr >> 4 & 0xFFF) : NULL;
    if (!name)
        name = fdt_string(tree, fdt_find_path(tree, "/cpus/cpu"), "compatible", 0);
    strlcpy(out->cpu, name ? name : "AArch64", sizeof out->cpu);
    out->cpu_count = device_tree_cpu_count();
    out->ram_bytes = boot_ram_bytes();
}
