/* Readers of ACPI tables. Tables come from firmware and are bytes that nobody vouches for: each reader gets where
 * they start and how many there are, and looks at nothing else. None of them touches memory or devices by itself,
 * so they also run outside the kernel. */
#pragma once
#include <auton/dev.h>

#define ACPI_HEADER_SIZE 36
#define ACPI_RSDP_SIZE 20
#define ACPI_RSDP2_SIZE 36

/* A table whose length and checksum hold, header included. */
struct acpi_table {
    const uint8_t *data;
    uint32_t length;
};

struct acpi_root {
    phys_addr_t table; /* XSDT, or RSDT where there is none */
    bool is_xsdt;
    char oem[7];
};

/* A register: a port below 0x10000, memory above; 0 when there is none. */
struct acpi_power {
    phys_addr_t dsdt;
    uint32_t smi_command;
    uint8_t enable_value;
    uint64_t pm1a_control, pm1b_control;
    uint64_t sleep_control; /* of machines without PM1 registers */
    bool s5_known;
    uint8_t s5_type_a, s5_type_b;
    uint64_t reset;
    uint8_t reset_value;
};

bool acpi_checksum_ok(const uint8_t *data, size_t length);
bool acpi_parse_rsdp(const uint8_t *data, size_t available, struct acpi_root *out);
/* Length that a table header claims; 0 when there is no header in `available` bytes or the claim is absurd. */
uint32_t acpi_table_length(const uint8_t *header, size_t available);
/* Checks signature, length and checksum. */
bool acpi_table_open(const uint8_t *data, size_t available, const char *signature, struct acpi_table *out);
size_t acpi_root_count(const struct acpi_table *root, bool is_xsdt);
phys_addr_t acpi_root_entry(const struct acpi_table *root, bool is_xsdt, size_t index);
void acpi_parse_madt(const struct acpi_table *madt, struct acpi_info *info);
void acpi_parse_mcfg(const struct acpi_table *mcfg, struct acpi_info *info);
void acpi_parse_fadt(const struct acpi_table *fadt, struct acpi_power *power);
/* Looks for the package named _S5_ in AML code; the sleep types are its first two elements. */
bool acpi_find_s5(const uint8_t *aml, size_t length, struct acpi_power *power);
