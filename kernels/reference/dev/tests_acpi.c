/* Self-tests of the ACPI readers on tables made here: whole ones are understood, damaged ones are refused. */
#include "acpi_tables.h"
#include <auton/selftest.h>
#include <auton/string.h>

/* Gives a table its header and a checksum that holds. */
static void seal(uint8_t *table, const char *signature, uint32_t length) {
    memcpy(table, signature, 4);
    memcpy(table + 4, &length, sizeof length);
    table[9] = 0;
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + table[i]);
    table[9] = (uint8_t)-sum;
}

SELFTEST(acpi_rsdp, "dev") {
    uint8_t rsdp[ACPI_RSDP_SIZE] = "RSD PTR \0AUTON \0\x78\x56\x34\x12";
    struct acpi_root root;
    uint8_t sum = 0;
    for (unsigned i = 0; i < sizeof rsdp; i++)
        sum = (uint8_t)(sum + rsdp[i]);
    rsdp[8] = (uint8_t)-sum;
    CHECK(acpi_parse_rsdp(rsdp, sizeof rsdp, &root));
    CHECK(root.table == 0x12345678 && !root.is_xsdt && strcmp(root.oem, "AUTON") == 0);
    CHECK(!acpi_parse_rsdp(rsdp, sizeof rsdp - 1, &root));
    rsdp[16] ^= 1;
    CHECK(!acpi_parse_rsdp(rsdp, sizeof rsdp, &root));
    rsdp[16] ^= 1;
    rsdp[0] = 'r';
    CHECK(!acpi_parse_rsdp(rsdp, sizeof rsdp, &root));
    return NULL;
}

SELFTEST(acpi_checksum, "dev") {
    uint8_t data[44] = {0};
    struct acpi_table table;
    seal(data, "XSDT", sizeof data);
    CHECK(acpi_table_open(data, sizeof data, "XSDT", &table) && table.length == sizeof data);
    CHECK(acpi_root_count(&table, true) == 1 && acpi_root_entry(&table, true, 1) == 0);
    CHECK(!acpi_table_open(data, sizeof data, "RSDT", &table));
    CHECK(!acpi_table_open(data, sizeof data - 1, "XSDT", &table)); /* longer than the memory it lies in */
    data[40] ^= 0x10;
    CHECK(!acpi_table_open(data, sizeof data, "XSDT", &table));
    seal(data, "XSDT", ACPI_HEADER_SIZE - 1);
    CHECK(!acpi_table_open(data, sizeof data, "XSDT", &table)); /* shorter than its own header */
    return NULL;
}

SELFTEST(acpi_madt, "dev") {
    uint8_t data[44 + 8 + 8 + 12 + 4] = {
        [36] = 0x00, 0x00, 0xE0, 0xFE,
        [44] = 0, 8, 0, 0, 1, 0, 0, 0,                            /* a processor */
        [52] = 0, 8, 1, 1, 0, 0, 0, 0,                            /* one that is switched off for good */
        [60] = 1, 12, 0, 0, 0x00, 0x00, 0xC0, 0xFE, 0, 0, 0, 0,   /* an I/O APIC */
        [72] = 0, 0, 0, 0,                                        /* a record of no length: the end */
    };
    struct acpi_info info = {0};
    struct acpi_table table;
    seal(data, "APIC", sizeof data);
    CHECK(acpi_table_open(data, sizeof data, "APIC", &table));
    acpi_parse_madt(&table, &info);
    CHECK(info.cpu_count == 1 && info.lapic == 0xFEE00000 && info.ioapic == 0xFEC00000);
    data[61] = 200; /* a record that leaves the table */
    info = (struct acpi_info){0};
    acpi_parse_madt(&table, &info);
    CHECK(info.cpu_count == 1 && info.ioapic == 0);
    return NULL;
}

SELFTEST(acpi_soft_off, "dev") {
    static const uint8_t bytes[] = {0x00, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0A, 0x05, 0x01, 0x00, 0x00};
    static const uint8_t rooted[] = {0x08, '\\', '_', 'S', '5', '_', 0x12, 0x46, 0x00, 0x01, 0x0B, 0x07, 0x00};
    static const uint8_t mentioned[] = {0xA4, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0A, 0x05, 0x01, 0x00, 0x00};
    static const uint8_t absurd[] = {0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0A, 0x55, 0x01, 0x00, 0x00};
    struct acpi_power power = {0};
    CHECK(acpi_find_s5(bytes, sizeof bytes, &power));
    CHECK(power.s5_type_a == 5 && power.s5_type_b == 1);
    CHECK(acpi_find_s5(rooted, sizeof rooted, &power)); /* one element counts for both registers */
    CHECK(power.s5_type_a == 7 && power.s5_type_b == 7);
    for (size_t cut = 0; cut <= 10; cut++)
        CHECK(!acpi_find_s5(bytes, cut, &power));
    CHECK(!acpi_find_s5(mentioned, sizeof mentioned, &power)); /* not a definition */
    CHECK(!acpi_find_s5(absurd, sizeof absurd, &power));
    return NULL;
}

/* What the firmware of this machine said, if it said anything. */
SELFTEST(acpi_machine, "dev") {
    const struct acpi_info *info = acpi_get_info();
    CHECK(info->present || (info->cpu_count == 0 && !info->can_power_off && info->ecam == 0));
    CHECK(info->lapic % 4096 == 0 && info->ioapic % 1024 == 0);
    CHECK(info->ecam == 0 || (info->ecam % MB(1) == 0 && info->ecam_first_bus <= info->ecam_last_bus));
    return NULL;
}
