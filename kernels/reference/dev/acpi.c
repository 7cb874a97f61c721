/* Finds the ACPI tables in memory and keeps what the kernel wants to know of them. A machine without tables, or
 * with broken ones, boots all the same. */
#include "acpi_tables.h"
#include "acpi_power.h"
#include "dev_internal.h"
#include <auton/arch.h>
#include <auton/boot.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

#define MAX_TABLES 256

static struct acpi_info info;

static bool find_root(struct acpi_root *out);
static bool open_at(phys_addr_t phys, const char *signature, struct acpi_table *out);
static void read_table(phys_addr_t phys);

const struct acpi_info *acpi_get_info(void) {
    return &info;
}

void acpi_init(void) {
    struct acpi_root root;
    struct acpi_table list;
    arch_firmware_parse();
    if (arch_get_firmware_type() == FIRMWARE_DEVICE_TREE)
        return;
    if (!find_root(&root)) {
        log_info("DEV", "ACPI: no tables");
        return;
    }
    if (!open_at(root.table, root.is_xsdt ? "XSDT" : "RSDT", &list)) {
        log_warn("DEV", "ACPI: %s at 0x%llX is damaged, going on without", root.is_xsdt ? "XSDT" : "RSDT",
                 (unsigned long long)root.table);
        return;
    }
    info.present = true;
    memcpy(info.oem, root.oem, sizeof info.oem);
    size_t tables = acpi_root_count(&list, root.is_xsdt);
    for (size_t i = 0; i < tables && i < MAX_TABLES; i++)
        read_table(acpi_root_entry(&list, root.is_xsdt, i));
    info.can_power_off = acpi_power_ready();
    log_info("DEV", "ACPI: %s, %zu tables, %u CPU%s, soft-off %s", info.oem, tables, info.cpu_count,
             info.cpu_count == 1 ? "" : "s", info.can_power_off ? "possible" : "not described");
    if (info.ecam)
        pci_config_use_ecam(info.ecam, info.ecam_first_bus, info.ecam_last_bus);
}

/* Tables lie in memory, which the memory map lists, or in the firmware's area below 1 MB. A damaged pointer must not
 * lead into a device's registers, where even reading does something. */
static bool is_memory(phys_addr_t phys, uint64_t length) {
    if (phys == 0 || phys + length < phys)
        return false;
    if (phys + length <= MB(1))
        return true;
    for (uint32_t i = 0; i < boot_info.memory_count; i++) {
        const struct memory_range *range = &boot_info.memory[i];
        if (phys >= range->base && length <= range->length && phys - range->base <= range->length - length)
            return true;
    }
    return false;
}

static const uint8_t *map(phys_addr_t phys, uint64_t length) {
    return is_memory(phys, length) ? vmm_map_physical(phys, length, MAP_PRESENT | MAP_NOEXEC) : NULL;
}

static bool find_root(struct acpi_root *out) {
    size_t size = ACPI_RSDP2_SIZE;
    const uint8_t *rsdp = map(boot_info.firmware_table, size);
    if (!rsdp) /* the short one of ACPI 1.0 may end where memory does */
        rsdp = map(boot_info.firmware_table, size = ACPI_RSDP_SIZE);
    return rsdp && acpi_parse_rsdp(rsdp, size, out);
}

/* Maps the whole table at `phys`, whatever it is. */
static bool map_table(phys_addr_t phys, struct acpi_table *out) {
    const uint8_t *header = map(phys, ACPI_HEADER_SIZE);
    uint32_t length = header ? acpi_table_length(header, ACPI_HEADER_SIZE) : 0;
    const uint8_t *data = length ? map(phys, length) : NULL;
    if (!data)
        return false;
    *out = (struct acpi_table){data, length};
    return true;
}

static bool open_at(phys_addr_t phys, const char *signature, struct acpi_table *out) {
    struct acpi_table raw;
    return map_table(phys, &raw) && acpi_table_open(raw.data, raw.length, signature, out);
}

static void read_fadt(const struct acpi_table *fadt) {
    struct acpi_power power;
    acpi_parse_fadt(fadt, &power);
    struct acpi_table dsdt;
    if (open_at(power.dsdt, "DSDT", &dsdt))
        acpi_find_s5(dsdt.data + ACPI_HEADER_SIZE, dsdt.length - ACPI_HEADER_SIZE, &power);
    acpi_power_set(&power);
}

static void read_madt(const struct acpi_table *madt) {
    acpi_parse_madt(madt, &info);
}

static void read_mcfg(const struct acpi_table *mcfg) {
    acpi_parse_mcfg(mcfg, &info);
}

static void read_table(phys_addr_t phys) {
    static const struct {
        char signature[5];
        void (*read)(const struct acpi_table *table);
    } readers[] = {{"FACP", read_fadt}, {"APIC", read_madt}, {"MCFG", read_mcfg}};

    const uint8_t *header = map(phys, ACPI_HEADER_SIZE);
    for (size_t i = 0; header && i < ARRAY_SIZE(readers); i++) {
        struct acpi_table table;
        if (memcmp(header, readers[i].signature, 4) != 0)
            continue;
        if (open_at(phys, readers[i].signature, &table))
            readers[i].read(&table);
        else
            log_warn("DEV", "ACPI: table %s is damaged, ignored", readers[i].signature);
    }
}
