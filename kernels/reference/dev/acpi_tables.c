#include "acpi_tables.h"
#include <auton/string.h>

#define MAX_TABLE_SIZE MB(4) /* larger than any real one */
#define MADT_CPU_ENABLED 0x3u /* enabled, or may be */

static uint16_t read16(const uint8_t *p) {
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t read32(const uint8_t *p) {
    return read16(p) | (uint32_t)read16(p + 2) << 16;
}

static uint64_t read64(const uint8_t *p) {
    return read32(p) | (uint64_t)read32(p + 4) << 32;
}

bool acpi_checksum_ok(const uint8_t *data, size_t length) {
    uint8_t sum = 0;
    for (size_t i = 0; i < length; i++)
        sum += data[i];
    return sum == 0;
}

bool acpi_parse_rsdp(const uint8_t *data, size_t available, struct acpi_root *out) {
    if (available < ACPI_RSDP_SIZE || memcmp(data, "RSD PTR ", 8) != 0 || !acpi_checksum_ok(data, ACPI_RSDP_SIZE))
        return false;
    *out = (struct acpi_root){.table = read32(data + 16)};
    memcpy(out->oem, data + 9, 6);
    for (int i = 5; i >= 0 && out->oem[i] == ' '; i--)
        out->oem[i] = '\0';
    bool has_xsdt = data[15] >= 2 && available >= ACPI_RSDP2_SIZE && acpi_checksum_ok(data, ACPI_RSDP2_SIZE);
    if (has_xsdt && read64(data + 24) != 0) {
        out->table = read64(data + 24);
        out->is_xsdt = true;
    }
    return out->table != 0;
}

uint32_t acpi_table_length(const uint8_t *header, size_t available) {
    if (available < ACPI_HEADER_SIZE)
        return 0;
    uint32_t length = read32(header + 4);
    return length >= ACPI_HEADER_SIZE && length <= MAX_TABLE_SIZE ? length : 0;
}

bool acpi_table_open(const uint8_t *data, size_t available, const char *signature, struct acpi_table *out) {
    uint32_t length = acpi_table_length(data, available);
    if (length == 0 || length > available || memcmp(data, signature, 4) != 0 || !acpi_checksum_ok(data, length))
        return false;
    *out = (struct acpi_table){data, length};
    return true;
}

size_t acpi_root_count(const struct acpi_table *root, bool is_xsdt) {
    return (root->length - ACPI_HEADER_SIZE) / (is_xsdt ? 8 : 4);
}

phys_addr_t acpi_root_entry(const struct acpi_table *root, bool is_xsdt, size_t index) {
    if (index >= acpi_root_count(root, is_xsdt))
        return 0;
    const uint8_t *entries = root->data + ACPI_HEADER_SIZE;
    return is_xsdt ? read64(entries + index * 8) : read32(entries + index * 4);
}

/* Interrupt controllers: a list of records, each with its type and length in the first two bytes. */
void acpi_parse_madt(const struct acpi_table *madt, struct acpi_info *info) {
    enum { LOCAL_APIC = 0, IO_APIC = 1, LAPIC_OVERRIDE = 5, LOCAL_X2APIC = 9 };
    if (madt->length < ACPI_HEADER_SIZE + 8)
        return;
    info->lapic = read32(madt->data + 36);
    uint32_t at = ACPI_HEADER_SIZE + 8;
    while (at + 2 <= madt->length) {
        const uint8_t *record = madt->data + at;
        uint8_t type = record[0], length = record[1];
        if (length < 2 || at + length > madt->length)
            return;
        if (type == LOCAL_APIC && length >= 8 && (read32(record + 4) & MADT_CPU_ENABLED) != 0)
            info->cpu_count++;
        else if (type == LOCAL_X2APIC && length >= 16 && (read32(record + 8) & MADT_CPU_ENABLED) != 0)
            info->cpu_count++;
        else if (type == IO_APIC && length >= 12 && info->ioapic == 0)
            info->ioapic = read32(record + 4);
        else if (type == LAPIC_OVERRIDE && length >= 12)
            info->lapic = read64(record + 4);
        at += length;
    }
}

/* PCI configuration windows: only segment 0 can be addressed by bus, device and function alone. */
void acpi_parse_mcfg(const struct acpi_table *mcfg, struct acpi_info *info) {
    for (uint32_t at = ACPI_HEADER_SIZE + 8; at + 16 <= mcfg->length; at += 16) {
        const uint8_t *window = mcfg->data + at;
        uint64_t base = read64(window);
        bool usable = base != 0 && base % MB(1) == 0 && base < 1ull << 52 && window[10] <= window[11];
        if (read16(window + 8) != 0 || !usable)
            continue;
        info->ecam = base + MB(window[10]);
        info->ecam_first_bus = window[10];
        info->ecam_last_bus = window[11];
        return;
    }
}

/* A generic address: 12 bytes that name the space, the width and the address. */
static uint64_t generic_address(const struct acpi_table *table, uint32_t offset) {
    if (offset + 12 > table->length)
        return 0;
    uint8_t space = table->data[offset];
    uint64_t address = read64(table->data + offset + 4);
    bool is_port = space == 1 && address < 0x10000, is_memory = space == 0 && address >= 0x10000;
    return is_port || is_memory ? address : 0;
}

static uint64_t port32(const struct acpi_table *table, uint32_t offset) {
    uint32_t port = offset + 4 <= table->length ? read32(table->data + offset) : 0;
    return port < 0x10000 ? port : 0;
}

void acpi_parse_fadt(const struct acpi_table *fadt, struct acpi_power *power) {
    enum { DSDT = 40, SMI_COMMAND = 48, ENABLE = 52, PM1A = 64, PM1B = 68, FLAGS = 112,
           RESET = 116, RESET_VALUE = 128, X_DSDT = 140, X_PM1A = 172, X_PM1B = 184, SLEEP_CONTROL = 244 };
    const uint32_t reset_supported = 1u << 10, hardware_reduced = 1u << 20;
    *power = (struct acpi_power){0};
    if (fadt->length < FLAGS + 4)
        return;
    power->dsdt = read32(fadt->data + DSDT);
    if (fadt->length >= X_DSDT + 8 && read64(fadt->data + X_DSDT) != 0)
        power->dsdt = read64(fadt->data + X_DSDT);
    uint32_t flags = read32(fadt->data + FLAGS);
    if ((flags & reset_supported) && fadt->length > RESET_VALUE) {
        power->reset = generic_address(fadt, RESET);
        power->reset_value = fadt->data[RESET_VALUE];
    }
    if (flags & hardware_reduced) {
        power->sleep_control = generic_address(fadt, SLEEP_CONTROL);
        return;
    }
    power->smi_command = (uint32_t)port32(fadt, SMI_COMMAND);
    power->enable_value = fadt->data[ENABLE];
    uint64_t wide_a = generic_address(fadt, X_PM1A), wide_b = generic_address(fadt, X_PM1B);
    power->pm1a_control = wide_a ? wide_a : port32(fadt, PM1A);
    power->pm1b_control = wide_b ? wide_b : port32(fadt, PM1B);
}
