/* Finds ACPI's root pointer: from the boot loader, else where PC firmware leaves it. */
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/string.h>

#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_V1_SIZE 20
#define BIOS_AREA 0xE0000
#define BIOS_AREA_END 0x100000
#define EBDA_SEGMENT 0x40E /* where the BIOS keeps the segment of its extended data area */

static bool is_rsdp(const uint8_t *p) {
    uint8_t sum = 0;
    if (memcmp(p, RSDP_SIGNATURE, 8) != 0)
        return false;
    for (unsigned i = 0; i < RSDP_V1_SIZE; i++)
        sum = (uint8_t)(sum + p[i]);
    return sum == 0;
}

static phys_addr_t search(phys_addr_t from, phys_addr_t to) {
    for (phys_addr_t p = from; p + RSDP_V1_SIZE <= to; p += 16)
        if (is_rsdp(phys_to_virt(p)))
            return p;
    return 0;
}

void arch_firmware_parse(void) {
    if (boot_info.firmware_table)
        return;
    phys_addr_t ebda = (phys_addr_t) * (const uint16_t *)phys_to_virt(EBDA_SEGMENT) << 4;
    if (ebda >= 0x80000 && ebda < 0xA0000)
        boot_info.firmware_table = search(ebda, ebda + 1024);
    if (!boot_info.firmware_table)
        boot_info.firmware_table = search(BIOS_AREA, BIOS_AREA_END);
}

enum firmware_type arch_get_firmware_type(void) {
    return boot_info.firmware_table ? FIRMWARE_ACPI : FIRMWARE_NONE;
}

uint32_t arch_tree_interrupt(const struct fdt_interrupt *interrupt) {
    (void)interrupt;
    return 0; /* PCs have no device tree */
}
