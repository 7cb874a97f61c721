/* ACPI tables of firmware that errs, or lies. The first byte chooses the reader; checksums are made right, or no input
 * would get past them. */
#include "fuzz.h"
#include "../../../kernels/reference/dev/acpi_tables.h"
#include <auton/string.h>

extern void *malloc(size_t size);
extern void free(void *p);

static void seal(uint8_t *bytes, size_t size, size_t checksum_at) {
    if (size <= checksum_at)
        return;
    bytes[checksum_at] = 0;
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[checksum_at] = (uint8_t)-sum;
}

static void read_rsdp(uint8_t *bytes, size_t size) {
    struct acpi_root root;
    if (size >= ACPI_RSDP_SIZE) {
        memcpy(bytes, "RSD PTR ", 8);
        seal(bytes, ACPI_RSDP_SIZE, 8);
    }
    if (size >= ACPI_RSDP2_SIZE)
        seal(bytes, ACPI_RSDP2_SIZE, 32);
    if (acpi_parse_rsdp(bytes, size, &root)) {
        PROMISE(root.table != 0);
        PROMISE(strnlen(root.oem, sizeof root.oem) < sizeof root.oem);
    }
}

static void read_tables(const struct acpi_table *table) {
    struct acpi_info info = {0};
    struct acpi_power power;
    for (int wide = 0; wide <= 1; wide++)
        for (size_t i = 0; i <= acpi_root_count(table, wide); i++)
            PROMISE(i < acpi_root_count(table, wide) || acpi_root_entry(table, wide, i) == 0);
    acpi_parse_madt(table, &info);
    acpi_parse_mcfg(table, &info);
    PROMISE(info.ecam % MB(1) == 0 && info.ecam_first_bus <= info.ecam_last_bus);
    acpi_parse_fadt(table, &power);
    PROMISE(power.smi_command < 0x10000);
}

static void read_table(uint8_t *bytes, size_t size) {
    struct acpi_table table;
    if (size >= ACPI_HEADER_SIZE) {
        bytes[4] = (uint8_t)size;
        bytes[5] = (uint8_t)(size >> 8);
        bytes[6] = bytes[7] = 0;
        seal(bytes, size, 9);
    }
    char signature[5] = "";
    memcpy(signature, bytes, size < 4 ? size : 4);
    if (acpi_table_open(bytes, size, signature, &table)) {
        PROMISE(table.length <= size);
        read_tables(&table);
    }
}

static void read_aml(const uint8_t *bytes, size_t size) {
    struct acpi_power power = {0};
    if (acpi_find_s5(bytes, size, &power))
        PROMISE(power.s5_known && power.s5_type_a <= 7 && power.s5_type_b <= 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 4096)
        return 0;
    uint8_t *bytes = malloc(size - 1 ? size - 1 : 1); /* exactly as long as what may be read */
    memcpy(bytes, data + 1, size - 1);
    switch (data[0] % 4) {
    case 0: read_rsdp(bytes, size - 1); break;
    case 1: read_table(bytes, size - 1); break;
    case 2: read_aml(bytes, size - 1); break;
    default: acpi_table_length(bytes, size - 1); break;
    }
    free(bytes);
    return 0;
}
